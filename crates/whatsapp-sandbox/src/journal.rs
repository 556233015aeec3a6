//! What phones received and sent, kept across restarts as one line of JSON per change.
//!
//! A record replaces the earlier record with the same key. At start the file is read, rewritten
//! without what was overtaken, and appended to from then on. A last line that was cut by a crash
//! is dropped. Lines are handed to the operating system at once but not synced: the sandbox is to
//! survive its own end, not that of the machine.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::phone::{FromClient, Phone, ToClient};
use crate::posts::Posts;

/// One change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// A phone was created or changed.
    Phone(Phone),
    /// A client wrote, or the company read it.
    FromClient(FromClient),
    /// The company wrote, or its message changed status.
    ToClient(ToClient),
    /// A POST was counted.
    Posts(Posts),
    /// A webhook body waits for its 200.
    Webhook {
        /// Its number, never reused.
        id: u64,
        /// Exactly what is posted.
        body: String,
        /// Clients' messages in it.
        wamids: Vec<String>,
    },
    /// A webhook body got its 200 or was given up.
    WebhookDone {
        /// Its number.
        id: u64,
    },
}

/// The open file.
pub(crate) struct Journal {
    file: File,
}

impl Journal {
    /// Reads what is there.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Record>> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).context("Reading the journal")?;
        Ok(text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect())
    }

    /// Replaces the file by these records and leaves it open for more.
    pub(crate) fn rewrite(folder: &Path, records: &[Record]) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).context("Creating the data folder")?;
        let fresh = folder.join("journal.jsonl.new");
        let mut file = File::create(&fresh).context("Creating the journal")?;
        for record in records {
            write_line(&mut file, record).context("Writing the journal")?;
        }
        drop(file);
        let path = folder.join(FILE);
        fs::rename(&fresh, &path).context("Replacing the journal")?;
        let file = OpenOptions::new()
            .append(true)
            .open(&path)
            .context("Opening the journal")?;
        Ok(Self { file })
    }

    /// Adds a record. A full disk is told, and does not stop the sandbox.
    pub(crate) fn append(&mut self, record: &Record) {
        if let Err(error) = write_line(&mut self.file, record) {
            tracing::error!(%error, "Appending to the journal failed");
        }
    }
}

const FILE: &str = "journal.jsonl";

fn write_line(file: &mut File, record: &Record) -> anyhow::Result<()> {
    let mut line = serde_json::to_string(record)?;
    line.push('\n');
    // One write per line: a crash leaves at most one torn line, at the end.
    file.write_all(line.as_bytes())?;
    Ok(())
}

//! A store in a folder of its own, and the backend that serves it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags, params};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use super::fill::{self, Shape};
use super::traffic::{APP_SECRET, Clients, PHONE_NUMBER_ID};
use crate::programs::{Envs, Program, args, run};

const BACKEND: &str = "pult-backend";

/// How many operators there are; panels share them.
pub const N_OPERATORS: i64 = 20;

/// What the backend does with what comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything, as it is shipped.
    Whole,
    /// Verifies and reads, and stores nothing.
    ReadOnly,
    /// Verifies, reads and hands on to panels, and stores nothing.
    HandedOn,
}

impl Mode {
    fn envs(self) -> Envs {
        let instead = match self {
            Self::Whole => return Envs::new(),
            Self::ReadOnly => "none",
            Self::HandedOn => "hub",
        };
        Envs::from([("PULT_TRIALS_STORE".into(), instead.into())])
    }
}

/// A store that nobody serves at the moment.
#[derive(Debug)]
pub struct Site {
    dir: TempDir,
    /// Who writes to it.
    pub clients: Clients,
    /// How many of its chats, the first ones, are in the queue.
    pub n_queued: i64,
}

impl Site {
    /// Makes a store of that shape.
    ///
    /// # Errors
    /// When the backend does not do its part, or the disk is full.
    pub async fn make(shape: &Shape) -> Result<Self> {
        let site = Self {
            dir: folder()?,
            clients: Clients {
                n: shape.n_chats,
                n_open: shape.n_open(),
                n_closed: shape.n_chats - shape.n_open(),
                n_returned: 0,
                is_steady: false,
            },
            n_queued: shape.n_queued,
        };
        site.add_channel().await?;
        site.add_operator().await?;
        let (path, shape) = (site.file(), shape.clone());
        tokio::task::spawn_blocking(move || {
            add_colleagues(&open(&path)?)?;
            fill::fill(&mut open(&path)?, &shape)
        })
        .await??;
        Ok(site)
    }

    /// Lets the first operator be a supervisor, and what was filled in be counted at the next start.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn is_supervised(&mut self) -> Result<()> {
        open(&self.file())?.execute_batch(
            "UPDATE operators SET role = 'supervisor' WHERE key = 1;
             UPDATE store SET is_counted = 0;",
        )?;
        Ok(())
    }

    /// The same store once more.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn copy(&self) -> Result<Self> {
        let copy = Self {
            dir: folder()?,
            clients: self.clients.clone(),
            n_queued: self.n_queued,
        };
        std::fs::create_dir_all(copy.data())?;
        std::fs::copy(self.file(), copy.file()).context("Copying the store")?;
        Ok(copy)
    }

    /// The store's file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.data().join("pult.sqlite")
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("backend")
    }

    async fn add_channel(&self) -> Result<()> {
        let secret = |name: &str, text: &str| -> Result<PathBuf> {
            let path = self.dir.path().join(name);
            std::fs::write(&path, text).with_context(|| format!("Writing {name}"))?;
            Ok(path)
        };
        let args = args([
            &"--data",
            &self.data(),
            &"channel",
            &"add",
            &"whatsapp",
            &"--name",
            &"WhatsApp",
            &"--phone-number-id",
            &PHONE_NUMBER_ID,
            // Nothing is sent: nobody answers.
            &"--graph-url",
            &"http://127.0.0.1:9",
            &"--access-token-file",
            &secret("access-token", "bench-access-token")?,
            &"--app-secret-file",
            &secret("app-secret", APP_SECRET)?,
            &"--verify-token-file",
            &secret("verify-token", "bench-verify-token")?,
        ]);
        run(BACKEND, &args, "").await?;
        Ok(())
    }

    async fn add_operator(&self) -> Result<()> {
        let args = args([
            &"--data",
            &self.data(),
            &"operator",
            &"add",
            &"--login",
            &"operator-1",
            &"--name",
            &"Operator 1",
            &"--password-stdin",
        ]);
        run(BACKEND, &args, "on the bench\n").await?;
        Ok(())
    }

    /// Begins so many sessions and gives their tokens. By SQL: a password takes its time to be
    /// checked, on purpose, and that is not what is measured here.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn sessions(&self, n: usize) -> Result<Vec<String>> {
        let mut file = open(&self.file())?;
        let tx = file.transaction()?;
        let mut tokens = Vec::with_capacity(n);
        for (_, operator) in (0..n).zip((1..=N_OPERATORS).cycle()) {
            let token = hex::encode(rand::random::<[u8; 32]>());
            let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
            tx.prepare_cached(
                "INSERT INTO sessions (token_hash, id, operator, device, created_at, expires_at)
                 VALUES (?1, ?2, ?3, 'bench', unixepoch() * 1000, (unixepoch() + 2592000) * 1000)",
            )?
            .execute(params![hash, Uuid::now_v7(), operator])?;
            tokens.push(token);
        }
        tx.commit()?;
        Ok(tokens)
    }

    /// Serves it at `listen`.
    ///
    /// # Errors
    /// When the backend does not start.
    pub async fn serve(&self, mode: Mode, listen: &str) -> Result<Served> {
        let args = args([&"serve", &"--data", &self.data(), &"--listen", &listen]);
        let log = self.dir.path().join("backend.log");
        let (program, address) = Program::serve(BACKEND, &args, &mode.envs(), &log).await?;
        let target = address.trim_start_matches("http://").to_owned();
        Ok(Served { program, target })
    }

    /// Asks the store, beside the backend.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn ask<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = Connection::open_with_flags(self.file(), flags).context("Opening the store")?;
        file.busy_timeout(std::time::Duration::from_secs(10))?;
        ask(&file).context("Asking the store")
    }

    /// The newest entry's key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn newest_entry(&self) -> Result<i64> {
        self.ask(|file| {
            let sql = "SELECT coalesce(max(key), 0) FROM entries";
            file.query_row(sql, (), |row| row.get(0))
        })
    }

    /// How many messages of clients came after an entry.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn n_inbound_after(&self, entry: i64) -> Result<u32> {
        self.ask(|file| {
            let sql = "SELECT count(*) FROM entries WHERE key > ?1 AND kind = 'inbound'";
            file.query_row(sql, (entry,), |row| row.get(0))
        })
    }

    /// The cursor of whoever has everything.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cursor(&self) -> Result<(String, i64)> {
        self.ask(|file| {
            let sql = "SELECT (SELECT epoch FROM epochs ORDER BY key DESC LIMIT 1), seq FROM store";
            file.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// The sizes of the commits in which events came after an event of the journal: what one
    /// commit took in has one arrival.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn commits_after(&self, event: i64) -> Result<Vec<u32>> {
        self.ask(|file| {
            let sql = "SELECT count(*) FROM journal WHERE key > ?1 GROUP BY received_at
                       ORDER BY received_at";
            let mut statement = file.prepare(sql)?;
            let sizes = statement.query_map((event,), |row| row.get(0))?;
            sizes.collect()
        })
    }

    /// The newest event in the journal.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn newest_event(&self) -> Result<i64> {
        self.ask(|file| {
            let sql = "SELECT coalesce(max(key), 0) FROM journal";
            file.query_row(sql, (), |row| row.get(0))
        })
    }
}

/// A backend that serves a site.
#[derive(Debug)]
pub struct Served {
    /// The process.
    pub program: Program,
    /// Its `host:port`.
    pub target: String,
}

impl Served {
    /// Ends it in order.
    ///
    /// # Errors
    /// When it does not end well.
    pub async fn stop(self) -> Result<()> {
        let status = self.program.stop().await?;
        ensure!(status.success(), "the backend ended with {status}");
        Ok(())
    }
}

/// Opens a store to write into it, as quickly as can be: when the power goes, so does the bench.
///
/// # Errors
/// When it cannot be opened.
pub fn open(path: &Path) -> Result<Connection> {
    let file = Connection::open(path).context("Opening the store")?;
    file.busy_timeout(std::time::Duration::from_secs(10))?;
    file.pragma_update(None, "synchronous", "OFF")?;
    Ok(file)
}

fn folder() -> Result<TempDir> {
    let dir = tempfile::Builder::new().prefix("pult-bench-").tempdir();
    dir.context("Making a folder")
}

/// The other operators, who have the first one's password.
fn add_colleagues(file: &Connection) -> Result<()> {
    for n in 2..=N_OPERATORS {
        file.execute(
            "INSERT INTO operators (id, login, name, role, is_active, password_hash, created_seq, seq)
             SELECT ?1, ?2, ?3, role, 1, password_hash, created_seq, seq FROM operators WHERE key = 1",
            params![Uuid::now_v7(), format!("operator-{n}"), format!("Operator {n}")],
        )?;
    }
    Ok(())
}

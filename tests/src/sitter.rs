//! A panel in a process of its own, which can be killed like one: at any moment, and without a word.
//!
//! The other side is `pult-prove --sit DIR`, which does what it is told line by line and answers each
//! line once it is done.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use pult_domain::ChatId;
use pult_panel::Panel;
use pult_panel::view::{Connection, SearchQuery};
use pult_protocol::EntryBody;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::block_in_place;
use tokio::time::timeout;

use crate::office::options;
use crate::until::LIMIT;

/// How many entries of a chat are read.
const ENTRIES: u32 = 50;

/// What whoever sits at the panel does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Deed {
    /// Reads a chat. The answer is its texts.
    Read(ChatId),
    /// Searches. The answer is the chats of what was found.
    Search(String),
    /// Writes to a client. Answered once the text is kept.
    Write(ChatId, String),
    /// Looks at what waits to be sent in a chat. The answer is the texts, in their order.
    Waiting(ChatId),
    /// Looks whether the panel hears the backend.
    IsLive,
    /// Seeks the connection at once.
    Connect,
}

/// A process with a panel.
#[derive(Debug)]
pub struct Sitter {
    child: Child,
    stdin: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Sitter {
    /// Opens the panel of a data folder, where its operator is signed in.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn sit(dir: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("Finding this program")?;
        let mut child = Command::new(program)
            .arg("--sit")
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("Starting a process with a panel")?;
        let stdin = child.stdin.take().context("It listens")?;
        let answers = child.stdout.take().context("It answers")?;
        let mut sitter = Self {
            child,
            stdin,
            answers: BufReader::new(answers).lines(),
        };
        let open = sitter.answer().await?;
        ensure!(open == json!("open"), "the panel says {open}");
        Ok(sitter)
    }

    /// Does something and gives the answer.
    ///
    /// # Errors
    /// When it could not be done.
    pub async fn does(&mut self, deed: &Deed) -> Result<Value> {
        self.begins(deed).await?;
        self.answer().await
    }

    /// Begins to do something.
    ///
    /// # Errors
    /// When the process has ended.
    pub async fn begins(&mut self, deed: &Deed) -> Result<()> {
        let line = serde_json::to_string(deed)? + "\n";
        let told = self.stdin.write_all(line.as_bytes()).await;
        told.context("Telling a process with a panel")
    }

    /// The process is killed.
    ///
    /// # Errors
    /// When it cannot be.
    pub async fn is_killed(mut self) -> Result<()> {
        self.child.kill().await.context("Killing a panel")
    }

    /// The panel is closed, as its window's end does.
    ///
    /// # Errors
    /// When it does not end in order.
    pub async fn leaves(self) -> Result<()> {
        let Self {
            mut child, stdin, ..
        } = self;
        drop(stdin);
        let ended = timeout(LIMIT, child.wait()).await;
        let status = ended.context("A panel does not end")?;
        ensure!(status?.success(), "a panel does not end in order");
        Ok(())
    }

    async fn answer(&mut self) -> Result<Value> {
        let answer = timeout(LIMIT, self.answers.next_line()).await;
        let answer = answer.context("A panel does not answer")??;
        let answer = answer.context("A panel has ended")?;
        serde_json::from_str(&answer).context("Understanding a panel")
    }
}

/// The process itself: does what it is told until it is told no more.
///
/// # Errors
/// When something could not be done.
pub async fn serve(dir: &Path) -> Result<()> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let panel = Panel::open(options(dir)).await.context("Opening a panel")?;
    answer(&json!("open"))?;
    let mut deeds = io::stdin().lines();
    while let Some(deed) = block_in_place(|| deeds.next()) {
        let done = done(&panel, serde_json::from_str(&deed?)?).await?;
        answer(&done)?;
    }
    panel.shut_down().await;
    Ok(())
}

fn answer(answer: &Value) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}

async fn done(panel: &Panel, deed: Deed) -> Result<Value> {
    Ok(match deed {
        Deed::Read(chat_id) => {
            let shown = panel.timeline(chat_id, None, ENTRIES).await?;
            let texts = shown.entries.iter().filter_map(|entry| match &entry.body {
                EntryBody::Inbound { text }
                | EntryBody::Outbound { text, .. }
                | EntryBody::Comment { text, .. } => Some(text),
                EntryBody::InboundPlaceholder { .. } | EntryBody::Notice { .. } => None,
            });
            json!(texts.collect::<Vec<_>>())
        }
        Deed::Search(text) => {
            let query = SearchQuery {
                text,
                ..SearchQuery::default()
            };
            let found = panel.search(query).await?;
            let chats = found.entries.iter().map(|found| found.chat.id);
            json!(chats.collect::<Vec<_>>())
        }
        Deed::Write(chat_id, text) => {
            let shown = panel.timeline(chat_id, None, 1).await?;
            panel.reply(chat_id, text, shown.draft_revision).await?;
            Value::Null
        }
        Deed::Waiting(chat_id) => {
            let shown = panel.timeline(chat_id, None, 1).await?;
            json!(
                shown
                    .echoes
                    .iter()
                    .map(|echo| &echo.text)
                    .collect::<Vec<_>>()
            )
        }
        Deed::IsLive => json!(panel.overview().await?.connection == Connection::Live),
        Deed::Connect => {
            panel.reconnect().await?;
            Value::Null
        }
    })
}

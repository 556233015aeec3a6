//! What the store and the panels recorded, read from their files by nobody's leave: a proof that
//! asked the backend what it knows would take its word.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pult_domain::{ChatId, CommandId, OperatorId, Status};
use pult_protocol::DeliveryState;
use rusqlite::{Connection, OpenFlags, Row};
use uuid::Uuid;

/// A chat as the store has it.
#[derive(Debug, Clone)]
pub struct StoredChat {
    /// Its id.
    pub id: ChatId,
    /// The client's phone number.
    pub number: Option<String>,
    /// The client's name.
    pub name: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Who is responsible.
    pub owner: Option<OperatorId>,
    /// Its newest place.
    pub last_place: i64,
    /// Its messages, in their order.
    pub messages: Vec<StoredMessage>,
    /// Its hidden comments, in their order.
    pub comments: Vec<String>,
}

/// A message as the store has it.
#[derive(Debug, Clone)]
pub struct StoredMessage {
    /// Its place in its chat.
    pub place: i64,
    /// The operator who wrote it; none for the client's.
    pub author: Option<OperatorId>,
    /// The command that made it.
    pub command: Option<CommandId>,
    /// What it says.
    pub text: String,
    /// Of one to the client: how far it got.
    pub delivery: Option<DeliveryState>,
}

impl StoredChat {
    /// Whether an operator sees it.
    #[must_use]
    pub fn is_seen_by(&self, operator: OperatorId) -> bool {
        match self.status {
            Status::Queued => true,
            Status::InWork => self.owner == Some(operator),
            Status::Closed => false,
        }
    }

    /// Whether an operator's panel may hold its text: they see it, or took part when it was closed.
    #[must_use]
    pub fn may_be_held_by(&self, operator: OperatorId) -> bool {
        let took_part = self.status == Status::Closed && self.owner == Some(operator);
        self.is_seen_by(operator) || took_part
    }
}

/// A command in a panel's outbox.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Which.
    pub id: CommandId,
    /// How far it got: `pending`, `handed_over`, `done` or `held`.
    pub state: String,
}

/// All chats in the store of the office in `office_dir`.
///
/// # Errors
/// When the file cannot be read.
pub fn chats(office_dir: &Path) -> Result<Vec<StoredChat>> {
    let db = open(&office_dir.join("backend/pult.sqlite"))?;
    let mut chats = db.prepare(
        "SELECT c.id, l.phone, l.name, c.status, o.id, c.last_place, c.key
         FROM chats c JOIN clients l ON l.key = c.client LEFT JOIN operators o ON o.key = c.owner",
    )?;
    let mut messages = db.prepare(
        "SELECT e.place, o.id, e.command_id, m.text, d.state
         FROM entries e JOIN messages m ON m.entry = e.key
         LEFT JOIN operators o ON o.key = e.author LEFT JOIN deliveries d ON d.entry = e.key
         WHERE e.chat = ?1 ORDER BY e.place",
    )?;
    let mut comments = db.prepare(
        "SELECT c.text FROM entries e JOIN comments c ON c.entry = e.key
         WHERE e.chat = ?1 ORDER BY e.place",
    )?;
    let rows = chats.query_map((), |row| Ok((chat(row)?, row.get::<_, i64>(6)?)))?;
    let mut found = Vec::new();
    for row in rows {
        let (mut chat, key) = row.context("Reading a chat")?;
        let rows = messages.query_map([key], message)?;
        chat.messages = rows
            .collect::<Result<_, _>>()
            .context("Reading a message")?;
        let rows = comments.query_map([key], |row| row.get(0))?;
        chat.comments = rows
            .collect::<Result<_, _>>()
            .context("Reading a comment")?;
        found.push(chat);
    }
    Ok(found)
}

/// How many replies in the store of the office in `office_dir` have not found their end.
///
/// # Errors
/// When the file cannot be read.
pub fn on_their_way(office_dir: &Path) -> Result<i64> {
    let db = open(&office_dir.join("backend/pult.sqlite"))?;
    let sql = "SELECT count(*) FROM deliveries
               WHERE holds_lane = 1 AND state IN ('pending', 'sending')";
    let n = db.query_row(sql, (), |row| row.get(0));
    n.context("Counting replies on their way")
}

fn chat(row: &Row<'_>) -> rusqlite::Result<StoredChat> {
    let status: String = row.get(3)?;
    Ok(StoredChat {
        id: ChatId(row.get(0)?),
        number: row.get(1)?,
        name: row.get(2)?,
        status: Status::parse(&status).ok_or(rusqlite::Error::InvalidQuery)?,
        owner: row.get::<_, Option<Uuid>>(4)?.map(OperatorId),
        last_place: row.get(5)?,
        messages: Vec::new(),
        comments: Vec::new(),
    })
}

fn message(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    let delivery: Option<String> = row.get(4)?;
    Ok(StoredMessage {
        place: row.get(0)?,
        author: row.get::<_, Option<Uuid>>(1)?.map(OperatorId),
        command: row.get::<_, Option<Uuid>>(2)?.map(CommandId),
        text: row.get(3)?,
        delivery: delivery.as_deref().and_then(DeliveryState::parse),
    })
}

/// A read mark in a panel's outbox.
#[derive(Debug)]
pub struct WaitingMark {
    /// Of which chat.
    pub chat_id: ChatId,
    /// Whether it waits for the chat to come back into sight.
    pub is_parked: bool,
}

/// What waits in the outbox of the panel in `panel_dir`: commands, and read marks.
///
/// # Errors
/// When the file cannot be read.
pub fn outbox(panel_dir: &Path) -> Result<(Vec<Waiting>, Vec<WaitingMark>)> {
    let (mut commands, mut marks) = (Vec::new(), Vec::new());
    for path in files(panel_dir, "outbox.sqlite")? {
        if path
            .extension()
            .is_none_or(|extension| extension != "sqlite")
        {
            continue;
        }
        let db = open(&path)?;
        let mut rows = db.prepare("SELECT id, state FROM commands ORDER BY position")?;
        let rows = rows.query_map((), |row| {
            Ok(Waiting {
                id: CommandId(row.get(0)?),
                state: row.get(1)?,
            })
        })?;
        for row in rows {
            commands.push(row.context("Reading a command")?);
        }
        let mut rows = db.prepare("SELECT chat_id, is_parked FROM marks")?;
        let rows = rows.query_map((), |row| {
            Ok(WaitingMark {
                chat_id: ChatId(row.get(0)?),
                is_parked: row.get(1)?,
            })
        })?;
        for row in rows {
            marks.push(row.context("Reading a mark")?);
        }
    }
    Ok((commands, marks))
}

/// The bytes of a panel's files whose name begins with `name`, write-ahead logs included, as text
/// in which everything that was stored as text is found.
///
/// # Errors
/// When one cannot be read.
pub fn bytes(panel_dir: &Path, name: &str) -> Result<String> {
    let mut bytes = String::new();
    for path in files(panel_dir, name)? {
        let read = fs::read(&path).with_context(|| format!("Reading {}", path.display()))?;
        bytes.push_str(&String::from_utf8_lossy(&read));
    }
    Ok(bytes)
}

/// The files of that name in the accounts' folders of a panel.
fn files(panel_dir: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in fs::read_dir(panel_dir).context("Reading a panel's folder")? {
        let folder = folder.context("Reading a panel's folder")?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(&folder).context("Reading an account's folder")? {
            let file = file.context("Reading an account's folder")?;
            if file.file_name().to_string_lossy().starts_with(name) {
                found.push(file.path());
            }
        }
    }
    Ok(found)
}

pub(super) fn open(path: &Path) -> Result<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    db.with_context(|| format!("Opening {}", path.display()))
}

//! What the store has of the chats of a run, read from its file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use pult_domain::{ChatId, CommandId, EntryId, OperatorId, Place, Status};
use pult_protocol::{CommandDone, DeliveryState, Notice, Problem};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::Deserialize;
use uuid::Uuid;

use super::law::{State, Who};
use crate::phones::Phone;
use crate::prove::records::{self, StoredMessage};

/// A chat with everything that ever happened in it.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) id: ChatId,
    /// As its row says.
    pub(super) state: State,
    pub(super) given_name: Option<String>,
    pub(super) note: String,
    pub(super) lines: Vec<Line>,
    pub(super) audience: Vec<Interval>,
}

/// A line of a chat.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) id: EntryId,
    pub(super) place: Place,
    pub(super) author: Option<OperatorId>,
    /// Whether a program made it.
    pub(super) is_programs: bool,
    pub(super) command: Option<CommandId>,
    /// When it was committed, by the backend's clock.
    pub(super) at: i64,
    /// Its place in the order of changes.
    pub(super) seq: i64,
    pub(super) what: What,
}

/// What a line holds.
#[derive(Debug)]
pub(super) enum What {
    Inbound {
        text: String,
    },
    Outbound {
        text: String,
        delivery: DeliveryState,
    },
    Comment {
        text: String,
        mentions: BTreeSet<OperatorId>,
    },
    Notice(Notice),
}

/// Since when until when somebody could see a chat.
#[derive(Debug)]
pub(super) struct Interval {
    /// None for everyone.
    pub(super) reader: Option<OperatorId>,
    pub(super) from_seq: i64,
    /// The largest number while it has not ended.
    pub(super) until_seq: i64,
    pub(super) why: String,
}

/// What the store has answered to a command.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) answer: Result<CommandDone, Problem>,
    /// By the backend's clock.
    pub(super) at: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StoredAnswer {
    Done { done: CommandDone },
    Refused { refused: Problem },
}

/// The store's file, open for reading.
pub(super) struct Store {
    db: Connection,
}

impl Store {
    pub(super) fn of(office_dir: &Path) -> Result<Self> {
        let db = records::open(&office_dir.join("backend/pult.sqlite"))?;
        Ok(Self { db })
    }

    /// The lives of these clients' chats, in the same order.
    pub(super) fn lives(&self, phones: &[Phone]) -> Result<Vec<Life>> {
        let lives = phones.iter().map(|phone| self.life(&phone.number));
        lives.collect()
    }

    /// Since which change operators are deactivated.
    pub(super) fn deactivated(&self) -> Result<BTreeMap<OperatorId, i64>> {
        let sql = "SELECT id, seq FROM operators WHERE is_active = 0";
        let ids = self.all(sql, [], |row| Ok((OperatorId(row.get(0)?), row.get(1)?)))?;
        Ok(ids.into_iter().collect())
    }

    /// What was answered to a command of somebody, if anything was.
    pub(super) fn answer(&self, who: &Who, id: CommandId) -> Result<Option<Kept>> {
        // Answers to programs are kept under their negative key; the office has one program.
        let author: i64 = match who.id().filter(|_| !who.is_program) {
            Some(id) => self.one("SELECT key FROM operators WHERE id = ?1", id.0)?,
            None => self.one("SELECT -min(key) FROM integrations WHERE ?1 = ?1", id.0)?,
        };
        let sql = "SELECT answer, answered_at FROM command_answers WHERE author = ?1 AND id = ?2";
        let mut statement = self.db.prepare_cached(sql)?;
        let found = statement.query_row((author, id.0), |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        });
        let Some((answer, at)) = found.optional().context("Reading an answer")? else {
            return Ok(None);
        };
        let answer = serde_json::from_str(&answer).context("Understanding an answer")?;
        let answer = match answer {
            StoredAnswer::Done { done } => Ok(done),
            StoredAnswer::Refused { refused } => Err(refused),
        };
        Ok(Some(Kept { answer, at }))
    }

    fn life(&self, number: &str) -> Result<Life> {
        let sql = "SELECT c.key, c.id, c.status, o.id, f.id, c.waiting_since IS NOT NULL,
                          l.given_name, l.note
                   FROM clients l JOIN chats c ON c.client = l.key
                   LEFT JOIN operators o ON o.key = c.owner
                   LEFT JOIN operators f ON f.key = c.former_owner WHERE l.phone = ?1";
        let mut statement = self.db.prepare_cached(sql)?;
        let (key, mut life) = statement
            .query_row([number], |row| {
                let life = Life {
                    id: ChatId(row.get(1)?),
                    state: State {
                        status: word(row, 2, Status::parse)?,
                        owner: operator(row, 3)?,
                        former_owner: operator(row, 4)?,
                        observers: BTreeSet::new(),
                        is_waiting: row.get(5)?,
                    },
                    given_name: row.get(6)?,
                    note: row.get(7)?,
                    lines: Vec::new(),
                    audience: Vec::new(),
                };
                Ok((row.get::<_, i64>(0)?, life))
            })
            .context("Reading a chat")?;
        let observers = "SELECT o.id FROM observers b JOIN operators o ON o.key = b.operator
                         WHERE b.chat = ?1";
        let observers = self.all(observers, [key], |row| Ok(OperatorId(row.get(0)?)))?;
        life.state.observers = observers.into_iter().collect();
        let audience = "SELECT o.id, a.from_seq, a.until_seq, a.why FROM audience a
                        LEFT JOIN operators o ON o.key = a.operator
                        WHERE a.chat = ?1 ORDER BY a.from_seq";
        life.audience = self.all(audience, [key], |row| {
            Ok(Interval {
                reader: operator(row, 0)?,
                from_seq: row.get(1)?,
                until_seq: row.get(2)?,
                why: row.get(3)?,
            })
        })?;
        life.lines = self.lines(key)?;
        Ok(life)
    }

    fn lines(&self, chat: i64) -> Result<Vec<Line>> {
        let mentions = "SELECT e.key, o.id FROM entries e JOIN mentions m ON m.entry = e.key
                        JOIN operators o ON o.key = m.operator WHERE e.chat = ?1";
        let mentions: Vec<(i64, OperatorId)> = self.all(mentions, [chat], |row| {
            Ok((row.get(0)?, OperatorId(row.get(1)?)))
        })?;
        let of = |entry: i64| {
            let of = mentions.iter().filter(|(comment, _)| *comment == entry);
            of.map(|(_, operator)| *operator).collect()
        };
        let lines = "SELECT e.key, e.id, e.place, o.id, e.integration IS NOT NULL, e.command_id,
                            e.received_at, e.created_seq, e.kind, m.text, d.state, c.text, n.notice
                     FROM entries e LEFT JOIN operators o ON o.key = e.author
                     LEFT JOIN messages m ON m.entry = e.key
                     LEFT JOIN deliveries d ON d.entry = e.key
                     LEFT JOIN comments c ON c.entry = e.key
                     LEFT JOIN notices n ON n.entry = e.key
                     WHERE e.chat = ?1 ORDER BY e.place";
        self.all(lines, [chat], |row| {
            let what = match row.get_ref(8)?.as_str()? {
                "inbound" => What::Inbound { text: row.get(9)? },
                "outbound" => What::Outbound {
                    text: row.get(9)?,
                    delivery: word(row, 10, DeliveryState::parse)?,
                },
                "comment" => What::Comment {
                    text: row.get(11)?,
                    mentions: of(row.get(0)?),
                },
                _ => What::Notice(word(row, 12, |json| serde_json::from_str(json).ok())?),
            };
            Ok(Line {
                id: EntryId(row.get(1)?),
                place: Place(row.get(2)?),
                author: operator(row, 3)?,
                is_programs: row.get(4)?,
                command: row.get::<_, Option<Uuid>>(5)?.map(CommandId),
                at: row.get(6)?,
                seq: row.get(7)?,
                what,
            })
        })
    }

    fn all<T, P: rusqlite::Params>(
        &self,
        sql: &str,
        parameters: P,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map(parameters, read)?;
        rows.collect::<Result<_, _>>().context("Reading the store")
    }

    fn one(&self, sql: &str, id: Uuid) -> Result<i64> {
        let mut statement = self.db.prepare_cached(sql)?;
        let found = statement.query_row([id], |row| row.get(0));
        found.context("Reading the store")
    }
}

impl Life {
    /// Its newest place.
    pub(super) fn last_place(&self) -> Place {
        self.lines.last().map(|line| line.place).unwrap_or_default()
    }

    /// All that was written, notices left out.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match &line.what {
            What::Inbound { text } | What::Outbound { text, .. } | What::Comment { text, .. } => {
                Some(text.as_str())
            }
            What::Notice(_) => None,
        })
    }

    /// Its messages, as phones are judged by them.
    pub(super) fn messages(&self) -> Vec<StoredMessage> {
        let messages = self.lines.iter().filter_map(|line| {
            let (text, delivery) = match &line.what {
                What::Inbound { text } => (text, None),
                What::Outbound { text, delivery } => (text, Some(*delivery)),
                What::Comment { .. } | What::Notice(_) => return None,
            };
            Some(StoredMessage {
                place: line.place.0,
                author: line.author,
                command: line.command,
                text: text.clone(),
                delivery,
            })
        });
        messages.collect()
    }
}

fn operator(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<OperatorId>> {
    Ok(row.get::<_, Option<Uuid>>(column)?.map(OperatorId))
}

fn word<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    parse(row.get_ref(column)?.as_str()?).ok_or(rusqlite::Error::InvalidQuery)
}

//! What answers a client, told from the lines of a chat: for the figures.
//!
//! A client waits from their first message that nobody has answered; the next reply of a person ends
//! that, and so does closing the chat or saying that no answer is needed. A reply that the provider
//! refuses for good was none: what answered the client is told anew from it on, so the figures are
//! those of the replies that stand.

use std::collections::{BTreeMap, HashMap};

use pult_domain::{OperatorId, Timestamp};
use pult_protocol::{DeliveryState, Notice};
use pult_sqlite::{Reader, Row, SqlError, Transaction};

use crate::counted::{self, Change, Counted, What};
use crate::writer::Work;
use crate::{StoreError, sql};

/// Lines of a chat that are read at once.
const PIECE: i64 = 500;

/// How far a client has been answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Talk {
    /// Since when the client has waited, if they do.
    pub(crate) waiting_since: Option<Timestamp>,
    /// Whether somebody has answered since the chat was last closed.
    pub(crate) is_answered: bool,
}

impl Talk {
    fn client_writes(&mut self, since: Timestamp) {
        let earlier = self.waiting_since.unwrap_or(since).min(since);
        self.waiting_since = Some(earlier);
    }

    /// A person replies. What it was, if the client waited.
    pub(crate) fn replies(&mut self, at: Timestamp) -> Option<What> {
        let since = self.waiting_since.take()?;
        let waited_ms = u64::try_from(at.ms_since(since)).unwrap_or(0);
        let is_first = !std::mem::replace(&mut self.is_answered, true);
        Some(if is_first {
            What::FirstAnswer { waited_ms }
        } else {
            What::NextAnswer { waited_ms }
        })
    }

    const fn needs_no_answer(&mut self) {
        self.waiting_since = None;
    }

    fn closes(&mut self) {
        *self = Self::default();
    }

    /// What a line is to the talk, except for a reply.
    fn goes_on(&mut self, line: &Body) {
        match line {
            Body::Inbound { since } => self.client_writes(*since),
            Body::Notice(Notice::NoAnswerNeeded { .. }) => self.needs_no_answer(),
            Body::Notice(Notice::Closed { .. }) => self.closes(),
            Body::Notice(_) | Body::Reply { .. } | Body::Other => {}
        }
    }
}

/// A line of a chat.
struct Line {
    entry: i64,
    place: i64,
    author: Option<i64>,
    at: Timestamp,
    body: Body,
}

/// What a line holds, as far as it matters here.
enum Body {
    Inbound {
        since: Timestamp,
    },
    /// Of a person.
    Reply {
        has_failed: bool,
    },
    Notice(Notice),
    Other,
}

fn lines(reader: Reader<'_>, chat: i64, behind: i64) -> Result<Vec<Line>, StoreError> {
    Ok(reader.all(
        "SELECT e.key, e.place, e.author, e.received_at, e.kind, e.sent_at, d.state, n.notice
         FROM entries e
         LEFT JOIN deliveries d ON d.entry = e.key
         LEFT JOIN notices n ON n.entry = e.key
         WHERE e.chat = ?1 AND e.place > ?2 ORDER BY e.place LIMIT ?3",
        (chat, behind, PIECE),
        line,
    )?)
}

fn line(row: &Row<'_>) -> Result<Line, SqlError> {
    let author: Option<i64> = row.get(2)?;
    let at = sql::time(row, 3)?;
    let body = match row.get_ref(4)?.as_str()? {
        "inbound" => Body::Inbound {
            since: sql::time(row, 5)?.min(at),
        },
        "outbound" if author.is_some() => Body::Reply {
            has_failed: sql::word(row, 6, DeliveryState::parse)? == DeliveryState::Failed,
        },
        "notice" => match sql::optional_json(row, 7)? {
            Some(notice) => Body::Notice(notice),
            None => Body::Other,
        },
        _ => Body::Other,
    };
    Ok(Line {
        entry: row.get(0)?,
        place: row.get(1)?,
        author,
        at,
        body,
    })
}

/// Tells anew what answered the client from a reply on that has failed just now, or has arrived after
/// all. Ends where that makes no difference any more: at the next answer at the latest.
pub(crate) fn tell_anew(
    work: &mut Work<'_>,
    reply: i64,
    has_failed: bool,
) -> Result<(), StoreError> {
    let reader = work.tx.reader();
    let found = reader.optional(
        "SELECT e.chat, e.place, e.author, e.received_at, m.channel,
                d.waiting_since_before, d.is_talk_answered_before
         FROM deliveries d
         JOIN entries e ON e.key = d.entry
         JOIN messages m ON m.entry = d.entry
         WHERE d.entry = ?1 AND e.author IS NOT NULL",
        (reply,),
        |row| {
            let before = Talk {
                waiting_since: row.get::<_, Option<i64>>(5)?.map(Timestamp),
                is_answered: row.get(6)?,
            };
            let (chat, place): (i64, i64) = (row.get(0)?, row.get(1)?);
            let (author, at): (i64, _) = (row.get(2)?, sql::time(row, 3)?);
            Ok((chat, place, author, at, row.get(4)?, before))
        },
    )?;
    let Some((chat, mut place, author, at, channel, before)) = found else {
        return Ok(());
    };
    let counted = |at, operator, what| Counted {
        at,
        channel,
        operator,
        what,
    };
    // As it was told until now, and as it is to be told.
    let (mut was, mut is) = (before, before);
    if has_failed {
        let what = was.replies(at);
        let removed = what.map(|what| Change::Remove(counted(at, author, what)));
        work.touched.counted.extend(removed);
    } else {
        let what = is.replies(at);
        let added = what.map(|what| Change::Add(counted(at, author, what)));
        work.touched.counted.extend(added);
    }
    while was != is {
        let lines = lines(reader, chat, place)?;
        let Some(last) = lines.last() else {
            break;
        };
        place = last.place;
        for line in &lines {
            let Body::Reply { has_failed } = line.body else {
                was.goes_on(&line.body);
                is.goes_on(&line.body);
                continue;
            };
            if was == is {
                return Ok(());
            }
            note_before(work.tx, line.entry, is)?;
            if has_failed {
                continue;
            }
            let operator = line.author.unwrap_or_default();
            let (told, telling) = (was.replies(line.at), is.replies(line.at));
            if told != telling {
                let removed = told.map(|what| Change::Remove(counted(line.at, operator, what)));
                let added = telling.map(|what| Change::Add(counted(line.at, operator, what)));
                work.touched
                    .counted
                    .extend(removed.into_iter().chain(added));
            }
        }
    }
    if was != is {
        note_talk(work.tx, chat, is)?;
    }
    Ok(())
}

/// Writes down what a reply found.
fn note_before(tx: &Transaction<'_>, reply: i64, before: Talk) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE deliveries SET waiting_since_before = ?2, is_talk_answered_before = ?3
         WHERE entry = ?1",
        (
            reply,
            before.waiting_since.map(|since| since.0),
            before.is_answered,
        ),
    )?;
    Ok(())
}

fn note_talk(tx: &Transaction<'_>, chat: i64, talk: Talk) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE chats SET is_talk_answered = ?2 WHERE key = ?1",
        (chat, talk.is_answered),
    )?;
    Ok(())
}

/// Counts everything that was in the file before there were figures, once.
pub(crate) fn count_past(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let reader = tx.reader();
    let is_counted = reader.one("SELECT is_counted FROM store", (), |row| {
        row.get::<_, bool>(0)
    })?;
    if is_counted {
        return Ok(());
    }
    let operators: HashMap<OperatorId, i64> = reader
        .all("SELECT id, key FROM operators", (), |row| {
            Ok((sql::id(row, 0, OperatorId)?, row.get(1)?))
        })?
        .into_iter()
        .collect();
    let mut hours = BTreeMap::new();
    let mut behind = 0;
    while let Some((chat, channel)) = reader.optional(
        "SELECT key, channel FROM chats WHERE key > ?1 ORDER BY key LIMIT 1",
        (behind,),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )? {
        count_chat(tx, chat, &operators, &mut |at, operator, what| {
            let counted = Counted {
                at,
                channel,
                operator,
                what,
            };
            counted::encode(&counted, hours.entry(counted::hour_of(at)).or_default());
        })?;
        behind = chat;
    }
    tx.execute("DELETE FROM counted", ())?;
    for (hour, events) in hours {
        counted::append(tx, hour, &events)?;
    }
    tx.execute("UPDATE store SET is_counted = 1", ())?;
    Ok(())
}

fn count_chat(
    tx: &Transaction<'_>,
    chat: i64,
    operators: &HashMap<OperatorId, i64>,
    count: &mut impl FnMut(Timestamp, i64, What),
) -> Result<(), StoreError> {
    let (mut talk, mut owner) = (Talk::default(), None);
    // What the next message of the client is.
    let mut is = What::New;
    let mut place = 0;
    loop {
        let lines = lines(tx.reader(), chat, place)?;
        let Some(last) = lines.last() else {
            break;
        };
        place = last.place;
        for line in &lines {
            match &line.body {
                Body::Inbound { .. } => {
                    let owner = owner.and_then(|id| operators.get(&id).copied());
                    count(line.at, owner.unwrap_or_default(), is);
                    is = What::Message;
                }
                Body::Reply { has_failed } => {
                    note_before(tx, line.entry, talk)?;
                    if !has_failed && let Some(what) = talk.replies(line.at) {
                        count(line.at, line.author.unwrap_or_default(), what);
                    }
                }
                Body::Notice(notice) => {
                    if matches!(notice, Notice::Closed { .. }) {
                        count(line.at, line.author.unwrap_or_default(), What::Closed);
                    }
                    if let Notice::CameBack { .. } | Notice::CameBackToQueue { .. } = notice {
                        is = What::CameBack;
                    }
                    owner = owner_after(notice, owner);
                }
                Body::Other => {}
            }
            talk.goes_on(&line.body);
        }
    }
    note_talk(tx, chat, talk)
}

const fn owner_after(notice: &Notice, owner: Option<OperatorId>) -> Option<OperatorId> {
    match *notice {
        Notice::Taken { by: owner }
        | Notice::Transferred { to: owner, .. }
        | Notice::Assigned { to: owner, .. }
        | Notice::Reopened { owner, .. }
        | Notice::CameBack { owner } => Some(owner),
        Notice::Returned { .. }
        | Notice::Closed { .. }
        | Notice::ReopenedToQueue { .. }
        | Notice::CameBackToQueue { .. }
        | Notice::OwnerDeactivated { .. } => None,
        Notice::Joined { .. }
        | Notice::Left { .. }
        | Notice::Removed { .. }
        | Notice::NoAnswerNeeded { .. }
        | Notice::ObserverDeactivated { .. }
        | Notice::Newer => owner,
    }
}

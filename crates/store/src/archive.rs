//! The archive: closed chats, what was said in them, and who may find them.
//!
//! What a chat's talk has added is written into the index when the chat is closed: taking messages in
//! costs nothing for it, and nothing that is not closed can be found.

use std::collections::BTreeMap;

use pult_domain::{OperatorId, Place, Role, Timestamp};
use pult_protocol::{
    ArchiveHit, ArchivePage, ArchiveQuery, ChatRow, ClientHistory, EntryRow, Notice, OperatorRow,
    Talk,
};
use pult_sqlite::Reader;

use crate::writer::Work;
use crate::{StoreError, audience, chats, entries, sql};

/// Most entries that are written into the index in one commit; what a longer talk has is left to
/// the next close.
const MAX_LINES: i64 = 1_000;

/// Most bytes likewise: who writes waits for it.
const MAX_BYTES: usize = 256 * 1024;

/// Most lines that a search looks at, newest first.
const MAX_FOUND: i64 = 5_000;

/// Most hits on a page.
const MAX_HITS: u32 = 100;

/// Hits on a page when the asker does not say.
const HITS: u32 = 30;

/// Talks that a card tells of.
const MAX_TALKS: u32 = 50;

/// Writes what a chat has got since it was closed last into the index.
pub(crate) fn write_down(work: &Work<'_>, chat: i64) -> Result<(), StoreError> {
    let reader = work.tx.reader();
    let lines = reader.all(
        "SELECT e.key, e.place, coalesce(m.text, c.text, '')
         FROM chats ch
         JOIN entries e ON e.chat = ch.key AND e.place > ch.archived_place
         LEFT JOIN messages m ON m.entry = e.key
         LEFT JOIN comments c ON c.entry = e.key
         WHERE ch.key = ?1 ORDER BY e.place LIMIT ?2",
        (chat, MAX_LINES),
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
            ))
        },
    )?;
    let mut n_bytes = 0_usize;
    let fitting = lines.iter().take_while(|(_, _, text)| {
        let fits = n_bytes < MAX_BYTES;
        n_bytes = n_bytes.saturating_add(text.len());
        fits
    });
    let lines: Vec<_> = fitting.collect();
    let Some((_, last, _)) = lines.last() else {
        return Ok(());
    };
    work.tx.execute(
        "UPDATE chats SET archived_place = ?2 WHERE key = ?1",
        (chat, last),
    )?;
    for (entry, _, text) in lines.iter().copied() {
        if !text.is_empty() {
            work.tx.execute(
                "INSERT INTO archive_lines (rowid, text) VALUES (?1, ?2)",
                (entry, fold(text)),
            )?;
        }
    }
    write_client_down(work, chat)
}

/// Writes the names and the number of a chat's client into the index, if the chat is in the archive
/// or has ever been. A number is written down from each of its digits on, so that what begins a word
/// finds any fragment of it.
pub(crate) fn write_client_down(work: &Work<'_>, chat: i64) -> Result<(), StoreError> {
    let client = work.tx.reader().one(
        "SELECT cl.name, cl.given_name, cl.phone, ch.archived_place
         FROM chats ch JOIN clients cl ON cl.key = ch.client WHERE ch.key = ?1",
        (chat,),
        |row| {
            let names = [row.get::<_, Option<String>>(0)?, row.get(1)?];
            let phone: Option<String> = row.get(2)?;
            let is_archived = row.get::<_, i64>(3)? > 0;
            Ok((names, phone.unwrap_or_default(), is_archived))
        },
    )?;
    let (names, phone, is_archived) = client;
    if !is_archived {
        return Ok(());
    }
    let names = names.into_iter().flatten();
    let numbers = (0..phone.len()).filter_map(|at| phone.get(at..).map(str::to_owned));
    let text: Vec<String> = names.chain(numbers).collect();
    work.tx.execute(
        "INSERT OR REPLACE INTO archive_clients (rowid, text) VALUES (?1, ?2)",
        (chat, fold(&text.join(" "))),
    )?;
    Ok(())
}

/// Text as it is compared: without case, and ё is е.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase().replace('ё', "е")
}

/// The words that are searched for.
fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Who searches.
pub(crate) struct Finder {
    key: i64,
    finds_all: bool,
}

impl Finder {
    /// The operator, as a finder.
    pub(crate) fn of(reader: Reader<'_>, operator: &OperatorRow) -> Result<Self, StoreError> {
        Ok(Self {
            key: chats::operator_key(reader, operator.id)?,
            finds_all: operator.role >= Role::Supervisor,
        })
    }

    /// Up to which change they may read a closed chat; none if they do not find it. They find those
    /// that they took part in, as far as their part went.
    fn until(&self, reader: Reader<'_>, chat: i64) -> Result<Option<i64>, StoreError> {
        if self.finds_all {
            return Ok(Some(i64::MAX));
        }
        Ok(reader.one(
            "SELECT max(until_seq) FROM audience WHERE chat = ?1 AND operator = ?2",
            (chat, self.key),
            |row| row.get(0),
        )?)
    }
}

/// Closed chats that fit, last active first.
pub(crate) fn search(
    reader: Reader<'_>,
    finder: &Finder,
    query: &ArchiveQuery,
) -> Result<ArchivePage, StoreError> {
    let limit = query.limit.unwrap_or(HITS).clamp(1, MAX_HITS);
    let n_wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let words = words(query.text.as_deref().unwrap_or_default());
    let has_words = query
        .text
        .as_deref()
        .is_some_and(|text| !text.trim().is_empty());
    if has_words && words.is_empty() {
        return Ok(ArchivePage {
            hits: Vec::new(),
            has_more: false,
        });
    }
    let behind = behind(reader, query)?;
    let mut found: BTreeMap<(i64, i64), Option<i64>> = BTreeMap::new();
    if words.is_empty() {
        for chat in candidates(reader, finder, query, behind, limit)? {
            found.insert(chat, None);
        }
    } else {
        for (chat, line) in matching(reader, finder, &words)? {
            let at = standing(reader, chat, query)?;
            if let Some(at) = at.filter(|at| behind.is_none_or(|behind| (*at, chat) < behind)) {
                found.insert((at, chat), line);
            }
        }
    }
    let mut hits = Vec::new();
    let mut has_more = false;
    for ((_, chat), line) in found.into_iter().rev() {
        let Some(until) = finder.until(reader, chat)? else {
            continue;
        };
        if hits.len() == n_wanted {
            has_more = true;
            break;
        }
        hits.push(ArchiveHit {
            chat: row_until(reader, chat, until)?,
            line: line
                .map(|entry| entries::by_key(reader, entry))
                .transpose()?,
        });
    }
    Ok(ArchivePage { hits, has_more })
}

/// The chat as somebody sees it who may read it up to a change: nothing of its row says what was
/// written later.
fn row_until(reader: Reader<'_>, chat: i64, until: i64) -> Result<ChatRow, StoreError> {
    let mut row = chats::row(reader, chat)?;
    let last = last_before(reader, chat, until)?;
    if last < row.last_place {
        row.last_place = last;
        row.preview = None;
        row.client.note.clear();
    }
    Ok(row)
}

/// The last place that was given before a change.
fn last_before(reader: Reader<'_>, chat: i64, until: i64) -> Result<Place, StoreError> {
    let last = reader.optional(
        "SELECT place FROM entries WHERE chat = ?1 AND created_seq < ?2
         ORDER BY place DESC LIMIT 1",
        (chat, until),
        |row| row.get(0).map(Place),
    )?;
    Ok(last.unwrap_or_default())
}

/// Behind which chat the page begins: when it was last active, and its key.
fn behind(reader: Reader<'_>, query: &ArchiveQuery) -> Result<Option<(i64, i64)>, StoreError> {
    let Some(after) = query.after else {
        return Ok(None);
    };
    Ok(reader.optional(
        "SELECT last_activity_at, key FROM chats WHERE id = ?1",
        (after.0,),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// The latest closed chats behind a place, one more than are wanted, without regard to words.
fn candidates(
    reader: Reader<'_>,
    finder: &Finder,
    query: &ArchiveQuery,
    behind: Option<(i64, i64)>,
    limit: u32,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let (at, key) = behind.unwrap_or((i64::MAX, i64::MAX));
    let sql = if finder.finds_all {
        "SELECT c.last_activity_at, c.key FROM chats c
         LEFT JOIN operators o ON o.key = c.owner
         WHERE c.status = 'closed' AND (c.last_activity_at, c.key) < (?1, ?2)
           AND (?3 IS NULL OR o.id = ?3)
           AND c.last_activity_at >= ?4 AND c.last_activity_at < ?5
           AND ?7 IS NOT NULL
         ORDER BY c.last_activity_at DESC, c.key DESC LIMIT ?6"
    } else {
        "SELECT c.last_activity_at, c.key
         FROM chats c LEFT JOIN operators o ON o.key = c.owner
         WHERE c.key IN (SELECT chat FROM audience WHERE operator = ?7)
           AND +c.status = 'closed' AND (c.last_activity_at, c.key) < (?1, ?2)
           AND (?3 IS NULL OR o.id = ?3)
           AND c.last_activity_at >= ?4 AND c.last_activity_at < ?5
         ORDER BY c.last_activity_at DESC, c.key DESC LIMIT ?6"
    };
    let (from, until) = span(query);
    Ok(reader.all(
        sql,
        (
            at,
            key,
            query.owner_id.map(|owner| owner.0),
            from,
            until,
            i64::from(limit) + 1,
            finder.key,
        ),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

fn span(query: &ArchiveQuery) -> (i64, i64) {
    let from = query.from.map_or(i64::MIN, |from| from.0);
    (from, query.until.map_or(i64::MAX, |until| until.0))
}

/// When a chat was last active, if it is closed and fits what else is asked for.
fn standing(
    reader: Reader<'_>,
    chat: i64,
    query: &ArchiveQuery,
) -> Result<Option<i64>, StoreError> {
    let (from, until) = span(query);
    Ok(reader.optional(
        "SELECT c.last_activity_at FROM chats c LEFT JOIN operators o ON o.key = c.owner
         WHERE c.key = ?1 AND c.status = 'closed' AND (?2 IS NULL OR o.id = ?2)
           AND c.last_activity_at >= ?3 AND c.last_activity_at < ?4",
        (chat, query.owner_id.map(|owner| owner.0), from, until),
        |row| row.get(0),
    )?)
}

/// Chats in which every word begins a word of the client's names or is a fragment of their number,
/// or in which one line holds every word; with the newest such line that the finder may read.
fn matching(
    reader: Reader<'_>,
    finder: &Finder,
    words: &[String],
) -> Result<BTreeMap<i64, Option<i64>>, StoreError> {
    let expression = expression(words);
    let mut found: BTreeMap<i64, Option<i64>> = reader
        .all(
            "SELECT rowid FROM archive_clients WHERE archive_clients MATCH ?1",
            (&expression,),
            |row| Ok((row.get(0)?, None)),
        )?
        .into_iter()
        .collect();
    let lines = reader.all(
        "SELECT e.key, e.chat, e.created_seq FROM archive_lines l JOIN entries e ON e.key = l.rowid
         WHERE archive_lines MATCH ?1 ORDER BY l.rowid DESC LIMIT ?2",
        (&expression, MAX_FOUND),
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
            ))
        },
    )?;
    let mut until: BTreeMap<i64, Option<i64>> = BTreeMap::new();
    for (entry, chat, created_seq) in lines {
        let until = match until.get(&chat) {
            Some(until) => *until,
            None => {
                let read_until = finder.until(reader, chat)?;
                until.insert(chat, read_until);
                read_until
            }
        };
        if until.is_some_and(|until| created_seq < until) {
            let line = found.entry(chat).or_insert(None);
            line.get_or_insert(entry);
        }
    }
    Ok(found)
}

/// What every word of it begins a word of what is searched through.
fn expression(words: &[String]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("\u{22}{word}\u{22}*"))
        .collect();
    words.join(" AND ")
}

/// Entries of a chat that a reader may read: of one in their sight all, of a closed one that they
/// find those up to where their part in it went. `None` if it does not exist for them.
pub(crate) fn history(
    reader: Reader<'_>,
    operator: &OperatorRow,
    chat: i64,
    before: Place,
    limit: u32,
) -> Result<Option<Vec<EntryRow>>, StoreError> {
    let Some(until) = readable_until(reader, operator, chat)? else {
        return Ok(None);
    };
    let end = if until == i64::MAX {
        before
    } else {
        before.min(last_before(reader, chat, until)?.next())
    };
    entries::before(reader, chat, end, limit).map(Some)
}

/// Up to which change a reader may read a chat.
fn readable_until(
    reader: Reader<'_>,
    operator: &OperatorRow,
    chat: i64,
) -> Result<Option<i64>, StoreError> {
    let finder = Finder::of(reader, operator)?;
    let readers = audience::present(reader, chat)?;
    if readers.contains(&audience::EVERYONE) || readers.contains(&finder.key) || finder.finds_all {
        return Ok(Some(i64::MAX));
    }
    let is_closed = reader.one(
        "SELECT status = 'closed' FROM chats WHERE key = ?1",
        (chat,),
        |row| row.get::<_, bool>(0),
    )?;
    if is_closed {
        finder.until(reader, chat)
    } else {
        Ok(None)
    }
}

/// What the client's card shows; `None` if the chat does not exist for the reader.
pub(crate) fn card(
    reader: Reader<'_>,
    operator: &OperatorRow,
    chat: i64,
) -> Result<Option<ClientHistory>, StoreError> {
    let Some(until) = readable_until(reader, operator, chat)? else {
        return Ok(None);
    };
    let first_contact_at = reader.optional(
        "SELECT min(sent_at, received_at) FROM entries
         WHERE chat = ?1 AND kind = 'inbound' ORDER BY place LIMIT 1",
        (chat,),
        |row| row.get(0).map(Timestamp),
    )?;
    let closes = reader.all(
        "SELECT e.received_at, o.id, e.place, n.notice
         FROM entries e JOIN notices n ON n.entry = e.key LEFT JOIN operators o ON o.key = e.author
         WHERE e.chat = ?1 AND e.kind = 'notice' AND e.created_seq < ?2 ORDER BY e.place DESC",
        (chat, until),
        |row| {
            let talk = Talk {
                closed_at: sql::time(row, 0)?,
                closed_by: sql::optional_id(row, 1, OperatorId)?,
                last_place: Place(row.get(2)?),
            };
            Ok((talk, sql::optional_json::<Notice>(row, 3)?))
        },
    )?;
    let talks: Vec<Talk> = closes
        .into_iter()
        .filter(|(_, notice)| matches!(notice, Some(Notice::Closed { .. })))
        .map(|(talk, _)| talk)
        .collect();
    let row = chats::row(reader, chat)?;
    let is_open = row.status != pult_domain::Status::Closed;
    let n_talks = talks.len() + usize::from(is_open);
    Ok(Some(ClientHistory {
        first_contact_at,
        last_contact_at: row.last_activity_at,
        talks: talks
            .into_iter()
            .take(usize::try_from(MAX_TALKS).unwrap_or(usize::MAX))
            .collect(),
        n_talks: u32::try_from(n_talks).unwrap_or(u32::MAX),
    }))
}

//! The archive: closed chats, what was said in them, and who may find them.
//!
//! A search goes through the closed chats in the order in which they are shown and looks at each
//! that its index (`archive_index.rs`) does not exclude, until a page is full or it has read as much
//! as one request may; then it says where to go on. So everything that may be found is, in steps
//! that are bounded.

use pult_domain::{ChatId, OperatorId, Place, Role, Timestamp};
use pult_protocol::{
    ArchiveCursor, ArchiveHit, ArchivePage, ArchiveQuery, ChatRow, ClientHistory, EntryRow, Notice,
    OperatorRow, Talk,
};
use pult_sqlite::Reader;
use pult_words::{Folded, Term, terms};

use crate::archive_index as index;
use crate::writer::Work;
use crate::{StoreError, audience, chats, entries, feed, operators, sql};

/// Rows, of chats and of lines, after which a search stops between two chats.
const MAX_READ: usize = 30_000;

/// So many chats that the index names are looked up one by one.
const FEW: usize = 5_000;

/// Closed chats that are read at once.
const CHATS: i64 = 500;

/// In a chat with more lines than this the index says which to read.
const MANY_LINES: i64 = 1_000;

/// Most hits on a page.
const MAX_HITS: u32 = 100;

/// Hits on a page when the asker does not say.
const HITS: u32 = 30;

/// Talks that a card tells of.
const MAX_TALKS: u32 = 50;

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

/// When a chat was last active, and its key: the place of a closed one in the archive.
type Standing = (i64, i64);

/// Gives a chat that has just been closed its place in the archive.
pub(crate) fn note_closing(work: &Work<'_>, chat: i64) -> Result<(), StoreError> {
    work.tx.execute(
        "INSERT OR IGNORE INTO closings (at, chat)
         SELECT last_activity_at, key FROM chats WHERE key = ?1",
        (chat,),
    )?;
    Ok(())
}

/// Closed chats that fit, last active first.
pub(crate) fn search(
    reader: Reader<'_>,
    finder: &Finder,
    query: &ArchiveQuery,
) -> Result<ArchivePage, StoreError> {
    let mut hits = Vec::new();
    let text = query.text.as_deref().unwrap_or_default();
    let (Some(terms), Some(range)) = (terms(text), Range::of(reader, query)?) else {
        return Ok(ArchivePage { hits, next: None });
    };
    let limit = query.limit.unwrap_or(HITS).clamp(1, MAX_HITS);
    let n_wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let named = index::chats_with(reader, &terms)?;
    let mut candidates = Candidates::of(reader, finder, range, named)?;
    let mut n_read = 0;
    let mut looked_at = None;
    let mut next = None;
    while let Some((candidate, is_there)) = candidates.next(reader)? {
        if n_read >= MAX_READ {
            next = looked_at;
            break;
        }
        n_read += 1;
        let (_, chat) = candidate;
        if is_there
            && candidates.may_fit(chat)
            && let Some(hit) = look_at(reader, finder, chat, &terms, &mut n_read)?
        {
            if hits.len() == n_wanted {
                next = looked_at;
                break;
            }
            hits.push(hit);
        }
        looked_at = Some(candidate);
    }
    let next = next.map(|place| cursor_at(reader, place)).transpose()?;
    Ok(ArchivePage { hits, next })
}

fn cursor_at(reader: Reader<'_>, (at, chat): Standing) -> Result<ArchiveCursor, StoreError> {
    let chat_id = reader.one("SELECT id FROM chats WHERE key = ?1", (chat,), |row| {
        sql::id(row, 0, ChatId)
    })?;
    Ok(ArchiveCursor {
        at: Timestamp(at),
        chat_id,
    })
}

/// What narrows a search besides its words.
struct Range {
    /// Only what stands behind this.
    behind: Standing,
    /// Only what was active at this moment or later.
    from: i64,
    /// Only what was this operator's.
    owner: Option<i64>,
}

impl Range {
    /// None if nothing can be in it.
    fn of(reader: Reader<'_>, query: &ArchiveQuery) -> Result<Option<Self>, StoreError> {
        let mut behind = (query.until.map_or(i64::MAX, |until| until.0), i64::MIN);
        if let Some(after) = &query.after {
            // What has moved meanwhile does not move where the next page begins.
            let chat = chats::key_of(reader, after.chat_id)?.unwrap_or_default();
            behind = behind.min((after.at.0, chat));
        }
        let owner = match query.owner_id {
            None => None,
            Some(owner) => match operators::by_id(reader, owner)? {
                Some((key, _)) => Some(key),
                None => return Ok(None),
            },
        };
        Ok(Some(Self {
            behind,
            from: query.from.map_or(i64::MIN, |from| from.0),
            owner,
        }))
    }
}

/// The closed chats in a range at which a search looks, in their order.
struct Candidates {
    range: Range,
    /// What the index names, by key; none if it excludes nothing.
    named: Option<Vec<i64>>,
    /// Places, and whether the chat stands there still.
    read: std::vec::IntoIter<(Standing, bool)>,
    /// Whether more are read when these are at their end.
    goes_on: bool,
}

impl Candidates {
    fn of(
        reader: Reader<'_>,
        finder: &Finder,
        range: Range,
        named: Option<Vec<i64>>,
    ) -> Result<Self, StoreError> {
        // Whose chat it was when it was closed took part in it.
        let participant = if finder.finds_all {
            range.owner
        } else {
            Some(finder.key)
        };
        let (read, goes_on) = match (&named, participant) {
            (Some(few), _) if few.len() <= FEW => (these(reader, few, &range)?, false),
            (_, Some(operator)) => (with_part_of(reader, operator, &range)?, false),
            (_, None) => (Vec::new(), true),
        };
        let read: Vec<_> = read.into_iter().map(|place| (place, true)).collect();
        Ok(Self {
            range,
            named,
            read: read.into_iter(),
            goes_on,
        })
    }

    fn next(&mut self, reader: Reader<'_>) -> Result<Option<(Standing, bool)>, StoreError> {
        let next = self.read.next();
        if next.is_some() || !self.goes_on {
            return Ok(next);
        }
        let read = latest(reader, &self.range)?;
        if let Some((last, _)) = read.last() {
            self.range.behind = *last;
        } else {
            self.goes_on = false;
        }
        self.read = read.into_iter();
        Ok(self.read.next())
    }

    fn may_fit(&self, chat: i64) -> bool {
        let named = self.named.as_ref();
        named.is_none_or(|named| named.binary_search(&chat).is_ok())
    }
}

/// Those of some chats that are in the range.
fn these(reader: Reader<'_>, chats: &[i64], range: &Range) -> Result<Vec<Standing>, StoreError> {
    let mut found = Vec::new();
    for chat in chats {
        let at = reader.optional(
            "SELECT last_activity_at FROM chats
             WHERE key = ?1 AND status = 'closed' AND last_activity_at >= ?2
               AND (?3 IS NULL OR owner = ?3)",
            (chat, range.from, range.owner),
            |row| row.get::<_, i64>(0),
        )?;
        found.extend(at.map(|at| (at, *chat)).filter(|it| *it < range.behind));
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found)
}

/// All in the range that an operator took part in.
fn with_part_of(
    reader: Reader<'_>,
    operator: i64,
    range: &Range,
) -> Result<Vec<Standing>, StoreError> {
    let (at, chat) = range.behind;
    Ok(reader.all(
        "SELECT c.last_activity_at, c.key FROM chats c
         WHERE c.key IN (SELECT chat FROM audience WHERE operator = ?1)
           AND +c.status = 'closed' AND (c.last_activity_at, c.key) < (?2, ?3)
           AND c.last_activity_at >= ?4 AND (?5 IS NULL OR c.owner = ?5)
         ORDER BY c.last_activity_at DESC, c.key DESC",
        (operator, at, chat, range.from, range.owner),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// The first in the range, whoever took part: where they were closed, and whether they are still
/// closed and have not been active since.
fn latest(reader: Reader<'_>, range: &Range) -> Result<Vec<(Standing, bool)>, StoreError> {
    let (at, chat) = range.behind;
    Ok(reader.all(
        "SELECT k.at, k.chat, c.status = 'closed' AND c.last_activity_at = k.at
         FROM closings k JOIN chats c ON c.key = k.chat
         WHERE (k.at, k.chat) < (?1, ?2) AND k.at >= ?3
         ORDER BY k.at DESC, k.chat DESC LIMIT ?4",
        (at, chat, range.from, CHATS),
        |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)),
    )?)
}

/// The chat as it is shown, if the finder may find it and it has what is searched for: each term in
/// its client's names or number, or else all of them in one line. Counts what was read for it.
fn look_at(
    reader: Reader<'_>,
    finder: &Finder,
    chat: i64,
    terms: &[Term],
    n_read: &mut usize,
) -> Result<Option<ArchiveHit>, StoreError> {
    let Some(until) = finder.until(reader, chat)? else {
        return Ok(None);
    };
    let client = index::client(reader, chat)?;
    let is_of_client = |term: &&Term| term.is_of_client(&client.names, &client.phone);
    let others: Vec<&Term> = terms.iter().filter(|term| !is_of_client(term)).collect();
    let mut line = None;
    if !others.is_empty() {
        line = newest_line(reader, chat, until, &others, n_read)?;
        if line.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(ArchiveHit {
        chat: row_until(reader, chat, until)?,
        line: line
            .map(|entry| entries::by_key(reader, entry))
            .transpose()?,
    }))
}

/// The newest line before a change that has all terms.
fn newest_line(
    reader: Reader<'_>,
    chat: i64,
    until: i64,
    terms: &[&Term],
    n_read: &mut usize,
) -> Result<Option<i64>, StoreError> {
    let last_place = reader.one(
        "SELECT last_place FROM chats WHERE key = ?1",
        (chat,),
        |row| row.get(0),
    )?;
    let blocks = if last_place <= MANY_LINES {
        index::blocks_until(last_place)
    } else {
        index::blocks_with(reader, chat, terms)?
    };
    for block in blocks {
        let (first, last) = index::places(block);
        let lines: Vec<(i64, Option<String>)> = reader.all(
            "SELECT e.key, coalesce(m.text, c.text) FROM entries e
             LEFT JOIN messages m ON m.entry = e.key LEFT JOIN comments c ON c.entry = e.key
             WHERE e.chat = ?1 AND e.place BETWEEN ?2 AND ?3 AND e.created_seq < ?4
             ORDER BY e.place DESC",
            (chat, first, last, until),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        *n_read += lines.len();
        for (entry, text) in lines {
            let line = Folded::of(&text.unwrap_or_default());
            if terms.iter().all(|term| term.is_in(&line)) {
                return Ok(Some(entry));
            }
        }
    }
    Ok(None)
}

/// The chat as somebody sees it who may read it up to a change: nothing of its row says what was
/// written later.
fn row_until(reader: Reader<'_>, chat: i64, until: i64) -> Result<ChatRow, StoreError> {
    let mut row = chats::row(reader, chat)?;
    let last = entries::last_at(reader, chat, until - 1)?;
    if last < row.last_place {
        row.last_place = last;
        row.preview = None;
        row.client.note.clear();
    }
    Ok(row)
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
        before.min(entries::last_at(reader, chat, until - 1)?.next())
    };
    feed::newest_that_fit(entries::before(reader, chat, end, limit)?).map(Some)
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

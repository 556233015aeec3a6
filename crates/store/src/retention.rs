//! Forgetting what is kept for a time only: raw events that were applied, answers to commands,
//! statuses of messages that nobody here has sent, and drafts in chats that are out of sight.
//!
//! It is done in pieces small enough to share a commit with other work. A pass walks once through
//! what is old; where it stands is known to its caller alone, since a pass that is broken off is
//! simply begun anew.

use pult_domain::Timestamp;
use pult_sqlite::Reader;
use uuid::Uuid;

use crate::writer::Work;
use crate::{StoreError, audience};

/// Rows that one piece looks at.
const PIECE: i64 = 100;

/// What is forgotten: everything from before these moments.
#[derive(Debug, Clone, Copy)]
pub struct Forget {
    /// Raw events that have been applied. Those that wait or cannot be read are kept.
    pub events_before: Timestamp,
    /// Answers to commands.
    pub answers_before: Timestamp,
    /// Statuses that have found no message.
    pub statuses_before: Timestamp,
    /// Drafts in chats that their authors do not see.
    pub drafts_before: Timestamp,
}

/// Where a pass stands; it begins with the default.
#[derive(Debug, Clone, Copy)]
pub struct PassPlace(Stands);

#[derive(Debug, Clone, Copy)]
enum Stands {
    /// Behind this event.
    Events(i64),
    /// Behind this answer to this author.
    Answers(i64, [u8; 16]),
    Statuses,
    /// Behind the drafts of this operator in this chat.
    Drafts(i64, i64),
}

impl Default for PassPlace {
    fn default() -> Self {
        Self(Stands::Events(0))
    }
}

/// What a piece of a pass has done.
#[derive(Debug, Clone, Copy)]
pub struct Forgotten {
    /// How many rows are gone.
    pub n: usize,
    /// Where to go on; none when the pass is at its end.
    pub next: Option<PassPlace>,
}

pub(crate) fn piece(
    work: &Work<'_>,
    forget: Forget,
    PassPlace(stands): PassPlace,
) -> Result<Forgotten, StoreError> {
    let (n, next) = match stands {
        Stands::Events(behind) => events(work, behind, forget.events_before)?,
        Stands::Answers(operator, behind) => {
            answers(work, operator, behind, forget.answers_before)?
        }
        Stands::Statuses => statuses(work, forget.statuses_before)?,
        Stands::Drafts(operator, chat) => drafts(work, operator, chat, forget.drafts_before)?,
    };
    Ok(Forgotten {
        n,
        next: next.map(PassPlace),
    })
}

type Done = (usize, Option<Stands>);

fn events(work: &Work<'_>, behind: i64, before: Timestamp) -> Result<Done, StoreError> {
    let rows = work.tx.reader().all(
        "SELECT key, received_at FROM journal WHERE key > ?1 ORDER BY key LIMIT ?2",
        (behind, PIECE),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )?;
    let is_last_piece = rows.len() < row_count();
    let mut n = 0;
    let mut stands = behind;
    for (key, received_at) in rows {
        if received_at >= before.0 {
            return Ok((n, Some(Stands::Answers(0, [0; 16]))));
        }
        n += work.tx.execute(
            "DELETE FROM journal WHERE key = ?1 AND state = 'applied'",
            (key,),
        )?;
        stands = key;
    }
    let next = if is_last_piece {
        Stands::Answers(i64::MIN, [0; 16])
    } else {
        Stands::Events(stands)
    };
    Ok((n, Some(next)))
}

/// The ids of commands begin with their time, so the old ones are the first of each author. The
/// author's clock may be wrong: the time of the answer decides.
fn answers(
    work: &Work<'_>,
    operator: i64,
    behind: [u8; 16],
    before: Timestamp,
) -> Result<Done, StoreError> {
    let reader = work.tx.reader();
    let rows = reader.all(
        "SELECT id, answered_at FROM command_answers
         WHERE author = ?1 AND id > ?2 AND id < ?3 ORDER BY id LIMIT ?4",
        (operator, behind, first_id_of(before), PIECE),
        |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, i64>(1)?)),
    )?;
    let is_last_piece = rows.len() < row_count();
    let mut n = 0;
    let mut stands = behind;
    for (id, answered_at) in rows {
        if answered_at < before.0 {
            n += work.tx.execute(
                "DELETE FROM command_answers WHERE author = ?1 AND id = ?2",
                (operator, id),
            )?;
        }
        stands = id;
    }
    if !is_last_piece {
        return Ok((n, Some(Stands::Answers(operator, stands))));
    }
    let next = match next_author(reader, operator)? {
        Some(author) => Stands::Answers(author, [0; 16]),
        None => Stands::Statuses,
    };
    Ok((n, Some(next)))
}

fn next_author(reader: Reader<'_>, author: i64) -> Result<Option<i64>, StoreError> {
    Ok(reader.one(
        "SELECT min(author) FROM command_answers WHERE author > ?1",
        (author,),
        |row| row.get(0),
    )?)
}

/// The smallest `UUIDv7` of a moment.
fn first_id_of(moment: Timestamp) -> [u8; 16] {
    let ms = u64::try_from(moment.0).unwrap_or(0);
    let id = u128::from(ms) << 80;
    Uuid::from_u128(id).into_bytes()
}

fn statuses(work: &Work<'_>, before: Timestamp) -> Result<Done, StoreError> {
    let n = work.tx.execute(
        "DELETE FROM parked_statuses WHERE (channel, provider_id, progress) IN (
             SELECT channel, provider_id, progress FROM parked_statuses
             WHERE at < ?1 ORDER BY at LIMIT ?2)",
        (before.0, PIECE),
    )?;
    let is_last_piece = n < row_count();
    let next = if is_last_piece {
        Stands::Drafts(0, 0)
    } else {
        Stands::Statuses
    };
    Ok((n, Some(next)))
}

fn drafts(
    work: &Work<'_>,
    operator: i64,
    chat: i64,
    before: Timestamp,
) -> Result<Done, StoreError> {
    let rows = work.tx.reader().all(
        "SELECT operator, chat, mode, changed_at FROM drafts
         WHERE (operator, chat) > (?1, ?2) ORDER BY operator, chat, mode LIMIT ?3",
        (operator, chat, PIECE),
        |row| {
            let key: (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok((key, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
        },
    )?;
    let is_last_piece = rows.len() < row_count();
    let mut n = 0;
    let (mut last, mut behind) = ((operator, chat), (operator, chat));
    for (key, mode, changed_at) in rows {
        if key != last {
            behind = last;
            last = key;
        }
        if changed_at < before.0 && !sees(work.tx.reader(), key)? {
            n += work.tx.execute(
                "DELETE FROM drafts WHERE operator = ?1 AND chat = ?2 AND mode = ?3",
                (key.0, key.1, mode),
            )?;
        }
    }
    // The last chat's other draft may be in the next piece.
    Ok((
        n,
        (!is_last_piece).then_some(Stands::Drafts(behind.0, behind.1)),
    ))
}

fn sees(reader: Reader<'_>, (operator, chat): (i64, i64)) -> Result<bool, StoreError> {
    let readers = audience::present(reader, chat)?;
    Ok(readers.contains(&audience::EVERYONE) || readers.contains(&operator))
}

fn row_count() -> usize {
    usize::try_from(PIECE).unwrap_or(usize::MAX)
}

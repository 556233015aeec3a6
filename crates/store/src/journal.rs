//! The journal of raw provider events, written in the commit that applies them and before the
//! provider is told that we have them.

use pult_domain::Timestamp;
use pult_sqlite::Reader;

use crate::StoreError;
use crate::writer::Work;

/// What became of a raw event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Everything in it that we know of has been applied.
    Applied,
    /// It is not of a shape that we can read; kept for a version that can.
    Unreadable,
    /// It could be read, but applying it failed; tried again at the next start.
    Waiting,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unreadable => "unreadable",
            Self::Waiting => "waiting",
        }
    }
}

/// Writes an event down.
pub(crate) fn append(
    work: &Work<'_>,
    source: &str,
    state: State,
    body: &[u8],
) -> Result<(), StoreError> {
    work.tx.execute(
        "INSERT INTO journal (source, received_at, state, body) VALUES (?1, ?2, ?3, ?4)",
        (source, work.now.0, state.as_str(), body),
    )?;
    Ok(())
}

/// An event that waits to be applied.
#[derive(Debug)]
pub(crate) struct WaitingEvent {
    pub(crate) key: i64,
    pub(crate) received_at: Timestamp,
    pub(crate) body: Vec<u8>,
}

/// Events that wait to be applied, oldest first.
pub(crate) fn waiting(reader: Reader<'_>) -> Result<Vec<WaitingEvent>, StoreError> {
    Ok(reader.all(
        "SELECT key, received_at, body FROM journal WHERE state = 'waiting' ORDER BY key",
        (),
        |row| {
            Ok(WaitingEvent {
                key: row.get(0)?,
                received_at: Timestamp(row.get(1)?),
                body: row.get(2)?,
            })
        },
    )?)
}

/// Notes that a waiting event has been applied.
pub(crate) fn applied(work: &Work<'_>, key: i64) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE journal SET state = 'applied' WHERE key = ?1",
        (key,),
    )?;
    Ok(())
}

//! Figures for those who watch over the store: how much waits, and for what. They cost a reader
//! about as much as the rows that wait, however large the store is.

use pult_domain::Timestamp;
use pult_protocol::DeliveryState;
use pult_sqlite::Reader;

use crate::audience::{EVERYONE, OPEN};
use crate::{StoreError, sql};

/// How much waits at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Chats in the queue.
    pub n_queued: u64,
    /// Those of them whose client has had no answer.
    pub n_queued_unanswered: u64,
    /// Since when the client in the queue has waited who waits longest.
    pub waiting_since: Option<Timestamp>,
    /// Lanes of delivery by what they wait for.
    pub lanes: LaneFigures,
    /// Messages of which nobody knows whether they went out.
    pub n_not_confirmed: u64,
    /// Raw events that could be read and not applied yet.
    pub n_events_waiting: u64,
    /// Raw events that could not be read.
    pub n_events_unreadable: u64,
}

/// How many lanes of delivery wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneFigures {
    /// To be sent, now.
    pub turn: u64,
    /// The time of another try.
    pub retry: u64,
    /// A channel that cannot send.
    pub channel: u64,
    /// The provider's answer to a sending.
    pub answer: u64,
    /// A status that settles an unconfirmed message, or the end of the wait for one.
    pub confirmation: u64,
}

pub(crate) fn read(reader: Reader<'_>, now: Timestamp) -> Result<Figures, StoreError> {
    let (n_queued, n_queued_unanswered, waiting_since) = reader.one(
        "SELECT count(*), count(c.waiting_since), min(c.waiting_since)
         FROM audience a JOIN chats c ON c.key = a.chat
         WHERE a.operator = ?1 AND a.until_seq = ?2",
        (EVERYONE, OPEN),
        |row| {
            let since: Option<i64> = row.get(2)?;
            Ok((count(row, 0)?, count(row, 1)?, since.map(Timestamp)))
        },
    )?;
    let n = |sql| reader.one(sql, (), |row| count(row, 0));
    Ok(Figures {
        n_queued,
        n_queued_unanswered,
        waiting_since,
        lanes: lanes(reader, now)?,
        n_not_confirmed: n("SELECT count(*) FROM deliveries WHERE state = 'not_confirmed'")?,
        n_events_waiting: n("SELECT count(*) FROM journal WHERE state = 'waiting'")?,
        n_events_unreadable: n("SELECT count(*) FROM journal WHERE state = 'unreadable'")?,
    })
}

fn lanes(reader: Reader<'_>, now: Timestamp) -> Result<LaneFigures, StoreError> {
    let heads = reader.all(
        "WITH heads AS (
             SELECT min(entry) AS entry FROM deliveries WHERE holds_lane = 1 GROUP BY chat
         )
         SELECT d.state, d.next_attempt_at, ch.blocked_until
         FROM heads h
         JOIN deliveries d ON d.entry = h.entry
         JOIN chats c ON c.key = d.chat
         JOIN channels ch ON ch.key = c.channel",
        (),
        |row| {
            let state = sql::word(row, 0, DeliveryState::parse)?;
            Ok((state, sql::time(row, 1)?, sql::time(row, 2)?))
        },
    )?;
    let mut lanes = LaneFigures::default();
    for (state, next_attempt_at, blocked_until) in heads {
        let waiting = match state {
            DeliveryState::Pending if blocked_until > now => &mut lanes.channel,
            DeliveryState::Pending if next_attempt_at > now => &mut lanes.retry,
            DeliveryState::Pending => &mut lanes.turn,
            DeliveryState::Sending => &mut lanes.answer,
            DeliveryState::NotConfirmed
            | DeliveryState::Sent
            | DeliveryState::Delivered
            | DeliveryState::Read
            | DeliveryState::Failed => &mut lanes.confirmation,
        };
        *waiting += 1;
    }
    Ok(lanes)
}

fn count(row: &pult_sqlite::Row<'_>, column: usize) -> Result<u64, pult_sqlite::SqlError> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

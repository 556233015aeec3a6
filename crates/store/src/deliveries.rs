//! Lanes of delivery: the replies of a chat on their way to the client, one at a time, in order.
//!
//! A delivery holds its chat's lane while it waits, while it is being sent, and for a while when
//! its sending was not confirmed; the next one starts when the lane is free. Nothing that may have
//! gone out is ever sent again by itself: `sending` leads on from `pending` alone, and after a
//! crash it is `not_confirmed`.

use std::collections::BTreeSet;

use pult_domain::provider::{DeliveryUpdate, Failure, OutboundMessage, Progress, SendOutcome};
use pult_domain::{ChannelId, EntryId, Place, ReplyText, Timestamp};
use pult_protocol::DeliveryState;
use pult_sqlite::Reader;

use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{StoreError, channels, chats, clients, entries, sql, talks};

/// How long an unconfirmed message holds its lane, in milliseconds: a status that settles it
/// usually comes within seconds.
const UNCONFIRMED_HOLD_MS: i64 = 30_000;

/// After so many tries a message that could not be sent has failed.
const MAX_ATTEMPTS: u32 = 10;

/// Longest wait before another try, in milliseconds.
const MAX_RETRY_MS: i64 = 10 * 60_000;

/// How long a blocked channel is left alone before it is tried again, in milliseconds.
const BLOCKED_MS: i64 = 60_000;

/// The first message of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneHead {
    /// Which lane: one per chat.
    pub lane: i64,
    /// Which message.
    pub delivery: i64,
    /// What is to be done with it.
    pub next: LaneStep,
    /// Not before this moment.
    pub due_at: Timestamp,
}

/// What a lane's first message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneStep {
    /// To be sent.
    Send,
    /// To give up the lane, since nothing has confirmed it.
    Release,
    /// The answer to its sending; whoever sends it reports.
    Report,
}

/// A message that is being sent from now on.
#[derive(Debug, Clone)]
pub struct Sending {
    /// Through which channel.
    pub channel_id: ChannelId,
    /// The message.
    pub message: OutboundMessage,
}

pub(crate) fn enqueue(
    work: &mut Work<'_>,
    chat: &chats::Stored,
    entry: i64,
) -> Result<(), StoreError> {
    work.tx.execute(
        "INSERT INTO deliveries (entry, chat, state, state_since, holds_lane,
                                 answered_place_before, waiting_since_before,
                                 is_talk_answered_before)
         VALUES (?1, ?2, 'pending', ?3, 1, ?4, ?5, ?6)",
        (
            entry,
            chat.key,
            work.now.0,
            chat.answered_place.0,
            chat.talk.waiting_since.map(|since| since.0),
            chat.talk.is_answered,
        ),
    )?;
    work.touched.lanes = true;
    Ok(())
}

/// The first message of every lane that has one.
pub(crate) fn lane_heads(reader: Reader<'_>) -> Result<Vec<LaneHead>, StoreError> {
    let sql = "WITH heads AS (
             SELECT min(entry) AS entry FROM deliveries WHERE holds_lane = 1 GROUP BY chat
         )
         SELECT d.chat, d.entry, d.state, d.state_since, max(d.next_attempt_at, ch.blocked_until)
         FROM heads h
         JOIN deliveries d ON d.entry = h.entry
         JOIN chats c ON c.key = d.chat
         JOIN channels ch ON ch.key = c.channel";
    let no_lanes = trials::has(Bug::LanesOvertake).then(|| sql.replace("BY chat", "BY entry"));
    Ok(reader.all(no_lanes.as_deref().unwrap_or(sql), (), |row| {
        let since = sql::time(row, 3)?;
        let (next, due_at) = match sql::word(row, 2, DeliveryState::parse)? {
            DeliveryState::Pending => (LaneStep::Send, sql::time(row, 4)?),
            DeliveryState::Sending => (LaneStep::Report, since),
            DeliveryState::NotConfirmed
            | DeliveryState::Sent
            | DeliveryState::Delivered
            | DeliveryState::Read
            | DeliveryState::Failed => (LaneStep::Release, since.plus_ms(UNCONFIRMED_HOLD_MS)),
        };
        Ok(LaneHead {
            lane: row.get(0)?,
            delivery: row.get(1)?,
            next,
            due_at,
        })
    })?)
}

/// A delivery as the rules of this module need it.
struct Stored {
    entry: i64,
    chat: i64,
    channel: i64,
    place: Place,
    state: DeliveryState,
    n_attempts: u32,
    /// An automatic text is no answer, whatever becomes of it.
    is_automatic: bool,
}

fn load(reader: Reader<'_>, entry: i64) -> Result<Option<Stored>, StoreError> {
    Ok(reader.optional(
        "SELECT d.entry, d.chat, m.channel, e.place, d.state, d.n_attempts,
                e.automatic IS NOT NULL
         FROM deliveries d
         JOIN entries e ON e.key = d.entry
         JOIN messages m ON m.entry = d.entry
         WHERE d.entry = ?1",
        (entry,),
        |row| {
            Ok(Stored {
                entry: row.get(0)?,
                chat: row.get(1)?,
                channel: row.get(2)?,
                place: Place(row.get(3)?),
                state: sql::word(row, 4, DeliveryState::parse)?,
                n_attempts: row.get(5)?,
                is_automatic: row.get(6)?,
            })
        },
    )?)
}

/// Notes, before the first byte leaves, that a message is being sent. None if it is not its turn.
pub(crate) fn begin(work: &mut Work<'_>, entry: i64) -> Result<Option<Sending>, StoreError> {
    let reader = work.tx.reader();
    let Some(delivery) = load(reader, entry)? else {
        return Ok(None);
    };
    let first = reader.one(
        "SELECT min(entry) FROM deliveries WHERE holds_lane = 1 AND chat = ?1",
        (delivery.chat,),
        |row| row.get::<_, Option<i64>>(0),
    )?;
    let is_its_turn = first == Some(entry) || trials::has(Bug::LanesOvertake);
    if delivery.state != DeliveryState::Pending || !is_its_turn {
        return Ok(None);
    }
    let (message_id, text, channel_id, client) = reader.one(
        "SELECT e.id, m.text, ch.id, c.client
         FROM entries e
         JOIN messages m ON m.entry = e.key
         JOIN chats c ON c.key = e.chat
         JOIN channels ch ON ch.key = m.channel
         WHERE e.key = ?1",
        (entry,),
        |row| {
            Ok((
                sql::id(row, 0, EntryId)?,
                row.get::<_, String>(1)?,
                sql::id(row, 2, ChannelId)?,
                row.get::<_, i64>(3)?,
            ))
        },
    )?;
    let text = ReplyText::parse(&text)
        .map_err(|_| StoreError::Inconsistent("a stored reply can be sent"))?;
    let recipient = clients::identities(reader, client, delivery.channel)?;
    work.tx.execute(
        "UPDATE deliveries SET n_attempts = n_attempts + 1 WHERE entry = ?1",
        (entry,),
    )?;
    set_state(work, &delivery, DeliveryState::Sending, None)?;
    Ok(Some(Sending {
        channel_id,
        message: OutboundMessage {
            message_id,
            recipient,
            text,
        },
    }))
}

/// Notes what a sending ended in.
pub(crate) fn finish(
    work: &mut Work<'_>,
    entry: i64,
    outcome: &SendOutcome,
) -> Result<(), StoreError> {
    let Some(delivery) = load(work.tx.reader(), entry)? else {
        return Ok(());
    };
    work.touched.lanes = true;
    match outcome {
        SendOutcome::Accepted { provider_id } => accepted(work, &delivery, provider_id),
        // A status has told more than the answer could, while we waited for it.
        _ if delivery.state != DeliveryState::Sending => Ok(()),
        SendOutcome::Retry { after_ms, failure } => {
            if delivery.n_attempts >= MAX_ATTEMPTS {
                return fail(work, &delivery, failure);
            }
            let doubled = after_ms.saturating_mul(1 << delivery.n_attempts.min(8));
            again(
                work,
                &delivery,
                work.now.plus_ms(doubled.clamp(0, MAX_RETRY_MS)),
            )
        }
        SendOutcome::ChannelBlocked(failure) => {
            let until = work.now.plus_ms(BLOCKED_MS);
            channels::set_problem(work, delivery.channel, Some(failure.kind), until)?;
            // Not the message's fault: this try does not count.
            work.tx.execute(
                "UPDATE deliveries SET n_attempts = 0 WHERE entry = ?1",
                (entry,),
            )?;
            // The channel holds it back, and lets it go at once when it is mended.
            again(work, &delivery, work.now)
        }
        SendOutcome::Rejected(failure) => fail(work, &delivery, failure),
        SendOutcome::NotConfirmed { .. } => {
            set_state(work, &delivery, DeliveryState::NotConfirmed, None)
        }
    }
}

fn again(work: &mut Work<'_>, delivery: &Stored, at: Timestamp) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE deliveries SET next_attempt_at = ?2 WHERE entry = ?1",
        (delivery.entry, at.0),
    )?;
    set_state(work, delivery, DeliveryState::Pending, None)
}

fn accepted(work: &mut Work<'_>, delivery: &Stored, provider_id: &str) -> Result<(), StoreError> {
    channels::set_problem(work, delivery.channel, None, Timestamp(0))?;
    learn_provider_id(work, delivery, provider_id)?;
    if delivery.state < DeliveryState::Sent {
        set_state(work, delivery, DeliveryState::Sent, None)?;
    }
    unpark(work, delivery.channel, provider_id)
}

fn learn_provider_id(
    work: &Work<'_>,
    delivery: &Stored,
    provider_id: &str,
) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE OR IGNORE messages SET provider_id = ?2 WHERE entry = ?1 AND provider_id IS NULL",
        (delivery.entry, provider_id),
    )?;
    Ok(())
}

/// Gives up the lane of a message that nothing has confirmed in time. It stays unconfirmed and is
/// settled by its status, however late.
pub(crate) fn release(work: &mut Work<'_>, entry: i64) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE deliveries SET holds_lane = 0 WHERE entry = ?1 AND state = 'not_confirmed'",
        (entry,),
    )?;
    work.touched.lanes = true;
    Ok(())
}

/// After a start: whatever was being sent may have gone out, unless it is known what had left by
/// then and the message is not in it.
pub(crate) fn settle_interrupted(
    work: &mut Work<'_>,
    departed: Option<&BTreeSet<i64>>,
) -> Result<usize, StoreError> {
    let cut = work.tx.reader().all(
        "SELECT entry FROM deliveries WHERE holds_lane = 1 AND state = 'sending'",
        (),
        |row| row.get::<_, i64>(0),
    )?;
    for entry in &cut {
        let may_have_left = departed.is_none_or(|departed| departed.contains(entry))
            && !trials::has(Bug::ResendOnTakeover);
        if let Some(delivery) = load(work.tx.reader(), *entry)? {
            let state = if may_have_left {
                DeliveryState::NotConfirmed
            } else {
                DeliveryState::Pending
            };
            set_state(work, &delivery, state, None)?;
        }
    }
    Ok(cut.len())
}

/// In a store that was put back from a backup: whatever was still to go out when that was made may
/// have gone out since.
pub(crate) fn settle_restored(work: &mut Work<'_>) -> Result<usize, StoreError> {
    let cut = work.tx.reader().all(
        "SELECT entry FROM deliveries
         WHERE holds_lane = 1 AND state IN ('pending', 'sending')",
        (),
        |row| row.get::<_, i64>(0),
    )?;
    for entry in &cut {
        if let Some(delivery) = load(work.tx.reader(), *entry)? {
            set_state(work, &delivery, DeliveryState::NotConfirmed, None)?;
        }
    }
    Ok(cut.len())
}

/// Takes in what the provider says became of a message. What cannot be matched yet is parked: a
/// status may overtake the answer to the sending.
pub(crate) fn update(
    work: &mut Work<'_>,
    channel: i64,
    update: &DeliveryUpdate,
) -> Result<(), StoreError> {
    let reader = work.tx.reader();
    let by_provider_id = reader.optional(
        "SELECT m.entry FROM messages m JOIN deliveries d ON d.entry = m.entry
         WHERE m.channel = ?1 AND m.provider_id = ?2",
        (channel, &update.provider_id),
        |row| row.get(0),
    )?;
    let entry = match (by_provider_id, update.message_id) {
        (Some(entry), _) => Some(entry),
        (None, Some(id)) if !trials::has(Bug::ForgetCallbackData) => reader.optional(
            "SELECT e.key FROM entries e
             JOIN messages m ON m.entry = e.key
             JOIN deliveries d ON d.entry = e.key
             WHERE e.id = ?1 AND m.channel = ?2 AND m.provider_id IS NULL",
            (id.0, channel),
            |row| row.get(0),
        )?,
        (None, Some(_) | None) => None,
    };
    let Some(delivery) = entry
        .map(|entry| load(reader, entry))
        .transpose()?
        .flatten()
    else {
        return park(work, channel, update);
    };
    if by_provider_id.is_some() {
        return progress(work, &delivery, &update.progress);
    }
    learn_provider_id(work, &delivery, &update.provider_id)?;
    progress(work, &delivery, &update.progress)?;
    // Statuses without our id may have come before this one.
    unpark(work, channel, &update.provider_id)
}

/// Merges monotonically: what was read is never "delivered" again, and only a message that did
/// arrive after all leaves `failed`.
fn progress(work: &mut Work<'_>, delivery: &Stored, progress: &Progress) -> Result<(), StoreError> {
    use DeliveryState::{Delivered, Failed, NotConfirmed, Pending, Read, Sending, Sent};
    let next = match progress {
        Progress::Sent => Sent,
        Progress::Delivered => Delivered,
        Progress::Read => Read,
        Progress::Failed(failure) => {
            return if matches!(delivery.state, Delivered | Read | Failed) {
                Ok(())
            } else {
                fail(work, delivery, failure)
            };
        }
    };
    work.touched.lanes = true;
    match delivery.state {
        Failed if next > Sent => {
            set_state(work, delivery, next, None)?;
            if delivery.is_automatic {
                return Ok(());
            }
            talks::tell_anew(work, delivery.entry, false)?;
            let answered = chats::load(work.tx.reader(), delivery.chat)?.answered_place;
            chats::unanswered(work, delivery.chat, answered.max(delivery.place))
        }
        state if state != Failed && next > state => set_state(work, delivery, next, None),
        Pending | Sending | NotConfirmed | Sent | Delivered | Read | Failed => Ok(()),
    }
}

/// The reply will not arrive: it was no answer, and the client waits again since the old time.
fn fail(work: &mut Work<'_>, delivery: &Stored, failure: &Failure) -> Result<(), StoreError> {
    work.touched.lanes = true;
    set_state(work, delivery, DeliveryState::Failed, Some(failure))?;
    if delivery.is_automatic {
        return Ok(());
    }
    talks::tell_anew(work, delivery.entry, true)?;
    let reader = work.tx.reader();
    let chat = chats::load(reader, delivery.chat)?;
    if chat.answered_place != delivery.place {
        return Ok(());
    }
    // Replies before this one may have failed as well.
    let mut answered = chat.answered_place;
    while let Some(before) = reader.optional(
        "SELECT d.answered_place_before FROM entries e JOIN deliveries d ON d.entry = e.key
         WHERE e.chat = ?1 AND e.place = ?2 AND d.state = 'failed'",
        (delivery.chat, answered.0),
        |row| row.get(0).map(Place),
    )? {
        answered = before;
    }
    chats::unanswered(work, delivery.chat, answered)
}

fn set_state(
    work: &mut Work<'_>,
    delivery: &Stored,
    state: DeliveryState,
    failure: Option<&Failure>,
) -> Result<(), StoreError> {
    let holds_lane = matches!(
        state,
        DeliveryState::Pending | DeliveryState::Sending | DeliveryState::NotConfirmed
    );
    work.tx.execute(
        "UPDATE deliveries SET state = ?2, state_since = ?3, holds_lane = ?4, failure = ?5,
                               failure_details = ?6
         WHERE entry = ?1",
        (
            delivery.entry,
            state.as_str(),
            work.now.0,
            holds_lane,
            failure.map(|failure| failure.kind.as_str()),
            failure.map(details),
        ),
    )?;
    entries::changed(work, delivery.chat, delivery.entry)
}

/// The provider's own code and words.
fn details(failure: &Failure) -> String {
    format!("{} {}", failure.code, failure.reason)
        .trim()
        .to_owned()
}

fn park(work: &Work<'_>, channel: i64, update: &DeliveryUpdate) -> Result<(), StoreError> {
    let (progress, failure) = match &update.progress {
        Progress::Sent => ("sent", None),
        Progress::Delivered => ("delivered", None),
        Progress::Read => ("read", None),
        Progress::Failed(failure) => ("failed", Some(failure)),
    };
    work.tx.execute(
        "INSERT INTO parked_statuses (channel, provider_id, progress, failure, failure_details, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        (
            channel,
            &update.provider_id,
            progress,
            failure.map(|failure| failure.kind.as_str()),
            failure.map(details),
            update.at.0,
        ),
    )?;
    Ok(())
}

/// Takes in what was parked under the provider's id of a message that is known now.
fn unpark(work: &mut Work<'_>, channel: i64, provider_id: &str) -> Result<(), StoreError> {
    let parked = work.tx.reader().all(
        "SELECT progress, failure, failure_details, at FROM parked_statuses
         WHERE channel = ?1 AND provider_id = ?2 ORDER BY at",
        (channel, provider_id),
        |row| {
            let failure = || -> Result<Failure, pult_sqlite::SqlError> {
                Ok(Failure {
                    kind: sql::word(row, 1, pult_domain::provider::FailureKind::parse)?,
                    code: String::new(),
                    reason: row.get(2)?,
                })
            };
            Ok(DeliveryUpdate {
                provider_id: provider_id.to_owned(),
                message_id: None,
                progress: match row.get_ref(0)?.as_str()? {
                    "sent" => Progress::Sent,
                    "delivered" => Progress::Delivered,
                    "read" => Progress::Read,
                    _ => Progress::Failed(failure()?),
                },
                at: sql::time(row, 3)?,
            })
        },
    )?;
    if parked.is_empty() {
        return Ok(());
    }
    work.tx.execute(
        "DELETE FROM parked_statuses WHERE channel = ?1 AND provider_id = ?2",
        (channel, provider_id),
    )?;
    for status in &parked {
        update(work, channel, status)?;
    }
    Ok(())
}

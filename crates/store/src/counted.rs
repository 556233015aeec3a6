//! What the figures count: what happened, when, on which channel, by or at whom.
//!
//! It is written in the commit in which it happens, a few bytes for each thing, behind what its hour
//! holds already. So taking a message in costs no page of its own: a commit writes to one page,
//! which the commit before has written to as well. And a year is read in one go: a million things
//! are some megabytes.
//!
//! An hour, of UTC, is a row or several: a row is full when it would not fit on a page any more.
//! Its key is the hour's number with that of the row behind it. A thing is a few numbers of
//! variable length (LEB128): the milliseconds since the hour began, with the kind in the lowest
//! three bits; the channel's key; the operator's key or 0; and, for an answer, how many milliseconds
//! the client had waited. Things that are equal may be taken for each other: taking one out takes
//! out the first that is equal to it.

use std::collections::BTreeMap;

use pult_domain::Timestamp;
use pult_sqlite::{Reader, Transaction};

use crate::StoreError;

/// Most bytes of a row: with what SQLite keeps beside them they fit on a page.
const MAX_BYTES: usize = 3_900;

/// Of an hour.
const HOUR_MS: i64 = 60 * 60 * 1000;

/// Rows of an hour that the key has room for, as a power of two.
const ROW_BITS: u32 = 20;

/// Something that the figures count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counted {
    /// When it happened, by the backend's clock.
    pub(crate) at: Timestamp,
    /// On which channel.
    pub(crate) channel: i64,
    /// Who did it; of a client's message, who owned the chat then. 0 for nobody.
    pub(crate) operator: i64,
    pub(crate) what: What,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A client wrote into an open chat.
    Message,
    /// A client wrote for the first time.
    New,
    /// A client wrote into a closed chat.
    CameBack,
    /// Somebody answered for the first time since the chat was last closed.
    FirstAnswer {
        /// How long the client had waited.
        waited_ms: u64,
    },
    /// Somebody answered again.
    NextAnswer {
        /// How long the client had waited.
        waited_ms: u64,
    },
    /// A chat was closed.
    Closed,
}

impl What {
    const fn code(self) -> u64 {
        match self {
            Self::Message => 0,
            Self::New => 1,
            Self::CameBack => 2,
            Self::FirstAnswer { .. } => 3,
            Self::NextAnswer { .. } => 4,
            Self::Closed => 5,
        }
    }
}

/// A change of what is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// It happened.
    Add(Counted),
    /// It turns out not to count.
    Remove(Counted),
}

/// Which hour a moment is in.
pub(crate) const fn hour_of(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

/// The first key that an hour's rows may have.
const fn first_key(hour: i64) -> i64 {
    hour << ROW_BITS
}

/// Writes down what a commit has brought.
pub(crate) fn write(tx: &Transaction<'_>, changes: &[Change]) -> Result<(), StoreError> {
    let mut hours: BTreeMap<i64, (Vec<u8>, Vec<Counted>)> = BTreeMap::new();
    for change in changes {
        let (Change::Add(counted) | Change::Remove(counted)) = change;
        let (added, removed) = hours.entry(hour_of(counted.at)).or_default();
        match change {
            Change::Add(counted) => encode(counted, added),
            Change::Remove(counted) => removed.push(*counted),
        }
    }
    for (hour, (added, removed)) in hours {
        append(tx, hour, &added)?;
        for counted in removed {
            take_out(tx, hour, counted)?;
        }
    }
    Ok(())
}

/// Adds things of one hour, one behind the other, to what the hour holds.
pub(crate) fn append(tx: &Transaction<'_>, hour: i64, added: &[u8]) -> Result<(), StoreError> {
    if added.is_empty() {
        return Ok(());
    }
    let last = tx.reader().optional(
        "SELECT key, events FROM counted WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT 1",
        (first_key(hour), first_key(hour + 1)),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)),
    )?;
    let (mut key, mut events) = last.unwrap_or_else(|| (first_key(hour), Vec::new()));
    let mut rest = added;
    while !rest.is_empty() {
        let fits = whole_within(rest, MAX_BYTES.saturating_sub(events.len()));
        let (head, tail) = rest.split_at_checked(fits).unwrap_or((rest, &[]));
        if head.is_empty() && events.is_empty() {
            return Err(StoreError::Inconsistent("a row has room for a thing"));
        }
        if !head.is_empty() {
            events.extend_from_slice(head);
            put(tx, key, &events)?;
        }
        (key, events, rest) = (key + 1, Vec::new(), tail);
    }
    Ok(())
}

fn put(tx: &Transaction<'_>, key: i64, events: &[u8]) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO counted (key, events) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET events = excluded.events",
        (key, events),
    )?;
    Ok(())
}

/// How many bytes the things have that fit into `room`.
fn whole_within(things: &[u8], room: usize) -> usize {
    let mut rest = things;
    let mut fits = 0;
    while decode(&mut rest, 0).is_some() {
        let end = things.len() - rest.len();
        if end > room {
            break;
        }
        fits = end;
    }
    fits
}

fn take_out(tx: &Transaction<'_>, hour: i64, counted: Counted) -> Result<(), StoreError> {
    let mut thing = Vec::new();
    encode(&counted, &mut thing);
    let rows = tx.reader().all(
        "SELECT key, events FROM counted WHERE key >= ?1 AND key < ?2",
        (first_key(hour), first_key(hour + 1)),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)),
    )?;
    for (key, mut events) in rows {
        let mut rest = events.as_slice();
        let mut begin = 0;
        while let Some(found) = decode(&mut rest, hour) {
            let end = events.len() - rest.len();
            if found == counted {
                events.drain(begin..end);
                return put(tx, key, &events);
            }
            begin = end;
        }
    }
    // Figures are not worth refusing a provider's message for.
    tracing::error!("What is to count no longer was not counted");
    Ok(())
}

/// Hands over everything that was counted in these hours.
pub(crate) fn read(
    reader: Reader<'_>,
    hours: std::ops::RangeInclusive<i64>,
    mut take: impl FnMut(Counted),
) -> Result<(), StoreError> {
    let rows = reader.all(
        "SELECT key, events FROM counted WHERE key >= ?1 AND key < ?2",
        (first_key(*hours.start()), first_key(hours.end() + 1)),
        |row| {
            let hour = row.get::<_, i64>(0)? >> ROW_BITS;
            let mut rest = row.get_ref(1)?.as_blob()?;
            while let Some(counted) = decode(&mut rest, hour) {
                take(counted);
            }
            Ok(rest.is_empty())
        },
    )?;
    if rows.contains(&false) {
        return Err(StoreError::Inconsistent("what was counted can be read"));
    }
    Ok(())
}

/// Writes a thing behind others of its hour.
pub(crate) fn encode(counted: &Counted, into: &mut Vec<u8>) {
    let ms = counted.at.0.rem_euclid(HOUR_MS).unsigned_abs();
    number(ms << 3 | counted.what.code(), into);
    number(counted.channel.unsigned_abs(), into);
    number(counted.operator.unsigned_abs(), into);
    if let What::FirstAnswer { waited_ms } | What::NextAnswer { waited_ms } = counted.what {
        number(waited_ms, into);
    }
}

fn number(mut value: u64, into: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return into.push(low);
        }
        into.push(low | 0x80);
    }
}

/// The first of these things, which is taken off. None at the end, and if it cannot be read.
fn decode(things: &mut &[u8], hour: i64) -> Option<Counted> {
    let mut rest = *things;
    let head = read_number(&mut rest)?;
    let ms = i64::try_from(head >> 3).ok()?;
    let channel = i64::try_from(read_number(&mut rest)?).ok()?;
    let operator = i64::try_from(read_number(&mut rest)?).ok()?;
    let what = match head & 7 {
        0 => What::Message,
        1 => What::New,
        2 => What::CameBack,
        3 => What::FirstAnswer {
            waited_ms: read_number(&mut rest)?,
        },
        4 => What::NextAnswer {
            waited_ms: read_number(&mut rest)?,
        },
        5 => What::Closed,
        _ => return None,
    };
    *things = rest;
    Some(Counted {
        at: Timestamp(hour * HOUR_MS + ms),
        channel,
        operator,
        what,
    })
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn anything() -> impl Strategy<Value = Counted> {
        let what = prop_oneof![
            Just(What::Message),
            Just(What::New),
            Just(What::CameBack),
            any::<u64>().prop_map(|waited_ms| What::FirstAnswer { waited_ms }),
            any::<u64>().prop_map(|waited_ms| What::NextAnswer { waited_ms }),
            Just(What::Closed),
        ];
        (0..HOUR_MS, 0..=i64::MAX, 0..=i64::MAX, what).prop_map(|(ms, channel, operator, what)| {
            Counted {
                at: Timestamp(7 * HOUR_MS + ms),
                channel,
                operator,
                what,
            }
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(things in prop::collection::vec(anything(), 0..20)) {
            let mut bytes = Vec::new();
            for thing in &things {
                encode(thing, &mut bytes);
            }
            let mut rest = bytes.as_slice();
            let read: Vec<Counted> = std::iter::from_fn(|| decode(&mut rest, 7)).collect();
            prop_assert_eq!(read, things);
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn bytes_that_are_nothing_are_refused_and_not_gone_through_for_ever(
            bytes in prop::collection::vec(any::<u8>(), 0..100)
        ) {
            let mut rest = bytes.as_slice();
            while decode(&mut rest, 7).is_some() {}
            let fits = whole_within(&bytes, 50);
            prop_assert!(fits <= 50);
        }
    }

    #[test]
    fn a_row_has_room_for_one_of_any_size() {
        let largest = Counted {
            at: Timestamp(HOUR_MS - 1),
            channel: i64::MAX,
            operator: i64::MAX,
            what: What::FirstAnswer {
                waited_ms: u64::MAX,
            },
        };
        let mut bytes = Vec::new();
        encode(&largest, &mut bytes);
        assert_eq!(whole_within(&bytes, MAX_BYTES), bytes.len());
    }

    #[test]
    fn a_moment_before_1970_has_an_hour_too() {
        assert_eq!(hour_of(Timestamp(-1)), -1);
        assert_eq!(first_key(-1) >> ROW_BITS, -1);
    }
}

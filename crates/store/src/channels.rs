//! Channels: the accounts through which clients write.

use pult_domain::provider::FailureKind;
use pult_domain::{ChannelId, Role, Timestamp};
use pult_protocol::{Act, Actor, ChannelHealth, ChannelKind, ChannelRow, Code, Problem};
use pult_sqlite::{Reader, Row, SqlError};

use crate::writer::Work;
use crate::{StoreError, audit, sql};

/// A channel to be added, or to replace the one with the same provider key.
#[derive(Clone)]
pub struct NewChannel {
    /// Its kind.
    pub kind: ChannelKind,
    /// What staff call it.
    pub name: String,
    /// The provider's id of it (`WhatsApp`: the phone number id).
    pub provider_key: String,
    /// What its connector needs, secrets included, as JSON; opaque here.
    pub settings: String,
}

/// A channel with what its connector needs.
#[derive(Clone)]
pub struct Channel {
    /// The row that everybody sees.
    pub row: ChannelRow,
    /// The provider's id of it.
    pub provider_key: String,
    /// What its connector needs, secrets included, as JSON.
    pub settings: String,
}

pub(crate) fn put(work: &mut Work<'_>, channel: &NewChannel) -> Result<ChannelId, StoreError> {
    let known = by_provider_key(work.tx.reader(), channel.kind, &channel.provider_key)?;
    let seq = work.next_seq();
    let (key, id) = work.tx.one(
        "INSERT INTO channels (id, kind, name, provider_key, settings, seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (kind, provider_key) DO UPDATE
         SET name = excluded.name, settings = excluded.settings, problem = NULL,
             problem_since = NULL, blocked_until = 0, seq = excluded.seq
         RETURNING key, id",
        (
            uuid::Uuid::now_v7(),
            channel.kind.as_str(),
            &channel.name,
            &channel.provider_key,
            &channel.settings,
            seq,
        ),
        |row| Ok((row.get(0)?, sql::id(row, 1, ChannelId)?)),
    )?;
    work.touched.channels.insert(key);
    work.touched.lanes = true;
    let name = channel.name.clone();
    let act = if known.is_some() {
        Act::ChannelReplaced {
            channel_id: id,
            name,
        }
    } else {
        Act::ChannelAdded {
            channel_id: id,
            name,
        }
    };
    // The secrets of a channel are never given to the panel, so nobody else can do it.
    audit::note(work, Actor::CommandLine, &act)?;
    Ok(id)
}

/// Notes that the channel cannot send until `until`, or that it can again.
pub(crate) fn set_problem(
    work: &mut Work<'_>,
    key: i64,
    problem: Option<FailureKind>,
    blocked_until: Timestamp,
) -> Result<(), StoreError> {
    let problem = problem.map(FailureKind::as_str);
    let known = work.tx.reader().one(
        "SELECT problem FROM channels WHERE key = ?1",
        (key,),
        |row| row.get::<_, Option<String>>(0),
    )?;
    if known.as_deref() == problem && problem.is_none() {
        return Ok(());
    }
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE channels SET problem = ?2, blocked_until = ?3, seq = ?4,
             problem_since = CASE WHEN ?2 IS NULL THEN NULL ELSE coalesce(problem_since, ?5) END
         WHERE key = ?1",
        (key, problem, blocked_until.0, seq, work.now.0),
    )?;
    work.touched.channels.insert(key);
    Ok(())
}

/// Says which number a channel's clients write to.
pub(crate) fn set_phone(
    work: &mut Work<'_>,
    by: Actor,
    id: ChannelId,
    phone: &str,
) -> Result<Result<ChannelRow, Problem>, StoreError> {
    let reader = work.tx.reader();
    if let Err(problem) = audit::may(reader, by, Role::Supervisor)? {
        return Ok(Err(problem));
    }
    let found = reader.optional(
        "SELECT key, phone FROM channels WHERE id = ?1",
        (id.0,),
        |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?)),
    )?;
    let Some((key, known)) = found else {
        return Ok(Err(Problem::new(Code::ChannelNotFound, "no such channel")));
    };
    if known.as_deref() != Some(phone) {
        write_phone(work, key, phone)?;
        let act = Act::ChannelPhoneSet {
            channel_id: id,
            was: known,
            now: phone.to_owned(),
        };
        audit::note(work, by, &act)?;
    }
    row(work.tx.reader(), key).map(Ok)
}

/// Keeps what the provider says of a channel's number, unless one is known.
pub(crate) fn learn_phone(
    work: &mut Work<'_>,
    kind: ChannelKind,
    provider_key: &str,
    phone: &str,
) -> Result<(), StoreError> {
    let unknown = work.tx.reader().optional(
        "SELECT key FROM channels WHERE kind = ?1 AND provider_key = ?2 AND phone IS NULL",
        (kind.as_str(), provider_key),
        |row| row.get(0),
    )?;
    match unknown {
        Some(key) => write_phone(work, key, phone),
        None => Ok(()),
    }
}

fn write_phone(work: &mut Work<'_>, key: i64, phone: &str) -> Result<(), StoreError> {
    let seq = work.next_seq();
    let sql = "UPDATE channels SET phone = ?2, seq = ?3 WHERE key = ?1";
    work.tx.execute(sql, (key, phone, seq))?;
    work.touched.channels.insert(key);
    Ok(())
}

const SELECT: &str = "SELECT id, kind, name, problem, provider_key, settings, seq, phone
     FROM channels";

pub(crate) fn list(reader: Reader<'_>) -> Result<Vec<Channel>, StoreError> {
    Ok(reader.all(&format!("{SELECT} ORDER BY key"), (), |row| {
        Ok(Channel {
            row: read_row(row)?,
            provider_key: row.get(4)?,
            settings: row.get(5)?,
        })
    })?)
}

/// A channel's key and row.
pub(crate) fn by_id(
    reader: Reader<'_>,
    id: ChannelId,
) -> Result<Option<(i64, ChannelRow)>, StoreError> {
    let key = reader.optional("SELECT key FROM channels WHERE id = ?1", (id.0,), |row| {
        row.get(0)
    })?;
    key.map(|key| Ok((key, row(reader, key)?))).transpose()
}

pub(crate) fn rename(work: &mut Work<'_>, key: i64, name: &str) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE channels SET name = ?2, seq = ?3 WHERE key = ?1",
        (key, name, seq),
    )?;
    work.touched.channels.insert(key);
    Ok(())
}

/// The channels by their keys, with what stands in their own rows of how they are doing.
pub(crate) fn health(reader: Reader<'_>) -> Result<Vec<(i64, ChannelHealth)>, StoreError> {
    let sql = "SELECT id, kind, name, problem, provider_key, settings, seq, phone,
                   problem_since, blocked_until, key
               FROM channels ORDER BY key";
    Ok(reader.all(sql, (), |row| {
        let channel = read_row(row)?;
        let blocked_until = channel.problem.map(|_| sql::time(row, 9)).transpose()?;
        let health = ChannelHealth {
            provider_key: row.get(4)?,
            problem_since: row.get::<_, Option<i64>>(8)?.map(Timestamp),
            blocked_until: blocked_until.filter(|until| *until > Timestamp(0)),
            last_inbound_at: None,
            last_outbound_at: None,
            n_waiting: 0,
            n_not_confirmed: 0,
            channel,
        };
        Ok((row.get(10)?, health))
    })?)
}

/// The key of the channel that the provider knows by that id.
pub(crate) fn by_provider_key(
    reader: Reader<'_>,
    kind: ChannelKind,
    provider_key: &str,
) -> Result<Option<i64>, StoreError> {
    Ok(reader.optional(
        "SELECT key FROM channels WHERE kind = ?1 AND provider_key = ?2",
        (kind.as_str(), provider_key),
        |row| row.get(0),
    )?)
}

pub(crate) fn row(reader: Reader<'_>, key: i64) -> Result<ChannelRow, StoreError> {
    Ok(reader.one(&format!("{SELECT} WHERE key = ?1"), (key,), read_row)?)
}

/// Channels that changed after `seq`, with the seq of their change.
pub(crate) fn changed_since(
    reader: Reader<'_>,
    seq: i64,
) -> Result<Vec<(i64, ChannelRow)>, StoreError> {
    let sql = format!("{SELECT} WHERE seq > ?1 ORDER BY seq");
    Ok(reader.all(&sql, (seq,), |row| Ok((row.get(6)?, read_row(row)?)))?)
}

fn read_row(row: &Row<'_>) -> Result<ChannelRow, SqlError> {
    Ok(ChannelRow {
        phone: row.get(7)?,
        id: sql::id(row, 0, ChannelId)?,
        kind: sql::word(row, 1, ChannelKind::parse)?,
        name: row.get(2)?,
        problem: row
            .get::<_, Option<String>>(3)?
            .and_then(|name| FailureKind::parse(&name)),
    })
}

//! Integrations: programs with an API key. Keys are stored as hashes alone.

use pult_domain::{IntegrationId, Timestamp};
use pult_protocol::{Act, Actor, IntegrationRow};
use pult_sqlite::{Reader, Row, SqlError};

use crate::writer::Work;
use crate::{StoreError, audit, sql};

/// An integration to be added.
#[derive(Clone)]
pub struct NewIntegration {
    /// What staff call it.
    pub name: String,
    /// SHA-256 of its key.
    pub key_hash: [u8; 32],
}

/// An integration has that name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an integration with this name exists")]
pub struct IntegrationExists;

pub(crate) fn add(
    work: &mut Work<'_>,
    integration: &NewIntegration,
) -> Result<Result<IntegrationId, IntegrationExists>, StoreError> {
    let exists = work.tx.reader().optional(
        "SELECT 1 FROM integrations WHERE name = ?1",
        (&integration.name,),
        |_| Ok(()),
    )?;
    if exists.is_some() {
        return Ok(Err(IntegrationExists));
    }
    let id = IntegrationId(uuid::Uuid::now_v7());
    let seq = work.next_seq();
    let key = work.tx.insert(
        "INSERT INTO integrations (id, name, key_hash, is_active, created_at, seq)
         VALUES (?1, ?2, ?3, 1, ?4, ?5)",
        (
            id.0,
            &integration.name,
            integration.key_hash,
            work.now.0,
            seq,
        ),
    )?;
    work.touched.integrations.insert(key);
    let act = Act::IntegrationAdded {
        integration_id: id,
        name: integration.name.clone(),
    };
    // A key is shown to whoever is at the machine, and to nobody else.
    audit::note(work, Actor::CommandLine, &act)?;
    Ok(Ok(id))
}

/// Ends an integration's key for ever. False if there is no such active one.
pub(crate) fn revoke(work: &mut Work<'_>, name: &str) -> Result<bool, StoreError> {
    let found = work.tx.reader().optional(
        "SELECT key FROM integrations WHERE name = ?1 AND is_active = 1",
        (name,),
        |row| row.get::<_, i64>(0),
    )?;
    let Some(key) = found else {
        return Ok(false);
    };
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE integrations SET is_active = 0, seq = ?2 WHERE key = ?1",
        (key, seq),
    )?;
    work.touched.integrations.insert(key);
    Ok(true)
}

const SELECT: &str = "SELECT id, name, is_active, key, seq FROM integrations";

pub(crate) fn list(reader: Reader<'_>) -> Result<Vec<IntegrationRow>, StoreError> {
    Ok(reader.all(&format!("{SELECT} ORDER BY key"), (), read)?)
}

/// The active integration whose key has that hash.
pub(crate) fn by_key_hash(
    reader: Reader<'_>,
    hash: [u8; 32],
) -> Result<Option<IntegrationRow>, StoreError> {
    let sql = format!("{SELECT} WHERE key_hash = ?1 AND is_active = 1");
    Ok(reader.optional(&sql, (hash,), read)?)
}

/// When the key with that hash was last used.
pub(crate) fn last_used(
    reader: Reader<'_>,
    id: IntegrationId,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT last_used_at FROM integrations WHERE id = ?1";
    let used = reader.optional(sql, (id.0,), |row| row.get::<_, Option<i64>>(0))?;
    Ok(used.flatten().map(Timestamp))
}

pub(crate) fn note_used(work: &Work<'_>, id: IntegrationId) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE integrations SET last_used_at = ?2 WHERE id = ?1",
        (id.0, work.now.0),
    )?;
    Ok(())
}

/// The active integration of that name.
pub(crate) fn active(reader: Reader<'_>, name: &str) -> Result<Option<IntegrationId>, StoreError> {
    let sql = "SELECT id FROM integrations WHERE name = ?1 AND is_active = 1";
    Ok(reader.optional(sql, (name,), |row| sql::id(row, 0, IntegrationId))?)
}

/// An integration's key and row.
pub(crate) fn by_id(
    reader: Reader<'_>,
    id: IntegrationId,
) -> Result<Option<(i64, IntegrationRow)>, StoreError> {
    let sql = format!("{SELECT} WHERE id = ?1");
    Ok(reader.optional(&sql, (id.0,), |row| Ok((row.get(3)?, read(row)?)))?)
}

pub(crate) fn row(reader: Reader<'_>, key: i64) -> Result<IntegrationRow, StoreError> {
    Ok(reader.one(&format!("{SELECT} WHERE key = ?1"), (key,), read)?)
}

/// Integrations that changed after `seq`, with the seq of their change.
pub(crate) fn changed_since(
    reader: Reader<'_>,
    seq: i64,
) -> Result<Vec<(i64, IntegrationRow)>, StoreError> {
    let sql = format!("{SELECT} WHERE seq > ?1 ORDER BY seq");
    Ok(reader.all(&sql, (seq,), |row| Ok((row.get(4)?, read(row)?)))?)
}

fn read(row: &Row<'_>) -> Result<IntegrationRow, SqlError> {
    Ok(IntegrationRow {
        id: sql::id(row, 0, IntegrationId)?,
        name: row.get(1)?,
        is_active: row.get(2)?,
    })
}

//! Sessions: who is signed in on which device. Tokens are stored as hashes alone.

use pult_domain::{OperatorId, SessionId, Timestamp};
use pult_protocol::OperatorRow;
use pult_sqlite::Reader;

use crate::writer::Work;
use crate::{StoreError, chats, operators, sql};

/// A session to be begun.
#[derive(Clone)]
pub struct NewSession {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// Whose.
    pub operator: OperatorId,
    /// The hash of the password that was asked for: if it is another by now, or its operator is
    /// not active any more, no session begins.
    pub password_hash: String,
    /// What the device is called.
    pub device: String,
    /// From which network address.
    pub address: String,
    /// When it ends if it is not renewed.
    pub expires_at: Timestamp,
}

/// A session that is alive.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub operator: OperatorRow,
    /// When it ends if it is not renewed.
    pub expires_at: Timestamp,
}

/// A session as it is stored, to be carried from one store to another.
#[derive(Clone)]
pub struct StoredSession {
    token_hash: [u8; 32],
    id: SessionId,
    operator: OperatorId,
    device: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_seen_at: Timestamp,
    address: String,
}

/// All sessions of the store.
pub(crate) fn all(reader: Reader<'_>) -> Result<Vec<StoredSession>, StoreError> {
    let mut sessions = Vec::new();
    for operator in operators::list(reader)? {
        sessions.extend(reader.all(
            "SELECT s.token_hash, s.id, o.id, s.device, s.created_at, s.expires_at,
                 s.last_seen_at, s.address
             FROM operators o JOIN sessions s ON s.operator = o.key WHERE o.id = ?1",
            (operator.row.id.0,),
            |row| {
                Ok(StoredSession {
                    token_hash: row.get(0)?,
                    id: sql::id(row, 1, SessionId)?,
                    operator: sql::id(row, 2, OperatorId)?,
                    device: row.get(3)?,
                    created_at: sql::time(row, 4)?,
                    expires_at: sql::time(row, 5)?,
                    last_seen_at: sql::time(row, 6)?,
                    address: row.get(7)?,
                })
            },
        )?);
    }
    Ok(sessions)
}

/// Puts these sessions in the place of all that are stored; those of operators who are not known
/// here, or not active, are left out. Tells how many there are now.
pub(crate) fn replace(
    work: &mut Work<'_>,
    sessions: &[StoredSession],
) -> Result<usize, StoreError> {
    for operator in operators::list(work.tx.reader())? {
        work.tx.execute(
            "DELETE FROM sessions WHERE operator = (SELECT key FROM operators WHERE id = ?1)",
            (operator.row.id.0,),
        )?;
    }
    let mut n = 0;
    for session in sessions {
        n += work.tx.execute(
            "INSERT INTO sessions
                 (token_hash, id, operator, device, created_at, expires_at, last_seen_at, address)
             SELECT ?1, ?2, key, ?4, ?5, ?6, ?7, ?8 FROM operators WHERE id = ?3 AND is_active = 1",
            (
                session.token_hash,
                session.id.0,
                session.operator.0,
                &session.device,
                session.created_at.0,
                session.expires_at.0,
                session.last_seen_at.0,
                &session.address,
            ),
        )?;
    }
    Ok(n)
}

pub(crate) fn begin(
    work: &mut Work<'_>,
    session: &NewSession,
) -> Result<Option<SessionId>, StoreError> {
    let id = SessionId(uuid::Uuid::now_v7());
    let reader = work.tx.reader();
    let operator = chats::operator_key(reader, session.operator)?;
    // Asking for the password takes a while, in which an administrator may have given another.
    let is_active = operators::row(reader, operator)?.is_active;
    let present = operators::password_hash(reader, session.operator)?;
    if !is_active || present.as_ref() != Some(&session.password_hash) {
        return Ok(None);
    }
    work.tx.execute(
        "DELETE FROM sessions WHERE operator = ?1 AND expires_at <= ?2",
        (operator, work.now.0),
    )?;
    work.tx.execute(
        "INSERT INTO sessions
             (token_hash, id, operator, device, created_at, expires_at, last_seen_at, address)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5, ?7)",
        (
            session.token_hash,
            id.0,
            operator,
            &session.device,
            work.now.0,
            session.expires_at.0,
            &session.address,
        ),
    )?;
    Ok(Some(id))
}

pub(crate) fn end(work: &mut Work<'_>, id: SessionId) -> Result<(), StoreError> {
    work.tx
        .execute("DELETE FROM sessions WHERE id = ?1", (id.0,))?;
    Ok(())
}

/// Whose a session is, and on which device.
pub(crate) fn owner(
    reader: Reader<'_>,
    id: SessionId,
) -> Result<Option<(OperatorId, String)>, StoreError> {
    Ok(reader.optional(
        "SELECT o.id, s.device FROM sessions s JOIN operators o ON o.key = s.operator
         WHERE s.id = ?1",
        (id.0,),
        |row| Ok((sql::id(row, 0, OperatorId)?, row.get(1)?)),
    )?)
}

/// Ends all sessions of an operator except the one that `keep` names; tells which, and their devices.
pub(crate) fn end_of(
    work: &mut Work<'_>,
    operator: OperatorId,
    keep: Option<SessionId>,
) -> Result<Vec<(SessionId, String)>, StoreError> {
    let mut ended = work.tx.reader().all(
        "SELECT id, device FROM sessions
         WHERE operator = (SELECT key FROM operators WHERE id = ?1)",
        (operator.0,),
        |row| Ok((sql::id(row, 0, SessionId)?, row.get(1)?)),
    )?;
    ended.retain(|(id, _)| Some(*id) != keep);
    for (id, _) in &ended {
        end(work, *id)?;
    }
    Ok(ended)
}

/// Notes that a panel with this session came or went, from that address.
pub(crate) fn note_seen(
    work: &Work<'_>,
    id: SessionId,
    at: Timestamp,
    address: &str,
) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE sessions SET last_seen_at = max(last_seen_at, ?2), address = ?3 WHERE id = ?1",
        (id.0, at.0, address),
    )?;
    Ok(())
}

pub(crate) fn renew(
    work: &mut Work<'_>,
    id: SessionId,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE sessions SET expires_at = ?2 WHERE id = ?1",
        (id.0, expires_at.0),
    )?;
    Ok(())
}

/// The live session with that token, of an operator who is active.
pub(crate) fn by_token(
    reader: Reader<'_>,
    token_hash: [u8; 32],
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    Ok(reader.optional(
        "SELECT o.id, o.name, o.role, o.is_active, s.id, s.expires_at
         FROM sessions s JOIN operators o ON o.key = s.operator
         WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND o.is_active = 1",
        (token_hash, now.0),
        |row| {
            Ok(Session {
                id: sql::id(row, 4, SessionId)?,
                operator: OperatorRow {
                    id: sql::id(row, 0, OperatorId)?,
                    name: row.get(1)?,
                    role: sql::role(row, 2)?,
                    is_active: row.get(3)?,
                },
                expires_at: sql::time(row, 5)?,
            })
        },
    )?)
}

/// Of the given sessions, those that are alive, and when each ends.
pub(crate) fn alive(
    reader: Reader<'_>,
    ids: &[SessionId],
    now: Timestamp,
) -> Result<Vec<(SessionId, Timestamp)>, StoreError> {
    let mut alive = Vec::new();
    for id in ids {
        let expires_at = reader.optional(
            "SELECT s.expires_at FROM sessions s JOIN operators o ON o.key = s.operator
             WHERE s.id = ?1 AND s.expires_at > ?2 AND o.is_active = 1",
            (id.0, now.0),
            |row| sql::time(row, 0),
        )?;
        alive.extend(expires_at.map(|expires_at| (*id, expires_at)));
    }
    Ok(alive)
}

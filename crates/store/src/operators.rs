//! Operators: their rows, sign-in names and deactivation.

use pult_domain::{OperatorId, Role, Timestamp, deactivate};
use pult_protocol::OperatorRow;
use pult_sqlite::{Reader, Row, SqlError};

use crate::writer::Work;
use crate::{StoreError, automatic, chats, sql};

/// An operator to be added.
#[derive(Clone)]
pub struct NewOperator {
    /// The name to sign in with; compared without regard to case.
    pub login: String,
    /// The name that colleagues see.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The password, hashed (PHC string).
    pub password_hash: String,
}

/// An operator as sign-in needs them.
#[derive(Clone)]
pub struct Operator {
    /// The row that everybody sees.
    pub row: OperatorRow,
    /// The name to sign in with.
    pub login: String,
    /// The password, hashed (PHC string).
    pub password_hash: String,
}

/// Somebody has that sign-in name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an operator with this login exists")]
pub struct OperatorExists;

/// How sign-in names are compared.
pub(crate) fn folded(login: &str) -> String {
    login.trim().to_lowercase()
}

/// Adds an operator; whether the sign-in name is free has been asked.
pub(crate) fn insert(
    work: &mut Work<'_>,
    id: OperatorId,
    operator: &NewOperator,
) -> Result<i64, StoreError> {
    let seq = work.next_seq();
    let key = work.tx.insert(
        "INSERT INTO operators (id, login, name, role, is_active, password_hash, created_seq, seq)
         VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?6)",
        (
            id.0,
            folded(&operator.login),
            &operator.name,
            operator.role.as_str(),
            &operator.password_hash,
            seq,
        ),
    )?;
    work.touched.operators.insert(key);
    Ok(key)
}

pub(crate) fn rename(work: &mut Work<'_>, key: i64, name: &str) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE operators SET name = ?2, seq = ?3 WHERE key = ?1",
        (key, name, seq),
    )?;
    work.touched.operators.insert(key);
    Ok(())
}

pub(crate) fn set_role(work: &mut Work<'_>, key: i64, role: Role) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE operators SET role = ?2, seq = ?3 WHERE key = ?1",
        (key, role.as_str(), seq),
    )?;
    work.touched.operators.insert(key);
    Ok(())
}

/// They may sign in again; what they had before is others' by now.
pub(crate) fn reactivate(work: &mut Work<'_>, key: i64) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE operators SET is_active = 1, seq = ?2 WHERE key = ?1",
        (key, seq),
    )?;
    work.touched.operators.insert(key);
    Ok(())
}

/// Row 17: chats in work return to the queue, nothing is observed any more, sessions end. Tells how
/// many chats return.
pub(crate) fn deactivate_operator(
    work: &mut Work<'_>,
    key: i64,
    id: OperatorId,
) -> Result<u32, StoreError> {
    let reader = work.tx.reader();
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE operators SET is_active = 0, seq = ?2 WHERE key = ?1",
        (key, seq),
    )?;
    work.touched.operators.insert(key);
    work.tx
        .execute("DELETE FROM sessions WHERE operator = ?1", (key,))?;
    let touched = reader.all(
        "SELECT key FROM chats WHERE owner = ?1 AND status = 'in_work'
         UNION SELECT chat FROM observers WHERE operator = ?1",
        (key,),
        |row| row.get::<_, i64>(0),
    )?;
    let mut n_returned = 0;
    for chat in touched {
        let mut stored = chats::load(reader, chat)?;
        if let Some(event) = deactivate(&stored.state, id) {
            n_returned += u32::from(stored.state.is_owner(id));
            chats::apply(work, &mut stored, &[event], None)?;
        }
    }
    automatic::forget_suggested(work, key)?;
    Ok(n_returned)
}

pub(crate) fn set_password(
    work: &Work<'_>,
    id: OperatorId,
    password_hash: &str,
) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE operators SET password_hash = ?2 WHERE id = ?1",
        (id.0, password_hash),
    )?;
    Ok(())
}

const SELECT: &str = "SELECT id, name, role, is_active, login, password_hash FROM operators";

pub(crate) fn by_login(reader: Reader<'_>, login: &str) -> Result<Option<Operator>, StoreError> {
    let sql = format!("{SELECT} WHERE login = ?1");
    Ok(reader.optional(&sql, (folded(login),), read)?)
}

pub(crate) fn list(reader: Reader<'_>) -> Result<Vec<Operator>, StoreError> {
    Ok(reader.all(&format!("{SELECT} ORDER BY key"), (), read)?)
}

pub(crate) fn password_hash(
    reader: Reader<'_>,
    id: OperatorId,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT password_hash FROM operators WHERE id = ?1";
    Ok(reader.optional(sql, (id.0,), |row| row.get(0))?)
}

/// An operator's key and row.
pub(crate) fn by_id(
    reader: Reader<'_>,
    id: OperatorId,
) -> Result<Option<(i64, OperatorRow)>, StoreError> {
    let sql = "SELECT id, name, role, is_active, key FROM operators WHERE id = ?1";
    Ok(reader.optional(sql, (id.0,), |row| Ok((row.get(4)?, read_row(row)?)))?)
}

pub(crate) fn row(reader: Reader<'_>, key: i64) -> Result<OperatorRow, StoreError> {
    let sql = "SELECT id, name, role, is_active FROM operators WHERE key = ?1";
    Ok(reader.one(sql, (key,), read_row)?)
}

pub(crate) fn note_seen(
    work: &mut Work<'_>,
    operator: OperatorId,
    at: Timestamp,
) -> Result<(), StoreError> {
    work.tx.execute(
        "INSERT INTO last_seen (operator, at) SELECT key, ?2 FROM operators WHERE id = ?1
         ON CONFLICT (operator) DO UPDATE SET at = max(at, excluded.at)",
        (operator.0, at.0),
    )?;
    Ok(())
}

pub(crate) fn last_seen(reader: Reader<'_>) -> Result<Vec<(OperatorId, Timestamp)>, StoreError> {
    Ok(reader.all(
        "SELECT o.id, s.at FROM last_seen s JOIN operators o ON o.key = s.operator",
        (),
        |row| Ok((sql::id(row, 0, OperatorId)?, sql::time(row, 1)?)),
    )?)
}

/// Notes that an operator is away since a moment, by their own word, or back. The same again changes
/// nothing.
pub(crate) fn set_away(
    work: &mut Work<'_>,
    operator: OperatorId,
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    match since {
        Some(since) => work.tx.execute(
            "INSERT INTO away (operator, since) SELECT key, ?2 FROM operators WHERE id = ?1
             ON CONFLICT (operator) DO NOTHING",
            (operator.0, since.0),
        )?,
        None => work.tx.execute(
            "DELETE FROM away WHERE operator = (SELECT key FROM operators WHERE id = ?1)",
            (operator.0,),
        )?,
    };
    Ok(())
}

/// Who is away by their own word, and since when.
pub(crate) fn away(reader: Reader<'_>) -> Result<Vec<(OperatorId, Timestamp)>, StoreError> {
    Ok(reader.all(
        "SELECT o.id, a.since FROM away a JOIN operators o ON o.key = a.operator",
        (),
        |row| Ok((sql::id(row, 0, OperatorId)?, sql::time(row, 1)?)),
    )?)
}

/// Operators that changed after `seq`, with the seq of their change.
pub(crate) fn changed_since(
    reader: Reader<'_>,
    seq: i64,
) -> Result<Vec<(i64, OperatorRow)>, StoreError> {
    let sql = "SELECT id, name, role, is_active, seq FROM operators WHERE seq > ?1 ORDER BY seq";
    Ok(reader.all(sql, (seq,), |row| Ok((row.get(4)?, read_row(row)?)))?)
}

fn read(row: &Row<'_>) -> Result<Operator, SqlError> {
    Ok(Operator {
        row: read_row(row)?,
        login: row.get(4)?,
        password_hash: row.get(5)?,
    })
}

fn read_row(row: &Row<'_>) -> Result<OperatorRow, SqlError> {
    Ok(OperatorRow {
        id: sql::id(row, 0, OperatorId)?,
        name: row.get(1)?,
        role: sql::role(row, 2)?,
        is_active: row.get(3)?,
    })
}

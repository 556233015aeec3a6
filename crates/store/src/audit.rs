//! The audit log: every act for which one needs a right that others have not, and who did it.
//!
//! An entry is written in the transaction of the act itself: there is no act without its entry, and
//! no entry of what did not happen. The table refuses to be changed (its triggers), so what stands
//! in it stays. What anybody may do in a chat needs no entry: it leaves a notice there.

use pult_domain::{IntegrationId, OperatorId, Role};
use pult_protocol::{Act, Actor, AuditEntry, AuditPage, AuditQuery, Code, Problem};
use pult_sqlite::{Reader, Row, SqlError};

use crate::writer::Work;
use crate::{StoreError, integrations, operators, sql};

/// Entries of a page if the asker does not say.
const DEFAULT_ENTRIES: u32 = 50;

/// Most entries of a page.
const MAX_ENTRIES: u32 = 200;

/// Writes down that `by` does `act`.
pub(crate) fn note(work: &Work<'_>, by: Actor, act: &Act) -> Result<(), StoreError> {
    let reader = work.tx.reader();
    let (operator, integration) = match by {
        Actor::Operator { operator_id } => (operators::by_id(reader, operator_id)?, None),
        Actor::Integration { integration_id } => {
            (None, integrations::by_id(reader, integration_id)?)
        }
        Actor::CommandLine => (None, None),
    };
    let act = sql::to_json(act)?;
    work.tx.execute(
        "INSERT INTO audit (at, operator, integration, kind, act)
         VALUES (?1, ?2, ?3, ?4 ->> 'act', ?4)",
        (
            work.now.0,
            operator.map(|(key, _)| key),
            integration.map(|(key, _)| key),
            act,
        ),
    )?;
    Ok(())
}

/// Whether `by` has that role at this moment, or a stronger one; otherwise what they are told. Whoever
/// is at the machine may everything; no integration has a role.
pub(crate) fn may(
    reader: Reader<'_>,
    by: Actor,
    wanted: Role,
) -> Result<Result<(), Problem>, StoreError> {
    let suffices = match by {
        Actor::Operator { operator_id } => operators::by_id(reader, operator_id)?
            .is_some_and(|(_, operator)| operator.is_active && operator.role >= wanted),
        Actor::Integration { .. } => false,
        Actor::CommandLine => true,
    };
    Ok(if suffices {
        Ok(())
    } else {
        Err(not_allowed(wanted))
    })
}

/// What somebody is told whose role does not suffice.
#[must_use]
pub fn not_allowed(wanted: Role) -> Problem {
    let whose = match wanted {
        Role::Administrator => "this is for administrators",
        Role::Supervisor => "this is for supervisors and administrators",
        Role::Operator => "this is for operators",
    };
    Problem::new(Code::NotAllowed, whose)
}

const SELECT: &str = "SELECT a.key, a.at, o.id, i.id, a.kind, a.act FROM audit a
    LEFT JOIN operators o ON o.key = a.operator
    LEFT JOIN integrations i ON i.key = a.integration";

/// A page of the log, newest first.
pub(crate) fn page(reader: Reader<'_>, query: &AuditQuery) -> Result<AuditPage, StoreError> {
    let limit = query.limit.unwrap_or(DEFAULT_ENTRIES);
    let limit = limit.clamp(1, MAX_ENTRIES);
    let before = query.before.unwrap_or(i64::MAX);
    let rows = limit.saturating_add(1);
    // Each way of asking reads an index of its own from its end, however long the log is.
    let mut entries = match (query.operator_id, &query.kind) {
        (None, None) => {
            let sql = format!("{SELECT} WHERE a.key < ?1 ORDER BY a.key DESC LIMIT ?2");
            reader.all(&sql, (before, rows), read)?
        }
        (Some(who), None) => {
            let sql = format!(
                "{SELECT} WHERE a.operator = (SELECT key FROM operators WHERE id = ?3)
                   AND a.key < ?1 ORDER BY a.key DESC LIMIT ?2"
            );
            reader.all(&sql, (before, rows, who.0), read)?
        }
        (None, Some(kind)) => {
            let sql =
                format!("{SELECT} WHERE a.kind = ?3 AND a.key < ?1 ORDER BY a.key DESC LIMIT ?2");
            reader.all(&sql, (before, rows, kind), read)?
        }
        (Some(who), Some(kind)) => {
            let sql = format!(
                "{SELECT} WHERE a.operator = (SELECT key FROM operators WHERE id = ?3)
                   AND a.kind = ?4 AND a.key < ?1 ORDER BY a.key DESC LIMIT ?2"
            );
            reader.all(&sql, (before, rows, who.0, kind), read)?
        }
    };
    let has_more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    Ok(AuditPage { entries, has_more })
}

fn read(row: &Row<'_>) -> Result<AuditEntry, SqlError> {
    let operator_id = sql::optional_id(row, 2, OperatorId)?;
    let integration_id = sql::optional_id(row, 3, IntegrationId)?;
    let by = match (operator_id, integration_id) {
        (Some(operator_id), _) => Actor::Operator { operator_id },
        (None, Some(integration_id)) => Actor::Integration { integration_id },
        (None, None) => Actor::CommandLine,
    };
    Ok(AuditEntry {
        key: row.get(0)?,
        at: sql::time(row, 1)?,
        by,
        kind: row.get(4)?,
        // One of a newer version is shown as what it is called, rather than not at all.
        act: serde_json::from_str(&row.get::<_, String>(5)?).ok(),
    })
}

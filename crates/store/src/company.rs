//! The company's settings: one row, of which everybody is told.

use pult_domain::Role;
use pult_protocol::{
    Act, Actor, Code, CompanyChange, CompanyRequest, CompanyRow, CompanySettings, Problem,
};
use pult_sqlite::{Reader, Row, SqlError};
use serde_json::{Map, Value, json};

use crate::writer::Work;
use crate::{StoreError, audit, sql};

const SELECT: &str = "SELECT revision, settings, seq FROM company";

/// The settings, as they are now.
pub(crate) fn row(reader: Reader<'_>) -> Result<CompanyRow, StoreError> {
    Ok(reader.one(SELECT, (), read)?)
}

/// The settings if they have changed after `seq`, with the seq of their change.
pub(crate) fn changed_since(
    reader: Reader<'_>,
    seq: i64,
) -> Result<Option<(i64, CompanyRow)>, StoreError> {
    let sql = format!("{SELECT} WHERE seq > ?1");
    Ok(reader.optional(&sql, (seq,), |row| Ok((row.get(2)?, read(row)?)))?)
}

/// Puts other settings in the place of those that their author had seen. The same again changes
/// nothing.
pub(crate) fn put(
    work: &mut Work<'_>,
    by: Actor,
    request: &CompanyRequest,
) -> Result<Result<CompanyRow, Problem>, StoreError> {
    let reader = work.tx.reader();
    if let Err(problem) = audit::may(reader, by, Role::Administrator)? {
        return Ok(Err(problem));
    }
    let present = row(reader)?;
    let changes = changes(&present.settings, &request.settings)?;
    if changes.is_empty() {
        return Ok(Ok(present));
    }
    if present.revision != request.revision {
        let problem = Problem::new(
            Code::ChangedMeanwhile,
            "somebody has changed the settings meanwhile",
        );
        return Ok(Err(
            problem.with_details(json!({ "revision": present.revision }))
        ));
    }
    let now = CompanyRow {
        revision: present.revision.saturating_add(1),
        settings: request.settings.clone(),
    };
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE company SET revision = ?1, settings = ?2, seq = ?3",
        (now.revision, sql::to_json(&now.settings)?, seq),
    )?;
    work.touched.company = true;
    // Working hours go by the company's clock.
    work.forget_rules();
    audit::note(work, by, &Act::CompanyChanged { changes })?;
    Ok(Ok(now))
}

fn read(row: &Row<'_>) -> Result<CompanyRow, SqlError> {
    Ok(CompanyRow {
        revision: row.get(0)?,
        settings: sql::optional_json(row, 1)?.unwrap_or_default(),
    })
}

/// What differs between two states of the settings, value by value.
fn changes(was: &CompanySettings, now: &CompanySettings) -> Result<Vec<CompanyChange>, StoreError> {
    let (was, now) = (values(was)?, values(now)?);
    let fields = was
        .keys()
        .chain(now.keys().filter(|field| !was.contains_key(*field)));
    let change = |field: &String| {
        let (was, now) = (was.get(field), now.get(field));
        (was != now).then(|| CompanyChange {
            field: field.clone(),
            was: was.map(Value::to_string),
            now: now.map(Value::to_string),
        })
    };
    Ok(fields.filter_map(change).collect())
}

/// The values of the settings that hold no others, by their names with dots. What is not set is left out.
fn values(settings: &CompanySettings) -> Result<Map<String, Value>, StoreError> {
    let mut flat = Map::new();
    let all = serde_json::to_value(settings)
        .map_err(|_| StoreError::Inconsistent("settings can be written as JSON"))?;
    flatten("", &all, &mut flat);
    Ok(flat)
}

fn flatten(name: &str, value: &Value, flat: &mut Map<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = match name {
                    "" => field.clone(),
                    outer => format!("{outer}.{field}"),
                };
                flatten(&name, value, flat);
            }
        }
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            flat.insert(name.to_owned(), value.clone());
        }
    }
}

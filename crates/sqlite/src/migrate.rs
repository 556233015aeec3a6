//! Steps of a schema, forward only. `user_version` counts those that a file has taken.

use rusqlite::Connection;

use crate::{Error, Settings};

/// One step. Once it has been shipped its text is never edited; the next step mends it.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its file's name, for messages.
    pub name: &'static str,
    /// What it does; runs in a transaction of its own.
    pub sql: &'static str,
}

pub(crate) fn run(connection: &mut Connection, settings: &Settings<'_>) -> Result<(), Error> {
    let path = settings.path;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let n_tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    if id != settings.application_id && (id != 0 || found != 0 || n_tables != 0) {
        return Err(Error::NotOurs {
            path: path.to_owned(),
        });
    }
    let known = i64::try_from(settings.migrations.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }
    let taken = usize::try_from(found).unwrap_or(0);
    for (step, migration) in (1_i64..).zip(settings.migrations).skip(taken) {
        let tx = connection.transaction()?;
        tx.execute_batch(migration.sql)?;
        tx.pragma_update(None, "application_id", settings.application_id)?;
        tx.pragma_update(None, "user_version", step)?;
        tx.commit()?;
        tracing::info!(migration = migration.name, "Schema brought up to date");
    }
    Ok(())
}

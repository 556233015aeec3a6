//! The two handles: one that can only ask, one that can also change.

use std::path::Path;

use rusqlite::{Connection, Params, Row};

use crate::Error;
use crate::open::create_private;

type Sql<T> = Result<T, rusqlite::Error>;

/// Asks, inside one consistent view of the file.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    connection: &'a Connection,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(connection: &'a Connection) -> Self {
        Self { connection }
    }

    /// The one row that the query must have.
    ///
    /// # Errors
    /// Also when there is no row.
    pub fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> Sql<T>,
    ) -> Sql<T> {
        self.connection.prepare_cached(sql)?.query_row(params, map)
    }

    /// The first row, if there is any.
    ///
    /// # Errors
    /// When SQLite refuses the statement.
    pub fn optional<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> Sql<T>,
    ) -> Sql<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(map).transpose()
    }

    /// All rows.
    ///
    /// # Errors
    /// When SQLite refuses the statement or a row cannot be read.
    pub fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&Row<'_>) -> Sql<T>,
    ) -> Sql<Vec<T>> {
        self.connection
            .prepare_cached(sql)?
            .query_map(params, map)?
            .collect()
    }
}

/// Asks and changes, inside one transaction.
pub struct Transaction<'a> {
    connection: &'a Connection,
}

impl<'a> Transaction<'a> {
    /// A view of the file with everything that this transaction has changed.
    #[must_use]
    pub const fn reader(&self) -> Reader<'a> {
        Reader::new(self.connection)
    }

    /// Runs one statement and tells how many rows it changed.
    ///
    /// # Errors
    /// When SQLite refuses it.
    pub fn execute(&self, sql: &str, params: impl Params) -> Sql<usize> {
        self.connection.prepare_cached(sql)?.execute(params)
    }

    /// Adds one row to a table with an integer key and tells the key. Where this does, `RETURNING`
    /// must not: SQLite makes a table of its own for what it returns, each time.
    ///
    /// # Errors
    /// When SQLite refuses it.
    pub fn insert(&self, sql: &str, params: impl Params) -> Sql<i64> {
        self.connection.prepare_cached(sql)?.insert(params)
    }

    /// Runs one statement and returns its one row, such as what `RETURNING` names.
    ///
    /// # Errors
    /// When SQLite refuses it, and when there is no row.
    pub fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> Sql<T>,
    ) -> Sql<T> {
        self.reader().one(sql, params, map)
    }

    /// False once SQLite itself has undone the transaction, as it may when the disk is full.
    /// Whatever is written after that would be committed by itself.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Runs `work` so that either all of it counts or nothing, without undoing what came before
    /// in this transaction.
    ///
    /// # Errors
    /// What `work` returned, after undoing it; or SQLite's own. Nothing is run when the
    /// transaction is undone already.
    pub fn savepoint<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.is_open() {
            let undone = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK);
            return Err(rusqlite::Error::SqliteFailure(undone, None).into());
        }
        self.execute("SAVEPOINT work", ())?;
        let result = work();
        if !self.is_open() {
            return result;
        }
        if result.is_err() {
            self.execute("ROLLBACK TO work", ())?;
        }
        self.execute("RELEASE work", ())?;
        result
    }
}

/// The one connection of a file that writes.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
}

impl Writer {
    pub(crate) const fn new(connection: Connection) -> Self {
        Self { connection }
    }

    /// Runs `work` in a transaction: committed if it returns `Ok`, undone if not.
    ///
    /// # Errors
    /// What `work` returned, or SQLite's own; nothing is changed then.
    pub fn transaction<T, E: From<rusqlite::Error>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let tx = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let result = work(&Transaction { connection: &tx })?;
        tx.commit()?;
        Ok(result)
    }

    /// The view of what is committed.
    #[must_use]
    pub const fn reader(&self) -> Reader<'_> {
        Reader::new(&self.connection)
    }

    /// Writes a copy of the file, in which nothing is left of what was deleted. Overwriting alone does not
    /// do that: where SQLite moves rows from page to page it leaves copies behind, and deleting a row
    /// overwrites only the last place at which it stood. A `VACUUM` of the file itself would hold all of
    /// it in memory, where temporary files are not to be.
    ///
    /// # Errors
    /// When SQLite cannot, or where the path is not Unicode; what was begun may be left there.
    pub fn write_copy(&self, path: &Path) -> Result<(), Error> {
        let Some(name) = path.to_str() else {
            return Err(Error::NotWritable {
                path: path.to_owned(),
                source: std::io::Error::other("its name is not Unicode"),
            });
        };
        create_private(path)?;
        self.connection.execute("VACUUM INTO ?1", [name])?;
        Ok(())
    }

    /// Moves what the write-ahead log holds into the file and empties the log.
    ///
    /// # Errors
    /// When SQLite cannot; the file is whole all the same.
    pub fn checkpoint(&self) -> Sql<()> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
    }
}

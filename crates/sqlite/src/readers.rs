//! A few read-only connections, opened when first needed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, OpenFlags};

use crate::Reader;
use crate::open::{LIGHT_CACHE_KIB, Load, keep_plans};

/// How long the writer may be held up by readers who still use the log that is being emptied.
const LOG_PATIENCE: Duration = Duration::from_millis(200);

/// Read-only connections to one file; cheap to clone. Calls block: keep them off async threads.
#[derive(Debug, Clone)]
pub struct Readers {
    pool: Arc<Pool>,
}

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    load: Load,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug)]
struct State {
    idle: Vec<Connection>,
    n_unopened: usize,
}

impl Readers {
    /// Up to `n` connections to a file that exists already, whose schema is left as it is.
    #[must_use]
    pub fn new(path: &Path, n: usize, load: Load) -> Self {
        Self {
            pool: Arc::new(Pool {
                path: path.to_owned(),
                load,
                state: Mutex::new(State {
                    idle: Vec::with_capacity(n),
                    n_unopened: n.max(1),
                }),
                freed: Condvar::new(),
            }),
        }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.pool.path
    }

    /// How many bytes the file and its write-ahead log take on the disk.
    #[must_use]
    pub fn sizes(&self) -> (u64, u64) {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
        (size(&self.pool.path), size(&log_of(&self.pool.path)))
    }

    /// Moves what the log holds into the file and empties it, if that can be done at once: readers
    /// may still need it, and nobody is made to wait for them. True if it is empty now.
    ///
    /// A log is used again from its beginning when nobody reads at the moment of a commit. Under a
    /// load without such moments, and behind a reader that takes minutes, it only grows.
    ///
    /// # Errors
    /// When SQLite cannot; the file is whole all the same.
    pub fn empty_log(&self) -> Result<bool, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.pool.path, flags)?;
        connection.busy_timeout(LOG_PATIENCE)?;
        let (n_pages, n_moved): (i64, i64) =
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| {
                Ok((row.get(1)?, row.get(2)?))
            })?;
        // Somebody reads what was before the rest of it.
        if n_moved < n_pages {
            return Ok(false);
        }
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| {
            Ok(row.get::<_, i64>(0)? == 0)
        })
    }

    /// Runs `work` on one consistent view of the file: what is committed at its first query,
    /// unmoved by writes that come later.
    ///
    /// # Errors
    /// What `work` returned, or SQLite's own.
    pub fn read<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(Reader<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut checkout = self.pool.check_out();
        let tx = checkout.connection()?.transaction()?;
        let result = work(Reader::new(&tx))?;
        tx.finish()?;
        Ok(result)
    }
}

/// A connection on loan; goes back to the top of the stack, or makes room for a new one if it
/// could not be opened.
struct Checkout<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Checkout<'_> {
    fn connection(&mut self) -> Result<&mut Connection, rusqlite::Error> {
        if self.connection.is_none() {
            self.connection = Some(open(&self.pool.path, self.pool.load)?);
        }
        self.connection
            .as_mut()
            .ok_or(rusqlite::Error::InvalidQuery)
    }
}

impl Drop for Checkout<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock();
        match self.connection.take() {
            Some(connection) => state.idle.push(connection),
            None => state.n_unopened += 1,
        }
        drop(state);
        self.pool.freed.notify_one();
    }
}

impl Pool {
    fn check_out(&self) -> Checkout<'_> {
        let mut state = self.state.lock();
        self.freed.wait_while(&mut state, |state| {
            state.idle.is_empty() && state.n_unopened == 0
        });
        let connection = state.idle.pop();
        if connection.is_none() {
            state.n_unopened -= 1;
        }
        drop(state);
        Checkout {
            pool: self,
            connection,
        }
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn open(path: &Path, load: Load) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    keep_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    if load == Load::Light {
        // Negative: kibibytes, not pages.
        connection.pragma_update(None, "cache_size", -LIGHT_CACHE_KIB)?;
    }
    Ok(connection)
}

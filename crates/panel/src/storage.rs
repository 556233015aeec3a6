//! The two files of an account, and what their modules share.
//!
//! Everything here blocks and is called off the async threads. The files are separate because
//! their worth differs: the cache may be deleted at any moment, the outbox never. A change that
//! touches both commits the outbox first wherever something of the author's could get lost, and
//! each step can be repeated after a crash between the two.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use pult_domain::{ChatId, CommandId};
use pult_sqlite::{Reader, Readers, Row, SqlError, Transaction, Writer, types};
use rusqlite::ErrorCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub(crate) type Sql<T> = Result<T, SqlError>;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StorageError {
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error(transparent)]
    Open(#[from] pult_sqlite::Error),
    #[error("the account's folder cannot be made: {0}")]
    Folder(#[source] std::io::Error),
    #[error("the cache was damaged and is rebuilt")]
    Rebuilt,
    #[error("the session has ended")]
    Closed,
}

impl StorageError {
    /// Whether the disk is full or cannot be written: nothing is wrong with the files.
    pub(crate) fn is_disk_trouble(&self) -> bool {
        match self {
            Self::Sql(error) => pult_sqlite::is_disk_trouble(error),
            Self::Open(error) => error.is_disk_trouble(),
            Self::Folder(_) => true,
            Self::Rebuilt | Self::Closed => false,
        }
    }
}

/// A file with its one writer and its readers.
#[derive(Debug)]
pub(crate) struct Database {
    readers: Readers,
    // Dropped last: the last connection to a file empties its log, which no reader can.
    writer: Mutex<Writer>,
    /// How many wait for the writer.
    n_waiting: AtomicUsize,
}

impl Database {
    pub(crate) fn new((writer, readers): (Writer, Readers)) -> Self {
        Self {
            readers,
            writer: Mutex::new(writer),
            n_waiting: AtomicUsize::new(0),
        }
    }

    pub(crate) fn read<T>(&self, work: impl FnOnce(Reader<'_>) -> Sql<T>) -> Sql<T> {
        self.readers.read(work)
    }

    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Sql<T>) -> Sql<T> {
        self.n_waiting.fetch_add(1, Ordering::Relaxed);
        let mut writer = self.writer.lock();
        self.n_waiting.fetch_sub(1, Ordering::Relaxed);
        writer.transaction(work)
    }

    /// Writes what has time: `work` can ask whether anybody else waits for the writer.
    pub(crate) fn write_aside<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &dyn Fn() -> bool) -> Sql<T>,
    ) -> Sql<T> {
        let is_wanted = || self.n_waiting.load(Ordering::Relaxed) > 0;
        let mut writer = self.writer.lock();
        writer.transaction(|tx| work(tx, &is_wanted))
    }

    /// Writes a copy of the file, without what is left behind in it of what was erased.
    pub(crate) fn write_copy(&self, path: &Path) -> Result<(), pult_sqlite::Error> {
        self.writer.lock().write_copy(path)
    }

    /// Takes what was erased out of the write-ahead log too.
    pub(crate) fn checkpoint(&self) -> Sql<()> {
        self.writer.lock().checkpoint()
    }
}

/// Whether the file, and not the request or the disk, is at fault.
pub(crate) fn is_damage(error: &SqlError) -> bool {
    if let SqlError::FromSqlConversionFailure(..) = error {
        return true;
    }
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// `value` as JSON, for a column.
pub(crate) fn to_json(value: &impl Serialize) -> Sql<String> {
    serde_json::to_string(value).map_err(|error| SqlError::ToSqlConversionFailure(Box::new(error)))
}

/// The value of a JSON column.
pub(crate) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Sql<T> {
    let json = row.get_ref(column)?.as_str()?;
    serde_json::from_str(json).map_err(|_| {
        // The parser's own words may quote what somebody wrote, and errors are logged.
        let reason = "not JSON of the expected shape".into();
        SqlError::FromSqlConversionFailure(column, types::Type::Text, reason)
    })
}

/// The value of a JSON column that may be null.
pub(crate) fn from_json_or_null<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Sql<Option<T>> {
    match row.get_ref(column)? {
        types::ValueRef::Null => Ok(None),
        types::ValueRef::Integer(_)
        | types::ValueRef::Real(_)
        | types::ValueRef::Text(_)
        | types::ValueRef::Blob(_) => from_json(row, column).map(Some),
    }
}

/// An id as it is stored: its 16 bytes.
pub(crate) trait Stored: Sized {
    fn stored(self) -> [u8; 16];
    fn restored(bytes: [u8; 16]) -> Self;

    fn at(row: &Row<'_>, column: usize) -> Sql<Self> {
        row.get(column).map(Self::restored)
    }
}

macro_rules! stored {
    ($($id:ty),*) => {$(
        impl Stored for $id {
            fn stored(self) -> [u8; 16] {
                self.0.into_bytes()
            }
            fn restored(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }
    )*};
}

stored!(
    ChatId,
    CommandId,
    pult_domain::OperatorId,
    pult_domain::ChannelId,
    pult_domain::IntegrationId,
    pult_domain::DeviceId,
    pult_domain::ReadyAnswerId
);

//! What can go wrong with the store itself.

/// A fault of the store. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be opened, read or written.
    #[error(transparent)]
    Sqlite(#[from] pult_sqlite::Error),
    /// The commit that this work was part of failed.
    #[error("the commit failed: {0}")]
    Commit(String),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// Something that cannot be: an invariant does not hold.
    #[error("the store is inconsistent: {0}")]
    Inconsistent(&'static str),
}

impl From<pult_sqlite::SqlError> for StoreError {
    fn from(error: pult_sqlite::SqlError) -> Self {
        Self::Sqlite(error.into())
    }
}

impl StoreError {
    /// Whether trying again later can help: the disk is full or cannot be written now.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.is_disk_trouble(),
            Self::Commit(_) | Self::Closed => true,
            Self::Inconsistent(_) => false,
        }
    }

    /// Whether it is the disk that refused.
    pub(crate) fn is_disk_trouble(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.is_disk_trouble(),
            // SQLite undoes a transaction by itself when it cannot write.
            Self::Commit(_) => true,
            Self::Closed | Self::Inconsistent(_) => false,
        }
    }
}

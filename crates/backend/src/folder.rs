//! The data folder: everything that the backend keeps, readable by its owner alone.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use pult_store::{Clock, Publish, Store, StoreError, StoreSettings};

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or written.
    #[error("The data folder {} cannot be written: {source}. Give another with --data, or its rights to this account.", path.display())]
    NotWritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Another `pult-backend serve` uses it.
    #[error("The data folder {} is in use by another running backend. Stop that one first, or give another folder with --data.", path.display())]
    InUse {
        /// Which.
        path: PathBuf,
    },
    /// Its store cannot be opened.
    #[error("The store cannot be opened: {0}.")]
    Store(#[from] StoreError),
}

/// A data folder. It may be opened by several programs, but served by one.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// Opens the folder, making it if there is none.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700);
        }
        builder
            .create(path)
            .map_err(|source| FolderError::NotWritable {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Makes this process the one that serves the folder, for as long as the file is held.
    ///
    /// # Errors
    /// When another process serves it.
    pub fn lock(&self) -> Result<File, FolderError> {
        let not_writable = |source| FolderError::NotWritable {
            path: self.path.clone(),
            source,
        };
        let file = File::create(self.path.join("serve.lock")).map_err(not_writable)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse {
                path: self.path.clone(),
            }),
            Err(TryLockError::Error(source)) => Err(not_writable(source)),
        }
    }

    /// Opens the store in it; `publish` is told of this process's commits.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn store(&self, clock: Clock, publish: Publish) -> Result<Store, FolderError> {
        let settings = StoreSettings {
            path: self.path.join("pult.sqlite"),
            clock,
            publish,
        };
        Ok(Store::open(settings)?)
    }
}

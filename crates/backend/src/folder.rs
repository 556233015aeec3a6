//! The data folder: everything that the backend keeps, readable by its owner alone.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use pult_sqlite::Error as FileError;
use pult_store::{Clock, Followers, Store, StoreError, StoreSettings};

use crate::departures::{self, Departures};

/// The file with which messages have left.
const DEPARTURES: &str = "departures";

/// The lock of the one process that serves, or puts a backup back.
const SERVE_LOCK: &str = "serve.lock";

/// The lock that administration commands hold together, and whoever puts a backup back alone.
const COMMANDS_LOCK: &str = "commands.lock";

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or written.
    #[error("The data folder {} cannot be written: {cause}. Give another with --data, or its rights to this account.", path.display())]
    NotWritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Another `pult-backend serve` uses it.
    #[error("The data folder {} is in use by another running backend. Stop that one first, or give another folder with --data.", path.display())]
    InUse {
        /// Which.
        path: PathBuf,
    },
    /// Another `pult-backend restore` puts a backup in the place of its store.
    #[error("A backup is being put into the data folder {}. Try again when that has ended.", path.display())]
    Restoring {
        /// Which.
        path: PathBuf,
    },
    /// An administration command works on it.
    #[error("The data folder {} is in use by another command of pult-backend. Try again when that has ended.", path.display())]
    Administered {
        /// Which.
        path: PathBuf,
    },
    /// Its store cannot be opened.
    #[error("The store cannot be opened: {cause}. {}", way_out(cause))]
    Store {
        /// Why.
        cause: StoreError,
    },
}

/// What whoever started the program can do about a store that cannot be opened.
fn way_out(error: &StoreError) -> &'static str {
    if let StoreError::Sqlite(FileError::NewerSchema { .. }) = error {
        "Install that version, or give another folder with --data."
    } else if let StoreError::Sqlite(FileError::Damaged { .. }) = error {
        "Put a backup in its place with `pult-backend restore`, or give another folder with --data."
    } else if let StoreError::Sqlite(FileError::NotOurs { .. }) = error {
        "Give another folder with --data."
    } else {
        "Look at the disk and at this account's rights, or give another folder with --data."
    }
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
            .map_err(|cause| FolderError::NotWritable {
                path: path.to_owned(),
                cause,
            })?;
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where its store is, or will be.
    pub(crate) fn store_file(&self) -> PathBuf {
        self.path.join("pult.sqlite")
    }

    /// Makes this process the one that serves the folder, for as long as the file is held.
    ///
    /// # Errors
    /// When another process serves it.
    pub fn lock(&self) -> Result<File, FolderError> {
        self.hold(SERVE_LOCK, File::try_lock, |path| FolderError::InUse {
            path,
        })
    }

    /// Lets an administration command work on the store for as long as the file is held, beside
    /// others and beside the process that serves it.
    ///
    /// # Errors
    /// When the store is being replaced.
    pub fn lock_for_command(&self) -> Result<File, FolderError> {
        self.hold(COMMANDS_LOCK, File::try_lock_shared, |path| {
            FolderError::Restoring { path }
        })
    }

    /// Keeps administration commands off the store for as long as the file is held: what they
    /// wrote would be lost, and their log would be taken for the new store's.
    ///
    /// # Errors
    /// When one works on it.
    pub fn lock_for_restore(&self) -> Result<File, FolderError> {
        self.hold(COMMANDS_LOCK, File::try_lock, |path| {
            FolderError::Administered { path }
        })
    }

    fn hold(
        &self,
        name: &str,
        try_lock: impl FnOnce(&File) -> Result<(), TryLockError>,
        taken: impl FnOnce(PathBuf) -> FolderError,
    ) -> Result<File, FolderError> {
        let not_writable = |cause| FolderError::NotWritable {
            path: self.path.clone(),
            cause,
        };
        let file = File::create(self.path.join(name)).map_err(not_writable)?;
        match try_lock(&file) {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(taken(self.path.clone())),
            Err(TryLockError::Error(cause)) => Err(not_writable(cause)),
        }
    }

    /// Which messages had left in the time of an epoch, if that is known; see [`Departures`].
    pub(crate) fn departures_of(&self, epoch: &str) -> Option<BTreeSet<i64>> {
        departures::read(&self.path.join(DEPARTURES), epoch)
    }

    /// Begins to note which messages leave.
    pub(crate) fn begin_departures(&self, epoch: &str) -> Result<Departures, FolderError> {
        Departures::begin(&self.path.join(DEPARTURES), epoch).map_err(|cause| {
            FolderError::NotWritable {
                path: self.path.clone(),
                cause,
            }
        })
    }

    /// Opens the store in it; `followers` are told of this process's commits.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn store(&self, clock: Clock, followers: Followers) -> Result<Store, FolderError> {
        let settings = StoreSettings {
            path: self.store_file(),
            clock,
            followers,
        };
        Store::open(settings).map_err(|cause| FolderError::Store { cause })
    }
}

//! The data folder: who may read it, who has it open, who is signed in.
//!
//! ```text
//! data_dir/                 0700
//!   lock                    held by the one process that has the folder open
//!   session.json            who is signed in, and what the sign-in screen proposes
//!   <hash of address and operator>/
//!     cache.sqlite          can be rebuilt
//!     outbox.sqlite         cannot
//! ```
//! An operator's files are in a folder of their own, so whoever signs in next on the same machine
//! sees nothing of theirs. `session.json` stands outside: it must be read to know whose folder to
//! open.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pult_domain::OperatorId;
use pult_protocol::OperatorRow;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::address::Address;
use crate::view::LastSignIn;

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("the data folder {} is in use by another running panel", .0.display())]
    InUse(PathBuf),
    /// It cannot be made, read or written.
    #[error("the data folder {} cannot be used", .path.display())]
    Folder {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operator's files in it are in order, but nothing can be written: the disk is full, as a rule.
    #[error(
        "nothing can be written to {} ({reason}); free some room on the disk and start again, nothing is lost",
        .path.display()
    )]
    NoRoom {
        /// Where.
        path: PathBuf,
        /// In the words of what writes.
        reason: String,
    },
    /// The operator's files in it cannot be opened; nothing was changed.
    #[error("the panel's files cannot be opened: {reason}")]
    Files {
        /// Why, and which.
        reason: String,
    },
    /// The file with the additional certificate authority cannot be used.
    #[error("the certificate authorities in {} cannot be read: {reason}", .path.display())]
    ExtraCa {
        /// Where.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// The folder, held by this process until it is released or dropped.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    lock: FolderLock,
}

/// Keeps other processes, and other panels of this one, out of a folder for as long as it or a copy of
/// it lives: whoever still writes there has one.
#[derive(Debug, Clone)]
pub(crate) struct FolderLock(Arc<File>);

/// Where the files of an account are.
#[derive(Debug)]
pub(crate) struct AccountFolder {
    pub(crate) path: PathBuf,
    pub(crate) lock: FolderLock,
}

/// Who is signed in, and what the sign-in screen proposes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignIns {
    pub(crate) last: Option<LastSignIn>,
    pub(crate) current: Option<Account>,
}

/// An operator at a backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) address: Address,
    pub(crate) operator: OperatorRow,
}

impl Account {
    /// What tells this account from any other on the machine.
    pub(crate) fn key(&self) -> String {
        account_key(&self.address, self.operator.id)
    }
}

fn account_key(address: &Address, operator_id: OperatorId) -> String {
    format!("{operator_id} {address}")
}

impl DataFolder {
    /// Makes the folder if it is missing, and keeps other processes out of it.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Folder {
            path: path.to_owned(),
            source,
        };
        create_private_dir(path).map_err(failed)?;
        let lock = private_file()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                lock: FolderLock(Arc::new(lock)),
            }),
            Err(fs::TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
            Err(fs::TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets other processes use the folder.
    pub(crate) fn release(&self) {
        if let Err(error) = self.lock.0.unlock() {
            tracing::warn!(%error, "The data folder cannot be unlocked before the end");
        }
    }

    /// The folder of one account's files, made if it is missing.
    pub(crate) fn of_account(&self, account: &Account) -> io::Result<AccountFolder> {
        let path = self.path.join(hashed(&account.key()));
        create_private_dir(&path)?;
        let lock = self.lock.clone();
        Ok(AccountFolder { path, lock })
    }

    /// Where the files of all accounts but one are.
    pub(crate) fn other_accounts(&self, but: Option<&Account>) -> io::Result<Vec<PathBuf>> {
        let kept = but.map(|account| hashed(&account.key()));
        let mut folders = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_account = name.to_str().is_some_and(is_hashed);
            if is_account && entry.file_type()?.is_dir() && kept.as_deref() != name.to_str() {
                folders.push(entry.path());
            }
        }
        Ok(folders)
    }

    /// Erases one account's files, if there are any.
    pub(crate) fn erase_account(&self, account: &Account) -> io::Result<()> {
        match fs::remove_dir_all(self.path.join(hashed(&account.key()))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Who is signed in. A file that cannot be understood says: nobody.
    pub(crate) fn sign_ins(&self) -> io::Result<SignIns> {
        match fs::read(self.path.join("session.json")) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_else(|_| {
                tracing::warn!("session.json cannot be understood; a new sign-in is needed");
                SignIns::default()
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(SignIns::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes down who is signed in.
    pub(crate) fn save_sign_ins(&self, sign_ins: &SignIns) -> io::Result<()> {
        let bytes = serde_json::to_vec(sign_ins).map_err(io::Error::other)?;
        write_private(&self.path.join("session.json"), &bytes)
    }
}

/// A file name for `text` that neither tells it nor clashes with another's.
pub(crate) fn hashed(text: &str) -> String {
    let mut name = hex::encode(Sha256::digest(text.as_bytes()));
    name.truncate(HASHED_LEN);
    name
}

const HASHED_LEN: usize = 32;

fn is_hashed(name: &str) -> bool {
    name.len() == HASHED_LEN && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Makes `path` and what leads to it; `path` itself is its owner's alone, also if it was there.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Puts `bytes` in place of the file as a whole: after a crash there is the old or the new one.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = private_file()
        .create(true)
        .write(true)
        .truncate(true)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(unix)]
fn private_file() -> fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.mode(0o600);
    options
}

/// On Windows a file has the rights of its folder, which is in its owner's home.
#[cfg(not(unix))]
fn private_file() -> fs::OpenOptions {
    fs::OpenOptions::new()
}

//! Where the session's token is kept between starts.
//!
//! The desktop keeps it in the system key store; that store lives in the shell, since it needs the
//! desktop. [`FileTokenStore`] is what is left where there is none: a file that its owner alone can
//! read.

use std::io;
use std::path::PathBuf;

use pult_protocol::Token;

/// Keeps one token per account. Its methods may block: they are called off the async threads.
pub trait TokenStore: Send + Sync + 'static {
    /// The token of `account`, if there is one.
    ///
    /// # Errors
    /// When the store cannot be asked.
    fn load(&self, account: &str) -> io::Result<Option<Token>>;

    /// Keeps `token` for `account`, in place of one that is there.
    ///
    /// # Errors
    /// When the store cannot keep it.
    fn save(&self, account: &str, token: &Token) -> io::Result<()>;

    /// Forgets the token of `account`; nothing happens if there is none.
    ///
    /// # Errors
    /// When the store cannot be changed.
    fn erase(&self, account: &str) -> io::Result<()>;

    /// Whether tokens lie in the system key store at present, and not in a file.
    fn is_key_store(&self) -> bool;
}

/// A folder with one file per account, readable by its owner alone.
#[derive(Debug, Clone)]
pub struct FileTokenStore {
    dir: PathBuf,
}

impl FileTokenStore {
    /// Keeps tokens in `dir`, which is made when the first one is saved.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    fn path(&self, account: &str) -> PathBuf {
        self.dir
            .join(format!("{}.token", crate::folder::hashed(account)))
    }
}

impl TokenStore for FileTokenStore {
    fn load(&self, account: &str) -> io::Result<Option<Token>> {
        match std::fs::read_to_string(self.path(account)) {
            Ok(token) => Ok(Some(Token(token))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn save(&self, account: &str, token: &Token) -> io::Result<()> {
        crate::folder::create_private_dir(&self.dir)?;
        crate::folder::write_private(&self.path(account), token.0.as_bytes())
    }

    fn erase(&self, account: &str) -> io::Result<()> {
        match std::fs::remove_file(self.path(account)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn is_key_store(&self) -> bool {
        false
    }
}

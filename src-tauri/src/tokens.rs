//! Where the session's token is kept: in the system's key store if that takes it and gives it back,
//! else in a file that only this account can read.
//!
//! A key store that answers is not yet one that works: it may be locked, with nobody there to
//! unlock it. So a token counts as kept only when it has been read back.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use keyring::v1::Entry;
use pult_panel::{FileTokenStore, TokenStore};
use pult_protocol::Token;

/// The name under which the key store lists tokens.
const SERVICE: &str = "Pult";

/// The key store first, then files.
pub(crate) struct KeyStoreFirst {
    /// Part of the name in the key store, which panels with different folders share.
    folder: String,
    files: FileTokenStore,
    is_key_store: AtomicBool,
}

impl KeyStoreFirst {
    /// Files lie in the data folder.
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.to_string_lossy().into_owned(),
            files: FileTokenStore::new(data_dir.join("tokens")),
            is_key_store: AtomicBool::new(false),
        }
    }

    fn entry(&self, account: &str) -> keyring::v1::Result<Entry> {
        Entry::new(SERVICE, &format!("{account} {}", self.folder))
    }

    fn load_from_key_store(&self, account: &str) -> keyring::v1::Result<Token> {
        self.entry(account)?.get_password().map(Token)
    }

    fn save_to_key_store(&self, account: &str, token: &Token) -> keyring::v1::Result<bool> {
        let entry = self.entry(account)?;
        entry.set_password(&token.0)?;
        Ok(entry.get_password()? == token.0)
    }
}

impl TokenStore for KeyStoreFirst {
    fn load(&self, account: &str) -> io::Result<Option<Token>> {
        match self.load_from_key_store(account) {
            Ok(token) => {
                self.is_key_store.store(true, Ordering::Relaxed);
                return Ok(Some(token));
            }
            Err(keyring::v1::Error::NoEntry) => {}
            Err(error) => tracing::info!(%error, "The key store cannot be read"),
        }
        self.is_key_store.store(false, Ordering::Relaxed);
        self.files.load(account)
    }

    fn save(&self, account: &str, token: &Token) -> io::Result<()> {
        let is_kept = self
            .save_to_key_store(account, token)
            .unwrap_or_else(|error| {
                tracing::info!(%error, "The key store keeps nothing; the token lies in a file");
                false
            });
        self.is_key_store.store(is_kept, Ordering::Relaxed);
        if is_kept {
            // A token of the time before the key store worked is not to be left lying about.
            self.files.erase(account)
        } else {
            self.files.save(account, token)
        }
    }

    fn erase(&self, account: &str) -> io::Result<()> {
        let entry = self.entry(account);
        let deleted = entry.and_then(|entry| entry.delete_credential());
        let forgotten = forgotten(deleted, self.is_key_store());
        self.files.erase(account).and(forgotten)
    }

    fn is_key_store(&self) -> bool {
        self.is_key_store.load(Ordering::Relaxed)
    }
}

/// Whether the key store has a token no more. Where the token lies in a file, a key store that does not work
/// has nothing to forget.
fn forgotten(deleted: keyring::v1::Result<()>, was_kept_there: bool) -> io::Result<()> {
    match deleted {
        Ok(()) | Err(keyring::v1::Error::NoEntry | keyring::v1::Error::NoDefaultStore) => Ok(()),
        Err(error) => {
            tracing::warn!(%error, "The key store did not forget a token");
            if was_kept_there {
                Err(io::Error::other(error))
            } else {
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use keyring::v1::Error;

    use super::*;

    #[test]
    fn a_key_store_that_keeps_a_token_against_one_s_will_is_told_of() {
        let locked = || Err(Error::NoStorageAccess("locked".into()));
        assert!(forgotten(locked(), true).is_err());
        assert!(forgotten(locked(), false).is_ok());
        for nothing_is_left in [Ok(()), Err(Error::NoEntry), Err(Error::NoDefaultStore)] {
            assert!(forgotten(nothing_is_left, true).is_ok());
        }
    }
}

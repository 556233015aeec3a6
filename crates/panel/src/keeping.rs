//! For how long this device keeps what is over.
//!
//! Chats of the lists are always here; a closed one stays for its history, so that it can be read
//! without a connection. How long is its operator's to say, for each device.

use crate::cache;
use crate::clock;
use crate::error::PanelError;
use crate::outbox;
use crate::panel::Panel;
use crate::session::Session;
use crate::storage::StorageError;
use crate::view::HistoryKept;

impl Panel {
    /// For how long closed chats are kept on this device.
    ///
    /// # Errors
    /// When nobody is signed in or the files cannot be read.
    pub async fn history_kept(&self) -> Result<HistoryKept, PanelError> {
        self.with_session(|session| Ok(session.history_kept()?))
            .await
    }

    /// From now on they are kept for so long; what is older goes at once.
    ///
    /// # Errors
    /// When nobody is signed in or it cannot be stored.
    pub async fn keep_history(&self, kept: HistoryKept) -> Result<(), PanelError> {
        self.with_session(move |session| session.keep_history(kept))
            .await
    }
}

impl Session {
    fn history_kept(&self) -> Result<HistoryKept, StorageError> {
        Ok(self.outbox.read(outbox::history_kept)?)
    }

    fn keep_history(&self, kept: HistoryKept) -> Result<(), PanelError> {
        self.write_outbox(|tx| outbox::keep_history(tx, kept))?;
        self.forget_old_history()?;
        Ok(())
    }

    /// Erases closed chats whose time is over. Where something of one's own waits they stay.
    pub(crate) fn forget_old_history(&self) -> Result<(), StorageError> {
        let HistoryKept { closed_days } = self.history_kept()?;
        let Some(days) = closed_days else {
            return Ok(());
        };
        let since = clock::now().plus_ms(self.clock_offset_ms() - i64::from(days) * DAY_MS);
        let mut old = self
            .cache
            .read(|reader| cache::closed_before(reader, since))?;
        let with_text = self.chats_with_text()?;
        old.retain(|chat_id| !with_text.contains(chat_id));
        if old.is_empty() {
            return Ok(());
        }
        self.cache.write(|tx| cache::erase_chats(tx, &old))?;
        self.cache.entries_were_dropped();
        self.cache.checkpoint()
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

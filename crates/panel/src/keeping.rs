//! For how long, and how much, this device keeps of what is over.
//!
//! Chats of the lists are always here; a closed one stays for its history, so that it can be read
//! without a connection. How long, and how much, is its operator's to say, for each device.

use pult_domain::ChatId;

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

    /// Erases closed chats whose time is over, and then the oldest of the others while all of it takes
    /// more room than it may. Where something of one's own waits they stay.
    pub(crate) fn forget_old_history(&self) -> Result<(), StorageError> {
        let kept = self.history_kept()?;
        let with_text = self.chats_with_text()?;
        let mut n_erased = 0;
        if let Some(days) = kept.closed_days {
            let since = clock::now().plus_ms(self.clock_offset_ms() - i64::from(days) * DAY_MS);
            let mut old = self
                .cache
                .read(|reader| cache::closed_before(reader, since))?;
            old.retain(|chat_id| !with_text.contains(chat_id));
            for some in old.chunks(AT_A_TIME) {
                n_erased += self.erase_chats(some)?;
            }
        }
        if let Some(mb) = kept.max_mb {
            while self.cache.read(cache::used_bytes)? > i64::from(mb) * MB {
                let oldest = self
                    .cache
                    .read(|reader| cache::oldest_closed(reader, &with_text, AT_A_TIME))?;
                if oldest.is_empty() {
                    break;
                }
                n_erased += self.erase_chats(&oldest)?;
            }
        }
        if n_erased == 0 {
            return Ok(());
        }
        self.cache.checkpoint()
    }

    fn erase_chats(&self, chats: &[ChatId]) -> Result<usize, StorageError> {
        if !chats.is_empty() {
            self.cache.write(|tx| {
                self.cache.entries_were_dropped();
                cache::erase_closed(tx, chats)
            })?;
        }
        Ok(chats.len())
    }
}

const MB: i64 = 1 << 20;

/// So many chats are erased until it is looked at how much room there is, and until whatever else is to be
/// written has its turn.
const AT_A_TIME: usize = 10;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

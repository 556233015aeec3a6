//! Reading ahead of the writer.
//!
//! A client who has not written for long has their chat on pages that nothing has touched since,
//! about ten of them all over the file. The one thread that writes would wait for the disk at each,
//! and everybody behind it too. So as soon as a message comes, and while the commit before it is
//! under way, others read what the writer will need: the disk answers them side by side, and the
//! writer finds the pages in the system's memory. It is a hint: nobody waits for it, and whatever
//! becomes of it nothing is different but the time.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use pult_domain::provider::{ChannelFact, Fact, InboundMessage};
use pult_protocol::ChannelKind;
use pult_sqlite::Readers;

use crate::reading::Reading;
use crate::{IsFollowed, ingest};

/// How many read ahead at the same time: what a disk answers side by side.
const N_READERS: usize = 8;

/// How many senders are remembered, at least, as having written lately.
const N_RECENT: usize = 32 * 1024;

/// Reads ahead of the writer.
#[derive(Clone)]
pub(crate) struct ReadAhead {
    reading: Reading,
    recent: Arc<Mutex<Recent>>,
    is_followed: IsFollowed,
}

impl ReadAhead {
    /// For the store in the file `path`.
    pub(crate) fn new(path: &Path, is_followed: IsFollowed) -> Self {
        Self {
            is_followed,
            reading: Reading::new(Readers::new(path, N_READERS), N_READERS),
            recent: Arc::new(Mutex::new(Recent::default())),
        }
    }

    /// Begins to read what is needed to apply these facts.
    pub(crate) fn begin(&self, kind: ChannelKind, facts: &[ChannelFact]) {
        let mut wanted = Vec::new();
        for ChannelFact { channel_key, fact } in facts {
            if let Fact::Message(message) = fact
                && !self.is_recent(message)
            {
                wanted.push((channel_key.clone(), message.clone()));
            }
        }
        if wanted.is_empty() {
            return;
        }
        let (reading, is_followed) = (self.reading.clone(), Arc::clone(&self.is_followed));
        tokio::spawn(async move {
            let read = reading.read(move |file| {
                for (channel_key, message) in &wanted {
                    ingest::look_up(file, kind, channel_key, message, &is_followed)?;
                }
                Ok(())
            });
            if let Err(error) = read.await {
                tracing::debug!(%error, "Reading ahead failed");
            }
        });
    }

    /// Whether the sender has written lately, so that their pages are at hand. They have from here
    /// on.
    fn is_recent(&self, message: &InboundMessage) -> bool {
        let Some(strongest) = message.sender.identities.first() else {
            return true;
        };
        self.recent.lock().meets(&strongest.value)
    }
}

/// Who has written lately, by a hash: two who share one cost each other a read ahead at most.
#[derive(Default)]
struct Recent {
    hasher: RandomState,
    newer: HashSet<u64>,
    older: HashSet<u64>,
}

impl Recent {
    /// Whether they have been met; remembers them.
    fn meets(&mut self, who: &str) -> bool {
        let hash = self.hasher.hash_one(who);
        if !self.newer.insert(hash) {
            return true;
        }
        let is_met = self.older.contains(&hash);
        if self.newer.len() >= N_RECENT {
            self.older = std::mem::take(&mut self.newer);
        }
        is_met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wrote_lately_is_remembered_and_forgotten_in_the_end() {
        let mut recent = Recent::default();
        assert!(!recent.meets("first"));
        assert!(recent.meets("first"));
        for n in 0..N_RECENT {
            assert!(!recent.meets(&n.to_string()));
        }
        assert!(
            recent.meets("first"),
            "the newer half is full, the older one knows"
        );
        for n in 0..2 * N_RECENT {
            recent.meets(&format!("other {n}"));
        }
        assert!(!recent.meets("first"));
        assert!(recent.newer.len() + recent.older.len() <= 2 * N_RECENT);
    }
}

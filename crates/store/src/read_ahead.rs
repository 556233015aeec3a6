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
use pult_domain::provider::{ChannelFact, Fact, Identity, InboundMessage};
use pult_protocol::ChannelKind;
use pult_sqlite::{Load, Reader, Readers};
use tokio::sync::Semaphore;

use crate::reading::Reading;
use crate::{IsFollowed, ingest};

/// How many read ahead at the same time: what a disk answers side by side.
const N_READERS: usize = 8;

/// How many messages may be read for or wait for it. What comes beyond that the writer will reach
/// before a reader does.
const N_BEGUN: u32 = 256;

/// How many senders are remembered, at least, as having written lately.
const N_RECENT: usize = 32 * 1024;

/// Reads ahead of the writer.
#[derive(Clone)]
pub(crate) struct ReadAhead {
    reading: Reading,
    begun: Arc<Semaphore>,
    recent: Arc<Mutex<Recent>>,
    is_followed: IsFollowed,
}

/// What is to be looked up for a message.
pub(crate) struct Wanted {
    pub(crate) kind: ChannelKind,
    pub(crate) channel_key: String,
    pub(crate) provider_id: String,
    pub(crate) identities: Vec<Identity>,
}

impl ReadAhead {
    /// For the store in the file `path`.
    pub(crate) fn new(path: &Path, is_followed: IsFollowed) -> Self {
        Self {
            reading: Reading::new(Readers::new(path, N_READERS, Load::Heavy), N_READERS),
            begun: Arc::new(Semaphore::new(N_BEGUN as usize)),
            recent: Arc::new(Mutex::new(Recent::default())),
            is_followed,
        }
    }

    /// Begins to read what is needed to apply these facts.
    pub(crate) fn begin(&self, kind: ChannelKind, facts: &[ChannelFact]) {
        for ChannelFact { channel_key, fact } in facts {
            let Fact::Message(message) = fact else {
                continue;
            };
            if self.is_recent(channel_key, message) {
                continue;
            }
            let Ok(begun) = Arc::clone(&self.begun).try_acquire_owned() else {
                return;
            };
            let wanted = Wanted {
                kind,
                channel_key: channel_key.clone(),
                provider_id: message.provider_id.clone(),
                identities: message.sender.identities.clone(),
            };
            let (reading, is_followed) = (self.reading.clone(), Arc::clone(&self.is_followed));
            tokio::spawn(async move {
                // A read for each message: the log cannot begin anew while one goes on.
                let look_up = move |file: Reader<'_>| ingest::look_up(file, &wanted, &is_followed);
                if let Err(error) = reading.read(look_up).await {
                    tracing::debug!(%error, "Reading ahead failed");
                }
                drop(begun);
            });
        }
    }

    /// Waits for what has begun, and begins nothing more.
    pub(crate) async fn end(self) {
        let all = self.begun.acquire_many(N_BEGUN).await;
        self.begun.close();
        drop(all);
    }

    /// Whether the sender has written lately, so that their pages are at hand. They have from here
    /// on.
    fn is_recent(&self, channel_key: &str, message: &InboundMessage) -> bool {
        let Some(strongest) = message.sender.identities.first() else {
            return true;
        };
        self.recent.lock().meets((channel_key, &strongest.value))
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
    fn meets(&mut self, who: (&str, &str)) -> bool {
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
        let mut meets = |who: &str| recent.meets(("a channel", who));
        assert!(!meets("first"));
        assert!(meets("first"));
        for n in 0..N_RECENT {
            assert!(!meets(&n.to_string()));
        }
        assert!(
            meets("first"),
            "the newer half is full, the older one knows"
        );
        for n in 0..2 * N_RECENT {
            meets(&format!("other {n}"));
        }
        assert!(!meets("first"));
        assert!(!recent.meets(("another channel", "first")));
        assert!(recent.newer.len() + recent.older.len() <= 2 * N_RECENT);
    }
}

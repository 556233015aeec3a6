//! Who looks at which chat, told to those who see that chat at that moment.
//!
//! It lives in the hub, under its lock, and goes through its queues: so a reader hears of a chat's
//! onlookers only between the change that brings the chat into their sight and the one that takes it
//! away, in exactly the order of commits, and a reader who is too slow begins anew in both. Nothing
//! is written to the store: it would be a write per keystroke, for what is over in a minute.
//!
//! Who sees a chat that somebody looks at is kept here: read from the store once (`run`), and brought
//! up to date by each change set. When another program has committed, nothing of it is known any
//! more, and nobody is told anything until it has been read again.
//!
//! A look holds for the time of a lease. One at a chat that its operator does not see is void: it
//! counts for nothing as long as that is so.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use pult_domain::{ChatId, OperatorId};
use pult_protocol::{BackendFrame, ComposerMode, Onlooker, WatchedChat};
use pult_store::trials::{self, Bug};
use pult_store::{Audience, ChangeSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{FeedFrame, Hub, Live, Reader, ReaderId, State, encode};
use crate::backend::Shared;

/// How often it is seen what has run out. A lease ends by so much too late at most.
const SWEEP: Duration = Duration::from_secs(1);

/// Most chats of a frame: a connection keeps the memory of its largest one.
const MAX_CHATS: usize = 100;

/// All looks, and the chats that they go to.
#[derive(Default)]
pub(super) struct Onlookers {
    looks: HashMap<ReaderId, Look>,
    chats: HashMap<ChatId, Watched>,
    /// Counts how often all audiences were forgotten: what was read before that is not learned.
    n_forgotten: u64,
}

struct Look {
    chat_id: ChatId,
    typing: Option<ComposerMode>,
    until: Instant,
}

#[derive(Default)]
struct Watched {
    /// Who sees the chat; none while that is not known.
    audience: Option<Audience>,
    /// What those who see the chat have been told.
    told: Vec<Onlooker>,
}

/// Chats of which it is to be read who sees them.
pub(super) struct Unknown {
    chats: Vec<ChatId>,
    n_forgotten: u64,
}

impl Onlookers {
    /// Sets a reader's look, and gives the chats with which something may have changed by that.
    fn set(&mut self, id: ReaderId, look: Option<Look>) -> HashSet<ChatId> {
        let new = look.as_ref().map(|look| look.chat_id);
        let old = match look {
            Some(look) => self.looks.insert(id, look),
            None => self.looks.remove(&id),
        };
        let old = old.map(|look| look.chat_id);
        if let Some(chat_id) = new {
            self.chats.entry(chat_id).or_default();
        }
        old.into_iter().chain(new).collect()
    }

    /// Who looks at a chat and sees it.
    fn of(&self, chat_id: ChatId, readers: &HashMap<ReaderId, Reader>) -> Vec<Onlooker> {
        let watched = self.chats.get(&chat_id);
        let Some(audience) = watched.and_then(|watched| watched.audience.as_ref()) else {
            return Vec::new();
        };
        let mut onlookers = BTreeMap::<OperatorId, Option<ComposerMode>>::new();
        for (id, look) in &self.looks {
            let reader = readers.get(id).filter(|reader| reader.sees(audience));
            if let Some(reader) = reader.filter(|_| look.chat_id == chat_id) {
                let typing = onlookers.entry(reader.operator).or_default();
                // A reply, if they do both.
                *typing = match (*typing, look.typing) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
        }
        let onlookers = onlookers.into_iter();
        onlookers
            .map(|(operator_id, typing)| Onlooker {
                operator_id,
                typing,
            })
            .collect()
    }

    /// All that a reader is to know, in frames. None are needed for nothing, but to say that it is
    /// nothing any more.
    fn whole(&self, reader: &Reader) -> Vec<Utf8Bytes> {
        let is_seen = |watched: &Watched| {
            let audience = watched.audience.as_ref();
            audience.is_some_and(|audience| reader.sees(audience))
        };
        let chats = self.chats.iter();
        let chats: Vec<WatchedChat> = chats
            .filter(|(_, watched)| !watched.told.is_empty() && is_seen(watched))
            .map(|(chat_id, watched)| WatchedChat {
                chat_id: *chat_id,
                onlookers: watched.told.clone(),
            })
            .collect();
        let mut pages: Vec<&[WatchedChat]> = chats.chunks(MAX_CHATS).collect();
        if pages.is_empty() && reader.was_told {
            pages.push(&[]);
        }
        let frames = pages.iter().enumerate().filter_map(|(n, page)| {
            encode(&BackendFrame::Watching {
                is_whole: n == 0,
                chats: page.to_vec(),
            })
        });
        frames.collect()
    }

    /// Forgets who sees which chat. True if anybody has been told of an onlooker.
    fn forget(&mut self) -> bool {
        self.n_forgotten += 1;
        let mut has_told = false;
        for watched in self.chats.values_mut() {
            has_told |= !watched.told.is_empty();
            *watched = Watched::default();
        }
        has_told
    }
}

impl State {
    /// Tells those who see a chat who looks at it, if that has changed or `is_anew`.
    fn tell(&mut self, chat_id: ChatId, is_anew: bool) {
        let onlookers = self.onlookers.of(chat_id, &self.readers);
        let is_watched = self
            .onlookers
            .looks
            .values()
            .any(|look| look.chat_id == chat_id);
        let Some(watched) = self.onlookers.chats.get_mut(&chat_id) else {
            return;
        };
        let has_changed = watched.told != onlookers;
        watched.told.clone_from(&onlookers);
        let audience = watched.audience.clone();
        if !is_watched {
            self.onlookers.chats.remove(&chat_id);
        }
        let is_nothing = !has_changed && (!is_anew || onlookers.is_empty());
        let Some(audience) = audience.filter(|_| !is_nothing) else {
            return;
        };
        let frame = encode(&BackendFrame::Watching {
            is_whole: false,
            chats: vec![WatchedChat { chat_id, onlookers }],
        });
        let Some(text) = frame else { return };
        for reader in self.readers.values_mut() {
            if !reader.sees(&audience) {
                continue;
            }
            let Some(live) = reader.live.as_ref().filter(|live| live.knows_onlookers) else {
                continue;
            };
            reader.was_told = true;
            let (seq, text) = (self.last, text.clone());
            if live.frames.try_send(FeedFrame { seq, text }).is_err() {
                reader.live = None;
            }
        }
    }

    /// A commit was handed on: those to whom it has brought a chat hear who looks at it.
    pub(super) fn follow(&mut self, set: &ChangeSet) {
        for change in &set.chats {
            let chat_id = change.chat.id;
            if let Some(watched) = self.onlookers.chats.get_mut(&chat_id) {
                watched.audience = Some(change.after.clone());
                self.tell(chat_id, change.before != change.after);
            }
        }
    }

    /// Who sees which chat is no longer known. Whoever was told something begins anew.
    pub(super) fn forget_audiences(&mut self) {
        if self.onlookers.forget() {
            for reader in self.readers.values_mut() {
                reader.live = None;
            }
        }
    }

    /// Tells those who have gone live of all onlookers.
    pub(super) fn tell_of_onlookers(&mut self) {
        let Self {
            last,
            readers,
            onlookers,
            ..
        } = self;
        for reader in readers.values_mut() {
            let is_due = |live: &Live| !live.knows_onlookers && live.since <= *last;
            if !reader.live.as_ref().is_some_and(is_due) {
                continue;
            }
            let frames = onlookers.whole(reader);
            reader.was_told |= !frames.is_empty();
            let Some(live) = &mut reader.live else {
                continue;
            };
            live.knows_onlookers = true;
            let is_told = frames.into_iter().all(|text| {
                let frame = FeedFrame { seq: *last, text };
                live.frames.try_send(frame).is_ok()
            });
            if !is_told {
                reader.live = None;
            }
        }
    }

    fn set_look(&mut self, id: ReaderId, look: Option<Look>) {
        for chat_id in self.onlookers.set(id, look) {
            self.tell(chat_id, false);
        }
    }

    /// A reader looks at nothing any more, and is no reader any more.
    pub(super) fn drop_reader(&mut self, id: ReaderId) {
        self.set_look(id, None);
        self.readers.remove(&id);
    }
}

impl Hub {
    /// A reader's operator looks at a chat and types in it until then, or looks at none.
    pub(crate) fn look(
        &self,
        id: ReaderId,
        chat: Option<ChatId>,
        typing: Option<ComposerMode>,
        until: Instant,
    ) {
        let look = chat.map(|chat_id| Look {
            chat_id,
            typing,
            until,
        });
        let mut state = self.state.lock();
        state.set_look(id, look);
        let watched = chat.and_then(|chat_id| state.onlookers.chats.get(&chat_id));
        let is_unknown = watched.is_some_and(|watched| watched.audience.is_none());
        drop(state);
        if is_unknown {
            self.has_unknown.notify_one();
        }
    }

    /// Ends the looks that have run out.
    pub(crate) fn expire(&self, now: Instant) {
        let mut state = self.state.lock();
        let looks = state.onlookers.looks.iter();
        let over: Vec<ReaderId> = looks
            .filter(|(_, look)| look.until <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            state.set_look(id, None);
        }
    }

    /// The chats that somebody looks at and of which it is not known who sees them.
    pub(super) fn unknown(&self) -> Unknown {
        let state = self.state.lock();
        let chats = state.onlookers.chats.iter();
        let unknown = chats.filter(|(_, watched)| watched.audience.is_none());
        Unknown {
            chats: unknown.map(|(chat_id, _)| *chat_id).collect(),
            n_forgotten: state.onlookers.n_forgotten,
        }
    }

    /// Learns who sees a chat, unless a change set has told meanwhile, or all was forgotten.
    pub(super) fn learn(&self, chat_id: ChatId, audience: Audience, n_forgotten: u64) {
        let mut state = self.state.lock();
        if state.onlookers.n_forgotten != n_forgotten {
            return;
        }
        let watched = state.onlookers.chats.get_mut(&chat_id);
        if let Some(watched) = watched.filter(|watched| watched.audience.is_none()) {
            watched.audience = Some(audience);
            state.tell(chat_id, false);
        }
    }
}

/// Ends what has run out, here and in who is there, and reads who sees the chats that are looked at;
/// until the backend stops.
pub(crate) async fn run(backend: Shared) {
    let mut sweeps = interval(SWEEP);
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = backend.stopping.cancelled() => return,
            () = backend.hub.has_unknown.notified() => read_unknown(&backend).await,
            _ = sweeps.tick(), if !trials::has(Bug::LeasesNeverEnd) => {
                let now = Instant::now();
                backend.hub.expire(now);
                backend.attendance.expire(now, backend.now());
            }
        }
    }
}

async fn read_unknown(backend: &Shared) {
    let Unknown { chats, n_forgotten } = backend.hub.unknown();
    for chat_id in chats {
        match backend.store.audience(chat_id).await {
            Ok(audience) => backend.hub.learn(chat_id, audience, n_forgotten),
            // It is read when its onlooker's panel says the same again.
            Err(error) => {
                tracing::warn!(%error, chat.id = %chat_id, "Who sees a chat is not known");
            }
        }
    }
}

#[cfg(test)]
mod tests;

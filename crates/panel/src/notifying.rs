//! What its operator is told of: banners, sounds, and a list in which none is missing.
//!
//! Of what is news decides the state, not the moment: for each chat the device keeps up to which
//! place it has told ([`store`]), and what came after that and was not seen is news ([`news`]). So
//! nothing is told twice and nothing is lost, whether it came while the panel ran, caught up, or was
//! not there at all. How it is told, and whether it is quiet now, is the operator's ([`settings`]).
//!
//! What comes within a moment is told together; of more than a few chats there is one word for all.

pub(crate) mod news;
pub(crate) mod settings;
pub(crate) mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pult_domain::{ChatId, Place};
use pult_protocol::NotificationKind;
use tokio::time::Instant;

use crate::view::{BannerKey, Notification};

/// How long the panel waits before it tells its operator of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// For so long it is gathered what is to be told.
    pub gather: Duration,
    /// So long a device waits that was not used last: what is seen on the one that was, it does not
    /// tell.
    pub later: Duration,
    /// After so long without a connection its operator is told.
    pub lost_for: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            gather: Duration::from_millis(300),
            later: Duration::from_secs(5),
            lost_for: Duration::from_mins(1),
        }
    }
}

/// Of more chats than these there is one banner for all.
pub(crate) const MAX_BANNERS: usize = 3;

/// What is on its way to be told, and what stands on the screen.
#[derive(Debug, Default)]
pub(crate) struct Notifying {
    /// Chats in which something may be news.
    pub(crate) touched: BTreeSet<ChatId>,
    /// Replies that have failed: an entry changes with that, and keeps its place.
    pub(crate) failed: BTreeMap<ChatId, Place>,
    /// Since when something waits here.
    pub(crate) since: Option<Instant>,
    /// Since when some of it is news. What is none, a tick or a colleague's answer, makes nothing that
    /// comes after it be told sooner.
    pub(crate) news_since: Option<Instant>,
    /// What was told and not seen yet.
    pub(crate) open: BTreeMap<BannerKey, Open>,
    /// When the queue is to be looked at next.
    pub(crate) queue_due: Option<Instant>,
    /// Since when there has been no connection.
    pub(crate) offline_since: Option<Instant>,
    /// Whether its operator is signed out: nothing is told any more.
    pub(crate) is_over: bool,
}

/// A notification that was not seen yet.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) notification: Notification,
    /// When it was told last.
    pub(crate) told_at: Instant,
    /// The chats that it tells of; when nothing is left to be seen of them, it is over.
    pub(crate) of: Vec<Piece>,
}

/// What a notification tells of a chat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) chat_id: ChatId,
    pub(crate) what: NotificationKind,
    /// Up to here.
    pub(crate) place: Option<Place>,
}

impl Piece {
    /// The chat that a notification is about, if it is about one alone.
    pub(crate) fn of(one: &Notification) -> Option<Self> {
        let BannerKey::Chat { chat_id } = one.key else {
            return None;
        };
        Some(Self {
            chat_id,
            what: one.what,
            place: one.place,
        })
    }
}

impl Notifying {
    /// Something has changed in these chats; with `is_news` something is to be told.
    pub(crate) fn touch(
        &mut self,
        chats: impl IntoIterator<Item = ChatId>,
        is_news: bool,
        now: Instant,
    ) {
        self.touched.extend(chats);
        if !self.touched.is_empty() {
            self.since.get_or_insert(now);
            if is_news {
                self.news_since.get_or_insert(now);
            }
        }
    }
}

//! Search over everything that this device holds, as its operator types.
//!
//! The index stands in the cache's file (`cache_0004_search.sql`) and is put together in the background
//! ([`index`]); [`find`] asks it. Without a network nothing is different.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pult_domain::{ClientId, OperatorId, Timestamp};
use pult_protocol::{ChatRow, EntryRow};
use serde::{Deserialize, Serialize};

use crate::error::PanelError;
use crate::panel::Panel;
use crate::session::Session;
use crate::storage::StorageError;
use crate::view::PanelEvent;

mod find;
mod forms;
pub(crate) mod index;
#[cfg(any(test, feature = "trials"))]
mod scan;
#[cfg(test)]
mod tests;

#[cfg(feature = "trials")]
pub use scan::Scan;

/// So much is put into the index at a time at most.
const PIECE: u32 = 1_000;

/// What is searched for. Everything that is given narrows it; of nothing nothing is found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct SearchQuery {
    /// Words, each by its beginning or in another form; numbers by a fragment.
    pub text: String,
    /// What was written with this client, in whichever chat.
    #[ts(optional)]
    pub client_id: Option<ClientId>,
    /// What this operator wrote.
    #[ts(optional)]
    pub author_id: Option<OperatorId>,
    /// What was sent at this moment or later.
    #[ts(optional)]
    pub from: Option<Timestamp>,
    /// What was sent before this moment.
    #[ts(optional)]
    pub until: Option<Timestamp>,
    /// Nothing else than this.
    #[ts(optional)]
    pub only: Option<SearchOnly>,
    /// Goes on behind a page.
    #[ts(optional)]
    pub after: Option<SearchCursor>,
    /// Entries on a page; 40 if it is not given, 200 at most.
    #[ts(optional)]
    pub limit: Option<u32>,
}

impl SearchQuery {
    /// Whether anything but words narrows it.
    fn is_narrowed(&self) -> bool {
        self.client_id.is_some()
            || self.author_id.is_some()
            || self.from.is_some()
            || self.until.is_some()
            || self.only.is_some()
    }
}

/// What alone is searched through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum SearchOnly {
    /// Hidden comments.
    Comments,
    /// Messages that are more than text: pictures, documents, voice messages.
    Files,
}

/// A place in what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(into = "String", try_from = "String")]
#[ts(as = "String")]
pub struct SearchCursor(pub(crate) i64);

impl From<i64> for SearchCursor {
    fn from(doc: i64) -> Self {
        Self(doc)
    }
}

impl From<SearchCursor> for String {
    fn from(SearchCursor(doc): SearchCursor) -> Self {
        doc.to_string()
    }
}

impl TryFrom<String> for SearchCursor {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct SearchPage {
    /// Messages and comments, the newest first.
    pub entries: Vec<FoundEntry>,
    /// Where it goes on; none at the end.
    pub next: Option<SearchCursor>,
    /// Closed chats that are kept and whose client is named so, last active first; on the first page of
    /// a search by words alone. Those of the lists are there already.
    pub chats: Vec<ChatRow>,
    /// Whether there are more of them.
    pub has_more_chats: bool,
    /// How much is held that cannot be found yet.
    pub n_missing: u32,
}

/// A message or comment that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct FoundEntry {
    /// Its chat, which may be closed.
    pub chat: ChatRow,
    /// It.
    pub line: EntryRow,
    /// Words in it that are other forms of what was searched for, as they are compared: without case,
    /// and ё is е. What begins as it does is not among them.
    pub forms: Vec<String>,
}

impl Panel {
    /// What of everything that is held here matches.
    ///
    /// # Errors
    /// When nobody is signed in or the files cannot be read.
    pub async fn search(&self, query: SearchQuery) -> Result<SearchPage, PanelError> {
        self.with_session(move |session| Ok(session.search(&query)?))
            .await
    }

    /// Everything that is held, to be searched through without an index: what this search is compared
    /// with.
    ///
    /// # Errors
    /// Those of [`Panel::search`].
    #[cfg(feature = "trials")]
    pub async fn scan(&self) -> Result<Scan, PanelError> {
        self.with_session(|session| Ok(session.cache.read(Scan::read)?))
            .await
    }
}

impl Session {
    pub(crate) fn search(&self, query: &SearchQuery) -> Result<SearchPage, StorageError> {
        self.cache.read(|reader| find::find(reader, query))
    }

    /// Puts a piece of what is missing into the index, less if somebody else wants to write. Gives how
    /// much.
    fn put_in_index(&self) -> Result<usize, StorageError> {
        self.cache
            .write_aside(|tx, is_wanted| index::put_in(tx, PIECE, is_wanted))
    }
}

/// Puts what is held into the index, until the session ends. What others write goes first, and a quarter
/// of the time is left to whatever else there is to do.
pub(crate) async fn keep_index(session: Arc<Session>) {
    let mut has_grown = false;
    loop {
        let begun = Instant::now();
        let asked = Arc::clone(&session);
        let done = session.works.spawn_blocking(move || asked.put_in_index());
        let pause = match done.await {
            Ok(Ok(0)) => {
                if std::mem::take(&mut has_grown) {
                    session.events.send(PanelEvent::IndexChanged);
                }
                None
            }
            Ok(Ok(_)) => {
                has_grown = true;
                Some(begun.elapsed() / 3)
            }
            // It is empty, and what comes is told of.
            Ok(Err(StorageError::Rebuilt)) => Some(Duration::ZERO),
            Ok(Err(StorageError::Closed)) | Err(_) => return,
            Ok(Err(error)) => {
                tracing::warn!(%error, "What is searched through cannot be written");
                None
            }
        };
        let pause = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => session.has_unindexed.notified().await,
            }
        };
        tokio::select! {
            () = session.ended.cancelled() => return,
            () = pause => {}
        }
    }
}

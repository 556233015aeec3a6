//! What the panel says of its operator, and what it knows of the others at the same chats.
//!
//! Whether the device is used is told from two sides: the page tells of input in its window, and the
//! shell, where the system tells it, how long nobody has touched anything at all. The later of the
//! two counts, so that a desktop which tells nothing leaves the window's own input. A locked screen
//! outdoes both.
//!
//! None of it is kept: it is over with the connection.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use pult_domain::{ChatId, OperatorId};
use pult_protocol::{CompanySettings, ComposerMode, Onlooker, Standing, Watch, WatchedChat};
use tokio::time::Instant;

use crate::error::PanelError;
use crate::panel::Panel;

/// What is on the screen, and what is known of the device.
pub(crate) struct Desk {
    state: Mutex<State>,
}

struct State {
    looks: Looks,
    used_at: Instant,
    /// The device is idle when nobody has used it for so long; never, if none.
    idle_after: Option<Duration>,
    is_locked: bool,
}

/// What is on the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Looks {
    pub(crate) chat_id: Option<ChatId>,
    pub(crate) in_front: bool,
    pub(crate) typing: Option<ComposerMode>,
}

impl Desk {
    /// Somebody has just started the panel.
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                looks: Looks::default(),
                used_at: Instant::now(),
                idle_after: idle_after(&CompanySettings::default()),
                is_locked: false,
            }),
        }
    }

    /// What is on the screen.
    pub(crate) fn looks(&self) -> Looks {
        self.state.lock().looks
    }

    /// What the backend is to be told now. Nobody looks at a window that is behind others, or at one
    /// before which nobody sits.
    pub(crate) fn watch(&self) -> Watch {
        let state = self.state.lock();
        let standing = if state.is_locked {
            Standing::Locked
        } else if state
            .idle_after
            .is_some_and(|idle_after| state.used_at.elapsed() >= idle_after)
        {
            Standing::Idle
        } else {
            Standing::Active
        };
        let looks = Some(state.looks)
            .filter(|looks| looks.in_front && matches!(standing, Standing::Active));
        let chat_id = looks.and_then(|looks| looks.chat_id);
        let used_at = state.used_at;
        drop(state);
        Watch {
            chat_id,
            typing: looks
                .and_then(|looks| looks.typing)
                .filter(|_| chat_id.is_some()),
            standing,
            used_ago_s: u32::try_from(used_at.elapsed().as_secs()).unwrap_or(u32::MAX),
        }
    }

    /// Whether the device was used since then.
    pub(crate) fn was_used_since(&self, at: Instant) -> bool {
        self.state.lock().used_at > at
    }

    /// Notes what is on the screen.
    pub(crate) fn set_looks(&self, looks: Looks) {
        self.state.lock().looks = looks;
    }

    /// Notes that the device was used so long ago.
    fn used(&self, ago: Duration) {
        if let Some(at) = Instant::now().checked_sub(ago) {
            let mut state = self.state.lock();
            state.used_at = state.used_at.max(at);
        }
    }

    /// Goes by what the company has set.
    pub(crate) fn heed(&self, settings: &CompanySettings) {
        self.state.lock().idle_after = idle_after(settings);
    }

    fn set_locked(&self, is_locked: bool) {
        self.state.lock().is_locked = is_locked;
    }
}

fn idle_after(settings: &CompanySettings) -> Option<Duration> {
    let minutes = settings.away_after_minutes?;
    Some(Duration::from_mins(u64::from(minutes)))
}

/// Who else looks at the chats, as far as the connection that is live has told.
pub(crate) struct Onlookers {
    me: OperatorId,
    chats: Mutex<BTreeMap<ChatId, Vec<Onlooker>>>,
}

impl Onlookers {
    pub(crate) fn new(me: OperatorId) -> Self {
        Self {
            me,
            chats: Mutex::default(),
        }
    }

    /// The chats that colleagues look at.
    pub(crate) fn all(&self) -> Vec<WatchedChat> {
        let chats = self.chats.lock().clone().into_iter();
        let watched = chats.map(|(chat_id, onlookers)| WatchedChat { chat_id, onlookers });
        watched.collect()
    }

    /// The backend has told of all chats, or of some. True if anything has changed by that.
    pub(crate) fn take(&self, is_whole: bool, told: Vec<WatchedChat>) -> bool {
        let mut chats = self.chats.lock();
        let before = chats.clone();
        if is_whole {
            chats.clear();
        }
        for WatchedChat {
            chat_id,
            mut onlookers,
        } in told
        {
            // My own other devices are nobody else.
            onlookers.retain(|onlooker| onlooker.operator_id != self.me);
            if onlookers.is_empty() {
                chats.remove(&chat_id);
            } else {
                chats.insert(chat_id, onlookers);
            }
        }
        *chats != before
    }

    /// A chat has left the sight. True if anything was known of it.
    pub(crate) fn forget(&self, chat_id: ChatId) -> bool {
        self.chats.lock().remove(&chat_id).is_some()
    }
}

impl Panel {
    /// What is on the screen, whether the window is in front, and what is being typed in the chat:
    /// decides about banners and whether a composer can have the focus, and is told to colleagues who
    /// see the chat.
    ///
    /// # Errors
    /// When a draft cannot be stored.
    pub async fn watch(
        &self,
        chat_id: Option<ChatId>,
        in_front: bool,
        typing: Option<ComposerMode>,
    ) -> Result<(), PanelError> {
        let looks = Looks {
            chat_id,
            in_front,
            typing,
        };
        self.desk().set_looks(looks);
        self.say_watch();
        if self.session().is_err() {
            return Ok(());
        }
        self.with_session(move |session| {
            session.has_news.notify_one();
            session.is_watched(looks)
        })
        .await
    }

    /// The operator has done something with the device, so long ago.
    pub fn used(&self, ago: Duration) {
        self.desk().used(ago);
        self.say_watch();
    }

    /// The system says that the screen is locked, or is no longer.
    pub fn set_locked(&self, is_locked: bool) {
        self.desk().set_locked(is_locked);
        self.say_watch();
    }

    /// Says that the operator is away until said otherwise, on all their devices, or back.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn set_away(&self, away: bool) -> Result<(), PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        Ok(self.rest().set_away(address, token, away).await?)
    }

    /// Who else looks at which chats, and types in them.
    ///
    /// # Errors
    /// When nobody is signed in.
    #[expect(clippy::unused_async, reason = "the shell calls all methods alike")]
    pub async fn onlookers(&self) -> Result<Vec<WatchedChat>, PanelError> {
        Ok(self.session()?.onlookers.all())
    }

    fn say_watch(&self) {
        if let Ok(session) = self.session() {
            session.desk_changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const IDLE_AFTER: Duration = Duration::from_mins(10);

    fn open_chat() -> Looks {
        Looks {
            chat_id: Some(ChatId(Uuid::now_v7())),
            in_front: true,
            typing: Some(ComposerMode::Reply),
        }
    }

    /// What is said, however long ago the device was used.
    fn watch(desk: &Desk) -> Watch {
        Watch {
            used_ago_s: 0,
            ..desk.watch()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn how_long_ago_the_device_was_used_is_said() {
        let desk = Desk::new();
        tokio::time::advance(Duration::from_secs(70)).await;
        assert_eq!(desk.watch().used_ago_s, 70);
        desk.used(Duration::from_secs(3));
        assert_eq!(desk.watch().used_ago_s, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_looks_at_a_window_that_is_behind_others_or_left_alone() {
        let desk = Desk::new();
        let looks = open_chat();
        desk.set_looks(looks);
        let seen = Watch {
            chat_id: looks.chat_id,
            typing: looks.typing,
            ..Watch::default()
        };
        assert_eq!(watch(&desk), seen);
        desk.set_looks(Looks {
            in_front: false,
            ..looks
        });
        assert_eq!(watch(&desk), Watch::default());
        desk.set_looks(looks);
        desk.set_locked(true);
        let locked = Watch {
            standing: Standing::Locked,
            ..Watch::default()
        };
        assert_eq!(watch(&desk), locked);
        desk.set_locked(false);
        tokio::time::advance(IDLE_AFTER).await;
        let idle = Watch {
            standing: Standing::Idle,
            ..Watch::default()
        };
        assert_eq!(watch(&desk), idle);
    }

    #[tokio::test(start_paused = true)]
    async fn the_latest_use_counts_whoever_tells_of_it() {
        let desk = Desk::new();
        tokio::time::advance(IDLE_AFTER).await;
        desk.used(IDLE_AFTER);
        assert_eq!(watch(&desk).standing, Standing::Idle);
        desk.used(Duration::from_secs(1));
        assert_eq!(watch(&desk).standing, Standing::Active);
        // The system knows of an earlier use: that takes nothing back.
        desk.used(IDLE_AFTER);
        assert_eq!(watch(&desk).standing, Standing::Active);
        tokio::time::advance(IDLE_AFTER).await;
        assert_eq!(watch(&desk).standing, Standing::Idle);
    }

    #[tokio::test(start_paused = true)]
    async fn when_a_device_is_idle_is_what_the_company_says_now() {
        let desk = Desk::new();
        let after = |away_after_minutes| CompanySettings {
            away_after_minutes,
            ..CompanySettings::default()
        };
        tokio::time::advance(Duration::from_mins(3)).await;
        assert_eq!(watch(&desk).standing, Standing::Active);
        desk.heed(&after(Some(3)));
        assert_eq!(watch(&desk).standing, Standing::Idle);
        desk.heed(&after(Some(4)));
        assert_eq!(watch(&desk).standing, Standing::Active);
        desk.heed(&after(None));
        tokio::time::advance(Duration::from_hours(24)).await;
        assert_eq!(watch(&desk).standing, Standing::Active);
        desk.set_locked(true);
        assert_eq!(watch(&desk).standing, Standing::Locked);
    }

    #[test]
    fn my_own_devices_are_nobody_else() {
        let (me, boris) = (OperatorId(Uuid::now_v7()), OperatorId(Uuid::now_v7()));
        let chat_id = ChatId(Uuid::now_v7());
        let onlookers = Onlookers::new(me);
        let look = |operator_id| Onlooker {
            operator_id,
            typing: None,
        };
        let told = |all: &[OperatorId]| {
            vec![WatchedChat {
                chat_id,
                onlookers: all.iter().copied().map(look).collect(),
            }]
        };
        assert!(!onlookers.take(false, told(&[me])));
        assert!(onlookers.take(false, told(&[me, boris])));
        assert_eq!(onlookers.all(), told(&[boris]));
        assert!(!onlookers.take(true, told(&[boris])));
        assert!(onlookers.take(true, Vec::new()));
        assert_eq!(onlookers.all(), []);
        onlookers.take(false, told(&[boris]));
        assert!(onlookers.forget(chat_id));
        assert!(!onlookers.forget(chat_id));
    }
}

//! What supervisors see of everybody's chats: lists and counts over REST, hints of what has changed,
//! and alarms about clients who wait too long.
//!
//! A hint says in which chats something changed, never what: who is no supervisor any more when it is
//! to be said hears nothing, and what was said before tells nobody a word. What supervisors ask for
//! then is decided by their role as it is at that moment.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use parking_lot::Mutex;
use pult_domain::{ChatId, OperatorId, Role, Timestamp};
use pult_protocol::{
    ChatsPage, ChatsQuery, Code, LateChats, MAX_LATE_CHATS, MAX_NAMED_CHATS, Problem, Workload,
};
use pult_store::ChangeSet;
use tokio::sync::{Notify, broadcast, watch};

use crate::auth::SignedIn;
use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// So long changes are gathered before they are told of.
const GATHERED: Duration = Duration::from_millis(250);

/// How often it is looked for clients who wait too long, by the backend's clock, in milliseconds.
const LOOK_MS: i64 = 15_000;

/// How often that clock is looked at.
const TICK: Duration = Duration::from_millis(250);

/// How many hints a supervisor may be behind by before everything may have changed.
const QUEUE: usize = 16;

/// In which chats something has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hint {
    These(Vec<ChatId>),
    /// More than are worth naming.
    Everything,
}

/// What supervisors are told without asking.
pub(crate) struct Oversight {
    changed: Mutex<Changed>,
    has_changed: Notify,
    hints: broadcast::Sender<Arc<Hint>>,
    late: watch::Sender<Arc<LateChats>>,
    looks_again: Notify,
}

#[derive(Default)]
struct Changed {
    chats: BTreeSet<ChatId>,
    is_everything: bool,
}

impl Changed {
    fn add(&mut self, chats: impl Iterator<Item = ChatId>) {
        if self.is_everything {
            return;
        }
        self.chats.extend(chats);
        if self.chats.len() > MAX_NAMED_CHATS {
            self.all();
        }
    }

    fn all(&mut self) {
        self.is_everything = true;
        self.chats.clear();
    }

    fn hint(self) -> Option<Hint> {
        if self.is_everything {
            Some(Hint::Everything)
        } else if self.chats.is_empty() {
            None
        } else {
            Some(Hint::These(self.chats.into_iter().collect()))
        }
    }
}

impl Default for Oversight {
    fn default() -> Self {
        Self {
            changed: Mutex::default(),
            has_changed: Notify::new(),
            hints: broadcast::Sender::new(QUEUE),
            late: watch::Sender::default(),
            looks_again: Notify::new(),
        }
    }
}

impl Oversight {
    /// Notes what a commit has changed. `is_overtaken` says that another program has committed
    /// something that nobody here knows.
    pub(crate) fn note(&self, set: &ChangeSet, is_overtaken: bool) {
        if is_overtaken || set.company.is_some() || !set.operators.is_empty() {
            self.look_again();
        }
        if self.hints.receiver_count() == 0 {
            return;
        }
        let mut changed = self.changed.lock();
        if is_overtaken || !set.is_whole || set.company.is_some() {
            // Of all chats may be late what was not.
            changed.all();
        } else if set.chats.is_empty() {
            return;
        }
        changed.add(set.chats.iter().map(|change| change.chat.id));
        drop(changed);
        self.has_changed.notify_one();
    }

    /// Anything may have changed, by another program.
    pub(crate) fn note_everything(&self) {
        self.look_again();
        self.changed.lock().all();
        self.has_changed.notify_one();
    }

    /// What is late may be something else now, or for others: the company's limits may have changed,
    /// or somebody's role.
    fn look_again(&self) {
        self.looks_again.notify_one();
        self.late.send_modify(|_| {});
    }

    /// Hints from here on.
    pub(crate) fn follow(&self) -> broadcast::Receiver<Arc<Hint>> {
        self.hints.subscribe()
    }

    /// The clients who wait too long, as they were found last.
    pub(crate) fn late(&self) -> watch::Receiver<Arc<LateChats>> {
        self.late.subscribe()
    }
}

/// What of the late chats is for somebody.
pub(crate) fn part(late: &LateChats, of: OperatorId, is_supervisor: bool) -> LateChats {
    let is_theirs = |owner: Option<OperatorId>| is_supervisor || owner == Some(of);
    let theirs = late.chats.iter().filter(|chat| is_theirs(chat.owner_id));
    let n = if is_supervisor {
        late.n
    } else {
        u32::try_from(theirs.clone().count()).unwrap_or(u32::MAX)
    };
    LateChats {
        chats: theirs.take(MAX_LATE_CHATS).copied().collect(),
        n,
    }
}

/// Tells of what has changed, until the backend stops.
pub(crate) async fn hint(backend: Shared) {
    let oversight = &backend.oversight;
    loop {
        tokio::select! {
            () = backend.stopping.cancelled() => return,
            () = oversight.has_changed.notified() => {}
        }
        tokio::select! {
            () = backend.stopping.cancelled() => return,
            () = tokio::time::sleep(GATHERED) => {}
        }
        let changed = std::mem::take(&mut *oversight.changed.lock());
        if let Some(hint) = changed.hint() {
            // Nobody may be there any more to hear it.
            drop(oversight.hints.send(Arc::new(hint)));
        }
    }
}

/// Looks every so often for clients who wait too long, and at once when the company says otherwise
/// what that is, until the backend stops.
pub(crate) async fn watch(backend: Shared) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looked_at: Option<Timestamp> = None;
    loop {
        tokio::select! {
            () = backend.stopping.cancelled() => return,
            () = backend.oversight.looks_again.notified() => looked_at = None,
            _ = ticks.tick() => {}
        }
        let now = backend.now();
        // A clock that was put back must not keep it from looking.
        let passed = |at: Timestamp| now.ms_since(at).abs() >= LOOK_MS;
        if !looked_at.is_none_or(passed) {
            continue;
        }
        looked_at = Some(now);
        match backend.store.late_chats().await {
            Ok(late) => {
                let late = Arc::new(late);
                let tell = |told: &mut Arc<LateChats>| {
                    let has_changed = **told != *late;
                    *told = Arc::clone(&late);
                    has_changed
                };
                backend.oversight.late.send_if_modified(tell);
            }
            Err(error) => tracing::error!(%error, "It could not be looked for who waits too long"),
        }
    }
}

fn for_supervisors(role: Role) -> Result<(), ProblemResponse> {
    if role >= Role::Supervisor {
        return Ok(());
    }
    let message = "everybody's chats are for supervisors and administrators";
    Err(ProblemResponse::new(Code::NotAllowed, message))
}

/// Everybody's chats, for supervisors.
#[utoipa::path(
    get, path = "/api/v1/chats", params(ChatsQuery),
    responses(
        (status = 200, body = ChatsPage),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn chats(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    query: Result<Query<ChatsQuery>, QueryRejection>,
) -> Result<Json<ChatsPage>, ProblemResponse> {
    for_supervisors(session.operator.role)?;
    let malformed = |message: &str| ProblemResponse::new(Code::Malformed, message);
    let Query(query) = query.map_err(|_| malformed("which chats are wanted cannot be read"))?;
    let named = match &query.ids {
        None => None,
        Some(ids) => {
            let ids: Result<Vec<ChatId>, _> = ids
                .split(',')
                .take(MAX_NAMED_CHATS + 1)
                .map(str::parse)
                .collect();
            let ids = ids.map_err(|_| malformed("ids must be ids of chats with commas between"))?;
            if ids.len() > MAX_NAMED_CHATS {
                return Err(malformed("at most 100 chats can be named"));
            }
            Some(ids)
        }
    };
    let page = backend.store.chats(session.operator.id, query, named);
    Ok(Json(page.await?))
}

/// How much there is to do and with whom, for supervisors.
#[utoipa::path(
    get, path = "/api/v1/workload",
    responses(
        (status = 200, body = Workload),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn workload(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
) -> Result<Json<Workload>, ProblemResponse> {
    for_supervisors(session.operator.role)?;
    Ok(Json(backend.store.workload().await?))
}

#[cfg(test)]
mod tests {
    use pult_protocol::LateChat;
    use uuid::Uuid;

    use super::*;

    fn chat() -> ChatId {
        ChatId(Uuid::now_v7())
    }

    #[test]
    fn so_many_changes_are_named_and_more_are_everything() {
        let chats: Vec<ChatId> = (0..MAX_NAMED_CHATS).map(|_| chat()).collect();
        let mut changed = Changed::default();
        changed.add(chats.iter().copied());
        changed.add(chats.iter().copied());
        assert_eq!(changed.hint(), Some(Hint::These(chats.clone())));
        let mut changed = Changed::default();
        changed.add(chats.into_iter().chain([chat()]));
        assert_eq!(changed.hint(), Some(Hint::Everything));
        assert_eq!(Changed::default().hint(), None);
    }

    #[test]
    fn an_operator_is_told_of_their_own_late_chats_alone() {
        let (anna, boris) = (OperatorId(Uuid::now_v7()), OperatorId(Uuid::now_v7()));
        let late = |owner_id: Option<OperatorId>| LateChat {
            chat_id: chat(),
            owner_id,
            waiting_since: Timestamp(1),
            limit_minutes: 10,
        };
        let chats = vec![late(None), late(Some(anna)), late(Some(boris))];
        let all = LateChats {
            chats: chats.clone(),
            n: 300,
        };
        assert_eq!(part(&all, anna, true), all);
        let annas = part(&all, anna, false);
        assert_eq!((annas.chats, annas.n), (vec![chats[1]], 1));
    }

    #[test]
    fn a_frame_names_only_so_many_late_chats() {
        let anna = OperatorId(Uuid::now_v7());
        let late = LateChat {
            chat_id: chat(),
            owner_id: None,
            waiting_since: Timestamp(1),
            limit_minutes: 10,
        };
        let all = LateChats {
            chats: vec![late; MAX_LATE_CHATS + 1],
            n: 201,
        };
        let told = part(&all, anna, true);
        assert_eq!((told.chats.len(), told.n), (MAX_LATE_CHATS, 201));
    }
}

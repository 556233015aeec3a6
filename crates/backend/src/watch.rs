//! Keeps an eye on what can change without this process doing it: sessions that end, and commits
//! of the administration commands, which write to the same store from a process of their own.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use pult_domain::{SessionId, Timestamp};
use pult_store::StoreError;
use tokio_util::sync::CancellationToken;

use crate::backend::{Backend, Shared};
use crate::sessions::SESSION_MS;
use crate::webhooks;

/// A connection whose session has ended must be closed, and a foreign commit (which takes two looks)
/// be shown, within a second also on a busy machine.
const INTERVAL: Duration = Duration::from_millis(200);

/// A session is renewed when it has lost this much of its life, in milliseconds: one day.
const RENEW_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// The connections of each session, and how to end them.
#[derive(Default)]
pub(crate) struct LiveSessions {
    connections: Mutex<HashMap<SessionId, Connections>>,
}

struct Connections {
    n: usize,
    ended: CancellationToken,
}

impl LiveSessions {
    /// Adds a connection; the token is cancelled when its session has ended.
    #[expect(
        clippy::significant_drop_tightening,
        reason = "the entry is borrowed to the end"
    )]
    pub(crate) fn join(&self, session: SessionId) -> CancellationToken {
        let mut connections = self.connections.lock();
        let entry = connections.entry(session).or_insert_with(|| Connections {
            n: 0,
            ended: CancellationToken::new(),
        });
        entry.n += 1;
        entry.ended.clone()
    }

    /// Takes a connection away.
    pub(crate) fn leave(&self, session: SessionId) {
        let mut connections = self.connections.lock();
        if let Some(entry) = connections.get_mut(&session) {
            entry.n -= 1;
            if entry.n == 0 {
                connections.remove(&session);
            }
        }
    }

    /// Ends all connections of a session.
    pub(crate) fn end(&self, session: SessionId) {
        if let Some(entry) = self.connections.lock().get(&session) {
            entry.ended.cancel();
        }
    }

    /// Whether a panel is connected with a session.
    pub(crate) fn is_connected(&self, session: SessionId) -> bool {
        self.connections.lock().contains_key(&session)
    }

    fn ids(&self) -> Vec<SessionId> {
        self.connections.lock().keys().copied().collect()
    }
}

/// Looks every so often, until the backend stops.
pub(crate) async fn run(backend: Shared) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut unpublished = None;
    loop {
        tokio::select! {
            () = backend.stopping.cancelled() => return,
            () = backend.wake.channels.notified() => reload_channels(&backend).await,
            _ = ticks.tick() => match look(&backend, unpublished).await {
                Ok(seq) => unpublished = seq,
                Err(error) => tracing::error!(%error, "The store could not be looked at"),
            },
        }
    }
}

/// Ends what has ended, and notices foreign commits: a change that our own hub has still not
/// published one look after we first saw it in the store was not made by us.
async fn look(
    backend: &Backend,
    unpublished: Option<pult_domain::Seq>,
) -> Result<Option<pult_domain::Seq>, StoreError> {
    let ids = backend.live_sessions.ids();
    let alive = backend.store.live_sessions(ids.clone()).await?;
    let alive: HashMap<SessionId, Timestamp> = alive.into_iter().collect();
    for id in ids {
        match alive.get(&id) {
            None => backend.live_sessions.end(id),
            Some(expires_at) => renew(backend, id, *expires_at).await?,
        }
    }
    let seq = backend.store.seq().await?;
    let published = backend.hub.last();
    if let Some(foreign) = unpublished.filter(|seen| *seen > published) {
        backend.hub.overtaken(foreign.max(seq));
        backend.oversight.note_everything();
        reload_channels(backend).await;
        // Perhaps the channel that an event waits for.
        webhooks::apply_waiting(backend).await?;
        backend.wake.lanes.notify_one();
        return Ok(None);
    }
    Ok((seq > published).then_some(seq))
}

/// A session lives for as long as somebody is connected with it, and its time beyond that.
pub(crate) async fn renew(
    backend: &Backend,
    id: SessionId,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let renewed = backend.now().plus_ms(SESSION_MS);
    if renewed.ms_since(expires_at) > RENEW_AFTER_MS {
        backend.store.renew_session(id, renewed).await?;
    }
    Ok(())
}

async fn reload_channels(backend: &Backend) {
    if let Err(error) = backend.channels.reload(&backend.store).await {
        tracing::error!(%error, "The channels could not be read");
    }
}

//! What all parts share: who the business is, the state, the settings, and who waits for what.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::envelope::Business;
use crate::faults::Faults;
use crate::settings::{PairRate, Settings};
use crate::state::State;
use crate::webhook::Webhooks;

/// What only the two sides of a real installation know.
pub(crate) struct Secrets {
    pub(crate) app_secret: String,
    pub(crate) verify_token: String,
    pub(crate) access_token: String,
}

/// See the module.
pub(crate) struct World {
    pub(crate) business: Business,
    pub(crate) secrets: Secrets,
    pub(crate) clock: Clock,
    pub(crate) state: Mutex<State>,
    pub(crate) settings: Mutex<Settings>,
    pub(crate) faults: Faults,
    pub(crate) webhooks: Webhooks,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// Grows with every change that a phone or a test could see.
    changed: watch::Sender<u64>,
    /// How many webhooks and statuses are outstanding.
    outstanding: watch::Sender<usize>,
    /// Per recipient: when the pair rate will have been paid off.
    paid_until: Mutex<BTreeMap<String, i64>>,
}

impl World {
    pub(crate) fn new(
        business: Business,
        secrets: Secrets,
        clock: Clock,
        settings: Settings,
        state: State,
    ) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            business,
            secrets,
            clock,
            state: Mutex::new(state),
            settings: Mutex::new(settings),
            faults: Faults::default(),
            webhooks: Webhooks::new()?,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            changed: watch::Sender::new(0),
            outstanding: watch::Sender::new(0),
            paid_until: Mutex::new(BTreeMap::new()),
        }))
    }

    /// Runs until done or until the sandbox stops.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = work => {}
            }
        });
    }

    pub(crate) fn settings(&self) -> Settings {
        self.settings.lock().clone()
    }

    /// Tells everybody who watches that something changed.
    pub(crate) fn tell_changed(&self) {
        self.changed
            .send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    pub(crate) fn watch_changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Counts as outstanding until the guard is dropped.
    pub(crate) fn outstanding(&self) -> Outstanding {
        self.outstanding.send_modify(|count| *count += 1);
        Outstanding(self.outstanding.clone())
    }

    pub(crate) fn watch_outstanding(&self) -> watch::Receiver<usize> {
        self.outstanding.subscribe()
    }

    /// Whether the pair rate lets another message through. Burst is borrowed from the future, as
    /// Meta says: after it the recipient rests until the loan is paid back.
    pub(crate) fn pair_rate_allows(&self, recipient: &str, rate: PairRate) -> bool {
        let now_ms = self.clock.now_ms();
        let mut paid_until = self.paid_until.lock();
        let paid = paid_until
            .get(recipient)
            .copied()
            .unwrap_or(now_ms)
            .max(now_ms);
        let next = paid.saturating_add(rate.every_ms);
        let allowed = next - now_ms <= rate.every_ms.saturating_mul(rate.burst.max(1));
        if allowed {
            paid_until.insert(recipient.to_owned(), next);
        }
        allowed
    }
}

/// Something that `GET /control/idle` waits for.
pub(crate) struct Outstanding(watch::Sender<usize>);

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

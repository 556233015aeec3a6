//! What the backend does for itself while nobody asks: forgets what is old, writes the archive's index
//! to its end, keeps the store's write-ahead log short, and finds out when a disk that refused takes
//! writes again.

use std::time::Duration;

use pult_store::{Forget, Forgotten, PassPlace, StoreError};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::backend::Shared;

/// Between two looks at the disk and at the log.
const LOOK: Duration = Duration::from_secs(2);

/// Between two passes over what may be old.
const PASS: Duration = Duration::from_secs(60 * 60);

/// Between two pieces of a pass, so that others' work comes between.
const PAUSE: Duration = Duration::from_millis(20);

/// So long a piece waits for a moment without other work, and then is done all the same.
const PATIENCE: Duration = Duration::from_secs(10);

/// A log longer than this does not begin anew by itself, or it would have.
const MAX_LOG_BYTES: u64 = 64 * 1024 * 1024;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Answers to commands are kept for longer than any outbox lives.
const KEEP_ANSWERS_MS: i64 = 90 * DAY_MS;

/// `WhatsApp` reports nothing of a message that is older.
const KEEP_STATUSES_MS: i64 = 30 * DAY_MS;

/// Drafts in chats out of sight are kept for longer than any device is away.
const KEEP_DRAFTS_MS: i64 = 90 * DAY_MS;

/// Works until the backend stops.
pub(crate) async fn run(backend: Shared) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut passes = interval(PASS);
    passes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = backend.stopping.cancelled() => return,
            _ = looks.tick() => look(&backend).await,
            _ = passes.tick() => {
                tokio::select! {
                    () = backend.stopping.cancelled() => return,
                    () = forget_old(&backend) => {}
                }
            }
        }
    }
}

async fn look(backend: &Shared) {
    if backend.store.is_disk_refusing() {
        // What comes of it is noted by the store.
        drop(backend.store.try_disk().await);
    }
    let (_, log_bytes) = backend.store.sizes();
    if log_bytes > MAX_LOG_BYTES
        && let Err(error) = backend.store.empty_log().await
    {
        tracing::warn!(%error, log_bytes, "The write-ahead log could not be emptied");
    }
}

/// One pass, in pieces.
async fn forget_old(backend: &Shared) {
    let forget = backend.forget();
    let mut place = Some(PassPlace::default());
    let mut n_forgotten = 0;
    while let Some(here) = place {
        quiet(backend).await;
        match backend.store.forget(forget, here).await {
            Ok(Forgotten { n, next }) => {
                n_forgotten += n;
                place = next;
            }
            Err(error) => {
                tracing::warn!(%error, "What is old could not be forgotten; later once more");
                return;
            }
        }
        sleep(PAUSE).await;
    }
    if n_forgotten > 0 {
        tracing::info!(n_forgotten, "What was older than it is kept is forgotten");
    }
}

/// Writes what the archive's index lacks, until the backend stops.
pub(crate) async fn archive(backend: Shared) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let write = async {
        loop {
            looks.tick().await;
            if let Err(error) = write_archive(&backend).await {
                tracing::warn!(%error, "The archive's index could not be written; later once more");
            }
        }
    };
    tokio::select! {
        () = backend.stopping.cancelled() => {}
        () = write => {}
    }
}

/// All that the index lacks, in pieces.
async fn write_archive(backend: &Shared) -> Result<(), StoreError> {
    while backend.store.archive_piece().await? {
        quiet(backend).await;
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Waits for a moment in which nothing waits to be written.
async fn quiet(backend: &Shared) {
    let until = Instant::now() + PATIENCE;
    while backend.store.n_waiting() > 0 && Instant::now() < until {
        sleep(PAUSE).await;
    }
}

impl crate::Backend {
    /// What is old now.
    fn forget(&self) -> Forget {
        let now = self.now();
        let keep_events_ms = i64::try_from(self.keep_events.as_millis()).unwrap_or(i64::MAX);
        Forget {
            events_before: now.plus_ms(-keep_events_ms),
            answers_before: now.plus_ms(-KEEP_ANSWERS_MS),
            statuses_before: now.plus_ms(-KEEP_STATUSES_MS),
            drafts_before: now.plus_ms(-KEEP_DRAFTS_MS),
        }
    }
}

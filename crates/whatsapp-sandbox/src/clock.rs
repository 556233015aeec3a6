//! The sandbox's idea of "now": the machine's clock plus a shift that tests may move.
//!
//! The 24-hour window and the pair rate are judged by it, so that a day can pass in a test. Delays
//! and retries run in real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix milliseconds, movable forward; clones share the shift.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    shift_ms: Arc<AtomicI64>,
}

impl Clock {
    /// Now, in unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let real = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        real.saturating_add(self.shift_ms.load(Ordering::Relaxed))
    }

    /// Lets time pass: everything that asks from now on sees a later moment.
    pub fn advance_ms(&self, by: i64) {
        self.shift_ms.fetch_add(by.max(0), Ordering::Relaxed);
    }
}

//! The system's clock behind the store's seam.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pult_domain::Timestamp;
use pult_store::Clock;

/// The time of this machine.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    })
}

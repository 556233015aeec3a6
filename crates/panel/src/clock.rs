//! The local clock.

use std::time::{SystemTime, UNIX_EPOCH};

use pult_domain::Timestamp;

/// Now, by the local clock.
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

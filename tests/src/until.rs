//! Waiting for a condition.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

/// How long a test waits for what it expects before it fails. Long, since it is only ever waited
/// out by a failing test, and the machine may be busy.
pub const LIMIT: Duration = Duration::from_secs(30);

/// How often a condition is looked at that cannot be listened to.
const LOOK: Duration = Duration::from_millis(20);

/// Looks until `look` finds something.
///
/// # Errors
/// When it finds nothing within [`LIMIT`]; `what` says what was expected.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    within(LIMIT, what, look).await
}

/// The same with a limit of one's own.
///
/// # Errors
/// When it finds nothing within `limit`.
pub async fn within<T>(
    limit: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return Ok(found);
        }
        if Instant::now() >= end {
            bail!("waited {} s in vain: {what}", limit.as_secs());
        }
        sleep(LOOK).await;
    }
}

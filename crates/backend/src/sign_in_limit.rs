//! Limits tries to sign in, per name and address together: an office is one address, and nobody
//! may lock a colleague out from elsewhere.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use sha2::{Digest as _, Sha256};

/// So many tries at once…
const BURST: NonZeroU32 = NonZeroU32::new(8).expect("eight is not zero");

/// …and one more after each such time.
const REFILL: Duration = Duration::from_secs(10);

pub(crate) struct SignInLimit {
    /// By the hash of a name, since strangers choose how long names are.
    tries: DefaultKeyedRateLimiter<([u8; 32], IpAddr)>,
    clock: DefaultClock,
}

impl SignInLimit {
    pub(crate) fn new() -> Self {
        let quota = Quota::with_period(REFILL)
            .unwrap_or(Quota::per_minute(BURST))
            .allow_burst(BURST);
        Self {
            tries: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a try; if there were too many, tells how long to wait.
    pub(crate) fn check(&self, login: &str, address: IpAddr) -> Result<(), Duration> {
        // Names nobody tries any more are forgotten now and then.
        if self.tries.len() > 10_000 {
            self.tries.retain_recent();
        }
        self.tries
            .check_key(&(Sha256::digest(login.trim().to_lowercase()).into(), address))
            .map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_from_one_address_is_slowed_down_and_nobody_else() {
        let limit = SignInLimit::new();
        let office = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..BURST.get() {
            assert!(limit.check("anna", office).is_ok());
        }
        assert!(
            limit
                .check(" ANNA ", office)
                .is_err_and(|wait| wait <= REFILL)
        );
        assert!(limit.check("ivan", office).is_ok());
        assert!(limit.check("anna", IpAddr::from([127, 0, 0, 2])).is_ok());
    }
}

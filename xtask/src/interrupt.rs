//! Ctrl-C, SIGTERM and a closed terminal: noted, not died of, so that what was started can be ended in order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};

/// The signals that ask a program to end.
#[cfg(unix)]
const ASKING: &[i32] = &[SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const ASKING: &[i32] = &[SIGINT, SIGTERM];

/// The last signal that asked this program to end; 0 while none did.
static ASKED: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// What a step answers when it ended because somebody asked for it.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Interrupted {}

/// A request to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Request {
    /// Ctrl-C. The terminal has sent it to everything in the foreground.
    Interrupt,
    /// SIGTERM or SIGHUP, to this program alone.
    Terminate,
}

/// From now on a signal is noted.
pub(crate) fn listen() -> Result<()> {
    for &signal in ASKING {
        let value = usize::try_from(signal).context("Numbering a signal")?;
        signal_hook::flag::register_usize(signal, Arc::clone(&ASKED), value)
            .context("Listening for Ctrl-C")?;
    }
    Ok(())
}

/// Takes the request that has come since the last call, if any.
pub(crate) fn take() -> Option<Request> {
    match ASKED.swap(0, Ordering::Relaxed) {
        0 => None,
        signal if i32::try_from(signal) == Ok(SIGINT) => Some(Request::Interrupt),
        _ => Some(Request::Terminate),
    }
}

//! Log lines: how they look, which of them there are, and what never gets into them.
//!
//! `PULT_LOG` turns our own lines up and down. Other people's crates are held at warnings whatever
//! it says: at finer levels they print what they carry, and that is what clients write.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// The variable that turns lines up and down.
const VARIABLE: &str = "PULT_LOG";

/// Starts to log to standard error.
pub fn start(format: LogFormat) {
    let asked = std::env::var(VARIABLE)
        .ok()
        .filter(|asked| !asked.is_empty());
    let parsed = asked.as_deref().map(EnvFilter::try_new);
    let is_unreadable = matches!(parsed, Some(Err(_)));
    let filter = match parsed {
        Some(Ok(filter)) => filter,
        Some(Err(_)) | None => EnvFilter::new("info"),
    };
    let lines = tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(may_be_logged));
    match format {
        LogFormat::Text => lines
            .with(fmt::layer().with_writer(std::io::stderr).with_ansi(false))
            .init(),
        LogFormat::Json => lines
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .init(),
    }
    tell_of_panics();
    if is_unreadable {
        tracing::warn!("{VARIABLE} cannot be understood; the lines are those of `info`");
    }
}

/// Ours at any level, others' only from warnings up.
fn may_be_logged(line: &Metadata<'_>) -> bool {
    line.target().starts_with("pult_") || *line.level() <= Level::WARN
}

/// A panic is told by its place alone: its words may quote the text that it stumbled over.
fn tell_of_panics() {
    if std::io::stderr().is_terminal() && cfg!(debug_assertions) {
        // Whoever develops wants the words, and has no clients.
        return;
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "A task panicked");
    }));
}

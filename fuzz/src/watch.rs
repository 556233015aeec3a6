//! Watches over everything in this process while an input is tried: panics of any thread or task,
//! and what the backend logs.
//!
//! A panic in a task ends nothing but that task, so nobody outside would see it. And which lines of
//! the log an input leads to tells where in the code it has been: that is what stands for coverage
//! here, where there is no instrumentation.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Once;

use parking_lot::Mutex;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// Faults that the log may tell of, since an input can ask for them.
const EXPECTED_FAULTS: [&str; 1] = ["A delivery could not be read; the journal has it"];

static SEEN: Mutex<Seen> = Mutex::new(Seen::new());

/// What has been seen since somebody looked last.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// Panics, each with its place, and errors in the log.
    pub(crate) faults: Vec<String>,
    /// The lines of code that have logged something.
    pub(crate) lines: BTreeSet<String>,
}

impl Seen {
    const fn new() -> Self {
        Self {
            faults: Vec::new(),
            lines: BTreeSet::new(),
        }
    }
}

/// Begins to watch, for the rest of the process.
pub(crate) fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            SEEN.lock().faults.push(format!("panic: {panic}"));
            before(panic);
        }));
        let lines = tracing_subscriber::registry().with(Lines);
        // Somebody else's subscriber would see the same lines instead.
        drop(tracing::subscriber::set_global_default(lines));
    });
}

/// What has been seen since this was asked last.
pub(crate) fn take() -> Seen {
    std::mem::take(&mut SEEN.lock())
}

struct Lines;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with("pult")
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut words = Words::default();
        event.record(&mut words);
        let line = metadata.line().unwrap_or_default();
        let line = format!("log {}:{line}", metadata.target());
        let is_fault =
            *metadata.level() == Level::ERROR && !EXPECTED_FAULTS.contains(&words.message.as_str());
        let Words { message, cause } = words;
        let fault = is_fault.then(|| format!("logged as an error: {message}{cause}"));
        let mut seen = SEEN.lock();
        seen.lines.insert(line);
        seen.faults.extend(fault);
        drop(seen);
    }
}

#[derive(Default)]
struct Words {
    message: String,
    cause: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            // Writing to a string cannot fail.
            "error" => drop(write!(self.cause, " ({value:?})")),
            _ => {}
        }
    }
}

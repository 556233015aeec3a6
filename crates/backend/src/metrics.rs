//! Figures for those who watch over the backend, as Prometheus reads them.
//!
//! What happens is counted where it happens, in memory. What waits is read from the store when
//! somebody asks, on a reader. Labels are words of ours alone: no text, number, name or id.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use pult_domain::Timestamp;
use pult_domain::provider::SendOutcome;
use pult_protocol::{Code, Problem};
use pult_store::{CommitReport, Figures, LaneFigures, Observer};

use crate::backend::Shared;
use crate::hub::Readers;
use crate::problem::ProblemResponse;

/// What `prometheus_client` writes.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Headers by which a proxy tells that it asks for somebody else.
const FORWARDED: [&str; 5] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
];

/// One label with one word.
type Word = [(&'static str, Cow<'static, str>); 1];
type Counters = Family<Word, Counter>;
type Gauges = Family<Word, Gauge>;
type Seconds = Gauge<f64, AtomicU64>;

/// All figures.
pub(crate) struct Metrics {
    registry: Registry,
    webhooks: Counters,
    commands: Counters,
    sendings: Counters,
    commits: Commits,
    waiting: Waiting,
    inside: Inside,
}

#[derive(Default, Clone)]
struct Commits {
    done: Counter,
    failed: Counter,
    duration: Option<Histogram>,
    jobs: Option<Histogram>,
}

/// Read from the store when somebody asks.
#[derive(Default)]
struct Waiting {
    chats_queued: Gauge,
    chats_unanswered: Gauge,
    oldest_wait: Seconds,
    lanes: Gauges,
    not_confirmed: Gauge,
    events: Gauges,
}

/// Looked at in this process when somebody asks.
#[derive(Default)]
struct Inside {
    sockets: Gauges,
    longest_queue: Gauge,
    writer_queue: Gauge,
    disk_refuses: Gauge,
    store_bytes: Gauge,
    log_bytes: Gauge,
}

impl Metrics {
    /// With the counter of readers that fell behind, which is the hub's.
    pub(crate) fn new(started_at: Timestamp, fell_behind: &Counter) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            webhooks: Counters::default(),
            commands: Counters::default(),
            sendings: Counters::default(),
            commits: Commits::default(),
            waiting: Waiting::default(),
            inside: Inside::default(),
        };
        metrics.register_process(started_at);
        metrics.register_counters(fell_behind);
        metrics.register_commits();
        metrics.register_waiting();
        metrics.register_inside();
        metrics
    }

    fn register_process(&mut self, started_at: Timestamp) {
        let started = Seconds::default();
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds since 1970 are exact in a float"
        )]
        started.set(started_at.0 as f64 / 1000.0);
        self.registry.register_with_unit(
            "process_start_time",
            "When this process began to serve, since 1970",
            Unit::Seconds,
            started,
        );
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        self.registry
            .register("pult_build", "What is running", version);
    }

    fn register_counters(&mut self, fell_behind: &Counter) {
        for (name, help, counters) in [
            (
                "pult_webhooks",
                "Deliveries of providers by what became of them",
                &self.webhooks,
            ),
            (
                "pult_commands",
                "Commands by their outcome: done, or the code of the refusal",
                &self.commands,
            ),
            (
                "pult_sendings",
                "Tries to send a message to a client by their outcome",
                &self.sendings,
            ),
        ] {
            self.registry.register(name, help, counters.clone());
        }
        self.registry.register(
            "pult_readers_fell_behind",
            "How often a panel was too slow for live changes and went back to reading",
            fell_behind.clone(),
        );
    }

    fn register_commits(&mut self) {
        // Half a millisecond to sixteen seconds; one piece of work to as many as a commit takes.
        let duration = Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        let jobs = Histogram::new(exponential_buckets(1.0, 2.0, 11));
        let Commits { done, failed, .. } = &self.commits;
        self.registry
            .register("pult_commits", "Commits of the store", done.clone());
        self.registry.register(
            "pult_commits_failed",
            "Commits that did not come about; nothing in them was acknowledged",
            failed.clone(),
        );
        self.registry.register_with_unit(
            "pult_commit_duration",
            "From the beginning of a commit's work until it is on disk",
            Unit::Seconds,
            duration.clone(),
        );
        self.registry.register(
            "pult_commit_jobs",
            "Pieces of work that one commit holds",
            jobs.clone(),
        );
        self.commits.duration = Some(duration);
        self.commits.jobs = Some(jobs);
    }

    fn register_waiting(&mut self) {
        let Waiting {
            chats_queued,
            chats_unanswered,
            oldest_wait,
            lanes,
            not_confirmed,
            events,
        } = &self.waiting;
        for (name, help, gauge) in [
            ("pult_chats_queued", "Chats in the queue", chats_queued),
            (
                "pult_chats_queued_unanswered",
                "Chats in the queue whose client waits for an answer",
                chats_unanswered,
            ),
            (
                "pult_messages_not_confirmed",
                "Messages of which nobody knows whether they went out",
                not_confirmed,
            ),
        ] {
            self.registry.register(name, help, gauge.clone());
        }
        self.registry.register_with_unit(
            "pult_queue_oldest_wait",
            "How long the client in the queue has waited who waits longest",
            Unit::Seconds,
            oldest_wait.clone(),
        );
        self.registry.register(
            "pult_lanes",
            "Chats with replies on their way to the client, by what they wait for",
            lanes.clone(),
        );
        self.registry.register(
            "pult_journal_events",
            "Raw events that are not applied: waiting for their channel, or unreadable",
            events.clone(),
        );
    }

    fn register_inside(&mut self) {
        let Inside {
            sockets,
            longest_queue,
            writer_queue,
            disk_refuses,
            store_bytes,
            log_bytes,
        } = &self.inside;
        self.registry.register(
            "pult_sockets",
            "Panels that are connected: live, or reading what they missed",
            sockets.clone(),
        );
        for (name, help, gauge) in [
            (
                "pult_reader_longest_queue",
                "Frames that wait for the slowest of the live panels",
                longest_queue,
            ),
            (
                "pult_writer_queue",
                "Pieces of work that wait for their commit",
                writer_queue,
            ),
            (
                "pult_disk_refuses",
                "1 while the disk does not take what is written, else 0",
                disk_refuses,
            ),
        ] {
            self.registry.register(name, help, gauge.clone());
        }
        for (name, help, gauge) in [
            ("pult_store_size", "The store's file", store_bytes),
            ("pult_store_log_size", "Its write-ahead log", log_bytes),
        ] {
            self.registry
                .register_with_unit(name, help, Unit::Bytes, gauge.clone());
        }
    }

    /// What counts the commits of the store.
    pub(crate) fn observer(&self) -> Observer {
        let Commits {
            done,
            failed,
            duration,
            jobs,
        } = self.commits.clone();
        Box::new(move |report: CommitReport| {
            if !report.is_committed {
                failed.inc();
                return;
            }
            done.inc();
            if let (Some(duration), Some(jobs)) = (&duration, &jobs) {
                duration.observe(report.took.as_secs_f64());
                let n_jobs = u32::try_from(report.n_jobs).unwrap_or(u32::MAX);
                jobs.observe(f64::from(n_jobs));
            }
        })
    }

    /// A provider delivered, and was told this.
    pub(crate) fn webhook(&self, outcome: Result<&'static str, &Problem>) {
        count(&self.webhooks, word(outcome));
    }

    /// A command was answered.
    pub(crate) fn command<T>(&self, answer: &Result<T, Problem>) {
        count(&self.commands, word(answer.as_ref().map(|_| "done")));
    }

    /// A try to send a message has ended.
    pub(crate) fn sending(&self, outcome: &SendOutcome) {
        let outcome = match outcome {
            SendOutcome::Accepted { .. } => "accepted",
            SendOutcome::Retry { .. } => "retry",
            SendOutcome::ChannelBlocked(_) => "channel_blocked",
            SendOutcome::Rejected(_) => "rejected",
            SendOutcome::NotConfirmed { .. } => "not_confirmed",
        };
        count(&self.sendings, word(Ok(outcome)));
    }

    fn set_waiting(&self, figures: &Figures, now: Timestamp) {
        let waiting = &self.waiting;
        set(&waiting.chats_queued, figures.n_queued);
        set(&waiting.chats_unanswered, figures.n_queued_unanswered);
        let wait_ms = figures
            .waiting_since
            .map_or(0, |since| now.ms_since(since).max(0));
        #[expect(
            clippy::cast_precision_loss,
            reason = "nobody waits for a million years"
        )]
        waiting.oldest_wait.set(wait_ms as f64 / 1000.0);
        let LaneFigures {
            turn,
            retry,
            channel,
            answer,
            confirmation,
        } = figures.lanes;
        for (waits_for, n) in [
            ("turn", turn),
            ("retry", retry),
            ("channel", channel),
            ("answer", answer),
            ("confirmation", confirmation),
        ] {
            let label = [("waits_for", waits_for.into())];
            set(&waiting.lanes.get_or_create(&label), n);
        }
        set(&waiting.not_confirmed, figures.n_not_confirmed);
        for (state, n) in [
            ("waiting", figures.n_events_waiting),
            ("unreadable", figures.n_events_unreadable),
        ] {
            set(&waiting.events.get_or_create(&[("state", state.into())]), n);
        }
    }

    fn set_inside(&self, backend: &Shared) {
        let inside = &self.inside;
        let Readers {
            n_live,
            n_reading,
            longest_queue,
        } = backend.hub.readers();
        for (state, n) in [("live", n_live), ("reading", n_reading)] {
            let label = [("state", state.into())];
            set(&inside.sockets.get_or_create(&label), n);
        }
        set(&inside.longest_queue, longest_queue);
        set(&inside.writer_queue, backend.store.n_waiting());
        set(
            &inside.disk_refuses,
            u64::from(backend.store.is_disk_refusing()),
        );
        let (store, log) = backend.store.sizes();
        set(&inside.store_bytes, store);
        set(&inside.log_bytes, log);
    }
}

fn count(counters: &Counters, outcome: Cow<'static, str>) {
    counters.get_or_create(&[("outcome", outcome)]).inc();
}

fn set(gauge: &Gauge, n: impl TryInto<i64>) {
    gauge.set(n.try_into().unwrap_or(i64::MAX));
}

/// One word for an outcome; of a problem its code, as it is written everywhere.
fn word(outcome: Result<&'static str, &Problem>) -> Cow<'static, str> {
    let problem = match outcome {
        Ok(word) => return word.into(),
        Err(problem) => problem,
    };
    match serde_json::to_value(problem.code) {
        Ok(serde_json::Value::String(code)) => code.into(),
        Ok(_) | Err(_) => "unknown".into(),
    }
}

/// `GET /metrics` where everybody may ask who gets there.
pub(crate) async fn scrape(State(backend): State<Shared>) -> Result<Response, ProblemResponse> {
    let metrics = &backend.metrics;
    metrics.set_waiting(&backend.store.figures().await?, backend.now());
    metrics.set_inside(&backend);
    let mut text = String::new();
    encode(&mut text, &metrics.registry)
        .map_err(|_| ProblemResponse::new(Code::Internal, "the figures could not be written"))?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

/// `GET /metrics` beside what everybody asks for: only for whoever asks from this machine, and not
/// through a proxy on it.
pub(crate) async fn scrape_from_here(
    state: State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, ProblemResponse> {
    let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
    if peer.ip().to_canonical().is_loopback() && !is_forwarded {
        scrape(state).await
    } else {
        Err(ProblemResponse::not_found())
    }
}

//! The running backend: its parts, their start, and their end.

use std::fs::File;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};
use pult_domain::Timestamp;
use pult_store::{Audience, ChangeSet, Clock, Followers, Store};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::PasswordMemory;
use crate::channels::Channels;
use crate::departures::Departures;
use crate::hub::{Hub, onlookers};
use crate::metrics::Metrics;
use crate::oversight::Oversight;
use crate::presence::Attendance;
use crate::problem::{self, ProblemResponse};
use crate::sign_in_limit::SignInLimit;
use crate::watch::LiveSessions;
use crate::{
    DataFolder, administration, archive, audit, automatic, channel_phones, commands, company,
    delivery, figures, health, history, listen, metrics, openapi, oversight, presence,
    ready_answers, sessions, socket, upkeep, watch, webhooks,
};

/// Largest body of a REST request, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How the backend serves.
#[derive(Clone)]
pub struct ServeSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What tells the time: [`system_clock`](crate::system_clock), or a test's own.
    pub clock: Clock,
    /// Where the figures can be read; if nowhere of their own, beside the rest, from this machine.
    pub metrics_listen: Option<SocketAddr>,
    /// How long raw events that were applied are kept.
    pub keep_events: Duration,
}

/// What all requests and tasks share.
pub struct Backend {
    pub(crate) store: Store,
    clock: Clock,
    pub(crate) hub: Arc<Hub>,
    pub(crate) channels: Channels,
    pub(crate) departures: Departures,
    pub(crate) sign_in_limit: SignInLimit,
    pub(crate) passwords: Arc<Mutex<PasswordMemory>>,
    pub(crate) live_sessions: LiveSessions,
    pub(crate) attendance: Attendance,
    pub(crate) oversight: Arc<Oversight>,
    pub(crate) wake: Arc<Wake>,
    pub(crate) metrics: Metrics,
    pub(crate) keep_events: Duration,
    pub(crate) stopping: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

pub(crate) type Shared = Arc<Backend>;

/// What a commit gives others to do.
#[derive(Default)]
pub(crate) struct Wake {
    /// A lane of delivery may have something to do.
    pub(crate) lanes: Notify,
    /// Channels have changed.
    pub(crate) channels: Notify,
}

/// How long panels have to be told to come again where nothing can be written any more.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Nothing is written any more, since a fault of ours has ended the thread that writes.
#[derive(Debug, thiserror::Error)]
#[error(
    "a fault of the backend has ended its writing: start it again, and report the panic that its log tells of"
)]
pub struct WritingOver;

/// A backend that serves.
pub struct Running {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    backend: Shared,
    _lock: File,
}

impl Backend {
    /// Opens the folder and starts to serve.
    ///
    /// # Errors
    /// With words that say what to do: folder in use or not writable, port taken, newer store.
    pub async fn start(folder: &DataFolder, settings: &ServeSettings) -> anyhow::Result<Running> {
        // A provider may have been installed already, by a test beside this one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let lock = folder.lock()?;
        let hub = Arc::new(Hub::default());
        let wake = Arc::new(Wake::default());
        let oversight = Arc::new(Oversight::default());
        let followers = followers(&hub, &wake, &oversight);
        let store = folder.store(Arc::clone(&settings.clock), followers)?;
        let metrics = Metrics::new((settings.clock)(), hub.fell_behind());
        store.observe_commits(metrics.observer());
        let departed = folder.departures_of(&store.epoch().await?);
        // Before anything changes: a cursor of a past that this file does not have must not be
        // overtaken by what is settled here.
        let epoch = store.begin_epoch().await?;
        let n_messages = store.settle_interrupted(departed).await?;
        let departures = folder.begin_departures(&epoch)?;
        hub.begin(epoch, store.seq().await?);
        let attendance = Attendance::new(store.last_seen().await?, store.away().await?);
        if n_messages > 0 {
            tracing::warn!(
                n_messages,
                "Messages were being sent when the backend last ended"
            );
        }
        let backend = Arc::new(Self {
            store,
            clock: Arc::clone(&settings.clock),
            hub,
            channels: Channels::default(),
            departures,
            sign_in_limit: SignInLimit::new(),
            passwords: Arc::default(),
            live_sessions: LiveSessions::default(),
            attendance,
            oversight,
            wake,
            metrics,
            keep_events: settings.keep_events,
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        backend
            .channels
            .reload(&backend.store)
            .await
            .context("Reading the channels")?;
        webhooks::apply_waiting(&backend)
            .await
            .context("Applying events that waited")?;
        let listener = bind(settings.listen, "--listen").await?;
        let address = listener.local_addr()?;
        let metrics_listener = match settings.metrics_listen {
            Some(address) => Some(bind(address, "--metrics-listen").await?),
            None => None,
        };
        let metrics_address = metrics_listener
            .as_ref()
            .map(TcpListener::local_addr)
            .transpose()?;
        begin_tasks(&backend);
        let mut router = routes();
        if let Some(listener) = metrics_listener {
            let router = complete(watching(), &backend);
            backend
                .tasks
                .spawn(listen::run(Arc::clone(&backend), listener, router));
        } else {
            router = router.route("/metrics", get(metrics::scrape_from_here));
        }
        let router = complete(router, &backend);
        backend
            .tasks
            .spawn(listen::run(Arc::clone(&backend), listener, router));
        Ok(Running {
            address,
            metrics_address,
            backend,
            _lock: lock,
        })
    }

    /// What time it is, by the store's clock too.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// What is done beside requests, until the backend stops.
fn begin_tasks(backend: &Shared) {
    let tasks = &backend.tasks;
    tasks.spawn(delivery::run(Arc::clone(backend)));
    tasks.spawn(watch::run(Arc::clone(backend)));
    tasks.spawn(automatic::run(Arc::clone(backend)));
    tasks.spawn(onlookers::run(Arc::clone(backend)));
    tasks.spawn(upkeep::run(Arc::clone(backend)));
    tasks.spawn(upkeep::archive(Arc::clone(backend)));
    tasks.spawn(oversight::hint(Arc::clone(backend)));
    tasks.spawn(oversight::watch(Arc::clone(backend)));
}

fn cannot_listen(address: SocketAddr, option: &str, error: &std::io::Error) -> anyhow::Error {
    let kind = error.kind();
    if kind == std::io::ErrorKind::AddrInUse {
        anyhow::anyhow!(
            "Cannot listen on {address}: the port is taken by another program. \
             Stop that one, or choose another port with {option}."
        )
    } else if kind == std::io::ErrorKind::PermissionDenied {
        anyhow::anyhow!(
            "Cannot listen on {address}: this account may not use that port. \
             Choose one above 1023 with {option}."
        )
    } else {
        anyhow::anyhow!("Cannot listen on {address}: {error}.")
    }
}

fn followers(hub: &Arc<Hub>, wake: &Arc<Wake>, oversight: &Arc<Oversight>) -> Followers {
    let is_followed = {
        let hub = Arc::clone(hub);
        Arc::new(move |audience: &Audience| hub.is_followed(audience))
    };
    let (hub, wake, oversight) = (Arc::clone(hub), Arc::clone(wake), Arc::clone(oversight));
    let publish = Box::new(move |set: ChangeSet| {
        // What others have committed may be anything.
        let is_overtaken = hub.publish(&set);
        oversight.note(&set, is_overtaken);
        if set.lanes || is_overtaken {
            wake.lanes.notify_one();
        }
        if !set.channels.is_empty() || is_overtaken {
            wake.channels.notify_one();
        }
    });
    Followers {
        publish,
        is_followed,
    }
}

async fn bind(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| cannot_listen(address, option, &error))
}

/// What is served where only those who watch can ask.
fn watching() -> Router<Shared> {
    Router::new()
        .route("/metrics", get(metrics::scrape))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
}

fn routes() -> Router<Shared> {
    let rest = Router::new()
        .route(
            "/api/v1/sessions",
            post(sessions::sign_in).get(administration::sessions),
        )
        .route(
            "/api/v1/sessions/current",
            delete(sessions::sign_out).get(sessions::current),
        )
        .route("/api/v1/commands", post(commands::run))
        .route("/api/v1/chats/{chat_id}/entries", get(history::page))
        .route("/api/v1/chats/{chat_id}/card", get(archive::card))
        .route("/api/v1/chats", get(oversight::chats))
        .route("/api/v1/workload", get(oversight::workload))
        .route("/api/v1/archive", get(archive::search))
        .route("/api/v1/figures", get(figures::read))
        .route("/api/v1/presence", put(presence::set_away))
        .merge(ready_answers::router())
        .merge(automatic::router())
        .route(
            "/api/v1/channels/{channel_id}/phone",
            put(channel_phones::set),
        )
        .merge(administration::router())
        .route("/api/v1/audit", get(audit::page))
        .route("/api/v1/company", get(company::read).put(company::put))
        .route("/api/v1/socket", get(socket::open))
        .route("/api/v1/openapi.json", get(openapi::document))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    let provider = Router::new()
        .route(
            "/webhooks/whatsapp",
            get(webhooks::handshake).post(webhooks::take),
        )
        .layer(DefaultBodyLimit::max(webhooks::MAX_BODY_BYTES));
    rest.merge(ready_answers::tables())
        .merge(provider)
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
}

/// Gives `routes` the backend, and a "no" of ours for what they do not answer. Comes after all of
/// them: those that are added later would say it in the library's way.
fn complete(routes: Router<Shared>, backend: &Shared) -> Router {
    routes
        .fallback(async || ProblemResponse::not_found())
        .method_not_allowed_fallback(problem::no_such_method)
        .with_state(Arc::clone(backend))
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its figures can be read, if they have an address of their own.
    #[must_use]
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Serves until `stop` comes, then ends in order: no new requests, panels told to reconnect,
    /// sendings under way waited for, everything committed.
    ///
    /// # Errors
    /// When a fault of ours has ended the writing: it ends as well then, soon, so that whoever supervises
    /// it starts it anew.
    pub async fn until(self, stop: impl Future<Output = ()>) -> Result<(), WritingOver> {
        let Self { backend, _lock, .. } = self;
        let is_told = tokio::select! {
            () = stop => true,
            () = backend.store.writing_over() => false,
        };
        tracing::info!("Stopping");
        backend.stopping.cancel();
        backend.tasks.close();
        if !is_told {
            // Nothing that they do can be kept any more.
            drop(tokio::time::timeout(LEAVE_TIMEOUT, backend.tasks.wait()).await);
            return Err(WritingOver);
        }
        backend.tasks.wait().await;
        if let Some(backend) = Arc::into_inner(backend) {
            backend.store.close().await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::Relaxed;
    use std::time::Duration;

    use pult_protocol::ChannelKind;
    use pult_store::NewChannel;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpStream;

    use super::*;

    async fn started(folder: &DataFolder) -> Running {
        started_by(folder, crate::system_clock()).await
    }

    async fn started_by(folder: &DataFolder, clock: Clock) -> Running {
        let settings = ServeSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock,
            metrics_listen: None,
            keep_events: Duration::from_secs(60),
        };
        Backend::start(folder, &settings).await.unwrap()
    }

    #[tokio::test]
    async fn an_event_that_came_before_its_channel_is_applied_when_the_channel_is_added() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        let running = started(&folder).await;
        let store = &running.backend.store;
        let body = br#"{"entry": [{"changes": [{"field": "messages", "value": {
            "metadata": {"phone_number_id": "100000000000001"},
            "messages": [{"id": "wamid.A", "from": "79000000001", "timestamp": "1790000000",
                          "type": "text", "text": {"body": "!"}}]}}]}]}"#;
        let facts = pult_whatsapp::webhook::parse(body, running.backend.now()).unwrap();
        let taken = store.ingest(ChannelKind::Whatsapp, body.to_vec(), Some(facts));
        taken.await.unwrap();
        assert_eq!(store.waiting_events().await.unwrap().len(), 1);

        // As an administration command does, from a process of its own.
        let elsewhere = folder.store(crate::system_clock(), Followers::nobody());
        let channel = NewChannel {
            kind: ChannelKind::Whatsapp,
            name: "Shop".to_owned(),
            provider_key: "100000000000001".to_owned(),
            settings: "{}".to_owned(),
        };
        elsewhere.unwrap().put_channel(channel).await.unwrap();
        let applied = async {
            while !store.waiting_events().await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let applied = tokio::time::timeout(Duration::from_secs(10), applied);
        applied.await.expect("it is applied");
    }

    #[tokio::test]
    async fn nobody_holds_up_a_stop_by_half_a_request() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        let running = started(&folder).await;
        let mut senders = Vec::new();
        for half in [
            "",
            "GET / HT",
            "POST /webhooks/whatsapp HTTP/1.1\r\nHost: pult\r\nContent-Length: 9\r\n\r\n{",
        ] {
            let mut sender = TcpStream::connect(running.address()).await.unwrap();
            sender.write_all(half.as_bytes()).await.unwrap();
            senders.push(sender);
        }
        let stopped = tokio::time::timeout(Duration::from_secs(20), running.until(async {}));
        stopped.await.expect("it stops").unwrap();
    }

    #[tokio::test]
    async fn a_backend_that_writes_no_more_ends_with_a_failure() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        let is_faulty = Arc::new(AtomicBool::new(false));
        let is_writer_faulty = Arc::clone(&is_faulty);
        let clock: Clock = Arc::new(move || {
            let is_writer = std::thread::current().name() == Some("store-writer");
            assert!(
                !is_writer || !is_writer_faulty.load(Relaxed),
                "a fault of ours"
            );
            crate::system_clock()()
        });
        let running = started_by(&folder, clock).await;
        is_faulty.store(true, Relaxed);
        let backend = Arc::clone(&running.backend);
        backend.store.try_disk().await.unwrap_err();
        let ended = tokio::time::timeout(Duration::from_secs(20), running.until(pending()));
        ended.await.expect("it ends").unwrap_err();
    }
}

//! Plays Meta's part, so that a WhatsApp installation can be run and broken without WhatsApp.
//!
//! It depends on nothing else of this repository and writes its own JSON: a fake that shares the
//! product's types would only confirm the product's mistakes. Secrets come from outside, the
//! socket is on the loopback, and nothing is asked of any other machine.
//!
//! # What it plays
//! - The Graph API, with or without a version in front: `POST /{phone-number-id}/messages`
//!   (messages, read receipts, typing), `GET /{phone-number-id}`,
//!   `POST|GET|DELETE /{waba-id}/subscribed_apps`.
//! - The webhook sender: handshake, signed ASCII-escaped bodies, repeated until 200.
//! - The clients' phones: at `/phones` for people, under `/control` for tests.
//!
//! # Control API
//! JSON; `{number}` takes digits with or without `+`. A wrong request is 400 or 404 with `error`.
//!
//! | request | what it does |
//! |---|---|
//! | `POST /control/phones {number, name?, username?, user_id?, mode?, auto_read?}` | creates a phone (201), or changes it (200); `mode` is `phone`, `username` or `both` |
//! | `GET /control/phones`, `GET`/`PATCH /control/phones/{number}` | all phones, one, change one |
//! | `POST /control/phones/{number}/messages {text}` | the client writes; answers `{wamid, n, timestamp_ms}` |
//! | `POST …/messages {type, content, extra?, reply_to?}` | the same with any content object and siblings of it |
//! | `GET …/received?after=N&wait_ms=M` | what arrived after place `N`, in order, and `next`; waits up to `M` ms for something |
//! | `GET …/sent?after=N` | what the client wrote, with `delivered` (webhook got 200) and `read` |
//! | `POST …/read` | the client opens the chat: everything there is read |
//! | `PUT /control/webhook {url, verify_token?, keep_trying?}` | handshake, then activation; 400 and the former webhook stays if it fails |
//! | `GET /control/webhook` | the active webhook |
//! | `GET`/`PATCH /control/settings` | see [`Settings`]; what is not given stays |
//! | `GET`/`POST /control/clock {advance_ms}` | lets time pass for the 24-hour window and the pair rate |
//! | `POST`/`GET`/`DELETE /control/faults/sends` | see [`SendFault`]; `times` is 1 unless given |
//! | `POST`/`GET`/`DELETE /control/faults/webhooks` | see [`WebhookFault`] |
//! | `GET /control/posts` | per message: how many POSTs, and under which ids they were accepted |
//! | `GET /control/webhooks` | every attempt with its bytes and answer, and how many bodies wait |
//! | `GET /control/idle?wait_ms=M` | 200 when no webhook or status is outstanding, 408 after `M` ms |
//! | `GET /control/events` | event stream: `changed` whenever anything of this changed |

mod clock;
mod control;
mod envelope;
mod faults;
mod graph;
mod graph_error;
mod ids;
mod journal;
mod json;
mod log;
mod page;
mod phone;
mod posts;
mod send;
mod settings;
mod signature;
mod state;
mod statuses;
mod webhook;
mod wire;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use crate::clock::Clock;
pub use crate::faults::{SendFault, WebhookFault};
pub use crate::phone::{FromClient, Mode, Passed, Phone, ToClient};
pub use crate::posts::Posts;
pub use crate::settings::{PairRate, Retry, Settings, StatusQuirks, Window};
pub use crate::webhook::Attempt;

use crate::envelope::Business;
use crate::state::State;
use crate::wire::{Connection, CuttableListener};
use crate::world::{Secrets, World};

/// How long open requests may finish in after [`Sandbox::shutdown`].
const GRACE: Duration = Duration::from_secs(1);

/// What a sandbox needs to know. It has no `Debug`, because it holds secrets.
pub struct Config {
    /// Where to listen; loopback only, port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where events go; can be set later by the control API.
    pub webhook: Option<String>,
    /// Signs webhooks.
    pub app_secret: String,
    /// Goes with the handshake.
    pub verify_token: String,
    /// Opens the Graph API.
    pub access_token: String,
    /// The business number's id.
    pub phone_number_id: String,
    /// The business number itself.
    pub display_number: String,
    /// The business account's id.
    pub waba_id: String,
    /// Behaviour at start.
    pub settings: Settings,
    /// Time.
    pub clock: Clock,
    /// Folder in which phones outlive a restart; without it nothing is kept.
    pub data: Option<PathBuf>,
}

/// A running sandbox. Dropping it without [`Sandbox::shutdown`] stops it abruptly.
pub struct Sandbox {
    world: Arc<World>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Binds the socket and begins; the handshake with `webhook` is tried in the background until
    /// it succeeds, so programs may start in any order.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        if !config.listen.ip().is_loopback() {
            bail!("The sandbox listens on the loopback only");
        }
        // Someone else may have chosen a provider in this process already; theirs is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let display_number = send::digits(&config.display_number);
        let business = Business {
            waba_id: config.waba_id,
            phone_number_id: config.phone_number_id,
            display_number: display_number.context("The display number is not a number")?,
        };
        let secrets = Secrets {
            app_secret: config.app_secret,
            verify_token: config.verify_token,
            access_token: config.access_token,
        };
        let state = State::open(config.data.as_deref())?;
        let world = World::new(business, secrets, config.clock, config.settings, state)?;
        let listener = TcpListener::bind(config.listen)
            .await
            .context("Binding the socket")?;
        let address = listener
            .local_addr()
            .context("Reading the socket's address")?;
        let server = serve(&world, listener);
        webhook::resume(&world);
        statuses::resume(&world);
        if let Some(url) = config.webhook {
            webhook::keep_trying(&world, url, world.secrets.verify_token.clone());
        }
        Ok(Self {
            world,
            address,
            server,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, the base of Graph, control API and page.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops everything; what is unfinished and kept continues at the next start.
    pub async fn shutdown(mut self) {
        self.world.stop.cancel();
        self.world.tasks.close();
        self.world.tasks.wait().await;
        if tokio::time::timeout(GRACE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.world.stop.cancel();
        self.server.abort();
    }
}

fn serve(world: &Arc<World>, listener: TcpListener) -> JoinHandle<()> {
    let app = Router::new()
        .route("/phones", get(page::phones))
        .merge(control::router())
        .fallback(graph::serve)
        .with_state(Arc::clone(world))
        .into_make_service_with_connect_info::<Connection>();
    let stop = world.stop.clone();
    tokio::spawn(async move {
        let server = axum::serve(CuttableListener(listener), app)
            .with_graceful_shutdown(async move { stop.cancelled().await });
        if let Err(error) = server.await {
            tracing::error!(%error, "Serving ended");
        }
    })
}

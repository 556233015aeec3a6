//! The desktop's banners, by a recorder in place of a notification daemon, and its screen saver: on the
//! session bus, which must be one of the tests' own.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use zbus::zvariant::OwnedValue;
use zbus::{Connection, interface};

use crate::desk::Bus;
use crate::until::until;

const PATH: &str = "/org/freedesktop/Notifications";
const NAME: &str = "org.freedesktop.Notifications";

/// A banner as the desktop was asked to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// Its id; one that replaces another has the other's.
    pub id: u32,
    /// Its title.
    pub title: String,
    /// Its text, which a desktop takes for markup.
    pub body: String,
    /// Whether it took the place of one that was shown.
    pub replaces: bool,
    /// What can be done with it, each by its name and its words.
    pub actions: Vec<(String, String)>,
    /// Whether it is to make no sound of the desktop's.
    pub is_silent: bool,
}

/// The desktop's banners; nobody shows any once this goes.
#[derive(Debug)]
pub struct Banners {
    connection: Connection,
    shown: Arc<Mutex<Vec<Banner>>>,
    closed: Arc<Mutex<Vec<u32>>>,
}

struct Daemon {
    shown: Arc<Mutex<Vec<Banner>>>,
    closed: Arc<Mutex<Vec<u32>>>,
    last_id: u32,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Daemon {
    fn get_capabilities(&self) -> Vec<&str> {
        vec!["actions", "body", "body-markup"]
    }

    fn get_server_information(&self) -> (&str, &str, &str, &str) {
        ("recorder", "pult", "1", "1.2")
    }

    #[expect(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "the protocol of the desktop has so many, and hands them over"
    )]
    fn notify(
        &mut self,
        _app: String,
        replaces_id: u32,
        _icon: String,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let replaces = replaces_id != 0;
        let id = if replaces {
            replaces_id
        } else {
            self.last_id + 1
        };
        self.last_id = self.last_id.max(id);
        self.shown.lock().push(Banner {
            id,
            title,
            body,
            replaces,
            actions: actions
                .chunks_exact(2)
                .filter_map(|pair| Some((pair.first()?.clone(), pair.last()?.clone())))
                .collect(),
            is_silent: hints
                .get("suppress-sound")
                .is_some_and(|hint| bool::try_from(hint).unwrap_or(false)),
        });
        id
    }

    fn close_notification(&self, id: u32) {
        self.closed.lock().push(id);
    }
}

impl Banners {
    /// Takes the place of the desktop's daemon.
    ///
    /// # Errors
    /// When there is no session bus, or a real daemon on it.
    pub async fn record() -> Result<Self> {
        Self::record_through(zbus::connection::Builder::session()).await
    }

    /// The same on a bus of a test's own.
    ///
    /// # Errors
    /// When there is a daemon on it.
    pub async fn record_on(bus: &Bus) -> Result<Self> {
        let address = bus.address.as_str();
        Self::record_through(zbus::connection::Builder::address(address)).await
    }

    async fn record_through(bus: zbus::Result<zbus::connection::Builder<'_>>) -> Result<Self> {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let closed = Arc::new(Mutex::new(Vec::new()));
        let daemon = Daemon {
            shown: Arc::clone(&shown),
            closed: Arc::clone(&closed),
            last_id: 0,
        };
        let connection = bus
            .and_then(|builder| builder.serve_at(PATH, daemon))
            .and_then(|builder| builder.name(NAME))
            .context("Preparing the recorder of banners")?
            .build()
            .await
            .context("Taking the place of the notification daemon")?;
        Ok(Self {
            connection,
            shown,
            closed,
        })
    }

    /// All banners so far, oldest first.
    #[must_use]
    pub fn shown(&self) -> Vec<Banner> {
        self.shown.lock().clone()
    }

    /// Waits for a banner.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn appears(&self, what: &str, is_it: impl Fn(&Banner) -> bool) -> Result<Banner> {
        until(what, async || {
            self.shown().into_iter().find(|banner| is_it(banner))
        })
        .await
    }

    /// Waits until a banner is taken from the screen.
    ///
    /// # Errors
    /// When it stays.
    pub async fn is_closed(&self, banner: &Banner) -> Result<()> {
        until("a banner is taken away", async || {
            self.closed.lock().contains(&banner.id).then_some(())
        })
        .await
    }

    /// Clicks on a banner until `is_done`: who showed it hears clicks only a moment later, and a
    /// second click on a banner that is gone does nothing.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn click_until(
        &self,
        (banner, action): (&Banner, &str),
        what: &str,
        mut is_done: impl AsyncFnMut() -> bool,
    ) -> Result<()> {
        until(what, async || {
            let click = (banner.id, action);
            let told =
                self.connection
                    .emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &click);
            told.await.ok()?;
            is_done().await.then_some(())
        })
        .await
    }
}

/// The desktop's screen saver.
#[derive(Debug)]
pub struct ScreenSaver {
    connection: Connection,
}

impl ScreenSaver {
    /// Takes its place.
    ///
    /// # Errors
    /// When there is no session bus.
    pub async fn new() -> Result<Self> {
        let connection = Connection::session().await;
        Ok(Self {
            connection: connection.context("Reaching the session bus")?,
        })
    }

    /// Tells that the screen is locked, or no longer.
    ///
    /// # Errors
    /// When the bus does not take it.
    pub async fn set_active(&self, is_active: bool) -> Result<()> {
        let name = "org.freedesktop.ScreenSaver";
        let path = "/org/freedesktop/ScreenSaver";
        let told =
            self.connection
                .emit_signal(None::<&str>, path, name, "ActiveChanged", &is_active);
        told.await.context("Telling of the screen")
    }
}

//! The icon in the system's tray. The page says what it shows, in words too: it is the page that knows
//! how many clients wait, how the connection is, and in which language.
//!
//! A tray may come late, go, and come back, and some desktops have none; whoever closes the window asks
//! [`Tray::is_there`] first.

mod icon;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use serde::Deserialize;
use tauri::{AppHandle, Runtime};
use tokio::sync::watch;

#[cfg(windows)]
pub(crate) use icon::mark;
#[cfg(target_os = "linux")]
pub(crate) use linux::start;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::start;

use crate::desktop::{self, Wish};
use crate::window;

/// Lines of the menu that need no page.
const OPEN: &str = "open";
const QUIT: &str = "quit";

/// How many clients wait and how the panel is: what window, tray and taskbar show of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Badge {
    /// How many clients wait.
    pub(crate) n: u32,
    /// The window's title.
    pub(crate) title: String,
    pub(crate) sign: Sign,
    pub(crate) tooltip: String,
    /// None is a line between two parts.
    pub(crate) menu: Vec<Option<Line>>,
}

/// How the panel is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sign {
    Live,
    #[default]
    CatchingUp,
    Offline,
}

/// A line of the menu.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// What the page hears when it is chosen.
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) is_enabled: bool,
    /// None if it cannot be checked.
    pub(crate) is_checked: Option<bool>,
}

/// The tray's icon as the rest of the program knows it.
pub(crate) struct Tray {
    badge: watch::Sender<Badge>,
    is_there: watch::Sender<bool>,
}

impl Tray {
    pub(crate) fn new() -> Self {
        Self {
            badge: watch::Sender::new(Badge::default()),
            is_there: watch::Sender::new(false),
        }
    }

    /// Shows this from now on, as soon as there is a tray.
    pub(crate) fn show(&self, badge: Badge) {
        self.badge.send_replace(badge);
    }

    /// Whether the icon can be seen, so that a hidden window is not out of reach.
    pub(crate) fn is_there(&self) -> bool {
        *self.is_there.borrow()
    }
}

/// A line of the menu was chosen.
fn choose<R: Runtime>(app: &AppHandle<R>, id: &str) {
    match id {
        OPEN => window::bring_to_front(app),
        QUIT => app.exit(0),
        _ => desktop::tell(app, &Wish::Tray { id: id.to_owned() }),
    }
}

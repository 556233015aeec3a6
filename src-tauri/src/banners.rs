//! Banners: what the desktop shows while its operator looks elsewhere.
//!
//! The panel decides what is told and the page words it; here it is only shown, one banner for each
//! thing that there is to tell of. What a system does with it differs:
//!
//! | system | shown by | the next of the same | when it was seen |
//! |---|---|---|---|
//! | Linux | `org.freedesktop.Notifications` | takes its place | it is taken away |
//! | Windows | toasts, under the program's identity | stands beside it | it goes by itself |
//! | macOS | the notification centre, under the bundle's identity | stands beside it | it goes by itself |

use notify_rust::NotificationResponse;
use pult_domain::{ChatId, Place};
use pult_panel::view::BannerKey;
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Emitter, Runtime};

#[cfg(target_os = "linux")]
pub(crate) use linux::Banners;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::Banners;

use crate::window;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

/// The page's event with a click on a banner.
const BANNER_CLICKED: &str = "banner-clicked";

/// The button that opens the chat with the cursor in its composer.
const REPLY: &str = "reply";

/// A banner in the page's words.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Banner {
    key: BannerKey,
    title: String,
    body: String,
    /// The chat that a click opens, and the entry there that it leads to.
    chat_id: Option<ChatId>,
    place: Option<Place>,
    /// What its buttons say; those that are not named are not there.
    open: Option<String>,
    reply: Option<String>,
    /// Whether it tells of something that is urgent.
    #[cfg_attr(
        target_os = "macos",
        expect(dead_code, reason = "the notification centre knows no urgency")
    )]
    is_urgent: bool,
}

/// A click on a banner.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Click {
    key: BannerKey,
    chat_id: Option<ChatId>,
    place: Option<Place>,
    /// Whether its operator wants to write at once.
    reply: bool,
}

impl Click {
    /// One that leads where the banner does.
    const fn on(banner: &Banner) -> Self {
        Self {
            key: banner.key,
            chat_id: banner.chat_id,
            place: banner.place,
            reply: false,
        }
    }
}

/// Whether the banner was clicked on, and whether its operator wants to write at once.
fn clicked(response: &NotificationResponse) -> Option<bool> {
    match response {
        NotificationResponse::Default => Some(false),
        NotificationResponse::Action(name) => Some(name == REPLY),
        NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => None,
    }
}

fn tell_of_click<R: Runtime>(app: &AppHandle<R>, click: Click) {
    window::bring_to_front(app);
    if let Err(error) = app.emit_to(window::MAIN, BANNER_CLICKED, click) {
        tracing::warn!(%error, "A click on a banner did not reach the page");
    }
}

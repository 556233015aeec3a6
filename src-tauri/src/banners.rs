//! Banners: what the desktop shows while its operator looks elsewhere.
//!
//! The panel decides what is told and the page words it; here it is only shown, one banner for each
//! thing that there is to tell of: the newest replaces the one before, or a talkative client would fill
//! the corner of the screen. What was seen, here or on another device, is taken away again.

use std::collections::HashMap;
use std::sync::Arc;

use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse};
use parking_lot::Mutex;
use pult_domain::{ChatId, Place};
use pult_panel::view::BannerKey;
use serde::{Deserialize, Serialize};
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Emitter, Runtime};
use tokio::sync::OnceCell;

use crate::window;

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

/// The banners on the screen.
#[derive(Clone, Default)]
pub(crate) struct Banners {
    shown: Arc<Mutex<HashMap<BannerKey, Shown>>>,
    reads_markup: Arc<OnceCell<bool>>,
}

/// A banner on the screen, and who waits for a click on it.
struct Shown {
    handle: Arc<NotificationHandle>,
    waiter: JoinHandle<()>,
}

impl Banners {
    /// Shows a banner; an error says that this desktop shows none.
    pub(crate) async fn show<R: Runtime>(
        &self,
        app: AppHandle<R>,
        banner: Banner,
    ) -> Result<(), notify_rust::error::Error> {
        let handle = self.put(&banner).await?;
        let click = Click {
            key: banner.key,
            chat_id: banner.chat_id,
            place: banner.place,
            reply: false,
        };
        self.wait_for_click(app, click, Arc::new(handle));
        Ok(())
    }

    /// Takes a banner from the screen, if it is there still.
    pub(crate) async fn hide(&self, key: BannerKey) {
        let shown = self.shown.lock().remove(&key);
        if let Some(shown) = shown {
            shown.waiter.abort();
            shown.handle.close_async().await;
        }
    }

    async fn put(&self, banner: &Banner) -> Result<NotificationHandle, notify_rust::error::Error> {
        let reads_markup = *self.reads_markup.get_or_try_init(reads_markup).await?;
        let body = if reads_markup {
            escaped(&banner.body)
        } else {
            banner.body.clone()
        };
        let mut shown = Notification::new();
        shown
            .appname("Pult")
            .icon("pult")
            .summary(&banner.title)
            .body(&body)
            .action("default", banner.open.as_deref().unwrap_or("Pult"))
            .hint(Hint::DesktopEntry("Pult".to_owned()))
            .hint(Hint::Category("im.received".to_owned()))
            // The panel has sounds of its own.
            .hint(Hint::SuppressSound(true));
        if let Some(reply) = &banner.reply {
            shown.action(REPLY, reply);
        }
        if banner.is_urgent {
            shown.hint(Hint::Urgency(notify_rust::Urgency::Critical));
        }
        if let Some(id) = self
            .shown
            .lock()
            .get(&banner.key)
            .map(|shown| shown.handle.id())
        {
            shown.id(id);
        }
        shown.show_async().await
    }

    fn wait_for_click<R: Runtime>(
        &self,
        app: AppHandle<R>,
        click: Click,
        handle: Arc<NotificationHandle>,
    ) {
        let shown = Arc::clone(&self.shown);
        let waited = Arc::clone(&handle);
        // Held while the waiter starts, so that it cannot forget the banner before it is noted.
        let mut all = self.shown.lock();
        let waiter = tauri::async_runtime::spawn(async move {
            let mut clicked = None;
            waited
                .wait_for_action_async(|response| {
                    clicked = match response {
                        NotificationResponse::Default => Some(false),
                        NotificationResponse::Action(name) => Some(name == REPLY),
                        NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => None,
                    };
                })
                .await;
            shown.lock().remove(&click.key);
            if let Some(reply) = clicked {
                tell_of_click(&app, Click { reply, ..click });
            }
        });
        if let Some(before) = all.insert(click.key, Shown { handle, waiter }) {
            before.waiter.abort();
        }
    }
}

fn tell_of_click<R: Runtime>(app: &AppHandle<R>, click: Click) {
    window::bring_to_front(app);
    if let Err(error) = app.emit_to(window::MAIN, BANNER_CLICKED, click) {
        tracing::warn!(%error, "A click on a banner did not reach the page");
    }
}

/// Whether the desktop takes a banner's body for markup. The library asks without a runtime, so it
/// is asked off the async threads.
async fn reads_markup() -> Result<bool, notify_rust::error::Error> {
    let capabilities = tauri::async_runtime::spawn_blocking(notify_rust::get_capabilities);
    let capabilities = capabilities.await.unwrap_or_else(|_| Ok(Vec::new()))?;
    Ok(capabilities
        .iter()
        .any(|capability| capability == "body-markup"))
}

/// What a client wrote is text, whatever it looks like.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_looks_like_markup_is_shown_as_written() {
        assert_eq!(
            super::escaped("<b>5 & 6</b>"),
            "&lt;b&gt;5 &amp; 6&lt;/b&gt;"
        );
    }
}

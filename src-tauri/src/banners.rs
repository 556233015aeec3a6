//! Banners: what the desktop shows of a chat while the window is not in front.
//!
//! The page words them; here they are only shown, one per chat: the newest replaces the one before,
//! or a talkative client would fill the corner of the screen. One banner is about no single chat: clients
//! of several who wait too long.

use std::collections::HashMap;
use std::sync::Arc;

use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse};
use parking_lot::Mutex;
use pult_domain::ChatId;
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Emitter, Runtime};
use tokio::sync::OnceCell;

use crate::window;

/// The page's event that opens a chat, or shows whose clients wait too long if it names none.
const OPEN_CHAT: &str = "open-chat";

/// The banners on the screen.
#[derive(Clone, Default)]
pub(crate) struct Banners {
    shown: Arc<Mutex<HashMap<Option<ChatId>, Shown>>>,
    reads_markup: Arc<OnceCell<bool>>,
}

/// A banner on the screen, and who waits for a click on it.
struct Shown {
    id: u32,
    waiter: JoinHandle<()>,
}

impl Banners {
    /// Shows a banner; an error says that this desktop shows none.
    pub(crate) async fn show<R: Runtime>(
        &self,
        app: AppHandle<R>,
        chat_id: Option<ChatId>,
        title: &str,
        body: &str,
    ) -> Result<(), notify_rust::error::Error> {
        let handle = self.put(chat_id, title, body).await?;
        self.wait_for_click(app, chat_id, handle);
        Ok(())
    }

    async fn put(
        &self,
        chat_id: Option<ChatId>,
        title: &str,
        body: &str,
    ) -> Result<NotificationHandle, notify_rust::error::Error> {
        let reads_markup = *self.reads_markup.get_or_try_init(reads_markup).await?;
        let body = if reads_markup {
            escaped(body)
        } else {
            body.to_owned()
        };
        let mut banner = Notification::new();
        banner
            .appname("Pult")
            .icon("pult")
            .summary(title)
            .body(&body)
            .action("default", "Pult")
            .hint(Hint::DesktopEntry("Pult".to_owned()))
            .hint(Hint::Category("im.received".to_owned()));
        if let Some(id) = self.shown.lock().get(&chat_id).map(|shown| shown.id) {
            banner.id(id);
        }
        banner.show_async().await
    }

    fn wait_for_click<R: Runtime>(
        &self,
        app: AppHandle<R>,
        chat_id: Option<ChatId>,
        handle: NotificationHandle,
    ) {
        let id = handle.id();
        let shown = Arc::clone(&self.shown);
        // Held while the waiter starts, so that it cannot forget the banner before it is noted.
        let mut all = self.shown.lock();
        let waiter = tauri::async_runtime::spawn(async move {
            let mut is_clicked = false;
            handle
                .wait_for_action_async(|response| {
                    is_clicked = matches!(response, NotificationResponse::Default);
                })
                .await;
            shown.lock().remove(&chat_id);
            if is_clicked {
                open_chat(&app, chat_id);
            }
        });
        if let Some(before) = all.insert(chat_id, Shown { id, waiter }) {
            before.waiter.abort();
        }
    }
}

fn open_chat<R: Runtime>(app: &AppHandle<R>, chat_id: Option<ChatId>) {
    window::bring_to_front(app);
    if let Err(error) = app.emit_to(window::MAIN, OPEN_CHAT, chat_id) {
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

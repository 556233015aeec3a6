//! Banners of the desktop's notification service. The newest of one thing replaces the one before, or
//! a talkative client would fill the corner of the screen; what was seen, here or on another device,
//! is taken away again.

use std::collections::HashMap;
use std::sync::Arc;

use notify_rust::{Hint, Notification, NotificationHandle};
use parking_lot::Mutex;
use pult_panel::view::BannerKey;
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Runtime};
use tokio::sync::OnceCell;

use super::{Banner, Click, REPLY, clicked, tell_of_click};

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
        self.wait_for_click(app, Click::on(&banner), Arc::new(handle));
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

    /// Takes all of them from the screen: one whose program has ended leads nowhere, and tells whoever
    /// comes next what a client wrote.
    pub(crate) async fn hide_all(&self) {
        let all = std::mem::take(&mut *self.shown.lock());
        for shown in all.into_values() {
            shown.waiter.abort();
            shown.handle.close_async().await;
        }
    }

    async fn put(&self, banner: &Banner) -> Result<NotificationHandle, notify_rust::error::Error> {
        let reads_markup = *self.reads_markup.get_or_try_init(reads_markup).await?;
        let body = readable(&banner.body);
        let body = if reads_markup { escaped(&body) } else { body };
        let mut shown = Notification::new();
        shown
            .appname("Pult")
            .icon("pult")
            .summary(&readable(&banner.title))
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
            let mut answer = None;
            waited
                .wait_for_action_async(|response| answer = clicked(response))
                .await;
            shown.lock().remove(&click.key);
            if let Some(reply) = answer {
                tell_of_click(&app, Click { reply, ..click });
            }
        });
        if let Some(before) = all.insert(click.key, Shown { handle, waiter }) {
            before.waiter.abort();
        }
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

/// Without signs that nobody sees: the bus refuses a message with some, and markup may hold none.
fn readable(text: &str) -> String {
    text.replace(
        |sign: char| sign.is_control() && !matches!(sign, '\n' | '\t'),
        "",
    )
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
    fn a_banner_has_no_signs_for_which_it_would_be_refused() {
        assert_eq!(super::readable("a\0\u{1b}[1mb\n\tв"), "a[1mb\n\tв");
    }

    #[test]
    fn what_looks_like_markup_is_shown_as_written() {
        assert_eq!(
            super::escaped("<b>5 & 6</b>"),
            "&lt;b&gt;5 &amp; 6&lt;/b&gt;"
        );
    }
}

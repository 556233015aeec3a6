//! Banners of Windows and macOS. Both want to know whose they are; neither lets one be replaced or taken
//! away by the library, so each goes when its time is over.

use std::thread;

use notify_rust::{Notification, NotificationResponse};
use pult_panel::view::BannerKey;
use tauri::{AppHandle, Runtime};
use tokio::sync::oneshot;

use super::{Banner, Click, REPLY, clicked, tell_of_click};

/// The banners on the screen, of which nothing is known here.
#[derive(Clone, Copy, Default)]
pub(crate) struct Banners;

impl Banners {
    /// Shows a banner; an error says that the system shows none.
    pub(crate) async fn show<R: Runtime>(
        &self,
        app: AppHandle<R>,
        banner: Banner,
    ) -> Result<(), notify_rust::error::Error> {
        let (tell, told) = oneshot::channel();
        // The library shows and waits on the thread that asks.
        thread::spawn(move || {
            let handle = match worded(&app, &banner).show() {
                Ok(handle) => handle,
                Err(error) => {
                    // Nobody asks any more only when the program ends.
                    tell.send(Err(error)).unwrap_or_default();
                    return;
                }
            };
            tell.send(Ok(())).unwrap_or_default();
            let mut answer = None;
            let waited = handle.wait_for_response(|response: &NotificationResponse| {
                answer = answered(response, &banner);
            });
            if let Err(error) = waited {
                tracing::warn!(%error, "A click on a banner would not be heard");
            }
            if let Some(reply) = answer {
                let click = Click::on(&banner);
                tell_of_click(&app, Click { reply, ..click });
            }
        });
        told.await.unwrap_or(Ok(()))
    }

    /// Nothing takes a banner away here.
    #[expect(clippy::unused_async, reason = "the commands call every system alike")]
    pub(crate) async fn hide(&self, _key: BannerKey) {}
}

/// What a click says. On Windows the library tells a button by its name, on macOS by what is written on
/// it.
fn answered(response: &NotificationResponse, banner: &Banner) -> Option<bool> {
    match response {
        NotificationResponse::Action(said) if banner.reply.as_ref() == Some(said) => Some(true),
        NotificationResponse::Default
        | NotificationResponse::Action(_)
        | NotificationResponse::Reply(_)
        | NotificationResponse::Closed(_) => clicked(response),
    }
}

fn worded<R: Runtime>(app: &AppHandle<R>, banner: &Banner) -> Notification {
    let mut shown = Notification::new();
    shown
        .appname("Pult")
        .summary(&banner.title)
        .body(&banner.body);
    identify(app, &mut shown);
    // A click beside the button opens as well; two of them macOS would put into a menu in English.
    if let Some(reply) = &banner.reply {
        shown.action(REPLY, reply);
    } else if let Some(open) = &banner.open {
        shown.action("open", open);
    }
    #[cfg(windows)]
    if banner.is_urgent {
        shown.urgency(notify_rust::Urgency::Critical);
    }
    shown
}

/// A toast belongs to the program whose shortcut in the start menu has this identity; the installer
/// makes that shortcut. Without one Windows shows it as another program's.
#[cfg(windows)]
fn identify<R: Runtime>(app: &AppHandle<R>, shown: &mut Notification) {
    shown.app_id(&app.config().identifier);
}

/// The notification centre knows programs by their bundles. It is told once; again changes nothing.
#[cfg(target_os = "macos")]
fn identify<R: Runtime>(app: &AppHandle<R>, _: &mut Notification) {
    if let Err(error) = notify_rust::set_application(&app.config().identifier) {
        tracing::debug!(%error, "The notification centre has the program's identity already");
    }
}

//! The one window: where the page may go (nowhere), how the window comes to the front, and what
//! becomes of it when it is closed.

use std::path::Path;

use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Runtime, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

use crate::desktop::{self, Choices, Closing, Desktop, Wish};
use crate::dock::{self, Frame};
use crate::tray::{Badge, Tray};

/// The window's label, by which the capability knows it.
pub(crate) const MAIN: &str = "main";

/// Opens the window. What the web view keeps (the page's settings) lies in the data folder too, so
/// that two panels with folders of their own share nothing.
pub(crate) fn open<R: Runtime>(
    app: &AppHandle<R>,
    data_dir: &Path,
    is_hidden: bool,
) -> tauri::Result<WebviewWindow<R>> {
    let Choices {
        always_on_top,
        docked,
        ..
    } = app.state::<Desktop>().choices();
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Pult")
        .inner_size(1080.0, 720.0)
        .min_inner_size(360.0, 480.0)
        .visible(!is_hidden)
        .always_on_top(always_on_top && dock::is_possible())
        .data_directory(data_dir.join("web"))
        // A content security policy does not stop a page from leaving; this does.
        .on_navigation(|url| {
            let is_own = is_own_page(url);
            if !is_own {
                tracing::warn!(
                    scheme = url.scheme(),
                    "The page tried to leave and was kept"
                );
            }
            is_own
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .build()?;
    // The screen may be another than the one at whose edge it was.
    if docked && dock::is_possible() {
        dock::dock(&window)?;
    }
    Ok(window)
}

/// Whether an address is the page itself. Windows serves it under a name that elsewhere would lead
/// to whoever listens on this machine; `tauri dev` serves it from the dev server.
fn is_own_page(url: &Url) -> bool {
    let is_served_on_windows = cfg!(windows) && url.host_str() == Some("tauri.localhost");
    let is_dev_server =
        tauri::is_dev() && url.host_str() == Some("localhost") && url.port() == Some(1420);
    url.scheme() == "tauri" || is_served_on_windows || is_dev_server
}

/// Shows the window, wherever it was left.
pub(crate) fn bring_to_front<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    let done = window
        .show()
        .and_then(|()| window.unminimize())
        .and_then(|()| window.set_focus());
    if let Err(error) = done {
        tracing::warn!(%error, "The window did not come to the front");
    }
}

/// Shows the window, or hides it if it is in front.
pub(crate) fn toggle<R: Runtime>(app: &AppHandle<R>) {
    let is_in_front = app.get_webview_window(MAIN).is_some_and(|window| {
        let is_visible = window.is_visible().unwrap_or(false);
        is_visible && window.is_focused().unwrap_or(false)
    });
    if is_in_front && app.state::<Tray>().is_there() {
        hide(app);
    } else {
        bring_to_front(app);
    }
}

/// Takes the window from the screen; the panel goes on.
pub(crate) fn hide<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    if let Err(error) = window.hide() {
        tracing::warn!(%error, "The window was not hidden");
    }
}

/// Takes the window from the screen at once, also when no more events are dealt with.
pub(crate) fn vanish(app: &AppHandle) {
    #[cfg(target_os = "linux")]
    {
        use gtk::prelude::WidgetExt as _;
        let window = app.get_webview_window(MAIN);
        if let Some(Ok(window)) = window.map(|window| window.gtk_window()) {
            window.hide();
            window.display().flush();
        }
    }
    #[cfg(not(target_os = "linux"))]
    hide(app);
}

/// Puts a window that is hidden among those that are minimised, where it is out of nobody's way. Only on
/// Linux does a tray go while the panel runs.
#[cfg(target_os = "linux")]
pub(crate) fn show_minimised<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    if window.is_visible().unwrap_or(true) {
        return;
    }
    if let Err(error) = window.minimize().and_then(|()| window.show()) {
        tracing::warn!(%error, "The hidden window was not put within reach");
    }
}

/// Whether a window that is being closed closes, and the panel with it. Where there is no tray it does:
/// hidden, it could not be found again, and minimised, it would look as if it had not been closed.
pub(crate) fn closes<R: Runtime>(app: &AppHandle<R>) -> bool {
    let desktop = app.state::<Desktop>();
    if !app.state::<Tray>().is_there() || !desktop.is_page_up() {
        return true;
    }
    match desktop.choices().close {
        Some(Closing::Quit) => true,
        Some(Closing::Tray) => {
            hide(app);
            false
        }
        None => {
            // The question is to be seen, also by whoever closes from the taskbar.
            bring_to_front(app);
            desktop::tell(app, &Wish::Close);
            false
        }
    }
}

/// Shows how many wait, on the title and where the desktop has a mark for it.
pub(crate) fn show_badge<R: Runtime>(app: &AppHandle<R>, badge: &Badge) -> tauri::Result<()> {
    let Some(window) = app.get_webview_window(MAIN) else {
        return Ok(());
    };
    window.set_title(&badge.title)?;
    #[cfg(windows)]
    window.set_overlay_icon((badge.n > 0).then(|| crate::tray::mark(badge.n)))?;
    #[cfg(not(windows))]
    window.set_badge_count((badge.n > 0).then_some(i64::from(badge.n)))?;
    Ok(())
}

/// Keeps the window above all others, or no longer.
pub(crate) fn keep_on_top<R: Runtime>(app: &AppHandle<R>, on: bool) -> tauri::Result<()> {
    match app.get_webview_window(MAIN) {
        Some(window) if dock::is_possible() => window.set_always_on_top(on),
        _ => Ok(()),
    }
}

/// Puts the window at the screen's edge, or back to where it was. Answers where it is to go back to.
pub(crate) fn dock<R: Runtime>(app: &AppHandle<R>, on: bool) -> tauri::Result<Option<Frame>> {
    let Choices {
        docked, undocked, ..
    } = app.state::<Desktop>().choices();
    let Some(window) = app.get_webview_window(MAIN) else {
        return Ok(undocked);
    };
    if on == docked || !dock::is_possible() {
        return Ok(undocked);
    }
    if on {
        let before = dock::frame_of(&window)?;
        dock::dock(&window)?;
        return Ok(Some(before));
    }
    if let Some(before) = undocked {
        dock::put_back(&window, before)?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::{Url, is_own_page};

    #[test]
    fn only_the_page_itself_may_be_gone_to() {
        assert!(is_own_page(
            &Url::parse("tauri://localhost/index.html").unwrap()
        ));
        for foreign in [
            "https://example.org/",
            "http://localhost:1420/",
            "http://127.0.0.1:8080/tauri.localhost",
            "file:///etc/passwd",
            "data:text/html,hello",
            "javascript:alert(1)",
        ] {
            assert!(!is_own_page(&Url::parse(foreign).unwrap()), "{foreign}");
        }
    }
}

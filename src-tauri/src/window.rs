//! The one window: where the page may go (nowhere), and how the window comes to the front.

use std::path::Path;

use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Runtime, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

/// The window's label, by which the capability knows it.
pub(crate) const MAIN: &str = "main";

/// Opens the window. What the web view keeps (the page's settings) lies in the data folder too, so
/// that two panels with folders of their own share nothing.
pub(crate) fn open<R: Runtime>(
    app: &AppHandle<R>,
    data_dir: &Path,
) -> tauri::Result<WebviewWindow<R>> {
    WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Pult")
        .inner_size(1080.0, 720.0)
        .min_inner_size(360.0, 480.0)
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
        .build()
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

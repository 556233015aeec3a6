//! The border between page and shell, without a display: which commands a window may call, and the
//! shape of what it is answered.

use std::sync::Arc;

use pult_panel::{FileTokenStore, Options, Pace, Panel};
use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
use tauri::webview::InvokeRequest;
use tauri::{App, Manager, WebviewWindow, WebviewWindowBuilder};
use tempfile::TempDir;

use crate::desktop::Desktop;
use crate::window;

/// The application with the product's own configuration and capabilities, on a fresh data folder.
struct Shell {
    app: App<MockRuntime>,
    _data_dir: TempDir,
}

impl Shell {
    fn start() -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let app = crate::with_commands(mock_builder())
            .build(tauri::generate_context!())
            .unwrap();
        let options = Options {
            data_dir: data_dir.path().to_path_buf(),
            device: "test".to_owned(),
            token_store: Arc::new(FileTokenStore::new(data_dir.path())),
            extra_ca: None,
            undo: None,
            pace: Pace::default(),
        };
        app.manage(tauri::async_runtime::block_on(Panel::open(options)).unwrap());
        app.manage(Desktop::open(data_dir.path()));
        Self {
            app,
            _data_dir: data_dir,
        }
    }

    fn window(&self, label: &str) -> WebviewWindow<MockRuntime> {
        WebviewWindowBuilder::new(&self.app, label, Default::default())
            .build()
            .unwrap()
    }
}

/// Where the page is served from.
const PAGE: &str = if cfg!(windows) {
    "http://tauri.localhost"
} else {
    "tauri://localhost"
};

fn invoke(window: &WebviewWindow<MockRuntime>, command: &str, body: Value) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command.to_owned(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: PAGE.parse().unwrap(),
        body: InvokeBody::Json(body),
        headers: Default::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(window, request).map(|answer| answer.deserialize().unwrap())
}

fn is_refused(answer: &Result<Value, Value>) -> bool {
    matches!(answer, Err(Value::String(why)) if why.contains("not allowed"))
}

#[test]
fn the_main_window_may_call_every_command_of_the_border() {
    let shell = Shell::start();
    let window = shell.window(window::MAIN);
    for command in include_str!("../build.rs")
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
    {
        if command != "quit" {
            let answer = invoke(&window, command, json!({}));
            assert!(!is_refused(&answer), "{command}: {answer:?}");
            let is_unknown =
                matches!(&answer, Err(Value::String(why)) if why.contains("not found"));
            assert!(!is_unknown, "{command}: {answer:?}");
        }
    }
}

#[test]
fn the_main_window_may_call_nothing_else() {
    let shell = Shell::start();
    let window = shell.window(window::MAIN);
    for command in [
        "undeclared",
        "plugin:window|set_title",
        "plugin:webview|create_webview_window",
        "plugin:app|version",
        "plugin:path|resolve_directory",
        "plugin:event|emit",
        "plugin:opener|open_url",
    ] {
        let answer = invoke(&window, command, json!({}));
        assert!(answer.is_err(), "{command}: {answer:?}");
    }
}

#[test]
fn a_window_that_no_capability_names_may_call_nothing() {
    let shell = Shell::start();
    let window = shell.window("other");
    for command in ["overview", "sign_in", "open_link", "quit"] {
        let answer = invoke(&window, command, json!({}));
        assert!(is_refused(&answer), "{command}: {answer:?}");
    }
}

#[test]
fn a_fresh_panel_is_signed_in_nowhere() {
    let shell = Shell::start();
    let overview = invoke(&shell.window(window::MAIN), "overview", json!({})).unwrap();
    assert_eq!(overview["rest"]["session"], Value::Null);
    assert_eq!(overview["queued"], json!([]));
}

#[test]
fn an_error_reaches_the_page_as_a_code_and_words_for_details() {
    let shell = Shell::start();
    let body = json!({ "chatId": "0190a0c0-0000-7000-8000-000000000001", "text": "Здравствуйте", "seen": 0 });
    let error = invoke(&shell.window(window::MAIN), "reply", body).unwrap_err();
    assert_eq!(error["code"], "not_signed_in");
    assert!(error["message"].is_string());
}

#[test]
fn a_sign_in_to_what_is_no_address_says_so() {
    let shell = Shell::start();
    let body = json!({ "address": "two words", "login": "anna", "password": "secret" });
    let failure = invoke(&shell.window(window::MAIN), "sign_in", body).unwrap_err();
    assert_eq!(failure, json!({ "why": "bad_address" }));
}

#[test]
fn only_links_that_start_no_program_here_are_opened() {
    let shell = Shell::start();
    let window = shell.window(window::MAIN);
    for url in [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "ssh://example.org",
        "nonsense",
    ] {
        let error = invoke(&window, "open_link", json!({ "url": url })).unwrap_err();
        assert_eq!(error["code"], "link_refused", "{url}");
    }
}

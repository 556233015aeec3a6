//! What the page cannot do, even if somebody made it try.

use anyhow::Result;
use pult_tests::office::Office;
use pult_tests::window::Window;
use serde_json::Value;

/// Runs a script that answers by a promise; errors are answered as text.
async fn tried(window: &Window, expression: &str) -> Result<Value> {
    let script = format!(
        "const done = arguments[arguments.length - 1];
         (async () => {expression})().then((value) => done(value ?? null), (error) => done(String(error)));"
    );
    Ok(window.driver().execute_async(&script, Vec::new()).await?)
}

#[tokio::test]
async fn the_page_can_neither_leave_nor_ask_others_nor_run_text() -> Result<()> {
    let office = Office::open().await?;
    let window = Window::open(&office.panel_dir("nobody")).await?;

    let fetched = tried(&window, &format!("fetch('{}/')", office.address())).await?;
    assert!(fetched.is_string(), "fetch went through: {fetched}");
    let evaluated = tried(&window, "(0, eval)('1 + 1')").await?;
    assert!(evaluated.is_string(), "eval ran: {evaluated}");

    let own = window.address().await?;
    window
        .script(&format!("location.href = '{}/'", office.address()))
        .await?;
    window.script("window.open('https://example.net/')").await?;
    // A round trip through the page, after which a navigation would have begun.
    window
        .driver()
        .execute_async("setTimeout(arguments[0], 0)", Vec::new())
        .await?;
    assert_eq!(window.address().await?, own);
    window.close().await
}

#[tokio::test]
async fn the_page_can_call_its_own_commands_alone() -> Result<()> {
    let office = Office::open().await?;
    let window = Window::open(&office.panel_dir("nobody")).await?;
    let global = window.script("return typeof window.__TAURI__").await?;
    assert_eq!(global, "undefined");
    for command in [
        "plugin:window|set_title",
        "plugin:app|version",
        "plugin:opener|open_url",
    ] {
        let invoke = format!("window.__TAURI_INTERNALS__.invoke('{command}')");
        let answer = tried(&window, &invoke).await?;
        let is_refused = answer.as_str().is_some_and(|why| why.contains("not"));
        assert!(is_refused, "{command}: {answer}");
    }
    window.close().await
}

#[cfg(unix)]
#[tokio::test]
async fn what_the_panel_keeps_is_its_owners_alone() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::open().await?;
    let dir = office.panel_dir("nobody");
    let window = Window::open(&dir).await?;
    let mode = std::fs::metadata(&dir)?.permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    window.close().await
}

//! Saving what the page has made as a file where its operator wants it.
//!
//! The page is never given a path, neither to read nor to write: it hands over what is to be
//! saved, and the system's own dialog asks where. Links with `download` would be fewer lines, but
//! a web view saves them without asking, or not at all.

use std::path::{Path, PathBuf};

use rfd::AsyncFileDialog;
use tauri::{AppHandle, Runtime};

use super::ShellError;

/// Largest file that is saved, in bytes: more than anything that the page makes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What a file is called for which the page proposes no name that can be used.
const NAMELESS: &str = "pult.txt";

/// Asks where a text is to be saved, and saves it there. False if nothing was chosen.
#[tauri::command]
pub(crate) async fn save_text<R: Runtime>(
    app: AppHandle<R>,
    suggested_name: String,
    contents: String,
) -> Result<bool, ShellError> {
    save(&app, &suggested_name, contents.into_bytes()).await
}

/// The same for what is no text, such as a picture.
#[tauri::command]
pub(crate) async fn save_bytes<R: Runtime>(
    app: AppHandle<R>,
    suggested_name: String,
    contents: Vec<u8>,
) -> Result<bool, ShellError> {
    save(&app, &suggested_name, contents).await
}

async fn save<R: Runtime>(
    app: &AppHandle<R>,
    suggested_name: &str,
    contents: Vec<u8>,
) -> Result<bool, ShellError> {
    if contents.len() > MAX_BYTES {
        return Err(ShellError::not_saved("it is too large"));
    }
    let Some(path) = ask(app, file_name(suggested_name)).await? else {
        return Ok(false);
    };
    let written = tokio::task::spawn_blocking(move || std::fs::write(path, contents)).await;
    written
        .map_err(ShellError::not_saved)?
        .map_err(ShellError::not_saved)?;
    Ok(true)
}

/// Shows the system's dialog; none if it was left without a choice.
async fn ask<R: Runtime>(app: &AppHandle<R>, name: String) -> Result<Option<PathBuf>, ShellError> {
    // Some systems open dialogs from the main thread alone.
    let (tx, rx) = tokio::sync::oneshot::channel();
    app.run_on_main_thread(move || {
        let mut dialog = AsyncFileDialog::new().set_file_name(&name);
        if let Some(extension) = Path::new(&name).extension().and_then(|it| it.to_str()) {
            dialog = dialog.add_filter(extension.to_uppercase(), &[extension]);
        }
        // Whoever asked may have gone meanwhile.
        drop(tx.send(dialog.save_file()));
    })
    .map_err(ShellError::not_saved)?;
    let chosen = rx.await.map_err(ShellError::not_saved)?.await;
    Ok(chosen.map(|file| file.path().to_owned()))
}

/// The last part of the proposed name: a page proposes no folders.
fn file_name(suggested: &str) -> String {
    let name = suggested
        .rsplit(['/', '\\', ':'])
        .next()
        .unwrap_or_default();
    let name: String = name.chars().filter(|it| !it.is_control()).collect();
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() {
        NAMELESS.to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_proposes_a_name_and_no_folder() {
        for (suggested, name) in [
            ("Готовые ответы.csv", "Готовые ответы.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\qr.png", "qr.png"),
            ("/tmp/", NAMELESS),
            ("..", NAMELESS),
            (" \u{0} ", NAMELESS),
            ("", NAMELESS),
        ] {
            assert_eq!(file_name(suggested), name);
        }
    }
}

//! How the panel sits on this desktop: what was chosen for it, kept in the data folder, and what the
//! page is told that comes from outside the window.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Emitter, Runtime};

use crate::dock::Frame;
use crate::window;

/// The page's event with a [`Wish`].
const DESKTOP: &str = "desktop";

/// What comes from the desktop and is the page's to do.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "wish", rename_all = "snake_case")]
pub(crate) enum Wish {
    /// A line of the tray's menu was chosen.
    Tray {
        /// Which.
        id: String,
    },
    /// The window is being closed, and what that means was never said.
    Close,
    /// The chat that has waited longest is to be opened.
    Oldest,
    /// A link waits to be fetched.
    Link,
    /// What the desktop can do has changed.
    Changed,
}

/// Tells the page; while there is none nobody hears it.
pub(crate) fn tell<R: Runtime>(app: &AppHandle<R>, wish: &Wish) {
    if let Err(error) = app.emit_to(window::MAIN, DESKTOP, wish) {
        tracing::warn!(%error, "A wish of the desktop did not reach the page");
    }
}

/// What was chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Choices {
    /// None until it was asked.
    pub(crate) close: Option<Closing>,
    pub(crate) always_on_top: bool,
    pub(crate) docked: bool,
    /// Where the window was before it was docked.
    pub(crate) undocked: Option<Frame>,
    /// The key that shows the window, from wherever.
    pub(crate) raise: Option<String>,
    /// The key that opens the chat that has waited longest.
    pub(crate) oldest: Option<String>,
}

/// What closing the window means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Closing {
    /// It goes on in the tray.
    Tray,
    /// It ends.
    Quit,
}

/// What was chosen, and where it is kept.
pub(crate) struct Desktop {
    path: PathBuf,
    choices: Mutex<Choices>,
    /// Whether the page has come so far that it can be asked something.
    is_page_up: AtomicBool,
}

impl Desktop {
    /// As it was chosen last. What cannot be read is as if nothing had been chosen.
    pub(crate) fn open(data_dir: &Path) -> Self {
        let path = data_dir.join("desktop.json");
        let choices = match read(&path) {
            Ok(choices) => choices,
            Err(error) => {
                tracing::warn!(%error, "What was chosen for the desktop is not readable");
                Choices::default()
            }
        };
        Self {
            path,
            choices: Mutex::new(choices),
            is_page_up: AtomicBool::new(false),
        }
    }

    pub(crate) fn choices(&self) -> Choices {
        self.choices.lock().clone()
    }

    /// Changes what was chosen and keeps it. It holds even if it cannot be kept.
    #[expect(
        clippy::significant_drop_tightening,
        reason = "held until it is written, so that two do not write over each other"
    )]
    pub(crate) fn change(&self, change: impl FnOnce(&mut Choices)) -> io::Result<()> {
        let mut choices = self.choices.lock();
        change(&mut choices);
        let text = serde_json::to_vec_pretty(&*choices)?;
        let new = self.path.with_extension("json.new");
        fs::write(&new, text)?;
        fs::rename(&new, &self.path)
    }

    pub(crate) fn page_is_up(&self) {
        self.is_page_up.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_page_up(&self) -> bool {
        self.is_page_up.load(Ordering::Relaxed)
    }
}

fn read(path: &Path) -> io::Result<Choices> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Choices::default()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{Choices, Closing, Desktop, fs};

    #[test]
    fn what_was_chosen_is_there_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let desktop = Desktop::open(dir.path());
        assert_eq!(desktop.choices(), Choices::default());
        desktop
            .change(|choices| {
                choices.close = Some(Closing::Tray);
                choices.raise = Some("Super+KeyP".to_owned());
            })
            .unwrap();
        assert_eq!(Desktop::open(dir.path()).choices(), desktop.choices());
    }

    #[test]
    fn a_file_that_is_broken_or_of_another_version_ends_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desktop.json");
        fs::write(&path, "{ broken").unwrap();
        assert_eq!(Desktop::open(dir.path()).choices(), Choices::default());
        fs::write(&path, r#"{ "docked": true, "from_tomorrow": 7 }"#).unwrap();
        assert!(Desktop::open(dir.path()).choices().docked);
    }
}

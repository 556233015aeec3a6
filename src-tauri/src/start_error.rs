//! Why the panel could not start, in words for whoever started it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use pult_panel::OpenError;

/// Why the panel could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// There is no screen to draw on.
    #[cfg(target_os = "linux")]
    #[error("no display: neither X11 nor Wayland answers")]
    NoDisplay,
    /// The system names no folder for programs' data.
    #[error("the system names no data folder; name one with --data-dir")]
    NoDataDir,
    /// The data folder cannot be made or written.
    #[error("the data folder {} cannot be used: {cause}", path.display())]
    DataDir {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The panel did not open.
    #[error("{0}")]
    Panel(#[from] OpenError),
    /// The window or what it runs on.
    #[error("the window could not be opened: {0}")]
    Window(#[from] tauri::Error),
}

impl StartError {
    /// Tells it on standard error and, since who starts a panel by its icon sees none, in a dialog.
    pub(crate) fn tell(&self) -> ExitCode {
        tracing::error!(error = %self, "Not started");
        // Nobody may be listening there, which is no reason to fail otherwise.
        drop(writeln!(io::stderr(), "pult: {self}"));
        #[cfg(target_os = "linux")]
        let has_display = !matches!(self, Self::NoDisplay);
        #[cfg(not(target_os = "linux"))]
        let has_display = true;
        if has_display {
            rfd::MessageDialog::new()
                .set_level(rfd::MessageLevel::Error)
                .set_title("Pult")
                .set_description(self.words(reads_russian()))
                .show();
        }
        ExitCode::FAILURE
    }

    fn words(&self, in_russian: bool) -> String {
        if !in_russian {
            return format!("Pult did not start: {self}.");
        }
        match self {
            #[cfg(target_os = "linux")]
            Self::NoDisplay => "Нет экрана: ни X11, ни Wayland не отвечают.".to_owned(),
            Self::NoDataDir => {
                "Система не сообщает, где хранить данные. Укажите папку ключом --data-dir."
                    .to_owned()
            }
            Self::DataDir { path, cause } => {
                format!(
                    "Не удаётся открыть папку данных {}.\n\n{cause}",
                    path.display()
                )
            }
            Self::Panel(OpenError::InUse(path)) => {
                format!(
                    "Папка данных {} занята: в ней работает другой Pult.",
                    path.display()
                )
            }
            Self::Panel(OpenError::NoRoom { path, reason }) => {
                format!(
                    "В папку данных {} нельзя ничего записать. Освободите место на диске и запустите Pult \
                     снова: переписка и неотправленное на месте.\n\n{reason}",
                    path.display()
                )
            }
            Self::Panel(cause) => format!("Не удаётся открыть данные панели.\n\n{cause}"),
            Self::Window(cause) => format!("Не удаётся открыть окно.\n\n{cause}"),
        }
    }
}

/// Whether the desktop speaks Russian. The page chooses its language itself; without a page there
/// is only the environment.
fn reads_russian() -> bool {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_some_and(|locale| locale.starts_with("ru"))
}

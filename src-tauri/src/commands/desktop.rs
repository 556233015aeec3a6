//! How the panel sits on this desktop.

use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager, Runtime, State};

use super::ShellError;
use crate::deep_link::{Link, Links};
use crate::desktop::{Choices, Closing, Desktop};
use crate::global_keys::{self, GlobalKey, KeyError};
use crate::tray::{Badge, Tray};
use crate::{autostart, dock, window};

/// What was chosen for this desktop, and what it can do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DesktopView {
    /// What closing the window means; none until it was asked.
    close: Option<Closing>,
    /// Whether the panel starts with the session; none where it does not do so.
    autostart: Option<bool>,
    always_on_top: bool,
    docked: bool,
    raise: Option<KeyView>,
    oldest: Option<KeyView>,
    can: Abilities,
}

/// A system-wide key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    keys: String,
    /// Whether the system has given it; another program may have it.
    is_held: bool,
}

/// What the desktop can do.
#[derive(Debug, Serialize)]
struct Abilities {
    /// Show an icon of a window that is hidden.
    tray: bool,
    /// Let a program say where its window is.
    place: bool,
    /// Give keys that work wherever one is.
    keys: bool,
}

/// Something to change.
#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Change {
    /// What closing the window means.
    Close {
        closing: Closing,
    },
    Autostart {
        on: bool,
    },
    AlwaysOnTop {
        on: bool,
    },
    Docked {
        on: bool,
    },
    /// A system-wide key; none takes it away.
    Key {
        key: GlobalKey,
        keys: Option<String>,
    },
}

/// How many clients wait: on the window's title, in the tray, and on the window's icon where the
/// desktop has such a mark.
#[tauri::command]
pub(crate) fn set_badge<R: Runtime>(
    app: AppHandle<R>,
    desktop: State<'_, Desktop>,
    tray: State<'_, Tray>,
    badge: Badge,
) {
    desktop.page_is_up();
    if let Err(error) = window::show_badge(&app, &badge) {
        tracing::warn!(%error, "The window did not take its title");
    }
    tray.show(badge);
}

#[tauri::command]
pub(crate) fn desktop<R: Runtime>(app: AppHandle<R>) -> DesktopView {
    view(&app)
}

#[tauri::command]
pub(crate) async fn change_desktop<R: Runtime>(
    app: AppHandle<R>,
    change: Change,
) -> Result<DesktopView, ShellError> {
    let desktop = app.state::<Desktop>();
    let kept = match change {
        Change::Close { closing } => desktop.change(|choices| choices.close = Some(closing)),
        Change::Autostart { on } => {
            autostart::set(&app, on).map_err(ShellError::no_autostart)?;
            Ok(())
        }
        Change::AlwaysOnTop { on } => {
            window::keep_on_top(&app, on).map_err(ShellError::not_placed)?;
            desktop.change(|choices| choices.always_on_top = on)
        }
        Change::Docked { on } => {
            let undocked = window::dock(&app, on).map_err(ShellError::not_placed)?;
            desktop.change(|choices| {
                choices.docked = on;
                choices.undocked = undocked;
            })
        }
        Change::Key { key, keys } => {
            let before = key.of(&mut desktop.choices()).take();
            global_keys::exchange(&app, key, before.as_deref(), keys.as_deref())
                .map_err(ShellError::no_key)?;
            desktop.change(|choices| *key.of(choices) = keys)
        }
    };
    kept.map_err(ShellError::not_kept)?;
    Ok(view(&app))
}

#[tauri::command]
pub(crate) fn hide_window<R: Runtime>(app: AppHandle<R>) {
    window::hide(&app);
}

/// The link that the panel was started with, or was given since.
#[tauri::command]
pub(crate) fn take_link(links: State<'_, Links>) -> Option<Link> {
    links.take()
}

fn view<R: Runtime>(app: &AppHandle<R>) -> DesktopView {
    let Choices {
        close,
        always_on_top,
        docked,
        undocked: _,
        raise,
        oldest,
    } = app.state::<Desktop>().choices();
    let key = |keys: String| KeyView {
        is_held: global_keys::are_held(app, &keys),
        keys,
    };
    DesktopView {
        close,
        autostart: autostart::is_on(app),
        always_on_top,
        docked,
        raise: raise.map(key),
        oldest: oldest.map(key),
        can: Abilities {
            tray: app.state::<Tray>().is_there(),
            place: dock::is_possible(),
            keys: global_keys::are_possible(),
        },
    }
}

impl ShellError {
    fn no_autostart(cause: tauri_plugin_autostart::Error) -> Self {
        Self {
            code: "no_autostart",
            message: cause.to_string(),
        }
    }

    fn not_placed(cause: tauri::Error) -> Self {
        Self {
            code: "not_placed",
            message: cause.to_string(),
        }
    }

    fn not_kept(cause: std::io::Error) -> Self {
        Self {
            code: "not_kept",
            message: cause.to_string(),
        }
    }

    fn no_key(cause: KeyError) -> Self {
        Self {
            code: match cause {
                KeyError::Unusable => "key_unusable",
                KeyError::Taken(_) | KeyError::Impossible => "key_taken",
            },
            message: cause.to_string(),
        }
    }
}

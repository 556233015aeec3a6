//! The two keys that work wherever one is: one shows the window, the other opens the chat that has
//! waited longest. They are off until they are set.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Manager, Runtime, State};
use tauri_plugin_global_shortcut::{Code, GlobalShortcut, Modifiers, Shortcut, ShortcutState};

use crate::desktop::{self, Choices, Desktop, Wish};
use crate::window;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GlobalKey {
    Raise,
    Oldest,
}

impl GlobalKey {
    const ALL: [Self; 2] = [Self::Raise, Self::Oldest];

    /// The keys that were chosen for it.
    pub(crate) const fn of(self, choices: &mut Choices) -> &mut Option<String> {
        match self {
            Self::Raise => &mut choices.raise,
            Self::Oldest => &mut choices.oldest,
        }
    }

    fn press<R: Runtime>(self, app: &AppHandle<R>) {
        window::bring_to_front(app);
        if self == Self::Oldest {
            desktop::tell(app, &Wish::Oldest);
        }
    }
}

/// Why keys were not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// They would be missed elsewhere, or are none.
    #[error("these keys are no use system-wide")]
    Unusable,
    /// The system does not give them.
    #[error("{0}")]
    Taken(tauri_plugin_global_shortcut::Error),
    /// There are no such keys here.
    #[error("this desktop has no system-wide keys")]
    Impossible,
}

/// Whether the desktop has such keys. Wayland has none for programs, and an attempt to have them
/// through `XWayland` succeeds without an effect.
pub(crate) fn are_possible() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_wayland = is_set("WAYLAND_DISPLAY")
        || std::env::var_os("XDG_SESSION_TYPE").is_some_and(|kind| kind == "wayland");
    !cfg!(target_os = "linux") || !is_wayland
}

/// What asks the system for keys. On Linux it looks for what was pressed twenty times a second, and so is
/// begun with the first key that is wanted; elsewhere it must begin with the program.
pub(crate) fn plugin<R: Runtime>() -> TauriPlugin<R> {
    tauri_plugin_global_shortcut::Builder::new().build()
}

/// The same once it has begun.
fn begun<R: Runtime>(app: &AppHandle<R>) -> Result<State<'_, GlobalShortcut<R>>, KeyError> {
    /// Held while it begins, which is done once.
    static BEGINNING: Mutex<()> = Mutex::new(());
    let beginning = BEGINNING.lock();
    let is_missing = app.try_state::<GlobalShortcut<R>>().is_none();
    if is_missing
        && cfg!(target_os = "linux")
        && are_possible()
        && let Err(error) = app.plugin(plugin())
    {
        tracing::warn!(%error, "System-wide keys are not to be had");
    }
    drop(beginning);
    app.try_state().ok_or(KeyError::Impossible)
}

/// Asks the system for the keys that were chosen. One that is taken meanwhile is told in the settings.
pub(crate) fn register<R: Runtime>(app: &AppHandle<R>) {
    let mut choices = app.state::<Desktop>().choices();
    for which in GlobalKey::ALL {
        if let Some(keys) = which.of(&mut choices)
            && let Err(error) = grab(app, which, keys)
        {
            tracing::warn!(%error, ?which, "A system-wide key is not to be had");
        }
    }
}

/// Whether the system has given these keys.
pub(crate) fn are_held<R: Runtime>(app: &AppHandle<R>, keys: &str) -> bool {
    app.try_state::<GlobalShortcut<R>>()
        .is_some_and(|shortcuts| shortcuts.is_registered(keys))
}

/// Other keys from now on, or none. What was before stays if these are not to be had.
pub(crate) fn exchange<R: Runtime>(
    app: &AppHandle<R>,
    which: GlobalKey,
    before: Option<&str>,
    keys: Option<&str>,
) -> Result<(), KeyError> {
    let is_same = before == keys && keys.is_none_or(|keys| are_held(app, keys));
    if is_same {
        return Ok(());
    }
    if let Some(keys) = keys {
        grab(app, which, keys)?;
    }
    if let Some(before) = before
        && let Some(shortcuts) = app.try_state::<GlobalShortcut<R>>()
        && shortcuts.is_registered(before)
        && let Err(error) = shortcuts.unregister(before)
    {
        tracing::warn!(%error, ?which, "A system-wide key was not given back");
    }
    Ok(())
}

fn grab<R: Runtime>(app: &AppHandle<R>, which: GlobalKey, keys: &str) -> Result<(), KeyError> {
    let shortcut = usable(keys).ok_or(KeyError::Unusable)?;
    begun(app)?
        .on_shortcut(shortcut, move |app, _, event| {
            if event.state == ShortcutState::Pressed {
                which.press(app);
            }
        })
        .map_err(KeyError::Taken)
}

/// Keys that nobody misses elsewhere: a function key with a modifier, or another key with Super or with
/// Shift and one more. Ctrl+Alt with a letter writes a character on many keyboards.
fn usable(keys: &str) -> Option<Shortcut> {
    let shortcut: Shortcut = keys.parse().ok()?;
    let has = |modifier| shortcut.mods.contains(modifier);
    let (ctrl, alt) = (has(Modifiers::CONTROL), has(Modifiers::ALT));
    let is_usable = has(Modifiers::SUPER)
        || if is_function_key(shortcut.key) {
            ctrl || alt
        } else {
            has(Modifiers::SHIFT) && ctrl != alt
        };
    is_usable.then_some(shortcut)
}

fn is_function_key(code: Code) -> bool {
    let name = code.to_string();
    name.strip_prefix('F')
        .is_some_and(|number| number.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::usable;

    #[test]
    fn only_keys_that_nobody_misses_are_usable() {
        for keys in [
            "Super+KeyP",
            "Ctrl+Shift+KeyP",
            "Alt+Shift+Digit1",
            "Ctrl+F9",
            "Ctrl+Alt+F9",
            "Super+Space",
        ] {
            assert!(usable(keys).is_some(), "{keys}");
        }
        for keys in [
            "KeyP",
            "F9",
            "Shift+F9",
            "Ctrl+KeyC",
            "Alt+KeyP",
            "Ctrl+Alt+KeyP",
            "Ctrl+Alt+Shift+KeyP",
            "Shift+KeyP",
            "",
            "Ctrl+Shift",
            "nonsense",
        ] {
            assert!(usable(keys).is_none(), "{keys}");
        }
    }
}

//! Whether the panel starts with the session, which the system knows and nobody else.

use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_autostart::AutoLaunchManager;

/// None for a panel that does not start so: one with a folder of its own.
pub(crate) fn is_on<R: Runtime>(app: &AppHandle<R>) -> Option<bool> {
    let manager = app.try_state::<AutoLaunchManager>()?;
    match manager.is_enabled() {
        Ok(is_on) => Some(is_on),
        Err(error) => {
            tracing::warn!(%error, "Whether the panel starts by itself is not known");
            None
        }
    }
}

/// Starts with the session from now on, in the tray, or no longer.
pub(crate) fn set<R: Runtime>(
    app: &AppHandle<R>,
    on: bool,
) -> Result<(), tauri_plugin_autostart::Error> {
    let Some(manager) = app.try_state::<AutoLaunchManager>() else {
        return Ok(());
    };
    if on {
        manager.enable()
    } else {
        manager.disable()
    }
}

//! The tray of Windows and the menu bar of macOS, which are always there.

use tauri::image::Image;
use tauri::menu::{CheckMenuItem, IsMenuItem, Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Runtime};

use super::{Badge, Line, Tray, choose, icon};
use crate::desktop::{self, Wish};
use crate::window;

/// Shows the icon as long as the program runs. Called on the main thread, which alone may make it.
pub(crate) fn start<R: Runtime>(app: &AppHandle<R>) {
    let built = TrayIconBuilder::new()
        .icon(picture(&Badge::default()))
        .show_menu_on_left_click(false)
        .on_menu_event(|app, event| choose(app, event.id().as_ref()))
        .on_tray_icon_event(|icon, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
            {
                window::toggle(icon.app_handle());
            }
        })
        .build(app);
    let icon = match built {
        Ok(icon) => icon,
        Err(error) => {
            tracing::warn!(%error, "No tray takes the icon");
            return;
        }
    };
    let tray = app.state::<Tray>();
    tray.is_there.send_replace(true);
    // The page may have asked before.
    desktop::tell(app, &Wish::Changed);
    let mut badges = tray.badge.subscribe();
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        while badges.changed().await.is_ok() {
            let badge = badges.borrow_and_update().clone();
            if let Err(error) = show(&app, &icon, &badge) {
                tracing::warn!(%error, "The tray did not take the icon");
            }
        }
    });
}

fn show<R: Runtime>(app: &AppHandle<R>, icon: &TrayIcon<R>, badge: &Badge) -> tauri::Result<()> {
    icon.set_icon(Some(picture(badge)))?;
    icon.set_tooltip(Some(format!("{}\n{}", badge.title, badge.tooltip)))?;
    let menu = Menu::new(app)?;
    for line in &badge.menu {
        menu.append(item(app, line.as_ref())?.as_ref())?;
    }
    icon.set_menu(Some(menu))
}

fn item<R: Runtime>(
    app: &AppHandle<R>,
    line: Option<&Line>,
) -> tauri::Result<Box<dyn IsMenuItem<R>>> {
    let Some(line) = line else {
        return Ok(Box::new(PredefinedMenuItem::separator(app)?));
    };
    let (id, is_enabled) = (&line.id, line.is_enabled);
    // An ampersand marks a key; two are one.
    let label = line.label.replace('&', "&&");
    Ok(match line.is_checked {
        Some(is_checked) => Box::new(CheckMenuItem::with_id(
            app,
            id,
            label,
            is_enabled,
            is_checked,
            None::<&str>,
        )?),
        None => Box::new(MenuItem::with_id(app, id, label, is_enabled, None::<&str>)?),
    })
}

fn picture(badge: &Badge) -> Image<'static> {
    Image::new_owned(icon::picture(badge.sign, badge.n), icon::SIZE, icon::SIZE)
}

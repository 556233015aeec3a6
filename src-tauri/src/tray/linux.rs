//! The tray of Linux: a `StatusNotifierItem` on the session bus, for whichever panel shows such items.
//! None may do so, or only later; it is waited for.

use std::time::Duration;

use ksni::menu::{CheckmarkItem, StandardItem};
use ksni::{Category, Icon, MenuItem, OfflineReason, ToolTip, TrayMethods as _};
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Badge, Line, Tray, choose, icon};
use crate::desktop::{self, Wish};
use crate::window;

/// How long a tray may be missing, as when the desktop's panel starts or starts over, before a hidden
/// window is put where it can be reached.
const PATIENCE: Duration = Duration::from_secs(10);

/// After how long the tray is asked again when it refused.
const AGAIN: Duration = Duration::from_secs(30);

/// Shows the icon as long as the program runs.
pub(crate) fn start<R: Runtime>(app: &AppHandle<R>) {
    let tray = app.state::<Tray>();
    let (badges, is_there) = (tray.badge.subscribe(), tray.is_there.clone());
    let within_reach = keep_within_reach(app.clone(), is_there.subscribe());
    tauri::async_runtime::spawn(show(app.clone(), badges, is_there));
    tauri::async_runtime::spawn(within_reach);
}

async fn show<R: Runtime>(
    app: AppHandle<R>,
    mut badges: watch::Receiver<Badge>,
    is_there: watch::Sender<bool>,
) {
    let handle = loop {
        // It is said at once if there is none.
        is_there.send_replace(true);
        let item = Item {
            app: app.clone(),
            badge: badges.borrow_and_update().clone(),
            is_there: is_there.clone(),
        };
        match item.assume_sni_available(true).spawn().await {
            Ok(handle) => break handle,
            Err(error) => {
                is_there.send_replace(false);
                tracing::info!(%error, "No tray takes the icon");
                if matches!(error, ksni::Error::Dbus(_)) {
                    return;
                }
            }
        }
        sleep(AGAIN).await;
    };
    desktop::tell(&app, &Wish::Changed);
    while badges.changed().await.is_ok() {
        let badge = badges.borrow_and_update().clone();
        if handle.update(|item| item.badge = badge).await.is_none() {
            return;
        }
    }
}

/// A window that was hidden in a tray that is no more would be nowhere.
async fn keep_within_reach<R: Runtime>(app: AppHandle<R>, mut is_there: watch::Receiver<bool>) {
    loop {
        if is_there.wait_for(|is_there| !is_there).await.is_err() {
            return;
        }
        tokio::select! {
            _ = is_there.wait_for(|is_there| *is_there) => continue,
            () = sleep(PATIENCE) => window::show_minimised(&app),
        }
        if is_there.wait_for(|is_there| *is_there).await.is_err() {
            return;
        }
    }
}

/// The icon as the bus has it.
struct Item<R: Runtime> {
    app: AppHandle<R>,
    badge: Badge,
    is_there: watch::Sender<bool>,
}

impl<R: Runtime> ksni::Tray for Item<R> {
    fn id(&self) -> String {
        "Pult".to_owned()
    }

    fn category(&self) -> Category {
        Category::Communications
    }

    fn title(&self) -> String {
        if self.badge.title.is_empty() {
            "Pult".to_owned()
        } else {
            self.badge.title.clone()
        }
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        let rgba = icon::picture(self.badge.sign, self.badge.n);
        // The bus wants alpha before the colours.
        let data = rgba
            .chunks_exact(4)
            .flat_map(|pixel| pixel.iter().cycle().skip(3).take(4))
            .copied()
            .collect();
        let size = i32::try_from(icon::SIZE).unwrap_or_default();
        vec![Icon {
            width: size,
            height: size,
            data,
        }]
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: self.title(),
            description: self.badge.tooltip.clone(),
            ..ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        window::toggle(&self.app);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.badge.menu.iter().map(line).collect()
    }

    fn watcher_online(&self) {
        self.is_there.send_replace(true);
        desktop::tell(&self.app, &Wish::Changed);
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!(?reason, "No tray shows the icon");
        self.is_there.send_replace(false);
        desktop::tell(&self.app, &Wish::Changed);
        true
    }
}

fn line<R: Runtime>(line: &Option<Line>) -> MenuItem<Item<R>> {
    let Some(line) = line else {
        return MenuItem::Separator;
    };
    let id = line.id.clone();
    let activate = Box::new(move |item: &mut Item<R>| choose(&item.app, &id));
    // An underscore marks a key; two are one.
    let label = line.label.replace('_', "__");
    match line.is_checked {
        Some(checked) => CheckmarkItem {
            label,
            enabled: line.is_enabled,
            checked,
            activate,
            ..CheckmarkItem::default()
        }
        .into(),
        None => StandardItem {
            label,
            enabled: line.is_enabled,
            activate,
            ..StandardItem::default()
        }
        .into(),
    }
}

//! What the operator is told of.

use pult_panel::view::{BannerKey, NotificationChoices, NotificationLine, NotificationSettings};
use pult_panel::{Panel, PanelError};
use tauri::{AppHandle, Runtime, State};

use super::ShellError;
use crate::banners::{Banner, Banners};

/// Refused when the desktop shows no banners.
#[tauri::command]
pub(crate) async fn show_banner<R: Runtime>(
    app: AppHandle<R>,
    banners: State<'_, Banners>,
    banner: Banner,
) -> Result<(), ShellError> {
    banners
        .show(app, banner)
        .await
        .map_err(ShellError::no_banners)
}

#[tauri::command]
pub(crate) async fn hide_banner(
    banners: State<'_, Banners>,
    key: BannerKey,
) -> Result<(), ShellError> {
    banners.hide(key).await;
    Ok(())
}

#[tauri::command]
pub(crate) async fn notifications(
    panel: State<'_, Panel>,
) -> Result<Vec<NotificationLine>, PanelError> {
    panel.notifications().await
}

#[tauri::command]
pub(crate) async fn see_notifications(
    panel: State<'_, Panel>,
    position: i64,
) -> Result<(), PanelError> {
    panel.see_notifications(position).await
}

#[tauri::command]
pub(crate) async fn notification_choices(
    panel: State<'_, Panel>,
) -> Result<NotificationChoices, PanelError> {
    panel.notification_choices().await
}

#[tauri::command]
pub(crate) async fn set_notification_settings(
    panel: State<'_, Panel>,
    settings: NotificationSettings,
) -> Result<(), PanelError> {
    panel.set_notification_settings(settings).await
}

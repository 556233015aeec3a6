//! Who is there, and who looks at which chat.

use std::time::Duration;

use pult_panel::{Panel, PanelError};
use pult_protocol::WatchedChat;
use tauri::State;

#[tauri::command]
pub(crate) fn used(panel: State<'_, Panel>) {
    panel.used(Duration::ZERO);
}

#[tauri::command]
pub(crate) async fn set_away(panel: State<'_, Panel>, away: bool) -> Result<(), PanelError> {
    panel.set_away(away).await
}

#[tauri::command]
pub(crate) async fn onlookers(panel: State<'_, Panel>) -> Result<Vec<WatchedChat>, PanelError> {
    panel.onlookers().await
}

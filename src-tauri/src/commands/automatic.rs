//! Automatic texts, working hours and the direction of new chats.

use pult_panel::{Panel, PanelError};
use pult_protocol::{
    DirectionFound, DirectionTrial, RevisedDirections, RevisedHours, RevisedTexts,
};
use tauri::State;

#[tauri::command]
pub(crate) async fn automatic_texts(panel: State<'_, Panel>) -> Result<RevisedTexts, PanelError> {
    panel.automatic_texts().await
}

#[tauri::command]
pub(crate) async fn put_automatic_texts(
    panel: State<'_, Panel>,
    texts: RevisedTexts,
) -> Result<RevisedTexts, PanelError> {
    panel.put_automatic_texts(texts).await
}

#[tauri::command]
pub(crate) async fn working_hours(panel: State<'_, Panel>) -> Result<RevisedHours, PanelError> {
    panel.working_hours().await
}

#[tauri::command]
pub(crate) async fn put_working_hours(
    panel: State<'_, Panel>,
    hours: RevisedHours,
) -> Result<RevisedHours, PanelError> {
    panel.put_working_hours(hours).await
}

#[tauri::command]
pub(crate) async fn directions(panel: State<'_, Panel>) -> Result<RevisedDirections, PanelError> {
    panel.directions().await
}

#[tauri::command]
pub(crate) async fn put_directions(
    panel: State<'_, Panel>,
    rules: RevisedDirections,
) -> Result<RevisedDirections, PanelError> {
    panel.put_directions(rules).await
}

#[tauri::command]
pub(crate) async fn try_directions(
    panel: State<'_, Panel>,
    trial: DirectionTrial,
) -> Result<DirectionFound, PanelError> {
    panel.try_directions(trial).await
}

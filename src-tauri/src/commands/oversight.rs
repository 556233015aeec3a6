//! Everybody's chats, for supervisors.

use pult_domain::CommandId;
use pult_panel::view::{DeedOutcome, OverseenChat, OverseerDeed};
use pult_panel::{Panel, PanelError};
use pult_protocol::{ChatsPage, ChatsQuery, Workload};
use tauri::State;

#[tauri::command]
pub(crate) async fn chats(
    panel: State<'_, Panel>,
    query: ChatsQuery,
) -> Result<ChatsPage, PanelError> {
    panel.chats(query).await
}

#[tauri::command]
pub(crate) async fn workload(panel: State<'_, Panel>) -> Result<Workload, PanelError> {
    panel.workload().await
}

#[tauri::command]
pub(crate) async fn oversee(panel: State<'_, Panel>, on: bool) -> Result<(), PanelError> {
    panel.oversee(on).await
}

#[tauri::command]
pub(crate) async fn act_on(
    panel: State<'_, Panel>,
    chats: Vec<OverseenChat>,
    deed: OverseerDeed,
) -> Result<Vec<CommandId>, PanelError> {
    panel.act_on(chats, deed).await
}

#[tauri::command]
pub(crate) async fn outcomes(
    panel: State<'_, Panel>,
    command_ids: Vec<CommandId>,
) -> Result<Vec<DeedOutcome>, PanelError> {
    panel.outcomes(command_ids).await
}

#[tauri::command]
pub(crate) async fn take_all_back(
    panel: State<'_, Panel>,
    command_ids: Vec<CommandId>,
) -> Result<Vec<CommandId>, PanelError> {
    panel.take_all_back(command_ids).await
}

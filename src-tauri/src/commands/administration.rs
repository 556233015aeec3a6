//! What administrators manage, and everybody of their own.

use pult_panel::{Administration, Panel, PanelError};
use pult_protocol::{
    AuditPage, AuditQuery, ChannelHealth, ManagedIntegration, ManagedOperator, SessionRow,
};
use tauri::State;

#[tauri::command]
pub(crate) async fn administer(
    panel: State<'_, Panel>,
    what: Administration,
) -> Result<(), PanelError> {
    panel.administer(what).await
}

#[tauri::command]
pub(crate) async fn managed_operators(
    panel: State<'_, Panel>,
) -> Result<Vec<ManagedOperator>, PanelError> {
    panel.managed_operators().await
}

#[tauri::command]
pub(crate) async fn sessions(
    panel: State<'_, Panel>,
    all: bool,
) -> Result<Vec<SessionRow>, PanelError> {
    panel.sessions(all).await
}

#[tauri::command]
pub(crate) async fn channel_health(
    panel: State<'_, Panel>,
) -> Result<Vec<ChannelHealth>, PanelError> {
    panel.channel_health().await
}

#[tauri::command]
pub(crate) async fn managed_integrations(
    panel: State<'_, Panel>,
) -> Result<Vec<ManagedIntegration>, PanelError> {
    panel.managed_integrations().await
}

#[tauri::command]
pub(crate) async fn audit(
    panel: State<'_, Panel>,
    query: AuditQuery,
) -> Result<AuditPage, PanelError> {
    panel.audit(query).await
}

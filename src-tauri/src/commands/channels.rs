//! Channels.

use pult_domain::ChannelId;
use pult_panel::{Panel, PanelError};
use pult_protocol::ChannelRow;
use tauri::State;

#[tauri::command]
pub(crate) async fn set_channel_phone(
    panel: State<'_, Panel>,
    id: ChannelId,
    phone: String,
) -> Result<ChannelRow, PanelError> {
    panel.set_channel_phone(id, phone).await
}

//! Channels: what of them is managed from the panel.

use pult_domain::ChannelId;
use pult_protocol::ChannelRow;

use crate::error::PanelError;
use crate::panel::Panel;

impl Panel {
    /// Says which number a channel's clients write to.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn set_channel_phone(
        &self,
        id: ChannelId,
        phone: String,
    ) -> Result<ChannelRow, PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        let row = self.rest().set_channel_phone(address, token, id, phone);
        Ok(row.await?)
    }
}

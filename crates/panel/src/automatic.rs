//! Automatic texts, working hours and the direction of new chats: managed at the backend.

use pult_protocol::{
    DirectionFound, DirectionTrial, RevisedDirections, RevisedHours, RevisedTexts,
};

use crate::error::PanelError;
use crate::panel::Panel;

impl Panel {
    /// The automatic texts.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn automatic_texts(&self) -> Result<RevisedTexts, PanelError> {
        self.managed("automatic-texts").await
    }

    /// Changes the automatic texts.
    ///
    /// # Errors
    /// Offline, or what the backend refused, such as that somebody else has changed them.
    pub async fn put_automatic_texts(
        &self,
        texts: RevisedTexts,
    ) -> Result<RevisedTexts, PanelError> {
        self.put_managed("automatic-texts", &texts).await
    }

    /// The working hours.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn working_hours(&self) -> Result<RevisedHours, PanelError> {
        self.managed("working-hours").await
    }

    /// Changes the working hours.
    ///
    /// # Errors
    /// Offline, or what the backend refused, such as that somebody else has changed them.
    pub async fn put_working_hours(&self, hours: RevisedHours) -> Result<RevisedHours, PanelError> {
        self.put_managed("working-hours", &hours).await
    }

    /// The rules by which new chats are directed.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn directions(&self) -> Result<RevisedDirections, PanelError> {
        self.managed("directions").await
    }

    /// Changes the rules by which new chats are directed.
    ///
    /// # Errors
    /// Offline, or what the backend refused, such as that somebody else has changed them.
    pub async fn put_directions(
        &self,
        rules: RevisedDirections,
    ) -> Result<RevisedDirections, PanelError> {
        self.put_managed("directions", &rules).await
    }

    /// Asks which rule would take a message.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn try_directions(
        &self,
        trial: DirectionTrial,
    ) -> Result<DirectionFound, PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        let found = self
            .rest()
            .post_managed(address, token, "directions/trial", &trial);
        Ok(found.await?)
    }

    async fn managed<T: serde::de::DeserializeOwned>(&self, what: &str) -> Result<T, PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        Ok(self.rest().managed(address, token, what).await?)
    }

    async fn put_managed<T: serde::Serialize + serde::de::DeserializeOwned + Sync>(
        &self,
        what: &str,
        value: &T,
    ) -> Result<T, PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        Ok(self.rest().put_managed(address, token, what, value).await?)
    }
}

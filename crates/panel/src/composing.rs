//! What is typed: kept at once, and carried to the operator's other devices when it rests.

use std::sync::Arc;
use std::time::Duration;

use pult_domain::{ChatId, OperatorId};

use crate::error::PanelError;
use crate::panel::Panel;
use crate::view::{ComposerMode, DraftRevision};

/// So long a draft must rest before other devices are told of it.
const REST: Duration = Duration::from_secs(1);

impl Panel {
    /// Keeps what was begun to be written, and that the composer stands in that mode; text that was
    /// put back after `seen` is kept besides. It is on the disk when this returns, and at the
    /// operator's other devices a second after the last change.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn set_draft(
        &self,
        chat_id: ChatId,
        mode: ComposerMode,
        text: String,
        mentions: Vec<OperatorId>,
        seen: DraftRevision,
    ) -> Result<(), PanelError> {
        let typed = self
            .with_session(move |session| session.set_draft(chat_id, mode, text, mentions, seen))
            .await?;
        if let Some(n) = typed {
            let session = Arc::downgrade(&self.session()?);
            drop(tokio::spawn(async move {
                tokio::time::sleep(REST).await;
                if let Some(session) = session.upgrade() {
                    session.comes_to_rest((chat_id, mode), n);
                }
            }));
        }
        Ok(())
    }

    /// A composer has the focus: what comes from the operator's other devices is not put into it, but
    /// told of in [`Timeline::elsewhere`](crate::view::Timeline::elsewhere).
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn focus_composer(
        &self,
        chat_id: ChatId,
        mode: ComposerMode,
    ) -> Result<(), PanelError> {
        self.with_session(move |session| session.focus_composer((chat_id, mode)))
            .await
    }

    /// A composer has the focus no longer: what came from other devices meanwhile is put into it. So
    /// it is when its chat is not on the screen any more, or the window not in front.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn leave_composer(
        &self,
        chat_id: ChatId,
        mode: ComposerMode,
    ) -> Result<(), PanelError> {
        self.with_session(move |session| session.leave_composer((chat_id, mode)))
            .await
    }

    /// Takes what stands in a composer on another device: in the place of what is here, or above it
    /// if something was typed here since.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn take_elsewhere(
        &self,
        chat_id: ChatId,
        mode: ComposerMode,
    ) -> Result<(), PanelError> {
        self.with_session(move |session| session.take_elsewhere((chat_id, mode)))
            .await
    }

    /// Lets what is in a composer here stand, on the other devices too.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn drop_elsewhere(
        &self,
        chat_id: ChatId,
        mode: ComposerMode,
    ) -> Result<(), PanelError> {
        self.with_session(move |session| session.drop_elsewhere((chat_id, mode)))
            .await
    }
}

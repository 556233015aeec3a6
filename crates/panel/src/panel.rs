//! The panel's one API: what the shell calls, a method per thing that the page can ask for.

use std::path::PathBuf;
use std::sync::Arc;

use pult_domain::{ChatId, CommandId, Place};

use crate::error::PanelError;
use crate::events::{EventSender, EventStream};
use crate::folder::OpenError;
use crate::token_store::TokenStore;
use crate::view::{Connection, LastSignIn, Overview, SignInFailure, Timeline};

/// What a panel is opened with.
#[derive(Clone)]
pub struct Options {
    /// Where its files are; made if missing, its owner's alone.
    pub data_dir: PathBuf,
    /// What this device is called in the operator's list of sessions.
    pub device: String,
    /// Where the session's token is kept.
    pub token_store: Arc<dyn TokenStore>,
    /// A PEM file of certificate authorities to trust besides the system's.
    pub extra_ca: Option<PathBuf>,
}

/// The panel. Clones are the same panel. It lives on the tokio runtime that it was opened on.
#[derive(Clone)]
pub struct Panel {
    events: EventSender,
}

impl Panel {
    /// Opens the data folder; whoever was signed in still is, and the connection is sought in the
    /// background.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        drop(options);
        Ok(Self {
            events: EventSender::new(),
        })
    }
    /// Events from now on.
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.events.subscribe()
    }
    /// Ends the connection and lets go of the data folder.
    pub async fn shut_down(&self) {}
    /// Everything but histories.
    pub async fn overview(&self) -> Result<Overview, PanelError> {
        Ok(Overview {
            session: None,
            connection: Connection::Live,
            operators: vec![],
            channels: vec![],
            in_work: vec![],
            observed: vec![],
            queued: vec![],
            shells: vec![],
            clock_offset_ms: 0,
        })
    }
    /// A stretch of a chat's history.
    pub async fn timeline(
        &self,
        chat_id: ChatId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Timeline, PanelError> {
        let _: (ChatId, Option<Place>, u32) = (chat_id, before, limit);
        Err(PanelError::unknown_chat())
    }
    /// Writes to the client.
    pub async fn reply(&self, chat_id: ChatId, text: String) -> Result<CommandId, PanelError> {
        let _: (ChatId, String) = (chat_id, text);
        Err(PanelError::not_signed_in())
    }
    /// Closes the chat.
    pub async fn close_chat(&self, chat_id: ChatId) -> Result<CommandId, PanelError> {
        let _: ChatId = chat_id;
        Err(PanelError::not_signed_in())
    }
    /// Reopens the chat.
    pub async fn reopen_chat(&self, chat_id: ChatId) -> Result<CommandId, PanelError> {
        let _: ChatId = chat_id;
        Err(PanelError::not_signed_in())
    }
    /// Withdraws an echo that was not handed over yet; its text is the draft again.
    pub async fn take_back(&self, command_id: CommandId) -> Result<bool, PanelError> {
        let _: CommandId = command_id;
        Err(PanelError::not_signed_in())
    }
    /// Sends a held command again as a new one.
    pub async fn send_anyway(&self, command_id: CommandId) -> Result<CommandId, PanelError> {
        let _: CommandId = command_id;
        Err(PanelError::not_signed_in())
    }
    /// Forgets a held command.
    pub async fn dismiss_held(&self, command_id: CommandId) -> Result<(), PanelError> {
        let _: CommandId = command_id;
        Err(PanelError::not_signed_in())
    }
    /// Throws away the unsent text of a chat no longer seen.
    pub async fn discard_shell(&self, chat_id: ChatId) -> Result<(), PanelError> {
        let _: ChatId = chat_id;
        Err(PanelError::not_signed_in())
    }
    /// Keeps what I have begun to write.
    pub async fn set_draft(&self, chat_id: ChatId, text: String) -> Result<(), PanelError> {
        let _: (ChatId, String) = (chat_id, text);
        Err(PanelError::not_signed_in())
    }
    /// I have read the chat up to `place`.
    pub async fn mark_read(&self, chat_id: ChatId, place: Place) -> Result<(), PanelError> {
        let _: (ChatId, Place) = (chat_id, place);
        Err(PanelError::not_signed_in())
    }
    /// What is on the screen, and whether the window is in front.
    pub async fn watch(&self, chat_id: Option<ChatId>, in_front: bool) -> Result<(), PanelError> {
        let _: (Option<ChatId>, bool) = (chat_id, in_front);
        Ok(())
    }
    /// Signs in.
    pub async fn sign_in(
        &self,
        address: String,
        login: String,
        password: String,
    ) -> Result<(), SignInFailure> {
        let _: (String, String, String) = (address, login, password);
        Err(SignInFailure::BadAddress)
    }
    /// Signs out.
    pub async fn sign_out(&self, force: bool) -> Result<(), PanelError> {
        let _: bool = force;
        Err(PanelError::not_signed_in())
    }
    /// What the sign-in screen proposes.
    pub async fn last_sign_in(&self) -> Result<Option<LastSignIn>, PanelError> {
        Ok(None)
    }
    /// Tries to connect now.
    pub async fn reconnect(&self) -> Result<(), PanelError> {
        Ok(())
    }
}

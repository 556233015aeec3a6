//! What a panel or an integration asks for. The same bodies by socket and by REST.

use pult_domain::{ChatId, CommandId, EntryId, Place};
use serde::{Deserialize, Serialize};

/// Something to be done.
///
/// `seen_place` is the newest entry of the chat that the author had seen when they made the
/// command: it lets the backend hold what overlooked a newer message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// A reply to the client; the first one in a queued chat makes its author the owner.
    Reply {
        /// In which chat.
        chat_id: ChatId,
        /// What; at most 4,096 characters.
        text: String,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// Close the chat.
    Close {
        /// Which chat.
        chat_id: ChatId,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// Reopen a closed chat at its former owner, or into the queue.
    Reopen {
        /// Which chat.
        chat_id: ChatId,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// The author has read the chat up to `place`. Marks only ever grow; never refused for age.
    MarkRead {
        /// Which chat.
        chat_id: ChatId,
        /// Up to and with this entry.
        place: Place,
    },
}

impl Command {
    /// The chat that the command is about.
    #[must_use]
    pub const fn chat_id(&self) -> ChatId {
        match self {
            Self::Reply { chat_id, .. }
            | Self::Close { chat_id, .. }
            | Self::Reopen { chat_id, .. }
            | Self::MarkRead { chat_id, .. } => *chat_id,
        }
    }

    /// The newest entry that the author had seen when they made it.
    #[must_use]
    pub const fn seen_place(&self) -> Place {
        match self {
            Self::Reply { seen_place, .. }
            | Self::Close { seen_place, .. }
            | Self::Reopen { seen_place, .. } => *seen_place,
            Self::MarkRead { place, .. } => *place,
        }
    }
}

/// A command with the id that its author gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct CommandEnvelope {
    /// `UUIDv7`. The same id with the same body is answered again and done once.
    pub id: CommandId,
    /// What to do.
    pub command: Command,
}

/// What a command that was carried out has made.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct CommandDone {
    /// The entry that it added: the message of a reply, the notice of a close.
    pub entry_id: Option<EntryId>,
    /// That entry's place.
    pub place: Option<Place>,
}

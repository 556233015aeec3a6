//! What a panel or an integration asks for. The same bodies by socket and by REST.

use pult_domain::{ChatId, CommandId, EntryId, OperatorId, Place};
use serde::{Deserialize, Serialize};

use crate::DraftOrigin;

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
    /// A hidden comment. Whom it mentions observes the chat from then on.
    Comment {
        /// In which chat.
        chat_id: ChatId,
        /// What; at most 4,096 characters.
        text: String,
        /// Whom it is addressed to besides those who take part.
        mentions: Vec<OperatorId>,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// Observe no longer.
    Leave {
        /// Which chat.
        chat_id: ChatId,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// Hand a chat in work to a colleague.
    Transfer {
        /// Which chat.
        chat_id: ChatId,
        /// To whom.
        to: OperatorId,
        /// A hidden comment that goes with it.
        note: Option<String>,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// Put the chat back into the queue.
    ReturnToQueue {
        /// Which chat.
        chat_id: ChatId,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// Give a queued chat to an operator.
    Assign {
        /// Which chat.
        chat_id: ChatId,
        /// To whom.
        to: OperatorId,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// Set who observes: these and nobody else.
    SetObservers {
        /// Which chat.
        chat_id: ChatId,
        /// Who.
        observer_ids: Vec<OperatorId>,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// The client needs no answer to what they wrote.
    NoAnswerNeeded {
        /// Which chat.
        chat_id: ChatId,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// What staff call the client, in place of the name that the client goes by.
    NameClient {
        /// One of the client's chats.
        chat_id: ChatId,
        /// The name; none for the client's own. At most 200 characters.
        name: Option<String>,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// What staff should know about the client.
    NoteClient {
        /// One of the client's chats.
        chat_id: ChatId,
        /// The note; empty for none. At most 4,096 characters.
        note: String,
        /// The newest entry that the author had seen.
        seen_place: Place,
    },
    /// Whether the author, who observes, is told only of what is addressed to them.
    TellOnlyAddressed {
        /// Which chat.
        chat_id: ChatId,
        /// Whether so.
        only_addressed: bool,
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
            | Self::Comment { chat_id, .. }
            | Self::Leave { chat_id, .. }
            | Self::Transfer { chat_id, .. }
            | Self::ReturnToQueue { chat_id, .. }
            | Self::Assign { chat_id, .. }
            | Self::SetObservers { chat_id, .. }
            | Self::NoAnswerNeeded { chat_id, .. }
            | Self::NameClient { chat_id, .. }
            | Self::NoteClient { chat_id, .. }
            | Self::TellOnlyAddressed { chat_id, .. }
            | Self::Close { chat_id, .. }
            | Self::Reopen { chat_id, .. }
            | Self::MarkRead { chat_id, .. } => *chat_id,
        }
    }

    /// Puts other words in the place of those that it would say, if it says any.
    pub fn rewrite(&mut self, written: &str, mentioned: &[OperatorId]) {
        if let Self::Reply { text, .. } | Self::Comment { text, .. } = self {
            written.clone_into(text);
        }
        if let Self::Comment { mentions, .. } = self {
            mentioned.clone_into(mentions);
        }
    }

    /// Notes that its author has seen everything up to `place`.
    pub const fn see(&mut self, place: Place) {
        match self {
            Self::Reply { seen_place, .. }
            | Self::Comment { seen_place, .. }
            | Self::Leave { seen_place, .. }
            | Self::Transfer { seen_place, .. }
            | Self::ReturnToQueue { seen_place, .. }
            | Self::Assign { seen_place, .. }
            | Self::SetObservers { seen_place, .. }
            | Self::NoAnswerNeeded { seen_place, .. }
            | Self::NameClient { seen_place, .. }
            | Self::NoteClient { seen_place, .. }
            | Self::TellOnlyAddressed { seen_place, .. }
            | Self::Close { seen_place, .. }
            | Self::Reopen { seen_place, .. } => *seen_place = place,
            Self::MarkRead { .. } => {}
        }
    }

    /// The newest entry that the author had seen when they made it.
    #[must_use]
    pub const fn seen_place(&self) -> Place {
        match self {
            Self::Reply { seen_place, .. }
            | Self::Comment { seen_place, .. }
            | Self::Leave { seen_place, .. }
            | Self::Transfer { seen_place, .. }
            | Self::ReturnToQueue { seen_place, .. }
            | Self::Assign { seen_place, .. }
            | Self::SetObservers { seen_place, .. }
            | Self::NoAnswerNeeded { seen_place, .. }
            | Self::NameClient { seen_place, .. }
            | Self::NoteClient { seen_place, .. }
            | Self::TellOnlyAddressed { seen_place, .. }
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
    /// Of a reply or comment that was written in a panel: the draft that ends with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(skip)]
    #[schema(ignore)]
    pub draft: Option<DraftOrigin>,
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

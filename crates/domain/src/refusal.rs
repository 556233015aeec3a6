//! Why a command was not carried out. A refusal is an answer, not a failure.

use crate::{OperatorId, Place};

/// A command was refused; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody answered the queued chat first.
    #[error("another operator answered first")]
    ChatTaken {
        /// Who has it now; none when the chat is no longer in anyone's hands.
        owner: Option<OperatorId>,
    },
    /// The chat is closed: the owner or a supervisor reopens it first.
    #[error("the chat is closed")]
    ChatClosed,
    /// The author had not seen a newer message when this was made.
    #[error("there is a newer message that the author had not seen")]
    NewerMessage {
        /// The newest such message.
        place: Place,
    },
    /// The author has no such right in this chat.
    #[error("this needs another role or part in the chat")]
    NotAllowed,
    /// The chat is not in a status in which this can be done.
    #[error("the chat's status does not allow this")]
    WrongStatus,
    /// No such chat, as far as the author may know.
    #[error("no such chat")]
    ChatNotFound,
    /// Who is to get the chat, or is mentioned, is no active operator.
    #[error("the colleague who was named is not an active operator")]
    ColleagueInactive {
        /// Who.
        operator: OperatorId,
    },
    /// Who is to get the chat has it already.
    #[error("the chat is that operator's already")]
    AlreadyOwner,
    /// The author's account is deactivated.
    #[error("the operator is deactivated")]
    OperatorInactive,
    /// Nothing but white space.
    #[error("the text is empty")]
    TextEmpty,
    /// Longer than the channel takes.
    #[error("the text is too long")]
    TextTooLong,
    /// The same author used this command id for another body.
    #[error("this command id was used for something else")]
    IdReused,
}

impl Refusal {
    /// The stable code by which programs know this refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ChatTaken { .. } => "chat_taken",
            Self::ChatClosed => "chat_closed",
            Self::NewerMessage { .. } => "newer_message",
            Self::NotAllowed => "not_allowed",
            Self::WrongStatus => "wrong_status",
            Self::ChatNotFound => "chat_not_found",
            Self::ColleagueInactive { .. } => "colleague_inactive",
            Self::AlreadyOwner => "already_owner",
            Self::OperatorInactive => "operator_inactive",
            Self::TextEmpty => "text_empty",
            Self::TextTooLong => "text_too_long",
            Self::IdReused => "id_reused",
        }
    }
}

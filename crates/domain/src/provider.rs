//! The seam between Pult and a messaging provider, in no provider's words.
//!
//! A provider's crate turns what it receives, pushed by webhook or pulled by polling, into
//! [`Fact`]s, and takes an [`OutboundMessage`] to send. What providers differ in is data here:
//! Telegram's bots know a sender by a user id instead of a phone number and report no statuses,
//! so an identity has a kind and [`Capabilities`] say what to expect; nothing above this seam
//! assumes a webhook, a phone number or a read tick.

use serde::{Deserialize, Serialize};

use crate::{EntryId, ReplyText, Timestamp};

/// How a provider knows a client. Values are kept as they came, compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// What kind of value.
    pub kind: IdentityKind,
    /// The value, opaque.
    pub value: String,
}

/// Kinds of identities that a client can have on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityKind {
    /// `WhatsApp`'s business-scoped user id, such as `RU.1349…`; present since April 2026.
    WhatsAppUserId,
    /// `WhatsApp`'s `wa_id`: a phone number in digits; absent for those who hide it.
    WhatsAppId,
}

impl IdentityKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::WhatsAppUserId, Self::WhatsAppId];

    /// The kind's name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhatsAppUserId => "whatsapp_user_id",
            Self::WhatsAppId => "whatsapp_id",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One thing that a provider told us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A client wrote something with content, of known kind or not.
    Message(InboundMessage),
    /// What became of a message that we sent.
    Delivery(DeliveryUpdate),
    /// Anything else. It changes no chat; the raw event in the journal keeps it whole.
    Other {
        /// The provider's word for it, such as `reaction`.
        kind: String,
    },
}

/// A fact and the channel it belongs to, by the provider's own name for that channel
/// (`WhatsApp`: the phone number id).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelFact {
    /// The provider's id of the channel.
    pub channel_key: String,
    /// The fact.
    pub fact: Fact,
}

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// The provider's id of the message, unique on its channel: the same id is applied once.
    pub provider_id: String,
    /// Who wrote.
    pub sender: Sender,
    /// When the client sent it, by the provider's clock.
    pub sent_at: Timestamp,
    /// What it says.
    pub content: Content,
}

/// The author of an inbound message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// At least one, strongest first.
    pub identities: Vec<Identity>,
    /// The name that the client gave themselves, if the provider told it.
    pub name: Option<String>,
    /// The phone number in digits, for display and search only.
    pub phone: Option<String>,
}

/// What an inbound message holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Plain text.
    Text {
        /// As the client wrote it.
        body: String,
    },
    /// Something that Pult does not show in full yet. The panel says what it is.
    Placeholder {
        /// The provider's word for the kind, such as `image`.
        kind: String,
        /// Words that came with it: a caption, a file's name, a button's text.
        caption: Option<String>,
        /// The provider's JSON of this message, so that nothing is lost.
        raw: String,
    },
}

/// What became of a message that we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryUpdate {
    /// The provider's id of our message.
    pub provider_id: String,
    /// Our own id, if the provider echoes it: it settles a message whose acceptance we missed.
    pub message_id: Option<EntryId>,
    /// How far it got.
    pub progress: Progress,
    /// When, by the provider's clock.
    pub at: Timestamp,
}

/// How far a sent message got. Merged monotonically: what was read is never "delivered" again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The provider has it.
    Sent,
    /// It is on the client's device.
    Delivered,
    /// The client has seen it.
    Read,
    /// It will not arrive.
    Failed(Failure),
}

/// Why a message failed, in families that the panel has words and advice for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum FailureKind {
    /// More than 24 hours since the client wrote.
    WindowClosed,
    /// The number has no `WhatsApp`, or an old one.
    NotReachable,
    /// Too much was sent in a short time, and trying again did not help.
    RateLimited,
    /// The channel cannot send until an administrator mends it.
    ChannelBlocked,
    /// The provider did not take the message as it is.
    Rejected,
    /// Anything else.
    Other,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::WindowClosed,
        Self::NotReachable,
        Self::RateLimited,
        Self::ChannelBlocked,
        Self::Rejected,
        Self::Other,
    ];

    /// The kind's name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WindowClosed => "window_closed",
            Self::NotReachable => "not_reachable",
            Self::RateLimited => "rate_limited",
            Self::ChannelBlocked => "channel_blocked",
            Self::Rejected => "rejected",
            Self::Other => "other",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Why a message will not arrive, in the provider's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The family, which decides what people can do about it.
    pub kind: FailureKind,
    /// The provider's code, such as `131047`; empty if there is none.
    pub code: String,
    /// The provider's own words, for details.
    pub reason: String,
}

/// A message to be sent. It is made from a reply alone: a comment has no way to become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundMessage {
    /// Our id, echoed by the provider where it can.
    pub message_id: EntryId,
    /// Whom to: all that we know of the client on this channel, strongest first.
    pub recipient: Vec<Identity>,
    /// What.
    pub text: ReplyText,
}

/// What a try to send ended in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider has accepted it under this id.
    Accepted {
        /// The provider's id of the message.
        provider_id: String,
    },
    /// It certainly did not go out, and may be tried again after this many milliseconds.
    Retry {
        /// Least time to wait.
        after_ms: i64,
        /// Why.
        failure: Failure,
    },
    /// It certainly did not go out, and nothing will until somebody mends the channel
    /// (token expired, permission missing, account locked).
    ChannelBlocked(Failure),
    /// It certainly did not go out and never will.
    Rejected(Failure),
    /// Bytes left and no answer came: it may or may not have gone out.
    NotConfirmed {
        /// What happened, for details.
        reason: String,
    },
}

/// What a provider can do, so that nobody waits for what never comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Reports delivered and read.
    pub reports_delivery: bool,
    /// Echoes our id in its reports, so that an unconfirmed message can be settled.
    pub echoes_message_id: bool,
}

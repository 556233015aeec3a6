//! The rows that a reader sees: what a snapshot and the change feed consist of.

use pult_domain::provider::FailureKind;
use pult_domain::{
    AutomaticKind, ChannelId, ChatId, ClientId, CommandId, EntryId, IntegrationId, OperatorId,
    Place, ReadyAnswerId, Role, Status, Timestamp,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{CompanyRow, DraftRow, ReadyAnswerRow};

/// One row of the feed. Rows of a page are in the order of their change; a row with the same id
/// replaces the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum Row {
    /// A chat that the reader sees, as it is now.
    Chat(ChatRow),
    /// A line of a chat that the reader sees.
    Entry(EntryRow),
    /// A chat that the reader no longer sees.
    Gone {
        /// Which.
        chat_id: ChatId,
        /// Why, which decides what the reader may keep: nothing, if it is a word of a newer version.
        #[serde(deserialize_with = "known_why")]
        why: GoneWhy,
    },
    /// How far the reader has read a chat.
    Mark(MarkRow),
    /// What the reader has begun to write in a chat.
    Draft(DraftRow),
    /// An operator.
    Operator(OperatorRow),
    /// A channel.
    Channel(ChannelRow),
    /// A program with an API key.
    Integration(IntegrationRow),
    /// The company's settings.
    Company(CompanyRow),
    /// A ready answer of the company's, or of the reader's own.
    ReadyAnswer(ReadyAnswerRow),
    /// A ready answer that was deleted.
    ReadyAnswerGone {
        /// Which.
        id: ReadyAnswerId,
    },
}

impl Row {
    /// The kinds of rows that this version knows, by their names on the wire.
    pub const KINDS: [&'static str; 11] = [
        "chat",
        "entry",
        "gone",
        "mark",
        "draft",
        "operator",
        "channel",
        "integration",
        "ready_answer",
        "ready_answer_gone",
        "company",
    ];
}

/// Reads what may be of a newer version, if it is not.
fn known<'de, T: DeserializeOwned, D: Deserializer<'de>>(value: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(value)?;
    Ok(serde_json::from_value(value).ok())
}

fn known_why<'de, D: Deserializer<'de>>(why: D) -> Result<GoneWhy, D::Error> {
    known(why).map(|why| why.unwrap_or(GoneWhy::Lost))
}

fn known_kind<'de, D: Deserializer<'de>>(kind: D) -> Result<Option<AutomaticKind>, D::Error> {
    known(kind).map(Option::flatten)
}

fn known_body<'de, D: Deserializer<'de>>(body: D) -> Result<EntryBody, D::Error> {
    let notice = Notice::Newer;
    known(body).map(|body| body.unwrap_or(EntryBody::Notice { notice }))
}

fn known_role<'de, D: Deserializer<'de>>(role: D) -> Result<Role, D::Error> {
    known(role).map(|role| role.unwrap_or(Role::Operator))
}

/// Why a chat left a reader's sight.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GoneWhy {
    /// It was closed while the reader took part: what was cached may be kept for reading.
    Closed,
    /// It is somebody else's: its texts are to be erased.
    Lost,
}

/// A chat as it stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChatRow {
    /// Its id.
    pub id: ChatId,
    /// The channel that it is on.
    pub channel_id: ChannelId,
    /// Who writes.
    pub client: ClientCard,
    /// Where it stands.
    pub status: Status,
    /// Who is responsible.
    pub owner_id: Option<OperatorId>,
    /// In a queued chat: whose it was before.
    pub former_owner_id: Option<OperatorId>,
    /// In a queued chat: whose attention a rule asks for. The chat is nobody's all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub suggested_owner_id: Option<OperatorId>,
    /// Who was brought in.
    pub observer_ids: Vec<OperatorId>,
    /// Since when the client has had no answer; none when nothing waits.
    pub waiting_since: Option<Timestamp>,
    /// When the chat last got a message or comment. Automatic texts do not count.
    pub last_activity_at: Timestamp,
    /// When the client wrote last, by the provider's clock: the 24-hour window counts from here.
    pub client_wrote_at: Option<Timestamp>,
    /// Its newest place.
    pub last_place: Place,
    /// The newest message or comment, as a list shows it; what people said, not an automatic text.
    pub preview: Option<Preview>,
    /// Whether the row begins this reader's sight of the chat: entries held of it from an earlier
    /// time may be out of date and are to be read anew.
    #[serde(default, skip_serializing_if = "is_false")]
    pub fresh: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A client, as staff see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ClientCard {
    /// Their id.
    pub id: ClientId,
    /// What staff call them, else their own name; none if they gave none.
    pub name: Option<String>,
    /// The name that they go by at the provider; none if they gave none.
    pub own_name: Option<String>,
    /// Their phone number in digits; none if they hide it.
    pub phone: Option<String>,
    /// What staff should know about them; empty if there is nothing.
    pub note: String,
}

/// The newest message or comment of a chat in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Preview {
    /// Whose line it is.
    pub kind: EntryKind,
    /// Its author, if an operator.
    pub author_id: Option<OperatorId>,
    /// The first 160 characters; for a placeholder the words that came with it.
    pub text: String,
    /// For a placeholder: the provider's word for its kind, such as `image`.
    pub placeholder: Option<String>,
}

/// The kind of an entry.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A message of the client.
    Inbound,
    /// A message to the client.
    Outbound,
    /// A hidden comment.
    Comment,
    /// A line that the backend wrote.
    Notice,
}

/// A line of a chat's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct EntryRow {
    /// Its id.
    pub id: EntryId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Its place: dense from 1 in its chat.
    pub place: Place,
    /// The operator who wrote it; none for the client's and for what happened by itself.
    pub author_id: Option<OperatorId>,
    /// The program that made it, as itself or for its author; none for what people did.
    #[serde(default)]
    pub integration_id: Option<IntegrationId>,
    /// The command that made it: marries it to its author's local echo.
    pub command_id: Option<CommandId>,
    /// Of which kind it is if it is an automatic text to the client, which is nobody's and no answer.
    /// One of a kind of a newer version is read as nobody's text.
    #[serde(
        default,
        deserialize_with = "known_kind",
        skip_serializing_if = "Option::is_none"
    )]
    #[ts(optional)]
    pub automatic: Option<AutomaticKind>,
    /// When the provider says that it was sent; for our own when the backend took it.
    pub sent_at: Timestamp,
    /// When the backend took it.
    pub received_at: Timestamp,
    /// What it is. One of a newer version is read as [`Notice::Newer`].
    #[serde(deserialize_with = "known_body")]
    pub body: EntryBody,
}

/// What an entry holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EntryBody {
    /// A message of the client in plain text.
    Inbound {
        /// As the client wrote it.
        text: String,
    },
    /// A message of the client of a kind that is not shown in full.
    InboundPlaceholder {
        /// The provider's word for the kind, such as `image`.
        placeholder: String,
        /// Words that came with it.
        caption: Option<String>,
    },
    /// A message to the client.
    Outbound {
        /// As it was written.
        text: String,
        /// How far it got.
        delivery: Delivery,
    },
    /// A hidden comment.
    Comment {
        /// As its author wrote it.
        text: String,
        /// Whom it mentions.
        mentions: Vec<OperatorId>,
    },
    /// A line that the backend wrote; the panel words it.
    Notice {
        /// What happened.
        notice: Notice,
    },
}

impl EntryBody {
    /// Whose line it is.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        match self {
            Self::Inbound { .. } | Self::InboundPlaceholder { .. } => EntryKind::Inbound,
            Self::Outbound { .. } => EntryKind::Outbound,
            Self::Comment { .. } => EntryKind::Comment,
            Self::Notice { .. } => EntryKind::Notice,
        }
    }
}

/// How far a message to the client got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Delivery {
    /// How far.
    pub state: DeliveryState,
    /// Why it failed, if it did.
    pub failure: Option<FailureKind>,
    /// The provider's own code and words about it, for details.
    pub failure_details: Option<String>,
}

/// How far a message to the client got.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The backend has it; it waits for its turn, or for another try.
    Pending,
    /// It is on its way to the provider.
    Sending,
    /// It may or may not have gone out; it is not sent again by itself.
    NotConfirmed,
    /// The provider has it.
    Sent,
    /// It is on the client's device.
    Delivered,
    /// The client has seen it.
    Read,
    /// It will not arrive.
    Failed,
}

impl DeliveryState {
    /// Every state, in the order of the way.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Sending,
        Self::NotConfirmed,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Failed,
    ];

    /// The state's name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::NotConfirmed => "not_confirmed",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A line that the backend writes into a chat: kind and parameters, worded by the panel. Where
/// nobody stands as who did it, the entry's integration did as itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Notice {
    /// An operator took the chat by answering first.
    Taken {
        /// Who.
        by: OperatorId,
    },
    /// Somebody was brought in and observes from now on.
    Joined {
        /// By whom.
        by: Option<OperatorId>,
        /// Who.
        observer: OperatorId,
    },
    /// An observer has left.
    Left {
        /// Who.
        observer: OperatorId,
    },
    /// An observer was taken out.
    Removed {
        /// By whom.
        by: Option<OperatorId>,
        /// Who.
        observer: OperatorId,
    },
    /// The chat was handed on.
    Transferred {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it was.
        from: OperatorId,
        /// Whose it is now.
        to: OperatorId,
    },
    /// The chat was given to somebody out of the queue.
    Assigned {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it is now.
        to: OperatorId,
    },
    /// The chat was put back into the queue.
    Returned {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it was.
        was: Option<OperatorId>,
    },
    /// The client needs no answer.
    NoAnswerNeeded {
        /// Who said so.
        by: OperatorId,
    },
    /// The chat was closed.
    Closed {
        /// By whom.
        by: Option<OperatorId>,
    },
    /// The chat was reopened at its owner.
    Reopened {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it is again.
        owner: OperatorId,
    },
    /// The chat was reopened into the queue.
    ReopenedToQueue {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it was.
        was: Option<OperatorId>,
    },
    /// The client wrote again and the chat went back to its owner.
    CameBack {
        /// Whose it is again.
        owner: OperatorId,
    },
    /// The client wrote again and the chat went into the queue.
    CameBackToQueue {
        /// Whose it was.
        was: Option<OperatorId>,
    },
    /// The owner was deactivated and the chat went into the queue.
    OwnerDeactivated {
        /// Whose it was.
        was: Option<OperatorId>,
    },
    /// An observer was deactivated.
    ObserverDeactivated {
        /// Who.
        observer: OperatorId,
    },
    /// Something that this version does not know. The backend writes none: it stands in a panel for
    /// whatever a newer backend tells, so that a chat's places have no hole.
    Newer,
}

/// How far a reader has read a chat.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct MarkRow {
    /// Which chat.
    pub chat_id: ChatId,
    /// Up to and with this place.
    pub read_place: Place,
    /// Whether the reader, who observes, is told only of what is addressed to them.
    #[serde(default)]
    pub only_addressed: bool,
}

/// An operator, as colleagues see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct OperatorRow {
    /// Their id.
    pub id: OperatorId,
    /// The name that colleagues know them by.
    pub name: String,
    /// Their role; one of a newer version is read as the weakest.
    #[serde(deserialize_with = "known_role")]
    pub role: Role,
    /// False once deactivated.
    pub is_active: bool,
}

/// A program with an API key, as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct IntegrationRow {
    /// Its id.
    pub id: IntegrationId,
    /// What staff call it.
    pub name: String,
    /// False once its key is revoked.
    pub is_active: bool,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChannelRow {
    /// Its id.
    pub id: ChannelId,
    /// Its kind.
    pub kind: ChannelKind,
    /// What staff call it.
    pub name: String,
    /// Why it cannot send now; none while it can.
    pub problem: Option<FailureKind>,
    /// The number that clients write to, in digits; none while it is not known.
    #[serde(default)]
    pub phone: Option<String>,
}

/// Kinds of channels.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// `WhatsApp` Cloud API.
    Whatsapp,
}

impl ChannelKind {
    /// The kind's name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        (name == Self::Whatsapp.as_str()).then_some(Self::Whatsapp)
    }
}

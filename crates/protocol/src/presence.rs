//! Who of the operators is there, and which chat they look at or write in. No part of the feed: it
//! is told as it is, to who is connected, and nobody catches up on it.
//!
//! Whatever a panel says of its operator it says for a time, the lease, and renews. A panel that
//! falls silent takes nothing back; what it said ends by itself.

use pult_domain::{ChatId, OperatorId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ComposerMode;

/// For how long a `watch` holds unless `welcome` says otherwise, in milliseconds.
///
/// Counted by the backend from when it took it. What it said is over, and others have been told so,
/// at the latest once as much time again has passed.
pub const LEASE_MS: u64 = 45_000;

/// How often a panel renews its `watch` at least within the time of a lease, so that two may get lost.
pub const RENEWALS_OF_LEASE: u64 = 3;

/// The least time between two `watch` of one panel that the backend acts on, in milliseconds: of
/// those that come quicker the newest counts, when it is time.
pub const WATCH_INTERVAL_MS: u64 = 200;

/// Whether an operator is there. Not a row of the feed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct PresenceRow {
    /// Who.
    pub operator_id: OperatorId,
    /// How it stands.
    pub presence: Presence,
    /// Since when; none if that is not known.
    pub since: Option<Timestamp>,
    /// Whether somebody who is away has said so themselves, and stays away until they say that
    /// they are back.
    #[serde(default)]
    pub by_hand: bool,
}

/// How it stands with somebody's presence.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// A panel of theirs is connected, at a device that is used.
    Online,
    /// A panel is connected, but none at a device that is used; or they say that they are away.
    Away,
    /// No panel is connected.
    Offline,
}

/// What a panel says of its operator, for the time of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Watch {
    /// The chat on the screen of a window in front; none if there is none.
    pub chat_id: Option<ChatId>,
    /// In which mode something is being typed in it. It is told to staff alone: nothing leads from
    /// here to a client.
    #[serde(default)]
    pub typing: Option<ComposerMode>,
    /// Whether the device is used.
    #[serde(default)]
    pub standing: Standing,
    /// How long ago somebody used the device last, in seconds: of an operator's devices the one that
    /// was used last tells them first of what comes.
    #[serde(default)]
    pub used_ago_s: u32,
}

/// Whether a device is used.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Somebody has used it lately.
    #[default]
    Active,
    /// Nobody has for a while.
    Idle,
    /// Its screen is locked.
    Locked,
}

/// Who looks at a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct WatchedChat {
    /// The chat.
    pub chat_id: ChatId,
    /// All who look at it, by id; each once, whatever the number of their devices. Empty when
    /// nobody does any more.
    pub onlookers: Vec<Onlooker>,
}

/// Somebody who looks at a chat.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct Onlooker {
    /// Who.
    pub operator_id: OperatorId,
    /// What they are typing in it; a reply, if they do both on different devices.
    pub typing: Option<ComposerMode>,
}

/// Says whether one is away, whatever one's devices say.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct AwayRequest {
    /// Away until said otherwise; or back.
    pub away: bool,
}

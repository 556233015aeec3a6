//! What supervisors see of everybody's chats, and the alarms about clients who wait too long.

use pult_domain::{ChatId, OperatorId, Status, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{ArchiveCursor, ChatRow};

/// Most chats that a query names.
pub const MAX_NAMED_CHATS: usize = 100;

/// Most chats that are named to a panel as late; those that became late last.
pub const MAX_LATE_CHATS: usize = 200;

/// Query of `GET /api/v1/chats`, for supervisors. What is not given does not narrow it.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::IntoParams,
)]
#[serde(default)]
#[ts(optional_fields)]
#[into_params(parameter_in = Query)]
pub struct ChatsQuery {
    /// Chats of this status; the open ones, queued and in work, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Whose chats; of closed ones whose they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<OperatorId>,
    /// Words of the client's name or a part of their number, as the archive takes them. Closed chats
    /// are searched through as the archive does it, their lines too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of these chats alone: at most 100 ids with commas between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<String>,
    /// What comes first; who waits longest when absent. Closed chats come last active first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<ChatsOrder>,
    /// Go on where the page before says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub after: Option<ArchiveCursor>,
    /// At most so many, 1-200; 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// What comes first.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChatsOrder {
    /// The client who waits longest; then those who do not wait.
    #[default]
    Waiting,
    /// The chat in which something was written last.
    Activity,
}

/// A page of chats.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct ChatsPage {
    /// The chats. May be fewer than asked for although more follow: a request reads only so much.
    pub chats: Vec<ChatRow>,
    /// Where to go on; none at the end.
    #[schema(value_type = Option<String>)]
    pub next: Option<ArchiveCursor>,
}

/// `GET /api/v1/workload`, for supervisors: how much there is to do, and with whom.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct Workload {
    /// The queue.
    pub queued: Load,
    /// All chats in work.
    pub in_work: Load,
    /// What each operator has; who has nothing is not in it.
    pub operators: Vec<OperatorLoad>,
    /// From when on a client waits too long.
    pub limits: LateLimits,
}

/// How much there is to do in some chats.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct Load {
    /// How many chats.
    pub n: u32,
    /// In how many of them the client waits.
    pub n_waiting: u32,
    /// In how many of them for too long.
    pub n_late: u32,
    /// Since when the one waits who waits longest.
    pub waiting_since: Option<Timestamp>,
}

/// How much an operator has to do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct OperatorLoad {
    /// Who.
    pub operator_id: OperatorId,
    /// The chats that they own.
    pub in_work: Load,
    /// How many they observe.
    pub n_observed: u32,
}

/// From when on a client waits too long; none for never.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct LateLimits {
    /// In the queue, in minutes.
    pub first_answer_minutes: Option<u32>,
    /// In work, in minutes.
    pub answer_minutes: Option<u32>,
}

/// The clients who wait too long, as far as it is for the reader: for a supervisor all, for others
/// those of their own chats.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct LateChats {
    /// Those that became late last come first; at most 200.
    pub chats: Vec<LateChat>,
    /// How many there are altogether.
    pub n: u32,
}

/// A client who waits too long. No word of the chat is in it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct LateChat {
    /// The chat.
    pub chat_id: ChatId,
    /// Whose it is; none in the queue.
    pub owner_id: Option<OperatorId>,
    /// Since when its client waits.
    pub waiting_since: Timestamp,
    /// The limit that was passed, in minutes.
    pub limit_minutes: u32,
}

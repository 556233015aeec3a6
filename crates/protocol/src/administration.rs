//! What administrators manage over REST: operators, sessions, channels and integrations.

use pult_domain::{IntegrationId, OperatorId, Role, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ChannelRow;

/// An operator, as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ManagedOperator {
    /// Their id.
    pub id: OperatorId,
    /// The name to sign in with.
    pub login: String,
    /// The name that colleagues see.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// False once deactivated.
    pub is_active: bool,
    /// How many chats are theirs: so many go back to the queue when they are deactivated.
    pub n_in_work: u32,
    /// On how many devices they are signed in.
    pub n_sessions: u32,
}

/// `GET /api/v1/operators`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ManagedOperatorList {
    /// All of them, in the order in which they were added.
    pub operators: Vec<ManagedOperator>,
}

/// `PUT /api/v1/operators/{id}`: a new operator, under an id made by who adds them.
#[derive(Clone, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct NewOperatorRequest {
    /// The name to sign in with; case does not count.
    pub login: String,
    /// The name that colleagues see.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// The first password.
    pub password: String,
}

/// `PATCH /api/v1/operators/{id}`: one thing that changes. What it was is said too, so that nobody
/// changes what somebody else has changed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum OperatorChange {
    /// The name that colleagues see.
    Name {
        /// As its author had seen it.
        was: String,
        /// As it is to be.
        now: String,
    },
    /// The role.
    Role {
        /// As its author had seen it.
        was: Role,
        /// As it is to be.
        now: Role,
    },
    /// Whether they may sign in. Deactivated, their chats return to the queue and their sessions end.
    IsActive {
        /// As it is to be.
        now: bool,
    },
}

/// `PUT /api/v1/operators/{id}/password`: another password; all sessions of the operator end.
#[derive(Clone, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct PasswordRequest {
    /// The new password.
    pub password: String,
}

/// `PUT /api/v1/password`: another password of one's own; one's other sessions end.
#[derive(Clone, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct OwnPasswordRequest {
    /// The password until now.
    pub present: String,
    /// The new password.
    pub password: String,
}

/// A session, as whoever may end it sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub operator_id: OperatorId,
    /// What the device is called.
    pub device: String,
    /// Since when they are signed in.
    pub created_at: Timestamp,
    /// When a panel with it last came or went.
    pub last_seen_at: Timestamp,
    /// The network address that it was last used from; empty if it is not known.
    pub address: String,
    /// Whether a panel is connected with it.
    pub is_connected: bool,
    /// Whether the asker asks with it.
    pub is_current: bool,
}

/// Query of `GET /api/v1/sessions`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::IntoParams,
)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SessionsQuery {
    /// Everybody's, for administrators; else one's own.
    pub all: bool,
}

/// `GET /api/v1/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SessionList {
    /// The sessions, newest first.
    pub sessions: Vec<SessionRow>,
}

/// How a channel is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChannelHealth {
    /// The channel, with its problem if it has one.
    pub channel: ChannelRow,
    /// The provider's id of it; for `WhatsApp` the phone number id.
    pub provider_key: String,
    /// Since when it cannot send.
    pub problem_since: Option<Timestamp>,
    /// When sending is tried again.
    pub blocked_until: Option<Timestamp>,
    /// When a client last wrote through it; none if not among the newest lines of all chats.
    pub last_inbound_at: Option<Timestamp>,
    /// When a message last went to a client through it; none as above.
    pub last_outbound_at: Option<Timestamp>,
    /// How many messages wait to be sent.
    pub n_waiting: u32,
    /// How many may or may not have gone out.
    pub n_not_confirmed: u32,
}

/// `GET /api/v1/channels`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChannelHealthList {
    /// All channels.
    pub channels: Vec<ChannelHealth>,
}

/// `PUT /api/v1/channels/{id}/name`: what staff call a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChannelNameRequest {
    /// As its author had seen it.
    pub was: String,
    /// As it is to be.
    pub now: String,
}

/// An integration, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ManagedIntegration {
    /// Its id.
    pub id: IntegrationId,
    /// What staff call it.
    pub name: String,
    /// False once its key is revoked.
    pub is_active: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its key was last used, to some minutes; none if never.
    pub last_used_at: Option<Timestamp>,
}

/// `GET /api/v1/integrations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ManagedIntegrationList {
    /// All of them.
    pub integrations: Vec<ManagedIntegration>,
}

// Passwords are never printed.
impl std::fmt::Debug for NewOperatorRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewOperatorRequest").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PasswordRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordRequest").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for OwnPasswordRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnPasswordRequest").finish_non_exhaustive()
    }
}

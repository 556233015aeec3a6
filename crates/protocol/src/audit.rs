//! The audit log: what was done by who may do what others may not. Names of staff stand in it as
//! they were then; nothing that a client wrote ever does.

use pult_domain::{
    AutomaticKind, ChannelId, ChatId, Deed, IntegrationId, OperatorId, Role, Timestamp,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::CompanyChange;

/// Who did something.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Actor {
    /// An operator in the panel, or over REST with a session's token.
    Operator {
        /// Who.
        operator_id: OperatorId,
    },
    /// A program with its key.
    Integration {
        /// Which.
        integration_id: IntegrationId,
    },
    /// Somebody at the machine, with the program's commands.
    CommandLine,
}

impl From<OperatorId> for Actor {
    fn from(operator_id: OperatorId) -> Self {
        Self::Operator { operator_id }
    }
}

/// Something that was done. What is added to it must be readable for ever: a variant or a field is
/// never renamed, and a new field has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// An operator was added.
    OperatorAdded {
        /// Who.
        operator_id: OperatorId,
        /// The name to sign in with.
        login: String,
        /// The name that colleagues see.
        name: String,
        /// The role.
        role: Role,
    },
    /// An operator got another name.
    OperatorRenamed {
        /// Who.
        operator_id: OperatorId,
        /// The name before.
        was: String,
        /// The name since.
        now: String,
    },
    /// An operator got another role.
    RoleChanged {
        /// Who.
        operator_id: OperatorId,
        /// The role before.
        was: Role,
        /// The role since.
        now: Role,
    },
    /// An operator was deactivated.
    OperatorDeactivated {
        /// Who.
        operator_id: OperatorId,
        /// How many chats went back to the queue.
        n_chats: u32,
    },
    /// A deactivated operator may sign in again.
    OperatorReactivated {
        /// Who.
        operator_id: OperatorId,
    },
    /// An operator got another password; their sessions ended.
    PasswordSet {
        /// Who.
        operator_id: OperatorId,
    },
    /// Sessions were ended by somebody else than by signing out.
    SessionsRevoked {
        /// Whose.
        operator_id: OperatorId,
        /// On which devices.
        devices: Vec<String>,
    },
    /// A channel was added.
    ChannelAdded {
        /// Which.
        channel_id: ChannelId,
        /// What staff call it.
        name: String,
    },
    /// A channel got other settings, such as another token.
    ChannelReplaced {
        /// Which.
        channel_id: ChannelId,
        /// What staff call it.
        name: String,
    },
    /// A channel got another name.
    ChannelRenamed {
        /// Which.
        channel_id: ChannelId,
        /// The name before.
        was: String,
        /// The name since.
        now: String,
    },
    /// A program got a key.
    IntegrationAdded {
        /// Which.
        integration_id: IntegrationId,
        /// What staff call it.
        name: String,
    },
    /// A program's key was ended for ever.
    IntegrationRevoked {
        /// Which.
        integration_id: IntegrationId,
        /// What staff call it.
        name: String,
    },
    /// The company's settings were changed.
    CompanyChanged {
        /// What of them.
        changes: Vec<CompanyChange>,
    },
    /// A channel got another number for links.
    ChannelPhoneSet {
        /// Which.
        channel_id: ChannelId,
        /// The number before; none if none was known.
        was: Option<String>,
        /// The number since.
        now: String,
    },
    /// The company got a ready answer.
    ReadyAnswerAdded {
        /// Its shortcut.
        shortcut: String,
    },
    /// A ready answer of the company was changed.
    ReadyAnswerChanged {
        /// Its shortcut before.
        was: String,
        /// Its shortcut since.
        now: String,
    },
    /// A ready answer of the company was deleted.
    ReadyAnswerDeleted {
        /// Its shortcut.
        shortcut: String,
    },
    /// A table was made ready answers of the company.
    ReadyAnswersImported {
        /// How many were new.
        n_new: u32,
        /// How many had been others.
        n_changed: u32,
    },
    /// Automatic texts were changed, or when they go out.
    AutomaticTextsChanged {
        /// Which.
        kinds: Vec<AutomaticKind>,
    },
    /// The working hours were changed.
    WorkingHoursChanged {
        /// Whether the company keeps any.
        are_kept: bool,
        /// How many days differ from the week.
        n_exceptions: u32,
    },
    /// The direction of new chats was changed.
    DirectionsChanged {
        /// How many rules there are since.
        n_rules: u32,
    },
    /// Something was done in a chat that none but supervisors may do in it.
    ChatHandled {
        /// In which.
        chat_id: ChatId,
        /// What.
        deed: Deed,
        /// Whose it was.
        owner_id: Option<OperatorId>,
        /// To whom it was given.
        to: Option<OperatorId>,
    },
    /// A backup was put in the place of the store: what stood in the log since is in the former one.
    Restored,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct AuditEntry {
    /// Its place in the log: grows from entry to entry.
    #[ts(type = "number")]
    pub key: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What; none if it was written by a newer version.
    #[serde(deserialize_with = "known")]
    pub act: Option<Act>,
    /// The name of what, as `act` in it.
    pub kind: String,
}

/// An act that this version knows: others must not hide the entries beside them.
fn known<'de, D: Deserializer<'de>>(act: D) -> Result<Option<Act>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(act)?).ok())
}

/// Query of `GET /api/v1/audit`. What is not given does not narrow it.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::IntoParams,
)]
#[serde(default)]
#[ts(optional_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Entries before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// Done by this operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_id: Option<OperatorId>,
    /// Of this kind, such as `role_changed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// At most so many, 1-200; 50 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of the audit log, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Whether there are more before the last one.
    pub has_more: bool,
}

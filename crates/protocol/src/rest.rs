//! Bodies of the REST interface under `/api/v1`.

use pult_domain::{ChatId, CommandId, OperatorId, Place, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{ChatRow, Command, CommandDone, EntryRow, OperatorRow, Token};

/// `POST /api/v1/sessions`: sign in.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignInRequest {
    /// The operator's sign-in name.
    pub login: String,
    /// The password.
    pub password: String,
    /// What the device is called.
    pub device: String,
}

/// The answer to a sign-in.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignInResponse {
    /// The session's token; shown this once.
    pub token: Token,
    /// When the session ends if it is not used.
    pub expires_at: Timestamp,
    /// Who signed in.
    pub operator: OperatorRow,
}

/// `POST /api/v1/commands`: the same commands as on the socket.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CommandRequest {
    /// The command's id, made by its author.
    pub id: CommandId,
    /// What to do.
    pub command: Command,
    /// For an integration: the operator for whom and with whose rights it asks. No administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<OperatorId>,
}

/// The answer to a command that was carried out.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CommandResponse {
    /// What came of it.
    pub result: CommandDone,
}

/// Query of `GET /api/v1/chats/{chat_id}/entries`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, utoipa::IntoParams)]
pub struct HistoryQuery {
    /// Entries before this place; the newest ones when absent.
    pub before: Option<Place>,
    /// At most so many, 1-200; 50 when absent.
    pub limit: Option<u32>,
}

/// A page of a chat's history.
#[derive(Debug, Clone, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct HistoryPage {
    /// The entries, oldest first, without holes.
    pub entries: Vec<EntryRow>,
}

/// Query of `GET /api/v1/archive`: closed chats that the asker may find. What is not given does not
/// narrow the search.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::IntoParams,
)]
#[serde(default)]
#[ts(optional_fields)]
pub struct ArchiveQuery {
    /// Words: each must begin a word of the client's name or of what was written, or be a fragment
    /// of the client's number. Case does not count, and ё is е.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whose chat it was when it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<OperatorId>,
    /// Last active at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Last active before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Go on behind this chat of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<ChatId>,
    /// At most so many, 1-100; 30 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of the archive, last active first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ArchivePage {
    /// What was found.
    pub hits: Vec<ArchiveHit>,
    /// Whether there may be more behind the last one.
    pub has_more: bool,
}

/// A closed chat that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ArchiveHit {
    /// The chat.
    pub chat: ChatRow,
    /// The newest line in which what was searched for stands, if it stands in one.
    pub line: Option<EntryRow>,
}

/// `GET /api/v1/chats/{chat_id}/card`: what the client's card shows besides the chat's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ClientHistory {
    /// When the client wrote first; none before they ever did.
    pub first_contact_at: Option<Timestamp>,
    /// When anything was last written by either side.
    pub last_contact_at: Timestamp,
    /// The talks that have ended, newest first; at most 50.
    pub talks: Vec<Talk>,
    /// How many talks there were, the present one counted.
    pub n_talks: u32,
}

/// A talk with a client: from when it began until it was closed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct Talk {
    /// When it was closed.
    pub closed_at: Timestamp,
    /// By whom; none if a program did.
    pub closed_by: Option<OperatorId>,
    /// Its last entry, the notice of the close.
    pub last_place: Place,
}

// A password is never printed.
impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInRequest").finish_non_exhaustive()
    }
}

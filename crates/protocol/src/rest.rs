//! Bodies of the REST interface under `/api/v1`.

use pult_domain::{CommandId, Place, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Command, CommandDone, EntryRow, OperatorRow, Token};

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
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HistoryPage {
    /// The entries, oldest first, without holes.
    pub entries: Vec<EntryRow>,
}

// A password is never printed.
impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInRequest").finish_non_exhaustive()
    }
}

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
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Entries before this place; the newest ones when absent.
    pub before: Option<Place>,
    /// At most so many, 1-200; 50 when absent. Fewer come where they are very long.
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
#[into_params(parameter_in = Query)]
pub struct ArchiveQuery {
    /// Words: each must begin a word of the client's name or be a fragment of their number, or else
    /// begin a word of one line together with the others. Case does not count, ё is е, and a number
    /// may be written with spaces, brackets and hyphens, and with 8 in place of +7. At most 16 count.
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
    /// Go on where the page before says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub after: Option<ArchiveCursor>,
    /// At most so many, 1-100; 30 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of the archive, last active first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ArchivePage {
    /// What was found. May be empty although more is found further on: a request reads only so much.
    pub hits: Vec<ArchiveHit>,
    /// Where to go on; none at the end.
    #[schema(value_type = Option<String>)]
    pub next: Option<ArchiveCursor>,
}

/// A place in the archive, behind a chat as it stood when it was passed: it stays where it is when
/// that chat moves. Texts of it are to be given back as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct ArchiveCursor {
    /// When the chat was last active.
    pub at: Timestamp,
    /// The chat.
    pub chat_id: ChatId,
}

impl From<ArchiveCursor> for String {
    fn from(ArchiveCursor { at, chat_id }: ArchiveCursor) -> Self {
        format!("{}_{chat_id}", at.0)
    }
}

/// A text that is no place in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoArchiveCursor;

impl std::fmt::Display for NoArchiveCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a place in the archive")
    }
}

impl TryFrom<String> for ArchiveCursor {
    type Error = NoArchiveCursor;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (at, chat_id) = text.split_once('_').ok_or(NoArchiveCursor)?;
        Ok(Self {
            at: Timestamp(at.parse().map_err(|_| NoArchiveCursor)?),
            chat_id: chat_id.parse().map_err(|_| NoArchiveCursor)?,
        })
    }
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

/// `PUT /api/v1/channels/{channel_id}/phone`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChannelPhoneBody {
    /// The number, country code first, however it is written.
    pub phone: String,
}

// A password is never printed.
impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInRequest").finish_non_exhaustive()
    }
}

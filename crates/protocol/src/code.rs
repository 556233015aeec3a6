//! The one list of codes. A code exists only if somebody acts on it; texts are the panel's.

use pult_domain::Refusal;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

/// What went wrong, stable across versions: programs compare codes, never texts.
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
pub enum Code {
    /// Somebody answered the queued chat first; `details.owner` is an operator's id or null.
    ChatTaken,
    /// The chat is closed.
    ChatClosed,
    /// A newer message had not been seen; `details.place` is the newest one's.
    NewerMessage,
    /// The author's role or part in the chat does not suffice.
    NotAllowed,
    /// The chat's status does not allow it.
    WrongStatus,
    /// There is no such chat, as far as the author may know.
    ChatNotFound,
    /// A colleague who was named is no active operator; `details.operator` is their id.
    ColleagueInactive,
    /// The chat is already whose it was to become.
    AlreadyOwner,
    /// The operator is deactivated.
    OperatorInactive,
    /// The text is blank.
    TextEmpty,
    /// The text is longer than the channel takes; `details.max` is the limit in characters.
    TextTooLong,
    /// Somebody else has changed it since its author saw it; `details.revision` is its present one.
    ChangedMeanwhile,
    /// The command id was used by the same author for another body.
    IdReused,
    /// There is no such ready answer, as far as the author may know.
    ReadyAnswerNotFound,
    /// What was to be a ready answer cannot be one; `details.fault` says what is wrong with it.
    ReadyAnswerWrong,
    /// Another ready answer of the same scope has the shortcut; `details.id` is its id.
    ShortcutTaken,
    /// There are as many ready answers as there may be; `details.max` says how many.
    TooManyReadyAnswers,
    /// A table has no line that names its columns.
    TableUnreadable,
    /// A draft has another version by now, which is on its way.
    DraftMoved,
    /// There is no such channel.
    ChannelNotFound,
    /// What was given as a phone number cannot be one.
    PhoneWrong,
    /// Without this administrator nobody active would be one.
    LastAdministrator,
    /// An operator has this sign-in name.
    LoginTaken,
    /// A field cannot be set so; `details.field` names it, `details` say what it may be.
    FieldWrong,
    /// Name or password is wrong.
    WrongPassword,
    /// Too many tries; `details.retry_after_ms` says when the next one is looked at.
    TooManyTries,
    /// The token is unknown, expired, signed out or revoked: sign in again.
    SignedOut,
    /// The panel's protocol is too old; `details.oldest` and `details.newest` are spoken here.
    ProtocolTooOld,
    /// The panel's protocol is newer than the backend: the backend must be updated.
    ProtocolTooNew,
    /// What was sent could not be read as JSON of the expected shape.
    Malformed,
    /// A frame of a kind that this backend does not know.
    UnknownFrame,
    /// Larger than allowed.
    TooLarge,
    /// The webhook's signature does not fit its body.
    BadSignature,
    /// No such address, or nothing under the id that is in it.
    NotFound,
    /// The backend cannot do it now; nothing was changed, try again.
    Unavailable,
    /// A fault of the backend; nothing was changed.
    Internal,
}

/// The shape of every "no": over the socket as it is, over REST wrapped in `problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Problem {
    /// What went wrong. A code of a newer version is read as [`Code::Internal`].
    #[serde(deserialize_with = "known")]
    pub code: Code,
    /// The same in English words, for logs and for people who read raw answers.
    pub message: String,
    /// What belongs to the code; an object, empty if there is nothing.
    #[serde(default)]
    #[ts(type = "Record<string, unknown>")]
    #[schema(value_type = Object)]
    pub details: Value,
}

fn known<'de, D: Deserializer<'de>>(code: D) -> Result<Code, D::Error> {
    let code = Value::String(String::deserialize(code)?);
    Ok(serde_json::from_value(code).unwrap_or(Code::Internal))
}

impl Problem {
    /// A problem without details.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: json!({}),
        }
    }

    /// The same problem with `details`, which must be a JSON object.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// The wire form of a refusal.
    #[must_use]
    pub fn of_refusal(refusal: &Refusal) -> Self {
        let message = refusal.to_string();
        let problem = |code| Self::new(code, message.clone());
        match refusal {
            Refusal::ChatTaken { owner } => {
                problem(Code::ChatTaken).with_details(json!({ "owner": owner }))
            }
            Refusal::ChatClosed => problem(Code::ChatClosed),
            Refusal::NewerMessage { place } => {
                problem(Code::NewerMessage).with_details(json!({ "place": place }))
            }
            Refusal::NotAllowed => problem(Code::NotAllowed),
            Refusal::WrongStatus => problem(Code::WrongStatus),
            Refusal::ChatNotFound => problem(Code::ChatNotFound),
            Refusal::ColleagueInactive { operator } => {
                problem(Code::ColleagueInactive).with_details(json!({ "operator": operator }))
            }
            Refusal::AlreadyOwner => problem(Code::AlreadyOwner),
            Refusal::OperatorInactive => problem(Code::OperatorInactive),
            Refusal::TextEmpty => problem(Code::TextEmpty),
            Refusal::TextTooLong => problem(Code::TextTooLong)
                .with_details(json!({ "max": pult_domain::MAX_REPLY_CHARS })),
            Refusal::IdReused => problem(Code::IdReused),
        }
    }
}

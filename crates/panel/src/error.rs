//! What can go wrong when the page asks for something. The page has words for each code.

use pult_protocol::{Code, Problem};
use serde::{Deserialize, Serialize};

use crate::rest::RestError;

/// Why a method of the panel did not do what it was asked for. A refusal of the backend is not
/// among these: it is shown in the chat that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, thiserror::Error)]
#[error("{message}")]
pub struct PanelError {
    /// What went wrong.
    pub code: PanelErrorCode,
    /// The same in English, for details.
    pub message: String,
    /// What the backend refused it with, if it did.
    pub problem: Option<Problem>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum PanelErrorCode {
    /// The panel's own files cannot be read or written.
    Storage,
    /// Nobody is signed in.
    NotSignedIn,
    /// It needs the backend, which is out of reach.
    Offline,
    /// There is no such chat in the panel.
    UnknownChat,
    /// Text that was not sent would be left behind.
    UnsentText,
    /// There is nothing to send but white space.
    TextEmpty,
    /// The backend did not do it; the message says why.
    Refused,
}

impl PanelError {
    pub(crate) fn new(code: PanelErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            problem: None,
        }
    }

    pub(crate) fn not_signed_in() -> Self {
        Self::new(PanelErrorCode::NotSignedIn, "nobody is signed in")
    }

    pub(crate) fn unknown_chat() -> Self {
        Self::new(PanelErrorCode::UnknownChat, "no such chat in the panel")
    }

    pub(crate) fn text_empty() -> Self {
        Self::new(PanelErrorCode::TextEmpty, "there is no text to send")
    }

    pub(crate) fn offline(cause: impl Into<String>) -> Self {
        Self::new(PanelErrorCode::Offline, cause)
    }

    pub(crate) fn storage(cause: &dyn std::fmt::Display) -> Self {
        Self::new(PanelErrorCode::Storage, cause.to_string())
    }
}

impl From<RestError> for PanelError {
    fn from(error: RestError) -> Self {
        match error {
            RestError::Unreachable(cause) => Self::offline(cause),
            RestError::NotPult => Self::new(PanelErrorCode::Refused, error.to_string()),
            RestError::Refused(problem) if problem.code == Code::Unavailable => {
                Self::offline(problem.message)
            }
            RestError::Refused(problem) => Self {
                problem: Some(problem.clone()),
                ..Self::new(PanelErrorCode::Refused, problem.message)
            },
        }
    }
}

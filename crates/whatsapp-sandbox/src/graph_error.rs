//! Graph errors: codes, their titles and HTTP status, and the body they come in.

use serde_json::{Value, json};

use crate::ids;

/// A refusal as the Graph API words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) http: u16,
    pub(crate) code: i64,
    subcode: Option<i64>,
    kind: &'static str,
    message: String,
    details: Option<String>,
}

impl GraphError {
    /// The error of a code, with its usual title and HTTP status.
    pub(crate) fn of(code: i64) -> Self {
        Self {
            http: http_status(code),
            code,
            subcode: None,
            kind: "OAuthException",
            message: format!("(#{code}) {}", title(code)),
            details: None,
        }
    }

    /// The same with an explanation.
    pub(crate) fn with_details(code: i64, details: impl Into<String>) -> Self {
        Self {
            details: Some(details.into()),
            ..Self::of(code)
        }
    }

    /// A parameter that is missing where every message needs it.
    pub(crate) fn parameter_required(name: &str) -> Self {
        let text = format!("The parameter {name} is required.");
        Self {
            message: format!("(#100) {text}"),
            ..Self::with_details(100, text)
        }
    }

    /// A parameter that breaks a stated rule.
    pub(crate) fn parameter(rule: impl Into<String>) -> Self {
        let rule = rule.into();
        Self {
            message: format!("(#100) {rule}"),
            ..Self::with_details(100, rule)
        }
    }

    /// No or a wrong access token.
    pub(crate) fn unauthorised() -> Self {
        Self {
            message: "Invalid OAuth access token - Cannot parse access token".to_owned(),
            ..Self::of(190)
        }
    }

    /// An object that does not exist.
    pub(crate) fn unknown_object(method: &str, id: &str) -> Self {
        let method = method.to_ascii_lowercase();
        let message = format!(
            "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded \
             due to missing permissions, or does not support this operation. Please read the Graph \
             API documentation at https://developers.facebook.com/docs/graph-api"
        );
        Self {
            subcode: Some(33),
            kind: "GraphMethodException",
            message,
            ..Self::of(100)
        }
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": ids::trace_id(),
        });
        if let Some(fields) = error.as_object_mut() {
            if let Some(subcode) = self.subcode {
                fields.insert("error_subcode".to_owned(), subcode.into());
            }
            if let Some(details) = &self.details {
                let data = json!({ "messaging_product": "whatsapp", "details": details });
                fields.insert("error_data".to_owned(), data);
            }
        }
        json!({ "error": error })
    }
}

/// An element of `errors[]` in a `failed` status.
pub(crate) fn status_error(code: i64) -> Value {
    json!({
        "code": code,
        "title": title(code),
        "message": title(code),
        "error_data": { "details": details(code) },
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    })
}

/// The short text of a code.
fn title(code: i64) -> &'static str {
    match code {
        0 => "Unable to authenticate the app user",
        1 => "An unknown error occurred",
        2 => "Service temporarily unavailable",
        3 => "Application does not have the capability to make this API call",
        4 => "Application request limit reached",
        10 => "Application does not have permission for this action",
        33 => "Parameter value is not valid",
        100 => "Invalid parameter",
        190 => "Access token has expired",
        368 => "Temporarily blocked for policies violations",
        80007 => "Rate limit issues",
        130_429 => "Rate limit hit",
        130_472 => "User's number is part of an experiment",
        131_000 => "Something went wrong",
        131_005 => "Access denied",
        131_008 => "Required parameter is missing",
        131_009 => "Parameter value is not valid",
        131_016 => "Service unavailable",
        131_021 => "Recipient cannot be sender",
        131_026 => "Message undeliverable",
        131_030 => "Recipient phone number not in allowed list",
        131_031 => "Account has been locked",
        131_042 => "Business eligibility payment issue",
        131_045 => "Message failed to send because of a certificate problem",
        131_047 => "Re-engagement message",
        131_048 => "Spam rate limit hit",
        131_049 => "Message was not delivered to maintain healthy ecosystem engagement",
        131_051 => "Unsupported message type",
        131_052 => "Media download error",
        131_053 => "Media upload error",
        131_056 => "(Business Account, Consumer Account) pair rate limit hit",
        131_057 => "Account in maintenance mode",
        132_000 => "Number of parameters does not match the expected number of params",
        132_001 => "Template name does not exist in the translation",
        133_010 => "Phone number not registered",
        135_000 => "Generic user error",
        _ => "Something went wrong",
    }
}

/// A sentence about a code, for statuses.
fn details(code: i64) -> &'static str {
    match code {
        131_026 => "Message undeliverable: the recipient cannot receive it on WhatsApp.",
        131_047 => "More than 24 hours have passed since the recipient last wrote to this number.",
        131_056 => "Too many messages from this number to the same recipient in a short time.",
        other => title(other),
    }
}

/// The HTTP status that comes with a code.
fn http_status(code: i64) -> u16 {
    match code {
        0 | 190 => 401,
        3 | 10 | 200..=299 | 368 | 130_497 | 131_005 | 131_031 => 403,
        132_001 => 404,
        1 | 2 | 131_000 | 131_016 | 133_004 => 500,
        131_057 => 503,
        _ => 400,
    }
}

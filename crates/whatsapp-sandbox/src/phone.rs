//! A client's phone, and what went through it in both directions.
//!
//! These records are also what the journal keeps, so a field that is added needs a default.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What webhooks tell about the person behind a phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The number alone, as before business-scoped ids existed.
    Phone,
    /// The business-scoped id alone: no `from`, no `wa_id`, no `recipient_id`.
    Username,
    /// Number and business-scoped id.
    #[default]
    Both,
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// Digits only; the key of the phone.
    pub number: String,
    /// Profile name.
    pub name: String,
    /// Username without `@`, if the client took one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Business-scoped user id.
    pub user_id: String,
    /// What webhooks tell about this client.
    #[serde(default)]
    pub mode: Mode,
    /// Whether everything is read the moment it arrives.
    #[serde(default)]
    pub auto_read: bool,
    /// When the client wrote last, in unix ms: the 24-hour window counts from here.
    #[serde(default)]
    pub wrote_at: Option<i64>,
    /// Until when the phone shows that the company is typing, in unix ms.
    #[serde(default, skip)]
    pub typing_until: Option<i64>,
}

/// A message that a client wrote to the company.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FromClient {
    /// Place in the order of everything that phones saw.
    pub n: u64,
    /// The phone's number.
    pub number: String,
    /// Message id.
    pub wamid: String,
    /// Meta's type: `text`, `location`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The text, if it is one.
    pub text: Option<String>,
    /// Everything of the webhook item besides sender, id, time and type.
    pub item: Map<String, Value>,
    /// When it was written, in unix ms.
    pub at_ms: i64,
    /// Whether the webhook was acknowledged with 200.
    #[serde(default)]
    pub delivered: bool,
    /// Whether the company marked it as read.
    #[serde(default)]
    pub read: bool,
}

/// A status that a message went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// `sent`, `delivered`, `read` or `failed`.
    pub status: String,
    /// When, in unix ms.
    pub at_ms: i64,
}

/// A message that Meta accepted from the company.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToClient {
    /// Place in the order of everything that phones saw; none before it reached the phone.
    #[serde(default)]
    pub n: Option<u64>,
    /// Message id.
    pub wamid: String,
    /// Digits of the number it goes to, also where no phone has it; empty for an unknown user id.
    pub number: String,
    /// Whether the company addressed a business-scoped id instead of a number.
    pub by_user_id: bool,
    /// Meta's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text, or the caption of what is not text.
    pub text: Option<String>,
    /// The content object of the type.
    pub content: Value,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// `biz_opaque_callback_data`.
    pub callback_data: Option<String>,
    /// What equal POSTs share; see [`crate::posts`].
    pub key: String,
    /// When it was accepted, in unix ms.
    pub accepted_at_ms: i64,
    /// Statuses so far, in order.
    #[serde(default)]
    pub statuses: Vec<Passed>,
    /// Why it is going to fail, or did.
    #[serde(default)]
    pub failed: Option<i64>,
}

impl ToClient {
    /// Whether it went through this status.
    pub(crate) fn has(&self, status: &str) -> bool {
        self.statuses.iter().any(|passed| passed.status == status)
    }
}

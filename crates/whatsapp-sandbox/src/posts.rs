//! How often the company posted the same message: so that doubles can be judged.
//!
//! Meta has no idempotency key. Two POSTs count as the same message when they carry the same
//! callback data, or, without callback data, the same recipient, type, content and context.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// POSTs of one message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Posts {
    /// What they have in common.
    pub key: String,
    /// `biz_opaque_callback_data`, if they carried one.
    pub callback_data: Option<String>,
    /// How many POSTs arrived with a readable body.
    pub posts: u32,
    /// The ids under which they were accepted; more than one is a double.
    pub wamids: Vec<String>,
}

/// What equal POSTs share.
pub(crate) fn key(body: &Value) -> String {
    if let Some(data) = callback_data(body) {
        return format!("callback_data:{data}");
    }
    let kind = body.get("type").and_then(Value::as_str).unwrap_or("text");
    let parts = ["to", "recipient", "type", kind, "context"]
        .map(|field| body.get(field).cloned().unwrap_or(Value::Null));
    format!("content:{}", Value::from(parts.to_vec()))
}

/// The company's own reference in a request.
pub(crate) fn callback_data(body: &Value) -> Option<&str> {
    body.get("biz_opaque_callback_data").and_then(Value::as_str)
}

//! `POST …/messages`: what Meta takes and what it turns away, as a pure function of the body.
//!
//! Looked up nowhere: media, templates, flows, products. What is well formed exists.

mod content;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::graph_error::GraphError;

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// A number: as it was given, and its digits.
    Number {
        /// Echoed in the answer.
        input: String,
        /// Canonical.
        digits: String,
    },
    /// A business-scoped user id.
    UserId(String),
}

/// A message that passed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outgoing {
    pub(crate) recipient: Recipient,
    pub(crate) kind: &'static str,
    pub(crate) content: Value,
    pub(crate) text: Option<String>,
    pub(crate) reply_to: Option<String>,
    pub(crate) callback_data: Option<String>,
}

/// A read receipt, with or without the typing bubble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) wamid: String,
    pub(crate) typing: bool,
}

/// What a body asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    /// A message to a client.
    Message(Outgoing),
    /// The company has read a client's message.
    Reading(Reading),
}

/// Longest `biz_opaque_callback_data`.
const MAX_CALLBACK_DATA: usize = 512;

/// Judges a body.
pub(crate) fn parse(body: &Value) -> Result<Request, GraphError> {
    let body = body
        .as_object()
        .ok_or_else(|| GraphError::parameter("The body must be JSON."))?;
    match body.get("messaging_product") {
        None | Some(Value::Null) => {
            return Err(GraphError::parameter_required("messaging_product"));
        }
        Some(product) if product == "whatsapp" => {}
        Some(_) => {
            return Err(GraphError::parameter(
                "Param messaging_product must be one of {WHATSAPP}.",
            ));
        }
    }
    if body.contains_key("status") {
        return reading(body).map(Request::Reading);
    }
    message(body).map(Request::Message)
}

fn message(body: &Map<String, Value>) -> Result<Outgoing, GraphError> {
    match body
        .get("recipient_type")
        .map(|kind| kind.as_str().unwrap_or_default())
    {
        None | Some("individual") => {}
        Some(_) => {
            let rule = "Param recipient_type must be individual: this number has no groups.";
            return Err(GraphError::parameter(rule));
        }
    }
    let recipient = recipient(body)?;
    let (kind, content) = content::parse(body)?;
    Ok(Outgoing {
        recipient,
        kind,
        text: content::shown_text(kind, content),
        content: content.clone(),
        reply_to: reply_to(body, kind)?,
        callback_data: callback_data(body)?,
    })
}

/// `to` wins over `recipient`.
fn recipient(body: &Map<String, Value>) -> Result<Recipient, GraphError> {
    if let Some(to) = scalar(body.get("to")) {
        let digits = digits(&to).ok_or_else(|| {
            GraphError::with_details(131_009, "Param to is not a valid WhatsApp phone number.")
        })?;
        return Ok(Recipient::Number { input: to, digits });
    }
    let user_id =
        scalar(body.get("recipient")).ok_or_else(|| GraphError::parameter_required("to"))?;
    if !is_user_id(&user_id) {
        let details = "Param recipient is not a valid business-scoped user id.";
        return Err(GraphError::with_details(131_009, details));
    }
    Ok(Recipient::UserId(user_id))
}

/// The digits of a number that may carry `+`, `-`, brackets and spaces.
pub(crate) fn digits(number: &str) -> Option<String> {
    let number = number.trim();
    let number = number.strip_prefix('+').unwrap_or(number);
    let separators = |character: &char| !matches!(character, ' ' | '-' | '(' | ')');
    let digits: String = number.chars().filter(separators).collect();
    let plausible = (7..=15).contains(&digits.len());
    (plausible && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// `CC.` and up to 128 letters and digits; an enrolled parent id has `ENT.` between.
fn is_user_id(text: &str) -> bool {
    let Some((country, id)) = text.split_once('.') else {
        return false;
    };
    let id = id.strip_prefix("ENT.").unwrap_or(id);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn reply_to(body: &Map<String, Value>, kind: &str) -> Result<Option<String>, GraphError> {
    let Some(context) = body.get("context") else {
        return Ok(None);
    };
    if kind == "reaction" {
        return Err(GraphError::parameter(
            "Param context cannot be used with type reaction.",
        ));
    }
    let id = context.get("message_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| GraphError::parameter_required("context['message_id']"))?;
    message_id(id).map(Some)
}

/// An id that is at least shaped like one.
fn message_id(id: &str) -> Result<String, GraphError> {
    let known = id
        .strip_prefix("wamid.")
        .is_some_and(|rest| !rest.is_empty());
    if !known {
        let details = "Param message_id is not a WhatsApp message id.";
        return Err(GraphError::with_details(131_009, details));
    }
    Ok(id.to_owned())
}

fn callback_data(body: &Map<String, Value>) -> Result<Option<String>, GraphError> {
    let Some(data) = body.get("biz_opaque_callback_data") else {
        return Ok(None);
    };
    match data.as_str() {
        Some(data) if data.chars().count() <= MAX_CALLBACK_DATA => Ok(Some(data.to_owned())),
        _ => Err(GraphError::parameter(format!(
            "Param biz_opaque_callback_data must be a string of at most {MAX_CALLBACK_DATA} \
             characters."
        ))),
    }
}

fn reading(body: &Map<String, Value>) -> Result<Reading, GraphError> {
    if body.get("status").and_then(Value::as_str) != Some("read") {
        return Err(GraphError::parameter("Param status must be one of {read}."));
    }
    let id = body.get("message_id").and_then(Value::as_str);
    let wamid = message_id(id.ok_or_else(|| GraphError::parameter_required("message_id"))?)?;
    let typing = body.get("typing_indicator");
    if typing.is_some_and(|typing| typing.get("type").and_then(Value::as_str) != Some("text")) {
        return Err(GraphError::parameter(
            "Param typing_indicator['type'] must be one of {text}.",
        ));
    }
    Ok(Reading {
        wamid,
        typing: typing.is_some(),
    })
}

/// A string, or a number that Graph would read as one.
fn scalar(value: Option<&Value>) -> Option<String> {
    let value = value?;
    let text = value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned);
    text.or_else(|| value.as_number().map(ToString::to_string))
}

//! What Meta POSTs to us, as facts.
//!
//! One body holds any number of entries, changes, messages and statuses, of kinds and fields that
//! Meta adds to as it likes. So nothing here is a struct that a single field of another type could
//! make unreadable: the envelope is opened level by level, each message and status is an island
//! that is read by itself, every field may be absent, and what cannot be read becomes
//! [`Fact::Other`] without a loss to its neighbours. The raw body is in the journal before any of
//! this, so what is not understood today can be read again by a later version.
//!
//! A message that we know no better than by its type is still a message: it becomes a placeholder
//! with Meta's JSON, because a client who wrote must never go unnoticed.

mod content;
mod envelope;

use pult_domain::provider::{
    ChannelFact, DeliveryUpdate, Fact, FailureKind, Identity, IdentityKind, InboundMessage,
    Progress, Sender,
};
use pult_domain::{EntryId, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::errors;
use envelope::{Object, list, string, value_of};

/// Why a body holds no facts at all.
///
/// Says where, never what: the body is a client's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// It is not a JSON object.
    #[error("the body is not a JSON object (line {line}, column {column})")]
    NotAnObject {
        /// Line of the first trouble, from 1.
        line: usize,
        /// Column in that line.
        column: usize,
    },
    /// It has no `entry`, so it is no webhook of Meta's.
    #[error("the body has no `entry`")]
    NoEntry,
}

/// The facts of one webhook body, in its order.
///
/// A message or status whose time cannot be read is given `received_at`. A fact that belongs to no
/// single number (templates, the account) has an empty channel key.
///
/// # Errors
/// Only when the body is not an envelope of Meta's at all; whatever is odd inside one is a fact.
pub fn parse(raw: &[u8], received_at: Timestamp) -> Result<Vec<ChannelFact>, ParseError> {
    // Meta sends ASCII. A stray byte must not cost more than the letter it stands for.
    let text = String::from_utf8_lossy(raw);
    let body: Object<'_> =
        serde_json::from_str(&text).map_err(|error| ParseError::NotAnObject {
            line: error.line(),
            column: error.column(),
        })?;
    if !body.contains_key("entry") {
        return Err(ParseError::NoEntry);
    }
    let mut facts = Vec::new();
    for entry in list(&body, "entry") {
        let Some(entry) = envelope::object(entry) else {
            facts.push(other("", "entry"));
            continue;
        };
        for change in list(&entry, "changes") {
            match envelope::object(change) {
                Some(change) => read_change(&change, received_at, &mut facts),
                None => facts.push(other("", "change")),
            }
        }
    }
    Ok(facts)
}

/// The numbers that a webhook body was delivered for, as (id, display number), in its order; those
/// alone that it tells.
#[must_use]
pub fn numbers(raw: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(raw);
    let body: Object<'_> = serde_json::from_str(&text).unwrap_or_default();
    let entries = list(&body, "entry")
        .into_iter()
        .filter_map(envelope::object);
    let mut numbers = Vec::new();
    for entry in entries {
        for change in list(&entry, "changes") {
            let change = envelope::object(change).unwrap_or_default();
            let value = change
                .get("value")
                .and_then(|value| envelope::object(value));
            let metadata = value.and_then(|value| value_of(value.get("metadata")?));
            let number = metadata.and_then(|metadata| {
                let id = string(&metadata, "/phone_number_id")?;
                Some((id, string(&metadata, "/display_phone_number")?))
            });
            numbers.extend(number);
        }
    }
    numbers
}

fn read_change(change: &Object<'_>, received_at: Timestamp, facts: &mut Vec<ChannelFact>) {
    let field = change
        .get("field")
        .and_then(|field| string(&value_of(field)?, ""))
        .unwrap_or_else(|| "messages".to_owned());
    let value = change
        .get("value")
        .and_then(|value| envelope::object(value))
        .unwrap_or_default();
    let channel_key = value
        .get("metadata")
        .and_then(|metadata| string(&value_of(metadata)?, "/phone_number_id"))
        .unwrap_or_default();
    if field != "messages" {
        facts.push(other(&channel_key, &field));
        return;
    }

    let n_before = facts.len();
    let contacts: Vec<Contact> = list(&value, "contacts")
        .into_iter()
        .filter_map(Contact::read)
        .collect();
    for message in list(&value, "messages") {
        let fact = read_message(message, &contacts, received_at);
        facts.push(addressed(&channel_key, fact));
    }
    for status in list(&value, "statuses") {
        facts.push(addressed(&channel_key, read_status(status, received_at)));
    }
    for _ in list(&value, "errors") {
        facts.push(other(&channel_key, "errors"));
    }
    if facts.len() == n_before {
        facts.push(other(&channel_key, &field));
    }
}

/// `fact` on its channel. Without a channel nobody could say whose it is, so it changes no chat.
fn addressed(channel_key: &str, fact: Fact) -> ChannelFact {
    let fact = match fact {
        Fact::Message(_) if channel_key.is_empty() => Fact::Other {
            kind: "message".to_owned(),
        },
        Fact::Delivery(_) if channel_key.is_empty() => Fact::Other {
            kind: "status".to_owned(),
        },
        Fact::Message(_) | Fact::Delivery(_) | Fact::Other { .. } => fact,
    };
    ChannelFact {
        channel_key: channel_key.to_owned(),
        fact,
    }
}

fn other(channel_key: &str, kind: &str) -> ChannelFact {
    ChannelFact {
        channel_key: channel_key.to_owned(),
        fact: other_fact(kind),
    }
}

fn other_fact(kind: &str) -> Fact {
    Fact::Other {
        kind: content::kind_name(kind),
    }
}

fn read_message(raw: &RawValue, contacts: &[Contact], received_at: Timestamp) -> Fact {
    let Some(message) = value_of(raw).filter(Value::is_object) else {
        return other_fact("message");
    };
    let kind = content::kind_of(&message);
    // Groups are not served, and these kinds change what is shown but say nothing new.
    if message
        .get("group_id")
        .is_some_and(|group| !group.is_null())
    {
        return other_fact("group");
    }
    if says_nothing_new(&message, &kind) {
        return Fact::Other { kind };
    }
    // Without an id it could not be applied once, and without an author there is no chat for it.
    let (Some(provider_id), Some(sender)) =
        (string(&message, "/id"), sender_of(&message, contacts))
    else {
        return Fact::Other { kind };
    };
    Fact::Message(InboundMessage {
        provider_id,
        sender,
        sent_at: moment(&message).unwrap_or(received_at),
        content: content::read(&message, kind, raw.get()),
    })
}

/// Whether it changes what is shown at most: it must neither reopen a chat nor make it wait.
/// Numbers without the phone app get edits and the like as `unsupported` of that type.
fn says_nothing_new(message: &Value, kind: &str) -> bool {
    match kind {
        "reaction" | "edit" | "revoke" | "system" | "request_welcome" => true,
        "unsupported" => string(message, "/unsupported/type").is_some_and(|kind| {
            matches!(
                kind.as_str(),
                "edit" | "reaction" | "pin" | "keep_in_chat" | "poll_update"
            )
        }),
        _ => false,
    }
}

/// Somebody in a change's `contacts`, which name the authors of its messages in no certain order.
struct Contact {
    user_id: Option<String>,
    wa_id: Option<String>,
    name: Option<String>,
}

impl Contact {
    fn read(raw: &RawValue) -> Option<Self> {
        let contact = value_of(raw)?;
        let username = || {
            let username = string(&contact, "/profile/username")?;
            Some(username.trim_start_matches('@').to_owned()).filter(|name| !name.is_empty())
        };
        Some(Self {
            user_id: string(&contact, "/user_id"),
            wa_id: string(&contact, "/wa_id"),
            name: string(&contact, "/profile/name")
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .or_else(username)
                .map(|name| content::client_name(&name)),
        })
    }

    fn is(&self, user_id: Option<&str>, wa_id: Option<&str>) -> bool {
        match (self.user_id.as_deref(), user_id) {
            (Some(theirs), Some(user_id)) => theirs == user_id,
            _ => wa_id.is_some() && self.wa_id.as_deref() == wa_id,
        }
    }
}

fn sender_of(message: &Value, contacts: &[Contact]) -> Option<Sender> {
    let user_id = string(message, "/from_user_id");
    let wa_id = string(message, "/from");
    let contact = match (contacts, &user_id, &wa_id) {
        // A message that names nobody is from the only one who is named beside it.
        ([only], None, None) => Some(only),
        _ => contacts
            .iter()
            .find(|contact| contact.is(user_id.as_deref(), wa_id.as_deref())),
    };
    let user_id = user_id.or_else(|| contact?.user_id.clone());
    let wa_id = wa_id.or_else(|| contact?.wa_id.clone());
    let phone = wa_id.as_deref().and_then(digits).map(str::to_owned);
    let identities: Vec<Identity> = [
        (IdentityKind::WhatsAppUserId, user_id),
        (IdentityKind::WhatsAppId, wa_id),
    ]
    .into_iter()
    .filter_map(|(kind, value)| {
        Some(Identity {
            kind,
            value: value?,
        })
    })
    .collect();
    (!identities.is_empty()).then(|| Sender {
        identities,
        name: contact.and_then(|contact| contact.name.clone()),
        phone,
    })
}

/// Most digits of a phone number; fifteen by the rules, a few more where they are bent.
const MAX_PHONE_DIGITS: usize = 20;

/// The digits of a `wa_id`, if it is a phone number.
pub(crate) fn digits(wa_id: &str) -> Option<&str> {
    let digits = wa_id.strip_prefix('+').unwrap_or(wa_id);
    ((1..=MAX_PHONE_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit()))
    .then_some(digits)
}

fn read_status(raw: &RawValue, received_at: Timestamp) -> Fact {
    let Some(status) = value_of(raw) else {
        return other_fact("status");
    };
    if string(&status, "/recipient_type").as_deref() == Some("group") {
        return other_fact("group");
    }
    let progress = match string(&status, "/status").as_deref() {
        Some("sent") => Progress::Sent,
        Some("delivered") => Progress::Delivered,
        // A voice message that was played has been seen.
        Some("read" | "played") => Progress::Read,
        Some("failed") => Progress::Failed(status.pointer("/errors/0").map_or_else(
            || errors::without_code(FailureKind::Other, String::new()),
            errors::read,
        )),
        Some(_) | None => return other_fact("status"),
    };
    let Some(provider_id) = string(&status, "/id") else {
        return other_fact("status");
    };
    Fact::Delivery(DeliveryUpdate {
        provider_id,
        message_id: string(&status, "/biz_opaque_callback_data")
            .and_then(|ours| ours.parse::<EntryId>().ok()),
        progress,
        at: moment(&status).unwrap_or(received_at),
    })
}

/// The `timestamp` of a message or status: seconds, as a string or as a number.
fn moment(item: &Value) -> Option<Timestamp> {
    const END_OF_YEAR_9999: i64 = 253_402_300_799;
    let seconds: i64 = string(item, "/timestamp")?.trim().parse().ok()?;
    (1..=END_OF_YEAR_9999)
        .contains(&seconds)
        .then(|| Timestamp(seconds * 1000))
}

//! Webhook bodies, in the key order of Meta's own examples.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::phone::{FromClient, Mode, Phone, ToClient};
use crate::settings::Settings;
use crate::{graph_error, ids};

/// Whose events these are.
#[derive(Clone, Debug)]
pub(crate) struct Business {
    pub(crate) waba_id: String,
    pub(crate) phone_number_id: String,
    /// Digits.
    pub(crate) display_number: String,
}

/// A message or a status, with the contact that comes beside it.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    contact: Option<Contact>,
    item: Item,
    /// The client's message in it, which the 200 marks as delivered.
    pub(crate) wamid: Option<String>,
}

#[derive(Clone, Debug)]
enum Item {
    Message(Message),
    Status(Status),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Contact {
    profile: Profile,
    #[serde(skip_serializing_if = "Option::is_none")]
    wa_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Profile {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_user_id: Option<String>,
    id: String,
    timestamp: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Clone, Debug, Serialize)]
struct Status {
    id: String,
    status: String,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_opaque_callback_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Envelope {
    object: &'static str,
    entry: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
struct Change {
    value: ChangeValue,
    field: &'static str,
}

#[derive(Debug, Serialize)]
struct ChangeValue {
    messaging_product: &'static str,
    metadata: Metadata,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<Contact>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    statuses: Vec<Status>,
}

#[derive(Debug, Serialize)]
struct Metadata {
    display_phone_number: String,
    phone_number_id: String,
}

/// A client's message.
pub(crate) fn message(phone: &Phone, message: &FromClient) -> Event {
    let (number, user_id) = identities(phone);
    let item = Message {
        from: number,
        from_user_id: user_id,
        id: message.wamid.clone(),
        timestamp: seconds(message.at_ms),
        kind: message.kind.clone(),
        rest: message.item.clone(),
    };
    // System events are told without the contact.
    let contact = (message.kind != "system").then(|| contact(phone, true));
    Event {
        contact,
        item: Item::Message(item),
        wamid: Some(message.wamid.clone()),
    }
}

/// A status of a message to a client; `phone` is none where nobody has the number.
pub(crate) fn status(
    phone: Option<&Phone>,
    message: &ToClient,
    status: &str,
    now_ms: i64,
    settings: &Settings,
) -> Event {
    let failed = status == "failed";
    let sent = status == "sent";
    let (number, user_id) = phone.map_or_else(
        || ((!message.by_user_id).then(|| message.number.clone()), None),
        identities,
    );
    // A failure is told about the address that the company used, and names no contact.
    let recipient_user_id = user_id.filter(|_| !failed || message.by_user_id);
    let recipient_id = if failed && !message.by_user_id {
        Some(message.number.clone())
    } else {
        number
    };
    let contact = phone
        .filter(|phone| !failed && phone.mode != Mode::Phone)
        .map(|phone| contact(phone, !sent));
    let item = Status {
        id: message.wamid.clone(),
        status: status.to_owned(),
        timestamp: seconds(now_ms),
        recipient_id,
        recipient_user_id,
        biz_opaque_callback_data: message.callback_data.clone(),
        conversation: (sent && tells_conversation(&settings.graph_version)).then(|| {
            json!({
                "id": ids::hex_id(),
                "expiration_timestamp": seconds(now_ms + 24 * 3_600_000),
                "origin": { "type": "service" },
            })
        }),
        pricing: sent.then(|| {
            json!({
                "billable": false,
                "pricing_model": "PMP",
                "type": "free_customer_service",
                "category": "service",
            })
        }),
        errors: message
            .failed
            .filter(|_| failed)
            .map(graph_error::status_error)
            .into_iter()
            .collect(),
    };
    Event {
        contact,
        item: Item::Status(item),
        wamid: None,
    }
}

/// Lays events out in one body. Like neighbours share a change, up to [`PER_CHANGE`]; an entry
/// holds up to [`PER_ENTRY`] changes: a reader of the first of each only is found out at once.
pub(crate) fn envelope(business: &Business, events: &[Event]) -> Envelope {
    let mut changes: Vec<Change> = Vec::new();
    for event in events {
        let fits = changes.last().is_some_and(|change| match &event.item {
            Item::Message(_) => (1..PER_CHANGE).contains(&change.value.messages.len()),
            Item::Status(_) => (1..PER_CHANGE).contains(&change.value.statuses.len()),
        });
        if !fits {
            changes.push(empty_change(business));
        }
        let Some(Change { value, .. }) = changes.last_mut() else {
            continue;
        };
        match event.item.clone() {
            Item::Message(message) => value.messages.push(message),
            Item::Status(status) => value.statuses.push(status),
        }
        if let Some(contact) = &event.contact
            && !value.contacts.contains(contact)
        {
            value.contacts.push(contact.clone());
        }
    }
    let mut entry: Vec<Entry> = Vec::new();
    for change in changes {
        match entry.last_mut() {
            Some(last) if last.changes.len() < PER_ENTRY => last.changes.push(change),
            _ => entry.push(Entry {
                id: business.waba_id.clone(),
                changes: vec![change],
            }),
        }
    }
    Envelope {
        object: "whatsapp_business_account",
        entry,
    }
}

const PER_CHANGE: usize = 3;
const PER_ENTRY: usize = 2;

fn empty_change(business: &Business) -> Change {
    Change {
        value: ChangeValue {
            messaging_product: "whatsapp",
            metadata: Metadata {
                display_phone_number: business.display_number.clone(),
                phone_number_id: business.phone_number_id.clone(),
            },
            contacts: Vec::new(),
            messages: Vec::new(),
            statuses: Vec::new(),
        },
        field: "messages",
    }
}

/// Number and user id, as far as the company is told.
fn identities(phone: &Phone) -> (Option<String>, Option<String>) {
    let number = (phone.mode != Mode::Username).then(|| phone.number.clone());
    let user_id = (phone.mode != Mode::Phone).then(|| phone.user_id.clone());
    (number, user_id)
}

fn contact(phone: &Phone, with_username: bool) -> Contact {
    let (wa_id, user_id) = identities(phone);
    let username = phone
        .username
        .clone()
        .filter(|_| with_username && phone.mode != Mode::Phone);
    Contact {
        profile: Profile {
            name: phone.name.clone(),
            username,
        },
        wa_id,
        user_id,
    }
}

/// v24.0 dropped `conversation` from statuses.
fn tells_conversation(graph_version: &str) -> bool {
    let major = graph_version
        .trim_start_matches('v')
        .split('.')
        .next()
        .unwrap_or_default();
    major.parse::<u32>().is_ok_and(|major| major < 24)
}

fn seconds(ms: i64) -> String {
    ms.div_euclid(1000).to_string()
}

#[cfg(test)]
mod tests;

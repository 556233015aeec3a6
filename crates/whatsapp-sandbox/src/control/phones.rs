//! Phones: creating, writing as the client, what was written, opening the chat.

use std::sync::Arc;

use axum::extract::{Json, Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Wrong;
use crate::phone::{Mode, Phone};
use crate::state::Draft;
use crate::world::World;
use crate::{envelope, ids, send, statuses, webhook};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PhoneFields {
    number: Option<String>,
    name: Option<String>,
    username: Option<String>,
    user_id: Option<String>,
    mode: Option<Mode>,
    auto_read: Option<bool>,
}

impl PhoneFields {
    fn put_into(self, phone: &mut Phone) {
        phone.name = self.name.unwrap_or_else(|| phone.name.clone());
        phone.user_id = self.user_id.unwrap_or_else(|| phone.user_id.clone());
        phone.username = self.username.or_else(|| phone.username.clone());
        phone.mode = self.mode.unwrap_or(phone.mode);
        phone.auto_read = self.auto_read.unwrap_or(phone.auto_read);
    }
}

pub(super) async fn list(State(world): State<Arc<World>>) -> Json<Value> {
    let (phones, business) = (world.state.lock().phones(), &world.business.display_number);
    let shown: Vec<Value> = phones.iter().map(|phone| shown(&world, phone)).collect();
    Json(json!({ "phones": shown, "business": { "number": business } }))
}

pub(super) async fn one(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
) -> Result<Json<Value>, Wrong> {
    let phone = find(&world, &number)?;
    Ok(Json(shown(&world, &phone)))
}

/// The phone with what the page shows about it.
fn shown(world: &World, phone: &Phone) -> Value {
    let state = world.state.lock();
    let received = state.received(&phone.number, 0);
    let sent = state.sent(&phone.number, 0);
    drop(state);
    let unread = received
        .iter()
        .filter(|message| !message.has("read"))
        .count();
    let n_delivered = sent.iter().filter(|message| message.delivered).count();
    let n_read = sent.iter().filter(|message| message.read).count();
    json!({
        "number": phone.number,
        "name": phone.name,
        "username": phone.username,
        "user_id": phone.user_id,
        "mode": phone.mode,
        "auto_read": phone.auto_read,
        "wrote_at": phone.wrote_at,
        "typing": phone.typing_until.is_some_and(|until| until > world.clock.now_ms()),
        "unread": unread,
        "received": received.len(),
        "sent": sent.len(),
        "sent_delivered": n_delivered,
        "sent_read": n_read,
    })
}

fn find(world: &World, number: &str) -> Result<Phone, Wrong> {
    let digits = send::digits(number).ok_or_else(Wrong::no_such_phone)?;
    world
        .state
        .lock()
        .phone(&digits)
        .cloned()
        .ok_or_else(Wrong::no_such_phone)
}

/// Creates a phone; one that exists is changed instead.
pub(super) async fn create(
    State(world): State<Arc<World>>,
    Json(fields): Json<PhoneFields>,
) -> Result<(StatusCode, Json<Value>), Wrong> {
    let number = fields.number.as_deref().and_then(send::digits);
    let number = number.ok_or_else(|| Wrong::request("number must have 7 to 15 digits"))?;
    let existing = world.state.lock().phone(&number).cloned();
    let status = if existing.is_some() {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let mut phone = existing.unwrap_or_else(|| Phone {
        name: format!("+{number}"),
        username: None,
        user_id: ids::user_id(&number),
        mode: Mode::default(),
        auto_read: false,
        wrote_at: None,
        typing_until: None,
        number,
    });
    fields.put_into(&mut phone);
    world.state.lock().put_phone(phone.clone());
    world.tell_changed();
    Ok((status, Json(shown(&world, &phone))))
}

pub(super) async fn change(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Json(fields): Json<PhoneFields>,
) -> Result<Json<Value>, Wrong> {
    let mut phone = find(&world, &number)?;
    fields.put_into(&mut phone);
    world.state.lock().put_phone(phone.clone());
    world.tell_changed();
    Ok(Json(shown(&world, &phone)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// A text; the short way.
    text: Option<String>,
    /// Or any of Meta's types,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// with its content object as it is to appear,
    content: Option<Value>,
    /// and what stands beside it: `errors`, `referral`, `context`, `identity`, …
    #[serde(default)]
    extra: Map<String, Value>,
    /// The message that it answers.
    reply_to: Option<String>,
}

/// The client writes.
pub(super) async fn write(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Json(new): Json<NewMessage>,
) -> Result<(StatusCode, Json<Value>), Wrong> {
    let phone = find(&world, &number)?;
    let kind = new.kind.unwrap_or_else(|| "text".to_owned());
    let mut item = new.extra;
    if let Some(id) = new.reply_to {
        let context = json!({ "from": world.business.display_number, "id": id });
        item.insert("context".to_owned(), context);
    }
    if let Some(body) = &new.text {
        item.insert(kind.clone(), json!({ "body": body }));
    } else if let Some(content) = new.content {
        item.insert(kind.clone(), content);
    } else if kind == "text" {
        return Err(Wrong::request("text, or type and content, are needed"));
    }
    if ["from", "from_user_id", "id", "timestamp", "type"]
        .iter()
        .any(|key| item.contains_key(*key))
    {
        return Err(Wrong::request(
            "sender, id, timestamp and type are the sandbox's to write",
        ));
    }
    let text = item.get(&kind).and_then(|content| {
        let texts = ["/body", "/caption", "/name", "/emoji", "/text"];
        texts
            .iter()
            .find_map(|at| content.pointer(at))
            .and_then(Value::as_str)
            .map(str::to_owned)
    });
    let draft = Draft { kind, text, item };
    let now_ms = world.clock.now_ms();
    let written = world
        .state
        .lock()
        .client_writes(&phone.number, draft, now_ms);
    let (phone, message) = written.ok_or_else(Wrong::no_such_phone)?;
    webhook::push(&world, envelope::message(&phone, &message));
    world.tell_changed();
    let answer = json!({ "wamid": message.wamid, "n": message.n, "timestamp_ms": message.at_ms });
    Ok((StatusCode::CREATED, Json(answer)))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct After {
    after: u64,
}

pub(super) async fn sent(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Query(After { after }): Query<After>,
) -> Result<Json<Value>, Wrong> {
    let phone = find(&world, &number)?;
    Ok(Json(
        json!({ "messages": world.state.lock().sent(&phone.number, after) }),
    ))
}

pub(super) async fn read(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
) -> Result<Json<Value>, Wrong> {
    let phone = find(&world, &number)?;
    Ok(Json(
        json!({ "read": statuses::open_chat(&world, &phone.number) }),
    ))
}

//! Waiting for something to happen: long polls and the event stream.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Json, Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Wrong;
use crate::phone::ToClient;
use crate::send;
use crate::world::World;

/// The longest that a request may wait.
const MAX_WAIT: Duration = Duration::from_secs(120);

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wait {
    after: u64,
    wait_ms: u64,
}

impl Wait {
    fn time(&self) -> Duration {
        Duration::from_millis(self.wait_ms).min(MAX_WAIT)
    }
}

/// What arrived on a phone after a place; waits until there is something.
pub(super) async fn received(
    State(world): State<Arc<World>>,
    Path(number): Path<String>,
    Query(wait): Query<Wait>,
) -> Result<Json<Value>, Wrong> {
    let digits = send::digits(&number).ok_or_else(Wrong::no_such_phone)?;
    if world.state.lock().phone(&digits).is_none() {
        return Err(Wrong::no_such_phone());
    }
    let mut changes = world.watch_changes();
    let something = async {
        loop {
            changes.mark_unchanged();
            let messages = world.state.lock().received(&digits, wait.after);
            if !messages.is_empty() {
                return messages;
            }
            if changes.changed().await.is_err() {
                return Vec::new();
            }
        }
    };
    let messages = tokio::select! {
        // What is there is told also to those who do not wait.
        biased;
        messages = something => messages,
        () = tokio::time::sleep(wait.time()) => Vec::new(),
        () = world.stop.cancelled() => Vec::new(),
    };
    let next = messages
        .iter()
        .filter_map(|message| message.n)
        .max()
        .unwrap_or(wait.after);
    let messages: Vec<Value> = messages
        .iter()
        .map(|message| shown(&world, message))
        .collect();
    Ok(Json(json!({ "messages": messages, "next": next })))
}

/// The message with what helps to judge doubles.
fn shown(world: &World, message: &ToClient) -> Value {
    let posts = world.state.lock().posts_of(&message.key).cloned();
    json!({
        "n": message.n,
        "wamid": message.wamid,
        "type": message.kind,
        "text": message.text,
        "content": message.content,
        "reply_to": message.reply_to,
        "callback_data": message.callback_data,
        "accepted_at_ms": message.accepted_at_ms,
        "statuses": message.statuses,
        // POSTs of this message, and how many of them were accepted: 1 and 1 when all is well.
        "posts": posts.as_ref().map_or(0, |posts| posts.posts),
        "copies": posts.as_ref().map_or(0, |posts| posts.wamids.len()),
    })
}

/// Answers when no webhook, status or retry is outstanding, or with 408.
pub(super) async fn idle(
    State(world): State<Arc<World>>,
    Query(wait): Query<Wait>,
) -> (StatusCode, Json<Value>) {
    let mut outstanding = world.watch_outstanding();
    let idle = tokio::select! {
        biased;
        done = outstanding.wait_for(|count| *count == 0) => done.is_ok(),
        () = tokio::time::sleep(wait.time()) => false,
        () = world.stop.cancelled() => false,
    };
    let status = if idle {
        StatusCode::OK
    } else {
        StatusCode::REQUEST_TIMEOUT
    };
    (
        status,
        Json(json!({ "idle": idle, "outstanding": *world.watch_outstanding().borrow() })),
    )
}

/// Says `changed` whenever a phone or the webhook sender changed; who listens asks for the rest.
pub(super) async fn events(
    State(world): State<Arc<World>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = world.watch_changes();
    let stop = world.stop.clone();
    let stream = stream::unfold(
        (changes, stop, true),
        |(mut changes, stop, first)| async move {
            if !first {
                tokio::select! {
                    changed = changes.changed() => changed.ok()?,
                    () = stop.cancelled() => return None,
                }
            }
            let number = *changes.borrow_and_update();
            let event = Event::default().event("changed").data(number.to_string());
            Some((Ok(event), (changes, stop, false)))
        },
    );
    Sse::new(stream).keep_alive(KeepAlive::default())
}

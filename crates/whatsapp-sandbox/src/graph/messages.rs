//! `POST …/messages`: counted, hit by a fault or not, judged, taken.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::{body, refuse, reply};
use crate::faults::SendFault;
use crate::graph_error::GraphError;
use crate::ids::{self, Author};
use crate::phone::{Phone, ToClient};
use crate::send::{self, Outgoing, Reading, Recipient};
use crate::settings::Window;
use crate::wire::Connection;
use crate::world::World;
use crate::{posts, statuses};

const DAY_MS: i64 = 24 * 3_600_000;
/// How long a typing bubble stays.
const TYPING_MS: i64 = 25_000;

/// The answer to an accepted message, in Meta's key order.
#[derive(Debug, Serialize)]
struct Accepted {
    messaging_product: &'static str,
    contacts: [Value; 1],
    messages: [Value; 1],
}

/// Answers the request.
pub(super) async fn post(
    world: &Arc<World>,
    connection: &Connection,
    request: Request,
) -> Response {
    if world.faults.take_before_body().is_some() {
        connection.cut();
        return ().into_response();
    }
    let bytes = match body(request).await {
        Ok(bytes) => bytes,
        Err(error) => return refuse(&error),
    };
    let Ok(body) = serde_json::from_slice::<Value>(&bytes) else {
        return refuse(&GraphError::parameter("The body is not valid JSON."));
    };
    if body.get("status").is_some() {
        return match send::parse(&body) {
            Ok(send::Request::Reading(reading)) => mark_read(world, &reading),
            Ok(send::Request::Message(_)) => refuse(&GraphError::of(100)),
            Err(error) => refuse(&error),
        };
    }
    let key = posts::key(&body);
    world
        .state
        .lock()
        .count_post(&key, posts::callback_data(&body));
    let fault = world
        .faults
        .take_send(addressee(&body).as_deref())
        .unwrap_or_default();
    if fault.refuses() {
        return answer(world, connection, &fault, None).await;
    }
    let taken = match send::parse(&body) {
        Ok(send::Request::Message(outgoing)) => take(world, outgoing, key, fault.failed_code),
        Ok(send::Request::Reading(_)) => Err(GraphError::of(100)),
        Err(error) => Err(error),
    };
    match taken {
        Ok(accepted) => answer(world, connection, &fault, Some(accepted)).await,
        Err(error) => refuse(&error),
    }
}

/// Whom a body addresses, as faults name it.
fn addressee(body: &Value) -> Option<String> {
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    field("to")
        .and_then(send::digits)
        .or_else(|| field("recipient").map(str::to_owned))
}

/// Accepts a message and sends it on its way.
fn take(
    world: &Arc<World>,
    outgoing: Outgoing,
    key: String,
    failed_code: Option<i64>,
) -> Result<Accepted, GraphError> {
    let settings = world.settings();
    let now_ms = world.clock.now_ms();
    let mut state = world.state.lock();
    let (phone, contact, number) = match &outgoing.recipient {
        Recipient::Number { input, digits } => {
            if *digits == world.business.display_number {
                return Err(GraphError::of(131_021));
            }
            let contact = json!({ "input": input, "wa_id": digits });
            (state.phone(digits).cloned(), contact, digits.clone())
        }
        Recipient::UserId(user_id) => {
            let phone = state.phone_by_user_id(user_id).cloned();
            let number = phone
                .as_ref()
                .map(|phone| phone.number.clone())
                .unwrap_or_default();
            (
                phone,
                json!({ "input": user_id, "user_id": user_id }),
                number,
            )
        }
    };
    if let Some(rate) = settings.pair_rate
        && !world.pair_rate_allows(&number, rate)
    {
        let details = "Too many messages to the same recipient in a short time.";
        return Err(GraphError::with_details(131_056, details));
    }
    let window = settings.window == Window::Enforced && outgoing.kind != "template";
    let failed = failed_code.or_else(|| fate(phone.as_ref(), window, now_ms));
    let wamid = ids::wamid(Author::Business, &number);
    let accepted = Accepted {
        messaging_product: "whatsapp",
        contacts: [contact],
        messages: [match outgoing.kind {
            "template" => json!({ "id": wamid, "message_status": "accepted" }),
            _ => json!({ "id": wamid }),
        }],
    };
    state.accept(ToClient {
        n: None,
        wamid: wamid.clone(),
        number,
        by_user_id: matches!(outgoing.recipient, Recipient::UserId(_)),
        kind: outgoing.kind.to_owned(),
        text: outgoing.text,
        content: outgoing.content,
        reply_to: outgoing.reply_to,
        callback_data: outgoing.callback_data,
        key,
        accepted_at_ms: now_ms,
        statuses: Vec::new(),
        failed,
    });
    drop(state);
    world.tell_changed();
    statuses::start(world, wamid);
    Ok(accepted)
}

/// The code under which an accepted message is going to fail, if it is.
fn fate(phone: Option<&Phone>, window_enforced: bool, now_ms: i64) -> Option<i64> {
    let Some(phone) = phone else {
        return Some(131_026);
    };
    let open = phone
        .wrote_at
        .is_some_and(|wrote_at| now_ms - wrote_at < DAY_MS);
    (window_enforced && !open).then_some(131_047)
}

/// Answers as the fault wants it; without a fault, as it is.
async fn answer(
    world: &Arc<World>,
    connection: &Connection,
    fault: &SendFault,
    accepted: Option<Accepted>,
) -> Response {
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(fault.delay_ms)) => {}
        () = world.stop.cancelled() => {}
    }
    if fault.no_answer {
        world.stop.cancelled().await;
    }
    if fault.no_answer || fault.reset_after_accept {
        connection.cut();
        return ().into_response();
    }
    let asked = fault
        .http_status
        .and_then(|status| StatusCode::from_u16(status).ok());
    if let Some(code) = fault.error_code {
        let mut response = refuse(&GraphError::of(code));
        if let Some(status) = asked {
            *response.status_mut() = status;
        }
        return response;
    }
    if let Some(status) = asked {
        // What stands in front of Meta's servers answers in HTML.
        let page = format!("<!DOCTYPE html><html><title>{status}</title><h1>{status}</h1></html>");
        let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        return (status, html, Body::from(page)).into_response();
    }
    match accepted {
        Some(accepted) => reply(StatusCode::OK, &accepted),
        None => refuse(&GraphError::of(131_000)),
    }
}

fn mark_read(world: &World, reading: &Reading) -> Response {
    let mut state = world.state.lock();
    let Some(number) = state.company_reads(&reading.wamid) else {
        let details = "No message with this id was received.";
        return refuse(&GraphError::with_details(131_009, details));
    };
    if reading.typing {
        state.show_typing(&number, Some(world.clock.now_ms() + TYPING_MS));
    }
    drop(state);
    world.tell_changed();
    reply(StatusCode::OK, &json!({ "success": true }))
}

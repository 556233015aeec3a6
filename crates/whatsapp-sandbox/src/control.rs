//! The control API under `/control`: what tests and the phones page use. The crate's
//! documentation lists it.

mod phones;
mod watching;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Json, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::{SendFault, WebhookFault};
use crate::settings::Settings;
use crate::webhook;
use crate::world::World;

/// Everything under `/control`.
pub(crate) fn router() -> Router<Arc<World>> {
    let sends = get(send_faults)
        .post(add_send_fault)
        .delete(clear_send_faults);
    let webhooks = get(webhook_faults)
        .post(add_webhook_fault)
        .delete(clear_webhook_faults);
    Router::new()
        .route("/control/webhook", get(webhook_now).put(set_webhook))
        .route("/control/settings", get(settings).patch(change_settings))
        .route("/control/clock", get(clock).post(advance_clock))
        .route("/control/faults/sends", sends)
        .route("/control/faults/webhooks", webhooks)
        .route("/control/posts", get(posts))
        .route("/control/webhooks", get(webhook_attempts))
        .route("/control/idle", get(watching::idle))
        .route("/control/events", get(watching::events))
        .route("/control/phones", get(phones::list).post(phones::create))
        .route(
            "/control/phones/{number}",
            patch(phones::change).get(phones::one),
        )
        .route("/control/phones/{number}/messages", post(phones::write))
        .route("/control/phones/{number}/received", get(watching::received))
        .route("/control/phones/{number}/sent", get(phones::sent))
        .route("/control/phones/{number}/read", post(phones::read))
        .layer(middleware::from_fn(own_machine_only))
}

/// A wrong use of the control API.
pub(crate) struct Wrong(StatusCode, String);

impl Wrong {
    fn request(why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, why.into())
    }

    fn no_such_phone() -> Self {
        Self(StatusCode::NOT_FOUND, "There is no such phone".to_owned())
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

/// The socket is on the loopback; this keeps foreign web pages in the user's browser out as well.
pub(crate) async fn own_machine_only(request: Request, next: Next) -> Response {
    let local = |address: &str| {
        let address = address.trim_start_matches("http://");
        let host = address
            .rsplit_once(':')
            .map_or(address, |(host, _port)| host);
        matches!(host, "localhost" | "127.0.0.1" | "[::1]")
    };
    let headers = request.headers();
    let fits = [header::HOST, header::ORIGIN].iter().all(|name| {
        headers
            .get(name)
            .is_none_or(|value| value.to_str().is_ok_and(local))
    });
    if fits {
        next.run(request).await
    } else {
        Wrong(StatusCode::FORBIDDEN, "Only for this machine".to_owned()).into_response()
    }
}

#[derive(Deserialize)]
struct NewWebhook {
    url: String,
    verify_token: Option<String>,
    /// Try in the background until the address answers.
    #[serde(default)]
    keep_trying: bool,
}

async fn set_webhook(
    State(world): State<Arc<World>>,
    Json(new): Json<NewWebhook>,
) -> Result<Json<Value>, Wrong> {
    let verify_token = new
        .verify_token
        .unwrap_or_else(|| world.secrets.verify_token.clone());
    if new.keep_trying {
        webhook::keep_trying(&world, new.url.clone(), verify_token);
        return Ok(Json(json!({ "url": new.url, "active": false })));
    }
    let done = webhook::activate(&world, &new.url, &verify_token).await;
    done.map_err(|error| Wrong::request(format!("{error:#}")))?;
    Ok(Json(json!({ "url": new.url, "active": true })))
}

async fn webhook_now(State(world): State<Arc<World>>) -> Json<Value> {
    let url = world.webhooks.active_url();
    Json(json!({ "active": url.is_some(), "url": url }))
}

async fn settings(State(world): State<Arc<World>>) -> Json<Settings> {
    Json(world.settings())
}

/// Fields that are given replace the present ones, at every depth.
async fn change_settings(
    State(world): State<Arc<World>>,
    Json(change): Json<Value>,
) -> Result<Json<Settings>, Wrong> {
    let wrong = |error: serde_json::Error| Wrong::request(error.to_string());
    let mut settings = world.settings.lock();
    let mut merged = serde_json::to_value(&*settings).map_err(wrong)?;
    merge(&mut merged, change);
    *settings = serde_json::from_value(merged).map_err(wrong)?;
    Ok(Json(settings.clone()))
}

fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (name, value) in change {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, change) => *into = change,
    }
}

async fn clock(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({ "now_ms": world.clock.now_ms() }))
}

#[derive(Deserialize)]
struct Advance {
    advance_ms: i64,
}

async fn advance_clock(
    State(world): State<Arc<World>>,
    Json(advance): Json<Advance>,
) -> Json<Value> {
    world.clock.advance_ms(advance.advance_ms);
    world.tell_changed();
    Json(json!({ "now_ms": world.clock.now_ms() }))
}

/// Splits `times`, whose default is one, from the fault itself.
fn fault<T: for<'de> Deserialize<'de>>(body: Value) -> Result<(T, Option<u32>), Wrong> {
    let times = body.get("times").and_then(Value::as_u64).map(u32::try_from);
    let times = times
        .transpose()
        .map_err(|error| Wrong::request(error.to_string()))?;
    let fault = serde_json::from_value(body).map_err(|error| Wrong::request(error.to_string()))?;
    Ok((fault, times))
}

async fn send_faults(State(world): State<Arc<World>>) -> Json<Vec<SendFault>> {
    Json(world.faults.sends())
}

async fn add_send_fault(
    State(world): State<Arc<World>>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Vec<SendFault>>), Wrong> {
    let (new, times) = fault(body)?;
    world.faults.add_send(new, times);
    Ok((StatusCode::CREATED, Json(world.faults.sends())))
}

async fn clear_send_faults(State(world): State<Arc<World>>) -> StatusCode {
    world.faults.clear_sends();
    StatusCode::NO_CONTENT
}

async fn webhook_faults(State(world): State<Arc<World>>) -> Json<Vec<WebhookFault>> {
    Json(world.faults.webhooks())
}

async fn add_webhook_fault(
    State(world): State<Arc<World>>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Vec<WebhookFault>>), Wrong> {
    let (new, times) = fault(body)?;
    world.faults.add_webhook(new, times);
    Ok((StatusCode::CREATED, Json(world.faults.webhooks())))
}

async fn clear_webhook_faults(State(world): State<Arc<World>>) -> StatusCode {
    world.faults.clear_webhooks();
    StatusCode::NO_CONTENT
}

async fn posts(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({ "messages": world.state.lock().posts() }))
}

async fn webhook_attempts(State(world): State<Arc<World>>) -> Json<Value> {
    let waiting = world.state.lock().waiting().len();
    Json(json!({ "waiting": waiting, "attempts": world.webhooks.attempts() }))
}

//! The Graph API: sending, reading, the number, the subscription.
//!
//! Paths are split by hand because the version in front is optional and a trailing slash is
//! tolerated. Where a real answer is known (escapes, headers, error bodies) it looks the same.

mod messages;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::graph_error::GraphError;
use crate::wire::Connection;
use crate::world::World;
use crate::{ids, json as wire_json, webhook};

/// Largest request body.
const MAX_BODY: usize = 1024 * 1024;

/// Answers every path that is neither control API nor page.
pub(crate) async fn serve(
    State(world): State<Arc<World>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.first().is_some_and(|part| is_version(part)) {
        parts.remove(0);
    }
    if !is_authorised(&world, &request) {
        return refuse(&GraphError::unauthorised());
    }
    let method = request.method().clone();
    let number = world.business.phone_number_id.as_str();
    let account = world.business.waba_id.as_str();
    match (method, parts.as_slice()) {
        (Method::POST, [id, "messages"]) if *id == number => {
            messages::post(&world, &connection, request).await
        }
        (Method::GET, [id]) if *id == number => phone_number(&world, &request),
        (Method::POST, [id, "subscribed_apps"]) if *id == account => {
            subscribe(&world, request).await
        }
        (Method::GET, [id, "subscribed_apps"]) if *id == account => subscriptions(&world),
        (Method::DELETE, [id, "subscribed_apps"]) if *id == account => {
            world.webhooks.subscribe(false);
            reply(StatusCode::OK, &json!({ "success": true }))
        }
        (method, parts) => {
            let id = parts.first().copied().unwrap_or_default();
            refuse(&GraphError::unknown_object(method.as_str(), id))
        }
    }
}

/// `v25.0`.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v')
        .and_then(|version| version.split_once('.'))
        .is_some_and(|(a, b)| {
            !a.is_empty() && a.bytes().chain(b.bytes()).all(|byte| byte.is_ascii_digit())
        })
}

/// Bearer token, or `?access_token=`.
fn is_authorised(world: &World, request: &Request) -> bool {
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let in_query = || query_value(request, "access_token");
    let token = bearer.map(str::to_owned).or_else(in_query);
    token.is_some_and(|token| !token.is_empty() && token == world.secrets.access_token)
}

/// A parameter of the query, decoded.
fn query_value(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    // Only the query matters; the host is there to make it a URL.
    let url = reqwest::Url::parse(&format!("http://localhost/?{query}")).ok()?;
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn phone_number(world: &World, request: &Request) -> Response {
    let all = json!({
        "verified_name": "Sandbox",
        "display_phone_number": format!("+{}", world.business.display_number),
        "quality_rating": "GREEN",
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "throughput": { "level": "STANDARD" },
        "health_status": { "can_send_message": "AVAILABLE" },
        "id": world.business.phone_number_id,
    });
    let Some(fields) = query_value(request, "fields") else {
        let usual = [
            "verified_name",
            "code_verification_status",
            "display_phone_number",
            "quality_rating",
            "platform_type",
            "throughput",
            "id",
        ];
        return reply(StatusCode::OK, &only(&all, &usual));
    };
    let fields: Vec<&str> = fields.split(',').map(str::trim).chain(["id"]).collect();
    reply(StatusCode::OK, &only(&all, &fields))
}

fn only(object: &Value, fields: &[&str]) -> Map<String, Value> {
    let all = object.as_object().into_iter().flatten();
    all.filter(|(name, _)| fields.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Subscribes the app; an override address has to pass the handshake first.
async fn subscribe(world: &Arc<World>, request: Request) -> Response {
    let body = match body(request).await {
        Ok(bytes) if bytes.is_empty() => Value::Null,
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(body) => body,
            Err(_) => return refuse(&GraphError::parameter("The body is not valid JSON.")),
        },
        Err(error) => return refuse(&error),
    };
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    if let Some(url) = field("override_callback_uri") {
        let Some(verify_token) = field("verify_token") else {
            return refuse(&GraphError::parameter_required("verify_token"));
        };
        if let Err(error) = webhook::activate(world, url, verify_token).await {
            let rule = format!("The callback URL couldn't be validated. {error}");
            return refuse(&GraphError::parameter(rule));
        }
    }
    world.webhooks.subscribe(true);
    reply(StatusCode::OK, &json!({ "success": true }))
}

fn subscriptions(world: &World) -> Response {
    let app = json!({
        "whatsapp_business_api_data": {
            "link": "https://www.facebook.com/games/?app_id=100000000000001",
            "name": "Sandbox",
            "id": "100000000000001",
        },
    });
    let apps = if world.webhooks.is_subscribed() {
        vec![app]
    } else {
        Vec::new()
    };
    reply(StatusCode::OK, &json!({ "data": apps }))
}

async fn body(request: Request) -> Result<axum::body::Bytes, GraphError> {
    axum::body::to_bytes(request.into_body(), MAX_BODY)
        .await
        .map_err(|_| GraphError::parameter("The body could not be read."))
}

/// A Graph error as an answer.
fn refuse(error: &GraphError) -> Response {
    let status = StatusCode::from_u16(error.http).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = reply(status, &error.body());
    if error.code == 190 {
        let challenge = HeaderValue::from_static(
            "OAuth \"Facebook Platform\" \"invalid_token\" \"Invalid OAuth access token\"",
        );
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// An answer with the escapes and headers of the Graph API.
fn reply(status: StatusCode, body: &impl Serialize) -> Response {
    match wire_json::encode(body) {
        Ok(body) => (status, headers(), Body::from(body)).into_response(),
        Err(error) => {
            tracing::error!(%error, "Writing an answer failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn headers() -> HeaderMap {
    let fixed = [
        ("content-type", "application/json; charset=UTF-8"),
        (
            "cache-control",
            "private, no-cache, no-store, must-revalidate",
        ),
        ("pragma", "no-cache"),
        ("expires", "Sat, 01 Jan 2000 00:00:00 GMT"),
        ("vary", "Origin, Accept-Encoding"),
        ("facebook-api-version", "v25.0"),
        ("access-control-allow-origin", "*"),
        (
            "x-app-usage",
            r#"{"call_count":0,"total_cputime":0,"total_time":0}"#,
        ),
    ];
    let mut headers: HeaderMap = fixed
        .into_iter()
        .map(|(name, value)| {
            (
                header::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect();
    for name in ["x-fb-request-id", "x-fb-trace-id", "x-fb-debug"] {
        if let Ok(value) = HeaderValue::from_str(&ids::trace_id()) {
            headers.insert(header::HeaderName::from_static(name), value);
        }
    }
    headers
}

//! Signing in and out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use pult_protocol::{Code, OperatorRow, Problem, SignInRequest, SignInResponse};
use pult_store::NewSession;
use serde_json::json;

use crate::auth::{self, SignedIn};
use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// How long a session lives without being used, in milliseconds: 30 days.
pub(crate) const SESSION_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Sign in: name and password for a token.
#[utoipa::path(
    post, path = "/api/v1/sessions", request_body = SignInRequest,
    responses(
        (status = 201, body = SignInResponse),
        (status = 401, description = "wrong_password", body = Problem),
        (status = 403, description = "operator_inactive", body = Problem),
        (status = 429, description = "too_many_tries", body = Problem),
    )
)]
pub(crate) async fn sign_in(
    State(backend): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Result<Json<SignInRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<SignInResponse>), ProblemResponse> {
    let Json(request) = body.map_err(|error| unreadable(&error))?;
    backend
        .sign_in_limit
        .check(&request.login, peer.ip())
        .map_err(|wait| {
            tracing::info!(address = %peer.ip(), "Too many tries to sign in");
            too_many_tries(wait)
        })?;
    let SignInRequest {
        login,
        password,
        device,
    } = request;
    let operator = backend.store.operator_by_login(login).await?;
    let hash = operator
        .as_ref()
        .map(|operator| operator.password_hash.clone());
    let mut memory = Arc::clone(&backend.passwords).lock_owned().await;
    let fits = tokio::task::spawn_blocking(move || memory.verify(&password, hash.as_deref()))
        .await
        .unwrap_or(false);
    let wrong = || {
        tracing::info!(address = %peer.ip(), "A sign-in failed");
        ProblemResponse::new(Code::WrongPassword, "the name or the password is wrong")
    };
    let operator = operator.filter(|_| fits).ok_or_else(wrong)?;
    if !operator.row.is_active {
        tracing::info!(operator.id = %operator.row.id, "A deactivated operator tried to sign in");
        return Err(ProblemResponse::new(
            Code::OperatorInactive,
            "the operator is deactivated",
        ));
    }
    let (token, token_hash) = auth::new_token().map_err(|error| {
        tracing::error!(%error, "No token could be made");
        ProblemResponse::new(
            Code::Internal,
            "a fault of the backend; its log has the cause",
        )
    })?;
    let expires_at = backend.now().plus_ms(SESSION_MS);
    let device = device.chars().take(100).collect();
    let session = NewSession {
        token_hash,
        operator: operator.row.id,
        password_hash: operator.password_hash,
        device,
        address: peer.ip().to_string(),
        expires_at,
    };
    let begun = backend.store.begin_session(session).await?;
    let id = begun.ok_or_else(wrong)?;
    tracing::info!(session.id = %id, operator.id = %operator.row.id, "Signed in");
    let response = SignInResponse {
        token,
        expires_at,
        operator: operator.row,
    };
    Ok((StatusCode::CREATED, Json(response)))
}

/// What is said to who has tried a password too often.
pub(crate) fn too_many_tries(wait: Duration) -> ProblemResponse {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let problem = Problem::new(Code::TooManyTries, "too many tries");
    ProblemResponse(problem.with_details(json!({ "retry_after_ms": wait_ms })))
}

/// Sign out: the token is worth nothing any more, and its connections end.
#[utoipa::path(
    delete, path = "/api/v1/sessions/current",
    responses((status = 204), (status = 401, description = "signed_out", body = Problem))
)]
pub(crate) async fn sign_out(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
) -> Result<StatusCode, ProblemResponse> {
    backend.store.end_session(session.id).await?;
    backend.live_sessions.end(session.id);
    tracing::info!(session.id = %session.id, "Signed out");
    Ok(StatusCode::NO_CONTENT)
}

/// Who the token belongs to.
#[utoipa::path(
    get, path = "/api/v1/sessions/current",
    responses(
        (status = 200, body = OperatorRow),
        (status = 401, description = "signed_out", body = Problem),
    )
)]
pub(crate) async fn current(SignedIn(session): SignedIn) -> Json<OperatorRow> {
    Json(session.operator)
}

/// What is said of a body that is not JSON of the expected shape.
pub(crate) fn unreadable(error: &JsonRejection) -> ProblemResponse {
    let code = if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Code::TooLarge
    } else {
        Code::Malformed
    };
    // axum's words would quote the body.
    ProblemResponse::new(code, "the body is not JSON of the expected shape")
}

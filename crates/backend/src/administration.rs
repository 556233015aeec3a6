//! Operators, sessions, channels and integrations over REST: what administrators manage, and what
//! everybody may do with what is their own.
//!
//! The store asks for the right once more in the transaction of the act; here it keeps those who
//! have none from reading, and from a password being hashed for nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, patch, put};
use axum::{Json, Router};
use pult_domain::{ChannelId, IntegrationId, OperatorId, SessionId, is_control, is_visible};
use pult_protocol::{
    Actor, ChannelHealthList, ChannelNameRequest, Code, ManagedIntegrationList,
    ManagedOperatorList, NewOperatorRequest, OperatorChange, OperatorRow, OwnPasswordRequest,
    PasswordRequest, Problem, SessionList, SessionsQuery,
};
use pult_store::{NewOperator, NewPassword};
use serde_json::json;

use crate::auth::{self, Administrator, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, SignedIn};
use crate::backend::{Backend, Shared};
use crate::company::wrong;
use crate::problem::ProblemResponse;
use crate::sessions::{too_many_tries, unreadable};

/// Longest name of an operator or a channel, and longest sign-in name, in characters.
const MAX_NAME_CHARS: usize = 100;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/operators", get(operators))
        .route("/api/v1/operators/{operator_id}", put(add_operator))
        .route("/api/v1/operators/{operator_id}", patch(change_operator))
        .route(
            "/api/v1/operators/{operator_id}/password",
            put(set_password),
        )
        .route(
            "/api/v1/operators/{operator_id}/sessions",
            delete(revoke_sessions),
        )
        .route("/api/v1/password", put(set_own_password))
        .route("/api/v1/sessions/{session_id}", delete(revoke_session))
        .route("/api/v1/channels", get(channels))
        .route("/api/v1/channels/{channel_id}/name", put(rename_channel))
        .route("/api/v1/integrations", get(integrations))
        .route(
            "/api/v1/integrations/{integration_id}",
            delete(revoke_integration),
        )
}

/// A name in one line, without what surrounds it, that people can tell from others by looking.
fn name(field: &str, text: &str) -> Result<String, ProblemResponse> {
    let text = text.trim();
    let is_short = text.chars().count() <= MAX_NAME_CHARS;
    if !is_short || !text.chars().any(is_visible) || text.chars().any(is_control) {
        let message = format!(
            "{field} is one line of 1 to {MAX_NAME_CHARS} characters, none of which is a control character"
        );
        let details = json!({ "min": 1, "max": MAX_NAME_CHARS });
        return Err(ProblemResponse(wrong(field, &message, details)));
    }
    Ok(text.to_owned())
}

/// A password's hash, if it may be one.
async fn hashed(password: String) -> Result<String, ProblemResponse> {
    let n = password.chars().count();
    if !(MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&n) {
        let message =
            format!("a password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters");
        let details = json!({ "min": MIN_PASSWORD_CHARS, "max": MAX_PASSWORD_CHARS });
        return Err(ProblemResponse(wrong("password", &message, details)));
    }
    let hashed = tokio::task::spawn_blocking(move || auth::hash_password(&password)).await;
    match hashed {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(_)) | Err(_) => {
            tracing::error!("A password could not be hashed");
            let message = "a fault of the backend; its log has the cause";
            Err(ProblemResponse::new(Code::Internal, message))
        }
    }
}

fn no_such(what: &str) -> ProblemResponse {
    ProblemResponse::new(Code::NotFound, &format!("no such {what}"))
}

/// Lets the panels of sessions that have ended know at once.
fn end_live(backend: &Backend, sessions: &[SessionId]) {
    for session in sessions {
        backend.live_sessions.end(*session);
    }
}

/// All operators, for administrators.
#[utoipa::path(
    get, path = "/api/v1/operators",
    responses(
        (status = 200, body = ManagedOperatorList),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn operators(
    State(backend): State<Shared>,
    Administrator(_session): Administrator,
) -> Result<Json<ManagedOperatorList>, ProblemResponse> {
    let operators = backend.store.managed_operators().await?;
    Ok(Json(ManagedOperatorList { operators }))
}

/// Adds an operator under an id made by the asker. The same again changes nothing.
#[utoipa::path(
    put, path = "/api/v1/operators/{operator_id}", params(("operator_id" = OperatorId, Path)),
    request_body = NewOperatorRequest,
    responses(
        (status = 200, body = OperatorRow),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 409, description = "login_taken, id_reused", body = Problem),
        (status = 422, description = "field_wrong", body = Problem),
    )
)]
pub(crate) async fn add_operator(
    State(backend): State<Shared>,
    Administrator(session): Administrator,
    operator_id: Result<Path<OperatorId>, PathRejection>,
    body: Result<Json<NewOperatorRequest>, JsonRejection>,
) -> Result<Json<OperatorRow>, ProblemResponse> {
    let Path(id) = operator_id.map_err(|_| no_such("operator"))?;
    let Json(request) = body.map_err(|error| unreadable(&error))?;
    // Asked for again since its answer was lost: it is the same only with the same password.
    if let Some(known) = backend.store.password_hash(id).await? {
        let password = request.password.clone();
        let mut memory = Arc::clone(&backend.passwords).lock_owned().await;
        let fits = tokio::task::spawn_blocking(move || memory.verify(&password, Some(&known)));
        if !fits.await.unwrap_or(false) {
            let message = "the id is another operator's, or had another password";
            return Err(ProblemResponse::new(Code::IdReused, message));
        }
    }
    let operator = NewOperator {
        login: name("login", &request.login)?,
        name: name("name", &request.name)?,
        role: request.role,
        password_hash: hashed(request.password).await?,
    };
    let by = session.operator.id;
    let added = backend.store.add_operator_by(by.into(), id, operator);
    let row = added.await?.map_err(ProblemResponse)?;
    tracing::info!(by.id = %by, operator.id = %id, "An operator was added");
    Ok(Json(row))
}

/// Changes one thing of an operator. What stands so already is done.
#[utoipa::path(
    patch, path = "/api/v1/operators/{operator_id}", params(("operator_id" = OperatorId, Path)),
    request_body = OperatorChange,
    responses(
        (status = 200, body = OperatorRow),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 404, description = "not_found", body = Problem),
        (status = 409, description = "changed_meanwhile, last_administrator", body = Problem),
        (status = 422, description = "field_wrong", body = Problem),
    )
)]
pub(crate) async fn change_operator(
    State(backend): State<Shared>,
    Administrator(session): Administrator,
    operator_id: Result<Path<OperatorId>, PathRejection>,
    body: Result<Json<OperatorChange>, JsonRejection>,
) -> Result<Json<OperatorRow>, ProblemResponse> {
    let Path(id) = operator_id.map_err(|_| no_such("operator"))?;
    let Json(mut change) = body.map_err(|error| unreadable(&error))?;
    if let OperatorChange::Name { now, .. } = &mut change {
        *now = name("name", now)?;
    }
    let deactivates = change == (OperatorChange::IsActive { now: false });
    let sessions = if deactivates {
        backend.store.sessions(Some(id)).await?
    } else {
        Vec::new()
    };
    let by = session.operator.id;
    let changed = backend.store.change_operator(by.into(), id, change);
    let row = changed.await?.map_err(ProblemResponse)?;
    for ended in sessions {
        backend.live_sessions.end(ended.id);
    }
    tracing::info!(by.id = %by, operator.id = %id, "An operator was changed");
    Ok(Json(row))
}

/// Gives an operator another password; their sessions end.
#[utoipa::path(
    put, path = "/api/v1/operators/{operator_id}/password",
    params(("operator_id" = OperatorId, Path)), request_body = PasswordRequest,
    responses(
        (status = 204),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 404, description = "not_found", body = Problem),
        (status = 422, description = "field_wrong", body = Problem),
    )
)]
pub(crate) async fn set_password(
    State(backend): State<Shared>,
    Administrator(session): Administrator,
    operator_id: Result<Path<OperatorId>, PathRejection>,
    body: Result<Json<PasswordRequest>, JsonRejection>,
) -> Result<StatusCode, ProblemResponse> {
    let Path(id) = operator_id.map_err(|_| no_such("operator"))?;
    let Json(request) = body.map_err(|error| unreadable(&error))?;
    let hash = hashed(request.password).await?;
    let by = session.operator.id;
    // Who sets their own stays where they are.
    let keep = (by == id).then_some(session.id);
    let new = NewPassword {
        hash,
        instead_of: None,
        keep,
    };
    let set = backend.store.set_password_by(by.into(), id, new);
    end_live(&backend, &set.await?.map_err(ProblemResponse)?);
    tracing::info!(by.id = %by, operator.id = %id, "A password was set");
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the asker another password, who says the present one; their other sessions end.
#[utoipa::path(
    put, path = "/api/v1/password", request_body = OwnPasswordRequest,
    responses(
        (status = 204),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out, wrong_password", body = Problem),
        (status = 422, description = "field_wrong", body = Problem),
        (status = 429, description = "too_many_tries", body = Problem),
    )
)]
pub(crate) async fn set_own_password(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    body: Result<Json<OwnPasswordRequest>, JsonRejection>,
) -> Result<StatusCode, ProblemResponse> {
    let Json(OwnPasswordRequest { present, password }) =
        body.map_err(|error| unreadable(&error))?;
    let id = session.operator.id;
    // Whoever sits down at an open panel must not find the password out by trying.
    let tries = backend.sign_in_limit.check(&id.to_string(), peer.ip());
    tries.map_err(too_many_tries)?;
    let known = backend.store.password_hash(id).await?;
    let mut memory = Arc::clone(&backend.passwords).lock_owned().await;
    let instead_of = known.clone();
    let fits = tokio::task::spawn_blocking(move || memory.verify(&present, known.as_deref()));
    if !fits.await.unwrap_or(false) {
        let message = "the present password is wrong";
        return Err(ProblemResponse::new(Code::WrongPassword, message));
    }
    let hash = hashed(password).await?;
    let new = NewPassword {
        hash,
        instead_of,
        keep: Some(session.id),
    };
    let set = backend.store.set_password_by(id.into(), id, new);
    end_live(&backend, &set.await?.map_err(ProblemResponse)?);
    tracing::info!(operator.id = %id, "An operator has changed their password");
    Ok(StatusCode::NO_CONTENT)
}

/// The asker's sessions, or as an administrator with `all` everybody's.
#[utoipa::path(
    get, path = "/api/v1/sessions", params(SessionsQuery),
    responses(
        (status = 200, body = SessionList),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn sessions(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    query: Result<Query<SessionsQuery>, QueryRejection>,
) -> Result<Json<SessionList>, ProblemResponse> {
    let Query(SessionsQuery { all }) =
        query.map_err(|_| ProblemResponse::new(Code::Malformed, "all is true or false"))?;
    if all && session.operator.role < pult_domain::Role::Administrator {
        let problem = pult_store::not_allowed(pult_domain::Role::Administrator);
        return Err(ProblemResponse(problem));
    }
    let of = (!all).then_some(session.operator.id);
    let mut sessions = backend.store.sessions(of).await?;
    for row in &mut sessions {
        row.is_connected = backend.live_sessions.is_connected(row.id);
        row.is_current = row.id == session.id;
    }
    Ok(Json(SessionList { sessions }))
}

/// Ends a session, one's own or as an administrator any: its panels are signed out at once. One that
/// has ended already is done, and somebody else's is answered like one that is not there.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{session_id}", params(("session_id" = SessionId, Path)),
    responses(
        (status = 204),
        (status = 401, description = "signed_out", body = Problem),
        (status = 404, description = "not_found", body = Problem),
    )
)]
pub(crate) async fn revoke_session(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    session_id: Result<Path<SessionId>, PathRejection>,
) -> Result<StatusCode, ProblemResponse> {
    let Path(id) = session_id.map_err(|_| no_such("session"))?;
    let by = Actor::from(session.operator.id);
    if backend.store.revoke_session(by, id).await? {
        end_live(&backend, &[id]);
        tracing::info!(by.id = %session.operator.id, session.id = %id, "A session was revoked");
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of an operator, one's own or as an administrator anybody's, except the one with
/// which it is asked.
#[utoipa::path(
    delete, path = "/api/v1/operators/{operator_id}/sessions",
    params(("operator_id" = OperatorId, Path)),
    responses(
        (status = 204),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 404, description = "not_found", body = Problem),
    )
)]
pub(crate) async fn revoke_sessions(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    operator_id: Result<Path<OperatorId>, PathRejection>,
) -> Result<StatusCode, ProblemResponse> {
    let Path(id) = operator_id.map_err(|_| no_such("operator"))?;
    let by = session.operator.id;
    let revoked = backend
        .store
        .revoke_sessions(by.into(), id, Some(session.id));
    end_live(&backend, &revoked.await?.map_err(ProblemResponse)?);
    tracing::info!(by.id = %by, operator.id = %id, "Sessions of an operator were revoked");
    Ok(StatusCode::NO_CONTENT)
}

/// How the channels are doing, for administrators.
#[utoipa::path(
    get, path = "/api/v1/channels",
    responses(
        (status = 200, body = ChannelHealthList),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn channels(
    State(backend): State<Shared>,
    Administrator(_session): Administrator,
) -> Result<Json<ChannelHealthList>, ProblemResponse> {
    let channels = backend.store.channel_health().await?;
    Ok(Json(ChannelHealthList { channels }))
}

/// Gives a channel another name. What stands so already is done.
#[utoipa::path(
    put, path = "/api/v1/channels/{channel_id}/name", params(("channel_id" = ChannelId, Path)),
    request_body = ChannelNameRequest,
    responses(
        (status = 204),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 404, description = "not_found", body = Problem),
        (status = 409, description = "changed_meanwhile", body = Problem),
        (status = 422, description = "field_wrong", body = Problem),
    )
)]
pub(crate) async fn rename_channel(
    State(backend): State<Shared>,
    Administrator(session): Administrator,
    channel_id: Result<Path<ChannelId>, PathRejection>,
    body: Result<Json<ChannelNameRequest>, JsonRejection>,
) -> Result<StatusCode, ProblemResponse> {
    let Path(id) = channel_id.map_err(|_| no_such("channel"))?;
    let Json(mut request) = body.map_err(|error| unreadable(&error))?;
    request.now = name("name", &request.now)?;
    let by = session.operator.id;
    let renamed = backend.store.rename_channel(by.into(), id, request);
    renamed.await?.map_err(ProblemResponse)?;
    tracing::info!(by.id = %by, channel.id = %id, "A channel was renamed");
    Ok(StatusCode::NO_CONTENT)
}

/// All integrations and when their keys were last used, for administrators.
#[utoipa::path(
    get, path = "/api/v1/integrations",
    responses(
        (status = 200, body = ManagedIntegrationList),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn integrations(
    State(backend): State<Shared>,
    Administrator(_session): Administrator,
) -> Result<Json<ManagedIntegrationList>, ProblemResponse> {
    let integrations = backend.store.managed_integrations().await?;
    Ok(Json(ManagedIntegrationList { integrations }))
}

/// Ends an integration's key for ever. One that has ended already is done.
#[utoipa::path(
    delete, path = "/api/v1/integrations/{integration_id}",
    params(("integration_id" = IntegrationId, Path)),
    responses(
        (status = 204),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 404, description = "not_found", body = Problem),
    )
)]
pub(crate) async fn revoke_integration(
    State(backend): State<Shared>,
    Administrator(session): Administrator,
    integration_id: Result<Path<IntegrationId>, PathRejection>,
) -> Result<StatusCode, ProblemResponse> {
    let Path(id) = integration_id.map_err(|_| no_such("integration"))?;
    let by = session.operator.id;
    let revoked = backend.store.revoke_integration_by(by.into(), id);
    revoked.await?.map_err(ProblemResponse)?;
    tracing::info!(by.id = %by, integration.id = %id, "An integration's key was revoked");
    Ok(StatusCode::NO_CONTENT)
}

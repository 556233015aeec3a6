//! Automatic texts, working hours and the direction of new chats: supervisors change them here, and
//! who waits too long is told by a task of its own.

use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::{get, post};
use axum::{Json, Router};
use pult_domain::MAX_REPLY_CHARS;
use pult_domain::automatic::AutomaticFault;
use pult_domain::direction::{DirectionRule, Directions, Incoming};
use pult_protocol::{
    Code, DirectionFound, DirectionTrial, Problem, RevisedDirections, RevisedHours, RevisedTexts,
};
use pult_store::Revised;
use tokio::time::{MissedTickBehavior, interval};

use crate::auth::Supervising;
use crate::backend::Shared;
use crate::problem::ProblemResponse;
use crate::sessions::unreadable;

/// Between two looks for who has waited too long.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/automatic-texts", get(texts).put(put_texts))
        .route("/api/v1/working-hours", get(hours).put(put_hours))
        .route("/api/v1/directions", get(directions).put(put_directions))
        .route("/api/v1/directions/trial", post(try_directions))
}

/// Tells who waits too long that nobody answers, until the backend stops.
pub(crate) async fn run(backend: Shared) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = backend.stopping.cancelled() => return,
            _ = looks.tick() => tell_waiting(&backend).await,
        }
    }
}

async fn tell_waiting(backend: &Shared) {
    while !backend.stopping.is_cancelled() {
        match backend.store.tell_waiting().await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "Who waits could not be told; later once more");
                return;
            }
        }
    }
}

/// The automatic texts.
#[utoipa::path(
    get, path = "/api/v1/automatic-texts",
    responses(
        (status = 200, body = RevisedTexts),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn texts(
    State(backend): State<Shared>,
    _: Supervising,
) -> Result<Json<RevisedTexts>, ProblemResponse> {
    let Revised { revision, value } = backend.store.automatic_texts().await?;
    Ok(Json(RevisedTexts {
        revision,
        texts: value,
    }))
}

/// Change the automatic texts.
#[utoipa::path(
    put, path = "/api/v1/automatic-texts", request_body = RevisedTexts,
    responses(
        (status = 200, body = RevisedTexts),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 409, description = "changed_meanwhile", body = Problem),
        (status = 422, description = "text_empty, text_too_long", body = Problem),
    )
)]
pub(crate) async fn put_texts(
    State(backend): State<Shared>,
    Supervising(session): Supervising,
    body: Result<Json<RevisedTexts>, JsonRejection>,
) -> Result<Json<RevisedTexts>, ProblemResponse> {
    let Json(RevisedTexts { revision, texts }) = body.map_err(|error| unreadable(&error))?;
    texts.check().map_err(|fault| match fault {
        AutomaticFault::Text(refusal) => ProblemResponse(Problem::of_refusal(&refusal)),
        AutomaticFault::Time => ProblemResponse::new(Code::Malformed, &fault.to_string()),
    })?;
    let put =
        backend
            .store
            .put_automatic_texts(session.operator.id.into(), revision, texts.clone());
    let revision = put.await?.map_err(ProblemResponse)?;
    tracing::info!(operator.id = %session.operator.id, "The automatic texts were changed");
    Ok(Json(RevisedTexts { revision, texts }))
}

/// The working hours.
#[utoipa::path(
    get, path = "/api/v1/working-hours",
    responses(
        (status = 200, body = RevisedHours),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn hours(
    State(backend): State<Shared>,
    _: Supervising,
) -> Result<Json<RevisedHours>, ProblemResponse> {
    let Revised { revision, value } = backend.store.working_hours().await?;
    Ok(Json(RevisedHours {
        revision,
        hours: value,
    }))
}

/// Change the working hours.
#[utoipa::path(
    put, path = "/api/v1/working-hours", request_body = RevisedHours,
    responses(
        (status = 200, body = RevisedHours),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 409, description = "changed_meanwhile", body = Problem),
    )
)]
pub(crate) async fn put_hours(
    State(backend): State<Shared>,
    Supervising(session): Supervising,
    body: Result<Json<RevisedHours>, JsonRejection>,
) -> Result<Json<RevisedHours>, ProblemResponse> {
    let Json(RevisedHours {
        revision,
        mut hours,
    }) = body.map_err(|error| unreadable(&error))?;
    if let Some(hours) = &mut hours {
        hours.tidy();
        hours
            .check()
            .map_err(|fault| ProblemResponse::new(Code::Malformed, &fault.to_string()))?;
    }
    let put = backend
        .store
        .put_working_hours(session.operator.id.into(), revision, hours.clone());
    let revision = put.await?.map_err(ProblemResponse)?;
    tracing::info!(operator.id = %session.operator.id, "The working hours were changed");
    Ok(Json(RevisedHours { revision, hours }))
}

/// The rules by which new chats are directed to somebody's attention.
#[utoipa::path(
    get, path = "/api/v1/directions",
    responses(
        (status = 200, body = RevisedDirections),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn directions(
    State(backend): State<Shared>,
    _: Supervising,
) -> Result<Json<RevisedDirections>, ProblemResponse> {
    let Revised { revision, value } = backend.store.directions().await?;
    Ok(Json(RevisedDirections {
        revision,
        rules: value,
    }))
}

/// Change the rules by which new chats are directed.
#[utoipa::path(
    put, path = "/api/v1/directions", request_body = RevisedDirections,
    responses(
        (status = 200, body = RevisedDirections),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 409, description = "changed_meanwhile", body = Problem),
    )
)]
pub(crate) async fn put_directions(
    State(backend): State<Shared>,
    Supervising(session): Supervising,
    body: Result<Json<RevisedDirections>, JsonRejection>,
) -> Result<Json<RevisedDirections>, ProblemResponse> {
    let Json(RevisedDirections { revision, rules }) = body.map_err(|error| unreadable(&error))?;
    ready(&rules)?;
    let put = backend
        .store
        .put_directions(session.operator.id.into(), revision, rules.clone());
    let revision = put.await?.map_err(ProblemResponse)?;
    tracing::info!(operator.id = %session.operator.id, "The direction of new chats was changed");
    Ok(Json(RevisedDirections { revision, rules }))
}

/// Tell which rule would take a message. Nothing comes of it.
#[utoipa::path(
    post, path = "/api/v1/directions/trial", request_body = DirectionTrial,
    responses(
        (status = 200, body = DirectionFound),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn try_directions(
    State(backend): State<Shared>,
    _: Supervising,
    body: Result<Json<DirectionTrial>, JsonRejection>,
) -> Result<Json<DirectionFound>, ProblemResponse> {
    let Json(trial) = body.map_err(|error| unreadable(&error))?;
    let digits = |phone: String| -> String { phone.chars().filter(char::is_ascii_digit).collect() };
    let phone = trial.phone.map(digits);
    // More than a message has is not looked through.
    let text: String = trial.text.chars().take(MAX_REPLY_CHARS).collect();
    let message = Incoming {
        text: &text,
        channel_id: trial.channel_id,
        phone: phone.as_deref().filter(|digits| !digits.is_empty()),
    };
    let takes: Vec<_> = ready(&trial.rules)?.of_message(&message).collect();
    let whom = takes.iter().map(|(_, operator)| *operator).collect();
    let active = backend.store.active_of(whom).await?;
    let mut found = DirectionFound {
        rule: None,
        operator_id: None,
        passed_over: Vec::new(),
    };
    for (place, operator) in takes {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        if active.contains(&operator) {
            found.rule = Some(place);
            found.operator_id = Some(operator);
            break;
        }
        found.passed_over.push(place);
    }
    Ok(Json(found))
}

fn ready(rules: &[DirectionRule]) -> Result<Directions, ProblemResponse> {
    Directions::of(rules).map_err(|fault| ProblemResponse::new(Code::Malformed, &fault.to_string()))
}

//! The archive, and what the card of a client shows.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use pult_domain::ChatId;
use pult_protocol::{ArchivePage, ArchiveQuery, ClientHistory, Code, Problem};

use crate::auth::SignedIn;
use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// Closed chats: an operator finds those that they took part in, a supervisor all.
#[utoipa::path(
    get, path = "/api/v1/archive", params(ArchiveQuery),
    responses(
        (status = 200, body = ArchivePage),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
    )
)]
pub(crate) async fn search(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    query: Result<Query<ArchiveQuery>, QueryRejection>,
) -> Result<Json<ArchivePage>, ProblemResponse> {
    let Query(query) = query
        .map_err(|_| ProblemResponse::new(Code::Malformed, "what to search for cannot be read"))?;
    Ok(Json(
        backend.store.archive(session.operator.id, query).await?,
    ))
}

/// What is known of a chat's client beyond the chat itself.
#[utoipa::path(
    get, path = "/api/v1/chats/{chat_id}/card", params(("chat_id" = ChatId, Path)),
    responses(
        (status = 200, body = ClientHistory),
        (status = 401, description = "signed_out", body = Problem),
        (status = 404, description = "chat_not_found", body = Problem),
    )
)]
pub(crate) async fn card(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    chat_id: Result<Path<ChatId>, PathRejection>,
) -> Result<Json<ClientHistory>, ProblemResponse> {
    let not_found = || ProblemResponse::new(Code::ChatNotFound, "no such chat");
    let Path(chat_id) = chat_id.map_err(|_| not_found())?;
    let card = backend.store.card(session.operator.id, chat_id).await?;
    card.map(Json).ok_or_else(not_found)
}

//! Pages of a chat's history.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use pult_domain::{ChatId, Place};
use pult_protocol::{Code, HistoryPage, HistoryQuery, Problem};

use crate::auth::SignedIn;
use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// Entries of a page when the asker does not say.
const DEFAULT_ENTRIES: u32 = 50;

/// Most entries of a page.
const MAX_ENTRIES: u32 = 200;

/// Entries of a chat before a place, oldest first.
#[utoipa::path(
    get, path = "/api/v1/chats/{chat_id}/entries",
    params(("chat_id" = ChatId, Path), HistoryQuery),
    responses(
        (status = 200, body = HistoryPage),
        (status = 401, description = "signed_out", body = Problem),
        (status = 404, description = "chat_not_found", body = Problem),
    )
)]
pub(crate) async fn page(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    chat_id: Result<Path<ChatId>, PathRejection>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<HistoryPage>, ProblemResponse> {
    let not_found = || ProblemResponse::new(Code::ChatNotFound, "no such chat");
    let Path(chat_id) = chat_id.map_err(|_| not_found())?;
    let Query(query) = query
        .map_err(|_| ProblemResponse::new(Code::Malformed, "before and limit must be numbers"))?;
    let before = query.before.unwrap_or(Place(i64::MAX));
    let limit = query.limit.unwrap_or(DEFAULT_ENTRIES).clamp(1, MAX_ENTRIES);
    let entries = backend
        .store
        .history(session.operator.id, chat_id, before, limit)
        .await?;
    Ok(Json(HistoryPage {
        entries: entries.ok_or_else(not_found)?,
    }))
}

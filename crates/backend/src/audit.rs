//! The audit log, for administrators.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use pult_protocol::{AuditPage, AuditQuery, Code, Problem};

use crate::auth::Administrator;
use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// What was done that takes a right, newest first.
#[utoipa::path(
    get, path = "/api/v1/audit", params(AuditQuery),
    responses(
        (status = 200, body = AuditPage),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
    )
)]
pub(crate) async fn page(
    State(backend): State<Shared>,
    Administrator(_reader): Administrator,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditPage>, ProblemResponse> {
    let Query(query) = query.map_err(|_| {
        let message = "before and limit must be numbers, and operator_id an id";
        ProblemResponse::new(Code::Malformed, message)
    })?;
    Ok(Json(backend.store.audit(query).await?))
}

//! Ready answers over REST: what an operator may use, managing them, and tables of them.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, put};
use pult_domain::{ReadyAnswer, ReadyAnswerFields, ReadyAnswerId};
use pult_protocol::{
    Code, Problem, ReadyAnswerBody, ReadyAnswerExportQuery, ReadyAnswerImport,
    ReadyAnswerImportQuery, ReadyAnswerList, ReadyAnswerRow,
};
use serde_json::json;

use crate::auth::{Principal, SignedIn};
use crate::backend::Shared;
use crate::problem::ProblemResponse;
use crate::sessions::unreadable;

mod table;

/// Largest table taken, in bytes.
const MAX_TABLE_BYTES: usize = 8 * 1024 * 1024;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/ready-answers", get(list))
        .route(
            "/api/v1/ready-answers/{answer_id}",
            put(replace).delete(delete),
        )
}

/// The one address that takes more than others.
pub(crate) fn tables() -> Router<Shared> {
    Router::new()
        .route("/api/v1/ready-answers.csv", get(export).post(import))
        .layer(DefaultBodyLimit::max(MAX_TABLE_BYTES))
}

/// The ready answers that the asker may use: the company's, and an operator's own.
#[utoipa::path(
    get, path = "/api/v1/ready-answers",
    responses(
        (status = 200, body = ReadyAnswerList),
        (status = 401, description = "signed_out", body = Problem),
    )
)]
pub(crate) async fn list(
    State(backend): State<Shared>,
    asker: Principal,
) -> Result<Json<ReadyAnswerList>, ProblemResponse> {
    let operator = match asker {
        Principal::Operator(id) => Some(id),
        Principal::Integration(_) => None,
    };
    let answers = backend.store.ready_answers(operator).await?;
    Ok(Json(ReadyAnswerList { answers }))
}

/// Adds a ready answer under an id made by the asker, changes it, or brings back one that was
/// deleted. The same again changes nothing.
#[utoipa::path(
    put, path = "/api/v1/ready-answers/{answer_id}", params(("answer_id" = ReadyAnswerId, Path)),
    request_body = ReadyAnswerBody,
    responses(
        (status = 200, body = ReadyAnswerRow),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed: the company's are supervisors' to change", body = Problem),
        (status = 409, description = "shortcut_taken, too_many_ready_answers, id_reused", body = Problem),
        (status = 422, description = "ready_answer_wrong", body = Problem),
    )
)]
pub(crate) async fn replace(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    answer_id: Result<Path<ReadyAnswerId>, PathRejection>,
    body: Result<Json<ReadyAnswerBody>, JsonRejection>,
) -> Result<Json<ReadyAnswerRow>, ProblemResponse> {
    let Path(id) = answer_id.map_err(|_| not_found())?;
    let Json(body) = body.map_err(|error| unreadable(&error))?;
    let answer = ReadyAnswer::parse(ReadyAnswerFields {
        shortcut: &body.shortcut,
        title: &body.title,
        group: &body.group,
        text: &body.text,
    });
    let answer = answer.map_err(|fault| {
        let problem = Problem::new(Code::ReadyAnswerWrong, "this cannot be a ready answer");
        ProblemResponse(problem.with_details(json!({ "fault": fault })))
    })?;
    let put = backend
        .store
        .put_ready_answer(session.operator.id, id, body.scope, answer);
    let row = put.await?.map_err(ProblemResponse)?;
    tracing::info!(operator.id = %session.operator.id, answer.id = %id, scope = ?body.scope,
        "A ready answer was put");
    Ok(Json(row))
}

/// Deletes a ready answer. One that is deleted already stays so.
#[utoipa::path(
    delete, path = "/api/v1/ready-answers/{answer_id}",
    params(("answer_id" = ReadyAnswerId, Path)),
    responses(
        (status = 204),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 404, description = "ready_answer_not_found", body = Problem),
    )
)]
pub(crate) async fn delete(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    answer_id: Result<Path<ReadyAnswerId>, PathRejection>,
) -> Result<StatusCode, ProblemResponse> {
    let Path(id) = answer_id.map_err(|_| not_found())?;
    let delete = backend.store.delete_ready_answer(session.operator.id, id);
    delete.await?.map_err(ProblemResponse)?;
    tracing::info!(operator.id = %session.operator.id, answer.id = %id, "A ready answer was deleted");
    Ok(StatusCode::NO_CONTENT)
}

/// Ready answers as a table (RFC 4180, UTF-8 with a byte order mark).
#[utoipa::path(
    get, path = "/api/v1/ready-answers.csv", params(ReadyAnswerExportQuery),
    responses(
        (status = 200, body = String, content_type = "text/csv"),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
    )
)]
pub(crate) async fn export(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    query: Result<Query<ReadyAnswerExportQuery>, QueryRejection>,
) -> Result<impl IntoResponse, ProblemResponse> {
    let Query(query) = query.map_err(|_| cannot_be_read())?;
    let answers = backend
        .store
        .ready_answers_of_scope(session.operator.id, query.scope)
        .await?;
    let table = table::write(&answers, query.language).map_err(|error| {
        tracing::error!(%error, "A table could not be written");
        ProblemResponse::new(
            Code::Internal,
            "a fault of the backend; its log has the cause",
        )
    })?;
    let kind = "text/csv; charset=utf-8; header=present";
    Ok(([(header::CONTENT_TYPE, kind)], table))
}

/// Puts the ready answers of a table (UTF-8; commas, semicolons or tabs; the first line names the
/// columns) in the place of those with the same shortcuts, or tells what that would do. Nothing is
/// put anywhere while one line is wrong.
#[utoipa::path(
    post, path = "/api/v1/ready-answers.csv", params(ReadyAnswerImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, body = ReadyAnswerImport),
        (status = 400, description = "malformed: not UTF-8", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 413, description = "too_large: more than 8 MiB, or than 5,000 lines", body = Problem),
        (status = 422, description = "table_unreadable: no line that names the columns", body = Problem),
    )
)]
pub(crate) async fn import(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    query: Result<Query<ReadyAnswerImportQuery>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ReadyAnswerImport>, ProblemResponse> {
    let Query(query) = query.map_err(|_| cannot_be_read())?;
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ProblemResponse::new(Code::TooLarge, "the table is larger than 8 MiB")
        }
        _ => ProblemResponse::new(Code::Malformed, "the table did not arrive whole"),
    })?;
    let text = std::str::from_utf8(&body)
        .map_err(|_| ProblemResponse::new(Code::Malformed, "the table is not UTF-8"))?;
    let lines = table::read(text).map_err(ProblemResponse)?;
    let asker = session.operator.id;
    let report = if query.preview {
        let preview = backend
            .store
            .preview_ready_answers(asker, query.scope, lines);
        preview.await?.map_err(ProblemResponse)?
    } else {
        let import = backend
            .store
            .import_ready_answers(asker, query.scope, lines);
        import.await?.map_err(ProblemResponse)?
    };
    if report.is_done {
        tracing::info!(operator.id = %asker, scope = ?query.scope, n_new = report.n_new,
            n_changed = report.n_changed, "Ready answers were imported");
    }
    Ok(Json(report))
}

fn not_found() -> ProblemResponse {
    ProblemResponse::new(Code::ReadyAnswerNotFound, "no such ready answer")
}

fn cannot_be_read() -> ProblemResponse {
    ProblemResponse::new(Code::Malformed, "what is asked for cannot be read")
}

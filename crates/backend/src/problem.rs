//! Every "no" over REST: `application/problem+json` around the one shape of problems.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pult_protocol::{Code, Problem};
use pult_store::StoreError;
use serde_json::json;

/// A problem as the answer to a request.
pub(crate) struct ProblemResponse(pub(crate) Problem);

impl ProblemResponse {
    pub(crate) fn new(code: Code, message: &str) -> Self {
        Self(Problem::new(code, message))
    }

    /// What is said at an address where nothing is.
    pub(crate) fn not_found() -> Self {
        Self::new(Code::NotFound, "no such address")
    }
}

impl From<StoreError> for ProblemResponse {
    fn from(error: StoreError) -> Self {
        Self(of_store_error(&error))
    }
}

/// What an asker is told of a fault of the store; the cause goes into the log.
pub(crate) fn of_store_error(error: &StoreError) -> Problem {
    if error.is_temporary() {
        // The store itself has told of a disk that refuses, once.
        tracing::debug!(%error, "The store cannot take this now");
        Problem::new(
            Code::Unavailable,
            "the backend cannot store anything now; try again later",
        )
    } else {
        tracing::error!(%error, "The store failed");
        Problem::new(
            Code::Internal,
            "a fault of the backend; its log has the cause",
        )
    }
}

const fn status(code: Code) -> StatusCode {
    match code {
        Code::ChatTaken
        | Code::ChatClosed
        | Code::NewerMessage
        | Code::WrongStatus
        | Code::AlreadyOwner
        | Code::ColleagueInactive
        | Code::ChangedMeanwhile
        | Code::IdReused
        | Code::DraftMoved
        | Code::ShortcutTaken
        | Code::LastAdministrator
        | Code::LoginTaken
        | Code::TooManyReadyAnswers => StatusCode::CONFLICT,
        Code::NotAllowed | Code::OperatorInactive | Code::BadSignature => StatusCode::FORBIDDEN,
        Code::ChatNotFound | Code::ReadyAnswerNotFound | Code::ChannelNotFound | Code::NotFound => {
            StatusCode::NOT_FOUND
        }
        Code::TextEmpty
        | Code::TextTooLong
        | Code::ReadyAnswerWrong
        | Code::PhoneWrong
        | Code::TableUnreadable
        | Code::FieldWrong => StatusCode::UNPROCESSABLE_ENTITY,
        Code::WrongPassword | Code::SignedOut => StatusCode::UNAUTHORIZED,
        Code::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
        Code::ProtocolTooOld | Code::ProtocolTooNew => StatusCode::UPGRADE_REQUIRED,
        Code::Malformed | Code::UnknownFrame => StatusCode::BAD_REQUEST,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        response(status(problem.code), &problem)
    }
}

/// What stands there, but not to be asked in this way.
pub(crate) async fn no_such_method() -> Response {
    let problem = Problem::new(Code::NotFound, "this address knows no such method");
    response(StatusCode::METHOD_NOT_ALLOWED, &problem)
}

fn response(status: StatusCode, problem: &Problem) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": problem.message,
        "code": problem.code,
        "message": problem.message,
        "details": problem.details,
    });
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}

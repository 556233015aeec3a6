//! Commands over REST: the same as on the socket. And what is logged of every command, whichever
//! way it came.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use pult_domain::{ChatId, CommandId};
use pult_protocol::{CommandDone, CommandEnvelope, CommandRequest, CommandResponse, Problem};
use pult_store::Asking;

use crate::auth::Principal;
use crate::backend::{Backend, Shared};
use crate::problem::{ProblemResponse, of_store_error};
use crate::sessions::unreadable;

/// Carry a command out.
#[utoipa::path(
    post, path = "/api/v1/commands", request_body = CommandRequest,
    responses(
        (status = 200, body = CommandResponse),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 404, description = "chat_not_found", body = Problem),
        (status = 409, description = "chat_taken, chat_closed, newer_message, wrong_status, \
                                      already_owner, colleague_inactive or id_reused", body = Problem),
        (status = 422, description = "text_empty or text_too_long", body = Problem),
    )
)]
pub(crate) async fn run(
    State(backend): State<Shared>,
    asking: Principal,
    body: Result<Json<CommandRequest>, JsonRejection>,
) -> Result<Json<CommandResponse>, ProblemResponse> {
    let Json(CommandRequest {
        id,
        command,
        on_behalf_of,
    }) = body.map_err(|error| unreadable(&error))?;
    let envelope = CommandEnvelope {
        id,
        command,
        draft: None,
    };
    let chat_id = envelope.command.chat_id();
    let answer = carry_out(&backend, asking.for_whom(on_behalf_of)?, envelope).await;
    is_answered(id, chat_id);
    let result = answer.map_err(ProblemResponse)?;
    Ok(Json(CommandResponse { result }))
}

/// Carries a command out that has been read from the network, whichever way it came, or says why
/// not.
pub(crate) async fn carry_out(
    backend: &Backend,
    author: Asking,
    envelope: CommandEnvelope,
) -> Result<CommandDone, Problem> {
    tracing::debug!(
        command.id = %envelope.id,
        chat.id = %envelope.command.chat_id(),
        author = %named(author),
        "A command was taken"
    );
    let answer = match backend.store.command(author, envelope).await {
        Ok(answer) => answer,
        Err(error) => Err(of_store_error(&error)),
    };
    backend.metrics.command(&answer);
    answer
}

/// Who asks, by id, for the log.
fn named(asking: Asking) -> String {
    match asking {
        Asking::Operator(id) => format!("operator {id}"),
        Asking::Integration {
            id,
            on_behalf_of: None,
        } => format!("integration {id}"),
        Asking::Integration {
            id,
            on_behalf_of: Some(operator),
        } => format!("integration {id} for operator {operator}"),
    }
}

/// Its answer is handed to the network next.
pub(crate) fn is_answered(id: CommandId, chat_id: ChatId) {
    tracing::debug!(command.id = %id, chat.id = %chat_id, "A command is answered");
}

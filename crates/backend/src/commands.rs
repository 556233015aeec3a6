//! Commands over REST: the same as on the socket. And what is logged of every command, whichever
//! way it came.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use pult_domain::CommandId;
use pult_protocol::{CommandEnvelope, CommandRequest, CommandResponse, Problem};

use crate::auth::SignedIn;
use crate::backend::Shared;
use crate::problem::ProblemResponse;
use crate::sessions::unreadable;

/// Carry a command out.
#[utoipa::path(
    post, path = "/api/v1/commands", request_body = CommandRequest,
    responses(
        (status = 200, body = CommandResponse),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 404, description = "chat_not_found", body = Problem),
        (status = 409, description = "chat_taken, chat_closed, newer_message, wrong_status or \
                                      id_reused", body = Problem),
        (status = 422, description = "text_empty or text_too_long", body = Problem),
    )
)]
pub(crate) async fn run(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    body: Result<Json<CommandRequest>, JsonRejection>,
) -> Result<Json<CommandResponse>, ProblemResponse> {
    let Json(CommandRequest { id, command }) = body.map_err(|error| unreadable(&error))?;
    let envelope = CommandEnvelope { id, command };
    was_taken(id);
    let answer = backend.store.command(session.operator.id, envelope).await;
    is_answered(id);
    let result = answer?.map_err(ProblemResponse)?;
    Ok(Json(CommandResponse { result }))
}

/// A command has been read from the network.
pub(crate) fn was_taken(id: CommandId) {
    tracing::debug!(command.id = %id, "A command was taken");
}

/// Its answer is handed to the network next.
pub(crate) fn is_answered(id: CommandId) {
    tracing::debug!(command.id = %id, "A command is answered");
}

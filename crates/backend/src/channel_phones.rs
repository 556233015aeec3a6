//! The number that a channel's clients write to, from which links are made.
//!
//! The provider tells it with each event, so it is known once a client has written; before that, or
//! where the provider tells it wrong, a supervisor types it.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use pult_domain::{ChannelId, Role, phone_digits};
use pult_protocol::{ChannelKind, ChannelPhoneBody, ChannelRow, Code, Problem};

use crate::auth::SignedIn;
use crate::backend::{Backend, Shared};
use crate::problem::ProblemResponse;
use crate::sessions::unreadable;

/// Says which number a channel's clients write to.
#[utoipa::path(
    put, path = "/api/v1/channels/{channel_id}/phone",
    params(("channel_id" = ChannelId, Path)), request_body = ChannelPhoneBody,
    responses(
        (status = 200, body = ChannelRow),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed: for supervisors", body = Problem),
        (status = 404, description = "channel_not_found", body = Problem),
        (status = 422, description = "phone_wrong", body = Problem),
    )
)]
pub(crate) async fn set(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    channel_id: Result<Path<ChannelId>, PathRejection>,
    body: Result<Json<ChannelPhoneBody>, JsonRejection>,
) -> Result<Json<ChannelRow>, ProblemResponse> {
    let Path(id) =
        channel_id.map_err(|_| ProblemResponse::new(Code::ChannelNotFound, "no such channel"))?;
    let Json(body) = body.map_err(|error| unreadable(&error))?;
    if session.operator.role < Role::Supervisor {
        return Err(ProblemResponse(pult_store::not_allowed(Role::Supervisor)));
    }
    let phone = phone_digits(&body.phone).ok_or_else(|| {
        ProblemResponse::new(Code::PhoneWrong, "this cannot be a number with its country")
    })?;
    let set = backend
        .store
        .set_channel_phone(session.operator.id.into(), id, phone);
    let row = set.await?.map_err(ProblemResponse)?;
    tracing::info!(operator.id = %session.operator.id, channel.id = %id, "A channel's number was set");
    Ok(Json(row))
}

/// Takes the numbers of channels that have none from what the provider has delivered.
pub(crate) async fn learn(backend: &Backend, delivery: &[u8]) {
    let is_known = |channel: &crate::channels::ConnectedChannel| channel.has_phone;
    if backend
        .channels
        .all()
        .iter()
        .all(|channel| is_known(channel))
    {
        return;
    }
    for (provider_key, number) in pult_whatsapp::webhook::numbers(delivery) {
        let Some(phone) = phone_digits(&number) else {
            continue;
        };
        let learn = backend
            .store
            .learn_channel_phone(ChannelKind::Whatsapp, provider_key, phone);
        // What was delivered is durable already, and the next delivery tells it again.
        if let Err(error) = learn.await {
            tracing::warn!(%error, "A channel's number could not be kept");
        }
    }
}

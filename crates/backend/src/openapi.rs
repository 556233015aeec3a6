//! The REST interface described by itself.

use axum::Json;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(title = "Pult", description = "The backend of Pult."),
    paths(
        crate::sessions::sign_in,
        crate::sessions::sign_out,
        crate::sessions::current,
        crate::commands::run,
        crate::history::page,
        crate::oversight::chats,
        crate::oversight::workload,
        crate::archive::search,
        crate::audit::page,
        crate::administration::operators,
        crate::administration::add_operator,
        crate::administration::change_operator,
        crate::administration::set_password,
        crate::administration::set_own_password,
        crate::administration::sessions,
        crate::administration::revoke_session,
        crate::administration::revoke_sessions,
        crate::administration::channels,
        crate::administration::rename_channel,
        crate::administration::integrations,
        crate::administration::revoke_integration,
        crate::company::read,
        crate::company::put,
        crate::archive::card,
        crate::figures::read,
        crate::automatic::texts,
        crate::automatic::put_texts,
        crate::automatic::hours,
        crate::automatic::put_hours,
        crate::automatic::directions,
        crate::automatic::put_directions,
        crate::automatic::try_directions,
        crate::channel_phones::set,
        crate::presence::set_away,
        crate::ready_answers::list,
        crate::ready_answers::replace,
        crate::ready_answers::delete,
        crate::ready_answers::export,
        crate::ready_answers::import,
    )
)]
struct Document;

/// The `OpenAPI` document.
pub(crate) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}

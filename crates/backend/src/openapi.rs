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
        crate::archive::search,
        crate::archive::card,
        crate::figures::read,
        crate::automatic::texts,
        crate::automatic::put_texts,
        crate::automatic::hours,
        crate::automatic::put_hours,
        crate::automatic::directions,
        crate::automatic::put_directions,
        crate::automatic::try_directions,
    crate::channel_phones::set, crate::presence::set_away,
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

//! The page with the clients' phones: one file, nothing from elsewhere.

use axum::http::header;
use axum::response::{Html, IntoResponse};

/// Nothing but this machine is ever asked for anything.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";

/// `GET /phones`.
pub(crate) async fn phones() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(include_str!("phones.html")))
}

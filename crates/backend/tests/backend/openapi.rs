//! The interface as it describes itself.

use reqwest::Method;

use crate::kit::{Answer, TestBackend};

#[tokio::test]
async fn the_rest_interface_changes_only_knowingly() {
    let backend = TestBackend::start().await;
    let answer = Answer::of(backend.request(Method::GET, "/api/v1/openapi.json")).await;
    assert_eq!(answer.status, 200);
    insta::assert_json_snapshot!("openapi", answer.json());
}

#[tokio::test]
async fn an_unknown_address_is_answered_like_every_other_no() {
    let backend = TestBackend::start().await;
    for path in [
        "/",
        "/api/v1/nothing",
        "/api/v2/sessions",
        "/webhooks/other",
    ] {
        let answer = Answer::of(backend.request(Method::GET, path)).await;
        answer.refuses(404, "not_found");
    }
}

#[tokio::test]
async fn a_known_address_asked_in_the_wrong_way_is_answered_like_every_other_no() {
    let backend = TestBackend::start().await;
    for (method, path) in [
        (Method::PUT, "/api/v1/sessions"),
        (Method::POST, "/api/v1/sessions/current"),
        (Method::OPTIONS, "/api/v1/commands"),
        (Method::PUT, "/webhooks/whatsapp"),
        (Method::DELETE, "/api/v1/socket"),
        (Method::POST, "/healthz"),
        (Method::POST, "/metrics"),
        (Method::from_bytes(b"get").unwrap(), "/api/v1/openapi.json"),
    ] {
        let answer = Answer::of(backend.request(method, path)).await;
        answer.refuses(405, "not_found");
    }
    let answer = Answer::of(backend.request(Method::GET, "/api/v1/socket")).await;
    answer.refuses(400, "malformed");
}

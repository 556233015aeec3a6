//! Signing in and out.

use std::time::Duration;

use pult_backend::admin;
use reqwest::Method;
use serde_json::json;

use crate::kit::{Answer, PASSWORD, TestBackend};

#[tokio::test]
async fn whoever_signs_in_is_who_their_token_says() {
    let backend = TestBackend::start().await;
    let answer = backend.sign_in("  ANNA ", PASSWORD).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["operator"]["name"], "Анна Примерова");

    let anna = backend.operator("anna").await;
    let current = anna.request(Method::GET, "/api/v1/sessions/current").await;
    assert_eq!(current.status, 200);
    assert_eq!(current.json(), answer.json()["operator"]);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    let backend = TestBackend::start().await;
    let before = backend.contents();
    let wrong = backend.sign_in("anna", "not this one").await;
    let unknown = backend.sign_in("nobody", PASSWORD).await;
    wrong.refuses(401, "wrong_password");
    assert_eq!(wrong.text, unknown.text);
    assert_eq!(unknown.status, 401);
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn too_many_tries_are_put_off_and_say_for_how_long() {
    let backend = TestBackend::start().await;
    let before = backend.contents();
    let mut answer = backend.sign_in("anna", "not this one").await;
    for _ in 0..8 {
        answer = backend.sign_in("anna", "not this one").await;
    }
    let problem = answer.refuses(429, "too_many_tries");
    let wait_ms = problem["details"]["retry_after_ms"].as_u64().unwrap();
    assert!((1..=10_000).contains(&wait_ms), "{wait_ms}");
    // The right password does not help, and colleagues are not held up.
    let right = backend.sign_in("anna", PASSWORD).await;
    right.refuses(429, "too_many_tries");
    assert_eq!(backend.contents(), before);
    backend.operator("boris").await;
}

#[tokio::test]
async fn a_deactivated_operator_is_told_so_only_with_the_right_password() {
    let backend = TestBackend::start().await;
    let administrator = backend.as_administrator();
    admin::deactivate_operator(&administrator, "anna")
        .await
        .unwrap();
    administrator.close().await;
    let before = backend.contents();
    let right = backend.sign_in("anna", PASSWORD).await;
    right.refuses(403, "operator_inactive");
    let wrong = backend.sign_in("anna", "not this one").await;
    wrong.refuses(401, "wrong_password");
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn a_body_that_is_no_sign_in_is_refused() {
    let backend = TestBackend::start().await;
    let before = backend.contents();
    let post = || backend.request(Method::POST, "/api/v1/sessions");
    let as_json = |body: &str| {
        post()
            .header("content-type", "application/json")
            .body(body.to_owned())
    };
    for body in [
        "",
        "{",
        "[]",
        "null",
        r#"{"login":"anna"}"#,
        r#"{"login":1}"#,
    ] {
        let answer = Answer::of(as_json(body)).await;
        answer.refuses(400, "malformed");
    }
    let unlabelled = Answer::of(post().body("login=anna")).await;
    unlabelled.refuses(400, "malformed");

    let long = json!({ "login": "anna", "password": "x".repeat(64 * 1024), "device": "" });
    let oversized = Answer::of(post().json(&long)).await;
    oversized.refuses(413, "too_large");
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn without_a_live_token_nothing_is_answered() {
    let backend = TestBackend::start().await;
    let before = backend.contents();
    let places = [
        (Method::GET, "/api/v1/sessions/current"),
        (Method::DELETE, "/api/v1/sessions/current"),
        (Method::POST, "/api/v1/commands"),
        (
            Method::GET,
            "/api/v1/chats/019a0000-0000-7000-8000-000000000000/entries",
        ),
    ];
    for (method, path) in places {
        for header in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer "),
            Some("Bearer deadbeef"),
            Some("Basic YW5uYTph"),
            Some("\u{fffd}"),
        ] {
            let mut request = backend.request(method.clone(), path);
            if let Some(header) = header {
                request = request.header("authorization", header.as_bytes());
            }
            Answer::of(request).await.refuses(401, "signed_out");
        }
    }
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn a_signed_out_token_is_worth_nothing() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let other_device = backend.operator("anna").await;
    let out = anna
        .request(Method::DELETE, "/api/v1/sessions/current")
        .await;
    assert_eq!(out.status, 204);
    let again = anna
        .request(Method::DELETE, "/api/v1/sessions/current")
        .await;
    again.refuses(401, "signed_out");
    let other = other_device
        .request(Method::GET, "/api/v1/sessions/current")
        .await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn a_session_that_nobody_used_for_thirty_days_has_ended() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    backend.clock.advance(Duration::from_secs(31 * 24 * 3600));
    let answer = anna.request(Method::GET, "/api/v1/sessions/current").await;
    answer.refuses(401, "signed_out");
}

#[tokio::test]
async fn a_token_is_stored_as_a_hash_alone() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let bytes: Vec<u8> = ["pult.sqlite", "pult.sqlite-wal"]
        .into_iter()
        .flat_map(|name| std::fs::read(backend.folder.path().join(name)).unwrap())
        .collect();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"a test"), "the session is in the file");
    assert!(!holds(anna.token.as_bytes()));
    assert!(!holds(&hex::decode(&anna.token).unwrap()));
    assert!(!holds(PASSWORD.as_bytes()));
}

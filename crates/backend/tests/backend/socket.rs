//! The socket's rules: hello first, what is understood, and when it ends.

use std::time::{Duration, Instant};

use pult_protocol::{HELLO_TIMEOUT_MS, MAX_FRAME_BYTES, PanelFrame};
use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::kit::{Signed, TestBackend, new_command_id, until};
use crate::panel::{Heard, TestPanel, Wire};
use crate::spawned;

/// Within this time the backend promises to have noticed what another program did.
const PROMPT: Duration = Duration::from_secs(1);

/// That the backend still listens to a wire and answers.
async fn is_alive(wire: &mut Wire) {
    let id = new_command_id();
    let frame = json!({ "kind": "command", "id": id, "command": { "kind": "juggle" } });
    wire.say_text(&frame.to_string()).await;
    let mut answer = wire.hear_json().await;
    // Colleagues come and go.
    while ["presence", "watching", "first"]
        .map(Into::into)
        .contains(&answer["kind"])
    {
        answer = wire.hear_json().await;
    }
    assert_eq!(answer["kind"], "refused");
    assert_eq!(answer["id"], json!(id));
}

#[tokio::test]
async fn whoever_says_no_hello_within_five_seconds_is_sent_away() {
    let backend = TestBackend::start().await;
    let begun = Instant::now();
    let mut wire = Wire::connect(backend.address()).await;
    wire.is_sent_away("malformed").await;
    assert!(begun.elapsed() >= Duration::from_millis(HELLO_TIMEOUT_MS));
}

#[tokio::test]
async fn whoever_says_anything_but_hello_first_is_sent_away() {
    let backend = TestBackend::start().await;
    let before = backend.contents();
    let command = json!({
        "kind": "command", "id": new_command_id(),
        "command": { "kind": "mark_read", "chat_id": new_command_id(), "place": 1 },
    });
    for first in [
        "",
        "hello",
        "[]",
        "null",
        r#"{"kind":"ping"}"#,
        r#"{"kind":"hello"}"#,
        r#"{"kind":"hello","token":1,"protocol":1,"device":"","cursor":null}"#,
        r#"{"kind":"hello","token":"x","protocol":-1,"device":"","cursor":null}"#,
        r#"{"kind":"hello","token":"x","protocol":1,"device":"","cursor":7}"#,
        "{\"kind\":\"\u{0}\"}",
        &command.to_string(),
    ] {
        let mut wire = Wire::connect(backend.address()).await;
        wire.say_text(first).await;
        wire.is_sent_away("malformed").await;
    }
    let mut wire = Wire::connect(backend.address()).await;
    wire.send(Message::binary(b"hello".as_slice())).await;
    wire.is_sent_away("malformed").await;
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn a_token_that_is_not_alive_opens_nothing() {
    let backend = TestBackend::start().await;
    let signed_out = backend.operator("anna").await;
    signed_out
        .request(Method::DELETE, "/api/v1/sessions/current")
        .await;
    let expired = backend.operator("anna").await;
    backend.clock.advance(Duration::from_secs(31 * 24 * 3600));
    let before = backend.contents();
    for token in ["", "deadbeef", &signed_out.token, &expired.token] {
        let mut wire = Wire::connect(backend.address()).await;
        wire.hello(token, None).await;
        wire.is_sent_away("signed_out").await;
    }
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn a_panel_of_another_age_is_told_which_protocols_are_spoken() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    for (protocol, code) in [
        (0, "protocol_too_old"),
        (2, "protocol_too_new"),
        (u32::MAX, "protocol_too_new"),
    ] {
        let mut wire = anna.wire().await;
        let hello = json!({
            "kind": "hello", "token": anna.token, "protocol": protocol,
            "device": "a test", "cursor": null,
        });
        wire.say_text(&hello.to_string()).await;
        let problem = wire.is_sent_away(code).await;
        assert_eq!(problem["details"], json!({ "oldest": 1, "newest": 1 }));
    }
}

#[tokio::test]
async fn what_is_not_understood_is_answered_and_the_connection_goes_on() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    let before = backend.contents();
    let wire = &mut panel.wire;
    for (frame, code) in [
        ("not JSON", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed"),
        (r#"{"kind":7}"#, "malformed"),
        (r#"{"kind":"command"}"#, "malformed"),
        (r#"{"kind":"command","id":"not an id"}"#, "malformed"),
        (r#"{"kind":"command","id":12}"#, "malformed"),
        (r#"{"kind":"hello"}"#, "malformed"),
        (r#"{"kind":"juggle"}"#, "unknown_frame"),
        (r#"{"kind":"welcome"}"#, "unknown_frame"),
    ] {
        wire.say_text(frame).await;
        let answer = wire.hear_json().await;
        assert_eq!(answer["kind"], "problem", "{frame}");
        assert_eq!(answer["code"], code, "{frame}");
    }
    wire.hello(&anna.token, None).await;
    let answer = wire.hear_json().await;
    assert_eq!(answer["code"], "malformed", "hello is said once");
    is_alive(wire).await;
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn a_command_that_is_not_understood_is_refused_under_its_id() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    let before = backend.contents();
    let chat = new_command_id();
    for command in [
        json!(null),
        json!({ "kind": "juggle", "chat_id": chat }),
        json!({ "kind": "reply", "chat_id": chat, "text": "?" }),
        json!({ "kind": "reply", "chat_id": chat, "text": 5, "seen_place": 1 }),
        json!({ "kind": "reply", "chat_id": "?", "text": "?", "seen_place": 1 }),
        json!({ "kind": "close", "chat_id": chat, "seen_place": 1, "comment": "unknown field" }),
        json!({ "kind": "close", "chat_id": chat, "seen_place": 1.5 }),
    ] {
        let id = new_command_id();
        let frame = json!({ "kind": "command", "id": id, "command": command });
        panel.wire.say_text(&frame.to_string()).await;
        let answer = panel.wire.hear_json().await;
        assert_eq!(answer["kind"], "refused", "{command}");
        assert_eq!(answer["id"], json!(id));
        assert_eq!(answer["code"], "malformed");
        let body = json!({ "id": id, "command": command });
        anna.post_json(&body).await.refuses(400, "malformed");
    }
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn a_binary_frame_ends_the_connection() {
    let backend = TestBackend::start().await;
    let mut panel = backend.operator("anna").await.panel().await;
    panel.wire.send(Message::binary(vec![1, 2, 3])).await;
    panel.wire.is_sent_away("malformed").await;
}

#[tokio::test]
async fn a_frame_beyond_the_limit_is_called_so_and_ends_the_connection() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let before = backend.contents();
    for n_bytes in [MAX_FRAME_BYTES + 1, 3 * MAX_FRAME_BYTES] {
        let mut panel = anna.panel().await;
        let long = Message::text("x".repeat(n_bytes));
        panel.wire.try_send(long).await;
        panel.wire.is_sent_away("too_large").await;
    }
    // Nobody reads on for ever: the connection ends, whether the reason is heard or not.
    let mut panel = anna.panel().await;
    let endless = Message::text("x".repeat(5 * MAX_FRAME_BYTES));
    panel.wire.try_send(endless).await;
    while let Heard::Text(_) = panel.wire.hear().await {}

    let mut panel = anna.panel().await;
    panel.wire.say_text(&" ".repeat(MAX_FRAME_BYTES)).await;
    assert_eq!(panel.wire.hear_json().await["code"], "malformed");
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn heartbeats_of_both_kinds_are_taken() {
    let backend = TestBackend::start().await;
    let mut panel = backend.operator("anna").await.panel().await;
    panel.wire.say(&PanelFrame::Ping).await;
    panel.wire.send(Message::Ping(vec![7].into())).await;
    is_alive(&mut panel.wire).await;
}

/// That the panels of a session that has ended are told so, and soon.
async fn sent_away_promptly(mut panel: TestPanel, since: Instant) {
    panel.wire.is_sent_away("signed_out").await;
    assert!(since.elapsed() < PROMPT, "{:?}", since.elapsed());
}

async fn two_panels(operator: &Signed) -> (TestPanel, TestPanel) {
    (operator.panel().await, operator.panel().await)
}

#[tokio::test]
async fn signing_out_ends_all_connections_of_the_session_and_no_other() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let mut other_device = backend.operator("anna").await.panel().await;
    let (one, two) = two_panels(&anna).await;
    let since = Instant::now();
    anna.request(Method::DELETE, "/api/v1/sessions/current")
        .await;
    sent_away_promptly(one, since).await;
    sent_away_promptly(two, since).await;
    is_alive(&mut other_device.wire).await;
}

#[tokio::test]
async fn deactivating_an_operator_from_the_command_line_ends_their_connections() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let panel = anna.panel().await;
    let mut boris = backend.operator("boris").await.panel().await;
    let args = ["operator", "deactivate", "--login", "anna"];
    let ended = spawned::run(backend.folder.path(), &args, &[], "").await;
    let since = Instant::now();
    ended.succeeded();
    sent_away_promptly(panel, since).await;
    let is_told = |panel: &TestPanel| !panel.operators[&anna.id].is_active;
    boris.until("colleagues learn of it", is_told).await;
}

#[tokio::test]
async fn another_password_from_the_command_line_ends_the_connections_of_the_old_one() {
    let backend = TestBackend::start().await;
    let panel = backend.operator("anna").await.panel().await;
    let mut boris = backend.operator("boris").await.panel().await;
    let args = [
        "operator",
        "password",
        "--login",
        "anna",
        "--password-stdin",
    ];
    let ended = spawned::run(backend.folder.path(), &args, &[], "another one\n").await;
    let since = Instant::now();
    ended.succeeded();
    sent_away_promptly(panel, since).await;
    is_alive(&mut boris.wire).await;
    let old = backend.sign_in("anna", crate::kit::PASSWORD).await;
    old.refuses(401, "wrong_password");
    assert_eq!(backend.sign_in("anna", "another one").await.status, 201);
}

#[tokio::test]
async fn a_session_that_expires_ends_its_connections() {
    let backend = TestBackend::start().await;
    let panel = backend.operator("anna").await.panel().await;
    backend.clock.advance(Duration::from_secs(31 * 24 * 3600));
    sent_away_promptly(panel, Instant::now()).await;
}

#[tokio::test]
async fn a_session_that_is_used_goes_on_beyond_its_first_thirty_days() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    for _ in 0..3 {
        backend.clock.advance(Duration::from_secs(20 * 24 * 3600));
        anna.panel().await;
    }
}

#[tokio::test]
async fn a_session_lives_for_as_long_as_a_panel_is_connected_with_it() {
    let backend = TestBackend::start().await;
    let mut panel = backend.operator("anna").await.panel().await;
    let expires_at = || backend.count("SELECT max(expires_at) FROM sessions");
    for _ in 0..3 {
        let before = expires_at();
        backend.clock.advance(Duration::from_secs(20 * 24 * 3600));
        until("the session is renewed", || expires_at() > before).await;
    }
    is_alive(&mut panel.wire).await;
}

#[tokio::test]
async fn a_stop_tells_panels_to_come_back() {
    let mut backend = TestBackend::start().await;
    let mut panel = backend.operator("anna").await.panel().await;
    let mut silent = Wire::connect(backend.address()).await;
    backend.stop().await;
    assert_eq!(panel.wire.hear().await, Heard::Close(1001));
    assert_eq!(silent.hear().await, Heard::Close(1001));
}

//! What Meta delivers, and what only claims to be from Meta.

use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{
    APP_SECRET, Answer, NUMBER, TestBackend, VERIFY_TOKEN, envelope, message, messages, new_wamid,
    signature,
};

const PHONE: &str = "79990000001";

async fn handshake(backend: &TestBackend, query: &str) -> Answer {
    let path = format!("/webhooks/whatsapp{query}");
    Answer::of(backend.request(Method::GET, &path)).await
}

fn text(words: &str) -> String {
    message(NUMBER, PHONE, &new_wamid(), words).to_string()
}

fn journal(backend: &TestBackend, state: &str) -> i64 {
    backend.count(&format!(
        "SELECT count(*) FROM journal WHERE state = '{state}'"
    ))
}

#[tokio::test]
async fn a_handshake_with_our_token_is_answered_with_its_challenge_alone() {
    let backend = TestBackend::start().await;
    let token = VERIFY_TOKEN.replace(' ', "%20");
    let query = format!("?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
    let answer = handshake(&backend, &query).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "1158201444"));
    assert!(answer.content_type.starts_with("text/plain"));
}

#[tokio::test]
async fn any_other_handshake_is_refused() {
    let backend = TestBackend::start().await;
    for query in [
        "",
        "?",
        "?hub.mode=subscribe&hub.challenge=1",
        "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=another",
        "?hub.verify_token=the%20verify%20token%20of%20the%20tests&hub.challenge=1",
    ] {
        handshake(&backend, query)
            .await
            .refuses(403, "bad_signature");
    }
    let twice = handshake(&backend, "?hub.mode=a&hub.mode=b").await;
    twice.refuses(400, "malformed");
}

#[tokio::test]
async fn what_is_not_signed_with_our_secret_is_refused_and_not_kept() {
    let backend = TestBackend::start().await;
    let before = backend.contents();
    let body = text("Здравствуйте").into_bytes();
    let other_body = signature(APP_SECRET, b"something else");
    let right = signature(APP_SECRET, &body);
    for header in [
        None,
        Some(""),
        Some("sha256="),
        Some("sha256=not hex"),
        Some(other_body.as_str()),
        Some(signature("another secret", &body).as_str()),
        Some(right.trim_start_matches("sha256=")),
    ] {
        let answer = backend.deliver_with(body.clone(), header).await;
        answer.refuses(403, "bad_signature");
    }
    assert_eq!(backend.contents(), before);
    // Nothing was wrong but the signatures.
    let answer = backend.deliver_with(body, Some(&right)).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
}

#[tokio::test]
async fn a_delivery_of_more_than_four_mebibytes_is_refused() {
    let backend = TestBackend::start().await;
    let before = backend.contents();
    let body = vec![b' '; 4 * 1024 * 1024 + 1];
    let answer = backend.deliver_with(body, Some("sha256=00")).await;
    answer.refuses(413, "too_large");
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn what_is_signed_but_cannot_be_read_is_kept_unread() {
    let backend = TestBackend::start().await;
    let mut before = backend.contents();
    let bodies: [&[u8]; 6] = [
        b"",
        b"not JSON",
        b"\xff\xfe\x00",
        b"[1,2,3]",
        br#"{"object":"whatsapp_business_account"}"#,
        br#"{"entry":"#,
    ];
    for body in bodies {
        let answer = backend.deliver(body, APP_SECRET).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(journal(&backend, "unreadable"), 6);
    // Kept byte for byte, and nothing else has changed.
    let sql = "SELECT count(*) FROM journal WHERE body = x'fffe00'";
    assert_eq!(backend.count(sql), 1);
    before.insert("journal".to_owned(), 6);
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn what_says_nothing_of_a_chat_is_applied_by_being_kept() {
    let backend = TestBackend::start().await;
    let account = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "900800700", "changes": [
            { "field": "account_update", "value": { "event": "VERIFIED_ACCOUNT" } },
        ] }],
    });
    let mut before = backend.contents();
    for body in [
        json!({ "object": "whatsapp_business_account", "entry": [] }),
        envelope(NUMBER, json!({ "messages": "of another shape" })),
        envelope(NUMBER, json!({ "messages": [{ "type": "text" }] })),
        account,
    ] {
        backend.webhook(&body).await;
    }
    assert_eq!(journal(&backend, "applied"), 4);
    before.insert("journal".to_owned(), 4);
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn a_thousand_messages_in_one_delivery_all_arrive_in_order() {
    let backend = TestBackend::start().await;
    let wamids: Vec<String> = (0..1000).map(|_| new_wamid()).collect();
    let texts: Vec<String> = (1..=1000).map(|n| format!("Сообщение {n}")).collect();
    let batch: Vec<(&str, &str, &str)> = wamids
        .iter()
        .zip(&texts)
        .map(|(wamid, text)| (PHONE, wamid.as_str(), text.as_str()))
        .collect();
    backend.webhook(&messages(NUMBER, &batch)).await;
    assert_eq!(backend.count("SELECT count(*) FROM chats"), 1);
    let sql = "SELECT count(*) FROM entries e JOIN messages m ON m.entry = e.key
               WHERE m.text = 'Сообщение ' || e.place";
    assert_eq!(backend.count(sql), 1000);
}

#[tokio::test]
async fn a_message_that_comes_again_is_kept_and_applied_once() {
    let backend = TestBackend::start().await;
    let body = message(NUMBER, PHONE, "wamid.SAME", "Здравствуйте");
    backend.webhook(&body).await;
    let mut before = backend.contents();
    backend.webhook(&body).await;
    let same_in_other_words = message(NUMBER, PHONE, "wamid.SAME", "Другое");
    backend.webhook(&same_in_other_words).await;
    before.insert("journal".to_owned(), 3);
    assert_eq!(backend.contents(), before);
}

#[tokio::test]
async fn ten_deliveries_of_one_message_at_once_make_one_entry() {
    let backend = TestBackend::start().await;
    let body = message(NUMBER, PHONE, "wamid.SAME", "Здравствуйте");
    let deliveries = (0..10).map(|_| backend.webhook(&body));
    futures_util::future::join_all(deliveries).await;
    assert_eq!(backend.count("SELECT count(*) FROM entries"), 1);
    assert_eq!(backend.count("SELECT count(*) FROM chats"), 1);
}

#[tokio::test]
async fn an_event_of_an_unknown_number_waits_until_the_number_is_added() {
    let mut backend = TestBackend::start().await;
    let mut before = backend.contents();
    let body = message("555000555", PHONE, &new_wamid(), "Есть кто?");
    backend.webhook(&body).await;
    assert_eq!(journal(&backend, "waiting"), 1);
    before.insert("journal".to_owned(), 1);
    assert_eq!(backend.contents(), before);

    backend.stop().await;
    backend.serve().await;
    assert_eq!(journal(&backend, "waiting"), 1, "still nobody's");

    backend.add_number("555000555", APP_SECRET).await;
    backend.stop().await;
    backend.serve().await;
    assert_eq!(journal(&backend, "waiting"), 0);
    let anna = backend.operator("anna").await;
    assert_eq!(anna.panel().await.chats.len(), 1);
}

#[tokio::test]
async fn a_delivery_that_cannot_be_written_down_is_not_taken() {
    let backend = TestBackend::start().await;
    let writer = rusqlite::Connection::open(backend.folder.path().join("pult.sqlite")).unwrap();
    let before = backend.contents();
    writer
        .execute_batch("ALTER TABLE journal RENAME TO journal_elsewhere")
        .unwrap();
    let body = text("Здравствуйте");
    let answer = backend.deliver(body.clone(), APP_SECRET).await;
    answer.refuses(500, "internal");
    writer
        .execute_batch("ALTER TABLE journal_elsewhere RENAME TO journal")
        .unwrap();
    assert_eq!(backend.contents(), before);
    // Meta delivers it again, and then it is taken.
    let answer = backend.deliver(body, APP_SECRET).await;
    assert_eq!(answer.status, 200);
    assert_eq!(journal(&backend, "applied"), 1);
    assert_eq!(backend.count("SELECT count(*) FROM entries"), 1);
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_is_kept_and_applied_at_the_next_start() {
    let mut backend = TestBackend::start().await;
    let file = backend.folder.path().join("pult.sqlite");
    let writer = rusqlite::Connection::open(file).unwrap();
    writer
        .execute_batch("ALTER TABLE clients RENAME TO clients_elsewhere")
        .unwrap();
    let answer = backend.deliver(text("Здравствуйте"), APP_SECRET).await;
    assert_eq!(answer.status, 200);
    writer
        .execute_batch("ALTER TABLE clients_elsewhere RENAME TO clients")
        .unwrap();
    assert_eq!(journal(&backend, "waiting"), 1);
    assert_eq!(backend.count("SELECT count(*) FROM chats"), 0);
    backend.stop().await;
    backend.serve().await;
    assert_eq!(journal(&backend, "applied"), 1);
    assert_eq!(backend.count("SELECT count(*) FROM entries"), 1);
}

#[tokio::test]
async fn a_message_of_an_odd_kind_is_shown_as_what_it_is() {
    let backend = TestBackend::start().await;
    let odd: Value = json!({
        "from": PHONE, "id": new_wamid(), "timestamp": "1764000000",
        "type": "hologram", "hologram": { "depth": 3 },
    });
    backend
        .webhook(&envelope(NUMBER, json!({ "messages": [odd] })))
        .await;
    let anna = backend.operator("anna").await;
    let panel = anna.panel().await;
    let preview = panel.chats.values().next().unwrap().preview.clone();
    assert_eq!(preview.unwrap().placeholder.as_deref(), Some("hologram"));
}

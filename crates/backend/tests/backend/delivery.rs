//! Replies on their way to the client, with a Graph API that answers by script.

use std::time::Duration;

use pult_domain::{ChatId, EntryId, Place};
use pult_protocol::{Delivery, DeliveryState, EntryBody, FailureKind};
use serde_json::{Value, json};

use crate::commands::reply;
use crate::graph::Script;
use crate::kit::{APP_SECRET, NUMBER, TestBackend, envelope};
use crate::panel::TestPanel;

const PHONE: &str = "79990000001";

/// Meta tells what became of a message.
fn status(wamid: &str, word: &str, ours: Option<EntryId>) -> Value {
    let mut status = json!({
        "id": wamid, "status": word, "timestamp": "1764000100", "recipient_id": PHONE,
    });
    if let Some(ours) = ours {
        status["biz_opaque_callback_data"] = json!(ours);
    }
    envelope(NUMBER, json!({ "statuses": [status] }))
}

fn delivery(panel: &TestPanel, chat: ChatId, place: i64) -> Option<Delivery> {
    let entry = panel.entries.get(&(chat, Place(place)))?;
    let EntryBody::Outbound { delivery, .. } = &entry.body else {
        return None;
    };
    Some(delivery.clone())
}

async fn comes_to(panel: &mut TestPanel, chat: ChatId, place: i64, state: DeliveryState) {
    let is_there = |panel: &TestPanel| {
        delivery(panel, chat, place).is_some_and(|delivery| delivery.state == state)
    };
    panel.until(state.as_str(), is_there).await;
}

#[tokio::test]
async fn a_reply_that_the_provider_accepts_is_sent_delivered_and_read() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut panel = backend.operator("anna").await.panel().await;
    let done = panel.command(reply(chat, "Слушаю", 1)).await.unwrap();
    comes_to(&mut panel, chat, 3, DeliveryState::Sent).await;
    let posts = backend.graph.posts();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["to"], "+79990000001");
    assert_eq!(posts[0]["text"]["body"], "Слушаю");
    assert_eq!(posts[0]["biz_opaque_callback_data"], json!(done.entry_id));
    backend
        .webhook(&status("wamid.OUT1", "delivered", None))
        .await;
    comes_to(&mut panel, chat, 3, DeliveryState::Delivered).await;
    backend.webhook(&status("wamid.OUT1", "read", None)).await;
    comes_to(&mut panel, chat, 3, DeliveryState::Read).await;
    // Late and repeated reports take nothing back.
    let before = backend.count("SELECT seq FROM store");
    for word in ["sent", "delivered", "read"] {
        backend.webhook(&status("wamid.OUT1", word, None)).await;
    }
    assert_eq!(backend.count("SELECT seq FROM store"), before);
}

#[tokio::test]
async fn replies_of_a_chat_go_out_in_order() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut panel = backend.operator("anna").await.panel().await;
    let texts: Vec<String> = (0..8).map(|n| format!("Ответ {n}")).collect();
    for text in &texts {
        panel.command(reply(chat, text, 1)).await.unwrap();
    }
    backend.all_sent().await;
    assert_eq!(backend.graph.texts(), texts);
}

#[tokio::test]
async fn settled_a_reply_that_whatsapp_refuses_was_no_answer() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut panel = backend.operator("anna").await.panel().await;
    let waits_since = panel.chats[&chat].waiting_since;
    backend.graph.next(Script::Error(131_047));
    panel.command(reply(chat, "Слушаю", 1)).await.unwrap();
    comes_to(&mut panel, chat, 3, DeliveryState::Failed).await;
    let failure = delivery(&panel, chat, 3).unwrap().failure;
    assert_eq!(failure, Some(FailureKind::WindowClosed));
    assert_eq!(panel.chats[&chat].waiting_since, waits_since);
    assert!(waits_since.is_some());
    // The next one is not held up.
    panel.command(reply(chat, "Ещё раз", 1)).await.unwrap();
    comes_to(&mut panel, chat, 4, DeliveryState::Sent).await;
}

#[tokio::test]
async fn a_report_settles_a_reply_whose_answer_does_not_come() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut panel = backend.operator("anna").await.panel().await;
    backend.graph.next(Script::Silence);
    let done = panel.command(reply(chat, "Первый", 1)).await.unwrap();
    panel.command(reply(chat, "Второй", 1)).await.unwrap();
    backend.graph.has_posts(1).await;
    backend
        .webhook(&status("wamid.LATE", "delivered", done.entry_id))
        .await;
    comes_to(&mut panel, chat, 3, DeliveryState::Delivered).await;
    comes_to(&mut panel, chat, 4, DeliveryState::Sent).await;
    assert_eq!(backend.graph.texts(), ["Первый", "Второй"]);
}

#[tokio::test]
async fn a_channel_that_cannot_send_says_so_and_keeps_its_messages_until_it_is_mended() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut panel = backend.operator("anna").await.panel().await;
    backend.graph.next(Script::Error(190));
    panel.command(reply(chat, "Слушаю", 1)).await.unwrap();
    let problem = |panel: &TestPanel| panel.channels.values().next().unwrap().problem;
    panel
        .until("the channel says so", |panel| {
            problem(panel) == Some(FailureKind::ChannelBlocked)
        })
        .await;
    comes_to(&mut panel, chat, 3, DeliveryState::Pending).await;
    // Other messages of the channel are not tried either.
    let other = backend.client_writes("79990000002", "Добрый день").await;
    panel.command(reply(other, "Слушаю", 1)).await.unwrap();
    comes_to(&mut panel, other, 3, DeliveryState::Pending).await;
    assert_eq!(backend.graph.posts().len(), 1);

    backend.add_number(NUMBER, APP_SECRET).await;
    comes_to(&mut panel, chat, 3, DeliveryState::Sent).await;
    comes_to(&mut panel, other, 3, DeliveryState::Sent).await;
    panel
        .until("the channel is well", |panel| problem(panel).is_none())
        .await;
    assert_eq!(backend.graph.posts().len(), 3);
}

#[tokio::test]
async fn what_was_being_sent_at_a_crash_is_not_confirmed_and_never_sent_again() {
    let mut backend = TestBackend::prepare().await;
    let program = backend.serve_by_program().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    backend.graph.next(Script::Silence);
    panel.command(reply(chat, "Первый", 1)).await.unwrap();
    panel.command(reply(chat, "Второй", 1)).await.unwrap();
    backend.graph.has_posts(1).await;
    program.kill().await;

    backend.serve().await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    let state = |panel: &TestPanel, place| delivery(panel, chat, place).unwrap().state;
    assert_eq!(state(&panel, 3), DeliveryState::NotConfirmed);
    assert_eq!(state(&panel, 4), DeliveryState::Pending);
    // Replies of other chats do not wait; when this one is sent, the worker has looked.
    let other = backend.client_writes("79990000002", "Добрый день").await;
    panel.command(reply(other, "Другому", 1)).await.unwrap();
    comes_to(&mut panel, other, 3, DeliveryState::Sent).await;
    assert_eq!(state(&panel, 4), DeliveryState::Pending);
    assert_eq!(backend.graph.texts(), ["Первый", "Другому"]);

    // The hold is over. The worker sleeps by the machine's clock, so something has to wake it.
    backend.clock.advance(Duration::from_secs(31));
    panel.command(reply(other, "Ещё", 1)).await.unwrap();
    comes_to(&mut panel, chat, 4, DeliveryState::Sent).await;
    comes_to(&mut panel, other, 4, DeliveryState::Sent).await;
    assert_eq!(state(&panel, 3), DeliveryState::NotConfirmed);
    let mut texts = backend.graph.texts();
    texts.sort();
    assert_eq!(texts, ["Второй", "Другому", "Ещё", "Первый"]);
}

#[tokio::test]
async fn a_report_that_comes_after_a_crash_settles_what_was_being_sent() {
    let mut backend = TestBackend::prepare().await;
    let program = backend.serve_by_program().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut panel = backend.operator("anna").await.panel().await;
    backend.graph.next(Script::Silence);
    let done = panel.command(reply(chat, "Первый", 1)).await.unwrap();
    panel.command(reply(chat, "Второй", 1)).await.unwrap();
    backend.graph.has_posts(1).await;
    program.kill().await;

    backend.serve().await;
    let mut panel = backend.operator("anna").await.panel().await;
    backend
        .webhook(&status("wamid.OUT1", "sent", done.entry_id))
        .await;
    comes_to(&mut panel, chat, 3, DeliveryState::Sent).await;
    comes_to(&mut panel, chat, 4, DeliveryState::Sent).await;
    assert_eq!(backend.graph.texts(), ["Первый", "Второй"]);
}

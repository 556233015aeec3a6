//! Drafts over sockets: on all devices of one operator, and with nobody else.

use pult_domain::{ChatId, DeviceId};
use pult_protocol::{Code, Command, ComposerMode, DraftGiven, DraftOrigin};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::commands::reply;
use crate::kit::{TestBackend, new_command_id};
use crate::panel::TestPanel;

const PHONE: &str = "79990000001";
const REPLY: ComposerMode = ComposerMode::Reply;

const fn device(n: u128) -> DeviceId {
    DeviceId(Uuid::from_u128(n))
}

fn draft(chat_id: ChatId, n: u128, of_version: i64, text: &str) -> DraftGiven {
    DraftGiven {
        chat_id,
        mode: REPLY,
        of_version,
        device_id: device(n),
        text: text.to_owned(),
        mentions: Vec::new(),
    }
}

fn has(chat: ChatId, text: &str, version: i64) -> impl Fn(&TestPanel) -> bool {
    move |panel| panel.draft_of(chat, REPLY) == Some((text, version))
}

#[tokio::test]
async fn a_draft_reaches_all_panels_of_its_author_and_nobody_else() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let (mut one, mut two) = (anna.panel().await, anna.panel().await);
    let signed_boris = backend.operator("boris").await;
    let mut boris = signed_boris.panel().await;
    one.draft(draft(chat, 1, 0, "Добрый")).await.unwrap();
    one.until("it comes back", has(chat, "Добрый", 1)).await;
    two.until("it is there", has(chat, "Добрый", 1)).await;
    // Whoever connects later has it too.
    assert_eq!(
        anna.panel().await.draft_of(chat, REPLY),
        Some(("Добрый", 1))
    );
    backend.client_writes(PHONE, "Ещё").await;
    boris
        .until("what came later", |panel| panel.places(chat).len() == 2)
        .await;
    assert_eq!(boris.draft_of(chat, REPLY), None);
    let later = signed_boris.panel().await;
    assert_eq!(later.draft_of(chat, REPLY), None);
}

#[tokio::test]
async fn what_is_under_way_when_a_draft_is_sent_does_not_bring_it_back() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let (mut one, mut two) = (anna.panel().await, anna.panel().await);
    one.draft(draft(chat, 1, 0, "Добрый день")).await.unwrap();
    two.until("it is there", has(chat, "Добрый день", 1)).await;
    let origin = DraftOrigin {
        device_id: device(2),
        version: 1,
    };
    let sent = two
        .command_of_draft(reply(chat, "Добрый день", 1), origin)
        .await;
    sent.unwrap();
    one.until("it is gone", has(chat, "", 2)).await;
    let late = one.draft(draft(chat, 1, 1, "Добрый день")).await;
    assert_eq!(late.unwrap_err().code, Code::DraftMoved);
    assert_eq!(anna.panel().await.draft_of(chat, REPLY), Some(("", 2)));
}

#[tokio::test]
async fn a_draft_is_told_only_while_its_author_sees_the_chat() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let mut here = anna.panel().await;
    here.draft(draft(chat, 1, 0, "Добрый день")).await.unwrap();
    let mut boris = backend.operator("boris").await.panel().await;
    boris.command(reply(chat, "Слушаю", 1)).await.unwrap();
    here.until("it is Boris'", |panel| !panel.chats.contains_key(&chat))
        .await;
    let away = here.draft(draft(chat, 1, 1, "Добрый")).await;
    assert_eq!(away.unwrap_err().code, Code::ChatNotFound);
    let mut new = anna.panel().await;
    assert_eq!(new.draft_of(chat, REPLY), None);
    let back = Command::ReturnToQueue {
        chat_id: chat,
        seen_place: boris.chats[&chat].last_place,
    };
    boris.command(back).await.unwrap();
    new.until("it is back", has(chat, "Добрый день", 1)).await;
}

#[tokio::test]
async fn rest_has_no_way_to_a_draft() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    panel.draft(draft(chat, 1, 0, "Добрый день")).await.unwrap();
    let body = json!({ "id": new_command_id(), "command": {
        "kind": "draft", "chat_id": chat, "mode": "reply", "of_version": 1,
        "device_id": device(1), "text": "", "mentions": [],
    }});
    let answer = anna.send(Method::POST, "/api/v1/commands", &body).await;
    answer.refuses(400, "malformed");
    assert_eq!(
        anna.panel().await.draft_of(chat, REPLY),
        Some(("Добрый день", 1))
    );
}

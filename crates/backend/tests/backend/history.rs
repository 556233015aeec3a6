//! Pages of a chat's history.

use pult_domain::{ChatId, Place};
use pult_protocol::{Command, EntryBody, HistoryPage, MAX_FRAME_BYTES};
use reqwest::Method;

use crate::kit::{NUMBER, Signed, TestBackend, messages, new_command_id, new_wamid};

const PHONE: &str = "79990000001";

async fn chat_with(backend: &TestBackend, n: usize) -> ChatId {
    let wamids: Vec<String> = (0..n).map(|_| new_wamid()).collect();
    let texts: Vec<String> = (1..=n).map(|n| format!("Сообщение {n}")).collect();
    let batch: Vec<(&str, &str, &str)> = wamids
        .iter()
        .zip(&texts)
        .map(|(wamid, text)| (PHONE, wamid.as_str(), text.as_str()))
        .collect();
    backend.webhook(&messages(NUMBER, &batch)).await;
    backend.chat_of(PHONE)
}

async fn places(operator: &Signed, chat: ChatId, query: &str) -> Vec<i64> {
    let path = format!("/api/v1/chats/{chat}/entries{query}");
    let answer = operator.request(Method::GET, &path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let page: HistoryPage = serde_json::from_str(&answer.text).unwrap();
    for entry in &page.entries {
        assert_eq!(entry.chat_id, chat);
        let EntryBody::Inbound { text } = &entry.body else {
            panic!("{entry:?}");
        };
        assert_eq!(*text, format!("Сообщение {}", entry.place.0));
    }
    page.entries.iter().map(|entry| entry.place.0).collect()
}

fn range(from: i64, to: i64) -> Vec<i64> {
    (from..=to).collect()
}

#[tokio::test]
async fn pages_are_as_long_as_asked_for_and_oldest_first() {
    let backend = TestBackend::start().await;
    let chat = chat_with(&backend, 250).await;
    let anna = backend.operator("anna").await;
    assert_eq!(places(&anna, chat, "").await, range(201, 250));
    assert_eq!(places(&anna, chat, "?limit=3").await, range(248, 250));
    assert_eq!(places(&anna, chat, "?limit=0").await, range(250, 250));
    assert_eq!(places(&anna, chat, "?limit=100000").await, range(51, 250));
    assert_eq!(places(&anna, chat, "?before=51").await, range(1, 50));
    assert_eq!(
        places(&anna, chat, "?before=51&limit=2").await,
        range(49, 50)
    );
    for nothing in ["?before=1", "?before=0", "?before=-7"] {
        assert!(places(&anna, chat, nothing).await.is_empty());
    }
    assert_eq!(
        places(&anna, chat, "?before=9223372036854775807&limit=1").await,
        range(250, 250)
    );
}

#[tokio::test]
async fn a_page_of_endless_texts_is_no_larger_than_a_frame_and_the_next_goes_on() {
    let backend = TestBackend::start().await;
    let endless = "🙂".repeat(65_536);
    for _ in 0..5 {
        let wamids: Vec<String> = (0..10).map(|_| new_wamid()).collect();
        let text = endless.as_str();
        let batch = wamids.iter().map(|wamid| (PHONE, wamid.as_str(), text));
        let batch: Vec<_> = batch.collect();
        backend.webhook(&messages(NUMBER, &batch)).await;
    }
    let chat = backend.chat_of(PHONE);
    let anna = backend.operator("anna").await;
    let (mut places, mut before) = (Vec::new(), i64::MAX);
    while before > 1 {
        let path = format!("/api/v1/chats/{chat}/entries?before={before}&limit=200");
        let answer = anna.request(Method::GET, &path).await;
        assert!(
            answer.text.len() <= MAX_FRAME_BYTES,
            "{}",
            answer.text.len()
        );
        let page: HistoryPage = serde_json::from_str(&answer.text).unwrap();
        before = page.entries[0].place.0;
        places.extend(page.entries.iter().rev().map(|entry| entry.place.0));
    }
    places.reverse();
    assert_eq!(places, range(1, 50));
}

#[tokio::test]
async fn a_query_of_no_numbers_is_refused() {
    let backend = TestBackend::start().await;
    let chat = chat_with(&backend, 1).await;
    let anna = backend.operator("anna").await;
    for query in ["?before=x", "?limit=-1", "?limit=1e9", "?limit=4294967296"] {
        let path = format!("/api/v1/chats/{chat}/entries{query}");
        let answer = anna.request(Method::GET, &path).await;
        answer.refuses(400, "malformed");
    }
}

#[tokio::test]
async fn a_chat_that_one_does_not_see_is_answered_as_one_that_is_not_there() {
    let backend = TestBackend::start().await;
    let chat = chat_with(&backend, 1).await;
    let (anna, boris) = (
        backend.operator("anna").await,
        backend.operator("boris").await,
    );
    let take = Command::Reply {
        chat_id: chat,
        text: "Слушаю вас".to_owned(),
        seen_place: Place(1),
    };
    assert_eq!(anna.post(new_command_id(), &take).await.status, 200);
    backend.all_sent().await;
    let before = backend.contents();

    let nowhere = ChatId(uuid::Uuid::now_v7());
    let page = |chat: String| format!("/api/v1/chats/{chat}/entries");
    let theirs = boris.request(Method::GET, &page(chat.to_string())).await;
    let none = boris.request(Method::GET, &page(nowhere.to_string())).await;
    let garbage = boris.request(Method::GET, &page("7".to_owned())).await;
    theirs.refuses(404, "chat_not_found");
    assert_eq!(theirs.text, none.text);
    assert_eq!(theirs.text, garbage.text);
    assert_eq!(none.status, 404);

    let own = anna.request(Method::GET, &page(chat.to_string())).await;
    assert_eq!(own.status, 200);
    assert_eq!(backend.contents(), before);
}

//! The rows of "The life of a chat", end to end.

use pult_domain::{Place, Status};
use pult_protocol::{Code, EntryBody, Notice};

use crate::kit::{TestStore, code};

#[tokio::test]
async fn row_01_a_first_message_makes_a_queued_chat() {
    let store = TestStore::new().await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let row = store.chat(chat);
    assert_eq!((row.status, row.owner_id), (Status::Queued, None));
    assert_eq!(row.waiting_since, Some(store.clock.now()));
    assert_eq!(row.preview.unwrap().text, "Здравствуйте");
    assert_eq!(store.story(chat), ["< Здравствуйте"]);
}

#[tokio::test]
async fn row_02_a_further_message_leaves_the_chat_waiting_since_the_first() {
    let store = TestStore::new().await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let since = store.clock.now();
    store.clock.pass_ms(60_000);
    store.client_writes("Ирина", "Вы тут?").await;
    let row = store.chat(chat);
    assert_eq!(row.status, Status::Queued);
    assert_eq!(row.waiting_since, Some(since));
    assert_eq!(row.client_wrote_at, Some(store.clock.now()));
    assert_eq!(store.story(chat), ["< Здравствуйте", "< Вы тут?"]);
}

#[tokio::test]
async fn row_03_a_message_into_a_chat_in_work_stays_with_its_owner() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    store.client_writes("Ирина", "Спасибо").await;
    let row = store.chat(chat);
    assert_eq!((row.status, row.owner_id), (Status::InWork, Some(anna)));
    assert_eq!(row.waiting_since, Some(store.clock.now()));
}

#[tokio::test]
async fn row_04_a_message_into_a_closed_chat_brings_it_back_to_its_owner() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    store.close_chat(anna, chat).await.unwrap();
    store.client_writes("Ирина", "Ещё вопрос").await;
    let row = store.chat(chat);
    assert_eq!((row.status, row.owner_id), (Status::InWork, Some(anna)));
    assert_eq!(
        store.story(chat),
        [
            "< Здравствуйте",
            "taken",
            "> Добрый день",
            "closed",
            "came back",
            "< Ещё вопрос"
        ]
    );
}

#[tokio::test]
async fn row_04_without_an_active_owner_it_goes_to_the_queue_and_says_whose_it_was() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    store.close_chat(anna, chat).await.unwrap();
    store.deactivate_operator(anna).await.unwrap();
    store.client_writes("Ирина", "Ещё вопрос").await;
    let row = store.chat(chat);
    assert_eq!((row.status, row.owner_id), (Status::Queued, None));
    assert_eq!(row.former_owner_id, Some(anna));
}

#[tokio::test]
async fn row_05_the_first_reply_takes_the_chat_and_later_ones_learn_whose_it_is() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let seen = store.chat(chat).last_place;
    let done = store.reply(anna, chat, "Добрый день").await.unwrap();
    assert_eq!(done.place, Some(Place(3)), "after the notice");
    let refused = store.reply_having_seen(boris, chat, "Слушаю", seen).await;
    assert_eq!(code(&refused), Code::ChatTaken);
    let owner = &refused.unwrap_err().details["owner"];
    assert_eq!(*owner, serde_json::json!(anna));
    assert_eq!(
        store.story(chat),
        ["< Здравствуйте", "taken", "> Добрый день"]
    );
}

#[tokio::test]
async fn row_06_the_owner_goes_on_replying() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    store.reply(anna, chat, "Чем помочь?").await.unwrap();
    let row = store.chat(chat);
    assert_eq!(row.waiting_since, None);
    let preview = row.preview.unwrap();
    assert_eq!(
        (preview.text.as_str(), preview.author_id),
        ("Чем помочь?", Some(anna))
    );
}

#[tokio::test]
async fn row_07_a_reply_into_a_closed_chat_is_refused_and_changes_nothing() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    store.close_chat(anna, chat).await.unwrap();
    let (row, story) = (store.chat(chat), store.story(chat));
    let refused = store.reply(anna, chat, "И ещё").await;
    assert_eq!(code(&refused), Code::ChatClosed);
    assert_eq!((store.chat(chat), store.story(chat)), (row, story));
}

#[tokio::test]
async fn row_13_a_closed_chat_waits_for_nothing_and_leaves_every_panel() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    store.client_writes("Ирина", "Спасибо").await;
    store.close_chat(anna, chat).await.unwrap();
    let row = store.chat(chat);
    assert_eq!((row.status, row.owner_id), (Status::Closed, Some(anna)));
    assert_eq!(row.waiting_since, None);
    let history = store.history(anna, chat, Place(i64::MAX), 10).await;
    assert_eq!(history.unwrap().unwrap().len(), 5, "found in the archive");
    let boris = store.operator("Борис").await;
    let history = store.history(boris, chat, Place(i64::MAX), 10).await;
    assert_eq!(history.unwrap(), None);
}

#[tokio::test]
async fn row_14_a_supervisor_closes_spam_out_of_the_queue_and_an_operator_does_not() {
    let store = TestStore::new().await;
    let (anna, sonya) = (store.operator("Анна").await, store.supervisor("Соня").await);
    let chat = store.client_writes("Реклама", "Купите").await;
    assert_eq!(code(&store.close_chat(anna, chat).await), Code::NotAllowed);
    store.close_chat(sonya, chat).await.unwrap();
    let row = store.chat(chat);
    assert_eq!((row.status, row.owner_id), (Status::Closed, None));
    store.client_writes("Реклама", "И ещё").await;
    assert_eq!(store.chat(chat).status, Status::Queued);
}

#[tokio::test]
async fn row_15_the_former_owner_or_a_supervisor_reopens() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let sonya = store.supervisor("Соня").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let seen_by_boris = store.chat(chat).last_place;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    for author in [anna, sonya] {
        store.close_chat(anna, chat).await.unwrap();
        store.reopen_chat(author, chat).await.unwrap();
        let row = store.chat(chat);
        assert_eq!((row.status, row.owner_id), (Status::InWork, Some(anna)));
    }
    store.close_chat(anna, chat).await.unwrap();
    let asks = pult_protocol::Command::Reopen {
        chat_id: chat,
        seen_place: seen_by_boris,
    };
    assert_eq!(code(&store.asks(boris, asks).await), Code::NotAllowed);
}

#[tokio::test]
async fn row_17_a_deactivated_operators_chats_return_to_the_queue_with_a_notice() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let of_boris = store.client_writes("Пётр", "Добрый день").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    store.reply(boris, of_boris, "Здравствуйте").await.unwrap();
    assert!(store.deactivate_operator(anna).await.unwrap());
    let row = store.chat(chat);
    assert_eq!((row.status, row.owner_id), (Status::Queued, None));
    assert_eq!(row.former_owner_id, Some(anna));
    let last = store.entries(chat).pop().unwrap();
    let notice = Notice::OwnerDeactivated { was: Some(anna) };
    assert_eq!(last.body, EntryBody::Notice { notice });
    assert_eq!(store.chat(of_boris).owner_id, Some(boris));
    assert_eq!(
        code(&store.reply(anna, chat, "Я ещё тут").await),
        Code::OperatorInactive
    );
    assert!(!store.deactivate_operator(anna).await.unwrap());
}

#[tokio::test]
async fn places_are_dense_from_one_whatever_happens() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    for round in 0..3 {
        let text = format!("Ответ {round}");
        drop(store.reply(anna, chat, &text).await);
        drop(store.reply(boris, chat, &text).await);
        store.client_writes("Ирина", "Ещё").await;
        drop(store.close_chat(boris, chat).await);
        drop(store.close_chat(anna, chat).await);
        store.client_writes("Ирина", "И ещё").await;
    }
    let places: Vec<i64> = store.entries(chat).iter().map(|row| row.place.0).collect();
    let dense: Vec<i64> = (1..=store.chat(chat).last_place.0).collect();
    assert_eq!(places, dense);
}

#[tokio::test]
async fn history_is_for_those_who_see_the_chat_and_comes_in_pages() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let chat = store.client_writes("Ирина", "Один").await;
    store.client_writes("Ирина", "Два").await;
    let all = |who| store.history(who, chat, Place(i64::MAX), 10);
    assert_eq!(all(boris).await.unwrap().unwrap().len(), 2);
    store.reply(anna, chat, "Три").await.unwrap();
    assert_eq!(all(boris).await.unwrap(), None);
    let page = store.history(anna, chat, Place(4), 2).await.unwrap();
    let places: Vec<i64> = page.unwrap().iter().map(|row| row.place.0).collect();
    assert_eq!(
        places,
        [2, 3],
        "oldest first, next to where it was asked from"
    );
    let unknown = pult_domain::ChatId(uuid::Uuid::now_v7());
    let nothing = store.history(anna, unknown, Place(9), 9).await.unwrap();
    assert_eq!(nothing, None);
}

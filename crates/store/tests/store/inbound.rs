//! What providers tell: each message once, each client known by all their identities, nothing lost.

use pult_domain::provider::{Content, Fact};
use pult_protocol::{ChannelKind, EntryBody};

use crate::kit::{NUMBER, TestStore, about, number, user_id, wa_id};

#[tokio::test]
async fn a_message_is_applied_once_however_often_it_comes() {
    let store = TestStore::new().await;
    let message = Fact::Message(store.text_of("Ирина", "Здравствуйте"));
    for _ in 0..3 {
        store.takes_in(vec![message.clone(), message.clone()]).await;
    }
    let chat = store.chat_of("Ирина");
    assert_eq!(store.story(chat), ["< Здравствуйте"]);
}

#[tokio::test]
async fn the_same_provider_id_on_another_channel_is_another_message() {
    let store = TestStore::new().await;
    store.put_channel(number("200000000000002")).await.unwrap();
    let message = Fact::Message(store.text_of("Ирина", "Здравствуйте"));
    store.takes_in(vec![message.clone()]).await;
    let other = about("200000000000002", vec![message]);
    store
        .ingest(ChannelKind::Whatsapp, Vec::new(), Some(other))
        .await
        .unwrap();
    assert_eq!(store.n_chats(), 2);
}

#[tokio::test]
async fn a_batch_is_applied_in_its_order_and_by_chat() {
    let store = TestStore::new().await;
    let messages = [
        ("Ирина", "раз"),
        ("Пётр", "раз"),
        ("Ирина", "два"),
        ("Пётр", "два"),
    ];
    let facts = messages.map(|(name, text)| Fact::Message(store.text_of(name, text)));
    store.takes_in(facts.to_vec()).await;
    for name in ["Ирина", "Пётр"] {
        assert_eq!(store.story(store.chat_of(name)), ["< раз", "< два"]);
    }
}

#[tokio::test]
async fn a_client_known_by_user_id_first_and_by_number_later_has_one_chat() {
    let store = TestStore::new().await;
    let mut with_name_alone = store.text_of("Ирина", "без номера");
    with_name_alone.sender.identities = vec![user_id("Ирина")];
    let mut with_both = store.text_of("Ирина", "с номером");
    with_both.sender.identities = vec![user_id("Ирина"), wa_id("70000000001")];
    with_both.sender.phone = Some("70000000001".to_owned());
    let mut by_number = store.text_of("Ирина", "только номер");
    by_number.sender.identities = vec![wa_id("70000000001")];
    for message in [with_name_alone, with_both, by_number] {
        store.takes_in(vec![Fact::Message(message)]).await;
    }
    let chat = store.chat_of("Ирина");
    assert_eq!(store.n_chats(), 1);
    assert_eq!(store.story(chat).len(), 3);
    let client = store.chat(chat).client;
    assert_eq!(client.phone.as_deref(), Some("70000000001"));
}

#[tokio::test]
async fn a_client_known_by_number_first_is_the_same_when_the_user_id_comes() {
    let store = TestStore::new().await;
    let mut by_number = store.text_of("Ирина", "до апреля");
    by_number.sender.identities = vec![wa_id("70000000001")];
    let mut with_both = store.text_of("Ирина", "после");
    with_both.sender.identities = vec![user_id("Ирина"), wa_id("70000000001")];
    let mut by_user_id = store.text_of("Ирина", "номер скрыт");
    by_user_id.sender.identities = vec![user_id("Ирина")];
    for message in [by_number, with_both, by_user_id] {
        store.takes_in(vec![Fact::Message(message)]).await;
    }
    assert_eq!(store.n_chats(), 1);
}

#[tokio::test]
async fn whoever_writes_from_a_number_that_was_somebody_elses_has_a_chat_of_their_own() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let mut before = store.text_of("Ирина", "мой номер");
    before.sender.identities = vec![user_id("Ирина"), wa_id("70000000001")];
    let mut after = store.text_of("Пётр", "теперь мой");
    after.sender.identities = vec![user_id("Пётр"), wa_id("70000000001")];
    let mut by_number = store.text_of("Пётр", "без имени");
    by_number.sender.identities = vec![wa_id("70000000001")];
    for message in [before, after, by_number] {
        store.takes_in(vec![Fact::Message(message)]).await;
    }
    let (irina, petr) = (store.chat_of("Ирина"), store.chat_of("Пётр"));
    assert_eq!(store.story(irina), ["< мой номер"]);
    assert_eq!(store.story(petr), ["< теперь мой", "< без имени"]);
    // The number leads to its new holder: a reply to the old one must not go there.
    store.reply(anna, irina, "Ирине").await.unwrap();
    let recipient = store.begins().await.1.message.recipient;
    assert_eq!(recipient, [user_id("Ирина")]);
}

#[tokio::test]
async fn a_reply_goes_to_the_number_that_the_client_wrote_from_last() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    for number in ["70000000001", "70000000000"] {
        let mut message = store.text_of("Ирина", number);
        message.sender.identities = vec![user_id("Ирина"), wa_id(number)];
        store.takes_in(vec![Fact::Message(message)]).await;
    }
    let chat = store.chat_of("Ирина");
    store.reply(anna, chat, "Здравствуйте").await.unwrap();
    let recipient = store.begins().await.1.message.recipient;
    assert_eq!(recipient, [user_id("Ирина"), wa_id("70000000000")]);
}

#[tokio::test]
async fn a_name_that_changed_changes_the_chats_row_and_a_missing_one_does_not() {
    let store = TestStore::new().await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let mut renamed = store.text_of("Ирина", "Новая фамилия");
    renamed.sender.name = Some("Ирина П.".to_owned());
    store.takes_in(vec![Fact::Message(renamed)]).await;
    assert_eq!(store.chat(chat).client.name.as_deref(), Some("Ирина П."));
    let mut nameless = store.text_of("Ирина", "Без имени");
    nameless.sender.name = None;
    store.takes_in(vec![Fact::Message(nameless)]).await;
    assert_eq!(store.chat(chat).client.name.as_deref(), Some("Ирина П."));
}

#[tokio::test]
async fn a_message_that_is_not_shown_in_full_keeps_its_kind_and_words() {
    let store = TestStore::new().await;
    let mut photo = store.text_of("Ирина", "");
    photo.content = Content::Placeholder {
        kind: "image".to_owned(),
        caption: Some("Вот тут".to_owned()),
        raw: "{}".to_owned(),
    };
    store.takes_in(vec![Fact::Message(photo)]).await;
    let chat = store.chat_of("Ирина");
    let body = EntryBody::InboundPlaceholder {
        placeholder: "image".to_owned(),
        caption: Some("Вот тут".to_owned()),
    };
    assert_eq!(store.entries(chat)[0].body, body);
    let preview = store.chat(chat).preview.unwrap();
    assert_eq!(preview.placeholder.as_deref(), Some("image"));
}

#[tokio::test]
async fn a_clock_that_runs_ahead_makes_nobody_wait_from_the_future() {
    let store = TestStore::new().await;
    let mut message = store.text_of("Ирина", "Из будущего");
    message.sent_at = store.clock.now().plus_ms(3_600_000);
    store.takes_in(vec![Fact::Message(message)]).await;
    let row = store.chat(store.chat_of("Ирина"));
    assert_eq!(row.waiting_since, Some(store.clock.now()));
}

#[tokio::test]
async fn a_client_waits_since_the_earliest_message_whatever_order_they_came_in() {
    let store = TestStore::new().await;
    let earlier = store.text_of("Ирина", "Раньше");
    store.clock.pass_ms(5_000);
    let later = store.text_of("Ирина", "Позже");
    let since = earlier.sent_at;
    store.takes_in(vec![Fact::Message(later)]).await;
    store.takes_in(vec![Fact::Message(earlier)]).await;
    let row = store.chat(store.chat_of("Ирина"));
    assert_eq!(row.waiting_since, Some(since));
}

#[tokio::test]
async fn what_changes_no_chat_changes_no_chat() {
    let store = TestStore::new().await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let row = store.chat(chat);
    let kind = "reaction".to_owned();
    store.takes_in(vec![Fact::Other { kind }]).await;
    assert_eq!(store.chat(chat), row);
}

#[tokio::test]
async fn an_event_that_nobody_can_read_is_kept() {
    let store = TestStore::new().await;
    let body = b"\xff not json".to_vec();
    store
        .ingest(ChannelKind::Whatsapp, body.clone(), None)
        .await
        .unwrap();
    let kept: (String, Vec<u8>) = store
        .file()
        .query_row("SELECT state, body FROM journal", (), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(kept, ("unreadable".to_owned(), body));
    assert_eq!(store.waiting_events().await.unwrap(), []);
}

#[tokio::test]
async fn an_event_of_an_unknown_channel_waits_and_is_applied_when_the_channel_is_there() {
    let store = TestStore::new().await;
    let known = Fact::Message(store.text_of("Ирина", "Здравствуйте"));
    let unknown = Fact::Message(store.text_of("Пётр", "Добрый день"));
    let mut facts = about("200000000000002", vec![unknown]);
    facts.extend(about(NUMBER, vec![known]));
    store
        .ingest(ChannelKind::Whatsapp, b"raw".to_vec(), Some(facts.clone()))
        .await
        .unwrap();
    // What can be applied is not held up.
    assert_eq!(store.story(store.chat_of("Ирина")), ["< Здравствуйте"]);
    let waiting = store.waiting_events().await.unwrap();
    let [(key, at, body)] = waiting.as_slice() else {
        panic!("one event waits: {waiting:?}");
    };
    assert_eq!(
        (*at, body.as_slice()),
        (store.clock.now(), b"raw".as_slice())
    );
    let retry = || store.retry_event(ChannelKind::Whatsapp, *key, facts.clone());
    assert!(!retry().await.unwrap());
    store.put_channel(number("200000000000002")).await.unwrap();
    assert!(retry().await.unwrap());
    assert_eq!(store.story(store.chat_of("Пётр")), ["< Добрый день"]);
    assert_eq!(store.story(store.chat_of("Ирина")), ["< Здравствуйте"]);
    assert_eq!(store.waiting_events().await.unwrap(), []);
}

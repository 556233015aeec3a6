//! Drafts: one text on all devices of an operator, which what comes late cannot bring back.

use pult_domain::{ChatId, CommandId, IntegrationId, OperatorId};
use pult_protocol::{
    Code, Command, CommandEnvelope, ComposerMode, DraftGiven, DraftOrigin, MAX_WRITERS,
};
use pult_store::{Asking, Forget, NewIntegration, PassPlace};
use uuid::Uuid;

use crate::kit::{Answer, MORNING, TestStore, code, device, envelope, reply};

const REPLY: ComposerMode = ComposerMode::Reply;
const COMMENT: ComposerMode = ComposerMode::Comment;

/// The text of a draft, and its version.
async fn text(store: &TestStore, who: OperatorId, chat: ChatId) -> (String, i64) {
    let draft = store.draft(who, chat, REPLY).await.unwrap();
    (draft.text, draft.version)
}

/// A reply that was made of a draft on a device.
async fn sends(
    store: &TestStore,
    who: OperatorId,
    chat: ChatId,
    (device_n, version): (u128, i64),
) -> Answer {
    let mut sent = envelope(reply(chat, "Добрый день", store.chat(chat).last_place));
    sent.draft = Some(DraftOrigin {
        device_id: device(device_n),
        version,
    });
    store.command(who, sent).await.unwrap()
}

#[tokio::test]
async fn a_draft_is_kept_for_its_author_alone() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let kept = store
        .types(anna, (chat, REPLY), device(1), 0, "Добрый")
        .await;
    kept.unwrap();
    assert_eq!(text(&store, anna, chat).await, ("Добрый".to_owned(), 1));
    assert_eq!(store.draft(boris, chat, REPLY).await, None);
    assert_eq!(store.draft(anna, chat, COMMENT).await, None);
    let of_sets = store.of_published(|published| {
        let sets = published.sets.iter().flat_map(|set| &set.drafts);
        sets.map(|(whose, _)| *whose).collect::<Vec<_>>()
    });
    assert_eq!(of_sets, [anna], "the hub gets it for nobody else");
}

#[tokio::test]
async fn what_is_not_made_of_the_last_version_is_not_taken() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let here = (chat, REPLY);
    store
        .types(anna, here, device(1), 0, "Добрый")
        .await
        .unwrap();
    let late = store.types(anna, here, device(2), 0, "Здравствуйте").await;
    assert_eq!(late.unwrap_err().code, Code::DraftMoved);
    let ahead = store.types(anna, here, device(2), 2, "Здравствуйте").await;
    assert_eq!(ahead.unwrap_err().code, Code::DraftMoved);
    assert_eq!(text(&store, anna, chat).await, ("Добрый".to_owned(), 1));
    store
        .types(anna, here, device(2), 1, "Добрый день")
        .await
        .unwrap();
    assert_eq!(
        text(&store, anna, chat).await,
        ("Добрый день".to_owned(), 2)
    );
}

#[tokio::test]
async fn a_draft_ends_with_its_reply_and_does_not_come_back() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let here = (chat, REPLY);
    store
        .types(anna, here, device(1), 0, "Добрый день")
        .await
        .unwrap();
    sends(&store, anna, chat, (2, 1)).await.unwrap();
    assert_eq!(text(&store, anna, chat).await, (String::new(), 2));
    // Under way since before, from either device.
    for n in [1, 2] {
        let late = store.types(anna, here, device(n), 1, "Добрый день").await;
        assert_eq!(late.unwrap_err().code, Code::DraftMoved);
    }
    assert_eq!(text(&store, anna, chat).await, (String::new(), 2));
}

#[tokio::test]
async fn a_draft_that_the_backend_never_had_does_not_come_back_either() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    sends(&store, anna, chat, (1, 0)).await.unwrap();
    let late = store
        .types(anna, (chat, REPLY), device(1), 0, "Добрый день")
        .await;
    assert_eq!(late.unwrap_err().code, Code::DraftMoved);
    assert_eq!(text(&store, anna, chat).await, (String::new(), 1));
}

#[tokio::test]
async fn what_a_device_has_written_last_ends_even_if_it_has_not_heard_of_it() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store
        .types(anna, (chat, REPLY), device(1), 0, "Добрый день")
        .await
        .unwrap();
    sends(&store, anna, chat, (1, 0)).await.unwrap();
    assert_eq!(text(&store, anna, chat).await, (String::new(), 2));
}

#[tokio::test]
async fn what_another_device_has_written_since_goes_on_as_a_draft() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let here = (chat, REPLY);
    store
        .types(anna, here, device(1), 0, "Добрый")
        .await
        .unwrap();
    store
        .types(anna, here, device(1), 1, "Добрый вечер")
        .await
        .unwrap();
    sends(&store, anna, chat, (2, 1)).await.unwrap();
    let (kept, version) = text(&store, anna, chat).await;
    assert_eq!((kept.as_str(), version), ("Добрый вечер", 3));
    // What the sender had still under way comes too late all the same.
    let late = store.types(anna, here, device(2), 2, "Добрый день").await;
    assert_eq!(late.unwrap_err().code, Code::DraftMoved);
}

#[tokio::test]
async fn a_draft_that_only_got_another_number_ends_with_its_reply_all_the_same() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store
        .types(anna, (chat, REPLY), device(1), 0, "Добрый день")
        .await
        .unwrap();
    // Of something else, that this device had never told.
    sends(&store, anna, chat, (2, 0)).await.unwrap();
    assert_eq!(
        text(&store, anna, chat).await,
        ("Добрый день".to_owned(), 2)
    );
    sends(&store, anna, chat, (3, 1)).await.unwrap();
    assert_eq!(text(&store, anna, chat).await, (String::new(), 3));
}

#[tokio::test]
async fn a_draft_tells_what_each_device_wrote_last() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let here = (chat, REPLY);
    for (of_version, n) in [(0, 1), (1, 2), (2, 1)] {
        let typed = store.types(anna, here, device(n), of_version, "Добрый");
        typed.await.unwrap();
    }
    let wrote = |n, version| DraftOrigin {
        device_id: device(n),
        version,
    };
    let draft = store.draft(anna, chat, REPLY).await.unwrap();
    assert_eq!(draft.writers, [wrote(1, 3), wrote(2, 2)]);
    // It is not forgotten when the draft is sent.
    sends(&store, anna, chat, (2, 3)).await.unwrap();
    let draft = store.draft(anna, chat, REPLY).await.unwrap();
    assert_eq!((draft.text.as_str(), draft.version), ("", 4));
    assert_eq!(draft.writers, [wrote(1, 3), wrote(2, 2)]);
    // Only the last ones are kept.
    for n in 10..30 {
        let typed = store.types(
            anna,
            here,
            device(n),
            i64::try_from(n).unwrap() - 6,
            "Добрый",
        );
        typed.await.unwrap();
    }
    let draft = store.draft(anna, chat, REPLY).await.unwrap();
    assert_eq!(draft.writers.len(), MAX_WRITERS);
    assert_eq!(draft.writers.first(), Some(&wrote(29, 24)));
}

#[tokio::test]
async fn a_refused_reply_leaves_its_draft() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store
        .types(anna, (chat, REPLY), device(1), 0, "Добрый день")
        .await
        .unwrap();
    let seen = store.chat(chat).last_place;
    let mut late = envelope(reply(chat, "Добрый день", seen));
    late.draft = Some(DraftOrigin {
        device_id: device(1),
        version: 1,
    });
    store.reply(boris, chat, "Слушаю").await.unwrap();
    let refused = store.command(anna, late).await.unwrap();
    assert_eq!(code(&refused), Code::ChatTaken);
    // The chat is out of her sight: nobody is told of a draft in it, and none is taken.
    assert_eq!(store.draft(anna, chat, REPLY).await, None);
    let out_of_sight = store
        .types(anna, (chat, REPLY), device(1), 1, "Добрый")
        .await;
    assert_eq!(out_of_sight.unwrap_err().code, Code::ChatNotFound);
    // It is back with the chat.
    let back = Command::ReturnToQueue {
        chat_id: chat,
        seen_place: store.chat(chat).last_place,
    };
    store.asks(boris, back).await.unwrap();
    assert_eq!(
        text(&store, anna, chat).await,
        ("Добрый день".to_owned(), 1)
    );
}

#[tokio::test]
async fn a_comment_ends_the_drafted_comment_and_not_the_reply() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store
        .types(anna, (chat, REPLY), device(1), 0, "Добрый день")
        .await
        .unwrap();
    let comment = DraftGiven {
        chat_id: chat,
        mode: COMMENT,
        of_version: 0,
        device_id: device(1),
        text: "@Борис, взгляните".to_owned(),
        mentions: vec![boris, boris],
    };
    store.keep_draft(anna, comment).await.unwrap().unwrap();
    let kept = store.draft(anna, chat, COMMENT).await.unwrap();
    assert_eq!(kept.mentions, [boris]);
    let sent = CommandEnvelope {
        id: CommandId(Uuid::now_v7()),
        command: Command::Comment {
            chat_id: chat,
            text: "@Борис, взгляните".to_owned(),
            mentions: vec![boris],
            seen_place: store.chat(chat).last_place,
        },
        draft: Some(DraftOrigin {
            device_id: device(1),
            version: 1,
        }),
    };
    store.command(anna, sent).await.unwrap().unwrap();
    let kept = store.draft(anna, chat, COMMENT).await.unwrap();
    assert_eq!((kept.text.as_str(), kept.mentions.len()), ("", 0));
    assert_eq!(
        text(&store, anna, chat).await,
        ("Добрый день".to_owned(), 1)
    );
}

#[tokio::test]
async fn a_program_ends_nobodys_draft() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store
        .types(anna, (chat, REPLY), device(1), 0, "Добрый день")
        .await
        .unwrap();
    let id = add_program(&store).await;
    let mut sent = envelope(reply(chat, "Заказ готов", store.chat(chat).last_place));
    sent.draft = Some(DraftOrigin {
        device_id: device(1),
        version: 1,
    });
    let asking = Asking::Integration {
        id,
        on_behalf_of: Some(anna),
    };
    store.command(asking, sent).await.unwrap().unwrap();
    assert_eq!(
        text(&store, anna, chat).await,
        ("Добрый день".to_owned(), 1)
    );
}

async fn add_program(store: &TestStore) -> IntegrationId {
    let program = NewIntegration {
        name: "1C".to_owned(),
        key_hash: [7; 32],
    };
    store.add_integration(program).await.unwrap().unwrap()
}

#[tokio::test]
async fn limits_are_those_of_messages() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let here = (chat, REPLY);
    let fits = "ы".repeat(4_096);
    store.types(anna, here, device(1), 0, &fits).await.unwrap();
    let too_long = store
        .types(anna, here, device(1), 1, &format!("{fits}ы"))
        .await;
    assert_eq!(too_long.unwrap_err().code, Code::TextTooLong);
    let everybody = DraftGiven {
        chat_id: chat,
        mode: COMMENT,
        of_version: 0,
        device_id: device(1),
        text: "@".to_owned(),
        mentions: vec![anna; 101],
    };
    let refused = store.keep_draft(anna, everybody).await.unwrap();
    assert_eq!(refused.unwrap_err().code, Code::TooLarge);
    let nowhere = (ChatId(Uuid::now_v7()), REPLY);
    let unknown = store.types(anna, nowhere, device(1), 0, "Добрый").await;
    assert_eq!(unknown.unwrap_err().code, Code::ChatNotFound);
    store.deactivate_operator(anna).await.unwrap();
    let gone = store.types(anna, here, device(1), 1, "Добрый").await;
    assert_eq!(gone.unwrap_err().code, Code::OperatorInactive);
}

#[tokio::test]
async fn old_drafts_are_forgotten_where_their_author_does_not_see_the_chat() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let (seen, lost) = (
        store.client_writes("Ирина", "Здравствуйте").await,
        store.client_writes("Пётр", "Здравствуйте").await,
    );
    for chat in [seen, lost] {
        for mode in [REPLY, COMMENT] {
            store
                .types(anna, (chat, mode), device(1), 0, "Добрый")
                .await
                .unwrap();
        }
    }
    store.reply(boris, lost, "Слушаю").await.unwrap();
    let n_kept = || -> i64 {
        let count = "SELECT count(*) FROM drafts";
        store.file().query_row(count, (), |row| row.get(0)).unwrap()
    };
    forget_before(&store, MORNING.0).await;
    assert_eq!(n_kept(), 4, "what is new is kept wherever it is");
    forget_before(&store, i64::MAX).await;
    assert_eq!(n_kept(), 2);
    assert_eq!(text(&store, anna, seen).await, ("Добрый".to_owned(), 1));
}

async fn forget_before(store: &TestStore, ms: i64) {
    let never = pult_domain::Timestamp(0);
    let forget = Forget {
        events_before: never,
        answers_before: never,
        statuses_before: never,
        drafts_before: pult_domain::Timestamp(ms),
    };
    let mut place = Some(PassPlace::default());
    while let Some(here) = place {
        place = store.forget(forget, here).await.unwrap().next;
    }
}

//! Commands: answered once, held when they overlooked something, silent to those who cannot see.

use pult_domain::{ChatId, Place};
use pult_protocol::{Code, Command, CommandEnvelope, Row};
use rstest::rstest;

use crate::kit::{TestStore, code, envelope, reply};

#[tokio::test]
async fn the_same_command_again_is_answered_as_before_and_done_once() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let command = envelope(reply(chat, "Добрый день", Place(1)));
    let first = store.command(anna, command.clone()).await.unwrap();
    let (row, story) = (store.chat(chat), store.story(chat));
    // Meanwhile the same command would have been refused.
    store.close_chat(anna, chat).await.unwrap();
    let store = store.reopened().await;
    let again = store.command(anna, command).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(store.story(chat)[..story.len()], story);
    assert_eq!(store.story(chat).len(), story.len() + 1, "the close alone");
    assert_eq!(row.owner_id, Some(anna));
}

#[tokio::test]
async fn a_refusal_is_answered_as_before_even_if_it_would_be_carried_out_now() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.client_writes("Ирина", "Ещё").await;
    let command = envelope(reply(chat, " ", Place(2)));
    let held = envelope(reply(chat, "Добрый день", Place(1)));
    for (command, expected) in [(command, Code::TextEmpty), (held, Code::NewerMessage)] {
        let first = store.command(anna, command.clone()).await.unwrap();
        assert_eq!(code(&first), expected);
        let again = store.command(anna, command).await.unwrap();
        assert_eq!(first, again);
    }
    assert_eq!(store.story(chat), ["< Здравствуйте", "< Ещё"]);
}

#[tokio::test]
async fn an_id_used_for_another_body_is_refused_and_the_first_answer_stays() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let first = envelope(reply(chat, "Добрый день", Place(1)));
    let other = CommandEnvelope {
        id: first.id,
        command: reply(chat, "Прощайте", Place(3)),
        draft: None,
    };
    let answer = store.command(anna, first.clone()).await.unwrap();
    let refused = store.command(anna, other).await.unwrap();
    assert_eq!(code(&refused), Code::IdReused);
    assert_eq!(store.command(anna, first).await.unwrap(), answer);
    assert_eq!(store.story(chat).len(), 3);
}

#[tokio::test]
async fn another_author_may_use_the_same_id() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let irina = store.client_writes("Ирина", "Здравствуйте").await;
    let petr = store.client_writes("Пётр", "Добрый день").await;
    let first = envelope(reply(irina, "Слушаю", Place(1)));
    let second = CommandEnvelope {
        id: first.id,
        command: reply(petr, "Слушаю", Place(1)),
        draft: None,
    };
    store.command(anna, first).await.unwrap().unwrap();
    store.command(boris, second).await.unwrap().unwrap();
    assert_eq!(store.chat(petr).owner_id, Some(boris));
}

#[tokio::test]
async fn of_two_replies_that_race_exactly_one_takes_the_chat() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    for round in 0..25 {
        let client = format!("Клиент {round}");
        let chat = store.client_writes(&client, "Здравствуйте").await;
        let race = |who, text| store.reply_having_seen(who, chat, text, Place(1));
        let (first, second) = if round % 5 == 0 {
            // In one commit, in turns from either side.
            let both = vec![race(anna, "от Анны"), race(boris, "от Бориса")];
            let mut both = store.in_one_commit(both).await.into_iter();
            (both.next().unwrap(), both.next().unwrap())
        } else {
            tokio::join!(race(anna, "от Анны"), race(boris, "от Бориса"))
        };
        let (winner, lost) = match (&first, &second) {
            (Ok(_), Err(lost)) => (anna, lost),
            (Err(lost), Ok(_)) => (boris, lost),
            both => panic!("not exactly one: {both:?}"),
        };
        assert_eq!(lost.code, Code::ChatTaken);
        assert_eq!(lost.details["owner"], serde_json::json!(winner));
        assert_eq!(store.chat(chat).owner_id, Some(winner));
        let replies = store
            .story(chat)
            .into_iter()
            .filter(|line| line.starts_with('>'));
        assert_eq!(replies.count(), 1, "nothing of the loser's is sent");
    }
}

#[rstest]
#[case::a_reply("reply")]
#[case::a_close("close")]
#[tokio::test]
async fn what_overlooked_a_newer_message_is_held_until_it_is_repeated_knowingly(
    #[case] what: &str,
) {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    let seen_place = store.chat(chat).last_place;
    store.client_writes("Ирина", "Подождите!").await;
    let asks = |seen_place| match what {
        "reply" => reply(chat, "Всего доброго", seen_place),
        _ => Command::Close {
            chat_id: chat,
            seen_place,
        },
    };
    let held = store.asks(anna, asks(seen_place)).await;
    assert_eq!(code(&held), Code::NewerMessage);
    let newest = store.chat(chat).last_place;
    assert_eq!(
        held.unwrap_err().details["place"],
        serde_json::json!(newest)
    );
    store.asks(anna, asks(newest)).await.unwrap();
}

#[tokio::test]
async fn a_colleagues_message_is_overlooked_and_ones_own_is_not() {
    let store = TestStore::new().await;
    let (anna, sonya) = (store.operator("Анна").await, store.supervisor("Соня").await);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    let close = Command::Close {
        chat_id: chat,
        seen_place: Place(1),
    };
    let held = store.asks(sonya, close.clone()).await;
    assert_eq!(code(&held), Code::NewerMessage);
    // To Anna it is her own, whatever her panel had seen of it.
    store.asks(anna, close).await.unwrap();
}

#[rstest]
#[case(i64::MAX)]
#[case(i64::MIN)]
#[case(-1)]
#[case(0)]
#[case(1)]
#[case(3)]
#[case(4)]
#[tokio::test]
async fn a_chat_that_the_author_never_could_see_does_not_exist_to_them(#[case] place: i64) {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    let late = store.operator("Вера").await;
    store.client_writes("Ирина", "Спасибо").await;
    let unknown = ChatId(uuid::Uuid::now_v7());
    let seen_place = Place(place);
    let commands = |chat_id| {
        [
            reply(chat_id, "Кто тут?", seen_place),
            Command::Close {
                chat_id,
                seen_place,
            },
            Command::Reopen {
                chat_id,
                seen_place,
            },
            Command::MarkRead {
                chat_id,
                place: seen_place,
            },
        ]
    };
    for (hidden, unknown) in commands(chat).into_iter().zip(commands(unknown)) {
        let answer = store.asks(late, hidden).await;
        assert_eq!(code(&answer), Code::ChatNotFound);
        assert_eq!(answer, store.asks(late, unknown).await, "told apart");
    }
}

#[tokio::test]
async fn who_saw_the_chat_only_before_learns_nothing_of_what_came_later() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Добрый день").await.unwrap();
    // Boris saw place 1 in the queue; later places were never his.
    let saw = store
        .reply_having_seen(boris, chat, "Слушаю", Place(1))
        .await;
    assert_eq!(code(&saw), Code::ChatTaken);
    for place in [3, 4, i64::MAX] {
        let never = store
            .reply_having_seen(boris, chat, "Слушаю", Place(place))
            .await;
        assert_eq!(code(&never), Code::ChatNotFound);
    }
}

#[tokio::test]
async fn read_marks_only_grow_and_never_beyond_the_chat() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.client_writes("Ирина", "Ещё").await;
    for (asked, is_at) in [
        (-5, None),
        (0, None),
        (1, Some(1)),
        (99, Some(2)),
        (1, Some(2)),
    ] {
        store.mark_read(anna, chat, asked).await.unwrap();
        let pages = store.changes(anna, None).await.unwrap();
        let mut rows = pages.iter().flat_map(|page| &page.rows);
        let mark = rows.find_map(|row| {
            let Row::Mark(mark) = row else { return None };
            Some(mark.read_place.0)
        });
        assert_eq!(mark, is_at, "after reading up to {asked}");
    }
}

#[tokio::test]
async fn a_deactivated_operator_marks_nothing() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.deactivate_operator(anna).await.unwrap();
    let answer = store.mark_read(anna, chat, 1).await;
    assert_eq!(code(&answer), Code::OperatorInactive);
}

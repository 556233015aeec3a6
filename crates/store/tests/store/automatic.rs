//! Automatic texts and the direction of new chats: each once, and nothing changed by it that is
//! people's.

use std::future::Future;
use std::pin::Pin;

use pult_domain::automatic::{AutomaticTexts, PlainText, TimedText};
use pult_domain::direction::DirectionRule;
use pult_domain::hours::{Interval, WorkingHours};
use pult_domain::provider::{Content, Fact, Progress, SendOutcome};
use pult_domain::{AutomaticKind, ChatId, OperatorId, Place, Role, Status};
use pult_protocol::{
    Act, Actor, AuditQuery, ChatRow, Code, Command, CompanyRequest, CompanySettings, DeliveryState,
    EntryBody, OperatorChange, Problem,
};

use crate::kit::{TestStore, accepted, code, failure, n_cases, wa_id};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

fn timed(text: &str, minutes: u32) -> TimedText {
    TimedText {
        is_on: true,
        text: text.to_owned(),
        minutes,
    }
}

/// All four, the greeting with the client's name.
fn all_on() -> AutomaticTexts {
    AutomaticTexts {
        greeting: timed("Здравствуйте, {клиент}!", 24 * 60),
        outside_hours: PlainText {
            is_on: true,
            text: "Нас нет на месте".to_owned(),
        },
        nobody_answers: timed("Все заняты", 10),
        closed: timed("Спасибо", 24 * 60),
    }
}

/// One alone.
fn only(kind: AutomaticKind) -> AutomaticTexts {
    let mut texts = all_on();
    texts.greeting.is_on = kind == AutomaticKind::Greeting;
    texts.outside_hours.is_on = kind == AutomaticKind::OutsideHours;
    texts.nobody_answers.is_on = kind == AutomaticKind::NobodyAnswers;
    texts.closed.is_on = kind == AutomaticKind::Closed;
    texts
}

impl TestStore {
    async fn sets_texts(&self, texts: AutomaticTexts) {
        let revision = self.automatic_texts().await.unwrap().revision;
        let put = self
            .put_automatic_texts(Actor::CommandLine, revision, texts)
            .await
            .unwrap();
        assert_eq!(put, Ok(revision + 1));
    }

    /// Another zone's clock counts from now on.
    async fn goes_by_the_clock_of(&self, zone: &str) {
        let company = self.company().await.unwrap();
        let request = CompanyRequest {
            revision: company.revision,
            settings: CompanySettings {
                time_zone: zone.to_owned(),
                ..company.settings
            },
        };
        let put = self.put_company(Actor::CommandLine, request).await;
        assert!(put.unwrap().is_ok());
    }

    /// Hours that end in a minute and begin again eight hours later, every day, by the clock of UTC.
    async fn closes_in_a_minute(&self) {
        let now = self.clock.now().0 / MINUTE;
        let minute = |minutes: i64| u16::try_from((now + minutes).rem_euclid(24 * 60)).unwrap();
        let day = Interval {
            from: minute(1 + 8 * 60),
            until: minute(1),
        };
        let hours = WorkingHours {
            week: std::array::from_fn(|_| vec![day]),
            exceptions: Vec::new(),
        };
        self.goes_by_the_clock_of("UTC").await;
        let revision = self.working_hours().await.unwrap().revision;
        let put = self
            .put_working_hours(Actor::CommandLine, revision, Some(hours))
            .await
            .unwrap();
        assert!(put.is_ok());
    }

    async fn directs(&self, rules: Vec<DirectionRule>) {
        let revision = self.directions().await.unwrap().revision;
        assert!(
            self.put_directions(Actor::CommandLine, revision, rules)
                .await
                .unwrap()
                .is_ok()
        );
    }

    /// Looks for who waits until nobody is left, as the backend does.
    async fn looks(&self) {
        while self.tell_waiting().await.unwrap() {}
    }

    /// The automatic texts of a chat, in their order.
    fn automatic(&self, chat: ChatId) -> Vec<AutomaticKind> {
        let entries = self.entries(chat);
        entries.iter().filter_map(|entry| entry.automatic).collect()
    }

    /// Reads a chat's row from the store, as whoever comes anew does.
    fn waiting_since(&self, chat: ChatId) -> Option<i64> {
        self.chat(chat).waiting_since.map(|since| since.0)
    }
}

/// The revision that whoever was refused is told of.
fn changed_meanwhile(refused: Result<i64, Problem>) -> i64 {
    let problem = refused.unwrap_err();
    assert_eq!(problem.code, Code::ChangedMeanwhile);
    problem.details["revision"].as_i64().unwrap()
}

/// What of a chat is people's: all but its newest place and the change that it stands at.
fn of_people(chat: &ChatRow) -> ChatRow {
    ChatRow {
        last_place: Place(0),
        ..chat.clone()
    }
}

#[tokio::test]
async fn nothing_goes_out_and_nothing_is_remembered_while_nothing_is_on() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    store.closes_in_a_minute().await;
    store.clock.pass_ms(2 * MINUTE);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.clock.pass_ms(HOUR);
    store.looks().await;
    store.reply(anna, chat, "Слушаю").await.unwrap();
    store.close_chat(anna, chat).await.unwrap();
    assert_eq!(store.automatic(chat), []);
    let sql = "SELECT count(*) FROM chats WHERE automatic IS NOT NULL
               OR told_waiting_at IS NOT NULL OR suggested IS NOT NULL";
    let n: i64 = store.file().query_row(sql, (), |row| row.get(0)).unwrap();
    assert_eq!(n, 0);
}

#[tokio::test]
async fn the_first_message_is_greeted_once_in_its_period_and_by_the_clients_own_name() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    store.sets_texts(only(AutomaticKind::Greeting)).await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    assert_eq!(
        store.story(chat),
        ["< Здравствуйте", "> Здравствуйте, Ирина!"]
    );
    let entry = store.entries(chat).pop().unwrap();
    assert_eq!(entry.automatic, Some(AutomaticKind::Greeting));
    assert_eq!((entry.author_id, entry.command_id), (None, None));
    store
        .asks(
            anna,
            Command::NameClient {
                chat_id: chat,
                name: Some("Ирина, которая не платит".to_owned()),
                seen_place: Place(2),
            },
        )
        .await
        .unwrap();
    for hours in [1, 22, 23] {
        store.clock.pass_ms(hours * HOUR);
        let text = format!("Через {hours}");
        store
            .takes_in(vec![Fact::Message(store.text_of("Ирина", &text))])
            .await;
    }
    assert_eq!(
        store.automatic(chat).len(),
        1,
        "the client was never silent for a day"
    );
    store.clock.pass_ms(24 * HOUR);
    store
        .takes_in(vec![Fact::Message(store.text_of("Ирина", "Снова я"))])
        .await;
    assert_eq!(store.automatic(chat).len(), 2);
    assert_eq!(store.story(chat).last().unwrap(), "> Здравствуйте, Ирина!");
}

#[tokio::test]
async fn a_webhook_that_comes_twice_and_a_restart_send_nothing_again() {
    let mut store = TestStore::new().await;
    store.sets_texts(all_on()).await;
    let message = Fact::Message(store.text_of("Ирина", "Здравствуйте"));
    store.takes_in(vec![message.clone(), message.clone()]).await;
    let chat = store.chat_of("Ирина");
    store.clock.pass_ms(10 * MINUTE);
    for _ in 0..3 {
        store = store.reopened().await;
        store.takes_in(vec![message.clone()]).await;
        store.looks().await;
    }
    assert_eq!(
        store.automatic(chat),
        [AutomaticKind::Greeting, AutomaticKind::NobodyAnswers]
    );
}

#[tokio::test]
async fn what_went_out_after_a_backup_was_made_does_not_go_out_again_when_it_is_put_back() {
    let store = TestStore::new().await;
    store.sets_texts(all_on()).await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let dir = tempfile::tempdir().unwrap();
    let backup = dir.path().join("backup.sqlite");
    pult_store::Store::copy(&store.path(), &backup, |_| {}).unwrap();
    // Lost with what comes now: that Ирина was told, and that there is a Пётр, who was greeted.
    store.clock.pass_ms(10 * MINUTE);
    store.looks().await;
    let petr = Fact::Message(store.text_of("Пётр", "Здравствуйте"));
    store.takes_in(vec![petr.clone()]).await;
    assert_eq!(store.automatic(chat).len(), 2);
    assert_eq!(store.automatic(store.chat_of("Пётр")).len(), 1);
    let store = store.restored(&backup).await;
    store.settle_restored().await.unwrap();
    store.clock.pass_ms(MINUTE);
    store.looks().await;
    store.takes_in(vec![petr]).await;
    assert_eq!(store.automatic(store.chat_of("Пётр")), []);
    let told: i64 = store
        .file()
        .query_row(
            "SELECT count(*) FROM entries WHERE automatic = 'nobody_answers'",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(told, 0);
}

#[tokio::test]
async fn outside_hours_a_client_is_told_once_until_they_begin_again() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    store.sets_texts(all_on()).await;
    store.closes_in_a_minute().await;
    let by_day = store.client_writes("Пётр", "Здравствуйте").await;
    assert_eq!(store.automatic(by_day), [AutomaticKind::Greeting]);
    store.clock.pass_ms(2 * MINUTE);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    assert_eq!(
        store.automatic(chat),
        [AutomaticKind::OutsideHours],
        "and no greeting"
    );
    for text in ["Ау", "Вы где"] {
        store.clock.pass_ms(HOUR);
        store.client_writes("Ирина", text).await;
    }
    store.looks().await;
    assert_eq!(store.automatic(chat).len(), 1);
    // In the next closed stretch; and in the one after it not into a talk that somebody leads.
    store.clock.pass_ms(22 * HOUR);
    store.client_writes("Ирина", "Добрый вечер").await;
    assert_eq!(store.automatic(chat), [AutomaticKind::OutsideHours; 2]);
    store.clock.pass_ms(24 * HOUR);
    store.reply(anna, chat, "Я ещё здесь").await.unwrap();
    store.clock.pass_ms(MINUTE);
    store.client_writes("Ирина", "Как хорошо").await;
    assert_eq!(store.automatic(chat).len(), 2);
}

#[tokio::test]
async fn who_waits_for_as_long_as_is_set_is_told_once_in_that_wait() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    store.sets_texts(only(AutomaticKind::NobodyAnswers)).await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.clock.pass_ms(10 * MINUTE - 1);
    store.looks().await;
    assert_eq!(store.automatic(chat), []);
    store.clock.pass_ms(1);
    store.looks().await;
    assert_eq!(store.automatic(chat), [AutomaticKind::NobodyAnswers]);
    for _ in 0..3 {
        store.clock.pass_ms(HOUR);
        store.client_writes("Ирина", "Ау").await;
        store.looks().await;
    }
    assert_eq!(store.automatic(chat).len(), 1);
    store.reply(anna, chat, "Слушаю").await.unwrap();
    store.clock.pass_ms(MINUTE);
    store.client_writes("Ирина", "Где заказ").await;
    store.clock.pass_ms(10 * MINUTE);
    store.looks().await;
    assert_eq!(store.automatic(chat).len(), 2, "another wait");
}

#[tokio::test]
async fn an_answer_that_is_committed_first_leaves_nobody_to_be_told() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    store.sets_texts(only(AutomaticKind::NobodyAnswers)).await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.clock.pass_ms(10 * MINUTE);
    type Piece<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;
    let answers: Piece<'_> = Box::pin(async {
        store.reply(anna, chat, "Слушаю").await.unwrap();
    });
    let looks: Piece<'_> = Box::pin(store.looks());
    store.in_one_commit(vec![answers, looks]).await;
    assert_eq!(store.story(chat), ["< Здравствуйте", "taken", "> Слушаю"]);
}

#[tokio::test]
async fn who_waited_before_it_was_turned_on_or_waits_outside_the_window_is_not_told() {
    let store = TestStore::new().await;
    let before = store.client_writes("Ирина", "Здравствуйте").await;
    store.clock.pass_ms(HOUR);
    store.sets_texts(only(AutomaticKind::NobodyAnswers)).await;
    let after = store.client_writes("Пётр", "Здравствуйте").await;
    store.clock.pass_ms(24 * HOUR);
    store.looks().await;
    assert_eq!(store.automatic(before), []);
    assert_eq!(store.automatic(after), [], "it would not arrive");
    // Changing the words is not turning it on.
    let late = store.client_writes("Олег", "Здравствуйте").await;
    let mut texts = only(AutomaticKind::NobodyAnswers);
    texts.nobody_answers.text = "Подождите".to_owned();
    store.sets_texts(texts).await;
    store.clock.pass_ms(10 * MINUTE);
    store.looks().await;
    assert_eq!(store.story(late), ["< Здравствуйте", "> Подождите"]);
}

#[tokio::test]
async fn many_who_wait_are_told_in_pieces_and_none_is_forgotten() {
    let store = TestStore::new().await;
    store.sets_texts(only(AutomaticKind::NobodyAnswers)).await;
    let n_clients = n_cases(150);
    for n in 0..n_clients {
        store
            .client_writes(&format!("Клиент {n}"), "Здравствуйте")
            .await;
    }
    store.clock.pass_ms(10 * MINUTE);
    store.looks().await;
    let sql = "SELECT count(*) FROM entries WHERE automatic = 'nobody_answers'";
    let n: u32 = store.file().query_row(sql, (), |row| row.get(0)).unwrap();
    assert_eq!(n, n_clients);
}

#[tokio::test]
async fn whose_chat_is_closed_is_told_once_in_its_period_and_spam_is_not() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let vera = store.supervisor("Вера").await;
    store.sets_texts(only(AutomaticKind::Closed)).await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Слушаю").await.unwrap();
    store.close_chat(anna, chat).await.unwrap();
    assert_eq!(
        store.story(chat),
        ["< Здравствуйте", "taken", "> Слушаю", "> Спасибо", "closed"]
    );
    assert_eq!(store.chat(chat).status, Status::Closed);
    store.clock.pass_ms(HOUR);
    store.client_writes("Ирина", "И вам").await;
    store.close_chat(anna, chat).await.unwrap();
    assert_eq!(store.automatic(chat).len(), 1);
    let spam = store.client_writes("Спам", "Кредит без справок").await;
    store.close_chat(vera, spam).await.unwrap();
    assert_eq!(store.story(spam), ["< Кредит без справок", "closed"]);
    // A day after the client wrote it would not arrive.
    let late = store.client_writes("Пётр", "Здравствуйте").await;
    store.reply(anna, late, "Слушаю").await.unwrap();
    store.clock.pass_ms(24 * HOUR);
    store.close_chat(anna, late).await.unwrap();
    assert_eq!(store.automatic(late), []);
}

#[tokio::test]
async fn it_is_no_answer_and_takes_nothing() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    store.sets_texts(all_on()).await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let greeted = store.chat(chat);
    assert_eq!(greeted.status, Status::Queued);
    assert_eq!(greeted.owner_id, None);
    assert_eq!(greeted.last_place, Place(2));
    assert_eq!(greeted.preview.as_ref().unwrap().text, "Здравствуйте");
    let since = store.waiting_since(chat);
    assert_eq!(since, Some(store.clock.now().0));
    store.clock.pass_ms(10 * MINUTE);
    store.looks().await;
    let told = store.chat(chat);
    assert_eq!(told.last_place, Place(3));
    assert_eq!(of_people(&told), of_people(&greeted));
    // Who had not seen it answers all the same, and is not held up by it.
    store
        .reply_having_seen(anna, chat, "Слушаю", Place(1))
        .await
        .unwrap();
    assert_eq!(store.waiting_since(chat), None);
    assert_eq!(store.chat(chat).owner_id, Some(anna));
    // What goes out goes out in the order in which it was said.
    let mut sent = Vec::new();
    while store.head().await.is_some() {
        let provider_id = format!("wamid.{}", sent.len());
        let sending = store.sends(accepted(&provider_id)).await;
        sent.push(sending.message.text.as_str().to_owned());
    }
    assert_eq!(sent, ["Здравствуйте, Ирина!", "Все заняты", "Слушаю"]);
}

#[tokio::test]
async fn one_that_fails_restores_nothing_and_one_that_arrives_after_all_answers_nothing() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    store.sets_texts(all_on()).await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let waits = store.chat(chat);
    store.sends(accepted("wamid.greeting")).await;
    store
        .status("wamid.greeting", Progress::Failed(failure()))
        .await;
    let text = "Здравствуйте, Ирина!";
    assert_eq!(store.state_of(chat, text), DeliveryState::Failed);
    assert_eq!(of_people(&store.chat(chat)), of_people(&waits));
    store.status("wamid.greeting", Progress::Delivered).await;
    assert_eq!(store.state_of(chat, text), DeliveryState::Delivered);
    assert_eq!(
        of_people(&store.chat(chat)),
        of_people(&waits),
        "waits since the old time"
    );

    store.reply(anna, chat, "Слушаю").await.unwrap();
    store.sends(accepted("wamid.reply")).await;
    store.close_chat(anna, chat).await.unwrap();
    let closed = store.chat(chat);
    store.sends(SendOutcome::Rejected(failure())).await;
    assert_eq!(store.state_of(chat, "Спасибо"), DeliveryState::Failed);
    assert_eq!(of_people(&store.chat(chat)), of_people(&closed));
    // The reply before it may fail still, and is no answer then.
    store.client_writes("Ирина", "Ещё вопрос").await;
    assert_eq!(store.chat(chat).status, Status::InWork);
}

#[tokio::test]
async fn a_client_that_answers_by_itself_gets_no_more_than_is_said() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let mut texts = all_on();
    texts.greeting.minutes = 60;
    texts.closed.minutes = 60;
    store.sets_texts(texts).await;
    let chat = store.client_writes("Автомат", "Вы написали нам").await;
    let mut answered = 1;
    for _ in 0..24 {
        // It answers each of ours within a second.
        let n = store.automatic(chat).len();
        if n == answered {
            store.clock.pass_ms(SECOND);
            store.client_writes("Автомат", "Вы написали нам").await;
            answered += 1;
            assert_eq!(
                store.automatic(chat).len(),
                n,
                "no text in answer to its own"
            );
        }
        store.clock.pass_ms(20 * MINUTE);
        store.looks().await;
        if store.chat(chat).status != Status::Closed {
            store.reply(anna, chat, "Кто там?").await.unwrap();
            store.close_chat(anna, chat).await.unwrap();
        }
        store.clock.pass_ms(20 * MINUTE);
        store.client_writes("Автомат", "Вы написали нам").await;
    }
    let of_a_day = store.automatic(chat).len();
    assert!(of_a_day <= 4, "{of_a_day}");
}

#[tokio::test]
async fn no_picture_is_taken_for_the_one_before() {
    let store = TestStore::new().await;
    store.sets_texts(all_on()).await;
    let picture = || {
        let mut message = store.text_of("Ирина", "");
        message.content = Content::Placeholder {
            kind: "image".to_owned(),
            caption: None,
            raw: "{}".to_owned(),
        };
        Fact::Message(message)
    };
    store.takes_in(vec![picture()]).await;
    store.clock.pass_ms(MINUTE);
    store.takes_in(vec![picture()]).await;
    store.clock.pass_ms(10 * MINUTE);
    store.looks().await;
    assert_eq!(
        store.automatic(store.chat_of("Ирина")),
        [AutomaticKind::Greeting, AutomaticKind::NobodyAnswers]
    );
}

#[tokio::test]
async fn a_text_that_cannot_be_sent_with_that_name_is_left_out() {
    let store = TestStore::new().await;
    store.sets_texts(only(AutomaticKind::Greeting)).await;
    let mut message = store.text_of("Ирина", "Здравствуйте");
    message.sender.name = Some("я".repeat(4_100));
    store.takes_in(vec![Fact::Message(message)]).await;
    let texts: Vec<_> = store.of_published(|published| {
        let entries = published
            .entries
            .values()
            .flat_map(|entries| entries.values());
        entries.map(|entry| entry.body.kind()).collect()
    });
    assert_eq!(texts, [pult_protocol::EntryKind::Inbound]);
}

#[tokio::test]
async fn of_two_who_change_the_texts_at_once_the_second_sees_the_firsts_first() {
    let store = TestStore::new().await;
    assert_eq!(
        store.automatic_texts().await.unwrap().value,
        AutomaticTexts::default()
    );
    let first = store
        .put_automatic_texts(Actor::CommandLine, 0, all_on())
        .await
        .unwrap();
    let second = store
        .put_automatic_texts(Actor::CommandLine, 0, AutomaticTexts::default())
        .await
        .unwrap();
    assert_eq!(first, Ok(1));
    assert_eq!(changed_meanwhile(second), 1);
    assert_eq!(store.automatic_texts().await.unwrap().value, all_on());
    // What was changed counts for the next message; so it does after a restart.
    store.client_writes("Ирина", "Здравствуйте").await;
    store.sets_texts(AutomaticTexts::default()).await;
    store.client_writes("Пётр", "Здравствуйте").await;
    let store = store.reopened().await;
    store.client_writes("Олег", "Здравствуйте").await;
    for (name, n) in [("Ирина", 1), ("Пётр", 0), ("Олег", 0)] {
        assert_eq!(store.automatic(store.chat_of(name)).len(), n, "{name}");
    }
}

fn words(words: &[&str], operator_id: OperatorId) -> DirectionRule {
    DirectionRule {
        words: words.iter().map(|&word| word.to_owned()).collect(),
        channel_ids: Vec::new(),
        numbers: Vec::new(),
        operator_id,
    }
}

#[tokio::test]
async fn a_rule_asks_for_somebodys_attention_and_gives_them_nothing() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    store
        .directs(vec![
            words(&["счёт", "акт"], anna),
            words(&["заказ"], boris),
        ])
        .await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    assert_eq!(store.chat(chat).suggested_owner_id, None);
    store.client_writes("Ирина", "Пришлите счет за заказ").await;
    let row = store.chat(chat);
    assert_eq!((row.status, row.owner_id), (Status::Queued, None));
    assert_eq!(row.suggested_owner_id, Some(anna), "the first rule counts");
    store.client_writes("Ирина", "Заказ 17").await;
    assert_eq!(store.chat(chat).suggested_owner_id, Some(anna), "it stays");
    // Anybody may take it; then it is for nobody any more.
    store.reply(boris, chat, "Слушаю").await.unwrap();
    assert_eq!(store.chat(chat).owner_id, Some(boris));
    assert_eq!(store.chat(chat).suggested_owner_id, None);
    store.client_writes("Ирина", "И акт").await;
    assert_eq!(
        store.chat(chat).suggested_owner_id,
        None,
        "it is somebody's"
    );
    let returned = Command::ReturnToQueue {
        chat_id: chat,
        seen_place: store.chat(chat).last_place,
    };
    store.asks(boris, returned).await.unwrap();
    store
        .client_writes("Ирина", "Что с моим заказом, то есть где заказ")
        .await;
    assert_eq!(
        store.chat(chat).suggested_owner_id,
        None,
        "who has put it back is not asked again"
    );
    store.client_writes("Ирина", "Счёт").await;
    assert_eq!(store.chat(chat).suggested_owner_id, Some(anna));
    let vera = store.supervisor("Вера").await;
    store.close_chat(vera, chat).await.unwrap();
    assert_eq!(store.chat(chat).suggested_owner_id, None);
}

#[tokio::test]
async fn a_rule_looks_at_channels_and_numbers_too() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let mut rule = words(&[], anna);
    rule.channel_ids = vec![store.channel];
    rule.numbers = vec!["7 900 *".to_owned()];
    store.directs(vec![rule]).await;
    for (name, phone, is_for_anna) in [
        ("Ирина", Some("79000000001"), true),
        ("Пётр", Some("74950000001"), false),
        ("Олег", None, false),
    ] {
        let mut message = store.text_of(name, "Здравствуйте");
        if let Some(phone) = phone {
            message.sender.identities.push(wa_id(phone));
        }
        message.sender.phone = phone.map(str::to_owned);
        store.takes_in(vec![Fact::Message(message)]).await;
        let suggested = store.chat(store.chat_of(name)).suggested_owner_id;
        assert_eq!(suggested, is_for_anna.then_some(anna), "{name}");
    }
}

#[tokio::test]
async fn who_is_deactivated_is_passed_over_and_their_marks_go() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    store
        .directs(vec![words(&["счёт"], anna), words(&["счёт"], boris)])
        .await;
    let chat = store.client_writes("Ирина", "Счёт").await;
    assert_eq!(store.chat(chat).suggested_owner_id, Some(anna));
    store.deactivate_operator(anna).await.unwrap();
    assert_eq!(store.chat(chat).suggested_owner_id, None);
    let other = store.client_writes("Пётр", "Счёт").await;
    assert_eq!(store.chat(other).suggested_owner_id, Some(boris));
}

#[tokio::test]
async fn a_message_and_what_it_leads_to_are_committed_or_not_together() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    store.sets_texts(all_on()).await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let refused = store.reply_having_seen(anna, chat, " ", Place(1)).await;
    assert_eq!(code(&refused), Code::TextEmpty);
    // One commit holds both: no reader has ever seen one without the other.
    let both = store.of_published(|published| {
        let of_chat =
            |set: &&pult_store::ChangeSet| set.chats.iter().any(|change| change.chat.id == chat);
        let set = published.sets.iter().find(of_chat).unwrap();
        set.chats[0].entries.len()
    });
    assert_eq!(both, 2);
    assert!(matches!(
        store.entries(chat)[1].body,
        EntryBody::Outbound { .. }
    ));
}

#[tokio::test]
async fn hours_go_by_the_companys_clock_as_it_is_set_now() {
    let store = TestStore::new().await;
    store.sets_texts(only(AutomaticKind::OutsideHours)).await;
    store.closes_in_a_minute().await;
    let told = store.client_writes("Ирина", "Здравствуйте").await;
    assert_eq!(store.automatic(told), []);
    // Two hours further east the day has ended already.
    store.goes_by_the_clock_of("Etc/GMT-2").await;
    let told = store.client_writes("Пётр", "Здравствуйте").await;
    assert_eq!(store.automatic(told), [AutomaticKind::OutsideHours]);
    store.goes_by_the_clock_of("UTC").await;
    let told = store.client_writes("Олег", "Здравствуйте").await;
    assert_eq!(store.automatic(told), []);
}

#[tokio::test]
async fn who_changes_rules_stands_in_the_log_and_the_same_again_is_no_change() {
    let store = TestStore::new().await;
    let vera = store.supervisor("Вера").await;
    let first = store.put_automatic_texts(vera.into(), 0, all_on()).await;
    assert_eq!(first.unwrap(), Ok(1));
    // Given again since the answer was lost, of what it was made of then.
    for of in [0, 1] {
        let again = store.put_automatic_texts(vera.into(), of, all_on()).await;
        assert_eq!(again.unwrap(), Ok(1));
    }
    let mut texts = all_on();
    texts.closed.text = "До свидания".to_owned();
    let second = store.put_automatic_texts(vera.into(), 1, texts).await;
    assert_eq!(second.unwrap(), Ok(2));
    let hours = WorkingHours {
        week: std::array::from_fn(|_| Vec::new()),
        exceptions: Vec::new(),
    };
    for hours in [Some(hours), None] {
        let revision = store.working_hours().await.unwrap().revision;
        let put = store.put_working_hours(vera.into(), revision, hours).await;
        assert!(put.unwrap().is_ok());
    }
    let same = store.put_working_hours(vera.into(), 0, None).await;
    assert_eq!(same.unwrap(), Ok(2));
    let hours = WorkingHours {
        week: std::array::from_fn(|_| Vec::new()),
        exceptions: Vec::new(),
    };
    let refused = store.put_working_hours(vera.into(), 0, Some(hours)).await;
    assert_eq!(changed_meanwhile(refused.unwrap()), 2);
    let entries = store.audit(AuditQuery::default()).await.unwrap().entries;
    let by_vera = entries.iter().filter(|entry| entry.by == Actor::from(vera));
    let mut acts: Vec<_> = by_vera.filter_map(|entry| entry.act.clone()).collect();
    acts.reverse();
    let hours_changed = |are_kept| Act::WorkingHoursChanged {
        are_kept,
        n_exceptions: 0,
    };
    assert_eq!(
        acts,
        [
            Act::AutomaticTextsChanged {
                kinds: AutomaticKind::ALL.to_vec()
            },
            Act::AutomaticTextsChanged {
                kinds: vec![AutomaticKind::Closed]
            },
            hours_changed(true),
            hours_changed(false),
        ]
    );
}

#[tokio::test]
async fn who_loses_the_right_before_their_change_is_written_changes_nothing() {
    let store = TestStore::new().await;
    let vera = store.supervisor("Вера").await;
    let sonya = store.supervisor("Соня").await;
    store.client_writes("Ирина", "Здравствуйте").await;
    let channel = store.channels().await.unwrap()[0].row.id;
    let no_more = OperatorChange::Role {
        was: Role::Supervisor,
        now: Role::Operator,
    };
    let changed = store.change_operator(Actor::CommandLine, vera, no_more);
    changed.await.unwrap().unwrap();
    let gone = OperatorChange::IsActive { now: false };
    let changed = store.change_operator(Actor::CommandLine, sonya, gone);
    changed.await.unwrap().unwrap();
    let n_acts = async || {
        let page = store.audit(AuditQuery::default()).await.unwrap();
        page.entries.len()
    };
    let n_before = n_acts().await;
    for somebody in [vera, sonya] {
        let by = Actor::from(somebody);
        let texts = store.put_automatic_texts(by, 0, all_on()).await;
        let hours = WorkingHours {
            week: std::array::from_fn(|_| Vec::new()),
            exceptions: Vec::new(),
        };
        let hours = store.put_working_hours(by, 0, Some(hours)).await;
        let rules = vec![words(&["опт"], vera)];
        let directions = store.put_directions(by, 0, rules).await;
        for refused in [texts, hours, directions] {
            assert_eq!(refused.unwrap().unwrap_err().code, Code::NotAllowed);
        }
        let phone = store.set_channel_phone(by, channel, "74955550100".to_owned());
        let refused = phone.await.unwrap().unwrap_err();
        assert_eq!(refused.code, Code::NotAllowed);
    }
    assert_eq!(store.automatic_texts().await.unwrap().revision, 0);
    assert_eq!(store.working_hours().await.unwrap().revision, 0);
    assert_eq!(store.directions().await.unwrap().revision, 0);
    assert_eq!(store.channels().await.unwrap()[0].row.phone, None);
    assert_eq!(n_acts().await, n_before);
}

#[tokio::test]
async fn a_chat_that_cannot_be_read_keeps_nobody_behind_it_from_being_told() {
    let store = TestStore::new().await;
    store.sets_texts(only(AutomaticKind::NobodyAnswers)).await;
    // More of them than are told in one piece of work.
    let mut spoilt = Vec::new();
    for n in 0..70 {
        let client = format!("Ирина {n}");
        spoilt.push(store.client_writes(&client, "Здравствуйте").await);
    }
    store.clock.pass_ms(SECOND);
    let chat = store.client_writes("Пётр", "Здравствуйте").await;
    let file = store.file();
    file.pragma_update(None, "ignore_check_constraints", true)
        .unwrap();
    for chat in &spoilt {
        let sql = "UPDATE chats SET status = 'nowhere' WHERE id = ?1";
        assert_eq!(file.execute(sql, (chat.0,)).unwrap(), 1);
    }
    store.clock.pass_ms(10 * MINUTE);
    store.looks().await;
    assert_eq!(store.automatic(chat), [AutomaticKind::NobodyAnswers]);
    // They are passed over for this wait, and not looked at with each second.
    let sql = "SELECT count(*) FROM chats WHERE told_waiting_at IS NULL";
    let n: i64 = store.file().query_row(sql, (), |row| row.get(0)).unwrap();
    assert_eq!(n, 0);
    for chat in &spoilt {
        let sql = "UPDATE chats SET status = 'queued' WHERE id = ?1";
        assert_eq!(file.execute(sql, (chat.0,)).unwrap(), 1);
        assert_eq!(store.automatic(*chat), []);
    }
}

//! Automatic texts and the direction of new chats, with the sandbox in WhatsApp's place as the judge of
//! what really went out, and clocks that the tests move.

use std::net::SocketAddr;
use std::time::Duration;

use pult_domain::{AutomaticKind, ChatId, OperatorId, Status};
use pult_protocol::{EntryBody, EntryRow};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use whatsapp_sandbox::{Clock, Config, Sandbox, Settings};

use crate::commands::{close, reply};
use crate::kit::{
    APP_SECRET, Answer, DEADLINE, NUMBER, Signed, TestBackend, VERIFY_TOKEN, http, soon,
};
use crate::life::sees;
use crate::panel::TestPanel;

const IRINA: &str = "79000000001";
const CANARY: &str = "79000000099";

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// All four, with times of their own.
fn all_on(greeting_minutes: u32, closed_minutes: u32) -> Value {
    let timed =
        |text: &str, minutes: u32| json!({ "is_on": true, "text": text, "minutes": minutes });
    json!({
        "greeting": timed("Здравствуйте, {клиент}!", greeting_minutes),
        "outside_hours": { "is_on": true, "text": "Нас нет на месте" },
        "nobody_answers": timed("Все заняты", 10),
        "closed": timed("Спасибо", closed_minutes),
    })
}

/// The backend with WhatsApp and the clients' phones.
struct Town {
    backend: TestBackend,
    _whatsapp: Sandbox,
    url: String,
    clock: Clock,
    http: reqwest::Client,
}

impl Town {
    async fn new() -> Self {
        let mut backend = TestBackend::prepare().await;
        let clock = Clock::default();
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            webhook: None,
            app_secret: APP_SECRET.to_owned(),
            verify_token: VERIFY_TOKEN.to_owned(),
            access_token: "the access token of the tests".to_owned(),
            phone_number_id: NUMBER.to_owned(),
            display_number: "74950000000".to_owned(),
            waba_id: "900800700".to_owned(),
            settings: Settings::default(),
            clock: clock.clone(),
            data: None,
        };
        let whatsapp = Sandbox::start(config).await.unwrap();
        let url = whatsapp.url();
        backend.add_number_at(&url).await;
        backend.serve().await;
        let town = Self {
            backend,
            _whatsapp: whatsapp,
            url,
            clock,
            http: http(),
        };
        town.connect().await;
        town
    }

    /// Tells WhatsApp where the backend is.
    async fn connect(&self) {
        let webhook = self.backend.url("/webhooks/whatsapp");
        self.control(Method::PUT, "webhook", json!({ "url": webhook }))
            .await;
    }

    async fn restart(&mut self) {
        self.backend.stop().await;
        self.backend.serve().await;
        self.connect().await;
    }

    fn advance(&self, time: Duration) {
        self.backend.clock.advance(time);
        self.clock
            .advance_ms(i64::try_from(time.as_millis()).unwrap());
    }

    async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/control/{path}", self.url);
        let request = self.http.request(method, url).json(&body);
        let answer = Answer::of(request).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    async fn phone(&self, number: &str, name: &str) {
        let phone = json!({ "number": number, "name": name });
        self.control(Method::POST, "phones", phone).await;
    }

    async fn writes(&self, number: &str, text: &str) -> ChatId {
        let path = format!("phones/{number}/messages");
        self.control(Method::POST, &path, json!({ "text": text }))
            .await;
        self.idle().await;
        self.backend.chat_of(number)
    }

    /// Waits until no webhook and no status is under way.
    async fn idle(&self) {
        let path = format!("idle?wait_ms={}", DEADLINE.as_millis());
        self.control(Method::GET, &path, json!({})).await;
    }

    /// What a phone has got, in its order.
    async fn received(&self, number: &str) -> Vec<String> {
        let path = format!("phones/{number}/received?after=0&wait_ms=0");
        let page = self.control(Method::GET, &path, json!({})).await;
        let messages = page["messages"].as_array().unwrap();
        for message in messages {
            assert_eq!(message["copies"], 1, "a double: {message}");
        }
        let text = |message: &Value| message["text"].as_str().unwrap().to_owned();
        messages.iter().map(text).collect()
    }

    /// Waits until a phone has got so many.
    async fn gets(&self, number: &str, n: usize) -> Vec<String> {
        let look = async {
            loop {
                let received = self.received(number).await;
                if received.len() >= n {
                    return received;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        soon("a phone gets what it waits for", look).await
    }

    /// Lets time pass, and waits until all who wait too long by then were looked at: a client of whom
    /// nobody has heard begins to wait before, and is told after everybody else.
    async fn time_passes(&self, time: Duration, canary: usize) {
        let number = format!("{CANARY}{canary:03}");
        self.phone(&number, "Канарейка").await;
        self.writes(&number, &format!("Ау {canary}")).await;
        self.advance(time);
        let got = self.gets(&number, 2).await;
        assert_eq!(got.last().unwrap(), "Все заняты");
        self.backend.all_sent().await;
        self.idle().await;
    }
}

impl Signed {
    async fn sets_texts(&self, texts: Value) -> Answer {
        let now = self.request(Method::GET, "/api/v1/automatic-texts").await;
        let body = json!({ "revision": now.json()["revision"], "texts": texts });
        self.send(Method::PUT, "/api/v1/automatic-texts", &body)
            .await
    }

    async fn directs(&self, rules: Value) -> Answer {
        let now = self.request(Method::GET, "/api/v1/directions").await;
        let body = json!({ "revision": now.json()["revision"], "rules": rules });
        self.send(Method::PUT, "/api/v1/directions", &body).await
    }
}

fn automatic(panel: &TestPanel, chat: ChatId) -> Vec<(AutomaticKind, EntryRow)> {
    let of_chat = panel.entries.iter().filter(|((of, _), _)| *of == chat);
    of_chat
        .filter_map(|(_, entry)| Some((entry.automatic?, entry.clone())))
        .collect()
}

#[tokio::test]
async fn settled_an_automatic_text_is_no_answer_and_takes_nothing() {
    let town = Town::new().await;
    let vera = town.backend.operator("vera").await;
    let anna = town.backend.operator("anna").await;
    assert_eq!(vera.sets_texts(all_on(60, 60)).await.status, 200);
    let mut annas = anna.panel().await;
    town.phone(IRINA, "Ирина").await;
    let chat = town.writes(IRINA, "Здравствуйте").await;
    assert_eq!(town.gets(IRINA, 1).await, ["Здравствуйте, Ирина!"]);
    // It is marked as automatic, is nobody's, and the client waits all the same.
    let is_as_before = |panel: &TestPanel| {
        let row = panel.chats.get(&chat)?;
        let waits = row.waiting_since.is_some() && row.status == Status::Queued;
        let shows = row
            .preview
            .as_ref()
            .is_some_and(|shown| shown.text == "Здравствуйте");
        Some(waits && shows && row.owner_id.is_none())
    };
    annas
        .until("the greeting", |panel| {
            !automatic(panel, chat).is_empty() && is_as_before(panel) == Some(true)
        })
        .await;
    let (kind, entry) = automatic(&annas, chat).remove(0);
    assert_eq!((kind, entry.author_id), (AutomaticKind::Greeting, None));
    assert!(matches!(entry.body, EntryBody::Outbound { .. }));
    town.time_passes(10 * MINUTE, 0).await;
    assert_eq!(town.received(IRINA).await.len(), 2);
    annas
        .until("that it was told", |panel| {
            automatic(panel, chat).len() == 2 && is_as_before(panel) == Some(true)
        })
        .await;
    // Who has not seen it answers all the same, and only then the client waits no more.
    annas.command(reply(chat, "Слушаю", 1)).await.unwrap();
    sees(&mut annas, chat, |row| {
        row.waiting_since.is_none() && row.owner_id == Some(anna.id)
    })
    .await;
    assert_eq!(
        town.gets(IRINA, 3).await,
        ["Здравствуйте, Ирина!", "Все заняты", "Слушаю"]
    );
}

#[tokio::test]
async fn each_goes_out_once_whatever_restarts_and_however_often_webhooks_come() {
    let mut town = Town::new().await;
    let vera = town.backend.operator("vera").await;
    assert_eq!(vera.sets_texts(all_on(24 * 60, 24 * 60)).await.status, 200);
    town.phone(IRINA, "Ирина").await;
    let doubled = json!({ "duplicate": true, "times": 0 });
    town.control(Method::POST, "faults/webhooks", doubled).await;
    let statuses = json!({ "statuses": { "duplicate": true, "reorder": true } });
    town.control(Method::PATCH, "settings", statuses).await;
    let chat = town.writes(IRINA, "Здравствуйте").await;
    for restart in 0..3 {
        town.restart().await;
        town.time_passes(11 * MINUTE, restart).await;
    }
    assert_eq!(
        town.received(IRINA).await,
        ["Здравствуйте, Ирина!", "Все заняты"]
    );
    let anna = town.backend.operator("anna").await;
    let mut annas = anna.panel().await;
    annas.command(reply(chat, "Слушаю", 3)).await.unwrap();
    annas.command(close(chat, 5)).await.unwrap();
    town.gets(IRINA, 4).await;
    town.restart().await;
    town.time_passes(11 * MINUTE, 3).await;
    assert_eq!(
        town.received(IRINA).await,
        ["Здравствуйте, Ирина!", "Все заняты", "Слушаю", "Спасибо"]
    );
}

#[tokio::test]
async fn a_client_who_is_answered_in_time_is_not_told() {
    let town = Town::new().await;
    let vera = town.backend.operator("vera").await;
    let mut texts = all_on(60, 60);
    texts["greeting"]["is_on"] = json!(false);
    assert_eq!(vera.sets_texts(texts.clone()).await.status, 200);
    town.phone(IRINA, "Ирина").await;
    let chat = town.writes(IRINA, "Здравствуйте").await;
    let mut annas = town.backend.operator("anna").await.panel().await;
    town.advance(9 * MINUTE);
    annas.command(reply(chat, "Слушаю", 1)).await.unwrap();
    texts["greeting"]["is_on"] = json!(true);
    assert_eq!(vera.sets_texts(texts).await.status, 200);
    town.time_passes(11 * MINUTE, 0).await;
    assert_eq!(town.received(IRINA).await, ["Слушаю"]);
}

#[tokio::test]
async fn outside_the_window_nothing_is_tried() {
    let town = Town::new().await;
    let vera = town.backend.operator("vera").await;
    assert_eq!(vera.sets_texts(all_on(60, 60)).await.status, 200);
    town.phone(IRINA, "Ирина").await;
    let chat = town.writes(IRINA, "Здравствуйте").await;
    let mut annas = town.backend.operator("anna").await.panel().await;
    annas.command(reply(chat, "Слушаю", 2)).await.unwrap();
    town.gets(IRINA, 2).await;
    town.backend.all_sent().await;
    town.advance(24 * HOUR);
    annas.command(close(chat, 4)).await.unwrap();
    town.time_passes(11 * MINUTE, 0).await;
    assert_eq!(
        town.received(IRINA).await,
        ["Здравствуйте, Ирина!", "Слушаю"]
    );
    let sql = "SELECT count(*) FROM deliveries WHERE state = 'failed'";
    assert_eq!(
        town.backend.count(sql),
        0,
        "and nothing that failed is shown"
    );
}

/// A phone that answers everything at once, the other's automatic texts too.
#[tokio::test]
async fn an_automaton_that_answers_everything_at_once_gets_a_bounded_number_of_texts() {
    let town = Town::new().await;
    let vera = town.backend.operator("vera").await;
    let anna = town.backend.operator("anna").await;
    // The shortest periods that there are.
    assert_eq!(vera.sets_texts(all_on(60, 60)).await.status, 200);
    let mut annas = anna.panel().await;
    town.phone(IRINA, "Автомат").await;
    let mut chat = town.writes(IRINA, "Вы написали в магазин").await;
    let (mut n_answered, mut n_canary) = (0, 0);
    for _ in 0..5 {
        // It answers until nothing comes any more.
        loop {
            town.backend.all_sent().await;
            let n = town.received(IRINA).await.len();
            if n == n_answered {
                break;
            }
            while n_answered < n {
                n_answered += 1;
                chat = town.writes(IRINA, "Вы написали в магазин").await;
            }
        }
        town.time_passes(11 * MINUTE, n_canary).await;
        n_canary += 1;
        let seen = annas_place(&town, chat);
        annas.command(reply(chat, "Кто там?", seen)).await.unwrap();
        annas
            .command(close(chat, annas_place(&town, chat)))
            .await
            .unwrap();
        town.advance(61 * MINUTE);
        town.writes(IRINA, "Вы написали в магазин").await;
    }
    town.backend.all_sent().await;
    let received = town.received(IRINA).await;
    let n_automatic = received.iter().filter(|text| *text != "Кто там?").count();
    assert!(
        (1..=pult_domain::automatic::MAX_A_DAY).contains(&n_automatic),
        "{received:?}"
    );
}

/// The chat's newest place.
fn annas_place(town: &Town, chat: ChatId) -> i64 {
    let sql = "SELECT last_place FROM chats WHERE id = ?1";
    let db = town.backend.db();
    db.query_row(sql, [chat.0], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_rule_marks_a_new_chat_for_somebody_and_everybody_sees_it_in_the_queue() {
    let town = Town::new().await;
    let vera = town.backend.operator("vera").await;
    let anna = town.backend.operator("anna").await;
    let boris = town.backend.operator("boris").await;
    let rule = json!([{
        "words": ["счёт"], "channel_ids": [], "numbers": ["7900*"], "operator_id": anna.id,
    }]);
    assert_eq!(vera.directs(rule).await.status, 200);
    town.phone(IRINA, "Ирина").await;
    let chat = town.writes(IRINA, "Выставьте счет, пожалуйста").await;
    for operator in [&anna, &boris] {
        let mut panel = operator.panel().await;
        sees(&mut panel, chat, |row| {
            row.status == Status::Queued && row.suggested_owner_id == Some(anna.id)
        })
        .await;
    }
    let mut boriss = boris.panel().await;
    boriss.command(reply(chat, "Сделаю", 1)).await.unwrap();
    sees(&mut boriss, chat, |row| {
        row.owner_id == Some(boris.id) && row.suggested_owner_id.is_none()
    })
    .await;
}

#[tokio::test]
async fn which_rule_would_take_a_message_can_be_tried_before_anything_is_kept() {
    let backend = TestBackend::start().await;
    let vera = backend.operator("vera").await;
    let anna = backend.operator("anna").await;
    let boris = backend.operator("boris").await;
    let store = backend.as_administrator();
    store.deactivate_operator(anna.id).await.unwrap();
    store.close().await;
    let rule = |word: &str, operator: OperatorId| json!({ "words": [word], "channel_ids": [], "numbers": [], "operator_id": operator });
    let trial = |text: &str| {
        json!({
            "rules": [rule("счет", anna.id), rule("акт", vera.id), rule("счёт", boris.id)],
            "text": text, "channel_id": uuid::Uuid::now_v7(), "phone": "+7 900 000-00-01",
        })
    };
    for (text, rule, operator, passed_over) in [
        ("Нужен счёт", json!(2), json!(boris.id), json!([0])),
        ("Нужен акт", json!(1), json!(vera.id), json!([])),
        ("Здравствуйте", Value::Null, Value::Null, json!([])),
    ] {
        let answer = vera
            .send(Method::POST, "/api/v1/directions/trial", &trial(text))
            .await;
        let found = json!({ "rule": rule, "operator_id": operator, "passed_over": passed_over });
        assert_eq!((answer.status, answer.json()), (200, found), "{text}");
    }
    let kept = vera.request(Method::GET, "/api/v1/directions").await;
    assert_eq!(kept.json(), json!({ "revision": 0, "rules": [] }));
}

fn hours() -> Value {
    let day = json!([{ "from": 540, "until": 1080 }]);
    json!({
        "week": [day, day, day, day, day, [], []],
        "exceptions": [{ "from": "2026-12-31", "until": "2027-01-08", "hours": [], "name": "" }],
    })
}

fn rules(operator: OperatorId) -> Value {
    json!([{ "words": ["счёт"], "channel_ids": [], "numbers": [], "operator_id": operator }])
}

#[rstest]
#[case::texts("automatic-texts", "texts")]
#[case::hours("working-hours", "hours")]
#[case::directions("directions", "rules")]
#[tokio::test]
async fn supervisors_change_them_and_nobody_overwrites_what_they_have_not_seen(
    #[case] what: &str,
    #[case] field: &str,
) {
    let backend = TestBackend::start().await;
    let vera = backend.operator("vera").await;
    let anna = backend.operator("anna").await;
    let path = format!("/api/v1/{what}");
    let value = match field {
        "texts" => all_on(60, 60),
        "hours" => hours(),
        _ => rules(anna.id),
    };
    let change = |revision: i64| json!({ "revision": revision, field: value });
    anna.request(Method::GET, &path)
        .await
        .refuses(403, "not_allowed");
    let put = anna.send(Method::PUT, &path, &change(0)).await;
    put.refuses(403, "not_allowed");
    assert_eq!(vera.request(Method::GET, &path).await.json()["revision"], 0);
    let put = vera.send(Method::PUT, &path, &change(0)).await;
    assert_eq!((put.status, put.json()), (200, change(1)));
    assert_eq!(vera.request(Method::GET, &path).await.json(), change(1));
    // The same again, as after an answer that was lost.
    let again = vera.send(Method::PUT, &path, &change(0)).await;
    assert_eq!((again.status, again.json()), (200, change(1)));
    let other = match field {
        "texts" => all_on(90, 60),
        "hours" => Value::Null,
        _ => json!([]),
    };
    let other = json!({ "revision": 0, field: other });
    let late = vera.send(Method::PUT, &path, &other).await;
    let details = late.refuses(409, "changed_meanwhile")["details"].clone();
    assert_eq!(details, json!({ "revision": 1 }));
    vera.send(Method::PUT, &path, &json!({ "revision": 1 }))
        .await
        .refuses(400, "malformed");
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_and_says_why() {
    let backend = TestBackend::start().await;
    let vera = backend.operator("vera").await;
    let spoil = |mut value: Value, pointer: &str, with: Value| {
        *value.pointer_mut(pointer).unwrap() = with;
        value
    };
    let texts = |pointer, with| {
        let texts = spoil(all_on(60, 60), pointer, with);
        ("automatic-texts", json!({ "revision": 0, "texts": texts }))
    };
    let hours = |pointer, with| {
        let hours = spoil(hours(), pointer, with);
        ("working-hours", json!({ "revision": 0, "hours": hours }))
    };
    let rules = |pointer, with| {
        let rules = spoil(rules(vera.id), pointer, with);
        ("directions", json!({ "revision": 0, "rules": rules }))
    };
    for ((what, body), status, code) in [
        (texts("/greeting/text", json!(" ")), 422, "text_empty"),
        (
            texts("/closed/text", json!("я".repeat(1_001))),
            422,
            "text_too_long",
        ),
        (texts("/greeting/minutes", json!(59)), 400, "malformed"),
        (hours("/week/0/0/until", json!(1441)), 400, "malformed"),
        (
            hours("/exceptions/0/from", json!("2027-02-30")),
            400,
            "malformed",
        ),
        (rules("/0/words", json!([])), 400, "malformed"),
    ] {
        let path = format!("/api/v1/{what}");
        vera.send(Method::PUT, &path, &body)
            .await
            .refuses(status, code);
        assert_eq!(vera.request(Method::GET, &path).await.json()["revision"], 0);
    }
}

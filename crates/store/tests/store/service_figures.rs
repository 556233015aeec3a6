//! The figures for supervisors are what a plain recount of the chats finds.

use std::collections::BTreeMap;

use proptest::prelude::*;
use pult_domain::provider::{Fact, Progress};
use pult_domain::{ChatId, IntegrationId, OperatorId, Timestamp};
use pult_protocol::{AnswerTimes, ChannelKind, Command, FigureSet};
use pult_store::{Asking, ClockOffset, FiguresAsked, NewIntegration, ServiceFigures};

use crate::kit::{
    MORNING, NUMBER, TestStore, about, accepted, envelope, failure, n_cases, number, reply,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MINUTE_MS: i64 = 60_000;

/// A second number of the company.
const OTHER_NUMBER: &str = "100000000000002";

const CLIENTS: [&str; 3] = ["Ирина", "Пётр", "Олег"];

/// In which property test the clock begins, and three days before and after.
fn first_day() -> i64 {
    MORNING.0.div_euclid(DAY_MS) - 3
}

fn asked() -> FiguresAsked {
    FiguresAsked {
        first_day: first_day(),
        n_days: 7,
        offsets: Vec::new(),
        within_ms: 5 * 60_000,
        channel: None,
        operator: None,
    }
}

async fn figures(store: &TestStore, asked: &FiguresAsked) -> ServiceFigures {
    store.service_figures(asked.clone()).await.unwrap().unwrap()
}

/// A line of a chat as it stands in the file.
#[derive(Debug, Clone)]
struct Line {
    chat: i64,
    channel: i64,
    kind: String,
    author: Option<i64>,
    came_at: i64,
    wrote_at: i64,
    state: String,
    notice: serde_json::Value,
    /// The operators' ids by key are in the notices only.
    keys: BTreeMap<String, i64>,
}

impl Line {
    fn what(&self) -> &str {
        self.notice["what"].as_str().unwrap_or_default()
    }

    fn stands(&self) -> bool {
        self.kind == "outbound" && self.author.is_some() && self.state != "failed"
    }

    /// Whether nobody waits behind it.
    fn ends_waiting(&self) -> bool {
        self.stands() || ["closed", "no_answer_needed"].contains(&self.what())
    }
}

fn lines(file: &rusqlite::Connection) -> Vec<Line> {
    let mut keys = BTreeMap::new();
    let mut operators = file.prepare("SELECT id, key FROM operators").unwrap();
    let mut rows = operators.query(()).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let id: uuid::Uuid = row.get(0).unwrap();
        keys.insert(id.to_string(), row.get(1).unwrap());
    }
    let mut lines = file
        .prepare(
            "SELECT e.chat, c.channel, e.kind, e.author, e.received_at, e.sent_at,
                    coalesce(d.state, ''), coalesce(n.notice, 'null')
             FROM entries e JOIN chats c ON c.key = e.chat
             LEFT JOIN deliveries d ON d.entry = e.key LEFT JOIN notices n ON n.entry = e.key
             ORDER BY e.chat, e.place",
        )
        .unwrap();
    let lines = lines.query_map((), |row| {
        Ok(Line {
            chat: row.get(0)?,
            channel: row.get(1)?,
            kind: row.get(2)?,
            author: row.get(3)?,
            came_at: row.get(4)?,
            wrote_at: row.get(5)?,
            state: row.get(6)?,
            notice: serde_json::from_str(&row.get::<_, String>(7)?).unwrap(),
            keys: keys.clone(),
        })
    });
    lines.unwrap().map(Result::unwrap).collect()
}

/// What a line is worth to the figures: whose it is, and how it is called.
#[derive(Debug)]
struct Event {
    at: i64,
    channel: i64,
    operator: i64,
    name: &'static str,
    waited: i64,
}

/// Looks at every line by itself, and back from it.
fn events(lines: &[Line]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut answers: Vec<usize> = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let before: Vec<(usize, &Line)> = lines[..n]
            .iter()
            .enumerate()
            .rev()
            .take_while(|(_, earlier)| earlier.chat == line.chat)
            .collect();
        let mut note = |operator: i64, name, waited| {
            events.push(Event {
                at: line.came_at,
                channel: line.channel,
                operator,
                name,
                waited,
            });
        };
        if line.kind == "inbound" {
            let name = match before.first() {
                None => "new",
                Some((_, last)) if last.what().starts_with("came_back") => "back",
                Some(_) => "message",
            };
            note(owner(&before), name, 0);
        } else if line.what() == "closed" {
            note(line.author.unwrap_or(0), "closed", 0);
        } else if line.stands() {
            let waits = before.iter().take_while(|(_, line)| !line.ends_waiting());
            let waits = waits.filter(|(_, line)| line.kind == "inbound");
            let since = waits.map(|(_, line)| line.wrote_at.min(line.came_at)).min();
            let Some(since) = since else { continue };
            let mut talk = before
                .iter()
                .take_while(|(_, line)| line.what() != "closed");
            let is_first = !talk.any(|(n, _)| answers.contains(n));
            let name = if is_first { "first" } else { "next" };
            note(line.author.unwrap(), name, (line.came_at - since).max(0));
            answers.push(n);
        }
    }
    events
}

/// Whose the chat is, by the newest of these notices that says so.
fn owner(before: &[(usize, &Line)]) -> i64 {
    for (_, line) in before {
        let owner = match line.what() {
            "taken" => "by",
            "transferred" | "assigned" => "to",
            "reopened" | "came_back" => "owner",
            "returned" | "reopened_to_queue" | "came_back_to_queue" | "owner_deactivated" => {
                return 0;
            }
            _ => continue,
        };
        return line.keys[line.notice[owner].as_str().unwrap()];
    }
    0
}

fn set(events: &[&Event], within_ms: i64) -> FigureSet {
    let n = |names: &[&str]| {
        let named = events.iter().filter(|event| names.contains(&event.name));
        u32::try_from(named.count()).unwrap()
    };
    let times = |name| {
        let named = events.iter().filter(|event| event.name == name);
        let mut waits: Vec<i64> = named.map(|event| event.waited).collect();
        waits.sort_unstable();
        let n = waits.len();
        let ms = |ms: &i64| u64::try_from(*ms).unwrap();
        AnswerTimes {
            n: u32::try_from(n).unwrap(),
            n_within: u32::try_from(waits.iter().filter(|ms| **ms <= within_ms).count()).unwrap(),
            median_ms: waits.get(n.saturating_sub(1) / 2).map(ms),
            p90_ms: waits.get((n * 9).div_ceil(10).saturating_sub(1)).map(ms),
            mean_ms: (n > 0).then(|| ms(&(waits.iter().sum::<i64>() / i64::try_from(n).unwrap()))),
        }
    };
    FigureSet {
        n_messages: n(&["new", "back", "message"]),
        n_arrivals: n(&["new", "back"]),
        n_new: n(&["new"]),
        n_closed: n(&["closed"]),
        first_answers: times("first"),
        next_answers: times("next"),
    }
}

fn ahead(asked: &FiguresAsked, at: i64) -> i64 {
    let mut past = asked.offsets.iter().filter(|offset| offset.from.0 <= at);
    past.next_back().map_or(0, |offset| offset.ahead_ms)
}

/// The same figures, from what stands in the chats.
fn recounted(file: &rusqlite::Connection, asked: &FiguresAsked) -> ServiceFigures {
    let key = |sql: &str, id: Option<uuid::Uuid>| -> Option<i64> {
        id.map(|id| file.query_row(sql, (id,), |row| row.get(0)).unwrap())
    };
    let channel = key(
        "SELECT key FROM channels WHERE id = ?1",
        asked.channel.map(|id| id.0),
    );
    let operator = key(
        "SELECT key FROM operators WHERE id = ?1",
        asked.operator.map(|id| id.0),
    );
    let last_day = asked.first_day + i64::try_from(asked.n_days).unwrap();
    let day = |event: &Event| (event.at + ahead(asked, event.at)).div_euclid(DAY_MS);
    let hour = |event: &Event| (event.at + ahead(asked, event.at)).rem_euclid(DAY_MS) / 3_600_000;
    let events = events(&lines(file));
    let events: Vec<&Event> = events
        .iter()
        .filter(|event| (asked.first_day..last_day).contains(&day(event)))
        .filter(|event| channel.is_none_or(|key| key == event.channel))
        .filter(|event| operator.is_none_or(|key| key == event.operator))
        .collect();
    let within_ms = i64::try_from(asked.within_ms).unwrap();
    let those = |is: &dyn Fn(&Event) -> bool| {
        let those: Vec<&Event> = events.iter().copied().filter(|event| is(event)).collect();
        set(&those, within_ms)
    };
    let mut by_operator: BTreeMap<i64, Option<OperatorId>> = BTreeMap::new();
    for event in &events {
        let sql = "SELECT id FROM operators WHERE key = ?1";
        let id = file.query_row(sql, (event.operator,), |row| row.get(0));
        by_operator.insert(event.operator, id.ok().map(OperatorId));
    }
    ServiceFigures {
        total: set(&events, within_ms),
        by_day: (asked.first_day..last_day)
            .map(|of| those(&|event| day(event) == of))
            .collect(),
        by_hour: (0..24)
            .map(|of| those(&|event| hour(event) == of))
            .collect(),
        by_operator: by_operator
            .into_iter()
            .map(|(key, id)| (id, those(&|event| event.operator == key)))
            .collect(),
    }
}

/// Something that may happen; who and which are taken from what there is.
#[derive(Debug, Clone, Copy)]
enum Step {
    Passes {
        ms: i64,
    },
    Writes {
        client: usize,
        number: usize,
        earlier_ms: i64,
    },
    Asks {
        asker: Asker,
        chat: usize,
        ask: Ask,
    },
    IsDeactivated {
        who: usize,
    },
    IsSent,
    /// Of a reply that was sent.
    Fails {
        nth: usize,
    },
    /// Of a reply that was sent, perhaps after it had failed.
    IsRead {
        nth: usize,
    },
}

#[derive(Debug, Clone, Copy)]
enum Asker {
    Person(usize),
    Program,
    ProgramFor(usize),
}

#[derive(Debug, Clone, Copy)]
enum Ask {
    Reply,
    Close,
    Reopen,
    Return,
    Transfer { to: usize },
    NoAnswerNeeded,
    Comment,
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..4_usize;
    let asker = prop_oneof![
        9 => who().prop_map(Asker::Person),
        1 => Just(Asker::Program),
        1 => who().prop_map(Asker::ProgramFor),
    ];
    let ask = prop_oneof![
        9 => Just(Ask::Reply),
        3 => Just(Ask::Close),
        1 => Just(Ask::Reopen),
        1 => Just(Ask::Return),
        1 => who().prop_map(|to| Ask::Transfer { to }),
        1 => Just(Ask::NoAnswerNeeded),
        1 => Just(Ask::Comment),
    ];
    prop_oneof![
        6 => prop_oneof![0..20 * MINUTE_MS, 0..DAY_MS / 2, -2 * MINUTE_MS..0]
            .prop_map(|ms| Step::Passes { ms }),
        8 => (0..3_usize, 0..2_usize, prop_oneof![Just(0), -MINUTE_MS..5 * MINUTE_MS])
            .prop_map(|(client, number, earlier_ms)| Step::Writes { client, number, earlier_ms }),
        17 => (asker, 0..6_usize, ask)
            .prop_map(|(asker, chat, ask)| Step::Asks { asker, chat, ask }),
        1 => who().prop_map(|who| Step::IsDeactivated { who }),
        5 => Just(Step::IsSent),
        3 => (0..6_usize).prop_map(|nth| Step::Fails { nth }),
        2 => (0..6_usize).prop_map(|nth| Step::IsRead { nth }),
    ]
}

struct Company {
    store: TestStore,
    people: Vec<OperatorId>,
    program: IntegrationId,
    /// The provider's ids of replies that were sent, newest first.
    sent: Vec<String>,
}

impl Company {
    async fn new() -> Self {
        let store = TestStore::new().await;
        let mut other = number(OTHER_NUMBER);
        other.name = "Второй номер".to_owned();
        store.put_channel(other).await.unwrap();
        let people = vec![
            store.supervisor("Соня").await,
            store.operator("Анна").await,
            store.operator("Борис").await,
            store.operator("Вера").await,
        ];
        let integration = NewIntegration {
            name: "Учёт".to_owned(),
            key_hash: [7; 32],
        };
        let program = store.add_integration(integration).await.unwrap().unwrap();
        Self {
            store,
            people,
            program,
            sent: Vec::new(),
        }
    }

    /// The chat of that number, of those that there are.
    fn chat(&self, nth: usize) -> Option<ChatId> {
        self.store.of_published(|published| {
            let n = published.chats.len();
            published.chats.keys().nth(nth % n.max(1)).copied()
        })
    }

    async fn happens(&mut self, step: &Step) {
        let store = &self.store;
        match *step {
            Step::Passes { ms } => store.clock.pass_ms(ms),
            Step::Writes {
                client,
                number,
                earlier_ms,
            } => {
                let mut message = store.text_of(CLIENTS[client], "Вопрос");
                message.sent_at = message.sent_at.plus_ms(-earlier_ms);
                let number = [NUMBER, OTHER_NUMBER][number];
                let facts = about(number, vec![Fact::Message(message)]);
                let taken = store.ingest(ChannelKind::Whatsapp, b"{}".to_vec(), Some(facts));
                taken.await.unwrap();
            }
            Step::Asks { asker, chat, ask } => {
                let Some(chat) = self.chat(chat) else { return };
                let command = envelope(self.command(chat, ask));
                drop(store.command(self.asking(asker), command).await.unwrap());
            }
            Step::IsDeactivated { who } => {
                store.deactivate_operator(self.people[who]).await.unwrap();
            }
            Step::IsSent => {
                let heads = store.lane_heads().await.unwrap();
                let Some(head) = heads.first() else { return };
                let provider_id = format!("wamid.out.{}", head.delivery);
                store.begin_sending(head.delivery).await.unwrap();
                let outcome = accepted(&provider_id);
                store.finish_sending(head.delivery, outcome).await.unwrap();
                self.sent.insert(0, provider_id);
            }
            Step::Fails { nth } => self.progresses(nth, Progress::Failed(failure())).await,
            Step::IsRead { nth } => self.progresses(nth, Progress::Read).await,
        }
    }

    fn asking(&self, asker: Asker) -> Asking {
        match asker {
            Asker::Person(who) => Asking::Operator(self.people[who]),
            Asker::Program => Asking::Integration {
                id: self.program,
                on_behalf_of: None,
            },
            Asker::ProgramFor(who) => Asking::Integration {
                id: self.program,
                on_behalf_of: Some(self.people[who]),
            },
        }
    }

    /// What somebody asks for who has seen all there is.
    fn command(&self, chat_id: ChatId, ask: Ask) -> Command {
        let seen_place = self.store.chat(chat_id).last_place;
        match ask {
            Ask::Reply => reply(chat_id, "Ответ", seen_place),
            Ask::Close => Command::Close {
                chat_id,
                seen_place,
            },
            Ask::Reopen => Command::Reopen {
                chat_id,
                seen_place,
            },
            Ask::Return => Command::ReturnToQueue {
                chat_id,
                seen_place,
            },
            Ask::Transfer { to } => Command::Transfer {
                chat_id,
                to: self.people[to],
                note: None,
                seen_place,
            },
            Ask::NoAnswerNeeded => Command::NoAnswerNeeded {
                chat_id,
                seen_place,
            },
            Ask::Comment => Command::Comment {
                chat_id,
                text: "Между нами".to_owned(),
                mentions: Vec::new(),
                seen_place,
            },
        }
    }

    async fn progresses(&self, nth: usize, progress: Progress) {
        let Some(provider_id) = self.sent.get(nth) else {
            return;
        };
        for number in [NUMBER, OTHER_NUMBER] {
            let fact = crate::kit::status(provider_id, None, progress.clone());
            let facts = about(number, vec![fact]);
            let kind = ChannelKind::Whatsapp;
            let taken = self.store.ingest(kind, b"{}".to_vec(), Some(facts));
            taken.await.unwrap();
        }
    }

    /// What can be asked for.
    fn questions(&self) -> Vec<FiguresAsked> {
        let hours = |n: i64| n * 3_600_000;
        let offset = |from, ahead_ms| ClockOffset {
            from: Timestamp(from),
            ahead_ms,
        };
        vec![
            asked(),
            // A clock that is put back in the middle of the period, by half an hour.
            FiguresAsked {
                offsets: vec![
                    offset(i64::MIN, hours(11)),
                    offset(MORNING.0 + hours(5) + 7, hours(11) - hours(1) / 2),
                ],
                ..asked()
            },
            FiguresAsked {
                offsets: vec![offset(i64::MIN, -hours(12))],
                first_day: first_day() + 3,
                n_days: 1,
                within_ms: 60_000,
                ..asked()
            },
            FiguresAsked {
                channel: Some(self.store.channel),
                ..asked()
            },
            FiguresAsked {
                operator: Some(self.people[1]),
                ..asked()
            },
        ]
    }

    async fn check(&self) {
        let file = self.store.file();
        for asked in self.questions() {
            assert_eq!(figures(&self.store, &asked).await, recounted(&file, &asked));
        }
        self.check_waiting(&file);
    }

    /// Who waits by the recount waits by the chat, since the same time.
    fn check_waiting(&self, file: &rusqlite::Connection) {
        let lines = lines(file);
        let mut chats = file
            .prepare("SELECT key, waiting_since FROM chats")
            .unwrap();
        let mut rows = chats.query(()).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (chat, since): (i64, Option<i64>) = (row.get(0).unwrap(), row.get(1).unwrap());
            let of_chat = lines.iter().rev().filter(|line| line.chat == chat);
            let unanswered = of_chat.take_while(|line| !line.ends_waiting());
            let unanswered = unanswered.filter(|line| line.kind == "inbound");
            let recounted = unanswered.map(|line| line.wrote_at.min(line.came_at)).min();
            assert_eq!(
                since, recounted,
                "since when the client of chat {chat} waits"
            );
        }
    }
}

async fn figures_are_what_a_recount_finds(history: Vec<Step>) {
    let mut company = Company::new().await;
    for step in &history {
        company.happens(step).await;
    }
    company.check().await;
    // The file comes from before there were figures.
    company
        .store
        .file()
        .execute_batch(
            "UPDATE store SET is_counted = 0;
             UPDATE counted SET events = x'00';
             UPDATE chats SET is_talk_answered = 0;
             UPDATE deliveries SET waiting_since_before = NULL, is_talk_answered_before = 0;",
        )
        .unwrap();
    company.store = company.store.reopened().await;
    company.check().await;
    // And goes on as if it had always had some.
    for step in history.iter().rev() {
        company.happens(step).await;
    }
    company.check().await;
}

fn on_a_runtime(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(n_cases(24)))]

    #[test]
    fn figures_equal_a_recount(history in prop::collection::vec(step(), 1..60)) {
        on_a_runtime(figures_are_what_a_recount_finds(history));
    }
}

/// Анна has answered Ирина, who had waited for a minute.
async fn answered() -> (TestStore, OperatorId, ChatId) {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.clock.pass_ms(MINUTE_MS);
    store.reply(anna, chat, "Слушаю").await.unwrap();
    (store, anna, chat)
}

async fn total(store: &TestStore) -> FigureSet {
    figures(store, &asked()).await.total
}

#[tokio::test]
async fn what_a_client_and_an_operator_do_is_counted() {
    let (store, anna, chat) = answered().await;
    store.clock.pass_ms(MINUTE_MS);
    // Two messages in a row are one wait, two replies in a row one answer.
    store.client_writes("Ирина", "Сколько стоит?").await;
    store.clock.pass_ms(10_000);
    store.client_writes("Ирина", "И когда привезёте?").await;
    store.clock.pass_ms(10 * MINUTE_MS);
    store.reply(anna, chat, "Сто рублей").await.unwrap();
    store.reply(anna, chat, "Завтра").await.unwrap();
    store.close_chat(anna, chat).await.unwrap();
    let figures = figures(&store, &asked()).await;
    let expected = FigureSet {
        n_messages: 3,
        n_arrivals: 1,
        n_new: 1,
        n_closed: 1,
        first_answers: AnswerTimes {
            n: 1,
            n_within: 1,
            median_ms: Some(60_000),
            p90_ms: Some(60_000),
            mean_ms: Some(60_000),
        },
        next_answers: AnswerTimes {
            n: 1,
            n_within: 0,
            median_ms: Some(610_000),
            p90_ms: Some(610_000),
            mean_ms: Some(610_000),
        },
    };
    assert_eq!(figures.total, expected);
    assert_eq!(figures.by_day[3], expected);
    assert_eq!(figures.by_day[2], FigureSet::default());
    // The first message stood in the queue, where it was nobody's.
    let who: Vec<_> = figures
        .by_operator
        .iter()
        .map(|(id, of)| (*id, of.n_messages, of.first_answers.n, of.n_closed))
        .collect();
    assert_eq!(who, [(None, 1, 0, 0), (Some(anna), 2, 1, 1)]);
}

#[tokio::test]
async fn a_reply_that_fails_for_good_was_no_answer_and_the_next_one_is_measured_from_the_old_time()
{
    let (store, anna, chat) = answered().await;
    store.sends(accepted("wamid.A")).await;
    store.status("wamid.A", Progress::Failed(failure())).await;
    assert_eq!(total(&store).await.first_answers, AnswerTimes::default());
    store.clock.pass_ms(MINUTE_MS);
    store.reply(anna, chat, "Слышно меня?").await.unwrap();
    let first = total(&store).await.first_answers;
    assert_eq!((first.n, first.median_ms), (1, Some(120_000)));
    // It had arrived after all: the other one was said on top.
    store.status("wamid.A", Progress::Delivered).await;
    let figures = total(&store).await;
    assert_eq!(
        (figures.first_answers.n, figures.first_answers.median_ms),
        (1, Some(60_000))
    );
    assert_eq!(figures.next_answers.n, 0);
}

#[tokio::test]
async fn the_reply_behind_one_that_failed_is_the_answer() {
    let (store, anna, chat) = answered().await;
    store.sends(accepted("wamid.A")).await;
    store.clock.pass_ms(MINUTE_MS);
    store.reply(anna, chat, "Вы ещё здесь?").await.unwrap();
    assert_eq!(total(&store).await.first_answers.median_ms, Some(60_000));
    store.status("wamid.A", Progress::Failed(failure())).await;
    let first = total(&store).await.first_answers;
    assert_eq!((first.n, first.median_ms), (1, Some(120_000)));
}

#[tokio::test]
async fn what_failed_and_was_answered_in_one_commit_is_counted_as_if_it_were_in_two() {
    let (store, anna, chat) = answered().await;
    store.sends(accepted("wamid.A")).await;
    let seen = store.chat(chat).last_place;
    let fails: std::pin::Pin<Box<dyn Future<Output = ()>>> = Box::pin(async {
        store.status("wamid.A", Progress::Failed(failure())).await;
    });
    let replies = Box::pin(async {
        let again = store.reply_having_seen(anna, chat, "Повторю", seen).await;
        again.unwrap();
    });
    store.in_one_commit(vec![fails, replies]).await;
    let first = total(&store).await.first_answers;
    assert_eq!((first.n, first.median_ms), (1, Some(60_000)));
}

#[tokio::test]
async fn a_chat_that_needs_no_answer_has_none() {
    let (store, anna, chat) = answered().await;
    store.client_writes("Ирина", "Спасибо!").await;
    let seen_place = store.chat(chat).last_place;
    let none = Command::NoAnswerNeeded {
        chat_id: chat,
        seen_place,
    };
    store.asks(anna, none).await.unwrap();
    store.reply(anna, chat, "Ещё кое-что").await.unwrap();
    assert_eq!(total(&store).await.next_answers, AnswerTimes::default());
}

#[tokio::test]
async fn an_hour_with_very_much_in_it_is_counted_whole() {
    let (store, anna, chat) = answered().await;
    store.reply(anna, chat, "Сейчас").await.unwrap();
    store.sends(accepted("wamid.A")).await;
    // More than a row holds: in one commit, and in many.
    for n in [900_u32, 300, 1] {
        let facts = (0..n).map(|_| Fact::Message(store.text_of("Ирина", "!")));
        store.takes_in(facts.collect()).await;
    }
    let file = store.file();
    let n_rows: i64 = file
        .query_row("SELECT count(*) FROM counted", (), |row| row.get(0))
        .unwrap();
    assert!(n_rows > 1, "{n_rows} rows");
    let asked = asked();
    assert_eq!(figures(&store, &asked).await, recounted(&file, &asked));
    assert_eq!(total(&store).await.n_messages, 1_202);
    // What stands in the first row is found although there are more.
    store.status("wamid.A", Progress::Failed(failure())).await;
    assert_eq!(figures(&store, &asked).await, recounted(&file, &asked));
}

#[tokio::test]
async fn of_somebody_unknown_there_are_no_figures() {
    let store = TestStore::new().await;
    let nobody = FiguresAsked {
        operator: Some(OperatorId(uuid::Uuid::now_v7())),
        ..asked()
    };
    assert_eq!(store.service_figures(nobody).await.unwrap(), None);
    let nowhere = FiguresAsked {
        channel: Some(pult_domain::ChannelId(uuid::Uuid::now_v7())),
        ..asked()
    };
    assert_eq!(store.service_figures(nowhere).await.unwrap(), None);
}

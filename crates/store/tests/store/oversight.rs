//! What supervisors see of everybody's chats is what a plain recount of all chats finds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use pult_domain::provider::{Fact, Progress};
use pult_domain::{ChatId, OperatorId, Status, Timestamp};
use pult_protocol::{
    Actor, ChatRow, ChatsOrder, ChatsPage, ChatsQuery, Command, CompanyRequest, CompanyRow,
    CompanySettings, LateLimits, Load, OperatorLoad,
};

use crate::kit::{MORNING, TestStore, accepted, failure, n_cases};

const CLIENTS: [&str; 6] = ["Ирина", "Пётр", "Олег", "Ирма", "Жанна", "Яков"];

const LIMITS: LateLimits = LateLimits {
    first_answer_minutes: Some(10),
    answer_minutes: Some(4),
};

const MINUTE_MS: i64 = 60_000;

/// The company says from when on a client waits too long.
async fn limits_are(store: &TestStore, limits: LateLimits) {
    let CompanyRow { revision, settings } = store.company().await.unwrap();
    let settings = CompanySettings {
        late_first_answer_minutes: limits.first_answer_minutes,
        late_answer_minutes: limits.answer_minutes,
        ..settings
    };
    let request = CompanyRequest { revision, settings };
    let put = store.put_company(Actor::CommandLine, request);
    put.await.unwrap().unwrap();
}

/// All that is found, page after page.
async fn all(store: &TestStore, who: OperatorId, query: &ChatsQuery) -> Vec<ChatRow> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let ChatsPage { chats, next } = store.chats(who, query.clone(), None).await.unwrap();
        found.extend(chats);
        if next.is_none() {
            return found;
        }
        assert_ne!(next, query.after, "it goes on");
        query.after = next;
    }
}

fn ids(chats: &[ChatRow]) -> Vec<ChatId> {
    chats.iter().map(|chat| chat.id).collect()
}

/// Every chat that there is, in the order in which they began.
fn everything(store: &TestStore) -> Vec<ChatRow> {
    let file = store.file();
    let mut keys = file.prepare("SELECT id FROM chats ORDER BY key").unwrap();
    let keys = keys
        .query_map((), |row| row.get::<_, uuid::Uuid>(0))
        .unwrap();
    keys.map(|id| store.chat(ChatId(id.unwrap()))).collect()
}

/// The chats of a query, found the plain way.
fn recount(store: &TestStore, query: &ChatsQuery) -> Vec<ChatId> {
    let mut chats: Vec<(usize, ChatRow)> = everything(store).into_iter().enumerate().collect();
    chats.retain(|(_, chat)| {
        query
            .status
            .map_or(chat.status != Status::Closed, |status| {
                chat.status == status
            })
            && query
                .owner_id
                .is_none_or(|owner| chat.owner_id == Some(owner))
            && query.text.as_ref().is_none_or(|text| {
                let name = chat.client.name.clone().unwrap_or_default().to_lowercase();
                name.starts_with(&text.to_lowercase())
            })
    });
    let by_activity =
        query.order == Some(ChatsOrder::Activity) || query.status == Some(Status::Closed);
    if by_activity {
        chats.sort_by_key(|(n, chat)| Reverse((chat.last_activity_at, *n)));
    } else {
        let never = Timestamp(i64::MAX);
        chats.sort_by_key(|(n, chat)| (chat.waiting_since.unwrap_or(never), *n));
    }
    chats.into_iter().map(|(_, chat)| chat.id).collect()
}

fn load(chats: &[&ChatRow], limit_minutes: i64, now: Timestamp) -> Load {
    let waits = || chats.iter().filter_map(|chat| chat.waiting_since);
    let n = |n: usize| u32::try_from(n).unwrap();
    Load {
        n: n(chats.len()),
        n_waiting: n(waits().count()),
        n_late: n(waits()
            .filter(|since| now.ms_since(*since) >= limit_minutes * MINUTE_MS)
            .count()),
        waiting_since: waits().min(),
    }
}

async fn is_what_a_recount_finds(store: &TestStore, people: &[OperatorId]) {
    let vera = people[0];
    let statuses = [
        None,
        Some(Status::Queued),
        Some(Status::InWork),
        Some(Status::Closed),
    ];
    let owners: Vec<Option<OperatorId>> = std::iter::once(None)
        .chain(people.iter().copied().map(Some))
        .collect();
    let everyone: Vec<ChatId> = ids(&everything(store));
    for status in statuses {
        for owner_id in &owners {
            for order in [None, Some(ChatsOrder::Activity)] {
                for text in [None, Some("ир".to_owned())] {
                    let query = ChatsQuery {
                        status,
                        owner_id: *owner_id,
                        order,
                        text,
                        limit: Some(2),
                        ..ChatsQuery::default()
                    };
                    let expected = recount(store, &query);
                    let found = ids(&all(store, vera, &query).await);
                    // Lines of closed chats are searched too, and none begins so.
                    assert_eq!(found, expected, "{query:?}");
                    let of_these = store
                        .chats(vera, query.clone(), Some(everyone.clone()))
                        .await
                        .unwrap();
                    assert_eq!(ids(&of_these.chats), expected, "of these: {query:?}");
                }
            }
        }
    }
    loads_are_what_a_recount_finds(store, people).await;
    late_chats_are_what_a_recount_finds(store).await;
}

async fn loads_are_what_a_recount_finds(store: &TestStore, people: &[OperatorId]) {
    let now = store.clock.now();
    let chats = everything(store);
    let of = |status: Status, owner: Option<OperatorId>| -> Vec<&ChatRow> {
        let is_of = |chat: &&ChatRow| {
            chat.status == status && owner.is_none_or(|owner| chat.owner_id == Some(owner))
        };
        chats.iter().filter(is_of).collect()
    };
    let workload = store.workload().await.unwrap();
    assert_eq!(workload.queued, load(&of(Status::Queued, None), 10, now));
    assert_eq!(workload.in_work, load(&of(Status::InWork, None), 4, now));
    let expected: BTreeMap<OperatorId, OperatorLoad> = people
        .iter()
        .map(|person| OperatorLoad {
            operator_id: *person,
            in_work: load(&of(Status::InWork, Some(*person)), 4, now),
            n_observed: u32::try_from(
                chats
                    .iter()
                    .filter(|chat| chat.observer_ids.contains(person))
                    .count(),
            )
            .unwrap(),
        })
        .filter(|it| it.in_work.n + it.n_observed > 0)
        .map(|it| (it.operator_id, it))
        .collect();
    let found = workload
        .operators
        .into_iter()
        .map(|it| (it.operator_id, it));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
}

async fn late_chats_are_what_a_recount_finds(store: &TestStore) {
    let now = store.clock.now();
    let chats = everything(store);
    let late = store.late_chats().await.unwrap();
    let limit_of = |status: Status| if status == Status::Queued { 10 } else { 4 };
    let expected: BTreeSet<(ChatId, u32)> = chats
        .iter()
        .filter(|chat| chat.status != Status::Closed)
        .filter(|chat| {
            let limit = i64::from(limit_of(chat.status)) * MINUTE_MS;
            chat.waiting_since
                .is_some_and(|since| now.ms_since(since) >= limit)
        })
        .map(|chat| (chat.id, limit_of(chat.status)))
        .collect();
    let found: BTreeSet<(ChatId, u32)> = late
        .chats
        .iter()
        .map(|late| (late.chat_id, late.limit_minutes))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(usize::try_from(late.n).unwrap(), expected.len());
    let order: Vec<i64> = late
        .chats
        .iter()
        .map(|late| late.waiting_since.0 + i64::from(late.limit_minutes) * MINUTE_MS)
        .collect();
    assert!(order.is_sorted_by(|one, other| one >= other), "{order:?}");
}

/// Something that happens in the office.
#[derive(Debug, Clone)]
enum Step {
    Writes {
        client: usize,
    },
    /// The number of what is asked for, by whom and of whom, in the chat of which client.
    Asks {
        what: u8,
        by: usize,
        whom: usize,
        client: usize,
    },
    Sends {
        goes_well: bool,
    },
    Passes {
        minutes: i64,
    },
    Deactivated {
        whom: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..CLIENTS.len()).prop_map(|client| Step::Writes { client }),
        6 => (0..8_u8, 0..4_usize, 0..4_usize, 0..CLIENTS.len())
            .prop_map(|(what, by, whom, client)| Step::Asks { what, by, whom, client }),
        2 => any::<bool>().prop_map(|goes_well| Step::Sends { goes_well }),
        3 => (0..6_i64).prop_map(|minutes| Step::Passes { minutes }),
        1 => (2..4_usize).prop_map(|whom| Step::Deactivated { whom }),
    ]
}

fn command(what: u8, chat: &ChatRow, whom: OperatorId) -> Command {
    let (chat_id, seen_place) = (chat.id, chat.last_place);
    let text = "Уточню".to_owned();
    match what {
        0 | 1 => Command::Reply {
            chat_id,
            text,
            seen_place,
        },
        2 => Command::Comment {
            chat_id,
            text,
            mentions: vec![whom],
            seen_place,
        },
        3 => Command::Close {
            chat_id,
            seen_place,
        },
        4 if chat.status == Status::Queued => Command::Assign {
            chat_id,
            to: whom,
            seen_place,
        },
        4 => Command::Transfer {
            chat_id,
            to: whom,
            note: None,
            seen_place,
        },
        5 => Command::ReturnToQueue {
            chat_id,
            seen_place,
        },
        6 => Command::NoAnswerNeeded {
            chat_id,
            seen_place,
        },
        _ => Command::Reopen {
            chat_id,
            seen_place,
        },
    }
}

async fn happens(store: &TestStore, people: &[OperatorId], step: Step) {
    match step {
        Step::Writes { client } => {
            store.client_writes(CLIENTS[client], "Здравствуйте").await;
        }
        Step::Asks {
            what,
            by,
            whom,
            client,
        } => {
            let name = Some(CLIENTS[client]);
            let chat = everything(store)
                .into_iter()
                .find(|chat| chat.client.name.as_deref() == name);
            if let Some(chat) = chat {
                // Much of it is refused, and changes nothing then.
                drop(
                    store
                        .asks(people[by], command(what, &chat, people[whom]))
                        .await,
                );
            }
        }
        Step::Sends { goes_well } => {
            let heads = store.lane_heads().await.unwrap();
            let Some(head) = heads.first() else { return };
            let Some(_) = store.begin_sending(head.delivery).await.unwrap() else {
                return;
            };
            let wamid = store.next_wamid();
            store
                .finish_sending(head.delivery, accepted(&wamid))
                .await
                .unwrap();
            if !goes_well {
                store.status(&wamid, Progress::Failed(failure())).await;
            }
        }
        Step::Passes { minutes } => store.clock.pass_ms(minutes * MINUTE_MS),
        Step::Deactivated { whom } => {
            store.deactivate_operator(people[whom]).await.unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(n_cases(20)))]

    #[test]
    fn the_list_and_the_counts_equal_a_plain_recount(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = TestStore::new().await;
            limits_are(&store, LIMITS).await;
            let mut people = vec![store.supervisor("Вера").await];
            for name in ["Анна", "Борис", "Глеб"] {
                people.push(store.operator(name).await);
            }
            for step in steps {
                happens(&store, &people, step).await;
            }
            is_what_a_recount_finds(&store, &people).await;
        });
    }
}

#[tokio::test]
async fn a_page_goes_on_where_it_ended_whatever_has_moved_since() {
    let store = TestStore::new().await;
    let vera = store.supervisor("Вера").await;
    for client in CLIENTS {
        store.client_writes(client, "Здравствуйте").await;
        store.clock.pass_ms(MINUTE_MS);
    }
    let mut query = ChatsQuery {
        limit: Some(2),
        ..ChatsQuery::default()
    };
    let first = store.chats(vera, query.clone(), None).await.unwrap();
    let name = |chat: &ChatRow| chat.client.name.clone().unwrap();
    assert_eq!(
        first.chats.iter().map(name).collect::<Vec<_>>(),
        CLIENTS[..2]
    );
    // What the page ended with is answered: it stands behind all who wait now.
    store
        .reply(vera, first.chats[1].id, "Добрый день")
        .await
        .unwrap();
    store
        .close_chat(vera, store.chat_of("Жанна"))
        .await
        .unwrap();
    query.after = first.next;
    let rest = all(&store, vera, &query).await;
    assert_eq!(
        rest.iter().map(name).collect::<Vec<_>>(),
        ["Олег", "Ирма", "Яков", "Пётр"]
    );
}

#[tokio::test]
async fn somebody_is_found_by_the_number_as_it_is_dialled() {
    let store = TestStore::new().await;
    let vera = store.supervisor("Вера").await;
    let mut message = store.text_of("Ирина", "Здравствуйте");
    message.sender.phone = Some("79990000001".to_owned());
    store.takes_in(vec![Fact::Message(message)]).await;
    store.client_writes("Пётр", "+7 999 000-00-01").await;
    for (text, expected) in [
        ("8 (999) 000", vec![store.chat_of("Ирина")]),
        ("ирин 0001", vec![store.chat_of("Ирина")]),
        ("ирин пётр", vec![]),
        ("здравствуйте", vec![]),
        ("👍", vec![]),
    ] {
        let query = ChatsQuery {
            text: Some(text.to_owned()),
            ..ChatsQuery::default()
        };
        assert_eq!(ids(&all(&store, vera, &query).await), expected, "{text}");
    }
}

#[tokio::test]
async fn a_client_who_waits_already_goes_on_waiting_since_the_earlier_message() {
    let store = TestStore::new().await;
    let late = Timestamp(MORNING.0 - MINUTE_MS);
    let chat = store.client_writes("Ирина", "Первое").await;
    store.clock.pass_ms(MINUTE_MS);
    store.client_writes("Ирина", "Второе").await;
    assert_eq!(store.chat(chat).waiting_since, Some(MORNING));
    // What was written first came last.
    let mut message = store.text_of("Ирина", "Нулевое");
    message.sent_at = late;
    store.takes_in(vec![Fact::Message(message)]).await;
    assert_eq!(store.chat(chat).waiting_since, Some(late));
}

#[tokio::test]
async fn without_a_limit_nobody_is_late() {
    let store = TestStore::new().await;
    store.client_writes("Ирина", "Здравствуйте").await;
    store.clock.pass_ms(1_000 * MINUTE_MS);
    assert_eq!(store.late_chats().await.unwrap().n, 1, "by itself");
    limits_are(&store, LateLimits::default()).await;
    assert_eq!(store.late_chats().await.unwrap().n, 0);
    let workload = store.workload().await.unwrap();
    assert_eq!(workload.limits, LateLimits::default());
    assert_eq!(workload.queued.n_late, 0);
}

//! What the index finds is what a scan finds, whatever happened to the rows, and nothing stays in it of
//! what has gone.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use pult_domain::{
    ChannelId, ChatId, ClientId, EntryId, OperatorId, Place, Seq, Status, Timestamp,
};
use pult_protocol::{
    ChatRow, ClientCard, Cursor, Delivery, DeliveryState, EntryBody, EntryRow, GoneWhy, Notice, Row,
};
use pult_words::Folded;
use uuid::Uuid;

use super::scan::Scan;
use super::{SearchOnly, SearchPage, SearchQuery, index};
use crate::session::tests::session;
use crate::session::{Page, Session};

const TEXTS: [&str; 10] = [
    "Диван «Лагуна» есть?",
    "двух диванов и дивана",
    "доставка завтра",
    "Без доставки, ёлки у нас нет",
    "My orders: 12, 15",
    "the order ran late, ordered anew",
    "8 (999) 000-00-01",
    "👍",
    "Ёлка *сегодня*",
    "д",
];

const NAMES: [&str; 4] = ["Ольга Выдумкина", "Пётр", "Olga", ""];

const QUERIES: [&str; 20] = [
    "диван",
    "диваны",
    "д",
    "до",
    "дос",
    "доставка",
    "доставку завтра",
    "елка",
    "Ёлки нет",
    "order",
    "ordering",
    "orders 12",
    "8999",
    "+7 999 000",
    "0001",
    "999",
    "ольг",
    "петр",
    "нет такого",
    "*",
];

#[derive(Debug, Clone)]
enum Step {
    /// An entry comes, or comes again and says something else.
    Say {
        chat: u8,
        place: u8,
        text: usize,
        kind: u8,
        at: i64,
    },
    Name(u8, usize),
    Close(u8),
    Lose(u8),
    /// Everything is told anew, without the chats from there on.
    Snapshot(u8),
    /// So much is put into the index.
    PutIn(u32),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let chat = 0..4_u8;
    prop_oneof![
        10 => (chat.clone(), 1..6_u8, 0..TEXTS.len(), 0..5_u8, -1..3_i64).prop_map(
            |(chat, place, text, kind, at)| Step::Say { chat, place, text, kind, at }
        ),
        2 => (chat.clone(), 0..NAMES.len()).prop_map(|(chat, name)| Step::Name(chat, name)),
        2 => chat.clone().prop_map(Step::Close),
        1 => chat.clone().prop_map(Step::Lose),
        1 => chat.prop_map(Step::Snapshot),
        6 => (0..4_u32).prop_map(Step::PutIn),
        1 => Just(Step::Restart),
    ]
}

fn chat_id(n: u8) -> ChatId {
    ChatId(Uuid::from_u128(100 + u128::from(n)))
}

fn client_id(n: u8) -> ClientId {
    // Two chats are one client's.
    ClientId(Uuid::from_u128(200 + u128::from(n / 2)))
}

const ANNA: OperatorId = OperatorId(Uuid::from_u128(7));

fn chat_row(n: u8, name: usize, status: Status) -> ChatRow {
    ChatRow {
        id: chat_id(n),
        channel_id: ChannelId(Uuid::from_u128(1)),
        client: ClientCard {
            id: client_id(n),
            name: Some(NAMES[name].to_owned()),
            own_name: None,
            phone: (n != 3).then(|| format!("7999000000{n}")),
            note: String::new(),
        },
        status,
        owner_id: None,
        former_owner_id: None,
        suggested_owner_id: None,
        observer_ids: vec![],
        waiting_since: None,
        last_activity_at: Timestamp(i64::from(n)),
        client_wrote_at: None,
        last_place: Place(5),
        preview: None,
        fresh: false,
    }
}

fn entry_row(chat: u8, place: u8, text: usize, kind: u8, at: i64) -> EntryRow {
    let text = TEXTS[text].to_owned();
    let (author_id, body) = match kind {
        0 => (None, EntryBody::Inbound { text }),
        1 => {
            let delivery = Delivery {
                state: DeliveryState::Sent,
                failure: None,
                failure_details: None,
            };
            (Some(ANNA), EntryBody::Outbound { text, delivery })
        }
        2 => {
            let mentions = vec![];
            (Some(ANNA), EntryBody::Comment { text, mentions })
        }
        3 => {
            let caption = Some(text);
            let placeholder = "image".to_owned();
            let body = EntryBody::InboundPlaceholder {
                placeholder,
                caption,
            };
            (None, body)
        }
        _ => (
            None,
            EntryBody::Notice {
                notice: Notice::Newer,
            },
        ),
    };
    EntryRow {
        id: EntryId(Uuid::from_u128(u128::from(chat) * 1000 + u128::from(place))),
        chat_id: chat_id(chat),
        place: Place(i64::from(place)),
        author_id,
        integration_id: None,
        command_id: None,
        automatic: None,
        sent_at: Timestamp(at),
        received_at: Timestamp(0),
        body,
    }
}

/// What the backend has.
#[derive(Default)]
struct Backend {
    seq: i64,
    names: [usize; 4],
    entries: Vec<EntryRow>,
    seen: BTreeSet<u8>,
}

impl Backend {
    fn page(&mut self, rows: Vec<Row>, is_snapshot: bool) -> Page {
        self.seq += 1;
        Page {
            rows,
            cursor: Some(Cursor {
                epoch: "epoch".to_owned(),
                seq: Seq(self.seq),
            }),
            is_snapshot,
        }
    }

    fn chat(&mut self, n: u8) -> Row {
        self.seen.insert(n);
        Row::Chat(chat_row(n, self.names[usize::from(n)], Status::Queued))
    }

    fn step(&mut self, session: &Session, step: &Step) {
        let rows = match *step {
            Step::Say {
                chat,
                place,
                text,
                kind,
                at,
            } => {
                let entry = entry_row(chat, place, text, kind, at);
                self.entries.retain(|held| held.id != entry.id);
                self.entries.push(entry.clone());
                vec![self.chat(chat), Row::Entry(entry)]
            }
            Step::Name(chat, name) => {
                self.names[usize::from(chat)] = name;
                vec![self.chat(chat)]
            }
            Step::Close(chat) | Step::Lose(chat) => {
                let is_lost = matches!(step, Step::Lose(_));
                let why = if is_lost {
                    GoneWhy::Lost
                } else {
                    GoneWhy::Closed
                };
                vec![Row::Gone {
                    chat_id: chat_id(chat),
                    why,
                }]
            }
            Step::Snapshot(until) => {
                let chats: Vec<Row> = (0..until).map(|chat| self.chat(chat)).collect();
                let entries = self.entries.iter();
                let entries = entries.filter(|entry| entry.chat_id < chat_id(until));
                let rows = chats.into_iter().chain(entries.cloned().map(Row::Entry));
                let page = rows.collect();
                let page = self.page(page, true);
                return session.apply(&page).unwrap();
            }
            Step::PutIn(n) => {
                let put = |tx: &pult_sqlite::Transaction<'_>| index::put_in(tx, n, || false);
                session.cache.write(put).unwrap();
                return;
            }
            Step::Restart => return,
        };
        let page = self.page(rows, false);
        session.apply(&page).unwrap();
    }
}

/// All pages of what is found.
fn all_of(session: &Session, query: &SearchQuery) -> SearchPage {
    let mut all = session.search(query).unwrap();
    while let Some(after) = all.next.take() {
        let query = SearchQuery {
            after: Some(after),
            ..query.clone()
        };
        let page = session.search(&query).unwrap();
        all.entries.extend(page.entries);
        all.next = page.next;
    }
    all
}

/// The words that stand in an index.
fn vocabulary(session: &Session, index: &str) -> BTreeSet<String> {
    let words = session.cache.write(|tx| {
        let sql = format!(
            "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', '{index}', 'row')"
        );
        tx.execute(&sql, ())?;
        let words = tx
            .reader()
            .all("SELECT term FROM temp.vocabulary", (), |row| row.get(0))?;
        tx.execute("DROP TABLE temp.vocabulary", ())?;
        Ok(words)
    });
    words.unwrap().into_iter().collect()
}

/// The longer words that are counted.
fn long_words(session: &Session) -> BTreeMap<String, i64> {
    let all = session.cache.read(|reader| {
        reader.all("SELECT word, n FROM found_words", (), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    });
    all.unwrap().into_iter().collect()
}

/// The same of what is held.
fn long_words_held(session: &Session) -> BTreeMap<String, i64> {
    let mut words = BTreeMap::new();
    for entry in entries_held(session) {
        let line = Folded::of(index::text_of(&entry).unwrap_or_default());
        let distinct: BTreeSet<&str> = line.words().collect();
        for word in distinct {
            if word.chars().count() >= index::LONG {
                *words.entry(word.to_owned()).or_default() += 1;
            }
        }
    }
    words
}

fn entries_held(session: &Session) -> Vec<EntryRow> {
    let all = session.cache.read(|reader| {
        reader.all("SELECT body FROM entries", (), |row| {
            crate::storage::from_json(row, 0)
        })
    });
    all.unwrap()
}

/// The words of what is held.
fn words_held(session: &Session) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for entry in &entries_held(session) {
        let Some(text) = index::text_of(entry) else {
            continue;
        };
        let line = Folded::of(text);
        words.extend(line.words().map(str::to_owned));
        words.extend(line.words().filter_map(super::forms::stem));
        words.insert(index::in_chat(entry.chat_id));
        words.extend(entry.author_id.map(index::by));
        match entry.body {
            EntryBody::Comment { .. } => words.insert(index::COMMENT.to_owned()),
            EntryBody::InboundPlaceholder { .. } => words.insert(index::FILE.to_owned()),
            EntryBody::Inbound { .. } | EntryBody::Outbound { .. } | EntryBody::Notice { .. } => {
                true
            }
        };
    }
    words
}

fn queries() -> Vec<SearchQuery> {
    let of = |text: &str| SearchQuery {
        text: text.to_owned(),
        limit: Some(3),
        ..SearchQuery::default()
    };
    let mut queries: Vec<SearchQuery> = QUERIES.iter().map(|text| of(text)).collect();
    for text in ["", "д", "доставка"] {
        queries.push(SearchQuery {
            client_id: Some(client_id(0)),
            ..of(text)
        });
        queries.push(SearchQuery {
            author_id: Some(ANNA),
            ..of(text)
        });
        queries.push(SearchQuery {
            from: Some(Timestamp(1)),
            until: Some(Timestamp(2)),
            ..of(text)
        });
        for only in [SearchOnly::Comments, SearchOnly::Files] {
            queries.push(SearchQuery {
                only: Some(only),
                ..of(text)
            });
        }
    }
    queries
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(48)
    })]

    #[test]
    fn the_index_finds_what_a_scan_finds(steps in prop::collection::vec(step(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let mut session = session(dir.path());
        let mut backend = Backend::default();
        for step in &steps {
            if matches!(step, Step::Restart) {
                drop(session);
                session = crate::session::tests::session(dir.path());
            }
            backend.step(&session, step);
        }
        while session.put_in_index().unwrap() > 0 {}
        let scan = session.cache.read(Scan::read).unwrap();
        for query in queries() {
            let mut scanned = scan.find(&query, usize::MAX, usize::MAX);
            // Later ones first, as the search has them; of the same moment in whichever order.
            scanned.chats.sort_by_key(|chat| std::cmp::Reverse(chat.last_activity_at));
            prop_assert_eq!(&all_of(&session, &query), &scanned, "{:?}", query);
        }
        prop_assert_eq!(vocabulary(&session, "found_entries"), words_held(&session));
        prop_assert_eq!(long_words(&session), long_words_held(&session));

        for chat in 0..4 {
            backend.step(&session, &Step::Lose(chat));
        }
        prop_assert_eq!(vocabulary(&session, "found_entries"), BTreeSet::new());
        prop_assert_eq!(long_words(&session), BTreeMap::new());
        prop_assert_eq!(vocabulary(&session, "found_chats"), BTreeSet::new());
    }
}

#[test]
fn an_entry_that_turns_out_to_have_been_sent_at_another_time_is_found_by_that() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let mut backend = Backend::default();
    for at in [0, 1] {
        let say = Step::Say {
            chat: 0,
            place: 1,
            text: 0,
            kind: 0,
            at,
        };
        backend.step(&session, &say);
        while session.put_in_index().unwrap() > 0 {}
    }
    let sent_at = |from, until| SearchQuery {
        from: Some(Timestamp(from)),
        until: Some(Timestamp(until)),
        ..SearchQuery::default()
    };
    assert_eq!(all_of(&session, &sent_at(0, 1)).entries.len(), 0);
    assert_eq!(all_of(&session, &sent_at(1, 2)).entries.len(), 1);
}

#[test]
fn what_is_not_in_the_index_yet_is_counted_and_other_rules_begin_it_anew() {
    let dir = tempfile::tempdir().unwrap();
    let session_then = session(dir.path());
    let mut backend = Backend::default();
    let say = Step::Say {
        chat: 0,
        place: 1,
        text: 0,
        kind: 0,
        at: 1,
    };
    backend.step(&session_then, &say);
    let query = SearchQuery {
        text: "диван".to_owned(),
        ..SearchQuery::default()
    };
    let found = session_then.search(&query).unwrap();
    assert_eq!((found.entries.len(), found.n_missing), (0, 2));
    while session_then.put_in_index().unwrap() > 0 {}
    let found = session_then.search(&query).unwrap();
    assert_eq!((found.entries.len(), found.n_missing), (1, 0));

    let by_others =
        |tx: &pult_sqlite::Transaction<'_>| tx.execute("UPDATE search SET version = 0", ());
    session_then.cache.write(by_others).unwrap();
    drop(session_then);
    let session = session(dir.path());
    let found = session.search(&query).unwrap();
    assert_eq!((found.entries.len(), found.n_missing), (0, 2));
    while session.put_in_index().unwrap() > 0 {}
    assert_eq!(session.search(&query).unwrap().entries.len(), 1);
}

#[test]
fn whoever_else_wants_to_write_goes_first() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let mut backend = Backend::default();
    for place in 1..6 {
        let say = Step::Say {
            chat: 0,
            place,
            text: 0,
            kind: 0,
            at: 1,
        };
        backend.step(&session, &say);
    }
    let put = |is_wanted: bool| {
        let put = session
            .cache
            .write_aside(|tx, _| index::put_in(tx, 100, || is_wanted));
        put.unwrap()
    };
    assert_eq!(put(true), 1, "one piece, so that it ends at all");
    assert_eq!(put(false), 5);
}

#[test]
fn a_beginning_of_very_many_words_is_found_as_one_of_few() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let mut backend = Backend::default();
    let words: Vec<String> = (0..200).map(|n| format!("шкаф{n}")).collect();
    let text = words.join(" ");
    let entry = EntryRow {
        body: EntryBody::Inbound { text },
        ..entry_row(0, 1, 0, 0, 0)
    };
    let rows = vec![backend.chat(0), Row::Entry(entry)];
    let page = backend.page(rows, true);
    session.apply(&page).unwrap();
    while session.put_in_index().unwrap() > 0 {}
    for (text, n) in [("шкаф", 1), ("шкаф1", 1), ("шкаф199", 1), ("шкаф200", 0)] {
        let query = SearchQuery {
            text: text.to_owned(),
            ..SearchQuery::default()
        };
        let found = session.search(&query).unwrap();
        assert_eq!(found.entries.len(), n, "{text}");
    }
}

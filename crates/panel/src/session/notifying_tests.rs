//! What is told equals what a simple model says, once each, whatever happens in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use proptest::prelude::*;
use pult_domain::{
    AutomaticKind, ChannelId, ChatId, ClientId, CommandId, EntryId, OperatorId, Place, Seq, Status,
    Timestamp,
};
use pult_protocol::{
    Alert, ChatRow, ClientCard, Cursor, Delivery, DeliveryState, EntryBody, EntryRow, GoneWhy,
    MarkRow, NotificationKind, Row,
};
use uuid::Uuid;

use super::tests::{ME, session};
use super::{Page, Session};
use crate::events::EventStream;
use crate::notifying::Pace;
use crate::presence::Looks;
use crate::view::{BannerKey, Connection, NotificationSettings, PanelEvent};

const BORIS: OperatorId = OperatorId(Uuid::from_u128(8));

/// How I stand to a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mine {
    Owned,
    Observed,
    Queued,
}

/// My chats: more than there are banners for at once.
const CHATS: [Mine; 6] = [
    Mine::Owned,
    Mine::Observed,
    Mine::Queued,
    Mine::Owned,
    Mine::Owned,
    Mine::Queued,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// By the client.
    Inbound,
    /// In a comment that mentions me.
    Mention,
    /// By me.
    Own,
    /// By nobody.
    Automatic,
}

#[derive(Debug, Clone)]
enum Step {
    Say(usize, Said),
    /// On another device of mine.
    ReadElsewhere(usize),
    /// The window is in front with a chat, or is left.
    Look(Option<usize>),
    /// Time passes, and what there is to tell is told.
    Tell,
    /// The program ends and starts again.
    Restart,
    /// The reader begins anew.
    Snapshot,
}

fn step() -> impl Strategy<Value = Step> {
    let chat = 0..CHATS.len();
    let said = prop_oneof![
        5 => Just(Said::Inbound),
        1 => Just(Said::Mention),
        1 => Just(Said::Own),
        1 => Just(Said::Automatic),
    ];
    prop_oneof![
        6 => (chat.clone(), said).prop_map(|(chat, said)| Step::Say(chat, said)),
        1 => chat.clone().prop_map(Step::ReadElsewhere),
        1 => prop::option::of(chat).prop_map(Step::Look),
        4 => Just(Step::Tell),
        1 => Just(Step::Restart),
        1 => Just(Step::Snapshot),
    ]
}

/// A chat as the backend has it, and what the model says was told of it.
#[derive(Debug, Clone)]
struct Chat {
    said: Vec<Said>,
    read: usize,
    told: usize,
}

#[derive(Debug)]
struct Model {
    seq: i64,
    chats: Vec<Chat>,
    looks: Option<usize>,
    /// What was told: kind, chat and place.
    lines: Vec<(NotificationKind, usize, i64)>,
}

impl Model {
    /// A device that finds the chats with a message each.
    fn new() -> Self {
        let chat = Chat {
            said: vec![Said::Inbound],
            read: 0,
            told: 1,
        };
        Self {
            seq: 1,
            chats: vec![chat; CHATS.len()],
            looks: None,
            lines: Vec::new(),
        }
    }

    /// What is told now.
    fn tell(&mut self) {
        for (idx, chat) in self.chats.iter_mut().enumerate() {
            let from = chat.told.max(chat.read);
            chat.told = chat.said.len();
            if self.looks == Some(idx) {
                continue;
            }
            let last = |what: Said| {
                let new = chat.said.iter().enumerate().skip(from);
                new.filter(|(_, said)| **said == what)
                    .map(|(at, _)| at + 1)
                    .next_back()
            };
            let of_client = last(Said::Inbound);
            let what = match CHATS[idx] {
                _ if last(Said::Mention).is_some() => NotificationKind::Mention,
                Mine::Owned if of_client.is_some() => NotificationKind::NewMessage,
                Mine::Observed if of_client.is_some() => NotificationKind::Observed,
                Mine::Owned | Mine::Observed | Mine::Queued => continue,
            };
            let place = last(Said::Mention).or(of_client).unwrap_or_default();
            self.lines.push((what, idx, i64::try_from(place).unwrap()));
        }
    }

    fn rows(&self, idx: usize, from: usize) -> Vec<Row> {
        let chat = &self.chats[idx];
        let mut rows = vec![Row::Chat(row(idx, chat.said.len()))];
        let entries = chat.said.iter().enumerate().skip(from);
        rows.extend(entries.map(|(at, said)| Row::Entry(entry(idx, at + 1, *said))));
        if chat.read > 0 {
            rows.push(Row::Mark(MarkRow {
                chat_id: chat_id(idx),
                read_place: place(chat.read),
                only_addressed: false,
            }));
        }
        rows
    }

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

    fn snapshot(&mut self) -> Page {
        let rows = (0..CHATS.len()).flat_map(|idx| self.rows(idx, 0)).collect();
        self.page(rows, true)
    }
}

fn place(n: usize) -> Place {
    Place(i64::try_from(n).unwrap())
}

fn chat_id(idx: usize) -> ChatId {
    ChatId(Uuid::from_u128(100 + idx as u128))
}

fn row(idx: usize, n: usize) -> ChatRow {
    let (status, owner_id, observer_ids) = match CHATS[idx] {
        Mine::Owned => (Status::InWork, Some(ME), vec![]),
        Mine::Observed => (Status::InWork, Some(BORIS), vec![ME]),
        Mine::Queued => (Status::Queued, None, vec![]),
    };
    ChatRow {
        id: chat_id(idx),
        channel_id: ChannelId(Uuid::from_u128(1)),
        client: ClientCard {
            id: ClientId(Uuid::from_u128(200 + idx as u128)),
            name: Some(format!("Client {idx}")),
            own_name: None,
            phone: None,
            note: String::new(),
        },
        status,
        owner_id,
        former_owner_id: None,
        suggested_owner_id: None,
        observer_ids,
        waiting_since: None,
        last_activity_at: Timestamp(0),
        client_wrote_at: None,
        last_place: place(n),
        preview: None,
        fresh: false,
    }
}

fn entry(idx: usize, at: usize, said: Said) -> EntryRow {
    let outbound = || EntryBody::Outbound {
        text: "said".to_owned(),
        delivery: Delivery {
            state: DeliveryState::Sent,
            failure: None,
            failure_details: None,
        },
    };
    let (author_id, automatic, body) = match said {
        Said::Inbound => {
            let text = "said".to_owned();
            (None, None, EntryBody::Inbound { text })
        }
        Said::Mention => {
            let comment = EntryBody::Comment {
                text: "said".to_owned(),
                mentions: vec![ME],
            };
            (Some(BORIS), None, comment)
        }
        Said::Own => (Some(ME), None, outbound()),
        Said::Automatic => (None, Some(AutomaticKind::Greeting), outbound()),
    };
    EntryRow {
        id: EntryId(Uuid::from_u128((1000 * idx + at) as u128)),
        chat_id: chat_id(idx),
        place: place(at),
        author_id,
        integration_id: None,
        command_id: (said == Said::Own).then_some(CommandId(Uuid::from_u128(at as u128))),
        automatic,
        sent_at: Timestamp(0),
        received_at: Timestamp(0),
        body,
    }
}

/// A session in which nobody is told of who waits.
fn live(dir: &std::path::Path) -> Session {
    let session = session(dir);
    let settings = NotificationSettings {
        queue_waits_s: None,
        ..NotificationSettings::default()
    };
    session.set_notification_settings(settings).unwrap();
    session.set_connection(Connection::Live);
    session
}

/// What stands in the list, the oldest first.
fn lines(session: &Session) -> Vec<(NotificationKind, usize, i64)> {
    let by_id: BTreeMap<ChatId, usize> = (0..CHATS.len()).map(|idx| (chat_id(idx), idx)).collect();
    let mut lines: Vec<_> = session
        .notifications()
        .unwrap()
        .into_iter()
        .map(|line| {
            let one = line.notification;
            let place = one.place.map_or(0, |place| place.0);
            (one.what, by_id[&one.chat_id.unwrap()], place)
        })
        .collect();
    lines.reverse();
    lines
}

async fn run(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    let mut session = live(dir.path());
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    for step in steps.into_iter().chain([Step::Tell]) {
        match step {
            Step::Say(idx, said) => {
                let from = model.chats[idx].said.len();
                model.chats[idx].said.push(said);
                let rows = model.rows(idx, from);
                session.apply(&model.page(rows, false)).unwrap();
            }
            Step::ReadElsewhere(idx) => {
                model.chats[idx].read = model.chats[idx].said.len();
                let all = model.chats[idx].said.len();
                let rows = model.rows(idx, all);
                session.apply(&model.page(rows, false)).unwrap();
            }
            Step::Look(idx) => {
                model.looks = idx;
                session.desk.set_looks(looks(idx));
            }
            Step::Tell => {
                tokio::time::advance(Pace::default().gather + Duration::from_millis(1)).await;
                session.notify().unwrap();
                model.tell();
                let (mut told, mut expected) = (lines(&session), model.lines.clone());
                told.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(told, expected);
            }
            Step::Restart => {
                drop(session);
                session = live(dir.path());
                session.desk.set_looks(looks(model.looks));
            }
            Step::Snapshot => session.apply(&model.snapshot()).unwrap(),
        }
    }
    Ok(())
}

fn looks(idx: Option<usize>) -> Looks {
    Looks {
        chat_id: idx.map(chat_id),
        in_front: idx.is_some(),
        typing: None,
    }
}

/// What goes from the screen, of what has happened since the last time.
fn withdrawn(events: &mut EventStream) -> Vec<BannerKey> {
    let all = std::iter::from_fn(|| events.next().now_or_never().flatten());
    let keys = all.filter_map(|event| {
        let PanelEvent::Withdraw { key } = event else {
            return None;
        };
        Some(key)
    });
    keys.collect()
}

#[tokio::test(start_paused = true)]
async fn a_banner_goes_when_it_is_over_though_something_was_told_without_one_since() {
    let dir = tempfile::tempdir().unwrap();
    let session = live(dir.path());
    let without_banner = Alert {
        banner: false,
        ..NotificationKind::Mention.usual()
    };
    let settings = NotificationSettings {
        queue_waits_s: None,
        kinds: [(NotificationKind::Mention, without_banner)].into(),
        ..NotificationSettings::default()
    };
    session.set_notification_settings(settings).unwrap();
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    let mut events = session.events.subscribe();
    for said in [Said::Inbound, Said::Mention] {
        let from = model.chats[0].said.len();
        model.chats[0].said.push(said);
        let rows = model.rows(0, from);
        session.apply(&model.page(rows, false)).unwrap();
        tokio::time::advance(Pace::default().gather + Duration::from_millis(1)).await;
        session.notify().unwrap();
    }
    assert_eq!(withdrawn(&mut events), []);

    let given_away = ChatRow {
        owner_id: Some(BORIS),
        observer_ids: vec![ME],
        ..row(0, model.chats[0].said.len())
    };
    let page = model.page(vec![Row::Chat(given_away)], false);
    session.apply(&page).unwrap();
    session.notify().unwrap();
    let chat_id = chat_id(0);
    assert_eq!(withdrawn(&mut events), [BannerKey::Chat { chat_id }]);
}

/// Time passes, and what there is to tell is told.
async fn tells(session: &Session, after: Duration) {
    tokio::time::advance(after + Duration::from_millis(1)).await;
    session.notify().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_mention_is_told_however_much_the_client_has_written_since() {
    let dir = tempfile::tempdir().unwrap();
    let session = live(dir.path());
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    let said = &mut model.chats[1].said;
    said.push(Said::Mention);
    said.extend([Said::Inbound; 150]);
    let rows = model.rows(1, 1);
    session.apply(&model.page(rows, false)).unwrap();
    tells(&session, Pace::default().gather).await;
    assert_eq!(lines(&session), [(NotificationKind::Mention, 1, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_told_again_if_its_operator_wants_that() {
    let dir = tempfile::tempdir().unwrap();
    let session = live(dir.path());
    let again = Alert {
        repeat_s: Some(120),
        ..NotificationKind::ConnectionLost.usual()
    };
    let settings = NotificationSettings {
        kinds: [(NotificationKind::ConnectionLost, again)].into(),
        ..NotificationSettings::default()
    };
    session.set_notification_settings(settings).unwrap();
    let mut events = session.events.subscribe();
    let since = Timestamp(0);
    session.set_connection(Connection::Offline {
        since,
        cannot_write: false,
    });
    session.notify().unwrap();
    for after in [Pace::default().lost_for, Duration::from_secs(119)] {
        tells(&session, after).await;
        assert_eq!(
            n_told(&mut events),
            usize::from(after < Duration::from_secs(100))
        );
    }
    tells(&session, Duration::from_secs(1)).await;
    assert_eq!(n_told(&mut events), 1);
}

/// How much was told since the last time.
fn n_told(events: &mut EventStream) -> usize {
    std::iter::from_fn(|| events.next().now_or_never().flatten())
        .filter(|event| matches!(event, PanelEvent::Notify { .. }))
        .count()
}

#[tokio::test(start_paused = true)]
async fn whoever_hides_texts_hides_those_on_the_screen_too() {
    let dir = tempfile::tempdir().unwrap();
    let session = live(dir.path());
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    model.chats[0].said.push(Said::Inbound);
    let rows = model.rows(0, 1);
    session.apply(&model.page(rows, false)).unwrap();
    tells(&session, Pace::default().gather).await;
    let mut events = session.events.subscribe();
    for _ in 0..2 {
        let hidden = NotificationSettings {
            hide_text: true,
            queue_waits_s: None,
            ..NotificationSettings::default()
        };
        session.set_notification_settings(hidden).unwrap();
    }
    let told: Vec<_> = std::iter::from_fn(|| events.next().now_or_never().flatten())
        .filter_map(|event| {
            let PanelEvent::Notify { notification } = event else {
                return None;
            };
            Some(notification)
        })
        .map(|one| (one.chat_id, one.text, one.banner, one.sound))
        .collect();
    assert_eq!(told, [(Some(chat_id(0)), String::new(), true, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_line_of_another_version_hides_none_of_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let session = live(dir.path());
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    model.chats[0].said.push(Said::Inbound);
    let rows = model.rows(0, 1);
    session.apply(&model.page(rows, false)).unwrap();
    tells(&session, Pace::default().gather).await;
    let put =
        "INSERT INTO notifications (position, at, body) VALUES (99, 0, '{\"what\": \"newer\"}')";
    let put = session.outbox.write(|tx| tx.execute(put, ()).map(drop));
    put.unwrap();
    assert_eq!(lines(&session), [(NotificationKind::NewMessage, 0, 2)]);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_noted_as_told_is_told_later() {
    let dir = tempfile::tempdir().unwrap();
    let session = live(dir.path());
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    model.chats[0].said.push(Said::Inbound);
    let rows = model.rows(0, 1);
    session.apply(&model.page(rows, false)).unwrap();
    let renames = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        let renamed = session.outbox.write(|tx| tx.execute(&sql, ()).map(drop));
        renamed.unwrap();
    };
    renames("notifications", "elsewhere");
    tokio::time::advance(Pace::default().gather + Duration::from_millis(1)).await;
    assert!(session.notify().is_err());
    renames("elsewhere", "notifications");
    tells(&session, Pace::default().gather).await;
    assert_eq!(lines(&session), [(NotificationKind::NewMessage, 0, 2)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_news_makes_nothing_after_it_be_told_sooner() {
    let dir = tempfile::tempdir().unwrap();
    let session = live(dir.path());
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    tells(&session, Pace::default().gather).await;
    // Another device of mine was used last.
    session.set_first(false);
    let later = Pace::default().later;
    let says = |model: &mut Model, idx: usize, said: Said| {
        let from = model.chats[idx].said.len();
        model.chats[idx].said.push(said);
        let rows = model.rows(idx, from);
        session.apply(&model.page(rows, false)).unwrap();
    };
    for no_news in [0, 1] {
        says(&mut model, no_news, Said::Own);
        tokio::time::advance(later / 3).await;
        session.notify().unwrap();
    }
    says(&mut model, 1, Said::Inbound);
    tells(&session, later - Duration::from_millis(2)).await;
    assert_eq!(lines(&session), []);
    tells(&session, Duration::ZERO).await;
    assert_eq!(lines(&session), [(NotificationKind::Observed, 1, 3)]);
}

#[tokio::test(start_paused = true)]
async fn a_mention_that_its_chats_close_overtook_is_told_when_the_chat_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let session = live(dir.path());
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    let queued = 2;
    model.chats[queued].said.push(Said::Mention);
    let rows = model.rows(queued, 1);
    session.apply(&model.page(rows, false)).unwrap();
    let closed = vec![Row::Gone {
        chat_id: chat_id(queued),
        why: GoneWhy::Closed,
    }];
    session.apply(&model.page(closed, false)).unwrap();
    tells(&session, Pace::default().gather).await;
    assert_eq!(lines(&session), []);
    model.chats[queued].said.push(Said::Inbound);
    let rows = model.rows(queued, 2);
    session.apply(&model.page(rows, false)).unwrap();
    tells(&session, Pace::default().gather).await;
    assert_eq!(lines(&session), [(NotificationKind::Mention, queued, 2)]);
}

/// A page comes while it is told, again and again, what there is to tell.
fn comes_while_told(session: &Session, page: &Page) {
    let has_come = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !has_come.load(Ordering::Relaxed) {
                session.note_all_news().unwrap();
                session.notify().unwrap();
            }
        });
        session.apply(page).unwrap();
        has_come.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_chat_that_leaves_while_its_news_are_told_is_not_told_as_new_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = live(dir.path());
    session.pace.gather = Duration::ZERO;
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    let queued = 2;
    for _ in 0..30 {
        let mut rows = model.rows(queued, 0);
        if let Some(Row::Chat(chat)) = rows.first_mut() {
            chat.fresh = true;
        }
        session.apply(&model.page(rows, false)).unwrap();
        session.notify().unwrap();
        let told = lines(&session);

        let from = model.chats[queued].said.len();
        model.chats[queued].said.push(Said::Inbound);
        let rows = model.rows(queued, from);
        session.apply(&model.page(rows, false)).unwrap();
        let leaves = vec![Row::Gone {
            chat_id: chat_id(queued),
            why: GoneWhy::Lost,
        }];
        let leaves = model.page(leaves, false);
        comes_while_told(&session, &leaves);
        session.notify().unwrap();
        assert_eq!(lines(&session), told);
    }
}

/// It would make what comes after it be told too soon on a device that waits.
#[test]
fn what_was_told_while_it_came_waits_no_longer() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = live(dir.path());
    session.pace.gather = Duration::ZERO;
    let mut model = Model::new();
    session.apply(&model.snapshot()).unwrap();
    session.notify().unwrap();
    for _ in 0..100 {
        let from = model.chats[0].said.len();
        model.chats[0].said.push(Said::Inbound);
        let rows = model.rows(0, from);
        let page = model.page(rows, false);
        comes_while_told(&session, &page);
        let waits = session.notifying.lock().news_since.is_some();
        let is_told = lines(&session).len() == from;
        assert!(!(waits && is_told));
        session.notify().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(64)
    })]

    #[test]
    fn what_is_told_equals_the_model_once_each(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(steps))?;
    }
}

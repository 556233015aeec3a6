//! The feed's property: whoever reads it in pieces ends up with what a fresh snapshot tells.
//!
//! A small backend is played for one reader, with everything that the real one may send: chats
//! that come, go and come back, entries that change late, rows that overtake each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use proptest::prelude::*;
use pult_domain::{
    ChannelId, ChatId, ClientId, EntryId, OperatorId, Place, Role, Seq, Status, Timestamp,
};
use pult_protocol::{
    ChannelKind, ChannelRow, ChatRow, ClientCard, CommandDone, Cursor, EntryBody, EntryRow,
    FailureKind, GoneWhy, LateChats, MarkRow, NotificationKind, OperatorRow, Presence, PresenceRow,
    Row, Token,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Page, Session};
use crate::address::Address;
use crate::cache::{self, HeldChat};
use crate::events::{EventSender, EventStream};
use crate::folder::{Account, DataFolder};
use crate::notifying::Pace;
use crate::outbox;
use crate::presence::Desk;
use crate::storage::{StorageError, from_json};
use crate::view::{BannerKey, Connection, DraftRevision, PanelEvent};

/// Newest entries that come with a chat's first appearance.
const NEWEST: usize = 3;

pub(super) const ME: OperatorId = OperatorId(Uuid::from_u128(7));

/// One chat as the backend has it.
#[derive(Default)]
struct Chat {
    /// Each entry's text and the change that touched it last.
    entries: Vec<(String, i64)>,
    name: String,
    changed: i64,
    read_place: (i64, i64),
    /// Since when the reader sees it, if they do.
    seen_since: Option<i64>,
    gone: Option<(GoneWhy, i64)>,
}

#[derive(Default)]
struct Backend {
    seq: i64,
    chats: BTreeMap<u8, Chat>,
}

#[derive(Debug, Clone)]
enum Action {
    Write {
        chat: u8,
    },
    ChangeEntry {
        chat: u8,
        entry: usize,
    },
    Rename {
        chat: u8,
    },
    Read {
        chat: u8,
        place: i64,
    },
    Appear {
        chat: u8,
    },
    Go {
        chat: u8,
        why: GoneWhy,
    },
    /// The reader takes in what is new, at most so many chats to a page.
    Sync {
        page: usize,
    },
    /// The reader begins anew.
    Snapshot,
}

fn action() -> impl Strategy<Value = Action> {
    let chat = 0_u8..4;
    prop_oneof![
        4 => chat.clone().prop_map(|chat| Action::Write { chat }),
        2 => (chat.clone(), 0_usize..8).prop_map(|(chat, entry)| Action::ChangeEntry { chat, entry }),
        1 => chat.clone().prop_map(|chat| Action::Rename { chat }),
        1 => (chat.clone(), 0_i64..9).prop_map(|(chat, place)| Action::Read { chat, place }),
        2 => chat.clone().prop_map(|chat| Action::Appear { chat }),
        1 => (chat, any::<bool>()).prop_map(|(chat, closed)| Action::Go {
            chat,
            why: if closed { GoneWhy::Closed } else { GoneWhy::Lost },
        }),
        3 => (1_usize..4).prop_map(|page| Action::Sync { page }),
        1 => Just(Action::Snapshot),
    ]
}

impl Backend {
    fn act(&mut self, action: &Action) {
        self.seq += 1;
        let seq = self.seq;
        match *action {
            Action::Write { chat } => {
                let chat = self.chats.entry(chat).or_default();
                chat.entries.push((format!("written at {seq}"), seq));
                chat.changed = seq;
            }
            Action::ChangeEntry { chat, entry } => {
                if let Some(entry) = self
                    .chats
                    .get_mut(&chat)
                    .and_then(|chat| chat.entries.get_mut(entry))
                {
                    *entry = (format!("changed at {seq}"), seq);
                }
            }
            Action::Rename { chat } => {
                if let Some(chat) = self.chats.get_mut(&chat) {
                    chat.name = format!("named at {seq}");
                    chat.changed = seq;
                }
            }
            Action::Read { chat, place } => {
                if let Some(chat) = self.chats.get_mut(&chat)
                    && chat.read_place.0 < place
                {
                    chat.read_place = (place, seq);
                }
            }
            Action::Appear { chat } => {
                let chat = self.chats.entry(chat).or_default();
                if chat.seen_since.is_none() {
                    chat.seen_since = Some(seq);
                    chat.changed = seq;
                }
            }
            Action::Go { chat, why } => {
                if let Some(chat) = self.chats.get_mut(&chat)
                    && chat.seen_since.take().is_some()
                {
                    chat.gone = Some((why, seq));
                }
            }
            Action::Sync { .. } | Action::Snapshot => {}
        }
    }

    /// What is new after `after`, a group of rows per chat, in the order of the groups' last
    /// change.
    fn changes(&self, after: i64) -> Vec<Vec<Row>> {
        let mut groups: Vec<(i64, Vec<Row>)> = Vec::new();
        for (n, chat) in &self.chats {
            let Some(since) = chat.seen_since else {
                if let Some((why, seq)) = chat.gone.filter(|(_, seq)| *seq > after) {
                    let chat_id = chat_id(*n);
                    groups.push((seq, vec![Row::Gone { chat_id, why }]));
                }
                continue;
            };
            let is_fresh = since > after;
            let mut rows: Vec<(i64, Row)> = Vec::new();
            let n_before_newest = chat.entries.len().saturating_sub(NEWEST);
            for (idx, (text, seq)) in chat.entries.iter().enumerate() {
                if if is_fresh {
                    idx >= n_before_newest
                } else {
                    *seq > after
                } {
                    rows.push((*seq, Row::Entry(entry_row(*n, idx, text))));
                }
            }
            if chat.read_place.1 > after || (is_fresh && chat.read_place.0 > 0) {
                rows.push((chat.read_place.1, Row::Mark(mark_row(*n, chat))));
            }
            if chat.changed > after || is_fresh || !rows.is_empty() {
                rows.push((chat.changed, Row::Chat(chat_row(*n, chat, is_fresh))));
            }
            rows.sort_by_key(|(seq, _)| *seq);
            if let Some((seq, _)) = rows.last() {
                groups.push((*seq, rows.into_iter().map(|(_, row)| row).collect()));
            }
        }
        groups.sort_by_key(|(seq, _)| *seq);
        groups.into_iter().map(|(_, rows)| rows).collect()
    }

    fn snapshot(&self) -> Page {
        let mut rows: Vec<Row> = vec![Row::Operator(me())];
        for (n, chat) in &self.chats {
            if chat.seen_since.is_none() {
                continue;
            }
            rows.push(Row::Chat(chat_row(*n, chat, false)));
            rows.push(Row::Mark(mark_row(*n, chat)));
            let n_before_newest = chat.entries.len().saturating_sub(NEWEST);
            for (idx, (text, _)) in chat.entries.iter().enumerate().skip(n_before_newest) {
                rows.push(Row::Entry(entry_row(*n, idx, text)));
            }
        }
        Page {
            rows,
            cursor: Some(self.cursor()),
            is_snapshot: true,
        }
    }

    fn cursor(&self) -> Cursor {
        Cursor {
            epoch: "first".to_owned(),
            seq: Seq(self.seq),
        }
    }
}

fn chat_id(n: u8) -> ChatId {
    ChatId(Uuid::from_u128(u128::from(n) + 100))
}

fn chat_row(n: u8, chat: &Chat, fresh: bool) -> ChatRow {
    ChatRow {
        id: chat_id(n),
        channel_id: ChannelId(Uuid::nil()),
        client: ClientCard {
            id: ClientId(Uuid::nil()),
            name: Some(chat.name.clone()),
            phone: None,
            own_name: None,
            note: String::new(),
        },
        status: Status::Queued,
        owner_id: None,
        former_owner_id: None,
        suggested_owner_id: None,
        observer_ids: Vec::new(),
        waiting_since: None,
        last_activity_at: Timestamp(chat.changed),
        client_wrote_at: None,
        last_place: place(chat.entries.len()),
        preview: None,
        fresh,
    }
}

fn entry_row(n: u8, idx: usize, text: &str) -> EntryRow {
    EntryRow {
        id: EntryId(Uuid::from_u128(u128::from(n) << 64 | idx as u128)),
        chat_id: chat_id(n),
        place: place(idx + 1),
        author_id: None,
        integration_id: None,
        command_id: None,
        automatic: None,
        sent_at: Timestamp(0),
        received_at: Timestamp(0),
        body: EntryBody::Inbound {
            text: text.to_owned(),
        },
    }
}

fn mark_row(n: u8, chat: &Chat) -> MarkRow {
    MarkRow {
        chat_id: chat_id(n),
        read_place: Place(chat.read_place.0),
        only_addressed: false,
    }
}

fn place(n: usize) -> Place {
    Place(i64::try_from(n).unwrap())
}

fn me() -> OperatorRow {
    OperatorRow {
        id: ME,
        name: "Anna".to_owned(),
        role: Role::Operator,
        is_active: true,
    }
}

pub(crate) fn session(dir: &std::path::Path) -> Session {
    let folder = DataFolder::open(dir).unwrap();
    session_in(&folder)
}

fn session_in(folder: &DataFolder) -> Session {
    let account = Account {
        address: Address::parse("localhost").unwrap(),
        operator: me(),
    };
    Session::open(
        folder.of_account(&account).unwrap(),
        account,
        Token("none".to_owned()),
        EventSender::new(),
        Arc::new(Desk::new()),
        Pace::default(),
        CancellationToken::new(),
    )
    .unwrap()
}

#[test]
fn nobody_else_opens_a_folder_as_long_as_somebody_may_write_there() {
    let dir = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(dir.path()).unwrap();
    let session = session_in(&folder);
    drop(folder);
    assert!(DataFolder::open(dir.path()).is_err());
    drop(session);
    DataFolder::open(dir.path()).unwrap();
}

/// What a session holds: listed chats, their marks, all entries of them, operators.
#[derive(Debug, PartialEq)]
struct Held {
    chats: BTreeMap<ChatId, HeldChat>,
    marks: BTreeMap<ChatId, Place>,
    entries: BTreeMap<(ChatId, Place), EntryRow>,
    operators: Vec<OperatorRow>,
}

fn held(session: &Session) -> Held {
    session
        .cache
        .read(|reader| {
            let chats: BTreeMap<ChatId, HeldChat> = cache::listed_chats(reader)?
                .into_iter()
                .map(|chat| (chat.row.id, chat))
                .collect();
            let mut marks = BTreeMap::new();
            for chat_id in chats.keys() {
                marks.insert(*chat_id, cache::read_place(reader, *chat_id)?);
            }
            let entries: Vec<EntryRow> =
                reader.all("SELECT body FROM entries", (), |row| from_json(row, 0))?;
            Ok(Held {
                entries: entries
                    .into_iter()
                    .filter(|entry| chats.contains_key(&entry.chat_id))
                    .map(|entry| ((entry.chat_id, entry.place), entry))
                    .collect(),
                chats,
                marks,
                operators: cache::operators(reader)?,
            })
        })
        .unwrap()
}

/// What of `held` a snapshot would carry, unread counts aside.
fn newest(mut held: Held) -> Held {
    for chat in held.chats.values_mut() {
        chat.n_unread = 0;
    }
    let chats = &held.chats;
    held.entries.retain(|(chat_id, place), _| {
        let n_newest = i64::try_from(NEWEST).unwrap();
        place.0 > chats[chat_id].row.last_place.0 - n_newest
    });
    held
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_feed_in_pieces_tells_what_a_fresh_snapshot_tells(
        actions in prop::collection::vec(action(), 1..60)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let reader = session(&dir.path().join("reader"));
        let mut backend = Backend::default();
        reader.apply(&backend.snapshot()).unwrap();
        for action in actions.iter().chain([&Action::Sync { page: 2 }]) {
            backend.act(action);
            if let Action::Sync { page } = action {
                let cursor = reader.cache.read(cache::cursor).unwrap().unwrap();
                for groups in backend.changes(cursor.seq.0).chunks(*page) {
                    reader
                        .apply(&Page {
                            rows: groups.concat(),
                            cursor: Some(backend.cursor()),
                            is_snapshot: false,
                        })
                        .unwrap();
                }
            }
            if let Action::Snapshot = action {
                reader.apply(&backend.snapshot()).unwrap();
            }
        }

        // All that is held of what is in sight is as the backend has it now.
        let all = held(&reader);
        for ((chat_id, place), entry) in &all.entries {
            let (n, chat) = backend
                .chats
                .iter()
                .find(|(n, _)| self::chat_id(**n) == *chat_id)
                .unwrap();
            let idx = usize::try_from(place.0).unwrap() - 1;
            prop_assert_eq!(entry, &entry_row(*n, idx, &chat.entries[idx].0));
        }
        for (chat_id, chat) in &all.chats {
            let n_unread = all
                .entries
                .keys()
                .filter(|(other, place)| other == chat_id && *place > all.marks[chat_id])
                .count();
            prop_assert_eq!(usize::try_from(chat.n_unread).unwrap(), n_unread);
        }
        // Nothing is left of what was lost.
        for (n, chat) in &backend.chats {
            if chat.seen_since.is_none() && matches!(chat.gone, Some((GoneWhy::Lost, _)) | None) {
                let left: i64 = reader
                    .cache
                    .read(|reader| {
                        reader.one(
                            "SELECT count(*) FROM entries WHERE chat_id = ?1",
                            pult_sqlite::params![chat_id(*n).0.into_bytes()],
                            |row| row.get(0),
                        )
                    })
                    .unwrap();
                prop_assert_eq!(left, 0);
            }
        }
        // And it is what whoever begins now gets.
        let newcomer = session(&dir.path().join("newcomer"));
        newcomer.apply(&backend.snapshot()).unwrap();
        prop_assert_eq!(newest(all), newest(held(&newcomer)));
        reader.apply(&backend.snapshot()).unwrap();
        prop_assert_eq!(held(&reader), held(&newcomer));
    }
}

#[test]
fn what_another_version_has_applied_is_fetched_anew() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(&dir.path().join("reader"));
    let snapshot = Backend::default().snapshot();
    session.apply(&snapshot).unwrap();
    let cursor = || session.cache.read(cache::cursor).unwrap();
    assert_eq!(cursor(), snapshot.cursor);
    let older = |tx: &pult_sqlite::Transaction<'_>| tx.execute("UPDATE feed SET version = '0'", ());
    session.cache.write(older).unwrap();
    assert_eq!(cursor(), None);
    session.apply(&snapshot).unwrap();
    assert_eq!(cursor(), snapshot.cursor);
}

/// Everything that was told since one looked last: what, and whether it is over.
fn told(events: &mut EventStream) -> Vec<(NotificationKind, bool)> {
    let mut told = Vec::new();
    while let Some(Some(event)) = events.next().now_or_never() {
        match event {
            PanelEvent::Notify { notification } => told.push((notification.what, false)),
            PanelEvent::Withdraw { key } => {
                let what = match key {
                    BannerKey::Connection => NotificationKind::ConnectionLost,
                    BannerKey::Channel { .. } => NotificationKind::ChannelDown,
                    BannerKey::Chat { .. }
                    | BannerKey::Several
                    | BannerKey::Queue
                    | BannerKey::Late
                    | BannerKey::Sample { .. } => continue,
                };
                told.push((what, true));
            }
            PanelEvent::OverviewChanged
            | PanelEvent::TimelineChanged { .. }
            | PanelEvent::ReadyAnswersChanged
            | PanelEvent::OnlookersChanged
            | PanelEvent::ChatsChanged { .. }
            | PanelEvent::NotificationsChanged
            | PanelEvent::IndexChanged
            | PanelEvent::Overflowed => {}
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_lost_for_long_is_told_once_and_over_when_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let mut events = session.events.subscribe();
    let lost = NotificationKind::ConnectionLost;
    let due = session.notify().unwrap().unwrap();
    assert_eq!(told(&mut events), []);
    tokio::time::advance(due - tokio::time::Instant::now()).await;
    assert_eq!(session.notify().unwrap(), None);
    assert_eq!(told(&mut events), [(lost, false)]);
    tokio::time::advance(Duration::from_hours(1)).await;
    session.notify().unwrap();
    assert_eq!(told(&mut events), []);
    session.set_connection(Connection::Live);
    session.notify().unwrap();
    assert_eq!(told(&mut events), [(lost, true)]);
    // It may be lost again, and for a moment is not for long.
    session.set_connection(Connection::Offline {
        since: Timestamp(0),
        cannot_write: false,
    });
    assert!(session.notify().unwrap().is_some());
    assert_eq!(told(&mut events), []);
}

/// How often the lists were to be read again since one looked last.
fn n_overviews(events: &mut EventStream) -> usize {
    let all = std::iter::from_fn(|| events.next().now_or_never().flatten());
    all.filter(|event| *event == PanelEvent::OverviewChanged)
        .count()
}

#[test]
fn what_the_backend_says_again_has_no_list_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let mut events = session.events.subscribe();

    let row = |presence| PresenceRow {
        operator_id: OperatorId(Uuid::from_u128(8)),
        presence,
        since: Some(Timestamp(1)),
        by_hand: false,
    };
    for (presence, n_told) in [
        (Presence::Online, 1),
        (Presence::Online, 0),
        (Presence::Away, 1),
    ] {
        session.set_presence(vec![row(presence)]);
        assert_eq!(n_overviews(&mut events), n_told);
    }

    let late = |n| LateChats {
        chats: Vec::new(),
        n,
    };
    for (n, n_told) in [(3, 1), (3, 0), (4, 1)] {
        session.set_late(late(n)).unwrap();
        assert_eq!(n_overviews(&mut events), n_told);
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_cannot_send_is_told_to_those_who_see_to_it() {
    for role in [Role::Operator, Role::Supervisor, Role::Administrator] {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(dir.path()).unwrap();
        let session = session_in(&folder);
        // They became it after they had signed in.
        let became = Page {
            rows: vec![Row::Operator(OperatorRow { role, ..me() })],
            cursor: None,
            is_snapshot: false,
        };
        session.apply(&became).unwrap();
        let mut events = session.events.subscribe();
        let channel = |problem| {
            Row::Channel(ChannelRow {
                id: ChannelId(Uuid::from_u128(1)),
                kind: ChannelKind::Whatsapp,
                name: "Sales".to_owned(),
                problem,
                phone: None,
            })
        };
        let page = |problem| Page {
            rows: vec![channel(problem)],
            cursor: None,
            is_snapshot: false,
        };
        let down = NotificationKind::ChannelDown;
        let mut all = Vec::new();
        for problem in [None, Some(FailureKind::ChannelBlocked), None] {
            session.apply(&page(problem)).unwrap();
            all.extend(told(&mut events));
        }
        if role == Role::Operator {
            assert_eq!(all, []);
        } else {
            assert_eq!(all, [(down, false), (down, true)]);
        }
    }
}

#[test]
fn what_finds_no_room_is_told_apart_from_other_faults_and_comes_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let body = EntryBody::Inbound {
        text: "long ".repeat(20_000),
    };
    let large = Page {
        rows: vec![Row::Entry(EntryRow {
            body,
            ..entry_row(1, 0, "")
        })],
        cursor: Some(Backend::default().cursor()),
        is_snapshot: true,
    };
    let room = |pages: i64| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        let set = session
            .cache
            .write(|tx| tx.reader().one(&sql, (), |row| row.get::<_, i64>(0)));
        set.unwrap();
    };
    // No less than it has.
    room(1);
    let error = session.apply(&large).unwrap_err();
    assert!(error.is_disk_trouble(), "{error}");
    assert_eq!(session.cache.read(cache::cursor).unwrap(), None);
    room(i64::from(i32::MAX));
    session.apply(&large).unwrap();
    assert_eq!(session.cache.read(cache::cursor).unwrap(), large.cursor);
    assert!(!StorageError::Closed.is_disk_trouble());
}

#[test]
fn that_there_is_no_room_stays_told_while_it_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let since = Timestamp(1);
    let offline = |cannot_write| Connection::Offline {
        since,
        cannot_write,
    };
    let tries = [
        Connection::Connecting { since },
        Connection::CatchingUp { behind: 0 },
    ];
    session.set_connection(offline(true));
    for trying in tries.clone() {
        session.try_connection(trying);
        assert_eq!(session.connection(), offline(true));
    }
    // A page has been written.
    session.set_connection(Connection::CatchingUp { behind: 3 });
    assert_eq!(session.connection(), Connection::CatchingUp { behind: 3 });
    for trying in tries {
        session.set_connection(offline(false));
        session.try_connection(trying.clone());
        assert_eq!(session.connection(), trying);
    }
}

#[test]
fn a_chat_that_has_come_back_meanwhile_is_not_erased_for_its_age() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let row = |n, status| {
        Row::Chat(ChatRow {
            status,
            ..chat_row(n, &Chat::default(), false)
        })
    };
    let page = Page {
        rows: vec![row(1, Status::Closed), row(2, Status::Queued)],
        cursor: Some(Backend::default().cursor()),
        is_snapshot: true,
    };
    session.apply(&page).unwrap();
    let both = [chat_id(1), chat_id(2)];
    let erased = session.cache.write(|tx| cache::erase_closed(tx, &both));
    erased.unwrap();
    let is_held = |n| session.cache.read(|reader| cache::chat(reader, chat_id(n)));
    assert_eq!(is_held(1).unwrap(), None);
    assert!(is_held(2).unwrap().is_some());
}

/// Lets nothing be taken out of the outbox, or lets it be again.
fn seal_outbox(session: &Session, sealed: bool) {
    let sql = if sealed {
        "CREATE TRIGGER sealed BEFORE DELETE ON commands BEGIN SELECT raise(ABORT, 'sealed'); END"
    } else {
        "DROP TRIGGER sealed"
    };
    session.outbox.write(|tx| tx.execute(sql, ())).unwrap();
}

#[test]
fn what_has_come_is_told_also_if_what_follows_it_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let (mut backend, chat) = (Backend::default(), 1);
    backend.act(&Action::Appear { chat });
    session.apply(&backend.snapshot()).unwrap();
    let seen = DraftRevision::default();
    let id = session.reply(chat_id(chat), "Hello", seen).unwrap();
    session.hand_over(&BTreeSet::new()).unwrap();
    let done = CommandDone {
        entry_id: None,
        place: Some(place(1)),
    };
    session.done(id, done).unwrap();
    let mut events = session.events.subscribe();

    seal_outbox(&session, true);
    let entry = EntryRow {
        command_id: Some(id),
        ..entry_row(chat, 0, "Hello")
    };
    let page = Page {
        rows: vec![Row::Entry(entry)],
        cursor: Some(backend.cursor()),
        is_snapshot: false,
    };
    session.apply(&page).unwrap_err();
    let mut is_told = false;
    while let Some(Some(event)) = events.next().now_or_never() {
        is_told |=
            matches!(event, PanelEvent::TimelineChanged { chat_id: told } if told == chat_id(chat));
    }
    assert!(is_told, "it is held and does not come again");
    seal_outbox(&session, false);
    // As with each new connection.
    session.end_arrived_echoes().unwrap();
    assert_eq!(session.outbox.read(outbox::commands).unwrap(), []);
}

#[test]
fn history_that_waits_for_the_file_is_not_stored_once_the_chat_has_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let session = session(dir.path());
    let (mut backend, chat) = (Backend::default(), 1);
    backend.act(&Action::Appear { chat });
    session.apply(&backend.snapshot()).unwrap();
    let generation = session.cache.generation();
    let (begun, has_begun) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let session = &session;
        scope.spawn(move || {
            let dropped = session.cache.write_aside(|_, is_wanted| {
                begun.send(()).unwrap();
                while !is_wanted() {
                    std::thread::yield_now();
                }
                session.cache.entries_were_dropped();
                Ok(())
            });
            dropped.unwrap();
        });
        has_begun.recv().unwrap();
        let late = [entry_row(chat, 0, "as it was before")];
        session.fill_gaps(chat_id(chat), &late, generation).unwrap();
    });
    assert!(held(&session).entries.is_empty());
    let now = session.cache.generation();
    let asked_anew = [entry_row(chat, 0, "as it is")];
    session.fill_gaps(chat_id(chat), &asked_anew, now).unwrap();
    assert_eq!(held(&session).entries.len(), 1);
}

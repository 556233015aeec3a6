//! What a supervisor does with chats that are in no list of theirs, and the alarms.

use std::time::Duration;

use pult_domain::{ChatId, CommandId, Place, Status, Timestamp};
use pult_panel::view::{BannerKey, DeedState, OverseenChat, OverseerDeed, PanelEvent};
use pult_panel::{EventStream, Options, Panel};
use pult_protocol::{BackendFrame, Code, Command, LateChat, LateChats, Presence, PresenceRow, Row};
use serde_json::json;

use crate::backend::{Backend, Socket, operator_id, within};
use crate::rows::Chat;
use crate::{open, options, reconnect, signed_in, until, until_live, until_told};

/// Nobody waits so long in a test.
const LONG: Duration = Duration::from_secs(3600);

fn rows() -> Vec<Row> {
    vec![
        Row::Chat(Chat(1).in_work(operator_id("anna"), 1)),
        Row::Entry(Chat(1).inbound(1, "Good afternoon")),
    ]
}

async fn anna(dir: &std::path::Path, undo: Option<Duration>) -> (Backend, Panel, Socket) {
    let mut backend = Backend::start().await;
    signed_in(dir, &backend).await.shut_down().await;
    let options = Options {
        undo,
        ..options(dir)
    };
    let panel = Panel::open(options).await.unwrap();
    let socket = backend.accept_with(rows()).await;
    until_live(&panel).await;
    (backend, panel, socket)
}

/// A chat that the panel knows from a list at the backend alone.
fn seen(chat: Chat, status: Status, last_place: i64) -> OverseenChat {
    OverseenChat {
        chat_id: chat.id(),
        status,
        last_place: Place(last_place),
        client_name: Some(chat.name()),
    }
}

async fn states(panel: &Panel, ids: &[CommandId]) -> Vec<DeedState> {
    let outcomes = panel.outcomes(ids.to_vec()).await.unwrap();
    let told: Vec<CommandId> = outcomes.iter().map(|outcome| outcome.command_id).collect();
    assert_eq!(told, ids);
    outcomes.into_iter().map(|outcome| outcome.state).collect()
}

async fn until_settled(panel: &Panel, ids: &[CommandId]) -> Vec<DeedState> {
    let mut events = panel.events();
    loop {
        let states = states(panel, ids).await;
        let waits = |state: &DeedState| matches!(state, DeedState::Waiting { .. });
        if !states.iter().any(waits) {
            return states;
        }
        within(events.next()).await.unwrap();
    }
}

#[tokio::test]
async fn several_chats_get_a_command_each_and_it_is_told_what_came_of_every_one() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path(), None).await;
    let chats = vec![
        seen(Chat(5), Status::Queued, 2),
        seen(Chat(6), Status::InWork, 7),
        seen(Chat(7), Status::Closed, 9),
    ];
    let to = operator_id("boris");
    let give = OverseerDeed::Give {
        to,
        note: Some("Yours".to_owned()),
    };
    let ids = panel.act_on(chats, give).await.unwrap();
    assert_eq!(ids.len(), 2, "a closed chat is nobody's to give");
    let mut given = [socket.command().await, socket.command().await];
    given.sort_by_key(|envelope| envelope.id);
    let commands: Vec<Command> = given.iter().map(|one| one.command.clone()).collect();
    assert_eq!(
        commands,
        [
            Command::Assign {
                chat_id: Chat(5).id(),
                to,
                seen_place: Place(2),
            },
            Command::Transfer {
                chat_id: Chat(6).id(),
                to,
                note: Some("Yours".to_owned()),
                seen_place: Place(7),
            },
        ]
    );
    socket.done(ids[0], 3).await;
    socket
        .refuse(ids[1], Code::NewerMessage, json!({"place": 8}))
        .await;
    let states = until_settled(&panel, &ids).await;
    assert_eq!(states[0], DeedState::Done);
    let DeedState::Refused { problem } = &states[1] else {
        panic!("{states:?}");
    };
    assert_eq!(problem.code, Code::NewerMessage);

    // What was refused stands in the way of nothing.
    let again = panel.act_on(vec![seen(Chat(6), Status::InWork, 8)], OverseerDeed::Close);
    let again = again.await.unwrap();
    let envelope = socket.command().await;
    assert_eq!(envelope.id, again[0]);
    assert_eq!(envelope.command.seen_place(), Place(8));
    assert_eq!(panel.overview().await.unwrap().shells, []);
}

#[tokio::test]
async fn what_is_done_with_several_can_be_taken_back_as_long_as_it_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path(), Some(LONG)).await;
    let chats = vec![
        seen(Chat(5), Status::Queued, 2),
        seen(Chat(6), Status::InWork, 7),
    ];
    let ids = panel.act_on(chats, OverseerDeed::Close).await.unwrap();
    for state in states(&panel, &ids).await {
        assert!(matches!(state, DeedState::Waiting { until: Some(_) }));
    }
    assert_eq!(panel.take_all_back(ids.clone()).await.unwrap(), ids);
    assert_eq!(
        states(&panel, &ids).await,
        [DeedState::Withdrawn, DeedState::Withdrawn]
    );
    // The first that the backend hears of is what waits for nothing.
    let reopen = panel.act_on(vec![seen(Chat(7), Status::Closed, 4)], OverseerDeed::Reopen);
    let reopen = reopen.await.unwrap();
    let envelope = socket.command().await;
    assert_eq!(envelope.id, reopen[0]);
    assert_eq!(panel.take_all_back(reopen).await.unwrap(), []);
}

#[tokio::test]
async fn what_waited_goes_when_its_time_has_come() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path(), Some(Duration::from_millis(1))).await;
    let chats = vec![
        seen(Chat(5), Status::InWork, 2),
        seen(Chat(6), Status::InWork, 7),
    ];
    let ids = panel
        .act_on(chats, OverseerDeed::ReturnToQueue)
        .await
        .unwrap();
    for _ in &ids {
        let envelope = socket.command().await;
        assert!(matches!(envelope.command, Command::ReturnToQueue { .. }));
        socket.done(envelope.id, 9).await;
    }
    let states = until_settled(&panel, &ids).await;
    assert_eq!(states, [DeedState::Done, DeedState::Done]);
}

#[tokio::test]
async fn without_a_connection_it_waits_and_survives_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, socket) = anna(dir.path(), None).await;
    panel.shut_down().await;
    drop((panel, socket));
    let panel = open(dir.path()).await;
    // Somebody accepts the connection and never says a word.
    let silent = backend.accept().await;
    let close = OverseerDeed::Close;
    let ids = panel
        .act_on(vec![seen(Chat(6), Status::InWork, 7)], close)
        .await
        .unwrap();
    assert_eq!(
        states(&panel, &ids).await,
        [DeedState::Waiting { until: None }]
    );
    panel.shut_down().await;
    drop((panel, silent));
    let panel = open(dir.path()).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket.snapshot(rows(), 5).await;
    assert_eq!(socket.command().await.id, ids[0]);
    socket.refuse(ids[0], Code::WrongStatus, json!({})).await;
    // Nobody asks for it any more, and it does not wait for a look that nobody takes.
    until_settled(&panel, &ids).await;
    assert_eq!(panel.overview().await.unwrap().shells, []);
    let again = panel.act_on(vec![seen(Chat(6), Status::Closed, 8)], OverseerDeed::Reopen);
    let again = again.await.unwrap();
    assert_eq!(socket.command().await.id, again[0]);
}

#[tokio::test]
async fn a_comment_that_is_refused_leaves_its_text() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path(), None).await;
    let comment = OverseerDeed::Comment {
        text: "Call them back".to_owned(),
        mentions: Vec::new(),
    };
    let ids = panel
        .act_on(vec![seen(Chat(6), Status::InWork, 7)], comment)
        .await
        .unwrap();
    let envelope = socket.command().await;
    assert_eq!(
        envelope.command,
        Command::Comment {
            chat_id: Chat(6).id(),
            text: "Call them back".to_owned(),
            mentions: Vec::new(),
            seen_place: Place(7),
        }
    );
    socket.refuse(ids[0], Code::ChatClosed, json!({})).await;
    let overview = until(&panel, |overview| !overview.shells.is_empty()).await;
    let shell = &overview.shells[0];
    assert_eq!(shell.comment, "Call them back");
    assert_eq!(shell.client_name.as_deref(), Some("Client 6"));
    let states = states(&panel, &ids).await;
    assert!(matches!(states[0], DeedState::Refused { .. }));
}

#[tokio::test]
async fn what_stood_behind_a_refused_comment_is_told_to_be_refused_too() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path(), None).await;
    let chats = || vec![seen(Chat(6), Status::InWork, 7)];
    let comment = OverseerDeed::Comment {
        text: "Call them back".to_owned(),
        mentions: Vec::new(),
    };
    let give = OverseerDeed::Give {
        to: operator_id("boris"),
        note: Some("Yours".to_owned()),
    };
    let mut ids = panel.act_on(chats(), comment).await.unwrap();
    ids.extend(panel.act_on(chats(), give).await.unwrap());
    ids.extend(panel.act_on(chats(), OverseerDeed::Close).await.unwrap());
    assert_eq!(socket.command().await.id, ids[0]);
    socket.refuse(ids[0], Code::ChatClosed, json!({})).await;
    for state in until_settled(&panel, &ids).await {
        let DeedState::Refused { problem } = state else {
            panic!("nobody took it back: {state:?}");
        };
        assert_eq!(problem.code, Code::ChatClosed);
    }
    let overview = until(&panel, |overview| !overview.shells.is_empty()).await;
    assert_eq!(overview.shells[0].comment, "Call them back\nYours");
}

#[tokio::test]
async fn the_backend_is_told_what_is_on_the_screen_again_after_a_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, mut socket) = anna(dir.path(), None).await;
    panel.oversee(true).await.unwrap();
    assert!(socket.oversees().await);
    let mut events = panel.events();
    let chat_ids = vec![Chat(6).id()];
    socket
        .send(&BackendFrame::ChatsChanged {
            chat_ids: chat_ids.clone(),
            everything: false,
        })
        .await;
    let told = PanelEvent::ChatsChanged {
        chat_ids,
        everything: false,
    };
    until_told(&mut events, told).await;
    drop(socket);
    reconnect(&panel).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    assert!(socket.oversees().await);
    panel.oversee(false).await.unwrap();
    assert!(!socket.oversees().await);
}

// --- alarms

fn late(chat: Chat, owner: Option<&str>, since: i64, limit_minutes: u32) -> LateChat {
    LateChat {
        chat_id: chat.id(),
        owner_id: owner.map(operator_id),
        waiting_since: Timestamp(since),
        limit_minutes,
    }
}

async fn says_late(socket: &mut Socket, chats: Vec<LateChat>) {
    let n = u32::try_from(chats.len()).unwrap();
    socket
        .send(&BackendFrame::Late(LateChats { chats, n }))
        .await;
}

async fn says_presence(socket: &mut Socket, presence: Presence) {
    let row = PresenceRow {
        operator_id: operator_id("anna"),
        presence,
        since: None,
        by_hand: false,
    };
    socket
        .send(&BackendFrame::Presence {
            operators: vec![row],
        })
        .await;
}

/// What was told of late clients up to a change that tells nothing by itself.
async fn told(
    socket: &mut Socket,
    events: &mut EventStream,
    seq: i64,
) -> Vec<(u32, u32, Option<ChatId>)> {
    let end = PanelEvent::TimelineChanged {
        chat_id: Chat(99).id(),
    };
    socket.changes(vec![Chat(99).mark(1)], seq).await;
    let mut found = Vec::new();
    loop {
        let event = within(events.next()).await.unwrap();
        if event == end {
            return found;
        }
        if let PanelEvent::Notify { notification } = event
            && notification.key == BannerKey::Late
        {
            found.push((notification.n, notification.minutes, notification.chat_id));
        }
    }
}

#[tokio::test]
async fn who_waits_too_long_is_told_of_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, mut socket) = anna(dir.path(), None).await;
    let mut events = panel.events();
    let two = vec![
        late(Chat(5), None, 1_000, 10),
        late(Chat(6), Some("boris"), 2_000, 15),
    ];
    says_late(&mut socket, two.clone()).await;
    let first = told(&mut socket, &mut events, 2).await;
    assert_eq!(first, [(2, 10, None)]);
    assert_eq!(panel.overview().await.unwrap().late.n, 2);
    // One of mine more, and the same two again: one banner, of the new one.
    let mut three = two.clone();
    three.push(late(Chat(1), Some("anna"), 3_000, 15));
    says_late(&mut socket, three.clone()).await;
    let second = told(&mut socket, &mut events, 3).await;
    assert_eq!(second, [(1, 15, Some(Chat(1).id()))]);
    panel.shut_down().await;
    drop((panel, events, socket));

    let panel = open(dir.path()).await;
    let mut events = panel.events();
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket.snapshot(rows(), 5).await;
    says_late(&mut socket, three).await;
    assert_eq!(told(&mut socket, &mut events, 6).await, []);
    // The same client waits anew.
    says_late(&mut socket, vec![late(Chat(5), None, 9_000, 10)]).await;
    assert_eq!(told(&mut socket, &mut events, 7).await.len(), 1);
}

#[tokio::test]
async fn who_is_not_at_work_is_told_when_they_are_back() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path(), None).await;
    let mut events = panel.events();
    says_presence(&mut socket, Presence::Offline).await;
    says_late(&mut socket, vec![late(Chat(5), None, 1_000, 10)]).await;
    assert_eq!(told(&mut socket, &mut events, 2).await, []);
    says_presence(&mut socket, Presence::Online).await;
    assert_eq!(told(&mut socket, &mut events, 3).await.len(), 1);
    says_presence(&mut socket, Presence::Online).await;
    assert_eq!(told(&mut socket, &mut events, 4).await, []);
}

#[tokio::test]
async fn without_a_connection_nothing_is_known_of_who_waits_too_long() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path(), None).await;
    says_late(&mut socket, vec![late(Chat(5), None, 1_000, 10)]).await;
    until(&panel, |overview| overview.late.n == 1).await;
    drop(socket);
    until(&panel, |overview| overview.late.n == 0).await;
}

//! What is worth a banner.

use pult_domain::Place;
use pult_panel::view::{DraftRevision, Notification, NotificationKind, PanelEvent};
use pult_panel::{EventStream, Panel};
use pult_protocol::{ChatRow, EntryRow, Row};

use crate::backend::{Backend, Socket, operator_id, within};
use crate::rows::{Chat, just_now};
use crate::{reconnect, signed_in, until_live};

/// Anna, live, with chat 1 in her hands and chat 2 in the queue.
async fn anna(dir: &std::path::Path) -> (Backend, Panel, Socket, EventStream) {
    let mut backend = Backend::start().await;
    let panel = signed_in(dir, &backend).await;
    let events = panel.events();
    let socket = backend.accept_with(rows()).await;
    until_live(&panel).await;
    (backend, panel, socket, events)
}

fn rows() -> Vec<Row> {
    vec![
        Row::Chat(mine(1)),
        Row::Entry(Chat(1).inbound(1, "old")),
        Row::Chat(Chat(2).queued(1)),
        Row::Entry(Chat(2).inbound(1, "old")),
    ]
}

fn mine(last_place: i64) -> ChatRow {
    Chat(1).in_work(operator_id("anna"), last_place)
}

/// What was notified up to a change that tells nothing by itself.
async fn notified(socket: &mut Socket, events: &mut EventStream, seq: i64) -> Vec<Notification> {
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
        if let PanelEvent::Notify { notification } = event {
            found.push(notification);
        }
    }
}

#[tokio::test]
async fn what_was_there_before_is_no_news() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    assert_eq!(notified(&mut socket, &mut events, 2).await, []);
}

#[tokio::test]
async fn a_new_chat_in_the_queue_is_told_once_unless_the_window_is_in_front() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let rows = |chat: Chat| {
        vec![
            Row::Entry(chat.inbound(1, "Good afternoon")),
            Row::Entry(chat.inbound(2, "Is it in stock?")),
            Row::Chat(chat.queued(2)),
        ]
    };
    socket.changes(rows(Chat(3)), 2).await;
    let found = notified(&mut socket, &mut events, 3).await;
    assert_eq!(
        found,
        [Notification {
            chat_id: Chat(3).id(),
            what: NotificationKind::NewInQueue,
            title: Some("Client 3".to_owned()),
            text: "Is it in stock?".to_owned(),
            placeholder: None,
        }]
    );
    // Already in the queue: no second banner.
    socket
        .changes(
            vec![
                Row::Entry(Chat(3).inbound(3, "Hello?")),
                Row::Chat(Chat(3).queued(3)),
            ],
            4,
        )
        .await;
    panel.watch(None, true, None).await.unwrap();
    socket.changes(rows(Chat(4)), 5).await;
    assert_eq!(notified(&mut socket, &mut events, 6).await, []);
}

#[tokio::test]
async fn a_chat_that_a_rule_has_marked_for_me_is_told_once_also_in_front_and_an_automatic_text_never()
 {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let marked = |chat: Chat, last_place, whom: &str| ChatRow {
        suggested_owner_id: Some(operator_id(whom)),
        ..chat.queued(last_place)
    };
    panel.watch(Some(Chat(1).id()), true, None).await.unwrap();
    let asked = Row::Entry(Chat(3).inbound(1, "An invoice, please"));
    let for_boris = Row::Chat(marked(Chat(4), 1, "boris"));
    socket
        .changes(
            vec![asked, Row::Chat(marked(Chat(3), 1, "anna")), for_boris],
            2,
        )
        .await;
    let found = notified(&mut socket, &mut events, 3).await;
    assert_eq!(
        found,
        [Notification {
            chat_id: Chat(3).id(),
            what: NotificationKind::Suggested,
            title: Some("Client 3".to_owned()),
            text: "An invoice, please".to_owned(),
            placeholder: None,
        }]
    );
    // It is marked still, and something goes out to the client by itself.
    let automatic = EntryRow {
        author_id: None,
        command_id: None,
        automatic: Some(pult_domain::AutomaticKind::Greeting),
        ..Chat(3).outbound(
            2,
            "Good afternoon",
            pult_domain::CommandId(uuid::Uuid::now_v7()),
        )
    };
    panel.watch(None, false, None).await.unwrap();
    let rows = vec![Row::Entry(automatic), Row::Chat(marked(Chat(3), 2, "anna"))];
    socket.changes(rows, 4).await;
    assert_eq!(notified(&mut socket, &mut events, 5).await, []);
    // A chat that stood there unmarked, and is marked by what the client says next.
    socket
        .changes(vec![Row::Chat(marked(Chat(2), 2, "anna"))], 6)
        .await;
    let found = notified(&mut socket, &mut events, 7).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].what, NotificationKind::Suggested);
}

#[tokio::test]
async fn a_message_in_my_chat_is_told_unless_i_am_looking_at_it() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let mut seq = 2;
    for (watched, in_front, n_expected) in [
        (Some(Chat(1)), false, 1),
        (Some(Chat(2)), true, 1),
        (Some(Chat(1)), true, 0),
        (None, true, 1),
    ] {
        panel
            .watch(watched.map(Chat::id), in_front, None)
            .await
            .unwrap();
        let entry = Chat(1).inbound(seq, "and one more thing");
        socket
            .changes(vec![Row::Entry(entry), Row::Chat(mine(seq))], seq)
            .await;
        let found = notified(&mut socket, &mut events, seq + 1).await;
        assert_eq!(found.len(), n_expected, "{watched:?} {in_front}");
        assert!(
            found
                .iter()
                .all(|found| found.what == NotificationKind::NewMessage)
        );
        seq += 2;
    }
}

#[tokio::test]
async fn delivery_ticks_and_what_was_read_elsewhere_are_no_news() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let seen = DraftRevision::default();
    let replied = panel.reply(Chat(1).id(), "Hello".to_owned(), seen);
    let id = replied.await.unwrap();
    socket
        .changes(
            vec![
                Row::Entry(Chat(1).outbound(2, "Hello", id)),
                Row::Chat(mine(2)),
                Row::Entry(Chat(1).inbound(1, "old")),
            ],
            2,
        )
        .await;
    socket
        .changes(
            vec![
                Row::Entry(Chat(1).inbound(3, "read on another device")),
                Chat(1).mark(3),
                Row::Chat(mine(3)),
            ],
            3,
        )
        .await;
    assert_eq!(notified(&mut socket, &mut events, 4).await, []);
}

#[tokio::test]
async fn what_was_missed_is_news_only_if_it_is_fresh() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, socket, mut events) = anna(dir.path()).await;
    drop(socket);
    reconnect(&panel).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket
        .changes(
            vec![
                Row::Entry(Chat(1).inbound(2, "an hour ago")),
                Row::Chat(mine(2)),
                Row::Chat(Chat(5).queued(1)),
                Row::Chat(ChatRow {
                    last_activity_at: just_now(),
                    ..Chat(6).queued(1)
                }),
            ],
            2,
        )
        .await;
    let found = notified(&mut socket, &mut events, 3).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].chat_id, Chat(6).id());
    assert_eq!(found[0].text, "preview of 6");
    // A chat that comes to me with its past tells the newest message, if it is new.
    let anna = operator_id("anna");
    let recent = EntryRow {
        received_at: just_now(),
        ..Chat(8).inbound(2, "just now")
    };
    socket
        .changes(
            vec![
                Row::Chat(Chat(7).in_work(anna, 2)),
                Row::Entry(Chat(7).inbound(2, "long ago")),
                Row::Chat(Chat(8).in_work(anna, 2)),
                Row::Entry(recent),
            ],
            4,
        )
        .await;
    let found = notified(&mut socket, &mut events, 5).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text, "just now");
    panel.mark_read(Chat(8).id(), Place(2)).await.unwrap();
}

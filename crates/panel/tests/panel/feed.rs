//! Applying the feed, and what the lists and histories show of it.

use pult_domain::{IntegrationId, Place, Status};
use pult_panel::view::{ChatSummary, HistoryKept};
use pult_protocol::{
    BackendFrame, Changes, ChatRow, EntryBody, GoneWhy, IntegrationRow, Notice, Row,
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::backend::{Backend, cursor, now, operator, operator_id};
use crate::rows::{Chat, entries, history, long_ago};
use crate::{reconnect, signed_in, texts, until, until_live, until_offline, until_timeline};

fn names(list: &[ChatSummary]) -> Vec<String> {
    list.iter()
        .filter_map(|summary| summary.chat.client.name.clone())
        .collect()
}

#[tokio::test]
async fn programs_that_write_in_chats_are_known_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let program = IntegrationRow {
        id: IntegrationId(operator_id("books").0),
        name: "Books".to_owned(),
        is_active: true,
    };
    let rows = vec![Row::Integration(program.clone())];
    let _socket = backend.accept_with(rows).await;
    let overview = until_live(&panel).await;
    assert_eq!(overview.integrations, [program]);
}

#[tokio::test]
async fn an_interrupted_snapshot_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    drop(socket);
    reconnect(&panel).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket
        .send(&BackendFrame::Changes(Changes {
            starts_snapshot: true,
            rows: vec![Row::Chat(Chat(2).queued(0))],
            cursor: None,
            behind: 9,
        }))
        .await;
    drop(socket);
    let overview = until_offline(&panel).await;
    assert_eq!(names(&overview.queued), ["Client 1"]);
    panel.reconnect().await.unwrap();
    let (mut socket, hello) = backend.accept().await;
    assert_eq!(hello.cursor, Some(cursor(1)));
    // In two pages and whole, it replaces everything.
    socket.welcome("anna").await;
    for (starts_snapshot, chat, cursor) in
        [(true, Chat(2), None), (false, Chat(3), Some(cursor(5)))]
    {
        socket
            .send(&BackendFrame::Changes(Changes {
                starts_snapshot,
                rows: vec![Row::Chat(chat.queued(0))],
                cursor,
                behind: 0,
            }))
            .await;
    }
    let overview = until_live(&panel).await;
    assert_eq!(names(&overview.queued), ["Client 2", "Client 3"]);
}

#[tokio::test]
async fn lists_are_grouped_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let anna = operator_id("anna");
    let boris = operator_id("boris");
    let _socket = backend
        .accept_with(vec![
            Row::Operator(operator("anna")),
            Row::Operator(operator("boris")),
            Row::Chat(Chat(1).queued(9)),
            Row::Chat(Chat(2).queued(4)),
            Row::Chat(ChatRow {
                waiting_since: None,
                ..Chat(3).queued(1)
            }),
            Row::Chat(Chat(4).in_work(anna, 5)),
            Row::Chat(Chat(5).in_work(anna, 6)),
            Row::Chat(ChatRow {
                observer_ids: vec![anna],
                ..Chat(6).in_work(boris, 1)
            }),
        ])
        .await;
    let overview = until_live(&panel).await;
    assert_eq!(
        names(&overview.queued),
        ["Client 2", "Client 1", "Client 3"]
    );
    assert_eq!(names(&overview.in_work), ["Client 5", "Client 4"]);
    assert_eq!(names(&overview.observed), ["Client 6"]);
    assert_eq!(overview.operators.len(), 2);
}

#[tokio::test]
async fn settled_a_queued_chat_that_one_observes_stands_in_the_queue_alone_and_is_marked() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let anna = operator_id("anna");
    let _socket = backend
        .accept_with(vec![
            Row::Operator(operator("anna")),
            Row::Chat(ChatRow {
                observer_ids: vec![anna],
                ..Chat(1).queued(1)
            }),
        ])
        .await;
    let overview = until_live(&panel).await;
    assert_eq!(names(&overview.queued), ["Client 1"]);
    assert_eq!(overview.queued[0].chat.observer_ids, [anna]);
    assert!(overview.observed.is_empty());
}

#[tokio::test]
async fn a_closed_chat_leaves_the_lists_and_keeps_its_history() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let anna = operator_id("anna");
    let mut rows = vec![Row::Chat(Chat(1).in_work(anna, 2))];
    rows.extend(entries(history(Chat(1), 1, 2)));
    let mut socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    socket.changes(vec![Chat(1).gone(GoneWhy::Closed)], 2).await;
    until(&panel, |overview| overview.in_work.is_empty()).await;
    let timeline = panel.timeline(Chat(1).id(), None, 50).await.unwrap();
    assert_eq!(texts(&timeline), ["1", "2"]);
    let chat = timeline.chat.unwrap().chat;
    assert_eq!(chat.status, Status::Closed);
    assert_eq!(chat.owner_id, Some(anna));
    // The client writes again: it is back, and what had been held is read anew.
    let mut rows = vec![Row::Chat(ChatRow {
        fresh: true,
        ..Chat(1).in_work(anna, 4)
    })];
    rows.extend(entries(history(Chat(1), 3, 4)));
    socket.changes(rows, 3).await;
    until(&panel, |overview| overview.in_work.len() == 1).await;
    backend.set_history(Chat(1).id(), history(Chat(1), 1, 4));
    let timeline = until_timeline(&panel, Chat(1).id(), |timeline| !timeline.has_older).await;
    assert_eq!(texts(&timeline), ["1", "2", "3", "4"]);
    assert_eq!(backend.n_history_requests(), 1);
}

#[tokio::test]
async fn unread_messages_are_those_of_the_client_after_the_mark() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut rows = vec![Row::Chat(Chat(1).queued(5)), Chat(1).mark(2)];
    rows.extend(entries(history(Chat(1), 1, 5)));
    let mut socket = backend.accept_with(rows).await;
    let overview = until_live(&panel).await;
    assert_eq!(overview.queued[0].n_unread, 3);
    panel.mark_read(Chat(1).id(), Place(4)).await.unwrap();
    let overview = panel.overview().await.unwrap();
    assert_eq!(overview.queued[0].n_unread, 1);
    let envelope = socket.command().await;
    assert_eq!(envelope.command.seen_place(), Place(4));
    // Older than what is known: nothing to tell, nothing to take back.
    panel.mark_read(Chat(1).id(), Place(3)).await.unwrap();
    socket.changes(vec![Chat(1).mark(3)], 2).await;
    panel.mark_read(Chat(1).id(), Place(99)).await.unwrap();
    // A mark that is refused is dropped, and the newest is told next.
    socket
        .refuse(
            envelope.id,
            pult_protocol::Code::Internal,
            serde_json::json!({}),
        )
        .await;
    let envelope = socket.command().await;
    assert_eq!(envelope.command.seen_place(), Place(5));
    socket.done(envelope.id, 0).await;
    let overview = until(&panel, |overview| overview.queued[0].n_unread == 0).await;
    assert!(!overview.queued[0].needs_look);
    assert_eq!(overview.queued[0].n_waiting, 0);
}

#[tokio::test]
async fn read_marks_made_without_a_network_are_told_later_and_survive_a_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut rows = vec![Row::Chat(Chat(1).queued(5))];
    rows.extend(entries(history(Chat(1), 1, 5)));
    let socket = backend.accept_with(rows.clone()).await;
    until_live(&panel).await;
    drop(socket);
    until_offline(&panel).await;
    panel.mark_read(Chat(1).id(), Place(2)).await.unwrap();
    panel.mark_read(Chat(1).id(), Place(5)).await.unwrap();
    panel.reconnect().await.unwrap();
    let mut socket = backend.accept_with(rows).await;
    let envelope = socket.command().await;
    assert_eq!(envelope.command.seen_place(), Place(5));
    assert_eq!(until_live(&panel).await.queued[0].n_unread, 0);
}

/// One chat with five of its client's messages, as it comes back into sight with its mark at `read`.
fn returned_chat(read: i64) -> Vec<Row> {
    let mut chat = Chat(1).queued(5);
    chat.fresh = true;
    let mut rows = vec![Row::Chat(chat), Chat(1).mark(read)];
    rows.extend(entries(history(Chat(1), 1, 5)));
    rows
}

fn gone(why: GoneWhy) -> Row {
    Row::Gone {
        chat_id: Chat(1).id(),
        why,
    }
}

#[tokio::test]
async fn a_mark_made_without_a_network_outlives_its_chats_absence() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let socket = backend.accept_with(returned_chat(2)).await;
    until_live(&panel).await;
    drop(socket);
    until_offline(&panel).await;
    panel.mark_read(Chat(1).id(), Place(4)).await.unwrap();
    panel.reconnect().await.unwrap();
    // Meanwhile it was closed, and its client has written again.
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    let mut rows = vec![gone(GoneWhy::Closed)];
    rows.extend(returned_chat(2));
    socket.changes(rows, 2).await;
    let overview = until_live(&panel).await;
    assert_eq!(overview.queued[0].n_unread, 1);
    let envelope = socket.command().await;
    assert_eq!(envelope.command.seen_place(), Place(4));
}

#[rstest]
#[tokio::test]
async fn a_mark_that_was_refused_while_its_chat_was_out_of_sight_is_told_again_when_it_is_back(
    #[values(false, true)] gone_is_heard_first: bool,
    #[values(GoneWhy::Closed, GoneWhy::Lost)] why: GoneWhy,
) {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend.accept_with(returned_chat(2)).await;
    until_live(&panel).await;
    panel.mark_read(Chat(1).id(), Place(4)).await.unwrap();
    let envelope = socket.command().await;
    // It was closed or taken before the mark came.
    if gone_is_heard_first {
        socket.changes(vec![gone(why)], 2).await;
        until(&panel, |overview| overview.queued.is_empty()).await;
    }
    let code = pult_protocol::Code::ChatNotFound;
    socket
        .refuse(envelope.id, code, serde_json::json!({}))
        .await;
    let mut rows = Vec::new();
    if !gone_is_heard_first {
        rows.push(gone(why));
    }
    rows.extend(returned_chat(2));
    socket.changes(rows, 3).await;
    let again = socket.command().await;
    assert_eq!(again.command, envelope.command);
    socket.done(again.id, 0).await;
    let overview = until(&panel, |overview| !overview.queued.is_empty()).await;
    assert_eq!(overview.queued[0].n_unread, 1);
}

#[tokio::test]
async fn an_answer_from_before_its_chats_return_ends_no_mark() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend.accept_with(returned_chat(0)).await;
    until_live(&panel).await;
    panel.mark_read(Chat(1).id(), Place(4)).await.unwrap();
    let envelope = socket.command().await;
    // The mark came while somebody else had the chat; its answer comes behind what followed.
    let mut rows = vec![gone(GoneWhy::Lost)];
    rows.extend(returned_chat(0));
    socket.changes(rows, 2).await;
    let code = pult_protocol::Code::ChatNotFound;
    socket
        .refuse(envelope.id, code, serde_json::json!({}))
        .await;
    let again = socket.command().await;
    assert_eq!(again.command, envelope.command);
    assert_eq!(panel.overview().await.unwrap().queued[0].n_unread, 1);
}

#[tokio::test]
async fn a_mark_that_the_backend_could_not_take_just_now_is_told_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut rows = vec![Row::Chat(Chat(1).queued(5))];
    rows.extend(entries(history(Chat(1), 1, 5)));
    let mut socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    panel.mark_read(Chat(1).id(), Place(4)).await.unwrap();
    let envelope = socket.command().await;
    socket
        .refuse(
            envelope.id,
            pult_protocol::Code::Unavailable,
            serde_json::json!({}),
        )
        .await;
    let again = socket.command().await;
    assert_eq!(again.command, envelope.command);
}

#[tokio::test]
async fn closed_chats_are_kept_for_as_long_as_their_reader_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let [old, new, written, open] = [1, 2, 3, 4].map(Chat);
    let mut rows = Vec::new();
    for (chat, days) in [(old, 8), (new, 6), (written, 8), (open, 8)] {
        let mut row = chat.queued(2);
        row.last_activity_at = now().plus_ms(-days * 24 * 60 * 60 * 1000);
        rows.push(Row::Chat(row));
        rows.extend(entries(history(chat, 1, 2)));
    }
    let mut socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    crate::write(&panel, written, "begun").await;
    assert_eq!(panel.history_kept().await.unwrap().closed_days, None);
    let closes = |chat: Chat| chat.gone(GoneWhy::Closed);
    socket
        .changes(vec![closes(old), closes(new), closes(written)], 2)
        .await;
    until(&panel, |overview| overview.queued.len() == 1).await;
    let held = async |chat: Chat| {
        let timeline = panel.timeline(chat.id(), None, 10).await.unwrap();
        timeline.entries.len()
    };
    assert_eq!(held(old).await, 2);
    let week = HistoryKept {
        closed_days: Some(7),
        max_mb: None,
    };
    panel.keep_history(week).await.unwrap();
    assert_eq!(held(old).await, 0);
    for chat in [new, written, open] {
        assert_eq!(held(chat).await, 2);
    }
    let found = crate::files::all_bytes(dir.path());
    assert!(!crate::files::contains(&found, "preview of 1"));
    // It holds for what is closed later too.
    socket.changes(vec![closes(open)], 3).await;
    until(&panel, |overview| overview.queued.is_empty()).await;
    assert_eq!(held(open).await, 0);
    assert_eq!(panel.history_kept().await.unwrap(), week);
}

#[tokio::test]
async fn of_the_closed_chats_the_oldest_go_when_all_of_it_takes_too_much_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let chats: Vec<Chat> = (1..=120).map(Chat).collect();
    let mut socket = backend.accept_with(Vec::new()).await;
    for (days, chat) in (1..).zip(&chats) {
        let mut rows = Vec::new();
        let mut row = chat.queued(1);
        row.last_activity_at = now().plus_ms(-days * 24 * 60 * 60 * 1000);
        rows.push(Row::Chat(row));
        let mut history = history(*chat, 1, 1);
        for entry in &mut history {
            entry.body = EntryBody::Inbound {
                text: "long ".repeat(4_000),
            };
        }
        rows.extend(entries(history));
        socket.changes(rows, days + 1).await;
    }
    until(&panel, |overview| overview.queued.len() == chats.len()).await;
    let (newest, oldest, open) = (chats[0], chats[118], chats[119]);
    crate::write(&panel, oldest, "begun").await;
    let closed: Vec<Row> = chats[..119]
        .iter()
        .map(|chat| chat.gone(GoneWhy::Closed))
        .collect();
    socket.changes(closed, 122).await;
    until(&panel, |overview| overview.queued.len() == 1).await;
    let held = async |chat: Chat| {
        let timeline = panel.timeline(chat.id(), None, 10).await.unwrap();
        timeline.entries.len()
    };
    assert_eq!(held(chats[117]).await, 1, "4 GB are enough for it");
    let small = HistoryKept {
        closed_days: None,
        max_mb: Some(1),
    };
    panel.keep_history(small).await.unwrap();
    assert_eq!(held(chats[117]).await, 0);
    for (chat, why) in [
        (newest, "newer ones are left"),
        (oldest, "text waits in it"),
        (open, "it stands in a list"),
    ] {
        assert_eq!(held(chat).await, 1, "{why}");
    }
}

#[tokio::test]
async fn older_entries_are_fetched_once_and_then_held() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut rows = vec![Row::Chat(Chat(1).queued(300))];
    rows.extend(entries(history(Chat(1), 271, 300)));
    let socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    backend.set_history(Chat(1).id(), history(Chat(1), 1, 300));
    let chat_id = Chat(1).id();
    let timeline = panel.timeline(chat_id, None, 30).await.unwrap();
    assert_eq!(timeline.entries.len(), 30);
    assert!(timeline.has_older);
    assert_eq!(backend.n_history_requests(), 0);
    let timeline = panel
        .timeline(chat_id, Some(Place(271)), 100)
        .await
        .unwrap();
    assert_eq!(timeline.entries.len(), 100);
    assert_eq!(timeline.entries[0].place, Place(171));
    assert!(timeline.has_older);
    assert!(!timeline.older_needs_connection);
    assert_eq!(backend.n_history_requests(), 1);
    drop(socket);
    until_offline(&panel).await;
    // What was fetched is held; what was not is said to need a connection.
    let timeline = panel
        .timeline(chat_id, Some(Place(271)), 100)
        .await
        .unwrap();
    assert_eq!(timeline.entries.len(), 100);
    assert!(!timeline.older_needs_connection);
    let timeline = panel
        .timeline(chat_id, Some(Place(171)), 100)
        .await
        .unwrap();
    assert!(timeline.entries.is_empty());
    assert!(timeline.has_older);
    assert!(timeline.older_needs_connection);
    let timeline = panel.timeline(chat_id, None, 500).await.unwrap();
    assert_eq!(timeline.entries.len(), 130);
    assert!(timeline.older_needs_connection);
}

#[tokio::test]
async fn a_chat_is_opened_with_what_is_held_and_waits_only_for_the_very_newest() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut rows = vec![
        Row::Chat(Chat(1).queued(300)),
        Row::Chat(Chat(2).queued(5)),
        Row::Chat(Chat(3).queued(5)),
    ];
    rows.extend(entries(history(Chat(1), 271, 300)));
    rows.extend(entries(history(Chat(3), 1, 4)));
    let _socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    backend.set_history(Chat(1).id(), history(Chat(1), 1, 300));
    let shown = panel
        .timeline_at_hand(Chat(1).id(), None, 80, 1)
        .await
        .unwrap();
    assert_eq!(shown.entries.len(), 30);
    assert!(shown.has_older && shown.older_needs_connection);
    assert_eq!(backend.n_history_requests(), 0);
    for chat in [Chat(2), Chat(3)] {
        backend.set_history(chat.id(), history(chat, 1, 5));
        let shown = panel
            .timeline_at_hand(chat.id(), None, 80, 1)
            .await
            .unwrap();
        assert_eq!(texts(&shown), ["1", "2", "3", "4", "5"]);
        assert!(!shown.has_older && !shown.older_needs_connection);
    }
    assert_eq!(backend.n_history_requests(), 2);
    // Who shows more already gets no less.
    let shown = panel
        .timeline_at_hand(Chat(1).id(), None, 81, 80)
        .await
        .unwrap();
    assert_eq!(shown.entries.len(), 81);
    assert_eq!(backend.n_history_requests(), 3);
    // Older ones are shown as far as they are held, too.
    let shown = panel
        .timeline_at_hand(Chat(1).id(), Some(Place(240)), 100, 1)
        .await
        .unwrap();
    let places: Vec<i64> = shown.entries.iter().map(|entry| entry.place.0).collect();
    assert_eq!(places, (220..240).collect::<Vec<i64>>());
    assert_eq!(backend.n_history_requests(), 3);
}

#[tokio::test]
async fn a_hole_in_what_is_held_is_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut rows = vec![Row::Chat(Chat(1).queued(20))];
    rows.extend(entries(history(Chat(1), 1, 3)));
    rows.extend(entries(history(Chat(1), 18, 20)));
    let mut socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    // A late change of an entry that is not held comes alone.
    socket
        .changes(vec![Row::Entry(Chat(1).inbound(10, "10"))], 2)
        .await;
    drop(socket);
    until_offline(&panel).await;
    let timeline = panel.timeline(Chat(1).id(), None, 50).await.unwrap();
    assert_eq!(texts(&timeline), ["18", "19", "20"]);
    assert!(timeline.has_older && timeline.older_needs_connection);
    backend.set_history(Chat(1).id(), history(Chat(1), 1, 20));
    panel.reconnect().await.unwrap();
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket.changes(Vec::new(), 3).await;
    until_live(&panel).await;
    let timeline = panel.timeline(Chat(1).id(), None, 50).await.unwrap();
    let all: Vec<String> = (1..=20).map(|place: i64| place.to_string()).collect();
    assert_eq!(texts(&timeline), all);
}

#[tokio::test]
async fn an_overview_of_a_thousand_chats_is_quick() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let rows: Vec<Row> = (0_u32..1_000)
        .map(|n| {
            let mut chat = Chat(1).queued(i64::from(n));
            let mut bytes = *chat.id.0.as_bytes();
            bytes[1..5].copy_from_slice(&n.to_be_bytes());
            chat.id = pult_domain::ChatId(uuid::Uuid::from_bytes(bytes));
            Row::Chat(chat)
        })
        .collect();
    let _socket = backend.accept_with(rows).await;
    let overview = until_live(&panel).await;
    assert_eq!(overview.queued.len(), 1_000);
    assert_eq!(overview.queued[0].chat.waiting_since, Some(long_ago(0)));
    let mut quickest = std::time::Duration::MAX;
    for _ in 0..20 {
        let started = std::time::Instant::now();
        panel.overview().await.unwrap();
        quickest = quickest.min(started.elapsed());
    }
    // Without optimisation; a release build takes a small part of it.
    assert!(quickest.as_millis() < 100, "{quickest:?}");
}

#[tokio::test]
async fn what_a_newer_backend_says_ends_no_connection() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut rows = vec![Row::Chat(Chat(1).queued(3)), Row::Chat(Chat(2).queued(0))];
    rows.extend(entries(history(Chat(1), 1, 3)));
    let mut socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    let page = |rows: Vec<Row>, change: &dyn Fn(&mut Value)| {
        let mut frame = serde_json::to_value(BackendFrame::Changes(Changes {
            starts_snapshot: false,
            rows,
            cursor: Some(cursor(7)),
            behind: 0,
        }))
        .unwrap();
        change(&mut frame["rows"]);
        frame
    };
    // A status that this version does not know says nothing here; what stands beside it counts.
    let rows = vec![
        Row::Chat(Chat(2).queued(0)),
        Row::Chat(Chat(1).queued(5)),
        Row::Entry(Chat(1).inbound(4, "four")),
        Row::Entry(Chat(1).inbound(5, "five")),
        Row::Chat(Chat(3).queued(0)),
    ];
    let newer = page(rows, &|rows| {
        rows[0]["status"] = json!("dreaming");
        rows[2]["body"] = json!({ "kind": "hologram" });
        rows[4]["client"] = json!(null);
    });
    socket.send_raw(newer).await;
    socket
        .send_raw(json!({ "kind": "presence", "operators": [{ "presence": "asleep" }] }))
        .await;
    socket.changes(vec![Row::Chat(Chat(4).queued(0))], 8).await;
    let overview = until(&panel, |now| {
        names(&now.queued).contains(&"Client 4".to_owned())
    })
    .await;
    let mut queued = names(&overview.queued);
    queued.sort();
    assert_eq!(queued, ["Client 1", "Client 2", "Client 4"]);
    // The chat has no hole.
    let timeline = panel.timeline(Chat(1).id(), None, 50).await.unwrap();
    assert_eq!(timeline.entries.len(), 5);
    let newer = EntryBody::Notice {
        notice: Notice::Newer,
    };
    assert_eq!(timeline.entries[3].body, newer);
    drop(socket);
    reconnect(&panel).await;
    let (_, hello) = backend.accept().await;
    assert_eq!(hello.cursor, Some(cursor(8)));
}

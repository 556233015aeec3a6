//! The connection: its states, its endings, its heartbeats.

use std::time::Duration;

use pult_panel::PanelErrorCode;
use pult_panel::view::{ComposerMode, Connection, DraftRevision, PanelEvent};
use pult_protocol::{
    BackendFrame, Changes, Code, HEARTBEAT_MS, LEASE_MS, PanelFrame, Presence, PresenceRow,
    Problem, Row,
};
use serde_json::json;

use crate::backend::{Backend, cursor, now, operator_id};
use crate::rows::{Chat, entries, history};
use crate::{open, reconnect, restarted, signed_in, texts, until, until_live, until_offline};

#[tokio::test]
async fn the_last_lists_and_histories_are_there_without_a_network() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut rows = vec![Row::Chat(Chat(1).queued(3)), Row::Chat(Chat(2).queued(1))];
    rows.extend(entries(history(Chat(1), 1, 3)));
    drop(backend.accept_with(rows).await);
    until(&panel, |overview| overview.queued.len() == 2).await;
    backend.stop().await;
    let panel = restarted(panel, dir.path()).await;
    let overview = panel.overview().await.unwrap();
    assert_eq!(overview.queued.len(), 2);
    assert_ne!(overview.connection, Connection::Live);
    let timeline = panel.timeline(Chat(1).id(), None, 50).await.unwrap();
    assert_eq!(texts(&timeline), ["1", "2", "3"]);
    assert!(!timeline.has_older);
    until_offline(&panel).await;
}

#[tokio::test]
async fn a_reconnect_goes_on_from_the_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    socket.changes(vec![Row::Chat(Chat(2).queued(0))], 7).await;
    until(&panel, |overview| overview.queued.len() == 2).await;
    drop(socket);
    reconnect(&panel).await;
    let (mut socket, hello) = backend.accept().await;
    assert_eq!(hello.cursor, Some(cursor(7)));
    socket.welcome("anna").await;
    socket
        .send(&BackendFrame::Changes(Changes {
            starts_snapshot: false,
            rows: vec![Row::Chat(Chat(3).queued(0))],
            cursor: Some(cursor(8)),
            behind: 240,
        }))
        .await;
    until(&panel, |overview| {
        overview.queued.len() == 3 && overview.connection == Connection::CatchingUp { behind: 240 }
    })
    .await;
    socket.changes(Vec::new(), 9).await;
    until_live(&panel).await;
}

#[tokio::test]
async fn a_panel_that_is_too_old_stops_trying_until_asked() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let (mut socket, _) = backend.accept().await;
    socket.problem(Code::ProtocolTooOld).await;
    until(&panel, |overview| {
        matches!(
            &overview.connection,
            Connection::Refused {
                problem: Problem {
                    code: Code::ProtocolTooOld,
                    ..
                }
            }
        )
    })
    .await;
    panel.reconnect().await.unwrap();
    let _socket = backend.accept_with(Vec::new()).await;
    until_live(&panel).await;
}

#[tokio::test]
async fn who_is_there_is_known_while_the_backend_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend.accept_with(Vec::new()).await;
    let row = |login, presence, since| PresenceRow {
        operator_id: operator_id(login),
        presence,
        since,
        by_hand: false,
    };
    let anna = row("anna", Presence::Online, Some(now()));
    for boris in [
        row("boris", Presence::Online, Some(now())),
        row("boris", Presence::Offline, None),
    ] {
        let operators = vec![anna, boris];
        socket.send(&BackendFrame::Presence { operators }).await;
        until(&panel, |overview| overview.presence == [anna, boris]).await;
    }
    drop(socket);
    let overview = until_offline(&panel).await;
    assert_eq!(overview.presence, []);
}

#[tokio::test]
async fn what_a_newer_backend_adds_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket
        .send_raw(json!({"kind": "weather", "text": "rain"}))
        .await;
    let chat = serde_json::to_value(Row::Chat(Chat(1).queued(0))).unwrap();
    socket
        .send_raw(json!({
            "kind": "changes",
            "starts_snapshot": true,
            "rows": [{"row": "sticker", "id": 1}, chat],
            "cursor": {"epoch": "first", "seq": 1},
            "mood": "good",
        }))
        .await;
    let overview = until_live(&panel).await;
    assert_eq!(overview.queued.len(), 1);
}

#[tokio::test]
async fn a_frame_that_cannot_be_understood_ends_that_connection_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    socket
        .send_raw(json!({"kind": "changes", "rows": "none"}))
        .await;
    reconnect(&panel).await;
    let (mut socket, hello) = backend.accept().await;
    assert_eq!(hello.cursor, Some(cursor(1)));
    socket.welcome("anna").await;
    socket.changes(Vec::new(), 1).await;
    assert_eq!(until_live(&panel).await.queued.len(), 1);
}

#[tokio::test]
async fn waiting_times_are_told_by_the_backends_clock() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let (mut socket, _) = backend.accept().await;
    socket
        .send(&BackendFrame::Welcome {
            protocol: pult_protocol::PROTOCOL,
            operator_id: operator_id("anna"),
            server_time: now().plus_ms(3_600_000),
            lease_ms: LEASE_MS,
        })
        .await;
    socket.snapshot(Vec::new(), 1).await;
    let offset = until_live(&panel).await.clock_offset_ms;
    assert!((3_590_000..=3_600_000).contains(&offset), "{offset}");
}

#[tokio::test]
async fn a_quiet_panel_gives_signs_of_life_and_a_silent_backend_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend.accept_with(Vec::new()).await;
    until_live(&panel).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(HEARTBEAT_MS)).await;
    tokio::time::resume();
    let said = socket.next().await;
    let is_sign = matches!(said, PanelFrame::Ping | PanelFrame::Watch(_));
    assert!(is_sign, "{said:?}");
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(HEARTBEAT_MS * 3)).await;
    tokio::time::resume();
    until(&panel, |overview| overview.connection != Connection::Live).await;
}

#[tokio::test]
async fn without_a_sign_in_nothing_can_be_done_and_nothing_breaks() {
    let dir = tempfile::tempdir().unwrap();
    let panel = open(dir.path()).await;
    let overview = panel.overview().await.unwrap();
    assert_eq!(overview.session, None);
    assert_eq!(panel.last_sign_in().await.unwrap(), None);
    panel.watch(Some(Chat(1).id()), true, None).await.unwrap();
    let chat_id = Chat(1).id();
    let seen = DraftRevision::default();
    for error in [
        panel.timeline(chat_id, None, 50).await.unwrap_err(),
        panel
            .reply(chat_id, "a".to_owned(), seen)
            .await
            .unwrap_err(),
        panel.close_chat(chat_id).await.unwrap_err(),
        panel
            .set_draft(
                chat_id,
                ComposerMode::Reply,
                "a".to_owned(),
                Vec::new(),
                seen,
            )
            .await
            .unwrap_err(),
        panel.sign_out(true).await.unwrap_err(),
        panel.reconnect().await.unwrap_err(),
    ] {
        assert_eq!(error.code, PanelErrorCode::NotSignedIn);
    }
}

#[tokio::test]
async fn whoever_reads_events_too_slowly_is_told_to_ask_for_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut slow = panel.events();
    let mut socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    for seq in 2..800 {
        socket
            .changes(vec![Row::Chat(Chat(1).queued(seq))], seq)
            .await;
    }
    until(&panel, |overview| {
        overview.queued[0].chat.last_place.0 == 799
    })
    .await;
    assert_eq!(slow.next().await, Some(PanelEvent::Overflowed));
}

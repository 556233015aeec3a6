//! The outbox: order, refusals, echoes, drafts, shells.

use pult_domain::Place;
use pult_panel::view::{ChatDeed, ComposerMode, DraftRevision, HeldAction, Timeline};
use pult_panel::{Panel, PanelErrorCode};
use pult_protocol::{Code, Command, GoneWhy, Row};
use serde_json::json;

use crate::backend::{Backend, Socket, operator_id};
use crate::rows::{Chat, entries, history};
use crate::{
    open, reconnect, restarted, signed_in, texts, until, until_live, until_offline, until_timeline,
    write,
};

/// Anna with chat 1 in her hands and chat 2 in the queue, each with three messages.
async fn anna(dir: &std::path::Path) -> (Backend, Panel, Socket) {
    let mut backend = Backend::start().await;
    let panel = signed_in(dir, &backend).await;
    let socket = backend.accept_with(rows()).await;
    until_live(&panel).await;
    (backend, panel, socket)
}

fn rows() -> Vec<Row> {
    let mut rows = vec![
        Row::Chat(Chat(1).in_work(operator_id("anna"), 3)),
        Row::Chat(Chat(2).queued(3)),
    ];
    rows.extend(entries(history(Chat(1), 1, 3)));
    rows.extend(entries(history(Chat(2), 1, 3)));
    rows
}

/// Sends from a composer that shows all there is.
async fn reply(panel: &Panel, chat: Chat, text: &str) -> pult_domain::CommandId {
    let seen = timeline(panel, chat).await.draft_revision;
    let id = panel.reply(chat.id(), text.to_owned(), seen).await;
    id.unwrap()
}

async fn timeline(panel: &Panel, chat: Chat) -> Timeline {
    panel.timeline(chat.id(), None, 50).await.unwrap()
}

fn echoes(timeline: &Timeline) -> Vec<&str> {
    timeline
        .echoes
        .iter()
        .map(|echo| echo.text.as_str())
        .collect()
}

#[tokio::test]
async fn an_echo_shows_at_once_and_gives_way_to_its_entry() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, Chat(1), "Hel").await;
    let id = reply(&panel, Chat(1), "Hello").await;
    let shown = timeline(&panel, Chat(1)).await;
    assert_eq!(echoes(&shown), ["Hello"]);
    assert_eq!(shown.draft, "");
    let envelope = socket.command().await;
    assert_eq!(envelope.id, id);
    assert_eq!(
        envelope.command,
        Command::Reply {
            chat_id: Chat(1).id(),
            text: "Hello".to_owned(),
            seen_place: Place(3)
        }
    );
    socket.done(id, 4).await;
    let summary = until(&panel, |overview| overview.in_work[0].n_waiting == 0).await;
    assert!(!summary.in_work[0].needs_look);
    // Carried out, and still shown until the entry is here.
    assert_eq!(echoes(&timeline(&panel, Chat(1)).await), ["Hello"]);
    socket
        .changes(
            vec![
                Row::Chat(Chat(1).in_work(operator_id("anna"), 4)),
                Row::Entry(Chat(1).outbound(4, "Hello", id)),
            ],
            2,
        )
        .await;
    let shown = until_timeline(&panel, Chat(1).id(), |timeline| timeline.entries.len() == 4).await;
    assert_eq!(texts(&shown), ["1", "2", "3", "Hello"]);
    assert!(shown.echoes.is_empty());
}

#[tokio::test]
async fn an_entry_may_come_before_its_answer() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let id = reply(&panel, Chat(1), "Hello").await;
    reply(&panel, Chat(1), "there").await;
    assert_eq!(socket.reply("Hello").await, id);
    socket
        .changes(
            vec![
                Row::Chat(Chat(1).in_work(operator_id("anna"), 4)),
                Row::Entry(Chat(1).outbound(4, "Hello", id)),
            ],
            2,
        )
        .await;
    socket.done(id, 4).await;
    socket.reply("there").await;
    let shown = until_timeline(&panel, Chat(1).id(), |timeline| timeline.entries.len() == 4).await;
    assert_eq!(echoes(&shown), ["there"]);
}

#[tokio::test]
async fn the_next_command_goes_when_the_entry_has_come_and_the_answer_has_not() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let id = reply(&panel, Chat(1), "Hello").await;
    reply(&panel, Chat(1), "there").await;
    assert_eq!(socket.reply("Hello").await, id);
    socket
        .changes(
            vec![
                Row::Chat(Chat(1).in_work(operator_id("anna"), 4)),
                Row::Entry(Chat(1).outbound(4, "Hello", id)),
            ],
            2,
        )
        .await;
    let there = socket.reply("there").await;
    // The answer that was late changes nothing.
    socket.done(id, 4).await;
    socket.done(there, 5).await;
    reply(&panel, Chat(1), "again").await;
    socket.reply("again").await;
}

#[tokio::test]
async fn the_commands_of_a_chat_go_one_after_the_other_and_chats_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    reply(&panel, Chat(1), "first").await;
    let first = socket.reply("first").await;
    reply(&panel, Chat(1), "second").await;
    panel.close_chat(Chat(1).id()).await.unwrap();
    reply(&panel, Chat(2), "elsewhere").await;
    let elsewhere = socket.reply("elsewhere").await;
    socket.done(elsewhere, 4).await;
    socket.done(first, 4).await;
    let second = socket.reply("second").await;
    socket.done(second, 5).await;
    let close = socket.command().await;
    assert!(matches!(close.command, Command::Close { .. }));
}

#[tokio::test]
async fn what_was_written_offline_goes_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (backend, panel, socket) = anna(dir.path()).await;
    let at = backend.address.replace("http://", "");
    drop(socket);
    backend.stop().await;
    until_offline(&panel).await;
    let first = reply(&panel, Chat(1), "first").await;
    let second = reply(&panel, Chat(1), "second").await;
    let panel = restarted(panel, dir.path()).await;
    let shown = timeline(&panel, Chat(1)).await;
    assert_eq!(echoes(&shown), ["first", "second"]);
    assert!(shown.echoes.iter().all(|echo| !echo.is_handed_over));
    let mut backend = Backend::start_at(&at).await;
    reconnect(&panel).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket.changes(Vec::new(), 1).await;
    assert_eq!(socket.reply("first").await, first);
    socket.done(first, 4).await;
    assert_eq!(socket.reply("second").await, second);
    socket.done(second, 5).await;
    until(&panel, |overview| overview.in_work[0].n_waiting == 0).await;
}

#[tokio::test]
async fn what_was_handed_over_without_an_answer_goes_again_under_the_same_id() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, mut socket) = anna(dir.path()).await;
    let id = reply(&panel, Chat(1), "Hello").await;
    assert_eq!(socket.reply("Hello").await, id);
    drop(socket);
    until_offline(&panel).await;
    let echo = timeline(&panel, Chat(1)).await.echoes.remove(0);
    assert!(echo.is_handed_over);
    assert!(!panel.take_back(id).await.unwrap());
    panel.reconnect().await.unwrap();
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    assert_eq!(socket.reply("Hello").await, id);
    // The program ends before the answer has come.
    let panel = restarted(panel, dir.path()).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    assert_eq!(socket.reply("Hello").await, id);
    socket.changes(Vec::new(), 1).await;
    socket.done(id, 4).await;
    until(&panel, |overview| {
        overview
            .in_work
            .first()
            .is_some_and(|chat| chat.n_waiting == 0)
    })
    .await;
}

#[tokio::test]
async fn a_refused_reply_is_a_draft_again_and_what_follows_waits_for_a_look() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let first = reply(&panel, Chat(1), "first").await;
    reply(&panel, Chat(1), "second").await;
    write(&panel, Chat(1), "third").await;
    socket.reply("first").await;
    socket
        .refuse(first, Code::NewerMessage, json!({"place": 4}))
        .await;
    let shown = until_timeline(&panel, Chat(1).id(), |timeline| timeline.held.is_some()).await;
    let held = shown.held.unwrap();
    assert_eq!(held.command_id, first);
    assert_eq!(held.action, HeldAction::Reply);
    assert_eq!(held.problem.code, Code::NewerMessage);
    assert_eq!(shown.draft, "first\nthird");
    assert_eq!(shown.echoes.len(), 1, "the second still waits");
    let overview = panel.overview().await.unwrap();
    assert!(overview.in_work[0].needs_look);
    assert_eq!(overview.in_work[0].n_waiting, 1);
    // Its author has looked: what was missed is here, the text is changed, and it goes before
    // what followed.
    socket
        .changes(
            vec![
                Row::Chat(Chat(1).in_work(operator_id("anna"), 4)),
                Row::Entry(Chat(1).inbound(4, "4")),
            ],
            2,
        )
        .await;
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.entries.len() == 4).await;
    write(&panel, Chat(1), "first, again").await;
    let again = panel.send_anyway(first).await.unwrap();
    assert_ne!(again, first);
    let envelope = socket.command().await;
    assert_eq!(envelope.id, again);
    assert_eq!(
        envelope.command,
        Command::Reply {
            chat_id: Chat(1).id(),
            text: "first, again".to_owned(),
            seen_place: Place(4)
        }
    );
    assert_eq!(timeline(&panel, Chat(1)).await.draft, "");
    socket.done(again, 5).await;
    socket.reply("second").await;
}

#[tokio::test]
async fn what_is_sent_from_the_composer_takes_the_place_of_the_refused_reply_that_it_held() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let first = reply(&panel, Chat(1), "first").await;
    reply(&panel, Chat(1), "second").await;
    socket.reply("first").await;
    socket
        .refuse(first, Code::NewerMessage, json!({"place": 4}))
        .await;
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.held.is_some()).await;
    // The key that sends, and not the button of the strip.
    let edited = reply(&panel, Chat(1), "first, edited").await;
    let shown = timeline(&panel, Chat(1)).await;
    assert_eq!(shown.held, None);
    assert_eq!(shown.draft, "");
    assert_eq!(echoes(&shown), ["first, edited", "second"]);
    assert_eq!(socket.reply("first, edited").await, edited);
    socket.done(edited, 4).await;
    socket.reply("second").await;
}

#[tokio::test]
async fn what_is_sent_instead_of_the_refused_text_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let first = reply(&panel, Chat(1), "first").await;
    socket.reply("first").await;
    socket
        .refuse(first, Code::NewerMessage, json!({"place": 4}))
        .await;
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.held.is_some()).await;
    // Its author has taken the refused text out and written something else.
    let other = reply(&panel, Chat(1), "other").await;
    let shown = timeline(&panel, Chat(1)).await;
    assert_eq!(shown.held, None);
    assert_eq!(shown.draft, "");
    assert_eq!(socket.reply("other").await, other);
}

#[tokio::test]
async fn what_is_sent_before_the_refused_text_is_shown_does_not_end_it() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let seen = timeline(&panel, Chat(1)).await.draft_revision;
    let first = reply(&panel, Chat(1), "first").await;
    socket.reply("first").await;
    socket
        .refuse(first, Code::NewerMessage, json!({"place": 4}))
        .await;
    // The page asks, and what it hears comes after the key that sends.
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.held.is_some()).await;
    let sent = panel.reply(Chat(1).id(), "second".to_owned(), seen);
    sent.await.unwrap();
    let shown = timeline(&panel, Chat(1)).await;
    assert_eq!(shown.held.as_ref().unwrap().command_id, first);
    assert_eq!(shown.draft, "first");
    assert_eq!(echoes(&shown), ["second"]);
    let again = panel.send_anyway(first).await.unwrap();
    assert_eq!(socket.reply("first").await, again);
}

#[tokio::test]
async fn a_refused_reply_whose_text_was_taken_out_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let first = reply(&panel, Chat(1), "first").await;
    socket.reply("first").await;
    socket
        .refuse(first, Code::NewerMessage, json!({"place": 4}))
        .await;
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.held.is_some()).await;
    write(&panel, Chat(1), " ").await;
    let error = panel.send_anyway(first).await.unwrap_err();
    assert_eq!(error.code, PanelErrorCode::TextEmpty);
    let held = timeline(&panel, Chat(1)).await.held.unwrap();
    assert_eq!(held.command_id, first);
    assert_eq!(held.problem.code, Code::NewerMessage);
}

#[tokio::test]
async fn a_dismissed_command_lets_those_behind_it_go_on_and_leaves_its_text() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let first = reply(&panel, Chat(1), "first").await;
    reply(&panel, Chat(1), "second").await;
    socket.reply("first").await;
    socket.refuse(first, Code::NotAllowed, json!({})).await;
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.held.is_some()).await;
    panel.dismiss_held(first).await.unwrap();
    socket.reply("second").await;
    let shown = timeline(&panel, Chat(1)).await;
    assert_eq!(shown.held, None);
    assert_eq!(shown.draft, "first");
    let error = panel.dismiss_held(first).await.unwrap_err();
    assert_eq!(error.code, PanelErrorCode::UnknownChat);
}

#[tokio::test]
async fn a_refusal_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let close = panel.close_chat(Chat(1).id()).await.unwrap();
    reply(&panel, Chat(1), "after").await;
    socket.command().await;
    socket
        .refuse(close, Code::NewerMessage, json!({"place": 4}))
        .await;
    until(&panel, |overview| overview.in_work[0].needs_look).await;
    let panel = restarted(panel, dir.path()).await;
    let shown = timeline(&panel, Chat(1)).await;
    let held = shown.held.as_ref().unwrap();
    assert_eq!(held.action, HeldAction::Close);
    assert_eq!(echoes(&shown), ["after"]);
    assert_eq!(shown.draft, "");
}

#[tokio::test]
async fn refused_text_that_was_not_shown_yet_survives_whatever_the_page_says() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let first = reply(&panel, Chat(1), "first").await;
    socket.reply("first").await;
    socket.refuse(first, Code::NotAllowed, json!({})).await;
    until(&panel, |overview| overview.in_work[0].needs_look).await;
    // The page has not been shown the refused text, so it cannot mean it.
    let seen = DraftRevision::default();
    let (mode, text) = (ComposerMode::Reply, "newer".to_owned());
    let newer = panel.set_draft(Chat(1).id(), mode, text, Vec::new(), seen);
    newer.await.unwrap();
    let sent = panel.reply(Chat(1).id(), "newer, sent".to_owned(), seen);
    sent.await.unwrap();
    let shown = timeline(&panel, Chat(1)).await;
    assert_eq!(shown.draft, "first");
    // Now it has, and may throw it away.
    write(&panel, Chat(1), "").await;
    assert_eq!(timeline(&panel, Chat(1)).await.draft, "");
}

#[tokio::test]
async fn what_the_backend_cannot_do_just_now_is_tried_again_under_the_same_id() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let id = reply(&panel, Chat(1), "Hello").await;
    assert_eq!(socket.reply("Hello").await, id);
    socket.refuse(id, Code::Unavailable, json!({})).await;
    assert_eq!(socket.reply("Hello").await, id);
    let shown = timeline(&panel, Chat(1)).await;
    assert_eq!(shown.held, None);
    assert_eq!(echoes(&shown), ["Hello"]);
    socket.done(id, 4).await;
    until(&panel, |overview| overview.in_work[0].n_waiting == 0).await;
}

#[tokio::test]
async fn an_echo_that_was_not_handed_over_can_be_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, socket) = anna(dir.path()).await;
    drop(socket);
    until_offline(&panel).await;
    let first = reply(&panel, Chat(1), "first").await;
    reply(&panel, Chat(1), "second").await;
    write(&panel, Chat(1), "begun").await;
    assert!(panel.take_back(first).await.unwrap());
    assert!(!panel.take_back(first).await.unwrap());
    let shown = timeline(&panel, Chat(1)).await;
    assert_eq!(echoes(&shown), ["second"]);
    assert_eq!(shown.draft, "first\nbegun");
    panel.reconnect().await.unwrap();
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket.reply("second").await;
}

#[tokio::test]
async fn text_that_no_backend_would_take_is_held_without_asking_one() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let long = "long ".repeat(1_000_000);
    reply(&panel, Chat(1), &long).await;
    let shown = until_timeline(&panel, Chat(1).id(), |timeline| timeline.held.is_some()).await;
    assert_eq!(shown.held.unwrap().problem.code, Code::TextTooLong);
    assert_eq!(shown.draft, long.trim_end());
    reply(&panel, Chat(2), "elsewhere").await;
    socket.reply("elsewhere").await;
}

#[tokio::test]
async fn whoever_was_second_keeps_their_text_and_learns_whose_the_chat_is() {
    for refusal_first in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let (_backend, panel, mut socket) = anna(dir.path()).await;
        let boris = operator_id("boris");
        let id = reply(&panel, Chat(2), "Good afternoon").await;
        socket.reply("Good afternoon").await;
        reply(&panel, Chat(2), "How can I help?").await;
        write(&panel, Chat(2), "begun").await;
        if refusal_first {
            socket
                .refuse(id, Code::ChatTaken, json!({"owner": boris}))
                .await;
            let shown =
                until_timeline(&panel, Chat(2).id(), |timeline| timeline.held.is_some()).await;
            assert_eq!(shown.held.unwrap().owner_id, Some(boris));
        }
        socket.changes(vec![Chat(2).gone(GoneWhy::Lost)], 2).await;
        if !refusal_first {
            socket
                .refuse(id, Code::ChatTaken, json!({"owner": boris}))
                .await;
        }
        let overview = until(&panel, |overview| {
            overview
                .shells
                .first()
                .is_some_and(|shell| shell.problem.is_some())
        })
        .await;
        assert!(overview.queued.is_empty());
        let shell = overview.shells[0].clone();
        assert_eq!(shell.client_name.as_deref(), Some("Client 2"));
        for text in ["Good afternoon", "How can I help?", "begun"] {
            assert_eq!(shell.text.matches(text).count(), 1, "{}", shell.text);
        }
        assert_eq!(shell.problem.as_ref().unwrap().code, Code::ChatTaken);
        // It is there after a restart, and goes when it is thrown away.
        let panel = restarted(panel, dir.path()).await;
        let shown = timeline(&panel, Chat(2)).await;
        assert_eq!(shown.shell.as_ref(), Some(&shell));
        assert_eq!(shown.chat, None);
        panel.discard_shell(Chat(2).id()).await.unwrap();
        assert!(panel.overview().await.unwrap().shells.is_empty());
        let error = panel.discard_shell(Chat(1).id()).await.unwrap_err();
        assert_eq!(error.code, PanelErrorCode::UnknownChat);
    }
}

#[tokio::test]
async fn a_draft_in_a_lost_chat_becomes_a_shell_and_a_draft_again_when_the_chat_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, Chat(2), "begun").await;
    socket.changes(vec![Chat(2).gone(GoneWhy::Lost)], 2).await;
    let overview = until(&panel, |overview| !overview.shells.is_empty()).await;
    assert_eq!(overview.shells[0].text, "begun");
    assert_eq!(overview.shells[0].problem, None);
    // What the page still had in its composer is not lost either.
    write(&panel, Chat(2), "begun").await;
    write(&panel, Chat(2), "more").await;
    let overview = panel.overview().await.unwrap();
    assert_eq!(overview.shells[0].text, "begun\nmore");
    let seen = DraftRevision::default();
    let late = panel.reply(Chat(2).id(), "a".to_owned(), seen);
    let error = late.await.unwrap_err();
    assert_eq!(error.code, PanelErrorCode::UnknownChat);
    let mut rows = vec![Row::Chat(pult_protocol::ChatRow {
        fresh: true,
        ..Chat(2).queued(3)
    })];
    rows.extend(entries(history(Chat(2), 1, 3)));
    socket.changes(rows, 3).await;
    let overview = until(&panel, |overview| !overview.queued.is_empty()).await;
    assert!(overview.shells.is_empty());
    assert_eq!(overview.queued[0].draft.as_deref(), Some("begun\nmore"));
}

#[tokio::test]
async fn a_chat_that_a_snapshot_leaves_out_leaves_its_shell() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, socket) = anna(dir.path()).await;
    write(&panel, Chat(2), "begun").await;
    drop(socket);
    reconnect(&panel).await;
    let _socket = backend
        .accept_with(vec![Row::Chat(Chat(1).in_work(operator_id("anna"), 3))])
        .await;
    let overview = until(&panel, |overview| !overview.shells.is_empty()).await;
    assert_eq!(overview.shells[0].client_name.as_deref(), Some("Client 2"));
    assert_eq!(overview.shells[0].text, "begun");
}

#[tokio::test]
async fn an_echo_ends_when_its_entry_is_older_than_what_a_snapshot_holds() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, mut socket) = anna(dir.path()).await;
    let id = reply(&panel, Chat(1), "Hello").await;
    socket.reply("Hello").await;
    socket.done(id, 4).await;
    until(&panel, |overview| overview.in_work[0].n_waiting == 0).await;
    drop(socket);
    reconnect(&panel).await;
    let mut rows = vec![Row::Chat(Chat(1).in_work(operator_id("anna"), 50))];
    rows.extend(entries(history(Chat(1), 21, 50)));
    let _socket = backend.accept_with(rows).await;
    let shown = until_timeline(&panel, Chat(1).id(), |timeline| timeline.echoes.is_empty()).await;
    assert_eq!(shown.entries.len(), 30);
}

#[tokio::test]
async fn a_reply_whose_chat_was_closed_before_its_answer_came_waits_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let id = reply(&panel, Chat(1), "Hello").await;
    socket.reply("Hello").await;
    // At the operator's other panel, after the reply had been carried out.
    socket.changes(vec![Chat(1).gone(GoneWhy::Closed)], 2).await;
    until(&panel, |overview| overview.in_work.is_empty()).await;
    assert_eq!(echoes(&timeline(&panel, Chat(1)).await), ["Hello"]);
    socket.done(id, 4).await;
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.echoes.is_empty()).await;
}

#[tokio::test]
async fn drafts_survive_a_restart_and_unknown_chats_take_no_commands() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, _socket) = anna(dir.path()).await;
    write(&panel, Chat(1), "begun").await;
    panel.shut_down().await;
    drop(panel);
    let panel = open(dir.path()).await;
    assert_eq!(timeline(&panel, Chat(1)).await.draft, "begun");
    let seen = DraftRevision::default();
    for error in [
        panel
            .reply(Chat(9).id(), "a".to_owned(), seen)
            .await
            .unwrap_err(),
        panel.close_chat(Chat(9).id()).await.unwrap_err(),
        panel.reopen_chat(Chat(9).id(), None).await.unwrap_err(),
    ] {
        assert_eq!(error.code, PanelErrorCode::UnknownChat);
    }
}

#[tokio::test]
async fn an_answer_that_comes_after_the_snapshot_which_passed_its_entry_leaves_no_echo() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, mut socket) = anna(dir.path()).await;
    let id = reply(&panel, Chat(1), "Hello").await;
    socket.reply("Hello").await;
    // It was carried out, and the answer got lost.
    drop(socket);
    reconnect(&panel).await;
    let mut rows = vec![Row::Chat(Chat(1).in_work(operator_id("anna"), 50))];
    rows.extend(entries(history(Chat(1), 21, 50)));
    let mut socket = backend.accept_with(rows).await;
    assert_eq!(socket.reply("Hello").await, id);
    socket.done(id, 4).await;
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.echoes.is_empty()).await;
}

#[tokio::test]
async fn an_echo_whose_chat_is_closed_before_its_entry_came_ends() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let id = reply(&panel, Chat(1), "Hello").await;
    socket.reply("Hello").await;
    socket.done(id, 4).await;
    until(&panel, |overview| overview.in_work[0].n_waiting == 0).await;
    assert_eq!(echoes(&timeline(&panel, Chat(1)).await), ["Hello"]);
    socket.changes(vec![Chat(1).gone(GoneWhy::Closed)], 2).await;
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.echoes.is_empty()).await;
}

#[tokio::test]
async fn a_note_whose_chat_is_closed_meanwhile_is_a_comment_that_was_begun() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let transfer = ChatDeed::Transfer {
        to: operator_id("boris"),
        note: Some("He wants the blue one".to_owned()),
    };
    let note = ChatDeed::NoteClient {
        note: "Rings twice".to_owned(),
    };
    for (deed, seq, begun) in [
        (transfer, 2, "He wants the blue one"),
        (note, 3, "He wants the blue one\nRings twice"),
    ] {
        let chat = Row::Chat(Chat(1).in_work(operator_id("anna"), 3));
        socket.changes(vec![chat], 10 * seq).await;
        until(&panel, |overview| !overview.in_work.is_empty()).await;
        let id = panel.act(Chat(1).id(), deed).await.unwrap();
        assert_eq!(socket.command().await.id, id);
        let closed = Chat(1).gone(GoneWhy::Closed);
        socket.changes(vec![closed], 10 * seq + 1).await;
        until(&panel, |overview| overview.in_work.is_empty()).await;
        socket.refuse(id, Code::ChatClosed, json!({})).await;
        let is_kept = |timeline: &Timeline| timeline.comment.text == begun;
        let shown = until_timeline(&panel, Chat(1).id(), is_kept).await;
        assert_eq!(shown.mode, ComposerMode::Comment);
        assert!(shown.held.is_none());
    }
}

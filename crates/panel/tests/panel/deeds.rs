//! Hidden comments, and what is done with a chat as a whole.

use std::time::Duration;

use pult_domain::{CommandId, Place};
use pult_panel::view::{ChatDeed, ComposerMode, HeldAction, Notification, PanelEvent, Timeline};
use pult_panel::{EventStream, Options, Panel};
use pult_protocol::{ChatRow, Code, Command, EntryBody, Notice, NotificationKind, Row};
use serde_json::json;

use crate::backend::{Backend, Socket, operator_id, within};
use crate::files::named;
use crate::rows::{Chat, entries, history};
use crate::{open, options, restarted, signed_in, until, until_live, until_timeline};

/// Nobody waits so long in a test.
const LONG: Duration = Duration::from_secs(3600);

fn rows() -> Vec<Row> {
    let mut rows = vec![Row::Chat(Chat(1).in_work(operator_id("anna"), 3))];
    rows.extend(entries(history(Chat(1), 1, 3)));
    rows
}

async fn anna(dir: &std::path::Path) -> (Backend, Panel, Socket) {
    let mut backend = Backend::start().await;
    let panel = signed_in(dir, &backend).await;
    let socket = backend.accept_with(rows()).await;
    until_live(&panel).await;
    (backend, panel, socket)
}

async fn shown(panel: &Panel) -> Timeline {
    panel.timeline(Chat(1).id(), None, 50).await.unwrap()
}

async fn comment(panel: &Panel, text: &str) -> CommandId {
    let seen = shown(panel).await.draft_revision;
    let mentions = vec![operator_id("boris")];
    let id = panel.comment(Chat(1).id(), text.to_owned(), mentions, seen);
    id.await.unwrap()
}

async fn write(panel: &Panel, mode: ComposerMode, text: &str) {
    let seen = shown(panel).await.draft_revision;
    let mentions = match mode {
        ComposerMode::Reply => Vec::new(),
        ComposerMode::Comment => vec![operator_id("boris")],
    };
    let kept = panel.set_draft(Chat(1).id(), mode, text.to_owned(), mentions, seen);
    kept.await.unwrap();
}

async fn next_news(events: &mut EventStream) -> Notification {
    loop {
        if let PanelEvent::Notify { notification } = within(events.next()).await.unwrap() {
            return notification;
        }
    }
}

#[tokio::test]
async fn reply_and_comment_are_drafts_of_their_own_and_the_mode_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, _socket) = anna(dir.path()).await;
    write(&panel, ComposerMode::Reply, "Good afternoon").await;
    write(&panel, ComposerMode::Comment, "Careful with him").await;
    let panel = restarted(panel, dir.path()).await;
    let timeline = shown(&panel).await;
    assert_eq!(timeline.draft, "Good afternoon");
    assert_eq!(timeline.comment.text, "Careful with him");
    assert_eq!(timeline.comment.mentions, [operator_id("boris")]);
    assert_eq!(timeline.mode, ComposerMode::Comment);
    let overview = panel.overview().await.unwrap();
    let listed = &overview.in_work[0];
    assert_eq!(listed.draft.as_deref(), Some("Careful with him"));
    assert_eq!(listed.mode, ComposerMode::Comment);
}

#[tokio::test]
async fn a_refused_comment_is_a_comment_again_and_never_a_reply() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, ComposerMode::Reply, "Good afternoon").await;
    let id = comment(&panel, "Careful with him").await;
    let envelope = socket.command().await;
    assert_eq!(
        envelope.command,
        Command::Comment {
            chat_id: Chat(1).id(),
            text: "Careful with him".to_owned(),
            mentions: vec![operator_id("boris")],
            seen_place: Place(3),
        }
    );
    let inactive = json!({"operator": operator_id("boris")});
    socket.refuse(id, Code::ColleagueInactive, inactive).await;
    let timeline = until_timeline(&panel, Chat(1).id(), |timeline| timeline.held.is_some()).await;
    assert_eq!(timeline.held.unwrap().action, HeldAction::Comment);
    assert_eq!(timeline.comment.text, "Careful with him");
    assert_eq!(timeline.comment.mentions, [operator_id("boris")]);
    assert_eq!(timeline.draft, "Good afternoon");
    assert_eq!(timeline.mode, ComposerMode::Comment);
    // It goes again as what it was.
    let again = panel.send_anyway(id).await.unwrap();
    let envelope = socket.command().await;
    assert_eq!(envelope.id, again);
    assert!(matches!(envelope.command, Command::Comment { .. }));
}

#[tokio::test]
async fn what_takes_a_chat_from_ones_hands_waits_and_can_be_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    signed_in(dir.path(), &backend).await.shut_down().await;
    let patient = Options {
        undo: Some(LONG),
        ..options(dir.path())
    };
    let panel = Panel::open(patient).await.unwrap();
    let mut socket = backend.accept_with(rows()).await;
    until_live(&panel).await;
    let over = ChatDeed::Transfer {
        to: operator_id("boris"),
        note: Some("Yours".to_owned()),
    };
    let id = panel.act(Chat(1).id(), over).await.unwrap();
    let overview = until(&panel, |overview| overview.in_work[0].pending.is_some()).await;
    let pending = overview.in_work[0].pending.clone().unwrap();
    assert_eq!(
        (pending.command_id, pending.action),
        (id, HeldAction::Transfer)
    );
    assert_eq!(pending.to, Some(operator_id("boris")));
    assert!(panel.take_back(id).await.unwrap());
    assert_eq!(panel.overview().await.unwrap().in_work[0].pending, None);
    // Whoever goes on in the chat has meant it.
    let close = panel.act(Chat(1).id(), ChatDeed::Close).await.unwrap();
    let seen = shown(&panel).await.draft_revision;
    let reply = panel.reply(Chat(1).id(), "Goodbye".to_owned(), seen);
    reply.await.unwrap();
    assert_eq!(
        socket.command().await.id,
        close,
        "and nothing of what was taken back"
    );
    // As has whoever leaves the program.
    socket.refuse(close, Code::NotAllowed, json!({})).await;
    until_timeline(&panel, Chat(1).id(), |timeline| timeline.held.is_some()).await;
    panel.dismiss_held(close).await.unwrap();
    socket.reply("Goodbye").await;
    let leave = panel.act(Chat(1).id(), ChatDeed::Leave).await.unwrap();
    panel.shut_down().await;
    drop(panel);
    let panel = open(dir.path()).await;
    let pending = shown(&panel).await.chat.unwrap().pending;
    assert_eq!(pending, None, "{leave:?}");
}

#[tokio::test]
async fn what_could_be_taken_back_is_done_in_its_time_though_the_clock_is_put_back_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    signed_in(dir.path(), &backend).await.shut_down().await;
    let brief = Options {
        undo: Some(Duration::from_secs(1)),
        ..options(dir.path())
    };
    let panel = Panel::open(brief).await.unwrap();
    let mut socket = backend.accept_with(rows()).await;
    until_live(&panel).await;
    let close = panel.act(Chat(1).id(), ChatDeed::Close).await.unwrap();
    // By a clock that is put back by an hour its moment lies an hour further on.
    let outbox = rusqlite::Connection::open(named(dir.path(), "outbox.sqlite")).unwrap();
    let put_back = "UPDATE commands SET not_before = not_before + 3600000";
    assert_eq!(outbox.execute(put_back, ()).unwrap(), 1);
    assert_eq!(socket.command().await.id, close);
}

#[tokio::test]
async fn what_is_noted_of_a_client_goes_before_what_can_be_taken_back_and_leaves_it_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    signed_in(dir.path(), &backend).await.shut_down().await;
    let patient = Options {
        undo: Some(LONG),
        ..options(dir.path())
    };
    let panel = Panel::open(patient).await.unwrap();
    let mut socket = backend.accept_with(rows()).await;
    until_live(&panel).await;
    let close = panel.act(Chat(1).id(), ChatDeed::Close).await.unwrap();
    // The field of the card is left as the chat is.
    let note = ChatDeed::NoteClient {
        note: "Call in the evening".to_owned(),
    };
    let note = panel.act(Chat(1).id(), note).await.unwrap();
    assert_eq!(socket.command().await.id, note);
    let pending = shown(&panel).await.chat.unwrap().pending;
    assert_eq!(pending.unwrap().command_id, close);
    assert!(panel.take_back(close).await.unwrap());
}

#[tokio::test]
async fn mentions_are_counted_until_they_are_seen_and_told_with_what_was_said() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let mut events = panel.events();
    let said = |place: i64, author: &str| {
        let mut entry = Chat(1).inbound(place, "");
        entry.author_id = Some(operator_id(author));
        entry.body = EntryBody::Comment {
            text: "Anna, look".to_owned(),
            mentions: vec![operator_id("anna")],
        };
        Row::Entry(entry)
    };
    let chat = |place| Row::Chat(Chat(1).in_work(operator_id("anna"), place));
    socket.changes(vec![said(4, "boris"), chat(4)], 2).await;
    socket.changes(vec![said(5, "anna"), chat(5)], 3).await;
    let overview = until(&panel, |overview| {
        overview.in_work[0].chat.last_place == Place(5)
    })
    .await;
    assert_eq!(overview.in_work[0].n_mentions, 2);
    let told = next_news(&mut events).await;
    assert_eq!(
        (told.what, told.text.as_str()),
        (NotificationKind::Mention, "Anna, look")
    );
    panel.mark_read(Chat(1).id(), Place(5)).await.unwrap();
    let overview = panel.overview().await.unwrap();
    assert_eq!(overview.in_work[0].n_mentions, 0);
}

#[tokio::test]
async fn a_chat_that_a_colleague_hands_over_is_told_with_its_note() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    let mut events = panel.events();
    let me = operator_id("anna");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = pult_domain::Timestamp(i64::try_from(now.unwrap().as_millis()).unwrap());
    let mut notice = Chat(2).inbound(4, "");
    notice.body = EntryBody::Notice {
        notice: Notice::Transferred {
            by: Some(operator_id("boris")),
            from: operator_id("boris"),
            to: me,
        },
    };
    notice.received_at = now;
    let mut note = Chat(2).inbound(5, "");
    note.body = EntryBody::Comment {
        text: "He asked for you".to_owned(),
        mentions: Vec::new(),
    };
    note.received_at = now;
    let row = ChatRow {
        fresh: true,
        ..Chat(2).in_work(me, 5)
    };
    let page = vec![Row::Chat(row), Row::Entry(notice), Row::Entry(note)];
    socket.changes(page, 2).await;
    let told = next_news(&mut events).await;
    assert_eq!(
        (told.what, told.text.as_str()),
        (NotificationKind::Given, "He asked for you")
    );
}

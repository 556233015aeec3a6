//! Drafts on several devices: what is told, what is taken, and what a focus keeps out.

use std::path::Path;

use pult_domain::{CommandId, DeviceId};
use pult_panel::Panel;
use pult_panel::view::{ComposerMode, Timeline};
use pult_protocol::{Code, DraftGiven, DraftOrigin, DraftRow, PanelFrame, Row};
use serde_json::json;
use uuid::Uuid;

use crate::backend::{Backend, Socket, operator_id};
use crate::rows::{Chat, entries, history};
use crate::{reconnect, restarted, signed_in, until, until_live, until_timeline, write};

const REPLY: ComposerMode = ComposerMode::Reply;
const COMMENT: ComposerMode = ComposerMode::Comment;
const CHAT: Chat = Chat(1);
const ELSEWHERE: DeviceId = DeviceId(Uuid::from_u128(2));

fn rows() -> Vec<Row> {
    let mut rows = vec![Row::Chat(CHAT.in_work(operator_id("anna"), 3))];
    rows.extend(entries(history(CHAT, 1, 3)));
    rows
}

async fn anna(dir: &Path) -> (Backend, Panel, Socket) {
    let mut backend = Backend::start().await;
    let panel = signed_in(dir, &backend).await;
    let socket = backend.accept_with(rows()).await;
    until_live(&panel).await;
    (backend, panel, socket)
}

/// A draft as the backend has it from another device.
fn elsewhere(version: i64, text: &str) -> Row {
    from(ELSEWHERE, version, text)
}

fn from(device_id: DeviceId, version: i64, text: &str) -> Row {
    Row::Draft(DraftRow {
        chat_id: CHAT.id(),
        mode: REPLY,
        version,
        device_id,
        text: text.to_owned(),
        mentions: Vec::new(),
        writers: vec![DraftOrigin { device_id, version }],
    })
}

/// The same, of another device than the one that wrote the text before.
fn after(row: Row, writer: DraftOrigin) -> Row {
    let Row::Draft(mut draft) = row else {
        panic!("a draft");
    };
    draft.writers.push(writer);
    Row::Draft(draft)
}

/// The next frame, which must be a draft.
async fn told(socket: &mut Socket) -> (CommandId, DraftGiven) {
    loop {
        match socket.next().await {
            PanelFrame::Draft { id, draft } => return (id, draft),
            PanelFrame::Ping | PanelFrame::Watch(_) | PanelFrame::Oversee { .. } => {}
            PanelFrame::Command(_) | PanelFrame::Hello { .. } => panic!("a draft was expected"),
        }
    }
}

async fn takes(socket: &mut Socket) -> DraftGiven {
    let (id, draft) = told(socket).await;
    socket.done(id, 0).await;
    draft
}

async fn until_draft(panel: &Panel, text: &str) -> Timeline {
    until_timeline(panel, CHAT.id(), |now| now.draft == text).await
}

async fn draft(panel: &Panel) -> String {
    panel.timeline(CHAT.id(), None, 1).await.unwrap().draft
}

async fn reply(panel: &Panel, text: &str) {
    let seen = panel.timeline(CHAT.id(), None, 1).await.unwrap();
    let sent = panel.reply(CHAT.id(), text.to_owned(), seen.draft_revision);
    sent.await.unwrap();
}

#[tokio::test]
async fn a_draft_is_told_when_it_rests_and_then_its_changes() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    for text in ["Д", "До", "Добрый"] {
        write(&panel, CHAT, text).await;
    }
    let first = takes(&mut socket).await;
    assert_eq!((first.text.as_str(), first.of_version), ("Добрый", 0));
    write(&panel, CHAT, "Добрый день").await;
    let second = takes(&mut socket).await;
    assert_eq!(
        (second.text.as_str(), second.of_version),
        ("Добрый день", 1)
    );
    assert_eq!(first.device_id, second.device_id);
    // What comes back of it changes nothing.
    socket
        .changes(vec![from(first.device_id, 2, "Добрый день")], 2)
        .await;
    write(&panel, CHAT, "").await;
    let third = takes(&mut socket).await;
    assert_eq!((third.text.as_str(), third.of_version), ("", 2));
}

#[tokio::test]
async fn what_another_device_has_is_there_and_in_the_list() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    socket.changes(vec![elsewhere(1, "Добрый")], 2).await;
    until_draft(&panel, "Добрый").await;
    until(&panel, |now| {
        now.in_work[0].draft.as_deref() == Some("Добрый")
    })
    .await;
    socket.changes(vec![elsewhere(2, "Добрый день")], 3).await;
    until_draft(&panel, "Добрый день").await;
    socket.changes(vec![elsewhere(3, "")], 4).await;
    until_draft(&panel, "").await;
    until(&panel, |now| now.in_work[0].draft.is_none()).await;
}

#[tokio::test]
async fn what_is_typed_and_not_told_yet_goes_below_what_comes() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, CHAT, "Через час").await;
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    until_draft(&panel, "Едем\nЧерез час").await;
    // Both devices are to have both.
    let told = takes(&mut socket).await;
    assert_eq!(
        (told.text.as_str(), told.of_version),
        ("Едем\nЧерез час", 1)
    );
}

#[tokio::test]
async fn what_is_typed_on_when_the_draft_was_sent_elsewhere_goes_on_as_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    until_draft(&panel, "Едем").await;
    write(&panel, CHAT, "Едем, ждите").await;
    socket.changes(vec![elsewhere(2, "")], 3).await;
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("Едем, ждите", 2));
    assert_eq!(draft(&panel).await, "Едем, ждите");
}

#[tokio::test]
async fn a_composer_with_the_focus_is_not_changed_until_it_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    panel.focus_composer(CHAT.id(), REPLY).await.unwrap();
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    let offered = until_timeline(&panel, CHAT.id(), |now| !now.elsewhere.is_empty()).await;
    assert_eq!(offered.draft, "");
    assert_eq!(offered.elsewhere[0].text, "Едем");
    // Another composer's leaving is not this one's.
    panel.leave_composer(CHAT.id(), COMMENT).await.unwrap();
    assert_eq!(draft(&panel).await, "");
    panel.leave_composer(CHAT.id(), REPLY).await.unwrap();
    let taken = until_draft(&panel, "Едем").await;
    assert_eq!(taken.elsewhere, []);
}

#[tokio::test]
async fn what_is_offered_can_be_taken_or_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    panel.focus_composer(CHAT.id(), REPLY).await.unwrap();
    write(&panel, CHAT, "Через час").await;
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    until_timeline(&panel, CHAT.id(), |now| !now.elsewhere.is_empty()).await;
    panel.take_elsewhere(CHAT.id(), REPLY).await.unwrap();
    assert_eq!(draft(&panel).await, "Едем\nЧерез час");
    assert_eq!(takes(&mut socket).await.of_version, 1);

    socket.changes(vec![elsewhere(3, "Не едем")], 3).await;
    until_timeline(&panel, CHAT.id(), |now| !now.elsewhere.is_empty()).await;
    panel.drop_elsewhere(CHAT.id(), REPLY).await.unwrap();
    // What stands here stands there too.
    let told = takes(&mut socket).await;
    assert_eq!(
        (told.text.as_str(), told.of_version),
        ("Едем\nЧерез час", 3)
    );
    panel.leave_composer(CHAT.id(), REPLY).await.unwrap();
    assert_eq!(draft(&panel).await, "Едем\nЧерез час");
}

#[tokio::test]
async fn one_who_writes_is_told_that_the_draft_was_sent_and_keeps_what_is_typed_on() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    until_draft(&panel, "Едем").await;
    panel.focus_composer(CHAT.id(), REPLY).await.unwrap();
    socket.changes(vec![elsewhere(2, "")], 3).await;
    let offered = until_timeline(&panel, CHAT.id(), |now| !now.elsewhere.is_empty()).await;
    assert_eq!(
        (offered.draft.as_str(), offered.elsewhere[0].text.as_str()),
        ("Едем", "")
    );
    write(&panel, CHAT, "Едем, ждите").await;
    assert_eq!(draft(&panel).await, "Едем, ждите");
    write(&panel, CHAT, "Едем ещё раз").await;
    panel.leave_composer(CHAT.id(), REPLY).await.unwrap();
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("ещё раз", 2));
    let now = until_draft(&panel, "ещё раз").await;
    assert_eq!(now.elsewhere, []);
}

#[tokio::test]
async fn a_window_that_is_left_has_no_focus() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    panel.watch(Some(CHAT.id()), true, None).await.unwrap();
    panel.focus_composer(CHAT.id(), REPLY).await.unwrap();
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    until_timeline(&panel, CHAT.id(), |now| !now.elsewhere.is_empty()).await;
    panel.watch(Some(CHAT.id()), false, None).await.unwrap();
    assert_eq!(draft(&panel).await, "Едем");
}

#[tokio::test]
async fn a_reply_says_of_which_draft_it_was_made() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    until_draft(&panel, "Едем").await;
    reply(&panel, "Едем").await;
    // The draft ends with the reply, so there is nothing to tell of it.
    let sent = socket.command().await;
    let Some(DraftOrigin { device_id, version }) = sent.draft else {
        panic!("a reply from a composer has a draft");
    };
    assert_eq!(version, 1);
    assert_ne!(device_id, ELSEWHERE);
    write(&panel, CHAT, "И ещё").await;
    socket.done(sent.id, 4).await;
    socket
        .changes(
            vec![
                Row::Chat(CHAT.in_work(operator_id("anna"), 4)),
                Row::Entry(CHAT.outbound(4, "Едем", sent.id)),
                from(device_id, 2, ""),
            ],
            3,
        )
        .await;
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("И ещё", 2));
    assert_eq!(draft(&panel).await, "И ещё");
}

#[tokio::test]
async fn what_stands_elsewhere_when_one_sends_is_the_draft_after() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    panel.focus_composer(CHAT.id(), REPLY).await.unwrap();
    write(&panel, CHAT, "Через час").await;
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    until_timeline(&panel, CHAT.id(), |now| !now.elsewhere.is_empty()).await;
    reply(&panel, "Через час").await;
    let sent = socket.command().await;
    assert_eq!(sent.draft.map(|origin| origin.version), Some(0));
    panel.leave_composer(CHAT.id(), REPLY).await.unwrap();
    assert_eq!(draft(&panel).await, "Едем");
}

#[tokio::test]
async fn a_refused_reply_is_the_draft_again_and_nothing_is_told_of_that() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, CHAT, "Едем").await;
    assert_eq!(takes(&mut socket).await.text, "Едем");
    reply(&panel, "Едем").await;
    let sent = socket.command().await;
    socket
        .refuse(sent.id, Code::NewerMessage, json!({ "place": 4 }))
        .await;
    until_draft(&panel, "Едем").await;
    write(&panel, CHAT, "Едем!").await;
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("Едем!", 1));
}

#[tokio::test]
async fn what_the_backend_has_a_newer_version_of_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, CHAT, "Через час").await;
    let (id, _) = told(&mut socket).await;
    socket.refuse(id, Code::DraftMoved, json!({})).await;
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    let told = takes(&mut socket).await;
    assert_eq!(
        (told.text.as_str(), told.of_version),
        ("Едем\nЧерез час", 1)
    );
}

#[tokio::test]
async fn what_is_newer_may_come_before_the_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, CHAT, "Через час").await;
    let (id, _) = told(&mut socket).await;
    socket.changes(vec![elsewhere(1, "Едем")], 2).await;
    until_draft(&panel, "Едем\nЧерез час").await;
    socket.refuse(id, Code::DraftMoved, json!({})).await;
    assert_eq!(takes(&mut socket).await.of_version, 1);
}

#[tokio::test]
async fn what_was_typed_last_survives_the_program_and_is_told_then() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, socket) = anna(dir.path()).await;
    write(&panel, CHAT, "Через ча").await;
    drop(socket);
    let panel = restarted(panel, dir.path()).await;
    assert_eq!(draft(&panel).await, "Через ча");
    let mut socket = backend.accept_with(rows()).await;
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("Через ча", 0));
}

#[tokio::test]
async fn a_draft_whose_answer_was_lost_is_known_by_its_device() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, CHAT, "Через час").await;
    let (_, given) = told(&mut socket).await;
    drop(socket);
    write(&panel, CHAT, "Через два").await;
    reconnect(&panel).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket
        .changes(vec![from(given.device_id, 1, "Через час")], 2)
        .await;
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("Через два", 1));
}

/// Of a draft whose upload was taken but not answered, and from which another device has gone on.
async fn told_in_vain(text: &str) -> (tempfile::TempDir, Backend, Panel, DraftGiven) {
    let dir = tempfile::tempdir().unwrap();
    let (backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, CHAT, text).await;
    let (_, given) = told(&mut socket).await;
    drop(socket);
    (dir, backend, panel, given)
}

fn first_of(given: &DraftGiven) -> DraftOrigin {
    DraftOrigin {
        device_id: given.device_id,
        version: 1,
    }
}

#[tokio::test]
async fn what_was_sent_elsewhere_does_not_come_back_if_its_answer_was_lost() {
    let (_dir, mut backend, panel, given) = told_in_vain("Через час").await;
    reconnect(&panel).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    let sent = after(elsewhere(2, ""), first_of(&given));
    socket.changes(vec![sent], 2).await;
    until_draft(&panel, "").await;
    write(&panel, CHAT, "И ещё").await;
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("И ещё", 2));
}

#[tokio::test]
async fn what_was_typed_since_goes_on_without_what_was_sent_elsewhere_meanwhile() {
    let (_dir, mut backend, panel, given) = told_in_vain("Через час").await;
    write(&panel, CHAT, "Через час или два").await;
    reconnect(&panel).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    let sent = after(elsewhere(4, ""), first_of(&given));
    socket.changes(vec![sent], 2).await;
    until_draft(&panel, "или два").await;
}

#[tokio::test]
async fn what_was_sent_elsewhere_without_this_ones_is_no_reason_to_forget_it() {
    let (_dir, mut backend, panel, _) = told_in_vain("Через час").await;
    reconnect(&panel).await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    socket.changes(vec![elsewhere(2, "")], 2).await;
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("Через час", 2));
    assert_eq!(draft(&panel).await, "Через час");
}

#[tokio::test]
async fn what_was_not_answered_is_told_again_as_it_was_after_the_program_too() {
    let (dir, mut backend, panel, given) = told_in_vain("Через час").await;
    write(&panel, CHAT, "Через два").await;
    let panel = restarted(panel, dir.path()).await;
    let mut socket = backend.accept_with(rows()).await;
    assert_eq!(takes(&mut socket).await, given);
    let then = takes(&mut socket).await;
    assert_eq!((then.text.as_str(), then.of_version), ("Через два", 1));
    assert_eq!(draft(&panel).await, "Через два");
}

#[tokio::test]
async fn what_the_backend_does_not_take_may_become_another_text() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, CHAT, "Через час").await;
    let (id, _) = told(&mut socket).await;
    socket.refuse(id, Code::TooLarge, json!({})).await;
    write(&panel, CHAT, "Через два").await;
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("Через два", 0));
}

#[tokio::test]
async fn a_backend_that_was_put_back_gets_what_is_here() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, mut socket) = anna(dir.path()).await;
    for text in ["Через", "Через час"] {
        write(&panel, CHAT, text).await;
        takes(&mut socket).await;
    }
    drop(socket);
    reconnect(&panel).await;
    let mut older = rows();
    older.push(elsewhere(1, "Через"));
    let mut socket = backend.accept_with(older).await;
    let told = takes(&mut socket).await;
    assert_eq!((told.text.as_str(), told.of_version), ("Через час", 1));
}

#[tokio::test]
async fn a_chat_out_of_sight_has_nothing_to_tell() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket) = anna(dir.path()).await;
    write(&panel, CHAT, "Через час").await;
    socket
        .changes(vec![CHAT.gone(pult_protocol::GoneWhy::Lost)], 2)
        .await;
    until(&panel, |now| !now.shells.is_empty()).await;
    // It is back, and with it comes what another device has written there.
    let mut back = rows();
    if let Some(Row::Chat(chat)) = back.first_mut() {
        chat.fresh = true;
    }
    back.push(elsewhere(1, "Едем"));
    socket.changes(back, 3).await;
    let told = takes(&mut socket).await;
    assert_eq!(
        (told.text.as_str(), told.of_version),
        ("Едем\nЧерез час", 1)
    );
}

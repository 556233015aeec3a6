//! Ready answers as the panel holds them: there without a network, gone when they are deleted, and
//! told of when they change.

use pult_domain::ReadyAnswerId;
use pult_panel::view::PanelEvent;
use pult_panel::{Panel, PanelErrorCode};
use pult_protocol::{AnswerScope, ReadyAnswerBody, ReadyAnswerRow, Row};
use uuid::Uuid;

use crate::backend::{Backend, operator_id};
use crate::files::{all_bytes, contains};
use crate::{reconnect, restarted, signed_in, until_live, until_offline, until_told};

fn answer(n: u128, owner: Option<&str>, text: &str) -> ReadyAnswerRow {
    ReadyAnswerRow {
        id: ReadyAnswerId(Uuid::from_u128(n)),
        owner_id: owner.map(operator_id),
        shortcut: format!("a{n}"),
        title: String::new(),
        group: String::new(),
        text: text.to_owned(),
    }
}

async fn held(panel: &Panel) -> Vec<String> {
    let rows = panel.ready_answers().await.unwrap();
    rows.into_iter().map(|row| row.text).collect()
}

#[tokio::test]
async fn they_are_there_without_a_network_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let rows = [answer(1, None, "для всех"), answer(2, Some("anna"), "своё")];
    let socket = backend
        .accept_with(rows.map(Row::ReadyAnswer).to_vec())
        .await;
    until_live(&panel).await;
    drop(socket);
    until_offline(&panel).await;
    assert_eq!(held(&panel).await, ["для всех", "своё"]);
    let panel = restarted(panel, dir.path()).await;
    assert_eq!(held(&panel).await, ["для всех", "своё"]);
    // Nobody's once nobody is signed in.
    panel.sign_out(true).await.unwrap();
    let error = panel.ready_answers().await.unwrap_err();
    assert_eq!(error.code, PanelErrorCode::NotSignedIn);
}

#[tokio::test]
async fn a_change_is_told_and_what_was_deleted_is_gone_from_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let first = answer(1, None, "особое-слово");
    let mut socket = backend
        .accept_with(vec![Row::ReadyAnswer(first.clone())])
        .await;
    until_live(&panel).await;
    let mut events = panel.events();
    let mut changed = async || until_told(&mut events, PanelEvent::ReadyAnswersChanged).await;
    socket
        .changes(vec![Row::ReadyAnswer(answer(2, None, "второй"))], 7)
        .await;
    changed().await;
    assert_eq!(held(&panel).await, ["особое-слово", "второй"]);
    socket
        .changes(vec![Row::ReadyAnswerGone { id: first.id }], 8)
        .await;
    changed().await;
    assert_eq!(held(&panel).await, ["второй"]);
    panel.shut_down().await;
    drop(panel);
    assert!(contains(&all_bytes(dir.path()), "второй"));
    assert!(!contains(&all_bytes(dir.path()), "особое-слово"));
}

#[tokio::test]
async fn a_snapshot_replaces_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let rows = vec![Row::ReadyAnswer(answer(1, None, "старый"))];
    drop(backend.accept_with(rows).await);
    until_offline(&panel).await;
    reconnect(&panel).await;
    let rows = vec![Row::ReadyAnswer(answer(2, None, "новый"))];
    let _socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    assert_eq!(held(&panel).await, ["новый"]);
}

#[tokio::test]
async fn managing_them_needs_the_backend() {
    let dir = tempfile::tempdir().unwrap();
    let backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    backend.stop().await;
    let body = ReadyAnswerBody {
        scope: AnswerScope::Own,
        shortcut: "a".to_owned(),
        title: String::new(),
        group: String::new(),
        text: "!".to_owned(),
    };
    let id = answer(1, None, "").id;
    let offline = PanelErrorCode::Offline;
    let put = panel.put_ready_answer(id, body).await.unwrap_err();
    let delete = panel.delete_ready_answer(id).await.unwrap_err();
    let table = panel.import_ready_answers(AnswerScope::Own, String::new(), true);
    let import = table.await.unwrap_err();
    assert_eq!([put.code, delete.code, import.code], [offline; 3]);
    assert!(put.problem.is_none());
}

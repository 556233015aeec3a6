//! Signing in and out.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::post;
use pult_panel::view::{LastSignIn, SignInFailure};
use pult_panel::{FileTokenStore, PanelErrorCode, TokenStore};
use pult_protocol::{Code, Row, Token};
use serde_json::Value;

use crate::backend::{Backend, PASSWORD, within};
use crate::rows::Chat;
use crate::{open, options, restarted, signed_in, until, until_live, write};

async fn failure(address: &str, password: &str) -> SignInFailure {
    let dir = tempfile::tempdir().unwrap();
    let panel = open(dir.path()).await;
    let failure = panel
        .sign_in(address.to_owned(), "anna".to_owned(), password.to_owned())
        .await
        .unwrap_err();
    assert_eq!(panel.overview().await.unwrap().session, None);
    failure
}

#[tokio::test]
async fn whoever_signs_in_is_signed_in_after_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let (_socket, hello) = backend.accept().await;
    assert_eq!(hello.token, "token of anna");
    assert_eq!(hello.cursor, None);
    let panel = restarted(panel, dir.path()).await;
    let session = panel.overview().await.unwrap().session.unwrap();
    assert_eq!(session.operator.name, "ANNA");
    assert_eq!(session.address, backend.address);
    assert!(!session.token_in_key_store);
    let (_socket, hello) = backend.accept().await;
    assert_eq!(hello.token, "token of anna");
    assert_eq!(
        panel.last_sign_in().await.unwrap(),
        Some(LastSignIn {
            address: backend.address.clone(),
            login: "anna".to_owned()
        })
    );
}

#[tokio::test]
async fn a_wrong_password_is_told_as_the_backend_says() {
    let backend = Backend::start().await;
    let SignInFailure::Refused { problem } = failure(&backend.address, "guess").await else {
        panic!("refused");
    };
    assert_eq!(problem.code, Code::WrongPassword);
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused_before_anything_is_sent() {
    let failure = failure("http://pult.example.net", PASSWORD).await;
    assert_eq!(failure, SignInFailure::PlainHttp);
}

#[tokio::test]
async fn what_is_no_address_is_said_to_be_none() {
    assert_eq!(
        failure("two words", PASSWORD).await,
        SignInFailure::BadAddress
    );
}

#[tokio::test]
async fn where_nobody_answers_it_is_said() {
    let backend = Backend::start().await;
    let address = backend.address.clone();
    backend.stop().await;
    assert!(matches!(
        failure(&address, PASSWORD).await,
        SignInFailure::Unreachable { .. }
    ));
}

#[tokio::test]
async fn what_is_not_a_pult_backend_is_recognised() {
    for router in [
        Router::new(),
        Router::new().route("/api/v1/sessions", post(async || "<html>welcome</html>")),
        Router::new().route("/api/v1/sessions", post(async || StatusCode::FORBIDDEN)),
        Router::new().route(
            "/api/v1/sessions",
            post(async || Redirect::temporary("http://127.0.0.1:1/api/v1/sessions")),
        ),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        assert_eq!(failure(&address, PASSWORD).await, SignInFailure::NotPult);
        server.abort();
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_and_erases_what_was_cached() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    panel.sign_out(false).await.unwrap();
    assert!(socket.is_closed().await);
    assert_eq!(backend.ended_tokens(), ["token of anna"]);
    let overview = panel.overview().await.unwrap();
    assert_eq!(overview.session, None);
    assert!(overview.queued.is_empty());
    let found = crate::files::all_bytes(dir.path());
    assert!(!crate::files::contains(&found, "preview of 1"));
    assert!(!crate::files::contains(&found, "token of anna"));
    // The sign-in screen still proposes who it was.
    assert!(panel.last_sign_in().await.unwrap().is_some());
}

#[tokio::test]
async fn unsent_text_is_not_left_behind_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let _socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    write(&panel, Chat(1), "begun").await;
    let error = panel.sign_out(false).await.unwrap_err();
    assert_eq!(error.code, PanelErrorCode::UnsentText);
    assert!(panel.overview().await.unwrap().session.is_some());
    panel.sign_out(true).await.unwrap();
    assert_eq!(panel.overview().await.unwrap().session, None);
}

#[tokio::test]
async fn whoever_erases_the_device_leaves_nothing_of_theirs_and_everything_of_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = open(dir.path()).await;
    let address = backend.address.clone();
    let signs_in = async |login: &str| {
        let (login, password) = (login.to_owned(), PASSWORD.to_owned());
        let signed_in = panel.sign_in(address.clone(), login, password);
        signed_in.await.unwrap();
    };
    signs_in("boris").await;
    let (mut socket, _) = backend.accept().await;
    socket.welcome("boris").await;
    socket.snapshot(vec![Row::Chat(Chat(1).queued(0))], 1).await;
    until_live(&panel).await;
    write(&panel, Chat(1), "begun by Boris").await;
    panel.sign_out(true).await.unwrap();

    signs_in("anna").await;
    let mut socket = backend
        .accept_with(vec![Row::Chat(Chat(2).queued(0))])
        .await;
    until_live(&panel).await;
    write(&panel, Chat(2), "begun by Anna").await;
    panel.sign_out_and_erase().await.unwrap();
    assert!(socket.is_closed().await);
    assert_eq!(backend.ended_tokens(), ["token of boris", "token of anna"]);
    assert_eq!(panel.overview().await.unwrap().session, None);
    assert!(panel.last_sign_in().await.unwrap().is_none());
    let found = crate::files::all_bytes(dir.path());
    for of_anna in ["begun by Anna", "preview of 2", "token of anna", "anna"] {
        assert!(!crate::files::contains(&found, of_anna), "{of_anna}");
    }
    assert!(crate::files::contains(&found, "begun by Boris"));
}

#[tokio::test]
async fn a_session_that_the_backend_ends_leaves_only_the_unsent_text() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    write(&panel, Chat(1), "begun").await;
    socket.problem(Code::SignedOut).await;
    until(&panel, |overview| overview.session.is_none()).await;
    let panel = restarted(panel, dir.path()).await;
    assert_eq!(panel.overview().await.unwrap().session, None);
    assert!(!crate::files::contains(
        &crate::files::all_bytes(dir.path()),
        "preview of 1"
    ));
    // The same operator comes back and finds what they had begun.
    panel
        .sign_in(
            backend.address.clone(),
            "anna".to_owned(),
            PASSWORD.to_owned(),
        )
        .await
        .unwrap();
    let _socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    let overview = until(&panel, |overview| !overview.queued.is_empty()).await;
    assert_eq!(overview.queued[0].draft.as_deref(), Some("begun"));
}

#[tokio::test]
async fn whoever_the_backend_has_signed_out_can_sign_in_again_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    // Nothing waits for its moment: what tells the operator of it sleeps.
    let mut socket = backend.accept_with(vec![]).await;
    until_live(&panel).await;
    socket.problem(Code::SignedOut).await;
    until(&panel, |overview| overview.session.is_none()).await;
    let (login, password) = ("anna".to_owned(), PASSWORD.to_owned());
    let signed_in = panel.sign_in(backend.address.clone(), login, password);
    within(signed_in).await.unwrap();
    let _socket = backend.accept_with(vec![]).await;
    until_live(&panel).await;
}

/// A key store that is locked when something is to be erased.
struct Locked(FileTokenStore);

impl TokenStore for Locked {
    fn load(&self, account: &str) -> io::Result<Option<Token>> {
        self.0.load(account)
    }

    fn save(&self, account: &str, token: &Token) -> io::Result<()> {
        self.0.save(account, token)
    }

    fn erase(&self, _account: &str) -> io::Result<()> {
        Err(io::Error::other("locked"))
    }

    fn is_key_store(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_locked_key_store_keeps_no_text_on_a_device_that_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let mut options = options(dir.path());
    options.token_store = Arc::new(Locked(FileTokenStore::new(dir.path().join("tokens"))));
    let panel = pult_panel::Panel::open(options).await.unwrap();
    let (login, password) = ("anna".to_owned(), PASSWORD.to_owned());
    let signed_in = panel.sign_in(backend.address.clone(), login, password);
    signed_in.await.unwrap();
    let _socket = backend
        .accept_with(vec![Row::Chat(Chat(2).queued(0))])
        .await;
    until_live(&panel).await;
    write(&panel, Chat(2), "begun by Anna").await;
    let error = panel.sign_out_and_erase().await.unwrap_err();
    assert_eq!(error.code, PanelErrorCode::Storage);
    assert_eq!(panel.overview().await.unwrap().session, None);
    let found = crate::files::all_bytes(dir.path());
    for of_anna in ["begun by Anna", "preview of 2"] {
        assert!(!crate::files::contains(&found, of_anna), "{of_anna}");
    }
}

#[tokio::test]
async fn another_operator_on_the_same_machine_sees_nothing_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let _socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    write(&panel, Chat(1), "begun").await;
    panel
        .sign_in(
            backend.address.clone(),
            "boris".to_owned(),
            PASSWORD.to_owned(),
        )
        .await
        .unwrap();
    let overview = panel.overview().await.unwrap();
    assert_eq!(overview.session.unwrap().operator.name, "BORIS");
    assert!(overview.queued.is_empty());
    assert!(overview.shells.is_empty());
    let (mut socket, hello) = backend.accept().await;
    assert_eq!(hello.token, "token of boris");
    socket.welcome("boris").await;
    socket.snapshot(vec![Row::Chat(Chat(1).queued(0))], 1).await;
    let overview = until_live(&panel).await;
    assert_eq!(overview.queued[0].draft, None);
}

#[tokio::test]
async fn a_certificate_authority_that_cannot_be_read_is_named_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("company.pem");
    std::fs::write(&ca, "not a certificate").unwrap();
    let mut options = options(dir.path());
    options.extra_ca = Some(ca);
    let error = pult_panel::Panel::open(options).await.err().unwrap();
    assert!(error.to_string().contains("company.pem"), "{error}");
}

#[tokio::test]
async fn a_company_with_its_own_certificate_authority_is_trusted_once_it_is_named() {
    let (mut backend, ca) = Backend::start_encrypted().await;
    assert!(matches!(
        failure(&backend.address, PASSWORD).await,
        SignInFailure::Unreachable { .. }
    ));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("company.pem");
    std::fs::write(&path, ca).unwrap();
    let mut options = options(dir.path());
    options.extra_ca = Some(path);
    let panel = pult_panel::Panel::open(options).await.unwrap();
    panel
        .sign_in(
            backend.address.clone(),
            "anna".to_owned(),
            PASSWORD.to_owned(),
        )
        .await
        .unwrap();
    let _socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    assert_eq!(until_live(&panel).await.queued.len(), 1);
}

#[tokio::test]
async fn what_a_sign_out_could_not_erase_is_erased_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let _socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    write(&panel, Chat(1), "begun").await;
    panel.shut_down().await;
    drop(panel);
    // Nobody is signed in any more; then the program was ended.
    let path = crate::files::named(dir.path(), "session.json");
    let mut sign_ins: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    sign_ins["current"] = Value::Null;
    std::fs::write(&path, sign_ins.to_string()).unwrap();
    let bytes = || crate::files::all_bytes(dir.path());
    assert!(crate::files::contains(&bytes(), "preview of 1"));
    let panel = open(dir.path()).await;
    assert_eq!(panel.overview().await.unwrap().session, None);
    assert!(!crate::files::contains(&bytes(), "preview of 1"));
    assert!(crate::files::contains(&bytes(), "begun"));
}

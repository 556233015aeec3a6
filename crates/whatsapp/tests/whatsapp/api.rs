//! Every way in which sending can end.

use std::time::Duration;

use pult_domain::provider::{
    Failure, FailureKind, Identity, IdentityKind, OutboundMessage, SendOutcome,
};
use pult_domain::{EntryId, ReplyText};
use pult_whatsapp::{
    ConnectedNumber, DEFAULT_CONNECT_TIMEOUT, DEFAULT_GRAPH_VERSION, DEFAULT_TIMEOUT, Settings,
    SettingsError, WhatsAppApi,
};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const TOKEN: &str = "EAAtokenForTests";
const PHONE: &str = "79160000001";
const USER_ID: &str = "RU.4815162342";
const OURS: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
const MESSAGES: &str = "/v25.0/100/messages";

fn install_crypto() {
    // Whichever test comes first installs it for all of them.
    drop(rustls::crypto::ring::default_provider().install_default());
}

fn settings(base_url: &str) -> Settings {
    Settings {
        base_url: base_url.parse().unwrap(),
        graph_version: DEFAULT_GRAPH_VERSION.to_owned(),
        phone_number_id: "100".to_owned(),
        access_token: TOKEN.into(),
        user_agent: "pult-tests".to_owned(),
        connect_timeout: DEFAULT_CONNECT_TIMEOUT,
        timeout: DEFAULT_TIMEOUT,
    }
}

fn api(base_url: &str) -> WhatsAppApi {
    install_crypto();
    WhatsAppApi::new(settings(base_url)).unwrap()
}

fn message_to(recipient: &[(IdentityKind, &str)]) -> OutboundMessage {
    OutboundMessage {
        message_id: OURS.parse::<EntryId>().unwrap(),
        recipient: recipient
            .iter()
            .map(|(kind, value)| Identity {
                kind: *kind,
                value: (*value).to_owned(),
            })
            .collect(),
        text: ReplyText::parse("Добрый день! https://example.com").unwrap(),
    }
}

fn message() -> OutboundMessage {
    message_to(&[
        (IdentityKind::WhatsAppUserId, USER_ID),
        (IdentityKind::WhatsAppId, PHONE),
    ])
}

fn expected_body(address: &str, value: &str) -> Value {
    json!({"messaging_product": "whatsapp", "recipient_type": "individual", address: value,
        "type": "text", "text": {"body": "Добрый день! https://example.com", "preview_url": true},
        "biz_opaque_callback_data": OURS})
}

fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"messaging_product": "whatsapp",
        "contacts": [{"input": "+79160000001", "wa_id": PHONE}], "messages": [{"id": "wamid.OUT"}]}))
}

/// What sending ends in when Meta answers with `answer`.
async fn outcome_of(answer: ResponseTemplate) -> SendOutcome {
    let meta = MockServer::start().await;
    // Exactly one request: nothing on the way may repeat it.
    Mock::given(path(MESSAGES))
        .respond_with(answer)
        .expect(1)
        .mount(&meta)
        .await;
    api(&meta.uri()).send(&message()).await
}

fn meta_error(status: u16, code: i64) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"error": {
        "message": format!("(#{code}) No"), "type": "OAuthException", "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": "Because."},
        "fbtrace_id": "Az8or2"}}))
}

fn failure(kind: FailureKind, code: i64) -> Failure {
    Failure {
        kind,
        code: code.to_string(),
        reason: format!("(#{code}) No: Because. [fbtrace_id Az8or2]"),
    }
}

fn assert_not_confirmed(outcome: &SendOutcome) {
    assert!(
        matches!(outcome, SendOutcome::NotConfirmed { .. }),
        "{outcome:?}"
    );
}

#[rstest]
#[case::phone_before_user_id(message(), expected_body("to", "+79160000001"))]
#[case::user_id_alone(
    message_to(&[(IdentityKind::WhatsAppUserId, USER_ID)]),
    expected_body("recipient", USER_ID))]
#[case::phone_with_plus(
    message_to(&[(IdentityKind::WhatsAppId, "+79160000001")]),
    expected_body("to", "+79160000001"))]
#[case::id_that_is_no_phone(
    message_to(&[(IdentityKind::WhatsAppId, "anna"), (IdentityKind::WhatsAppUserId, USER_ID)]),
    expected_body("recipient", USER_ID))]
#[tokio::test]
async fn a_message_that_meta_takes_is_accepted(
    #[case] message: OutboundMessage,
    #[case] body: Value,
) {
    let meta = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(MESSAGES))
        .and(header("authorization", format!("Bearer {TOKEN}")))
        .and(header("user-agent", "pult-tests"))
        .and(header("content-type", "application/json"))
        .and(body_json(body))
        .respond_with(accepted())
        .expect(1)
        .mount(&meta)
        .await;
    assert_eq!(
        api(&meta.uri()).send(&message).await,
        SendOutcome::Accepted {
            provider_id: "wamid.OUT".to_owned()
        }
    );
}

#[tokio::test]
async fn a_client_of_whom_nothing_usable_is_known_is_not_written_to() {
    let outcome = api("http://127.0.0.1:1").send(&message_to(&[])).await;
    assert!(matches!(outcome, SendOutcome::Rejected(_)), "{outcome:?}");
}

#[rstest]
#[case(500, 1, 5_000, FailureKind::Other)]
#[case(503, 2, 5_000, FailureKind::Other)]
#[case(400, 131_000, 5_000, FailureKind::Other)]
#[case(400, 131_016, 5_000, FailureKind::Other)]
#[case(400, 133_004, 5_000, FailureKind::Other)]
#[case(400, 130_429, 5_000, FailureKind::RateLimited)]
#[case(400, 131_056, 30_000, FailureKind::RateLimited)]
#[case(400, 131_057, 60_000, FailureKind::Other)]
#[case(429, 80_007, 300_000, FailureKind::RateLimited)]
#[case(400, 4, 300_000, FailureKind::RateLimited)]
#[tokio::test]
async fn passing_trouble_is_tried_again(
    #[case] status: u16,
    #[case] code: i64,
    #[case] after_ms: i64,
    #[case] kind: FailureKind,
) {
    let outcome = outcome_of(meta_error(status, code)).await;
    assert_eq!(
        outcome,
        SendOutcome::Retry {
            after_ms,
            failure: failure(kind, code)
        }
    );
}

#[rstest]
#[tokio::test]
async fn trouble_with_the_channel_blocks_it(
    #[values(
        0, 190, 3, 10, 200, 299, 368, 130_497, 131_005, 131_031, 131_037, 131_042, 131_045,
        131_048, 133_010
    )]
    code: i64,
) {
    let outcome = outcome_of(meta_error(403, code)).await;
    assert_eq!(
        outcome,
        SendOutcome::ChannelBlocked(failure(FailureKind::ChannelBlocked, code))
    );
}

#[rstest]
#[case(131_047, FailureKind::WindowClosed)]
#[case(131_026, FailureKind::NotReachable)]
#[case(33, FailureKind::Rejected)]
#[case(100, FailureKind::Rejected)]
#[case(131_008, FailureKind::Rejected)]
#[case(131_021, FailureKind::Rejected)]
#[case(131_030, FailureKind::Rejected)]
#[case(132_001, FailureKind::Rejected)]
#[case(424_242, FailureKind::Other)]
#[case(-1, FailureKind::Other)]
#[tokio::test]
async fn trouble_with_the_message_rejects_it(#[case] code: i64, #[case] kind: FailureKind) {
    let outcome = outcome_of(meta_error(400, code)).await;
    assert_eq!(outcome, SendOutcome::Rejected(failure(kind, code)));
}

#[rstest]
#[case::server_error_without_body(ResponseTemplate::new(500))]
#[case::page_of_a_proxy(
    ResponseTemplate::new(502).set_body_raw("<html><h1>502 Bad Gateway</h1></html>", "text/html"))]
#[case::refusal_of_somebody_else(ResponseTemplate::new(403).set_body_string("Forbidden"))]
#[case::error_without_code(
    ResponseTemplate::new(400).set_body_json(json!({"error": {"message": "?"}})))]
#[case::unknown_code_of_a_broken_server(meta_error(500, 424_242))]
#[case::redirect(ResponseTemplate::new(302).insert_header("location", MESSAGES))]
#[case::success_that_names_no_message(
    ResponseTemplate::new(200).set_body_json(json!({"messages": []})))]
#[case::success_of_somebody_else(ResponseTemplate::new(200).set_body_string("<html>Sign in</html>"))]
#[case::success_without_body(ResponseTemplate::new(204))]
#[case::endless_answer(ResponseTemplate::new(200).set_body_string(" ".repeat(100_000)))]
#[tokio::test]
async fn an_answer_that_is_not_metas_confirms_nothing(#[case] answer: ResponseTemplate) {
    assert_not_confirmed(&outcome_of(answer).await);
}

#[tokio::test]
async fn neither_token_nor_recipient_is_in_a_reason() {
    let answer = ResponseTemplate::new(400).set_body_json(json!({"error": {"code": 190,
        "message": format!("Malformed access token {TOKEN} for +{PHONE} or {USER_ID}")}}));
    let reason = "Malformed access token … for +… or …".to_owned();
    assert_eq!(
        outcome_of(answer).await,
        SendOutcome::ChannelBlocked(Failure {
            kind: FailureKind::ChannelBlocked,
            code: "190".to_owned(),
            reason
        })
    );
    assert!(!format!("{:?}", api("http://127.0.0.1:1")).contains(TOKEN));
}

/// A server that takes one request whole, and then does with the connection what `ending` says.
async fn server<F, Fut>(ending: F) -> String
where
    F: FnOnce(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        // The id is the last thing in the body.
        while !request
            .windows(OURS.len() + 2)
            .any(|end| end == format!("{OURS}\"}}").as_bytes())
        {
            assert_ne!(
                stream.read_buf(&mut request).await.unwrap(),
                0,
                "the request is whole"
            );
        }
        ending(stream).await;
    });
    url
}

#[tokio::test]
async fn a_connection_closed_after_the_request_left_confirms_nothing() {
    let url = server(async |mut stream| stream.shutdown().await.unwrap()).await;
    assert_not_confirmed(&api(&url).send(&message()).await);
}

#[tokio::test]
async fn a_connection_reset_after_the_request_left_confirms_nothing() {
    let url = server(async |stream| stream.set_zero_linger().unwrap()).await;
    assert_not_confirmed(&api(&url).send(&message()).await);
}

#[tokio::test]
async fn an_answer_cut_short_confirms_nothing() {
    let url = server(async |mut stream| {
        let answer =
            b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"messages\":[{\"id\":\"wamid";
        stream.write_all(answer).await.unwrap();
    })
    .await;
    assert_not_confirmed(&api(&url).send(&message()).await);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_confirms_nothing() {
    install_crypto();
    let url = server(async |stream| {
        // Holds the connection open for as long as the test runs.
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let hasty = Settings {
        timeout: Duration::from_millis(300),
        ..settings(&url)
    };
    let outcome = WhatsAppApi::new(hasty).unwrap().send(&message()).await;
    assert_eq!(
        outcome,
        SendOutcome::NotConfirmed {
            reason: "no answer in time".to_owned()
        }
    );
}

fn assert_never_left(outcome: &SendOutcome) {
    let SendOutcome::Retry { after_ms, failure } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(*after_ms > 0);
    assert_eq!(failure.code, "");
    assert!(
        failure.reason.starts_with("could not connect: "),
        "{}",
        failure.reason
    );
}

#[tokio::test]
async fn a_refused_connection_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_never_left(&api(&url).send(&message()).await);
}

#[tokio::test]
async fn a_failed_tls_handshake_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
    });
    assert_never_left(&api(&url).send(&message()).await);
}

#[tokio::test]
async fn a_number_that_answers_is_described() {
    let meta = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v25.0/100"))
        .and(query_param("fields", "verified_name,display_phone_number"))
        .and(header("authorization", format!("Bearer {TOKEN}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "verified_name": "Ромашка", "display_phone_number": "+7 495 000-00-00", "id": "100"})))
        .mount(&meta)
        .await;
    assert_eq!(
        api(&meta.uri()).check().await,
        Ok(ConnectedNumber {
            verified_name: Some("Ромашка".to_owned()),
            display_phone_number: Some("+7 495 000-00-00".to_owned()),
        })
    );
}

#[rstest]
#[case::refused_by_meta(meta_error(401, 190), "190")]
#[case::somebody_else(ResponseTemplate::new(200).set_body_string("<html>"), "")]
#[tokio::test]
async fn a_check_that_fails_says_why(#[case] answer: ResponseTemplate, #[case] code: &str) {
    let meta = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&meta)
        .await;
    let failure = api(&meta.uri()).check().await.unwrap_err();
    assert_eq!(failure.code, code);
    assert!(!failure.reason.is_empty());
}

#[rstest]
#[case("http://graph.example.com")]
#[case("ftp://127.0.0.1")]
#[case("data:text/plain,x")]
fn a_base_url_that_would_give_the_token_away_is_refused(#[case] base_url: &str) {
    install_crypto();
    let error = WhatsAppApi::new(settings(base_url)).unwrap_err();
    assert!(matches!(error, SettingsError::BaseUrl), "{error:?}");
}

#[rstest]
#[case("")]
#[case(" ")]
#[case("two\nlines")]
fn a_token_that_cannot_be_one_is_refused(#[case] token: &str) {
    install_crypto();
    let wrong = Settings {
        access_token: token.into(),
        ..settings("http://127.0.0.1:1")
    };
    let error = WhatsAppApi::new(wrong).unwrap_err();
    assert!(matches!(error, SettingsError::AccessToken), "{error:?}");
}

#[test]
fn a_base_url_may_have_a_path_of_its_own() {
    install_crypto();
    let debug = format!("{:?}", api("http://127.0.0.1:1/meta/"));
    assert!(debug.contains("/meta/v25.0/100/messages"), "{debug}");
}

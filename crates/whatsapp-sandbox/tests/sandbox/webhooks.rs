//! Handshake, signature, repetition, restart.

use axum::http::StatusCode;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use whatsapp_sandbox::Sandbox;

use crate::company::{self, CLIENT, all, company, config};

fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"app_secret_for_tests").unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn nothing_is_sent_before_the_handshake_and_everything_after_it() {
    let (url, inbox) = company::listen().await;
    let sandbox = Sandbox::start(config()).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let company = company::Company {
        sandbox,
        inbox,
        http,
    };
    company
        .control("POST", "phones", json!({ "number": CLIENT }))
        .await;
    company.client_writes("Есть кто?").await;

    let wrong = json!({ "url": url, "verify_token": "wrong" });
    let address = format!("{}/control/webhook", company.sandbox.url());
    let refused = company
        .http
        .put(&address)
        .json(&wrong)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(company.inbox.posts().is_empty());

    company
        .control("PUT", "webhook", json!({ "url": url }))
        .await;
    company.idle().await;
    assert_eq!(company.inbox.posts().len(), 1);
}

#[tokio::test]
async fn a_webhook_given_at_start_is_tried_until_its_program_is_there() {
    let (url, inbox) = company::listen().await;
    let sandbox = Sandbox::start(whatsapp_sandbox::Config {
        webhook: Some(url),
        ..config()
    })
    .await
    .unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let company = company::Company {
        sandbox,
        inbox,
        http,
    };
    company
        .control("POST", "phones", json!({ "number": CLIENT }))
        .await;
    company.client_writes("a").await;
    company.inbox.wait_for(1).await;
}

#[tokio::test]
async fn the_escaped_bytes_on_the_wire_are_what_is_signed() {
    let company = company().await;
    let wamid = company.client_writes("Цена 50% / <b> a@b.ru 👍").await;
    let post = company.inbox.wait_for(1).await.remove(0);
    assert!(post.body.is_ascii());
    let raw = std::str::from_utf8(&post.body).unwrap();
    assert!(
        raw.contains(r"50\u0025 \/ \u003Cb> a\u0040b.ru \ud83d\udc4d"),
        "{raw}"
    );
    assert_eq!(post.signature, signature(&post.body));
    assert!(post.user_agent.contains("whatsapp-sandbox"));
    let message = all(&post.json(), "messages").remove(0);
    assert_eq!(message["id"], wamid.as_str());
    assert_eq!(message["text"]["body"], "Цена 50% / <b> a@b.ru 👍");
}

#[tokio::test]
async fn a_webhook_is_repeated_with_identical_bytes_until_200() {
    let company = company().await;
    company.inbox.answer(&[
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::ACCEPTED,
        StatusCode::TEMPORARY_REDIRECT,
    ]);
    company.client_writes("a").await;
    company.idle().await;
    let posts = company.inbox.posts();
    assert_eq!(posts.len(), 4);
    assert!(posts.iter().all(|post| post.body == posts[0].body));
    let log = company.control("GET", "webhooks", Value::Null).await;
    let answers: Vec<&Value> = log["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["http_status"])
        .collect();
    assert_eq!(answers, [500, 202, 307, 200]);
    assert_eq!(log["waiting"], 0);
    let sent = company
        .control("GET", &format!("phones/{CLIENT}/sent"), Value::Null)
        .await;
    assert_eq!(sent["messages"][0]["delivered"], true);
}

#[tokio::test]
async fn phones_and_unfinished_webhooks_outlive_a_restart() {
    let folder = std::env::temp_dir().join(format!("sandbox-{}", uuid::Uuid::now_v7()));
    let kept = || whatsapp_sandbox::Config {
        data: Some(folder.clone()),
        ..config()
    };
    let first = company::company_with(kept()).await;
    first.client_writes("Первое").await;
    first.idle().await;
    assert_eq!(first.send(&company::text("Ответ")).await.0, 200);
    first.idle().await;
    let received = first.received().await;
    first.inbox.answer(&[StatusCode::SERVICE_UNAVAILABLE; 1000]);
    first.client_writes("Второе").await;
    first.sandbox.shutdown().await;

    let second = company::company_with(kept()).await;
    assert_eq!(second.received().await, received);
    second.idle().await;
    let arrived = second.inbox.posts();
    assert_eq!(arrived.len(), 1);
    assert_eq!(
        all(&arrived[0].json(), "messages")[0]["text"]["body"],
        "Второе"
    );
    second.sandbox.shutdown().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn foreign_pages_and_hosts_are_kept_out_of_the_control_api() {
    let company = company().await;
    let url = format!("{}/control/phones", company.sandbox.url());
    for header in ["origin", "host"] {
        let asked = company
            .http
            .get(&url)
            .header(header, "http://example.com")
            .send()
            .await;
        assert_eq!(asked.unwrap().status(), StatusCode::FORBIDDEN, "{header}");
    }
}

#[tokio::test]
async fn the_phones_page_brings_everything_along() {
    let company = company().await;
    let page = company
        .http
        .get(format!("{}/phones", company.sandbox.url()))
        .send()
        .await
        .unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.starts_with("default-src 'none'"));
    let html = page.text().await.unwrap();
    for remote in ["http://", "https://", "src=", "innerHTML", "@import"] {
        assert!(!html.contains(remote), "{remote}");
    }
}

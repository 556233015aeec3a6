//! Failures on demand, on both ways.

use std::time::Duration;

use serde_json::{Value, json};

use crate::company::{Company, all, company, text};

async fn fault(company: &Company, way: &str, fault: Value) {
    company
        .control("POST", &format!("faults/{way}"), fault)
        .await;
}

#[tokio::test]
async fn an_error_code_is_answered_once_and_takes_nothing() {
    let company = company().await;
    company.client_writes("a").await;
    fault(&company, "sends", json!({ "error_code": 130_429 })).await;
    let (http, body) = company.send(&text("b")).await;
    assert_eq!((http, &body["error"]["code"]), (400, &json!(130_429)));
    assert_eq!(company.send(&text("b")).await.0, 200);
    company.idle().await;
    let received = company.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!(
        (&received[0]["posts"], &received[0]["copies"]),
        (&json!(2), &json!(1))
    );
}

#[tokio::test]
async fn a_bare_http_status_comes_with_a_body_that_is_not_json() {
    let company = company().await;
    fault(&company, "sends", json!({ "http_status": 502 })).await;
    let answer = company.post(&text("a")).send().await.unwrap();
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn a_reset_before_the_body_takes_nothing() {
    let company = company().await;
    fault(&company, "sends", json!({ "reset_before_body": true })).await;
    assert!(company.post(&text("a")).send().await.is_err());
    company.idle().await;
    let posts = company.control("GET", "posts", Value::Null).await;
    assert_eq!(posts["messages"], json!([]));
}

#[tokio::test]
async fn a_reset_after_acceptance_hides_a_message_that_is_delivered() {
    let company = company().await;
    company.client_writes("a").await;
    fault(&company, "sends", json!({ "reset_after_accept": true })).await;
    assert!(company.post(&text("b")).send().await.is_err());
    assert_eq!(company.send(&text("b")).await.0, 200);
    company.idle().await;
    let received = company.received().await;
    assert_eq!(received.len(), 2);
    assert!(received.iter().all(|message| message["copies"] == 2));
}

#[tokio::test]
async fn no_answer_means_none() {
    let company = company().await;
    company.client_writes("a").await;
    fault(
        &company,
        "sends",
        json!({ "no_answer": true, "accept": true }),
    )
    .await;
    let request = company
        .post(&text("b"))
        .timeout(Duration::from_secs(30))
        .send();
    let arrived = async {
        let path = "phones/79160000001/received?wait_ms=20000";
        company.control("GET", path, Value::Null).await
    };
    tokio::select! {
        _ = request => panic!("there must be no answer"),
        received = arrived => assert_eq!(received["messages"][0]["text"], "b"),
    }
}

#[tokio::test]
async fn a_delayed_answer_comes_after_the_statuses() {
    let company = company().await;
    company.client_writes("a").await;
    company.idle().await;
    fault(&company, "sends", json!({ "delay_ms": 60_000 })).await;
    let request = company
        .post(&text("b"))
        .timeout(Duration::from_secs(30))
        .send();
    tokio::select! {
        _ = request => panic!("the answer must be late"),
        _ = company.inbox.wait_for(3) => {}
    }
    assert_eq!(company.inbox.statuses().len(), 2);
}

#[tokio::test]
async fn an_accepted_message_can_fail_with_any_code() {
    let company = company().await;
    company.client_writes("a").await;
    fault(&company, "sends", json!({ "failed_code": 131_049 })).await;
    assert_eq!(company.send(&text("b")).await.0, 200);
    company.idle().await;
    assert_eq!(company.inbox.statuses()[0]["errors"][0]["code"], 131_049);
    assert!(company.received().await.is_empty());
}

#[tokio::test]
async fn a_dropped_webhook_arrives_by_its_retry() {
    let company = company().await;
    fault(&company, "webhooks", json!({ "drop": true })).await;
    company.client_writes("a").await;
    company.idle().await;
    assert_eq!(company.inbox.posts().len(), 1);
    let log = company.control("GET", "webhooks", Value::Null).await;
    assert_eq!(log["attempts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_duplicated_webhook_comes_twice_with_identical_bytes() {
    let company = company().await;
    fault(&company, "webhooks", json!({ "duplicate": true })).await;
    company.client_writes("a").await;
    company.idle().await;
    let posts = company.inbox.posts();
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0].body, posts[1].body);
}

#[tokio::test]
async fn reordered_webhooks_come_newest_first() {
    let company = company().await;
    fault(&company, "webhooks", json!({ "reorder": true })).await;
    let first = company.client_writes("1").await;
    let second = company.client_writes("2").await;
    company.idle().await;
    let posts = company.inbox.posts();
    let ids: Vec<Value> = posts
        .iter()
        .map(|post| all(&post.json(), "messages")[0]["id"].clone())
        .collect();
    assert_eq!(ids, [second, first]);
}

#[tokio::test]
async fn a_batch_carries_several_messages_and_statuses_in_one_post() {
    let company = company().await;
    fault(
        &company,
        "webhooks",
        json!({ "batch_ms": 60_000, "batch_count": 6 }),
    )
    .await;
    for text in ["1", "2", "3", "4"] {
        company.client_writes(text).await;
    }
    company.send(&text("ответ")).await;
    company.idle().await;
    let posts = company.inbox.posts();
    assert_eq!(posts.len(), 1);
    let body = posts[0].json();
    assert_eq!(all(&body, "messages").len(), 4);
    assert_eq!(all(&body, "statuses").len(), 2);
    assert!(body["entry"].as_array().unwrap().len() > 1);
}

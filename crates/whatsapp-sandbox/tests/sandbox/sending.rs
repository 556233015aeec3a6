//! Accepted messages and their way: answers, statuses, the window, rates, receipts.

use serde_json::{Value, json};

use crate::company::{CLIENT, all, company, text};

fn names(statuses: &[Value]) -> Vec<&str> {
    statuses
        .iter()
        .map(|status| status["status"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_accepted_text_reaches_the_phone_and_comes_back_as_statuses() {
    let company = company().await;
    company.client_writes("Здравствуйте").await;
    company.idle().await;
    let (http, answer) = company.send(&text("Добрый день")).await;
    assert_eq!(http, 200);
    assert_eq!(
        answer["contacts"][0],
        json!({ "input": "+79160000001", "wa_id": CLIENT })
    );
    company.idle().await;

    let received = company.received().await;
    assert_eq!(received[0]["text"], "Добрый день");
    assert_eq!(received[0]["wamid"], answer["messages"][0]["id"]);
    assert_eq!(
        (&received[0]["posts"], &received[0]["copies"]),
        (&json!(1), &json!(1))
    );
    company
        .control("POST", &format!("phones/{CLIENT}/read"), Value::Null)
        .await;
    company.idle().await;
    let mut statuses = company.inbox.statuses();
    statuses.sort_by_key(|status| match status["status"].as_str().unwrap() {
        "sent" => 0,
        "delivered" => 1,
        _ => 2,
    });
    assert_eq!(names(&statuses), ["sent", "delivered", "read"]);
    for status in &statuses {
        assert_eq!(status["id"], answer["messages"][0]["id"]);
        assert_eq!(status["biz_opaque_callback_data"], "ours-1");
        assert_eq!(status["recipient_id"], CLIENT);
    }
}

#[tokio::test]
async fn without_the_right_token_nothing_is_taken() {
    let company = company().await;
    let url = format!("{}/106540352242922/messages", company.sandbox.url());
    let answer = company
        .http
        .post(&url)
        .bearer_auth("wrong")
        .json(&text("a"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert!(answer.headers().contains_key("www-authenticate"));
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        (&body["error"]["code"], &body["error"]["type"]),
        (&json!(190), &json!("OAuthException"))
    );
    let in_query = format!("{url}/?access_token=access-token-for-tests");
    assert_eq!(
        company
            .http
            .post(in_query)
            .json(&text("a"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn an_unknown_object_is_400_with_code_100_and_subcode_33() {
    let company = company().await;
    let url = format!("{}/v25.0/454545/messages", company.sandbox.url());
    let answer = company
        .http
        .post(url)
        .bearer_auth("access-token-for-tests")
        .json(&text("a"));
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let raw = answer.text().await.unwrap();
    assert!(raw.contains(r"https:\/\/developers.facebook.com"), "{raw}");
    let body: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(body["error"]["error_subcode"], 33);
    assert_eq!(body["error"]["type"], "GraphMethodException");
}

#[tokio::test]
async fn the_number_answers_a_connection_test() {
    let company = company().await;
    let url = format!(
        "{}/v25.0/106540352242922?fields=display_phone_number",
        company.sandbox.url()
    );
    let answer = company
        .http
        .get(url)
        .bearer_auth("access-token-for-tests")
        .send()
        .await
        .unwrap();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        body,
        json!({ "display_phone_number": "+74950000000", "id": "106540352242922" })
    );
}

#[tokio::test]
async fn outside_24_hours_a_text_is_accepted_and_then_fails() {
    let company = company().await;
    company.client_writes("Здравствуйте").await;
    company
        .control("POST", "clock", json!({ "advance_ms": 24 * 3_600_000 }))
        .await;
    assert_eq!(company.send(&text("Поздно")).await.0, 200);
    let template = json!({
        "messaging_product": "whatsapp", "to": CLIENT, "type": "template",
        "template": { "name": "hello_world", "language": { "code": "ru" } },
    });
    assert_eq!(
        company.send(&template).await.1["messages"][0]["message_status"],
        "accepted"
    );
    company.idle().await;
    let statuses = company.inbox.statuses();
    let failed: Vec<&Value> = statuses
        .iter()
        .filter(|s| s["status"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["errors"][0]["code"], 131_047);
    assert_eq!(failed[0]["biz_opaque_callback_data"], "ours-1");
    let received = company.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["type"], "template");
}

#[tokio::test]
async fn a_number_without_a_phone_is_undeliverable() {
    let company = company().await;
    let mut body = text("a");
    body["to"] = "+79169999999".into();
    assert_eq!(company.send(&body).await.0, 200);
    company.idle().await;
    assert_eq!(company.inbox.statuses()[0]["errors"][0]["code"], 131_026);
}

#[tokio::test]
async fn a_business_scoped_id_reaches_its_phone() {
    let company = company().await;
    company.client_writes("a").await;
    let phone = company
        .control("GET", &format!("phones/{CLIENT}"), Value::Null)
        .await;
    let mut body = text("Здравствуйте");
    body.as_object_mut().unwrap().remove("to");
    body["recipient"] = phone["user_id"].clone();
    let (_, answer) = company.send(&body).await;
    let contact = json!({ "input": phone["user_id"], "user_id": phone["user_id"] });
    assert_eq!(answer["contacts"][0], contact);
    company.idle().await;
    assert_eq!(company.received().await[0]["text"], "Здравствуйте");
}

#[tokio::test]
async fn the_pair_rate_lets_a_burst_through_and_then_one_per_interval() {
    let company = company().await;
    let rate = json!({ "pair_rate": { "every_ms": 6000, "burst": 2 } });
    company.control("PATCH", "settings", rate).await;
    assert_eq!(company.send(&text("1")).await.0, 200);
    assert_eq!(company.send(&text("2")).await.0, 200);
    let (http, refused) = company.send(&text("3")).await;
    assert_eq!((http, &refused["error"]["code"]), (400, &json!(131_056)));
    company
        .control("POST", "clock", json!({ "advance_ms": 6000 }))
        .await;
    assert_eq!(company.send(&text("3")).await.0, 200);
}

#[tokio::test]
async fn a_read_receipt_marks_this_and_earlier_messages_and_shows_typing() {
    let company = company().await;
    company.client_writes("1").await;
    let second = company.client_writes("2").await;
    company.client_writes("3").await;
    let receipt = json!({
        "messaging_product": "whatsapp", "status": "read", "message_id": second,
        "typing_indicator": { "type": "text" },
    });
    assert_eq!(
        company.send(&receipt).await,
        (200, json!({ "success": true }))
    );
    let sent = company
        .control("GET", &format!("phones/{CLIENT}/sent"), Value::Null)
        .await;
    let read: Vec<&Value> = sent["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["read"])
        .collect();
    assert_eq!(read, [true, true, false]);
    let phone = company
        .control("GET", &format!("phones/{CLIENT}"), Value::Null)
        .await;
    assert_eq!(phone["typing"], true);
}

#[tokio::test]
async fn statuses_can_skip_delivered_and_come_twice() {
    let company = company().await;
    let quirks = json!({ "statuses": { "skip_delivered": true, "duplicate": true } });
    company.control("PATCH", "settings", quirks).await;
    let auto = json!({ "auto_read": true });
    company
        .control("PATCH", &format!("phones/{CLIENT}"), auto)
        .await;
    company.client_writes("a").await;
    company.send(&text("b")).await;
    company.idle().await;
    let statuses = company.inbox.statuses();
    let mut names = names(&statuses);
    names.sort_unstable();
    assert_eq!(names, ["read", "read", "sent", "sent"]);
}

#[tokio::test]
async fn delivered_can_be_told_before_sent() {
    let company = company().await;
    let quirks = json!({ "statuses": { "reorder": true }, "delivered_ms": 300 });
    company.control("PATCH", "settings", quirks).await;
    company.client_writes("a").await;
    company.send(&text("b")).await;
    company.idle().await;
    assert_eq!(names(&company.inbox.statuses()), ["delivered", "sent"]);
}

#[tokio::test]
async fn any_type_of_meta_can_be_written_by_a_client() {
    let company = company().await;
    let location = json!({
        "type": "location",
        "content": { "latitude": 55.75, "longitude": 37.61 },
        "reply_to": "wamid.BEFORE",
    });
    company
        .control("POST", &format!("phones/{CLIENT}/messages"), location)
        .await;
    let unsupported =
        json!({ "type": "unsupported", "extra": { "errors": [{ "code": 131_051 }] } });
    company
        .control("POST", &format!("phones/{CLIENT}/messages"), unsupported)
        .await;
    company.idle().await;
    let posts = company.inbox.posts();
    let mut messages: Vec<Value> = posts
        .iter()
        .flat_map(|post| all(&post.json(), "messages"))
        .collect();
    messages.sort_by_key(|message| message["type"].as_str().unwrap().to_owned());
    assert_eq!(messages[0]["location"]["latitude"], 55.75);
    assert_eq!(
        messages[0]["context"],
        json!({ "from": "74950000000", "id": "wamid.BEFORE" })
    );
    assert_eq!(messages[1]["errors"][0]["code"], 131_051);
}

#[tokio::test]
async fn an_unsubscribed_account_gets_no_events() {
    let company = company().await;
    let url = format!(
        "{}/v25.0/102290129340398/subscribed_apps",
        company.sandbox.url()
    );
    let request = |method: &str| {
        let method = method.parse().unwrap();
        company
            .http
            .request(method, &url)
            .bearer_auth("access-token-for-tests")
            .send()
    };
    assert!(request("DELETE").await.unwrap().status().is_success());
    company.client_writes("a").await;
    company.idle().await;
    assert!(request("POST").await.unwrap().status().is_success());
    company.client_writes("b").await;
    company.idle().await;
    let posts = company.inbox.posts();
    assert_eq!(posts.len(), 1);
    assert_eq!(all(&posts[0].json(), "messages")[0]["text"]["body"], "b");
}

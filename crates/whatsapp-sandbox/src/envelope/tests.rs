//! Bodies, compared with known ones.

use serde_json::{Value, json};

use super::*;
use crate::json;

fn business() -> Business {
    Business {
        waba_id: "102290129340398".to_owned(),
        phone_number_id: "106540352242922".to_owned(),
        display_number: "74950000000".to_owned(),
    }
}

fn phone(mode: Mode) -> Phone {
    Phone {
        number: "79161234567".to_owned(),
        name: "Иван".to_owned(),
        username: Some("ivan".to_owned()),
        user_id: "RU.42".to_owned(),
        mode,
        auto_read: false,
        wrote_at: None,
        typing_until: None,
    }
}

fn from_client(text: &str) -> FromClient {
    let item = json!({ "text": { "body": text } })
        .as_object()
        .unwrap()
        .clone();
    FromClient {
        n: 1,
        number: "79161234567".to_owned(),
        wamid: "wamid.TEST1".to_owned(),
        kind: "text".to_owned(),
        text: Some(text.to_owned()),
        item,
        at_ms: 1_749_416_383_000,
        delivered: false,
        read: false,
    }
}

fn to_client() -> ToClient {
    ToClient {
        n: None,
        wamid: "wamid.OUT".to_owned(),
        number: "79161234567".to_owned(),
        by_user_id: false,
        kind: "text".to_owned(),
        text: None,
        content: Value::Null,
        reply_to: None,
        callback_data: Some("ours".to_owned()),
        key: String::new(),
        accepted_at_ms: 0,
        statuses: Vec::new(),
        failed: Some(131_047),
    }
}

fn value_of(events: &[Event]) -> Value {
    let body = serde_json::to_value(envelope(&business(), events)).unwrap();
    body["entry"][0]["changes"][0]["value"].clone()
}

fn status_of(mode: Mode, name: &str, version: &str) -> Value {
    let settings = Settings {
        graph_version: version.to_owned(),
        ..Settings::default()
    };
    value_of(&[status(
        Some(&phone(mode)),
        &to_client(),
        name,
        1_750_030_073_000,
        &settings,
    )])
}

#[test]
fn a_text_is_written_as_the_known_signed_body_is() {
    let event = message(&phone(Mode::Phone), &from_client("a@b.ru / 50%"));
    let body = json::encode(&envelope(&business(), &[event])).unwrap();
    // The known body leaves the two characters plain that Meta escapes besides.
    let known = include_str!("../../tests/vectors/signed_body.json");
    assert_eq!(body, known.replace('@', "\\u0040").replace('%', "\\u0025"));
}

#[test]
fn a_username_only_client_shows_no_number_anywhere() {
    let event = message(&phone(Mode::Username), &from_client("Здравствуйте"));
    let sent = status_of(Mode::Username, "delivered", "v25.0");
    let message = value_of(&[event]);
    assert_eq!(message["messages"][0]["from_user_id"], "RU.42");
    assert_eq!(message["contacts"][0]["profile"]["username"], "ivan");
    for body in [message.to_string(), sent.to_string()] {
        assert!(!body.contains("79161234567"), "{body}");
    }
    assert_eq!(sent["statuses"][0]["recipient_user_id"], "RU.42");
}

#[test]
fn a_client_of_both_kinds_shows_number_and_user_id() {
    let value = value_of(&[message(&phone(Mode::Both), &from_client("a"))]);
    assert_eq!(value["messages"][0]["from"], "79161234567");
    assert_eq!(value["messages"][0]["from_user_id"], "RU.42");
    assert_eq!(value["contacts"][0]["wa_id"], "79161234567");
}

#[test]
fn only_sent_up_to_v23_carries_a_conversation() {
    let conversation = |name, version| {
        status_of(Mode::Both, name, version)["statuses"][0]
            .get("conversation")
            .cloned()
    };
    assert_eq!(
        conversation("sent", "v23.0").unwrap()["origin"]["type"],
        "service"
    );
    assert_eq!(conversation("delivered", "v23.0"), None);
    assert_eq!(conversation("sent", "v24.0"), None);
}

#[test]
fn a_username_accompanies_delivered_and_read_but_not_sent() {
    let username = |name| {
        status_of(Mode::Both, name, "v25.0")["contacts"][0]["profile"]
            .get("username")
            .cloned()
    };
    assert_eq!(username("sent"), None);
    assert_eq!(username("read"), Some("ivan".into()));
}

#[test]
fn a_failure_names_its_code_and_no_contact() {
    let value = status_of(Mode::Both, "failed", "v25.0");
    assert_eq!(value["statuses"][0]["errors"][0]["code"], 131_047);
    assert_eq!(value["statuses"][0]["recipient_id"], "79161234567");
    assert_eq!(value["statuses"][0].get("recipient_user_id"), None);
    assert_eq!(value.get("contacts"), None);
}

#[test]
fn a_batch_is_spread_over_entries_and_changes_and_loses_nothing() {
    let settings = Settings::default();
    let mut events: Vec<Event> = (0..8)
        .map(|_| message(&phone(Mode::Both), &from_client("a")))
        .collect();
    events.push(status(
        Some(&phone(Mode::Both)),
        &to_client(),
        "sent",
        0,
        &settings,
    ));
    let body = serde_json::to_value(envelope(&business(), &events)).unwrap();
    let entries = body["entry"].as_array().unwrap();
    let values: Vec<&Value> = entries
        .iter()
        .flat_map(|entry| entry["changes"].as_array().unwrap())
        .map(|change| &change["value"])
        .collect();
    let count = |name: &str| -> usize {
        values
            .iter()
            .filter_map(|value| value[name].as_array())
            .map(Vec::len)
            .sum()
    };
    assert_eq!((entries.len(), values.len()), (2, 4));
    assert_eq!((count("messages"), count("statuses")), (8, 1));
}

#[test]
fn a_system_event_comes_without_contacts() {
    let mut system = from_client("a");
    system.kind = "system".to_owned();
    assert_eq!(
        value_of(&[message(&phone(Mode::Both), &system)]).get("contacts"),
        None
    );
}

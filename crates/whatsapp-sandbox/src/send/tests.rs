//! Validation, case by case.

use serde_json::{Value, json};

use super::*;

fn text_to(to: &str, body: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "to": to, "type": "text", "text": { "body": body } })
}

fn code_of(body: &Value) -> i64 {
    parse(body).unwrap_err().code
}

fn outgoing(body: &Value) -> Outgoing {
    match parse(body).unwrap() {
        Request::Message(outgoing) => outgoing,
        Request::Reading(_) => panic!("a message was expected"),
    }
}

#[test]
fn a_number_may_carry_plus_brackets_dashes_and_spaces() {
    let outgoing = outgoing(&text_to("+7 (916) 000-00-01", "Добрый день"));
    let input = "+7 (916) 000-00-01".to_owned();
    assert_eq!(
        outgoing.recipient,
        Recipient::Number {
            input,
            digits: "79160000001".to_owned()
        }
    );
}

#[test]
fn to_wins_over_recipient() {
    let mut body = text_to("+79160000001", "a");
    body["recipient"] = "RU.1".into();
    assert!(matches!(
        outgoing(&body).recipient,
        Recipient::Number { .. }
    ));
    body.as_object_mut().unwrap().remove("to");
    assert_eq!(
        outgoing(&body).recipient,
        Recipient::UserId("RU.1".to_owned())
    );
}

#[test]
fn what_every_message_needs_is_asked_for_by_name() {
    let mut body = text_to("+79160000001", "a");
    body.as_object_mut().unwrap().remove("messaging_product");
    let error = parse(&body).unwrap_err();
    assert_eq!(error.code, 100);
    let text = error.body()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(text, "(#100) The parameter messaging_product is required.");
    assert!(error.body()["error"]["error_data"]["details"].is_string());

    let without_to = json!({ "messaging_product": "whatsapp", "text": { "body": "a" } });
    assert_eq!(code_of(&without_to), 100);
}

#[test]
fn a_type_without_its_content_lacks_a_required_parameter() {
    let body = json!({ "messaging_product": "whatsapp", "to": "+79160000001", "type": "image" });
    assert_eq!(code_of(&body), 131_008);
}

#[test]
fn a_text_has_one_to_4096_characters() {
    assert!(parse(&text_to("+79160000001", &"я".repeat(4096))).is_ok());
    assert_eq!(code_of(&text_to("+79160000001", &"я".repeat(4097))), 100);
    assert_eq!(code_of(&text_to("+79160000001", "")), 100);
}

#[test]
fn a_number_that_is_none_and_a_user_id_that_is_none_are_invalid_values() {
    assert_eq!(code_of(&text_to("звонок", "a")), 131_009);
    let body =
        json!({ "messaging_product": "whatsapp", "recipient": "ivan", "text": { "body": "a" } });
    assert_eq!(code_of(&body), 131_009);
}

#[test]
fn callback_data_has_at_most_512_characters() {
    let mut body = text_to("+79160000001", "a");
    body["biz_opaque_callback_data"] = "x".repeat(512).into();
    assert_eq!(outgoing(&body).callback_data.unwrap().len(), 512);
    body["biz_opaque_callback_data"] = "x".repeat(513).into();
    assert_eq!(code_of(&body), 100);
}

#[test]
fn a_reaction_cannot_be_a_reply() {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "to": "+79160000001",
        "type": "reaction",
        "reaction": { "message_id": "wamid.A", "emoji": "" },
    });
    assert!(parse(&body).is_ok());
    body["context"] = json!({ "message_id": "wamid.B" });
    assert_eq!(code_of(&body), 100);
}

#[test]
fn reading_takes_an_id_and_an_optional_typing_bubble() {
    let mut body =
        json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A" });
    let wamid = "wamid.A".to_owned();
    assert_eq!(
        parse(&body),
        Ok(Request::Reading(Reading {
            wamid: wamid.clone(),
            typing: false
        }))
    );
    body["typing_indicator"] = json!({ "type": "text" });
    assert_eq!(
        parse(&body),
        Ok(Request::Reading(Reading {
            wamid,
            typing: true
        }))
    );
    body["message_id"] = "M0".into();
    assert_eq!(code_of(&body), 131_009);
}

#[test]
fn no_json_makes_it_panic() {
    for body in [
        json!(null),
        json!([]),
        json!("a"),
        json!({ "messaging_product": ["whatsapp"] }),
    ] {
        assert!(parse(&body).is_err());
    }
    for kind in [
        "text",
        "image",
        "contacts",
        "location",
        "reaction",
        "interactive",
        "template",
    ] {
        for content in [
            json!(null),
            json!(1),
            json!([]),
            json!([1]),
            json!({}),
            json!("a"),
        ] {
            let body = json!({
                "messaging_product": "whatsapp", "to": "79160000001", "type": kind, kind: content,
            });
            assert!(parse(&body).is_err(), "{kind} {content}");
        }
    }
}

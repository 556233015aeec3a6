//! Shapes beyond Meta's examples: what the documentation promises and what has been seen.

use pult_domain::provider::{
    ChannelFact, Content, DeliveryUpdate, Fact, Failure, FailureKind, Identity, IdentityKind,
    InboundMessage, Progress, Sender,
};
use pult_domain::{EntryId, Timestamp};
use pult_whatsapp::webhook::{ParseError, numbers, parse};
use rstest::rstest;
use serde_json::{Value, json};

const RECEIVED_AT: Timestamp = Timestamp(1_800_000_000_123);
const NUMBER: &str = "106540352242922";

/// A body with one change of `messages`, its metadata added to `value`.
fn body(mut value: Value) -> Vec<u8> {
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({"display_phone_number": "74950000000", "phone_number_id": NUMBER});
    let change = json!({"field": "messages", "value": value});
    enveloped(&[change])
}

fn enveloped(changes: &[Value]) -> Vec<u8> {
    json!({"object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": changes}]})
    .to_string()
    .into_bytes()
}

fn facts(body: &[u8]) -> Vec<Fact> {
    parse(body, RECEIVED_AT)
        .unwrap()
        .into_iter()
        .map(|fact| fact.fact)
        .collect()
}

fn only_fact(body: &[u8]) -> Fact {
    let mut facts = facts(body);
    assert_eq!(facts.len(), 1, "{facts:?}");
    facts.remove(0)
}

fn only_message(body: &[u8]) -> InboundMessage {
    match only_fact(body) {
        Fact::Message(message) => message,
        fact @ (Fact::Delivery(_) | Fact::Other { .. }) => panic!("{fact:?}"),
    }
}

fn other(kind: &str) -> Fact {
    Fact::Other {
        kind: kind.to_owned(),
    }
}

/// A text of the client with that number, or whatever `more` makes of it.
fn message(more: &Value) -> Value {
    let mut message = json!({"from": "79160000001", "id": "wamid.IN", "timestamp": "1763800000",
        "type": "text", "text": {"body": "Добрый день"}});
    for (key, value) in more.as_object().unwrap() {
        message[key] = value.clone();
    }
    message
}

#[rstest]
#[case::image(json!({"type": "image", "image": {"caption": "Вот фото", "id": "1"}}), Some("Вот фото"))]
#[case::image_alone(json!({"type": "image", "image": {"id": "1"}}), None)]
#[case::video(json!({"type": "video", "video": {"caption": "Смотрите", "id": "1"}}), Some("Смотрите"))]
#[case::voice(json!({"type": "audio", "audio": {"id": "1", "voice": true}}), None)]
#[case::document(
    json!({"type": "document", "document": {"filename": "Счёт.pdf", "id": "1"}}), Some("Счёт.pdf"))]
#[case::document_with_caption(
    json!({"type": "document", "document": {"filename": "1.pdf", "caption": "Наш счёт"}}),
    Some("1.pdf\nНаш счёт"))]
#[case::sticker(json!({"type": "sticker", "sticker": {"animated": false, "id": "1"}}), None)]
#[case::location(
    json!({"type": "location", "location": {"latitude": 55.75, "longitude": 37.61}}), None)]
#[case::named_location(
    json!({"type": "location", "location": {"latitude": 55.75, "longitude": 37.61,
        "name": "Склад", "address": "Складская, 1"}}),
    Some("Склад\nСкладская, 1"))]
#[case::contacts(
    json!({"type": "contacts", "contacts": [
        {"name": {"formatted_name": "Пётр Образцов"}, "phones": [{"wa_id": "79160000002"}]},
        {"name": {"first_name": "Вера", "last_name": "Примерова"}}, {"name": null}, 7]}),
    Some("Пётр Образцов, +79160000002\nВера Примерова"))]
#[case::button(json!({"type": "button", "button": {"payload": "P", "text": "Да"}}), Some("Да"))]
#[case::button_reply(
    json!({"type": "interactive", "interactive":
        {"type": "button_reply", "button_reply": {"id": "1", "title": "Отменить"}}}),
    Some("Отменить"))]
#[case::list_reply(
    json!({"type": "interactive", "interactive":
        {"type": "list_reply", "list_reply": {"id": "1", "title": "Курьер", "description": "2 дня"}}}),
    Some("Курьер"))]
#[case::form(
    json!({"type": "interactive", "interactive":
        {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{}"}}}),
    Some("Sent"))]
#[case::call_permission(
    json!({"type": "interactive", "interactive": {"type": "call_permission_reply"}}), None)]
#[case::interactive_of_nothing(json!({"type": "interactive"}), None)]
#[case::order(
    json!({"type": "order", "order": {"catalog_id": "1", "text": "Побыстрее", "product_items": []}}),
    Some("Побыстрее"))]
#[case::unsupported(
    json!({"type": "unsupported", "unsupported": {"type": "poll_creation"},
        "errors": [{"code": 131_051, "title": "Message type unknown"}]}),
    None)]
#[case::unknown(json!({"type": "hologram", "hologram": {"caption": "Смотрите"}}), Some("Смотрите"))]
#[case::unknown_of_nothing(json!({"type": "hologram"}), None)]
#[case::no_type(json!({"type": null, "text": null}), None)]
#[case::text_of_nothing(json!({"text": null}), None)]
fn content_of_any_kind_is_kept_with_its_words(#[case] more: Value, #[case] words: Option<&str>) {
    let sent = message(&more);
    let message = only_message(&body(json!({"messages": [sent]})));
    let Content::Placeholder { kind, caption, raw } = message.content else {
        panic!("not a placeholder");
    };
    assert_eq!(caption.as_deref(), words);
    if let Some(meta_kind) = sent["type"].as_str() {
        assert_eq!(kind, meta_kind);
    }
    assert_eq!(serde_json::from_str::<Value>(&raw).unwrap(), sent);
}

#[test]
fn the_json_of_a_placeholder_is_kept_to_the_letter() {
    let item = r#"{"id":"wamid.IN", "from":"79160000001","type":"image","image":{"caption":"\u0424\/1","zz":1.50}}"#;
    let body = format!(
        r#"{{"entry":[{{"changes":[{{"field":"messages","value":{{"metadata":{{"phone_number_id":"1"}},"messages":[{item}]}}}}]}}]}}"#
    );
    let Content::Placeholder { caption, raw, .. } = only_message(body.as_bytes()).content else {
        panic!("not a placeholder");
    };
    assert_eq!(caption.as_deref(), Some("Ф/1"));
    assert_eq!(raw, item);
}

#[test]
fn text_without_a_type_is_text() {
    let message = only_message(&body(
        json!({"messages": [message(&json!({"type": null}))]}),
    ));
    assert_eq!(
        message.content,
        Content::Text {
            body: "Добрый день".to_owned()
        }
    );
}

#[rstest]
#[case::reaction(json!({"type": "reaction", "reaction": {"message_id": "wamid.X"}}), "reaction")]
#[case::edit(json!({"type": "edit", "edit": {"original_message_id": "wamid.X"}}), "edit")]
#[case::revoke(json!({"type": "revoke", "revoke": {"original_message_id": "wamid.X"}}), "revoke")]
#[case::system(json!({"type": "system", "system": {"type": "user_changed_number"}}), "system")]
#[case::welcome(json!({"type": "request_welcome"}), "request_welcome")]
#[case::edit_elsewhere(
    json!({"type": "unsupported", "unsupported": {"type": "edit"}}), "unsupported")]
#[case::reaction_elsewhere(
    json!({"type": "unsupported", "unsupported": {"type": "reaction"}}), "unsupported")]
#[case::group(json!({"group_id": "Y2FwaV9ncm91cDox"}), "group")]
#[case::nobodys(json!({"from": null}), "text")]
#[case::nameless(json!({"id": null}), "text")]
fn what_is_no_message_of_a_client_changes_no_chat(#[case] more: Value, #[case] kind: &str) {
    assert_eq!(
        only_fact(&body(json!({"messages": [message(&more)]}))),
        other(kind)
    );
}

#[rstest]
#[case("calls")]
#[case("smb_message_echoes")]
#[case("smb_app_state_sync")]
#[case("history")]
#[case("message_template_status_update")]
#[case("account_update")]
#[case("user_id_update")]
#[case("a_field_of_the_future")]
fn other_fields_are_other_facts(#[case] field: &str) {
    let change = json!({"field": field, "value": {"event": "SOMETHING"}});
    let expected = ChannelFact {
        channel_key: String::new(),
        fact: other(field),
    };
    assert_eq!(
        parse(&enveloped(&[change]), RECEIVED_AT).unwrap(),
        [expected]
    );
}

#[test]
fn errors_of_the_number_stand_beside_the_messages_they_came_with() {
    let value = json!({"messages": [message(&json!({"type": "interactive"}))],
        "errors": [{"code": 131_000, "title": "Something went wrong"}]});
    let facts = facts(&body(value));
    assert!(matches!(&facts[0], Fact::Message(_)));
    assert_eq!(facts[1..], [other("errors")]);
}

fn identity(kind: IdentityKind, value: &str) -> Identity {
    Identity {
        kind,
        value: value.to_owned(),
    }
}

#[test]
fn a_client_who_hides_the_phone_is_known_by_user_id_and_username() {
    let value = json!({
        "contacts": [{"profile": {"username": "@anna.k"}, "user_id": "RU.4815162342"}],
        "messages": [message(&json!({"from": null, "from_user_id": "RU.4815162342"}))],
    });
    let expected = Sender {
        identities: vec![identity(IdentityKind::WhatsAppUserId, "RU.4815162342")],
        name: Some("anna.k".to_owned()),
        phone: None,
    };
    assert_eq!(only_message(&body(value)).sender, expected);
}

#[test]
fn a_client_known_both_ways_has_the_user_id_first() {
    // The user id is only with the contact, so the two are one by the number.
    let value = json!({
        "contacts": [{"profile": {"name": "Анна", "username": "anna.k"},
            "wa_id": "79160000001", "user_id": "RU.4815162342"}],
        "messages": [message(&json!({}))],
    });
    let expected = Sender {
        identities: vec![
            identity(IdentityKind::WhatsAppUserId, "RU.4815162342"),
            identity(IdentityKind::WhatsAppId, "79160000001"),
        ],
        name: Some("Анна".to_owned()),
        phone: Some("79160000001".to_owned()),
    };
    assert_eq!(only_message(&body(value)).sender, expected);
}

#[test]
fn a_message_that_names_nobody_is_from_the_only_contact() {
    let value = json!({
        "contacts": [{"profile": {"name": "Анна"}, "wa_id": "79160000001"}],
        "messages": [message(&json!({"from": null}))],
    });
    let sender = only_message(&body(value)).sender;
    assert_eq!(
        sender.identities,
        [identity(IdentityKind::WhatsAppId, "79160000001")]
    );
    assert_eq!(sender.name.as_deref(), Some("Анна"));
}

#[test]
fn authors_are_found_by_identity_and_not_by_order() {
    let value = json!({
        "contacts": [
            {"profile": {"name": "Вера"}, "user_id": "RU.2"},
            {"profile": {"name": "Анна"}, "wa_id": "79160000001"},
        ],
        "messages": [
            message(&json!({"id": "1"})),
            message(&json!({"id": "2", "from": null, "from_user_id": "RU.2"})),
            message(&json!({"id": "3", "from": "79160000003"})),
        ],
    });
    let names: Vec<_> = facts(&body(value))
        .into_iter()
        .map(|fact| match fact {
            Fact::Message(message) => message.sender.name,
            fact @ (Fact::Delivery(_) | Fact::Other { .. }) => panic!("{fact:?}"),
        })
        .collect();
    assert_eq!(
        names,
        [Some("Анна".to_owned()), Some("Вера".to_owned()), None]
    );
}

#[test]
fn another_users_contact_is_not_taken_for_the_sender_because_of_a_number() {
    // A number goes to another person; the user id tells them apart.
    let value = json!({
        "contacts": [{"profile": {"name": "Прежний"}, "wa_id": "79160000001", "user_id": "RU.1"}],
        "messages": [message(&json!({"from_user_id": "RU.2"}))],
    });
    let sender = only_message(&body(value)).sender;
    assert_eq!(sender.name, None);
    assert_eq!(
        sender.identities[0],
        identity(IdentityKind::WhatsAppUserId, "RU.2")
    );
}

#[rstest]
#[case::seconds(json!("1763800000"), Timestamp(1_763_800_000_000))]
#[case::number(json!(1_763_800_000), Timestamp(1_763_800_000_000))]
#[case::absent(json!(null), RECEIVED_AT)]
#[case::words(json!("вчера"), RECEIVED_AT)]
#[case::negative(json!(-5), RECEIVED_AT)]
#[case::milliseconds(json!("1763800000000"), RECEIVED_AT)]
#[case::endless(json!("99999999999999999999"), RECEIVED_AT)]
fn time_is_metas_if_it_can_be_read(#[case] timestamp: Value, #[case] expected: Timestamp) {
    let sent = message(&json!({"timestamp": timestamp}));
    assert_eq!(
        only_message(&body(json!({"messages": [sent]}))).sent_at,
        expected
    );
    let mut status = status("read");
    status["timestamp"] = timestamp;
    let Fact::Delivery(update) = only_fact(&body(json!({"statuses": [status]}))) else {
        panic!("no delivery");
    };
    assert_eq!(update.at, expected);
}

const OURS: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

fn status(status: &str) -> Value {
    json!({"id": "wamid.OUT", "status": status, "timestamp": "1750030073",
        "recipient_id": "79160000001", "biz_opaque_callback_data": OURS,
        "pricing": {"billable": false, "pricing_model": "PMP"}})
}

fn delivery(progress: Progress) -> Fact {
    Fact::Delivery(DeliveryUpdate {
        provider_id: "wamid.OUT".to_owned(),
        message_id: Some(OURS.parse::<EntryId>().unwrap()),
        progress,
        at: Timestamp(1_750_030_073_000),
    })
}

#[rstest]
#[case("sent", Progress::Sent)]
#[case("delivered", Progress::Delivered)]
#[case("read", Progress::Read)]
#[case("played", Progress::Read)]
fn a_status_says_how_far_a_message_got(#[case] word: &str, #[case] progress: Progress) {
    let body = body(json!({"statuses": [status(word)]}));
    assert_eq!(only_fact(&body), delivery(progress));
}

#[test]
fn a_failed_status_says_why() {
    let mut failed = status("failed");
    failed["errors"] = json!([{"code": 131_047, "title": "Re-engagement message",
        "message": "Re-engagement message", "error_data": {"details": "More than 24 hours."}}]);
    let failure = Failure {
        kind: FailureKind::WindowClosed,
        code: "131047".to_owned(),
        reason: "Re-engagement message: More than 24 hours.".to_owned(),
    };
    let value = json!({"statuses": [failed, status("failed")]});
    let unexplained = Failure {
        kind: FailureKind::Other,
        code: String::new(),
        reason: String::new(),
    };
    assert_eq!(
        facts(&body(value)),
        [
            delivery(Progress::Failed(failure)),
            delivery(Progress::Failed(unexplained))
        ]
    );
}

#[test]
fn callback_data_that_is_not_ours_is_no_message_id() {
    let mut delivered = status("delivered");
    delivered["biz_opaque_callback_data"] = json!("campaign-7");
    let Fact::Delivery(update) = only_fact(&body(json!({"statuses": [delivered]}))) else {
        panic!("no delivery");
    };
    assert_eq!(update.message_id, None);
}

#[test]
fn statuses_of_the_future_of_groups_and_of_nothing_change_no_chat() {
    let mut of_group = status("read");
    of_group["recipient_type"] = json!("group");
    let mut of_nothing = status("read");
    of_nothing["id"] = json!(null);
    let value = json!({"statuses": [status("framed"), of_group, of_nothing, "read"]});
    assert_eq!(
        facts(&body(value)),
        [
            other("status"),
            other("group"),
            other("status"),
            other("status")
        ]
    );
}

#[test]
fn everything_in_a_batch_is_read_and_keeps_its_order_and_channel() {
    let change = |number: &str, value: Value| {
        let mut value = value;
        value["metadata"] = json!({"phone_number_id": number});
        json!({"field": "messages", "value": value})
    };
    let text = |id: &str| message(&json!({"id": id}));
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "1", "changes": [
            change("100", json!({"messages": [text("a"), 5, text("b")], "statuses": [status("sent")]})),
            change("200", json!({"messages": [text("c")]})),
            "?",
        ]},
        null,
        {"id": "2", "time": 1, "changes": [
            {"field": "account_update", "value": {"event": "ACCOUNT_DELETED"}},
            change("100", json!({"statuses": [status("delivered"), status("read")]})),
        ]},
    ]});
    let facts: Vec<_> = parse(body.to_string().as_bytes(), RECEIVED_AT)
        .unwrap()
        .into_iter()
        .map(|ChannelFact { channel_key, fact }| match fact {
            Fact::Message(message) => format!("{channel_key} {}", message.provider_id),
            Fact::Delivery(update) => format!("{channel_key} {:?}", update.progress),
            Fact::Other { kind } => format!("{channel_key} other {kind}"),
        })
        .collect();
    let expected = [
        "100 a",
        "100 other message",
        "100 b",
        "100 Sent",
        "200 c",
        " other change",
        " other entry",
        " other account_update",
        "100 Delivered",
        "100 Read",
    ];
    assert_eq!(facts, expected);
}

#[test]
fn without_a_number_nothing_is_taken_for_a_message() {
    let value = json!({"messages": [message(&json!({}))], "statuses": [status("read")]});
    let body = enveloped(&[json!({"field": "messages", "value": value})]);
    assert_eq!(facts(&body), [other("message"), other("status")]);
}

#[test]
fn an_empty_batch_is_no_error() {
    assert_eq!(parse(br#"{"entry":[]}"#, RECEIVED_AT), Ok(vec![]));
    assert_eq!(facts(&body(json!({}))), [other("messages")]);
}

#[test]
fn half_an_emoji_costs_neither_the_message_nor_the_name() {
    let body = String::from_utf8(body(json!({
        "contacts": [{"profile": {"name": "NAME"}, "wa_id": "79160000001"}],
        "messages": [message(&json!({"text": {"body": "BODY"}}))],
    })))
    .unwrap()
    .replace("NAME", r"\u0410\u043d\u044f \ud83d")
    .replace("BODY", r"\udc4d \ud83d\udc4d");
    let message = only_message(body.as_bytes());
    assert_eq!(message.sender.name.as_deref(), Some("Аня \u{fffd}"));
    assert_eq!(
        message.content,
        Content::Text {
            body: "\u{fffd} 👍".to_owned()
        }
    );
}

#[test]
fn a_stray_byte_costs_only_its_letter() {
    let mut body = body(json!({"messages": [message(&json!({"text": {"body": "a?b"}}))]}));
    let place = body.windows(3).position(|bytes| bytes == b"a?b").unwrap();
    body[place + 1] = 0xff;
    let message = only_message(&body);
    assert_eq!(
        message.content,
        Content::Text {
            body: "a\u{fffd}b".to_owned()
        }
    );
}

#[test]
fn words_that_never_end_are_cut_where_no_client_gets_to() {
    let endless = "ё".repeat(1_000_000);
    let longest = "ё".repeat(65_536);
    let placeholder = json!({"id": "wamid.2", "type": "image", "image": {"caption": endless}});
    let facts = facts(&body(json!({
        "contacts": [{"wa_id": "79160000001", "profile": {"name": endless}}],
        "messages": [
            message(&json!({"text": {"body": longest}})),
            message(&json!({"text": {"body": endless}})),
            message(&placeholder),
            message(&json!({"from": "7".repeat(1_000_000)})),
        ],
    })));
    let messages: Vec<&InboundMessage> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Message(message) => Some(message),
            Fact::Delivery(_) | Fact::Other { .. } => None,
        })
        .collect();
    let body = |words: &str| Content::Text {
        body: words.to_owned(),
    };
    assert_eq!(messages[0].content, body(&longest));
    let cut = format!("{}…", "ё".repeat(65_535));
    assert_eq!(messages[1].content, body(&cut));
    let caption = match &messages[2].content {
        Content::Placeholder { caption, raw, .. } => {
            assert!(raw.len() > 1_000_000, "what came stays whole");
            caption.as_deref()
        }
        Content::Text { .. } => None,
    };
    assert_eq!(caption, Some(cut.as_str()));
    let name = messages[0].sender.name.as_deref().unwrap();
    assert_eq!(name.chars().count(), 256);
    // As an identity it is opaque, but nobody can be called at it.
    assert_eq!(messages[3].sender.identities[0].value.len(), 1_000_000);
    assert_eq!(messages[3].sender.phone, None);
}

#[test]
fn json_too_deep_to_read_is_lost_alone() {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let body = String::from_utf8(body(json!({"messages": ["DEEP", message(&json!({}))]})))
        .unwrap()
        .replace("\"DEEP\"", &deep);
    let facts = facts(body.as_bytes());
    assert_eq!(facts.len(), 2);
    assert!(matches!(&facts[1], Fact::Message(_)));
}

#[test]
fn what_is_no_envelope_is_an_error_that_quotes_nothing() {
    for body in [
        &b""[..],
        b"secret",
        b"\"secret\"",
        b"[1]",
        b"{\"entry\":[",
        b"null",
        b"\xff",
    ] {
        let error = parse(body, RECEIVED_AT).unwrap_err();
        assert!(matches!(error, ParseError::NotAnObject { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    assert_eq!(parse(b"{}", RECEIVED_AT), Err(ParseError::NoEntry));
}

#[test]
fn the_numbers_that_a_body_was_delivered_for_are_told_as_far_as_they_stand_in_it() {
    let told = |bytes: &[u8]| numbers(bytes);
    let one = (NUMBER.to_owned(), "74950000000".to_owned());
    assert_eq!(told(&body(json!({}))), [one]);
    for silent in [
        &b""[..],
        b"[]",
        b"{\"entry\": 1}",
        br#"{"entry": [{"changes": [{"value": {"metadata": {"phone_number_id": "1"}}}, 2]}]}"#,
        br#"{"entry": [{"changes": [{"value": {"metadata": {"display_phone_number": "7"}}}]}]}"#,
    ] {
        assert_eq!(told(silent), []);
    }
    let numeric = br#"{"entry": [{"changes": [{"value": {"metadata":
        {"phone_number_id": 1, "display_phone_number": 74950000000}}}]}]}"#;
    assert_eq!(told(numeric), [("1".to_owned(), "74950000000".to_owned())]);
}

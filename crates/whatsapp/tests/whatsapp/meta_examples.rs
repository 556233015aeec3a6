//! Meta's own examples of webhooks (MIT, `../meta`).

use std::collections::BTreeMap;

use pult_domain::Timestamp;
use pult_domain::provider::{Content, Fact, IdentityKind, InboundMessage};
use pult_whatsapp::webhook::parse;
use serde_json::Value;

fn facts(name: &str) -> Vec<Fact> {
    let examples: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../meta/webhooks.json")).unwrap();
    let facts = parse(examples[name].to_string().as_bytes(), Timestamp(1)).unwrap();
    facts
        .into_iter()
        .map(|fact| {
            assert_eq!(fact.channel_key, "106540352242922", "{name}");
            fact.fact
        })
        .collect()
}

fn message(name: &str) -> InboundMessage {
    match facts(name).as_slice() {
        [Fact::Message(message)] => message.clone(),
        facts => panic!("{name}: {facts:?}"),
    }
}

#[test]
fn the_sender_of_a_text_is_known_by_number_and_name() {
    let message = message("Text Message");
    assert_eq!(
        message.provider_id,
        "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA="
    );
    assert_eq!(message.sent_at, Timestamp(1_749_416_383_000));
    assert_eq!(message.sender.name.as_deref(), Some("Sheena Nelson"));
    assert_eq!(message.sender.phone.as_deref(), Some("16505551234"));
    let [identity] = message.sender.identities.as_slice() else {
        panic!("one identity")
    };
    assert_eq!(
        (identity.kind, identity.value.as_str()),
        (IdentityKind::WhatsAppId, "16505551234")
    );
}

#[test]
fn texts_are_texts_whatever_they_answer_or_came_from() {
    for (name, body) in [
        ("Text Message", "Does it come in another color?"),
        (
            "Text Message with Context (Product Inquiry)",
            "Is this still available?",
        ),
        (
            "Text Message from Click to WhatsApp Ad",
            "Hello! Can I get more info on this?",
        ),
    ] {
        assert_eq!(
            message(name).content,
            Content::Text {
                body: body.to_owned()
            },
            "{name}"
        );
    }
}

#[test]
fn other_content_is_a_placeholder_with_the_words_that_came_along() {
    for (name, expected_kind, expected_caption) in [
        ("Image Message", "image", Some("Taj Mahal")),
        (
            "Location Message",
            "location",
            Some("Philz Coffee\n101 Forest Ave, Palo Alto, CA 94301"),
        ),
        (
            "Contact Sharing Message",
            "contacts",
            Some("Lucía Gómez, +1 (983) 555-2319"),
        ),
        ("Unsupported Message", "unsupported", None),
        ("Button Message", "button", Some("Unsubscribe")),
        (
            "Interactive List Reply Message",
            "interactive",
            Some("Priority Mail Express"),
        ),
        (
            "Interactive Button Reply Message",
            "interactive",
            Some("Cancel"),
        ),
        ("Order Message", "order", None),
    ] {
        let message = message(name);
        let Content::Placeholder { kind, caption, raw } = message.content else {
            panic!("{name} is a placeholder");
        };
        assert_eq!(
            (kind.as_str(), caption.as_deref()),
            (expected_kind, expected_caption)
        );
        let raw: Value = serde_json::from_str(&raw).unwrap();
        assert_eq!(raw["id"], message.provider_id, "{name}");
        assert_eq!(raw["type"], expected_kind, "{name}");
    }
}

#[test]
fn what_is_no_message_changes_no_chat() {
    for (name, kind) in [
        ("Reaction Message", "reaction"),
        ("System Message", "system"),
        ("Group Create Message", "group_lifecycle_update"),
        ("Group Settings Update", "group_settings_update"),
        ("Group Remove Participants", "group_participants_update"),
    ] {
        assert_eq!(
            facts(name),
            [Fact::Other {
                kind: kind.to_owned()
            }],
            "{name}"
        );
    }
}

#[test]
fn none_of_the_sixteen_is_left_out_of_these_tests() {
    let examples: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../meta/webhooks.json")).unwrap();
    assert_eq!(examples.len(), 3 + 8 + 5);
}

//! Whatever happens to one item of a webhook, its neighbours are read.

use proptest::prelude::*;
use proptest::sample::Index;
use pult_domain::Timestamp;
use pult_domain::provider::{ChannelFact, Content, Fact};
use pult_whatsapp::webhook::parse;
use serde_json::{Map, Value, json};

/// The messages of Meta's examples, and what they lack.
fn real_items() -> Vec<Value> {
    let examples: Map<String, Value> =
        serde_json::from_str(include_str!("../meta/webhooks.json")).unwrap();
    let mut items: Vec<Value> = examples
        .values()
        .filter_map(|body| body.pointer("/entry/0/changes/0/value/messages/0").cloned())
        .collect();
    items.push(
        json!({"id": "wamid.OUT", "status": "failed", "timestamp": "1750030073",
        "biz_opaque_callback_data": "0192f0c1-2345-7abc-8def-0123456789ab",
        "errors": [{"code": 131_047, "error_data": {"details": "?"}}]}),
    );
    items
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Pointers to everything in `value`, itself included.
fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                pointers(value, &format!("{here}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (idx, value) in items.iter().enumerate() {
                pointers(value, &format!("{here}/{idx}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A real item with up to three of its parts replaced by anything at all.
fn mutated_item() -> impl Strategy<Value = Value> {
    let mutations = prop::collection::vec((any::<Index>(), any_json()), 1..4);
    (prop::sample::select(real_items()), mutations).prop_map(|(mut item, mutations)| {
        for (place, replacement) in mutations {
            let mut places = Vec::new();
            pointers(&item, "", &mut places);
            if let Some(part) = item.pointer_mut(places[place.index(places.len())].as_str()) {
                *part = replacement;
            }
        }
        item
    })
}

fn good_message() -> Value {
    json!({"from": "79160000001", "id": "wamid.GOOD", "timestamp": "1763800000",
        "type": "text", "text": {"body": "Я здесь"}})
}

fn change(value: Value) -> Value {
    let mut value = value;
    value["metadata"] = json!({"phone_number_id": "100"});
    json!({"field": "messages", "value": value})
}

fn n_good(facts: &[ChannelFact]) -> usize {
    let is_good = |fact: &&ChannelFact| {
        matches!(&fact.fact, Fact::Message(message)
            if message.provider_id == "wamid.GOOD"
                && message.sender.phone.as_deref() == Some("79160000001")
                && matches!(&message.content, Content::Text { body } if body == "Я здесь"))
            && fact.channel_key == "100"
    };
    facts.iter().filter(is_good).count()
}

fn read(body: &Value) -> Vec<ChannelFact> {
    parse(body.to_string().as_bytes(), Timestamp(1)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_broken_item_costs_no_neighbour(item in mutated_item(), contact in any_json()) {
        let good = good_message();
        let body = json!({"entry": [{"changes": [change(json!({
            "contacts": [contact, {"wa_id": "79160000001"}],
            "messages": [good, item, good],
            "statuses": [item],
            "errors": [item],
        }))]}]});
        let facts = read(&body);
        prop_assert_eq!(n_good(&facts), 2);
        prop_assert_eq!(facts.len(), 5);
    }

    #[test]
    fn a_broken_change_or_entry_costs_no_neighbour(broken in any_json(), item in mutated_item()) {
        let good = change(json!({"messages": [good_message()]}));
        let body = json!({"entry": [
            broken,
            {"changes": [good, broken, {"field": "messages", "value": item}]},
            {"changes": broken},
            {"changes": [{"field": broken, "value": broken}, good]},
        ]});
        prop_assert_eq!(n_good(&read(&body)), 2);
    }

    #[test]
    fn broken_bytes_never_panic(
        item in mutated_item(),
        holes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..8),
        length in any::<Index>(),
    ) {
        let mut body = json!({"entry": [{"changes": [change(json!({"messages": [item]}))]}]})
            .to_string()
            .into_bytes();
        for (place, byte) in holes {
            *place.get_mut(&mut body) = byte;
        }
        body.truncate(length.index(body.len() + 1));
        drop(parse(&body, Timestamp(1)));
    }

    #[test]
    fn any_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..256)) {
        drop(parse(&body, Timestamp(1)));
    }
}

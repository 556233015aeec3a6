//! Opening JSON of which only some may be readable.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON object whose values have not been looked into yet.
pub(super) type Object<'a> = BTreeMap<String, &'a RawValue>;

/// `raw` as an object, if it is one.
pub(super) fn object(raw: &RawValue) -> Option<Object<'_>> {
    serde_json::from_str(raw.get()).ok()
}

/// The items under `key`. What should be a list and is not counts as its only item.
pub(super) fn list<'a>(object: &Object<'a>, key: &str) -> Vec<&'a RawValue> {
    let Some(raw) = object.get(key).copied().filter(|raw| raw.get() != "null") else {
        return Vec::new();
    };
    serde_json::from_str(raw.get()).unwrap_or_else(|_| vec![raw])
}

/// `raw` read in full, if it can be.
pub(super) fn value_of(raw: &RawValue) -> Option<Value> {
    serde_json::from_str(raw.get())
        .or_else(|_| serde_json::from_str(&with_whole_letters(raw.get())))
        .ok()
}

/// The words at `pointer`; a number counts as its digits, since Meta is not always sure which.
/// An empty string is nothing.
pub(super) fn string(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// `json` with U+FFFD for every half of an escaped pair that has lost the other, as when somebody
/// cuts a name in the middle of an emoji. A reader of JSON may refuse those, and with them the
/// whole message.
fn with_whole_letters(json: &str) -> String {
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.split_once('\\') {
        whole.push_str(before);
        whole.push('\\');
        let first = unit(escape);
        let second = escape
            .get(5..)
            .and_then(|next| unit(next.strip_prefix('\\')?));
        let n_kept = match (first, second) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 11,
            (Some(0xD800..=0xDFFF), _) => {
                whole.push_str("ufffd");
                rest = escape.get(5..).unwrap_or_default();
                continue;
            }
            (Some(_), _) => 5,
            (None, _) => escape.chars().next().map_or(0, char::len_utf8),
        };
        whole.push_str(escape.get(..n_kept).unwrap_or_default());
        rest = escape.get(n_kept..).unwrap_or_default();
    }
    whole.push_str(rest);
    whole
}

/// The UTF-16 unit of an escape such as `u0438`, of which the backslash has been read.
fn unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix('u')?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::with_whole_letters;

    #[test]
    fn only_a_lost_half_of_a_pair_is_replaced() {
        for (json, whole) in [
            (r#""\ud83d\udc4d""#, r#""\ud83d\udc4d""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\udc4d\ud83d\u0438""#, r#""\ufffd\ufffd\u0438""#),
            (r#""\\ud83d \" \/ \n""#, r#""\\ud83d \" \/ \n""#),
            (r#""\ud83d\\udc4d""#, r#""\ufffd\\udc4d""#),
            (r#""ё\"#, r#""ё\"#),
            (r#"\ud8"#, r#"\ud8"#),
        ] {
            assert_eq!(with_whole_letters(json), whole);
        }
    }
}

//! JSON as Meta writes it: pure ASCII, with more escapes than the format asks for.
//!
//! The escaped bytes are what travels and what is signed; a reader that verifies a re-serialised
//! body instead of the raw one must fail here as it would fail in production. All characters in
//! question can only occur inside JSON strings, so escaping finished JSON text is enough.

use std::fmt::Write as _;

use serde::Serialize;

/// Serialises a value and escapes the text as Meta does.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(value).map(|json| escape(&json))
}

/// Escapes finished JSON: non-ASCII as lower-case `\uXXXX` (UTF-16), `/` as `\/`, `@`, `%`, `<`.
pub(crate) fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '/' => escaped.push_str("\\/"),
            '<' => escaped.push_str("\\u003C"),
            '@' => escaped.push_str("\\u0040"),
            '%' => escaped.push_str("\\u0025"),
            ' '..='~' => escaped.push(character),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    write!(escaped, "\\u{unit:04x}").unwrap_or_default();
                }
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn text_leaves_as_ascii_with_metas_own_escapes() {
        let text = encode(&json!({ "a": "äöå a@b.ru / 50% <b> 👍" })).unwrap();
        assert_eq!(
            text,
            r#"{"a":"\u00e4\u00f6\u00e5 a\u0040b.ru \/ 50\u0025 \u003Cb> \ud83d\udc4d"}"#
        );
    }

    #[test]
    fn what_was_escaped_reads_back_unchanged() {
        let value = json!({ "quote": "\"\\/\n\t\u{7f}", "кириллица": ["ё", 1, -2.5, null, true] });
        let read: Value = serde_json::from_str(&encode(&value).unwrap()).unwrap();
        assert_eq!(read, value);
    }
}

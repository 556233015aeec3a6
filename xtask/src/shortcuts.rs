//! `docs/shortcuts.md`: the table of commands of the page, with its words in both languages.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::house::House;

const TABLE: &str = "ui/src/keys/table.json";
const WRITTEN: &str = "docs/shortcuts.md";

const HEAD: &str = "\
# Keys

<!-- Written by `cargo xtask codegen` from ui/src/keys/table.json; not to be changed by hand. -->

Буквы означают клавиши с латинскими подписями, раскладка любая. На macOS вместо Ctrl нажимают ⌘, вместо Alt с буквой или
цифрой Control. Клавиши, кроме отмеченных *, задаются в панели: **Сочетания клавиш**, **Настроить клавиши**.

Letters stand for keys by their Latin labels, whatever layout is on. On macOS ⌘ is in the place of Ctrl, and Control in that
of Alt with a letter or digit. Keys other than those marked * can be changed in the panel: **Keyboard shortcuts**,
**Change the keys**.

What has no key is in the command palette. A single character works where nothing is being written, and can be switched off;
`@` and `/` stand for themselves while one writes.
";

#[derive(Deserialize)]
struct Row {
    group: String,
    keys: Vec<String>,
    typed: Option<String>,
    #[serde(default)]
    fixed: bool,
}

/// The rows in the order of the file, which a map of `serde_json` does not keep.
struct Rows(Vec<(String, Row)>);

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Rows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of commands")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = map.next_entry()? {
                    rows.push(row);
                }
                Ok(Rows(rows))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Writes the page if it differs.
pub(crate) fn write(house: &House) -> Result<()> {
    let wanted = page(house)?;
    let path = house.path(WRITTEN);
    if fs::read_to_string(&path).is_ok_and(|present| present == wanted) {
        return Ok(());
    }
    println!("    {WRITTEN}");
    fs::write(&path, wanted).with_context(|| format!("Writing {}", path.display()))
}

/// Fails when what is committed is not what would be written.
pub(crate) fn check(house: &House) -> Result<()> {
    let present = fs::read_to_string(house.path(WRITTEN)).unwrap_or_default();
    if present != page(house)? {
        bail!("`cargo xtask codegen` would change {WRITTEN}");
    }
    Ok(())
}

fn page(house: &House) -> Result<String> {
    let read = |path: PathBuf| {
        fs::read_to_string(&path).with_context(|| format!("Reading {}", path.display()))
    };
    let messages = |language: &str| -> Result<Value> {
        let text = read(house.path(format!("ui/messages/{language}.json")))?;
        serde_json::from_str(&text).with_context(|| format!("Reading the words in {language}"))
    };
    let table = read(house.path(TABLE))?;
    let rows: Rows = serde_json::from_str(&table).with_context(|| format!("Reading {TABLE}"))?;
    draw(&rows, &messages("ru")?, &messages("en")?)
}

fn draw(Rows(rows): &Rows, ru: &Value, en: &Value) -> Result<String> {
    let mut page = HEAD.to_owned();
    let mut group = "";
    for (id, row) in rows {
        if row.group != group {
            group = &row.group;
            let key = format!("commands_{group}");
            page += &format!(
                "\n## {} / {}\n\n| | по-русски | English |\n|---|---|---|\n",
                word(ru, &key)?,
                word(en, &key)?
            );
        }
        let key = format!("command_{id}");
        let mark = if row.fixed { " *" } else { "" };
        let keys: Vec<String> = row
            .keys
            .iter()
            .map(|chord| label(chord))
            .chain(row.typed.clone())
            .map(|label| format!("`{label}`"))
            .collect();
        page += &format!(
            "| {}{mark} | {} | {} |\n",
            keys.join(" "),
            word(ru, &key)?,
            word(en, &key)?
        );
    }
    Ok(page)
}

fn word<'a>(messages: &'a Value, key: &str) -> Result<&'a str> {
    messages
        .get(key)
        .and_then(Value::as_str)
        .with_context(|| format!("there is no message {key}"))
}

/// A chord as it stands on a keyboard with Latin labels.
fn label(chord: &str) -> String {
    let (modifiers, code) = chord.rsplit_once('+').unwrap_or(("", chord));
    let key = match code {
        "ArrowUp" => "↑",
        "ArrowDown" => "↓",
        "ArrowLeft" => "←",
        "ArrowRight" => "→",
        "Escape" => "Esc",
        "Comma" => ",",
        "Period" => ".",
        "Slash" => "/",
        "Quote" => "'",
        "Semicolon" => ";",
        other => other
            .strip_prefix("Key")
            .or_else(|| other.strip_prefix("Digit"))
            .unwrap_or(other),
    };
    if modifiers.is_empty() {
        key.to_owned()
    } else {
        format!("{modifiers}+{key}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_stand_under_their_headings_in_the_order_of_the_table() {
        let table = r#"{
            "z": { "group": "go", "where": "window", "keys": ["Ctrl+KeyZ", "F8"] },
            "a": { "group": "go", "where": "chat", "keys": [], "typed": "@" },
            "m": { "group": "lists", "where": "list", "keys": ["Shift+ArrowUp"], "fixed": true }
        }"#;
        let words = json!({ "commands_go": "Go", "commands_lists": "Lists", "command_z": "Zed",
            "command_a": "Ay", "command_m": "Em" });
        let rows: Rows = serde_json::from_str(table).unwrap();
        let page = draw(&rows, &words, &words).unwrap();
        let rows: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with("| `") || line.starts_with("##"))
            .collect();
        assert_eq!(
            rows,
            [
                "## Go / Go",
                "| `Ctrl+Z` `F8` | Zed | Zed |",
                "| `@` | Ay | Ay |",
                "## Lists / Lists",
                "| `Shift+↑` * | Em | Em |",
            ]
        );
    }

    #[test]
    fn a_command_without_words_is_told() {
        let rows: Rows = serde_json::from_str(r#"{ "a": { "group": "go", "keys": [] } }"#).unwrap();
        let words = json!({ "commands_go": "Go" });
        let error = draw(&rows, &words, &words).unwrap_err();
        assert!(error.to_string().contains("command_a"), "{error}");
    }
}

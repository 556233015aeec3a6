//! Ready answers: texts that the company or one operator keeps to write them again.
//!
//! A shortcut is what is typed after `/`, so it is one word, and within what belongs to the company
//! or to one operator no two of them read the same.

use serde::{Deserialize, Serialize};

use crate::text::{MAX_REPLY_CHARS, one_line};

/// Most ready answers of the company.
pub const MAX_COMPANY_ANSWERS: usize = 2_000;

/// Most ready answers of one operator's own.
pub const MAX_OWN_ANSWERS: usize = 500;

/// Longest shortcut, in characters.
pub const MAX_SHORTCUT_CHARS: usize = 32;

/// Longest title, and longest name of a group, in characters.
pub const MAX_ANSWER_TITLE_CHARS: usize = 100;

/// What a shortcut may hold besides letters and digits.
const SHORTCUT_SIGNS: [char; 3] = ['-', '_', '.'];

/// What a ready answer is made from, as it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadyAnswerFields<'a> {
    /// The shortcut, with or without the `/` before it.
    pub shortcut: &'a str,
    /// What it is called; may be empty.
    pub title: &'a str,
    /// The group in which it stands; may be empty.
    pub group: &'a str,
    /// The text.
    pub text: &'a str,
}

/// A ready answer whose parts are as they must be.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadyAnswer {
    shortcut: String,
    title: String,
    group: String,
    text: String,
}

/// What is wrong with something that was to be a ready answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum ReadyAnswerFault {
    /// There is no shortcut.
    ShortcutEmpty,
    /// The shortcut is longer than 32 characters.
    ShortcutTooLong,
    /// The shortcut holds something besides letters, digits, hyphens, underscores and full stops.
    ShortcutSigns,
    /// The title is longer than 100 characters.
    TitleTooLong,
    /// The group's name is longer than 100 characters.
    GroupTooLong,
    /// There is no text.
    TextEmpty,
    /// The text is longer than 4,096 characters.
    TextTooLong,
    /// In a table: a cell begins with a quotation mark and does not end with one.
    QuoteUnclosed,
}

impl ReadyAnswer {
    /// Takes what was typed: white space around each part goes, and within shortcut, title and group
    /// any of it is a space; lines end as on all other systems but one.
    ///
    /// # Errors
    /// The first fault, in the order of the parts.
    pub fn parse(fields: ReadyAnswerFields<'_>) -> Result<Self, ReadyAnswerFault> {
        let shortcut = one_line(fields.shortcut);
        let shortcut = shortcut.strip_prefix('/').unwrap_or(&shortcut).to_owned();
        if shortcut.is_empty() {
            return Err(ReadyAnswerFault::ShortcutEmpty);
        }
        if is_longer(&shortcut, MAX_SHORTCUT_CHARS) {
            return Err(ReadyAnswerFault::ShortcutTooLong);
        }
        if !shortcut.chars().all(may_be_in_shortcut) {
            return Err(ReadyAnswerFault::ShortcutSigns);
        }
        let title = one_line(fields.title);
        if is_longer(&title, MAX_ANSWER_TITLE_CHARS) {
            return Err(ReadyAnswerFault::TitleTooLong);
        }
        let group = one_line(fields.group);
        if is_longer(&group, MAX_ANSWER_TITLE_CHARS) {
            return Err(ReadyAnswerFault::GroupTooLong);
        }
        let text = written(fields.text);
        if text.is_empty() {
            return Err(ReadyAnswerFault::TextEmpty);
        }
        if is_longer(&text, MAX_REPLY_CHARS) {
            return Err(ReadyAnswerFault::TextTooLong);
        }
        Ok(Self {
            shortcut,
            title,
            group,
            text,
        })
    }

    /// What is typed after `/`.
    #[must_use]
    pub fn shortcut(&self) -> &str {
        &self.shortcut
    }

    /// The shortcut as shortcuts are compared: without case, and ё is е.
    #[must_use]
    pub fn folded_shortcut(&self) -> String {
        self.shortcut.to_lowercase().replace('ё', "е")
    }

    /// What it is called; empty if it has no name besides the shortcut.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The group in which it stands; empty if in none.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The text, placeholders and all.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for ReadyAnswer {
    // What is written to clients stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReadyAnswer({} bytes)", self.text.len())
    }
}

fn may_be_in_shortcut(letter: char) -> bool {
    letter.is_alphanumeric() || SHORTCUT_SIGNS.contains(&letter)
}

fn is_longer(text: &str, max: usize) -> bool {
    text.chars().nth(max).is_some()
}

/// A text with plain ends of lines, and without the signs that nobody can see or type.
fn written(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let seen = |sign: &char| !sign.is_control() || matches!(sign, '\n' | '\t');
    let text: String = text.chars().filter(seen).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(shortcut: &str, text: &str) -> Result<ReadyAnswer, ReadyAnswerFault> {
        let (title, group) = ("", "");
        ReadyAnswer::parse(ReadyAnswerFields {
            shortcut,
            title,
            group,
            text,
        })
    }

    #[test]
    fn a_shortcut_is_one_word_and_its_slash_is_none_of_it() {
        let shortcut = |typed: &str| parse(typed, "!").map(|answer| answer.shortcut().to_owned());
        assert_eq!(shortcut(" /Привет_2.1-б ").unwrap(), "Привет_2.1-б");
        assert_eq!(shortcut("/"), Err(ReadyAnswerFault::ShortcutEmpty));
        assert_eq!(shortcut(" \u{0}\n"), Err(ReadyAnswerFault::ShortcutEmpty));
        for two in ["два слова", "//a", "a/b", "👍", "=1+1"] {
            assert_eq!(shortcut(two), Err(ReadyAnswerFault::ShortcutSigns), "{two}");
        }
        assert!(shortcut(&"ы".repeat(MAX_SHORTCUT_CHARS)).is_ok());
        let long = "ы".repeat(MAX_SHORTCUT_CHARS + 1);
        assert_eq!(shortcut(&long), Err(ReadyAnswerFault::ShortcutTooLong));
    }

    #[test]
    fn shortcuts_are_compared_without_case_and_dots() {
        let folded = |typed| parse(typed, "!").unwrap().folded_shortcut();
        assert_eq!(folded("Счёт"), folded("СЧЕТ"));
    }

    #[test]
    fn a_text_keeps_its_lines_and_loses_what_nobody_sees() {
        let text = |typed: &str| parse("a", typed).map(|answer| answer.text().to_owned());
        assert_eq!(text("\n Да.\r\n\r\nНет.\r\u{7} \n").unwrap(), "Да.\n\nНет.");
        assert_eq!(text("\r\n\u{0}\t"), Err(ReadyAnswerFault::TextEmpty));
        assert!(text(&"ы".repeat(MAX_REPLY_CHARS)).is_ok());
        let long = "ы".repeat(MAX_REPLY_CHARS + 1);
        assert_eq!(text(&long), Err(ReadyAnswerFault::TextTooLong));
    }

    #[test]
    fn titles_are_one_line_and_not_without_end() {
        let of = |title: &str, group: &str| {
            ReadyAnswer::parse(ReadyAnswerFields {
                shortcut: "a",
                title,
                group,
                text: "!",
            })
        };
        let answer = of(" О \n доставке ", "\t").unwrap();
        assert_eq!((answer.title(), answer.group()), ("О доставке", ""));
        let long = "ы".repeat(MAX_ANSWER_TITLE_CHARS + 1);
        assert_eq!(of(&long, ""), Err(ReadyAnswerFault::TitleTooLong));
        assert_eq!(of("", &long), Err(ReadyAnswerFault::GroupTooLong));
    }
}

//! Direction of new chats: whose attention a client's message asks for.
//!
//! It takes nothing from anybody: the chat stands in the common queue of every operator as before
//! (row 1), with a mark for whom it is.

use pult_words::Folded;
use serde::{Deserialize, Serialize};

use crate::{ChannelId, OperatorId};

/// Most rules.
pub const MAX_RULES: usize = 100;

/// Most words, channels or numbers of one rule.
pub const MAX_CONDITIONS: usize = 50;

/// Longest word or number, in characters.
pub const MAX_CONDITION_CHARS: usize = 60;

/// A rule. Of each kind of condition that it has, one must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct DirectionRule {
    /// Words, or several in a row, of which the message has one: whole words, without regard to case
    /// and to ё.
    pub words: Vec<String>,
    /// Channels of which the client wrote to one.
    pub channel_ids: Vec<ChannelId>,
    /// Numbers of which one is the client's; `*` stands for any digits.
    pub numbers: Vec<String>,
    /// Whose attention is asked for.
    pub operator_id: OperatorId,
}

/// Why rules cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DirectionFault {
    /// A rule has no condition, or one that nothing meets.
    #[error(
        "each rule has at least one word, channel or number, and each word has letters or digits"
    )]
    NoCondition,
    /// More than are taken.
    #[error(
        "there are at most {MAX_RULES} rules, of at most {MAX_CONDITIONS} words, channels and numbers of at most {MAX_CONDITION_CHARS} characters"
    )]
    TooMany,
}

/// What of a message rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// What the client wrote.
    pub text: &'a str,
    /// Where to.
    pub channel_id: ChannelId,
    /// The client's number in digits, if it is known.
    pub phone: Option<&'a str>,
}

/// Rules that can be asked, in the order in which they count.
#[derive(Debug, Clone, Default)]
pub struct Directions(Vec<Ready>);

#[derive(Debug, Clone)]
struct Ready {
    /// Each of one word or of several in a row.
    words: Vec<Vec<String>>,
    channel_ids: Vec<ChannelId>,
    numbers: Vec<String>,
    operator_id: OperatorId,
}

impl Directions {
    /// Makes rules ready to be asked.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of(rules: &[DirectionRule]) -> Result<Self, DirectionFault> {
        if rules.len() > MAX_RULES {
            return Err(DirectionFault::TooMany);
        }
        rules
            .iter()
            .map(Ready::of)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rules that would take a message, by their place in the list, and for whom.
    pub fn of_message(&self, message: &Incoming<'_>) -> impl Iterator<Item = (usize, OperatorId)> {
        let words = words_of(message.text);
        self.0
            .iter()
            .enumerate()
            .filter(move |(_, rule)| rule.takes(&words, message))
            .map(|(place, rule)| (place, rule.operator_id))
    }
}

impl Ready {
    fn of(rule: &DirectionRule) -> Result<Self, DirectionFault> {
        let lists = [rule.words.len(), rule.channel_ids.len(), rule.numbers.len()];
        if lists.iter().all(|n| *n == 0) {
            return Err(DirectionFault::NoCondition);
        }
        let texts = || rule.words.iter().chain(&rule.numbers);
        if lists.iter().any(|n| *n > MAX_CONDITIONS)
            || texts().any(|text| text.chars().count() > MAX_CONDITION_CHARS)
        {
            return Err(DirectionFault::TooMany);
        }
        let ready = Self {
            words: rule.words.iter().map(|words| words_of(words)).collect(),
            channel_ids: rule.channel_ids.clone(),
            numbers: rule
                .numbers
                .iter()
                .map(|number| pattern_of(number))
                .collect(),
            operator_id: rule.operator_id,
        };
        let is_blank =
            ready.words.iter().any(Vec::is_empty) || ready.numbers.iter().any(String::is_empty);
        if is_blank {
            return Err(DirectionFault::NoCondition);
        }
        Ok(ready)
    }

    fn takes(&self, words: &[String], message: &Incoming<'_>) -> bool {
        let has = |wanted: &Vec<String>| words.windows(wanted.len()).any(|some| some == wanted);
        let is_number = |pattern: &String| {
            message
                .phone
                .is_some_and(|phone| fits(phone.as_bytes(), pattern.as_bytes()))
        };
        (self.words.is_empty() || self.words.iter().any(has))
            && (self.channel_ids.is_empty() || self.channel_ids.contains(&message.channel_id))
            && (self.numbers.is_empty() || self.numbers.iter().any(is_number))
    }
}

/// The words of a text as they are compared.
fn words_of(text: &str) -> Vec<String> {
    Folded::of(text).words().map(str::to_owned).collect()
}

/// A number's digits and stars. An 8 before ten digits is dialled within Russia in place of +7.
fn pattern_of(number: &str) -> String {
    let signs = number
        .chars()
        .filter(|sign| sign.is_ascii_digit() || *sign == '*');
    let pattern: String = signs.collect();
    match pattern.strip_prefix('8') {
        Some(rest) if rest.len() == 10 && !rest.contains('*') => format!("7{rest}"),
        Some(_) | None => pattern,
    }
}

/// Whether a text is what a pattern with stars describes. Takes time that grows with the product of
/// both lengths at most.
fn fits(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut sign) = (0, 0);
    let mut star = None;
    while let Some(letter) = text.get(at) {
        match pattern.get(sign) {
            Some(b'*') => {
                star = Some((sign, at));
                sign += 1;
            }
            Some(wanted) if wanted == letter => {
                at += 1;
                sign += 1;
            }
            Some(_) | None => {
                // The last star takes one more.
                let Some((star_sign, star_at)) = star else {
                    return false;
                };
                sign = star_sign + 1;
                at = star_at + 1;
                star = Some((star_sign, at));
            }
        }
    }
    pattern
        .get(sign..)
        .unwrap_or_default()
        .iter()
        .all(|sign| *sign == b'*')
}

#[cfg(test)]
mod tests;

//! Text for the client, and text for staff: two types, and nothing turns one into the other.

use crate::Refusal;

/// Longest text that `WhatsApp` takes in one message, in characters (Cloud API, text messages).
pub const MAX_REPLY_CHARS: usize = 4096;

/// Text that may be sent to a client: not blank, at most [`MAX_REPLY_CHARS`] characters.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyText(String);

/// Longest hidden comment, in characters.
pub const MAX_COMMENT_CHARS: usize = 4096;

/// Text that only staff ever see: not blank, at most [`MAX_COMMENT_CHARS`] characters.
#[derive(Clone, PartialEq, Eq)]
pub struct CommentText(String);

impl CommentText {
    /// Takes `text` as it was written, save for white space at its end.
    ///
    /// # Errors
    /// [`Refusal::TextEmpty`] when nothing but white space is left, [`Refusal::TextTooLong`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        written(text, MAX_COMMENT_CHARS).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn written(text: &str, max: usize) -> Result<String, Refusal> {
    let text = text.trim_end();
    if text.trim_start().is_empty() {
        return Err(Refusal::TextEmpty);
    }
    if text.chars().count() > max {
        return Err(Refusal::TextTooLong);
    }
    Ok(text.to_owned())
}

impl ReplyText {
    /// Takes `text` as it was written, save for white space at its end.
    ///
    /// # Errors
    /// [`Refusal::TextEmpty`] when nothing but white space is left, [`Refusal::TextTooLong`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        written(text, MAX_REPLY_CHARS).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character is none that stands for itself: it ends a line, rings a bell, or turns the order
/// in which its neighbours are read.
#[must_use]
pub fn is_control(sign: char) -> bool {
    sign.is_control()
        || matches!(
            sign,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Whether a character is seen where nothing else stands.
#[must_use]
pub fn is_visible(sign: char) -> bool {
    // Those of Unicode's ignorable ones, and the blanks among letters and signs.
    let is_empty = matches!(
        sign,
        '\u{00ad}'
            | '\u{034f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    !is_empty && !sign.is_whitespace() && !is_control(sign)
}

/// The words of a text with one space between them, and no control characters.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|sign: char| sign.is_whitespace() || sign.is_control());
    let words = words.map(|word| word.replace(is_control, ""));
    let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

impl std::fmt::Debug for CommentText {
    // What staff write to each other stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CommentText({} bytes)", self.0.len())
    }
}

impl std::fmt::Debug for ReplyText {
    // What is written to clients stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReplyText({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_space_between_words_and_reads_in_one_direction() {
        let typed = " О\r\n \u{202e}дос\u{200f}тавке\u{2028}\u{7}и \u{2066} возврате\t";
        assert_eq!(one_line(typed), "О доставке и возврате");
        assert_eq!(one_line(" \n\u{200e}"), "");
    }

    #[test]
    fn what_nobody_sees_is_not_visible() {
        for sign in "Ы1№👍´अ".chars() {
            assert!(is_visible(sign), "{sign:?}");
        }
        for sign in " \u{a0}\u{200b}\u{200d}\u{2060}\u{3164}\u{feff}\u{2800}\u{202e}\u{0}".chars() {
            assert!(!is_visible(sign), "{sign:?}");
        }
    }
}

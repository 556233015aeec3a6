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

//! What a chat is and who may do what with it.
//!
//! Everything here is a pure function over facts that the caller has read: no IO, no clock, no
//! async. The store asks [`decide`] inside the transaction that carries the answer out, so a
//! decision can never rest on facts that are older than its commit. The words are those of the
//! product: a *chat* is the whole correspondence with one client on one channel, its *owner* the
//! operator responsible for it, its *observers* those who were brought in.

pub mod automatic;
mod chat;
pub mod direction;
mod filling;
pub mod hours;
mod ids;
mod life;
mod operator;
mod phone;
pub mod provider;
mod ready_answer;
mod refusal;
mod rights;
mod text;
mod time;

pub use automatic::AutomaticKind;
pub use chat::{Chat, Status};
pub use filling::fill;
pub use ids::{
    ChannelId, ChatId, ClientId, CommandId, DeviceId, EntryId, IntegrationId, OperatorId,
    ReadyAnswerId, SessionId,
};
pub use life::{Action, Event, Facts, client_writes, deactivate, decide, sees_all};
pub use operator::{Author, Role};
pub use phone::phone_digits;
pub use ready_answer::{
    MAX_ANSWER_TITLE_CHARS, MAX_COMPANY_ANSWERS, MAX_OWN_ANSWERS, MAX_SHORTCUT_CHARS, ReadyAnswer,
    ReadyAnswerFault, ReadyAnswerFields,
};
pub use refusal::Refusal;
pub use rights::{Deed, Part, Verdict, verdict};
pub use text::{
    CommentText, MAX_COMMENT_CHARS, MAX_REPLY_CHARS, ReplyText, is_control, is_visible,
};
pub use time::{Place, Seq, Timestamp};

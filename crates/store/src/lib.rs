//! What the backend remembers: chats and their entries, who may see them, the change feed, command
//! answers, the journal of raw provider events and the lanes of delivery.
//!
//! One thread writes. It commits the work of many callers together and answers them after the
//! commit; work that fails neither undoes its neighbours nor poisons the writer. Readers work beside it on read-only connections. The API
//! shows no SQLite, so that another database can stand behind it.
//!
//! A refusal is a value: `Ok(Err(problem))`. `Err` is a fault of the store and changes nothing.

mod administration;
mod answers;
mod archive;
mod archive_index;
mod audience;
mod audit;
mod automatic;
mod channels;
mod chats;
mod clients;
mod commands;
mod commits;
mod company;
mod counted;
mod deliveries;
mod drafts;
mod entries;
mod error;
mod feed;
mod figures;
mod ingest;
mod integrations;
mod journal;
mod marks;
mod operators;
mod oversight;
#[cfg(feature = "trials")]
mod planted;
mod read_ahead;
mod reading;
mod ready_answers;
mod retention;
mod service_figures;
mod sessions;
mod sql;
mod store;
mod talks;
pub mod trials;
mod writer;

pub use administration::NewPassword;
pub use audit::not_allowed;
pub use automatic::Revised;
pub use channels::{Channel, NewChannel};
pub use commands::Asking;
pub use commits::{CommitReport, Observer};
pub use deliveries::{LaneHead, LaneStep, Sending};
pub use error::StoreError;
pub use feed::{Audience, ChangeSet, ChatChange, Page};
pub use figures::{Figures, LaneFigures};
pub use integrations::{IntegrationExists, NewIntegration};
pub use operators::{NewOperator, Operator, OperatorExists};
pub use ready_answers::{ImportLine, ReadyAnswerChange};
pub use retention::{Forget, Forgotten, PassPlace};
pub use service_figures::{ClockOffset, FiguresAsked, ServiceFigures};
pub use sessions::{NewSession, Session, StoredSession};
pub use store::{Clock, Followers, FormerStore, IsFollowed, Publish, Store, StoreSettings};

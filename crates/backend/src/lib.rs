//! The backend of Pult: providers' webhooks come in, panels and integrations are served, replies
//! are delivered.
//!
//! One process, one data folder. What happens to chats is decided in `pult-domain` and remembered
//! in `pult-store`; here is what stands around them: the network, sign-in, the hub that hands
//! changes to panels as they are committed, and the worker that sends replies.

pub mod admin;
mod administration;
mod archive;
mod audit;
mod auth;
mod automatic;
mod backend;
pub mod backup;
mod channel_phones;
pub mod channels;
mod clock;
mod commands;
mod company;
mod delivery;
mod departures;
mod figures;
mod folder;
mod health;
mod history;
mod hub;
mod listen;
pub mod logging;
mod metrics;
mod openapi;
mod oversight;
mod presence;
mod problem;
mod ready_answers;
mod sessions;
mod sign_in_limit;
mod socket;
#[cfg(feature = "trials")]
mod unstored;
mod upkeep;
mod watch;
mod webhooks;

pub use backend::{Backend, Running, ServeSettings, WritingOver};
pub use clock::system_clock;
pub use folder::{DataFolder, FolderError};

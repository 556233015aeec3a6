//! `WhatsApp` Cloud API: the only product crate that knows Meta's JSON.
//!
//! Inward, [`signature`] tells Meta's webhooks from a stranger's and [`webhook`] turns their
//! bodies into facts. Outward, [`WhatsAppApi`] turns an outbound message into one POST and its
//! ending, whatever that was, into a `SendOutcome`. [`errors`] holds the one table of Meta's codes.
//! All of it speaks the words of [`pult_domain::provider`]; what Meta calls things stays in here.

mod api;
mod errors;
pub mod signature;
pub mod webhook;

pub use api::{
    ConnectedNumber, DEFAULT_BASE_URL, DEFAULT_CONNECT_TIMEOUT, DEFAULT_GRAPH_VERSION,
    DEFAULT_TIMEOUT, Settings, SettingsError, WhatsAppApi,
};

use pult_domain::provider::Capabilities;

/// What the Cloud API can do: it reports delivered and read, and echoes our id in its statuses.
pub const CAPABILITIES: Capabilities = Capabilities {
    reports_delivery: true,
    echoes_message_id: true,
};

//! The panel without a window: connection, cache, outbox, what to notify.

pub mod view;

mod address;
mod error;
mod events;
mod folder;
mod panel;
mod token_store;

pub use error::{PanelError, PanelErrorCode};
pub use events::EventStream;
pub use folder::OpenError;
pub use panel::{Options, Panel};
pub use token_store::{FileTokenStore, TokenStore};

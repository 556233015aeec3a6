//! The panel without a window: connection, cache, outbox, what to notify.
//!
//! [`Panel`] is all of it for the outside: the shell calls its methods and passes its events on to
//! the page. What is shown is read from two local files, so it is there at once and without a
//! network; a task per session keeps them in step with the backend.
//!
//! | module | holds |
//! |---|---|
//! | `panel` | the API; signing in and out |
//! | `oversight` | the API for supervisors |
//! | `session` | what a signed-in operator does, sees and is told, over the two files |
//! | `connection` | the socket: frames, reconnecting, sending what is in the outbox |
//! | `composing`, `drafts` | what is typed; how it stands to what other devices have |
//! | `notifying` | what the operator is told of, and how |
//! | `presence` | what the operator looks at, whether the device is used, who else looks at a chat |
//! | `cache`, `outbox` | the files' tables |
//! | `search` | finding what is held |
//! | `rest`, `tls`, `address` | how a backend is reached |
//! | `folder`, `token_store` | where things lie on disk |
//! | [`view`], `page_lists` | what the page sees; of its lists only what has changed |

pub mod view;

mod address;
mod administration;
mod automatic;
mod cache;
mod channels;
mod clock;
mod composing;
mod connection;
mod drafts;
mod error;
mod events;
mod folder;
mod keeping;
mod notifications;
mod notifying;
mod outbox;
mod oversight;
mod page_lists;
mod panel;
mod presence;
mod ready_answers;
mod rest;
mod search;
mod session;
mod storage;
mod tls;
mod token_store;
#[cfg(feature = "trials")]
pub mod trials;
#[cfg(not(feature = "trials"))]
mod trials;

pub use administration::Administration;
pub use error::{PanelError, PanelErrorCode};
pub use events::EventStream;
pub use folder::OpenError;
pub use notifying::Pace;
pub use page_lists::PageLists;
pub use panel::{Options, Panel};
#[cfg(feature = "trials")]
pub use search::Scan;
pub use token_store::{FileTokenStore, TokenStore};

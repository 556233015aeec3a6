//! Opening SQLite files the way Pult wants them: pragmas, migrations, one writer, a few readers.
//!
//! The crate knows no tables. Writing goes through one [`Writer`] per file, reading through
//! [`Readers`], whose connections are opened read-only: a [`Reader`] has no method that writes, so
//! a write in the wrong place does not compile, and SQLite itself would refuse it besides.
//! Connections are kept on a stack, the one used last on top, since its page cache is warm.
//!
//! Not chosen: a pool crate (their liveness query per checkout costs more than our reads), an ORM
//! or query builder (SQL is written as text next to the struct it fills).

mod copy;
mod migrate;
mod open;
mod query;
mod readers;

pub use copy::{CopyProgress, check, copy, settle_log};
pub use migrate::Migration;
pub use open::{Durability, Error, Load, Settings, is_disk_trouble, open};
pub use query::{Reader, Transaction, Writer};
pub use readers::Readers;
pub use rusqlite::{Error as SqlError, OptionalExtension, Row, params, types};

//! The store as the backend uses it: real files, a clock that tests move, named people.

mod commands;
mod delivery;
mod feed;
mod files;
mod inbound;
mod kit;
mod life;
mod writer;

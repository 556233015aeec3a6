//! The store as the backend uses it: real files, a clock that tests move, named people.

mod feed;
mod kit;

//! Fuzzing on stable Rust: real shapes, mutated, against the real backend.
//!
//! A [`Target`] takes *scripts*: a few steps that start from the same office every time, so that a
//! finding needs nothing but its script to be shown again. [`hunt()`] mutates the scripts of the
//! corpus; what leads somewhere new is mutated further. docs/fuzzing.md says how to use it.
//!
//! Values are drawn by proptest. Bolero was the other choice: on stable Rust it draws at random as
//! well, while its engines that are led by coverage need a nightly compiler or another build of
//! everything, and a socket's answers, told by other tasks at their own time, would look new to
//! them at every run. Here novelty is judged by outcomes, see [`hunt()`].

mod bytes;
pub mod corpus;
mod frames;
mod hunt;
mod json;
mod mutate;
mod office;
mod reader;
mod rest;
mod served;
mod watch;
mod webhook;

pub use bytes::Bytes;
pub use frames::Frames;
pub use hunt::{Figures, Settings, Target, Tried, hunt, seed_by_clock, try_script};
pub use mutate::Dice;
pub use rest::Rest;
pub use webhook::Webhook;

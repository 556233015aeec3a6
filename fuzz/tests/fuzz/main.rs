//! The corpus, tried again, and a little more at random: a short form of `cargo xtask fuzz`.

// The attribute tells clippy that helpers, too, are tests.
#[cfg(test)]
mod short;

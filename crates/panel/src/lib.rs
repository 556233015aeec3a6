//! The panel without a window.

pub mod view;

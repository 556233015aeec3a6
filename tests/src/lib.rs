//! The kit of the tests that run Pult as it is run: spawned programs that talk over TCP, panels
//! without a window, the real window by `WebDriver`, and what may go wrong between them.
//!
//! Nothing of the product is called in process but [`pult_panel`], which is what a window is built
//! around. Everything binds to the loopback and lies in a temporary folder. There is one clock, the
//! real one: what a test waits for is a condition with a limit, never a time.

pub mod bench;
pub mod bus;
pub mod clients;
pub mod desk;
pub mod display;
pub mod examination;
pub mod guide;
pub mod integration;
pub mod office;
pub mod palette;
pub mod panels;
pub mod past;
pub mod peer;
pub mod phones;
pub mod programs;
pub mod prove;
pub mod proxy;
pub mod refusals;
pub mod sitter;
pub mod stage;
pub mod tap;
pub mod taskbar;
pub mod testids;
pub mod tray;
pub mod until;
pub mod walk;
pub mod window;

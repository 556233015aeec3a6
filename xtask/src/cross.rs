//! `cargo xtask cross`: Windows and macOS, as far as one gets from Linux.
//!
//! | system | what is done | what is not |
//! |---|---|---|
//! | macOS | everything is type-checked | nothing is linked, nothing runs, no C is compiled |
//! | Windows | everything is built, tests too; those that need no window run under Wine | `WebView2` has never shown the page |
//!
//! All of it has a target folder of its own: the same dependencies, but another compiler.

mod toolchain;
mod wine;

use anyhow::Result;

use crate::call::Call;
use crate::house::House;
use crate::setup::{self, Purpose};
use crate::steps::{self, Step};
use crate::ui;

use self::toolchain::Toolchain;

/// What is built for Windows: 64 bits, linked by MinGW.
const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// What is checked for macOS.
const MACOS: &str = "aarch64-apple-darwin";

/// The whole workspace but for what drives the window of Linux: D-Bus, X11 and WebKit's own driver.
const MEMBERS: [&str; 3] = ["--workspace", "--exclude", "pult-tests"];

/// What `cargo xtask test --all` does beyond `cargo xtask test`.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "macos",
        what: "the whole app, type-checked for macOS",
        run: macos,
    },
    Step {
        name: "windows",
        what: "the whole app and its tests, built for Windows",
        run: windows,
    },
    Step {
        name: "wine",
        what: "the tests that need no window, as programs of Windows",
        run: wine::test,
    },
];

/// `cargo xtask cross`.
pub(crate) fn run(house: &House) -> Result<()> {
    const BEFORE: &[Step] = &[
        Step {
            name: "setup",
            what: "system packages, Node, npm packages",
            run: |house| setup::run(house, Purpose::OtherSystems),
        },
        Step {
            name: "ui-build",
            what: "what the window shows",
            run: ui::build,
        },
        Step {
            name: "toolchain",
            what: "Rust for Windows and macOS",
            run: |house| Toolchain::find(house).map(drop),
        },
    ];
    steps::take_all(house, BEFORE.iter().chain(STEPS))
}

/// Nothing but types can be wrong here, so tests are checked too.
fn macos(house: &House) -> Result<()> {
    setup::run(house, Purpose::OtherSystems)?;
    ui::build(house)?;
    let toolchain = Toolchain::find(house)?;
    toolchain
        .cargo(house, "check", MACOS)
        .args(["--all-targets"])
        .run()
}

/// Built as a whole, so that the tests that run afterwards find every dependency made.
fn windows(house: &House) -> Result<()> {
    setup::run(house, Purpose::OtherSystems)?;
    ui::build(house)?;
    let toolchain = Toolchain::find(house)?;
    toolchain
        .cargo(house, "build", WINDOWS)
        .args(["--all-targets"])
        .run()
}

impl Toolchain {
    /// A call of cargo for another system. Warnings fail here as they do at home: clippy never sees the
    /// code of that system.
    fn cargo(&self, house: &House, command: &str, system: &str) -> Call {
        let call = Call::new("cargo")
            .args([command])
            .args(MEMBERS)
            .args(["--target", system])
            .env("CARGO_TARGET_DIR", house.target("cross/build"))
            .env("RUSTFLAGS", "-D warnings");
        self.envs
            .iter()
            .fold(call, |call, (name, value)| call.env(name, value))
    }
}

//! The demo and the pictures: build everything, then run the program of `tests` that does it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::call::{Call, cargo};
use crate::house::House;
use crate::session::Session;
use crate::setup::{self, Purpose};
use crate::steps::Steps;
use crate::{codegen, ui};

/// What can be asked of the demo.
#[derive(Args)]
pub(crate) struct Options {
    /// In a virtual display: answers a client in the real window, and fails unless the phone has it
    #[arg(long)]
    headless: bool,
    /// Ends after so many seconds; with --headless it must be done by then
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
    /// Saves pictures of the windows there
    #[arg(long, value_name = "DIR")]
    screenshots: Option<PathBuf>,
}

/// What can be asked of the examination.
#[derive(Args)]
pub(crate) struct Accessible {
    /// Examines this part alone: day, supervision, oversight, figures, answers, administration; can be
    /// given several times
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
    /// Examines each view in one of the four looks, as `cargo xtask test` does
    #[arg(long)]
    quick: bool,
    /// Saves pictures of what was examined there
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
}

impl Options {
    /// The same for the program that we start, which may run in another folder.
    fn passed_on(&self) -> Result<Vec<OsString>> {
        let mut args: Vec<OsString> = Vec::new();
        if self.headless {
            args.push("--headless".into());
        }
        if let Some(seconds) = self.seconds {
            args.extend(["--seconds".into(), seconds.to_string().into()]);
        }
        if let Some(folder) = &self.screenshots {
            args.extend(["--screenshots".into(), full(folder)?.into()]);
        }
        Ok(args)
    }
}

/// `cargo xtask demo`.
pub(crate) fn run(house: &House, options: &Options) -> Result<()> {
    let purpose = if options.headless {
        Purpose::WindowTests
    } else {
        Purpose::Build
    };
    if !options.headless && cfg!(target_os = "linux") && !has_display(|name| env::var_os(name)) {
        bail!(
            "There is no display to open the panel on. `cargo xtask demo --headless` does without one."
        );
    }
    let mut steps = built(house, purpose, "pult-demo")?;
    let demo = Call::new(house.program("pult-demo")).args(options.passed_on()?);
    steps.take(
        "demo",
        "Pult with clients who write; Ctrl-C ends it",
        || {
            if options.headless {
                Session::open(house)?.run(&demo)
            } else {
                demo.run_apart()
            }
        },
    )
}

/// Whether a desktop says where its display is. Asked first: the building takes minutes.
fn has_display(var: impl Fn(&str) -> Option<OsString>) -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| var(name).is_some_and(|value| !value.is_empty()))
}

/// `cargo xtask screenshots DIR`.
pub(crate) fn screenshots(house: &House, folder: &Path, only: &[String]) -> Result<()> {
    let mut args: Vec<OsString> = vec![full(folder)?.into()];
    for part in only {
        args.extend(["--only".into(), part.into()]);
    }
    pictures(house, args)
}

/// `cargo xtask screenshots --guide`.
pub(crate) fn guide(house: &House) -> Result<()> {
    let folder = house.path("docs/guide/pictures");
    pictures(house, vec!["--guide".into(), folder.into()])
}

/// `cargo xtask accessible`.
pub(crate) fn accessible(house: &House, options: &Accessible) -> Result<()> {
    let mut args: Vec<OsString> = Vec::new();
    for part in &options.only {
        args.extend(["--only".into(), part.into()]);
    }
    if options.quick {
        args.push("--quick".into());
    }
    if let Some(folder) = &options.pictures {
        args.extend(["--pictures".into(), full(folder)?.into()]);
    }
    let mut steps = built(house, Purpose::WindowTests, "pult-accessible")?;
    let examination = Call::new(house.program("pult-accessible")).args(args);
    steps.take(
        "accessible",
        "every view of the real window, examined",
        || Session::open(house)?.run(&examination),
    )
}

fn pictures(house: &House, args: Vec<OsString>) -> Result<()> {
    let mut steps = built(house, Purpose::WindowTests, "pult-screenshots")?;
    let pictures = Call::new(house.program("pult-screenshots")).args(args);
    steps.take(
        "screenshots",
        "the real window in a virtual display",
        || Session::open(house)?.run(&pictures),
    )
}

/// Makes the machine ready and builds what `program` needs beside it.
fn built(house: &House, purpose: Purpose, program: &str) -> Result<Steps> {
    let mut steps = Steps::default();
    steps.take("setup", "system packages, Node, npm packages", || {
        setup::run(house, purpose)
    })?;
    steps.take("ui", "what the window shows", || ui::build(house))?;
    steps.take("build", "all programs", || {
        let bins = ["pult-backend", "whatsapp-sandbox", "pult", program];
        // The example makes cargo choose the features that the tests are built with, so that a demo
        // and a test after it share every dependency. Programs are named because we are one too, and
        // Windows does not let a program be replaced while it runs.
        cargo(["build", "--workspace", "--example", codegen::EXPORTER])
            .args(bins.iter().flat_map(|bin| ["--bin", *bin]))
            .run()
    })?;
    Ok(steps)
}

fn full(folder: &Path) -> Result<PathBuf> {
    absolute(folder).with_context(|| format!("Finding {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_is_named_by_x_or_by_wayland() {
        let only = |set: &'static str, value: &'static str| {
            has_display(|name| (name == set).then(|| value.into()))
        };
        assert!(only("DISPLAY", ":0"));
        assert!(only("WAYLAND_DISPLAY", "wayland-0"));
        assert!(!only("DISPLAY", ""));
        assert!(!only("HOME", "/root"));
    }

    #[test]
    fn the_options_are_passed_on() {
        let options = Options {
            headless: true,
            seconds: Some(60),
            screenshots: Some("out".into()),
        };
        let args = options.passed_on().unwrap();
        assert_eq!(
            args[..4],
            ["--headless", "--seconds", "60", "--screenshots"]
        );
        assert!(Path::new(&args[4]).is_absolute());
    }
}

//! `cargo xtask test`: what CI runs, in its order.
//!
//! Every cargo call names the whole workspace. Cargo chooses the features of a shared dependency by
//! the packages it is asked for, so naming some of them would build many dependencies a second time.

use anyhow::{Result, bail};
use clap::Args;

use crate::call::{Call, cargo};
use crate::house::House;
use crate::session::Session;
use crate::setup::{self, Purpose};
use crate::steps::{self, Step};
use crate::{codegen, cross, licences, prove, ui};

/// What can be asked of the tests.
#[derive(Args)]
pub(crate) struct Options {
    /// Names the steps and runs none
    #[arg(long)]
    list: bool,
    /// Runs the steps of `cargo xtask cross` as well: Windows and macOS
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Runs only these steps
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// Cheapest first, so that what is easily wrong is told early.
const STEPS: &[Step] = &[
    Step {
        name: "setup",
        what: "system packages, Node, npm packages",
        run: |house| setup::run(house, Purpose::WindowTests),
    },
    Step {
        name: "fmt",
        what: "the Rust is formatted",
        run: |_| cargo(["fmt", "--all", "--check"]).run(),
    },
    Step {
        name: "ui",
        what: "the UI's own checks and tests",
        run: ui::check,
    },
    Step {
        name: "ui-build",
        what: "what the window shows",
        run: ui::build,
    },
    Step {
        name: "clippy",
        what: "no warnings",
        run: clippy,
    },
    Step {
        name: "doc",
        what: "the documentation builds without warnings",
        run: doc,
    },
    Step {
        name: "build",
        what: "all programs and tests",
        run: build,
    },
    Step {
        name: "codegen",
        what: "the UI's types are those of the Rust, the page of keys is the table's",
        run: codegen::check,
    },
    Step {
        name: "licences",
        what: "everything may be given away",
        run: licences::check,
    },
    Step {
        name: "unit",
        what: "tests beside the code, examples of the documentation",
        run: unit,
    },
    Step {
        name: "system",
        what: "spawned programs, the real window",
        run: system,
    },
    Step {
        name: "proofs",
        what: "every proof in a short form",
        run: prove::shortly,
    },
    Step {
        name: "strangers",
        what: "the sandbox, judged by others' programs",
        run: strangers,
    },
];

/// `cargo xtask test`.
pub(crate) fn run(house: &House, options: &Options) -> Result<()> {
    if options.list {
        for step in STEPS {
            println!("{:<12}{}", step.name, step.what);
        }
        println!("with --all:");
        for step in cross::STEPS {
            println!("{:<12}{}", step.name, step.what);
        }
        return Ok(());
    }
    steps::take_all(house, chosen(options)?)
}

/// The steps that are named, or all of this machine's own, in their own order.
fn chosen(options: &Options) -> Result<Vec<&'static Step>> {
    let names = &options.names;
    let steps = || STEPS.iter().map(|step| (step, true));
    let steps = || steps().chain(cross::STEPS.iter().map(|step| (step, options.all)));
    if let Some(unknown) = names
        .iter()
        .find(|name| steps().all(|(step, _)| step.name != **name))
    {
        bail!("no step is called {unknown:?}; `cargo xtask test --list` names them");
    }
    let is_chosen = |(step, by_itself): &(&Step, bool)| {
        if names.is_empty() {
            *by_itself
        } else {
            names.iter().any(|name| name == step.name)
        }
    };
    Ok(steps().filter(is_chosen).map(|(step, _)| step).collect())
}

fn clippy(house: &House) -> Result<()> {
    ui::build(house)?;
    cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])
    .run()
}

fn doc(house: &House) -> Result<()> {
    ui::build(house)?;
    cargo([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ])
    .env("RUSTDOCFLAGS", "-D warnings")
    .run()
}

/// With all targets: the programs then have the features that the tests are built with, and the two
/// share every dependency.
fn build(house: &House) -> Result<()> {
    ui::build(house)?;
    cargo(["build", "--workspace", "--all-targets"]).run()
}

/// In a private session as well: no test may reach the user's home or key store.
fn unit(house: &House) -> Result<()> {
    build(house)?;
    let session = Session::open(house)?;
    session.run(&cargo(["test", "--workspace", "--lib", "--bins"]))?;
    session.run(&cargo(["test", "--workspace", "--doc"]))
}

/// Everything under a `tests` folder. The windows come last and one after the other: they share a
/// display, and only one of them has the focus.
fn system(house: &House) -> Result<()> {
    build(house)?;
    let session = Session::open(house)?;
    session.run(&cargo(["test", "--workspace", "--test", "[!e]*"]))?;
    let windows = ["test", "--workspace", "--test", "e2e", "--"];
    session.run(&cargo(windows).args(["--test-threads=1"]))
}

fn strangers(house: &House) -> Result<()> {
    build(house)?;
    ui::packages(house)?;
    Call::new("node")
        .args(["check.mjs"])
        .env("WHATSAPP_SANDBOX_BIN", house.program("whatsapp-sandbox"))
        .within(house.path("tests/strangers"))
        .run()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str], all: bool) -> Result<Vec<&'static str>> {
        let options = Options {
            list: false,
            all,
            names: of.iter().map(|&name| name.to_owned()).collect(),
        };
        Ok(chosen(&options)?.iter().map(|step| step.name).collect())
    }

    #[test]
    fn without_names_every_step_of_this_system_is_run() {
        assert_eq!(names(&[], false).unwrap().len(), STEPS.len());
    }

    #[test]
    fn all_is_every_step_of_this_system_and_the_others_after_them() {
        let all = names(&[], true).unwrap();
        assert_eq!(all.len(), STEPS.len() + cross::STEPS.len());
        assert!(all.ends_with(&["macos", "windows", "wine"]));
    }

    #[test]
    fn named_steps_are_run_in_the_order_of_ci() {
        assert_eq!(
            names(&["wine", "system", "fmt"], false).unwrap(),
            ["fmt", "system", "wine"]
        );
    }

    #[test]
    fn an_unknown_step_is_refused_before_anything_runs() {
        assert!(names(&["fmt", "nothing"], false).is_err());
    }

    #[test]
    fn no_two_steps_have_one_name() {
        let all = names(&[], true).unwrap();
        let once: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(once.len(), all.len());
    }
}

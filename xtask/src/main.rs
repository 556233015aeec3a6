//! The project's own commands: everything that is not plain cargo.
//!
//! `cargo xtask demo` and `cargo xtask test` start from a machine that has Rust, Node and a C
//! linker, and do all of their own set-up. Each prints what it does, one line a step, with the time
//! it took; a step that fails says which command to type to see that failure alone.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command of the terminal: what it prints is what it is for"
)]

mod bench;
mod call;
mod checks;
mod codegen;
mod cross;
mod demo;
mod fresh;
mod fuzz;
mod house;
mod interrupt;
mod licences;
mod notices;
mod package;
mod prove;
mod session;
mod setup;
mod shortcuts;
mod spdx;
mod steps;
mod ui;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::call::Call;
use crate::house::House;
use crate::interrupt::Interrupted;
use crate::session::Session;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "The commands of Pult's house"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sets the machine up, builds, and starts the whole of Pult with clients who write; Ctrl-C ends it
    Demo(demo::Options),
    /// Runs what CI runs, in its order, and stops at the first step that fails
    Test(checks::Options),
    /// Type-checks all for macOS, builds it for Windows, and runs the tests that need no window under Wine
    Cross,
    /// Makes the packages that are given away, and looks whether they are as they should be
    Package(package::Options),
    /// Makes a proof over the spawned programs: long randomised runs, replayable by their seed
    Prove(prove::Options),
    /// Hunts for inputs that break the backend: mutated webhooks, frames or requests
    Fuzz(fuzz::Options),
    /// Measures how quick and how large it is, beside limits; fails only if it cannot be measured
    #[command(subcommand)]
    Bench(bench::What),
    /// Writes the TypeScript of everything that crosses to the UI into ui/src/api/generated
    Codegen {
        /// Changes nothing; fails when a file differs and says which
        #[arg(long)]
        check: bool,
    },
    /// Takes pictures of every view from the real window, or those of the operators' guide
    Screenshots {
        /// Where the pictures of every view go
        #[arg(required_unless_present = "guide")]
        directory: Option<PathBuf>,
        /// Makes those of docs/guide anew
        #[arg(long, conflicts_with = "directory")]
        guide: bool,
        /// Takes this part alone: day, supervision, oversight, figures, answers, administration, desktop;
        /// can be given several times
        #[arg(long, value_name = "PART", conflicts_with = "guide")]
        only: Vec<String>,
    },
    /// Examines every view of the real window by axe-core, and whether all can be reached and read in
    /// a narrow window and with text of twice the size
    Accessible(demo::Accessible),
    /// Runs a command in the private session of the window tests: own home, display and bus
    Session {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        // What a shell answers for a program that Ctrl-C ended.
        Err(error) if error.is::<Interrupted>() => ExitCode::from(130),
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    interrupt::listen()?;
    let house = House::find()?;
    match command {
        Command::Demo(options) => demo::run(&house, &options),
        Command::Test(options) => checks::run(&house, &options),
        Command::Cross => cross::run(&house),
        Command::Package(options) => package::run(&house, &options),
        Command::Prove(options) => prove::run(&house, &options),
        Command::Fuzz(options) => fuzz::run(&house, &options),
        Command::Bench(what) => bench::run(&house, &what),
        Command::Codegen { check: true } => codegen::check(&house),
        Command::Codegen { check: false } => codegen::write(&house),
        Command::Screenshots {
            directory: Some(folder),
            only,
            ..
        } => demo::screenshots(&house, &folder, &only),
        Command::Accessible(options) => demo::accessible(&house, &options),
        Command::Screenshots { .. } => demo::guide(&house),
        Command::Session { command } => {
            let mut words = command.into_iter();
            let Some(program) = words.next() else {
                return Ok(());
            };
            Session::open(&house)?.run(&Call::new(program).args(words))
        }
    }
}

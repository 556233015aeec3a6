//! The benches: build what is measured as it is shipped, then run the program of `tests` that
//! measures it.

mod panel;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use crate::call::{Call, cargo};
use crate::house::House;
use crate::steps::Steps;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum What {
    /// The backend: messages taken in, their way to panels, memory, growth
    Backend(Options),
    /// The figures for supervisors with a million entries: their time, and a plain recount of them
    Figures(FiguresOptions),
    /// The panel: its start, opening a chat, searching, memory, processor time with nothing to do
    Panel(panel::Options),
}

/// What can be asked of the bench of the figures.
#[derive(Args)]
pub(crate) struct FiguresOptions {
    /// Writes what was measured there as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measures little, to see that everything can be measured
    #[arg(long)]
    quick: bool,
}

impl FiguresOptions {
    fn passed_on(&self) -> Result<Vec<OsString>> {
        let mut args: Vec<OsString> = vec!["figures".into()];
        if let Some(file) = &self.json {
            args.extend(["--json".into(), full(file)?.into()]);
        }
        if self.quick {
            args.push("--quick".into());
        }
        Ok(args)
    }
}

/// What can be asked of a bench.
#[derive(Args)]
pub(crate) struct Options {
    /// Writes the figures there as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draws the growth there as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Measures little, to see that everything can be measured
    #[arg(long)]
    quick: bool,
    /// Measures this part alone: ingest, path, many, growth; can be given several times
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
}

impl Options {
    /// The same for the program that we start, which may run in another folder.
    fn passed_on(&self) -> Result<Vec<OsString>> {
        let mut args: Vec<OsString> = Vec::new();
        for (name, file) in [("--json", &self.json), ("--picture", &self.picture)] {
            if let Some(file) = file {
                args.extend([name.into(), full(file)?.into()]);
            }
        }
        if self.quick {
            args.push("--quick".into());
        }
        for part in &self.only {
            args.extend(["--only".into(), part.into()]);
        }
        Ok(args)
    }
}

/// `cargo xtask bench`.
pub(crate) fn run(house: &House, what: &What) -> Result<()> {
    let args = match what {
        What::Backend(options) => options.passed_on()?,
        What::Figures(options) => options.passed_on()?,
        What::Panel(options) => return panel::run(house, options),
    };
    let mut steps = Steps::default();
    let folder = house.trials().join("server");
    steps.take(
        "build",
        "the backend as it is shipped, and its bench",
        || {
            // With the switches that leave the store out. Whoever ships the program builds it without.
            cargo(["build", "--profile", "server"])
                .args(["--package", "pult-backend", "--bin", "pult-backend"])
                .args(["--features", "pult-backend/trials"])
                .args(["--package", "pult-tests", "--bin", "pult-bench"])
                .run()?;
            take_away(&house.server_program("pult-backend"), &folder)
        },
    )?;
    steps.take("bench", "each figure beside its limit", || {
        Call::new(house.server_program("pult-bench"))
            .env("PULT_BIN_DIR", &folder)
            .args(args)
            .run_apart()
    })
}

/// Moves a program into a folder: where cargo puts it, somebody would take it for the one to ship.
fn take_away(program: &Path, folder: &Path) -> Result<()> {
    let name = program.file_name().context("A program has a name")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::rename(program, folder.join(name)))
        .with_context(|| format!("Moving {} to {}", program.display(), folder.display()))
}

fn full(file: &Path) -> Result<PathBuf> {
    absolute(file).with_context(|| format!("Finding {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_faults_on_demand_is_not_left_where_the_one_to_ship_is_looked_for() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("pult-backend");
        let folder = dir.path().join("trials/server");
        for content in ["first", "second"] {
            fs::write(&program, content).unwrap();
            take_away(&program, &folder).unwrap();
            assert!(!program.exists());
            let taken = fs::read_to_string(folder.join("pult-backend")).unwrap();
            assert_eq!(taken, content);
        }
    }

    #[test]
    fn the_options_are_passed_on() {
        let options = Options {
            json: Some("figures.json".into()),
            picture: None,
            quick: true,
            only: vec!["path".to_owned()],
        };
        let args = options.passed_on().unwrap();
        assert_eq!(args[0], "--json");
        assert!(Path::new(&args[1]).is_absolute());
        assert_eq!(args[2..], ["--quick", "--only", "path"]);
    }
}

//! The proofs: build the programs with faults on demand in them, then run the program of `tests`
//! that makes a proof.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::call::{Call, cargo};
use crate::codegen;
use crate::house::House;
use crate::steps::Steps;

/// What can be asked of a proof.
#[derive(Args)]
pub(crate) struct Options {
    /// Which: race, crash, cuts, histories, desk, notify, offline; or checker, which plants bugs for them to find
    name: String,
    /// How many runs
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
    /// What all chance comes from; one is drawn and told if none is given
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Makes only run K of that seed again
    #[arg(long, value_name = "K", requires = "seed")]
    only: Option<u64>,
    /// Plants a bug in the backend or the panels, which the proof is to find
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
}

impl Options {
    /// The same for the program that we start.
    fn passed_on(&self) -> Vec<OsString> {
        let numbers = [
            ("--runs", self.runs),
            ("--seed", self.seed),
            ("--only", self.only),
        ];
        let given = numbers
            .into_iter()
            .filter_map(|(name, number)| Some((name, number?.to_string())));
        let bug = self.bug.clone().map(|bug| ("--bug", bug));
        std::iter::once(self.name.clone().into())
            .chain(
                given
                    .chain(bug)
                    .flat_map(|(name, value)| [name.into(), value.into()]),
            )
            .collect()
    }
}

/// `cargo xtask prove`.
pub(crate) fn run(house: &House, options: &Options) -> Result<()> {
    let mut steps = Steps::default();
    let mut folder = PathBuf::new();
    steps.take("build", "programs with faults on demand", || {
        folder = build(house)?;
        Ok(())
    })?;
    steps.take("prove", "what was promised holds", || {
        proof(&folder).args(options.passed_on()).run_apart()
    })
}

/// Every proof in a short form, with the same seed each time: what chance there is beyond it is
/// that of the machine.
pub(crate) fn shortly(house: &House) -> Result<()> {
    let folder = build(house)?;
    for (name, runs) in [
        ("race", "40"),
        ("cuts", "3"),
        ("histories", "3"),
        ("desk", "2"),
        ("notify", "3"),
        ("offline", "10"),
        ("crash", "1"),
    ] {
        proof(&folder)
            .args([name, "--runs", runs, "--seed", "1"])
            .run_apart()?;
    }
    Ok(())
}

fn proof(folder: &Path) -> Call {
    let program = format!("pult-prove{}", std::env::consts::EXE_SUFFIX);
    Call::new(folder.join(program)).env("PULT_BIN_DIR", folder)
}

/// Builds what proofs need and gives the folder with the programs under proof. The backend in it has
/// faults on demand, and so have the panels, which run in the program that makes the proof; these are
/// built first, so that the backend that cargo leaves in its own place is the ordinary one.
fn build(house: &House) -> Result<PathBuf> {
    const BACKEND: &str = "pult-backend";
    const PROOF: &str = "pult-prove";
    const SANDBOX: &str = "whatsapp-sandbox";
    workspace()
        .args(["--bin", BACKEND, "--bin", PROOF])
        .args(["--features", "pult-backend/trials,pult-tests/trials"])
        .run()?;
    let folder = house.trials();
    put(house, BACKEND, &folder)?;
    put(house, PROOF, &folder)?;
    workspace()
        .args(["--bin", BACKEND, "--bin", SANDBOX])
        .run()?;
    put(house, SANDBOX, &folder)?;
    Ok(folder)
}

/// The example makes cargo choose the features that the tests are built with, so that the two share
/// every dependency.
fn workspace() -> Call {
    cargo(["build", "--workspace", "--example", codegen::EXPORTER])
}

/// Puts a copy of a program into a folder, in place of one that may be running.
fn put(house: &House, name: &str, folder: &PathBuf) -> Result<()> {
    let from = house.program(name);
    let file = from.file_name().context("A program has a name")?;
    let (new, to) = (folder.join("new"), folder.join(file));
    let put = fs::create_dir_all(folder)
        .and_then(|()| fs::copy(&from, &new))
        .and_then(|_| fs::rename(&new, &to));
    put.with_context(|| format!("Copying {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_passed_on() {
        let options = Options {
            name: "race".to_owned(),
            runs: Some(5),
            seed: Some(7),
            only: None,
            bug: Some("late".to_owned()),
        };
        let expected = ["race", "--runs", "5", "--seed", "7", "--bug", "late"];
        assert_eq!(options.passed_on(), expected.map(OsString::from));
    }
}

//! `pult-prove`: makes a proof and ends in a line of JSON with its figures, and in success only if
//! nothing was found.
#![expect(
    clippy::print_stdout,
    reason = "a command of the terminal: what it prints is what it is for"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use pult_tests::prove::{Plan, Proof, stage};
use pult_tests::sitter;

/// Makes a proof over the spawned programs.
#[derive(Parser)]
struct Arguments {
    /// Which
    #[arg(value_enum, required_unless_present = "sit")]
    name: Option<Proof>,
    /// Is a panel on a data folder that a proof can kill, instead of making one
    #[arg(long, value_name = "DIR", hide = true)]
    sit: Option<PathBuf>,
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

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let Arguments {
        name,
        sit,
        runs,
        seed,
        only,
        bug,
    } = arguments;
    if let Some(dir) = sit {
        sitter::serve(&dir).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = name.context("Which proof?")?;
    stage::keep_panels_log();
    let plan = Plan {
        seed: seed.unwrap_or_else(rand::random),
        runs: runs.unwrap_or_else(|| name.usual_runs()),
        only,
        bug,
    };
    let (figures, is_clean) = name.tell(&plan).await?;
    println!("{figures}");
    Ok(if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

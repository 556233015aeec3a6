//! `pult-fuzz`: hunts for inputs that break the backend. `cargo xtask fuzz` builds and starts it.
#![expect(
    clippy::print_stdout,
    reason = "a command of the terminal: what it prints is what it is for"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};
use pult_fuzz::{Frames, Rest, Settings, Target, Webhook, hunt, seed_by_clock, try_script};
use serde_json::Value;

/// Hunts for inputs that break the backend.
#[derive(Parser)]
struct Arguments {
    /// What is fuzzed.
    #[arg(value_enum)]
    name: Name,
    /// For how long.
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    minutes: f64,
    /// Repeats the draws of an earlier run.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Keeps what leads somewhere new in the repository's corpus.
    #[arg(long)]
    keep: bool,
    /// Tries the script of a finding, instead of hunting.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Where findings go.
    #[arg(long, value_name = "DIR", default_value = "target/fuzz")]
    findings: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// What a provider delivers, through the parser into the store.
    Webhook,
    /// What panels say on sockets.
    Frames,
    /// Requests to every address.
    Rest,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    match arguments.name {
        Name::Webhook => run(&Webhook::new()?, &arguments),
        Name::Frames => run(&Frames::new()?, &arguments),
        Name::Rest => run(&Rest::new()?, &arguments),
    }
}

fn run<T: Target>(target: &T, arguments: &Arguments) -> Result<ExitCode> {
    if let Some(file) = &arguments.replay {
        return replay(target, file);
    }
    let settings = Settings {
        time: Duration::from_secs_f64(arguments.minutes.clamp(0.0, 1e6) * 60.0),
        seed: arguments.seed.unwrap_or_else(seed_by_clock),
        keeps: arguments.keep,
        findings: arguments.findings.clone(),
        report: |line| println!("{line}"),
    };
    println!("fuzzing {}, seed {}", T::NAME, settings.seed);
    let figures = hunt(target, &settings)?;
    let is_clean = figures.findings.is_empty();
    println!("{}", serde_json::to_string(&figures)?);
    Ok(if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Tries the script in a file that a hunt has written.
fn replay<T: Target>(target: &T, file: &Path) -> Result<ExitCode> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("Reading {}", file.display()))?;
    let json: Value = serde_json::from_str(&text).context("Reading JSON")?;
    let script = json.get("script").cloned().unwrap_or(json);
    let script: Vec<T::Step> = serde_json::from_value(script).context("Reading the script")?;
    let tried = try_script(target, &script)?;
    for finding in &tried.findings {
        println!("FINDING {finding}");
    }
    println!(
        "{} marks, {} findings",
        tried.marks.len(),
        tried.findings.len()
    );
    Ok(if tried.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

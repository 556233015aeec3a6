//! `pult-bench`: measures the backend and sets each figure beside its limit. It fails only when
//! something cannot be measured: whether a limit is kept is for its reader to judge.

use std::io::{Write as _, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use pult_tests::bench::{Extent, Part, generator, picture, run};

/// Measures the backend and sets each figure beside its limit.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Writes the figures there as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draws the growth there as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Measures little, to see that everything can be measured
    #[arg(long)]
    quick: bool,
    /// Measures this part alone; can be given several times
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<PartName>,
}

#[derive(Subcommand)]
enum Command {
    /// Plays the provider's part; started by the bench itself
    #[command(hide = true)]
    Generate,
}

#[derive(Clone, Copy, ValueEnum)]
enum PartName {
    Ingest,
    Path,
    Many,
    Growth,
}

impl PartName {
    const fn part(self) -> Part {
        match self {
            Self::Ingest => Part::Ingest,
            Self::Path => Part::Path,
            Self::Many => Part::Many,
            Self::Growth => Part::Growth,
        }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.command.is_some() {
        // One thread: its cost is to be small and its own.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        return runtime.block_on(generator::run());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(&arguments))
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let extent = if arguments.quick {
        Extent::quick()
    } else {
        Extent::full()
    };
    let mut parts: Vec<Part> = arguments.only.iter().map(|name| name.part()).collect();
    if parts.is_empty() {
        parts = vec![Part::Ingest, Part::Path, Part::Many, Part::Growth];
    }
    let report = run(&extent, &parts, &|line| say(&line)).await?;
    say(&format!("\n{report}"));
    if let Some(path) = &arguments.json {
        let json = serde_json::to_string_pretty(&report).context("Writing the figures")?;
        std::fs::write(path, json + "\n").with_context(|| format!("Writing {}", path.display()))?;
    }
    if let Some(path) = &arguments.picture {
        let svg = picture::draw(&report);
        std::fs::write(path, svg).with_context(|| format!("Writing {}", path.display()))?;
    }
    Ok(())
}

fn say(line: &str) {
    // Who does not listen does not miss it.
    drop(writeln!(stdout(), "{line}"));
}

//! `pult-bench`: measures the backend, or the panel, and sets each figure beside its limit. It fails only
//! when something cannot be measured: whether a limit is kept is for its reader to judge.

use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use pult_tests::bench::{Extent, Part, figures, generator, picture, run};
use serde::Serialize;

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
    /// Measures the figures for supervisors, and compares them with a plain recount
    Figures(FiguresArguments),
    /// Measures the panel as it is shipped
    Panel(panel_bench::Arguments),
}

#[derive(Args)]
struct FiguresArguments {
    /// Writes what was measured there as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measures little, to see that everything can be measured
    #[arg(long)]
    quick: bool,
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
    if matches!(arguments.command, Some(Command::Generate)) {
        // One thread: its cost is to be small and its own.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        return runtime.block_on(generator::run());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match &arguments.command {
        Some(Command::Figures(arguments)) => runtime.block_on(measure_figures(arguments)),
        Some(Command::Panel(arguments)) => runtime.block_on(panel_bench::measure(arguments)),
        Some(Command::Generate) | None => runtime.block_on(measure(&arguments)),
    }
}

async fn measure_figures(arguments: &FiguresArguments) -> Result<()> {
    let extent = if arguments.quick {
        figures::Extent::quick()
    } else {
        figures::Extent::full()
    };
    let report = figures::run(extent, &|line| say(&line)).await?;
    say(&format!("\n{report}"));
    write_json(&report, arguments.json.as_deref())
}

fn write_json(report: &impl Serialize, path: Option<&Path>) -> Result<()> {
    let Some(path) = path else {
        return Ok(());
    };
    let json = serde_json::to_string_pretty(report).context("Writing the figures")?;
    std::fs::write(path, json + "\n").with_context(|| format!("Writing {}", path.display()))
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
    write_json(&report, arguments.json.as_deref())?;
    if let Some(path) = &arguments.picture {
        let svg = picture::draw(&report);
        std::fs::write(path, svg).with_context(|| format!("Writing {}", path.display()))?;
    }
    Ok(())
}

mod panel_bench {
    use std::path::PathBuf;

    use anyhow::{Context, Result};
    use clap::{Args, ValueEnum};
    use pult_tests::bench::panel::{Extent, Part, draw, run};

    use super::{say, write_json};

    #[derive(Args)]
    pub(crate) struct Arguments {
        /// Writes the figures there as JSON
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Draws them there as SVG
        #[arg(long, value_name = "FILE")]
        picture: Option<PathBuf>,
        /// Makes what the panel holds from this
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Measures little, to see that everything can be measured
        #[arg(long)]
        quick: bool,
        /// Measures this part alone; can be given several times
        #[arg(long, value_enum, value_name = "PART")]
        only: Vec<PartName>,
    }

    #[derive(Clone, Copy, ValueEnum)]
    enum PartName {
        Search,
        Start,
        Open,
        Memory,
        Idle,
    }

    impl PartName {
        const fn part(self) -> Part {
            match self {
                Self::Search => Part::Search,
                Self::Start => Part::Start,
                Self::Open => Part::Open,
                Self::Memory => Part::Memory,
                Self::Idle => Part::Idle,
            }
        }
    }

    pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
        let extent = if arguments.quick {
            Extent::quick()
        } else {
            Extent::full()
        };
        let mut parts: Vec<Part> = arguments.only.iter().map(|name| name.part()).collect();
        if parts.is_empty() {
            parts = PartName::value_variants()
                .iter()
                .map(|name| name.part())
                .collect();
        }
        let report = run(&extent, arguments.seed, &parts, &|line| say(&line)).await?;
        say(&format!("\n{report}"));
        write_json(&report, arguments.json.as_deref())?;
        if let Some(path) = &arguments.picture {
            std::fs::write(path, draw(&report))
                .with_context(|| format!("Writing {}", path.display()))?;
        }
        Ok(())
    }
}

fn say(line: &str) {
    // Who does not listen does not miss it.
    drop(writeln!(stdout(), "{line}"));
}

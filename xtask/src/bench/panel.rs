//! The bench of the panel: the program as it is shipped, a window with nothing in it, and the page for a
//! browser, in a private session.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use super::{full, take_away};
use crate::call::{Call, cargo};
use crate::house::House;
use crate::session::Session;
use crate::setup::{self, Purpose};
use crate::steps::Steps;
use crate::ui;

/// What can be asked of it.
#[derive(Args)]
pub(crate) struct Options {
    /// Writes the figures there as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draws them there as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Makes what the panel holds from this
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Measures little, to see that everything can be measured
    #[arg(long)]
    quick: bool,
    /// Measures this part alone: search, start, open, memory, idle; can be given several times
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
}

impl Options {
    /// The same for the program that we start.
    fn passed_on(&self) -> Result<Vec<OsString>> {
        let mut args: Vec<OsString> = vec!["panel".into()];
        for (name, file) in [("--json", &self.json), ("--picture", &self.picture)] {
            if let Some(file) = file {
                args.extend([name.into(), full(file)?.into()]);
            }
        }
        if let Some(seed) = self.seed {
            args.extend(["--seed".into(), seed.to_string().into()]);
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

/// `cargo xtask bench panel`.
pub(super) fn run(house: &House, options: &Options) -> Result<()> {
    let args = options.passed_on()?;
    let mut steps = Steps::default();
    steps.take("setup", "system packages, Node, npm packages", || {
        setup::run(house, Purpose::PanelBench)
    })?;
    let mut page = PathBuf::new();
    steps.take("ui", "what the window shows, and a browser", || {
        ui::build(house)?;
        page = ui::build_canned(house)?;
        Ok(())
    })?;
    let folder = house.trials().join("panel");
    steps.take("build", "the panel as it is shipped, and its bench", || {
        build(house, &folder)
    })?;
    let bench = Call::new(folder.join("pult-bench"))
        .env("PULT_BIN_DIR", &folder)
        .env("PULT_CANNED_PAGE", page)
        .args(args);
    steps.take("bench", "each figure beside its limit", || {
        Session::open(house)?.run(&bench)
    })
}

/// Builds everything and puts it into one folder.
fn build(house: &House, folder: &Path) -> Result<()> {
    cargo(["build", "--release", "--package", "pult"])
        .args(["--bin", "pult", "--example", "empty_window"])
        .run()?;
    // It can scan what the panel holds, which the panel itself cannot.
    cargo(["build", "--release", "--package", "pult-tests"])
        .args(["--bin", "pult-bench", "--features", "pult-tests/trials"])
        .run()?;
    cargo(["build", "--workspace"])
        .args(["--bin", "pult-backend", "--bin", "whatsapp-sandbox"])
        .run()?;
    take_away(&house.target("release/pult-bench"), folder)?;
    for program in [
        house.target("release/pult"),
        house.target("release/examples/empty_window"),
        house.program("pult-backend"),
        house.program("whatsapp-sandbox"),
    ] {
        let name = program.file_name().context("A program has a name")?;
        fs::copy(&program, folder.join(name))
            .with_context(|| format!("Copying {}", program.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_passed_on() {
        let options = Options {
            json: None,
            picture: Some("panel.svg".into()),
            seed: Some(7),
            quick: true,
            only: vec!["start".to_owned()],
        };
        let args = options.passed_on().unwrap();
        assert_eq!(args[..2], ["panel", "--picture"]);
        assert!(Path::new(&args[2]).is_absolute());
        assert_eq!(args[3..], ["--seed", "7", "--quick", "--only", "start"]);
    }
}

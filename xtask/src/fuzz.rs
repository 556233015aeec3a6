//! Fuzzing: build the fuzzer, which needs no window, and let it hunt.

use std::ffi::OsString;
use std::path::{PathBuf, absolute};

use anyhow::{Context, Result};
use clap::Args;

use crate::call::{Call, cargo};
use crate::house::House;
use crate::steps::Steps;

/// What can be asked of the fuzzer.
#[derive(Args)]
pub(crate) struct Options {
    /// What is fuzzed: webhook, frames, rest
    name: String,
    /// For how long; 5 if it is not said
    #[arg(long, value_name = "N")]
    minutes: Option<f64>,
    /// What all chance comes from; one is drawn and told if none is given
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Keeps what led somewhere new in the corpus
    #[arg(long)]
    keep: bool,
    /// Tries the script of a finding again, instead of hunting
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
}

impl Options {
    /// The same for the program that we start.
    fn passed_on(&self) -> Result<Vec<OsString>> {
        let mut args: Vec<OsString> = vec![self.name.clone().into()];
        if let Some(minutes) = self.minutes {
            args.extend(["--minutes".into(), minutes.to_string().into()]);
        }
        if let Some(seed) = self.seed {
            args.extend(["--seed".into(), seed.to_string().into()]);
        }
        if self.keep {
            args.push("--keep".into());
        }
        if let Some(file) = &self.replay {
            let file = absolute(file).with_context(|| format!("Finding {}", file.display()))?;
            args.extend(["--replay".into(), file.into()]);
        }
        Ok(args)
    }
}

/// `cargo xtask fuzz`.
pub(crate) fn run(house: &House, options: &Options) -> Result<()> {
    let mut steps = Steps::default();
    steps.take("build", "the fuzzer", || {
        cargo(["build", "--package", "pult-fuzz", "--bin", "pult-fuzz"]).run()
    })?;
    Call::new(house.program("pult-fuzz"))
        .args(options.passed_on()?)
        .within(house.path("."))
        .run_apart()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_passed_on() {
        let options = Options {
            name: "rest".to_owned(),
            minutes: Some(0.5),
            seed: Some(7),
            keep: true,
            replay: Some("a".into()),
        };
        let args = options.passed_on().unwrap();
        let expected = [
            "rest",
            "--minutes",
            "0.5",
            "--seed",
            "7",
            "--keep",
            "--replay",
        ];
        assert_eq!(args[..7], expected);
        assert!(std::path::Path::new(&args[7]).is_absolute());
    }
}

//! Steps of a command: each is announced, timed, and in the table at the end.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::house::House;

/// One step of a command that has many. Each also does by itself what it stands on, which costs nothing
/// where it has been done: any of them runs alone.
pub(crate) struct Step {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What it does or sees to.
    pub(crate) what: &'static str,
    /// Does it.
    pub(crate) run: fn(&House) -> Result<()>,
}

/// Takes steps up to the first that fails, and prints how long they took.
pub(crate) fn take_all(
    house: &House,
    steps: impl IntoIterator<Item = &'static Step>,
) -> Result<()> {
    let mut taken = Steps::default();
    let result = steps
        .into_iter()
        .try_for_each(|step| taken.take(step.name, step.what, || (step.run)(house)));
    println!("\n{taken}");
    result
}

/// What has been done so far, and how long it took.
#[derive(Default)]
pub(crate) struct Steps(Vec<(&'static str, Duration)>);

impl Steps {
    /// Announces a step, takes it, and says how long it took.
    pub(crate) fn take(
        &mut self,
        name: &'static str,
        what: &str,
        step: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        println!("==> {name}: {what}");
        let begun = Instant::now();
        let result = step();
        let took = begun.elapsed();
        self.0.push((name, took));
        let how = if result.is_ok() {
            "done in"
        } else {
            "ended after"
        };
        println!("    {name} {how} {}", Spoken(took));
        result.with_context(|| format!("Step {name}"))
    }
}

/// The table of the times.
impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = ("all", self.0.iter().map(|(_, took)| *took).sum());
        for (name, took) in self.0.iter().chain([&total]) {
            // Padding acts on text, not on what displays itself.
            writeln!(f, "    {name:<12}{:>12}", Spoken(*took).to_string())?;
        }
        Ok(())
    }
}

/// A duration as people say it: `0.4 s`, `12.3 s`, `3 min 07 s`.
struct Spoken(Duration);

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds < 60 {
            write!(f, "{:.1} s", self.0.as_secs_f64())
        } else {
            write!(f, "{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_as_people_say_it() {
        assert_eq!(Spoken(Duration::from_millis(420)).to_string(), "0.4 s");
        assert_eq!(Spoken(Duration::from_secs(187)).to_string(), "3 min 07 s");
    }

    #[test]
    fn a_failed_step_is_in_the_table_and_named_in_the_error() {
        let mut steps = Steps::default();
        let error = steps
            .take("lint", "looks", || anyhow::bail!("no"))
            .unwrap_err();
        assert_eq!(format!("{error:#}"), "Step lint: no");
        assert!(steps.to_string().contains("lint"));
    }
}

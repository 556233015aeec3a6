//! Proofs: long randomised runs over the spawned programs.
//!
//! A proof draws everything by chance from one seed, so that any run can be made again, and judges
//! by what the phones, the panels and the store recorded, each for itself. It ends in one line of
//! JSON with its figures: a run in which nothing happened proves nothing. `docs/proofs.md` says what
//! each of them does.

pub mod canary;
pub mod checker;
pub mod crash;
pub mod cuts;
pub mod desk;
pub mod devices;
pub mod histories;
pub mod notify;
pub mod offline;
pub mod quiet;
pub mod race;
pub mod records;
pub mod stage;
pub mod view;

use std::fmt;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use futures_util::{StreamExt, stream};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::canary::Canaries;

/// A proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Proof {
    /// Several operators answer one queued chat at once
    Race,
    /// The backend is killed at work
    Crash,
    /// The network between panels and backend fails in every way
    Cuts,
    /// Everything that can happen to a chat, in random order
    Histories,
    /// Presence, drafts and marks of operators on several devices, under cuts
    Desk,
    /// What operators are told of on their devices, once each, and what is taken back
    Notify,
    /// Without a network somebody reads, searches and writes, and the panel is killed
    Offline,
    /// Bugs are planted, and the other proofs must find them
    Checker,
}

/// What a proof is asked for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What all chance comes from.
    pub seed: u64,
    /// How many runs.
    pub runs: u64,
    /// Only this one of them, to make a finding again.
    pub only: Option<u64>,
    /// A bug that the backend or the panels are to have.
    pub bug: Option<String>,
}

/// One run of a proof.
#[derive(Debug)]
pub struct Run {
    /// Its number, from 0.
    pub k: u64,
    /// What it draws from: the same for the same seed and number, whatever ran before.
    pub chance: StdRng,
    /// What must not be found in any log.
    pub canaries: Canaries,
}

/// Something that is not as it was promised to be.
#[derive(Debug)]
pub struct Finding {
    /// What was to be.
    pub expected: String,
    /// What was there instead.
    pub seen: String,
    /// Who saw it: a phone, a panel, the store.
    pub by: String,
}

/// What came of a proof.
#[derive(Debug)]
pub struct Outcome {
    /// Its figures.
    pub figures: Map<String, Value>,
    /// What ended it, if not the last run.
    pub stopped: Option<Stopped>,
}

/// A run that did not go as it should, after which nothing is tried.
#[derive(Debug)]
pub struct Stopped {
    /// Which.
    pub k: u64,
    /// Why: a [`Finding`], unless a program or the machine failed.
    pub error: anyhow::Error,
    /// Where everything was left as it was.
    pub kept: Option<PathBuf>,
}

/// What runs that are made several at once have counted.
trait Counted: Default + Serialize {
    fn runs(&self) -> u64;

    fn cuts(&self) -> u64;

    fn add(&mut self, other: &Self);

    /// What of a proof was missing, so that nothing is proved by a run in which nothing happened.
    fn too_few(&self) -> Option<String>;
}

/// Makes the runs of a plan, so many at a time, up to the first that does not go as it should.
async fn several_at_once<F: Counted, M>(
    name: &str,
    plan: &Plan,
    n_at_once: usize,
    make: impl Fn(Run) -> M,
) -> Result<Outcome>
where
    M: Future<Output = Result<(F, Option<Stopped>)>>,
{
    let mut figures = F::default();
    let mut made = stream::iter(plan.runs())
        .map(make)
        .buffer_unordered(n_at_once);
    while let Some(made) = made.next().await {
        let (of_run, stopped) = made?;
        figures.add(&of_run);
        if stopped.is_some() {
            return Outcome::new(&figures, stopped);
        }
        let (runs, cuts) = (figures.runs(), figures.cuts());
        if runs.is_multiple_of(10) {
            progress(&format!("{name}: {runs} runs, {cuts} cuts so far"));
        }
    }
    let stopped = figures.too_few().map(|what| Stopped {
        k: figures.runs(),
        error: anyhow::anyhow!("too little happened: {what}"),
        kept: None,
    });
    Outcome::new(&figures, stopped)
}

impl Proof {
    /// Its name in commands and figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Race => "race",
            Self::Crash => "crash",
            Self::Cuts => "cuts",
            Self::Histories => "histories",
            Self::Desk => "desk",
            Self::Notify => "notify",
            Self::Offline => "offline",
            Self::Checker => "checker",
        }
    }

    /// How many runs make a proof, when nobody says; of the checker, the most for one bug.
    #[must_use]
    pub const fn usual_runs(self) -> u64 {
        match self {
            Self::Race => 1000,
            Self::Histories => 500,
            Self::Notify => 200,
            Self::Crash => 20,
            Self::Offline => 50,
            Self::Cuts | Self::Desk | Self::Checker => 100,
        }
    }

    /// Makes the runs of a plan, up to the first that does not go as it should.
    ///
    /// # Errors
    /// When the proof cannot be made at all.
    pub async fn make(self, plan: &Plan) -> Result<Outcome> {
        match self {
            Self::Race => race::prove(plan).await,
            Self::Crash => crash::prove(plan).await,
            Self::Cuts => cuts::prove(plan).await,
            Self::Histories => histories::prove(plan).await,
            Self::Desk => devices::prove(plan).await,
            Self::Notify => notify::prove(plan).await,
            Self::Offline => offline::prove(plan).await,
            Self::Checker => checker::prove(plan).await,
        }
    }

    /// Makes the proof, tells how it goes, and gives its line of figures and whether it is clean.
    ///
    /// # Errors
    /// When the proof cannot be made at all.
    pub async fn tell(self, plan: &Plan) -> Result<(Value, bool)> {
        let name = self.name();
        progress(&format!("{name}: seed {}, {} runs", plan.seed, plan.runs));
        let begun = Instant::now();
        let outcome = self.make(plan).await?;
        if let Some(stopped) = &outcome.stopped {
            progress(&stopped.told(self, plan));
        }
        let is_clean = outcome.stopped.is_none();
        let mut figures = Map::new();
        figures.insert("proof".to_owned(), json!(name));
        figures.insert("seed".to_owned(), json!(plan.seed));
        figures.insert("clean".to_owned(), json!(is_clean));
        figures.insert("seconds".to_owned(), json!(begun.elapsed().as_secs()));
        figures.extend(outcome.figures);
        Ok((Value::Object(figures), is_clean))
    }
}

impl Plan {
    /// The runs to be made, in order.
    pub fn runs(&self) -> impl Iterator<Item = Run> {
        let (first, end) = match self.only {
            Some(only) => (only, only.saturating_add(1)),
            None => (0, self.runs),
        };
        let seed = self.seed;
        (first..end).map(move |k| Run::new(seed, k))
    }
}

impl Run {
    fn new(seed: u64, k: u64) -> Self {
        let mut whole = [0; 32];
        for (to, from) in whole
            .iter_mut()
            .zip(seed.to_le_bytes().into_iter().chain(k.to_le_bytes()))
        {
            *to = from;
        }
        Self {
            k,
            chance: StdRng::from_seed(whole),
            canaries: Canaries::of_run(k),
        }
    }
}

impl Finding {
    /// A finding as the error that ends a run.
    pub fn new(by: impl Into<String>, expected: impl Into<String>, seen: impl fmt::Debug) -> Self {
        Self {
            expected: expected.into(),
            seen: format!("{seen:?}"),
            by: by.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, seen, by } = self;
        write!(f, "{by}: expected {expected}; seen {seen}")
    }
}

impl std::error::Error for Finding {}

/// Tells a person how it goes.
#[expect(
    clippy::print_stderr,
    reason = "a proof takes minutes, and somebody waits at a terminal"
)]
pub fn progress(line: &str) {
    eprintln!("{line}");
}

/// Ends a run with a [`Finding`] unless something is as it must be.
///
/// # Errors
/// When it is not.
pub fn must(holds: bool, finding: impl FnOnce() -> Finding) -> Result<()> {
    if holds { Ok(()) } else { Err(finding().into()) }
}

/// Turns a wait that was in vain into a [`Finding`]: what was waited for had been promised.
pub trait Promised<T> {
    /// The same, but a failure is a finding of `by`.
    ///
    /// # Errors
    /// When it had failed.
    fn promised(self, by: &str) -> Result<T>;
}

impl<T> Promised<T> for Result<T> {
    fn promised(self, by: &str) -> Self {
        self.map_err(|error| {
            if error.is::<Finding>() {
                return error;
            }
            Finding {
                expected: "it to come about".to_owned(),
                seen: format!("{error:#}"),
                by: by.to_owned(),
            }
            .into()
        })
    }
}

impl Stopped {
    /// Whether the programs under proof did something wrong, and not the machine.
    #[must_use]
    pub fn is_finding(&self) -> bool {
        self.error.is::<Finding>()
    }

    fn told(&self, proof: Proof, plan: &Plan) -> String {
        let Self { k, error, kept } = self;
        let (name, seed) = (proof.name(), plan.seed);
        let what = if self.is_finding() {
            "FINDING"
        } else {
            "FAILED"
        };
        let kept = kept.as_ref().map_or_else(
            || "nothing was kept".to_owned(),
            |kept| format!("kept in {}", kept.display()),
        );
        format!(
            "{what} in run {k} of {name}: {error:#}\n    {kept}\n    again: cargo xtask prove {name} \
             --seed {seed} --only {k}"
        )
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::{Plan, Run};

    fn drawn(mut run: Run) -> u64 {
        run.chance.random()
    }

    #[test]
    fn a_run_made_alone_draws_what_it_drew_among_all() {
        let plan = Plan {
            seed: 7,
            runs: 5,
            only: None,
            bug: None,
        };
        let among_all: Vec<u64> = plan.runs().map(drawn).collect();
        let alone = Plan {
            only: Some(3),
            ..plan
        };
        assert_eq!(alone.runs().map(drawn).collect::<Vec<_>>(), among_all[3..4]);
        assert_ne!(among_all[3], among_all[4]);
    }
}

//! The hunt: mutate what is in the corpus, try it, keep what led somewhere new.
//!
//! Where an input has led is told by *marks*: what it was answered, what it changed in the store,
//! which lines of the backend's log it reached. An input is kept when it leaves a mark, or two
//! marks together, that none before it has left.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::bytes::Bytes;
use crate::corpus;
use crate::json::Json;
use crate::mutate::{Dice, change_members};
use crate::watch;

/// No script grows longer.
const MAX_STEPS: usize = 14;

/// Longer inputs are tried but not mutated further: they cost too much.
const MAX_KEPT_BYTES: usize = 400_000;

/// So many inputs are held at once; beyond, new ones take the place of others by chance.
const MAX_HELD: usize = 3_000;

/// Between reports of progress.
const REPORT: Duration = Duration::from_secs(30);

/// How long a finding may be made smaller.
const MINIMISING: Duration = Duration::from_secs(40);

/// What is fuzzed. An input is a script: steps that are taken one after the other, from the same
/// start every time.
pub trait Target {
    /// One thing that somebody outside does.
    type Step: Clone + Serialize + DeserializeOwned;

    /// Its name on the command line, and of its corpus.
    const NAME: &'static str;

    /// Where to start from: real shapes.
    fn seeds(&self) -> Vec<Vec<Self::Step>>;

    /// A step near to `step`.
    fn mutate(&self, dice: &mut Dice, step: &Self::Step) -> Self::Step;

    /// What of a step can be made smaller.
    fn body(step: &mut Self::Step) -> Option<&mut Bytes>;

    /// How many inputs of the thing that is fuzzed a step holds.
    fn n_inputs(step: &Self::Step) -> usize;

    /// Takes the steps and looks at what became of everything.
    ///
    /// # Errors
    /// When nothing could be tried at all, which is no finding but trouble of the machine.
    fn run(&self, script: &[Self::Step]) -> Result<Tried>;
}

/// What came of a script.
#[derive(Debug, Default, Clone)]
pub struct Tried {
    /// Where it has led.
    pub marks: std::collections::BTreeSet<String>,
    /// What must not be.
    pub findings: Vec<String>,
}

impl Tried {
    /// Notes where it has led.
    pub(crate) fn mark(&mut self, mark: impl Into<String>) {
        self.marks.insert(mark.into());
    }

    /// Notes what must not be.
    pub(crate) fn find(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }
}

/// How long, and with which chance.
pub struct Settings {
    /// For how long, after the corpus has been tried.
    pub time: Duration,
    /// Names the run: the same seed, from the same corpus, draws the same.
    pub seed: u64,
    /// Whether what has led somewhere new is kept in the repository.
    pub keeps: bool,
    /// Where findings go.
    pub findings: PathBuf,
    /// Told of progress.
    pub report: fn(&str),
}

/// A seed by the clock, short enough to be typed again.
#[must_use]
pub fn seed_by_clock() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::from(since.subsec_nanos()) + since.as_secs() % 1_000
}

/// The figures of a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Figures {
    /// What was fuzzed.
    pub target: String,
    /// What the run can be repeated with.
    pub seed: u64,
    /// How long it took.
    pub seconds: f64,
    /// Scripts that were tried, the corpus not counted.
    pub scripts: usize,
    /// Bodies, frames or requests in them.
    pub inputs: usize,
    /// The same by time.
    pub inputs_per_s: f64,
    /// Different marks that were left.
    pub marks: usize,
    /// Inputs in the repository's corpus after the run.
    pub corpus: usize,
    /// Inputs of the run that led somewhere new.
    pub novel: usize,
    /// Different findings.
    pub findings: Vec<String>,
}

/// Tries a script and adds what the watch has seen.
///
/// # Errors
/// When nothing could be tried at all.
pub fn try_script<T: Target>(target: &T, script: &[T::Step]) -> Result<Tried> {
    // What is seen meanwhile must be this script's.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    watch::begin();
    drop(watch::take());
    let mut tried = target.run(script)?;
    let seen = watch::take();
    tried.marks.extend(seen.lines);
    tried.findings.extend(seen.faults);
    Ok(tried)
}

/// A finding without what differs from time to time.
fn kind_of(finding: &str) -> String {
    let short: String = finding.chars().take(160).collect();
    short
        .split(|letter: char| letter.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("#")
}

fn hashed(of: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The marks of one input and all pairs of them, hashed.
pub(crate) fn novelties(tried: &Tried) -> Vec<u64> {
    let marks: Vec<u64> = tried.marks.iter().map(hashed).collect();
    let mut all = marks.clone();
    for (idx, one) in marks.iter().enumerate() {
        all.extend(
            marks
                .iter()
                .skip(idx + 1)
                .map(|other| hashed(&(one, other))),
        );
    }
    all
}

/// A script that is held for further mutation.
struct Held<S> {
    script: Vec<S>,
    tried: Tried,
}

/// Hunts for a while.
///
/// # Errors
/// When nothing could be tried at all, or the corpus or a finding cannot be written.
pub fn hunt<T: Target>(target: &T, settings: &Settings) -> Result<Figures> {
    let mut dice = Dice::new(settings.seed);
    let mut hunt = Hunt {
        target,
        settings,
        seen: HashSet::new(),
        held: Vec::new(),
        found: BTreeMap::new(),
        n_scripts: 0,
        n_inputs: 0,
        n_novel: 0,
    };
    let mut known = corpus::read::<T::Step>(T::NAME)?;
    known.extend(target.seeds());
    for script in known {
        hunt.take(&script, true)?;
    }
    let begun = Instant::now();
    let mut reported = begun;
    (hunt.n_scripts, hunt.n_inputs) = (0, 0);
    while begun.elapsed() < settings.time {
        let script = hunt.next(&mut dice);
        hunt.take(&script, false)?;
        if reported.elapsed() >= REPORT {
            reported = Instant::now();
            (settings.report)(&hunt.progress(begun.elapsed()));
        }
    }
    let elapsed = begun.elapsed();
    let n_kept = if settings.keeps {
        let held = hunt
            .held
            .iter()
            .filter(|held| held.tried.findings.is_empty());
        corpus::keep(
            T::NAME,
            held.map(|held| (held.script.as_slice(), &held.tried)),
        )?
    } else {
        corpus::read::<T::Step>(T::NAME)?.len()
    };
    let marks: std::collections::BTreeSet<_> = hunt
        .held
        .iter()
        .flat_map(|held| &held.tried.marks)
        .collect();
    Ok(Figures {
        target: T::NAME.to_owned(),
        seed: settings.seed,
        seconds: rounded(elapsed.as_secs_f64()),
        scripts: hunt.n_scripts,
        inputs: hunt.n_inputs,
        inputs_per_s: rounded(per_second(hunt.n_inputs, elapsed)),
        marks: marks.len(),
        corpus: n_kept,
        novel: hunt.n_novel,
        findings: hunt.found.into_keys().collect(),
    })
}

fn per_second(n: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX)) / time.as_secs_f64().max(0.001)
}

fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

struct Hunt<'a, T: Target> {
    target: &'a T,
    settings: &'a Settings,
    /// What all inputs together have led to.
    seen: HashSet<u64>,
    held: Vec<Held<T::Step>>,
    /// Findings by their kind, and where each is written.
    found: BTreeMap<String, PathBuf>,
    n_scripts: usize,
    n_inputs: usize,
    n_novel: usize,
}

impl<T: Target> Hunt<'_, T> {
    /// A script made from one that is held.
    fn next(&self, dice: &mut Dice) -> Vec<T::Step> {
        // What came last has been mutated least.
        let newest = self.held.len() / 4;
        let idx = if dice.one_in(2) {
            self.held.len() - 1 - dice.below(newest.max(1))
        } else {
            dice.below(self.held.len())
        };
        let mut script = self
            .held
            .get(idx)
            .map(|held| held.script.clone())
            .unwrap_or_default();
        for _ in 0..=dice.below(3) {
            let at = dice.below(script.len());
            if dice.one_in(4) || script.is_empty() {
                let other = dice
                    .pick(&self.held)
                    .and_then(|held| dice.pick(&held.script));
                if let Some(step) = other.cloned() {
                    change_members(dice, &mut script, |_| step);
                }
            } else if let Some(step) = script.get_mut(at) {
                *step = self.target.mutate(dice, step);
            }
        }
        script.truncate(MAX_STEPS);
        script
    }

    /// Tries a script, and holds it if it leads somewhere new.
    fn take(&mut self, script: &[T::Step], is_given: bool) -> Result<()> {
        self.n_scripts += 1;
        self.n_inputs += script.iter().map(T::n_inputs).sum::<usize>();
        let tried = try_script(self.target, script)?;
        for finding in &tried.findings {
            self.find(script, finding)?;
        }
        let mut is_new = false;
        for novelty in novelties(&tried) {
            is_new |= self.seen.insert(novelty);
        }
        if !is_new && !is_given {
            return Ok(());
        }
        if !is_given {
            self.n_novel += 1;
        }
        let mut script = script.to_vec();
        let n_bytes: usize = script
            .iter_mut()
            .filter_map(|step| T::body(step))
            .map(|body| body.0.len())
            .sum();
        if n_bytes <= MAX_KEPT_BYTES {
            let held = Held { script, tried };
            let len = self.held.len();
            let by_chance =
                usize::try_from(hashed(&self.n_scripts) % 1_000_000).unwrap_or_default();
            match self.held.get_mut(by_chance % len.max(1)) {
                Some(place) if len >= MAX_HELD => *place = held,
                Some(_) | None => self.held.push(held),
            }
        }
        Ok(())
    }

    /// Writes a finding of a new kind down, as small as it can be made.
    fn find(&mut self, script: &[T::Step], finding: &str) -> Result<()> {
        let kind = kind_of(finding);
        if self.found.contains_key(&kind) {
            return Ok(());
        }
        let small = minimise(self.target, script, &kind)?;
        std::fs::create_dir_all(&self.settings.findings)
            .context("Making the folder of findings")?;
        let name = format!("{}-{:08x}.json", T::NAME, hashed(&kind) & 0xffff_ffff);
        let path = self.settings.findings.join(name);
        let text = serde_json::to_string_pretty(&json!({ "finding": finding, "script": small }))?;
        std::fs::write(&path, text).with_context(|| format!("Writing {}", path.display()))?;
        (self.settings.report)(&format!(
            "FINDING {finding}\n    written to {}",
            path.display()
        ));
        self.found.insert(kind, path);
        Ok(())
    }

    fn progress(&self, elapsed: Duration) -> String {
        format!(
            "{:>5} s  {} inputs in {} scripts ({:.0}/s), {} held, {} combinations, {} findings",
            elapsed.as_secs(),
            self.n_inputs,
            self.n_scripts,
            per_second(self.n_inputs, elapsed),
            self.held.len(),
            self.seen.len(),
            self.found.len(),
        )
    }
}

/// The smallest script found in a while that still shows a finding of that kind.
fn minimise<T: Target>(target: &T, script: &[T::Step], kind: &str) -> Result<Vec<T::Step>> {
    let until = Instant::now() + MINIMISING;
    let shows = |script: &[T::Step]| -> Result<bool> {
        let tried = try_script(target, script)?;
        Ok(tried
            .findings
            .iter()
            .any(|finding| kind_of(finding) == kind))
    };
    let mut small = script.to_vec();
    let mut idx = small.len();
    while idx > 0 && Instant::now() < until {
        idx -= 1;
        let mut without = small.clone();
        without.remove(idx);
        if shows(&without)? {
            small = without;
        }
    }
    for idx in 0..small.len() {
        let mut is_smaller = true;
        while is_smaller && Instant::now() < until {
            is_smaller = false;
            let Some(body) = small
                .get_mut(idx)
                .and_then(T::body)
                .map(|body| body.clone())
            else {
                break;
            };
            for smaller in smaller_bodies(&body) {
                if Instant::now() >= until {
                    break;
                }
                let mut next = small.clone();
                if let Some(body) = next.get_mut(idx).and_then(T::body) {
                    *body = smaller;
                }
                if shows(&next)? {
                    small = next;
                    is_smaller = true;
                    break;
                }
            }
        }
    }
    Ok(small)
}

/// Bodies with less in them, the greatest steps first.
fn smaller_bodies(body: &Bytes) -> Vec<Bytes> {
    let mut smaller = Vec::new();
    if let Some(json) = Json::read(&body.text()) {
        for number in 0..json.n_nodes() {
            let mut node = json.clone();
            let n_members = match node.node_mut(number) {
                Some(Json::List(items)) => items.len(),
                Some(Json::Object(members)) => members.len(),
                Some(Json::Leaf(_)) | None => 0,
            };
            for member in 0..n_members {
                let mut less = json.clone();
                match less.node_mut(number) {
                    Some(Json::List(items)) => drop(items.remove(member)),
                    Some(Json::Object(members)) => drop(members.remove(member)),
                    Some(Json::Leaf(_)) | None => {}
                }
                smaller.push(Bytes::of(less.to_string()));
            }
        }
        for number in 0..json.n_nodes() {
            let mut less = json.clone();
            if let Some(Json::Leaf(text)) = less.node_mut(number)
                && text.len() > 40
            {
                let half: String = text.chars().take(text.chars().count() / 2).collect();
                *text = format!("{half}\"");
                smaller.push(Bytes::of(less.to_string()));
            }
        }
    }
    let n = body.0.len();
    for (from, until) in [
        (0, n / 2),
        (n / 2, n),
        (0, n / 8),
        (n - n / 8, n),
        (0, 1),
        (n.saturating_sub(1), n),
    ] {
        if from < until.min(n) {
            let mut bytes = body.0.clone();
            bytes.drain(from..until.min(n));
            smaller.push(Bytes(bytes));
        }
    }
    smaller
}

//! The stage of a proof: an office whose every log is kept and searched.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use parking_lot::Mutex;
use serde_json::Value;

use super::canary::Canaries;
use super::{Finding, Outcome, Plan, Run, Stopped, must};
use crate::office::Office;
use crate::programs::Envs;

/// How much of what was searched is read once more, since a line may have been begun there.
const OVERLAP: u64 = 256;

/// What the panels, which run in this process, have logged and [`Stage::judge_logs`] has not
/// searched yet.
static PANELS_LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Keeps the log of the panels from now on.
pub fn keep_panels_log() {
    struct Kept;
    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            PANELS_LOG.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let format = tracing_subscriber::fmt().json().with_writer(|| Kept);
    format.with_env_filter("debug").init();
}

/// What was logged since the last time.
#[derive(Debug, Default)]
pub struct Logs {
    /// By the backend.
    pub backend: String,
    /// By all panels.
    pub panels: String,
    /// How much that is, of all programs.
    pub n_bytes: u64,
}

/// An office on which runs are made.
#[derive(Debug)]
pub struct Stage {
    /// The office.
    pub office: Office,
    searched: BTreeMap<PathBuf, u64>,
}

impl Stage {
    /// Opens an office for a plan; its backend logs all that it can.
    ///
    /// # Errors
    /// When the office cannot be opened.
    pub async fn open(plan: &Plan) -> Result<Self> {
        Ok(Self::of(Office::open_with(envs(plan)).await?))
    }

    /// The same, and the backend is told something besides.
    ///
    /// # Errors
    /// When the office cannot be opened.
    pub async fn open_told(plan: &Plan, told: &[(&str, &str)]) -> Result<Self> {
        let mut envs = envs(plan);
        let told = told.iter().map(|(name, value)| (*name, *value));
        envs.extend(told.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Ok(Self::of(Office::open_with(envs).await?))
    }

    /// The same, and what leaves the backend for the sandbox is kept.
    ///
    /// # Errors
    /// When the office cannot be opened.
    pub async fn open_overheard(plan: &Plan) -> Result<Self> {
        Ok(Self::of(Office::open_overheard(envs(plan)).await?))
    }

    const fn of(office: Office) -> Self {
        Self {
            office,
            searched: BTreeMap::new(),
        }
    }

    /// Searches what all programs have logged since the last time for what must not be there, and
    /// gives it.
    ///
    /// # Errors
    /// When something is found, or a log cannot be read.
    pub fn judge_logs(&mut self, canaries: &mut Canaries) -> Result<Logs> {
        let dir = self.office.dir().to_path_buf();
        for secret in ["app-secret", "verify-token", "access-token"] {
            canaries.secret(&format!("office-{secret}"));
        }
        let panels = std::mem::take(&mut *PANELS_LOG.lock());
        append(&dir.join("panels.log"), &panels)?;
        let mut logs = Logs::default();
        for name in ["panels.log", "sandbox.log", "backend.log"] {
            let path = dir.join(name);
            let from = self.searched.get(&path).copied().unwrap_or(0);
            let (text, end) = read_from(&path, from.saturating_sub(OVERLAP))?;
            let found = canaries.found_in(&text);
            must(found.is_none(), || {
                Finding::new(name, "no canary in any log", found.unwrap_or_default())
            })?;
            match name {
                "backend.log" => logs.backend = text,
                "panels.log" => logs.panels = text,
                _ => {}
            }
            logs.n_bytes += end - from;
            self.searched.insert(path, end);
        }
        Ok(logs)
    }

    /// What is told of a run that was stopped by `error`: the office is kept as it is.
    #[must_use]
    pub fn stopped(self, run: &Run, error: anyhow::Error) -> Stopped {
        let panels = std::mem::take(&mut *PANELS_LOG.lock());
        // The finding is what matters, with or without the end of this log.
        drop(append(&self.office.dir().join("panels.log"), &panels));
        Stopped {
            k: run.k,
            error,
            kept: Some(self.office.keep()),
        }
    }
}

impl Outcome {
    /// An outcome of figures that serialise to an object.
    ///
    /// # Errors
    /// When they do not.
    pub fn new(figures: &impl serde::Serialize, stopped: Option<Stopped>) -> Result<Self> {
        let figures = serde_json::to_value(figures).context("Writing the figures")?;
        let figures = figures.as_object().cloned();
        Ok(Self {
            figures: figures.context("Figures are an object")?,
            stopped,
        })
    }
}

/// What the backend of a plan runs with.
fn envs(plan: &Plan) -> Envs {
    let mut envs = Envs::from([
        ("PULT_LOG".to_owned(), "debug".to_owned()),
        ("PULT_LOG_FORMAT".to_owned(), "json".to_owned()),
    ]);
    if let Some(bug) = &plan.bug {
        envs.insert("PULT_TRIALS_BUG".to_owned(), bug.clone());
    }
    envs
}

/// A line of a log.
#[derive(Debug)]
pub struct Line(Value);

/// The lines of a log that can be read: the first and the last may be torn.
pub fn lines(log: &str) -> impl Iterator<Item = Line> {
    let lines = log.lines().map(serde_json::from_str);
    lines.filter_map(|line| line.ok().map(Line))
}

impl Line {
    /// What stands in a field, if it is text.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.get("fields")?.get(name)?.as_str()
    }
}

fn append(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = File::options().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(bytes));
    written.with_context(|| format!("Writing {}", path.display()))
}

/// What stands in a file from a place on, and where it ends.
fn read_from(path: &Path, from: u64) -> Result<(String, u64)> {
    let what = || format!("Reading {}", path.display());
    let end = fs::metadata(path).with_context(what)?.len();
    let mut file = File::open(path).with_context(what)?;
    file.seek(SeekFrom::Start(from)).with_context(what)?;
    let mut bytes = Vec::new();
    let n = end.saturating_sub(from);
    file.take(n).read_to_end(&mut bytes).with_context(what)?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), end))
}

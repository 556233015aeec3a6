//! The bench of the backend: how much it takes in, how quickly that reaches panels, what a panel
//! costs, and how all of this changes when there is more.
//!
//! Every figure stands beside what the same machine can do at all at the same time, measured in
//! turns with it, so that it says something on a busy machine too.

pub mod figures;
pub mod fill;
pub mod generator;
pub mod limit;
pub mod machine;
pub mod measure;
pub mod panel;
pub mod panels;
pub mod picture;
pub mod recount;
pub mod report;
pub mod site;
pub mod traffic;

use anyhow::{Context, Result};

use fill::Shape;
use measure::Ingest;
use report::{Growth, Path, Report, median, percentile};
use site::{Mode, Site};

/// Panels of an office in which everybody is at work.
const OFFICE: u32 = 100;

/// How much is measured.
#[derive(Debug, Clone)]
pub struct Extent {
    /// How often each figure is taken.
    pub n_runs: usize,
    /// Messages of a run in which they come as quickly as they can.
    pub n_messages: usize,
    /// Messages of a run in which their way is timed.
    pub n_timed: usize,
    /// Numbers of connections among which the one is looked for that delivers most.
    pub connections: &'static [usize],
    /// Panels of a run in which a message's way is timed.
    pub n_panels: usize,
    /// Few panels and many, between which memory is compared.
    pub idle: (usize, usize),
    /// Panels that come back together.
    pub n_returning: usize,
    /// Sizes of stores, in entries, smallest first.
    pub entries: &'static [u32],
    /// Numbers of panels, smallest first.
    pub panels: &'static [u32],
}

impl Extent {
    /// All of it.
    #[must_use]
    pub const fn full() -> Self {
        Self {
            n_runs: 5,
            n_messages: 20_000,
            n_timed: 1_000,
            connections: &[32, 64, 128, 256, 512],
            n_panels: 50,
            idle: (100, 2_000),
            n_returning: 500,
            entries: &[10_000, 1_000_000, 5_000_000],
            panels: &[1, 10, 100, 1_000],
        }
    }

    /// Enough to see that everything can be measured.
    #[must_use]
    pub const fn quick() -> Self {
        Self {
            n_runs: 1,
            n_messages: 5_000,
            n_timed: 400,
            connections: &[128],
            n_panels: 20,
            idle: (20, 220),
            n_returning: 50,
            entries: &[10_000, 200_000],
            panels: &[1, 50],
        }
    }

    /// Messages for a run with so many panels, each of which gets them all.
    fn n_messages_for(&self, n_panels: usize) -> usize {
        (1_000_000 / n_panels.max(1)).clamp(self.n_messages / 10, self.n_messages)
    }

    /// Messages whose way to so many panels is timed: as many frames as a second or two can hold.
    fn n_timed_for(&self, n_panels: usize) -> usize {
        (200_000 / n_panels.max(1)).clamp(self.n_timed / 5, self.n_timed)
    }
}

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Messages a second.
    Ingest,
    /// From webhook to panel.
    Path,
    /// Memory of panels, and their coming back.
    Many,
    /// More entries, more panels.
    Growth,
}

/// Measures these parts and hands each line of progress to `tell`.
///
/// # Errors
/// When something cannot be measured.
pub async fn run(extent: &Extent, parts: &[Part], tell: &dyn Fn(String)) -> Result<Report> {
    machine::allow_many_connections()?;
    let smallest = *extent.entries.first().context("Choosing a size")?;
    let template = Site::make(&Shape::with_entries(smallest)).await?;
    let mut bench = Bench {
        extent,
        template,
        tell,
        report: Report {
            machine: machine::class(),
            n_runs: extent.n_runs,
            ..Report::default()
        },
        n_connections: *extent.connections.first().context("Choosing connections")?,
    };
    if parts.contains(&Part::Ingest) || parts.contains(&Part::Growth) {
        bench.choose_connections().await?;
    }
    for part in parts {
        match part {
            Part::Ingest => bench.ingest().await?,
            Part::Path => bench.path().await?,
            Part::Many => bench.many().await?,
            Part::Growth => bench.growth().await?,
        }
    }
    bench.report.judge();
    Ok(bench.report)
}

struct Bench<'a> {
    extent: &'a Extent,
    /// The smallest store, copied for each run.
    template: Site,
    tell: &'a dyn Fn(String),
    report: Report,
    n_connections: usize,
}

impl Bench<'_> {
    fn tell(&self, line: String) {
        (self.tell)(line);
    }

    async fn ingest_once(&self, mode: Mode, n_connections: usize) -> Result<Ingest> {
        let n_messages = self.extent.n_messages;
        measure::ingest(
            &mut self.template.copy()?,
            mode,
            n_messages,
            n_connections,
            0,
        )
        .await
    }

    /// Finds out how many connections deliver most.
    async fn choose_connections(&mut self) -> Result<()> {
        let mut best = 0.0;
        for n in self.extent.connections {
            let ingest = self.ingest_once(Mode::Whole, *n).await?;
            self.tell(format!(
                "{n} connections: {:.0} messages/s",
                ingest.per_second
            ));
            if ingest.per_second > best {
                (best, self.n_connections) = (ingest.per_second, *n);
            }
        }
        Ok(())
    }

    async fn ingest(&mut self) -> Result<()> {
        let n = self.n_connections;
        let (mut durable, mut sqlite, mut http) = (Vec::new(), Vec::new(), Vec::new());
        for run in 1..=self.extent.n_runs {
            let whole = self.ingest_once(Mode::Whole, n).await?;
            let mut alone = self.template.copy()?;
            let bare = measure::sqlite_limit(&mut alone, whole.commits.clone()).await?;
            let read_only = self.ingest_once(Mode::ReadOnly, n).await?;
            self.tell(format!(
                "ingest {run}: {:.0} messages/s; bare SQLite {bare:.0}, without store {:.0}",
                whole.per_second, read_only.per_second
            ));
            durable.push(whole);
            sqlite.push(bare);
            http.push(read_only.per_second);
        }
        let of = |value: fn(&Ingest) -> f64| median(durable.iter().map(value));
        let (durable_per_s, sqlite, http) =
            (of(|run| run.per_second), median(sqlite), median(http));
        self.report.ingest = report::Ingest {
            durable_per_s,
            sqlite_limit_per_s: sqlite,
            http_limit_per_s: http,
            ratio: durable_per_s / sqlite.min(http),
            n_connections: n,
            messages_per_commit: of(Ingest::messages_per_commit),
            backend_cpu_us: of(|run| run.backend_us),
            generator_cpu_us: of(|run| run.generator_us),
        };
        Ok(())
    }

    async fn path(&mut self) -> Result<()> {
        let (n_messages, n_panels) = (self.extent.n_timed, self.extent.n_panels);
        let (mut whole, mut without) = (Vec::new(), Vec::new());
        for run in 1..=self.extent.n_runs {
            for (mode, runs) in [(Mode::Whole, &mut whole), (Mode::HandedOn, &mut without)] {
                let mut site = self.template.copy()?;
                let took = measure::path(&mut site, mode, n_messages, n_panels).await?;
                let (p50, p99) = (percentile(&took, 50), percentile(&took, 99));
                self.tell(format!(
                    "path {run}, {mode:?}: p50 {p50:.2} ms, p99 {p99:.2} ms"
                ));
                runs.push((p50, p99));
            }
        }
        self.report.path_ms = Path {
            p50: median(whole.iter().map(|run| run.0)),
            p99: median(whole.iter().map(|run| run.1)),
            nostore_p50: median(without.iter().map(|run| run.0)),
            nostore_p99: median(without.iter().map(|run| run.1)),
        };
        Ok(())
    }

    async fn many(&mut self) -> Result<()> {
        let (mut memory, mut resync) = (Vec::new(), Vec::new());
        let (few, many) = self.extent.idle;
        for run in 1..=self.extent.n_runs {
            let kb = measure::memory(&self.template.copy()?, few, many).await?;
            let mut site = self.template.copy()?;
            let n = self.extent.n_returning;
            let seconds = measure::resync(&mut site, n, n).await?;
            self.tell(format!(
                "many {run}: {kb:.1} KB a panel, {n} panels in sync after {seconds:.2} s"
            ));
            memory.push(kb);
            resync.push(seconds);
        }
        self.report.memory_kb_per_panel = median(memory);
        self.report.resync_s = median(resync);
        Ok(())
    }

    async fn growth(&mut self) -> Result<()> {
        let few = *self.extent.panels.first().context("Choosing panels")?;
        let mut points: Vec<(u32, u32)> = Vec::new();
        let mut sites = Vec::new();
        for (index, n) in self.extent.entries.iter().enumerate() {
            points.push((*n, few));
            if index > 0 {
                let begun = machine::now_ns();
                sites.push((*n, Site::make(&Shape::with_entries(*n)).await?));
                let took = machine::seconds_between(begun, machine::now_ns());
                self.tell(format!("growth: {n} entries made in {took:.0} s"));
            }
        }
        let smallest = *self.extent.entries.first().context("Choosing a size")?;
        let more = self.extent.panels.iter().skip(1);
        points.extend(more.map(|panels| (smallest, *panels)));
        // An office at work: for whoever is there a chat that comes back is read.
        points.extend(self.extent.entries.last().map(|n| (*n, OFFICE)));
        let mut measured = vec![Vec::new(); points.len()];
        for run in 1..=self.extent.n_runs {
            for ((n_entries, n_panels), runs) in points.iter().zip(&mut measured) {
                let grown = sites.iter_mut().find(|(n, _)| n == n_entries);
                let at = match grown {
                    Some((_, site)) => self.grown(site, *n_entries, *n_panels).await?,
                    None => {
                        let mut site = self.template.copy()?;
                        self.grown(&mut site, *n_entries, *n_panels).await?
                    }
                };
                self.tell(format!(
                    "growth {run}, {n_entries} entries, {n_panels} panels: {:.0} messages/s; bare \
                     SQLite {:.0}; p50 {:.2} ms, p99 {:.2} ms",
                    at.ingest_per_s, at.sqlite_limit_per_s, at.path_p50_ms, at.path_p99_ms
                ));
                runs.push(at);
            }
        }
        self.report.growth = measured.iter().map(|runs| middle(runs)).collect();
        Ok(())
    }

    async fn grown(&self, site: &mut Site, entries: u32, panels: u32) -> Result<Growth> {
        let n_panels = usize::try_from(panels)?;
        let n_messages = self.extent.n_messages_for(n_panels);
        let ingest =
            measure::ingest(site, Mode::Whole, n_messages, self.n_connections, n_panels).await?;
        let bare = measure::sqlite_limit(site, ingest.commits).await?;
        let n_timed = self.extent.n_timed_for(n_panels);
        let took = measure::path(site, Mode::Whole, n_timed, n_panels).await?;
        Ok(Growth {
            entries,
            panels,
            ingest_per_s: ingest.per_second,
            sqlite_limit_per_s: bare,
            path_p50_ms: percentile(&took, 50),
            path_p99_ms: percentile(&took, 99),
        })
    }
}

impl Ingest {
    fn messages_per_commit(&self) -> f64 {
        let n_commits = u32::try_from(self.commits.len()).unwrap_or(u32::MAX);
        f64::from(self.commits.iter().sum::<u32>()) / f64::from(n_commits.max(1))
    }
}

/// The medians of runs at one point.
fn middle(runs: &[Growth]) -> Growth {
    let of = |value: fn(&Growth) -> f64| median(runs.iter().map(value));
    Growth {
        ingest_per_s: of(|at| at.ingest_per_s),
        sqlite_limit_per_s: of(|at| at.sqlite_limit_per_s),
        path_p50_ms: of(|at| at.path_p50_ms),
        path_p99_ms: of(|at| at.path_p99_ms),
        ..runs.first().cloned().unwrap_or_default()
    }
}

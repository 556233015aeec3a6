//! What was measured: as JSON, as a table, and as a picture of the growth.

use std::fmt;

use serde::Serialize;

/// All figures; medians of the runs.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// What it was measured on.
    pub machine: String,
    /// How often each figure was taken.
    pub n_runs: usize,
    /// Taking messages in.
    pub ingest: Ingest,
    /// From a webhook to a panel.
    pub path_ms: Path,
    /// Memory of an idle panel.
    pub memory_kb_per_panel: f64,
    /// Seconds until all panels are in sync after the backend was away.
    pub resync_s: f64,
    /// How it is with more in the store, and more panels.
    pub growth: Vec<Growth>,
    /// Whether each figure is within its limit.
    pub limits: Vec<Limit>,
}

/// Taking messages in.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Ingest {
    /// Messages a second until each can be read.
    pub durable_per_s: f64,
    /// What a bare loop of SQLite writes.
    pub sqlite_limit_per_s: f64,
    /// What is verified and read without being stored.
    pub http_limit_per_s: f64,
    /// The first beside the smaller of the others.
    pub ratio: f64,
    /// How many connections delivered at once.
    pub n_connections: usize,
    /// How many messages a commit held on average.
    pub messages_per_commit: f64,
    /// The backend's processor time for a message, in microseconds.
    pub backend_cpu_us: f64,
    /// The generator's, which is not part of it.
    pub generator_cpu_us: f64,
}

/// From a webhook to a panel, in milliseconds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Path {
    /// Half of the messages are quicker.
    pub p50: f64,
    /// One of a hundred is slower.
    pub p99: f64,
    /// Half of them without the store.
    pub nostore_p50: f64,
    /// One of a hundred without the store.
    pub nostore_p99: f64,
}

/// The figures with so much in the store and so many panels.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Growth {
    /// Entries in the store.
    pub entries: u32,
    /// Panels that see the queue.
    pub panels: u32,
    /// Messages taken in, each second.
    pub ingest_per_s: f64,
    /// What a bare loop of SQLite writes to the same store.
    pub sqlite_limit_per_s: f64,
    /// Milliseconds from a webhook to a panel for half of the messages.
    pub path_p50_ms: f64,
    /// The same for all but one of a hundred.
    pub path_p99_ms: f64,
}

/// A figure beside its limit.
#[derive(Debug, Clone, Serialize)]
pub struct Limit {
    /// What is limited.
    pub what: &'static str,
    /// The figure.
    pub is: f64,
    /// Its limit.
    pub limit: f64,
    /// Whether it keeps to it.
    pub holds: bool,
}

impl Limit {
    const fn at_least(what: &'static str, is: f64, limit: f64) -> Self {
        let holds = is >= limit;
        Self {
            what,
            is,
            limit,
            holds,
        }
    }

    pub(super) const fn at_most(what: &'static str, is: f64, limit: f64) -> Self {
        let holds = is <= limit;
        Self {
            what,
            is,
            limit,
            holds,
        }
    }
}

/// The value in the middle; 0 of nothing.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The value of `sorted` that `percent` of them do not exceed.
#[must_use]
pub fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

impl Report {
    /// Sets each figure that was measured beside its limit.
    pub fn judge(&mut self) {
        let all = [
            Limit::at_least("ingest beside the smaller limit", self.ingest.ratio, 0.4),
            Limit::at_most(
                "path p99, ms",
                self.path_ms.p99,
                3.0 * self.path_ms.nostore_p99 + 20.0,
            ),
            Limit::at_most("memory of a panel, KB", self.memory_kb_per_panel, 60.0),
            Limit::at_most("all panels in sync, s", self.resync_s, 5.0),
        ];
        let measured = all.into_iter().filter(|limit| limit.is > 0.0);
        self.limits = measured.collect();
        let by_entries = || {
            let panels = self.growth.iter().map(|at| at.panels).min();
            self.growth
                .iter()
                .filter(move |at| Some(at.panels) == panels)
        };
        let smallest = by_entries().min_by_key(|at| at.entries);
        let largest = by_entries().max_by_key(|at| at.entries);
        if let (Some(small), Some(large)) = (smallest, largest)
            && small.entries < large.entries
        {
            self.limits.push(Limit::at_least(
                "ingest of the largest store beside the smallest",
                large.ingest_per_s / small.ingest_per_s,
                0.8,
            ));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ingest, path) = (&self.ingest, &self.path_ms);
        writeln!(f, "{}; medians of {} runs", self.machine, self.n_runs)?;
        if ingest.durable_per_s > 0.0 {
            writeln!(
                f,
                "ingest, messages/s over {} connections",
                ingest.n_connections
            )?;
            writeln!(
                f,
                "    durable                {:>10.0}",
                ingest.durable_per_s
            )?;
            writeln!(
                f,
                "    bare SQLite            {:>10.0}",
                ingest.sqlite_limit_per_s
            )?;
            writeln!(
                f,
                "    without store          {:>10.0}",
                ingest.http_limit_per_s
            )?;
            writeln!(
                f,
                "    messages per commit    {:>10.1}",
                ingest.messages_per_commit
            )?;
            writeln!(
                f,
                "    CPU per message, us    {:>10.0} backend, {:.0} generator",
                ingest.backend_cpu_us, ingest.generator_cpu_us
            )?;
        }
        if path.p99 > 0.0 {
            writeln!(f, "path, ms                          p50        p99")?;
            writeln!(
                f,
                "    whole                  {:>10.2} {:>10.2}",
                path.p50, path.p99
            )?;
            writeln!(
                f,
                "    without store          {:>10.2} {:>10.2}",
                path.nostore_p50, path.nostore_p99
            )?;
        }
        if !self.growth.is_empty() {
            writeln!(
                f,
                "growth       entries  panels   ingest/s bare SQLite   path p50   path p99"
            )?;
        }
        for at in &self.growth {
            writeln!(
                f,
                "    {:>16}  {:>6} {:>10.0} {:>11.0} {:>10.2} {:>10.2}",
                at.entries,
                at.panels,
                at.ingest_per_s,
                at.sqlite_limit_per_s,
                at.path_p50_ms,
                at.path_p99_ms
            )?;
        }
        writeln!(f, "limits")?;
        for limit in &self.limits {
            writeln!(f, "{limit}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.holds { "kept" } else { "MISSED" };
        write!(
            f,
            "    {:<48} {:>8.2}  limit {:>8.2}  {word}",
            self.what, self.is, self.limit
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_value_in_the_middle() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_percentile_is_not_exceeded_by_so_many() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert!((percentile(&values, 99) - 198.0).abs() < f64::EPSILON);
        assert!((percentile(&values, 50) - 100.0).abs() < f64::EPSILON);
    }
}

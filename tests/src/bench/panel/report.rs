//! What was measured of the panel.

use std::fmt;

use serde::Serialize;

use super::super::report::Limit;

/// All figures; medians of the runs. What was not measured is 0.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// What it was measured on.
    pub machine: String,
    /// From which seed the data were made.
    pub seed: u64,
    /// Milliseconds from the start of the process to the lists on the screen.
    pub start_ms: f64,
    /// The same with nothing in the lists.
    pub nodata_ms: f64,
    /// The same of a window with nothing but a word.
    pub empty_window_ms: f64,
    /// Milliseconds from the click on the largest chat, on which the pointer rests, until it is drawn.
    pub open_50k_ms: Opened,
    /// The same for a small chat.
    pub open_50_ms: Opened,
    /// The same for the largest chat without a pointer that has rested on it, as by a key.
    pub open_50k_at_once_ms: Opened,
    /// The same for a small chat.
    pub open_50_at_once_ms: Opened,
    /// Frames of more than 50 ms while somebody scrolls up through the largest chat, to its beginning.
    pub slow_frames: u64,
    /// Frames of that in all.
    pub frames: u64,
    /// Milliseconds of a search.
    pub search_ms: Spread,
    /// The same by a scan of everything in memory.
    pub scan_ms: Spread,
    /// Seconds until everything could be found for the first time.
    pub indexed_s: f64,
    /// Megabytes of all processes after an hour's traffic.
    pub memory_mb: f64,
    /// The same of a window with nothing but a word.
    pub empty_window_mb: f64,
    /// The same of Chromium with the page and a few chats.
    pub chromium_mb: f64,
    /// Seconds of processor time with nothing to do.
    pub idle_cpu_s: Idle,
    /// The same of a hidden window with nothing but a word.
    pub empty_idle_cpu_s: f64,
    /// In how many seconds.
    pub idle_s: u64,
    /// Whether each figure is within its limit.
    pub limits: Vec<Limit>,
}

/// Opening a chat.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Opened {
    /// Half of the times it was quicker.
    pub p50: f64,
    /// One of twenty times it was slower.
    pub p95: f64,
}

/// Searches.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Spread {
    /// Half of them are quicker.
    pub p50: f64,
    /// One of a hundred is slower.
    pub p99: f64,
}

/// Processor time with nothing to do.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Idle {
    /// While the window is minimised.
    pub hidden: f64,
    /// While it is in front.
    pub visible: f64,
}

impl Report {
    /// Sets each figure that was measured beside its limit.
    pub fn judge(&mut self) {
        let mut limits = Vec::new();
        if self.start_ms > 0.0 {
            let limit = self.nodata_ms + 250.0;
            limits.push(Limit::at_most("start, ms", self.start_ms, limit));
        }
        if self.open_50_ms.p50 > 0.0 {
            let [large, small] = [self.open_50k_ms, self.open_50_ms];
            let what = "opening the largest chat, p50, ms";
            limits.push(Limit::at_most(what, large.p50, 1.3 * small.p50));
            let what = "opening the largest chat, p95, ms";
            limits.push(Limit::at_most(what, large.p95, 100.0));
            let [large, small] = [self.open_50k_at_once_ms, self.open_50_at_once_ms];
            let what = "the same at once, p50, ms";
            limits.push(Limit::at_most(what, large.p50, 1.3 * small.p50));
            let what = "the same at once, p95, ms";
            limits.push(Limit::at_most(what, large.p95, 100.0));
        }
        if self.search_ms.p99 > 0.0 {
            limits.push(Limit::at_most("search, p99, ms", self.search_ms.p99, 50.0));
        }
        if self.memory_mb > 0.0 {
            let (empty, browser) = (self.empty_window_mb + 60.0, self.chromium_mb);
            limits.push(Limit::at_most(
                "memory, MB, by an empty window",
                self.memory_mb,
                empty,
            ));
            limits.push(Limit::at_most(
                "memory, MB, by Chromium",
                self.memory_mb,
                browser,
            ));
        }
        if self.idle_s > 0 {
            let Idle { hidden, visible } = self.idle_cpu_s;
            let (hidden, visible) = (self.in_120_s(hidden), self.in_120_s(visible));
            limits.push(Limit::at_most("idle for 120 s, hidden, s", hidden, 0.6));
            limits.push(Limit::at_most("idle for 120 s, visible, s", visible, 0.6));
        }
        self.limits = limits;
    }

    fn in_120_s(&self, used: f64) -> f64 {
        let seconds = u32::try_from(self.idle_s).unwrap_or(u32::MAX);
        used * 120.0 / f64::from(seconds.max(1))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}; seed {}", self.machine, self.seed)?;
        for limit in &self.limits {
            writeln!(f, "{limit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_measured_is_judged() {
        let mut report = Report {
            search_ms: Spread {
                p50: 2.0,
                p99: 51.0,
            },
            ..Report::default()
        };
        report.judge();
        let [limit] = &report.limits[..] else {
            panic!("{:?}", report.limits)
        };
        assert!(!limit.holds);
    }

    #[test]
    fn a_shorter_idle_time_is_measured_by_the_same_limit() {
        let mut report = Report {
            idle_s: 60,
            idle_cpu_s: Idle {
                hidden: 0.2,
                visible: 0.4,
            },
            ..Report::default()
        };
        report.judge();
        let holds: Vec<bool> = report.limits.iter().map(|limit| limit.holds).collect();
        assert_eq!(holds, [true, false]);
    }
}

//! The figures of the panel as pictures, as SVG that needs nothing else.

use std::fmt::Write as _;

use super::report::Report;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 210.0;
const RIGHT: f64 = 90.0;
const BAR: f64 = 22.0;

/// A row of bars with a title.
struct Bars {
    title: &'static str,
    unit: &'static str,
    bars: Vec<Bar>,
}

struct Bar {
    name: &'static str,
    value: f64,
    /// What it may reach, where there is a limit.
    limit: Option<f64>,
}

impl Bar {
    const fn limited(name: &'static str, value: f64, limit: f64) -> Self {
        Self {
            name,
            value,
            limit: Some(limit),
        }
    }

    const fn beside(name: &'static str, value: f64) -> Self {
        Self {
            name,
            value,
            limit: None,
        }
    }
}

/// Draws what was measured; what was not is left out.
#[must_use]
pub fn draw(report: &Report) -> String {
    let mut all = Vec::new();
    if report.start_ms > 0.0 {
        all.push(Bars {
            title: "From the start to the lists on the screen",
            unit: "ms",
            bars: vec![
                Bar::limited("with everything", report.start_ms, report.nodata_ms + 250.0),
                Bar::beside("without data", report.nodata_ms),
                Bar::beside("an empty window", report.empty_window_ms),
            ],
        });
    }
    if report.open_50_ms.p50 > 0.0 {
        let (large, small) = (report.open_50k_ms, report.open_50_ms);
        all.push(Bars {
            title: "Opening a chat",
            unit: "ms",
            bars: vec![
                Bar::limited("the largest, p50", large.p50, 1.3 * small.p50),
                Bar::beside("one of 50 messages, p50", small.p50),
                Bar::limited("the largest, p95", large.p95, 100.0),
                Bar::limited(
                    "the largest at once, p95",
                    report.open_50k_at_once_ms.p95,
                    100.0,
                ),
            ],
        });
    }
    if report.search_ms.p99 > 0.0 {
        all.push(Bars {
            title: "A search",
            unit: "ms",
            bars: vec![
                Bar::limited("p99", report.search_ms.p99, 50.0),
                Bar::beside("p50", report.search_ms.p50),
                Bar::beside("a scan in memory, p50", report.scan_ms.p50),
            ],
        });
    }
    if report.memory_mb > 0.0 {
        let limit = report.chromium_mb.min(report.empty_window_mb + 60.0);
        all.push(Bars {
            title: "Memory of all processes after an hour's traffic",
            unit: "MB",
            bars: vec![
                Bar::limited("the panel", report.memory_mb, limit),
                Bar::beside("an empty window", report.empty_window_mb),
                Bar::beside("Chromium with the page", report.chromium_mb),
            ],
        });
    }
    if report.idle_s > 0 {
        let used = report.idle_cpu_s;
        all.push(Bars {
            title: "Processor time with nothing to do",
            unit: "s",
            bars: vec![
                Bar::limited("hidden", used.hidden, 0.6),
                Bar::limited("visible", used.visible, 0.6),
                Bar::beside("an empty window, hidden", report.empty_idle_cpu_s),
            ],
        });
    }
    let mut body = String::new();
    let mut y = 0.0;
    for bars in &all {
        // Writing into a string cannot fail.
        write!(
            body,
            "<g transform=\"translate(0 {y})\">\n{}</g>\n",
            bars.draw()
        )
        .unwrap_or_default();
        y += bars.height();
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y}\" \
         viewBox=\"0 0 {WIDTH} {y}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

impl Bars {
    fn height(&self) -> f64 {
        self.bars.iter().fold(52.0, |height, _| height + BAR + 6.0)
    }

    fn draw(&self) -> String {
        let reached = self
            .bars
            .iter()
            .map(|bar| bar.limit.unwrap_or(bar.value).max(bar.value));
        let most = reached.fold(f64::MIN_POSITIVE, f64::max);
        let long = |value: f64| value / most * (WIDTH - LEFT - RIGHT);
        let mut svg = format!(
            "<text x=\"16\" y=\"26\" font-weight=\"bold\">{}</text>\n",
            self.title
        );
        let mut y = 38.0;
        for bar in &self.bars {
            let colour = if bar.limit.is_some() {
                "#1a7f5a"
            } else {
                "#9fb8ad"
            };
            let text = y + 15.0;
            // Beside the bar, and clear of its limit.
            let end = bar.limit.unwrap_or(bar.value).max(bar.value);
            writeln!(
                svg,
                "<text x=\"{:.0}\" y=\"{text:.0}\" text-anchor=\"end\">{}</text>\
                 <rect x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{text:.0}\">{} {}</text>",
                LEFT - 8.0,
                bar.name,
                long(bar.value).max(1.0),
                LEFT + long(end) + 6.0,
                figure(bar.value),
                self.unit
            )
            .unwrap_or_default();
            if let Some(limit) = bar.limit {
                writeln!(
                    svg,
                    "<path d=\"M{:.1} {:.0}v{:.0}\" stroke=\"#b3261e\" stroke-dasharray=\"4 3\"/>",
                    LEFT + long(limit),
                    y - 3.0,
                    BAR + 6.0
                )
                .unwrap_or_default();
            }
            y += BAR + 6.0;
        }
        svg
    }
}

fn figure(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_not_drawn() {
        let report = Report {
            memory_mb: 250.0,
            empty_window_mb: 240.0,
            chromium_mb: 320.0,
            ..Report::default()
        };
        let svg = draw(&report);
        assert!(svg.contains("Memory") && svg.contains("320 MB"));
        assert!(!svg.contains("Opening"));
        assert_eq!(
            svg.matches("<path").count(),
            1,
            "only the panel has a limit"
        );
    }
}

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
    bars: Vec<(&'static str, f64)>,
    /// What the first bar may reach, where there is a limit.
    limit: Option<f64>,
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
                ("with everything", report.start_ms),
                ("without data", report.nodata_ms),
                ("an empty window", report.empty_window_ms),
            ],
            limit: Some(report.nodata_ms + 250.0),
        });
    }
    if report.open_50_ms.p50 > 0.0 {
        all.push(Bars {
            title: "Opening a chat",
            unit: "ms",
            bars: vec![
                ("the largest, p50", report.open_50k_ms.p50),
                ("the largest, p95", report.open_50k_ms.p95),
                ("one of 50 messages, p50", report.open_50_ms.p50),
                ("the largest at once, p95", report.open_50k_at_once_ms.p95),
            ],
            limit: Some(1.3 * report.open_50_ms.p50),
        });
    }
    if report.search_ms.p99 > 0.0 {
        all.push(Bars {
            title: "A search",
            unit: "ms",
            bars: vec![
                ("p99", report.search_ms.p99),
                ("p50", report.search_ms.p50),
                ("a scan in memory, p50", report.scan_ms.p50),
            ],
            limit: Some(50.0),
        });
    }
    if report.memory_mb > 0.0 {
        all.push(Bars {
            title: "Memory of all processes after an hour's traffic",
            unit: "MB",
            bars: vec![
                ("the panel", report.memory_mb),
                ("an empty window", report.empty_window_mb),
                ("Chromium with the page", report.chromium_mb),
            ],
            limit: Some(report.chromium_mb.min(report.empty_window_mb + 60.0)),
        });
    }
    if report.idle_s > 0 {
        all.push(Bars {
            title: "Processor time with nothing to do",
            unit: "s",
            bars: vec![
                ("hidden", report.idle_cpu_s.hidden),
                ("visible", report.idle_cpu_s.visible),
                ("an empty window, hidden", report.empty_idle_cpu_s),
            ],
            limit: Some(0.6),
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
        let most = self.bars.iter().map(|bar| bar.1).fold(0.0, f64::max);
        let most = self.limit.map_or(most, |limit| most.max(limit));
        let long = |value: f64| value / most.max(f64::MIN_POSITIVE) * (WIDTH - LEFT - RIGHT);
        let mut svg = format!(
            "<text x=\"16\" y=\"26\" font-weight=\"bold\">{}</text>\n",
            self.title
        );
        let mut y = 38.0;
        for (index, (name, value)) in self.bars.iter().enumerate() {
            let colour = if index == 0 { "#1a7f5a" } else { "#9fb8ad" };
            writeln!(
                svg,
                "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{name}</text>\
                 <rect x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{:.0}\">{} {}</text>",
                LEFT - 8.0,
                y + 15.0,
                long(*value).max(1.0),
                LEFT + long(*value) + 6.0,
                y + 15.0,
                figure(*value),
                self.unit
            )
            .unwrap_or_default();
            y += BAR + 6.0;
        }
        if let Some(limit) = self.limit {
            let x = LEFT + long(limit);
            writeln!(
                svg,
                "<path d=\"M{x:.1} 34V{:.0}\" stroke=\"#b3261e\" stroke-dasharray=\"4 3\"/>",
                y - 2.0
            )
            .unwrap_or_default();
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
    }
}

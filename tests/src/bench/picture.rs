//! The picture of the growth: four curves in two columns, as SVG that needs nothing else.

use std::fmt::Write as _;

use super::report::{Growth, Report};

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 36.0;

/// A curve: its title and its points, each with what stands below it.
struct Curve {
    title: &'static str,
    points: Vec<(f64, String, f64)>,
    /// What bare SQLite does at the same points, if that was measured.
    rival: Vec<(f64, String, f64)>,
}

/// Draws the growth.
#[must_use]
pub fn draw(report: &Report) -> String {
    let fewest_panels = report.growth.iter().map(|at| at.panels).min();
    let fewest_entries = report.growth.iter().map(|at| at.entries).min();
    let by_entries = |value: fn(&Growth) -> f64| {
        let points = report.growth.iter();
        let points = points.filter(|at| Some(at.panels) == fewest_panels);
        points
            .map(|at| (log(at.entries), short(at.entries), value(at)))
            .collect()
    };
    let by_panels = |value: fn(&Growth) -> f64| {
        let points = report.growth.iter();
        let points = points.filter(|at| Some(at.entries) == fewest_entries);
        points
            .map(|at| (log(at.panels), short(at.panels), value(at)))
            .collect()
    };
    let curves = [
        Curve {
            title: "Messages a second by entries (dashed: bare SQLite)",
            points: by_entries(|at| at.ingest_per_s),
            rival: by_entries(|at| at.sqlite_limit_per_s),
        },
        Curve {
            title: "Messages a second by panels",
            points: by_panels(|at| at.ingest_per_s),
            rival: Vec::new(),
        },
        Curve {
            title: "Webhook to panel, p99 in ms, by entries in the store",
            points: by_entries(|at| at.path_p99_ms),
            rival: Vec::new(),
        },
        Curve {
            title: "Webhook to panel, p99 in ms, by panels",
            points: by_panels(|at| at.path_p99_ms),
            rival: Vec::new(),
        },
    ];
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" \
         viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        WIDTH * 2.0,
        HEIGHT * 2.0
    );
    let places = [(0.0, 0.0), (WIDTH, 0.0), (0.0, HEIGHT), (WIDTH, HEIGHT)];
    for (curve, (x, y)) in curves.iter().zip(places) {
        // Writing into a string cannot fail.
        write!(
            svg,
            "<g transform=\"translate({x} {y})\">\n{}</g>\n",
            curve.draw()
        )
        .unwrap_or_default();
    }
    svg.push_str("</svg>\n");
    svg
}

impl Curve {
    fn draw(&self) -> String {
        let all = self.points.iter().chain(&self.rival);
        let most = all.map(|point| point.2).fold(0.0, f64::max);
        let top = round_up(most);
        let first = self.points.first().map_or(0.0, |point| point.0);
        let last = self.points.last().map_or(1.0, |point| point.0);
        let x = |value: f64| {
            let share = (value - first) / (last - first).max(f64::MIN_POSITIVE);
            LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
        };
        let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
        let mut svg = format!(
            "<text x=\"{LEFT}\" y=\"{:.0}\" font-weight=\"bold\">{}</text>\n",
            TOP - 18.0,
            self.title
        );
        for share in [0.0, 0.5, 1.0] {
            let (value, y) = (top * share, y(top * share));
            writeln!(
                svg,
                "<path d=\"M{LEFT} {y:.1}H{:.0}\" stroke=\"#d8d8d8\"/>\
                 <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{value}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0
            )
            .unwrap_or_default();
        }
        let way = |points: &[(f64, String, f64)]| {
            let mut way = String::new();
            for (at, _, value) in points {
                let word = if way.is_empty() { 'M' } else { 'L' };
                write!(way, "{word}{:.1} {:.1}", x(*at), y(*value)).unwrap_or_default();
            }
            way
        };
        for (at, label, value) in &self.points {
            let (x, y) = (x(*at), y(*value));
            writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"#1a7f5a\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
                 <text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#555\">{label}</text>",
                y - 8.0,
                figure(*value),
                HEIGHT - BOTTOM + 16.0
            )
            .unwrap_or_default();
        }
        writeln!(
            svg,
            "<path d=\"{}\" fill=\"none\" stroke=\"#888\" stroke-dasharray=\"5 4\"/>\
             <path d=\"{}\" fill=\"none\" stroke=\"#1a7f5a\" stroke-width=\"2\"/>",
            way(&self.rival),
            way(&self.points)
        )
        .unwrap_or_default();
        svg
    }
}

fn log(n: u32) -> f64 {
    f64::from(n).ln()
}

/// A round number that is not less.
fn round_up(value: f64) -> f64 {
    let unit = 10_f64.powf(value.max(0.1).log10().floor());
    (value.max(0.1) / unit).ceil() * unit
}

fn figure(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// `5000000` as `5 M`.
fn short(n: u32) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{} k", n / 1_000),
        _ => format!("{} M", n / 1_000_000),
    }
}

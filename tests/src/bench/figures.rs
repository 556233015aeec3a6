//! The bench of the figures for supervisors: how long the backend takes to tell them over REST, with
//! a year of entries in its store, and whether they are what a plain recount finds.

use std::fmt;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use pult_domain::{ChannelId, OperatorId};
use pult_protocol::{FiguresQuery, ServiceFigures};
use serde::Serialize;

use super::fill::Shape;
use super::machine;
use super::recount::Recount;
use super::report::median;
use super::site::{Mode, Served, Site};

/// Milliseconds that the figures may take at the median.
const LIMIT_MS: f64 = 300.0;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Entries in the store.
    pub n_entries: u32,
    /// How often each question is asked.
    pub n_runs: usize,
}

impl Extent {
    /// All of it.
    #[must_use]
    pub const fn full() -> Self {
        Self {
            n_entries: 1_000_000,
            n_runs: 31,
        }
    }

    /// Enough to see that everything can be measured.
    #[must_use]
    pub const fn quick() -> Self {
        Self {
            n_entries: 100_000,
            n_runs: 5,
        }
    }
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What it was measured on.
    pub machine: String,
    /// How many entries the store had.
    pub n_entries: u32,
    /// How many things in them the figures count.
    pub n_counted: usize,
    /// Seconds that the backend took to start with a store of which nothing was counted yet.
    pub first_start_s: f64,
    /// Seconds that it took to start the next time.
    pub next_start_s: f64,
    /// Bytes of the store, and of what was counted in it.
    pub file_bytes: u64,
    /// See there.
    pub counted_bytes: u64,
    /// Each question, in the order in which they were asked.
    pub questions: Vec<Asked>,
}

/// A question, and how long its answer took.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// What was asked for.
    pub what: &'static str,
    /// How many messages of clients it is about.
    pub n_messages: u32,
    /// Milliseconds for half of the answers.
    pub median_ms: f64,
    /// Milliseconds for nine of ten.
    pub p90_ms: f64,
    /// Whether the median is within the limit.
    pub holds: bool,
}

/// Measures, and hands each line of progress to `tell`.
///
/// # Errors
/// When something cannot be measured, and when a figure differs from a plain recount.
pub async fn run(extent: Extent, tell: &dyn Fn(String)) -> Result<Report> {
    // Other parts may have chosen it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let shape = Shape::of_talks(extent.n_entries);
    let mut site = Site::make(&shape).await?;
    site.is_supervised()?;
    tell(format!("{} entries made", extent.n_entries));
    let token = site.sessions(1)?.pop().context("Beginning a session")?;
    let (first_start_s, served) = started(&site).await?;
    served.stop().await?;
    let (next_start_s, served) = started(&site).await?;
    tell(format!(
        "what was there was counted while the backend started, in {first_start_s:.1} s; \
         without, it starts in {next_start_s:.1} s"
    ));
    let recount = site.ask(|file| Ok(Recount::of(file)))??;
    let (channel, operator) = site.ask(|file| {
        let one = |sql| file.query_row(sql, (), |row| row.get(0));
        let channel = ChannelId(one("SELECT id FROM channels")?);
        Ok((
            channel,
            OperatorId(one("SELECT id FROM operators WHERE key = 7")?),
        ))
    })?;
    let asking = Asking {
        http: reqwest::Client::builder().no_proxy().build()?,
        url: format!("http://{}/api/v1/figures", served.target),
        token,
        n_runs: extent.n_runs,
        recount,
    };
    let mut questions = Vec::new();
    for (what, query) in questions_of(channel, operator)? {
        let asked = asking.ask(what, &query).await;
        let asked = asked.with_context(|| format!("Asking for {what}"))?;
        tell(format!(
            "{what}: median {:.1} ms, p90 {:.1} ms, equal to the recount",
            asked.median_ms, asked.p90_ms
        ));
        questions.push(asked);
    }
    served.stop().await?;
    let counted_bytes = site.ask(|file| {
        let sql = "SELECT coalesce(sum(length(events)), 0) FROM counted";
        file.query_row(sql, (), |row| row.get::<_, i64>(0))
    })?;
    Ok(Report {
        machine: machine::class(),
        n_entries: extent.n_entries,
        n_counted: asking.recount.n(),
        first_start_s,
        next_start_s,
        file_bytes: std::fs::metadata(site.file())?.len(),
        counted_bytes: u64::try_from(counted_bytes)?,
        questions,
    })
}

async fn started(site: &Site) -> Result<(f64, Served)> {
    let begun = Instant::now();
    let served = site.serve(Mode::Whole, "127.0.0.1:0").await?;
    Ok((begun.elapsed().as_secs_f64(), served))
}

/// What supervisors ask for, and the most that can be asked for.
fn questions_of(
    channel: ChannelId,
    operator: OperatorId,
) -> Result<Vec<(&'static str, FiguresQuery)>> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let query = |from: Date, to: Date, zone: &str| FiguresQuery {
        from: from.to_string(),
        to: to.to_string(),
        zone: zone.to_owned(),
        channel_id: None,
        operator_id: None,
        within_s: Some(300),
    };
    let ago = |days: i64| today.checked_sub(days.days());
    // A day more at the end: it has begun already where the clocks are ahead.
    let all = query(ago(398)?, today.tomorrow()?, "Europe/Moscow");
    Ok(vec![
        ("today", query(today, today, "Europe/Moscow")),
        ("yesterday", query(ago(1)?, ago(1)?, "Europe/Moscow")),
        ("7 days", query(ago(6)?, today, "Europe/Moscow")),
        ("30 days", query(ago(29)?, today, "Europe/Moscow")),
        ("everything", all.clone()),
        (
            "everything, where clocks are changed",
            FiguresQuery {
                zone: "Europe/Berlin".to_owned(),
                ..all.clone()
            },
        ),
        (
            "everything on a channel",
            FiguresQuery {
                channel_id: Some(channel),
                ..all.clone()
            },
        ),
        (
            "everything of an operator",
            FiguresQuery {
                operator_id: Some(operator),
                ..all
            },
        ),
    ])
}

struct Asking {
    http: reqwest::Client,
    url: String,
    token: String,
    n_runs: usize,
    recount: Recount,
}

impl Asking {
    async fn ask(&self, what: &'static str, query: &FiguresQuery) -> Result<Asked> {
        let mut took = Vec::with_capacity(self.n_runs);
        let mut told = None;
        for _ in 0..self.n_runs {
            let request = self.http.get(&self.url).query(query);
            let begun = Instant::now();
            let answer = request.bearer_auth(&self.token).send().await?;
            let answer = answer.error_for_status()?.bytes().await?;
            took.push(begun.elapsed().as_secs_f64() * 1000.0);
            let figures: ServiceFigures = serde_json::from_slice(&answer)?;
            if let Some(before) = told.replace(figures) {
                ensure!(
                    told.as_ref() == Some(&before),
                    "nothing has changed meanwhile"
                );
            }
        }
        let told = told.context("Asking at least once")?;
        let recounted = self.recount.figures(query)?;
        ensure!(
            told == recounted,
            "a plain recount finds something else: {:?} and not {:?}",
            recounted.total,
            told.total
        );
        let median_ms = median(took.iter().copied());
        took.sort_by(f64::total_cmp);
        let p90 = (took.len() * 9).div_ceil(10).saturating_sub(1);
        Ok(Asked {
            what,
            n_messages: told.total.n_messages,
            median_ms,
            p90_ms: took.get(p90).copied().unwrap_or_default(),
            holds: median_ms <= LIMIT_MS,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        writeln!(
            f,
            "{} entries, in which {} things are counted: {} of {} bytes",
            self.n_entries, self.n_counted, self.counted_bytes, self.file_bytes
        )?;
        for asked in &self.questions {
            writeln!(
                f,
                "{:<38} {:>7} messages  median {:>6.1} ms  p90 {:>6.1} ms  limit {LIMIT_MS} ms: {}",
                asked.what,
                asked.n_messages,
                asked.median_ms,
                asked.p90_ms,
                if asked.holds { "kept" } else { "missed" }
            )?;
        }
        Ok(())
    }
}

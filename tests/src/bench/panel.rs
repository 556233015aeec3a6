//! The bench of the panel: how soon it is there, how it carries a great deal, and what it costs, beside a
//! window with nothing in it and beside a browser that shows the same page.

pub mod held;
pub mod picture;
pub mod processes;
pub mod report;
pub mod screen;
pub mod search;
pub mod windows;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use jiff::Timestamp;
use pult_panel::view::HistoryKept;

use crate::office::{Office, Operator};
use crate::panels::Seat;

use self::held::{Chats, Size};
use self::report::{Opened, Report};
use self::windows::{Driven, Opens, Windows};

use super::machine;
use super::report::{median, percentile};

pub use self::picture::draw;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Of which size is what the panel holds.
    pub size: Size,
    /// How often each window is started.
    pub n_starts: usize,
    /// How often each chat is opened.
    pub n_opens: usize,
    /// How often each query is asked.
    pub n_searches: usize,
    /// How often memory is measured.
    pub n_memory: usize,
    /// Messages of clients in the traffic of an hour; every other one is answered.
    pub n_messages: usize,
    /// How often, and for how many seconds, a window has nothing to do.
    pub n_idle: usize,
    /// See there.
    pub idle_s: u64,
}

impl Extent {
    /// All of it.
    #[must_use]
    pub const fn full() -> Self {
        Self {
            size: Size {
                n_chats: 100_000,
                n_listed: 1_000,
                n_entries: 1_000_000,
                n_large: 50_000,
            },
            n_starts: 15,
            n_opens: 40,
            n_searches: 5,
            n_memory: 3,
            n_messages: 1_200,
            n_idle: 3,
            idle_s: 120,
        }
    }

    /// Enough to see that everything can be measured.
    #[must_use]
    pub const fn quick() -> Self {
        Self {
            size: Size {
                n_chats: 3_000,
                n_listed: 300,
                n_entries: 30_000,
                n_large: 2_000,
            },
            n_starts: 2,
            n_opens: 5,
            n_searches: 1,
            n_memory: 1,
            n_messages: 60,
            n_idle: 1,
            idle_s: 10,
        }
    }
}

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Finding.
    Search,
    /// From the start to the lists on the screen.
    Start,
    /// Opening a chat, and scrolling up through the largest.
    Open,
    /// Memory after an hour's traffic.
    Memory,
    /// Processor time with nothing to do.
    Idle,
}

/// Measures these parts and hands each line of progress to `tell`.
///
/// # Errors
/// When something cannot be measured, and when the search finds something else than a scan.
pub async fn run(
    extent: &Extent,
    seed: u64,
    parts: &[Part],
    tell: &dyn Fn(String),
) -> Result<Report> {
    let office = Office::open().await?;
    let operator = office.operator("bench", "Анна Примерова").await?;
    let mut bench = Bench {
        extent,
        tell,
        full: office.panel_dir("full"),
        twin: office.panel_dir("twin"),
        bare: office.panel_dir("bare"),
        answers: office.panel_dir("answers"),
        operator,
        office,
        report: Report {
            machine: machine::class(),
            seed,
            ..Report::default()
        },
    };
    let chats = bench.fill(seed, parts).await?;
    for part in parts {
        match part {
            // While it was filled.
            Part::Search => {}
            Part::Start => bench.start().await?,
            Part::Open => bench.open(chats).await?,
            Part::Memory => bench.memory(chats).await?,
            Part::Idle => bench.idle().await?,
        }
    }
    bench.report.judge();
    Ok(bench.report)
}

struct Bench<'a> {
    extent: &'a Extent,
    tell: &'a dyn Fn(String),
    office: Office,
    operator: Operator,
    /// The data folders: with everything, the same once more, with nothing, and that of the device from
    /// which clients are answered.
    full: PathBuf,
    twin: PathBuf,
    bare: PathBuf,
    answers: PathBuf,
    report: Report,
}

impl Bench<'_> {
    fn tell(&self, line: String) {
        (self.tell)(line);
    }

    /// Signs in everywhere, fills what is to be full, and searches through it.
    async fn fill(&mut self, seed: u64, parts: &[Part]) -> Result<Chats> {
        for dir in [&self.full, &self.twin, &self.bare, &self.answers] {
            let seat = Seat::take(&self.operator, self.office.address(), dir).await?;
            seat.is_live().await?;
            // Nothing is too old for the bench, nor too much.
            let kept = HistoryKept {
                closed_days: None,
                max_mb: None,
            };
            seat.panel.keep_history(kept).await?;
            seat.leave().await;
        }
        let now = Timestamp::now().as_millisecond();
        let (dir, me, size) = (self.full.clone(), self.operator.id, self.extent.size);
        let begun = Instant::now();
        let filled = move || held::fill(&dir, me, size, seed, now);
        let chats = tokio::task::spawn_blocking(filled).await??;
        let made_s = begun.elapsed().as_secs_f64();
        self.tell(format!(
            "{} chats with {} entries made in {made_s:.0} s",
            size.n_chats, size.n_entries
        ));

        let seat = Seat::return_to(&self.operator, &self.full).await?;
        self.report.indexed_s = search::everything_is_indexed(&seat.panel).await?;
        self.tell(format!(
            "all of it can be found after {:.0} s",
            self.report.indexed_s
        ));
        if parts.contains(&Part::Search) {
            self.search(&seat, now).await?;
        }
        seat.leave().await;
        copy_cache(&self.full, &self.twin)?;
        Ok(chats)
    }

    async fn search(&mut self, seat: &Seat, now: i64) -> Result<()> {
        let queries = search::queries(now)?;
        let mut index_ms = search::by_index(&seat.panel, &queries, self.extent.n_searches).await?;
        let slowest = index_ms
            .iter()
            .zip(&queries)
            .max_by(|one, other| one.0.total_cmp(other.0));
        let slowest = slowest.map(|(_, query)| query.text.clone());
        index_ms.sort_by(f64::total_cmp);
        self.report.search_ms = spread(&index_ms);
        self.tell(format!(
            "search: p50 {:.1} ms, p99 {:.1} ms, the slowest {:.1} ms for {:?}",
            self.report.search_ms.p50,
            self.report.search_ms.p99,
            index_ms.last().copied().unwrap_or_default(),
            slowest.unwrap_or_default(),
        ));
        let mut scanned = search::by_scan(&seat.panel, &queries).await?;
        scanned.took_ms.sort_by(f64::total_cmp);
        self.report.scan_ms = spread(&scanned.took_ms);
        self.tell(format!(
            "a scan in memory: p50 {:.0} ms, p99 {:.0} ms; all {} answers are equal, {} found something",
            self.report.scan_ms.p50,
            self.report.scan_ms.p99,
            queries.len(),
            scanned.n_met,
        ));
        Ok(())
    }

    async fn start(&mut self) -> Result<()> {
        let windows = Windows::open(self.office.dir())?;
        // At the second start a window is where it stays; how it looks then is what is waited for.
        windows.reference(windows.panel(&self.full, &[])?).await?;
        windows.reference(windows.panel(&self.bare, &[])?).await?;
        let full = windows.reference(windows.panel(&self.full, &[])?).await?;
        let bare = windows.reference(windows.panel(&self.bare, &[])?).await?;
        let empty = windows.reference(windows.empty()?).await?;
        let (mut with, mut without, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
        for run in 1..=self.extent.n_starts {
            let ms = [
                windows
                    .start(|| windows.panel(&self.full, &[]), &full)
                    .await?,
                windows
                    .start(|| windows.panel(&self.bare, &[]), &bare)
                    .await?,
                windows.start(|| windows.empty(), &empty).await?,
            ];
            self.tell(format!(
                "start {run}: {:.0} ms, without data {:.0} ms, an empty window {:.0} ms",
                ms[0], ms[1], ms[2]
            ));
            with.push(ms[0]);
            without.push(ms[1]);
            nothing.push(ms[2]);
        }
        self.report.start_ms = median(with);
        self.report.nodata_ms = median(without);
        self.report.empty_window_ms = median(nothing);
        Ok(())
    }

    async fn open(&mut self, chats: Chats) -> Result<()> {
        let windows = Windows::open(self.office.dir())?;
        let driven = windows.driven(&self.full).await?;
        let pointed = self.opens(&driven, chats, Opens::Pointed).await?;
        let at_once = self.opens(&driven, chats, Opens::AtOnce).await?;
        let report = &mut self.report;
        [report.open_50k_ms, report.open_50_ms] = pointed;
        [report.open_50k_at_once_ms, report.open_50_at_once_ms] = at_once;
        let scrolled = driven.scrolls_up(chats.large).await?;
        self.report.slow_frames = scrolled.n_slow;
        self.report.frames = scrolled.n_frames;
        self.tell(format!(
            "scroll: {} of {} frames took more than 50 ms, the longest {:.0} ms, in {:.0} s",
            scrolled.n_slow, scrolled.n_frames, scrolled.longest_ms, scrolled.seconds
        ));
        driven.ends().await
    }

    /// Opens the largest chat and a small one in turns.
    async fn opens(&self, driven: &Driven, chats: Chats, how: Opens) -> Result<[Opened; 2]> {
        let (mut large, mut small) = (Vec::new(), Vec::new());
        for run in 0..self.extent.n_opens {
            driven.begins_anew(chats).await?;
            // Whoever comes first may pay for both.
            let mut both = [
                (chats.large, self.extent.size.n_large, &mut large),
                (chats.small, held::SMALL, &mut small),
            ];
            if run % 2 == 1 {
                both.reverse();
            }
            for (chat, newest, took) in both {
                took.push(driven.opens(chat, newest, how).await?);
            }
        }
        let [large, small] = [large, small].map(|mut took| {
            took.sort_by(f64::total_cmp);
            Opened {
                p50: percentile(&took, 50),
                p95: percentile(&took, 95),
            }
        });
        self.tell(format!(
            "open, {}: {} messages p50 {:.0} ms, p95 {:.0} ms; {} messages p50 {:.0} ms, p95 {:.0} ms",
            match how {
                Opens::Pointed => "pointed at",
                Opens::AtOnce => "at once",
            },
            self.extent.size.n_large,
            large.p50,
            large.p95,
            held::SMALL,
            small.p50,
            small.p95,
        ));
        Ok([large, small])
    }

    async fn memory(&mut self, chats: Chats) -> Result<()> {
        let windows = Windows::open(self.office.dir())?;
        let (mut panel, mut empty, mut browser) = (Vec::new(), Vec::new(), Vec::new());
        for run in 1..=self.extent.n_memory {
            let link = format!("pult://chat/{}", chats.large);
            let window = windows.shown(windows.panel(&self.full, &[&link])?)?;
            let begun = Instant::now();
            self.traffic(run).await?;
            let took = begun.elapsed().as_secs_f64();
            let mb = [
                windows.memory(window).await?,
                windows.memory(windows.shown(windows.empty()?)?).await?,
                windows
                    .memory(windows.shown(windows.browser(run)?)?)
                    .await?,
            ];
            self.tell(format!(
                "memory {run}: {:.0} MB after an hour's traffic in {took:.0} s, an empty window {:.0} MB, \
                 Chromium {:.0} MB",
                mb[0], mb[1], mb[2]
            ));
            panel.push(mb[0]);
            empty.push(mb[1]);
            browser.push(mb[2]);
        }
        self.report.memory_mb = median(panel);
        self.report.empty_window_mb = median(empty);
        self.report.chromium_mb = median(browser);
        Ok(())
    }

    /// Clients write, and on another device the same operator answers every other message.
    async fn traffic(&self, run: usize) -> Result<()> {
        const N_CLIENTS: usize = 40;
        let phones = &self.office.phones;
        let seat = Seat::return_to(&self.operator, &self.answers).await?;
        seat.is_live().await?;
        let mut talks = Vec::new();
        for n in 0..N_CLIENTS {
            let name = format!("Клиент {run}-{n}");
            let phone = phones
                .client(&format!("7999{run:03}{n:04}"), &name, true)
                .await?;
            phone.write("Здравствуйте, есть ли диван?").await?;
            let chat_id = seat.sees_queued(&name).await?;
            seat.replies(chat_id, "Есть, привезём завтра.").await?;
            talks.push((phone, chat_id));
        }
        for n in N_CLIENTS..self.extent.n_messages {
            let talk = talks.get(n % N_CLIENTS);
            let (phone, chat_id) = talk.context("Choosing a talk")?;
            phone
                .write(&format!("Вопрос номер {n}: сколько стоит?"))
                .await?;
            if n % 2 == 0 {
                seat.replies(*chat_id, &format!("Ответ номер {n}.")).await?;
            }
        }
        phones.idle().await?;
        seat.is_live().await?;
        seat.leave().await;
        Ok(())
    }

    async fn idle(&mut self) -> Result<()> {
        let windows = Windows::open(self.office.dir())?;
        let (mut hidden, mut visible, mut empty) = (Vec::new(), Vec::new(), Vec::new());
        for run in 1..=self.extent.n_idle {
            let away = windows.shown(windows.panel(&self.twin, &[])?)?;
            windows.minimises(&away).await?;
            let bare = windows.shown(windows.empty()?)?;
            windows.minimises(&bare).await?;
            let seen = windows.shown(windows.panel(&self.full, &[])?)?;
            let all = [&away, &seen, &bare];
            let used = windows.idle(all, self.extent.idle_s).await?;
            self.tell(format!(
                "idle {run}: in {} s {:.2} s of processor time hidden, {:.2} s visible; an empty window, \
                 hidden, {:.2} s",
                self.extent.idle_s, used[0], used[1], used[2]
            ));
            hidden.push(used[0]);
            visible.push(used[1]);
            empty.push(used[2]);
            for window in [away, seen, bare] {
                window.ends().await?;
            }
        }
        self.report.idle_s = self.extent.idle_s;
        self.report.idle_cpu_s = report::Idle {
            hidden: median(hidden),
            visible: median(visible),
        };
        self.report.empty_idle_cpu_s = median(empty);
        Ok(())
    }
}

fn spread(sorted: &[f64]) -> report::Spread {
    report::Spread {
        p50: percentile(sorted, 50),
        p99: percentile(sorted, 99),
    }
}

/// Gives the panel of one data folder what that of another holds: both are the same operator's at the
/// same address.
fn copy_cache(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(held::cache_of(from)?, held::cache_of(to)?).context("Copying the cache")?;
    Ok(())
}

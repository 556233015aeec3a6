//! How the backend dies: killed at any moment, or by itself at a point that it passes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::LOOK;
use crate::prove::progress;
use crate::prove::stage::Stage;

/// How the backend is told where to die.
const DIE: &str = "PULT_TRIALS_DIE";

/// How long the backend may live on before it passes the point at which it is to die.
const LIFE: Duration = Duration::from_secs(10);

/// How long something to do is waited for before the backend is killed without.
const IDLE: Duration = Duration::from_secs(5);

/// Of a hundred deaths so many may have come when there was nothing to do.
const MAX_IDLE_PERCENT: u64 = 10;

/// Points at which the backend can die, and the how-manieth time after its start it may be told to.
const POINTS: [(&str, RangeInclusive<u64>); 5] = [
    ("after_journal", 1..=40),
    ("before_commit", 1..=16),
    ("after_commit", 1..=16),
    ("post_left", 1..=2),
    ("answer_came", 1..=2),
];

/// Why the backend dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It is killed.
    Kill,
    /// It passes a point for the so-manieth time.
    Point(&'static str, u64),
}

/// How often, and with how much under way.
#[derive(Debug, Default, Serialize)]
pub(super) struct Deaths {
    total: u64,
    /// By cause.
    by: BTreeMap<&'static str, u64>,
    /// Those for which nothing was under way, and which prove nothing.
    idle: u64,
    /// Events, commands and sendings that were under way, over all deaths.
    under_way: u64,
    /// The fewest of them at one death.
    under_way_least: u64,
    /// Messages that were being sent and had been noted as leaving.
    cut_off_departed: u64,
    /// Messages that were to be sent and had not left.
    cut_off_before: u64,
}

/// A message that was being sent when the backend died.
#[derive(Debug, Clone, Copy)]
pub(super) struct CutOff {
    /// Which, inside the store.
    pub(super) delivery: i64,
    /// Whether its departure was noted: nobody can know whether it has left, then.
    pub(super) has_departed: bool,
}

impl Cause {
    /// Draws causes, half of them points. The first life is not armed.
    pub(super) fn draw(n: usize, chance: &mut StdRng) -> Vec<Self> {
        let mut points = POINTS;
        points.shuffle(chance);
        let mut points = points.iter().cycle();
        (0..n)
            .map(|idx| match (idx % 2, points.next()) {
                (1, Some((point, times))) => Self::Point(point, chance.random_range(times.clone())),
                _ => Self::Kill,
            })
            .collect()
    }

    /// Makes the next life of the backend end this way.
    pub(super) async fn is_armed(self, stage: &mut Stage, chance: &mut StdRng) -> Result<()> {
        let Self::Point(point, n) = self else {
            Self::disarm(stage);
            return Ok(());
        };
        let envs = stage.office.backend_envs();
        envs.insert(DIE.to_owned(), format!("{point}:{n}"));
        if point == "post_left" {
            // Answers that are long in coming: the request has left, and that is all.
            let slow = [300, 500, 700].choose(chance).copied().unwrap_or(500);
            let slow = json!({ "times": 4, "delay_ms": slow });
            let phones = &stage.office.phones;
            phones.control(Method::DELETE, "faults/sends", None).await?;
            phones
                .control(Method::POST, "faults/sends", Some(slow))
                .await?;
        }
        Ok(())
    }

    /// Lets the next life of the backend go on for ever.
    pub(super) fn disarm(stage: &mut Stage) {
        stage.office.backend_envs().remove(DIE);
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Kill => "killed",
            Self::Point(point, _) => point,
        }
    }
}

impl Deaths {
    /// Whether enough of them cut something off.
    pub(super) fn were_worth_it(&self) -> Result<()> {
        ensure!(
            self.idle * 100 <= self.total * MAX_IDLE_PERCENT,
            "{} of {} deaths came when nothing was under way: this proves nothing",
            self.idle,
            self.total
        );
        Ok(())
    }

    /// Waits for the backend's death, or brings it about. Gives the messages that it cut off.
    pub(super) async fn happens(
        &mut self,
        stage: &mut Stage,
        cause: Cause,
        run: u64,
        chance: &mut StdRng,
    ) -> Result<Vec<CutOff>> {
        let dies_by_itself = match cause {
            Cause::Kill => {
                sleep(Duration::from_millis(chance.random_range(50..600))).await;
                false
            }
            Cause::Point(..) => stage.office.dies_within(LIFE).await?,
        };
        let (cause, n_under_way) = if dies_by_itself {
            // The point lies within work, whatever else there is.
            (cause, stage.office.phones.outstanding().await?.max(1))
        } else {
            (Cause::Kill, kill_at_work(stage).await?)
        };
        progress(&format!(
            "crash: run {run}: died ({}) with {n_under_way} under way",
            cause.name()
        ));
        if n_under_way == 0 {
            self.idle += 1;
        } else if self.under_way_least == 0 || n_under_way < self.under_way_least {
            self.under_way_least = n_under_way;
        }
        self.total += 1;
        self.under_way += n_under_way;
        *self.by.entry(cause.name()).or_default() += 1;
        let cut_off = cut_off(stage)?;
        let n_departed = cut_off.iter().filter(|one| one.has_departed).count() as u64;
        self.cut_off_departed += n_departed;
        self.cut_off_before += cut_off.len() as u64 - n_departed;
        Ok(cut_off)
    }
}

/// Kills the backend as soon as WhatsApp waits for it, and tells for how much. After a while it is
/// killed all the same, for nothing.
async fn kill_at_work(stage: &mut Stage) -> Result<u64> {
    let end = Instant::now() + IDLE;
    let mut n = stage.office.phones.outstanding().await?;
    while n == 0 && Instant::now() < end {
        sleep(LOOK).await;
        n = stage.office.phones.outstanding().await?;
    }
    stage.office.kill().await?;
    Ok(n)
}

/// The messages that were being sent, as the dead backend has left it in its folder.
fn cut_off(stage: &Stage) -> Result<Vec<CutOff>> {
    let dir = stage.office.dir().join("backend");
    let file =
        Connection::open_with_flags(dir.join("pult.sqlite"), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let file = file.context("Opening the store's file")?;
    let mut sending = file.prepare("SELECT entry FROM deliveries WHERE state = 'sending'")?;
    let notes = std::fs::read_to_string(dir.join("departures")).context("Reading departures")?;
    let departed: BTreeSet<i64> = notes.lines().filter_map(|line| line.parse().ok()).collect();
    let cut_off = sending.query_map((), |row| {
        let delivery = row.get(0)?;
        Ok(CutOff {
            delivery,
            has_departed: departed.contains(&delivery),
        })
    })?;
    Ok(cut_off.collect::<Result<_, _>>()?)
}

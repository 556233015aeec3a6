//! The figures for supervisors: what came in, how long clients waited, what was closed, in all, by
//! day, by hour of the day and by operator. Everything that was counted in the period is gone
//! through once; nothing is estimated.

use std::collections::BTreeMap;

use pult_domain::{ChannelId, OperatorId, Timestamp};
use pult_protocol::{AnswerTimes, FigureSet};
use pult_sqlite::Reader;

use crate::counted::{self, Counted, What};
use crate::{StoreError, sql};

/// Of a day on the wall's clock, whatever happens to the clock on it.
const DAY_MS: i64 = 24 * HOUR_MS;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct FiguresAsked {
    /// The first day, as days since 1970-01-01, by the wall's clock.
    pub first_day: i64,
    /// How many days.
    pub n_days: usize,
    /// How far the wall's clock is ahead of UTC, from when on; in order, the first from before the
    /// period.
    pub offsets: Vec<ClockOffset>,
    /// Within this time an answer is in time, in milliseconds.
    pub within_ms: u64,
    /// On this channel alone.
    pub channel: Option<ChannelId>,
    /// Of this operator alone.
    pub operator: Option<OperatorId>,
}

/// How far the wall's clock is ahead of UTC from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    /// From when.
    pub from: Timestamp,
    /// By how much, in milliseconds.
    pub ahead_ms: i64,
}

/// The figures of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFigures {
    /// Of all of it.
    pub total: FigureSet,
    /// Of each day, in order.
    pub by_day: Vec<FigureSet>,
    /// Of each hour of the day, over all days.
    pub by_hour: Vec<FigureSet>,
    /// Of each operator of whom there is anything, in the order in which they were added. First
    /// what is nobody's, if there is any.
    pub by_operator: Vec<(Option<OperatorId>, FigureSet)>,
}

/// The figures; none if there is no such channel or operator.
pub(crate) fn read(
    reader: Reader<'_>,
    asked: &FiguresAsked,
) -> Result<Option<ServiceFigures>, StoreError> {
    let (mut channel, mut operator) = (None, None);
    if let Some(ChannelId(id)) = asked.channel {
        let sql = "SELECT key FROM channels WHERE id = ?1";
        channel = reader.optional(sql, (id,), |row| row.get::<_, i64>(0))?;
        if channel.is_none() {
            return Ok(None);
        }
    }
    if let Some(OperatorId(id)) = asked.operator {
        let sql = "SELECT key FROM operators WHERE id = ?1";
        operator = reader.optional(sql, (id,), |row| row.get::<_, i64>(0))?;
        if operator.is_none() {
            return Ok(None);
        }
    }
    let is_meant = |thing: &Counted| {
        channel.is_none_or(|key| thing.channel == key)
            && operator.is_none_or(|key| thing.operator == key)
    };
    let wall = Wall(&asked.offsets);
    let mut sums = Sums::new(asked.n_days);
    counted::read(reader, wall.hours(asked.first_day, asked.n_days), |thing| {
        if is_meant(&thing) {
            let (day, hour) = wall.day_and_hour(thing.at);
            sums.add(&thing, day - asked.first_day, hour);
        }
    })?;
    let ids = reader.all("SELECT key, id FROM operators", (), |row| {
        Ok((row.get::<_, i64>(0)?, sql::id(row, 1, OperatorId)?))
    })?;
    Ok(Some(
        sums.figures(asked.within_ms, &ids.into_iter().collect()),
    ))
}

/// The clock on the wall.
struct Wall<'a>(&'a [ClockOffset]);

impl Wall<'_> {
    fn ahead_ms(&self, at: Timestamp) -> i64 {
        let n = self.0.partition_point(|offset| offset.from <= at);
        let offset = self.0.get(n.saturating_sub(1));
        offset.map_or(0, |offset| offset.ahead_ms)
    }

    /// The day since 1970-01-01 and the hour that the clock shows.
    fn day_and_hour(&self, at: Timestamp) -> (i64, usize) {
        let shown = at.0.saturating_add(self.ahead_ms(at));
        let hour = shown.rem_euclid(DAY_MS) / HOUR_MS;
        (shown.div_euclid(DAY_MS), usize::try_from(hour).unwrap_or(0))
    }

    /// Hours of UTC in which those days can be.
    fn hours(&self, first_day: i64, n_days: usize) -> std::ops::RangeInclusive<i64> {
        let n_days = i64::try_from(n_days).unwrap_or(0);
        let all = || self.0.iter().map(|offset| offset.ahead_ms);
        let (least, most) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
        let begin = first_day.saturating_mul(DAY_MS).saturating_sub(most);
        let end = first_day.saturating_add(n_days).saturating_mul(DAY_MS);
        let end = end.saturating_sub(least);
        counted::hour_of(Timestamp(begin))..=counted::hour_of(Timestamp(end))
    }
}

/// What one set of figures is made of.
#[derive(Default)]
struct Sum {
    n_messages: u32,
    n_arrivals: u32,
    n_new: u32,
    n_closed: u32,
    first: Vec<u64>,
    next: Vec<u64>,
}

impl Sum {
    fn add(&mut self, what: What) {
        match what {
            What::Message => self.n_messages += 1,
            What::New => {
                self.n_messages += 1;
                self.n_arrivals += 1;
                self.n_new += 1;
            }
            What::CameBack => {
                self.n_messages += 1;
                self.n_arrivals += 1;
            }
            What::FirstAnswer { waited_ms } => self.first.push(waited_ms),
            What::NextAnswer { waited_ms } => self.next.push(waited_ms),
            What::Closed => self.n_closed += 1,
        }
    }

    fn join(&mut self, other: &Self) {
        self.n_messages += other.n_messages;
        self.n_arrivals += other.n_arrivals;
        self.n_new += other.n_new;
        self.n_closed += other.n_closed;
        self.first.extend_from_slice(&other.first);
        self.next.extend_from_slice(&other.next);
    }

    fn figures(self, within_ms: u64) -> FigureSet {
        FigureSet {
            n_messages: self.n_messages,
            n_arrivals: self.n_arrivals,
            n_new: self.n_new,
            n_closed: self.n_closed,
            first_answers: times(self.first, within_ms),
            next_answers: times(self.next, within_ms),
        }
    }
}

struct Sums {
    by_day: Vec<Sum>,
    by_hour: Vec<Sum>,
    by_operator: BTreeMap<i64, Sum>,
}

impl Sums {
    fn new(n_days: usize) -> Self {
        let empty = |n| std::iter::repeat_with(Sum::default).take(n).collect();
        Self {
            by_day: empty(n_days),
            by_hour: empty(24),
            by_operator: BTreeMap::new(),
        }
    }

    /// Nothing if it was on another day.
    fn add(&mut self, thing: &Counted, day: i64, hour: usize) {
        let day = usize::try_from(day).ok();
        let Some(day) = day.and_then(|day| self.by_day.get_mut(day)) else {
            return;
        };
        day.add(thing.what);
        if let Some(hour) = self.by_hour.get_mut(hour) {
            hour.add(thing.what);
        }
        let operator = self.by_operator.entry(thing.operator).or_default();
        operator.add(thing.what);
    }

    fn figures(self, within_ms: u64, ids: &BTreeMap<i64, OperatorId>) -> ServiceFigures {
        let mut total = Sum::default();
        for hour in &self.by_hour {
            total.join(hour);
        }
        let sets = |sums: Vec<Sum>| -> Vec<FigureSet> {
            let sets = sums.into_iter().map(|sum| sum.figures(within_ms));
            sets.collect()
        };
        ServiceFigures {
            total: total.figures(within_ms),
            by_day: sets(self.by_day),
            by_hour: sets(self.by_hour),
            by_operator: self
                .by_operator
                .into_iter()
                .map(|(key, sum)| (ids.get(&key).copied(), sum.figures(within_ms)))
                .collect(),
        }
    }
}

fn times(mut waits: Vec<u64>, within_ms: u64) -> AnswerTimes {
    let n = waits.len();
    let sum = waits.iter().fold(0, |sum: u64, ms| sum.saturating_add(*ms));
    let n_within = waits.iter().filter(|ms| **ms <= within_ms).count();
    // The smallest time within which so many hundredths of the answers came.
    let mut within_which = |percent: usize| {
        let rank = (n * percent).div_ceil(100).checked_sub(1)?;
        (rank < n).then(|| *waits.select_nth_unstable(rank).1)
    };
    let (median_ms, p90_ms) = (within_which(50), within_which(90));
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    AnswerTimes {
        n,
        n_within: u32::try_from(n_within).unwrap_or(u32::MAX),
        median_ms,
        p90_ms,
        mean_ms: sum.checked_div(u64::from(n)),
    }
}

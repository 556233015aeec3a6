//! Working hours: when the company is there for its clients, by the clock on its wall.
//!
//! Whether it is open is asked of the local time alone, so a clock that is put forward or back needs no
//! rule of its own: what the wall shows decides, also when it shows an hour twice.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::text::{is_control, one_line};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Most intervals of one day.
pub const MAX_INTERVALS: usize = 8;

/// Most days that differ from the week.
pub const MAX_EXCEPTIONS: usize = 200;

/// Longest name of a day that differs, in characters.
pub const MAX_EXCEPTION_NAME_CHARS: usize = 100;

/// Years in which days may differ.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2999;

/// So far back the beginning of a stretch is looked for, in days: at first, and if it is not there.
const LOOK_BACK: [i32; 2] = [8, 400];

/// A time of work, in minutes since midnight. One that does not end after its beginning ends on the
/// day after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct Interval {
    /// From this minute on, 0 to 1439.
    pub from: u16,
    /// Before this minute, 0 to 1440.
    pub until: u16,
}

impl Interval {
    const fn is_over_midnight(self) -> bool {
        self.until <= self.from
    }

    /// Whether it holds a minute of the day on which it begins.
    const fn holds(self, minute: u16) -> bool {
        minute >= self.from && (self.is_over_midnight() || minute < self.until)
    }

    /// Whether it holds a minute of the day after that.
    const fn reaches(self, minute: u16) -> bool {
        self.is_over_midnight() && minute < self.until
    }
}

/// Days on which the company keeps other hours than in the week, such as a holiday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct HoursException {
    /// The first day, as `2026-12-31`.
    #[cfg_attr(feature = "ts-rs", ts(type = "string"))]
    #[cfg_attr(feature = "utoipa", schema(value_type = String))]
    pub from: Date,
    /// The last day.
    #[cfg_attr(feature = "ts-rs", ts(type = "string"))]
    #[cfg_attr(feature = "utoipa", schema(value_type = String))]
    pub until: Date,
    /// Its hours; none if the company is closed.
    pub hours: Vec<Interval>,
    /// What staff call it, in one line; may be empty.
    pub name: String,
}

/// A company's working hours, as they are kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct WorkingHours {
    /// The hours of each day of the week, Monday first.
    #[cfg_attr(feature = "ts-rs", ts(as = "Vec<Vec<Interval>>"))]
    pub week: [Vec<Interval>; 7],
    /// Days that differ. Of two that meet the later one in the list counts.
    pub exceptions: Vec<HoursException>,
}

impl WorkingHours {
    /// Puts names as they were typed into one line.
    pub fn tidy(&mut self) {
        for exception in &mut self.exceptions {
            exception.name = one_line(&exception.name);
        }
    }

    /// Whether they can be kept.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), HoursFault> {
        let days = self.exceptions.iter().map(|exception| &exception.hours);
        for day in self.week.iter().chain(days) {
            if day.len() > MAX_INTERVALS {
                return Err(HoursFault::TooMany);
            }
            let is_time = |interval: &Interval| {
                interval.from < DAY && interval.until <= DAY && interval.from != interval.until
            };
            if !day.iter().all(is_time) {
                return Err(HoursFault::NoSuchTime);
            }
        }
        if self.exceptions.len() > MAX_EXCEPTIONS {
            return Err(HoursFault::TooMany);
        }
        for exception in &self.exceptions {
            if exception.until < exception.from {
                return Err(HoursFault::EndsBeforeItBegins);
            }
            let days = [exception.from, exception.until];
            if !days.iter().all(|day| YEARS.contains(&day.year())) {
                return Err(HoursFault::NoSuchYear);
            }
            if exception.name.chars().any(is_control) {
                return Err(HoursFault::NameSigns);
            }
            if exception.name.chars().count() > MAX_EXCEPTION_NAME_CHARS {
                return Err(HoursFault::TooMany);
            }
        }
        Ok(())
    }
}

/// Why hours cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursFault {
    /// No time zone of that name is known.
    #[error("there is no such time zone")]
    UnknownZone,
    /// An interval begins or ends at a minute that no day has, or is empty.
    #[error(
        "times of a day lie between 00:00 and 24:00, and an interval has a beginning and another end"
    )]
    NoSuchTime,
    /// Days that differ end before they begin.
    #[error("the last day of an exception lies before its first")]
    EndsBeforeItBegins,
    /// A day lies in a year that nobody plans for.
    #[error("days lie between the years 1970 and 2999")]
    NoSuchYear,
    /// A name is more than one line, or holds control characters.
    #[error("a name is one line without control characters")]
    NameSigns,
    /// More than are taken.
    #[error(
        "a day has at most {MAX_INTERVALS} intervals, and there are at most {MAX_EXCEPTIONS} exceptions with names of at most {MAX_EXCEPTION_NAME_CHARS} characters"
    )]
    TooMany,
}

/// How it stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Whether the company is there.
    pub is_open: bool,
    /// Since when it is so; none if that lies further back than a year or was always so.
    pub since: Option<Timestamp>,
}

/// Hours that can be asked.
#[derive(Debug, Clone)]
pub struct Hours {
    hours: WorkingHours,
    zone: TimeZone,
}

impl Hours {
    /// Makes hours ready to be asked, by the clock of a zone such as `Europe/Moscow`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn of(hours: WorkingHours, zone: &str) -> Result<Self, HoursFault> {
        hours.check()?;
        let zone = TimeZone::get(zone).map_err(|_| HoursFault::UnknownZone)?;
        Ok(Self { hours, zone })
    }

    /// Whether the company is there. A moment beyond all calendars counts as open: nobody is told
    /// that nobody is there.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.local(at).is_none_or(|local| self.is_open_at(local))
    }

    /// How it stands, and since when.
    #[must_use]
    pub fn stretch(&self, now: Timestamp) -> Stretch {
        let is_open = self.is_open(now);
        let since = self.local(now).and_then(|local| {
            LOOK_BACK
                .into_iter()
                .find_map(|n_days| self.changed(now, local.date(), n_days, is_open))
        });
        Stretch { is_open, since }
    }

    /// The last moment up to `now`, of the last `n_days` days, from which on it was as it is.
    fn changed(
        &self,
        now: Timestamp,
        today: Date,
        n_days: i32,
        is_open: bool,
    ) -> Option<Timestamp> {
        let first = today.checked_sub(n_days.days()).ok()?;
        // It can change where an interval begins or ends, and where the clock is put forward or back.
        let mut moments: Vec<Timestamp> = Vec::new();
        // What is a day later by the clock may be earlier in time where a clock is put back at midnight.
        let mut date = first;
        let last = today.tomorrow().unwrap_or(today);
        loop {
            for interval in self.of_date(date) {
                self.push_moments(date, interval.from, &mut moments);
                let end = if interval.is_over_midnight() {
                    date.tomorrow().unwrap_or(date)
                } else {
                    date
                };
                self.push_moments(end, interval.until, &mut moments);
            }
            match date.tomorrow() {
                Ok(next) if next <= last => date = next,
                Ok(_) | Err(_) => break,
            }
        }
        let after_now = jiff::Timestamp::from_millisecond(now.0.saturating_add(1)).ok()?;
        let back = SignedDuration::from_hours(i64::from(n_days) * 24);
        let put = self
            .zone
            .preceding(after_now)
            .take_while(|put| after_now.duration_since(put.timestamp()) < back);
        moments.extend(put.map(|put| Timestamp(put.timestamp().as_millisecond())));
        moments.retain(|moment| *moment <= now);
        moments.sort_unstable();
        // Of the first two days not everything is known that could have changed it.
        let from = first.checked_add(2.days()).ok()?;
        let from = self
            .zone
            .to_ambiguous_timestamp(from.to_datetime(jiff::civil::Time::midnight()));
        let from = Timestamp(from.compatible().ok()?.as_millisecond());
        moments
            .into_iter()
            .rev()
            .take_while(|moment| *moment >= from)
            .find(|moment| self.is_open(moment.plus_ms(-1)) != is_open)
    }

    /// The moments at which the clock shows that minute: none where it is skipped, two where it comes
    /// twice.
    fn push_moments(&self, date: Date, minute: u16, moments: &mut Vec<Timestamp>) {
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        let Ok(local) = midnight.checked_add(i64::from(minute).minutes()) else {
            return;
        };
        let offsets = match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
            AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
            // It changes when the clock is put forward.
            AmbiguousOffset::Gap { .. } => [None, None],
        };
        for offset in offsets.into_iter().flatten() {
            if let Ok(moment) = offset.to_timestamp(local) {
                moments.push(Timestamp(moment.as_millisecond()));
            }
        }
    }

    fn local(&self, at: Timestamp) -> Option<DateTime> {
        let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
        Some(self.zone.to_datetime(at))
    }

    fn is_open_at(&self, local: DateTime) -> bool {
        let minute = minute_of(local);
        let began_today = self.of_date(local.date());
        let began_yesterday = local.date().yesterday().map(|date| self.of_date(date));
        began_today.iter().any(|interval| interval.holds(minute))
            || began_yesterday
                .unwrap_or_default()
                .iter()
                .any(|interval| interval.reaches(minute))
    }

    /// The hours that begin on a day.
    fn of_date(&self, date: Date) -> &[Interval] {
        let differs = self.hours.exceptions.iter().rev();
        let differs = differs
            .into_iter()
            .find(|it| it.from <= date && date <= it.until);
        if let Some(exception) = differs {
            return &exception.hours;
        }
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        self.hours
            .week
            .get(weekday)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}

fn minute_of(local: DateTime) -> u16 {
    u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs())
}

#[cfg(test)]
mod tests;

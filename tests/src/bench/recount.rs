//! A plain recount of what the figures for supervisors tell: every line of every chat is read, and
//! looked at by itself and back from it. It shares nothing with the backend but the words of the
//! protocol.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use pult_domain::OperatorId;
use pult_protocol::{
    AnswerTimes, DayFigures, FigureSet, FiguresQuery, OperatorFigures, ServiceFigures,
};
use rusqlite::{Connection, Row};
use uuid::Uuid;

/// Something that the figures count.
#[derive(Debug, Clone, Copy)]
struct Event {
    at: i64,
    operator: i64,
    what: What,
    waited_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Message,
    New,
    CameBack,
    First,
    Next,
    Closed,
}

/// Everything in a store with one channel that the figures count.
#[derive(Debug)]
pub struct Recount {
    events: Vec<Event>,
    operators: HashMap<i64, OperatorId>,
}

/// A line of a chat, as far as it matters.
struct Line {
    kind: &'static str,
    author: i64,
    came_at: i64,
    wrote_at: i64,
    is_answer: bool,
    notice: String,
    owner: Option<Uuid>,
}

impl Recount {
    /// Reads all there is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(file: &Connection) -> Result<Self> {
        let operators: HashMap<i64, OperatorId> = {
            let mut operators = file.prepare("SELECT key, id FROM operators")?;
            let rows = operators.query_map((), |row| Ok((row.get(0)?, OperatorId(row.get(1)?))))?;
            rows.collect::<Result<_, _>>()?
        };
        let keys = operators.iter().map(|(key, id)| (id.0, *key)).collect();
        let mut recount = Self {
            events: Vec::new(),
            operators,
        };
        let mut lines = file.prepare(
            "SELECT e.chat, e.kind, coalesce(e.author, 0), e.received_at, e.sent_at,
                    coalesce(d.state, ''), n.notice
             FROM entries e LEFT JOIN deliveries d ON d.entry = e.key
             LEFT JOIN notices n ON n.entry = e.key
             ORDER BY e.chat, e.place",
        )?;
        let mut rows = lines.query(())?;
        let (mut chat, mut of_chat) = (0, Vec::new());
        while let Some(row) = rows.next()? {
            let next: i64 = row.get(0)?;
            if next != chat {
                recount.add(&of_chat, &keys);
                of_chat.clear();
                chat = next;
            }
            of_chat.push(line(row)?);
        }
        recount.add(&of_chat, &keys);
        Ok(recount)
    }

    /// How many things were counted.
    #[must_use]
    pub const fn n(&self) -> usize {
        self.events.len()
    }

    fn add(&mut self, lines: &[Line], keys: &HashMap<Uuid, i64>) {
        let mut n_answers_since_close = 0;
        for (n, line) in lines.iter().enumerate() {
            let before = lines.get(..n).unwrap_or_default();
            let (what, operator, waited_ms) = if line.kind == "inbound" {
                let what = match before.last() {
                    None => What::New,
                    Some(last) if last.notice.starts_with("came_back") => What::CameBack,
                    Some(_) => What::Message,
                };
                let moved = before.iter().rev().find(|line| moves(&line.notice));
                let owner = moved.and_then(|line| line.owner);
                let owner = owner.and_then(|id| keys.get(&id).copied());
                (what, owner.unwrap_or_default(), 0)
            } else if line.notice == "closed" {
                n_answers_since_close = 0;
                (What::Closed, line.author, 0)
            } else if line.is_answer {
                let waiting = before.iter().rev().take_while(|line| !ends_waiting(line));
                let waiting = waiting.filter(|line| line.kind == "inbound");
                let Some(since) = waiting.map(|line| line.wrote_at.min(line.came_at)).min() else {
                    continue;
                };
                let what = if n_answers_since_close == 0 {
                    What::First
                } else {
                    What::Next
                };
                n_answers_since_close += 1;
                let waited_ms = u64::try_from(line.came_at - since).unwrap_or(0);
                (what, line.author, waited_ms)
            } else {
                continue;
            };
            self.events.push(Event {
                at: line.came_at,
                operator,
                what,
                waited_ms,
            });
        }
    }

    /// The figures that are asked for, of all channels.
    ///
    /// # Errors
    /// When the query makes no sense.
    pub fn figures(&self, query: &FiguresQuery) -> Result<ServiceFigures> {
        let zone = TimeZone::get(&query.zone).context("Finding the zone")?;
        let (from, to): (Date, Date) = (query.from.parse()?, query.to.parse()?);
        ensure!(from <= to, "a period goes forwards");
        let wanted = query.operator_id;
        let within_s = query.within_s.context("Saying what is in time")?;
        let mut total = Vec::new();
        let mut days: BTreeMap<Date, Vec<Event>> = BTreeMap::new();
        let mut hours: BTreeMap<i8, Vec<Event>> = BTreeMap::new();
        let mut people: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
        for event in &self.events {
            if wanted.is_some() && self.operators.get(&event.operator) != wanted.as_ref() {
                continue;
            }
            let at = Timestamp::from_millisecond(event.at)?;
            let shown = zone.to_datetime(at);
            if shown.date() < from || to < shown.date() {
                continue;
            }
            total.push(*event);
            days.entry(shown.date()).or_default().push(*event);
            hours.entry(shown.hour()).or_default().push(*event);
            people.entry(event.operator).or_default().push(*event);
        }
        let of = |events: Option<&Vec<Event>>| {
            set(
                events.map_or(&[], Vec::as_slice),
                u64::from(within_s) * 1000,
            )
        };
        let each_day = from.series(jiff::Span::new().days(1));
        Ok(ServiceFigures {
            from: query.from.clone(),
            to: query.to.clone(),
            zone: query.zone.clone(),
            within_s,
            total: of(Some(&total)),
            by_day: each_day
                .take_while(|day| *day <= to)
                .map(|day| DayFigures {
                    day: day.to_string(),
                    figures: of(days.get(&day)),
                })
                .collect(),
            by_hour: (0..24).map(|hour| of(hours.get(&hour))).collect(),
            by_operator: people
                .iter()
                .map(|(key, events)| OperatorFigures {
                    operator_id: self.operators.get(key).copied(),
                    figures: of(Some(events)),
                })
                .collect(),
        })
    }
}

fn line(row: &Row<'_>) -> Result<Line> {
    let author: i64 = row.get(2)?;
    let kind = match row.get_ref(1)?.as_str()? {
        "inbound" => "inbound",
        "outbound" => "outbound",
        _ => "other",
    };
    let has_failed = row.get_ref(5)?.as_str()? == "failed";
    let notice: Option<String> = row.get(6)?;
    let notice: serde_json::Value = match notice {
        Some(text) => serde_json::from_str(&text)?,
        None => serde_json::Value::Null,
    };
    let text = |name: &str| notice.get(name).and_then(|value| value.as_str());
    let what = text("what").unwrap_or_default();
    let owner = match what {
        "taken" => text("by"),
        "transferred" | "assigned" => text("to"),
        "reopened" | "came_back" => text("owner"),
        _ => None,
    };
    Ok(Line {
        kind,
        author,
        came_at: row.get(3)?,
        wrote_at: row.get(4)?,
        is_answer: kind == "outbound" && author != 0 && !has_failed,
        notice: what.to_owned(),
        owner: owner.map(str::parse).transpose()?,
    })
}

/// Whether the notice says whose the chat is from then on.
fn moves(notice: &str) -> bool {
    [
        "taken",
        "transferred",
        "assigned",
        "reopened",
        "came_back",
        "returned",
        "closed",
        "reopened_to_queue",
        "came_back_to_queue",
        "owner_deactivated",
    ]
    .contains(&notice)
}

fn ends_waiting(line: &Line) -> bool {
    line.is_answer || line.notice == "closed" || line.notice == "no_answer_needed"
}

fn set(events: &[Event], within_ms: u64) -> FigureSet {
    let n = |what: What| {
        let those = events.iter().filter(|event| event.what == what);
        u32::try_from(those.count()).unwrap_or(u32::MAX)
    };
    FigureSet {
        n_messages: n(What::Message) + n(What::New) + n(What::CameBack),
        n_arrivals: n(What::New) + n(What::CameBack),
        n_new: n(What::New),
        n_closed: n(What::Closed),
        first_answers: times(events, What::First, within_ms),
        next_answers: times(events, What::Next, within_ms),
    }
}

fn times(events: &[Event], what: What, within_ms: u64) -> AnswerTimes {
    let those = events.iter().filter(|event| event.what == what);
    let mut waits: Vec<u64> = those.map(|event| event.waited_ms).collect();
    waits.sort_unstable();
    let n = waits.len();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    AnswerTimes {
        n: count(n),
        n_within: count(waits.partition_point(|ms| *ms <= within_ms)),
        median_ms: waits.get(n.saturating_sub(1) / 2).copied(),
        p90_ms: waits.get((n * 9).div_ceil(10).saturating_sub(1)).copied(),
        mean_ms: waits.iter().sum::<u64>().checked_div(u64::from(count(n))),
    }
}

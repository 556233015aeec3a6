//! Automatic texts: which one is due, and when none is.
//!
//! An automatic text is not an answer and takes nothing. It goes out once in its period, and never
//! where it could be one half of two automata that keep each other going:
//!
//! - Only what a client writes, a wait, or a close by staff leads to one; one of ours never to another.
//! - A message that comes within [`QUICK_MS`] after one of ours leads to none: nobody reads and writes
//!   so quickly. Nor does one that says what was said before ours once again.
//! - A chat gets at most [`MAX_A_DAY`] in any 24 hours, whatever happens in it.
//!
//! `WhatsApp` marks no messages of automata, so there is no mark to look at.

use serde::{Deserialize, Serialize};

use crate::hours::Hours;
use crate::{Refusal, ReplyText, Status, Timestamp};

/// A message that comes so soon after an automatic text is taken for an automaton's, in milliseconds.
pub const QUICK_MS: i64 = 10_000;

/// Most automatic texts of one chat within 24 hours.
pub const MAX_A_DAY: usize = 4;

/// A message that was so long on its way is not answered automatically, in milliseconds: whoever wrote
/// it expects no greeting any more.
pub const LATE_MS: i64 = 60 * MINUTE_MS;

/// Longest automatic text, in characters.
pub const MAX_AUTOMATIC_CHARS: usize = 1000;

/// Longest period, in minutes.
pub const MAX_PERIOD_MINUTES: u32 = 90 * 24 * 60;

/// Shortest period, in minutes.
pub const MIN_PERIOD_MINUTES: u32 = 60;

/// Longest time after which clients are told that nobody answers, in minutes.
pub const MAX_WAIT_MINUTES: u32 = 12 * 60;

const MINUTE_MS: i64 = 60_000;

const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// So long after a client's message free texts reach them, in milliseconds: WhatsApp's 24 hours, less
/// what the way may take.
const WINDOW_MS: i64 = DAY_MS - MINUTE_MS;

/// Kinds of automatic texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum AutomaticKind {
    /// To a client who writes for the first time, or again after long.
    Greeting,
    /// To a client who writes while nobody is there.
    OutsideHours,
    /// To a client who waits.
    NobodyAnswers,
    /// To a client whose chat was closed.
    Closed,
}

impl AutomaticKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Greeting,
        Self::OutsideHours,
        Self::NobodyAnswers,
        Self::Closed,
    ];

    /// The kind's name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::OutsideHours => "outside_hours",
            Self::NobodyAnswers => "nobody_answers",
            Self::Closed => "closed",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An automatic text that has a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct TimedText {
    /// Whether it is sent.
    pub is_on: bool,
    /// What, with placeholders.
    pub text: String,
    /// Its time in minutes.
    pub minutes: u32,
}

/// An automatic text whose time is not its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct PlainText {
    /// Whether it is sent.
    pub is_on: bool,
    /// What, with placeholders.
    pub text: String,
}

/// A company's automatic texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub struct AutomaticTexts {
    /// To who writes for the first time, or after a silence of this time.
    pub greeting: TimedText,
    /// To who writes outside working hours, once until they begin again.
    pub outside_hours: PlainText,
    /// To who has waited for this time, within working hours; once in a wait.
    pub nobody_answers: TimedText,
    /// To whose chat was closed, at most once in this time.
    pub closed: TimedText,
}

impl Default for AutomaticTexts {
    fn default() -> Self {
        let timed = |minutes| TimedText {
            minutes,
            ..TimedText::default()
        };
        Self {
            greeting: timed(24 * 60),
            outside_hours: PlainText::default(),
            nobody_answers: timed(10),
            closed: timed(24 * 60),
        }
    }
}

/// Why automatic texts cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AutomaticFault {
    /// A text cannot be sent.
    #[error("{0}")]
    Text(#[from] Refusal),
    /// A time is too short or too long.
    #[error("a period lies between an hour and 90 days, a wait between a minute and 12 hours")]
    Time,
}

impl AutomaticTexts {
    /// The text of a kind, if that is on.
    #[must_use]
    pub fn of(&self, kind: AutomaticKind) -> Option<&str> {
        let (is_on, text) = match kind {
            AutomaticKind::Greeting => (self.greeting.is_on, &self.greeting.text),
            AutomaticKind::OutsideHours => (self.outside_hours.is_on, &self.outside_hours.text),
            AutomaticKind::NobodyAnswers => (self.nobody_answers.is_on, &self.nobody_answers.text),
            AutomaticKind::Closed => (self.closed.is_on, &self.closed.text),
        };
        is_on.then_some(text.as_str())
    }

    /// Whether a kind's text goes out here and there alike.
    #[must_use]
    pub fn is_same(&self, other: &Self, kind: AutomaticKind) -> bool {
        match kind {
            AutomaticKind::Greeting => self.greeting == other.greeting,
            AutomaticKind::OutsideHours => self.outside_hours == other.outside_hours,
            AutomaticKind::NobodyAnswers => self.nobody_answers == other.nobody_answers,
            AutomaticKind::Closed => self.closed == other.closed,
        }
    }

    /// Whether none is on.
    #[must_use]
    pub fn are_off(&self) -> bool {
        AutomaticKind::ALL
            .into_iter()
            .all(|kind| self.of(kind).is_none())
    }

    /// Whether they can be kept: what is on says something, nothing is too long, times are sensible.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), AutomaticFault> {
        let texts = [
            &self.greeting.text,
            &self.outside_hours.text,
            &self.nobody_answers.text,
            &self.closed.text,
        ];
        if texts
            .iter()
            .any(|text| text.chars().count() > MAX_AUTOMATIC_CHARS)
        {
            return Err(Refusal::TextTooLong.into());
        }
        for kind in AutomaticKind::ALL {
            if let Some(text) = self.of(kind) {
                ReplyText::parse(&crate::fill(text, None))?;
            }
        }
        let periods = [self.greeting.minutes, self.closed.minutes];
        let is_period = |minutes: &u32| (MIN_PERIOD_MINUTES..=MAX_PERIOD_MINUTES).contains(minutes);
        let is_wait = (1..=MAX_WAIT_MINUTES).contains(&self.nobody_answers.minutes);
        if !periods.iter().all(is_period) || !is_wait {
            return Err(AutomaticFault::Time);
        }
        Ok(())
    }
}

/// What a chat knows of its automatic texts, and of what was said around them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AutomaticMemory {
    /// When the client was last greeted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting_at: Option<Timestamp>,
    /// When the client was last told that nobody is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_hours_at: Option<Timestamp>,
    /// When the client was last told that nobody answers. The store has it in a column of its own,
    /// since it looks for chats by it.
    #[serde(skip)]
    pub nobody_answers_at: Option<Timestamp>,
    /// When the client was last told that the chat was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// When the newest ones went out, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub newest: Vec<Timestamp>,
    /// When somebody of staff last wrote to the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff_wrote_at: Option<Timestamp>,
    /// What the client said last, as [`digest`] has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_said: Option<u32>,
    /// Whether the client's last message is taken for an automaton's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_automaton: bool,
}

impl AutomaticMemory {
    /// Notes that one goes out.
    pub fn sent(&mut self, kind: AutomaticKind, now: Timestamp) {
        *match kind {
            AutomaticKind::Greeting => &mut self.greeting_at,
            AutomaticKind::OutsideHours => &mut self.outside_hours_at,
            AutomaticKind::NobodyAnswers => &mut self.nobody_answers_at,
            AutomaticKind::Closed => &mut self.closed_at,
        } = Some(now);
        self.newest.push(now);
        let n_surplus = self.newest.len().saturating_sub(MAX_A_DAY);
        self.newest.drain(..n_surplus);
    }

    /// Notes a message of the client. `previous_at` is when the one before came, by the client's clock.
    pub fn heard(&mut self, said: Option<u32>, previous_at: Option<Timestamp>, now: Timestamp) {
        let last = self.newest.last();
        let is_quick = last.is_some_and(|last| now.ms_since(*last) < QUICK_MS);
        let lies_between = last.is_some_and(|last| previous_at.is_some_and(|at| at <= *last));
        let is_same = said.is_some() && said == self.client_said;
        self.is_automaton = is_quick || (is_same && lies_between);
        self.client_said = said;
    }

    fn last(&self, kind: AutomaticKind) -> Option<Timestamp> {
        match kind {
            AutomaticKind::Greeting => self.greeting_at,
            AutomaticKind::OutsideHours => self.outside_hours_at,
            AutomaticKind::NobodyAnswers => self.nobody_answers_at,
            AutomaticKind::Closed => self.closed_at,
        }
    }

    fn may_get_another(&self, now: Timestamp) -> bool {
        let is_of_today = |at: &&Timestamp| now.ms_since(**at) < DAY_MS;
        !self.is_automaton && self.newest.iter().filter(is_of_today).count() < MAX_A_DAY
    }
}

/// What a client's text comes down to for being compared: without case, and without spaces at its
/// ends. None for nothing.
#[must_use]
pub fn digest(text: &str) -> Option<u32> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    // FNV-1a: whoever makes two texts meet on purpose is spared an automatic text.
    let folded = text.chars().flat_map(char::to_lowercase);
    Some(folded.fold(0x811c_9dc5, |hash: u32, letter| {
        (hash ^ u32::from(letter)).wrapping_mul(0x0100_0193)
    }))
}

/// What holds for all chats.
#[derive(Debug, Clone, Copy)]
pub struct AutomaticPolicy<'a> {
    /// The texts.
    pub texts: &'a AutomaticTexts,
    /// The hours; none if the company keeps none, and so is always there.
    pub hours: Option<&'a Hours>,
    /// What went out up to this moment is not known for sure, since a backup was put back then: it is
    /// taken to have gone out just then.
    pub unknown_until: Option<Timestamp>,
    /// Since when clients who wait are told: who began to wait before is not.
    pub waits_since: Option<Timestamp>,
}

/// A client's message.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    /// When it was sent, by the client's clock, but not in the future.
    pub sent_at: Timestamp,
    /// When the client's message before it was sent.
    pub previous_at: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// A chat that waits.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// Since when.
    pub since: Timestamp,
    /// When the client wrote last.
    pub client_wrote_at: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// What becomes of a client who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitVerdict {
    /// They are told now.
    Tell,
    /// It is too early.
    NotYet,
    /// They are not told in this wait.
    PassOver,
}

impl AutomaticPolicy<'_> {
    /// Which text a message asks for. `memory` has heard it already.
    #[must_use]
    pub fn on_message(&self, memory: &AutomaticMemory, heard: &Heard) -> Option<AutomaticKind> {
        let now = heard.now;
        if now.ms_since(heard.sent_at) > LATE_MS || !memory.may_get_another(now) {
            return None;
        }
        let is_on = |kind| self.texts.of(kind).is_some();
        if is_on(AutomaticKind::OutsideHours)
            && let Some(hours) = self.hours
            && !hours.is_open(now)
        {
            // Who is greeted now would wait for somebody who is not there.
            return self
                .is_first_of_stretch(memory, hours, now)
                .then_some(AutomaticKind::OutsideHours);
        }
        let period = i64::from(self.texts.greeting.minutes) * MINUTE_MS;
        let is_past = |at: Option<Timestamp>| at.is_none_or(|at| now.ms_since(at) >= period);
        let is_due = is_on(AutomaticKind::Greeting)
            && is_past(heard.previous_at)
            && is_past(self.last(memory, AutomaticKind::Greeting))
            && is_past(memory.staff_wrote_at);
        is_due.then_some(AutomaticKind::Greeting)
    }

    /// Neither told in this closed stretch, nor in a talk with somebody who is there all the same.
    fn is_first_of_stretch(&self, memory: &AutomaticMemory, hours: &Hours, now: Timestamp) -> bool {
        let told_at = self.last(memory, AutomaticKind::OutsideHours);
        let Some(last) = told_at.max(memory.staff_wrote_at) else {
            return true;
        };
        hours.stretch(now).since.is_some_and(|since| last < since)
    }

    /// Whether a client who waits is told that nobody answers. Time outside working hours does not
    /// count.
    #[must_use]
    pub fn on_wait(&self, memory: &AutomaticMemory, wait: &Wait) -> WaitVerdict {
        let Some(Reach { from, until }) = self.waits_to_tell(wait.now) else {
            return WaitVerdict::NotYet;
        };
        if wait.since > until {
            return WaitVerdict::NotYet;
        }
        let is_told = self
            .last(memory, AutomaticKind::NobodyAnswers)
            .is_some_and(|told_at| told_at >= wait.since);
        if wait.since < from || is_told || !self.reaches(memory, wait.client_wrote_at, wait.now) {
            return WaitVerdict::PassOver;
        }
        WaitVerdict::Tell
    }

    /// Of which beginning waits are that clients may be told of now; none if nobody is.
    #[must_use]
    pub fn waits_to_tell(&self, now: Timestamp) -> Option<Reach> {
        self.texts.of(AutomaticKind::NobodyAnswers)?;
        let long_ago = now.plus_ms(-i64::from(self.texts.nobody_answers.minutes) * MINUTE_MS);
        if let Some(hours) = self.hours {
            let stretch = hours.stretch(now);
            if !stretch.is_open || stretch.since.is_some_and(|since| since > long_ago) {
                return None;
            }
        }
        Some(Reach {
            from: self.waits_since.unwrap_or(Timestamp(i64::MIN)),
            until: long_ago,
        })
    }

    /// Whether a client is told that the chat was closed. What is closed out of the queue is not
    /// answered: that is how spam goes.
    #[must_use]
    pub fn on_close(
        &self,
        memory: &AutomaticMemory,
        was: Status,
        client_wrote_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let period = i64::from(self.texts.closed.minutes) * MINUTE_MS;
        self.texts.of(AutomaticKind::Closed).is_some()
            && was == Status::InWork
            && self
                .last(memory, AutomaticKind::Closed)
                .is_none_or(|at| now.ms_since(at) >= period)
            && self.reaches(memory, client_wrote_at, now)
    }

    fn last(&self, memory: &AutomaticMemory, kind: AutomaticKind) -> Option<Timestamp> {
        memory.last(kind).max(self.unknown_until)
    }

    /// Whether a text may go out to that client and would arrive.
    fn reaches(
        &self,
        memory: &AutomaticMemory,
        client_wrote_at: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        memory.may_get_another(now)
            && client_wrote_at.is_some_and(|at| now.ms_since(at) < WINDOW_MS)
    }
}

/// A stretch of time, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
}

#[cfg(test)]
mod tests;

//! Judging the lives of a run's chats, commit by commit: each line was made by somebody who had the
//! right to make it at that moment, has the effect that was asked for and no other, and what was
//! refused has none.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use pult_domain::{CommandId, EntryId, OperatorId, Place, Status};
use pult_protocol::{Code, Command, Notice, Problem};

use super::law::{Kind, State, Who};
use super::life::{Interval, Kept, Life, Line, What};
use super::{Given, Told};
use crate::prove::{Finding, must};

/// All that the chats of a run are judged by.
pub(super) struct Evidence<'a> {
    /// What was asked for.
    pub(super) given: &'a BTreeMap<CommandId, Given>,
    /// What the store has answered.
    pub(super) kept: &'a BTreeMap<CommandId, Kept>,
    /// Since which change operators are deactivated.
    pub(super) deactivated: &'a BTreeMap<OperatorId, i64>,
}

/// How much was judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) commits: u64,
    pub(super) intervals: u64,
    pub(super) refusals: u64,
    /// Observers whom a close has released.
    pub(super) released: u64,
}

/// One chat, as far as it has been judged.
struct Judge<'a> {
    evidence: &'a Evidence<'a>,
    life: &'a Life,
    /// Which command made a notice, by the answer to it.
    makers: BTreeMap<EntryId, CommandId>,
    state: State,
    past: Vec<Commit>,
    /// Commands that a line has told of.
    told: BTreeSet<CommandId>,
    judged: Judged,
}

/// What a commit has made of a chat.
struct Commit {
    /// Of its first line.
    place: Place,
    seq: i64,
    at: i64,
    state: State,
}

/// Judges one chat.
pub(super) fn judge(evidence: &Evidence<'_>, life: &Life) -> Result<Judged> {
    let makers = evidence.kept.iter().filter_map(|(id, kept)| {
        let made = kept.answer.as_ref().ok()?.entry_id?;
        Some((made, *id))
    });
    let mut judge = Judge {
        evidence,
        life,
        makers: makers.collect(),
        state: State::new(),
        past: Vec::new(),
        told: BTreeSet::new(),
        judged: Judged::default(),
    };
    let mut lines = life.lines.as_slice();
    while let Some(first) = lines.first() {
        let n = judge.commit(first, lines)?;
        judge.past.push(Commit {
            place: first.place,
            seq: first.seq,
            at: first.at,
            state: judge.state.clone(),
        });
        lines = lines.get(n..).unwrap_or_default();
    }
    judge.judged.commits = judge.past.len() as u64;
    must(judge.state == life.state, || {
        let by = judge.by("at its end");
        Finding::new(by, format!("{:?}", judge.state), &life.state)
    })?;
    judge.audience()?;
    judge.answers()?;
    judge.card()?;
    Ok(judge.judged)
}

impl<'a> Judge<'a> {
    fn by(&self, place: &str) -> String {
        format!("the store, chat {} {place}", self.life.id)
    }

    fn must(&self, line: &Line, holds: bool, expected: &str) -> Result<()> {
        must(holds, || {
            let by = self.by(&format!("at place {}", line.place.0));
            Finding::new(by, expected, (line, &self.state))
        })
    }

    /// Judges what begins with a line, and says how many lines belong to it.
    fn commit(&mut self, first: &Line, lines: &[Line]) -> Result<usize> {
        let place = i64::try_from(self.life.lines.len() - lines.len()).unwrap_or(i64::MAX) + 1;
        self.must(first, first.place.0 == place, "places without holes")?;
        match &first.what {
            What::Inbound { .. } => {
                let is_open = self.state.status != Status::Closed;
                self.must(first, is_open, "a client's message to reopen the chat")?;
                self.state.is_waiting = true;
                Ok(1)
            }
            What::Outbound { .. } => {
                let is_in_work = self.state.status == Status::InWork;
                self.must(first, is_in_work, "the first reply to take the chat")?;
                self.reply(first)?;
                Ok(1)
            }
            What::Comment { .. } => self.comment(first, lines),
            What::Notice(notice) => self.notice(first, notice, lines),
        }
    }

    fn reply(&mut self, line: &Line) -> Result<()> {
        let given = self.made_by(line, Kind::Reply)?;
        let What::Outbound { text, .. } = &line.what else {
            return self.must(line, false, "a reply");
        };
        self.must(line, text.contains(&given.token), "the text of its command")?;
        self.state.is_waiting = false;
        Ok(())
    }

    fn comment(&mut self, line: &Line, lines: &[Line]) -> Result<usize> {
        let given = self.made_by(line, Kind::Comment)?;
        let What::Comment { text, mentions } = &line.what else {
            return self.must(line, false, "a comment").map(|()| 1);
        };
        self.must(line, text.contains(&given.token), "the text of its command")?;
        let asked = named(&given.command).into_iter().collect();
        self.must(line, *mentions == asked, "the mentions of its command")?;
        let joining = self.joining(&asked);
        let behind = lines.get(1..).unwrap_or_default();
        self.come_and_go(line, behind, &BTreeSet::new(), &joining)?;
        Ok(1 + joining.len())
    }

    /// Who of these does not take part yet.
    fn joining(&self, named: &BTreeSet<OperatorId>) -> BTreeSet<OperatorId> {
        let state = &self.state;
        let is_new = |id: &&OperatorId| !state.is_owned_by(**id) && !state.observers.contains(id);
        named.iter().filter(is_new).copied().collect()
    }

    /// The next lines say that these observers come and go, each once, by the author of `by`.
    fn come_and_go(
        &mut self,
        by: &Line,
        lines: &[Line],
        removed: &BTreeSet<OperatorId>,
        joined: &BTreeSet<OperatorId>,
    ) -> Result<()> {
        let (mut gone, mut come) = (BTreeSet::new(), BTreeSet::new());
        for line in lines.iter().take(removed.len() + joined.len()) {
            let mut author = None;
            let mut is_new = false;
            if let What::Notice(Notice::Joined { by, observer }) = &line.what {
                (author, is_new) = (*by, come.insert(*observer));
            } else if let What::Notice(Notice::Removed { by, observer }) = &line.what {
                (author, is_new) = (*by, gone.insert(*observer));
            }
            let is_right = is_new
                && author == by.author
                && (line.author, line.is_programs) == (by.author, by.is_programs);
            self.must(line, is_right, "an observer to come or go by who said so")?;
        }
        let is_all = gone == *removed && come == *joined;
        let expected = format!("{joined:?} to come and {removed:?} to go");
        self.must(by, is_all, &expected)?;
        self.are_active(by, joined)?;
        self.state.observers.retain(|id| !removed.contains(id));
        self.state.observers.extend(joined);
        Ok(())
    }

    fn are_active(&self, line: &Line, named: &BTreeSet<OperatorId>) -> Result<()> {
        let is_active = |id: &OperatorId| self.is_active(*id, line.seq);
        self.must(line, named.iter().all(is_active), "active colleagues")
    }

    fn is_active(&self, operator: OperatorId, seq: i64) -> bool {
        let ended = self.evidence.deactivated.get(&operator);
        ended.is_none_or(|ended| seq < *ended)
    }

    fn notice(&mut self, line: &Line, notice: &Notice, lines: &[Line]) -> Result<usize> {
        match notice {
            Notice::Taken { by } => {
                let is_free = self.state.status == Status::Queued && line.author == Some(*by);
                self.must(line, is_free, "who takes a chat to find it in the queue")?;
                let reply = lines.get(1).context("A reply follows the taking")?;
                self.must(
                    reply,
                    reply.author == line.author,
                    "the reply that takes it",
                )?;
                self.reply(reply)?;
                self.state.goes_to(*by);
                return Ok(2);
            }
            Notice::Joined { .. } | Notice::Removed { .. } => {
                return self.observers_set(line, lines);
            }
            Notice::Transferred { by, from, to } => {
                return self.transferred(line, lines, (*by, *from, *to));
            }
            Notice::CameBack { .. }
            | Notice::CameBackToQueue { .. }
            | Notice::OwnerDeactivated { .. }
            | Notice::ObserverDeactivated { .. } => return self.by_itself(line, notice, lines),
            Notice::Newer => self.must(line, false, "a notice of this version")?,
            Notice::Left { observer } => {
                self.made_by(line, Kind::Leave)?;
                self.must(line, line.author == Some(*observer), "who leaves")?;
                self.state.observers.remove(observer);
            }
            Notice::Assigned { by, to } => {
                let given = self.made_by(line, Kind::Assign)?;
                let asked =
                    matches!(given.command, Command::Assign { to: asked, .. } if asked == *to);
                self.must(line, asked && line.author == *by, "whom its command named")?;
                self.are_active(line, &BTreeSet::from([*to]))?;
                self.state.goes_to(*to);
            }
            Notice::Returned { by, was } => {
                self.made_by(line, Kind::ReturnToQueue)?;
                let is_told = line.author == *by && self.state.owner == *was;
                self.must(line, is_told, "by whom, and whose it was")?;
                self.state.goes_to_queue();
            }
            Notice::NoAnswerNeeded { by } => {
                self.made_by(line, Kind::NoAnswerNeeded)?;
                self.must(line, line.author == Some(*by), "who said so")?;
                self.state.is_waiting = false;
            }
            Notice::Closed { by } => {
                self.made_by(line, Kind::Close)?;
                self.must(line, line.author == *by, "who closed it")?;
                self.judged.released += self.state.observers.len() as u64;
                self.state.closes();
            }
            Notice::Reopened { by, owner } => {
                self.made_by(line, Kind::Reopen)?;
                let is_owners = line.author == *by && self.state.owner == Some(*owner);
                self.must(line, is_owners, "its former owner")?;
                self.are_active(line, &BTreeSet::from([*owner]))?;
                self.state.goes_to(*owner);
            }
            Notice::ReopenedToQueue { by, was } => {
                self.made_by(line, Kind::Reopen)?;
                self.finds_nobody(line, line.author == *by, *was)?;
            }
        }
        Ok(1)
    }

    /// What nobody asked for: the client came back, or an operator was deactivated.
    fn by_itself(&mut self, line: &Line, notice: &Notice, lines: &[Line]) -> Result<usize> {
        let is_nobodys = line.author.is_none() && !line.is_programs;
        self.must(line, is_nobodys, "nobody to have done it")?;
        match notice {
            Notice::CameBack { owner } => {
                let is_owners = self.state.owner == Some(*owner);
                let is_closed = self.state.status == Status::Closed;
                self.must(line, is_closed && is_owners, "its former owner")?;
                self.are_active(line, &BTreeSet::from([*owner]))?;
                self.state.goes_to(*owner);
            }
            Notice::CameBackToQueue { was } => {
                let is_closed = self.state.status == Status::Closed;
                self.finds_nobody(line, is_closed, *was)?;
            }
            Notice::OwnerDeactivated { was } => {
                let was = was.filter(|was| self.state.is_owned_by(*was));
                let is_over = was.is_some_and(|was| !self.is_active(was, line.seq));
                self.must(line, is_over, "a deactivated owner")?;
                self.state.goes_to_queue();
                return Ok(1);
            }
            Notice::ObserverDeactivated { observer } => {
                let observed = self.state.observers.remove(observer);
                let is_over = observed && !self.is_active(*observer, line.seq);
                self.must(line, is_over, "a deactivated observer")?;
                return Ok(1);
            }
            Notice::Newer
            | Notice::Taken { .. }
            | Notice::Joined { .. }
            | Notice::Left { .. }
            | Notice::Removed { .. }
            | Notice::Transferred { .. }
            | Notice::Assigned { .. }
            | Notice::Returned { .. }
            | Notice::NoAnswerNeeded { .. }
            | Notice::Closed { .. }
            | Notice::Reopened { .. }
            | Notice::ReopenedToQueue { .. } => {}
        }
        let message = lines
            .get(1)
            .filter(|next| matches!(next.what, What::Inbound { .. }));
        self.must(
            line,
            message.is_some(),
            "the message with which the client came back",
        )?;
        self.state.is_waiting = true;
        Ok(2)
    }

    /// A closed chat goes to the queue since it has no owner to return to.
    fn finds_nobody(&mut self, line: &Line, is_right: bool, was: Option<OperatorId>) -> Result<()> {
        let is_orphan = was.is_none_or(|was| !self.is_active(was, line.seq));
        let is_told = is_right && self.state.owner == was;
        self.must(line, is_told && is_orphan, "nobody to return to")?;
        self.state.goes_to_queue();
        Ok(())
    }

    fn transferred(
        &mut self,
        line: &Line,
        lines: &[Line],
        (by, from, to): (Option<OperatorId>, OperatorId, OperatorId),
    ) -> Result<usize> {
        let given = self.made_by(line, Kind::Transfer)?;
        let Command::Transfer {
            to: asked, note, ..
        } = &given.command
        else {
            return self.must(line, false, "a transfer").map(|()| 1);
        };
        let is_told = line.author == by && self.state.owner == Some(from) && *asked == to;
        self.must(
            line,
            is_told && from != to,
            "by whom, whose it was, whose it is",
        )?;
        self.are_active(line, &BTreeSet::from([to]))?;
        self.state.goes_to(to);
        let Some(note) = note else {
            return Ok(1);
        };
        let is_note = |line: &&Line| {
            matches!(&line.what, What::Comment { text, mentions }
                if text == note && mentions.is_empty())
        };
        let told = lines.get(1).filter(is_note);
        let told = told.filter(|told| told.command.is_none() && told.author == line.author);
        self.must(line, told.is_some(), "the note of the transfer behind it")?;
        Ok(2)
    }

    fn observers_set(&mut self, first: &Line, lines: &[Line]) -> Result<usize> {
        // The answer names the last of its notices.
        let last = lines
            .iter()
            .position(|line| self.makers.contains_key(&line.id));
        let n = last.context("Somebody sets observers")? + 1;
        let last = lines.get(n - 1).context("It is there")?;
        let given = self.made_by(last, Kind::SetObservers)?;
        let asked: BTreeSet<OperatorId> = named(&given.command).into_iter().collect();
        let removed: BTreeSet<OperatorId> =
            self.state.observers.difference(&asked).copied().collect();
        let joined = self.joining(&asked);
        let is_all = n == removed.len() + joined.len();
        self.must(first, is_all, "only who comes or goes")?;
        self.come_and_go(last, lines, &removed, &joined)?;
        Ok(n)
    }

    /// The command that made a line: it asked for just that, was answered with it, and its author
    /// had the right.
    fn made_by(&mut self, line: &Line, kind: Kind) -> Result<&'a Given> {
        let id = line.command.or_else(|| self.makers.get(&line.id).copied());
        let found = id.and_then(|id| Some((id, self.evidence.given.get(&id)?)));
        let Some((id, given)) = found else {
            self.must(line, false, "somebody who asked for it")?;
            anyhow::bail!("nobody asked for it");
        };
        let Given { who, command, .. } = given;
        let is_it = Kind::of(command) == Some(kind) && command.chat_id() == self.life.id;
        self.must(line, is_it, "what its command asked for")?;
        let is_authors = line.author == who.id() && line.is_programs == who.is_program;
        self.must(line, is_authors, "the author of its command")?;
        let kept = self.evidence.kept.get(&id).map(|kept| &kept.answer);
        let is_answer = matches!(kept, Some(Ok(done)) if done.entry_id == Some(line.id)
            && done.place == Some(line.place));
        self.must(line, is_answer, "the answer to its command to name it")?;
        let is_first = self.told.insert(id);
        self.must(line, is_first, "one effect of a command")?;
        let is_active = who.id().is_none_or(|id| self.is_active(id, line.seq));
        self.must(line, is_active, "an active author")?;
        let allows = self.state.allows(kind, who);
        self.must(line, allows, "somebody who may do it")?;
        if let Some(seen) = given.seen.filter(|_| kind.may_be_held()) {
            let newer = self.newer(who, seen, line.place);
            self.must(
                line,
                newer.is_none(),
                "what overlooked a message to be held",
            )?;
        }
        Ok(given)
    }

    /// The newest message of the client or of a colleague to them between two places.
    fn newer(&self, who: &Who, seen: Place, before: Place) -> Option<Place> {
        let between = |line: &&Line| line.place > seen && line.place < before;
        let is_one = |line: &&Line| match line.what {
            What::Inbound { .. } => true,
            What::Outbound { .. } => line.author != who.id(),
            What::Comment { .. } | What::Notice(_) => false,
        };
        let all = self.life.lines.iter().filter(between);
        all.filter(is_one).map(|line| line.place).next_back()
    }

    /// Who could see the chat is, at every commit, who was to see it.
    fn audience(&mut self) -> Result<()> {
        let mut before = BTreeSet::new();
        let mut observed = BTreeSet::new();
        let mut commits = self.past.iter().peekable();
        // The chat itself is made just before its first line.
        let mut from = 0;
        while let Some(commit) = commits.next() {
            let until = commits.peek().map_or(i64::MAX, |next| next.seq);
            let within = |seq: i64| (from..until).contains(&seq);
            let after = commit.state.sight();
            let is_nothing = |one: &&Interval| one.from_seq == one.until_seq;
            let notes = self.life.audience.iter().filter(is_nothing);
            let notes = notes.filter(|one| within(one.from_seq));
            let noted: Vec<_> = notes.map(|one| one.reader).collect();
            // Who observed in the queue, where all see the chat, has taken part until here.
            let parted = observed
                .difference(&commit.state.observers)
                .copied()
                .map(Some);
            let parted = parted.filter(|id| !before.contains(id) && !after.contains(id));
            let all = self.life.audience.iter().filter(|one| !is_nothing(one));
            let all: Vec<&Interval> = all.collect();
            let begun = all.iter().filter(|interval| within(interval.from_seq));
            let begun: Vec<_> = begun.map(|interval| interval.reader).collect();
            let ended: Vec<&Interval> = all
                .iter()
                .copied()
                .filter(|interval| within(interval.until_seq))
                .collect();
            let left: Vec<_> = ended.iter().map(|interval| interval.reader).collect();
            let is_right = same(&begun, &(&after - &before))
                && same(&left, &(&before - &after))
                && same(&noted, &parted.collect());
            must(is_right, || {
                let by = self.by(&format!("at change {}", commit.seq));
                Finding::new(by, format!("{after:?} to see it"), (&begun, &ended, &noted))
            })?;
            for interval in ended {
                let is_closed = commit.state.status == Status::Closed && interval.reader.is_some();
                let why = if is_closed { "closed" } else { "lost" };
                must(interval.why == why, || {
                    Finding::new(self.by("in its audience"), why, interval)
                })?;
            }
            observed.clone_from(&commit.state.observers);
            (before, from) = (after, until);
        }
        self.judged.intervals = self.life.audience.len() as u64;
        Ok(())
    }

    /// What was carried out has been told, and what was refused was refused for a reason that was
    /// there at that moment.
    fn answers(&mut self) -> Result<()> {
        for (id, given) in self.evidence.given {
            if given.command.chat_id() != self.life.id {
                continue;
            }
            let kind = Kind::of(&given.command).context("Read marks are not kept")?;
            let kept = self.evidence.kept.get(id);
            judge_told(*id, given, kept)?;
            let Some(Kept { answer, at }) = kept else {
                continue;
            };
            match answer {
                Ok(done) => {
                    let is_told = self.told.contains(id);
                    // Who sets the observers that there are changes nothing.
                    let is_quiet =
                        !kind.is_told() || (kind == Kind::SetObservers && done.entry_id.is_none());
                    let could =
                        |state: &State| kind.is_told() || may_beside(kind, &given.who, state);
                    let is_right = is_told || (is_quiet && self.at(*at).any(could));
                    must(is_right, || {
                        let by = self.by("in its answers");
                        Finding::new(by, "the effect of what was carried out", (id, given))
                    })?;
                }
                Err(problem) => {
                    self.judged.refusals += 1;
                    let is_right = |state: &State| self.is_right(given, kind, problem, *at, state);
                    let is_silent = matches!(
                        problem.code,
                        Code::ChatNotFound | Code::OperatorInactive | Code::TextEmpty
                    );
                    let is_right = !self.told.contains(id)
                        && (is_silent || self.could_see(given, *at))
                        && self.at(*at).any(is_right);
                    must(is_right, || {
                        let states: Vec<_> = self.at(*at).collect();
                        let by = self.by("in its answers");
                        let seen = (id, given, &states);
                        Finding::new(
                            by,
                            format!("no {:?} without its reason", problem.code),
                            seen,
                        )
                    })?;
                }
            }
        }
        Ok(())
    }

    /// The states that the chat may have been in at a moment: commits of one millisecond are not told
    /// apart by it.
    fn at(&self, at: i64) -> impl Iterator<Item = &State> {
        let before = self.past.iter().rposition(|commit| commit.at < at);
        let from = before.unwrap_or_default();
        let possible = self.past.iter().skip(from);
        possible
            .take_while(move |commit| commit.at <= at)
            .map(|commit| &commit.state)
    }

    /// Whether the author of a command can have seen the chat when they made it, or later: at least
    /// so much must be true if a refusal says anything of it. Nobody has at a panel what they
    /// did not see.
    fn could_see(&self, given: &Given, at: i64) -> bool {
        let (Some(id), Some(seen)) = (given.who.id(), given.seen) else {
            return true;
        };
        let newest = self.past.iter().rposition(|commit| commit.place <= seen);
        // What takes the chat away is the last that they saw of it.
        let from = newest.unwrap_or_default().saturating_sub(1);
        let since = self.past.iter().skip(from);
        let mut since = since.take_while(|commit| commit.at <= at);
        given.who.sees_all() || since.any(|commit| commit.state.is_shown_to(id))
    }

    /// Whether something was refused as it had to be in that state.
    fn is_right(
        &self,
        given: &Given,
        kind: Kind,
        problem: &Problem,
        at: i64,
        state: &State,
    ) -> bool {
        let Given { who, command, .. } = given;
        let is_allowed = state.allows(kind, who);
        let shows = |id| state.is_shown_to(id);
        let is_seen = who.sees_all() || who.id().is_some_and(shows);
        let ended = |id: &OperatorId| self.evidence.deactivated.contains_key(id);
        let is_wordy = matches!(kind, Kind::Reply | Kind::Comment | Kind::Transfer);
        match problem.code {
            Code::ChatTaken => {
                let owner = problem.details.get("owner").cloned();
                let owner = owner.and_then(|owner| serde_json::from_value(owner).ok());
                kind == Kind::Reply
                    && state.status == Status::InWork
                    && !is_allowed
                    && owner == state.owner
            }
            Code::ChatClosed => is_wordy && state.status == Status::Closed && !is_allowed,
            Code::WrongStatus => !kind.is_possible(state.status),
            Code::NotAllowed => kind.is_possible(state.status) && !is_allowed,
            Code::ChatNotFound => !is_seen,
            Code::NewerMessage => {
                let place = problem
                    .details
                    .get("place")
                    .and_then(serde_json::Value::as_i64);
                let place = place.map(Place);
                let line = self
                    .life
                    .lines
                    .iter()
                    .find(|line| Some(line.place) == place);
                let is_newer = line.is_some_and(|line| {
                    line.at <= at
                        && self
                            .newer(who, Place(line.place.0 - 1), line.place.next())
                            .is_some()
                        && given.seen.is_none_or(|seen| line.place > seen)
                });
                kind.may_be_held() && is_allowed && is_newer
            }
            Code::ColleagueInactive => is_allowed && named(command).iter().any(ended),
            Code::AlreadyOwner => {
                is_allowed
                    && matches!(command, Command::Transfer { to, .. } if state.is_owned_by(*to))
            }
            Code::OperatorInactive => who.id().is_some_and(|id| ended(&id)),
            Code::TextEmpty => kind == Kind::Comment && given.token.is_empty(),
            Code::TextTooLong
            | Code::IdReused
            | Code::ReadyAnswerNotFound
            | Code::ReadyAnswerWrong
            | Code::ShortcutTaken
            | Code::ChangedMeanwhile
            | Code::LastAdministrator
            | Code::LoginTaken
            | Code::FieldWrong
            | Code::TooManyReadyAnswers
            | Code::TableUnreadable
            | Code::DraftMoved
            | Code::ChannelNotFound
            | Code::PhoneWrong
            | Code::WrongPassword
            | Code::TooManyTries
            | Code::SignedOut
            | Code::ProtocolTooOld
            | Code::ProtocolTooNew
            | Code::Malformed
            | Code::UnknownFrame
            | Code::TooLarge
            | Code::BadSignature
            | Code::NotFound
            | Code::Unavailable
            | Code::Internal => false,
        }
    }

    /// The client's name and note are what was asked for last, or nothing.
    fn card(&self) -> Result<()> {
        let mut names: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
        let mut notes: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
        for (id, kept) in self.evidence.kept {
            let given = self.evidence.given.get(id).filter(|_| kept.answer.is_ok());
            let of_this = given.filter(|given| given.command.chat_id() == self.life.id);
            match of_this.map(|given| &given.command) {
                Some(Command::NameClient { name, .. }) => {
                    let name = name.as_deref().unwrap_or_default();
                    names.entry(kept.at).or_default().push(name);
                }
                Some(Command::NoteClient { note, .. }) => {
                    notes.entry(kept.at).or_default().push(note);
                }
                _ => {}
            }
        }
        let (name, note) = (&self.life.given_name, &self.life.note);
        let name = name.as_deref().unwrap_or_default();
        for (is, were) in [(name, names), (note.as_str(), notes)] {
            let last = were
                .last_key_value()
                .map_or_else(|| vec![""], |(_, last)| last.clone());
            must(last.contains(&is), || {
                Finding::new(
                    self.by("on its client's card"),
                    format!("one of {last:?}"),
                    is,
                )
            })?;
        }
        Ok(())
    }
}

/// Whoever gave a command was told what the store has kept.
fn judge_told(id: CommandId, given: &Given, kept: Option<&Kept>) -> Result<()> {
    let kept = kept.map(|kept| &kept.answer);
    let is_same = match (&given.told, kept) {
        // A panel that died, or whose operator was deactivated, heard nothing.
        (None, _) | (Some(Told::TakenBack), None) => true,
        (Some(Told::Done(made)), Some(Ok(done))) => made.is_none_or(|made| made == *done),
        (Some(Told::Refused(code)), Some(Err(problem))) => *code == format!("{:?}", problem.code),
        // Who may not ask at all is not remembered, and what says nothing does not leave the panel.
        (Some(Told::Refused(code)), None) => {
            (given.who.is_impostor() && code == "NotAllowed")
                || (given.token.is_empty() && code == "TextEmpty")
        }
        (Some(Told::TakenBack), Some(_))
        | (Some(Told::Done(_)), _)
        | (Some(Told::Refused(_)), Some(Ok(_))) => false,
    };
    must(is_same, || {
        let by = format!("whoever gave the command {id}");
        Finding::new(by, format!("to be told {kept:?}"), given)
    })
}

/// Whether somebody may do what leaves no line in a chat.
fn may_beside(kind: Kind, who: &Who, state: &State) -> bool {
    let is_seen = who.sees_all() || who.id().is_some_and(|id| state.is_shown_to(id));
    is_seen && state.allows(kind, who)
}

/// The colleagues whom a command names.
fn named(command: &Command) -> Vec<OperatorId> {
    match command {
        Command::Comment { mentions, .. } => mentions.clone(),
        Command::SetObservers { observer_ids, .. } => observer_ids.clone(),
        Command::Transfer { to, .. } | Command::Assign { to, .. } => vec![*to],
        Command::Reply { .. }
        | Command::Leave { .. }
        | Command::ReturnToQueue { .. }
        | Command::NoAnswerNeeded { .. }
        | Command::NameClient { .. }
        | Command::NoteClient { .. }
        | Command::TellOnlyAddressed { .. }
        | Command::Close { .. }
        | Command::Reopen { .. }
        | Command::MarkRead { .. } => Vec::new(),
    }
}

/// Whether a list has just these, each once.
fn same(list: &[Option<OperatorId>], expected: &BTreeSet<Option<OperatorId>>) -> bool {
    let all: BTreeSet<_> = list.iter().copied().collect();
    all == *expected && list.len() == expected.len()
}

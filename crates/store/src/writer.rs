//! The one thread that writes.
//!
//! A commit costs a disk's round trip however much it holds, so the thread takes all work that
//! waits and commits it together; under load groups grow by themselves, and when idle a single
//! piece of work is committed at once. Whoever asked is answered after the commit, never before.
//!
//! Work that fails must leave nothing behind, and what is beside it in the group must not suffer.
//! That takes a savepoint for each piece of work, and SQLite copies every page before it is changed
//! within one. Since next to nothing ever fails, a group is tried without them first; if something
//! fails after all, everything is undone and the group done over with savepoints.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use pult_domain::Timestamp;
use pult_sqlite::Transaction;
use tokio::sync::{mpsc, oneshot};

use crate::automatic::{Rules, RulesCache};
use crate::commits::Commits;
use crate::counted::{self, Change, Counted};
use crate::trials::{self, Bug, Point};
use crate::{ChangeSet, Clock, Followers, IsFollowed, StoreError, audience, feed};

/// Most pieces of work in one commit: bounds how long the first one waits for the last.
const MAX_GROUP: usize = 512;

/// How much work may wait before askers are made to wait themselves.
const QUEUE: usize = 4096;

/// What a piece of work has at hand: the transaction, the time, and a note of what it touched.
pub(crate) struct Work<'a> {
    pub(crate) tx: &'a Transaction<'a>,
    pub(crate) now: Timestamp,
    seq: i64,
    pub(crate) touched: Touched,
    rules: &'a RulesCache,
    care: Care,
    has_failed: bool,
}

/// What becomes of a group in which an attempt fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// All of it is done over.
    Group,
    /// The attempt is undone, and the rest counts.
    Attempt,
}

/// What a group of work has changed that others can see.
#[derive(Default)]
pub(crate) struct Touched {
    /// Chats, with those of their entries that are new or changed.
    pub(crate) chats: BTreeMap<i64, BTreeSet<i64>>,
    /// Who could see those chats before the group began; 0 is everyone.
    pub(crate) seen_before: BTreeMap<i64, BTreeSet<i64>>,
    pub(crate) operators: BTreeSet<i64>,
    pub(crate) channels: BTreeSet<i64>,
    pub(crate) integrations: BTreeSet<i64>,
    /// Whether the company's settings have changed.
    pub(crate) company: bool,
    pub(crate) ready_answers: BTreeSet<i64>,
    /// Read marks, as (operator, chat).
    pub(crate) marks: BTreeSet<(i64, i64)>,
    /// Drafts, as (operator, chat).
    pub(crate) drafts: BTreeSet<(i64, i64)>,
    /// What happened that the figures count, and what turns out not to.
    pub(crate) counted: Vec<Change>,
    /// Whether a lane of delivery may have something to do.
    pub(crate) lanes: bool,
}

impl Touched {
    fn merge(&mut self, later: Self) {
        for (chat, entries) in later.chats {
            self.chats.entry(chat).or_default().extend(entries);
        }
        for (chat, readers) in later.seen_before {
            self.seen_before.entry(chat).or_insert(readers);
        }
        self.operators.extend(later.operators);
        self.channels.extend(later.channels);
        self.integrations.extend(later.integrations);
        self.company |= later.company;
        self.ready_answers.extend(later.ready_answers);
        self.marks.extend(later.marks);
        self.drafts.extend(later.drafts);
        self.counted.extend(later.counted);
        self.lanes |= later.lanes;
    }
}

impl Work<'_> {
    /// The next place in the order of changes.
    pub(crate) const fn next_seq(&mut self) -> i64 {
        self.seq += 1;
        self.seq
    }

    /// The last place given in the order of changes.
    pub(crate) const fn seq(&self) -> i64 {
        self.seq
    }

    /// Notes that a chat is about to change. Must come before the change, since it looks at who
    /// sees the chat until now.
    pub(crate) fn touch_chat(&mut self, chat: i64) -> Result<(), StoreError> {
        if !self.touched.seen_before.contains_key(&chat) {
            let readers = audience::present(self.tx.reader(), chat)?;
            self.touched.seen_before.insert(chat, readers);
        }
        self.touched.chats.entry(chat).or_default();
        Ok(())
    }

    /// Whether the group has failed and is about to be done over: what comes of it now is for
    /// nothing.
    pub(crate) const fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Does `work` so that either all of it counts or nothing, what it noted as touched included.
    pub(crate) fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.care == Care::Group {
            let result = work(self);
            self.has_failed |= result.is_err();
            return result;
        }
        let mut own = Work {
            tx: self.tx,
            now: self.now,
            seq: self.seq,
            touched: Touched::default(),
            rules: self.rules,
            care: self.care,
            has_failed: false,
        };
        let done = self.tx.savepoint(|| work(&mut own));
        if done.is_err() {
            // They may be those of a change that was undone.
            self.rules.forget();
        }
        let result = done?;
        self.seq = own.seq;
        self.touched.merge(own.touched);
        Ok(result)
    }

    /// The rules of automatic texts and of direction.
    pub(crate) fn rules(&self) -> Result<Arc<Rules>, StoreError> {
        self.rules.get(self.tx.reader())
    }

    /// Lets the rules be read anew, since they have changed.
    pub(crate) fn forget_rules(&self) {
        self.rules.forget();
    }

    /// Notes that something happened which the figures count.
    pub(crate) fn count(&mut self, counted: Counted) {
        self.touched.counted.push(Change::Add(counted));
    }

    /// Notes that an entry of a touched chat is new or has changed.
    pub(crate) fn touch_entry(&mut self, chat: i64, entry: i64) {
        self.touched.chats.entry(chat).or_default().insert(entry);
    }
}

/// A piece of work, and whoever waits for it.
trait Job: Send {
    /// Does the work. It may have to be done over.
    fn run(&mut self, group: &mut Work<'_>);

    /// Tells what came of it, once that is committed or why it is not.
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

struct Asked<T, F> {
    work: F,
    result: Option<Result<T, StoreError>>,
    asker: oneshot::Sender<Result<T, StoreError>>,
    commits: Arc<Commits>,
}

impl<T, F> Job for Asked<T, F>
where
    T: Send,
    F: Fn(&mut Work<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, group: &mut Work<'_>) {
        self.result = Some((self.work)(group));
    }

    fn answer(self: Box<Self>, committed: Result<(), String>) {
        if let Some(result) = &self.result {
            self.commits.note_work(result);
        }
        let answer = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(StoreError::Closed),
            (Err(cause), _) => Err(StoreError::Commit(cause)),
        };
        // Nobody waits any longer: the work is done all the same.
        drop(self.asker.send(answer));
    }
}

/// The way to the writing thread; cheap to clone. The thread ends when all are dropped.
#[derive(Clone)]
pub(crate) struct Writing {
    jobs: mpsc::Sender<Box<dyn Job>>,
    pub(crate) commits: Arc<Commits>,
}

impl Writing {
    /// Starts the thread.
    pub(crate) fn start(
        writer: pult_sqlite::Writer,
        clock: Clock,
        followers: Followers,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let commits = Arc::new(Commits::default());
        let noted = Arc::clone(&commits);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_until_closed(writer, queue, &clock, &followers, &noted))
            .map_err(|error| StoreError::Commit(error.to_string()))?;
        Ok((Self { jobs, commits }, thread))
    }

    /// How many pieces of work wait for their commit.
    pub(crate) fn n_waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// Whether the thread has ended, so that nothing is written any more.
    pub(crate) fn is_over(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Waits until it has.
    pub(crate) async fn over(&self) {
        self.jobs.closed().await;
    }

    /// Does `work` in the next commit and returns what it returned, once that commit is durable.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Work<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run_attempts(move |group| group.attempt(&work)).await
    }

    /// The same for work that makes all its changes in attempts of its own.
    pub(crate) async fn run_attempts<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Work<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (asker, answer) = oneshot::channel();
        let job = Box::new(Asked {
            work,
            result: None,
            asker,
            commits: Arc::clone(&self.commits),
        });
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

fn write_until_closed(
    mut writer: pult_sqlite::Writer,
    mut queue: mpsc::Receiver<Box<dyn Job>>,
    clock: &Clock,
    followers: &Followers,
    commits: &Commits,
) {
    let Followers {
        publish,
        is_followed,
    } = followers;
    let rules = RulesCache::default();
    while let Some(first) = queue.blocking_recv() {
        let mut jobs = vec![first];
        while jobs.len() < MAX_GROUP
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
        trials::under_way(jobs.len());
        let n_jobs = jobs.len();
        let since = Instant::now();
        let committed = commit(&mut writer, clock(), &mut jobs, is_followed, &rules);
        trials::pass(Point::AfterCommit);
        commits.note(&committed, n_jobs, since.elapsed());
        let outcome = committed
            .map(|changes| changes.map(publish).unwrap_or_default())
            .map_err(|error| error.to_string());
        for job in jobs {
            job.answer(outcome.clone());
        }
    }
    empty_log(&writer);
}

fn empty_log(writer: &pult_sqlite::Writer) {
    if let Err(error) = writer.checkpoint() {
        tracing::warn!(%error, "The write-ahead log could not be emptied at the end");
    }
}

/// Does a group of work and commits it; in a second go if something in it fails.
fn commit(
    writer: &mut pult_sqlite::Writer,
    now: Timestamp,
    jobs: &mut Vec<Box<dyn Job>>,
    is_followed: &IsFollowed,
    rules: &RulesCache,
) -> Result<Option<ChangeSet>, StoreError> {
    for care in [Care::Group, Care::Attempt] {
        let done = writer.transaction(|tx| commit_group(tx, now, jobs, is_followed, rules, care));
        if done.is_err() {
            // They may be those of a change that was undone.
            rules.forget();
        }
        match done {
            Ok(changes) => return Ok(changes),
            Err(Failure::Fault(fault)) => return Err(fault),
            Err(Failure::Attempt) => {}
        }
    }
    Err(StoreError::Inconsistent(
        "with savepoints nothing fails as a whole",
    ))
}

/// Why a group was not committed.
enum Failure {
    /// An attempt in it failed, and nothing is there to undo that alone.
    Attempt,
    Fault(StoreError),
}

impl<E: Into<StoreError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

fn commit_group(
    tx: &Transaction<'_>,
    now: Timestamp,
    jobs: &mut Vec<Box<dyn Job>>,
    is_followed: &IsFollowed,
    rules: &RulesCache,
    care: Care,
) -> Result<Option<ChangeSet>, Failure> {
    let from = feed::seq(tx.reader())?;
    let mut group = Work {
        tx,
        now,
        seq: from.0,
        touched: Touched::default(),
        rules,
        care,
        has_failed: false,
    };
    for job in jobs.iter_mut() {
        job.run(&mut group);
        if group.has_failed {
            return Err(Failure::Attempt);
        }
    }
    if !tx.is_open() {
        return Err(StoreError::Commit("SQLite undid it".to_owned()).into());
    }
    if group.seq != from.0 {
        tx.execute("UPDATE store SET seq = ?1", (group.seq,))?;
    }
    counted::write(tx, &group.touched.counted)?;
    let changes = feed::change_set(tx.reader(), from, &group, is_followed)?;
    if trials::has(Bug::AnswerBeforeCommit) {
        for job in jobs.drain(..) {
            job.answer(Ok(()));
        }
    }
    trials::pass(Point::BeforeCommit);
    Ok(changes)
}

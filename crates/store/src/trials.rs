//! Deaths and bugs on demand, with which the proofs try the backend and are tried themselves.
//!
//! All of it is behind the feature `trials`. Without it [`pass`] does nothing, [`has`] is false,
//! and nothing of this is in the program. With it, variables of the environment say what a
//! process does:
//!
//! - `PULT_TRIALS_DIE=POINT:N`: it kills itself when it passes that [`Point`] for the `N`th time,
//!   as a power cut would, after a line in the log that says how much was under way.
//! - `PULT_TRIALS_BUG=NAME`: it has that [`Bug`].
//!
//! - `PULT_TRIALS_LEASE_MS=N`: what a panel says of its operator holds for so long.
//!
//! Another one is for the bench, which takes the store's share by leaving it out:
//!
//! - `PULT_TRIALS_STORE=none|hub`: providers' events are not stored, see [`Instead`].

/// Where a process may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "trials", derive(serde::Deserialize))]
#[cfg_attr(feature = "trials", serde(rename_all = "snake_case"))]
pub enum Point {
    /// A raw event is in the journal, in a transaction that goes on.
    AfterJournal,
    /// A group of work is done, and its commit follows.
    BeforeCommit,
    /// A group is committed; nobody has been told or answered.
    AfterCommit,
    /// The request with a message has left, and its answer has not come.
    PostLeft,
    /// The answer to a request has come and is not written down.
    AnswerCame,
}

/// What a process may do wrong. Each breaks a promise that one of the proofs watches over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "trials", derive(serde::Deserialize))]
#[cfg_attr(feature = "trials", serde(rename_all = "snake_case"))]
pub enum Bug {
    /// Raw events are not written into the journal.
    SkipJournal,
    /// Askers are answered before the commit.
    AnswerBeforeCommit,
    /// A client's message that comes again is taken again.
    ForgetMessageIds,
    /// A command that comes again is carried out again.
    ForgetCommandIds,
    /// Whoever replies to a chat in work becomes its second owner.
    TwoOwners,
    /// What was being sent at a crash is sent again.
    ResendOnTakeover,
    /// A message does not wait for the one before it in its chat.
    LanesOvertake,
    /// A status is not matched by the id that its request carried.
    ForgetCallbackData,
    /// Readers are not told that a chat is gone.
    DropGone,
    /// A chat that a reader has lost is said to be closed, so that they keep its text.
    LostAsClosed,
    /// Changes of chats go to everybody who is connected.
    ShowToEveryone,
    /// A changed entry keeps its old place in the order of changes.
    SeqStandsStill,
    /// Cursors promise more than their reader has got.
    CursorRunsAhead,
    /// A reader goes live without what was published while it caught up.
    LiveTooSoon,
    /// Who observed a chat still does when it is closed.
    ObserversOutliveClose,
    /// What a hidden comment says is sent to the client as well.
    CommentsToClient,
    /// Whoever sees a chat in work may hand it on.
    AnybodyTransfers,
    /// Who observes a chat does not get to see it.
    ObserversSeeNothing,
    /// What was refused leaves a notice all the same.
    RefusalsLeaveNotices,
    /// A message that was overlooked holds nothing back.
    NothingIsHeld,
    /// Whoever asks for a chat that they never saw learns of it.
    StrangersAreAnswered,
    /// A draft does not end with the reply that was made of it, if another device has written it.
    SentDraftsStay,
    /// Other devices are not told of a draft before they read from the store.
    DraftsStayAtHome,
    /// A read mark that comes late takes the place of the one before.
    MarksGoBack,
    /// What a panel says of its operator holds for ever.
    LeasesNeverEnd,
}

/// What happens to a provider's events instead of being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "trials", derive(serde::Deserialize))]
#[cfg_attr(feature = "trials", serde(rename_all = "snake_case"))]
pub enum Instead {
    /// Nothing more than being verified and read.
    None,
    /// Panels are told of them as if they were stored.
    Hub,
}

#[cfg(not(feature = "trials"))]
mod off {
    use super::{Bug, Point};

    /// Nobody dies here.
    #[inline]
    pub const fn pass(_: Point) {}

    /// No bugs on demand.
    #[inline]
    #[must_use]
    pub const fn has(_: Bug) -> bool {
        false
    }

    /// Nobody counts.
    #[inline]
    pub const fn under_way(_: usize) {}

    /// The usual one.
    #[inline]
    #[must_use]
    pub const fn lease() -> Option<std::time::Duration> {
        None
    }
}
#[cfg(not(feature = "trials"))]
pub use off::{has, lease, pass, under_way};

#[cfg(feature = "trials")]
mod on {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::Duration;

    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::Error;

    use super::{Bug, Instead, Point};

    struct Trials {
        dies_at: Option<(Point, usize)>,
        bug: Option<Bug>,
        instead: Option<Instead>,
        lease: Option<Duration>,
    }

    static TRIALS: LazyLock<Trials> = LazyLock::new(|| Trials {
        dies_at: variable("PULT_TRIALS_DIE").and_then(|value| {
            let (point, n) = value.split_once(':')?;
            Some((named(point)?, n.parse().ok()?))
        }),
        bug: variable("PULT_TRIALS_BUG").and_then(|name| named(&name)),
        instead: variable("PULT_TRIALS_STORE").and_then(|name| named(&name)),
        lease: variable("PULT_TRIALS_LEASE_MS")
            .and_then(|ms| ms.parse().ok())
            .map(Duration::from_millis),
    });

    static HAS_BEGUN: AtomicBool = AtomicBool::new(false);
    static N_PASSED: AtomicUsize = AtomicUsize::new(0);
    static N_UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

    fn variable(name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn named<'a, T: Deserialize<'a>>(name: &str) -> Option<T> {
        let known = T::deserialize(IntoDeserializer::<Error>::into_deserializer(
            name.to_owned(),
        ));
        if known.is_err() {
            tracing::error!(name, "There is no such trial");
        }
        known.ok()
    }

    /// From here on points count: whoever started the program knows by now where it listens, and
    /// has not to do with one that died before it was there.
    pub fn begin() {
        HAS_BEGUN.store(true, Ordering::SeqCst);
    }

    /// Passes a point, or dies there.
    pub fn pass(point: Point) {
        if !HAS_BEGUN.load(Ordering::SeqCst) {
            return;
        }
        let Some((_, n)) = TRIALS.dies_at.filter(|(at, _)| *at == point) else {
            return;
        };
        if N_PASSED.fetch_add(1, Ordering::SeqCst) + 1 == n {
            let n_under_way = N_UNDER_WAY.load(Ordering::SeqCst);
            tracing::error!(?point, n_under_way, "Dies here, as it was told to");
            die();
        }
    }

    /// As `kill -9` does: nothing is flushed, closed or told.
    fn die() {
        use rustix::process::{Signal, getpid, kill_process};
        kill_process(getpid(), Signal::KILL).unwrap_or_default();
        std::process::abort();
    }

    /// Whether this process has the bug.
    #[must_use]
    pub fn has(bug: Bug) -> bool {
        TRIALS.bug == Some(bug)
    }

    /// For how long what a panel says of its operator holds, if not for the usual time.
    #[must_use]
    pub fn lease() -> Option<Duration> {
        TRIALS.lease
    }

    /// What happens to a provider's events, if they are not stored.
    #[must_use]
    pub fn instead() -> Option<Instead> {
        TRIALS.instead
    }

    /// Notes how many pieces of work are in the present group of the writer.
    pub fn under_way(n: usize) {
        N_UNDER_WAY.store(n, Ordering::SeqCst);
    }
}
#[cfg(feature = "trials")]
pub use on::{begin, has, instead, lease, pass, under_way};

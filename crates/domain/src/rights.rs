//! Who may do what: one table of action, status, standing and part.
//!
//! Everything that a person or a program can ask for in a chat is decided here first. What else can
//! stand in the way, such as a message that was overlooked, is found by [`decide`](crate::decide).

use serde::{Deserialize, Serialize};

use crate::{Author, Chat, Role, Status};

/// What can be asked for, without its particulars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum Deed {
    /// Reply to the client.
    Reply,
    /// Add a hidden comment, with or without mentions.
    Comment,
    /// Observe no longer.
    Leave,
    /// Hand a chat in work to a colleague.
    Transfer,
    /// Close the chat.
    Close,
    /// Put a closed chat back in work.
    Reopen,
    /// Put a chat back into the queue.
    ReturnToQueue,
    /// Give a queued chat to an operator.
    Assign,
    /// Set who observes.
    SetObservers,
    /// Say that the client needs no answer.
    NoAnswerNeeded,
}

impl Deed {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Reply,
        Self::Comment,
        Self::Leave,
        Self::Transfer,
        Self::Close,
        Self::Reopen,
        Self::ReturnToQueue,
        Self::Assign,
        Self::SetObservers,
        Self::NoAnswerNeeded,
    ];
}

/// An author's part in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Owns it; it is in work.
    Owner,
    /// Was brought in.
    Observer,
    /// Owned it when it was closed.
    FormerOwner,
    /// None.
    Nobody,
}

impl Part {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Observer, Self::FormerOwner, Self::Nobody];

    /// The part that `author` has in `chat`.
    #[must_use]
    pub fn of(author: &Author, chat: &Chat) -> Self {
        let Some(id) = author.id() else {
            return Self::Nobody;
        };
        if chat.is_owner(id) {
            Self::Owner
        } else if chat.observers.contains(&id) {
            Self::Observer
        } else if chat.status == Status::Closed && chat.owner == Some(id) {
            Self::FormerOwner
        } else {
            Self::Nobody
        }
    }
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may be done.
    Allowed,
    /// Not by this author.
    NotAllowed,
    /// Not by this author, since the chat is somebody else's by now.
    Taken,
    /// Not in a closed chat, which can be reopened first.
    Closed,
    /// Not in this status.
    WrongStatus,
}

/// To whom something is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    AnyOperator,
    Owner,
    Observer,
    FormerOwner,
    /// And administrators, who may all that supervisors may.
    Supervisor,
    Integration,
}

impl Open {
    fn covers(self, author: &Author, part: Part) -> bool {
        match self {
            Self::AnyOperator => author.id().is_some(),
            Self::Owner => part == Part::Owner,
            Self::Observer => part == Part::Observer,
            Self::FormerOwner => part == Part::FormerOwner,
            Self::Supervisor => author.is_at_least(Role::Supervisor),
            Self::Integration => author.id().is_none(),
        }
    }
}

enum Cell {
    /// Open to these; to the rest the verdict.
    To(&'static [Open], Verdict),
    /// To nobody.
    No(Verdict),
}

/// The table. The numbers are those of the rows of "The life of a chat".
const fn cell(deed: Deed, status: Status) -> Cell {
    use Cell::{No, To};
    use Open::{AnyOperator, FormerOwner, Integration, Observer, Owner, Supervisor};
    use Status::{Closed, InWork, Queued};
    use Verdict::{NotAllowed, Taken, WrongStatus};
    match (deed, status) {
        // 5, 6, 7
        (Deed::Reply, Queued) => To(&[AnyOperator], NotAllowed),
        (Deed::Reply, InWork) => To(&[Owner, Observer], Taken),
        (Deed::Reply | Deed::Comment, Closed) => No(Verdict::Closed),
        // 8, 9, 10
        (Deed::Comment, Queued) => To(&[AnyOperator], NotAllowed),
        (Deed::Comment, InWork) => To(&[Owner, Observer, Supervisor], NotAllowed),
        // 11
        (Deed::Leave, Queued | InWork) => To(&[Observer], NotAllowed),
        // 12
        (Deed::Transfer, InWork) => To(&[Owner, Supervisor, Integration], NotAllowed),
        (Deed::Transfer, Closed) => No(Verdict::Closed),
        // 13, 14
        (Deed::Close, InWork) => To(&[Owner, Supervisor, Integration], NotAllowed),
        (Deed::Close, Queued) => To(&[Supervisor, Integration], NotAllowed),
        // 15
        (Deed::Reopen, Closed) => To(&[FormerOwner, Supervisor, Integration], NotAllowed),
        // 16
        (Deed::ReturnToQueue, InWork) => To(&[Owner, Supervisor, Integration], NotAllowed),
        (Deed::ReturnToQueue, Closed) => To(&[Supervisor, Integration], NotAllowed),
        // 18
        (Deed::Assign, Queued) => To(&[Supervisor, Integration], NotAllowed),
        // 19
        (Deed::SetObservers, Queued | InWork) => To(&[Supervisor, Integration], NotAllowed),
        // 20
        (Deed::NoAnswerNeeded, Queued) => To(&[AnyOperator], NotAllowed),
        (Deed::NoAnswerNeeded, InWork) => To(&[Owner, Observer], NotAllowed),
        (Deed::Leave | Deed::Close | Deed::Assign | Deed::SetObservers, Closed)
        | (Deed::Transfer | Deed::ReturnToQueue, Queued)
        | (Deed::Reopen, Queued | InWork)
        | (Deed::Assign, InWork)
        | (Deed::NoAnswerNeeded, Closed) => No(WrongStatus),
    }
}

/// Whether somebody may do something in a chat of that status, in which they have that part.
#[must_use]
pub fn verdict(deed: Deed, status: Status, author: &Author, part: Part) -> Verdict {
    match cell(deed, status) {
        Cell::To(open, _) if open.iter().any(|open| open.covers(author, part)) => Verdict::Allowed,
        Cell::To(_, refused) | Cell::No(refused) => refused,
    }
}

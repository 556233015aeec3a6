//! A chat as far as its life is concerned: status, owner, observers. Its texts live elsewhere.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Event, OperatorId};

/// Where a chat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum Status {
    /// In the common queue; nobody's.
    Queued,
    /// In the hands of its owner.
    InWork,
    /// Done with, until the client writes again or somebody reopens it.
    Closed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Queued, Self::InWork, Self::Closed];

    /// The status's name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InWork => "in_work",
            Self::Closed => "closed",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// The state of a chat that its rules depend on.
///
/// Held by [`Chat::apply`]: a queued chat has no owner, a chat in work always has one, a closed
/// one has kept its last owner if it had any and has no observers, an owner never observes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chat {
    /// Where it stands.
    pub status: Status,
    /// Who is, or while closed was, responsible.
    pub owner: Option<OperatorId>,
    /// While queued: whose it was before, to be shown ("was Ivan's").
    pub former_owner: Option<OperatorId>,
    /// Operators brought in besides the owner.
    pub observers: BTreeSet<OperatorId>,
}

impl Chat {
    /// A chat that begins now, with a client's first message (row 1).
    #[must_use]
    pub const fn new() -> Self {
        Self {
            status: Status::Queued,
            owner: None,
            former_owner: None,
            observers: BTreeSet::new(),
        }
    }

    /// Owner or observer of a chat that is not closed.
    #[must_use]
    pub fn is_participant(&self, operator: OperatorId) -> bool {
        self.is_owner(operator) || self.observers.contains(&operator)
    }

    /// Owner of a chat in work.
    #[must_use]
    pub fn is_owner(&self, operator: OperatorId) -> bool {
        self.status == Status::InWork && self.owner == Some(operator)
    }

    /// Whether the chat stands in the operator's panel now: the queue is everybody's, the rest
    /// belongs to those who take part.
    #[must_use]
    pub fn is_visible_to(&self, operator: OperatorId) -> bool {
        match self.status {
            Status::Queued => true,
            Status::InWork => self.is_participant(operator),
            Status::Closed => false,
        }
    }

    /// The chat after `event`.
    pub fn apply(&mut self, event: &Event) {
        match *event {
            Event::Taken { by } => {
                self.status = Status::InWork;
                self.owner = Some(by);
                self.former_owner = None;
                self.observers.remove(&by);
            }
            Event::Transferred { to, .. } | Event::Assigned { to, .. } => {
                self.status = Status::InWork;
                self.owner = Some(to);
                self.former_owner = None;
                self.observers.remove(&to);
            }
            Event::Joined { observer, .. } => {
                self.observers.insert(observer);
            }
            Event::NoAnswerNeeded { .. } => {}
            Event::Closed { .. } => {
                self.status = Status::Closed;
                self.former_owner = None;
                self.observers.clear();
            }
            Event::Reopened { owner, .. } | Event::CameBack { owner } => {
                self.status = Status::InWork;
                self.owner = Some(owner);
                self.former_owner = None;
            }
            Event::ReopenedToQueue { was, .. }
            | Event::CameBackToQueue { was }
            | Event::Returned { was, .. }
            | Event::OwnerDeactivated { was } => {
                self.status = Status::Queued;
                self.owner = None;
                self.former_owner = was;
            }
            Event::Left { observer }
            | Event::Removed { observer, .. }
            | Event::ObserverDeactivated { observer } => {
                self.observers.remove(&observer);
            }
        }
        if let Event::OwnerDeactivated { was: Some(was) } = *event {
            self.observers.remove(&was);
        }
    }
}

impl Default for Chat {
    fn default() -> Self {
        Self::new()
    }
}

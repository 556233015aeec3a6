//! The judge's own law: who may do what and what a chat is like, written down from the specification
//! once more. It shares nothing with the product's table of rights: a judge who asks the accused
//! confirms what they say.

use std::collections::BTreeSet;

use pult_domain::{OperatorId, Role, Status};
use pult_protocol::Command;

/// What can be asked for in a chat, but for read marks, which are nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Reply,
    Comment,
    Leave,
    Transfer,
    Close,
    Reopen,
    ReturnToQueue,
    Assign,
    SetObservers,
    NoAnswerNeeded,
    NameClient,
    NoteClient,
    TellOnlyAddressed,
}

/// Who asks for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Who {
    /// The operator with their role; none for a program as itself.
    pub(super) operator: Option<(OperatorId, Role)>,
    /// Whether a program asks, as itself or for the operator.
    pub(super) is_program: bool,
}

/// A chat at some commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) status: Status,
    /// Who is responsible; in a closed chat who was last.
    pub(super) owner: Option<OperatorId>,
    /// In the queue: whose it was before.
    pub(super) former_owner: Option<OperatorId>,
    pub(super) observers: BTreeSet<OperatorId>,
    /// Whether the client waits for an answer.
    pub(super) is_waiting: bool,
}

/// Whom a row of the table admits.
#[derive(Clone, Copy)]
enum Admitted {
    Operators,
    Owner,
    Observers,
    FormerOwner,
    Supervisors,
    Integrations,
}

impl Kind {
    pub(super) const ALL: [Self; 13] = [
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
        Self::NameClient,
        Self::NoteClient,
        Self::TellOnlyAddressed,
    ];

    /// What a command asks for; none for a read mark.
    pub(super) const fn of(command: &Command) -> Option<Self> {
        Some(match command {
            Command::Reply { .. } => Self::Reply,
            Command::Comment { .. } => Self::Comment,
            Command::Leave { .. } => Self::Leave,
            Command::Transfer { .. } => Self::Transfer,
            Command::Close { .. } => Self::Close,
            Command::Reopen { .. } => Self::Reopen,
            Command::ReturnToQueue { .. } => Self::ReturnToQueue,
            Command::Assign { .. } => Self::Assign,
            Command::SetObservers { .. } => Self::SetObservers,
            Command::NoAnswerNeeded { .. } => Self::NoAnswerNeeded,
            Command::NameClient { .. } => Self::NameClient,
            Command::NoteClient { .. } => Self::NoteClient,
            Command::TellOnlyAddressed { .. } => Self::TellOnlyAddressed,
            Command::MarkRead { .. } => return None,
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Comment => "comment",
            Self::Leave => "leave",
            Self::Transfer => "transfer",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::ReturnToQueue => "return_to_queue",
            Self::Assign => "assign",
            Self::SetObservers => "set_observers",
            Self::NoAnswerNeeded => "no_answer_needed",
            Self::NameClient => "name_client",
            Self::NoteClient => "note_client",
            Self::TellOnlyAddressed => "tell_only_addressed",
        }
    }

    /// Whether it leaves a line in the chat.
    pub(super) const fn is_told(self) -> bool {
        !matches!(
            self,
            Self::NameClient | Self::NoteClient | Self::TellOnlyAddressed
        )
    }

    /// Whether it is held if it overlooked a newer message.
    pub(super) const fn may_be_held(self) -> bool {
        matches!(
            self,
            Self::Reply | Self::Transfer | Self::Close | Self::NoAnswerNeeded
        )
    }

    /// "The life of a chat", by the numbers of its rows.
    const fn admits(self, status: Status) -> &'static [Admitted] {
        use Admitted::{FormerOwner, Integrations, Observers, Operators, Owner, Supervisors};
        match (self, status) {
            // 5, 8, 20
            (Self::Reply | Self::Comment | Self::NoAnswerNeeded, Status::Queued) => &[Operators],
            // 6, 20
            (Self::Reply | Self::NoAnswerNeeded, Status::InWork) => &[Owner, Observers],
            // 9
            (Self::Comment, Status::InWork) => &[Owner, Observers, Supervisors],
            // 11
            (Self::Leave, Status::Queued | Status::InWork) => &[Observers],
            // 12, 13, 16
            (Self::Transfer | Self::Close | Self::ReturnToQueue, Status::InWork) => {
                &[Owner, Supervisors, Integrations]
            }
            // 14, 18, 19
            (Self::Close | Self::Assign | Self::SetObservers, Status::Queued)
            // 16, 19
            | (Self::ReturnToQueue, Status::Closed)
            | (Self::SetObservers, Status::InWork) => &[Supervisors, Integrations],
            // 15
            (Self::Reopen, Status::Closed) => &[FormerOwner, Supervisors, Integrations],
            // "An observer may choose to be told only of what is addressed to them."
            (Self::TellOnlyAddressed, _) => &[Observers],
            // What staff know of a client is open to whoever sees the chat.
            (Self::NameClient | Self::NoteClient, _) => &[Operators, Integrations],
            // 7, and what has no row
            (
                Self::Reply
                | Self::Comment
                | Self::Leave
                | Self::Transfer
                | Self::Close
                | Self::Assign
                | Self::SetObservers
                | Self::NoAnswerNeeded,
                Status::Closed,
            )
            | (Self::Transfer | Self::ReturnToQueue | Self::Reopen, Status::Queued)
            | (Self::Reopen | Self::Assign, Status::InWork) => &[],
        }
    }

    /// Whether anybody may do it in that status.
    pub(super) const fn is_possible(self, status: Status) -> bool {
        !self.admits(status).is_empty()
    }
}

impl Who {
    pub(super) fn id(&self) -> Option<OperatorId> {
        self.operator.map(|(id, _)| id)
    }

    fn is_supervisor(&self) -> bool {
        matches!(
            self.operator,
            Some((_, Role::Supervisor | Role::Administrator))
        )
    }

    /// Whether a program asks for somebody for whom none may.
    pub(super) fn is_impostor(&self) -> bool {
        self.is_program && matches!(self.operator, Some((_, Role::Administrator)))
    }

    /// Whether they look after chats that they take no part in.
    pub(super) fn sees_all(&self) -> bool {
        self.operator.is_none() || self.is_supervisor()
    }
}

impl State {
    /// A chat that begins.
    pub(super) const fn new() -> Self {
        Self {
            status: Status::Queued,
            owner: None,
            former_owner: None,
            observers: BTreeSet::new(),
            is_waiting: false,
        }
    }

    /// Whether it is in work at that operator.
    pub(super) fn is_owned_by(&self, operator: OperatorId) -> bool {
        self.status == Status::InWork && self.owner == Some(operator)
    }

    /// Whether that operator's panel shows it.
    pub(super) fn is_shown_to(&self, operator: OperatorId) -> bool {
        match self.status {
            Status::Queued => true,
            Status::InWork => self.owner == Some(operator) || self.observers.contains(&operator),
            Status::Closed => false,
        }
    }

    /// Who sees it, as the store writes it down; none stands for everyone.
    pub(super) fn sight(&self) -> BTreeSet<Option<OperatorId>> {
        match self.status {
            Status::Queued => BTreeSet::from([None]),
            Status::InWork => {
                let observers = self.observers.iter().copied().map(Some);
                observers.chain(self.owner.map(Some)).collect()
            }
            Status::Closed => BTreeSet::new(),
        }
    }

    /// Whether somebody may do something in it.
    pub(super) fn allows(&self, kind: Kind, who: &Who) -> bool {
        if who.is_impostor() {
            return false;
        }
        let id = who.id();
        let is_admitted = |admitted: &Admitted| match admitted {
            Admitted::Operators => id.is_some(),
            Admitted::Owner => id.is_some_and(|id| self.is_owned_by(id)),
            Admitted::Observers => id.is_some_and(|id| self.observers.contains(&id)),
            Admitted::FormerOwner => {
                self.status == Status::Closed && id.is_some() && self.owner == id
            }
            Admitted::Supervisors => who.is_supervisor(),
            Admitted::Integrations => id.is_none(),
        };
        kind.admits(self.status).iter().any(is_admitted)
    }

    /// It is somebody's from now on.
    pub(super) fn goes_to(&mut self, owner: OperatorId) {
        self.status = Status::InWork;
        self.owner = Some(owner);
        self.former_owner = None;
        self.observers.remove(&owner);
    }

    /// It stands in the queue from now on.
    pub(super) fn goes_to_queue(&mut self) {
        self.status = Status::Queued;
        self.former_owner = self.owner.take();
    }

    /// It is closed.
    pub(super) fn closes(&mut self) {
        self.status = Status::Closed;
        self.former_owner = None;
        self.observers.clear();
        self.is_waiting = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn who(n: u128, role: Role) -> Who {
        Who {
            operator: Some((OperatorId(Uuid::from_u128(n)), role)),
            is_program: false,
        }
    }

    #[test]
    fn an_observer_never_closes_transfers_reopens_or_returns() {
        let observer = who(1, Role::Operator);
        let mut state = State::new();
        state.goes_to(OperatorId(Uuid::from_u128(2)));
        state.observers.extend(observer.id());
        for kind in [Kind::Reply, Kind::Comment, Kind::Leave] {
            assert!(state.allows(kind, &observer), "{kind:?}");
        }
        for kind in [
            Kind::Close,
            Kind::Transfer,
            Kind::Reopen,
            Kind::ReturnToQueue,
        ] {
            assert!(!state.allows(kind, &observer), "{kind:?}");
        }
    }

    #[test]
    fn a_close_releases_all_and_leaves_the_owner_a_way_back() {
        let (owner, other) = (who(1, Role::Operator), who(2, Role::Operator));
        let mut state = State::new();
        state.goes_to(OperatorId(Uuid::from_u128(1)));
        state.observers.extend(other.id());
        state.closes();
        assert!(state.observers.is_empty() && state.sight().is_empty());
        assert!(state.allows(Kind::Reopen, &owner));
        assert!(!state.allows(Kind::Reopen, &other));
        assert!(state.allows(Kind::Reopen, &who(3, Role::Supervisor)));
    }

    #[test]
    fn no_program_asks_for_an_administrator() {
        let program = |operator| Who {
            operator,
            is_program: true,
        };
        let administrator = program(Some((OperatorId(Uuid::from_u128(1)), Role::Administrator)));
        let state = State::new();
        for kind in Kind::ALL {
            assert!(!state.allows(kind, &administrator), "{kind:?}");
        }
        assert!(state.allows(Kind::Close, &program(None)));
        assert!(!state.allows(Kind::Reply, &program(None)));
    }
}

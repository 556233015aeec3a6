//! The life of a chat: what may happen, who may make it happen, and what comes of it.
//!
//! The rows mentioned here are those of the product's table "The life of a chat". A decision is
//! a list of [`Event`]s, which [`Chat::apply`] carries out and the store writes down as notices;
//! an empty list means that the thing is allowed and moves nothing.

use std::collections::BTreeSet;

use crate::{Author, Chat, Deed, OperatorId, Part, Place, Refusal, Role, Status, Verdict, verdict};

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// A reply to the client (rows 5-7).
    Reply,
    /// A hidden comment (rows 8-10).
    Comment {
        /// Whom it mentions.
        mentions: &'a BTreeSet<OperatorId>,
    },
    /// Observe no longer (row 11).
    Leave,
    /// Hand the chat on (row 12).
    Transfer {
        /// To whom.
        to: OperatorId,
    },
    /// Close the chat (rows 13, 14).
    Close,
    /// Reopen a closed chat (row 15).
    Reopen,
    /// Put the chat back into the queue (row 16).
    ReturnToQueue,
    /// Give a queued chat to somebody (row 18).
    Assign {
        /// To whom.
        to: OperatorId,
    },
    /// Say who observes: these and nobody else (row 19).
    SetObservers {
        /// Who. The owner, who sees the chat anyway, is passed over.
        observers: &'a BTreeSet<OperatorId>,
    },
    /// The client needs no answer (row 20).
    NoAnswerNeeded,
}

impl Action<'_> {
    /// What it is in the table of rights.
    #[must_use]
    pub const fn deed(&self) -> Deed {
        match self {
            Self::Reply => Deed::Reply,
            Self::Comment { .. } => Deed::Comment,
            Self::Leave => Deed::Leave,
            Self::Transfer { .. } => Deed::Transfer,
            Self::Close => Deed::Close,
            Self::Reopen => Deed::Reopen,
            Self::ReturnToQueue => Deed::ReturnToQueue,
            Self::Assign { .. } => Deed::Assign,
            Self::SetObservers { .. } => Deed::SetObservers,
            Self::NoAnswerNeeded => Deed::NoAnswerNeeded,
        }
    }

    /// Whether it is for the client's eyes, or ends something: then its author must have seen
    /// everything before it.
    const fn needs_all_seen(&self) -> bool {
        matches!(
            self,
            Self::Reply | Self::Transfer { .. } | Self::Close | Self::NoAnswerNeeded
        )
    }

    /// Colleagues whom it names.
    pub fn named(&self) -> impl Iterator<Item = OperatorId> {
        let (one, several) = match *self {
            Self::Transfer { to } | Self::Assign { to } => (Some(to), None),
            Self::Comment { mentions } => (None, Some(mentions)),
            Self::SetObservers { observers } => (None, Some(observers)),
            Self::Reply
            | Self::Leave
            | Self::Close
            | Self::Reopen
            | Self::ReturnToQueue
            | Self::NoAnswerNeeded => (None, None),
        };
        one.into_iter()
            .chain(several.into_iter().flatten().copied())
    }
}

/// What a decision rests on, read in the transaction that carries it out.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The chat now.
    pub chat: &'a Chat,
    /// Who asks.
    pub author: Author,
    /// Whether the author's account is active.
    pub author_is_active: bool,
    /// Whether the author could see the chat when they made the command.
    pub could_see: bool,
    /// The newest message, of the client or of a colleague to the client, that stands in the chat
    /// and that the author had not seen when they made the command.
    pub overlooked: Option<Place>,
    /// Who is an active operator, of the chat's present or last owner and those that the action
    /// names.
    pub active: &'a BTreeSet<OperatorId>,
}

/// What moves a chat. Each is written into the chat as a notice. Where nobody stands as who did
/// it, an integration did as itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The first reply took the queued chat (row 5).
    Taken {
        /// Its new owner.
        by: OperatorId,
    },
    /// Somebody observes from now on (rows 10, 19).
    Joined {
        /// By whom they were brought in.
        by: Option<OperatorId>,
        /// Who.
        observer: OperatorId,
    },
    /// An observer has left (row 11).
    Left {
        /// Who.
        observer: OperatorId,
    },
    /// Somebody was taken out of those who observe (row 19).
    Removed {
        /// By whom.
        by: Option<OperatorId>,
        /// Who.
        observer: OperatorId,
    },
    /// Handed on (row 12).
    Transferred {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it was.
        from: OperatorId,
        /// Whose it is now.
        to: OperatorId,
    },
    /// Given out of the queue (row 18).
    Assigned {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it is now.
        to: OperatorId,
    },
    /// Put back into the queue (row 16).
    Returned {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it was, if anybody's.
        was: Option<OperatorId>,
    },
    /// The client needs no answer (row 20).
    NoAnswerNeeded {
        /// Who said so.
        by: OperatorId,
    },
    /// Closed (rows 13, 14).
    Closed {
        /// By whom.
        by: Option<OperatorId>,
    },
    /// Reopened at its former owner (row 15).
    Reopened {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it is again.
        owner: OperatorId,
    },
    /// Reopened into the queue, since there is no owner to return to (row 15).
    ReopenedToQueue {
        /// By whom.
        by: Option<OperatorId>,
        /// Whose it was, if anybody's.
        was: Option<OperatorId>,
    },
    /// The client wrote into the closed chat: it is its former owner's again (row 4).
    CameBack {
        /// Whose it is again.
        owner: OperatorId,
    },
    /// The client wrote into the closed chat, and there is no owner to return to (row 4).
    CameBackToQueue {
        /// Whose it was, if anybody's.
        was: Option<OperatorId>,
    },
    /// The owner was deactivated: back to the queue (row 17).
    OwnerDeactivated {
        /// Whose it was.
        was: Option<OperatorId>,
    },
    /// An observer was deactivated (row 17).
    ObserverDeactivated {
        /// Who observes no longer.
        observer: OperatorId,
    },
}

/// Decides about `action`.
///
/// # Errors
/// The [`Refusal`]; nothing is to be changed then. Whoever could not see the chat learns nothing
/// of it. That a chat is somebody else's is said before that it has newer messages.
pub fn decide(action: &Action<'_>, facts: &Facts<'_>) -> Result<Vec<Event>, Refusal> {
    let Facts { chat, author, .. } = facts;
    if !facts.author_is_active {
        return Err(Refusal::OperatorInactive);
    }
    if !facts.could_see {
        return Err(Refusal::ChatNotFound);
    }
    match verdict(action.deed(), chat.status, author, Part::of(author, chat)) {
        Verdict::Allowed => {}
        Verdict::NotAllowed => return Err(Refusal::NotAllowed),
        Verdict::Taken => return Err(Refusal::ChatTaken { owner: chat.owner }),
        Verdict::Closed => return Err(Refusal::ChatClosed),
        Verdict::WrongStatus => return Err(Refusal::WrongStatus),
    }
    if let Some(place) = facts.overlooked
        && action.needs_all_seen()
    {
        return Err(Refusal::NewerMessage { place });
    }
    let inactive = action.named().find(|named| !facts.active.contains(named));
    if let Some(operator) = inactive {
        return Err(Refusal::ColleagueInactive { operator });
    }
    events(action, facts)
}

/// What comes of an action that is allowed.
fn events(action: &Action<'_>, facts: &Facts<'_>) -> Result<Vec<Event>, Refusal> {
    let Facts { chat, author, .. } = facts;
    let by = author.id();
    let one = |event| Ok(vec![event]);
    match *action {
        Action::Reply => Ok(match (chat.status, by) {
            (Status::Queued, Some(by)) => vec![Event::Taken { by }],
            _ => Vec::new(),
        }),
        Action::Comment { mentions } => Ok(joining(chat, mentions, by)),
        Action::Leave => Ok(by
            .map(|observer| Event::Left { observer })
            .into_iter()
            .collect()),
        Action::Transfer { to } => match chat.owner {
            Some(from) if from != to => one(Event::Transferred { by, from, to }),
            _ => Err(Refusal::AlreadyOwner),
        },
        Action::Close => one(Event::Closed { by }),
        Action::Reopen => one(match chat.owner {
            Some(owner) if facts.active.contains(&owner) => Event::Reopened { by, owner },
            was => Event::ReopenedToQueue { by, was },
        }),
        Action::ReturnToQueue => one(Event::Returned {
            by,
            was: chat.owner,
        }),
        Action::Assign { to } => one(Event::Assigned { by, to }),
        Action::SetObservers { observers } => {
            let removed = chat.observers.difference(observers);
            let removed = removed.map(|observer| Event::Removed {
                by,
                observer: *observer,
            });
            Ok(removed.chain(joining(chat, observers, by)).collect())
        }
        Action::NoAnswerNeeded => Ok(by
            .map(|by| Event::NoAnswerNeeded { by })
            .into_iter()
            .collect()),
    }
}

/// Those who observe from now on and did not before. The owner is only told.
fn joining(chat: &Chat, named: &BTreeSet<OperatorId>, by: Option<OperatorId>) -> Vec<Event> {
    named
        .iter()
        .filter(|named| !chat.is_participant(**named))
        .map(|observer| Event::Joined {
            by,
            observer: *observer,
        })
        .collect()
}

/// What comes of a client's message in a chat that exists (rows 2-4). Nobody can refuse it.
#[must_use]
pub fn client_writes(chat: &Chat, owner_is_active: bool) -> Option<Event> {
    match (chat.status, chat.owner) {
        (Status::Queued | Status::InWork, _) => None,
        (Status::Closed, Some(owner)) if owner_is_active => Some(Event::CameBack { owner }),
        (Status::Closed, was) => Some(Event::CameBackToQueue { was }),
    }
}

/// What comes of an operator's deactivation in one chat (row 17).
#[must_use]
pub fn deactivate(chat: &Chat, operator: OperatorId) -> Option<Event> {
    if chat.is_owner(operator) {
        Some(Event::OwnerDeactivated {
            was: Some(operator),
        })
    } else if chat.observers.contains(&operator) {
        Some(Event::ObserverDeactivated { observer: operator })
    } else {
        None
    }
}

/// Whether somebody sees a chat without taking part in it: supervisors look after all of them, and
/// integrations serve them.
#[must_use]
pub fn sees_all(author: &Author) -> bool {
    author.id().is_none() || author.is_at_least(Role::Supervisor)
}

#[cfg(test)]
mod tests;

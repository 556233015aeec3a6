//! The life of a chat: what may happen, who may make it happen, and what comes of it.
//!
//! The rows mentioned here are those of the product's table "The life of a chat". A decision is
//! a list of [`Event`]s, which [`Chat::apply`] carries out and the store writes down as notices;
//! an empty list means that the thing is allowed and moves nothing.

use crate::{Author, Chat, OperatorId, Place, Refusal, Role, Status};

/// What an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A reply to the client (rows 5-7).
    Reply,
    /// Close the chat (rows 13, 14).
    Close,
    /// Reopen a closed chat (row 15).
    Reopen,
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
    /// Whether the chat's present or last owner, if there is one, is an active operator.
    pub owner_is_active: bool,
}

/// What moves a chat. Each is written into the chat as a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The first reply took the queued chat (row 5).
    Taken {
        /// Its new owner.
        by: OperatorId,
    },
    /// Closed (rows 13, 14).
    Closed {
        /// By whom.
        by: OperatorId,
    },
    /// Reopened at its former owner (row 15).
    Reopened {
        /// By whom.
        by: OperatorId,
        /// Whose it is again.
        owner: OperatorId,
    },
    /// Reopened into the queue, since there is no owner to return to (row 15).
    ReopenedToQueue {
        /// By whom.
        by: OperatorId,
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
pub fn decide(action: Action, facts: &Facts<'_>) -> Result<Vec<Event>, Refusal> {
    if !facts.author_is_active {
        return Err(Refusal::OperatorInactive);
    }
    if !facts.could_see {
        return Err(Refusal::ChatNotFound);
    }
    match action {
        Action::Reply => reply(facts),
        Action::Close => close(facts),
        Action::Reopen => reopen(facts),
    }
}

fn reply(facts: &Facts<'_>) -> Result<Vec<Event>, Refusal> {
    let Facts { chat, author, .. } = facts;
    match chat.status {
        Status::Queued => {
            nothing_overlooked(facts)?;
            Ok(vec![Event::Taken { by: author.id }])
        }
        Status::InWork if chat.is_participant(author.id) => {
            nothing_overlooked(facts)?;
            Ok(Vec::new())
        }
        Status::InWork => Err(Refusal::ChatTaken { owner: chat.owner }),
        Status::Closed => Err(Refusal::ChatClosed),
    }
}

fn close(facts: &Facts<'_>) -> Result<Vec<Event>, Refusal> {
    let Facts { chat, author, .. } = facts;
    let is_supervisor = author.role >= Role::Supervisor;
    match chat.status {
        Status::Queued if is_supervisor => {}
        Status::InWork if is_supervisor || chat.is_owner(author.id) => {}
        Status::Queued | Status::InWork => return Err(Refusal::NotAllowed),
        Status::Closed => return Err(Refusal::WrongStatus),
    }
    nothing_overlooked(facts)?;
    Ok(vec![Event::Closed { by: author.id }])
}

fn reopen(facts: &Facts<'_>) -> Result<Vec<Event>, Refusal> {
    let Facts { chat, author, .. } = facts;
    if chat.status != Status::Closed {
        return Err(Refusal::WrongStatus);
    }
    if author.role < Role::Supervisor && chat.owner != Some(author.id) {
        return Err(Refusal::NotAllowed);
    }
    let by = author.id;
    Ok(vec![match chat.owner {
        Some(owner) if facts.owner_is_active => Event::Reopened { by, owner },
        was => Event::ReopenedToQueue { by, was },
    }])
}

const fn nothing_overlooked(facts: &Facts<'_>) -> Result<(), Refusal> {
    match facts.overlooked {
        Some(place) => Err(Refusal::NewerMessage { place }),
        None => Ok(()),
    }
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

#[cfg(test)]
mod tests;

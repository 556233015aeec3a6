//! Carrying out commands.
//!
//! All that a decision rests on is read in the transaction that carries it out. The answer is kept
//! in the same transaction, so a command that comes again after a crash is answered as before.

use std::collections::BTreeSet;

use pult_domain::{
    Action, Author, CommentText, Event, Facts, IntegrationId, MAX_COMMENT_CHARS, OperatorId, Place,
    Refusal, ReplyText, Role, Status, decide, sees_all,
};
use pult_protocol::{
    Act, Actor, Command, CommandDone, CommandEnvelope, ComposerMode, EntryKind, Problem,
};
use pult_sqlite::Reader;

use crate::answers::Answer;
use crate::counted::Counted;
use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{
    StoreError, answers, audience, audit, automatic, chats, clients, deliveries, drafts, entries,
    integrations, marks, operators,
};

/// Longest name that staff give to a client, in characters.
const MAX_NAME_CHARS: usize = 200;

/// Who asks for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// An operator.
    Operator(OperatorId),
    /// A program, as itself or under the rights of an operator.
    Integration {
        /// Which.
        id: IntegrationId,
        /// For whom.
        on_behalf_of: Option<OperatorId>,
    },
}

impl From<OperatorId> for Asking {
    fn from(id: OperatorId) -> Self {
        Self::Operator(id)
    }
}

/// Carries a command out, or says why not; the same command again is answered as before.
pub(crate) fn run(
    work: &mut Work<'_>,
    asking: Asking,
    envelope: &CommandEnvelope,
) -> Result<Answer, StoreError> {
    let reader = work.tx.reader();
    let asker = match Asker::of(reader, asking)? {
        Ok(asker) => asker,
        Err(refusal) => return Ok(Err(Problem::of_refusal(&refusal))),
    };
    let on_behalf_of = match asking {
        Asking::Operator(_) => None,
        Asking::Integration { on_behalf_of, .. } => on_behalf_of,
    };
    let hash = answers::hash(&envelope.command, on_behalf_of)?;
    if let Some(answer) = answers::find(reader, asker.answers_to, envelope.id, hash)? {
        return Ok(answer);
    }
    // Refusals are found before anything is changed, so only the answer is left of them.
    let answer = match attempt(work, &asker, envelope) {
        Ok(done) => Ok(done),
        Err(No::Refused(refusal)) => {
            #[cfg(feature = "trials")]
            crate::planted::after_refusal(work, &asker, envelope)?;
            Err(Problem::of_refusal(&refusal))
        }
        Err(No::Fault(fault)) => return Err(fault),
    };
    if !matches!(envelope.command, Command::MarkRead { .. }) {
        answers::keep(work, asker.answers_to, envelope.id, hash, &answer)?;
    }
    Ok(answer)
}

/// Who asks, as the store knows them now.
pub(crate) struct Asker {
    pub(crate) author: Author,
    is_active: bool,
    /// The operator's key; none for an integration as itself.
    operator: Option<i64>,
    /// The integration's key, if one asks, as itself or for the operator.
    pub(crate) integration: Option<i64>,
    /// Who it is in the audit log.
    actor: Actor,
    /// Under which key answers are kept.
    answers_to: i64,
}

impl Asker {
    fn of(reader: Reader<'_>, asking: Asking) -> Result<Result<Self, Refusal>, StoreError> {
        let actor = match asking {
            Asking::Operator(operator_id) => Actor::Operator { operator_id },
            Asking::Integration {
                id: integration_id, ..
            } => Actor::Integration { integration_id },
        };
        let (operator, integration) = match asking {
            Asking::Operator(id) => (Some(id), None),
            Asking::Integration { id, on_behalf_of } => {
                let (key, row) = integrations::by_id(reader, id)?.ok_or(
                    StoreError::Inconsistent("an integration with a key is known"),
                )?;
                if !row.is_active {
                    return Ok(Err(Refusal::NotAllowed));
                }
                (on_behalf_of, Some(key))
            }
        };
        let Some(id) = operator else {
            return Ok(Ok(Self {
                author: Author::Integration,
                is_active: true,
                operator: None,
                integration,
                actor,
                answers_to: -integration.unwrap_or_default(),
            }));
        };
        let Some((key, row)) = operators::by_id(reader, id)? else {
            return match integration {
                Some(_) => Ok(Err(Refusal::OperatorInactive)),
                None => Err(StoreError::Inconsistent("a signed-in operator is known")),
            };
        };
        if integration.is_some() && row.role == Role::Administrator {
            return Ok(Err(Refusal::NotAllowed));
        }
        Ok(Ok(Self {
            author: Author::Operator { id, role: row.role },
            is_active: row.is_active,
            operator: Some(key),
            integration,
            actor,
            answers_to: integration.map_or(key, |integration| -integration),
        }))
    }
}

/// Why a command was not carried out: either way nothing was changed.
pub(crate) enum No {
    Refused(Refusal),
    Fault(StoreError),
}

impl<E: Into<StoreError>> From<E> for No {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

fn attempt(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
) -> Result<CommandDone, No> {
    let moved = |work: &mut Work<'_>, action| moved(work, asker, envelope, action);
    match &envelope.command {
        Command::Reply { text, .. } => {
            let text = ReplyText::parse(text).map_err(No::Refused)?;
            let (mut chat, events) = decided(work, asker, envelope, &Action::Reply)?;
            let added = reply(work, asker, envelope, &mut chat, &events, &text)?;
            end_draft(work, asker, envelope, chat.key, ComposerMode::Reply)?;
            Ok(done(Some(added)))
        }
        Command::Comment { text, mentions, .. } => {
            let text = CommentText::parse(text).map_err(No::Refused)?;
            let mentions: BTreeSet<OperatorId> = mentions.iter().copied().collect();
            let action = Action::Comment {
                mentions: &mentions,
            };
            let (mut chat, events) = decided(work, asker, envelope, &action)?;
            let added = comment(work, asker, Some(envelope), &mut chat, &text, &mentions)?;
            chats::apply(work, &mut chat, &events, asker.integration)?;
            end_draft(work, asker, envelope, chat.key, ComposerMode::Comment)?;
            #[cfg(feature = "trials")]
            crate::planted::after_comment(work, asker, envelope, &mut chat, &text)?;
            Ok(done(Some(added)))
        }
        Command::Transfer { to, note, .. } => {
            let note = note.as_deref().filter(|note| !note.trim().is_empty());
            let note = note
                .map(CommentText::parse)
                .transpose()
                .map_err(No::Refused)?;
            let action = Action::Transfer { to: *to };
            let (mut chat, events) = decided(work, asker, envelope, &action)?;
            let added = chats::apply(work, &mut chat, &events, asker.integration)?;
            if let Some(note) = note {
                comment(work, asker, None, &mut chat, &note, &BTreeSet::new())?;
            }
            Ok(done(added))
        }
        Command::Leave { .. } => moved(work, &Action::Leave),
        Command::Close { .. } => {
            let (mut chat, events) = decided(work, asker, envelope, &Action::Close)?;
            automatic::on_close(work, &mut chat)?;
            Ok(done(chats::apply(
                work,
                &mut chat,
                &events,
                asker.integration,
            )?))
        }
        Command::Reopen { .. } => moved(work, &Action::Reopen),
        Command::ReturnToQueue { .. } => moved(work, &Action::ReturnToQueue),
        Command::Assign { to, .. } => moved(work, &Action::Assign { to: *to }),
        Command::SetObservers { observer_ids, .. } => {
            let observers: BTreeSet<OperatorId> = observer_ids.iter().copied().collect();
            let action = Action::SetObservers {
                observers: &observers,
            };
            moved(work, &action)
        }
        Command::NoAnswerNeeded { .. } => moved(work, &Action::NoAnswerNeeded),
        Command::NameClient { .. }
        | Command::NoteClient { .. }
        | Command::TellOnlyAddressed { .. }
        | Command::MarkRead { .. } => beside(work, asker, envelope),
    }
}

/// What changes nothing in a chat's life: what staff know of its client, and what its author has to
/// be told of it.
fn beside(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
) -> Result<CommandDone, No> {
    let chat = seen_now(work, asker, envelope)?;
    match &envelope.command {
        Command::NameClient { name, .. } => {
            let name = name.as_deref().map(str::trim);
            let name = name.filter(|name| !name.is_empty());
            fits(name.unwrap_or_default(), MAX_NAME_CHARS)?;
            let client = chats::client_of(work.tx.reader(), chat)?;
            clients::give_name(work, client, name)?;
        }
        Command::NoteClient { note, .. } => {
            fits(note, MAX_COMMENT_CHARS)?;
            let client = chats::client_of(work.tx.reader(), chat)?;
            clients::note(work, client, note.trim())?;
        }
        Command::TellOnlyAddressed { only_addressed, .. } => {
            let state = chats::load(work.tx.reader(), chat)?.state;
            let (Some(id), Some(operator)) = (asker.author.id(), asker.operator) else {
                return Err(No::Refused(Refusal::NotAllowed));
            };
            if !state.observers.contains(&id) {
                return Err(No::Refused(Refusal::NotAllowed));
            }
            marks::tell_only_addressed(work, operator, chat, *only_addressed)?;
        }
        Command::MarkRead { place, .. } => {
            let readers = audience::present(work.tx.reader(), chat)?;
            let operator = asker.operator.filter(|operator| {
                readers.contains(&audience::EVERYONE) || readers.contains(operator)
            });
            let Some(operator) = operator else {
                return Err(No::Refused(Refusal::ChatNotFound));
            };
            let last_place = chats::load(work.tx.reader(), chat)?.last_place;
            marks::grow(work, operator, chat, (*place).min(last_place))?;
        }
        Command::Reply { .. }
        | Command::Comment { .. }
        | Command::Leave { .. }
        | Command::Transfer { .. }
        | Command::ReturnToQueue { .. }
        | Command::Assign { .. }
        | Command::SetObservers { .. }
        | Command::NoAnswerNeeded { .. }
        | Command::Close { .. }
        | Command::Reopen { .. } => {}
    }
    Ok(done(None))
}

/// The draft that became a reply or comment ends with it. Only a person has one.
fn end_draft(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
    chat: i64,
    mode: ComposerMode,
) -> Result<(), StoreError> {
    match (asker.operator, asker.integration, envelope.draft) {
        (Some(operator), None, Some(origin)) => drafts::end(work, operator, chat, mode, origin),
        (Some(_) | None, _, _) => Ok(()),
    }
}

fn done(added: Option<entries::Added>) -> CommandDone {
    CommandDone {
        entry_id: added.map(|added| added.id),
        place: added.map(|added| added.place),
    }
}

fn fits(text: &str, max: usize) -> Result<(), No> {
    if text.chars().count() > max {
        return Err(No::Refused(Refusal::TextTooLong));
    }
    Ok(())
}

/// The chat of a command that changes nothing in its life, if its author sees it now.
fn seen_now(work: &Work<'_>, asker: &Asker, envelope: &CommandEnvelope) -> Result<i64, No> {
    if !asker.is_active {
        return Err(No::Refused(Refusal::OperatorInactive));
    }
    let reader = work.tx.reader();
    let key = chats::key_of(reader, envelope.command.chat_id())?
        .ok_or(No::Refused(Refusal::ChatNotFound))?;
    let readers = audience::present(reader, key)?;
    let is_among = |operator: Option<i64>| operator.is_some_and(|key| readers.contains(&key));
    if !sees_all(&asker.author)
        && !readers.contains(&audience::EVERYONE)
        && !is_among(asker.operator)
    {
        return Err(No::Refused(Refusal::ChatNotFound));
    }
    Ok(key)
}

/// Asks the domain, with facts read here and now.
fn decided(
    work: &Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
    action: &Action<'_>,
) -> Result<(chats::Stored, Vec<Event>), No> {
    let reader = work.tx.reader();
    let key = chats::key_of(reader, envelope.command.chat_id())?
        .ok_or(No::Refused(Refusal::ChatNotFound))?;
    let mut chat = chats::load(reader, key)?;
    if trials::has(Bug::TwoOwners) && *action == Action::Reply {
        chat.state.status = Status::Queued;
    }
    let mut author = asker.author;
    if trials::has(Bug::AnybodyTransfers)
        && let (Action::Transfer { .. }, Author::Operator { role, .. }) = (action, &mut author)
    {
        *role = Role::Supervisor;
    }
    let seen = envelope.command.seen_place();
    let mut active = BTreeSet::new();
    for operator in action.named().chain(chat.state.owner) {
        if operators::by_id(reader, operator)?.is_some_and(|(_, row)| row.is_active) {
            active.insert(operator);
        }
    }
    let could_see = sees_all(&asker.author)
        || match asker.operator {
            Some(operator) => audience::could_see(reader, key, operator, seen)?,
            None => false,
        };
    let facts = Facts {
        chat: &chat.state,
        author,
        author_is_active: asker.is_active,
        could_see,
        overlooked: overlooked(reader, key, asker.operator, seen)?,
        active: &active,
    };
    let events = decide(action, &facts).map_err(No::Refused)?;
    if needs_more_than_an_operator(reader, asker, (key, seen), action, facts)? {
        let act = Act::ChatHandled {
            chat_id: envelope.command.chat_id(),
            deed: action.deed(),
            owner_id: chat.state.owner,
            to: match action {
                Action::Transfer { to } | Action::Assign { to } => Some(*to),
                Action::Reply
                | Action::Comment { .. }
                | Action::Leave
                | Action::Close
                | Action::Reopen
                | Action::ReturnToQueue
                | Action::SetObservers { .. }
                | Action::NoAnswerNeeded => None,
            },
        };
        audit::note(work, asker.actor, &act)?;
    }
    Ok((chat, events))
}

/// Whether what was allowed would have been refused to the same person as a plain operator.
fn needs_more_than_an_operator(
    reader: Reader<'_>,
    asker: &Asker,
    (chat, seen): (i64, Place),
    action: &Action<'_>,
    facts: Facts<'_>,
) -> Result<bool, StoreError> {
    let (Author::Operator { id, role }, Some(operator)) = (asker.author, asker.operator) else {
        return Ok(false);
    };
    if role == Role::Operator {
        return Ok(false);
    }
    let as_operator = Facts {
        author: Author::Operator {
            id,
            role: Role::Operator,
        },
        could_see: audience::could_see(reader, chat, operator, seen)?,
        ..facts
    };
    Ok(decide(action, &as_operator).is_err())
}

/// The newest message, of the client or of a colleague to the client, after what the author had
/// seen. An automatic text is nothing that anybody has to know of before they answer.
fn overlooked(
    reader: Reader<'_>,
    chat: i64,
    author: Option<i64>,
    seen: Place,
) -> Result<Option<Place>, StoreError> {
    if trials::has(Bug::NothingIsHeld) {
        return Ok(None);
    }
    Ok(reader.optional(
        "SELECT place FROM entries
         WHERE chat = ?1 AND place > ?2
           AND (kind = 'inbound'
                OR (kind = 'outbound' AND author IS NOT ?3 AND automatic IS NULL))
         ORDER BY place DESC LIMIT 1",
        (chat, seen.0, author),
        |row| row.get(0).map(Place),
    )?)
}

fn moved(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
    action: &Action<'_>,
) -> Result<CommandDone, No> {
    let (mut chat, events) = decided(work, asker, envelope, action)?;
    Ok(done(chats::apply(
        work,
        &mut chat,
        &events,
        asker.integration,
    )?))
}

/// Adds a hidden comment; it is the command's own entry unless it goes with something else.
fn comment(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: Option<&CommandEnvelope>,
    chat: &mut chats::Stored,
    text: &CommentText,
    mentions: &BTreeSet<OperatorId>,
) -> Result<entries::Added, StoreError> {
    let author = asker.author.id();
    let entry = entries::NewEntry {
        kind: "comment",
        author,
        integration: asker.integration,
        command_id: envelope.map(|envelope| envelope.id),
        automatic: None,
        sent_at: work.now,
    };
    let added = entries::add_comment(work, chat, &entry, text, mentions)?;
    let preview = chats::preview_of(EntryKind::Comment, author, text.as_str(), None);
    chats::commented(work, chat, &preview)?;
    Ok(added)
}

pub(crate) fn reply(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
    chat: &mut chats::Stored,
    events: &[Event],
    text: &ReplyText,
) -> Result<entries::Added, StoreError> {
    chats::apply(work, chat, events, asker.integration)?;
    let author = asker.author.id();
    let entry = entries::NewEntry {
        kind: "outbound",
        author,
        integration: asker.integration,
        command_id: Some(envelope.id),
        automatic: None,
        sent_at: work.now,
    };
    let added = entries::add(work, chat, &entry)?;
    work.tx.execute(
        "INSERT INTO messages (entry, channel, text) VALUES (?1, ?2, ?3)",
        (added.key, chat.channel, text.as_str()),
    )?;
    deliveries::enqueue(work, chat, added.key)?;
    if let Some(key) = asker.operator
        && let Some(what) = chat.talk.replies(work.now)
    {
        work.count(Counted {
            at: work.now,
            channel: chat.channel,
            operator: key,
            what,
        });
    }
    automatic::on_reply(work, chat)?;
    let preview = chats::preview_of(EntryKind::Outbound, author, text.as_str(), None);
    chats::replied(work, chat, added.place, &preview)?;
    Ok(added)
}

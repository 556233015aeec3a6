//! Carrying out commands.
//!
//! All that a decision rests on is read in the transaction that carries it out. The answer is kept
//! in the same transaction, so a command that comes again after a crash is answered as before.

use pult_domain::{
    Action, Author, Event, Facts, OperatorId, Place, Refusal, ReplyText, Role, Status, decide,
};
use pult_protocol::{Command, CommandDone, CommandEnvelope, EntryKind, Problem};
use pult_sqlite::Reader;

use crate::answers::Answer;
use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{StoreError, answers, audience, chats, deliveries, entries, marks, operators};

/// Carries a command out, or says why not; the same command again is answered as before.
pub(crate) fn run(
    work: &mut Work<'_>,
    author: OperatorId,
    envelope: &CommandEnvelope,
) -> Result<Answer, StoreError> {
    let reader = work.tx.reader();
    let (author_key, author) = operators::by_id(reader, author)?
        .ok_or(StoreError::Inconsistent("a signed-in operator is known"))?;
    let hash = answers::hash(&envelope.command)?;
    if let Some(answer) = answers::find(reader, author_key, envelope.id, hash)? {
        return Ok(answer);
    }
    let asker = Asker {
        key: author_key,
        author: Author {
            id: author.id,
            role: author.role,
        },
        is_active: author.is_active,
    };
    // Refusals are found before anything is changed, so only the answer is left of them.
    let answer = match attempt(work, &asker, envelope) {
        Ok(done) => Ok(done),
        Err(No::Refused(refusal)) => Err(Problem::of_refusal(&refusal)),
        Err(No::Fault(fault)) => return Err(fault),
    };
    if !matches!(envelope.command, Command::MarkRead { .. }) {
        answers::keep(work, author_key, envelope.id, hash, &answer)?;
    }
    Ok(answer)
}

/// Who asks.
struct Asker {
    key: i64,
    author: Author,
    is_active: bool,
}

/// Why a command was not carried out: either way nothing was changed.
enum No {
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
    let nothing = CommandDone {
        entry_id: None,
        place: None,
    };
    match &envelope.command {
        Command::Reply { text, .. } => {
            let text = ReplyText::parse(text).map_err(No::Refused)?;
            let (mut chat, events) = decided(work, asker, envelope, Action::Reply)?;
            let added = reply(work, asker, envelope, &mut chat, &events, &text)?;
            Ok(CommandDone {
                entry_id: Some(added.id),
                place: Some(added.place),
            })
        }
        Command::Close { .. } => moved(work, asker, envelope, Action::Close),
        Command::Reopen { .. } => moved(work, asker, envelope, Action::Reopen),
        Command::MarkRead { chat_id, place } => {
            if !asker.is_active {
                return Err(No::Refused(Refusal::OperatorInactive));
            }
            let reader = work.tx.reader();
            let key = chats::key_of(reader, *chat_id)?.ok_or(No::Refused(Refusal::ChatNotFound))?;
            let readers = audience::present(reader, key)?;
            if !readers.contains(&audience::EVERYONE) && !readers.contains(&asker.key) {
                return Err(No::Refused(Refusal::ChatNotFound));
            }
            let last_place = chats::load(reader, key)?.last_place;
            marks::grow(work, asker.key, key, (*place).min(last_place))?;
            Ok(nothing)
        }
    }
}

/// Asks the domain, with facts read here and now.
fn decided(
    work: &Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
    action: Action,
) -> Result<(chats::Stored, Vec<Event>), No> {
    let reader = work.tx.reader();
    let key = chats::key_of(reader, envelope.command.chat_id())?
        .ok_or(No::Refused(Refusal::ChatNotFound))?;
    let mut chat = chats::load(reader, key)?;
    if trials::has(Bug::TwoOwners) && action == Action::Reply {
        chat.state.status = Status::Queued;
    }
    let seen = envelope.command.seen_place();
    let owner_is_active = match chat.state.owner {
        None => false,
        Some(owner) => operators::by_id(reader, owner)?.is_some_and(|(_, row)| row.is_active),
    };
    let facts = Facts {
        chat: &chat.state,
        author: asker.author,
        author_is_active: asker.is_active,
        could_see: asker.author.role >= Role::Supervisor
            || audience::could_see(reader, key, asker.key, seen)?,
        overlooked: overlooked(reader, key, asker.key, seen)?,
        owner_is_active,
    };
    let events = decide(action, &facts).map_err(No::Refused)?;
    Ok((chat, events))
}

/// The newest message, of the client or of a colleague to the client, after what the author had
/// seen.
fn overlooked(
    reader: Reader<'_>,
    chat: i64,
    author: i64,
    seen: Place,
) -> Result<Option<Place>, StoreError> {
    Ok(reader.optional(
        "SELECT place FROM entries
         WHERE chat = ?1 AND place > ?2
           AND (kind = 'inbound' OR (kind = 'outbound' AND author IS NOT ?3))
         ORDER BY place DESC LIMIT 1",
        (chat, seen.0, author),
        |row| row.get(0).map(Place),
    )?)
}

fn moved(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
    action: Action,
) -> Result<CommandDone, No> {
    let (mut chat, events) = decided(work, asker, envelope, action)?;
    let added = chats::apply(work, &mut chat, &events)?;
    Ok(CommandDone {
        entry_id: added.map(|added| added.id),
        place: added.map(|added| added.place),
    })
}

fn reply(
    work: &mut Work<'_>,
    asker: &Asker,
    envelope: &CommandEnvelope,
    chat: &mut chats::Stored,
    events: &[Event],
    text: &ReplyText,
) -> Result<entries::Added, StoreError> {
    chats::apply(work, chat, events)?;
    let entry = entries::NewEntry {
        kind: "outbound",
        author: Some(asker.author.id),
        command_id: Some(envelope.id),
        sent_at: work.now,
    };
    let added = entries::add(work, chat, &entry)?;
    work.tx.execute(
        "INSERT INTO messages (entry, channel, text) VALUES (?1, ?2, ?3)",
        (added.key, chat.channel, text.as_str()),
    )?;
    deliveries::enqueue(work, chat, added.key)?;
    let author = Some(asker.author.id);
    let preview = chats::preview_of(EntryKind::Outbound, author, text.as_str(), None);
    chats::replied(work, chat, added.place, &preview)?;
    Ok(added)
}

//! Taking in what a provider told us: written into the journal and applied, in one commit.

use pult_domain::provider::{ChannelFact, Content, Fact, InboundMessage};
use pult_domain::{OperatorId, Status, client_writes};
use pult_protocol::{ChannelKind, EntryKind};
use pult_sqlite::Reader;

use crate::counted::{Counted, What};
use crate::journal::State;
use crate::read_ahead::Wanted;
use crate::trials::{self, Bug, Point};
use crate::writer::Work;
use crate::{
    Audience, IsFollowed, StoreError, audience, automatic, channels, chats, clients, deliveries,
    entries, feed, journal, operators,
};

/// What a raw event says, as far as its connector could read it.
pub(crate) type Reading = Option<Vec<ChannelFact>>;

/// Writes a raw event down and applies what it says. What cannot be applied waits in the journal:
/// the event is ours from here on, whatever happens. Makes its own attempts, so that an ordinary
/// event costs one.
pub(crate) fn take(
    work: &mut Work<'_>,
    kind: ChannelKind,
    body: &[u8],
    reading: &Reading,
) -> Result<(), StoreError> {
    let write_down = |work: &mut Work<'_>, state| {
        if !trials::has(Bug::SkipJournal) {
            journal::append(work, kind.as_str(), state, body)?;
        }
        trials::pass(Point::AfterJournal);
        Ok(())
    };
    let Some(facts) = reading else {
        return work.attempt(|work| write_down(work, State::Unreadable));
    };
    let taken = work.attempt(|work| {
        let state = apply_all(work, kind, facts)?;
        write_down(work, state)
    });
    match taken {
        Err(error) if may_wait(&error, work) => {
            work.attempt(|work| write_down(work, State::Waiting))
        }
        taken => taken,
    }
}

/// Applies an event that waited in the journal. True if it has been applied now.
pub(crate) fn retry(
    work: &mut Work<'_>,
    kind: ChannelKind,
    key: i64,
    facts: &[ChannelFact],
) -> Result<bool, StoreError> {
    let state = match work.attempt(|work| apply_all(work, kind, facts)) {
        Err(error) if may_wait(&error, work) => State::Waiting,
        state => state?,
    };
    let is_applied = state == State::Applied;
    if is_applied {
        journal::applied(work, key)?;
    }
    Ok(is_applied)
}

/// Whether an event that could not be applied is written down all the same.
fn may_wait(error: &StoreError, work: &Work<'_>) -> bool {
    if work.has_failed() {
        return false;
    }
    // No room on the disk: nothing could be written down either, so the provider must not believe
    // that we have it.
    if error.is_temporary() || !work.tx.is_open() {
        return false;
    }
    tracing::error!(%error, "A provider's event could not be applied and waits");
    true
}

fn apply_all(
    work: &mut Work<'_>,
    kind: ChannelKind,
    facts: &[ChannelFact],
) -> Result<State, StoreError> {
    let mut state = State::Applied;
    for ChannelFact { channel_key, fact } in facts {
        // Changes no chat, and may be of no channel at all: nothing to wait for.
        if matches!(fact, Fact::Other { .. }) {
            continue;
        }
        let found = channels::by_provider_key(work.tx.reader(), kind, channel_key)?;
        let Some(channel) = found else {
            // Perhaps a channel that is about to be added.
            tracing::warn!("An event is for a channel that is not known here; it waits");
            state = State::Waiting;
            continue;
        };
        match fact {
            Fact::Message(message) => take_message(work, channel, message)?,
            Fact::Delivery(update) => deliveries::update(work, channel, update)?,
            Fact::Other { .. } => {}
        }
    }
    Ok(state)
}

fn take_message(
    work: &mut Work<'_>,
    channel: i64,
    message: &InboundMessage,
) -> Result<(), StoreError> {
    let is_known = is_known(work.tx.reader(), channel, &message.provider_id)?;
    if is_known && !trials::has(Bug::ForgetMessageIds) {
        return Ok(());
    }
    let client = clients::of_sender(work, channel, &message.sender)?;
    let reader = work.tx.reader();
    let (mut chat, is_new) = match chats::of_client(reader, client, channel)? {
        Some(key) => (chats::load(reader, key)?, false),
        None => (chats::create(work, channel, client)?, true),
    };
    let event = client_writes(&chat.state, is_active(reader, chat.state.owner)?);
    let what = match event {
        _ if is_new => What::New,
        Some(_) => What::CameBack,
        None => What::Message,
    };
    chats::apply(work, &mut chat, event.as_slice(), None)?;
    // Nobody becomes the owner by this who was not.
    let owner = chat.state.owner.and(chat.owner_key);
    work.count(Counted {
        at: work.now,
        channel,
        operator: owner.unwrap_or_default(),
        what,
    });
    let entry = entries::NewEntry {
        kind: "inbound",
        author: None,
        integration: None,
        command_id: None,
        automatic: None,
        sent_at: message.sent_at,
    };
    let added = entries::add(work, &mut chat, &entry)?;
    let (text, placeholder, raw) = match &message.content {
        Content::Text { body } => (body.as_str(), None, None),
        Content::Placeholder { kind, caption, raw } => (
            caption.as_deref().unwrap_or_default(),
            Some(kind.as_str()),
            Some(raw.as_str()),
        ),
    };
    work.tx.execute(
        "INSERT INTO messages (entry, channel, provider_id, text, placeholder, raw)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            added.key,
            channel,
            (!is_known).then_some(&message.provider_id),
            text,
            placeholder,
            raw,
        ),
    )?;
    automatic::on_message(work, &mut chat, message, text)?;
    let preview = chats::preview_of(EntryKind::Inbound, None, text, placeholder);
    chats::client_wrote(work, &chat, message.sent_at, &preview)
}

/// Looks up what [`take`] will need for a message, without a result: for who reads ahead.
pub(crate) fn look_up(
    reader: Reader<'_>,
    wanted: &Wanted,
    is_followed: &IsFollowed,
) -> Result<(), StoreError> {
    let found = channels::by_provider_key(reader, wanted.kind, &wanted.channel_key)?;
    let Some(channel) = found else {
        return Ok(());
    };
    is_known(reader, channel, &wanted.provider_id)?;
    for identity in &wanted.identities {
        let Some(client) = clients::by_identity(reader, channel, identity)? else {
            continue;
        };
        clients::identities(reader, client, channel)?;
        let Some(key) = chats::of_client(reader, client, channel)? else {
            continue;
        };
        let chat = chats::row(reader, key)?;
        audience::present(reader, key)?;
        entries::look_up_end(reader, key)?;
        if chat.status == Status::Closed {
            let sees_it_again = match chat.owner_id {
                Some(owner) if is_active(reader, Some(owner))? => {
                    Audience::Only(std::iter::once(owner).collect())
                }
                Some(_) | None => Audience::Everyone,
            };
            if is_followed(&sees_it_again) {
                feed::newest_entries(reader, key)?;
            }
        }
    }
    Ok(())
}

fn is_known(reader: Reader<'_>, channel: i64, provider_id: &str) -> Result<bool, StoreError> {
    let found = reader.optional(
        "SELECT 1 FROM messages WHERE channel = ?1 AND provider_id = ?2",
        (channel, provider_id),
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

fn is_active(reader: Reader<'_>, owner: Option<OperatorId>) -> Result<bool, StoreError> {
    Ok(match owner {
        None => false,
        Some(owner) => operators::by_id(reader, owner)?.is_some_and(|(_, row)| row.is_active),
    })
}

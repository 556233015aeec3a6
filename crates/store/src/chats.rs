//! Chats: their state, their row, and carrying out what the domain decided.

use pult_domain::{Chat, ChatId, ClientId, Event, OperatorId, Place, Seq, Status, Timestamp};
use pult_protocol::{ChatRow, ClientCard, EntryKind, Notice, Preview};
use pult_sqlite::{Reader, Row, SqlError};

use crate::automatic::Kept;
use crate::counted::{Counted, What};
use crate::talks::Talk;
use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{StoreError, archive, archive_index, audience, entries, marks, sql};

/// Most characters of a preview.
const PREVIEW_CHARS: usize = 160;

/// A chat as its rules and the writer need it.
pub(crate) struct Stored {
    pub(crate) key: i64,
    pub(crate) channel: i64,
    pub(crate) state: Chat,
    pub(crate) last_place: Place,
    pub(crate) answered_place: Place,
    /// The owner's key, as it was read.
    pub(crate) owner_key: Option<i64>,
    /// How far the client has been answered, as it was read.
    pub(crate) talk: Talk,
    /// What it knows of automatic texts and of direction.
    pub(crate) kept: Kept,
}

/// The operator's key.
pub(crate) fn operator_key(reader: Reader<'_>, id: OperatorId) -> Result<i64, StoreError> {
    reader
        .optional("SELECT key FROM operators WHERE id = ?1", (id.0,), |row| {
            row.get(0)
        })?
        .ok_or(StoreError::Inconsistent("an operator is known"))
}

/// The key of the chat with that id, if there is one.
pub(crate) fn key_of(reader: Reader<'_>, id: ChatId) -> Result<Option<i64>, StoreError> {
    Ok(
        reader.optional("SELECT key FROM chats WHERE id = ?1", (id.0,), |row| {
            row.get(0)
        })?,
    )
}

/// The key of a client's chat on a channel, if there is one.
pub(crate) fn of_client(
    reader: Reader<'_>,
    client: i64,
    channel: i64,
) -> Result<Option<i64>, StoreError> {
    Ok(reader.optional(
        "SELECT key FROM chats WHERE client = ?1 AND channel = ?2",
        (client, channel),
        |row| row.get(0),
    )?)
}

/// The key of a chat's client.
pub(crate) fn client_of(reader: Reader<'_>, key: i64) -> Result<i64, StoreError> {
    Ok(
        reader.one("SELECT client FROM chats WHERE key = ?1", (key,), |row| {
            row.get(0)
        })?,
    )
}

/// Reads a chat's state.
pub(crate) fn load(reader: Reader<'_>, key: i64) -> Result<Stored, StoreError> {
    let mut stored = reader.one(
        "SELECT c.channel, c.status, o.id, f.id, c.last_place, c.answered_place, c.owner,
                c.waiting_since, c.is_talk_answered, c.client_wrote_at, c.automatic,
                c.told_waiting_at, c.suggested
         FROM chats c
         LEFT JOIN operators o ON o.key = c.owner
         LEFT JOIN operators f ON f.key = c.former_owner
         WHERE c.key = ?1",
        (key,),
        |row| {
            Ok(Stored {
                key,
                channel: row.get(0)?,
                state: Chat {
                    status: sql::status(row, 1)?,
                    owner: sql::optional_id(row, 2, OperatorId)?,
                    former_owner: sql::optional_id(row, 3, OperatorId)?,
                    observers: std::collections::BTreeSet::new(),
                },
                last_place: Place(row.get(4)?),
                answered_place: Place(row.get(5)?),
                owner_key: row.get(6)?,
                talk: Talk {
                    waiting_since: row.get::<_, Option<i64>>(7)?.map(Timestamp),
                    is_answered: row.get(8)?,
                },
                kept: Kept {
                    client_wrote_at: row.get::<_, Option<i64>>(9)?.map(Timestamp),
                    memory: row.get(10)?,
                    told_waiting_at: row.get::<_, Option<i64>>(11)?.map(Timestamp),
                    suggested: row.get(12)?,
                },
            })
        },
    )?;
    stored.state.observers = observers(reader, key)?.into_iter().collect();
    Ok(stored)
}

fn observers(reader: Reader<'_>, chat: i64) -> Result<Vec<OperatorId>, StoreError> {
    Ok(reader.all(
        "SELECT o.id FROM observers b JOIN operators o ON o.key = b.operator
         WHERE b.chat = ?1 ORDER BY o.key",
        (chat,),
        |row| sql::id(row, 0, OperatorId),
    )?)
}

/// Begins the chat of a client on a channel (row 1); its first message is added by the caller.
pub(crate) fn create(work: &mut Work<'_>, channel: i64, client: i64) -> Result<Stored, StoreError> {
    let state = Chat::new();
    let seq = work.next_seq();
    let key = work.tx.insert(
        "INSERT INTO chats (id, channel, client, status, last_place, answered_place,
                            last_activity_at, seq)
         VALUES (?1, ?2, ?3, ?4, 0, 0, ?5, ?6)",
        (
            uuid::Uuid::now_v7(),
            channel,
            client,
            state.status.as_str(),
            work.now.0,
            seq,
        ),
    )?;
    work.touch_chat(key)?;
    audience::settle(work, key, &state, seq)?;
    Ok(Stored {
        key,
        channel,
        state,
        last_place: Place(0),
        answered_place: Place(0),
        owner_key: None,
        talk: Talk::default(),
        kept: Kept::default(),
    })
}

/// Carries out what was decided: the new state, who sees it, and a notice for each event, made by
/// that program if by any.
/// Returns the last notice's id and place.
pub(crate) fn apply(
    work: &mut Work<'_>,
    chat: &mut Stored,
    events: &[Event],
    integration: Option<i64>,
) -> Result<Option<entries::Added>, StoreError> {
    let observed = chat.state.observers.clone();
    let mut last = None;
    for event in events {
        chat.state.apply(event);
        if trials::has(Bug::ObserversOutliveClose) && chat.state.status == Status::Closed {
            chat.state.observers.clone_from(&observed);
        }
        let (author, notice) = worded(event);
        if matches!(event, Event::Closed { .. }) {
            count_closing(work, chat, author)?;
        }
        last = Some(entries::add_notice(
            work,
            chat,
            author,
            integration,
            &notice,
        )?);
    }
    if events.is_empty() {
        return Ok(None);
    }
    let needs_none = |event: &Event| matches!(event, Event::NoAnswerNeeded { .. });
    let waits = chat.state.status != Status::Closed && !events.iter().any(needs_none);
    if !waits {
        chat.answered_place = chat.last_place;
    }
    let seq = work.next_seq();
    save_state(work, chat, waits, seq)?;
    audience::settle(work, chat.key, &chat.state, seq)?;
    for operator in observed.difference(&chat.state.observers) {
        marks::tell_everything(work, *operator, chat.key)?;
        audience::note_part(work, chat.key, &chat.state, *operator, seq)?;
    }
    if chat.state.status == Status::Closed {
        archive::note_closing(work, chat.key)?;
        archive_index::write_down(work, chat.key)?;
    }
    Ok(last)
}

fn count_closing(
    work: &mut Work<'_>,
    chat: &Stored,
    by: Option<OperatorId>,
) -> Result<(), StoreError> {
    let reader = work.tx.reader();
    let by = by.map(|id| operator_key(reader, id)).transpose()?;
    work.count(Counted {
        at: work.now,
        channel: chat.channel,
        operator: by.unwrap_or_default(),
        what: What::Closed,
    });
    Ok(())
}

fn save_state(work: &mut Work<'_>, chat: &Stored, waits: bool, seq: i64) -> Result<(), StoreError> {
    let reader = work.tx.reader();
    let key = |id: Option<OperatorId>| id.map(|id| operator_key(reader, id)).transpose();
    work.tx.execute(
        "UPDATE chats SET status = ?2, owner = ?3, former_owner = ?4, answered_place = ?5,
                          waiting_since = iif(?8, waiting_since, NULL), seq = ?6,
                          last_place = ?7,
                          is_talk_answered = iif(?2 = 'closed', 0, is_talk_answered),
                          suggested = iif(?2 = 'queued', suggested, NULL)
         WHERE key = ?1",
        (
            chat.key,
            chat.state.status.as_str(),
            key(chat.state.owner)?,
            key(chat.state.former_owner)?,
            chat.answered_place.0,
            seq,
            chat.last_place.0,
            waits,
        ),
    )?;
    work.tx
        .execute("DELETE FROM observers WHERE chat = ?1", (chat.key,))?;
    for observer in &chat.state.observers {
        work.tx.execute(
            "INSERT INTO observers (chat, operator) VALUES (?1, ?2)",
            (chat.key, operator_key(reader, *observer)?),
        )?;
    }
    Ok(())
}

/// Notes a client's message in its chat.
pub(crate) fn client_wrote(
    work: &mut Work<'_>,
    chat: &Stored,
    sent_at: Timestamp,
    preview: &Preview,
) -> Result<(), StoreError> {
    let seq = work.next_seq();
    // A clock that runs ahead must not make somebody wait from the future.
    let since = sent_at.min(work.now);
    work.tx.execute(
        "UPDATE chats SET last_activity_at = ?3,
                          client_wrote_at = max(coalesce(client_wrote_at, 0), ?2), preview = ?4,
                          seq = ?5, last_place = ?6, automatic = ?7, suggested = ?8
         WHERE key = ?1",
        (
            chat.key,
            since.0,
            work.now.0,
            sql::to_json(preview)?,
            seq,
            chat.last_place.0,
            &chat.kept.memory,
            chat.kept.suggested,
        ),
    )?;
    // Of its own, since the index of open chats has it: who waits already goes on waiting.
    if chat.talk.waiting_since.is_none_or(|waits| since < waits) {
        work.tx.execute(
            "UPDATE chats SET waiting_since = ?2 WHERE key = ?1",
            (chat.key, since.0),
        )?;
    }
    Ok(())
}

/// Notes a hidden comment in its chat.
pub(crate) fn commented(
    work: &mut Work<'_>,
    chat: &Stored,
    preview: &Preview,
) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE chats SET last_activity_at = ?2, preview = ?3, seq = ?4, last_place = ?5
         WHERE key = ?1",
        (
            chat.key,
            work.now.0,
            sql::to_json(preview)?,
            seq,
            chat.last_place.0,
        ),
    )?;
    Ok(())
}

/// Notes a reply in its chat: the client waits no longer.
pub(crate) fn replied(
    work: &mut Work<'_>,
    chat: &Stored,
    at: Place,
    preview: &Preview,
) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE chats SET waiting_since = NULL, answered_place = ?2, last_activity_at = ?3,
                          preview = ?4, seq = ?5, last_place = ?6,
                          is_talk_answered = max(is_talk_answered, waiting_since IS NOT NULL),
                          automatic = ?7
         WHERE key = ?1",
        (
            chat.key,
            at.0,
            work.now.0,
            sql::to_json(preview)?,
            seq,
            chat.last_place.0,
            &chat.kept.memory,
        ),
    )?;
    Ok(())
}

/// Notes in its chat what it knows of automatic texts now, and its newest place. That is no activity
/// of people: its place in the lists and what they show of it stay.
pub(crate) fn told(work: &mut Work<'_>, chat: &Stored) -> Result<(), StoreError> {
    work.touch_chat(chat.key)?;
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE chats SET automatic = ?2, told_waiting_at = ?3, last_place = ?4, seq = ?5
         WHERE key = ?1",
        (
            chat.key,
            &chat.kept.memory,
            chat.kept.told_waiting_at.map(|at| at.0),
            chat.last_place.0,
            seq,
        ),
    )?;
    Ok(())
}

/// A reply was no answer after all: the client waits again since the old time, unless the chat is
/// closed. `answered` is up to where the client has been answered without that reply.
pub(crate) fn unanswered(
    work: &mut Work<'_>,
    chat: i64,
    answered: Place,
) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE chats SET answered_place = ?2, seq = ?3,
             waiting_since = iif(status = 'closed', NULL,
                 (SELECT min(min(sent_at, received_at)) FROM entries
                  WHERE chat = ?1 AND place > ?2 AND kind = 'inbound'))
         WHERE key = ?1",
        (chat, answered.0, seq),
    )?;
    Ok(())
}

/// Notes that something in the chat changed that its own columns do not hold, such as a tick.
pub(crate) fn bump(work: &mut Work<'_>, chat: i64) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx
        .execute("UPDATE chats SET seq = ?2 WHERE key = ?1", (chat, seq))?;
    Ok(())
}

/// The chat as readers see it.
pub(crate) fn row(reader: Reader<'_>, key: i64) -> Result<ChatRow, StoreError> {
    let mut chat = reader.one(
        "SELECT c.id, ch.id, cl.id, cl.name, cl.phone, c.status, o.id, f.id, c.waiting_since,
                c.last_activity_at, c.client_wrote_at, c.last_place, c.preview,
                cl.given_name, cl.note, s.id
         FROM chats c
         JOIN channels ch ON ch.key = c.channel
         JOIN clients cl ON cl.key = c.client
         LEFT JOIN operators o ON o.key = c.owner
         LEFT JOIN operators f ON f.key = c.former_owner
         LEFT JOIN operators s ON s.key = c.suggested
         WHERE c.key = ?1",
        (key,),
        read_row,
    )?;
    chat.observer_ids = observers(reader, key)?;
    Ok(chat)
}

fn read_row(row: &Row<'_>) -> Result<ChatRow, SqlError> {
    Ok(ChatRow {
        id: sql::id(row, 0, ChatId)?,
        channel_id: sql::id(row, 1, pult_domain::ChannelId)?,
        client: ClientCard {
            id: sql::id(row, 2, ClientId)?,
            name: row.get::<_, Option<String>>(13)?.or(row.get(3)?),
            own_name: row.get(3)?,
            phone: row.get(4)?,
            note: row.get(14)?,
        },
        status: sql::status(row, 5)?,
        owner_id: sql::optional_id(row, 6, OperatorId)?,
        former_owner_id: sql::optional_id(row, 7, OperatorId)?,
        suggested_owner_id: sql::optional_id(row, 15, OperatorId)?,
        observer_ids: Vec::new(),
        waiting_since: row.get::<_, Option<i64>>(8)?.map(Timestamp),
        last_activity_at: sql::time(row, 9)?,
        client_wrote_at: row.get::<_, Option<i64>>(10)?.map(Timestamp),
        last_place: Place(row.get(11)?),
        preview: sql::optional_json(row, 12)?,
        fresh: false,
    })
}

/// One line of what was written; of a placeholder the words that came with it.
pub(crate) fn preview_of(
    kind: EntryKind,
    author_id: Option<OperatorId>,
    text: &str,
    placeholder: Option<&str>,
) -> Preview {
    Preview {
        kind,
        author_id,
        text: text.chars().take(PREVIEW_CHARS).collect(),
        placeholder: placeholder.map(str::to_owned),
    }
}

/// A domain event as a notice, and who is its author.
const fn worded(event: &Event) -> (Option<OperatorId>, Notice) {
    match *event {
        Event::Taken { by } => (Some(by), Notice::Taken { by }),
        Event::Joined { by, observer } => (by, Notice::Joined { by, observer }),
        Event::Left { observer } => (Some(observer), Notice::Left { observer }),
        Event::Removed { by, observer } => (by, Notice::Removed { by, observer }),
        Event::Transferred { by, from, to } => (by, Notice::Transferred { by, from, to }),
        Event::Assigned { by, to } => (by, Notice::Assigned { by, to }),
        Event::Returned { by, was } => (by, Notice::Returned { by, was }),
        Event::NoAnswerNeeded { by } => (Some(by), Notice::NoAnswerNeeded { by }),
        Event::Closed { by } => (by, Notice::Closed { by }),
        Event::Reopened { by, owner } => (by, Notice::Reopened { by, owner }),
        Event::ReopenedToQueue { by, was } => (by, Notice::ReopenedToQueue { by, was }),
        Event::CameBack { owner } => (None, Notice::CameBack { owner }),
        Event::CameBackToQueue { was } => (None, Notice::CameBackToQueue { was }),
        Event::OwnerDeactivated { was } => (None, Notice::OwnerDeactivated { was }),
        Event::ObserverDeactivated { observer } => (None, Notice::ObserverDeactivated { observer }),
    }
}

/// The seq of the chat's last change.
pub(crate) fn seq(reader: Reader<'_>, key: i64) -> Result<Seq, StoreError> {
    Ok(Seq(reader.one(
        "SELECT seq FROM chats WHERE key = ?1",
        (key,),
        |row| row.get(0),
    )?))
}

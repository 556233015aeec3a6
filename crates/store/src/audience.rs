//! Who could see a chat, and when: intervals of the order of changes.
//!
//! From these comes what is sent to a panel, what is taken from it again, and whether a refusal
//! may name an owner. Reader 0 stands for everyone: the queue.

use std::collections::BTreeSet;

use pult_domain::{Chat, ChatId, OperatorId, Place, Seq, Status};
use pult_protocol::GoneWhy;
use pult_sqlite::Reader;

use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{Audience, StoreError, chats, feed};

/// The `until_seq` of an interval that has not ended.
pub(crate) const OPEN: i64 = i64::MAX;

/// The reader that stands for every operator.
pub(crate) const EVERYONE: i64 = 0;

/// Who sees the chat at present, by key.
pub(crate) fn present(reader: Reader<'_>, chat: i64) -> Result<BTreeSet<i64>, StoreError> {
    let readers = reader.all(
        "SELECT operator FROM audience WHERE chat = ?1 AND until_seq = ?2",
        (chat, OPEN),
        |row| row.get(0),
    )?;
    Ok(readers.into_iter().collect())
}

/// Who sees a chat at present; nobody, if there is no such chat.
pub(crate) fn of_chat(reader: Reader<'_>, chat: ChatId) -> Result<Audience, StoreError> {
    let key = reader.optional("SELECT key FROM chats WHERE id = ?1", (chat.0,), |row| {
        row.get::<_, i64>(0)
    })?;
    match key {
        Some(key) => feed::of_keys(reader, &present(reader, key)?),
        None => Ok(Audience::Only(BTreeSet::new())),
    }
}

/// Brings the intervals of a chat in line with its present state. Those that end do so at the
/// change `seq`, those that begin begin with it. A chat that goes on being visible to somebody,
/// from the queue into their hands, has one interval ending where the other begins.
pub(crate) fn settle(
    work: &mut Work<'_>,
    chat_key: i64,
    chat: &Chat,
    seq: i64,
) -> Result<(), StoreError> {
    let reader = work.tx.reader();
    let before = present(reader, chat_key)?;
    let after = match chat.status {
        Status::Queued => BTreeSet::from([EVERYONE]),
        Status::InWork => {
            let mut keys = BTreeSet::new();
            let observers = chat.observers.iter();
            let observers = observers.filter(|_| !trials::has(Bug::ObserversSeeNothing));
            for operator in chat.owner.iter().chain(observers) {
                keys.insert(chats::operator_key(reader, *operator)?);
            }
            keys
        }
        Status::Closed => BTreeSet::new(),
    };
    for ended in before.difference(&after) {
        let why = match (chat.status, *ended) {
            (Status::Closed, operator) if operator != EVERYONE => "closed",
            _ => "lost",
        };
        work.tx.execute(
            "UPDATE audience SET until_seq = ?3, why = ?4
             WHERE chat = ?1 AND operator = ?2 AND until_seq = ?5",
            (chat_key, ended, seq, why, OPEN),
        )?;
    }
    for begun in after.difference(&before) {
        work.tx.execute(
            "INSERT INTO audience (operator, chat, from_seq) VALUES (?1, ?2, ?3)",
            (begun, chat_key, seq),
        )?;
    }
    Ok(())
}

/// Notes that an operator who observes no longer has taken part until the change `seq`. Who observed
/// in the queue saw the chat as everybody did: they get an interval in which nothing is.
pub(crate) fn note_part(
    work: &Work<'_>,
    chat_key: i64,
    chat: &Chat,
    operator: OperatorId,
    seq: i64,
) -> Result<(), StoreError> {
    let why = match chat.status {
        Status::Closed => "closed",
        Status::Queued | Status::InWork => "lost",
    };
    let operator = chats::operator_key(work.tx.reader(), operator)?;
    work.tx.execute(
        "INSERT INTO audience (operator, chat, from_seq, until_seq, why)
         SELECT ?2, ?1, ?3, ?3, ?4
         WHERE NOT EXISTS (SELECT 1 FROM audience
                           WHERE chat = ?1 AND operator = ?2 AND until_seq >= ?3)",
        (chat_key, operator, seq, why),
    )?;
    Ok(())
}

/// Since when a reader has seen the chat without a break, given that they have since `from`: from
/// the queue into their hands and back there is none. Looks no further back than `enough`.
pub(crate) fn unbroken_since(
    reader: Reader<'_>,
    chat: i64,
    operator: i64,
    mut from: i64,
    enough: i64,
) -> Result<i64, StoreError> {
    while from > enough
        && let Some(earlier) = reader.optional(
            "SELECT from_seq FROM audience
             WHERE chat = ?1 AND operator IN (0, ?2) AND until_seq = ?3 AND from_seq < ?3",
            (chat, operator, from),
            |row| row.get(0),
        )?
    {
        from = earlier;
    }
    Ok(from)
}

/// Why a reader sees the chat no longer: what their last interval, or the queue's, ended with.
pub(crate) fn gone_why(
    reader: Reader<'_>,
    chat: i64,
    operator: i64,
) -> Result<GoneWhy, StoreError> {
    let last = reader.optional(
        "SELECT why FROM audience
         WHERE chat = ?1 AND operator IN (0, ?2) AND until_seq < ?3
         ORDER BY until_seq DESC, operator DESC LIMIT 1",
        (chat, operator, OPEN),
        |row| row.get::<_, String>(0),
    )?;
    Ok(match last.as_deref() {
        Some("closed") => GoneWhy::Closed,
        _ => GoneWhy::Lost,
    })
}

/// Operators whose sight of the chat ended after the change `since` because it was closed. They
/// may have taken part for less than one commit.
pub(crate) fn ended_by_close(
    reader: Reader<'_>,
    chat: i64,
    since: Seq,
) -> Result<Vec<i64>, StoreError> {
    Ok(reader.all(
        "SELECT operator FROM audience
         WHERE chat = ?1 AND until_seq > ?2 AND until_seq < ?3 AND why = 'closed'",
        (chat, since.0, OPEN),
        |row| row.get(0),
    )?)
}

/// Whether an operator could see the chat when its entry at `seen` was its newest to them: they
/// see it now, or some interval of theirs or of the queue ended after that entry was made, and
/// after they themselves were made.
pub(crate) fn could_see(
    reader: Reader<'_>,
    chat: i64,
    operator: i64,
    seen: Place,
) -> Result<bool, StoreError> {
    if trials::has(Bug::StrangersAreAnswered) {
        return Ok(true);
    }
    let found = reader.optional(
        "SELECT 1 FROM audience a, operators o
         WHERE a.chat = ?1 AND a.operator IN (0, ?2) AND o.key = ?2
           AND (a.until_seq = ?4
                OR (a.until_seq > o.created_seq
                    AND a.until_seq > (SELECT created_seq FROM entries
                                       WHERE chat = ?1 AND place = ?3)))
         LIMIT 1",
        (chat, operator, seen.0, OPEN),
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

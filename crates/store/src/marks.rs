//! Read marks: how far an operator has read a chat. They only grow.

use pult_domain::{ChatId, OperatorId, Place};
use pult_protocol::MarkRow;
use pult_sqlite::Reader;

use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{StoreError, chats, sql};

pub(crate) fn grow(
    work: &mut Work<'_>,
    operator: i64,
    chat: i64,
    place: Place,
) -> Result<(), StoreError> {
    if place < Place(1) {
        return Ok(());
    }
    let seq = work.next_seq();
    let n_changed = work.tx.execute(
        "INSERT INTO read_marks (operator, chat, place, seq) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (operator, chat) DO UPDATE
         SET place = excluded.place, seq = excluded.seq
         WHERE excluded.place > place OR ?5",
        (operator, chat, place.0, seq, trials::has(Bug::MarksGoBack)),
    )?;
    if n_changed > 0 {
        work.touched.marks.insert((operator, chat));
    }
    Ok(())
}

/// Whoever observes no more is told of everything if they ever see the chat again.
pub(crate) fn tell_everything(
    work: &mut Work<'_>,
    operator: OperatorId,
    chat: i64,
) -> Result<(), StoreError> {
    let operator = chats::operator_key(work.tx.reader(), operator)?;
    let seq = work.next_seq();
    let n_changed = work.tx.execute(
        "UPDATE read_marks SET only_addressed = 0, seq = ?3
         WHERE operator = ?1 AND chat = ?2 AND only_addressed = 1",
        (operator, chat, seq),
    )?;
    if n_changed > 0 {
        work.touched.marks.insert((operator, chat));
    }
    Ok(())
}

/// Whether the operator, who observes, is told only of what is addressed to them.
pub(crate) fn tell_only_addressed(
    work: &mut Work<'_>,
    operator: i64,
    chat: i64,
    only_addressed: bool,
) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "INSERT INTO read_marks (operator, chat, place, seq, only_addressed)
         VALUES (?1, ?2, 0, ?3, ?4)
         ON CONFLICT (operator, chat) DO UPDATE
         SET only_addressed = excluded.only_addressed, seq = excluded.seq",
        (operator, chat, seq, only_addressed),
    )?;
    work.touched.marks.insert((operator, chat));
    Ok(())
}

pub(crate) fn row(reader: Reader<'_>, operator: i64, chat: i64) -> Result<MarkRow, StoreError> {
    of_chat(reader, operator, chat)?.ok_or(StoreError::Inconsistent("a mark that grew is there"))
}

pub(crate) fn of_chat(
    reader: Reader<'_>,
    operator: i64,
    chat: i64,
) -> Result<Option<MarkRow>, StoreError> {
    Ok(reader.optional(
        "SELECT c.id, m.place, m.only_addressed FROM read_marks m JOIN chats c ON c.key = m.chat
         WHERE m.operator = ?1 AND m.chat = ?2",
        (operator, chat),
        |row| {
            Ok(MarkRow {
                chat_id: sql::id(row, 0, ChatId)?,
                read_place: Place(row.get(1)?),
                only_addressed: row.get(2)?,
            })
        },
    )?)
}

/// Operators who have a mark in the chat.
pub(crate) fn readers_of(reader: Reader<'_>, chat: i64) -> Result<Vec<i64>, StoreError> {
    Ok(reader.all(
        // Operators are few and marks are many: from the operators each look-up is by key.
        "SELECT o.key FROM operators o
         CROSS JOIN read_marks m ON m.operator = o.key AND m.chat = ?1",
        (chat,),
        |row| row.get(0),
    )?)
}

/// An operator's marks that changed after `seq`, with chat key and the seq of their change.
pub(crate) fn changed_since(
    reader: Reader<'_>,
    operator: i64,
    seq: i64,
) -> Result<Vec<(i64, i64, MarkRow)>, StoreError> {
    Ok(reader.all(
        "SELECT c.id, m.place, m.seq, m.chat, m.only_addressed FROM read_marks m JOIN chats c ON c.key = m.chat
         WHERE m.operator = ?1 AND m.seq > ?2 ORDER BY m.seq",
        (operator, seq),
        |row| {
            let mark = MarkRow {
                chat_id: sql::id(row, 0, ChatId)?,
                read_place: Place(row.get(1)?),
                only_addressed: row.get(4)?,
            };
            Ok((row.get(2)?, row.get(3)?, mark))
        },
    )?)
}

//! Entries: the order of a chat, and what each line of it holds.

use std::collections::BTreeSet;

use pult_domain::{
    AutomaticKind, ChatId, CommandId, CommentText, EntryId, IntegrationId, OperatorId, Place,
    Timestamp, provider::FailureKind,
};
use pult_protocol::{Delivery, DeliveryState, EntryBody, EntryRow, Notice};
use pult_sqlite::{Reader, Row, SqlError, types};

use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{StoreError, chats, sql};

/// Where an entry came to stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Added {
    pub(crate) key: i64,
    pub(crate) id: EntryId,
    pub(crate) place: Place,
}

/// What every entry has, whatever it holds.
pub(crate) struct NewEntry {
    pub(crate) kind: &'static str,
    pub(crate) author: Option<OperatorId>,
    /// The program that made it, by key.
    pub(crate) integration: Option<i64>,
    pub(crate) command_id: Option<CommandId>,
    /// Of which kind it is if it is an automatic text.
    pub(crate) automatic: Option<AutomaticKind>,
    pub(crate) sent_at: Timestamp,
}

/// Adds an entry at the chat's next place. The caller adds its body and writes the chat down, which
/// changes with each entry by more than its newest place.
pub(crate) fn add(
    work: &mut Work<'_>,
    chat: &mut chats::Stored,
    entry: &NewEntry,
) -> Result<Added, StoreError> {
    work.touch_chat(chat.key)?;
    let reader = work.tx.reader();
    let author = entry
        .author
        .map(|id| chats::operator_key(reader, id))
        .transpose()?;
    let place = chat.last_place.next();
    let id = EntryId(uuid::Uuid::now_v7());
    let seq = work.next_seq();
    let key = work.tx.insert(
        "INSERT INTO entries (id, chat, place, kind, author, command_id, sent_at, received_at,
                              created_seq, seq, integration, automatic)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11)",
        (
            id.0,
            chat.key,
            place.0,
            entry.kind,
            author,
            entry.command_id.map(|id| id.0),
            entry.sent_at.0,
            work.now.0,
            seq,
            entry.integration,
            entry.automatic.map(AutomaticKind::as_str),
        ),
    )?;
    chat.last_place = place;
    work.touch_entry(chat.key, key);
    Ok(Added { key, id, place })
}

/// Adds a notice.
pub(crate) fn add_notice(
    work: &mut Work<'_>,
    chat: &mut chats::Stored,
    author: Option<OperatorId>,
    integration: Option<i64>,
    notice: &Notice,
) -> Result<Added, StoreError> {
    let entry = NewEntry {
        kind: "notice",
        author,
        integration,
        command_id: None,
        automatic: None,
        sent_at: work.now,
    };
    let added = add(work, chat, &entry)?;
    work.tx.execute(
        "INSERT INTO notices (entry, notice) VALUES (?1, ?2)",
        (added.key, sql::to_json(notice)?),
    )?;
    Ok(added)
}

/// Adds a hidden comment and whom it mentions.
pub(crate) fn add_comment(
    work: &mut Work<'_>,
    chat: &mut chats::Stored,
    entry: &NewEntry,
    text: &CommentText,
    mentions: &BTreeSet<OperatorId>,
) -> Result<Added, StoreError> {
    let added = add(work, chat, entry)?;
    work.tx.execute(
        "INSERT INTO comments (entry, text) VALUES (?1, ?2)",
        (added.key, text.as_str()),
    )?;
    for mentioned in mentions {
        let mentioned = chats::operator_key(work.tx.reader(), *mentioned)?;
        work.tx.execute(
            "INSERT INTO mentions (entry, operator) VALUES (?1, ?2)",
            (added.key, mentioned),
        )?;
    }
    Ok(added)
}

/// Looks up where the chat's next entry will stand, without a result: for who reads ahead.
pub(crate) fn look_up_end(reader: Reader<'_>, chat: i64) -> Result<(), StoreError> {
    let sql = "SELECT max(place) FROM entries WHERE chat = ?1";
    reader.one(sql, (chat,), |row| row.get::<_, Option<i64>>(0))?;
    Ok(())
}

/// Notes that an entry changed, such as its ticks.
pub(crate) fn changed(work: &mut Work<'_>, chat: i64, entry: i64) -> Result<(), StoreError> {
    work.touch_chat(chat)?;
    let seq = work.next_seq();
    if !trials::has(Bug::SeqStandsStill) {
        work.tx
            .execute("UPDATE entries SET seq = ?2 WHERE key = ?1", (entry, seq))?;
    }
    work.touch_entry(chat, entry);
    chats::bump(work, chat)
}

const SELECT: &str = "SELECT e.id, c.id, e.place, o.id, e.command_id, e.sent_at, e.received_at,
        e.kind, m.text, m.placeholder, d.state, d.failure, d.failure_details, n.notice, e.seq,
        i.id, cm.text,
        (SELECT group_concat(hex(mo.id)) FROM mentions mn JOIN operators mo ON mo.key = mn.operator
         WHERE mn.entry = e.key), e.automatic
     FROM entries e
     JOIN chats c ON c.key = e.chat
     LEFT JOIN operators o ON o.key = e.author
     LEFT JOIN messages m ON m.entry = e.key
     LEFT JOIN deliveries d ON d.entry = e.key
     LEFT JOIN notices n ON n.entry = e.key
     LEFT JOIN comments cm ON cm.entry = e.key
     LEFT JOIN integrations i ON i.key = e.integration";

/// One entry.
pub(crate) fn by_key(reader: Reader<'_>, key: i64) -> Result<EntryRow, StoreError> {
    Ok(reader.one(&format!("{SELECT} WHERE e.key = ?1"), (key,), read)?)
}

/// The newest entries before a place, oldest first.
pub(crate) fn before(
    reader: Reader<'_>,
    chat: i64,
    before: Place,
    limit: u32,
) -> Result<Vec<EntryRow>, StoreError> {
    let sql = format!("{SELECT} WHERE e.chat = ?1 AND e.place < ?2 ORDER BY e.place DESC LIMIT ?3");
    let mut rows = reader.all(&sql, (chat, before.0, limit), read)?;
    rows.reverse();
    Ok(rows)
}

/// The chat's last place that was given up to the change `seq`; 0 if none was. Looks at the entries
/// after it, newest first, and at no older one.
pub(crate) fn last_at(reader: Reader<'_>, chat: i64, seq: i64) -> Result<Place, StoreError> {
    let last = reader.optional(
        "SELECT place FROM entries WHERE chat = ?1 AND created_seq <= ?2
         ORDER BY place DESC LIMIT 1",
        (chat, seq),
        |row| row.get(0).map(Place),
    )?;
    Ok(last.unwrap_or_default())
}

/// Entries of a chat that are new or changed after `seq`, with the seq of their change: at most
/// `limit` of each kind.
pub(crate) fn changed_since(
    reader: Reader<'_>,
    chat: i64,
    seq: i64,
    limit: usize,
) -> Result<Vec<(i64, EntryRow)>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let with_seq = |row: &Row<'_>| Ok((row.get(14)?, read(row)?));
    let last = last_at(reader, chat, seq)?;
    let new = format!("{SELECT} WHERE e.chat = ?1 AND e.place > ?2 ORDER BY e.place LIMIT ?3");
    let mut entries = reader.all(&new, (chat, last.0, limit), with_seq)?;
    let changed = format!(
        "{SELECT} WHERE e.chat = ?1 AND e.seq > ?2 AND e.seq > e.created_seq AND e.place <= ?3
         ORDER BY e.seq LIMIT ?4"
    );
    entries.extend(reader.all(&changed, (chat, seq, last.0, limit), with_seq)?);
    Ok(entries)
}

fn read(row: &Row<'_>) -> Result<EntryRow, SqlError> {
    Ok(EntryRow {
        id: sql::id(row, 0, EntryId)?,
        chat_id: sql::id(row, 1, ChatId)?,
        place: Place(row.get(2)?),
        author_id: sql::optional_id(row, 3, OperatorId)?,
        integration_id: sql::optional_id(row, 15, IntegrationId)?,
        command_id: sql::optional_id(row, 4, CommandId)?,
        automatic: row
            .get::<_, Option<String>>(18)?
            .and_then(|name| AutomaticKind::parse(&name)),
        sent_at: sql::time(row, 5)?,
        received_at: sql::time(row, 6)?,
        body: body(row)?,
    })
}

/// Ids in hexadecimal with commas between them.
fn mentions(row: &Row<'_>, column: usize) -> Result<Vec<OperatorId>, SqlError> {
    let Some(ids) = row.get_ref(column)?.as_str_or_null()? else {
        return Ok(Vec::new());
    };
    let mut mentions = ids
        .split(',')
        .map(|id| {
            id.parse().map_err(|_| {
                SqlError::FromSqlConversionFailure(column, types::Type::Text, "no id".into())
            })
        })
        .collect::<Result<Vec<OperatorId>, _>>()?;
    mentions.sort();
    Ok(mentions)
}

fn body(row: &Row<'_>) -> Result<EntryBody, SqlError> {
    let text = || row.get::<_, String>(8);
    match row.get_ref(7)?.as_str()? {
        "inbound" => match row.get::<_, Option<String>>(9)? {
            None => Ok(EntryBody::Inbound { text: text()? }),
            Some(placeholder) => Ok(EntryBody::InboundPlaceholder {
                placeholder,
                caption: Some(text()?).filter(|text| !text.is_empty()),
            }),
        },
        "outbound" => Ok(EntryBody::Outbound {
            text: text()?,
            delivery: Delivery {
                state: sql::word(row, 10, DeliveryState::parse)?,
                failure: row
                    .get::<_, Option<String>>(11)?
                    .and_then(|name| FailureKind::parse(&name)),
                failure_details: row.get(12)?,
            },
        }),
        "comment" => Ok(EntryBody::Comment {
            text: row.get(16)?,
            mentions: mentions(row, 17)?,
        }),
        _ => Ok(EntryBody::Notice {
            notice: sql::optional_json(row, 13)?.ok_or(SqlError::QueryReturnedNoRows)?,
        }),
    }
}

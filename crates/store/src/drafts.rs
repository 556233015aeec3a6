//! Drafts: what operators have begun to write, one per chat and mode, handed to their own panels.
//!
//! A draft counts its versions, and a new text is taken only if it is made of the last one. So a text
//! that was under way while the draft was sent, or while another device wrote, comes too late: its
//! device gets the newer version by the feed and settles the two. A draft that ended stays as a row
//! without text, since its version must go on.

use std::collections::BTreeSet;

use pult_domain::{ChatId, DeviceId, MAX_REPLY_CHARS, OperatorId, Refusal};
use pult_protocol::{Code, ComposerMode, DraftGiven, DraftOrigin, DraftRow, MAX_WRITERS, Problem};
use pult_sqlite::{Reader, Row, SqlError};

use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{StoreError, audience, chats, operators, sql};

/// Most colleagues whom a draft may mention.
const MAX_MENTIONS: usize = 100;

/// Keeps what a device has; the refusal says why not.
pub(crate) fn keep(
    work: &mut Work<'_>,
    operator: OperatorId,
    given: &DraftGiven,
) -> Result<Result<(), Problem>, StoreError> {
    let refused = |refusal| Ok(Err(Problem::of_refusal(&refusal)));
    let reader = work.tx.reader();
    let (operator, row) = operators::by_id(reader, operator)?
        .ok_or(StoreError::Inconsistent("a signed-in operator is known"))?;
    if !row.is_active {
        return refused(Refusal::OperatorInactive);
    }
    if given.text.chars().count() > MAX_REPLY_CHARS {
        return refused(Refusal::TextTooLong);
    }
    if given.mentions.len() > MAX_MENTIONS {
        let message = format!("a draft mentions at most {MAX_MENTIONS} colleagues");
        return Ok(Err(Problem::new(Code::TooLarge, message)));
    }
    let Some(chat) = chats::key_of(reader, given.chat_id)? else {
        return refused(Refusal::ChatNotFound);
    };
    let readers = audience::present(reader, chat)?;
    if !readers.contains(&audience::EVERYONE) && !readers.contains(&operator) {
        return refused(Refusal::ChatNotFound);
    }
    let last = present(reader, operator, chat, given.mode)?;
    if last.as_ref().map_or(0, |last| last.version) != given.of_version {
        let message = "the draft has another version by now";
        return Ok(Err(Problem::new(Code::DraftMoved, message)));
    }
    let mentions: BTreeSet<OperatorId> = match given.mode {
        ComposerMode::Comment => given.mentions.iter().copied().collect(),
        ComposerMode::Reply => BTreeSet::new(),
    };
    let version = given.of_version.saturating_add(1);
    let mut writers = last.map(|last| last.writers).unwrap_or_default();
    writers.retain(|writer| writer.device_id != given.device_id);
    writers.truncate(MAX_WRITERS - 1);
    let device_id = given.device_id;
    writers.insert(0, DraftOrigin { device_id, version });
    let text = Text {
        version,
        device: given.device_id,
        text: &given.text,
        mentions: &sql::to_json(&mentions)?,
        writers: &writers,
    };
    put(work, operator, chat, given.mode, &text)?;
    Ok(Ok(()))
}

/// A reply or comment has been made of a draft, which ends with it. What another device has written
/// in it since stays, as a draft of its own; whatever is still under way to it comes too late.
pub(crate) fn end(
    work: &mut Work<'_>,
    operator: i64,
    chat: i64,
    mode: ComposerMode,
    origin: DraftOrigin,
) -> Result<(), StoreError> {
    let last = present(work.tx.reader(), operator, chat, mode)?;
    if let Some(last) = &last
        && (last.written_in() > origin.version || trials::has(Bug::SentDraftsStay))
        && last.device != origin.device_id
    {
        let seq = work.next_seq();
        work.tx.execute(
            "UPDATE drafts SET version = version + 1, seq = ?4
             WHERE operator = ?1 AND chat = ?2 AND mode = ?3",
            (operator, chat, mode.as_str(), seq),
        )?;
        work.touched.drafts.insert((operator, chat));
        return Ok(());
    }
    let nothing = Text {
        version: last
            .as_ref()
            .map_or(1, |last| last.version.saturating_add(1)),
        device: origin.device_id,
        text: "",
        mentions: "[]",
        writers: &last.map(|last| last.writers).unwrap_or_default(),
    };
    put(work, operator, chat, mode, &nothing)
}

/// How a draft stands.
struct Last {
    version: i64,
    /// The device that wrote it, or sent what was written.
    device: DeviceId,
    /// The last version of each device, the newest first.
    writers: Vec<DraftOrigin>,
}

impl Last {
    /// The version whose text it still has: one that only got a new number has no newer one.
    fn written_in(&self) -> i64 {
        self.writers.first().map_or(0, |writer| writer.version)
    }
}

/// A draft as it was left last.
fn present(
    reader: Reader<'_>,
    operator: i64,
    chat: i64,
    mode: ComposerMode,
) -> Result<Option<Last>, StoreError> {
    Ok(reader.optional(
        "SELECT version, device, writers FROM drafts
         WHERE operator = ?1 AND chat = ?2 AND mode = ?3",
        (operator, chat, mode.as_str()),
        |row| {
            Ok(Last {
                version: row.get(0)?,
                device: sql::id(row, 1, DeviceId)?,
                writers: sql::optional_json(row, 2)?.unwrap_or_default(),
            })
        },
    )?)
}

/// What a draft becomes.
struct Text<'a> {
    version: i64,
    device: DeviceId,
    text: &'a str,
    mentions: &'a str,
    writers: &'a [DraftOrigin],
}

fn put(
    work: &mut Work<'_>,
    operator: i64,
    chat: i64,
    mode: ComposerMode,
    draft: &Text<'_>,
) -> Result<(), StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "INSERT INTO drafts (operator, chat, mode, version, device, text, mentions, writers,
                             changed_at, seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (operator, chat, mode) DO UPDATE SET
             version = excluded.version, device = excluded.device, text = excluded.text,
             mentions = excluded.mentions, writers = excluded.writers,
             changed_at = excluded.changed_at, seq = excluded.seq",
        (
            operator,
            chat,
            mode.as_str(),
            draft.version,
            draft.device.0,
            draft.text,
            draft.mentions,
            sql::to_json(&draft.writers)?,
            work.now.0,
            seq,
        ),
    )?;
    work.touched.drafts.insert((operator, chat));
    Ok(())
}

/// An operator's drafts in a chat.
pub(crate) fn of_chat(
    reader: Reader<'_>,
    operator: i64,
    chat: i64,
) -> Result<Vec<DraftRow>, StoreError> {
    Ok(reader.all(
        "SELECT c.id, d.mode, d.version, d.device, d.text, d.mentions, d.writers
         FROM drafts d JOIN chats c ON c.key = d.chat
         WHERE d.operator = ?1 AND d.chat = ?2 ORDER BY d.mode",
        (operator, chat),
        draft,
    )?)
}

/// Operators who have drafts in the chat.
pub(crate) fn writers_of(reader: Reader<'_>, chat: i64) -> Result<Vec<i64>, StoreError> {
    Ok(reader.all(
        // Operators are few and drafts are many: from the operators each look-up is by key.
        "SELECT DISTINCT o.key FROM operators o
         CROSS JOIN drafts d ON d.operator = o.key AND d.chat = ?1",
        (chat,),
        |row| row.get(0),
    )?)
}

/// An operator's drafts that changed after `seq`, with the seq of their change and the chat's key.
pub(crate) fn changed_since(
    reader: Reader<'_>,
    operator: i64,
    seq: i64,
) -> Result<Vec<(i64, i64, DraftRow)>, StoreError> {
    Ok(reader.all(
        "SELECT c.id, d.mode, d.version, d.device, d.text, d.mentions, d.writers, d.seq, d.chat
         FROM drafts d JOIN chats c ON c.key = d.chat
         WHERE d.operator = ?1 AND d.seq > ?2 ORDER BY d.seq",
        (operator, seq),
        |row| Ok((row.get(7)?, row.get(8)?, draft(row)?)),
    )?)
}

fn draft(row: &Row<'_>) -> Result<DraftRow, SqlError> {
    Ok(DraftRow {
        chat_id: sql::id(row, 0, ChatId)?,
        mode: sql::word(row, 1, ComposerMode::parse)?,
        version: row.get(2)?,
        device_id: sql::id(row, 3, DeviceId)?,
        text: row.get(4)?,
        mentions: sql::optional_json(row, 5)?.unwrap_or_default(),
        writers: sql::optional_json(row, 6)?.unwrap_or_default(),
    })
}

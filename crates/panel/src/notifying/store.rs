//! What this device has told its operator, in the outbox's file: it must outlive the cache.

use pult_domain::{ChatId, Place, Timestamp};
use pult_sqlite::{Reader, Transaction, params};

use super::news::Told;
use crate::storage::{Sql, Stored as _, from_json, from_json_or_null, to_json};
use crate::view::{Notification, NotificationSettings};

/// So many lines does the list have.
const MAX_LINES: i64 = 200;

/// Whether anything was ever told here.
pub(crate) fn has_begun(reader: Reader<'_>) -> Sql<bool> {
    reader.one("SELECT has_begun FROM notifying", (), |row| row.get(0))
}

pub(crate) fn begin(tx: &Transaction<'_>) -> Sql<()> {
    tx.execute("UPDATE notifying SET has_begun = 1", ())?;
    Ok(())
}

/// What was told of a chat; none if nothing ever was.
pub(crate) fn told(reader: Reader<'_>, chat_id: ChatId) -> Sql<Option<Told>> {
    reader.optional(
        "SELECT place, is_queued, is_suggested, failed_place FROM told WHERE chat_id = ?1",
        params![chat_id.stored()],
        |row| {
            Ok(Told {
                place: row.get(0).map(Place)?,
                is_queued: row.get(1)?,
                is_suggested: row.get(2)?,
                failed_place: row.get(3).map(Place)?,
            })
        },
    )
}

pub(crate) fn put_told(tx: &Transaction<'_>, chat_id: ChatId, told: Told) -> Sql<()> {
    tx.execute(
        "INSERT INTO told (chat_id, place, is_queued, is_suggested, failed_place)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (chat_id) DO UPDATE SET
             place = max(place, excluded.place),
             is_queued = excluded.is_queued,
             is_suggested = excluded.is_suggested,
             failed_place = max(failed_place, excluded.failed_place)",
        params![
            chat_id.stored(),
            told.place.0,
            told.is_queued,
            told.is_suggested,
            told.failed_place.0
        ],
    )?;
    Ok(())
}

/// A chat does not stand in the queue before one's eyes any more: if it does again, that is news.
pub(crate) fn left_queue(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    tx.execute(
        "UPDATE told SET is_queued = 0, is_suggested = 0 WHERE chat_id = ?1",
        params![chat_id.stored()],
    )?;
    Ok(())
}

/// Puts a line into the list. Its words are left out.
pub(crate) fn add_line(tx: &Transaction<'_>, at: Timestamp, line: &Notification) -> Sql<()> {
    let wordless = Notification {
        title: None,
        text: String::new(),
        placeholder: None,
        ..line.clone()
    };
    tx.execute(
        "INSERT INTO notifications (position, at, body)
         VALUES ((SELECT coalesce(max(position), 0) + 1 FROM notifications), ?1, ?2)",
        params![at.0, to_json(&wordless)?],
    )?;
    tx.execute(
        "DELETE FROM notifications
         WHERE position <= (SELECT max(position) FROM notifications) - ?1",
        params![MAX_LINES],
    )?;
    Ok(())
}

/// The list, the newest first. Lines of another version that this one cannot read are left out.
pub(crate) fn lines(reader: Reader<'_>) -> Sql<Vec<(i64, Timestamp, Notification)>> {
    let lines = reader.all(
        "SELECT position, at, body FROM notifications ORDER BY position DESC",
        (),
        |row| {
            let (position, at) = (row.get(0)?, row.get(1).map(Timestamp)?);
            Ok(from_json(row, 2).ok().map(|one| (position, at, one)))
        },
    )?;
    Ok(lines.into_iter().flatten().collect())
}

/// The newest line that was looked at in the list.
pub(crate) fn seen(reader: Reader<'_>) -> Sql<i64> {
    reader.one("SELECT seen FROM notifying", (), |row| row.get(0))
}

/// The list was looked at up to a line.
pub(crate) fn see(tx: &Transaction<'_>, position: i64) -> Sql<()> {
    tx.execute(
        "UPDATE notifying SET seen = max(seen, min(?1, coalesce(
             (SELECT max(position) FROM notifications), 0)))",
        params![position],
    )?;
    Ok(())
}

/// How its operator wants to be told. What a newer version has written and this one cannot read is as
/// usual.
pub(crate) fn settings(reader: Reader<'_>) -> Sql<NotificationSettings> {
    let kept = reader.one("SELECT settings FROM notifying", (), |row| {
        Ok(from_json_or_null::<NotificationSettings>(row, 0).unwrap_or_default())
    })?;
    Ok(kept.unwrap_or_default())
}

pub(crate) fn put_settings(tx: &Transaction<'_>, settings: &NotificationSettings) -> Sql<()> {
    tx.execute(
        "UPDATE notifying SET settings = ?1",
        params![to_json(settings)?],
    )?;
    Ok(())
}

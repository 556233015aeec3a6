//! What stands in the indexes, and how it gets there and out of it.
//!
//! Entries and chats are written without a word about them here, so a new message waits for nothing;
//! what is not in the index yet is found by its missing number and put in by the pieces. What goes, or
//! says something else, is taken out in the transaction in which that happens.

use std::collections::{BTreeMap, BTreeSet};

use pult_domain::{ChatId, OperatorId, Timestamp};
use pult_protocol::{ChatRow, ClientCard, EntryBody, EntryRow};
use pult_sqlite::{Reader, Transaction, params};
use pult_words::{Folded, digits};

use super::forms;
use crate::storage::{Sql, Stored as _, from_json};

/// By which rules words are made. Whoever changes them changes this.
const VERSION: i64 = 2;

/// As much of a word stands in the index.
const MAX_WORD_CHARS: usize = 64;

/// Words of so many letters and more are counted. Shorter beginnings than that stand in the index
/// themselves.
pub(super) const LONG: usize = 4;

/// So many entries may be sent within a millisecond and keep their order.
const PER_MS_BITS: u32 = 20;

/// The last moment that a number can tell, in milliseconds of the epoch: in the year 2248.
const LAST_MS: i64 = (1 << 43) - 2;

/// Marks a hidden comment.
pub(super) const COMMENT: &str = "comment";
/// Marks what is more than text: a picture, a document.
pub(super) const FILE: &str = "file";

/// Marks what stands in a chat.
pub(super) fn in_chat(chat_id: ChatId) -> String {
    format!("in{}", chat_id.0.simple())
}

/// Marks what somebody wrote.
pub(super) fn by(operator_id: OperatorId) -> String {
    format!("by{}", operator_id.0.simple())
}

/// The text by which an entry is found; none of a line that the backend wrote.
pub(super) fn text_of(entry: &EntryRow) -> Option<&str> {
    match &entry.body {
        EntryBody::Inbound { text }
        | EntryBody::Outbound { text, .. }
        | EntryBody::Comment { text, .. } => Some(text),
        EntryBody::InboundPlaceholder { caption, .. } => Some(caption.as_deref().unwrap_or("")),
        EntryBody::Notice { .. } => None,
    }
}

/// The columns of an entry in its index.
#[derive(Debug, PartialEq, Eq)]
struct EntryWords {
    words: String,
    stems: String,
    tags: String,
}

impl EntryWords {
    fn of(entry: &EntryRow) -> Option<Self> {
        let line = Folded::of(text_of(entry)?);
        let words: BTreeSet<String> = line.words().map(beginning).collect();
        let stems: BTreeSet<String> = line.words().filter_map(forms::stem).collect();
        let mut tags = vec![in_chat(entry.chat_id)];
        tags.extend(entry.author_id.map(by));
        match entry.body {
            EntryBody::Comment { .. } => tags.push(COMMENT.to_owned()),
            EntryBody::InboundPlaceholder { .. } => tags.push(FILE.to_owned()),
            EntryBody::Inbound { .. } | EntryBody::Outbound { .. } | EntryBody::Notice { .. } => {}
        }
        Some(Self {
            words: joined(words),
            stems: joined(stems.into_iter().map(|stem| beginning(&stem))),
            tags: joined(tags),
        })
    }

    fn long(&self) -> impl Iterator<Item = &str> {
        let words = self.words.split(' ');
        words.filter(|word| word.chars().count() >= LONG)
    }
}

/// The columns of a chat in its index.
#[derive(Debug, PartialEq, Eq)]
struct ChatWords {
    words: String,
    ends: String,
    number: String,
}

impl ChatWords {
    fn of(client: &ClientCard) -> Self {
        let words: BTreeSet<String> = names(client).words().map(beginning).collect();
        let number = number(client);
        let ends = number.char_indices().map(|(at, _)| number.split_at(at).1);
        Self {
            words: joined(words),
            ends: joined(ends.map(str::to_owned)),
            number,
        }
    }
}

/// The names of a client, as they are compared.
pub(super) fn names(client: &ClientCard) -> Folded {
    let names = [&client.name, &client.own_name];
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    Folded::of(&names.join(" "))
}

/// The number of a client, in digits.
pub(super) fn number(client: &ClientCard) -> String {
    let digits = digits(client.phone.as_deref().unwrap_or_default());
    digits.chars().take(MAX_WORD_CHARS).collect()
}

/// As much of a word as stands in the index.
fn beginning(word: &str) -> String {
    word.chars().take(MAX_WORD_CHARS).collect()
}

fn joined(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// Begins anew if the words were made by other rules.
pub(crate) fn begin(tx: &Transaction<'_>) -> Sql<()> {
    let held = tx
        .reader()
        .optional("SELECT version FROM search", (), |row| row.get(0))?;
    if held == Some(VERSION) {
        return Ok(());
    }
    clear(tx)?;
    for sql in [
        "UPDATE entries SET doc = NULL WHERE doc IS NOT NULL",
        "UPDATE chats SET doc = NULL WHERE doc IS NOT NULL",
        "DELETE FROM search",
    ] {
        tx.execute(sql, ())?;
    }
    tx.execute(
        "INSERT INTO search (id, version) VALUES (1, ?1)",
        params![VERSION],
    )?;
    Ok(())
}

/// Takes everything out. The rows go, or are marked by the caller.
pub(crate) fn clear(tx: &Transaction<'_>) -> Sql<()> {
    tx.execute(
        "INSERT INTO found_entries (found_entries) VALUES ('delete-all')",
        (),
    )?;
    tx.execute(
        "INSERT INTO found_chats (found_chats) VALUES ('delete-all')",
        (),
    )?;
    tx.execute("DELETE FROM found_words", ())?;
    Ok(())
}

/// The number that an entry has after its row was put in place of the one that is held: the same if it
/// is found by the same words and days; else it is out of the index, and none if it is to be put in again.
pub(crate) fn doc_of_entry(tx: &Transaction<'_>, entry: &EntryRow) -> Sql<Option<i64>> {
    let held: Option<(i64, EntryRow)> = tx.reader().optional(
        "SELECT doc, body FROM entries WHERE chat_id = ?1 AND place = ?2 AND doc IS NOT NULL",
        params![entry.chat_id.stored(), entry.place.0],
        |row| Ok((row.get(0)?, from_json(row, 1)?)),
    )?;
    let none = text_of(entry).is_none().then_some(0);
    let Some((doc, old)) = held else {
        return Ok(none);
    };
    let old_words = EntryWords::of(&old);
    // Its number tells when it was sent.
    if old_words == EntryWords::of(entry) && old.sent_at == entry.sent_at {
        return Ok(Some(doc));
    }
    take_entry_out(tx, doc, old_words)?;
    Ok(none)
}

/// The same of a chat.
pub(crate) fn doc_of_chat(tx: &Transaction<'_>, chat: &ChatRow) -> Sql<Option<i64>> {
    let held: Option<(i64, ChatRow)> = tx.reader().optional(
        "SELECT doc, body FROM chats WHERE id = ?1 AND doc IS NOT NULL",
        params![chat.id.stored()],
        |row| Ok((row.get(0)?, from_json(row, 1)?)),
    )?;
    let Some((doc, old)) = held else {
        return Ok(None);
    };
    let old = ChatWords::of(&old.client);
    if old == ChatWords::of(&chat.client) {
        return Ok(Some(doc));
    }
    take_chat_out(tx, doc, &old)?;
    Ok(None)
}

/// Takes the entries of a chat out, which are about to go: all, or one of them.
pub(crate) fn forget_entries(tx: &Transaction<'_>, chat_id: ChatId, place: Option<i64>) -> Sql<()> {
    let held: Vec<(i64, EntryRow)> = tx.reader().all(
        "SELECT doc, body FROM entries
         WHERE chat_id = ?1 AND (?2 IS NULL OR place = ?2) AND doc > 0",
        params![chat_id.stored(), place],
        |row| Ok((row.get(0)?, from_json(row, 1)?)),
    )?;
    for (doc, entry) in held {
        take_entry_out(tx, doc, EntryWords::of(&entry))?;
    }
    Ok(())
}

/// Takes a chat out, which is about to go.
pub(crate) fn forget_chat(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    let held: Option<(i64, ChatRow)> = tx.reader().optional(
        "SELECT doc, body FROM chats WHERE id = ?1 AND doc > 0",
        params![chat_id.stored()],
        |row| Ok((row.get(0)?, from_json(row, 1)?)),
    )?;
    if let Some((doc, chat)) = held {
        take_chat_out(tx, doc, &ChatWords::of(&chat.client))?;
    }
    Ok(())
}

fn take_entry_out(tx: &Transaction<'_>, doc: i64, words: Option<EntryWords>) -> Sql<()> {
    let Some(words) = words.filter(|_| doc > 0) else {
        return Ok(());
    };
    for word in words.long() {
        for sql in [
            "UPDATE found_words SET n = n - 1 WHERE word = ?1",
            "DELETE FROM found_words WHERE word = ?1 AND n <= 0",
        ] {
            tx.execute(sql, params![word])?;
        }
    }
    let EntryWords { words, stems, tags } = words;
    tx.execute(
        "INSERT INTO found_entries (found_entries, rowid, words, stems, tags)
         VALUES ('delete', ?1, ?2, ?3, ?4)",
        params![doc, words, stems, tags],
    )?;
    Ok(())
}

fn take_chat_out(tx: &Transaction<'_>, doc: i64, words: &ChatWords) -> Sql<()> {
    let ChatWords {
        words,
        ends,
        number,
    } = words;
    tx.execute(
        "INSERT INTO found_chats (found_chats, rowid, words, ends, number)
         VALUES ('delete', ?1, ?2, ?3, ?4)",
        params![doc, words, ends, number],
    )?;
    Ok(())
}

/// How much is not in the index yet.
pub(super) fn n_missing(reader: Reader<'_>) -> Sql<u32> {
    reader.one(
        "SELECT (SELECT count(*) FROM entries WHERE doc IS NULL)
              + (SELECT count(*) FROM chats WHERE doc IS NULL)",
        (),
        |row| row.get(0),
    )
}

/// Puts at most `limit` entries and as many chats in, fewer as soon as the file `is_wanted` by somebody
/// else. Gives how many.
pub(super) fn put_in(tx: &Transaction<'_>, limit: u32, is_wanted: impl Fn() -> bool) -> Sql<usize> {
    // Most words come more than once.
    let mut words = BTreeMap::new();
    let n = put_all_in(tx, limit, is_wanted, &mut words)?;
    for (word, n) in words {
        tx.execute(
            "INSERT INTO found_words (word, n) VALUES (?1, ?2)
             ON CONFLICT (word) DO UPDATE SET n = n + excluded.n",
            params![word, n],
        )?;
    }
    Ok(n)
}

/// Counts the longer words of entries besides.
fn put_all_in(
    tx: &Transaction<'_>,
    limit: u32,
    is_wanted: impl Fn() -> bool,
    words: &mut BTreeMap<String, i64>,
) -> Sql<usize> {
    let mut n = 0;
    let mut entries: Vec<EntryRow> = tx.reader().all(
        "SELECT body FROM entries WHERE doc IS NULL LIMIT ?1",
        params![limit],
        |row| from_json(row, 0),
    )?;
    // FTS5 gathers what comes in the order of its numbers.
    entries.sort_by_key(|entry| entry.sent_at);
    for entry in entries {
        if n > 0 && is_wanted() {
            return Ok(n);
        }
        put_entry_in(tx, &entry, words)?;
        n += 1;
    }
    let chats: Vec<ChatRow> = tx.reader().all(
        "SELECT body FROM chats WHERE doc IS NULL LIMIT ?1",
        params![limit],
        |row| from_json(row, 0),
    )?;
    for chat in chats {
        if n > 0 && is_wanted() {
            return Ok(n);
        }
        put_chat_in(tx, &chat)?;
        n += 1;
    }
    Ok(n)
}

fn put_entry_in(
    tx: &Transaction<'_>,
    entry: &EntryRow,
    counted: &mut BTreeMap<String, i64>,
) -> Sql<()> {
    let doc = match EntryWords::of(entry) {
        Some(words) => {
            for word in words.long() {
                *counted.entry(word.to_owned()).or_default() += 1;
            }
            let EntryWords { words, stems, tags } = words;
            let doc = next_doc(tx.reader(), entry.sent_at)?;
            tx.execute(
                "INSERT INTO found_entries (rowid, words, stems, tags) VALUES (?1, ?2, ?3, ?4)",
                params![doc, words, stems, tags],
            )?;
            doc
        }
        None => 0,
    };
    tx.execute(
        "UPDATE entries SET doc = ?3 WHERE chat_id = ?1 AND place = ?2",
        params![entry.chat_id.stored(), entry.place.0, doc],
    )?;
    Ok(())
}

fn put_chat_in(tx: &Transaction<'_>, chat: &ChatRow) -> Sql<()> {
    let doc: i64 = tx
        .reader()
        .one("SELECT coalesce(max(doc), 0) + 1 FROM chats", (), |row| {
            row.get(0)
        })?;
    let ChatWords {
        words,
        ends,
        number,
    } = ChatWords::of(&chat.client);
    tx.execute(
        "INSERT INTO found_chats (rowid, words, ends, number) VALUES (?1, ?2, ?3, ?4)",
        params![doc, words, ends, number],
    )?;
    tx.execute(
        "UPDATE chats SET doc = ?2 WHERE id = ?1",
        params![chat.id.stored(), doc],
    )?;
    Ok(())
}

/// Longer words that stand in the index and begin so, at most `limit` of them.
pub(super) fn long_words(reader: Reader<'_>, beginning: &str, limit: usize) -> Sql<Vec<String>> {
    reader.all(
        "SELECT word FROM found_words WHERE word >= ?1 AND word < ?2 LIMIT ?3",
        params![
            beginning,
            format!("{beginning}{}", char::MAX),
            i64::try_from(limit).unwrap_or(i64::MAX)
        ],
        |row| row.get(0),
    )
}

/// The smallest number of those sent at a moment or later.
pub(super) fn first_doc(sent_at: Timestamp) -> i64 {
    (sent_at.0.clamp(0, LAST_MS) + 1) << PER_MS_BITS
}

/// A number behind those of everything that was sent at the same moment.
fn next_doc(reader: Reader<'_>, sent_at: Timestamp) -> Sql<i64> {
    let first = first_doc(sent_at);
    reader.one(
        "SELECT coalesce(max(doc) + 1, ?1) FROM entries
         WHERE doc >= ?1 AND doc < ?1 + ?2",
        params![first, 1_i64 << PER_MS_BITS],
        |row| row.get(0),
    )
}

//! The archive's index: the words of closed chats, and of their clients.
//!
//! A chat's lines are written down in blocks of neighbouring places, so that a search reads a block
//! where it would read each of its lines, and a chat is known by the block's number alone. The index
//! only says where to look: whether a line has what is searched for, and whether it may be read, is
//! looked at in the line itself. So nothing has to be written anew when somebody's rights change.
//!
//! What a talk has added is written when the chat is closed, so that taking messages in costs nothing
//! for it; the end of a long one soon after, in pieces between other work.

use pult_sqlite::Reader;
use pult_words::{Folded, Term, digits};

use crate::StoreError;
use crate::writer::Work;

/// Neighbouring places that are one row of the index. The schema knows nothing of it, but what is
/// written does.
const BLOCK: i64 = 32;

/// A row's number is the chat's key, shifted by so many bits, and the block's number.
const BLOCK_BITS: i64 = 24;

/// Most blocks, and chats, that are written in one piece of work: who else writes waits for it.
const MAX_BLOCKS: usize = 16;

/// No block is begun after so many bytes likewise.
const MAX_BYTES: usize = 32 * 1024;

/// Rows that hold a word, beyond which it does not narrow a search: it is met soon wherever one
/// looks.
const MAX_ROWS: usize = 100_000;

/// What a piece of work has written.
#[derive(Default)]
struct Written {
    n_blocks: usize,
    n_bytes: usize,
}

impl Written {
    const fn is_enough(&self) -> bool {
        self.n_blocks >= MAX_BLOCKS || self.n_bytes >= MAX_BYTES
    }
}

/// Writes what a chat that has just been closed has got since it was the last time, as far as one
/// piece goes.
pub(crate) fn write_down(work: &Work<'_>, chat: i64) -> Result<(), StoreError> {
    write_chat(work, chat, &mut Written::default())
}

/// Whether there are closed chats of which the index has not everything yet.
pub(crate) fn is_unfinished(reader: Reader<'_>) -> Result<bool, StoreError> {
    Ok(!unfinished(reader, 1)?.is_empty())
}

/// Writes a piece of what the index lacks.
pub(crate) fn write_piece(work: &Work<'_>) -> Result<(), StoreError> {
    let mut written = Written::default();
    for chat in unfinished(work.tx.reader(), MAX_BLOCKS)? {
        if written.is_enough() {
            break;
        }
        write_chat(work, chat, &mut written)?;
    }
    Ok(())
}

fn unfinished(reader: Reader<'_>, limit: usize) -> Result<Vec<i64>, StoreError> {
    Ok(reader.all(
        "SELECT key FROM chats WHERE status = 'closed' AND archived_place < last_place LIMIT ?1",
        (i64::try_from(limit).unwrap_or(i64::MAX),),
        |row| row.get(0),
    )?)
}

fn write_chat(work: &Work<'_>, chat: i64, written: &mut Written) -> Result<(), StoreError> {
    let reader = work.tx.reader();
    let (mut done, last) = reader.one(
        "SELECT archived_place, last_place FROM chats WHERE key = ?1",
        (chat,),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )?;
    for block in block_of(done + 1)..=block_of(last) {
        if written.is_enough() {
            break;
        }
        let (first, end) = places(block);
        let lines = reader.all(
            "SELECT coalesce(m.text, c.text) FROM entries e
             LEFT JOIN messages m ON m.entry = e.key LEFT JOIN comments c ON c.entry = e.key
             WHERE e.chat = ?1 AND e.place BETWEEN ?2 AND ?3 ORDER BY e.place",
            (chat, first, end),
            |row| row.get::<_, Option<String>>(0),
        )?;
        let mut text = String::new();
        for line in lines.into_iter().flatten() {
            for word in Folded::of(&line).words() {
                add_word(&mut text, word);
            }
        }
        written.n_blocks += 1;
        written.n_bytes += text.len();
        if !text.is_empty() {
            work.tx.execute(
                "INSERT OR REPLACE INTO archive_lines (rowid, text) VALUES (?1, ?2)",
                (row_of(chat, block), text),
            )?;
        }
        done = end.min(last);
    }
    work.tx.execute(
        "UPDATE chats SET archived_place = ?2 WHERE key = ?1",
        (chat, done),
    )?;
    write_client_down(work, chat)
}

/// Writes the names and the number of a chat's client into the index, if the chat is in the archive
/// or has ever been. A number is written down from each of its digits on, so that what begins a word
/// finds any fragment of it.
pub(crate) fn write_client_down(work: &Work<'_>, chat: i64) -> Result<(), StoreError> {
    let client = client(work.tx.reader(), chat)?;
    if !client.is_archived {
        return Ok(());
    }
    let mut text = String::new();
    for name in client.names.words() {
        add_word(&mut text, name);
    }
    for (at, _) in client.phone.char_indices() {
        add_word(&mut text, client.phone.get(at..).unwrap_or_default());
    }
    work.tx.execute(
        "INSERT OR REPLACE INTO archive_clients (rowid, text) VALUES (?1, ?2)",
        (chat, text),
    )?;
    Ok(())
}

/// A chat's client as they are searched for.
pub(crate) struct Client {
    /// Their own name and what staff call them.
    pub(crate) names: Folded,
    /// Their number, of digits alone.
    pub(crate) phone: String,
    is_archived: bool,
}

/// The client of a chat.
pub(crate) fn client(reader: Reader<'_>, chat: i64) -> Result<Client, StoreError> {
    Ok(reader.one(
        "SELECT cl.name, cl.given_name, cl.phone, ch.archived_place > 0 OR ch.status = 'closed'
         FROM chats ch JOIN clients cl ON cl.key = ch.client WHERE ch.key = ?1",
        (chat,),
        |row| {
            let names = [row.get::<_, Option<String>>(0)?, row.get(1)?];
            let names: Vec<String> = names.into_iter().flatten().collect();
            let phone: Option<String> = row.get(2)?;
            Ok(Client {
                names: Folded::of(&names.join(" ")),
                phone: digits(&phone.unwrap_or_default()),
                is_archived: row.get(3)?,
            })
        },
    )?)
}

/// The index gets words alone, so that what it takes for a word is what we do.
fn add_word(text: &mut String, word: &str) {
    text.push(' ');
    text.push_str(word);
}

const fn block_of(place: i64) -> i64 {
    place / BLOCK
}

/// The first and the last place of a block.
pub(crate) const fn places(block: i64) -> (i64, i64) {
    (block * BLOCK, block * BLOCK + BLOCK - 1)
}

const fn row_of(chat: i64, block: i64) -> i64 {
    (chat << BLOCK_BITS) | block
}

/// What a term may be met by, as FTS5 is asked for it. A word consists of letters and digits alone,
/// so nothing in it means anything else there.
fn expression(term: &Term) -> String {
    let begins = |word: String| format!("\u{22}{word}\u{22}*");
    let all = |form: Vec<String>| {
        form.into_iter()
            .map(begins)
            .collect::<Vec<_>>()
            .join(" AND ")
    };
    let forms: Vec<String> = term.forms().into_iter().map(all).collect();
    format!("(({}))", forms.join(") OR ("))
}

/// The chats, by key and in their order, in which all terms may be met. None if there are too many
/// to say.
pub(crate) fn chats_with(
    reader: Reader<'_>,
    terms: &[Term],
) -> Result<Option<Vec<i64>>, StoreError> {
    let mut found: Option<Vec<i64>> = None;
    for term in terms {
        if let Some(chats) = chats_with_one(reader, term)? {
            found = Some(match found {
                None => chats,
                Some(mut found) => {
                    found.retain(|chat| chats.binary_search(chat).is_ok());
                    found
                }
            });
        }
    }
    Ok(found)
}

fn chats_with_one(reader: Reader<'_>, term: &Term) -> Result<Option<Vec<i64>>, StoreError> {
    let expression = expression(term);
    let limit = i64::try_from(MAX_ROWS).unwrap_or(i64::MAX);
    let of_lines: Vec<i64> = reader.all(
        "SELECT rowid >> ?2 FROM archive_lines WHERE archive_lines MATCH ?1 LIMIT ?3",
        (&expression, BLOCK_BITS, limit),
        |row| row.get(0),
    )?;
    if of_lines.len() == MAX_ROWS {
        return Ok(None);
    }
    let of_clients: Vec<i64> = reader.all(
        "SELECT rowid FROM archive_clients WHERE archive_clients MATCH ?1 LIMIT ?2",
        (&expression, limit),
        |row| row.get(0),
    )?;
    if of_clients.len() == MAX_ROWS {
        return Ok(None);
    }
    let mut chats = of_lines;
    chats.extend(of_clients);
    chats.sort_unstable();
    chats.dedup();
    Ok(Some(chats))
}

/// The blocks of a chat in which all terms stand, newest first.
pub(crate) fn blocks_with(
    reader: Reader<'_>,
    chat: i64,
    terms: &[&Term],
) -> Result<Vec<i64>, StoreError> {
    let all: Vec<String> = terms.iter().map(|term| expression(term)).collect();
    Ok(reader.all(
        "SELECT rowid - ?2 FROM archive_lines
         WHERE archive_lines MATCH ?1 AND rowid >= ?2 AND rowid < ?3 ORDER BY rowid DESC",
        (all.join(" AND "), row_of(chat, 0), row_of(chat + 1, 0)),
        |row| row.get(0),
    )?)
}

/// All blocks up to a place, newest first.
pub(crate) fn blocks_until(last_place: i64) -> Vec<i64> {
    (0..=block_of(last_place)).rev().collect()
}

//! Finding what is held, by the indexes.
//!
//! What matches a text is said once, in [`super::forms`] and `pult-words`; the expressions here ask the
//! index for exactly that, so nothing that it names is looked at again.

use pult_domain::{ChatId, ClientId};
use pult_protocol::{ChatRow, EntryRow};
use pult_sqlite::{Reader, params};
use pult_words::{Folded, Term, terms};

use super::{FoundEntry, SearchOnly, SearchPage, SearchQuery, forms, index};
use crate::cache;
use crate::storage::{Sql, Stored as _, from_json};

/// Entries on a page.
const ENTRIES: u32 = 40;

/// Most entries on a page.
const MAX_ENTRIES: u32 = 200;

/// Closed chats that are named by a client's name or number.
const CHATS: usize = 30;

/// So many chats are sorted by when they were active; of more it is quicker to go through all in that
/// order.
const FEW_CHATS: i64 = 2_000;

/// As many words are asked for in the place of their beginning. Each is another place of the index to read
/// from, and those of whom there are more are rare ones, as a rule.
const MOST_WORDS: usize = 128;

/// Closed chats that are read at once.
const STEP: i64 = 500;

/// What the query asks for.
pub(super) fn find(reader: Reader<'_>, query: &SearchQuery) -> Sql<SearchPage> {
    let nothing = SearchPage {
        n_missing: index::n_missing(reader)?,
        ..SearchPage::default()
    };
    let is_narrowed = query.is_narrowed();
    let Some(terms) = terms(&query.text) else {
        return Ok(nothing);
    };
    if terms.is_empty() && !is_narrowed {
        return Ok(nothing);
    }
    let before = query.after.as_ref().map(|after| after.0);
    let (chats, has_more_chats) = if is_narrowed || before.is_some() {
        (Vec::new(), false)
    } else {
        closed_chats(reader, &terms)?
    };
    let mut rows = entries(reader, query, &terms, before)?;
    let n = usize::try_from(limit(query)).unwrap_or(usize::MAX);
    let has_more = rows.len() > n;
    rows.truncate(n);
    let next = rows
        .last()
        .filter(|_| has_more)
        .map(|(doc, _)| (*doc).into());
    let mut found = Vec::new();
    for (_, line) in rows {
        // Entries go with their chats.
        let Some(held) = cache::chat(reader, line.chat_id)? else {
            continue;
        };
        let folded = Folded::of(index::text_of(&line).unwrap_or_default());
        found.push(FoundEntry {
            chat: held.row,
            forms: forms::forms_in(&terms, &folded),
            line,
        });
    }
    Ok(SearchPage {
        entries: found,
        next,
        chats,
        has_more_chats,
        ..nothing
    })
}

fn limit(query: &SearchQuery) -> u32 {
    query.limit.unwrap_or(ENTRIES).clamp(1, MAX_ENTRIES)
}

/// Entries that match with their numbers, the newest first; one more than fits on a page if there are
/// more.
fn entries(
    reader: Reader<'_>,
    query: &SearchQuery,
    terms: &[Term],
    before: Option<i64>,
) -> Sql<Vec<(i64, EntryRow)>> {
    let Some(expression) = expression(reader, query, terms)? else {
        return Ok(Vec::new());
    };
    let from = query.from.map_or(1, index::first_doc);
    let until = query.until.map_or(i64::MAX, index::first_doc);
    let until = before.map_or(until, |before| until.min(before));
    let limit = limit(query) + 1;
    let row = |row: &pult_sqlite::Row<'_>| Ok((row.get(0)?, from_json(row, 1)?));
    if expression.is_empty() {
        return reader.all(
            "SELECT doc, body FROM entries WHERE doc >= ?1 AND doc < ?2
             ORDER BY doc DESC LIMIT ?3",
            params![from, until, limit],
            row,
        );
    }
    reader.all(
        "SELECT e.doc, e.body FROM found_entries f CROSS JOIN entries e
         ON e.doc = f.rowid
         WHERE f.found_entries MATCH ?1 AND f.rowid >= ?2 AND f.rowid < ?3
         ORDER BY f.rowid DESC LIMIT ?4",
        params![expression, from, until, limit],
        row,
    )
}

/// What the index of entries is asked for; empty for everything, none for nothing.
fn expression(reader: Reader<'_>, query: &SearchQuery, terms: &[Term]) -> Sql<Option<String>> {
    let all = terms.iter().map(|term| of_entries(reader, term));
    let mut all = all.collect::<Sql<Vec<String>>>()?;
    if let Some(client_id) = query.client_id {
        let chats = chats_of(reader, client_id)?;
        if chats.is_empty() {
            return Ok(None);
        }
        let tags = chats.into_iter().map(|chat| tag(&index::in_chat(chat)));
        all.push(any(tags));
    }
    all.extend(query.author_id.map(|author| tag(&index::by(author))));
    all.extend(query.only.map(|only| match only {
        SearchOnly::Comments => tag(index::COMMENT),
        SearchOnly::Files => tag(index::FILE),
    }));
    Ok(Some(all.join(" AND ")))
}

/// A term of entries, or a form of it.
fn of_entries(reader: Reader<'_>, term: &Term) -> Sql<String> {
    let stem = forms::stem_of(term).map(|stem| format!("stems : \"{stem}\""));
    let begun = begun(term, |word| {
        let words = if word.chars().count() < index::LONG {
            Vec::new()
        } else {
            index::long_words(reader, word, MOST_WORDS + 1)?
        };
        Ok(if words.is_empty() || words.len() > MOST_WORDS {
            begins(word)
        } else {
            any(words.into_iter().map(|word| format!("words : \"{word}\"")))
        })
    });
    Ok(any(begun?.into_iter().chain(stem)))
}

/// The forms of a term, of whose words each is asked for by `asked`.
fn begun(term: &Term, asked: impl Fn(&str) -> Sql<String>) -> Sql<Vec<String>> {
    let all = |form: Vec<String>| {
        let words = form.iter().map(|word| asked(word));
        let words = words.collect::<Sql<Vec<String>>>()?;
        Ok(format!("({})", words.join(" AND ")))
    };
    term.forms().into_iter().map(all).collect()
}

/// Words that begin so. A word consists of letters and digits alone, so nothing in it means anything else
/// there.
fn begins(word: &str) -> String {
    format!("words : \"{word}\" *")
}

fn tag(tag: &str) -> String {
    format!("tags : \"{tag}\"")
}

fn any(expressions: impl IntoIterator<Item = String>) -> String {
    let all: Vec<String> = expressions.into_iter().collect();
    format!("({})", all.join(" OR "))
}

fn chats_of(reader: Reader<'_>, client_id: ClientId) -> Sql<Vec<ChatId>> {
    reader.all(
        "SELECT id FROM chats WHERE client_id = ?1",
        params![client_id.to_string()],
        |row| ChatId::at(row, 0),
    )
}

/// Closed chats whose client is named so, last active first, and whether there are more.
fn closed_chats(reader: Reader<'_>, terms: &[Term]) -> Sql<(Vec<ChatRow>, bool)> {
    let of_client = |term: &Term| {
        let number = term.number().map(|number| format!("ends : \"{number}\" *"));
        let seven = term.without_eight();
        let seven = seven.map(|number| format!("number : \"{number}\" *"));
        let begun = begun(term, |word| Ok(begins(word)))?;
        Ok(any(begun.into_iter().chain(number).chain(seven)))
    };
    let expression = terms.iter().map(of_client).collect::<Sql<Vec<String>>>()?;
    let expression = expression.join(" AND ");
    let n: i64 = reader.one(
        "SELECT count(*) FROM
             (SELECT 1 FROM found_chats WHERE found_chats MATCH ?1 LIMIT ?2)",
        params![expression, FEW_CHATS + 1],
        |row| row.get(0),
    )?;
    let n_wanted = CHATS + 1;
    let mut chats = if n > FEW_CHATS {
        by_activity(reader, terms, n_wanted)?
    } else {
        reader.all(
            "SELECT c.body FROM found_chats f CROSS JOIN chats c ON c.doc = f.rowid
             WHERE f.found_chats MATCH ?1 AND NOT c.is_listed
             ORDER BY c.active_at DESC, c.rowid DESC LIMIT ?2",
            params![expression, i64::try_from(n_wanted).unwrap_or(i64::MAX)],
            |row| from_json(row, 0),
        )?
    };
    let has_more = chats.len() > CHATS;
    chats.truncate(CHATS);
    Ok((chats, has_more))
}

/// Goes through the closed chats, last active first, until `n_wanted` are found.
fn by_activity(reader: Reader<'_>, terms: &[Term], n_wanted: usize) -> Sql<Vec<ChatRow>> {
    let mut found = Vec::new();
    let mut behind = (i64::MAX, i64::MAX);
    loop {
        let step: Vec<(i64, i64, ChatRow)> = reader.all(
            "SELECT active_at, rowid, body FROM chats
             WHERE NOT is_listed AND (active_at, rowid) < (?1, ?2)
             ORDER BY active_at DESC, rowid DESC LIMIT ?3",
            params![behind.0, behind.1, STEP],
            |row| Ok((row.get(0)?, row.get(1)?, from_json(row, 2)?)),
        )?;
        let Some((at, rowid, _)) = step.last() else {
            return Ok(found);
        };
        behind = (*at, *rowid);
        for (_, _, chat) in step {
            if is_of(&chat, terms) {
                found.push(chat);
                if found.len() == n_wanted {
                    return Ok(found);
                }
            }
        }
    }
}

pub(super) fn is_of(chat: &ChatRow, terms: &[Term]) -> bool {
    let (names, number) = (index::names(&chat.client), index::number(&chat.client));
    terms.iter().all(|term| term.is_of_client(&names, &number))
}

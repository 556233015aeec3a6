//! The same as [`super::find`] without an index: what it is compared with.

use pult_domain::{Status, Timestamp};
use pult_protocol::{ChatRow, EntryBody, EntryKind, EntryRow};
use pult_sqlite::Reader;
use pult_words::{Folded, Term, terms};

use super::{FoundEntry, SearchOnly, SearchPage, SearchQuery, find, forms, index};
use crate::storage::{Sql, from_json};

/// Whether a line has the term or a form of it.
pub(super) fn is_in(term: &Term, line: &Folded) -> bool {
    let has_form = |wanted: String| {
        let mut words = line.words();
        words.any(|word| forms::stem(word).as_ref() == Some(&wanted))
    };
    term.is_in(line) || forms::stem_of(term).is_some_and(has_form)
}

/// What the query asks for, on one page however much it is.
pub(super) fn scan(reader: Reader<'_>, query: &SearchQuery) -> Sql<SearchPage> {
    let Some(terms) = terms(&query.text) else {
        return Ok(SearchPage::default());
    };
    let mut chats: Vec<ChatRow> =
        reader.all("SELECT body FROM chats", (), |row| from_json(row, 0))?;
    let mut entries: Vec<(Option<i64>, EntryRow)> =
        reader.all("SELECT doc, body FROM entries", (), |row| {
            Ok((row.get(0)?, from_json(row, 1)?))
        })?;
    entries.retain(|(_, entry)| {
        let Some(text) = index::text_of(entry) else {
            return false;
        };
        let of_client = query.client_id.is_none_or(|client_id| {
            let mut chats = chats.iter();
            chats.any(|chat| chat.id == entry.chat_id && chat.client.id == client_id)
        });
        let is_wanted = query.only.is_none_or(|only| match only {
            SearchOnly::Comments => entry.body.kind() == EntryKind::Comment,
            SearchOnly::Files => matches!(entry.body, EntryBody::InboundPlaceholder { .. }),
        });
        let at = |moment: Timestamp| moment.0.max(0);
        of_client
            && is_wanted
            && query
                .author_id
                .is_none_or(|author| entry.author_id == Some(author))
            && query.from.is_none_or(|from| at(entry.sent_at) >= at(from))
            && query
                .until
                .is_none_or(|until| at(entry.sent_at) < at(until))
            && {
                let line = Folded::of(text);
                terms.iter().all(|term| is_in(term, &line))
            }
    });
    entries.sort_by_key(|(doc, _)| std::cmp::Reverse(*doc));
    let is_narrowed = query.is_narrowed();
    if terms.is_empty() && !is_narrowed {
        entries.clear();
    }
    let rows = chats.clone();
    let found = entries.into_iter().filter_map(|(_, line)| {
        let chat = rows.iter().find(|chat| chat.id == line.chat_id)?;
        let folded = Folded::of(index::text_of(&line).unwrap_or_default());
        Some(FoundEntry {
            chat: chat.clone(),
            forms: forms::forms_in(&terms, &folded),
            line,
        })
    });
    let found = found.collect();
    chats.retain(|chat| {
        let is_closed = chat.status == Status::Closed;
        !is_narrowed && !terms.is_empty() && is_closed && find::is_of(chat, &terms)
    });
    Ok(SearchPage {
        entries: found,
        chats,
        ..SearchPage::default()
    })
}

//! The same as [`super::find`] without an index: what it is compared with, in the tests and by the bench.

use std::collections::{HashMap, HashSet};

use pult_domain::{ChatId, ClientId, Status, Timestamp};
use pult_protocol::{ChatRow, EntryBody, EntryKind, EntryRow};
use pult_sqlite::Reader;
use pult_words::{Folded, Term, terms};

use super::{FoundEntry, SearchOnly, SearchPage, SearchQuery, find, forms, index};
use crate::storage::{Sql, from_json};

/// Whether a line has the term or a form of it.
#[cfg(test)]
pub(super) fn is_in(term: &Term, line: &Folded) -> bool {
    let has_form = |wanted: String| {
        let mut words = line.words();
        words.any(|word| forms::stem(word).as_ref() == Some(&wanted))
    };
    term.is_in(line) || forms::stem_of(term).is_some_and(has_form)
}

/// Everything that is held, in memory and as it is compared.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "trials"),
    expect(unreachable_pub, reason = "only the bench names it")
)]
pub struct Scan {
    /// Last active first.
    chats: Vec<ChatRow>,
    index_of: HashMap<ChatId, usize>,
    /// Newest first.
    lines: Vec<(EntryRow, Folded)>,
    /// The words of the lines by what they are forms of: to find that out anew for each word of each line
    /// would be most of the time.
    forms: HashMap<String, HashSet<String>>,
}

#[cfg_attr(
    not(feature = "trials"),
    expect(unreachable_pub, reason = "only the bench names it")
)]
impl Scan {
    /// Reads everything.
    pub(super) fn read(reader: Reader<'_>) -> Sql<Self> {
        let mut chats: Vec<ChatRow> =
            reader.all("SELECT body FROM chats", (), |row| from_json(row, 0))?;
        chats.sort_by_key(|chat| std::cmp::Reverse(chat.last_activity_at));
        let index_of = chats
            .iter()
            .enumerate()
            .map(|(index, chat)| (chat.id, index));
        let index_of = index_of.collect();
        let lines = reader.all(
            "SELECT body FROM entries ORDER BY doc DESC",
            (),
            |row| -> Sql<EntryRow> { from_json(row, 0) },
        )?;
        let folded = |line: EntryRow| {
            let folded = Folded::of(index::text_of(&line)?);
            Some((line, folded))
        };
        let lines: Vec<_> = lines.into_iter().filter_map(folded).collect();
        let words: HashSet<&str> = lines
            .iter()
            .flat_map(|(_, folded)| folded.words())
            .collect();
        let mut forms: HashMap<String, HashSet<String>> = HashMap::new();
        for word in words {
            if let Some(stem) = forms::stem(word) {
                forms.entry(stem).or_default().insert(word.to_owned());
            }
        }
        Ok(Self {
            chats,
            index_of,
            lines,
            forms,
        })
    }

    /// The first `n_lines` entries and the first `n_chats` closed chats that match.
    #[must_use]
    pub fn find(&self, query: &SearchQuery, n_lines: usize, n_chats: usize) -> SearchPage {
        let Some(terms) = terms(&query.text) else {
            return SearchPage::default();
        };
        let is_narrowed = query.is_narrowed();
        if terms.is_empty() && !is_narrowed {
            return SearchPage::default();
        }
        let forms_of = |term: &Term| self.forms.get(&forms::stem_of(term)?);
        let terms_with_forms: Vec<_> = terms.iter().map(|term| (term, forms_of(term))).collect();
        let hits = self.lines.iter().filter(|(line, folded)| {
            let is_in = |(term, forms): &(&Term, Option<&HashSet<String>>)| {
                let has_form =
                    |forms: &HashSet<String>| folded.words().any(|word| forms.contains(word));
                term.is_in(folded) || forms.is_some_and(has_form)
            };
            self.is_wanted(query, line) && terms_with_forms.iter().all(is_in)
        });
        let found = hits.filter_map(|(line, folded)| {
            Some(FoundEntry {
                chat: self.chat(line)?.clone(),
                forms: forms::forms_in(&terms, folded),
                line: line.clone(),
            })
        });
        let has_words = !is_narrowed && !terms.is_empty();
        let named = self
            .chats
            .iter()
            .filter(|chat| has_words && chat.status == Status::Closed && find::is_of(chat, &terms));
        SearchPage {
            entries: found.take(n_lines).collect(),
            chats: named.take(n_chats).cloned().collect(),
            ..SearchPage::default()
        }
    }

    fn chat(&self, line: &EntryRow) -> Option<&ChatRow> {
        self.chats.get(*self.index_of.get(&line.chat_id)?)
    }

    /// Whether a line is among those that are searched through.
    fn is_wanted(&self, query: &SearchQuery, line: &EntryRow) -> bool {
        let is_with = |client_id: ClientId| {
            let chat = self.chat(line);
            chat.is_some_and(|chat| chat.client.id == client_id)
        };
        let is_only = |only| match only {
            SearchOnly::Comments => line.body.kind() == EntryKind::Comment,
            SearchOnly::Files => matches!(line.body, EntryBody::InboundPlaceholder { .. }),
        };
        let at = |moment: Timestamp| moment.0.max(0);
        query.client_id.is_none_or(is_with)
            && query.only.is_none_or(is_only)
            && query
                .author_id
                .is_none_or(|author| line.author_id == Some(author))
            && query.from.is_none_or(|from| at(line.sent_at) >= at(from))
            && query.until.is_none_or(|until| at(line.sent_at) < at(until))
    }
}

//! Applying what the backend tells, and saying what of it is news.

use std::collections::BTreeSet;

use pult_domain::{ChatId, CommandId, Place};
use pult_protocol::{ChatRow, Cursor, GoneWhy, Row};

use super::Session;
use crate::cache::{self, Applied};
use crate::outbox::{self, Mark, State};
use crate::storage::StorageError;
use crate::view::PanelEvent;

/// A part of the feed that is applied as a whole.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    pub(crate) cursor: Option<Cursor>,
    /// Whether it replaces everything.
    pub(crate) is_snapshot: bool,
}

impl Page {
    /// Chats that come into sight with it, perhaps again. In a snapshot all begin anew, whether they
    /// were out of sight or not, so that it names none.
    pub(crate) fn returned_chats(&self) -> BTreeSet<ChatId> {
        chat_rows(self)
            .filter(|chat| chat.fresh && !self.is_snapshot)
            .map(|chat| chat.id)
            .collect()
    }

    /// Its chats, as they stand in it.
    pub(super) fn chats(&self) -> impl Iterator<Item = &ChatRow> {
        chat_rows(self)
    }

    /// Chats that leave the sight with it, perhaps to come back.
    pub(super) fn gone_chats(&self) -> BTreeSet<ChatId> {
        let gone = self.rows.iter().filter_map(|row| {
            let Row::Gone { chat_id, .. } = row else {
                return None;
            };
            Some(*chat_id)
        });
        gone.collect()
    }
}

impl Session {
    /// Applies a page: all of it or, on an error, nothing that would not be applied again.
    pub(crate) fn apply(&self, page: &Page) -> Result<(), StorageError> {
        self.settle_shells(page)?;
        self.take_drafts(page)?;
        let nothing_meanwhile = self.both_files.lock();
        self.note_return(page)?;
        let marks = self.unpark_marks(page)?;
        if page.is_snapshot {
            tracing::debug!(n_rows = page.rows.len(), "A snapshot has come");
        }
        for row in &page.rows {
            if let Row::Gone { chat_id, why } = row {
                tracing::debug!(chat.id = %chat_id, ?why, "A chat is gone");
                if self.onlookers.forget(*chat_id) {
                    self.events.send(PanelEvent::OnlookersChanged);
                }
            }
        }
        let channels = self.cache.read(cache::channels)?;
        let applied = self.cache.write(|tx| {
            let applied = if page.is_snapshot {
                cache::replace(tx, &page.rows)?
            } else {
                cache::apply(tx, &page.rows)?
            };
            // What the backend has not been told yet stands above what it says.
            for mark in &marks {
                if cache::chat(tx.reader(), mark.chat_id)?.is_some() {
                    cache::grow_mark(tx, mark.chat_id, mark.place)?;
                    cache::count_unread(tx, mark.chat_id)?;
                }
            }
            if let Some(cursor) = &page.cursor {
                cache::set_cursor(tx, cursor)?;
            }
            if applied.dropped_entries {
                self.cache.entries_were_dropped();
            }
            Ok(applied)
        })?;
        drop(nothing_meanwhile);
        self.has_unindexed.notify_one();
        // The page is held now and does not come again: what fails keeps nothing else.
        let mut rest = Vec::new();
        if applied.dropped_entries {
            rest.push(self.cache.checkpoint());
        }
        if page.is_snapshot || page.rows.iter().any(|row| matches!(row, Row::Company(_))) {
            rest.push(self.heed_company());
        }
        if page.rows.iter().any(|row| matches!(row, Row::Channel(_))) {
            rest.push(self.notify_of_channels(&channels));
        }
        if page.is_snapshot {
            rest.push(self.begin_telling());
        }
        if !page.is_snapshot && !page.gone_chats().is_empty() {
            rest.push(self.forget_old_history());
        }
        rest.push(self.end_echoes(page));
        self.say_what_changed(page, &applied);
        rest.into_iter().collect()
    }

    /// Echoes whose entry came before the panel was ended, or just now, or when they could not be ended.
    pub(crate) fn end_arrived_echoes(&self) -> Result<(), StorageError> {
        let done: Vec<CommandId> = self
            .outbox
            .read(outbox::commands)?
            .into_iter()
            .filter(|waiting| waiting.state == State::Done)
            .map(|waiting| waiting.id)
            .collect();
        let arrived: Vec<CommandId> = self.cache.read(|reader| {
            let mut arrived = Vec::new();
            for id in &done {
                if cache::holds_entry_of(reader, *id)? {
                    arrived.push(*id);
                }
            }
            Ok(arrived)
        })?;
        self.forget(&arrived)
    }

    /// All marks that the backend has not taken yet. Those whose chats the page brings back wait no
    /// longer: what its operator has read stays read, whoever had the chat meanwhile.
    fn unpark_marks(&self, page: &Page) -> Result<Vec<Mark>, StorageError> {
        let marks = self.outbox.read(outbox::marks)?;
        let returned: BTreeSet<ChatId> = chat_rows(page)
            .filter(|chat| chat.fresh || page.is_snapshot)
            .map(|chat| chat.id)
            .collect();
        let is_over = |mark: &Mark| mark.is_parked && returned.contains(&mark.chat_id);
        if marks.iter().any(is_over) {
            self.outbox.write(|tx| {
                for mark in marks.iter().filter(|mark| is_over(mark)) {
                    outbox::unpark_mark(tx, mark.chat_id)?;
                }
                Ok(())
            })?;
        }
        Ok(marks)
    }

    fn forget(&self, ids: &[CommandId]) -> Result<(), StorageError> {
        if ids.is_empty() {
            return Ok(());
        }
        Ok(self.outbox.write(|tx| {
            for id in ids {
                outbox::remove(tx, *id)?;
            }
            outbox::tidy(tx)
        })?)
    }

    /// Before texts of lost chats are erased: own text that was refused becomes their shells'.
    fn settle_shells(&self, page: &Page) -> Result<(), StorageError> {
        let mine = self.chats_with_text()?;
        let lost: Vec<ChatId> = mine
            .into_iter()
            .filter(|chat_id| is_lost(page, *chat_id))
            .collect();
        if lost.is_empty() {
            return Ok(());
        }
        let given_up = self.outbox.write(|tx| {
            let mut given_up = Vec::new();
            for chat_id in &lost {
                given_up.extend(outbox::settle_shell(tx, *chat_id)?);
            }
            outbox::tidy(tx)?;
            Ok(given_up)
        })?;
        self.note_given_up(given_up);
        Ok(())
    }

    pub(crate) fn chats_with_text(&self) -> Result<BTreeSet<ChatId>, StorageError> {
        Ok(self.outbox.read(|reader| {
            let mut chats: BTreeSet<ChatId> = BTreeSet::new();
            chats.extend(
                outbox::commands(reader)?
                    .iter()
                    .map(outbox::Waiting::chat_id),
            );
            chats.extend(outbox::drafts(reader)?.iter().map(|draft| draft.chat_id));
            Ok(chats)
        })?)
    }

    /// After the page: entries marry their echoes, and what belonged to shells is draft again.
    fn end_echoes(&self, page: &Page) -> Result<(), StorageError> {
        let mine = self.chats_with_text()?;
        if mine.is_empty() {
            return Ok(());
        }
        let arrived: Vec<CommandId> = page
            .rows
            .iter()
            .filter_map(|row| match row {
                Row::Entry(entry) if mine.contains(&entry.chat_id) => entry.command_id,
                Row::Entry(_)
                | Row::Chat(_)
                | Row::Gone { .. }
                | Row::Mark(_)
                | Row::Draft(_)
                | Row::Operator(_)
                | Row::Channel(_)
                | Row::Integration(_)
                | Row::Company(_)
                | Row::ReadyAnswer(_)
                | Row::ReadyAnswerGone { .. } => None,
            })
            .collect();
        let chats: Vec<&ChatRow> = chat_rows(page)
            .filter(|chat| mine.contains(&chat.id))
            .collect();
        let mut gone = page.gone_chats();
        gone.retain(|chat_id| mine.contains(chat_id) && last_word(page, *chat_id) != Some(None));
        if arrived.is_empty() && chats.is_empty() && gone.is_empty() {
            return Ok(());
        }
        Ok(self.outbox.write(|tx| {
            for id in &arrived {
                outbox::remove(tx, *id)?;
            }
            for chat in &chats {
                outbox::forget_problem(tx, chat.id)?;
                if page.is_snapshot || chat.fresh {
                    outbox::end_echoes(tx, chat.id, chat.last_place)?;
                }
            }
            for chat_id in &gone {
                // No entry of it comes any more.
                outbox::end_echoes(tx, *chat_id, Place(i64::MAX))?;
            }
            outbox::tidy(tx)
        })?)
    }

    fn say_what_changed(&self, page: &Page, applied: &Applied) {
        if page.is_snapshot {
            self.events.send(PanelEvent::Overflowed);
        } else if !page.rows.is_empty() {
            self.events.send(PanelEvent::OverviewChanged);
            for chat_id in applied.before.keys() {
                self.events
                    .send(PanelEvent::TimelineChanged { chat_id: *chat_id });
            }
            let is_answer =
                |row: &Row| matches!(row, Row::ReadyAnswer(_) | Row::ReadyAnswerGone { .. });
            if page.rows.iter().any(is_answer) {
                self.events.send(PanelEvent::ReadyAnswersChanged);
            }
        }
        self.note_news(page, &applied.before);
    }
}

/// Whether the page takes the chat out of sight for good.
fn is_lost(page: &Page, chat_id: ChatId) -> bool {
    match last_word(page, chat_id) {
        Some(why) => why == Some(GoneWhy::Lost),
        None => page.is_snapshot,
    }
}

/// What the page says of the chat in the end, if anything: that it is there, or why it is gone.
fn last_word(page: &Page, chat_id: ChatId) -> Option<Option<GoneWhy>> {
    page.rows.iter().rev().find_map(|row| match row {
        Row::Chat(chat) if chat.id == chat_id => Some(None),
        Row::Gone { chat_id: gone, why } if *gone == chat_id => Some(Some(*why)),
        Row::Chat(_)
        | Row::Gone { .. }
        | Row::Entry(_)
        | Row::Mark(_)
        | Row::Draft(_)
        | Row::Operator(_)
        | Row::Channel(_)
        | Row::Integration(_)
        | Row::Company(_)
        | Row::ReadyAnswer(_)
        | Row::ReadyAnswerGone { .. } => None,
    })
}

fn chat_rows(page: &Page) -> impl Iterator<Item = &ChatRow> {
    page.rows.iter().filter_map(|row| match row {
        Row::Chat(chat) => Some(chat),
        Row::Gone { .. }
        | Row::Entry(_)
        | Row::Mark(_)
        | Row::Draft(_)
        | Row::Operator(_)
        | Row::Channel(_)
        | Row::Integration(_)
        | Row::Company(_)
        | Row::ReadyAnswer(_)
        | Row::ReadyAnswerGone { .. } => None,
    })
}

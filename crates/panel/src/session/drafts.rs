//! What is typed, and how it and what the operator's other devices have typed find each other.

use std::collections::BTreeMap;

use pult_domain::{ChatId, OperatorId};
use pult_protocol::{DraftGiven, DraftRow, Row};

use super::feed::Page;
use super::{Session, client_name};
use crate::cache;
use crate::drafts::{self, Composer};
use crate::error::PanelError;
use crate::outbox;
use crate::presence::Looks;
use crate::storage::StorageError;
use crate::view::{ComposerMode, DraftRevision, PanelEvent};

impl Session {
    /// Keeps what was begun. Of a chat that has just left the operator's sight too: the page may
    /// not know it yet, and what was typed is the operator's. Gives the number by which to say that
    /// it has come to rest; none if nothing has changed.
    pub(crate) fn set_draft(
        &self,
        chat_id: ChatId,
        mode: ComposerMode,
        text: String,
        mentions: Vec<OperatorId>,
        seen: DraftRevision,
    ) -> Result<Option<u64>, PanelError> {
        let held = self.cache.read(|reader| cache::chat(reader, chat_id))?;
        let is_in_cache = held.is_some();
        let name = held.and_then(|held| client_name(&held.row));
        let changed = self.write_outbox(|tx| {
            let draft = outbox::draft(tx.reader(), chat_id)?;
            let mut new = draft.clone();
            if is_in_cache {
                new = new.written(mode, text, seen);
                new.client_name = name;
                new.mode = mode;
            } else if !draft.of(mode).whole().contains(text.trim()) {
                let text = outbox::joined(&draft.of(mode).text, &text);
                new = new.written(mode, text, seen);
            }
            if mode == ComposerMode::Comment {
                // Those of a comment that came back unseen stay.
                let came_back = draft.mentions.iter().filter(|_| draft.revision != seen);
                let mut all = mentions;
                for operator in came_back {
                    if !all.contains(operator) {
                        all.push(*operator);
                    }
                }
                new.mentions = all;
            }
            if new == draft {
                return Ok(None);
            }
            let is_shown_otherwise = |mode: ComposerMode| {
                new.of(mode).whole().trim().is_empty() != draft.of(mode).whole().trim().is_empty()
            };
            let is_shown =
                new.mode != draft.mode || ComposerMode::ALL.into_iter().any(is_shown_otherwise);
            outbox::put_draft(tx, &new)?;
            Ok(Some(is_shown))
        })?;
        // Every key would have all lists read again: the words follow when they rest.
        if changed == Some(true) {
            self.events.send(PanelEvent::OverviewChanged);
        }
        Ok(changed.map(|_| self.typed((chat_id, mode))))
    }

    /// Notes that a draft does not rest.
    fn typed(&self, composer: Composer) -> u64 {
        let mut typing = self.typing.lock();
        typing.n += 1;
        let n = typing.n;
        typing.composers.insert(composer, n);
        drop(typing);
        n
    }

    /// A draft has rested, unless it was typed on since it got this number: others may know it now.
    pub(crate) fn comes_to_rest(&self, composer: Composer, n: u64) {
        let mut typing = self.typing.lock();
        if typing.composers.get(&composer) != Some(&n) {
            return;
        }
        typing.composers.remove(&composer);
        drop(typing);
        self.events.send(PanelEvent::OverviewChanged);
        self.has_work.notify_one();
    }

    /// A composer has the focus: what comes from other devices is not put into it.
    pub(crate) fn focus_composer(&self, composer: Composer) -> Result<(), PanelError> {
        self.put_focus(Some(composer))
    }

    /// A composer has the focus no longer: what came from other devices meanwhile is put into it.
    pub(crate) fn leave_composer(&self, composer: Composer) -> Result<(), PanelError> {
        // Another may have it already.
        if *self.composer.lock() == Some(composer) {
            self.put_focus(None)?;
        }
        Ok(())
    }

    /// What is not on the screen, in front, has no focus.
    pub(crate) fn is_watched(&self, looks: Looks) -> Result<(), PanelError> {
        let focus = *self.composer.lock();
        let is_there = |(chat_id, _): Composer| looks.in_front && looks.chat_id == Some(chat_id);
        if !focus.is_none_or(is_there) {
            self.put_focus(None)?;
        }
        Ok(())
    }

    fn put_focus(&self, focus: Option<Composer>) -> Result<(), PanelError> {
        let before = std::mem::replace(&mut *self.composer.lock(), focus);
        if before.is_none() || before == focus {
            return Ok(());
        }
        Ok(self.settle_drafts(focus)?)
    }

    /// Settles what waited for a focus to leave.
    pub(crate) fn settle_drafts(&self, held: Option<Composer>) -> Result<(), StorageError> {
        let unsettled = self.outbox.read(drafts::unsettled)?;
        for composer in unsettled.into_iter().filter(|of| Some(*of) != held) {
            self.outbox
                .write(|tx| drafts::settle(tx, composer, None, held))?;
            self.outbox_changed(composer.0);
        }
        Ok(())
    }

    /// Takes what stands in a composer on another device: in the place of what is here, or above it
    /// if something was typed here.
    pub(crate) fn take_elsewhere(&self, composer: Composer) -> Result<(), PanelError> {
        self.write_outbox(|tx| drafts::settle(tx, composer, None, None))?;
        self.outbox_changed(composer.0);
        Ok(())
    }

    /// Lets what is in a composer here stand, in the place of what another device has.
    pub(crate) fn drop_elsewhere(&self, composer: Composer) -> Result<(), PanelError> {
        self.write_outbox(|tx| drafts::drop_elsewhere(tx, composer))?;
        self.outbox_changed(composer.0);
        Ok(())
    }

    /// Drafts that rest and that the backend is to be told.
    pub(crate) fn drafts_to_tell(&self) -> Result<Vec<DraftGiven>, StorageError> {
        let mut given = self
            .outbox
            .read(|reader| drafts::to_tell(reader, self.device_id))?;
        let typing = self.typing.lock();
        given.retain(|draft| !typing.composers.contains_key(&(draft.chat_id, draft.mode)));
        drop(typing);
        if given.is_empty() {
            return Ok(given);
        }
        // What is out of sight has no draft: its author's text waits here.
        let in_sight = self.cache.read(|reader| {
            let is_listed = |draft: &DraftGiven| cache::is_listed(reader, draft.chat_id);
            given.iter().map(is_listed).collect::<Result<Vec<_>, _>>()
        })?;
        let mut in_sight = in_sight.into_iter();
        given.retain(|_| in_sight.next() == Some(true));
        Ok(given)
    }

    /// Notes what the backend is about to be told. False if it is not to be any more.
    pub(crate) fn draft_is_told(&self, given: &DraftGiven) -> Result<bool, StorageError> {
        Ok(self.outbox.write(|tx| drafts::tell(tx, given))?)
    }

    /// The backend does not take what it was told.
    pub(crate) fn draft_was_refused(&self, given: &DraftGiven) -> Result<(), StorageError> {
        Ok(self.outbox.write(|tx| drafts::refused(tx, given))?)
    }

    /// The backend has a draft as it was told.
    pub(crate) fn draft_was_taken(&self, given: &DraftGiven) -> Result<(), StorageError> {
        Ok(self.outbox.write(|tx| drafts::taken(tx, given))?)
    }

    /// Takes the drafts of a page: before the page counts as applied, so that none is missed, and the
    /// same ones again do nothing.
    pub(super) fn take_drafts(&self, page: &Page) -> Result<(), StorageError> {
        let rows: BTreeMap<Composer, &DraftRow> = page
            .rows
            .iter()
            .filter_map(|row| {
                let Row::Draft(draft) = row else { return None };
                Some(((draft.chat_id, draft.mode), draft))
            })
            .collect();
        let begun: Vec<ChatId> = if page.is_snapshot {
            page.chats().map(|chat| chat.id).collect()
        } else {
            page.returned_chats().into_iter().collect()
        };
        let ended = page.gone_chats();
        if rows.is_empty() && begun.is_empty() && ended.is_empty() {
            return Ok(());
        }
        let names = self.names_of(page, rows.keys().map(|(chat_id, _)| *chat_id))?;
        let focus = *self.composer.lock();
        let changed = self.outbox.write(|tx| {
            for chat_id in &ended {
                drafts::end_sight(tx, *chat_id)?;
            }
            for chat_id in &begun {
                for mode in ComposerMode::ALL {
                    let composer = (*chat_id, mode);
                    drafts::begin_sight(tx, composer, rows.get(&composer).copied())?;
                }
            }
            let mut changed = Vec::new();
            for (composer, row) in &rows {
                let name = names.get(&composer.0).map(String::as_str);
                if drafts::take(tx, row, self.device_id, name, focus)? {
                    changed.push(composer.0);
                }
            }
            Ok(changed)
        })?;
        for chat_id in changed {
            self.chat_changed(chat_id);
        }
        Ok(())
    }

    /// What the clients of these chats are called, by the page or by what is held.
    fn names_of(
        &self,
        page: &Page,
        chats: impl Iterator<Item = ChatId>,
    ) -> Result<BTreeMap<ChatId, String>, StorageError> {
        let chats: Vec<ChatId> = chats.collect();
        let mut names = self.cache.read(|reader| {
            let mut names = BTreeMap::new();
            for chat_id in &chats {
                let held = cache::chat(reader, *chat_id)?;
                if let Some(name) = held.and_then(|held| client_name(&held.row)) {
                    names.insert(*chat_id, name);
                }
            }
            Ok(names)
        })?;
        for chat in page.chats() {
            if let Some(name) = client_name(chat) {
                names.insert(chat.id, name);
            }
        }
        Ok(names)
    }
}

//! Applying what the backend tells, and saying what of it is news.

use std::collections::{BTreeMap, BTreeSet};

use pult_domain::{ChatId, CommandId, OperatorId, Place, Status, Timestamp};
use pult_protocol::{ChatRow, Cursor, EntryBody, EntryRow, GoneWhy, Notice, Row};

use super::{Session, client_name};
use crate::cache::{self, Applied};
use crate::clock;
use crate::outbox::{self, State};
use crate::presence::Looks;
use crate::storage::StorageError;
use crate::view::{Notification, NotificationKind, PanelEvent};

/// What happened no longer ago than this is worth a banner even if it is read while catching up.
const NEWS_FOR_MS: i64 = 60_000;

/// A part of the feed that is applied as a whole.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    pub(crate) cursor: Option<Cursor>,
    /// Whether it replaces everything.
    pub(crate) is_snapshot: bool,
    /// Whether it tells what happens now, and not what was missed.
    pub(crate) is_live: bool,
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
        let no_mark_meanwhile = self.marking.lock();
        self.drop_marks_of_earlier_sight(page)?;
        let marks = self.marks()?;
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
        let applied = self.cache.write(|tx| {
            let applied = if page.is_snapshot {
                cache::replace(tx, &page.rows)?
            } else {
                cache::apply(tx, &page.rows)?
            };
            // What the backend has not been told yet stands above what it says.
            for (chat_id, place) in &marks {
                if cache::chat(tx.reader(), *chat_id)?.is_some() {
                    cache::grow_mark(tx, *chat_id, *place)?;
                    cache::count_unread(tx, *chat_id)?;
                }
            }
            if let Some(cursor) = &page.cursor {
                cache::set_cursor(tx, cursor)?;
            }
            Ok(applied)
        })?;
        drop(no_mark_meanwhile);
        if applied.dropped_entries {
            self.cache.entries_were_dropped();
            self.cache.checkpoint()?;
        }
        if page.is_snapshot || page.rows.iter().any(|row| matches!(row, Row::Company(_))) {
            self.heed_company()?;
        }
        self.end_echoes(page)?;
        self.tell(page, &applied)?;
        Ok(())
    }

    /// Echoes whose entry came before the panel was ended, or just now.
    pub(super) fn end_arrived_echoes(&self) -> Result<(), StorageError> {
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

    /// A mark made before its chat was out of sight is none any more, unless the backend has taken
    /// it and tells so: it may be refused yet, with nothing to say what stands in its place.
    fn drop_marks_of_earlier_sight(&self, page: &Page) -> Result<(), StorageError> {
        let returned = page.returned_chats();
        if returned.is_empty() {
            return Ok(());
        }
        Ok(self.outbox.write(|tx| {
            for chat_id in returned {
                outbox::end_mark(tx, chat_id, Place(i64::MAX))?;
            }
            Ok(())
        })?)
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

    fn chats_with_text(&self) -> Result<BTreeSet<ChatId>, StorageError> {
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
        if arrived.is_empty() && chats.is_empty() {
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
            outbox::tidy(tx)
        })?)
    }

    fn tell(&self, page: &Page, applied: &Applied) -> Result<(), StorageError> {
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
        let context = News {
            me: self.account.operator.id,
            is_live: page.is_live && !page.is_snapshot,
            now: clock::now().plus_ms(self.clock_offset_ms()),
            looks: self.desk.looks(),
        };
        let newest = newest_inbound(page);
        let unread = self.cache.read(|reader| {
            let mut unread = newest.clone();
            for (chat_id, entry) in &newest {
                if cache::read_place(reader, *chat_id)? >= entry.place {
                    unread.remove(chat_id);
                }
            }
            Ok(unread)
        })?;
        for (chat_id, chat) in chats_after(page) {
            let before = applied.before.get(&chat_id).and_then(Option::as_ref);
            let newest = unread.get(&chat_id).copied();
            let only_addressed = self.cache.read(|reader| {
                let held = cache::chat(reader, chat_id)?;
                Ok(held.is_some_and(|held| held.only_addressed))
            })?;
            let only_addressed = only_addressed && chat.observer_ids.contains(&context.me);
            let read_place = self
                .cache
                .read(|reader| cache::read_place(reader, chat_id))?;
            let notification = context
                .addressed(before, chat, page, read_place)
                .or_else(|| context.about(before, chat, newest.filter(|_| !only_addressed)));
            if let Some(notification) = notification {
                self.events.send(PanelEvent::Notify { notification });
            }
        }
        Ok(())
    }
}

/// Whether the page takes the chat out of sight for good.
fn is_lost(page: &Page, chat_id: ChatId) -> bool {
    let last_word = page.rows.iter().rev().find_map(|row| match row {
        Row::Chat(chat) if chat.id == chat_id => Some(false),
        Row::Gone { chat_id: gone, why } if *gone == chat_id => Some(*why == GoneWhy::Lost),
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
    });
    last_word.unwrap_or(page.is_snapshot)
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

/// The chats that stand in the page and are in sight after it.
fn chats_after(page: &Page) -> BTreeMap<ChatId, &ChatRow> {
    let mut chats = BTreeMap::new();
    for row in &page.rows {
        match row {
            Row::Chat(chat) => {
                chats.insert(chat.id, chat);
            }
            Row::Gone { chat_id, .. } => {
                chats.remove(chat_id);
            }
            Row::Entry(_)
            | Row::Mark(_)
            | Row::Draft(_)
            | Row::Operator(_)
            | Row::Channel(_)
            | Row::Integration(_)
            | Row::Company(_)
            | Row::ReadyAnswer(_)
            | Row::ReadyAnswerGone { .. } => {}
        }
    }
    chats
}

/// Of each chat the newest message of the client that came with the page.
fn newest_inbound(page: &Page) -> BTreeMap<ChatId, &EntryRow> {
    let mut newest: BTreeMap<ChatId, &EntryRow> = BTreeMap::new();
    for row in &page.rows {
        if let Row::Entry(entry) = row
            && banner_text(&entry.body).is_some()
            && newest
                .get(&entry.chat_id)
                .is_none_or(|other| other.place < entry.place)
        {
            newest.insert(entry.chat_id, entry);
        }
    }
    newest
}

/// The words of a client's message and, if it is not shown in full, its kind.
fn banner_text(body: &EntryBody) -> Option<(String, Option<String>)> {
    match body {
        EntryBody::Inbound { text } => Some((text.clone(), None)),
        EntryBody::InboundPlaceholder {
            placeholder,
            caption,
        } => Some((
            caption.clone().unwrap_or_default(),
            Some(placeholder.clone()),
        )),
        EntryBody::Outbound { .. } | EntryBody::Comment { .. } | EntryBody::Notice { .. } => None,
    }
}

/// What decides whether something is worth a banner.
#[derive(Debug, Clone, Copy)]
struct News {
    me: OperatorId,
    is_live: bool,
    /// By the backend's clock.
    now: Timestamp,
    looks: Looks,
}

impl News {
    /// At most one banner for a chat and a page.
    fn about(
        &self,
        before: Option<&ChatRow>,
        after: &ChatRow,
        newest: Option<&EntryRow>,
    ) -> Option<Notification> {
        match after.status {
            Status::Queued => {
                let is_new = before.is_none_or(|before| before.status != Status::Queued);
                let was_for_me = before
                    .is_some_and(|before| !is_new && before.suggested_owner_id == Some(self.me));
                let is_for_me = after.suggested_owner_id == Some(self.me);
                let what = if is_for_me && !was_for_me {
                    NotificationKind::Suggested
                } else if is_new {
                    NotificationKind::NewInQueue
                } else {
                    return None;
                };
                // Who works in the window sees the queue grow; what is for them they are told of all the
                // same, unless they have that chat before them.
                let is_seen = self.looks.in_front
                    && (what == NotificationKind::NewInQueue
                        || self.looks.chat_id == Some(after.id));
                if !self.is_news(after.last_activity_at) || is_seen {
                    return None;
                }
                let (text, placeholder) = newest
                    .and_then(|entry| banner_text(&entry.body))
                    .or_else(|| {
                        let preview = after.preview.clone()?;
                        Some((preview.text, preview.placeholder))
                    })
                    .unwrap_or_default();
                Some(notification(what, after, text, placeholder))
            }
            Status::InWork => {
                let is_mine =
                    after.owner_id == Some(self.me) || after.observer_ids.contains(&self.me);
                let last_place = before.map_or(Place::default(), |before| before.last_place);
                let entry = newest.filter(|entry| is_mine && entry.place > last_place)?;
                let is_news = self.is_news_of(before, entry.received_at);
                let is_watched = self.looks.in_front && self.looks.chat_id == Some(after.id);
                if !is_news || is_watched {
                    return None;
                }
                let (text, placeholder) = banner_text(&entry.body)?;
                Some(notification(
                    NotificationKind::NewMessage,
                    after,
                    text,
                    placeholder,
                ))
            }
            Status::Closed => None,
        }
    }

    /// What a colleague has addressed to me: a mention, or a chat that is mine from now on.
    fn addressed(
        &self,
        before: Option<&ChatRow>,
        after: &ChatRow,
        page: &Page,
        read_place: Place,
    ) -> Option<Notification> {
        if self.looks.in_front && self.looks.chat_id == Some(after.id) {
            return None;
        }
        let last_place = before.map_or(Place::default(), |before| before.last_place);
        let last_place = last_place.max(read_place);
        let new = page.rows.iter().rev().filter_map(|row| match row {
            Row::Entry(entry)
                if entry.chat_id == after.id
                    && entry.place > last_place
                    && entry.author_id != Some(self.me)
                    && self.is_news_of(before, entry.received_at) =>
            {
                Some(entry)
            }
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
        });
        let mut given = None;
        for entry in new {
            match &entry.body {
                EntryBody::Comment { text, mentions } if mentions.contains(&self.me) => {
                    let what = NotificationKind::Mention;
                    return Some(notification(what, after, text.clone(), None));
                }
                EntryBody::Notice {
                    notice: Notice::Transferred { to, .. } | Notice::Assigned { to, .. },
                } if *to == self.me && after.owner_id == Some(self.me) => given = Some(entry.place),
                EntryBody::Comment { .. }
                | EntryBody::Inbound { .. }
                | EntryBody::InboundPlaceholder { .. }
                | EntryBody::Outbound { .. }
                | EntryBody::Notice { .. } => {}
            }
        }
        let given = given?;
        // The hidden comment that came with it.
        let note = page.rows.iter().find_map(|row| match row {
            Row::Entry(EntryRow {
                chat_id,
                place,
                body: EntryBody::Comment { text, .. },
                ..
            }) if *chat_id == after.id && *place == given.next() => Some(text.clone()),
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
        });
        Some(notification(
            NotificationKind::Given,
            after,
            note.unwrap_or_default(),
            None,
        ))
    }

    /// A chat that has just come into sight brings its whole past.
    fn is_news_of(&self, before: Option<&ChatRow>, at: Timestamp) -> bool {
        match before {
            Some(_) => self.is_news(at),
            None => self.is_recent(at),
        }
    }

    fn is_news(&self, at: Timestamp) -> bool {
        self.is_live || self.is_recent(at)
    }

    fn is_recent(&self, at: Timestamp) -> bool {
        self.now.ms_since(at) < NEWS_FOR_MS
    }
}

fn notification(
    what: NotificationKind,
    chat: &ChatRow,
    text: String,
    placeholder: Option<String>,
) -> Notification {
    Notification {
        chat_id: chat.id,
        what,
        title: client_name(chat),
        text,
        placeholder,
    }
}

//! Telling the operator: what is news, once each, and what of it is over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use pult_domain::{ChatId, OperatorId, Place, Role, Status};
use pult_protocol::{
    ChannelRow, ChatRow, DeliveryState, EntryBody, EntryRow, NotificationDefaults,
    NotificationKind, Presence, Row,
};
use tokio::time::Instant;

use super::feed::Page;
use super::{Session, client_name};
use crate::cache::{self, HeldChat};
use crate::clock;
use crate::error::PanelError;
use crate::notifying::news::{Reading, Told};
use crate::notifying::settings::{Moment, Wishes};
use crate::notifying::{MAX_BANNERS, Open, Piece, store};
use crate::storage::StorageError;
use crate::trials::{self, Bug};
use crate::view::{
    BannerKey, Connection, KindChoice, Notification, NotificationChoices, NotificationLine,
    NotificationSettings, PanelEvent,
};

/// Of so many entries it is looked what they are: the newest of a chat, and more than come in a night.
const MAX_ENTRIES: u32 = 2_000;

impl Session {
    /// Notes what of a page may be news; it is told in a moment, or once all that was missed is here.
    pub(super) fn note_news(&self, page: &Page, before: &BTreeMap<ChatId, Option<ChatRow>>) {
        let mut failed = BTreeMap::new();
        for row in &page.rows {
            if let Row::Entry(entry) = row
                && is_failed(entry)
                && !page.is_snapshot
            {
                note_failed(&mut failed, entry.chat_id, entry.place);
            }
        }
        // Of what was missed it is found out once all of it is here.
        let is_live = matches!(self.connection(), Connection::Live);
        // What is told meanwhile would wait as news.
        let no_telling_meanwhile = self.both_files.lock();
        let is_news = !is_live || self.has_news(before.keys().copied(), &failed);
        let mut notifying = self.notifying.lock();
        for (chat_id, place) in failed {
            note_failed(&mut notifying.failed, chat_id, place);
        }
        notifying.touch(before.keys().copied(), is_news, Instant::now());
        let is_queued = |chat: &ChatRow| chat.status == Status::Queued;
        let was_queued = before.values().flatten().any(is_queued);
        if was_queued || page.is_snapshot || page.chats().any(is_queued) {
            notifying.queue_due = Some(Instant::now());
        }
        drop(notifying);
        drop(no_telling_meanwhile);
        self.has_news.notify_one();
    }

    /// Chats that leave one's sight with a page, or come into it, are told anew when they stand in the
    /// queue after that. It is noted before the page is applied: it may come again, but is told only
    /// once it was.
    pub(super) fn note_return(&self, page: &Page) -> Result<(), StorageError> {
        let mut chats = page.returned_chats();
        chats.extend(page.gone_chats());
        if chats.is_empty() {
            return Ok(());
        }
        // What their banners tell is of before.
        for chat_id in &chats {
            self.withdraw(BannerKey::Chat { chat_id: *chat_id });
        }
        Ok(self.outbox.write(|tx| {
            for chat_id in &chats {
                store::left_queue(tx, *chat_id)?;
            }
            Ok(())
        })?)
    }

    /// What a new device finds is no news.
    pub(super) fn begin_telling(&self) -> Result<(), StorageError> {
        if self.outbox.read(store::has_begun)? {
            return Ok(());
        }
        let me = self.account.operator.id;
        let chats = self.cache.read(cache::listed_chats)?;
        self.outbox.write(|tx| {
            for held in &chats {
                store::put_told(tx, held.row.id, Told::all_of(&held.row, me))?;
            }
            store::begin(tx)
        })?;
        Ok(())
    }

    /// Whatever was missed while the panel was not there may be news.
    pub(super) fn note_all_news(&self) -> Result<(), StorageError> {
        let chats = self.cache.read(cache::listed_chats)?;
        let chats = chats.into_iter().map(|held| held.row.id);
        let now = Instant::now();
        let mut notifying = self.notifying.lock();
        notifying.touch(chats, true, now);
        notifying.queue_due = Some(now);
        drop(notifying);
        Ok(())
    }

    /// Tells what there is to tell now, and when there may be more.
    pub(crate) fn notify(&self) -> Result<Option<Instant>, StorageError> {
        let now = Instant::now();
        let is_live = matches!(self.connection(), Connection::Live);
        let wishes = self.wishes()?;
        let mut next = Next::default();
        self.withdraw_seen()?;
        next.at(self.notify_of_connection(is_live, now)?);
        if is_live {
            next.at(self.notify_of_chats(&wishes, now)?);
            next.at(self.notify_of_queue(&wishes, now)?);
        }
        next.at(self.repeat(&wishes, is_live, now));
        Ok(next.0)
    }

    /// Chats in which something came: each by its most urgent, all together if they are many.
    fn notify_of_chats(
        &self,
        wishes: &Wishes,
        now: Instant,
    ) -> Result<Option<Instant>, StorageError> {
        let no_feed_meanwhile = self.both_files.lock();
        self.find_news_among_touched(now);
        let (touched, failed) = {
            let mut notifying = self.notifying.lock();
            let Some(since) = notifying.since else {
                return Ok(None);
            };
            let due = match notifying.news_since {
                Some(news_since) => news_since + self.wait(),
                // It is noted that there is nothing to be told of it.
                None => since + self.pace.gather,
            };
            if now < due {
                return Ok(Some(due));
            }
            notifying.since = None;
            notifying.news_since = None;
            let touched = std::mem::take(&mut notifying.touched);
            (touched, std::mem::take(&mut notifying.failed))
        };
        let told = self.tell_of_chats(wishes, &touched, &failed, now);
        if told.is_err() {
            // Nothing of it is noted as told, so that it still is to be.
            let mut notifying = self.notifying.lock();
            notifying.touch(touched, true, now);
            for (chat_id, place) in failed {
                note_failed(&mut notifying.failed, chat_id, place);
            }
            drop(notifying);
        }
        drop(no_feed_meanwhile);
        told?;
        Ok(None)
    }

    /// So long news wait before they are told.
    fn wait(&self) -> Duration {
        if self.is_first() || trials::has(Bug::NobodyWaits) {
            self.pace.gather
        } else {
            self.pace.later
        }
    }

    /// What was none when it came may be news by now: somebody has looked away.
    fn find_news_among_touched(&self, now: Instant) {
        let (touched, failed) = {
            let notifying = self.notifying.lock();
            let is_due = |since| now >= since + self.pace.gather;
            if notifying.news_since.is_some() || !notifying.since.is_some_and(is_due) {
                return;
            }
            (notifying.touched.clone(), notifying.failed.clone())
        };
        if self.has_news(touched, &failed) {
            let mut notifying = self.notifying.lock();
            notifying.news_since = notifying.news_since.or(notifying.since);
            drop(notifying);
        }
    }

    /// Whether something of these chats is to be told as things stand, while both files stand still.
    /// What cannot be read may be.
    fn has_news(
        &self,
        chats: impl IntoIterator<Item = ChatId>,
        failed: &BTreeMap<ChatId, Place>,
    ) -> bool {
        chats.into_iter().any(|chat_id| {
            let examined = self.examine(chat_id, failed);
            examined.map_or(true, |found| found.is_some_and(|one| one.news.is_some()))
        })
    }

    /// Tells what there is to tell of these chats, while both files stand still.
    fn tell_of_chats(
        &self,
        wishes: &Wishes,
        touched: &BTreeSet<ChatId>,
        failed: &BTreeMap<ChatId, Place>,
        now: Instant,
    ) -> Result<(), StorageError> {
        let mut found = Vec::new();
        let mut to_note = Vec::new();
        for &chat_id in touched {
            let Some(Examined { before, all, news }) = self.examine(chat_id, failed)? else {
                continue;
            };
            found.extend(news);
            if before != Some(all) && !trials::has(Bug::ForgetsWhatWasTold) {
                to_note.push((chat_id, all));
            }
        }
        // How it is told is as things stand now, before anybody can see it in the list.
        let moment = self.moment();
        // The most urgent comes last, and lies on top.
        found.sort_by_key(|one| std::cmp::Reverse(one.what));
        self.outbox.write(|tx| {
            for (chat_id, told) in &to_note {
                store::put_told(tx, *chat_id, *told)?;
            }
            for one in &found {
                store::add_line(tx, clock::now(), one)?;
            }
            Ok(())
        })?;
        if !found.is_empty() {
            self.events.send(PanelEvent::NotificationsChanged);
            self.show_all(wishes, found, &moment, now);
        }
        Ok(())
    }

    /// What there is to be told of a chat; nothing of one that is not in sight.
    fn examine(
        &self,
        chat_id: ChatId,
        failed: &BTreeMap<ChatId, Place>,
    ) -> Result<Option<Examined>, StorageError> {
        let Some((held, read_place)) = self.cache.read(|reader| {
            let Some(held) = cache::chat(reader, chat_id)? else {
                return Ok(None);
            };
            Ok(Some((held, cache::read_place(reader, chat_id)?)))
        })?
        else {
            return Ok(None);
        };
        // What was not told before it was closed still is to be, should it come back.
        if held.row.status == Status::Closed {
            return Ok(None);
        }
        let before = self.outbox.read(|reader| store::told(reader, chat_id))?;
        let told = before.unwrap_or_default();
        let failed = failed.get(&chat_id).copied();
        let failed = failed.filter(|place| *place > told.failed_place);
        let mut all = Told::all_of(&held.row, self.account.operator.id);
        all.failed_place = failed.unwrap_or(told.failed_place);
        let news = self.news_of(&held, told, read_place, failed)?;
        Ok(Some(Examined { before, all, news }))
    }

    /// Shows what has come, the most urgent last: each for itself, or all that is to be told at once
    /// if it is much.
    fn show_all(&self, wishes: &Wishes, found: Vec<Notification>, moment: &Moment, now: Instant) {
        let (loud, quiet): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| {
            let manner = wishes.manner(one.what, moment);
            manner.banner || manner.sound
        });
        let is_much = loud.len() > MAX_BANNERS && !trials::has(Bug::NoSummary);
        let summary = loud
            .last()
            .filter(|_| is_much)
            .map(|most_urgent| Notification {
                key: BannerKey::Several,
                chat_id: None,
                place: None,
                title: None,
                text: String::new(),
                placeholder: None,
                n: u32::try_from(loud.len()).unwrap_or(u32::MAX),
                ..most_urgent.clone()
            });
        for one in quiet {
            self.show(wishes, one, moment, now);
        }
        match summary {
            Some(summary) => {
                let of = loud.iter().filter_map(Piece::of).collect();
                self.show_pieces(wishes, (summary, of), moment, now);
            }
            None => {
                for one in loud {
                    self.show(wishes, one, moment, now);
                }
            }
        }
    }

    /// What of a chat is to be told, if anything is; nothing of what is before one's eyes.
    fn news_of(
        &self,
        held: &HeldChat,
        told: Told,
        read_place: Place,
        failed: Option<Place>,
    ) -> Result<Option<Notification>, StorageError> {
        let chat = &held.row;
        let me = self.account.operator.id;
        let looks = self.desk.looks();
        let is_looked_at = looks.in_front && looks.chat_id == Some(chat.id);
        if is_looked_at && !trials::has(Bug::TellsOfWhatIsSeen) {
            return Ok(None);
        }
        let from = told.place.max(read_place);
        let entries: Vec<EntryRow> = self.cache.read(|reader| {
            // What came after the chat was read is told with what the chat is by then.
            let end = chat.last_place.next();
            let n_new = u32::try_from(chat.last_place.0.saturating_sub(from.0));
            let limit = n_new.unwrap_or(MAX_ENTRIES).min(MAX_ENTRIES);
            let run = cache::run_before(reader, chat.id, end, limit)?;
            Ok(run.into_iter().filter(|entry| entry.place > from).collect())
        })?;
        let reading = Reading {
            me,
            chat,
            only_addressed: held.only_addressed && chat.observer_ids.contains(&me),
            entries: &entries,
            read_place,
        };
        let news = reading.news(told);
        let is_mine = chat.owner_id == Some(me) && chat.status == Status::InWork;
        let of_failed = failed.filter(|_| is_mine);
        let what = news.map(|news| news.what);
        let is_urgent = what.is_some_and(|what| what < NotificationKind::NotDelivered);
        if let Some(place) = of_failed.filter(|_| !is_urgent) {
            let what = NotificationKind::NotDelivered;
            return Ok(Some(about(chat, what, Some(place))));
        }
        let Some(news) = news else {
            return Ok(None);
        };
        // Where none of the entries held is it, a click leads to the end.
        let place = news.entry.map_or(chat.last_place, |entry| entry.place);
        let mut one = about(chat, news.what, Some(place));
        one.n = u32::try_from(news.n).unwrap_or(u32::MAX);
        if let Some((text, placeholder)) = news.entry.and_then(|entry| words(&entry.body)) {
            one.text = text;
            one.placeholder = placeholder;
        } else if let Some(preview) = chat.preview.as_ref().filter(|_| news.entry.is_none()) {
            one.text.clone_from(&preview.text);
            one.placeholder.clone_from(&preview.placeholder);
        }
        Ok(Some(one))
    }

    /// Clients who wait in the queue for long: all of them together, until none does.
    fn notify_of_queue(
        &self,
        wishes: &Wishes,
        now: Instant,
    ) -> Result<Option<Instant>, StorageError> {
        let due = self.notifying.lock().queue_due;
        if due.is_none_or(|due| now < due) {
            return Ok(due);
        }
        let due = self.look_at_queue(&wishes.settings, now)?;
        self.notifying.lock().queue_due = due;
        Ok(due)
    }

    /// The same; gives when the next client will have waited for long.
    fn look_at_queue(
        &self,
        settings: &NotificationSettings,
        now: Instant,
    ) -> Result<Option<Instant>, StorageError> {
        let Some(limit_s) = settings.queue_waits_s else {
            self.withdraw(BannerKey::Queue);
            return Ok(None);
        };
        let limit_ms = i64::from(limit_s).saturating_mul(1000);
        let server_now = clock::now().plus_ms(self.clock_offset_ms());
        let chats = self.cache.read(cache::listed_chats)?;
        let mut waiting: Vec<(i64, &ChatRow)> = chats
            .iter()
            .filter(|held| held.row.status == Status::Queued)
            .filter_map(|held| Some((server_now.ms_since(held.row.waiting_since?), &held.row)))
            .collect();
        let soonest = waiting
            .iter()
            .map(|(waits, _)| limit_ms.saturating_sub(*waits))
            .filter(|left| *left > 0)
            .min();
        let soonest = soonest
            .and_then(|left| now.checked_add(Duration::from_millis(u64::try_from(left).ok()?)));
        waiting.retain(|(waits, _)| *waits >= limit_ms);
        waiting.sort_by_key(|(waits, _)| std::cmp::Reverse(*waits));
        let Some((longest, first)) = waiting.first() else {
            self.withdraw(BannerKey::Queue);
            return Ok(soonest);
        };
        let n = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
        let what = NotificationKind::WaitsInQueue;
        let one = Notification {
            key: BannerKey::Queue,
            n,
            minutes: u32::try_from(longest / 60_000).unwrap_or(u32::MAX),
            ..about(first, what, None)
        };
        if !self.is_on_duty() {
            return Ok(soonest);
        }
        let shown = self.notifying.lock().open.get(&BannerKey::Queue).cloned();
        match shown {
            // It goes on: told again when it is time, with what holds by then.
            Some(shown) if shown.notification.n >= n => {
                let mut notifying = self.notifying.lock();
                if let Some(open) = notifying.open.get_mut(&BannerKey::Queue) {
                    open.notification = Notification {
                        banner: open.notification.banner,
                        sound: open.notification.sound,
                        ..one
                    };
                }
            }
            Some(_) | None => self.tell(one)?,
        }
        Ok(soonest)
    }

    /// There has been no connection for long, or there is one again.
    fn notify_of_connection(
        &self,
        is_live: bool,
        now: Instant,
    ) -> Result<Option<Instant>, StorageError> {
        if is_live {
            self.notifying.lock().offline_since = None;
            self.withdraw(BannerKey::Connection);
            return Ok(None);
        }
        let mut notifying = self.notifying.lock();
        let due = *notifying.offline_since.get_or_insert(now) + self.pace.lost_for;
        let is_told = notifying.open.contains_key(&BannerKey::Connection);
        drop(notifying);
        if is_told {
            return Ok(None);
        }
        if now < due {
            return Ok(Some(due));
        }
        let one = Notification {
            what: NotificationKind::ConnectionLost,
            key: BannerKey::Connection,
            chat_id: None,
            place: None,
            title: None,
            text: String::new(),
            placeholder: None,
            n: 1,
            minutes: 0,
            banner: false,
            sound: false,
        };
        self.tell(one)?;
        Ok(None)
    }

    /// Channels that cannot send any more, or can again; for those who see to it.
    pub(super) fn notify_of_channels(&self, before: &[ChannelRow]) -> Result<(), StorageError> {
        let (operators, channels) = self
            .cache
            .read(|reader| Ok((cache::operators(reader)?, cache::channels(reader)?)))?;
        // As it is now: a role may change while one is signed in.
        let sees_to_it = self.me(&operators).role != Role::Operator;
        for channel in channels {
            let key = BannerKey::Channel {
                channel_id: channel.id,
            };
            let was = before.iter().find(|other| other.id == channel.id);
            let was_down = was.is_some_and(|was| was.problem.is_some());
            if channel.problem.is_none() {
                self.withdraw(key);
            } else if sees_to_it && was.is_some() && !was_down {
                let one = Notification {
                    what: NotificationKind::ChannelDown,
                    key,
                    chat_id: None,
                    place: None,
                    title: Some(channel.name.clone()),
                    text: String::new(),
                    placeholder: None,
                    n: 1,
                    minutes: 0,
                    banner: false,
                    sound: false,
                };
                self.tell(one)?;
            }
        }
        Ok(())
    }

    /// Puts one into the list and shows it.
    pub(super) fn tell(&self, one: Notification) -> Result<(), StorageError> {
        let moment = self.moment();
        self.outbox
            .write(|tx| store::add_line(tx, clock::now(), &one))?;
        self.events.send(PanelEvent::NotificationsChanged);
        self.show(&self.wishes()?, one, &moment, Instant::now());
        self.has_news.notify_one();
        Ok(())
    }

    /// Shows what is to be shown as its operator wants it.
    fn show(&self, wishes: &Wishes, one: Notification, moment: &Moment, now: Instant) {
        let of = Piece::of(&one).into_iter().collect();
        self.show_pieces(wishes, (one, of), moment, now);
    }

    fn show_pieces(
        &self,
        wishes: &Wishes,
        (one, of): (Notification, Vec<Piece>),
        moment: &Moment,
        now: Instant,
    ) {
        let manner = wishes.manner(one.what, moment);
        let notification = Notification {
            text: if wishes.settings.hide_text {
                String::new()
            } else {
                one.text
            },
            placeholder: one.placeholder.filter(|_| !wishes.settings.hide_text),
            banner: manner.banner,
            sound: manner.sound,
            ..one
        };
        let mut notifying = self.notifying.lock();
        if notifying.is_over {
            return;
        }
        match notifying.open.get_mut(&notification.key) {
            // What is told without a banner puts nothing in the place of one that stands there: that one
            // goes when what it tells is over.
            Some(shown) if shown.notification.banner && !notification.banner => {
                shown.told_at = now;
            }
            Some(_) | None => {
                let open = Open {
                    notification: notification.clone(),
                    told_at: now,
                    of,
                };
                notifying.open.insert(notification.key, open);
            }
        }
        // Still locked: told after it was withdrawn, it would stay on the screen.
        if manner.banner || manner.sound {
            self.events.send(PanelEvent::Notify { notification });
        }
        drop(notifying);
    }

    /// Tells again what was not seen and is to be told again, and says when the next is due. Without
    /// a connection nobody knows whether it was seen elsewhere or is over, but for the connection.
    fn repeat(&self, wishes: &Wishes, is_live: bool, now: Instant) -> Option<Instant> {
        let mut next = Next::default();
        let mut open: Vec<Open> = self.notifying.lock().open.values().cloned().collect();
        open.retain(|open| is_live || open.notification.key == BannerKey::Connection);
        for Open {
            notification,
            told_at,
            of,
        } in open
        {
            let Some(seconds) = wishes.alert(notification.what).repeat_s else {
                continue;
            };
            let every = Duration::from_secs(u64::from(seconds));
            if now < told_at + every {
                next.at(Some(told_at + every));
                continue;
            }
            next.at(Some(now + every));
            self.show_pieces(wishes, (notification, of), &self.moment(), now);
        }
        next.0
    }

    /// What was seen here or on another device, or is over, is on the screen no longer.
    fn withdraw_seen(&self) -> Result<(), StorageError> {
        let open: Vec<Open> = self.notifying.lock().open.values().cloned().collect();
        let looks = self.desk.looks();
        for Open {
            notification, of, ..
        } in open
        {
            // Whoever looks into the window sees that there was much.
            let is_seen = notification.key == BannerKey::Several && looks.in_front;
            let mut is_over = !of.is_empty();
            for piece in &of {
                is_over = is_over && self.is_over(piece)?;
            }
            if is_seen || is_over {
                self.withdraw(notification.key);
            }
        }
        Ok(())
    }

    /// Whether what was told of a chat was seen, here or on another device, or holds no more.
    fn is_over(&self, piece: &Piece) -> Result<bool, StorageError> {
        let Piece {
            chat_id,
            what,
            place,
        } = *piece;
        let (looks, me) = (self.desk.looks(), self.account.operator.id);
        if looks.in_front && looks.chat_id == Some(chat_id) {
            return Ok(true);
        }
        self.cache.read(|reader| {
            let Some(held) = cache::chat(reader, chat_id)? else {
                return Ok(true);
            };
            let read = cache::read_place(reader, chat_id)?;
            let is_read =
                is_seen_at(what, place, read) && !trials::has(Bug::StaysWhenReadElsewhere);
            Ok(is_read || !still_holds(what, &held.row, me))
        })
    }

    pub(super) fn withdraw(&self, key: BannerKey) {
        let mut notifying = self.notifying.lock();
        if notifying.open.remove(&key).is_some() {
            self.events.send(PanelEvent::Withdraw { key });
        }
        drop(notifying);
    }

    /// Nothing is told any more, and what was told goes from the screen: it is for nobody else.
    pub(crate) fn end_telling(&self) {
        let mut notifying = self.notifying.lock();
        notifying.is_over = true;
        for key in std::mem::take(&mut notifying.open).into_keys() {
            self.events.send(PanelEvent::Withdraw { key });
        }
        drop(notifying);
    }

    /// How its operator is told of what on this device.
    fn wishes(&self) -> Result<Wishes, StorageError> {
        Ok(Wishes {
            settings: self.outbox.read(store::settings)?,
            usual: self.usual()?,
        })
    }

    /// What is usual in the company.
    fn usual(&self) -> Result<NotificationDefaults, StorageError> {
        let company = self.cache.read(cache::company)?;
        Ok(company.settings.defaults.notifications)
    }

    fn moment(&self) -> Moment {
        let zoned = jiff::Zoned::now();
        let minute = i32::from(zoned.hour()) * 60 + i32::from(zoned.minute());
        let is_away = self.is_away.load(Ordering::Relaxed);
        Moment {
            now: clock::now(),
            minute_of_day: u16::try_from(minute).unwrap_or_default(),
            is_away,
            is_in_front: self.desk.looks().in_front,
        }
    }

    /// Whether somebody is at work here, as far as is known.
    pub(super) fn is_on_duty(&self) -> bool {
        self.presence_of(self.account.operator.id)
            .is_none_or(|row| row.presence == Presence::Online)
    }

    // --- for the page

    /// What was told, the newest first. Words come from the cache: of a chat that has left one's
    /// sight nothing is said.
    pub(crate) fn notifications(&self) -> Result<Vec<NotificationLine>, PanelError> {
        let (lines, seen) = self
            .outbox
            .read(|reader| Ok((store::lines(reader)?, store::seen(reader)?)))
            .map_err(StorageError::from)?;
        let channels = self.cache.read(cache::channels)?;
        let mut shown = Vec::new();
        for (position, at, mut notification) in lines {
            let mut is_read = false;
            if let Some(chat_id) = notification.chat_id {
                let words = self.cache.read(|reader| {
                    let Some(held) = cache::chat(reader, chat_id)? else {
                        return Ok(None);
                    };
                    let entry = match notification.place {
                        Some(place) => cache::run_before(reader, chat_id, place.next(), 1)?
                            .into_iter()
                            .next(),
                        None => None,
                    };
                    let read = cache::read_place(reader, chat_id)?;
                    Ok(Some((client_name(&held.row), entry, read)))
                })?;
                if let Some((title, entry, read)) = words {
                    notification.title = title;
                    is_read = is_seen_at(notification.what, notification.place, read);
                    let at_place = entry.filter(|entry| Some(entry.place) == notification.place);
                    if let Some((text, placeholder)) = at_place.and_then(|at| words_of(&at)) {
                        notification.text = text;
                        notification.placeholder = placeholder;
                    }
                }
            }
            if let BannerKey::Channel { channel_id } = notification.key {
                let channel = channels.iter().find(|channel| channel.id == channel_id);
                notification.title = channel.map(|channel| channel.name.clone());
            }
            shown.push(NotificationLine {
                position,
                at,
                notification,
                is_seen: is_read || position <= seen,
            });
        }
        Ok(shown)
    }

    /// The list was looked at up to a line.
    pub(crate) fn see_notifications(&self, position: i64) -> Result<(), PanelError> {
        self.write_outbox(|tx| store::see(tx, position))?;
        self.events.send(PanelEvent::NotificationsChanged);
        Ok(())
    }

    /// How its operator is told of what.
    pub(crate) fn notification_choices(&self) -> Result<NotificationChoices, PanelError> {
        let wishes = self.wishes()?;
        let kinds = NotificationKind::ALL.map(|what| KindChoice {
            what,
            alert: wishes.alert(what),
            usual: wishes.usual.alert(what),
            built_in: what.usual(),
        });
        Ok(NotificationChoices {
            settings: wishes.settings,
            kinds: kinds.into(),
        })
    }

    /// Its operator wants to be told so from now on.
    pub(crate) fn set_notification_settings(
        &self,
        settings: NotificationSettings,
    ) -> Result<(), PanelError> {
        let usual = self.usual()?;
        let Wishes { settings, .. } = Wishes { settings, usual }.tidied();
        self.write_outbox(|tx| store::put_settings(tx, &settings))?;
        if settings.hide_text {
            self.hide_texts();
        }
        self.notifying.lock().queue_due = Some(Instant::now());
        self.has_news.notify_one();
        self.events.send(PanelEvent::NotificationsChanged);
        Ok(())
    }
}

impl Session {
    /// What stands on the screen goes on telling who has written, and no longer what.
    fn hide_texts(&self) {
        let mut notifying = self.notifying.lock();
        for Open { notification, .. } in notifying.open.values_mut() {
            if notification.text.is_empty() && notification.placeholder.is_none() {
                continue;
            }
            notification.text.clear();
            notification.placeholder = None;
            if notification.banner {
                let notification = Notification {
                    sound: false,
                    ..notification.clone()
                };
                self.events.send(PanelEvent::Notify { notification });
            }
        }
        drop(notifying);
    }
}

/// What was found out of a chat in which something has changed.
struct Examined {
    /// What was told of it; none if nothing ever was.
    before: Option<Told>,
    /// All that there is to be told of it.
    all: Told,
    news: Option<Notification>,
}

/// The earliest of several moments.
#[derive(Default)]
struct Next(Option<Instant>);

impl Next {
    fn at(&mut self, moment: Option<Instant>) {
        self.0 = match (self.0, moment) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// Whether somebody who has read so far has seen what was told. A reply fails where its author has
/// read already.
fn is_seen_at(what: NotificationKind, place: Option<Place>, read: Place) -> bool {
    what != NotificationKind::NotDelivered && place.is_some_and(|place| place <= read)
}

/// Whether what a banner told of a chat is so still.
fn still_holds(what: NotificationKind, chat: &ChatRow, me: OperatorId) -> bool {
    match what {
        NotificationKind::NewInQueue | NotificationKind::Suggested => chat.status == Status::Queued,
        NotificationKind::NewMessage
        | NotificationKind::Given
        | NotificationKind::Reopened
        | NotificationKind::NotDelivered => {
            chat.status == Status::InWork && chat.owner_id == Some(me)
        }
        NotificationKind::Mention | NotificationKind::Observed => chat.status != Status::Closed,
        NotificationKind::WaitsInQueue
        | NotificationKind::Overdue
        | NotificationKind::ChannelDown
        | NotificationKind::ConnectionLost => true,
    }
}

fn about(chat: &ChatRow, what: NotificationKind, place: Option<Place>) -> Notification {
    Notification {
        what,
        key: BannerKey::Chat { chat_id: chat.id },
        chat_id: Some(chat.id),
        place,
        title: client_name(chat),
        text: String::new(),
        placeholder: None,
        n: 1,
        minutes: 0,
        banner: false,
        sound: false,
    }
}

fn words_of(entry: &EntryRow) -> Option<(String, Option<String>)> {
    words(&entry.body)
}

/// What a banner says of an entry and, if it is not shown in full, its kind.
fn words(body: &EntryBody) -> Option<(String, Option<String>)> {
    match body {
        EntryBody::Inbound { text } | EntryBody::Comment { text, .. } => Some((text.clone(), None)),
        EntryBody::InboundPlaceholder {
            placeholder,
            caption,
        } => Some((
            caption.clone().unwrap_or_default(),
            Some(placeholder.clone()),
        )),
        EntryBody::Outbound { text, .. } => Some((text.clone(), None)),
        EntryBody::Notice { .. } => None,
    }
}

/// A reply at this place has failed.
fn note_failed(failed: &mut BTreeMap<ChatId, Place>, chat_id: ChatId, place: Place) {
    let newest = failed.entry(chat_id).or_default();
    *newest = place.max(*newest);
}

const fn is_failed(entry: &EntryRow) -> bool {
    match &entry.body {
        EntryBody::Outbound { delivery, .. } => matches!(delivery.state, DeliveryState::Failed),
        EntryBody::Inbound { .. }
        | EntryBody::InboundPlaceholder { .. }
        | EntryBody::Comment { .. }
        | EntryBody::Notice { .. } => false,
    }
}

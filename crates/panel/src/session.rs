//! A signed-in operator's files and what the operator does with them.
//!
//! Everything here blocks for as long as SQLite does. What is shown is put together in `show`,
//! what comes from the backend is applied in `feed`, and `connection` moves both ways.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use pult_domain::{
    ChatId, CommandId, CommentText, DeviceId, MAX_COMMENT_CHARS, OperatorId, Place, Refusal,
    ReplyText, Status, Timestamp,
};
use pult_protocol::{
    Code, Command, CommandDone, CommandEnvelope, EntryRow, LateChats, PresenceRow, Problem, Token,
    WatchedChat,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::cache::{self, Cache};
use crate::clock;
use crate::drafts::{self as draft_standings, Composer};
use crate::error::PanelError;
use crate::events::EventSender;
use crate::folder::{Account, AccountFolder, FolderLock};
use crate::notifying::{Notifying, Pace};
use crate::outbox::{self, Draft, Mark, State, Waiting};
use crate::presence::{Desk, Onlookers};
use crate::search::index;
use crate::storage::{Database, Sql, StorageError};
use crate::view::{ComposerMode, Connection, DraftRevision, PanelEvent};

mod drafts;
mod feed;
mod notifying;
mod oversight;
mod show;

pub(crate) use feed::Page;
pub(crate) use show::Gap;

/// A signed-in operator.
pub(crate) struct Session {
    pub(crate) account: Account,
    pub(crate) token: Token,
    pub(crate) cache: Cache,
    pub(crate) outbox: Database,
    pub(crate) events: EventSender,
    /// Told when the outbox has something to send.
    pub(crate) has_work: Notify,
    /// Told when there may be something that is not in the index yet.
    pub(crate) has_unindexed: Notify,
    /// Told when the operator does not want to wait for the next try to connect.
    pub(crate) try_now: Notify,
    /// Ends the connection.
    pub(crate) ended: CancellationToken,
    connection: Mutex<Connection>,
    /// Who of the operators is there, as far as the connection that is live has told.
    presence: Mutex<BTreeMap<OperatorId, PresenceRow>>,
    /// Held while a mark is written into both files, while the feed is applied, and while it is found out
    /// what is news: none of them may come between what another does to the two.
    both_files: Mutex<()>,
    clock_offset_ms: AtomicI64,
    pub(crate) desk: Arc<Desk>,
    /// Told when what is on the screen or known of the device may have changed.
    pub(crate) desk_changed: Notify,
    /// Who else looks at the chats.
    pub(crate) onlookers: Onlookers,
    /// By which the backend tells what was written here.
    device_id: DeviceId,
    /// The composer that has the focus.
    composer: Mutex<Option<Composer>>,
    typing: Mutex<Typing>,
    /// Whether everybody's chats are on the screen.
    pub(crate) overseeing: tokio::sync::watch::Sender<bool>,
    outcomes: Mutex<oversight::Outcomes>,
    /// Whose clients wait too long, as far as the connection that is live has told.
    late: Mutex<LateChats>,
    /// What is done with the files right now: a task that ends does not end it.
    pub(crate) works: TaskTracker,
    /// Whether its operator has said that they are away, as far as is known: that goes on holding
    /// without a connection.
    is_away: AtomicBool,
    /// Whether this device is to tell its operator first of what comes, as far as is known.
    is_first: AtomicBool,
    pace: Pace,
    notifying: Mutex<Notifying>,
    /// Told when there may be something to tell the operator of, or to take back.
    pub(crate) has_news: Notify,
    /// Dropped last: until then nobody else opens the files.
    _folder: FolderLock,
}

/// Drafts that are being typed, each with the number of its last change.
#[derive(Debug, Default)]
struct Typing {
    n: u64,
    composers: BTreeMap<Composer, u64>,
}

impl Session {
    #[expect(
        clippy::too_many_arguments,
        reason = "one caller, and each is another thing"
    )]
    pub(crate) fn open(
        folder: AccountFolder,
        account: Account,
        token: Token,
        events: EventSender,
        desk: Arc<Desk>,
        pace: Pace,
        ended: CancellationToken,
    ) -> Result<Self, StorageError> {
        let outbox = outbox::open(&folder.path)?;
        let device_id = outbox.write(draft_standings::device)?;
        let onlookers = Onlookers::new(account.operator.id);
        let session = Self {
            account,
            token,
            cache: Cache::open(&folder.path)?,
            outbox,
            events,
            has_work: Notify::new(),
            has_unindexed: Notify::new(),
            try_now: Notify::new(),
            ended,
            connection: Mutex::new(Connection::Offline {
                since: clock::now(),
                cannot_write: false,
            }),
            presence: Mutex::default(),
            both_files: Mutex::default(),
            clock_offset_ms: AtomicI64::new(0),
            device_id,
            composer: Mutex::default(),
            typing: Mutex::default(),
            desk,
            desk_changed: Notify::new(),
            onlookers,
            overseeing: tokio::sync::watch::Sender::new(false),
            outcomes: Mutex::default(),
            late: Mutex::default(),
            works: TaskTracker::new(),
            _folder: folder.lock,
            is_away: AtomicBool::new(false),
            is_first: AtomicBool::new(true),
            pace,
            notifying: Mutex::default(),
            has_news: Notify::new(),
        };
        match session.begin() {
            // It is empty now, and each step can be repeated.
            Err(StorageError::Rebuilt) => session.begin()?,
            other => other?,
        }
        Ok(session)
    }

    /// What the program that ended has left to do.
    fn begin(&self) -> Result<(), StorageError> {
        match self.cache.erase_remains() {
            Err(error @ StorageError::Rebuilt) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "Copies of erased text may be left until the next start");
            }
            Ok(()) => {}
        }
        self.cache.write(index::begin)?;
        // Whoever made them has left the program: they meant it.
        self.outbox.write(|tx| outbox::release(tx, None))?;
        self.end_arrived_echoes()?;
        self.settle_drafts(None)?;
        self.heed_company()?;
        self.forget_old_history()?;
        self.note_all_news()
    }

    /// Lets what the company has set hold here.
    pub(crate) fn heed_company(&self) -> Result<(), StorageError> {
        let company = self.cache.read(cache::company)?;
        self.desk.heed(&company.settings);
        self.desk_changed.notify_one();
        self.events.send(PanelEvent::NotificationsChanged);
        Ok(())
    }

    // --- connection

    pub(crate) fn connection(&self) -> Connection {
        self.connection.lock().clone()
    }

    pub(crate) fn set_connection(&self, new: Connection) {
        let mut connection = self.connection.lock();
        let has_changed = *connection != new;
        *connection = new;
        drop(connection);
        if matches!(self.connection(), Connection::Offline { .. }) {
            self.presence.lock().clear();
            self.set_watching(true, Vec::new());
            *self.late.lock() = LateChats::default();
            self.set_first(true);
        }
        if has_changed {
            self.events.send(PanelEvent::OverviewChanged);
            self.has_news.notify_one();
        }
    }

    /// How a connection is coming up. While there was no room for what the last one brought, that stays to
    /// be told until something could be written.
    pub(crate) fn try_connection(&self, new: Connection) {
        let found_no_room = matches!(
            self.connection(),
            Connection::Offline {
                cannot_write: true,
                ..
            }
        );
        if !found_no_room {
            self.set_connection(new);
        }
    }

    pub(crate) fn is_first(&self) -> bool {
        self.is_first.load(Ordering::Relaxed)
    }

    /// The backend says whether this device was used last of its operator's.
    pub(crate) fn set_first(&self, is_first: bool) {
        self.is_first.store(is_first, Ordering::Relaxed);
        self.has_news.notify_one();
        self.desk_changed.notify_one();
    }

    /// How it stands with somebody's presence, as far as it is known.
    fn presence_of(&self, operator: OperatorId) -> Option<PresenceRow> {
        self.presence.lock().get(&operator).copied()
    }

    /// Who of the operators is there; nothing is known of it without a connection.
    pub(crate) fn presence(&self) -> Vec<PresenceRow> {
        self.presence.lock().values().copied().collect()
    }

    /// The backend says who is there, or with whom that has changed.
    pub(crate) fn set_presence(&self, operators: Vec<PresenceRow>) {
        let me = self.account.operator.id;
        if let Some(own) = operators.iter().find(|row| row.operator_id == me) {
            self.is_away.store(own.by_hand, Ordering::Relaxed);
        }
        let mut known = self.presence.lock();
        let mut has_changed = false;
        for row in operators {
            has_changed |= known.insert(row.operator_id, row) != Some(row);
        }
        drop(known);
        self.has_news.notify_one();
        if has_changed {
            self.events.send(PanelEvent::OverviewChanged);
        }
    }

    /// The backend says who looks at all chats, or at some.
    pub(crate) fn set_watching(&self, is_whole: bool, chats: Vec<WatchedChat>) {
        if self.onlookers.take(is_whole, chats) {
            self.events.send(PanelEvent::OnlookersChanged);
        }
    }

    pub(crate) fn clock_offset_ms(&self) -> i64 {
        self.clock_offset_ms.load(Ordering::Relaxed)
    }

    /// The backend says what time it is.
    pub(crate) fn set_server_time(&self, server_time: Timestamp) {
        self.clock_offset_ms
            .store(server_time.ms_since(clock::now()), Ordering::Relaxed);
        self.events.send(PanelEvent::OverviewChanged);
    }

    // --- what the operator does

    pub(crate) fn reply(
        &self,
        chat_id: ChatId,
        text: &str,
        seen: DraftRevision,
    ) -> Result<CommandId, PanelError> {
        self.write_from_composer(chat_id, ComposerMode::Reply, seen, |seen_place| {
            Command::Reply {
                chat_id,
                text: text.trim_end().to_owned(),
                seen_place,
            }
        })
    }

    pub(crate) fn comment(
        &self,
        chat_id: ChatId,
        text: &str,
        mentions: Vec<OperatorId>,
        seen: DraftRevision,
    ) -> Result<CommandId, PanelError> {
        self.write_from_composer(chat_id, ComposerMode::Comment, seen, |seen_place| {
            Command::Comment {
                chat_id,
                text: text.trim_end().to_owned(),
                mentions,
                seen_place,
            }
        })
    }

    fn write_from_composer(
        &self,
        chat_id: ChatId,
        mode: ComposerMode,
        seen: DraftRevision,
        command: impl FnOnce(Place) -> Command,
    ) -> Result<CommandId, PanelError> {
        let (name, seen_place) = self.chat_facts(chat_id)?;
        self.add(name, chat_id, |tx| {
            let draft = outbox::draft(tx.reader(), chat_id)?;
            // The composer held the refused text, and this is what its author has made of it.
            let held = if draft.revision == seen {
                outbox::held_text(tx.reader(), chat_id, mode)?
            } else {
                None
            };
            let mut draft = draft.written(mode, String::new(), seen);
            if mode == ComposerMode::Comment && draft.comment.returned.is_empty() {
                draft.mentions.clear();
            }
            outbox::put_draft(tx, &draft)?;
            Ok((command(seen_place), held))
        })
    }

    /// Adds a command that is about the chat as a whole. With a `delay` it waits so long, so that it
    /// can be taken back.
    pub(crate) fn act(
        &self,
        chat_id: ChatId,
        delay: Option<Duration>,
        command: impl FnOnce(Place) -> Command,
    ) -> Result<CommandId, PanelError> {
        let (name, seen_place) = self.chat_facts(chat_id)?;
        let not_before = delay.map_or(Timestamp(0), |delay| {
            clock::now().plus_ms(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX))
        });
        self.add_from(not_before, name, chat_id, |_| {
            Ok((command(seen_place), None))
        })
    }

    /// Reopens a chat, which may be known from the archive alone: `found` is its newest entry there.
    pub(crate) fn reopen_chat(
        &self,
        chat_id: ChatId,
        found: Option<Place>,
    ) -> Result<CommandId, PanelError> {
        let (name, seen_place) = match (self.chat_facts(chat_id), found) {
            (Ok((name, newest)), found) => (name, newest.max(found.unwrap_or_default())),
            (Err(_), Some(found)) => (None, found),
            (Err(error), None) => return Err(error),
        };
        self.add(name, chat_id, |_| {
            let reopen = Command::Reopen {
                chat_id,
                seen_place,
            };
            Ok((reopen, None))
        })
    }

    /// Adds a command behind all others, or in the place of one that was held.
    fn add(
        &self,
        client_name: Option<String>,
        chat_id: ChatId,
        command: impl FnOnce(&pult_sqlite::Transaction<'_>) -> Sql<(Command, Option<Waiting>)>,
    ) -> Result<CommandId, PanelError> {
        self.add_from(Timestamp(0), client_name, chat_id, command)
    }

    /// The same for a command that is not sent before a moment.
    fn add_from(
        &self,
        not_before: Timestamp,
        client_name: Option<String>,
        chat_id: ChatId,
        command: impl FnOnce(&pult_sqlite::Transaction<'_>) -> Sql<(Command, Option<Waiting>)>,
    ) -> Result<CommandId, PanelError> {
        let id = CommandId(Uuid::now_v7());
        self.write_outbox(|tx| {
            let (command, held) = command(tx)?;
            let is_beside = is_of_client(&command);
            if !is_beside {
                outbox::release(tx, Some(chat_id))?;
            }
            match held {
                Some(held) => outbox::replace(tx, &held, id, &command, clock::now())?,
                None => outbox::add(tx, id, &command, clock::now())?,
            }
            if is_beside {
                outbox::put_delayed_last(tx, chat_id)?;
            }
            outbox::delay(tx, id, not_before)?;
            // The name is kept beside the command: should the chat get lost, it is all that is
            // left to say whose it was.
            let draft = outbox::draft(tx.reader(), chat_id)?;
            outbox::put_draft(
                tx,
                &Draft {
                    client_name,
                    ..draft
                },
            )
        })?;
        self.outbox_changed(chat_id);
        Ok(id)
    }

    /// A command has waited as long as it was to.
    pub(crate) fn come_due(&self, id: CommandId) -> Result<(), PanelError> {
        self.write_outbox(|tx| outbox::come_due(tx, id))?;
        self.has_work.notify_one();
        Ok(())
    }

    fn outbox_changed(&self, chat_id: ChatId) {
        self.has_work.notify_one();
        self.chat_changed(chat_id);
    }

    /// Withdraws a command that the backend was never given.
    pub(crate) fn take_back(&self, id: CommandId) -> Result<bool, PanelError> {
        let taken = self.write_outbox(|tx| {
            let Some(waiting) =
                outbox::command(tx.reader(), id)?.filter(|waiting| waiting.state == State::Pending)
            else {
                return Ok(None);
            };
            outbox::put_back(tx, &waiting)?;
            outbox::remove(tx, id)?;
            outbox::tidy(tx)?;
            Ok(Some(waiting.chat_id()))
        })?;
        if let Some(chat_id) = taken {
            self.outbox_changed(chat_id);
        }
        Ok(taken.is_some())
    }

    /// Makes a new command of one that was refused, as its author has now seen everything.
    pub(crate) fn send_anyway(&self, id: CommandId) -> Result<CommandId, PanelError> {
        let held = self.held(id)?;
        let chat_id = held.chat_id();
        let (_, seen_place) = self.chat_facts(chat_id)?;
        let new_id = CommandId(Uuid::now_v7());
        let is_sent = self.write_outbox(|tx| {
            let mut command = held.command.clone();
            if let Some(mode) = held.mode() {
                let draft = outbox::draft(tx.reader(), chat_id)?;
                let written = draft.of(mode).whole();
                if written.trim().is_empty() {
                    return Ok(false);
                }
                command.rewrite(written.trim_end(), &draft.mentions);
                outbox::put_draft(tx, &draft.cleared(mode))?;
            }
            command.see(seen_place);
            outbox::replace(tx, &held, new_id, &command, clock::now())?;
            Ok(true)
        })?;
        if !is_sent {
            return Err(PanelError::text_empty());
        }
        self.outbox_changed(chat_id);
        Ok(new_id)
    }

    /// Forgets a refused command, so that those behind it go on.
    pub(crate) fn dismiss_held(&self, id: CommandId) -> Result<(), PanelError> {
        let held = self.held(id)?;
        self.write_outbox(|tx| {
            outbox::remove(tx, id)?;
            outbox::tidy(tx)
        })?;
        self.outbox_changed(held.chat_id());
        Ok(())
    }

    fn held(&self, id: CommandId) -> Result<Waiting, PanelError> {
        self.outbox
            .read(|reader| outbox::command(reader, id))
            .map_err(StorageError::from)?
            .filter(|waiting| waiting.state == State::Held)
            .ok_or_else(PanelError::unknown_chat)
    }

    /// Throws away the unsent text of a chat that is in no list.
    pub(crate) fn discard_shell(&self, chat_id: ChatId) -> Result<(), PanelError> {
        let is_listed = self
            .cache
            .read(|reader| cache::chat(reader, chat_id))?
            .is_some_and(|held| held.row.status != Status::Closed);
        if is_listed {
            return Err(PanelError::unknown_chat());
        }
        self.write_outbox(|tx| outbox::discard(tx, chat_id))?;
        self.chat_changed(chat_id);
        Ok(())
    }

    /// The operator has read the chat up to `place`.
    pub(crate) fn mark_read(&self, chat_id: ChatId, place: Place) -> Result<(), PanelError> {
        let _no_feed_meanwhile = self.both_files.lock();
        let grown = self.cache.read(|reader| {
            let Some(held) = cache::chat(reader, chat_id)? else {
                return Ok(None);
            };
            let place = place.min(held.row.last_place);
            let read = cache::read_place(reader, chat_id)?;
            Ok((read < place).then_some(place))
        })?;
        let Some(place) = grown else {
            return Ok(());
        };
        self.write_outbox(|tx| outbox::add_mark(tx, chat_id, place))?;
        self.cache.write(|tx| {
            cache::grow_mark(tx, chat_id, place)?;
            cache::count_unread(tx, chat_id)
        })?;
        self.has_work.notify_one();
        self.has_news.notify_one();
        self.events.send(PanelEvent::OverviewChanged);
        Ok(())
    }

    pub(crate) fn has_unsent_text(&self) -> Result<bool, PanelError> {
        Ok(self
            .outbox
            .read(outbox::has_unsent_text)
            .map_err(StorageError::from)?)
    }

    // --- what the backend answers

    /// The commands to send now, of chats that are not `busy`.
    pub(crate) fn hand_over(
        &self,
        busy: &BTreeSet<ChatId>,
    ) -> Result<Vec<CommandEnvelope>, StorageError> {
        let is_anything_due = self.outbox.read(|reader| {
            Ok(outbox::due(reader, clock::now())?
                .iter()
                .any(|due| !busy.contains(&due.chat_id())))
        })?;
        if !is_anything_due {
            return Ok(Vec::new());
        }
        let (taken, refused) = self.outbox.write(|tx| {
            let mut taken = Vec::new();
            let mut refused = Vec::new();
            for envelope in outbox::hand_over(tx, self.device_id, busy, clock::now())? {
                match unsendable(&envelope.command) {
                    None => taken.push(envelope),
                    Some(problem) => refused.push((envelope.id, problem)),
                }
            }
            Ok((taken, refused))
        })?;
        for (id, problem) in &refused {
            self.refused(*id, problem)?;
        }
        for envelope in &taken {
            self.chat_changed(envelope.command.chat_id());
        }
        Ok(taken)
    }

    /// The read marks that the backend is to be told now.
    pub(crate) fn marks_to_tell(&self) -> Result<Vec<Mark>, StorageError> {
        let mut marks = self.outbox.read(outbox::marks)?;
        marks.retain(|mark| !mark.is_parked);
        Ok(marks)
    }

    /// The backend has taken a read mark, or never will.
    pub(crate) fn end_mark(&self, mark: Mark) -> Result<(), StorageError> {
        Ok(self
            .outbox
            .write(|tx| outbox::end_mark(tx, mark.chat_id, mark.place))?)
    }

    /// The chat was out of sight when the backend was told of its mark.
    pub(crate) fn park_mark(&self, chat_id: ChatId) -> Result<(), StorageError> {
        Ok(self.outbox.write(|tx| outbox::park_mark(tx, chat_id))?)
    }

    /// The backend has carried a command out.
    pub(crate) fn done(&self, id: CommandId, result: CommandDone) -> Result<(), StorageError> {
        tracing::debug!(command.id = %id, "A command was carried out");
        self.outcomes.lock().note(id, Ok(()));
        let Some(waiting) = self.outbox.read(|reader| outbox::command(reader, id))? else {
            return Ok(());
        };
        // The entry of a chat that has left the sight does not come: it may have been closed at
        // the operator's other panel. Nor does one from before all that came when the chat began anew.
        let will_arrive = self.cache.read(|reader| {
            let chat_id = waiting.chat_id();
            let is_behind = match result.place {
                Some(place) => cache::is_behind(reader, chat_id, place)?,
                None => false,
            };
            Ok(cache::is_listed(reader, chat_id)?
                && !cache::holds_entry_of(reader, id)?
                && !is_behind)
        })?;
        let chat_id = self.outbox.write(|tx| {
            let Some(waiting) = outbox::command(tx.reader(), id)? else {
                return Ok(None);
            };
            let echo_at = waiting.text().and(result.place).filter(|_| will_arrive);
            outbox::done(tx, id, echo_at)?;
            outbox::tidy(tx)?;
            Ok(Some(waiting.chat_id()))
        })?;
        if let Some(chat_id) = chat_id {
            self.chat_changed(chat_id);
        }
        Ok(())
    }

    /// The backend has refused a command.
    pub(crate) fn refused(&self, id: CommandId, problem: &Problem) -> Result<(), StorageError> {
        let waiting = self.outbox.read(|reader| outbox::command(reader, id))?;
        let Some(waiting) = waiting.filter(|waiting| waiting.state != State::Held) else {
            return Ok(());
        };
        let chat_id = waiting.chat_id();
        let is_in_sight = self
            .cache
            .read(|reader| cache::chat(reader, chat_id))?
            .is_some();
        tracing::debug!(command.id = %id, code = ?problem.code, "A command was refused");
        let is_listed = self
            .cache
            .read(|reader| cache::is_listed(reader, chat_id))?;
        let is_asked_for = self.outcomes.lock().note(id, Err(problem.clone()));
        if is_asked_for && waiting.text().is_none() {
            // Whoever gave it is told what came of it, and nothing of it waits for a look.
            self.outbox.write(|tx| {
                outbox::remove(tx, id)?;
                outbox::tidy(tx)
            })?;
            self.chat_changed(chat_id);
            return Ok(());
        }
        let is_reopen = matches!(waiting.command, Command::Reopen { .. });
        let given_up = self.outbox.write(|tx| {
            // What was to be done with a chat that is closed meanwhile is over, and must not stand
            // before what is written when it comes back.
            if !is_listed && is_in_sight && waiting.text().is_none() && !is_reopen {
                outbox::give_up(tx, &waiting)?;
                return Ok(Vec::new());
            }
            outbox::refused(tx, &waiting, problem, is_in_sight)
        })?;
        self.note_given_up(given_up);
        self.chat_changed(chat_id);
        Ok(())
    }

    // --- shared

    /// Stores history that was asked for when the cache was of this generation.
    pub(crate) fn fill_gaps(
        &self,
        chat_id: ChatId,
        entries: &[EntryRow],
        generation: u64,
    ) -> Result<(), StorageError> {
        self.cache.write(|tx| {
            // Within the transaction: whoever drops entries may have had the file until now.
            if self.cache.generation() == generation {
                cache::fill_gaps(tx, chat_id, entries)?;
            }
            Ok(())
        })?;
        self.has_unindexed.notify_one();
        Ok(())
    }

    pub(crate) fn write_outbox<T>(
        &self,
        work: impl FnOnce(&pult_sqlite::Transaction<'_>) -> Sql<T>,
    ) -> Result<T, PanelError> {
        Ok(self.outbox.write(work).map_err(StorageError::from)?)
    }

    /// The client's name and the newest place of a chat that is in the cache.
    fn chat_facts(&self, chat_id: ChatId) -> Result<(Option<String>, Place), PanelError> {
        let facts = self.cache.read(|reader| {
            let held = cache::chat(reader, chat_id)?;
            let newest = cache::newest_place(reader, chat_id)?;
            Ok(held.map(|held| (client_name(&held.row), newest)))
        })?;
        facts.ok_or_else(PanelError::unknown_chat)
    }

    fn chat_changed(&self, chat_id: ChatId) {
        self.events.send(PanelEvent::TimelineChanged { chat_id });
        self.events.send(PanelEvent::OverviewChanged);
    }
}

fn client_name(chat: &pult_protocol::ChatRow) -> Option<String> {
    chat.client
        .name
        .clone()
        .or_else(|| chat.client.phone.clone())
}

/// Whether a command is about the client alone. Whoever gives it has not gone on in the chat, and it
/// may be done only while the chat is in their hands.
const fn is_of_client(command: &Command) -> bool {
    matches!(
        command,
        Command::NameClient { .. } | Command::NoteClient { .. }
    )
}

/// What the backend would refuse whatever else is true; an endless text could not even be sent.
fn unsendable(command: &Command) -> Option<Problem> {
    let too_long =
        |text: &str| (text.chars().count() > MAX_COMMENT_CHARS).then_some(Refusal::TextTooLong);
    let refusal = if let Command::Reply { text, .. } = command {
        ReplyText::parse(text).err()
    } else if let Command::Comment { text, .. } = command {
        CommentText::parse(text).err()
    } else if let Command::Transfer { note, .. } = command {
        too_long(note.as_deref().unwrap_or_default())
    } else if let Command::NameClient { name, .. } = command {
        too_long(name.as_deref().unwrap_or_default())
    } else if let Command::NoteClient { note, .. } = command {
        too_long(note)
    } else {
        None
    };
    refusal.map(|refusal| Problem::of_refusal(&refusal))
}

/// Whether the backend asks to be asked again.
pub(crate) const fn is_passing(problem: &Problem) -> bool {
    matches!(problem.code, Code::Unavailable)
}

impl From<StorageError> for PanelError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Closed => Self::not_signed_in(),
            StorageError::Sql(_)
            | StorageError::Open(_)
            | StorageError::Folder(_)
            | StorageError::Rebuilt => Self::storage(&error),
        }
    }
}

#[cfg(test)]
mod notifying_tests;
#[cfg(test)]
pub(crate) mod tests;

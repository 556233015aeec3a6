//! The store as the backend uses it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use pult_domain::automatic::AutomaticTexts;
use pult_domain::direction::DirectionRule;
use pult_domain::hours::WorkingHours;
use pult_domain::provider::{ChannelFact, SendOutcome};
use pult_domain::{
    ChannelId, ChatId, IntegrationId, OperatorId, Place, ReadyAnswer, ReadyAnswerId, Seq,
    SessionId, Timestamp,
};
use pult_protocol::{
    Act, Actor, AnswerScope, ArchivePage, ArchiveQuery, AuditPage, AuditQuery, ChannelHealth,
    ChannelKind, ChannelNameRequest, ChannelRow, ChatsPage, ChatsQuery, ClientHistory, CommandDone,
    CommandEnvelope, CompanyRequest, CompanyRow, Cursor, DraftGiven, EntryRow, IntegrationRow,
    LateChats, ManagedIntegration, ManagedOperator, OperatorChange, OperatorRow, Problem,
    ReadyAnswerImport, ReadyAnswerRow, SessionRow, Workload,
};
use pult_sqlite::{CopyProgress, Durability, Load, Migration, Reader, Readers, Settings};

use crate::read_ahead::ReadAhead;
use crate::reading::Reading;
use crate::writer::{Work, Writing};
use crate::{
    Asking, Audience, ChangeSet, Channel, Figures, FiguresAsked, Forget, Forgotten, ImportLine,
    IntegrationExists, LaneHead, NewChannel, NewIntegration, NewOperator, NewPassword, NewSession,
    Observer, Operator, OperatorExists, Page, PassPlace, Revised, Sending, ServiceFigures, Session,
    StoreError, StoredSession, administration, archive, archive_index, audience, audit, automatic,
    channels, chats, commands, commits, company, deliveries, drafts, feed, figures, ingest,
    integrations, journal, operators, oversight, ready_answers, retention, service_figures,
    sessions, talks,
};

/// Marks the file as ours: "PULT".
const APPLICATION_ID: i32 = 0x5055_4c54;

/// Every step of the schema.
const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_init",
        sql: include_str!("../migrations/0001_init.sql"),
    },
    Migration {
        name: "0002_operations",
        sql: include_str!("../migrations/0002_operations.sql"),
    },
    Migration {
        name: "0003_life",
        sql: include_str!("../migrations/0003_life.sql"),
    },
    Migration {
        name: "0004_presence",
        sql: include_str!("../migrations/0004_presence.sql"),
    },
    Migration {
        name: "0005_archive",
        sql: include_str!("../migrations/0005_archive.sql"),
    },
    Migration {
        name: "0006_company",
        sql: include_str!("../migrations/0006_company.sql"),
    },
    Migration {
        name: "0007_drafts",
        sql: include_str!("../migrations/0007_drafts.sql"),
    },
    Migration {
        name: "0008_answers",
        sql: include_str!("../migrations/0008_answers.sql"),
    },
    Migration {
        name: "0009_supervisor",
        sql: include_str!("../migrations/0009_supervisor.sql"),
    },
    Migration {
        name: "0010_figures",
        sql: include_str!("../migrations/0010_figures.sql"),
    },
    Migration {
        name: "0011_automatic",
        sql: include_str!("../migrations/0011_automatic.sql"),
    },
    Migration {
        name: "0012_presence",
        sql: include_str!("../migrations/0012_presence.sql"),
    },
    Migration {
        name: "0013_archive_words",
        sql: include_str!("../migrations/0013_archive_words.sql"),
    },
];

/// How many read at the same time.
const N_READERS: usize = 4;

/// Tells the time; the one seam that tests replace.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Told of every commit that changed something others can see, in the order of commits, before
/// those who asked for the changes are answered. Must not block.
pub type Publish = Box<dyn Fn(ChangeSet) + Send>;

/// Tells whether anybody of these follows commits at present, so that a chat that comes into their
/// sight is read for them. Must not block.
pub type IsFollowed = Arc<dyn Fn(&Audience) -> bool + Send + Sync>;

/// Those who follow commits.
pub struct Followers {
    /// What tells them.
    pub publish: Publish,
    /// What knows whether they are there.
    pub is_followed: IsFollowed,
}

impl Followers {
    /// There is nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            publish: Box::new(|_| {}),
            is_followed: Arc::new(|_| false),
        }
    }
}

/// How a store is opened.
pub struct StoreSettings {
    /// Its file.
    pub path: PathBuf,
    /// What tells the time.
    pub clock: Clock,
    /// Who follows its commits.
    pub followers: Followers,
}

/// The backend's memory. All methods may be called from any task; writes of many callers share
/// commits, reads run on threads that may block.
pub struct Store {
    writing: Writing,
    reading: Reading,
    ahead: ReadAhead,
    clock: Clock,
    thread: Mutex<Option<JoinHandle<()>>>,
}

type Answer<T> = Result<T, StoreError>;

/// What a store that is being replaced knew, read from its file without changing it.
pub struct FormerStore {
    /// Its operators.
    pub operators: Vec<Operator>,
    /// Its sessions.
    pub sessions: Vec<StoredSession>,
}

impl FormerStore {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, as a damaged one.
    pub fn read(path: &Path) -> Answer<Self> {
        Readers::new(path, 1, Load::Heavy).read(|file| {
            Ok(Self {
                operators: operators::list(file)?,
                sessions: sessions::all(file)?,
            })
        })
    }
}

const fn settings_of(path: &Path) -> Settings<'_> {
    Settings {
        path,
        application_id: APPLICATION_ID,
        migrations: MIGRATIONS,
        durability: Durability::Full,
        erase_deleted: false,
        n_readers: N_READERS,
        load: Load::Heavy,
    }
}

impl Store {
    /// Opens the store, making it if there is none.
    ///
    /// # Errors
    /// When the file cannot be opened; see [`pult_sqlite::Error`].
    pub fn open(settings: StoreSettings) -> Answer<Self> {
        let StoreSettings {
            path,
            clock,
            followers,
        } = settings;
        let (mut writer, readers) = pult_sqlite::open(&settings_of(&path))?;
        writer.transaction(|tx| {
            let insert = "INSERT INTO store (only_row, seq) VALUES (1, 0) ON CONFLICT DO NOTHING";
            tx.execute(insert, ())?;
            talks::count_past(tx)
        })?;
        let ahead = ReadAhead::new(&path, Arc::clone(&followers.is_followed));
        let (writing, thread) = Writing::start(writer, Arc::clone(&clock), followers)?;
        Ok(Self {
            writing,
            reading: Reading::new(readers, N_READERS),
            ahead,
            clock,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Copies the store in the file `path` as it is now, also while it is served, to the missing or
    /// empty file `target`. When this returns the copy is whole and on disk.
    ///
    /// # Errors
    /// See [`pult_sqlite::copy`]; what there is of the copy is left for the caller to remove.
    pub fn copy(path: &Path, target: &Path, progress: impl FnMut(CopyProgress)) -> Answer<()> {
        Ok(pult_sqlite::copy(&settings_of(path), target, progress)?)
    }

    /// Looks whether the file `path` is a store, of no newer version, and whole.
    ///
    /// # Errors
    /// See [`pult_sqlite::check`].
    pub fn check(path: &Path) -> Answer<()> {
        Ok(pult_sqlite::check(&settings_of(path))?)
    }

    /// Settles what the last end has left, before anything is sent: messages that were being sent
    /// then are unconfirmed from here on. Where it is known which messages had left by then, the
    /// others wait for their turn again. Only for the one process that delivers. Tells how many
    /// there were.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn settle_interrupted(&self, departed: Option<BTreeSet<i64>>) -> Answer<usize> {
        self.writing
            .run(move |work| deliveries::settle_interrupted(work, departed.as_ref()))
            .await
    }

    /// The present epoch; without a name before anybody has served the store.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn epoch(&self) -> Answer<String> {
        self.read(feed::epoch).await
    }

    /// Settles a store that has just been put back from a backup, before anybody serves it: a new
    /// epoch begins, and what was still to be sent when the backup was made counts as unconfirmed,
    /// since it may have been sent after that. Tells how many messages those are.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn settle_restored(&self) -> Answer<usize> {
        let settle = |work: &mut Work<'_>| {
            // First of all: cursors of the lost time must lie behind its beginning.
            feed::begin_epoch(work)?;
            automatic::settle_restored(work)?;
            audit::note(work, Actor::CommandLine, &Act::Restored)?;
            deliveries::settle_restored(work)
        };
        self.writing.run(settle).await
    }

    /// Puts these sessions in the place of all that there are, and tells how many there are now.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn replace_sessions(&self, sessions: Vec<StoredSession>) -> Answer<usize> {
        self.writing
            .run(move |work| sessions::replace(work, &sessions))
            .await
    }

    /// Lets `observer` be told of every commit from here on; the first one stays.
    pub fn observe_commits(&self, observer: Observer) {
        drop(self.writing.commits.observer.set(observer));
    }

    /// Whether the disk refused what was to be written last.
    #[must_use]
    pub fn is_disk_refusing(&self) -> bool {
        self.writing.commits.is_disk_refusing()
    }

    /// Whether nothing is written any more until the store is opened anew, since a fault of ours has
    /// ended the thread that writes.
    #[must_use]
    pub fn is_writing_over(&self) -> bool {
        self.writing.is_over()
    }

    /// Waits until [that](Self::is_writing_over) is so.
    pub async fn writing_over(&self) {
        self.writing.over().await;
    }

    /// Finds out whether a disk that refused has room again and takes what is written.
    ///
    /// # Errors
    /// A fault of the store, such as that it does not.
    pub async fn try_disk(&self) -> Answer<()> {
        let readers = self.reading.readers().clone();
        let found = tokio::task::spawn_blocking(move || commits::find_room(readers.path())).await;
        found
            .map_err(|_| StoreError::Closed)?
            .map_err(|error| StoreError::Commit(error.to_string()))?;
        let write = |work: &mut Work<'_>| {
            let same = "UPDATE store SET seq = seq";
            work.tx.execute(same, ())?;
            Ok(())
        };
        self.writing.run(write).await?;
        self.writing.commits.note_room();
        Ok(())
    }

    /// How many pieces of work wait for their commit.
    #[must_use]
    pub fn n_waiting(&self) -> usize {
        self.writing.n_waiting()
    }

    /// How many bytes the file and its write-ahead log take on the disk.
    #[must_use]
    pub fn sizes(&self) -> (u64, u64) {
        self.reading.readers().sizes()
    }

    /// Empties the write-ahead log if that can be done at once. True if it is empty now.
    ///
    /// # Errors
    /// A fault of the store; nothing is lost.
    pub async fn empty_log(&self) -> Answer<bool> {
        let readers = self.reading.readers().clone();
        let emptied = tokio::task::spawn_blocking(move || readers.empty_log()).await;
        Ok(emptied.map_err(|_| StoreError::Closed)??)
    }

    /// How much waits, and for what.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn figures(&self) -> Answer<Figures> {
        let now = (self.clock)();
        self.read(move |file| figures::read(file, now)).await
    }

    /// Forgets a little of what is old, as far as it is near `place`.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn forget(&self, forget: Forget, place: PassPlace) -> Answer<Forgotten> {
        self.writing
            .run(move |work| retention::piece(work, forget, place))
            .await
    }

    /// Waits until everything asked for is committed and closes the file.
    pub async fn close(self) {
        let Self {
            writing,
            thread,
            ahead,
            ..
        } = self;
        // Who still reads would keep the log from being emptied.
        ahead.end().await;
        drop(writing);
        if let Some(thread) = thread.into_inner() {
            // Joining blocks; an error would mean that the thread has panicked, which it reported.
            drop(tokio::task::spawn_blocking(move || thread.join()).await);
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(Reader<'_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        self.reading.read(read).await
    }

    /// Carries out an operator's command, or says why not. The same command again is answered as
    /// before.
    ///
    /// # Errors
    /// A fault of the store; nothing was changed, the same command may be tried again.
    pub async fn command(
        &self,
        author: impl Into<Asking> + Send,
        envelope: CommandEnvelope,
    ) -> Answer<Result<CommandDone, Problem>> {
        let asking = author.into();
        self.writing
            .run(move |work| commands::run(work, asking, &envelope))
            .await
    }

    /// Keeps what an operator has begun to write on one of their devices, or says why not.
    ///
    /// # Errors
    /// A fault of the store; nothing was changed.
    pub async fn keep_draft(
        &self,
        operator: OperatorId,
        draft: DraftGiven,
    ) -> Answer<Result<(), Problem>> {
        self.writing
            .run(move |work| drafts::keep(work, operator, &draft))
            .await
    }

    /// Takes in a raw event of a provider with what its connector read in it; `None` if it could
    /// not be read. When this returns the event is durable.
    ///
    /// # Errors
    /// The event is not durable and must come again.
    pub async fn ingest(
        &self,
        kind: ChannelKind,
        body: Vec<u8>,
        facts: Option<Vec<ChannelFact>>,
    ) -> Answer<()> {
        self.ahead.begin(kind, facts.as_deref().unwrap_or_default());
        self.writing
            .run_attempts(move |work| ingest::take(work, kind, &body, &facts))
            .await
    }

    /// Raw events that could not be applied when they came: key, arrival and body.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn waiting_events(&self) -> Answer<Vec<(i64, Timestamp, Vec<u8>)>> {
        let events = self.read(journal::waiting).await?;
        Ok(events
            .into_iter()
            .map(|event| (event.key, event.received_at, event.body))
            .collect())
    }

    /// Applies an event that waited. True if it has been applied now.
    ///
    /// # Errors
    /// A fault of the store; the event goes on waiting.
    pub async fn retry_event(
        &self,
        kind: ChannelKind,
        key: i64,
        facts: Vec<ChannelFact>,
    ) -> Answer<bool> {
        self.writing
            .run(move |work| ingest::retry(work, kind, key, &facts))
            .await
    }

    /// What is new to a reader since `cursor`; a snapshot where there is no way from it.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn changes(&self, reader: OperatorId, cursor: Option<Cursor>) -> Answer<Vec<Page>> {
        self.changes_in_pages(reader, cursor, feed::PAGE_BYTES)
            .await
    }

    /// The same as [`Self::changes`], for a reader who takes about `page_bytes` of rows, as JSON,
    /// at once. What one change brought is never divided.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn changes_in_pages(
        &self,
        reader: OperatorId,
        cursor: Option<Cursor>,
        page_bytes: usize,
    ) -> Answer<Vec<Page>> {
        self.read(move |file| feed::read(file, reader, cursor.as_ref(), page_bytes))
            .await
    }

    /// Begins an epoch, which cursors name from here on. Only for the one process that serves
    /// readers, when it starts: so a cursor that was given after a backup was made is not taken
    /// for one of the store that was restored from it.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn begin_epoch(&self) -> Answer<String> {
        self.writing.run(|work| feed::begin_epoch(work)).await
    }

    /// The last change in the store, by whomever it was made.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn seq(&self) -> Answer<Seq> {
        self.read(feed::seq).await
    }

    /// Entries of a chat before a place, oldest first; `None` if the reader does not see the chat.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn history(
        &self,
        reader: OperatorId,
        chat: ChatId,
        before: Place,
        limit: u32,
    ) -> Answer<Option<Vec<EntryRow>>> {
        self.read_chat(reader, chat, move |file, operator, key| {
            archive::history(file, operator, key, before, limit)
        })
        .await
    }

    /// What the card of a chat's client shows; `None` if the reader does not see the chat.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn card(&self, reader: OperatorId, chat: ChatId) -> Answer<Option<ClientHistory>> {
        self.read_chat(reader, chat, archive::card).await
    }

    async fn read_chat<T: Send + 'static>(
        &self,
        reader: OperatorId,
        chat: ChatId,
        read: impl FnOnce(Reader<'_>, &OperatorRow, i64) -> Result<Option<T>, StoreError>
        + Send
        + 'static,
    ) -> Answer<Option<T>> {
        self.read(move |file| {
            let Some(key) = chats::key_of(file, chat)? else {
                return Ok(None);
            };
            let (_, operator) = operators::by_id(file, reader)?
                .ok_or(StoreError::Inconsistent("a signed-in operator is known"))?;
            read(file, &operator, key)
        })
        .await
    }

    /// Closed chats that the reader may find.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn archive(&self, reader: OperatorId, query: ArchiveQuery) -> Answer<ArchivePage> {
        self.read(move |file| {
            let (_, operator) = operators::by_id(file, reader)?
                .ok_or(StoreError::Inconsistent("a signed-in operator is known"))?;
            archive::search(file, &archive::Finder::of(file, &operator)?, &query)
        })
        .await
    }

    /// Chats whoever takes part in them, or of `named` those that fit. For a reader who finds all.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn chats(
        &self,
        reader: OperatorId,
        query: ChatsQuery,
        named: Option<Vec<ChatId>>,
    ) -> Answer<ChatsPage> {
        self.read(move |file| {
            let (_, operator) = operators::by_id(file, reader)?
                .ok_or(StoreError::Inconsistent("a signed-in operator is known"))?;
            let finder = archive::Finder::of(file, &operator)?;
            oversight::chats(file, &finder, &query, named.as_deref())
        })
        .await
    }

    /// How much there is to do in open chats, and with whom.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn workload(&self) -> Answer<Workload> {
        let now = (self.clock)();
        self.read(move |file| oversight::workload(file, now)).await
    }

    /// The chats whose clients wait too long, those first that became so last.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn late_chats(&self) -> Answer<LateChats> {
        let now = (self.clock)();
        self.read(move |file| oversight::late(file, now)).await
    }

    /// An operator as they are now; none if they are no active one.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn active_operator(&self, operator: OperatorId) -> Answer<Option<OperatorRow>> {
        let row = self.read(move |file| operators::by_id(file, operator));
        Ok(row.await?.map(|(_, row)| row).filter(|row| row.is_active))
    }

    /// The figures of a period; `None` if there is no such channel or operator.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn service_figures(&self, asked: FiguresAsked) -> Answer<Option<ServiceFigures>> {
        self.read(move |file| service_figures::read(file, &asked))
            .await
    }

    /// Writes a piece of what the archive's index has not got yet: of long talks, and of chats that
    /// were closed before there was one. True if it
    /// did, and may have more to do.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn archive_piece(&self) -> Answer<bool> {
        let is_unfinished = self.read(archive_index::is_unfinished).await?;
        if is_unfinished {
            self.writing
                .run(|work| archive_index::write_piece(work))
                .await?;
        }
        Ok(is_unfinished)
    }

    /// The automatic texts.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn automatic_texts(&self) -> Answer<Revised<AutomaticTexts>> {
        self.read(automatic::texts).await
    }

    /// Puts automatic texts, which must have been checked, in the place of those of a revision.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn put_automatic_texts(
        &self,
        by: Actor,
        revision: i64,
        texts: AutomaticTexts,
    ) -> Answer<Result<i64, Problem>> {
        self.writing
            .run(move |work| automatic::put_texts(work, by, revision, &texts))
            .await
    }

    /// The working hours; none if the company keeps none.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn working_hours(&self) -> Answer<Revised<Option<WorkingHours>>> {
        self.read(automatic::hours).await
    }

    /// Puts working hours, which must have been checked, in the place of those of a revision.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn put_working_hours(
        &self,
        by: Actor,
        revision: i64,
        hours: Option<WorkingHours>,
    ) -> Answer<Result<i64, Problem>> {
        self.writing
            .run(move |work| automatic::put_hours(work, by, revision, hours.as_ref()))
            .await
    }

    /// The rules by which new chats are directed, in the order in which they count.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn directions(&self) -> Answer<Revised<Vec<DirectionRule>>> {
        self.read(automatic::directions).await
    }

    /// Puts rules of direction, which must have been checked, in the place of those of a revision.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn put_directions(
        &self,
        by: Actor,
        revision: i64,
        rules: Vec<DirectionRule>,
    ) -> Answer<Result<i64, Problem>> {
        self.writing
            .run(move |work| automatic::put_directions(work, by, revision, &rules))
            .await
    }

    /// Of operators, those who are active.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn active_of(&self, operators: Vec<OperatorId>) -> Answer<Vec<OperatorId>> {
        self.read(move |file| automatic::active_of(file, &operators))
            .await
    }

    /// Tells a piece of the clients who have waited long enough that nobody answers. True if it did,
    /// and there may be more of them.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn tell_waiting(&self) -> Answer<bool> {
        let now = (self.clock)();
        let is_anybody = move |file: Reader<'_>| automatic::is_anybody_to_tell(file, now);
        if !self.read(is_anybody).await? {
            return Ok(false);
        }
        self.writing.run_attempts(automatic::tell_waiting).await
    }

    /// Adds an integration.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn add_integration(
        &self,
        integration: NewIntegration,
    ) -> Answer<Result<IntegrationId, IntegrationExists>> {
        self.writing
            .run(move |work| integrations::add(work, &integration))
            .await
    }

    /// Ends the key of the integration of that name for ever, as somebody at the machine. False if
    /// there is no such active one.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn revoke_integration(&self, name: String) -> Answer<bool> {
        self.writing
            .run(move |work| {
                let Some(id) = integrations::active(work.tx.reader(), &name)? else {
                    return Ok(false);
                };
                let revoked = administration::revoke_integration(work, Actor::CommandLine, id)?;
                Ok(revoked.is_ok())
            })
            .await
    }

    /// All integrations, in the order in which they were added.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn integrations(&self) -> Answer<Vec<IntegrationRow>> {
        self.read(integrations::list).await
    }

    /// The active integration of a key, given by its SHA-256.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn integration(&self, key_hash: [u8; 32]) -> Answer<Option<IntegrationRow>> {
        self.read(move |file| integrations::by_key_hash(file, key_hash))
            .await
    }

    /// The first message of every lane of delivery.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn lane_heads(&self) -> Answer<Vec<LaneHead>> {
        self.read(deliveries::lane_heads).await
    }

    /// Notes that a message is being sent, before it is. `None` if it is not its turn (any more).
    ///
    /// # Errors
    /// A fault of the store; the message must not be sent.
    pub async fn begin_sending(&self, delivery: i64) -> Answer<Option<Sending>> {
        self.writing
            .run(move |work| deliveries::begin(work, delivery))
            .await
    }

    /// Notes what a sending ended in.
    ///
    /// # Errors
    /// A fault of the store; the message counts as being sent until the next start, and as
    /// unconfirmed then.
    pub async fn finish_sending(&self, delivery: i64, outcome: SendOutcome) -> Answer<()> {
        self.writing
            .run(move |work| deliveries::finish(work, delivery, &outcome))
            .await
    }

    /// Lets the lane of an unconfirmed message go on.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn release_lane(&self, delivery: i64) -> Answer<()> {
        self.writing
            .run(move |work| deliveries::release(work, delivery))
            .await
    }

    /// Adds an operator, as somebody at the machine.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn add_operator(
        &self,
        operator: NewOperator,
    ) -> Answer<Result<OperatorId, OperatorExists>> {
        let id = OperatorId(uuid::Uuid::now_v7());
        let added = self.add_operator_by(Actor::CommandLine, id, operator);
        Ok(added.await?.map(|row| row.id).map_err(|_| OperatorExists))
    }

    /// Adds an operator under an id made by who adds them, or says why not.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn add_operator_by(
        &self,
        by: Actor,
        id: OperatorId,
        operator: NewOperator,
    ) -> Answer<Result<OperatorRow, Problem>> {
        self.writing
            .run(move |work| administration::add_operator(work, by, id, &operator))
            .await
    }

    /// Changes one thing of an operator, or says why not.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn change_operator(
        &self,
        by: Actor,
        id: OperatorId,
        change: OperatorChange,
    ) -> Answer<Result<OperatorRow, Problem>> {
        self.writing
            .run(move |work| administration::change_operator(work, by, id, &change))
            .await
    }

    /// Deactivates an operator (row 17), as somebody at the machine. False if there is no such active
    /// operator, or they are the last administrator.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn deactivate_operator(&self, operator: OperatorId) -> Answer<bool> {
        self.writing
            .run(move |work| {
                let known = operators::by_id(work.tx.reader(), operator)?;
                if known.is_none_or(|(_, row)| !row.is_active) {
                    return Ok(false);
                }
                let change = OperatorChange::IsActive { now: false };
                let by = Actor::CommandLine;
                Ok(administration::change_operator(work, by, operator, &change)?.is_ok())
            })
            .await
    }

    /// Gives an operator another password, as somebody at the machine, and ends their sessions. False
    /// if there is no such one.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn set_password(&self, operator: OperatorId, hash: String) -> Answer<bool> {
        let new = NewPassword {
            hash,
            instead_of: None,
            keep: None,
        };
        let set = self.set_password_by(Actor::CommandLine, operator, new);
        Ok(set.await?.is_ok())
    }

    /// Gives an operator another password and ends their sessions. Tells which ended, or why it is not
    /// done.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn set_password_by(
        &self,
        by: Actor,
        operator: OperatorId,
        new: NewPassword,
    ) -> Answer<Result<Vec<SessionId>, Problem>> {
        self.writing
            .run(move |work| administration::set_password(work, by, operator, &new))
            .await
    }

    /// Ends a session, one's own or as an administrator any, or says why not.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn revoke_session(&self, by: Actor, id: SessionId) -> Answer<bool> {
        self.writing
            .run(move |work| administration::revoke_session(work, by, id))
            .await
    }

    /// Ends all sessions of an operator except the one that `keep` names. Tells which, or why not.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn revoke_sessions(
        &self,
        by: Actor,
        operator: OperatorId,
        keep: Option<SessionId>,
    ) -> Answer<Result<Vec<SessionId>, Problem>> {
        self.writing
            .run(move |work| administration::revoke_sessions(work, by, operator, keep))
            .await
    }

    /// Gives a channel another name, or says why not.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn rename_channel(
        &self,
        by: Actor,
        id: ChannelId,
        request: ChannelNameRequest,
    ) -> Answer<Result<(), Problem>> {
        let ChannelNameRequest { was, now } = request;
        self.writing
            .run(move |work| administration::rename_channel(work, by, id, &was, &now))
            .await
    }

    /// Ends an integration's key for ever, or says why not.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn revoke_integration_by(
        &self,
        by: Actor,
        id: IntegrationId,
    ) -> Answer<Result<(), Problem>> {
        self.writing
            .run(move |work| administration::revoke_integration(work, by, id))
            .await
    }

    /// The hash of an operator's password.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn password_hash(&self, id: OperatorId) -> Answer<Option<String>> {
        self.read(move |file| operators::password_hash(file, id))
            .await
    }

    /// All operators with what an administrator sees of them.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn managed_operators(&self) -> Answer<Vec<ManagedOperator>> {
        let now = (self.clock)();
        self.read(move |file| administration::operators(file, now))
            .await
    }

    /// The living sessions of an operator, or of everybody.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn sessions(&self, of: Option<OperatorId>) -> Answer<Vec<SessionRow>> {
        let now = (self.clock)();
        self.read(move |file| administration::sessions(file, of, now))
            .await
    }

    /// How the channels are doing.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn channel_health(&self) -> Answer<Vec<ChannelHealth>> {
        self.read(administration::channels).await
    }

    /// All integrations, and when they were last used.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn managed_integrations(&self) -> Answer<Vec<ManagedIntegration>> {
        self.read(administration::integrations).await
    }

    /// When an integration's key was last used, as far as that is noted.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn integration_last_used(&self, id: IntegrationId) -> Answer<Option<Timestamp>> {
        self.read(move |file| integrations::last_used(file, id))
            .await
    }

    /// Notes that an integration's key is used now.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn note_integration_used(&self, id: IntegrationId) -> Answer<()> {
        self.writing
            .run(move |work| integrations::note_used(work, id))
            .await
    }

    /// Notes that a panel with a session came or went, from that network address.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn note_session_seen(
        &self,
        session: SessionId,
        at: Timestamp,
        address: String,
    ) -> Answer<()> {
        self.writing
            .run(move |work| sessions::note_seen(work, session, at, &address))
            .await
    }

    /// Who sees a chat at present; nobody, if there is no such chat.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn audience(&self, chat: ChatId) -> Answer<Audience> {
        self.read(move |reader| audience::of_chat(reader, chat))
            .await
    }

    /// Notes that an operator says that they are away since a moment, or back.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn set_away(&self, operator: OperatorId, since: Option<Timestamp>) -> Answer<()> {
        self.writing
            .run(move |work| operators::set_away(work, operator, since))
            .await
    }

    /// Who says that they are away, and since when.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn away(&self) -> Answer<Vec<(OperatorId, Timestamp)>> {
        self.read(operators::away).await
    }

    /// All operators, in the order in which they were added.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn operators(&self) -> Answer<Vec<Operator>> {
        self.read(operators::list).await
    }

    /// Notes that an operator came or went at a moment.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn note_seen(&self, operator: OperatorId, at: Timestamp) -> Answer<()> {
        self.writing
            .run(move |work| operators::note_seen(work, operator, at))
            .await
    }

    /// When operators were last seen to come or go.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn last_seen(&self) -> Answer<Vec<(OperatorId, Timestamp)>> {
        self.read(operators::last_seen).await
    }

    /// The operator with that sign-in name.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn operator_by_login(&self, login: String) -> Answer<Option<Operator>> {
        self.read(move |file| operators::by_login(file, &login))
            .await
    }

    /// Begins a session; none if its operator has another password by now, or is not active.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn begin_session(&self, session: NewSession) -> Answer<Option<SessionId>> {
        self.writing
            .run(move |work| sessions::begin(work, &session))
            .await
    }

    /// Ends a session; nothing happens if it has ended.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn end_session(&self, session: SessionId) -> Answer<()> {
        self.writing
            .run(move |work| sessions::end(work, session))
            .await
    }

    /// Lets a session live until `expires_at`.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn renew_session(&self, session: SessionId, expires_at: Timestamp) -> Answer<()> {
        self.writing
            .run(move |work| sessions::renew(work, session, expires_at))
            .await
    }

    /// The live session of a token, given by its SHA-256.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn session(&self, token_hash: [u8; 32]) -> Answer<Option<Session>> {
        let now = (self.clock)();
        self.read(move |file| sessions::by_token(file, token_hash, now))
            .await
    }

    /// Of the given sessions, those that are alive, and when each ends.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn live_sessions(&self, ids: Vec<SessionId>) -> Answer<Vec<(SessionId, Timestamp)>> {
        let now = (self.clock)();
        self.read(move |file| sessions::alive(file, &ids, now))
            .await
    }

    /// Puts a ready answer in the place of what has its id, for an operator who may.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn put_ready_answer(
        &self,
        asker: OperatorId,
        id: ReadyAnswerId,
        scope: AnswerScope,
        answer: ReadyAnswer,
    ) -> Answer<Result<ReadyAnswerRow, Problem>> {
        self.writing
            .run(move |work| ready_answers::put(work, asker, id, scope, &answer))
            .await
    }

    /// Deletes a ready answer, for an operator who may. Nothing happens if it is deleted already.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn delete_ready_answer(
        &self,
        asker: OperatorId,
        id: ReadyAnswerId,
    ) -> Answer<Result<(), Problem>> {
        self.writing
            .run(move |work| ready_answers::delete(work, asker, id))
            .await
    }

    /// What a table of ready answers would do.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn preview_ready_answers(
        &self,
        asker: OperatorId,
        scope: AnswerScope,
        lines: Vec<ImportLine>,
    ) -> Answer<Result<ReadyAnswerImport, Problem>> {
        self.read(move |file| ready_answers::preview(file, asker, scope, &lines))
            .await
    }

    /// Does what a table of ready answers says, all of it or nothing.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn import_ready_answers(
        &self,
        asker: OperatorId,
        scope: AnswerScope,
        lines: Vec<ImportLine>,
    ) -> Answer<Result<ReadyAnswerImport, Problem>> {
        self.writing
            .run(move |work| ready_answers::import(work, asker, scope, &lines))
            .await
    }

    /// The company's ready answers, and those of one operator if there is one.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn ready_answers(&self, of: Option<OperatorId>) -> Answer<Vec<ReadyAnswerRow>> {
        self.read(move |file| ready_answers::list(file, of)).await
    }

    /// The ready answers of one scope, by shortcut.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn ready_answers_of_scope(
        &self,
        asker: OperatorId,
        scope: AnswerScope,
    ) -> Answer<Vec<ReadyAnswerRow>> {
        self.read(move |file| ready_answers::of_scope(file, asker, scope))
            .await
    }

    /// The company's settings.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn company(&self) -> Answer<CompanyRow> {
        self.read(company::row).await
    }

    /// Puts other settings in the place of those that their author had seen, or says why not.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn put_company(
        &self,
        by: Actor,
        request: CompanyRequest,
    ) -> Answer<Result<CompanyRow, Problem>> {
        self.writing
            .run(move |work| company::put(work, by, &request))
            .await
    }

    /// A page of the audit log, newest first.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn audit(&self, query: AuditQuery) -> Answer<AuditPage> {
        self.read(move |file| audit::page(file, &query)).await
    }

    /// Adds a channel, or replaces the settings of the one with the same provider key.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn put_channel(&self, channel: NewChannel) -> Answer<ChannelId> {
        self.writing
            .run(move |work| channels::put(work, &channel))
            .await
    }

    /// Says which number a channel's clients write to, in digits.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn set_channel_phone(
        &self,
        by: Actor,
        channel: ChannelId,
        phone: String,
    ) -> Answer<Result<ChannelRow, Problem>> {
        self.writing
            .run(move |work| channels::set_phone(work, by, channel, &phone))
            .await
    }

    /// Keeps what a provider says of its channel's number, unless one is known.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn learn_channel_phone(
        &self,
        kind: ChannelKind,
        provider_key: String,
        phone: String,
    ) -> Answer<()> {
        self.writing
            .run(move |work| channels::learn_phone(work, kind, &provider_key, &phone))
            .await
    }

    /// All channels.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn channels(&self) -> Answer<Vec<Channel>> {
        self.read(channels::list).await
    }
}

//! `cache.sqlite`: what the panel holds of the backend's data.
//!
//! Nothing in it is worth mending: a file that is damaged, or was written by a newer version, is
//! deleted, and the next connection begins with a snapshot. Deleted text is overwritten, since
//! what an operator may no longer see must not be found in the file either. Copies that SQLite has
//! left where it moved rows go when the panel ends, or begins again: a copy takes the file's place then.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use pult_domain::{ChatId, CommandId, OperatorId, Place, Seq, Status, Timestamp};
use pult_protocol::{
    ChannelRow, ChatRow, CompanyRow, Cursor, EntryBody, EntryKind, EntryRow, GoneWhy,
    IntegrationRow, OperatorRow, ReadyAnswerRow, Row as FeedRow,
};
use pult_sqlite::{Durability, Load, Migration, Reader, Row, Settings, Transaction, params};
use tokio::sync::watch;

use crate::search::index;
use crate::storage::{Database, Sql, StorageError, Stored as _, from_json, is_damage, to_json};

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "cache_0001_init",
        sql: include_str!("../migrations/cache_0001_init.sql"),
    },
    Migration {
        name: "cache_0002_late",
        sql: include_str!("../migrations/cache_0002_late.sql"),
    },
    Migration {
        name: "cache_0003_version",
        sql: include_str!("../migrations/cache_0003_version.sql"),
    },
    Migration {
        name: "cache_0004_search",
        sql: include_str!("../migrations/cache_0004_search.sql"),
    },
];

/// What reads the feed.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// So many clients who waited too long are remembered to have been told of.
const MAX_TOLD_LATE: i64 = 2_000;

/// The file, which is put in place of itself when it turns out to be damaged.
#[derive(Debug)]
pub(crate) struct Cache {
    path: PathBuf,
    state: RwLock<State>,
    /// How often the file was deleted and made anew while it was open.
    n_rebuilt: watch::Sender<u64>,
    /// Grows whenever held entries were dropped, so that history asked for before is not stored
    /// after.
    generation: AtomicU64,
}

/// How it stands with the file.
#[derive(Debug)]
enum State {
    /// It is open.
    Open(Database),
    /// It was damaged, and could not be made anew yet. Whoever comes next tries again.
    Broken,
    /// It is deleted, and stays so: the session has ended.
    Erased,
}

/// A chat as it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeldChat {
    pub(crate) row: ChatRow,
    pub(crate) n_unread: u32,
    /// Whether its operator is told only of what is addressed to them.
    pub(crate) only_addressed: bool,
}

impl Cache {
    /// Opens the file, deleting one that cannot be used.
    pub(crate) fn open(dir: &Path) -> Result<Self, StorageError> {
        let path = dir.join(FILE);
        let database = match open(&path) {
            Err(
                error @ (pult_sqlite::Error::Damaged { .. }
                | pult_sqlite::Error::NotOurs { .. }
                | pult_sqlite::Error::NewerSchema { .. }),
            ) => {
                tracing::warn!(%error, "The cache cannot be used and is rebuilt");
                delete(&path)?;
                open(&path)?
            }
            other => other?,
        };
        Ok(Self {
            path,
            state: RwLock::new(State::Open(database)),
            n_rebuilt: watch::Sender::new(0),
            generation: AtomicU64::new(0),
        })
    }

    /// Reads one consistent state. A file found damaged is made anew, and reads as empty.
    pub(crate) fn read<T>(&self, work: impl Fn(Reader<'_>) -> Sql<T>) -> Result<T, StorageError> {
        match self.with(|database| database.read(&work)) {
            Err(StorageError::Rebuilt) => self.with(|database| database.read(&work)),
            other => other,
        }
    }

    /// Writes in one transaction. A file found damaged is made anew and left empty: what was to be
    /// written leant on what is lost.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Sql<T>,
    ) -> Result<T, StorageError> {
        self.with(|database| database.write(work))
    }

    /// Writes what has time, as [`Cache::write`] does; `work` can ask whether anybody else waits.
    pub(crate) fn write_aside<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>, &dyn Fn() -> bool) -> Sql<T>,
    ) -> Result<T, StorageError> {
        self.with(|database| database.write_aside(work))
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> Sql<T>) -> Result<T, StorageError> {
        let found_by = {
            let state = self.state.read();
            let n_rebuilt = *self.n_rebuilt.borrow();
            match &*state {
                State::Open(database) => match work(database) {
                    Err(error) if is_damage(&error) => n_rebuilt,
                    other => return Ok(other?),
                },
                State::Broken => n_rebuilt,
                State::Erased => return Err(StorageError::Closed),
            }
        };
        self.rebuild(found_by)?;
        Err(StorageError::Rebuilt)
    }

    /// Makes the file anew, for whoever found it damaged when it had been made anew so often.
    fn rebuild(&self, found_by: u64) -> Result<(), StorageError> {
        let mut state = self.state.write();
        if matches!(*state, State::Erased) {
            return Err(StorageError::Closed);
        }
        if *self.n_rebuilt.borrow() != found_by {
            // Somebody else found it too, and was quicker.
            return Ok(());
        }
        tracing::warn!("The cache is damaged and is rebuilt");
        *state = State::Broken;
        delete(&self.path)?;
        *state = State::Open(open(&self.path)?);
        self.entries_were_dropped();
        self.n_rebuilt.send_modify(|n| *n += 1);
        drop(state);
        Ok(())
    }

    /// Takes erased text out of the write-ahead log too.
    pub(crate) fn checkpoint(&self) -> Result<(), StorageError> {
        self.with(Database::checkpoint)
    }

    /// Puts a copy in the place of the file if copies of what was erased may stand in it. It takes as long
    /// as to write the file, so it is for the moments when the panel begins and ends.
    pub(crate) fn erase_remains(&self) -> Result<(), StorageError> {
        let any = self.read(|reader| reader.optional("SELECT 1 FROM remains", (), |_| Ok(())))?;
        if any.is_none() {
            return Ok(());
        }
        let copy = beside(&self.path, COPY);
        delete_file(&copy)?;
        // Nothing may change until the copy is in its place.
        let mut state = self.state.write();
        let State::Open(database) = &*state else {
            return Err(StorageError::Closed);
        };
        match database.write_copy(&copy) {
            Err(pult_sqlite::Error::Sql(error)) if is_damage(&error) => {
                let found_by = *self.n_rebuilt.borrow();
                drop(state);
                self.rebuild(found_by)?;
                return Err(StorageError::Rebuilt);
            }
            Err(error) => {
                // Half a copy takes room, of which there may be too little, and holds texts.
                delete_file(&copy)?;
                return Err(error.into());
            }
            Ok(()) => {}
        }
        // Its connections end, and with the last one its log.
        *state = State::Broken;
        let replaced = replace_file(&self.path, &copy);
        *state = State::Open(open(&self.path)?);
        drop(state);
        replaced?;
        self.write(|tx| tx.execute("DELETE FROM remains", ()))?;
        self.checkpoint()
    }

    /// Deletes what there is of a cache in a folder that no session has open.
    pub(crate) fn erase_in(dir: &Path) -> Result<(), StorageError> {
        delete(&dir.join(FILE))
    }

    /// Deletes the file; from now on every call says that the session has ended.
    pub(crate) fn erase(&self) -> Result<(), StorageError> {
        *self.state.write() = State::Erased;
        delete(&self.path)
    }

    /// Changes whenever the file has been made anew: what was read of it before is void.
    pub(crate) fn rebuilds(&self) -> watch::Receiver<u64> {
        self.n_rebuilt.subscribe()
    }

    /// Asked within a transaction, it is that of what the transaction sees.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Said within the transaction that drops them.
    pub(crate) fn entries_were_dropped(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }
}

fn open(path: &Path) -> Result<Database, pult_sqlite::Error> {
    pult_sqlite::open(&Settings {
        path,
        application_id: 0x5043_4143,
        migrations: MIGRATIONS,
        durability: Durability::Normal,
        erase_deleted: true,
        n_readers: 3,
        load: Load::Light,
    })
    .map(Database::new)
}

const FILE: &str = "cache.sqlite";

/// What the names of the files beside the file end with: SQLite's own, and a copy that is being made.
const LOG: &str = "-wal";
const LOG_INDEX: &str = "-shm";
const COPY: &str = "-copy";

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut file = path.as_os_str().to_owned();
    file.push(end);
    file.into()
}

fn delete(path: &Path) -> Result<(), StorageError> {
    for end in ["", LOG, LOG_INDEX, COPY] {
        delete_file(&beside(path, end))?;
    }
    Ok(())
}

fn delete_file(path: &Path) -> Result<(), StorageError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(not_writable(path, source))
        }
        _ => Ok(()),
    }
}

/// Puts a whole copy of a file that nobody has open in its place.
fn replace_file(path: &Path, copy: &Path) -> Result<(), StorageError> {
    // What they would add to the copy stands in it.
    for end in [LOG, LOG_INDEX] {
        delete_file(&beside(path, end))?;
    }
    std::fs::rename(copy, path).map_err(|source| not_writable(path, source))
}

fn not_writable(path: &Path, source: std::io::Error) -> StorageError {
    let path = path.to_owned();
    StorageError::Open(pult_sqlite::Error::NotWritable { path, source })
}

// --- reading

/// Up to where the feed is applied. None if another version has applied it: that may have left out what
/// it did not know, so everything is fetched anew.
pub(crate) fn cursor(reader: Reader<'_>) -> Sql<Option<Cursor>> {
    let sql = "SELECT epoch, seq FROM feed WHERE version = ?1";
    reader.optional(sql, params![VERSION], |row| {
        Ok(Cursor {
            epoch: row.get(0)?,
            seq: Seq(row.get(1)?),
        })
    })
}

/// The chats that are in a list.
pub(crate) fn listed_chats(reader: Reader<'_>) -> Sql<Vec<HeldChat>> {
    reader.all(
        "SELECT body, n_unread,
             coalesce((SELECT only_addressed FROM marks WHERE chat_id = id), 0)
         FROM chats WHERE is_listed",
        (),
        held_chat,
    )
}

/// Whether a chat is in a list.
pub(crate) fn is_listed(reader: Reader<'_>, chat_id: ChatId) -> Sql<bool> {
    let listed = "SELECT 1 FROM chats WHERE id = ?1 AND is_listed";
    Ok(reader
        .optional(listed, params![chat_id.stored()], |_| Ok(()))?
        .is_some())
}

/// A chat, listed or kept after its close.
pub(crate) fn chat(reader: Reader<'_>, chat_id: ChatId) -> Sql<Option<HeldChat>> {
    reader.optional(
        "SELECT body, n_unread,
             coalesce((SELECT only_addressed FROM marks WHERE chat_id = id), 0)
         FROM chats WHERE id = ?1",
        params![chat_id.stored()],
        held_chat,
    )
}

fn held_chat(row: &Row<'_>) -> Sql<HeldChat> {
    Ok(HeldChat {
        row: from_json(row, 0)?,
        n_unread: row.get(1)?,
        only_addressed: row.get(2)?,
    })
}

pub(crate) fn operators(reader: Reader<'_>) -> Sql<Vec<OperatorRow>> {
    reader.all("SELECT body FROM operators ORDER BY id", (), |row| {
        from_json(row, 0)
    })
}

pub(crate) fn channels(reader: Reader<'_>) -> Sql<Vec<ChannelRow>> {
    reader.all("SELECT body FROM channels ORDER BY id", (), |row| {
        from_json(row, 0)
    })
}

pub(crate) fn integrations(reader: Reader<'_>) -> Sql<Vec<IntegrationRow>> {
    reader.all("SELECT body FROM integrations ORDER BY id", (), |row| {
        from_json(row, 0)
    })
}

/// The company's settings; as they are by themselves if it has told none.
pub(crate) fn company(reader: Reader<'_>) -> Sql<CompanyRow> {
    let held = reader.optional("SELECT body FROM company", (), |row| from_json(row, 0))?;
    Ok(held.unwrap_or_default())
}

pub(crate) fn ready_answers(reader: Reader<'_>) -> Sql<Vec<ReadyAnswerRow>> {
    reader.all("SELECT body FROM ready_answers ORDER BY id", (), |row| {
        from_json(row, 0)
    })
}

/// In which chats how many comments mention the operator that have not been seen.
pub(crate) fn mentions(reader: Reader<'_>, operator: OperatorId) -> Sql<BTreeMap<ChatId, u32>> {
    let mentions = reader.all(
        "SELECT e.chat_id, count(*) FROM entries e, json_each(e.mentions) AS mention
         WHERE e.mentions IS NOT NULL AND mention.value = ?1
           AND e.place > coalesce((SELECT read_place FROM marks m WHERE m.chat_id = e.chat_id), 0)
         GROUP BY e.chat_id",
        params![operator.to_string()],
        |row| Ok((ChatId::at(row, 0)?, row.get(1)?)),
    )?;
    Ok(mentions.into_iter().collect())
}

pub(crate) fn read_place(reader: Reader<'_>, chat_id: ChatId) -> Sql<Place> {
    let place = reader.optional(
        "SELECT read_place FROM marks WHERE chat_id = ?1",
        params![chat_id.stored()],
        |row| row.get(0).map(Place),
    )?;
    Ok(place.unwrap_or_default())
}

/// The newest entry that is held, which is the newest that can have been seen.
pub(crate) fn newest_place(reader: Reader<'_>, chat_id: ChatId) -> Sql<Place> {
    reader.one(
        "SELECT coalesce(max(place), 0) FROM entries WHERE chat_id = ?1",
        params![chat_id.stored()],
        |row| row.get(0).map(Place),
    )
}

/// At most `limit` entries before `before`, oldest first and without holes: the newest that are
/// held there and what joins them.
pub(crate) fn run_before(
    reader: Reader<'_>,
    chat_id: ChatId,
    before: Place,
    limit: u32,
) -> Sql<Vec<EntryRow>> {
    let mut entries: Vec<EntryRow> = reader.all(
        "SELECT body FROM entries WHERE chat_id = ?1 AND place < ?2 ORDER BY place DESC LIMIT ?3",
        params![chat_id.stored(), before.0, limit],
        |row| from_json(row, 0),
    )?;
    let n_joined = entries
        .iter()
        .zip(entries.iter().skip(1))
        .take_while(|(newer, older)| older.place.next() == newer.place)
        .count();
    entries.truncate(n_joined.saturating_add(1));
    entries.reverse();
    Ok(entries)
}

/// Whether an entry at this place that is not held is older than what came when the chat began anew: it does
/// not come by the feed.
pub(crate) fn is_behind(reader: Reader<'_>, chat_id: ChatId, place: Place) -> Sql<bool> {
    let held = chat(reader, chat_id)?;
    let newest = newest_place(reader, chat_id)?;
    Ok(held.is_some_and(|held| place <= held.row.last_place) && place < newest)
}

/// Whether the entry that the command made has arrived.
pub(crate) fn holds_entry_of(reader: Reader<'_>, command_id: CommandId) -> Sql<bool> {
    reader.one(
        "SELECT EXISTS (SELECT 1 FROM entries WHERE command_id = ?1)",
        params![command_id.stored()],
        |row| row.get(0),
    )
}

// --- writing

/// What a page did.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// The chats that it touched, each as it was before.
    pub(crate) before: BTreeMap<ChatId, Option<ChatRow>>,
    /// Whether held entries were dropped.
    pub(crate) dropped_entries: bool,
}

/// Puts `rows` in place of everything that is held.
pub(crate) fn replace(tx: &Transaction<'_>, rows: &[FeedRow]) -> Sql<Applied> {
    let mut before = BTreeMap::new();
    for held in listed_chats(tx.reader())? {
        before.insert(held.row.id, Some(held.row));
    }
    index::clear(tx)?;
    for sql in [
        "DELETE FROM entries",
        "DELETE FROM chats",
        "DELETE FROM marks",
        "DELETE FROM operators",
        "DELETE FROM channels",
        "DELETE FROM integrations",
        "DELETE FROM company",
        "DELETE FROM ready_answers",
        "DELETE FROM feed",
    ] {
        tx.execute(sql, ())?;
    }
    note_remains(tx)?;
    let applied = apply(tx, rows)?;
    for (chat_id, none) in applied.before {
        before.entry(chat_id).or_insert(none);
    }
    Ok(Applied {
        before,
        dropped_entries: true,
    })
}

/// Notes that its operator is told of a client who waits too long. False if they were before.
pub(crate) fn tell_late(tx: &Transaction<'_>, chat_id: ChatId, since: Timestamp) -> Sql<bool> {
    let told = tx.reader().optional(
        "SELECT 1 FROM told_late WHERE chat_id = ?1 AND waiting_since = ?2",
        params![chat_id.stored(), since.0],
        |_| Ok(()),
    )?;
    if told.is_some() {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO told_late (chat_id, waiting_since) VALUES (?1, ?2)",
        params![chat_id.stored(), since.0],
    )?;
    Ok(true)
}

/// Forgets whom its operator was told of longest ago.
pub(crate) fn forget_old_late(tx: &Transaction<'_>) -> Sql<()> {
    tx.execute(
        "DELETE FROM told_late
         WHERE position <= (SELECT max(position) FROM told_late) - ?1",
        params![MAX_TOLD_LATE],
    )?;
    Ok(())
}

/// Applies rows in their order.
pub(crate) fn apply(tx: &Transaction<'_>, rows: &[FeedRow]) -> Sql<Applied> {
    let mut applied = Applied::default();
    let fresh = places_of_fresh_chats(rows);
    for chat_id in fresh.keys() {
        // It comes with the rows if there is one. What the backend has not taken of it stands in the
        // outbox.
        tx.execute(
            "DELETE FROM marks WHERE chat_id = ?1",
            params![chat_id.stored()],
        )?;
    }
    for row in rows {
        match row {
            FeedRow::Chat(chat) => {
                remember(tx, &mut applied, chat.id)?;
                if let Some(places) = fresh.get(&chat.id) {
                    drop_entries_but(tx, chat.id, places)?;
                    applied.dropped_entries = true;
                }
                put_chat(tx, chat)?;
            }
            FeedRow::Entry(entry) => {
                remember(tx, &mut applied, entry.chat_id)?;
                put_entry(tx, entry)?;
            }
            FeedRow::Gone { chat_id, why } => {
                remember(tx, &mut applied, *chat_id)?;
                match why {
                    GoneWhy::Lost => {
                        erase_chat(tx, *chat_id)?;
                        applied.dropped_entries = true;
                    }
                    GoneWhy::Closed => keep_closed(tx, *chat_id)?,
                }
            }
            FeedRow::Mark(mark) => {
                remember(tx, &mut applied, mark.chat_id)?;
                grow_mark(tx, mark.chat_id, mark.read_place)?;
                tx.execute(
                    "UPDATE marks SET only_addressed = ?2 WHERE chat_id = ?1",
                    params![mark.chat_id.stored(), mark.only_addressed],
                )?;
            }
            // What its author has begun stands in the outbox.
            FeedRow::Draft(_) => {}
            FeedRow::Operator(row) => put_row(tx, "operators", row.id, row)?,
            FeedRow::Integration(row) => put_row(tx, "integrations", row.id, row)?,
            FeedRow::Channel(row) => put_row(tx, "channels", row.id, row)?,
            FeedRow::Company(row) => {
                tx.execute(
                    "INSERT INTO company (id, body) VALUES (1, ?1)
                     ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                    params![to_json(row)?],
                )?;
            }
            FeedRow::ReadyAnswer(row) => put_row(tx, "ready_answers", row.id, row)?,
            FeedRow::ReadyAnswerGone { id } => {
                let delete = "DELETE FROM ready_answers WHERE id = ?1";
                tx.execute(delete, params![id.stored()])?;
            }
        }
    }
    for chat_id in applied.before.keys() {
        count_unread(tx, *chat_id)?;
    }
    if applied.dropped_entries {
        note_remains(tx)?;
    }
    Ok(applied)
}

/// Puts a row into one of the tables that hold nothing but an id and a body.
fn put_row(
    tx: &Transaction<'_>,
    table: &str,
    id: impl crate::storage::Stored,
    row: &impl serde::Serialize,
) -> Sql<()> {
    let sql = format!(
        "INSERT INTO {table} (id, body) VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET body = excluded.body"
    );
    tx.execute(&sql, params![id.stored(), to_json(row)?])?;
    Ok(())
}

/// What was dropped may have left copies where SQLite had moved it.
fn note_remains(tx: &Transaction<'_>) -> Sql<()> {
    tx.execute(
        "INSERT INTO remains (id) VALUES (1) ON CONFLICT DO NOTHING",
        (),
    )?;
    Ok(())
}

fn remember(tx: &Transaction<'_>, applied: &mut Applied, chat_id: ChatId) -> Sql<()> {
    if let Entry::Vacant(before) = applied.before.entry(chat_id) {
        before.insert(chat(tx.reader(), chat_id)?.map(|held| held.row));
    }
    Ok(())
}

/// Of each chat whose sight begins with these rows, the places that come with them.
fn places_of_fresh_chats(rows: &[FeedRow]) -> BTreeMap<ChatId, BTreeSet<i64>> {
    let mut places = BTreeMap::new();
    for row in rows {
        if let FeedRow::Chat(ChatRow {
            id, fresh: true, ..
        }) = row
        {
            places.insert(*id, BTreeSet::new());
        }
    }
    if places.is_empty() {
        return places;
    }
    for row in rows {
        if let FeedRow::Entry(entry) = row
            && let Some(places) = places.get_mut(&entry.chat_id)
        {
            places.insert(entry.place.0);
        }
    }
    places
}

fn drop_entries_but(tx: &Transaction<'_>, chat_id: ChatId, kept: &BTreeSet<i64>) -> Sql<()> {
    let held: Vec<i64> = tx.reader().all(
        "SELECT place FROM entries WHERE chat_id = ?1",
        params![chat_id.stored()],
        |row| row.get(0),
    )?;
    for place in held.into_iter().filter(|place| !kept.contains(place)) {
        index::forget_entries(tx, chat_id, Some(place))?;
        tx.execute(
            "DELETE FROM entries WHERE chat_id = ?1 AND place = ?2",
            params![chat_id.stored(), place],
        )?;
    }
    Ok(())
}

fn put_chat(tx: &Transaction<'_>, chat: &ChatRow) -> Sql<()> {
    let body = to_json(&ChatRow {
        fresh: false,
        ..chat.clone()
    })?;
    let doc = index::doc_of_chat(tx, chat)?;
    tx.execute(
        "INSERT INTO chats (id, body, is_listed, doc) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET
             body = excluded.body, is_listed = excluded.is_listed, doc = excluded.doc",
        params![chat.id.stored(), body, chat.status != Status::Closed, doc],
    )?;
    Ok(())
}

fn put_entry(tx: &Transaction<'_>, entry: &EntryRow) -> Sql<()> {
    let mentions = match &entry.body {
        EntryBody::Comment { mentions, .. } if !mentions.is_empty() => Some(to_json(mentions)?),
        EntryBody::Comment { .. }
        | EntryBody::Inbound { .. }
        | EntryBody::InboundPlaceholder { .. }
        | EntryBody::Outbound { .. }
        | EntryBody::Notice { .. } => None,
    };
    let doc = index::doc_of_entry(tx, entry)?;
    tx.execute(
        "INSERT INTO entries (chat_id, place, is_inbound, mentions, command_id, body, doc)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (chat_id, place) DO UPDATE SET
             mentions = excluded.mentions,
             is_inbound = excluded.is_inbound,
             command_id = excluded.command_id,
             body = excluded.body,
             doc = excluded.doc",
        params![
            entry.chat_id.stored(),
            entry.place.0,
            entry.body.kind() == EntryKind::Inbound,
            mentions,
            entry.command_id.map(crate::storage::Stored::stored),
            to_json(entry)?,
            doc,
        ],
    )?;
    Ok(())
}

/// Keeps the history of a chat that left the lists since it was closed.
fn keep_closed(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    if let Some(held) = chat(tx.reader(), chat_id)? {
        put_chat(
            tx,
            &ChatRow {
                status: Status::Closed,
                former_owner_id: None,
                observer_ids: Vec::new(),
                ..held.row
            },
        )?;
    }
    Ok(())
}

/// Closed chats in which nothing has happened since then.
pub(crate) fn closed_before(reader: Reader<'_>, since: Timestamp) -> Sql<Vec<ChatId>> {
    reader.all(
        "SELECT id FROM chats
         WHERE NOT is_listed AND active_at < ?1",
        params![since.0],
        |row| ChatId::at(row, 0),
    )
}

/// The closed chats that were active longest ago, the oldest first, and not these.
pub(crate) fn oldest_closed(
    reader: Reader<'_>,
    but: &BTreeSet<ChatId>,
    limit: usize,
) -> Sql<Vec<ChatId>> {
    let n = i64::try_from(limit.saturating_add(but.len())).unwrap_or(i64::MAX);
    let mut oldest: Vec<ChatId> = reader.all(
        "SELECT id FROM chats WHERE NOT is_listed ORDER BY active_at LIMIT ?1",
        params![n],
        |row| ChatId::at(row, 0),
    )?;
    oldest.retain(|chat_id| !but.contains(chat_id));
    oldest.truncate(limit);
    Ok(oldest)
}

/// How many bytes of the file are in use.
pub(crate) fn used_bytes(reader: Reader<'_>) -> Sql<i64> {
    reader.one(
        "SELECT (page_count - freelist_count) * page_size
         FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        (),
        |row| row.get(0),
    )
}

/// Erases closed chats with all that is held of them; one that has come back meanwhile stays.
pub(crate) fn erase_closed(tx: &Transaction<'_>, chats: &[ChatId]) -> Sql<()> {
    for chat_id in chats {
        if !is_listed(tx.reader(), *chat_id)? {
            erase_chat(tx, *chat_id)?;
        }
    }
    note_remains(tx)
}

fn erase_chat(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    index::forget_entries(tx, chat_id, None)?;
    index::forget_chat(tx, chat_id)?;
    for sql in [
        "DELETE FROM entries WHERE chat_id = ?1",
        "DELETE FROM chats WHERE id = ?1",
        "DELETE FROM marks WHERE chat_id = ?1",
    ] {
        tx.execute(sql, params![chat_id.stored()])?;
    }
    Ok(())
}

/// Moves the read mark on, never back.
pub(crate) fn grow_mark(tx: &Transaction<'_>, chat_id: ChatId, place: Place) -> Sql<()> {
    tx.execute(
        "INSERT INTO marks (chat_id, read_place) VALUES (?1, ?2)
         ON CONFLICT (chat_id) DO UPDATE SET read_place = excluded.read_place
         WHERE excluded.read_place > read_place",
        params![chat_id.stored(), place.0],
    )?;
    Ok(())
}

/// Counts a chat's unread messages anew, after its entries or its mark have changed.
pub(crate) fn count_unread(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    tx.execute(
        "UPDATE chats SET n_unread = (
             SELECT count(*) FROM entries
             WHERE entries.chat_id = chats.id AND is_inbound AND place > coalesce(
                 (SELECT read_place FROM marks WHERE marks.chat_id = chats.id), 0)
         ) WHERE id = ?1",
        params![chat_id.stored()],
    )?;
    Ok(())
}

pub(crate) fn set_cursor(tx: &Transaction<'_>, cursor: &Cursor) -> Sql<()> {
    tx.execute(
        "INSERT INTO feed (id, epoch, seq, version) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET
             epoch = excluded.epoch, seq = excluded.seq, version = excluded.version",
        params![cursor.epoch, cursor.seq.0, VERSION],
    )?;
    Ok(())
}

/// Fills gaps with history that was asked for. What is held already came by the feed and may be
/// newer, so it stays. Nothing is stored of a chat that has left the cache meanwhile.
pub(crate) fn fill_gaps(tx: &Transaction<'_>, chat_id: ChatId, entries: &[EntryRow]) -> Sql<()> {
    if chat(tx.reader(), chat_id)?.is_none() {
        return Ok(());
    }
    for entry in entries.iter().filter(|entry| entry.chat_id == chat_id) {
        let is_held = tx.reader().one(
            "SELECT EXISTS (SELECT 1 FROM entries WHERE chat_id = ?1 AND place = ?2)",
            params![chat_id.stored(), entry.place.0],
            |row| row.get::<_, bool>(0),
        )?;
        if !is_held {
            put_entry(tx, entry)?;
        }
    }
    count_unread(tx, chat_id)
}

// Elsewhere a file that is open cannot be moved away.
#[cfg(all(test, unix))]
mod tests {
    use pult_sqlite::SqlError;
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn what_could_not_be_made_anew_is_made_so_by_whoever_comes_next_but_not_after_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        let damaged = || {
            let error = ffi::Error::new(ffi::SQLITE_CORRUPT);
            cache.write(|_| Err::<(), _>(SqlError::SqliteFailure(error, None)))
        };
        // What stands in its place cannot be deleted.
        std::fs::rename(&cache.path, dir.path().join("aside")).unwrap();
        std::fs::create_dir(&cache.path).unwrap();
        assert!(matches!(damaged(), Err(StorageError::Open(_))));
        std::fs::remove_dir(&cache.path).unwrap();
        assert_eq!(cache.read(cursor).unwrap(), None);
        assert_eq!(*cache.rebuilds().borrow(), 1);
        cache.erase().unwrap();
        assert!(matches!(damaged(), Err(StorageError::Closed)));
        assert!(matches!(cache.read(cursor), Err(StorageError::Closed)));
        assert!(!cache.path.exists());
    }
}

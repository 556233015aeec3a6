//! `outbox.sqlite`: what the operator wrote and the backend has not answered.
//!
//! A command goes `pending -> handed_over -> done | held`. The commands of one chat go strictly in
//! order, and one that was refused stops those behind it until its author has looked. The text of
//! a refused reply is put back into the chat's draft, before what was begun since.
//!
//! A chat can leave the operator's sight while text of theirs is unsent. What is left then is a
//! *shell*: the draft, and the client's name beside it.

use std::collections::BTreeSet;
use std::path::Path;

use pult_domain::{ChatId, CommandId, DeviceId, OperatorId, Place, Timestamp};
use pult_protocol::{Command, CommandEnvelope, DraftOrigin, Problem};
use pult_sqlite::{
    Durability, Load, Migration, Reader, Row, Settings, SqlError, Transaction, params,
};

use crate::clock;
use crate::drafts as standings;
use crate::storage::{Database, Sql, Stored as _, from_json, from_json_or_null, to_json};
use crate::view::{ComposerMode, DraftRevision, HistoryKept};

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "outbox_0001_init",
        sql: include_str!("../migrations/outbox_0001_init.sql"),
    },
    Migration {
        name: "outbox_0002_drafts",
        sql: include_str!("../migrations/outbox_0002_drafts.sql"),
    },
    Migration {
        name: "outbox_0003_notifications",
        sql: include_str!("../migrations/outbox_0003_notifications.sql"),
    },
    Migration {
        name: "outbox_0004_keeping",
        sql: include_str!("../migrations/outbox_0004_keeping.sql"),
    },
];

/// Opens the file.
pub(crate) fn open(dir: &Path) -> Result<Database, pult_sqlite::Error> {
    pult_sqlite::open(&Settings {
        path: &dir.join("outbox.sqlite"),
        application_id: 0x504f_5554,
        migrations: MIGRATIONS,
        durability: Durability::Full,
        erase_deleted: true,
        n_readers: 2,
        load: Load::Light,
    })
    .map(Database::new)
}

/// How many read marks may wait for chats that are out of sight.
const MAX_PARKED_MARKS: i64 = 500;

/// A read mark that the backend has not taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) chat_id: ChatId,
    pub(crate) place: Place,
    /// Whether it waits for its chat to come back into sight.
    pub(crate) is_parked: bool,
}

/// A command in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) position: i64,
    pub(crate) id: CommandId,
    pub(crate) command: Command,
    pub(crate) made_at: Timestamp,
    pub(crate) state: State,
    /// Until when it waits so that it can be taken back, by the local clock.
    pub(crate) not_before: Timestamp,
    /// Of a held one.
    pub(crate) problem: Option<Problem>,
    /// Of a reply or comment: the version of the draft that went into it.
    draft_version: i64,
}

impl Waiting {
    pub(crate) const fn chat_id(&self) -> ChatId {
        self.command.chat_id()
    }

    /// What its author wrote, if it is a reply or a comment.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Command::Reply { text, .. } | Command::Comment { text, .. } = &self.command {
            Some(text)
        } else {
            None
        }
    }

    /// Which composer it came from, if it came from one.
    pub(crate) const fn mode(&self) -> Option<ComposerMode> {
        mode_of(&self.command)
    }

    /// The draft that ends with it, if it came from a composer.
    fn draft(&self, device_id: DeviceId) -> Option<DraftOrigin> {
        self.mode().map(|_| DraftOrigin {
            device_id,
            version: self.draft_version,
        })
    }

    /// Whom its author mentioned.
    pub(crate) fn mentions(&self) -> &[OperatorId] {
        if let Command::Comment { mentions, .. } = &self.command {
            mentions
        } else {
            &[]
        }
    }
}

/// In which composer a command is written, if in one.
const fn mode_of(command: &Command) -> Option<ComposerMode> {
    if matches!(command, Command::Reply { .. }) {
        Some(ComposerMode::Reply)
    } else if matches!(command, Command::Comment { .. }) {
        Some(ComposerMode::Comment)
    } else {
        None
    }
}

/// How far a command got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The backend has never been given it.
    Pending,
    /// The backend has been given it, and may or may not have it.
    HandedOver,
    /// A reply that was carried out; its entry is still to arrive.
    Done,
    /// Refused; waits for a look.
    Held,
}

impl State {
    const ALL: [Self; 4] = [Self::Pending, Self::HandedOver, Self::Done, Self::Held];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::HandedOver => "handed_over",
            Self::Done => "done",
            Self::Held => "held",
        }
    }

    /// Whether the backend's answer is still awaited.
    pub(crate) const fn is_unanswered(self) -> bool {
        matches!(self, Self::Pending | Self::HandedOver)
    }
}

/// What its author has begun to write in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) chat_id: ChatId,
    pub(crate) client_name: Option<String>,
    pub(crate) reply: Written,
    pub(crate) comment: Written,
    /// Whom the comment mentions.
    pub(crate) mentions: Vec<OperatorId>,
    pub(crate) mode: ComposerMode,
    /// Which text was put back last.
    pub(crate) revision: DraftRevision,
    /// Of a shell: why the text was not sent.
    pub(crate) problem: Option<Problem>,
}

/// A text that was begun.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Refused text that was put back and not shown yet.
    pub(crate) returned: String,
    pub(crate) text: String,
}

impl Written {
    /// All of it.
    pub(crate) fn whole(&self) -> String {
        joined(&self.returned, &self.text)
    }
}

impl Draft {
    fn empty(chat_id: ChatId) -> Self {
        Self {
            chat_id,
            client_name: None,
            reply: Written::default(),
            comment: Written::default(),
            mentions: Vec::new(),
            mode: ComposerMode::default(),
            revision: DraftRevision(0),
            problem: None,
        }
    }

    pub(crate) const fn of(&self, mode: ComposerMode) -> &Written {
        match mode {
            ComposerMode::Reply => &self.reply,
            ComposerMode::Comment => &self.comment,
        }
    }

    const fn of_mut(&mut self, mode: ComposerMode) -> &mut Written {
        match mode {
            ComposerMode::Reply => &mut self.reply,
            ComposerMode::Comment => &mut self.comment,
        }
    }

    /// The same draft with the text that a page holds, which knows it up to a revision. Text that
    /// was put back later stays: the page cannot have meant to change what it did not have.
    pub(crate) fn written(mut self, mode: ComposerMode, text: String, seen: DraftRevision) -> Self {
        let is_seen = self.revision == seen;
        let written = self.of_mut(mode);
        written.text = text;
        if is_seen {
            written.returned.clear();
        }
        self
    }

    /// The same draft without anything written in one mode.
    pub(crate) fn cleared(mut self, mode: ComposerMode) -> Self {
        *self.of_mut(mode) = Written::default();
        if mode == ComposerMode::Comment {
            self.mentions.clear();
        }
        self
    }

    /// Puts a text in the place of what stands in a mode. A page that has not been shown it cannot
    /// mean to change it.
    pub(crate) fn hand_in(&mut self, mode: ComposerMode, text: String) {
        *self.of_mut(mode) = Written {
            returned: text,
            text: String::new(),
        };
        self.is_handed_in();
    }

    /// Text has come that a page has not been shown yet.
    fn is_handed_in(&mut self) {
        // By the clock: a number is not given out again when the row was gone in between.
        self.revision = DraftRevision(clock::now().0.max(self.revision.0 + 1));
    }

    /// Turns the composer to a mode if nothing stands in the other.
    pub(crate) fn turn_to(&mut self, mode: ComposerMode) {
        let other = match mode {
            ComposerMode::Reply => &self.comment,
            ComposerMode::Comment => &self.reply,
        };
        if other.whole().trim().is_empty() {
            self.mode = mode;
        }
    }

    /// What was to be noted, with a transfer or of a client, becomes a comment that was begun. False if
    /// nothing was.
    fn take_note(&mut self, command: &Command) -> bool {
        let note = if let Command::Transfer { note, .. } = command {
            note.as_deref().unwrap_or_default()
        } else if let Command::NoteClient { note, .. } = command {
            note.as_str()
        } else {
            ""
        };
        if note.trim().is_empty() {
            return false;
        }
        self.comment.returned = joined(&self.comment.returned, note);
        true
    }

    fn is_blank(&self) -> bool {
        self.reply.whole().trim().is_empty() && self.comment.whole().trim().is_empty()
    }
}

/// One text before another, neither lost.
pub(crate) fn joined(first: &str, second: &str) -> String {
    match (first.trim().is_empty(), second.trim().is_empty()) {
        (_, true) if !first.is_empty() => first.to_owned(),
        (true, _) => second.to_owned(),
        _ => format!("{first}\n{second}"),
    }
}

// --- reading

const COLUMNS: &str =
    "SELECT position, id, body, made_at, state, problem, not_before, draft_version FROM commands";

/// Every command, in order.
pub(crate) fn commands(reader: Reader<'_>) -> Sql<Vec<Waiting>> {
    reader.all(&format!("{COLUMNS} ORDER BY position"), (), waiting)
}

/// A chat's commands, in order.
pub(crate) fn commands_of(reader: Reader<'_>, chat_id: ChatId) -> Sql<Vec<Waiting>> {
    reader.all(
        &format!("{COLUMNS} WHERE chat_id = ?1 ORDER BY position"),
        params![chat_id.stored()],
        waiting,
    )
}

pub(crate) fn command(reader: Reader<'_>, id: CommandId) -> Sql<Option<Waiting>> {
    reader.optional(
        &format!("{COLUMNS} WHERE id = ?1"),
        params![id.stored()],
        waiting,
    )
}

/// The commands whose turn it is: of each chat the first, unless it is held.
pub(crate) fn due(reader: Reader<'_>, now: Timestamp) -> Sql<Vec<Waiting>> {
    reader.all(
        &format!(
            "{COLUMNS} AS mine
             WHERE state IN ('pending', 'handed_over') AND not_before <= ?1 AND NOT EXISTS (
                 SELECT 1 FROM commands AS earlier
                 WHERE earlier.chat_id = mine.chat_id AND earlier.position < mine.position
                     AND earlier.state <> 'done')
             ORDER BY position"
        ),
        params![now.0],
        waiting,
    )
}

fn waiting(row: &Row<'_>) -> Sql<Waiting> {
    let state = row.get_ref(4)?.as_str()?;
    Ok(Waiting {
        position: row.get(0)?,
        id: CommandId::at(row, 1)?,
        command: from_json(row, 2)?,
        made_at: Timestamp(row.get(3)?),
        state: State::ALL
            .into_iter()
            .find(|known| known.as_str() == state)
            .ok_or(SqlError::InvalidQuery)?,
        problem: from_json_or_null(row, 5)?,
        not_before: Timestamp(row.get(6)?),
        draft_version: row.get(7)?,
    })
}

/// The reply or comment of the chat that was refused and waits for a look, if one does.
pub(crate) fn held_text(
    reader: Reader<'_>,
    chat_id: ChatId,
    mode: ComposerMode,
) -> Sql<Option<Waiting>> {
    let commands = commands_of(reader, chat_id)?.into_iter();
    let mut held = commands.filter(|waiting| waiting.state == State::Held);
    Ok(held.find(|waiting| waiting.mode() == Some(mode)))
}

const DRAFT: &str =
    "chat_id, client_name, returned, text, comment_returned, comment, mentions, mode,
    revision, problem";

/// Every chat's draft.
pub(crate) fn drafts(reader: Reader<'_>) -> Sql<Vec<Draft>> {
    reader.all(
        &format!("SELECT {DRAFT} FROM drafts ORDER BY chat_id"),
        (),
        read_draft,
    )
}

/// A chat's draft; an empty one if there is none.
pub(crate) fn draft(reader: Reader<'_>, chat_id: ChatId) -> Sql<Draft> {
    let draft = reader.optional(
        &format!("SELECT {DRAFT} FROM drafts WHERE chat_id = ?1"),
        params![chat_id.stored()],
        read_draft,
    )?;
    Ok(draft.unwrap_or_else(|| Draft::empty(chat_id)))
}

fn read_draft(row: &Row<'_>) -> Sql<Draft> {
    Ok(Draft {
        chat_id: ChatId::at(row, 0)?,
        client_name: row.get(1)?,
        reply: Written {
            returned: row.get(2)?,
            text: row.get(3)?,
        },
        comment: Written {
            returned: row.get(4)?,
            text: row.get(5)?,
        },
        mentions: from_json(row, 6)?,
        mode: ComposerMode::parse(row.get_ref(7)?.as_str()?).unwrap_or_default(),
        revision: DraftRevision(row.get(8)?),
        problem: from_json_or_null(row, 9)?,
    })
}

/// The read marks that the backend has not taken yet.
pub(crate) fn marks(reader: Reader<'_>) -> Sql<Vec<Mark>> {
    let sql = "SELECT chat_id, place, is_parked FROM marks";
    reader.all(sql, (), |row| {
        Ok(Mark {
            chat_id: ChatId::at(row, 0)?,
            place: Place(row.get(1)?),
            is_parked: row.get(2)?,
        })
    })
}

/// Whether there is text that no client and no backend has.
pub(crate) fn has_unsent_text(reader: Reader<'_>) -> Sql<bool> {
    let has_draft = drafts(reader)?.iter().any(|draft| !draft.is_blank());
    Ok(has_draft
        || commands(reader)?
            .iter()
            .any(|waiting| waiting.state.is_unanswered() && waiting.text().is_some()))
}

// --- writing

/// Lets a command wait until `not_before`, so that it can be taken back.
pub(crate) fn delay(tx: &Transaction<'_>, id: CommandId, not_before: Timestamp) -> Sql<()> {
    tx.execute(
        "UPDATE commands SET not_before = ?2 WHERE id = ?1",
        params![id.stored(), not_before.0],
    )?;
    Ok(())
}

/// The moment until which a command waits has come, wherever the local clock has been put since. It
/// can be taken back for as long as it is not sent.
pub(crate) fn come_due(tx: &Transaction<'_>, id: CommandId) -> Sql<()> {
    tx.execute(
        "UPDATE commands SET not_before = 1 WHERE id = ?1 AND not_before <> 0",
        params![id.stored()],
    )?;
    Ok(())
}

/// What waits so that it can be taken back waits no longer: in a chat whose author has gone on to
/// something else, or in all of them.
pub(crate) fn release(tx: &Transaction<'_>, chat_id: Option<ChatId>) -> Sql<()> {
    tx.execute(
        "UPDATE commands SET not_before = 0
         WHERE not_before <> 0 AND (?1 IS NULL OR chat_id = ?1)",
        params![chat_id.map(|chat_id| chat_id.stored())],
    )?;
    Ok(())
}

/// What waits in a chat so that it can be taken back goes behind all others.
pub(crate) fn put_delayed_last(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    tx.execute(
        "UPDATE commands SET position = (SELECT max(position) + 1 FROM commands)
         WHERE chat_id = ?1 AND state = 'pending' AND not_before <> 0",
        params![chat_id.stored()],
    )?;
    Ok(())
}

/// Adds a command behind all others.
pub(crate) fn add(
    tx: &Transaction<'_>,
    id: CommandId,
    command: &Command,
    made_at: Timestamp,
) -> Sql<()> {
    let position: i64 = tx.reader().one(
        "SELECT coalesce(max(position), 0) + 1 FROM commands",
        (),
        |row| row.get(0),
    )?;
    put(tx, position, id, command, made_at)
}

/// Puts a new command at the place of one that was held, so that those behind stay behind.
pub(crate) fn replace(
    tx: &Transaction<'_>,
    held: &Waiting,
    id: CommandId,
    command: &Command,
    made_at: Timestamp,
) -> Sql<()> {
    remove(tx, held.id)?;
    put(tx, held.position, id, command, made_at)
}

fn put(
    tx: &Transaction<'_>,
    position: i64,
    id: CommandId,
    command: &Command,
    made_at: Timestamp,
) -> Sql<()> {
    let draft_version = match mode_of(command) {
        Some(mode) => {
            standings::standing(tx.reader(), (command.chat_id(), mode))?
                .known
                .version
        }
        None => 0,
    };
    tx.execute(
        "INSERT INTO commands (position, id, chat_id, body, made_at, state, draft_version)
         VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6)",
        params![
            position,
            id.stored(),
            command.chat_id().stored(),
            to_json(command)?,
            made_at.0,
            draft_version,
        ],
    )?;
    Ok(())
}

pub(crate) fn remove(tx: &Transaction<'_>, id: CommandId) -> Sql<()> {
    tx.execute("DELETE FROM commands WHERE id = ?1", params![id.stored()])?;
    Ok(())
}

/// Ends a command that is over without having been carried out.
pub(crate) fn give_up(tx: &Transaction<'_>, waiting: &Waiting) -> Sql<()> {
    remove(tx, waiting.id)?;
    let mut draft = draft(tx.reader(), waiting.chat_id())?;
    if draft.take_note(&waiting.command) {
        draft.is_handed_in();
        draft.turn_to(ComposerMode::Comment);
        return put_draft(tx, &draft);
    }
    tidy(tx)
}

/// Marks those whose turn it is, save in `busy` chats, as handed over, and tells what to send.
/// From here on they count as possibly known to the backend, also after a crash.
pub(crate) fn hand_over(
    tx: &Transaction<'_>,
    device_id: DeviceId,
    busy: &BTreeSet<ChatId>,
    now: Timestamp,
) -> Sql<Vec<CommandEnvelope>> {
    let mut envelopes = Vec::new();
    for due in due(tx.reader(), now)? {
        if busy.contains(&due.chat_id()) {
            continue;
        }
        tx.execute(
            "UPDATE commands SET state = 'handed_over' WHERE position = ?1",
            params![due.position],
        )?;
        envelopes.push(CommandEnvelope {
            id: due.id,
            draft: due.draft(device_id),
            command: due.command,
        });
    }
    Ok(envelopes)
}

/// The backend has carried the command out. A reply stays as an echo until its entry arrives.
pub(crate) fn done(tx: &Transaction<'_>, id: CommandId, echo_at: Option<Place>) -> Sql<()> {
    match echo_at {
        Some(place) => {
            tx.execute(
                "UPDATE commands SET state = 'done', done_place = ?2 WHERE id = ?1",
                params![id.stored(), place.0],
            )?;
            Ok(())
        }
        None => remove(tx, id),
    }
}

/// The backend has refused the command. In a chat that is in sight it is held; of one that is not,
/// all text becomes the shell's. Tells what else is given up.
pub(crate) fn refused(
    tx: &Transaction<'_>,
    waiting: &Waiting,
    problem: &Problem,
    is_in_sight: bool,
) -> Sql<Vec<GivenUp>> {
    tx.execute(
        "UPDATE commands SET state = 'held', problem = ?2 WHERE id = ?1",
        params![waiting.id.stored(), to_json(problem)?],
    )?;
    put_back(tx, waiting)?;
    // Of a chat that is known from the archive alone a reopening may be refused.
    if !is_in_sight && !matches!(waiting.command, Command::Reopen { .. }) {
        return settle_shell(tx, waiting.chat_id());
    }
    Ok(Vec::new())
}

/// Puts the text of a refused or withdrawn command back, before what was begun since.
pub(crate) fn put_back(tx: &Transaction<'_>, waiting: &Waiting) -> Sql<()> {
    let (Some(mode), Some(text)) = (waiting.mode(), waiting.text()) else {
        return Ok(());
    };
    let mut draft = draft(tx.reader(), waiting.chat_id())?;
    let written = draft.of_mut(mode);
    written.returned = joined(&written.returned, text);
    for mentioned in waiting.mentions() {
        if !draft.mentions.contains(mentioned) {
            draft.mentions.push(*mentioned);
        }
    }
    draft.is_handed_in();
    // Where a comment was begun nobody must find themselves writing to the client.
    if mode == ComposerMode::Comment || draft.comment.whole().trim().is_empty() {
        draft.mode = mode;
    }
    put_draft(tx, &draft)
}

/// Writes the draft down; an empty one is kept only for the name, while commands wait.
pub(crate) fn put_draft(tx: &Transaction<'_>, draft: &Draft) -> Sql<()> {
    tx.execute(
        "INSERT INTO drafts (chat_id, client_name, returned, text, comment_returned, comment,
                             mentions, mode, revision, problem)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (chat_id) DO UPDATE SET
             client_name = excluded.client_name,
             returned = excluded.returned,
             text = excluded.text,
             comment_returned = excluded.comment_returned,
             comment = excluded.comment,
             mentions = excluded.mentions,
             mode = excluded.mode,
             revision = excluded.revision,
             problem = excluded.problem",
        params![
            draft.chat_id.stored(),
            draft.client_name,
            draft.reply.returned,
            draft.reply.text,
            draft.comment.returned,
            draft.comment.text,
            to_json(&draft.mentions)?,
            draft.mode.as_str(),
            draft.revision.0,
            draft.problem.as_ref().map(to_json).transpose()?,
        ],
    )?;
    tidy(tx)
}

/// A command that the backend was never given, since one before it was refused, and why that was.
pub(crate) type GivenUp = (CommandId, Problem);

/// After a chat has left the operator's sight: once something of it was refused, everything of it
/// that the backend was never given becomes the shell's text, beside the reason. What the backend
/// may have is left for its answer; what was only waiting for an entry to show is over. What has no
/// text is given up: it was meant to come after what was refused, and there is no conversation in
/// which its author could look and decide anew.
pub(crate) fn settle_shell(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<Vec<GivenUp>> {
    tx.execute(
        "DELETE FROM commands WHERE chat_id = ?1 AND state = 'done'",
        params![chat_id.stored()],
    )?;
    let commands = commands_of(tx.reader(), chat_id)?;
    let kept = draft(tx.reader(), chat_id)?;
    if kept.is_blank() {
        // Nothing of the chat is left but how its composer stood.
        put_draft(tx, &kept.cleared(ComposerMode::Comment))?;
        tx.execute(
            "UPDATE drafts SET mode = 'reply' WHERE chat_id = ?1",
            params![chat_id.stored()],
        )?;
        tidy(tx)?;
    }
    let Some(problem) = commands.iter().find_map(|waiting| waiting.problem.clone()) else {
        return Ok(Vec::new());
    };
    let mut given_up = Vec::new();
    let mut draft = draft(tx.reader(), chat_id)?;
    for waiting in &commands {
        match waiting.state {
            State::Pending => {
                if let (Some(mode), Some(text)) = (waiting.mode(), waiting.text()) {
                    let written = draft.of_mut(mode);
                    written.returned = joined(&written.returned, text);
                    draft.mentions.extend_from_slice(waiting.mentions());
                }
                draft.take_note(&waiting.command);
                remove(tx, waiting.id)?;
                given_up.push((waiting.id, problem.clone()));
            }
            // A held reply's text is in the draft already.
            State::Held => {
                draft.take_note(&waiting.command);
                remove(tx, waiting.id)?;
            }
            State::HandedOver | State::Done => {}
        }
    }
    draft.problem = Some(problem);
    put_draft(tx, &draft)?;
    Ok(given_up)
}

/// Throws away what of a chat the backend was never given or has refused.
pub(crate) fn discard(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    tx.execute(
        "DELETE FROM commands WHERE chat_id = ?1 AND state IN ('pending', 'held')",
        params![chat_id.stored()],
    )?;
    put_draft(tx, &Draft::empty(chat_id))
}

/// A chat has come into sight: its text is an ordinary draft.
pub(crate) fn forget_problem(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    tx.execute(
        "UPDATE drafts SET problem = NULL WHERE chat_id = ?1 AND problem IS NOT NULL",
        params![chat_id.stored()],
    )?;
    Ok(())
}

/// Ends the echoes of a chat whose entries up to `place` are behind the stretch that is held.
pub(crate) fn end_echoes(tx: &Transaction<'_>, chat_id: ChatId, place: Place) -> Sql<()> {
    tx.execute(
        "DELETE FROM commands WHERE chat_id = ?1 AND state = 'done' AND done_place <= ?2",
        params![chat_id.stored(), place.0],
    )?;
    Ok(())
}

/// Drops drafts that hold nothing and that no command needs any more.
pub(crate) fn tidy(tx: &Transaction<'_>) -> Sql<()> {
    tx.execute(
        "DELETE FROM drafts
         WHERE returned = '' AND text = '' AND comment_returned = '' AND comment = ''
             AND mode = 'reply' AND NOT EXISTS
             (SELECT 1 FROM commands WHERE commands.chat_id = drafts.chat_id)",
        (),
    )?;
    Ok(())
}

/// The backend is to be told that the chat was read up to `place`; marks only grow.
pub(crate) fn add_mark(tx: &Transaction<'_>, chat_id: ChatId, place: Place) -> Sql<()> {
    tx.execute(
        "INSERT INTO marks (chat_id, place) VALUES (?1, ?2)
         ON CONFLICT (chat_id) DO UPDATE SET place = excluded.place
         WHERE excluded.place > place",
        params![chat_id.stored(), place.0],
    )?;
    Ok(())
}

/// The chat was out of sight when the backend was told: the mark waits for the chat to come back.
/// Those that have waited longest give way, since few chats ever do.
pub(crate) fn park_mark(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    tx.execute(
        "UPDATE marks SET is_parked = 1 WHERE chat_id = ?1",
        params![chat_id.stored()],
    )?;
    tx.execute(
        "DELETE FROM marks WHERE is_parked AND rowid <=
             (SELECT rowid FROM marks WHERE is_parked ORDER BY rowid DESC LIMIT 1 OFFSET ?1)",
        params![MAX_PARKED_MARKS],
    )?;
    Ok(())
}

/// The chat has come back: the backend is to be told of its mark.
pub(crate) fn unpark_mark(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    tx.execute(
        "UPDATE marks SET is_parked = 0 WHERE chat_id = ?1",
        params![chat_id.stored()],
    )?;
    Ok(())
}

/// The backend has taken a read mark, or never will.
pub(crate) fn end_mark(tx: &Transaction<'_>, chat_id: ChatId, place: Place) -> Sql<()> {
    tx.execute(
        "DELETE FROM marks WHERE chat_id = ?1 AND place <= ?2",
        params![chat_id.stored(), place.0],
    )?;
    Ok(())
}

/// For how long closed chats are kept.
pub(crate) fn history_kept(reader: Reader<'_>) -> Sql<HistoryKept> {
    reader.one("SELECT closed_days, max_mb FROM keeping", (), |row| {
        Ok(HistoryKept {
            closed_days: row.get(0)?,
            max_mb: row.get(1)?,
        })
    })
}

pub(crate) fn keep_history(tx: &Transaction<'_>, kept: HistoryKept) -> Sql<()> {
    tx.execute(
        "UPDATE keeping SET closed_days = ?1, max_mb = ?2",
        params![kept.closed_days, kept.max_mb],
    )?;
    Ok(())
}

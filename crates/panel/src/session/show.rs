//! What is shown, read from the files alone.
//!
//! The outbox is read before the cache: a reply whose entry arrives in between is then still an
//! echo, and left out since the cache has its entry, rather than missing from both.

use std::collections::BTreeMap;

use pult_domain::{ChatId, OperatorId, Place, Status};
use pult_protocol::{ChatRow, Command, OperatorRow};
use pult_sqlite::Reader;

use super::Session;
use crate::cache::{self, HeldChat};
use crate::drafts;
use crate::outbox::{self, Draft, State, Waiting};
use crate::storage::{Sql, StorageError};
use crate::view::{
    ChatSummary, CommentDraft, ComposerMode, DraftElsewhere, DraftRevision, Echo, Held, HeldAction,
    Overview, Pending, SessionView, Shell, Timeline,
};

/// Entries that are not held and would be shown next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    /// It ends before this place.
    pub(crate) before: Place,
    /// How many of them to ask for.
    pub(crate) limit: u32,
}

impl Session {
    /// Everything but histories.
    pub(crate) fn overview(&self, token_in_key_store: bool) -> Result<Overview, StorageError> {
        let (commands, drafts) = self
            .outbox
            .read(|reader| Ok((outbox::commands(reader)?, outbox::drafts(reader)?)))?;
        let me = self.account.operator.id;
        let (chats, operators, channels, integrations, company, mentions) =
            self.cache.read(|reader| {
                Ok((
                    cache::listed_chats(reader)?,
                    cache::operators(reader)?,
                    cache::channels(reader)?,
                    cache::integrations(reader)?,
                    cache::company(reader)?,
                    cache::mentions(reader, me)?,
                ))
            })?;
        let mut mine = of_chats(commands, drafts);
        let mut lists = Lists::default();
        for held in chats {
            let outgoing = mine.remove(&held.row.id).unwrap_or_default();
            let n_mentions = mentions.get(&held.row.id).copied().unwrap_or_default();
            lists.add(me, summary(held, n_mentions, &outgoing));
        }
        lists.sort();
        Ok(Overview {
            session: Some(SessionView {
                address: self.account.address.to_string(),
                operator: self.me(&operators),
                token_in_key_store,
            }),
            connection: self.connection(),
            operators,
            presence: self.presence(),
            channels,
            integrations,
            company,
            in_work: lists.in_work,
            observed: lists.observed,
            queued: lists.queued,
            // What is left belongs to chats that are in no list.
            shells: mine
                .into_iter()
                .filter_map(|(chat_id, outgoing)| shell(chat_id, &outgoing))
                .collect(),
            late: self.late(),
            clock_offset_ms: self.clock_offset_ms(),
        })
    }

    pub(super) fn me(&self, operators: &[OperatorRow]) -> OperatorRow {
        let me = &self.account.operator;
        operators
            .iter()
            .find(|operator| operator.id == me.id)
            .unwrap_or(me)
            .clone()
    }

    /// A stretch of a chat's history as far as it is held, and what is missing for the rest.
    pub(crate) fn timeline(
        &self,
        chat_id: ChatId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<(Timeline, Option<Gap>), StorageError> {
        let (commands, draft, elsewhere) = self.outbox.read(|reader| {
            Ok((
                outbox::commands_of(reader, chat_id)?,
                outbox::draft(reader, chat_id)?,
                elsewhere(reader, chat_id)?,
            ))
        })?;
        let outgoing = Outgoing {
            commands,
            draft: Some(draft),
        };
        let me = self.account.operator.id;
        let (held, entries, read_place, arrived, mentions) = self.cache.read(|reader| {
            let held = cache::chat(reader, chat_id)?;
            let end = end_of(held.as_ref(), before);
            let mut arrived = Vec::new();
            for waiting in &outgoing.commands {
                arrived.push(cache::holds_entry_of(reader, waiting.id)?);
            }
            Ok((
                held,
                cache::run_before(reader, chat_id, end, limit)?,
                cache::read_place(reader, chat_id)?,
                arrived,
                cache::mentions(reader, me)?,
            ))
        })?;
        let Some(held) = held else {
            return Ok((without_chat(chat_id, &outgoing), None));
        };
        let end = end_of(Some(&held), before);
        let stretch = stretch(entries, end, before.is_some(), limit);
        let echoes = outgoing
            .commands
            .iter()
            .zip(arrived)
            .filter(|(_, has_arrived)| !has_arrived)
            .filter_map(|(waiting, _)| echo(waiting))
            .collect();
        let timeline = Timeline {
            entries: stretch.entries,
            has_older: stretch.has_older,
            older_needs_connection: stretch.gap.is_some(),
            read_place,
            echoes,
            draft: outgoing.text_of(ComposerMode::Reply),
            comment: outgoing.comment(),
            mode: outgoing.mode(),
            draft_revision: outgoing.draft_revision(),
            elsewhere,
            held: outgoing.commands.iter().find_map(held_command),
            chat: Some(summary(
                held,
                mentions.get(&chat_id).copied().unwrap_or_default(),
                &outgoing,
            )),
            shell: None,
        };
        Ok((timeline, stretch.gap))
    }
}

/// What stands in the chat's composers on other devices.
fn elsewhere(reader: Reader<'_>, chat_id: ChatId) -> Sql<Vec<DraftElsewhere>> {
    let mut all = Vec::new();
    for mode in ComposerMode::ALL {
        let standing = drafts::standing(reader, (chat_id, mode))?;
        all.extend(standing.elsewhere.map(|known| DraftElsewhere {
            mode,
            text: known.words.text,
        }));
    }
    Ok(all)
}

/// The place before which a stretch ends.
fn end_of(held: Option<&HeldChat>, before: Option<Place>) -> Place {
    before.unwrap_or_else(|| {
        held.map_or(Place::default(), |held| held.row.last_place)
            .next()
    })
}

struct Stretch {
    entries: Vec<pult_protocol::EntryRow>,
    has_older: bool,
    gap: Option<Gap>,
}

/// Cuts what is held down to what can be shown. Entries asked for `before` a place must join what
/// the page has already; the newest ones may end early, when newer ones are still on their way.
fn stretch(
    mut entries: Vec<pult_protocol::EntryRow>,
    end: Place,
    must_join: bool,
    limit: u32,
) -> Stretch {
    let reaches_end = entries
        .last()
        .is_some_and(|newest| newest.place.next() >= end);
    if !reaches_end {
        if must_join {
            entries.clear();
        }
        let is_anything_there = end > Place(1);
        return Stretch {
            has_older: entries
                .first()
                .map_or(is_anything_there, |first| first.place > Place(1)),
            entries,
            gap: is_anything_there.then_some(Gap { before: end, limit }),
        };
    }
    let first = entries.first().map_or(end, |first| first.place);
    let n_missing = limit.saturating_sub(u32::try_from(entries.len()).unwrap_or(u32::MAX));
    let has_older = first > Place(1);
    Stretch {
        entries,
        has_older,
        gap: (has_older && n_missing > 0).then_some(Gap {
            before: first,
            limit: n_missing,
        }),
    }
}

/// What of mine goes, or does not go, out in a chat.
#[derive(Debug, Default)]
struct Outgoing {
    commands: Vec<Waiting>,
    draft: Option<Draft>,
}

impl Outgoing {
    fn text_of(&self, mode: ComposerMode) -> String {
        let draft = self.draft.as_ref();
        draft
            .map(|draft| draft.of(mode).whole())
            .unwrap_or_default()
    }

    fn comment(&self) -> CommentDraft {
        let draft = self.draft.as_ref();
        CommentDraft {
            text: self.text_of(ComposerMode::Comment),
            mentions: draft
                .map(|draft| draft.mentions.clone())
                .unwrap_or_default(),
        }
    }

    fn mode(&self) -> ComposerMode {
        self.draft
            .as_ref()
            .map(|draft| draft.mode)
            .unwrap_or_default()
    }

    /// What waits so that it can be taken back.
    fn pending(&self) -> Option<Pending> {
        self.commands.iter().find_map(|waiting| {
            let is_delayed = waiting.state == State::Pending && waiting.not_before.0 > 0;
            let to = if let Command::Transfer { to, .. } | Command::Assign { to, .. } =
                waiting.command
            {
                Some(to)
            } else {
                None
            };
            Some(Pending {
                command_id: waiting.id,
                action: action(&waiting.command)?,
                until: waiting.not_before,
                to,
            })
            .filter(|_| is_delayed)
        })
    }

    fn draft_revision(&self) -> DraftRevision {
        self.draft
            .as_ref()
            .map(|draft| draft.revision)
            .unwrap_or_default()
    }
}

fn of_chats(commands: Vec<Waiting>, drafts: Vec<Draft>) -> BTreeMap<ChatId, Outgoing> {
    let mut chats: BTreeMap<ChatId, Outgoing> = BTreeMap::new();
    for waiting in commands {
        let chat = chats.entry(waiting.chat_id()).or_default();
        chat.commands.push(waiting);
    }
    for draft in drafts {
        let chat = chats.entry(draft.chat_id).or_default();
        chat.draft = Some(draft);
    }
    chats
}

fn summary(held: HeldChat, n_mentions: u32, outgoing: &Outgoing) -> ChatSummary {
    let n_waiting = outgoing
        .commands
        .iter()
        .filter(|waiting| waiting.state.is_unanswered())
        .count();
    ChatSummary {
        chat: held.row,
        n_unread: held.n_unread,
        n_mentions,
        only_addressed: held.only_addressed,
        draft: Some(outgoing.text_of(outgoing.mode())).filter(|draft| !draft.trim().is_empty()),
        mode: outgoing.mode(),
        pending: outgoing.pending(),
        n_waiting: u32::try_from(n_waiting).unwrap_or(u32::MAX),
        needs_look: outgoing
            .commands
            .iter()
            .any(|waiting| waiting.state == State::Held),
    }
}

fn without_chat(chat_id: ChatId, outgoing: &Outgoing) -> Timeline {
    Timeline {
        chat: None,
        shell: shell(chat_id, outgoing),
        entries: Vec::new(),
        has_older: false,
        older_needs_connection: false,
        read_place: Place::default(),
        echoes: Vec::new(),
        draft: String::new(),
        comment: CommentDraft::default(),
        mode: ComposerMode::default(),
        draft_revision: DraftRevision::default(),
        elsewhere: Vec::new(),
        held: outgoing.commands.iter().find_map(held_command),
    }
}

/// The text of mine that stands in a chat which is in no list, if there is any. What the backend
/// may have already is not counted: its answer is awaited.
fn shell(chat_id: ChatId, outgoing: &Outgoing) -> Option<Shell> {
    let unsent = |mode| {
        let text = outgoing
            .commands
            .iter()
            .filter(|waiting| waiting.state == State::Pending && waiting.mode() == Some(mode))
            .filter_map(Waiting::text)
            .fold(String::new(), |text, next| outbox::joined(&text, next));
        outbox::joined(&text, &outgoing.text_of(mode))
    };
    let (text, comment) = (unsent(ComposerMode::Reply), unsent(ComposerMode::Comment));
    let is_blank = text.trim().is_empty() && comment.trim().is_empty();
    let held = outgoing
        .commands
        .iter()
        .find_map(|waiting| waiting.problem.clone());
    (!is_blank).then(|| Shell {
        chat_id,
        client_name: outgoing
            .draft
            .as_ref()
            .and_then(|draft| draft.client_name.clone()),
        text,
        comment,
        problem: held.or_else(|| {
            outgoing
                .draft
                .as_ref()
                .and_then(|draft| draft.problem.clone())
        }),
    })
}

fn echo(waiting: &Waiting) -> Option<Echo> {
    if waiting.state == State::Held {
        return None;
    }
    Some(Echo {
        command_id: waiting.id,
        mode: waiting.mode()?,
        text: waiting.text()?.to_owned(),
        written_at: waiting.made_at,
        is_handed_over: waiting.state != State::Pending,
    })
}

fn held_command(waiting: &Waiting) -> Option<Held> {
    let problem = waiting
        .problem
        .clone()
        .filter(|_| waiting.state == State::Held)?;
    Some(Held {
        command_id: waiting.id,
        action: action(&waiting.command)?,
        owner_id: problem
            .details
            .get("owner")
            .and_then(|owner| serde_json::from_value::<OperatorId>(owner.clone()).ok()),
        problem,
    })
}

/// What a command is in the words of what is shown.
const fn action(command: &Command) -> Option<HeldAction> {
    Some(match command {
        Command::Reply { .. } => HeldAction::Reply,
        Command::Comment { .. } => HeldAction::Comment,
        Command::Leave { .. } => HeldAction::Leave,
        Command::Transfer { .. } => HeldAction::Transfer,
        Command::ReturnToQueue { .. } => HeldAction::ReturnToQueue,
        Command::Assign { .. } => HeldAction::Assign,
        Command::SetObservers { .. } => HeldAction::SetObservers,
        Command::NoAnswerNeeded { .. } => HeldAction::NoAnswerNeeded,
        Command::NameClient { .. } => HeldAction::NameClient,
        Command::NoteClient { .. } => HeldAction::NoteClient,
        Command::TellOnlyAddressed { .. } => HeldAction::TellOnlyAddressed,
        Command::Close { .. } => HeldAction::Close,
        Command::Reopen { .. } => HeldAction::Reopen,
        Command::MarkRead { .. } => return None,
    })
}

#[derive(Default)]
struct Lists {
    in_work: Vec<ChatSummary>,
    observed: Vec<ChatSummary>,
    queued: Vec<ChatSummary>,
}

impl Lists {
    fn add(&mut self, me: OperatorId, summary: ChatSummary) {
        let chat = &summary.chat;
        match chat.status {
            Status::Queued => self.queued.push(summary),
            Status::InWork if chat.owner_id == Some(me) => self.in_work.push(summary),
            Status::InWork if chat.observer_ids.contains(&me) => self.observed.push(summary),
            Status::InWork | Status::Closed => {}
        }
    }

    fn sort(&mut self) {
        let newest_first = |summary: &ChatSummary| {
            (
                std::cmp::Reverse(summary.chat.last_activity_at),
                summary.chat.id,
            )
        };
        self.in_work.sort_by_key(newest_first);
        self.observed.sort_by_key(newest_first);
        self.queued
            .sort_by_key(|summary| (waits_since(&summary.chat), summary.chat.id));
    }
}

/// The queue's order: who waits longest first, then who needs no answer, by arrival.
fn waits_since(chat: &ChatRow) -> (bool, i64) {
    match chat.waiting_since {
        Some(since) => (false, since.0),
        None => (true, chat.last_activity_at.0),
    }
}

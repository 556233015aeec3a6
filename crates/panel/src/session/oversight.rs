//! What a supervisor does with chats that may be in no list of theirs, and who is told of clients who
//! wait too long.
//!
//! Such a chat is known from a list at the backend: by its status there and its newest place, which
//! is what its supervisor had seen when they decided. What comes of a command is remembered while the
//! panel runs, since there is no conversation in which a refusal could wait for a look.

use std::collections::BTreeMap;
use std::time::Duration;

use pult_domain::{ChatId, CommandId, Place, Status, Timestamp};
use pult_protocol::{Command, LateChat, LateChats, NotificationKind, Problem};
use uuid::Uuid;

use super::Session;
use crate::cache;
use crate::clock;
use crate::error::PanelError;
use crate::outbox::{self, Draft, State};
use crate::storage::StorageError;
use crate::view::{
    BannerKey, ChatDeed, DeedOutcome, DeedState, Notification, OverseenChat, OverseerDeed,
    PanelEvent,
};

/// Commands whose outcome is remembered at most.
const MAX_OUTCOMES: usize = 5_000;

/// A command that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) id: CommandId,
    /// Whether it waits so that it can be taken back.
    pub(crate) is_delayed: bool,
}

/// What came of commands, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Outcomes(BTreeMap<CommandId, Option<Result<(), Problem>>>);

impl Outcomes {
    fn await_one(&mut self, id: CommandId) {
        // Ids grow with time, so the first is the oldest.
        while self.0.len() >= MAX_OUTCOMES {
            self.0.pop_first();
        }
        self.0.insert(id, None);
    }

    /// Notes what came of a command. False if nobody asks for that.
    pub(crate) fn note(&mut self, id: CommandId, outcome: Result<(), Problem>) -> bool {
        let awaited = self.0.get_mut(&id);
        awaited.is_some_and(|awaited| {
            *awaited = Some(outcome);
            true
        })
    }
}

impl Session {
    pub(crate) fn act_on(
        &self,
        chats: &[OverseenChat],
        deed: &OverseerDeed,
        undo: Option<Duration>,
    ) -> Result<Vec<Given>, PanelError> {
        let mut commands = Vec::new();
        for chat in chats {
            let seen = self.seen_place(chat)?;
            if let Some((command, waits)) = command(deed, chat, seen) {
                let delay = undo.filter(|_| waits);
                let id = CommandId(Uuid::now_v7());
                commands.push((id, chat, command, delay));
            }
        }
        let now = clock::now();
        self.write_outbox(|tx| {
            for (id, chat, command, delay) in &commands {
                outbox::release(tx, Some(chat.chat_id))?;
                outbox::add(tx, *id, command, now)?;
                let not_before = delay.map_or(Timestamp(0), |delay| {
                    now.plus_ms(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX))
                });
                outbox::delay(tx, *id, not_before)?;
                // Should a comment be refused, its text is left with the name beside it.
                let draft = outbox::draft(tx.reader(), chat.chat_id)?;
                let client_name = chat.client_name.clone().or(draft.client_name.clone());
                let draft = Draft {
                    client_name,
                    ..draft
                };
                outbox::put_draft(tx, &draft)?;
            }
            Ok(())
        })?;
        let mut outcomes = self.outcomes.lock();
        for (id, ..) in &commands {
            outcomes.await_one(*id);
        }
        drop(outcomes);
        for (_, chat, ..) in &commands {
            self.chat_changed(chat.chat_id);
        }
        self.has_work.notify_one();
        let given = |(id, _, _, delay): &(CommandId, _, _, Option<Duration>)| Given {
            id: *id,
            is_delayed: delay.is_some(),
        };
        Ok(commands.iter().map(given).collect())
    }

    /// The newest place that was shown of a chat, in the view or in the lists.
    fn seen_place(&self, chat: &OverseenChat) -> Result<Place, PanelError> {
        let id = chat.chat_id;
        let held = self.cache.read(|reader| cache::newest_place(reader, id))?;
        Ok(held.max(chat.last_place))
    }

    /// Commands have waited as long as they were to.
    pub(crate) fn all_come_due(&self, ids: &[CommandId]) -> Result<(), PanelError> {
        self.write_outbox(|tx| {
            for id in ids {
                outbox::come_due(tx, *id)?;
            }
            Ok(())
        })?;
        self.has_work.notify_one();
        Ok(())
    }

    pub(crate) fn outcomes(&self, ids: &[CommandId]) -> Result<Vec<DeedOutcome>, PanelError> {
        let mut found = Vec::new();
        for id in ids {
            let known = self.outcomes.lock().0.get(id).cloned().flatten();
            let state = match known {
                Some(Ok(())) => DeedState::Done,
                Some(Err(problem)) => DeedState::Refused { problem },
                None => self.waiting(*id)?,
            };
            found.push(DeedOutcome {
                command_id: *id,
                state,
            });
        }
        Ok(found)
    }

    /// How a command of which nothing is known yet stands in the outbox.
    fn waiting(&self, id: CommandId) -> Result<DeedState, PanelError> {
        let waiting = self
            .outbox
            .read(|reader| outbox::command(reader, id))
            .map_err(StorageError::from)?;
        Ok(match waiting {
            Some(waiting) if waiting.state == State::Held => DeedState::Refused {
                problem: waiting.problem.unwrap_or_else(|| {
                    Problem::new(pult_protocol::Code::Internal, "the reason is not known")
                }),
            },
            Some(waiting) => DeedState::Waiting {
                until: Some(waiting.not_before)
                    .filter(|until| waiting.state == State::Pending && until.0 > 0),
            },
            None => DeedState::Withdrawn,
        })
    }

    /// What stood behind a command that was refused is not done either, and its author is told why.
    pub(super) fn note_given_up(&self, given_up: Vec<outbox::GivenUp>) {
        let mut outcomes = self.outcomes.lock();
        for (id, problem) in given_up {
            outcomes.note(id, Err(problem));
        }
    }

    /// Nobody asks any more what came of these.
    pub(crate) fn forget_outcomes(&self, ids: &[CommandId]) {
        let mut outcomes = self.outcomes.lock();
        for id in ids {
            outcomes.0.remove(id);
        }
    }

    // --- hints and alarms

    /// The backend says in which chats something has changed.
    pub(crate) fn chats_changed(&self, chat_ids: Vec<ChatId>, everything: bool) {
        self.events.send(PanelEvent::ChatsChanged {
            chat_ids,
            everything,
        });
    }

    /// Whose clients wait too long, as far as the connection that is live has told.
    pub(crate) fn late(&self) -> LateChats {
        self.late.lock().clone()
    }

    /// The backend says whose clients wait too long.
    pub(crate) fn set_late(&self, late: LateChats) -> Result<(), StorageError> {
        let mut known = self.late.lock();
        let has_changed = *known != late;
        *known = late;
        drop(known);
        if has_changed {
            self.events.send(PanelEvent::OverviewChanged);
        }
        self.tell_late()
    }

    /// Tells of clients who wait too long, of each once for the same waiting, and of all together.
    /// Who is not at work is told when they are back.
    pub(crate) fn tell_late(&self) -> Result<(), StorageError> {
        let me = self.account.operator.id;
        let late = self.late();
        if !self.is_on_duty() || late.chats.is_empty() {
            return Ok(());
        }
        let new: Vec<LateChat> = self.cache.write(|tx| {
            let mut new = Vec::new();
            for chat in &late.chats {
                if cache::tell_late(tx, chat.chat_id, chat.waiting_since)? {
                    new.push(*chat);
                }
            }
            cache::forget_old_late(tx)?;
            Ok(new)
        })?;
        let Some(minutes) = new.iter().map(|chat| chat.limit_minutes).min() else {
            return Ok(());
        };
        let mine = new.first().filter(|chat| chat.owner_id == Some(me));
        let one = Notification {
            what: NotificationKind::Overdue,
            key: BannerKey::Late,
            chat_id: mine.map(|chat| chat.chat_id).filter(|_| new.len() == 1),
            place: None,
            title: None,
            text: String::new(),
            placeholder: None,
            n: u32::try_from(new.len()).unwrap_or(u32::MAX),
            minutes,
            banner: false,
            sound: false,
        };
        self.tell(one)?;
        Ok(())
    }
}

/// What is to be asked for, and whether it waits so that it can be taken back. None where the chat as
/// it was shown does not allow it.
fn command(deed: &OverseerDeed, chat: &OverseenChat, seen_place: Place) -> Option<(Command, bool)> {
    let chat_id = chat.chat_id;
    let of = |deed: ChatDeed| {
        let waits = deed.can_be_taken_back();
        (deed.into_command(chat_id, seen_place), waits)
    };
    Some(match (deed, chat.status) {
        (OverseerDeed::Give { to, .. }, Status::Queued) => of(ChatDeed::Assign { to: *to }),
        (OverseerDeed::Give { to, note }, Status::InWork) => of(ChatDeed::Transfer {
            to: *to,
            note: note.clone(),
        }),
        (OverseerDeed::ReturnToQueue, Status::InWork | Status::Closed) => {
            of(ChatDeed::ReturnToQueue)
        }
        (OverseerDeed::Close, Status::Queued | Status::InWork) => of(ChatDeed::Close),
        (OverseerDeed::Reopen, Status::Closed) => {
            let reopen = Command::Reopen {
                chat_id,
                seen_place,
            };
            (reopen, false)
        }
        (OverseerDeed::SetObservers { observer_ids }, Status::Queued | Status::InWork) => {
            of(ChatDeed::SetObservers {
                observer_ids: observer_ids.clone(),
            })
        }
        (OverseerDeed::Comment { text, mentions }, Status::Queued | Status::InWork) => {
            let comment = Command::Comment {
                chat_id,
                text: text.trim_end().to_owned(),
                mentions: mentions.clone(),
                seen_place,
            };
            (comment, false)
        }
        (OverseerDeed::Give { .. } | OverseerDeed::Close, Status::Closed)
        | (OverseerDeed::SetObservers { .. } | OverseerDeed::Comment { .. }, Status::Closed)
        | (OverseerDeed::Reopen, Status::Queued | Status::InWork)
        | (OverseerDeed::ReturnToQueue, Status::Queued) => return None,
    })
}

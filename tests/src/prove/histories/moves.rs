//! What may happen in a run.

use std::time::Duration;

use anyhow::{Context, Result};
use pult_domain::{ChatId, CommandId, OperatorId, Place, Role};
use pult_panel::PanelError;
use pult_panel::view::{ChatDeed, ChatSummary, ComposerMode, DraftRevision, Overview};
use pult_protocol::{ArchiveHit, ArchiveQuery, Code, Command};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use serde_json::json;
use tokio::time::timeout;

use super::law::{Kind, Who};
use super::{Given, Scene, Talks, Told, new_id};
use crate::panels::Seat;
use crate::prove::canary::Canaries;
use crate::prove::desk::{listed, looks, tolerated};

/// The most that a client writes in one go.
const MAX_BURST: u32 = 5;

/// How long somebody waits for the archive, while nothing else happens.
const PATIENCE: Duration = Duration::from_millis(60);

/// How often somebody tries something without regard to what they may.
const TRIES_ANYTHING: f64 = 0.2;

#[derive(Debug, Clone, Copy)]
enum Move {
    Write,
    Burst,
    AtPanel,
    ByProgram,
    Read,
    Draft,
    AnswerRefusal,
    TakeBack,
    Network,
    Reconnect,
    KillPanel,
}

/// How often each of them happens, against the others.
const MOVES: [(Move, u32); 11] = [
    (Move::Write, 24),
    (Move::Burst, 2),
    (Move::AtPanel, 90),
    (Move::ByProgram, 30),
    (Move::Read, 6),
    (Move::Draft, 6),
    (Move::AnswerRefusal, 18),
    (Move::TakeBack, 2),
    (Move::Network, 12),
    (Move::Reconnect, 9),
    (Move::KillPanel, 1),
];

/// What owners do.
const OWNERS: &[(Kind, u32)] = &[
    (Kind::Reply, 8),
    (Kind::Comment, 8),
    (Kind::Transfer, 5),
    (Kind::Close, 5),
    (Kind::ReturnToQueue, 3),
    (Kind::NoAnswerNeeded, 2),
    (Kind::NameClient, 1),
    (Kind::NoteClient, 2),
];

/// What observers do.
const OBSERVERS: &[(Kind, u32)] = &[
    (Kind::Reply, 4),
    (Kind::Comment, 5),
    (Kind::Leave, 5),
    (Kind::TellOnlyAddressed, 3),
    (Kind::NoAnswerNeeded, 1),
    (Kind::NoteClient, 1),
];

/// What operators do with the queue.
const QUEUE: &[(Kind, u32)] = &[
    (Kind::Reply, 10),
    (Kind::Comment, 4),
    (Kind::NoAnswerNeeded, 1),
    (Kind::NoteClient, 1),
];

/// What supervisors do with it.
const SUPERVISORS: &[(Kind, u32)] = &[
    (Kind::Reply, 4),
    (Kind::Comment, 2),
    (Kind::Assign, 6),
    (Kind::SetObservers, 6),
    (Kind::Close, 2),
];

/// What a command says.
struct Drawn {
    command: Command,
    token: String,
}

impl Scene {
    /// One thing happens.
    pub(super) async fn acts(
        &mut self,
        talks: &mut Talks,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let drawn = MOVES.choose_weighted(chance, |(_, weight)| *weight);
        let (what, _) = drawn.context("Drawing what happens")?;
        let desk = chance.random_range(0..self.desks.len());
        match what {
            Move::Write => self.writes(talks, chance, canaries, 1).await,
            Move::Burst => {
                let n = chance.random_range(2..=MAX_BURST);
                self.writes(talks, chance, canaries, n).await
            }
            Move::ByProgram => self.asks(talks, chance, canaries),
            Move::Network => {
                let desk = self.desks.get(desk).context("The desk is there")?;
                self.figures.cuts += u64::from(desk.changes_network(chance));
                Ok(())
            }
            Move::KillPanel => {
                let desk = self.desks.get_mut(desk).context("The desk is there")?;
                self.figures.panels_killed += u64::from(desk.dies().await?);
                Ok(())
            }
            Move::AtPanel
            | Move::Read
            | Move::Draft
            | Move::AnswerRefusal
            | Move::TakeBack
            | Move::Reconnect => self.sits(*what, desk, talks, chance, canaries).await,
        }
    }

    /// An operator without whom the office can do for a while leaves for ever.
    pub(super) async fn deactivates(&mut self, chance: &mut StdRng) -> Result<()> {
        let desk = self.desks.choose(chance).context("There are desks")?;
        let colleague = self.people.get_mut(desk.who).context("It is somebody's")?;
        self.stage.office.deactivate(&colleague.operator).await?;
        colleague.is_active = false;
        self.figures.deactivated += 1;
        Ok(())
    }

    async fn writes(
        &self,
        talks: &mut Talks,
        chance: &mut StdRng,
        canaries: &Canaries,
        n: u32,
    ) -> Result<()> {
        let idx = chance.random_range(0..talks.phones.len());
        let (phone, written) = talks
            .phones
            .get(idx)
            .zip(talks.written.get_mut(idx))
            .context("There are phones")?;
        for _ in 0..n {
            let text = canaries.text(chance);
            phone.write(&text).await?;
            written.push(text);
        }
        Ok(())
    }

    /// The program asks for something, as itself or for an operator, and does not wait for the
    /// answer. At times it asks twice, since it does not trust the network.
    fn asks(&self, talks: &mut Talks, chance: &mut StdRng, canaries: &Canaries) -> Result<()> {
        let chat_id = *talks.chats.choose(chance).context("There are chats")?;
        let newest = talks.seen.get(&chat_id).copied().unwrap_or_default();
        let seen = if chance.random_bool(0.3) {
            Place(chance.random_range(0..=newest.0))
        } else {
            newest
        };
        let for_whom = chance.random_bool(0.5).then(|| self.somebody(chance));
        let kind = *Kind::ALL.choose(chance).context("There are kinds")?;
        let at = (chat_id, seen);
        let Drawn { command, token } = self.drawn(kind, at, chance, canaries, talks)?;
        let id = new_id();
        let for_whom = for_whom.transpose()?;
        talks.given.insert(
            id,
            Given {
                who: Who {
                    operator: for_whom,
                    is_program: true,
                },
                desk: None,
                command: command.clone(),
                seen: Some(seen),
                token,
                told: None,
            },
        );
        let on_behalf_of = for_whom.map(|(id, _)| id);
        for _ in 0..=u32::from(chance.random_bool(0.2)) {
            let (program, command) = (self.program.clone(), command.clone());
            let asks = async move {
                let answer = program.give(id, command, on_behalf_of).await?;
                Ok((id, answer))
            };
            talks.asked.spawn(asks);
        }
        Ok(())
    }

    /// Whatever is done at a panel.
    async fn sits(
        &self,
        what: Move,
        desk: usize,
        talks: &mut Talks,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let seat = self.seat(desk)?;
        let panel = &seat.panel;
        let now = panel.overview().await?;
        if now.session.is_none() {
            return Ok(());
        }
        for chat in listed(&now) {
            let seen = talks.seen.entry(chat.chat.id).or_default();
            *seen = chat.chat.last_place.max(*seen);
        }
        match what {
            Move::AtPanel => return self.does(desk, &now, talks, chance, canaries).await,
            Move::AnswerRefusal => return self.answers(desk, seat, &now, talks, chance).await,
            Move::Read => {
                if let Some(chat) = listed(&now).choose(chance) {
                    tolerated(panel.mark_read(chat.chat.id, chat.chat.last_place).await)?;
                }
            }
            Move::Draft => {
                if let Some(chat) = listed(&now).choose(chance)
                    && let Some(composer) = tolerated(composer(seat, chat).await)?
                {
                    let is_comment = chance.random_bool(0.5);
                    let (mode, mentions) = if is_comment {
                        (ComposerMode::Comment, self.some(chance, 1)?)
                    } else {
                        (ComposerMode::Reply, Vec::new())
                    };
                    talks.n_hidden += 1;
                    let text = canaries.hidden(chance);
                    let kept = panel.set_draft(chat.chat.id, mode, text, mentions, composer);
                    tolerated(kept.await)?;
                }
            }
            Move::TakeBack => {
                let mut mine = talks.given.iter_mut().rev();
                if let Some((id, given)) = mine.find(|(_, given)| given.desk == Some(desk))
                    && tolerated(panel.take_back(*id).await)? == Some(true)
                {
                    given.told = Some(Told::TakenBack);
                }
            }
            Move::Reconnect => {
                tolerated(panel.reconnect().await)?;
            }
            Move::Write | Move::Burst | Move::ByProgram | Move::Network | Move::KillPanel => {}
        }
        Ok(())
    }

    fn seat(&self, desk: usize) -> Result<&Seat> {
        let seat = self.desks.get(desk).and_then(|desk| desk.seat.as_ref());
        seat.context("Every panel is open")
    }

    /// Something that leads to a command.
    async fn does(
        &self,
        desk: usize,
        now: &Overview,
        talks: &mut Talks,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let seat = self.seat(desk)?;
        let is_listed = |chat_id: &ChatId| listed(now).any(|chat| chat.chat.id == *chat_id);
        let unlisted = talks.chats.iter().filter(|chat_id| !is_listed(chat_id));
        let unlisted = unlisted.choose(chance).copied();
        let chat = listed(now).choose(chance);
        let (chat_id, kind) = match (unlisted, chat) {
            // Of what is in no list only a closed chat can be meant.
            (Some(chat_id), None) => (chat_id, Kind::Reopen),
            (Some(chat_id), Some(_)) if chance.random_bool(0.05) => (chat_id, Kind::Reopen),
            (_, Some(_)) if chance.random_bool(0.1) => {
                let Some(found) = self.finds(seat, talks, chance).await? else {
                    return Ok(());
                };
                (found, Kind::Reopen)
            }
            (_, Some(chat)) => (chat.chat.id, self.kind(desk, now, chat, chance)?),
            (None, None) => return Ok(()),
        };
        let seen = talks.seen.get(&chat_id).copied();
        let revision = match chat.filter(|chat| chat.chat.id == chat_id) {
            Some(chat) => match tolerated(composer(seat, chat).await)? {
                Some(revision) => revision,
                None => return Ok(()),
            },
            None => DraftRevision::default(),
        };
        let at = (chat_id, seen.unwrap_or_default());
        let Drawn { command, token } = self.drawn(kind, at, chance, canaries, talks)?;
        let given = give(seat, chat_id, &command, revision, seen).await;
        if let Some(id) = tolerated(given)? {
            self.note(talks, desk, id, command, token)?;
        }
        Ok(())
    }

    /// Looks for a closed chat of these clients in the archive.
    async fn finds(
        &self,
        seat: &Seat,
        talks: &mut Talks,
        chance: &mut StdRng,
    ) -> Result<Option<ChatId>> {
        let query = ArchiveQuery {
            limit: Some(10),
            ..ArchiveQuery::default()
        };
        let found = timeout(PATIENCE, seat.panel.archive(query)).await;
        let hits = match found {
            Ok(Ok(page)) => page.hits,
            // The network, or the session, is not there.
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        let is_known = |hit: &ArchiveHit| talks.chats.contains(&hit.chat.id);
        let Some(hit) = hits.into_iter().filter(is_known).choose(chance) else {
            return Ok(None);
        };
        let seen = talks.seen.entry(hit.chat.id).or_default();
        *seen = hit.chat.last_place.max(*seen);
        Ok(Some(hit.chat.id))
    }

    fn note(
        &self,
        talks: &mut Talks,
        desk: usize,
        id: CommandId,
        command: Command,
        token: String,
    ) -> Result<()> {
        let who = self.desks.get(desk).context("The desk is there")?.who;
        let colleague = self.people.get(who).context("It is somebody's")?;
        let given = Given {
            who: Who {
                operator: Some((colleague.operator.id, colleague.role)),
                is_program: false,
            },
            desk: Some(desk),
            command,
            seen: None,
            token,
            told: None,
        };
        talks.given.insert(id, given);
        Ok(())
    }

    /// What somebody does with a chat in one of their lists: mostly what they may.
    fn kind(
        &self,
        desk: usize,
        now: &Overview,
        chat: &ChatSummary,
        chance: &mut StdRng,
    ) -> Result<Kind> {
        if chance.random_bool(TRIES_ANYTHING) {
            return Kind::ALL.choose(chance).copied().context("Drawing a kind");
        }
        let desk = self.desks.get(desk).context("The desk is there")?;
        let role = self.people.get(desk.who).context("It is somebody's")?.role;
        let is_in = |list: &[ChatSummary]| list.iter().any(|one| one.chat.id == chat.chat.id);
        let kinds = if is_in(&now.in_work) {
            OWNERS
        } else if is_in(&now.observed) {
            OBSERVERS
        } else if role == Role::Operator {
            QUEUE
        } else {
            SUPERVISORS
        };
        let (kind, _) = kinds.choose_weighted(chance, |(_, weight)| *weight)?;
        Ok(*kind)
    }

    /// A command of a kind, with all that it says drawn by chance.
    fn drawn(
        &self,
        kind: Kind,
        (chat_id, seen_place): (ChatId, Place),
        chance: &mut StdRng,
        canaries: &Canaries,
        talks: &mut Talks,
    ) -> Result<Drawn> {
        let mut token = String::new();
        let mut hidden = |chance: &mut StdRng| {
            talks.n_hidden += 1;
            canaries.hidden(chance)
        };
        let mut command = match kind {
            Kind::Reply => {
                token = canaries.text(chance);
                json!({ "text": token })
            }
            Kind::Comment => {
                let n = chance.random_range(0..=2);
                let mentions = self.some(chance, n)?;
                if chance.random_bool(0.98) {
                    token = hidden(chance);
                }
                json!({ "text": self.addressed(&mentions, &token), "mentions": mentions })
            }
            Kind::Transfer => {
                let note = chance.random_bool(0.7).then(|| hidden(chance));
                json!({ "to": self.one(chance)?, "note": note })
            }
            Kind::Assign => json!({ "to": self.one(chance)? }),
            Kind::SetObservers => {
                let n = chance.random_range(0..=3);
                json!({ "observer_ids": self.some(chance, n)? })
            }
            Kind::NameClient => {
                let name = chance.random_bool(0.8).then(|| hidden(chance));
                json!({ "name": name })
            }
            Kind::NoteClient => json!({ "note": hidden(chance) }),
            Kind::TellOnlyAddressed => json!({ "only_addressed": chance.random_bool(0.7) }),
            Kind::Leave
            | Kind::Close
            | Kind::Reopen
            | Kind::ReturnToQueue
            | Kind::NoAnswerNeeded => json!({}),
        };
        // As it goes over the wire.
        let besides = [
            ("kind", json!(kind.name())),
            ("chat_id", json!(chat_id)),
            ("seen_place", json!(seen_place)),
        ];
        let fields = command.as_object_mut().context("A command is an object")?;
        fields.extend(besides.map(|(name, value)| (name.to_owned(), value)));
        let command = serde_json::from_value(command).context("Writing a command")?;
        Ok(Drawn { command, token })
    }

    /// A comment as it is written to somebody; without a token it says nothing, and is refused.
    fn addressed(&self, mentions: &[OperatorId], token: &str) -> String {
        if token.is_empty() {
            return " ".to_owned();
        }
        let named = self.people.iter().map(|one| &one.operator);
        let named = named.filter(|one| mentions.contains(&one.id));
        let named: String = named.map(|one| format!("@{} ", one.name)).collect();
        format!("{named}{token}")
    }

    /// Different colleagues; once in a while one who has left.
    fn some(&self, chance: &mut StdRng, n: usize) -> Result<Vec<OperatorId>> {
        let gone = self.people.iter().filter(|one| !one.is_active);
        let gone = gone.choose(chance).filter(|_| chance.random_bool(0.03));
        let there = self.desks.iter().map(|desk| self.people.get(desk.who));
        let there: Option<Vec<_>> = there.collect();
        let there = there.context("A desk is somebody's")?.into_iter();
        let mut all: Vec<_> = there.map(|one| one.operator.id).sample(chance, n);
        if let (Some(one), Some(gone)) = (all.first_mut(), gone) {
            *one = gone.operator.id;
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    fn one(&self, chance: &mut StdRng) -> Result<OperatorId> {
        let one = self.some(chance, 1)?.first().copied();
        one.context("There are colleagues")
    }

    /// Anybody for whom the program may ask, or may not.
    fn somebody(&self, chance: &mut StdRng) -> Result<(OperatorId, Role)> {
        let desk = self.desks.choose(chance).context("There are desks")?;
        let colleague = self.people.get(desk.who).context("It is somebody's")?;
        Ok((colleague.operator.id, colleague.role))
    }

    /// Somebody looks at what was refused: what overlooked a message is sent knowingly or given up,
    /// the rest is given up.
    async fn answers(
        &self,
        desk: usize,
        seat: &Seat,
        now: &Overview,
        talks: &mut Talks,
        chance: &mut StdRng,
    ) -> Result<()> {
        let Some(chat) = listed(now).filter(|chat| chat.needs_look).choose(chance) else {
            return Ok(());
        };
        let chat_id = chat.chat.id;
        let Some(shown) = tolerated(looks(seat, chat_id).await)? else {
            return Ok(());
        };
        let Some(held) = &shown.held else {
            return Ok(());
        };
        let is_held = held.problem.code == Code::NewerMessage;
        let known = talks.given.get(&held.command_id);
        let known = known.map(|given| (given.command.clone(), given.token.clone()));
        let known = known.filter(|_| is_held && chance.random_bool(0.8));
        let Some((command, token)) = known else {
            tolerated(seat.panel.dismiss_held(held.command_id).await)?;
            return Ok(());
        };
        if let Command::Reply { text, .. } = &command {
            // The composer holds what was refused; whatever else was begun there stays out of it.
            let kept = seat.panel.set_draft(
                chat_id,
                ComposerMode::Reply,
                text.clone(),
                Vec::new(),
                shown.draft_revision,
            );
            tolerated(kept.await)?;
        }
        if let Some(id) = tolerated(seat.panel.send_anyway(held.command_id).await)? {
            self.note(talks, desk, id, command, token)?;
        }
        Ok(())
    }
}

/// Gives a command at a panel, in the way in which the panel has it.
async fn give(
    seat: &Seat,
    chat_id: ChatId,
    command: &Command,
    revision: DraftRevision,
    found: Option<Place>,
) -> Result<CommandId, PanelError> {
    let panel = &seat.panel;
    let deed = match command.clone() {
        Command::Reply { text, .. } => return panel.reply(chat_id, text, revision).await,
        Command::Comment { text, mentions, .. } => {
            return panel.comment(chat_id, text, mentions, revision).await;
        }
        Command::Reopen { .. } => return panel.reopen_chat(chat_id, found).await,
        Command::Leave { .. } => ChatDeed::Leave,
        Command::Transfer { to, note, .. } => ChatDeed::Transfer { to, note },
        Command::ReturnToQueue { .. } => ChatDeed::ReturnToQueue,
        Command::Assign { to, .. } => ChatDeed::Assign { to },
        Command::SetObservers { observer_ids, .. } => ChatDeed::SetObservers { observer_ids },
        Command::NoAnswerNeeded { .. } => ChatDeed::NoAnswerNeeded,
        Command::NameClient { name, .. } => ChatDeed::NameClient { name },
        Command::NoteClient { note, .. } => ChatDeed::NoteClient { note },
        Command::TellOnlyAddressed { only_addressed, .. } => {
            ChatDeed::TellOnlyAddressed { only_addressed }
        }
        Command::Close { .. } | Command::MarkRead { .. } => ChatDeed::Close,
    };
    panel.act(chat_id, deed).await
}

/// How the composer of a chat stands.
async fn composer(seat: &Seat, chat: &ChatSummary) -> Result<DraftRevision, PanelError> {
    if chat.draft.is_none() && !chat.needs_look {
        return Ok(DraftRevision::default());
    }
    Ok(looks(seat, chat.chat.id).await?.draft_revision)
}

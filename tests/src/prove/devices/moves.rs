//! What may happen in a run.

use std::time::Duration;

use anyhow::{Context, Result};
use pult_domain::ChatId;
use pult_panel::view::{ChatSummary, ComposerMode, DraftRevision, Timeline};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use tokio::time::timeout;

use super::{Given, Scene, Typed};
use crate::panels::Seat;
use crate::prove::Promised;
use crate::prove::canary::Canaries;
use crate::prove::desk::{LOOK, listed, looks, tolerated};
use crate::proxy::Network;

/// A draft that has grown longer than this is wiped out before it is written on.
const LONG: usize = 400;

#[derive(Debug, Clone, Copy)]
enum Move {
    Write,
    Type,
    Wipe,
    Give,
    GiveBegun,
    Read,
    Look,
    Lock,
    Away,
    Close,
    AnswerRefusal,
    Network,
    KillPanel,
}

/// How often each of them happens, against the others.
const MOVES: [(Move, u32); 13] = [
    (Move::Write, 14),
    (Move::Type, 34),
    (Move::Wipe, 3),
    (Move::Give, 16),
    (Move::GiveBegun, 12),
    (Move::Read, 10),
    (Move::Look, 14),
    (Move::Lock, 3),
    (Move::Away, 3),
    (Move::Close, 3),
    (Move::AnswerRefusal, 4),
    (Move::Network, 22),
    (Move::KillPanel, 3),
];

impl Scene {
    /// One thing happens.
    pub(super) async fn moves(&mut self, chance: &mut StdRng, canaries: &Canaries) -> Result<()> {
        let drawn = MOVES.choose_weighted(chance, |(_, weight)| *weight);
        let (what, _) = drawn.context("Drawing what happens")?;
        let idx = chance.random_range(0..self.devices.len());
        match what {
            Move::Write => self.writes(chance, canaries).await,
            Move::GiveBegun => self.gives_begun(idx, chance).await,
            Move::Network => self.changes_network(idx, chance),
            Move::KillPanel => self.kills(idx).await,
            Move::Away => self.goes_away(idx, chance).await,
            Move::Lock => {
                let device = self.devices.get_mut(idx).context("The device is there")?;
                device.is_locked = !device.is_locked;
                let seat = device.desk.seat.as_ref().context("Every panel is open")?;
                seat.panel.set_locked(device.is_locked);
                Ok(())
            }
            Move::Type
            | Move::Wipe
            | Move::Give
            | Move::Read
            | Move::Look
            | Move::Close
            | Move::AnswerRefusal => self.sits(*what, idx, chance, canaries).await,
        }
    }

    /// A client writes.
    async fn writes(&mut self, chance: &mut StdRng, canaries: &Canaries) -> Result<()> {
        let phone = self.phones.choose(chance).context("There are phones")?;
        phone.write(&canaries.text(chance)).await?;
        self.figures.messages += 1;
        Ok(())
    }

    fn changes_network(&mut self, idx: usize, chance: &mut StdRng) -> Result<()> {
        let device = self.devices.get_mut(idx).context("The device is there")?;
        let delay = Duration::from_millis(chance.random_range(1..60));
        let networks = [
            Network::Carries,
            Network::Carries,
            Network::Carries,
            Network::Delays(delay),
            Network::LosesAnswers,
            Network::Swallows,
            Network::HalfClosed,
            Network::Cut,
        ];
        if chance.random_bool(0.2) {
            device.has_network(Network::Cut);
            device.has_network(Network::Carries);
            self.figures.cuts += 1;
            return Ok(());
        }
        let network = networks.choose(chance).copied();
        let network = network.unwrap_or(Network::Carries);
        device.has_network(network);
        self.figures.cuts += u64::from(network != Network::Carries);
        Ok(())
    }

    /// A panel ends without a word and is opened again on what it left behind, with nothing open.
    async fn kills(&mut self, idx: usize) -> Result<()> {
        let device = self.devices.get_mut(idx).context("The device is there")?;
        self.figures.panels_killed += u64::from(device.desk.dies().await?);
        (device.looks, device.typing, device.focus) = (None, None, None);
        device.is_locked = false;
        Ok(())
    }

    /// The backend ends, in order or not, and comes back.
    pub(super) async fn restarts(&mut self, chance: &mut StdRng) -> Result<()> {
        let office = &mut self.stage.office;
        if chance.random_bool(0.5) {
            office.stop().await.promised("the backend")?;
        } else {
            office.kill().await?;
        }
        self.figures.restarts += 1;
        office.start().await.promised("the backend")
    }

    /// Somebody says that they are away, or back; they may not be heard.
    async fn goes_away(&mut self, idx: usize, chance: &mut StdRng) -> Result<()> {
        let who = self.device(idx)?.desk.who;
        let away = chance.random_bool(0.5);
        let asked = timeout(LOOK, self.seat(idx)?.panel.set_away(away)).await;
        if let Ok(Ok(())) = asked {
            let colleague = self.operators.get_mut(who).context("It is somebody's")?;
            colleague.is_away = away;
        }
        Ok(())
    }

    /// What somebody does at a panel with one of the chats that they see.
    async fn sits(
        &mut self,
        what: Move,
        idx: usize,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let seat = self.seat(idx)?;
        let now = seat.panel.overview().await?;
        let Some(chat) = listed(&now).choose(chance) else {
            return Ok(());
        };
        let chat_id = chat.chat.id;
        let is_mine = now.in_work.iter().any(|mine| mine.chat.id == chat_id);
        let mode = if chance.random_bool(0.7) {
            ComposerMode::Reply
        } else {
            ComposerMode::Comment
        };
        match what {
            Move::Type => self.types(idx, chat_id, mode, chance, canaries).await?,
            Move::Wipe => self.wipes(idx, chat_id, mode).await?,
            Move::Give => self.gives(idx, chat_id, mode, chance, canaries).await?,
            Move::Read => {
                let read = seat.panel.mark_read(chat_id, chat.chat.last_place).await;
                self.figures.marks += u64::from(tolerated(read)?.is_some());
            }
            Move::Look => self.looks(idx, chat_id, mode, chance).await?,
            Move::Close if is_mine => {
                tolerated(seat.panel.close_chat(chat_id).await)?;
            }
            Move::AnswerRefusal => {
                let refused = listed(&now).find(|chat| chat.needs_look);
                answers_refusal(seat, refused).await?;
            }
            Move::Close
            | Move::Write
            | Move::GiveBegun
            | Move::Lock
            | Move::Away
            | Move::Network
            | Move::KillPanel => {}
        }
        Ok(())
    }

    /// Somebody goes on writing what the composer holds, a few keystrokes.
    async fn types(
        &mut self,
        idx: usize,
        chat_id: ChatId,
        mode: ComposerMode,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let Some(shown) = tolerated(looks(self.seat(idx)?, chat_id).await)? else {
            return Ok(());
        };
        if begun(&shown, mode).len() > LONG {
            return self.wipes(idx, chat_id, mode).await;
        }
        let token = canaries.text(chance);
        let begun = match begun(&shown, mode) {
            "" => String::new(),
            text => format!("{text}\n"),
        };
        let who = self.device(idx)?.desk.who;
        let half = token.len() / 2;
        for n in [half, token.len()] {
            let text = format!("{begun}{}", token.get(..n).unwrap_or(&token));
            let panel = &self.seat(idx)?.panel;
            let kept = panel.set_draft(chat_id, mode, text, Vec::new(), shown.draft_revision);
            if tolerated(kept.await)?.is_none() {
                return Ok(());
            }
            self.figures.typed += 1;
        }
        self.typed.push(Typed {
            who,
            token,
            is_wiped: false,
        });
        Ok(())
    }

    /// Somebody wipes out what the composer holds.
    async fn wipes(&mut self, idx: usize, chat_id: ChatId, mode: ComposerMode) -> Result<()> {
        let seat = self.seat(idx)?;
        let Some(shown) = tolerated(looks(seat, chat_id).await)? else {
            return Ok(());
        };
        let wiped = begun(&shown, mode).to_owned();
        // What they did not see, as it came between, they do not wipe out.
        let kept = seat.panel.set_draft(
            chat_id,
            mode,
            String::new(),
            Vec::new(),
            shown.draft_revision,
        );
        if tolerated(kept.await)?.is_some() {
            self.figures.typed += 1;
            for typed in &mut self.typed {
                typed.is_wiped |= wiped.contains(&typed.token);
            }
        }
        Ok(())
    }

    /// Somebody sends what the composer holds and a word more; at times that stood in the composer
    /// first, as it does when it is typed.
    async fn gives(
        &mut self,
        idx: usize,
        chat_id: ChatId,
        mode: ComposerMode,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        if chance.random_bool(0.6) {
            self.types(idx, chat_id, mode, chance, canaries).await?;
        }
        let seat = self.seat(idx)?;
        let Some(shown) = tolerated(looks(seat, chat_id).await)? else {
            return Ok(());
        };
        let text = match begun(&shown, mode) {
            "" => canaries.text(chance),
            // Nobody gives the same twice, not on two devices either.
            text if self.is_new(text) && chance.random_bool(0.5) => text.to_owned(),
            text => format!("{text}\n{}", canaries.text(chance)),
        };
        self.gives_this(idx, (chat_id, mode), text, shown.draft_revision)
            .await
    }

    /// Somebody sends what a composer of theirs holds, as it is: as like as not it was begun on their
    /// other device.
    async fn gives_begun(&mut self, idx: usize, chance: &mut StdRng) -> Result<()> {
        let seat = self.seat(idx)?;
        let mut begun_ones = Vec::new();
        for chat in listed(&seat.panel.overview().await?) {
            let chat_id = chat.chat.id;
            let Some(shown) = tolerated(looks(seat, chat_id).await)? else {
                continue;
            };
            for mode in ComposerMode::ALL {
                let text = begun(&shown, mode);
                if !text.is_empty() && self.is_new(text) {
                    begun_ones.push(((chat_id, mode), text.to_owned(), shown.draft_revision));
                }
            }
        }
        let Some((composer, text, seen)) = begun_ones.into_iter().choose(chance) else {
            return Ok(());
        };
        self.gives_this(idx, composer, text, seen).await
    }

    async fn gives_this(
        &mut self,
        idx: usize,
        (chat_id, mode): (ChatId, ComposerMode),
        text: String,
        seen: DraftRevision,
    ) -> Result<()> {
        let panel = &self.seat(idx)?.panel;
        let given = match mode {
            ComposerMode::Reply => panel.reply(chat_id, text.clone(), seen).await,
            ComposerMode::Comment => panel.comment(chat_id, text.clone(), Vec::new(), seen).await,
        };
        if tolerated(given)?.is_some() {
            let who = self.device(idx)?.desk.who;
            self.figures.given += 1;
            self.given.push(Given {
                who,
                chat_id,
                mode,
                text,
            });
        }
        Ok(())
    }

    fn is_new(&self, text: &str) -> bool {
        self.given.iter().all(|given| given.text != text)
    }

    /// Somebody opens a chat, or turns to something else.
    pub(super) async fn looks(
        &mut self,
        idx: usize,
        chat_id: ChatId,
        mode: ComposerMode,
        chance: &mut StdRng,
    ) -> Result<()> {
        let looks = chance.random_bool(0.75).then_some(chat_id);
        let typing = Some(mode).filter(|_| looks.is_some() && chance.random_bool(0.5));
        let has_focus = looks.is_some() && chance.random_bool(0.5);
        let device = self.devices.get_mut(idx).context("The device is there")?;
        (device.looks, device.typing) = (looks, typing);
        let seat = device.desk.seat.as_ref().context("Every panel is open")?;
        tolerated(seat.panel.watch(looks, true, typing).await)?;
        if let Some((left, mode)) = device.focus.take() {
            tolerated(seat.panel.leave_composer(left, mode).await)?;
        }
        if has_focus {
            device.focus = Some((chat_id, mode));
            tolerated(seat.panel.focus_composer(chat_id, mode).await)?;
        }
        Ok(())
    }
}

/// What a composer holds.
pub(super) fn begun(shown: &Timeline, mode: ComposerMode) -> &str {
    match mode {
        ComposerMode::Reply => &shown.draft,
        ComposerMode::Comment => &shown.comment.text,
    }
}

/// Takes note of a refusal; its text stays in the composer.
async fn answers_refusal(seat: &Seat, refused: Option<&ChatSummary>) -> Result<()> {
    let Some(refused) = refused else {
        return Ok(());
    };
    let shown = tolerated(looks(seat, refused.chat.id).await)?;
    if let Some(held) = shown.and_then(|shown| shown.held) {
        tolerated(seat.panel.dismiss_held(held.command_id).await)?;
    }
    Ok(())
}

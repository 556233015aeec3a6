//! What may happen in a run.

use std::time::Duration;

use anyhow::{Context, Result};
use pult_panel::view::ComposerMode;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use tokio::time::timeout;

use super::{Reply, Scene, Written};
use crate::panels::Seat;
use crate::prove::Promised;
use crate::prove::canary::Canaries;
use crate::prove::desk::{LOOK, listed, looks_at, tolerated};
use crate::proxy::Network;

/// The most that a client writes in one go: more than a panel gets unasked.
const MAX_BURST: u32 = 12;

/// Operators who stay until the end.
const N_STAYING: usize = 2;

#[derive(Debug, Clone, Copy)]
enum Move {
    Write,
    Burst,
    Reply,
    Close,
    Reopen,
    Read,
    Draft,
    Look,
    AnswerRefusal,
    TakeBack,
    Network,
    LoseAnswer,
    Reconnect,
    KillPanel,
    Deactivate,
    Backend,
}

/// How often each of them happens, against the others.
const MOVES: [(Move, u32); 16] = [
    (Move::Write, 22),
    (Move::Burst, 2),
    (Move::Reply, 30),
    (Move::Close, 9),
    (Move::Reopen, 5),
    (Move::Read, 6),
    (Move::Draft, 3),
    (Move::Look, 6),
    (Move::AnswerRefusal, 6),
    (Move::TakeBack, 2),
    (Move::Network, 24),
    (Move::LoseAnswer, 5),
    (Move::Reconnect, 5),
    (Move::KillPanel, 3),
    (Move::Deactivate, 1),
    (Move::Backend, 1),
];

impl Scene {
    /// One thing happens.
    pub(super) async fn moves(&mut self, chance: &mut StdRng, canaries: &Canaries) -> Result<()> {
        let drawn = MOVES.choose_weighted(chance, |(_, weight)| *weight);
        let (what, _) = drawn.context("Drawing what happens")?;
        let desk = chance.random_range(0..self.desks.len());
        match what {
            Move::Write => self.writes(chance, canaries, 1).await,
            Move::Burst => {
                let n = chance.random_range(2..=MAX_BURST);
                self.writes(chance, canaries, n).await
            }
            Move::Reply => self.replies(desk, chance, canaries).await,
            Move::Network => {
                let desk = self.desks.get(desk).context("The desk is there")?;
                self.figures.cuts += u64::from(desk.changes_network(chance));
                Ok(())
            }
            Move::LoseAnswer => self.loses_answer(desk, chance, canaries).await,
            Move::KillPanel => {
                let desk = self.desks.get_mut(desk).context("The desk is there")?;
                self.figures.panels_killed += u64::from(desk.dies().await?);
                Ok(())
            }
            Move::Deactivate => self.deactivates(chance).await,
            Move::Backend => self.ends_backend(chance).await,
            Move::Close
            | Move::Reopen
            | Move::Read
            | Move::Draft
            | Move::Look
            | Move::AnswerRefusal
            | Move::TakeBack
            | Move::Reconnect => self.does(*what, desk, chance, canaries).await,
        }
    }

    async fn writes(&mut self, chance: &mut StdRng, canaries: &Canaries, n: u32) -> Result<()> {
        let (idx, phone) = self
            .phones
            .iter()
            .enumerate()
            .choose(chance)
            .context("There are phones")?;
        for _ in 0..n {
            let text = canaries.text(chance);
            phone.write(&text).await?;
            self.messages.push(Written { phone: idx, text });
            self.figures.messages += 1;
        }
        Ok(())
    }

    /// Somebody answers in any chat that they see. What the composer holds goes with it.
    async fn replies(
        &mut self,
        desk: usize,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let Some(seat) = self.seat(desk) else {
            return Ok(());
        };
        let now = seat.panel.overview().await?;
        let Some(chat) = listed(&now).choose(chance) else {
            return Ok(());
        };
        let chat_id = chat.chat.id;
        let Some((begun, seen)) = tolerated(looks_at(seat, chat).await)? else {
            return Ok(());
        };
        let token = canaries.text(chance);
        let text = format!("{begun}{token}");
        if let Some(id) = tolerated(seat.panel.reply(chat_id, text.clone(), seen).await)? {
            self.figures.replies += 1;
            self.replies.push(Reply {
                desk,
                chat_id,
                token,
                text,
                id,
            });
        }
        Ok(())
    }

    /// Whatever else can be done at a panel.
    async fn does(
        &mut self,
        what: Move,
        desk: usize,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let Some(seat) = self.seat(desk) else {
            return Ok(());
        };
        let panel = &seat.panel;
        let now = panel.overview().await?;
        let Some(chat) = listed(&now).choose(chance) else {
            return Ok(());
        };
        let chat_id = chat.chat.id;
        match what {
            Move::Close => {
                if let Some(mine) = now.in_work.choose(chance) {
                    tolerated(panel.close_chat(mine.chat.id).await)?;
                }
            }
            Move::Reopen => {
                let any = self.replies.iter().filter(|reply| reply.desk == desk);
                if let Some(reply) = any.choose(chance)
                    && !listed(&now).any(|chat| chat.chat.id == reply.chat_id)
                {
                    tolerated(panel.reopen_chat(reply.chat_id, None).await)?;
                }
            }
            Move::Read => {
                tolerated(panel.mark_read(chat_id, chat.chat.last_place).await)?;
            }
            Move::Draft => {
                if let Some((begun, seen)) = tolerated(looks_at(seat, chat).await)? {
                    let text = format!("{begun}{}", canaries.text(chance));
                    let mode = ComposerMode::Reply;
                    let kept = panel.set_draft(chat_id, mode, text, Vec::new(), seen);
                    tolerated(kept.await)?;
                }
            }
            Move::Look => {
                let limit = chance.random_range(1..60);
                let before = chance.random_bool(0.5).then_some(chat.chat.last_place);
                if let Ok(looked) = timeout(LOOK, panel.timeline(chat_id, before, limit)).await {
                    tolerated(looked)?;
                }
            }
            Move::AnswerRefusal => {
                if let Some(refused) = listed(&now).find(|chat| chat.needs_look) {
                    let chat_id = refused.chat.id;
                    let looked = timeout(LOOK, panel.timeline(chat_id, None, 1)).await;
                    let held = looked.ok().map(tolerated).transpose()?.flatten();
                    if let Some(held) = held.and_then(|timeline| timeline.held) {
                        tolerated(panel.dismiss_held(held.command_id).await)?;
                    }
                }
            }
            Move::TakeBack => {
                let mut mine = self.replies.iter().rev();
                if let Some(reply) = mine.find(|reply| reply.desk == desk) {
                    tolerated(panel.take_back(reply.id).await)?;
                }
            }
            Move::Reconnect => {
                tolerated(panel.reconnect().await)?;
            }
            Move::Write
            | Move::Burst
            | Move::Reply
            | Move::Network
            | Move::LoseAnswer
            | Move::KillPanel
            | Move::Deactivate
            | Move::Backend => {}
        }
        Ok(())
    }

    /// A reply goes through, and its answer does not: the panel has to give it again.
    async fn loses_answer(
        &mut self,
        desk: usize,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let network = |scene: &Self, network| {
            if let Some(desk) = scene.desks.get(desk) {
                desk.proxy.becomes(network);
            }
        };
        network(self, Network::LosesAnswers);
        self.figures.cuts += 1;
        self.replies(desk, chance, canaries).await?;
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..100))).await;
        // What was lost is not made up for: the connection ends.
        network(self, Network::Carries);
        Ok(())
    }

    async fn deactivates(&mut self, chance: &mut StdRng) -> Result<()> {
        let active = self.operators.iter_mut().filter(|one| one.is_active);
        let mut active: Vec<_> = active.collect();
        if active.len() <= N_STAYING {
            return Ok(());
        }
        let idx = chance.random_range(0..active.len());
        if let Some(colleague) = active.get_mut(idx) {
            self.stage.office.deactivate(&colleague.operator).await?;
            colleague.is_active = false;
            self.figures.deactivated += 1;
        }
        Ok(())
    }

    /// The backend ends, in order or not. It stays away for a while, or comes back at once.
    pub(super) async fn ends_backend(&mut self, chance: &mut StdRng) -> Result<()> {
        let office = &mut self.stage.office;
        if chance.random_bool(0.5) {
            office.stop().await.promised("the backend")?;
            self.figures.restarts += 1;
        } else {
            office.kill().await?;
            self.figures.kills += 1;
        }
        let away = Duration::from_millis(chance.random_range(0..300));
        tokio::time::sleep(away).await;
        office.start().await.promised("the backend")
    }

    fn seat(&self, desk: usize) -> Option<&Seat> {
        self.desks.get(desk)?.seat.as_ref()
    }
}

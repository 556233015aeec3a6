//! What is seen at the panels while everything changes.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use pult_domain::{ChatId, OperatorId, Place};
use pult_panel::view::{ComposerMode, Connection, Overview, Timeline};
use pult_protocol::{EntryBody, Presence};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use tokio::time::Instant;

use super::moves::begun;
use super::{Device, LEASE, Scene};
use crate::panels::Seat;
use crate::prove::canary::Canaries;
use crate::prove::desk::{listed, looks, tolerated};
use crate::prove::{Finding, Promised, must};
use crate::proxy::Network;
use crate::until::within;

/// Entries in which a text that was sent is looked for.
const PAGE: u32 = 60;

/// So many of the newest replies and comments may still be on their way.
const JUST_GIVEN: usize = 6;

/// How many fall silent at the end of a run.
const N_SILENT: usize = 3;

/// What was seen before.
#[derive(Default)]
pub(super) struct Watchman {
    /// How far a device had read a chat, as long as it has listed it.
    read: BTreeMap<usize, BTreeMap<ChatId, Place>>,
}

impl Scene {
    /// Somebody looks at one of the panels.
    pub(super) async fn is_watched(&mut self, chance: &mut StdRng) -> Result<()> {
        let idx = chance.random_range(0..self.devices.len());
        let seat = self.seat(idx)?;
        let before = Instant::now();
        let now = seat.panel.overview().await?;
        self.figures.looks += 1;
        self.judge_words(idx, &now, before).await?;
        let Some(chat) = listed(&now).choose(chance) else {
            self.watchman.read.remove(&idx);
            return Ok(());
        };
        let chat_id = chat.chat.id;
        self.judge_mark(idx, &now, chat_id).await?;
        self.judge_sent(idx, chat_id).await?;
        // Somebody who has just sent something turns to their other device.
        let newest = self.given.len().saturating_sub(JUST_GIVEN)..;
        let given = self
            .given
            .get(newest)
            .and_then(|given| given.choose(chance));
        let Some((who, chat_id)) = given.map(|given| (given.who, given.chat_id)) else {
            return Ok(());
        };
        for idx in self.devices_of(who) {
            self.judge_sent(idx, chat_id).await?;
        }
        Ok(())
    }

    /// Nobody is shown as being there, looking or typing who cannot have said so for too long. Only
    /// where what the backend says arrives.
    async fn judge_words(&mut self, idx: usize, now: &Overview, at: Instant) -> Result<()> {
        let device = self.device(idx)?;
        let is_told = device.network == Network::Carries && now.connection == Connection::Live;
        if !is_told {
            return Ok(());
        }
        for operator in shown_there(now, device.seat()?).await? {
            let Some(since) = self.dark_since(operator) else {
                continue;
            };
            let silent_for = at.duration_since(since);
            must(silent_for <= 2 * LEASE, || {
                let by = device.desk.by();
                Finding::new(by, "nobody there who has been silent", silent_for)
            })?;
        }
        Ok(())
    }

    /// A mark is never seen to go back while its chat is listed.
    async fn judge_mark(&mut self, idx: usize, now: &Overview, chat_id: ChatId) -> Result<()> {
        let shown = tolerated(looks(self.seat(idx)?, chat_id).await)?;
        let by = self.device(idx)?.desk.by();
        let read = self.watchman.read.entry(idx).or_default();
        read.retain(|chat_id, _| listed(now).any(|chat| chat.chat.id == *chat_id));
        let Some(shown) = shown else {
            return Ok(());
        };
        // It has left the sight since it was listed, and its mark with it.
        if shown.chat.is_none() {
            read.remove(&chat_id);
            return Ok(());
        }
        let place = shown.read_place;
        let before = read.insert(chat_id, place).unwrap_or_default();
        must(before <= place, || {
            Finding::new(by, format!("a mark not before {before:?}"), place)
        })
    }

    /// Where a text is seen to be sent, it is not in the composer, unless that has the focus.
    async fn judge_sent(&self, idx: usize, chat_id: ChatId) -> Result<()> {
        let device = self.device(idx)?;
        let Ok(shown) = device.seat()?.panel.timeline(chat_id, None, PAGE).await else {
            return Ok(());
        };
        if device.network != Network::Carries {
            return Ok(());
        }
        let who = device.desk.who;
        let given = self.given.iter();
        for given in given.filter(|given| given.who == who && given.chat_id == chat_id) {
            let is_held = device.focus == Some((chat_id, given.mode));
            if is_held || !has(&shown, given.mode, &given.text) {
                continue;
            }
            // The history was read after the composer: only from here on both are known to agree.
            let later = device.seat()?.panel.timeline(chat_id, None, 1).await;
            let Some(later) = tolerated(later)? else {
                return Ok(());
            };
            must(begun(&later, given.mode) != given.text, || {
                Finding::new(
                    device.desk.by(),
                    "no draft of what was sent",
                    (chat_id, given.mode, &given.text),
                )
            })?;
        }
        Ok(())
    }

    /// Some fall silent while they look at a chat and type in it; their colleagues see it end.
    pub(super) async fn fall_silent(
        &mut self,
        chance: &mut StdRng,
        canaries: &mut Canaries,
    ) -> Result<()> {
        for device in &mut self.devices {
            device.has_network(Network::Carries);
        }
        let observer = self.devices.len() - 1;
        let seat = self.seat(observer)?;
        is_live(seat).await.promised("a panel")?;
        let silent: Vec<usize> = (0..super::N_OPERATORS - 1).sample(chance, N_SILENT);
        let mut expected = Vec::new();
        for who in silent {
            // A chat of its own: no reply that is still on its way takes it from sight.
            let (number, name) = (canaries.number(), canaries.text(chance));
            let phone = self.stage.office.phones.client(&number, &name, true);
            phone.await?.write(&canaries.text(chance)).await?;
            self.figures.messages += 1;
            let chat_id = self.seat(observer)?.sees_queued(&name).await?;
            for idx in self.devices_of(who) {
                self.sits_at(idx, chat_id).await?;
            }
            expected.push((who, chat_id));
        }
        for (who, chat_id) in expected {
            self.falls_silent(who, chat_id, observer).await?;
        }
        Ok(())
    }

    /// A device is used, and this chat is on its screen.
    async fn sits_at(&mut self, idx: usize, chat_id: ChatId) -> Result<()> {
        let device = self.devices.get_mut(idx).context("The device is there")?;
        device.looks = Some(chat_id);
        device.typing = Some(ComposerMode::Reply);
        device.is_locked = false;
        let seat = device.seat()?;
        seat.panel.set_locked(false);
        tolerated(seat.panel.watch(device.looks, true, device.typing).await)?;
        Ok(())
    }

    async fn falls_silent(&mut self, who: usize, chat_id: ChatId, observer: usize) -> Result<()> {
        let operator = self.operator(who)?.operator.id;
        for idx in self.devices_of(who) {
            is_live(self.seat(idx)?).await.promised("a panel")?;
        }
        let seat = self.seat(observer)?;
        let by = self.device(observer)?.desk.by();
        let seen = within(AGREE, "a colleague at a chat", async || {
            is_seen_at(seat, operator, chat_id).await.then_some(())
        });
        seen.await.promised(&by)?;
        for idx in self.devices_of(who) {
            let device = self.devices.get_mut(idx).context("The device is there")?;
            device.has_network(Network::Swallows);
        }
        let silent_since = Instant::now();
        let seat = self.seat(observer)?;
        let ended = within(4 * LEASE, "the end of a word", async || {
            (!is_seen_at(seat, operator, chat_id).await).then_some(())
        });
        ended.await.promised(&by)?;
        let took = silent_since.elapsed();
        must(took <= 2 * LEASE, || {
            Finding::new(by, "a word to end in twice its time", took)
        })?;
        let late = took.saturating_sub(LEASE).as_millis();
        let figures = &mut self.figures;
        figures.leases_ended += 1;
        figures.longest_after_end_ms = figures
            .longest_after_end_ms
            .max(u64::try_from(late).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Since when nothing that an operator's devices say can have arrived, if that is so.
    fn dark_since(&self, operator: OperatorId) -> Option<Instant> {
        let mut of = self.devices.iter().filter(|device| {
            let colleague = self.operators.get(device.desk.who);
            colleague.is_some_and(|colleague| colleague.operator.id == operator)
        });
        of.try_fold(None, |latest: Option<Instant>, device| {
            let since = device.dark_since?;
            Some(Some(latest.map_or(since, |latest| latest.max(since))))
        })
        .flatten()
    }

    fn devices_of(&self, who: usize) -> Vec<usize> {
        let devices = self.devices.iter().enumerate();
        let of = devices.filter(|(_, device)| device.desk.who == who);
        of.map(|(idx, _)| idx).collect()
    }

    pub(super) fn device(&self, idx: usize) -> Result<&Device> {
        self.devices.get(idx).context("The device is there")
    }

    pub(super) fn operator(&self, who: usize) -> Result<&super::Colleague> {
        self.operators.get(who).context("A device is somebody's")
    }

    pub(super) fn seat(&self, idx: usize) -> Result<&Seat> {
        self.device(idx)?.seat()
    }
}

impl Device {
    pub(super) fn seat(&self) -> Result<&Seat> {
        self.desk.seat.as_ref().context("Every panel is open")
    }
}

/// Everybody who is shown as being there, looking or typing.
async fn shown_there(now: &Overview, seat: &Seat) -> Result<Vec<OperatorId>> {
    let online = now
        .presence
        .iter()
        .filter(|row| row.presence == Presence::Online)
        .map(|row| row.operator_id);
    let onlookers = tolerated(seat.panel.onlookers().await)?.unwrap_or_default();
    let onlookers = onlookers.into_iter().flat_map(|chat| chat.onlookers);
    Ok(online
        .chain(onlookers.map(|onlooker| onlooker.operator_id))
        .collect())
}

/// Whether a panel shows somebody at a chat. A panel that does not tell shows nobody.
async fn is_seen_at(seat: &Seat, operator: OperatorId, chat_id: ChatId) -> bool {
    let chats = seat.panel.onlookers().await.unwrap_or_default();
    let mut of = chats.iter().filter(|chat| chat.chat_id == chat_id);
    of.any(|chat| {
        let mut all = chat.onlookers.iter();
        all.any(|onlooker| onlooker.operator_id == operator)
    })
}

async fn is_live(seat: &Seat) -> Result<()> {
    seat.panel.reconnect().await?;
    seat.is_live().await
}

/// Whether a history has this text of an operator.
fn has(shown: &Timeline, mode: ComposerMode, said: &str) -> bool {
    shown.entries.iter().any(|entry| match (&entry.body, mode) {
        (EntryBody::Outbound { text, .. }, ComposerMode::Reply)
        | (EntryBody::Comment { text, .. }, ComposerMode::Comment) => text == said,
        _ => false,
    })
}

/// How long panels may take to say the same of each other.
pub(super) const AGREE: Duration = Duration::from_secs(20);

//! The end of a run: waiting until nothing is outstanding, and judging what is there then.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use pult_domain::{ChatId, OperatorId};
use pult_panel::view::{ComposerMode, Overview};
use pult_protocol::{Onlooker, Presence};

use super::moves::begun;
use super::watchman::AGREE;
use super::{Device, Scene};
use crate::panels::Seat;
use crate::prove::desk::{Desk, listed, tolerated};
use crate::prove::quiet::{QUIET, judge_phone, settle};
use crate::prove::records::{self, StoredChat};
use crate::prove::view::View;
use crate::prove::{Finding, Promised, must};
use crate::proxy::Network;
use crate::until::within;

/// The drafts of a device, by chat and mode.
type Drafts = BTreeMap<(ChatId, &'static str), String>;

/// What is to be seen of colleagues at a chat.
type AtChats = BTreeMap<ChatId, BTreeMap<OperatorId, Option<ComposerMode>>>;

impl Scene {
    /// All networks carry, composers are left, and everybody waits until nothing is outstanding.
    pub(super) async fn settle(&mut self) -> Result<()> {
        for device in &mut self.devices {
            device.has_network(Network::Carries);
            if let Some((chat_id, mode)) = device.focus.take() {
                let left = device.seat()?.panel.leave_composer(chat_id, mode).await;
                tolerated(left)?;
            }
        }
        let desks: Vec<(&Desk, bool)> = self.devices.iter().map(|one| (&one.desk, true)).collect();
        let office = &self.stage.office;
        settle(office.dir(), &office.phones, &desks).await
    }

    /// Judges what the devices, the phones and the store have.
    pub(super) async fn judge(&mut self) -> Result<()> {
        self.judge_devices().await?;
        let chats = records::chats(self.stage.office.dir())?;
        self.judge_phones(&chats).await?;
        self.judge_given(&chats)?;
        self.judge_presence().await?;
        self.judge_onlookers().await
    }

    /// All devices of an operator show what a fresh one shows: chats, marks and drafts. Nothing that
    /// was typed is missing, and no draft is what was sent.
    async fn judge_devices(&mut self) -> Result<()> {
        for who in 0..self.operators.len() {
            let operator = self.operator(who)?.operator.clone();
            let office = &self.stage.office;
            let dir = office.panel_dir(&format!("{who}-fresh"));
            let fresh = Seat::take(&operator, office.address(), &dir).await?;
            let by = format!("a fresh panel of {}", operator.login);
            fresh.is_live().await.promised(&by)?;
            let view = View::of(&fresh).await.promised(&by)?;
            for device in self.devices.iter().filter(|one| one.desk.who == who) {
                let by = device.desk.by();
                view.judge_same(&by, device.seat()?).await?;
                judge_same_drafts(&by, device.seat()?, &fresh).await?;
                self.figures.compared += 1;
            }
            let drafts = drafts(&fresh).await.promised(&by)?;
            fresh.leave().await;
            self.figures.drafts += drafts.len() as u64;
            self.judge_drafts(who, &by, &drafts).await?;
        }
        Ok(())
    }

    async fn judge_drafts(&self, who: usize, by: &str, drafts: &Drafts) -> Result<()> {
        let chats = records::chats(self.stage.office.dir())?;
        let sent = self.given.iter().filter(|given| given.who == who);
        for given in sent {
            let is_sent = chats.iter().any(|chat| said(chat, &given.text));
            let draft = drafts.get(&(given.chat_id, given.mode.as_str()));
            must(!is_sent || draft != Some(&given.text), || {
                Finding::new(by, "no draft of what was sent", &given.text)
            })?;
        }
        // What is not in sight any more has been left where it was written.
        let mut kept: Vec<String> = drafts.values().cloned().collect();
        for device in self.devices.iter().filter(|one| one.desk.who == who) {
            let now = device.seat()?.panel.overview().await?;
            let shells = now.shells.into_iter();
            kept.extend(shells.flat_map(|shell| [shell.text, shell.comment]));
        }
        let wiped = self.wiped();
        for typed in self.typed.iter().filter(|typed| typed.who == who) {
            let token = typed.token.as_str();
            let is_there = wiped.contains(token)
                || kept.iter().any(|text| text.contains(token))
                || chats.iter().any(|chat| holds(chat, token));
            must(is_there, || {
                Finding::new(by, "what was typed to be somewhere", token)
            })?;
        }
        Ok(())
    }

    /// What the store calls sent is on the client's phone, once, and nothing else is.
    async fn judge_phones(&self, chats: &[StoredChat]) -> Result<()> {
        for phone in &self.phones {
            let of = |chat: &&StoredChat| chat.number.as_ref() == Some(&phone.number);
            let messages = chats.iter().filter(of).flat_map(|chat| &chat.messages);
            let messages: Vec<_> = messages.collect();
            judge_phone(phone, &messages).await?;
        }
        Ok(())
    }

    /// What was given is in the store at most once, and only in its chat.
    fn judge_given(&mut self, chats: &[StoredChat]) -> Result<()> {
        for given in &self.given {
            let in_chat = chats.iter().map(|chat| {
                let n = times_said(chat, &given.text);
                (chat.id == given.chat_id, n)
            });
            let (mut n_here, mut n_elsewhere) = (0, 0);
            for (is_here, n) in in_chat {
                if is_here {
                    n_here += n;
                } else {
                    n_elsewhere += n;
                }
            }
            must(n_here <= 1 && n_elsewhere == 0, || {
                let n = (n_here, n_elsewhere);
                Finding::new("the store", "what was given, once", (n, &given.text))
            })?;
            self.figures.sent += n_here as u64;
        }
        Ok(())
    }

    /// All panels say the same of who is there, which is what everybody has said last.
    async fn judge_presence(&mut self) -> Result<()> {
        // Some were not heard when they said that they went or came.
        for who in 0..self.operators.len() {
            let idx = self.devices.iter().position(|one| one.desk.who == who);
            let seat = self.seat(idx.context("Everybody has a device")?)?;
            let away = self.operator(who)?.is_away;
            seat.panel.set_away(away).await.context("Saying it again")?;
        }
        let mut expected = BTreeMap::new();
        for (who, colleague) in self.operators.iter().enumerate() {
            let mut of = self.devices.iter().filter(|one| one.desk.who == who);
            let is_used = of.any(|device| !device.is_locked);
            let presence = if is_used && !colleague.is_away {
                Presence::Online
            } else {
                Presence::Away
            };
            expected.insert(colleague.operator.id, presence);
        }
        for device in &self.devices {
            let (seat, by) = (device.seat()?, device.desk.by());
            let same = within(AGREE, "who is there", async || {
                let now = seat.panel.overview().await.ok()?;
                (presence(&now) == expected).then_some(())
            });
            if same.await.is_err() {
                let now = seat.panel.overview().await?;
                let seen = presence(&now);
                let differs: Vec<_> = expected
                    .iter()
                    .filter(|(id, presence)| seen.get(id) != Some(presence))
                    .map(|(id, presence)| (*id, *presence, seen.get(id)))
                    .collect();
                return Err(Finding::new(by, "who is there", differs).into());
            }
        }
        Ok(())
    }

    /// Every panel shows of the chats in its sight which colleagues look at them, and nobody else.
    async fn judge_onlookers(&mut self) -> Result<()> {
        let mut sights = Vec::new();
        for device in &self.devices {
            let now = device.seat()?.panel.overview().await?;
            let sight: Vec<ChatId> = listed(&now).map(|chat| chat.chat.id).collect();
            sights.push(sight);
        }
        let looking = self.devices.iter().zip(&sights);
        let looking: Vec<(&Device, ChatId)> = looking
            .filter(|(device, _)| !device.is_locked)
            .filter_map(|(device, sight)| {
                let chat_id = device.looks.filter(|chat_id| sight.contains(chat_id))?;
                Some((device, chat_id))
            })
            .collect();
        for (device, sight) in self.devices.iter().zip(&sights) {
            let mut expected = AtChats::new();
            for (other, chat_id) in &looking {
                if other.desk.who != device.desk.who && sight.contains(chat_id) {
                    let operator = self.operator(other.desk.who)?.operator.id;
                    let at = expected.entry(*chat_id).or_default();
                    let typing = at.entry(operator).or_default();
                    // A reply, if they do both at two devices: it is what others must know of.
                    *typing = match (*typing, other.typing) {
                        (Some(one), Some(another)) if one != another => Some(ComposerMode::Reply),
                        (one, another) => one.or(another),
                    };
                }
            }
            let (seat, by) = (device.seat()?, device.desk.by());
            let same = within(AGREE, "who looks at what", async || {
                (onlookers(seat).await.ok()? == expected).then_some(())
            });
            if same.await.is_err() {
                let seen = onlookers(seat).await?;
                let expected = format!("at the chats {expected:?}");
                return Err(Finding::new(by, expected, seen).into());
            }
        }
        Ok(())
    }
}

/// Waits until a device has the drafts of a fresh one. What a refusal has just given back to a
/// composer is told when it has rested, so they may still be about to change on both.
async fn judge_same_drafts(by: &str, seat: &Seat, fresh: &Seat) -> Result<()> {
    let same = within(QUIET, "the same drafts", async || {
        (drafts(seat).await.ok()? == drafts(fresh).await.ok()?).then_some(())
    });
    if same.await.is_err() {
        let (expected, seen) = (drafts(fresh).await?, drafts(seat).await?);
        return Err(Finding::new(by, format!("the drafts {expected:?}"), seen).into());
    }
    Ok(())
}

/// What stands in the composers of a device, of the chats in its lists.
async fn drafts(seat: &Seat) -> Result<Drafts> {
    let now = seat.panel.overview().await?;
    let mut drafts = Drafts::new();
    for chat in listed(&now) {
        let shown = seat.panel.timeline(chat.chat.id, None, 1).await?;
        for mode in ComposerMode::ALL {
            let text = begun(&shown, mode);
            if !text.is_empty() {
                drafts.insert((chat.chat.id, mode.as_str()), text.to_owned());
            }
        }
    }
    Ok(drafts)
}

fn presence(now: &Overview) -> BTreeMap<OperatorId, Presence> {
    let rows = now.presence.iter();
    rows.map(|row| (row.operator_id, row.presence)).collect()
}

async fn onlookers(seat: &Seat) -> Result<AtChats> {
    let chats = seat.panel.onlookers().await?.into_iter();
    let of = |onlooker: Onlooker| (onlooker.operator_id, onlooker.typing);
    Ok(chats
        .map(|chat| (chat.chat_id, chat.onlookers.into_iter().map(of).collect()))
        .collect())
}

/// Whether the text was said in a chat, as it is.
fn said(chat: &StoredChat, text: &str) -> bool {
    times_said(chat, text) > 0
}

fn times_said(chat: &StoredChat, text: &str) -> usize {
    let messages = chat.messages.iter().map(|message| &message.text);
    let all = messages.chain(chat.comments.iter());
    all.filter(|said| *said == text).count()
}

/// Whether something that was said in a chat holds the text.
fn holds(chat: &StoredChat, text: &str) -> bool {
    let messages = chat.messages.iter().map(|message| &message.text);
    let mut all = messages.chain(chat.comments.iter());
    all.any(|said| said.contains(text))
}

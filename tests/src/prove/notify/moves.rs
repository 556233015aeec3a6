//! What may happen in a run.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use pult_domain::{ChatId, Place};
use pult_protocol::{Command, DeliveryState, NotificationKind as Kind};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use super::model::{ChatNo, Looks, Stands, What, Who, Wishes};
use super::post::drawn_alert;
use super::{ROLL_CALL, Scene};
use crate::prove::canary::Canaries;
use crate::prove::{Promised, records};
use crate::until::until;

/// No new clients come once there are so many chats.
const MAX_CHATS: usize = 14;

/// What WhatsApp says of a message that it cannot deliver.
const UNDELIVERABLE: u32 = 131_026;

/// More than the newest place of any chat: nothing was overlooked.
const ALL_SEEN: Place = Place(i64::MAX);

#[derive(Debug, Clone, Copy)]
enum Move {
    /// A few things happen.
    Talk,
    /// Many clients write.
    Storm,
    Look,
    Wish,
    Away,
    Cut,
    End,
    Switch,
    Fail,
    /// What one device told is read there before the other tells it.
    ReadElsewhere,
}

/// How often each of them happens, against the others.
const MOVES: [(Move, u32); 10] = [
    (Move::Talk, 40),
    (Move::Storm, 9),
    (Move::Look, 18),
    (Move::Wish, 12),
    (Move::Away, 4),
    (Move::Cut, 10),
    (Move::End, 10),
    (Move::Switch, 4),
    (Move::Fail, 7),
    (Move::ReadElsewhere, 12),
];

impl Scene {
    /// One part of a run.
    pub(super) async fn moves(
        &mut self,
        chance: &mut StdRng,
        canaries: &mut Canaries,
    ) -> Result<()> {
        let drawn = MOVES.choose_weighted(chance, |(_, weight)| *weight);
        let (what, _) = drawn.context("Drawing what happens")?;
        let idx = chance.random_range(0..self.posts.len());
        match what {
            Move::Talk => {
                let n = chance.random_range(1..=3);
                self.talks(n, chance, canaries).await
            }
            Move::Storm => self.storms(chance, canaries).await,
            Move::Look => self.looks(idx, chance, canaries).await,
            Move::Wish => self.wishes(idx, chance, canaries).await,
            Move::Away => self.goes_away(idx, chance, canaries).await,
            Move::Cut => self.is_cut(idx, chance, canaries).await,
            Move::End => self.ends(idx, chance, canaries).await,
            Move::Switch => {
                self.is_settled(idx, chance, canaries).await?;
                self.comes_to(idx).await?;
                self.knows_first().await
            }
            Move::Fail => self.fails(chance, canaries).await,
            Move::ReadElsewhere => self.reads_elsewhere(chance, canaries).await,
        }
    }

    /// Waits until all devices of an operator have told what they have to, before something changes
    /// by which they go.
    async fn is_settled(
        &mut self,
        idx: usize,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let who = self.post(idx)?.model.who;
        let of = |idx: &usize| {
            let post = self.posts.get(*idx);
            post.is_some_and(|post| post.model.who == who && post.is_online)
        };
        let of: BTreeSet<usize> = (0..self.posts.len()).filter(of).collect();
        let is_judged = |idx: &usize| self.posts.get(*idx).is_none_or(super::Post::is_judged);
        if of.iter().all(is_judged) {
            return Ok(());
        }
        self.roll_call(chance, canaries, |idx| of.contains(&idx))
            .await
    }

    // --- in chats

    /// So many things happen, none of them to a chat to which another just did.
    async fn talks(&mut self, n: u32, chance: &mut StdRng, canaries: &mut Canaries) -> Result<()> {
        let mut done = BTreeSet::from([ROLL_CALL]);
        for _ in 0..n {
            let has_room = self.world.chats.len() < MAX_CHATS;
            let chats = (0..self.world.chats.len()).filter(|no| !done.contains(no));
            let drawn = chats.choose(chance);
            let Some(no) = drawn.filter(|_| !has_room || chance.random_bool(0.8)) else {
                if has_room {
                    done.insert(self.new_client(chance, canaries).await?);
                }
                continue;
            };
            if !self.deed(no, chance, canaries).await? {
                done.insert(no);
            }
        }
        Ok(())
    }

    /// Many clients write at once.
    async fn storms(&mut self, chance: &mut StdRng, canaries: &mut Canaries) -> Result<()> {
        while self.world.chats.len() < 7 {
            self.new_client(chance, canaries).await?;
        }
        let n = chance.random_range(3..=6);
        let chats = (ROLL_CALL + 1..self.world.chats.len()).sample(chance, n);
        for no in chats {
            self.client_writes(no, chance, canaries).await?;
        }
        Ok(())
    }

    /// A client writes who has written before.
    async fn client_writes(
        &mut self,
        no: ChatNo,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        let (text, begun) = (canaries.text(chance), Instant::now());
        let phone = self.phones.get(&no).context("The client has a phone")?;
        phone.write(&text).await?;
        self.stage
            .office
            .phones
            .idle()
            .await
            .promised("the sandbox")?;
        self.figures.deeds += 1;
        let chat = self.chat_mut(no)?;
        let mut what = Vec::new();
        match chat.stands {
            Stands::Closed(Some(owner)) => {
                chat.stands = Stands::InWork(owner);
                what.push(What::Reopened(owner));
            }
            Stands::Closed(None) => {
                chat.stands = Stands::Queued;
                what.push(What::Queued);
            }
            Stands::Queued | Stands::InWork(_) => {}
        }
        what.push(What::Client(text));
        self.happened(no, begun, None, what)
    }

    /// Something happens in a chat. True if it was the client alone who did something.
    async fn deed(&mut self, no: ChatNo, chance: &mut StdRng, canaries: &Canaries) -> Result<bool> {
        let begun = Instant::now();
        let stands = self.chat_mut(no)?.stands;
        let somebody = chance.random_range(0..self.people.len());
        let is_program = chance.random_bool(0.5);
        let drawn = chance.random_range(0..100);
        let deed = match (stands, drawn) {
            (Stands::Queued, 0..25) | (Stands::InWork(_), 0..40) | (Stands::Closed(_), 0..60) => {
                self.client_writes(no, chance, canaries).await?;
                return Ok(true);
            }
            (Stands::Queued, 25..50) => self.replies(no, somebody, chance, canaries).await,
            (Stands::Queued, 50..70) => self.assigns(no, somebody).await,
            (Stands::Queued, 70..90) => self.mentions(no, somebody, chance, canaries).await,
            (Stands::Queued, _) => self.closes(no, None).await,
            (Stands::InWork(owner), 40..55) => self.mentions(no, owner, chance, canaries).await,
            (Stands::InWork(owner), 55..75) if owner != somebody => {
                let by = Some(owner).filter(|_| !is_program);
                self.transfers(no, by, somebody, chance, canaries).await
            }
            (Stands::InWork(owner), 75..85) => {
                self.returns(no, Some(owner).filter(|_| !is_program)).await
            }
            (Stands::InWork(owner), 85..95) => {
                self.closes(no, Some(owner).filter(|_| !is_program)).await
            }
            (Stands::InWork(owner), _) => self.replies(no, owner, chance, canaries).await,
            (Stands::Closed(Some(former)), _) => self.reopens(no, former).await,
            (Stands::Closed(None), _) => return Ok(false),
        };
        let (by, what) = deed?;
        self.happened(no, begun, by, what)?;
        Ok(false)
    }

    async fn replies(
        &mut self,
        no: ChatNo,
        who: Who,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<(Option<Who>, Vec<What>)> {
        let chat_id = self.chat_id(no)?;
        let reply = Command::Reply {
            chat_id,
            text: canaries.text(chance),
            seen_place: ALL_SEEN,
        };
        self.gives(reply, Some(self.id_of(who)?)).await?;
        self.is_with(no, who)?;
        Ok((Some(who), vec![What::Reply]))
    }

    /// A chat is with somebody now, if it was not.
    fn is_with(&mut self, no: ChatNo, who: Who) -> Result<()> {
        let chat = self.chat_mut(no)?;
        chat.stands = Stands::InWork(who);
        chat.observers.remove(&who);
        Ok(())
    }

    async fn assigns(&mut self, no: ChatNo, to: Who) -> Result<(Option<Who>, Vec<What>)> {
        let assign = Command::Assign {
            chat_id: self.chat_id(no)?,
            to: self.id_of(to)?,
            seen_place: ALL_SEEN,
        };
        self.gives(assign, None).await?;
        self.is_with(no, to)?;
        Ok((None, vec![What::Given(to)]))
    }

    async fn mentions(
        &mut self,
        no: ChatNo,
        by: Who,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<(Option<Who>, Vec<What>)> {
        let n = chance.random_range(0..=2);
        let whom: Vec<Who> = (0..self.people.len()).sample(chance, n);
        let text = canaries.hidden(chance);
        let mentions: Result<_> = whom.iter().map(|who| self.id_of(*who)).collect();
        let comment = Command::Comment {
            chat_id: self.chat_id(no)?,
            text: text.clone(),
            mentions: mentions?,
            seen_place: ALL_SEEN,
        };
        self.gives(comment, Some(self.id_of(by)?)).await?;
        let chat = self.chat_mut(no)?;
        let owner = match chat.stands {
            Stands::InWork(owner) => Some(owner),
            Stands::Queued | Stands::Closed(_) => None,
        };
        let new = whom.iter().filter(|who| Some(**who) != owner);
        chat.observers.extend(new);
        Ok((Some(by), vec![What::Comment(text, whom)]))
    }

    async fn transfers(
        &mut self,
        no: ChatNo,
        by: Option<Who>,
        to: Who,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<(Option<Who>, Vec<What>)> {
        let note = chance.random_bool(0.5).then(|| canaries.hidden(chance));
        let transfer = Command::Transfer {
            chat_id: self.chat_id(no)?,
            to: self.id_of(to)?,
            note: note.clone(),
            seen_place: ALL_SEEN,
        };
        let author = by.map(|by| self.id_of(by)).transpose()?;
        self.gives(transfer, author).await?;
        self.is_with(no, to)?;
        let note = note.map(|note| What::Comment(note, Vec::new()));
        let what = std::iter::once(What::Given(to)).chain(note);
        Ok((by, what.collect()))
    }

    async fn returns(&mut self, no: ChatNo, by: Option<Who>) -> Result<(Option<Who>, Vec<What>)> {
        let back = Command::ReturnToQueue {
            chat_id: self.chat_id(no)?,
            seen_place: ALL_SEEN,
        };
        let author = by.map(|by| self.id_of(by)).transpose()?;
        self.gives(back, author).await?;
        self.chat_mut(no)?.stands = Stands::Queued;
        Ok((by, vec![What::Queued]))
    }

    async fn closes(&mut self, no: ChatNo, by: Option<Who>) -> Result<(Option<Who>, Vec<What>)> {
        let close = Command::Close {
            chat_id: self.chat_id(no)?,
            seen_place: ALL_SEEN,
        };
        let author = by.map(|by| self.id_of(by)).transpose()?;
        self.gives(close, author).await?;
        let chat = self.chat_mut(no)?;
        let owner = match chat.stands {
            Stands::InWork(owner) => Some(owner),
            Stands::Queued | Stands::Closed(_) => None,
        };
        chat.stands = Stands::Closed(owner);
        chat.observers.clear();
        // What closes it is seen by nobody who is told of things.
        Ok((by, Vec::new()))
    }

    async fn reopens(&mut self, no: ChatNo, former: Who) -> Result<(Option<Who>, Vec<What>)> {
        let reopen = Command::Reopen {
            chat_id: self.chat_id(no)?,
            seen_place: ALL_SEEN,
        };
        self.gives(reopen, None).await?;
        self.chat_mut(no)?.stands = Stands::InWork(former);
        Ok((None, vec![What::Reopened(former)]))
    }

    /// A reply in a chat that is with somebody will not arrive.
    async fn fails(&mut self, chance: &mut StdRng, canaries: &Canaries) -> Result<()> {
        let own = self.world.chats.iter().enumerate().skip(ROLL_CALL + 1);
        let own = own.filter_map(|(no, chat)| match chat.stands {
            Stands::InWork(owner) => Some((no, owner)),
            Stands::Queued | Stands::Closed(_) => None,
        });
        let Some((no, owner)) = own.choose(chance) else {
            return Ok(());
        };
        let (text, begun) = (canaries.text(chance), Instant::now());
        let phone = self.phones.get(&no).context("The client has a phone")?;
        let fault = json!({ "failed_code": UNDELIVERABLE, "to": phone.number });
        let phones = &self.stage.office.phones;
        phones
            .control(Method::POST, "faults/sends", Some(fault))
            .await?;
        let reply = Command::Reply {
            chat_id: self.chat_id(no)?,
            text: text.clone(),
            seen_place: ALL_SEEN,
        };
        self.gives(reply, Some(self.id_of(owner)?)).await?;
        self.happened(no, begun, Some(owner), [What::Reply])?;
        let begun = Instant::now();
        let dir = self.stage.office.dir();
        let failed = until("a reply to fail", async || {
            let chats = records::chats(dir).ok()?;
            let mut all = chats.iter().flat_map(|chat| &chat.messages);
            let message = all.find(|message| message.text == text)?;
            (message.delivery == Some(DeliveryState::Failed)).then_some(())
        });
        failed.await.promised("the store")?;
        self.figures.failed_replies += 1;
        self.happened(no, begun, None, [What::Failed])
    }

    // --- at devices

    /// Somebody looks at a chat, at none, or at something else than the panel.
    async fn looks(&mut self, idx: usize, chance: &mut StdRng, canaries: &Canaries) -> Result<()> {
        if !self.post(idx)?.is_online {
            return Ok(());
        }
        self.is_ready(idx, chance, canaries).await?;
        let who = self.post(idx)?.model.who;
        let in_sight = self.world.chats.iter().enumerate().skip(ROLL_CALL + 1);
        let in_sight = in_sight.filter(|(_, chat)| chat.is_seen_by(who));
        let chat = in_sight.map(|(no, _)| no).choose(chance);
        let looks = Looks {
            chat: chat.filter(|_| chance.random_bool(0.7)),
            in_front: chance.random_bool(0.6),
        };
        self.looks_at(idx, looks).await
    }

    /// One device has told what it has to, whatever the others have.
    async fn is_ready(
        &mut self,
        idx: usize,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        if self.post(idx)?.is_judged() {
            return Ok(());
        }
        self.roll_call(chance, canaries, |other| other == idx).await
    }

    /// Somebody looks at something, and reads it if it is a chat before their eyes.
    async fn looks_at(&mut self, idx: usize, looks: Looks) -> Result<()> {
        let chat_id = looks.chat.map(|no| self.chat_id(no)).transpose()?;
        self.post(idx)?.looks(looks, chat_id).await?;
        if let (Some(no), Some(chat_id), true) = (looks.chat, chat_id, looks.in_front) {
            self.reads(idx, no, chat_id).await?;
        }
        Ok(())
    }

    /// Somebody has read a chat to its end, and the backend knows it.
    async fn reads(&mut self, idx: usize, no: ChatNo, chat_id: ChatId) -> Result<()> {
        let begun = Instant::now();
        let post = self.post(idx)?;
        let (seat, who) = (post.seat()?, post.model.who);
        let shown = seat.panel.timeline(chat_id, None, 1).await?;
        let end = shown.entries.last().context("A chat has entries")?.place;
        seat.panel.mark_read(chat_id, end).await?;
        let told = until("the backend to have taken a mark", async || {
            let (_, marks) = records::outbox(&post.dir).ok()?;
            marks.is_empty().then_some(())
        });
        told.await.promised(&post.by())?;
        let chat = self.chat_mut(no)?;
        let n = chat.lines.len();
        chat.read.insert(who, n);
        self.passes(begun);
        Ok(())
    }

    /// Somebody wants to be told otherwise on a device.
    async fn wishes(&mut self, idx: usize, chance: &mut StdRng, canaries: &Canaries) -> Result<()> {
        if self.post(idx)?.seat.is_none() {
            return Ok(());
        }
        if self.post(idx)?.is_online {
            self.is_ready(idx, chance, canaries).await?;
        }
        let mut wishes = Wishes {
            is_quiet: chance.random_bool(0.3),
            quiet_when_away: chance.random_bool(0.5),
            lets_mentions_through: chance.random_bool(0.6),
            hides_text: chance.random_bool(0.2),
            ..Wishes::default()
        };
        if chance.random_bool(0.6) {
            for what in Kind::ALL {
                if chance.random_bool(0.4) {
                    wishes.kinds.insert(what, drawn_alert(chance));
                }
            }
        }
        self.post(idx)?.wishes(&wishes, Some(chance)).await
    }

    /// Somebody says that they are away, or back.
    async fn goes_away(
        &mut self,
        idx: usize,
        chance: &mut StdRng,
        canaries: &Canaries,
    ) -> Result<()> {
        if !self.post(idx)?.is_online {
            return Ok(());
        }
        self.is_settled(idx, chance, canaries).await?;
        let who = self.post(idx)?.model.who;
        let is_away = !self.world.away.contains(&who);
        self.post(idx)?.seat()?.panel.set_away(is_away).await?;
        if is_away {
            self.world.away.insert(who);
        } else {
            self.world.away.remove(&who);
        }
        self.knows_away(who).await
    }

    /// Waits until all devices of an operator know whether they are away.
    async fn knows_away(&self, who: Who) -> Result<()> {
        let (id, is_away) = (self.id_of(who)?, self.world.away.contains(&who));
        for post in &self.posts {
            if post.model.who != who || !post.is_online {
                continue;
            }
            let seat = post.seat()?;
            let known = until("a device to know that its operator is away", async || {
                let now = seat.panel.overview().await.ok()?;
                let own = now.presence.iter().find(|row| row.operator_id == id)?;
                (own.by_hand == is_away).then_some(())
            });
            known.await.promised(&post.by())?;
        }
        Ok(())
    }

    /// A network is cut, or carries again.
    async fn is_cut(&mut self, idx: usize, chance: &mut StdRng, canaries: &Canaries) -> Result<()> {
        if !self.post(idx)?.is_online {
            let tells = chance.random_bool(0.3);
            return self.is_back(idx, tells).await;
        }
        self.is_settled(idx, chance, canaries).await?;
        self.post(idx)?.is_cut().await?;
        self.figures.cuts += 1;
        self.knows_first().await
    }

    /// A panel ends, or is opened again.
    async fn ends(&mut self, idx: usize, chance: &mut StdRng, canaries: &Canaries) -> Result<()> {
        if self.post(idx)?.is_online {
            self.is_settled(idx, chance, canaries).await?;
        }
        if self.post(idx)?.seat.is_some() {
            self.post(idx)?.ends().await?;
            self.knows_first().await?;
            if chance.random_bool(0.5) {
                return Ok(());
            }
        }
        self.is_back(idx, false).await
    }

    /// A device hears the backend again, if it did not. With `tells` it is waited until it has told
    /// that it does not.
    pub(super) async fn is_back(&mut self, idx: usize, tells: bool) -> Result<()> {
        if self.post(idx)?.is_online {
            return Ok(());
        }
        let who = self.post(idx)?.model.who;
        if self.post(idx)?.seat.is_none() {
            // Whoever starts a panel uses its device.
            self.comes_to(idx).await?;
            self.figures.panels_restarted += 1;
        }
        let operator = self.people.get(who).context("They are there")?.clone();
        self.post(idx)?.returns(&operator, tells).await?;
        self.figures.cuts_told += u64::from(tells);
        self.knows_away(who).await?;
        self.knows_first().await
    }

    /// The backend ends, in order, and comes back; nobody knows anything new.
    pub(super) async fn restarts(&mut self) -> Result<()> {
        let office = &mut self.stage.office;
        office.restart().await.promised("the backend")?;
        self.figures.restarts += 1;
        for idx in 0..self.posts.len() {
            let post = self.post(idx)?;
            if !post.is_online {
                continue;
            }
            let (seat, by) = (post.seat()?, post.by());
            let live = until("a live panel", async || {
                let now = seat.panel.overview().await.ok()?;
                if now.connection == pult_panel::view::Connection::Live {
                    return Some(());
                }
                seat.panel.reconnect().await.ok();
                None
            });
            live.await.promised(&by)?;
        }
        for who in 0..self.people.len() {
            self.knows_away(who).await?;
        }
        self.knows_first().await
    }

    /// A client writes to somebody with two devices, who reads it on the first before the second is to
    /// tell it.
    async fn reads_elsewhere(
        &mut self,
        chance: &mut StdRng,
        canaries: &mut Canaries,
    ) -> Result<()> {
        let of = |who: Who, is_second: bool| {
            let mut posts = self.posts.iter();
            posts.position(|post| {
                post.model.who == who && post.is_online && post.is_second == is_second
            })
        };
        let pairs =
            (0..self.people.len()).filter_map(|who| Some((who, of(who, false)?, of(who, true)?)));
        let Some((who, first, second)) = pairs.choose(chance) else {
            return Ok(());
        };
        self.is_settled(second, chance, canaries).await?;
        let in_sight = self.world.chats.iter().enumerate().skip(ROLL_CALL + 1);
        let in_sight = in_sight.filter(|(_, chat)| match chat.stands {
            Stands::InWork(owner) => owner == who || chat.observers.contains(&who),
            Stands::Queued | Stands::Closed(_) => false,
        });
        let no = in_sight.map(|(no, _)| no).choose(chance);
        let no = match no.filter(|_| chance.random_bool(0.8)) {
            Some(no) => {
                self.client_writes(no, chance, canaries).await?;
                no
            }
            None if self.world.chats.len() < MAX_CHATS => self.new_client(chance, canaries).await?,
            None => return Ok(()),
        };
        self.roll_call(chance, canaries, |idx| idx == first).await?;
        let looks = Looks {
            chat: Some(no),
            in_front: true,
        };
        self.looks_at(first, looks).await?;
        self.figures.read_elsewhere += 1;
        self.roll_call(chance, canaries, |_| true).await
    }
}

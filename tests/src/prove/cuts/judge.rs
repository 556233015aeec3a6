//! The end of a run: waiting until nothing is outstanding, and judging what is there then.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use pult_domain::{ChatId, Place};
use pult_panel::view::{ChatSummary, Connection};
use pult_protocol::{ChannelRow, ChatRow, DeliveryState, EntryBody, EntryRow, OperatorRow};

use super::{Colleague, Desk, Scene};
use crate::panels::Seat;
use crate::prove::records::{self, StoredChat, StoredMessage};
use crate::prove::{Finding, Promised, must};
use crate::proxy::Network;
use crate::until::within;

/// How long all may take to become quiet: a message that is not confirmed holds its chat up for half
/// a minute.
const QUIET: Duration = Duration::from_secs(75);

/// Entries that are read at once.
const PAGE: u32 = 40;

/// All that a panel shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct View {
    operators: Vec<OperatorRow>,
    channels: Vec<ChannelRow>,
    in_work: Vec<ShownChat>,
    observed: Vec<ShownChat>,
    queued: Vec<ShownChat>,
}

/// All that a panel shows of a chat, but for what its operator has not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ShownChat {
    row: ChatRow,
    n_unread: u32,
    read_place: Place,
    entries: Vec<EntryRow>,
}

impl Scene {
    /// All networks carry, and everybody waits until nothing is outstanding.
    pub(super) async fn settle(&self) -> Result<()> {
        for desk in &self.desks {
            desk.proxy.becomes(Network::Carries);
            desk.proxy.blinks();
        }
        let phones = &self.stage.office.phones;
        phones.idle().await.promised("the sandbox")?;
        for desk in &self.desks {
            let colleague = self.colleague(desk)?;
            let by = format!("the panel in {}", desk.dir.display());
            let settled = within(QUIET, "a settled panel", async || {
                is_settled(desk, colleague).await.ok().filter(|is| *is)
            });
            settled.await.promised(&by)?;
        }
        // Every reply has found its end, and every tick has come.
        let dir = self.stage.office.dir();
        let ended = within(QUIET, "no reply on its way", async || {
            let chats = records::chats(dir).ok()?;
            let mut messages = chats.iter().flat_map(|chat| &chat.messages);
            let is_on_its_way = |message: &StoredMessage| {
                matches!(
                    message.delivery,
                    Some(DeliveryState::Pending | DeliveryState::Sending)
                )
            };
            (!messages.any(is_on_its_way)).then_some(())
        });
        ended.await.promised("the store")?;
        phones.idle().await.promised("the sandbox")
    }

    /// Judges what the phones, the panels and the store have.
    pub(super) async fn judge(&mut self) -> Result<()> {
        let chats = records::chats(self.stage.office.dir())?;
        self.judge_messages(&chats)?;
        self.judge_replies(&chats)?;
        self.judge_phones(&chats).await?;
        self.judge_panels(&chats).await?;
        self.leave().await;
        self.judge_files(&chats)
    }

    fn colleague(&self, desk: &Desk) -> Result<&Colleague> {
        self.operators.get(desk.who).context("A desk is somebody's")
    }

    /// What clients wrote is in the store, each once and in its own chat, which has no holes.
    fn judge_messages(&self, chats: &[StoredChat]) -> Result<()> {
        const BY: &str = "the store";
        for (idx, phone) in self.phones.iter().enumerate() {
            let of = chats
                .iter()
                .filter(|chat| chat.number.as_ref() == Some(&phone.number));
            let of: Vec<&StoredChat> = of.collect();
            let written = self.messages.iter().filter(|one| one.phone == idx);
            let mut written: Vec<&str> = written.map(|one| one.text.as_str()).collect();
            must(of.len() == usize::from(!written.is_empty()), || {
                Finding::new(BY, "one chat for each client who wrote", of.len())
            })?;
            let stored = of.iter().flat_map(|chat| &chat.messages);
            let stored = stored.filter(|message| message.delivery.is_none());
            let mut stored: Vec<&str> = stored.map(|message| message.text.as_str()).collect();
            written.sort_unstable();
            stored.sort_unstable();
            must(stored == written, || {
                let n = (stored.len(), written.len());
                Finding::new(BY, "what the client wrote, each once", (n, stored, written))
            })?;
        }
        Ok(())
    }

    /// Every reply is in the store once, or still at hand where it was written.
    fn judge_replies(&self, chats: &[StoredChat]) -> Result<()> {
        const BY: &str = "the store";
        let outbound = || {
            let all = chats.iter().flat_map(|chat| {
                let all = chat.messages.iter().map(move |message| (chat.id, message));
                all.filter(|(_, message)| message.delivery.is_some())
            });
            all.collect::<Vec<_>>()
        };
        let outbound = outbound();
        let mut n_found = 0;
        for reply in &self.replies {
            let of = outbound
                .iter()
                .filter(|(_, message)| message.command == Some(reply.id));
            let of: Vec<_> = of.collect();
            must(of.len() <= 1, || {
                Finding::new(BY, "at most one entry of a command", &of)
            })?;
            if let Some((chat_id, message)) = of.first() {
                n_found += 1;
                must(
                    *chat_id == reply.chat_id && message.text == reply.text,
                    || Finding::new(BY, "the reply in its chat, as written", message),
                )?;
                continue;
            }
            let desk = self
                .desks
                .get(reply.desk)
                .context("A reply is somebody's")?;
            let is_taken_over = self.replies.iter().any(|other| {
                other.id != reply.id
                    && other.desk == reply.desk
                    && other.text.contains(&reply.token)
            });
            let is_at_hand = records::bytes(&desk.dir, "outbox")?.contains(&reply.token);
            must(is_taken_over || is_at_hand, || {
                let by = format!("the panel in {}", desk.dir.display());
                Finding::new(by, "a reply that was not sent to be kept", &reply.text)
            })?;
        }
        must(n_found == outbound.len(), || {
            Finding::new(BY, "no reply that nobody wrote", (n_found, outbound.len()))
        })
    }

    /// What the store calls sent is on the client's phone, once; nothing else is there, and nothing
    /// was ever posted twice.
    async fn judge_phones(&mut self, chats: &[StoredChat]) -> Result<()> {
        for phone in &self.phones {
            let by = format!("the phone of {}", phone.name);
            let of = |chat: &&StoredChat| chat.number.as_ref() == Some(&phone.number);
            let received = phone.received(0, Duration::ZERO).await?;
            for one in &received {
                must(one.posts == 1 && one.copies == 1, || {
                    Finding::new(&*by, "every message once", one)
                })?;
            }
            let mut n_expected = 0;
            for message in chats.iter().filter(of).flat_map(|chat| &chat.messages) {
                let Some(state) = message.delivery else {
                    continue;
                };
                let same = received
                    .iter()
                    .filter(|one| one.text.as_ref() == Some(&message.text));
                let n = same.count();
                let is_right = match state {
                    DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Read => n == 1,
                    DeliveryState::NotConfirmed => n == 0,
                    DeliveryState::Pending | DeliveryState::Sending | DeliveryState::Failed => {
                        false
                    }
                };
                must(is_right, || {
                    Finding::new(
                        &*by,
                        format!("what the store calls {state:?}"),
                        (n, message),
                    )
                })?;
                n_expected += n;
                self.figures.sent += n as u64;
            }
            must(received.len() == n_expected, || {
                Finding::new(&*by, "nothing that the store does not know", &received)
            })?;
        }
        Ok(())
    }

    /// Every panel shows what a fresh one of the same operator shows, and that is what they may see.
    async fn judge_panels(&mut self, chats: &[StoredChat]) -> Result<()> {
        for (
            who,
            Colleague {
                operator,
                is_active,
            },
        ) in self.operators.iter().enumerate()
        {
            if !is_active {
                continue;
            }
            let office = &self.stage.office;
            let dir = office.panel_dir(&format!("{who}-fresh"));
            let fresh = Seat::take(operator, office.address(), &dir).await?;
            let by = format!("a fresh panel of {}", operator.login);
            fresh.is_live().await.promised(&by)?;
            let view = View::of(&fresh).await.promised(&by)?;
            fresh.leave().await;
            let seen: Vec<&StoredChat> = chats
                .iter()
                .filter(|chat| chat.is_seen_by(operator.id))
                .collect();
            view.judge(&by, &seen)?;
            for desk in self.desks.iter().filter(|desk| desk.who == who) {
                let seat = desk.seat.as_ref().context("Every panel is open")?;
                let by = format!("the panel in {}", desk.dir.display());
                let mut last = None;
                let same = within(QUIET, "what a fresh panel shows", async || {
                    last = Some(View::of(seat).await);
                    matches!(&last, Some(Ok(own)) if *own == view).then_some(())
                });
                if let Err(error) = same.await {
                    let own = last.transpose()?.ok_or(error)?;
                    let differs = own.difference(&view);
                    return Err(Finding::new(by, "what a fresh panel shows", differs).into());
                }
                self.figures.compared += 1;
            }
        }
        Ok(())
    }

    /// No file of a panel holds what its operator may not see, or what others wrote but the cache.
    fn judge_files(&self, chats: &[StoredChat]) -> Result<()> {
        for desk in &self.desks {
            let Colleague {
                operator,
                is_active,
            } = self.colleague(desk)?;
            let by = format!("the files in {}", desk.dir.display());
            let cache = records::bytes(&desk.dir, "cache")?;
            let outbox = records::bytes(&desk.dir, "outbox")?;
            for chat in chats {
                let may_hold = *is_active && chat.may_be_held_by(operator.id);
                let texts = chat.messages.iter().map(|message| &message.text);
                for text in texts.chain(&chat.name) {
                    must(may_hold || !cache.contains(text), || {
                        let chat = (chat.id, chat.status, chat.owner);
                        Finding::new(&*by, "no text that it may not hold", (text, chat))
                    })?;
                }
                let of_others = |message: &&StoredMessage| message.author != Some(operator.id);
                for message in chat.messages.iter().filter(of_others) {
                    must(!outbox.contains(&message.text), || {
                        Finding::new(&*by, "only own texts in the outbox", message)
                    })?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a panel has nothing more to do: it is live and has no command left, or its operator was
/// deactivated and it knows. Refused commands are looked at and dismissed on the way.
async fn is_settled(desk: &Desk, colleague: &Colleague) -> Result<bool> {
    let seat = desk.seat.as_ref().context("Every panel is open")?;
    let now = seat.panel.overview().await?;
    if now.session.is_none() {
        return Ok(!colleague.is_active);
    }
    if now.connection != Connection::Live {
        seat.panel.reconnect().await?;
        return Ok(false);
    }
    let (waiting, n_marks) = records::outbox(&desk.dir)?;
    for held in waiting.iter().filter(|waiting| waiting.state == "held") {
        seat.panel.dismiss_held(held.id).await?;
    }
    Ok(colleague.is_active && waiting.is_empty() && n_marks == 0)
}

impl View {
    /// All that a panel shows, every history read to its first entry.
    async fn of(seat: &Seat) -> Result<Self> {
        let before = seat.panel.overview().await?;
        let all = before.in_work.iter().chain(&before.observed);
        for chat in all.chain(&before.queued) {
            history(seat, chat.chat.id).await?;
        }
        // What is unread is counted over what the panel holds: all of it now.
        let now = seat.panel.overview().await?;
        Ok(Self {
            in_work: shown(seat, &now.in_work).await?,
            observed: shown(seat, &now.observed).await?,
            queued: shown(seat, &now.queued).await?,
            operators: now.operators,
            channels: now.channels,
        })
    }

    fn chats(&self) -> impl Iterator<Item = &ShownChat> {
        self.in_work
            .iter()
            .chain(&self.observed)
            .chain(&self.queued)
    }

    /// Whether it is what the store has for this reader.
    fn judge(&self, by: &str, seen: &[&StoredChat]) -> Result<()> {
        let shown: BTreeSet<ChatId> = self.chats().map(|chat| chat.row.id).collect();
        let expected: BTreeSet<ChatId> = seen.iter().map(|chat| chat.id).collect();
        must(shown == expected, || {
            Finding::new(by, format!("the chats {expected:?}"), &shown)
        })?;
        for chat in self.chats() {
            let stored = seen.iter().find(|stored| stored.id == chat.row.id);
            let stored = stored.context("The chats are the same")?;
            let places = chat.entries.iter().map(|entry| entry.place.0);
            must(places.eq(1..=stored.last_place), || {
                Finding::new(by, "every place of a chat", chat.entries.len())
            })?;
            let messages = chat.entries.iter().filter_map(text);
            let expected = stored.messages.iter().map(|message| message.text.as_str());
            must(messages.eq(expected), || {
                Finding::new(by, "every message of a chat, in order", &chat.entries)
            })?;
        }
        Ok(())
    }

    /// The first thing in which it differs from another, in words.
    fn difference(&self, other: &Self) -> String {
        let lists = [
            ("in work", &self.in_work, &other.in_work),
            ("observed", &self.observed, &other.observed),
            ("queued", &self.queued, &other.queued),
        ];
        for (name, own, others) in lists {
            let ids = |list: &[ShownChat]| -> Vec<ChatId> {
                list.iter().map(|chat| chat.row.id).collect()
            };
            if ids(own) != ids(others) {
                return format!("{name}: {:?} and not {:?}", ids(own), ids(others));
            }
            let mut pairs = own.iter().zip(others);
            if let Some((own, other)) = pairs.find(|(own, other)| own != other) {
                return own.difference(other);
            }
        }
        format!(
            "{:?} and not {:?}",
            (&self.operators, &self.channels),
            (&other.operators, &other.channels)
        )
    }
}

impl ShownChat {
    fn difference(&self, other: &Self) -> String {
        let row = |chat: &Self| (chat.row.clone(), chat.n_unread, chat.read_place);
        if row(self) != row(other) {
            return format!("{:?} and not {:?}", row(self), row(other));
        }
        let mut pairs = self.entries.iter().zip(&other.entries);
        match pairs.find(|(own, other)| own != other) {
            Some(pair) => format!("{:?} and not {:?}", pair.0, pair.1),
            None => format!(
                "{} entries and not {}",
                self.entries.len(),
                other.entries.len()
            ),
        }
    }
}

async fn shown(seat: &Seat, list: &[ChatSummary]) -> Result<Vec<ShownChat>> {
    let mut shown = Vec::new();
    for summary in list {
        let (read_place, entries) = history(seat, summary.chat.id).await?;
        shown.push(ShownChat {
            row: summary.chat.clone(),
            n_unread: summary.n_unread,
            read_place,
            entries,
        });
    }
    Ok(shown)
}

/// How far a chat was read, and all of its history.
async fn history(seat: &Seat, chat_id: ChatId) -> Result<(Place, Vec<EntryRow>)> {
    let newest = seat.panel.timeline(chat_id, None, PAGE).await?;
    let (read_place, mut entries, mut has_older) =
        (newest.read_place, newest.entries, newest.has_older);
    while has_older {
        let first = entries
            .first()
            .context("A history ends before its first entry")?;
        let older = seat
            .panel
            .timeline(chat_id, Some(first.place), PAGE)
            .await?;
        anyhow::ensure!(!older.entries.is_empty(), "older entries do not come");
        has_older = older.has_older;
        entries.splice(0..0, older.entries);
    }
    Ok((read_place, entries))
}

fn text(entry: &EntryRow) -> Option<&str> {
    match &entry.body {
        EntryBody::Inbound { text }
        | EntryBody::Outbound { text, .. }
        | EntryBody::Comment { text, .. } => Some(text),
        EntryBody::InboundPlaceholder { .. } | EntryBody::Notice { .. } => None,
    }
}

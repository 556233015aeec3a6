//! The end of a run: waiting until nothing is outstanding, and judging what is there then.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use pult_domain::{ChatId, OperatorId, Status};

use super::{Colleague, Desk, Scene};
use crate::panels::Seat;
use crate::prove::quiet::{judge_phone, settle};
use crate::prove::records::{self, StoredChat, StoredMessage};
use crate::prove::view::{Expected, Group, View};
use crate::prove::{Finding, Promised, must};

impl Scene {
    /// All networks carry, and everybody waits until nothing is outstanding.
    pub(super) async fn settle(&self) -> Result<()> {
        let mut desks = Vec::new();
        for desk in &self.desks {
            desks.push((desk, self.colleague(desk)?.is_active));
        }
        let office = &self.stage.office;
        settle(office.dir(), &office.phones, &desks).await
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
                Finding::new(
                    desk.by(),
                    "a reply that was not sent to be kept",
                    &reply.text,
                )
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
            let of = |chat: &&StoredChat| chat.number.as_ref() == Some(&phone.number);
            let messages = chats.iter().filter(of).flat_map(|chat| &chat.messages);
            let messages: Vec<_> = messages.collect();
            self.figures.sent += judge_phone(phone, &messages).await?;
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
            view.judge(&by, &expected(chats, operator.id))?;
            for desk in self.desks.iter().filter(|desk| desk.who == who) {
                let seat = desk.seat.as_ref().context("Every panel is open")?;
                view.judge_same(&desk.by(), seat).await?;
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

/// What an operator is to see.
fn expected(chats: &[StoredChat], operator: OperatorId) -> BTreeMap<ChatId, Expected<'_>> {
    let seen = chats.iter().filter(|chat| chat.is_seen_by(operator));
    let expected = seen.map(|chat| {
        let group = match chat.status {
            Status::Queued => Group::Queued,
            Status::InWork | Status::Closed => Group::InWork,
        };
        let texts = chat.messages.iter().map(|message| message.text.as_str());
        let expected = Expected {
            group,
            last_place: chat.last_place,
            texts: texts.collect(),
        };
        (chat.id, expected)
    });
    expected.collect()
}

//! All that a panel shows, to be compared with another panel and with what its operator may see.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use pult_domain::{ChatId, Place};
use pult_panel::view::ChatSummary;
use pult_protocol::{ChannelRow, ChatRow, EntryBody, EntryRow, IntegrationRow, OperatorRow};

use super::desk::listed;
use super::quiet::QUIET;
use super::{Finding, must};
use crate::panels::Seat;
use crate::until::within;

/// Entries that are read at once.
const PAGE: u32 = 40;

/// All that a panel shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    operators: Vec<OperatorRow>,
    channels: Vec<ChannelRow>,
    /// Programs with an API key.
    pub integrations: Vec<IntegrationRow>,
    in_work: Vec<ShownChat>,
    observed: Vec<ShownChat>,
    queued: Vec<ShownChat>,
}

/// All that a panel shows of a chat, but for what its operator has not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownChat {
    /// The chat.
    pub row: ChatRow,
    n_unread: u32,
    n_mentions: u32,
    only_addressed: bool,
    read_place: Place,
    /// All of its history.
    pub entries: Vec<EntryRow>,
}

/// Where a panel shows a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// "В работе".
    InWork,
    /// "Наблюдаемые".
    Observed,
    /// "В очереди".
    Queued,
}

/// What a panel is to show of a chat.
#[derive(Debug)]
pub struct Expected<'a> {
    /// Where.
    pub group: Group,
    /// Its newest place.
    pub last_place: i64,
    /// What was written in it, in order; notices have no text.
    pub texts: Vec<&'a str>,
}

impl View {
    /// All that a panel shows, every history read to its first entry.
    ///
    /// # Errors
    /// When the panel does not tell.
    pub async fn of(seat: &Seat) -> Result<Self> {
        let before = seat.panel.overview().await?;
        for chat in listed(&before) {
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
            integrations: now.integrations,
        })
    }

    /// Every chat that is shown, and where.
    pub fn chats(&self) -> impl Iterator<Item = (Group, &ShownChat)> {
        let in_group = |group| move |chat| (group, chat);
        self.in_work
            .iter()
            .map(in_group(Group::InWork))
            .chain(self.observed.iter().map(in_group(Group::Observed)))
            .chain(self.queued.iter().map(in_group(Group::Queued)))
    }

    /// Whether it is what the store has for this reader.
    ///
    /// # Errors
    /// When it is not.
    pub fn judge(&self, by: &str, expected: &BTreeMap<ChatId, Expected<'_>>) -> Result<()> {
        let mut shown: Vec<(ChatId, Group)> = self
            .chats()
            .map(|(group, chat)| (chat.row.id, group))
            .collect();
        shown.sort_unstable_by_key(|(id, _)| *id);
        let to_be = expected.iter().map(|(id, chat)| (*id, chat.group));
        let to_be: Vec<(ChatId, Group)> = to_be.collect();
        must(shown == to_be, || {
            Finding::new(by, format!("the chats {to_be:?}"), &shown)
        })?;
        for (_, chat) in self.chats() {
            let stored = expected.get(&chat.row.id);
            let stored = stored.context("The chats are the same")?;
            let places = chat.entries.iter().map(|entry| entry.place.0);
            must(places.eq(1..=stored.last_place), || {
                Finding::new(by, "every place of a chat", chat.entries.len())
            })?;
            let texts = chat.entries.iter().filter_map(text);
            must(texts.eq(stored.texts.iter().copied()), || {
                Finding::new(
                    by,
                    "all that was written in a chat, in order",
                    &chat.entries,
                )
            })?;
        }
        Ok(())
    }

    /// Waits until a panel shows the same.
    ///
    /// # Errors
    /// When it does not.
    pub async fn judge_same(&self, by: &str, seat: &Seat) -> Result<()> {
        let mut last = None;
        let same = within(QUIET, "what a fresh panel shows", async || {
            last = Some(Self::of(seat).await);
            matches!(&last, Some(Ok(own)) if own == self).then_some(())
        });
        if let Err(error) = same.await {
            let own = last.transpose()?.ok_or(error)?;
            let differs = own.difference(self);
            return Err(Finding::new(by, "what a fresh panel shows", differs).into());
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
            (&self.operators, &self.channels, &self.integrations),
            (&other.operators, &other.channels, &other.integrations)
        )
    }
}

impl ShownChat {
    fn difference(&self, other: &Self) -> String {
        let besides = |chat: &Self| Self {
            entries: Vec::new(),
            ..chat.clone()
        };
        if besides(self) != besides(other) {
            return format!("{:?} and not {:?}", besides(self), besides(other));
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
            n_mentions: summary.n_mentions,
            only_addressed: summary.only_addressed,
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

//! A reader of the feed: holds what it was told, as a panel does.

use std::collections::BTreeMap;

use pult_domain::{ChatId, Place};
use pult_protocol::{ChatRow, EntryRow, Row};

/// Chats and entries as their reader knows them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reader {
    chats: BTreeMap<ChatId, ChatRow>,
    entries: BTreeMap<(ChatId, Place), EntryRow>,
}

impl Reader {
    /// Takes rows in, in their order.
    pub(crate) fn take(&mut self, rows: Vec<Row>) {
        for row in rows {
            match row {
                Row::Chat(mut chat) => {
                    // Only says what to read anew.
                    chat.fresh = false;
                    self.chats.insert(chat.id, chat);
                }
                Row::Entry(entry) => {
                    self.entries.insert((entry.chat_id, entry.place), entry);
                }
                Row::Gone { chat_id, .. } => {
                    self.chats.remove(&chat_id);
                    self.entries.retain(|(chat, _), _| *chat != chat_id);
                }
                Row::Mark(_)
                | Row::Draft(_)
                | Row::Operator(_)
                | Row::Channel(_)
                | Row::Integration(_)
                | Row::Company(_)
                | Row::ReadyAnswer(_)
                | Row::ReadyAnswerGone { .. } => {}
            }
        }
    }

    /// Whether it sees the same chats as `fresh`, who has just read a snapshot, and the same lines
    /// in them. It may hold older lines besides.
    pub(crate) fn sees_the_same(&self, fresh: &Self) -> bool {
        let is_held =
            |(at, entry): (&(ChatId, Place), &EntryRow)| self.entries.get(at) == Some(entry);
        self.chats == fresh.chats && fresh.entries.iter().all(is_held)
    }
}

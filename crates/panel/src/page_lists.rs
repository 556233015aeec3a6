//! The overview for a page that holds an earlier one: of the chats only those that have changed.
//!
//! A message changes one chat, and there may be a thousand in the lists: handed over all together, each
//! would be written, sent, read and thrown away again for every message.

use std::collections::HashMap;

use parking_lot::Mutex;
use pult_domain::ChatId;

use crate::view::{ChatSummary, Listed, Overview, OverviewUpdate};

/// What the page of a window holds of the chats in its lists.
#[derive(Debug, Default)]
pub struct PageLists(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    revision: u32,
    chats: HashMap<ChatId, ChatSummary>,
}

impl PageLists {
    /// The overview as it is now, for a page that holds what it was told as revision `known`; none if
    /// it holds nothing. A page that holds another than the last one is told of everything.
    pub fn update(&self, known: Option<u32>, mut overview: Overview) -> OverviewUpdate {
        let mut held = self.0.lock();
        let before = if known == Some(held.revision) {
            std::mem::take(&mut held.chats)
        } else {
            HashMap::new()
        };
        let mut chats = HashMap::new();
        let mut listed = |list: &mut Vec<ChatSummary>| {
            let list = std::mem::take(list).into_iter().map(|summary| {
                let id = summary.chat.id;
                let is_same = before.get(&id) == Some(&summary);
                chats.insert(id, summary.clone());
                if is_same {
                    Listed::Same(id)
                } else {
                    Listed::Changed(summary)
                }
            });
            list.collect()
        };
        let in_work = listed(&mut overview.in_work);
        let observed = listed(&mut overview.observed);
        let queued = listed(&mut overview.queued);
        held.revision = held.revision.wrapping_add(1);
        held.chats = chats;
        OverviewUpdate {
            revision: held.revision,
            rest: overview,
            in_work,
            observed,
            queued,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pult_domain::{ChannelId, ClientId, Place, Status, Timestamp};
    use pult_protocol::{ChatRow, ClientCard, CompanyRow, ComposerMode, LateChats};
    use uuid::Uuid;

    use super::*;
    use crate::view::Connection;

    fn summary(n: u8, n_unread: u32) -> ChatSummary {
        ChatSummary {
            chat: ChatRow {
                id: ChatId(Uuid::from_u128(n.into())),
                channel_id: ChannelId(Uuid::from_u128(1)),
                client: ClientCard {
                    id: ClientId(Uuid::from_u128(1)),
                    name: None,
                    own_name: None,
                    phone: None,
                    note: String::new(),
                },
                status: Status::Queued,
                owner_id: None,
                former_owner_id: None,
                suggested_owner_id: None,
                observer_ids: Vec::new(),
                waiting_since: None,
                last_activity_at: Timestamp(0),
                client_wrote_at: None,
                last_place: Place(1),
                preview: None,
                fresh: false,
            },
            n_unread,
            n_mentions: 0,
            only_addressed: false,
            draft: None,
            mode: ComposerMode::Reply,
            pending: None,
            n_waiting: 0,
            needs_look: false,
        }
    }

    fn overview(lists: [Vec<ChatSummary>; 3]) -> Overview {
        let [in_work, observed, queued] = lists;
        Overview {
            session: None,
            connection: Connection::Live,
            operators: Vec::new(),
            presence: Vec::new(),
            channels: Vec::new(),
            integrations: Vec::new(),
            company: CompanyRow::default(),
            in_work,
            observed,
            queued,
            shells: Vec::new(),
            late: LateChats::default(),
            clock_offset_ms: 0,
        }
    }

    /// A page, as `ui/src/api/overview.ts` has it.
    #[derive(Default)]
    struct Page {
        known: Option<u32>,
        chats: HashMap<ChatId, ChatSummary>,
    }

    impl Page {
        fn takes(&mut self, update: OverviewUpdate) -> [Vec<ChatSummary>; 3] {
            let lists = [update.in_work, update.observed, update.queued].map(|list| {
                let list = list.into_iter().map(|one| match one {
                    Listed::Same(id) => self.chats[&id].clone(),
                    Listed::Changed(summary) => summary,
                });
                list.collect::<Vec<_>>()
            });
            let all = lists.iter().flatten();
            self.chats = all.map(|one| (one.chat.id, one.clone())).collect();
            self.known = Some(update.revision);
            lists
        }
    }

    /// Which list a chat is in, if in any, and what changes of it.
    fn states() -> impl Strategy<Value = Vec<(u8, u32)>> {
        prop::collection::vec((0_u8..4, 0_u32..3), 6)
    }

    fn lists_of(states: &[(u8, u32)]) -> [Vec<ChatSummary>; 3] {
        let mut lists = [const { Vec::new() }; 3];
        for (n, (list, n_unread)) in (0_u8..).zip(states) {
            if let Some(list) = lists.get_mut(usize::from(*list)) {
                list.push(summary(n, *n_unread));
            }
        }
        lists
    }

    proptest! {
        #[test]
        fn a_page_holds_what_it_would_be_told_in_full(
            steps in prop::collection::vec((states(), prop::bool::weighted(0.2)), 1..12),
        ) {
            let lists = PageLists::default();
            let mut page = Page::default();
            for (states, is_lost) in steps {
                let now = lists_of(&states);
                let update = lists.update(page.known, overview(now.clone()));
                prop_assert!(update.rest.queued.is_empty() && update.rest.in_work.is_empty());
                // An answer that the page has not got changes nothing in it.
                if !is_lost {
                    prop_assert_eq!(page.takes(update), now);
                }
            }
        }
    }

    #[test]
    fn only_what_has_changed_is_told() {
        let lists = PageLists::default();
        let first = overview([vec![], vec![], vec![summary(1, 0), summary(2, 0)]]);
        let told = lists.update(None, first);
        let next = overview([vec![summary(2, 0)], vec![], vec![summary(1, 5)]]);
        let update = lists.update(Some(told.revision), next.clone());
        assert_eq!(update.in_work, [Listed::Same(summary(2, 0).chat.id)]);
        assert_eq!(update.queued, [Listed::Changed(summary(1, 5))]);
        // Whoever has not heard of that is told of everything.
        let again = lists.update(Some(told.revision), next);
        assert_eq!(again.in_work, [Listed::Changed(summary(2, 0))]);
    }
}

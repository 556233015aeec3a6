//! Tells panels of messages that are not stored: what a message's way takes without the store, for
//! the bench. Each message is a change of a chat of its own, with rows as large as real ones.

use parking_lot::Mutex;
use pult_domain::provider::{ChannelFact, Content, Fact, InboundMessage};
use pult_domain::{ChannelId, ChatId, ClientId, EntryId, Place, Seq, Status, Timestamp};
use pult_protocol::{ChatRow, ClientCard, EntryBody, EntryKind, EntryRow, Preview};
use pult_store::{Audience, ChangeSet, ChatChange};
use uuid::Uuid;

use crate::backend::Backend;

/// The hub is told by one at a time, as the store's writer does.
static ORDER: Mutex<()> = Mutex::new(());

/// Tells of each message in the facts.
pub(crate) fn tell(backend: &Backend, facts: Vec<ChannelFact>) {
    for ChannelFact { fact, .. } in facts {
        if let Fact::Message(message) = fact {
            let change = change(&message, backend.now());
            let order = ORDER.lock();
            let from = backend.hub.last();
            backend.hub.publish(&ChangeSet {
                from,
                to: Seq(from.0 + 1),
                is_whole: true,
                chats: vec![change.into()],
                operators: Vec::new(),
                channels: Vec::new(),
                integrations: Vec::new(),
                company: None,
                marks: Vec::new(),
                drafts: Vec::new(),
                ready_answers: Vec::new(),
                lanes: false,
            });
            drop(order);
        }
    }
}

fn change(message: &InboundMessage, now: Timestamp) -> ChatChange {
    let (Content::Text { body: text } | Content::Placeholder { raw: text, .. }) = &message.content;
    let id = ChatId(Uuid::now_v7());
    let entry = EntryRow {
        id: EntryId(Uuid::now_v7()),
        chat_id: id,
        place: Place(1),
        author_id: None,
        integration_id: None,
        command_id: None,
        automatic: None,
        sent_at: message.sent_at,
        received_at: now,
        body: EntryBody::Inbound { text: text.clone() },
    };
    ChatChange {
        chat: ChatRow {
            id,
            channel_id: ChannelId(Uuid::now_v7()),
            client: ClientCard {
                own_name: None,
                note: String::new(),
                id: ClientId(Uuid::now_v7()),
                name: message.sender.name.clone(),
                phone: message.sender.phone.clone(),
            },
            status: Status::Queued,
            owner_id: None,
            former_owner_id: None,
            suggested_owner_id: None,
            observer_ids: Vec::new(),
            waiting_since: Some(message.sent_at),
            last_activity_at: now,
            client_wrote_at: Some(message.sent_at),
            last_place: Place(1),
            preview: Some(Preview {
                kind: EntryKind::Inbound,
                author_id: None,
                text: text.clone(),
                placeholder: None,
            }),
            fresh: false,
        },
        entries: vec![entry],
        newest: None,
        before: Audience::Everyone,
        after: Audience::Everyone,
        closed_to: std::collections::BTreeSet::new(),
    }
}

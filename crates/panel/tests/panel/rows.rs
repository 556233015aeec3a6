//! Rows for tests. All names are invented.

use pult_domain::{
    ChannelId, ChatId, ClientId, CommandId, EntryId, OperatorId, Place, Status, Timestamp,
};
use pult_protocol::{
    ChatRow, ClientCard, Delivery, DeliveryState, EntryBody, EntryKind, EntryRow, GoneWhy, MarkRow,
    Preview, Row,
};
use uuid::Uuid;

/// The `n`th chat, with a client called `Client n`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chat(pub(crate) u8);

impl Chat {
    pub(crate) fn id(self) -> ChatId {
        ChatId(id(b'c', self.0))
    }

    pub(crate) fn name(self) -> String {
        format!("Client {}", self.0)
    }

    pub(crate) fn queued(self, last_place: i64) -> ChatRow {
        ChatRow {
            id: self.id(),
            channel_id: ChannelId(id(b'n', 1)),
            client: ClientCard {
                id: ClientId(id(b'k', self.0)),
                name: Some(self.name()),
                phone: None,
                own_name: None,
                note: String::new(),
            },
            status: Status::Queued,
            owner_id: None,
            former_owner_id: None,
            suggested_owner_id: None,
            observer_ids: Vec::new(),
            waiting_since: Some(long_ago(last_place)),
            last_activity_at: long_ago(last_place),
            client_wrote_at: None,
            last_place: Place(last_place),
            preview: Some(Preview {
                kind: EntryKind::Inbound,
                author_id: None,
                text: format!("preview of {}", self.0),
                placeholder: None,
            }),
            fresh: false,
        }
    }

    pub(crate) fn in_work(self, owner: OperatorId, last_place: i64) -> ChatRow {
        ChatRow {
            status: Status::InWork,
            owner_id: Some(owner),
            ..self.queued(last_place)
        }
    }

    fn entry(self, place: i64, body: EntryBody) -> EntryRow {
        EntryRow {
            id: EntryId(Uuid::now_v7()),
            chat_id: self.id(),
            place: Place(place),
            author_id: None,
            integration_id: None,
            command_id: None,
            automatic: None,
            sent_at: long_ago(place),
            received_at: long_ago(place),
            body,
        }
    }

    pub(crate) fn inbound(self, place: i64, text: &str) -> EntryRow {
        self.entry(
            place,
            EntryBody::Inbound {
                text: text.to_owned(),
            },
        )
    }

    pub(crate) fn outbound(self, place: i64, text: &str, command_id: CommandId) -> EntryRow {
        EntryRow {
            command_id: Some(command_id),
            ..self.entry(
                place,
                EntryBody::Outbound {
                    text: text.to_owned(),
                    delivery: Delivery {
                        state: DeliveryState::Pending,
                        failure: None,
                        failure_details: None,
                    },
                },
            )
        }
    }

    pub(crate) fn gone(self, why: GoneWhy) -> Row {
        Row::Gone {
            chat_id: self.id(),
            why,
        }
    }

    pub(crate) fn mark(self, read_place: i64) -> Row {
        Row::Mark(MarkRow {
            chat_id: self.id(),
            read_place: Place(read_place),
            only_addressed: false,
        })
    }
}

/// Inbound messages `from..=to`, each with its place as its text.
pub(crate) fn history(chat: Chat, from: i64, to: i64) -> Vec<EntryRow> {
    (from..=to)
        .map(|place| chat.inbound(place, &place.to_string()))
        .collect()
}

pub(crate) fn entries(entries: Vec<EntryRow>) -> impl Iterator<Item = Row> {
    entries.into_iter().map(Row::Entry)
}

pub(crate) fn long_ago(place: i64) -> Timestamp {
    Timestamp(1_700_000_000_000 + place * 1_000)
}

fn id(kind: u8, n: u8) -> Uuid {
    let mut bytes = [0; 16];
    bytes[0] = kind;
    bytes[15] = n;
    Uuid::from_bytes(bytes)
}

//! Everything the sandbox remembers: phones, both directions of every chat, counted POSTs and
//! webhook bodies that still wait for their 200. Plain data behind one lock; no IO but the journal.

use std::collections::BTreeMap;
use std::path::Path;

use crate::ids::{self, Author};
use crate::journal::{Journal, Record};
use crate::log::{Log, Logged};
use crate::phone::{FromClient, Passed, Phone, ToClient};
use crate::posts::Posts;

/// A webhook body that waits for its 200.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) id: u64,
    pub(crate) body: String,
    pub(crate) wamids: Vec<String>,
}

/// What a client writes, before it has an id.
pub(crate) struct Draft {
    pub(crate) kind: String,
    pub(crate) text: Option<String>,
    pub(crate) item: serde_json::Map<String, serde_json::Value>,
}

/// See the module.
#[derive(Default)]
pub(crate) struct State {
    journal: Option<Journal>,
    phones: BTreeMap<String, Phone>,
    from_client: Log<FromClient>,
    to_client: Log<ToClient>,
    posts: Log<Posts>,
    waiting: BTreeMap<u64, Waiting>,
    last_n: u64,
    last_webhook: u64,
}

impl State {
    /// Opens the remembered state, or an empty one that is not kept.
    pub(crate) fn open(folder: Option<&Path>) -> anyhow::Result<Self> {
        let mut state = Self::default();
        if let Some(folder) = folder {
            for record in Journal::read(folder)? {
                state.apply(record);
            }
            state.journal = Some(Journal::rewrite(folder, &state.records())?);
        }
        Ok(state)
    }

    /// Puts a remembered record in its place.
    fn apply(&mut self, record: Record) {
        match record {
            Record::Phone(phone) => {
                self.phones.insert(phone.number.clone(), phone);
            }
            Record::FromClient(message) => {
                self.last_n = self.last_n.max(message.n);
                self.from_client.put(message);
            }
            Record::ToClient(message) => {
                self.last_n = self.last_n.max(message.n.unwrap_or(0));
                self.to_client.put(message);
            }
            Record::Posts(posts) => self.posts.put(posts),
            Record::Webhook { id, body, wamids } => {
                self.last_webhook = self.last_webhook.max(id);
                self.waiting.insert(id, Waiting { id, body, wamids });
            }
            Record::WebhookDone { id } => {
                self.last_webhook = self.last_webhook.max(id);
                self.waiting.remove(&id);
            }
        }
    }

    fn records(&self) -> Vec<Record> {
        let phones = self.phones.values().cloned().map(Record::Phone);
        let from_client = self.from_client.iter().cloned().map(Record::FromClient);
        let to_client = self.to_client.iter().cloned().map(Record::ToClient);
        let posts = self.posts.iter().cloned().map(Record::Posts);
        let waiting = self
            .waiting
            .values()
            .cloned()
            .map(|waiting| Record::Webhook {
                id: waiting.id,
                body: waiting.body,
                wamids: waiting.wamids,
            });
        phones
            .chain(from_client)
            .chain(to_client)
            .chain(posts)
            .chain(waiting)
            .collect()
    }

    fn keep(&mut self, record: Record) {
        if let Some(journal) = &mut self.journal {
            journal.append(&record);
        }
        self.apply(record);
    }

    fn next_n(&mut self) -> u64 {
        self.last_n += 1;
        self.last_n
    }

    pub(crate) fn put_phone(&mut self, phone: Phone) {
        self.keep(Record::Phone(phone));
    }

    pub(crate) fn phones(&self) -> Vec<Phone> {
        self.phones.values().cloned().collect()
    }

    pub(crate) fn phone(&self, number: &str) -> Option<&Phone> {
        self.phones.get(number)
    }

    pub(crate) fn phone_by_user_id(&self, user_id: &str) -> Option<&Phone> {
        self.phones.values().find(|phone| phone.user_id == user_id)
    }

    /// Shows on a phone that the company types, or no longer does.
    pub(crate) fn show_typing(&mut self, number: &str, until: Option<i64>) {
        if let Some(phone) = self.phones.get_mut(number) {
            phone.typing_until = until;
        }
    }

    /// A client writes; none if there is no such phone.
    pub(crate) fn client_writes(
        &mut self,
        number: &str,
        draft: Draft,
        now_ms: i64,
    ) -> Option<(Phone, FromClient)> {
        let mut phone = self.phones.get(number)?.clone();
        // System events are about the client, not from the client: they open no window.
        if draft.kind != "system" {
            phone.wrote_at = Some(now_ms);
            self.keep(Record::Phone(phone.clone()));
        }
        let message = FromClient {
            n: self.next_n(),
            number: phone.number.clone(),
            wamid: ids::wamid(Author::Client, &phone.number),
            kind: draft.kind,
            text: draft.text,
            item: draft.item,
            at_ms: now_ms,
            delivered: false,
            read: false,
        };
        self.keep(Record::FromClient(message.clone()));
        Some((phone, message))
    }

    /// The webhook with these clients' messages was acknowledged.
    pub(crate) fn clients_messages_arrived(&mut self, wamids: &[String]) {
        for wamid in wamids {
            let message = self
                .from_client
                .get(wamid)
                .filter(|message| !message.delivered);
            if let Some(message) = message.cloned() {
                self.keep(Record::FromClient(FromClient {
                    delivered: true,
                    ..message
                }));
            }
        }
    }

    /// The company read this message and all before it; gives the phone's number.
    pub(crate) fn company_reads(&mut self, wamid: &str) -> Option<String> {
        let last = self.from_client.get(wamid)?;
        let (number, n) = (last.number.clone(), last.n);
        let unread = |message: &&FromClient| message.n <= n && !message.read;
        let unread: Vec<FromClient> = self
            .from_client
            .of(&number)
            .filter(unread)
            .cloned()
            .collect();
        for message in unread {
            let read = FromClient {
                delivered: true,
                read: true,
                ..message
            };
            self.keep(Record::FromClient(read));
        }
        Some(number)
    }

    /// Counts a POST of a message; gives how many there were.
    pub(crate) fn count_post(&mut self, key: &str, callback_data: Option<&str>) -> u32 {
        let mut posts = self.posts_of(key).cloned().unwrap_or_else(|| Posts {
            key: key.to_owned(),
            callback_data: callback_data.map(str::to_owned),
            posts: 0,
            wamids: Vec::new(),
        });
        posts.posts += 1;
        let n_posts = posts.posts;
        self.keep(Record::Posts(posts));
        n_posts
    }

    pub(crate) fn posts_of(&self, key: &str) -> Option<&Posts> {
        self.posts.get(key)
    }

    pub(crate) fn posts(&self) -> Vec<Posts> {
        self.posts.iter().cloned().collect()
    }

    /// Takes a message from the company.
    pub(crate) fn accept(&mut self, message: ToClient) {
        if let Some(mut posts) = self.posts_of(&message.key).cloned() {
            posts.wamids.push(message.wamid.clone());
            self.keep(Record::Posts(posts));
        }
        self.keep(Record::ToClient(message));
    }

    pub(crate) fn to_client(&self, wamid: &str) -> Option<&ToClient> {
        self.to_client.get(wamid)
    }

    /// A message reaches a status; none if it has been there before or is unknown.
    pub(crate) fn pass(&mut self, wamid: &str, status: &str, now_ms: i64) -> Option<ToClient> {
        let mut message = self.to_client(wamid)?.clone();
        if message.has(status) {
            return None;
        }
        message.statuses.push(Passed {
            status: status.to_owned(),
            at_ms: now_ms,
        });
        if status == "delivered" && message.n.is_none() {
            message.n = Some(self.next_n());
            self.show_typing(&message.number, None);
        }
        self.keep(Record::ToClient(message.clone()));
        Some(message)
    }

    /// What arrived on a phone after a place, in order of arrival.
    pub(crate) fn received(&self, number: &str, after: u64) -> Vec<ToClient> {
        let arrived = |message: &&ToClient| message.n.is_some_and(|n| n > after);
        let mut received: Vec<ToClient> =
            self.to_client.of(number).filter(arrived).cloned().collect();
        received.sort_by_key(|message| message.n);
        received
    }

    /// What a phone wrote after a place.
    pub(crate) fn sent(&self, number: &str, after: u64) -> Vec<FromClient> {
        self.from_client
            .of(number)
            .filter(|message| message.n > after)
            .cloned()
            .collect()
    }

    /// Messages whose way from `accepted` to the phone a restart interrupted.
    pub(crate) fn under_way(&self) -> Vec<String> {
        let under_way = |message: &&ToClient| !message.has("failed") && !message.has("delivered");
        self.to_client
            .iter()
            .filter(under_way)
            .map(|message| message.wamid.clone())
            .collect()
    }

    /// Keeps a webhook body until it is done.
    pub(crate) fn webhook_waits(&mut self, body: String, wamids: Vec<String>) -> Waiting {
        self.last_webhook += 1;
        let id = self.last_webhook;
        let waiting = Waiting {
            id,
            body: body.clone(),
            wamids: wamids.clone(),
        };
        self.keep(Record::Webhook { id, body, wamids });
        waiting
    }

    pub(crate) fn webhook_done(&mut self, id: u64) {
        self.keep(Record::WebhookDone { id });
    }

    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        self.waiting.values().cloned().collect()
    }
}

impl Logged for FromClient {
    fn id(&self) -> &str {
        &self.wamid
    }

    fn owner(&self) -> &str {
        &self.number
    }
}

impl Logged for ToClient {
    fn id(&self) -> &str {
        &self.wamid
    }

    fn owner(&self) -> &str {
        &self.number
    }
}

impl Logged for Posts {
    fn id(&self) -> &str {
        &self.key
    }

    fn owner(&self) -> &str {
        ""
    }
}

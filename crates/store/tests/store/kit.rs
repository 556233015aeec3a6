//! A company with a store in a folder of its own, and words for what happens in it.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::future::join_all;
use parking_lot::{Condvar, Mutex};
use pult_domain::provider::{
    ChannelFact, Content, DeliveryUpdate, Fact, Failure, FailureKind, Identity, IdentityKind,
    InboundMessage, Progress, SendOutcome, Sender,
};
use pult_domain::{
    ChannelId, ChatId, CommandId, DeviceId, EntryId, OperatorId, Place, Role, SessionId, Timestamp,
};
use pult_protocol::{
    ChannelKind, ChatRow, Command, CommandDone, CommandEnvelope, ComposerMode, DeliveryState,
    DraftGiven, DraftRow, EntryBody, EntryRow, Notice, Problem, Row,
};
use pult_store::{
    Audience, ChangeSet, Followers, LaneHead, NewChannel, NewOperator, Sending, Store, StoreError,
    StoreSettings,
};
use uuid::Uuid;

/// What a command was answered.
pub(crate) type Answer = Result<CommandDone, Problem>;

/// The provider's id of the company's number.
pub(crate) const NUMBER: &str = "100000000000001";

/// When tests begin.
pub(crate) const MORNING: Timestamp = Timestamp(1_790_000_000_000);

/// A clock that stands still until a test moves it. It can also hold the writing thread, so that
/// what is asked for meanwhile is committed together.
#[derive(Default)]
pub(crate) struct Clock {
    now: AtomicI64,
    gate: Mutex<Gate>,
    moved: Condvar,
}

#[derive(Default)]
struct Gate {
    is_shut: bool,
    is_reached: bool,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        if std::thread::current().name() == Some("store-writer") {
            self.pass_gate();
        }
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn pass_gate(&self) {
        let mut gate = self.gate.lock();
        gate.is_reached = true;
        self.moved.notify_all();
        self.moved.wait_while(&mut gate, |gate| gate.is_shut);
        drop(gate);
    }

    pub(crate) fn pass_ms(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    fn shut(&self) {
        *self.gate.lock() = Gate {
            is_shut: true,
            is_reached: false,
        };
    }

    fn wait_until_reached(&self) {
        let mut gate = self.gate.lock();
        self.moved.wait_while(&mut gate, |gate| !gate.is_reached);
    }

    fn open(&self) {
        self.gate.lock().is_shut = false;
        self.moved.notify_all();
    }
}

/// Everything that the store has published, and what it amounts to.
#[derive(Default)]
pub(crate) struct Published {
    pub(crate) sets: Vec<ChangeSet>,
    pub(crate) chats: BTreeMap<ChatId, ChatRow>,
    pub(crate) entries: BTreeMap<ChatId, BTreeMap<Place, EntryRow>>,
    /// Of whom the store asked whether they follow.
    pub(crate) asked_of: Vec<Audience>,
}

impl Published {
    fn take(&mut self, set: ChangeSet) {
        for change in &set.chats {
            self.chats.insert(change.chat.id, change.chat.clone());
            let entries = self.entries.entry(change.chat.id).or_default();
            entries.extend(change.entries.iter().map(|row| (row.place, row.clone())));
        }
        self.sets.push(set);
    }

    /// Somebody always follows, but those who are meant come and go: what comes into their sight is
    /// read for them at two commits of three.
    fn is_followed(&mut self, audience: &Audience) -> bool {
        if *audience == Audience::Everyone {
            return true;
        }
        self.asked_of.push(audience.clone());
        !self.sets.len().is_multiple_of(3)
    }
}

/// A store with a company's number in it.
pub(crate) struct TestStore {
    store: Store,
    pub(crate) clock: Arc<Clock>,
    published: Arc<Mutex<Published>>,
    pub(crate) channel: ChannelId,
    folder: Arc<tempfile::TempDir>,
}

impl Deref for TestStore {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

impl TestStore {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(Clock::default());
        clock.pass_ms(MORNING.0);
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let store = Self::open(folder, clock, Arc::default()).await.unwrap();
        store.begin_epoch().await.unwrap();
        store
    }

    /// Closes the store and opens its file again, as a restart of the backend does.
    pub(crate) async fn reopened(self) -> Self {
        let (folder, clock) = (Arc::clone(&self.folder), Arc::clone(&self.clock));
        let published = Arc::clone(&self.published);
        self.store.close().await;
        let store = Self::open(folder, clock, published).await.unwrap();
        store.begin_epoch().await.unwrap();
        store.settle_interrupted(None).await.unwrap();
        store
    }

    /// The same, but with the file as it was when it was copied to `backup`.
    pub(crate) async fn restored(self, backup: &std::path::Path) -> Self {
        let (folder, clock) = (Arc::clone(&self.folder), Arc::clone(&self.clock));
        let path = self.path();
        self.store.close().await;
        std::fs::copy(backup, path).unwrap();
        let store = Self::open(folder, clock, Arc::default()).await.unwrap();
        store.begin_epoch().await.unwrap();
        store
    }

    /// A second opening of the same file while the first is open.
    pub(crate) async fn opened_twice(&self) -> Result<Self, StoreError> {
        let (folder, clock) = (Arc::clone(&self.folder), Arc::clone(&self.clock));
        Self::open(folder, clock, Arc::default()).await
    }

    async fn open(
        folder: Arc<tempfile::TempDir>,
        clock: Arc<Clock>,
        published: Arc<Mutex<Published>>,
    ) -> Result<Self, StoreError> {
        let store = Store::open(StoreSettings {
            path: folder.path().join("pult.sqlite"),
            clock: {
                let clock = Arc::clone(&clock);
                Arc::new(move || clock.now())
            },
            followers: Followers {
                publish: {
                    let published = Arc::clone(&published);
                    Box::new(move |set| published.lock().take(set))
                },
                is_followed: {
                    let published = Arc::clone(&published);
                    Arc::new(move |audience| published.lock().is_followed(audience))
                },
            },
        })?;
        let channel = store.put_channel(number(NUMBER)).await?;
        Ok(Self {
            store,
            clock,
            published,
            channel,
            folder,
        })
    }

    /// Where the store's file lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("pult.sqlite")
    }

    /// Another connection to the file, for what the store's API rightly cannot do.
    pub(crate) fn file(&self) -> rusqlite::Connection {
        let file = rusqlite::Connection::open(self.path()).unwrap();
        file.busy_timeout(std::time::Duration::from_secs(10))
            .unwrap();
        file
    }

    /// Lets all of `work` be committed together, in this order.
    pub(crate) async fn in_one_commit<T>(&self, work: Vec<impl Future<Output = T>>) -> Vec<T> {
        self.clock.shut();
        let ((), (), results, ()) = tokio::join!(
            biased;
            async { self.end_session(SessionId(Uuid::now_v7())).await.unwrap() },
            async { self.clock.wait_until_reached() },
            join_all(work),
            async { self.clock.open() },
        );
        results
    }

    pub(crate) async fn operator(&self, name: &str) -> OperatorId {
        self.person(name, Role::Operator).await
    }

    pub(crate) async fn supervisor(&self, name: &str) -> OperatorId {
        self.person(name, Role::Supervisor).await
    }

    async fn person(&self, name: &str, role: Role) -> OperatorId {
        let person = NewOperator {
            login: name.to_owned(),
            name: name.to_owned(),
            role,
            password_hash: "$argon2id$none".to_owned(),
        };
        self.add_operator(person).await.unwrap().unwrap()
    }

    /// The next provider's id of a message.
    pub(crate) fn next_wamid(&self) -> String {
        format!("wamid.{}", Uuid::now_v7())
    }

    /// A text of the client of that name.
    pub(crate) fn text_of(&self, name: &str, text: &str) -> InboundMessage {
        InboundMessage {
            provider_id: self.next_wamid(),
            sender: Sender {
                identities: vec![user_id(name)],
                name: Some(name.to_owned()),
                phone: None,
            },
            sent_at: self.clock.now(),
            content: Content::Text {
                body: text.to_owned(),
            },
        }
    }

    /// The client of that name writes. Returns their chat.
    pub(crate) async fn client_writes(&self, name: &str, text: &str) -> ChatId {
        self.takes_in(vec![Fact::Message(self.text_of(name, text))])
            .await;
        self.chat_of(name)
    }

    pub(crate) fn of_published<T>(&self, read: impl FnOnce(&Published) -> T) -> T {
        read(&self.published.lock())
    }

    pub(crate) fn n_chats(&self) -> usize {
        self.of_published(|published| published.chats.len())
    }

    /// The chat of the client who goes by that name now.
    pub(crate) fn chat_of(&self, name: &str) -> ChatId {
        let is_of = |chat: &&ChatRow| chat.client.name.as_deref() == Some(name);
        self.of_published(|published| published.chats.values().find(is_of).unwrap().id)
    }

    /// A webhook with these facts about the company's number.
    pub(crate) async fn takes_in(&self, facts: Vec<Fact>) {
        self.ingest(
            ChannelKind::Whatsapp,
            b"{}".to_vec(),
            Some(about(NUMBER, facts)),
        )
        .await
        .unwrap();
    }

    pub(crate) async fn status(&self, provider_id: &str, progress: Progress) {
        self.takes_in(vec![status(provider_id, None, progress)])
            .await;
    }

    /// The chat as it stands now.
    pub(crate) fn chat(&self, chat: ChatId) -> ChatRow {
        self.of_published(|published| published.chats[&chat].clone())
    }

    /// The chat's entries as they stand now, by place.
    pub(crate) fn entries(&self, chat: ChatId) -> Vec<EntryRow> {
        self.of_published(|published| published.entries[&chat].values().cloned().collect())
    }

    /// The chat's history in short: texts as they are, notices by name.
    pub(crate) fn story(&self, chat: ChatId) -> Vec<String> {
        let line = |row: &EntryRow| match &row.body {
            EntryBody::Inbound { text } => format!("< {text}"),
            EntryBody::InboundPlaceholder { placeholder, .. } => format!("< [{placeholder}]"),
            EntryBody::Outbound { text, .. } => format!("> {text}"),
            EntryBody::Comment { text, .. } => format!("# {text}"),
            EntryBody::Notice { notice } => match notice {
                Notice::Taken { .. } => "taken",
                Notice::Joined { .. } => "joined",
                Notice::Left { .. } => "left",
                Notice::Removed { .. } => "removed",
                Notice::Transferred { .. } => "transferred",
                Notice::Assigned { .. } => "assigned",
                Notice::Returned { .. } => "returned",
                Notice::NoAnswerNeeded { .. } => "no answer needed",
                Notice::Closed { .. } => "closed",
                Notice::Reopened { .. } => "reopened",
                Notice::ReopenedToQueue { .. } => "reopened to queue",
                Notice::CameBack { .. } => "came back",
                Notice::CameBackToQueue { .. } => "came back to queue",
                Notice::OwnerDeactivated { .. } => "owner deactivated",
                Notice::ObserverDeactivated { .. } => "observer deactivated",
                Notice::Newer => "newer",
            }
            .to_owned(),
        };
        self.entries(chat).iter().map(line).collect()
    }

    /// How far the reply with that text got.
    pub(crate) fn delivery_of(&self, chat: ChatId, text: &str) -> pult_protocol::Delivery {
        self.entries(chat)
            .into_iter()
            .find_map(|row| {
                let EntryBody::Outbound { text: of, delivery } = row.body else {
                    return None;
                };
                (of == text).then_some(delivery)
            })
            .unwrap()
    }

    pub(crate) fn state_of(&self, chat: ChatId, text: &str) -> DeliveryState {
        self.delivery_of(chat, text).state
    }

    pub(crate) async fn asks(&self, author: OperatorId, command: Command) -> Answer {
        self.command(author, envelope(command)).await.unwrap()
    }

    /// A reply of somebody who has seen all there is.
    pub(crate) async fn reply(&self, author: OperatorId, chat: ChatId, text: &str) -> Answer {
        let seen_place = self.chat(chat).last_place;
        self.reply_having_seen(author, chat, text, seen_place).await
    }

    pub(crate) async fn reply_having_seen(
        &self,
        author: OperatorId,
        chat: ChatId,
        text: &str,
        seen_place: Place,
    ) -> Answer {
        self.asks(author, reply(chat, text, seen_place)).await
    }

    pub(crate) async fn close_chat(&self, author: OperatorId, chat: ChatId) -> Answer {
        let seen_place = self.chat(chat).last_place;
        let chat_id = chat;
        self.asks(
            author,
            Command::Close {
                chat_id,
                seen_place,
            },
        )
        .await
    }

    pub(crate) async fn reopen_chat(&self, author: OperatorId, chat: ChatId) -> Answer {
        let seen_place = self.chat(chat).last_place;
        let chat_id = chat;
        self.asks(
            author,
            Command::Reopen {
                chat_id,
                seen_place,
            },
        )
        .await
    }

    pub(crate) async fn mark_read(&self, author: OperatorId, chat: ChatId, place: i64) -> Answer {
        let place = Place(place);
        let chat_id = chat;
        self.asks(author, Command::MarkRead { chat_id, place })
            .await
    }

    /// An operator's draft as a fresh panel of theirs gets it.
    pub(crate) async fn draft(
        &self,
        author: OperatorId,
        chat: ChatId,
        mode: ComposerMode,
    ) -> Option<DraftRow> {
        let pages = self.changes(author, None).await.unwrap();
        let mut rows = pages.into_iter().flat_map(|page| page.rows);
        rows.find_map(|row| {
            let Row::Draft(draft) = row else { return None };
            (draft.chat_id == chat && draft.mode == mode).then_some(draft)
        })
    }

    /// Somebody goes on with a draft on a device.
    pub(crate) async fn types(
        &self,
        author: OperatorId,
        (chat_id, mode): (ChatId, ComposerMode),
        device_id: DeviceId,
        of_version: i64,
        text: &str,
    ) -> Result<(), Problem> {
        let draft = DraftGiven {
            chat_id,
            mode,
            of_version,
            device_id,
            text: text.to_owned(),
            mentions: Vec::new(),
        };
        self.keep_draft(author, draft).await.unwrap()
    }

    /// The only lane's first message.
    pub(crate) async fn head(&self) -> Option<LaneHead> {
        let heads = self.lane_heads().await.unwrap();
        assert!(heads.len() <= 1, "one lane: {heads:?}");
        heads.first().copied()
    }

    /// Begins to send the only lane's first message.
    pub(crate) async fn begins(&self) -> (i64, Sending) {
        let head = self.head().await.unwrap();
        let sending = self.begin_sending(head.delivery).await.unwrap();
        (head.delivery, sending.unwrap())
    }

    /// Sends the only lane's first message, with this outcome.
    pub(crate) async fn sends(&self, outcome: SendOutcome) -> Sending {
        let (delivery, sending) = self.begins().await;
        self.finish_sending(delivery, outcome).await.unwrap();
        sending
    }
}

pub(crate) fn number(provider_key: &str) -> NewChannel {
    NewChannel {
        kind: ChannelKind::Whatsapp,
        name: "Основной номер".to_owned(),
        provider_key: provider_key.to_owned(),
        settings: "{}".to_owned(),
    }
}

pub(crate) fn about(channel_key: &str, facts: Vec<Fact>) -> Vec<ChannelFact> {
    let about = |fact| ChannelFact {
        channel_key: channel_key.to_owned(),
        fact,
    };
    facts.into_iter().map(about).collect()
}

pub(crate) fn user_id(name: &str) -> Identity {
    Identity {
        kind: IdentityKind::WhatsAppUserId,
        value: format!("RU.{name}"),
    }
}

pub(crate) fn wa_id(digits: &str) -> Identity {
    Identity {
        kind: IdentityKind::WhatsAppId,
        value: digits.to_owned(),
    }
}

pub(crate) fn status(provider_id: &str, message: Option<EntryId>, progress: Progress) -> Fact {
    Fact::Delivery(DeliveryUpdate {
        provider_id: provider_id.to_owned(),
        message_id: message,
        progress,
        at: MORNING,
    })
}

pub(crate) fn failure() -> Failure {
    Failure {
        kind: FailureKind::WindowClosed,
        code: "131047".to_owned(),
        reason: "Re-engagement message".to_owned(),
    }
}

pub(crate) fn accepted(provider_id: &str) -> SendOutcome {
    SendOutcome::Accepted {
        provider_id: provider_id.to_owned(),
    }
}

pub(crate) fn not_confirmed() -> SendOutcome {
    SendOutcome::NotConfirmed {
        reason: "timeout".to_owned(),
    }
}

/// A device, by number.
pub(crate) const fn device(n: u128) -> DeviceId {
    DeviceId(Uuid::from_u128(n))
}

pub(crate) fn envelope(command: Command) -> CommandEnvelope {
    CommandEnvelope {
        id: CommandId(Uuid::now_v7()),
        command,
        draft: None,
    }
}

pub(crate) fn reply(chat_id: ChatId, text: &str, seen_place: Place) -> Command {
    Command::Reply {
        chat_id,
        text: text.to_owned(),
        seen_place,
    }
}

/// The code of a refusal.
pub(crate) fn code(answer: &Answer) -> pult_protocol::Code {
    answer.as_ref().unwrap_err().code
}

/// How many cases of a property are tried: each costs many commits, so fewer than usual.
pub(crate) fn n_cases(usual: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(usual)
}

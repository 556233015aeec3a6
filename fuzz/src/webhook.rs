//! Target `webhook`: bytes of a provider, through signature and parser into a real store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use parking_lot::Mutex;
use pult_domain::provider::{ChannelFact, Content, Fact, Progress};
use pult_domain::{CommandId, Place, Seq};
use pult_protocol::{
    BackendFrame, Changes, ChannelKind, Command, CommandEnvelope, Cursor, MAX_FRAME_BYTES,
};
use pult_store::{ChangeSet, Followers, Page, Store};
use pult_whatsapp::{signature, webhook};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::runtime::Runtime;

use crate::bytes::Bytes;
use crate::hunt::{Target, Tried};
use crate::mutate::{Dice, Words};
use crate::office::{
    self, APP_SECRET, INBOUND_WAMID, LATER_NUMBER, NOW, NUMBER, Office, SECOND_NUMBER, SENT_WAMID,
    chat_id, entry_id,
};
use crate::reader::Reader;

/// No body may take longer, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something that happens to the office.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The provider delivers this.
    Deliver(Bytes),
    /// The provider delivers this before the one before it was answered.
    Meanwhile(Bytes),
    /// Somebody delivers with a signature of their own.
    Forge {
        /// The header.
        signature: Bytes,
        /// What it is to stand for.
        body: Bytes,
    },
    /// An administrator adds the number that was not known.
    AddNumber,
    /// The backend starts anew and reads again what waits.
    Restart,
    /// Anna answers in the chat of that number.
    Reply(u8),
    /// Vera closes the chat of that number.
    Close(u8),
}

/// The target.
pub struct Webhook {
    runtime: Runtime,
    office: Office,
    words: Words,
}

impl Webhook {
    /// Sets it up.
    ///
    /// # Errors
    /// When the office cannot be set up.
    pub fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let office = runtime.block_on(Office::set_up(&[NUMBER, SECOND_NUMBER]))?;
        let bodies = bodies();
        let words = Words::of(&bodies, &ids());
        Ok(Self {
            runtime,
            office,
            words,
        })
    }
}

/// Ids that belong to somebody already, or will.
fn ids() -> Vec<&'static str> {
    vec![
        NUMBER,
        SECOND_NUMBER,
        LATER_NUMBER,
        SENT_WAMID,
        INBOUND_WAMID,
        "wamid.NEW1",
        "wamid.NEW2",
        "79000000001",
        "79000000002",
        "79000000009",
        "+79000000001",
        "RU.79000000001",
        "RU.79000000002",
        "RU.9",
        "messages",
        "text",
        "unsupported",
        "failed",
        "delivered",
        "read",
        "sent",
        "1789990001",
    ]
}

/// Meta's envelope around a change of that number.
fn envelope(number: &str, mut value: Value) -> String {
    if let Some(value) = value.as_object_mut() {
        let metadata = json!({"display_phone_number": "74950000000", "phone_number_id": number});
        value.insert("messaging_product".to_owned(), "whatsapp".into());
        value.insert("metadata".to_owned(), metadata);
    }
    let change = json!({"field": "messages", "value": value});
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]})
        .to_string()
}

/// What became of a message, with our id of it if `ours` is given.
fn status(id: &str, status: &str, ours: Option<u8>) -> Value {
    let mut item = json!({"id": id, "status": status, "timestamp": "1789990100",
        "recipient_id": "79000000002"});
    if let (Some(item), Some(ours)) = (item.as_object_mut(), ours) {
        let ours = entry_id(ours).to_string();
        item.insert("biz_opaque_callback_data".to_owned(), ours.into());
    }
    item
}

/// Meta's examples, addressed to our numbers, and what the sandbox sends.
pub(crate) fn bodies() -> Vec<String> {
    let mut bodies: Vec<String> = Vec::new();
    let examples = include_str!("../../crates/whatsapp/tests/meta/webhooks.json");
    if let Ok(Value::Object(examples)) = serde_json::from_str(examples) {
        bodies.extend(examples.values().map(Value::to_string));
    }
    let vector = include_str!("../../crates/whatsapp-sandbox/tests/vectors/signed_body.json");
    bodies.push(vector.trim().to_owned());
    let failed = json!({"id": SENT_WAMID, "status": "failed", "timestamp": "1789990100",
        "errors": [{"code": 131_047, "title": "Re-engagement message", "error_data": {"details": "More than 24 hours"}}]});
    let message = |id: &str, from: &str, rest: Value| {
        let mut item = json!({"id": id, "from": from, "from_user_id": format!("RU.{from}"), "timestamp": "1789990200"});
        if let (Some(item), Value::Object(rest)) = (item.as_object_mut(), rest) {
            item.extend(rest);
        }
        item
    };
    let text = |words: &str| json!({"type": "text", "text": {"body": words}});
    bodies.extend([
        envelope(NUMBER, json!({"statuses": [status(SENT_WAMID, "delivered", Some(6)), status(SENT_WAMID, "read", None)]})),
        envelope(NUMBER, json!({"statuses": [status("wamid.LATE", "sent", Some(8)), status("wamid.LATE", "read", None)]})),
        envelope(NUMBER, json!({"statuses": [failed]})),
        envelope(SECOND_NUMBER, json!({
            "contacts": [{"wa_id": "79000000001", "user_id": "RU.9", "profile": {"name": "Анна", "username": "@anna"}}],
            "messages": [message("wamid.NEW1", "79000000001", text("Ещё раз")), message("wamid.NEW1", "79000000001", text("Ещё раз"))],
        })),
        envelope(NUMBER, json!({"contacts": [], "messages": [
            message("wamid.NEW1", "79000000004", text("Снова я")),
            message("wamid.NEW2", "79000000001", json!({"type": "image", "image": {"caption": "Вот", "id": "1", "mime_type": "image/jpeg"}})),
            message("wamid.NEW3", "79000000002", json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Пётр"}, "phones": [{"phone": "+7"}]}]})),
            message("wamid.NEW4", "79000000002", json!({"type": "reaction", "reaction": {"message_id": INBOUND_WAMID, "emoji": "\u{1f44d}"}})),
            message("wamid.NEW5", "79000000002", json!({"type": "unsupported", "errors": [{"code": 131_051}], "unsupported": {"type": "edit"}})),
        ]})),
        envelope(LATER_NUMBER, json!({"messages": [message("wamid.NEW1", "79000000009", text("Есть кто?"))]})),
        json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "time": 1_790_000_000, "changes": [
            {"field": "account_update", "value": {"event": "VERIFIED_ACCOUNT"}}]}]}).to_string(),
    ]);
    bodies
}

/// Meta's signature of `body`.
pub(crate) fn signed(body: &[u8]) -> String {
    Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(body);
            format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
        },
    )
}

impl Target for Webhook {
    type Step = Step;

    const NAME: &'static str = "webhook";

    fn seeds(&self) -> Vec<Vec<Step>> {
        let mut seeds: Vec<Vec<Step>> = bodies()
            .into_iter()
            .map(|body| vec![Step::Deliver(Bytes::of(body))])
            .collect();
        let all = bodies()
            .into_iter()
            .map(|body| Step::Meanwhile(Bytes::of(body)));
        let mut long: Vec<Step> = all.rev().take(8).collect();
        long.extend([
            Step::Reply(1),
            Step::Close(2),
            Step::AddNumber,
            Step::Restart,
        ]);
        seeds.push(long);
        // Found once: words that no frame could hold, a status before the one that names its message.
        for (name, text) in [
            ("Анна", "a".repeat(1_200_000)),
            (&*"n".repeat(1_200_000), "!".to_owned()),
        ] {
            let contact = json!({"wa_id": "79000000004", "profile": {"name": name}});
            let message = json!({"id": "wamid.NEW1", "from": "79000000004", "type": "text", "text": {"body": text}});
            let value = json!({"contacts": [contact], "messages": [message]});
            seeds.push(vec![Step::Deliver(Bytes::of(envelope(NUMBER, value)))]);
        }
        let read = envelope(
            NUMBER,
            json!({"statuses": [status("wamid.LATE", "read", None)]}),
        );
        let sent = envelope(
            NUMBER,
            json!({"statuses": [status("wamid.LATE", "sent", Some(8))]}),
        );
        seeds.push(
            [read, sent]
                .map(|body| Step::Deliver(Bytes::of(body)))
                .into(),
        );
        seeds.push(vec![Step::Forge {
            signature: Bytes::of("sha256=00"),
            body: Bytes::of("{}"),
        }]);
        seeds
    }

    fn mutate(&self, dice: &mut Dice, step: &Step) -> Step {
        let mut step = step.clone();
        match &mut step {
            Step::Deliver(body) | Step::Meanwhile(body) => {
                self.words.mutate(dice, body);
                if dice.one_in(6) {
                    return Step::Meanwhile(body.clone());
                }
            }
            Step::Forge { signature, body } => {
                if dice.one_in(3) {
                    *signature = Bytes::of(signed(&body.0));
                }
                crate::mutate::mutate_bytes(dice, &mut signature.0);
            }
            Step::AddNumber | Step::Restart | Step::Reply(_) | Step::Close(_) => {
                let chat = u8::try_from(dice.below(5) + 1).unwrap_or_default();
                return match dice.below(4) {
                    0 => Step::AddNumber,
                    1 => Step::Restart,
                    2 => Step::Reply(chat),
                    _ => Step::Close(chat),
                };
            }
        }
        step
    }

    fn body(step: &mut Step) -> Option<&mut Bytes> {
        match step {
            Step::Deliver(body) | Step::Meanwhile(body) | Step::Forge { body, .. } => Some(body),
            Step::AddNumber | Step::Restart | Step::Reply(_) | Step::Close(_) => None,
        }
    }

    fn n_inputs(step: &Step) -> usize {
        usize::from(matches!(
            step,
            Step::Deliver(_) | Step::Meanwhile(_) | Step::Forge { .. }
        ))
    }

    fn run(&self, script: &[Step]) -> Result<Tried> {
        self.runtime.block_on(async {
            let folder = self.office.copy()?;
            let mut trial = Trial::begin(folder.path()).await?;
            let mut idx = 0;
            while let Some(step) = script.get(idx) {
                let mut at_once: Vec<&Bytes> = Vec::new();
                while let Some(Step::Meanwhile(body)) = script.get(idx) {
                    at_once.push(body);
                    idx += 1;
                }
                if at_once.is_empty() {
                    idx += 1;
                    trial.take(step).await?;
                } else {
                    trial.deliver(&at_once).await?;
                }
            }
            trial.judge().await
        })
    }
}

/// The fate of change sets: each must begin where the last one ended.
#[derive(Default)]
struct Published {
    last: Option<Seq>,
    is_broken: bool,
}

fn follow(to: &Arc<Mutex<Published>>) -> Followers {
    let to = Arc::clone(to);
    let publish = Box::new(move |set: ChangeSet| {
        let mut published = to.lock();
        published.is_broken |=
            set.to < set.from || published.last.is_some_and(|last| set.from != last);
        published.last = Some(set.to);
    });
    Followers {
        publish,
        is_followed: Arc::new(|_| true),
    }
}

/// A message by its channel and the provider's id.
type MessageId = (String, String);

/// The words of a message, and the kind of one that is shown by its kind.
type Shown = (String, Option<String>);

/// What must come of everything that was delivered.
#[derive(Default)]
struct Expected {
    /// What may stand in the chat, since the same id may come with different words.
    messages: BTreeMap<MessageId, Vec<Shown>>,
    /// Bodies that were taken, with the state that each must be in.
    journal: Vec<(Vec<u8>, &'static str)>,
    /// Our own good messages beside the others.
    neighbours: Vec<String>,
}

struct Trial<'a> {
    folder: &'a Path,
    store: Store,
    published: Arc<Mutex<Published>>,
    start: Cursor,
    /// What operators hold at the start.
    readers: Vec<(u8, Reader)>,
    expected: Expected,
    known: BTreeSet<&'static str>,
    tried: Tried,
    n_delivered: usize,
}

impl<'a> Trial<'a> {
    async fn begin(folder: &'a Path) -> Result<Self> {
        let published = Arc::new(Mutex::new(Published::default()));
        let store = office::open_store(folder, follow(&published))?;
        let start = Cursor {
            epoch: store.begin_epoch().await?,
            seq: store.seq().await?,
        };
        let mut trial = Self {
            folder,
            store,
            published,
            start,
            readers: Vec::new(),
            expected: Expected::default(),
            known: BTreeSet::from([NUMBER, SECOND_NUMBER]),
            tried: Tried::default(),
            n_delivered: 0,
        };
        for operator in [1, 3] {
            let mut reader = Reader::default();
            for page in trial.read(operator, None).await? {
                reader.take(page.rows);
            }
            trial.readers.push((operator, reader));
        }
        Ok(trial)
    }

    async fn take(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Deliver(body) | Step::Meanwhile(body) => self.deliver(&[body]).await?,
            Step::Forge {
                signature: header,
                body,
            } => {
                let header = header.text();
                let is_right = header.strip_prefix("sha256=").is_some_and(|hex| {
                    hex.eq_ignore_ascii_case(signed(&body.0).trim_start_matches("sha256="))
                });
                if signature::verify(&APP_SECRET.into(), &body.0, &header) != is_right {
                    self.tried
                        .find("a forged signature was taken, or a right one refused");
                }
                self.tried.mark(format!("forged {is_right}"));
            }
            Step::AddNumber => {
                office::add_number(&self.store, LATER_NUMBER).await?;
                self.known.insert(LATER_NUMBER);
                self.read_waiting().await?;
            }
            Step::Restart => self.restart().await?,
            Step::Reply(chat) => {
                let chat_id = chat_id(*chat);
                let text = "Ответ".to_owned();
                let reply = Command::Reply {
                    chat_id,
                    text,
                    seen_place: Place(i64::MAX),
                };
                self.command(1, reply).await?;
            }
            Step::Close(chat) => {
                let close = Command::Close {
                    chat_id: chat_id(*chat),
                    seen_place: Place(i64::MAX),
                };
                self.command(3, close).await?;
            }
        }
        Ok(())
    }

    async fn command(&mut self, operator: u8, command: Command) -> Result<()> {
        let id = CommandId(uuid::Uuid::now_v7());
        let envelope = CommandEnvelope {
            id,
            command,
            draft: None,
        };
        let answer = self
            .store
            .command(office::operator_id(operator), envelope)
            .await;
        match answer {
            Ok(Ok(_)) => self.tried.mark("command done"),
            Ok(Err(problem)) => self.tried.mark(format!("command {:?}", problem.code)),
            Err(error) => self
                .tried
                .find(format!("a command ended in a fault: {error}")),
        }
        Ok(())
    }

    /// Delivers all of them before any is answered, with a good neighbour on each side.
    async fn deliver(&mut self, bodies: &[&Bytes]) -> Result<()> {
        self.n_delivered += 1;
        let mut all = vec![self.neighbour("before")];
        all.extend(bodies.iter().map(|body| body.0.clone()));
        all.push(self.neighbour("after"));
        let mut readings = Vec::with_capacity(all.len());
        for body in all {
            let begun = Instant::now();
            let header = signed(&body);
            if !signature::verify(&APP_SECRET.into(), &body, &header) {
                self.tried.find("a right signature was refused");
            }
            let facts = webhook::parse(&body, NOW);
            if begun.elapsed() > PATIENCE {
                self.tried.find("reading a body took too long");
            }
            self.expect(&body, facts.as_deref().ok());
            readings.push((body, facts.ok()));
        }
        let deliveries = readings
            .into_iter()
            .map(|(body, facts)| self.store.ingest(ChannelKind::Whatsapp, body, facts));
        match tokio::time::timeout(PATIENCE, join_all(deliveries)).await {
            Err(_) => self.tried.find("deliveries were not answered"),
            Ok(answers) => {
                for error in answers.into_iter().filter_map(Result::err) {
                    self.tried
                        .find(format!("a delivery was not taken: {error}"));
                }
            }
        }
        Ok(())
    }

    fn neighbour(&mut self, side: &str) -> Vec<u8> {
        let words = format!("neighbour {side} {}", self.n_delivered);
        let body = json!({"entry": [{"changes": [{"field": "messages", "value": {
            "metadata": {"phone_number_id": NUMBER},
            "messages": [{"id": format!("wamid.{words}"), "from": "79000000099", "type": "text",
                          "timestamp": "1789999000", "text": {"body": words}}],
        }}]}]});
        self.expected.neighbours.push(words);
        body.to_string().into_bytes()
    }

    /// Notes what must come of a body.
    fn expect(&mut self, body: &[u8], facts: Option<&[ChannelFact]>) {
        let mut state = if facts.is_some() {
            "applied"
        } else {
            "unreadable"
        };
        let facts = facts.unwrap_or_default();
        for ChannelFact { channel_key, fact } in facts {
            self.tried.mark(mark_of(fact));
            if matches!(fact, Fact::Other { .. }) {
                continue;
            }
            if !self.known.contains(channel_key.as_str()) {
                state = "waiting";
                // Nobody will ever know it.
                if channel_key != LATER_NUMBER {
                    continue;
                }
            }
            if let Fact::Message(message) = fact {
                let (text, placeholder) = match &message.content {
                    Content::Text { body } => (body.clone(), None),
                    Content::Placeholder { kind, caption, .. } => {
                        (caption.clone().unwrap_or_default(), Some(kind.clone()))
                    }
                };
                let key = (channel_key.clone(), message.provider_id.clone());
                self.expected
                    .messages
                    .entry(key)
                    .or_default()
                    .push((text, placeholder));
            }
        }
        self.tried.mark(format!(
            "{state}, {} facts",
            usize::BITS - facts.len().leading_zeros()
        ));
        self.expected.journal.push((body.to_vec(), state));
    }

    async fn restart(&mut self) -> Result<()> {
        *self.published.lock() = Published::default();
        let again = office::open_store(self.folder, follow(&self.published))?;
        std::mem::replace(&mut self.store, again).close().await;
        self.read_waiting().await
    }

    /// Reads again what waits, as the backend does at its start.
    async fn read_waiting(&mut self) -> Result<()> {
        for (key, received_at, body) in self.store.waiting_events().await? {
            let Ok(facts) = webhook::parse(&body, received_at) else {
                self.tried.find("an event that waited can be read no more");
                continue;
            };
            if let Err(error) = self
                .store
                .retry_event(ChannelKind::Whatsapp, key, facts)
                .await
            {
                self.tried
                    .find(format!("an event that waited ended in a fault: {error}"));
            }
        }
        Ok(())
    }

    /// Looks at everything, and delivers everything once more.
    async fn judge(mut self) -> Result<Tried> {
        let file = office::look(self.folder)?;
        self.look_at(&file)?;
        self.judge_feed().await?;

        let before = office::contents(&file)?;
        let bodies: Vec<Vec<u8>> = self
            .expected
            .journal
            .iter()
            .map(|(body, _)| body.clone())
            .collect();
        for body in &bodies {
            let facts = webhook::parse(body, NOW).ok();
            self.store
                .ingest(ChannelKind::Whatsapp, body.clone(), facts)
                .await?;
        }
        let after = office::contents(&file)?;
        if before != after {
            let changed = after.iter().find(|line| !before.contains(line));
            let words = changed
                .and_then(|line| line.split(' ').next())
                .unwrap_or("a row went");
            self.tried.find(format!(
                "the same deliveries again changed something: {words}"
            ));
        }
        if self.published.lock().is_broken {
            self.tried.find("change sets do not follow each other");
        }
        drop(file);
        self.store.close().await;
        Ok(self.tried)
    }

    fn look_at(&mut self, file: &Connection) -> Result<()> {
        self.tried.marks.extend(office::sorts(file)?);
        for broken in office::broken_invariants(file)? {
            self.tried.find(broken);
        }
        self.judge_journal(file)?;
        self.judge_messages(file)
    }

    fn judge_journal(&mut self, file: &Connection) -> Result<()> {
        let mut rows =
            file.prepare_cached("SELECT body, state FROM journal WHERE key > 4 ORDER BY body")?;
        let rows = rows.query_map((), |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?))
        })?;
        let journal: Vec<(Vec<u8>, String)> = rows.collect::<Result<_, _>>()?;
        let mut expected = self.expected.journal.clone();
        expected.sort_by(|(one, _), (other, _)| one.cmp(other));
        let bodies = journal.iter().map(|(body, _)| body);
        if !bodies.eq(expected.iter().map(|(body, _)| body)) {
            self.tried
                .find("the journal does not have each delivery once, byte for byte");
            return Ok(());
        }
        for ((_, is), (_, must)) in journal.iter().zip(&expected) {
            // A second reading may have applied what waited.
            let may_be = is == must
                || (*must == "waiting" && is == "applied" && self.known.contains(LATER_NUMBER));
            if !may_be {
                self.tried
                    .find(format!("a delivery is {is} instead of {must}"));
            }
        }
        Ok(())
    }

    fn judge_messages(&mut self, file: &Connection) -> Result<()> {
        let mut rows = file.prepare_cached(
            "SELECT ch.provider_key, m.provider_id, m.text, m.placeholder, m.raw IS NOT NULL
             FROM messages m JOIN entries e ON e.key = m.entry JOIN channels ch ON ch.key = m.channel
             WHERE e.kind = 'inbound' AND m.entry > 4",
        )?;
        let mut rows = rows.query(())?;
        let mut found = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let key: MessageId = (row.get(0)?, row.get(1)?);
            let content: Shown = (row.get(2)?, row.get(3)?);
            let must = self.expected.messages.get(&key);
            if !must.is_some_and(|contents| contents.contains(&content)) {
                self.tried
                    .find("a message stands in a chat that nobody wrote so");
            }
            if content.1.is_some() != row.get::<_, bool>(4)? {
                self.tried
                    .find("a placeholder has no raw message, or a text has one");
            }
            found.insert(key);
        }
        // What bears the id of a message that was there before is that message.
        let was_there =
            |id: &str| id == SENT_WAMID || (id.starts_with("wamid.IN") && id.len() == 9);
        let is_lost = |(channel, id): &&MessageId| {
            self.known.contains(channel.as_str())
                && !was_there(id)
                && !found.contains(&(channel.clone(), id.clone()))
        };
        let lost: Vec<_> = self
            .expected
            .messages
            .keys()
            .filter(is_lost)
            .cloned()
            .collect();
        for (_, id) in lost {
            let is_ours: bool = file.query_row(
                "SELECT EXISTS (SELECT 1 FROM messages m JOIN deliveries d ON d.entry = m.entry WHERE provider_id = ?1)",
                [&id],
                |row| row.get(0),
            )?;
            if !is_ours {
                self.tried.find("a message was lost");
            }
        }
        let mut found = file.prepare_cached(
            "SELECT count(*) FROM messages m JOIN entries e ON e.key = m.entry
             WHERE m.text = ?1 AND m.provider_id = 'wamid.' || m.text AND e.kind = 'inbound'",
        )?;
        for words in &self.expected.neighbours {
            let n: i64 = found.query_row([words], |row| row.get(0))?;
            if n != 1 {
                self.tried.find("a good neighbour was not applied once");
            }
        }
        Ok(())
    }

    /// Whatever was written must reach every panel, in frames that it can take.
    async fn judge_feed(&mut self) -> Result<()> {
        for (number, before) in self.readers.clone() {
            let mut follower = before;
            let pages = self.read(number, Some(self.start.clone())).await?;
            // A page that begins a snapshot replaces all; there are too few changes for that here.
            if pages.iter().any(|page| page.starts_snapshot) {
                self.tried.find("a cursor of today leads to a snapshot");
            }
            for page in pages {
                self.judge_page(&page)?;
                follower.take(page.rows);
            }
            let mut fresh = Reader::default();
            for page in self.read(number, None).await? {
                self.judge_page(&page)?;
                fresh.take(page.rows);
            }
            if !follower.sees_the_same(&fresh) {
                self.tried
                    .find("who follows the changes does not see what a snapshot shows");
            }
        }
        Ok(())
    }

    async fn read(&self, operator: u8, cursor: Option<Cursor>) -> Result<Vec<Page>> {
        let pages = self.store.changes(office::operator_id(operator), cursor);
        pages.await.context("Reading the feed")
    }

    fn judge_page(&mut self, page: &Page) -> Result<()> {
        let frame = BackendFrame::Changes(Changes {
            starts_snapshot: page.starts_snapshot,
            rows: page.rows.clone(),
            cursor: page.cursor.clone(),
            behind: 0,
        });
        let text = serde_json::to_string(&frame)?;
        if text.len() > MAX_FRAME_BYTES {
            self.tried
                .find("a page of the feed does not fit into a frame");
        }
        if serde_json::from_str::<BackendFrame>(&text).ok().as_ref() != Some(&frame) {
            self.tried
                .find("a page of the feed cannot be read as it was written");
        }
        Ok(())
    }
}

/// What sort of fact it is.
fn mark_of(fact: &Fact) -> String {
    match fact {
        Fact::Message(message) => {
            let sender = &message.sender;
            let content = match &message.content {
                Content::Text { .. } => "text".to_owned(),
                Content::Placeholder { kind, caption, .. } => {
                    let kind: String = kind
                        .chars()
                        .take(12)
                        .filter(char::is_ascii_lowercase)
                        .collect();
                    format!("{kind} {}", caption.is_some())
                }
            };
            format!(
                "message {content} {} {} {} {}",
                sender.identities.len(),
                sender.name.is_some(),
                sender.phone.is_some(),
                message.sent_at == NOW,
            )
        }
        Fact::Delivery(update) => {
            let progress = match &update.progress {
                Progress::Sent => "sent".to_owned(),
                Progress::Delivered => "delivered".to_owned(),
                Progress::Read => "read".to_owned(),
                Progress::Failed(failure) => format!("failed {:?}", failure.kind),
            };
            format!("status {progress} {}", update.message_id.is_some())
        }
        Fact::Other { kind } => {
            let kind: String = kind
                .chars()
                .take(12)
                .filter(char::is_ascii_lowercase)
                .collect();
            format!("other {kind}")
        }
    }
}

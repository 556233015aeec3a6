//! What SQLite itself could do: a bare loop on one thread that writes the rows which an incoming
//! message leaves behind, in commits of given sizes, and decides and reads nothing.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use super::machine::{now_ns, seconds_between};
use super::traffic::{Clients, body, message_id, name, number, text, user_id};

/// The pragmas of the backend's own writer.
const PRAGMAS: &[(&str, &str)] = &[
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("temp_store", "MEMORY"),
    ("cache_size", "-65536"),
    ("wal_autocheckpoint", "8192"),
];

/// A chat as the loop remembers it, so that it need not ask.
struct Chat {
    key: i64,
    last_place: i64,
    is_closed: bool,
    owner: Option<(i64, Uuid)>,
}

/// One message, with all that had to be read or computed for it done beforehand.
struct Message {
    client: i64,
    id: String,
    text: String,
    body: Vec<u8>,
}

/// Writes messages in commits of these sizes and says how many a second; `clients` are those of the
/// store afterwards.
///
/// # Errors
/// When the store cannot be written.
pub fn messages_per_second(path: &Path, clients: &mut Clients, commits: &[u32]) -> Result<f64> {
    let mut file = Connection::open(path).context("Opening the store")?;
    file.set_prepared_statement_cache_capacity(128);
    for (name, value) in PRAGMAS {
        file.pragma_update(None, name, value)?;
    }
    let mut messages = Vec::new();
    let n: u32 = commits.iter().sum();
    for _ in 0..n {
        let client = clients.next(rand::random());
        let (id, text) = (message_id(client, rand::random()), text(0));
        let body = body(client, &id, 1_790_000_000, &text)?;
        messages.push(Message {
            client,
            id,
            text,
            body,
        });
    }
    let mut writing = Writing {
        seq: file.query_row("SELECT seq FROM store", (), |row| row.get(0))?,
        chats: chats(&file, &messages)?,
    };
    let mut messages = messages.iter();
    let begun = now_ns();
    for size in commits {
        let tx = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for message in messages.by_ref().take(usize::try_from(*size)?) {
            writing.message(&tx, message)?;
        }
        tx.prepare_cached("UPDATE store SET seq = ?1")?
            .execute((writing.seq,))?;
        tx.commit()?;
    }
    Ok(f64::from(n) / seconds_between(begun, now_ns()))
}

/// The chats of those who write.
fn chats(file: &Connection, messages: &[Message]) -> Result<HashMap<i64, Chat>> {
    let mut chats = HashMap::new();
    let mut find = file.prepare(
        "SELECT c.last_place, c.status = 'closed', o.key, o.id
         FROM chats c LEFT JOIN operators o ON o.key = c.owner WHERE c.key = ?1",
    )?;
    for message in messages {
        let key = message.client + 1;
        let mut rows = find.query((key,))?;
        if let Some(row) = rows.next()? {
            let owner: Option<i64> = row.get(2)?;
            chats.insert(
                message.client,
                Chat {
                    key,
                    last_place: row.get(0)?,
                    is_closed: row.get(1)?,
                    owner: owner
                        .map(|key| Ok::<_, rusqlite::Error>((key, row.get(3)?)))
                        .transpose()?,
                },
            );
        }
    }
    Ok(chats)
}

struct Writing {
    seq: i64,
    chats: HashMap<i64, Chat>,
}

impl Writing {
    fn message(&mut self, tx: &Transaction<'_>, message: &Message) -> Result<()> {
        let now = 1_790_000_000_000_i64;
        if !self.chats.contains_key(&message.client) {
            let chat = self.new_chat(tx, message.client, now)?;
            self.chats.insert(message.client, chat);
        }
        let seq = &mut self.seq;
        let chat = self
            .chats
            .get_mut(&message.client)
            .context("Finding a chat")?;
        if chat.is_closed {
            come_back(tx, chat, seq, now)?;
        }
        let entry = add_entry(tx, chat, "inbound", seq, now)?;
        tx.prepare_cached(
            "INSERT INTO messages (entry, channel, provider_id, text, placeholder, raw)
             VALUES (?1, 1, ?2, ?3, NULL, NULL)",
        )?
        .execute((entry, &message.id, &message.text))?;
        *seq += 1;
        let preview = serde_json::json!({
            "kind": "inbound", "author_id": null, "text": &message.text, "placeholder": null,
        });
        tx.prepare_cached(
            "UPDATE chats SET last_place = ?2, waiting_since = coalesce(waiting_since, ?3),
                last_activity_at = ?3, client_wrote_at = ?3, preview = ?4, seq = ?5
             WHERE key = ?1",
        )?
        .execute((chat.key, chat.last_place, now, preview.to_string(), *seq))?;
        tx.prepare_cached(
            "INSERT INTO journal (source, received_at, state, body)
             VALUES ('whatsapp', ?1, 'applied', ?2)",
        )?
        .execute((now, &message.body))?;
        Ok(())
    }

    fn new_chat(&mut self, tx: &Transaction<'_>, client: i64, now: i64) -> Result<Chat> {
        tx.prepare_cached("INSERT INTO clients (id, name, phone) VALUES (?1, ?2, ?3)")?
            .execute((Uuid::now_v7(), name(client), number(client)))?;
        let key = tx.last_insert_rowid();
        let identities = [
            ("whatsapp_user_id", user_id(client)),
            ("whatsapp_id", number(client)),
        ];
        for (kind, value) in identities {
            tx.prepare_cached(
                "INSERT INTO identities (channel, kind, value, client) VALUES (1, ?1, ?2, ?3)",
            )?
            .execute((kind, value, key))?;
        }
        self.seq += 1;
        tx.prepare_cached(
            "INSERT INTO chats (id, channel, client, status, last_place, answered_place,
                                last_activity_at, seq)
             VALUES (?1, 1, ?2, 'queued', 0, 0, ?3, ?4)",
        )?
        .execute((Uuid::now_v7(), key, now, self.seq))?;
        let chat = tx.last_insert_rowid();
        see_queue(tx, chat, self.seq)?;
        Ok(Chat {
            key: chat,
            last_place: 0,
            is_closed: false,
            owner: None,
        })
    }
}

/// A closed chat returns to the queue.
fn come_back(tx: &Transaction<'_>, chat: &mut Chat, seq: &mut i64, now: i64) -> Result<()> {
    let (owner, id) = chat.owner.context("Finding who was last")?;
    let entry = add_entry(tx, chat, "notice", seq, now)?;
    let notice = serde_json::json!({ "what": "came_back", "owner": id });
    tx.prepare_cached("INSERT INTO notices (entry, notice) VALUES (?1, ?2)")?
        .execute((entry, notice.to_string()))?;
    *seq += 1;
    tx.prepare_cached("UPDATE chats SET status = 'in_work' WHERE key = ?1")?
        .execute((chat.key,))?;
    tx.prepare_cached("INSERT INTO audience (operator, chat, from_seq) VALUES (?1, ?2, ?3)")?
        .execute((owner, chat.key, *seq))?;
    chat.is_closed = false;
    Ok(())
}

fn see_queue(tx: &Transaction<'_>, chat: i64, seq: i64) -> Result<()> {
    tx.prepare_cached("INSERT INTO audience (operator, chat, from_seq) VALUES (0, ?1, ?2)")?
        .execute((chat, seq))?;
    Ok(())
}

fn add_entry(
    tx: &Transaction<'_>,
    chat: &mut Chat,
    kind: &str,
    seq: &mut i64,
    now: i64,
) -> Result<i64> {
    *seq += 1;
    chat.last_place += 1;
    tx.prepare_cached(
        "INSERT INTO entries (id, chat, place, kind, author, command_id, sent_at, received_at,
                              created_seq, seq)
         VALUES (?1, ?2, ?3, ?4, NULL, NULL, ?5, ?5, ?6, ?6)",
    )?
    .execute(params![
        Uuid::now_v7(),
        chat.key,
        chat.last_place,
        kind,
        now,
        *seq
    ])?;
    Ok(tx.last_insert_rowid())
}

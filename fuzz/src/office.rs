//! The office that every input starts from: a data folder with operators, numbers and chats of
//! every sort, the same each time, and what must hold in it whatever happened.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use pult_backend::channels::WhatsAppSettings;
use pult_backend::{DataFolder, admin};
use pult_domain::provider::SendOutcome;
use pult_domain::{ChatId, CommandId, OperatorId, Place, Role, Timestamp};
use pult_protocol::{ChannelKind, Command, CommandEnvelope};
use pult_store::{Clock, Followers, NewChannel, NewSession, Store};
use rusqlite::{Connection, OpenFlags};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

/// The number of Meta's examples.
pub(crate) const NUMBER: &str = "106540352242922";
/// Another number of the same company.
pub(crate) const SECOND_NUMBER: &str = "200300400500";
/// A number that is not known at the start.
pub(crate) const LATER_NUMBER: &str = "300400500600";
/// What webhooks are signed with.
pub(crate) const APP_SECRET: &str = "the app secret of the fuzzer";
/// What a handshake must know.
pub(crate) const VERIFY_TOKEN: &str = "the-verify-token";
/// Every operator's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// What time it always is: inputs must lead to the same today and tomorrow.
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// Meta's ids of replies: one that is sent, and of a client's message.
pub(crate) const SENT_WAMID: &str = "wamid.SENT";
pub(crate) const INBOUND_WAMID: &str = "wamid.IN1";

/// A UUID of version 7 that is the same every time.
const fn fixed_id(family: u8, number: u8) -> Uuid {
    Uuid::from_bytes([
        1, 0x90, 0xa0, family, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, number,
    ])
}

/// The operator with that number: 1 Anna, 2 Boris, 3 the supervisor Vera.
pub(crate) const fn operator_id(number: u8) -> OperatorId {
    OperatorId(fixed_id(1, number))
}

/// The chat with that number: 1 waits, 2 is Anna's, 3 is Boris's, 4 is closed.
pub(crate) const fn chat_id(number: u8) -> ChatId {
    ChatId(fixed_id(2, number))
}

/// The entry with that number, in the order of their making.
pub(crate) const fn entry_id(number: u8) -> Uuid {
    fixed_id(3, number)
}

/// The token with which the operator of that number is signed in.
pub(crate) fn token(number: u8) -> String {
    format!("token-of-operator-{number}")
}

/// The time that stands still.
pub(crate) fn clock() -> Clock {
    Arc::new(|| NOW)
}

/// The office as it is at the start.
pub(crate) struct Office {
    file: Vec<u8>,
    place: PathBuf,
}

impl Office {
    /// Sets it up with these numbers, the first of which clients write to.
    ///
    /// # Errors
    /// When the store cannot be made.
    pub(crate) async fn set_up(numbers: &[&str]) -> Result<Self> {
        let place = fast_place();
        let folder = tempfile::tempdir_in(&place).context("Making a folder")?;
        people(folder.path()).await?;
        correspondence(folder.path(), numbers).await?;
        let file = std::fs::read(store_file(folder.path())).context("Reading the store")?;
        Ok(Self { file, place })
    }

    /// A folder with a copy of it.
    pub(crate) fn copy(&self) -> Result<TempDir> {
        let folder = tempfile::tempdir_in(&self.place).context("Making a folder")?;
        std::fs::write(store_file(folder.path()), &self.file).context("Copying the store")?;
        Ok(folder)
    }
}

/// Memory, where the system has files in it: what is tried here is not the disk.
fn fast_place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

pub(crate) fn store_file(folder: &Path) -> PathBuf {
    folder.join("pult.sqlite")
}

pub(crate) fn open_store(folder: &Path, followers: Followers) -> Result<Store> {
    Ok(DataFolder::open(folder)?.store(clock(), followers)?)
}

/// Adds a number whose provider nobody answers for.
pub(crate) async fn add_number(store: &Store, number: &str) -> Result<()> {
    let settings = WhatsAppSettings {
        // Nothing listens there, and no secret of anybody's leaves.
        graph_url: "http://127.0.0.1:9".to_owned(),
        graph_version: "v25.0".to_owned(),
        access_token: "an access token".into(),
        app_secret: APP_SECRET.into(),
        verify_token: VERIFY_TOKEN.into(),
    };
    let channel = NewChannel {
        kind: ChannelKind::Whatsapp,
        name: "Магазин".to_owned(),
        provider_key: number.to_owned(),
        settings: serde_json::to_string(&settings)?,
    };
    store.put_channel(channel).await?;
    Ok(())
}

async fn people(folder: &Path) -> Result<()> {
    let store = open_store(folder, Followers::nobody())?;
    for (login, name, role) in [
        ("anna", "Анна Примерова", Role::Operator),
        ("boris", "Борис Образцов", Role::Operator),
        ("vera", "Вера Пробная", Role::Supervisor),
    ] {
        let password = SecretString::from(PASSWORD);
        admin::add_operator(&store, login, name, role, password).await?;
    }
    store.close().await;
    let file = Connection::open(store_file(folder))?;
    for number in 1..=3 {
        let id = operator_id(number).0;
        file.execute("UPDATE operators SET id = ?1 WHERE key = ?2", (id, number))?;
    }
    Ok(())
}

async fn correspondence(folder: &Path, numbers: &[&str]) -> Result<()> {
    let store = open_store(folder, Followers::nobody())?;
    for number in 1..=3 {
        let password_hash = store.password_hash(operator_id(number)).await?;
        let session = NewSession {
            token_hash: Sha256::digest(token(number)).into(),
            operator: operator_id(number),
            password_hash: password_hash.context("The operator is there")?,
            device: "a fuzzer".to_owned(),
            address: String::new(),
            expires_at: NOW.plus_ms(90 * 24 * 3_600_000),
        };
        store.begin_session(session).await?;
    }
    for number in numbers {
        add_number(&store, number).await?;
    }
    for (number, client) in [
        (1, "79000000001"),
        (2, "79000000002"),
        (3, "79000000003"),
        (4, "79000000004"),
    ] {
        let body = json!({"entry": [{"changes": [{"field": "messages", "value": {
            "metadata": {"phone_number_id": NUMBER},
            "contacts": [{"wa_id": client, "user_id": format!("RU.{client}"), "profile": {"name": "Клиент"}}],
            "messages": [{"id": format!("wamid.IN{number}"), "from": client, "type": "text",
                          "timestamp": "1789990000", "text": {"body": "Здравствуйте"}}],
        }}]}]});
        let body = body.to_string().into_bytes();
        let facts = pult_whatsapp::webhook::parse(&body, NOW)?;
        store
            .ingest(ChannelKind::Whatsapp, body, Some(facts))
            .await?;
    }
    let chats = chats_by_key(folder)?;
    let chat = |number: usize| {
        chats
            .get(number - 1)
            .copied()
            .context("The chats are there")
    };
    reply(
        &store,
        1,
        chat(2)?,
        SendOutcome::Accepted {
            provider_id: SENT_WAMID.to_owned(),
        },
    )
    .await?;
    let lost = SendOutcome::NotConfirmed {
        reason: String::new(),
    };
    reply(&store, 2, chat(3)?, lost).await?;
    let spam = Command::Close {
        chat_id: chat(4)?,
        seen_place: Place(9),
    };
    run(&store, 3, spam).await?;
    store.close().await;
    let file = Connection::open(store_file(folder))?;
    for (table, family) in [("chats", 2), ("entries", 3)] {
        let last: u8 = file.query_row(&format!("SELECT max(key) FROM {table}"), (), |row| {
            row.get(0)
        })?;
        for key in 1..=last {
            let sql = format!("UPDATE {table} SET id = ?1 WHERE key = ?2");
            file.execute(&sql, (fixed_id(family, key), key))?;
        }
    }
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

fn chats_by_key(folder: &Path) -> Result<Vec<ChatId>> {
    let file = look(folder)?;
    let mut chats = file.prepare("SELECT id FROM chats ORDER BY key")?;
    let ids = chats.query_map((), |row| row.get(0).map(ChatId))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

async fn run(store: &Store, operator: u8, command: Command) -> Result<()> {
    let id = CommandId(Uuid::now_v7());
    let answer = store
        .command(
            operator_id(operator),
            CommandEnvelope {
                id,
                command,
                draft: None,
            },
        )
        .await?;
    ensure!(
        answer.is_ok(),
        "the office's own command was refused: {answer:?}"
    );
    Ok(())
}

async fn reply(store: &Store, operator: u8, chat_id: ChatId, outcome: SendOutcome) -> Result<()> {
    let command = Command::Reply {
        chat_id,
        text: "Добрый день".to_owned(),
        seen_place: Place(9),
    };
    run(store, operator, command).await?;
    for head in store.lane_heads().await? {
        if store.begin_sending(head.delivery).await?.is_some() {
            store.finish_sending(head.delivery, outcome.clone()).await?;
        }
    }
    Ok(())
}

/// The store's file, to look into.
pub(crate) fn look(folder: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(store_file(folder), flags).context("Looking into the store")
}

/// What must hold in every store, as a query for what breaks it.
const INVARIANTS: [(&str, &str); 12] = [
    (
        "places are dense from 1",
        "SELECT chat FROM entries GROUP BY chat HAVING min(place) <> 1 OR max(place) <> count(*)",
    ),
    (
        "a chat knows its last place",
        "SELECT key FROM chats
         WHERE last_place <> (SELECT coalesce(max(place), 0) FROM entries WHERE chat = chats.key)",
    ),
    (
        "an entry never changes before it is made",
        "SELECT key FROM entries WHERE seq < created_seq",
    ),
    (
        "later places are made by later changes",
        "SELECT a.key FROM entries a JOIN entries b ON b.chat = a.chat AND b.place = a.place + 1
         WHERE b.created_seq <= a.created_seq",
    ),
    (
        "a chat changes with its entries",
        "SELECT c.key FROM chats c JOIN entries e ON e.chat = c.key WHERE e.seq > c.seq",
    ),
    (
        "no row is ahead of the order of changes",
        "SELECT seq FROM (SELECT max(seq) AS top FROM chats UNION ALL SELECT max(seq) FROM entries
                          UNION ALL SELECT max(seq) FROM operators
                          UNION ALL SELECT max(seq) FROM channels
                          UNION ALL SELECT max(seq) FROM read_marks), store
         WHERE top > store.seq",
    ),
    (
        "a client has a chat and is known by something",
        "SELECT key FROM clients
         WHERE NOT EXISTS (SELECT 1 FROM chats WHERE client = clients.key)
            OR NOT EXISTS (SELECT 1 FROM identities WHERE client = clients.key)",
    ),
    (
        "a client has one identity of each kind",
        "SELECT client FROM identities GROUP BY client, channel, kind HAVING count(*) > 1",
    ),
    (
        "every entry has its body",
        "SELECT key FROM entries e
         WHERE (kind IN ('inbound', 'outbound')) <> EXISTS (SELECT 1 FROM messages WHERE entry = e.key)
            OR (kind = 'notice') <> EXISTS (SELECT 1 FROM notices WHERE entry = e.key)
            OR (kind = 'outbound') <> EXISTS (SELECT 1 FROM deliveries WHERE entry = e.key)",
    ),
    (
        "a client who wrote last waits unless the chat is closed",
        "SELECT c.key FROM chats c JOIN entries e ON e.chat = c.key AND e.place = c.last_place
         WHERE e.kind = 'inbound' AND (c.waiting_since IS NULL OR c.status = 'closed')",
    ),
    (
        "every chat has exactly one present audience or more",
        "SELECT key FROM chats c WHERE status <> 'closed'
           AND NOT EXISTS (SELECT 1 FROM audience a
                           WHERE a.chat = c.key AND a.until_seq = 9223372036854775807)",
    ),
    ("no reference leads nowhere", "SELECT \"table\" FROM pragma_foreign_key_check"),
];

/// Which invariants do not hold.
pub(crate) fn broken_invariants(file: &Connection) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for (name, sql) in INVARIANTS {
        let mut breaking = file.prepare_cached(sql)?;
        if breaking.exists(())? {
            broken.push(format!("this does not hold: {name}"));
        }
    }
    Ok(broken)
}

/// Everything in the store save for the journal, as one text: equal if nothing has changed.
pub(crate) fn contents(file: &Connection) -> Result<Vec<String>> {
    let mut contents = Vec::new();
    for table in [
        "store",
        "operators",
        "sessions",
        "channels",
        "clients",
        "identities",
        "chats",
        "observers",
        "entries",
        "messages",
        "notices",
        "deliveries",
        "parked_statuses",
        "audience",
        "read_marks",
        "comments",
        "mentions",
        "integrations",
        "ready_answers",
        "automatic",
        "company",
        "audit",
        "away",
    ] {
        // When a device was there last is noted without being asked.
        let columns = match table {
            "sessions" => "token_hash, id, operator, device, created_at, expires_at",
            _ => "*",
        };
        let mut rows = file.prepare_cached(&format!("SELECT {columns} FROM {table}"))?;
        let n_columns = rows.column_count();
        let mut rows = rows.query(())?;
        while let Some(row) = rows.next()? {
            let mut line = table.to_owned();
            for column in 0..n_columns {
                use std::fmt::Write as _;
                write!(line, " {:?}", row.get_ref(column)?)?;
            }
            contents.push(line);
        }
    }
    Ok(contents)
}

/// How many of each sort there are: marks of where a script has led.
pub(crate) fn sorts(file: &Connection) -> Result<BTreeSet<String>> {
    let mut sorts = BTreeSet::new();
    for (what, sql) in [
        (
            "journal",
            "SELECT state, count(*) FROM journal GROUP BY state",
        ),
        (
            "chats",
            "SELECT status || (owner IS NULL), count(*) FROM chats GROUP BY 1",
        ),
        (
            "entries",
            "SELECT kind, count(*) FROM entries GROUP BY kind",
        ),
        (
            "deliveries",
            "SELECT state || coalesce(failure, ''), count(*) FROM deliveries GROUP BY 1",
        ),
        (
            "parked",
            "SELECT progress || coalesce(failure, ''), count(*) FROM parked_statuses GROUP BY 1",
        ),
        (
            "identities",
            "SELECT kind, count(*) FROM identities GROUP BY kind",
        ),
        (
            "nameless",
            "SELECT (name IS NULL) || (phone IS NULL), count(*) FROM clients GROUP BY 1",
        ),
    ] {
        let mut rows = file.prepare_cached(sql)?;
        let mut rows = rows.query(())?;
        while let Some(row) = rows.next()? {
            let (sort, n): (String, i64) = (row.get(0)?, row.get(1)?);
            // Magnitudes: 1, 2, 3-4, 5-8 and so on.
            let magnitude = 64 - (n - 1).max(0).leading_zeros();
            sorts.insert(format!("{what} {sort} {magnitude}"));
        }
    }
    Ok(sorts)
}

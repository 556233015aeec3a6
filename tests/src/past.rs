//! A past for an office: weeks of talks with clients, written straight into the store's file while
//! nobody serves it. The backend counts it when it starts, as it does what an older one has left.

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use crate::office::Office;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Gives an office, whose backend must have been stopped, so many days of past up to `now`, in
/// milliseconds. All its operators have worked.
///
/// # Errors
/// When the store cannot be written.
pub fn fill(office: &Office, n_days: i64, now: i64) -> Result<()> {
    let mut file = Connection::open(office.store()).context("Opening the store")?;
    let operators: Vec<(i64, Uuid)> = {
        let mut operators = file.prepare("SELECT key, id FROM operators ORDER BY key")?;
        let rows = operators.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<_, _>>()
            .context("Reading operators")?
    };
    if operators.is_empty() {
        bail!("somebody must have answered");
    }
    let tx = file.transaction()?;
    let seq = tx.query_row("SELECT seq FROM store", (), |row| row.get(0))?;
    let mut past = Past {
        tx: &tx,
        operators,
        seq,
        chance: Chance(0x2545_f491_4f6c_dd1d),
        chats: Vec::new(),
    };
    for day in (0..n_days).rev() {
        past.day(now - now.rem_euclid(DAY_MS) - day * DAY_MS, now)?;
    }
    let seq = past.seq;
    tx.execute("UPDATE store SET seq = ?1, is_counted = 0", (seq,))?;
    tx.commit()?;
    Ok(())
}

/// Lets a client have written so many minutes earlier than they did, in an office whose backend must
/// have been stopped.
///
/// # Errors
/// When the store cannot be written, or nobody of that name waits.
pub fn wrote_earlier(office: &Office, client: &str, minutes: i64) -> Result<()> {
    let file = Connection::open(office.store()).context("Opening the store")?;
    let n = file.execute(
        "UPDATE chats SET waiting_since = waiting_since - ?2, last_activity_at = last_activity_at - ?2
         WHERE waiting_since IS NOT NULL
             AND client = (SELECT key FROM clients WHERE name = ?1)",
        (client, minutes * MINUTE_MS),
    )?;
    if n == 0 {
        bail!("{client} does not wait");
    }
    Ok(())
}

/// The same sequence each time, so that pictures can be compared.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11
    }

    fn below(&mut self, n: i64) -> i64 {
        i64::try_from(self.next() % u64::try_from(n.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// How long somebody takes to answer: mostly minutes, sometimes long.
    fn wait(&mut self) -> i64 {
        let most = match self.below(10) {
            0 => 50,
            1..=3 => 14,
            _ => 5,
        };
        15_000 + self.below(most * MINUTE_MS)
    }
}

struct Past<'a> {
    tx: &'a Transaction<'a>,
    operators: Vec<(i64, Uuid)>,
    seq: i64,
    chance: Chance,
    /// Closed ones, whose clients may come back.
    chats: Vec<Chat>,
}

/// A chat while it is written.
#[derive(Clone, Copy)]
struct Chat {
    key: i64,
    place: i64,
    owner: (i64, Uuid),
    closed_at: i64,
}

impl Past<'_> {
    /// Talks from eight to eight by UTC; fewer at weekends and in the evening.
    fn day(&mut self, begin: i64, now: i64) -> Result<()> {
        let is_weekend = matches!((begin / DAY_MS + 4) % 7, 0 | 6);
        for hour in 8..20_i64 {
            let busy = 6 - (hour - 12).abs() / 2;
            let most = if is_weekend { busy / 2 } else { busy + 3 };
            for _ in 0..=self.chance.below(most.max(1)) {
                let at = begin + hour * HOUR_MS + self.chance.below(HOUR_MS);
                // What would reach into the present is left to the present.
                if at + 3 * HOUR_MS < now {
                    self.talk(at)?;
                }
            }
        }
        Ok(())
    }

    fn talk(&mut self, begin: i64) -> Result<()> {
        let before = usize::try_from(self.chance.below(i64::try_from(self.chats.len())?))?;
        let comes_back = self.chance.below(5) < 3
            && self
                .chats
                .get(before)
                .is_some_and(|chat| chat.closed_at < begin);
        let mut chat = if comes_back {
            self.chats.swap_remove(before)
        } else {
            self.new_chat(begin)?
        };
        let (operator, id) = chat.owner;
        let mut at = begin;
        if comes_back {
            let came_back = serde_json::json!({ "what": "came_back", "owner": id });
            self.notice(&mut chat, at, None, &came_back)?;
        }
        self.message(&mut chat, at, None)?;
        for round in 0..=self.chance.below(3) {
            at += self.chance.wait();
            if round == 0 && !comes_back {
                let taken = serde_json::json!({ "what": "taken", "by": id });
                self.notice(&mut chat, at, Some(operator), &taken)?;
            }
            self.message(&mut chat, at, Some(operator))?;
            at += self.chance.wait();
            self.message(&mut chat, at, None)?;
        }
        at += self.chance.wait();
        self.message(&mut chat, at, Some(operator))?;
        let closed = serde_json::json!({ "what": "closed", "by": id });
        let closed_at = at + MINUTE_MS;
        self.notice(&mut chat, closed_at, Some(operator), &closed)?;
        chat.closed_at = closed_at;
        self.tx.execute(
            "UPDATE chats SET last_place = ?2, answered_place = ?2, last_activity_at = ?3, seq = ?4
             WHERE key = ?1",
            params![chat.key, chat.place, at, self.seq],
        )?;
        self.chats.push(chat);
        Ok(())
    }

    fn new_chat(&mut self, at: i64) -> Result<Chat> {
        let n = i64::try_from(self.operators.len())?;
        // Some have more to do than others.
        let who = self.chance.below(n).min(self.chance.below(n));
        let owner = self.operators.get(usize::try_from(who)?);
        let owner = *owner.context("Choosing an operator")?;
        let phone = format!("7900{:07}", self.seq % 10_000_000);
        self.tx.execute(
            "INSERT INTO clients (id, name, phone) VALUES (?1, 'Клиент из прошлого', ?2)",
            (Uuid::now_v7(), phone),
        )?;
        let client = self.tx.last_insert_rowid();
        self.seq += 1;
        self.tx.execute(
            "INSERT INTO chats (id, channel, client, status, owner, last_place, answered_place,
                                last_activity_at, client_wrote_at, seq)
             VALUES (?1, 1, ?2, 'closed', ?3, 0, 0, ?4, ?4, ?5)",
            params![Uuid::now_v7(), client, owner.0, at, self.seq],
        )?;
        Ok(Chat {
            key: self.tx.last_insert_rowid(),
            place: 0,
            owner,
            closed_at: at,
        })
    }

    fn entry(&mut self, chat: &mut Chat, kind: &str, at: i64, author: Option<i64>) -> Result<i64> {
        self.seq += 1;
        chat.place += 1;
        self.tx.execute(
            "INSERT INTO entries (id, chat, place, kind, author, sent_at, received_at, created_seq,
                                  seq)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?7)",
            params![
                Uuid::now_v7(),
                chat.key,
                chat.place,
                kind,
                author,
                at,
                self.seq
            ],
        )?;
        Ok(self.tx.last_insert_rowid())
    }

    /// Of the client, or of an operator.
    fn message(&mut self, chat: &mut Chat, at: i64, author: Option<i64>) -> Result<()> {
        let (kind, text) = match author {
            None => ("inbound", "Подскажите, пожалуйста, когда будет готово?"),
            Some(_) => ("outbound", "Завтра к вечеру, напишем вам."),
        };
        let entry = self.entry(chat, kind, at, author)?;
        self.tx.execute(
            "INSERT INTO messages (entry, channel, text) VALUES (?1, 1, ?2)",
            (entry, text),
        )?;
        if author.is_some() {
            self.tx.execute(
                "INSERT INTO deliveries (entry, chat, state, state_since, holds_lane,
                                         answered_place_before)
                 VALUES (?1, ?2, 'read', ?3, 0, 0)",
                (entry, chat.key, at),
            )?;
        }
        Ok(())
    }

    fn notice(
        &mut self,
        chat: &mut Chat,
        at: i64,
        by: Option<i64>,
        notice: &serde_json::Value,
    ) -> Result<()> {
        let entry = self.entry(chat, "notice", at, by)?;
        self.tx.execute(
            "INSERT INTO notices (entry, notice) VALUES (?1, ?2)",
            (entry, notice.to_string()),
        )?;
        Ok(())
    }
}

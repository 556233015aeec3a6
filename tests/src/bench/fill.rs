//! Fills a store with a past, as if the backend had written it, but by the ton.

use anyhow::{Context, Result};
use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use super::site::N_OPERATORS;
use super::traffic;

/// How often what is filled in is committed.
const COMMIT_EVERY: i64 = 200_000;

/// What a store holds: the queued chats come first, then those in work, then the closed ones.
#[derive(Debug, Clone)]
pub struct Shape {
    /// How many chats.
    pub n_chats: i64,
    /// Of these in the queue.
    pub n_queued: i64,
    /// Of these in work.
    pub n_in_work: i64,
    /// How many entries each has.
    pub n_entries_each: i64,
    /// How the past goes by.
    pub pace: Pace,
}

/// How the past of a store goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// All chats go on in turns, a change each millisecond.
    InTurns,
    /// Through a year, each chat is talked in within an hour; some answers fail.
    InTalks,
}

const MINUTE_MS: i64 = 60_000;
const YEAR_MS: i64 = 365 * 24 * 60 * MINUTE_MS;

/// A number that looks like chance, always the same for the same chat and place.
const fn mixed(chat: i64, place: i64) -> i64 {
    let mixed = (chat * 7_919 + place * 104_729) ^ (chat << 7);
    (mixed.wrapping_mul(2_654_435_761) >> 9).rem_euclid(1_000_003)
}

impl Shape {
    /// A store with so many entries. What is open does not grow with what is past.
    #[must_use]
    pub fn with_entries(n: u32) -> Self {
        let n = i64::from(n);
        let n_entries_each = if n >= 100_000 { 10 } else { 2 };
        Self {
            n_chats: n / n_entries_each,
            n_queued: 100,
            n_in_work: 200,
            n_entries_each,
            pace: Pace::InTurns,
        }
    }

    /// A store with so many entries of a year.
    #[must_use]
    pub fn of_talks(n: u32) -> Self {
        let shape = Self::with_entries(n.max(100_000));
        Self {
            pace: Pace::InTalks,
            ..shape
        }
    }

    /// How many chats are not closed.
    #[must_use]
    pub const fn n_open(&self) -> i64 {
        self.n_queued + self.n_in_work
    }

    const fn is_closed(&self, chat: i64) -> bool {
        chat >= self.n_open()
    }

    /// What stands at a place: a question, that somebody took it, answers, more questions; at the
    /// end of a closed chat that it was closed.
    const fn line(&self, chat: i64, place: i64) -> Line {
        if self.is_closed(chat) && place == self.n_entries_each {
            Line::Closed
        } else if chat < self.n_queued {
            Line::Inbound
        } else if place == 2 {
            Line::Taken
        } else if place % 3 == 0 {
            Line::Outbound
        } else {
            Line::Inbound
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Inbound,
    Outbound,
    Taken,
    Closed,
}

/// Who takes part in a chat that was ever taken.
fn owner(chat: i64) -> i64 {
    chat % N_OPERATORS + 1
}

/// Fills an empty store in which a channel and operators are.
///
/// # Errors
/// When the disk is full.
pub fn fill(file: &mut Connection, shape: &Shape) -> Result<()> {
    // Nobody reads it until it is done, and it is thrown away if it is not.
    file.pragma_update(None, "cache_size", -512 * 1024)?;
    let seq: i64 = file.query_row("SELECT seq FROM store", (), |row| row.get(0))?;
    let operators: Vec<Uuid> = {
        let mut ids = file.prepare("SELECT id FROM operators ORDER BY key")?;
        let ids = ids.query_map((), |row| row.get(0))?;
        ids.collect::<Result<_, _>>().context("Reading operators")?
    };
    let now = i64::try_from(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)?
            .as_millis(),
    )?;
    let mut filling = Filling {
        shape: shape.clone(),
        operators,
        first_seq: seq + 1,
        begun_at: match shape.pace {
            Pace::InTurns => now - shape.n_chats * shape.n_entries_each - MINUTE_MS,
            Pace::InTalks => now - YEAR_MS,
        },
    };
    filling.chats(file)?;
    filling.entries(file)?;
    let last = seq + shape.n_chats * shape.n_entries_each;
    file.execute("UPDATE store SET seq = ?1", (last,))?;
    // A file without a log can be copied.
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
    Ok(())
}

struct Filling {
    shape: Shape,
    operators: Vec<Uuid>,
    first_seq: i64,
    begun_at: i64,
}

impl Filling {
    /// The change that made an entry: chats go on in turns, as they do when clients write.
    const fn seq(&self, chat: i64, place: i64) -> i64 {
        self.first_seq + (place - 1) * self.shape.n_chats + chat
    }

    /// When an entry was made.
    const fn at(&self, chat: i64, place: i64) -> i64 {
        match self.shape.pace {
            Pace::InTurns => self.begun_at + self.seq(chat, place) - self.first_seq,
            Pace::InTalks => {
                let begun = chat * ((YEAR_MS - 60 * MINUTE_MS) / self.shape.n_chats);
                let within = place * 5 * MINUTE_MS + mixed(chat, place) % (5 * MINUTE_MS);
                self.begun_at + begun + within
            }
        }
    }

    /// What became of a reply.
    const fn state(&self, chat: i64, entry: i64) -> &'static str {
        match self.shape.pace {
            Pace::InTalks if mixed(chat, entry) % 100 == 0 => "failed",
            Pace::InTurns | Pace::InTalks => "read",
        }
    }

    /// Every chat goes through its life, a step at a time with all the others: what is written
    /// between what others wrote, and what has become shorter, leaves room on the pages as it does
    /// in a store that has been served for long.
    fn chats(&self, file: &mut Connection) -> Result<()> {
        let tx = file.transaction()?;
        for chat in 0..self.shape.n_chats {
            self.client(&tx, chat)?;
            self.begin(&tx, chat)?;
        }
        for chat in self.shape.n_queued..self.shape.n_chats {
            self.take(&tx, chat)?;
        }
        for chat in self.shape.n_open()..self.shape.n_chats {
            self.close(&tx, chat)?;
        }
        tx.commit()?;
        Ok(())
    }

    fn client(&self, tx: &Transaction<'_>, chat: i64) -> Result<()> {
        let number = traffic::number(chat);
        tx.prepare_cached("INSERT INTO clients (id, name, phone) VALUES (?1, ?2, ?3)")?
            .execute(params![Uuid::now_v7(), traffic::name(chat), number])?;
        let identities = [
            ("whatsapp_user_id", traffic::user_id(chat)),
            ("whatsapp_id", number),
        ];
        for (kind, value) in identities {
            tx.prepare_cached(
                "INSERT INTO identities (channel, kind, value, client) VALUES (1, ?1, ?2, ?3)",
            )?
            .execute(params![kind, value, chat + 1])?;
        }
        Ok(())
    }

    fn begin(&self, tx: &Transaction<'_>, chat: i64) -> Result<()> {
        let last = self.shape.n_entries_each;
        let preview = serde_json::json!({
            "kind": "inbound", "author_id": null, "text": traffic::text(0), "placeholder": null,
        });
        tx.prepare_cached(
            "INSERT INTO chats (id, channel, client, status, last_place, answered_place,
                waiting_since, last_activity_at, client_wrote_at, preview, seq)
             VALUES (?1, 1, ?2, 'queued', ?3, 0, ?4, ?5, ?5, ?6, ?7)",
        )?
        .execute(params![
            Uuid::now_v7(),
            chat + 1,
            last,
            self.at(chat, 1),
            self.at(chat, last),
            preview.to_string(),
            self.seq(chat, last),
        ])?;
        self.comes_into_sight(tx, chat, 0, 1)
    }

    fn take(&self, tx: &Transaction<'_>, chat: i64) -> Result<()> {
        tx.prepare_cached("UPDATE chats SET status = 'in_work', owner = ?2 WHERE key = ?1")?
            .execute((chat + 1, owner(chat)))?;
        self.is_lost_from_sight(tx, chat, 0, 2, "lost")?;
        self.comes_into_sight(tx, chat, owner(chat), 2)
    }

    fn close(&self, tx: &Transaction<'_>, chat: i64) -> Result<()> {
        tx.prepare_cached(
            // The archive's index is not measured, and nobody is to write it meanwhile.
            "UPDATE chats SET status = 'closed', answered_place = last_place, waiting_since = NULL,
                              archived_place = last_place
             WHERE key = ?1",
        )?
        .execute((chat + 1,))?;
        let last = self.shape.n_entries_each;
        tx.prepare_cached("INSERT INTO closings (at, chat) VALUES (?1, ?2)")?
            .execute((self.at(chat, last), chat + 1))?;
        self.is_lost_from_sight(tx, chat, owner(chat), last, "closed")
    }

    /// From the change at `place` on; operator 0 is everyone.
    fn comes_into_sight(
        &self,
        tx: &Transaction<'_>,
        chat: i64,
        operator: i64,
        place: i64,
    ) -> Result<()> {
        tx.prepare_cached("INSERT INTO audience (operator, chat, from_seq) VALUES (?1, ?2, ?3)")?
            .execute((operator, chat + 1, self.seq(chat, place)))?;
        Ok(())
    }

    fn is_lost_from_sight(
        &self,
        tx: &Transaction<'_>,
        chat: i64,
        operator: i64,
        place: i64,
        why: &str,
    ) -> Result<()> {
        tx.prepare_cached(
            "UPDATE audience SET until_seq = ?3, why = ?4 WHERE chat = ?2 AND operator = ?1",
        )?
        .execute((operator, chat + 1, self.seq(chat, place), why))?;
        Ok(())
    }

    fn entries(&mut self, file: &mut Connection) -> Result<()> {
        let shape = self.shape.clone();
        let mut tx = file.transaction()?;
        let mut n = 0;
        for place in 1..=shape.n_entries_each {
            for chat in 0..shape.n_chats {
                self.entry(&tx, chat, place)?;
                n += 1;
                if n % COMMIT_EVERY == 0 {
                    tx.commit()?;
                    tx = file.transaction()?;
                }
            }
        }
        tx.commit()?;
        Ok(())
    }

    fn entry(&self, tx: &Transaction<'_>, chat: i64, place: i64) -> Result<()> {
        let (line, at) = (self.shape.line(chat, place), self.at(chat, place));
        let kind = match line {
            Line::Inbound => "inbound",
            Line::Outbound => "outbound",
            Line::Taken | Line::Closed => "notice",
        };
        tx.prepare_cached(
            "INSERT INTO entries (id, chat, place, kind, author, command_id, sent_at, received_at,
                                  created_seq, seq)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?8)",
        )?
        .execute(params![
            Uuid::now_v7(),
            chat + 1,
            place,
            kind,
            (line != Line::Inbound).then(|| owner(chat)),
            (line == Line::Outbound).then(Uuid::now_v7),
            at,
            self.seq(chat, place),
        ])?;
        let entry = tx.last_insert_rowid();
        match line {
            Line::Inbound => self.inbound(tx, chat, entry, at),
            Line::Outbound => self.outbound(tx, chat, entry, at),
            Line::Taken => self.notice(tx, chat, entry, "taken"),
            Line::Closed => self.notice(tx, chat, entry, "closed"),
        }
    }

    fn inbound(&self, tx: &Transaction<'_>, chat: i64, entry: i64, at: i64) -> Result<()> {
        let (id, text) = (traffic::message_id(chat, rand::random()), traffic::text(0));
        tx.prepare_cached(
            "INSERT INTO messages (entry, channel, provider_id, text) VALUES (?1, 1, ?2, ?3)",
        )?
        .execute(params![entry, id, text])?;
        tx.prepare_cached(
            "INSERT INTO journal (source, received_at, state, body)
             VALUES ('whatsapp', ?1, 'applied', ?2)",
        )?
        .execute(params![at, traffic::body(chat, &id, at / 1000, &text)?])?;
        Ok(())
    }

    fn outbound(&self, tx: &Transaction<'_>, chat: i64, entry: i64, at: i64) -> Result<()> {
        tx.prepare_cached(
            "INSERT INTO messages (entry, channel, provider_id, text) VALUES (?1, 1, ?2, ?3)",
        )?
        .execute(params![
            entry,
            traffic::message_id(chat, rand::random()),
            "Добрый день! Ваш заказ собран и завтра будет у вас.",
        ])?;
        tx.prepare_cached(
            "INSERT INTO deliveries (entry, chat, state, state_since, holds_lane, n_attempts,
                                     answered_place_before)
             VALUES (?1, ?2, ?4, ?3, 0, 1, 0)",
        )?
        .execute(params![entry, chat + 1, at, self.state(chat, entry)])?;
        Ok(())
    }

    fn notice(&self, tx: &Transaction<'_>, chat: i64, entry: i64, what: &str) -> Result<()> {
        let index = usize::try_from(owner(chat) - 1)?;
        let by = self.operators.get(index).context("Finding an operator")?;
        let notice = serde_json::json!({ "what": what, "by": by }).to_string();
        tx.prepare_cached("INSERT INTO notices (entry, notice) VALUES (?1, ?2)")?
            .execute(params![entry, notice])?;
        Ok(())
    }
}

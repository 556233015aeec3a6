//! How long searches take in an archive of a million lines, and how long it takes to write its index:
//! `cargo run --release -p pult-store --example archive -- [CHATS] [LINES EACH]`. Prints figures and
//! judges nothing.

#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pult_domain::{OperatorId, Role, Timestamp};
use pult_protocol::{ArchiveQuery, ChannelKind};
use pult_store::{Followers, NewChannel, NewOperator, Store, StoreSettings};
use rusqlite::params;
use uuid::Uuid;

/// Who has the chats, each every so many: one has few, another half of all.
const OWNERS: i64 = 20;

/// In each line; every next word of the vocabulary is rarer.
const WORDS: usize = 9;

const N_WORDS: u64 = 50_000;

const BEGUN: i64 = 1_790_000_000_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let mut number = |usual| args.next().map_or(Ok(usual), |text| text.parse());
    let n_chats: i64 = number(50_000)?;
    let n_lines: i64 = number(20)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("pult.sqlite");
    let open = || {
        Store::open(StoreSettings {
            path: path.clone(),
            clock: Arc::new(|| Timestamp(BEGUN)),
            followers: Followers::nobody(),
        })
    };
    let store = open()?;
    let mut people = Vec::new();
    for n in 0..=OWNERS {
        let role = if n == OWNERS {
            Role::Supervisor
        } else {
            Role::Operator
        };
        people.push(person(&store, n, role).await?);
    }
    let channel = NewChannel {
        kind: ChannelKind::Whatsapp,
        name: "Магазин".to_owned(),
        provider_key: "100000000000001".to_owned(),
        settings: "{}".to_owned(),
    };
    store.put_channel(channel).await?;
    store.close().await;
    fill(&mut rusqlite::Connection::open(&path)?, n_chats, n_lines)?;
    let store = open()?;
    write_index(&store).await?;
    println!(
        "{n_chats} closed chats of {n_lines} lines, {} bytes",
        store.sizes().0
    );
    search(&store, &people).await?;
    store.close().await;
    Ok(())
}

async fn person(store: &Store, n: i64, role: Role) -> Outcome<OperatorId> {
    let person = NewOperator {
        login: format!("o{n}"),
        name: format!("Сотрудник {n}"),
        role,
        password_hash: "$argon2id$none".to_owned(),
    };
    Ok(store.add_operator(person).await?.map_err(|_| "twice")?)
}

/// Random numbers of which the small ones come oftenest, as words do.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let below = (self.0 >> 40) % N_WORDS + 1;
        (self.0 >> 8) % below
    }

    fn line(&mut self) -> String {
        let words: Vec<String> = (0..WORDS).map(|_| word(self.next())).collect();
        words.join(" ")
    }
}

/// A word that begins like some others.
fn word(mut n: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "за", "ка", "по", "при", "мо", "ле", "ту", "ви", "са", "ро", "де", "ни", "бу", "хо", "ще",
        "ю",
    ];
    let mut word = String::new();
    loop {
        let at = usize::try_from(n % 16).unwrap_or(0);
        word.push_str(SYLLABLES.get(at).copied().unwrap_or_default());
        n /= 16;
        if n == 0 {
            return word;
        }
    }
}

fn fill(file: &mut rusqlite::Connection, n_chats: i64, n_lines: i64) -> Outcome<()> {
    file.execute_batch("PRAGMA synchronous = OFF")?;
    let tx = file.transaction()?;
    let mut words = Words(0x9e37_79b9_7f4a_7c15);
    for chat in 1..=n_chats {
        // Half are the first one's, and the last one has one of a hundred.
        let owner = match chat % 100 {
            0 => OWNERS,
            n if n < 50 => 1,
            n => n % (OWNERS - 2) + 2,
        };
        tx.prepare_cached("INSERT INTO clients (key, id, name, phone) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                chat,
                Uuid::now_v7(),
                format!("{} {}", word(words.next()), word(words.next())),
                format!("7999{chat:07}"),
            ])?;
        tx.prepare_cached(
            "INSERT INTO chats (key, id, channel, client, status, owner, last_place,
                                answered_place, last_activity_at, seq)
             VALUES (?1, ?2, 1, ?1, 'closed', ?3, ?4, 0, ?5, ?1)",
        )?
        .execute(params![chat, Uuid::now_v7(), owner, n_lines, BEGUN + chat])?;
        tx.prepare_cached("INSERT INTO closings (at, chat) VALUES (?1, ?2)")?
            .execute((BEGUN + chat, chat))?;
        tx.prepare_cached(
            "INSERT INTO audience (operator, chat, from_seq, until_seq, why)
             VALUES (?1, ?2, ?3, ?4, 'closed')",
        )?
        .execute(params![owner, chat, chat * n_lines, (chat + 1) * n_lines])?;
        for place in 1..=n_lines {
            let key = (chat - 1) * n_lines + place;
            let mut line = words.line();
            if place == 1 {
                line.push_str(" здравствуйте");
            }
            if chat == 5 {
                line.push_str(" единственное");
            }
            if chat % 100 == 0 && chat < n_chats / 50 {
                line.push_str(" давнее");
            }
            tx.prepare_cached(
                "INSERT INTO entries (key, id, chat, place, kind, sent_at, received_at,
                                      created_seq, seq)
                 VALUES (?1, ?2, ?3, ?4, 'inbound', ?5, ?5, ?6, ?6)",
            )?
            .execute(params![key, Uuid::now_v7(), chat, place, BEGUN + chat, key])?;
            tx.prepare_cached("INSERT INTO messages (entry, channel, text) VALUES (?1, 1, ?2)")?
                .execute(params![key, line])?;
        }
    }
    tx.execute("UPDATE store SET seq = ?1", ((n_chats + 1) * n_lines,))?;
    tx.commit()?;
    Ok(())
}

async fn write_index(store: &Store) -> Outcome<()> {
    let begun = Instant::now();
    let mut pieces = Vec::new();
    loop {
        let begun = Instant::now();
        if !store.archive_piece().await? {
            break;
        }
        pieces.push(begun.elapsed());
    }
    let whole = begun.elapsed();
    pieces.sort();
    println!(
        "index written in {:.1} s, {} pieces: median {:.1} ms, 99 of 100 within {:.1} ms, longest {:.1} ms",
        whole.as_secs_f64(),
        pieces.len(),
        at(&pieces, 50),
        at(&pieces, 99),
        at(&pieces, 100),
    );
    Ok(())
}

/// The time below which so many percent lie, in milliseconds.
fn at(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(0.0, Duration::as_secs_f64) * 1_000.0
}

async fn search(store: &Store, people: &[OperatorId]) -> Outcome<()> {
    let who = [
        ("supervisor", people.last()),
        ("owner of half", people.first()),
        ("owner of 1 %", people.get(19)),
    ];
    let texts = [
        "",
        "здравствуйте",
        "здр",
        "з",
        "за",
        "закамо",
        "за по",
        "за ка по мо при",
        "единственное",
        "давнее",
        "давнее здравствуйте",
        "нетакого",
        "7",
        "0001",
        "+7 999 000-12-34",
    ];
    println!("{:<24}{:>34}{:>34}{:>34}", "", who[0].0, who[1].0, who[2].0);
    for text in texts {
        for owner_id in [None, people.get(19).copied()] {
            let label = format!("{text}{}", owner_id.map_or("", |_| " (by owner)"));
            print!("{label:<34}");
            for (_, who) in who {
                let who = *who.ok_or("nobody")?;
                let mut query = ArchiveQuery {
                    text: (!text.is_empty()).then(|| text.to_owned()),
                    owner_id,
                    ..ArchiveQuery::default()
                };
                let mut times = Vec::new();
                let mut first = None;
                for _ in 0..5 {
                    let begun = Instant::now();
                    let page = store.archive(who, query.clone()).await?;
                    times.push(begun.elapsed());
                    first = Some(page);
                }
                times.sort();
                // How many requests it takes until there is something.
                let (mut page, mut n_requests) = (first.ok_or("no page")?, 1);
                while page.hits.is_empty() && page.next.is_some() {
                    query.after = page.next;
                    page = store.archive(who, query.clone()).await?;
                    n_requests += 1;
                }
                print!(
                    "{:>3} hits, {n_requests} req., {:>6.1} ms (max {:>5.1})",
                    page.hits.len(),
                    at(&times, 50),
                    at(&times, 100),
                );
            }
            println!();
        }
    }
    Ok(())
}

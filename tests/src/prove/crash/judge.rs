//! Judging a run: what the phones recorded beside what the store recorded beside what the panels
//! show.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pult_protocol::{DeliveryState, EntryBody};
use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::deaths::CutOff;
use super::{Client, LOOK, N_REFUSALS};
use crate::phones::Phones;
use crate::prove::stage::Stage;
use crate::prove::{Finding, must};

/// Within this time after the last status was taken in, each message shows what it said.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

/// How runs ended.
#[derive(Debug, Default, Serialize)]
pub(super) struct Ends {
    webhook_attempts: u64,
    webhook_repetitions: u64,
    /// Replies that the client's phone has.
    arrived: u64,
    failed: u64,
    /// Of them those that were unconfirmed until a status came, since a death had cut their sending
    /// off.
    confirmed_after_all: u64,
    /// Replies that a death had cut off while they left, and that the client does not have. Nobody
    /// can know of them.
    never_confirmed: u64,
    /// The longest wait for messages to show what their last status said.
    settled_within_ms: u64,
}

/// One delivery of a webhook, as WhatsApp recorded it.
#[derive(Debug, Deserialize)]
struct Attempt {
    attempt: u32,
    http_status: Option<u16>,
    body: String,
}

#[derive(Debug, Deserialize)]
struct Attempts {
    attempts: Vec<Attempt>,
}

/// What a client wrote, as their phone recorded it.
#[derive(Debug, Deserialize)]
struct Written {
    text: Option<String>,
    wamid: String,
    delivered: bool,
}

/// What a client got, as their phone recorded it.
#[derive(Debug, Deserialize)]
struct Got {
    text: Option<String>,
    accepted_at_ms: i64,
    posts: u64,
    copies: u64,
    statuses: Vec<Passed>,
}

#[derive(Debug, Deserialize)]
struct Passed {
    status: String,
}

#[derive(Debug, Deserialize)]
struct Messages<T> {
    messages: Vec<T>,
}

/// A line of a chat, as the store recorded it.
#[derive(Debug, Clone)]
struct Line {
    key: i64,
    place: i64,
    text: Option<String>,
    provider_id: Option<String>,
    is_inbound: bool,
    state: Option<DeliveryState>,
    failure: Option<String>,
}

/// Judges a run of which nothing is under way any more.
pub(super) async fn judge(
    stage: &Stage,
    clients: &[Client],
    cut_off: &[CutOff],
    ends: &mut Ends,
) -> Result<()> {
    let phones = &stage.office.phones;
    let file = Store::open(stage)?;
    sent_or_done(&file).await?;
    let Attempts { attempts } = ask(phones, "webhooks").await?;
    file.has_events(&attempts)?;
    ends.webhook_attempts += attempts.len() as u64;
    ends.webhook_repetitions += attempts.iter().filter(|one| one.attempt > 1).count() as u64;

    let mut phone_has = HashMap::new();
    for client in clients {
        let number = &client.phone.number;
        let Messages { messages } =
            ask(phones, &format!("phones/{number}/received?after=0")).await?;
        phone_has.insert(number.clone(), messages);
    }
    let waited = settle(&file, clients, &phone_has).await?;
    ends.settled_within_ms = ends.settled_within_ms.max(waited);

    let may_have_left: BTreeSet<i64> = cut_off
        .iter()
        .filter(|one| one.has_departed)
        .map(|one| one.delivery)
        .collect();
    let n_repeated = phone_has
        .values()
        .flatten()
        .map(|got| got.posts.saturating_sub(1));
    let n_repeated: u64 = n_repeated.sum();
    must(n_repeated <= N_REFUSALS, || {
        Finding::new(
            "WhatsApp",
            "no request that it had not refused again",
            n_repeated,
        )
    })?;
    for client in clients {
        let lines = file.chat(client)?;
        let got = phone_has
            .get(&client.phone.number)
            .map_or(&[][..], Vec::as_slice);
        let number = &client.phone.number;
        let Messages { messages } = ask(phones, &format!("phones/{number}/sent")).await?;
        inbound_is_whole(client, &lines, &messages)?;
        outbound_is_right(client, &lines, got, &may_have_left, ends)?;
        panel_agrees(client, &lines).await?;
    }
    Ok(())
}

async fn ask<T: DeserializeOwned>(phones: &Phones, path: &str) -> Result<T> {
    let answer = phones.control(Method::GET, path, None).await?;
    serde_json::from_value(answer).with_context(|| format!("Understanding {path}"))
}

/// The store's file, read beside the backend.
struct Store(Connection);

impl Store {
    fn open(stage: &Stage) -> Result<Self> {
        let path = stage.office.dir().join("backend").join("pult.sqlite");
        let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        Ok(Self(file.context("Opening the store's file")?))
    }

    /// Every event that was acknowledged is in the journal, byte for byte.
    fn has_events(&self, attempts: &[Attempt]) -> Result<()> {
        let mut bodies = self.0.prepare("SELECT body FROM journal")?;
        let bodies: BTreeSet<Vec<u8>> = bodies
            .query_map((), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let n_lost = attempts
            .iter()
            .filter(|one| one.http_status == Some(200))
            .filter(|one| !bodies.contains(one.body.as_bytes()))
            .count();
        must(n_lost == 0, || {
            Finding::new(
                "the journal",
                "every acknowledged event",
                format!("{n_lost} are missing"),
            )
        })
    }

    /// How many messages wait to be sent; none if there are none.
    fn waiting(&self) -> Result<Option<i64>> {
        let count = "SELECT count(*) FROM deliveries WHERE state IN ('pending', 'sending')";
        let n = self.0.query_row(count, (), |row| row.get(0))?;
        Ok(Some(n).filter(|n| *n > 0))
    }

    /// The lines of a client's chat, by place.
    fn chat(&self, client: &Client) -> Result<Vec<Line>> {
        let mut lines = self.0.prepare_cached(
            "SELECT e.key, e.place, m.text, m.provider_id, e.kind = 'inbound', d.state, d.failure
             FROM chats c
             JOIN entries e ON e.chat = c.key
             LEFT JOIN messages m ON m.entry = e.key
             LEFT JOIN deliveries d ON d.entry = e.key
             WHERE c.id = ?1 ORDER BY e.place",
        )?;
        let lines = lines.query_map((client.chat_id.0,), |row| {
            Ok(Line {
                key: row.get(0)?,
                place: row.get(1)?,
                text: row.get(2)?,
                provider_id: row.get(3)?,
                is_inbound: row.get(4)?,
                state: row
                    .get::<_, Option<String>>(5)?
                    .and_then(|state| DeliveryState::parse(&state)),
                failure: row.get(6)?,
            })
        })?;
        Ok(lines.collect::<Result<_, _>>()?)
    }
}

/// What a phone's statuses say of a message.
fn told(got: &Got) -> Option<DeliveryState> {
    let states = got
        .statuses
        .iter()
        .filter_map(|passed| DeliveryState::parse(&passed.status));
    states.max()
}

/// Waits until no message waits for its turn: one that may have gone out holds up its chat a while.
async fn sent_or_done(file: &Store) -> Result<()> {
    let begun = Instant::now();
    while let Some(n_waiting) = file.waiting()? {
        must(begun.elapsed() < SETTLE_LIMIT, || {
            Finding::new("the store", "no message that waits for ever", n_waiting)
        })?;
        sleep(LOOK).await;
    }
    Ok(())
}

/// Waits until the store says of each message at least what its statuses said, and tells how long
/// that took.
async fn settle(
    file: &Store,
    clients: &[Client],
    phone_has: &HashMap<String, Vec<Got>>,
) -> Result<u64> {
    let begun = Instant::now();
    loop {
        let mut behind = None;
        for client in clients {
            let got = phone_has.get(&client.phone.number).into_iter().flatten();
            let told: BTreeMap<_, _> = got
                .filter_map(|got| Some((got.text.clone()?, told(got))))
                .collect();
            let lines = file.chat(client)?.into_iter();
            behind = behind.or_else(|| {
                lines
                    .filter(|line| line.state.is_some())
                    .find(|line| {
                        let told = line.text.as_ref().and_then(|text| told.get(text));
                        told.is_some_and(|told| line.state < *told)
                    })
                    .map(|line| format!("delivery {} is still {:?}", line.key, line.state))
            });
        }
        let Some(behind) = behind else {
            return Ok(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
        };
        must(begun.elapsed() < SETTLE_LIMIT, || {
            Finding::new("the store", "each message as its last status says", behind)
        })?;
        sleep(LOOK).await;
    }
}

/// Every message of the client is in the chat, once, and places are dense.
fn inbound_is_whole(client: &Client, lines: &[Line], written: &[Written]) -> Result<()> {
    let are_dense = lines
        .iter()
        .zip(1..)
        .all(|(line, place)| line.place == place);
    must(are_dense, || {
        let places: Vec<_> = lines.iter().map(|line| line.place).collect();
        Finding::new("the store", "places from 1 without a hole", places)
    })?;
    let of_client = || lines.iter().filter(|line| line.is_inbound);
    let mut n_in_chat: HashMap<&str, u64> = HashMap::new();
    for line in of_client() {
        *n_in_chat
            .entry(line.text.as_deref().unwrap_or_default())
            .or_default() += 1;
    }
    for one in written {
        let n = n_in_chat
            .remove(one.text.as_deref().unwrap_or_default())
            .unwrap_or(0);
        must(n == 1 && one.delivered, || {
            let seen = format!("{n} times, acknowledged: {}", one.delivered);
            Finding::new("the store", format!("{} in its chat once", one.wamid), seen)
        })?;
    }
    must(n_in_chat.is_empty(), || {
        Finding::new(
            "the store",
            "nothing that the client did not write",
            n_in_chat.len(),
        )
    })?;
    let ids: BTreeSet<_> = written.iter().map(|one| one.wamid.as_str()).collect();
    let are_known = of_client().all(|line| {
        line.provider_id
            .as_deref()
            .is_some_and(|id| ids.contains(id))
    });
    must(are_known && written.len() == client.inbound.len(), || {
        Finding::new(
            "the store",
            "the provider's id with each message",
            "another or none",
        )
    })
}

/// Every reply is in the chat once, at the phone at most once, in the same order, and ended well.
fn outbound_is_right(
    client: &Client,
    lines: &[Line],
    got: &[Got],
    may_have_left: &BTreeSet<i64>,
    ends: &mut Ends,
) -> Result<()> {
    let mut accepted_before = i64::MIN;
    let replies = lines.iter().filter(|line| line.state.is_some());
    let mut n_replies = 0;
    for line in replies {
        n_replies += 1;
        let state = line.state.unwrap_or(DeliveryState::Pending);
        let text = line.text.as_deref().unwrap_or_default();
        let n_wanted = client
            .outbound
            .iter()
            .filter(|wanted| *wanted == text)
            .count();
        let n_lines = lines.iter().filter(|other| other.text == line.text).count();
        must((n_wanted, n_lines) == (1, 1), || {
            Finding::new(
                "the store",
                "each reply once",
                format!("{n_lines} for {n_wanted}"),
            )
        })?;
        let at_phone: Vec<_> = got
            .iter()
            .filter(|got| got.text.as_deref() == Some(text))
            .collect();
        let key = line.key;
        match at_phone.as_slice() {
            [] => {}
            [one] => {
                must(one.copies == 1, || {
                    Finding::new("a phone", format!("delivery {key} once"), one)
                })?;
                must(accepted_before <= one.accepted_at_ms, || {
                    Finding::new(
                        "a phone",
                        format!("delivery {key} after those before it"),
                        one,
                    )
                })?;
                accepted_before = one.accepted_at_ms;
            }
            more => bail!(Finding::new(
                "a phone",
                format!("delivery {key} once"),
                more
            )),
        }
        match (state, at_phone.is_empty()) {
            (DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Read, false) => {
                ends.arrived += 1;
                ends.confirmed_after_all += u64::from(may_have_left.contains(&key));
            }
            (DeliveryState::Failed, true) if line.failure.is_some() => ends.failed += 1,
            // Nobody can know of it, and nobody may send it again.
            (DeliveryState::NotConfirmed, true) if may_have_left.contains(&key) => {
                ends.never_confirmed += 1;
            }
            (state, is_missing) => {
                let seen = format!(
                    "{state:?}, at the phone: {}, departure noted before a death: {}",
                    !is_missing,
                    may_have_left.contains(&key)
                );
                bail!(Finding::new(
                    "store and phone",
                    format!("delivery {key} to end well"),
                    seen
                ));
            }
        }
    }
    must(n_replies == client.outbound.len(), || {
        let expected = format!("{} replies", client.outbound.len());
        Finding::new("the store", expected, n_replies)
    })
}

/// The panel of the operator who answers the client shows what the store has.
async fn panel_agrees(client: &Client, lines: &[Line]) -> Result<()> {
    let expected: Vec<_> = lines
        .iter()
        .map(|line| (line.place, line.text.clone(), line.state))
        .collect();
    let end = Instant::now() + SETTLE_LIMIT;
    loop {
        let timeline = client.panel.timeline(client.chat_id, None, 1000).await?;
        let shown: Vec<_> = timeline
            .entries
            .iter()
            .map(|entry| {
                let (text, state) = match &entry.body {
                    EntryBody::Inbound { text } => (Some(text.clone()), None),
                    EntryBody::Outbound { text, delivery } => {
                        (Some(text.clone()), Some(delivery.state))
                    }
                    EntryBody::InboundPlaceholder { .. }
                    | EntryBody::Comment { .. }
                    | EntryBody::Notice { .. } => (None, None),
                };
                (entry.place.0, text, state)
            })
            .collect();
        if shown == expected {
            return Ok(());
        }
        must(Instant::now() < end, || {
            let expected = format!("what the store has of a chat: {} lines", expected.len());
            Finding::new("a panel", expected, format!("{} lines", shown.len()))
        })?;
        sleep(LOOK).await;
    }
}

//! The sender of webhooks: handshake, signature, retries until 200, and its faults.
//!
//! Bodies are made once: every repetition sends identical bytes, also after a restart. POSTs run
//! concurrently, as Meta's do, so neither order nor uniqueness is promised to the receiver. While
//! no webhook is active events wait.

mod handshake;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use parking_lot::Mutex;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde::Serialize;
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

pub(crate) use handshake::{activate, keep_trying};

use crate::envelope::{self, Event};
use crate::faults::WebhookFault;
use crate::settings::Retry;
use crate::signature;
use crate::state::Waiting;
use crate::world::{Outstanding, World};

const USER_AGENT: &str = "facebookexternalua whatsapp-sandbox";
/// Meta's limit of updates in one POST.
const MAX_UPDATES: usize = 1000;
/// POSTs under way at once.
const CONCURRENCY: usize = 64;
/// Attempts that are remembered.
const MAX_ATTEMPTS: usize = 10_000;
/// How long an event waits for one that may overtake it.
const REORDER_WITHIN: Duration = Duration::from_secs(2);

/// One attempt to deliver a webhook, and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// Which body.
    pub webhook: u64,
    /// 1 for the first.
    pub attempt: u32,
    /// When, in unix ms.
    pub at_ms: i64,
    /// How long the answer took.
    pub took_ms: u64,
    /// The answer; none if there was none.
    pub http_status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// Where a redirection pointed; it is never followed.
    pub location: Option<String>,
    /// What was sent, byte for byte.
    pub body: String,
}

/// Events that a fault holds back.
struct Gathering {
    id: Uuid,
    events: Vec<Event>,
    full_at: usize,
    /// Held back is not idle.
    _outstanding: Outstanding,
}

/// State of the sender.
pub(crate) struct Webhooks {
    http: reqwest::Client,
    /// The address that passed the handshake.
    active: watch::Sender<Option<String>>,
    /// The address that is being tried.
    wanted: Mutex<Option<String>>,
    subscribed: AtomicBool,
    gathering: Mutex<Option<Gathering>>,
    attempts: Mutex<VecDeque<Attempt>>,
    slots: Semaphore,
}

impl Webhooks {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("Building the webhook sender")?;
        Ok(Self {
            http,
            active: watch::Sender::new(None),
            wanted: Mutex::new(None),
            subscribed: AtomicBool::new(true),
            gathering: Mutex::new(None),
            attempts: Mutex::new(VecDeque::new()),
            slots: Semaphore::new(CONCURRENCY),
        })
    }

    pub(crate) fn active_url(&self) -> Option<String> {
        self.active.borrow().clone()
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.attempts.lock().iter().cloned().collect()
    }

    pub(crate) fn is_subscribed(&self) -> bool {
        self.subscribed.load(Ordering::Relaxed)
    }

    /// Whether the business account's events go to the app at all.
    pub(crate) fn subscribe(&self, subscribed: bool) {
        self.subscribed.store(subscribed, Ordering::Relaxed);
    }

    fn remember(&self, attempt: Attempt) {
        let mut attempts = self.attempts.lock();
        if attempts.len() == MAX_ATTEMPTS {
            attempts.pop_front();
        }
        attempts.push_back(attempt);
    }
}

/// Sends an event, alone or with others if a fault gathers them. Without a subscription it is lost.
pub(crate) fn push(world: &Arc<World>, event: Event) {
    if !world.webhooks.is_subscribed() {
        return;
    }
    let mut gathering = world.webhooks.gathering.lock();
    if let Some(present) = gathering.as_mut() {
        present.events.push(event);
        let full = present.events.len() >= present.full_at;
        let full = if full { gathering.take() } else { None };
        drop(gathering);
        if let Some(full) = full {
            flush(world, full);
        }
        return;
    }
    let Some(fault) = world.faults.gathering() else {
        drop(gathering);
        let fault = world.faults.take_webhook().unwrap_or_default();
        send_all(world, vec![vec![event]], &fault);
        return;
    };
    let id = Uuid::now_v7();
    *gathering = Some(Gathering {
        id,
        events: vec![event],
        full_at: match (fault.batch_count, fault.batch_ms) {
            (0, 0) => 2,
            (0, _) => usize::MAX,
            (count, _) => count,
        },
        _outstanding: world.outstanding(),
    });
    drop(gathering);
    let within = match fault.batch_ms {
        0 => REORDER_WITHIN,
        batch_ms => Duration::from_millis(batch_ms),
    };
    let in_task = Arc::clone(world);
    world.spawn(async move {
        tokio::time::sleep(within).await;
        let over = in_task
            .webhooks
            .gathering
            .lock()
            .take_if(|present| present.id == id);
        if let Some(over) = over {
            flush(&in_task, over);
        }
    });
}

/// Sends what was gathered.
fn flush(world: &Arc<World>, mut gathering: Gathering) {
    let fault = world.faults.take_webhook().unwrap_or_default();
    if fault.reorder {
        gathering.events.reverse();
    }
    let per_post = if fault.batch_ms > 0 { MAX_UPDATES } else { 1 };
    let groups = gathering
        .events
        .chunks(per_post)
        .map(<[Event]>::to_vec)
        .collect();
    send_all(world, groups, &fault);
}

/// Sends these groups of events one after the other, without waiting for anything else.
fn send_all(world: &Arc<World>, groups: Vec<Vec<Event>>, fault: &WebhookFault) {
    let mut queue = Vec::new();
    for events in groups {
        let envelope = envelope::envelope(&world.business, &events);
        match crate::json::encode(&envelope) {
            Ok(body) => {
                let wamids = events.into_iter().filter_map(|event| event.wamid).collect();
                let waiting = world.state.lock().webhook_waits(body, wamids);
                queue.push((waiting, world.outstanding()));
            }
            Err(error) => tracing::error!(%error, "Writing a webhook failed"),
        }
    }
    let (in_task, fault) = (Arc::clone(world), fault.clone());
    world.spawn(async move {
        for (waiting, outstanding) in queue {
            deliver(&in_task, &waiting, &fault, outstanding).await;
        }
    });
}

/// Sends again what a restart interrupted.
pub(crate) fn resume(world: &Arc<World>) {
    let unfinished = world.state.lock().waiting();
    for waiting in unfinished {
        let outstanding = world.outstanding();
        let in_task = Arc::clone(world);
        world.spawn(async move {
            deliver(&in_task, &waiting, &WebhookFault::default(), outstanding).await;
        });
    }
}

/// Sends one body until it is acknowledged or given up.
async fn deliver(
    world: &Arc<World>,
    waiting: &Waiting,
    fault: &WebhookFault,
    outstanding: Outstanding,
) {
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    let mut attempts = 0;
    let mut acknowledged = until_acknowledged(world, waiting, &mut attempts, fault.drop).await;
    if acknowledged && fault.duplicate {
        acknowledged = until_acknowledged(world, waiting, &mut attempts, false).await;
    }
    {
        let mut state = world.state.lock();
        state.webhook_done(waiting.id);
        if acknowledged {
            state.clients_messages_arrived(&waiting.wamids);
        }
    }
    world.tell_changed();
    drop(outstanding);
}

/// Gives whether a 200 came; the first attempt may be lost on the way.
async fn until_acknowledged(
    world: &Arc<World>,
    waiting: &Waiting,
    attempts: &mut u32,
    mut lose_first: bool,
) -> bool {
    let started = Instant::now();
    let mut active = world.webhooks.active.subscribe();
    let mut failures = 0;
    loop {
        let url = match active.wait_for(Option::is_some).await {
            Ok(url) => url.clone().unwrap_or_default(),
            Err(_) => return false,
        };
        *attempts += 1;
        let attempt = if lose_first {
            lose_first = false;
            let error = Some("lost on the way: a fault".to_owned());
            Attempt {
                error,
                ..blank_attempt(world, waiting, *attempts)
            }
        } else {
            post(world, &url, waiting, *attempts).await
        };
        let acknowledged = attempt.http_status == Some(200);
        world.webhooks.remember(attempt);
        world.tell_changed();
        if acknowledged {
            return true;
        }
        let retry = world.settings.lock().retry;
        if started.elapsed() >= Duration::from_millis(retry.give_up_ms) {
            tracing::warn!(webhook.id = waiting.id, "A webhook was given up");
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep(pause(failures, retry)) => {}
            // Another address may work at once.
            _ = active.changed() => {}
        }
        failures += 1;
    }
}

/// Nothing after the first failure, then doubling.
fn pause(failures_before: u32, retry: Retry) -> Duration {
    let Some(doublings) = failures_before.checked_sub(1) else {
        return Duration::ZERO;
    };
    let factor = 2_u64.saturating_pow(doublings);
    Duration::from_millis(retry.first_ms.saturating_mul(factor).min(retry.cap_ms))
}

fn blank_attempt(world: &World, waiting: &Waiting, attempt: u32) -> Attempt {
    Attempt {
        webhook: waiting.id,
        attempt,
        at_ms: world.clock.now_ms(),
        took_ms: 0,
        http_status: None,
        error: None,
        location: None,
        body: waiting.body.clone(),
    }
}

async fn post(world: &World, url: &str, waiting: &Waiting, attempt: u32) -> Attempt {
    let _slot = world.webhooks.slots.acquire().await;
    let blank = blank_attempt(world, waiting, attempt);
    let timeout = Duration::from_millis(world.settings.lock().retry.timeout_ms);
    let started = Instant::now();
    let answer = world
        .webhooks
        .http
        .post(url)
        .header(CONTENT_TYPE, "application/json")
        .header(
            "X-Hub-Signature-256",
            signature::sign(&world.secrets.app_secret, waiting.body.as_bytes()),
        )
        .body(waiting.body.clone())
        .timeout(timeout)
        .send()
        .await;
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match answer {
        Ok(answer) => {
            let location = answer.headers().get(LOCATION);
            Attempt {
                took_ms,
                http_status: Some(answer.status().as_u16()),
                location: location
                    .and_then(|value| value.to_str().ok())
                    .map(str::to_owned),
                ..blank
            }
        }
        Err(error) => Attempt {
            took_ms,
            error: Some(error.without_url().to_string()),
            ..blank
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_repetition_is_immediate_and_later_ones_grow_to_the_cap() {
        let retry = Retry {
            first_ms: 50,
            cap_ms: 300,
            ..Retry::default()
        };
        let pauses: Vec<u128> = (0..6).map(|n| pause(n, retry).as_millis()).collect();
        assert_eq!(pauses, [0, 50, 100, 200, 300, 300]);
        assert_eq!(pause(u32::MAX, retry).as_millis(), 300);
    }
}

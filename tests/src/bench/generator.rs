//! Plays Meta's servers, in a process of its own so that what it costs can be told apart.
//!
//! It reads a [`Plan`] as a line of JSON, says "ready" when everything is prepared, begins when it
//! reads another line, and ends with an [`Outcome`] as a line of JSON.

use std::io::{BufRead as _, Write as _, stdin, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::machine::{cpu_seconds, now_ns};
use super::traffic::{Clients, body, message_id, request, text};

/// What is to be delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// The backend's `host:port`.
    pub target: String,
    /// How many connections are kept open.
    pub n_connections: usize,
    /// How many messages count.
    pub n_messages: usize,
    /// How many come before, which do not.
    pub n_before: usize,
    /// How many messages a second; 0 is as many as the connections carry.
    pub per_second: u32,
    /// Who writes.
    pub clients: Clients,
}

/// What was delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    /// When the first request that counts left, by [`now_ns`].
    pub begun_ns: u64,
    /// When its last answer came.
    pub ended_ns: u64,
    /// Seconds of processor time in between.
    pub cpu_s: f64,
    /// Who wrote, for the next plan on the same store.
    pub clients: Clients,
}

/// Carries a plan out.
///
/// # Errors
/// When the backend answers anything but 200, or cannot be reached.
pub async fn run() -> Result<()> {
    let mut line = String::new();
    stdin()
        .lock()
        .read_line(&mut line)
        .context("Reading the plan")?;
    let mut plan: Plan = serde_json::from_str(&line).context("Reading the plan")?;
    let mut source = Source {
        clients: plan.clients.clone(),
        sent_at: i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?,
    };
    let before = source.requests(plan.n_before)?;
    // At a given rate each is marked with the moment at which it leaves, and made then.
    let at_once = plan.per_second == 0;
    let counted = source.requests(if at_once { plan.n_messages } else { 0 })?;
    let mut lines = Vec::with_capacity(plan.n_connections);
    for _ in 0..plan.n_connections {
        lines.push(Line::open(&plan.target).await?);
    }
    let lines = post_all(lines, before).await?;
    say(&"ready")?;
    stdin()
        .lock()
        .read_line(&mut line)
        .context("Waiting for the start")?;
    let (cpu_before, begun_ns) = (cpu_seconds(own_id())?, now_ns());
    if at_once {
        drop(post_all(lines, counted).await?);
    } else {
        post_in_time(&plan, lines, &mut source).await?;
    }
    let ended_ns = now_ns();
    plan.clients = source.clients;
    say(&Outcome {
        begun_ns,
        ended_ns,
        cpu_s: cpu_seconds(own_id())? - cpu_before,
        clients: plan.clients,
    })
}

fn own_id() -> rustix::process::Pid {
    rustix::process::getpid()
}

fn say(what: &impl Serialize) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{}", serde_json::to_string(what)?).context("Answering")?;
    out.flush().context("Answering")
}

/// Where messages come from.
struct Source {
    clients: Clients,
    sent_at: i64,
}

impl Source {
    fn request(&mut self, mark: u64) -> Result<Vec<u8>> {
        let client = self.clients.next(rand::random());
        let id = message_id(client, rand::random());
        request(&body(client, &id, self.sent_at, &text(mark))?)
    }

    fn requests(&mut self, n: usize) -> Result<Vec<Vec<u8>>> {
        (0..n).map(|_| self.request(0)).collect()
    }
}

/// A connection to the backend that is kept open.
struct Line {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Line {
    async fn open(target: &str) -> Result<Self> {
        let stream = TcpStream::connect(target).await;
        let stream = stream.with_context(|| format!("Connecting to {target}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: Vec::with_capacity(1024),
        })
    }

    async fn post(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await.context("Posting")?;
        self.answer.clear();
        // The answer that we count has no body.
        while !self.answer.ends_with(b"\r\n\r\n") {
            let n = self
                .stream
                .read_buf(&mut self.answer)
                .await
                .context("Hearing")?;
            ensure!(n > 0, "the backend has hung up");
        }
        ensure!(
            self.answer.starts_with(b"HTTP/1.1 200 "),
            "the backend answered {}",
            String::from_utf8_lossy(&self.answer)
        );
        Ok(())
    }
}

/// Posts everything, each connection the next one when it has its answer.
async fn post_all(lines: Vec<Line>, requests: Vec<Vec<u8>>) -> Result<Vec<Line>> {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let mut posting = JoinSet::new();
    for mut line in lines {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        posting.spawn(async move {
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                line.post(request).await?;
            }
            Ok::<_, anyhow::Error>(line)
        });
    }
    posting.join_all().await.into_iter().collect()
}

/// Posts at the plan's rate, whether the answers keep up or not.
async fn post_in_time(plan: &Plan, lines: Vec<Line>, source: &mut Source) -> Result<()> {
    let (freed, mut free) = mpsc::unbounded_channel();
    for line in lines {
        freed.send(line).context("Freeing a connection")?;
    }
    let mut posting: JoinSet<Result<()>> = JoinSet::new();
    let begun = Instant::now();
    for n in 0..plan.n_messages {
        let after = f64::from(u32::try_from(n)?) / f64::from(plan.per_second);
        sleep_until(begun + Duration::from_secs_f64(after)).await;
        let mut line = match free.try_recv() {
            Ok(line) => line,
            Err(_) => Line::open(&plan.target).await?,
        };
        let freed = freed.clone();
        let request = source.request(now_ns())?;
        posting.spawn(async move {
            line.post(&request).await?;
            drop(freed.send(line));
            Ok(())
        });
    }
    posting.join_all().await.into_iter().collect()
}

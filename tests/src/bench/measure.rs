//! The measurements, one run each.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::sleep;

use super::generator::{Outcome, Plan};
use super::limit;
use super::machine::{cpu_seconds, now_ns, resident_kb, seconds_between};
use super::panels::{Listening, connect_all};
use super::site::{Mode, Served, Site};
use crate::until::until;

/// Messages before those that count: connections, caches and code are warm then.
const N_BEFORE: usize = 500;

/// Connections of a generator that keeps a given rate.
const N_CONNECTIONS_IN_TIME: usize = 32;

/// The rate at which a message's way is measured.
const PER_SECOND: u32 = 200;

/// How long a backend with many panels is left alone before its memory is looked at.
const SETTLE: Duration = Duration::from_secs(2);

/// Any free port.
const ANYWHERE: &str = "127.0.0.1:0";

/// How quickly messages were taken in.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// Messages a second, until the last one could be read.
    pub per_second: f64,
    /// Microseconds of the backend's processor time for each.
    pub backend_us: f64,
    /// Microseconds of the generator's.
    pub generator_us: f64,
    /// How many messages each commit held.
    pub commits: Vec<u32>,
}

/// The generator, in a process of its own.
struct Generator {
    child: Child,
    input: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Generator {
    /// Starts it and waits until it has everything prepared.
    async fn ready(plan: &Plan) -> Result<Self> {
        let own = std::env::current_exe().context("Finding the running program")?;
        let mut child = Command::new(own)
            .arg("generate")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("Starting the generator")?;
        let input = child.stdin.take().context("Taking the input")?;
        let output = child.stdout.take().context("Taking the output")?;
        let mut generator = Self {
            child,
            input,
            answers: BufReader::new(output).lines(),
        };
        generator.say(&serde_json::to_string(plan)?).await?;
        generator.hear().await?;
        Ok(generator)
    }

    /// Lets it deliver and waits until it has.
    async fn run(mut self) -> Result<Outcome> {
        self.say("go").await?;
        let outcome = serde_json::from_str(&self.hear().await?)?;
        self.child.wait().await.context("Ending the generator")?;
        Ok(outcome)
    }

    async fn say(&mut self, line: &str) -> Result<()> {
        let line = format!("{line}\n");
        let said = self.input.write_all(line.as_bytes()).await;
        said.context("Speaking to the generator")
    }

    async fn hear(&mut self) -> Result<String> {
        let line = self.answers.next_line().await?;
        line.context("The generator has failed; it said why")
    }
}

/// Takes messages in as quickly as they come, with so many panels that see the queue.
///
/// # Errors
/// When something cannot be measured.
pub async fn ingest(
    site: &mut Site,
    mode: Mode,
    n_messages: usize,
    n_connections: usize,
    n_panels: usize,
) -> Result<Ingest> {
    let tokens = site.sessions(n_panels)?;
    let served = site.serve(mode, ANYWHERE).await?;
    let panels = connect_all(&served.target, tokens, Some(site.cursor()?)).await?;
    let listening = Listening::start(panels, usize::MAX);
    let plan = Plan {
        target: served.target.clone(),
        n_connections,
        n_messages,
        n_before: N_BEFORE,
        per_second: 0,
        clients: site.clients.clone(),
    };
    let generator = Generator::ready(&plan).await?;
    let (entry, event) = (site.newest_entry()?, site.newest_event()?);
    let cpu_before = cpu_seconds(served.program.id())?;
    let outcome = generator.run().await?;
    let mut ended_ns = outcome.ended_ns;
    if mode == Mode::Whole {
        until("every message can be read", async || {
            let n = site.n_inbound_after(entry).ok()?;
            (usize::try_from(n) == Ok(n_messages)).then_some(())
        })
        .await?;
        ended_ns = now_ns();
        site.clients = outcome.clients;
    }
    let backend_s = cpu_seconds(served.program.id())? - cpu_before;
    drop(listening);
    served.stop().await?;
    let n = f64::from(u32::try_from(n_messages)?);
    Ok(Ingest {
        per_second: n / seconds_between(outcome.begun_ns, ended_ns),
        backend_us: backend_s / n * 1e6,
        generator_us: outcome.cpu_s / n * 1e6,
        commits: site.commits_after(event)?,
    })
}

/// What SQLite alone does with the same rows in the same commits, in messages a second.
///
/// # Errors
/// When the store cannot be written.
pub async fn sqlite_limit(site: &mut Site, commits: Vec<u32>) -> Result<f64> {
    let (path, mut clients) = (site.file(), site.clients.clone());
    let (per_second, clients) = tokio::task::spawn_blocking(move || {
        let per_second = limit::messages_per_second(&path, &mut clients, &commits)?;
        Ok::<_, anyhow::Error>((per_second, clients))
    })
    .await??;
    site.clients = clients;
    Ok(per_second)
}

/// How long messages are on their way to panels, in milliseconds, each in order.
///
/// # Errors
/// When something cannot be measured.
pub async fn path(
    site: &mut Site,
    mode: Mode,
    n_messages: usize,
    n_panels: usize,
) -> Result<Vec<f64>> {
    let tokens = site.sessions(n_panels)?;
    let served = site.serve(mode, ANYWHERE).await?;
    let mut clients = site.clients.clone();
    clients.n_open = site.n_queued;
    clients.is_steady = true;
    let plan = Plan {
        target: served.target.clone(),
        n_connections: N_CONNECTIONS_IN_TIME,
        n_messages,
        n_before: N_BEFORE / 5,
        per_second: PER_SECOND,
        clients,
    };
    let panels = connect_all(&served.target, tokens, Some(site.cursor()?)).await?;
    let listening = Listening::start(panels, n_messages);
    Generator::ready(&plan).await?.run().await?;
    let panels = listening.finish().await?;
    served.stop().await?;
    let mut all = Vec::with_capacity(n_messages * n_panels);
    for arrivals in panels {
        ensure!(
            arrivals.len() == n_messages,
            "a panel got {} of {n_messages} messages",
            arrivals.len()
        );
        let took = |(sent, came): (u64, u64)| seconds_between(sent, came) * 1e3;
        all.extend(arrivals.into_iter().map(took));
    }
    all.sort_by(f64::total_cmp);
    Ok(all)
}

/// Kilobytes of memory for each idle panel, between so few and so many of them.
///
/// # Errors
/// When something cannot be measured.
pub async fn memory(site: &Site, few: usize, many: usize) -> Result<f64> {
    let mut tokens = site.sessions(many)?;
    let served = site.serve(Mode::Whole, ANYWHERE).await?;
    let later = tokens.split_off(few);
    let first = idle(&served, tokens).await?;
    let before = resident_kb(served.program.id())?;
    let rest = idle(&served, later).await?;
    let after = resident_kb(served.program.id())?;
    drop((first, rest));
    served.stop().await?;
    Ok((f64::from(after) - f64::from(before)) / f64::from(u32::try_from(many - few)?))
}

async fn idle(served: &Served, tokens: Vec<String>) -> Result<Listening> {
    let panels = connect_all(&served.target, tokens, None).await?;
    let listening = Listening::start(panels, usize::MAX);
    sleep(SETTLE).await;
    Ok(listening)
}

/// Seconds until the last of so many panels is in sync again, after the backend was away and so
/// many messages came.
///
/// # Errors
/// When something cannot be measured.
pub async fn resync(site: &mut Site, n_panels: usize, n_messages: usize) -> Result<f64> {
    let tokens = site.sessions(n_panels)?;
    let served = site.serve(Mode::Whole, ANYWHERE).await?;
    let panels = connect_all(&served.target, tokens, None).await?;
    let target = served.target.clone();
    served.program.kill().await?;

    // The messages come while no panel can reach the backend.
    let elsewhere = site.serve(Mode::Whole, ANYWHERE).await?;
    let mut clients = site.clients.clone();
    clients.n_open = site.n_queued;
    clients.is_steady = true;
    let plan = Plan {
        target: elsewhere.target.clone(),
        n_connections: N_CONNECTIONS_IN_TIME,
        n_messages,
        n_before: 0,
        per_second: PER_SECOND * 10,
        clients,
    };
    Generator::ready(&plan).await?.run().await?;
    elsewhere.stop().await?;
    let (_, goal) = site.cursor()?;

    let mut returning = tokio::task::JoinSet::new();
    for panel in panels {
        let target = target.clone();
        returning.spawn(async move { panel.come_back(&target, goal, n_messages).await });
    }
    let served = site.serve(Mode::Whole, &target).await?;
    let back_ns = now_ns();
    let mut last_ns = back_ns;
    for came in returning.join_all().await {
        last_ns = last_ns.max(came?);
    }
    served.stop().await?;
    Ok(seconds_between(back_ns, last_ns))
}

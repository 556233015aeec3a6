//! `crash`: clients write and operators answer while the backend is killed again and again, half of
//! the times by itself at a point where it hurts most. Each run has an office of its own.
//!
//! At the end every message of a client is in its chat once, every raw event that was acknowledged
//! is in the journal, every reply was taken in once and is at the client at most once, in the order
//! of its chat, and ended as what the client's phone says of it, or as one that may have gone out,
//! which is allowed only where the backend had noted its departure before it died.

mod deaths;
mod judge;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pult_domain::ChatId;
use pult_panel::Panel;
use pult_panel::view::DraftRevision;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use self::deaths::{Cause, Deaths};
use self::judge::Ends;
use super::canary::Canaries;
use super::stage::Stage;
use super::{Outcome, Plan, Promised, Run};
use crate::panels::Seat;
use crate::phones::Phone;

/// How often an operator looks after a chat whether something is held there.
const KNOWING_LOOKS: usize = 40;

/// Clients of a run.
const N_CLIENTS: usize = 20;

/// The first so many of them are answered.
const N_ANSWERED: usize = 10;

/// Operators, each at a panel of their own.
const N_OPERATORS: usize = 3;

/// Messages of a run from clients.
const N_INBOUND: usize = 1000;

/// Messages of a run to clients.
const N_OUTBOUND: usize = 100;

/// How many sendings of a run WhatsApp refuses for the moment.
const N_REFUSALS: u64 = 2;

/// How often the backend dies in a run.
const N_DEATHS: usize = 4;

/// How many write at the same time.
const N_WRITERS: usize = 4;

/// How long it may take until nothing is under way any more. An unconfirmed message alone holds up
/// its chat for 30 seconds.
const DRAIN_LIMIT: Duration = Duration::from_secs(150);

/// How often it is looked whether it is so.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Debug, Default, Serialize)]
struct Figures {
    runs: u64,
    inbound: u64,
    outbound: u64,
    deaths: Deaths,
    ends: Ends,
}

/// A client of a run.
struct Client {
    phone: Phone,
    chat_id: ChatId,
    /// What they wrote, and write.
    inbound: Vec<String>,
    /// What they are answered, by the operator at one panel.
    outbound: Vec<String>,
    panel: Panel,
    /// The chat has one composer, and whoever is at it has both hands on it.
    composer: Arc<Mutex<()>>,
}

/// Makes the runs of a plan.
///
/// # Errors
/// When they cannot be made.
pub async fn prove(plan: &Plan) -> Result<Outcome> {
    let mut figures = Figures::default();
    for mut run in plan.runs() {
        let mut stage = Stage::open(plan).await?;
        if let Err(error) = one(&mut stage, &mut run, &mut figures).await {
            return Outcome::new(&figures, Some(stage.stopped(&run, error)));
        }
    }
    figures.deaths.were_worth_it()?;
    Outcome::new(&figures, None)
}

async fn one(stage: &mut Stage, run: &mut Run, figures: &mut Figures) -> Result<()> {
    let (chance, canaries) = (&mut run.chance, &mut run.canaries);
    let seats = seats(stage, chance, canaries).await?;
    let clients = clients(stage, &seats, chance, canaries).await?;
    make_trouble(stage, chance).await?;

    let mut traffic = JoinSet::new();
    let mut cut_off = Vec::new();
    let causes = Cause::draw(N_DEATHS, chance);
    for (idx, cause) in causes.iter().enumerate() {
        start_portion(&clients, idx, chance, &mut traffic);
        cut_off.extend(figures.deaths.happens(stage, *cause, run.k, chance).await?);
        // Whatever comes next is armed by the start.
        match causes.get(idx + 1) {
            Some(next) => next.is_armed(stage, chance).await?,
            None => Cause::disarm(stage),
        }
        stage.office.start().await.promised("the backend")?;
        for seat in &seats {
            seat.panel.reconnect().await?;
        }
    }
    start_portion(&clients, N_DEATHS, chance, &mut traffic);
    while let Some(done) = traffic.join_next().await {
        done.context("The traffic")?.promised("the traffic")?;
    }
    drain(stage, &seats, &clients)
        .await
        .promised("the panels")?;

    judge::judge(stage, &clients, &cut_off, &mut figures.ends).await?;
    for seat in seats {
        seat.leave().await;
    }
    stage.judge_logs(canaries)?;
    figures.runs += 1;
    figures.inbound += clients
        .iter()
        .map(|one| one.inbound.len() as u64)
        .sum::<u64>();
    figures.outbound += clients
        .iter()
        .map(|one| one.outbound.len() as u64)
        .sum::<u64>();
    Ok(())
}

async fn seats(stage: &Stage, chance: &mut StdRng, canaries: &Canaries) -> Result<Vec<Seat>> {
    let office = &stage.office;
    let mut seats = Vec::with_capacity(N_OPERATORS);
    for _ in 0..N_OPERATORS {
        let (login, name) = (canaries.text(chance), canaries.text(chance));
        let operator = office.operator(&login, &name).await?;
        let dir = office.panel_dir(&login);
        seats.push(Seat::take(&operator, office.address(), &dir).await?);
    }
    Ok(seats)
}

/// All clients, each with a first message that their operator sees.
async fn clients(
    stage: &Stage,
    seats: &[Seat],
    chance: &mut StdRng,
    canaries: &mut Canaries,
) -> Result<Vec<Client>> {
    let mut clients = Vec::with_capacity(N_CLIENTS);
    for (idx, seat) in (0..N_CLIENTS).zip(seats.iter().cycle()) {
        let (number, name) = (canaries.number(), canaries.text(chance));
        let phone = stage
            .office
            .phones
            .client(&number, &name, chance.random())
            .await?;
        let mut lines = |n: usize| (0..n).map(|_| canaries.text(chance)).collect::<Vec<_>>();
        let inbound = lines(N_INBOUND / N_CLIENTS);
        let outbound = lines(if idx < N_ANSWERED {
            N_OUTBOUND / N_ANSWERED
        } else {
            0
        });
        let first = inbound.first().context("Everybody writes something")?;
        phone.write(first).await?;
        let chat_id = seat.sees_queued(&name).await.promised("a panel")?;
        clients.push(Client {
            phone,
            chat_id,
            inbound,
            outbound,
            panel: seat.panel.clone(),
            composer: Arc::default(),
        });
    }
    Ok(clients)
}

/// Has WhatsApp repeat, reorder, gather, delay and lose what it sends, and be slow or gone when it
/// is asked.
async fn make_trouble(stage: &Stage, chance: &mut StdRng) -> Result<()> {
    let phones = &stage.office.phones;
    let settings = json!({
        "window": "ignored",
        "statuses": { "duplicate": chance.random::<bool>(), "reorder": chance.random::<bool>() },
        "retry": { "first_ms": 20, "cap_ms": 400 },
    });
    phones
        .control(Method::PATCH, "settings", Some(settings))
        .await?;
    let mut faults = Vec::new();
    for _ in 0..12 {
        faults.extend([
            json!({ "times": chance.random_range(2..20), "duplicate": true }),
            json!({ "times": 1, "reorder": true }),
            json!({ "times": chance.random_range(1..4), "drop": true }),
            json!({ "times": 1, "batch_ms": chance.random_range(20..80), "reorder": chance.random::<bool>() }),
            json!({ "times": chance.random_range(2..10), "delay_ms": chance.random_range(10..120) }),
        ]);
    }
    faults.shuffle(chance);
    for fault in faults {
        phones
            .control(Method::POST, "faults/webhooks", Some(fault))
            .await?;
    }
    let mut faults = vec![json!({ "reset_after_accept": true })];
    faults.extend((0..8).map(|_| json!({ "times": 3, "delay_ms": chance.random_range(5..40) })));
    faults.shuffle(chance);
    // Whoever is turned away comes again, and nobody overtakes them meanwhile.
    faults.insert(0, json!({ "times": N_REFUSALS, "error_code": 131_016 }));
    for fault in faults {
        phones
            .control(Method::POST, "faults/sends", Some(fault))
            .await?;
    }
    Ok(())
}

/// Lets clients write and operators answer what belongs into one life of the backend.
fn start_portion(
    clients: &[Client],
    portion: usize,
    chance: &mut StdRng,
    traffic: &mut JoinSet<Result<()>>,
) {
    let part = |texts: &[String], n_before: usize| -> Vec<String> {
        let n = (texts.len() - n_before).div_ceil(N_DEATHS + 1);
        let part = texts.iter().skip(n_before + portion * n).take(n);
        part.cloned().collect()
    };
    // One writer writes for several clients, so that each client's messages come in order.
    for writer in 0..N_WRITERS {
        let mut lines: Vec<(Phone, std::vec::IntoIter<String>)> = clients
            .iter()
            .skip(writer)
            .step_by(N_WRITERS)
            .map(|client| (client.phone.clone(), part(&client.inbound, 1).into_iter()))
            .collect();
        let mut turns: Vec<usize> = lines
            .iter()
            .enumerate()
            .flat_map(|(idx, (_, texts))| vec![idx; texts.len()])
            .collect();
        turns.shuffle(chance);
        let pauses: Vec<u64> = turns.iter().map(|_| chance.random_range(0..30)).collect();
        traffic.spawn(async move {
            for (turn, pause) in turns.into_iter().zip(pauses) {
                if let Some((phone, texts)) = lines.get_mut(turn)
                    && let Some(text) = texts.next()
                {
                    phone.write(&text).await?;
                }
                sleep(Duration::from_millis(pause)).await;
            }
            Ok(())
        });
    }
    for client in clients {
        let texts = part(&client.outbound, 0);
        let pauses: Vec<u64> = texts.iter().map(|_| chance.random_range(0..150)).collect();
        let (panel, chat_id) = (client.panel.clone(), client.chat_id);
        let composer = Arc::clone(&client.composer);
        traffic.spawn(async move {
            for (text, pause) in texts.into_iter().zip(pauses) {
                sleep(Duration::from_millis(pause)).await;
                let at_composer = composer.lock().await;
                let seen = send_knowingly(&panel, chat_id).await?;
                panel.reply(chat_id, text, seen).await?;
                drop(at_composer);
            }
            for _ in 0..KNOWING_LOOKS {
                sleep(LOOK).await;
                let at_composer = composer.lock().await;
                send_knowingly(&panel, chat_id).await?;
                drop(at_composer);
            }
            Ok(())
        });
    }
}

/// Sends what the backend holds because the client had written in between. What the composer knows
/// of the draft then.
async fn send_knowingly(panel: &Panel, chat_id: ChatId) -> Result<DraftRevision> {
    let shown = panel.timeline(chat_id, None, 1).await?;
    if let Some(held) = shown.held {
        panel.send_anyway(held.command_id).await?;
    }
    Ok(shown.draft_revision)
}

/// Waits until WhatsApp and all panels have got rid of everything.
async fn drain(stage: &Stage, seats: &[Seat], clients: &[Client]) -> Result<()> {
    let end = Instant::now() + DRAIN_LIMIT;
    loop {
        for client in clients {
            let at_composer = client.composer.lock().await;
            send_knowingly(&client.panel, client.chat_id).await?;
            drop(at_composer);
        }
        let mut n_waiting = 0;
        for seat in seats {
            let now = seat.panel.overview().await?;
            let chats = now.queued.iter().chain(&now.in_work);
            n_waiting += chats
                .map(|chat| chat.n_waiting + u32::from(chat.needs_look))
                .sum::<u32>();
        }
        let n_outstanding = stage.office.phones.outstanding().await?;
        if n_waiting == 0 && n_outstanding == 0 {
            return Ok(());
        }
        if Instant::now() >= end {
            bail!("{n_waiting} commands and {n_outstanding} events are still under way");
        }
        sleep(LOOK).await;
    }
}

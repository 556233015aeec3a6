//! `cuts`: networks between panels and backend fail while everything is done that can be done.
//!
//! Operators sit at panels behind networks of their own, which cut, delay, half-close, swallow and
//! lose answers. Clients write, the backend is restarted and killed, panels are killed and opened
//! again, an operator is deactivated.
//!
//! At the end all networks carry, and everybody waits until nothing is outstanding any more. Then
//! every panel must show what a fresh panel of the same operator shows, and hold no text that it may
//! not hold; and what was written must be where it belongs, once.

mod judge;
mod moves;

use std::time::Duration;

use anyhow::Result;
use pult_domain::{ChatId, CommandId};
use pult_protocol::Code;
use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;

use super::desk::Desk;
use super::stage::{Logs, Stage, lines};
use super::{Counted, Outcome, Plan, Run, Stopped};
use crate::office::Operator;
use crate::panels::Seat;
use crate::phones::Phone;
use crate::proxy::Proxy;

/// Things that happen in a run.
const N_MOVES: std::ops::Range<u32> = 60..120;

/// Runs at a time, each in an office of its own: most of a run is waiting.
const N_AT_ONCE: usize = 3;

/// The longest that nothing happens between two of them.
const MAX_PAUSE_MS: u64 = 40;

#[derive(Debug, Default, Serialize)]
struct Figures {
    runs: u64,
    moves: u64,
    /// Changes of a network for the worse, ends of all its connections included.
    cuts: u64,
    restarts: u64,
    kills: u64,
    panels_killed: u64,
    deactivated: u64,
    messages: u64,
    replies: u64,
    sent: u64,
    /// Commands that panels were refused.
    refused: u64,
    gone_lost: u64,
    gone_closed: u64,
    /// Times that a panel went live, after a snapshot or from its cursor.
    caught_up: u64,
    snapshots: u64,
    /// Panels compared with a fresh one.
    compared: u64,
}

/// The office of one run with everybody in it.
struct Scene {
    stage: Stage,
    operators: Vec<Colleague>,
    desks: Vec<Desk>,
    phones: Vec<Phone>,
    messages: Vec<Written>,
    replies: Vec<Reply>,
    figures: Figures,
}

struct Colleague {
    operator: Operator,
    is_active: bool,
}

/// What a client wrote.
struct Written {
    phone: usize,
    text: String,
}

/// What an operator wrote.
struct Reply {
    desk: usize,
    chat_id: ChatId,
    /// What is found in no other reply but those that took this one's text over.
    token: String,
    text: String,
    id: CommandId,
}

/// Makes the runs of a plan.
///
/// # Errors
/// When they cannot be made.
pub async fn prove(plan: &Plan) -> Result<Outcome> {
    super::several_at_once("cuts", plan, N_AT_ONCE, |run| make(plan, run)).await
}

/// Makes one run.
async fn make(plan: &Plan, mut run: Run) -> Result<(Figures, Option<Stopped>)> {
    let mut scene = Scene::open(plan, &mut run).await?;
    let made = scene.run(&mut run).await;
    scene.leave().await;
    let stopped = made.err().map(|error| scene.stage.stopped(&run, error));
    Ok((scene.figures, stopped))
}

impl Scene {
    async fn open(plan: &Plan, run: &mut Run) -> Result<Self> {
        let stage = Stage::open(plan).await?;
        let office = &stage.office;
        let Run {
            chance, canaries, ..
        } = run;
        let (mut operators, mut desks) = (Vec::new(), Vec::new());
        for who in 0..chance.random_range(3..=5) {
            let login = format!("{}-{who}", canaries.text(chance));
            let operator = office.operator(&login, &canaries.text(chance)).await?;
            for n in 0..chance.random_range(1..=2) {
                let dir = office.panel_dir(&format!("{who}-{n}"));
                let proxy = Proxy::to(office.target()).await?;
                let seat = Seat::take(&operator, &proxy.address(), &dir).await?;
                desks.push(Desk {
                    who,
                    dir,
                    proxy,
                    seat: Some(seat),
                });
            }
            operators.push(Colleague {
                operator,
                is_active: true,
            });
        }
        let mut phones = Vec::new();
        for _ in 0..chance.random_range(3..=7) {
            let (number, name) = (canaries.number(), canaries.text(chance));
            let auto_read = chance.random_bool(0.5);
            phones.push(office.phones.client(&number, &name, auto_read).await?);
        }
        Ok(Self {
            stage,
            operators,
            desks,
            phones,
            messages: Vec::new(),
            replies: Vec::new(),
            figures: Figures::default(),
        })
    }

    async fn run(&mut self, run: &mut Run) -> Result<()> {
        self.figures.runs = 1;
        let n = run.chance.random_range(N_MOVES);
        // Once in every run the backend ends, at some time.
        let end_at = run.chance.random_range(0..n);
        for k in 0..n {
            // Each move draws for itself, so that what happened before changes none after it.
            let mut chance: StdRng = rand::SeedableRng::seed_from_u64(run.chance.random());
            let pause = Duration::from_millis(chance.random_range(0..MAX_PAUSE_MS));
            tokio::time::sleep(pause).await;
            if k == end_at {
                self.ends_backend(&mut chance).await?;
            }
            self.moves(&mut chance, &run.canaries).await?;
            self.figures.moves += 1;
        }
        self.settle().await?;
        self.judge().await?;
        let logs = self.stage.judge_logs(&mut run.canaries)?;
        self.figures.count(&logs);
        Ok(())
    }

    async fn leave(&mut self) {
        for desk in &mut self.desks {
            if let Some(seat) = desk.seat.take() {
                seat.leave().await;
            }
        }
    }
}

impl Figures {
    /// Counts what the panels say that they have heard.
    fn count(&mut self, logs: &Logs) {
        for line in lines(&logs.panels) {
            let is = |name, value: &str| line.field(name) == Some(value);
            let counted = match line.field("message") {
                Some("A command was refused") if !is("code", &format!("{:?}", Code::IdReused)) => {
                    &mut self.refused
                }
                Some("A chat is gone") if is("why", "Lost") => &mut self.gone_lost,
                Some("A chat is gone") => &mut self.gone_closed,
                Some("A snapshot has come") => &mut self.snapshots,
                Some("Caught up") => &mut self.caught_up,
                _ => continue,
            };
            *counted += 1;
        }
    }
}

impl Counted for Figures {
    fn runs(&self) -> u64 {
        self.runs
    }

    fn cuts(&self) -> u64 {
        self.cuts
    }

    fn too_few(&self) -> Option<String> {
        let runs = self.runs;
        // On average so many in every run.
        let wanted = [
            ("cuts", self.cuts, 4 * runs),
            ("ends of the backend", self.restarts + self.kills, runs),
            ("panels killed", self.panels_killed, runs / 4),
            ("operators deactivated", self.deactivated, runs / 10),
            ("messages", self.messages, 10 * runs),
            ("replies sent", self.sent, 3 * runs),
            ("refused commands", self.refused, runs / 4),
            ("chats lost", self.gone_lost, 3 * runs),
            ("chats closed", self.gone_closed, runs / 4),
            (
                "times caught up by cursor",
                self.caught_up.saturating_sub(self.snapshots),
                5 * runs,
            ),
            ("times caught up by snapshot", self.snapshots, 3 * runs),
        ];
        let few = wanted.iter().find(|(_, n, least)| n < least);
        few.map(|(what, n, least)| format!("{n} {what}, {least} expected"))
    }

    fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.moves += other.moves;
        self.cuts += other.cuts;
        self.restarts += other.restarts;
        self.kills += other.kills;
        self.panels_killed += other.panels_killed;
        self.deactivated += other.deactivated;
        self.messages += other.messages;
        self.replies += other.replies;
        self.sent += other.sent;
        self.refused += other.refused;
        self.gone_lost += other.gone_lost;
        self.gone_closed += other.gone_closed;
        self.caught_up += other.caught_up;
        self.snapshots += other.snapshots;
        self.compared += other.compared;
    }
}

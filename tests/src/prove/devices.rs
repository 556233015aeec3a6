//! `desk`: a desk of many. Twelve operators on twenty devices type, send, read, look and go away while
//! their networks fail.
//!
//! What is tried is what an operator carries from one device to another, and what colleagues see of
//! each other: drafts, read marks, who is there, who looks at a chat and who types in it. Somebody
//! looks at the panels the whole time: a draft whose text was sent is not seen again, marks only grow,
//! and nobody is shown as being there, looking or typing who cannot have said so for twice the time
//! for which such a word holds.
//!
//! Then some fall silent in the middle of a word, and their colleagues are to see it end. At last all
//! networks carry, and everybody waits until nothing is outstanding. All devices of an operator then
//! show the drafts and marks that a fresh device shows, nothing that was typed is missing, and all
//! panels say the same of who is there and who looks at what.

mod judge;
mod moves;
mod watchman;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use pult_domain::ChatId;
use pult_panel::view::ComposerMode;
use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;
use tokio::time::Instant;

use self::watchman::Watchman;
use super::desk::Desk;
use super::stage::Stage;
use super::{Counted, Outcome, Plan, Run, Stopped};
use crate::office::Operator;
use crate::panels::Seat;
use crate::phones::Phone;
use crate::proxy::{Network, Proxy};

const N_OPERATORS: usize = 12;

/// So many of the operators have a second device.
const N_WITH_TWO: usize = 8;

/// Things that happen in a run.
const N_MOVES: std::ops::Range<u32> = 120..200;

/// Runs at a time, each in an office of its own: most of a run is waiting.
const N_AT_ONCE: usize = 3;

/// The longest that nothing happens between two of them.
const MAX_PAUSE_MS: u64 = 40;

/// For how long what a panel says of its operator holds here: the usual time would be most of a run.
const LEASE: Duration = Duration::from_secs(2);

#[derive(Debug, Default, Serialize)]
struct Figures {
    runs: u64,
    moves: u64,
    /// Changes of a network for the worse, ends of all its connections included.
    cuts: u64,
    restarts: u64,
    panels_killed: u64,
    messages: u64,
    /// Changes of drafts, each by a keystroke or a few.
    typed: u64,
    /// Replies and comments.
    given: u64,
    /// Those of them that are in the store.
    sent: u64,
    marks: u64,
    /// Looks at a panel while everything changes.
    looks: u64,
    /// Words of operators who fell silent, seen by a colleague and then seen to end.
    leases_ended: u64,
    /// The longest that one of them was seen after its time was over, in milliseconds.
    longest_after_end_ms: u64,
    /// Drafts with a text at the end, on any device.
    drafts: u64,
    /// Devices compared with a fresh one.
    compared: u64,
}

/// The office of one run with everybody in it.
struct Scene {
    stage: Stage,
    operators: Vec<Colleague>,
    devices: Vec<Device>,
    phones: Vec<Phone>,
    given: Vec<Given>,
    typed: Vec<Typed>,
    watchman: Watchman,
    figures: Figures,
}

struct Colleague {
    operator: Operator,
    /// What they said last, if they were heard.
    is_away: bool,
}

/// A panel at which an operator sits, and what is on its screen.
struct Device {
    desk: Desk,
    network: Network,
    /// Since when nothing that it says can have arrived.
    dark_since: Option<Instant>,
    looks: Option<ChatId>,
    typing: Option<ComposerMode>,
    is_locked: bool,
    focus: Option<(ChatId, ComposerMode)>,
}

/// A text that was typed somewhere: found in no other.
struct Typed {
    who: usize,
    token: String,
    /// Whether it was wiped out where it stood, so that it need not be anywhere.
    is_wiped: bool,
}

/// A reply or comment that somebody gave.
struct Given {
    who: usize,
    chat_id: ChatId,
    mode: ComposerMode,
    text: String,
}

/// Makes the runs of a plan.
///
/// # Errors
/// When they cannot be made.
pub async fn prove(plan: &Plan) -> Result<Outcome> {
    super::several_at_once("desk", plan, N_AT_ONCE, |run| make(plan, run)).await
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
        let lease = LEASE.as_millis().to_string();
        let stage = Stage::open_told(plan, &[("PULT_TRIALS_LEASE_MS", &lease)]).await?;
        let office = &stage.office;
        let Run {
            chance, canaries, ..
        } = run;
        let (mut operators, mut devices) = (Vec::new(), Vec::new());
        for who in 0..N_OPERATORS {
            let login = format!("{}-{who}", canaries.text(chance));
            let operator = office.operator(&login, &canaries.text(chance)).await?;
            for n in 0..if who < N_WITH_TWO { 2 } else { 1 } {
                let dir = office.panel_dir(&format!("{who}-{n}"));
                let proxy = Proxy::to(office.target()).await?;
                let seat = Seat::take(&operator, &proxy.address(), &dir).await?;
                devices.push(Device::new(Desk {
                    who,
                    dir,
                    proxy,
                    seat: Some(seat),
                }));
            }
            operators.push(Colleague {
                operator,
                is_away: false,
            });
        }
        let mut phones = Vec::new();
        for _ in 0..chance.random_range(6..=10) {
            let (number, name) = (canaries.number(), canaries.text(chance));
            phones.push(office.phones.client(&number, &name, true).await?);
        }
        Ok(Self {
            stage,
            operators,
            devices,
            phones,
            given: Vec::new(),
            typed: Vec::new(),
            watchman: Watchman::default(),
            figures: Figures::default(),
        })
    }

    async fn run(&mut self, run: &mut Run) -> Result<()> {
        self.figures.runs = 1;
        let n = run.chance.random_range(N_MOVES);
        let restart_at = run.chance.random_range(0..n);
        for k in 0..n {
            // Each move draws for itself, so that what happened before changes none after it.
            let mut chance: StdRng = rand::SeedableRng::seed_from_u64(run.chance.random());
            let pause = Duration::from_millis(chance.random_range(0..MAX_PAUSE_MS));
            tokio::time::sleep(pause).await;
            if k == restart_at {
                self.restarts(&mut chance).await?;
            }
            self.moves(&mut chance, &run.canaries).await?;
            self.is_watched(&mut chance).await?;
            self.figures.moves += 1;
        }
        self.fall_silent(&mut run.chance, &mut run.canaries).await?;
        self.settle().await?;
        self.judge().await?;
        self.stage.judge_logs(&mut run.canaries)?;
        Ok(())
    }

    async fn leave(&mut self) {
        for device in &mut self.devices {
            if let Some(seat) = device.desk.seat.take() {
                seat.leave().await;
            }
        }
    }

    /// Everything that was wiped out where it stood.
    fn wiped(&self) -> BTreeSet<&str> {
        let wiped = self.typed.iter().filter(|typed| typed.is_wiped);
        wiped.map(|typed| typed.token.as_str()).collect()
    }
}

impl Device {
    const fn new(desk: Desk) -> Self {
        Self {
            desk,
            network: Network::Carries,
            dark_since: None,
            looks: None,
            typing: None,
            is_locked: false,
            focus: None,
        }
    }

    /// The network becomes another.
    fn has_network(&mut self, network: Network) {
        self.desk.proxy.becomes(network);
        self.network = network;
        match network {
            Network::Swallows | Network::Cut => {
                self.dark_since.get_or_insert_with(Instant::now);
            }
            Network::Carries | Network::Delays(_) | Network::LosesAnswers | Network::HalfClosed => {
                self.dark_since = None;
            }
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
            ("cuts", self.cuts, 10 * runs),
            ("restarts", self.restarts, runs),
            ("panels killed", self.panels_killed, runs),
            ("changes of drafts", self.typed, 30 * runs),
            ("replies and comments", self.sent, 6 * runs),
            ("marks", self.marks, 4 * runs),
            ("leases that ended", self.leases_ended, runs),
            ("drafts at the end", self.drafts, 2 * runs),
        ];
        let few = wanted.iter().find(|(_, n, least)| n < least);
        few.map(|(what, n, least)| format!("{n} {what}, {least} expected"))
    }

    fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.moves += other.moves;
        self.cuts += other.cuts;
        self.restarts += other.restarts;
        self.panels_killed += other.panels_killed;
        self.messages += other.messages;
        self.typed += other.typed;
        self.given += other.given;
        self.sent += other.sent;
        self.marks += other.marks;
        self.looks += other.looks;
        self.leases_ended += other.leases_ended;
        self.longest_after_end_ms = self.longest_after_end_ms.max(other.longest_after_end_ms);
        self.drafts += other.drafts;
        self.compared += other.compared;
    }
}

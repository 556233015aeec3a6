//! `histories`: everything that can happen to a chat, in random order and by everybody at once.
//!
//! Six operators of all roles sit at panels behind networks that fail, ten clients write, and a
//! program asks over REST, as itself and for operators. They do what they may, and often what they
//! may not. The office stays the same for all runs; each has new clients and new panels.
//!
//! When all is quiet, the life of each chat is judged commit by commit by a law that was written down
//! from the specification for this alone ([`law`]), and every panel must show what a fresh one shows.
//! Whatever only staff may see carries a canary of its own: no byte of one leaves the backend for the
//! sandbox, which is overheard on the wire, and none stands in a log.

mod judge;
mod law;
mod life;
mod moves;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use pult_domain::{ChatId, CommandId, OperatorId, Place, Role, Status};
use pult_protocol::{Code, Command, CommandDone};
use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;
use tokio::task::JoinSet;
use uuid::Uuid;

use self::judge::{Evidence, Judged};
use self::law::{Kind, Who};
use self::life::{Kept, Life, Store, What};
use super::canary::{Canaries, HIDDEN};
use super::desk::{Desk, listed};
use super::quiet::{judge_phone, settle};
use super::stage::{Logs, Stage, lines};
use super::view::{Expected, Group, View};
use super::{Finding, Outcome, Plan, Promised, Run, Stopped, must};
use crate::integration::Integration;
use crate::office::Operator;
use crate::panels::Seat;
use crate::peer::Answer;
use crate::phones::Phone;
use crate::proxy::Proxy;

/// Things that happen in a run.
const N_ACTIONS: u32 = 200;

/// The office's posts. Whoever leaves is replaced by somebody of the same role.
const POSTS: [Role; 6] = [
    Role::Operator,
    Role::Operator,
    Role::Operator,
    Role::Supervisor,
    Role::Supervisor,
    Role::Administrator,
];

/// Clients of a run.
const N_CLIENTS: usize = 10;

/// The longest that nothing happens between two actions.
const MAX_PAUSE_MS: u64 = 6;

/// How often somebody is deactivated in the course of a run.
const LEAVES: f64 = 0.1;

/// From so many runs on nothing that can be asked for may be missing.
const FEW: u64 = 10;

#[derive(Debug, Default, Serialize)]
struct Figures {
    runs: u64,
    actions: u64,
    /// What was asked for, by kind, and how it ended.
    commands: BTreeMap<&'static str, Ends>,
    by_the_program: u64,
    /// Commands whose authors were told what became of them.
    told: u64,
    messages: u64,
    replies_sent: u64,
    cuts: u64,
    panels_killed: u64,
    deactivated: u64,
    /// Lines of chats with all that belongs to them, judged one by one.
    commits: u64,
    audience_intervals: u64,
    refusals_judged: u64,
    observers_released: u64,
    /// Panels compared with a fresh one, and the chats that they showed.
    compared: u64,
    chats_compared: u64,
    /// Canaries that only staff may see, and the bytes in which none was found.
    canaries: u64,
    bytes_sent: u64,
    bytes_logged: u64,
}

/// How commands of a kind ended.
#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Ends {
    done: u64,
    refused: u64,
    /// Refused since a newer message had been overlooked.
    held: u64,
    /// Taken back, or never given to the backend.
    unsent: u64,
}

/// The office with everybody in it.
struct Scene {
    stage: Stage,
    program: Integration,
    /// Everybody who was ever there.
    people: Vec<Colleague>,
    /// One for each post.
    desks: Vec<Desk>,
    figures: Figures,
}

struct Colleague {
    operator: Operator,
    role: Role,
    is_active: bool,
}

/// A panel that was opened to be compared with.
struct Fresh {
    dir: PathBuf,
    seat: Seat,
    n_chats: u64,
}

/// What one run is about.
#[derive(Default)]
struct Talks {
    phones: Vec<Phone>,
    /// What clients wrote, by phone.
    written: Vec<Vec<String>>,
    /// Their chats, in the order of the phones.
    chats: Vec<ChatId>,
    /// The newest place of each that anybody has seen.
    seen: BTreeMap<ChatId, Place>,
    given: BTreeMap<CommandId, Given>,
    /// What the program has asked and not been answered yet.
    asked: JoinSet<Result<(CommandId, Answer)>>,
    /// How many canaries there are that only staff may see.
    n_hidden: u64,
}

/// A command that somebody gave.
#[derive(Debug)]
struct Given {
    who: Who,
    /// At which desk; none if the program did.
    desk: Option<usize>,
    command: Command,
    /// What its author had seen, where that is known.
    seen: Option<Place>,
    /// What its text is known by; empty if it has none.
    token: String,
    /// What its author was told; nothing if they never heard.
    told: Option<Told>,
}

/// What became of a command, as its author was told.
#[derive(Debug)]
enum Told {
    /// Carried out; what it made, if that was said.
    Done(Option<CommandDone>),
    /// Refused with a code.
    Refused(String),
    /// Its author has taken it back in time.
    TakenBack,
}

/// Makes the runs of a plan.
///
/// # Errors
/// When they cannot be made.
pub async fn prove(plan: &Plan) -> Result<Outcome> {
    let mut scene = Scene::open(plan).await?;
    for mut run in plan.runs() {
        if let Err(error) = Box::pin(scene.run(&mut run)).await {
            return scene.ended(Some((run, error))).await;
        }
        if scene.figures.runs.is_multiple_of(25) {
            let Figures { runs, commits, .. } = scene.figures;
            super::progress(&format!("histories: {runs} runs, {commits} commits so far"));
        }
    }
    scene.ended(None).await
}

impl Scene {
    async fn open(plan: &Plan) -> Result<Self> {
        let stage = Stage::open_overheard(plan).await?;
        // Its name is as secret as those of colleagues.
        let program = stage
            .office
            .integration(&format!("{HIDDEN}program"))
            .await?;
        let mut scene = Self {
            stage,
            program,
            people: Vec::new(),
            desks: Vec::new(),
            figures: Figures::default(),
        };
        for role in POSTS {
            let (who, dir, proxy, seat) = scene.hires(role).await?;
            scene.desks.push(Desk {
                who,
                dir,
                proxy,
                seat: Some(seat),
            });
        }
        Ok(scene)
    }

    /// Somebody begins, at a panel of their own.
    async fn hires(&mut self, role: Role) -> Result<(usize, PathBuf, Proxy, Seat)> {
        let office = &self.stage.office;
        let who = self.people.len();
        let (login, name) = (
            format!("{HIDDEN}login-{who}"),
            format!("{HIDDEN}name-{who}"),
        );
        let operator = office.colleague(&login, &name, role).await?;
        let dir = office.panel_dir(&format!("{who}-first"));
        let proxy = Proxy::to(office.target()).await?;
        let seat = Seat::take(&operator, &proxy.address(), &dir).await?;
        self.people.push(Colleague {
            operator,
            role,
            is_active: true,
        });
        Ok((who, dir, proxy, seat))
    }

    async fn run(&mut self, run: &mut Run) -> Result<()> {
        let mut talks = self.begin(run).await?;
        let leaves_at = run.chance.random_range(0..N_ACTIONS);
        let leaves = run.chance.random_bool(LEAVES).then_some(leaves_at);
        for k in 0..N_ACTIONS {
            // Each action draws for itself, so that what happened before changes none after it.
            let mut chance: StdRng = rand::SeedableRng::seed_from_u64(run.chance.random());
            let pause = Duration::from_millis(chance.random_range(0..MAX_PAUSE_MS));
            tokio::time::sleep(pause).await;
            if leaves == Some(k) {
                self.deactivates(&mut chance).await?;
            } else {
                self.acts(&mut talks, &mut chance, &run.canaries).await?;
            }
            self.figures.actions += 1;
        }
        self.settle(&mut talks).await?;
        self.judge_bytes(&talks)?;
        self.judge_logs(&mut talks, &mut run.canaries)?;
        let store = Store::of(self.stage.office.dir())?;
        let lives = store.lives(&talks.phones)?;
        self.judge_messages(&talks, &lives).await?;
        self.judge_lives(&talks, &lives, &store)?;
        let fresh = self.judge_panels(&lives).await?;
        self.tidy(&talks, fresh).await?;
        self.judge_end(&talks, &store)?;
        self.figures.runs += 1;
        Ok(())
    }

    /// New clients write, each once.
    async fn begin(&mut self, run: &mut Run) -> Result<Talks> {
        let Run {
            chance, canaries, ..
        } = run;
        canaries.secret(&self.program.key);
        let phones = &self.stage.office.phones;
        let mut talks = Talks::default();
        for _ in 0..N_CLIENTS {
            let (number, name) = (canaries.number(), canaries.text(chance));
            let phone = phones
                .client(&number, &name, chance.random_bool(0.5))
                .await?;
            let text = canaries.text(chance);
            phone.write(&text).await?;
            talks.phones.push(phone);
            talks.written.push(vec![text]);
        }
        phones.idle().await.promised("the sandbox")?;
        let store = Store::of(self.stage.office.dir())?;
        for life in store.lives(&talks.phones)? {
            talks.chats.push(life.id);
            talks.seen.insert(life.id, life.last_place());
        }
        Ok(talks)
    }

    /// Everybody waits until nothing is outstanding, and whoever asked has been answered.
    async fn settle(&self, talks: &mut Talks) -> Result<()> {
        while let Some(answered) = talks.asked.join_next().await {
            let (id, answer) = answered?.promised("the program")?;
            let given = talks.given.get_mut(&id).context("It was given")?;
            let told = match answer {
                Ok(done) => Told::Done(Some(done)),
                Err(problem) => Told::Refused(format!("{:?}", problem.code)),
            };
            let is_same = match (&given.told, &told) {
                (None, _) => true,
                (Some(Told::Done(before)), Told::Done(now)) => before == now,
                (Some(Told::Refused(before)), Told::Refused(now)) => before == now,
                (Some(_), _) => false,
            };
            must(is_same, || {
                Finding::new("the program", "the same answer again", (&given, &told))
            })?;
            given.told = Some(told);
        }
        let desks: Result<Vec<(&Desk, bool)>> = self
            .desks
            .iter()
            .map(|desk| Ok((desk, self.colleague(desk)?.is_active)))
            .collect();
        let office = &self.stage.office;
        settle(office.dir(), &office.phones, &desks?).await
    }

    fn colleague(&self, desk: &Desk) -> Result<&Colleague> {
        self.people.get(desk.who).context("A desk is somebody's")
    }

    /// Nothing that only staff may see has left for the sandbox, neither a text nor who was
    /// mentioned. What was to leave is found there by the same search.
    fn judge_bytes(&mut self, talks: &Talks) -> Result<()> {
        let heard = self.stage.office.overheard();
        let ids = self.people.iter().map(|one| one.operator.id.to_string());
        let hidden: Vec<String> = ids.chain([HIDDEN.to_owned()]).collect();
        let heard: Vec<_> = heard
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes))
            .collect();
        for bytes in &heard {
            let found = hidden.iter().find(|hidden| bytes.contains(hidden.as_str()));
            must(found.is_none(), || {
                Finding::new(
                    "the wire to the sandbox",
                    "nothing that is for staff",
                    found,
                )
            })?;
            self.figures.bytes_sent += bytes.len() as u64;
        }
        let store = Store::of(self.stage.office.dir())?;
        for life in store.lives(&talks.phones)? {
            for line in &life.lines {
                let What::Outbound { text, .. } = &line.what else {
                    continue;
                };
                let has_left = heard.iter().any(|bytes| bytes.contains(text));
                must(has_left, || {
                    Finding::new("the wire to the sandbox", "every reply", line)
                })?;
            }
        }
        self.figures.canaries += talks.n_hidden;
        Ok(())
    }

    /// No log has a canary. What panels were told of their commands is read there.
    fn judge_logs(&mut self, talks: &mut Talks, canaries: &mut Canaries) -> Result<()> {
        let Logs {
            panels, n_bytes, ..
        } = self.stage.judge_logs(canaries)?;
        self.figures.bytes_logged += n_bytes;
        for line in lines(&panels) {
            let id = line.field("command.id").and_then(|id| id.parse().ok());
            let Some(given) = id.and_then(|id| talks.given.get_mut(&id)) else {
                continue;
            };
            match line.field("message") {
                Some("A command was carried out") => given.told = Some(Told::Done(None)),
                Some("A command was refused") => {
                    let code = line.field("code").unwrap_or_default();
                    given.told = Some(Told::Refused(code.to_owned()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What clients wrote is there, each once, and phones have what was sent to them.
    async fn judge_messages(&mut self, talks: &Talks, lives: &[Life]) -> Result<()> {
        for ((phone, written), life) in talks.phones.iter().zip(&talks.written).zip(lives) {
            let inbound = life.lines.iter().filter_map(|line| match &line.what {
                What::Inbound { text } => Some(text.as_str()),
                What::Outbound { .. } | What::Comment { .. } | What::Notice(_) => None,
            });
            let mut inbound: Vec<&str> = inbound.collect();
            let mut written: Vec<&str> = written.iter().map(String::as_str).collect();
            inbound.sort_unstable();
            written.sort_unstable();
            must(inbound == written, || {
                let n = (inbound.len(), written.len());
                Finding::new("the store", "what the client wrote, each once", n)
            })?;
            self.figures.messages += written.len() as u64;
            let messages = life.messages();
            let messages: Vec<_> = messages.iter().collect();
            self.figures.replies_sent += judge_phone(phone, &messages).await?;
        }
        Ok(())
    }

    fn judge_lives(&mut self, talks: &Talks, lives: &[Life], store: &Store) -> Result<()> {
        let mut kept: BTreeMap<CommandId, Kept> = BTreeMap::new();
        for (id, given) in &talks.given {
            let answer = store.answer(&given.who, *id)?;
            let kind = Kind::of(&given.command).context("Read marks are not kept")?;
            let ends = self.figures.commands.entry(kind.name()).or_default();
            let ended = match answer.as_ref().map(|kept| &kept.answer) {
                Some(Ok(_)) => &mut ends.done,
                Some(Err(problem)) if problem.code == Code::NewerMessage => &mut ends.held,
                Some(Err(_)) => &mut ends.refused,
                None if matches!(given.told, Some(Told::Refused(_))) => &mut ends.refused,
                None => &mut ends.unsent,
            };
            *ended += 1;
            self.figures.by_the_program += u64::from(given.desk.is_none());
            self.figures.told += u64::from(given.told.is_some());
            kept.extend(answer.map(|answer| (*id, answer)));
        }
        let evidence = Evidence {
            given: &talks.given,
            kept: &kept,
            deactivated: &store.deactivated()?,
        };
        for life in lives {
            let Judged {
                commits,
                intervals,
                refusals,
                released,
            } = judge::judge(&evidence, life)?;
            self.figures.commits += commits;
            self.figures.audience_intervals += intervals;
            self.figures.refusals_judged += refusals;
            self.figures.observers_released += released;
        }
        Ok(())
    }

    /// Every panel shows what a fresh one of the same operator shows, and that is what they may see.
    /// Gives the fresh ones, by desk; none to those who were deactivated.
    async fn judge_panels(&mut self, lives: &[Life]) -> Result<Vec<Option<Fresh>>> {
        let judged = self
            .desks
            .iter()
            .map(|desk| Box::pin(self.judge_panel(desk, lives)));
        let fresh = try_join_all(judged).await?;
        for fresh in fresh.iter().flatten() {
            self.figures.compared += 1;
            self.figures.chats_compared += fresh.n_chats;
        }
        Ok(fresh)
    }

    async fn judge_panel(&self, desk: &Desk, lives: &[Life]) -> Result<Option<Fresh>> {
        let Colleague {
            operator,
            is_active,
            ..
        } = self.colleague(desk)?;
        if !is_active {
            return Ok(None);
        }
        let name = format!("{}-{}", desk.who, self.figures.runs);
        let dir = self.stage.office.panel_dir(&name);
        sign_in_again(&desk.dir, &dir)?;
        let seat = Seat::return_to(operator, &dir).await?;
        let by = format!("a fresh panel of {}", operator.login);
        seat.is_live().await.promised(&by)?;
        let view = View::of(&seat).await.promised(&by)?;
        view.judge(&by, &expected(lives, operator.id))?;
        judge_rest(&by, &view, lives, &self.program)?;
        let own = desk.seat.as_ref().context("Every panel is open")?;
        view.judge_same(&desk.by(), own).await?;
        Ok(Some(Fresh {
            dir,
            seat,
            n_chats: view.chats().count() as u64,
        }))
    }

    /// The program closes what is open, the fresh panels become the desks', and who left is replaced.
    async fn tidy(&mut self, talks: &Talks, fresh: Vec<Option<Fresh>>) -> Result<()> {
        let closes = talks.chats.iter().map(async |chat_id| {
            let close = Command::Close {
                chat_id: *chat_id,
                seen_place: Place(i64::MAX),
            };
            let answer = self.program.give(new_id(), close, None).await?;
            let is_closed = match &answer {
                Ok(_) => true,
                Err(problem) => problem.code == Code::WrongStatus,
            };
            must(is_closed, || {
                Finding::new("the program", "the chat to be closed", answer)
            })
        });
        try_join_all(closes).await?;
        let mut old = Vec::new();
        for (k, fresh) in fresh.into_iter().enumerate() {
            let new = match fresh {
                Some(Fresh { dir, seat, .. }) => (dir, seat),
                None => {
                    let role = *POSTS.get(k).context("A desk has a post")?;
                    let (who, dir, proxy, seat) = self.hires(role).await?;
                    let desk = self.desks.get_mut(k).context("It is there")?;
                    (desk.who, desk.proxy) = (who, proxy);
                    (dir, seat)
                }
            };
            let desk = self.desks.get_mut(k).context("It is there")?;
            let old_dir = std::mem::replace(&mut desk.dir, new.0);
            old.push((old_dir, desk.seat.replace(new.1)));
        }
        let leave = old.into_iter().map(async |(dir, seat)| {
            if let Some(seat) = seat {
                seat.leave().await;
            }
            fs::remove_dir_all(&dir).with_context(|| format!("Removing {}", dir.display()))
        });
        try_join_all(leave).await?;
        for seat in self.desks.iter().filter_map(|desk| desk.seat.as_ref()) {
            seat.is_live().await?;
            let is_empty = seat.sees("no chat", |now| listed(now).next().is_none().then_some(()));
            is_empty.await.promised("a panel after the close of all")?;
        }
        Ok(())
    }

    /// Closed chats have no observers.
    fn judge_end(&self, talks: &Talks, store: &Store) -> Result<()> {
        for life in store.lives(&talks.phones)? {
            let state = &life.state;
            let is_over = state.status == Status::Closed && state.observers.is_empty();
            must(is_over, || {
                Finding::new(
                    "the store",
                    "a closed chat that nobody observes",
                    &life.state,
                )
            })?;
            let open = life.audience.iter().find(|one| one.until_seq == i64::MAX);
            must(open.is_none(), || {
                Finding::new("the store", "a closed chat that nobody sees", open)
            })?;
        }
        Ok(())
    }

    async fn ended(self, end: Option<(Run, anyhow::Error)>) -> Result<Outcome> {
        let Self {
            stage,
            desks,
            figures,
            ..
        } = self;
        for seat in desks.into_iter().filter_map(|desk| desk.seat) {
            seat.leave().await;
        }
        let stopped = match end {
            Some((run, error)) => Some(stage.stopped(&run, error)),
            None => figures.too_few().map(|what| Stopped {
                k: figures.runs,
                error: anyhow::anyhow!("too little happened: {what}"),
                kept: None,
            }),
        };
        Outcome::new(&figures, stopped)
    }
}

/// Copies what a panel needs to be signed in, and nothing that it knows.
fn sign_in_again(from: &Path, to: &Path) -> Result<()> {
    let tokens = |dir: &Path| dir.join("tokens");
    let what = || format!("Signing in again in {}", to.display());
    fs::create_dir_all(tokens(to)).with_context(what)?;
    fs::copy(from.join("session.json"), to.join("session.json")).with_context(what)?;
    for token in fs::read_dir(tokens(from)).with_context(what)? {
        let token = token.with_context(what)?;
        fs::copy(token.path(), tokens(to).join(token.file_name())).with_context(what)?;
    }
    Ok(())
}

/// What an operator is to see.
fn expected(lives: &[Life], operator: OperatorId) -> BTreeMap<ChatId, Expected<'_>> {
    let shown = lives.iter().filter(|life| life.state.is_shown_to(operator));
    let expected = shown.map(|life| {
        let group = if life.state.status == Status::Queued {
            Group::Queued
        } else if life.state.is_owned_by(operator) {
            Group::InWork
        } else {
            Group::Observed
        };
        let expected = Expected {
            group,
            last_place: life.last_place().0,
            texts: life.texts().collect(),
        };
        (life.id, expected)
    });
    expected.collect()
}

/// What else a panel is to show: who takes part in each chat, what is known of its client, and
/// which programs there are.
fn judge_rest(by: &str, view: &View, lives: &[Life], program: &Integration) -> Result<()> {
    let ids: Vec<_> = view.integrations.iter().map(|one| one.id).collect();
    must(ids == [program.id], || {
        Finding::new(by, "the one program there is", &ids)
    })?;
    for (_, chat) in view.chats() {
        let row = &chat.row;
        let life = lives.iter().find(|life| life.id == row.id);
        let life = life.context("The chats are the same")?;
        let observers: BTreeSet<OperatorId> = row.observer_ids.iter().copied().collect();
        let state = &life.state;
        let given_name = life.given_name.as_deref();
        let is_same = row.status == state.status
            && row.owner_id == state.owner
            && row.former_owner_id == state.former_owner
            && observers == state.observers
            && row.waiting_since.is_some() == state.is_waiting
            && row.client.note == life.note
            && (given_name.is_none() || given_name == row.client.name.as_deref());
        must(is_same, || {
            Finding::new(by, format!("a chat with {state:?}"), row)
        })?;
    }
    Ok(())
}

fn new_id() -> CommandId {
    CommandId(Uuid::now_v7())
}

impl Figures {
    /// What of a proof was missing, so that nothing is proved by runs in which nothing happened.
    fn too_few(&self) -> Option<String> {
        let runs = self.runs;
        let none = Ends::default();
        let of = |kind: Kind| self.commands.get(kind.name()).unwrap_or(&none);
        let ends = self.commands.values();
        let refused: u64 = ends.clone().map(|ends| ends.refused).sum();
        let held: u64 = ends.clone().map(|ends| ends.held).sum();
        let asked: u64 = ends
            .map(|ends| ends.done + ends.refused + ends.held + ends.unsent)
            .sum();
        // On average so many in every run.
        let wanted = [
            ("cuts", self.cuts, 3 * runs),
            ("commands of the program", self.by_the_program, 15 * runs),
            ("commands whose authors were told", self.told, asked * 3 / 4),
            ("replies sent", self.replies_sent, 6 * runs),
            ("refused commands", refused, 15 * runs),
            ("held commands", held, runs),
            ("commits", self.commits, 60 * runs),
            ("intervals of audience", self.audience_intervals, 20 * runs),
            ("observers released", self.observers_released, runs / 2),
            ("panels compared", self.compared, 5 * runs),
            ("chats compared", self.chats_compared, 8 * runs),
            ("canaries", self.canaries, 20 * runs),
            ("bytes for the sandbox", self.bytes_sent, 5_000 * runs),
        ];
        let few = wanted.into_iter().find(|(_, n, least)| n < least);
        if let Some((what, n, least)) = few {
            return Some(format!("{n} {what}, {least} expected"));
        }
        // In a few runs something may be missing by chance.
        if runs < FEW {
            return None;
        }
        let rare = Kind::ALL.into_iter().find(|kind| {
            let Ends { done, refused, .. } = of(*kind);
            2 * done < runs || (kind.is_told() && 4 * refused < runs)
        });
        rare.map(|kind| format!("{:?} of {}", of(kind), kind.name()))
    }
}

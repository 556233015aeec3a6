//! `notify`: what an operator is told of, and what is taken back again.
//!
//! Four operators of different roles sit at six devices, behind networks of their own. Clients write,
//! colleagues mention, transfer, return, close and reopen, replies fail; operators look at chats and
//! away, read on one device what the other has not told yet, switch kinds off, want quiet, go away;
//! networks are cut, panels and the backend end and begin again.
//!
//! What each device announced, listed and took back is compared with a [`model`]. What comes within a
//! moment is told together, and the model cannot know what the moment was: so each part of a run ends
//! in a roll call, a comment that mentions everybody. Whoever has heard it knows all that came
//! before, and when they have told it, they have told all. What happened in between may have been
//! told together or in parts, but in no other way than the clock allows: something that a panel knew
//! before the time for telling had come was told with what was waiting.

mod model;
mod moves;
mod post;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pult_domain::{ChatId, CommandId, OperatorId, Place, Role};
use pult_protocol::{Alert, Command};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use self::model::{Chat, ChatNo, Line, Stands, What, Who, World};
use self::post::{Judged, Post};
use super::canary::Canaries;
use super::stage::Stage;
use super::{Counted, Outcome, Plan, Promised, Run, Stopped};
use crate::integration::Integration;
use crate::office::Operator;
use crate::phones::Phone;
use crate::until::until;

/// So many operators are told of things, and which of them have a second device.
const ROLES: [(Role, bool); 4] = [
    (Role::Operator, true),
    (Role::Operator, true),
    (Role::Operator, false),
    (Role::Supervisor, false),
];

/// Parts of a run, each with a roll call at its end.
const N_PARTS: std::ops::Range<u32> = 10..18;

/// Runs at a time, each in an office of its own: most of a run is waiting.
const N_AT_ONCE: usize = 10;

/// The time that an operator needs at least to go from one device to another: panels say how long ago
/// they were used in whole seconds.
const WAY: Duration = Duration::from_secs(2);

#[derive(Debug, Default, Serialize)]
struct Figures {
    runs: u64,
    parts: u64,
    /// What clients, colleagues and programs did.
    deeds: u64,
    /// Judgements of a device, and those of them in which time left only one answer.
    judged: u64,
    exact: u64,
    announced: u64,
    /// Announcements of many chats at once.
    summaries: u64,
    /// What stands in the list alone, or in a summary.
    quiet: u64,
    /// Banners that were taken back.
    cleared: u64,
    /// Times that somebody read on one device what the other had not told yet.
    read_elsewhere: u64,
    cuts: u64,
    /// Cuts of which it was waited until they were told.
    cuts_told: u64,
    panels_restarted: u64,
    restarts: u64,
    failed_replies: u64,
}

/// The office of one run with everybody in it.
struct Scene {
    stage: Stage,
    program: Integration,
    people: Vec<Operator>,
    posts: Vec<Post>,
    phones: BTreeMap<ChatNo, Phone>,
    /// Who holds the chat of the roll call.
    caller: Operator,
    chats: BTreeMap<ChatId, ChatNo>,
    world: World,
    figures: Figures,
    judged: Judged,
}

/// The chat of the roll call.
const ROLL_CALL: ChatNo = 0;

/// Makes the runs of a plan.
///
/// # Errors
/// When they cannot be made.
pub async fn prove(plan: &Plan) -> Result<Outcome> {
    let planted = plant(plan.bug.as_deref());
    let made = match planted {
        Ok(()) => super::several_at_once("notify", plan, N_AT_ONCE, |run| make(plan, run)).await,
        Err(error) => Err(error),
    };
    plant(None)?;
    made
}

/// The panels are to have a bug, or none.
#[cfg(feature = "trials")]
fn plant(bug: Option<&str>) -> Result<()> {
    // The backend may know it.
    pult_panel::trials::plant(bug);
    Ok(())
}

#[cfg(not(feature = "trials"))]
fn plant(bug: Option<&str>) -> Result<()> {
    match bug {
        Some(_) => bail!("bugs are planted by a program with the feature `trials`"),
        None => Ok(()),
    }
}

async fn make(plan: &Plan, mut run: Run) -> Result<(Figures, Option<Stopped>)> {
    let mut scene = Scene::open(plan, &mut run).await?;
    let made = scene.run(&mut run).await;
    for post in &mut scene.posts {
        if let Some(seat) = post.seat.take() {
            seat.leave().await;
        }
    }
    let Judged {
        announced,
        summaries,
        quiet,
        cleared,
        exact,
        judged,
    } = scene.judged;
    let figures = Figures {
        announced,
        summaries,
        quiet,
        cleared,
        exact,
        judged,
        ..scene.figures
    };
    let stopped = made.err().map(|error| scene.stage.stopped(&run, error));
    Ok((figures, stopped))
}

impl Scene {
    async fn open(plan: &Plan, run: &mut Run) -> Result<Self> {
        let stage = Stage::open(plan).await?;
        let office = &stage.office;
        let Run {
            chance, canaries, ..
        } = run;
        let program = office.integration(&canaries.text(chance)).await?;
        canaries.secret(&program.key);
        let mut login = || format!("{}-{}", canaries.text(chance), "caller");
        let caller = office.supervisor(&login(), &login()).await?;
        let mut people = Vec::new();
        for (role, _) in ROLES {
            let (login, name) = (canaries.text(chance), canaries.text(chance));
            people.push(office.colleague(&login, &name, role).await?);
        }
        let mut scene = Self {
            stage,
            program,
            people,
            posts: Vec::new(),
            phones: BTreeMap::new(),
            caller,
            chats: BTreeMap::new(),
            world: World::default(),
            figures: Figures::default(),
            judged: Judged::default(),
        };
        scene.begin(chance, canaries).await?;
        Ok(scene)
    }

    /// The chat of the roll call, which everybody observes, and everybody at their devices.
    async fn begin(&mut self, chance: &mut StdRng, canaries: &mut Canaries) -> Result<()> {
        let no = self.new_client(chance, canaries).await?;
        let chat_id = self.chat_id(no)?;
        let assign = Command::Assign {
            chat_id,
            to: self.caller.id,
            seen_place: Place(i64::MAX),
        };
        self.gives(assign, None).await?;
        let observe = Command::SetObservers {
            chat_id,
            observer_ids: self.people.iter().map(|one| one.id).collect(),
            seen_place: Place(i64::MAX),
        };
        self.gives(observe, None).await?;
        let caller = self.people.len();
        let chat = self.chat_mut(no)?;
        chat.stands = Stands::InWork(caller);
        chat.observers = (0..caller).collect();
        for second in [false, true] {
            for (who, (_, has_two)) in ROLES.iter().enumerate() {
                if second && !has_two {
                    continue;
                }
                let operator = self.people.get(who).context("They are there")?;
                let office = &self.stage.office;
                let dir = office.panel_dir(&format!("{who}-{}", u8::from(second)));
                let post = Post::take(who, operator, office.target(), dir, &self.world).await?;
                self.posts.push(post);
            }
        }
        // The second devices were opened right after the first ones.
        let mut firsts = Vec::new();
        for (who, _) in ROLES
            .iter()
            .enumerate()
            .filter(|(_, (_, has_two))| *has_two)
        {
            let of = self.posts.iter().enumerate();
            let of = of.filter(|(_, post)| post.model.who == who);
            firsts.extend(of.map(|(idx, _)| idx).choose(chance));
        }
        for idx in firsts {
            self.comes_to(idx).await?;
        }
        self.knows_first().await?;
        // What a device has found when it was opened is looked through, too, and is no news.
        self.roll_call(chance, canaries, |_| true).await
    }

    async fn run(&mut self, run: &mut Run) -> Result<()> {
        self.figures.runs = 1;
        let n = run.chance.random_range(N_PARTS);
        let restart_at = run
            .chance
            .random_bool(0.3)
            .then(|| run.chance.random_range(0..n));
        for k in 0..n {
            // Each part draws for itself, so that what happened before changes none after it.
            let mut chance: StdRng = rand::SeedableRng::seed_from_u64(run.chance.random());
            if Some(k) == restart_at {
                self.roll_call(&mut chance, &run.canaries, |_| true).await?;
                self.restarts().await?;
            }
            self.moves(&mut chance, &mut run.canaries).await?;
            let patience = chance.random_range(0.05..0.4);
            let idle: Vec<bool> = self
                .posts
                .iter()
                .map(|_| chance.random_bool(patience))
                .collect();
            self.roll_call(&mut chance, &run.canaries, |idx| {
                idle.get(idx).copied().unwrap_or(true)
            })
            .await?;
            self.figures.parts += 1;
        }
        for idx in 0..self.posts.len() {
            self.is_back(idx, false).await?;
        }
        self.knows_first().await?;
        self.roll_call(&mut run.chance, &run.canaries, |_| true)
            .await?;
        self.stage.judge_logs(&mut run.canaries)?;
        Ok(())
    }

    /// Everybody is mentioned. All devices that are there are waited for until they know it, and
    /// judged once they have told it; but of those that were not used last only those that are
    /// `asked`, since they wait long before they tell.
    async fn roll_call(
        &mut self,
        chance: &mut StdRng,
        canaries: &Canaries,
        asked: impl Fn(usize) -> bool,
    ) -> Result<()> {
        let said = canaries.hidden(chance);
        let (chat_id, begun) = (self.chat_id(ROLL_CALL)?, Instant::now());
        let comment = Command::Comment {
            chat_id,
            text: said.clone(),
            mentions: self.people.iter().map(|one| one.id).collect(),
            seen_place: Place(i64::MAX),
        };
        self.gives(comment, Some(self.caller.id)).await?;
        let everybody = (0..self.people.len()).collect();
        let caller = self.people.len();
        let comment = What::Comment(said.clone(), everybody);
        self.happened(ROLL_CALL, begun, Some(caller), [comment])?;
        let mut heard = Vec::new();
        for (idx, post) in self.posts.iter_mut().enumerate() {
            if post.is_online {
                heard.push((idx, post.hears(chat_id, &said).await?));
            }
        }
        for (idx, place) in heard {
            let post = self.posts.get_mut(idx).context("The device is there")?;
            if !post.is_second || asked(idx) {
                let roll_call = (chat_id, ROLL_CALL);
                post.judge(roll_call, place, &self.chats, &mut self.judged)
                    .await?;
            }
        }
        Ok(())
    }

    // --- what the world knows

    /// Something has happened in a chat, and all devices are to learn of it.
    fn happened(
        &mut self,
        no: ChatNo,
        begun: Instant,
        by: Option<Who>,
        what: impl IntoIterator<Item = What>,
    ) -> Result<()> {
        let lines = what.into_iter().map(|what| Line { what, by });
        self.chat_mut(no)?.lines.extend(lines);
        self.passes(begun);
        Ok(())
    }

    /// The world is another since then.
    fn passes(&mut self, begun: Instant) {
        let world = Arc::new(self.world.clone());
        for post in &mut self.posts {
            post.happens(&world, begun);
        }
    }

    fn chat_mut(&mut self, no: ChatNo) -> Result<&mut Chat> {
        self.world.chats.get_mut(no).context("The chat is there")
    }

    fn chat_id(&self, no: ChatNo) -> Result<ChatId> {
        let mut all = self.chats.iter();
        let found = all.find(|(_, other)| **other == no);
        found.map(|(id, _)| *id).context("The chat has an id")
    }

    fn id_of(&self, who: Who) -> Result<OperatorId> {
        let operator = self.people.get(who).context("They are there")?;
        Ok(operator.id)
    }

    fn post(&mut self, idx: usize) -> Result<&mut Post> {
        self.posts.get_mut(idx).context("The device is there")
    }

    /// The program asks for something, as itself or for somebody, and it is carried out.
    async fn gives(&mut self, command: Command, on_behalf_of: Option<OperatorId>) -> Result<()> {
        self.figures.deeds += 1;
        let id = CommandId(Uuid::now_v7());
        let answer = self.program.give(id, command, on_behalf_of).await?;
        match answer {
            Ok(_) => Ok(()),
            Err(problem) => bail!("a program is refused something: {:?}", problem.code),
        }
    }

    /// A client writes, who never wrote before.
    async fn new_client(&mut self, chance: &mut StdRng, canaries: &mut Canaries) -> Result<ChatNo> {
        let (number, name) = (canaries.number(), canaries.text(chance));
        let begun = Instant::now();
        let phones = &self.stage.office.phones;
        let phone = phones.client(&number, &name, true).await?;
        let text = canaries.text(chance);
        phone.write(&text).await?;
        phones.idle().await.promised("the sandbox")?;
        let dir = self.stage.office.dir();
        let stored = until("the client's chat in the store", async || {
            let chats = super::records::chats(dir).ok()?;
            chats
                .into_iter()
                .find(|chat| chat.number.as_ref() == Some(&number))
        });
        let stored = stored.await.promised("the store")?;
        let no = self.world.chats.len();
        self.chats.insert(stored.id, no);
        self.phones.insert(no, phone);
        let mut chat = Chat::new();
        chat.stands = Stands::Queued;
        self.world.chats.push(chat);
        self.figures.deeds += 1;
        self.happened(no, begun, None, [What::Queued, What::Client(text)])?;
        Ok(no)
    }

    // --- devices

    /// Their operator comes to a device.
    async fn comes_to(&mut self, idx: usize) -> Result<()> {
        let who = self.post(idx)?.model.who;
        let others = self.posts.iter().enumerate();
        let used = others
            .filter(|(other, post)| *other != idx && post.model.who == who)
            .map(|(_, post)| post.used_at)
            .max();
        if let Some(used) = used {
            sleep_until(used + WAY).await;
        }
        let post = self.post(idx)?;
        post.used_at = Instant::now();
        if let Some(seat) = &post.seat {
            seat.panel.used(Duration::ZERO);
        }
        Ok(())
    }

    /// Waits until all devices know whether they were used last.
    async fn knows_first(&mut self) -> Result<()> {
        for idx in 0..self.posts.len() {
            let post = self.post(idx)?;
            let (who, used_at) = (post.model.who, post.used_at);
            let is_later =
                |other: &Post| other.model.who == who && other.is_online && other.used_at > used_at;
            let is_second = self.posts.iter().any(is_later);
            let post = self.post(idx)?;
            post.is_second = is_second;
            if !post.is_online {
                continue;
            }
            let panel = &post.seat()?.panel;
            let known = until("a device to know whether it was used last", async || {
                (panel.is_first().ok()? != is_second).then_some(())
            });
            known.await.promised(&post.by())?;
        }
        Ok(())
    }
}

/// A way of telling a kind, with a sound and also in front.
const fn alert(banner: bool) -> Alert {
    Alert {
        banner,
        sound: true,
        badge: false,
        in_front: true,
        repeat_s: None,
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
            ("deeds", self.deeds, 20 * runs),
            ("judgements", self.judged, 40 * runs),
            ("exact judgements", self.exact, self.judged * 6 / 10),
            ("announcements", self.announced, 60 * runs),
            ("quiet lines", self.quiet, 10 * runs),
            ("banners taken back", self.cleared, 40 * runs),
            ("summaries", self.summaries, runs / 2),
            ("reads elsewhere", self.read_elsewhere, runs / 2),
            ("cuts", self.cuts, runs / 2),
            ("panels restarted", self.panels_restarted, runs / 2),
            ("failed replies", self.failed_replies, runs / 4),
        ];
        let few = wanted.iter().find(|(_, n, least)| n < least);
        few.map(|(what, n, least)| format!("{n} {what}, {least} expected"))
    }

    fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.parts += other.parts;
        self.deeds += other.deeds;
        self.judged += other.judged;
        self.exact += other.exact;
        self.announced += other.announced;
        self.summaries += other.summaries;
        self.quiet += other.quiet;
        self.cleared += other.cleared;
        self.read_elsewhere += other.read_elsewhere;
        self.cuts += other.cuts;
        self.cuts_told += other.cuts_told;
        self.panels_restarted += other.panels_restarted;
        self.restarts += other.restarts;
        self.failed_replies += other.failed_replies;
    }
}

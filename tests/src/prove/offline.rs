//! `offline`: without a network an operator starts the panel, reads, searches and writes.
//!
//! Ten replies in three chats, and the panel, a process of its own, is killed at any point of that,
//! and sometimes again while they go out. Whoever returns looks what is there of the text that was
//! being written, and goes on. Once there is a network the ten have reached the clients, in each chat
//! in the order in which they were written, each posted once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use pult_domain::ChatId;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::canary::Canaries;
use super::stage::Stage;
use super::{Finding, Outcome, Plan, Promised, Run, Stopped, must, progress};
use crate::office::Operator;
use crate::panels::Seat;
use crate::phones::Phone;
use crate::proxy::{Network, Proxy};
use crate::sitter::{Deed, Sitter};
use crate::until::until;

/// Chats in which somebody writes, and replies in all of them.
const N_CHATS: usize = 3;
const N_REPLIES: usize = 10;

/// How long after a reply was begun the panel is killed at most.
const SOON: Duration = Duration::from_millis(8);

/// How long after the network is back it is killed at most.
const WHILE_SENDING: Duration = Duration::from_millis(400);

#[derive(Debug, Default, Serialize)]
struct Figures {
    runs: u64,
    replies: u64,
    /// Messages that were read, and words that were found, without a network.
    read: u64,
    found: u64,
    /// Panels that were killed, while a reply was being written and while they went out.
    killed_writing: u64,
    killed_sending: u64,
    /// Of the replies that were being written then those that were kept, and those that were not.
    kept: u64,
    written_again: u64,
}

/// The office, and one operator behind a network that can be cut.
struct Scene {
    stage: Stage,
    proxy: Proxy,
    operator: Operator,
    dir: PathBuf,
    figures: Figures,
}

/// A client's chat, what they wrote, and what was written to them, in its order.
struct Talk {
    phone: Phone,
    chat_id: ChatId,
    asked: Vec<String>,
    written: Vec<String>,
}

/// Makes the runs of a plan.
///
/// # Errors
/// When they cannot be made.
pub async fn prove(plan: &Plan) -> Result<Outcome> {
    let mut scene = Scene::open(plan).await?;
    for mut run in plan.runs() {
        if let Err(error) = scene.run(&mut run).await {
            let Scene { stage, figures, .. } = scene;
            return Outcome::new(&figures, Some(stage.stopped(&run, error)));
        }
        scene.figures.runs += 1;
        if scene.figures.runs.is_multiple_of(10) {
            progress(&format!("offline: {} runs", scene.figures.runs));
        }
    }
    let figures = scene.figures;
    let stopped = figures.too_few(plan).map(|what| Stopped {
        k: figures.runs,
        error: anyhow::anyhow!("too little happened: {what}"),
        kept: None,
    });
    Outcome::new(&figures, stopped)
}

impl Figures {
    /// What was missing, so that nothing is proved by runs in which nothing was killed.
    fn too_few(&self, plan: &Plan) -> Option<String> {
        let n = self.killed_writing;
        let is_proof = plan.only.is_none() && self.runs >= 20;
        (is_proof && (n < self.runs / 2 || self.killed_sending == 0))
            .then(|| format!("{n} panels were killed while somebody wrote"))
    }
}

impl Scene {
    async fn open(plan: &Plan) -> Result<Self> {
        let stage = Stage::open(plan).await?;
        let office = &stage.office;
        let pace = json!({ "sent_ms": 0, "delivered_ms": 0 });
        let settings = office
            .phones
            .control(Method::PATCH, "settings", Some(pace))
            .await?;
        drop::<Value>(settings);
        let operator = office.operator("canary-operator", "canary-name").await?;
        let proxy = Proxy::to(office.target()).await?;
        let dir = office.panel_dir("canary-operator");
        let seat = Seat::take(&operator, &proxy.address(), &dir).await?;
        seat.leave().await;
        Ok(Self {
            stage,
            proxy,
            operator,
            dir,
            figures: Figures::default(),
        })
    }

    async fn run(&mut self, run: &mut Run) -> Result<()> {
        let Run {
            chance, canaries, ..
        } = run;
        let mut talks = self.clients_write(chance, canaries).await?;

        self.proxy.becomes(Network::Cut);
        let mut panel = self.sits().await?;
        self.looks(&mut panel, &talks, chance).await?;
        let kill_at = chance.random_range(0..N_REPLIES);
        for n in 0..N_REPLIES {
            let talk = chance.random_range(0..talks.len());
            let talk = talks.get_mut(talk).context("A chat")?;
            let text = canaries.text(chance);
            let write = Deed::Write(talk.chat_id, text.clone());
            if n == kill_at {
                panel.begins(&write).await?;
                tokio::time::sleep(SOON.mul_f64(chance.random())).await;
                panel.is_killed().await?;
                self.figures.killed_writing += 1;
                panel = self.sits().await?;
                self.returns(&mut panel, talk, &text, &write).await?;
            } else {
                panel.does(&write).await.promised("the panel")?;
            }
            talk.written.push(text);
            self.figures.replies += 1;
        }
        for talk in &talks {
            let waiting = panel.does(&Deed::Waiting(talk.chat_id)).await?;
            must(waiting == json!(talk.written), || {
                Finding::new("the panel", format!("waiting: {:?}", talk.written), waiting)
            })?;
        }

        self.proxy.becomes(Network::Carries);
        panel.does(&Deed::Connect).await?;
        if chance.random_bool(0.5) {
            tokio::time::sleep(WHILE_SENDING.mul_f64(chance.random())).await;
            panel.is_killed().await?;
            self.figures.killed_sending += 1;
            panel = self.sits().await?;
        }
        self.judge(&talks).await?;
        panel.leaves().await?;
        self.stage.judge_logs(canaries)?;
        Ok(())
    }

    /// New clients write, and their chats come to the panel while there is a network.
    async fn clients_write(
        &self,
        chance: &mut StdRng,
        canaries: &mut Canaries,
    ) -> Result<Vec<Talk>> {
        let mut talks = Vec::new();
        let seat = Seat::return_to(&self.operator, &self.dir).await?;
        for _ in 0..N_CHATS {
            let (number, name) = (canaries.number(), canaries.text(chance));
            let phone = self.stage.office.phones.client(&number, &name, false);
            let phone = phone.await?;
            let n = chance.random_range(1..=4);
            let asked: Vec<String> = (0..n).map(|_| canaries.text(chance)).collect();
            for text in &asked {
                phone.write(text).await?;
                // Deliveries may overtake each other.
                self.stage.office.phones.idle().await?;
            }
            let chat_id = seat.sees_queued(&name).await?;
            talks.push(Talk {
                phone,
                chat_id,
                asked,
                written: Vec::new(),
            });
        }
        // What came last is here, and can be found.
        for talk in &talks {
            let last = talk.asked.last().context("Somebody wrote")?.clone();
            let query = pult_panel::view::SearchQuery {
                text: last,
                ..Default::default()
            };
            until("what came can be found", async || {
                let found = seat.panel.search(query.clone()).await.ok()?;
                (!found.entries.is_empty()).then_some(())
            })
            .await
            .promised("the panel")?;
        }
        seat.leave().await;
        Ok(talks)
    }

    /// The panel is started. What was killed holds its folder for a moment.
    async fn sits(&self) -> Result<Sitter> {
        let sits = until("a panel that starts", async || {
            Sitter::sit(&self.dir).await.ok()
        });
        sits.await.promised("the panel")
    }

    /// Everything that is held is read and found.
    async fn looks(
        &mut self,
        panel: &mut Sitter,
        talks: &[Talk],
        chance: &mut StdRng,
    ) -> Result<()> {
        for talk in talks {
            let read = panel.does(&Deed::Read(talk.chat_id)).await?;
            must(read == json!(talk.asked), || {
                Finding::new("the panel", format!("to read {:?}", talk.asked), read)
            })?;
            self.figures.read += talk.asked.len() as u64;
            let text = talk.asked.choose(chance).context("Somebody wrote")?;
            let found = panel.does(&Deed::Search(text.clone())).await?;
            must(found == json!([talk.chat_id]), || {
                Finding::new("the panel", format!("to find {text}"), found)
            })?;
            self.figures.found += 1;
        }
        Ok(())
    }

    /// Whoever returns sees whether the text that was being written is there, and writes it again if it
    /// is not.
    async fn returns(
        &mut self,
        panel: &mut Sitter,
        talk: &Talk,
        text: &str,
        write: &Deed,
    ) -> Result<()> {
        let waiting = panel.does(&Deed::Waiting(talk.chat_id)).await?;
        let mut kept = talk.written.clone();
        if waiting == json!(kept) {
            panel.does(write).await.promised("the panel")?;
            self.figures.written_again += 1;
            return Ok(());
        }
        kept.push(text.to_owned());
        self.figures.kept += 1;
        must(waiting == json!(kept), || {
            Finding::new("the panel", format!("waiting: {kept:?}"), waiting)
        })
    }

    /// Each client has what was written to them, in its order and once.
    async fn judge(&self, talks: &[Talk]) -> Result<()> {
        for talk in talks {
            if let Some(last) = talk.written.last() {
                talk.phone.receives(last).await.promised("a phone")?;
            }
        }
        self.stage
            .office
            .phones
            .idle()
            .await
            .promised("the sandbox")?;
        for talk in talks {
            let received = talk.phone.received(0, Duration::ZERO).await?;
            let posts: BTreeMap<u64, u64> = received.iter().map(|one| (one.n, one.posts)).collect();
            must(posts.values().all(|posts| *posts == 1), || {
                Finding::new("a phone", "each posted once", &received)
            })?;
            let texts: Vec<_> = received.iter().filter_map(|one| one.text.clone()).collect();
            must(texts == talk.written, || {
                let expected = format!("in their order {:?}", talk.written);
                Finding::new("a phone", expected, &texts)
            })?;
        }
        Ok(())
    }
}

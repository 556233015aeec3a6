//! `race`: two to eight operators answer one queued chat at once.
//!
//! A new client writes, and the operators, held at a barrier, answer over the socket and over REST,
//! each with a text of their own. One answer is to be carried out and to reach the client once;
//! everybody else is to be refused with the name of who was first.
//!
//! A race that one command has won before the next one arrives is none. So the backend's log is
//! asked how many had reached it before the first answer left, and a proof in which too few races
//! were close counts for nothing.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use pult_domain::{ChatId, CommandId, OperatorId, Place, Status};
use pult_protocol::{ChatRow, Code, Command, EntryBody, EntryRow, GoneWhy, Notice};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IteratorRandom, SliceRandom};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::canary::Canaries;
use super::stage::{Stage, lines};
use super::{Finding, Outcome, Plan, Promised, Run, Stopped, must};
use crate::panels::Seat;
use crate::peer::{Answer, Peer, Ready, Told, Way};
use crate::phones::Phone;

/// Operators in the office; two of them or more race.
const N_OPERATORS: usize = 8;

/// Of them have a real panel open as well, and watch.
const N_PANELS: usize = 3;

/// How many races must have been close, in percent.
const CLOSE_ENOUGH: u64 = 80;

/// How often a command goes over the socket rather than over REST.
const BY_SOCKET: f64 = 0.7;

#[derive(Debug, Default, Serialize)]
struct Figures {
    runs: u64,
    commands: u64,
    over_rest: u64,
    /// Races in which at least two commands had reached the backend before the first answer left.
    close: u64,
    close_percent: u64,
    refused: u64,
    won_by_rest: u64,
}

impl Figures {
    /// Those of one race.
    fn of(finishes: &[Finish<'_>], winner: &Finish<'_>) -> Self {
        let of = |way| finishes.iter().filter(|finish| finish.way == way).count();
        Self {
            runs: 1,
            commands: finishes.len() as u64,
            over_rest: of(Way::Rest) as u64,
            refused: finishes.len() as u64 - 1,
            won_by_rest: u64::from(winner.way == Way::Rest),
            ..Self::default()
        }
    }

    const fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.commands += other.commands;
        self.over_rest += other.over_rest;
        self.refused += other.refused;
        self.won_by_rest += other.won_by_rest;
    }
}

/// The office with everybody in it.
struct Race {
    stage: Stage,
    peers: Vec<Peer>,
    seats: Vec<Seat>,
    figures: Figures,
    /// Each client's phone, and the one text that it may have.
    phones: Vec<(Phone, String)>,
}

/// Who takes part in one race, with what.
struct Contestant<'a> {
    peer: &'a Peer,
    id: CommandId,
    text: String,
    way: Way,
    ready: Ready,
}

/// How it ended for one of them.
struct Finish<'a> {
    peer: &'a Peer,
    id: CommandId,
    text: String,
    way: Way,
    answer: Answer,
}

/// Makes the runs of a plan.
///
/// # Errors
/// When they cannot be made.
pub async fn prove(plan: &Plan) -> Result<Outcome> {
    let mut race = Race::open(plan).await?;
    let mut last = None;
    for mut run in plan.runs() {
        if let Err(error) = race.run(&mut run).await {
            return race.ended(Some((run, error))).await;
        }
        last = Some(run);
    }
    let end = match last {
        Some(run) => race.judge_end().await.err().map(|error| (run, error)),
        None => None,
    };
    race.ended(end).await
}

impl Race {
    async fn open(plan: &Plan) -> Result<Self> {
        let stage = Stage::open(plan).await?;
        let office = &stage.office;
        // Ticks are not what this is about, and every run waits for them.
        let pace = json!({ "sent_ms": 0, "delivered_ms": 0 });
        let settings = office
            .phones
            .control(Method::PATCH, "settings", Some(pace))
            .await?;
        drop::<Value>(settings);
        let (mut peers, mut seats) = (Vec::new(), Vec::new());
        for n in 0..N_OPERATORS {
            let login = format!("canary-operator-{n}");
            let operator = office.operator(&login, &format!("canary-name-{n}")).await?;
            peers.push(Peer::connect(&operator, office.address()).await?);
            if n < N_PANELS {
                let dir = office.panel_dir(&login);
                let seat = Seat::take(&operator, office.address(), &dir).await?;
                seat.is_live().await?;
                seats.push(seat);
            }
        }
        Ok(Self {
            stage,
            peers,
            seats,
            figures: Figures::default(),
            phones: Vec::new(),
        })
    }

    async fn run(&mut self, run: &mut Run) -> Result<()> {
        let (phone, chat_id) = self.new_chat(run).await?;
        let Run {
            k,
            chance,
            canaries,
        } = run;
        let contestants = self.contestants(chance, canaries, chat_id)?;
        let finishes = start(contestants).await?;
        let winner = judge_answers(&finishes)?;
        self.judge_feeds(chat_id, winner).await?;
        self.judge_panels(&phone.name, winner).await?;
        judge_phone(&phone, &winner.text).await?;
        self.judge_store(chat_id, winner).await?;

        let ids: BTreeSet<CommandId> = finishes.iter().map(|finish| finish.id).collect();
        let tally = Figures::of(&finishes, winner);
        let text = winner.text.clone();
        close(winner.peer, chat_id).await?;
        for peer in &self.peers {
            let is_gone = |told: &Told| told.gone.is_some();
            let left = peer.hears("the closed chat gone", |chats| {
                chats.get(&chat_id).filter(|told| is_gone(told)).map(|_| ())
            });
            left.await.promised("a live feed")?;
            peer.forget(chat_id);
        }
        self.phones.push((phone, text));
        let logs = self.stage.judge_logs(canaries)?;
        self.figures.add(&tally);
        self.figures.close += u64::from(was_close(&logs.backend, &ids));
        if k.is_multiple_of(100) {
            let Figures { close, .. } = self.figures;
            super::progress(&format!("race: run {k}, {close} close so far"));
        }
        Ok(())
    }

    /// A client like no other writes, and everybody sees it.
    async fn new_chat(&self, run: &mut Run) -> Result<(Phone, ChatId)> {
        let Run {
            chance, canaries, ..
        } = run;
        let (name, question) = (canaries.text(chance), canaries.text(chance));
        for peer in &self.peers {
            canaries.secret(&peer.token.0);
        }
        let phones = &self.stage.office.phones;
        let phone = phones.client(&canaries.number(), &name, false).await?;
        phone.write(&question).await?;
        let is_there = |told: &Told| {
            let is_theirs = |row: &ChatRow| row.client.name.as_ref() == Some(&name);
            told.row.as_ref().is_some_and(is_theirs) && !told.entries.is_empty()
        };
        let sees = self.peers.iter().map(|peer| {
            peer.hears("a new chat in the queue", |chats| {
                let found = chats.iter().find(|(_, told)| is_there(told));
                found.map(|(chat_id, _)| *chat_id)
            })
        });
        let seen: Vec<ChatId> = try_join_all(sees).await.promised("a live feed")?;
        for seat in &self.seats {
            seat.sees_queued(&name).await.promised("a panel")?;
        }
        Ok((phone, *seen.first().context("Somebody looks")?))
    }

    fn contestants(
        &self,
        chance: &mut StdRng,
        canaries: &Canaries,
        chat_id: ChatId,
    ) -> Result<Vec<Contestant<'_>>> {
        let n = chance.random_range(2..=self.peers.len());
        let mut chosen: Vec<&Peer> = self.peers.iter().sample(chance, n);
        chosen.shuffle(chance);
        let ready = chosen.into_iter().map(|peer| {
            let way = if chance.random_bool(BY_SOCKET) {
                Way::Socket
            } else {
                Way::Rest
            };
            let text = canaries.text(chance);
            let reply = Command::Reply {
                chat_id,
                text: text.clone(),
                seen_place: newest(&peer.told(chat_id)),
            };
            let (id, ready) = peer.ready(reply, way)?;
            Ok(Contestant {
                peer,
                id,
                text,
                way,
                ready,
            })
        });
        ready.collect()
    }

    /// Every feed says the same: the winner owns the chat with their text in it, nobody else sees it.
    async fn judge_feeds(&self, chat_id: ChatId, winner: &Finish<'_>) -> Result<()> {
        for peer in &self.peers {
            let login = &peer.operator.login;
            let by = format!("the live feed of {login}");
            let is_winner = peer.operator.id == winner.peer.operator.id;
            let ends = |chats: &HashMap<ChatId, Told>| {
                let told = chats.get(&chat_id)?;
                let has_entry = told
                    .entries
                    .values()
                    .any(|entry| entry.command_id == Some(winner.id));
                let is_over = if is_winner {
                    has_entry
                } else {
                    told.gone.is_some()
                };
                is_over.then(|| told.clone())
            };
            let told = peer.hears("the end of the race", ends).await;
            let told = told.promised(&by)?;
            if is_winner {
                let row = told.row.as_ref();
                let is_owner = |row: &ChatRow| {
                    row.owner_id == Some(peer.operator.id) && row.status == Status::InWork
                };
                must(row.is_some_and(is_owner), || {
                    let owner = row.map(|row| (row.owner_id, row.status));
                    Finding::new(&*by, "the winner to own the chat", owner)
                })?;
                let entries: Vec<EntryRow> = told.entries.into_values().collect();
                judge_entries(&by, &entries, winner)?;
            } else {
                must(told.gone == Some(GoneWhy::Lost), || {
                    Finding::new(&*by, "the chat to be lost", told.gone)
                })?;
            }
        }
        Ok(())
    }

    async fn judge_panels(&self, name: &str, winner: &Finish<'_>) -> Result<()> {
        for seat in &self.seats {
            let by = format!("the panel of {}", seat.operator.login);
            if seat.operator.id == winner.peer.operator.id {
                let chat_id = seat.sees_in_work(name).await.promised(&by)?;
                let seen = seat.sees_in(chat_id, "the answer", |timeline| {
                    crate::panels::outbound(timeline, &winner.text).map(|_| ())
                });
                seen.await.promised(&by)?;
            } else {
                seat.loses(name).await.promised(&by)?;
            }
        }
        Ok(())
    }

    /// The store has one answer and one owner, and shows them to nobody else.
    async fn judge_store(&self, chat_id: ChatId, winner: &Finish<'_>) -> Result<()> {
        for peer in &self.peers {
            let by = format!("the store, asked by {}", peer.operator.login);
            let history = peer.history(chat_id).await.promised(&by)?;
            if peer.operator.id == winner.peer.operator.id {
                let entries = history.unwrap_or_default();
                judge_entries(&by, &entries, winner)?;
            } else {
                must(history.is_none(), || {
                    Finding::new(&*by, "no such chat", "its history")
                })?;
            }
        }
        Ok(())
    }

    /// Once all is quiet, nothing has come after the races either.
    async fn judge_end(&self) -> Result<()> {
        let phones = &self.stage.office.phones;
        phones.idle().await.promised("the sandbox")?;
        for (phone, text) in &self.phones {
            judge_phone(phone, text).await?;
        }
        Ok(())
    }

    async fn ended(self, end: Option<(Run, anyhow::Error)>) -> Result<Outcome> {
        let Self {
            stage,
            seats,
            mut figures,
            ..
        } = self;
        for seat in seats {
            seat.leave().await;
        }
        let Figures { runs, close, .. } = figures;
        figures.close_percent = (close * 100).checked_div(runs).unwrap_or(0);
        let stopped = match end {
            Some((run, error)) => Some(stage.stopped(&run, error)),
            None if figures.close_percent < CLOSE_ENOUGH => Some(Stopped {
                k: runs,
                error: anyhow::anyhow!("only {} % of the races were close", figures.close_percent),
                kept: None,
            }),
            None => None,
        };
        Outcome::new(&figures, stopped)
    }
}

fn newest(told: &Told) -> Place {
    let newest = told.entries.keys().next_back();
    Place(newest.copied().unwrap_or_default())
}

/// Lets everybody go at once, and waits until everybody has an answer.
async fn start(contestants: Vec<Contestant<'_>>) -> Result<Vec<Finish<'_>>> {
    let barrier = Barrier::new(contestants.len());
    let all = contestants.into_iter().map(async |contestant| {
        let Contestant {
            peer,
            id,
            text,
            way,
            ready,
        } = contestant;
        barrier.wait().await;
        let answer = peer.give(ready).await;
        let answer = answer.promised(&format!("the connection of {}", peer.operator.login))?;
        anyhow::Ok(Finish {
            peer,
            id,
            text,
            way,
            answer,
        })
    });
    try_join_all(all).await
}

/// One was carried out, and everybody else was told whose the chat is.
fn judge_answers<'a, 'b>(finishes: &'a [Finish<'b>]) -> Result<&'a Finish<'b>> {
    let winners: Vec<&Finish<'b>> = finishes
        .iter()
        .filter(|finish| finish.answer.is_ok())
        .collect();
    let [winner] = winners.as_slice() else {
        let logins: Vec<&str> = winners
            .iter()
            .map(|finish| finish.peer.operator.login.as_str())
            .collect();
        return Err(Finding::new("the answers", "exactly one reply carried out", logins).into());
    };
    for finish in finishes {
        let Err(problem) = &finish.answer else {
            continue;
        };
        let owner = problem.details.get("owner").cloned();
        let owner: Option<OperatorId> = owner.and_then(|owner| serde_json::from_value(owner).ok());
        let is_told = problem.code == Code::ChatTaken && owner == Some(winner.peer.operator.id);
        must(is_told, || {
            let by = format!("the answer to {}", finish.peer.operator.login);
            Finding::new(by, "chat_taken with the winner's id", problem)
        })?;
    }
    Ok(winner)
}

/// The phone has the winner's text and nothing else, posted and taken once.
async fn judge_phone(phone: &Phone, text: &str) -> Result<()> {
    const BY: &str = "the phone";
    phone.receives(text).await.promised(BY)?;
    let all = phone.received(0, Duration::ZERO).await?;
    let is_it = match all.as_slice() {
        [only] => only.text.as_deref() == Some(text) && only.posts == 1 && only.copies == 1,
        _ => false,
    };
    must(is_it, || {
        Finding::new(BY, "the winner's text alone, once", &all)
    })
}

/// The history has one answer, the winner's, and one notice of the taking, after the question.
fn judge_entries(by: &str, entries: &[EntryRow], winner: &Finish<'_>) -> Result<()> {
    let me = winner.peer.operator.id;
    let (mut n_answers, mut n_taken) = (0, 0);
    for entry in entries {
        match &entry.body {
            EntryBody::Outbound { text, .. } => {
                n_answers += 1;
                let is_mine = *text == winner.text
                    && entry.author_id == Some(me)
                    && entry.command_id == Some(winner.id);
                must(is_mine, || {
                    Finding::new(by, "only the winner's answer", entry)
                })?;
            }
            EntryBody::Notice { notice } => {
                n_taken += u32::from(*notice == Notice::Taken { by: me });
            }
            EntryBody::Inbound { .. }
            | EntryBody::InboundPlaceholder { .. }
            | EntryBody::Comment { .. } => {}
        }
    }
    must((n_answers, n_taken) == (1, 1), || {
        Finding::new(by, "one answer and one taking", (n_answers, n_taken))
    })?;
    let places = entries.iter().map(|entry| entry.place.0);
    let n = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    must(places.eq(1..=n), || {
        Finding::new(by, "places without holes", entries.len())
    })
}

/// The winner closes the chat, so that lists stay short however many runs there are.
async fn close(winner: &Peer, chat_id: ChatId) -> Result<()> {
    let seen_place = newest(&winner.told(chat_id));
    let close = Command::Close {
        chat_id,
        seen_place,
    };
    let (_, ready) = winner.ready(close, Way::Socket)?;
    let answer = winner.give(ready).await?;
    must(answer.is_ok(), || {
        Finding::new("the answer to the winner", "the chat to be closed", &answer)
    })
}

/// Whether at least two of the commands had reached the backend before the first answer left.
fn was_close(log: &str, ids: &BTreeSet<CommandId>) -> bool {
    let mut n_taken = 0;
    for line in lines(log) {
        let id = line.field("command.id").and_then(|id| id.parse().ok());
        if !id.is_some_and(|id| ids.contains(&id)) {
            continue;
        }
        match line.field("message") {
            Some("A command was taken") => n_taken += 1,
            Some("A command is answered") => return n_taken >= 2,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{BTreeSet, CommandId, json, was_close};

    fn line(what: &str, id: CommandId) -> String {
        json!({ "fields": { "message": what, "command.id": id.to_string() } }).to_string()
    }

    #[test]
    fn a_race_is_close_if_two_had_arrived_before_the_first_was_answered() {
        let [one, other] = [1, 2].map(|n| CommandId(uuid::Uuid::from_u128(n)));
        let ids = BTreeSet::from([one, other]);
        let taken = |id| line("A command was taken", id);
        let answered = line("A command is answered", one);
        let close = [taken(one), taken(other), answered.clone()].join("\n");
        let won = [taken(one), answered, taken(other)].join("\n");
        assert!(was_close(&close, &ids));
        assert!(!was_close(&won, &ids));
        assert!(!was_close("no JSON", &ids));
    }
}

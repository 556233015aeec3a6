//! The connection to the backend: one task per session, from its start to its end.
//!
//! It keeps trying, takes the feed in, sends what is in the outbox and takes the answers. It is
//! the only place that knows frames. Whatever goes wrong with a connection ends that connection
//! alone: what was not answered is sent again over the next one, under the same ids.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use pult_domain::{ChatId, CommandId};
use pult_protocol::{
    BackendFrame, Changes, Code, Command, CommandEnvelope, Cursor, DraftGiven, HEARTBEAT_MS,
    LEASE_MS, MAX_FRAME_BYTES, PROTOCOL, PanelFrame, Problem, RENEWALS_OF_LEASE, Row,
    WATCH_INTERVAL_MS, Watch,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};
use uuid::Uuid;

use crate::cache;
use crate::clock;
use crate::drafts::Composer;
use crate::outbox::Mark;
use crate::rest::causes;
use crate::session::{Page, Session, is_passing};
use crate::storage::StorageError;
use crate::view::Connection;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const HEARTBEAT: Duration = Duration::from_millis(HEARTBEAT_MS);
/// No word for so long means that the connection is dead.
const SILENCE: Duration = Duration::from_millis(HEARTBEAT_MS.saturating_mul(3));
/// Within this time the backend must have said welcome.
const WELCOME: Duration = Duration::from_secs(15);
/// The first try after a loss comes within this time, at random: not all panels at once.
const FIRST_DELAY: Duration = Duration::from_millis(1_500);
/// The backend does not act on it more often.
const WATCH_INTERVAL: Duration = Duration::from_millis(WATCH_INTERVAL_MS);
const MAX_DELAY: Duration = Duration::from_secs(30);
/// Until it is tried again whether there is room on the disk for what the backend has.
const ROOM_PAUSE: Duration = Duration::from_secs(5);
/// Between two marks of one chat. What is read meanwhile is in the second one.
const MARK_PAUSE: Duration = Duration::from_secs(1);

/// What the connection needs besides the session.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) device: String,
    pub(crate) tls: Arc<rustls::ClientConfig>,
}

/// Why no further try is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The session was closed here.
    Closed,
    /// The backend does not take the token any more.
    SignedOut,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("{}", causes(.0))]
    Socket(#[from] tungstenite::Error),
    #[error("{0}")]
    Storage(#[from] StorageError),
    #[error("nothing was heard for too long")]
    Silence,
    #[error("the backend closed the connection")]
    Closed,
    #[error("the backend sent what cannot be understood")]
    Malformed,
    #[error("the cache was rebuilt")]
    CacheRebuilt,
    #[error("the backend stopped this version")]
    Refused(Problem),
    #[error("the token is no longer taken")]
    SignedOut,
}

impl Lost {
    /// Whether what came could not be written.
    fn is_disk_trouble(&self) -> bool {
        matches!(self, Self::Storage(error) if error.is_disk_trouble())
    }
}

/// Keeps the session connected until it ends.
pub(crate) async fn run(session: Arc<Session>, link: Link) -> End {
    let ended = session.ended.clone();
    ended
        .run_until_cancelled(keep_connected(&session, &link))
        .await
        .unwrap_or(End::Closed)
}

async fn keep_connected(session: &Arc<Session>, link: &Link) -> End {
    let mut since = clock::now();
    let mut n_failures: u32 = 0;
    let mut n_rebuilt: u32 = 0;
    loop {
        session.try_connection(Connection::Connecting { since });
        let mut was_welcome = false;
        let lost = match connect(session, link).await {
            Ok(connected) => connected.serve(&mut was_welcome).await,
            Err(lost) => lost,
        };
        if was_welcome {
            since = clock::now();
            n_failures = 0;
        }
        tracing::info!(reason = %lost, "No connection to the backend");
        match lost {
            Lost::SignedOut => return End::SignedOut,
            // Not as fast as a disk can break it again.
            Lost::CacheRebuilt => {
                if n_rebuilt > 0 {
                    sleep(delay(n_rebuilt, rand::random())).await;
                }
                n_rebuilt = n_rebuilt.saturating_add(1);
            }
            Lost::Refused(problem) => {
                // Only an update helps: no tries, unless somebody asks for one.
                session.set_connection(Connection::Refused { problem });
                session.try_now.notified().await;
            }
            Lost::Socket(_) | Lost::Storage(_) | Lost::Silence | Lost::Closed | Lost::Malformed => {
                let cannot_write = lost.is_disk_trouble();
                session.set_connection(Connection::Offline {
                    since,
                    cannot_write,
                });
                let pause = if cannot_write {
                    ROOM_PAUSE
                } else {
                    delay(n_failures, rand::random())
                };
                tokio::select! {
                    () = sleep(pause) => {}
                    () = session.try_now.notified() => {}
                }
                n_failures = n_failures.saturating_add(1);
            }
        }
    }
}

/// How long to wait after so many tries in a row; `random` is from 0 to 1.
fn delay(n_failures: u32, random: f64) -> Duration {
    if n_failures == 0 {
        return FIRST_DELAY.mul_f64(random);
    }
    let longest = FIRST_DELAY
        .saturating_mul(2_u32.saturating_pow(n_failures.min(16)))
        .min(MAX_DELAY);
    longest.mul_f64(random.mul_add(0.5, 0.5))
}

/// How often what holds for the time of a lease is said again.
fn renewal(lease_ms: u64) -> Duration {
    Duration::from_millis(lease_ms / RENEWALS_OF_LEASE).max(WATCH_INTERVAL)
}

async fn connect<'a>(session: &'a Arc<Session>, link: &Link) -> Result<Connected<'a>, Lost> {
    let mut rebuilds = session.cache.rebuilds();
    let cursor = loop {
        let cursor = blocking(session, |session| {
            session.end_arrived_echoes()?;
            session.cache.read(cache::cursor)
        });
        let cursor = cursor.await?;
        if !rebuilds.has_changed().unwrap_or(false) {
            break cursor;
        }
        rebuilds.mark_unchanged();
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES));
    let connecting = connect_async_tls_with_config(
        session.account.address.socket(),
        Some(config),
        true,
        Some(Connector::Rustls(Arc::clone(&link.tls)))
            .filter(|_| session.account.address.is_encrypted()),
    );
    let (socket, _) = timeout(WELCOME, Box::pin(connecting))
        .await
        .map_err(|_| Lost::Silence)??;
    let (sink, stream) = socket.split();
    let mut connected = Connected {
        session,
        rebuilds,
        overseeing: session.overseeing.subscribe(),
        sink,
        stream,
        last_sent: Instant::now(),
        holds_lists: cursor.is_some(),
        is_welcome: false,
        is_live: false,
        snapshot: None,
        in_flight: BTreeMap::new(),
        marks_in_flight: BTreeMap::new(),
        marks_sent: BTreeMap::new(),
        drafts_in_flight: BTreeMap::new(),
        drafts_refused: BTreeMap::new(),
        said: None,
        renewal: renewal(LEASE_MS),
        backing_off: BTreeMap::new(),
    };
    connected
        .send(&PanelFrame::Hello {
            token: session.token.clone(),
            protocol: PROTOCOL,
            device: link.device.clone(),
            cursor,
            standing: session.desk.watch().standing,
        })
        .await?;
    Ok(connected)
}

/// One connection.
struct Connected<'a> {
    session: &'a Arc<Session>,
    rebuilds: watch::Receiver<u64>,
    overseeing: watch::Receiver<bool>,
    sink: SplitSink<Socket, Message>,
    stream: SplitStream<Socket>,
    last_sent: Instant,
    /// Whether the cache holds the lists, so that it can be said whether a refused command's chat
    /// is in sight.
    holds_lists: bool,
    is_welcome: bool,
    is_live: bool,
    /// The rows of a snapshot whose last page is still to come. An interrupted one changes nothing.
    snapshot: Option<Vec<Row>>,
    /// Commands that wait for their answer, with their chats.
    in_flight: BTreeMap<CommandId, ChatId>,
    marks_in_flight: BTreeMap<CommandId, Mark>,
    /// When a mark of these chats was sent last, as far as the next one has to wait for that.
    marks_sent: BTreeMap<ChatId, Instant>,
    drafts_in_flight: BTreeMap<CommandId, DraftGiven>,
    /// What the backend does not take as it is: it is told again when something has changed.
    drafts_refused: BTreeMap<Composer, DraftGiven>,
    /// What the operator looks at, as it was last said, and when.
    said: Option<(Watch, Instant)>,
    /// How often it is said again.
    renewal: Duration,
    /// Chats whose next command or mark the backend could not take just now.
    backing_off: BTreeMap<ChatId, BackOff>,
}

#[derive(Debug, Clone, Copy)]
struct BackOff {
    n_tries: u32,
    until: Instant,
}

impl Connected<'_> {
    async fn serve(mut self, was_welcome: &mut bool) -> Lost {
        loop {
            let step = self.step().await;
            *was_welcome = self.is_welcome;
            if let Err(lost) = step {
                return lost;
            }
        }
    }

    /// Waits for whatever happens next, and deals with it.
    async fn step(&mut self) -> Result<(), Lost> {
        let patience = if self.is_welcome { SILENCE } else { WELCOME };
        let heard = sleep(patience);
        tokio::pin!(heard);
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.reset_at(self.last_sent + HEARTBEAT);
        loop {
            let retry_at = self.retry_at();
            let mark_at = self
                .marks_sent
                .values()
                .min()
                .map(|sent| *sent + MARK_PAUSE);
            let watch_at = self.watch_at();
            tokio::select! {
                message = self.stream.next() => {
                    let message = message.ok_or(Lost::Closed)??;
                    return self.take(&message).await;
                }
                () = &mut heard => return Err(Lost::Silence),
                _ = heartbeat.tick() => self.send(&PanelFrame::Ping).await?,
                () = self.session.has_work.notified() => self.hand_over().await?,
                _ = self.rebuilds.changed() => return Err(Lost::CacheRebuilt),
                changed = self.overseeing.changed(), if self.is_welcome => {
                    if changed.is_ok() {
                        let on = *self.overseeing.borrow_and_update();
                        self.oversee(on).await?;
                    }
                }
                () = until(retry_at) => self.retry().await?,
                () = until(mark_at) => self.send_marks().await?,
                () = until(watch_at) => self.say_watch().await?,
                // Only when to say it is found anew.
                () = self.session.desk_changed.notified() => {}
            }
        }
    }

    /// Says whether everybody's chats are on the screen.
    async fn oversee(&mut self, on: bool) -> Result<(), Lost> {
        self.send(&PanelFrame::Oversee { on }).await
    }

    async fn take(&mut self, message: &Message) -> Result<(), Lost> {
        match message {
            Message::Text(text) => match parse(text)? {
                Some(frame) => self.take_frame(frame).await,
                None => Ok(()),
            },
            Message::Close(_) => Err(Lost::Closed),
            // The library answers pings by itself.
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn take_frame(&mut self, frame: BackendFrame) -> Result<(), Lost> {
        // What it says would be judged by an empty cache.
        if self.rebuilds.has_changed().unwrap_or(false) {
            return Err(Lost::CacheRebuilt);
        }
        match frame {
            BackendFrame::Welcome {
                operator_id,
                server_time,
                lease_ms,
                ..
            } => {
                if operator_id != self.session.account.operator.id {
                    return Err(Lost::SignedOut);
                }
                self.is_welcome = true;
                self.renewal = renewal(lease_ms);
                self.session.set_server_time(server_time);
                self.session
                    .try_connection(Connection::CatchingUp { behind: 0 });
                if *self.overseeing.borrow_and_update() {
                    self.oversee(true).await?;
                }
                self.hand_over().await
            }
            BackendFrame::Changes(changes) => self.take_changes(changes).await,
            BackendFrame::Presence { operators } => {
                self.session.set_presence(operators);
                // Who comes back to work hears what was not told meanwhile.
                blocking(self.session, |session| session.tell_late()).await
            }
            BackendFrame::Watching { is_whole, chats } => {
                self.session.set_watching(is_whole, chats);
                Ok(())
            }
            BackendFrame::Done { id, result } => {
                if let Some(mark) = self.marks_in_flight.remove(&id) {
                    return self.end_mark(mark).await;
                }
                if let Some(draft) = self.drafts_in_flight.remove(&id) {
                    return self.end_draft(draft).await;
                }
                blocking(self.session, move |session| session.done(id, result)).await?;
                self.answered(id).await
            }
            BackendFrame::Refused { id, problem } => self.take_refusal(id, problem).await,
            BackendFrame::Problem { problem } => heed(problem),
            BackendFrame::First { is_first } => {
                self.session.set_first(is_first);
                Ok(())
            }
            BackendFrame::ChatsChanged {
                chat_ids,
                everything,
            } => {
                self.session.chats_changed(chat_ids, everything);
                Ok(())
            }
            BackendFrame::Late(late) => {
                blocking(self.session, move |session| session.set_late(late)).await
            }
            BackendFrame::Ping => Ok(()),
        }
    }

    async fn take_changes(&mut self, changes: Changes) -> Result<(), Lost> {
        let Changes {
            starts_snapshot,
            mut rows,
            cursor,
            behind,
        } = changes;
        if starts_snapshot {
            self.snapshot = Some(Vec::new());
        }
        let mut is_snapshot = false;
        if let Some(staged) = &mut self.snapshot {
            staged.append(&mut rows);
            if cursor.is_none() {
                self.is_behind(behind);
                return Ok(());
            }
            rows = self.snapshot.take().unwrap_or_default();
            is_snapshot = true;
        }
        let carried_out = self.carried_out(&rows);
        let page = Page {
            rows,
            cursor,
            is_snapshot,
        };
        let returned = page.returned_chats();
        let has_drafts = page.rows.iter().any(|row| matches!(row, Row::Draft(_)));
        blocking(self.session, move |session| session.apply(&page)).await?;
        // An answer from before the return says nothing of the chat that is in sight now: it is told
        // again.
        self.marks_in_flight
            .retain(|_, mark| !is_snapshot && !returned.contains(&mark.chat_id));
        self.drafts_refused
            .retain(|(chat_id, _), _| !returned.contains(chat_id));
        if has_drafts || !returned.is_empty() {
            self.send_drafts().await?;
        }
        if is_snapshot || !returned.is_empty() {
            self.send_marks().await?;
        }
        for id in carried_out {
            self.answered(id).await?;
        }
        if is_snapshot && !self.holds_lists {
            self.holds_lists = true;
            self.hand_over().await?;
        }
        if behind > 0 {
            self.is_behind(behind);
        } else if !self.is_live {
            self.is_live = true;
            tracing::debug!("Caught up");
            self.session.set_connection(Connection::Live);
            self.hand_over().await?;
        }
        Ok(())
    }

    /// Commands under way whose entry has come: that is an answer too, and the next one may go
    /// even if the answer itself was lost.
    fn carried_out(&self, rows: &[Row]) -> Vec<CommandId> {
        rows.iter()
            .filter_map(|row| match row {
                Row::Entry(entry) => entry.command_id,
                Row::Chat(_)
                | Row::Gone { .. }
                | Row::Mark(_)
                | Row::Draft(_)
                | Row::Operator(_)
                | Row::Channel(_)
                | Row::Integration(_)
                | Row::Company(_)
                | Row::ReadyAnswer(_)
                | Row::ReadyAnswerGone { .. } => None,
            })
            .filter(|id| self.in_flight.contains_key(id))
            .collect()
    }

    fn is_behind(&mut self, behind: u32) {
        self.is_live = false;
        self.session
            .set_connection(Connection::CatchingUp { behind });
    }

    async fn take_refusal(&mut self, id: CommandId, problem: Problem) -> Result<(), Lost> {
        if problem.code == Code::SignedOut {
            return Err(Lost::SignedOut);
        }
        if let Some(mark) = self.marks_in_flight.remove(&id) {
            if is_passing(&problem) {
                self.back_off(mark.chat_id);
                return Ok(());
            }
            if problem.code == Code::ChatNotFound {
                return blocking(self.session, move |session| session.park_mark(mark.chat_id))
                    .await;
            }
            return self.end_mark(mark).await;
        }
        if let Some(draft) = self.drafts_in_flight.remove(&id) {
            if is_passing(&problem) {
                self.back_off(draft.chat_id);
                return Ok(());
            }
            // A newer version is on its way, or has come meanwhile; or it must become another text.
            self.drafts_refused
                .insert((draft.chat_id, draft.mode), draft.clone());
            if problem.code != Code::DraftMoved {
                blocking(self.session, move |session| {
                    session.draft_was_refused(&draft)
                })
                .await?;
            }
            return self.send_drafts().await;
        }
        if is_passing(&problem) {
            if let Some(chat_id) = self.in_flight.remove(&id) {
                self.back_off(chat_id);
            }
            return Ok(());
        }
        blocking(self.session, move |session| session.refused(id, &problem)).await?;
        self.answered(id).await
    }

    async fn end_mark(&mut self, mark: Mark) -> Result<(), Lost> {
        blocking(self.session, move |session| session.end_mark(mark)).await?;
        self.hand_over().await
    }

    async fn end_draft(&mut self, draft: DraftGiven) -> Result<(), Lost> {
        blocking(self.session, move |session| session.draft_was_taken(&draft)).await?;
        self.send_drafts().await
    }

    async fn answered(&mut self, id: CommandId) -> Result<(), Lost> {
        if let Some(chat_id) = self.in_flight.remove(&id) {
            self.backing_off.remove(&chat_id);
        }
        self.hand_over().await
    }

    fn back_off(&mut self, chat_id: ChatId) {
        let n_tries = self
            .backing_off
            .get(&chat_id)
            .map_or(1, |off| off.n_tries.saturating_add(1));
        self.backing_off.insert(
            chat_id,
            BackOff {
                n_tries,
                until: Instant::now() + delay(n_tries, rand::random()),
            },
        );
    }

    fn retry_at(&self) -> Option<Instant> {
        let waits = |chat_id| !self.in_flight.values().any(|busy| busy == chat_id);
        self.backing_off
            .iter()
            .filter(|(chat_id, _)| waits(*chat_id))
            .map(|(_, off)| off.until)
            .min()
    }

    async fn retry(&mut self) -> Result<(), Lost> {
        self.hand_over().await?;
        let now = Instant::now();
        let in_flight: BTreeSet<ChatId> = self.in_flight.values().copied().collect();
        self.backing_off
            .retain(|chat_id, off| off.until > now || in_flight.contains(chat_id));
        Ok(())
    }

    /// Sends what has its turn: of each chat one command at a time.
    async fn hand_over(&mut self) -> Result<(), Lost> {
        if !self.is_welcome || !self.holds_lists {
            return Ok(());
        }
        let now = Instant::now();
        let backing_off = self
            .backing_off
            .iter()
            .filter(|(_, off)| off.until > now)
            .map(|(chat_id, _)| chat_id);
        let busy: BTreeSet<ChatId> = self
            .in_flight
            .values()
            .chain(backing_off)
            .copied()
            .collect();
        let envelopes = blocking(self.session, move |session| session.hand_over(&busy)).await?;
        for envelope in envelopes {
            self.in_flight
                .insert(envelope.id, envelope.command.chat_id());
            self.send(&PanelFrame::Command(envelope)).await?;
        }
        self.send_marks().await?;
        self.send_drafts().await
    }

    /// When the backend is to be told what the operator looks at: soon, if that has changed, else in
    /// time for what was said to go on holding.
    fn watch_at(&self) -> Option<Instant> {
        if !self.is_live {
            return None;
        }
        Some(match self.said {
            None => Instant::now(),
            Some((said, at)) if !self.has_news_of_desk(said, at) => at + self.renewal,
            Some((_, at)) => at + WATCH_INTERVAL,
        })
    }

    /// Whether the backend is to be told soon: something else is on the screen, or somebody has come
    /// to this device from another.
    fn has_news_of_desk(&self, said: Watch, at: Instant) -> bool {
        let now = Watch {
            used_ago_s: said.used_ago_s,
            ..self.session.desk.watch()
        };
        let has_come = !self.session.is_first() && self.session.desk.was_used_since(at);
        said != now || has_come
    }

    async fn say_watch(&mut self) -> Result<(), Lost> {
        let watch = self.session.desk.watch();
        self.said = Some((watch, Instant::now()));
        self.send(&PanelFrame::Watch(watch)).await
    }

    async fn send_marks(&mut self) -> Result<(), Lost> {
        let now = Instant::now();
        self.marks_sent.retain(|_, sent| *sent + MARK_PAUSE > now);
        if !self.is_live {
            return Ok(());
        }
        let marks = blocking(self.session, |session| session.marks_to_tell()).await?;
        for mark in marks {
            let Mark { chat_id, place, .. } = mark;
            let is_on_its_way = self
                .marks_in_flight
                .values()
                .any(|other| other.chat_id == chat_id);
            let off = self.backing_off.get(&chat_id);
            if is_on_its_way
                || off.is_some_and(|off| off.until > now)
                || self.marks_sent.contains_key(&chat_id)
            {
                continue;
            }
            let id = CommandId(Uuid::now_v7());
            self.marks_in_flight.insert(id, mark);
            self.marks_sent.insert(chat_id, now);
            self.send(&PanelFrame::Command(CommandEnvelope {
                id,
                command: Command::MarkRead { chat_id, place },
                draft: None,
            }))
            .await?;
        }
        Ok(())
    }

    /// Tells what has been begun to write and rests: of each composer one text at a time.
    async fn send_drafts(&mut self) -> Result<(), Lost> {
        if !self.is_live {
            return Ok(());
        }
        let drafts = blocking(self.session, |session| session.drafts_to_tell()).await?;
        let now = Instant::now();
        for draft in drafts {
            let composer = (draft.chat_id, draft.mode);
            let is_on_its_way = self
                .drafts_in_flight
                .values()
                .any(|other| (other.chat_id, other.mode) == composer);
            let off = self.backing_off.get(&draft.chat_id);
            if is_on_its_way
                || off.is_some_and(|off| off.until > now)
                || self.drafts_refused.get(&composer) == Some(&draft)
            {
                continue;
            }
            let told = draft.clone();
            if !blocking(self.session, move |session| session.draft_is_told(&told)).await? {
                continue;
            }
            let id = CommandId(Uuid::now_v7());
            self.drafts_refused.remove(&composer);
            self.drafts_in_flight.insert(id, draft.clone());
            self.send(&PanelFrame::Draft { id, draft }).await?;
        }
        Ok(())
    }

    async fn send(&mut self, frame: &PanelFrame) -> Result<(), Lost> {
        let text = serde_json::to_string(frame).map_err(|_| Lost::Malformed)?;
        timeout(SILENCE, self.sink.send(Message::text(text)))
            .await
            .map_err(|_| Lost::Silence)??;
        self.last_sent = Instant::now();
        Ok(())
    }
}

/// What a problem that belongs to no command means for the connection.
fn heed(problem: Problem) -> Result<(), Lost> {
    if matches!(problem.code, Code::SignedOut | Code::OperatorInactive) {
        Err(Lost::SignedOut)
    } else if matches!(problem.code, Code::ProtocolTooOld | Code::ProtocolTooNew) {
        Err(Lost::Refused(problem))
    } else {
        tracing::warn!(code = ?problem.code, "The backend is not content with a frame");
        Ok(())
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Understands a frame; none for a kind that this version does not know, or for a hint that it does not
/// understand: nothing leans on those.
fn parse(text: &str) -> Result<Option<BackendFrame>, Lost> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        kind: Cow<'a, str>,
    }
    let kind = serde_json::from_str::<Kind<'_>>(text).map_err(|_| Lost::Malformed)?;
    let frame = match &*kind.kind {
        "changes" => parse_changes(text).map(BackendFrame::Changes),
        "welcome" | "presence" | "watching" | "chats_changed" | "late" | "first" | "done"
        | "refused" | "problem" | "ping" => serde_json::from_str(text),
        _ => return Ok(None),
    };
    frame.map(Some).or_else(|error| {
        // The error's words may quote what a client wrote.
        tracing::warn!(kind = %kind.kind, column = error.column(), "A frame cannot be understood");
        match &*kind.kind {
            "presence" | "watching" | "chats_changed" | "late" | "first" => Ok(None),
            _ => Err(Lost::Malformed),
        }
    })
}

/// Reads a page and leaves out rows of kinds that this version does not know, and those of known kinds
/// in which a newer one says something that has no meaning here. A version that knows them begins with
/// a snapshot.
fn parse_changes(text: &str) -> Result<Changes, serde_json::Error> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(default)]
        starts_snapshot: bool,
        #[serde(borrow)]
        rows: Vec<&'a RawValue>,
        cursor: Option<Cursor>,
        #[serde(default)]
        behind: u32,
    }
    #[derive(Deserialize)]
    struct Tag<'a> {
        row: Cow<'a, str>,
    }
    let page: Page<'_> = serde_json::from_str(text)?;
    let mut rows = Vec::with_capacity(page.rows.len());
    for row in page.rows {
        let tag: Tag<'_> = serde_json::from_str(row.get())?;
        if !Row::KINDS.contains(&&*tag.row) {
            continue;
        }
        match serde_json::from_str(row.get()) {
            Ok(row) => rows.push(row),
            // The error's words may quote what a client wrote.
            Err(error) => {
                let column = error.column();
                tracing::warn!(row = %tag.row, column, "A row cannot be understood and is left out");
            }
        }
    }
    Ok(Changes {
        starts_snapshot: page.starts_snapshot,
        rows,
        cursor: page.cursor,
        behind: page.behind,
    })
}

/// Runs `work` where it may block.
async fn blocking<T: Send + 'static>(
    session: &Arc<Session>,
    work: impl FnOnce(&Session) -> Result<T, StorageError> + Send + 'static,
) -> Result<T, Lost> {
    let session = Arc::clone(session);
    let works = session.works.clone();
    works
        .spawn_blocking(move || work(&session))
        .await
        .map_or(Err(Lost::Storage(StorageError::Closed)), |result| {
            result.map_err(Lost::from)
        })
}

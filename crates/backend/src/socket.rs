//! A panel's connection: hello, catching up, then live, with commands in between.
//!
//! One task does everything for one connection, so nothing here is shared or locked: it sends what
//! the hub has for it, answers commands, and keeps the heartbeat. While it catches up from the
//! store it does not read from the panel; both are matters of milliseconds.

use std::future::{pending, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use pult_domain::{ChatId, CommandId, OperatorId, Role, SessionId};
use pult_protocol::{
    BackendFrame, Changes, Code, CommandDone, CommandEnvelope, Cursor, DraftGiven, HEARTBEAT_MS,
    HELLO_TIMEOUT_MS, LEASE_MS, LateChats, MAX_FRAME_BYTES, OLDEST_PROTOCOL, PROTOCOL, PanelFrame,
    Problem, Standing, Token, WATCH_INTERVAL_MS, Watch,
};
use pult_store::Asking;
use pult_store::Session;
use pult_store::trials;
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::backend::{Backend, Shared};
use crate::hub::{FeedFrame, ReaderId, encode};
use crate::oversight::{self, Hint};
use crate::presence::{self, Device, Following};
use crate::problem::{ProblemResponse, of_store_error};
use crate::{auth, commands};

/// Buffers of a connection, in bytes: most are idle most of the time, and there are many.
const BUFFER_BYTES: usize = 2 * 1024;

/// Frames up to this size are read to their end, so that who sent one hears what was wrong with it
/// instead of a connection that breaks.
const MAX_READ_BYTES: usize = 4 * MAX_FRAME_BYTES;

/// A frame that cannot be handed to the network within this time ends the connection.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// For how long what a panel says of its operator holds.
fn lease() -> Duration {
    trials::lease().unwrap_or(Duration::from_millis(LEASE_MS))
}

/// How soon after one `watch` the next is acted on.
const WATCH_INTERVAL: Duration = Duration::from_millis(WATCH_INTERVAL_MS);

/// How many commands of one panel may be on their way through the store.
const MAX_COMMANDS: usize = 32;

/// `GET /api/v1/socket`
pub(crate) async fn open(
    State(backend): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ProblemResponse> {
    let upgrade = upgrade.map_err(|_| {
        ProblemResponse::new(Code::Malformed, "a socket is opened as RFC 6455 has it")
    })?;
    Ok(upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(MAX_READ_BYTES)
        .max_frame_size(MAX_READ_BYTES)
        .on_upgrade(move |socket| async move {
            let tasks = backend.tasks.clone();
            // Tracked, so that a stop waits for connections to end in order.
            drop(tasks.spawn(serve(backend, socket, peer.ip())).await);
        }))
}

/// Why a connection ends.
enum End {
    /// The other side is gone, or too slow, or silent.
    Gone,
    /// We have something to say first.
    Told(Problem),
    /// We stop; the panel comes back.
    Stopping,
}

async fn serve(backend: Shared, socket: WebSocket, address: IpAddr) {
    let mut line = Line {
        socket,
        heard_at: Instant::now(),
    };
    let end = match greet(&backend, &mut line).await {
        Ok(greeted) => {
            let (session, operator) = (greeted.session.id, greeted.session.operator.id);
            let ended = backend.live_sessions.join(session);
            note_session_seen(&backend, session, address);
            let reader = backend.hub.join(operator);
            let used_until = presence::used_until(greeted.standing, Instant::now() + lease());
            let attendance = &backend.attendance;
            let (is_only, mut first) = attendance.join(operator, reader, used_until, backend.now());
            // How it stands at the beginning is to be told too.
            first.mark_changed();
            if is_only {
                note_seen(&backend, operator);
            }
            let mut connection = Connection {
                backend: &backend,
                line: &mut line,
                overseeing: None,
                late: backend.oversight.late(),
                told_late: LateChats::default(),
                first,
                is_first: true,
                session: greeted.session,
                reader,
                ended,
                commands: JoinSet::new(),
                said: Said::default(),
            };
            tracing::debug!(session.id = %session, operator.id = %operator, "A panel is connected");
            let end = connection.run(greeted.cursor).await;
            tracing::debug!(session.id = %session, operator.id = %operator, "A panel is gone");
            connection.commands.detach_all();
            backend.hub.leave(reader);
            backend.live_sessions.leave(session);
            note_session_seen(&backend, session, address);
            if backend.attendance.leave(operator, reader, backend.now()) {
                note_seen(&backend, operator);
            }
            end
        }
        Err(end) => end,
    };
    line.finish(end).await;
}

/// Notes that a panel with a session has come or gone. Nobody waits until it is written down.
fn note_session_seen(backend: &Shared, session: SessionId, address: IpAddr) {
    let (now, shared) = (backend.now(), Shared::clone(backend));
    backend.tasks.spawn(async move {
        let noted = shared
            .store
            .note_session_seen(session, now, address.to_string());
        if let Err(error) = noted.await {
            tracing::debug!(%error, "When a session was last seen could not be written down");
        }
    });
}

/// Notes that an operator has come or gone. Nobody waits until it is written down.
fn note_seen(backend: &Shared, operator: OperatorId) {
    let now = backend.now();
    let shared = Shared::clone(backend);
    backend.tasks.spawn(async move {
        if let Err(error) = shared.store.note_seen(operator, now).await {
            // The disk's trouble is told where it is; here only "since when" is lost.
            tracing::debug!(%error, "When an operator was last seen could not be written down");
        }
    });
}

/// The connection itself.
struct Line {
    socket: WebSocket,
    heard_at: Instant,
}

impl Line {
    async fn send(&mut self, text: Utf8Bytes) -> Result<(), End> {
        match tokio::time::timeout(SEND_TIMEOUT, self.socket.send(Message::Text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    async fn say(&mut self, frame: &BackendFrame) -> Result<(), End> {
        match encode(frame) {
            Some(text) => self.send(text).await,
            None => Err(End::Gone),
        }
    }

    /// The next text. Binary frames are not part of the protocol.
    async fn hear(&mut self) -> Result<Utf8Bytes, End> {
        loop {
            let message = self.socket.recv().await.ok_or(End::Gone)?;
            self.heard_at = Instant::now();
            match message {
                Ok(Message::Text(text)) if text.len() > MAX_FRAME_BYTES => return Err(too_large()),
                Ok(Message::Text(text)) => return Ok(text),
                Ok(Message::Binary(_)) => return Err(End::Told(malformed())),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(Message::Close(_)) => return Err(End::Gone),
                Err(error) if is_too_large(&error) => return Err(too_large()),
                Err(_) => return Err(End::Gone),
            }
        }
    }

    async fn finish(mut self, end: End) {
        let (code, reason) = match end {
            End::Gone => return,
            End::Stopping => (1001, "stopping"),
            End::Told(problem) => {
                tracing::info!(code = ?problem.code, "A panel's connection is ended");
                if self.say(&BackendFrame::Problem { problem }).await.is_err() {
                    return;
                }
                (1008, "see the problem frame")
            }
        };
        let close = Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        }));
        // Whether the other side hears it or not, this is the end.
        drop(tokio::time::timeout(SEND_TIMEOUT, self.socket.send(close)).await);
    }
}

fn too_large() -> End {
    let limit = format!("a frame may have {MAX_FRAME_BYTES} bytes");
    End::Told(Problem::new(Code::TooLarge, limit))
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().to_lowercase().contains("too long") {
            return true;
        }
        cause = error.source();
    }
    false
}

fn malformed() -> Problem {
    Problem::new(Code::Malformed, "a frame is JSON text of a known shape")
}

/// What a hello has told.
struct Greeted {
    session: Session,
    cursor: Option<Cursor>,
    standing: Standing,
}

async fn greet(backend: &Backend, line: &mut Line) -> Result<Greeted, End> {
    let patience = Duration::from_millis(HELLO_TIMEOUT_MS);
    let first = tokio::select! {
        () = backend.stopping.cancelled() => return Err(End::Stopping),
        first = tokio::time::timeout(patience, line.hear()) => first.map_err(|_| {
            End::Told(Problem::new(Code::Malformed, "no hello came within five seconds"))
        })??,
    };
    let Ok(PanelFrame::Hello {
        token,
        protocol,
        cursor,
        standing,
        ..
    }) = serde_json::from_str(&first)
    else {
        return Err(End::Told(Problem::new(
            Code::Malformed,
            "the first frame must be a hello",
        )));
    };
    spoken(protocol)?;
    let session = signed_in(backend, &token).await?;
    line.say(&BackendFrame::Welcome {
        protocol,
        operator_id: session.operator.id,
        server_time: backend.now(),
        lease_ms: u64::try_from(lease().as_millis()).unwrap_or(LEASE_MS),
    })
    .await?;
    Ok(Greeted {
        session,
        cursor,
        standing,
    })
}

fn spoken(protocol: u32) -> Result<(), End> {
    let (code, message) = if protocol < OLDEST_PROTOCOL {
        (
            Code::ProtocolTooOld,
            "this panel is too old; install the present version",
        )
    } else if protocol > PROTOCOL {
        (
            Code::ProtocolTooNew,
            "this panel is newer than the backend; update the backend",
        )
    } else {
        return Ok(());
    };
    let details = json!({ "oldest": OLDEST_PROTOCOL, "newest": PROTOCOL });
    Err(End::Told(Problem::new(code, message).with_details(details)))
}

async fn signed_in(backend: &Backend, token: &Token) -> Result<Session, End> {
    let found = backend.store.session(auth::hash_token(token)).await;
    let session = found
        .map_err(|error| End::Told(of_store_error(&error)))?
        .ok_or_else(|| End::Told(signed_out()))?;
    if let Err(error) = crate::watch::renew(backend, session.id, session.expires_at).await {
        tracing::warn!(%error, "A session could not be renewed");
    }
    Ok(session)
}

fn signed_out() -> Problem {
    Problem::new(Code::SignedOut, "the session has ended; sign in again")
}

struct Connection<'a> {
    backend: &'a Shared,
    line: &'a mut Line,
    session: Session,
    reader: ReaderId,
    /// Hints for a supervisor who has everybody's chats on the screen.
    overseeing: Option<broadcast::Receiver<Arc<Hint>>>,
    late: watch::Receiver<Arc<LateChats>>,
    /// The late chats as they were told last.
    told_late: LateChats,
    /// Which panel of the operator is at the device that was used last.
    first: watch::Receiver<Option<ReaderId>>,
    /// Whether this one is, as it was told last.
    is_first: bool,
    ended: CancellationToken,
    commands: JoinSet<Answer>,
    said: Said,
}

/// What the panel says of its operator by `watch`.
#[derive(Default)]
struct Said {
    /// The newest one, if nothing was done about it yet.
    waits: Option<Watch>,
    /// Before then nothing is done about it.
    not_before: Option<Instant>,
}

impl Said {
    /// Waits until it is time to act on the newest one, and takes it.
    async fn due(&mut self) -> Watch {
        let Some(watch) = self.waits else {
            return pending().await;
        };
        if let Some(not_before) = self.not_before {
            sleep_until(not_before).await;
        }
        self.waits = None;
        watch
    }
}

/// An answer on its way to who asked.
struct Answer {
    /// Which command it answers, and in which chat, if it was a command.
    command: Option<(CommandId, ChatId)>,
    frame: BackendFrame,
}

impl Connection<'_> {
    /// Runs until the connection ends.
    async fn run(&mut self, mut cursor: Option<Cursor>) -> End {
        let mut others = None;
        loop {
            let step = async {
                // Before it is live, a panel has to know whether its operator is away: that decides
                // what it tells them of.
                let others = match &mut others {
                    Some(others) => others,
                    none => none.insert(self.tell_of_others().await?),
                };
                let queue = self.catch_up(&mut cursor).await?;
                self.live(queue, others, &mut cursor).await
            };
            if let Err(end) = step.await {
                return end;
            }
        }
    }

    /// Reads from the store until nothing newer has been published, and goes live.
    async fn catch_up(
        &mut self,
        cursor: &mut Option<Cursor>,
    ) -> Result<mpsc::Receiver<FeedFrame>, End> {
        loop {
            let pages = self
                .backend
                .store
                .changes(self.session.operator.id, cursor.clone())
                .await
                .map_err(|error| End::Told(of_store_error(&error)))?;
            for page in pages {
                if self.ended.is_cancelled() {
                    return Err(End::Told(signed_out()));
                }
                if self.backend.stopping.is_cancelled() {
                    return Err(End::Stopping);
                }
                if page.cursor.is_some() {
                    cursor.clone_from(&page.cursor);
                }
                self.line
                    .say(&BackendFrame::Changes(Changes {
                        starts_snapshot: page.starts_snapshot,
                        rows: page.rows,
                        cursor: page.cursor,
                        behind: u32::try_from(page.behind).unwrap_or(u32::MAX),
                    }))
                    .await?;
            }
            let read = cursor.as_ref().map(|cursor| cursor.seq).unwrap_or_default();
            if let Some(queue) = self.backend.hub.go_live(self.reader, read) {
                return Ok(queue);
            }
        }
    }

    /// Tells who is there, and follows who comes and goes.
    async fn tell_of_others(&mut self) -> Result<Following, End> {
        let (rows, following) = self.backend.attendance.follow();
        for operators in rows.chunks(presence::MAX_ROWS) {
            let operators = operators.to_vec();
            self.line.say(&BackendFrame::Presence { operators }).await?;
        }
        Ok(following)
    }

    /// Hands on what the hub has and answers the panel. Returns when it has fallen behind.
    async fn live(
        &mut self,
        mut queue: mpsc::Receiver<FeedFrame>,
        others: &mut Following,
        cursor: &mut Option<Cursor>,
    ) -> Result<(), End> {
        let beat = Duration::from_millis(HEARTBEAT_MS);
        let mut beats = tokio::time::interval_at(Instant::now() + beat, beat);
        // Who is late may have been found before this panel came.
        self.late.mark_changed();
        loop {
            // Nothing more goes out once it is known, however much else is ready.
            if self.ended.is_cancelled() {
                return Err(End::Told(signed_out()));
            }
            tokio::select! {
                () = self.backend.stopping.cancelled() => return Err(End::Stopping),
                () = self.ended.cancelled() => return Err(End::Told(signed_out())),
                frame = queue.recv() => {
                    let Some(FeedFrame { seq, text }) = frame else {
                        return Ok(());
                    };
                    self.line.send(text).await?;
                    if let Some(cursor) = cursor {
                        cursor.seq = cursor.seq.max(seq);
                    }
                }
                changed = others.next() => match changed {
                    Some(operators) => {
                        self.line.say(&BackendFrame::Presence { operators }).await?;
                    }
                    None => *others = self.tell_of_others().await?,
                },
                hint = next_hint(&mut self.overseeing) => self.hint_at(hint).await?,
                found = self.late.changed() => {
                    if found.is_ok() {
                        self.tell_late().await?;
                    }
                }
                Some(answer) = self.commands.join_next() => {
                    if let Ok(answer) = answer {
                        self.hand_over(&answer).await?;
                    }
                }
                Ok(()) = self.first.changed() => self.tell_first().await?,
                watch = self.said.due() => self.act_on(&watch),
                text = self.line.hear(), if self.commands.len() < MAX_COMMANDS => {
                    self.take(&text?).await?;
                }
                _ = beats.tick() => {
                    if self.line.heard_at.elapsed() > beat * 3 {
                        return Err(End::Gone);
                    }
                    self.line.say(&BackendFrame::Ping).await?;
                }
            }
        }
    }

    /// What the operator looks at, and whether their device is used, holds from here on for the time
    /// of a lease.
    fn act_on(&mut self, watch: &Watch) {
        let Watch {
            chat_id,
            typing,
            standing,
            used_ago_s,
        } = *watch;
        let now = Instant::now();
        self.said.not_before = Some(now + WATCH_INTERVAL);
        let until = now + lease();
        self.backend.hub.look(self.reader, chat_id, typing, until);
        let ago = Duration::from_secs(u64::from(used_ago_s));
        let device = Device {
            used_until: presence::used_until(standing, until),
            used_at: now.checked_sub(ago),
        };
        let (operator, at) = (self.session.operator.id, self.backend.now());
        let attendance = &self.backend.attendance;
        attendance.stand(operator, self.reader, device, at);
    }

    /// Says whether this device is the one that was used last, if that has changed.
    async fn tell_first(&mut self) -> Result<(), End> {
        let is_first = *self.first.borrow_and_update() == Some(self.reader);
        if is_first == self.is_first {
            return Ok(());
        }
        self.is_first = is_first;
        self.line.say(&BackendFrame::First { is_first }).await
    }

    /// Whether the operator is an active supervisor at this moment.
    async fn is_supervisor(&mut self) -> Result<bool, End> {
        let found = self.backend.store.active_operator(self.session.operator.id);
        let found = found
            .await
            .map_err(|error| End::Told(of_store_error(&error)))?;
        Ok(found.is_some_and(|operator| operator.role >= Role::Supervisor))
    }

    /// Says in which chats something has changed, unless the operator is no supervisor any more.
    async fn hint_at(&mut self, hint: Option<Arc<Hint>>) -> Result<(), End> {
        if !self.is_supervisor().await? {
            self.overseeing = None;
            return Ok(());
        }
        let (chat_ids, everything) = match hint.as_deref() {
            Some(Hint::These(chats)) => (chats.clone(), false),
            Some(Hint::Everything) | None => (Vec::new(), true),
        };
        self.line
            .say(&BackendFrame::ChatsChanged {
                chat_ids,
                everything,
            })
            .await
    }

    /// Says whose clients wait too long, if that is not what was said last.
    async fn tell_late(&mut self) -> Result<(), End> {
        let late = Arc::clone(&self.late.borrow_and_update());
        if late.n == 0 && self.told_late.n == 0 {
            return Ok(());
        }
        let is_supervisor = self.is_supervisor().await?;
        let late = oversight::part(&late, self.session.operator.id, is_supervisor);
        if late == self.told_late {
            return Ok(());
        }
        self.told_late = late.clone();
        self.line.say(&BackendFrame::Late(late)).await
    }

    async fn hand_over(&mut self, answer: &Answer) -> Result<(), End> {
        if let Some((id, chat_id)) = answer.command {
            commands::is_answered(id, chat_id);
        }
        self.line.say(&answer.frame).await
    }

    /// Takes a frame of the panel.
    async fn take(&mut self, text: &str) -> Result<(), End> {
        match serde_json::from_str(text) {
            Ok(PanelFrame::Ping) => Ok(()),
            Ok(PanelFrame::Command(envelope)) => {
                let backend = Shared::clone(self.backend);
                let author = self.session.operator.id;
                self.begin(async move { answer(&backend, author, envelope).await })
                    .await
            }
            Ok(PanelFrame::Draft { id, draft }) => {
                let backend = Shared::clone(self.backend);
                let author = self.session.operator.id;
                self.begin(async move { keep_draft(&backend, author, id, draft).await })
                    .await
            }
            Ok(PanelFrame::Watch(watch)) => {
                self.said.waits = Some(watch);
                Ok(())
            }
            Ok(PanelFrame::Oversee { on }) => {
                let may = on && self.is_supervisor().await?;
                self.overseeing = may.then(|| self.backend.oversight.follow());
                if may {
                    // What changed before nobody hinted at.
                    self.hint_at(None).await?;
                }
                Ok(())
            }
            Ok(PanelFrame::Hello { .. }) => {
                let problem = Problem::new(Code::Malformed, "hello is said once");
                self.line.say(&BackendFrame::Problem { problem }).await
            }
            Err(_) => self.line.say(&not_understood(text)).await,
        }
    }

    /// Begins what a frame asks for, so that it comes to the store in the order in which it was
    /// asked; only the answer is waited for elsewhere.
    async fn begin(
        &mut self,
        asked: impl Future<Output = Answer> + Send + 'static,
    ) -> Result<(), End> {
        let mut asked = Box::pin(tokio::task::unconstrained(asked));
        match poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx))).await {
            Poll::Ready(answer) => self.hand_over(&answer).await,
            Poll::Pending => {
                self.commands.spawn(asked);
                Ok(())
            }
        }
    }
}

/// The next hint; none if some were missed. Of nobody who has not asked for hints.
async fn next_hint(overseeing: &mut Option<broadcast::Receiver<Arc<Hint>>>) -> Option<Arc<Hint>> {
    match overseeing {
        Some(hints) => hints.recv().await.ok(),
        None => pending().await,
    }
}

async fn answer(backend: &Backend, author: OperatorId, envelope: CommandEnvelope) -> Answer {
    let (id, chat_id) = (envelope.id, envelope.command.chat_id());
    Answer {
        command: Some((id, chat_id)),
        frame: match commands::carry_out(backend, Asking::Operator(author), envelope).await {
            Ok(result) => BackendFrame::Done { id, result },
            Err(problem) => BackendFrame::Refused { id, problem },
        },
    }
}

async fn keep_draft(
    backend: &Backend,
    author: OperatorId,
    id: CommandId,
    draft: DraftGiven,
) -> Answer {
    let answer = backend.store.keep_draft(author, draft).await;
    Answer {
        command: None,
        frame: match answer.unwrap_or_else(|error| Err(of_store_error(&error))) {
            Ok(()) => BackendFrame::Done {
                id,
                result: CommandDone {
                    entry_id: None,
                    place: None,
                },
            },
            Err(problem) => BackendFrame::Refused { id, problem },
        },
    }
}

/// Says what is wrong with a frame; a command or draft that has a readable id is refused under it, so
/// that its author does not wait for ever.
fn not_understood(text: &str) -> BackendFrame {
    let Ok(frame) = serde_json::from_str::<Value>(text) else {
        return BackendFrame::Problem {
            problem: malformed(),
        };
    };
    match frame.get("kind").and_then(Value::as_str) {
        Some("command" | "draft") => {
            match frame.get("id").and_then(Value::as_str).map(str::parse) {
                Some(Ok(id)) => BackendFrame::Refused {
                    id: CommandId(id),
                    problem: Problem::new(
                        Code::Malformed,
                        "no such command or draft, or of another shape",
                    ),
                },
                Some(Err(_)) | None => BackendFrame::Problem {
                    problem: malformed(),
                },
            }
        }
        Some("hello" | "oversee" | "ping" | "watch") | None => BackendFrame::Problem {
            problem: malformed(),
        },
        Some(_) => BackendFrame::Problem {
            problem: Problem::new(Code::UnknownFrame, "this backend knows no such frame"),
        },
    }
}

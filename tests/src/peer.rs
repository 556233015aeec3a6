//! A panel's side of the protocol by hand: frames and requests as they are, nothing between them
//! and the test.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use pult_domain::{ChatId, CommandId, EntryId};
use pult_protocol::{
    BackendFrame, Changes, ChatRow, Command, CommandDone, CommandEnvelope, CommandRequest,
    CommandResponse, EntryRow, GoneWhy, HistoryPage, PROTOCOL, PanelFrame, Problem, Row,
    SignInRequest, SignInResponse, Standing, Token,
};
use tokio::net::TcpStream;
use tokio::sync::{Mutex as AsyncMutex, oneshot, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::office::Operator;
use crate::until::LIMIT;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Sink = SplitSink<Socket, Message>;

/// What the backend answers to a command.
pub type Answer = Result<CommandDone, Problem>;

/// Someone signed in who speaks the protocol; the connection ends when this goes.
#[derive(Debug)]
pub struct Peer {
    /// Who.
    pub operator: Operator,
    /// What they are signed in with.
    pub token: Token,
    address: String,
    http: reqwest::Client,
    sink: Arc<AsyncMutex<Sink>>,
    heard: Arc<Heard>,
    _end: DropGuard,
}

/// Which way a command goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Over the socket.
    Socket,
    /// Over REST.
    Rest,
}

/// A command that is ready to go: what it costs to make is spent.
#[derive(Debug)]
pub enum Ready {
    /// Over the socket.
    Socket(CommandId, Message),
    /// Over REST.
    Rest(reqwest::Request),
}

/// A chat as the feed has told it.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Its row, while it is in sight.
    pub row: Option<ChatRow>,
    /// Its entries, by place, while it is in sight.
    pub entries: BTreeMap<i64, EntryRow>,
    /// Why it left the sight, if it did.
    pub gone: Option<GoneWhy>,
}

/// What the backend has said so far.
#[derive(Debug)]
struct Heard {
    chats: watch::Sender<HashMap<ChatId, Told>>,
    answers: Mutex<HashMap<CommandId, oneshot::Sender<Answer>>>,
}

impl Peer {
    /// Signs in and connects.
    ///
    /// # Errors
    /// When the backend refuses.
    pub async fn connect(operator: &Operator, address: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build();
        let http = http.context("Preparing requests")?;
        let request = SignInRequest {
            login: operator.login.clone(),
            password: operator.password.clone(),
            device: "by hand".to_owned(),
        };
        let answer = http.post(format!("{address}/api/v1/sessions"));
        let answer = answer.json(&request).send().await.context("Signing in")?;
        let answer = answer.error_for_status().context("Signing in")?;
        let SignInResponse { token, .. } = answer.json().await.context("Signing in")?;

        let socket = format!("{}/api/v1/socket", address.replacen("http", "ws", 1));
        let (socket, _) = Box::pin(tokio_tungstenite::connect_async(socket))
            .await
            .context("Connecting")?;
        let (sink, stream) = socket.split();
        let heard = Arc::new(Heard {
            chats: watch::Sender::default(),
            answers: Mutex::default(),
        });
        let sink = Arc::new(AsyncMutex::new(sink));
        let end = CancellationToken::new();
        let listens = listen(stream, Arc::clone(&sink), Arc::clone(&heard));
        let listening = end.clone();
        tokio::spawn(async move { listening.run_until_cancelled(listens).await });
        let peer = Self {
            operator: operator.clone(),
            token: token.clone(),
            address: address.to_owned(),
            http,
            sink,
            heard,
            _end: end.drop_guard(),
        };
        let hello = PanelFrame::Hello {
            token,
            protocol: PROTOCOL,
            device: "by hand".to_owned(),
            cursor: None,
            standing: Standing::Active,
        };
        peer.send(text(&hello)?).await?;
        Ok(peer)
    }

    /// Makes a command ready to go.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn ready(&self, command: Command, way: Way) -> Result<(CommandId, Ready)> {
        let id = CommandId(Uuid::now_v7());
        let ready = match way {
            Way::Socket => {
                let frame = PanelFrame::Command(CommandEnvelope {
                    id,
                    command,
                    draft: None,
                });
                Ready::Socket(id, text(&frame)?)
            }
            Way::Rest => {
                let request = self.http.post(format!("{}/api/v1/commands", self.address));
                let request = request.json(&CommandRequest {
                    id,
                    command,
                    on_behalf_of: None,
                });
                Ready::Rest(request.bearer_auth(&self.token.0).build()?)
            }
        };
        Ok((id, ready))
    }

    /// Gives a command to the backend and waits for the answer.
    ///
    /// # Errors
    /// When none comes.
    pub async fn give(&self, ready: Ready) -> Result<Answer> {
        match ready {
            Ready::Socket(id, message) => {
                let (tx, rx) = oneshot::channel();
                self.heard.answers.lock().insert(id, tx);
                self.send(message).await?;
                let answer = timeout(LIMIT, rx).await.context("No answer comes")?;
                answer.context("The connection has ended")
            }
            Ready::Rest(request) => {
                let answer = self
                    .http
                    .execute(request)
                    .await
                    .context("Giving a command")?;
                answer_of(answer).await
            }
        }
    }

    /// The newest of a chat's history as the store has it; none if it is not this reader's.
    ///
    /// # Errors
    /// When the backend does not answer.
    pub async fn history(&self, chat_id: ChatId) -> Result<Option<Vec<EntryRow>>> {
        let url = format!("{}/api/v1/chats/{chat_id}/entries", self.address);
        let request = self.http.get(url).bearer_auth(&self.token.0);
        let answer = request.send().await.context("Asking for a history")?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = answer.error_for_status().context("Asking for a history")?;
        let page: HistoryPage = answer.json().await.context("Reading a history")?;
        Ok(Some(page.entries))
    }

    /// Waits until the feed has told something of any chat.
    ///
    /// # Errors
    /// When it does not; `what` says what was expected.
    pub async fn hears<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&HashMap<ChatId, Told>) -> Option<T>,
    ) -> Result<T> {
        let mut chats = self.heard.chats.subscribe();
        let mut found = None;
        let seen = chats.wait_for(|chats| {
            found = look(chats);
            found.is_some()
        });
        let is_seen = timeout(LIMIT, seen).await.map(|seen| seen.is_ok());
        match (is_seen, found) {
            (Ok(true), Some(found)) => Ok(found),
            (Ok(_), _) => bail!("{} was cut off before: {what}", self.operator.login),
            (Err(_), _) => bail!("{} waited in vain: {what}", self.operator.login),
        }
    }

    /// What the feed has told of a chat.
    #[must_use]
    pub fn told(&self, chat_id: ChatId) -> Told {
        let chats = self.heard.chats.borrow();
        chats.get(&chat_id).cloned().unwrap_or_default()
    }

    /// Forgets what the feed has told of a chat.
    pub fn forget(&self, chat_id: ChatId) {
        self.heard
            .chats
            .send_if_modified(|chats| chats.remove(&chat_id).is_none());
    }

    async fn send(&self, message: Message) -> Result<()> {
        send(&self.sink, message).await
    }
}

/// What was answered to a command over REST.
///
/// # Errors
/// When it cannot be understood.
pub(crate) async fn answer_of(answer: reqwest::Response) -> Result<Answer> {
    if answer.status().is_success() {
        let done: CommandResponse = answer.json().await.context("Reading an answer")?;
        return Ok(Ok(done.result));
    }
    let problem = answer.json().await.context("Reading a problem")?;
    Ok(Err(problem))
}

async fn send(sink: &AsyncMutex<Sink>, message: Message) -> Result<()> {
    let sent = sink.lock().await.send(message).await;
    sent.context("The connection has ended")
}

fn text(frame: &PanelFrame) -> Result<Message> {
    let text = serde_json::to_string(frame).context("Writing a frame")?;
    Ok(Message::text(text))
}

/// Takes in all that is said, until the connection ends: then nobody waits for an answer any more.
async fn listen(mut stream: SplitStream<Socket>, sink: Arc<AsyncMutex<Sink>>, heard: Arc<Heard>) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(frame) = message else {
            continue;
        };
        let Ok(frame) = serde_json::from_str(&frame) else {
            continue;
        };
        let (id, answer) = match frame {
            BackendFrame::Changes(changes) => {
                heard.chats.send_modify(|chats| apply(chats, changes));
                continue;
            }
            BackendFrame::Done { id, result } => (id, Ok(result)),
            BackendFrame::Refused { id, problem } => (id, Err(problem)),
            BackendFrame::Presence { .. }
            | BackendFrame::Watching { .. }
            | BackendFrame::ChatsChanged { .. }
            | BackendFrame::Late(_)
            | BackendFrame::First { .. } => continue,
            BackendFrame::Ping => {
                // Who is silent is taken for dead. If this cannot be said, that is so.
                if let Ok(ping) = text(&PanelFrame::Ping) {
                    send(&sink, ping).await.unwrap_or_default();
                }
                continue;
            }
            BackendFrame::Welcome { .. } | BackendFrame::Problem { .. } => continue,
        };
        if let Some(waiting) = heard.answers.lock().remove(&id) {
            // Whoever waited may have given up.
            drop(waiting.send(answer));
        }
    }
    heard.answers.lock().clear();
}

fn apply(chats: &mut HashMap<ChatId, Told>, changes: Changes) {
    if changes.starts_snapshot {
        chats.clear();
    }
    // What came with a fresh chat may stand before it in the page.
    let with_it: BTreeSet<EntryId> = changes.rows.iter().filter_map(entry_id).collect();
    for row in changes.rows {
        match row {
            Row::Chat(row) => {
                let told = chats.entry(row.id).or_default();
                if row.fresh {
                    told.entries.retain(|_, entry| with_it.contains(&entry.id));
                }
                told.gone = None;
                told.row = Some(row);
            }
            Row::Entry(entry) => {
                let told = chats.entry(entry.chat_id).or_default();
                told.entries.insert(entry.place.0, entry);
            }
            Row::Gone { chat_id, why } => {
                let told = chats.entry(chat_id).or_default();
                *told = Told {
                    gone: Some(why),
                    ..Told::default()
                };
            }
            Row::Mark(_)
            | Row::Draft(_)
            | Row::Operator(_)
            | Row::Channel(_)
            | Row::Integration(_)
            | Row::Company(_)
            | Row::ReadyAnswer(_)
            | Row::ReadyAnswerGone { .. } => {}
        }
    }
}

const fn entry_id(row: &Row) -> Option<EntryId> {
    match row {
        Row::Entry(entry) => Some(entry.id),
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
    }
}

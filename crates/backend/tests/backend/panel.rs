//! A panel as the backend sees one: a socket, and what it holds of the feed.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use pult_domain::{ChannelId, ChatId, CommandId, IntegrationId, OperatorId, Place, ReadyAnswerId};
use pult_protocol::{
    BackendFrame, ChannelRow, ChatRow, Command, CommandDone, CommandEnvelope, CompanyRow,
    ComposerMode, Cursor, DraftGiven, DraftOrigin, DraftRow, EntryRow, GoneWhy, IntegrationRow,
    LateChats, MAX_FRAME_BYTES, OperatorRow, PROTOCOL, PanelFrame, PresenceRow, Problem,
    ReadyAnswerRow, Row, Standing, Token, Watch, WatchedChat,
};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::kit::{new_command_id, soon};

/// A socket.
pub(crate) struct Wire {
    stream: WebSocketStream<TcpStream>,
}

/// What comes over a wire.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(String),
    /// The other side closes, with this code.
    Close(u16),
    /// The connection is gone.
    Nothing,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpSocket::new_v4().unwrap(), address).await
    }

    /// One whose machine takes next to nothing in before it is read.
    pub(crate) async fn connect_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::over(socket, address).await
    }

    async fn over(socket: TcpSocket, address: SocketAddr) -> Self {
        let tcp = socket.connect(address).await.unwrap();
        // As strict as a panel.
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES));
        let url = format!("ws://{address}/api/v1/socket");
        let connecting = tokio_tungstenite::client_async_with_config(url, tcp, Some(config));
        let (stream, _) = soon("a socket opens", connecting).await.unwrap();
        Self { stream }
    }

    pub(crate) async fn say(&mut self, frame: &PanelFrame) {
        self.say_text(&serde_json::to_string(frame).unwrap()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        soon("a frame is sent", self.stream.send(message))
            .await
            .unwrap();
    }

    /// Sends what the other side may not take to the end.
    pub(crate) async fn try_send(&mut self, message: Message) {
        drop(soon("a frame is sent", self.stream.send(message)).await);
    }

    /// Says hello in the present protocol.
    pub(crate) async fn hello(&mut self, token: &str, cursor: Option<Cursor>) {
        self.say(&PanelFrame::Hello {
            token: Token(token.to_owned()),
            protocol: PROTOCOL,
            device: "a test".to_owned(),
            cursor,
            standing: Standing::Active,
        })
        .await;
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            match soon("something is heard", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => return Heard::Text(text.as_str().to_owned()),
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Close(frame.map_or(1005, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) if error.to_string().contains("too long") => panic!("{error}"),
                Some(Err(_)) | None => return Heard::Nothing,
            }
        }
    }

    /// The next frame, as it came.
    pub(crate) async fn hear_text(&mut self) -> String {
        match self.hear().await {
            Heard::Text(text) => text,
            end @ (Heard::Close(_) | Heard::Nothing) => panic!("a frame was expected: {end:?}"),
        }
    }

    pub(crate) async fn hear_json(&mut self) -> Value {
        serde_json::from_str(&self.hear_text().await).unwrap()
    }

    pub(crate) async fn hear_frame(&mut self) -> BackendFrame {
        serde_json::from_str(&self.hear_text().await).unwrap()
    }

    /// That the backend says what is wrong and closes.
    pub(crate) async fn is_sent_away(&mut self, code: &str) -> Value {
        loop {
            let frame = self.hear_json().await;
            if frame["kind"] == "problem" {
                assert_eq!(frame["code"], code);
                assert_eq!(self.hear().await, Heard::Close(1008));
                return frame;
            }
        }
    }
}

/// A panel that follows the feed.
pub(crate) struct TestPanel {
    pub(crate) wire: Wire,
    pub(crate) operators: BTreeMap<OperatorId, OperatorRow>,
    pub(crate) channels: BTreeMap<ChannelId, ChannelRow>,
    pub(crate) integrations: BTreeMap<IntegrationId, IntegrationRow>,
    pub(crate) company: Option<CompanyRow>,
    pub(crate) ready_answers: BTreeMap<ReadyAnswerId, ReadyAnswerRow>,
    pub(crate) chats: BTreeMap<ChatId, ChatRow>,
    pub(crate) entries: BTreeMap<(ChatId, Place), EntryRow>,
    pub(crate) marks: BTreeMap<ChatId, Place>,
    pub(crate) drafts: BTreeMap<(ChatId, ComposerMode), DraftRow>,
    pub(crate) presence: BTreeMap<OperatorId, PresenceRow>,
    /// Who looks at chats, their own operator among them.
    pub(crate) watched: BTreeMap<ChatId, BTreeMap<OperatorId, Option<ComposerMode>>>,
    /// Frames about each chat's onlookers since it was opened.
    pub(crate) n_watching: BTreeMap<ChatId, usize>,
    /// What was hinted at: chats, and whether it may be all of them.
    pub(crate) hints: Vec<(Vec<ChatId>, bool)>,
    /// Whose clients wait too long, each time that it was said.
    pub(crate) late: Vec<LateChats>,
    /// Whether it is at the device that was used last, as far as it was told.
    pub(crate) is_first: bool,
    pub(crate) gone: Vec<(ChatId, GoneWhy)>,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) n_snapshots: usize,
    /// Frames of changes since it was opened.
    pub(crate) n_changes: usize,
    /// Rows since it was opened.
    pub(crate) n_rows: usize,
    answers: BTreeMap<CommandId, Result<CommandDone, Problem>>,
    in_snapshot: bool,
    /// Whether nothing was left to catch up with at one time.
    has_caught_up: bool,
}

impl TestPanel {
    /// Says hello and reads until it is live.
    pub(crate) async fn open(mut wire: Wire, token: &str, cursor: Option<Cursor>) -> Self {
        wire.hello(token, cursor).await;
        let welcome = wire.hear_frame().await;
        assert!(
            matches!(welcome, BackendFrame::Welcome { .. }),
            "{welcome:?}"
        );
        let mut panel = Self {
            wire,
            operators: BTreeMap::new(),
            channels: BTreeMap::new(),
            integrations: BTreeMap::new(),
            company: None,
            ready_answers: BTreeMap::new(),
            chats: BTreeMap::new(),
            entries: BTreeMap::new(),
            marks: BTreeMap::new(),
            drafts: BTreeMap::new(),
            presence: BTreeMap::new(),
            watched: BTreeMap::new(),
            n_watching: BTreeMap::new(),
            hints: Vec::new(),
            late: Vec::new(),
            is_first: true,
            gone: Vec::new(),
            cursor: None,
            n_snapshots: 0,
            n_changes: 0,
            n_rows: 0,
            answers: BTreeMap::new(),
            in_snapshot: false,
            has_caught_up: false,
        };
        panel
            .until("it has caught up", |panel| panel.has_caught_up)
            .await;
        let is_there = !panel.presence.is_empty();
        assert!(is_there, "who is there is told before");
        panel
    }

    /// Reads until `condition` holds.
    pub(crate) async fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let read = async {
            while !condition(self) {
                let frame = self.wire.hear_frame().await;
                self.apply(frame);
            }
        };
        soon(what, read).await;
    }

    fn apply(&mut self, frame: BackendFrame) {
        match frame {
            BackendFrame::Changes(changes) => {
                if changes.starts_snapshot {
                    self.n_snapshots += 1;
                    self.in_snapshot = true;
                    self.chats.clear();
                    self.entries.clear();
                }
                self.n_changes += 1;
                self.n_rows += changes.rows.len();
                for row in changes.rows {
                    self.apply_row(row);
                }
                if changes.cursor.is_some() {
                    self.in_snapshot = false;
                    self.cursor = changes.cursor;
                    self.has_caught_up |= changes.behind == 0;
                }
                assert!(self.in_snapshot || self.cursor.is_some());
            }
            BackendFrame::Done { id, result } => {
                self.answers.insert(id, Ok(result));
            }
            BackendFrame::Refused { id, problem } => {
                self.answers.insert(id, Err(problem));
            }
            BackendFrame::Presence { operators } => {
                let rows = operators.into_iter().map(|row| (row.operator_id, row));
                self.presence.extend(rows);
            }
            BackendFrame::Watching { is_whole, chats } => {
                if is_whole {
                    self.watched.clear();
                }
                for watched in chats {
                    self.take_watched(&watched);
                }
            }
            BackendFrame::ChatsChanged {
                chat_ids,
                everything,
            } => self.hints.push((chat_ids, everything)),
            BackendFrame::Late(late) => self.late.push(late),
            BackendFrame::First { is_first } => self.is_first = is_first,
            BackendFrame::Ping => {}
            BackendFrame::Welcome { .. } | BackendFrame::Problem { .. } => panic!("{frame:?}"),
        }
    }

    fn take_watched(&mut self, WatchedChat { chat_id, onlookers }: &WatchedChat) {
        assert!(
            self.chats.contains_key(chat_id),
            "nobody hears of a chat that they do not see"
        );
        *self.n_watching.entry(*chat_id).or_default() += 1;
        let onlookers = onlookers.iter();
        let onlookers = onlookers.map(|one| (one.operator_id, one.typing)).collect();
        self.watched.insert(*chat_id, onlookers);
    }

    /// Says what its operator looks at and types.
    pub(crate) async fn watch(&mut self, chat_id: Option<ChatId>, typing: Option<ComposerMode>) {
        let watch = Watch {
            chat_id,
            typing,
            ..Watch::default()
        };
        self.wire.say(&PanelFrame::Watch(watch)).await;
    }

    fn apply_row(&mut self, row: Row) {
        match row {
            Row::Chat(chat) => {
                self.chats.insert(chat.id, chat);
            }
            Row::Entry(entry) => {
                assert!(
                    self.chats.contains_key(&entry.chat_id),
                    "a chat comes first"
                );
                self.entries.insert((entry.chat_id, entry.place), entry);
            }
            Row::Gone { chat_id, why } => {
                self.chats.remove(&chat_id);
                self.watched.remove(&chat_id);
                self.entries.retain(|(chat, _), _| *chat != chat_id);
                self.gone.push((chat_id, why));
            }
            Row::Mark(mark) => {
                self.marks.insert(mark.chat_id, mark.read_place);
            }
            Row::Draft(draft) => {
                assert!(
                    self.chats.contains_key(&draft.chat_id),
                    "a chat comes first"
                );
                self.drafts.insert((draft.chat_id, draft.mode), draft);
            }
            Row::Operator(operator) => {
                self.operators.insert(operator.id, operator);
            }
            Row::Channel(channel) => {
                self.channels.insert(channel.id, channel);
            }
            Row::Integration(integration) => {
                self.integrations.insert(integration.id, integration);
            }
            Row::Company(company) => self.company = Some(company),
            Row::ReadyAnswer(answer) => {
                self.ready_answers.insert(answer.id, answer);
            }
            Row::ReadyAnswerGone { id } => {
                self.ready_answers.remove(&id);
            }
        }
    }

    /// Gives a command and waits for its answer.
    pub(crate) async fn command(&mut self, command: Command) -> Result<CommandDone, Problem> {
        self.command_as(new_command_id(), command).await
    }

    pub(crate) async fn command_as(
        &mut self,
        id: CommandId,
        command: Command,
    ) -> Result<CommandDone, Problem> {
        self.give(id, command).await;
        self.answer(id).await
    }

    /// Tells what has been begun to write, and waits for the answer.
    pub(crate) async fn draft(&mut self, draft: DraftGiven) -> Result<CommandDone, Problem> {
        let id = new_command_id();
        self.wire.say(&PanelFrame::Draft { id, draft }).await;
        self.answer(id).await
    }

    /// Gives a command that was made of a draft, and waits for the answer.
    pub(crate) async fn command_of_draft(
        &mut self,
        command: Command,
        draft: DraftOrigin,
    ) -> Result<CommandDone, Problem> {
        let id = new_command_id();
        let envelope = CommandEnvelope {
            id,
            command,
            draft: Some(draft),
        };
        self.wire.say(&PanelFrame::Command(envelope)).await;
        self.answer(id).await
    }

    /// The text of a draft that it holds, and its version.
    pub(crate) fn draft_of(&self, chat: ChatId, mode: ComposerMode) -> Option<(&str, i64)> {
        let draft = self.drafts.get(&(chat, mode))?;
        Some((&draft.text, draft.version))
    }

    /// Gives a command without waiting.
    pub(crate) async fn give(&mut self, id: CommandId, command: Command) {
        let envelope = CommandEnvelope {
            id,
            command,
            draft: None,
        };
        self.wire.say(&PanelFrame::Command(envelope)).await;
    }

    pub(crate) async fn answer(&mut self, id: CommandId) -> Result<CommandDone, Problem> {
        self.until("an answer", |panel| panel.answers.contains_key(&id))
            .await;
        self.answers.remove(&id).unwrap()
    }

    /// The places of a chat that it holds.
    pub(crate) fn places(&self, chat: ChatId) -> Vec<i64> {
        let keys = self.entries.keys();
        keys.filter(|(of, _)| *of == chat)
            .map(|(_, place)| place.0)
            .collect()
    }
}

//! Target `frames`: what panels, and those who only pretend to be one, say on real sockets.
//!
//! The other side of each socket is written by hand, frame by frame, since a library would not
//! let most of this out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use pult_protocol::{
    BackendFrame, Code, Command, CommandEnvelope, MAX_FRAME_BYTES, OLDEST_PROTOCOL, PROTOCOL,
    PanelFrame,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use uuid::Uuid;

use crate::bytes::Bytes;
use crate::hunt::{Target, Tried};
use crate::mutate::{Dice, Words, mutate_bytes};
use crate::office::{self, Office, chat_id, entry_id, operator_id, token};
use crate::served::{PATIENCE, Served};

/// The largest delivery that the backend takes, in bytes.
const MAX_DELIVERY_BYTES: usize = 4 * 1024 * 1024;

/// Most connections of a script.
const MAX_LINES: usize = 4;

/// For how long a frame may be on its way out: the backend may have stopped to read.
const WRITING: Duration = Duration::from_secs(3);

/// Frames beyond this end the connection whether the reason can be heard or not.
const MAX_READ_BYTES: usize = 4 * MAX_FRAME_BYTES;

/// Something that happens on a connection. Connections count from 0; one that is not there yet is
/// opened and says hello.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A new connection, on which nothing has been said.
    Connect,
    /// A text.
    Say {
        /// On which connection.
        line: u8,
        /// How often, one right after the other.
        times: u16,
        /// What; need not be UTF-8.
        text: Bytes,
    },
    /// A text in pieces of that many bytes.
    Pieces {
        /// On which connection.
        line: u8,
        /// Bytes of a piece.
        size: u16,
        /// What.
        text: Bytes,
    },
    /// A frame made up by hand.
    Frame {
        /// On which connection.
        line: u8,
        /// The first byte: whether it is the last piece, three bits that are kept for later, and
        /// what sort of frame it is.
        head: u8,
        /// Whether it is masked, as it must be.
        is_masked: bool,
        /// A length that is claimed instead of the true one.
        length: Option<u64>,
        /// What is in it.
        payload: Bytes,
    },
    /// The connection goes.
    Cut {
        /// Which.
        line: u8,
        /// Whether only our way to the backend is closed.
        is_half: bool,
    },
    /// A client writes meanwhile.
    ClientWrites(Bytes),
}

/// The target.
pub struct Frames {
    runtime: Runtime,
    office: Office,
    words: Words,
}

impl Frames {
    /// Sets it up.
    ///
    /// # Errors
    /// When the office cannot be set up.
    pub fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let office = runtime.block_on(Office::set_up(&[office::NUMBER]))?;
        let texts = texts();
        let ids = ids();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let words = Words::of(&texts, &ids);
        Ok(Self {
            runtime,
            office,
            words,
        })
    }
}

fn ids() -> Vec<String> {
    let mut ids = vec![
        Uuid::nil().to_string(),
        Uuid::max().to_string(),
        "ping".to_owned(),
    ];
    for number in 1..=4 {
        ids.push(chat_id(number).to_string());
        ids.push(command_id(number).to_string());
    }
    for number in 1..=3 {
        ids.push(token(number));
        ids.push(operator_id(number).to_string());
    }
    ids
}

/// The id of a command, the same every time.
fn command_id(number: u8) -> Uuid {
    entry_id(100 + number)
}

fn hello(operator: u8) -> Value {
    json!({"kind": "hello", "token": token(operator), "protocol": PROTOCOL, "device": "a fuzzer", "cursor": null})
}

fn command(number: u8, mut command: Value, chat: u8) -> String {
    if let Some(command) = command.as_object_mut() {
        command.insert("chat_id".to_owned(), json!(chat_id(chat)));
    }
    json!({"kind": "command", "id": command_id(number), "command": command}).to_string()
}

/// Everything that a panel says.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = (1..=3).map(|number| hello(number).to_string()).collect();
    let mut again = hello(1);
    if let Some(again) = again.as_object_mut() {
        again.insert("cursor".to_owned(), json!({"epoch": "0190", "seq": 3}));
    }
    texts.push(again.to_string());
    texts.push(json!({"kind": "ping"}).to_string());
    for (number, chat) in [(1, 1), (2, 2), (3, 3), (4, 4)] {
        let reply = json!({"kind": "reply", "text": "Добрый день", "seen_place": 9});
        texts.push(command(number, reply, chat));
        texts.push(command(
            number + 4,
            json!({"kind": "close", "seen_place": 9}),
            chat,
        ));
        texts.push(command(
            number + 8,
            json!({"kind": "reopen", "seen_place": 9}),
            chat,
        ));
        texts.push(command(
            number + 12,
            json!({"kind": "mark_read", "place": 1}),
            chat,
        ));
    }
    texts
}

impl Target for Frames {
    type Step = Step;

    const NAME: &'static str = "frames";

    fn seeds(&self) -> Vec<Vec<Step>> {
        let mut seeds: Vec<Vec<Step>> = Vec::new();
        let say = |line, text: &str| Step::Say {
            line,
            times: 1,
            text: Bytes::of(text),
        };
        for text in texts() {
            seeds.push(vec![say(0, &text)]);
            seeds.push(vec![Step::Connect, say(0, &text)]);
            seeds.push(vec![
                say(0, &text),
                say(1, &text),
                Step::ClientWrites(client_writes()),
                say(1, &text),
            ]);
            seeds.push(vec![Step::Pieces {
                line: 0,
                size: 7,
                text: Bytes::of(text),
            }]);
        }
        let frame = |head, payload: &[u8]| {
            let payload = Bytes(payload.to_vec());
            vec![Step::Frame {
                line: 0,
                head,
                is_masked: true,
                length: None,
                payload,
            }]
        };
        for seed in [
            frame(0x82, b"binary"),
            frame(0x89, b"ping"),
            frame(0x8a, b"pong"),
            frame(0x88, b"\x03\xe8over"),
            frame(0x80, b"a piece of nothing"),
            frame(0xf1, b"{}"),
        ] {
            seeds.push(seed);
        }
        seeds.push(vec![Step::Cut {
            line: 0,
            is_half: true,
        }]);
        seeds.push(vec![Step::Say {
            line: 0,
            times: 200,
            text: Bytes::of(r#"{"kind":"ping"}"#),
        }]);
        seeds
    }

    fn mutate(&self, dice: &mut Dice, step: &Step) -> Step {
        let mut step = step.clone();
        let other_line = u8::try_from(dice.below(MAX_LINES)).unwrap_or_default();
        match &mut step {
            Step::Say { line, times, text } => match dice.below(10) {
                0 => *line = other_line,
                1 => *times = dice.choose([1, 2, 33, 40, 300]),
                2 => {
                    return Step::Pieces {
                        line: *line,
                        size: dice.choose([1, 2, 30, 5_000]),
                        text: text.clone(),
                    };
                }
                3 => {
                    return Step::Frame {
                        line: *line,
                        head: 0x81,
                        is_masked: true,
                        length: None,
                        payload: text.clone(),
                    };
                }
                4 if dice.one_in(4) => {
                    // Around the limits, where JSON may still be read.
                    let n = dice.choose([
                        MAX_FRAME_BYTES,
                        MAX_FRAME_BYTES + 1,
                        MAX_READ_BYTES,
                        MAX_READ_BYTES + 1,
                    ]);
                    text.0.resize(n.max(text.0.len()), b' ');
                }
                _ => self.words.mutate(dice, text),
            },
            Step::Pieces { line, size, text } => match dice.below(4) {
                0 => *line = other_line,
                1 => *size = dice.choose([1, 2, 3, 100, 60_000]),
                _ => self.words.mutate(dice, text),
            },
            Step::Frame {
                line,
                head,
                is_masked,
                length,
                payload,
            } => match dice.below(6) {
                0 => *line = other_line,
                1 => *head ^= dice.choose([1, 2, 4, 8, 16, 32, 64, 128]),
                2 => *is_masked = !*is_masked,
                3 => {
                    *length = Some(dice.choose([
                        0,
                        1,
                        125,
                        126,
                        65_535,
                        65_536,
                        1 << 20,
                        1 << 32,
                        u64::MAX >> 1,
                        u64::MAX,
                    ]));
                }
                _ => mutate_bytes(dice, &mut payload.0),
            },
            Step::Cut { line, is_half } => {
                *line = other_line;
                *is_half = dice.one_in(2);
            }
            Step::Connect => return Step::ClientWrites(client_writes()),
            Step::ClientWrites(body) => {
                if dice.one_in(3) {
                    return Step::Cut {
                        line: other_line,
                        is_half: false,
                    };
                }
                self.words.mutate(dice, body);
            }
        }
        step
    }

    fn body(step: &mut Step) -> Option<&mut Bytes> {
        match step {
            Step::Say { text, .. } | Step::Pieces { text, .. } => Some(text),
            Step::Frame { payload, .. } => Some(payload),
            Step::ClientWrites(body) => Some(body),
            Step::Connect | Step::Cut { .. } => None,
        }
    }

    fn n_inputs(step: &Step) -> usize {
        match step {
            Step::Say { times, .. } => usize::from(*times),
            Step::Pieces { .. } | Step::Frame { .. } | Step::Cut { .. } => 1,
            Step::Connect | Step::ClientWrites(_) => 0,
        }
    }

    fn run(&self, script: &[Step]) -> Result<Tried> {
        self.runtime.block_on(async {
            let served = Served::start(&self.office).await?;
            let before = office::contents(&office::look(served.folder.path())?)?;
            let mut trial = Trial {
                watcher: Line::greeted(&served, 2).await?,
                lines: Vec::new(),
                served,
                tried: Tried::default(),
                sent: BTreeMap::new(),
                answered: BTreeMap::new(),
                done: BTreeSet::new(),
                has_written: false,
            };
            for step in script {
                trial.take(step).await?;
            }
            trial.judge(&before).await
        })
    }
}

fn client_writes() -> Bytes {
    Bytes::of(
        json!({"entry": [{"changes": [{"field": "messages", "value": {
            "metadata": {"phone_number_id": office::NUMBER},
            "messages": [{"id": "wamid.NEW1", "from": "79000000004", "type": "text",
                          "timestamp": "1789999000", "text": {"body": "Снова я"}}],
        }}]}]})
        .to_string(),
    )
}

/// What came over a connection.
enum Heard {
    Frame(BackendFrame),
    /// It is of no known shape, or does not fit what a panel can take.
    Odd(String),
    Close(u16),
    End,
}

/// What is known of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has been said.
    Fresh,
    /// The hello was right.
    Live,
    /// The backend must say why and close.
    SentAway(Code),
    /// Something was said on it that ends it in some way, or may.
    Unsure,
}

struct Line {
    write: OwnedWriteHalf,
    heard: mpsc::UnboundedReceiver<Heard>,
    stage: Stage,
    /// Answers that must still come.
    n_owed: usize,
}

impl Line {
    async fn connect(served: &Served) -> Result<Self> {
        let mut stream = TcpStream::connect(served.address)
            .await
            .context("Connecting")?;
        stream.set_nodelay(true)?;
        let request = "GET /api/v1/socket HTTP/1.1\r\nHost: pult\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = timeout(PATIENCE, stream.read_u8())
                .await
                .context("A socket opens")?;
            head.push(byte.context("A socket opens")?);
        }
        let (read, write) = stream.into_split();
        let (tx, heard) = mpsc::unbounded_channel();
        drop(tokio::spawn(hear(read, tx)));
        Ok(Self {
            write,
            heard,
            stage: Stage::Fresh,
            n_owed: 0,
        })
    }

    async fn greeted(served: &Served, operator: u8) -> Result<Self> {
        let mut line = Self::connect(served).await?;
        line.send(0x81, true, None, hello(operator).to_string().as_bytes())
            .await;
        line.stage = Stage::Live;
        Ok(line)
    }

    /// Sends a frame, as far as the other side takes it.
    async fn send(&mut self, head: u8, is_masked: bool, length: Option<u64>, payload: &[u8]) {
        let mut frame = vec![head];
        let mask_bit = if is_masked { 0x80 } else { 0 };
        let length = length.unwrap_or(payload.len() as u64);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ 0..=125), _) => frame.push(mask_bit | short),
            (_, Ok(middle)) => {
                frame.push(mask_bit | 126);
                frame.extend(middle.to_be_bytes());
            }
            (_, Err(_)) => {
                frame.push(mask_bit | 127);
                frame.extend(length.to_be_bytes());
            }
        }
        if is_masked {
            let mask = [0x12, 0x34, 0x56, 0x78];
            frame.extend(mask);
            frame.extend(
                payload
                    .iter()
                    .zip(mask.iter().cycle())
                    .map(|(byte, mask)| byte ^ mask),
            );
        } else {
            frame.extend(payload);
        }
        drop(timeout(WRITING, self.write.write_all(&frame)).await);
    }

    /// Notes what must come of a text.
    fn expect(&mut self, text: &[u8]) {
        let whole = std::str::from_utf8(text)
            .ok()
            .filter(|_| text.len() <= MAX_READ_BYTES);
        let frame = whole.map(serde_json::from_str::<PanelFrame>);
        let is_too_large = text.len() > MAX_FRAME_BYTES;
        self.stage = match (self.stage, frame) {
            (Stage::Unsure | Stage::SentAway(_), _) => self.stage,
            (Stage::Fresh | Stage::Live, None) => Stage::Unsure,
            (Stage::Fresh | Stage::Live, Some(_)) if is_too_large => {
                Stage::SentAway(Code::TooLarge)
            }
            (
                Stage::Fresh,
                Some(Ok(PanelFrame::Hello {
                    token: given,
                    protocol,
                    ..
                })),
            ) => {
                if protocol < OLDEST_PROTOCOL {
                    Stage::SentAway(Code::ProtocolTooOld)
                } else if protocol > PROTOCOL {
                    Stage::SentAway(Code::ProtocolTooNew)
                } else if (1..=3).any(|number| token(number) == given.0) {
                    Stage::Live
                } else {
                    Stage::SentAway(Code::SignedOut)
                }
            }
            (Stage::Fresh, Some(_)) => Stage::SentAway(Code::Malformed),
            (
                Stage::Live,
                Some(Ok(PanelFrame::Ping | PanelFrame::Watch(_) | PanelFrame::Oversee { .. })),
            ) => Stage::Live,
            (Stage::Live, Some(_)) => {
                self.n_owed += 1;
                Stage::Live
            }
        };
    }
}

/// Reads a connection as strictly as a panel does.
async fn hear(read: OwnedReadHalf, tx: mpsc::UnboundedSender<Heard>) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES));
    // What the library would say by itself is not wanted here.
    let stream = tokio::io::join(read, tokio::io::sink());
    let mut frames = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config)).await;
    while let Some(message) = frames.next().await {
        let heard = match message {
            Ok(Message::Text(text)) => serde_json::from_str(&text).map_or_else(
                |error| Heard::Odd(format!("a frame of no known shape: {error}")),
                Heard::Frame,
            ),
            Ok(Message::Close(frame)) => {
                Heard::Close(frame.map_or(1005, |frame| frame.code.into()))
            }
            Ok(Message::Binary(_) | Message::Frame(_)) => {
                Heard::Odd("a frame that is no text".to_owned())
            }
            Ok(Message::Ping(_) | Message::Pong(_)) => continue,
            Err(error) if error.to_string().contains("too long") => Heard::Odd(format!("{error}")),
            Err(_) => break,
        };
        if tx.send(heard).is_err() {
            return;
        }
    }
    drop(tx.send(Heard::End));
}

struct Trial {
    served: Served,
    watcher: Line,
    lines: Vec<Line>,
    tried: Tried,
    /// How often each command was sent, and answered.
    sent: BTreeMap<Uuid, usize>,
    answered: BTreeMap<Uuid, usize>,
    done: BTreeSet<Uuid>,
    has_written: bool,
}

impl Trial {
    /// The connection of that number, or the next new one.
    async fn line(&mut self, number: u8) -> Result<usize> {
        let idx = usize::from(number) % MAX_LINES;
        if idx < self.lines.len() {
            return Ok(idx);
        }
        let operator = u8::try_from(self.lines.len() % 3 + 1).unwrap_or(1);
        self.lines
            .push(Line::greeted(&self.served, operator).await?);
        Ok(self.lines.len() - 1)
    }

    async fn take(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Connect => {
                if self.lines.len() < MAX_LINES {
                    self.lines.push(Line::connect(&self.served).await?);
                }
            }
            Step::Say { line, times, text } => {
                // Long ones are not sent for ever.
                let room = 2 * MAX_READ_BYTES / text.0.len().max(1);
                for _ in 0..usize::from(*times).min(room.max(1)) {
                    self.say(*line, text, None).await?;
                }
            }
            Step::Pieces { line, size, text } => self.say(*line, text, Some(*size)).await?,
            Step::Frame {
                line,
                head,
                is_masked,
                length,
                payload,
            } => {
                let idx = self.line(*line).await?;
                let Some(line) = self.lines.get_mut(idx) else {
                    return Ok(());
                };
                let is_ping = matches!(head, 0x89 | 0x8a)
                    && *is_masked
                    && length.is_none()
                    && payload.0.len() <= 125;
                if !is_ping {
                    line.stage = Stage::Unsure;
                }
                self.tried
                    .mark(format!("frame {head:x} {is_masked} {}", length.is_some()));
                if matches!(head & 0xf, 0..=2) {
                    self.note(&payload.0);
                }
                if let Some(line) = self.lines.get_mut(idx) {
                    line.send(*head, *is_masked, *length, &payload.0).await;
                }
            }
            Step::Cut { line, is_half } => {
                let idx = self.line(*line).await?;
                if let Some(line) = self.lines.get_mut(idx) {
                    line.stage = Stage::Unsure;
                    drop(line.write.shutdown().await);
                }
                if !is_half {
                    let fresh = Line::connect(&self.served).await?;
                    if let Some(line) = self.lines.get_mut(idx) {
                        *line = fresh;
                    }
                }
            }
            Step::ClientWrites(body) => {
                self.has_written = true;
                let signature = crate::webhook::signed(&body.0);
                let mut stream = TcpStream::connect(self.served.address).await?;
                let head = format!(
                    "POST /webhooks/whatsapp HTTP/1.1\r\nHost: pult\r\nConnection: close\r\n\
                     X-Hub-Signature-256: {signature}\r\nContent-Length: {}\r\n\r\n",
                    body.0.len(),
                );
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&body.0).await?;
                let mut answer = String::new();
                let read = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
                // What has grown beyond the limit on the way is refused.
                let expected = if body.0.len() > MAX_DELIVERY_BYTES {
                    "HTTP/1.1 413 "
                } else {
                    "HTTP/1.1 200 "
                };
                if read.is_err() || !answer.starts_with(expected) {
                    self.tried
                        .find("a delivery beside the frames was not taken");
                }
            }
        }
        Ok(())
    }

    async fn say(&mut self, number: u8, text: &Bytes, size: Option<u16>) -> Result<()> {
        let idx = self.line(number).await?;
        self.note(&text.0);
        let Some(line) = self.lines.get_mut(idx) else {
            return Ok(());
        };
        line.expect(&text.0);
        let Some(size) = size else {
            line.send(0x81, true, None, &text.0).await;
            return Ok(());
        };
        let mut pieces = text
            .0
            .chunks(usize::from(size.max(1)))
            .take(2_000)
            .peekable();
        let mut head = 1;
        let mut n_sent = 0;
        while let Some(piece) = pieces.next() {
            n_sent += piece.len();
            let last = if pieces.peek().is_none() && n_sent == text.0.len() {
                0x80
            } else {
                0
            };
            line.send(head | last, true, None, piece).await;
            head = 0;
        }
        if n_sent < text.0.len() || n_sent == 0 {
            line.stage = Stage::Unsure;
        }
        Ok(())
    }

    /// Notes a command on its way; also one that will be refused because its id alone is readable.
    fn note(&mut self, text: &[u8]) {
        let Ok(frame) = serde_json::from_slice::<Value>(text) else {
            return;
        };
        let id = frame.get("id").and_then(Value::as_str);
        if frame.get("kind").and_then(Value::as_str) == Some("command")
            && let Some(id) = id.and_then(|id| id.parse().ok())
        {
            *self.sent.entry(id).or_default() += 1;
        }
        if let Ok(PanelFrame::Command(CommandEnvelope { command, .. })) =
            serde_json::from_slice(text)
        {
            self.tried.mark(format!("command {}", word(&command)));
        }
    }

    /// Listens to everybody until nothing is owed any more.
    async fn judge(mut self, before: &[String]) -> Result<Tried> {
        let mut lines = std::mem::take(&mut self.lines);
        for line in &mut lines {
            self.listen(line).await;
        }
        // Whatever was said elsewhere, others are served, those who came before and new ones.
        let mut newcomer = Line::greeted(&self.served, 1).await?;
        let mut watcher = std::mem::replace(&mut self.watcher, Line::connect(&self.served).await?);
        for line in [&mut watcher, &mut newcomer] {
            let id = Uuid::now_v7();
            let probe =
                json!({"kind": "command", "id": id, "command": {"kind": "juggle"}}).to_string();
            line.expect(probe.as_bytes());
            line.send(0x81, true, None, probe.as_bytes()).await;
            self.listen(line).await;
        }
        // What came late from those of whom nothing could be expected.
        for line in &mut lines {
            while let Ok(heard) = line.heard.try_recv() {
                self.take_heard(line, heard);
            }
        }
        drop((lines, watcher, newcomer));
        let Self {
            served,
            mut tried,
            sent,
            answered,
            done,
            has_written,
            watcher,
            ..
        } = self;
        drop(watcher);
        let folder = served.stop(&mut tried).await?;
        judge_store(&mut tried, folder.path(), &sent, &answered, &done)?;
        let may_have_changed = has_written
            || !done.is_empty()
            || sent.iter().any(|(id, n)| answered.get(id) != Some(n));
        if !may_have_changed {
            let after = office::contents(&office::look(folder.path())?)?;
            if let Some(changed) = after.iter().find(|line| !before.contains(line)) {
                let table = changed.split(' ').next().unwrap_or_default();
                tried.find(format!(
                    "something changed without a command that was done: {table}"
                ));
            }
        }
        Ok(tried)
    }

    /// Hears a line out.
    async fn listen(&mut self, line: &mut Line) {
        loop {
            let is_awaited = match line.stage {
                Stage::Live => line.n_owed > 0,
                Stage::SentAway(_) => true,
                Stage::Fresh | Stage::Unsure => false,
            };
            let heard = if is_awaited {
                timeout(PATIENCE, line.heard.recv()).await
            } else {
                Ok(line.heard.try_recv().ok())
            };
            match heard {
                Err(_) => {
                    self.tried.find(format!(
                        "nothing is heard of a connection that is {:?}",
                        line.stage
                    ));
                    return;
                }
                Ok(None) => return,
                Ok(Some(heard)) => self.take_heard(line, heard),
            }
        }
    }

    fn take_heard(&mut self, line: &mut Line, heard: Heard) {
        match heard {
            Heard::Odd(what) => self.tried.find(format!("a panel cannot read this: {what}")),
            Heard::Frame(frame) => self.take_frame(line, frame),
            Heard::Close(code) => {
                self.tried.mark(format!("closed {code}"));
                match line.stage {
                    Stage::Live => self
                        .tried
                        .find(format!("a connection in order was closed: {code}")),
                    Stage::SentAway(_) if line.n_owed > 0 || code != 1008 => {
                        self.tried.find(format!(
                            "a connection was closed with {code} before it was told why"
                        ));
                    }
                    Stage::Fresh | Stage::SentAway(_) | Stage::Unsure => {}
                }
                line.stage = Stage::Unsure;
            }
            Heard::End => {
                if line.stage == Stage::Live {
                    self.tried.find("a connection in order ended");
                } else if let Stage::SentAway(code) = line.stage {
                    self.tried
                        .find(format!("a connection ended without the word {code:?}"));
                }
                line.stage = Stage::Unsure;
            }
        }
    }

    fn take_frame(&mut self, line: &mut Line, frame: BackendFrame) {
        match frame {
            BackendFrame::Welcome { .. }
            | BackendFrame::Changes(_)
            | BackendFrame::Presence { .. }
            | BackendFrame::Watching { .. }
            | BackendFrame::ChatsChanged { .. }
            | BackendFrame::Late(_)
            | BackendFrame::First { .. }
            | BackendFrame::Ping => {}
            BackendFrame::Done { id, .. } => {
                line.n_owed = line.n_owed.saturating_sub(1);
                *self.answered.entry(id.0).or_default() += 1;
                self.done.insert(id.0);
                self.tried.mark("done");
            }
            BackendFrame::Refused { id, problem } => {
                line.n_owed = line.n_owed.saturating_sub(1);
                *self.answered.entry(id.0).or_default() += 1;
                self.take_problem(problem.code);
            }
            BackendFrame::Problem { problem } => {
                if let Stage::SentAway(code) = line.stage
                    && code == problem.code
                {
                    line.n_owed = 0;
                } else {
                    line.n_owed = line.n_owed.saturating_sub(1);
                }
                self.take_problem(problem.code);
            }
        }
    }

    fn take_problem(&mut self, code: Code) {
        self.tried.mark(format!("problem {code:?}"));
        if matches!(code, Code::Internal | Code::Unavailable) {
            self.tried
                .find(format!("a panel was told of a fault: {code:?}"));
        }
    }
}

const fn word(command: &Command) -> &'static str {
    match command {
        Command::Reply { .. } => "reply",
        Command::Comment { .. } => "comment",
        Command::Leave { .. } => "leave",
        Command::Transfer { .. } => "transfer",
        Command::ReturnToQueue { .. } => "return_to_queue",
        Command::Assign { .. } => "assign",
        Command::SetObservers { .. } => "set_observers",
        Command::NoAnswerNeeded { .. } => "no_answer_needed",
        Command::NameClient { .. } => "name_client",
        Command::NoteClient { .. } => "note_client",
        Command::TellOnlyAddressed { .. } => "tell_only_addressed",
        Command::Close { .. } => "close",
        Command::Reopen { .. } => "reopen",
        Command::MarkRead { .. } => "mark_read",
    }
}

/// What stands in the store comes from commands that were done, or whose answer nobody could hear.
fn judge_store(
    tried: &mut Tried,
    folder: &Path,
    sent: &BTreeMap<Uuid, usize>,
    answered: &BTreeMap<Uuid, usize>,
    done: &BTreeSet<Uuid>,
) -> Result<()> {
    let file = office::look(folder)?;
    let mut rows = file.prepare(
        "SELECT command_id, count(*) FROM entries WHERE kind = 'outbound' AND key > 9 GROUP BY author, command_id",
    )?;
    let rows = rows.query_map((), |row| {
        Ok((row.get::<_, Uuid>(0)?, row.get::<_, i64>(1)?))
    })?;
    let written: BTreeMap<Uuid, i64> = rows.collect::<Result<_, _>>()?;
    for (id, n) in &written {
        if *n != 1 {
            tried.find("a reply was carried out more than once");
        }
        if !done.contains(id) && answered.get(id) == sent.get(id) {
            tried.find("a reply was carried out and refused");
        }
        if !sent.contains_key(id) {
            tried.find("a reply was carried out that nobody sent");
        }
    }
    Ok(())
}

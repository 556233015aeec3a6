//! Panels reduced to their socket: they say hello, read what comes, and keep the heartbeat.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use pult_protocol::{HEARTBEAT_MS, PROTOCOL};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::sync::CancellationToken;

use super::machine::now_ns;
use super::traffic::marks;
use crate::until::LIMIT;

/// How many connect at the same time.
const AT_ONCE: usize = 64;

/// Between two tries to reach a backend that is away.
const RETRY: Duration = Duration::from_millis(100);

/// A place in the feed: epoch and change.
pub type Cursor = (String, i64);

/// A connected panel that has everything up to its cursor.
#[derive(Debug)]
pub struct Panel {
    socket: WebSocketStream<TcpStream>,
    token: String,
    cursor: Cursor,
    /// The marks of messages that came while it caught up.
    caught_up: HashSet<u64>,
}

/// What a panel looks at in a frame.
#[derive(Deserialize)]
struct Frame {
    kind: String,
    cursor: Option<FrameCursor>,
    #[serde(default)]
    behind: u32,
}

#[derive(Deserialize)]
struct FrameCursor {
    epoch: String,
    seq: i64,
}

/// A message that came: its mark, and when.
pub type Arrival = (u64, u64);

impl Panel {
    /// Connects and reads until it is in sync; without a cursor it reads a snapshot.
    ///
    /// # Errors
    /// When the backend cannot be reached or hangs up.
    pub async fn connect(target: &str, token: String, cursor: Option<Cursor>) -> Result<Self> {
        let stream = TcpStream::connect(target).await.context("Connecting")?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(8 * 1024);
        let url = format!("ws://{target}/api/v1/socket");
        let (mut socket, _) = client_async_with_config(url, stream, Some(config))
            .await
            .context("Opening a socket")?;
        let cursor = cursor.map(|(epoch, seq)| serde_json::json!({"epoch": epoch, "seq": seq}));
        let hello = serde_json::json!({
            "kind": "hello", "token": &token, "protocol": PROTOCOL, "device": "bench",
            "cursor": cursor,
        });
        socket.send(Message::text(hello.to_string())).await?;
        let mut caught_up = HashSet::new();
        loop {
            let text = next(&mut socket).await?;
            let frame: Frame = serde_json::from_str(&text).context("Reading a frame")?;
            ensure!(frame.kind != "problem", "the backend has a problem: {text}");
            caught_up.extend(marks(&text));
            if let Some(FrameCursor { epoch, seq }) = frame.cursor
                && frame.behind == 0
            {
                return Ok(Self {
                    socket,
                    token,
                    cursor: (epoch, seq),
                    caught_up,
                });
            }
        }
    }

    /// Reads on until it has the messages of so many marks, or it is told to stop: what came first
    /// of each, and when.
    ///
    /// # Errors
    /// When the backend hangs up.
    pub async fn listen(mut self, n: usize, stop: CancellationToken) -> Result<Vec<Arrival>> {
        let beat = Duration::from_millis(HEARTBEAT_MS);
        let mut beats = interval_at(Instant::now() + beat, beat);
        let mut known = HashSet::from([0]);
        let mut arrivals = Vec::new();
        while arrivals.len() < n {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = beats.tick() => {
                    self.socket.send(Message::text(r#"{"kind":"ping"}"#)).await?;
                }
                text = next(&mut self.socket) => {
                    let (text, now) = (text?, now_ns());
                    let new = marks(&text).filter(|mark| known.insert(*mark));
                    arrivals.extend(new.map(|mark| (mark, now)));
                }
            }
        }
        Ok(arrivals)
    }

    /// Comes back whenever it is cut off, until it is in sync up to `goal` with so many messages
    /// that it did not have; says when that was.
    ///
    /// # Errors
    /// When it cannot, for longer than anybody would wait.
    pub async fn come_back(self, target: &str, goal: i64, n_messages: usize) -> Result<u64> {
        let Self {
            mut socket,
            token,
            mut cursor,
            ..
        } = self;
        while next(&mut socket).await.is_ok() {}
        let mut had: HashSet<u64> = HashSet::new();
        let end = Instant::now() + LIMIT * 4;
        while Instant::now() < end {
            let Ok(panel) = Self::connect(target, token.clone(), Some(cursor.clone())).await else {
                sleep(RETRY.mul_f64(0.5 + rand::random::<f64>())).await;
                continue;
            };
            had.extend(&panel.caught_up);
            cursor.clone_from(&panel.cursor);
            if cursor.1 >= goal {
                ensure!(had.len() >= n_messages, "a panel misses messages");
                return Ok(now_ns());
            }
        }
        bail!("a panel does not come into sync")
    }
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Result<Utf8Bytes> {
    loop {
        match socket.next().await.context("The backend is gone")?? {
            Message::Text(text) => return Ok(text),
            Message::Close(_) => bail!("the backend hangs up"),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

/// Connects a panel for each token.
///
/// # Errors
/// When one of them cannot.
pub async fn connect_all(
    target: &str,
    tokens: Vec<String>,
    cursor: Option<Cursor>,
) -> Result<Vec<Panel>> {
    futures_util::stream::iter(tokens)
        .map(|token| Panel::connect(target, token, cursor.clone()))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .collect()
}

/// Panels that listen, each in a task of its own.
#[derive(Debug)]
pub struct Listening {
    panels: JoinSet<Result<Vec<Arrival>>>,
    stop: CancellationToken,
}

impl Listening {
    /// Lets panels listen until each has so many messages.
    #[must_use]
    pub fn start(panels: Vec<Panel>, n: usize) -> Self {
        let stop = CancellationToken::new();
        let mut listening = JoinSet::new();
        for panel in panels {
            listening.spawn(panel.listen(n, stop.clone()));
        }
        Self {
            panels: listening,
            stop,
        }
    }

    /// Waits until each has all it waits for, or nobody would wait any longer.
    ///
    /// # Errors
    /// When the backend has hung up on one.
    pub async fn finish(mut self) -> Result<Vec<Vec<Arrival>>> {
        let mut all = Vec::new();
        let gather = async {
            while let Some(arrivals) = self.panels.join_next().await {
                all.push(arrivals??);
            }
            Ok::<_, anyhow::Error>(())
        };
        if let Ok(done) = timeout(LIMIT * 4, gather).await {
            done?;
        } else {
            self.stop.cancel();
            while let Some(arrivals) = self.panels.join_next().await {
                all.push(arrivals??);
            }
        }
        Ok(all)
    }
}

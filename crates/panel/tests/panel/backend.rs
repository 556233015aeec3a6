//! A backend that says exactly what a test tells it to say, over real sockets.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use axum::serve::Listener;
use axum::{Json, Router};
use parking_lot::Mutex;
use pult_domain::{ChatId, CommandId, OperatorId, Place, Role, Seq, Timestamp};
use pult_protocol::{
    BackendFrame, Changes, Code, Command, CommandDone, CommandEnvelope, Cursor, EntryRow,
    HistoryPage, HistoryQuery, LEASE_MS, OperatorRow, PanelFrame, Problem, Row, SignInRequest,
    SignInResponse, Token,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use uuid::Uuid;

pub(crate) const PASSWORD: &str = "correct horse";
const PATIENCE: Duration = Duration::from_secs(10);

/// The backend.
pub(crate) struct Backend {
    pub(crate) address: String,
    shared: Arc<Shared>,
    sockets: mpsc::UnboundedReceiver<WebSocket>,
    task: JoinHandle<()>,
}

struct Shared {
    operators: BTreeMap<&'static str, OperatorRow>,
    history: Mutex<BTreeMap<ChatId, Vec<EntryRow>>>,
    n_history_requests: Mutex<u32>,
    ended_tokens: Mutex<Vec<String>>,
    sockets: mpsc::UnboundedSender<WebSocket>,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    /// Also after another one has been stopped there.
    pub(crate) async fn start_at(at: &str) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        Self::serve(listener, address)
    }

    /// With TLS, and a certificate of an authority of its own for `localhost`, as PEM.
    pub(crate) async fn start_encrypted() -> (Self, String) {
        let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key)
            .unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}", tcp.local_addr().unwrap().port());
        let listener = TlsListener {
            tcp,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        };
        (Self::serve(listener, address), issued.cert.pem())
    }

    fn serve<L>(listener: L, address: String) -> Self
    where
        L: Listener,
        L::Addr: std::fmt::Debug,
    {
        let (tx, rx) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            operators: ["anna", "boris"]
                .into_iter()
                .map(|login| (login, operator(login)))
                .collect(),
            history: Mutex::default(),
            n_history_requests: Mutex::default(),
            ended_tokens: Mutex::default(),
            sockets: tx,
        });
        let router = Router::new()
            .route("/api/v1/sessions", post(sign_in))
            .route("/api/v1/sessions/current", delete(sign_out))
            .route("/api/v1/chats/{chat_id}/entries", get(history))
            .route("/api/v1/socket", any(socket))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            shared,
            sockets: rx,
            task,
        }
    }

    /// Nobody answers any more.
    pub(crate) async fn stop(self) {
        self.task.abort();
        drop(self.task.await);
    }

    pub(crate) fn set_history(&self, chat_id: ChatId, entries: Vec<EntryRow>) {
        self.shared.history.lock().insert(chat_id, entries);
    }

    pub(crate) fn n_history_requests(&self) -> u32 {
        *self.shared.n_history_requests.lock()
    }

    pub(crate) fn ended_tokens(&self) -> Vec<String> {
        self.shared.ended_tokens.lock().clone()
    }

    /// The next connection, after its hello.
    pub(crate) async fn accept(&mut self) -> (Socket, Hello) {
        let socket = within(self.sockets.recv()).await.unwrap();
        let mut socket = Socket(socket);
        let PanelFrame::Hello { token, cursor, .. } = socket.next().await else {
            panic!("the first frame is a hello");
        };
        (
            socket,
            Hello {
                token: token.0,
                cursor,
            },
        )
    }

    /// The next connection, welcomed, with `rows` as its snapshot.
    pub(crate) async fn accept_with(&mut self, rows: Vec<Row>) -> Socket {
        let (mut socket, _) = self.accept().await;
        socket.welcome("anna").await;
        socket.snapshot(rows, 1).await;
        socket
    }
}

#[derive(Debug)]
pub(crate) struct Hello {
    pub(crate) token: String,
    pub(crate) cursor: Option<Cursor>,
}

/// Takes connections whose TLS handshake succeeds.
struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (tcp, peer) = self.tcp.accept().await.unwrap();
            if let Ok(tls) = self.acceptor.accept(tcp).await {
                return (tls, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// One connection. Cut when dropped.
pub(crate) struct Socket(WebSocket);

impl Socket {
    pub(crate) async fn next(&mut self) -> PanelFrame {
        loop {
            match within(self.0.recv()).await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Binary(_) | Message::Close(_) => panic!("a frame was expected"),
            }
        }
    }

    /// What the panel says next of whether everybody's chats are on its screen; what its operator looks at
    /// is said at any time and passed over.
    pub(crate) async fn oversees(&mut self) -> bool {
        loop {
            match self.next().await {
                PanelFrame::Oversee { on } => return on,
                PanelFrame::Ping | PanelFrame::Watch(_) => {}
                other @ (PanelFrame::Hello { .. }
                | PanelFrame::Command(_)
                | PanelFrame::Draft { .. }) => panic!("{other:?}"),
            }
        }
    }

    /// The next command; heartbeats are passed over.
    pub(crate) async fn command(&mut self) -> CommandEnvelope {
        loop {
            match self.next().await {
                PanelFrame::Command(envelope) => return envelope,
                PanelFrame::Ping
                | PanelFrame::Draft { .. }
                | PanelFrame::Watch(_)
                | PanelFrame::Oversee { .. } => {}
                PanelFrame::Hello { .. } => panic!("a second hello"),
            }
        }
    }

    /// The next command, which must be this reply.
    pub(crate) async fn reply(&mut self, expected: &str) -> CommandId {
        let envelope = self.command().await;
        let Command::Reply { text, .. } = envelope.command else {
            panic!("a reply was expected");
        };
        assert_eq!(text, expected);
        envelope.id
    }

    /// True when the panel has closed the connection.
    pub(crate) async fn is_closed(&mut self) -> bool {
        loop {
            match within(self.0.recv()).await {
                None | Some(Err(_) | Ok(Message::Close(_))) => return true,
                Some(Ok(_)) => {}
            }
        }
    }

    pub(crate) async fn send(&mut self, frame: &BackendFrame) {
        self.send_raw(serde_json::to_value(frame).unwrap()).await;
    }

    pub(crate) async fn send_raw(&mut self, frame: Value) {
        self.0
            .send(Message::Text(frame.to_string().into()))
            .await
            .unwrap();
    }

    pub(crate) async fn welcome(&mut self, login: &str) {
        self.send(&BackendFrame::Welcome {
            protocol: pult_protocol::PROTOCOL,
            operator_id: operator_id(login),
            server_time: now(),
            lease_ms: LEASE_MS,
        })
        .await;
    }

    pub(crate) async fn snapshot(&mut self, rows: Vec<Row>, seq: i64) {
        self.send(&BackendFrame::Changes(Changes {
            starts_snapshot: true,
            rows,
            cursor: Some(cursor(seq)),
            behind: 0,
        }))
        .await;
    }

    pub(crate) async fn changes(&mut self, rows: Vec<Row>, seq: i64) {
        self.send(&BackendFrame::Changes(Changes {
            starts_snapshot: false,
            rows,
            cursor: Some(cursor(seq)),
            behind: 0,
        }))
        .await;
    }

    pub(crate) async fn done(&mut self, id: CommandId, place: i64) {
        let result = CommandDone {
            entry_id: None,
            place: Some(Place(place)),
        };
        self.send(&BackendFrame::Done { id, result }).await;
    }

    pub(crate) async fn refuse(&mut self, id: CommandId, code: Code, details: Value) {
        let problem = Problem::new(code, "refused in a test").with_details(details);
        self.send(&BackendFrame::Refused { id, problem }).await;
    }

    pub(crate) async fn problem(&mut self, code: Code) {
        let problem = Problem::new(code, "said in a test");
        self.send(&BackendFrame::Problem { problem }).await;
    }
}

pub(crate) fn cursor(seq: i64) -> Cursor {
    Cursor {
        epoch: "first".to_owned(),
        seq: Seq(seq),
    }
}

pub(crate) fn operator_id(login: &str) -> OperatorId {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(login.bytes()) {
        *to = from;
    }
    OperatorId(Uuid::from_bytes(bytes))
}

pub(crate) fn operator(login: &str) -> OperatorRow {
    OperatorRow {
        id: operator_id(login),
        name: login.to_uppercase(),
        role: Role::Operator,
        is_active: true,
    }
}

pub(crate) fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap())
}

pub(crate) async fn within<F: Future>(work: F) -> F::Output {
    tokio::time::timeout(PATIENCE, work)
        .await
        .expect("it happens in time")
}

async fn sign_in(
    State(shared): State<Arc<Shared>>,
    Json(request): Json<SignInRequest>,
) -> Response {
    match shared.operators.get(request.login.as_str()) {
        Some(operator) if request.password == PASSWORD => Json(SignInResponse {
            token: Token(format!("token of {}", request.login)),
            expires_at: Timestamp(i64::MAX),
            operator: operator.clone(),
        })
        .into_response(),
        _ => problem(StatusCode::UNAUTHORIZED, Code::WrongPassword),
    }
}

async fn sign_out(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    shared.ended_tokens.lock().push(bearer(&headers));
    StatusCode::NO_CONTENT.into_response()
}

async fn history(
    State(shared): State<Arc<Shared>>,
    Path(chat_id): Path<Uuid>,
    Query(query): Query<HistoryQuery>,
    headers: HeaderMap,
) -> Response {
    assert!(bearer(&headers).starts_with("token of "));
    *shared.n_history_requests.lock() += 1;
    let before = query.before.unwrap_or(Place(i64::MAX));
    let limit = usize::try_from(query.limit.unwrap_or(50)).unwrap();
    let mut entries: Vec<EntryRow> = shared
        .history
        .lock()
        .get(&ChatId(chat_id))
        .into_iter()
        .flatten()
        .filter(|entry| entry.place < before)
        .cloned()
        .collect();
    let entries = entries.split_off(entries.len().saturating_sub(limit));
    Json(HistoryPage { entries }).into_response()
}

async fn socket(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| drop(shared.sockets.send(socket)))
}

fn bearer(headers: &HeaderMap) -> String {
    headers[header::AUTHORIZATION]
        .to_str()
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap()
        .to_owned()
}

fn problem(status: StatusCode, code: Code) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": "no",
        "status": status.as_u16(),
        "code": code,
        "message": "said in a test",
        "details": {},
    });
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        body.to_string(),
    )
        .into_response()
}

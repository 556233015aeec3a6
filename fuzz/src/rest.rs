//! Target `rest`: requests to every address, down to the bytes of HTTP.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Uri};
use pult_protocol::{Code, Command};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use uuid::Uuid;

use crate::bytes::Bytes;
use crate::hunt::{Target, Tried};
use crate::mutate::{Dice, Words, mutate_bytes};
use crate::office::{self, Office, PASSWORD, VERIFY_TOKEN, chat_id, entry_id, token};
use crate::served::{PATIENCE, Served};

/// A request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// Such as `GET`.
    method: Bytes,
    /// Path and query.
    target: Bytes,
    /// Beside those that a request needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(Bytes, Bytes)>,
    /// What is in it.
    #[serde(default)]
    body: Bytes,
    /// The operator who is signed in, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator: Option<u8>,
    /// Whether it bears the provider's signature.
    #[serde(default)]
    is_signed: bool,
    /// After so many bytes there is no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cut: Option<u16>,
}

/// The target.
pub struct Rest {
    runtime: Runtime,
    office: Office,
    words: Words,
}

impl Rest {
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
        let bodies: Vec<String> = requests()
            .iter()
            .map(|step| step.body.text().into_owned())
            .collect();
        let mut ids: Vec<String> = (1..=4).map(|number| chat_id(number).to_string()).collect();
        ids.extend((1..=4).map(|number| entry_id(100 + number).to_string()));
        ids.extend(["anna", "boris", "ANNA ", PASSWORD, "reply", "close"].map(str::to_owned));
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let words = Words::of(&bodies, &ids);
        Ok(Self {
            runtime,
            office,
            words,
        })
    }
}

fn request(method: &str, target: &str) -> Step {
    Step {
        method: Bytes::of(method),
        target: Bytes::of(target),
        headers: Vec::new(),
        body: Bytes::default(),
        operator: None,
        is_signed: false,
        cut: None,
    }
}

/// What is managed: ready answers and tables of them, the numbers of channels.
fn managing() -> Vec<Step> {
    let id = entry_id(200);
    let answer = json!({"scope": "own", "shortcut": "hi", "title": "", "group": "", "text": "Да"});
    let channel = json!({"phone": "+7 495 000-00-00"});
    let table = "Shortcut;Text\r\nhi;\"Да,\n=1+1\"\r\n";
    [
        ("GET", "/api/v1/ready-answers".to_owned(), String::new()),
        (
            "PUT",
            format!("/api/v1/ready-answers/{id}"),
            answer.to_string(),
        ),
        (
            "DELETE",
            format!("/api/v1/ready-answers/{id}"),
            String::new(),
        ),
        (
            "GET",
            "/api/v1/ready-answers.csv?scope=own&language=ru".to_owned(),
            String::new(),
        ),
        (
            "POST",
            "/api/v1/ready-answers.csv?scope=own&preview=true".to_owned(),
            table.to_owned(),
        ),
        (
            "POST",
            "/api/v1/ready-answers.csv?scope=own".to_owned(),
            table.to_owned(),
        ),
        (
            "PUT",
            format!("/api/v1/channels/{id}/phone"),
            channel.to_string(),
        ),
    ]
    .into_iter()
    .map(|(method, target, body)| Step {
        operator: Some(1),
        body: Bytes::of(body),
        ..request(method, &target)
    })
    .collect()
}

/// One of each that there is.
fn requests() -> Vec<Step> {
    let mut requests = Vec::new();
    let sign_in = json!({"login": "anna", "password": PASSWORD, "device": "a fuzzer"});
    let wrong = json!({"login": "boris", "password": "wrong", "device": ""});
    for body in [sign_in, wrong] {
        requests.push(Step {
            body: Bytes::of(body.to_string()),
            ..request("POST", "/api/v1/sessions")
        });
    }
    for operator in [None, Some(1), Some(9)] {
        for (method, target) in [
            ("GET", "/api/v1/sessions/current"),
            ("DELETE", "/api/v1/sessions/current"),
            ("GET", "/api/v1/openapi.json"),
            ("GET", "/api/v1/socket"),
            ("GET", "/healthz"),
            ("GET", "/readyz"),
            ("GET", "/metrics"),
            ("OPTIONS", "/api/v1/commands"),
            ("HEAD", "/api/v1/sessions/current"),
        ] {
            requests.push(Step {
                operator,
                ..request(method, target)
            });
        }
    }
    for (number, chat) in [(1, 1), (2, 2), (3, 3), (4, 4)] {
        let chat_id = chat_id(chat);
        let id = entry_id(100 + number);
        for command in [
            json!({"kind": "reply", "chat_id": chat_id, "text": "Добрый день", "seen_place": 9}),
            json!({"kind": "close", "chat_id": chat_id, "seen_place": 9}),
            json!({"kind": "reopen", "chat_id": chat_id, "seen_place": 9}),
            json!({"kind": "mark_read", "chat_id": chat_id, "place": 1}),
        ] {
            let body = Bytes::of(json!({"id": id, "command": command}).to_string());
            requests.push(Step {
                operator: Some(number.min(3)),
                body,
                ..request("POST", "/api/v1/commands")
            });
        }
        let target = format!("/api/v1/chats/{chat_id}/entries?before=3&limit=2");
        requests.push(Step {
            operator: Some(1),
            ..request("GET", &target)
        });
    }
    requests.extend(managing());
    let handshake = format!(
        "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={VERIFY_TOKEN}"
    );
    requests.push(request("GET", &handshake));
    for body in crate::webhook::bodies() {
        for is_signed in [true, false] {
            let body = Bytes::of(body.clone());
            requests.push(Step {
                body,
                is_signed,
                ..request("POST", "/webhooks/whatsapp")
            });
        }
    }
    let header = |name: &str, value: &str| (Bytes::of(name), Bytes::of(value));
    let upgrade = vec![
        header("Connection", "Upgrade"),
        header("Upgrade", "websocket"),
        header("Sec-WebSocket-Version", "13"),
        header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    requests.push(Step {
        headers: upgrade,
        ..request("GET", "/api/v1/socket")
    });
    requests
}

/// Headers that some part of the way looks at.
const HEADERS: [(&str, &str); 22] = [
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/json; charset=koi8-r"),
    ("Content-Type", "multipart/form-data"),
    ("Content-Encoding", "gzip"),
    ("Accept", "text/html"),
    ("Authorization", "Bearer "),
    ("Authorization", "Bearer token-of-operator-2"),
    ("Authorization", "Basic YW5uYQ=="),
    ("Authorization", "bearer token-of-operator-1"),
    ("X-Hub-Signature-256", "sha256=00"),
    ("Content-Length", "0"),
    ("Content-Length", "7"),
    ("Content-Length", "99999999999999999999"),
    ("Content-Length", "-1"),
    ("Transfer-Encoding", "chunked"),
    ("Transfer-Encoding", "gzip, chunked"),
    ("Expect", "100-continue"),
    ("Connection", "close"),
    ("Upgrade", "h2c"),
    ("Sec-WebSocket-Version", "8"),
    ("Host", "elsewhere"),
    ("X-Forwarded-For", "203.0.113.7"),
];

/// Pieces of addresses.
const TARGETS: [&str; 22] = [
    "/",
    "//",
    "/..",
    "/%2e%2e",
    "/%00",
    "/%ff",
    "/%D1%91",
    "/api/v1",
    "/api/v1/",
    "/api/v2/commands",
    "?",
    "?before=-1",
    "?before=9223372036854775808",
    "?limit=0",
    "?limit=4294967296",
    "&limit=1&limit=2",
    "?before=1.5",
    "?before=",
    "#part",
    " ",
    "\u{451}",
    "?hub.mode=a&hub.mode=b",
];

const METHODS: [&str; 10] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "get", "BREW\0",
];

/// A path and query near to `target`.
fn mutated_target(dice: &mut Dice, target: &str) -> Bytes {
    let piece = dice.choose(TARGETS);
    match dice.below(4) {
        0 => Bytes::of(piece),
        1 => Bytes::of(format!("{target}{piece}")),
        2 => {
            let mut parts: Vec<&str> = target.split('/').collect();
            let at = dice.below(parts.len());
            if let Some(part) = parts.get_mut(at) {
                *part = piece.trim_start_matches('/');
            }
            Bytes::of(parts.join("/"))
        }
        _ => {
            let mut bytes = Bytes::of(target);
            mutate_bytes(dice, &mut bytes.0);
            bytes
        }
    }
}

fn odd_header(dice: &mut Dice) -> (Bytes, Bytes) {
    let (name, value) = dice.choose(HEADERS);
    let (mut name, mut value) = (Bytes::of(name), Bytes::of(value));
    if dice.one_in(4) {
        mutate_bytes(dice, &mut value.0);
    }
    if dice.one_in(12) {
        mutate_bytes(dice, &mut name.0);
    }
    if dice.one_in(12) {
        value = Bytes::of("a".repeat(dice.choose([8_000, 70_000, 600_000])));
    }
    (name, value)
}

impl Target for Rest {
    type Step = Step;

    const NAME: &'static str = "rest";

    fn seeds(&self) -> Vec<Vec<Step>> {
        requests()
            .into_iter()
            .map(|request| vec![request])
            .collect()
    }

    fn mutate(&self, dice: &mut Dice, step: &Step) -> Step {
        let mut step = step.clone();
        match dice.below(12) {
            0 => step.method = Bytes::of(dice.choose(METHODS)),
            1 | 2 => step.target = mutated_target(dice, &step.target.text()),
            3 | 4 => {
                let header = odd_header(dice);
                let copies = if dice.one_in(20) { 120 } else { 1 };
                step.headers.extend(std::iter::repeat_n(header, copies));
            }
            5 => drop(step.headers.pop()),
            6 => step.operator = dice.choose([None, Some(1), Some(2), Some(3), Some(9)]),
            7 => step.is_signed = !step.is_signed,
            8 if dice.one_in(3) => step.cut = u16::try_from(dice.below(500)).ok(),
            _ => self.words.mutate(dice, &mut step.body),
        }
        step
    }

    fn body(step: &mut Step) -> Option<&mut Bytes> {
        Some(&mut step.body)
    }

    fn n_inputs(_: &Step) -> usize {
        1
    }

    fn run(&self, script: &[Step]) -> Result<Tried> {
        self.runtime.block_on(async {
            let served = Served::start(&self.office).await?;
            let mut trial = Trial {
                connection: None,
                tried: Tried::default(),
                taken: Vec::new(),
                done: Vec::new(),
                unsure: false,
            };
            for step in script {
                trial.take(&served, step).await?;
            }
            let Trial {
                connection,
                mut tried,
                taken,
                done,
                unsure,
            } = trial;
            drop(connection);
            let folder = served.stop(&mut tried).await?;
            judge_store(&mut tried, folder.path(), &taken, &done, unsure)?;
            Ok(tried)
        })
    }
}

impl Step {
    /// The bytes of the request.
    fn written(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(&self.method.0);
        bytes.push(b' ');
        bytes.extend(&self.target.0);
        bytes.extend(b" HTTP/1.1\r\n");
        let has = |name: &str| {
            self.headers
                .iter()
                .any(|(n, _)| n.text().eq_ignore_ascii_case(name))
        };
        let mut header = |name: &[u8], value: &[u8]| {
            bytes.extend(name);
            bytes.extend(b": ");
            bytes.extend(value);
            bytes.extend(b"\r\n");
        };
        if !has("host") {
            header(b"Host", b"pult");
        }
        if !has("content-type") {
            header(b"Content-Type", b"application/json");
        }
        if let Some(operator) = self.operator {
            header(
                b"Authorization",
                format!("Bearer {}", token(operator)).as_bytes(),
            );
        }
        if self.is_signed {
            header(
                b"X-Hub-Signature-256",
                crate::webhook::signed(&self.body.0).as_bytes(),
            );
        }
        for (name, value) in &self.headers {
            header(&name.0, &value.0);
        }
        if !has("content-length") && !has("transfer-encoding") {
            header(b"Content-Length", self.body.0.len().to_string().as_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body.0);
        if let Some(cut) = self.cut {
            bytes.truncate(usize::from(cut));
        }
        bytes
    }

    /// Whether it is HTTP as one writes it, so that it is the backend's own part to answer it.
    fn is_clean(&self) -> bool {
        const OF_THE_WAY: [&str; 8] = [
            "content-length",
            "transfer-encoding",
            "connection",
            "upgrade",
            "expect",
            "host",
            "te",
            "trailer",
        ];
        let is_plain = |(name, value): &(Bytes, Bytes)| {
            let name = HeaderName::from_bytes(&name.0).ok();
            name.is_some_and(|name| !OF_THE_WAY.contains(&name.as_str()))
                && HeaderValue::from_bytes(&value.0).is_ok()
                && value.0.len() < 10_000
        };
        let method = Method::from_bytes(&self.method.0).ok();
        let target = Uri::try_from(self.target.0.as_slice()).ok();
        self.cut.is_none()
            && self.headers.len() < 40
            && self.headers.iter().all(is_plain)
            && method.is_some_and(|method| method != Method::CONNECT)
            && self.target.0.first() == Some(&b'/')
            // A fragment is nothing to send; what comes after it is not even looked at.
            && self.target.0.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#')
            && target.is_some_and(|target| {
                target.path().starts_with('/') && target.authority().is_none()
            })
    }
}

struct Answer {
    status: u16,
    content_type: String,
    body: Vec<u8>,
    closes: bool,
}

/// The code of a problem, if the answer is one in every respect.
fn code_of(answer: &Answer, json: Option<&Value>) -> Option<Code> {
    let field = |name: &str| {
        json.and_then(|json| json.get(name))
            .cloned()
            .unwrap_or_default()
    };
    let is_problem = answer.content_type == "application/problem+json"
        && field("status") == json!(answer.status)
        && field("message").is_string()
        && field("details").is_object();
    serde_json::from_value(field("code"))
        .ok()
        .filter(|_| is_problem)
}

struct Trial {
    connection: Option<TcpStream>,
    tried: Tried,
    /// Bodies of deliveries that were answered with 200.
    taken: Vec<Vec<u8>>,
    /// Commands that were answered with 200.
    done: Vec<Uuid>,
    /// Whether something may have been carried out whose answer could not be told.
    unsure: bool,
}

impl Trial {
    async fn take(&mut self, served: &Served, step: &Step) -> Result<()> {
        let is_clean = step.is_clean();
        let is_head = step.method.0 == b"HEAD";
        let request = step.written();
        let begun = Instant::now();
        let mut was_used = self.connection.is_some();
        let (answer, connection) = loop {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => TcpStream::connect(served.address)
                    .await
                    .context("Connecting")?,
            };
            connection.set_nodelay(true)?;
            let written = timeout(PATIENCE, connection.write_all(&request)).await;
            if !is_clean {
                drop(connection.shutdown().await);
            }
            if written.is_err() && is_clean {
                self.tried.find("a request is not read");
            }
            let answer = timeout(PATIENCE, read_answer(&mut connection, is_head)).await;
            let Ok(answer) = answer else {
                self.tried
                    .find(format!("no answer after {:?}", begun.elapsed()));
                return Ok(());
            };
            // Either side may give up a connection between two requests.
            if was_used && !matches!(answer, Ok(Some(_))) {
                was_used = false;
                continue;
            }
            break (answer, connection);
        };
        match answer {
            Ok(Some(answer)) => {
                self.judge(step, &answer, is_clean, is_head);
                if is_clean && !answer.closes {
                    self.connection = Some(connection);
                }
            }
            // Before a body is read that is too large the answer may come with the connection's end.
            Ok(None) | Err(_) if !is_clean || step.body.0.len() > 60_000 => {
                self.unsure = true;
                self.tried.mark("ended unanswered");
            }
            Ok(None) => self.tried.find("a connection ended without an answer"),
            Err(error) => self
                .tried
                .find(format!("an answer cannot be read: {error}")),
        }
        Ok(())
    }

    fn judge(&mut self, step: &Step, answer: &Answer, is_clean: bool, is_head: bool) {
        let Answer {
            status,
            content_type,
            body,
            ..
        } = answer;
        let path: String = step
            .target
            .text()
            .chars()
            .take_while(|c| *c != '?')
            .take(24)
            .collect();
        let target = step.target.text().into_owned();
        let method = step.method.text().into_owned();
        if *status >= 500 {
            self.tried.find(format!("answered with {status}"));
        }
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let code = (*status >= 400 && !is_head && (is_clean || !body.is_empty()))
            .then(|| code_of(answer, json.as_ref()));
        if code == Some(None) {
            self.tried.find(format!(
                "no problem of the known shape: {status} to {method} {path}"
            ));
        }
        if *status < 300
            && content_type.starts_with("application/json")
            && json.is_none()
            && !is_head
        {
            self.tried.find(format!("no JSON from {path}"));
        }
        let is_known_path = requests()
            .iter()
            .any(|known| known.target.text().starts_with(&path));
        let path = if is_known_path {
            path
        } else {
            "elsewhere".to_owned()
        };
        self.tried.mark(format!(
            "{status} {code:?} {} {path}",
            method.chars().take(8).collect::<String>()
        ));
        self.tried
            .mark(format!("{status} {is_clean} {}", step.headers.len().min(2)));
        if *status != 200 {
            return;
        }
        if !is_clean {
            self.unsure = true;
        } else if method == "POST" && target.starts_with("/webhooks/") {
            self.taken.push(step.body.0.clone());
        } else if method == "POST" && target.starts_with("/api/v1/commands") {
            let command: Option<Said> = serde_json::from_slice(&step.body.0).ok();
            match command {
                Some(Said {
                    id,
                    command: Command::Reply { .. },
                }) => self.done.push(id),
                Some(_) => {}
                None => self
                    .tried
                    .find("a command was carried out that cannot be read"),
            }
        }
    }
}

/// A command's body.
#[derive(Deserialize)]
struct Said {
    id: Uuid,
    command: Command,
}

/// Reads an answer; none if the connection ends before one begins.
async fn read_answer(connection: &mut TcpStream, is_head: bool) -> Result<Option<Answer>> {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        if let httparse::Status::Complete(n_head) = head.parse(&bytes)? {
            let status = head.code.context("an answer without a status")?;
            if status == 100 {
                bytes.drain(..n_head);
                continue;
            }
            let value = |name: &str| {
                let header = head
                    .headers
                    .iter()
                    .find(|header| header.name.eq_ignore_ascii_case(name));
                header.map(|header| String::from_utf8_lossy(header.value).into_owned())
            };
            let length: usize = value("content-length").map_or(Ok(0), |length| length.parse())?;
            let has_none = is_head || status < 200 || status == 204 || status == 304;
            let answer = Answer {
                status,
                content_type: value("content-type").unwrap_or_default(),
                closes: status == 101
                    || value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")),
                body: Vec::new(),
            };
            let mut body = bytes.split_off(n_head);
            let n_body = if has_none { 0 } else { length };
            while body.len() < n_body {
                if connection.read_buf(&mut body).await? == 0 {
                    anyhow::bail!("it ends before its end");
                }
            }
            body.truncate(n_body);
            return Ok(Some(Answer { body, ..answer }));
        }
        if connection.read_buf(&mut bytes).await? == 0 {
            anyhow::ensure!(bytes.is_empty(), "it ends within its head");
            return Ok(None);
        }
    }
}

/// What was taken is there, what was done was done once, and nothing else was.
fn judge_store(
    tried: &mut Tried,
    folder: &Path,
    taken: &[Vec<u8>],
    done: &[Uuid],
    unsure: bool,
) -> Result<()> {
    let file = office::look(folder)?;
    let mut journal: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    let mut rows = file.prepare("SELECT body FROM journal WHERE key > 4")?;
    let mut rows = rows.query(())?;
    while let Some(row) = rows.next()? {
        *journal.entry(row.get(0)?).or_default() += 1;
    }
    for body in taken {
        *journal.entry(body.clone()).or_default() -= 1;
    }
    if journal.values().any(|n| *n < 0) {
        tried.find("a delivery that was taken is not in the journal");
    }
    if journal.values().any(|n| *n > 0) && !unsure {
        tried.find("the journal has a delivery that was not taken");
    }
    let mut rows =
        file.prepare("SELECT command_id FROM entries WHERE kind = 'outbound' AND key > 9")?;
    let rows = rows.query_map((), |row| row.get::<_, Uuid>(0))?;
    let written: Vec<Uuid> = rows.collect::<Result<_, _>>()?;
    let times = |id: &Uuid| written.iter().filter(|other| *other == id).count();
    if written.iter().any(|id| times(id) > 3) {
        tried.find("a reply was carried out more often than there are operators");
    }
    if done.iter().any(|id| !written.contains(id)) {
        tried.find("a reply that was done is not there");
    }
    if written.iter().any(|id| !done.contains(id)) && !unsure {
        tried.find("a reply is there that was not done");
    }
    Ok(())
}

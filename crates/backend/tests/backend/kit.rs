//! A backend in a folder of its own, and people who are signed in to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use pult_backend::channels::WhatsAppSettings;
use pult_backend::{Backend, DataFolder, ServeSettings, WritingOver, admin, system_clock};
use pult_domain::{ChatId, CommandId, OperatorId, Role};
use pult_protocol::Command;
use pult_store::{Followers, Store};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use tokio::sync::{OnceCell, oneshot};
use tokio::task::JoinHandle;

use crate::graph::Graph;
use crate::panel::{TestPanel, Wire};
use crate::spawned::Program;

/// Whatever is waited for has happened by then, however busy the machine is.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Meta's id of the number that the backend has from the start.
pub(crate) const NUMBER: &str = "100200300400";
pub(crate) const APP_SECRET: &str = "the app secret of the tests";
pub(crate) const VERIFY_TOKEN: &str = "the verify token of the tests";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Waits for `what`, but not for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future)
        .await
        .unwrap_or_else(|_| panic!("this has not happened: {what}"))
}

/// Waits until `condition` holds of what another process or task does.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let look_again = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon(what, look_again).await;
}

/// The system's time and what has been added to it.
#[derive(Clone, Default)]
pub(crate) struct TestClock {
    added_ms: Arc<AtomicI64>,
}

impl TestClock {
    pub(crate) fn advance(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).unwrap();
        self.added_ms.fetch_add(ms, Ordering::SeqCst);
    }

    fn clock(&self) -> pult_store::Clock {
        let (system, added) = (system_clock(), Arc::clone(&self.added_ms));
        Arc::new(move || system().plus_ms(added.load(Ordering::SeqCst)))
    }
}

/// A backend that serves, with the operators Anna and Boris, the supervisor Vera and one number.
pub(crate) struct TestBackend {
    pub(crate) folder: TempDir,
    pub(crate) graph: Graph,
    pub(crate) clock: TestClock,
    http: reqwest::Client,
    address: Option<SocketAddr>,
    serving: Option<Serving>,
}

struct Serving {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), WritingOver>>,
}

impl TestBackend {
    pub(crate) async fn start() -> Self {
        let mut backend = Self::prepare().await;
        backend.serve().await;
        backend
    }

    /// The same, not serving yet.
    pub(crate) async fn prepare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(store_file(folder.path()), template().await).unwrap();
        let graph = Graph::start().await;
        let backend = Self {
            folder,
            graph,
            clock: TestClock::default(),
            http: http(),
            address: None,
            serving: None,
        };
        backend.add_number(NUMBER, APP_SECRET).await;
        backend
    }

    pub(crate) async fn serve(&mut self) {
        let folder = DataFolder::open(self.folder.path()).unwrap();
        let settings = ServeSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: self.clock.clock(),
            metrics_listen: None,
            keep_events: Duration::from_secs(30 * 24 * 60 * 60),
        };
        let running = Backend::start(&folder, &settings).await.unwrap();
        let address = running.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(running.until(async {
            drop(stopped.await);
        }));
        self.address = Some(address);
        self.serving = Some(Serving { stop, ended });
    }

    /// Lets the real program serve the folder.
    pub(crate) async fn serve_by_program(&mut self) -> Program {
        let program = Program::serve(self.folder.path()).await;
        self.use_program(&program);
        program
    }

    pub(crate) fn use_program(&mut self, program: &Program) {
        self.address = Some(program.address);
    }

    pub(crate) async fn stop(&mut self) {
        let Serving { stop, ended } = self.serving.take().unwrap();
        stop.send(()).unwrap();
        soon("the backend stops", ended).await.unwrap().unwrap();
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address.unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// The store, opened a second time as an administration command does.
    pub(crate) fn as_administrator(&self) -> Store {
        open_store(self.folder.path())
    }

    /// Adds a number, or sets the one with that id anew.
    pub(crate) async fn add_number(&self, phone_number_id: &str, app_secret: &str) {
        let store = self.as_administrator();
        let settings = settings(&self.graph.url(), app_secret);
        admin::add_whatsapp(&store, "Магазин", phone_number_id, &settings)
            .await
            .unwrap();
        store.close().await;
    }

    /// Sets the number anew, with WhatsApp at another address.
    pub(crate) async fn add_number_at(&self, graph_url: &str) {
        let store = self.as_administrator();
        let settings = settings(graph_url, APP_SECRET);
        admin::add_whatsapp(&store, "Магазин", NUMBER, &settings)
            .await
            .unwrap();
        store.close().await;
    }

    /// Tries to sign in.
    pub(crate) async fn sign_in(&self, login: &str, password: &str) -> Answer {
        let body = json!({ "login": login, "password": password, "device": "a test" });
        let request = self.request(Method::POST, "/api/v1/sessions");
        Answer::of(request.json(&body)).await
    }

    /// One of the three, signed in.
    pub(crate) async fn operator(&self, login: &str) -> Signed {
        let answer = self.sign_in(login, PASSWORD).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let json = answer.json();
        Signed {
            address: self.address(),
            http: self.http.clone(),
            token: json["token"].as_str().unwrap().to_owned(),
            id: serde_json::from_value(json["operator"]["id"].clone()).unwrap(),
        }
    }

    /// Meta delivers: signed as it should be.
    pub(crate) async fn webhook(&self, body: &Value) {
        let answer = self.deliver(body.to_string(), APP_SECRET).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Delivers any body, signed with any secret.
    pub(crate) async fn deliver(&self, body: impl Into<Vec<u8>>, secret: &str) -> Answer {
        let body = body.into();
        let signature = signature(secret, &body);
        self.deliver_with(body, Some(&signature)).await
    }

    pub(crate) async fn deliver_with(&self, body: Vec<u8>, signature: Option<&str>) -> Answer {
        let mut request = self.request(Method::POST, "/webhooks/whatsapp").body(body);
        if let Some(signature) = signature {
            request = request.header("X-Hub-Signature-256", signature);
        }
        Answer::of(request).await
    }

    /// A client writes; returns the chat.
    pub(crate) async fn client_writes(&self, phone: &str, text: &str) -> ChatId {
        self.webhook(&message(NUMBER, phone, &new_wamid(), text))
            .await;
        self.chat_of(phone)
    }

    /// The chat of the client with that phone number.
    pub(crate) fn chat_of(&self, phone: &str) -> ChatId {
        let sql = "SELECT c.id FROM chats c JOIN clients cl ON cl.key = c.client
                   WHERE cl.phone = ?1";
        let id = self.db().query_row(sql, [phone], |row| row.get(0));
        ChatId(id.unwrap())
    }

    /// The store's file, read-only.
    pub(crate) fn db(&self) -> rusqlite::Connection {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        rusqlite::Connection::open_with_flags(store_file(self.folder.path()), flags).unwrap()
    }

    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.db().query_row(sql, (), |row| row.get(0)).unwrap()
    }

    /// How many rows each table has, and the place in the order of changes: equal before and after
    /// what must change nothing. Answers that are kept of refused commands do not count, nor who came
    /// and went.
    pub(crate) fn contents(&self) -> BTreeMap<String, i64> {
        let db = self.db();
        let mut tables = db
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table'
                 AND name NOT LIKE 'sqlite_%' AND name NOT IN ('command_answers', 'last_seen')",
            )
            .unwrap();
        let names: Vec<String> = tables
            .query_map((), |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let mut contents: BTreeMap<String, i64> = names
            .into_iter()
            .map(|name| {
                let sql = format!("SELECT count(*) FROM {name}");
                let n = db.query_row(&sql, (), |row| row.get(0)).unwrap();
                (name, n)
            })
            .collect();
        contents.insert("seq".to_owned(), self.count("SELECT seq FROM store"));
        contents
    }

    /// Waits until all replies have got their answer from the provider.
    pub(crate) async fn all_sent(&self) {
        let sql = "SELECT count(*) FROM deliveries WHERE holds_lane = 1";
        until("all replies are sent", || self.count(sql) == 0).await;
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Signed {
    address: SocketAddr,
    http: reqwest::Client,
    pub(crate) token: String,
    pub(crate) id: OperatorId,
}

impl Signed {
    /// The same, at the backend's present address.
    pub(crate) fn at(&self, backend: &TestBackend) -> Self {
        Self {
            address: backend.address(),
            ..self.clone()
        }
    }

    /// Their panel: connected, and caught up from nothing.
    pub(crate) async fn panel(&self) -> TestPanel {
        TestPanel::open(self.wire().await, &self.token, None).await
    }

    /// Their panel comes back with what it holds.
    pub(crate) async fn panel_again(&self, old: &TestPanel) -> TestPanel {
        TestPanel::open(self.wire().await, &self.token, old.cursor.clone()).await
    }

    /// A connection on which nothing has been said.
    pub(crate) async fn wire(&self) -> Wire {
        Wire::connect(self.address).await
    }

    pub(crate) async fn request(&self, method: Method, path: &str) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let request = self.http.request(method, url).bearer_auth(&self.token);
        Answer::of(request).await
    }

    /// A request with a JSON body.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let request = self.http.request(method, url).bearer_auth(&self.token);
        Answer::of(request.json(body)).await
    }

    /// A request with any other body.
    pub(crate) async fn send_bytes(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let request = self.http.request(method, url).bearer_auth(&self.token);
        Answer::of(request.body(body.into())).await
    }

    /// A command over REST.
    pub(crate) async fn post(&self, id: CommandId, command: &Command) -> Answer {
        self.post_json(&json!({ "id": id, "command": command }))
            .await
    }

    pub(crate) async fn post_json(&self, body: &Value) -> Answer {
        let url = format!("http://{}/api/v1/commands", self.address);
        Answer::of(self.http.post(url).bearer_auth(&self.token).json(body)).await
    }
}

/// What a request was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = soon("an answer", request.send()).await.unwrap();
        let content_type = response
            .headers()
            .get("content-type")
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        Self {
            status: response.status().as_u16(),
            content_type,
            text: soon("the answer's body", response.text()).await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// That it is a "no" with this status and code, in the one shape of all of them.
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.content_type, "application/problem+json");
        let json = self.json();
        assert_eq!(json["code"], code);
        assert_eq!(json["status"], status);
        assert!(json["message"].is_string() && json["details"].is_object());
        json
    }
}

pub(crate) fn http() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub(crate) fn store_file(folder: &Path) -> std::path::PathBuf {
    folder.join("pult.sqlite")
}

fn open_store(folder: &Path) -> Store {
    DataFolder::open(folder)
        .unwrap()
        .store(system_clock(), Followers::nobody())
        .unwrap()
}

fn settings(graph_url: &str, app_secret: &str) -> WhatsAppSettings {
    WhatsAppSettings {
        graph_url: graph_url.to_owned(),
        graph_version: "v25.0".to_owned(),
        access_token: "the access token of the tests".into(),
        app_secret: app_secret.into(),
        verify_token: VERIFY_TOKEN.into(),
    }
}

/// A store with the three operators. Hashing passwords takes time on purpose, so it is done once.
pub(crate) async fn template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let make = || async {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path());
        for (login, name, role) in [
            ("anna", "Анна Примерова", Role::Operator),
            ("boris", "Борис Образцов", Role::Operator),
            ("vera", "Вера Пробная", Role::Supervisor),
        ] {
            admin::add_operator(&store, login, name, role, PASSWORD.into())
                .await
                .unwrap();
        }
        store.close().await;
        std::fs::read(store_file(folder.path())).unwrap()
    };
    TEMPLATE.get_or_init(make).await
}

pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

pub(crate) fn new_command_id() -> CommandId {
    CommandId(uuid::Uuid::now_v7())
}

pub(crate) fn new_wamid() -> String {
    format!("wamid.{}", uuid::Uuid::now_v7().simple())
}

/// Meta's envelope around one change of a number.
pub(crate) fn envelope(phone_number_id: &str, mut value: Value) -> Value {
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] =
        json!({ "display_phone_number": "74950000000", "phone_number_id": phone_number_id });
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "900800700", "changes": [{ "field": "messages", "value": value }] }],
    })
}

/// A text of a client, as Meta delivers it.
pub(crate) fn message(phone_number_id: &str, phone: &str, wamid: &str, text: &str) -> Value {
    messages(phone_number_id, &[(phone, wamid, text)])
}

pub(crate) fn messages(phone_number_id: &str, texts: &[(&str, &str, &str)]) -> Value {
    let contacts: Vec<Value> = texts
        .iter()
        .map(|(phone, ..)| json!({ "profile": { "name": "Клиент" }, "wa_id": phone }))
        .collect();
    let messages: Vec<Value> = texts
        .iter()
        .map(|(phone, wamid, text)| {
            json!({
                "from": phone, "id": wamid, "timestamp": "1764000000",
                "type": "text", "text": { "body": text },
            })
        })
        .collect();
    envelope(
        phone_number_id,
        json!({ "contacts": contacts, "messages": messages }),
    )
}

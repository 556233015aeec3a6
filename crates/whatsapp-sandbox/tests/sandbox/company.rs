//! The other side: a program that receives webhooks and posts messages, as a company's would.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::watch;
use whatsapp_sandbox::{Clock, Config, Sandbox, Settings};

pub(crate) const CLIENT: &str = "79160000001";
pub(crate) const VERIFY_TOKEN: &str = "verify-token-for-tests";
const PATIENCE: Duration = Duration::from_secs(20);

/// A webhook POST as it came.
#[derive(Clone)]
pub(crate) struct Post {
    pub(crate) body: Bytes,
    pub(crate) signature: String,
    pub(crate) user_agent: String,
}

impl Post {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Clone)]
pub(crate) struct Inbox {
    posts: watch::Sender<Vec<Post>>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

impl Inbox {
    /// What the next POSTs are answered, before 200 is the answer again.
    pub(crate) fn answer(&self, statuses: &[StatusCode]) {
        self.answers.lock().extend(statuses);
    }

    pub(crate) fn posts(&self) -> Vec<Post> {
        self.posts.borrow().clone()
    }

    /// Waits until so many POSTs came.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Post> {
        let mut posts = self.posts.subscribe();
        let enough = posts.wait_for(|posts| posts.len() >= count);
        tokio::time::timeout(PATIENCE, enough)
            .await
            .expect("in time")
            .unwrap()
            .clone()
    }

    /// Every status and message id of every POST, in order of arrival.
    pub(crate) fn statuses(&self) -> Vec<Value> {
        self.posts()
            .iter()
            .flat_map(|post| all(&post.json(), "statuses"))
            .collect()
    }
}

/// All elements of a kind, over all entries and changes.
pub(crate) fn all(body: &Value, kind: &str) -> Vec<Value> {
    let entries = body["entry"].as_array().unwrap();
    let changes = entries
        .iter()
        .flat_map(|entry| entry["changes"].as_array().unwrap());
    changes
        .filter_map(|change| change["value"][kind].as_array())
        .flatten()
        .cloned()
        .collect()
}

/// The company's webhook on a port of its own; gives its address.
pub(crate) async fn listen() -> (String, Inbox) {
    let inbox = Inbox {
        posts: watch::Sender::default(),
        answers: Arc::default(),
    };
    let app = Router::new()
        .route("/webhooks/whatsapp", get(handshake).post(receive))
        .with_state(inbox.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/webhooks/whatsapp",
        listener.local_addr().unwrap()
    );
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, inbox)
}

async fn handshake(Query(query): Query<std::collections::BTreeMap<String, String>>) -> Response {
    let right = query["hub.mode"] == "subscribe" && query["hub.verify_token"] == VERIFY_TOKEN;
    if right {
        query["hub.challenge"].clone().into_response()
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

async fn receive(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    let post = Post {
        body,
        signature: text("x-hub-signature-256"),
        user_agent: text("user-agent"),
    };
    inbox.posts.send_modify(|posts| posts.push(post));
    let status = inbox.answers.lock().pop_front().unwrap_or(StatusCode::OK);
    (status, [(header::LOCATION, "http://127.0.0.1:9/")]).into_response()
}

pub(crate) fn config() -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        webhook: None,
        app_secret: "app_secret_for_tests".to_owned(),
        verify_token: VERIFY_TOKEN.to_owned(),
        access_token: "access-token-for-tests".to_owned(),
        phone_number_id: "106540352242922".to_owned(),
        display_number: "+7 495 000-00-00".to_owned(),
        waba_id: "102290129340398".to_owned(),
        settings: Settings {
            sent_ms: 1,
            delivered_ms: 1,
            read_ms: 1,
            ..Settings::default()
        },
        clock: Clock::default(),
        data: None,
    }
}

/// A sandbox, the company's inbox and what talks to both.
pub(crate) struct Company {
    pub(crate) sandbox: Sandbox,
    pub(crate) inbox: Inbox,
    pub(crate) http: reqwest::Client,
}

/// A sandbox with an active webhook and one client.
pub(crate) async fn company() -> Company {
    company_with(config()).await
}

pub(crate) async fn company_with(config: Config) -> Company {
    let (url, inbox) = listen().await;
    let sandbox = Sandbox::start(config).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let company = Company {
        sandbox,
        inbox,
        http,
    };
    company
        .control("PUT", "webhook", json!({ "url": url }))
        .await;
    company
        .control(
            "POST",
            "phones",
            json!({ "number": CLIENT, "name": "Анна" }),
        )
        .await;
    company
}

impl Company {
    /// Asks the control API; the answer must be a success.
    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/control/{path}", self.sandbox.url());
        let mut request = self.http.request(method.parse().unwrap(), url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// The client writes; gives the message id.
    pub(crate) async fn client_writes(&self, text: &str) -> String {
        let path = format!("phones/{CLIENT}/messages");
        let written = self.control("POST", &path, json!({ "text": text })).await;
        written["wamid"].as_str().unwrap().to_owned()
    }

    /// Waits until nothing is outstanding.
    pub(crate) async fn idle(&self) {
        self.control("GET", "idle?wait_ms=20000", Value::Null).await;
    }

    pub(crate) fn post(&self, body: &Value) -> reqwest::RequestBuilder {
        let url = format!("{}/v25.0/106540352242922/messages", self.sandbox.url());
        self.http
            .post(url)
            .bearer_auth("access-token-for-tests")
            .json(body)
    }

    /// Posts a message; gives HTTP status and body.
    pub(crate) async fn send(&self, body: &Value) -> (u16, Value) {
        let answer = self.post(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn received(&self) -> Vec<Value> {
        let received = self
            .control("GET", &format!("phones/{CLIENT}/received"), Value::Null)
            .await;
        received["messages"].as_array().unwrap().clone()
    }
}

pub(crate) fn text(body: &str) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "to": format!("+{CLIENT}"),
        "type": "text",
        "text": { "body": body },
        "biz_opaque_callback_data": "ours-1",
    })
}

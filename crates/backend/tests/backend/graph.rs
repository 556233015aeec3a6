//! Meta's Graph API as far as sending goes, with answers that a test scripts.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::kit::until;

/// How a POST is answered.
pub(crate) enum Script {
    /// Meta refuses with this code.
    Error(u32),
    /// No answer ever comes.
    Silence,
}

/// Listens on a port of its own until the test ends. Accepts whatever nothing is scripted for.
pub(crate) struct Graph {
    address: SocketAddr,
    meta: Arc<Meta>,
}

#[derive(Default)]
struct Meta {
    posts: Mutex<Vec<Value>>,
    script: Mutex<VecDeque<Script>>,
}

impl Graph {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let meta = Arc::new(Meta::default());
        let router = Router::new()
            .route("/v25.0/{phone_number_id}/messages", post(send))
            .with_state(Arc::clone(&meta));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, meta }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next POST is answered so.
    pub(crate) fn next(&self, script: Script) {
        self.meta.script.lock().push_back(script);
    }

    /// The bodies of all POSTs so far.
    pub(crate) fn posts(&self) -> Vec<Value> {
        self.meta.posts.lock().clone()
    }

    /// The texts of all POSTs so far.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |post: &Value| post["text"]["body"].as_str().unwrap().to_owned();
        self.posts().iter().map(text).collect()
    }

    pub(crate) async fn has_posts(&self, n: usize) {
        until("the POSTs have come", || self.posts().len() >= n).await;
    }
}

async fn send(State(meta): State<Arc<Meta>>, Json(body): Json<Value>) -> Response {
    let n = {
        let mut posts = meta.posts.lock();
        posts.push(body);
        posts.len()
    };
    let script = meta.script.lock().pop_front();
    match script {
        None => {
            let id = format!("wamid.OUT{n}");
            Json(json!({ "messaging_product": "whatsapp", "messages": [{ "id": id }] }))
                .into_response()
        }
        Some(Script::Error(code)) => {
            // Meta repeats what it was given.
            let message = format!("refused: {}", meta.posts.lock()[n - 1]);
            let error = json!({ "error": { "message": message, "code": code } });
            (StatusCode::BAD_REQUEST, Json(error)).into_response()
        }
        Some(Script::Silence) => std::future::pending().await,
    }
}

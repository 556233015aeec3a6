//! What goes by REST: signing in and out, older history, the archive and clients' cards, figures,
//! what is managed.

use std::time::Duration;

use pult_domain::{ChannelId, ChatId, Place, ReadyAnswerId};
use pult_protocol::{
    ArchivePage, ArchiveQuery, AwayRequest, ChannelPhoneBody, ChannelRow, ChatsPage, ChatsQuery,
    ClientHistory, Code, FiguresQuery, HistoryPage, Problem, ReadyAnswerBody,
    ReadyAnswerExportQuery, ReadyAnswerImport, ReadyAnswerImportQuery, ReadyAnswerRow,
    ServiceFigures, SignInRequest, SignInResponse, Token, Workload,
};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::address::Address;

/// Longest answer that is read. A page of a history is far shorter, however long its texts; a table
/// of ready answers that are all as long as they may be is not.
const MAX_ANSWER_BYTES: usize = 40 * 1024 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Asks backends.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    http: reqwest::Client,
}

/// Why there is no answer to use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestError {
    /// Nobody answered.
    #[error("{0}")]
    Unreachable(String),
    /// Whoever answered does not speak Pult's protocol.
    #[error("the answer is not a Pult backend's")]
    NotPult,
    /// The backend said no.
    #[error("{}", .0.message)]
    Refused(Problem),
}

impl Rest {
    pub(crate) fn new(tls: rustls::ClientConfig) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("Pult/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls)
            // A redirect could lead a password to another host.
            .redirect(reqwest::redirect::Policy::none())
            // The socket knows no proxies either.
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .build()?;
        Ok(Self { http })
    }

    pub(crate) async fn sign_in(
        &self,
        address: &Address,
        request: &SignInRequest,
    ) -> Result<SignInResponse, RestError> {
        let request = self.http.post(address.rest("sessions")).json(request);
        read(send(request).await?).await
    }

    pub(crate) async fn sign_out(&self, address: &Address, token: &Token) -> Result<(), RestError> {
        let request = self
            .http
            .delete(address.rest("sessions/current"))
            .bearer_auth(&token.0);
        done(send(request).await?).await
    }

    pub(crate) async fn history(
        &self,
        address: &Address,
        token: &Token,
        chat_id: ChatId,
        before: Place,
        limit: u32,
    ) -> Result<HistoryPage, RestError> {
        let request = self
            .http
            .get(address.rest(&format!(
                "chats/{chat_id}/entries?before={}&limit={limit}",
                before.0
            )))
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }
}

impl Rest {
    pub(crate) async fn archive(
        &self,
        address: &Address,
        token: &Token,
        query: &ArchiveQuery,
    ) -> Result<ArchivePage, RestError> {
        let request = self
            .http
            .get(address.rest("archive"))
            .query(query)
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }

    pub(crate) async fn chats(
        &self,
        address: &Address,
        token: &Token,
        query: &ChatsQuery,
    ) -> Result<ChatsPage, RestError> {
        let request = self
            .http
            .get(address.rest("chats"))
            .query(query)
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }

    pub(crate) async fn workload(
        &self,
        address: &Address,
        token: &Token,
    ) -> Result<Workload, RestError> {
        let request = self
            .http
            .get(address.rest("workload"))
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }

    pub(crate) async fn card(
        &self,
        address: &Address,
        token: &Token,
        chat_id: ChatId,
    ) -> Result<ClientHistory, RestError> {
        let request = self
            .http
            .get(address.rest(&format!("chats/{chat_id}/card")))
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }

    pub(crate) async fn figures(
        &self,
        address: &Address,
        token: &Token,
        query: &FiguresQuery,
    ) -> Result<ServiceFigures, RestError> {
        let request = self
            .http
            .get(address.rest("figures"))
            .query(query)
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }
}

impl Rest {
    pub(crate) async fn set_away(
        &self,
        address: &Address,
        token: &Token,
        away: bool,
    ) -> Result<(), RestError> {
        let request = self
            .http
            .put(address.rest("presence"))
            .json(&AwayRequest { away })
            .bearer_auth(&token.0);
        done(send(request).await?).await
    }
}

impl Rest {
    pub(crate) async fn put_ready_answer(
        &self,
        address: &Address,
        token: &Token,
        id: ReadyAnswerId,
        body: &ReadyAnswerBody,
    ) -> Result<ReadyAnswerRow, RestError> {
        let request = self
            .http
            .put(address.rest(&format!("ready-answers/{id}")))
            .json(body)
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }

    pub(crate) async fn set_channel_phone(
        &self,
        address: &Address,
        token: &Token,
        id: ChannelId,
        phone: String,
    ) -> Result<ChannelRow, RestError> {
        let request = self
            .http
            .put(address.rest(&format!("channels/{id}/phone")))
            .json(&ChannelPhoneBody { phone })
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }

    pub(crate) async fn delete_ready_answer(
        &self,
        address: &Address,
        token: &Token,
        id: ReadyAnswerId,
    ) -> Result<(), RestError> {
        let request = self
            .http
            .delete(address.rest(&format!("ready-answers/{id}")))
            .bearer_auth(&token.0);
        done(send(request).await?).await
    }

    pub(crate) async fn export_ready_answers(
        &self,
        address: &Address,
        token: &Token,
        query: ReadyAnswerExportQuery,
    ) -> Result<String, RestError> {
        let request = self
            .http
            .get(address.rest("ready-answers.csv"))
            .query(&query)
            .bearer_auth(&token.0);
        read_text(send(request).await?).await
    }

    pub(crate) async fn import_ready_answers(
        &self,
        address: &Address,
        token: &Token,
        query: ReadyAnswerImportQuery,
        table: String,
    ) -> Result<ReadyAnswerImport, RestError> {
        let request = self
            .http
            .post(address.rest("ready-answers.csv"))
            .query(&query)
            .header(CONTENT_TYPE, "text/csv; charset=utf-8")
            .body(table)
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }
}

/// What is read and put as a whole at an address of its own.
impl Rest {
    pub(crate) async fn managed<T: DeserializeOwned>(
        &self,
        address: &Address,
        token: &Token,
        what: &str,
    ) -> Result<T, RestError> {
        let request = self.http.get(address.rest(what)).bearer_auth(&token.0);
        read(send(request).await?).await
    }

    pub(crate) async fn put_managed<T: Serialize + DeserializeOwned + Sync>(
        &self,
        address: &Address,
        token: &Token,
        what: &str,
        value: &T,
    ) -> Result<T, RestError> {
        let request = self.http.put(address.rest(what)).json(value);
        read(send(request.bearer_auth(&token.0)).await?).await
    }

    pub(crate) async fn post_managed<T: DeserializeOwned>(
        &self,
        address: &Address,
        token: &Token,
        what: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, RestError> {
        let request = self.http.post(address.rest(what)).json(body);
        read(send(request.bearer_auth(&token.0)).await?).await
    }

    /// Reads what stands at a path.
    pub(crate) async fn look<T: DeserializeOwned>(
        &self,
        address: &Address,
        token: &Token,
        path: &str,
        query: &(impl Serialize + Sync),
    ) -> Result<T, RestError> {
        let request = self
            .http
            .get(address.rest(path))
            .query(query)
            .bearer_auth(&token.0);
        read(send(request).await?).await
    }

    /// Changes something, of which nothing more is to be told.
    pub(crate) async fn change(
        &self,
        address: &Address,
        token: &Token,
        method: reqwest::Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(), RestError> {
        let mut request = self
            .http
            .request(method, address.rest(path))
            .bearer_auth(&token.0);
        if let Some(body) = body {
            request = request.json(&body);
        }
        done(send(request).await?).await
    }
}

async fn send(request: reqwest::RequestBuilder) -> Result<reqwest::Response, RestError> {
    request
        .send()
        .await
        .map_err(|error| RestError::Unreachable(causes(&error.without_url())))
}

async fn read<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T, RestError> {
    if answer.status() != StatusCode::OK && answer.status() != StatusCode::CREATED {
        return Err(refusal(answer).await);
    }
    serde_json::from_slice(&body(answer).await?).map_err(|_| RestError::NotPult)
}

/// What is answered in words that are not JSON, such as a table.
async fn read_text(answer: reqwest::Response) -> Result<String, RestError> {
    if answer.status() != StatusCode::OK {
        return Err(refusal(answer).await);
    }
    String::from_utf8(body(answer).await?).map_err(|_| RestError::NotPult)
}

/// That something was done of which there is nothing to tell.
async fn done(answer: reqwest::Response) -> Result<(), RestError> {
    if answer.status().is_success() {
        return Ok(());
    }
    Err(refusal(answer).await)
}

/// Understands `problem+json`. A code that only a newer backend knows still is a refusal, told in
/// the backend's words.
async fn refusal(answer: reqwest::Response) -> RestError {
    let is_problem = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/problem+json"));
    if !is_problem {
        return RestError::NotPult;
    }
    let body = match body(answer).await {
        Ok(body) => body,
        Err(error) => return error,
    };
    if let Ok(problem) = serde_json::from_slice(&body) {
        return RestError::Refused(problem);
    }
    let message = serde_json::from_slice::<Value>(&body)
        .ok()
        .and_then(|value| Some(value.get("message")?.as_str()?.to_owned()));
    message.map_or(RestError::NotPult, |message| {
        RestError::Refused(Problem::new(Code::Internal, message))
    })
}

async fn body(mut answer: reqwest::Response) -> Result<Vec<u8>, RestError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| RestError::Unreachable(causes(&error.without_url())))?
    {
        if body.len().saturating_add(chunk.len()) > MAX_ANSWER_BYTES {
            return Err(RestError::NotPult);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error with what caused it, since the first sentence alone says little.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

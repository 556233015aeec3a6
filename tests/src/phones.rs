//! The clients' phones: the control API of the sandbox, which plays WhatsApp.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};

use crate::until::LIMIT;

/// All phones of a sandbox.
#[derive(Debug, Clone)]
pub struct Phones {
    address: String,
    http: reqwest::Client,
}

/// The phone of one client.
#[derive(Debug, Clone)]
pub struct Phone {
    phones: Phones,
    /// Its number, digits alone.
    pub number: String,
    /// The client's name.
    pub name: String,
}

/// A message that a phone received.
#[derive(Debug, Clone, Deserialize)]
pub struct Received {
    /// Its place on the phone, from 1.
    pub n: u64,
    /// Its text.
    pub text: Option<String>,
    /// How often it was posted; 1 when all is well.
    pub posts: u64,
    /// How many of the posts were accepted: more than 1 is a double.
    pub copies: u64,
}

#[derive(Deserialize)]
struct Page {
    messages: Vec<Received>,
}

impl Phones {
    /// The phones of the sandbox at `address`.
    ///
    /// # Errors
    /// When requests cannot be made at all.
    pub fn at(address: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build();
        let http = http.context("Preparing requests to the sandbox")?;
        Ok(Self {
            address: address.to_owned(),
            http,
        })
    }

    /// Where people see the phones and write by hand.
    #[must_use]
    pub fn page(&self) -> String {
        format!("{}/phones", self.address)
    }

    /// A client with a phone, who reads what arrives at once or only when asked.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn client(&self, number: &str, name: &str, auto_read: bool) -> Result<Phone> {
        let body = json!({ "number": number, "name": name, "auto_read": auto_read });
        self.tell(Method::POST, "phones", Some(body)).await?;
        Ok(Phone {
            phones: self.clone(),
            number: number.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Has the sandbox send events to a webhook, after the handshake.
    ///
    /// # Errors
    /// When the webhook does not answer the handshake.
    pub async fn connect(&self, webhook: &str) -> Result<()> {
        self.tell(Method::PUT, "webhook", Some(json!({ "url": webhook })))
            .await
    }

    /// Makes statuses come as slowly as in life, so that people see the ticks change.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn slow_down(&self) -> Result<()> {
        let pace = json!({ "sent_ms": 300, "delivered_ms": 700, "read_ms": 2500 });
        self.tell(Method::PATCH, "settings", Some(pace)).await
    }

    /// Turns a knob of the sandbox that has no method here.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        self.ask(method, path, body, Duration::ZERO).await
    }

    /// Waits until no webhook, status or retry is outstanding.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn idle(&self) -> Result<()> {
        let path = format!("idle?wait_ms={}", LIMIT.as_millis());
        self.ask::<IgnoredAny>(Method::GET, &path, None, LIMIT)
            .await
            .map(|_| ())
    }

    /// How many webhooks and statuses are outstanding.
    ///
    /// # Errors
    /// When the sandbox does not say.
    pub async fn outstanding(&self) -> Result<u64> {
        #[derive(Deserialize)]
        struct Idle {
            outstanding: u64,
        }
        let url = format!("{}/control/idle?wait_ms=0", self.address);
        let answer = self.http.get(url).timeout(LIMIT).send().await;
        // Its status tells the same as the number.
        let idle: Idle = answer.context("Asking what is outstanding")?.json().await?;
        Ok(idle.outstanding)
    }

    async fn tell(&self, method: Method, path: &str, body: Option<Value>) -> Result<()> {
        self.ask::<IgnoredAny>(method, path, body, Duration::ZERO)
            .await
            .map(|_| ())
    }

    /// Asks the sandbox, which may take `wait` until it has something to say.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        wait: Duration,
    ) -> Result<T> {
        let mut request: RequestBuilder = self
            .http
            .request(method, format!("{}/control/{path}", self.address))
            .timeout(wait + LIMIT);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request
            .send()
            .await
            .with_context(|| format!("Asking for {path}"))?;
        let status = answer.status();
        let text = answer
            .text()
            .await
            .with_context(|| format!("Reading {path}"))?;
        ensure!(
            status.is_success(),
            "the sandbox answers {path} with {status}: {text}"
        );
        // Some answers have nothing to say.
        let text = if text.is_empty() { "null" } else { &text };
        serde_json::from_str(text).with_context(|| format!("Understanding {path}"))
    }
}

impl Phone {
    /// The client writes.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn write(&self, text: &str) -> Result<()> {
        let path = format!("phones/{}/messages", self.number);
        self.phones
            .tell(Method::POST, &path, Some(json!({ "text": text })))
            .await
    }

    /// The client opens the chat: everything there is read.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn open_chat(&self) -> Result<()> {
        let path = format!("phones/{}/read", self.number);
        self.phones.tell(Method::POST, &path, None).await
    }

    /// What arrived after place `after`; waits up to `wait` for something.
    ///
    /// # Errors
    /// When the sandbox refuses.
    pub async fn received(&self, after: u64, wait: Duration) -> Result<Vec<Received>> {
        let (number, wait_ms) = (&self.number, wait.as_millis());
        let path = format!("phones/{number}/received?after={after}&wait_ms={wait_ms}");
        let page: Page = self.phones.ask(Method::GET, &path, None, wait).await?;
        Ok(page.messages)
    }

    /// Waits for a message with exactly this text.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn receives(&self, text: &str) -> Result<Received> {
        let end = tokio::time::Instant::now() + LIMIT;
        let mut after = 0;
        loop {
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            let new = self.received(after, left).await?;
            if new.is_empty() {
                bail!("a message did not reach the phone of {}", self.name);
            }
            after = new.iter().map(|message| message.n).max().unwrap_or(after);
            if let Some(found) = new
                .into_iter()
                .find(|new| new.text.as_deref() == Some(text))
            {
                return Ok(found);
            }
        }
    }

    /// Once all is quiet, the phone has this text exactly once, and it was posted exactly once.
    ///
    /// # Errors
    /// When it has not, or has it twice.
    pub async fn has_exactly_once(&self, text: &str) -> Result<()> {
        self.receives(text).await?;
        self.phones.idle().await?;
        let all = self.received(0, Duration::ZERO).await?;
        let same: Vec<_> = all
            .iter()
            .filter(|one| one.text.as_deref() == Some(text))
            .collect();
        let [only] = same.as_slice() else {
            bail!(
                "the phone of {} has a message {} times",
                self.name,
                same.len()
            );
        };
        ensure!(
            only.copies == 1,
            "the phone of {} has {} copies",
            self.name,
            only.copies
        );
        ensure!(only.posts == 1, "a message was posted {} times", only.posts);
        Ok(())
    }
}

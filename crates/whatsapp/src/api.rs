//! Sending: one POST, and what its ending says about the message.
//!
//! Meta knows no idempotency key, so the one question that matters is whether the client could
//! have got the message. What failed before the request left may be tried again; what Meta refused
//! with a code of its own is decided by that code; everything else is *not confirmed*, and only a
//! status that carries our id (`biz_opaque_callback_data`) or a person can settle it. For the same
//! reason nothing below this module may repeat a request: redirects and the HTTP library's own
//! retries are off.

use std::time::Duration;

use pult_domain::provider::{
    Failure, FailureKind, Identity, IdentityKind, OutboundMessage, SendOutcome,
};
use reqwest::header::HeaderValue;
use reqwest::{RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use url::{Host, Url};

use crate::errors::{self, Remedy};
use crate::webhook::digits;

/// Where Meta's Graph API lives.
pub const DEFAULT_BASE_URL: &str = "https://graph.facebook.com";
/// The version of the Graph API that this crate is written for; it lives until July 2028.
pub const DEFAULT_GRAPH_VERSION: &str = "v25.0";
/// How long a connection may take to come about.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request may take from first to last.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// An answer to a POST is a few hundred bytes; a longer one is not Meta's.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Least time before a request that could not leave is tried again.
const RECONNECT_AFTER_MS: i64 = 5_000;
/// Meta and the boxes on the way drop idle connections silently. A POST on a dead one would end
/// as "not confirmed" for nothing, so connections are given up before others do.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// How to reach one number.
#[derive(Debug, Clone)]
pub struct Settings {
    /// [`DEFAULT_BASE_URL`], or whatever plays Meta's part; `https` unless it is this machine.
    pub base_url: Url,
    /// Such as [`DEFAULT_GRAPH_VERSION`].
    pub graph_version: String,
    /// Meta's id of the number that sends.
    pub phone_number_id: String,
    /// A token with the right to send from it.
    pub access_token: SecretString,
    /// What to call ourselves; Meta's hosts misbehave towards the nameless.
    pub user_agent: String,
    /// Usually [`DEFAULT_CONNECT_TIMEOUT`].
    pub connect_timeout: Duration,
    /// Usually [`DEFAULT_TIMEOUT`].
    pub timeout: Duration,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The program has not chosen one, which it must do before it makes any connection.
    #[error("no process-wide rustls crypto provider is installed")]
    NoCryptoProvider,
    /// The token would travel in the clear, or nothing can be appended to the address.
    #[error("the base URL must be https, or http to this machine")]
    BaseUrl,
    /// It holds what no header can.
    #[error("the access token is empty or holds characters that no token has")]
    AccessToken,
    /// The HTTP library would not start, as with a user agent that no header can hold or without
    /// any trusted certificates on the machine.
    #[error("setting up the HTTP connection pool")]
    Http(#[source] reqwest::Error),
}

/// A number of the company, as Meta describes it when asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedNumber {
    /// The company's name that clients see.
    pub verified_name: Option<String>,
    /// The number as people write it.
    pub display_phone_number: Option<String>,
}

/// One number's way out.
#[derive(Debug, Clone)]
pub struct WhatsAppApi {
    http: reqwest::Client,
    number_url: Url,
    messages_url: Url,
    authorization: HeaderValue,
    access_token: SecretString,
}

impl WhatsAppApi {
    /// Gets ready to send; connects to nothing yet.
    ///
    /// # Errors
    /// [`SettingsError`] says which setting is wrong.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        // The HTTP library would panic without one.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(SettingsError::NoCryptoProvider);
        }
        let is_local = is_loopback(&settings.base_url);
        if settings.base_url.scheme() != "https"
            && !(settings.base_url.scheme() == "http" && is_local)
        {
            return Err(SettingsError::BaseUrl);
        }
        let number = [
            settings.graph_version.as_str(),
            settings.phone_number_id.as_str(),
        ];
        let number_url = below(&settings.base_url, &number)?;
        let messages_url = below(&number_url, &["messages"])?;

        let token = settings.access_token.expose_secret();
        if token.trim().is_empty() {
            return Err(SettingsError::AccessToken);
        }
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| SettingsError::AccessToken)?;
        authorization.set_sensitive(true);

        let mut http = reqwest::Client::builder()
            .user_agent(settings.user_agent)
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .pool_idle_timeout(IDLE_CONNECTION)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        if is_local {
            // No proxy can reach what is only on this machine.
            http = http.no_proxy();
        }
        let http = http.build().map_err(SettingsError::Http)?;
        let access_token = settings.access_token;
        Ok(Self {
            http,
            number_url,
            messages_url,
            authorization,
            access_token,
        })
    }

    /// Sends `message` once. Every ending is an outcome: there is nothing to catch.
    pub async fn send(&self, message: &OutboundMessage) -> SendOutcome {
        let Some(body) = TextMessage::to(message) else {
            let reason = "nothing is known of this client that WhatsApp can send to".to_owned();
            let failure = errors::without_code(FailureKind::NotReachable, reason);
            return SendOutcome::Rejected(failure);
        };
        let request = self.http.post(self.messages_url.clone()).json(&body);
        let outcome = match self.exchange(request).await {
            Ok(answer) => outcome_of(&answer),
            Err(NoAnswer::NeverLeft(reason)) => SendOutcome::Retry {
                after_ms: RECONNECT_AFTER_MS,
                failure: errors::without_code(FailureKind::Other, reason),
            },
            Err(NoAnswer::Lost(reason)) => SendOutcome::NotConfirmed { reason },
        };
        self.without_secrets(outcome, &message.recipient)
    }

    /// Asks Meta about the number: whether address, token and number id belong together.
    ///
    /// # Errors
    /// Meta's refusal, or a failure without a code when there was no answer of Meta's.
    pub async fn check(&self) -> Result<ConnectedNumber, Failure> {
        let mut url = self.number_url.clone();
        url.set_query(Some("fields=verified_name,display_phone_number"));
        let outcome = match self.exchange(self.http.get(url)).await {
            Ok(answer) => number_of(&answer),
            Err(NoAnswer::NeverLeft(reason) | NoAnswer::Lost(reason)) => {
                Err(errors::without_code(FailureKind::Other, reason))
            }
        };
        outcome.map_err(|mut failure| {
            self.hide_secrets(&mut failure.reason, &[]);
            failure
        })
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Answer, NoAnswer> {
        let request = request.header(reqwest::header::AUTHORIZATION, self.authorization.clone());
        let mut response = request.send().await.map_err(NoAnswer::from)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(NoAnswer::from)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(NoAnswer::Lost(format!("the answer ({status}) is too long")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            json: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }

    /// `outcome` without the token and the client's identities, which Meta likes to quote.
    fn without_secrets(&self, mut outcome: SendOutcome, recipient: &[Identity]) -> SendOutcome {
        match &mut outcome {
            SendOutcome::Accepted { .. } => {}
            SendOutcome::Retry {
                failure: Failure { reason, .. },
                ..
            }
            | SendOutcome::ChannelBlocked(Failure { reason, .. })
            | SendOutcome::Rejected(Failure { reason, .. })
            | SendOutcome::NotConfirmed { reason } => self.hide_secrets(reason, recipient),
        }
        outcome
    }

    fn hide_secrets(&self, reason: &mut String, recipient: &[Identity]) {
        let token = self.access_token.expose_secret();
        let identities = recipient
            .iter()
            .map(|identity| identity.value.trim_start_matches('+'));
        for secret in std::iter::once(token)
            .chain(identities)
            .filter(|secret| !secret.is_empty())
        {
            *reason = reason.replace(secret, "…");
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn below(url: &Url, segments: &[&str]) -> Result<Url, SettingsError> {
    let mut url = url.clone();
    url.path_segments_mut()
        .map_err(|()| SettingsError::BaseUrl)?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

/// The body of a POST.
#[derive(Serialize)]
struct TextMessage<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    r#type: &'static str,
    text: Text<'a>,
    biz_opaque_callback_data: String,
}

#[derive(Serialize)]
struct Text<'a> {
    body: &'a str,
    preview_url: bool,
}

impl<'a> TextMessage<'a> {
    /// `message` to its client's phone number if there is one, else to the user id: of the two
    /// the number works on every account. `None` if there is neither.
    fn to(message: &'a OutboundMessage) -> Option<Self> {
        let known_as = |kind| {
            let identities = message.recipient.iter();
            identities
                .filter(move |identity| identity.kind == kind)
                .map(|i| i.value.as_str())
        };
        // Without a plus, Meta may take the number for one of the company's own country.
        let phone = known_as(IdentityKind::WhatsAppId).find_map(digits);
        let to = phone.map(|digits| format!("+{digits}"));
        let user_id = known_as(IdentityKind::WhatsAppUserId).find(|value| !value.is_empty());
        let recipient = if to.is_none() { Some(user_id?) } else { None };
        Some(Self {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to,
            recipient,
            r#type: "text",
            text: Text {
                body: message.text.as_str(),
                preview_url: true,
            },
            biz_opaque_callback_data: message.message_id.to_string(),
        })
    }
}

/// What came back; `json` is null when it was not JSON.
struct Answer {
    status: StatusCode,
    json: Value,
}

/// Why nothing (whole) came back.
enum NoAnswer {
    /// The request did not leave this machine.
    NeverLeft(String),
    /// It may have arrived.
    Lost(String),
}

impl From<reqwest::Error> for NoAnswer {
    fn from(error: reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() {
            Self::NeverLeft(format!("could not connect{}", causes(&error)))
        } else if error.is_timeout() {
            Self::Lost("no answer in time".to_owned())
        } else {
            Self::Lost(format!(
                "the connection was lost before the answer{}",
                causes(&error)
            ))
        }
    }
}

/// What lies under an error of the HTTP library, whose own words would quote the address.
fn causes(error: &reqwest::Error) -> String {
    let mut causes = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push_str(": ");
        causes.push_str(&cause.to_string());
        source = cause.source();
    }
    errors::shortened(&causes)
}

fn outcome_of(answer: &Answer) -> SendOutcome {
    let Answer { status, json } = answer;
    let not_confirmed = |what: &str| SendOutcome::NotConfirmed {
        reason: format!("{what} (HTTP {})", status.as_u16()),
    };
    if status.is_success() {
        let id = json.pointer("/messages/0/id").and_then(Value::as_str);
        return match id.filter(|id| !id.is_empty()) {
            Some(id) => SendOutcome::Accepted {
                provider_id: id.to_owned(),
            },
            None => not_confirmed("the answer names no message"),
        };
    }
    let Some((error, code)) = meta_error(json) else {
        return not_confirmed("the answer is not WhatsApp's");
    };
    let failure = errors::read(error);
    match errors::look_up(&code) {
        Some((_, Remedy::Retry(after_ms))) => SendOutcome::Retry { after_ms, failure },
        Some((_, Remedy::MendChannel)) => SendOutcome::ChannelBlocked(failure),
        Some((_, Remedy::GiveUp)) => SendOutcome::Rejected(failure),
        // A server that broke down over a code we do not know has promised nothing.
        None if status.is_server_error() => SendOutcome::NotConfirmed {
            reason: failure.reason,
        },
        None => SendOutcome::Rejected(failure),
    }
}

fn meta_error(json: &Value) -> Option<(&Value, String)> {
    let error = json.get("error")?;
    Some((error, errors::code(error)?))
}

fn number_of(answer: &Answer) -> Result<ConnectedNumber, Failure> {
    if let Some((error, _)) = meta_error(&answer.json) {
        return Err(errors::read(error));
    }
    let words = |field| {
        answer
            .json
            .get(field)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let number = ConnectedNumber {
        verified_name: words("verified_name"),
        display_phone_number: words("display_phone_number"),
    };
    if answer.status.is_success() && number.display_phone_number.is_some() {
        Ok(number)
    } else {
        let reason = format!(
            "the answer is not WhatsApp's (HTTP {})",
            answer.status.as_u16()
        );
        Err(errors::without_code(FailureKind::Other, reason))
    }
}

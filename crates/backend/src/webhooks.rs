//! Where providers deliver.
//!
//! A delivery is answered with 200 when it is durable, and with nothing else: the provider repeats
//! whatever it has no 200 for. What cannot be read is kept as well, since a refusal would only
//! make it come again for days.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use pult_domain::provider::{ChannelFact, Fact};
use pult_protocol::{ChannelKind, Code};
use pult_store::StoreError;
use pult_whatsapp::signature;

use crate::backend::{Backend, Shared};
use crate::channel_phones;
use crate::channels::Connector;
use crate::problem::ProblemResponse;

/// Largest delivery taken, in bytes. Meta sends up to 3 MB.
pub(crate) const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// Meta asks whether this address is ours; answered with its challenge.
pub(crate) async fn handshake(
    State(backend): State<Shared>,
    query: Result<Query<signature::Handshake>, QueryRejection>,
) -> Result<String, ProblemResponse> {
    let refused = || ProblemResponse::new(Code::BadSignature, "the verify token is not ours");
    let Query(asked) =
        query.map_err(|_| ProblemResponse::new(Code::Malformed, "the handshake is incomplete"))?;
    let channels = backend.channels.all();
    channels
        .iter()
        .find_map(|channel| {
            let Connector::WhatsApp { verify_token, .. } = &channel.connector;
            signature::handshake(asked.clone(), verify_token)
        })
        .ok_or_else(refused)
}

/// Meta delivers events.
pub(crate) async fn take(
    State(backend): State<Shared>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ProblemResponse> {
    let taken = keep(&backend, &headers, body).await;
    backend.metrics.webhook(match &taken {
        Ok(Kept::Read) => Ok("taken"),
        Ok(Kept::Unreadable) => Ok("unreadable"),
        Err(ProblemResponse(problem)) => Err(problem),
    });
    taken.map(|_| StatusCode::OK)
}

/// What became of a delivery that is durable.
enum Kept {
    Read,
    Unreadable,
}

async fn keep(
    backend: &Backend,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Kept, ProblemResponse> {
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ProblemResponse::new(Code::TooLarge, "the delivery is larger than 4 MiB")
        }
        _ => ProblemResponse::new(Code::Malformed, "the delivery did not arrive whole"),
    })?;
    let signed = headers
        .get(signature::HEADER)
        .and_then(|value| value.to_str().ok());
    // Numbers of one app share its secret and this address.
    let is_genuine = signed.is_some_and(|signed| {
        backend.channels.all().iter().any(|channel| {
            let Connector::WhatsApp { app_secret, .. } = &channel.connector;
            signature::verify(app_secret, &body, signed)
        })
    });
    if !is_genuine {
        tracing::warn!(
            n_bytes = body.len(),
            "A delivery without a valid signature was refused"
        );
        return Err(ProblemResponse::new(
            Code::BadSignature,
            "the signature does not fit the body and the app secret",
        ));
    }
    let facts = match pult_whatsapp::webhook::parse(&body, backend.now()) {
        Ok(facts) => Some(facts),
        Err(error) => {
            tracing::error!(%error, "A delivery could not be read; the journal has it");
            None
        }
    };
    let n_bytes = body.len();
    let kept = facts.as_ref().map_or(Kept::Unreadable, |_| Kept::Read);
    let n_facts = facts.as_ref().map_or(0, Vec::len);
    let has_message = facts.iter().flatten().any(is_message);
    store(backend, body.clone(), facts).await?;
    if has_message {
        channel_phones::learn(backend, &body).await;
    }
    tracing::debug!(n_bytes, n_facts, "A delivery was taken");
    Ok(kept)
}

const fn is_message(fact: &ChannelFact) -> bool {
    matches!(fact.fact, Fact::Message(_))
}

/// Makes a delivery durable, with what it says.
#[cfg(not(feature = "trials"))]
async fn store(
    backend: &Backend,
    body: Bytes,
    facts: Option<Vec<ChannelFact>>,
) -> Result<(), StoreError> {
    let store = &backend.store;
    store
        .ingest(ChannelKind::Whatsapp, body.into(), facts)
        .await
}

/// Makes a delivery durable, with what it says, or does what is asked for instead.
#[cfg(feature = "trials")]
async fn store(
    backend: &Backend,
    body: Bytes,
    facts: Option<Vec<ChannelFact>>,
) -> Result<(), StoreError> {
    use pult_store::trials::{self, Instead};

    match trials::instead() {
        None => {
            let store = &backend.store;
            store
                .ingest(ChannelKind::Whatsapp, body.into(), facts)
                .await
        }
        Some(Instead::None) => Ok(()),
        Some(Instead::Hub) => {
            crate::unstored::tell(backend, facts.unwrap_or_default());
            Ok(())
        }
    }
}

/// Applies what could not be applied when it came: at the start, and when another program has
/// changed the store.
pub(crate) async fn apply_waiting(backend: &Backend) -> Result<(), StoreError> {
    for (key, received_at, body) in backend.store.waiting_events().await? {
        if let Ok(facts) = pult_whatsapp::webhook::parse(&body, received_at) {
            let is_applied = backend
                .store
                .retry_event(ChannelKind::Whatsapp, key, facts)
                .await?;
            tracing::info!(
                journal.key = key,
                is_applied,
                "An event that waited was tried again"
            );
        }
    }
    Ok(())
}

//! The worker that sends replies: one message of a chat at a time, many chats at once.
//!
//! Before the first byte leaves, the store knows that the message is being sent; what it ended in
//! is written down after. A crash between the two leaves a message that may have gone out, and
//! the store will not hand such a one out again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use pult_domain::Timestamp;
use pult_domain::provider::{Failure, FailureKind, SendOutcome};
use pult_store::trials::{self, Point};
use pult_store::{LaneHead, LaneStep, Sending};
use tokio::task::JoinSet;

use crate::backend::{Backend, Shared};

/// How many chats are sent to at once.
const MAX_AT_ONCE: usize = 64;

/// The longest sleep between looks at the lanes.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Between tries to write an ending down while the store cannot.
const STORE_RETRY: Duration = Duration::from_secs(2);

/// Works until the backend stops, then waits for the sendings that are under way.
pub(crate) async fn run(backend: Shared) {
    let mut sendings = JoinSet::new();
    let mut at_work = HashSet::new();
    loop {
        let wait = match backend.store.lane_heads().await {
            Ok(heads) => start_due(&backend, &heads, &mut sendings, &mut at_work).await,
            Err(error) => {
                tracing::error!(%error, "The lanes of delivery could not be read");
                STORE_RETRY
            }
        };
        tokio::select! {
            () = backend.stopping.cancelled() => break,
            () = backend.wake.lanes.notified() => {}
            Some(ended) = sendings.join_next() => forget(&mut at_work, ended),
            () = tokio::time::sleep(wait) => {}
        }
    }
    while let Some(ended) = sendings.join_next().await {
        forget(&mut at_work, ended);
    }
}

fn forget(at_work: &mut HashSet<i64>, ended: Result<i64, tokio::task::JoinError>) {
    match ended {
        Ok(delivery) => {
            at_work.remove(&delivery);
        }
        Err(error) => tracing::error!(%error, "A sending ended out of order"),
    }
}

/// Starts what is due and tells how long nothing else will be.
async fn start_due(
    backend: &Shared,
    heads: &[LaneHead],
    sendings: &mut JoinSet<i64>,
    at_work: &mut HashSet<i64>,
) -> Duration {
    let now = backend.now();
    let mut wait = LONGEST_WAIT;
    for head in heads {
        if head.next == LaneStep::Report || at_work.contains(&head.delivery) {
            continue;
        }
        if head.due_at > now {
            wait = wait.min(until(head.due_at, now));
        } else if head.next == LaneStep::Release {
            if let Err(error) = backend.store.release_lane(head.delivery).await {
                tracing::error!(%error, "A lane could not be released");
                wait = wait.min(STORE_RETRY);
            }
        } else if at_work.len() < MAX_AT_ONCE {
            at_work.insert(head.delivery);
            sendings.spawn(send(Arc::clone(backend), head.delivery));
        }
    }
    wait
}

fn until(due: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(due.ms_since(now)).unwrap_or(0).max(1))
}

/// Sends one message; returns its delivery when all is written down.
async fn send(backend: Shared, delivery: i64) -> i64 {
    let sending = match backend.store.begin_sending(delivery).await {
        Ok(Some(sending)) => sending,
        Ok(None) => return delivery,
        Err(error) => {
            tracing::warn!(%error, "A sending could not be begun yet");
            tokio::time::sleep(STORE_RETRY).await;
            return delivery;
        }
    };
    if !is_noted(&backend, delivery).await {
        return delivery;
    }
    let outcome = attempt(&backend, &sending).await;
    trials::pass(Point::AnswerCame);
    backend.metrics.sending(&outcome);
    report(&sending, &outcome);
    while let Err(error) = backend
        .store
        .finish_sending(delivery, outcome.clone())
        .await
    {
        tracing::warn!(
            message.id = %sending.message.message_id, %error,
            "The ending of a sending could not be written down yet"
        );
        tokio::select! {
            // Unconfirmed from the next start on, which is the truth about it.
            () = backend.stopping.cancelled() => break,
            () = tokio::time::sleep(STORE_RETRY) => {}
        }
    }
    delivery
}

/// Notes a departure. What cannot be noted must not leave, since nobody would know of it after a
/// crash: it waits for room on the disk, and counts as not sent if the backend stops first.
async fn is_noted(backend: &Backend, delivery: i64) -> bool {
    while let Err(error) = backend.departures.note(delivery) {
        tracing::error!(%error, "The data folder cannot be written; nothing is sent");
        tokio::select! {
            () = backend.stopping.cancelled() => return false,
            () = tokio::time::sleep(STORE_RETRY) => {}
        }
    }
    true
}

async fn attempt(backend: &Backend, sending: &Sending) -> SendOutcome {
    match backend.channels.by_id(sending.channel_id) {
        Some(channel) => answered(channel.connector.send(&sending.message)).await,
        None => SendOutcome::ChannelBlocked(Failure {
            kind: FailureKind::ChannelBlocked,
            code: String::new(),
            reason: "the channel is not set up".to_owned(),
        }),
    }
}

/// Waits for a sending to end.
#[cfg(not(feature = "trials"))]
async fn answered(sending: impl Future<Output = SendOutcome>) -> SendOutcome {
    sending.await
}

/// Waits for a sending to end. A request that has no answer after this time has long left.
#[cfg(feature = "trials")]
async fn answered(sending: impl Future<Output = SendOutcome>) -> SendOutcome {
    let mut sending = std::pin::pin!(sending);
    match tokio::time::timeout(Duration::from_millis(100), sending.as_mut()).await {
        Ok(outcome) => outcome,
        Err(_) => {
            trials::pass(Point::PostLeft);
            sending.await
        }
    }
}

fn report(sending: &Sending, outcome: &SendOutcome) {
    let message_id = sending.message.message_id;
    match outcome {
        SendOutcome::Accepted { .. } => {
            tracing::debug!(message.id = %message_id, "The provider took a message");
        }
        SendOutcome::Retry { failure, .. } => {
            tracing::warn!(message.id = %message_id, failure.code, "A message is tried again");
        }
        SendOutcome::ChannelBlocked(failure) => {
            tracing::error!(
                channel.id = %sending.channel_id, failure.code,
                "A channel cannot send; an administrator must look at it"
            );
        }
        SendOutcome::Rejected(failure) => {
            tracing::warn!(message.id = %message_id, failure.code, "The provider refused a message");
        }
        SendOutcome::NotConfirmed { .. } => {
            tracing::warn!(message.id = %message_id, "It is not known whether a message went out");
        }
    }
}

//! Waiting until nothing is outstanding any more, and what phones have then.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use futures_util::future::try_join_all;
use pult_protocol::DeliveryState;

use super::desk::Desk;
use super::records::{self, StoredMessage};
use super::{Finding, Promised, must};
use crate::phones::{Phone, Phones};
use crate::proxy::Network;
use crate::until::within;

/// How long all may take to become quiet: a message that is not confirmed holds its chat up for half
/// a minute.
pub const QUIET: Duration = Duration::from_secs(75);

/// All networks carry, and everybody waits until nothing is outstanding. `desks` come with whether
/// their operators are active.
///
/// # Errors
/// When it does not become quiet.
pub async fn settle(office_dir: &Path, phones: &Phones, desks: &[(&Desk, bool)]) -> Result<()> {
    for (desk, _) in desks {
        desk.proxy.becomes(Network::Carries);
        desk.proxy.blinks();
    }
    phones.idle().await.promised("the sandbox")?;
    let settled = desks.iter().map(async |(desk, is_active)| {
        let settled = within(QUIET, "a settled panel", async || {
            let settled = desk.is_settled(*is_active).await;
            settled.ok().filter(|is| *is)
        });
        settled.await.map(|_| ()).promised(&desk.by())
    });
    try_join_all(settled).await?;
    // Every reply has found its end, and every tick has come.
    let ended = within(QUIET, "no reply on its way", async || {
        let n = records::on_their_way(office_dir).ok()?;
        (n == 0).then_some(())
    });
    ended.await.promised("the store")?;
    phones.idle().await.promised("the sandbox")
}

/// Judges a client's phone by all messages of their chat: what the store calls sent is there once,
/// nothing else is, and nothing was ever posted twice. Says how many are there.
///
/// # Errors
/// When that is not so.
pub async fn judge_phone(phone: &Phone, messages: &[&StoredMessage]) -> Result<u64> {
    let by = format!("the phone of {}", phone.name);
    let received = phone.received(0, Duration::ZERO).await?;
    for one in &received {
        must(one.posts == 1 && one.copies == 1, || {
            Finding::new(&*by, "every message once", one)
        })?;
    }
    let mut n_expected = 0;
    for message in messages {
        let Some(state) = message.delivery else {
            continue;
        };
        let same = received
            .iter()
            .filter(|one| one.text.as_ref() == Some(&message.text));
        let n = same.count();
        let is_right = match state {
            DeliveryState::Sent | DeliveryState::Delivered | DeliveryState::Read => n == 1,
            DeliveryState::NotConfirmed => n == 0,
            DeliveryState::Pending | DeliveryState::Sending | DeliveryState::Failed => false,
        };
        must(is_right, || {
            Finding::new(
                &*by,
                format!("what the store calls {state:?}"),
                (n, message),
            )
        })?;
        n_expected += n;
    }
    must(received.len() == n_expected, || {
        Finding::new(&*by, "nothing that the store does not know", &received)
    })?;
    Ok(n_expected as u64)
}

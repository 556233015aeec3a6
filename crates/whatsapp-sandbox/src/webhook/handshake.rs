//! The GET that a callback address has to answer before anything is sent to it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rand::RngExt as _;
use reqwest::{StatusCode, Url};

use crate::world::World;

/// Between two tries of an address whose program may not have started yet.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(200);
const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks the address once, and makes it the webhook if it answers rightly. If it does not, the
/// former webhook stays.
pub(crate) async fn activate(world: &World, url: &str, verify_token: &str) -> anyhow::Result<()> {
    ask(world, url, verify_token).await?;
    *world.webhooks.wanted.lock() = Some(url.to_owned());
    world.webhooks.active.send_replace(Some(url.to_owned()));
    world.tell_changed();
    Ok(())
}

/// Tries until the address answers or another one is wanted.
pub(crate) fn keep_trying(world: &Arc<World>, url: String, verify_token: String) {
    *world.webhooks.wanted.lock() = Some(url.clone());
    let in_task = Arc::clone(world);
    world.spawn(async move {
        while in_task.webhooks.wanted.lock().as_deref() == Some(&*url) {
            match activate(&in_task, &url, &verify_token).await {
                Ok(()) => break,
                Err(error) => tracing::debug!(%error, "The webhook is not there yet"),
            }
            tokio::time::sleep(TRY_AGAIN_AFTER).await;
        }
    });
}

async fn ask(world: &World, url: &str, verify_token: &str) -> anyhow::Result<()> {
    let challenge = rand::rng()
        .random_range(100_000_000..2_000_000_000_u32)
        .to_string();
    let mut address = Url::parse(url).context("The webhook is not a URL")?;
    address
        .query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair("hub.verify_token", verify_token);
    let answer = world
        .webhooks
        .http
        .get(address)
        .timeout(TIMEOUT)
        .send()
        .await;
    // The URL carries the token: it must not reach a log or an answer.
    let answer = answer
        .map_err(reqwest::Error::without_url)
        .context("No answer")?;
    let status = answer.status();
    if status != StatusCode::OK {
        bail!("The handshake was answered with {status}");
    }
    let echoed = answer.text().await.map_err(reqwest::Error::without_url)?;
    if echoed != challenge {
        bail!("The handshake's answer is not the challenge, verbatim");
    }
    Ok(())
}

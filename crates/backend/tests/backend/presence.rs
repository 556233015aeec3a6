//! Who is there, as colleagues hear it.

use std::time::Duration;

use pult_domain::{OperatorId, Timestamp};
use pult_protocol::{PanelFrame, Presence, Standing, Watch};
use reqwest::Method;
use serde_json::json;

use crate::kit::{Signed, TestBackend};
use crate::panel::TestPanel;

/// Waits until a panel has heard that somebody is there, or not, and gives since when.
async fn hears(panel: &mut TestPanel, of: OperatorId, presence: Presence) -> Option<Timestamp> {
    panel
        .until("somebody's presence", |panel| {
            let row = panel.presence.get(&of);
            row.is_some_and(|row| row.presence == presence)
        })
        .await;
    panel.presence[&of].since
}

#[tokio::test]
async fn colleagues_hear_who_comes_and_who_has_gone_with_their_last_panel() {
    let backend = TestBackend::start().await;
    let (anna, boris) = (
        backend.operator("anna").await,
        backend.operator("boris").await,
    );
    let mut annas = anna.panel().await;
    hears(&mut annas, anna.id, Presence::Online).await;
    assert_eq!(
        annas.presence.get(&boris.id),
        None,
        "he has never been there"
    );

    let (at_desk, at_home) = (boris.panel().await, boris.panel().await);
    let came_at = hears(&mut annas, boris.id, Presence::Online).await;
    drop(at_home);
    backend.clock.advance(Duration::from_secs(60));
    drop(at_desk);
    let gone_at = hears(&mut annas, boris.id, Presence::Offline).await;
    let ms = gone_at.unwrap().ms_since(came_at.unwrap());
    assert!((60_000..120_000).contains(&ms), "{ms}");
}

#[tokio::test]
async fn since_when_somebody_is_gone_outlives_the_backend() {
    let mut backend = TestBackend::start().await;
    let (anna, boris) = (
        backend.operator("anna").await,
        backend.operator("boris").await,
    );
    let boriss = boris.panel().await;
    let mut annas = anna.panel().await;
    hears(&mut annas, boris.id, Presence::Online).await;
    backend.clock.advance(Duration::from_secs(60));
    drop(boriss);
    let gone_at = hears(&mut annas, boris.id, Presence::Offline).await;
    drop(annas);
    backend.stop().await;
    backend.clock.advance(Duration::from_secs(3600));
    backend.serve().await;
    let mut annas = anna.at(&backend).panel().await;
    assert_eq!(
        hears(&mut annas, boris.id, Presence::Offline).await,
        gone_at
    );
}

async fn stands(panel: &mut TestPanel, standing: Standing) {
    let watch = Watch {
        standing,
        ..Watch::default()
    };
    panel.wire.say(&PanelFrame::Watch(watch)).await;
}

/// A panel says how long ago its device was used.
async fn used(panel: &mut TestPanel, used_ago_s: u32) {
    let watch = Watch {
        used_ago_s,
        ..Watch::default()
    };
    panel.wire.say(&PanelFrame::Watch(watch)).await;
}

#[tokio::test]
async fn of_an_operators_devices_the_one_that_was_used_last_is_first() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let (mut desk, mut home) = (anna.panel().await, anna.panel().await);
    used(&mut desk, 5).await;
    used(&mut home, 500).await;
    home.until("whether it is first", |home| !home.is_first)
        .await;
    // She goes home.
    used(&mut home, 0).await;
    home.until("whether it is first", |home| home.is_first)
        .await;
    desk.until("whether it is first", |desk| !desk.is_first)
        .await;
    drop(home);
    desk.until("whether it is first", |desk| desk.is_first)
        .await;
}

async fn says_away(signed: &Signed, away: bool) {
    let body = json!({ "away": away });
    let answer = signed.send(Method::PUT, "/api/v1/presence", &body).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

#[tokio::test]
async fn somebody_is_away_when_none_of_their_devices_is_used() {
    let backend = TestBackend::start().await;
    let (anna, boris) = (
        backend.operator("anna").await,
        backend.operator("boris").await,
    );
    let mut annas = anna.panel().await;
    let (mut at_desk, mut at_home) = (boris.panel().await, boris.panel().await);
    hears(&mut annas, boris.id, Presence::Online).await;
    stands(&mut at_desk, Standing::Locked).await;
    stands(&mut at_home, Standing::Idle).await;
    hears(&mut annas, boris.id, Presence::Away).await;
    assert!(!annas.presence[&boris.id].by_hand);
    stands(&mut at_home, Standing::Active).await;
    hears(&mut annas, boris.id, Presence::Online).await;
}

#[tokio::test]
async fn who_says_that_they_are_away_is_so_on_all_devices_until_they_say_that_they_are_back() {
    let mut backend = TestBackend::start().await;
    let (anna, boris) = (
        backend.operator("anna").await,
        backend.operator("boris").await,
    );
    let mut annas = anna.panel().await;
    let mut boriss = boris.panel().await;
    hears(&mut annas, boris.id, Presence::Online).await;
    says_away(&boris, true).await;
    let since = hears(&mut annas, boris.id, Presence::Away).await;
    assert!(annas.presence[&boris.id].by_hand);
    hears(&mut boriss, boris.id, Presence::Away).await;
    // Neither work nor another device nor a new beginning of it all brings them back.
    stands(&mut boriss, Standing::Active).await;
    drop((annas, boriss));
    backend.stop().await;
    backend.clock.advance(Duration::from_secs(60));
    backend.serve().await;
    let mut annas = anna.at(&backend).panel().await;
    hears(&mut annas, boris.id, Presence::Offline).await;
    assert!(!annas.presence[&boris.id].by_hand);
    let boris = boris.at(&backend);
    let _boriss = boris.panel().await;
    let again = hears(&mut annas, boris.id, Presence::Away).await;
    assert_eq!(again, since);
    says_away(&boris, true).await;
    says_away(&boris, false).await;
    let back_at = hears(&mut annas, boris.id, Presence::Online).await;
    assert!(back_at > since);
}

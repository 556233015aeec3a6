//! Who is there, as colleagues hear it.

use std::time::Duration;

use pult_domain::{OperatorId, Timestamp};
use pult_protocol::Presence;

use crate::kit::TestBackend;
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

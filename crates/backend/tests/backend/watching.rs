//! Who looks at a chat and types in it, as those who see the chat hear it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pult_domain::{ChatId, OperatorId};
use pult_protocol::{ComposerMode, LEASE_MS, Presence, WATCH_INTERVAL_MS};

use crate::commands::reply;
use crate::kit::soon;
use crate::life::{Office, PHONE, comment, loses, sees, transfer};
use crate::panel::TestPanel;

/// Waits until exactly these look at a chat.
async fn hears(
    panel: &mut TestPanel,
    chat: ChatId,
    onlookers: &[(OperatorId, Option<ComposerMode>)],
) {
    let expected: BTreeMap<_, _> = onlookers.iter().copied().collect();
    panel
        .until("these look at the chat", |panel| {
            panel.watched.get(&chat).unwrap_or(&BTreeMap::new()) == &expected
        })
        .await;
}

/// Reads all that was said to a panel before now.
async fn catches_up(panel: &mut TestPanel) {
    let nowhere = ChatId(uuid::Uuid::now_v7());
    panel.command(reply(nowhere, "Эхо", 1)).await.unwrap_err();
}

/// Lets time pass in which these panels give signs of life and nothing else.
async fn time_passes(ms: u64, panels: &mut [&mut TestPanel]) {
    let step = Duration::from_secs(5);
    let mut left = Duration::from_millis(ms);
    while !left.is_zero() {
        for panel in &mut *panels {
            catches_up(panel).await;
        }
        let passed = step.min(left);
        tokio::time::pause();
        tokio::time::advance(passed).await;
        tokio::time::resume();
        left -= passed;
    }
}

#[tokio::test]
async fn everybody_sees_who_is_at_a_queued_chat_until_somebody_takes_it() {
    let mut office = Office::new().await;
    let boris = office.boris.id;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    office.boriss.watch(Some(chat), None).await;
    hears(&mut office.annas, chat, &[(boris, None)]).await;
    hears(&mut office.veras, chat, &[(boris, None)]).await;
    office
        .boriss
        .watch(Some(chat), Some(ComposerMode::Comment))
        .await;
    hears(
        &mut office.annas,
        chat,
        &[(boris, Some(ComposerMode::Comment))],
    )
    .await;
    office
        .boriss
        .watch(Some(chat), Some(ComposerMode::Reply))
        .await;
    hears(
        &mut office.annas,
        chat,
        &[(boris, Some(ComposerMode::Reply))],
    )
    .await;

    office
        .boriss
        .command(reply(chat, "Слушаю", 1))
        .await
        .unwrap();
    loses(&mut office.annas, chat).await;
    let n_heard = office.annas.n_watching[&chat];
    office.boriss.watch(Some(chat), None).await;
    hears(&mut office.boriss, chat, &[(boris, None)]).await;
    catches_up(&mut office.annas).await;
    assert_eq!(office.annas.n_watching[&chat], n_heard, "not a word more");
}

#[tokio::test]
async fn a_transfer_ends_the_former_owners_sight_of_the_others_and_theirs_of_them() {
    let mut office = Office::new().await;
    let (anna, boris) = (office.anna.id, office.boris.id);
    let chat = office.annas_chat().await;
    loses(&mut office.boriss, chat).await;
    office
        .annas
        .watch(Some(chat), Some(ComposerMode::Comment))
        .await;
    // Boris does not see it: his look is void.
    office
        .boriss
        .watch(Some(chat), Some(ComposerMode::Reply))
        .await;
    catches_up(&mut office.boriss).await;
    hears(
        &mut office.annas,
        chat,
        &[(anna, Some(ComposerMode::Comment))],
    )
    .await;

    let handed_on = transfer(chat, boris, "", 3);
    office.annas.command(handed_on).await.unwrap();
    loses(&mut office.annas, chat).await;
    let n_heard = office.annas.n_watching[&chat];
    sees(&mut office.boriss, chat, |row| row.owner_id == Some(boris)).await;
    hears(
        &mut office.boriss,
        chat,
        &[(boris, Some(ComposerMode::Reply))],
    )
    .await;
    office.annas.watch(Some(chat), None).await;
    catches_up(&mut office.annas).await;
    office.boriss.watch(Some(chat), None).await;
    hears(&mut office.boriss, chat, &[(boris, None)]).await;
    catches_up(&mut office.annas).await;
    assert_eq!(office.annas.n_watching[&chat], n_heard, "not a word more");
}

#[tokio::test]
async fn whoever_is_brought_into_a_chat_hears_who_is_there() {
    let mut office = Office::new().await;
    let (anna, boris) = (office.anna.id, office.boris.id);
    let chat = office.annas_chat().await;
    office.annas.watch(Some(chat), None).await;
    hears(&mut office.annas, chat, &[(anna, None)]).await;
    let asked = comment(chat, "Борис, подскажите", vec![boris], 3);
    office.annas.command(asked).await.unwrap();
    hears(&mut office.boriss, chat, &[(anna, None)]).await;
    // His other device comes later, and is told as it begins.
    let mut at_home = office.boris.panel().await;
    hears(&mut at_home, chat, &[(anna, None)]).await;
}

#[tokio::test]
async fn a_look_ends_with_its_lease_and_with_its_connection() {
    let mut office = Office::new().await;
    let (boris, vera) = (office.boris.id, office.vera.id);
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    office
        .boriss
        .watch(Some(chat), Some(ComposerMode::Reply))
        .await;
    hears(
        &mut office.annas,
        chat,
        &[(boris, Some(ComposerMode::Reply))],
    )
    .await;
    time_passes(
        LEASE_MS - 5_000,
        &mut [&mut office.annas, &mut office.boriss, &mut office.veras],
    )
    .await;
    office.veras.watch(Some(chat), None).await;
    let both = [(boris, Some(ComposerMode::Reply)), (vera, None)];
    hears(&mut office.annas, chat, &both).await;
    time_passes(
        6_000,
        &mut [&mut office.annas, &mut office.boriss, &mut office.veras],
    )
    .await;
    hears(&mut office.annas, chat, &[(vera, None)]).await;
    drop(office.veras);
    hears(&mut office.annas, chat, &[]).await;
}

#[tokio::test]
async fn a_panel_that_falls_silent_leaves_the_chat_with_its_lease_and_is_gone_soon_after() {
    let mut office = Office::new().await;
    let boris = office.boris.id;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    office.boriss.watch(Some(chat), None).await;
    hears(&mut office.annas, chat, &[(boris, None)]).await;
    time_passes(LEASE_MS + 1_000, &mut [&mut office.annas]).await;
    hears(&mut office.annas, chat, &[]).await;
    let is = |presence| move |panel: &TestPanel| panel.presence[&boris].presence == presence;
    let is_online = is(Presence::Online);
    // Away, or gone already: the heartbeat that misses him may fall on the same second.
    office
        .annas
        .until("he is not there", |panel| !is_online(panel))
        .await;
    time_passes(LEASE_MS / 3, &mut [&mut office.annas]).await;
    office
        .annas
        .until("he is gone", is(Presence::Offline))
        .await;
}

#[tokio::test]
async fn of_many_looks_in_a_short_time_the_newest_counts() {
    let mut office = Office::new().await;
    let boris = office.boris.id;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    sees(&mut office.annas, chat, |_| true).await;
    let begun = Instant::now();
    for n in 0..100 {
        let typing = (n % 2 == 0).then_some(ComposerMode::Reply);
        office.boriss.watch(Some(chat), typing).await;
    }
    office
        .boriss
        .watch(Some(chat), Some(ComposerMode::Comment))
        .await;
    hears(
        &mut office.annas,
        chat,
        &[(boris, Some(ComposerMode::Comment))],
    )
    .await;
    let intervals = begun.elapsed().as_millis() / u128::from(WATCH_INTERVAL_MS);
    let n_frames = u128::try_from(office.annas.n_watching[&chat]).unwrap();
    assert!(n_frames <= intervals + 2, "{n_frames} in {intervals}");
}

#[tokio::test]
async fn what_another_program_does_is_minded_too() {
    let mut office = Office::new().await;
    let boris = office.boris.id;
    let chat = office.annas_chat().await;
    let asked = comment(chat, "Борис, подскажите", vec![boris], 3);
    office.annas.command(asked).await.unwrap();
    sees(&mut office.boriss, chat, |_| true).await;
    office.boriss.watch(Some(chat), None).await;
    hears(&mut office.annas, chat, &[(boris, None)]).await;
    let anna = office.anna.id;
    let store = office.backend.as_administrator();
    // Her chats go back into the queue, where everybody sees who looks at them.
    assert!(
        soon("she is deactivated", store.deactivate_operator(anna))
            .await
            .unwrap()
    );
    store.close().await;
    hears(&mut office.veras, chat, &[(boris, None)]).await;
}

//! A backup is put back: the time since it is gone, and every panel finds that out by itself.

use anyhow::Result;
use pult_domain::ChatId;
use pult_panel::view::{ChatSummary, Overview};
use pult_protocol::EntryRow;
use pult_tests::panels::{Seat, outbound};

use crate::{Scene, n_received, sit};

const NINA: &str = "Нина Небылицына";
const PAVEL: &str = "Павел Придуманный";

/// A panel's lists, without what is only of the moment.
fn lists(now: &Overview) -> Vec<Vec<ChatSummary>> {
    let lists = [&now.in_work, &now.observed, &now.queued];
    let as_kept = |list: &&Vec<ChatSummary>| {
        let mut list = (*list).clone();
        for summary in &mut list {
            summary.chat.fresh = false;
        }
        list
    };
    lists.iter().map(as_kept).collect()
}

/// Waits until a panel shows what a new one of the same operator shows; tells which chats.
async fn shows_what_a_fresh_one_shows(scene: &Scene, seat: &Seat) -> Result<Vec<ChatId>> {
    let address = scene.office.address();
    let dir = scene
        .office
        .panel_dir(&format!("{}-fresh", seat.operator.login));
    let fresh = Seat::take(&seat.operator, address, &dir).await?;
    fresh.is_live().await?;
    let expected = fresh.panel.overview().await?;
    let what = "the lists of a fresh panel";
    seat.sees(what, |now| {
        let same = lists(now) == lists(&expected)
            && now.operators == expected.operators
            && now.channels == expected.channels
            && now.shells.is_empty();
        same.then_some(())
    })
    .await?;
    let chats: Vec<ChatId> = lists(&expected)
        .concat()
        .iter()
        .map(|summary| summary.chat.id)
        .collect();
    for chat in &chats {
        let expected: Vec<EntryRow> = fresh.timeline(*chat).await?.entries;
        seat.sees_in(*chat, "the history of a fresh panel", |now| {
            let same = now.entries == expected && now.echoes.is_empty() && now.held.is_none();
            same.then_some(())
        })
        .await?;
    }
    fresh.leave().await;
    Ok(chats)
}

#[tokio::test]
async fn after_a_restore_every_panel_is_right_again_by_itself() -> Result<()> {
    let (mut scene, of_olga) = Scene::with_chat_of_anna().await?;
    let petr = scene.office.operator("petr", "Пётр Пробный").await?;
    let away = sit(&scene.office, &petr, scene.office.address()).await?;
    let nina = scene
        .office
        .phones
        .client("79000000002", NINA, false)
        .await?;
    let pavel = scene
        .office
        .phones
        .client("79000000003", PAVEL, false)
        .await?;
    nina.write("Сколько стоит доставка?").await?;
    let of_nina = scene.ivan.sees_queued(NINA).await?;
    away.sees_queued(NINA).await?;
    scene.office.phones.idle().await?;
    let backup = scene.office.backup("backup").await?;

    // All of this will never have been.
    scene.ivan.replies(of_nina, "Беру").await?;
    scene.ivan.sees_in_work(NINA).await?;
    nina.receives("Беру").await?;
    scene.anna.replies(of_olga, "Потерянный ответ").await?;
    scene.olga.receives("Потерянный ответ").await?;
    pavel.write("Есть кто живой?").await?;
    for seat in [&scene.anna, &scene.ivan, &away] {
        seat.sees_queued(PAVEL).await?;
    }
    scene.office.phones.idle().await?;
    away.leave().await;

    scene.office.stop().await?;
    let n_not_confirmed = scene.office.restore(&backup).await?;
    assert_eq!(n_not_confirmed, 0);
    scene.office.start().await?;
    let away = Seat::return_to(&petr, &scene.office.panel_dir("petr")).await?;
    for seat in [&scene.anna, &scene.ivan, &away] {
        seat.panel.reconnect().await?;
        seat.is_live().await?;
    }
    let chats = shows_what_a_fresh_one_shows(&scene, &scene.anna).await?;
    assert_eq!(chats, [of_olga, of_nina]);
    let chats = shows_what_a_fresh_one_shows(&scene, &scene.ivan).await?;
    assert_eq!(chats, [of_nina], "in the queue, as it was");
    let chats = shows_what_a_fresh_one_shows(&scene, &away).await?;
    assert_eq!(chats, [of_nina]);
    let history = scene.anna.timeline(of_olga).await?;
    assert!(outbound(&history, "Потерянный ответ").is_none());

    // Nobody is sent anything a second time, and the work goes on.
    assert_eq!(n_received(&scene.office, &nina, "Беру").await?, 1);
    scene.olga.has_exactly_once("Потерянный ответ").await?;
    pavel.write("Ау!").await?;
    let queued = away.sees_queued(PAVEL).await?;
    away.replies(queued, "Мы здесь").await?;
    pavel.has_exactly_once("Мы здесь").await
}

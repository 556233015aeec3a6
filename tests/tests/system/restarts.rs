//! The backend or a panel ends and comes back: what was durable goes on.

use anyhow::Result;
use pult_tests::panels::{Seat, chat_of, outbound};

use crate::{OLGA, Scene};

#[tokio::test]
async fn a_restart_of_the_backend_in_the_middle_loses_nothing() -> Result<()> {
    let (mut scene, chat) = Scene::with_chat_of_anna().await?;
    scene.office.stop().await?;
    scene.anna.is_offline().await?;
    scene
        .anna
        .replies(chat, "Написано, пока всё стояло")
        .await?;
    // WhatsApp keeps what it cannot deliver. Of another client: what Olga writes might come first, and
    // Anna's reply would wait for a look.
    let petr = "Пётр Небылицын";
    let phone = scene.office.phones.client("79000000077", petr, false);
    phone.await?.write("Вы там?").await?;

    scene.office.start().await?;
    for seat in [&scene.anna, &scene.ivan] {
        seat.panel.reconnect().await?;
        seat.is_live().await?;
    }
    scene
        .olga
        .has_exactly_once("Написано, пока всё стояло")
        .await?;
    scene.anna.sees_queued(petr).await.map(drop)
}

#[tokio::test]
async fn a_killed_backend_knows_after_its_start_whose_every_chat_is() -> Result<()> {
    let (mut scene, chat) = Scene::with_chat_of_anna().await?;
    scene.office.kill().await?;
    scene.office.start().await?;
    for seat in [&scene.anna, &scene.ivan] {
        seat.panel.reconnect().await?;
        seat.is_live().await?;
    }
    assert_eq!(scene.anna.sees_in_work(OLGA).await?, chat);
    scene.ivan.loses(OLGA).await
}

#[tokio::test]
async fn a_panel_started_without_a_network_shows_what_it_knew() -> Result<()> {
    let (mut scene, chat) = Scene::with_chat_of_anna().await?;
    scene
        .anna
        .sees_in(chat, "the answer", |now| {
            outbound(now, "Добрый день!").map(|_| ())
        })
        .await?;
    let (operator, dir) = (scene.anna.operator.clone(), scene.office.panel_dir("anna"));
    scene.anna.leave().await;
    scene.office.stop().await?;

    let anna = Seat::return_to(&operator, &dir).await?;
    let overview = anna.panel.overview().await?;
    assert_eq!(
        overview.session.map(|session| session.operator.id),
        Some(operator.id)
    );
    assert_eq!(chat_of(&overview.in_work, OLGA), Some(chat));
    assert!(outbound(&anna.timeline(chat).await?, "Добрый день!").is_some());
    Ok(())
}

#[tokio::test]
async fn what_was_written_before_the_panel_ended_goes_after_its_start_once() -> Result<()> {
    let (mut scene, chat) = Scene::with_chat_of_anna().await?;
    let (operator, dir) = (scene.anna.operator.clone(), scene.office.panel_dir("anna"));
    scene.office.stop().await?;
    scene.anna.is_offline().await?;
    scene.anna.replies(chat, "Допишу завтра").await?;
    scene.anna.leave().await;

    scene.office.start().await?;
    let anna = Seat::return_to(&operator, &dir).await?;
    anna.is_live().await?;
    scene.olga.has_exactly_once("Допишу завтра").await
}

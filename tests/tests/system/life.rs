//! The life of a chat, as several panels see it at once.

use anyhow::Result;
use pult_domain::Status;
use pult_panel::view::HeldAction;
use pult_protocol::{Code, DeliveryState};
use pult_tests::panels::{chat_of, delivery, outbound};

use crate::{OLGA, Scene, n_received};

#[tokio::test]
async fn a_clients_message_stands_in_the_queue_of_every_panel() -> Result<()> {
    let scene = Scene::open().await?;
    scene.olga.write("Диван «Лагуна» есть?").await?;
    for seat in [&scene.anna, &scene.ivan] {
        let chat = seat.sees_queued(OLGA).await?;
        let summary = seat
            .sees("the text", |now| {
                now.queued.iter().find(|row| row.chat.id == chat).cloned()
            })
            .await?;
        assert_eq!(summary.chat.preview.unwrap().text, "Диван «Лагуна» есть?");
        assert!(summary.chat.waiting_since.is_some());
        assert_eq!(summary.n_unread, 1);
    }
    Ok(())
}

#[tokio::test]
async fn the_first_answer_takes_the_chat_from_every_other_panel() -> Result<()> {
    let (scene, chat) = Scene::with_chat_of_anna().await?;
    scene.ivan.loses(OLGA).await?;
    let timeline = scene.ivan.timeline(chat).await?;
    assert!(
        timeline.chat.is_none() && timeline.entries.is_empty(),
        "what is lost is erased"
    );
    scene.olga.has_exactly_once("Добрый день!").await
}

#[tokio::test]
async fn of_two_answers_at_once_one_is_sent_and_the_other_keeps_its_text() -> Result<()> {
    let scene = Scene::open().await?;
    scene.olga.write("Здравствуйте!").await?;
    let chat = scene.anna.sees_queued(OLGA).await?;
    scene.ivan.sees_queued(OLGA).await?;
    let (first, second) = tokio::join!(
        scene.anna.replies(chat, "Это Анна"),
        scene.ivan.replies(chat, "Это Иван")
    );
    first?;
    second?;

    let taken = async |seat: &pult_tests::panels::Seat| {
        seat.sees("an outcome", |now| {
            let is_mine = chat_of(&now.in_work, OLGA).is_some();
            let is_lost = now.shells.iter().any(|shell| shell.chat_id == chat);
            (is_mine || is_lost).then_some(is_mine)
        })
        .await
    };
    let anna_has_it = taken(&scene.anna).await?;
    let ivan_has_it = taken(&scene.ivan).await?;
    assert!(anna_has_it ^ ivan_has_it, "exactly one owns the chat");

    let (loser, lost, sent) = if anna_has_it {
        (&scene.ivan, "Это Иван", "Это Анна")
    } else {
        (&scene.anna, "Это Анна", "Это Иван")
    };
    let shell = loser
        .sees("the text kept", |now| {
            now.shells
                .iter()
                .find(|shell| shell.chat_id == chat && shell.problem.is_some())
                .cloned()
        })
        .await?;
    assert_eq!(shell.text, lost);
    assert_eq!(
        shell.problem.map(|problem| problem.code),
        Some(Code::ChatTaken)
    );
    scene.olga.has_exactly_once(sent).await?;
    assert_eq!(n_received(&scene.office, &scene.olga, lost).await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_ticks_go_to_read_when_the_client_opens_the_chat() -> Result<()> {
    let (scene, chat) = Scene::with_chat_of_anna().await?;
    let reaches = async |state: DeliveryState| {
        scene
            .anna
            .sees_in(chat, &format!("{state:?}"), |timeline| {
                (delivery(timeline, "Добрый день!")? == state).then_some(())
            })
            .await
    };
    reaches(DeliveryState::Delivered).await?;
    scene.olga.open_chat().await?;
    reaches(DeliveryState::Read).await
}

#[tokio::test]
async fn an_echo_becomes_the_entry_that_carries_its_command() -> Result<()> {
    let (scene, chat) = Scene::with_chat_of_anna().await?;
    let command = scene.anna.replies(chat, "Ещё одно").await?;
    let place = scene
        .anna
        .sees_in(chat, "the entry in place of the echo", |timeline| {
            let is_echo = timeline
                .echoes
                .iter()
                .any(|echo| echo.command_id == command);
            let entry = outbound(timeline, "Ещё одно").filter(|_| !is_echo)?;
            assert_eq!(entry.command_id, Some(command));
            Some(entry.place)
        })
        .await?;
    let same = scene.anna.timeline(chat).await?;
    let n_at_place = same
        .entries
        .iter()
        .filter(|entry| entry.place == place)
        .count();
    assert_eq!(n_at_place, 1);
    Ok(())
}

#[tokio::test]
async fn a_client_who_writes_again_after_the_close_comes_back_to_the_former_owner() -> Result<()> {
    let (scene, chat) = Scene::with_chat_of_anna().await?;
    scene.anna.panel.close_chat(chat).await?;
    scene.anna.loses(OLGA).await?;

    scene.olga.write("Ещё вопрос").await?;
    assert_eq!(scene.anna.sees_in_work(OLGA).await?, chat);
    let history = scene.anna.sees_in(chat, "the whole history", |timeline| {
        (outbound(timeline, "Добрый день!").is_some() && !timeline.has_older).then(|| {
            timeline
                .entries
                .iter()
                .map(|entry| entry.place.0)
                .collect::<Vec<_>>()
        })
    });
    let places = history.await?;
    assert!(
        places.iter().copied().eq(1..=i64::try_from(places.len())?),
        "dense: {places:?}"
    );
    scene
        .ivan
        .sees("nothing of it", |now| {
            chat_of(&now.queued, OLGA).is_none().then_some(())
        })
        .await
}

#[tokio::test]
async fn a_reply_to_a_chat_closed_meanwhile_is_held_with_its_text() -> Result<()> {
    let (scene, chat) = Scene::with_chat_of_anna().await?;
    scene.anna.panel.close_chat(chat).await?;
    scene.anna.replies(chat, "И ещё одно").await?;
    let held = scene
        .anna
        .sees_in(chat, "the refusal", |timeline| {
            let is_closed =
                |summary: &pult_panel::view::ChatSummary| summary.chat.status == Status::Closed;
            let is_gone = timeline.chat.as_ref().is_none_or(is_closed);
            timeline.held.clone().filter(|_| is_gone)
        })
        .await?;
    assert_eq!(
        (held.action, held.problem.code),
        (HeldAction::Reply, Code::ChatClosed)
    );
    assert_eq!(
        n_received(&scene.office, &scene.olga, "И ещё одно").await?,
        0
    );
    Ok(())
}

#[tokio::test]
async fn the_chats_of_a_deactivated_operator_return_to_the_queue_and_the_session_ends() -> Result<()>
{
    let (scene, chat) = Scene::with_chat_of_anna().await?;
    scene.office.deactivate(&scene.anna.operator).await?;
    assert_eq!(scene.ivan.sees_queued(OLGA).await?, chat);
    scene
        .anna
        .sees("the sign-in screen", |now| {
            now.session.is_none().then_some(())
        })
        .await
}

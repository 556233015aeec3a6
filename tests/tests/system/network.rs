//! A network that fails between a panel and the backend: nothing is lost, nothing is sent twice.

use std::time::Duration;

use anyhow::Result;
use pult_domain::ChatId;
use pult_panel::view::Connection;
use pult_tests::office::Office;
use pult_tests::panels::{Seat, outbound};
use pult_tests::phones::Phone;
use pult_tests::proxy::{Network, Proxy};

use crate::{OLGA, n_received, sit};

/// Anna's panel behind a proxy, with a chat of hers.
struct Scene {
    office: Office,
    proxy: Proxy,
    olga: Phone,
    anna: Seat,
    chat: ChatId,
}

impl Scene {
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let proxy = Proxy::to(office.target()).await?;
        let anna = sit(&office, &anna, &proxy.address()).await?;
        let olga = office.phones.client("79000000001", OLGA, true).await?;
        olga.write("Здравствуйте!").await?;
        let chat = anna.sees_queued(OLGA).await?;
        anna.replies(chat, "Добрый день!").await?;
        anna.sees_in_work(OLGA).await?;
        // The answer to the command too, or the network would be changed under it.
        anna.sees_in(chat, "no echo", |now| now.echoes.is_empty().then_some(()))
            .await?;
        Ok(Self {
            office,
            proxy,
            olga,
            anna,
            chat,
        })
    }

    async fn returns(&self) -> Result<()> {
        self.proxy.becomes(Network::Carries);
        self.anna.panel.reconnect().await?;
        self.anna.is_live().await
    }
}

#[tokio::test]
async fn a_reply_written_without_a_network_waits_visibly_and_goes_once() -> Result<()> {
    let scene = Scene::open().await?;
    scene.proxy.becomes(Network::Cut);
    scene.anna.is_offline().await?;
    let command = scene.anna.replies(scene.chat, "Написано без сети").await?;
    let timeline = scene.anna.timeline(scene.chat).await?;
    assert!(
        timeline
            .echoes
            .iter()
            .any(|echo| echo.command_id == command)
    );
    assert_eq!(
        n_received(&scene.office, &scene.olga, "Написано без сети").await?,
        0
    );

    scene.returns().await?;
    scene.olga.has_exactly_once("Написано без сети").await
}

#[tokio::test]
async fn a_reply_not_handed_over_can_be_taken_back_into_the_draft() -> Result<()> {
    let scene = Scene::open().await?;
    scene.proxy.becomes(Network::Cut);
    scene.anna.is_offline().await?;
    let command = scene.anna.replies(scene.chat, "Погорячилась").await?;
    assert!(scene.anna.panel.take_back(command).await?);
    let timeline = scene.anna.timeline(scene.chat).await?;
    assert_eq!(
        (timeline.draft.as_str(), timeline.echoes.len()),
        ("Погорячилась", 0)
    );

    scene.returns().await?;
    assert_eq!(
        n_received(&scene.office, &scene.olga, "Погорячилась").await?,
        0
    );
    Ok(())
}

#[tokio::test]
async fn a_reply_whose_answer_was_lost_is_sent_once() -> Result<()> {
    let scene = Scene::open().await?;
    scene.proxy.becomes(Network::LosesAnswers);
    scene.anna.replies(scene.chat, "Ответ потеряется").await?;
    // It went through, though the panel cannot know.
    scene.olga.receives("Ответ потеряется").await?;
    scene.proxy.blinks();
    scene.returns().await?;
    scene
        .anna
        .sees_in(scene.chat, "the entry, and no echo", |timeline| {
            outbound(timeline, "Ответ потеряется").filter(|_| timeline.echoes.is_empty())?;
            Some(())
        })
        .await?;
    scene.olga.has_exactly_once("Ответ потеряется").await
}

#[tokio::test]
async fn what_happened_without_a_network_is_there_after_it_returns() -> Result<()> {
    let scene = Scene::open().await?;
    scene.proxy.becomes(Network::Cut);
    scene.anna.is_offline().await?;
    let texts = ["Раз", "Два", "Три"];
    for text in texts {
        scene.olga.write(text).await?;
        // Webhooks may overtake each other.
        scene.office.phones.idle().await?;
    }
    let petr = scene
        .office
        .phones
        .client("79000000002", "Пётр Небылицын", true)
        .await?;
    petr.write("А я новый").await?;
    scene.office.phones.idle().await?;

    scene.returns().await?;
    scene.anna.sees_queued("Пётр Небылицын").await?;
    let inbound = scene.anna.sees_in(scene.chat, "all three", |timeline| {
        let texts: Vec<_> = timeline
            .entries
            .iter()
            .filter_map(|entry| match &entry.body {
                pult_protocol::EntryBody::Inbound { text } => Some(text.clone()),
                pult_protocol::EntryBody::InboundPlaceholder { .. }
                | pult_protocol::EntryBody::Outbound { .. }
                | pult_protocol::EntryBody::Comment { .. }
                | pult_protocol::EntryBody::Notice { .. } => None,
            })
            .collect();
        (texts.len() == 4).then_some(texts)
    });
    assert_eq!(inbound.await?, ["Здравствуйте!", "Раз", "Два", "Три"]);
    Ok(())
}

#[tokio::test]
async fn a_close_that_overlooked_a_newer_message_is_held_for_a_look() -> Result<()> {
    let scene = Scene::open().await?;
    scene.proxy.becomes(Network::Cut);
    scene.anna.is_offline().await?;
    let close = scene.anna.panel.close_chat(scene.chat).await?;
    scene.olga.write("Постойте, ещё вопрос!").await?;
    scene.office.phones.idle().await?;

    scene.returns().await?;
    let held = scene
        .anna
        .sees_in(scene.chat, "the refusal", |timeline| timeline.held.clone());
    let held = held.await?;
    assert_eq!(held.command_id, close);
    assert_eq!(held.problem.code, pult_protocol::Code::NewerMessage);

    scene.anna.panel.send_anyway(close).await?;
    scene.anna.loses(OLGA).await
}

#[tokio::test]
async fn a_connection_that_ends_in_any_way_is_sought_anew_by_itself() -> Result<()> {
    let scene = Scene::open().await?;
    for network in [Network::Cut, Network::HalfClosed] {
        scene.proxy.becomes(network);
        scene.anna.is_offline().await?;
        scene.proxy.becomes(Network::Carries);
        scene.anna.is_live().await?;
    }
    scene.proxy.blinks();
    scene.olga.write("Всё ещё здесь?").await?;
    scene
        .anna
        .sees("the message", |now| {
            let row = now.in_work.iter().find(|row| row.chat.id == scene.chat)?;
            let preview = row.chat.preview.as_ref()?;
            (preview.text == "Всё ещё здесь?" && now.connection == Connection::Live).then_some(())
        })
        .await
}

#[tokio::test]
async fn a_slow_network_changes_nothing_but_the_time() -> Result<()> {
    let scene = Scene::open().await?;
    scene
        .proxy
        .becomes(Network::Delays(Duration::from_millis(300)));
    for text in ["Первое", "Второе", "Третье"] {
        scene.anna.replies(scene.chat, text).await?;
    }
    scene.olga.has_exactly_once("Третье").await?;
    let all = scene.olga.received(0, Duration::ZERO).await?;
    let texts: Vec<_> = all
        .iter()
        .filter_map(|message| message.text.as_deref())
        .collect();
    assert_eq!(texts, ["Добрый день!", "Первое", "Второе", "Третье"]);
    Ok(())
}

//! The search over what the device holds, in the real window and without a network.

use anyhow::Result;
use pult_tests::testids;
use pult_tests::until::until;

use crate::{OLGA, Scene};

/// So many messages stand below the one that is looked for: more than the window shows.
const N_BELOW: usize = 60;

/// Enter, as the driver types it.
const ENTER: &str = "\u{e007}";

/// Whether the message that was looked for is seen.
const IS_SEEN: &str = "return (() => {
    const log = document.querySelector('[role=log]')?.getBoundingClientRect();
    const entry = [...document.querySelectorAll('[role=log] [data-testid=entry]')]
        .find((one) => one.textContent.includes('грифельная'))?.getBoundingClientRect();
    return log !== undefined && entry !== undefined && entry.top >= log.top && entry.bottom <= log.bottom;
})()";

#[tokio::test]
async fn without_a_network_everything_held_is_found_and_leads_to_its_place() -> Result<()> {
    let mut scene = Scene::with_open_chat().await?;
    scene.olga.write("Нужна грифельная доска, чёрная").await?;
    for n in 0..N_BELOW {
        scene.olga.write(&format!("И ещё вопрос номер {n}")).await?;
    }
    scene.answer("Здравствуйте! Сейчас посмотрю").await?;
    let last = format!("номер {}", N_BELOW - 1);
    scene.window.find_with_text(testids::ENTRY, &last).await?;

    // A conversation that is over, and stays on this device.
    let name = "Пётр Небылицын";
    let petr = scene.office.phones.client("79000000002", name, false);
    petr.await?.write("Мел для доски есть?").await?;
    scene.window.click_on_text(testids::CHAT_ROW, name).await?;
    scene.answer("Есть, любой").await?;
    scene.window.find_state(testids::TICK, "delivered").await?;
    scene.window.click(testids::MENU).await?;
    scene.window.click(testids::MENU_CLOSE).await?;
    until("the chat is closed", async || {
        let lists = "return [...document.querySelectorAll('[data-testid=chat-row]')]
            .map((row) => row.textContent).join()";
        let lists = scene.window.script(lists).await.ok()?;
        (!lists.as_str()?.contains(name)).then_some(())
    })
    .await?;

    scene.office.stop().await?;
    scene.window.find(testids::CONNECTION_BAR).await?;
    // In another form than it was written in.
    scene
        .window
        .type_into(testids::FILTER, "грифельные доски")
        .await?;
    let hit = scene
        .window
        .find_with_text(testids::FOUND_ENTRY, OLGA)
        .await?;
    assert!(hit.text().await?.contains("грифельная доска"));
    hit.click().await?;
    until("the message that was found", async || {
        let is_seen = scene.window.script(IS_SEEN).await.ok()?;
        is_seen.as_bool()?.then_some(())
    })
    .await?;

    scene.window.empty(testids::FILTER).await?;
    scene.window.type_into(testids::FILTER, "мелу").await?;
    scene
        .window
        .find_with_text(testids::FOUND_ENTRY, name)
        .await?;
    scene.window.type_into(testids::FILTER, ENTER).await?;
    let title = testids::CONVERSATION_TITLE;
    scene.window.find_with_text(title, name).await?;
    scene
        .window
        .find_with_text(testids::ENTRY, "Мел для доски")
        .await?;

    scene.window.empty(testids::FILTER).await?;
    scene.window.type_into(testids::FILTER, "небыл").await?;
    scene
        .window
        .find_with_text(testids::FOUND_CHAT, name)
        .await?;

    // Twice: one that is held is shown at once, and the key that opens it is no part of what is written there.
    for _ in 0..2 {
        scene.window.empty(testids::FILTER).await?;
        let keys = format!("{OLGA}{ENTER}");
        scene.window.type_into(testids::FILTER, &keys).await?;
        scene.window.find_with_text(title, OLGA).await?;
        until("the cursor where one writes", async || {
            let focused = "return document.activeElement.dataset.testid";
            let focused = scene.window.script(focused).await.ok()?;
            (focused.as_str()? == testids::COMPOSER).then_some(())
        })
        .await?;
        scene.window.has_value(testids::COMPOSER, "").await?;
    }
    scene.window.close().await
}

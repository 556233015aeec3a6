//! What goes out by itself, set in the window and read on the client's phone.

use std::time::Duration;

use anyhow::Result;
use pult_tests::office::Office;
use pult_tests::testids;
use pult_tests::window::Window;

use crate::OLGA;

#[tokio::test]
async fn a_client_is_greeted_as_was_set_and_waits_all_the_same() -> Result<()> {
    let office = Office::open().await?;
    let vera = office.supervisor("vera", "Вера Выдуманная").await?;
    let dir = office.panel_dir("vera");
    office.sign_in(&vera, &dir).await?;
    let window = Window::open(&dir).await?;
    let olga = office.phones.client("79000000001", OLGA, false).await?;

    window.click(testids::RAIL_MANAGEMENT).await?;
    window.click("section-automatic").await?;
    window.click("automatic-greeting-on").await?;
    let text = "Здравствуйте, {клиент}! Скоро ответим.";
    window.type_into("automatic-greeting-text", text).await?;
    window
        .find_with_text("automatic-greeting-preview", "Здравствуйте! Скоро ответим.")
        .await?;
    window.click("automatic-save").await?;
    window.is_gone("automatic-save").await?;

    window.click(testids::RAIL_CHATS).await?;
    olga.write("Диван есть?").await?;
    olga.receives("Здравствуйте, Ольга Выдумкина! Скоро ответим.")
        .await?;
    // The list shows what she wrote, and that she waits.
    let row = "[data-testid='chat-row'][data-status='queued']";
    window.find_css(row).await?;
    window
        .find_with_text(testids::CHAT_ROW, "Диван есть?")
        .await?;
    window.click_on_text(testids::CHAT_ROW, OLGA).await?;
    window
        .find_css("[data-testid='entry'][data-automatic='greeting']")
        .await?;
    window.find_css(row).await?;
    let title = window.title().await?;
    assert!(title.contains('1'), "she waits: {title}");

    // A person's answer is one, and the greeting does not come again.
    window.type_into(testids::COMPOSER, "Есть!").await?;
    window.click(testids::SEND).await?;
    olga.receives("Есть!").await?;
    window
        .find_css("[data-testid='chat-row'][data-status='in_work']")
        .await?;
    olga.write("Беру").await?;
    window.find_with_text(testids::ENTRY, "Беру").await?;
    office.phones.idle().await?;
    let received = olga.received(0, Duration::ZERO).await?;
    let texts: Vec<_> = received
        .iter()
        .filter_map(|one| one.text.as_deref())
        .collect();
    assert_eq!(
        texts,
        ["Здравствуйте, Ольга Выдумкина! Скоро ответим.", "Есть!"]
    );
    window.close().await
}

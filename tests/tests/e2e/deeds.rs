//! What goes on beside answering: comments, mentions, transfer with its undo, the archive.

use std::time::Duration;

use anyhow::Result;
use pult_panel::view::{ChatDeed, ComposerMode};
use pult_tests::panels::Seat;
use pult_tests::testids;

use crate::{OLGA, Scene};

#[tokio::test]
async fn an_operator_comments_mentions_transfers_and_finds_the_chat_again() -> Result<()> {
    let scene = Scene::with_open_chat().await?;
    let window = &scene.window;
    let boris = scene.office.operator("boris", "Борис Образцов").await?;
    let dir = scene.office.panel_dir("boris");
    let colleague = Seat::take(&boris, scene.office.address(), &dir).await?;
    scene.answer("Слушаю вас").await?;
    window.find_state(testids::TICK, "delivered").await?;

    // The eye, a mention by keys, and the comment is in the chat and nowhere else.
    window.click(testids::COMMENT_TOGGLE).await?;
    window
        .find_css("[data-testid='composer'][data-mode='comment']")
        .await?;
    window.type_into(testids::COMPOSER, "@Бор").await?;
    window.find(testids::MENTION_LIST).await?;
    window.type_into(testids::COMPOSER, "\u{e007}").await?;
    window.is_gone(testids::MENTION_LIST).await?;
    window
        .type_into(testids::COMPOSER, "подскажите по заказу")
        .await?;
    window.click(testids::SEND).await?;
    window
        .find_with_text(testids::ENTRY, "подскажите по заказу")
        .await?;
    let chat = colleague
        .sees("the chat among the observed", |now| {
            let chat = now.observed.first()?;
            (chat.n_mentions == 1).then_some(chat.chat.id)
        })
        .await?;
    // The eye off, and the composer writes to the client again.
    window.click(testids::COMMENT_TOGGLE).await?;
    window
        .find_css("[data-testid='composer'][data-mode='reply']")
        .await?;
    scene.answer("Уже уточняю").await?;
    scene.olga.receives("Уже уточняю").await?;
    let received = scene.olga.received(0, Duration::ZERO).await?;
    let texts: Vec<_> = received
        .iter()
        .filter_map(|one| one.text.as_deref())
        .collect();
    assert_eq!(texts, ["Слушаю вас", "Уже уточняю"]);

    // A transfer, taken back, and meant the second time.
    for is_meant in [false, true] {
        window.click(testids::MENU).await?;
        window.click(testids::MENU_TRANSFER).await?;
        window.type_into(testids::TRANSFER_SEARCH, "Борис").await?;
        window.click(&format!("transfer-to-{}", boris.id)).await?;
        window.empty(testids::TRANSFER_NOTE).await?;
        window
            .type_into(testids::TRANSFER_NOTE, "Ваш клиент")
            .await?;
        window.click(testids::TRANSFER_SUBMIT).await?;
        window.find(testids::PENDING).await?;
        if !is_meant {
            window.click(testids::PENDING_UNDO).await?;
            window.is_gone(testids::PENDING).await?;
        }
    }
    let given = colleague.sees_in_work(OLGA).await?;
    assert_eq!(given, chat);
    let seen = colleague.timeline(chat).await?;
    assert!(format!("{:?}", seen.entries).contains("Ваш клиент"));
    assert_eq!(seen.mode, ComposerMode::Reply);
    colleague.panel.act(chat, ChatDeed::Close).await?;
    colleague.loses(OLGA).await?;

    // Anna took part, so she finds it.
    window.click(testids::RAIL_ARCHIVE).await?;
    window.type_into(testids::ARCHIVE_SEARCH, "слушаю").await?;
    window.click_on_text(testids::ARCHIVE_ROW, OLGA).await?;
    window.find(testids::ARCHIVED).await?;
    window
        .find_with_text(testids::ENTRY, "подскажите по заказу")
        .await?;
    assert!(!window.has(testids::COMPOSER).await, "for reading");
    colleague.leave().await;
    Ok(())
}

//! `pult-screenshots DIR`: pictures of every view and state of the window, in both languages and
//! themes and at three widths, to be looked at before and after a change of a view.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use pult_domain::ChatId;
use pult_tests::office::Office;
use pult_tests::panels::Seat;
use pult_tests::pictures::{Album, LOOKS, WIDTHS};
use pult_tests::window::Window;
use pult_tests::{clients, testids};

/// Pictures of every view and state of the window.
#[derive(Parser)]
struct Arguments {
    /// Where they are saved
    dir: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { dir } = Arguments::parse();
    let album = Album::open(&dir, &WIDTHS)?;
    let mut office = Office::open().await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    let ivan = office.operator("ivan", "Иван Образцов").await?;

    let nobody = Window::open(&office.panel_dir("nobody")).await?;
    album.add("sign-in", &nobody, None).await?;
    nobody
        .type_into(testids::SIGN_IN_ADDRESS, "http://pult.example.net")
        .await?;
    nobody.close().await?;

    let (anna_dir, ivan_dir) = (office.panel_dir("anna"), office.panel_dir("ivan"));
    office.sign_in(&anna, &anna_dir).await?;
    let window = Window::open(&anna_dir).await?;
    album.add("empty", &window, None).await?;

    clients::begin(&office.phones).await?;
    window.find_with_text(testids::CHAT_ROW, "Ольга").await?;
    album.add("queue", &window, None).await?;
    album.add("queued-chat", &window, Some("Ольга")).await?;

    answer(
        &window,
        "Ольга",
        "Здравствуйте! Да, серая «Лагуна» есть, доставим за два дня.",
    )
    .await?;
    window.find_state(testids::TICK, "read").await?;
    album.add("own-chat", &window, Some("Ольга")).await?;

    // Somebody else was first: the window is held up by nothing but the backend's own order.
    let ivan = Seat::take(&ivan, office.address(), &ivan_dir).await?;
    office.stop().await?;
    window.find(testids::CONNECTION_BAR).await?;
    answer(
        &window,
        "Пётр",
        "Пётр, добрый день! Уже выясняю, где курьер.",
    )
    .await?;
    album.add("offline", &window, Some("Пётр")).await?;
    window.close().await?;
    office.start().await?;
    let petr = ivan.sees_queued("Пётр Небылицын").await?;
    ivan.is_live().await?;
    ivan.replies(petr, "Добрый день! Курьер приедет сегодня до 20:00.")
        .await?;
    ivan.sees_in_work("Пётр Небылицын").await?;
    let window = Window::open(&anna_dir).await?;
    window.find(testids::SHELL_ROW).await?;
    album.add("taken", &window, None).await?;
    deeds(&album, &window, &ivan, petr).await?;
    window.close().await?;
    ivan.leave().await;
    office.stop().await
}

/// What is done with a chat besides answering it.
async fn deeds(album: &Album, window: &Window, ivan: &Seat, petr: ChatId) -> Result<()> {
    let anna = ivan
        .sees("who Anna is", |now| {
            let anna = now
                .operators
                .iter()
                .find(|one| one.name.starts_with("Анна"));
            anna.map(|anna| anna.id)
        })
        .await?;
    let seen = ivan.timeline(petr).await?.draft_revision;
    let said = "@Анна Примерова подскажите, когда был прошлый заказ?".to_owned();
    ivan.panel.comment(petr, said, vec![anna], seen).await?;
    window.find_with_text(testids::CHAT_ROW, "Пётр").await?;
    album.add("observed", window, Some("Пётр")).await?;

    let in_comment_mode = async || {
        window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
        window.find(testids::COMPOSER).await?;
        let comment = "[data-testid='composer'][data-mode='comment']";
        if window.find_css_now(comment).await.is_none() {
            window.click(testids::COMMENT_TOGGLE).await?;
        }
        window.find_css(comment).await?;
        window.empty(testids::COMPOSER).await
    };
    album.add_after("comment", window, in_comment_mode).await?;
    album
        .add_after("mention", window, async || {
            in_comment_mode().await?;
            window.type_into(testids::COMPOSER, "@").await?;
            window.find(testids::MENTION_LIST).await.map(drop)
        })
        .await?;
    album
        .add_after("transfer", window, async || {
            window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
            window.click(testids::MENU).await?;
            window.click(testids::MENU_TRANSFER).await?;
            window.find(testids::TRANSFER_SUBMIT).await.map(drop)
        })
        .await?;
    album
        .add_after("card", window, async || {
            window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
            // It stays shown from one look to the next.
            window.find(testids::CARD_TOGGLE).await?;
            if !window.has(testids::CARD).await {
                window.click(testids::CARD_TOGGLE).await?;
            }
            window.find(testids::CARD).await.map(drop)
        })
        .await?;
    window.look(LOOKS[0]).await?;
    window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
    window.click(testids::MENU).await?;
    window.click(testids::MENU_CLOSE).await?;
    window.find(testids::PENDING).await?;
    window.is_gone(testids::PENDING).await?;
    let in_archive = async || {
        window.click(testids::RAIL_ARCHIVE).await?;
        window.find(testids::ARCHIVE_ROW).await.map(drop)
    };
    album.add_after("archive", window, in_archive).await?;
    album
        .add_after("archived-chat", window, async || {
            in_archive().await?;
            window.click(testids::ARCHIVE_ROW).await?;
            window.find(testids::ARCHIVED).await.map(drop)
        })
        .await
}

async fn answer(window: &Window, client: &str, text: &str) -> Result<()> {
    window.click_on_text(testids::CHAT_ROW, client).await?;
    window.type_into(testids::COMPOSER, text).await?;
    window.click(testids::SEND).await?;
    window.has_value(testids::COMPOSER, "").await
}

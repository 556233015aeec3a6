//! How the window starts: from its cache, and not at all.

use std::process::Stdio;

use anyhow::{Context, Result};
use pult_tests::office::Office;
use pult_tests::programs::path_of;
use pult_tests::testids;
use pult_tests::until::LIMIT;
use pult_tests::window::Window;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::{OLGA, Scene};

#[tokio::test]
async fn without_a_network_the_window_shows_what_it_knew_and_sends_later() -> Result<()> {
    let mut scene = Scene::with_open_chat().await?;
    scene.answer("Добрый день!").await?;
    scene.olga.receives("Добрый день!").await?;
    scene.window.find_state(testids::TICK, "delivered").await?;
    scene.window.close().await?;
    scene.office.stop().await?;

    let window = Window::open(&scene.office.panel_dir("anna")).await?;
    window.find(testids::CONNECTION_BAR).await?;
    window.click_on_text(testids::CHAT_ROW, OLGA).await?;
    window
        .find_with_text(testids::ENTRY, "Добрый день!")
        .await?;
    window
        .type_into(testids::COMPOSER, "Написано без сети")
        .await?;
    window.click(testids::SEND).await?;
    window
        .find_with_text(testids::ECHO, "Написано без сети")
        .await?;

    scene.office.start().await?;
    scene.olga.has_exactly_once("Написано без сети").await?;
    window.is_gone(testids::CONNECTION_BAR).await?;
    window.is_gone(testids::ECHO).await?;
    window.close().await
}

#[tokio::test]
async fn a_second_panel_on_the_same_folder_says_why_it_does_not_start() -> Result<()> {
    let scene = Scene::open().await?;
    let mut second = Command::new(path_of("pult")?)
        .arg("--data-dir")
        .arg(scene.office.panel_dir("anna"))
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(second.stderr.take().context("Reading its words")?).lines();
    let told = timeout(LIMIT, async {
        while let Some(line) = lines.next_line().await? {
            // The libraries of the desktop have something to say too.
            if line.contains("is in use by another") {
                return Ok(true);
            }
        }
        anyhow::Ok(false)
    });
    assert!(told.await??, "it ends without a word");
    second.kill().await?;
    scene.window.close().await
}

#[tokio::test]
async fn asked_to_end_the_window_ends_in_order() -> Result<()> {
    let office = Office::open().await?;
    let dir = office.panel_dir("anna");
    let mut command = Command::new(path_of("pult")?);
    command.arg("--data-dir").arg(&dir).stderr(Stdio::null());
    let program = pult_tests::programs::Program::start(&mut command)?;
    pult_tests::until::until("the window is open", async || {
        let log = tokio::fs::read_to_string(dir.join("pult.log")).await.ok()?;
        log.contains("Started").then_some(())
    })
    .await?;
    let status = program.stop().await?;
    assert!(status.success(), "{status}");
    assert!(
        dir.join("window.json").is_file(),
        "the window's place is remembered"
    );
    Ok(())
}

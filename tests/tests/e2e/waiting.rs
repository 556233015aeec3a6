//! Unanswered first: who waits longest stands first, until there is an answer or none is needed.

use anyhow::{Context, Result};
use pult_tests::testids;
use pult_tests::until::until;
use pult_tests::window::Window;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{OLGA, Scene};

const PETR: &str = "Пётр Небылицын";

/// Waits until these clients stand in the queue, from above.
async fn queue_is(window: &Window, clients: &[&str]) -> Result<()> {
    let script = "return [...document.querySelectorAll(\"[data-status='queued'] .name\")]
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map((name) => name.textContent.trim())";
    let expected = json!(clients);
    until(&format!("{clients:?} in the queue"), async || {
        let seen: Value = window.script(script).await.ok()?;
        (seen == expected).then_some(())
    })
    .await
}

#[tokio::test]
async fn who_waits_longest_stands_first_until_answered_or_no_answer_is_needed() -> Result<()> {
    let scene = Scene::open().await?;
    let window = &scene.window;
    let phones = &scene.office.phones;
    let petr = phones.client("79000000002", PETR, false).await?;
    scene.olga.write("Здравствуйте!").await?;
    window.find_with_text(testids::CHAT_ROW, OLGA).await?;
    petr.write("Добрый день").await?;
    queue_is(window, &[OLGA, PETR]).await?;
    // Whoever writes again has waited since the first time.
    scene.olga.write("Вы здесь?").await?;
    window
        .find_with_text(testids::CHAT_ROW, "Вы здесь?")
        .await?;
    queue_is(window, &[OLGA, PETR]).await?;
    window.find_with_text(testids::COUNT_QUEUED, "2").await?;

    // Answered, and nobody waits among one's own.
    window.click_on_text(testids::CHAT_ROW, OLGA).await?;
    scene.answer("Слушаю вас").await?;
    queue_is(window, &[PETR]).await?;
    window.is_gone(testids::WAITING_IN_WORK).await?;
    // "Thank you" needs no answer.
    scene.olga.write("Спасибо!").await?;
    window.find(testids::WAITING_IN_WORK).await?;
    window.click(testids::MENU).await?;
    window.click(testids::MENU_NO_ANSWER).await?;
    window.is_gone(testids::WAITING_IN_WORK).await?;

    // A reply that fails for good answers nobody.
    scene.olga.write("А доставка есть?").await?;
    window.find(testids::WAITING_IN_WORK).await?;
    let fails = json!({ "failed_code": 131_026, "to": scene.olga.number });
    phones
        .control(Method::POST, "faults/sends", Some(fails))
        .await
        .context("Letting a message fail")?;
    scene.answer("Есть, завтра").await?;
    window.find_state(testids::TICK, "failed").await?;
    window.find(testids::WAITING_IN_WORK).await.map(drop)
}

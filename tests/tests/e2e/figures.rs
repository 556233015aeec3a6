//! The page of figures in a supervisor's real window: what two clients and an operator have just
//! done, and nothing else.

use anyhow::Result;
use pult_panel::view::ChatDeed;
use pult_tests::office::Office;
use pult_tests::panels::Seat;
use pult_tests::testids;
use pult_tests::until::until;
use pult_tests::window::Window;
use serde_json::{Value, json};

use crate::OLGA;

const PETR: &str = "Пётр Небылицын";

/// What the page says was counted: arrivals and closed chats in all, and of the row of an operator
/// the arrivals, messages, first and next answers, and closed chats.
async fn shown(window: &Window, operator: &str) -> Option<Value> {
    let script = format!(
        "const total = (id) => document.querySelector(`[data-testid=figures-${{id}}] b`).textContent;
        const row = document.querySelector(
            '[data-testid=figures-people-table] [data-key=\"{operator}\"]',
        );
        const cells = [...(row?.querySelectorAll('td') ?? [])].map((cell) => cell.textContent.trim());
        return [
            total('arrivals'), total('closed'), ...[0, 1, 2, 6, 10].map((at) => cells[at] ?? null),
        ];"
    );
    window.script(&script).await.ok()
}

async fn shows(window: &Window, operator: &str, expected: Value) -> Result<()> {
    window.click(testids::FIGURES_REFRESH).await?;
    let what = format!("{operator} has {expected}");
    until(&what, async || {
        (shown(window, operator).await.as_ref() == Some(&expected)).then_some(())
    })
    .await
}

#[tokio::test]
async fn a_supervisor_sees_what_clients_and_operators_have_just_done() -> Result<()> {
    let office = Office::open().await?;
    let vera = office.supervisor("vera", "Вера Выдуманная").await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    let vera_dir = office.panel_dir("vera");
    office.sign_in(&vera, &vera_dir).await?;
    let window = Window::open(&vera_dir).await?;
    let seat = Seat::take(&anna, office.address(), &office.panel_dir("anna")).await?;
    let olga = office.phones.client("79000000001", OLGA, false).await?;
    let petr = office.phones.client("79000000002", PETR, false).await?;
    window.click(testids::RAIL_SUPERVISION).await?;
    window.click(testids::TAB_FIGURES).await?;
    window.find("figures-nothing").await?;

    olga.write("Здравствуйте!").await?;
    petr.write("Добрый день!").await?;
    let (olgas, petrs) = (seat.sees_queued(OLGA).await?, seat.sees_queued(PETR).await?);
    // Both wait in the queue, where they are nobody's.
    shows(&window, "", json!(["2", "0", "2", "2", "0", "0", "0"])).await?;

    seat.replies(olgas, "Слушаю вас").await?;
    olga.receives("Слушаю вас").await?;
    seat.replies(petrs, "Чем помочь?").await?;
    petr.receives("Чем помочь?").await?;
    // Two messages in a row are one wait, and two replies to them one answer.
    for text in ["Где мой заказ?", "Ждём с утра"] {
        petr.write(text).await?;
        // What is told at once may arrive in either order.
        seat.sees(text, |now| {
            let chat = now.in_work.iter().find(|chat| chat.chat.id == petrs)?;
            let newest = chat.chat.preview.as_ref()?;
            (newest.text == text).then_some(())
        })
        .await?;
    }
    for text in ["Уже едет", "Будет через час"] {
        seat.replies(petrs, text).await?;
        petr.receives(text).await?;
    }
    seat.panel.act(olgas, ChatDeed::Close).await?;
    seat.loses(OLGA).await?;
    let id = anna.id.to_string();
    shows(&window, &id, json!(["2", "1", "0", "2", "2", "1", "1"])).await?;

    // The same in the table of the days, and a client who comes back is an arrival at who was last.
    olga.write("Ещё вопрос").await?;
    seat.sees_in_work(OLGA).await?;
    shows(&window, &id, json!(["3", "1", "1", "3", "2", "1", "1"])).await?;
    window.click(testids::FIGURES_DAYS_TOGGLE).await?;
    window.find(testids::FIGURES_DAYS_TABLE).await?;
    let today = "return [...document.querySelectorAll(
        '[data-testid=figures-days-table] tbody tr:last-child td',
    )].map((cell) => cell.textContent.trim()).filter((_, at) => [0, 1, 2, 6, 10].includes(at));";
    assert_eq!(
        window.script(today).await?,
        json!(["3", "5", "2", "1", "1"])
    );
    seat.leave().await;
    window.close().await
}

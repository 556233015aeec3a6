//! A long history in the real window: what is read stays where it is, whatever comes above and below.

use anyhow::Result;
use pult_tests::office::Office;
use pult_tests::testids;
use pult_tests::until::until;
use pult_tests::window::Window;

use crate::{OLGA, Scene};

/// More than the window is given at first, so that older messages come from the backend.
const N_MESSAGES: usize = 150;

/// Watches the line that is read: how far it has moved at most, looked at after each painted frame.
const WATCH: &str = "
    const log = document.querySelector('[role=log]');
    const topOf = (place) =>
        log.querySelector(`[data-testid=entry][data-place='${place}']`)?.getBoundingClientRect().top;
    window.reading = { log, topOf, place: null, top: 0, moved: 0 };
    const look = () => {
        const { place, top } = window.reading;
        if (place !== null) {
            const moved = Math.abs((topOf(place) ?? Infinity) - top);
            window.reading.moved = Math.max(window.reading.moved, moved);
        }
        requestAnimationFrame(() => setTimeout(look));
    };
    look();";

/// Scrolls up by less than what is drawn beyond the view, and takes the line that then stands there.
const SCROLL_UP: &str = "
    const done = arguments[0];
    const { reading } = window;
    reading.place = null;
    reading.log.scrollTop -= 350;
    const settled = () => {
        const from = reading.log.getBoundingClientRect().top + 20;
        const entries = [...reading.log.querySelectorAll('[data-testid=entry]')];
        const line = entries.find((entry) => entry.getBoundingClientRect().top >= from);
        reading.place = line.dataset.place;
        reading.top = reading.topOf(reading.place);
        requestAnimationFrame(() => requestAnimationFrame(() => done()));
    };
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(settled)));";

/// Waits until the page has been painted as it is now. A window that goes there and back between
/// two pictures is nothing that anybody sees.
const PAINTED: &str = "
    const done = arguments[0];
    requestAnimationFrame(() => requestAnimationFrame(() => done()));";

/// Whether the history's last message is seen whole, and nothing offers to go there.
const IS_AT_END: &str = "(() => {
    const log = document.querySelector('[role=log]');
    const last = log?.querySelector('[data-testid=entry][data-place=\"150\"]');
    const below = last?.getBoundingClientRect().bottom - log?.getBoundingClientRect().bottom;
    return below <= 1 && document.querySelector('[data-testid=to-end]') === null;
})()";

#[tokio::test]
async fn the_line_that_is_read_stays_while_older_messages_come_above_it() -> Result<()> {
    let scene = with_long_history().await?;
    let window = &scene.window;
    let height = height(window).await?;
    window.script(WATCH).await?;
    until("the history's first message", async || {
        scroll_up(window).await.ok()?;
        let css = "return document.querySelector('[data-place=\"1\"]') !== null";
        window.script(css).await.ok()?.as_bool()?.then_some(())
    })
    .await?;
    assert_eq!(moved(window).await?, 0);
    assert!(
        self::height(window).await? > height + 1000,
        "older messages came in pages"
    );
    scene.window.close().await
}

#[tokio::test]
async fn a_message_that_comes_while_one_reads_above_is_counted_and_moves_nothing() -> Result<()> {
    let scene = with_long_history().await?;
    let window = &scene.window;
    window.script(WATCH).await?;
    for _ in 0..3 {
        scroll_up(window).await?;
    }
    window.find(testids::TO_END).await?;
    scene.olga.write("Ещё вопрос").await?;
    window.find_with_text(testids::TO_END, "1").await?;
    scene.olga.write("И ещё один").await?;
    window.find_with_text(testids::TO_END, "2").await?;
    assert_eq!(moved(window).await?, 0);

    window.script("window.reading.place = null").await?;
    window.click(testids::TO_END).await?;
    window.find_with_text(testids::ENTRY, "И ещё один").await?;
    window.is_gone(testids::TO_END).await?;
    scene.window.close().await
}

#[tokio::test]
async fn the_end_stays_in_view_when_the_window_changes_its_width() -> Result<()> {
    let scene = with_long_history().await?;
    for width in [380, 900, 1280, 380, 1280, 380] {
        scene.window.resize(width, 720).await?;
        scene
            .window
            .driver()
            .execute_async(PAINTED, Vec::new())
            .await?;
        let what = format!("the end of the history at {width} px");
        until(&what, async || {
            let script = format!("return {IS_AT_END}");
            let is_at_end = scene.window.script(&script).await.ok()?.as_bool()?;
            is_at_end.then_some(())
        })
        .await?;
    }
    scene.window.close().await
}

/// The client has written much before the window opened, Anna has read it and is at its end.
async fn with_long_history() -> Result<Scene> {
    let office = Office::open().await?;
    let olga = office.phones.client("79000000001", OLGA, false).await?;
    for n in 1..=N_MESSAGES {
        // Lines of many heights, which no guess gets right.
        let more = "и ещё одна подробность о заказе, ".repeat(n * 7 % 11);
        olga.write(&format!("{n}. Вопрос, {more}вот.")).await?;
    }
    office.phones.idle().await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    let dir = office.panel_dir("where anna reads all of it");
    office.sign_in(&anna, &dir).await?;
    let window = Window::open(&dir).await?;
    window.click_on_text(testids::CHAT_ROW, OLGA).await?;
    // So much that is unread opens at its beginning.
    window.click(testids::TO_END).await?;
    window.is_gone(testids::TO_END).await?;
    window.is_gone(testids::ROW_UNREAD).await?;
    window.close().await?;

    let dir = office.panel_dir("where nothing is kept yet");
    office.sign_in(&anna, &dir).await?;
    let window = Window::open(&dir).await?;
    window.click_on_text(testids::CHAT_ROW, OLGA).await?;
    window.find(testids::ENTRY).await?;
    Ok(Scene {
        window,
        olga,
        office,
    })
}

async fn scroll_up(window: &Window) -> Result<()> {
    window.driver().execute_async(SCROLL_UP, Vec::new()).await?;
    Ok(())
}

/// How far the line that is read has moved, in whole pixels.
async fn moved(window: &Window) -> Result<i64> {
    number(window, "return Math.round(window.reading.moved)").await
}

/// How high the history is.
async fn height(window: &Window) -> Result<i64> {
    number(
        window,
        "return document.querySelector('[role=log]').scrollHeight",
    )
    .await
}

async fn number(window: &Window, script: &str) -> Result<i64> {
    Ok(window.script(script).await?.as_i64().unwrap_or(-1))
}

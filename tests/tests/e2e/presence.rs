//! Two people at once: who is there, and who else is at a chat. One display has one window in front,
//! so they take turns at it, as at one desk they would not; the other window hears it behind.

use anyhow::Result;
use pult_tests::bus;
use pult_tests::testids;
use pult_tests::until::until;
use pult_tests::window::Window;

use crate::{OLGA, Scene};

/// Waits until the page knows whether its window is in front.
async fn is_in_front(window: &Window, expected: bool) -> Result<()> {
    until("the page knows whether it is in front", async || {
        let script = "return document.visibilityState === 'visible' && document.hasFocus()";
        let is_so = window.script(script).await.ok()?.as_bool()? == expected;
        is_so.then_some(())
    })
    .await
}

/// Waits until the ring around one's own picture says so.
async fn is_shown_as(window: &Window, presence: &str) -> Result<()> {
    let css = format!(
        "[data-testid='{}'][data-presence='{presence}']",
        testids::OWN_PRESENCE
    );
    window.find_css(&css).await.map(drop)
}

/// Ivan's window, in front of Anna's.
async fn ivans_window(scene: &Scene) -> Result<Window> {
    let ivan = scene.office.operator("ivan", "Иван Образцов").await?;
    let dir = scene.office.panel_dir("ivan");
    scene.office.sign_in(&ivan, &dir).await?;
    let window = Window::open(&dir).await?;
    is_in_front(&window, true).await?;
    is_in_front(&scene.window, false).await?;
    Ok(window)
}

#[tokio::test]
async fn two_at_one_queued_chat_see_each_other_before_one_answers() -> Result<()> {
    let scene = Scene::with_open_chat().await?;
    let annas = &scene.window;
    let ivans = ivans_window(&scene).await?;

    ivans.click_on_text(testids::CHAT_ROW, OLGA).await?;
    annas
        .find_with_text(testids::ROW_ONLOOKERS, "looking")
        .await?;
    annas
        .find_with_text(testids::ONLOOKERS, "Looking: Иван Образцов")
        .await?;
    ivans.type_into(testids::COMPOSER, "Это Иван").await?;
    annas
        .find_with_text(testids::ROW_ONLOOKERS, "typing")
        .await?;
    annas
        .find_with_text(testids::ONLOOKERS, "Иван Образцов is typing a reply…")
        .await?;
    assert!(
        !ivans.has(testids::ROW_ONLOOKERS).await,
        "he is nobody else"
    );

    // Anna's turn: he is behind now, and hears of her.
    ivans.driver().minimize_window().await?;
    is_in_front(annas, true).await?;
    annas.is_gone(testids::ROW_ONLOOKERS).await?;
    annas
        .type_into(testids::COMPOSER, "Я почти дописала")
        .await?;
    ivans
        .find_with_text(testids::ONLOOKERS, "Анна Примерова is typing a reply…")
        .await?;
    ivans.resize(900, 700).await?;
    is_in_front(&ivans, true).await?;
    ivans.is_gone(testids::ROW_ONLOOKERS).await?;

    // He answers first: the chat is his, and she hears no more of it.
    ivans.click(testids::SEND).await?;
    ivans
        .find_css("[data-testid='chat-row'][data-status='in_work']")
        .await?;
    annas
        .find_with_text(testids::SHELL_ROW, "Я почти дописала")
        .await?;
    assert!(!annas.has(testids::ROW_ONLOOKERS).await);
    scene.olga.has_exactly_once("Это Иван").await?;
    ivans.close().await?;
    scene.window.close().await
}

#[tokio::test]
async fn who_goes_away_by_hand_or_locks_the_screen_is_seen_as_away() -> Result<()> {
    let scene = Scene::with_open_chat().await?;
    let ivans = ivans_window(&scene).await?;
    is_shown_as(&ivans, "online").await?;
    let sees_him = async |words: &str| -> Result<()> {
        scene.window.empty(testids::COMPOSER).await?;
        scene.window.type_into(testids::COMPOSER, "@Иван").await?;
        scene
            .window
            .find_with_text(testids::MENTION_LIST, words)
            .await?;
        Ok(())
    };
    sees_him("online").await?;

    ivans.click(testids::OWN_PRESENCE).await?;
    ivans.click(testids::OWN_AWAY).await?;
    is_shown_as(&ivans, "away").await?;
    sees_him("away").await?;
    ivans.click(testids::OWN_PRESENCE).await?;
    ivans.click(testids::OWN_HERE).await?;
    sees_him("online").await?;

    // The screen of both is locked: they share it.
    let screen = bus::ScreenSaver::new().await?;
    let locked = "[data-testid='own-presence'][data-presence='away']";
    until("the lock of the screen is seen", async || {
        // A window listens to the desktop a moment after it opens.
        screen.set_active(true).await.ok()?;
        ivans.find_css_now(locked).await
    })
    .await?;
    is_shown_as(&scene.window, "away").await?;
    screen.set_active(false).await?;
    is_shown_as(&ivans, "online").await?;
    ivans.close().await?;
    scene.window.close().await
}

//! What an operator does in a day.

use anyhow::Result;
use pult_tests::office::Office;
use pult_tests::panels::Seat;
use pult_tests::testids;
use pult_tests::window::Window;

use crate::{OLGA, Scene};

#[tokio::test]
async fn an_operator_signs_in_and_stays_so() -> Result<()> {
    let office = Office::open().await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    let dir = office.panel_dir("anna");
    let window = Window::open(&dir).await?;

    window.empty(testids::SIGN_IN_ADDRESS).await?;
    window
        .type_into(testids::SIGN_IN_ADDRESS, office.address())
        .await?;
    window
        .type_into(testids::SIGN_IN_LOGIN, &anna.login)
        .await?;
    window
        .type_into(testids::SIGN_IN_PASSWORD, "a wrong one")
        .await?;
    window.click(testids::SIGN_IN_SUBMIT).await?;
    window.find(testids::SIGN_IN_ERROR).await?;

    window.empty(testids::SIGN_IN_PASSWORD).await?;
    window
        .type_into(testids::SIGN_IN_PASSWORD, &anna.password)
        .await?;
    window.click(testids::SIGN_IN_SUBMIT).await?;
    window.find(testids::COUNT_QUEUED).await?;
    window.close().await?;

    let window = Window::open(&dir).await?;
    window.find(testids::COUNT_QUEUED).await?;
    window.close().await
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused_in_words() -> Result<()> {
    let office = Office::open().await?;
    let window = Window::open(&office.panel_dir("nobody")).await?;
    window.empty(testids::SIGN_IN_ADDRESS).await?;
    window
        .type_into(testids::SIGN_IN_ADDRESS, "http://pult.example.net")
        .await?;
    window.type_into(testids::SIGN_IN_LOGIN, "anna").await?;
    window
        .type_into(testids::SIGN_IN_PASSWORD, "anything")
        .await?;
    window.click(testids::SIGN_IN_SUBMIT).await?;
    window
        .find_with_text(testids::SIGN_IN_ERROR, "https")
        .await?;
    window.close().await
}

#[tokio::test]
async fn a_client_is_answered_and_the_ticks_go_to_read() -> Result<()> {
    let scene = Scene::with_open_chat().await?;
    scene.answer("Добрый день! Чем помочь?").await?;
    scene
        .olga
        .has_exactly_once("Добрый день! Чем помочь?")
        .await?;
    scene
        .window
        .find_css("[data-testid='chat-row'][data-status='in_work']")
        .await?;
    scene.window.find_state(testids::TICK, "delivered").await?;
    scene.olga.open_chat().await?;
    scene.window.find_state(testids::TICK, "read").await?;
    scene.window.close().await
}

#[tokio::test]
async fn enter_sends_and_keeps_the_focus_for_the_next_line() -> Result<()> {
    let scene = Scene::with_open_chat().await?;
    scene
        .window
        .type_into(testids::COMPOSER, "Первая\u{e007}")
        .await?;
    scene.window.has_value(testids::COMPOSER, "").await?;
    let focused = "return document.activeElement?.dataset.testid ?? ''";
    assert_eq!(scene.window.script(focused).await?, testids::COMPOSER);
    scene
        .window
        .type_into(testids::COMPOSER, "Вторая\u{e007}")
        .await?;
    scene.olga.has_exactly_once("Первая").await?;
    scene.olga.has_exactly_once("Вторая").await?;
    scene.window.close().await
}

#[tokio::test]
async fn when_a_colleague_was_first_the_text_stays_and_nothing_is_sent() -> Result<()> {
    let scene = Scene::with_open_chat().await?;
    let ivan = scene.office.operator("ivan", "Иван Образцов").await?;
    let address = scene.office.address().to_owned();
    let ivan = Seat::take(&ivan, &address, &scene.office.panel_dir("ivan")).await?;
    let chat = ivan.sees_queued(OLGA).await?;

    scene
        .window
        .type_into(testids::COMPOSER, "Я почти дописала")
        .await?;
    ivan.replies(chat, "Это Иван").await?;
    ivan.sees_in_work(OLGA).await?;
    scene
        .window
        .find_with_text(testids::SHELL_ROW, "Я почти дописала")
        .await?;
    scene.olga.has_exactly_once("Это Иван").await?;
    assert!(
        scene
            .olga
            .received(0, std::time::Duration::ZERO)
            .await?
            .len()
            == 1
    );
    ivan.leave().await;
    scene.window.close().await
}

#[tokio::test]
async fn text_of_a_client_is_text_whatever_it_looks_like() -> Result<()> {
    let scene = Scene::open().await?;
    let markup = "<img src=x onerror=\"document.title='owned'\"><b>жирный</b>";
    scene.olga.write(markup).await?;
    scene.window.click_on_text(testids::CHAT_ROW, OLGA).await?;
    scene.window.find_with_text(testids::ENTRY, markup).await?;
    let n_images =
        "return document.querySelectorAll('[data-testid=entry] img, [data-testid=entry] b').length";
    assert_eq!(scene.window.script(n_images).await?, 0);
    scene.window.close().await
}

#[tokio::test]
async fn docked_at_380_pixels_one_goes_from_the_list_to_a_chat_and_back() -> Result<()> {
    let scene = Scene::open().await?;
    scene.window.resize(380, 700).await?;
    scene.olga.write("Здравствуйте!").await?;
    scene.window.click_on_text(testids::CHAT_ROW, OLGA).await?;
    scene.window.find(testids::COMPOSER).await?;
    scene.window.fits().await?;
    scene.window.click(testids::BACK).await?;
    scene.window.find_with_text(testids::CHAT_ROW, OLGA).await?;
    scene.window.fits().await?;
    scene.window.close().await
}

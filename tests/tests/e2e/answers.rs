//! Ready answers: made at one window, at hand in another.

use anyhow::Result;
use pult_tests::testids;
use pult_tests::window::Window;

use crate::{OLGA, Scene};

/// Enter, and the keys that undo, as the driver types them.
const ENTER: &str = "\u{e007}";
const UNDO: &str = "\u{e009}z\u{e009}";

impl Scene {
    /// The supervisor Vera at the management of ready answers, in a window of her own.
    async fn managing_answers(&self) -> Result<Window> {
        let vera = self.office.supervisor("vera", "Вера Выдуманная").await?;
        let dir = self.office.panel_dir("vera");
        self.office.sign_in(&vera, &dir).await?;
        let window = Window::open(&dir).await?;
        window.click(testids::RAIL_MANAGEMENT).await?;
        window.click(testids::SECTION_ANSWERS).await?;
        window.find(testids::ANSWERS_ADD).await?;
        Ok(window)
    }
}

async fn add(window: &Window, shortcut: &str, text: &str) -> Result<()> {
    window.click(testids::ANSWERS_ADD).await?;
    window.type_into(testids::ANSWER_SHORTCUT, shortcut).await?;
    window.type_into(testids::ANSWER_TEXT, text).await?;
    window.click(testids::ANSWER_SAVE).await?;
    window.is_gone(testids::ANSWER_SAVE).await?;
    window
        .find_with_text(testids::ANSWER_ROW, shortcut)
        .await
        .map(drop)
}

#[tokio::test]
async fn what_a_supervisor_adds_is_at_an_operators_hand_at_once() -> Result<()> {
    let mut scene = Scene::with_open_chat().await?;
    let vera = scene.managing_answers().await?;
    let lines = format!("Здравствуйте, {{клиент}}!{ENTER}С вами {{сотрудник}}.");
    add(&vera, "привет", &lines).await?;

    // Found, shown with the names filled in, and put in where the slash stood.
    let window = &scene.window;
    window.type_into(testids::COMPOSER, "/при").await?;
    let text = format!("Здравствуйте, {OLGA}!\nС вами Анна Примерова.");
    window
        .find_with_text(testids::ANSWER_PREVIEW, &text)
        .await?;
    window.type_into(testids::COMPOSER, ENTER).await?;
    window.has_value(testids::COMPOSER, &text).await?;
    // The field's own history has it.
    window.type_into(testids::COMPOSER, UNDO).await?;
    window.has_value(testids::COMPOSER, "/при").await?;
    window.type_into(testids::COMPOSER, ENTER).await?;
    window.has_value(testids::COMPOSER, &text).await?;
    window.click(testids::SEND).await?;
    scene.olga.receives(&text).await?;

    // What begins with a slash and is none of them is sent as it is.
    window.type_into(testids::COMPOSER, "/start").await?;
    window.is_gone(testids::ANSWERS).await?;
    window.type_into(testids::COMPOSER, ENTER).await?;
    scene.olga.receives("/start").await?;

    // Without the backend they are there all the same.
    scene.office.stop().await?;
    scene.window.find(testids::CONNECTION_BAR).await?;
    scene.window.type_into(testids::COMPOSER, "/").await?;
    scene
        .window
        .find_with_text(testids::ANSWERS, "привет")
        .await?;
    scene.office.start().await?;
    scene.window.is_gone(testids::CONNECTION_BAR).await?;

    // Deleted, they are gone from under the operator's hand; and back when that is taken back.
    vera.is_gone(testids::CONNECTION_BAR).await?;
    vera.click(testids::ANSWER_DELETE).await?;
    scene.window.is_gone(testids::ANSWER).await?;
    vera.click(testids::TOAST_ACTION).await?;
    scene
        .window
        .find_with_text(testids::ANSWERS, "привет")
        .await?;
    vera.close().await?;
    scene.window.close().await
}

#[tokio::test]
async fn a_table_is_looked_at_and_then_taken() -> Result<()> {
    let scene = Scene::with_open_chat().await?;
    let vera = scene.managing_answers().await?;
    let file = scene.office.dir().join("answers.csv");
    // As Excel writes it in Russia: its own separator and code page.
    let head = [0xd1, 0xee, 0xea, 0xf0, 0xe0, 0xf9, 0xe5, 0xed, 0xe8, 0xe5]; // Сокращение
    let text = [0xd2, 0xe5, 0xea, 0xf1, 0xf2]; // Текст
    let yes = [0xc4, 0xe0]; // Да
    let table = [&head[..], b";", &text, b"\r\nyes;", &yes, b"\r\n"].concat();
    tokio::fs::write(&file, table).await?;

    vera.type_into(testids::ANSWERS_FILE, &file.to_string_lossy())
        .await?;
    vera.find_with_text(testids::IMPORT_LINES, "Да").await?;
    vera.click(testids::IMPORT_SUBMIT).await?;
    vera.find_with_text(testids::ANSWER_ROW, "/yes").await?;
    scene.window.type_into(testids::COMPOSER, "/yes").await?;
    scene
        .window
        .find_with_text(testids::ANSWER_PREVIEW, "Да")
        .await?;
    vera.close().await?;
    scene.window.close().await
}

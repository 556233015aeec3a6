//! One operator at two windows, as at the desk and at a laptop: what is begun and what is read in one
//! is so in the other, and nothing that was typed is lost with a window.

use anyhow::Result;
use pult_tests::office::Office;
use pult_tests::phones::Phone;
use pult_tests::testids;
use pult_tests::until::until;
use pult_tests::window::Window;

use crate::OLGA;

/// Anna at both, with a client who has written.
struct Scene {
    // The windows before the office, whose folders they use.
    desk: Window,
    laptop: Window,
    olga: Phone,
    office: Office,
}

impl Scene {
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let (desk, laptop) = (office.panel_dir("desk"), office.panel_dir("laptop"));
        office.sign_in(&anna, &desk).await?;
        office.sign_in(&anna, &laptop).await?;
        let olga = office.phones.client("79000000001", OLGA, false).await?;
        olga.write("Здравствуйте!").await?;
        Ok(Self {
            desk: Window::open(&desk).await?,
            laptop: Window::open(&laptop).await?,
            olga,
            office,
        })
    }

    async fn close(self) -> Result<()> {
        self.desk.close().await?;
        self.laptop.close().await
    }
}

async fn opens_chat(window: &Window) -> Result<()> {
    window.click_on_text(testids::CHAT_ROW, OLGA).await?;
    window.find(testids::COMPOSER).await.map(drop)
}

/// Takes the caret out of the composer.
async fn looks_away(window: &Window) -> Result<()> {
    window
        .script("document.activeElement?.blur()")
        .await
        .map(drop)
}

#[tokio::test]
async fn what_is_begun_in_one_window_is_sent_from_the_other() -> Result<()> {
    let scene = Scene::open().await?;
    opens_chat(&scene.desk).await?;
    scene
        .desk
        .type_into(testids::COMPOSER, "Добрый день!")
        .await?;
    // In the list first, and in the chat when it is opened.
    scene
        .laptop
        .find_with_text(testids::CHAT_ROW, "Добрый день!")
        .await?;
    opens_chat(&scene.laptop).await?;
    scene
        .laptop
        .has_value(testids::COMPOSER, "Добрый день!")
        .await?;
    looks_away(&scene.desk).await?;
    scene.laptop.click(testids::SEND).await?;
    scene.olga.has_exactly_once("Добрый день!").await?;
    scene.desk.has_value(testids::COMPOSER, "").await?;
    scene.close().await
}

#[tokio::test]
async fn a_composer_with_the_caret_in_it_is_offered_what_the_other_window_has() -> Result<()> {
    let scene = Scene::open().await?;
    opens_chat(&scene.desk).await?;
    opens_chat(&scene.laptop).await?;
    scene.laptop.click(testids::COMPOSER).await?;
    scene.desk.type_into(testids::COMPOSER, "Едем").await?;
    scene
        .laptop
        .find_with_text(testids::ELSEWHERE, "Едем")
        .await?;
    assert_eq!(scene.laptop.value(testids::COMPOSER).await?, "");
    scene
        .laptop
        .type_into(testids::COMPOSER, "Через час")
        .await?;
    assert_eq!(scene.laptop.value(testids::COMPOSER).await?, "Через час");
    scene.laptop.click(testids::ELSEWHERE_TAKE).await?;
    scene
        .laptop
        .has_value(testids::COMPOSER, "Едем\nЧерез час")
        .await?;
    scene.laptop.is_gone(testids::ELSEWHERE).await?;
    looks_away(&scene.desk).await?;
    scene
        .desk
        .has_value(testids::COMPOSER, "Едем\nЧерез час")
        .await?;
    scene.close().await
}

#[tokio::test]
async fn what_is_read_in_one_window_is_read_in_the_other() -> Result<()> {
    let scene = Scene::open().await?;
    for window in [&scene.desk, &scene.laptop] {
        window.find(testids::ROW_UNREAD).await?;
    }
    // The one that was opened last is in front.
    opens_chat(&scene.laptop).await?;
    scene.laptop.is_gone(testids::ROW_UNREAD).await?;
    scene.desk.is_gone(testids::ROW_UNREAD).await?;
    scene.close().await
}

#[tokio::test]
async fn a_window_that_is_killed_has_what_was_typed_when_it_starts_again() -> Result<()> {
    let Scene {
        desk,
        laptop,
        office,
        ..
    } = Scene::open().await?;
    laptop.close().await?;
    opens_chat(&desk).await?;
    desk.type_into(testids::COMPOSER, "Добрый де").await?;
    // Every key is on its way to the disk by itself. A pause is not waited for: what is waited for is
    // that the last one has arrived there.
    let kept = "const done = arguments[0];
        const chatId = document.querySelector('[data-chat-id]').dataset.chatId;
        const ask = { chatId, before: null, limit: 1, atLeast: 0 };
        __TAURI_INTERNALS__.invoke('timeline', ask).then((now) => done(now.draft), () => done(null));";
    until("the last key is kept", async || {
        let draft = desk.driver().execute_async(kept, Vec::new()).await.ok()?;
        (draft == "Добрый де").then_some(())
    })
    .await?;
    desk.kill().await?;
    let desk = Window::open(&office.panel_dir("desk")).await?;
    desk.find_with_text(testids::CHAT_ROW, "Добрый де").await?;
    opens_chat(&desk).await?;
    desk.has_value(testids::COMPOSER, "Добрый де").await?;
    desk.close().await
}

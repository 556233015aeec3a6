//! The link to the company: its number set at one window, the link made at another.

use anyhow::Result;
use pult_tests::testids;
use pult_tests::window::Window;

use crate::Scene;

/// Opens the section of the link.
async fn opens_link(window: &Window) -> Result<()> {
    window.click(testids::RAIL_MANAGEMENT).await?;
    window.click(testids::SECTION_LINK).await
}

#[tokio::test]
async fn a_link_is_made_of_the_number_that_a_supervisor_gives() -> Result<()> {
    let scene = Scene::open().await?;
    // What the provider calls the number comes with the first message.
    scene.olga.write("Здравствуйте!").await?;
    let vera = scene.office.supervisor("vera", "Вера Выдуманная").await?;
    let dir = scene.office.panel_dir("vera");
    scene.office.sign_in(&vera, &dir).await?;
    let veras = Window::open(&dir).await?;
    let annas = &scene.window;
    opens_link(annas).await?;
    annas
        .find_with_text(testids::LINK, "https://wa.me/74950000000")
        .await?;

    opens_link(&veras).await?;
    veras.click(testids::LINK_NUMBER_CHANGE).await?;
    veras.empty(testids::LINK_NUMBER).await?;
    veras
        .type_into(testids::LINK_NUMBER, "+7 (495) 000-00-42")
        .await?;
    veras.click(testids::LINK_NUMBER_SAVE).await?;
    for window in [&veras, annas] {
        window
            .find_with_text(testids::LINK, "https://wa.me/74950000042")
            .await?;
    }
    assert!(
        !annas.has(testids::LINK_NUMBER_CHANGE).await,
        "for supervisors"
    );

    annas.type_into(testids::LINK_TEXT, "Цена & срок?").await?;
    let link = "https://wa.me/74950000042?text=%D0%A6%D0%B5%D0%BD%D0%B0%20%26%20%D1%81%D1%80%D0%BE%D0%BA%3F";
    annas.find_with_text(testids::LINK, link).await?;
    annas.find(testids::QR).await?;
    veras.close().await
}

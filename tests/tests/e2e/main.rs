//! The real window, driven as a person does: it needs a display and a session bus of its own, which
//! `cargo xtask session` and `cargo xtask test` give it.

mod accessible;
mod administration;
mod answers;
mod automatic;
mod banner;
mod border;
mod deeds;
mod desktop;
mod devices;
mod figures;
mod focus;
mod history;
mod journeys;
mod keys;
mod link;
mod presence;
mod search;
mod start;
mod supervision;
mod supervisors_banners;
mod tray;
mod waiting;

use anyhow::Result;
use pult_tests::office::Office;
use pult_tests::phones::Phone;
use pult_tests::testids;
use pult_tests::window::Window;

/// The client of the tests.
const OLGA: &str = "Ольга Выдумкина";

/// An office with a client, and Anna at her window, signed in.
struct Scene {
    // The window before the office, whose folder it uses.
    window: Window,
    olga: Phone,
    office: Office,
}

impl Scene {
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let anna_dir = office.panel_dir("anna");
        office.sign_in(&anna, &anna_dir).await?;
        Ok(Self {
            window: Window::open(&anna_dir).await?,
            olga: office.phones.client("79000000001", OLGA, false).await?,
            office,
        })
    }

    /// The client has written and Anna has the chat open.
    async fn with_open_chat() -> Result<Self> {
        let scene = Self::open().await?;
        scene.olga.write("Здравствуйте!").await?;
        scene.window.click_on_text(testids::CHAT_ROW, OLGA).await?;
        scene
            .window
            .find_with_text(testids::ENTRY, "Здравствуйте!")
            .await?;
        Ok(scene)
    }

    /// Types an answer into the open chat and sends it.
    async fn answer(&self, text: &str) -> Result<()> {
        self.window.type_into(testids::COMPOSER, text).await?;
        self.window.click(testids::SEND).await?;
        self.window.has_value(testids::COMPOSER, "").await
    }
}

//! The icon in the tray, by a stand-in for the desktop's tray on a bus of each test's own.

use anyhow::{Result, ensure};
use pult_tests::desk::{self, Bus};
use pult_tests::office::Office;
use pult_tests::phones::Phone;
use pult_tests::testids;
use pult_tests::tray::{Tray, TrayIcon};
use pult_tests::until::until;
use pult_tests::window::Window;

use crate::OLGA;

/// Anna at her window, on a bus of her own.
struct Desk {
    // The window before the office, whose folder it uses.
    window: Window,
    olga: Phone,
    office: Office,
    bus: Bus,
}

impl Desk {
    async fn open() -> Result<Self> {
        let bus = Bus::start().await?;
        let office = Office::open().await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let dir = office.panel_dir("anna");
        office.sign_in(&anna, &dir).await?;
        Ok(Self {
            window: Window::open_with(&dir, &bus.envs(&dir), &[]).await?,
            olga: office.phones.client("79000000001", OLGA, false).await?,
            office,
            bus,
        })
    }
}

/// Waits until the icon says this when it is pointed at.
async fn says(icon: &TrayIcon, text: &str) -> Result<()> {
    until(&format!("{text:?} at the icon"), async || {
        icon.tooltip().await.ok()?.contains(text).then_some(())
    })
    .await
}

/// Waits until the icon has another picture than this, and gives it.
async fn changes(icon: &TrayIcon, from: &[u8]) -> Result<Vec<u8>> {
    until("another picture", async || {
        let picture = icon.picture().await.ok()?;
        (picture != from).then_some(picture)
    })
    .await
}

#[tokio::test]
async fn the_icon_waits_for_a_tray_and_follows_what_happens() -> Result<()> {
    let mut desk = Desk::open().await?;
    // The window is up long before any tray.
    desk.window.find(testids::OWN_PRESENCE).await?;
    let tray = Tray::appear(&desk.bus.address).await?;
    let icon = tray.icon().await?;
    says(&icon, "Connected").await?;
    let calm = icon.picture().await?;
    ensure!(icon.title().await?.starts_with("Pult"));

    desk.olga.write("Здравствуйте!").await?;
    until("who waits in the icon's title", async || {
        let title = icon.title().await.ok()?;
        title.starts_with("Pult: 1 client waiting").then_some(())
    })
    .await?;
    let waiting = changes(&icon, &calm).await?;
    // The window tells the same.
    ensure!(desk.window.title().await? == icon.title().await?);

    desk.office.stop().await?;
    says(&icon, "Offline").await?;
    let offline = changes(&icon, &waiting).await?;
    desk.office.start().await?;
    says(&icon, "Connected").await?;
    ensure!(changes(&icon, &offline).await? == waiting);

    // The desktop's panel starts over.
    tray.disappear().await?;
    let tray = Tray::appear(&desk.bus.address).await?;
    says(&tray.icon().await?, "Connected").await?;
    desk.window.kill().await
}

#[tokio::test]
async fn the_menu_sets_presence_and_quiet_and_ends_the_panel() -> Result<()> {
    let desk = Desk::open().await?;
    let tray = Tray::appear(&desk.bus.address).await?;
    let icon = tray.icon().await?;
    says(&icon, "Connected").await?;

    ensure!(icon.line("Here").await?.is_checked == Some(true));
    icon.choose("Away").await?;
    desk.window
        .find_css("[data-testid='own-presence'][data-presence='away']")
        .await?;
    until("a mark at Away", async || {
        let line = icon.line("Away").await.ok()?;
        (line.is_checked == Some(true)).then_some(())
    })
    .await?;

    ensure!(!icon.line("Disturb me again").await?.is_enabled);
    icon.choose("Do not disturb for 1 hour").await?;
    says(&icon, "do not disturb until").await?;
    ensure!(icon.line("Disturb me again (quiet until").await?.is_enabled);
    icon.choose("Disturb me again").await?;
    until("no quiet any more", async || {
        let tooltip = icon.tooltip().await.ok()?;
        (!tooltip.contains("do not disturb")).then_some(())
    })
    .await?;

    icon.choose("Quit Pult").await?;
    desk.window.ends().await
}

#[tokio::test]
async fn a_closed_window_stays_in_the_tray_if_that_is_wanted() -> Result<()> {
    let desk = Desk::open().await?;
    let pid = desk.window.pid()?;
    let tray = Tray::appear(&desk.bus.address).await?;
    let icon = tray.icon().await?;
    says(&icon, "Connected").await?;

    // It is asked once.
    desk::close(pid).await?;
    desk.window.find(testids::CLOSE_ASK).await?;
    desk::appears(pid).await?;
    desk.window.click(testids::CLOSE_TRAY).await?;
    desk::vanishes(pid).await?;
    // Nobody sees the page, which goes on all the same.
    desk.olga.write("Здравствуйте!").await?;
    until("who waits in the icon's title", async || {
        icon.title()
            .await
            .ok()?
            .contains("1 client waiting")
            .then_some(())
    })
    .await?;
    icon.click().await?;
    desk::appears(pid).await?;
    desk.window.find_with_text(testids::CHAT_ROW, OLGA).await?;

    desk::close(pid).await?;
    desk::vanishes(pid).await?;
    icon.choose("Open Pult").await?;
    desk::appears(pid).await?;
    ensure!(!desk.window.has(testids::CLOSE_ASK).await);

    // Hidden, it is shown again when the tray goes for good.
    desk::close(pid).await?;
    desk::vanishes(pid).await?;
    tray.disappear().await?;
    desk::appears(pid).await?;
    // Without a tray, closing ends the panel.
    desk::close(pid).await?;
    desk.window.ends().await
}

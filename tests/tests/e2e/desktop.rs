//! The window among others: its place, system-wide keys, links, and starting with the session.

use std::cell::Cell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use pult_tests::desk::{self, Bus, Frame};
use pult_tests::display::Display;
use pult_tests::office::Office;
use pult_tests::phones::Phone;
use pult_tests::programs::{Envs, Program, path_of};
use pult_tests::testids;
use pult_tests::tray::Tray;
use pult_tests::until::{LIMIT, until};
use pult_tests::window::Window;
use rusqlite::Connection;
use rustix::process::{Signal, kill_process};
use serde_json::json;
use tokio::process::Command;

use crate::{OLGA, Scene};

/// The usual panel of Anna, who has a home, with two clients who wait.
struct Home {
    olga: Phone,
    petr: Phone,
    office: Office,
    bus: Bus,
    home: PathBuf,
}

impl Home {
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let home = office.dir().join("home");
        let this = Self {
            olga: office.phones.client("79000000001", OLGA, false).await?,
            petr: office
                .phones
                .client("79000000002", "Пётр Небылицын", false)
                .await?,
            bus: Bus::start().await?,
            home,
            office,
        };
        this.office.sign_in(&anna, &this.data_dir()).await?;
        this.olga.write("Здравствуйте!").await?;
        this.petr.write("Добрый день!").await?;
        Ok(this)
    }

    fn data_dir(&self) -> PathBuf {
        self.home.join("data/Pult")
    }

    fn envs(&self) -> Envs {
        self.bus.envs_of_usual(&self.home)
    }

    async fn window(&self, args: &[&str]) -> Result<Window> {
        Window::open_with(&self.data_dir(), &self.envs(), args).await
    }

    /// Starts the panel once more, which hands over to the one that runs and ends.
    async fn starts_again(&self, args: &[&str]) -> Result<()> {
        let mut command = Command::new(path_of("pult")?);
        command
            .envs(self.envs())
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = Program::start(&mut command)?.ended().await?;
        ensure!(status.success(), "the second start ended with {status}");
        Ok(())
    }
}

/// The id of a client's chat, as the page knows it.
async fn chat_of(window: &Window, client: &str) -> Result<String> {
    let row = window.find_with_text(testids::CHAT_ROW, client).await?;
    let id = row.attr("data-chat-id").await?;
    id.context("The row has no chat")
}

/// Opens the part of the settings that is about the desktop.
async fn opens_settings(window: &Window) -> Result<()> {
    window.click(testids::SETTINGS).await
}

#[tokio::test]
async fn a_link_opens_its_chat_in_the_panel_that_runs_and_in_one_that_starts() -> Result<()> {
    let home = Home::open().await?;
    let window = home.window(&[]).await?;
    let olga = chat_of(&window, OLGA).await?;
    let petr = chat_of(&window, "Пётр").await?;

    home.starts_again(&[&format!("pult://chat/{olga}")]).await?;
    window
        .find_with_text(testids::CONVERSATION_TITLE, OLGA)
        .await?;
    home.starts_again(&[&format!("pult://chat/{petr}")]).await?;
    window
        .find_with_text(testids::CONVERSATION_TITLE, "Пётр")
        .await?;

    // A wrong one says so, and nothing else happens.
    for (link, words) in [
        ("pult://chat/42", "leads nowhere"),
        (
            "pult://chat/0190a0c0-0000-7000-8000-000000000001",
            "do not have the chat",
        ),
    ] {
        home.starts_again(&[link]).await?;
        window.find_with_text(testids::TOAST, words).await?;
        window
            .find_with_text(testids::CONVERSATION_TITLE, "Пётр")
            .await?;
    }
    window.close().await?;

    let window = home.window(&[&format!("pult://chat/{olga}")]).await?;
    window
        .find_with_text(testids::CONVERSATION_TITLE, OLGA)
        .await?;
    window.close().await
}

#[tokio::test]
async fn whoever_starts_the_panel_while_it_ends_has_it_once_it_has_ended() -> Result<()> {
    const MB: i64 = 1 << 20;
    let home = Home::open().await?;
    let accounts = fs::read_dir(home.data_dir())?.flatten();
    let mut files = accounts.map(|account| account.path().join("cache.sqlite"));
    let path = files.find(|file| file.is_file()).context("no cache")?;
    let cache = Connection::open(&path)?;
    cache.busy_timeout(LIMIT)?;
    // To write a copy of so much takes a while.
    cache.execute_batch("CREATE TABLE ballast (bytes BLOB)")?;
    for _ in 0..300 {
        cache.execute("INSERT INTO ballast VALUES (zeroblob(?1))", [MB])?;
    }
    let log = home.data_dir().join("pult.log");
    let has_started = async |n: usize| {
        until("the panel has started", async || {
            let log = fs::read_to_string(&log).ok()?;
            (log.matches("Started").count() == n).then_some(())
        })
        .await
    };
    let mut command = Command::new(path_of("pult")?);
    command.envs(home.envs()).stderr(Stdio::null());
    let program = Program::start(&mut command)?;
    has_started(1).await?;
    cache.execute(
        "INSERT INTO remains (id) VALUES (1) ON CONFLICT DO NOTHING",
        (),
    )?;
    drop(cache);
    kill_process(program.id(), Signal::TERM)?;
    let copy = path.with_file_name("cache.sqlite-copy");
    until("the panel ends", async || copy.exists().then_some(())).await?;
    home.starts_again(&[]).await?;
    has_started(2).await?;
    ensure!(program.stop().await?.success());
    Ok(())
}

#[tokio::test]
async fn started_with_the_session_the_panel_works_in_the_tray_until_it_is_wanted() -> Result<()> {
    let home = Home::open().await?;
    let tray = Tray::appear(&home.bus.address).await?;
    let window = home.window(&[]).await?;
    opens_settings(&window).await?;
    window.click(testids::DESKTOP_AUTOSTART).await?;
    let entry = home.home.join(".config/autostart/Pult.desktop");
    let text = until("an entry for the session", async || {
        fs::read_to_string(&entry).ok()
    })
    .await?;
    ensure!(text.contains(" --hidden"), "{text}");
    window.click(testids::DESKTOP_AUTOSTART).await?;
    until("no entry any more", async || {
        (!entry.exists()).then_some(())
    })
    .await?;
    let icon = tray.icon().await?;
    icon.choose("Quit Pult").await?;
    window.ends().await?;
    drop(tray);

    let tray = Tray::appear(&home.bus.address).await?;
    let window = home.window(&["--hidden"]).await?;
    let pid = window.pid()?;
    let icon = tray.icon().await?;
    until("who waits in the icon's title", async || {
        icon.title()
            .await
            .ok()?
            .contains("2 clients waiting")
            .then_some(())
    })
    .await?;
    ensure!(desk::frame_of(pid).await?.is_none(), "it is on the screen");
    // The session starts it again, and somebody does.
    home.starts_again(&["--hidden"]).await?;
    ensure!(desk::frame_of(pid).await?.is_none(), "it is on the screen");
    home.starts_again(&[]).await?;
    desk::appears(pid).await?;
    window.kill().await
}

#[tokio::test]
async fn system_wide_keys_show_the_window_and_open_who_has_waited_longest() -> Result<()> {
    let office = Office::open().await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    let dir = office.panel_dir("anna");
    office.sign_in(&anna, &dir).await?;
    let display = Display::open(office.dir()).await?;
    let window = Window::open_on(&display, &dir).await?;
    let olga = office.phones.client("79000000001", OLGA, false).await?;
    olga.write("Здравствуйте!").await?;
    window.find_with_text(testids::CHAT_ROW, OLGA).await?;
    opens_settings(&window).await?;
    // Without a tray closing ends the panel, which is said.
    window.find(testids::DESKTOP_NO_TRAY).await?;
    window.click(testids::KEY_RAISE_SET).await?;
    window.find(testids::KEY_RAISE_LISTENS).await?;
    display.press("Ctrl+Shift+KeyP").await?;
    window
        .find_with_text(testids::KEY_RAISE_VALUE, "Ctrl+Shift+P")
        .await?;
    window.click(testids::KEY_OLDEST_SET).await?;
    window.find(testids::KEY_OLDEST_LISTENS).await?;
    display.press("Ctrl+Shift+KeyL").await?;
    window
        .find_with_text(testids::KEY_OLDEST_VALUE, "Ctrl+Shift+L")
        .await?;

    window.driver().minimize_window().await?;
    is_hidden(&window, true).await?;
    display.press("Ctrl+Shift+KeyP").await?;
    is_hidden(&window, false).await?;
    window.driver().minimize_window().await?;
    is_hidden(&window, true).await?;
    display.press("Ctrl+Shift+KeyL").await?;
    is_hidden(&window, false).await?;
    window
        .find_with_text(testids::CONVERSATION_TITLE, OLGA)
        .await?;
    window.close().await?;

    // Another program has one of them by the next start, which is told, and that it cannot be had.
    let boris = office.operator("boris", "Борис Образцов").await?;
    let other_dir = office.panel_dir("boris");
    office.sign_in(&boris, &other_dir).await?;
    tokio::fs::copy(dir.join("desktop.json"), other_dir.join("desktop.json")).await?;
    let other = Window::open_on(&display, &other_dir).await?;
    let window = Window::open_on(&display, &dir).await?;
    opens_settings(&window).await?;
    window
        .find_with_text(testids::KEY_RAISE_TROUBLE, "has these keys at the moment")
        .await?;
    other.close().await?;
    window.close().await
}

async fn is_hidden(window: &Window, expected: bool) -> Result<()> {
    until(&format!("hidden: {expected}"), async || {
        let hidden = window.script("return document.hidden").await.ok()?;
        (hidden.as_bool()? == expected).then_some(())
    })
    .await
}

#[tokio::test]
async fn the_window_stays_where_it_was_when_the_system_ends_the_panel() -> Result<()> {
    let office = Office::open().await?;
    let dir = office.panel_dir("anna");
    let window = Window::open(&dir).await?;
    let pid = window.pid()?;
    desk::appears(pid).await?;
    let placed = Frame {
        x: 310,
        y: 220,
        width: 777,
        height: 555,
    };
    desk::place(pid, placed).await?;
    until("the page is as large as it was made", async || {
        let script = "return [innerWidth, innerHeight, screenX > 300]";
        let now = window.script(script).await.ok()?;
        (now == json!([777, 555, true])).then_some(())
    })
    .await?;
    let before = desk::appears(pid).await?;
    desk::end(pid)?;
    window.ends().await?;

    let window = Window::open(&dir).await?;
    let pid = window.pid()?;
    until("the window is where it was", async || {
        (desk::frame_of(pid).await.ok()?? == before).then_some(())
    })
    .await?;
    window.close().await
}

/// A program for links that writes down what it was started with.
const BROWSER: &str = "#!/bin/sh
{ echo \"$1\"; env; } > \"$0.begun\"
mv \"$0.begun\" \"$0.said\"
";

#[tokio::test]
async fn a_link_is_opened_by_a_program_that_is_told_nothing_of_ours() -> Result<()> {
    const LINK: &str = "https://catalogue.example/sofas?size=3&colour=grey";
    let home = Home::open().await?;
    let applications = home.home.join("data/applications");
    fs::create_dir_all(&applications)?;
    let browser = applications.join("browser.sh");
    fs::write(&browser, BROWSER)?;
    fs::set_permissions(&browser, Permissions::from_mode(0o755))?;
    let entry = format!(
        "[Desktop Entry]\nType=Application\nName=Browser\nExec=\"{}\" %u\n\
         MimeType=x-scheme-handler/https;\n",
        browser.display()
    );
    fs::write(applications.join("browser.desktop"), entry)?;
    let usual = "[Default Applications]\nx-scheme-handler/https=browser.desktop\n";
    fs::write(applications.join("mimeapps.list"), usual)?;

    home.olga.write(&format!("Такой есть? {LINK}")).await?;
    let window = home.window(&[]).await?;
    window.click_on_text(testids::CHAT_ROW, OLGA).await?;
    window
        .find_css("[data-testid='entry'] a")
        .await?
        .click()
        .await?;
    let said = until("the link is opened", async || {
        fs::read_to_string(applications.join("browser.sh.said")).ok()
    })
    .await?;
    let (address, variables) = said.split_once('\n').context("Reading what was said")?;
    ensure!(address == LINK, "{address} was opened");
    for name in ["MALLOC_", "JSC_", "WEBKIT_DISABLE"] {
        ensure!(!variables.contains(name), "{name} was passed on");
    }
    window.close().await
}

#[tokio::test]
async fn the_window_goes_to_the_edge_of_the_screen_and_back() -> Result<()> {
    let scene = Scene::open().await?;
    let window = &scene.window;
    let pid = window.pid()?;
    desk::appears(pid).await?;
    opens_settings(window).await?;
    window.find(testids::DESKTOP_DOCKED).await?;
    // As it stands once it has been used: a window that has just appeared may still be put into its place.
    let before = desk::appears(pid).await?;
    window.click(testids::DESKTOP_DOCKED).await?;
    let screen = window
        .script("return [screen.availWidth, screen.availHeight]")
        .await?;
    let (width, height) = (screen[0].as_i64(), screen[1].as_i64());
    until("the window is at the edge", async || {
        let frame = desk::frame_of(pid).await.ok()??;
        let right = i64::from(frame.x + frame.width);
        let is_there = width?.abs_diff(right) < 8 && height?.abs_diff(frame.height.into()) < 60;
        (frame.width == 400 && is_there).then_some(())
    })
    .await?;
    window.fits().await?;
    // Where it was set lies far below now, where the driver does not click.
    let click = format!(
        "document.querySelector(\"[data-testid='{}']\").click()",
        testids::DESKTOP_DOCKED
    );
    window.script(&click).await?;
    let seen = Cell::new(None);
    until("the window is back", async || {
        seen.set(desk::frame_of(pid).await.ok()?);
        (seen.get()? == before).then_some(())
    })
    .await
    .with_context(|| format!("It was at {before:?} and is at {:?}", seen.get()))
}

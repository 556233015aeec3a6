//! The windows of the bench: the panel as it is shipped, a window with nothing in it, and a browser.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use pult_domain::ChatId;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::held::Chats;
use super::processes;
use super::screen::{Picture, Screen};
use crate::programs::{Program, path_of};
use crate::until::within;
use crate::window::{Window, own_envs};

/// The part of the panel's window in which the lists are, without the field above them; as shares of its
/// width and height.
const LISTS: [(f64, f64); 2] = [(0.07, 0.3), (0.14, 0.92)];

/// All of a page.
const PAGE: [(f64, f64); 2] = [(0.01, 0.99), (0.06, 0.99)];

/// How long a window is left alone before its memory, or its idle time, is looked at.
const REST: Duration = Duration::from_secs(30);

/// How long a pointer rests on what is about to be clicked.
const POINTED: Duration = Duration::from_millis(250);

/// How long somebody scrolls at most.
const SCROLL_LIMIT: Duration = Duration::from_secs(600);

/// Where the page lies that lives in memory; see `xtask`.
const CANNED_PAGE: &str = "PULT_CANNED_PAGE";

/// What opens windows and looks at them.
#[derive(Debug)]
pub struct Windows {
    screen: Screen,
    dir: PathBuf,
}

/// How a window looks once it stands still.
#[derive(Debug)]
pub struct Reference(Picture);

/// How a chat is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// By the pointer, which comes to rest on it before.
    Pointed,
    /// Out of nothing, as by a key.
    AtOnce,
}

/// What came of scrolling.
#[derive(Debug, Deserialize)]
pub struct Scrolled {
    /// Frames.
    pub n_frames: u64,
    /// Those of them that took more than 50 ms.
    pub n_slow: u64,
    /// The longest.
    pub longest_ms: f64,
    /// How long it took to the beginning.
    pub seconds: f64,
}

/// A running window, and where to look at it.
#[derive(Debug)]
pub struct Shown {
    program: Program,
    part: [(f64, f64); 2],
}

impl Windows {
    /// Opens the screen; what programs need for themselves goes below `dir`.
    ///
    /// # Errors
    /// When there is no screen.
    pub fn open(dir: &Path) -> Result<Self> {
        Ok(Self {
            screen: Screen::open()?,
            dir: dir.join("windows"),
        })
    }

    /// Starts the panel on a data folder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn panel(&self, data_dir: &Path, args: &[&str]) -> Result<Shown> {
        let mut command = Command::new(path_of("pult")?);
        command.args(args).envs(own_envs(data_dir));
        Self::start_program(&mut command, LISTS)
    }

    /// Starts a window with nothing but a word in it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn empty(&self) -> Result<Shown> {
        Self::start_program(&mut Command::new(path_of("empty_window")?), PAGE)
    }

    /// Starts Chromium without anything of a browser around the page.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn browser(&self, run: usize) -> Result<Shown> {
        let page = std::env::var(CANNED_PAGE).context("Finding the page that lives in memory")?;
        let profile = self.dir.join(format!("chromium-{run}"));
        let mut command = Command::new("chromium");
        command
            .arg(format!("--app=file://{page}/index.html"))
            .arg(format!("--user-data-dir={}", profile.display()))
            // The page's own files are all that it reads.
            .arg("--allow-file-access-from-files")
            .args(["--window-size=1080,720", "--no-first-run", "--no-sandbox"])
            // There is no such hardware here; without this it tries for seconds.
            .args(["--disable-gpu", "--password-store=basic"]);
        Self::start_program(&mut command, LISTS)
    }

    fn start_program(command: &mut Command, part: [(f64, f64); 2]) -> Result<Shown> {
        command.stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null());
        let program = Program::start(command)?;
        Ok(Shown { program, part })
    }

    /// Waits until a window stands still.
    ///
    /// # Errors
    /// When it does not.
    pub fn shown(&self, shown: Shown) -> Result<Shown> {
        block_in_place(|| self.screen.settled(shown.part[0], shown.part[1]))?;
        Ok(shown)
    }

    /// How a window looks once it stands still. It is ended then.
    ///
    /// # Errors
    /// When it does not stand still or end.
    pub async fn reference(&self, shown: Shown) -> Result<Reference> {
        let picture = block_in_place(|| self.screen.settled(shown.part[0], shown.part[1]))?;
        self.end(shown).await?;
        Ok(Reference(picture))
    }

    /// Starts a window; gives the milliseconds until it looks so, and ends it.
    ///
    /// # Errors
    /// When it never does.
    pub async fn start(
        &self,
        start: impl FnOnce() -> Result<Shown>,
        reference: &Reference,
    ) -> Result<f64> {
        let begun = Instant::now();
        let shown = start()?;
        let ms = block_in_place(|| self.screen.shows(&reference.0, begun))?;
        self.end(shown).await?;
        Ok(ms)
    }

    async fn end(&self, shown: Shown) -> Result<()> {
        shown.ends().await?;
        block_in_place(|| self.screen.is_empty())
    }

    /// Megabytes of a window with all of its processes, once it has been left alone for a while: what they
    /// throw away is taken away by and by. It is ended then.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn memory(&self, shown: Shown) -> Result<f64> {
        let shown = self.shown(shown)?;
        sleep(REST).await;
        let mb = processes::memory_mb(shown.program.id())?;
        self.end(shown).await?;
        Ok(mb)
    }

    /// Takes a window from the screen, as a click on its button does.
    ///
    /// # Errors
    /// When it stays.
    pub async fn minimises(&self, shown: &Shown) -> Result<()> {
        let pid = shown.program.id().as_raw_nonzero().to_string();
        let windows = said("wmctrl", &["-l", "-p"]).await?;
        let of_pid = |line: &&str| line.split_whitespace().nth(2) == Some(&pid);
        let window = windows.lines().find(of_pid);
        let window = window.and_then(|line| line.split_whitespace().next());
        let window = window.context("Finding the window")?;
        said("xdotool", &["windowminimize", window]).await?;
        block_in_place(|| self.screen.is_empty())
    }

    /// Seconds of processor time that each of these uses within so many.
    ///
    /// # Errors
    /// When one of them ends.
    pub async fn idle(&self, shown: [&Shown; 3], seconds: u64) -> Result<[f64; 3]> {
        let used = || -> Result<Vec<f64>> {
            let each = shown.iter();
            each.map(|one| processes::cpu_seconds(one.program.id()))
                .collect()
        };
        // What belongs to their start is over.
        sleep(REST).await;
        let before = used()?;
        sleep(Duration::from_secs(seconds)).await;
        let after = used()?;
        let mut each = [0.0; 3];
        for ((each, before), after) in each.iter_mut().zip(before).zip(after) {
            *each = after - before;
        }
        Ok(each)
    }

    /// Opens the panel to be driven.
    ///
    /// # Errors
    /// When it does not open.
    pub async fn driven(&self, data_dir: &Path) -> Result<Driven> {
        Ok(Driven(Window::open(data_dir).await?))
    }
}

impl Shown {
    /// Ends it with everything that it has started.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn ends(self) -> Result<()> {
        // In order where it knows how; the others are gone by that all the same.
        self.program.stop().await.map(drop)
    }
}

/// A panel's window in which chats are opened.
#[derive(Debug)]
pub struct Driven(Window);

impl Driven {
    /// Loads the page anew, so that nothing of a chat is left in it, and waits for the rows of both. The
    /// pointer is at neither.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn begins_anew(&self, chats: Chats) -> Result<()> {
        let driver = self.0.driver();
        self.points_at(PointerAction::MoveTo {
            duration: None,
            x: 0.0,
            y: 0.0,
        })
        .await?;
        driver.refresh().await.context("Loading the page anew")?;
        for chat in [chats.large, chats.small] {
            self.0.find_css(&row_of(chat)).await?;
        }
        // What the start has left to do is done by then.
        sleep(Duration::from_millis(500)).await;
        Ok(())
    }

    /// Opens a chat; gives the milliseconds from the click until its newest entry has been drawn.
    ///
    /// # Errors
    /// When it never is.
    pub async fn opens(&self, chat: ChatId, newest: u32, how: Opens) -> Result<f64> {
        const OPEN: &str = "const [row, entry, done] = arguments;
            const begun = performance.now();
            document.querySelector(row).click();
            const look = () => {
                if (document.querySelector(entry) === null) requestAnimationFrame(look);
                else requestAnimationFrame(() => {
                    const { port1, port2 } = new MessageChannel();
                    port1.onmessage = () => done(performance.now() - begun);
                    port2.postMessage(null);
                });
            };
            look();";
        let entry = format!(
            "[data-region='chat'][data-chat-id='{chat}'] [data-testid='entry'][data-place='{newest}']"
        );
        if how == Opens::Pointed {
            let row = self.0.find_css(&row_of(chat)).await?;
            self.points_at(PointerAction::MoveToElement {
                element: row,
                duration: None,
                x: 0.0,
                y: 0.0,
            })
            .await?;
            sleep(POINTED).await;
        }
        let arguments = vec![json!(row_of(chat)), json!(entry)];
        let took = self.0.driver().execute_async(OPEN, arguments).await;
        let took = took.context("Opening a chat")?;
        sleep(Duration::from_millis(100)).await;
        took.as_f64().context("Reading how long it took")
    }

    async fn points_at(&self, what: PointerAction) -> Result<()> {
        let pointer = MouseActions::new("mouse".to_owned()).then(what);
        let moved = self.0.driver().perform_actions(pointer).await;
        moved.context("Moving the pointer")
    }

    /// Scrolls up through a chat to its beginning, by the frame.
    ///
    /// # Errors
    /// When the beginning is not reached.
    pub async fn scrolls_up(&self, chat: ChatId) -> Result<Scrolled> {
        const SCROLL: &str = "const [chat] = arguments;
            const list = document.querySelector(chat + ' .history > *');
            const begun = performance.now();
            const found = { n_frames: 0, n_slow: 0, longest_ms: 0, seconds: 0 };
            let last = begun;
            const step = (now) => {
                const took = now - last;
                last = now;
                found.n_frames += 1;
                if (took > 50) found.n_slow += 1;
                found.longest_ms = Math.max(found.longest_ms, took);
                if (document.querySelector(chat + ' [data-place=\"1\"]') !== null) {
                    found.seconds = (now - begun) / 1000;
                    window.scrolled = found;
                    return;
                }
                list.scrollTop -= 400;
                requestAnimationFrame(step);
            };
            requestAnimationFrame((now) => { last = now; requestAnimationFrame(step); });";
        let region = format!("[data-region='chat'][data-chat-id='{chat}']");
        self.0.find_css(&row_of(chat)).await?.click().await?;
        self.0
            .find_css(&format!("{region} [data-testid='entry']"))
            .await?;
        let driver = self.0.driver();
        driver
            .execute(SCROLL, vec![json!(region)])
            .await
            .context("Scrolling")?;
        let scrolled = within(SCROLL_LIMIT, "the beginning of a chat", async || {
            sleep(Duration::from_millis(500)).await;
            let found = self.0.script("return window.scrolled ?? null").await.ok()?;
            (found != Value::Null).then_some(found)
        })
        .await?;
        serde_json::from_value(scrolled).context("Reading how it scrolled")
    }

    /// Closes the window.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn ends(self) -> Result<()> {
        self.0.close().await
    }
}

/// What a program says that succeeds.
async fn said(program: &str, args: &[&str]) -> Result<String> {
    let done = Command::new(program).args(args).output().await;
    let done = done.with_context(|| format!("Starting {program}"))?;
    ensure!(done.status.success(), "{program} {args:?} failed");
    String::from_utf8(done.stdout).with_context(|| format!("Reading what {program} said"))
}

fn row_of(chat: ChatId) -> String {
    format!("[data-testid='chat-row'][data-chat-id='{chat}']")
}

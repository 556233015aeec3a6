//! The real window, driven by `WebDriver`.
//!
//! The driver starts the window's program itself and hands it its own environment. Both are in one
//! process group that is killed in the end: a window left behind would hold up the next test.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::elements::Element;
use fantoccini::{Client as Driver, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::timeout;

use crate::display::Display;
use crate::programs::{Envs, Program, path_of};
use crate::until::until;

/// How long a window may take to open. When the program ends at its start, the driver never
/// answers.
const OPEN_LIMIT: Duration = Duration::from_secs(30);

/// Language and theme of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// `ru` or `en`.
    pub language: &'static str,
    /// `light` or `dark`.
    pub theme: &'static str,
}

/// How large the page's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextSize {
    /// As it is at first.
    Usual,
    /// As large as can be chosen: twice the usual.
    Largest,
}

impl fmt::Display for TextSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Usual => "usual",
            Self::Largest => "largest",
        })
    }
}

/// A panel's window.
#[derive(Debug)]
pub struct Window {
    driver: Driver,
    data_dir: PathBuf,
    program: Program,
}

impl Window {
    /// Opens the window on a data folder.
    ///
    /// # Errors
    /// When the program or the driver is not there, or the window does not open.
    pub async fn open(data_dir: &Path) -> Result<Self> {
        Self::open_with(data_dir, &own_envs(data_dir), &[]).await
    }

    /// Opens the window on a data folder and on a display of its own.
    ///
    /// # Errors
    /// When the program or the driver is not there, or the window does not open.
    pub async fn open_on(display: &Display, data_dir: &Path) -> Result<Self> {
        let mut envs = own_envs(data_dir);
        envs.insert("DISPLAY".to_owned(), display.name().to_owned());
        Self::open_with(data_dir, &envs, &[]).await
    }

    /// Opens it with an environment and arguments of one's own, which must lead to that folder.
    ///
    /// # Errors
    /// When the program or the driver is not there, or the window does not open.
    pub async fn open_with(data_dir: &Path, envs: &Envs, args: &[&str]) -> Result<Self> {
        let port = free_port().await?;
        let mut command = Command::new("WebKitWebDriver");
        command
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .envs(envs)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let program = Program::start(&mut command)?;
        until("WebKitWebDriver listens", async || {
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await?;
        let options = json!({ "binary": path_of("pult")?, "args": args });
        let capabilities = [("webkitgtk:browserOptions".to_owned(), options)]
            .into_iter()
            .collect();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let address = format!("http://127.0.0.1:{port}");
        let driver = timeout(OPEN_LIMIT, builder.connect(&address)).await;
        let driver = driver
            .context("The window does not open")?
            .context("Opening the window")?;
        let window = Self {
            driver,
            data_dir: data_dir.to_path_buf(),
            program,
        };
        until("the page is mounted", async || {
            let script = "return document.querySelector('[data-testid]') !== null";
            window.script(script).await.ok()?.as_bool()?.then_some(())
        })
        .await?;
        Ok(window)
    }

    /// Closes the window as a person does, which ends its program, and waits for that end.
    ///
    /// # Errors
    /// When the driver does not do it, or the program stays.
    pub async fn close(self) -> Result<()> {
        self.driver
            .clone()
            .close()
            .await
            .context("Closing the window")?;
        // The driver answers earlier.
        self.ends().await
    }

    /// Waits until its program has ended by itself.
    ///
    /// # Errors
    /// When it stays.
    pub async fn ends(self) -> Result<()> {
        // The folder is held as long as the program runs.
        until("the window's program ends", async || {
            let lock = File::open(self.data_dir.join("lock")).ok()?;
            lock.try_lock().ok()
        })
        .await
    }

    /// The id of the window's own program, which the driver has started.
    ///
    /// # Errors
    /// When it is not there.
    pub fn pid(&self) -> Result<u32> {
        let driver = self.program.id().as_raw_nonzero().get();
        let threads = std::fs::read_dir(format!("/proc/{driver}/task"));
        let is_window = |pid: &u32| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            name.is_ok_and(|name| name.trim() == "pult")
        };
        threads
            .context("Reading the driver's threads")?
            .flatten()
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok())
            .flat_map(|children| {
                let pids = children.split_whitespace().map(str::parse);
                pids.flatten().collect::<Vec<u32>>()
            })
            .find(is_window)
            .context("The window's program does not run")
    }

    /// Kills the window with everything that belongs to it, as a power cut does.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(self) -> Result<()> {
        self.program.kill().await?;
        // Its children are gone a moment later.
        until("the window's program is gone", async || {
            let lock = File::open(self.data_dir.join("lock")).ok()?;
            lock.try_lock().ok()
        })
        .await
    }

    /// Waits for the piece of the page with this test id.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn find(&self, id: &str) -> Result<Element> {
        self.find_css(&within_reach(id, "")).await
    }

    /// Waits for the piece of the page with this test id in this `data-state`.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn find_state(&self, id: &str, state: &str) -> Result<Element> {
        let state = format!("[data-state='{state}']");
        self.find_css(&within_reach(id, &state)).await
    }

    /// Waits for a piece of the page, by CSS.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn find_css(&self, css: &str) -> Result<Element> {
        until(css, async || self.driver.find(Locator::Css(css)).await.ok()).await
    }

    /// The first such piece by CSS, if there is one now.
    pub async fn find_css_now(&self, css: &str) -> Option<Element> {
        self.driver.find(Locator::Css(css)).await.ok()
    }

    /// Whether there is such a piece now.
    pub async fn has(&self, id: &str) -> bool {
        self.find_css_now(&within_reach(id, "")).await.is_some()
    }

    /// Waits until no such piece is there.
    ///
    /// # Errors
    /// When it stays.
    pub async fn is_gone(&self, id: &str) -> Result<()> {
        until(&format!("{id} goes"), async || {
            (!self.has(id).await).then_some(())
        })
        .await
    }

    /// Waits for a piece with this test id in which `text` stands.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn find_with_text(&self, id: &str, text: &str) -> Result<Element> {
        let css = within_reach(id, "");
        until(&format!("{id} with {text:?}"), async || {
            for element in self.driver.find_all(Locator::Css(&css)).await.ok()? {
                // A piece that has just gone is not the one. Rows of a virtual list are no text to
                // the driver, which takes what scrolls for hidden.
                let shown = element
                    .prop("textContent")
                    .await
                    .ok()
                    .flatten()
                    .unwrap_or_default();
                if shown.contains(text) {
                    return Some(element);
                }
            }
            None
        })
        .await
    }

    /// Clicks on the piece with this test id, once there is one that can be clicked on.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn click(&self, id: &str) -> Result<()> {
        until(&format!("a click on {id}"), async || {
            let element = self.find_css_now(&within_reach(id, "")).await;
            element?.click().await.ok()
        })
        .await
    }

    /// Clicks on the piece with this test id in which `text` stands.
    ///
    /// # Errors
    /// When that does not come about.
    pub async fn click_on_text(&self, id: &str, text: &str) -> Result<()> {
        let element = self.find_with_text(id, text).await?;
        element
            .click()
            .await
            .with_context(|| format!("Clicking on {id} with {text:?}"))
    }

    /// Types into the field with this test id, key by key.
    ///
    /// # Errors
    /// When there is no such field, or it takes no keys.
    pub async fn type_into(&self, id: &str, keys: &str) -> Result<()> {
        let field = self.find(id).await?;
        field
            .send_keys(keys)
            .await
            .with_context(|| format!("Typing into {id}"))
    }

    /// Empties the field with this test id.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn empty(&self, id: &str) -> Result<()> {
        self.find(id)
            .await?
            .clear()
            .await
            .with_context(|| format!("Emptying {id}"))
    }

    /// What stands in the field with this test id.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn value(&self, id: &str) -> Result<String> {
        let value = self.find(id).await?.prop("value").await;
        Ok(value
            .with_context(|| format!("Reading {id}"))?
            .unwrap_or_default())
    }

    /// Waits until exactly this stands in the field.
    ///
    /// # Errors
    /// When it does not.
    pub async fn has_value(&self, id: &str, value: &str) -> Result<()> {
        until(&format!("{value:?} in {id}"), async || {
            (self.value(id).await.ok()? == value).then_some(())
        })
        .await
    }

    /// The window's title.
    ///
    /// # Errors
    /// When the driver does not tell.
    pub async fn title(&self) -> Result<String> {
        self.driver.title().await.context("Reading the title")
    }

    /// The page's address.
    ///
    /// # Errors
    /// When the driver does not tell.
    pub async fn address(&self) -> Result<String> {
        Ok(self
            .driver
            .current_url()
            .await
            .context("Reading the address")?
            .to_string())
    }

    /// Runs a script in the page.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, script: &str) -> Result<Value> {
        self.driver
            .execute(script, Vec::new())
            .await
            .context("Running a script")
    }

    /// Chooses language and theme, as the page's settings do, and loads it again.
    ///
    /// # Errors
    /// When the page does not come back.
    pub async fn look(&self, look: Look) -> Result<()> {
        let script = "const [language, theme] = arguments;
            const kept = JSON.parse(localStorage.getItem('pult.settings') ?? '{}');
            localStorage.setItem('pult.settings', JSON.stringify({ ...kept, language, theme }));";
        let arguments = vec![json!(look.language), json!(look.theme)];
        self.driver
            .execute(script, arguments)
            .await
            .context("Choosing the look")?;
        self.driver
            .refresh()
            .await
            .context("Loading the page again")?;
        self.find_css(&format!("html[lang='{}'] [data-testid]", look.language))
            .await?;
        Ok(())
    }

    /// Takes it as read, from the next look on, where the sign-in token is kept: the session of the
    /// tests has no key store, and the hint of that would stand in every picture.
    ///
    /// # Errors
    /// When the page does not do it.
    pub async fn understands_key_store(&self) -> Result<()> {
        let script = "const kept = JSON.parse(localStorage.getItem('pult.settings') ?? '{}');
            localStorage.setItem(
                'pult.settings',
                JSON.stringify({ ...kept, isKeyStoreNoticeSeen: true }),
            );";
        self.script(script).await.map(drop)
    }

    /// Makes the window so large, and waits until the page is, and has heard of it.
    ///
    /// # Errors
    /// When it does not become so.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.driver
            .set_window_size(width, height)
            .await
            .context("Resizing the window")?;
        until(&format!("the page is {width} wide"), async || {
            let now = self
                .script("return window.innerWidth")
                .await
                .ok()?
                .as_u64()?;
            (now == u64::from(width)).then_some(())
        })
        .await?;
        // What depends on the width is told of it with the next frame.
        self.is_drawn().await
    }

    /// Makes the text so large by the keys for that, which change nothing else.
    ///
    /// # Errors
    /// When it does not become so.
    pub async fn set_text(&self, size: TextSize) -> Result<()> {
        let (code, root) = match size {
            TextSize::Usual => ("Digit0", "16px"),
            TextSize::Largest => ("Equal", "32px"),
        };
        let script = "const [code, root] = arguments;
            const press = { code, ctrlKey: true, bubbles: true, cancelable: true };
            const { activeElement, documentElement } = document;
            activeElement.dispatchEvent(new KeyboardEvent('keydown', press));
            return getComputedStyle(documentElement).fontSize === root;";
        until(&format!("the text is {size}"), async || {
            let arguments = vec![json!(code), json!(root)];
            let is_so = self.driver.execute(script, arguments).await.ok()?;
            is_so.as_bool()?.then_some(())
        })
        .await?;
        self.is_drawn().await
    }

    /// Takes a picture of the page.
    ///
    /// # Errors
    /// When it cannot be taken or written.
    pub async fn picture(&self, path: &Path) -> Result<()> {
        self.is_drawn().await?;
        let png = self.driver.screenshot().await.context("Taking a picture")?;
        let done = tokio::fs::write(path, png).await;
        done.with_context(|| format!("Writing {}", path.display()))
    }

    /// A picture of the page, or of the piece of it that `css` finds.
    ///
    /// # Errors
    /// When there is no such piece, or it cannot be taken.
    pub async fn picture_of(&self, css: Option<&str>) -> Result<Vec<u8>> {
        self.is_drawn().await?;
        self.script(FLICKER).await?;
        let png = match css {
            None => self.driver.screenshot().await,
            Some(css) => self.find_css(css).await?.screenshot().await,
        };
        self.script("window.flicker.cancel()").await?;
        png.context("Taking a picture")
    }

    /// Waits until everything that was to be drawn is: two frames.
    async fn is_drawn(&self) -> Result<()> {
        let drawn = "const done = arguments[0];
            requestAnimationFrame(() => requestAnimationFrame(() => done()));";
        self.driver
            .execute_async(drawn, Vec::new())
            .await
            .context("Waiting for a frame")?;
        Ok(())
    }

    /// Waits until nothing of the page, nor of what has opened on it, lies beyond the window at its
    /// sides.
    ///
    /// # Errors
    /// When the page stays wider than the window.
    pub async fn fits(&self) -> Result<()> {
        let script =
            "const beyond = [...document.querySelectorAll('[data-popover]')].flatMap((one) => {
                const { left, right } = one.getBoundingClientRect();
                return [-left, right - window.innerWidth];
            });
            const page = document.documentElement.scrollWidth - window.innerWidth;
            return Math.ceil(Math.max(page, ...beyond));";
        until("a page no wider than its window", async || {
            let beyond = self.script(script).await.ok()?.as_i64()?;
            (beyond <= 0).then_some(())
        })
        .await
    }

    /// The driver itself, for what has no method here.
    #[must_use]
    pub const fn driver(&self) -> &Driver {
        &self.driver
    }
}

/// Has the page draw something all the time that nobody sees. The driver takes a picture once something
/// has been drawn anew, and a page at rest is not.
const FLICKER: &str = "const dot = document.createElement('div');
    dot.style.cssText = 'position:fixed;left:0;top:0;width:1px;height:1px;opacity:0.004';
    document.documentElement.append(dot);
    const between = [{ backgroundColor: '#000' }, { backgroundColor: '#fff' }];
    window.flicker = dot.animate(between, { duration: 1000, iterations: Infinity });
    window.flicker.oncancel = () => dot.remove();";

/// The environment of a panel that has a folder for itself.
pub(crate) fn own_envs(data_dir: &Path) -> Envs {
    let data_dir = data_dir.to_string_lossy().into_owned();
    [
        ("PULT_NO_SINGLE_INSTANCE".to_owned(), "1".to_owned()),
        ("PULT_DATA_DIR".to_owned(), data_dir),
    ]
    .into()
}

/// The piece of the page with this test id, unless nobody can reach it: a conversation that has been
/// left stays until the next one is read, and goes from under whoever takes hold of it.
fn within_reach(id: &str, more: &str) -> String {
    format!("[data-testid='{id}']{more}:not([inert], [inert] *)")
}

async fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .context("Finding a free port")?;
    Ok(listener.local_addr().context("Reading a port")?.port())
}

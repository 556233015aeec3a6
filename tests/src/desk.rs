//! What surrounds a window: a session bus of a test's own, and the window as the display knows it.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use crate::programs::{Envs, Program};
use crate::until::until;

/// A session bus of a test's own, in place of the one that all tests share.
#[derive(Debug)]
pub struct Bus {
    /// Where it is.
    pub address: String,
    _program: Program,
}

impl Bus {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start() -> Result<Self> {
        let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("session/bus.conf");
        let mut command = Command::new("dbus-daemon");
        command
            .args(["--nofork", "--print-address=1", "--config-file"])
            .arg(configuration)
            .stderr(Stdio::null());
        let (program, address) = Program::hear(&mut command).await?;
        Ok(Self {
            address,
            _program: program,
        })
    }

    /// The environment of a panel on it that has `data_dir` for itself.
    #[must_use]
    pub fn envs(&self, data_dir: &Path) -> Envs {
        [
            ("PULT_NO_SINGLE_INSTANCE", "1"),
            ("PULT_DATA_DIR", &data_dir.to_string_lossy()),
            ("DBUS_SESSION_BUS_ADDRESS", &self.address),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// The environment of the usual panel of a user whose home is `home`, as it is started from a
    /// menu: one at a time.
    #[must_use]
    pub fn envs_of_usual(&self, home: &Path) -> Envs {
        [
            ("HOME", &*home.to_string_lossy()),
            ("XDG_DATA_HOME", &home.join("data").to_string_lossy()),
            ("XDG_CONFIG_HOME", &home.join(".config").to_string_lossy()),
            ("DBUS_SESSION_BUS_ADDRESS", &self.address),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}

/// A window as the window manager knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Its corner and its size.
    pub x: i32,
    /// See `x`.
    pub y: i32,
    /// See `x`.
    pub width: i32,
    /// See `x`.
    pub height: i32,
}

/// The window of a program that the window manager shows, with its place.
///
/// # Errors
/// When the display cannot be asked.
pub async fn frame_of(pid: u32) -> Result<Option<Frame>> {
    Ok(windows(pid).await?.first().map(|(_, frame)| *frame))
}

/// Waits until a program's window is there.
///
/// # Errors
/// When it does not come.
pub async fn appears(pid: u32) -> Result<Frame> {
    until("the window is there", async || {
        frame_of(pid).await.ok().flatten()
    })
    .await
}

/// Waits until a program's window is not there.
///
/// # Errors
/// When it stays.
pub async fn vanishes(pid: u32) -> Result<()> {
    until("the window is gone", async || {
        frame_of(pid).await.ok()?.is_none().then_some(())
    })
    .await
}

/// Closes a program's window as the button of its frame does.
///
/// # Errors
/// When there is none.
pub async fn close(pid: u32) -> Result<()> {
    let id = id_of(pid).await?;
    wmctrl(&["-i", "-c", &id]).await.map(drop)
}

/// Moves a program's window.
///
/// # Errors
/// When there is none.
pub async fn place(pid: u32, frame: Frame) -> Result<()> {
    let id = id_of(pid).await?;
    let Frame {
        x,
        y,
        width,
        height,
    } = frame;
    let place = format!("0,{x},{y},{width},{height}");
    wmctrl(&["-i", "-r", &id, "-e", &place]).await.map(drop)
}

/// Asks a program to end, as the system does when its user leaves.
///
/// # Errors
/// When it does not run.
pub fn end(pid: u32) -> Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.context("That is no program's id")?;
    kill_process(pid, Signal::TERM).context("Asking a program to end")
}

async fn id_of(pid: u32) -> Result<String> {
    let found = windows(pid).await?;
    let (id, _) = found
        .first()
        .with_context(|| format!("{pid} has no window"))?;
    Ok(id.clone())
}

async fn windows(pid: u32) -> Result<Vec<(String, Frame)>> {
    // Id, desktop, program, corner and size, host and title.
    let list = wmctrl(&["-l", "-p", "-G"]).await?;
    let windows = list.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let id = fields.next()?.to_owned();
        let mut numbers = fields.map(|field| field.parse::<i32>().ok());
        let (_, program) = (numbers.next()?, numbers.next()??);
        let frame = Frame {
            x: numbers.next()??,
            y: numbers.next()??,
            width: numbers.next()??,
            height: numbers.next()??,
        };
        (u32::try_from(program) == Ok(pid)).then_some((id, frame))
    });
    Ok(windows.collect())
}

async fn wmctrl(args: &[&str]) -> Result<String> {
    let output = Command::new("wmctrl").args(args).output().await;
    let output = output.context("Running wmctrl")?;
    ensure!(
        output.status.success(),
        "wmctrl {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).context("Reading what wmctrl said")
}

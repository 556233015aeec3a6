//! Spawned programs: found beside the running one, waited for, and ended with all that they
//! started.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::until::LIMIT;

/// How long a program may take to end in order.
const END_LIMIT: Duration = Duration::from_secs(15);

/// Names a folder with the programs, when they do not lie where cargo puts them.
const BIN_DIR: &str = "PULT_BIN_DIR";

/// Variables of a program's environment, beside those that it inherits.
pub type Envs = BTreeMap<String, String>;

/// A running program; it and everything that it started is killed when this goes.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    group: Pid,
}

/// The line with which a server says where it can be reached.
#[derive(Deserialize)]
struct Listening {
    listening: String,
}

impl Program {
    /// Starts a program in a process group of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("Starting {name}"))?;
        let id = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        let group = id.with_context(|| format!("{name} ended at once"))?;
        Ok(Self { name, child, group })
    }

    /// Starts a server with `envs` and waits until it says where it listens; its log goes to `log`.
    ///
    /// # Errors
    /// When it cannot be started, or ends or keeps silent instead of listening.
    pub async fn serve(
        name: &str,
        args: &[OsString],
        envs: &Envs,
        log: &Path,
    ) -> Result<(Self, String)> {
        let errors = File::options().create(true).append(true).open(log);
        let errors = errors.with_context(|| format!("Opening {}", log.display()))?;
        let mut command = Command::new(path_of(name)?);
        command.args(args).envs(envs).stderr(errors);
        let (program, first) = Self::hear(&mut command)
            .await
            .with_context(|| format!("{name} does not listen, see {}", log.display()))?;
        let listening: Listening = serde_json::from_str(&first)
            .with_context(|| format!("{name} said {first:?} instead of where it listens"))?;
        Ok((program, listening.listening))
    }

    /// Starts a program and waits for its first line.
    ///
    /// # Errors
    /// When it cannot be started, or ends or keeps silent instead.
    pub async fn hear(command: &mut Command) -> Result<(Self, String)> {
        let mut program = Self::start(command.stdout(Stdio::piped()))?;
        let output = program.child.stdout.take().context("Taking the output")?;
        let mut lines = BufReader::new(output).lines();
        let first = timeout(LIMIT, lines.next_line()).await;
        let first = first.with_context(|| format!("{} keeps silent", program.name))??;
        let first = first.with_context(|| format!("{} ended", program.name))?;
        // What else it says is of no interest, but must be read, or it would be held up.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok((program, first))
    }

    /// Its id in the system.
    #[must_use]
    pub const fn id(&self) -> Pid {
        self.group
    }

    /// Asks it to end and waits for that. It alone is asked: a web view whose helpers are ended
    /// while it starts them takes that for a crash.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(mut self) -> Result<ExitStatus> {
        kill_process(self.group, Signal::TERM).with_context(|| self.ending())?;
        let ended = timeout(END_LIMIT, self.child.wait()).await;
        ended
            .with_context(|| format!("{} does not end", self.name))?
            .with_context(|| self.ending())
    }

    /// Ends it as a power cut does.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn kill(mut self) -> Result<()> {
        kill_process_group(self.group, Signal::KILL).with_context(|| self.ending())?;
        self.child.wait().await.with_context(|| self.ending())?;
        Ok(())
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        self.child
            .wait()
            .await
            .with_context(|| format!("Waiting for {}", self.name))
    }

    fn ending(&self) -> String {
        format!("Ending {}", self.name)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // While it is not waited for, its group cannot be somebody else\'s. It may just have ended.
        if matches!(self.child.try_wait(), Ok(None)) {
            kill_process_group(self.group, Signal::KILL).unwrap_or_default();
        }
    }
}

/// Runs a program to its end with `input` and gives its output.
///
/// # Errors
/// When it cannot be run, or fails: then with what it said.
pub async fn run(name: &str, args: &[OsString], input: &str) -> Result<String> {
    let mut child = Command::new(path_of(name)?)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("Starting {name}"))?;
    let mut stdin = child.stdin.take().context("Taking the input")?;
    stdin
        .write_all(input.as_bytes())
        .await
        .with_context(|| format!("Writing to {name}"))?;
    drop(stdin);
    let output = timeout(LIMIT, child.wait_with_output()).await;
    let output = output.with_context(|| format!("{name} does not end"))??;
    ensure!(
        output.status.success(),
        "{name} failed ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).with_context(|| format!("Reading what {name} said"))
}

/// Where a program of the workspace lies: beside the running one, or where `PULT_BIN_DIR` says.
///
/// # Errors
/// When it is not there: it must be built first.
pub fn path_of(name: &str) -> Result<PathBuf> {
    let folder = match std::env::var_os(BIN_DIR) {
        Some(folder) => PathBuf::from(folder),
        None => {
            let own = std::env::current_exe().context("Finding the running program")?;
            // Tests lie one folder below what they test.
            let folder = own
                .ancestors()
                .skip(1)
                .find(|folder| !folder.ends_with("deps"));
            folder
                .context("Finding the folder of the programs")?
                .to_path_buf()
        }
    };
    let path = folder
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION);
    if !path.is_file() {
        bail!(
            "{} is not built: cargo build --workspace --bins",
            path.display()
        );
    }
    Ok(path)
}

/// Arguments of several kinds in one list.
#[must_use]
pub fn args<const N: usize>(args: [&dyn AsRef<OsStr>; N]) -> Vec<OsString> {
    args.iter()
        .map(|arg| (*arg).as_ref().to_os_string())
        .collect()
}

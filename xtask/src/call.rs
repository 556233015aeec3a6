//! Calling another program: shown before it runs, named when it fails, ended when we are asked to.
//!
//! A call runs in one of two ways. [`Call::run`] shares our terminal: builds show their progress,
//! `sudo` can ask for a password, and Ctrl-C reaches the program by itself. [`Call::run_apart`] has a
//! process group of its own, for programs that start others: whatever is left of the group when the
//! program has ended is ended too, so that nothing outlives us.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::interrupt::{self, Interrupted, Request};

/// How often a running program is looked at.
const GLANCE: Duration = Duration::from_millis(25);

/// How long a program that was asked to end may take before it is ended.
const PATIENCE: Duration = Duration::from_secs(15);

/// One call of a program. Shown as the line that repeats it from where we stand.
#[derive(Clone)]
pub(crate) struct Call {
    program: OsString,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    /// Set but not shown: the private session's, which a prefix of the shown line stands for.
    hidden_envs: Vec<(OsString, OsString)>,
    absent_envs: Vec<&'static str>,
    prefix: &'static str,
}

/// A call of cargo, the same one that runs us.
pub(crate) fn cargo<const N: usize>(args: [&str; N]) -> Call {
    Call::new("cargo").args(args)
}

/// A call of npm.
pub(crate) fn npm<const N: usize>(args: [&str; N]) -> Call {
    Call::new("npm").args(args)
}

impl Call {
    /// A call of `program`, found in `PATH` or by its path.
    pub(crate) fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            envs: Vec::new(),
            folder: None,
            hidden_envs: Vec::new(),
            absent_envs: Vec::new(),
            prefix: "",
        }
    }

    /// Adds arguments.
    #[must_use]
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.envs.push((name.into(), value.into()));
        self
    }

    /// Runs in `folder`.
    #[must_use]
    pub(crate) fn within(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The program and its arguments, for a call that goes through another program.
    pub(crate) fn words(&self) -> impl Iterator<Item = &OsStr> {
        std::iter::once(&self.program)
            .chain(&self.args)
            .map(OsString::as_os_str)
    }

    /// Runs with `envs` set and `absent` unset, for which `prefix` stands in the shown line.
    #[must_use]
    pub(crate) fn surrounded(
        mut self,
        prefix: &'static str,
        envs: &[(OsString, OsString)],
        absent: &[&'static str],
    ) -> Self {
        self.prefix = prefix;
        self.hidden_envs.extend_from_slice(envs);
        self.absent_envs.extend_from_slice(absent);
        self
    }

    /// Shows the line, runs the program in our terminal, and fails if it fails.
    pub(crate) fn run(&self) -> Result<()> {
        println!("    $ {self}");
        let mut child = self.spawn(&mut self.command())?;
        let mut asked = false;
        let status = loop {
            if let Some(status) = child.try_wait().context("Waiting for a program")? {
                break status;
            }
            if let Some(request) = interrupt::take() {
                asked = true;
                // Ctrl-C has reached it already, being in the same foreground group.
                if request == Request::Terminate {
                    group::terminate(&child);
                }
            }
            sleep(GLANCE);
        };
        self.judge(status, asked || interrupt::take().is_some())
    }

    /// Like [`Call::run`], in a process group of its own, of which nothing is left afterwards.
    pub(crate) fn run_apart(&self) -> Result<()> {
        println!("    $ {self}");
        let mut command = self.command();
        command.stdin(Stdio::null());
        group::own(&mut command);
        let mut child = self.spawn(&mut command)?;
        let mut asked_at: Option<Instant> = None;
        let status = loop {
            if let Some(status) = child.try_wait().context("Waiting for a program")? {
                break status;
            }
            if let Some(request) = interrupt::take() {
                if asked_at.is_some() {
                    group::kill_all(&mut child);
                } else {
                    group::ask_all(&child, request);
                    asked_at = Some(Instant::now());
                }
            }
            if asked_at.is_some_and(|at| at.elapsed() > PATIENCE) {
                group::kill_all(&mut child);
            }
            sleep(GLANCE);
        };
        group::kill_all(&mut child);
        self.judge(status, asked_at.is_some())
    }

    /// Runs the program unseen and answers what it printed.
    pub(crate) fn output(&self) -> Result<String> {
        let output = self
            .command()
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("Starting `{self}`"))?;
        self.judge(output.status, false)?;
        String::from_utf8(output.stdout).with_context(|| format!("Reading what `{self}` printed"))
    }

    /// Whether the program starts and succeeds. For questions such as `pkg-config --exists`.
    pub(crate) fn succeeds(&self) -> bool {
        self.command()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Starts the program beside us, away from Ctrl-C, with its output read by the caller.
    pub(crate) fn start_apart(&self, errors: Stdio) -> Result<Child> {
        let mut command = self.command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors);
        group::own(&mut command);
        self.spawn(&mut command)
    }

    fn spawn(&self, command: &mut Command) -> Result<Child> {
        // Asked to end while nothing ran: then nothing more begins.
        if interrupt::take().is_some() {
            bail!(Interrupted);
        }
        command
            .spawn()
            .with_context(|| format!("Starting `{self}`"))
    }

    fn judge(&self, status: ExitStatus, asked: bool) -> Result<()> {
        if asked {
            bail!(Interrupted);
        }
        if !status.success() {
            bail!("this failed ({status}); to see it alone:\n    {self}");
        }
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(real_program(&self.program));
        // `cargo run` describes us in the environment. A build script that watches these variables
        // would run again each time somebody changes between cargo and cargo xtask.
        for (name, _) in std::env::vars_os() {
            let shown = name.to_string_lossy();
            if shown.starts_with("CARGO_PKG_") || shown.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        for name in &self.absent_envs {
            command.env_remove(name);
        }
        let envs = self
            .envs
            .iter()
            .chain(&self.hidden_envs)
            .map(|(name, value)| (name, value));
        command.args(&self.args).envs(envs);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }
}

/// Ends a program that [`Call::start_apart`] started, and whatever it started.
pub(crate) fn end(child: &mut Child) {
    group::ask_all(child, Request::Terminate);
    let asked_at = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && asked_at.elapsed() < PATIENCE {
        sleep(GLANCE);
    }
    group::kill_all(child);
}

/// Whether `PATH` has `program`.
pub(crate) fn is_in_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

/// What to start for a name as one types it.
fn real_program(name: &OsStr) -> OsString {
    if name == "cargo" {
        return std::env::var_os("CARGO").unwrap_or_else(|| name.to_owned());
    }
    if cfg!(windows) && name == "npm" {
        return "npm.cmd".into();
    }
    name.to_owned()
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = std::env::current_dir().unwrap_or_default();
        let short = |text: &OsStr| {
            let path = Path::new(text);
            quoted(path.strip_prefix(&here).unwrap_or(path).as_os_str())
        };
        if let Some(folder) = self.folder.as_deref().filter(|folder| **folder != here) {
            write!(f, "cd {} && ", short(folder.as_os_str()))?;
        }
        f.write_str(self.prefix)?;
        for (name, value) in &self.envs {
            write!(f, "{}={} ", name.to_string_lossy(), quoted(value))?;
        }
        f.write_str(&short(&self.program))?;
        for arg in &self.args {
            write!(f, " {}", quoted(arg))?;
        }
        Ok(())
    }
}

/// `text` as a shell takes it for one word.
pub(crate) fn quoted(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "-_./=:@,+%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(unix)]
mod group {
    //! Process groups, by which everything that a program has started can be reached.

    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use rustix::process::{Pid, Signal, kill_process, kill_process_group};

    use crate::interrupt::Request;

    pub(super) fn own(command: &mut Command) {
        command.process_group(0);
    }

    pub(super) fn terminate(child: &Child) {
        if let Some(pid) = pid(child) {
            // It may just have ended, which is what is wanted.
            kill_process(pid, Signal::TERM).ok();
        }
    }

    pub(super) fn ask_all(child: &Child, request: Request) {
        signal(
            child,
            match request {
                Request::Interrupt => Signal::INT,
                Request::Terminate => Signal::TERM,
            },
        );
    }

    pub(super) fn kill_all(child: &mut Child) {
        signal(child, Signal::KILL);
        child.wait().ok();
    }

    fn signal(child: &Child, signal: Signal) {
        if let Some(group) = pid(child) {
            // An empty group answers that it does not exist, which is what is wanted.
            kill_process_group(group, signal).ok();
        }
    }

    fn pid(child: &Child) -> Option<Pid> {
        i32::try_from(child.id()).ok().and_then(Pid::from_raw)
    }
}

#[cfg(not(unix))]
mod group {
    //! Without process groups a console's Ctrl-C reaches everything by itself.

    use std::process::{Child, Command};

    use crate::interrupt::Request;

    pub(super) fn own(_: &mut Command) {}

    pub(super) fn terminate(_: &Child) {}

    pub(super) fn ask_all(_: &Child, _: Request) {}

    pub(super) fn kill_all(child: &mut Child) {
        child.kill().ok();
        child.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_shown_as_the_line_that_repeats_it() {
        let call = Call::new("cargo")
            .args(["doc", "--workspace"])
            .env("RUSTDOCFLAGS", "-D warnings")
            .within("ui");
        assert_eq!(
            call.to_string(),
            "cd ui && RUSTDOCFLAGS='-D warnings' cargo doc --workspace"
        );
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("a b".as_ref()), "'a b'");
        assert_eq!(quoted("it's".as_ref()), r"'it'\''s'");
        assert_eq!(quoted("pkgconfig(x)".as_ref()), "'pkgconfig(x)'");
        assert_eq!(quoted("".as_ref()), "''");
    }

    #[test]
    fn what_is_not_in_path_is_not_found() {
        assert!(!is_in_path("no-such-program-anywhere"));
    }
}

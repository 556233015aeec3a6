//! The real program, in a process of its own.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;
use std::process::Stdio;

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::kit::soon;

/// What a program that has ended left.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// That the program was done with what it had to do; returns its answer.
    #[track_caller]
    pub(crate) fn succeeded(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// That it ended with one line of error that holds all these words.
    #[track_caller]
    pub(crate) fn failed_with(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.stdout, "");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        let errors: Vec<&str> = self
            .stderr
            .lines()
            .filter(|line| !line.contains(" INFO "))
            .collect();
        assert_eq!(errors.len(), 1, "{self:?}");
        for word in words {
            assert!(errors[0].contains(word), "{word:?} is not in {errors:?}");
        }
    }
}

/// The program with nothing of this process's environment.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pult-backend"));
    command.env_clear().env("PULT_DATA", folder);
    // Without it Windows finds not even its network.
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
    command.kill_on_drop(true);
    command
}

/// Runs the program to its end.
pub(crate) async fn run(folder: &Path, args: &[&str], env: &[(&str, &str)], stdin: &str) -> Ended {
    let mut command = program(folder);
    command.args(args).envs(env.iter().copied());
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // Not every command reads it.
    drop(input.write_all(stdin.as_bytes()).await);
    drop(input);
    let output = soon("the program ends", child.wait_with_output())
        .await
        .unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The program while it serves.
pub(crate) struct Program {
    pub(crate) address: SocketAddr,
    /// The line with which it said so.
    pub(crate) told: Value,
    child: Child,
    #[cfg(unix)]
    log: PathBuf,
}

impl Program {
    pub(crate) async fn serve(folder: &Path) -> Self {
        Self::serve_with(folder, &[], &[]).await
    }

    /// Serves with these arguments more, and this in its environment.
    pub(crate) async fn serve_with(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut program = program(folder);
        program.envs(env.iter().copied());
        Self::spawn(program, folder, args).await
    }

    /// Serves where no file can grow beyond so many blocks of 512 bytes, as on a full disk, until
    /// there is room.
    #[cfg(unix)]
    pub(crate) async fn serve_without_room(folder: &Path, n_blocks: u32) -> Self {
        let program = program(folder);
        let mut shell = Command::new("/bin/sh");
        // A program that ignores the signal is told by the write that failed.
        let script = format!("trap '' XFSZ; ulimit -S -f {n_blocks}; exec \"$0\" \"$@\"");
        shell
            .arg("-c")
            .arg(script)
            .arg(program.as_std().get_program());
        shell
            .env_clear()
            .env("PULT_DATA", folder)
            .kill_on_drop(true);
        Self::spawn(shell, folder, &[]).await
    }

    async fn spawn(mut command: Command, folder: &Path, args: &[&str]) -> Self {
        let log = folder.join("stderr.log");
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = soon("the program serves", lines.next_line()).await.unwrap();
        let line = line.unwrap_or_else(|| panic!("{}", std::fs::read_to_string(&log).unwrap()));
        let told: Value = serde_json::from_str(&line).unwrap();
        let address = told["listening"].as_str().unwrap();
        let address = address.strip_prefix("http://").unwrap().parse().unwrap();
        Self {
            address,
            told,
            child,
            #[cfg(unix)]
            log,
        }
    }

    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        kill_process(self.pid(), Signal::TERM).unwrap();
    }

    /// Lets nothing be written beyond so many bytes of a file, or lets it again. The program must
    /// have been started by [`Self::serve_without_room`].
    #[cfg(target_os = "linux")]
    pub(crate) fn limit_files(&self, n_bytes: Option<u64>) {
        use rustix::process::{Resource, Rlimit, prlimit};
        let limit = Rlimit {
            current: n_bytes,
            maximum: None,
        };
        prlimit(Some(self.pid()), Resource::Fsize, limit).unwrap();
    }

    #[cfg(unix)]
    fn pid(&self) -> Pid {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        Pid::from_raw(id).unwrap()
    }

    /// The most memory that it has held at any time.
    #[cfg(target_os = "linux")]
    pub(crate) fn peak_memory_mib(&self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id().unwrap());
        let status = std::fs::read_to_string(status).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.unwrap().trim().trim_end_matches(" kB");
        kib.parse::<u64>().unwrap() / 1024
    }

    /// Ends it as a power cut would.
    pub(crate) async fn kill(mut self) {
        soon("the program is dead", self.child.kill())
            .await
            .unwrap();
    }

    #[cfg(unix)]
    pub(crate) async fn ends(mut self) -> Ended {
        let status = soon("the program ends", self.child.wait()).await.unwrap();
        Ended {
            code: status.code(),
            stdout: String::new(),
            stderr: std::fs::read_to_string(&self.log).unwrap(),
        }
    }
}

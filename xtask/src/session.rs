//! The private session of the window tests: own home, own virtual display, own session bus.
//!
//! Nothing of the user's desktop is seen or touched, and two sessions do not see each other. The
//! display and the bus are started here rather than by `xvfb-run` and `dbus-run-session`: those end
//! at once on Ctrl-C, before the programs inside have ended in order, and `xvfb-run` guesses a display
//! number where the server itself can choose one that is free.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::call::{self, Call};
use crate::house::House;

/// What must not shine through from the desktop on which this runs.
const ABSENT: &[&str] = &["WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP"];

/// A session; its programs are ended and its folder removed when it goes.
pub(crate) struct Session {
    envs: Vec<(OsString, OsString)>,
    // Ended in this order, the folder last.
    _manager: Ended,
    _bus: Ended,
    _display: Ended,
    _folder: TempDir,
}

/// A program that is ended when this goes.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        call::end(&mut self.0);
    }
}

impl Session {
    /// Opens a session.
    pub(crate) fn open(house: &House) -> Result<Self> {
        if !cfg!(target_os = "linux") {
            bail!("a private session needs the virtual display of Linux");
        }
        let folder = tempfile::Builder::new()
            .prefix("pult-")
            .tempdir()
            .context("Making a folder")?;
        let mut envs = home(folder.path())?;
        let log = folder.path().join("session.log");
        let log = || -> Result<Stdio> {
            let file = File::options().create(true).append(true).open(&log);
            Ok(file.context("Opening the session's log")?.into())
        };

        let cookie = folder.path().join("Xauthority");
        fs::write(&cookie, authority()?).context("Writing the display's cookie")?;
        let (display, number) = start(
            &Call::new("Xvfb")
                .args("-displayfd 1 -screen 0 1400x900x24 -nolisten tcp".split(' '))
                // Without it the server starts over whenever its last window goes, and a window that
                // opens in that moment dies.
                .args(["-noreset", "-auth"])
                .args([&cookie]),
            log()?,
        )?;
        envs.push(("DISPLAY".into(), format!(":{number}").into()));
        envs.push(("XAUTHORITY".into(), cookie.into()));

        let configuration = house.path("tests/session/bus.conf");
        let (bus, address) = start(
            &Call::new("dbus-daemon")
                .args(["--nofork", "--print-address=1", "--config-file"])
                .args([configuration])
                .surrounded("", &envs, ABSENT),
            log()?,
        )?;
        envs.push(("DBUS_SESSION_BUS_ADDRESS".into(), address.into()));

        // It says nothing by itself once it manages windows, but starts a command then.
        let (manager, _) = start(
            &Call::new("openbox")
                .args(["--sm-disable", "--startup", "echo ready"])
                .surrounded("", &envs, ABSENT),
            log()?,
        )?;
        Ok(Self {
            envs,
            _manager: manager,
            _bus: bus,
            _display: display,
            _folder: folder,
        })
    }

    /// Runs `call` inside, and ends whatever it leaves behind.
    pub(crate) fn run(&self, call: &Call) -> Result<()> {
        call.clone()
            .surrounded("cargo xtask session ", &self.envs, ABSENT)
            .run_apart()
    }
}

/// Starts a program that says in its first line that, and where, it can be reached.
fn start(call: &Call, errors: Stdio) -> Result<(Ended, String)> {
    let mut child = call.start_apart(errors)?;
    let output = child.stdout.take();
    let program = Ended(child);
    let mut line = String::new();
    if let Some(output) = output {
        BufReader::new(output)
            .read_line(&mut line)
            .context("Reading where a program is")?;
    }
    let line = line.trim();
    if line.is_empty() {
        bail!("this ended at once; to see why:\n    {call}");
    }
    Ok((program, line.to_owned()))
}

/// An empty home in `folder`, and the variables that point into it.
fn home(folder: &Path) -> Result<Vec<(OsString, OsString)>> {
    let home = folder.join("home");
    // Cargo and rustup stay the user's: building again what is built would prove nothing.
    let keep = |name: &str, default: &str| -> Option<(OsString, OsString)> {
        let path = env::var_os(name).map(PathBuf::from);
        Some((
            name.into(),
            path.or_else(|| Some(env::home_dir()?.join(default)))?
                .into(),
        ))
    };
    let mut envs: Vec<_> = [keep("CARGO_HOME", ".cargo"), keep("RUSTUP_HOME", ".rustup")]
        .into_iter()
        .flatten()
        .collect();
    let folders = [
        ("HOME", home.clone()),
        ("XDG_CONFIG_HOME", home.join(".config")),
        ("XDG_DATA_HOME", home.join(".local/share")),
        ("XDG_STATE_HOME", home.join(".local/state")),
        ("XDG_CACHE_HOME", home.join(".cache")),
        ("TMPDIR", folder.join("tmp")),
    ];
    for (name, path) in folders {
        fs::create_dir_all(&path).with_context(|| format!("Making {}", path.display()))?;
        envs.push((name.into(), path.into()));
    }
    // The one folder that must be closed to others by its own mode, as temporary ones are.
    let run = tempfile::Builder::new()
        .prefix("run-")
        .tempdir_in(folder)
        .context("Making a folder")?;
    envs.push(("XDG_RUNTIME_DIR".into(), run.keep().into()));
    for (name, value) in [
        ("GDK_BACKEND", "x11"),
        ("NO_AT_BRIDGE", "1"),
        ("LANG", "C.UTF-8"),
    ] {
        envs.push((name.into(), value.into()));
    }
    Ok(envs)
}

/// An Xauthority file with a fresh cookie, for any host and any display number: the number is chosen
/// after the server has read this.
fn authority() -> Result<Vec<u8>> {
    const NAME: &[u8] = b"MIT-MAGIC-COOKIE-1";
    let mut cookie = [0; 16];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut cookie))
        .context("Drawing a cookie")?;
    // Family "wild", then address, number, name and data, each after its length.
    let mut file = vec![0xff, 0xff];
    for part in [&[], &[], NAME, &cookie] {
        file.extend(
            u16::try_from(part.len())
                .context("Measuring a cookie")?
                .to_be_bytes(),
        );
        file.extend(part);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_folders_of_its_own_and_keeps_cargo() {
        let folder = tempfile::tempdir().unwrap();
        let envs = home(folder.path()).unwrap();
        let value = |name: &str| {
            envs.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| PathBuf::from(value))
                .unwrap()
        };
        for name in ["HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "TMPDIR"] {
            assert!(
                value(name).starts_with(folder.path()) && value(name).is_dir(),
                "{name}"
            );
        }
        assert!(!value("CARGO_HOME").starts_with(folder.path()));
    }

    #[cfg(unix)]
    #[test]
    fn a_cookie_is_fresh_each_time_and_for_any_display() {
        let (one, other) = (authority().unwrap(), authority().unwrap());
        assert_eq!(one.len(), 2 + 4 * 2 + 18 + 16);
        assert_eq!(one[..28], other[..28]);
        assert_ne!(one, other);
    }
}

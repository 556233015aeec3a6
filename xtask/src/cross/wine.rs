//! Tests as programs of Windows, run by Wine in a session and a Windows of their own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::call::Call;
use crate::house::House;
use crate::session::Session;
use crate::setup;

use super::toolchain::Toolchain;
use super::{WINDOWS, windows};

/// Builds and runs every test that needs no window.
pub(super) fn test(house: &House) -> Result<()> {
    windows(house)?;
    let toolchain = Toolchain::find(house)?;
    let wine = Wine::start(house)?;
    // Beside the programs lies what the panel's needs to start, and tests are not programs.
    let programs = house.target("cross/build").join(WINDOWS).join("debug");
    wine.run(
        &toolchain
            .cargo(house, "test", WINDOWS)
            .args(["--lib", "--bins", "--tests"])
            .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", wine.program)
            .env("WINEPATH", windows_path(&programs))
            // Snapshots would ask cargo for it, which is no program of Windows.
            .env("INSTA_WORKSPACE_ROOT", house.path("")),
    )
}

/// What a path is called in Wine, where `Z:` is all of this system.
fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}

/// A Windows of our own, on a display of our own: without one Wine's programs run, but whoever opens a
/// window afterwards finds none.
struct Wine {
    program: &'static str,
    server: &'static str,
    drive: PathBuf,
    session: Session,
}

impl Wine {
    /// Makes it if it is not there.
    fn start(house: &House) -> Result<Self> {
        let (program, server) = setup::wine().context("Wine was there a moment ago")?;
        let wine = Self {
            program,
            server,
            drive: house.target("cross/wine"),
            session: Session::open(house)?,
        };
        let made = wine.drive.join(".made");
        if !made.is_file() {
            fs::create_dir_all(&wine.drive)
                .with_context(|| format!("Making {}", wine.drive.display()))?;
            wine.run(&Call::new(program).args(["wineboot", "--init"]))?;
            random_source(house, &wine.drive)?;
            fs::write(&made, "").with_context(|| format!("Writing {}", made.display()))?;
        }
        Ok(wine)
    }

    fn run(&self, call: &Call) -> Result<()> {
        let call = call
            .clone()
            .env("WINEPREFIX", self.drive.as_os_str())
            .env("WINEARCH", "win64")
            .env("WINEDEBUG", "-all")
            // Neither .NET nor Wine's own browser, which would ask to be downloaded.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=");
        self.session.run(&call)
    }
}

/// What keeps its programs going leaves our process group, so it is asked to end.
impl Drop for Wine {
    fn drop(&mut self) {
        Call::new(self.server)
            .args(["--kill"])
            .env("WINEPREFIX", self.drive.as_os_str())
            .succeeds();
    }
}

/// Where Rust's programs have their randomness from since Windows 10. Wine has it from version 8.4 on;
/// without it they end before they have begun.
fn random_source(house: &House, drive: &Path) -> Result<()> {
    let library = drive.join("drive_c/windows/system32/bcryptprimitives.dll");
    if library.is_file() {
        return Ok(());
    }
    Call::new("x86_64-w64-mingw32-gcc")
        .args(["-O2", "-shared", "-o"])
        .args([library, house.path("xtask/src/cross/bcryptprimitives.c")])
        .args(["-ladvapi32"])
        .run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_called_as_windows_does() {
        assert_eq!(windows_path(Path::new("/a b/c")), r"Z:\a b\c");
    }
}

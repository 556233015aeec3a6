//! How the page is drawn.
//!
//! `WebKitGTK` draws by the graphics hardware and, where there is none, by a program that plays one. The
//! panel is slow then (frames of 100 ms while one scrolls) and takes some 60 MB more than if the page is
//! drawn without such hardware from the outset: so it is in virtual machines and on remote desktops.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::{env, io};

/// What `WebKitGTK` is told by.
const WITHOUT_HARDWARE: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Where the system has what draws.
const DEVICES: &str = "/dev/dri";

/// Begins this program anew in its place, told to draw without graphics hardware, if there is none and
/// whoever has started it has not chosen. Returns in all other cases.
pub(crate) fn choose() {
    if env::var_os(WITHOUT_HARDWARE).is_some() || has_hardware(Path::new(DEVICES)) {
        return;
    }
    let error = begin_anew();
    // Nothing is lost but speed. There is no log yet.
    drop(error);
}

/// Whether there is a device that draws, and not only one that shows.
fn has_hardware(devices: &Path) -> bool {
    let Ok(devices) = devices.read_dir() else {
        return false;
    };
    devices
        .flatten()
        .any(|device| device.file_name().to_string_lossy().starts_with("renderD"))
}

/// Returns only if that was not possible.
fn begin_anew() -> io::Error {
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let mut arguments = env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command.args(arguments).env(WITHOUT_HARDWARE, "1").exec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_only_shows_does_not_draw() {
        let devices = tempfile::tempdir().unwrap();
        assert!(!has_hardware(&devices.path().join("missing")));
        std::fs::write(devices.path().join("card0"), "").unwrap();
        assert!(!has_hardware(devices.path()));
        std::fs::write(devices.path().join("renderD128"), "").unwrap();
        assert!(has_hardware(devices.path()));
    }
}

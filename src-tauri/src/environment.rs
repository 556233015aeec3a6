//! What `WebKitGTK` and the C library are told by the environment. They read it when a program begins, so
//! the panel begins anew in its own place where something is missing.
//!
//! `WebKitGTK` draws by the graphics hardware and, where there is none, by a program that plays one. The
//! panel is slow then (frames of 100 ms while one scrolls) and takes some 60 MB more than if the page is
//! drawn without such hardware from the outset: so it is in virtual machines and on remote desktops.
//!
//! What the threads of a program ask of the C library lies in pools, up to eight for each processor, and
//! each keeps what was once used. The panel's threads ask for little at a time: two pools are enough, and
//! take some 5 MB less. What is asked for in pieces of 128 KiB and more goes back to the system when it is
//! done with; by itself the library raises that limit with each such piece, up to 32 MiB. Another 8 MB.
//!
//! The page's engine mostly looks through what is new alone for what it can throw away, and lets the rest
//! grow to four times of what is in use; what that has taken is scattered and does not come back. In its
//! small mode it looks through everything each time: as seldom, that takes 10 MB less. It would also
//! compile what runs often a second and a third time, for speed that a page of this kind does not show, and
//! keeps 11 MB for it. (`JavaScriptCore`'s options, in its `runtime/OptionsList.h`; a version that does not
//! know one says so and goes on.)

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::{env, io};

/// Where the system has what draws.
const DEVICES: &str = "/dev/dri";

/// What saves memory, in bytes where it is a size. The engine looks for the first time when it holds 16 MiB,
/// which a start does not reach, and again at that or twice of what was in use then.
const SPARING: [(&str, &str); 7] = [
    ("MALLOC_ARENA_MAX", "2"),
    ("MALLOC_MMAP_THRESHOLD_", "131072"),
    ("MALLOC_TRIM_THRESHOLD_", "131072"),
    ("JSC_forceMiniVMMode", "1"),
    ("JSC_miniVMHeapGrowthFactor", "2"),
    ("JSC_smallHeapSize", "16777216"),
    ("JSC_useDFGJIT", "0"),
];

/// What draws the page without graphics hardware.
const WITHOUT_HARDWARE: (&str, &str) = ("WEBKIT_DISABLE_DMABUF_RENDERER", "1");

/// What of all that this program may have been told is not for the programs that it starts: a browser is
/// quick by other means. Variables that somebody else has set to something else are theirs.
pub(crate) fn own() -> impl Iterator<Item = &'static str> {
    let all = SPARING.into_iter().chain([WITHOUT_HARDWARE]);
    all.filter(|(name, value)| env::var_os(name).is_some_and(|now| now == *value))
        .map(|(name, _)| name)
}

/// Begins this program anew in its place if it is to be told something that whoever has started it has
/// not chosen. Returns in all other cases.
pub(crate) fn choose() {
    let is_chosen = |name: &str| env::var_os(name).is_some();
    let missing = missing(is_chosen, has_hardware(Path::new(DEVICES)));
    if !missing.is_empty() {
        let error = begin_anew(&missing);
        // Nothing is lost but speed and memory. There is no log yet.
        drop(error);
    }
}

/// What is to be said and was not yet.
fn missing(
    is_chosen: impl Fn(&str) -> bool,
    has_hardware: bool,
) -> Vec<(&'static str, &'static str)> {
    let drawing = (!has_hardware).then_some(WITHOUT_HARDWARE);
    let all = SPARING.into_iter().chain(drawing);
    all.filter(|(name, _)| !is_chosen(name)).collect()
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
fn begin_anew(said: &[(&str, &str)]) -> io::Error {
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let mut arguments = env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    command.args(arguments).envs(said.iter().copied()).exec()
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

    #[test]
    fn nothing_is_said_twice_nor_against_a_choice() {
        assert_eq!(missing(|_| true, false), []);
        assert_eq!(missing(|_| false, true), SPARING);
        let one = |name: &str| name != SPARING[0].0;
        assert_eq!(missing(one, true), SPARING[..1]);
        let all_but_drawing = |name: &str| name != WITHOUT_HARDWARE.0;
        assert_eq!(missing(all_but_drawing, false), [WITHOUT_HARDWARE]);
    }
}

//! Rust for other systems: the user's own where it has their libraries, else one that is made of
//! Debian's packages.
//!
//! Debian packs a recent Rust for its browsers, with the source of the standard library. It is unpacked
//! beside our builds, never installed, and the libraries of the other systems are compiled from that
//! source once. `-Z build-std` for every build would do without, but then crates that try whether they
//! are on a nightly compiler believe that they are.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::call::{Call, cargo, is_in_path};
use crate::house::House;
use crate::setup;

use super::{MACOS, WINDOWS};

/// Debian's Rust. What they stand on is found by its package manager.
const PACKAGES: [&str; 3] = ["rustc-web", "libstd-rust-web-dev", "rust-web-src"];

/// What of it must be beside the compiler even where the system has it: the compiler looks for its
/// libraries beside its own.
const BESIDE: &str = "libstd-rust-web-";

/// The oldest that builds Pult.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// What to do where Debian's packages are not to be had.
const BY_RUSTUP: &str = "please type this, then run the command again:\n    \
                         rustup target add aarch64-apple-darwin x86_64-pc-windows-gnu";

/// Instead of a C compiler for a system that is only checked for: every object is an empty one, so that
/// no header of that system is needed.
const NO_COMPILER: &str = r#"#!/bin/sh
object= compiles= before=
for word; do
    if [ "$before" = -o ]; then object=$word; fi
    if [ "$word" = -c ]; then compiles=yes; fi
    before=$word
done
if [ -n "$compiles" ]; then exec cc -c -x c /dev/null -o "${object:-/dev/null}"; fi
exec cc "$@"
"#;

/// A toolchain as cargo is told of it.
pub(super) struct Toolchain {
    pub(super) envs: Vec<(&'static str, OsString)>,
}

impl Toolchain {
    /// Finds it, or makes it.
    pub(super) fn find(house: &House) -> Result<Self> {
        let folder = house.target("cross/toolchain");
        let compiler = folder.join("no-cc");
        write_program(&compiler, NO_COMPILER)?;
        let mut envs = vec![
            ("CC_aarch64_apple_darwin", compiler.clone().into()),
            ("CXX_aarch64_apple_darwin", compiler.into()),
            ("AR_aarch64_apple_darwin", "ar".into()),
        ];
        if own_has_all()? {
            return Ok(Self { envs });
        }
        let rustc = debian(&folder)?;
        for system in [WINDOWS, MACOS] {
            standard_library(&rustc, system)?;
        }
        envs.push(("RUSTC", rustc.program.into()));
        Ok(Self { envs })
    }
}

/// Whether the user's own Rust has the libraries of both systems.
fn own_has_all() -> Result<bool> {
    let sysroot = Call::new("rustc").args(["--print", "sysroot"]).output()?;
    let systems = Path::new(sysroot.trim()).join("lib/rustlib");
    Ok([WINDOWS, MACOS]
        .iter()
        .all(|system| systems.join(system).join("lib").is_dir()))
}

/// A compiler that has been unpacked.
struct Rustc {
    program: PathBuf,
    /// Where its libraries lie, those of other systems too.
    systems: PathBuf,
}

/// Debian's Rust in a folder inside `folder`, which is made if it is not there.
fn debian(folder: &Path) -> Result<Rustc> {
    if !["apt-get", "apt-cache", "dpkg-deb"]
        .iter()
        .all(|program| is_in_path(program))
    {
        bail!("Rust here has no libraries for Windows and macOS; {BY_RUSTUP}");
    }
    let version = match candidate()? {
        Some(version) => version,
        None => {
            setup::read_package_lists()?;
            candidate()?
                .with_context(|| format!("there is no package {}; {BY_RUSTUP}", PACKAGES[0]))?
        }
    };
    if !is_new_enough(&version, OLDEST) {
        bail!(
            "{} is {version} here, and Pult needs {OLDEST}; {BY_RUSTUP}",
            PACKAGES[0]
        );
    }
    let root = folder.join(version.replace(['~', '+', ':'], "-"));
    let rustc = Rustc {
        program: root.join("rustc"),
        systems: root.join("usr/lib/rustlib"),
    };
    // Written last: what was broken off does not have it.
    if !rustc.program.is_file() {
        unpack(&root)?;
    }
    let libraries = root.join(format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH));
    write_program(&rustc.program, &starter(&root, &libraries))?;
    Ok(rustc)
}

/// The version that would be installed.
fn candidate() -> Result<Option<String>> {
    let said = Call::new("apt-cache")
        .args(["policy", PACKAGES[0]])
        .env("LC_ALL", "C")
        .output()?;
    Ok(candidate_of(&said).map(str::to_owned))
}

fn candidate_of(policy: &str) -> Option<&str> {
    let candidate = policy
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate:"))?
        .trim();
    (candidate != "(none)").then_some(candidate)
}

/// Whether a package's version is at least `oldest`, by the first two numbers.
fn is_new_enough(version: &str, oldest: &str) -> bool {
    let numbers = |text: &str| -> Option<(u32, u32)> {
        let mut numbers = text.split(['.', '+', '~', '-']).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    matches!((numbers(version), numbers(oldest)), (Some(it), Some(oldest)) if it >= oldest)
}

/// Downloads the packages and whatever they need that this system lacks, and unpacks them.
fn unpack(root: &Path) -> Result<()> {
    setup::read_package_lists()?;
    let simulated = Call::new("apt-get")
        .args(["install", "--simulate", "--no-install-recommends"])
        .args(PACKAGES)
        .env("LC_ALL", "C")
        .output()?;
    let dependencies = Call::new("apt-cache")
        .args(["depends", "--recurse", "--important", PACKAGES[0]])
        .output()?;
    let names = wanted(&simulated, &dependencies);
    let packages = root.join("packages");
    fs::remove_dir_all(root).or_else(absent_is_fine)?;
    fs::create_dir_all(&packages).with_context(|| format!("Making {}", packages.display()))?;
    Call::new("apt-get")
        .args(["download", "--quiet"])
        .args(names)
        .within(&packages)
        .run()?;
    for entry in fs::read_dir(&packages).context("Looking at what was downloaded")? {
        let package = entry.context("Looking at what was downloaded")?.path();
        Call::new("dpkg-deb")
            .args(["--extract".into(), package, root.to_path_buf()])
            .run()?;
    }
    fs::remove_dir_all(&packages).context("Removing what was downloaded")
}

/// The packages to download, each once: ours, what an installation would bring, and what must lie
/// beside the compiler.
fn wanted<'a>(simulated: &'a str, dependencies: &'a str) -> Vec<&'a str> {
    let missing = simulated
        .lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
    let beside = dependencies.lines().filter(|line| line.starts_with(BESIDE));
    let mut names: Vec<&str> = PACKAGES.into_iter().chain(missing).chain(beside).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn absent_is_fine(error: std::io::Error) -> Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Ok(());
    }
    Err(error).context("Removing what was broken off")
}

/// The compiler with its libraries. The path is set for it alone, or whatever else cargo starts would
/// take them for its own. Of Debian's shells only bash hands on variables with a hyphen in their names,
/// as cargo has them.
fn starter(root: &Path, libraries: &Path) -> String {
    format!(
        "#!/bin/bash\n\
         export LD_LIBRARY_PATH='{}'\n\
         exec '{}' --sysroot '{}' \"$@\"\n",
        libraries.display(),
        root.join("usr/bin/rustc").display(),
        root.join("usr").display(),
    )
}

/// Compiles the standard library for `system`, once.
fn standard_library(rustc: &Rustc, system: &str) -> Result<()> {
    let library = rustc.systems.join(system).join("lib");
    let made = library.join(".made");
    if made.is_file() {
        return Ok(());
    }
    fs::create_dir_all(&library).with_context(|| format!("Making {}", library.display()))?;
    if system == WINDOWS {
        start_objects(rustc, &library)?;
    }
    let folder = tempfile::tempdir().context("Making a folder")?;
    let empty = folder.path();
    fs::create_dir(empty.join("src"))
        .and_then(|()| fs::write(empty.join("src/lib.rs"), ""))
        .and_then(|()| fs::write(empty.join("Cargo.toml"), MANIFEST))
        .context("Writing an empty crate")?;
    cargo(["build", "--quiet", "--release", "--target", system])
        .args([
            "-Z",
            "build-std=std,panic_abort,panic_unwind,proc_macro,test",
        ])
        .env("RUSTC", &rustc.program)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", empty.join("target"))
        .within(empty)
        .run()?;
    let built = empty.join("target").join(system).join("release/deps");
    for entry in fs::read_dir(&built).context("Looking at what was built")? {
        let path = entry.context("Looking at what was built")?.path();
        let name = path.file_name().unwrap_or_default();
        if path.extension().is_some_and(|end| end == "rlib") && name != "libempty.rlib" {
            fs::copy(&path, library.join(name))
                .with_context(|| format!("Copying {}", path.display()))?;
        }
    }
    fs::write(&made, "").with_context(|| format!("Writing {}", made.display()))
}

/// A crate with nothing in it, for whose sake the standard library is built.
const MANIFEST: &str = r#"[package]
name = "empty"
version = "0.0.0"
edition = "2024"
[workspace]
"#;

/// With MinGW two objects frame every program; they are not part of any crate.
fn start_objects(rustc: &Rustc, library: &Path) -> Result<()> {
    let source = rustc.systems.join("src/rust/library/rtstartup");
    for name in ["rsbegin", "rsend"] {
        Call::new(&rustc.program)
            .args(["--target", WINDOWS, "--crate-type", "lib", "--emit", "obj"])
            .args(["-o".into(), library.join(format!("{name}.o"))])
            .args([source.join(format!("{name}.rs"))])
            .env("RUSTC_BOOTSTRAP", "1")
            .run()?;
    }
    Ok(())
}

/// Writes a program of the shell, unless it is there as it should be.
fn write_program(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let folder = path.parent().context("A program lies in a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .and_then(|()| allow_to_run(path))
        .with_context(|| format!("Writing {}", path.display()))
}

#[cfg(unix)]
fn allow_to_run(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn allow_to_run(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_is_read_from_the_policy() {
        let policy = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0+dfsg1-1~deb12u2\n";
        assert_eq!(candidate_of(policy), Some("1.96.0+dfsg1-1~deb12u2"));
        assert_eq!(candidate_of("rustc-web:\n  Candidate: (none)\n"), None);
        assert_eq!(candidate_of(""), None);
    }

    #[test]
    fn a_compiler_that_is_too_old_is_told_from_one_that_is_not() {
        assert!(is_new_enough("1.96.0+dfsg1-1~deb12u2", "1.95"));
        assert!(is_new_enough("1.95.0+dfsg1-1", "1.95"));
        assert!(is_new_enough("2.0.0-1", "1.95"));
        assert!(!is_new_enough("1.85.0+dfsg3-1", "1.95"));
        assert!(!is_new_enough("nonsense", "1.95"));
    }

    #[test]
    fn what_is_missing_and_what_lies_beside_the_compiler_is_downloaded_once() {
        let simulated = "NOTE: This is only a simulation!\n\
                         Inst libllvm22 (1:22.1 Debian [amd64])\n\
                         Inst rustc-web (1.96.0 Debian [amd64])\n\
                         Conf rustc-web (1.96.0 Debian [amd64])\n";
        let dependencies =
            "rustc-web\n  Depends: libstd-rust-web-1.96\nlibstd-rust-web-1.96\nlibc6\n";
        assert_eq!(
            wanted(simulated, dependencies),
            [
                "libllvm22",
                "libstd-rust-web-1.96",
                "libstd-rust-web-dev",
                "rust-web-src",
                "rustc-web"
            ]
        );
    }

    #[test]
    fn installed_packages_are_downloaded_all_the_same() {
        let wanted = wanted("", "libstd-rust-web-1.96\n");
        assert!(PACKAGES.iter().all(|package| wanted.contains(package)));
        assert!(wanted.contains(&"libstd-rust-web-1.96"));
    }
}

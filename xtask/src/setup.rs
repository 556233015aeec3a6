//! Making the machine ready: system packages, Node, and what npm has to bring.

mod machine;
mod needs;

use anyhow::{Context, Result, bail};

use crate::call::{Call, is_in_path, npm};
use crate::house::House;
use crate::ui;

use self::machine::Machine;
use self::needs::{BROWSER, BUILD, CROSS, Need, PACK, TEST};

/// What the machine is made ready for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// Building Pult and showing its window on this desktop.
    Build,
    /// The same with a virtual display and the real window driven by tests.
    WindowTests,
    /// All of that, and what is built and run for other systems.
    OtherSystems,
    /// Building, and making packages of it.
    Packages,
    /// The window tests, and a browser to measure beside.
    PanelBench,
}

impl Purpose {
    fn needs(self) -> impl Iterator<Item = &'static Need> {
        let beyond: [&[Need]; 2] = match self {
            Self::Build => [&[], &[]],
            Self::WindowTests => [TEST, &[]],
            Self::OtherSystems => [TEST, CROSS],
            Self::Packages => [PACK, &[]],
            Self::PanelBench => [TEST, BROWSER],
        };
        BUILD.iter().chain(beyond.into_iter().flatten())
    }
}

/// Looks for what `purpose` needs and installs what is missing, where that may be done.
pub(crate) fn run(house: &House, purpose: Purpose) -> Result<()> {
    system(purpose)?;
    node()?;
    ui::packages(house)
}

fn system(purpose: Purpose) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return other_systems(purpose);
    }
    let missing: Vec<&Need> = purpose.needs().filter(|need| !need.is_met()).collect();
    if missing.is_empty() {
        println!("    system packages: all there");
        return Ok(());
    }
    for need in &missing {
        println!("    missing: {}", need.what);
    }
    Machine::this().install(&missing)?;
    let left: Vec<&str> = purpose
        .needs()
        .filter(|need| !need.is_met())
        .map(|need| need.what)
        .collect();
    if !left.is_empty() {
        bail!("still missing after the installation: {}", left.join(", "));
    }
    Ok(())
}

/// What cannot be installed from a terminal is said, and building goes on: it names what it lacks.
fn other_systems(purpose: Purpose) -> Result<()> {
    match purpose {
        Purpose::WindowTests => {
            bail!(
                "the window tests need the virtual display of Linux; `cargo xtask demo` runs here"
            )
        }
        Purpose::OtherSystems => bail!("other systems are built for on Linux alone"),
        Purpose::PanelBench => bail!("the bench of the panel needs the virtual display of Linux"),
        Purpose::Build | Purpose::Packages => {}
    }
    if cfg!(target_os = "macos") {
        println!("    needed: the Command Line Tools of Xcode (`xcode-select --install`)");
    } else if cfg!(windows) {
        println!(
            "    needed: WebView2 (part of Windows 11) and the C++ build tools of Visual Studio"
        );
    }
    Ok(())
}

/// Lets Debian's package manager read what there is, where we may.
pub(crate) fn read_package_lists() -> Result<()> {
    Machine::this().read_lists()
}

/// Windows on this system: what starts its programs, and what keeps them going.
pub(crate) fn wine() -> Option<(&'static str, &'static str)> {
    let first = |names: &[&'static str]| names.iter().copied().find(|name| is_in_path(name));
    Some((first(needs::WINE)?, first(needs::WINE_SERVER)?))
}

fn node() -> Result<()> {
    const HOW: &str = "Node.js 20.19 or newer is needed (of 22: 22.12), from https://nodejs.org or \
                       your distribution, with npm beside it";
    if !Call::new("node").args(["--version"]).succeeds() {
        bail!("Node.js was not found. {HOW}");
    }
    let said = Call::new("node").args(["--version"]).output()?;
    let (major, minor) = node_version(&said)
        .with_context(|| format!("`node --version` says {:?}. {HOW}", said.trim()))?;
    if !suits(major, minor) {
        bail!("Node.js here is {}. {HOW}", said.trim());
    }
    if !npm(["--version"]).succeeds() {
        bail!("npm was not found. {HOW}");
    }
    println!("    Node.js {}: good", said.trim());
    Ok(())
}

/// `v20.19.4` as (20, 19).
fn node_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// What the UI's build tool runs on: `^20.19.0 || >=22.12.0`.
fn suits(major: u32, minor: u32) -> bool {
    match major {
        20 => minor >= 19,
        22 => minor >= 12,
        _ => major > 22,
    }
}

/// Whether `pkg-config` knows a library's development files.
fn has_library(name: &str) -> bool {
    Call::new("pkg-config").args(["--exists", name]).succeeds()
}

/// Whether fontconfig has a font that covers `language`.
fn has_font(language: &str) -> bool {
    is_in_path("fc-list")
        && Call::new("fc-list")
            .args([format!(":lang={language}"), "family".to_owned()])
            .output()
            .is_ok_and(|fonts| !fonts.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_tells_its_version() {
        assert_eq!(node_version("v20.19.4\n"), Some((20, 19)));
        assert_eq!(node_version("v24.1.0-nightly"), Some((24, 1)));
        assert_eq!(node_version("20"), None);
        assert_eq!(node_version(""), None);
    }

    #[test]
    fn only_versions_that_the_ui_builds_on_suit() {
        for (major, minor) in [(20, 19), (22, 12), (24, 0)] {
            assert!(suits(major, minor), "{major}.{minor}");
        }
        for (major, minor) in [(18, 20), (20, 18), (21, 7), (22, 11)] {
            assert!(!suits(major, minor), "{major}.{minor}");
        }
    }
}

//! Which distribution this is, and how packages are installed on it: by us where we may, else by
//! the one line that we print.

use std::fmt::Write as _;
use std::io::{IsTerminal, stdin};

use anyhow::{Result, bail};

use crate::call::{Call, is_in_path};

use super::needs::{Family, Need};

/// What the installation depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Machine {
    family: Option<Family>,
    right: Right,
}

/// By what right packages may be installed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Right {
    Root,
    /// `sudo`, which can ask for a password at a terminal only.
    Sudo {
        can_ask: bool,
    },
    None,
}

impl Machine {
    /// The machine that we run on.
    pub(super) fn this() -> Self {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let right = if is_root() {
            Right::Root
        } else if is_in_path("sudo") {
            Right::Sudo {
                can_ask: stdin().is_terminal(),
            }
        } else {
            Right::None
        };
        Self {
            family: family(&release),
            right,
        }
    }

    /// Has Debian's lists of packages read anew. Without the right to do so they stay as they are.
    pub(super) fn read_lists(self) -> Result<()> {
        match self.right {
            Right::Root => debian_lists().run(),
            Right::Sudo { can_ask } => with_sudo(&debian_lists(), can_ask).run(),
            Right::None => Ok(()),
        }
    }

    /// Installs what `missing` stands for, or fails with the line to type.
    pub(super) fn install(self, missing: &[&Need]) -> Result<()> {
        let Some(family) = self.family else {
            bail!(
                "this distribution is not known here, so please install by its own means what is \
                 missing (on Debian: {})",
                packages(Family::Debian, missing).join(" ")
            );
        };
        let calls = calls(family, &packages(family, missing));
        match self.right {
            Right::Root => calls.iter().try_for_each(Call::run),
            Right::Sudo { can_ask } => {
                println!("    installing it with sudo:");
                calls
                    .iter()
                    .try_for_each(|call| with_sudo(call, can_ask).run())
            }
            Right::None => {
                let mut line = String::new();
                for call in &calls {
                    let and = if line.is_empty() { "" } else { " && " };
                    write!(line, "{and}{call}")?;
                }
                bail!("please type this as root, then run the command again:\n    {line}")
            }
        }
    }
}

/// The family of the distribution that `/etc/os-release` describes.
fn family(release: &str) -> Option<Family> {
    let value = |key: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches(['"', '\'']))
            .unwrap_or_default()
    };
    value("ID")
        .split(' ')
        .chain(value("ID_LIKE").split(' '))
        .find_map(|id| match id {
            "debian" | "ubuntu" => Some(Family::Debian),
            "fedora" => Some(Family::Fedora),
            "arch" => Some(Family::Arch),
            "suse" | "opensuse" => Some(Family::Suse),
            _ => None,
        })
}

/// The packages of `missing`, each once.
fn packages(family: Family, missing: &[&Need]) -> Vec<&'static str> {
    let mut packages: Vec<&str> = Vec::new();
    for need in missing {
        let package = need.package(family);
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    packages
}

/// Lists come first: a fresh machine or image has none, or names versions that are gone.
fn debian_lists() -> Call {
    Call::new("apt-get").args(["update", "-o", "DPkg::Lock::Timeout=120"])
}

fn calls(family: Family, packages: &[&str]) -> Vec<Call> {
    let call = |words: &[&str]| {
        let mut words = words.iter().chain(packages).copied();
        Call::new(words.next().unwrap_or_default()).args(words)
    };
    match family {
        Family::Debian => vec![
            debian_lists(),
            call(&[
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "install",
                "-y",
                "--no-install-recommends",
                // Another installation may be under way, as it is on a machine just started.
                "-o",
                "DPkg::Lock::Timeout=120",
            ]),
        ],
        Family::Fedora => vec![call(&["dnf", "install", "-y"])],
        Family::Arch => vec![call(&["pacman", "-S", "--needed", "--noconfirm"])],
        Family::Suse => {
            vec![call(&[
                "zypper",
                "--non-interactive",
                "install",
                "--no-recommends",
            ])]
        }
    }
}

fn with_sudo(call: &Call, can_ask: bool) -> Call {
    let sudo = Call::new("sudo");
    let sudo = if can_ask { sudo } else { sudo.args(["-n"]) };
    sudo.args(call.words())
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::super::needs::{BUILD, CROSS, PACK, TEST};
    use super::*;

    const DEBIAN: &str =
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n";
    const MINT: &str = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n";
    const TUMBLEWEED: &str = "ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n";

    #[test]
    fn a_distribution_is_known_by_its_name_or_by_what_it_is_like() {
        assert_eq!(family(DEBIAN), Some(Family::Debian));
        assert_eq!(family(MINT), Some(Family::Debian));
        assert_eq!(family(TUMBLEWEED), Some(Family::Suse));
        assert_eq!(family("ID=fedora\n"), Some(Family::Fedora));
        assert_eq!(family("ID=manjaro\nID_LIKE=arch\n"), Some(Family::Arch));
        assert_eq!(family("ID=nixos\n"), None);
        assert_eq!(family(""), None);
    }

    #[test]
    fn only_what_is_missing_is_asked_for_and_once() {
        let needs = [&BUILD[2], &TEST[0], &TEST[0]];
        assert_eq!(
            packages(Family::Debian, &needs),
            ["libwebkit2gtk-4.1-dev", "xvfb"]
        );
        assert_eq!(
            packages(Family::Fedora, &needs),
            ["pkgconfig(webkit2gtk-4.1)", "/usr/bin/Xvfb"]
        );
    }

    #[test]
    fn every_family_has_a_package_for_every_need() {
        for family in [Family::Debian, Family::Fedora, Family::Arch, Family::Suse] {
            for need in BUILD.iter().chain(TEST).chain(CROSS).chain(PACK) {
                assert!(
                    !need.package(family).is_empty(),
                    "{} on {family:?}",
                    need.what
                );
            }
        }
    }

    #[test]
    fn debian_reads_its_lists_first_and_waits_for_the_lock() {
        let lines: Vec<String> = calls(Family::Debian, &["xvfb"])
            .iter()
            .map(Call::to_string)
            .collect();
        assert!(lines[0].starts_with("apt-get update"));
        assert!(lines[1].contains("DPkg::Lock::Timeout=120"));
        assert!(lines[1].ends_with(" xvfb"));
    }

    #[test]
    fn without_root_and_sudo_the_line_to_type_is_told() {
        let machine = Machine {
            family: Some(Family::Fedora),
            right: Right::None,
        };
        let error = machine.install(&[&BUILD[2]]).unwrap_err().to_string();
        assert!(
            error.ends_with("\n    dnf install -y 'pkgconfig(webkit2gtk-4.1)'"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_distribution_is_told_what_is_missing() {
        let machine = Machine {
            family: None,
            right: Right::Root,
        };
        let error = machine.install(&[&TEST[0]]).unwrap_err().to_string();
        assert!(error.contains("xvfb"), "{error}");
    }

    #[test]
    fn sudo_without_a_terminal_never_waits_for_a_password() {
        let call = Call::new("dnf").args(["install"]);
        assert_eq!(with_sudo(&call, false).to_string(), "sudo -n dnf install");
        assert_eq!(with_sudo(&call, true).to_string(), "sudo dnf install");
    }
}

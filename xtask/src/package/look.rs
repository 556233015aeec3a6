//! Whether packages hold what they should: the menu entry that passes links on, the unit that systemd
//! understands and that shuts the backend in.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::{BACKEND, PANEL};
use crate::call::Call;
use crate::notices;

/// The backend's unit, where packages put it.
const UNIT: &str = "pult-backend.service";
const UNITS: &str = "usr/lib/systemd/system";

/// How far the unit may leave the backend exposed, in tenths of what `systemd-analyze security` tells,
/// where 100 is a service that nothing shuts in. What remains is mostly that it uses the network.
const EXPOSURE: &str = "11";

/// The systemd that looks at units of a system which does not run. Ubuntu 22.04 has 249.
const OFFLINE: u32 = 250;

/// The panel's menu entry, where packages put it.
const ENTRY: &str = "usr/share/applications/Pult.desktop";

/// Where packages put the notices of those whose work is in `program`.
pub(super) fn notices(program: &str) -> String {
    format!("usr/share/doc/{program}/{}", notices::NAME)
}

/// Looks at each.
pub(super) fn at(packages: &[PathBuf]) -> Result<()> {
    for package in packages {
        let files = files(package)?;
        let has = |path: &str| files.iter().any(|file| file == path);
        let is_backend = has("usr/bin/pult-backend");
        ensure!(
            is_backend || has("usr/bin/pult"),
            "{} holds no program",
            package.display()
        );
        let necessary = if is_backend {
            [format!("{UNITS}/{UNIT}"), notices(BACKEND)]
        } else {
            [ENTRY.to_owned(), notices(PANEL)]
        };
        for path in necessary {
            ensure!(has(&path), "{} lacks {path}", package.display());
        }
        // What is in an RPM is the same; it takes more to take it out.
        if is_debian(package) {
            inside(package, is_backend)?;
        }
    }
    Ok(())
}

fn is_debian(package: &Path) -> bool {
    package.extension().is_some_and(|end| end == "deb")
}

/// The names of all files.
fn files(package: &Path) -> Result<Vec<String>> {
    let call = if is_debian(package) {
        // Its listing has the name at the end of each line, after what `ls -l` tells.
        Call::new("dpkg-deb").args(["--contents"]).args([package])
    } else {
        Call::new("rpm").args(["-qlp"]).args([package])
    };
    let name = |line: &str| {
        let last = line.split(' ').next_back().unwrap_or_default();
        last.trim_start_matches(['.', '/']).to_owned()
    };
    Ok(call.output()?.lines().map(name).collect())
}

fn inside(package: &Path, is_backend: bool) -> Result<()> {
    let folder = tempfile::tempdir().context("Making a folder")?;
    let root = folder.path();
    Call::new("dpkg-deb")
        .args(["--extract".as_ref(), package.as_os_str(), root.as_os_str()])
        .run()?;
    if is_backend {
        unit(root)
    } else {
        entry(&root.join(ENTRY))
    }
}

/// Systemd knows every setting of the unit, finds its program, and calls it well shut in.
fn unit(root: &Path) -> Result<()> {
    let said = Call::new("systemd-analyze").args(["--version"]).output()?;
    let version = version(&said).context("Reading systemd's version")?;
    if version < OFFLINE {
        println!("    this system's systemd is too old to look at a unit that is not installed");
        return Ok(());
    }
    let analyze = |word: &str| {
        Call::new("systemd-analyze")
            .args([word])
            .args([format!("--root={}", root.display())])
    };
    analyze("verify")
        .args(["--man=no"])
        // The rest of a system is not in the package.
        .args(["--recursive-errors=no"])
        .args([UNIT])
        .run()?;
    let security = analyze("security").args(["--no-pager", "--offline=true"]);
    let said = security.clone().args([UNIT]).output()?;
    println!(
        "    {}",
        said.lines().next_back().unwrap_or_default().trim()
    );
    let threshold = format!("--threshold={EXPOSURE}");
    ensure!(
        security.args([threshold.as_str(), UNIT]).succeeds(),
        "the unit leaves the backend more exposed than {EXPOSURE} tenths"
    );
    Ok(())
}

/// The number in `systemd 252 (252.39-1~deb12u1)`.
fn version(said: &str) -> Option<u32> {
    let digits = |word: &str| {
        word.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
    };
    digits(said.split(' ').nth(1)?).parse().ok()
}

/// The menu entry is valid, and hands a link on to the panel.
fn entry(path: &Path) -> Result<()> {
    Call::new("desktop-file-validate").args([path]).run()?;
    let text = fs::read_to_string(path).with_context(|| format!("Reading {}", path.display()))?;
    if let Some(lack) = lack(&text) {
        bail!("the panel's menu entry {lack}:\n{text}");
    }
    Ok(())
}

/// What keeps a menu entry from handing links on.
///
/// Without `%u` a desktop starts the program all the same, and the link is lost.
fn lack(entry: &str) -> Option<&'static str> {
    let value = |key: &str| {
        entry
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
    };
    let takes_link = value("Exec").is_some_and(|exec| exec.split(' ').any(|word| word == "%u"));
    let kinds = value("MimeType").unwrap_or_default();
    if !takes_link {
        Some("does not hand a link on to the program")
    } else if !kinds.split(';').any(|kind| kind == "x-scheme-handler/pult") {
        Some("does not say that it opens links of pult:")
    } else if value("Icon").is_none_or(str::is_empty) {
        Some("has no icon")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template as the bundler fills it.
    fn filled() -> String {
        let mut entry = include_str!("../../../src-tauri/pult.desktop.hbs").to_owned();
        for (name, value) in [
            ("name", "Pult"),
            ("comment", "Operator panel"),
            ("exec", "pult"),
            ("icon", "pult"),
            ("categories", "Office;"),
        ] {
            entry = entry.replace(&format!("{{{{{name}}}}}"), value);
        }
        assert!(!entry.contains("{{"), "{entry}");
        entry
    }

    #[test]
    fn the_template_hands_links_on() {
        assert_eq!(lack(&filled()), None);
    }

    #[test]
    fn a_version_of_systemd_is_read() {
        assert_eq!(version("systemd 252 (252.39-1~deb12u1)\n+PAM"), Some(252));
        assert_eq!(version("systemd 260~rc1 (260~rc1)"), Some(260));
        assert_eq!(version("nothing"), None);
    }

    #[test]
    fn an_entry_that_loses_links_is_told() {
        let lost = filled().replace("Exec=pult %u", "Exec=pult");
        assert!(lack(&lost).unwrap().contains("link on"));
        let deaf = filled().replace("x-scheme-handler/pult", "text/plain");
        assert!(lack(&deaf).unwrap().contains("pult:"));
        assert!(lack("").is_some());
    }

    #[test]
    fn the_unit_starts_the_program_that_the_packages_bring_and_keeps_its_data() {
        let unit = include_str!("../../../crates/backend/packaging/pult-backend.service");
        let manifest = include_str!("../../../crates/backend/Cargo.toml");
        for line in [
            "ExecStart=/usr/bin/pult-backend serve",
            "Environment=PULT_DATA=/var/lib/pult",
            "StateDirectory=pult",
            "ProtectSystem=strict",
            "NoNewPrivileges=yes",
            "CapabilityBoundingSet=",
        ] {
            assert!(unit.lines().any(|own| own == line), "{line}");
        }
        for made in ["deb", "generate-rpm"] {
            assert!(manifest.contains(&format!("[package.metadata.{made}]")));
        }
    }
}

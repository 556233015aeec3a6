//! `cargo xtask package`: what is given away, made and looked at.
//!
//! The panel's packages come from Tauri's bundler, which knows what each system wants of a program with
//! a window. The backend's come from the two tools that make a Debian package and an RPM of what a
//! manifest says (`crates/backend/Cargo.toml`); they are installed into the target folder, at versions
//! that are named here.

mod look;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::call::{Call, cargo};
use crate::house::House;
use crate::notices;
use crate::setup::{self, Purpose};
use crate::steps::Steps;
use crate::ui;

/// What can be asked of it.
#[derive(Args)]
pub(crate) struct Options {
    /// Makes the packages of this alone
    #[arg(value_enum, value_name = "WHOSE")]
    whose: Option<Whose>,
}

/// Whose packages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Whose {
    /// Those that operators install
    Panel,
    /// Those for a server
    Backend,
}

/// A kind of package that Tauri's bundler makes: its name there, and how its files end.
struct Bundle {
    name: &'static str,
    end: &'static str,
}

/// What the panel is packed as on this system.
const BUNDLES: &[Bundle] = if cfg!(windows) {
    &[
        Bundle {
            name: "nsis",
            end: "exe",
        },
        Bundle {
            name: "msi",
            end: "msi",
        },
    ]
} else if cfg!(target_os = "macos") {
    &[Bundle {
        name: "dmg",
        end: "dmg",
    }]
} else {
    &[
        Bundle {
            name: "deb",
            end: "deb",
        },
        Bundle {
            name: "rpm",
            end: "rpm",
        },
    ]
};

/// What makes the backend's packages.
const TOOLS: [(&str, &str); 2] = [("cargo-deb", "3.8.0"), ("cargo-generate-rpm", "0.21.1")];

const PANEL: &str = "pult";
const BACKEND: &str = "pult-backend";

/// `cargo xtask package`.
pub(crate) fn run(house: &House, options: &Options) -> Result<()> {
    let on_linux = cfg!(target_os = "linux");
    if options.whose == Some(Whose::Backend) && !on_linux {
        bail!("the backend is packed for Linux alone");
    }
    let is_asked = |whose| options.whose.is_none_or(|asked| asked == whose);
    let mut steps = Steps::default();
    steps.take("setup", "system packages, Node, npm packages", || {
        setup::run(house, Purpose::Packages)
    })?;
    let mut made = Vec::new();
    if is_asked(Whose::Panel) {
        steps.take("panel", "the panel, packed by Tauri's bundler", || {
            made.extend(panel(house)?);
            Ok(())
        })?;
    }
    if is_asked(Whose::Backend) && on_linux {
        steps.take("tools", "what packs the backend", || tools(house))?;
        steps.take("backend", "the backend as it is shipped, packed", || {
            made.extend(backend(house)?);
            Ok(())
        })?;
    }
    if on_linux {
        steps.take("look", "menu entry, links, unit", || look::at(&made))?;
    }
    println!("\n{steps}");
    made.iter().try_for_each(|package| tell(package))
}

/// Packs the panel; answers where the packages are.
fn panel(house: &House) -> Result<Vec<PathBuf>> {
    ui::packages(house)?;
    let notices = house.target("notices").join(notices::NAME);
    notices::write(house, PANEL, true, &notices)?;
    let bundles = house.target("release/bundle");
    // Packages of former versions lie there as well.
    forget(&bundles)?;
    let names: Vec<&str> = BUNDLES.iter().map(|bundle| bundle.name).collect();
    Call::new("node")
        .args([house.path("ui/node_modules/@tauri-apps/cli/tauri.js")])
        .args(["build", "--ci", "--bundles", &names.join(",")])
        .args(["--config".to_owned(), with_notices(&notices)])
        .within(house.path("src-tauri"))
        .run()?;
    BUNDLES
        .iter()
        .map(|Bundle { name, end }| keep(house, &bundles.join(name), end))
        .collect()
}

/// What the bundler is told besides: to pack the notices, where its system has such texts.
fn with_notices(file: &Path) -> String {
    let bundle = if cfg!(target_os = "linux") {
        let files = json!({ "files": { format!("/{}", look::notices(PANEL)): file } });
        json!({ "linux": { "deb": files, "rpm": files } })
    } else {
        json!({ "resources": { file.to_string_lossy(): format!("{}.txt", notices::NAME) } })
    };
    json!({ "bundle": bundle }).to_string()
}

/// Packs the backend; answers where the packages are.
fn backend(house: &House) -> Result<Vec<PathBuf>> {
    // Beside the program, from where its manifest takes both.
    notices::write(
        house,
        BACKEND,
        false,
        &house.target("server").join(notices::NAME),
    )?;
    cargo(["build", "--profile", "server", "--package", BACKEND]).run()?;
    let folder = house.target("server/packages");
    forget(&folder)?;
    fs::create_dir_all(&folder).with_context(|| format!("Making {}", folder.display()))?;
    tool(house, "cargo-deb")
        .args(["--package", BACKEND, "--profile", "server"])
        // It is stripped by its profile.
        .args(["--no-build", "--no-strip", "--output"])
        .args([&folder])
        .run()?;
    tool(house, "cargo-generate-rpm")
        .args(["--package", "crates/backend", "--profile", "server"])
        .args(["--target-dir".into(), house.target("")])
        .args(["--output".into(), folder.clone()])
        .within(house.path(""))
        .run()?;
    ["deb", "rpm"]
        .iter()
        .map(|end| keep(house, &folder, end))
        .collect()
}

/// Installs the tools where they are not there in their version.
fn tools(house: &House) -> Result<()> {
    for (name, version) in TOOLS {
        cargo(["install", "--quiet", "--locked", "--root"])
            .args([house.target("tools")])
            .args(["--target-dir".into(), house.target("tools/build")])
            .args([
                "--version".to_owned(),
                format!("={version}"),
                name.to_owned(),
            ])
            .run()?;
    }
    forget(&house.target("tools/build"))
}

fn tool(house: &House, name: &str) -> Call {
    Call::new(house.target(format!("tools/bin/{name}")))
}

/// Puts the one file in `from` that ends so where the packages are kept, and answers where that is.
fn keep(house: &House, from: &Path, end: &str) -> Result<PathBuf> {
    let made = only_file(from, end)?;
    let folder = house.target("packages");
    let kept = folder.join(made.file_name().context("A package has a name")?);
    fs::create_dir_all(&folder)
        .and_then(|()| fs::copy(&made, &kept))
        .with_context(|| format!("Copying {} to {}", made.display(), kept.display()))?;
    Ok(kept)
}

fn only_file(folder: &Path, end: &str) -> Result<PathBuf> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("Looking into {}", folder.display()));
    let mut files = entries?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == end));
    match (files.next(), files.next()) {
        (Some(file), None) => Ok(file),
        (None, _) => bail!("no .{end} was made in {}", folder.display()),
        (Some(_), Some(_)) => bail!("more than one .{end} was made in {}", folder.display()),
    }
}

/// Removes a folder, if it is there.
fn forget(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("Removing {}", folder.display()))?;
    }
    Ok(())
}

/// Prints where a package is, and its size.
fn tell(package: &Path) -> Result<()> {
    let size =
        fs::metadata(package).with_context(|| format!("Looking at {}", package.display()))?;
    println!("    {:>8}  {}", megabytes(size.len()), package.display());
    Ok(())
}

/// A size as people say it.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_told_as_people_say_it() {
        assert_eq!(megabytes(7_660_000), "7.7 MB");
        assert_eq!(megabytes(1), "0.1 MB");
        assert_eq!(megabytes(10_000_000), "10.0 MB");
    }

    #[test]
    fn the_package_is_the_only_file_of_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        assert!(only_file(folder.path(), "deb").is_err());
        for name in ["pult_0.1.0_amd64.deb", "control.tar.gz"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let file = only_file(folder.path(), "deb").unwrap();
        assert!(file.ends_with("pult_0.1.0_amd64.deb"));
        fs::write(folder.path().join("pult_0.0.9_amd64.deb"), "").unwrap();
        assert!(only_file(folder.path(), "deb").is_err());
    }
}

//! The UI's part: its packages, its build, its checks.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::call::npm;
use crate::fresh::is_stale;
use crate::house::House;

/// Folders with a `package.json` of their own: the UI, and the judges of the sandbox.
const PACKAGES: [&str; 2] = ["ui", "tests/strangers"];

/// The checks that `ui/package.json` may have, in the order in which they are run.
const CHECKS: [&str; 5] = ["format:check", "lint", "check", "test", "knip"];

/// What the page is made of, besides the files beside `ui/package.json`.
const SOURCES: [&str; 4] = ["src", "messages", "public", "project.inlang/settings.json"];

/// Installs what the lock files name, where they are newer than what is installed.
pub(crate) fn packages(house: &House) -> Result<()> {
    for folder in PACKAGES.map(|folder| house.path(folder)) {
        let lock = folder.join("package-lock.json");
        // npm writes this one last: an installation that was broken off does not have it.
        let stamp = folder.join("node_modules/.package-lock.json");
        if lock.exists() && is_stale(&stamp, &[lock], &[]) {
            npm(["ci", "--no-audit", "--no-fund"])
                .within(folder)
                .run()?;
        }
    }
    Ok(())
}

/// Builds `ui/dist`, which the window carries, if the UI has changed since.
pub(crate) fn build(house: &House) -> Result<()> {
    packages(house)?;
    let folder = house.path("ui");
    let mut sources: Vec<_> = SOURCES.iter().map(|source| folder.join(source)).collect();
    for entry in fs::read_dir(&folder).context("Looking into ui")? {
        let path = entry.context("Looking into ui")?.path();
        if path.is_file() {
            sources.push(path);
        }
    }
    // The build compiles the messages into the sources; the checks do it again.
    let compiled = folder.join("src/paraglide");
    if is_stale(&folder.join("dist/index.html"), &sources, &[compiled]) {
        npm(["run", "build"]).within(folder).run()?;
    }
    Ok(())
}

/// Builds the page with the panel that lives in memory, for a browser; answers where it is.
pub(crate) fn build_canned(house: &House) -> Result<PathBuf> {
    let page = house.target("canned-page");
    npm(["run", "build", "--", "--mode", "canned", "--base", "./"])
        .args(["--emptyOutDir".into(), "--outDir".into(), page.clone()])
        .within(house.path("ui"))
        .run()?;
    Ok(page)
}

/// Runs those of the checks that the UI has.
pub(crate) fn check(house: &House) -> Result<()> {
    packages(house)?;
    let folder = house.path("ui");
    let text =
        fs::read_to_string(folder.join("package.json")).context("Reading ui/package.json")?;
    let package: Value = serde_json::from_str(&text).context("Reading ui/package.json")?;
    for name in CHECKS.iter().filter(|name| has_script(&package, name)) {
        npm(["run", name]).within(&folder).run()?;
    }
    Ok(())
}

fn has_script(package: &Value, name: &str) -> bool {
    package
        .get("scripts")
        .and_then(|scripts| scripts.get(name))
        .is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_checks_that_the_ui_has_are_run() {
        let package = json!({ "scripts": { "lint": "eslint ." } });
        assert!(has_script(&package, "lint"));
        assert!(!has_script(&package, "knip"));
        assert!(!has_script(&json!({}), "lint"));
    }
}

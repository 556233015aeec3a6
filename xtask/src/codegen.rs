//! The TypeScript of everything that crosses to the UI, written from the Rust that it mirrors, and the
//! page of keys, written from the UI's table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::call::{Call, cargo};
use crate::house::House;
use crate::shortcuts;

/// The example that writes all types into the folder it is given.
pub(crate) const EXPORTER: &str = "export-types";

const GENERATED: &str = "ui/src/api/generated";

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Writes the files that differ, and takes away those that nothing stands behind any more.
pub(crate) fn write(house: &House) -> Result<()> {
    let folder = house.path(GENERATED);
    let wanted = export(house)?;
    let changed = differing(&wanted, &read(&folder)?);
    for name in &changed {
        let path = folder.join(name);
        if let Some(bytes) = wanted.get(name) {
            fs::create_dir_all(path.parent().unwrap_or(&folder))
                .and_then(|()| fs::write(&path, bytes))
                .with_context(|| format!("Writing {}", path.display()))?;
        } else {
            fs::remove_file(&path).with_context(|| format!("Removing {}", path.display()))?;
        }
        println!("    {GENERATED}/{}", name.display());
    }
    println!("    {} of {} files changed", changed.len(), wanted.len());
    shortcuts::write(house)
}

/// Fails when what is committed is not what would be written.
pub(crate) fn check(house: &House) -> Result<()> {
    let changed = differing(&export(house)?, &read(&house.path(GENERATED))?);
    if changed.is_empty() {
        return shortcuts::check(house);
    }
    let names: Vec<String> = changed
        .iter()
        .map(|name| format!("\n    {GENERATED}/{}", name.display()))
        .collect();
    bail!(
        "`cargo xtask codegen` would change these files:{}",
        names.concat()
    );
}

/// What the types are in TypeScript now.
fn export(house: &House) -> Result<Files> {
    // Features are those of the whole workspace, as in every other build, and nothing is built twice.
    cargo(["build", "--workspace", "--example", EXPORTER]).run()?;
    let folder = tempfile::tempdir().context("Making a folder")?;
    Call::new(house.example(EXPORTER))
        .args([folder.path()])
        .run()?;
    read(folder.path())
}

/// The files in and under `folder` by their path in it; none if it does not exist.
fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = fs::read_dir(&next) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).with_context(|| format!("Reading {}", path.display()))?;
            files.insert(path.strip_prefix(folder).unwrap_or(&path).to_owned(), bytes);
        }
    }
    Ok(files)
}

/// Names of which one side has no file, or another one.
fn differing(wanted: &Files, present: &Files) -> Vec<PathBuf> {
    let names: BTreeSet<&PathBuf> = wanted.keys().chain(present.keys()).collect();
    names
        .into_iter()
        .filter(|name| wanted.get(*name) != present.get(*name))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(of: &[(&str, &str)]) -> Files {
        of.iter()
            .map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn what_is_new_changed_or_left_over_differs() {
        let wanted = files(&[("Chat.ts", "a"), ("New.ts", "b"), ("Same.ts", "c")]);
        let present = files(&[("Chat.ts", "old"), ("Gone.ts", "d"), ("Same.ts", "c")]);
        let names: Vec<PathBuf> = ["Chat.ts", "Gone.ts", "New.ts"].map(PathBuf::from).into();
        assert_eq!(differing(&wanted, &present), names);
    }

    #[test]
    fn files_are_named_by_their_path_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/A.ts"), "x").unwrap();
        assert_eq!(read(folder.path()).unwrap(), files(&[("deep/A.ts", "x")]));
        assert_eq!(read(&folder.path().join("nowhere")).unwrap(), Files::new());
    }
}

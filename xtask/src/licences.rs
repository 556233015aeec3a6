//! The licences of everything that Pult is built from, Rust and npm, must let it be given away.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::call::cargo;
use crate::house::House;
use crate::spdx::is_satisfiable;
use crate::ui;

/// Licences that ask for no more than their notice, or (MPL) stay with their own files.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OFL-1.1",
    "Python-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages (by how their names begin) that declare nothing, with what was found to hold for them.
const FOUND: &[(&str, &str)] = &[
    // Their folders have the text of the MIT licence.
    ("@inlang/plugin-message-format", "MIT"),
    ("sqlite-wasm-kysely", "MIT"),
];

/// A package and what it says of its licence.
pub(crate) struct Package {
    /// Name and version.
    pub(crate) name: String,
    pub(crate) licence: Option<String>,
}

/// Fails with the packages whose licence is missing, unreadable or not among the allowed ones.
pub(crate) fn check(house: &House) -> Result<()> {
    ui::packages(house)?;
    let mut packages = crates()?;
    npm_packages(&house.path("ui/node_modules"), &mut packages)?;
    let offenders: Vec<String> = packages.iter().filter_map(offence).collect();
    println!("    {} packages looked at", packages.len());
    if offenders.is_empty() {
        return Ok(());
    }
    bail!("licences that are not allowed here:{}", offenders.concat());
}

fn offence(package: &Package) -> Option<String> {
    let is_allowed = |licence: &str| ALLOWED.contains(&licence);
    let found = || {
        FOUND
            .iter()
            .find(|(name, _)| package.name.starts_with(name))
    };
    let licence = package.licence.as_deref().or_else(|| Some(found()?.1));
    let why = match licence {
        None => "says nothing of its licence".to_owned(),
        Some(licence) => match is_satisfiable(licence, &is_allowed) {
            Some(true) => return None,
            Some(false) => licence.to_owned(),
            None => format!("{licence:?} is no licence expression"),
        },
    };
    Some(format!("\n    {}: {why}", package.name))
}

/// Every crate of the lock file, of all systems.
fn crates() -> Result<Vec<Package>> {
    let answer = cargo(["metadata", "--format-version", "1"]).output()?;
    let metadata: Value = serde_json::from_str(&answer).context("Reading cargo metadata")?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    Ok(packages
        .context("cargo metadata names no packages")?
        .iter()
        .map(package)
        .collect())
}

/// Adds what is installed in `node_modules`, and in those inside it.
fn npm_packages(node_modules: &Path, packages: &mut Vec<Package>) -> Result<()> {
    for folder in folders(node_modules) {
        let is_scope = folder
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"@"));
        for folder in if is_scope {
            folders(&folder)
        } else {
            vec![folder]
        } {
            let file = folder.join("package.json");
            if file.is_file() {
                let text = fs::read_to_string(&file);
                let text = text.with_context(|| format!("Reading {}", file.display()))?;
                let value: Value = serde_json::from_str(&text)
                    .with_context(|| format!("Reading {}", file.display()))?;
                packages.push(package(&value));
            }
            npm_packages(&folder.join("node_modules"), packages)?;
        }
    }
    Ok(())
}

/// The folders in `folder`, without hidden ones (npm's own); none if it does not exist.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// What a manifest says: `cargo metadata` and `package.json` agree on the names of these fields.
pub(crate) fn package(manifest: &Value) -> Package {
    let text = |key: &str| manifest.get(key).and_then(Value::as_str);
    // Before 2016 npm had an object, or a list of them, for which one may choose.
    let old = |value: &Value| value.get("type").and_then(Value::as_str).map(str::to_owned);
    let licence = text("license")
        .map(str::to_owned)
        .or_else(|| old(manifest.get("license")?));
    let licences = || -> Option<String> {
        let all: Option<Vec<String>> = manifest
            .get("licenses")?
            .as_array()?
            .iter()
            .map(old)
            .collect();
        all.map(|all| all.join(" OR "))
    };
    Package {
        name: format!(
            "{} {}",
            text("name").unwrap_or("?"),
            text("version").unwrap_or("?")
        ),
        licence: licence.or_else(licences),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_licence_is_read_in_all_the_ways_in_which_it_is_declared() {
        for manifest in [
            json!({ "license": "MIT OR ISC" }),
            json!({ "license": { "type": "MIT OR ISC" } }),
            json!({ "licenses": [{ "type": "MIT" }, { "type": "ISC" }] }),
        ] {
            assert_eq!(
                package(&manifest).licence.as_deref(),
                Some("MIT OR ISC"),
                "{manifest}"
            );
        }
        assert_eq!(package(&json!({ "license": null })).licence, None);
    }

    #[test]
    fn an_offender_is_named_with_its_reason() {
        let offence = |licence: Option<&str>| {
            offence(&Package {
                name: "some 1.0.0".to_owned(),
                licence: licence.map(str::to_owned),
            })
        };
        assert_eq!(offence(Some("MIT")), None);
        assert_eq!(
            offence(Some("AGPL-3.0-only")).unwrap(),
            "\n    some 1.0.0: AGPL-3.0-only"
        );
        assert!(offence(None).unwrap().contains("says nothing"));
        assert!(
            offence(Some("SEE LICENSE IN x"))
                .unwrap()
                .contains("no licence expression")
        );
    }

    #[test]
    fn what_was_found_counts_only_where_nothing_is_declared() {
        let offence = |licence: Option<&str>| {
            let name = "sqlite-wasm-kysely 0.3.0".to_owned();
            offence(&Package {
                name,
                licence: licence.map(str::to_owned),
            })
        };
        assert_eq!(offence(None), None);
        assert!(offence(Some("AGPL-3.0-only")).is_some());
    }

    #[test]
    fn scoped_and_nested_packages_of_npm_are_found() {
        let modules = tempfile::tempdir().unwrap();
        for folder in ["plain", "@scope/inner", "plain/node_modules/deep", ".bin"] {
            let folder = modules.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(
                folder.join("package.json"),
                r#"{ "name": "x", "license": "MIT" }"#,
            )
            .unwrap();
        }
        let mut packages = Vec::new();
        npm_packages(modules.path(), &mut packages).unwrap();
        assert_eq!(packages.len(), 3);
    }
}

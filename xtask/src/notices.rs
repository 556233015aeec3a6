//! What packages say of those whose work is in them: their licences and notices, which these ask for.
//!
//! A licence allows its work to be given away with its text and the names in it. So a package brings one
//! file with the texts that came with everything its program is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::call::{Call, cargo};
use crate::house::House;
use crate::licences;

/// What its file is called in packages.
pub(crate) const NAME: &str = "THIRD-PARTY-NOTICES";

/// How the names of files with such texts begin.
const BEGINNINGS: [&str; 6] = [
    "licen",
    "copying",
    "notice",
    "copyright",
    "unlicense",
    "authors",
];

/// What of npm becomes part of the page although it is needed to build it alone, and whether what it
/// depends on does as well. Paraglide lays a few functions of its own beside the messages.
const IN_THE_PAGE: [(&str, bool); 2] = [("svelte", true), ("@inlang/paraglide-js", false)];

/// A work of others, and where it lies.
struct Work {
    said: licences::Package,
    authors: Vec<String>,
    texts: Vec<String>,
}

/// Writes the notices for `program`, a package of this workspace, with those for the page if it shows it.
pub(crate) fn write(house: &House, program: &str, has_page: bool, file: &Path) -> Result<()> {
    let mut works = crates(program)?;
    if has_page {
        works.extend(npm_packages(&house.path("ui"))?);
    }
    let own = ["LICENSE-MIT", "LICENSE-APACHE"].map(|name| fs::read_to_string(house.path(name)));
    let [mit, apache] = own;
    let text = worded(
        &works,
        &[
            mit.context("LICENSE-MIT")?,
            apache.context("LICENSE-APACHE")?,
        ],
    );
    let folder = file.parent().context("A file lies in a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .with_context(|| format!("Writing {}", file.display()))?;
    println!("    {} works of others are named", works.len());
    Ok(())
}

/// The crates that become part of a program of this system, which those that are needed to build it or to
/// test it do not.
fn crates(program: &str) -> Result<Vec<Work>> {
    let host = Call::new("rustc")
        .args(["--print", "host-tuple"])
        .output()?;
    let answer = cargo(["metadata", "--format-version", "1", "--filter-platform"])
        .args([host.trim()])
        .output()?;
    let metadata: Value = serde_json::from_str(&answer).context("Reading cargo metadata")?;
    let packages = by_id(metadata.get("packages"));
    let nodes = by_id(metadata.pointer("/resolve/nodes"));
    let root = packages.iter().find(|(_, package)| {
        package.get("name").and_then(Value::as_str) == Some(program) && !is_of_others(package)
    });
    let (root, _) = root.with_context(|| format!("There is no package {program} here"))?;
    let mut seen = BTreeSet::new();
    let mut next = vec![*root];
    let mut works = Vec::new();
    while let Some(id) = next.pop() {
        if !seen.insert(id) {
            continue;
        }
        let package = packages.get(id).context("cargo metadata lacks a package")?;
        if is_of_others(package) {
            let manifest = package.get("manifest_path").and_then(Value::as_str);
            let folder = Path::new(manifest.context("A package has a manifest")?).parent();
            works.push(work(
                package,
                folder.context("A manifest lies in a folder")?,
            )?);
        }
        let node = nodes
            .get(id)
            .context("cargo metadata resolves a package not")?;
        next.extend(
            each(node.get("deps"))
                .filter(|dep| is_part(dep))
                .filter_map(|dep| dep.get("pkg").and_then(Value::as_str)),
        );
    }
    ensure!(!works.is_empty(), "{program} is made of nothing");
    Ok(works)
}

/// Whether it comes from elsewhere.
fn is_of_others(package: &Value) -> bool {
    package
        .get("source")
        .is_some_and(|source| !source.is_null())
}

/// Whether a dependency is neither for building nor for tests alone.
fn is_part(dependency: &Value) -> bool {
    each(dependency.get("dep_kinds")).any(|kind| kind.get("kind").is_none_or(Value::is_null))
}

fn by_id(list: Option<&Value>) -> BTreeMap<&str, &Value> {
    each(list)
        .filter_map(|one| Some((one.get("id")?.as_str()?, one)))
        .collect()
}

fn each(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

/// What of npm becomes part of the page.
fn npm_packages(ui: &Path) -> Result<Vec<Work>> {
    let read = |folder: &Path| -> Result<Value> {
        let file = folder.join("package.json");
        let text =
            fs::read_to_string(&file).with_context(|| format!("Reading {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("Reading {}", file.display()))
    };
    let needed = |manifest: &Value| -> Vec<String> {
        let all = manifest.get("dependencies").and_then(Value::as_object);
        all.into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    };
    let mut next: Vec<(String, bool)> = needed(&read(ui)?)
        .into_iter()
        .map(|name| (name, true))
        .collect();
    next.extend(IN_THE_PAGE.map(|(name, with_needed)| (name.to_owned(), with_needed)));
    let mut seen = BTreeSet::new();
    let mut works = Vec::new();
    while let Some((name, with_needed)) = next.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let folder = ui.join("node_modules").join(&name);
        let manifest = read(&folder)?;
        works.push(work(&manifest, &folder)?);
        if with_needed {
            next.extend(needed(&manifest).into_iter().map(|name| (name, true)));
        }
    }
    Ok(works)
}

fn work(manifest: &Value, folder: &Path) -> Result<Work> {
    let authors = each(manifest.get("authors")).filter_map(Value::as_str);
    let author = manifest
        .get("author")
        .and_then(|author| author.as_str().or_else(|| author.get("name")?.as_str()));
    Ok(Work {
        said: licences::package(manifest),
        authors: authors.chain(author).map(str::to_owned).collect(),
        texts: texts(folder).with_context(|| format!("Looking into {}", folder.display()))?,
    })
}

/// The texts in a folder, and in one that is called like them, by their files' names.
fn texts(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        if !BEGINNINGS
            .iter()
            .any(|beginning| name.starts_with(beginning))
        {
            continue;
        }
        if path.is_dir() {
            let inside = fs::read_dir(&path)?.map(|entry| Ok(entry?.path()));
            files.extend(inside.collect::<Result<Vec<_>>>()?);
        } else if !matches!(
            path.extension().and_then(|end| end.to_str()),
            Some("rs" | "js" | "ts")
        ) {
            files.push(path);
        }
    }
    files.sort();
    let files = files.iter().filter(|file| file.is_file());
    let read = |file: &PathBuf| -> Result<String> {
        let text = String::from_utf8_lossy(&fs::read(file)?).replace("\r\n", "\n");
        Ok(text.trim_matches(['\u{feff}', '\n']).trim_end().to_owned())
    };
    files.map(read).collect()
}

/// The file: each text once, below the names of all that brought it.
fn worded(works: &[Work], own: &[String; 2]) -> String {
    const RULE: &str =
        "--------------------------------------------------------------------------------";
    let mut by_texts: BTreeMap<&[String], Vec<String>> = BTreeMap::new();
    for work in works {
        let licence = work.said.licence.as_deref().unwrap_or("licence below");
        let mut line = format!("{} ({licence})", work.said.name);
        // Where no text names them.
        if work.texts.is_empty() && !work.authors.is_empty() {
            _ = write!(line, ", by {}", work.authors.join(", "));
        }
        by_texts.entry(&work.texts).or_default().push(line);
    }
    let mut groups: Vec<(Vec<String>, &[String])> = by_texts
        .into_iter()
        .map(|(texts, mut lines)| {
            lines.sort();
            lines.dedup();
            (lines, texts)
        })
        .collect();
    groups.sort();
    let mut file = "Pult may be used under the MIT licence or under the Apache License 2.0, whose texts stand at the end.\n\
        It is made with the works of others below, each with the licence that it declares and the texts that came with it.\n"
        .to_owned();
    for (lines, texts) in groups {
        _ = write!(file, "\n{RULE}\n{}\n", lines.join("\n"));
        if texts.is_empty() {
            file += "\nNo text came with these; where they name MIT or Apache-2.0, it is the one at the end.\n";
        }
        for text in texts {
            _ = write!(file, "\n{text}\n");
        }
    }
    for text in own {
        _ = write!(file, "\n{RULE}\nPult\n\n{}\n", text.trim());
    }
    file
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn some(name: &str, texts: &[&str]) -> Work {
        Work {
            said: licences::Package {
                name: name.to_owned(),
                licence: Some("MIT".to_owned()),
            },
            authors: vec!["Somebody".to_owned()],
            texts: texts.iter().map(|&text| text.to_owned()).collect(),
        }
    }

    #[test]
    fn each_text_stands_there_once_below_all_that_brought_it() {
        let works = [
            some("beta 1.0.0", &["Text of both"]),
            some("alpha 1.0.0", &["Text of both"]),
            some("gamma 1.0.0", &[]),
        ];
        let file = worded(&works, &["Own MIT".to_owned(), "Own Apache".to_owned()]);
        assert_eq!(file.matches("Text of both").count(), 1);
        assert!(
            file.contains("alpha 1.0.0 (MIT)\nbeta 1.0.0 (MIT)\n\nText of both\n"),
            "{file}"
        );
        assert!(
            file.contains("gamma 1.0.0 (MIT), by Somebody\n\nNo text came"),
            "{file}"
        );
        assert!(file.trim_end().ends_with("Own Apache"));
    }

    #[test]
    fn texts_are_found_by_the_names_of_their_files() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("LICENSE-MIT", "one\r\n"),
            ("license.md", "two"),
            ("licences.rs", "no text"),
            ("README.md", "nor this"),
            ("LICENSES/OFL.txt", "three"),
        ] {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let mut found = texts(folder.path()).unwrap();
        found.sort();
        assert_eq!(found, ["one", "three", "two"]);
    }

    #[test]
    fn what_a_program_needs_to_be_built_or_tested_is_no_part_of_it() {
        let kinds = |kinds: &[Option<&str>]| {
            let kinds: Vec<Value> = kinds.iter().map(|kind| json!({ "kind": kind })).collect();
            json!({ "pkg": "some", "dep_kinds": kinds })
        };
        assert!(is_part(&kinds(&[None])));
        assert!(is_part(&kinds(&[Some("dev"), None])));
        assert!(!is_part(&kinds(&[Some("build"), Some("dev")])));
    }

    #[test]
    fn the_page_is_made_of_what_it_depends_on_and_what_that_does() {
        let ui = tempfile::tempdir().unwrap();
        let write = |folder: &str, manifest: Value| {
            let folder = ui.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("package.json"), manifest.to_string()).unwrap();
        };
        write(
            "",
            json!({ "dependencies": { "letters": "1" }, "devDependencies": { "tester": "1" } }),
        );
        for (name, needs) in [
            ("letters", json!({ "shapes": "1" })),
            ("shapes", json!({})),
            ("svelte", json!({ "small": "1" })),
            ("small", json!({ "shapes": "1" })),
            ("@inlang/paraglide-js", json!({ "compiler": "1" })),
        ] {
            let manifest =
                json!({ "name": name, "version": "1", "license": "MIT", "dependencies": needs });
            write(&format!("node_modules/{name}"), manifest);
        }
        let works = npm_packages(ui.path()).unwrap();
        let mut names: Vec<&str> = works.iter().map(|work| work.said.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "@inlang/paraglide-js 1",
                "letters 1",
                "shapes 1",
                "small 1",
                "svelte 1"
            ]
        );
    }
}

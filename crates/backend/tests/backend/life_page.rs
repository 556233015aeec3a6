//! The page about the life of a chat: what it names is there, and it names what is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where the tests are that it may name.
const FOLDERS: [&str; 4] = [
    "crates/backend/tests/backend",
    "crates/panel/tests/panel",
    "tests/tests/system",
    "tests/tests/e2e",
];

/// Rows of the product's table.
const N_ROWS: usize = 20;

fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The functions in a folder that are tests.
fn tests_in(folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(house().join(folder)).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        for after in source.split("#[tokio::test").skip(1) {
            let name = after.split("async fn ").nth(1).unwrap();
            found.insert(name.split('(').next().unwrap().to_owned());
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// The names in a text that are set as code and look like a test's.
fn named(text: &str) -> BTreeSet<String> {
    let spans = text.split('`').skip(1).step_by(2);
    let is_name = |span: &&str| {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        span.matches('_').count() > 2 && span.chars().all(letters)
    };
    spans.filter(is_name).map(str::to_owned).collect()
}

#[test]
fn the_page_names_tests_that_exist_for_every_row_and_forgets_none() {
    let page = std::fs::read_to_string(house().join("docs/life.md")).unwrap();
    let tests: BTreeSet<String> = FOLDERS.into_iter().flat_map(tests_in).collect();
    let named_there = named(&page);
    let missing: Vec<&String> = named_there.difference(&tests).collect();
    assert_eq!(missing, [""; 0], "named, but not there");
    let is_of_the_page = |name: &&String| name.starts_with("row_") || name.starts_with("settled_");
    let forgotten: Vec<&String> = tests
        .iter()
        .filter(is_of_the_page)
        .filter(|name| !named_there.contains(*name))
        .collect();
    assert_eq!(forgotten, [""; 0], "there, but not named");
    let over_the_socket = tests_in(FOLDERS[0]);
    for row in 1..=N_ROWS {
        let line = page
            .lines()
            .find(|line| line.starts_with(&format!("| {row} |")))
            .unwrap_or_else(|| panic!("no row {row}"));
        let of_row = format!("row_{row:02}_");
        let is_proof = |name: &String| over_the_socket.contains(name) && name.contains(&of_row);
        assert!(named(line).iter().any(is_proof), "row {row}: {line}");
    }
    // What has no test says why.
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let is_header = line.contains("| tests |");
        assert!(
            is_header || !named(line).is_empty() || line.contains("| not built"),
            "{line}"
        );
    }
}

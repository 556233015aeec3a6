//! The corpus in the repository: scripts that each led somewhere of their own, a line of JSON each.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::hunt::{Tried, novelties};

/// Largest line that is kept.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// Largest file.
const MAX_FILE_BYTES: usize = 96 * 1024;

/// Most scripts of a file: all of them are tried again by the tests.
const MAX_SCRIPTS: usize = 60;

fn file(target: &str) -> PathBuf {
    let name = format!("corpus/{target}.jsonl");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The scripts of a target.
///
/// # Errors
/// When a line is not a script.
pub fn read<S: DeserializeOwned>(target: &str) -> Result<Vec<Vec<S>>> {
    let file = file(target);
    let text = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.with_context(|| format!("Reading {}", file.display()))?,
    };
    let scripts = text.lines().enumerate().map(|(idx, line)| {
        serde_json::from_str(line)
            .with_context(|| format!("Line {} of {}", idx + 1, file.display()))
    });
    scripts.collect()
}

/// Replaces a target's corpus by those of `tried` that together lead wherever all of them do, as
/// far as there is room. Returns how many those are.
pub(crate) fn keep<'a, S: Serialize + 'a>(
    target: &str,
    tried: impl Iterator<Item = (&'a [S], &'a Tried)>,
) -> Result<usize> {
    let mut left: Vec<(String, Vec<u64>)> = Vec::new();
    for (script, tried) in tried {
        let line = serde_json::to_string(script)?;
        if line.len() <= MAX_LINE_BYTES {
            left.push((line, novelties(tried)));
        }
    }
    let (mut lines, mut n_bytes) = (Vec::new(), 0);
    let mut covered: HashSet<u64> = HashSet::new();
    while lines.len() < MAX_SCRIPTS {
        // What adds most for its length comes next.
        let worth =
            |(line, novelties): &(String, Vec<u64>)| novelties.len() * 1_000 / (line.len() + 200);
        let best = left
            .iter()
            .map(worth)
            .enumerate()
            .max_by_key(|(_, worth)| *worth);
        let Some((idx, _)) = best.filter(|(_, worth)| *worth > 0) else {
            break;
        };
        let (line, novelties) = left.swap_remove(idx);
        covered.extend(novelties);
        for (_, novelties) in &mut left {
            novelties.retain(|novelty| !covered.contains(novelty));
        }
        if n_bytes + line.len() < MAX_FILE_BYTES {
            n_bytes += line.len() + 1;
            lines.push(line);
        }
    }
    lines.sort_unstable_by_key(String::len);
    let n = lines.len();
    let file = file(target);
    std::fs::write(&file, lines.join("\n") + "\n")
        .with_context(|| format!("Writing {}", file.display()))?;
    Ok(n)
}

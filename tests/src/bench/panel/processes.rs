//! What a program and everything that it has started cost together: a window is several processes.

use std::collections::{HashMap, HashSet};
use std::fs;

use anyhow::{Context, Result, ensure};
use rustix::process::Pid;

use super::super::machine;

/// Megabytes of memory that all of them hold, of what is shared with others their share.
///
/// # Errors
/// When none of them runs.
pub fn memory_mb(program: Pid) -> Result<f64> {
    let mut kb = 0_u32;
    for pid in all_of(program)? {
        // One that has just ended holds nothing.
        let path = format!("/proc/{}/smaps_rollup", pid.as_raw_nonzero());
        let rollup = fs::read_to_string(path).unwrap_or_default();
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let own = line.and_then(|line| line.trim().strip_suffix("kB"));
        kb += own.map_or(Ok(0), |own| own.trim().parse())?;
    }
    ensure!(kb > 0, "the program has ended");
    Ok(f64::from(kb) / 1024.0)
}

/// Seconds of processor time that all of them have used so far.
///
/// # Errors
/// When none of them runs.
pub fn cpu_seconds(program: Pid) -> Result<f64> {
    let each = all_of(program)?.into_iter();
    Ok(each.filter_map(|pid| machine::cpu_seconds(pid).ok()).sum())
}

/// It, what it has started, what that has started, and so on.
fn all_of(program: Pid) -> Result<HashSet<Pid>> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for process in fs::read_dir("/proc").context("Reading processes")? {
        let pid = process?.file_name().to_string_lossy().parse();
        let Some(pid) = pid.ok().and_then(Pid::from_raw) else {
            continue;
        };
        if let Some(parent) = parent_of(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut all = HashSet::new();
    let mut next = vec![program];
    while let Some(pid) = next.pop() {
        if all.insert(pid) {
            next.extend(children.get(&pid).into_iter().flatten());
        }
    }
    Ok(all)
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name may hold anything, but ends with the last bracket.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields
        .split(' ')
        .nth(1)?
        .parse()
        .ok()
        .and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use rustix::process::getpid;

    use super::*;

    #[test]
    fn what_was_started_counts() {
        let alone = all_of(getpid()).unwrap();
        let mut shell = Command::new("sh")
            .args(["-c", "echo on; cat; exit"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut word = [0; 3];
        std::io::Read::read_exact(shell.stdout.as_mut().unwrap(), &mut word).unwrap();
        let child = Pid::from_child(&shell);
        let both = all_of(getpid()).unwrap();
        assert!(both.contains(&child) && !alone.contains(&child));
        assert!(memory_mb(getpid()).unwrap() > memory_mb(child).unwrap());
        assert!(cpu_seconds(getpid()).unwrap() >= 0.0);
        drop(shell.stdin.take());
        shell.wait().unwrap();
    }
}

//! What the machine knows of itself and of the programs on it.

use anyhow::{Context, Result};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds by the clock that never steps and is the same for all programs of the machine.
#[must_use]
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let rest = u64::try_from(now.tv_nsec).unwrap_or_default();
    seconds * 1_000_000_000 + rest
}

/// Seconds from `begun` to `ended`.
#[must_use]
pub fn seconds_between(begun: u64, ended: u64) -> f64 {
    std::time::Duration::from_nanos(ended.saturating_sub(begun)).as_secs_f64()
}

/// Seconds of processor time that a program has used.
///
/// # Errors
/// When there is no such program.
pub fn cpu_seconds(pid: Pid) -> Result<f64> {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let stat = std::fs::read_to_string(&path).with_context(|| format!("Reading {path}"))?;
    // The name may hold anything, but ends with the last bracket.
    let (_, fields) = stat.rsplit_once(") ").context("Reading the name")?;
    let ticks = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u32>().map(f64::from));
    let ticks: Vec<f64> = ticks.collect::<Result<_, _>>().context("Reading ticks")?;
    let per_second = u32::try_from(rustix::param::clock_ticks_per_second())?;
    Ok(ticks.iter().sum::<f64>() / f64::from(per_second))
}

/// Kilobytes of memory that a program holds.
///
/// # Errors
/// When there is no such program.
pub fn resident_kb(pid: Pid) -> Result<u32> {
    let path = format!("/proc/{}/status", pid.as_raw_nonzero());
    let status = std::fs::read_to_string(&path).with_context(|| format!("Reading {path}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.trim().strip_suffix("kB"));
    kb.context("Finding the memory")?
        .trim()
        .parse()
        .context("Reading the memory")
}

/// Lets this program, and those that it starts, hold as many connections as they may.
///
/// # Errors
/// When the system refuses.
pub fn allow_many_connections() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, most).context("Asking for many connections")
}

/// What the machine is, for whoever reads the figures.
#[must_use]
pub fn class() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unnamed processor", |(_, model)| model);
    format!("{cores} cores of {model}")
}

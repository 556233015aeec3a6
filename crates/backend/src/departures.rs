//! Which messages have left since the backend started: so that after a crash a message of which
//! nothing had left is sent, instead of waiting for a person as one that may have gone out.
//!
//! A message is noted here when the store has it as being sent and its request is about to be
//! made. The note is not flushed to the disk. A process that is killed leaves it all the same,
//! since the system has it by then; if the system itself has gone down, nothing of the file
//! counts, and all that was being sent may have gone out. It does not count either when it is of
//! another epoch than the store's last one, as beside a backup that was put in its place.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Where the notes go.
#[derive(Debug)]
pub(crate) struct Departures {
    file: File,
}

impl Departures {
    /// Begins the notes of an epoch; those of the one before are given up.
    pub(crate) fn begin(path: &Path, epoch: &str) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(path)?;
        file.write_all(head(epoch).as_bytes())?;
        Ok(Self { file })
    }

    /// Notes that a message is about to leave. Returns when the system has it.
    pub(crate) fn note(&self, delivery: i64) -> io::Result<()> {
        (&self.file).write_all(note_of(delivery).as_bytes())
    }
}

/// A line of its own, also behind a note that was cut by a full disk: the two read as one would
/// hide that this message leaves.
fn note_of(delivery: i64) -> String {
    format!("\n{delivery}\n")
}

/// What had left in the time of an epoch; none if that cannot be known.
pub(crate) fn read(path: &Path, epoch: &str) -> Option<BTreeSet<i64>> {
    boot()?;
    let notes = std::fs::read_to_string(path).ok()?;
    // Of a note that is not whole nobody knows what it was to say.
    let notes = notes.strip_prefix(&head(epoch))?;
    let mut lines = notes.split_inclusive('\n').filter(|line| *line != "\n");
    lines.try_fold(BTreeSet::new(), |mut departed, line| {
        departed.insert(line.strip_suffix('\n')?.parse().ok()?);
        Some(departed)
    })
}

/// The first line of the file: of what system's and what store's time it is.
fn head(epoch: &str) -> String {
    format!("{} {epoch}\n", boot().unwrap_or_default())
}

/// Names the time since the system started; none where the system has no such name.
fn boot() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_has_left_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("departures");
        let departures = Departures::begin(&path, "now").unwrap();
        departures.note(7).unwrap();
        departures.note(12).unwrap();
        assert_eq!(read(&path, "now"), Some(BTreeSet::from([7, 12])));
    }

    #[test]
    fn notes_of_another_time_of_the_store_or_of_the_system_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("departures");
        Departures::begin(&path, "before").unwrap().note(7).unwrap();
        assert_eq!(read(&path, "now"), None);
        std::fs::write(&path, "another-boot now\n7\n").unwrap();
        assert_eq!(read(&path, "now"), None);
    }

    #[test]
    fn a_file_that_is_missing_or_cannot_be_read_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("departures");
        assert_eq!(read(&path, "now"), None);
        std::fs::write(&path, format!("{}7\n12", head("now"))).unwrap();
        assert_eq!(read(&path, "now"), None);
    }

    #[test]
    fn a_note_behind_one_that_a_full_disk_cut_is_read_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("departures");
        let departures = Departures::begin(&path, "now").unwrap();
        departures.note(123).unwrap();
        // As much of a note as there was room for; its message did not leave.
        let note = note_of(456);
        (&departures.file).write_all(&note.as_bytes()[..2]).unwrap();
        departures.note(789).unwrap();
        let departed = read(&path, "now");
        assert!(departed.is_none_or(|departed| departed.contains(&123) && departed.contains(&789)));
    }

    #[test]
    fn a_new_time_begins_with_nothing_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("departures");
        Departures::begin(&path, "now").unwrap().note(7).unwrap();
        drop(Departures::begin(&path, "now").unwrap());
        assert_eq!(read(&path, "now"), Some(BTreeSet::new()));
    }
}

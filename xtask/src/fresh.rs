//! Whether something made is still newer than what it was made from.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Whether `made` is missing, or anything in or under `sources` has changed since it was made.
///
/// Folders count by their own time too, so that a file taken away is noticed. `except` are paths
/// that the making itself writes.
pub(crate) fn is_stale(made: &Path, sources: &[PathBuf], except: &[PathBuf]) -> bool {
    let Some(made_at) = changed_at(made) else {
        return true;
    };
    sources
        .iter()
        .any(|source| has_newer(source, made_at, except))
}

fn has_newer(path: &Path, than: SystemTime, except: &[PathBuf]) -> bool {
    if except.iter().any(|excepted| excepted == path) {
        return false;
    }
    if changed_at(path).is_some_and(|at| at > than) {
        return true;
    }
    let Ok(entries) = fs::read_dir(path) else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| has_newer(&entry.path(), than, except))
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}

// Windows opens no folder, so its time cannot be set.
#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    /// A folder with `src/deep/a` and `made`; times are seconds after some moment.
    struct Place(tempfile::TempDir);

    impl Place {
        fn new(made: u64, source: u64) -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            fs::create_dir_all(place.path("src/deep")).unwrap();
            for (file, at) in [("made", made), ("src/deep/a", source)] {
                File::create(place.path(file)).unwrap();
                place.date(file, at);
            }
            place.date("src/deep", 0);
            place.date("src", 0);
            place
        }

        fn path(&self, inside: &str) -> PathBuf {
            self.0.path().join(inside)
        }

        fn date(&self, inside: &str, at: u64) {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + at);
            File::open(self.path(inside))
                .unwrap()
                .set_modified(at)
                .unwrap();
        }

        fn is_stale(&self, except: &[PathBuf]) -> bool {
            is_stale(&self.path("made"), &[self.path("src")], except)
        }
    }

    #[test]
    fn what_was_made_after_its_sources_is_fresh() {
        assert!(!Place::new(2, 1).is_stale(&[]));
    }

    #[test]
    fn a_newer_source_however_deep_makes_it_stale() {
        assert!(Place::new(1, 2).is_stale(&[]));
    }

    #[test]
    fn what_was_never_made_is_stale() {
        let place = Place::new(2, 1);
        fs::remove_file(place.path("made")).unwrap();
        assert!(place.is_stale(&[]));
    }

    #[test]
    fn a_source_taken_away_makes_it_stale() {
        let place = Place::new(2, 1);
        fs::remove_file(place.path("src/deep/a")).unwrap();
        assert!(place.is_stale(&[]));
    }

    #[test]
    fn what_the_making_writes_does_not_make_it_stale() {
        let place = Place::new(1, 2);
        assert!(!place.is_stale(&[place.path("src/deep")]));
    }

    #[test]
    fn a_source_that_does_not_exist_is_no_reason() {
        let place = Place::new(2, 1);
        assert!(!is_stale(
            &place.path("made"),
            &[place.path("nowhere")],
            &[]
        ));
    }
}

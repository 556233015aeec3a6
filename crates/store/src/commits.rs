//! What becomes of commits, for those who watch over them, and whether the disk takes what is
//! written, as far as the last one tells.
//!
//! A disk that is full or read-only comes to light in the middle of somebody's work or at the
//! commit. Whoever asked is told each time; the log is told once when it begins and once when it
//! is over, or it would help to fill the disk. A commit that finds room does not end it: what is
//! small goes on fitting for a while into what the failed one has left.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::StoreError;

/// A disk with less room than this is full: twice what a provider delivers at once.
const ROOM_BYTES: usize = 8 * 1024 * 1024;

/// One commit, or a try at one.
#[derive(Debug, Clone, Copy)]
pub struct CommitReport {
    /// How many callers' work was in it.
    pub n_jobs: usize,
    /// From the beginning of its work until it was durable.
    pub took: Duration,
    /// Whether it came about.
    pub is_committed: bool,
}

/// Told of every commit, on the writing thread: must not block.
pub type Observer = Box<dyn Fn(CommitReport) + Send + Sync>;

/// What the writing thread, its askers and those who watch share.
#[derive(Default)]
pub(crate) struct Commits {
    pub(crate) observer: OnceLock<Observer>,
    is_disk_refusing: AtomicBool,
    /// Some work of the commit under way met a disk that refused.
    is_work_refused: AtomicBool,
}

impl Commits {
    /// Notes what a piece of work ended in.
    pub(crate) fn note_work<T>(&self, result: &Result<T, StoreError>) {
        if result.as_ref().is_err_and(StoreError::is_disk_trouble) {
            self.is_work_refused.store(true, Ordering::Relaxed);
        }
    }

    /// Notes what a commit ended in.
    pub(crate) fn note<T>(&self, outcome: &Result<T, StoreError>, n_jobs: usize, took: Duration) {
        if let Some(observer) = self.observer.get() {
            observer(CommitReport {
                n_jobs,
                took,
                is_committed: outcome.is_ok(),
            });
        }
        let is_work_refused = self.is_work_refused.swap(false, Ordering::Relaxed);
        let is_refusing = match outcome {
            Ok(_) => is_work_refused,
            Err(error) if error.is_disk_trouble() => true,
            Err(error) => {
                // It says nothing about the disk.
                tracing::error!(%error, n_jobs, "A commit failed");
                return;
            }
        };
        if is_refusing && !self.is_disk_refusing.swap(true, Ordering::Relaxed) {
            let error = outcome.as_ref().err().map(ToString::to_string);
            tracing::error!(
                error,
                "The disk is full or cannot be written: nothing new is taken until it can"
            );
        }
    }

    /// Notes that there is room, and that a commit has come about since.
    pub(crate) fn note_room(&self) {
        if self.is_disk_refusing.swap(false, Ordering::Relaxed) {
            tracing::warn!("The disk takes what is written again");
        }
    }

    /// Whether the disk refused what was to be written last.
    pub(crate) fn is_disk_refusing(&self) -> bool {
        self.is_disk_refusing.load(Ordering::Relaxed)
    }
}

/// Whether the disk has room: tried out, since a quota or a limit is in no figure of the system's.
pub(crate) fn find_room(store: &Path) -> io::Result<()> {
    let mut trial = store.as_os_str().to_owned();
    trial.push(".room");
    let tried = File::create(&trial).and_then(|mut file| {
        file.write_all(&vec![0xA5; ROOM_BYTES])?;
        file.sync_all()
    });
    let removed = std::fs::remove_file(&trial);
    tried.and(removed)
}

//! Whole files: copying one while others write to it, and looking whether one is sound.
//!
//! A copy is made page by page inside one reading transaction, so it is the file as it was when the
//! copying began, however much is written meanwhile; the writer is not held up, only its log cannot
//! be emptied before the copy is done. Not chosen: `VACUUM INTO`, which packs the file but cannot
//! say how far it is; copying the file by the system, which sees half of a commit.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::open::create_private;
use crate::{Error, Settings};

/// How many pages are copied between two words about the progress: 4 MiB.
const PAGES_AT_ONCE: i32 = 1024;

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// Pages that are copied.
    pub n_done: u64,
    /// Pages that there are.
    pub n_pages: u64,
}

/// Copies the file of `settings`, as it is now, to the empty or missing file `target`. When this
/// returns the copy is one file without companions, sound and on disk, for its owner alone.
///
/// # Errors
/// When `settings.path` is not ours or cannot be read, or `target` cannot be written or did not
/// become a sound copy; what there is of it is left for the caller to remove.
pub fn copy(
    settings: &Settings<'_>,
    target: &Path,
    mut progress: impl FnMut(CopyProgress),
) -> Result<(), Error> {
    let source = open_existing(settings.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    is_known(&source, settings)?;
    // Held to the end: the copy would begin anew with each commit otherwise.
    let view = source.unchecked_transaction()?;
    view.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
    create_private(target)?;
    let mut made = open_existing(target, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // It is brought to the disk once, when it is whole.
    made.pragma_update(None, "synchronous", "OFF")?;
    {
        let copying = Backup::new(&source, &mut made)?;
        loop {
            let step = copying.step(PAGES_AT_ONCE)?;
            let (all, left) = (copying.progress().pagecount, copying.progress().remaining);
            progress(CopyProgress {
                n_done: u64::try_from(all.saturating_sub(left)).unwrap_or(0),
                n_pages: u64::try_from(all).unwrap_or(0),
            });
            if step == StepResult::Done {
                break;
            }
            // Some other program looks at the copy that is being written.
            if step != StepResult::More {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
    view.finish()?;
    let mode: String =
        made.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))?;
    if mode != "delete" {
        let failed = ffi::Error::new(ffi::SQLITE_CANTOPEN);
        return Err(rusqlite::Error::SqliteFailure(failed, None).into());
    }
    is_sound(&made, target)?;
    made.close().map_err(|(_, error)| error)?;
    on_disk(target)
}

/// Whether the file of `settings` is ours, of no newer version, and whole.
///
/// # Errors
/// [`Error::NotOurs`], [`Error::NewerSchema`], [`Error::Damaged`], or that it cannot be read.
pub fn check(settings: &Settings<'_>) -> Result<(), Error> {
    let path = settings.path;
    let file = open_existing(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let checked = is_known(&file, settings).and_then(|()| is_sound(&file, path));
    checked.map_err(|error| damaged(path, error))
}

/// Moves what the write-ahead log of a file holds into it and removes the log. False if somebody
/// else has the file open.
///
/// # Errors
/// When the file cannot be opened or is not sound enough for it.
pub fn settle_log(path: &Path) -> Result<bool, Error> {
    let file = open_existing(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    file.busy_timeout(Duration::from_secs(1))?;
    let settled = || -> Result<bool, Error> {
        let mode: String =
            file.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))?;
        Ok(mode == "delete")
    };
    match settled() {
        Ok(is_settled) => Ok(is_settled),
        Err(Error::Sql(error)) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            Ok(false)
        }
        Err(error) => Err(damaged(path, error)),
    }
}

fn open_existing(path: &Path, access: OpenFlags) -> Result<Connection, Error> {
    // Looked at, not opened: to close a file takes away the locks that SQLite holds on it elsewhere
    // in this process.
    std::fs::metadata(path).map_err(|source| Error::NotReadable {
        path: path.to_owned(),
        source,
    })?;
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(path, flags)?;
    file.busy_timeout(Duration::from_secs(10))?;
    Ok(file)
}

fn is_known(file: &Connection, settings: &Settings<'_>) -> Result<(), Error> {
    let path = settings.path;
    let id: i32 = file
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| damaged(path, error.into()))?;
    if id != settings.application_id {
        return Err(Error::NotOurs {
            path: path.to_owned(),
        });
    }
    let found: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(settings.migrations.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

fn is_sound(file: &Connection, path: &Path) -> Result<(), Error> {
    let verdict: String = file.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    let corrupt = ffi::Error::new(ffi::SQLITE_CORRUPT);
    Err(Error::Damaged {
        path: path.to_owned(),
        source: rusqlite::Error::SqliteFailure(corrupt, Some(verdict)),
    })
}

/// Puts a name to what SQLite says of a file that is none of its own, or broken.
fn damaged(path: &Path, error: Error) -> Error {
    let is_of = |source: &rusqlite::Error| {
        matches!(
            source.sqlite_error_code(),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
        )
    };
    if let Error::Sql(source) = error {
        if is_of(&source) {
            let path = path.to_owned();
            return Error::Damaged { path, source };
        }
        return source.into();
    }
    error
}

fn on_disk(path: &Path) -> Result<(), Error> {
    let synced = File::options().write(true).open(path);
    synced
        .and_then(|file| file.sync_all())
        .map_err(|source| Error::NotWritable {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Durability, Migration, open};

    const STEP: Migration = Migration {
        name: "0001_init",
        sql: "CREATE TABLE t (a INTEGER NOT NULL, filler BLOB NOT NULL) STRICT;",
    };

    fn settings(path: &Path) -> Settings<'_> {
        Settings {
            path,
            application_id: 0x5055_4c54,
            migrations: &[STEP],
            durability: Durability::Normal,
            erase_deleted: false,
            n_readers: 2,
            load: crate::Load::Light,
        }
    }

    fn add(writer: &mut crate::Writer, a: i64) {
        let insert = "INSERT INTO t (a, filler) VALUES (?1, zeroblob(3000))";
        writer.transaction(|tx| tx.execute(insert, (a,))).unwrap();
    }

    #[test]
    fn a_copy_is_the_file_as_it_was_when_the_copying_began() {
        let dir = tempfile::tempdir().unwrap();
        let (path, target) = (dir.path().join("a.sqlite"), dir.path().join("copy.sqlite"));
        let (mut writer, _readers) = open(&settings(&path)).unwrap();
        for a in 0..4000 {
            add(&mut writer, a);
        }
        let mut steps = Vec::new();
        copy(&settings(&path), &target, |progress| {
            // Somebody writes in the middle of it.
            add(&mut writer, 1_000_000);
            steps.push(progress);
        })
        .unwrap();
        assert!(steps.len() > 1, "{steps:?}");
        assert!(steps.windows(2).all(|two| two[0].n_done < two[1].n_done));
        assert!(steps.iter().all(|step| step.n_pages == steps[0].n_pages));

        let (_writer, readers) = open(&settings(&target)).unwrap();
        let (n, greatest): (i64, i64) = readers
            .read(|reader| {
                reader.one("SELECT count(*), max(a) FROM t", (), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
            })
            .unwrap();
        assert_eq!((n, greatest), (4000, 3999));
    }

    #[test]
    fn a_copy_is_one_file_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        let (mut writer, _readers) = open(&settings(&path)).unwrap();
        add(&mut writer, 1);
        let place = tempfile::tempdir().unwrap();
        copy(&settings(&path), &place.path().join("copy.sqlite"), |_| {}).unwrap();
        let mut files = std::fs::read_dir(place.path()).unwrap();
        let file = files.next().unwrap().unwrap();
        assert!(files.next().is_none());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
        check(&settings(&file.path())).unwrap();
    }

    #[test]
    fn what_is_not_ours_newer_or_broken_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        let missing = check(&settings(&path)).unwrap_err();
        assert!(matches!(missing, Error::NotReadable { .. }), "{missing}");

        std::fs::write(&path, "").unwrap();
        let empty = check(&settings(&path)).unwrap_err();
        assert!(matches!(empty, Error::NotOurs { .. }), "{empty}");

        let (mut writer, readers) = open(&settings(&path)).unwrap();
        for a in 0..100 {
            add(&mut writer, a);
        }
        writer.checkpoint().unwrap();
        drop((writer, readers));
        check(&settings(&path)).unwrap();
        let whole = std::fs::read(&path).unwrap();

        let newer = Connection::open(&path).unwrap();
        newer.pragma_update(None, "user_version", 7).unwrap();
        drop(newer);
        let newer = check(&settings(&path)).unwrap_err();
        assert!(
            matches!(newer, Error::NewerSchema { found: 7, .. }),
            "{newer}"
        );

        let mut broken = whole.clone();
        let middle = broken.len() / 2;
        broken[middle..middle + 4096].fill(0xEE);
        std::fs::write(&path, broken).unwrap();
        let broken = check(&settings(&path)).unwrap_err();
        assert!(matches!(broken, Error::Damaged { .. }), "{broken}");

        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let cut = check(&settings(&path)).unwrap_err();
        assert!(matches!(cut, Error::Damaged { .. }), "{cut}");

        std::fs::write(&path, "a letter, and no database at all".repeat(99)).unwrap();
        let none = check(&settings(&path)).unwrap_err();
        assert!(matches!(none, Error::Damaged { .. }), "{none}");
    }

    #[test]
    fn a_settled_file_needs_no_log_and_one_in_use_is_not_settled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        let (mut writer, readers) = open(&settings(&path)).unwrap();
        add(&mut writer, 1);
        assert!(!settle_log(&path).unwrap());
        // As after a power cut: the log is left behind.
        let log = dir.path().join("a.sqlite-wal");
        let left = std::fs::read(&log).unwrap();
        drop((writer, readers));
        assert!(!left.is_empty());
        assert!(settle_log(&path).unwrap());
        assert!(!log.exists());
        check(&settings(&path)).unwrap();
    }
}

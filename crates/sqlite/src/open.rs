//! Opening a file, with words for everything that can be wrong with it.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{Migration, Readers, Writer, migrate};

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When it is on disk: nothing acknowledged is lost with the power.
    Full,
    /// When the operating system has it: the last moments may be lost with the power, never the
    /// file's consistency. For what can be fetched again.
    Normal,
}

/// How a file is opened.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// Where it lies. Made if it does not exist, readable by its owner alone.
    pub path: &'a Path,
    /// Marks the file as ours (SQLite's `application_id`), so that no other is taken for it.
    pub application_id: i32,
    /// Steps of the schema, first to last.
    pub migrations: &'a [Migration],
    /// When a commit counts as done.
    pub durability: Durability,
    /// Overwrite what is deleted, for files that must be able to forget.
    pub erase_deleted: bool,
    /// How many readers may work at once.
    pub n_readers: usize,
    /// How hard is worked on it.
    pub load: Load,
}

/// How hard is worked on a file: memory and a longer log for speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// A few changes at a time, in a program that is open all day beside others: who reads holds little of
    /// the file, and the system has what is read again and again.
    Light,
    /// Hundreds of changes in a commit, all over a file of gigabytes. The pages that the next commit
    /// changes again stay in memory, and are written into the file once for many commits.
    Heavy,
}

/// Kibibytes of the file that a reader holds in memory where little is done; SQLite's own measure is eight
/// times as much, and the writer has that.
pub(crate) const LIGHT_CACHE_KIB: i64 = 256;

/// Kibibytes of the file that a hard-working writer holds in memory.
const HEAVY_CACHE_KIB: i64 = 64 * 1024;

/// Pages of its log after which they are moved into the file; 32 MiB.
const HEAVY_LOG_PAGES: i64 = 8192;

/// Why a file could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder or file cannot be made or written.
    #[error("{} cannot be written: {source}", path.display())]
    NotWritable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not there or cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    NotReadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A newer version of the program has changed the file's schema.
    #[error(
        "{} was written by a newer version (schema {found}, this version knows {known})",
        path.display()
    )]
    NewerSchema {
        /// Which file.
        path: PathBuf,
        /// The file's schema.
        found: i64,
        /// The newest one known here.
        known: i64,
    },
    /// Another program's file.
    #[error("{} is not a file of this program", path.display())]
    NotOurs {
        /// Which file.
        path: PathBuf,
    },
    /// Not a database, or one that is damaged.
    #[error("{} is damaged: {source}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A statement failed.
    #[error("SQLite: {0}")]
    Sql(#[from] rusqlite::Error),
}

impl Error {
    /// Whether the disk is full or cannot be written: nothing is wrong with the data, and trying
    /// again makes sense once there is room.
    #[must_use]
    pub fn is_disk_trouble(&self) -> bool {
        match self {
            Self::NotWritable { .. } => true,
            Self::Sql(error) => is_disk_trouble(error),
            Self::NotReadable { .. }
            | Self::NewerSchema { .. }
            | Self::NotOurs { .. }
            | Self::Damaged { .. } => false,
        }
    }
}

/// The same of a statement that failed.
#[must_use]
pub fn is_disk_trouble(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
        )
    )
}

/// Opens the file, brings its schema up to date, and hands out its one writer and its readers.
///
/// # Errors
/// See [`Error`]; the file is as it was then, or at a complete earlier step of its migrations.
pub fn open(settings: &Settings<'_>) -> Result<(Writer, Readers), Error> {
    let path = settings.path;
    create_private(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(path, flags).map_err(|source| Error::Damaged {
            path: path.to_owned(),
            source,
        })?;
    match prepare(&mut connection, settings) {
        Err(Error::Sql(source))
            if matches!(
                source.sqlite_error_code(),
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
            ) =>
        {
            return Err(Error::Damaged {
                path: path.to_owned(),
                source,
            });
        }
        other => other?,
    }
    let readers = Readers::new(path, settings.n_readers, settings.load);
    Ok((Writer::new(connection), readers))
}

fn prepare(connection: &mut Connection, settings: &Settings<'_>) -> Result<(), Error> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    keep_plans(connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(
        None,
        "synchronous",
        match settings.durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        },
    )?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "secure_delete", settings.erase_deleted)?;
    if settings.load == Load::Heavy {
        // Negative: kibibytes, not pages.
        connection.pragma_update(None, "cache_size", -HEAVY_CACHE_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", HEAVY_LOG_PAGES)?;
    }
    migrate::run(connection, settings)
}

/// Lets a prepared statement keep its plan whatever is bound to it. Without that SQLite prepares it
/// again at each use if one of its tables has an index with a `WHERE`, in case the new value makes
/// that index fit; for statements as small as ours this is most of their cost.
pub(crate) fn keep_plans(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Makes the file before SQLite does, so that it never exists with wider rights; SQLite gives the
/// files beside it the same ones.
pub(crate) fn create_private(path: &Path) -> Result<(), Error> {
    let not_writable = |source| Error::NotWritable {
        path: path.to_owned(),
        source,
    };
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(not_writable)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Migration = Migration {
        name: "0001_init",
        sql: "CREATE TABLE t (a INTEGER NOT NULL) STRICT;",
    };

    fn settings<'a>(path: &'a Path, migrations: &'a [Migration]) -> Settings<'a> {
        Settings {
            path,
            application_id: 0x5055_4c54,
            migrations,
            durability: Durability::Full,
            erase_deleted: false,
            n_readers: 2,
            load: Load::Light,
        }
    }

    #[test]
    fn a_new_file_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        let (mut writer, _readers) = open(&settings(&path, &[STEP])).unwrap();
        writer
            .transaction(|tx| tx.execute("INSERT INTO t (a) VALUES (1)", ()))
            .unwrap();
        #[cfg(unix)]
        for file in std::fs::read_dir(dir.path()).unwrap() {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
    }

    #[test]
    fn a_file_of_a_newer_version_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        drop(open(&settings(&path, &[STEP, Migration { name: "2", sql: "" }])).unwrap());
        let error = open(&settings(&path, &[STEP])).unwrap_err();
        assert!(
            matches!(
                error,
                Error::NewerSchema {
                    found: 2,
                    known: 1,
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn what_is_not_a_database_is_called_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        std::fs::write(
            &path,
            "not a database, but long enough to be looked at as one".repeat(9),
        )
        .unwrap();
        let error = open(&settings(&path, &[STEP])).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }

    #[test]
    fn another_programs_database_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE x (a)")
            .unwrap();
        let error = open(&settings(&path, &[STEP])).unwrap_err();
        assert!(matches!(error, Error::NotOurs { .. }), "{error}");
    }

    #[test]
    fn a_reader_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        let (_writer, readers) = open(&settings(&path, &[STEP])).unwrap();
        let error = readers
            .read(|reader| {
                reader.all("INSERT INTO t (a) VALUES (1) RETURNING a", (), |row| {
                    row.get::<_, i64>(0)
                })
            })
            .unwrap_err();
        assert_eq!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly));
    }

    #[test]
    fn a_failed_transaction_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        let (mut writer, readers) = open(&settings(&path, &[STEP])).unwrap();
        let failed = writer.transaction(|tx| {
            tx.execute("INSERT INTO t (a) VALUES (1)", ())?;
            tx.execute("INSERT INTO nowhere (a) VALUES (1)", ())
        });
        assert!(failed.is_err());
        let n: i64 = readers
            .read(|reader| reader.one("SELECT count(*) FROM t", (), |row| row.get(0)))
            .unwrap();
        assert_eq!(n, 0);
    }

    #[test]
    fn after_sqlite_has_undone_a_transaction_nothing_more_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        let fault = Migration {
            name: "0002_fault",
            sql: "CREATE TRIGGER fault BEFORE INSERT ON t WHEN NEW.a = 2
                  BEGIN SELECT RAISE(ROLLBACK, 'a fault'); END;",
        };
        let (mut writer, readers) = open(&settings(&path, &[STEP, fault])).unwrap();
        let insert = "INSERT INTO t (a) VALUES (?1)";
        let failed = writer.transaction(|tx| {
            for a in 1..=3 {
                let added = tx.savepoint(|| tx.execute(insert, (a,)));
                assert_eq!(added.is_ok(), a == 1);
                assert_eq!(tx.is_open(), a == 1);
            }
            Ok::<_, rusqlite::Error>(())
        });
        assert!(failed.is_err());
        let count = "SELECT count(*) FROM t";
        let n: i64 = readers
            .read(|reader| reader.one(count, (), |row| row.get(0)))
            .unwrap();
        assert_eq!(n, 0);
        writer.transaction(|tx| tx.execute(insert, (1,))).unwrap();
    }

    #[test]
    fn steps_taken_one_release_at_a_time_lead_where_all_at_once_do() {
        let steps = [
            STEP,
            Migration {
                name: "0002_more",
                sql: "ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT '';",
            },
            Migration {
                name: "0003_index",
                sql: "CREATE INDEX t_by_b ON t (b);",
            },
        ];
        let dir = tempfile::tempdir().unwrap();
        let schema_after = |name: &str, releases: &[usize]| -> Vec<String> {
            let path = dir.path().join(name);
            for n_steps in releases {
                drop(open(&settings(&path, &steps[..*n_steps])).unwrap());
            }
            let (_writer, readers) = open(&settings(&path, &steps)).unwrap();
            let sql = "SELECT sql FROM sqlite_schema ORDER BY name";
            readers
                .read(|reader| reader.all(sql, (), |row| row.get(0)))
                .unwrap()
        };
        let at_once = schema_after("at_once.sqlite", &[]);
        assert_eq!(schema_after("one_by_one.sqlite", &[1, 2, 3]), at_once);
        assert_eq!(schema_after("skipping.sqlite", &[1, 3, 3]), at_once);
    }

    #[test]
    fn a_log_is_emptied_as_soon_as_no_reader_needs_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sqlite");
        let (mut writer, readers) = open(&settings(&path, &[STEP])).unwrap();
        let mut add = |n: i64| {
            for a in 0..n {
                let insert = "INSERT INTO t (a) VALUES (?1)";
                writer.transaction(|tx| tx.execute(insert, (a,))).unwrap();
            }
        };
        add(10);
        let count = "SELECT count(*) FROM t";
        readers
            .read(|reader| {
                let n: i64 = reader.one(count, (), |row| row.get(0))?;
                // Far more than after which a log begins anew when nobody reads.
                add(3000);
                let (_, log) = readers.sizes();
                assert!(log > 3000 * 4096, "{log}");
                assert!(!readers.empty_log()?);
                let still: i64 = reader.one(count, (), |row| row.get(0))?;
                assert_eq!(still, n);
                Ok::<_, rusqlite::Error>(())
            })
            .unwrap();
        assert!(readers.empty_log().unwrap());
        assert_eq!(readers.sizes().1, 0);
        let n: i64 = readers
            .read(|reader| reader.one(count, (), |row| row.get(0)))
            .unwrap();
        assert_eq!(n, 3010);
    }

    /// A file in which rows of a dozen kinds come, and all of a kind go at once, by `chance`; until
    /// something that went is found in it, or to the end. What went, and whether it was found.
    fn come_and_go(writer: &mut Writer, path: &Path, mut chance: u64) -> (Vec<String>, bool) {
        let mut roll = |n: u64| {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (chance >> 33) % n
        };
        let (mut there, mut gone) = (std::collections::BTreeMap::new(), Vec::new());
        for n in 0..400 {
            let (kind, place) = (roll(12), i64::try_from(roll(60)).unwrap());
            if roll(10) < 7 {
                let canary = format!("canary-{n:08}");
                if there.insert((kind, place), canary.clone()).is_none() {
                    let padding = usize::try_from(100 + roll(200)).unwrap();
                    let text = format!("{}{canary}", "y".repeat(padding));
                    let row = (vec![u8::try_from(kind).unwrap(); 16], place, text);
                    let insert = "INSERT INTO t VALUES (?1, ?2, ?3)";
                    writer.transaction(|tx| tx.execute(insert, row)).unwrap();
                } else {
                    there.remove(&(kind, place));
                    let row = (vec![u8::try_from(kind).unwrap(); 16], place);
                    let delete = "DELETE FROM t WHERE a = ?1 AND b = ?2";
                    writer.transaction(|tx| tx.execute(delete, row)).unwrap();
                }
                continue;
            }
            let all = (vec![u8::try_from(kind).unwrap(); 16],);
            let delete = "DELETE FROM t WHERE a = ?1";
            writer.transaction(|tx| tx.execute(delete, all)).unwrap();
            let here = there.extract_if(.., |(of, _), _| *of == kind);
            let went: Vec<String> = here.map(|(_, canary)| canary).collect();
            writer.checkpoint().unwrap();
            let is_found = holds_any(path, &went);
            gone.extend(went);
            if is_found {
                return (gone, true);
            }
        }
        (gone, false)
    }

    /// Where what is left behind is soon found.
    const SEED: u64 = 29;

    fn holds_any(path: &Path, canaries: &[String]) -> bool {
        let bytes = std::fs::read(path).unwrap();
        let found: std::collections::BTreeSet<&[u8]> = bytes
            .windows(15)
            .filter(|at| at.starts_with(b"canary-"))
            .collect();
        canaries
            .iter()
            .any(|canary| found.contains(canary.as_bytes()))
    }

    #[test]
    fn a_copy_holds_nothing_that_was_deleted() {
        let table = Migration {
            name: "0001_init",
            sql: "CREATE TABLE t (a BLOB NOT NULL, b INTEGER NOT NULL, text TEXT NOT NULL,
                                  PRIMARY KEY (a, b)) STRICT;",
        };
        // Deleting alone leaves something behind now and then: soon with this SQLite.
        for chance in SEED..SEED + 60 {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.sqlite");
            let steps = [table];
            let settings = Settings {
                erase_deleted: true,
                durability: Durability::Normal,
                ..settings(&path, &steps)
            };
            let (mut writer, _readers) = open(&settings).unwrap();
            let (gone, is_found) = come_and_go(&mut writer, &path, chance);
            let copy = dir.path().join("copy.sqlite");
            writer.write_copy(&copy).unwrap();
            assert!(!holds_any(&copy, &gone), "{chance}");
            if is_found {
                return;
            }
        }
        panic!("deleting left nothing behind: there is nothing to show");
    }
}

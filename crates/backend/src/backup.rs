//! Backups of the data folder's store: made while it is served, put back while it is not.
//!
//! A backup is one file, a store by itself. It holds all that clients wrote and the channels'
//! secrets, so it is for its owner alone, as the store is.
//!
//! Putting one back keeps the former store beside it, and the new one stands in its place from one
//! moment to the next: there is no time in which there is none, which would be taken for a new
//! folder. What the restored store does not know is settled first, before anybody serves it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use pult_sqlite::{CopyProgress, Error as FileError};
use pult_store::{Followers, FormerStore, Operator, Store, StoreError, StoreSettings};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{DataFolder, system_clock};

/// What SQLite may leave beside a file, and takes for that file's own.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Between two lines about the progress.
const PROGRESS: Duration = Duration::from_secs(2);

/// What is done with a file that stands where the backup is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is kept, and no backup is made.
    Keep,
    /// The backup takes its place.
    Replace,
}

/// Who is signed in after a backup was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// Whoever was in the former store; where that cannot be read, in the backup.
    Stay,
    /// Nobody.
    End,
}

/// Writes a backup of the folder's store to `target`, or under a name with the date into it if it
/// is a folder. The store may be served meanwhile.
///
/// # Errors
/// When there is no store, `target` exists or cannot be written, or the copy is not sound.
pub fn backup(folder: &DataFolder, target: &Path, existing: Existing) -> anyhow::Result<Value> {
    let source = folder.store_file();
    if !source.exists() {
        bail!(
            "There is no store in {}. Give the data folder with --data.",
            folder.path().display()
        );
    }
    let target = if target.is_dir() {
        target.join(format!("pult-{}.sqlite", date()))
    } else {
        target.to_owned()
    };
    if is_same(&source, &target) {
        bail!(
            "{} is the store itself. Give another name.",
            target.display()
        );
    }
    let _command = folder.lock_for_command()?;
    let taken = || {
        anyhow::anyhow!(
            "{} exists already. Give another name, or --overwrite.",
            target.display()
        )
    };
    if existing == Existing::Keep && target.exists() {
        return Err(taken());
    }
    let partial = beside(&target, ".partial");
    let unfinished = Unfinished::begin(&partial)?;
    let mut told_at = Instant::now();
    Store::copy(&source, &partial, |CopyProgress { n_done, n_pages }| {
        if told_at.elapsed() >= PROGRESS {
            told_at = Instant::now();
            let percent = n_done.saturating_mul(100) / n_pages.max(1);
            tracing::info!(percent, "The backup is being written");
        }
    })
    .with_context(|| format!("Writing the backup {}", target.display()))?;
    let bytes = fs::metadata(&partial)?.len();
    match existing {
        Existing::Replace => fs::rename(&partial, &target)?,
        // Whoever has made the file meanwhile keeps it.
        Existing::Keep => match fs::hard_link(&partial, &target) {
            Ok(()) => fs::remove_file(&partial)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(taken()),
            // Not every file system knows links.
            Err(_) => fs::rename(&partial, &target)?,
        },
    }
    unfinished.keep();
    sync_folder_of(&target)?;
    tracing::info!(bytes, "The backup is written, checked and on disk");
    Ok(json!({ "backup": target, "bytes": bytes }))
}

/// Puts a backup in the place of the folder's store, which is kept beside it under another name.
///
/// # Errors
/// When the folder is served, or the file is not a whole store of this or an older version; the
/// folder is as it was then.
pub async fn restore(
    folder: &DataFolder,
    file: &Path,
    signed_in: SignedIn,
) -> anyhow::Result<Value> {
    let _lock = folder.lock()?;
    let _commands = folder.lock_for_restore()?;
    let store = folder.store_file();
    let incoming = beside(&store, ".incoming");
    let unfinished = Unfinished::begin(&incoming)?;
    take_in(file, &incoming).with_context(|| format!("{} cannot be restored", file.display()))?;
    Store::check(&incoming)
        .map_err(|error| anyhow::anyhow!("{} {}", file.display(), why_not(&error)))?;

    let former = Former::find(&store)?;
    let restored = Store::open(StoreSettings {
        path: incoming.clone(),
        clock: system_clock(),
        followers: Followers::nobody(),
    })?;
    let n_not_confirmed = restored.settle_restored().await?;
    let sessions = match (signed_in, &former.known) {
        (SignedIn::End, _) => Some(Vec::new()),
        (SignedIn::Stay, Some(known)) => Some(known.sessions.clone()),
        (SignedIn::Stay, None) => None,
    };
    let are_former_sessions = signed_in == SignedIn::Stay && sessions.is_some();
    if let Some(sessions) = sessions {
        restored.replace_sessions(sessions).await?;
    }
    let operators = restored.operators().await?;
    restored.close().await;
    if !pult_sqlite::settle_log(&incoming)? {
        bail!("{} is in use by another program.", incoming.display());
    }
    // Opened to be written: Windows brings nothing to the disk for who only reads.
    File::options().write(true).open(&incoming)?.sync_all()?;

    let kept = former.keep(&store)?;
    fs::rename(&incoming, &store).context("Putting the restored store in its place")?;
    unfinished.keep();
    sync_folder_of(&store)?;
    tracing::info!(n_not_confirmed, "The backup is restored");
    Ok(json!({
        "restored": file,
        "former": kept,
        "not_confirmed": n_not_confirmed,
        "sessions": match (signed_in, are_former_sessions) {
            (SignedIn::End, _) => "ended",
            (SignedIn::Stay, true) => "as in the former store",
            (SignedIn::Stay, false) => "as in the backup",
        },
        "look_at": former.known.as_ref().map(|known| undone(&known.operators, &operators)),
    }))
}

/// What was done to operators since the backup and is undone by it: to be done again.
fn undone(former: &[Operator], restored: &[Operator]) -> Value {
    let now = |operator: &Operator| {
        restored
            .iter()
            .find(|other| other.row.id == operator.row.id)
    };
    let logins = |is_meant: &dyn Fn(&Operator) -> bool| -> Vec<&str> {
        let meant = former.iter().filter(|operator| is_meant(operator));
        meant.map(|operator| operator.login.as_str()).collect()
    };
    json!({
        "added_since": logins(&|operator| now(operator).is_none()),
        "deactivated_since": logins(&|operator| {
            !operator.row.is_active && now(operator).is_some_and(|now| now.row.is_active)
        }),
        "password_changed_since": logins(&|operator| {
            now(operator).is_some_and(|now| now.password_hash != operator.password_hash)
        }),
    })
}

/// The store whose place is taken.
struct Former {
    exists: bool,
    /// Nothing if there is none, or none that can be read.
    known: Option<FormerStore>,
}

impl Former {
    fn find(store: &Path) -> anyhow::Result<Self> {
        if !store.exists() {
            return Ok(Self {
                exists: false,
                known: None,
            });
        }
        // SQLite removes the log of a file that it cannot make sense of.
        let log = beside(store, "-wal");
        let saved = beside(store, "-wal.former");
        let has_log = log.exists();
        if has_log {
            fs::copy(&log, &saved).context("Keeping the former store's log")?;
        }
        let known = FormerStore::read(store)
            .inspect_err(|error| {
                tracing::warn!(%error, "The former store cannot be read; it is kept all the same");
            })
            .ok();
        let settled = pult_sqlite::settle_log(store);
        if has_log && settled.is_err() {
            fs::rename(&saved, &log).context("Keeping the former store's log")?;
        } else if has_log {
            fs::remove_file(&saved)?;
        }
        match settled {
            Ok(true) => {}
            Ok(false) => bail!(
                "The store is in use by another command of pult-backend. Try again when that has \
                 ended."
            ),
            Err(error) => {
                tracing::warn!(%error, "The former store is damaged; it is kept as it is");
            }
        }
        Ok(Self {
            exists: true,
            known,
        })
    }

    /// Keeps it under another name too, so that its own can be taken without a moment in which
    /// nothing bears it.
    fn keep(&self, store: &Path) -> anyhow::Result<Option<PathBuf>> {
        let kept = new_name(store);
        let keeping = || format!("Keeping the former store as {}", kept.display());
        if self.exists && fs::hard_link(store, &kept).is_err() {
            // Not every file system knows links.
            copy_to_disk(store, &kept)
                .inspect_err(|_| drop(fs::remove_file(&kept)))
                .with_context(keeping)?;
        }
        // A sound store has none by now. Beside the restored one those of a damaged store, or of
        // one that is gone, would be taken for its own.
        for companion in COMPANIONS {
            match fs::rename(beside(store, companion), beside(&kept, companion)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(keeping);
                }
                Ok(()) | Err(_) => {}
            }
        }
        sync_folder_of(store)?;
        Ok(self.exists.then_some(kept))
    }
}

/// Copies a backup to where it is made ready; the log too that lies beside it if it is a plain copy
/// of a data folder.
fn take_in(file: &Path, incoming: &Path) -> io::Result<()> {
    io::copy(
        &mut File::open(file)?,
        &mut OpenOptions::new().write(true).open(incoming)?,
    )?;
    match File::open(beside(file, "-wal")) {
        Ok(mut log) => {
            let mut copied = create_private(&beside(incoming, "-wal"))?;
            io::copy(&mut log, &mut copied)?;
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn why_not(error: &StoreError) -> String {
    if let StoreError::Sqlite(error) = error {
        if matches!(error, FileError::NotOurs { .. }) {
            return "is not a backup of a store. Give a file that `pult-backend backup` has \
                    written."
                .to_owned();
        }
        if let FileError::NewerSchema { found, known, .. } = error {
            return format!(
                "was written by a newer version (schema {found}, this version knows {known}). \
                 Install that version."
            );
        }
        if let FileError::Damaged { source, .. } = error {
            return format!("is damaged ({source}). Take another backup.");
        }
    }
    format!("cannot be looked at: {error}")
}

/// A file that is being written, and is removed with its companions if that comes to nothing.
struct Unfinished {
    path: PathBuf,
    is_finished: bool,
    /// Held so that nobody else writes it at the same time.
    _lock: File,
}

impl Unfinished {
    /// Makes it anew, for its owner alone; one that somebody was killed over is overwritten.
    fn begin(path: &Path) -> anyhow::Result<Self> {
        let file = create_private(path).with_context(|| format!("Writing {}", path.display()))?;
        let same = file.try_clone()?;
        let Some(lock) = alone(file, path)? else {
            bail!("{} is being written by another command.", path.display());
        };
        same.set_len(0)?;
        remove_companions(path);
        Ok(Self {
            path: path.to_owned(),
            is_finished: false,
            _lock: lock,
        })
    }

    fn keep(mut self) {
        self.is_finished = true;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            drop(fs::remove_file(&self.path));
        }
        remove_companions(&self.path);
    }
}

/// Keeps other commands from writing a file, for as long as what it answers is held; none if one does.
#[cfg(not(windows))]
fn alone(file: File, _: &Path) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// The same with a file beside it that goes when it is closed: a lock on the file itself would keep
/// `SQLite` out too.
#[cfg(windows)]
fn alone(_: File, path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt as _;
    const DELETE_ON_CLOSE: u32 = 0x0400_0000;
    const SHARING_VIOLATION: i32 = 32;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    options.share_mode(0).custom_flags(DELETE_ON_CLOSE);
    match options.open(beside(path, ".lock")) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove_companions(path: &Path) {
    for companion in COMPANIONS {
        drop(fs::remove_file(beside(path, companion)));
    }
}

/// Opens a file for its owner alone, whatever rights one that stands there has.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Whether two names lead to one file that exists.
fn is_same(one: &Path, other: &Path) -> bool {
    let (one, other) = (fs::canonicalize(one), fs::canonicalize(other));
    matches!((one, other), (Ok(one), Ok(other)) if one == other)
}

fn copy_to_disk(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.sync_all()
}

/// A name for the former store that nothing bears.
fn new_name(store: &Path) -> PathBuf {
    let name = beside(store, &format!(".before-restore-{}", date()));
    let mut free = name.clone();
    let mut n = 1_u32;
    while free.exists() {
        n = n.saturating_add(1);
        free = beside(&name, &format!("-{n}"));
    }
    free
}

/// The name that continues this one.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Brings the names in a file's folder to the disk.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Elsewhere the system keeps names safe by itself, and opens no folder for it.
#[cfg(not(unix))]
fn sync_folder_of(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Now, in UTC, as a part of a file's name.
fn date() -> String {
    let now = system_clock()().0.div_euclid(1000);
    let now = OffsetDateTime::from_unix_timestamp(now).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    )
}

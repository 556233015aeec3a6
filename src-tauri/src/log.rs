//! The log: a file in the data folder that never grows beyond its bound, and standard error when
//! `PULT_LOG` asks for it. Ids only: no text, name, number or token of anyone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// At most so much in `pult.log`; what was before is kept once, as `pult.log.old`.
const BOUND: u64 = 1024 * 1024;

/// The variable that names what standard error shows, as `debug` or `pult_panel=trace`.
const VARIABLE: &str = "PULT_LOG";

/// Starts the log.
pub(crate) fn start(data_dir: &Path) -> io::Result<()> {
    let file = BoundedFile::open(data_dir.join("pult.log"), BOUND)?;
    let log = Log(Arc::new(Mutex::new(file)));
    let to_file = tracing_subscriber::fmt::layer()
        .with_writer(move || log.clone())
        .with_ansi(false)
        .with_filter(EnvFilter::new("warn,pult=info,pult_panel=info"));
    let asked = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new("off"));
    let to_stderr = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_filter(asked);
    tracing_subscriber::registry()
        .with(to_file)
        .with(to_stderr)
        .try_init()
        .map_err(io::Error::other)
}

/// The file, written by whichever thread has something to say.
#[derive(Clone)]
struct Log(Arc<Mutex<BoundedFile>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().flush()
    }
}

/// A file that makes room for itself.
struct BoundedFile {
    path: PathBuf,
    file: File,
    size: u64,
    bound: u64,
}

impl BoundedFile {
    fn open(path: PathBuf, bound: u64) -> io::Result<Self> {
        let file = private(OpenOptions::new().create(true).append(true)).open(&path)?;
        let size = file.metadata()?.len();
        Ok(Self {
            path,
            file,
            size,
            bound,
        })
    }

    fn make_room(&mut self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_extension("log.old"))?;
        *self = Self::open(self.path.clone(), self.bound)?;
        Ok(())
    }
}

impl Write for BoundedFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.size > 0 && self.size.saturating_add(length) > self.bound {
            self.make_room()?;
        }
        self.file.write_all(line)?;
        self.size = self.size.saturating_add(length);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Readable by its owner alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::{BoundedFile, Write, fs};

    #[test]
    fn the_log_never_grows_beyond_its_bound_and_keeps_the_newest_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pult.log");
        let mut log = BoundedFile::open(path.clone(), 30).unwrap();
        for n in 0..10 {
            log.write_all(format!("line {n:05}\n").as_bytes()).unwrap();
        }
        let (old, new) = (path.with_extension("log.old"), path);
        assert!(fs::metadata(&old).unwrap().len() <= 30);
        assert!(fs::metadata(&new).unwrap().len() <= 30);
        let kept = fs::read_to_string(old).unwrap() + &fs::read_to_string(new).unwrap();
        assert_eq!(kept, "line 00006\nline 00007\nline 00008\nline 00009\n");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_the_log() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pult.log");
        BoundedFile::open(path.clone(), 30).unwrap();
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

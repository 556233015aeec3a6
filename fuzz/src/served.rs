//! A backend that serves the office, and what is asked of it from outside.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use pult_backend::{Backend, DataFolder, ServeSettings, WritingOver};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::hunt::Tried;
use crate::office::{self, Office};

/// Whatever is waited for has come by then, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Served {
    pub(crate) folder: TempDir,
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), WritingOver>>,
}

impl Served {
    pub(crate) async fn start(office: &Office) -> Result<Self> {
        let folder = office.copy()?;
        let settings = ServeSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: office::clock(),
            metrics_listen: None,
            keep_events: Duration::from_secs(30 * 24 * 3_600),
        };
        let running = Backend::start(&DataFolder::open(folder.path())?, &settings).await?;
        let address = running.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(running.until(async {
            drop(stopped.await);
        }));
        Ok(Self {
            folder,
            address,
            stop,
            ended,
        })
    }

    /// Stops the backend, looks at what it leaves and hands the folder on.
    pub(crate) async fn stop(self, tried: &mut Tried) -> Result<TempDir> {
        // It may have ended by itself, which is found out next.
        self.stop.send(()).unwrap_or_default();
        match tokio::time::timeout(PATIENCE, self.ended).await {
            Err(_) => tried.find("the backend does not stop"),
            Ok(ended) => {
                if ended.context("The backend's end")?.is_err() {
                    tried.find("the backend has ended its writing");
                }
            }
        }
        let file = office::look(self.folder.path())?;
        tried.marks.extend(office::sorts(&file)?);
        for broken in office::broken_invariants(&file)? {
            tried.find(broken);
        }
        Ok(self.folder)
    }
}

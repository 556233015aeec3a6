//! Reading beside the writer.

use std::sync::Arc;

use pult_sqlite::{Reader, Readers};
use tokio::sync::Semaphore;

use crate::StoreError;

/// A few connections that read. Who waits for one waits as a task, and not on a thread.
#[derive(Clone)]
pub(crate) struct Reading {
    readers: Readers,
    turns: Arc<Semaphore>,
}

impl Reading {
    /// So many at the same time.
    pub(crate) fn new(readers: Readers, n: usize) -> Self {
        Self {
            readers,
            turns: Arc::new(Semaphore::new(n)),
        }
    }

    /// The connections, without waiting for a turn.
    pub(crate) const fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Reads on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| StoreError::Closed)?;
        let readers = self.readers.clone();
        tokio::task::spawn_blocking(move || {
            let result = readers.read(read);
            // Also when nobody waits for the result any longer.
            drop(turn);
            result
        })
        .await
        .map_err(|_| StoreError::Closed)?
    }
}

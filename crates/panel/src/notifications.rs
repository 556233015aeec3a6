//! The API for what the operator is told of, and the task that tells it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::error::PanelError;
use crate::panel::Panel;
use crate::session::Session;
use crate::storage::StorageError;
use crate::view::{NotificationChoices, NotificationLine, NotificationSettings};

impl Panel {
    /// What its operator was told of on this device, the newest first.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub async fn notifications(&self) -> Result<Vec<NotificationLine>, PanelError> {
        self.with_session(|session| session.notifications()).await
    }

    /// The list was looked at, up to and with the line of that number.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn see_notifications(&self, position: i64) -> Result<(), PanelError> {
        self.with_session(move |session| session.see_notifications(position))
            .await
    }

    /// Whether this device tells its operator first of what comes, as far as is known; if not, it
    /// tells what was not seen on the other for a while.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub fn is_first(&self) -> Result<bool, PanelError> {
        Ok(self.session()?.is_first())
    }

    /// How its operator is told of what on this device.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub async fn notification_choices(&self) -> Result<NotificationChoices, PanelError> {
        self.with_session(|session| session.notification_choices())
            .await
    }

    /// Its operator wants to be told so from now on.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn set_notification_settings(
        &self,
        settings: NotificationSettings,
    ) -> Result<(), PanelError> {
        self.with_session(move |session| session.set_notification_settings(settings))
            .await
    }
}

/// After how long it is tried again when the files could not be read or written.
const AGAIN: Duration = Duration::from_secs(10);

/// Tells the operator what there is to tell, until the session ends.
pub(crate) async fn keep_telling(session: Arc<Session>) {
    loop {
        let asked = Arc::clone(&session);
        let told = session.works.spawn_blocking(move || asked.notify()).await;
        let next = match told {
            Ok(Ok(next)) => next,
            Ok(Err(StorageError::Closed)) | Err(_) => return,
            Ok(Err(error)) => {
                tracing::warn!(%error, "What is news cannot be found out");
                Some(Instant::now() + AGAIN)
            }
        };
        let due = async {
            match next {
                Some(moment) => sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = session.ended.cancelled() => return,
            () = session.has_news.notified() => {}
            () = due => {}
        }
    }
}

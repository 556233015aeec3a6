//! What supervisors do with everybody's chats: the lists are the backend's, what is done goes by the
//! outbox like everything else.

use std::sync::Arc;

use pult_domain::CommandId;
use pult_protocol::{ChatsPage, ChatsQuery, Workload};

use crate::error::PanelError;
use crate::panel::{Panel, blocking};
use crate::view::{DeedOutcome, OverseenChat, OverseerDeed};

impl Panel {
    /// Everybody's chats, which are at the backend.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn chats(&self, query: ChatsQuery) -> Result<ChatsPage, PanelError> {
        let session = self.session()?;
        let page = self
            .rest()
            .chats(&session.account.address, &session.token, &query);
        Ok(page.await?)
    }

    /// How much there is to do, and with whom.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn workload(&self) -> Result<Workload, PanelError> {
        let session = self.session()?;
        let workload = self
            .rest()
            .workload(&session.account.address, &session.token);
        Ok(workload.await?)
    }

    /// Whether everybody's chats are on the screen: the backend is asked to tell of changes, as
    /// [`PanelEvent::ChatsChanged`](crate::view::PanelEvent::ChatsChanged).
    ///
    /// # Errors
    /// When nobody is signed in.
    #[expect(clippy::unused_async, reason = "the shell calls all methods alike")]
    pub async fn oversee(&self, on: bool) -> Result<(), PanelError> {
        let session = self.session()?;
        session.overseeing.send_if_modified(|is_on| {
            let has_changed = *is_on != on;
            *is_on = on;
            has_changed
        });
        Ok(())
    }

    /// Does the same with each of some chats, by the outbox: a command for each. Those that do not
    /// fit a chat as it is known are not given. What takes a chat from somebody's hands waits for a
    /// few seconds, in which it can be taken back.
    ///
    /// # Errors
    /// When the commands cannot be stored; none of them was given then.
    pub async fn act_on(
        &self,
        chats: Vec<OverseenChat>,
        deed: OverseerDeed,
    ) -> Result<Vec<CommandId>, PanelError> {
        let undo = self.undo();
        let given = self
            .with_session(move |session| session.act_on(&chats, &deed, undo))
            .await?;
        let delayed: Vec<CommandId> = given
            .iter()
            .filter(|given| given.is_delayed)
            .map(|given| given.id)
            .collect();
        if let (Some(delay), false) = (undo, delayed.is_empty()) {
            let session = self.session()?;
            let session = Arc::downgrade(&session);
            drop(tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                let Some(session) = session.upgrade() else {
                    return;
                };
                if let Err(error) = blocking(move || session.all_come_due(&delayed)).await {
                    tracing::warn!(%error, "What was to be done now waits on");
                }
            }));
        }
        Ok(given.into_iter().map(|given| given.id).collect())
    }

    /// What has come of commands that [`Panel::act_on`] gave, in their order.
    ///
    /// # Errors
    /// When the outbox cannot be read.
    pub async fn outcomes(
        &self,
        command_ids: Vec<CommandId>,
    ) -> Result<Vec<DeedOutcome>, PanelError> {
        self.with_session(move |session| session.outcomes(&command_ids))
            .await
    }

    /// Withdraws those of some commands that were not handed over yet, and tells which.
    ///
    /// # Errors
    /// When the outbox cannot be written.
    pub async fn take_all_back(
        &self,
        command_ids: Vec<CommandId>,
    ) -> Result<Vec<CommandId>, PanelError> {
        self.with_session(move |session| {
            let mut withdrawn = Vec::new();
            for id in command_ids {
                if session.take_back(id)? {
                    withdrawn.push(id);
                }
            }
            session.forget_outcomes(&withdrawn);
            Ok(withdrawn)
        })
        .await
    }
}

//! Panels without a window, as operators: over TCP like any other.

use std::path::Path;

use anyhow::{Context, Result, bail};
use pult_domain::{ChatId, CommandId};
use pult_panel::view::{ChatSummary, Connection, Overview, Timeline};
use pult_panel::{EventStream, Panel};
use pult_protocol::{DeliveryState, EntryBody, EntryRow};
use tokio::time::{Instant, timeout_at};

use crate::office::{Operator, options};
use crate::until::LIMIT;

/// How many entries of a chat are looked at.
const ENTRIES: u32 = 100;

/// A panel at which an operator sits.
pub struct Seat {
    /// Who.
    pub operator: Operator,
    /// The panel itself, for what has no method here.
    pub panel: Panel,
}

impl Seat {
    /// Opens a panel on a data folder and signs in at an address, which may be a proxy's.
    ///
    /// # Errors
    /// When the folder cannot be used or the sign-in fails.
    pub async fn take(operator: &Operator, address: &str, data_dir: &Path) -> Result<Self> {
        let seat = Self::return_to(operator, data_dir).await?;
        let (login, password) = (operator.login.clone(), operator.password.clone());
        let done = seat
            .panel
            .sign_in(address.to_owned(), login, password)
            .await;
        if let Err(failure) = done {
            bail!("{} cannot sign in: {failure:?}", operator.login);
        }
        Ok(seat)
    }

    /// Opens a panel on the data folder of an earlier one, where the operator is still signed in.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub async fn return_to(operator: &Operator, data_dir: &Path) -> Result<Self> {
        let panel = Panel::open(options(data_dir))
            .await
            .context("Opening a panel")?;
        Ok(Self {
            operator: operator.clone(),
            panel,
        })
    }

    /// Closes the panel, as its window's end does.
    pub async fn leave(self) {
        self.panel.shut_down().await;
    }

    /// Waits until the panel shows something.
    ///
    /// # Errors
    /// When it does not; `what` says what was expected.
    pub async fn sees<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&Overview) -> Option<T>,
    ) -> Result<T> {
        let mut wait = self.wait(what);
        loop {
            if let Some(found) = look(&self.panel.overview().await?) {
                return Ok(found);
            }
            wait.for_change().await?;
        }
    }

    /// Waits until a chat's history shows something.
    ///
    /// # Errors
    /// When it does not; `what` says what was expected.
    pub async fn sees_in<T>(
        &self,
        chat_id: ChatId,
        what: &str,
        mut look: impl FnMut(&Timeline) -> Option<T>,
    ) -> Result<T> {
        let mut wait = self.wait(what);
        loop {
            if let Some(found) = look(&self.timeline(chat_id).await?) {
                return Ok(found);
            }
            wait.for_change().await?;
        }
    }

    /// Waits until the panel hears the backend and has caught up.
    ///
    /// # Errors
    /// When it does not.
    pub async fn is_live(&self) -> Result<()> {
        self.sees("is live", |now| {
            (now.connection == Connection::Live).then_some(())
        })
        .await
    }

    /// Waits until the panel knows that it hears the backend no more.
    ///
    /// # Errors
    /// When it does not.
    pub async fn is_offline(&self) -> Result<()> {
        let is_off = |now: &Overview| match now.connection {
            Connection::Offline { .. } | Connection::Connecting { .. } => Some(()),
            Connection::CatchingUp { .. } | Connection::Live | Connection::Refused { .. } => None,
        };
        self.sees("is offline", is_off).await
    }

    /// Waits for a client's chat in the queue.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn sees_queued(&self, client: &str) -> Result<ChatId> {
        let what = format!("{client} in the queue");
        self.sees(&what, |now| chat_of(&now.queued, client)).await
    }

    /// Waits for a client's chat among the operator's own.
    ///
    /// # Errors
    /// When it does not come.
    pub async fn sees_in_work(&self, client: &str) -> Result<ChatId> {
        let what = format!("{client} in work");
        self.sees(&what, |now| chat_of(&now.in_work, client)).await
    }

    /// Waits until a client's chat is in neither list.
    ///
    /// # Errors
    /// When it stays.
    pub async fn loses(&self, client: &str) -> Result<()> {
        let what = format!("{client} in no list");
        self.sees(&what, |now| {
            let mut all = now.queued.iter().chain(&now.in_work).chain(&now.observed);
            (!all.any(|chat| is_of(chat, client))).then_some(())
        })
        .await
    }

    /// The newest of a chat's history.
    ///
    /// # Errors
    /// When the panel does not tell.
    pub async fn timeline(&self, chat_id: ChatId) -> Result<Timeline> {
        Ok(self.panel.timeline(chat_id, None, ENTRIES).await?)
    }

    /// Replies to the client.
    ///
    /// # Errors
    /// When the panel cannot keep the reply.
    pub async fn replies(&self, chat_id: ChatId, text: &str) -> Result<CommandId> {
        let seen = self.timeline(chat_id).await?.draft_revision;
        Ok(self.panel.reply(chat_id, text.to_owned(), seen).await?)
    }

    fn wait(&self, what: &str) -> Wait {
        Wait {
            events: self.panel.events(),
            end: Instant::now() + LIMIT,
            what: format!("{} sees: {what}", self.operator.login),
        }
    }
}

/// Waits for the panel's events until there was time enough.
struct Wait {
    events: EventStream,
    end: Instant,
    what: String,
}

impl Wait {
    async fn for_change(&mut self) -> Result<()> {
        match timeout_at(self.end, self.events.next()).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => bail!("the panel ended before {}", self.what),
            Err(_) => bail!("waited {} s in vain: {}", LIMIT.as_secs(), self.what),
        }
    }
}

/// The chat of a client in a list.
#[must_use]
pub fn chat_of(list: &[ChatSummary], client: &str) -> Option<ChatId> {
    list.iter()
        .find(|chat| is_of(chat, client))
        .map(|chat| chat.chat.id)
}

fn is_of(chat: &ChatSummary, client: &str) -> bool {
    chat.chat.client.name.as_deref() == Some(client)
}

/// The entry with a message to the client of this text.
#[must_use]
pub fn outbound<'a>(timeline: &'a Timeline, text: &str) -> Option<&'a EntryRow> {
    timeline.entries.iter().find(|entry| match &entry.body {
        EntryBody::Outbound { text: sent, .. } => sent == text,
        EntryBody::Inbound { .. }
        | EntryBody::InboundPlaceholder { .. }
        | EntryBody::Comment { .. }
        | EntryBody::Notice { .. } => false,
    })
}

/// How far the message of this text got.
#[must_use]
pub fn delivery(timeline: &Timeline, text: &str) -> Option<DeliveryState> {
    match &outbound(timeline, text)?.body {
        EntryBody::Outbound { delivery, .. } => Some(delivery.state),
        EntryBody::Inbound { .. }
        | EntryBody::InboundPlaceholder { .. }
        | EntryBody::Comment { .. }
        | EntryBody::Notice { .. } => None,
    }
}

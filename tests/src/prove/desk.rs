//! Desks: panels behind networks of their own, and what people do at any panel.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use pult_domain::ChatId;
use pult_panel::view::{ChatSummary, Connection, DraftRevision, Overview, Timeline};
use pult_panel::{PanelError, PanelErrorCode};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use tokio::time::timeout;

use super::{Promised, records};
use crate::panels::Seat;
use crate::proxy::{Network, Proxy};
use crate::until::until;

/// How long somebody looks at a history that does not come.
pub const LOOK: Duration = Duration::from_millis(200);

/// A panel and the network that it has.
pub struct Desk {
    /// Whose, by their place among the operators.
    pub who: usize,
    /// The panel's data folder.
    pub dir: PathBuf,
    /// The network.
    pub proxy: Proxy,
    /// The panel; none only while it is closed.
    pub seat: Option<Seat>,
}

impl Desk {
    /// Who says what is found at it.
    #[must_use]
    pub fn by(&self) -> String {
        format!("the panel in {}", self.dir.display())
    }

    /// The network changes. Says whether for the worse.
    pub fn changes_network(&self, chance: &mut StdRng) -> bool {
        let delay = Duration::from_millis(chance.random_range(1..60));
        let network = [
            Network::Carries,
            Network::Carries,
            Network::Carries,
            Network::Delays(delay),
            Network::LosesAnswers,
            Network::Swallows,
            Network::HalfClosed,
            Network::Cut,
        ];
        if chance.random_bool(0.2) {
            self.proxy.blinks();
            return true;
        }
        let network = network.choose(chance).copied().unwrap_or(Network::Carries);
        self.proxy.becomes(network);
        network != Network::Carries
    }

    /// The panel ends without a word and is opened again on what it left behind. False if it was
    /// closed.
    ///
    /// # Errors
    /// When it cannot be opened again.
    pub async fn dies(&mut self) -> Result<bool> {
        let Some(seat) = self.seat.take() else {
            return Ok(false);
        };
        let operator = seat.operator.clone();
        drop(seat);
        // What it had under way still holds the folder for a moment.
        let again = until("the folder of a killed panel is free", async || {
            Seat::return_to(&operator, &self.dir).await.ok()
        });
        self.seat = Some(again.await.promised("a panel's folder")?);
        Ok(true)
    }

    /// Whether the panel has nothing more to do: it is live and has no command left, or its operator
    /// was deactivated and it knows. Refused commands are looked at and dismissed on the way.
    ///
    /// # Errors
    /// When the panel is closed or does not tell.
    pub async fn is_settled(&self, is_active: bool) -> Result<bool> {
        let seat = self.seat.as_ref().context("Every panel is open")?;
        let now = seat.panel.overview().await?;
        if now.session.is_none() {
            return Ok(!is_active);
        }
        if now.connection != Connection::Live {
            seat.panel.reconnect().await?;
            return Ok(false);
        }
        let (waiting, marks) = records::outbox(&self.dir)?;
        for held in waiting.iter().filter(|waiting| waiting.state == "held") {
            seat.panel.dismiss_held(held.id).await?;
        }
        // A mark may wait for a chat that is out of sight, and for no other.
        let is_in_sight = |chat_id| listed(&now).any(|summary| summary.chat.id == chat_id);
        let are_told = marks
            .iter()
            .all(|mark| mark.is_parked && !is_in_sight(mark.chat_id));
        Ok(is_active && waiting.is_empty() && are_told)
    }
}

/// The chats in all lists.
pub fn listed(now: &Overview) -> impl Iterator<Item = &ChatSummary> {
    now.in_work.iter().chain(&now.observed).chain(&now.queued)
}

/// Looks at a chat and gives what its composer holds for the client, ready for more.
///
/// # Errors
/// What the panel says no with; a history that does not come counts as being offline.
pub async fn looks_at(
    seat: &Seat,
    chat: &ChatSummary,
) -> Result<(String, DraftRevision), PanelError> {
    if chat.draft.is_none() {
        return Ok(Default::default());
    }
    let shown = looks(seat, chat.chat.id).await?;
    let begun = if shown.draft.is_empty() {
        shown.draft
    } else {
        format!("{}\n", shown.draft)
    };
    Ok((begun, shown.draft_revision))
}

/// Looks at the end of a chat.
///
/// # Errors
/// What the panel says no with; a history that does not come counts as being offline.
pub async fn looks(seat: &Seat, chat_id: ChatId) -> Result<Timeline, PanelError> {
    let looked = timeout(LOOK, seat.panel.timeline(chat_id, None, 1)).await;
    looked.map_err(|_| PanelError {
        code: PanelErrorCode::Offline,
        message: "the history does not come".to_owned(),
        problem: None,
    })?
}

/// What a panel may say no to while everything changes under it; anything else is a finding.
///
/// # Errors
/// The finding.
pub fn tolerated<T>(done: Result<T, PanelError>) -> Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error) => match error.code {
            PanelErrorCode::NotSignedIn
            | PanelErrorCode::Offline
            | PanelErrorCode::UnknownChat
            | PanelErrorCode::UnsentText
            | PanelErrorCode::TextEmpty => Ok(None),
            PanelErrorCode::Storage | PanelErrorCode::Refused => {
                Err(error).context("A panel").promised("a panel")
            }
        },
    }
}

//! The stream of what changed: bounded, and whoever reads too slowly is told so.

use tokio::sync::broadcast;

use crate::view::PanelEvent;

/// Events that a slow reader may be behind by before it is told to ask for everything again.
const CAPACITY: usize = 1024;

/// Where the panel's parts put events.
#[derive(Debug, Clone)]
pub(crate) struct EventSender(broadcast::Sender<PanelEvent>);

impl EventSender {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    pub(crate) fn send(&self, event: PanelEvent) {
        // That nobody listens is no fault: the window may not be there yet.
        drop(self.0.send(event));
    }

    pub(crate) fn subscribe(&self) -> EventStream {
        EventStream(self.0.subscribe())
    }
}

/// Events from the moment of subscribing on.
#[derive(Debug)]
pub struct EventStream(broadcast::Receiver<PanelEvent>);

impl EventStream {
    /// The next event; none once the panel is gone. May be dropped and called again at any time.
    pub async fn next(&mut self) -> Option<PanelEvent> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(PanelEvent::Overflowed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

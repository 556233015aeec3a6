//! From the panel's events to the page's: gathered for a moment, told once.
//!
//! A message to the page costs about a tenth of a millisecond however small it is, and catching up
//! makes hundreds of events about the same few chats; the page would read the same list for each.

use std::pin::pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use pult_panel::EventStream;
use pult_panel::view::PanelEvent;
use tauri::{AppHandle, Emitter, Runtime};
use tokio::time::{Instant, timeout_at};

use crate::window;

/// The page's event with a batch of the panel's.
const PANEL: &str = "panel";

/// How long events are gathered: one frame of a usual screen.
const GATHER: Duration = Duration::from_millis(16);

/// Tells the page what the panel tells, until the panel ends.
pub(crate) async fn forward<R: Runtime>(app: AppHandle<R>, events: EventStream) {
    let events = stream::unfold(events, async |mut events| {
        let event = events.next().await?;
        Some((event, events))
    });
    let mut events = pin!(events);
    while let Some(batch) = next_batch(&mut events).await {
        if let Err(error) = app.emit_to(window::MAIN, PANEL, batch) {
            tracing::warn!(%error, "Events did not reach the page");
        }
    }
}

/// The events of one moment, each once and in the order of their first appearance; none when there
/// will be no more.
async fn next_batch(
    events: &mut (impl Stream<Item = PanelEvent> + Unpin),
) -> Option<Vec<PanelEvent>> {
    let mut batch = vec![events.next().await?];
    let until = Instant::now() + GATHER;
    while let Ok(Some(event)) = timeout_at(until, events.next()).await {
        if !batch.contains(&event) {
            batch.push(event);
        }
    }
    Some(batch)
}

#[cfg(test)]
mod tests {
    use pult_domain::ChatId;
    use tokio::sync::mpsc;

    use super::{GATHER, PanelEvent, Stream, next_batch, stream};

    fn channel() -> (
        mpsc::UnboundedSender<PanelEvent>,
        impl Stream<Item = PanelEvent> + Unpin,
    ) {
        let (tx, mut rx) = mpsc::unbounded_channel();
        (tx, stream::poll_fn(move |context| rx.poll_recv(context)))
    }

    fn timeline(n: u128) -> PanelEvent {
        PanelEvent::TimelineChanged {
            chat_id: ChatId(uuid::Uuid::from_u128(n)),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn events_of_one_moment_are_told_once_in_order() {
        let (tx, mut events) = channel();
        for event in [
            timeline(1),
            PanelEvent::OverviewChanged,
            timeline(1),
            timeline(2),
        ] {
            tx.send(event).unwrap();
        }
        let batch = next_batch(&mut events).await.unwrap();
        assert_eq!(
            batch,
            [timeline(1), PanelEvent::OverviewChanged, timeline(2)]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_moment_is_told_by_itself() {
        let (tx, mut events) = channel();
        tx.send(timeline(1)).unwrap();
        tokio::spawn(async move {
            tokio::time::sleep(GATHER * 2).await;
            tx.send(timeline(1)).unwrap();
        });
        for _ in 0..2 {
            assert_eq!(next_batch(&mut events).await, Some(vec![timeline(1)]));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_gathered_is_told_before_the_end() {
        let (tx, mut events) = channel();
        tx.send(timeline(1)).unwrap();
        drop(tx);
        assert_eq!(next_batch(&mut events).await, Some(vec![timeline(1)]));
        assert_eq!(next_batch(&mut events).await, None);
    }
}

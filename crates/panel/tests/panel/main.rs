//! The panel as the shell sees it, against a scripted backend over real sockets and real files.
#![cfg(test)]

mod backend;
mod connecting;
mod deeds;
mod drafts;
mod feed;
mod files;
mod notifying;
mod outbox;
mod oversight;
mod presence;
mod ready_answers;
mod rows;
mod signing_in;

use std::path::Path;
use std::sync::Arc;

use pult_domain::ChatId;
use pult_panel::view::{ComposerMode, Connection, Overview, PanelEvent, Timeline};
use pult_panel::{EventStream, FileTokenStore, Options, Pace, Panel};
use pult_protocol::EntryBody;

use crate::backend::{Backend, PASSWORD, within};
use crate::rows::Chat;

pub(crate) fn options(dir: &Path) -> Options {
    Options {
        data_dir: dir.join("pult"),
        device: "a test".to_owned(),
        token_store: Arc::new(FileTokenStore::new(dir.join("tokens"))),
        extra_ca: None,
        undo: None,
        pace: Pace::default(),
    }
}

pub(crate) async fn open(dir: &Path) -> Panel {
    Panel::open(options(dir)).await.unwrap()
}

/// A panel with Anna signed in.
pub(crate) async fn signed_in(dir: &Path, backend: &Backend) -> Panel {
    let panel = open(dir).await;
    panel
        .sign_in(
            backend.address.clone(),
            "anna".to_owned(),
            PASSWORD.to_owned(),
        )
        .await
        .unwrap();
    panel
}

/// Closes the panel and opens it again on the same files, as a restart of the program does.
pub(crate) async fn restarted(panel: Panel, dir: &Path) -> Panel {
    panel.shut_down().await;
    drop(panel);
    open(dir).await
}

/// The overview, once it is as expected.
pub(crate) async fn until(panel: &Panel, expected: impl Fn(&Overview) -> bool) -> Overview {
    let mut events = panel.events();
    within(async {
        loop {
            let overview = panel.overview().await.unwrap();
            if expected(&overview) {
                return overview;
            }
            events.next().await.unwrap();
        }
    })
    .await
}

/// Until the panel tells of just this. What else it tells of meanwhile, as of its index when that is
/// written, comes when it comes.
pub(crate) async fn until_told(events: &mut EventStream, expected: PanelEvent) {
    within(async { while events.next().await.unwrap() != expected {} }).await;
}

/// A chat's timeline, once it is as expected.
pub(crate) async fn until_timeline(
    panel: &Panel,
    chat_id: ChatId,
    expected: impl Fn(&Timeline) -> bool,
) -> Timeline {
    let mut events = panel.events();
    within(async {
        loop {
            let timeline = panel.timeline(chat_id, None, 50).await.unwrap();
            if expected(&timeline) {
                return timeline;
            }
            events.next().await.unwrap();
        }
    })
    .await
}

/// Has the composer, which shows all there is, hold `text`.
pub(crate) async fn write(panel: &Panel, chat: Chat, text: &str) {
    let shown = panel.timeline(chat.id(), None, 1).await.unwrap();
    let mode = ComposerMode::Reply;
    let text = text.to_owned();
    let written = panel.set_draft(chat.id(), mode, text, Vec::new(), shown.draft_revision);
    written.await.unwrap();
}

pub(crate) async fn until_live(panel: &Panel) -> Overview {
    until(panel, |overview| overview.connection == Connection::Live).await
}

/// The overview, once the loss of the connection is seen. The next try may be on its way by then.
pub(crate) async fn until_offline(panel: &Panel) -> Overview {
    until(panel, |overview| {
        matches!(
            overview.connection,
            Connection::Offline { .. } | Connection::Connecting { .. }
        )
    })
    .await
}

/// Waits until the loss of a connection is seen, and has the next try made at once.
pub(crate) async fn reconnect(panel: &Panel) {
    until_offline(panel).await;
    panel.reconnect().await.unwrap();
}

pub(crate) fn texts(timeline: &Timeline) -> Vec<String> {
    timeline
        .entries
        .iter()
        .map(|entry| match &entry.body {
            EntryBody::Inbound { text }
            | EntryBody::Outbound { text, .. }
            | EntryBody::Comment { text, .. } => text.clone(),
            EntryBody::InboundPlaceholder { placeholder, .. } => placeholder.clone(),
            EntryBody::Notice { .. } => "notice".to_owned(),
        })
        .collect()
}

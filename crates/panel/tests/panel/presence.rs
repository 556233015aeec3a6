//! What the panel says of its operator, and what it hears of others at the same chats.

use std::time::Duration;

use pult_domain::{ChatId, OperatorId};
use pult_panel::Panel;
use pult_panel::view::PanelEvent;
use pult_protocol::{
    BackendFrame, CompanyRow, CompanySettings, ComposerMode, GoneWhy, LEASE_MS, Onlooker,
    PanelFrame, RENEWALS_OF_LEASE, Row, Standing, Watch, WatchedChat,
};

use crate::backend::{Backend, Socket, operator_id, within};
use crate::rows::Chat;
use crate::{signed_in, until_live, until_offline, until_told};

/// The next thing that the panel says of its operator, however long ago they used the device.
async fn said(socket: &mut Socket) -> Watch {
    loop {
        if let PanelFrame::Watch(watch) = socket.next().await {
            return Watch {
                used_ago_s: 0,
                ..watch
            };
        }
    }
}

/// Waits until the panel says so.
async fn says(socket: &mut Socket, expected: Watch) {
    while said(socket).await != expected {}
}

/// Who looks at which chat, once it is as expected.
async fn until_onlookers(panel: &Panel, expected: &[WatchedChat]) {
    let mut events = panel.events();
    within(async {
        while panel.onlookers().await.unwrap() != expected {
            events.next().await.unwrap();
        }
    })
    .await;
}

fn watched(chat_id: ChatId, onlookers: &[(OperatorId, Option<ComposerMode>)]) -> WatchedChat {
    let onlookers = onlookers.iter();
    WatchedChat {
        chat_id,
        onlookers: onlookers
            .map(|(operator_id, typing)| Onlooker {
                operator_id: *operator_id,
                typing: *typing,
            })
            .collect(),
    }
}

/// The company says after how many minutes somebody is away.
fn company(away_after_minutes: Option<u32>) -> Row {
    Row::Company(CompanyRow {
        revision: 1,
        settings: CompanySettings {
            away_after_minutes,
            ..CompanySettings::default()
        },
    })
}

fn later(ms: u64) -> impl Future<Output = ()> {
    tokio::time::pause();
    async move {
        tokio::time::advance(Duration::from_millis(ms)).await;
        tokio::time::resume();
    }
}

#[tokio::test]
async fn what_the_operator_looks_at_is_said_when_it_changes_and_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let rows = vec![Row::Chat(Chat(1).queued(0))];
    let mut socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    assert_eq!(said(&mut socket).await, Watch::default());
    let chat_id = Some(Chat(1).id());
    panel
        .watch(chat_id, true, Some(ComposerMode::Reply))
        .await
        .unwrap();
    let typing = Watch {
        chat_id,
        typing: Some(ComposerMode::Reply),
        ..Watch::default()
    };
    says(&mut socket, typing).await;
    later(LEASE_MS / RENEWALS_OF_LEASE).await;
    assert_eq!(said(&mut socket).await, typing, "the lease is renewed");
    panel.watch(chat_id, false, None).await.unwrap();
    says(&mut socket, Watch::default()).await;
}

#[tokio::test]
async fn a_device_that_is_left_alone_is_idle_until_it_is_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend.accept_with(Vec::new()).await;
    until_live(&panel).await;
    panel.watch(Some(Chat(1).id()), true, None).await.unwrap();
    let idle = Watch {
        standing: Standing::Idle,
        ..Watch::default()
    };
    let mut n_renewals = 0;
    while said(&mut socket).await != idle {
        n_renewals += 1;
        assert!(n_renewals < 50, "the device is idle by now");
        later(LEASE_MS / RENEWALS_OF_LEASE).await;
        // The backend is not silent meanwhile.
        socket.send(&BackendFrame::Ping).await;
    }
    assert!(
        n_renewals >= 40,
        "idle after {n_renewals} quarters of a minute"
    );
    panel.used(Duration::ZERO);
    let active = Watch {
        chat_id: Some(Chat(1).id()),
        ..Watch::default()
    };
    says(&mut socket, active).await;
    panel.set_locked(true);
    let locked = Watch {
        standing: Standing::Locked,
        ..Watch::default()
    };
    says(&mut socket, locked).await;
}

#[tokio::test]
async fn when_a_device_is_idle_the_company_says_and_it_holds_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut socket = backend.accept_with(vec![company(Some(5))]).await;
    until_live(&panel).await;
    panel.used(Duration::ZERO);
    for _ in 0..12 {
        later(LEASE_MS / RENEWALS_OF_LEASE).await;
        socket.send(&BackendFrame::Ping).await;
        assert_eq!(said(&mut socket).await, Watch::default());
    }
    let idle = Watch {
        standing: Standing::Idle,
        ..Watch::default()
    };
    // Three minutes without a hand are long enough from now on, and then nothing is.
    socket.changes(vec![company(Some(3))], 2).await;
    says(&mut socket, idle).await;
    socket.changes(vec![company(None)], 3).await;
    says(&mut socket, Watch::default()).await;
}

#[tokio::test]
async fn others_at_a_chat_are_known_until_it_leaves_the_sight_or_the_connection_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let rows = vec![Row::Chat(Chat(1).queued(0)), Row::Chat(Chat(2).queued(0))];
    let mut socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    let (anna, boris) = (operator_id("anna"), operator_id("boris"));
    let first = watched(Chat(1).id(), &[(boris, Some(ComposerMode::Reply))]);
    let second = watched(Chat(2).id(), &[(boris, None)]);
    let told = vec![
        watched(
            Chat(1).id(),
            &[(anna, None), (boris, Some(ComposerMode::Reply))],
        ),
        second.clone(),
    ];
    let mut events = panel.events();
    let frame = BackendFrame::Watching {
        is_whole: true,
        chats: told,
    };
    socket.send(&frame).await;
    until_onlookers(&panel, &[first, second.clone()]).await;
    until_told(&mut events, PanelEvent::OnlookersChanged).await;
    let gone = Row::Gone {
        chat_id: Chat(1).id(),
        why: GoneWhy::Lost,
    };
    socket.changes(vec![gone], 2).await;
    until_onlookers(&panel, &[second]).await;
    drop(socket);
    until_offline(&panel).await;
    until_onlookers(&panel, &[]).await;
}

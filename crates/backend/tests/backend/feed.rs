//! The feed: a snapshot, then live, and back again after a break.

use std::time::Duration;

use pult_domain::{Place, Seq};
use pult_protocol::{ChatRow, Cursor, DeliveryState, EntryBody, GoneWhy};

use crate::commands::{close, reply};
use crate::kit::{
    APP_SECRET, NUMBER, TestBackend, message, messages, new_command_id, new_wamid, soon, until,
};
use crate::panel::{TestPanel, Wire};
use crate::spawned;

const PHONE: &str = "79990000001";

/// Within this time the backend promises to have noticed what another program did.
const PROMPT: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_panel_gets_what_there_is_and_then_what_happens() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut panel = backend.operator("anna").await.panel().await;
    assert_eq!(panel.n_snapshots, 1);
    assert_eq!((panel.operators.len(), panel.channels.len()), (3, 1));
    assert_eq!(panel.places(chat), [1]);
    backend.client_writes(PHONE, "Вы здесь?").await;
    panel
        .until("the second message", |panel| panel.places(chat) == [1, 2])
        .await;
    assert_eq!(panel.chats[&chat].last_place, Place(2));
    assert_eq!(panel.n_snapshots, 1);
}

#[tokio::test]
async fn a_clients_message_reaches_every_operator() {
    let backend = TestBackend::start().await;
    let mut panels = Vec::new();
    for login in ["anna", "boris", "vera", "anna"] {
        panels.push(backend.operator(login).await.panel().await);
    }
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    for panel in &mut panels {
        let has_it = |panel: &TestPanel| panel.places(chat) == [1];
        panel.until("the message", has_it).await;
    }
}

#[tokio::test]
async fn a_chat_that_is_taken_is_lost_to_the_others_and_nothing_more_of_it_is_sent() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let mut annas = anna.panel().await;
    let mut boris = backend.operator("boris").await.panel().await;
    annas.command(reply(chat, "Слушаю", 1)).await.unwrap();
    boris
        .until("it is gone", |panel| panel.gone == [(chat, GoneWhy::Lost)])
        .await;
    backend.all_sent().await;
    backend.client_writes(PHONE, "Спасибо").await;
    let other = backend.client_writes("79990000002", "А мне?").await;
    boris
        .until("the next chat", |panel| panel.chats.contains_key(&other))
        .await;
    assert!(!boris.chats.contains_key(&chat));
    assert!(boris.places(chat).is_empty());
    annas
        .until("the owner has all", |panel| {
            panel.places(chat) == [1, 2, 3, 4]
        })
        .await;
}

#[tokio::test]
async fn a_chat_that_is_closed_leaves_its_owners_panel_as_closed() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut anna = backend.operator("anna").await.panel().await;
    let mut boris = backend.operator("boris").await.panel().await;
    anna.command(reply(chat, "Слушаю", 1)).await.unwrap();
    anna.command(close(chat, 3)).await.unwrap();
    anna.until("it is gone", |panel| {
        panel.gone == [(chat, GoneWhy::Closed)]
    })
    .await;
    // The client comes back to the one who answered.
    backend.client_writes(PHONE, "Ещё вопрос").await;
    anna.until("it is back", |panel| panel.chats.contains_key(&chat))
        .await;
    assert!(anna.chats[&chat].fresh);
    let other = backend.client_writes("79990000002", "А мне?").await;
    boris
        .until("the next chat", |panel| panel.chats.contains_key(&other))
        .await;
    assert_eq!(boris.gone, [(chat, GoneWhy::Lost)]);
}

#[tokio::test]
async fn a_panel_that_comes_back_gets_just_what_has_changed() {
    let backend = TestBackend::start().await;
    let kept = backend.client_writes(PHONE, "Здравствуйте").await;
    let untouched = backend.client_writes("79990000002", "Добрый день").await;
    let taken = backend.client_writes("79990000003", "Алло").await;
    let anna = backend.operator("anna").await;
    let old = anna.panel().await;
    assert_eq!(old.chats.len(), 3);
    let again = anna.panel_again(&old).await;
    assert_eq!((again.n_snapshots, again.n_rows), (0, 0), "nothing is new");

    backend.client_writes(PHONE, "Вы здесь?").await;
    let boris = backend.operator("boris").await;
    boris
        .post(new_command_id(), &reply(taken, "Слушаю", 1))
        .await;
    backend.all_sent().await;
    let again = anna.panel_again(&again).await;
    assert_eq!(again.n_snapshots, 0);
    assert_eq!(again.n_rows, 3, "a chat, its new entry, and what is gone");
    assert_eq!(again.places(kept), [2]);
    assert_eq!(again.gone, [(taken, GoneWhy::Lost)]);
    assert!(!again.chats.contains_key(&untouched));
}

#[tokio::test]
async fn a_cursor_from_nowhere_leads_to_a_snapshot() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let now = anna.panel().await.cursor.unwrap();
    let with = |epoch: &str, seq: i64| Cursor {
        epoch: epoch.to_owned(),
        seq: Seq(seq),
    };
    let mut panels = Vec::new();
    for cursor in [
        with("another life", now.seq.0),
        with("", now.seq.0),
        with(&now.epoch, now.seq.0 + 1),
        with(&now.epoch, i64::MAX),
    ] {
        let wire = anna.wire().await;
        let panel = TestPanel::open(wire, &anna.token, Some(cursor)).await;
        assert_eq!(panel.n_snapshots, 1);
        assert_eq!(panel.places(chat), [1]);
        assert_eq!(panel.cursor.as_ref(), Some(&now));
        panels.push(panel);
    }
    // And from there they are live.
    backend.client_writes(PHONE, "Ещё").await;
    for panel in &mut panels {
        panel
            .until("what is new", |panel| panel.places(chat) == [1, 2])
            .await;
    }
}

#[tokio::test]
async fn read_marks_reach_all_panels_of_their_operator_and_nobody_else() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let (mut one, mut two) = (anna.panel().await, anna.panel().await);
    let mut boris = backend.operator("boris").await.panel().await;
    let mark = pult_protocol::Command::MarkRead {
        chat_id: chat,
        place: Place(1),
    };
    one.command(mark).await.unwrap();
    let has_mark = |panel: &TestPanel| panel.marks.get(&chat) == Some(&Place(1));
    one.until("the mark", has_mark).await;
    two.until("the mark", has_mark).await;
    backend.client_writes(PHONE, "Ещё").await;
    boris
        .until("what came later", |panel| panel.places(chat).len() == 2)
        .await;
    assert!(boris.marks.is_empty());
}

#[tokio::test]
async fn ticks_reach_the_panel_as_they_come() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut anna = backend.operator("anna").await.panel().await;
    anna.command(reply(chat, "Слушаю", 1)).await.unwrap();
    anna.until("it is sent", |panel| {
        panel.entries.values().any(|entry| {
            matches!(&entry.body, EntryBody::Outbound { delivery, .. }
                     if delivery.state == DeliveryState::Sent)
        })
    })
    .await;
}

#[tokio::test]
async fn a_delivery_larger_than_a_frame_reaches_a_live_panel_whole() {
    let backend = TestBackend::start().await;
    let mut panel = backend.operator("anna").await.panel().await;
    let wamids: Vec<String> = (0..600).map(|_| new_wamid()).collect();
    let text = "x".repeat(4000);
    let batch: Vec<(&str, &str, &str)> = wamids
        .iter()
        .map(|wamid| (PHONE, wamid.as_str(), text.as_str()))
        .collect();
    // The chat is in sight already: each of its new entries belongs to the panel.
    let chat = backend.client_writes(PHONE, "Сейчас пришлю").await;
    panel
        .until("the chat", |panel| panel.chats.contains_key(&chat))
        .await;
    backend.webhook(&messages(NUMBER, &batch)).await;
    panel
        .until("all messages", |panel| panel.places(chat).len() == 601)
        .await;
    assert_eq!(panel.n_snapshots, 1);
}

#[tokio::test]
async fn a_message_larger_than_a_frame_keeps_nobody_from_the_others() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let mut live = anna.panel().await;
    // Each of its letters takes six bytes in a frame.
    let endless = "\u{1}".repeat(600_000);
    let chat = backend.client_writes(PHONE, &endless).await;
    let next = backend.client_writes("79990000002", "И я здесь").await;
    live.until("both chats", |panel| panel.chats.len() == 2)
        .await;
    let fresh = anna.panel().await;
    assert_eq!(fresh.chats, live.chats);
    assert_eq!(fresh.entries, live.entries);
    assert_eq!((fresh.places(chat).len(), fresh.places(next).len()), (1, 1));
}

#[tokio::test]
async fn a_panel_that_does_not_read_holds_nobody_up_and_loses_nothing() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let narrow = Wire::connect_narrow(backend.address()).await;
    let mut slow = TestPanel::open(narrow, &anna.token, None).await;
    let mut quick = anna.panel().await;
    // First what fills the network's own buffers, then more frames than wait for a reader.
    let long = "x".repeat(64 * 1024);
    for n in 0..380 {
        let (phone, text) = if n < 60 {
            (PHONE, long.as_str())
        } else {
            ("79990000002", "Ещё")
        };
        backend.client_writes(phone, text).await;
        // Others are not held up.
        quick
            .until("the message", |panel| panel.n_changes == n + 2)
            .await;
    }
    let last = backend.chat_of("79990000002");
    // A chat's row comes with the first of its entries, and says how many follow.
    let has_all = |panel: &TestPanel| {
        let is_last_known = |row: &ChatRow| row.last_place == Place(320);
        panel.chats.get(&last).is_some_and(is_last_known)
            && (panel.places(chat).len(), panel.places(last).len()) == (61, 320)
    };
    assert!(has_all(&quick));
    slow.until("it reads again", has_all).await;
    assert!(slow.n_changes < 381, "it read from the store");
    assert_eq!(slow.n_snapshots, 1);
    assert_eq!(slow.chats, quick.chats);
    assert_eq!(slow.entries, quick.entries);
    assert_eq!(slow.places(chat).len(), 61);
    // And it is live again.
    backend.client_writes("79990000003", "Новый").await;
    slow.until("what is new", |panel| panel.chats.len() == 3)
        .await;
}

#[tokio::test]
async fn what_the_command_line_adds_shows_up_in_panels() {
    let backend = TestBackend::start().await;
    let mut panel = backend.operator("anna").await.panel().await;
    let folder = backend.folder.path();
    let args = "operator add --login zoya --name Зоя --password-stdin";
    let args: Vec<&str> = args.split(' ').collect();
    let ended = spawned::run(folder, &args, &[], "a long password").await;
    ended.succeeded();
    let shown = panel.until("the operator", |panel| panel.operators.len() == 4);
    tokio::time::timeout(PROMPT, shown).await.unwrap();

    let args = "channel add whatsapp --name Склад --phone-number-id 777";
    let args: Vec<&str> = args.split(' ').collect();
    let secrets = [
        ("PULT_WHATSAPP_ACCESS_TOKEN", "token"),
        ("PULT_WHATSAPP_APP_SECRET", "its own secret"),
        ("PULT_WHATSAPP_VERIFY_TOKEN", "its own token"),
    ];
    spawned::run(folder, &args, &secrets, "").await.succeeded();
    let shown = panel.until("the channel", |panel| panel.channels.len() == 2);
    tokio::time::timeout(PROMPT, shown).await.unwrap();
    assert_eq!(panel.n_snapshots, 1);
    // The channel is not only shown: it takes what is signed with its secret.
    let body = message("777", PHONE, &new_wamid(), "На склад");
    let taken = async {
        while backend
            .deliver(body.to_string(), "its own secret")
            .await
            .status
            != 200
        {}
    };
    soon("the channel is used", taken).await;
}

#[tokio::test]
async fn what_another_process_commits_between_our_own_commits_is_not_missed() {
    let backend = TestBackend::start().await;
    let mut panel = backend.operator("anna").await.panel().await;
    // Nobody looks at the store in between: our own commit follows at once.
    backend.add_number("777", "its own secret").await;
    backend.client_writes(PHONE, "Здравствуйте").await;
    panel
        .until("the channel", |panel| panel.channels.len() == 2)
        .await;
    let body = message("777", PHONE, &new_wamid(), "На склад").to_string();
    let taken =
        async { while backend.deliver(body.clone(), "its own secret").await.status != 200 {} };
    soon("the channel is used", taken).await;
    let sql = "SELECT count(*) FROM chats";
    until("both chats are there", || backend.count(sql) == 2).await;
    assert_eq!(backend.deliver(body, APP_SECRET).await.status, 200);
}

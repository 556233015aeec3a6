//! What the operator is told of.

use pult_domain::{ChatId, CommandId, Place, Timestamp};
use pult_panel::view::{BannerKey, DraftRevision, Notification, NotificationSettings, PanelEvent};
use pult_panel::{EventStream, Panel};
use pult_protocol::{
    Alert, BackendFrame, ChatRow, Code, CompanyRow, DeliveryState, EntryBody, EntryRow, Notice,
    NotificationKind, Row,
};

use crate::backend::{Backend, Socket, operator_id, within};
use crate::rows::Chat;
use crate::{open, signed_in, until_live, until_told};

/// Anna, live, with chat 1 in her hands and chat 2 in the queue.
async fn anna(dir: &std::path::Path) -> (Backend, Panel, Socket, EventStream) {
    let mut backend = Backend::start().await;
    let panel = signed_in(dir, &backend).await;
    let events = panel.events();
    let socket = backend.accept_with(rows()).await;
    until_live(&panel).await;
    (backend, panel, socket, events)
}

fn rows() -> Vec<Row> {
    vec![
        Row::Chat(mine(1)),
        Row::Entry(Chat(1).inbound(1, "old")),
        Row::Chat(Chat(2).queued(1)),
        Row::Entry(Chat(2).inbound(1, "old")),
    ]
}

fn mine(last_place: i64) -> ChatRow {
    Chat(1).in_work(operator_id("anna"), last_place)
}

/// A chat that somebody else has and I observe: whoever mentions me there is always told.
const LAST: Chat = Chat(99);

fn mentions_me(place: i64) -> Vec<Row> {
    let comment = EntryBody::Comment {
        text: "Anna, look".to_owned(),
        mentions: vec![operator_id("anna")],
    };
    let entry = EntryRow {
        author_id: Some(operator_id("boris")),
        body: comment,
        ..LAST.inbound(place, "")
    };
    let chat = ChatRow {
        observer_ids: vec![operator_id("anna")],
        ..LAST.in_work(operator_id("boris"), place)
    };
    vec![Row::Chat(chat), Row::Entry(entry)]
}

/// What is told of a page, up to what is always told last. `n` is the change's number. Clients who wait
/// in the queue are another matter: here they have waited for years.
async fn told(
    socket: &mut Socket,
    events: &mut EventStream,
    (rows, n): (Vec<Row>, i64),
) -> Vec<Notification> {
    let mut rows = rows;
    rows.extend(mentions_me(n));
    socket.changes(rows, n).await;
    let mut found = Vec::new();
    loop {
        let event = within(events.next()).await.unwrap();
        if let PanelEvent::Notify { notification } = event {
            if notification.chat_id == Some(LAST.id()) {
                return found;
            }
            if notification.what != NotificationKind::WaitsInQueue {
                found.push(notification);
            }
        }
    }
}

/// What it is, of which chat, and its words.
fn facts(found: &[Notification]) -> Vec<(NotificationKind, ChatId, &str)> {
    found
        .iter()
        .map(|one| (one.what, one.chat_id.unwrap(), one.text.as_str()))
        .collect()
}

async fn sets(panel: &Panel, settings: NotificationSettings) {
    panel.set_notification_settings(settings).await.unwrap();
}

#[tokio::test]
async fn what_a_new_device_finds_is_no_news() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    assert_eq!(told(&mut socket, &mut events, (vec![], 2)).await, []);
    let lines = panel.notifications().await.unwrap();
    let whats: Vec<_> = lines.iter().map(|line| line.notification.what).collect();
    assert!(
        !whats.contains(&NotificationKind::NewMessage)
            && !whats.contains(&NotificationKind::NewInQueue),
        "{whats:?}"
    );
}

fn new_in_queue(chat: Chat) -> Vec<Row> {
    vec![
        Row::Entry(chat.inbound(1, "Good afternoon")),
        Row::Entry(chat.inbound(2, "Is it in stock?")),
        Row::Chat(chat.queued(2)),
    ]
}

#[tokio::test]
async fn a_new_chat_in_the_queue_is_told_once_unless_the_window_is_in_front() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let found = told(&mut socket, &mut events, (new_in_queue(Chat(3)), 2)).await;
    let [one] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(one.what, NotificationKind::NewInQueue);
    assert_eq!(one.title.as_deref(), Some("Client 3"));
    assert_eq!(one.text, "Is it in stock?");
    assert_eq!((one.place, one.n), (Some(Place(2)), 2));
    assert!(one.banner && one.sound);
    // Already in the queue: no second banner.
    let more = vec![
        Row::Entry(Chat(3).inbound(3, "Hello?")),
        Row::Chat(Chat(3).queued(3)),
    ];
    assert_eq!(told(&mut socket, &mut events, (more, 3)).await, []);
    panel.watch(None, true, None).await.unwrap();
    let seen = told(&mut socket, &mut events, (new_in_queue(Chat(4)), 4)).await;
    assert_eq!(seen, []);
    // It is in the list all the same.
    let lines = panel.notifications().await.unwrap();
    let of_4 = lines
        .iter()
        .find(|line| line.notification.chat_id == Some(Chat(4).id()));
    assert_eq!(of_4.unwrap().notification.text, "Is it in stock?");
}

#[tokio::test]
async fn a_chat_that_a_rule_has_marked_for_me_is_told_once_also_in_front_and_an_automatic_text_never()
 {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let marked = |chat: Chat, last_place, whom: &str| ChatRow {
        suggested_owner_id: Some(operator_id(whom)),
        ..chat.queued(last_place)
    };
    panel.watch(Some(Chat(1).id()), true, None).await.unwrap();
    let rows = vec![
        Row::Entry(Chat(3).inbound(1, "An invoice, please")),
        Row::Chat(marked(Chat(3), 1, "anna")),
        Row::Chat(marked(Chat(4), 1, "boris")),
    ];
    let found = told(&mut socket, &mut events, (rows, 2)).await;
    let suggested = NotificationKind::Suggested;
    assert_eq!(
        facts(&found),
        [(suggested, Chat(3).id(), "An invoice, please")]
    );
    // It is marked still, and something goes out to the client by itself.
    let automatic = EntryRow {
        author_id: None,
        command_id: None,
        automatic: Some(pult_domain::AutomaticKind::Greeting),
        ..Chat(3).outbound(2, "Good afternoon", CommandId(uuid::Uuid::now_v7()))
    };
    panel.watch(None, false, None).await.unwrap();
    let rows = vec![Row::Entry(automatic), Row::Chat(marked(Chat(3), 2, "anna"))];
    assert_eq!(told(&mut socket, &mut events, (rows, 3)).await, []);
    // A chat that stood there unmarked, and is marked by what the client says next.
    let rows = vec![Row::Chat(marked(Chat(2), 2, "anna"))];
    let found = told(&mut socket, &mut events, (rows, 4)).await;
    assert_eq!(facts(&found), [(suggested, Chat(2).id(), "preview of 2")]);
}

#[tokio::test]
async fn a_message_in_my_chat_is_told_unless_i_am_looking_at_it() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    for (place, watched, in_front, is_told) in [
        (2, Some(Chat(1)), false, true),
        (3, Some(Chat(2)), true, true),
        (4, Some(Chat(1)), true, false),
        (5, None, true, true),
    ] {
        panel
            .watch(watched.map(Chat::id), in_front, None)
            .await
            .unwrap();
        let entry = Chat(1).inbound(place, "and one more thing");
        let rows = vec![Row::Entry(entry), Row::Chat(mine(place))];
        let found = told(&mut socket, &mut events, (rows, place)).await;
        let expected = (
            NotificationKind::NewMessage,
            Chat(1).id(),
            "and one more thing",
        );
        let expected: Vec<_> = is_told.then_some(expected).into_iter().collect();
        assert_eq!(facts(&found), expected, "{watched:?} {in_front}");
    }
}

#[tokio::test]
async fn what_i_sent_delivery_ticks_and_what_was_read_elsewhere_are_no_news() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let seen = DraftRevision::default();
    let replied = panel.reply(Chat(1).id(), "Hello".to_owned(), seen);
    let id = replied.await.unwrap();
    let rows = vec![
        Row::Entry(Chat(1).outbound(2, "Hello", id)),
        Row::Chat(mine(2)),
        Row::Entry(Chat(1).inbound(1, "old")),
    ];
    assert_eq!(told(&mut socket, &mut events, (rows, 2)).await, []);
    let rows = vec![
        Row::Entry(Chat(1).inbound(3, "read on another device")),
        Chat(1).mark(3),
        Row::Chat(mine(3)),
    ];
    assert_eq!(told(&mut socket, &mut events, (rows, 3)).await, []);
}

#[tokio::test]
async fn a_reply_that_will_not_arrive_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    let failed = || {
        let mut entry = Chat(1).outbound(2, "Hello", CommandId(uuid::Uuid::now_v7()));
        if let EntryBody::Outbound { delivery, .. } = &mut entry.body {
            delivery.state = DeliveryState::Failed;
        }
        vec![Row::Entry(entry), Row::Chat(mine(2))]
    };
    let found = told(&mut socket, &mut events, (failed(), 2)).await;
    let [one] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(one.what, NotificationKind::NotDelivered);
    assert_eq!(one.place, Some(Place(2)));
    assert_eq!(told(&mut socket, &mut events, (failed(), 3)).await, []);
}

#[tokio::test]
async fn a_chat_that_is_mine_again_tells_what_the_client_wrote() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    let anna = operator_id("anna");
    let came_back = EntryRow {
        body: EntryBody::Notice {
            notice: Notice::CameBack { owner: anna },
        },
        ..Chat(5).inbound(8, "")
    };
    let rows = vec![
        Row::Chat(ChatRow {
            fresh: true,
            ..Chat(5).in_work(anna, 9)
        }),
        Chat(5).mark(7),
        Row::Entry(came_back),
        Row::Entry(Chat(5).inbound(9, "It is me again")),
    ];
    let found = told(&mut socket, &mut events, (rows, 2)).await;
    let reopened = NotificationKind::Reopened;
    assert_eq!(facts(&found), [(reopened, Chat(5).id(), "It is me again")]);
}

#[tokio::test]
async fn what_was_missed_is_told_when_all_of_it_is_here_and_once_even_after_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let (mut backend, panel, mut socket, mut events) = anna(dir.path()).await;
    assert_eq!(told(&mut socket, &mut events, (vec![], 2)).await, []);
    panel.shut_down().await;
    drop((panel, socket, events));

    let panel = open(dir.path()).await;
    let mut events = panel.events();
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    let missed = vec![
        Row::Entry(Chat(1).inbound(2, "an hour ago")),
        Row::Chat(mine(2)),
    ];
    let found = told(&mut socket, &mut events, (missed.clone(), 3)).await;
    let message = NotificationKind::NewMessage;
    assert_eq!(facts(&found), [(message, Chat(1).id(), "an hour ago")]);
    panel.shut_down().await;
    drop((panel, socket, events));

    let panel = open(dir.path()).await;
    let mut events = panel.events();
    let (mut socket, _) = backend.accept().await;
    socket.welcome("anna").await;
    assert_eq!(told(&mut socket, &mut events, (missed, 4)).await, []);
    drop(panel);
}

#[tokio::test]
async fn of_many_chats_at_once_there_is_one_banner_and_a_line_for_each() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    assert_eq!(told(&mut socket, &mut events, (vec![], 2)).await, []);
    let rows = (10..40).flat_map(|n| new_in_queue(Chat(n))).collect();
    socket.changes(rows, 3).await;
    let several = loop {
        let event = within(events.next()).await.unwrap();
        if let PanelEvent::Notify { notification } = event
            && notification.what != NotificationKind::WaitsInQueue
        {
            break notification;
        }
    };
    assert_eq!(several.key, BannerKey::Several);
    assert_eq!((several.n, several.chat_id), (30, None));
    let lines = panel.notifications().await.unwrap();
    let of_queue = lines
        .iter()
        .filter(|line| line.notification.what == NotificationKind::NewInQueue);
    assert_eq!(of_queue.count(), 30);
}

#[tokio::test]
async fn what_is_read_on_another_device_is_withdrawn_here() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let rows = vec![
        Row::Entry(Chat(1).inbound(2, "and one more thing")),
        Row::Chat(mine(2)),
    ];
    assert_eq!(told(&mut socket, &mut events, (rows, 2)).await.len(), 1);
    socket.changes(vec![Chat(1).mark(2)], 3).await;
    let key = BannerKey::Chat {
        chat_id: Chat(1).id(),
    };
    until_withdrawn(&mut events, key).await;
    let lines = panel.notifications().await.unwrap();
    let of_1 = lines
        .iter()
        .find(|line| line.notification.chat_id == Some(Chat(1).id()));
    assert!(of_1.unwrap().is_seen);
}

#[tokio::test]
async fn a_chat_that_somebody_took_from_the_queue_is_withdrawn() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    let found = told(&mut socket, &mut events, (new_in_queue(Chat(3)), 2)).await;
    assert_eq!(found.len(), 1);
    socket
        .changes(vec![Chat(3).gone(pult_protocol::GoneWhy::Lost)], 3)
        .await;
    let key = BannerKey::Chat {
        chat_id: Chat(3).id(),
    };
    until_withdrawn(&mut events, key).await;
}

#[tokio::test]
async fn a_chat_of_the_queue_that_was_seen_elsewhere_is_no_news_when_its_client_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    // While this device was not told: it came, was read on the other one, and the client went on.
    let mut rows = new_in_queue(Chat(3));
    rows.push(Chat(3).mark(1));
    assert_eq!(told(&mut socket, &mut events, (rows, 2)).await, []);
}

#[tokio::test]
async fn a_banner_of_a_chat_that_was_closed_and_came_back_unheard_is_withdrawn() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    let call = EntryRow {
        author_id: Some(operator_id("boris")),
        body: EntryBody::Comment {
            text: "look at this".to_owned(),
            mentions: vec![operator_id("anna")],
        },
        ..Chat(3).inbound(3, "")
    };
    let rows = vec![
        Row::Entry(Chat(3).inbound(1, "Good afternoon")),
        Row::Entry(Chat(3).inbound(2, "Is it in stock?")),
        Row::Entry(call),
        Row::Chat(Chat(3).queued(3)),
    ];
    let found = told(&mut socket, &mut events, (rows, 2)).await;
    let mention = NotificationKind::Mention;
    assert_eq!(facts(&found), [(mention, Chat(3).id(), "look at this")]);
    // Between two looks at the feed it was closed, and its client wrote again.
    let mut chat = Chat(3).queued(5);
    chat.fresh = true;
    let back = vec![
        Chat(3).gone(pult_protocol::GoneWhy::Closed),
        Row::Chat(chat),
        Row::Entry(Chat(3).inbound(5, "are you there?")),
    ];
    socket.changes(back, 3).await;
    let key = BannerKey::Chat {
        chat_id: Chat(3).id(),
    };
    until_withdrawn(&mut events, key).await;
}

async fn until_withdrawn(events: &mut EventStream, key: BannerKey) {
    until_told(events, PanelEvent::Withdraw { key }).await;
}

#[tokio::test]
async fn whoever_waits_in_the_queue_for_long_is_told_until_somebody_takes_the_chat() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let first = loop {
        if let PanelEvent::Notify { notification } = within(events.next()).await.unwrap()
            && notification.key == BannerKey::Queue
        {
            break notification;
        }
    };
    assert_eq!((first.n, first.chat_id), (1, Some(Chat(2).id())));
    assert_eq!(first.title.as_deref(), Some("Client 2"));
    assert!(first.minutes > 60);
    let taken = Row::Chat(Chat(2).in_work(operator_id("boris"), 2));
    socket.changes(vec![taken], 2).await;
    until_withdrawn(&mut events, BannerKey::Queue).await;
    // Whoever does not want it is not told.
    let never = NotificationSettings {
        queue_waits_s: None,
        ..NotificationSettings::default()
    };
    sets(&panel, never).await;
    let found = told(&mut socket, &mut events, (new_in_queue(Chat(3)), 3)).await;
    assert_eq!(found.len(), 1);
    let lines = panel.notifications().await.unwrap();
    let n_waits = lines
        .iter()
        .filter(|line| line.notification.what == NotificationKind::WaitsInQueue);
    assert_eq!(n_waits.count(), 1);
}

#[tokio::test]
async fn a_banner_may_hide_what_was_written_and_quiet_is_quiet() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let hidden = NotificationSettings {
        hide_text: true,
        ..NotificationSettings::default()
    };
    sets(&panel, hidden).await;
    let says = |place| {
        vec![
            Row::Entry(Chat(1).inbound(place, "and one more thing")),
            Row::Chat(mine(place)),
        ]
    };
    let found = told(&mut socket, &mut events, (says(2), 2)).await;
    let message = NotificationKind::NewMessage;
    assert_eq!(facts(&found), [(message, Chat(1).id(), "")]);
    // The mention that ends each look breaks through.
    let quiet = NotificationSettings {
        quiet_until: Some(Timestamp(i64::MAX)),
        ..NotificationSettings::default()
    };
    sets(&panel, quiet).await;
    assert_eq!(told(&mut socket, &mut events, (says(3), 3)).await, []);
    // Nothing of it is lost.
    let lines = panel.notifications().await.unwrap();
    let n_of_1 = lines
        .iter()
        .filter(|line| line.notification.chat_id == Some(Chat(1).id()));
    assert_eq!(n_of_1.count(), 2);
    let kept = panel.notification_choices().await.unwrap();
    assert_eq!(kept.settings.quiet_until, Some(Timestamp(i64::MAX)));
}

#[tokio::test]
async fn what_the_company_says_holds_at_once_until_one_has_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let message = NotificationKind::NewMessage;
    let silent = Alert {
        banner: false,
        sound: false,
        ..message.usual()
    };
    let mut company = CompanyRow::default();
    let kinds = &mut company.settings.defaults.notifications.kinds;
    kinds.insert(message, silent);
    let says = |place| {
        vec![
            Row::Entry(Chat(1).inbound(place, "and one more thing")),
            Row::Chat(mine(place)),
        ]
    };
    let mut rows = says(2);
    rows.insert(0, Row::Company(company));
    assert_eq!(told(&mut socket, &mut events, (rows, 2)).await, []);
    let chosen = NotificationSettings {
        kinds: [(message, message.usual())].into(),
        ..NotificationSettings::default()
    };
    sets(&panel, chosen).await;
    let found = told(&mut socket, &mut events, (says(3), 3)).await;
    assert_eq!(found.len(), 1);
    let choices = panel.notification_choices().await.unwrap();
    let choice = choices.kinds.iter().find(|kind| kind.what == message);
    let choice = choice.unwrap();
    assert_eq!(choice.usual, silent);
    assert_eq!(choice.alert, message.usual());
    assert_eq!(choice.built_in, message.usual());
}

#[tokio::test]
async fn the_list_has_no_words_of_what_has_left_ones_sight() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let found = told(&mut socket, &mut events, (new_in_queue(Chat(3)), 2)).await;
    assert_eq!(found.len(), 1);
    let gone = vec![Chat(3).gone(pult_protocol::GoneWhy::Lost)];
    assert_eq!(told(&mut socket, &mut events, (gone, 3)).await, []);
    let lines = panel.notifications().await.unwrap();
    let of_3 = lines
        .iter()
        .find(|line| line.notification.chat_id == Some(Chat(3).id()))
        .unwrap();
    assert_eq!(of_3.notification.title, None);
    assert_eq!(of_3.notification.text, "");
    // Looked at, it is not new any more.
    assert!(!of_3.is_seen);
    panel.see_notifications(of_3.position).await.unwrap();
    let lines = panel.notifications().await.unwrap();
    let of_3 = lines.iter().find(|line| line.position == of_3.position);
    assert!(of_3.unwrap().is_seen);
}

#[tokio::test]
async fn a_device_that_was_not_used_last_tells_only_what_is_not_seen_there() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    socket.send(&BackendFrame::First { is_first: false }).await;
    let came_at = std::time::Instant::now();
    let rows = vec![
        Row::Entry(Chat(1).inbound(2, "seen at the desk")),
        Row::Chat(mine(2)),
    ];
    socket.changes(rows, 2).await;
    socket.changes(vec![Chat(1).mark(2)], 3).await;
    let found = told(&mut socket, &mut events, (new_in_queue(Chat(3)), 4)).await;
    let new = NotificationKind::NewInQueue;
    assert_eq!(facts(&found), [(new, Chat(3).id(), "Is it in stock?")]);
    assert!(came_at.elapsed() >= std::time::Duration::from_secs(4));
    // It is used now.
    socket.send(&BackendFrame::First { is_first: true }).await;
    let rows = vec![
        Row::Entry(Chat(1).inbound(3, "at once")),
        Row::Chat(mine(3)),
    ];
    assert_eq!(told(&mut socket, &mut events, (rows, 5)).await.len(), 1);
}

#[tokio::test]
async fn a_chat_that_a_colleague_puts_back_into_the_queue_is_told_again() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    let new = NotificationKind::NewInQueue;
    let found = told(&mut socket, &mut events, (new_in_queue(Chat(3)), 2)).await;
    assert_eq!(facts(&found), [(new, Chat(3).id(), "Is it in stock?")]);
    // Boris takes it, out of my sight, and thinks better of it.
    let taken = vec![Chat(3).gone(pult_protocol::GoneWhy::Lost)];
    assert_eq!(told(&mut socket, &mut events, (taken, 3)).await, []);
    let back = |place| {
        let fresh = Row::Chat(ChatRow {
            fresh: true,
            ..Chat(3).queued(place)
        });
        vec![fresh, Row::Entry(returned(place))]
    };
    let found = told(&mut socket, &mut events, (back(4), 4)).await;
    assert_eq!(facts(&found), [(new, Chat(3).id(), "preview of 3")]);
    // The same within a moment.
    let mut rows = vec![Chat(3).gone(pult_protocol::GoneWhy::Lost)];
    rows.extend(back(6));
    assert_eq!(told(&mut socket, &mut events, (rows, 5)).await.len(), 1);
    // The same before my eyes, since I observe it.
    let observed = |chat| {
        Row::Chat(ChatRow {
            observer_ids: vec![operator_id("anna")],
            ..chat
        })
    };
    let taken = observed(Chat(3).in_work(operator_id("boris"), 7));
    let rows = vec![taken, observed(Chat(3).queued(8)), Row::Entry(returned(8))];
    assert_eq!(told(&mut socket, &mut events, (rows, 6)).await.len(), 1);
    let rows = vec![
        observed(Chat(3).queued(9)),
        Row::Entry(Chat(3).inbound(9, "")),
    ];
    assert_eq!(told(&mut socket, &mut events, (rows, 7)).await, []);
}

#[tokio::test]
async fn what_comes_while_a_chat_is_looked_through_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    // As it is seen by who has read the chat just before, and its entries just after.
    let entry = Row::Entry(Chat(1).inbound(2, "and one more thing"));
    let before = told(&mut socket, &mut events, (vec![entry], 2)).await;
    let after = vec![Row::Chat(mine(2))];
    let after = told(&mut socket, &mut events, (after, 3)).await;
    assert_eq!(before.len() + after.len(), 1);
}

#[tokio::test]
async fn a_new_chat_is_told_though_i_have_mentioned_somebody_there_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    let joined = Notice::Joined {
        by: Some(operator_id("anna")),
        observer: operator_id("boris"),
    };
    let mut rows = new_in_queue(Chat(3));
    rows.push(Row::Chat(Chat(3).queued(3)));
    rows.push(Row::Entry(EntryRow {
        author_id: Some(operator_id("anna")),
        body: EntryBody::Notice { notice: joined },
        ..Chat(3).inbound(3, "")
    }));
    assert_eq!(told(&mut socket, &mut events, (rows, 2)).await.len(), 1);
}

/// Boris has put chat 3 back into the queue.
fn returned(place: i64) -> EntryRow {
    let by = Some(operator_id("boris"));
    EntryRow {
        body: EntryBody::Notice {
            notice: Notice::Returned { by, was: by },
        },
        ..Chat(3).inbound(place, "")
    }
}

#[tokio::test]
async fn a_chat_in_the_queue_that_was_read_on_another_device_is_no_news_here() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    let mut rows = new_in_queue(Chat(3));
    rows.push(Chat(3).mark(2));
    assert_eq!(told(&mut socket, &mut events, (rows, 2)).await, []);
}

#[tokio::test]
async fn what_is_not_to_be_told_is_in_no_summary() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let message = NotificationKind::NewMessage;
    let mute = Alert {
        banner: false,
        sound: false,
        ..message.usual()
    };
    let settings = NotificationSettings {
        kinds: [(message, mute)].into(),
        queue_waits_s: None,
        ..NotificationSettings::default()
    };
    sets(&panel, settings).await;
    // The most urgent of them is muted, and so is one of those that would make it many.
    let mut rows = vec![
        Row::Entry(Chat(1).inbound(2, "and one more thing")),
        Row::Chat(mine(2)),
    ];
    rows.extend(new_in_queue(Chat(3)));
    rows.extend(new_in_queue(Chat(4)));
    let found = told(&mut socket, &mut events, (rows, 2)).await;
    let new = NotificationKind::NewInQueue;
    let mut whats: Vec<_> = found.iter().map(|one| (one.what, one.chat_id)).collect();
    whats.sort_unstable();
    let expected = [(new, Some(Chat(3).id())), (new, Some(Chat(4).id()))];
    assert_eq!(whats, expected);
}

#[tokio::test]
async fn that_a_reply_failed_stays_on_the_screen_though_the_chat_was_read_before() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
    let mut entry = Chat(1).outbound(2, "Hello", CommandId(uuid::Uuid::now_v7()));
    let rows = vec![
        Row::Entry(entry.clone()),
        Row::Chat(mine(2)),
        Chat(1).mark(2),
    ];
    assert_eq!(told(&mut socket, &mut events, (rows, 2)).await, []);
    if let EntryBody::Outbound { delivery, .. } = &mut entry.body {
        delivery.state = DeliveryState::Failed;
    }
    let found = told(&mut socket, &mut events, (vec![Row::Entry(entry)], 3)).await;
    let whats: Vec<_> = found.iter().map(|one| one.what).collect();
    assert_eq!(whats, [NotificationKind::NotDelivered]);
    // Something else comes, and what is over is looked for.
    let rows = vec![Row::Chat(mine(2)), Row::Chat(Chat(2).queued(1))];
    socket.changes(rows, 4).await;
    socket.changes(mentions_me(5), 5).await;
    loop {
        let event = within(events.next()).await.unwrap();
        assert_ne!(
            event,
            PanelEvent::Withdraw {
                key: key_of(Chat(1))
            }
        );
        if matches!(event, PanelEvent::Notify { .. }) {
            break;
        }
    }
    let lines = panel.notifications().await.unwrap();
    let failed = lines
        .iter()
        .find(|line| line.notification.what == NotificationKind::NotDelivered);
    assert!(!failed.unwrap().is_seen);
    panel.watch(Some(Chat(1).id()), true, None).await.unwrap();
    until_withdrawn(&mut events, key_of(Chat(1))).await;
}

fn key_of(chat: Chat) -> BannerKey {
    BannerKey::Chat { chat_id: chat.id() }
}

#[tokio::test]
async fn a_summary_goes_when_all_of_it_was_read_elsewhere_or_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let (_backend, _panel, mut socket, mut events) = anna(dir.path()).await;
    assert_eq!(told(&mut socket, &mut events, (vec![], 2)).await, []);
    let rows = (10..14).flat_map(|n| new_in_queue(Chat(n))).collect();
    socket.changes(rows, 3).await;
    loop {
        if let PanelEvent::Notify { notification } = within(events.next()).await.unwrap()
            && notification.key == BannerKey::Several
        {
            break;
        }
    }
    let rows = vec![
        Chat(10).mark(2),
        Chat(11).gone(pult_protocol::GoneWhy::Lost),
    ];
    socket.changes(rows, 4).await;
    socket.changes(mentions_me(5), 5).await;
    loop {
        let event = within(events.next()).await.unwrap();
        let key = BannerKey::Several;
        assert_ne!(event, PanelEvent::Withdraw { key });
        if let PanelEvent::Notify { notification } = event
            && notification.chat_id == Some(LAST.id())
        {
            break;
        }
    }
    let rows = vec![Chat(12).mark(2), Chat(13).mark(2)];
    socket.changes(rows, 6).await;
    until_withdrawn(&mut events, BannerKey::Several).await;
}

#[tokio::test]
async fn nothing_of_a_session_that_has_ended_stays_on_the_screen() {
    for is_ended_by_backend in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (_backend, panel, mut socket, mut events) = anna(dir.path()).await;
        let says = vec![
            Row::Entry(Chat(1).inbound(2, "and one more thing")),
            Row::Chat(mine(2)),
        ];
        assert_eq!(told(&mut socket, &mut events, (says, 2)).await.len(), 1);
        if is_ended_by_backend {
            socket.problem(Code::SignedOut).await;
        } else {
            panel.sign_out(true).await.unwrap();
        }
        until_withdrawn(&mut events, key_of(Chat(1))).await;
    }
}

//! Everybody's chats for supervisors, over REST and the socket, and for nobody else.

use std::time::Duration;

use pult_domain::{ChatId, Place};
use pult_protocol::{ChatsPage, Command, HistoryPage, PanelFrame, Workload};
use reqwest::Method;
use serde_json::json;

use crate::kit::{
    Answer, NUMBER, Signed, TestBackend, message, new_command_id, new_wamid, store_file,
};
use crate::panel::TestPanel;

const IRINA: &str = "79990000001";
const PETR: &str = "79990000002";

async fn chats(of: &Signed, query: &str) -> ChatsPage {
    let answer = of
        .request(Method::GET, &format!("/api/v1/chats{query}"))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.text).unwrap()
}

async fn ids(of: &Signed, query: &str) -> Vec<ChatId> {
    chats(of, query)
        .await
        .chats
        .iter()
        .map(|chat| chat.id)
        .collect()
}

async fn workload(of: &Signed) -> Workload {
    let answer = of.request(Method::GET, "/api/v1/workload").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.text).unwrap()
}

async fn reply(by: &Signed, chat_id: ChatId) {
    let command = Command::Reply {
        chat_id,
        text: "Слушаю".to_owned(),
        seen_place: Place(1),
    };
    done(&by.post(new_command_id(), &command).await);
}

fn done(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// As an administrator does by another program.
fn becomes(backend: &TestBackend, of: &Signed, role: &str) {
    let file = rusqlite::Connection::open(store_file(backend.folder.path())).unwrap();
    file.busy_timeout(Duration::from_secs(10)).unwrap();
    let sql = "UPDATE operators SET role = ?2 WHERE id = ?1";
    file.execute(sql, (of.id.0, role)).unwrap();
}

async fn oversees(of: &Signed) -> TestPanel {
    let mut panel = of.panel().await;
    panel.wire.say(&PanelFrame::Oversee { on: true }).await;
    panel
        .until("that anything may have changed", |panel| {
            panel.hints.contains(&(Vec::new(), true))
        })
        .await;
    panel.hints.clear();
    panel
}

/// Waits until a panel has been hinted at that chat, alone or with all of them: a slow machine may
/// take a commit for another program's.
async fn hears_of(panel: &mut TestPanel, chat: ChatId) {
    panel
        .until("a hint", |panel| {
            panel
                .hints
                .iter()
                .any(|(chats, everything)| *everything || chats.contains(&chat))
        })
        .await;
}

#[tokio::test]
async fn a_supervisor_sees_everybodys_chats_and_reads_them() {
    let backend = TestBackend::start().await;
    let (anna, vera) = (
        backend.operator("anna").await,
        backend.operator("vera").await,
    );
    let irinas = backend.client_writes(IRINA, "Здравствуйте").await;
    let petrs = backend.client_writes(PETR, "Добрый день").await;
    reply(&anna, irinas).await;
    assert_eq!(ids(&vera, "").await, [petrs, irinas]);
    assert_eq!(ids(&vera, "?status=in_work").await, [irinas]);
    let annas = format!("?owner_id={}&order=activity", anna.id);
    assert_eq!(ids(&vera, &annas).await, [irinas]);
    assert_eq!(ids(&vera, "?text=0002").await, [petrs]);
    assert_eq!(
        ids(&vera, &format!("?ids={irinas},{petrs}&status=queued")).await,
        [petrs]
    );
    let page = chats(&vera, "?limit=1").await;
    assert_eq!(page.chats[0].id, petrs);
    let next = serde_json::to_value(page.next).unwrap();
    let next = format!("?after={}", next.as_str().unwrap());
    assert_eq!(ids(&vera, &next).await, [irinas]);

    let path = format!("/api/v1/chats/{irinas}/entries");
    let history = vera.request(Method::GET, &path).await;
    let history: HistoryPage = serde_json::from_str(&history.text).unwrap();
    assert_eq!(history.entries.len(), 3, "the message, taken, the answer");
    let card = format!("/api/v1/chats/{irinas}/card");
    done(&vera.request(Method::GET, &card).await);

    let workload = workload(&vera).await;
    assert_eq!((workload.queued.n, workload.queued.n_waiting), (1, 1));
    assert_eq!((workload.in_work.n, workload.in_work.n_waiting), (1, 0));
    let of = &workload.operators[0];
    assert_eq!((of.operator_id, of.in_work.n), (anna.id, 1));
}

#[tokio::test]
async fn over_rest_it_is_for_supervisors_alone_at_that_moment() {
    let backend = TestBackend::start().await;
    let (anna, vera) = (
        backend.operator("anna").await,
        backend.operator("vera").await,
    );
    let chat = backend.client_writes(IRINA, "Здравствуйте").await;
    reply(&vera, chat).await;
    for path in ["/api/v1/chats", "/api/v1/workload"] {
        anna.request(Method::GET, path)
            .await
            .refuses(403, "not_allowed");
        done(&vera.request(Method::GET, path).await);
        let nobody = backend.request(Method::GET, path);
        Answer::of(nobody).await.refuses(401, "signed_out");
    }
    let close = Command::Close {
        chat_id: chat,
        seen_place: Place(3),
    };
    done(&vera.post(new_command_id(), &close).await);
    becomes(&backend, &vera, "operator");
    for path in ["/api/v1/chats?status=closed", "/api/v1/workload"] {
        vera.request(Method::GET, path)
            .await
            .refuses(403, "not_allowed");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let backend = TestBackend::start().await;
    let vera = backend.operator("vera").await;
    let many = vec![ChatId(uuid::Uuid::now_v7()).to_string(); 101].join(",");
    for query in [
        "?status=open",
        "?order=name",
        "?after=nowhere",
        "?limit=-1",
        "?ids=irina",
        "?owner_id=anna",
        &format!("?ids={many}"),
    ] {
        let path = format!("/api/v1/chats{query}");
        vera.request(Method::GET, &path)
            .await
            .refuses(400, "malformed");
    }
    let path = format!("?owner_id={}", uuid::Uuid::now_v7());
    assert!(ids(&vera, &path).await.is_empty());
}

#[tokio::test]
async fn a_supervisor_who_asked_for_it_hears_what_has_changed_and_no_word_of_it() {
    let backend = TestBackend::start().await;
    let (anna, vera) = (
        backend.operator("anna").await,
        backend.operator("vera").await,
    );
    let chat = backend.client_writes(IRINA, "Здравствуйте").await;
    reply(&anna, chat).await;
    let mut veras = oversees(&vera).await;
    let mut annas = anna.panel().await;
    annas.wire.say(&PanelFrame::Oversee { on: true }).await;
    let mut idle = vera.panel().await;
    backend.client_writes(IRINA, "Тайное слово").await;
    hears_of(&mut veras, chat).await;
    assert_eq!(veras.chats.get(&chat), None, "of Anna's chat nothing else");
    // All of them hear of the next one, and have heard by then what there was before.
    let petrs = backend.client_writes(PETR, "Добрый день").await;
    for panel in [&mut annas, &mut idle] {
        panel
            .until("the new chat", |panel| panel.chats.contains_key(&petrs))
            .await;
        assert!(panel.hints.is_empty());
    }
    hears_of(&mut veras, petrs).await;
}

#[tokio::test]
async fn who_is_no_supervisor_any_more_hears_nothing_any_more() {
    let backend = TestBackend::start().await;
    let (anna, vera) = (
        backend.operator("anna").await,
        backend.operator("vera").await,
    );
    let boris = backend.operator("boris").await;
    becomes(&backend, &boris, "supervisor");
    let chat = backend.client_writes(IRINA, "Здравствуйте").await;
    reply(&anna, chat).await;
    let mut veras = oversees(&vera).await;
    let mut boriss = oversees(&boris).await;
    backend.client_writes(IRINA, "Первое").await;
    hears_of(&mut veras, chat).await;
    hears_of(&mut boriss, chat).await;

    becomes(&backend, &boris, "operator");
    boriss.hints.clear();
    veras.hints.clear();
    backend.client_writes(IRINA, "Второе").await;
    hears_of(&mut veras, chat).await;
    // What comes by the feed later comes after the hint that he does not get.
    let petrs = backend.client_writes(PETR, "Добрый день").await;
    hears_of(&mut veras, petrs).await;
    boriss
        .until("the new chat", |panel| panel.chats.contains_key(&petrs))
        .await;
    assert_eq!(boriss.hints, []);
}

#[tokio::test]
async fn supervisors_hear_of_all_who_wait_too_long_and_an_owner_of_their_own() {
    let backend = TestBackend::start().await;
    let (anna, vera) = (
        backend.operator("anna").await,
        backend.operator("vera").await,
    );
    let boris = backend.operator("boris").await;
    let irinas = writes_now(&backend, IRINA).await;
    reply(&anna, irinas).await;
    writes_now(&backend, IRINA).await;
    let petrs = writes_now(&backend, PETR).await;
    let (mut veras, mut annas) = (vera.panel().await, anna.panel().await);
    let mut boriss = boris.panel().await;
    backend.clock.advance(Duration::from_secs(12 * 60));
    veras
        .until("the queue's alarm", |panel| !panel.late.is_empty())
        .await;
    let named = |panel: &TestPanel| -> Vec<(ChatId, u32)> {
        let late = &panel.late.last().unwrap().chats;
        late.iter()
            .map(|chat| (chat.chat_id, chat.limit_minutes))
            .collect()
    };
    assert_eq!(named(&veras), [(petrs, 10)]);
    backend.clock.advance(Duration::from_secs(5 * 60));
    veras
        .until("both alarms", |panel| panel.late.last().unwrap().n == 2)
        .await;
    annas
        .until("her own alarm", |panel| !panel.late.is_empty())
        .await;
    assert_eq!(named(&annas), [(irinas, 15)]);
    let workload = workload(&vera).await;
    assert_eq!((workload.queued.n_late, workload.in_work.n_late), (1, 1));

    // Who comes later hears of it as well; and it ends for all when the client is answered.
    let mut again = vera.panel().await;
    again
        .until("both alarms", |panel| !panel.late.is_empty())
        .await;
    reply_again(&anna, irinas).await;
    backend.clock.advance(Duration::from_secs(16));
    annas
        .until("the alarm's end", |panel| panel.late.last().unwrap().n == 0)
        .await;
    veras
        .until("one alarm", |panel| panel.late.last().unwrap().n == 1)
        .await;
    let third = writes_now(&backend, "79990000003").await;
    boriss
        .until("the new chat", |panel| panel.chats.contains_key(&third))
        .await;
    assert_eq!(boriss.late, [], "nobody of his waits");
}

#[tokio::test]
async fn from_when_on_a_client_waits_too_long_is_the_companys_to_say_and_holds_at_once() {
    let backend = TestBackend::start().await;
    let vera = backend.operator("vera").await;
    becomes(&backend, &vera, "administrator");
    let irinas = writes_now(&backend, IRINA).await;
    let mut veras = oversees(&vera).await;
    backend.clock.advance(Duration::from_secs(5 * 60));
    let set = async |revision: u32, minutes: Option<u32>| {
        let settings = json!({ "late_first_answer_minutes": minutes });
        let body = json!({ "revision": revision, "settings": settings });
        done(&vera.send(Method::PUT, "/api/v1/company", &body).await);
    };
    let limit = async || workload(&vera).await.limits.first_answer_minutes;
    assert_eq!(limit().await, Some(10), "before anybody has said so");

    set(0, Some(3)).await;
    veras
        .until("the alarm", |panel| {
            panel.late.last().is_some_and(|late| late.n == 1)
        })
        .await;
    let late = veras.late.last().unwrap().chats[0];
    assert_eq!((late.chat_id, late.limit_minutes), (irinas, 3));
    // What is shown of how many wait is to be read again.
    hears_of(&mut veras, irinas).await;
    assert_eq!(limit().await, Some(3));
    assert_eq!(workload(&vera).await.queued.n_late, 1);

    for minutes in [Some(6), Some(5), None] {
        let revision = veras.company.as_ref().map_or(1, |it| it.revision);
        let was = veras.late.last().unwrap().n;
        set(revision, minutes).await;
        veras
            .until("another alarm, and the settings", |panel| {
                panel.late.last().unwrap().n != was
                    && panel.company.as_ref().map(|it| it.revision) == Some(revision + 1)
            })
            .await;
    }
    assert_eq!(workload(&vera).await.queued.n_late, 0, "none for never");
}

#[tokio::test]
async fn who_is_no_supervisor_any_more_is_told_at_once_that_nobody_of_theirs_waits() {
    let backend = TestBackend::start().await;
    let (vera, boris) = (
        backend.operator("vera").await,
        backend.operator("boris").await,
    );
    becomes(&backend, &boris, "administrator");
    writes_now(&backend, IRINA).await;
    backend.clock.advance(Duration::from_secs(12 * 60));
    let mut veras = vera.panel().await;
    veras
        .until("the alarm", |panel| {
            panel.late.last().is_some_and(|late| late.n == 1)
        })
        .await;
    let role = json!({ "change": "role", "was": "supervisor", "now": "operator" });
    let path = format!("/api/v1/operators/{}", vera.id);
    let changed = boris.send(Method::PATCH, &path, &role).await;
    assert!(changed.status < 300, "{changed:?}");
    veras
        .until("the alarm's end", |panel| {
            panel.late.last().is_some_and(|late| late.n == 0)
        })
        .await;
}

async fn reply_again(by: &Signed, chat_id: ChatId) {
    let command = Command::Reply {
        chat_id,
        text: "Секунду".to_owned(),
        seen_place: Place(4),
    };
    done(&by.post(new_command_id(), &command).await);
}

/// The client writes at this moment, by the clock on the wall.
async fn writes_now(backend: &TestBackend, phone: &str) -> ChatId {
    let mut body = message(NUMBER, phone, &new_wamid(), "Здравствуйте");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let at = "/entry/0/changes/0/value/messages/0/timestamp";
    *body.pointer_mut(at).unwrap() = now.to_string().into();
    backend.webhook(&body).await;
    backend.chat_of(phone)
}

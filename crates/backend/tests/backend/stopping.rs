//! The program's end, and how it does where the system gives it no more: by signals and limits, which
//! Unix alone has.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::commands::reply;
use crate::kit::{APP_SECRET, NUMBER, TestBackend, message, new_command_id, new_wamid, soon};
use crate::panel::Heard;
use crate::spawned::Program;

#[tokio::test]
async fn who_stops_it_as_soon_as_it_serves_does_not_cut_it_off() {
    let folder = tempfile::tempdir().unwrap();
    // A moment too late would be so only now and then.
    for _ in 0..20 {
        let program = Program::serve(folder.path()).await;
        program.terminate();
        let ended = program.ends().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_amid_work_it_ends_in_order_and_keeps_what_it_acknowledged() {
    let mut backend = TestBackend::prepare().await;
    let program = backend.serve_by_program().await;
    let chat = backend.client_writes("79990000001", "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    let url = backend.url("/webhooks/whatsapp");
    let http = crate::kit::http();
    let deliveries: Vec<_> = (0..200)
        .map(|n| {
            let wamid = new_wamid();
            let phone = format!("7999001{n:04}");
            let body = message(NUMBER, &phone, &wamid, "Есть кто?").to_string();
            let signature = crate::kit::signature(APP_SECRET, body.as_bytes());
            let request = http.post(&url).body(body);
            let request = request.header("X-Hub-Signature-256", signature);
            tokio::spawn(async move {
                let answer = request.send().await;
                let is_taken = answer.is_ok_and(|answer| answer.status() == 200);
                is_taken.then_some(wamid)
            })
        })
        .collect();
    let mut replies = Vec::new();
    for n in 0..20 {
        let id = new_command_id();
        panel.give(id, reply(chat, &format!("Ответ {n}"), 1)).await;
        replies.push(id);
    }
    panel.answer(replies[0]).await.unwrap();
    program.terminate();
    let mut answered = Vec::new();
    loop {
        match panel.wire.hear().await {
            Heard::Text(text) if text.contains(r#""kind":"done""#) => {
                let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
                answered.push(frame["result"]["place"].as_i64().unwrap());
            }
            Heard::Text(_) => {}
            end @ (Heard::Close(_) | Heard::Nothing) => {
                assert_eq!(end, Heard::Close(1001));
                break;
            }
        }
    }
    let ended = program.ends().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    assert!(ended.stderr.contains("Stopped"), "{ended:?}");

    backend.serve().await;
    let db = backend.db();
    for delivery in deliveries {
        if let Some(wamid) = soon("an answer", delivery).await.unwrap() {
            let sql = "SELECT count(*) FROM messages WHERE provider_id = ?1";
            let n: i64 = db.query_row(sql, [wamid], |row| row.get(0)).unwrap();
            assert_eq!(n, 1);
        }
    }
    for place in answered {
        let sql = "SELECT count(*) FROM entries WHERE place = ?1 AND kind = 'outbound'";
        let n: i64 = db.query_row(sql, [place], |row| row.get(0)).unwrap();
        assert_eq!(n, 1);
    }
}

#[tokio::test]
async fn a_request_that_never_comes_to_its_end_does_not_keep_it_from_stopping() {
    let mut backend = TestBackend::prepare().await;
    let program = backend.serve_by_program().await;
    let mut half = TcpStream::connect(backend.address()).await.unwrap();
    let head = "POST /webhooks/whatsapp HTTP/1.1\r\nHost: pult\r\nContent-Length: 100\r\n\r\n{";
    half.write_all(head.as_bytes()).await.unwrap();
    // The request has begun when another on the same machine has been answered after it.
    let anna = backend.operator("anna").await;
    let _panel = anna.panel().await;
    let since = Instant::now();
    program.terminate();
    let ended = program.ends().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(since.elapsed() < Duration::from_secs(15));
    let mut rest = Vec::new();
    drop(half.read_to_end(&mut rest).await);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn many_who_sign_in_at_once_do_not_fill_the_memory() {
    let mut backend = TestBackend::prepare().await;
    let program = backend.serve_by_program().await;
    // Each hash takes 19 MiB while it is made.
    let tries = (0..60).map(|n| {
        let login = format!("nobody{n}");
        let backend = &backend;
        async move { backend.sign_in(&login, crate::kit::PASSWORD).await }
    });
    for answer in futures_util::future::join_all(tries).await {
        answer.refuses(401, "wrong_password");
    }
    let peak = program.peak_memory_mib();
    assert!(peak < 250, "{peak} MiB");
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_acknowledged_that_is_not_kept() {
    let mut backend = TestBackend::prepare().await;
    // Room for about 400 KiB of journal and log.
    let program = Program::serve_without_room(backend.folder.path(), 800).await;
    backend.use_program(&program);
    let text = "x".repeat(8 * 1024);
    let mut taken = Vec::new();
    let refused = loop {
        let wamid = new_wamid();
        let body = message(NUMBER, "79990000001", &wamid, &text).to_string();
        let answer = backend.deliver(body, APP_SECRET).await;
        if answer.status != 200 {
            break answer;
        }
        taken.push(wamid);
        assert!(taken.len() < 1000, "the disk has no end");
    };
    refused.refuses(503, "unavailable");
    let before = backend.contents();
    let again = backend.deliver("not JSON", APP_SECRET).await;
    // What is small may still find room; what is said of it is true in any case.
    let n_more = i64::from(again.status == 200);
    assert_eq!(backend.contents()["journal"], before["journal"] + n_more);
    assert_eq!(
        backend.count("SELECT count(*) FROM messages"),
        i64::try_from(taken.len()).unwrap()
    );
    program.terminate();
    let ended = program.ends().await;
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");

    backend.serve().await;
    let sql = "SELECT count(*) FROM messages";
    assert_eq!(
        backend.count(sql),
        i64::try_from(taken.len()).unwrap(),
        "all that was acknowledged, and nothing else"
    );
    backend.client_writes("79990000001", "Есть место").await;
}

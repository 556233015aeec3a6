//! The program: its commands, its words when something is wrong, and its end.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::commands::reply;
use crate::kit::{
    APP_SECRET, NUMBER, PASSWORD, TestBackend, message, new_command_id, new_wamid, soon,
    store_file, template,
};
use crate::panel::Heard;
use crate::spawned::{Ended, Program, run};

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

async fn plain(folder: &Path, line: &str) -> Ended {
    let args: Vec<&str> = line.split(' ').collect();
    run(folder, &args, &[], "").await
}

#[tokio::test]
async fn every_command_explains_itself() {
    let folder = tempfile::tempdir().unwrap();
    for line in [
        "--help",
        "serve --help",
        "operator --help",
        "operator add --help",
        "operator list --help",
        "operator deactivate --help",
        "operator password --help",
        "integration --help",
        "integration add --help",
        "integration list --help",
        "integration revoke --help",
        "channel --help",
        "channel list --help",
        "channel add --help",
        "channel add whatsapp --help",
    ] {
        let ended = plain(folder.path(), line).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("Usage: pult-backend"), "{ended:?}");
        assert_eq!(ended.stderr, "");
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is made by asking");
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let ended = run(folder.path(), &["serve", "--listen", &listen], &[], "").await;
    ended.failed_with(&[&listen, "taken by another program", "--listen"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_said_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    std::fs::write(&file, "a file where the folder should be").unwrap();
    for place in [file.clone(), file.join("below")] {
        for args in [&SERVE[..], &["operator", "list"]] {
            let ended = run(&place, args, &[], "").await;
            ended.failed_with(&[place.to_str().unwrap(), "cannot be written", "--data"]);
        }
    }
}

#[tokio::test]
async fn a_folder_that_another_backend_serves_is_left_to_it() {
    let backend = TestBackend::start().await;
    let before = backend.contents();
    let ended = run(backend.folder.path(), &SERVE, &[], "").await;
    ended.failed_with(&["in use by another running backend", "--data"]);
    assert_eq!(backend.contents(), before);
    // Administration goes on beside it.
    let listed = plain(backend.folder.path(), "operator list")
        .await
        .succeeded();
    assert_eq!(listed["operators"].as_array().unwrap().len(), 3);
}

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

#[tokio::test]
async fn a_store_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = store_file(folder.path());
    std::fs::write(&file, template().await).unwrap();
    let newer = rusqlite::Connection::open(&file).unwrap();
    newer.pragma_update(None, "user_version", 999).unwrap();
    drop(newer);
    let before = std::fs::read(&file).unwrap();
    for args in [&SERVE[..], &["operator", "list"]] {
        let ended = run(folder.path(), args, &[], "").await;
        ended.failed_with(&["newer version", "schema 999", "Install", "--data"]);
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_store_that_is_none_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = store_file(folder.path());
    let garbage = "not a store at all, but long enough to be looked at".repeat(20);
    std::fs::write(&file, &garbage).unwrap();
    let ended = run(folder.path(), &SERVE, &[], "").await;
    ended.failed_with(&["damaged", "backup"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), garbage);

    std::fs::remove_file(&file).unwrap();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE theirs (a)").unwrap();
    drop(other);
    let ended = run(folder.path(), &SERVE, &[], "").await;
    ended.failed_with(&["not a file of this program", "--data"]);
}

#[tokio::test]
async fn operators_are_added_listed_and_deactivated() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let add = "operator add --login Anna --name Анна --role supervisor";
    let args: Vec<&str> = add.split(' ').collect();
    let password = [("PULT_PASSWORD", PASSWORD)];
    let added = run(folder, &args, &password, "").await.succeeded();
    assert_eq!(added["login"], "anna");
    let again = run(folder, &args, &password, "").await;
    again.failed_with(&["login Anna exists already"]);

    let listed = plain(folder, "operator list").await.succeeded();
    assert_eq!(
        listed,
        json!({ "operators": [{
            "id": added["id"], "login": "anna", "name": "Анна", "role": "supervisor",
            "is_active": true,
        }] })
    );
    let deactivate = "operator deactivate --login anna";
    plain(folder, deactivate).await.succeeded();
    let again = plain(folder, deactivate).await;
    again.failed_with(&["deactivated already"]);
    let nobody = plain(folder, "operator deactivate --login ghost").await;
    nobody.failed_with(&["no operator with the login ghost"]);
}

#[tokio::test]
async fn a_password_comes_from_where_others_cannot_read_it() {
    let backend = TestBackend::start().await;
    let folder = backend.folder.path();
    let file = folder.join("password.txt");
    std::fs::write(&file, "from the file\r\nsecond line").unwrap();
    let file = file.to_str().unwrap();
    let set = ["operator", "password", "--login", "anna"];

    let args = [&set[..], &["--password-file", file]].concat();
    run(folder, &args, &[], "").await.succeeded();
    assert_eq!(backend.sign_in("anna", "from the file").await.status, 201);
    let args = [&set[..], &["--password-stdin"]].concat();
    run(folder, &args, &[], "from standard input\n")
        .await
        .succeeded();
    assert_eq!(
        backend.sign_in("anna", "from standard input").await.status,
        201
    );
    let environment = [("PULT_PASSWORD", "from the environment")];
    run(folder, &set, &environment, "").await.succeeded();
    assert_eq!(
        backend.sign_in("anna", "from the environment").await.status,
        201
    );

    run(folder, &set, &[], "").await.failed_with(&[
        "--password-stdin",
        "--password-file",
        "PULT_PASSWORD",
    ]);
    let short = [("PULT_PASSWORD", "seven c")];
    let ended = run(folder, &set, &short, "").await;
    ended.failed_with(&["at least 8 characters"]);
    assert!(!ended.stderr.contains("seven c"));
    let args = [&set[..], &["--password-stdin"]].concat();
    let ended = run(folder, &args, &[], "\n").await;
    ended.failed_with(&["no password"]);
    let args = [&set[..], &["--password-file", "/nowhere/at all"]].concat();
    let ended = run(folder, &args, &[], "").await;
    ended.failed_with(&["/nowhere/at all"]);
    assert_eq!(
        backend.sign_in("anna", "from the environment").await.status,
        201
    );
}

#[tokio::test]
async fn a_channel_needs_its_secrets_and_never_shows_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let add = "channel add whatsapp --name Магазин --phone-number-id 777";
    let args: Vec<&str> = add.split(' ').collect();
    let secrets = [
        ("PULT_WHATSAPP_ACCESS_TOKEN", "secret of access"),
        ("PULT_WHATSAPP_APP_SECRET", "secret of the app"),
        ("PULT_WHATSAPP_VERIFY_TOKEN", "secret of the handshake"),
    ];
    for missing in 0..secrets.len() {
        let mut given = secrets.to_vec();
        let (name, _) = given.remove(missing);
        let ended = run(folder, &args, &given, "").await;
        ended.failed_with(&["secret is missing", name]);
    }
    let unusable = [&args[..], &["--graph-url", "http://example.org"]].concat();
    let ended = run(folder, &unusable, &secrets, "").await;
    ended.failed_with(&["cannot be used", "https"]);
    let listed = plain(folder, "channel list").await;
    assert_eq!(listed.succeeded(), json!({ "channels": [] }));

    let added = run(folder, &args, &secrets, "").await;
    let again = run(folder, &args, &secrets, "").await;
    assert_eq!(added.succeeded(), again.succeeded(), "set anew");
    let listed = plain(folder, "channel list").await;
    assert_eq!(listed.succeeded()["channels"].as_array().unwrap().len(), 1);
    for ended in [added, again, listed] {
        assert!(!ended.stdout.contains("secret of"), "{ended:?}");
        assert!(!ended.stderr.contains("secret of"), "{ended:?}");
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
        async move { backend.sign_in(&login, PASSWORD).await }
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

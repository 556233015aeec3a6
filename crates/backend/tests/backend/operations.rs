//! What an administrator needs: health, figures, backups, a disk that fills, and an end to what
//! would grow for ever.

use std::path::Path;
use std::time::Duration;

use pult_backend::DataFolder;
use pult_protocol::DeliveryState;
use reqwest::Method;
use serde_json::Value;

use crate::commands::{close, reply};
use crate::graph::Script;
use crate::kit::{
    APP_SECRET, Answer, NUMBER, TestBackend, http, message, messages, new_command_id, new_wamid,
    soon, store_file, until,
};
use crate::panel::TestPanel;
use crate::spawned::{Ended, Program, run};

const PHONE: &str = "79990000001";

/// The value of a figure, by its name and labels.
fn figure(text: &str, name: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| panic!("{name} is not in\n{text}"));
    line.parse().unwrap()
}

async fn metrics(backend: &TestBackend) -> String {
    let answer = Answer::of(backend.request(Method::GET, "/metrics")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

async fn get(backend: &TestBackend, path: &str) -> Answer {
    Answer::of(backend.request(Method::GET, path)).await
}

fn entry_names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn not_confirmed(panel: &TestPanel) -> usize {
    let entries = panel.entries.values();
    let is_one = |entry: &&pult_protocol::EntryRow| {
        matches!(&entry.body, pult_protocol::EntryBody::Outbound { delivery, .. }
            if delivery.state == DeliveryState::NotConfirmed)
    };
    entries.filter(is_one).count()
}

#[tokio::test]
async fn a_backend_that_serves_is_alive_and_ready() {
    let backend = TestBackend::start().await;
    let alive = get(&backend, "/healthz").await;
    assert_eq!((alive.status, alive.text.as_str()), (200, "ok"));
    assert_eq!(get(&backend, "/readyz").await.status, 200);
}

#[tokio::test]
async fn the_figures_say_what_happened_and_what_waits() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    backend.client_writes("79990000002", "Есть кто?").await;
    backend.deliver("not JSON", APP_SECRET).await;
    backend.deliver("{}", "another secret").await;
    backend
        .webhook(&message("404", PHONE, &new_wamid(), "Кому?"))
        .await;
    let mut panel = backend.operator("anna").await.panel().await;
    panel.command(reply(chat, "Слушаю", 1)).await.unwrap();
    panel.command(reply(chat, " ", 1)).await.unwrap_err();
    backend.all_sent().await;
    backend.graph.next(Script::Silence);
    panel.command(reply(chat, "Вы ещё тут?", 3)).await.unwrap();
    backend.graph.has_posts(2).await;

    let text = metrics(&backend).await;
    for (name, value) in [
        ("pult_webhooks_total{outcome=\"taken\"}", 3.0),
        ("pult_webhooks_total{outcome=\"unreadable\"}", 1.0),
        ("pult_webhooks_total{outcome=\"bad_signature\"}", 1.0),
        ("pult_commands_total{outcome=\"done\"}", 2.0),
        ("pult_commands_total{outcome=\"text_empty\"}", 1.0),
        ("pult_sendings_total{outcome=\"accepted\"}", 1.0),
        ("pult_chats_queued", 1.0),
        ("pult_chats_queued_unanswered", 1.0),
        ("pult_lanes{waits_for=\"answer\"}", 1.0),
        ("pult_lanes{waits_for=\"turn\"}", 0.0),
        ("pult_messages_not_confirmed", 0.0),
        ("pult_journal_events{state=\"waiting\"}", 1.0),
        ("pult_journal_events{state=\"unreadable\"}", 1.0),
        ("pult_sockets{state=\"live\"}", 1.0),
        ("pult_sockets{state=\"reading\"}", 0.0),
        ("pult_readers_fell_behind_total", 0.0),
        ("pult_disk_refuses", 0.0),
        ("pult_commits_failed_total", 0.0),
    ] {
        let found = figure(&text, name);
        assert!((found - value).abs() < 0.1, "{name} is {found}");
    }
    // The backend has work of its own for the writer now and then.
    let queue_is_empty = async {
        while figure(&metrics(&backend).await, "pult_writer_queue") > 0.0 {
            tokio::task::yield_now().await;
        }
    };
    soon("an empty queue of the writer", queue_is_empty).await;
    let commits = figure(&text, "pult_commits_total");
    assert!(commits >= 8.0, "{commits}");
    let measured = figure(&text, "pult_commit_duration_seconds_count");
    assert!((measured - commits).abs() < 0.1);
    assert!(figure(&text, "pult_commit_jobs_sum") >= commits);
    assert!(figure(&text, "pult_store_size_bytes") > 4096.0);
    assert!(figure(&text, "process_start_time_seconds") > 1.7e9);
    assert!(text.contains("pult_build_info{version=\""));
    assert!(text.ends_with("# EOF\n"));
    for secret in [PHONE, "Здравствуйте", "Клиент", NUMBER, "anna", "Анна"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

#[tokio::test]
async fn the_figures_are_for_whoever_asks_from_this_machine_and_not_through_a_proxy() {
    let backend = TestBackend::start().await;
    metrics(&backend).await;
    for header in ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"] {
        let asked = backend.request(Method::GET, "/metrics");
        let answer = Answer::of(asked.header(header, "for=203.0.113.7")).await;
        answer.refuses(404, "not_found");
    }
}

#[tokio::test]
async fn figures_with_an_address_of_their_own_are_nowhere_else() {
    let mut backend = TestBackend::prepare().await;
    let args = ["--metrics-listen", "127.0.0.1:0"];
    let program = Program::serve_with(backend.folder.path(), &args, &[]).await;
    backend.use_program(&program);
    get(&backend, "/metrics").await.refuses(404, "not_found");
    let url = program.told["metrics"].as_str().unwrap();
    let answer = Answer::of(http().get(url)).await;
    assert_eq!(answer.status, 200);
    figure(&answer.text, "pult_chats_queued");
    let ready = url.replace("/metrics", "/readyz");
    assert_eq!(Answer::of(http().get(ready)).await.status, 200);
    let other = url.replace("/metrics", "/api/v1/openapi.json");
    Answer::of(http().get(other))
        .await
        .refuses(404, "not_found");
}

async fn backup(folder: &Path, args: &[&str]) -> Ended {
    run(folder, &[&["backup"], args].concat(), &[], "").await
}

async fn restore(folder: &Path, args: &[&str]) -> Ended {
    run(folder, &[&["restore"], args].concat(), &[], "").await
}

#[tokio::test]
async fn a_backup_is_made_while_the_folder_is_served_and_overwrites_nothing() {
    let backend = TestBackend::start().await;
    backend.client_writes(PHONE, "Здравствуйте").await;
    let data = backend.folder.path();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("pult.backup");
    let file = file.to_str().unwrap();
    let told = backup(data, &[file]).await.succeeded();
    assert_eq!(told["backup"], file);
    assert_eq!(entry_names(place.path()), ["pult.backup"]);
    let first = std::fs::read(file).unwrap();
    assert_eq!(told["bytes"], first.len());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }

    backend.client_writes("79990000002", "И мне").await;
    let again = backup(data, &[file]).await;
    again.failed_with(&[file, "exists already", "--overwrite"]);
    assert_eq!(std::fs::read(file).unwrap(), first);
    backup(data, &[file, "--overwrite"]).await.succeeded();
    let db = rusqlite::Connection::open(file).unwrap();
    let n: i64 = db
        .query_row("SELECT count(*) FROM chats", (), |row| row.get(0))
        .unwrap();
    assert_eq!(n, 2);

    let into = backup(data, &[place.path().to_str().unwrap()]).await;
    let into = into.succeeded()["backup"].as_str().unwrap().to_owned();
    let name = Path::new(&into).file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("pult-2") && name.ends_with("Z.sqlite"),
        "{name}"
    );
    let nowhere = backup(data, &["/nowhere/at/all"]).await;
    nowhere.failed_with(&["/nowhere/at/all"]);
    let empty = tempfile::tempdir().unwrap();
    let none = backup(empty.path(), &[place.path().to_str().unwrap()]).await;
    none.failed_with(&["no store", "--data"]);
}

#[tokio::test]
async fn what_may_have_gone_out_since_a_backup_is_not_sent_again_after_its_restore() {
    let mut backend = TestBackend::prepare().await;
    let program = backend.serve_by_program().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let other = backend.client_writes("79990000002", "Добрый день").await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    panel.command(reply(chat, "Ушло давно", 1)).await.unwrap();
    backend.all_sent().await;
    // At the backup one is being sent, and one waits behind it.
    backend.graph.next(Script::Silence);
    panel
        .command(reply(chat, "Как раз уходит", 3))
        .await
        .unwrap();
    panel.command(reply(chat, "Ждёт очереди", 4)).await.unwrap();
    backend.graph.has_posts(2).await;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    let file = file.to_str().unwrap();
    backup(backend.folder.path(), &[file]).await.succeeded();
    // What comes after it will be lost.
    panel.command(reply(other, "Потеряется", 1)).await.unwrap();
    backend.graph.has_posts(3).await;
    panel
        .until("the reply", |panel| {
            panel.entries.contains_key(&(other, pult_domain::Place(3)))
        })
        .await;
    let served = restore(backend.folder.path(), &[file]).await;
    served.failed_with(&["in use by another running backend"]);
    program.kill().await;

    let told = restore(backend.folder.path(), &[file]).await.succeeded();
    assert_eq!(told["not_confirmed"], 2);
    let former = told["former"].as_str().unwrap().to_owned();
    assert!(former.contains("pult.sqlite.before-restore-2"), "{former}");
    let kept = rusqlite::Connection::open(&former).unwrap();
    let lost: i64 = kept
        .query_row(
            "SELECT count(*) FROM messages WHERE text = 'Потеряется'",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(lost, 1);

    backend.serve().await;
    let anna = anna.at(&backend);
    // The panel was there in the time that is lost: its cursor leads to a snapshot.
    let again = anna.panel_again(&panel).await;
    assert_eq!(again.n_snapshots, 1);
    let fresh = anna.panel().await;
    assert_eq!(again.entries, fresh.entries);
    assert_eq!(again.chats, fresh.chats);
    assert_eq!(not_confirmed(&again), 2);
    assert!(!again.entries.contains_key(&(other, pult_domain::Place(2))));
    // New work goes its way, and what went before does not go again.
    let mut again = again;
    again.command(reply(other, "После", 1)).await.unwrap();
    backend.graph.has_posts(4).await;
    backend.clock.advance(Duration::from_secs(120));
    until("the lanes are free", || {
        backend.count("SELECT count(*) FROM deliveries WHERE holds_lane = 1") == 0
    })
    .await;
    let texts = backend.graph.texts();
    assert_eq!(
        texts,
        ["Ушло давно", "Как раз уходит", "Потеряется", "После"]
    );
}

#[tokio::test]
async fn after_a_restore_nobody_is_signed_in_who_was_not_before_it() {
    let mut backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let gone = backend.operator("boris").await;
    let data = backend.folder.path().to_owned();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    let file = file.to_str().unwrap();
    backup(&data, &[file]).await.succeeded();
    let path = "/api/v1/sessions/current";
    assert_eq!(gone.request(Method::DELETE, path).await.status, 204);
    let late = backend.operator("boris").await;
    let store = backend.as_administrator();
    let vera = store
        .operator_by_login("vera".to_owned())
        .await
        .unwrap()
        .unwrap();
    store.deactivate_operator(vera.row.id).await.unwrap();
    store.close().await;
    backend.stop().await;

    let told = restore(&data, &[file]).await.succeeded();
    assert_eq!(told["sessions"], "as in the former store");
    assert_eq!(
        told["look_at"]["deactivated_since"],
        serde_json::json!(["vera"])
    );
    assert_eq!(told["look_at"]["added_since"], serde_json::json!([]));
    backend.serve().await;
    for (signed, status) in [(&anna, 200), (&gone, 401), (&late, 200)] {
        let answer = signed.at(&backend).request(Method::GET, path).await;
        assert_eq!(answer.status, status);
    }
    backend.stop().await;

    let told = restore(&data, &[file, "--end-sessions"]).await.succeeded();
    assert_eq!(told["sessions"], "ended");
    backend.serve().await;
    let answer = anna.at(&backend).request(Method::GET, path).await;
    answer.refuses(401, "signed_out");
}

#[tokio::test]
async fn what_is_no_backup_of_ours_changes_nothing() {
    let mut backend = TestBackend::start().await;
    backend.client_writes(PHONE, "Здравствуйте").await;
    let data = backend.folder.path().to_owned();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("backup");
    let file = path.to_str().unwrap();
    backup(&data, &[file]).await.succeeded();
    backend.stop().await;
    let whole = std::fs::read(file).unwrap();
    let names = entry_names(&data);
    let store = std::fs::read(store_file(&data)).unwrap();

    let missing = place.path().join("missing");
    let missing = missing.to_str().unwrap();
    restore(&data, &[missing])
        .await
        .failed_with(&[missing, "os error 2"]);
    std::fs::write(file, "hello").unwrap();
    restore(&data, &[file])
        .await
        .failed_with(&[file, "damaged"]);
    std::fs::write(file, "").unwrap();
    restore(&data, &[file])
        .await
        .failed_with(&[file, "not a backup"]);
    std::fs::write(file, &whole[..whole.len() / 2]).unwrap();
    restore(&data, &[file])
        .await
        .failed_with(&[file, "damaged"]);
    std::fs::write(file, &whole).unwrap();
    let newer = rusqlite::Connection::open(file).unwrap();
    newer.pragma_update(None, "user_version", 999).unwrap();
    drop(newer);
    restore(&data, &[file])
        .await
        .failed_with(&[file, "newer version", "schema 999"]);

    assert_eq!(entry_names(&data), names);
    assert_eq!(std::fs::read(store_file(&data)).unwrap(), store);
}

#[tokio::test]
async fn a_damaged_store_is_kept_aside_when_a_backup_takes_its_place() {
    let mut backend = TestBackend::start().await;
    backend.client_writes(PHONE, "Здравствуйте").await;
    let data = backend.folder.path().to_owned();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("backup");
    let file = path.to_str().unwrap();
    backup(&data, &[file]).await.succeeded();
    backend.stop().await;
    std::fs::write(store_file(&data), "what the disk has left of it".repeat(99)).unwrap();
    std::fs::write(data.join("pult.sqlite-wal"), "and of its log").unwrap();
    let told = restore(&data, &[file]).await.succeeded();
    assert_eq!(told["sessions"], "as in the backup");
    assert_eq!(told["look_at"], Value::Null);
    let former = told["former"].as_str().unwrap();
    assert!(
        std::fs::read_to_string(former)
            .unwrap()
            .contains("has left of it")
    );
    let log = std::fs::read_to_string(format!("{former}-wal")).unwrap();
    assert_eq!(log, "and of its log");
    backend.serve().await;
    assert_eq!(backend.count("SELECT count(*) FROM chats"), 1);
    // A new machine has no former store at all.
    let new = tempfile::tempdir().unwrap();
    let told = restore(new.path(), &[file]).await.succeeded();
    assert_eq!(told["former"], Value::Null);
}

#[tokio::test]
async fn a_log_that_is_left_of_a_lost_store_is_not_taken_for_the_restored_ones() {
    let mut backend = TestBackend::start().await;
    backend.client_writes(PHONE, "Здравствуйте").await;
    let data = backend.folder.path().to_owned();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("backup");
    let file = path.to_str().unwrap();
    backup(&data, &[file]).await.succeeded();
    backend.client_writes("79990000002", "И мне").await;
    // The store is gone, and what the power cut has left beside it is not.
    let log = data.join("pult.sqlite-wal");
    let left = std::fs::read(&log).unwrap();
    backend.stop().await;
    std::fs::remove_file(store_file(&data)).unwrap();
    std::fs::write(&log, &left).unwrap();
    restore(&data, &[file]).await.succeeded();
    backend.serve().await;
    assert_eq!(backend.count("SELECT count(*) FROM chats"), 1);
    let kept = entry_names(&data)
        .into_iter()
        .find(|name| name.contains("before-restore") && name.ends_with("-wal"));
    assert_eq!(std::fs::read(data.join(kept.unwrap())).unwrap(), left);
}

#[tokio::test]
async fn a_backup_never_takes_the_place_of_the_store_itself() {
    let backend = TestBackend::start().await;
    backend.client_writes(PHONE, "Здравствуйте").await;
    let data = backend.folder.path().to_owned();
    let store = store_file(&data);
    let roundabout = data.join("../").join(data.file_name().unwrap());
    for target in [store.clone(), store_file(&roundabout)] {
        let refused = backup(&data, &[target.to_str().unwrap(), "--overwrite"]).await;
        refused.failed_with(&[target.to_str().unwrap(), "is the store itself"]);
    }
    backend.client_writes("79990000002", "И мне").await;
    let db = rusqlite::Connection::open(&store).unwrap();
    let n: i64 = db
        .query_row("SELECT count(*) FROM chats", (), |row| row.get(0))
        .unwrap();
    assert_eq!(n, 2);
}

#[tokio::test]
async fn commands_and_a_restore_do_not_work_on_one_store_at_the_same_time() {
    let mut backend = TestBackend::start().await;
    let data = backend.folder.path().to_owned();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("backup");
    let file = path.to_str().unwrap();
    backup(&data, &[file]).await.succeeded();
    backend.stop().await;
    let folder = DataFolder::open(&data).unwrap();
    let command = folder.lock_for_command().unwrap();
    let refused = restore(&data, &[file]).await;
    refused.failed_with(&["another command"]);
    run(&data, &["operator", "list"], &[], "").await.succeeded();
    drop(command);
    let restoring = folder.lock_for_restore().unwrap();
    for args in [
        &["operator", "list"][..],
        &["channel", "list"],
        &["backup", file, "--overwrite"],
    ] {
        let refused = run(&data, args, &[], "").await;
        refused.failed_with(&["being put into"]);
    }
    drop(restoring);
    restore(&data, &[file]).await.succeeded();
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_its_owners_alone_whatever_lay_in_its_place() {
    use std::os::unix::fs::PermissionsExt as _;

    let backend = TestBackend::start().await;
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("pult.backup");
    for name in ["pult.backup", "pult.backup.partial"] {
        let open = place.path().join(name);
        std::fs::write(&open, "").unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o666)).unwrap();
    }
    let args = [path.to_str().unwrap(), "--overwrite"];
    backup(backend.folder.path(), &args).await.succeeded();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

/// A file that may not grow is to `SQLite` what a full disk is: the write of its log fails in the
/// system call, in the middle of a commit. Only the number of the error is another. Unlike rights
/// that are taken away it holds for files that are open already, and for the superuser too.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn when_a_full_disk_has_room_again_all_goes_on_by_itself() {
    let mut backend = TestBackend::prepare().await;
    let program = Program::serve_without_room(backend.folder.path(), 1_000_000).await;
    backend.use_program(&program);
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    for n in 0..20 {
        backend
            .client_writes("79990000002", &format!("Сообщение {n}"))
            .await;
    }
    let log = backend.folder.path().join("pult.sqlite-wal");
    assert!(std::fs::metadata(log).unwrap().len() > 64 * 1024);
    let before = backend.contents();

    program.limit_files(Some(64 * 1024));
    let body = message(NUMBER, PHONE, &new_wamid(), "Есть кто?");
    let refused = backend.deliver(body.to_string(), APP_SECRET).await;
    refused.refuses(503, "unavailable");
    let answer = panel.command(reply(chat, "Слушаю", 1)).await;
    assert_eq!(answer.unwrap_err().code, pult_protocol::Code::Unavailable);
    let answer = anna.post(new_command_id(), &reply(chat, "Слушаю", 1)).await;
    answer.refuses(503, "unavailable");
    let answer = backend.sign_in("anna", crate::kit::PASSWORD).await;
    answer.refuses(503, "unavailable");
    let not_ready = get(&backend, "/readyz").await.refuses(503, "unavailable");
    assert_eq!(not_ready["details"]["part"], "disk");
    let what_to_do = not_ready["details"]["what_to_do"].as_str().unwrap();
    assert!(what_to_do.contains("room"), "{what_to_do}");
    assert_eq!(get(&backend, "/healthz").await.status, 200);
    assert!(figure(&metrics(&backend).await, "pult_disk_refuses") > 0.5);
    // Who only looks goes on looking.
    assert_eq!(anna.panel().await.chats.len(), 2);
    assert_eq!(backend.contents(), before);

    program.limit_files(None);
    let ready = async {
        while get(&backend, "/readyz").await.status != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon("it is ready again", ready).await;
    panel.command(reply(chat, "Слушаю", 1)).await.unwrap();
    backend.webhook(&body).await;
    backend.graph.has_posts(1).await;
    assert_eq!(backend.graph.texts(), ["Слушаю"]);
    assert_eq!(
        backend.count("SELECT count(*) FROM messages"),
        before["messages"] + 2
    );
    program.terminate();
    let log = program.ends().await.stderr;
    assert_eq!(log.matches(" ERROR ").count(), 1, "one alarm:\n{log}");
    assert!(
        log.contains("The disk is full or cannot be written"),
        "{log}"
    );
    assert!(log.contains("takes what is written again"), "{log}");
}

#[tokio::test]
async fn what_is_kept_for_a_time_is_forgotten_after_it_and_nothing_else() {
    let mut backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    panel.command(reply(chat, "Слушаю", 1)).await.unwrap();
    for n in 0..250 {
        let text = format!("Сообщение {n}");
        backend
            .webhook(&message(NUMBER, PHONE, &new_wamid(), &text))
            .await;
    }
    backend.deliver("not JSON", APP_SECRET).await;
    backend
        .webhook(&message("404", PHONE, &new_wamid(), "Кому?"))
        .await;
    backend.all_sent().await;
    backend.stop().await;
    let db = rusqlite::Connection::open(store_file(backend.folder.path())).unwrap();
    db.execute_batch(
        "INSERT INTO parked_statuses (channel, provider_id, progress, at)
         VALUES (1, 'wamid.theirs', 'sent', 1764000000000)",
    )
    .unwrap();
    drop(db);
    let n_messages = backend.count("SELECT count(*) FROM messages");

    backend
        .clock
        .advance(Duration::from_secs(31 * 24 * 60 * 60));
    backend.serve().await;
    let n_events = "SELECT count(*) FROM journal WHERE state = 'applied'";
    until("old events are forgotten", || backend.count(n_events) == 0).await;
    assert_eq!(backend.count("SELECT count(*) FROM journal"), 2);
    until("old statuses are forgotten", || {
        backend.count("SELECT count(*) FROM parked_statuses") == 0
    })
    .await;
    // An answer is kept for longer than the event.
    assert_eq!(backend.count("SELECT count(*) FROM command_answers"), 1);
    backend
        .webhook(&message(NUMBER, PHONE, &new_wamid(), "Новое"))
        .await;
    backend.stop().await;

    backend
        .clock
        .advance(Duration::from_secs(25 * 24 * 60 * 60));
    backend.serve().await;
    backend.stop().await;
    assert_eq!(backend.count(n_events), 1, "not old yet");
    backend
        .clock
        .advance(Duration::from_secs(40 * 24 * 60 * 60));
    backend.serve().await;
    until("old answers are forgotten", || {
        backend.count("SELECT count(*) FROM command_answers") == 0
    })
    .await;
    assert_eq!(
        backend.count("SELECT count(*) FROM messages"),
        n_messages + 1
    );
}

#[tokio::test]
async fn what_the_archive_lacks_is_written_beside_other_work() {
    let mut backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let texts: Vec<(String, String)> = (0..900)
        .map(|n| (new_wamid(), format!("Сообщение {n}")))
        .collect();
    let long: Vec<(&str, &str, &str)> = texts
        .iter()
        .map(|(wamid, text)| (PHONE, wamid.as_str(), text.as_str()))
        .collect();
    backend.webhook(&messages(NUMBER, &long)).await;
    let chat = backend.chat_of(PHONE);
    let done = async |command| {
        let answer = anna.post(new_command_id(), &command).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    done(reply(chat, "Слушаю", 900)).await;
    done(close(chat, 902)).await;
    let lacking = "SELECT count(*) FROM chats
                   WHERE status = 'closed' AND archived_place < last_place";
    until("the long talk is written", || backend.count(lacking) == 0).await;
    // As after an upgrade from a version that had no archive.
    backend.stop().await;
    let db = rusqlite::Connection::open(store_file(backend.folder.path())).unwrap();
    db.execute_batch(
        "DELETE FROM archive_lines; DELETE FROM archive_clients;
         UPDATE chats SET archived_place = 0",
    )
    .unwrap();
    drop(db);
    assert_eq!(backend.count(lacking), 1);
    backend.serve().await;
    until("it is written anew", || backend.count(lacking) == 0).await;
    let found = anna.at(&backend);
    let found = found.request(Method::GET, "/api/v1/archive?text=850").await;
    assert_eq!(found.json()["hits"][0]["line"]["place"], 851);
}

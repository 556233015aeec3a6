//! The program: its commands, and its words when something is wrong.

use std::net::TcpListener;
use std::path::Path;

use serde_json::json;

use crate::kit::{PASSWORD, TestBackend, store_file, template};
use crate::spawned::{Ended, run};

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

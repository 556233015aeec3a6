//! What lies on disk.

use std::path::{Path, PathBuf};

use pult_panel::{OpenError, Panel};
use pult_protocol::{GoneWhy, Row};

use crate::backend::Backend;
use crate::rows::{Chat, entries, history};
use crate::{open, options, restarted, signed_in, texts, until, until_live, until_timeline, write};

/// Every file below `dir`.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.push(path);
    }
    found
}

pub(crate) fn all_bytes(dir: &Path) -> Vec<u8> {
    files(dir)
        .iter()
        .filter(|path| path.is_file())
        .flat_map(|path| std::fs::read(path).unwrap())
        .collect()
}

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

pub(crate) fn named(dir: &Path, name: &str) -> PathBuf {
    files(dir)
        .into_iter()
        .find(|path| path.ends_with(name))
        .unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn everything_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let _socket = backend
        .accept_with(vec![Row::Chat(Chat(1).queued(0))])
        .await;
    until_live(&panel).await;
    for path in files(dir.path()) {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}", path.display());
    }
}

#[tokio::test]
async fn two_panels_do_not_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let panel = open(dir.path()).await;
    let error = Panel::open(options(dir.path())).await.err().unwrap();
    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    restarted(panel, dir.path()).await;
}

#[tokio::test]
async fn where_nothing_can_be_written_what_to_do_is_said_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let backend = Backend::start().await;
    signed_in(dir.path(), &backend).await.shut_down().await;
    let cache = named(dir.path(), "cache.sqlite");
    let folder = cache.parent().unwrap();
    let aside = dir.path().join("aside");
    std::fs::rename(folder, &aside).unwrap();
    std::fs::write(folder, "in the way").unwrap();
    let error = Panel::open(options(dir.path())).await.err().unwrap();
    assert!(matches!(error, OpenError::NoRoom { .. }), "{error}");
    assert!(error.to_string().contains("nothing is lost"), "{error}");
    std::fs::remove_file(folder).unwrap();
    std::fs::rename(aside, folder).unwrap();
    let panel = open(dir.path()).await;
    until(&panel, |overview| overview.session.is_some()).await;
}

#[tokio::test]
async fn text_of_a_lost_chat_is_nowhere_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let secret = "a most private sentence ".repeat(40);
    let mut rows = vec![
        Row::Chat(Chat(1).queued(200)),
        Row::Chat(Chat(2).queued(50)),
    ];
    rows.extend(entries(history(Chat(2), 1, 50)));
    for place in 1..=200 {
        rows.push(Row::Entry(Chat(1).inbound(place, &secret)));
    }
    let mut socket = backend.accept_with(rows).await;
    until_live(&panel).await;
    assert!(contains(&all_bytes(dir.path()), "a most private sentence"));
    socket.changes(vec![Chat(1).gone(GoneWhy::Lost)], 2).await;
    until(&panel, |overview| overview.queued.len() == 1).await;
    // The row is gone at once; the log that still held it is emptied right after.
    socket.changes(vec![Chat(2).mark(50)], 3).await;
    until(&panel, |overview| overview.queued[0].n_unread == 0).await;
    let found = all_bytes(dir.path());
    assert!(!contains(&found, "a most private sentence"));
    assert!(!contains(&found, "preview of 1"));
    let timeline = panel.timeline(Chat(1).id(), None, 50).await.unwrap();
    assert_eq!(timeline.chat, None);
    assert!(timeline.entries.is_empty());
}

#[tokio::test]
async fn a_damaged_cache_is_rebuilt_and_the_outbox_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    let mut rows = vec![Row::Chat(Chat(1).queued(3))];
    rows.extend(entries(history(Chat(1), 1, 3)));
    let socket = backend.accept_with(rows.clone()).await;
    until_live(&panel).await;
    write(&panel, Chat(1), "begun").await;
    panel.shut_down().await;
    drop((panel, socket));
    for damage in ["whole", "inside", "a table"] {
        let path = named(dir.path(), "cache.sqlite");
        // What is read first is in order there: it says that a copy is to be made.
        let table = usize::try_from(has_remains(&path)).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        // The first page says that it is a database; the tables are behind it.
        let pages = match damage {
            "whole" => 0..bytes.len() / 4096,
            "inside" => 1..bytes.len() / 4096,
            _ => table - 1..table,
        };
        bytes[pages.start * 4096..pages.end * 4096].fill(b'x');
        std::fs::write(&path, bytes).unwrap();
        let panel = open(dir.path()).await;
        assert!(
            panel.overview().await.unwrap().queued.is_empty(),
            "{damage}"
        );
        let (mut socket, hello) = backend.accept().await;
        assert_eq!(hello.cursor, None, "{damage}");
        socket.welcome("anna").await;
        socket.snapshot(rows.clone(), 1).await;
        let timeline = until_timeline(&panel, Chat(1).id(), |timeline| {
            !timeline.entries.is_empty()
        })
        .await;
        assert_eq!(texts(&timeline), ["1", "2", "3"]);
        assert_eq!(timeline.draft, "begun");
        panel.shut_down().await;
    }
}

/// Has a cache say that what was erased may stand in it; answers where its entries begin.
fn has_remains(path: &Path) -> i64 {
    let cache = rusqlite::Connection::open(path).unwrap();
    let noted = cache.execute("INSERT INTO remains (id) VALUES (1)", ());
    noted.unwrap();
    let begins = "SELECT rootpage FROM sqlite_schema WHERE name = 'entries'";
    cache.query_row(begins, (), |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn an_outbox_that_cannot_be_read_is_left_alone_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let backend = Backend::start().await;
    let panel = signed_in(dir.path(), &backend).await;
    panel.shut_down().await;
    drop(panel);
    let path = named(dir.path(), "outbox.sqlite");
    std::fs::write(&path, "something else entirely".repeat(500)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Panel::open(options(dir.path())).await.err().unwrap();
    assert!(error.to_string().contains("outbox.sqlite"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

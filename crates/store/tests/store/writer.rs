//! Many callers in one commit: work that fails neither undoes its neighbours nor poisons the
//! writer. Triggers in the file play the fault.

use std::sync::Arc;

use pult_domain::provider::Fact;
use pult_domain::{Place, Timestamp};
use pult_protocol::ChannelKind;
use pult_store::{Followers, NewChannel, Store, StoreError, StoreSettings};

use crate::kit::{TestStore, about, envelope, reply};

/// Makes writing a message with the text «сбой» fail; `how` is ABORT or ROLLBACK, the latter
/// undoing the whole transaction as a full disk may.
fn with_fault(store: &TestStore, how: &str) {
    let sql = format!(
        "CREATE TRIGGER fault BEFORE INSERT ON messages WHEN NEW.text = 'сбой'
         BEGIN SELECT RAISE({how}, 'a fault'); END"
    );
    store.file().execute_batch(&sql).unwrap();
}

#[tokio::test]
async fn work_that_fails_in_a_group_leaves_its_neighbours_and_nothing_of_itself() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let irina = store.client_writes("Ирина", "Здравствуйте").await;
    let petr = store.client_writes("Пётр", "Добрый день").await;
    with_fault(&store, "ABORT");
    let commands = [
        reply(irina, "Слушаю", Place(1)),
        reply(petr, "сбой", Place(1)),
    ];
    let fails = envelope(commands[1].clone());
    let all = vec![
        store.command(anna, envelope(commands[0].clone())),
        store.command(anna, fails.clone()),
        store.command(anna, envelope(reply(irina, "И ещё", Place(3)))),
    ];
    let answers = store.in_one_commit(all).await;
    assert!(answers[0].as_ref().unwrap().is_ok());
    assert!(answers[1].is_err());
    assert!(answers[2].as_ref().unwrap().is_ok());
    assert_eq!(
        store.story(irina),
        ["< Здравствуйте", "taken", "> Слушаю", "> И ещё"]
    );
    assert_eq!(store.story(petr), ["< Добрый день"]);
    assert_eq!(store.chat(petr).owner_id, None);
    // No answer was kept of what failed: it may be tried again.
    store.file().execute_batch("DROP TRIGGER fault").unwrap();
    store.command(anna, fails).await.unwrap().unwrap();
    assert_eq!(store.story(petr), ["< Добрый день", "taken", "> сбой"]);
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_waits_whole_and_harms_nobody() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let irina = store.client_writes("Ирина", "Здравствуйте").await;
    with_fault(&store, "ABORT");
    // The first fact makes a chat, the second fails: neither counts.
    let facts = vec![
        Fact::Message(store.text_of("Нина", "Добрый вечер")),
        Fact::Message(store.text_of("Ирина", "сбой")),
    ];
    let facts = about(crate::kit::NUMBER, facts);
    let kind = ChannelKind::Whatsapp;
    let (taken, answered) = {
        let ingest = async {
            let body = b"raw".to_vec();
            store.ingest(kind, body, Some(facts.clone())).await.is_ok()
        };
        let command = async {
            let command = envelope(reply(irina, "Слушаю", Place(1)));
            matches!(store.command(anna, command).await, Ok(Ok(_)))
        };
        let both: Vec<futures_util::future::LocalBoxFuture<'_, bool>> =
            vec![Box::pin(ingest), Box::pin(command)];
        let done = store.in_one_commit(both).await;
        (done[0], done[1])
    };
    assert!(taken, "the event is ours: the provider need not repeat it");
    assert!(answered);
    assert_eq!(store.n_chats(), 1, "nothing half applied");
    let waiting = store.waiting_events().await.unwrap();
    assert_eq!(waiting.len(), 1);
    store.file().execute_batch("DROP TRIGGER fault").unwrap();
    assert!(store.retry_event(kind, waiting[0].0, facts).await.unwrap());
    assert_eq!(store.story(store.chat_of("Нина")), ["< Добрый вечер"]);
}

#[tokio::test]
async fn a_transaction_that_sqlite_itself_undid_commits_nothing_and_the_writer_goes_on() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let irina = store.client_writes("Ирина", "Здравствуйте").await;
    let petr = store.client_writes("Пётр", "Добрый день").await;
    with_fault(&store, "ROLLBACK");
    let all = vec![
        store.command(anna, envelope(reply(irina, "Слушаю", Place(1)))),
        store.command(anna, envelope(reply(petr, "сбой", Place(1)))),
        store.command(anna, envelope(reply(irina, "И ещё", Place(1)))),
    ];
    let n_published = store.of_published(|published| published.sets.len());
    let answers = store.in_one_commit(all).await;
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    assert_eq!(
        store.of_published(|published| published.sets.len()),
        n_published
    );
    let n_replies: i64 = store
        .file()
        .query_row("SELECT count(*) FROM deliveries", (), |row| row.get(0))
        .unwrap();
    assert_eq!(n_replies, 0, "nothing commits by itself");
    store.reply(anna, irina, "Слушаю").await.unwrap();
    assert_eq!(store.chat(irina).owner_id, Some(anna));
}

#[tokio::test]
async fn a_store_that_writes_no_more_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(StoreSettings {
        path: folder.path().join("pult.sqlite"),
        clock: Arc::new(|| Timestamp(1_790_000_000_000)),
        followers: Followers {
            publish: Box::new(|_| panic!("a fault of ours")),
            ..Followers::nobody()
        },
    })
    .unwrap();
    assert!(!store.is_writing_over());
    let channel = NewChannel {
        kind: ChannelKind::Whatsapp,
        name: "Shop".to_owned(),
        provider_key: "100000000000001".to_owned(),
        settings: "{}".to_owned(),
    };
    let failed = store.put_channel(channel).await;
    assert!(matches!(failed, Err(StoreError::Closed)));
    while !store.is_writing_over() {
        tokio::task::yield_now().await;
    }
    // Whoever only reads notices nothing.
    store.seq().await.unwrap();
}

//! The file: what a restart keeps, and what a second opening does.

use pult_domain::Place;
use pult_protocol::{Actor, Code, Cursor, OperatorChange};
use pult_store::{NewPassword, NewSession};

use crate::kit::{TestStore, accepted};

#[tokio::test]
async fn reopening_the_file_keeps_everything() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.client_writes("Пётр", "Добрый день").await;
    store.reply(anna, chat, "Слушаю").await.unwrap();
    store.mark_read(anna, chat, 3).await.unwrap();
    // The kit puts its channel at every start, which is a change of its own.
    let store = store.reopened().await;
    let before = store.changes(anna, None).await.unwrap();
    let cursor = before.last().unwrap().cursor.clone();
    let store = store.reopened().await;
    let after = store.changes(anna, None).await.unwrap();
    let rows = |pages: &[pult_store::Page]| -> Vec<_> {
        pages.iter().flat_map(|page| page.rows.clone()).collect()
    };
    assert_eq!(rows(&before), rows(&after));
    let since = store.changes(anna, cursor).await.unwrap();
    assert!(!since[0].starts_snapshot);
    let history = store.history(boris, chat, Place(i64::MAX), 9).await;
    assert_eq!(history.unwrap(), None);
}

#[tokio::test]
async fn a_cursor_of_another_epoch_or_of_the_future_leads_to_a_snapshot() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    store.client_writes("Ирина", "Здравствуйте").await;
    let now = store.changes(anna, None).await.unwrap().pop().unwrap();
    let now = now.cursor.unwrap();
    let pages = store.changes(anna, Some(now.clone())).await.unwrap();
    assert!(!pages[0].starts_snapshot && pages[0].rows.is_empty());
    let elsewhere = Cursor {
        epoch: "another".to_owned(),
        ..now.clone()
    };
    let future = Cursor {
        seq: pult_domain::Seq(now.seq.0 + 1),
        ..now
    };
    for cursor in [elsewhere, future] {
        let pages = store.changes(anna, Some(cursor)).await.unwrap();
        assert!(pages[0].starts_snapshot);
    }
}

#[tokio::test]
async fn a_cursor_from_after_the_backup_that_was_restored_leads_to_a_snapshot() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let head = async |store: &TestStore| {
        let pages = store.changes(anna, None).await.unwrap();
        pages.last().unwrap().cursor.clone()
    };
    store.client_writes("Ирина", "До копии").await;
    let before = head(&store).await;
    let backup = store.path().with_file_name("backup.sqlite");
    let copy = "VACUUM INTO ?1";
    store.file().execute(copy, [backup.to_str()]).unwrap();
    store.client_writes("Ирина", "После копии").await;
    let lost = head(&store).await;
    let restarted = store.reopened().await;
    restarted.client_writes("Ирина", "После копии").await;
    let lost_later = head(&restarted).await;

    let store = restarted.restored(&backup).await;
    // The restored file soon comes further than the lost one had come.
    for name in ["Пётр", "Вера", "Олег"] {
        store.client_writes(name, "Добрый день").await;
    }
    for (cursor, leads_to_snapshot) in [(before, false), (lost, true), (lost_later, true)] {
        let pages = store.changes(anna, cursor).await.unwrap();
        assert_eq!(pages[0].starts_snapshot, leads_to_snapshot);
    }
}

#[tokio::test]
async fn sessions_end_with_sign_out_a_new_password_and_deactivation() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let token = |n| [n; 32];
    for n in 1..=3 {
        let session = NewSession {
            token_hash: token(n),
            operator: anna,
            password_hash: store.password_hash(anna).await.unwrap().unwrap(),
            device: "Касса".to_owned(),
            address: String::new(),
            expires_at: store.clock.now().plus_ms(1_000),
        };
        let id = store.begin_session(session).await.unwrap().unwrap();
        let found = store.session(token(n)).await.unwrap().unwrap();
        assert_eq!((found.id, found.operator.id), (id, anna));
        match n {
            1 => store.end_session(id).await.unwrap(),
            2 => assert!(store.set_password(anna, "$other".to_owned()).await.unwrap()),
            _ => assert!(store.deactivate_operator(anna).await.unwrap()),
        }
        assert!(store.session(token(n)).await.unwrap().is_none());
        assert_eq!(store.live_sessions(vec![id]).await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_was_asked_for_with_an_old_password_is_not_done() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let old = store.password_hash(anna).await.unwrap();
    let begins = async |n| {
        let session = NewSession {
            token_hash: [n; 32],
            operator: anna,
            password_hash: old.clone().unwrap(),
            device: "Касса".to_owned(),
            address: String::new(),
            expires_at: store.clock.now().plus_ms(1_000),
        };
        store.begin_session(session).await.unwrap().is_some()
    };
    assert!(begins(1).await);
    // Who is not active any more does not find a session when they are again.
    assert!(store.deactivate_operator(anna).await.unwrap());
    assert!(!begins(2).await);
    let active = OperatorChange::IsActive { now: true };
    let changed = store.change_operator(Actor::CommandLine, anna, active);
    changed.await.unwrap().unwrap();
    assert!(store.session([2; 32]).await.unwrap().is_none());
    // An administrator gives another one while the old one is being asked for.
    let reset = store.set_password(anna, "$other".to_owned());
    assert!(reset.await.unwrap());
    assert!(!begins(3).await);
    let mine = NewPassword {
        hash: "$mine".to_owned(),
        instead_of: old,
        keep: None,
    };
    let refused = store.set_password_by(anna.into(), anna, mine).await;
    assert_eq!(refused.unwrap().unwrap_err().code, Code::WrongPassword);
    let kept = store.password_hash(anna).await.unwrap();
    assert_eq!(kept.as_deref(), Some("$other"));
}

#[tokio::test]
async fn a_session_that_is_not_renewed_ends_by_itself() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let session = NewSession {
        token_hash: [7; 32],
        operator: anna,
        password_hash: store.password_hash(anna).await.unwrap().unwrap(),
        device: "Касса".to_owned(),
        address: String::new(),
        expires_at: store.clock.now().plus_ms(1_000),
    };
    let id = store.begin_session(session).await.unwrap().unwrap();
    let until = store.clock.now().plus_ms(5_000);
    store.renew_session(id, until).await.unwrap();
    store.clock.pass_ms(4_999);
    assert_eq!(store.live_sessions(vec![id]).await.unwrap(), [(id, until)]);
    store.clock.pass_ms(1);
    assert!(store.session([7; 32]).await.unwrap().is_none());
    assert_eq!(store.live_sessions(vec![id]).await.unwrap(), []);
}

#[tokio::test]
async fn sign_in_names_are_compared_without_case_and_given_once() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let found = store.operator_by_login(" АННА ".to_owned()).await.unwrap();
    assert_eq!(found.unwrap().row.id, anna);
    let twin = pult_store::NewOperator {
        login: "аННа".to_owned(),
        name: "Другая Анна".to_owned(),
        role: pult_domain::Role::Operator,
        password_hash: String::new(),
    };
    assert!(store.add_operator(twin).await.unwrap().is_err());
}

/// An administrator's command works beside the backend: neither loses what the other did, and
/// what the backend publishes next shows by its `from` that it was not told of everything.
#[tokio::test]
async fn a_second_opening_of_the_file_works_beside_the_first_unheard() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    let second = store.opened_twice().await.unwrap();
    second.client_writes("Пётр", "Добрый день").await;
    assert_eq!(store.n_chats(), 1, "not heard");
    store.reply(anna, chat, "Слушаю").await.unwrap();
    for store in [&store, &second] {
        let pages = store.changes(anna, None).await.unwrap();
        let rows = pages.iter().flat_map(|page| &page.rows);
        let chats = rows.filter(|row| matches!(row, pult_protocol::Row::Chat(_)));
        assert_eq!(chats.count(), 2, "but not lost");
    }
    let has_gap = store.of_published(|published| {
        let mut neighbours = published.sets.windows(2);
        neighbours.any(|sets| sets[1].from > sets[0].to)
    });
    assert!(has_gap, "and it shows");
}

#[tokio::test]
async fn a_second_opening_of_the_file_leaves_what_the_first_is_sending() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Слушаю").await.unwrap();
    let (delivery, _) = store.begins().await;
    store.opened_twice().await.unwrap();
    let head = store.head().await.unwrap();
    assert_eq!(head.next, pult_store::LaneStep::Report);
    store
        .finish_sending(delivery, accepted("wamid.A"))
        .await
        .unwrap();
    assert_eq!(
        store.state_of(chat, "Слушаю"),
        pult_protocol::DeliveryState::Sent
    );
}

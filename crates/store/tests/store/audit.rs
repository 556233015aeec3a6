//! The audit log: written with the act, read in pages, and never changed. The company's settings.

use pult_domain::{Deed, OperatorId, ReadyAnswerId, Role};
use pult_protocol::{
    Act, Actor, AnswerScope, AuditEntry, AuditQuery, Code, Command, CompanyChange, CompanyRequest,
    CompanySettings, Row,
};
use pult_store::NewOperator;

use crate::kit::TestStore;
use crate::ready_answers::answer;

/// Somebody who may change the settings.
async fn administrator(store: &TestStore, name: &str) -> OperatorId {
    let person = NewOperator {
        login: name.to_owned(),
        name: name.to_owned(),
        role: Role::Administrator,
        password_hash: "$argon2id$none".to_owned(),
    };
    store.add_operator(person).await.unwrap().unwrap()
}

fn named(revision: u32, name: &str) -> CompanyRequest {
    let settings = CompanySettings {
        name: name.to_owned(),
        ..CompanySettings::default()
    };
    CompanyRequest { revision, settings }
}

/// The log, newest first, without what the store's own beginning has left in it.
async fn log(store: &TestStore, query: AuditQuery) -> Vec<AuditEntry> {
    store.audit(query).await.unwrap().entries
}

#[tokio::test]
async fn what_was_changed_stands_in_the_log_with_who_did_it() {
    let store = TestStore::new().await;
    let olga = administrator(&store, "Ольга").await;
    let put = store.put_company(olga.into(), named(0, "Ромашка")).await;
    assert_eq!(put.unwrap().unwrap().revision, 1);
    let again = store.put_company(olga.into(), named(0, "Ромашка")).await;
    assert_eq!(
        again.unwrap().unwrap().revision,
        1,
        "the same again is done already"
    );
    let put = store.put_company(olga.into(), named(1, "Василёк")).await;
    assert_eq!(put.unwrap().unwrap().revision, 2);
    let changed = |was: &str, now: &str| {
        Some(Act::CompanyChanged {
            changes: vec![CompanyChange {
                field: "name".to_owned(),
                was: Some(format!("\"{was}\"")),
                now: Some(format!("\"{now}\"")),
            }],
        })
    };
    let query = AuditQuery {
        kind: Some("company_changed".to_owned()),
        ..AuditQuery::default()
    };
    let entries = log(&store, query).await;
    let acts: Vec<_> = entries.iter().map(|entry| entry.act.clone()).collect();
    assert_eq!(
        acts,
        [changed("Ромашка", "Василёк"), changed("", "Ромашка")]
    );
    assert!(entries.iter().all(|entry| entry.by == Actor::from(olga)));
}

#[tokio::test]
async fn two_administrators_do_not_overwrite_each_other_unseen() {
    let store = TestStore::new().await;
    let olga = administrator(&store, "Ольга").await;
    let pavel = administrator(&store, "Павел").await;
    let both = vec![
        store.put_company(olga.into(), named(0, "Ромашка")),
        store.put_company(pavel.into(), named(0, "Василёк")),
    ];
    let mut answers = store
        .in_one_commit(both)
        .await
        .into_iter()
        .map(Result::unwrap);
    assert!(answers.next().unwrap().is_ok());
    let problem = answers.next().unwrap().unwrap_err();
    assert_eq!(problem.code, Code::ChangedMeanwhile);
    assert_eq!(problem.details["revision"], 1);
    assert_eq!(store.company().await.unwrap().settings.name, "Ромашка");
}

#[tokio::test]
async fn the_right_is_asked_for_in_the_same_transaction_and_a_refusal_leaves_nothing() {
    let store = TestStore::new().await;
    let n_before = log(&store, AuditQuery::default()).await.len();
    let anna = store.operator("Анна").await;
    let vera = store.supervisor("Вера").await;
    let n_after = log(&store, AuditQuery::default()).await.len();
    for somebody in [anna, vera] {
        let put = store
            .put_company(somebody.into(), named(0, "Ромашка"))
            .await;
        assert_eq!(put.unwrap().unwrap_err().code, Code::NotAllowed);
    }
    assert_eq!(log(&store, AuditQuery::default()).await.len(), n_after);
    assert!(n_after >= n_before);
    assert_eq!(store.company().await.unwrap().revision, 0);
}

#[tokio::test]
async fn everybody_is_told_of_the_settings_at_once_and_later() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let olga = administrator(&store, "Ольга").await;
    let companies = async |cursor| {
        let pages = store.changes(anna, cursor).await.unwrap();
        let cursor = pages.last().unwrap().cursor.clone();
        let rows = pages.into_iter().flat_map(|page| page.rows);
        let name = |row| {
            if let Row::Company(row) = row {
                Some(row.settings.name)
            } else {
                None
            }
        };
        (rows.filter_map(name).collect::<Vec<_>>(), cursor)
    };
    let (names, cursor) = companies(None).await;
    assert_eq!(
        names,
        [""],
        "a snapshot tells them before they were ever set"
    );
    let put = store.put_company(olga.into(), named(0, "Ромашка")).await;
    put.unwrap().unwrap();
    let live = store.of_published(|published| published.sets.last().unwrap().company.clone());
    assert_eq!(live.unwrap().settings.name, "Ромашка");
    let (names, cursor) = companies(cursor).await;
    assert_eq!(names, ["Ромашка"]);
    assert_eq!(companies(cursor).await.0, [""; 0]);
    assert_eq!(companies(None).await.0, ["Ромашка"]);
}

#[tokio::test]
async fn settings_of_another_version_are_read() {
    let store = TestStore::new().await;
    let settings = r#"{"name": "Ромашка", "waiting": {"bad_minutes": 40}, "of_tomorrow": [1]}"#;
    let write = "UPDATE company SET settings = ?1";
    store.file().execute(write, [settings]).unwrap();
    let read = store.company().await.unwrap().settings;
    assert_eq!(read.name, "Ромашка");
    assert_eq!(
        (read.waiting.warn_minutes, read.waiting.bad_minutes),
        (5, 40)
    );
    assert_eq!(read.time_zone, CompanySettings::default().time_zone);
}

#[tokio::test]
async fn the_log_refuses_to_be_changed() {
    let store = TestStore::new().await;
    let olga = administrator(&store, "Ольга").await;
    let put = store.put_company(olga.into(), named(0, "Ромашка")).await;
    put.unwrap().unwrap();
    let before = log(&store, AuditQuery::default()).await;
    let file = store.file();
    for sql in [
        "UPDATE audit SET act = '{}'",
        "UPDATE audit SET key = key + 100",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (key, at, kind, act)
         SELECT key, at, 'nothing', '{}' FROM audit",
        "REPLACE INTO audit (key, at, kind, act) SELECT max(key), 0, '', '{}' FROM audit",
    ] {
        let refused = file.execute(sql, ()).unwrap_err().to_string();
        assert!(
            refused.contains("the audit log is only added to"),
            "{sql}: {refused}"
        );
    }
    assert_eq!(log(&store, AuditQuery::default()).await, before);
}

#[tokio::test]
async fn the_log_is_read_in_pages_without_holes_and_narrowed() {
    let store = TestStore::new().await;
    let olga = administrator(&store, "Ольга").await;
    let pavel = administrator(&store, "Павел").await;
    for revision in 0..7 {
        let by = if revision % 2 == 0 { olga } else { pavel };
        let put = store.put_company(by.into(), named(revision, &format!("{revision}")));
        put.await.unwrap().unwrap();
    }
    let whole = log(&store, AuditQuery::default()).await;
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let query = AuditQuery {
            before,
            limit: Some(3),
            ..AuditQuery::default()
        };
        let page = store.audit(query).await.unwrap();
        assert!(page.entries.len() <= 3);
        before = page.entries.last().map(|entry| entry.key);
        paged.extend(page.entries);
        if !page.has_more {
            break;
        }
    }
    assert_eq!(paged, whole);
    assert!(whole.is_sorted_by(|a, b| a.key > b.key), "newest first");

    let of_pavel = AuditQuery {
        operator_id: Some(pavel),
        ..AuditQuery::default()
    };
    assert_eq!(log(&store, of_pavel.clone()).await.len(), 3);
    let added_by_pavel = AuditQuery {
        kind: Some("operator_added".to_owned()),
        ..of_pavel
    };
    assert_eq!(log(&store, added_by_pavel).await, []);
    let nothing = AuditQuery {
        limit: Some(0),
        ..AuditQuery::default()
    };
    assert_eq!(
        log(&store, nothing).await.len(),
        1,
        "a page has at least one entry"
    );
}

#[tokio::test]
async fn an_act_of_a_newer_version_is_told_by_its_kind() {
    let store = TestStore::new().await;
    let write =
        "INSERT INTO audit (at, kind, act) VALUES (1, 'of_tomorrow', '{\"act\": \"of_tomorrow\"}')";
    store.file().execute(write, ()).unwrap();
    let newest = log(&store, AuditQuery::default()).await.remove(0);
    assert_eq!((newest.act, newest.kind.as_str()), (None, "of_tomorrow"));
    assert_eq!(newest.by, Actor::CommandLine);
}

/// What the log tells of kinds whose names begin so, oldest first, and who did each.
async fn acts(store: &TestStore, of: &str) -> Vec<(Actor, Act)> {
    let mut entries = log(store, AuditQuery::default()).await;
    entries.retain(|entry| entry.kind.starts_with(of));
    entries.reverse();
    entries
        .into_iter()
        .map(|entry| (entry.by, entry.act.unwrap()))
        .collect()
}

#[tokio::test]
async fn what_takes_a_supervisor_in_a_chat_is_logged_and_what_anybody_may_is_not() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let vera = store.supervisor("Вера").await;
    let of_anna = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, of_anna, "Слушаю").await.unwrap();
    let queued = store.client_writes("Пётр", "Добрый день").await;
    let of_vera = store.client_writes("Олег", "Алло").await;
    // What she does as anybody could.
    store.reply(vera, of_vera, "Слушаю").await.unwrap();
    store.close_chat(vera, of_vera).await.unwrap();
    store.reopen_chat(vera, of_vera).await.unwrap();
    store.close_chat(anna, of_anna).await.unwrap();
    store.reopen_chat(anna, of_anna).await.unwrap();
    assert_eq!(acts(&store, "chat_").await, []);
    // What was refused has not happened.
    assert!(store.close_chat(boris, of_anna).await.is_err());
    // What she does as a supervisor.
    let assign = Command::Assign {
        chat_id: queued,
        to: boris,
        seen_place: store.chat(queued).last_place,
    };
    store.asks(vera, assign).await.unwrap();
    store.close_chat(vera, of_anna).await.unwrap();
    let handled = |chat_id, deed, owner_id, to| {
        let act = Act::ChatHandled {
            chat_id,
            deed,
            owner_id,
            to,
        };
        (Actor::from(vera), act)
    };
    assert_eq!(
        acts(&store, "chat_").await,
        [
            handled(queued, Deed::Assign, None, Some(boris)),
            handled(of_anna, Deed::Close, Some(anna), None),
        ]
    );
}

#[tokio::test]
async fn ready_answers_of_the_company_are_logged_and_ones_own_are_not() {
    let store = TestStore::new().await;
    let vera = store.supervisor("Вера").await;
    let id = || ReadyAnswerId(uuid::Uuid::now_v7());
    let put = async |id, scope, answer| {
        let put = store.put_ready_answer(vera, id, scope, answer).await;
        put.unwrap().unwrap();
    };
    let price = id();
    put(id(), AnswerScope::Own, answer("моё", "Моё")).await;
    for _ in 0..2 {
        put(price, AnswerScope::Company, answer("цена", "Сто")).await;
    }
    put(price, AnswerScope::Company, answer("стоимость", "Двести")).await;
    for _ in 0..2 {
        let delete = store.delete_ready_answer(vera, price).await;
        delete.unwrap().unwrap();
    }
    put(price, AnswerScope::Company, answer("стоимость", "Двести")).await;
    let by_vera = |act| (Actor::from(vera), act);
    let (was, now) = ("цена".to_owned(), "стоимость".to_owned());
    let shortcut = now.clone();
    let added = |shortcut| by_vera(Act::ReadyAnswerAdded { shortcut });
    assert_eq!(
        acts(&store, "ready_").await,
        [
            added(was.clone()),
            by_vera(Act::ReadyAnswerChanged { was, now }),
            by_vera(Act::ReadyAnswerDeleted {
                shortcut: shortcut.clone()
            }),
            added(shortcut),
        ]
    );
}

#[tokio::test]
async fn a_channels_number_is_logged_once_it_is_another() {
    let store = TestStore::new().await;
    let vera = store.supervisor("Вера").await;
    store.client_writes("Ирина", "Здравствуйте").await;
    let channel_id = store.channels().await.unwrap()[0].row.id;
    for phone in ["74955550100", "74955550100", "74955550101"] {
        let set = store.set_channel_phone(vera.into(), channel_id, phone.to_owned());
        assert!(set.await.unwrap().is_ok());
    }
    let set = |was: Option<&str>, now: &str| {
        let act = Act::ChannelPhoneSet {
            channel_id,
            was: was.map(str::to_owned),
            now: now.to_owned(),
        };
        (Actor::from(vera), act)
    };
    assert_eq!(
        acts(&store, "channel_phone").await,
        [
            set(None, "74955550100"),
            set(Some("74955550100"), "74955550101")
        ]
    );
}

//! Ready answers: whose they are, how many there may be, and what readers are told of them.

use pult_domain::{
    MAX_COMPANY_ANSWERS, MAX_OWN_ANSWERS, OperatorId, ReadyAnswer, ReadyAnswerFault,
    ReadyAnswerFields, ReadyAnswerId,
};
use pult_protocol::{
    Actor, AnswerScope, Code, Cursor, OperatorChange, Problem, ReadyAnswerImportOutcome,
    ReadyAnswerRow, Row,
};
use pult_store::ImportLine;
use uuid::Uuid;

use crate::kit::TestStore;

pub(crate) fn answer(shortcut: &str, text: &str) -> ReadyAnswer {
    let (title, group) = ("", "");
    ReadyAnswer::parse(ReadyAnswerFields {
        shortcut,
        title,
        group,
        text,
    })
    .unwrap()
}

fn new_id() -> ReadyAnswerId {
    ReadyAnswerId(Uuid::now_v7())
}

async fn put(
    store: &TestStore,
    asker: OperatorId,
    scope: AnswerScope,
    shortcut: &str,
    text: &str,
) -> Result<ReadyAnswerRow, Problem> {
    let put = store.put_ready_answer(asker, new_id(), scope, answer(shortcut, text));
    put.await.unwrap()
}

fn lines(rows: &[(&str, &str)]) -> Vec<ImportLine> {
    let numbered = (2_u32..).zip(rows);
    let line = |(line, (shortcut, text)): (u32, &(&str, &str))| {
        let (title, group) = ("", "");
        ImportLine {
            line,
            shortcut: (*shortcut).to_owned(),
            text: (*text).to_owned(),
            answer: ReadyAnswer::parse(ReadyAnswerFields {
                shortcut,
                title,
                group,
                text,
            }),
        }
    };
    numbered.map(line).collect()
}

fn code<T>(answer: Result<T, Problem>) -> Code {
    answer.err().expect("a refusal").code
}

/// What a reader is told since a cursor, of ready answers: their texts, and what is gone.
async fn told(
    store: &TestStore,
    reader: OperatorId,
    cursor: Option<Cursor>,
) -> (Vec<String>, Vec<ReadyAnswerId>) {
    let (mut texts, mut gone) = (Vec::new(), Vec::new());
    for row in store
        .changes(reader, cursor)
        .await
        .unwrap()
        .into_iter()
        .flat_map(|page| page.rows)
    {
        match row {
            Row::ReadyAnswer(row) => texts.push(row.text),
            Row::ReadyAnswerGone { id } => gone.push(id),
            Row::Chat(_)
            | Row::Entry(_)
            | Row::Gone { .. }
            | Row::Mark(_)
            | Row::Draft(_)
            | Row::Operator(_)
            | Row::Channel(_)
            | Row::Integration(_)
            | Row::Company(_) => {}
        }
    }
    texts.sort();
    (texts, gone)
}

async fn cursor(store: &TestStore, reader: OperatorId) -> Option<Cursor> {
    let pages = store.changes(reader, None).await.unwrap();
    pages.last().unwrap().cursor.clone()
}

#[tokio::test]
async fn the_companys_are_everybodys_and_own_ones_nobody_elses() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let sonya = store.supervisor("Соня").await;
    let since = cursor(&store, boris).await;
    put(&store, sonya, AnswerScope::Company, "a", "для всех")
        .await
        .unwrap();
    put(&store, anna, AnswerScope::Own, "a", "только Анне")
        .await
        .unwrap();

    assert_eq!(
        told(&store, anna, None).await.0,
        ["для всех", "только Анне"]
    );
    assert_eq!(told(&store, boris, None).await.0, ["для всех"]);
    assert_eq!(told(&store, boris, since).await.0, ["для всех"]);
    assert_eq!(told(&store, sonya, None).await.0, ["для всех"]);
    assert_eq!(store.ready_answers(None).await.unwrap().len(), 1);
    assert_eq!(store.ready_answers(Some(anna)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_companys_are_the_supervisors_to_change_and_own_ones_their_owners() {
    let store = TestStore::new().await;
    let (anna, boris) = (store.operator("Анна").await, store.operator("Борис").await);
    let sonya = store.supervisor("Соня").await;
    let company = AnswerScope::Company;
    assert_eq!(
        code(put(&store, anna, company, "a", "!").await),
        Code::NotAllowed
    );
    let of_all = put(&store, sonya, company, "a", "!").await.unwrap().id;
    let of_anna = put(&store, anna, AnswerScope::Own, "a", "!")
        .await
        .unwrap()
        .id;

    let delete = async |asker, id| store.delete_ready_answer(asker, id).await.unwrap();
    assert_eq!(code(delete(anna, of_all).await), Code::NotAllowed);
    assert_eq!(
        code(delete(boris, of_anna).await),
        Code::ReadyAnswerNotFound
    );
    // Not even a supervisor.
    assert_eq!(
        code(delete(sonya, of_anna).await),
        Code::ReadyAnswerNotFound
    );
    assert_eq!(
        code(delete(anna, new_id()).await),
        Code::ReadyAnswerNotFound
    );
    let take = store.put_ready_answer(boris, of_anna, AnswerScope::Own, answer("b", "!"));
    assert_eq!(code(take.await.unwrap()), Code::IdReused);
    let make_own = store.put_ready_answer(sonya, of_all, AnswerScope::Own, answer("b", "!"));
    assert_eq!(code(make_own.await.unwrap()), Code::IdReused);

    delete(anna, of_anna).await.unwrap();
    delete(anna, of_anna).await.unwrap();
    delete(sonya, of_all).await.unwrap();
    assert_eq!(store.ready_answers(Some(anna)).await.unwrap(), []);
}

#[tokio::test]
async fn a_shortcut_is_taken_once_by_each_whatever_its_case() {
    let store = TestStore::new().await;
    let (anna, sonya) = (store.operator("Анна").await, store.supervisor("Соня").await);
    let first = put(&store, sonya, AnswerScope::Company, "Счёт", "раз")
        .await
        .unwrap();
    let second = put(&store, sonya, AnswerScope::Company, "СЧЕТ", "два").await;
    let problem = second.unwrap_err();
    assert_eq!(problem.code, Code::ShortcutTaken);
    assert_eq!(problem.details["id"], first.id.to_string());
    put(&store, anna, AnswerScope::Own, "счет", "моё")
        .await
        .unwrap();

    // It is free again when the other one has another, or is deleted.
    let rename = store.put_ready_answer(sonya, first.id, AnswerScope::Company, answer("с", "раз"));
    rename.await.unwrap().unwrap();
    let second = put(&store, sonya, AnswerScope::Company, "СЧЕТ", "два")
        .await
        .unwrap();
    store
        .delete_ready_answer(sonya, second.id)
        .await
        .unwrap()
        .unwrap();
    put(&store, sonya, AnswerScope::Company, "счёт", "три")
        .await
        .unwrap();
    // Then the deletion cannot be taken back under it.
    let back = store.put_ready_answer(
        sonya,
        second.id,
        AnswerScope::Company,
        answer("счет", "два"),
    );
    assert_eq!(code(back.await.unwrap()), Code::ShortcutTaken);
}

#[tokio::test]
async fn a_deletion_is_told_and_can_be_taken_back_and_leaves_no_words() {
    let store = TestStore::new().await;
    let (anna, sonya) = (store.operator("Анна").await, store.supervisor("Соня").await);
    let row = put(&store, sonya, AnswerScope::Company, "a", "особое слово")
        .await
        .unwrap();
    let since = cursor(&store, anna).await;
    store
        .delete_ready_answer(sonya, row.id)
        .await
        .unwrap()
        .unwrap();
    let words =
        "SELECT shortcut || folded_shortcut || title || group_name || text FROM ready_answers";
    let left: String = store.file().query_row(words, (), |row| row.get(0)).unwrap();
    assert_eq!(left, "");
    assert_eq!(told(&store, anna, since).await, (vec![], vec![row.id]));
    assert_eq!(told(&store, anna, None).await, (vec![], vec![]));

    let since = cursor(&store, anna).await;
    let back = store.put_ready_answer(sonya, row.id, AnswerScope::Company, answer("a", &row.text));
    assert_eq!(back.await.unwrap().unwrap(), row);
    assert_eq!(told(&store, anna, since).await, (vec![row.text], vec![]));
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let id = new_id();
    let put = async || {
        let put = store.put_ready_answer(anna, id, AnswerScope::Own, answer("a", "!"));
        put.await.unwrap().unwrap()
    };
    let first = put().await;
    let seq = store.seq().await.unwrap();
    assert_eq!(put().await, first);
    assert_eq!(store.seq().await.unwrap(), seq);
}

#[tokio::test]
async fn there_are_no_more_than_there_may_be() {
    let store = TestStore::new().await;
    let (anna, sonya) = (store.operator("Анна").await, store.supervisor("Соня").await);
    for (asker, scope, max) in [
        (sonya, AnswerScope::Company, MAX_COMPANY_ANSWERS),
        (anna, AnswerScope::Own, MAX_OWN_ANSWERS),
    ] {
        let shortcuts: Vec<String> = (0..=max).map(|n| format!("a{n}")).collect();
        let rows: Vec<(&str, &str)> = shortcuts.iter().map(|it| (it.as_str(), "!")).collect();
        let report = store.import_ready_answers(asker, scope, lines(&rows)).await;
        let report = report.unwrap().unwrap();
        assert!(!report.is_done && report.n_wrong == 1);
        let max_told = u32::try_from(max).unwrap();
        let last = report.lines.last().unwrap().outcome;
        assert_eq!(last, ReadyAnswerImportOutcome::TooMany { max: max_told });

        let fits = store
            .import_ready_answers(asker, scope, lines(&rows[..max]))
            .await;
        assert!(fits.unwrap().unwrap().is_done);
        let problem = put(&store, asker, scope, "more", "!").await.unwrap_err();
        assert_eq!(
            (problem.code, &problem.details["max"]),
            (Code::TooManyReadyAnswers, &max.into())
        );
    }
    let all = store.ready_answers(Some(anna)).await.unwrap();
    assert_eq!(all.len(), MAX_COMPANY_ANSWERS + MAX_OWN_ANSWERS);
    assert_eq!(told(&store, anna, None).await.0.len(), all.len());
}

#[tokio::test]
async fn a_table_with_a_wrong_line_does_nothing() {
    let store = TestStore::new().await;
    let sonya = store.supervisor("Соня").await;
    let table = [
        ("new", "новое"),
        ("NEW", "ещё раз"),
        ("two words", "!"),
        ("empty", " "),
    ];
    let report = store
        .import_ready_answers(sonya, AnswerScope::Company, lines(&table))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (report.is_done, report.n_new, report.n_wrong),
        (false, 1, 3)
    );
    let outcomes: Vec<_> = report.lines.iter().map(|line| line.outcome).collect();
    let wrong = |fault| ReadyAnswerImportOutcome::Wrong { fault };
    assert_eq!(
        outcomes,
        [
            ReadyAnswerImportOutcome::New,
            ReadyAnswerImportOutcome::Repeated { of_line: 2 },
            wrong(ReadyAnswerFault::ShortcutSigns),
            wrong(ReadyAnswerFault::TextEmpty),
        ]
    );
    assert_eq!(store.ready_answers(None).await.unwrap(), []);
}

#[tokio::test]
async fn a_table_does_what_its_preview_says_and_nothing_to_what_it_does_not_name() {
    let store = TestStore::new().await;
    let sonya = store.supervisor("Соня").await;
    let company = AnswerScope::Company;
    put(&store, sonya, company, "same", "как было")
        .await
        .unwrap();
    let other = put(&store, sonya, company, "other", "было").await.unwrap();
    put(&store, sonya, company, "unnamed", "остаётся")
        .await
        .unwrap();
    let table = [("new", "новое"), ("Other", "стало"), ("same", "как было")];

    let seq = store.seq().await.unwrap();
    let preview = store
        .preview_ready_answers(sonya, company, lines(&table))
        .await;
    let preview = preview.unwrap().unwrap();
    assert_eq!(store.seq().await.unwrap(), seq);
    let import = async || {
        let import = store.import_ready_answers(sonya, company, lines(&table));
        import.await.unwrap().unwrap()
    };
    let done = import().await;
    assert!(!preview.is_done && done.is_done);
    assert_eq!(
        (done.n_new, done.n_changed, done.n_unchanged, done.n_wrong),
        (1, 1, 1, 0)
    );
    assert_eq!(preview.lines, done.lines);
    let rows = store.ready_answers_of_scope(sonya, company).await.unwrap();
    let texts: Vec<_> = rows
        .iter()
        .map(|row| (row.shortcut.as_str(), row.text.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            ("new", "новое"),
            ("Other", "стало"),
            ("same", "как было"),
            ("unnamed", "остаётся")
        ]
    );
    assert_eq!(rows[1].id, other.id);
    assert_eq!(import().await.n_unchanged, 3, "the same table again");
}

#[tokio::test]
async fn who_was_deactivated_before_it_is_written_changes_nothing() {
    let store = TestStore::new().await;
    let sonya = store.supervisor("Соня").await;
    let [own, company] = [AnswerScope::Own, AnswerScope::Company];
    let of_all = put(&store, sonya, company, "a", "!").await.unwrap().id;
    let of_sonya = put(&store, sonya, own, "a", "!").await.unwrap().id;
    let gone = OperatorChange::IsActive { now: false };
    let changed = store.change_operator(Actor::CommandLine, sonya, gone);
    changed.await.unwrap().unwrap();
    let before = told(&store, sonya, None).await.0;
    for scope in [own, company] {
        let refused = put(&store, sonya, scope, "b", "!").await;
        assert_eq!(code(refused), Code::NotAllowed);
        let table = lines(&[("new", "новое")]);
        let refused = store.import_ready_answers(sonya, scope, table).await;
        assert_eq!(code(refused.unwrap()), Code::NotAllowed);
    }
    for id in [of_all, of_sonya] {
        let refused = store.delete_ready_answer(sonya, id).await;
        assert_eq!(code(refused.unwrap()), Code::NotAllowed);
    }
    assert_eq!(told(&store, sonya, None).await.0, before);
}

#[tokio::test]
async fn the_companys_table_is_a_supervisors() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let table = || lines(&[("new", "новое")]);
    let company = AnswerScope::Company;
    let refused = store.import_ready_answers(anna, company, table()).await;
    assert_eq!(code(refused.unwrap()), Code::NotAllowed);
    let refused = store.preview_ready_answers(anna, company, table()).await;
    assert_eq!(code(refused.unwrap()), Code::NotAllowed);
    let own = store
        .import_ready_answers(anna, AnswerScope::Own, table())
        .await;
    assert!(own.unwrap().unwrap().is_done);
}

#[tokio::test]
async fn old_deletions_are_forgotten_and_whoever_missed_them_begins_anew() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let row = put(&store, anna, AnswerScope::Own, "a", "!").await.unwrap();
    let since = cursor(&store, anna).await;
    store
        .delete_ready_answer(anna, row.id)
        .await
        .unwrap()
        .unwrap();
    // As if very many had been deleted since.
    let file = rusqlite::Connection::open(store.path()).unwrap();
    file.execute_batch(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5001)
         INSERT INTO ready_answers
             (id, owner, shortcut, folded_shortcut, title, group_name, text, is_deleted, seq)
         SELECT randomblob(16), (SELECT owner FROM ready_answers), '', '', '', '', '', 1,
             (SELECT seq FROM store) + n FROM n;
         UPDATE store SET seq = seq + 5001;",
    )
    .unwrap();
    drop(file);
    let last = put(&store, anna, AnswerScope::Own, "b", "!").await.unwrap();
    store
        .delete_ready_answer(anna, last.id)
        .await
        .unwrap()
        .unwrap();

    let n: i64 = store
        .file()
        .query_row("SELECT count(*) FROM ready_answers", (), |row| row.get(0))
        .unwrap();
    assert_eq!(n, 5_001);
    let pages = store.changes(anna, since).await.unwrap();
    assert!(
        pages[0].starts_snapshot,
        "it holds what is not told of any more"
    );
}

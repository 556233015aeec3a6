//! What SQLite means to do with every statement of the store: none may walk through a table that
//! grows with use. The statements are read from the sources, so that a new one cannot be forgotten.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::config::DbConfig;

use crate::kit::TestStore;

/// Tables that stay small: one row, or as many as there are operators and channels.
const SMALL: [&str; 7] = [
    "store",
    "automatic",
    "operators",
    "last_seen",
    "channels",
    "integrations",
    "company",
];

/// Walks through an index that holds only what is under way, or what somebody must look at.
const UNDER_WAY: [&str; 7] = [
    "chats_open",
    "observers_by_operator",
    "chats_to_archive",
    "deliveries_in_lanes",
    "deliveries_not_confirmed",
    "journal_waiting",
    "journal_unreadable",
];

/// Statements of the store as they stand in its sources.
fn statements() -> Vec<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for file in std::fs::read_dir(sources).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let code: Vec<&str> = source
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        // No statement has a quotation mark in it, so every second piece is a literal.
        let code = code.join("\n");
        let literals = code.split('"').skip(1).step_by(2);
        // The columns and joins that several statements of a file begin with.
        let start = code.split("const SELECT: &str = \"").nth(1);
        let start = start.and_then(|rest| rest.split('"').next());
        for text in literals.filter(|text| Some(*text) != start) {
            match text.strip_prefix("{SELECT}") {
                Some(rest) => found.push(format!("{}{rest}", start.unwrap())),
                None if is_statement(text) => found.push(text.to_owned()),
                None => {}
            }
        }
    }
    found
}

fn is_statement(text: &str) -> bool {
    let verbs = [
        "SELECT ",
        "INSERT INTO ",
        "UPDATE ",
        "DELETE FROM ",
        "WITH ",
    ];
    verbs.iter().any(|verb| text.starts_with(verb))
}

fn plan(file: &rusqlite::Connection, sql: &str) -> Vec<String> {
    // Adding a row that others may refer to plans a look for rows that did so before, which is
    // never carried out while nothing dangles.
    let looks_back = !sql.starts_with("INSERT");
    file.pragma_update(None, "foreign_keys", looks_back)
        .unwrap();
    // As the store has it: what is bound does not choose the plan.
    file.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .unwrap();
    let mut explain = file.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    for n in 1..=explain.parameter_count() {
        explain.raw_bind_parameter(n, 1).unwrap();
    }
    let mut rows = explain.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps
}

/// The tables of a statement by the names that it gives them.
fn names(sql: &str) -> BTreeMap<String, String> {
    let words: Vec<&str> = sql
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut names = BTreeMap::new();
    for at in 1..words.len() {
        if ["FROM", "JOIN", "INTO", "UPDATE"].contains(&words[at - 1]) {
            names.insert(words[at].to_owned(), words[at].to_owned());
            if let Some(alias) = words.get(at + 1) {
                names.insert((*alias).to_owned(), words[at].to_owned());
            }
        }
    }
    // A list of tables with a comma between them.
    names.insert("o".to_owned(), "operators".to_owned());
    names
}

#[tokio::test]
async fn no_statement_walks_through_a_table_that_grows() {
    let store = TestStore::new().await;
    let file = store.file();
    let statements = statements();
    assert!(statements.len() > 80, "only {} found", statements.len());
    for sql in statements {
        let names = names(&sql);
        for step in plan(&file, &sql) {
            let Some(walk) = step.strip_prefix("SCAN ") else {
                continue;
            };
            let name = walk.split(' ').next().unwrap();
            let table = names.get(name).map_or(name, String::as_str);
            let is_small = SMALL.contains(&table) || name == "h" || name == "CONSTANT";
            // Of a table for searching only what matches.
            let matches = walk.contains("VIRTUAL TABLE INDEX") && walk.contains(":M");
            let is_under_way = UNDER_WAY.iter().any(|index| walk.contains(index));
            assert!(is_small || matches || is_under_way, "{step}\n{sql}");
        }
    }
}

/// That of these statements each uses what was made for it.
async fn each_uses(expected: &[(&str, &str)]) {
    let store = TestStore::new().await;
    let file = store.file();
    let statements = statements();
    for (statement, uses) in expected {
        let sql = statements.iter().find(|sql| sql.contains(statement));
        let sql = sql.unwrap_or_else(|| panic!("no such statement: {statement}"));
        let steps = plan(&file, sql);
        assert!(
            steps.iter().any(|step| step.contains(uses)),
            "{steps:#?}\n{sql}"
        );
    }
}

/// The statements that every command, message or reading of the feed runs, and what each must use.
#[tokio::test]
async fn hot_statements_use_the_index_that_was_made_for_them() {
    each_uses(&[
        (
            "SELECT chat, min(from_seq) FROM audience",
            "audience_by_reader (operator=? AND until_seq=?)",
        ),
        (
            "SELECT chat, max(until_seq) FROM audience",
            "audience_by_reader (operator=? AND until_seq>? AND until_seq<?)",
        ),
        ("SELECT operator FROM audience", "PRIMARY KEY (chat=?)"),
        (
            "SELECT c.id, m.place, m.seq",
            "read_marks_by_seq (operator=? AND seq>?)",
        ),
        (
            "WHERE e.chat = ?1 AND e.seq > ?2",
            "entries_changed_later (chat=? AND seq>?)",
        ),
        ("WHERE e.chat = ?1 AND e.place > ?2", "(chat=? AND place>?)"),
        (
            "SELECT place FROM entries WHERE chat = ?1 AND created_seq <=",
            "(chat=?)",
        ),
        ("WHERE e.chat = ?1 AND e.place < ?2", "(chat=? AND place<?)"),
        ("SELECT place FROM entries", "(chat=? AND place>?)"),
        (
            "SELECT 1 FROM messages",
            "messages_by_provider_id (channel=? AND provider_id=?)",
        ),
        (
            "SELECT m.entry FROM messages",
            "messages_by_provider_id (channel=? AND provider_id=?)",
        ),
        (
            "SELECT client FROM identities",
            "PRIMARY KEY (channel=? AND kind=? AND value=?)",
        ),
        (
            "SELECT key FROM chats WHERE client = ?1 AND channel",
            "(client=? AND channel=?)",
        ),
        (
            "SELECT key FROM chats WHERE owner",
            "chats_in_work_by_owner (owner=?)",
        ),
        ("WITH heads", "deliveries_in_lanes"),
        (
            "SELECT key FROM chats\n         WHERE waiting_since IS NOT NULL",
            "chats_untold (waiting_since>? AND waiting_since<?)",
        ),
        (
            "SELECT key FROM chats WHERE suggested",
            "chats_suggested (suggested=?)",
        ),
        (
            "SELECT min(entry) FROM deliveries WHERE holds_lane = 1 AND chat",
            "deliveries_in_lanes (chat=?)",
        ),
        ("SELECT body_hash", "PRIMARY KEY (author=? AND id=?)"),
        ("WHERE s.token_hash", "PRIMARY KEY (token_hash=?)"),
    ])
    .await;
}

/// They are run beside all others, again and again.
#[tokio::test]
async fn what_watches_and_what_forgets_reads_no_more_than_it_means() {
    each_uses(&[
        (
            "SELECT count(*), count(c.waiting_since)",
            "COVERING INDEX audience_by_reader (operator=? AND until_seq=?)",
        ),
        ("SELECT d.state, d.next_attempt_at", "deliveries_in_lanes"),
        (
            "SELECT count(*) FROM deliveries WHERE state",
            "COVERING INDEX deliveries_not_confirmed",
        ),
        (
            "SELECT count(*) FROM journal WHERE state = 'waiting'",
            "COVERING INDEX journal_waiting",
        ),
        (
            "SELECT count(*) FROM journal WHERE state = 'unreadable'",
            "COVERING INDEX journal_unreadable",
        ),
        (
            "SELECT key, received_at FROM journal",
            "PRIMARY KEY (rowid>?)",
        ),
        (
            "SELECT id, answered_at FROM command_answers",
            "PRIMARY KEY (author=? AND id>? AND id<?)",
        ),
        (
            "DELETE FROM parked_statuses WHERE (channel",
            "parked_statuses_by_at (at<?)",
        ),
    ])
    .await;
}

/// A search stops as soon as it has enough: what it goes through must come in its order.
#[tokio::test]
async fn what_the_archive_goes_through_comes_in_its_order() {
    let store = TestStore::new().await;
    let file = store.file();
    let statements = statements();
    for (statement, uses) in [
        (
            "FROM closings k JOIN chats c",
            "k USING PRIMARY KEY (at>? AND (at,chat)<(?,?))",
        ),
        ("archived_place < last_place LIMIT", "chats_to_archive"),
        (
            "SELECT c.last_activity_at, c.key FROM chats c",
            "audience_by_reader (operator=?)",
        ),
    ] {
        let sql = statements.iter().find(|sql| sql.contains(statement));
        let sql = sql.unwrap_or_else(|| panic!("no such statement: {statement}"));
        let steps = plan(&file, sql);
        assert!(
            steps.iter().any(|step| step.contains(uses)),
            "{steps:#?}\n{sql}"
        );
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        assert_eq!(sorts, uses.starts_with("audience"), "{steps:#?}\n{sql}");
    }
}

/// A supervisor's list goes through the open chats alone, and in the order of waiting no further than
/// the page. The order of activity has no index, so that no message pays for one.
#[tokio::test]
async fn what_supervisors_look_through_are_the_open_chats() {
    let store = TestStore::new().await;
    let file = store.file();
    let statements = statements();
    for (statement, uses, sorts) in [
        (
            "SELECT waiting_since, key FROM chats",
            "SEARCH chats USING COVERING INDEX chats_open (waiting_since>?)",
            false,
        ),
        (
            "SELECT ?1, key FROM chats",
            "SEARCH chats USING COVERING INDEX chats_open (waiting_since=? AND key>?)",
            false,
        ),
        (
            "SELECT last_activity_at, key FROM chats",
            "SCAN chats USING INDEX chats_open",
            true,
        ),
        (
            "SELECT status, owner, count(*)",
            "SCAN chats USING COVERING INDEX chats_open",
            true,
        ),
        (
            "SELECT c.id, c.status, o.id, c.waiting_since FROM chats c",
            "SEARCH c USING INDEX chats_open (waiting_since<?)",
            false,
        ),
        (
            "SELECT operator, count(*) FROM observers",
            "SCAN observers USING COVERING INDEX observers_by_operator",
            false,
        ),
    ] {
        let sql = statements.iter().find(|sql| sql.contains(statement));
        let sql = sql.unwrap_or_else(|| panic!("no such statement: {statement}"));
        let steps = plan(&file, sql);
        assert!(
            steps.iter().any(|step| step.contains(uses)),
            "{steps:#?}\n{sql}"
        );
        let found = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        assert_eq!(found, sorts, "{steps:#?}\n{sql}");
    }
}

/// Each client's message would pay for it, where most wait already.
#[tokio::test]
async fn a_message_of_a_client_who_waits_leaves_the_index_of_open_chats_alone() {
    let statements = statements();
    let note = statements
        .iter()
        .find(|sql| sql.contains("client_wrote_at = max("));
    let note = note.expect("a client's message is noted");
    for column in ["waiting_since", "status", "owner"] {
        assert!(!note.contains(column), "{note}");
    }
}

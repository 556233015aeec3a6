//! The schema: as `docs/schema.md` says it, whole, and refused by nothing of ours.

use std::collections::BTreeMap;
use std::path::Path;

use crate::kit::TestStore;

/// Tables with their columns, in the order of the file.
type Schema = BTreeMap<String, Vec<String>>;

fn of_file(file: &rusqlite::Connection) -> Schema {
    let sql = "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
               WHERE t.schema = 'main' AND t.type <> 'shadow'
                 AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
               ORDER BY t.name, c.cid";
    let mut schema = Schema::new();
    let mut statement = file.prepare(sql).unwrap();
    let mut rows = statement.query(()).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (table, column) = (row.get(0).unwrap(), row.get(1).unwrap());
        schema.entry(table).or_default().push(column);
    }
    schema
}

/// A section per table, a line of a list per column: ``- `name`: what it is for``.
fn of_page() -> Schema {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut schema = Schema::new();
    let mut table = String::new();
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            name.trim_matches('`').clone_into(&mut table);
            schema.insert(table.clone(), Vec::new());
        } else if let Some(column) = line.strip_prefix("- `") {
            let (name, what) = column.split_once("`: ").unwrap();
            assert!(what.len() > 3, "say what {table}.{name} is for");
            schema.get_mut(&table).unwrap().push(name.to_owned());
        }
    }
    schema
}

#[tokio::test]
async fn the_page_about_the_schema_names_every_table_and_column_in_their_order() {
    let store = TestStore::new().await;
    assert_eq!(of_page(), of_file(&store.file()));
}

#[tokio::test]
async fn a_new_file_is_at_the_newest_step_and_sound() {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.reply(anna, chat, "Слушаю").await.unwrap();
    let file = store.file();
    let pragma = |name| -> String {
        let sql = format!("SELECT CAST(\"{name}\" AS TEXT) FROM pragma_{name}");
        file.query_row(&sql, (), |row| row.get(0)).unwrap()
    };
    assert_eq!(pragma("integrity_check"), "ok");
    assert_eq!(pragma("journal_mode"), "wal");
    let n_steps = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"))
        .unwrap()
        .count();
    assert_eq!(pragma("user_version"), n_steps.to_string());
    let n_orphans: i64 = file
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", (), |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(n_orphans, 0);
}

#[tokio::test]
async fn every_table_is_strict() {
    let store = TestStore::new().await;
    let loose: Vec<String> = store
        .file()
        .prepare(
            "SELECT name FROM pragma_table_list
             WHERE schema = 'main' AND type = 'table' AND strict = 0",
        )
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .filter(|name: &String| !name.starts_with("sqlite_"))
        .collect();
    assert_eq!(loose, [""; 0]);
}

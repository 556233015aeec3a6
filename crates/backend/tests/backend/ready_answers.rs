//! Ready answers over REST: who may, what is refused in which words, tables, and what panels hear.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::kit::{Answer, Signed, TestBackend};

const TABLE: &str = "/api/v1/ready-answers.csv";

fn path(id: Uuid) -> String {
    format!("/api/v1/ready-answers/{id}")
}

fn body(scope: &str, shortcut: &str, text: &str) -> Value {
    json!({ "scope": scope, "shortcut": shortcut, "text": text })
}

async fn put(asker: &Signed, id: Uuid, body: Value) -> Answer {
    asker.send(Method::PUT, &path(id), &body).await
}

async fn shortcuts(asker: &Signed) -> Vec<String> {
    let answer = asker.request(Method::GET, "/api/v1/ready-answers").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let list = answer.json();
    let rows = list["answers"].as_array().unwrap().iter();
    rows.map(|row| row["shortcut"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_supervisor_manages_the_companys_and_an_operator_their_own() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let boris = backend.operator("boris").await;
    let vera = backend.operator("vera").await;
    let (of_all, of_anna) = (Uuid::now_v7(), Uuid::now_v7());

    put(&anna, of_all, body("company", "a", "!"))
        .await
        .refuses(403, "not_allowed");
    let answer = put(&vera, of_all, body("company", "/привет", " Здравствуйте! ")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let row = json!({
        "id": of_all, "owner_id": null, "shortcut": "привет", "title": "", "group": "",
        "text": "Здравствуйте!",
    });
    assert_eq!(answer.json(), row);
    let answer = put(&anna, of_anna, body("own", "мой", "Моё")).await;
    assert_eq!(answer.json()["owner_id"], anna.id.to_string());

    assert_eq!(shortcuts(&anna).await, ["привет", "мой"]);
    assert_eq!(shortcuts(&boris).await, ["привет"]);
    assert_eq!(shortcuts(&vera).await, ["привет"]);

    let delete = async |asker: &Signed, id| asker.request(Method::DELETE, &path(id)).await;
    delete(&anna, of_all).await.refuses(403, "not_allowed");
    delete(&boris, of_anna)
        .await
        .refuses(404, "ready_answer_not_found");
    delete(&vera, of_anna)
        .await
        .refuses(404, "ready_answer_not_found");
    assert_eq!(delete(&anna, of_anna).await.status, 204);
    assert_eq!(delete(&vera, of_all).await.status, 204);
    assert_eq!(shortcuts(&anna).await, [""; 0]);
}

#[tokio::test]
async fn who_is_not_signed_in_gets_nothing() {
    let backend = TestBackend::start().await;
    let id = path(Uuid::now_v7());
    for (method, path) in [
        (Method::GET, "/api/v1/ready-answers"),
        (Method::PUT, &id),
        (Method::DELETE, &id),
        (Method::GET, "/api/v1/ready-answers.csv?scope=company"),
        (Method::POST, "/api/v1/ready-answers.csv?scope=company"),
    ] {
        let answer = Answer::of(backend.request(method, path)).await;
        answer.refuses(401, "signed_out");
    }
}

#[tokio::test]
async fn what_cannot_be_a_ready_answer_is_refused_with_what_is_wrong() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let (id, other) = (Uuid::now_v7(), Uuid::now_v7());
    for (shortcut, text, fault) in [
        ("", "!", "shortcut_empty"),
        ("два слова", "!", "shortcut_signs"),
        ("a", " ", "text_empty"),
        ("a", &"ы".repeat(4097), "text_too_long"),
    ] {
        let refused = put(&anna, id, body("own", shortcut, text)).await;
        let problem = refused.refuses(422, "ready_answer_wrong");
        assert_eq!(problem["details"]["fault"], fault);
    }
    put(&anna, id, json!({ "scope": "own" }))
        .await
        .refuses(400, "malformed");
    put(&anna, id, body("everybody", "a", "!"))
        .await
        .refuses(400, "malformed");
    assert_eq!(put(&anna, id, body("own", "a", "!")).await.status, 200);
    put(&anna, other, body("own", "A", "!"))
        .await
        .refuses(409, "shortcut_taken");
    let nonsense = anna
        .request(Method::DELETE, "/api/v1/ready-answers/1")
        .await;
    nonsense.refuses(404, "ready_answer_not_found");
}

#[tokio::test]
async fn panels_hear_of_what_they_may_use_as_it_changes() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let boris = backend.operator("boris").await;
    let vera = backend.operator("vera").await;
    let (mut annas, mut boriss) = (anna.panel().await, boris.panel().await);

    let (own, of_all) = (Uuid::now_v7(), Uuid::now_v7());
    put(&anna, own, body("own", "мой", "Моё")).await;
    put(&vera, of_all, body("company", "привет", "Здравствуйте!")).await;
    for panel in [&mut annas, &mut boriss] {
        let heard = |panel: &crate::panel::TestPanel| {
            panel.ready_answers.values().any(|row| row.id.0 == of_all)
        };
        panel.until("the company's is there", heard).await;
    }
    assert_eq!(annas.ready_answers.len(), 2);
    assert_eq!(boriss.ready_answers.len(), 1);

    vera.request(Method::DELETE, &path(of_all)).await;
    for panel in [&mut annas, &mut boriss] {
        let is_gone = |panel: &crate::panel::TestPanel| {
            panel.ready_answers.values().all(|row| row.id.0 != of_all)
        };
        panel.until("it is gone", is_gone).await;
    }
    // And whoever comes later.
    let later = boris.panel_again(&boriss).await;
    assert!(later.ready_answers.is_empty());
    assert_eq!(anna.panel().await.ready_answers.len(), 1);
}

#[tokio::test]
async fn a_table_is_looked_at_first_and_then_taken_whole() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let vera = backend.operator("vera").await;
    let (preview, import) = (
        format!("{TABLE}?scope=company&preview=true"),
        format!("{TABLE}?scope=company"),
    );
    let table = "\u{feff}Сокращение;Текст;Группа\r\nпривет;\"Здравствуйте,\nчем помочь?\";Начало\r\n\
                 цена;'=1+1;\r\n";
    let refused = anna.send_bytes(Method::POST, &import, table).await;
    refused.refuses(403, "not_allowed");

    let answer = vera.send_bytes(Method::POST, &preview, table).await;
    let report = answer.json();
    assert_eq!(
        (&report["is_done"], &report["n_new"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(report["lines"][1]["line"], 4);
    assert_eq!(shortcuts(&vera).await, [""; 0]);

    let answer = vera.send_bytes(Method::POST, &import, table).await;
    assert_eq!(answer.json()["is_done"], true);
    assert_eq!(shortcuts(&anna).await, ["привет", "цена"]);
    let answer = vera.send_bytes(Method::POST, &preview, table).await;
    assert_eq!(answer.json()["n_unchanged"], 2);

    let path = format!("{TABLE}?scope=company&language=ru");
    let exported = anna.request(Method::GET, &path).await;
    assert!(exported.content_type.starts_with("text/csv"));
    // reqwest takes the byte order mark away.
    assert_eq!(
        exported.text.trim_start_matches('\u{feff}'),
        "Сокращение;Название;Группа;Текст\r\n\
         привет;;Начало;\"Здравствуйте,\nчем помочь?\"\r\nцена;;;'=1+1\r\n"
    );
    let own = anna
        .request(Method::GET, &format!("{TABLE}?scope=own"))
        .await;
    assert_eq!(
        own.text.trim_start_matches('\u{feff}'),
        "Shortcut,Title,Group,Text\r\n"
    );
}

#[tokio::test]
async fn a_table_with_a_wrong_line_changes_nothing() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let path = format!("{TABLE}?scope=own");
    let before = backend.contents();
    let table = "Shortcut,Text\nгодится,Да\nне годится,Да\n";
    let report = anna.send_bytes(Method::POST, &path, table).await.json();
    assert_eq!(
        (&report["is_done"], &report["n_wrong"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(
        report["lines"][1]["outcome"],
        json!({ "is": "wrong", "fault": "shortcut_signs" })
    );
    for (table, status, code) in [
        (b"nothing,of,the,kind\n".to_vec(), 422, "table_unreadable"),
        (b"Shortcut,Text\n\xef\xf0\xe8".to_vec(), 400, "malformed"),
        (vec![b'a'; 9 * 1024 * 1024], 413, "too_large"),
        (
            format!("Shortcut,Text\n{}", "a,b\n".repeat(5_001)).into(),
            413,
            "too_large",
        ),
    ] {
        let refused = anna.send_bytes(Method::POST, &path, table).await;
        refused.refuses(status, code);
    }
    let refused = anna
        .send_bytes(Method::POST, TABLE, "Shortcut,Text\n")
        .await;
    refused.refuses(400, "malformed");
    assert_eq!(backend.contents(), before);
}

//! What administrators manage: who may which of it, what is refused in which words, and what the
//! panels of those whom it concerns hear.

use std::time::Instant;

use pult_backend::admin;
use pult_domain::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::kit::{Answer, PASSWORD, Signed, TestBackend, until};

/// A backend with the administrator Olga besides.
async fn start() -> (TestBackend, Signed) {
    let backend = TestBackend::start().await;
    let store = backend.as_administrator();
    admin::add_operator(
        &store,
        "olga",
        "Ольга",
        Role::Administrator,
        PASSWORD.into(),
    )
    .await
    .unwrap();
    store.close().await;
    let olga = backend.operator("olga").await;
    (backend, olga)
}

async fn get(asker: &Signed, path: &str) -> Value {
    let answer = asker.request(Method::GET, path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn of_operator(id: impl std::fmt::Display) -> String {
    format!("/api/v1/operators/{id}")
}

fn newcomer(login: &str) -> Value {
    json!({ "login": login, "name": "Галина", "role": "operator", "password": PASSWORD })
}

async fn change(asker: &Signed, whom: impl std::fmt::Display, change: Value) -> Answer {
    asker.send(Method::PATCH, &of_operator(whom), &change).await
}

async fn log(asker: &Signed, query: &str) -> Vec<Value> {
    let page = get(asker, &format!("/api/v1/audit{query}")).await;
    page["entries"].as_array().unwrap().clone()
}

/// Everything that is for administrators alone: method, path and body.
fn for_administrators(whom: &Signed, channel: &str) -> Vec<(Method, String, Value)> {
    let company = json!({ "revision": 0, "settings": { "name": "Ромашка" } });
    let rename = json!({ "was": "Магазин", "now": "Лавка" });
    vec![
        (Method::GET, "/api/v1/audit".to_owned(), Value::Null),
        (Method::PUT, "/api/v1/company".to_owned(), company),
        (Method::GET, "/api/v1/operators".to_owned(), Value::Null),
        (Method::PUT, of_operator(Uuid::now_v7()), newcomer("galina")),
        (
            Method::PATCH,
            of_operator(whom.id),
            json!({ "change": "name", "was": "Борис Образцов", "now": "Боря" }),
        ),
        (
            Method::PATCH,
            of_operator(whom.id),
            json!({ "change": "role", "was": "operator", "now": "administrator" }),
        ),
        (
            Method::PATCH,
            of_operator(whom.id),
            json!({ "change": "is_active", "now": false }),
        ),
        (
            Method::PUT,
            format!("{}/password", of_operator(whom.id)),
            json!({ "password": PASSWORD }),
        ),
        (
            Method::DELETE,
            format!("{}/sessions", of_operator(whom.id)),
            Value::Null,
        ),
        (
            Method::GET,
            "/api/v1/sessions?all=true".to_owned(),
            Value::Null,
        ),
        (Method::GET, "/api/v1/channels".to_owned(), Value::Null),
        (
            Method::PUT,
            format!("/api/v1/channels/{channel}/name"),
            rename,
        ),
        (Method::GET, "/api/v1/integrations".to_owned(), Value::Null),
        (
            Method::DELETE,
            format!("/api/v1/integrations/{}", Uuid::now_v7()),
            Value::Null,
        ),
    ]
}

#[tokio::test]
async fn who_is_no_administrator_is_told_so_and_changes_nothing() {
    let (backend, olga) = start().await;
    let boris = backend.operator("boris").await;
    let anna = backend.operator("anna").await;
    let vera = backend.operator("vera").await;
    let channels = get(&olga, "/api/v1/channels").await;
    let channel = channels["channels"][0]["channel"]["id"].as_str().unwrap();
    let nobody = Answer::of(backend.request(Method::GET, "/api/v1/audit")).await;
    nobody.refuses(401, "signed_out");
    let before = backend.contents();
    for asker in [&anna, &vera] {
        for (method, path, body) in for_administrators(&boris, channel) {
            let answer = asker.send(method.clone(), &path, &body).await;
            assert_eq!(answer.status, 403, "{method} {path}: {answer:?}");
            answer.refuses(403, "not_allowed");
        }
    }
    assert_eq!(backend.contents(), before);
    for (method, path, body) in for_administrators(&boris, channel) {
        let answer = olga.send(method.clone(), &path, &body).await;
        let is_done = answer.status < 300 || path.starts_with("/api/v1/integrations/");
        assert!(is_done, "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_newcomer_signs_in_with_the_first_password_and_the_same_again_changes_nothing() {
    let (backend, olga) = start().await;
    let id = Uuid::now_v7();
    let added = olga
        .send(Method::PUT, &of_operator(id), &newcomer(" Galina "))
        .await;
    assert_eq!(added.status, 200, "{added:?}");
    let row = json!({ "id": id, "name": "Галина", "role": "operator", "is_active": true });
    assert_eq!(added.json(), row);
    assert_eq!(backend.operator("galina").await.id.0, id);
    let again = olga
        .send(Method::PUT, &of_operator(id), &newcomer("galina"))
        .await;
    assert_eq!(again.json(), row);
    // With another password it is not the same: its author would hand on one that does not work.
    let mut changed = newcomer("galina");
    changed["password"] = json!("another password");
    let other_password = olga.send(Method::PUT, &of_operator(id), &changed).await;
    other_password.refuses(409, "id_reused");
    let other = olga
        .send(Method::PUT, &of_operator(id), &newcomer("zoya"))
        .await;
    other.refuses(409, "id_reused");
    let twin = olga
        .send(
            Method::PUT,
            &of_operator(Uuid::now_v7()),
            &newcomer("GALINA"),
        )
        .await;
    twin.refuses(409, "login_taken");
    assert_eq!(
        log(&olga, "?kind=operator_added").await.len(),
        5,
        "one for each operator"
    );

    let mut short = newcomer("zoya");
    short["password"] = json!("1234567");
    let short = olga
        .send(Method::PUT, &of_operator(Uuid::now_v7()), &short)
        .await;
    assert_eq!(
        short.json()["details"],
        json!({ "field": "password", "min": 8, "max": 1000 })
    );
    short.refuses(422, "field_wrong");
    // Nobody could tell who that is, or it would read as somebody else.
    for name in ["  ", "\u{200b}\u{2060}", "Анна\u{202e}", "Ан\nна"] {
        let mut blank = newcomer("zoya");
        blank["name"] = json!(name);
        let blank = olga
            .send(Method::PUT, &of_operator(Uuid::now_v7()), &blank)
            .await;
        assert_eq!(
            blank.refuses(422, "field_wrong")["details"]["field"],
            "name"
        );
    }
}

#[tokio::test]
async fn what_somebody_else_has_changed_meanwhile_is_not_overwritten() {
    let (backend, olga) = start().await;
    let anna = backend.operator("anna").await;
    let name = |was: &str, now: &str| json!({ "change": "name", "was": was, "now": now });
    let renamed = change(&olga, anna.id, name("Анна Примерова", "Аня")).await;
    assert_eq!(renamed.json()["name"], "Аня");
    let repeated = change(&olga, anna.id, name("Анна Примерова", "Аня")).await;
    assert_eq!(repeated.status, 200, "what stands so already is done");
    change(&olga, anna.id, name("Анна Примерова", "Анюта"))
        .await
        .refuses(409, "changed_meanwhile");
    change(&olga, Uuid::now_v7(), name("Анна Примерова", "Аня"))
        .await
        .refuses(404, "not_found");
    let acts = log(&olga, "?kind=operator_renamed").await;
    assert_eq!(acts.len(), 1);
    let act = json!({
        "act": "operator_renamed", "operator_id": anna.id, "was": "Анна Примерова", "now": "Аня",
    });
    assert_eq!(acts[0]["act"], act);
    assert_eq!(
        acts[0]["by"],
        json!({ "who": "operator", "operator_id": olga.id })
    );
}

#[tokio::test]
async fn the_last_active_administrator_stays_one_also_for_who_is_at_the_machine() {
    let (backend, olga) = start().await;
    let vera = backend.operator("vera").await;
    let demote = json!({ "change": "role", "was": "administrator", "now": "operator" });
    let deactivate = json!({ "change": "is_active", "now": false });
    for refused in [&demote, &deactivate] {
        change(&olga, olga.id, refused.clone())
            .await
            .refuses(409, "last_administrator");
    }
    let store = backend.as_administrator();
    let refused = admin::set_role(&store, "olga", Role::Supervisor)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("last active administrator"),
        "{refused}"
    );
    let refused = admin::deactivate_operator(&store, "olga")
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("last active administrator"),
        "{refused}"
    );

    admin::set_role(&store, "vera", Role::Administrator)
        .await
        .unwrap();
    admin::deactivate_operator(&store, "olga").await.unwrap();
    until("Olga's session has ended", || {
        backend.count(
            "SELECT count(*) FROM sessions s JOIN operators o ON o.key = s.operator
                       WHERE o.login = 'olga'",
        ) == 0
    })
    .await;
    let last = change(&vera, vera.id, deactivate).await;
    last.refuses(409, "last_administrator");
    admin::reactivate_operator(&store, "olga").await.unwrap();
    store.close().await;
    let olga = backend.operator("olga").await;
    assert_eq!(
        change(
            &olga,
            vera.id,
            json!({ "change": "is_active", "now": false })
        )
        .await
        .status,
        200
    );
    let newest = log(&olga, "?limit=2").await;
    assert_eq!(newest[1]["by"], json!({ "who": "command_line" }));
    assert_eq!(newest[1]["kind"], "operator_reactivated");
}

#[tokio::test]
async fn a_panel_follows_its_operators_role_at_once() {
    let (backend, olga) = start().await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    for (was, now, role) in [
        ("operator", "supervisor", Role::Supervisor),
        ("supervisor", "operator", Role::Operator),
    ] {
        let answer = change(
            &olga,
            anna.id,
            json!({ "change": "role", "was": was, "now": now }),
        )
        .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        panel
            .until("the role has come", |panel| {
                panel.operators[&anna.id].role == role
            })
            .await;
        let figures = "/api/v1/figures?from=2026-11-01&to=2026-11-02&zone=UTC";
        let figures = anna.request(Method::GET, figures).await;
        assert_eq!(
            figures.status == 200,
            role == Role::Supervisor,
            "the rights too"
        );
    }
}

#[tokio::test]
async fn a_revoked_session_is_signed_out_within_a_second() {
    let (backend, olga) = start().await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    let other = backend.operator("anna").await;
    let sessions = get(&olga, "/api/v1/sessions?all=true").await;
    let rows = sessions["sessions"].as_array().unwrap();
    let of_anna = |row: &&Value| row["operator_id"] == json!(anna.id);
    assert_eq!(rows.iter().filter(of_anna).count(), 2);
    let connected = |row: &&Value| of_anna(row) && row["is_connected"] == true;
    let row = rows.iter().find(connected).unwrap();
    assert_eq!(
        (&row["device"], &row["address"]),
        (&json!("a test"), &json!("127.0.0.1"))
    );
    let path = format!("/api/v1/sessions/{}", row["id"].as_str().unwrap());

    // To somebody else it is a session like any that is not there.
    let boris = backend.operator("boris").await;
    let nowhere = format!("/api/v1/sessions/{}", Uuid::now_v7());
    for path in [&path, &nowhere] {
        let answer = boris.request(Method::DELETE, path).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    }
    get(&anna, "/api/v1/sessions").await;
    assert_eq!(log(&olga, "?kind=sessions_revoked").await.len(), 0);
    let since = Instant::now();
    assert_eq!(olga.request(Method::DELETE, &path).await.status, 204);
    panel.wire.is_sent_away("signed_out").await;
    let took = since.elapsed();
    assert!(took.as_millis() < 1_000, "it took {took:?}");
    assert_eq!(
        olga.request(Method::DELETE, &path).await.status,
        204,
        "it has ended already"
    );
    anna.request(Method::GET, "/api/v1/sessions")
        .await
        .refuses(401, "signed_out");
    let left = get(&other, "/api/v1/sessions").await;
    assert_eq!(left["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(left["sessions"][0]["is_current"], true);
    assert_eq!(log(&olga, "?kind=sessions_revoked").await.len(), 1);
}

#[tokio::test]
async fn everybody_revokes_their_own_devices_and_keeps_the_one_in_hand() {
    let (backend, _) = start().await;
    let anna = backend.operator("anna").await;
    let lost = backend.operator("anna").await;
    let boris = backend.operator("boris").await;
    let path = format!("{}/sessions", of_operator(anna.id));
    boris
        .request(Method::DELETE, &path)
        .await
        .refuses(403, "not_allowed");
    assert_eq!(anna.request(Method::DELETE, &path).await.status, 204);
    lost.request(Method::GET, "/api/v1/sessions")
        .await
        .refuses(401, "signed_out");
    get(&anna, "/api/v1/sessions").await;
}

#[tokio::test]
async fn ones_own_password_takes_the_present_one_and_ends_the_other_sessions() {
    let (backend, _) = start().await;
    let anna = backend.operator("anna").await;
    let other = backend.operator("anna").await;
    let set = async |present: &str, password: &str| {
        let body = json!({ "present": present, "password": password });
        anna.send(Method::PUT, "/api/v1/password", &body).await
    };
    set("not it", "another password")
        .await
        .refuses(401, "wrong_password");
    set(PASSWORD, "short").await.refuses(422, "field_wrong");
    assert_eq!(set(PASSWORD, "another password").await.status, 204);
    get(&anna, "/api/v1/sessions").await;
    other
        .request(Method::GET, "/api/v1/sessions")
        .await
        .refuses(401, "signed_out");
    backend
        .sign_in("anna", PASSWORD)
        .await
        .refuses(401, "wrong_password");
    assert_eq!(
        backend.sign_in("anna", "another password").await.status,
        201
    );
    let mut last = set("not it", "another password").await;
    for _ in 0..10 {
        last = set("not it", "another password").await;
    }
    last.refuses(429, "too_many_tries");
}

#[tokio::test]
async fn a_channel_tells_how_it_is_doing_and_takes_another_name() {
    let (backend, olga) = start().await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    backend.client_writes("79990000001", "Здравствуйте").await;
    let health = get(&olga, "/api/v1/channels").await["channels"][0].clone();
    assert_eq!(health["channel"]["name"], "Магазин");
    assert!(health["last_inbound_at"].is_number(), "{health}");
    assert_eq!(health["last_outbound_at"], Value::Null);
    assert_eq!(
        (&health["n_waiting"], &health["n_not_confirmed"]),
        (&json!(0), &json!(0))
    );
    let id = health["channel"]["id"].as_str().unwrap();
    let path = format!("/api/v1/channels/{id}/name");
    let rename = json!({ "was": "Магазин", "now": "Лавка" });
    assert_eq!(olga.send(Method::PUT, &path, &rename).await.status, 204);
    panel
        .until("the name has come", |panel| {
            panel
                .channels
                .values()
                .any(|channel| channel.name == "Лавка")
        })
        .await;
    let other = json!({ "was": "Магазин", "now": "Палатка" });
    olga.send(Method::PUT, &path, &other)
        .await
        .refuses(409, "changed_meanwhile");
}

#[tokio::test]
async fn an_integration_tells_when_it_was_used_and_its_key_is_ended_for_ever() {
    let (backend, olga) = start().await;
    let store = backend.as_administrator();
    let added = admin::add_integration(&store, "1С").await.unwrap();
    store.close().await;
    let key = added["key"].as_str().unwrap();
    let use_key = async || {
        let request = backend.request(Method::GET, "/api/v1/ready-answers");
        Answer::of(request.bearer_auth(key)).await.status
    };
    let listed = async || get(&olga, "/api/v1/integrations").await["integrations"][0].clone();
    assert_eq!(listed().await["last_used_at"], Value::Null);
    assert_eq!(use_key().await, 200);
    let sql = "SELECT count(*) FROM integrations WHERE last_used_at IS NOT NULL";
    until("its use is noted", || backend.count(sql) == 1).await;
    assert!(listed().await["last_used_at"].is_number());
    let id = listed().await["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let path = format!("/api/v1/integrations/{id}");
        assert_eq!(olga.request(Method::DELETE, &path).await.status, 204);
    }
    assert_eq!(use_key().await, 401);
    assert_eq!(log(&olga, "?kind=integration_revoked").await.len(), 1);
}

#[tokio::test]
async fn settings_reach_every_panel() {
    let (backend, olga) = start().await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    let set = async |revision: u32, name: &str| {
        let body = json!({ "revision": revision, "settings": { "name": name } });
        olga.send(Method::PUT, "/api/v1/company", &body).await
    };
    assert_eq!(set(0, "Ромашка").await.status, 200);
    panel
        .until("the settings have come", |panel| {
            let company = panel.company.as_ref();
            company.is_some_and(|company| company.settings.name == "Ромашка")
        })
        .await;
    set(0, "Василёк").await.refuses(409, "changed_meanwhile");
    let body = json!({ "revision": 1, "settings": { "time_zone": "Moscow" } });
    let wrong = olga.send(Method::PUT, "/api/v1/company", &body).await;
    assert_eq!(wrong.json()["details"]["field"], "time_zone");
    wrong.refuses(422, "field_wrong");
    assert_eq!(get(&anna, "/api/v1/company").await["revision"], 1);
}

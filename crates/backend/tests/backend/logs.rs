//! What never gets into the log, at whatever level and in whatever form: words that stand for all
//! that is secret are put everywhere, and looked for in every line.

use pult_backend::admin;
use pult_domain::{DeviceId, Role};
use pult_protocol::{Command, ComposerMode, DraftGiven, PanelFrame};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use crate::commands::reply;
use crate::graph::Script;
use crate::kit::{
    APP_SECRET, Answer, NUMBER, PASSWORD, Signed, TestBackend, envelope, http, message, new_wamid,
};
use crate::spawned::{Program, run};

/// A client's number.
const PHONE: &str = "79990424242";

/// Stands in every text, name, password and token that is made up here.
const CANARY: &str = "canary";

/// What must be in no line, and is nowhere else.
const SECRETS: [&str; 8] = [
    CANARY,
    "Канарейка",
    PHONE,
    "the app secret of the tests",
    "the verify token of the tests",
    "the access token of the tests",
    "correct horse battery",
    "argon2id",
];

fn word(place: &str) -> String {
    format!("{CANARY}-{place} Канарейка")
}

/// Everything that comes in from Meta.
async fn webhooks(backend: &TestBackend) {
    let mut read = message(NUMBER, PHONE, &new_wamid(), &word("text"));
    read["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"] =
        json!(word("client's name"));
    backend.webhook(&read).await;
    let odd = envelope(
        NUMBER,
        json!({ "messages": [
            { "from": PHONE, "id": new_wamid(), "timestamp": word("time"), "type": word("kind"),
              "body": word("body") },
            { "from": { "of": word("sender") }, "text": [word("list")] },
        ], "statuses": [{ "id": word("status"), "status": "failed", "recipient_id": PHONE,
            "errors": [{ "code": 131_026, "title": word("title"), "message": PHONE }] }] }),
    );
    backend.webhook(&odd).await;
    backend
        .webhook(&message("404", PHONE, &new_wamid(), &word("for nobody")))
        .await;
    backend.deliver(word("no JSON"), APP_SECRET).await;
    backend
        .deliver(format!("{{\"entry\": \"{}\"", word("cut")), APP_SECRET)
        .await;
    backend.deliver(word("unsigned"), &word("secret")).await;
    for token in ["the verify token of the tests".to_owned(), word("token")] {
        let path = "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=canary-challenge";
        let path = format!("{path}&hub.verify_token={}", token.replace(' ', "+"));
        Answer::of(backend.request(Method::GET, &path)).await;
    }
}

/// Everything that comes in over REST.
async fn requests(backend: &TestBackend, anna: &Signed) {
    backend.sign_in(&word("login"), &word("password")).await;
    backend.sign_in("anna", &word("password")).await;
    for body in [
        word("no JSON"),
        json!({ "login": [word("list")] }).to_string(),
    ] {
        let asked = backend.request(Method::POST, "/api/v1/sessions").body(body);
        Answer::of(asked.header("Content-Type", "application/json")).await;
    }
    for path in [
        "/canary-nowhere?canary=canary",
        "/api/v1/chats/canary/entries",
        "/api/v1/chats/00000000-0000-7000-8000-000000000000/entries?before=canary",
        "/metrics?canary",
        "/readyz?canary",
    ] {
        anna.request(Method::GET, path).await;
        let asked = backend.request(Method::GET, path);
        Answer::of(asked.bearer_auth(word("token").replace(' ', "-").replace("Канарейка", "")))
            .await;
    }
    anna.post_json(&json!({ "id": word("id"), "command": { "kind": word("kind") } }))
        .await;
    anna.post_json(&json!(word("no object"))).await;
}

/// Everything that is managed, and what is asked for to look at it.
async fn managed(vera: &Signed, olga: &Signed) {
    let set = async |asker: &Signed, path: &str, body: Value| {
        let answer = asker
            .send(Method::PUT, &format!("/api/v1/{path}"), &body)
            .await;
        assert!(answer.status < 300, "{path}: {answer:?}");
    };
    for scope in ["company", "own"] {
        let answer = json!({ "scope": scope, "shortcut": CANARY, "title": word("title"),
                             "group": word("group"), "text": word("ready answer") });
        set(vera, &format!("ready-answers/{}", Uuid::now_v7()), answer).await;
    }
    for shortcut in ["canary2", "canary 3"] {
        let table = format!("Shortcut,Text\n{shortcut},\"{}\"\n", word("cell"));
        let path = "/api/v1/ready-answers.csv?scope=company";
        let answer = vera.send_bytes(Method::POST, path, table).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let timed = |text: &str| json!({ "is_on": true, "text": word(text), "minutes": 60 });
    let texts = json!({ "greeting": timed("greeting"), "nobody_answers": timed("nobody answers"),
                        "outside_hours": { "is_on": true, "text": word("outside hours") },
                        "closed": timed("closed") });
    set(
        vera,
        "automatic-texts",
        json!({ "revision": 0, "texts": texts }),
    )
    .await;
    let exceptions = json!([{ "from": "2026-12-31", "until": "2027-01-08", "hours": [],
                              "name": word("holidays") }]);
    let hours = json!({ "week": [[], [], [], [], [], [], []], "exceptions": exceptions });
    set(
        vera,
        "working-hours",
        json!({ "revision": 0, "hours": hours }),
    )
    .await;
    let rules = json!([{ "words": [word("word")], "channel_ids": [], "numbers": [PHONE],
                         "operator_id": vera.id }]);
    set(vera, "directions", json!({ "revision": 0, "rules": rules })).await;
    let channels = olga.request(Method::GET, "/api/v1/channels").await.json();
    let channel = &channels["channels"][0]["channel"];
    let channel_id = channel["id"].as_str().unwrap();
    let trial = json!({ "rules": rules, "text": word("trial"), "channel_id": channel_id,
                        "phone": PHONE });
    let path = "/api/v1/directions/trial";
    let answer = vera.send(Method::POST, path, &trial).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let rename = json!({ "was": channel["name"], "now": word("channel") });
    set(olga, &format!("channels/{channel_id}/name"), rename).await;
    let phone = json!({ "phone": PHONE });
    set(vera, &format!("channels/{channel_id}/phone"), phone).await;
    let settings = json!({ "name": word("company") });
    set(
        olga,
        "company",
        json!({ "revision": 0, "settings": settings }),
    )
    .await;
    let newcomer = json!({ "login": word("newcomer"), "name": word("their name"),
                           "role": "operator", "password": word("their password") });
    set(olga, &format!("operators/{}", Uuid::now_v7()), newcomer).await;
    set(vera, "presence", json!({ "away": true })).await;
    for path in [
        "chats?text=canary",
        "chats?text=79990424242",
        "chats?ids=canary",
        "archive?text=canary",
        "figures?from=canary&to=canary&zone=canary",
        "ready-answers.csv?scope=canary",
        "audit?kind=canary",
    ] {
        vera.request(Method::GET, &format!("/api/v1/{path}")).await;
    }
}

/// Everything that comes in over the socket.
async fn frames(backend: &TestBackend, anna: &Signed) {
    let phone = PHONE;
    let chat = backend.chat_of(phone);
    let mut panel = anna.panel().await;
    let draft = DraftGiven {
        chat_id: chat,
        mode: ComposerMode::Reply,
        of_version: 0,
        device_id: DeviceId(Uuid::now_v7()),
        text: word("draft"),
        mentions: Vec::new(),
    };
    panel.draft(draft).await.unwrap();
    // The greeting takes no script of the replies below.
    backend.all_sent().await;
    panel.watch(Some(chat), Some(ComposerMode::Reply)).await;
    backend.graph.next(Script::Error(131_026));
    panel.command(reply(chat, &word("reply"), 9)).await.unwrap();
    backend.all_sent().await;
    backend.graph.next(Script::Error(131_047));
    panel
        .command(reply(chat, &word("second reply"), 9))
        .await
        .unwrap();
    backend.all_sent().await;
    panel
        .command(reply(chat, &word("third reply"), 9))
        .await
        .unwrap();
    backend.all_sent().await;
    panel
        .command(Command::Close {
            chat_id: chat,
            seen_place: pult_domain::Place(0),
        })
        .await
        .unwrap_err();
    for text in [
        word("no JSON"),
        json!({ "kind": word("kind") }).to_string(),
        json!({ "kind": "command", "id": word("id"), "command": word("command") }).to_string(),
        json!({ "kind": "command", "id": Uuid::now_v7(), "text": word("text") }).to_string(),
    ] {
        panel.wire.say_text(&text).await;
    }
    let frame = PanelFrame::Ping;
    panel.wire.say(&frame).await;
    panel.wire.try_send(Message::binary(word("binary"))).await;
    for hello in [
        word("no JSON"),
        json!({ "kind": "hello", "token": word("token"), "protocol": 1,
        "device": word("device"), "cursor": { "epoch": word("epoch"), "seq": 1 } })
        .to_string(),
    ] {
        let mut wire = anna.wire().await;
        wire.say_text(&hello).await;
        while !matches!(
            wire.hear().await,
            crate::panel::Heard::Close(_) | crate::panel::Heard::Nothing
        ) {}
    }
    let mut wire = anna.wire().await;
    wire.hello(&word("token"), None).await;
    wire.is_sent_away("signed_out").await;
}

/// A whole day of an office, and all the lines of its log.
async fn day(format: &str, level: &str) -> String {
    let mut backend = TestBackend::prepare().await;
    let folder = backend.folder.path().to_owned();
    let env = [("PULT_LOG", level), ("PULT_LOG_FORMAT", format)];
    let name = word("operator's name");
    let add = [
        "operator",
        "add",
        "--login",
        "somebody",
        "--name",
        &name,
        "--password-stdin",
    ];
    let added = run(&folder, &add, &env, &word("password")).await;
    added.succeeded();
    let store = backend.as_administrator();
    let password = PASSWORD.into();
    admin::add_operator(&store, "olga", "Ольга", Role::Administrator, password)
        .await
        .unwrap();
    store.close().await;
    let program = Program::serve_with(&folder, &[], &env).await;
    backend.use_program(&program);
    let anna = backend.operator("anna").await;
    let vera = backend.operator("vera").await;
    let olga = backend.operator("olga").await;
    managed(&vera, &olga).await;
    webhooks(&backend).await;
    requests(&backend, &anna).await;
    frames(&backend, &anna).await;
    drop(http());
    let path = "/api/v1/sessions/current";
    assert_eq!(anna.request(Method::DELETE, path).await.status, 204);
    program.terminate();
    let ended = program.ends().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let log = format!("{}{}", added.stderr, ended.stderr);
    assert!(!log.contains(&anna.token), "a token is in the log");
    log
}

fn holds_no_secret(log: &str) {
    for line in log.lines() {
        for secret in SECRETS {
            assert!(!line.contains(secret), "{secret} is in the log: {line}");
        }
    }
}

#[tokio::test]
async fn no_text_name_number_or_secret_gets_into_the_log_at_any_level() {
    let log = day("text", "trace").await;
    holds_no_secret(&log);
    // It was as talkative as it can be.
    for said in [
        "A command was taken",
        "A delivery was taken",
        "refused a message",
        "Signed in",
        "A ready answer was put",
        "Ready answers were imported",
        "The automatic texts were changed",
        "The working hours were changed",
        "The direction of new chats was changed",
        "The company's settings were changed",
    ] {
        assert!(log.contains(said), "{said} is not in\n{log}");
    }
}

#[tokio::test]
async fn nothing_of_the_kind_gets_into_lines_for_programs_either() {
    let asked = "debug,pult_backend=trace,pult_store=trace,pult_whatsapp=trace,hyper=trace";
    let log = day("json", asked).await;
    holds_no_secret(&log);
    let mut n_ids = 0;
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let target = line["target"].as_str().unwrap();
        assert!(target.starts_with("pult_"), "{line}");
        assert!(line["timestamp"].is_string() && line["level"].is_string());
        assert!(line["fields"]["message"].is_string(), "{line}");
        n_ids += usize::from(line["fields"]["command.id"].is_string());
    }
    assert!(n_ids >= 8, "{n_ids}");
}

#[tokio::test]
async fn a_level_that_cannot_be_understood_is_told_and_costs_nothing() {
    let backend = TestBackend::prepare().await;
    let env = [("PULT_LOG", "canary=loud=er")];
    let program = Program::serve_with(backend.folder.path(), &[], &env).await;
    program.terminate();
    let log = program.ends().await.stderr;
    assert!(log.contains("PULT_LOG cannot be understood"), "{log}");
    assert!(log.contains("Serving") && !log.contains("canary"), "{log}");
}

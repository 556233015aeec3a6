//! The figures for supervisors, over REST.

use std::time::Duration;

use pult_backend::admin;
use pult_domain::{Place, Role};
use pult_protocol::{Command, ServiceFigures};
use reqwest::Method;

use crate::kit::{Answer, PASSWORD, Signed, TestBackend, new_command_id};

/// The days around a moment of the tests' clock, wherever in the world that is.
fn around(at: std::time::SystemTime) -> (jiff::civil::Date, jiff::civil::Date) {
    let today = jiff::Timestamp::try_from(at).unwrap();
    let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
    (today.yesterday().unwrap(), today.tomorrow().unwrap())
}

fn path(more: &str) -> String {
    let (from, to) = around(std::time::SystemTime::now());
    format!("/api/v1/figures?from={from}&to={to}&zone=Asia/Yekaterinburg{more}")
}

async fn figures(of: &Signed, more: &str) -> ServiceFigures {
    let answer = of.request(Method::GET, &path(more)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.text).unwrap()
}

/// A client has written, Анна has answered after a minute and closed the chat.
async fn a_talk() -> (TestBackend, Signed, Signed) {
    let backend = TestBackend::start().await;
    let (anna, vera) = (
        backend.operator("anna").await,
        backend.operator("vera").await,
    );
    let chat_id = backend.client_writes("79990000001", "Здравствуйте").await;
    backend.clock.advance(Duration::from_secs(60));
    let done = |answer: Answer| assert_eq!(answer.status, 200, "{}", answer.text);
    let reply = Command::Reply {
        chat_id,
        text: "Слушаю".to_owned(),
        seen_place: Place(1),
    };
    done(anna.post(new_command_id(), &reply).await);
    let close = Command::Close {
        chat_id,
        seen_place: Place(3),
    };
    done(anna.post(new_command_id(), &close).await);
    (backend, anna, vera)
}

#[tokio::test]
async fn a_supervisor_gets_what_was_done() {
    let (_backend, anna, vera) = a_talk().await;
    let figures = figures(&vera, "&within_s=10").await;
    assert_eq!(figures.zone, "Asia/Yekaterinburg");
    assert_eq!(figures.within_s, 10);
    assert_eq!((figures.by_day.len(), figures.by_hour.len()), (3, 24));
    assert_eq!(figures.by_day[0].day, figures.from);
    assert_eq!(figures.by_day[2].day, figures.to);
    let total = figures.total;
    assert_eq!((total.n_messages, total.n_arrivals, total.n_new), (1, 1, 1));
    assert_eq!(total.n_closed, 1);
    // The test's message says that it was sent long ago.
    assert_eq!(
        (total.first_answers.n, total.first_answers.n_within),
        (1, 0)
    );
    assert!(total.first_answers.median_ms.unwrap() >= 60_000);
    let of_days = figures.by_day.iter().map(|day| day.figures.n_closed);
    assert_eq!(of_days.sum::<u32>(), 1);
    let of_hours = figures.by_hour.iter().map(|hour| hour.n_closed);
    assert_eq!(of_hours.sum::<u32>(), 1);
    let of_anna = figures
        .by_operator
        .iter()
        .find(|of| of.operator_id == Some(anna.id));
    assert_eq!(of_anna.unwrap().figures.n_closed, 1);
}

#[tokio::test]
async fn figures_are_of_the_channel_and_the_operator_that_are_asked_for() {
    let (backend, anna, vera) = a_talk().await;
    let boris = backend.operator("boris").await;
    let of = async |who: &Signed| {
        let of = figures(&vera, &format!("&operator_id={}", who.id)).await;
        (of.total.first_answers.n, of.total.n_closed)
    };
    assert_eq!(of(&anna).await, (1, 1));
    assert_eq!(of(&boris).await, (0, 0));
    let store = backend.as_administrator();
    let channels = store.channels().await.unwrap();
    store.close().await;
    for channel in channels {
        let of = figures(&vera, &format!("&channel_id={}", channel.row.id)).await;
        assert_eq!(of.total.n_messages, 1);
    }
    for nobodys in ["operator_id", "channel_id"] {
        let id = uuid::Uuid::now_v7();
        let answer = vera
            .request(Method::GET, &path(&format!("&{nobodys}={id}")))
            .await;
        answer.refuses(404, "not_found");
    }
}

#[tokio::test]
async fn figures_are_for_supervisors_and_administrators_alone() {
    let backend = TestBackend::start().await;
    let store = backend.as_administrator();
    let role = Role::Administrator;
    let added = admin::add_operator(&store, "galina", "Галина", role, PASSWORD.into()).await;
    added.unwrap();
    let program = admin::add_integration(&store, "1С").await.unwrap();
    store.close().await;
    for (login, may) in [("anna", false), ("vera", true), ("galina", true)] {
        let answer = backend
            .operator(login)
            .await
            .request(Method::GET, &path(""))
            .await;
        if may {
            assert_eq!(answer.status, 200, "{answer:?}");
        } else {
            answer.refuses(403, "not_allowed");
        }
    }
    let request = backend.request(Method::GET, &path(""));
    Answer::of(request).await.refuses(401, "signed_out");
    let request = backend.request(Method::GET, &path(""));
    let key = program["key"].as_str().unwrap();
    let answer = Answer::of(request.bearer_auth(key)).await;
    answer.refuses(401, "signed_out");
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_in_words() {
    let backend = TestBackend::start().await;
    let vera = backend.operator("vera").await;
    for (query, words) in [
        ("", "must be given"),
        ("?from=2026-11-01&to=2026-11-02", "must be given"),
        (
            "?from=2026-11-01&to=2026-11-02&zone=UTC&operator_id=7",
            "ids be ids",
        ),
        ("?from=yesterday&to=today&zone=UTC", "days such as"),
        ("?from=2026-11-02&to=2026-11-01&zone=UTC", "not be before"),
        (
            "?from=2025-01-01&to=2026-11-01&zone=UTC",
            "400 days at most",
        ),
        ("?from=2026-11-01&to=2026-11-02&zone=Nowhere", "a time zone"),
        (
            "?from=2026-11-01&to=2026-11-02&zone=UTC&within_s=0",
            "a week",
        ),
    ] {
        let answer = vera
            .request(Method::GET, &format!("/api/v1/figures{query}"))
            .await;
        let said = answer.refuses(400, "malformed")["message"].clone();
        assert!(said.as_str().unwrap().contains(words), "{query}: {said}");
    }
}

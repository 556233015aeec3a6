//! What a supervisor is told of that an operator is not, and what everybody is told of when the
//! connection is lost, as banners on a bus of the test's own.

use std::time::Duration;

use anyhow::Result;
use pult_domain::direction::DirectionRule;
use pult_domain::{ChatId, Role};
use pult_protocol::RevisedDirections;
use pult_tests::bus::{Banner, Banners};
use pult_tests::desk::Bus;
use pult_tests::office::{Office, Operator};
use pult_tests::panels::Seat;
use pult_tests::until::within;
use pult_tests::walk::LOOKS;
use pult_tests::window::Window;
use pult_tests::{past, testids};
use reqwest::Method;
use serde_json::json;

use crate::OLGA;
use crate::supervision::limits_are;

const IGOR: &str = "Игорь Выдумкин";

/// A connection is lost for long after a minute.
const LOST_WITHIN: Duration = Duration::from_secs(90);

async fn appears(banners: &Banners, title: &str) -> Result<Banner> {
    let what = format!("a banner \"{title}\"");
    banners.appears(&what, |one| one.title == title).await
}

/// Lets Olga have written so many minutes ago.
async fn waits_since(office: &mut Office, anna: &Operator, minutes: i64) -> Result<ChatId> {
    let annas = Seat::take(anna, office.address(), &office.panel_dir("anna")).await?;
    let chat = annas.sees_queued(OLGA).await?;
    annas.leave().await;
    office.stop().await?;
    past::wrote_earlier(office, OLGA, minutes)?;
    office.start().await?;
    Ok(chat)
}

#[tokio::test]
async fn a_supervisor_is_told_of_late_answers_a_channel_and_a_lost_connection() -> Result<()> {
    let bus = Bus::start().await?;
    let banners = Banners::record_on(&bus).await?;
    let mut office = Office::open().await?;
    let vera = office.supervisor("vera", "Вера Выдуманная").await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    let nina = office.colleague("nina", "Нина Небывалова", Role::Administrator);
    let nina = nina.await?;
    let olga = office.phones.client("79000000001", OLGA, false).await?;
    let igor = office.phones.client("79000000002", IGOR, false).await?;

    olga.write("Добрый день").await?;
    let chat = waits_since(&mut office, &anna, 7).await?;
    let dir = office.panel_dir("vera");
    office.sign_in(&vera, &dir).await?;
    let window = Window::open_with(&dir, &bus.envs(&dir), &[]).await?;
    window.look(LOOKS[0]).await?;
    window.find_with_text(testids::CHAT_ROW, OLGA).await?;
    window.driver().minimize_window().await?;
    let seat =
        async |whose, name| Seat::take(whose, office.address(), &office.panel_dir(name)).await;
    let ninas = seat(&nina, "nina").await?;
    ninas.is_live().await?;

    // Whoever waits longer than the company allows; a click shows all of them.
    limits_are(&ninas, Some(5), None).await?;
    let late = appears(&banners, "Клиенты ждут ответа").await?;
    let names: Vec<&str> = late.actions.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["default"]);
    banners
        .click_until(
            (&late, "default"),
            "everybody's chats are shown",
            async || window.has(testids::TAB_PEOPLE).await,
        )
        .await?;
    window.driver().minimize_window().await?;

    // A chat that a rule marks as theirs.
    let now = ninas.panel.directions().await?;
    let rule = DirectionRule {
        words: vec!["рекламация".to_owned()],
        channel_ids: Vec::new(),
        numbers: Vec::new(),
        operator_id: vera.id,
    };
    let rules = RevisedDirections {
        rules: vec![rule],
        ..now
    };
    ninas.panel.put_directions(rules).await?;
    igor.write("У меня рекламация").await?;
    let suggested = appears(&banners, &format!("Чат для вас: {IGOR}")).await?;
    assert_eq!(suggested.body, "У меня рекламация");

    // A channel whose key is not taken any more.
    let fails = json!({ "error_code": 190, "http_status": 401 });
    let phones = &office.phones;
    phones
        .control(Method::POST, "faults/sends", Some(fails))
        .await?;
    let annas = seat(&anna, "anna").await?;
    annas.sees_queued(OLGA).await?;
    annas.replies(chat, "Слушаю вас").await?;
    let is_of_channel = |one: &Banner| one.title.contains("не отправляет");
    let channel = banners.appears("a channel is down", is_of_channel).await?;
    assert!(channel.title.starts_with("Канал «"), "{}", channel.title);

    // Nobody answers any more.
    office.stop().await?;
    let lost = within(LOST_WITHIN, "the lost connection is told", async || {
        let shown = banners.shown().into_iter();
        shown.rev().find(|one| one.title == "Нет связи с сервером")
    })
    .await?;
    office.start().await?;
    banners.is_closed(&lost).await?;
    for one in [&late, &suggested, &channel, &lost] {
        let n = banners
            .shown()
            .iter()
            .filter(|other| other.title == one.title)
            .count();
        assert_eq!(n, 1, "{}", one.title);
    }
    annas.leave().await;
    ninas.leave().await;
    window.close().await
}

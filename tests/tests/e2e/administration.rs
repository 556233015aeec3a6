//! An administrator's part, in two windows at once.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use pult_domain::Role;
use pult_tests::office::Office;
use pult_tests::testids;
use pult_tests::window::Window;

/// Opens a section of the management.
async fn section(window: &Window, id: &str) -> Result<()> {
    window.click(testids::RAIL_MANAGEMENT).await?;
    window.click(&format!("section-{id}")).await
}

async fn signs_in(window: &Window, office: &Office, login: &str, password: &str) -> Result<()> {
    window.empty(testids::SIGN_IN_ADDRESS).await?;
    window
        .type_into(testids::SIGN_IN_ADDRESS, office.address())
        .await?;
    window.empty(testids::SIGN_IN_LOGIN).await?;
    window.type_into(testids::SIGN_IN_LOGIN, login).await?;
    window
        .type_into(testids::SIGN_IN_PASSWORD, password)
        .await?;
    window.click(testids::SIGN_IN_SUBMIT).await?;
    window.find(testids::COUNT_QUEUED).await.map(drop)
}

/// Opens the menu of an operator's row and chooses in it.
async fn choose(window: &Window, login: &str, item: &str) -> Result<()> {
    let menu = format!("[data-login='{login}'] [data-testid='menu']");
    window.find_css(&menu).await?.click().await?;
    window.click(&format!("menu-{item}")).await
}

#[tokio::test]
async fn an_administrator_adds_somebody_gives_them_a_role_and_ends_their_session() -> Result<()> {
    let office = Office::open().await?;
    let olga = office
        .colleague("olga", "Ольга Выдуманная", Role::Administrator)
        .await?;
    let dir = office.panel_dir("olga");
    office.sign_in(&olga, &dir).await?;
    let hers = Window::open(&dir).await?;
    hers.understands_key_store().await?;

    section(&hers, "operators").await?;
    hers.click(testids::OPERATOR_ADD).await?;
    hers.type_into(testids::OPERATOR_LOGIN, "Galina").await?;
    hers.type_into(testids::OPERATOR_NAME, "Галина Небылицына")
        .await?;
    hers.click(testids::OPERATOR_SAVE).await?;
    let shown = hers.find(testids::OPERATOR_PASSWORD).await?.text().await?;
    hers.click(testids::OPERATOR_DONE).await?;
    hers.find_with_text(testids::OPERATOR_ROW, "Галина").await?;

    let theirs = Window::open(&office.panel_dir("galina")).await?;
    signs_in(&theirs, &office, "galina", shown.trim()).await?;
    theirs.understands_key_store().await?;
    ensure!(
        !theirs.has(testids::RAIL_SUPERVISION).await,
        "an operator has no such view"
    );

    choose(&hers, "galina", "role").await?;
    hers.click("settings-operator-role-supervisor").await?;
    hers.click(testids::OPERATOR_SAVE).await?;
    theirs
        .find(testids::RAIL_SUPERVISION)
        .await
        .context("The new role has come")?;

    section(&hers, "sessions").await?;
    let revoke = "[data-testid='session-row']:not([data-current]) [data-testid='session-revoke']";
    let button = hers.find_css(revoke).await?;
    let since = Instant::now();
    button.click().await?;
    theirs.find(testids::SIGN_IN_SUBMIT).await?;
    let took = since.elapsed();
    ensure!(took.as_millis() < 1_000, "signed out only after {took:?}");

    section(&hers, "audit").await?;
    for kind in ["operator_added", "role_changed", "sessions_revoked"] {
        let entry = format!("[data-testid='audit-entry'][data-kind='{kind}']");
        hers.find_css(&entry).await?;
    }
    theirs.close().await?;
    hers.close().await
}

//! The supervisor's view in a window of her own, and what comes of it in an operator's window.

use anyhow::{Result, ensure};
use pult_panel::Administration;
use pult_protocol::CompanyRequest;
use pult_tests::office::{Office, Operator};
use pult_tests::panels::Seat;
use pult_tests::phones::Phone;
use pult_tests::until::until;
use pult_tests::walk::LOOKS;
use pult_tests::window::Window;
use pult_tests::{past, testids};
use serde_json::json;

use crate::OLGA;

const PETR: &str = "Пётр Небылицын";
const SVETLANA: &str = "Светлана Придуманова";

/// The clients in the list of everybody's chats, from above.
async fn lists(window: &Window, clients: &[&str]) -> Result<()> {
    let script = "return [...document.querySelectorAll('[data-testid=overseen-row] .name')]
        .map((name) => name.textContent)";
    let expected = json!(clients);
    until(&format!("{clients:?} in the list"), async || {
        (window.script(script).await.ok()? == expected).then_some(())
    })
    .await
}

/// What stands in a row of the people: how many chats, and how many minutes the oldest waits at least;
/// none if nobody waits.
async fn people(window: &Window, row: &str, n: u32, minutes: Option<u64>) -> Result<()> {
    let script = format!(
        "const row = document.querySelector('{row}');
        const oldest = row.querySelector('.oldest').textContent.trim();
        return [
            Number(row.querySelector('[data-testid=people-n]').textContent),
            oldest === '' ? null : Number.parseInt(oldest, 10) || 0,
        ];"
    );
    until(&format!("{row} has {n}, {minutes:?}"), async || {
        let shown = window.script(&script).await.ok()?;
        let waits = shown.get(1)?.as_u64();
        let fits = shown.get(0)? == n && waits.is_some() == minutes.is_some() && waits >= minutes;
        fits.then_some(())
    })
    .await
}

/// Narrows the list to the chats of somebody, or of nobody in particular.
async fn of_owner(window: &Window, id: &str) -> Result<()> {
    let owner = window.find("oversight-owner").await?;
    owner.select_by_value(id).await?;
    Ok(())
}

async fn chooses(window: &Window, clients: &[&str]) -> Result<()> {
    for client in clients {
        let row = window.find_with_text(testids::OVERSEEN_ROW, client).await?;
        let id = row.attr("data-chat-id").await?.unwrap_or_default();
        let css = format!("[data-testid='overseen-choose'][data-chat-id='{id}']");
        window.find_css(&css).await?.click().await?;
        window.find_css(&format!("{css}:checked")).await?;
    }
    Ok(())
}

fn row_of(operator: &Operator) -> String {
    format!(
        "[data-testid=people-row][data-operator-id=\"{}\"]",
        operator.id
    )
}

/// Waits until a client's chat is among the operator's own in a window.
async fn has_in_work(window: &Window, client: &str) -> Result<()> {
    until(&format!("{client} in work"), async || {
        let css = "[data-testid='chat-row'][data-status='in_work']";
        let script = format!(
            "return [...document.querySelectorAll(\"{css}\")]
                .some((row) => row.textContent.includes('{client}'))"
        );
        window.script(&script).await.ok()?.as_bool()?.then_some(())
    })
    .await
}

/// Waits until a client's chat is in no list of a window.
async fn loses(window: &Window, client: &str) -> Result<()> {
    until(&format!("{client} in no list"), async || {
        let script = format!(
            "return [...document.querySelectorAll('[data-testid=chat-row]')]
                .every((row) => !row.textContent.includes('{client}'))"
        );
        window.script(&script).await.ok()?.as_bool()?.then_some(())
    })
    .await
}

/// Waits until the list says what came of something that was done with several.
async fn tells(window: &Window, words: &str) -> Result<()> {
    let over = "[data-testid='batch'][data-over='true']";
    let batch = window.find_css(over).await?;
    let said = batch.prop("textContent").await?.unwrap_or_default();
    ensure!(said.contains(words), "{words:?} in {said:?}");
    window.click("batch-dismiss").await?;
    window.is_gone("batch").await
}

/// Anna and Vera at their windows, and three clients, of whom Anna has answered Olga.
struct Two {
    annas: Window,
    veras: Window,
    anna: Operator,
    svetlana: Phone,
    office: Office,
}

impl Two {
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let vera = office.supervisor("vera", "Вера Выдуманная").await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let olga = office.phones.client("79000000001", OLGA, false).await?;
        let petr = office.phones.client("79000000002", PETR, false).await?;
        let svetlana = office.phones.client("79000000003", SVETLANA, false).await?;
        for client in [&olga, &petr, &svetlana] {
            client.write("Здравствуйте!").await?;
            office.phones.idle().await?;
        }
        for operator in [&vera, &anna] {
            let dir = office.panel_dir(&operator.login);
            office.sign_in(operator, &dir).await?;
        }
        let annas = Window::open(&office.panel_dir("anna")).await?;
        annas.click_on_text(testids::CHAT_ROW, OLGA).await?;
        annas.type_into(testids::COMPOSER, "Слушаю вас").await?;
        annas.click(testids::SEND).await?;
        has_in_work(&annas, OLGA).await?;
        let veras = Window::open(&office.panel_dir("vera")).await?;
        // What came of something is told in words.
        veras.look(LOOKS[0]).await?;
        veras.click(testids::RAIL_SUPERVISION).await?;
        Ok(Self {
            annas,
            veras,
            anna,
            svetlana,
            office,
        })
    }

    /// By status and owner; those first who wait longest, and Olga, who does not wait, behind them.
    async fn narrows(&self) -> Result<()> {
        let veras = &self.veras;
        lists(veras, &[PETR, SVETLANA, OLGA]).await?;
        veras.click("oversight-in_work").await?;
        lists(veras, &[OLGA]).await?;
        // What was chosen is kept, in another view and in a new page.
        veras.click(testids::RAIL_CHATS).await?;
        veras.click(testids::RAIL_SUPERVISION).await?;
        lists(veras, &[OLGA]).await?;
        veras.driver().refresh().await?;
        veras.click(testids::RAIL_SUPERVISION).await?;
        lists(veras, &[OLGA]).await?;
        veras.click("oversight-open").await?;
        of_owner(veras, &self.anna.id.to_string()).await?;
        lists(veras, &[OLGA]).await?;
        of_owner(veras, "").await?;
        lists(veras, &[PETR, SVETLANA, OLGA]).await
    }

    /// Two at once to Anna, who is among the people with them then.
    async fn gives(&self) -> Result<()> {
        let veras = &self.veras;
        chooses(veras, &[PETR, SVETLANA]).await?;
        veras.click("chosen-give").await?;
        veras.type_into("give-search", "Анна").await?;
        veras.click("give-submit").await?;
        tells(veras, "Передано: 2 из 2").await?;
        for client in [PETR, SVETLANA] {
            has_in_work(&self.annas, client).await?;
        }
        veras.click(testids::TAB_PEOPLE).await?;
        people(veras, &row_of(&self.anna), 3, Some(0)).await?;
        people(veras, "[data-testid=people-queue]", 0, None).await?;
        let row = veras.find_with_text("people-row", "Анна").await?;
        let says = row.prop("textContent").await?.unwrap_or_default();
        ensure!(says.contains("в сети"), "{says}");
        row.click().await?;
        lists(veras, &[PETR, SVETLANA, OLGA]).await
    }

    /// Three at once are closed, but one client writes before it happens.
    async fn closes(&self) -> Result<()> {
        let veras = &self.veras;
        chooses(veras, &[PETR, SVETLANA, OLGA]).await?;
        veras.click("chosen-close").await?;
        veras.click("confirm-submit").await?;
        veras.find("batch-undo").await?;
        self.svetlana.write("И ещё вопрос").await?;
        veras.find_with_text("batch-refused", SVETLANA).await?;
        tells(veras, "Завершено: 2 из 3, не удалось: 1").await?;
        for client in [PETR, OLGA] {
            loses(&self.annas, client).await?;
        }
        has_in_work(&self.annas, SVETLANA).await?;
        lists(veras, &[SVETLANA]).await
    }

    /// What was closed comes back to whose it was.
    async fn reopens(&self) -> Result<()> {
        let veras = &self.veras;
        veras.click("oversight-closed").await?;
        chooses(veras, &[PETR, OLGA]).await?;
        veras.click("chosen-reopen").await?;
        veras.click("confirm-submit").await?;
        tells(veras, "Возвращено в работу: 2 из 2").await?;
        veras.find("oversight-nothing").await?;
        for client in [PETR, OLGA] {
            has_in_work(&self.annas, client).await?;
        }
        Ok(())
    }

    /// One is taken out of Anna's hands.
    async fn takes(&self) -> Result<()> {
        let veras = &self.veras;
        of_owner(veras, "").await?;
        veras.click("oversight-in_work").await?;
        veras.click_on_text(testids::OVERSEEN_ROW, OLGA).await?;
        veras.find_with_text(testids::ENTRY, "Слушаю вас").await?;
        veras.click("overseen-take").await?;
        loses(&self.annas, OLGA).await?;
        veras.click("overseen-live").await?;
        veras
            .find_with_text(testids::CONVERSATION_TITLE, OLGA)
            .await
            .map(drop)
    }

    /// Without the backend the list says so, and is there again by itself.
    async fn comes_back(&mut self) -> Result<()> {
        self.veras.click(testids::RAIL_SUPERVISION).await?;
        self.office.stop().await?;
        self.veras.find(testids::CONNECTION_BAR).await?;
        self.veras.click("oversight-open").await?;
        self.veras.find("oversight-failed").await?;
        self.office.start().await?;
        lists(&self.veras, &[SVETLANA, OLGA, PETR]).await
    }
}

#[tokio::test]
async fn a_supervisor_gives_closes_reopens_and_takes_and_the_operator_sees_it() -> Result<()> {
    let mut two = Two::open().await?;
    two.narrows().await?;
    two.gives().await?;
    two.closes().await?;
    two.reopens().await?;
    two.takes().await?;
    two.comes_back().await?;
    two.annas.close().await?;
    two.veras.close().await
}

/// How many of the clients who wait too long a window's panel knows of.
async fn knows_of_late(window: &Window, n: u64) -> Result<()> {
    let script = "const done = arguments[0];
        window.__TAURI_INTERNALS__.invoke('overview').then((now) => done(now.rest.late.n));";
    until(&format!("{n} wait too long"), async || {
        let found = window.driver().execute_async(script, Vec::new()).await;
        (found.ok()? == n).then_some(())
    })
    .await
}

/// The company says from how many minutes on a client waits too long.
pub(crate) async fn limits_are(
    administrator: &Seat,
    first: Option<u32>,
    later: Option<u32>,
) -> Result<()> {
    let now = administrator.panel.overview().await?.company;
    let mut settings = now.settings;
    settings.late_first_answer_minutes = first;
    settings.late_answer_minutes = later;
    let request = CompanyRequest {
        revision: now.revision,
        settings,
    };
    let set = Administration::SetCompany { request };
    administrator.panel.administer(set).await?;
    administrator
        .sees("the new settings", |seen| {
            (seen.company.revision > now.revision).then_some(())
        })
        .await
}

#[tokio::test]
async fn who_waits_too_long_is_told_as_soon_as_the_company_says_what_that_is() -> Result<()> {
    let mut office = Office::open().await?;
    let vera = office.supervisor("vera", "Вера Выдуманная").await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    let role = pult_domain::Role::Administrator;
    let nina = office.colleague("nina", "Нина Небывалова", role).await?;
    let olga = office.phones.client("79000000001", OLGA, false).await?;
    let petr = office.phones.client("79000000002", PETR, false).await?;
    let seat = Seat::take(&anna, office.address(), &office.panel_dir("anna")).await?;
    olga.write("Здравствуйте!").await?;
    let chat = seat.sees_queued(OLGA).await?;
    seat.replies(chat, "Слушаю вас").await?;
    olga.receives("Слушаю вас").await?;
    olga.write("Где мой заказ?").await?;
    petr.write("Добрый день!").await?;
    seat.sees_queued(PETR).await?;
    seat.sees("that Olga waits", |now| {
        let olgas = now.in_work.first()?;
        olgas.chat.waiting_since.map(drop)
    })
    .await?;
    seat.leave().await;
    office.stop().await?;
    past::wrote_earlier(&office, OLGA, 7)?;
    past::wrote_earlier(&office, PETR, 6)?;
    office.start().await?;

    let dir = office.panel_dir("nina");
    let ninas = Seat::take(&nina, office.address(), &dir).await?;
    ninas.is_live().await?;
    office.sign_in(&vera, &office.panel_dir("vera")).await?;
    let annas = Window::open(&office.panel_dir("anna")).await?;
    let veras = Window::open(&office.panel_dir("vera")).await?;
    veras.click(testids::RAIL_SUPERVISION).await?;
    lists(&veras, &[OLGA, PETR]).await?;
    ensure!(
        !veras.has("overseen-late").await,
        "nobody waits for ten minutes"
    );

    limits_are(&ninas, Some(5), Some(5)).await?;
    veras.find_with_text(testids::RAIL_LATE, "2").await?;
    veras.find_with_text("oversight-late", "2").await?;
    veras.find("overseen-late").await?;
    knows_of_late(&veras, 2).await?;
    knows_of_late(&annas, 1).await?;
    veras.click(testids::TAB_PEOPLE).await?;
    let row = row_of(&anna);
    people(&veras, &row, 1, Some(7)).await?;
    people(&veras, "[data-testid=people-queue]", 1, Some(6)).await?;

    limits_are(&ninas, None, Some(5)).await?;
    veras.find_with_text(testids::RAIL_LATE, "1").await?;
    limits_are(&ninas, None, None).await?;
    veras.is_gone(testids::RAIL_LATE).await?;
    knows_of_late(&annas, 0).await?;

    // Who is no supervisor any more has no such view, and hears of nobody's clients but their own.
    limits_are(&ninas, Some(5), Some(5)).await?;
    veras.find_with_text(testids::RAIL_LATE, "2").await?;
    let change = pult_protocol::OperatorChange::Role {
        was: pult_domain::Role::Supervisor,
        now: pult_domain::Role::Operator,
    };
    let change = Administration::ChangeOperator {
        id: vera.id,
        change,
    };
    ninas.panel.administer(change).await?;
    veras.is_gone(testids::RAIL_SUPERVISION).await?;
    veras.find(testids::CHAT_ROW).await?;
    knows_of_late(&veras, 0).await?;
    ninas.leave().await;
    annas.close().await?;
    veras.close().await
}

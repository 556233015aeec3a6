//! The focus is never lost: whatever closes, leaves a list or takes the place of something else, it is
//! on something that is there, and what is told to those who listen is told once.

use anyhow::{Context, Result};
use pult_tests::office::Office;
use pult_tests::panels::Seat;
use pult_tests::phones::Phone;
use pult_tests::testids;
use pult_tests::until::until;
use pult_tests::window::Window;
use serde_json::json;

const ESCAPE: &str = "\u{e00c}";
const ENTER: &str = "\u{e007}";
const CONTROL: &str = "\u{e009}";
const ALT: &str = "\u{e00a}";
const DOWN: &str = "\u{e015}";
const NULL: &str = "\u{e000}";

const CLIENTS: [(&str, &str); 4] = [
    ("79000000001", "Ольга Выдумкина"),
    ("79000000002", "Пётр Небылицын"),
    ("79000000003", "Ирина Выдумова"),
    ("79000000004", "Фёдор Несуществуев"),
];

/// Anna, an administrator, at her window, and four clients in the queue.
struct Desk {
    window: Window,
    boris: Seat,
    phones: Vec<Phone>,
    office: Office,
}

impl Desk {
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let anna = office
            .colleague("anna", "Анна Примерова", pult_domain::Role::Administrator)
            .await?;
        let boris = office.operator("boris", "Борис Образцов").await?;
        let boris = Seat::take(&boris, office.address(), &office.panel_dir("boris")).await?;
        office.sign_in(&anna, &office.panel_dir("anna")).await?;
        let mut phones = Vec::new();
        for (number, name) in CLIENTS {
            let phone = office.phones.client(number, name, false).await?;
            phone.write("Здравствуйте!").await?;
            boris.sees_queued(name).await?;
            phones.push(phone);
        }
        let window = Window::open(&office.panel_dir("anna")).await?;
        for (_, name) in CLIENTS {
            window.find_with_text(testids::CHAT_ROW, name).await?;
        }
        Ok(Self {
            window,
            boris,
            phones,
            office,
        })
    }

    /// Sends keys to what has the focus.
    async fn press(&self, keys: &str) -> Result<()> {
        let focused = self.window.driver().active_element().await;
        let focused = focused.context("Finding what has the focus")?;
        focused.send_keys(keys).await.context("Pressing keys")
    }

    /// With a modifier held.
    async fn chord(&self, modifier: &str, key: &str) -> Result<()> {
        self.press(&format!("{modifier}{key}{NULL}")).await
    }

    /// What the focus is on: its test id, or its name; none where it is lost.
    async fn focus(&self) -> Option<String> {
        let script = "const at = document.activeElement;
            if (at === null || at === document.body || !at.checkVisibility()) return null;
            return at.dataset.testid ?? at.getAttribute('aria-label') ?? at.localName;";
        let told = self.window.script(script).await.ok()?;
        told.as_str().map(str::to_owned)
    }

    /// Waits until the focus is on this.
    async fn is_on(&self, testid: &str) -> Result<()> {
        let mut last = None;
        let found = until(&format!("the focus on {testid}"), async || {
            last = self.focus().await;
            (last.as_deref() == Some(testid)).then_some(())
        })
        .await;
        found.with_context(|| format!("It is on {last:?}"))
    }

    /// Waits until the focus is on the row of this client.
    async fn is_on_row(&self, client: &str) -> Result<()> {
        let script = "return document.activeElement?.querySelector?.('.name')?.textContent ?? null";
        let mut last = json!(null);
        let found = until(&format!("the focus on the row of {client}"), async || {
            last = self.window.script(script).await.ok()?;
            (last == json!(client)).then_some(())
        })
        .await;
        found.with_context(|| format!("It is on {last}"))
    }

    /// Opens something, closes it by Esc, and finds the focus where it was.
    async fn opens_and_closes(&self, what: &str, open: impl AsyncFn() -> Result<()>) -> Result<()> {
        let before = self.focus().await.context("a focus")?;
        open().await?;
        self.window.find(what).await?;
        until(&format!("the focus in {what}"), async || {
            let script = format!(
                "return document.querySelector('[data-testid=\"{what}\"]')
                    .contains(document.activeElement)"
            );
            let is_in = self.window.script(&script).await.ok()?;
            is_in.as_bool()?.then_some(())
        })
        .await?;
        self.press(ESCAPE).await?;
        self.window.is_gone(what).await?;
        self.is_on(&before)
            .await
            .with_context(|| format!("after {what}"))
    }
}

#[tokio::test]
async fn the_focus_comes_back_from_whatever_was_open() -> Result<()> {
    let desk = Desk::open().await?;
    let olga = CLIENTS[0].1;
    desk.window.click_on_text(testids::CHAT_ROW, olga).await?;
    desk.is_on(testids::COMPOSER).await?;
    for (what, modifier, key) in [
        (testids::PALETTE, CONTROL, "k"),
        (testids::SHORTCUTS, CONTROL, "/"),
        ("transfer", ALT, "t"),
    ] {
        desk.opens_and_closes(what, async || desk.chord(modifier, key).await)
            .await?;
    }
    // From the list of keys on to how they are set, and back to where one was.
    desk.opens_and_closes(testids::KEYS, async || {
        desk.chord(CONTROL, "/").await?;
        desk.window.find(testids::SHORTCUTS_CHANGE).await?;
        desk.is_on(testids::SHORTCUTS_CHANGE).await?;
        desk.press(ENTER).await
    })
    .await?;
    // What takes the place of the lists, and Esc from there.
    desk.chord(CONTROL, "4").await?;
    desk.is_on(testids::ARCHIVE_SEARCH).await?;
    for (key, shown) in [
        ("5", "supervision"),
        ("6", "management"),
        (",", "settings-page"),
    ] {
        desk.chord(CONTROL, key).await?;
        desk.window.find(shown).await?;
        until("a focus", async || desk.focus().await).await?;
        desk.press(ESCAPE).await?;
        desk.window.is_gone(shown).await?;
        until(&format!("a focus after {shown}"), async || {
            desk.focus().await
        })
        .await?;
        desk.window.click_on_text(testids::CHAT_ROW, olga).await?;
        desk.is_on(testids::COMPOSER).await?;
    }
    // A dialog of the management.
    desk.chord(CONTROL, "6").await?;
    desk.window.click("section-operators").await?;
    desk.window.click(testids::OPERATOR_ADD).await?;
    desk.is_on(testids::OPERATOR_LOGIN).await?;
    desk.press(ESCAPE).await?;
    desk.window.is_gone(testids::OPERATOR_LOGIN).await?;
    desk.is_on(testids::OPERATOR_ADD).await?;
    desk.boris.leave().await;
    desk.window.close().await
}

#[tokio::test]
async fn the_focus_stays_in_the_list_when_a_chat_leaves_it() -> Result<()> {
    let desk = Desk::open().await?;
    let [olga, petr, irina, fedor] = CLIENTS.map(|(_, name)| name);
    desk.window.click(testids::FILTER).await?;
    desk.chord(CONTROL, "3").await?;
    desk.is_on_row(olga).await?;
    desk.press(DOWN).await?;
    desk.is_on_row(petr).await?;
    // Somebody else takes the chat on whose row I am.
    let takes = async |client: &str| -> Result<()> {
        let chat = desk.boris.sees_queued(client).await?;
        desk.boris.replies(chat, "Добрый день!").await?;
        desk.boris.sees_in_work(client).await.map(drop)
    };
    takes(petr).await?;
    desk.is_on_row(irina).await?;
    // The same for a chat that I have open: the list goes on from where it stood.
    desk.press(ENTER).await?;
    desk.is_on(testids::COMPOSER).await?;
    takes(irina).await?;
    desk.is_on_row(fedor).await?;
    // The last of a group: the one before it.
    takes(fedor).await?;
    desk.is_on_row(olga).await?;
    // And where none is left there is still something to go on from.
    takes(olga).await?;
    until("a focus where the list is empty", async || {
        desk.window
            .find_css_now("[data-testid='chat-row']")
            .await
            .is_none()
            .then_some(())?;
        desk.focus().await
    })
    .await?;
    desk.boris.leave().await;
    desk.window.close().await
}

#[tokio::test]
async fn what_is_done_with_a_chat_leaves_the_focus_in_it() -> Result<()> {
    let desk = Desk::open().await?;
    let olga = CLIENTS[0].1;
    desk.window.click_on_text(testids::CHAT_ROW, olga).await?;
    desk.is_on(testids::COMPOSER).await?;
    desk.press("Добрый день!").await?;
    desk.press(ENTER).await?;
    desk.window.has_value(testids::COMPOSER, "").await?;
    desk.boris.loses(olga).await?;
    // Closed and taken back by the keyboard alone, then closed for good: there is no composer then.
    desk.chord(ALT, "e").await?;
    desk.window.find(testids::PENDING_UNDO).await?;
    until("a focus", async || desk.focus().await).await?;
    desk.chord(ALT, "z").await?;
    desk.window.is_gone(testids::PENDING).await?;
    until("a focus", async || desk.focus().await).await?;
    desk.chord(ALT, "e").await?;
    desk.window.find(testids::PENDING).await?;
    desk.window.is_gone(testids::PENDING).await?;
    desk.window.is_gone(testids::COMPOSER).await?;
    until("a focus where nothing can be written", async || {
        desk.focus().await
    })
    .await?;
    desk.boris.leave().await;
    desk.window.close().await
}

#[tokio::test]
async fn what_comes_is_told_once_to_those_who_listen() -> Result<()> {
    let desk = Desk::open().await?;
    let olga = CLIENTS[0].1;
    let told = async |text: &str| -> Result<usize> {
        let script = format!(
            "return [...document.querySelectorAll('[data-testid=spoken] p')]
                .filter((one) => one.textContent.includes({text:?})).length"
        );
        let n = desk.window.script(&script).await?;
        Ok(usize::try_from(n.as_u64().context("a number")?)?)
    };
    let is_told = async |text: &str| {
        until(&format!("{text:?} is told"), async || {
            (told(text).await.ok()? > 0).then_some(())
        })
        .await
    };
    desk.window.click_on_text(testids::CHAT_ROW, olga).await?;
    desk.window
        .find_with_text(testids::ENTRY, "Здравствуйте!")
        .await?;
    desk.is_on(testids::COMPOSER).await?;
    let phone = desk.phones.first().context("Olga's phone")?;
    phone.write("Есть кто-нибудь?").await?;
    is_told("Ольга Выдумкина: Есть кто-нибудь?").await?;
    // My own is not told, a chat that comes into the queue is.
    desk.press("Да, слушаю вас").await?;
    desk.press(ENTER).await?;
    phone.receives("Да, слушаю вас").await?;
    let zoya = desk
        .office
        .phones
        .client("79000000005", "Зоя Мнимая", false);
    zoya.await?.write("Добрый день").await?;
    is_told("Зоя Мнимая").await?;
    phone.write("Спасибо").await?;
    is_told("Ольга Выдумкина: Спасибо").await?;
    for (text, n) in [
        ("Есть кто-нибудь?", 1),
        ("Зоя Мнимая", 1),
        ("Да, слушаю вас", 0),
        ("Здравствуйте!", 0),
    ] {
        assert_eq!(told(text).await?, n, "{text}");
    }
    desk.boris.leave().await;
    desk.window.close().await
}

//! Banners, recorded on the session bus. One test, since a bus has one notification daemon.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use pult_domain::{ChatId, Place};
use pult_panel::view::ChatDeed;
use pult_tests::bus::{Banner, Banners};
use pult_tests::office::Office;
use pult_tests::panels::Seat;
use pult_tests::phones::Phone;
use pult_tests::testids;
use pult_tests::until::until;
use pult_tests::walk::LOOKS;
use pult_tests::window::Window;
use reqwest::Method;
use serde_json::json;

use crate::OLGA;

const PAVEL: &str = "Павел Небывалов";
const IGOR: &str = "Игорь Выдумкин";

/// So many comments stand above the one that is looked for: more than the window shows.
const N_BEFORE: usize = 60;

/// Anna at a window and with a laptop that she does not look at, Boris at a panel, and three clients.
struct Scene {
    // The window before the office, whose folder it uses.
    window: Window,
    laptop: Seat,
    boris: Seat,
    olga: Phone,
    pavel: Phone,
    igor: Phone,
    office: Office,
    banners: Banners,
}

/// Anna looks at something else: her window is out of sight, and the panel knows.
async fn looks_elsewhere(window: &Window) -> Result<()> {
    window.driver().minimize_window().await?;
    until("the page knows that it is out of sight", async || {
        let is_hidden = "return document.hidden && !document.hasFocus()";
        window
            .script(is_hidden)
            .await
            .ok()?
            .as_bool()?
            .then_some(())
    })
    .await?;
    // The page has told the panel, but who knows whether it has arrived: this has.
    invokes(window, "watch", "{ chatId: null, inFront: false }").await
}

async fn invokes(window: &Window, command: &str, arguments: &str) -> Result<()> {
    let ask = format!(
        "const done = arguments[0];
        window.__TAURI_INTERNALS__.invoke('{command}', {arguments}).then(() => done());"
    );
    window.driver().execute_async(&ask, Vec::new()).await?;
    Ok(())
}

impl Scene {
    async fn open() -> Result<Self> {
        let banners = Banners::record().await?;
        let office = Office::open().await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let boris = office.operator("boris", "Борис Образцов").await?;
        let desk = office.panel_dir("anna");
        office.sign_in(&anna, &desk).await?;
        let seat =
            async |whose, name| Seat::take(whose, office.address(), &office.panel_dir(name)).await;
        let phone = async |n: u8, name| {
            let number = format!("7900000000{n}");
            office.phones.client(&number, name, false).await
        };
        let window = Window::open(&desk).await?;
        window.look(LOOKS[0]).await?;
        Ok(Self {
            window,
            laptop: seat(&anna, "laptop").await?,
            boris: seat(&boris, "boris").await?,
            olga: phone(1, OLGA).await?,
            pavel: phone(2, PAVEL).await?,
            igor: phone(3, IGOR).await?,
            office,
            banners,
        })
    }

    async fn appears(&self, title: &str) -> Result<Banner> {
        let what = format!("a banner \"{title}\"");
        self.banners.appears(&what, |one| one.title == title).await
    }

    /// A new chat: text is text, and a button leads into the composer.
    async fn a_new_chat(&self) -> Result<()> {
        let Self { window, olga, .. } = self;
        looks_elsewhere(window).await?;
        olga.write("Есть ли <b>скидки</b> & акции?").await?;
        let new = self.appears(&format!("Новый чат: {OLGA}")).await?;
        let escaped = "&lt;b&gt;скидки&lt;/b&gt; &amp; акции";
        assert!(new.body.contains(escaped), "{}", new.body);
        assert!(!new.replaces && new.is_silent);
        let (names, words): (Vec<_>, Vec<_>) = new.actions.iter().cloned().unzip();
        assert_eq!(names, ["default", "reply"]);
        assert_eq!(words, ["Открыть", "Ответить"]);
        self.banners
            .click_until((&new, "reply"), "the chat is open", async || {
                window.has(testids::CONVERSATION_TITLE).await
            })
            .await?;
        window
            .find_with_text(testids::CONVERSATION_TITLE, OLGA)
            .await?;
        let has_cursor = "return document.activeElement?.dataset.testid === 'composer'";
        until("the cursor is where one writes", async || {
            let has_cursor = window.script(has_cursor).await.ok()?;
            (has_cursor == json!(true)).then_some(())
        })
        .await?;
        window.type_into(testids::COMPOSER, "Слушаю вас").await?;
        window.click(testids::SEND).await?;
        olga.receives("Слушаю вас").await.map(drop)
    }

    /// A message in a chat of mine; read on the other device, its banner goes.
    async fn a_message(&self) -> Result<()> {
        looks_elsewhere(&self.window).await?;
        self.olga.write("А доставка?").await?;
        let message = self.appears(OLGA).await?;
        assert_eq!(message.body, "А доставка?");
        let chat = self.laptop.sees_in_work(OLGA).await?;
        self.laptop.panel.mark_read(chat, Place(i64::MAX)).await?;
        self.banners.is_closed(&message).await
    }

    /// Somebody else takes a chat from the queue, and calls me into it.
    async fn a_mention(&self) -> Result<ChatId> {
        let Self { pavel, boris, .. } = self;
        pavel.write("Добрый день").await?;
        let new = self.appears(&format!("Новый чат: {PAVEL}")).await?;
        let chat = boris.sees_queued(PAVEL).await?;
        boris.replies(chat, "Здравствуйте").await?;
        self.banners.is_closed(&new).await?;
        pavel.receives("Здравствуйте").await?;
        for n in 1..=N_BEFORE {
            let seen = boris.timeline(chat).await?.draft_revision;
            let text = format!("Для памяти, {n}");
            boris.panel.comment(chat, text, Vec::new(), seen).await?;
        }
        let seen = boris.timeline(chat).await?.draft_revision;
        let ask = "Аня, это по твоей части".to_owned();
        let anna = self.laptop.operator.id;
        boris
            .panel
            .comment(chat, ask.clone(), vec![anna], seen)
            .await?;
        let mention = self.appears(&format!("{PAVEL}: вас позвали в чат")).await?;
        assert_eq!(mention.body, ask);
        self.a_click_leads_past_what_is_unread(&mention).await?;
        pavel.write("Вы тут?").await?;
        let observed = self.appears(&format!("{PAVEL} (вы наблюдаете)")).await?;
        assert_eq!(observed.body, "Вы тут?");
        Ok(chat)
    }

    /// A click leads to the mention, however much of the chat was not read before it.
    async fn a_click_leads_past_what_is_unread(&self, mention: &Banner) -> Result<()> {
        let Self { window, .. } = self;
        let is_there = format!(
            "const list = document.querySelector('[data-testid=conversation] .history');
            const all = [...(list?.querySelectorAll('.entry') ?? [])];
            const entry = all.find((one) => one.textContent.includes({:?}));
            if (entry === undefined) return false;
            const [inner, outer] = [entry.getBoundingClientRect(), list.getBoundingClientRect()];
            return inner.top >= outer.top && inner.bottom <= outer.bottom;",
            mention.body
        );
        let shows_it = async || {
            let shown = window.script(&is_there).await.ok();
            shown.is_some_and(|shown| shown == json!(true))
        };
        let click = (mention, "default");
        self.banners
            .click_until(click, "the message is on the screen", shows_it)
            .await?;
        looks_elsewhere(window).await
    }

    /// It is given to me with a note, closed, and open again.
    async fn a_chat_that_becomes_mine(&self, chat: ChatId) -> Result<()> {
        let Self { pavel, laptop, .. } = self;
        let to = laptop.operator.id;
        let note = Some("Обещали скидку".to_owned());
        let give = ChatDeed::Transfer { to, note };
        self.boris.panel.act(chat, give).await?;
        let given = self.appears(&format!("Чат передан вам: {PAVEL}")).await?;
        assert_eq!(given.body, "Обещали скидку");
        laptop.sees_in_work(PAVEL).await?;
        laptop.panel.act(chat, ChatDeed::Close).await?;
        laptop.loses(PAVEL).await?;
        pavel.write("Ещё вопрос").await?;
        let reopened = self.appears(&format!("Чат снова у вас: {PAVEL}")).await?;
        assert_eq!(reopened.body, "Ещё вопрос");
        Ok(())
    }

    /// A reply that fails for good, and a click on what tells of it.
    async fn a_failure(&self, chat: ChatId) -> Result<()> {
        let fails = json!({ "failed_code": 131_026, "to": self.pavel.number });
        let phones = &self.office.phones;
        phones
            .control(Method::POST, "faults/sends", Some(fails))
            .await
            .context("Letting a message fail")?;
        self.laptop.sees_in_work(PAVEL).await?;
        self.laptop.replies(chat, "Да, конечно").await?;
        let failed = self.appears(&format!("Не доставлено: {PAVEL}")).await?;
        let opens = async || {
            let title =
                "return document.querySelector('[data-testid=conversation]')?.dataset.chatId";
            let shown = self.window.script(title).await.ok();
            shown.is_some_and(|shown| shown == json!(chat))
        };
        let click = (&failed, "default");
        self.banners
            .click_until(click, "its chat is open", opens)
            .await
    }

    /// What the program told goes with it.
    async fn an_end(self) -> Result<()> {
        self.pavel.write("И ещё одно").await?;
        let told = self.appears(PAVEL).await?;
        self.laptop.leave().await;
        self.boris.leave().await;
        // The driver would not let it end in order.
        let quit = "setTimeout(() => window.__TAURI_INTERNALS__.invoke('quit')); return true";
        // The window may be gone before the driver can answer; that it ends in order is seen next.
        drop(self.window.script(quit).await);
        self.window.ends().await?;
        self.banners.is_closed(&told).await
    }

    /// Nobody answers for long; what was written is not to be shown.
    async fn a_long_wait(&self) -> Result<()> {
        looks_elsewhere(&self.window).await?;
        let soon = "{ settings: { kinds: {}, hide_text: true, queue_waits_s: 1, quiet_until: null,
            quiet_hours: null, quiet_when_away: false, mentions_break_through: true } }";
        invokes(&self.window, "set_notification_settings", soon).await?;
        self.igor.write("Тайна").await?;
        let hidden = self.appears(&format!("Новый чат: {IGOR}")).await?;
        assert_eq!(hidden.body, "");
        let waits = self.appears("Клиент ждёт в очереди").await?;
        assert!(waits.body.starts_with(IGOR), "{}", waits.body);
        let chat = self.boris.sees_queued(IGOR).await?;
        self.boris.replies(chat, "Слушаю").await?;
        self.banners.is_closed(&waits).await
    }
}

#[tokio::test]
async fn each_kind_has_one_banner_and_a_click_opens_its_chat() -> Result<()> {
    let scene = Scene::open().await?;
    scene.a_new_chat().await?;
    scene.a_message().await?;
    let chat = scene.a_mention().await?;
    scene.a_chat_that_becomes_mine(chat).await?;
    scene.a_failure(chat).await?;
    scene.a_long_wait().await?;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for Banner { title, .. } in scene.banners.shown() {
        *times.entry(title).or_default() += 1;
    }
    assert!(times.values().all(|n| *n == 1), "{times:?}");
    scene.an_end().await
}

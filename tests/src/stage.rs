//! The stage: every view, dialog and menu of the window, each as it comes about in an office.
//!
//! The one list of them, for the pictures and for the examination of what they are to those who use a
//! keyboard, a screen reader or larger text.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;
use pult_domain::{ChatId, ReadyAnswerId, Role};
use pult_panel::view::ChatDeed;
use pult_protocol::{AnswerScope, ComposerMode, ReadyAnswerBody};

use crate::office::{Office, Operator};
use crate::panels::Seat;
use crate::refusals::{self, REFUSALS};
use crate::taskbar::Taskbar;
use crate::until::until;
use crate::walk::{LOOKS, Walk};
use crate::window::Window;
use crate::{clients, past, testids};

/// Who is looked at over the shoulder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// An operator, from signing in to the archive
    Day,
    /// A supervisor, and everything that can be refused
    Supervision,
    /// A supervisor before everybody's chats
    Oversight,
    /// A supervisor before the figures of a month
    Figures,
    /// Ready answers, and the link to the company
    Answers,
    /// An administrator among operators, devices, channels and the log of acts
    Administration,
    /// The icon in a real tray and notifications of a real service: taken only if asked for, since it
    /// needs `xfce4-panel`, `dunst` and the `import`
    Desktop,
}

impl Part {
    /// Those with views of the window.
    pub const VIEWS: [Self; 6] = [
        Self::Day,
        Self::Supervision,
        Self::Oversight,
        Self::Figures,
        Self::Answers,
        Self::Administration,
    ];

    /// Walks through its views.
    ///
    /// # Errors
    /// When one of them cannot be brought about, or the walk has something against it.
    pub async fn show(self, walk: &Walk) -> Result<()> {
        match self {
            Self::Day => day(walk).await,
            Self::Supervision => supervision(walk).await,
            Self::Oversight => oversight(walk).await,
            Self::Figures => figures(walk).await,
            Self::Answers => answers(walk).await,
            Self::Administration => administration(walk).await,
            Self::Desktop => match walk.folder() {
                Some(folder) => desktop(folder).await,
                None => Ok(()),
            },
        }
    }
}

/// Enter, as the driver types it.
const ENTER: &str = "\u{e007}";
/// The keys of the palette, and those of the list of shortcuts.
const CONTROL_K: &str = "\u{e009}k";
const CONTROL_SLASH: &str = "\u{e009}/";

/// The panel on a desktop as people have it, in both languages.
async fn desktop(dir: &Path) -> Result<()> {
    for look in [LOOKS[0], LOOKS[2]] {
        let home = tempfile::tempdir().context("Making a folder")?;
        let taskbar = Taskbar::start(home.path()).await?;
        let mut office = Office::open().await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let boris = office.operator("boris", "Борис Образцов").await?;
        let panel_dir = office.panel_dir("anna");
        office.sign_in(&anna, &panel_dir).await?;
        let window = Window::open_with(&panel_dir, &taskbar.bus.envs(&panel_dir), &[]).await?;
        window.look(look).await?;
        let picture = async |name: &str| {
            let file = format!("desktop-{name}-{}.png", look.language);
            taskbar.picture(&dir.join(file)).await
        };
        picture("live").await?;
        window.driver().minimize_window().await?;
        let name = "Ольга Выдумкина";
        let olga = office.phones.client("79000000001", name, false).await?;
        olga.write("Есть ли <b>скидки</b> & акции?").await?;
        picture("new-chat").await?;
        let boris = Seat::take(&boris, office.address(), &office.panel_dir("boris")).await?;
        let chat = boris.sees_queued(name).await?;
        boris.replies(chat, "Здравствуйте!").await?;
        let seen = boris.timeline(chat).await?.draft_revision;
        let (ask, whom) = ("Аня, это по твоей части".to_owned(), vec![anna.id]);
        boris.panel.comment(chat, ask, whom, seen).await?;
        picture("mention").await?;
        office.stop().await?;
        picture("offline").await?;
        window.close().await?;
        boris.leave().await;
    }
    Ok(())
}

/// An operator's day, from signing in to the archive.
async fn day(walk: &Walk) -> Result<()> {
    let mut office = Office::open().await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    let ivan = office.operator("ivan", "Иван Образцов").await?;
    office.operator("maria", "Мария Выдумщикова").await?;
    office.supervisor("vera", "Вера Выдуманная").await?;

    let nobody = Window::open(&office.panel_dir("nobody")).await?;
    walk.add("sign-in", &nobody, None).await?;
    nobody.close().await?;

    let (anna_dir, ivan_dir) = (office.panel_dir("anna"), office.panel_dir("ivan"));
    office.sign_in(&anna, &anna_dir).await?;
    let window = Window::open(&anna_dir).await?;
    walk.add("empty", &window, None).await?;
    window.understands_key_store().await?;

    clients::begin(&office.phones).await?;
    window.find_with_text(testids::CHAT_ROW, "Ольга").await?;
    walk.add("queue", &window, None).await?;
    walk.add("queued-chat", &window, Some("Ольга")).await?;

    answer(
        &window,
        "Ольга",
        "Здравствуйте! Да, серая «Лагуна» есть, доставим за два дня.",
    )
    .await?;
    window.find_state(testids::TICK, "read").await?;
    walk.add("own-chat", &window, Some("Ольга")).await?;
    elsewhere(walk, &office, &window, &anna).await?;

    let ivan = Seat::take(&ivan, office.address(), &ivan_dir).await?;
    colleagues(walk, &window, &ivan).await?;
    let (window, petr) = beaten(walk, &mut office, window, &ivan).await?;
    observed(walk, &window, &ivan, petr).await?;
    own(walk, &window).await?;
    archive(walk, &window).await?;
    window.close().await?;
    ivan.leave().await;
    office.stop().await
}

/// Ivan is at a chat of the queue, too, and what Anna says of herself.
async fn colleagues(walk: &Walk, window: &Window, ivan: &Seat) -> Result<()> {
    let chat = ivan.sees_queued("Пётр Небылицын").await?;
    let typing = Some(ComposerMode::Reply);
    walk.add_after("onlookers", window, async || {
        ivan.panel.used(Duration::ZERO);
        ivan.panel.watch(Some(chat), true, typing).await?;
        window.click_on_text(testids::CHAT_ROW, "Пётр").await?;
        window
            .find_with_text(testids::ONLOOKERS, "Иван")
            .await
            .map(drop)
    })
    .await?;
    ivan.panel.watch(None, false, None).await?;
    walk.add_at_each_width("own-presence", window, async || {
        if window.has(testids::BACK).await && !window.has(testids::OWN_PRESENCE).await {
            window.click(testids::BACK).await?;
        }
        // A change of the width closes it, as soon as the page hears of that.
        until("one's own presence is open", async || {
            if !window.has(testids::OWN_AWAY).await {
                window.click(testids::OWN_PRESENCE).await.ok()?;
            }
            window.has(testids::OWN_AWAY).await.then_some(())
        })
        .await
    })
    .await
}

/// Anna writes at another device while the caret is in the composer here.
async fn elsewhere(walk: &Walk, office: &Office, window: &Window, anna: &Operator) -> Result<()> {
    let desk = Seat::take(anna, office.address(), &office.panel_dir("anna-desk")).await?;
    let chat = desk.sees_in_work("Ольга Выдумкина").await?;
    let writes = async |text: String| -> Result<()> {
        let seen = desk.timeline(chat).await?.draft_revision;
        let written = desk
            .panel
            .set_draft(chat, ComposerMode::Reply, text, Vec::new(), seen);
        Ok(written.await?)
    };
    let n_written = Cell::new(0);
    walk.add_after("elsewhere", window, async || {
        window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
        window.click(testids::COMPOSER).await?;
        n_written.set(n_written.get() + 1);
        let days = n_written.get();
        writes(format!("Сборка займёт дней: {days}, мастера пришлём")).await?;
        window.find(testids::ELSEWHERE).await.map(drop)
    })
    .await?;
    window.script("document.activeElement.blur()").await?;
    writes(String::new()).await?;
    window.has_value(testids::COMPOSER, "").await?;
    desk.leave().await;
    Ok(())
}

/// Without a network Anna answers a client whom Ivan has answered before. Tells her new window, and
/// the chat.
async fn beaten(
    walk: &Walk,
    office: &mut Office,
    window: Window,
    ivan: &Seat,
) -> Result<(Window, ChatId)> {
    // Somebody else was first: the window is held up by nothing but the backend's own order.
    office.stop().await?;
    window.find(testids::CONNECTION_BAR).await?;
    answer(
        &window,
        "Пётр",
        "Пётр, добрый день! Уже выясняю, где курьер.",
    )
    .await?;
    walk.add("offline", &window, Some("Пётр")).await?;
    window.close().await?;
    office.start().await?;
    let petr = ivan.sees_queued("Пётр Небылицын").await?;
    ivan.is_live().await?;
    ivan.replies(petr, "Добрый день! Курьер приедет сегодня до 20:00.")
        .await?;
    ivan.sees_in_work("Пётр Небылицын").await?;
    let window = Window::open(&office.panel_dir("anna")).await?;
    window.find(testids::SHELL_ROW).await?;
    walk.add("taken", &window, None).await?;
    walk.add_after("taken-text", &window, async || {
        window.click(testids::SHELL_ROW).await?;
        window.find(testids::HELD).await.map(drop)
    })
    .await?;
    window.click(testids::HELD_DISCARD).await?;
    window.is_gone(testids::SHELL_ROW).await?;
    Ok((window, petr))
}

/// A chat of a colleague, into which Anna is called.
async fn observed(walk: &Walk, window: &Window, ivan: &Seat, petr: ChatId) -> Result<()> {
    let anna = ivan
        .sees("who Anna is", |now| {
            let anna = now
                .operators
                .iter()
                .find(|one| one.name.starts_with("Анна"));
            anna.map(|anna| anna.id)
        })
        .await?;
    let seen = ivan.timeline(petr).await?.draft_revision;
    let said = "@Анна Примерова подскажите, когда был прошлый заказ?".to_owned();
    ivan.panel.comment(petr, said, vec![anna], seen).await?;
    window.find_with_text(testids::CHAT_ROW, "Пётр").await?;
    walk.add_after("observed", window, async || {
        window.click_on_text(testids::CHAT_ROW, "Пётр").await?;
        window.find(testids::COMPOSER).await?;
        // It tells of the comment, and lies over it.
        window.is_gone("toast").await
    })
    .await
}

/// What is done with a chat of one's own besides answering it.
async fn own(walk: &Walk, window: &Window) -> Result<()> {
    let in_comment_mode = async || {
        window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
        window.find(testids::COMPOSER).await?;
        let comment = "[data-testid='composer'][data-mode='comment']";
        if window.find_css_now(comment).await.is_none() {
            window.click(testids::COMMENT_TOGGLE).await?;
        }
        window.find_css(comment).await?;
        window.empty(testids::COMPOSER).await
    };
    walk.add_after("comment", window, in_comment_mode).await?;
    walk.add_after("mention", window, async || {
        in_comment_mode().await?;
        window.type_into(testids::COMPOSER, "@").await?;
        window.find(testids::MENTION_LIST).await.map(drop)
    })
    .await?;
    in_comment_mode().await?;
    window.click(testids::COMMENT_TOGGLE).await?;
    let menu = async || {
        window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
        window.click(testids::MENU).await?;
        window.find(testids::MENU_TRANSFER).await.map(drop)
    };
    walk.add_after("menu", window, menu).await?;
    walk.add_after("transfer", window, async || {
        menu().await?;
        window.click(testids::MENU_TRANSFER).await?;
        window.type_into(testids::TRANSFER_SEARCH, "мария").await?;
        window.find(testids::TRANSFER_SUBMIT).await.map(drop)
    })
    .await?;
    walk.add_at_each_width("card", window, async || {
        if !window.has(testids::CONVERSATION_TITLE).await {
            window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
        }
        // Beside the conversation it stays shown, above it it goes with the look.
        window.find(testids::CARD_TOGGLE).await?;
        if !window.has(testids::CARD).await {
            window.click(testids::CARD_TOGGLE).await?;
        }
        window.find(testids::CARD).await.map(drop)
    })
    .await?;
    search(walk, window).await?;
    walk.add_at_each_width("settings", window, async || {
        if !window.has(testids::SIGN_OUT).await {
            window.click(testids::SETTINGS).await?;
        }
        window.find(testids::SIGN_OUT).await.map(drop)
    })
    .await?;
    settings_below(walk, window).await?;
    keys(walk, window).await?;
    walk.add_at_each_width("announced", window, async || {
        // A change of the width closes it, as soon as the page hears of that.
        until("the list of what was announced is open", async || {
            if !window.has(testids::ANNOUNCED).await {
                window.click(testids::BELL).await.ok()?;
            }
            window.has(testids::ANNOUNCED).await.then_some(())
        })
        .await
    })
    .await
}

/// The search over what the device holds, and its filters where nothing is found.
async fn search(walk: &Walk, window: &Window) -> Result<()> {
    walk.add_at_each_width("search", window, async || {
        if window.has(testids::BACK).await {
            window.click(testids::BACK).await?;
        }
        window.empty(testids::FILTER).await?;
        window.type_into(testids::FILTER, "достав").await?;
        window.find(testids::FOUND_ENTRY).await.map(drop)
    })
    .await?;
    walk.add_at_each_width("search-filters", window, async || {
        if window.has(testids::BACK).await {
            window.click(testids::BACK).await?;
        }
        window.empty(testids::FILTER).await?;
        window.type_into(testids::FILTER, "нет такого").await?;
        window.find("search-nothing").await?;
        if !window.has("search-filters").await {
            window.click(testids::SEARCH_FILTERS_TOGGLE).await?;
        }
        window.find("search-filters").await.map(drop)
    })
    .await?;
    // The guide has no picture of them, and so they were not opened.
    if window.has("search-filters").await {
        window.click(testids::SEARCH_FILTERS_TOGGLE).await?;
    }
    window.empty(testids::FILTER).await
}

/// What stands further down in the settings.
async fn settings_below(walk: &Walk, window: &Window) -> Result<()> {
    for (name, section) in [
        ("settings-notifications", "notifications"),
        ("settings-quiet", "quiet"),
        ("settings-desktop", "desktop"),
        ("settings-device", "device"),
    ] {
        walk.add_at_each_width(name, window, async || {
            if !window.has(testids::SIGN_OUT).await {
                window.click(testids::SETTINGS).await?;
            }
            window.find(testids::SIGN_OUT).await?;
            let script =
                format!("document.getElementById('settings-section-{section}').scrollIntoView()");
            window.script(&script).await.map(drop)
        })
        .await?;
    }
    Ok(())
}

/// The keys: the list of them, setting them, and the palette.
async fn keys(walk: &Walk, window: &Window) -> Result<()> {
    walk.add_after("shortcuts", window, async || {
        window.find(testids::CHAT_ROW).await?;
        window.type_into(testids::RAIL_ARCHIVE, "?").await?;
        window.find(testids::SHORTCUTS).await.map(drop)
    })
    .await?;
    walk.add_at_each_width("keys", window, async || {
        window.find(testids::CHAT_ROW).await?;
        if !window.has(testids::KEYS).await {
            window.type_into(testids::FILTER, CONTROL_SLASH).await?;
            window.click(testids::SHORTCUTS_CHANGE).await?;
        }
        window.find(testids::KEYS).await.map(drop)
    })
    .await?;
    walk.add_at_each_width("palette", window, async || {
        window.find(testids::CHAT_ROW).await?;
        if !window.has(testids::PALETTE).await {
            window.type_into(testids::FILTER, CONTROL_K).await?;
        }
        window.find(testids::PALETTE).await.map(drop)
    })
    .await
}

async fn archive(walk: &Walk, window: &Window) -> Result<()> {
    window.look(LOOKS[0]).await?;
    window.resize(1280, 800).await?;
    window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
    window.click(testids::MENU).await?;
    window.click(testids::MENU_CLOSE).await?;
    window.find(testids::PENDING).await?;
    window.is_gone(testids::PENDING).await?;
    let in_archive = async || {
        window.click(testids::RAIL_ARCHIVE).await?;
        window.find(testids::ARCHIVE_ROW).await.map(drop)
    };
    walk.add_after("archive", window, in_archive).await?;
    walk.add_after("archive-found", window, async || {
        in_archive().await?;
        window.type_into(testids::ARCHIVE_SEARCH, "лагуна").await?;
        window.find_css("[data-testid='archive-line'] mark").await?;
        Ok(())
    })
    .await?;
    walk.add_after("archived-chat", window, async || {
        in_archive().await?;
        window.click(testids::ARCHIVE_ROW).await?;
        window.find(testids::ARCHIVED).await.map(drop)
    })
    .await
}

/// A supervisor's part, and everything that can be refused.
async fn supervision(walk: &Walk) -> Result<()> {
    let mut office = Office::open().await?;
    let vera = office.supervisor("vera", "Вера Выдуманная").await?;
    office.operator("anna", "Анна Примерова").await?;
    office.operator("maria", "Мария Выдумщикова").await?;
    let network = refusals::provoke(&office, &vera, "vera").await?;
    clients::begin(&office.phones).await?;
    let window = Window::open(&office.panel_dir("vera")).await?;
    window.understands_key_store().await?;
    let open = async |client: &str| {
        window.empty(testids::FILTER).await?;
        let keys = format!("{client}{ENTER}");
        window.type_into(testids::FILTER, &keys).await?;
        window
            .find_with_text(testids::CONVERSATION_TITLE, client)
            .await
    };
    walk.add_each(&REFUSALS.map(|one| one.name), &window, async |name| {
        let refusal = REFUSALS.iter().find(|one| one.name == name);
        open(refusal.context("Finding a refusal")?.client).await?;
        window.find(testids::HELD).await.map(drop)
    })
    .await?;
    let asked = async |client: &str, item: &str| {
        open(client).await?;
        window.click(testids::MENU).await?;
        window.click(item).await
    };
    walk.add_after("assign", &window, async || {
        asked("Светлана", testids::MENU_ASSIGN).await?;
        window.find(testids::TRANSFER_SUBMIT).await.map(drop)
    })
    .await?;
    walk.add_after("observers", &window, async || {
        asked("Светлана", testids::MENU_OBSERVERS).await?;
        let keys = format!("анна{ENTER}");
        window.type_into(testids::OBSERVERS_SEARCH, &keys).await?;
        window.find(testids::OBSERVERS_SUBMIT).await.map(drop)
    })
    .await?;
    managed(walk, &window).await?;
    // What is taken back goes within seconds if it is not: each look has a chat of its own.
    let n_closed = Cell::new(0);
    walk.add_after("pending", &window, async || {
        // That of the look before would be told in a corner.
        window.is_gone("toast").await?;
        let client = ["Ольга", "Пётр", "Светлана", "Ильдар"].get(n_closed.get());
        let client = client.context("Finding a chat for each look")?;
        n_closed.set(n_closed.get() + 1);
        open(client).await?;
        let answer = format!("Готово, всего доброго!{ENTER}");
        window.type_into(testids::COMPOSER, &answer).await?;
        window
            .find_css("[data-testid='notice'][data-what='taken']")
            .await?;
        asked(client, testids::MENU_CLOSE).await?;
        window.find(testids::PENDING).await.map(drop)
    })
    .await?;
    window.close().await?;
    drop(network);
    office.stop().await
}

/// A client whose chat stands in the supervisor's view.
struct Busy {
    number: &'static str,
    name: &'static str,
    /// What waits for an answer; none where all is answered.
    asks: Option<&'static str>,
    /// How many minutes ago they asked it.
    minutes: i64,
    /// Whose chat it is: 0 for Anna, 1 for Ivan; none in the queue.
    owner: Option<usize>,
}

const fn busy(
    number: &'static str,
    name: &'static str,
    asks: Option<&'static str>,
    minutes: i64,
    owner: Option<usize>,
) -> Busy {
    Busy {
        number,
        name,
        asks,
        minutes,
        owner,
    }
}

const BUSY: [Busy; 8] = [
    busy(
        "79000000021",
        "Зинаида Вымыслова",
        Some("Диван пришёл с пятном на подлокотнике"),
        73,
        Some(0),
    ),
    busy(
        "79000000022",
        "Аркадий Мнимый",
        Some("Когда привезут матрас?"),
        18,
        None,
    ),
    busy(
        "79000000023",
        "Константин Долгофамильев-Небывалый",
        Some("Нужен счёт на двенадцать кресел"),
        12,
        Some(1),
    ),
    busy(
        "79000000024",
        "Лариса Понарошкина",
        Some("А в белом цвете есть?"),
        8,
        None,
    ),
    busy(
        "79000000025",
        "Эльдар Сказочный",
        Some("Спасибо, жду звонка"),
        6,
        Some(0),
    ),
    busy(
        "79000000026",
        "Рената Выдумова",
        Some("Можно оплатить частями?"),
        2,
        None,
    ),
    busy(
        "79000000027",
        "Тихон Примернов",
        Some("Здравствуйте, есть ли самовывоз?"),
        0,
        None,
    ),
    busy("79000000028", "Гульнара Небылова", None, 0, Some(1)),
];

impl Busy {
    async fn begin(&self, office: &Office, seats: &[&Seat]) -> Result<()> {
        let phone = office.phones.client(self.number, self.name, true).await?;
        if let Some(seat) = self.owner.and_then(|owner| seats.get(owner)) {
            phone.write("Добрый день!").await?;
            let chat = seat.sees_queued(self.name).await?;
            let answer = "Здравствуйте! Сейчас проверю.";
            seat.replies(chat, answer).await?;
            phone.receives(answer).await?;
        }
        if let Some(asks) = self.asks {
            phone.write(asks).await?;
        }
        office.phones.idle().await
    }
}

/// Everybody's chats: the list, a chat that is read, people, and what is done with several.
async fn oversight(walk: &Walk) -> Result<()> {
    let mut office = Office::open().await?;
    let vera = office.supervisor("vera", "Вера Выдуманная").await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    let ivan = office.operator("ivan", "Иван Образцов").await?;
    office.operator("maria", "Мария Выдумщикова").await?;
    let dir = office.panel_dir("vera");
    office.sign_in(&vera, &dir).await?;
    let window = Window::open(&dir).await?;
    window.understands_key_store().await?;
    walk.add_after("oversight-empty", &window, async || {
        open_chats(&window, "oversight-nothing").await
    })
    .await?;

    let (anna_dir, ivan_dir) = (office.panel_dir("anna"), office.panel_dir("ivan"));
    let annas = Seat::take(&anna, office.address(), &anna_dir).await?;
    let ivans = Seat::take(&ivan, office.address(), &ivan_dir).await?;
    for busy in &BUSY {
        busy.begin(&office, &[&annas, &ivans]).await?;
    }
    office.stop().await?;
    for busy in BUSY.iter().filter(|busy| busy.minutes > 0) {
        past::wrote_earlier(&office, busy.name, busy.minutes)?;
    }
    window.find(testids::CONNECTION_BAR).await?;
    walk.add_after("oversight-offline", &window, async || {
        open_chats(&window, "oversight-failed").await
    })
    .await?;
    office.start().await?;
    for seat in [&annas, &ivans] {
        seat.panel.reconnect().await?;
        seat.is_live().await?;
        seat.panel.used(Duration::ZERO);
    }
    ivans.panel.set_away(true).await?;
    window.is_gone(testids::CONNECTION_BAR).await?;
    overseen(walk, &window).await?;
    several(walk, &window, &office).await?;
    window.close().await?;
    annas.leave().await;
    ivans.leave().await;
    office.stop().await
}

/// Opens the list of everybody's chats, of all that are open.
async fn open_chats(window: &Window, shown: &str) -> Result<()> {
    window.click(testids::RAIL_SUPERVISION).await?;
    window.click(testids::TAB_CHATS).await?;
    window.click("oversight-open").await?;
    window.find(shown).await.map(drop)
}

/// The lists, and what is read.
async fn overseen(walk: &Walk, window: &Window) -> Result<()> {
    let list = async || open_chats(window, testids::OVERSEEN_ROW).await;
    walk.add_after("oversight", window, list).await?;
    walk.add_after("oversight-chat", window, async || {
        list().await?;
        window
            .click_on_text(testids::OVERSEEN_ROW, "Зинаида")
            .await?;
        window
            .find_with_text(testids::ENTRY, "пятном")
            .await
            .map(drop)
    })
    .await?;
    walk.add_after("people", window, async || {
        window.click(testids::RAIL_SUPERVISION).await?;
        window.click(testids::TAB_PEOPLE).await?;
        window.find_with_text("people-row", "Иван").await.map(drop)
    })
    .await?;
    walk.add_after("oversight-search", window, async || {
        list().await?;
        window.type_into("oversight-search", "нет такого").await?;
        window.find("oversight-nothing").await.map(drop)
    })
    .await
}

/// What is done with several chats at once.
async fn several(walk: &Walk, window: &Window, office: &Office) -> Result<()> {
    let choose = async |clients: &[&str]| -> Result<()> {
        open_chats(window, testids::OVERSEEN_ROW).await?;
        for client in clients {
            let row = window.find_with_text(testids::OVERSEEN_ROW, client).await?;
            let id = row.attr("data-chat-id").await?.unwrap_or_default();
            let css = format!("[data-testid='overseen-choose'][data-chat-id='{id}']");
            window.find_css(&css).await?.click().await?;
        }
        window.find("chosen-bar").await.map(drop)
    };
    let some = ["Зинаида", "Аркадий", "Константин"];
    walk.add_after("oversight-chosen", window, async || choose(&some).await)
        .await?;
    let gives = async |clients: &[&str], to: &str| -> Result<()> {
        choose(clients).await?;
        window.click("chosen-give").await?;
        window.type_into("give-search", to).await?;
        window.find("give-note").await.map(drop)
    };
    walk.add_after("oversight-give", window, async || {
        gives(&some, "мария").await
    })
    .await?;
    walk.add_after("oversight-confirm", window, async || {
        choose(&some).await?;
        window.click("chosen-close").await?;
        window.find("confirm-submit").await.map(drop)
    })
    .await?;
    // To and fro, and each time a client writes before it happens.
    let to = Cell::new("иван");
    let zinaida = office.phones.client(BUSY[0].number, BUSY[0].name, true);
    let zinaida = zinaida.await?;
    walk.add_after("oversight-result", window, async || {
        to.set(if to.get() == "иван" {
            "мария"
        } else {
            "иван"
        });
        gives(&["Зинаида", "Эльдар"], to.get()).await?;
        window.click("give-submit").await?;
        window.find("batch-undo").await?;
        zinaida.write("Вы ещё здесь?").await?;
        window
            .find_css("[data-testid='batch'][data-over='true']")
            .await
            .map(drop)
    })
    .await
}

/// The page of figures of an office that has worked for weeks, and of one that has not.
async fn figures(walk: &Walk) -> Result<()> {
    let mut office = Office::open().await?;
    let vera = office.supervisor("vera", "Вера Выдуманная").await?;
    let vera_dir = office.panel_dir("vera");
    office.sign_in(&vera, &vera_dir).await?;
    let window = Window::open(&vera_dir).await?;
    window.understands_key_store().await?;
    let open = async |shown: &str| {
        window.click(testids::RAIL_SUPERVISION).await?;
        window.click(testids::TAB_FIGURES).await?;
        window.find(shown).await.map(drop)
    };
    walk.add_after("figures-empty", &window, async || {
        open("figures-nothing").await
    })
    .await?;
    for (login, name) in [
        ("anna", "Анна Примерова"),
        ("boris", "Борис Образцов"),
        ("maria", "Мария Выдумщикова"),
        ("ildar", "Ильдар Несуществуев"),
        ("konstantin", "Константин Долгофамильев-Небывалый"),
    ] {
        office.operator(login, name).await?;
    }
    office.stop().await?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    past::fill(&office, 30, i64::try_from(now.as_millis())?)?;
    window.find(testids::CONNECTION_BAR).await?;
    walk.add_after("figures-offline", &window, async || {
        open("figures-failed").await
    })
    .await?;
    office.start().await?;
    window.is_gone(testids::CONNECTION_BAR).await?;
    let scrolled_to = async |id: &str| {
        let script = format!("document.querySelector('[data-testid={id}]').scrollIntoView()");
        window.script(&script).await.map(drop)
    };
    walk.add_after("figures", &window, async || {
        open(testids::FIGURES_FIRST).await
    })
    .await?;
    walk.add_after("figures-people", &window, async || {
        open(testids::FIGURES_PEOPLE_TABLE).await?;
        window.click(testids::FIGURES_HOW).await?;
        scrolled_to(testids::FIGURES_PEOPLE_TABLE).await
    })
    .await?;
    walk.add_after("figures-table", &window, async || {
        open(testids::FIGURES_FIRST).await?;
        let period = window.find(testids::FIGURES_PERIOD).await?;
        period.select_by_value("month").await?;
        window.click(testids::FIGURES_DAYS_TOGGLE).await?;
        window.find(testids::FIGURES_DAYS_TABLE).await?;
        scrolled_to(testids::FIGURES_DAYS_TABLE).await
    })
    .await?;
    window.close().await?;
    office.stop().await
}

/// Ready answers where they are put in and where they are managed, and the link to the company.
async fn answers(walk: &Walk) -> Result<()> {
    let mut office = Office::open().await?;
    let vera = office.supervisor("vera", "Вера Выдуманная").await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    clients::begin(&office.phones).await?;
    let dir = office.panel_dir("vera");
    let seat = Seat::take(&vera, office.address(), &dir).await?;
    seat.is_live().await?;
    for answer in READY_ANSWERS {
        let id = ReadyAnswerId(uuid::Uuid::now_v7());
        seat.panel.put_ready_answer(id, answer.body()).await?;
    }
    seat.leave().await;

    let anna_dir = office.panel_dir("anna");
    office.sign_in(&anna, &anna_dir).await?;
    let window = Window::open(&anna_dir).await?;
    window.understands_key_store().await?;
    walk.add_after("answers", &window, async || {
        window.click_on_text(testids::CHAT_ROW, "Ольга").await?;
        window.empty(testids::COMPOSER).await?;
        window.type_into(testids::COMPOSER, "/").await?;
        window.find(testids::ANSWER_PREVIEW).await.map(drop)
    })
    .await?;
    window.close().await?;

    let window = Window::open(&dir).await?;
    window.understands_key_store().await?;
    let section = async |id: &str| {
        window.click(testids::RAIL_MANAGEMENT).await?;
        window.click(id).await
    };
    walk.add_after("managed-answers", &window, async || {
        section(testids::SECTION_ANSWERS).await?;
        window.find(testids::ANSWER_ROW).await.map(drop)
    })
    .await?;
    walk.add_after("answer-dialog", &window, async || {
        section(testids::SECTION_ANSWERS).await?;
        window.click(testids::ANSWERS_ADD).await?;
        window
            .type_into(testids::ANSWER_SHORTCUT, "два слова")
            .await?;
        let text = "Добрый день, {клиент}! Заказ собран, доставим завтра.";
        window.type_into(testids::ANSWER_TEXT, text).await
    })
    .await?;
    let table = office.dir().join("answers.csv");
    let lines = "Сокращение;Название;Текст\nпривет;;Добрый день!\nгарантия;Гарантия;Два года.\n\
                 как проехать;;От станции пять минут пешком.\nпусто;;\n";
    tokio::fs::write(&table, lines).await?;
    walk.add_after("import", &window, async || {
        section(testids::SECTION_ANSWERS).await?;
        let path = table.to_string_lossy();
        window.type_into(testids::ANSWERS_FILE, &path).await?;
        window.find(testids::IMPORT_LINES).await.map(drop)
    })
    .await?;
    walk.add_after("link", &window, async || {
        section(testids::SECTION_LINK).await?;
        window.empty(testids::LINK_TEXT).await?;
        let text = "Здравствуйте! Хочу узнать о доставке.";
        window.type_into(testids::LINK_TEXT, text).await?;
        window.find(testids::QR).await.map(drop)
    })
    .await?;
    window.close().await?;
    office.stop().await
}

/// A ready answer of the pictures.
struct Kept {
    shortcut: &'static str,
    title: &'static str,
    group: &'static str,
    text: &'static str,
}

impl Kept {
    fn body(&self) -> ReadyAnswerBody {
        ReadyAnswerBody {
            scope: AnswerScope::Company,
            shortcut: self.shortcut.to_owned(),
            title: self.title.to_owned(),
            group: self.group.to_owned(),
            text: self.text.to_owned(),
        }
    }
}

const READY_ANSWERS: [Kept; 5] = [
    Kept {
        shortcut: "привет",
        title: "Начало разговора",
        group: "Общее",
        text: "Здравствуйте, {клиент}! Меня зовут {сотрудник}. Чем помочь?",
    },
    Kept {
        shortcut: "пока",
        title: "",
        group: "Общее",
        text: "Спасибо за обращение, {клиент}! Пишите, если появятся вопросы.",
    },
    Kept {
        shortcut: "адрес",
        title: "Где мы находимся",
        group: "Магазин",
        text: "Мы на Примерной улице, 1, вход со двора.\nОткрыты каждый день с 9 до 20.",
    },
    Kept {
        shortcut: "доставка",
        title: "Сроки и цена доставки",
        group: "Магазин",
        text: "По городу доставим за два дня, 500 рублей. За город считаем отдельно.",
    },
    Kept {
        shortcut: "счёт",
        title: "Оплата по счёту",
        group: "Оплата",
        text: "Вышлю счёт в течение часа. На кого его оформить?",
    },
];

/// What supervisors set of automatic texts, hours and direction.
async fn managed(walk: &Walk, window: &Window) -> Result<()> {
    // What was asked in a dialog before is not asked any more.
    window.look(LOOKS[0]).await?;
    window.click(testids::RAIL_MANAGEMENT).await?;
    window.click("section-automatic").await?;
    for (kind, text) in [
        ("greeting", "Здравствуйте, {клиент}! Скоро ответим."),
        ("outside_hours", "Мы работаем с 9 до 18."),
        ("closed", "Спасибо, что написали!"),
    ] {
        window.click(&format!("automatic-{kind}-on")).await?;
        window
            .type_into(&format!("automatic-{kind}-text"), text)
            .await?;
    }
    window.click("automatic-save").await?;
    window.is_gone("automatic-save").await?;
    window.click("section-hours").await?;
    window.click("settings-hours-hours").await?;
    window.click("hours-exception-add").await?;
    // How a date is typed differs from one system's language to another's.
    for (day, date) in [("from", "2027-01-01"), ("until", "2027-01-08")] {
        let script = format!(
            "const field = document.querySelector('[data-testid=hours-exception-{day}]');
             field.value = '{date}';
             field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
        );
        window.script(&script).await?;
    }
    window
        .type_into("hours-exception-name", "Новый год")
        .await?;
    window.click("hours-save").await?;
    window.is_gone("hours-save").await?;
    window.click("section-directions").await?;
    window.click("direction-add").await?;
    window
        .type_into("direction-words", "счёт, акт сверки")
        .await?;
    window.click("directions-save").await?;
    window.is_gone("directions-save").await?;
    let sections = ["section-automatic", "section-hours", "section-directions"];
    let names = ["automatic-texts", "working-hours", "directions"];
    for (section, name) in sections.into_iter().zip(names) {
        walk.add_after(name, window, async || {
            window.click(testids::RAIL_MANAGEMENT).await?;
            window.click(section).await
        })
        .await?;
    }
    window.resize(1280, 800).await?;
    window.click(testids::RAIL_CHATS).await
}

/// An administrator's part.
async fn administration(walk: &Walk) -> Result<()> {
    let mut office = Office::open().await?;
    let olga = office
        .colleague("olga", "Ольга Выдуманная", Role::Administrator)
        .await?;
    let anna = office.operator("anna", "Анна Примерова").await?;
    office.operator("ivan", "Иван Образцов").await?;
    let vera = office.supervisor("vera", "Вера Небылицына").await?;
    office.integration("1С").await?;
    office.sign_in(&anna, &office.panel_dir("anna")).await?;
    office.sign_in(&olga, &office.panel_dir("olga")).await?;
    clients::begin(&office.phones).await?;
    let seat = Seat::take(&vera, office.address(), &office.panel_dir("vera")).await?;
    seat.is_live().await?;
    for answer in READY_ANSWERS.iter().take(2) {
        let id = ReadyAnswerId(uuid::Uuid::now_v7());
        seat.panel.put_ready_answer(id, answer.body()).await?;
    }
    let chat = seat.sees_queued("Пётр Небылицын").await?;
    let assign = ChatDeed::Assign { to: anna.id };
    seat.panel.act(chat, assign).await?;
    seat.loses("Пётр Небылицын").await?;
    seat.leave().await;
    let window = Window::open(&office.panel_dir("olga")).await?;
    window.understands_key_store().await?;
    let open = async |section: &str| {
        window.click(testids::RAIL_MANAGEMENT).await?;
        // In one column the list lies below the section that is open.
        if window.has("section-back").await {
            window.click("section-back").await?;
        }
        window.click(&format!("section-{section}")).await
    };
    let sections = [
        ("operators", testids::OPERATOR_ROW),
        ("sessions", "session-row"),
        ("devices", "session-row"),
        ("channels", "channel-row"),
        ("integrations", "integration-row"),
        ("company", "company-save"),
        ("audit", "audit-entry"),
    ];
    walk.add_each(&sections.map(|(name, _)| name), &window, async |name| {
        open(name).await?;
        let shown = sections.iter().find(|(section, _)| *section == name);
        let (_, shown) = shown.context("Finding a section")?;
        window.find(shown).await.map(drop)
    })
    .await?;
    // In one column: the list of sections, which lies beside each of them otherwise.
    walk.add_after("management", &window, async || {
        window.click(testids::RAIL_MANAGEMENT).await?;
        window.find("section-audit").await.map(drop)
    })
    .await?;
    walk.add_after("operator-add", &window, async || {
        open("operators").await?;
        window.click(testids::OPERATOR_ADD).await?;
        window.find(testids::OPERATOR_SAVE).await.map(drop)
    })
    .await?;
    office.stop().await?;
    window.find(testids::CONNECTION_BAR).await?;
    walk.add_after("managed-offline", &window, async || {
        open("audit").await?;
        window.find("managed-offline").await.map(drop)
    })
    .await?;
    window.close().await
}

async fn answer(window: &Window, client: &str, text: &str) -> Result<()> {
    window.click_on_text(testids::CHAT_ROW, client).await?;
    window.type_into(testids::COMPOSER, text).await?;
    window.click(testids::SEND).await?;
    window.has_value(testids::COMPOSER, "").await
}

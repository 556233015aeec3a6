//! The table of commands in the real window: each row of it by its keys, pressed as the hardware does
//! it with a Russian layout set, and what has no key by the palette.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use pult_domain::{OperatorId, Timestamp};
use pult_panel::view::ChatDeed;
use pult_tests::display::Display;
use pult_tests::office::{Office, Operator};
use pult_tests::panels::Seat;
use pult_tests::phones::Phone;
use pult_tests::testids;
use pult_tests::until::until;
use pult_tests::window::Window;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::OLGA;

const TABLE: &str = include_str!("../../../ui/src/keys/table.json");
const WORDS: &str = include_str!("../../../ui/messages/ru.json");

const PETR: &str = "Пётр Небылицын";
const IRINA: &str = "Ирина Выдумкина";
const FEDOR: &str = "Фёдор Несуществуев";
const NINA: &str = "Нина Придуманова";
const VERA: &str = "Вера Небылова";

/// A row of the table, as far as it is pressed.
#[derive(Debug, Deserialize)]
struct Row {
    keys: Vec<String>,
    typed: Option<String>,
}

/// What the panel shows, as far as it is looked at.
#[derive(Debug, Deserialize)]
struct Lists {
    in_work: Vec<Chat>,
    observed: Vec<Chat>,
    queued: Vec<Chat>,
}

#[derive(Debug, Deserialize)]
struct Chat {
    chat: ChatRow,
    pending: Option<Pending>,
    only_addressed: bool,
}

#[derive(Debug, Deserialize)]
struct ChatRow {
    client: Client,
    waiting_since: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Client {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Pending {
    to: Option<OperatorId>,
}

impl Lists {
    fn all(&self) -> impl Iterator<Item = &Chat> {
        self.in_work
            .iter()
            .chain(&self.observed)
            .chain(&self.queued)
    }
}

impl Chat {
    fn name(&self) -> &str {
        self.chat.client.name.as_deref().unwrap_or_default()
    }
}

/// Anna, a supervisor, at her window with a keyboard, in the middle of a day.
struct Desk {
    // The window before the display that it is on and the office whose folder it uses.
    window: Window,
    display: Display,
    boris: Seat,
    anna: Operator,
    phones: BTreeMap<&'static str, Phone>,
    rows: BTreeMap<String, Row>,
    words: Value,
    office: Office,
    done: BTreeSet<String>,
}

impl Desk {
    /// Olga and Petr are Anna's and wait, Fedor is Boris's and observed by Anna, Irina and Nina are
    /// in the queue, Vera's chat is closed. Olga has waited longest.
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let display = Display::open(office.dir()).await?;
        display.layout("ru").await?;
        let anna = office.supervisor("anna", "Анна Примерова").await?;
        let boris = office.operator("boris", "Борис Образцов").await?;
        let dir = office.panel_dir("boris");
        let boris = Seat::take(&boris, office.address(), &dir).await?;
        let dir = office.panel_dir("anna");
        let seat = Seat::take(&anna, office.address(), &dir).await?;
        let mut phones = BTreeMap::new();
        let clients = [OLGA, PETR, IRINA, FEDOR, NINA, VERA];
        for (n, name) in clients.into_iter().enumerate() {
            let number = format!("7900000000{}", n + 1);
            let phone = office.phones.client(&number, name, false).await?;
            phone.write("Здравствуйте!").await?;
            seat.sees_queued(name).await?;
            phones.insert(name, phone);
        }
        for name in [FEDOR, VERA] {
            let chat = boris.sees_queued(name).await?;
            boris.replies(chat, "Слушаю вас").await?;
            boris.sees_in_work(name).await?;
        }
        boris
            .panel
            .act(boris.sees_in_work(VERA).await?, ChatDeed::Close)
            .await?;
        let fedor = boris.sees_in_work(FEDOR).await?;
        let seen = boris.timeline(fedor).await?.draft_revision;
        let text = "@Анна Примерова посмотри".to_owned();
        boris
            .panel
            .comment(fedor, text, vec![anna.id], seen)
            .await?;
        for name in [OLGA, PETR] {
            let chat = seat.sees_queued(name).await?;
            seat.panel
                .act(chat, ChatDeed::Assign { to: anna.id })
                .await?;
            seat.sees_in_work(name).await?;
        }
        seat.sees("Fedor among the observed", |now| {
            now.observed.first().map(drop)
        })
        .await?;
        boris.loses(VERA).await?;
        seat.leave().await;
        Ok(Self {
            window: Window::open_on(&display, &dir).await?,
            display,
            boris,
            anna,
            phones,
            rows: serde_json::from_str(TABLE).context("Reading the table")?,
            words: serde_json::from_str(WORDS).context("Reading the words")?,
            office,
            done: BTreeSet::new(),
        })
    }

    /// Does a command by each of its keys, or from the palette if it has none, and lets `check` see
    /// to what comes of it each time.
    async fn row(
        &mut self,
        id: &str,
        check: impl AsyncFn(&Self, &str) -> Result<()>,
    ) -> Result<()> {
        let row = self.rows.get(id).with_context(|| format!("no row {id}"))?;
        ensure!(self.done.insert(id.to_owned()), "{id} is tried twice");
        if row.keys.is_empty() {
            self.take_from_palette(id)
                .await
                .with_context(|| format!("{id} from the palette"))?;
            check(self, "")
                .await
                .with_context(|| format!("{id} from the palette"))?;
        }
        for chord in &row.keys {
            if !chord.contains("Ctrl") && !chord.contains("Alt") && chord.starts_with("Key") {
                self.blur().await?;
            }
            self.display.press(chord).await?;
            check(self, chord)
                .await
                .with_context(|| format!("{id} by {chord}"))?;
        }
        Ok(())
    }

    /// The character that does the same.
    fn typed(&self, id: &str) -> Option<&str> {
        self.rows.get(id)?.typed.as_deref()
    }

    async fn press(&self, chord: &str) -> Result<()> {
        self.display.press(chord).await
    }

    /// Opens the palette, types what the command is called, and takes it.
    async fn take_from_palette(&self, id: &str) -> Result<()> {
        let words = self.words.get(format!("command_{id}"));
        let title = words.and_then(Value::as_str).context("words")?;
        self.press("Ctrl+KeyK").await?;
        self.window.type_into(testids::PALETTE_FIELD, title).await?;
        self.window
            .find_css(&format!(
                "[data-testid='palette-item'][data-key='{id}'][aria-selected='true']"
            ))
            .await?;
        self.press("Enter").await?;
        self.window.is_gone(testids::PALETTE).await
    }

    /// Waits until a script answers so.
    async fn holds(&self, what: &str, script: &str, wanted: &Value) -> Result<()> {
        let mut last = Value::Null;
        let held = until(what, async || {
            last = self.window.script(script).await.ok()?;
            (last == *wanted).then_some(())
        })
        .await;
        held.with_context(|| format!("{last} is not {wanted}"))
    }

    /// What the panel shows, as it tells the page.
    async fn lists(&self) -> Result<Lists> {
        let script = "const done = arguments[0];
            window.__TAURI_INTERNALS__.invoke('overview').then(done);";
        let told = self
            .window
            .driver()
            .execute_async(script, Vec::new())
            .await?;
        serde_json::from_value(told).context("Reading the lists")
    }

    /// Waits until the chat with a client is as wanted.
    async fn chat(&self, client: &str, wanted: impl Fn(&Chat) -> bool) -> Result<()> {
        until(&format!("the chat with {client} as wanted"), async || {
            let lists = self.lists().await.ok()?;
            lists
                .all()
                .find(|chat| chat.name() == client)
                .filter(|chat| wanted(chat))
                .map(drop)
        })
        .await
    }

    /// Waits until nothing is about to happen to the chat with a client.
    async fn nothing_pends(&self, client: &str) -> Result<()> {
        self.chat(client, |chat| chat.pending.is_none()).await
    }

    /// Whose clients wait for Anna or for anybody, the longest first.
    async fn waiting(&self) -> Result<Vec<String>> {
        let lists = self.lists().await?;
        let mut chats: Vec<&Chat> = lists.in_work.iter().chain(&lists.queued).collect();
        chats.retain(|chat| chat.chat.waiting_since.is_some());
        chats.sort_by_key(|chat| chat.chat.waiting_since);
        Ok(chats.iter().map(|chat| chat.name().to_owned()).collect())
    }

    async fn open_chat(&self, client: &str) -> Result<()> {
        self.window.click_on_text(testids::CHAT_ROW, client).await?;
        self.is_open(client).await
    }

    async fn is_open(&self, client: &str) -> Result<()> {
        let title =
            "return document.querySelector('[data-testid=conversation-title]')?.textContent";
        let what = format!("the chat with {client}");
        self.holds(&what, title, &json!(client)).await?;
        self.focused_on(testids::COMPOSER).await
    }

    async fn focused_on(&self, testid: &str) -> Result<()> {
        let script = "return document.activeElement?.dataset.testid ?? null";
        self.holds(&format!("the focus on {testid}"), script, &json!(testid))
            .await
    }

    /// Waits until the focus is on a row of the lists for this client.
    async fn focused_row(&self, client: &str) -> Result<()> {
        let script = "return document.activeElement?.querySelector?.('.name')?.textContent ?? null";
        self.holds(
            &format!("the focus on the row of {client}"),
            script,
            &json!(client),
        )
        .await
    }

    async fn blur(&self) -> Result<()> {
        self.window.script("document.activeElement?.blur()").await?;
        Ok(())
    }

    /// The neighbour of the open chat in the list.
    async fn neighbour(&self, step: i32) -> Result<String> {
        let script = format!(
            "const rows = [...document.querySelectorAll('[data-testid=chat-row]')];
            const open = rows.findIndex((row) => row.getAttribute('aria-current') === 'true');
            return rows[open + {step}].querySelector('.name').textContent"
        );
        let name = self.window.script(&script).await?;
        Ok(name.as_str().context("a name")?.to_owned())
    }

    /// The parts of the window, one after the other.
    async fn is_among_regions(&mut self) -> Result<()> {
        let region =
            "return document.activeElement?.closest('[data-region]')?.dataset.region ?? null";
        self.open_chat(IRINA).await?;
        self.row("next_region", async |desk, _| {
            desk.holds("the focus in the rail", region, &json!("rail"))
                .await
        })
        .await?;
        for part in ["list", "chat", "composer"] {
            self.press("F6").await?;
            self.holds(&format!("the focus in the {part}"), region, &json!(part))
                .await?;
        }
        self.focused_on(testids::COMPOSER).await?;
        self.row("previous_region", async |desk, _| {
            desk.holds("the focus in the history", region, &json!("chat"))
                .await
        })
        .await
    }

    /// Takes back what waits, by its key.
    async fn undo(&self) -> Result<()> {
        self.press("Alt+KeyZ").await?;
        self.window.is_gone(testids::PENDING).await
    }

    /// Waits for what is about to happen to the open chat, and takes it back.
    async fn pending(&self, action: &str) -> Result<()> {
        self.window
            .find_css(&format!("[data-testid='pending'][data-action='{action}']"))
            .await?;
        self.undo().await
    }
}

#[tokio::test]
async fn every_row_of_the_table_works_with_a_russian_layout() -> Result<()> {
    let mut desk = Desk::open().await?;
    desk.window.find_with_text(testids::CHAT_ROW, IRINA).await?;
    finds_and_goes(&mut desk).await?;
    handles_a_chat(&mut desk).await?;
    handles_other_chats(&mut desk).await?;
    writes(&mut desk).await?;
    uses_lists(&mut desk).await?;
    keeps_what_was_not_sent(&mut desk).await?;
    sets_up_the_panel(&mut desk).await?;
    comes_and_goes(&mut desk).await?;
    let all: BTreeSet<String> = desk.rows.keys().cloned().collect();
    let missed: Vec<&String> = all.difference(&desk.done).collect();
    assert!(
        missed.is_empty(),
        "no row of the table goes untried: {missed:?}"
    );
    Ok(())
}

async fn finds_and_goes(desk: &mut Desk) -> Result<()> {
    desk.row("palette", async |desk, _| {
        desk.focused_on(testids::PALETTE_FIELD).await?;
        desk.press("Escape").await?;
        desk.window.is_gone(testids::PALETTE).await
    })
    .await?;
    desk.row("search", async |desk, _| {
        desk.focused_on(testids::FILTER).await
    })
    .await?;
    desk.row("oldest_queued", async |desk, _| desk.is_open(IRINA).await)
        .await?;
    // In a ring by how long they wait.
    let ring = desk.waiting().await?;
    let at = ring
        .iter()
        .position(|name| name == IRINA)
        .context("Irina waits")?;
    let next = ring.get((at + 1) % ring.len()).context("a ring")?;
    desk.row("next_waiting", async |desk, _| desk.is_open(next).await)
        .await?;
    desk.row("previous_waiting", async |desk, _| {
        desk.is_open(IRINA).await
    })
    .await?;
    desk.press("Shift+F8").await?;
    let before = ring
        .get((at + ring.len() - 1) % ring.len())
        .context("a ring")?;
    desk.is_open(before).await?;
    desk.open_chat(IRINA).await?;
    for (id, step, chords) in [
        ("previous_chat", -1, ["Alt+ArrowUp", "KeyK"]),
        ("next_chat", 1, ["Alt+ArrowDown", "KeyJ"]),
    ] {
        let first = desk.neighbour(step).await?;
        let second = desk.neighbour(step * 2).await?;
        desk.row(id, async |desk, chord| {
            desk.is_open(if chord == chords[0] { &first } else { &second })
                .await
        })
        .await?;
    }
    let lists = desk.lists().await?;
    for (id, chats) in [
        ("group_in_work", &lists.in_work),
        ("group_observed", &lists.observed),
        ("group_queued", &lists.queued),
    ] {
        let first = chats.first().context("a chat in each group")?.name();
        desk.row(id, async |desk, _| desk.focused_row(first).await)
            .await?;
    }
    desk.is_among_regions().await?;
    desk.row("archive", async |desk, _| {
        desk.focused_on(testids::ARCHIVE_SEARCH).await
    })
    .await?;
    desk.row("supervision", async |desk, _| {
        desk.window.find(testids::OVERSEEN_ROW).await.map(drop)
    })
    .await?;
    desk.row("management", async |desk, _| {
        desk.window.find("management").await.map(drop)
    })
    .await?;
    desk.row("back", async |desk, _| {
        desk.window.is_gone("management").await
    })
    .await
}

async fn handles_a_chat(desk: &mut Desk) -> Result<()> {
    desk.open_chat(IRINA).await?;
    // The page has to know before it is asked for more.
    let status = "return document
        .querySelector('[data-testid=chat-row][aria-current=true]')?.dataset.status ?? null";
    desk.row("take", async |desk, _| {
        desk.holds("Irina's chat in work", status, &json!("in_work"))
            .await
    })
    .await?;
    let boris = desk.boris.operator.id;
    desk.row("transfer", async |desk, _| {
        // A name in the search; the first Enter chooses, and only the second one transfers.
        desk.window
            .type_into(testids::TRANSFER_SEARCH, "Борис")
            .await?;
        desk.press("Enter").await?;
        desk.focused_on(testids::TRANSFER_NOTE).await?;
        desk.nothing_pends(IRINA).await?;
        desk.press("Enter").await?;
        desk.window.find(testids::PENDING).await?;
        desk.chat(IRINA, |chat| {
            chat.pending.as_ref().and_then(|pending| pending.to) == Some(boris)
        })
        .await
    })
    .await?;
    desk.row("undo", async |desk, _| {
        desk.window.is_gone(testids::PENDING).await?;
        desk.nothing_pends(IRINA).await
    })
    .await?;
    desk.row("return_to_queue", async |desk, _| {
        desk.pending("return_to_queue").await
    })
    .await?;
    desk.row("close", async |desk, _| desk.pending("close").await)
        .await?;
    let mut others = desk.waiting().await?;
    others.retain(|name| name != IRINA);
    let next = others.first().context("somebody else waits")?;
    desk.row("close_next", async |desk, _| {
        // Who has waited longest is shown, and the corner tells of Irina.
        desk.is_open(next).await?;
        desk.window.find_with_text("toast", IRINA).await?;
        desk.press("Alt+KeyZ").await?;
        desk.window.is_gone("toast").await?;
        desk.nothing_pends(IRINA).await
    })
    .await?;
    Ok(())
}

async fn handles_other_chats(desk: &mut Desk) -> Result<()> {
    desk.open_chat(OLGA).await?;
    desk.row("no_answer", async |desk, _| {
        desk.chat(OLGA, |chat| chat.chat.waiting_since.is_none())
            .await
    })
    .await?;
    desk.row("observers", async |desk, _| {
        desk.focused_on(testids::OBSERVERS_SEARCH).await?;
        desk.press("Escape").await?;
        desk.window.is_gone("observers").await
    })
    .await?;
    desk.row("card", async |desk, _| {
        desk.window.find(testids::CARD).await?;
        desk.press("Alt+KeyC").await?;
        desk.window.is_gone(testids::CARD).await
    })
    .await?;
    desk.open_chat(FEDOR).await?;
    desk.row("only_addressed", async |desk, _| {
        desk.chat(FEDOR, |chat| chat.only_addressed).await
    })
    .await?;
    desk.row("leave", async |desk, _| desk.pending("leave").await)
        .await?;
    desk.press("Ctrl+Digit4").await?;
    desk.window
        .click_on_text(testids::ARCHIVE_ROW, VERA)
        .await?;
    desk.window.find("archived-reopen").await?;
    desk.row("reopen", async |desk, _| {
        desk.boris.sees_in_work(VERA).await.map(drop)
    })
    .await
}

async fn writes(desk: &mut Desk) -> Result<()> {
    desk.press("Ctrl+Digit1").await?;
    desk.open_chat(OLGA).await?;
    desk.row("comment", async |desk, _| {
        desk.window
            .find_css("[data-testid='composer'][data-mode='comment']")
            .await?;
        desk.press("Alt+KeyP").await?;
        desk.window
            .find_css("[data-testid='composer'][data-mode='reply']")
            .await
            .map(drop)
    })
    .await?;
    for (id, list, sign) in [
        ("mention", testids::MENTION_LIST, "@"),
        ("answer", testids::ANSWERS, "/"),
    ] {
        ensure!(desk.typed(id) == Some(sign), "{id} is typed as {sign}");
        desk.row(id, async |desk, _| {
            desk.window.has_value(testids::COMPOSER, sign).await?;
            desk.window.find(list).await?;
            desk.press("Backspace").await?;
            desk.window.is_gone(list).await?;
            desk.window.type_into(testids::COMPOSER, sign).await?;
            desk.window.find(list).await?;
            desk.press("Backspace").await?;
            desk.window.is_gone(list).await
        })
        .await?;
    }
    let olga = desk.phones.get(OLGA).context("Olga's phone")?;
    let send = desk.rows.get("send").context("no row send")?;
    for chord in &send.keys {
        desk.display.press_all(&["KeyL", "KeyF"]).await?;
        desk.window.has_value(testids::COMPOSER, "да").await?;
        desk.press(chord).await?;
        desk.window.has_value(testids::COMPOSER, "").await?;
        desk.focused_on(testids::COMPOSER).await?;
    }
    olga.receives("да").await?;
    until("both have arrived", async || {
        let all = olga.received(0, std::time::Duration::ZERO).await.ok()?;
        (all.len() == 2).then_some(())
    })
    .await?;
    desk.done.insert("send".to_owned());
    desk.display.press_all(&["KeyL", "KeyF"]).await?;
    desk.row("new_line", async |desk, _| {
        desk.window.has_value(testids::COMPOSER, "да\n").await
    })
    .await?;
    desk.row("undo_typing", async |desk, _| {
        until("less than was typed", async || {
            let left = desk.window.value(testids::COMPOSER).await.ok()?;
            (left != "да\n").then_some(())
        })
        .await
    })
    .await?;
    let less = desk.window.value(testids::COMPOSER).await?;
    desk.row("redo_typing", async |desk, _| {
        until("what was typed is back", async || {
            let now = desk.window.value(testids::COMPOSER).await.ok()?;
            (now != less).then_some(())
        })
        .await?;
        desk.press("Ctrl+KeyZ").await?;
        desk.window.has_value(testids::COMPOSER, &less).await
    })
    .await?;
    desk.window.empty(testids::COMPOSER).await
}

async fn uses_lists(desk: &mut Desk) -> Result<()> {
    desk.press("Ctrl+Digit1").await?;
    let rows = "return [...document.querySelectorAll('[data-testid=chat-row]')]
        .indexOf(document.activeElement)";
    desk.holds("the focus on the first row", rows, &json!(0))
        .await?;
    desk.press("ArrowDown").await?;
    desk.holds("the focus on the second row", rows, &json!(1))
        .await?;
    desk.row("move", async |desk, chord| {
        let at = if chord == "ArrowUp" { 0 } else { 1 };
        desk.holds("the focus moves", rows, &json!(at)).await
    })
    .await?;
    let second = "return document.querySelectorAll('[data-testid=chat-row] .name')[1].textContent";
    let second = desk.window.script(second).await?;
    let second = second.as_str().context("a name")?.to_owned();
    desk.row("open", async |desk, _| desk.is_open(&second).await)
        .await?;

    desk.press("Ctrl+Digit5").await?;
    desk.window.find(testids::OVERSEEN_ROW).await?;
    desk.press("Ctrl+KeyF").await?;
    desk.focused_on("oversight-search").await?;
    desk.press("ArrowDown").await?;
    let chosen = "return document.querySelectorAll(
        '[data-testid=overseen-choose]:checked, [data-testid=overseen-choose][aria-checked=true]',
    ).length";
    desk.row("choose", async |desk, _| {
        desk.holds("one is chosen", chosen, &json!(1)).await
    })
    .await?;
    desk.press("ArrowDown").await?;
    desk.row("choose_range", async |desk, chord| {
        if chord == "Shift+ArrowUp" {
            return desk.holds("two are chosen", chosen, &json!(2)).await;
        }
        desk.window.find("chosen-bar").await.map(drop)
    })
    .await?;
    let all = "return document.querySelectorAll('[data-testid=overseen-row]').length";
    let all = desk.window.script(all).await?;
    desk.row("choose_all", async |desk, _| {
        desk.holds("all are chosen", chosen, &all).await
    })
    .await?;
    desk.press("Escape").await?;
    desk.window.is_gone("chosen-bar").await?;

    desk.press("Ctrl+Digit6").await?;
    desk.window.click(testids::SECTION_ANSWERS).await?;
    desk.window.click(testids::ANSWERS_ADD).await?;
    desk.window
        .type_into(testids::ANSWER_SHORTCUT, "привет")
        .await?;
    desk.window
        .type_into(testids::ANSWER_TEXT, "Здравствуйте!")
        .await?;
    desk.window.click(testids::ANSWER_SAVE).await?;
    desk.window.find(testids::ANSWER_ROW).await?;
    desk.window
        .script("document.querySelector('[data-testid=answer-row] button').focus()")
        .await?;
    desk.row("delete_answer", async |desk, _| {
        desk.window.is_gone(testids::ANSWER_ROW).await?;
        desk.window.find(testids::TOAST_ACTION).await?;
        // What was deleted comes back by the key for that.
        desk.press("Alt+KeyZ").await?;
        desk.window.find(testids::ANSWER_ROW).await.map(drop)
    })
    .await?;
    desk.press("Escape").await?;
    desk.window.is_gone("management").await
}

async fn keeps_what_was_not_sent(desk: &mut Desk) -> Result<()> {
    desk.open_chat(NINA).await?;
    desk.display.press_all(&["KeyL", "KeyF"]).await?;
    desk.window.has_value(testids::COMPOSER, "да").await?;
    let nina = desk.boris.sees_queued(NINA).await?;
    desk.boris.replies(nina, "Это Борис").await?;
    desk.window.find(testids::SHELL_ROW).await?;
    desk.row("group_shells", async |desk, _| {
        desk.focused_on(testids::SHELL_ROW).await
    })
    .await?;
    desk.press("Enter").await?;
    desk.row("refused", async |desk, _| {
        let script = "return document.activeElement?.closest('[data-testid=held]') !== null";
        desk.holds("the focus in the strip", script, &json!(true))
            .await
    })
    .await
}

async fn sets_up_the_panel(desk: &mut Desk) -> Result<()> {
    desk.row("settings", async |desk, _| {
        desk.window.find(testids::SIGN_OUT).await?;
        desk.press("Escape").await?;
        desk.window.is_gone(testids::SIGN_OUT).await
    })
    .await?;
    let size = "return getComputedStyle(document.documentElement).fontSize";
    for (id, pixels) in [("text_larger", "18px"), ("text_smaller", "16px")] {
        desk.row(id, async |desk, _| {
            desk.holds("the size of the text", size, &json!(pixels))
                .await
        })
        .await?;
    }
    // In a dialog too.
    desk.display.press_all(&["Ctrl+KeyK", "Ctrl+Equal"]).await?;
    desk.holds("larger text in a dialog", size, &json!("18px"))
        .await?;
    desk.press("Escape").await?;
    desk.row("text_usual", async |desk, _| {
        desk.holds("the usual size of the text", size, &json!("16px"))
            .await
    })
    .await?;
    ensure!(desk.typed("shortcuts") == Some("?"), "? shows the sheet");
    desk.row("shortcuts", async |desk, _| {
        // Named in the layout in which was typed.
        desk.window
            .find_with_text(testids::SHORTCUTS, "Alt+Е (T)")
            .await?;
        desk.press("Escape").await?;
        desk.window.is_gone(testids::SHORTCUTS).await?;
        desk.blur().await?;
        desk.press("Shift+Digit7").await?;
        desk.window.find(testids::SHORTCUTS).await?;
        desk.press("Escape").await?;
        desk.window.is_gone(testids::SHORTCUTS).await
    })
    .await?;
    desk.row("keys", async |desk, _| {
        desk.window.find("keys-settings").await?;
        // Another key for closing: it is pressed, and does it from then on.
        desk.window
            .script(
                "document.querySelector('[data-command=close] [data-testid=keys-change]').focus()",
            )
            .await?;
        desk.display.press_all(&["Enter", "Alt+KeyT"]).await?;
        desk.window.find("keys-taken").await?;
        desk.press("Enter").await?;
        desk.window.is_gone("keys-taken").await?;
        desk.display.press_all(&["Enter", "Escape"]).await?;
        desk.window.find("keys-settings").await?;
        desk.display.press_all(&["Enter", "Alt+KeyW"]).await?;
        desk.window.find_with_text("keys-told", "Alt+Ц (W)").await?;
        desk.press("Escape").await?;
        desk.window.is_gone("keys-settings").await?;
        desk.open_chat(OLGA).await?;
        desk.press("Alt+KeyW").await?;
        desk.pending("close").await
    })
    .await?;
    Ok(())
}

async fn comes_and_goes(desk: &mut Desk) -> Result<()> {
    desk.row("notifications", async |desk, _| {
        desk.window
            .find_css("[data-testid='bell'][aria-expanded='true']")
            .await?;
        desk.press("Escape").await?;
        desk.window
            .find_css("[data-testid='bell'][aria-expanded='false']")
            .await
            .map(drop)
    })
    .await?;
    desk.row("quiet", async |desk, _| {
        desk.window
            .find_css("[data-testid='bell'][data-quiet='true']")
            .await?;
        desk.press("Alt+KeyN").await?;
        desk.window
            .find_css("[data-testid='bell'][data-quiet='false']")
            .await
            .map(drop)
    })
    .await?;
    desk.row("away", async |desk, _| {
        let away = "[data-testid='own-presence'][data-presence='away']";
        desk.window.find_css(away).await.map(drop)
    })
    .await?;
    // Offered only without a connection, so the backend is not there yet when it is asked for.
    desk.office.stop().await?;
    desk.window.find(testids::CONNECTION_BAR).await?;
    desk.row("reconnect", async |desk, _| {
        ensure!(!desk.window.has("toast").await, "it was asked for in vain");
        Ok(())
    })
    .await?;
    desk.office.start().await?;
    desk.window.is_gone(testids::CONNECTION_BAR).await?;
    let login = desk.anna.login.clone();
    let password = desk.anna.password.clone();
    desk.row("sign_out", async |desk, _| {
        // Nina's text was not sent, so it is asked first.
        desk.window.click("sign-out-force").await?;
        desk.window.find(testids::SIGN_IN_PASSWORD).await?;
        desk.window
            .has_value(testids::SIGN_IN_LOGIN, &login)
            .await?;
        desk.window
            .type_into(testids::SIGN_IN_PASSWORD, &password)
            .await?;
        desk.press("Enter").await?;
        desk.window.find(testids::COUNT_QUEUED).await.map(drop)
    })
    .await?;
    desk.row("quit", async |desk, _| {
        until("the program ends", async || {
            desk.window
                .driver()
                .current_url()
                .await
                .is_err()
                .then_some(())
        })
        .await
    })
    .await
}

#[tokio::test]
async fn what_alt_gr_writes_is_text_and_never_a_key() -> Result<()> {
    let desk = Desk::open().await?;
    desk.display.layout("de").await?;
    desk.open_chat(OLGA).await?;
    desk.press("AltGr+KeyQ").await?;
    desk.window.has_value(testids::COMPOSER, "@").await?;
    desk.press("Backspace").await?;
    desk.blur().await?;
    // J and K step through the chats, but not with AltGr.
    let open_chat = "return document.querySelector('[data-testid=conversation]').dataset.chatId";
    let open = desk.window.script(open_chat).await?;
    desk.display
        .press_all(&["AltGr+KeyJ", "AltGr+KeyK", "AltGr+KeyQ", "AltGr+KeyE"])
        .await?;
    // What was pressed before has been heard when this is.
    desk.press("Ctrl+KeyF").await?;
    desk.focused_on(testids::FILTER).await?;
    assert_eq!(desk.window.script(open_chat).await?, open);
    Ok(())
}

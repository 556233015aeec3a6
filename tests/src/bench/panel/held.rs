//! What a panel holds on the bench: made from a seed, and written straight into the file of its cache
//! while no panel has it open.

use std::path::Path;

use anyhow::{Context, Result};
use pult_domain::{
    ChannelId, ChatId, ClientId, EntryId, OperatorId, Place, Role, Status, Timestamp,
};
use pult_protocol::{
    ChatRow, ClientCard, Delivery, DeliveryState, EntryBody, EntryRow, OperatorRow, Preview,
};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

/// Messages of the chat beside which the large one is measured.
pub const SMALL: u32 = 50;

/// Colleagues who have written some of it.
const N_COLLEAGUES: u128 = 40;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How far what is held reaches back.
const PAST_MS: i64 = 365 * DAY_MS;

/// Of which size it is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Chats in all.
    pub n_chats: u32,
    /// Those of them that stand in the lists; the others are closed and kept.
    pub n_listed: u32,
    /// Entries in all.
    pub n_entries: u32,
    /// Messages of the largest chat.
    pub n_large: u32,
}

/// The two chats that are opened.
#[derive(Debug, Clone, Copy)]
pub struct Chats {
    /// The largest.
    pub large: ChatId,
    /// One of [`SMALL`] messages.
    pub small: ChatId,
}

/// A colleague of the bench, by number.
#[must_use]
pub const fn colleague(n: u128) -> OperatorId {
    OperatorId(Uuid::from_u128((1 << 100) + n % N_COLLEAGUES))
}

/// A client of the bench, by number.
#[must_use]
pub const fn client(n: u128) -> ClientId {
    ClientId(Uuid::from_u128((2 << 100) + n))
}

const fn chat(n: u128) -> ChatId {
    ChatId(Uuid::from_u128((3 << 100) + n))
}

/// Fills the cache of `me` in a panel's data folder up to `now`, in milliseconds of the epoch. Its panel
/// must have been in sync once, and closed.
///
/// # Errors
/// When the file is not there or cannot be written.
pub fn fill(data_dir: &Path, me: OperatorId, size: Size, seed: u64, now: i64) -> Result<Chats> {
    let mut file = Connection::open(cache_of(data_dir)?).context("Opening the cache")?;
    // When the power goes, so does the bench.
    file.pragma_update(None, "synchronous", "OFF")?;
    let tx = file.transaction()?;
    let channel: Vec<u8> = tx.query_row("SELECT id FROM channels", (), |row| row.get(0))?;
    let mut filling = Filling {
        tx: &tx,
        chance: StdRng::seed_from_u64(seed),
        me,
        channel: ChannelId(Uuid::from_slice(&channel)?),
        size,
        now,
        n_left: size.n_entries,
    };
    filling.colleagues()?;
    for n in 0..size.n_chats {
        filling.chat(n)?;
    }
    tx.commit()?;
    Ok(Chats {
        large: chat(0),
        small: chat(1),
    })
}

/// The one cache in a data folder.
pub(super) fn cache_of(data_dir: &Path) -> Result<std::path::PathBuf> {
    let folders = std::fs::read_dir(data_dir).context("Reading the data folder")?;
    let mut caches = folders
        .flatten()
        .map(|folder| folder.path().join("cache.sqlite"))
        .filter(|cache| cache.exists());
    caches.next().context("Nobody has been signed in there")
}

struct Filling<'a> {
    tx: &'a Transaction<'a>,
    chance: StdRng,
    me: OperatorId,
    channel: ChannelId,
    size: Size,
    now: i64,
    /// Entries that are still to be made.
    n_left: u32,
}

impl Filling<'_> {
    fn colleagues(&self) -> Result<()> {
        for n in 0..N_COLLEAGUES {
            let row = OperatorRow {
                id: colleague(n),
                name: format!("Сотрудница {n}"),
                role: Role::Operator,
                is_active: true,
            };
            self.tx.execute(
                "INSERT INTO operators (id, body) VALUES (?1, ?2)",
                params![row.id.0.into_bytes(), serde_json::to_string(&row)?],
            )?;
        }
        Ok(())
    }

    /// A chat with its entries. The first two are those that are opened and the last active of all.
    fn chat(&mut self, n: u32) -> Result<()> {
        let id = chat(n.into());
        let n_entries = self.n_entries_of(n);
        let status = match n % 4 {
            _ if n >= self.size.n_listed => Status::Closed,
            0 | 1 => Status::InWork,
            2 => Status::Queued,
            _ => Status::InWork,
        };
        let is_observed = status == Status::InWork && n % 4 == 3;
        // Nothing of it is of today: what the page says of when is the same all day.
        let ended = match n {
            0 | 1 => self.now - 2 * DAY_MS - i64::from(n),
            _ => self.now - 3 * DAY_MS - self.chance.random_range(0..PAST_MS),
        };
        let began = ended - self.chance.random_range(1..30) * DAY_MS * i64::from(n_entries) / 50;
        let mut newest = None;
        for place in 1..=n_entries {
            let share = i64::from(place) * (ended - began) / i64::from(n_entries);
            let entry = self.entry(id, place, Timestamp(began + share), status);
            self.put_entry(&entry)?;
            newest = Some(entry);
        }
        let row = ChatRow {
            id,
            channel_id: self.channel,
            client: self.client(n),
            status,
            owner_id: match status {
                Status::Queued => None,
                _ if is_observed => Some(colleague(n.into())),
                Status::InWork | Status::Closed => Some(self.me),
            },
            former_owner_id: None,
            suggested_owner_id: None,
            observer_ids: if is_observed { vec![self.me] } else { vec![] },
            waiting_since: (status == Status::Queued).then_some(Timestamp(ended)),
            last_activity_at: Timestamp(ended),
            client_wrote_at: Some(Timestamp(ended)),
            last_place: Place(n_entries.into()),
            preview: newest.map(|entry| preview(&entry)),
            fresh: false,
        };
        self.tx
            .prepare_cached("INSERT INTO chats (id, body, is_listed) VALUES (?1, ?2, ?3)")?
            .execute(params![
                id.0.into_bytes(),
                serde_json::to_string(&row)?,
                status != Status::Closed
            ])?;
        // All of it has been read.
        self.tx
            .prepare_cached("INSERT INTO marks (chat_id, read_place) VALUES (?1, ?2)")?
            .execute(params![id.0.into_bytes(), n_entries])?;
        Ok(())
    }

    /// Most talks are short, and some go on and on.
    fn n_entries_of(&mut self, n: u32) -> u32 {
        let n_chats_left = self.size.n_chats - n;
        let wanted = match n {
            0 => self.size.n_large,
            1 => SMALL,
            _ if n_chats_left == 1 => self.n_left,
            _ => {
                let average = (self.n_left / n_chats_left).max(1);
                let is_long = self.chance.random_bool(0.05);
                let most = if is_long {
                    average * 8
                } else {
                    average * 5 / 4
                };
                self.chance.random_range(1..=most.max(1))
            }
        };
        let made = wanted.clamp(1, (self.n_left + 1).saturating_sub(n_chats_left).max(1));
        self.n_left = self.n_left.saturating_sub(made);
        made
    }

    fn client(&mut self, n: u32) -> ClientCard {
        let chance = &mut self.chance;
        let name = format!("{} {}", any(chance, FIRST_NAMES), any(chance, LAST_NAMES));
        ClientCard {
            id: client(n.into()),
            own_name: chance.random_bool(0.3).then(|| format!("{name} ✨")),
            name: Some(name),
            // Of a range that is never given out.
            phone: Some(format!("7999{:07}", chance.random_range(0..10_000_000))),
            note: String::new(),
        }
    }

    fn entry(&mut self, chat_id: ChatId, place: u32, at: Timestamp, status: Status) -> EntryRow {
        let text = text(&mut self.chance);
        let by_client = place == 1 || status == Status::Queued || self.chance.random_bool(0.5);
        let author = if self.chance.random_bool(0.6) {
            self.me
        } else {
            colleague(self.chance.random_range(0..N_COLLEAGUES))
        };
        let body = match self.chance.random_range(0..100) {
            0..3 if by_client => EntryBody::InboundPlaceholder {
                placeholder: "image".to_owned(),
                caption: Some(text),
            },
            _ if by_client => EntryBody::Inbound { text },
            0..12 => {
                let is_to_me = author != self.me && self.chance.random_bool(0.1);
                EntryBody::Comment {
                    text,
                    mentions: if is_to_me { vec![self.me] } else { vec![] },
                }
            }
            _ => EntryBody::Outbound {
                text,
                delivery: Delivery {
                    state: DeliveryState::Read,
                    failure: None,
                    failure_details: None,
                },
            },
        };
        EntryRow {
            id: EntryId(Uuid::from_u128(self.chance.random())),
            chat_id,
            place: Place(place.into()),
            author_id: (!by_client).then_some(author),
            integration_id: None,
            command_id: None,
            automatic: None,
            sent_at: at,
            received_at: at,
            body,
        }
    }

    fn put_entry(&self, entry: &EntryRow) -> Result<()> {
        let is_inbound = matches!(
            entry.body,
            EntryBody::Inbound { .. } | EntryBody::InboundPlaceholder { .. }
        );
        let mentions = if let EntryBody::Comment { mentions, .. } = &entry.body
            && !mentions.is_empty()
        {
            Some(serde_json::to_string(mentions)?)
        } else {
            None
        };
        self.tx
            .prepare_cached(
                "INSERT INTO entries (chat_id, place, is_inbound, mentions, body)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                entry.chat_id.0.into_bytes(),
                entry.place.0,
                is_inbound,
                mentions,
                serde_json::to_string(entry)?
            ])?;
        Ok(())
    }
}

fn preview(entry: &EntryRow) -> Preview {
    let text = match &entry.body {
        EntryBody::Inbound { text }
        | EntryBody::Outbound { text, .. }
        | EntryBody::Comment { text, .. } => text.as_str(),
        EntryBody::InboundPlaceholder { caption, .. } => caption.as_deref().unwrap_or_default(),
        EntryBody::Notice { .. } => "",
    };
    let placeholder = if let EntryBody::InboundPlaceholder { placeholder, .. } = &entry.body {
        Some(placeholder.clone())
    } else {
        None
    };
    Preview {
        kind: entry.body.kind(),
        author_id: entry.author_id,
        text: text.chars().take(160).collect(),
        placeholder,
    }
}

/// A message of a few words: the usual ones often, rare ones and numbers now and then.
fn text(chance: &mut StdRng) -> String {
    let n_words = match chance.random_range(0..10) {
        0..6 => chance.random_range(1..10),
        6..9 => chance.random_range(8..25),
        _ => chance.random_range(20..70),
    };
    let mut text = String::new();
    for n in 0..n_words {
        if n > 0 {
            text.push_str(if chance.random_bool(0.1) { ", " } else { " " });
        }
        let word = match chance.random_range(0..100) {
            0..3 => format!("№{}", chance.random_range(1_000..1_000_000)),
            3..5 => {
                let (three, two, last) = (
                    chance.random_range(0..1_000),
                    chance.random_range(0..100),
                    chance.random_range(0..100),
                );
                format!("8 999 {three:03}-{two:02}-{last:02}")
            }
            5..25 => rare(chance),
            25..30 => any(chance, ENGLISH).to_owned(),
            _ => any(chance, USUAL).to_owned(),
        };
        text.push_str(&word);
    }
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// One of tens of thousands of words that nobody says, but that look like words.
fn rare(chance: &mut StdRng) -> String {
    let n = chance.random_range(2..4);
    let syllables = (0..n).map(|_| any(chance, SYLLABLES));
    let mut word: String = syllables.collect();
    word += any(chance, ENDINGS);
    word
}

fn any<'a>(chance: &mut StdRng, among: &[&'a str]) -> &'a str {
    among.choose(chance).copied().unwrap_or_default()
}

const FIRST_NAMES: &[&str] = &[
    "Анна",
    "Борис",
    "Вера",
    "Глеб",
    "Дарья",
    "Егор",
    "Жанна",
    "Захар",
    "Инна",
    "Кирилл",
    "Лидия",
    "Макар",
    "Нина",
    "Олег",
    "Полина",
    "Роман",
    "Софья",
    "Тимур",
    "Ульяна",
    "Фёдор",
    "Элла",
    "Юлия",
    "Яна",
    "Пётр",
    "Алёна",
    "Артём",
    "Клара",
    "Матвей",
    "Рита",
    "Семён",
];

const LAST_NAMES: &[&str] = &[
    "Выдумкина",
    "Небылицын",
    "Примерова",
    "Образцов",
    "Вымыслова",
    "Сказкин",
    "Фантазёрова",
    "Придумкин",
    "Мнимова",
    "Небывалов",
    "Легендина",
    "Баснин",
    "Мифова",
    "Тестова",
    "Пробнов",
    "Условная",
    "Кажущийся",
    "Иллюзова",
    "Миражов",
    "Грёзова",
    "Мечтаев",
    "Снова",
    "Подобнов",
    "Ненастоящих",
    "Вероятнова",
    "Гипотезин",
    "Допустимова",
    "Предполагаев",
    "Абстрактова",
    "Ничьих",
];

const USUAL: &[&str] = &[
    "и",
    "в",
    "не",
    "на",
    "я",
    "что",
    "с",
    "а",
    "у",
    "вас",
    "как",
    "по",
    "это",
    "но",
    "за",
    "к",
    "до",
    "здравствуйте",
    "добрый",
    "день",
    "спасибо",
    "пожалуйста",
    "заказ",
    "заказа",
    "заказу",
    "заказы",
    "доставка",
    "доставку",
    "доставки",
    "доставите",
    "диван",
    "дивана",
    "диваны",
    "диванов",
    "кресло",
    "кресла",
    "стол",
    "стола",
    "стулья",
    "шкаф",
    "шкафы",
    "кровать",
    "цвет",
    "цвета",
    "зелёный",
    "зелёного",
    "серый",
    "синий",
    "размер",
    "размеры",
    "цена",
    "цену",
    "сколько",
    "стоит",
    "можно",
    "нужно",
    "завтра",
    "сегодня",
    "утром",
    "вечером",
    "адрес",
    "адресу",
    "улица",
    "дом",
    "квартира",
    "подъезд",
    "этаж",
    "лифт",
    "оплата",
    "оплатить",
    "оплатила",
    "картой",
    "наличными",
    "счёт",
    "счета",
    "возврат",
    "вернуть",
    "гарантия",
    "сборка",
    "сборщик",
    "привезли",
    "привезёте",
    "ждём",
    "ждать",
    "позвоните",
    "перезвоните",
    "номер",
    "телефон",
    "менеджер",
    "магазин",
    "склад",
    "наличие",
    "есть",
    "нет",
    "ещё",
    "уже",
    "когда",
    "будет",
    "ткань",
    "ткани",
    "обивка",
    "подушки",
    "матрас",
    "ножки",
    "скидка",
    "скидки",
    "акция",
    "ёлка",
    "ёлки",
    "подарок",
    "фото",
    "пришлите",
    "отправил",
    "получила",
    "хорошо",
    "отлично",
    "жаль",
    "ошибка",
    "сломалась",
    "царапина",
    "заменить",
    "договор",
];

const ENGLISH: &[&str] = &[
    "order", "orders", "ordered", "delivery", "deliver", "sofa", "sofas", "chair", "chairs",
    "table", "hello", "thanks", "please", "price", "prices", "invoice", "refund", "size", "sizes",
    "color", "tomorrow", "today", "address", "running", "late", "payment", "paid", "box", "boxes",
    "model",
];

const SYLLABLES: &[&str] = &[
    "бра", "ве", "гу", "до", "жи", "зло", "ка", "ли", "мо", "ну", "пра", "ро", "ста", "те", "фо",
    "хри", "це", "чу", "ша", "щё", "эр", "юм", "яд", "кле", "при", "вы", "под", "сла", "тро",
    "гне",
];

const ENDINGS: &[&str] = &[
    "", "н", "ть", "ка", "ки", "ный", "ного", "ов", "ам", "ость", "ает", "или",
];

//! Fictional clients of a fictional shop for furniture and electronics, and what they write.
//!
//! The stream is bounded: each client has a few lines to begin with and a few for answers, and once
//! all are said it is quiet, but for what people write on the phones page.

use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::phones::{Phone, Phones};

/// Until the next client comes, or the same one goes on.
const PAUSE: Duration = Duration::from_secs(6);

/// How long a client thinks about an answer.
const THOUGHT: Duration = Duration::from_secs(4);

/// How many clients wait already when the office opens.
const N_WAITING: usize = 4;

/// How long one question for new messages may take.
const LISTEN: Duration = Duration::from_secs(60);

/// A client and what they say.
struct Story {
    number: &'static str,
    name: &'static str,
    /// One after the other, without waiting for an answer.
    opening: &'static [&'static str],
    /// Each after an answer of an operator.
    answers: &'static [&'static str],
}

/// Numbers are of a range that nobody has.
const STORIES: &[Story] = &[
    Story {
        number: "79000000001",
        name: "Ольга Выдумкина",
        opening: &["Здравствуйте! Диван «Лагуна» в сером цвете есть в наличии?"],
        answers: &[
            "Отлично, а доставка в субботу возможна?",
            "Тогда оформляйте, пожалуйста. Спасибо!",
        ],
    },
    Story {
        number: "79000000002",
        name: "Пётр Небылицын",
        opening: &[
            "Добрый день",
            "Заказ 4512 должны были привезти вчера, курьер так и не позвонил",
        ],
        answers: &[
            "Хорошо, жду. После 18:00 удобнее всего",
            "Привезли, всё целое. Спасибо за помощь 👍",
        ],
    },
    Story {
        number: "79000000003",
        name: "Светлана Придуманова",
        opening: &["Подскажите, робот-пылесос RV-300 справится с ковром, у которого ворс 2 см?"],
        answers: &[
            "А какая у него гарантия?",
            "Поняла, беру. Как можно оплатить?",
        ],
    },
    Story {
        number: "79000000004",
        name: "Ильдар Сказкин",
        opening: &["Купил у вас стол «Север», в коробке не хватает двух винтов M6. Как быть?"],
        answers: &["Номер заказа 4478", "Спасибо, очень выручили!"],
    },
    Story {
        number: "79000000005",
        name: "Марина Иллюзорная",
        opening: &["Здравствуйте, до скольки сегодня работает магазин на Вымышленной улице?"],
        answers: &["Успеваю, спасибо!"],
    },
    Story {
        number: "79000000006",
        name: "Георгий Миражов",
        opening: &[
            "Добрый день! Нужны 12 офисных кресел, можно счёт на организацию?",
            "Желательно с подлокотниками, чёрные",
        ],
        answers: &[
            "Реквизиты пришлю на почту. Скидка на такое количество будет?",
            "Договорились",
        ],
    },
    Story {
        number: "79000000007",
        name: "Алина Фантазёрова",
        opening: &["А можно посмотреть кухню «Прованс» вживую?"],
        answers: &[
            "Приеду в воскресенье. Замер входит в стоимость?",
            "Тогда запишите меня на 12:00",
        ],
    },
    Story {
        number: "79000000008",
        name: "Руслан Небывалов",
        opening: &["Телевизор, который я купил в мае, перестал включаться 😕"],
        answers: &["Да, чек сохранился", "Понял, привезу завтра"],
    },
    Story {
        number: "79000000009",
        name: "Екатерина Понарошкина",
        opening: &["Здравствуйте! Хочу вернуть торшер, не подошёл по высоте. Упаковка цела"],
        answers: &["А деньги вернутся на карту?", "Благодарю за быстрый ответ!"],
    },
    Story {
        number: "79000000010",
        name: "Тимур Условный",
        opening: &[
            "Есть ли рассрочка на холодильники?",
            "Интересует модель FR-520",
        ],
        answers: &["На 10 месяцев подойдёт. Что нужно для оформления?"],
    },
    Story {
        number: "79000000011",
        name: "Дарья Воображаева",
        opening: &["Доброе утро! Можно изменить адрес доставки по заказу 4530?"],
        answers: &["Вымышленный переулок, 7, кв. 15", "Спасибо большое"],
    },
    Story {
        number: "79000000012",
        name: "Николай Гипотезин",
        opening: &["Матрас 160×200 жёсткий, до 25 тысяч — что посоветуете?"],
        answers: &[
            "Второй вариант нравится. Поднимут на этаж?",
            "Отлично, заказываю",
        ],
    },
];

/// Has the first clients write, each once, and waits until all of it has reached the backend.
///
/// # Errors
/// When the sandbox refuses.
pub async fn begin(phones: &Phones) -> Result<()> {
    for story in STORIES.iter().take(N_WAITING) {
        let phone = phones.client(story.number, story.name, true).await?;
        if let Some(line) = story.opening.first() {
            phone.write(line).await?;
        }
        // Webhooks may overtake each other, and the queue is to look the same each time.
        phones.idle().await?;
    }
    Ok(())
}

/// Lets the stories go on until all is said: those that have [begun](begin) first, then one client
/// after the other. May be dropped at any time.
///
/// # Errors
/// When the sandbox refuses.
pub async fn go_on(phones: &Phones) -> Result<()> {
    let mut talks = JoinSet::new();
    for (idx, story) in STORIES.iter().enumerate() {
        let has_begun = idx < N_WAITING;
        if !has_begun {
            sleep(PAUSE).await;
        }
        let phone = phones.client(story.number, story.name, true).await?;
        talks.spawn(talk(story, phone, usize::from(has_begun)));
    }
    while let Some(done) = talks.join_next().await {
        done??;
    }
    Ok(())
}

/// One client talks: the opening, then a line for each answer that arrives.
async fn talk(story: &'static Story, phone: Phone, n_said: usize) -> Result<()> {
    for (idx, line) in story.opening.iter().enumerate().skip(n_said) {
        if idx > 0 {
            sleep(PAUSE).await;
        }
        phone.write(line).await?;
    }
    let mut heard = 0;
    for line in story.answers {
        heard = hears(&phone, heard).await?;
        sleep(THOUGHT).await;
        phone.write(line).await?;
    }
    Ok(())
}

/// Waits until something new arrived on a phone, and says up to which place.
async fn hears(phone: &Phone, heard: u64) -> Result<u64> {
    loop {
        let new = phone.received(heard, LISTEN).await?;
        if let Some(newest) = new.iter().map(|message| message.n).max() {
            return Ok(newest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{N_WAITING, STORIES};

    #[test]
    fn every_client_is_one_of_their_own_and_has_something_to_say() {
        let numbers: BTreeSet<_> = STORIES.iter().map(|story| story.number).collect();
        let names: BTreeSet<_> = STORIES.iter().map(|story| story.name).collect();
        assert_eq!((numbers.len(), names.len()), (STORIES.len(), STORIES.len()));
        assert!(STORIES.iter().all(|story| !story.opening.is_empty()));
        assert!(
            STORIES
                .iter()
                .all(|story| story.number.starts_with("7900000"))
        );
        assert!(N_WAITING < STORIES.len());
    }
}

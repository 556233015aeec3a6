//! The rows of a chat's life that are not a message, over real sockets: who is shown what, and what
//! never leaves for the client.

use pult_domain::{ChatId, OperatorId, Place, Status};
use pult_protocol::{
    ArchivePage, ChatRow, ClientHistory, Code, Command, EntryBody, GoneWhy, Notice,
};
use reqwest::Method;

use crate::commands::{close, reply};
use crate::kit::{Signed, TestBackend, new_command_id};
use crate::panel::TestPanel;

pub(crate) const PHONE: &str = "79990000001";

pub(crate) fn comment(
    chat_id: ChatId,
    text: &str,
    mentions: Vec<OperatorId>,
    seen: i64,
) -> Command {
    Command::Comment {
        chat_id,
        text: text.to_owned(),
        mentions,
        seen_place: Place(seen),
    }
}

pub(crate) fn transfer(chat_id: ChatId, to: OperatorId, note: &str, seen: i64) -> Command {
    Command::Transfer {
        chat_id,
        to,
        note: (!note.is_empty()).then(|| note.to_owned()),
        seen_place: Place(seen),
    }
}

/// Anna, Boris and their supervisor Vera, with their panels.
pub(crate) struct Office {
    pub(crate) backend: TestBackend,
    pub(crate) anna: Signed,
    pub(crate) boris: Signed,
    pub(crate) vera: Signed,
    pub(crate) annas: TestPanel,
    pub(crate) boriss: TestPanel,
    pub(crate) veras: TestPanel,
}

impl Office {
    pub(crate) async fn new() -> Self {
        let backend = TestBackend::start().await;
        let anna = backend.operator("anna").await;
        let boris = backend.operator("boris").await;
        let vera = backend.operator("vera").await;
        Self {
            annas: anna.panel().await,
            boriss: boris.panel().await,
            veras: vera.panel().await,
            anna,
            boris,
            vera,
            backend,
        }
    }

    /// A chat in Anna's hands whose newest place is 3.
    pub(crate) async fn annas_chat(&mut self) -> ChatId {
        let chat = self.backend.client_writes(PHONE, "Здравствуйте").await;
        let answered = self.annas.command(reply(chat, "Слушаю", 1)).await.unwrap();
        assert_eq!(answered.place, Some(Place(3)));
        chat
    }
}

pub(crate) async fn sees(panel: &mut TestPanel, chat: ChatId, is_so: impl Fn(&ChatRow) -> bool) {
    panel
        .until("a chat as expected", |panel| {
            panel.chats.get(&chat).is_some_and(&is_so)
        })
        .await;
}

pub(crate) async fn loses(panel: &mut TestPanel, chat: ChatId) -> GoneWhy {
    panel
        .until("a chat that goes", |panel| {
            !panel.chats.contains_key(&chat) && panel.gone.iter().any(|(gone, _)| *gone == chat)
        })
        .await;
    let (_, why) = panel
        .gone
        .iter()
        .rev()
        .find(|(gone, _)| *gone == chat)
        .unwrap();
    *why
}

pub(crate) fn comments(panel: &TestPanel, chat: ChatId) -> Vec<String> {
    let of_chat = panel.entries.iter().filter(|((of, _), _)| *of == chat);
    of_chat
        .filter_map(|(_, entry)| match &entry.body {
            EntryBody::Comment { text, .. } => Some(text.clone()),
            EntryBody::Inbound { .. }
            | EntryBody::InboundPlaceholder { .. }
            | EntryBody::Outbound { .. }
            | EntryBody::Notice { .. } => None,
        })
        .collect()
}

#[tokio::test]
async fn row_08_a_comment_in_the_queue_is_everybodys_and_takes_nothing() {
    let mut office = Office::new().await;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    let asked = comment(chat, "Это постоянный клиент", Vec::new(), 1);
    office.boriss.command(asked).await.unwrap();
    sees(&mut office.annas, chat, |chat| chat.last_place == Place(2)).await;
    assert_eq!(comments(&office.annas, chat), ["Это постоянный клиент"]);
    assert_eq!(office.annas.chats[&chat].status, Status::Queued);
    assert!(
        office.annas.chats[&chat].waiting_since.is_some(),
        "no answer"
    );
}

#[tokio::test]
async fn row_09_a_supervisor_comments_in_a_chat_of_others_and_nothing_of_it_goes_to_the_client() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    let asked = comment(chat, "Скидку не обещать", Vec::new(), 3);
    office.veras.command(asked).await.unwrap();
    sees(&mut office.annas, chat, |chat| chat.last_place == Place(4)).await;
    assert_eq!(comments(&office.annas, chat), ["Скидку не обещать"]);
    // A later reply has left, so that everything before it that could leave has as well.
    office
        .annas
        .command(reply(chat, "Минуту", 4))
        .await
        .unwrap();
    office.backend.graph.has_posts(2).await;
    assert_eq!(office.backend.graph.texts(), ["Слушаю", "Минуту"]);
}

#[tokio::test]
async fn row_10_whom_a_comment_mentions_finds_the_chat_with_its_history_and_may_write_in_it() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    loses(&mut office.boriss, chat).await;
    let asked = comment(chat, "Борис, подскажите", vec![office.boris.id], 3);
    office.annas.command(asked).await.unwrap();
    let boris = office.boris.id;
    sees(&mut office.boriss, chat, |chat| {
        chat.observer_ids.contains(&boris)
    })
    .await;
    assert_eq!(office.boriss.places(chat), [1, 2, 3, 4, 5]);
    assert_eq!(comments(&office.boriss, chat), ["Борис, подскажите"]);
    office
        .boriss
        .command(reply(chat, "Добрый день", 5))
        .await
        .unwrap();
    let owner = office.boriss.chats[&chat].owner_id;
    assert_eq!(
        owner,
        Some(office.anna.id),
        "a reply of an observer takes nothing"
    );
    // Whom an observer mentions observes as well.
    let asked = comment(chat, "И Вера", vec![office.vera.id], 6);
    office.boriss.command(asked).await.unwrap();
    let vera = office.vera.id;
    sees(&mut office.veras, chat, |chat| {
        chat.observer_ids.contains(&vera)
    })
    .await;
}

#[tokio::test]
async fn row_11_an_observer_who_leaves_sees_the_chat_no_more() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    loses(&mut office.boriss, chat).await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id], 3);
    office.annas.command(asked).await.unwrap();
    sees(&mut office.boriss, chat, |_| true).await;
    let leave = Command::Leave {
        chat_id: chat,
        seen_place: Place(5),
    };
    office.boriss.command(leave.clone()).await.unwrap();
    assert_eq!(loses(&mut office.boriss, chat).await, GoneWhy::Lost);
    sees(&mut office.annas, chat, |chat| chat.observer_ids.is_empty()).await;
    let owner = office.annas.command(leave).await.unwrap_err();
    assert_eq!(
        owner.code,
        Code::NotAllowed,
        "the owner transfers or closes"
    );
}

#[tokio::test]
async fn who_wished_to_be_told_little_is_told_everything_once_the_chat_is_theirs() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    loses(&mut office.boriss, chat).await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id], 3);
    office.annas.command(asked).await.unwrap();
    sees(&mut office.boriss, chat, |_| true).await;
    let little = |only_addressed| Command::TellOnlyAddressed {
        chat_id: chat,
        only_addressed,
        seen_place: Place(5),
    };
    office.boriss.command(little(true)).await.unwrap();
    let sql = "SELECT count(*) FROM read_marks WHERE only_addressed = 1";
    assert_eq!(office.backend.count(sql), 1);
    let owner = office.annas.command(little(true)).await.unwrap_err();
    assert_eq!(owner.code, Code::NotAllowed);
    let over = transfer(chat, office.boris.id, "", 5);
    office.annas.command(over).await.unwrap();
    assert_eq!(office.backend.count(sql), 0);
}

#[tokio::test]
async fn row_12_a_transferred_chat_goes_over_with_its_note() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    loses(&mut office.boriss, chat).await;
    let over = transfer(chat, office.boris.id, "Просил вас", 3);
    office.annas.command(over).await.unwrap();
    assert_eq!(loses(&mut office.annas, chat).await, GoneWhy::Lost);
    let boris = office.boris.id;
    sees(&mut office.boriss, chat, |chat| {
        chat.owner_id == Some(boris)
    })
    .await;
    assert_eq!(comments(&office.boriss, chat), ["Просил вас"]);
    let notice = &office.boriss.entries[&(chat, Place(4))].body;
    let expected = Notice::Transferred {
        by: Some(office.anna.id),
        from: office.anna.id,
        to: office.boris.id,
    };
    assert!(matches!(notice, EntryBody::Notice { notice } if *notice == expected));
    // A supervisor takes it over.
    let over = transfer(chat, office.vera.id, "", 5);
    office.veras.command(over).await.unwrap();
    loses(&mut office.boriss, chat).await;
    let again = transfer(chat, office.vera.id, "", 6);
    let refused = office.veras.command(again).await.unwrap_err();
    assert_eq!(refused.code, Code::AlreadyOwner);
}

#[tokio::test]
async fn row_12_a_transfer_that_overlooked_a_newer_message_is_held() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    office.backend.client_writes(PHONE, "И ещё").await;
    let over = transfer(chat, office.boris.id, "", 3);
    let refused = office.annas.command(over).await.unwrap_err();
    assert_eq!(refused.code, Code::NewerMessage);
}

#[tokio::test]
async fn row_16_a_returned_chat_is_everybodys_and_says_whose_it_was() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    loses(&mut office.boriss, chat).await;
    let back = Command::ReturnToQueue {
        chat_id: chat,
        seen_place: Place(3),
    };
    office.annas.command(back).await.unwrap();
    let anna = office.anna.id;
    sees(&mut office.boriss, chat, |chat| {
        chat.status == Status::Queued && chat.former_owner_id == Some(anna)
    })
    .await;
}

#[tokio::test]
async fn row_18_an_assigned_chat_is_in_work_at_whom_a_supervisor_names() {
    let mut office = Office::new().await;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    sees(&mut office.annas, chat, |_| true).await;
    let assign = Command::Assign {
        chat_id: chat,
        to: office.boris.id,
        seen_place: Place(1),
    };
    office.veras.command(assign).await.unwrap();
    loses(&mut office.annas, chat).await;
    let boris = office.boris.id;
    sees(&mut office.boriss, chat, |chat| {
        chat.status == Status::InWork && chat.owner_id == Some(boris)
    })
    .await;
}

#[tokio::test]
async fn row_19_observers_are_who_was_named_and_nobody_else() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    loses(&mut office.boriss, chat).await;
    let set = |observer_ids, seen| Command::SetObservers {
        chat_id: chat,
        observer_ids,
        seen_place: Place(seen),
    };
    office
        .veras
        .command(set(vec![office.boris.id], 3))
        .await
        .unwrap();
    sees(&mut office.boriss, chat, |_| true).await;
    office.veras.command(set(Vec::new(), 4)).await.unwrap();
    assert_eq!(loses(&mut office.boriss, chat).await, GoneWhy::Lost);
}

#[tokio::test]
async fn row_20_a_client_who_needs_no_answer_waits_no_more_and_hears_nothing() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    office.backend.client_writes(PHONE, "Спасибо!").await;
    sees(&mut office.annas, chat, |chat| chat.waiting_since.is_some()).await;
    let none = Command::NoAnswerNeeded {
        chat_id: chat,
        seen_place: Place(4),
    };
    office.annas.command(none).await.unwrap();
    sees(&mut office.annas, chat, |chat| chat.waiting_since.is_none()).await;
    office.backend.client_writes(PHONE, "Ещё вопрос").await;
    sees(&mut office.annas, chat, |chat| chat.waiting_since.is_some()).await;
    office.backend.graph.has_posts(1).await;
    assert_eq!(office.backend.graph.texts(), ["Слушаю"]);
}

pub(crate) async fn found(who: &Signed, query: &str) -> ArchivePage {
    let answer = who
        .request(Method::GET, &format!("/api/v1/archive?{query}"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

#[tokio::test]
async fn the_archive_finds_what_one_took_part_in_by_words_names_and_numbers() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    let said = comment(chat, "Любит зелёный чай", Vec::new(), 3);
    office.annas.command(said).await.unwrap();
    office.annas.command(close(chat, 4)).await.unwrap();
    for query in [
        "",
        // е for ё, the beginning of a word, any case.
        "text=ЗЕЛЕН",
        "text=зелёный%20чай",
        "text=здравств",
        "text=0000001",
        &format!("owner_id={}", office.anna.id),
    ] {
        let page = found(&office.anna, query).await;
        assert_eq!(page.hits.len(), 1, "{query}");
        assert_eq!(page.hits[0].chat.id, chat);
        assert_eq!(
            found(&office.vera, query).await.hits.len(),
            1,
            "{query}, of all"
        );
        assert_eq!(
            found(&office.boris, query).await.hits,
            [],
            "{query}, a stranger"
        );
    }
    for query in [
        "text=кофе",
        "text=елен",
        "text=%22%27*",
        "until=1",
        &format!("owner_id={}", office.boris.id),
    ] {
        assert_eq!(found(&office.anna, query).await.hits, [], "{query}");
    }
    let line = found(&office.anna, "text=чай").await.hits[0].line.clone();
    assert_eq!(line.unwrap().place, Place(4));
    // What is not closed is not in the archive.
    office.backend.client_writes(PHONE, "Это снова я").await;
    assert_eq!(found(&office.anna, "text=чай").await.hits, []);
}

#[tokio::test]
async fn who_handed_a_chat_on_finds_what_was_there_until_then() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    let over = transfer(chat, office.boris.id, "Просил вас", 3);
    office.annas.command(over).await.unwrap();
    office
        .boriss
        .command(reply(chat, "Секретное слово", 5))
        .await
        .unwrap();
    office.boriss.command(close(chat, 6)).await.unwrap();
    let hits = found(&office.anna, "text=слушаю").await.hits;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].chat.preview, None, "it was written later");
    let hits = found(&office.boris, "").await.hits;
    assert!(hits[0].chat.preview.is_some());
    assert_eq!(found(&office.anna, "text=секретное").await.hits, []);
    let path = format!("/api/v1/chats/{}/entries", chat.0);
    let history = office.anna.request(Method::GET, &path).await;
    assert!(history.text.contains("Слушаю") && !history.text.contains("Секретное"));
    let whole = office.boris.request(Method::GET, &path).await;
    assert!(whole.text.contains("Секретное"));
}

#[tokio::test]
async fn the_archive_is_read_in_pages() {
    let mut office = Office::new().await;
    let mut chats = Vec::new();
    for n in 0..5 {
        let chat = office
            .backend
            .client_writes(&format!("7999000001{n}"), "Здравствуйте")
            .await;
        office
            .annas
            .command(reply(chat, "Слушаю", 1))
            .await
            .unwrap();
        office.annas.command(close(chat, 3)).await.unwrap();
        chats.push(chat);
    }
    for text in ["", "&text=слушаю"] {
        for who in [&office.anna, &office.vera] {
            let mut seen = Vec::new();
            let mut after = String::new();
            loop {
                let page = found(who, &format!("limit=2{text}{after}")).await;
                seen.extend(page.hits.iter().map(|hit| hit.chat.id));
                let Some(next) = page.next else {
                    break;
                };
                after = format!("&after={}", String::from(next));
            }
            seen.sort();
            assert_eq!(seen, chats, "each once: {text}");
        }
    }
}

#[tokio::test]
async fn a_clients_card_is_staffs_own() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    let name = Command::NameClient {
        chat_id: chat,
        name: Some("Ирина, склад".to_owned()),
        seen_place: Place(3),
    };
    office.annas.command(name.clone()).await.unwrap();
    let note = Command::NoteClient {
        chat_id: chat,
        note: "Звонить после обеда".to_owned(),
        seen_place: Place(3),
    };
    office.annas.command(note).await.unwrap();
    sees(&mut office.annas, chat, |chat| {
        chat.client.name.as_deref() == Some("Ирина, склад")
            && chat.client.note == "Звонить после обеда"
            && chat.client.own_name != chat.client.name
    })
    .await;
    let refused = office.boris.post(new_command_id(), &name).await;
    refused.refuses(404, "chat_not_found");
    office.annas.command(close(chat, 3)).await.unwrap();
    assert_eq!(found(&office.anna, "text=склад").await.hits.len(), 1);
    let path = format!("/api/v1/chats/{}/card", chat.0);
    let card = office.anna.request(Method::GET, &path).await;
    let card: ClientHistory = serde_json::from_str(&card.text).unwrap();
    assert_eq!((card.n_talks, card.talks.len()), (1, 1));
    assert_eq!(card.talks[0].closed_by, Some(office.anna.id));
    let strangers = office.boris.request(Method::GET, &path).await;
    strangers.refuses(404, "chat_not_found");
}

#[tokio::test]
async fn a_search_of_the_archive_that_cannot_be_read_is_refused() {
    let office = Office::new().await;
    for query in [
        "after=1",
        "after=x_y",
        "from=yesterday",
        "limit=-1",
        "owner_id=anna",
    ] {
        let path = format!("/api/v1/archive?{query}");
        let answer = office.anna.request(Method::GET, &path).await;
        answer.refuses(400, "malformed");
    }
}

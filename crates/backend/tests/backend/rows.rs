//! The rows of "The life of a chat" that messages, closes and accounts make, over real sockets; with
//! what an integration may in them. `life.rs` has the others.

use pult_backend::admin;
use pult_domain::{ChatId, OperatorId, Place, Status};
use pult_protocol::{Code, Command, EntryBody, GoneWhy, Notice};
use reqwest::Method;
use serde_json::json;

use crate::commands::{close, reply};
use crate::kit::{Answer, Signed, new_command_id};
use crate::life::{Office, PHONE, comment, found, loses, sees, transfer};
use crate::panel::TestPanel;

pub(crate) fn reopen(chat_id: ChatId, seen: i64) -> Command {
    Command::Reopen {
        chat_id,
        seen_place: Place(seen),
    }
}

pub(crate) fn back(chat_id: ChatId, seen: i64) -> Command {
    Command::ReturnToQueue {
        chat_id,
        seen_place: Place(seen),
    }
}

impl Office {
    /// Gives the key of a new integration.
    pub(crate) async fn integration(&self) -> String {
        let store = self.backend.as_administrator();
        let added = admin::add_integration(&store, "1С").await.unwrap();
        store.close().await;
        added["key"].as_str().unwrap().to_owned()
    }

    /// Lets an integration do something, as itself or for somebody.
    pub(crate) async fn by_key(
        &self,
        key: &str,
        command: &Command,
        on_behalf_of: Option<OperatorId>,
    ) -> Answer {
        let body = json!({
            "id": new_command_id(), "command": command, "on_behalf_of": on_behalf_of,
        });
        let request = self.backend.request(Method::POST, "/api/v1/commands");
        Answer::of(request.bearer_auth(key).json(&body)).await
    }

    pub(crate) async fn done_by_key(&self, key: &str, command: &Command) {
        let answer = self.by_key(key, command, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    async fn deactivate(&self, whom: OperatorId) {
        let store = self.backend.as_administrator();
        assert!(store.deactivate_operator(whom).await.unwrap());
        store.close().await;
    }
}

/// Somebody sees the next message of another client: nothing of the chat comes to them any more.
async fn does_not_see(office: &mut Office, who: Who, chat: ChatId) {
    let other = office.backend.client_writes("79990000099", "А я?").await;
    let panel = who.panel(office);
    sees(panel, other, |_| true).await;
    assert!(!panel.chats.contains_key(&chat));
    assert!(panel.entries.keys().all(|(of, _)| *of != chat));
}

#[derive(Clone, Copy)]
enum Who {
    Boris,
    Vera,
}

impl Who {
    fn panel(self, office: &mut Office) -> &mut TestPanel {
        match self {
            Self::Boris => &mut office.boriss,
            Self::Vera => &mut office.veras,
        }
    }
}

fn notices(panel: &TestPanel, chat: ChatId) -> Vec<Notice> {
    let of_chat = panel.entries.iter().filter(|((of, _), _)| *of == chat);
    of_chat
        .filter_map(|(_, entry)| match &entry.body {
            EntryBody::Notice { notice } => Some(notice.clone()),
            EntryBody::Inbound { .. }
            | EntryBody::InboundPlaceholder { .. }
            | EntryBody::Outbound { .. }
            | EntryBody::Comment { .. } => None,
        })
        .collect()
}

async fn ids(who: &Signed) -> Vec<ChatId> {
    let page = found(who, "").await;
    page.hits.iter().map(|hit| hit.chat.id).collect()
}

#[tokio::test]
async fn row_01_a_first_message_makes_a_chat_in_everybodys_queue() {
    let mut office = Office::new().await;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    for panel in [&mut office.annas, &mut office.boriss, &mut office.veras] {
        sees(panel, chat, |chat| {
            chat.status == Status::Queued && chat.owner_id.is_none() && chat.waiting_since.is_some()
        })
        .await;
        assert_eq!(panel.places(chat), [1]);
    }
}

#[tokio::test]
async fn row_02_a_further_message_is_added_and_the_chat_stays_queued() {
    let mut office = Office::new().await;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    sees(&mut office.annas, chat, |_| true).await;
    let since = office.annas.chats[&chat].waiting_since;
    let again = office.backend.client_writes(PHONE, "Вы здесь?").await;
    assert_eq!(again, chat);
    sees(&mut office.annas, chat, |chat| chat.last_place == Place(2)).await;
    let row = &office.annas.chats[&chat];
    assert_eq!((row.status, row.waiting_since), (Status::Queued, since));
    assert_eq!(office.annas.places(chat), [1, 2]);
}

#[tokio::test]
async fn row_03_a_message_into_a_chat_in_work_is_told_to_its_owner_and_observers_alone() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id], 3);
    office.annas.command(asked).await.unwrap();
    office.backend.client_writes(PHONE, "Это я").await;
    for panel in [&mut office.annas, &mut office.boriss] {
        sees(panel, chat, |chat| {
            chat.status == Status::InWork && chat.last_place == Place(6)
        })
        .await;
        assert!(panel.places(chat).contains(&6));
    }
    does_not_see(&mut office, Who::Vera, chat).await;
}

#[tokio::test]
async fn row_04_a_message_into_a_closed_chat_puts_it_in_work_at_its_former_owner() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    office.annas.command(close(chat, 3)).await.unwrap();
    loses(&mut office.annas, chat).await;
    office.backend.client_writes(PHONE, "Это снова я").await;
    let anna = office.anna.id;
    sees(&mut office.annas, chat, |chat| {
        chat.status == Status::InWork && chat.owner_id == Some(anna)
    })
    .await;
    assert!(notices(&office.annas, chat).contains(&Notice::CameBack { owner: anna }));
    does_not_see(&mut office, Who::Boris, chat).await;
}

#[tokio::test]
async fn row_04_without_an_active_former_owner_it_goes_to_the_queue() {
    let mut office = Office::new().await;
    let annas = office.annas_chat().await;
    office.annas.command(close(annas, 3)).await.unwrap();
    let spam = office.backend.client_writes("79990000002", "Реклама").await;
    office.veras.command(close(spam, 1)).await.unwrap();
    let anna = office.anna.id;
    office.deactivate(anna).await;
    office.backend.client_writes(PHONE, "Это снова я").await;
    office.backend.client_writes("79990000002", "Реклама").await;
    sees(&mut office.boriss, annas, |chat| {
        chat.status == Status::Queued && chat.former_owner_id == Some(anna)
    })
    .await;
    sees(&mut office.boriss, spam, |chat| {
        chat.status == Status::Queued && chat.former_owner_id.is_none()
    })
    .await;
}

#[tokio::test]
async fn row_05_the_first_reply_takes_the_chat_and_a_later_one_is_refused_with_the_owner() {
    let mut office = Office::new().await;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    office
        .annas
        .command(reply(chat, "Слушаю", 1))
        .await
        .unwrap();
    let anna = office.anna.id;
    sees(&mut office.annas, chat, |chat| {
        chat.status == Status::InWork && chat.owner_id == Some(anna)
    })
    .await;
    let late = office.boriss.command(reply(chat, "Я отвечу", 1)).await;
    let late = late.unwrap_err();
    assert_eq!(late.code, Code::ChatTaken);
    assert_eq!(late.details, json!({ "owner": anna }));
    assert_eq!(office.boriss.operators[&anna].name, "Анна Примерова");
    assert_eq!(loses(&mut office.boriss, chat).await, GoneWhy::Lost);
    // A later reply has left, so that whatever before it could leave has as well.
    office
        .annas
        .command(reply(chat, "Минуту", 3))
        .await
        .unwrap();
    office.backend.graph.has_posts(2).await;
    assert_eq!(office.backend.graph.texts(), ["Слушаю", "Минуту"]);
}

#[tokio::test]
async fn row_06_owner_and_observers_reply_and_nobody_else() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id], 3);
    office.annas.command(asked).await.unwrap();
    office
        .annas
        .command(reply(chat, "Минуту", 5))
        .await
        .unwrap();
    office
        .boriss
        .command(reply(chat, "Я помогу", 6))
        .await
        .unwrap();
    let supervisor = office.veras.command(reply(chat, "И я", 7)).await;
    assert_eq!(supervisor.unwrap_err().code, Code::ChatTaken);
    office.backend.all_sent().await;
    assert_eq!(
        office.backend.graph.texts(),
        ["Слушаю", "Минуту", "Я помогу"]
    );
}

#[tokio::test]
async fn row_07_a_reply_into_a_closed_chat_is_refused_until_it_is_reopened() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    office.annas.command(close(chat, 3)).await.unwrap();
    let refused = office.annas.command(reply(chat, "И ещё", 4)).await;
    assert_eq!(refused.unwrap_err().code, Code::ChatClosed);
    office.annas.command(reopen(chat, 4)).await.unwrap();
    office.annas.command(reply(chat, "И ещё", 5)).await.unwrap();
    office.backend.all_sent().await;
    assert_eq!(office.backend.graph.texts(), ["Слушаю", "И ещё"]);
}

#[tokio::test]
async fn row_10_mentioning_the_owner_notifies_alone_and_in_the_queue_one_observes_as_well() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    let asked = comment(chat, "Анна, ответьте", vec![office.anna.id], 3);
    office.veras.command(asked).await.unwrap();
    sees(&mut office.annas, chat, |chat| chat.last_place == Place(4)).await;
    assert!(office.annas.chats[&chat].observer_ids.is_empty());
    let EntryBody::Comment { mentions, .. } = &office.annas.entries[&(chat, Place(4))].body else {
        panic!("it is a comment");
    };
    assert_eq!(*mentions, [office.anna.id]);
    let queued = office.backend.client_writes("79990000002", "Алло").await;
    let asked = comment(queued, "Борис, взгляните", vec![office.boris.id], 1);
    office.annas.command(asked).await.unwrap();
    let boris = office.boris.id;
    sees(&mut office.boriss, queued, |chat| {
        chat.status == Status::Queued && chat.observer_ids == [boris]
    })
    .await;
    // A later reply has left, and no mention.
    office
        .annas
        .command(reply(chat, "Минуту", 4))
        .await
        .unwrap();
    office.backend.graph.has_posts(2).await;
    assert_eq!(office.backend.graph.texts(), ["Слушаю", "Минуту"]);
}

#[tokio::test]
async fn row_11_an_observer_who_leaves_a_queued_chat_still_has_it_in_the_queue() {
    let mut office = Office::new().await;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id], 1);
    office.veras.command(asked).await.unwrap();
    sees(&mut office.boriss, chat, |chat| {
        !chat.observer_ids.is_empty()
    })
    .await;
    let leave = Command::Leave {
        chat_id: chat,
        seen_place: Place(3),
    };
    office.boriss.command(leave).await.unwrap();
    sees(&mut office.boriss, chat, |chat| {
        chat.status == Status::Queued && chat.observer_ids.is_empty()
    })
    .await;
    assert_eq!(office.boriss.gone, []);
}

#[tokio::test]
async fn row_12_a_receiver_who_observed_is_an_observer_no_more_and_an_integration_transfers() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id], 3);
    office.annas.command(asked).await.unwrap();
    let key = office.integration().await;
    let over = transfer(chat, office.boris.id, "Примите", 5);
    office.done_by_key(&key, &over).await;
    let boris = office.boris.id;
    sees(&mut office.boriss, chat, |chat| {
        chat.owner_id == Some(boris) && chat.observer_ids.is_empty()
    })
    .await;
    assert_eq!(loses(&mut office.annas, chat).await, GoneWhy::Lost);
}

#[tokio::test]
async fn row_13_a_closed_chat_leaves_every_panel_and_is_found_in_the_archive() {
    let mut office = Office::new().await;
    let key = office.integration().await;
    for n in 0..3 {
        let phone = format!("7999000001{n}");
        let chat = office.backend.client_writes(&phone, "Здравствуйте").await;
        office
            .annas
            .command(reply(chat, "Слушаю", 1))
            .await
            .unwrap();
        let asked = comment(chat, "Взгляните", vec![office.boris.id], 3);
        office.annas.command(asked).await.unwrap();
        sees(&mut office.boriss, chat, |chat| chat.last_place == Place(5)).await;
        match n {
            0 => drop(office.annas.command(close(chat, 5)).await.unwrap()),
            1 => drop(office.veras.command(close(chat, 5)).await.unwrap()),
            _ => office.done_by_key(&key, &close(chat, 5)).await,
        }
        for panel in [&mut office.annas, &mut office.boriss] {
            assert_eq!(loses(panel, chat).await, GoneWhy::Closed);
        }
        for who in [&office.anna, &office.boris, &office.vera] {
            let page = found(who, "").await;
            let row = &page.hits[0].chat;
            assert_eq!((row.id, row.status), (chat, Status::Closed));
            assert_eq!(row.owner_id, Some(office.anna.id), "kept");
            assert!(row.observer_ids.is_empty(), "released");
        }
    }
    let chat = office.annas_chat().await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id], 3);
    office.annas.command(asked).await.unwrap();
    let refused = office.boriss.command(close(chat, 5)).await;
    assert_eq!(refused.unwrap_err().code, Code::NotAllowed, "an observer");
}

#[tokio::test]
async fn row_14_spam_is_closed_out_of_the_queue_by_a_supervisor_or_an_integration() {
    let mut office = Office::new().await;
    let key = office.integration().await;
    let first = office.backend.client_writes(PHONE, "Реклама").await;
    let second = office.backend.client_writes("79990000002", "Реклама").await;
    sees(&mut office.annas, second, |_| true).await;
    let refused = office.annas.command(close(first, 1)).await;
    assert_eq!(refused.unwrap_err().code, Code::NotAllowed);
    office.veras.command(close(first, 1)).await.unwrap();
    office.done_by_key(&key, &close(second, 1)).await;
    for chat in [first, second] {
        loses(&mut office.annas, chat).await;
        loses(&mut office.veras, chat).await;
    }
    let page = found(&office.vera, "").await;
    assert_eq!(page.hits.len(), 2);
    assert!(page.hits.iter().all(|hit| hit.chat.owner_id.is_none()));
    assert_eq!(ids(&office.anna).await, [], "nobody took part");
}

#[tokio::test]
async fn row_15_former_owner_supervisor_and_integration_reopen_at_the_former_owner() {
    let mut office = Office::new().await;
    let key = office.integration().await;
    let chat = office.annas_chat().await;
    let anna = office.anna.id;
    let mut seen = 3;
    for n in 0..3 {
        office.annas.command(close(chat, seen)).await.unwrap();
        loses(&mut office.annas, chat).await;
        let stranger = office.boriss.command(reopen(chat, seen + 1)).await;
        assert_eq!(stranger.unwrap_err().code, Code::ChatNotFound);
        match n {
            0 => drop(office.annas.command(reopen(chat, seen + 1)).await.unwrap()),
            1 => drop(office.veras.command(reopen(chat, seen + 1)).await.unwrap()),
            _ => office.done_by_key(&key, &reopen(chat, seen + 1)).await,
        }
        seen += 2;
        sees(&mut office.annas, chat, |chat| {
            chat.status == Status::InWork
                && chat.owner_id == Some(anna)
                && chat.last_place == Place(seen)
        })
        .await;
        assert_eq!(ids(&office.anna).await, [], "no longer in the archive");
    }
}

#[tokio::test]
async fn row_15_without_a_former_owner_it_is_reopened_into_the_queue() {
    let mut office = Office::new().await;
    let spam = office.backend.client_writes(PHONE, "Реклама").await;
    office.veras.command(close(spam, 1)).await.unwrap();
    loses(&mut office.annas, spam).await;
    office.veras.command(reopen(spam, 2)).await.unwrap();
    sees(&mut office.annas, spam, |chat| {
        chat.status == Status::Queued && chat.owner_id.is_none()
    })
    .await;
}

#[tokio::test]
async fn row_16_it_returns_also_from_closed_and_observers_stay() {
    let mut office = Office::new().await;
    let key = office.integration().await;
    let chat = office.annas_chat().await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id], 3);
    office.annas.command(asked).await.unwrap();
    office.done_by_key(&key, &back(chat, 5)).await;
    let boris = office.boris.id;
    for panel in [&mut office.annas, &mut office.boriss, &mut office.veras] {
        sees(panel, chat, |chat| {
            chat.status == Status::Queued && chat.owner_id.is_none() && chat.observer_ids == [boris]
        })
        .await;
    }
    office.annas.command(reply(chat, "Это я", 6)).await.unwrap();
    office.annas.command(close(chat, 8)).await.unwrap();
    let owner = office.annas.command(back(chat, 9)).await.unwrap_err();
    assert_eq!(owner.code, Code::NotAllowed);
    office.veras.command(back(chat, 9)).await.unwrap();
    sees(&mut office.boriss, chat, |chat| {
        chat.status == Status::Queued && chat.last_place == Place(10)
    })
    .await;
}

#[tokio::test]
async fn row_17_a_deactivated_operators_chats_return_and_their_sessions_end() {
    let mut office = Office::new().await;
    let owned = office.annas_chat().await;
    let observed = office.backend.client_writes("79990000002", "Алло").await;
    office
        .boriss
        .command(reply(observed, "Да", 1))
        .await
        .unwrap();
    let asked = comment(observed, "Взгляните", vec![office.anna.id], 3);
    office.boriss.command(asked).await.unwrap();
    let anna = office.anna.id;
    sees(&mut office.annas, observed, |chat| {
        chat.observer_ids == [anna]
    })
    .await;
    office.deactivate(anna).await;
    sees(&mut office.boriss, owned, |chat| {
        chat.status == Status::Queued && chat.former_owner_id == Some(anna)
    })
    .await;
    let notice = Notice::OwnerDeactivated { was: Some(anna) };
    assert!(notices(&office.boriss, owned).contains(&notice));
    sees(&mut office.boriss, observed, |chat| {
        chat.observer_ids.is_empty()
    })
    .await;
    office.annas.wire.is_sent_away("signed_out").await;
    let current = office.anna.request(Method::GET, "/api/v1/sessions/current");
    current.await.refuses(401, "signed_out");
}

#[tokio::test]
async fn row_18_and_row_19_are_an_integrations_as_well() {
    let mut office = Office::new().await;
    let key = office.integration().await;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    let boris = office.boris.id;
    let observers = Command::SetObservers {
        chat_id: chat,
        observer_ids: vec![boris],
        seen_place: Place(1),
    };
    office.done_by_key(&key, &observers).await;
    sees(&mut office.boriss, chat, |chat| {
        chat.status == Status::Queued && chat.observer_ids == [boris]
    })
    .await;
    let assign = Command::Assign {
        chat_id: chat,
        to: office.anna.id,
        seen_place: Place(2),
    };
    office.done_by_key(&key, &assign).await;
    let anna = office.anna.id;
    for panel in [&mut office.annas, &mut office.boriss] {
        sees(panel, chat, |chat| chat.owner_id == Some(anna)).await;
    }
    does_not_see(&mut office, Who::Vera, chat).await;
}

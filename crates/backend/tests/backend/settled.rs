//! What is settled besides the rows of "The life of a chat", over real sockets and webhooks.

use pult_domain::{ChatId, Place, Status};
use pult_protocol::{Code, Command};
use serde_json::{Value, json};

use crate::commands::{close, reply};
use crate::kit::{NUMBER, envelope, new_wamid};
use crate::life::{Office, PHONE, comment, comments, found, loses, sees, transfer};
use crate::rows::{back, reopen};

/// What WhatsApp tells that is no message with content.
fn no_messages() -> Vec<Value> {
    let said = [
        (
            "reaction",
            json!({ "message_id": "wamid.X", "emoji": "👍" }),
        ),
        ("edit", json!({ "original_message_id": "wamid.X" })),
        ("revoke", json!({ "original_message_id": "wamid.X" })),
        (
            "system",
            json!({ "type": "user_changed_number", "body": "…" }),
        ),
        ("unsupported", json!({ "type": "reaction" })),
    ];
    let of_client = said.into_iter().map(|(kind, what)| {
        json!({ "messages": [{
            "from": PHONE, "id": new_wamid(), "timestamp": "1764000000", "type": kind, kind: what,
        }]})
    });
    let statuses = ["sent", "delivered", "read"].into_iter().map(|status| {
        json!({ "statuses": [{
            "id": "wamid.OUT1", "status": status, "timestamp": "1764000000", "recipient_id": PHONE,
        }]})
    });
    let other = [json!({ "errors": [{ "code": 131_000 }] })];
    of_client.chain(statuses).chain(other).collect()
}

impl Office {
    /// How the chat stands, as it is stored.
    fn standing(&self, chat: ChatId) -> (String, Option<i64>, i64) {
        let sql = "SELECT status, waiting_since, last_place FROM chats WHERE id = ?1";
        let row = self.backend.db().query_row(sql, [chat.0], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        row.unwrap()
    }
}

#[tokio::test]
async fn settled_what_is_no_message_never_reopens_queues_or_starts_waiting() {
    let mut office = Office::new().await;
    for value in no_messages() {
        office.backend.webhook(&envelope(NUMBER, value)).await;
    }
    assert_eq!(office.backend.count("SELECT count(*) FROM chats"), 0);
    let chat = office.annas_chat().await;
    office.backend.all_sent().await;
    let answered = office.standing(chat);
    for value in no_messages() {
        office.backend.webhook(&envelope(NUMBER, value)).await;
    }
    assert_eq!(office.standing(chat), answered, "in work");
    office.annas.command(close(chat, 3)).await.unwrap();
    let closed = office.standing(chat);
    for value in no_messages() {
        office.backend.webhook(&envelope(NUMBER, value)).await;
    }
    assert_eq!(office.standing(chat), closed);
    // A message of a kind that nobody knows has content.
    let odd = json!({ "messages": [{
        "from": PHONE, "id": new_wamid(), "timestamp": "1764000000",
        "type": "hologram", "hologram": { "depth": 3 },
    }]});
    office.backend.webhook(&envelope(NUMBER, odd)).await;
    let (status, waiting_since, _) = office.standing(chat);
    assert_eq!(status, "in_work");
    assert!(waiting_since.is_some());
}

#[tokio::test]
async fn settled_an_observer_of_a_queued_chat_who_replies_owns_it_and_observes_no_more() {
    let mut office = Office::new().await;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id, office.anna.id], 1);
    office.veras.command(asked).await.unwrap();
    let (anna, boris) = (office.anna.id, office.boris.id);
    sees(&mut office.boriss, chat, |chat| {
        chat.status == Status::Queued && chat.observer_ids == [anna, boris]
    })
    .await;
    office
        .boriss
        .command(reply(chat, "Слушаю", 4))
        .await
        .unwrap();
    for panel in [&mut office.annas, &mut office.boriss] {
        sees(panel, chat, |chat| {
            chat.status == Status::InWork
                && chat.owner_id == Some(boris)
                && chat.observer_ids == [anna]
        })
        .await;
    }
}

#[tokio::test]
async fn settled_a_message_after_a_close_reopens_and_a_close_that_overlooked_it_is_held() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    // Whichever is committed first decides.
    office.annas.command(close(chat, 3)).await.unwrap();
    office.backend.client_writes(PHONE, "И ещё вопрос").await;
    let anna = office.anna.id;
    sees(&mut office.annas, chat, |chat| {
        chat.status == Status::InWork && chat.owner_id == Some(anna) && chat.last_place == Place(6)
    })
    .await;
    let before = office.standing(chat);
    for held in [
        close(chat, 4),
        reply(chat, "До свидания", 4),
        transfer(chat, office.boris.id, "", 4),
    ] {
        let refused = office.annas.command(held).await.unwrap_err();
        assert_eq!(refused.code, Code::NewerMessage);
        assert_eq!(refused.details, json!({ "place": 6 }));
    }
    assert_eq!(office.standing(chat), before, "not carried out");
    // What is for staff alone overlooks nothing, and knowingly it is done.
    let asked = comment(chat, "К сведению", Vec::new(), 4);
    office.annas.command(asked).await.unwrap();
    office.annas.command(close(chat, 7)).await.unwrap();
    loses(&mut office.annas, chat).await;
    assert_eq!(office.backend.graph.texts(), ["Слушаю"]);
}

#[tokio::test]
async fn settled_what_is_said_in_groups_is_kept_and_makes_no_chat() {
    let office = Office::new().await;
    let said = json!({ "messages": [{
        "from": PHONE, "id": new_wamid(), "timestamp": "1764000000", "group_id": "120363000000",
        "type": "text", "text": { "body": "Всем привет" },
    }]});
    let seen = json!({ "statuses": [{
        "id": "wamid.X", "status": "read", "timestamp": "1764000000",
        "recipient_id": "120363000000", "recipient_type": "group",
    }]});
    for value in [said, seen] {
        office.backend.webhook(&envelope(NUMBER, value)).await;
    }
    let kept = "SELECT count(*) FROM journal WHERE state = 'applied'";
    assert_eq!(office.backend.count(kept), 2);
    for table in ["chats", "clients", "entries"] {
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(office.backend.count(&sql), 0, "{table}");
    }
}

#[tokio::test]
async fn settled_an_observer_reads_replies_comments_mentions_and_leaves_and_nothing_else() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    let asked = comment(chat, "Взгляните", vec![office.boris.id], 3);
    office.annas.command(asked).await.unwrap();
    sees(&mut office.boriss, chat, |chat| chat.last_place == Place(5)).await;
    assert_eq!(office.boriss.places(chat), [1, 2, 3, 4, 5]);
    for never in [
        close(chat, 5),
        transfer(chat, office.boris.id, "", 5),
        back(chat, 5),
        reopen(chat, 5),
    ] {
        let refused = office.boriss.command(never.clone()).await.unwrap_err();
        let expected = if matches!(never, Command::Reopen { .. }) {
            Code::WrongStatus
        } else {
            Code::NotAllowed
        };
        assert_eq!(refused.code, expected, "{never:?}");
    }
    office
        .boriss
        .command(reply(chat, "Помогу", 5))
        .await
        .unwrap();
    let asked = comment(chat, "И Вера", vec![office.vera.id], 6);
    office.boriss.command(asked).await.unwrap();
    assert_eq!(comments(&office.boriss, chat).len(), 2);
    let leave = Command::Leave {
        chat_id: chat,
        seen_place: Place(8),
    };
    office.boriss.command(leave).await.unwrap();
    loses(&mut office.boriss, chat).await;
}

#[tokio::test]
async fn settled_an_integration_acts_as_itself_or_with_the_rights_of_whom_it_names() {
    let mut office = Office::new().await;
    let key = office.integration().await;
    let chat = office.backend.client_writes(PHONE, "Здравствуйте").await;
    let for_boris = Some(office.boris.id);
    let close_it = close(chat, 1);
    let refused = office.by_key(&key, &close_it, for_boris).await;
    refused.refuses(403, "not_allowed");
    let taken = office
        .by_key(&key, &reply(chat, "Слушаю", 1), for_boris)
        .await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    let boris = office.boris.id;
    sees(&mut office.boriss, chat, |chat| {
        chat.owner_id == Some(boris)
    })
    .await;
    let entry = &office.boriss.entries[&(chat, Place(3))];
    assert_eq!(entry.author_id, Some(boris));
    assert!(entry.integration_id.is_some(), "and it shows");
    office.done_by_key(&key, &close(chat, 3)).await;
    loses(&mut office.boriss, chat).await;
}

#[tokio::test]
async fn settled_the_archive_is_ones_own_and_a_supervisors_is_everybodys() {
    let mut office = Office::new().await;
    let chat = office.annas_chat().await;
    office.annas.command(close(chat, 3)).await.unwrap();
    let observed = office.backend.client_writes("79990000002", "Алло").await;
    let asked = comment(observed, "Взгляните", vec![office.boris.id], 1);
    office.veras.command(asked).await.unwrap();
    office.veras.command(close(observed, 3)).await.unwrap();
    for (who, expected) in [
        (&office.anna, vec![chat]),
        (&office.boris, vec![observed]),
        (&office.vera, vec![observed, chat]),
    ] {
        let page = found(who, "").await;
        let ids: Vec<ChatId> = page.hits.iter().map(|hit| hit.chat.id).collect();
        assert_eq!(ids, expected);
    }
}

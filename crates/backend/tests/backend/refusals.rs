//! Somebody else's chat, by its id: answered in every way as one that is not there, byte for byte.

use pult_backend::admin;
use pult_domain::{ChatId, OperatorId, Place, Role};
use pult_protocol::Command;
use reqwest::Method;
use serde_json::{Value, json};

use crate::commands::{close, reply};
use crate::kit::{Answer, PASSWORD, Signed, TestBackend, new_command_id};
use crate::panel::TestPanel;

fn nowhere() -> ChatId {
    ChatId(uuid::Uuid::now_v7())
}

/// Which kind of command it is: one that is new does not get past here.
const fn kind(command: &Command) -> usize {
    match command {
        Command::Reply { .. } => 0,
        Command::Comment { .. } => 1,
        Command::Leave { .. } => 2,
        Command::Transfer { .. } => 3,
        Command::ReturnToQueue { .. } => 4,
        Command::Assign { .. } => 5,
        Command::SetObservers { .. } => 6,
        Command::NoAnswerNeeded { .. } => 7,
        Command::NameClient { .. } => 8,
        Command::NoteClient { .. } => 9,
        Command::TellOnlyAddressed { .. } => 10,
        Command::Close { .. } => 11,
        Command::Reopen { .. } => 12,
        Command::MarkRead { .. } => 13,
    }
}

/// A command of every kind.
fn every_command(chat_id: ChatId, seen: i64, colleague: OperatorId) -> Vec<Command> {
    let seen_place = Place(seen);
    let commands = vec![
        reply(chat_id, "Я отвечу", seen),
        Command::Comment {
            chat_id,
            text: "Взгляните".to_owned(),
            mentions: vec![colleague],
            seen_place,
        },
        Command::Leave {
            chat_id,
            seen_place,
        },
        Command::Transfer {
            chat_id,
            to: colleague,
            note: Some("Вам".to_owned()),
            seen_place,
        },
        Command::ReturnToQueue {
            chat_id,
            seen_place,
        },
        Command::Assign {
            chat_id,
            to: colleague,
            seen_place,
        },
        Command::SetObservers {
            chat_id,
            observer_ids: vec![colleague],
            seen_place,
        },
        Command::NoAnswerNeeded {
            chat_id,
            seen_place,
        },
        Command::NameClient {
            chat_id,
            name: Some("Склад".to_owned()),
            seen_place,
        },
        Command::NoteClient {
            chat_id,
            note: "Звонить после обеда".to_owned(),
            seen_place,
        },
        Command::TellOnlyAddressed {
            chat_id,
            only_addressed: true,
            seen_place,
        },
        close(chat_id, seen),
        Command::Reopen {
            chat_id,
            seen_place,
        },
        Command::MarkRead {
            chat_id,
            place: seen_place,
        },
    ];
    let kinds: Vec<usize> = commands.iter().map(kind).collect();
    assert_eq!(kinds, (0..14).collect::<Vec<_>>());
    commands
}

/// What may be wrong besides is not what gives a chat away.
fn wrong_commands(chat_id: ChatId, seen: i64) -> Vec<Command> {
    let seen_place = Place(seen);
    let too_long = "ы".repeat(5_000);
    vec![
        Command::NameClient {
            chat_id,
            name: Some(too_long.clone()),
            seen_place,
        },
        Command::NoteClient {
            chat_id,
            note: too_long,
            seen_place,
        },
        Command::Transfer {
            chat_id,
            to: OperatorId(uuid::Uuid::now_v7()),
            note: None,
            seen_place,
        },
    ]
}

struct Strangers {
    backend: TestBackend,
    /// Chats of Anna's, and their newest places.
    chats: Vec<(ChatId, i64)>,
    boris: Signed,
    /// Who came after all of it.
    gleb: Signed,
    key: String,
}

impl Strangers {
    /// Anna has a chat, one that she has closed, and one that Boris has handed to her.
    async fn new() -> Self {
        let backend = TestBackend::start().await;
        let mut chats = Vec::new();
        for n in 1..=3 {
            let phone = format!("7999000000{n}");
            chats.push(backend.client_writes(&phone, "Здравствуйте").await);
        }
        let anna = backend.operator("anna").await;
        let boris = backend.operator("boris").await;
        let done = async |who: &Signed, command: Command| {
            let answer = who.post(new_command_id(), &command).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        };
        done(&anna, reply(chats[0], "Слушаю", 1)).await;
        done(&anna, reply(chats[1], "Слушаю", 1)).await;
        done(&anna, close(chats[1], 3)).await;
        done(&boris, reply(chats[2], "Слушаю", 1)).await;
        let over = Command::Transfer {
            chat_id: chats[2],
            to: anna.id,
            note: None,
            seen_place: Place(3),
        };
        done(&boris, over).await;
        done(&anna, reply(chats[2], "Теперь я", 4)).await;
        backend.all_sent().await;
        let store = backend.as_administrator();
        admin::add_operator(&store, "gleb", "Глеб", Role::Operator, PASSWORD.into())
            .await
            .unwrap();
        let added = admin::add_integration(&store, "1С").await.unwrap();
        store.close().await;
        Self {
            chats: chats.into_iter().zip([3, 4, 5]).collect(),
            gleb: backend.operator("gleb").await,
            key: added["key"].as_str().unwrap().to_owned(),
            boris,
            backend,
        }
    }

    async fn by_key(&self, command: &Command, for_whom: OperatorId) -> Answer {
        let body = json!({
            "id": new_command_id(), "command": command, "on_behalf_of": for_whom,
        });
        let request = self.backend.request(Method::POST, "/api/v1/commands");
        Answer::of(request.bearer_auth(&self.key).json(&body)).await
    }

    /// That whoever asks is answered the same about both chats, however they ask.
    async fn are_answered_alike(
        &self,
        who: &Signed,
        panel: &mut TestPanel,
        chat: ChatId,
        seen: i64,
    ) {
        let none = nowhere();
        let colleague = self.boris.id;
        let about = |chat| {
            let commands = every_command(chat, seen, colleague).into_iter();
            commands.chain(wrong_commands(chat, seen))
        };
        for (theirs, nobodys) in about(chat).zip(about(none)) {
            let answer = who.post(new_command_id(), &theirs).await;
            answer.refuses(404, "chat_not_found");
            for other in [
                who.post(new_command_id(), &nobodys).await,
                self.by_key(&theirs, who.id).await,
                self.by_key(&nobodys, who.id).await,
            ] {
                assert_eq!(all_of(&answer), all_of(&other), "{theirs:?}");
            }
            let answer = refused_text(panel, theirs.clone()).await;
            let other = refused_text(panel, nobodys).await;
            assert_eq!(answer, other, "{theirs:?}");
        }
    }
}

fn all_of(answer: &Answer) -> (u16, &str, &str) {
    (answer.status, &answer.content_type, &answer.text)
}

/// What a command is refused with over the socket, as it comes, but for the command's own id.
async fn refused_text(panel: &mut TestPanel, command: Command) -> String {
    let id = new_command_id();
    panel.give(id, command).await;
    loop {
        let text = panel.wire.hear_text().await;
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert_ne!(frame["kind"], "done", "{text}");
        if frame["kind"] == "refused" {
            return text.replace(&id.to_string(), "the id");
        }
    }
}

#[tokio::test]
async fn every_command_about_somebody_elses_chat_is_answered_as_about_one_that_is_not_there() {
    let strangers = Strangers::new().await;
    let before = strangers.backend.contents();
    let mut glebs = strangers.gleb.panel().await;
    let mut boriss = strangers.boris.panel().await;
    for (chat, newest) in &strangers.chats {
        // Who could never see it does not, whatever they say that they have seen.
        for seen in [i64::MIN, 0, 1, *newest, i64::MAX] {
            strangers
                .are_answered_alike(&strangers.gleb, &mut glebs, *chat, seen)
                .await;
        }
        // Who saw it in the queue, or had it, knows nothing of what came later.
        strangers
            .are_answered_alike(&strangers.boris, &mut boriss, *chat, *newest)
            .await;
    }
    assert_eq!(strangers.backend.contents(), before);
}

#[tokio::test]
async fn whatever_is_read_of_somebody_elses_chat_is_answered_as_of_one_that_is_not_there() {
    let strangers = Strangers::new().await;
    let boris = &strangers.boris;
    let gleb = &strangers.gleb;
    for (chat, _) in &strangers.chats {
        for who in [boris, gleb] {
            for path in ["entries", "entries?before=2&limit=1", "card"] {
                let of = |chat: ChatId| format!("/api/v1/chats/{}/{path}", chat.0);
                let theirs = who.request(Method::GET, &of(*chat)).await;
                theirs.refuses(404, "chat_not_found");
                let none = who.request(Method::GET, &of(nowhere())).await;
                assert_eq!(all_of(&theirs), all_of(&none), "{path}");
            }
            // It is in no answer of the archive, and as a cursor it stands for nothing.
            let at = 1_900_000_000_000_i64;
            let behind = |chat: ChatId| format!("/api/v1/archive?after={at}_{}", chat.0);
            let theirs = who.request(Method::GET, &behind(*chat)).await;
            let none = who.request(Method::GET, &behind(nowhere())).await;
            assert_eq!(all_of(&theirs), all_of(&none));
            assert_eq!(theirs.json(), json!({ "hits": [], "next": null }));
        }
        // A key reads nothing, of whomever it asks.
        for chat in [*chat, nowhere()] {
            for path in ["entries", "card"] {
                let path = format!("/api/v1/chats/{}/{path}", chat.0);
                let request = strangers.backend.request(Method::GET, &path);
                let answer = Answer::of(request.bearer_auth(&strangers.key)).await;
                answer.refuses(401, "signed_out");
            }
        }
    }
}

#[tokio::test]
async fn only_who_replied_to_what_they_saw_in_the_queue_learns_whose_it_is_now() {
    let strangers = Strangers::new().await;
    let (chat, _) = strangers.chats[0];
    let boris = &strangers.boris;
    let late = boris
        .post(new_command_id(), &reply(chat, "Я отвечу", 1))
        .await;
    let details = late.refuses(409, "chat_taken")["details"].clone();
    assert!(details["owner"].is_string());
    let for_boris = strangers
        .by_key(&reply(chat, "Я отвечу", 1), boris.id)
        .await;
    assert_eq!(all_of(&late), all_of(&for_boris));
    let gleb = &strangers.gleb;
    let late = gleb
        .post(new_command_id(), &reply(chat, "Я отвечу", 1))
        .await;
    late.refuses(404, "chat_not_found");
}

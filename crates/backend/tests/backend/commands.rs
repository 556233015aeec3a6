//! Commands, over the socket and over REST.

use futures_util::future::join;
use pult_domain::{ChatId, CommandId, Place};
use pult_protocol::{Code, Command, CommandDone, Problem};
use serde_json::json;

use crate::kit::{Signed, TestBackend, new_command_id};

const PHONE: &str = "79990000001";

pub(crate) fn reply(chat_id: ChatId, text: &str, seen: i64) -> Command {
    Command::Reply {
        chat_id,
        text: text.to_owned(),
        seen_place: Place(seen),
    }
}

pub(crate) fn close(chat_id: ChatId, seen: i64) -> Command {
    Command::Close {
        chat_id,
        seen_place: Place(seen),
    }
}

fn reopen(chat_id: ChatId, seen: i64) -> Command {
    Command::Reopen {
        chat_id,
        seen_place: Place(seen),
    }
}

fn mark_read(chat_id: ChatId, place: i64) -> Command {
    Command::MarkRead {
        chat_id,
        place: Place(place),
    }
}

fn nowhere() -> ChatId {
    ChatId(uuid::Uuid::now_v7())
}

/// That a command is refused with this code over the socket and with this status over REST, in the
/// same words, and changes nothing.
async fn refused_alike(
    backend: &TestBackend,
    operator: &Signed,
    command: Command,
    (code, status): (&str, u16),
) {
    let before = backend.contents();
    let mut panel = operator.panel().await;
    let by_socket = panel.command(command.clone()).await.unwrap_err();
    let by_rest = operator.post(new_command_id(), &command).await;
    let json = by_rest.refuses(status, code);
    let in_rest = Problem {
        code: serde_json::from_value(json["code"].clone()).unwrap(),
        message: json["message"].as_str().unwrap().to_owned(),
        details: json["details"].clone(),
    };
    assert_eq!(by_socket, in_rest);
    assert_eq!(backend.contents(), before, "{code}");
}

#[tokio::test]
async fn a_refusal_is_the_same_over_socket_and_rest_and_changes_nothing() {
    let backend = TestBackend::start().await;
    let queued = backend.client_writes(PHONE, "Здравствуйте").await;
    let annas = backend.client_writes("79990000002", "Добрый день").await;
    let closed = backend.client_writes("79990000003", "Алло").await;
    let anna = backend.operator("anna").await;
    let boris = backend.operator("boris").await;
    let mut panel = anna.panel().await;
    panel.command(reply(annas, "Слушаю", 1)).await.unwrap();
    panel.command(reply(closed, "Слушаю", 1)).await.unwrap();
    panel.command(close(closed, 3)).await.unwrap();
    backend.client_writes("79990000002", "Ещё вопрос").await;
    backend.all_sent().await;

    let too_long = "ы".repeat(4097);
    for (command, no) in [
        (reply(queued, " \n ", 1), ("text_empty", 422)),
        (reply(queued, &too_long, 1), ("text_too_long", 422)),
        (reply(queued, "Да", 0), ("newer_message", 409)),
        (reply(nowhere(), "Да", 1), ("chat_not_found", 404)),
        (mark_read(nowhere(), 1), ("chat_not_found", 404)),
        (close(queued, 1), ("not_allowed", 403)),
        (reopen(queued, 1), ("wrong_status", 409)),
        (close(annas, 3), ("newer_message", 409)),
        (reply(closed, "Да", 4), ("chat_closed", 409)),
        (close(closed, 4), ("wrong_status", 409)),
    ] {
        refused_alike(&backend, &anna, command, no).await;
    }
    for (command, no) in [
        (reply(annas, "Да", 1), ("chat_taken", 409)),
        (close(annas, 1), ("not_allowed", 403)),
        (reopen(closed, 1), ("not_allowed", 403)),
        (mark_read(annas, 1), ("chat_not_found", 404)),
    ] {
        refused_alike(&backend, &boris, command, no).await;
    }
    assert_eq!(backend.graph.posts().len(), 2, "only what was accepted");
}

#[tokio::test]
async fn a_command_that_comes_again_is_answered_as_before_however_it_comes() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let mut panel = anna.panel().await;
    let id = new_command_id();
    let first = panel.command_as(id, reply(chat, "Слушаю", 1)).await;
    let first = first.unwrap();
    assert_eq!(first.place, Some(Place(3)), "after the notice");
    backend.all_sent().await;
    let before = backend.contents();

    let again = panel.command_as(id, reply(chat, "Слушаю", 1)).await;
    assert_eq!(again.unwrap(), first);
    let by_rest = anna.post(id, &reply(chat, "Слушаю", 1)).await;
    assert_eq!(by_rest.status, 200);
    let result: CommandDone = serde_json::from_value(by_rest.json()["result"].clone()).unwrap();
    assert_eq!(result, first);
    assert_eq!(backend.contents(), before);
    assert_eq!(backend.graph.texts(), ["Слушаю"]);
}

#[tokio::test]
async fn a_refused_command_that_comes_again_is_refused_as_before() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let anna = backend.operator("anna").await;
    let id = new_command_id();
    let first = anna.post(id, &close(chat, 1)).await;
    first.refuses(403, "not_allowed");
    // What would be allowed by now is still answered as it was.
    let take = anna.post(new_command_id(), &reply(chat, "Слушаю", 1)).await;
    assert_eq!(take.status, 200);
    assert_eq!(anna.post(id, &close(chat, 1)).await.text, first.text);
}

#[tokio::test]
async fn an_id_is_used_once_by_each_author() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let other = backend.client_writes("79990000002", "Добрый день").await;
    let anna = backend.operator("anna").await;
    let boris = backend.operator("boris").await;
    let id = new_command_id();
    assert_eq!(anna.post(id, &reply(chat, "Слушаю", 1)).await.status, 200);
    backend.all_sent().await;
    let before = backend.contents();
    for command in [
        reply(chat, "Слушаю!", 1),
        reply(chat, "Слушаю", 2),
        reply(other, "Слушаю", 1),
        close(chat, 1),
    ] {
        anna.post(id, &command).await.refuses(409, "id_reused");
    }
    assert_eq!(backend.contents(), before);
    // Another author's ids are their own.
    assert_eq!(boris.post(id, &reply(other, "Да?", 1)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_reply_at_once_one_takes_the_chat_and_the_other_learns_who() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let boris = backend.operator("boris").await;
    let mut panels = (anna.panel().await, boris.panel().await);
    for n in 0..10 {
        let chat = backend
            .client_writes(&format!("7999000001{n}"), "Кто ответит?")
            .await;
        let answers = join(
            panels.0.command(reply(chat, "Я", 1)),
            panels.1.command(reply(chat, "Я", 1)),
        );
        let (problem, winner) = match answers.await {
            (Ok(_), Err(problem)) => (problem, anna.id),
            (Err(problem), Ok(_)) => (problem, boris.id),
            other => panic!("{other:?}"),
        };
        assert_eq!(problem.code, Code::ChatTaken);
        assert_eq!(problem.details, json!({ "owner": winner }));
    }
    backend.all_sent().await;
    assert_eq!(backend.graph.posts().len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commands_of_one_socket_are_carried_out_in_the_order_in_which_they_were_given() {
    let backend = TestBackend::start().await;
    let chat = backend.client_writes(PHONE, "Здравствуйте").await;
    let mut panel = backend.operator("anna").await.panel().await;
    let ids: Vec<CommandId> = (0..200).map(|_| new_command_id()).collect();
    for (n, id) in ids.iter().enumerate() {
        panel.give(*id, reply(chat, &format!("{n}"), 1)).await;
    }
    let mut places = Vec::new();
    for id in ids {
        places.push(panel.answer(id).await.unwrap().place.unwrap().0);
    }
    let in_order: Vec<i64> = (3..203).collect();
    assert_eq!(places, in_order);
}

//! Every cell of the table of rights, over the socket and over REST, and what integrations may.

use pult_backend::admin;
use pult_domain::{Author, ChatId, Deed, OperatorId, Part, Place, Role, Status, Verdict, verdict};
use pult_protocol::{Code, Command};
use reqwest::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, PASSWORD, Signed, TestBackend, new_command_id};

/// Everybody who stands in some relation to a chat.
struct Company {
    backend: TestBackend,
    owner: Signed,
    observer: Signed,
    colleague: Signed,
    target: Signed,
    supervisor: Signed,
    administrator: Signed,
    key: String,
    n_chats: u32,
}

impl Company {
    async fn new() -> Self {
        let backend = TestBackend::start().await;
        let store = backend.as_administrator();
        let people = [
            ("owner", Role::Operator),
            ("observer", Role::Operator),
            ("colleague", Role::Operator),
            ("target", Role::Operator),
            ("supervisor", Role::Supervisor),
            ("administrator", Role::Administrator),
        ];
        for (login, role) in people {
            admin::add_operator(&store, login, login, role, PASSWORD.into())
                .await
                .unwrap();
        }
        let added = admin::add_integration(&store, "1С").await.unwrap();
        store.close().await;
        Self {
            owner: backend.operator("owner").await,
            observer: backend.operator("observer").await,
            colleague: backend.operator("colleague").await,
            target: backend.operator("target").await,
            supervisor: backend.operator("supervisor").await,
            administrator: backend.operator("administrator").await,
            key: added["key"].as_str().unwrap().to_owned(),
            n_chats: 0,
            backend,
        }
    }

    /// A new chat in that status; owned and observed as far as the status allows. With its newest
    /// place.
    async fn chat(&mut self, status: Status) -> (ChatId, Place) {
        self.n_chats += 1;
        let phone = format!("7999{:07}", self.n_chats);
        let chat = self.backend.client_writes(&phone, "Здравствуйте").await;
        let done = |answer: Answer| assert_eq!(answer.status, 200, "{}", answer.text);
        if status != Status::Queued {
            let reply = Command::Reply {
                chat_id: chat,
                text: "Слушаю".to_owned(),
                seen_place: self.newest(chat),
            };
            done(self.owner.post(new_command_id(), &reply).await);
        }
        let by = match status {
            Status::Queued => &self.supervisor,
            Status::InWork | Status::Closed => &self.owner,
        };
        let comment = Command::Comment {
            chat_id: chat,
            text: "Взгляните".to_owned(),
            mentions: vec![self.observer.id],
            seen_place: self.newest(chat),
        };
        done(by.post(new_command_id(), &comment).await);
        if status == Status::Closed {
            let close = Command::Close {
                chat_id: chat,
                seen_place: self.newest(chat),
            };
            done(self.owner.post(new_command_id(), &close).await);
        }
        (chat, self.newest(chat))
    }

    fn newest(&self, chat: ChatId) -> Place {
        let sql = "SELECT last_place FROM chats WHERE id = ?1";
        let place = self.backend.db().query_row(sql, [chat.0], |row| row.get(0));
        Place(place.unwrap())
    }

    async fn by_key(&self, command: &Command, on_behalf_of: Option<OperatorId>) -> Answer {
        let body = json!({
            "id": new_command_id(), "command": command, "on_behalf_of": on_behalf_of,
        });
        let request = self.backend.request(Method::POST, "/api/v1/commands");
        Answer::of(request.bearer_auth(&self.key).json(&body)).await
    }
}

fn command(deed: Deed, chat_id: ChatId, seen_place: Place, target: OperatorId) -> Command {
    match deed {
        Deed::Reply => Command::Reply {
            chat_id,
            text: "Добрый день".to_owned(),
            seen_place,
        },
        Deed::Comment => Command::Comment {
            chat_id,
            text: "К сведению".to_owned(),
            mentions: vec![target],
            seen_place,
        },
        Deed::Leave => Command::Leave {
            chat_id,
            seen_place,
        },
        Deed::Transfer => Command::Transfer {
            chat_id,
            to: target,
            note: None,
            seen_place,
        },
        Deed::Close => Command::Close {
            chat_id,
            seen_place,
        },
        Deed::Reopen => Command::Reopen {
            chat_id,
            seen_place,
        },
        Deed::ReturnToQueue => Command::ReturnToQueue {
            chat_id,
            seen_place,
        },
        Deed::Assign => Command::Assign {
            chat_id,
            to: target,
            seen_place,
        },
        Deed::SetObservers => Command::SetObservers {
            chat_id,
            observer_ids: vec![target],
            seen_place,
        },
        Deed::NoAnswerNeeded => Command::NoAnswerNeeded {
            chat_id,
            seen_place,
        },
    }
}

/// What an author who stands so is answered; none if it is done.
fn expected(deed: Deed, status: Status, author: &Author, part: Part) -> Option<Code> {
    // Whoever neither takes part nor looks after everything does not know of the chat.
    let is_stranger = part == Part::Nobody
        && author.id().is_some()
        && !author.is_at_least(Role::Supervisor)
        && status != Status::Queued;
    if is_stranger {
        return Some(Code::ChatNotFound);
    }
    match verdict(deed, status, author, part) {
        Verdict::Allowed => None,
        Verdict::NotAllowed => Some(Code::NotAllowed),
        Verdict::Taken => Some(Code::ChatTaken),
        Verdict::Closed => Some(Code::ChatClosed),
        Verdict::WrongStatus => Some(Code::WrongStatus),
    }
}

fn code_of(answer: &Answer) -> Option<Code> {
    if answer.status == 200 {
        return None;
    }
    Some(serde_json::from_value(answer.json()["code"].clone()).unwrap())
}

#[tokio::test]
async fn every_cell_of_the_table_of_rights_holds_over_socket_and_rest() {
    let mut company = Company::new().await;
    for deed in Deed::ALL {
        for status in Status::ALL {
            for who in 0..5 {
                for is_by_socket in [true, false] {
                    let (chat, seen) = company.chat(status).await;
                    let part_of_owner = match status {
                        Status::Queued => Part::Nobody,
                        Status::InWork => Part::Owner,
                        Status::Closed => Part::FormerOwner,
                    };
                    let part_of_observer = match status {
                        Status::Queued | Status::InWork => Part::Observer,
                        // Observers are released by a close, and may still find the chat.
                        Status::Closed => Part::Nobody,
                    };
                    let (operator, role, part) = match who {
                        0 => (&company.owner, Role::Operator, part_of_owner),
                        1 => (&company.observer, Role::Operator, part_of_observer),
                        2 => (&company.colleague, Role::Operator, Part::Nobody),
                        3 => (&company.supervisor, Role::Supervisor, Part::Nobody),
                        _ => (&company.administrator, Role::Administrator, Part::Nobody),
                    };
                    let author = Author::Operator {
                        id: operator.id,
                        role,
                    };
                    let mut expected = expected(deed, status, &author, part);
                    if who == 1 && status == Status::Closed {
                        // Who observed to the end could see it: they are told of the status.
                        expected = match verdict(deed, status, &author, part) {
                            Verdict::Closed => Some(Code::ChatClosed),
                            Verdict::WrongStatus => Some(Code::WrongStatus),
                            Verdict::Allowed | Verdict::NotAllowed | Verdict::Taken => {
                                Some(Code::NotAllowed)
                            }
                        };
                    }
                    let command = command(deed, chat, seen, company.target.id);
                    let found = if is_by_socket {
                        let mut panel = operator.panel().await;
                        panel
                            .command(command)
                            .await
                            .err()
                            .map(|problem| problem.code)
                    } else {
                        code_of(&operator.post(new_command_id(), &command).await)
                    };
                    assert_eq!(found, expected, "{deed:?} {status:?} {who} {part:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_integration_has_its_column_of_the_table_and_that_of_whom_it_names() {
    let mut company = Company::new().await;
    for deed in Deed::ALL {
        for status in Status::ALL {
            let (chat, seen) = company.chat(status).await;
            let asked = command(deed, chat, seen, company.target.id);
            let found = code_of(&company.by_key(&asked, None).await);
            let wanted = expected(deed, status, &Author::Integration, Part::Nobody);
            assert_eq!(found, wanted, "{deed:?} {status:?} as itself");

            let (chat, seen) = company.chat(status).await;
            let asked = command(deed, chat, seen, company.target.id);
            let found = code_of(&company.by_key(&asked, Some(company.owner.id)).await);
            let author = Author::Operator {
                id: company.owner.id,
                role: Role::Operator,
            };
            let part = match status {
                Status::Queued => Part::Nobody,
                Status::InWork => Part::Owner,
                Status::Closed => Part::FormerOwner,
            };
            let wanted = expected(deed, status, &author, part);
            assert_eq!(found, wanted, "{deed:?} {status:?} for the owner");
        }
    }
}

#[tokio::test]
async fn an_integration_asks_for_nobody_who_administers_or_is_unknown_and_nobody_else_does() {
    let mut company = Company::new().await;
    let (chat, seen) = company.chat(Status::Queued).await;
    let close = command(Deed::Close, chat, seen, company.target.id);
    let administrator = company.administrator.id;
    let answer = company.by_key(&close, Some(administrator)).await;
    answer.refuses(403, "not_allowed");
    let nobody = OperatorId(uuid::Uuid::now_v7());
    let answer = company.by_key(&close, Some(nobody)).await;
    answer.refuses(403, "operator_inactive");
    let body = json!({
        "id": new_command_id(), "command": close, "on_behalf_of": company.supervisor.id,
    });
    company
        .colleague
        .post_json(&body)
        .await
        .refuses(403, "not_allowed");
    // The same id for somebody else is another command.
    let id = new_command_id();
    let as_whom = |operator: OperatorId| {
        let comment = command(Deed::Comment, chat, seen, company.target.id);
        json!({ "id": id, "command": comment, "on_behalf_of": operator })
    };
    for (operator, status) in [(company.owner.id, 200), (company.observer.id, 409)] {
        let request = company
            .backend
            .request(Method::POST, "/api/v1/commands")
            .bearer_auth(&company.key)
            .json(&as_whom(operator));
        assert_eq!(Answer::of(request).await.status, status);
    }
    // What it does, as itself or for somebody, tells of it.
    let seen = company.newest(chat);
    let close = command(Deed::Close, chat, seen, company.target.id);
    let done = company.by_key(&close, None).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let sql = "SELECT count(*) FROM entries e JOIN integrations i ON i.key = e.integration";
    // The comment, the notice of who joined by it, and that of the close.
    assert_eq!(company.backend.count(sql), 3);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_and_a_key_is_no_session() {
    let mut company = Company::new().await;
    let (chat, seen) = company.chat(Status::Queued).await;
    let close = command(Deed::Close, chat, seen, company.target.id);
    let session = company
        .backend
        .request(Method::GET, "/api/v1/sessions/current");
    Answer::of(session.bearer_auth(&company.key))
        .await
        .refuses(401, "signed_out");
    let store = company.backend.as_administrator();
    admin::revoke_integration(&store, "1С").await.unwrap();
    let listed = admin::list_integrations(&store).await.unwrap();
    store.close().await;
    assert_eq!(listed["integrations"][0]["is_active"], Value::Bool(false));
    assert_eq!(listed.to_string().matches(&company.key).count(), 0);
    company
        .by_key(&close, None)
        .await
        .refuses(401, "signed_out");
}

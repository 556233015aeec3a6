//! What goes over the wire, as text: a change here is a change that the other side sees.

use std::collections::{BTreeMap, BTreeSet};

use pult_domain::{
    AutomaticKind, ChannelId, ChatId, ClientId, CommandId, DeviceId, EntryId, IntegrationId,
    OperatorId, Place, ReadyAnswerId, Refusal, Role, Seq, Status, Timestamp,
};
use pult_protocol::{
    AnswerScope, ArchiveCursor, AuditEntry, BackendFrame, Changes, ChannelKind, ChannelRow,
    ChatRow, ClientCard, Code, Command, CommandDone, CommandEnvelope, CommandRequest,
    CommandResponse, CompanyRow, ComposerMode, Cursor, Delivery, DeliveryState, DraftGiven,
    DraftOrigin, DraftRow, EntryBody, EntryKind, EntryRow, FailureKind, GoneWhy, HistoryPage,
    IntegrationRow, LateChat, LateChats, MarkRow, Notice, Onlooker, OperatorRow, PanelFrame,
    Presence, PresenceRow, Preview, Problem, ReadyAnswerBody, ReadyAnswerFault, ReadyAnswerImport,
    ReadyAnswerImportLine, ReadyAnswerImportOutcome, ReadyAnswerRow, Row, SignInRequest,
    SignInResponse, Standing, Token, Watch, WatchedChat,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

const CHAT: ChatId = ChatId(Uuid::from_u128(0x0c));
const ANNA: OperatorId = OperatorId(Uuid::from_u128(0xa0));
const BORIS: OperatorId = OperatorId(Uuid::from_u128(0xb0));
const DEVICE: DeviceId = DeviceId(Uuid::from_u128(0xde));
const COMMAND: CommandId = CommandId(Uuid::from_u128(0x1d));
const ANSWER: ReadyAnswerId = ReadyAnswerId(Uuid::from_u128(0xaa));
const ENTRY: EntryId = EntryId(Uuid::from_u128(0xe0));
const CHANNEL: ChannelId = ChannelId(Uuid::from_u128(0xca));
const NOON: Timestamp = Timestamp(1_790_000_000_000);

/// The JSON of each value under a name, after making sure that it reads back as the same.
fn wire<T: Serialize + DeserializeOwned>(values: Vec<(&str, T)>) -> BTreeMap<String, Value> {
    let line = |(name, value): (&str, T)| {
        let json = serde_json::to_value(&value).unwrap();
        let again: T = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), json, "{name}");
        (name.to_owned(), json)
    };
    values.into_iter().map(line).collect()
}

/// Compares with the snapshot of that name.
fn stands(name: &str, wire: impl Serialize) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_json_snapshot!(name, wire);
    });
}

fn cursor() -> Cursor {
    Cursor {
        epoch: "0199".to_owned(),
        seq: Seq(42),
    }
}

fn reply() -> Command {
    Command::Reply {
        chat_id: CHAT,
        text: "Добрый день".to_owned(),
        seen_place: Place(7),
    }
}

const fn done() -> CommandDone {
    CommandDone {
        entry_id: Some(ENTRY),
        place: Some(Place(8)),
    }
}

fn chat() -> ChatRow {
    ChatRow {
        id: CHAT,
        channel_id: CHANNEL,
        client: ClientCard {
            id: ClientId(Uuid::from_u128(0xc1)),
            name: Some("Ирина".to_owned()),
            own_name: Some("Irina".to_owned()),
            phone: Some("70000000001".to_owned()),
            note: "Звонить после обеда".to_owned(),
        },
        status: Status::InWork,
        owner_id: Some(ANNA),
        former_owner_id: None,
        suggested_owner_id: None,
        observer_ids: vec![BORIS],
        waiting_since: Some(NOON),
        last_activity_at: NOON,
        client_wrote_at: Some(NOON),
        last_place: Place(7),
        preview: Some(Preview {
            kind: EntryKind::Inbound,
            author_id: None,
            text: "Здравствуйте".to_owned(),
            placeholder: None,
        }),
        fresh: false,
    }
}

const fn entry(body: EntryBody) -> EntryRow {
    EntryRow {
        id: ENTRY,
        chat_id: CHAT,
        place: Place(7),
        author_id: Some(ANNA),
        integration_id: None,
        command_id: Some(COMMAND),
        automatic: None,
        sent_at: NOON,
        received_at: NOON,
        body,
    }
}

fn inbound() -> EntryBody {
    EntryBody::Inbound {
        text: "Здравствуйте".to_owned(),
    }
}

fn anna() -> OperatorRow {
    OperatorRow {
        id: ANNA,
        name: "Анна".to_owned(),
        role: Role::Operator,
        is_active: true,
    }
}

#[test]
fn what_a_panel_says() {
    let hello = |cursor| PanelFrame::Hello {
        token: Token("t0ken".to_owned()),
        protocol: 1,
        device: "Касса".to_owned(),
        cursor,
        standing: Standing::Active,
    };
    stands(
        "what_a_panel_says",
        wire(vec![
            ("hello", hello(Some(cursor()))),
            ("hello, first of all", hello(None)),
            (
                "command",
                PanelFrame::Command(CommandEnvelope {
                    id: COMMAND,
                    command: reply(),
                    draft: None,
                }),
            ),
            (
                "command_of_a_draft",
                PanelFrame::Command(CommandEnvelope {
                    id: COMMAND,
                    command: reply(),
                    draft: Some(DraftOrigin {
                        device_id: DEVICE,
                        version: 3,
                    }),
                }),
            ),
            (
                "draft",
                PanelFrame::Draft {
                    id: COMMAND,
                    draft: DraftGiven {
                        chat_id: CHAT,
                        mode: ComposerMode::Comment,
                        of_version: 3,
                        device_id: DEVICE,
                        text: "Взгляните, @Борис".to_owned(),
                        mentions: vec![BORIS],
                    },
                },
            ),
            ("watch", PanelFrame::Watch(Watch::default())),
            (
                "watch, all of it",
                PanelFrame::Watch(Watch {
                    chat_id: Some(CHAT),
                    typing: Some(ComposerMode::Reply),
                    standing: Standing::Locked,
                    used_ago_s: 70,
                }),
            ),
            ("oversee", PanelFrame::Oversee { on: true }),
            ("ping", PanelFrame::Ping),
        ]),
    );
}

fn late() -> BackendFrame {
    let chat = LateChat {
        chat_id: CHAT,
        owner_id: Some(ANNA),
        waiting_since: NOON,
        limit_minutes: 15,
    };
    BackendFrame::Late(LateChats {
        chats: vec![chat],
        n: 1,
    })
}

#[test]
fn what_the_backend_says() {
    let changes = Changes {
        starts_snapshot: true,
        rows: vec![Row::Operator(anna())],
        cursor: None,
        behind: 12,
    };
    let problem = || Problem::new(Code::SignedOut, "sign in again");
    stands(
        "what_the_backend_says",
        wire(vec![
            (
                "welcome",
                BackendFrame::Welcome {
                    protocol: 1,
                    operator_id: ANNA,
                    server_time: NOON,
                    lease_ms: 45_000,
                },
            ),
            ("changes", BackendFrame::Changes(changes)),
            (
                "presence",
                BackendFrame::Presence {
                    operators: vec![PresenceRow {
                        operator_id: ANNA,
                        presence: Presence::Away,
                        since: Some(NOON),
                        by_hand: true,
                    }],
                },
            ),
            (
                "watching",
                BackendFrame::Watching {
                    is_whole: false,
                    chats: vec![WatchedChat {
                        chat_id: CHAT,
                        onlookers: vec![Onlooker {
                            operator_id: ANNA,
                            typing: Some(ComposerMode::Comment),
                        }],
                    }],
                },
            ),
            (
                "chats_changed",
                BackendFrame::ChatsChanged {
                    chat_ids: vec![CHAT],
                    everything: false,
                },
            ),
            ("late", late()),
            ("first", BackendFrame::First { is_first: false }),
            (
                "done",
                BackendFrame::Done {
                    id: COMMAND,
                    result: done(),
                },
            ),
            (
                "refused",
                BackendFrame::Refused {
                    id: COMMAND,
                    problem: Problem::of_refusal(&Refusal::ChatTaken { owner: Some(ANNA) }),
                },
            ),
            ("problem", BackendFrame::Problem { problem: problem() }),
            ("ping", BackendFrame::Ping),
        ]),
    );
}

#[test]
fn commands() {
    stands(
        "commands",
        wire(vec![
            ("reply", reply()),
            (
                "comment",
                Command::Comment {
                    chat_id: CHAT,
                    text: "Взгляните".to_owned(),
                    mentions: vec![BORIS],
                    seen_place: Place(7),
                },
            ),
            (
                "leave",
                Command::Leave {
                    chat_id: CHAT,
                    seen_place: Place(7),
                },
            ),
            (
                "transfer",
                Command::Transfer {
                    chat_id: CHAT,
                    to: BORIS,
                    note: Some("Это ваш".to_owned()),
                    seen_place: Place(7),
                },
            ),
            (
                "return_to_queue",
                Command::ReturnToQueue {
                    chat_id: CHAT,
                    seen_place: Place(7),
                },
            ),
            (
                "assign",
                Command::Assign {
                    chat_id: CHAT,
                    to: BORIS,
                    seen_place: Place(7),
                },
            ),
            (
                "close",
                Command::Close {
                    chat_id: CHAT,
                    seen_place: Place(7),
                },
            ),
            (
                "reopen",
                Command::Reopen {
                    chat_id: CHAT,
                    seen_place: Place(7),
                },
            ),
            (
                "mark_read",
                Command::MarkRead {
                    chat_id: CHAT,
                    place: Place(7),
                },
            ),
        ]),
    );
}

#[test]
fn more_commands() {
    stands(
        "more_commands",
        wire(vec![
            (
                "set_observers",
                Command::SetObservers {
                    chat_id: CHAT,
                    observer_ids: vec![BORIS],
                    seen_place: Place(7),
                },
            ),
            (
                "no_answer_needed",
                Command::NoAnswerNeeded {
                    chat_id: CHAT,
                    seen_place: Place(7),
                },
            ),
            (
                "name_client",
                Command::NameClient {
                    chat_id: CHAT,
                    name: Some("Ирина Выдуманная".to_owned()),
                    seen_place: Place(7),
                },
            ),
            (
                "note_client",
                Command::NoteClient {
                    chat_id: CHAT,
                    note: "Звонить после обеда".to_owned(),
                    seen_place: Place(7),
                },
            ),
            (
                "tell_only_addressed",
                Command::TellOnlyAddressed {
                    chat_id: CHAT,
                    only_addressed: true,
                    seen_place: Place(7),
                },
            ),
        ]),
    );
}

#[test]
fn refusals() {
    let every = [
        Refusal::ChatTaken { owner: Some(ANNA) },
        Refusal::ChatClosed,
        Refusal::NewerMessage { place: Place(9) },
        Refusal::NotAllowed,
        Refusal::WrongStatus,
        Refusal::ChatNotFound,
        Refusal::ColleagueInactive { operator: BORIS },
        Refusal::AlreadyOwner,
        Refusal::OperatorInactive,
        Refusal::TextEmpty,
        Refusal::TextTooLong,
        Refusal::IdReused,
    ];
    let refused = |refusal: &Refusal| (refusal.code(), Problem::of_refusal(refusal));
    let wire = wire(every.iter().map(refused).collect());
    for (code, problem) in &wire {
        assert_eq!(
            problem["code"],
            json!(code),
            "the domain's word is the wire's"
        );
    }
    stands("refusals", wire);
}

#[test]
fn codes() {
    stands(
        "codes",
        vec![
            Code::ChatTaken,
            Code::ChatClosed,
            Code::NewerMessage,
            Code::NotAllowed,
            Code::WrongStatus,
            Code::ChatNotFound,
            Code::ColleagueInactive,
            Code::AlreadyOwner,
            Code::OperatorInactive,
            Code::TextEmpty,
            Code::TextTooLong,
            Code::IdReused,
            Code::ReadyAnswerNotFound,
            Code::ReadyAnswerWrong,
            Code::ShortcutTaken,
            Code::TooManyReadyAnswers,
            Code::TableUnreadable,
            Code::DraftMoved,
            Code::ChangedMeanwhile,
            Code::ChannelNotFound,
            Code::FieldWrong,
            Code::LastAdministrator,
            Code::LoginTaken,
            Code::PhoneWrong,
            Code::WrongPassword,
            Code::TooManyTries,
            Code::SignedOut,
            Code::ProtocolTooOld,
            Code::ProtocolTooNew,
            Code::Malformed,
            Code::UnknownFrame,
            Code::TooLarge,
            Code::BadSignature,
            Code::NotFound,
            Code::Unavailable,
            Code::Internal,
        ],
    );
}

#[test]
fn rows() {
    let fresh = ChatRow {
        fresh: true,
        ..chat()
    };
    let gone = |why| Row::Gone { chat_id: CHAT, why };
    let channel = |problem| {
        Row::Channel(ChannelRow {
            id: CHANNEL,
            kind: ChannelKind::Whatsapp,
            name: "Основной номер".to_owned(),
            problem,
            phone: Some("74950000000".to_owned()),
        })
    };
    stands(
        "rows",
        wire(vec![
            ("chat", Row::Chat(chat())),
            ("chat, fresh", Row::Chat(fresh)),
            ("entry", Row::Entry(entry(inbound()))),
            ("gone, closed", gone(GoneWhy::Closed)),
            ("gone, lost", gone(GoneWhy::Lost)),
            (
                "draft",
                Row::Draft(DraftRow {
                    chat_id: CHAT,
                    mode: ComposerMode::Reply,
                    version: 3,
                    device_id: DEVICE,
                    text: "Добрый".to_owned(),
                    mentions: Vec::new(),
                    writers: vec![DraftOrigin {
                        device_id: DEVICE,
                        version: 3,
                    }],
                }),
            ),
            (
                "mark",
                Row::Mark(MarkRow {
                    chat_id: CHAT,
                    read_place: Place(7),
                    only_addressed: false,
                }),
            ),
            ("operator", Row::Operator(anna())),
            (
                "integration",
                Row::Integration(IntegrationRow {
                    id: IntegrationId(Uuid::from_u128(0x1c)),
                    name: "1С".to_owned(),
                    is_active: true,
                }),
            ),
            ("company", Row::Company(CompanyRow::default())),
            (
                "ready answer, the company's",
                Row::ReadyAnswer(ready_answer(None)),
            ),
            (
                "ready answer, own",
                Row::ReadyAnswer(ready_answer(Some(ANNA))),
            ),
            ("ready answer, deleted", Row::ReadyAnswerGone { id: ANSWER }),
            ("channel", channel(None)),
            (
                "channel, blocked",
                channel(Some(FailureKind::ChannelBlocked)),
            ),
        ]),
    );
}

fn ready_answer(owner_id: Option<OperatorId>) -> ReadyAnswerRow {
    ReadyAnswerRow {
        id: ANSWER,
        owner_id,
        shortcut: "привет".to_owned(),
        title: "Начало разговора".to_owned(),
        group: "Общее".to_owned(),
        text: "Здравствуйте, {клиент}!".to_owned(),
    }
}

#[test]
fn ready_answers_over_rest() {
    let line = |outcome| ReadyAnswerImportLine {
        line: 2,
        shortcut: "привет".to_owned(),
        text: "Здравствуйте!".to_owned(),
        outcome,
    };
    let wrong = |fault| line(ReadyAnswerImportOutcome::Wrong { fault });
    let report = ReadyAnswerImport {
        is_done: false,
        n_new: 1,
        n_changed: 1,
        n_unchanged: 1,
        n_wrong: 9,
        lines: vec![
            line(ReadyAnswerImportOutcome::New),
            line(ReadyAnswerImportOutcome::Changed),
            line(ReadyAnswerImportOutcome::Unchanged),
            line(ReadyAnswerImportOutcome::Repeated { of_line: 1 }),
            line(ReadyAnswerImportOutcome::TooMany { max: 2_000 }),
            wrong(ReadyAnswerFault::ShortcutEmpty),
            wrong(ReadyAnswerFault::ShortcutTooLong),
            wrong(ReadyAnswerFault::ShortcutSigns),
            wrong(ReadyAnswerFault::TitleTooLong),
            wrong(ReadyAnswerFault::GroupTooLong),
            wrong(ReadyAnswerFault::TextEmpty),
            wrong(ReadyAnswerFault::TextTooLong),
            wrong(ReadyAnswerFault::QuoteUnclosed),
        ],
    };
    let body = ReadyAnswerBody {
        scope: AnswerScope::Own,
        shortcut: "привет".to_owned(),
        title: String::new(),
        group: String::new(),
        text: "Здравствуйте!".to_owned(),
    };
    stands("ready_answer_body", wire(vec![("put", body)]));
    stands("ready_answer_import", wire(vec![("report", report)]));
}

#[test]
fn a_kind_of_row_is_known_by_the_name_that_it_has_on_the_wire() {
    // What is not named here is left out by panels without a word.
    let schema = serde_json::to_value(<Row as utoipa::PartialSchema>::schema()).unwrap();
    let kinds = schema["oneOf"].as_array().unwrap().iter().map(|kind| {
        let text = kind.to_string();
        let known = Row::KINDS
            .iter()
            .find(|name| text.contains(&format!("[\"{name}\"]")));
        *known.unwrap_or_else(|| panic!("{text} is not among the kinds"))
    });
    let kinds: BTreeSet<&str> = kinds.collect();
    assert_eq!(kinds, BTreeSet::from(Row::KINDS));
}

#[test]
fn bodies_of_entries() {
    let outbound = |state, failure: Option<FailureKind>| EntryBody::Outbound {
        text: "Добрый день".to_owned(),
        delivery: Delivery {
            state,
            failure,
            failure_details: failure.map(|_| "131047 Re-engagement message".to_owned()),
        },
    };
    let mut bodies = vec![
        ("inbound", inbound()),
        (
            "comment",
            EntryBody::Comment {
                text: "Взгляните".to_owned(),
                mentions: vec![BORIS],
            },
        ),
        (
            "inbound placeholder",
            EntryBody::InboundPlaceholder {
                placeholder: "image".to_owned(),
                caption: Some("Вот тут".to_owned()),
            },
        ),
        (
            "outbound, failed for a reason",
            outbound(DeliveryState::Failed, Some(FailureKind::WindowClosed)),
        ),
    ];
    let states = DeliveryState::ALL.map(|state| format!("outbound, {}", state.as_str()));
    for (name, state) in states.iter().zip(DeliveryState::ALL) {
        bodies.push((name, outbound(state, None)));
    }
    stands("bodies_of_entries", wire(bodies));
}

#[test]
fn notices() {
    let (owner, was) = (ANNA, Some(ANNA));
    let (by, program) = (Some(BORIS), None);
    let (observer, to) = (BORIS, BORIS);
    let from = ANNA;
    let every = [
        Notice::Taken { by: BORIS },
        Notice::Joined { by, observer },
        Notice::Left { observer },
        Notice::Removed { by, observer },
        Notice::Transferred { by, from, to },
        Notice::Assigned { by, to },
        Notice::Returned { by, was },
        Notice::NoAnswerNeeded { by: BORIS },
        Notice::Closed { by: program },
        Notice::Closed { by },
        Notice::Reopened { by, owner },
        Notice::ReopenedToQueue { by, was },
        Notice::CameBack { owner },
        Notice::CameBackToQueue { was },
        Notice::OwnerDeactivated { was },
        Notice::ObserverDeactivated { observer: BORIS },
        Notice::Newer,
    ];
    stands("notices", every.map(|notice| EntryBody::Notice { notice }));
}

#[test]
fn words_of_a_newer_version_are_read_as_far_as_they_mean_something() {
    let read = |mut row: Value, field: &str, word: Value| -> Row {
        row[field] = word;
        serde_json::from_value(row).unwrap()
    };
    let gone = json!({ "row": "gone", "chat_id": CHAT, "why": "closed" });
    let lost = Row::Gone {
        chat_id: CHAT,
        why: GoneWhy::Lost,
    };
    assert_eq!(read(gone, "why", json!("moved")), lost, "nothing is kept");
    let operator = json!({ "row": "operator", "id": ANNA, "name": "Анна", "role": "operator",
                           "is_active": true });
    let Row::Operator(anna) = read(operator, "role", json!("director")) else {
        panic!("it is an operator");
    };
    assert_eq!((anna.name.as_str(), anna.role), ("Анна", Role::Operator));
    let entry = json!({
        "row": "entry", "id": Uuid::nil(), "chat_id": CHAT, "place": 3, "author_id": null,
        "command_id": null, "automatic": "closed", "sent_at": 1, "received_at": 2,
        "body": { "kind": "inbound", "text": "Здравствуйте" },
    });
    let newer = EntryBody::Notice {
        notice: Notice::Newer,
    };
    for body in [
        json!({ "kind": "hologram" }),
        json!({ "kind": "notice", "notice": { "what": "praised", "by": ANNA } }),
    ] {
        let Row::Entry(read) = read(entry.clone(), "body", body) else {
            panic!("it is an entry");
        };
        assert_eq!((read.place, &read.body), (Place(3), &newer));
        assert_eq!(read.automatic, Some(AutomaticKind::Closed));
    }
    for word in [json!("birthday"), Value::Null] {
        let Row::Entry(read) = read(entry.clone(), "automatic", word) else {
            panic!("it is an entry");
        };
        assert_eq!(read.automatic, None);
        assert_ne!(read.body, newer);
    }
    // What no row can be without is still missed.
    let mut placeless = entry;
    placeless.as_object_mut().unwrap().remove("place");
    assert!(serde_json::from_value::<Row>(placeless).is_err());
}

#[test]
fn rest_bodies() {
    let sign_in = SignInRequest {
        login: "anna".to_owned(),
        password: "secret".to_owned(),
        device: "Касса".to_owned(),
    };
    let signed_in = SignInResponse {
        token: Token("t0ken".to_owned()),
        expires_at: NOON,
        operator: anna(),
    };
    let command = CommandRequest {
        id: COMMAND,
        command: reply(),
        on_behalf_of: None,
    };
    stands(
        "rest_bodies",
        json!({
            "sign in": wire(vec![("request", sign_in)])["request"],
            "signed in": wire(vec![("response", signed_in)])["response"],
            "command": wire(vec![("request", command)])["request"],
            "done": wire(vec![("response", CommandResponse { result: done() })])["response"],
            "history": wire(vec![("page", HistoryPage { entries: vec![entry(inbound())] })])["page"],
        }),
    );
}

#[test]
fn fields_of_a_newer_version_are_ignored_in_frames_and_rows() {
    for frame in [
        json!({ "kind": "ping", "since": 1 }),
        json!({ "kind": "hello", "token": "t", "protocol": 2, "device": "d", "cursor": null, "new": [] }),
    ] {
        assert!(serde_json::from_value::<PanelFrame>(frame).is_ok());
    }
    let mut row = serde_json::to_value(Row::Chat(chat())).unwrap();
    row["priority"] = json!("high");
    row["client"]["birthday"] = json!("02-29");
    let changes = json!({ "kind": "changes", "rows": [row], "cursor": null, "load": 0.5 });
    let frame: BackendFrame = serde_json::from_value(changes).unwrap();
    let expected = Changes {
        starts_snapshot: false,
        rows: vec![Row::Chat(chat())],
        cursor: None,
        behind: 0,
    };
    assert_eq!(frame, BackendFrame::Changes(expected));
}

#[test]
fn a_command_with_a_field_that_is_not_known_is_not_carried_out_without_it() {
    let mut command = serde_json::to_value(reply()).unwrap();
    command["quote"] = json!(ENTRY);
    assert!(serde_json::from_value::<Command>(command).is_err());
}

#[test]
fn a_frame_of_an_unknown_kind_is_told_from_a_known_one() {
    let frame = json!({ "kind": "hologram" });
    assert!(serde_json::from_value::<BackendFrame>(frame.clone()).is_err());
    assert!(serde_json::from_value::<PanelFrame>(frame).is_err());
}

#[test]
fn a_problem_without_details_is_a_problem() {
    let frame = json!({ "kind": "problem", "code": "internal", "message": "a fault" });
    assert!(serde_json::from_value::<BackendFrame>(frame).is_ok());
}

#[test]
fn secrets_are_not_printed() {
    let hello = PanelFrame::Hello {
        token: Token("t0ken".to_owned()),
        protocol: 1,
        device: "Касса".to_owned(),
        cursor: None,
        standing: Standing::Idle,
    };
    let sign_in = SignInRequest {
        login: "anna".to_owned(),
        password: "s3cret".to_owned(),
        device: "Касса".to_owned(),
    };
    let printed = format!("{hello:?} {sign_in:?}");
    assert!(
        !printed.contains("t0ken") && !printed.contains("s3cret"),
        "{printed}"
    );
}

#[test]
fn a_place_in_the_archive_reads_back_and_nothing_else_is_one() {
    let cursor = ArchiveCursor {
        at: NOON,
        chat_id: CHAT,
    };
    let text = "\"1790000000000_00000000-0000-0000-0000-00000000000c\"";
    assert_eq!(serde_json::to_string(&cursor).unwrap(), text);
    assert_eq!(serde_json::from_str::<ArchiveCursor>(text).unwrap(), cursor);
    for text in [
        "",
        "_",
        "1",
        "1_",
        "_00000000-0000-0000-0000-00000000000c",
        "1_x",
        "1_1_1",
    ] {
        let json = serde_json::to_string(text).unwrap();
        assert!(
            serde_json::from_str::<ArchiveCursor>(&json).is_err(),
            "{text}"
        );
    }
}

#[test]
fn what_is_automatic_and_for_whom_a_chat_is_are_said_where_there_is_something_to_say() {
    let automatic = EntryRow {
        author_id: None,
        command_id: None,
        automatic: Some(AutomaticKind::OutsideHours),
        ..entry(EntryBody::Outbound {
            text: "Нас нет на месте".to_owned(),
            delivery: Delivery {
                state: DeliveryState::Sent,
                failure: None,
                failure_details: None,
            },
        })
    };
    let json = serde_json::to_value(&automatic).unwrap();
    assert_eq!(json["automatic"], "outside_hours");
    assert_eq!(serde_json::from_value::<EntryRow>(json).unwrap(), automatic);
    let suggested = ChatRow {
        suggested_owner_id: Some(ANNA),
        ..chat()
    };
    let json = serde_json::to_value(&suggested).unwrap();
    assert_eq!(json["suggested_owner_id"], json!(ANNA));
    assert_eq!(serde_json::from_value::<ChatRow>(json).unwrap(), suggested);
    // A panel of before has neither in its cache.
    let before = serde_json::to_value(entry(inbound())).unwrap();
    assert!(before.get("automatic").is_none());
    let chat = serde_json::to_value(chat()).unwrap();
    assert!(chat.get("suggested_owner_id").is_none());
}

#[test]
fn hours_are_not_lost_by_being_left_out() {
    let none = json!({ "revision": 3, "hours": null });
    assert!(serde_json::from_value::<pult_protocol::RevisedHours>(none).is_ok());
    let left_out = json!({ "revision": 3 });
    assert!(serde_json::from_value::<pult_protocol::RevisedHours>(left_out).is_err());
}

#[test]
fn words_of_a_newer_version_hide_nothing_beside_them() {
    let refused = json!({
        "kind": "refused",
        "id": COMMAND,
        "code": "of_a_newer_version",
        "message": "no",
    });
    let BackendFrame::Refused { id, problem } = serde_json::from_value(refused).unwrap() else {
        panic!("this is a refusal");
    };
    assert_eq!((id, problem.code), (COMMAND, Code::Internal));
    let entry = json!({
        "key": 7,
        "at": NOON,
        "by": { "who": "command_line" },
        "act": { "act": "of_a_newer_version", "n": 1 },
        "kind": "of_a_newer_version",
    });
    let entry: AuditEntry = serde_json::from_value(entry).unwrap();
    assert_eq!((entry.key, entry.act), (7, None));
}

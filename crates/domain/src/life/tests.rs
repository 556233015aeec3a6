//! The rows of "The life of a chat", one test each, and what holds whatever people do.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use super::*;

const ANNA: OperatorId = OperatorId(Uuid::from_u128(1));
const BORIS: OperatorId = OperatorId(Uuid::from_u128(2));
const VERA: OperatorId = OperatorId(Uuid::from_u128(3));
/// A supervisor.
const SONYA: OperatorId = OperatorId(Uuid::from_u128(4));

static ALL_ACTIVE: LazyLock<BTreeSet<OperatorId>> =
    LazyLock::new(|| BTreeSet::from([ANNA, BORIS, VERA, SONYA]));
static NOBODY_ACTIVE: BTreeSet<OperatorId> = BTreeSet::new();

const fn role_of(operator: OperatorId) -> Role {
    if operator.0.as_u128() == SONYA.0.as_u128() {
        Role::Supervisor
    } else {
        Role::Operator
    }
}

/// What is so unless a test says otherwise: active, saw the chat, overlooked nothing.
fn facts(chat: &Chat, author: OperatorId) -> Facts<'_> {
    Facts {
        chat,
        author: Author::Operator {
            id: author,
            role: role_of(author),
        },
        author_is_active: true,
        could_see: true,
        overlooked: None,
        active: &ALL_ACTIVE,
    }
}

fn queued() -> Chat {
    Chat::new()
}

fn in_work_of(owner: OperatorId) -> Chat {
    let mut chat = queued();
    chat.apply(&Event::Taken { by: owner });
    chat
}

fn observed_by(mut chat: Chat, observer: OperatorId) -> Chat {
    chat.observers.insert(observer);
    chat
}

fn closed_of(owner: OperatorId) -> Chat {
    let mut chat = in_work_of(owner);
    chat.apply(&Event::Closed { by: Some(owner) });
    chat
}

/// Closed out of the queue: it never had an owner.
fn closed_as_spam() -> Chat {
    let mut chat = queued();
    chat.apply(&Event::Closed { by: Some(SONYA) });
    chat
}

fn after(mut chat: Chat, events: &[Event]) -> Chat {
    for event in events {
        chat.apply(event);
    }
    chat
}

#[test]
fn row_01_a_new_chat_stands_in_everybodys_queue() {
    let chat = queued();
    assert_eq!((chat.status, chat.owner), (Status::Queued, None));
    assert!([ANNA, BORIS, SONYA].map(|who| chat.is_visible_to(who)) == [true; 3]);
}

#[rstest]
#[case::row_02_in_the_queue(queued())]
#[case::row_03_in_work(in_work_of(ANNA))]
fn a_client_who_writes_into_an_open_chat_moves_nothing(#[case] chat: Chat) {
    assert_eq!(client_writes(&chat, true), None);
    assert_eq!(client_writes(&chat, false), None);
}

#[rstest]
#[case::at_its_former_owner(closed_of(ANNA), true, Event::CameBack { owner: ANNA })]
#[case::in_the_queue_when_the_owner_is_deactivated(
    closed_of(ANNA), false, Event::CameBackToQueue { was: Some(ANNA) }
)]
#[case::in_the_queue_when_it_had_no_owner(
    closed_as_spam(), false, Event::CameBackToQueue { was: None }
)]
fn row_04_a_client_who_writes_into_a_closed_chat_finds_it_open(
    #[case] chat: Chat,
    #[case] owner_is_active: bool,
    #[case] event: Event,
) {
    assert_eq!(client_writes(&chat, owner_is_active), Some(event));
    let was = chat.owner;
    let chat = after(chat, &[event]);
    if let Event::CameBack { owner } = event {
        assert_eq!((chat.status, chat.owner), (Status::InWork, Some(owner)));
    } else {
        assert_eq!((chat.status, chat.owner), (Status::Queued, None));
        assert_eq!(chat.former_owner, was);
    }
}

#[test]
fn row_05_first_reply_takes_the_queued_chat() {
    let chat = queued();
    let events = decide(&Action::Reply, &facts(&chat, ANNA)).unwrap();
    assert_eq!(events, [Event::Taken { by: ANNA }]);
    let chat = after(chat, &events);
    assert!(chat.is_owner(ANNA));
    let second = decide(&Action::Reply, &facts(&chat, BORIS));
    assert_eq!(second, Err(Refusal::ChatTaken { owner: Some(ANNA) }));
}

#[test]
fn row_05_an_observer_of_a_queued_chat_who_replies_owns_it_and_observes_no_more() {
    let chat = observed_by(queued(), ANNA);
    let events = decide(&Action::Reply, &facts(&chat, ANNA)).unwrap();
    let chat = after(chat, &events);
    assert!(chat.is_owner(ANNA));
    assert_eq!(chat.observers, BTreeSet::new());
}

#[rstest]
#[case::owner(ANNA, Ok(vec![]))]
#[case::observer(BORIS, Ok(vec![]))]
#[case::colleague(VERA, Err(Refusal::ChatTaken { owner: Some(ANNA) }))]
#[case::supervisor(SONYA, Err(Refusal::ChatTaken { owner: Some(ANNA) }))]
fn row_06_owner_and_observers_reply_in_work(
    #[case] author: OperatorId,
    #[case] expected: Result<Vec<Event>, Refusal>,
) {
    let chat = observed_by(in_work_of(ANNA), BORIS);
    assert_eq!(decide(&Action::Reply, &facts(&chat, author)), expected);
}

#[rstest]
fn row_07_nobody_replies_into_a_closed_chat(#[values(ANNA, BORIS, SONYA)] author: OperatorId) {
    let chat = closed_of(ANNA);
    let answer = decide(&Action::Reply, &facts(&chat, author));
    assert_eq!(answer, Err(Refusal::ChatClosed));
}

#[rstest]
#[case::owner(ANNA, true)]
#[case::supervisor(SONYA, true)]
#[case::observer(BORIS, false)]
#[case::colleague(VERA, false)]
fn row_13_owner_and_supervisors_close_a_chat_in_work(
    #[case] author: OperatorId,
    #[case] may: bool,
) {
    let chat = observed_by(in_work_of(ANNA), BORIS);
    let answer = decide(&Action::Close, &facts(&chat, author));
    if may {
        let chat = after(chat, &answer.unwrap());
        assert_eq!(chat.status, Status::Closed);
        assert_eq!(chat.owner, Some(ANNA), "kept, to come back to");
        assert_eq!(chat.observers, BTreeSet::new());
        assert!(!chat.is_visible_to(ANNA));
    } else {
        assert_eq!(answer, Err(Refusal::NotAllowed));
    }
}

#[rstest]
#[case::supervisor(SONYA, Ok(vec![Event::Closed { by: Some(SONYA) }]))]
#[case::operator(ANNA, Err(Refusal::NotAllowed))]
#[case::observer(BORIS, Err(Refusal::NotAllowed))]
fn row_14_only_supervisors_close_a_queued_chat(
    #[case] author: OperatorId,
    #[case] expected: Result<Vec<Event>, Refusal>,
) {
    let chat = observed_by(queued(), BORIS);
    let answer = decide(&Action::Close, &facts(&chat, author));
    assert_eq!(answer, expected);
    if let Ok(events) = answer {
        let chat = after(chat, &events);
        assert_eq!((chat.status, chat.owner), (Status::Closed, None));
    }
}

#[rstest]
fn a_closed_chat_cannot_be_closed(#[values(ANNA, SONYA)] author: OperatorId) {
    let chat = closed_of(ANNA);
    let answer = decide(&Action::Close, &facts(&chat, author));
    assert_eq!(answer, Err(Refusal::WrongStatus));
}

#[rstest]
#[case::former_owner(ANNA, true)]
#[case::supervisor(SONYA, true)]
#[case::colleague(BORIS, false)]
fn row_15_former_owner_and_supervisors_reopen(#[case] author: OperatorId, #[case] may: bool) {
    let chat = closed_of(ANNA);
    let answer = decide(&Action::Reopen, &facts(&chat, author));
    if may {
        assert!(after(chat, &answer.unwrap()).is_owner(ANNA));
    } else {
        assert_eq!(answer, Err(Refusal::NotAllowed));
    }
}

#[rstest]
#[case::whose_owner_is_deactivated(closed_of(ANNA), Some(ANNA))]
#[case::that_had_none(closed_as_spam(), None)]
fn row_15_a_chat_without_an_owner_to_return_to_is_reopened_into_the_queue(
    #[case] chat: Chat,
    #[case] was: Option<OperatorId>,
) {
    let facts = Facts {
        active: &NOBODY_ACTIVE,
        ..facts(&chat, SONYA)
    };
    let events = decide(&Action::Reopen, &facts).unwrap();
    assert_eq!(
        events,
        [Event::ReopenedToQueue {
            by: Some(SONYA),
            was
        }]
    );
    let chat = after(chat.clone(), &events);
    assert_eq!((chat.status, chat.owner), (Status::Queued, None));
    assert_eq!(chat.former_owner, was);
}

#[rstest]
#[case::in_the_queue(queued())]
#[case::in_work(in_work_of(ANNA))]
fn only_a_closed_chat_can_be_reopened(#[case] chat: Chat) {
    let answer = decide(&Action::Reopen, &facts(&chat, SONYA));
    assert_eq!(answer, Err(Refusal::WrongStatus));
}

#[test]
fn row_17_a_deactivated_owners_chat_returns_to_the_queue_and_keeps_its_observers() {
    let chat = observed_by(in_work_of(ANNA), BORIS);
    let event = deactivate(&chat, ANNA).unwrap();
    let chat = after(chat, &[event]);
    assert_eq!((chat.status, chat.owner), (Status::Queued, None));
    assert_eq!(chat.former_owner, Some(ANNA));
    assert_eq!(chat.observers, BTreeSet::from([BORIS]));
}

#[rstest]
#[case::in_work(observed_by(in_work_of(ANNA), BORIS))]
#[case::queued(observed_by(queued(), BORIS))]
fn row_17_a_deactivated_observer_observes_no_more(#[case] chat: Chat) {
    let before = chat.clone();
    let chat = after(chat.clone(), &[deactivate(&chat, BORIS).unwrap()]);
    assert_eq!(chat.observers, BTreeSet::new());
    assert_eq!((chat.status, chat.owner), (before.status, before.owner));
}

#[rstest]
#[case::somebody_elses(in_work_of(ANNA))]
#[case::queued(queued())]
#[case::closed(closed_of(BORIS))]
fn row_17_chats_in_which_the_deactivated_take_no_part_stay_as_they_are(#[case] chat: Chat) {
    assert_eq!(deactivate(&chat, BORIS), None);
}

#[rstest]
fn a_reply_close_or_transfer_that_overlooked_a_newer_message_is_held(
    #[values(Action::Reply, Action::Close, Action::Transfer { to: BORIS }, Action::NoAnswerNeeded)]
    action: Action<'static>,
) {
    let chat = in_work_of(ANNA);
    let facts = Facts {
        overlooked: Some(Place(7)),
        ..facts(&chat, ANNA)
    };
    let answer = decide(&action, &facts);
    assert_eq!(answer, Err(Refusal::NewerMessage { place: Place(7) }));
}

#[test]
fn that_a_chat_is_somebody_elses_is_said_before_that_it_has_newer_messages() {
    let chat = in_work_of(ANNA);
    let facts = Facts {
        overlooked: Some(Place(7)),
        ..facts(&chat, BORIS)
    };
    let answer = decide(&Action::Reply, &facts);
    assert_eq!(answer, Err(Refusal::ChatTaken { owner: Some(ANNA) }));
}

/// Every verdict for a participant or a passer-by, written down from the product's table by hand: a
/// letter for each of owner, observer, former owner, colleague, supervisor, integration.
/// `y` may, `n` may not, `t` finds it taken, `c` finds it closed, `w` finds the wrong status, `-` is
/// a part that nobody can have then.
#[rstest]
#[case::row_05_reply(Deed::Reply, Status::Queued, "-y-yyn")]
#[case::row_06_reply(Deed::Reply, Status::InWork, "yy-ttt")]
#[case::row_07_reply(Deed::Reply, Status::Closed, "--cccc")]
#[case::row_08_comment(Deed::Comment, Status::Queued, "-y-yyn")]
#[case::row_09_comment(Deed::Comment, Status::InWork, "yy-nyn")]
#[case::row_09_comment(Deed::Comment, Status::Closed, "--cccc")]
#[case::row_11_leave(Deed::Leave, Status::Queued, "-y-nnn")]
#[case::row_11_leave(Deed::Leave, Status::InWork, "ny-nnn")]
#[case::row_11_leave(Deed::Leave, Status::Closed, "--wwww")]
#[case::row_12_transfer(Deed::Transfer, Status::Queued, "-w-www")]
#[case::row_12_transfer(Deed::Transfer, Status::InWork, "yn-nyy")]
#[case::row_12_transfer(Deed::Transfer, Status::Closed, "--cccc")]
#[case::row_13_close(Deed::Close, Status::InWork, "yn-nyy")]
#[case::row_14_close(Deed::Close, Status::Queued, "-n-nyy")]
#[case::row_13_close(Deed::Close, Status::Closed, "--wwww")]
#[case::row_15_reopen(Deed::Reopen, Status::Queued, "-w-www")]
#[case::row_15_reopen(Deed::Reopen, Status::InWork, "ww-www")]
#[case::row_15_reopen(Deed::Reopen, Status::Closed, "--ynyy")]
#[case::row_16_return(Deed::ReturnToQueue, Status::Queued, "-w-www")]
#[case::row_16_return(Deed::ReturnToQueue, Status::InWork, "yn-nyy")]
#[case::row_16_return(Deed::ReturnToQueue, Status::Closed, "--nnyy")]
#[case::row_18_assign(Deed::Assign, Status::Queued, "-n-nyy")]
#[case::row_18_assign(Deed::Assign, Status::InWork, "ww-www")]
#[case::row_18_assign(Deed::Assign, Status::Closed, "--wwww")]
#[case::row_19_observers(Deed::SetObservers, Status::Queued, "-n-nyy")]
#[case::row_19_observers(Deed::SetObservers, Status::InWork, "nn-nyy")]
#[case::row_19_observers(Deed::SetObservers, Status::Closed, "--wwww")]
#[case::row_20_no_answer(Deed::NoAnswerNeeded, Status::Queued, "-y-yyn")]
#[case::row_20_no_answer(Deed::NoAnswerNeeded, Status::InWork, "yy-nnn")]
#[case::row_20_no_answer(Deed::NoAnswerNeeded, Status::Closed, "--wwww")]
fn the_table_of_rights_says_what_the_product_says(
    #[case] deed: Deed,
    #[case] status: Status,
    #[case] expected: &str,
) {
    let operator = |role| Author::Operator { id: ANNA, role };
    let standings = [
        (operator(Role::Operator), Part::Owner),
        (operator(Role::Operator), Part::Observer),
        (operator(Role::Operator), Part::FormerOwner),
        (operator(Role::Operator), Part::Nobody),
        (operator(Role::Supervisor), Part::Nobody),
        (Author::Integration, Part::Nobody),
    ];
    for ((author, part), expected) in standings.into_iter().zip(expected.chars()) {
        let letter = match verdict(deed, status, &author, part) {
            Verdict::Allowed => 'y',
            Verdict::NotAllowed => 'n',
            Verdict::Taken => 't',
            Verdict::Closed => 'c',
            Verdict::WrongStatus => 'w',
        };
        assert!(
            expected == '-' || letter == expected,
            "{author:?} as {part:?}: {letter}"
        );
    }
}

#[rstest]
fn roles_contain_each_other(
    #[values(Status::Queued, Status::InWork, Status::Closed)] status: Status,
    #[values(Part::Owner, Part::Observer, Part::FormerOwner, Part::Nobody)] part: Part,
) {
    for deed in Deed::ALL {
        let may = Role::ALL.map(|role| {
            let author = Author::Operator { id: ANNA, role };
            verdict(deed, status, &author, part) == Verdict::Allowed
        });
        assert!(may.is_sorted(), "{deed:?}: {may:?}");
    }
}

#[rstest]
#[case::in_work(in_work_of(ANNA), ANNA)]
#[case::queued(queued(), ANNA)]
fn row_10_whom_a_comment_mentions_observes(#[case] chat: Chat, #[case] author: OperatorId) {
    let mentions = BTreeSet::from([ANNA, BORIS]);
    let action = Action::Comment {
        mentions: &mentions,
    };
    let events = decide(&action, &facts(&chat, author)).unwrap();
    let was_owner = chat.is_owner(ANNA);
    let chat = after(chat, &events);
    assert!(chat.observers.contains(&BORIS));
    assert_eq!(
        chat.observers.contains(&ANNA),
        !was_owner,
        "the owner is only told"
    );
    let again = decide(&action, &facts(&chat, author)).unwrap();
    assert_eq!(again, [], "nobody joins twice");
}

#[test]
fn row_10_nobody_is_mentioned_who_is_not_active() {
    let chat = in_work_of(ANNA);
    let mentions = BTreeSet::from([VERA]);
    let action = Action::Comment {
        mentions: &mentions,
    };
    let active = BTreeSet::from([ANNA]);
    let facts = Facts {
        active: &active,
        ..facts(&chat, ANNA)
    };
    let refused = Refusal::ColleagueInactive { operator: VERA };
    assert_eq!(decide(&action, &facts), Err(refused));
}

#[rstest]
#[case::queued(queued())]
#[case::in_work(in_work_of(ANNA))]
fn row_11_who_leaves_observes_no_more(#[case] chat: Chat) {
    let chat = observed_by(chat, BORIS);
    let events = decide(&Action::Leave, &facts(&chat, BORIS)).unwrap();
    let left = after(chat.clone(), &events);
    assert_eq!(left.observers, BTreeSet::new());
    assert_eq!((left.status, left.owner), (chat.status, chat.owner));
}

#[test]
fn row_12_a_transferred_chat_is_the_receivers_who_observes_no_more() {
    let chat = observed_by(observed_by(in_work_of(ANNA), BORIS), VERA);
    let events = decide(&Action::Transfer { to: BORIS }, &facts(&chat, ANNA)).unwrap();
    let chat = after(chat, &events);
    assert!(chat.is_owner(BORIS) && !chat.is_participant(ANNA));
    assert_eq!(chat.observers, BTreeSet::from([VERA]));
    let again = decide(&Action::Transfer { to: BORIS }, &facts(&chat, BORIS));
    assert_eq!(again, Err(Refusal::AlreadyOwner));
}

#[test]
fn row_12_a_supervisor_takes_a_chat_over() {
    let chat = in_work_of(ANNA);
    let events = decide(&Action::Transfer { to: SONYA }, &facts(&chat, SONYA)).unwrap();
    assert!(after(chat, &events).is_owner(SONYA));
}

#[rstest]
#[case::in_work(in_work_of(ANNA), ANNA)]
#[case::closed(closed_of(ANNA), SONYA)]
fn row_16_a_returned_chat_is_in_the_queue_and_keeps_its_observers(
    #[case] chat: Chat,
    #[case] author: OperatorId,
) {
    let chat = match chat.status {
        Status::InWork => observed_by(chat, BORIS),
        Status::Queued | Status::Closed => chat,
    };
    let events = decide(&Action::ReturnToQueue, &facts(&chat, author)).unwrap();
    let returned = after(chat.clone(), &events);
    assert_eq!((returned.status, returned.owner), (Status::Queued, None));
    assert_eq!(returned.former_owner, Some(ANNA));
    assert_eq!(returned.observers, chat.observers);
}

#[test]
fn row_18_an_assigned_chat_is_in_work_at_the_named_operator() {
    let chat = observed_by(queued(), BORIS);
    let events = decide(&Action::Assign { to: BORIS }, &facts(&chat, SONYA)).unwrap();
    let chat = after(chat, &events);
    assert!(chat.is_owner(BORIS));
    assert_eq!(chat.observers, BTreeSet::new());
}

#[test]
fn row_19_the_set_of_observers_is_what_was_named_without_the_owner() {
    let chat = observed_by(observed_by(in_work_of(ANNA), BORIS), SONYA);
    let observers = BTreeSet::from([ANNA, VERA, SONYA]);
    let action = Action::SetObservers {
        observers: &observers,
    };
    let events = decide(&action, &facts(&chat, SONYA)).unwrap();
    assert_eq!(events.len(), 2, "one out, one in");
    let chat = after(chat, &events);
    assert_eq!(chat.observers, BTreeSet::from([VERA, SONYA]));
}

#[test]
fn an_integration_moves_chats_and_does_not_speak() {
    let chat = in_work_of(ANNA);
    let facts = Facts {
        author: Author::Integration,
        ..facts(&chat, ANNA)
    };
    let events = decide(&Action::Transfer { to: BORIS }, &facts).unwrap();
    let expected = Event::Transferred {
        by: None,
        from: ANNA,
        to: BORIS,
    };
    assert_eq!(events, [expected]);
    let refused = decide(&Action::Reply, &facts);
    assert_eq!(refused, Err(Refusal::ChatTaken { owner: Some(ANNA) }));
}

/// Something that happens to one chat.
#[derive(Debug, Clone)]
enum Step {
    Asks {
        author: Author,
        ask: Ask,
        could_see: bool,
        overlooked: bool,
    },
    ClientWrites,
    Deactivates(OperatorId),
}

/// An action that owns whom it names.
#[derive(Debug, Clone)]
enum Ask {
    Plain(Action<'static>),
    Comment(BTreeSet<OperatorId>),
    SetObservers(BTreeSet<OperatorId>),
}

impl Ask {
    fn action(&self) -> Action<'_> {
        match self {
            Self::Plain(action) => *action,
            Self::Comment(mentions) => Action::Comment { mentions },
            Self::SetObservers(observers) => Action::SetObservers { observers },
        }
    }
}

fn people() -> impl Strategy<Value = OperatorId> {
    prop::sample::select(vec![ANNA, BORIS, VERA, SONYA])
}

fn authors() -> impl Strategy<Value = Author> {
    let operator = |id| Author::Operator {
        id,
        role: role_of(id),
    };
    prop_oneof![
        6 => people().prop_map(operator),
        1 => Just(Author::Integration),
    ]
}

fn asks() -> impl Strategy<Value = Ask> {
    let several = || prop::collection::btree_set(people(), 0..3);
    let plain = vec![
        Action::Reply,
        Action::Leave,
        Action::Close,
        Action::Reopen,
        Action::ReturnToQueue,
        Action::NoAnswerNeeded,
    ];
    prop_oneof![
        6 => prop::sample::select(plain).prop_map(Ask::Plain),
        2 => people().prop_map(|to| Ask::Plain(Action::Transfer { to })),
        2 => people().prop_map(|to| Ask::Plain(Action::Assign { to })),
        3 => several().prop_map(Ask::Comment),
        1 => several().prop_map(Ask::SetObservers),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let asks = (
        authors(),
        asks(),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(author, ask, could_see, overlooked)| Step::Asks {
            author,
            ask,
            could_see,
            overlooked,
        });
    let step = prop_oneof![
        10 => asks,
        3 => Just(Step::ClientWrites),
        1 => people().prop_map(Step::Deactivates),
    ];
    prop::collection::vec(step, 1..60)
}

/// A chat and the company around it, with a tally of what the rules promise.
struct World {
    chat: Chat,
    inactive: BTreeSet<OperatorId>,
    /// Replies that took the chat since it last came into the queue.
    n_taken: u32,
}

impl World {
    fn is_active(&self, operator: Option<OperatorId>) -> bool {
        operator.is_some_and(|operator| !self.inactive.contains(&operator))
    }

    fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Asks {
                author,
                ask,
                could_see,
                overlooked,
            } => self.asks(*author, &ask.action(), *could_see, *overlooked)?,
            Step::ClientWrites => {
                let event = client_writes(&self.chat, self.is_active(self.chat.owner));
                self.apply(event.as_slice());
                prop_assert!(self.chat.status != Status::Closed);
            }
            Step::Deactivates(operator) => {
                let event = deactivate(&self.chat, *operator);
                self.apply(event.as_slice());
                self.inactive.insert(*operator);
                prop_assert!(!self.chat.is_participant(*operator));
            }
        }
        self.invariants()
    }

    fn asks(
        &mut self,
        author: Author,
        action: &Action<'_>,
        could_see: bool,
        overlooked: bool,
    ) -> Result<(), TestCaseError> {
        let before = self.chat.clone();
        let active = ALL_ACTIVE.difference(&self.inactive).copied().collect();
        let is_active = author.id().is_none_or(|id| self.is_active(Some(id)));
        let decision = decide(
            action,
            &Facts {
                chat: &before,
                author,
                author_is_active: is_active,
                could_see,
                overlooked: overlooked.then_some(Place(1)),
                active: &active,
            },
        );
        match decision {
            Err(refusal) => {
                prop_assert!(
                    could_see
                        || matches!(refusal, Refusal::ChatNotFound | Refusal::OperatorInactive),
                    "who could not see the chat learnt {refusal:?}"
                );
                prop_assert_eq!(&self.chat, &before);
            }
            Ok(events) => {
                prop_assert!(could_see && is_active);
                let part = Part::of(&author, &before);
                let verdict = verdict(action.deed(), before.status, &author, part);
                prop_assert_eq!(verdict, Verdict::Allowed);
                prop_assert!(!overlooked || !action.needs_all_seen());
                prop_assert!(action.named().all(|named| active.contains(&named)));
                self.apply(&events);
                if *action == Action::Reply {
                    prop_assert!(author.id().is_some_and(|id| self.chat.is_participant(id)));
                }
                if let Action::Comment { mentions } = action {
                    let see_it = |id| self.chat.is_participant(id);
                    prop_assert!(mentions.iter().copied().all(see_it));
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, events: &[Event]) {
        for event in events {
            let was = self.chat.status;
            self.chat.apply(event);
            if matches!(event, Event::Taken { .. }) {
                self.n_taken += 1;
            }
            if was != Status::Queued && self.chat.status == Status::Queued {
                self.n_taken = 0;
            }
        }
    }

    /// Those of the documentation of [`Chat`].
    fn invariants(&self) -> Result<(), TestCaseError> {
        let Chat {
            status,
            owner,
            former_owner,
            observers,
        } = &self.chat;
        prop_assert!(self.n_taken <= 1, "taken twice in one queued period");
        match status {
            Status::Queued => {
                prop_assert_eq!(*owner, None);
                prop_assert_eq!(self.n_taken, 0, "taken, yet still in the queue");
            }
            Status::InWork => prop_assert!(self.is_active(*owner)),
            Status::Closed => prop_assert!(observers.is_empty()),
        }
        prop_assert!(former_owner.is_none() || *status == Status::Queued);
        prop_assert!(owner.is_none_or(|owner| !observers.contains(&owner)));
        prop_assert!(
            observers
                .iter()
                .all(|observer| !self.inactive.contains(observer))
        );
        Ok(())
    }
}

proptest! {
    #[test]
    fn whatever_people_do_a_chat_has_one_owner_or_none(steps in steps()) {
        let mut world = World {
            chat: Chat::new(),
            inactive: BTreeSet::new(),
            n_taken: 0,
        };
        for step in &steps {
            world.take(step)?;
        }
    }
}

use std::sync::Arc;

use pult_domain::Seq;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::super::tests::{chat_change, renamed};
use super::*;

const LEASE: Duration = Duration::from_secs(45);

fn operator() -> OperatorId {
    OperatorId(Uuid::now_v7())
}

fn chat() -> ChatId {
    ChatId(Uuid::now_v7())
}

fn only(operators: &[OperatorId]) -> Audience {
    Audience::Only(operators.iter().copied().collect())
}

/// A commit after `from` that changes who sees a chat.
fn moved(from: i64, chat_id: ChatId, before: Audience, after: Audience) -> ChangeSet {
    let mut change = chat_change();
    change.chat.id = chat_id;
    change.newest = Some(Vec::new());
    (change.before, change.after) = (before, after);
    ChangeSet {
        chats: vec![Arc::new(change)],
        ..renamed(from, from + 1, "somebody")
    }
}

/// A reader who is live, and what comes to it.
struct Follower {
    operator: OperatorId,
    id: ReaderId,
    queue: mpsc::Receiver<FeedFrame>,
}

impl Follower {
    fn new(hub: &Hub) -> Self {
        Self::of(hub, operator())
    }

    fn of(hub: &Hub, operator: OperatorId) -> Self {
        let id = hub.join(operator);
        let queue = hub.go_live(id, hub.last()).unwrap();
        Self {
            operator,
            id,
            queue,
        }
    }

    fn looks_at(&self, hub: &Hub, chat: ChatId, typing: Option<ComposerMode>) {
        hub.look(self.id, Some(chat), typing, Instant::now() + LEASE);
        know_all(hub, &Audience::Everyone);
    }

    /// What has come: for each frame the chats and who looks at them, `changes` for a commit.
    fn hears(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        while let Ok(frame) = self.queue.try_recv() {
            heard.push(match serde_json::from_str(&frame.text).unwrap() {
                BackendFrame::Watching { is_whole, chats } => {
                    let who = |onlooker: &Onlooker| (onlooker.operator_id, onlooker.typing);
                    let chats = chats.iter().map(|watched| {
                        let onlookers = watched.onlookers.iter().map(who).collect();
                        (watched.chat_id, onlookers)
                    });
                    Heard::Watching(is_whole, chats.collect())
                }
                BackendFrame::Changes(_) => Heard::Changes,
                BackendFrame::Welcome { .. }
                | BackendFrame::Presence { .. }
                | BackendFrame::ChatsChanged { .. }
                | BackendFrame::Late(_)
                | BackendFrame::First { .. }
                | BackendFrame::Done { .. }
                | BackendFrame::Refused { .. }
                | BackendFrame::Problem { .. }
                | BackendFrame::Ping => panic!("Nobody said this"),
            });
        }
        heard
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Changes,
    Watching(bool, Vec<(ChatId, Vec<Seen>)>),
}

/// Who is at a chat, and what for.
type Seen = (OperatorId, Option<ComposerMode>);

fn now_at(chat: ChatId, onlookers: &[Seen]) -> Heard {
    let mut onlookers = onlookers.to_vec();
    onlookers.sort();
    Heard::Watching(false, vec![(chat, onlookers)])
}

/// Answers what is to be read, as the store would.
fn know_all(hub: &Hub, audience: &Audience) {
    let Unknown { chats, n_forgotten } = hub.unknown();
    for chat in chats {
        hub.learn(chat, audience.clone(), n_forgotten);
    }
}

#[tokio::test(start_paused = true)]
async fn who_sees_a_chat_hears_who_looks_at_it_and_types_in_it() {
    let hub = Hub::default();
    let (mut anna, mut boris) = (Follower::new(&hub), Follower::new(&hub));
    let queued = chat();
    boris.looks_at(&hub, queued, None);
    boris.looks_at(&hub, queued, Some(ComposerMode::Comment));
    // The same again is no news.
    boris.looks_at(&hub, queued, Some(ComposerMode::Comment));
    hub.look(boris.id, None, None, Instant::now());
    let told = [
        now_at(queued, &[(boris.operator, None)]),
        now_at(queued, &[(boris.operator, Some(ComposerMode::Comment))]),
        now_at(queued, &[]),
    ];
    assert_eq!(anna.hears(), told);
    assert_eq!(boris.hears(), told, "his other devices hear it too");
}

#[tokio::test(start_paused = true)]
async fn somebody_with_two_devices_is_one_onlooker() {
    let hub = Hub::default();
    let mut anna = Follower::new(&hub);
    let desk = Follower::new(&hub);
    let home = Follower::of(&hub, desk.operator);
    let queued = chat();
    desk.looks_at(&hub, queued, Some(ComposerMode::Reply));
    home.looks_at(&hub, queued, Some(ComposerMode::Comment));
    hub.leave(desk.id);
    hub.leave(home.id);
    let boris = desk.operator;
    let told = [
        now_at(queued, &[(boris, Some(ComposerMode::Reply))]),
        now_at(queued, &[(boris, Some(ComposerMode::Comment))]),
        now_at(queued, &[]),
    ];
    assert_eq!(anna.hears(), told);
}

#[tokio::test(start_paused = true)]
async fn a_look_is_over_with_its_lease() {
    let hub = Hub::default();
    let (mut anna, boris) = (Follower::new(&hub), Follower::new(&hub));
    let queued = chat();
    boris.looks_at(&hub, queued, None);
    tokio::time::advance(LEASE - Duration::from_millis(1)).await;
    hub.expire(Instant::now());
    assert_eq!(anna.hears(), [now_at(queued, &[(boris.operator, None)])]);
    boris.looks_at(&hub, queued, None);
    tokio::time::advance(Duration::from_millis(1)).await;
    hub.expire(Instant::now());
    assert_eq!(anna.hears(), [], "it was renewed");
    tokio::time::advance(LEASE).await;
    hub.expire(Instant::now());
    assert_eq!(anna.hears(), [now_at(queued, &[])]);
    assert!(
        hub.state.lock().onlookers.chats.is_empty(),
        "nothing is left"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_hears_of_a_chat_that_they_do_not_see() {
    let hub = Hub::default();
    let (mut anna, mut boris) = (Follower::new(&hub), Follower::new(&hub));
    let hers = chat();
    for follower in [&anna, &boris] {
        hub.look(follower.id, Some(hers), None, Instant::now() + LEASE);
    }
    know_all(&hub, &only(&[anna.operator]));
    assert_eq!(anna.hears(), [now_at(hers, &[(anna.operator, None)])]);
    assert_eq!(boris.hears(), [], "and his own look is void");
    // One who goes live later is told no more.
    assert_eq!(Follower::new(&hub).hears(), []);
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_changes_hands_takes_its_onlookers_from_sight() {
    let hub = Hub::default();
    let (mut anna, mut boris) = (Follower::new(&hub), Follower::new(&hub));
    let mut vera = Follower::new(&hub);
    let moving = chat();
    anna.looks_at(&hub, moving, Some(ComposerMode::Reply));
    boris.looks_at(&hub, moving, None);
    for follower in [&mut anna, &mut boris, &mut vera] {
        follower.hears();
    }
    // Anna answers: the others see the chat no more, and are onlookers no more.
    let annas = only(&[anna.operator]);
    hub.publish(&moved(0, moving, Audience::Everyone, annas.clone()));
    let alone = now_at(moving, &[(anna.operator, Some(ComposerMode::Reply))]);
    assert_eq!(anna.hears(), [Heard::Changes, alone]);
    assert_eq!(boris.hears(), [Heard::Changes]);
    assert_eq!(vera.hears(), [Heard::Changes]);
    boris.looks_at(&hub, moving, Some(ComposerMode::Reply));
    assert_eq!(anna.hears(), []);
    // She hands it to Vera, who hears of nobody: Anna does not see it any more.
    hub.publish(&moved(1, moving, annas, only(&[vera.operator])));
    assert_eq!(anna.hears(), [Heard::Changes]);
    assert_eq!(vera.hears(), [Heard::Changes, now_at(moving, &[])]);
    assert_eq!(boris.hears(), [Heard::Changes]);
    // It comes back to all: who still looks counts again.
    hub.publish(&moved(
        2,
        moving,
        only(&[vera.operator]),
        Audience::Everyone,
    ));
    let both = [
        (anna.operator, Some(ComposerMode::Reply)),
        (boris.operator, Some(ComposerMode::Reply)),
    ];
    for follower in [&mut anna, &mut boris, &mut vera] {
        assert_eq!(follower.hears(), [Heard::Changes, now_at(moving, &both)]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_live_is_told_of_all_onlookers_once_all_that_it_has_read_is_published() {
    let hub = Hub::default();
    let boris = Follower::new(&hub);
    let (queued, taken) = (chat(), chat());
    boris.looks_at(&hub, queued, None);
    let mut anna = Follower::new(&hub);
    let all = |chat| Heard::Watching(true, vec![(chat, vec![(boris.operator, None)])]);
    assert_eq!(anna.hears(), [all(queued)]);
    // Vera has read a commit by which Boris has taken the chat, and which is still to be handed on.
    boris.looks_at(&hub, taken, None);
    let vera = hub.join(operator());
    let queue = hub.go_live(vera, Seq(1)).unwrap();
    let mut vera = Follower {
        operator: operator(),
        id: vera,
        queue,
    };
    assert_eq!(vera.hears(), []);
    hub.publish(&moved(
        0,
        taken,
        Audience::Everyone,
        only(&[boris.operator]),
    ));
    assert_eq!(vera.hears(), []);
    hub.publish(&moved(
        1,
        taken,
        only(&[boris.operator]),
        Audience::Everyone,
    ));
    assert_eq!(
        vera.hears().last(),
        Some(&now_at(taken, &[(boris.operator, None)]))
    );
}

#[tokio::test(start_paused = true)]
async fn after_a_commit_of_another_program_nobody_hears_anything_before_it_is_read_who_sees_it() {
    let hub = Hub::default();
    let (mut anna, boris) = (Follower::new(&hub), Follower::new(&hub));
    let queued = chat();
    boris.looks_at(&hub, queued, None);
    anna.hears();
    let before = hub.unknown();
    hub.overtaken(Seq(5));
    // What was read before is out of date.
    hub.learn(queued, Audience::Everyone, before.n_forgotten);
    anna.queue = hub.go_live(anna.id, Seq(5)).unwrap();
    assert_eq!(anna.hears(), [Heard::Watching(true, Vec::new())]);
    know_all(&hub, &only(&[boris.operator]));
    assert_eq!(anna.hears(), []);
    hub.overtaken(Seq(6));
    know_all(&hub, &Audience::Everyone);
    anna.queue = hub.go_live(anna.id, Seq(6)).unwrap();
    let all = Heard::Watching(true, vec![(queued, vec![(boris.operator, None)])]);
    assert_eq!(anna.hears(), [all]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_begins_anew_and_holds_nobody_up() {
    let hub = Hub::default();
    let (mut slow, boris) = (Follower::new(&hub), Follower::new(&hub));
    let (first, second) = (chat(), chat());
    for n in 0..super::super::QUEUE {
        let chat = if n.is_multiple_of(2) { first } else { second };
        boris.looks_at(&hub, chat, None);
    }
    slow.hears();
    assert!(slow.queue.is_closed());
    slow.queue = hub.go_live(slow.id, hub.last()).unwrap();
    let all = Heard::Watching(true, vec![(second, vec![(boris.operator, None)])]);
    assert_eq!(slow.hears(), [all]);
}

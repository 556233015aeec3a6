//! Hands each commit to the panels that may see it, as it is committed.
//!
//! A reader is either *live*, and gets every change set from here, or *reading*, and catches up
//! from the store by its cursor. It goes live when it has read everything that was published; it
//! falls back to reading when its queue is full. Nobody waits for a slow reader, and nothing is
//! kept for one: what it misses here it finds in the store.
//!
//! Frames are filtered by audience before they are made, and made once for all readers to whom the
//! same part of a change set is visible.

use std::collections::HashMap;

use axum::extract::ws::Utf8Bytes;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use pult_domain::{OperatorId, Seq};
use pult_protocol::{BackendFrame, Changes, Cursor, GoneWhy, MAX_FRAME_BYTES, Row};
use pult_store::trials::{self, Bug};
use pult_store::{Audience, ChangeSet, ChatChange};
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use self::onlookers::Onlookers;

pub(crate) mod onlookers;

/// How many frames may wait for a reader before it has to read from the store.
const QUEUE: usize = 256;

/// A frame of the feed, and where its reader stands after it.
#[derive(Debug, Clone)]
pub(crate) struct FeedFrame {
    pub(crate) seq: Seq,
    pub(crate) text: Utf8Bytes,
}

/// Names a reader of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ReaderId(u64);

/// Where changes are handed on.
#[derive(Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
    fell_behind: Counter,
    /// Told when somebody looks at a chat of which it is not known who sees it.
    has_unknown: Notify,
}

/// How readers are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Readers {
    /// Those who get every change as it is committed.
    pub(crate) n_live: u64,
    /// Those who catch up from the store.
    pub(crate) n_reading: u64,
    /// How many frames wait for the slowest of the live ones.
    pub(crate) longest_queue: usize,
}

#[derive(Default)]
struct State {
    epoch: String,
    /// The last change that was published, or noticed in the store.
    last: Seq,
    next_id: u64,
    readers: HashMap<ReaderId, Reader>,
    onlookers: Onlookers,
}

struct Reader {
    operator: OperatorId,
    /// The way to a live reader; none while it reads from the store.
    live: Option<Live>,
    /// Whether it has been told of onlookers before.
    was_told: bool,
}

impl Reader {
    /// Whether it sees what these see.
    fn sees(&self, audience: &Audience) -> bool {
        audience.includes(self.operator)
    }
}

struct Live {
    frames: mpsc::Sender<FeedFrame>,
    /// Everything up to here it has from the store.
    since: Seq,
    /// Whether it has been told of all onlookers. That waits until all that it has read is published
    /// too: only then is it sure that it still sees the chats.
    knows_onlookers: bool,
}

impl Hub {
    /// Names the life of the store that cursors belong to, and its last change at the start.
    pub(crate) fn begin(&self, epoch: String, last: Seq) {
        let mut state = self.state.lock();
        state.epoch = epoch;
        state.last = last;
    }

    /// Adds a reader, reading from the store for now.
    pub(crate) fn join(&self, operator: OperatorId) -> ReaderId {
        let mut state = self.state.lock();
        state.next_id += 1;
        let id = ReaderId(state.next_id);
        state.readers.insert(
            id,
            Reader {
                operator,
                live: None,
                was_told: false,
            },
        );
        id
    }

    /// Counts how often a live reader was too slow.
    pub(crate) const fn fell_behind(&self) -> &Counter {
        &self.fell_behind
    }

    /// How the readers are doing.
    pub(crate) fn readers(&self) -> Readers {
        let mut readers = Readers::default();
        for reader in self.state.lock().readers.values() {
            if let Some(Live { frames, .. }) = &reader.live {
                readers.n_live += 1;
                let queue = frames.max_capacity() - frames.capacity();
                readers.longest_queue = readers.longest_queue.max(queue);
            } else {
                readers.n_reading += 1;
            }
        }
        readers
    }

    pub(crate) fn leave(&self, id: ReaderId) {
        self.state.lock().drop_reader(id);
    }

    /// Makes a reader live that has read everything up to `read`. None if more has been published
    /// meanwhile: read on. The queue ends when the reader falls behind.
    pub(crate) fn go_live(&self, id: ReaderId, read: Seq) -> Option<mpsc::Receiver<FeedFrame>> {
        let mut state = self.state.lock();
        if state.last > read && !trials::has(Bug::LiveTooSoon) {
            return None;
        }
        let (frames, queue) = mpsc::channel(QUEUE);
        state.readers.get_mut(&id)?.live = Some(Live {
            frames,
            since: read,
            knows_onlookers: false,
        });
        state.tell_of_onlookers();
        drop(state);
        Some(queue)
    }

    /// Hands a commit on. Called in the order of commits. True if another program has committed
    /// something before it that nobody here has noticed yet.
    #[expect(
        clippy::significant_drop_tightening,
        reason = "readers are told under the lock"
    )]
    pub(crate) fn publish(&self, set: &ChangeSet) -> bool {
        let mut state = self.state.lock();
        let State {
            epoch,
            last,
            readers,
            ..
        } = &mut *state;
        let told = *last;
        *last = told.max(set.to);
        let mut made: HashMap<View, Made> = HashMap::new();
        for reader in readers.values_mut() {
            let Some(live) = reader.live.as_ref().filter(|live| live.since < set.to) else {
                continue;
            };
            // Another program has committed since what this reader has, or it went live while the
            // set was made for nobody: the store knows it all.
            if told.max(live.since) < set.from || !set.is_whole {
                reader.live = None;
                continue;
            }
            let view = View::of(set, reader.operator);
            let frame = made
                .entry(view)
                .or_insert_with_key(|view| view.frame(set, reader.operator, epoch));
            let handed_on = match frame {
                Made::Nothing => true,
                Made::InStore => false,
                Made::Frame(text) => live
                    .frames
                    .try_send(FeedFrame {
                        seq: set.to,
                        text: text.clone(),
                    })
                    .inspect_err(|error| {
                        if matches!(error, TrySendError::Full(_)) {
                            self.fell_behind.inc();
                        }
                    })
                    .is_ok(),
            };
            if !handed_on {
                // It reads from the store, in pages, when it has drained its queue.
                reader.live = None;
            }
        }
        if told < set.from || !set.is_whole {
            state.forget_audiences();
            self.has_unknown.notify_one();
        } else {
            state.follow(set);
            state.tell_of_onlookers();
        }
        told < set.from
    }

    /// Whether anybody of these is live.
    pub(crate) fn is_followed(&self, audience: &Audience) -> bool {
        let is_one = |reader: &Reader| reader.live.is_some() && audience.includes(reader.operator);
        self.state.lock().readers.values().any(is_one)
    }

    /// The last change that readers have been told of.
    pub(crate) fn last(&self) -> Seq {
        self.state.lock().last
    }

    /// Another program has committed up to `seq` without our publishing it: everybody who does not
    /// have it reads from the store.
    pub(crate) fn overtaken(&self, seq: Seq) {
        let mut state = self.state.lock();
        if state.last >= seq {
            return;
        }
        state.last = seq;
        state.forget_audiences();
        self.has_unknown.notify_one();
        for reader in state.readers.values_mut() {
            reader.live = None;
        }
    }
}

/// What a view of a change set has become.
enum Made {
    /// The reader sees nothing of it.
    Nothing,
    /// More than fits into a frame, or than the set holds.
    InStore,
    Frame(Utf8Bytes),
}

/// What of a change set a reader sees. Readers with the same view get the same frame.
#[derive(PartialEq, Eq, Hash)]
struct View {
    chats: Vec<Sight>,
    /// Whose marks, drafts and own ready answers are in it, if the set has any of this reader.
    own_of: Option<OperatorId>,
}

/// How one chat's change looks to a reader.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Sight {
    Unseen,
    Changed,
    Begins,
    Ends(EndsWith),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum EndsWith {
    Closed,
    Lost,
}

impl View {
    fn of(set: &ChangeSet, operator: OperatorId) -> Self {
        let shows_all = trials::has(Bug::ShowToEveryone);
        let sight = |change: &ChatChange| match (
            change.before.includes(operator) || shows_all,
            change.after.includes(operator) || shows_all,
        ) {
            (true, true) => Sight::Changed,
            (false, true) => Sight::Begins,
            (true, false) if change.closed_to.contains(&operator) => Sight::Ends(EndsWith::Closed),
            (true, false) => Sight::Ends(EndsWith::Lost),
            (false, false) => Sight::Unseen,
        };
        let owners = set.ready_answers.iter().filter_map(|(whose, _)| *whose);
        let owners = owners.chain(set.marks.iter().map(|(whose, _)| *whose));
        let mut owners = owners.chain(set.drafts.iter().map(|(whose, _)| *whose));
        Self {
            chats: set.chats.iter().map(|change| sight(change)).collect(),
            own_of: owners.any(|whose| whose == operator).then_some(operator),
        }
    }

    fn frame(&self, set: &ChangeSet, operator: OperatorId, epoch: &str) -> Made {
        let mut rows: Vec<Row> = set.operators.iter().cloned().map(Row::Operator).collect();
        rows.extend(set.channels.iter().cloned().map(Row::Channel));
        rows.extend(set.integrations.iter().cloned().map(Row::Integration));
        rows.extend(set.company.clone().map(Row::Company));
        for (sight, change) in self.chats.iter().zip(&set.chats) {
            match sight {
                Sight::Unseen => {}
                Sight::Changed => {
                    rows.push(Row::Chat(change.chat.clone()));
                    rows.extend(change.entries.iter().cloned().map(Row::Entry));
                }
                Sight::Begins => {
                    // It went live while the set was made.
                    let Some(newest) = &change.newest else {
                        return Made::InStore;
                    };
                    let mut chat = change.chat.clone();
                    chat.fresh = true;
                    rows.push(Row::Chat(chat));
                    rows.extend(newest.iter().cloned().map(Row::Entry));
                }
                Sight::Ends(_) if trials::has(Bug::DropGone) => {}
                Sight::Ends(with) => rows.push(Row::Gone {
                    chat_id: change.chat.id,
                    why: match with {
                        EndsWith::Lost if !trials::has(Bug::LostAsClosed) => GoneWhy::Lost,
                        EndsWith::Lost | EndsWith::Closed => GoneWhy::Closed,
                    },
                }),
            }
        }
        let answers = set
            .ready_answers
            .iter()
            .filter(|(whose, _)| whose.is_none_or(|whose| whose == operator));
        rows.extend(answers.map(|(_, row)| row.clone()));
        let marks = set.marks.iter().filter(|(whose, _)| *whose == operator);
        rows.extend(marks.map(|(_, mark)| Row::Mark(*mark)));
        let drafts = set.drafts.iter().filter(|(whose, _)| *whose == operator);
        let drafts = drafts.filter(|_| !trials::has(Bug::DraftsStayAtHome));
        rows.extend(drafts.map(|(_, draft)| Row::Draft(draft.clone())));
        if rows.is_empty() {
            return Made::Nothing;
        }
        let text = encode(&BackendFrame::Changes(Changes {
            starts_snapshot: false,
            rows,
            cursor: Some(Cursor {
                epoch: epoch.to_owned(),
                seq: if trials::has(Bug::CursorRunsAhead) {
                    Seq(set.to.0 + 3)
                } else {
                    set.to
                },
            }),
            behind: 0,
        }));
        match text {
            Some(text) if text.len() <= MAX_FRAME_BYTES => Made::Frame(text),
            Some(_) | None => Made::InStore,
        }
    }
}

/// A frame as text. None never happens: all frames can be written as JSON.
pub(crate) fn encode(frame: &BackendFrame) -> Option<Utf8Bytes> {
    match serde_json::to_string(frame) {
        Ok(text) => Some(text.into()),
        Err(error) => {
            tracing::error!(%error, "A frame could not be written");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use pult_domain::{ChannelId, ChatId, ClientId, Place, Role, Status, Timestamp};
    use pult_protocol::{ChatRow, ClientCard, OperatorRow};
    use uuid::Uuid;

    use super::*;

    fn operator() -> OperatorId {
        OperatorId(Uuid::now_v7())
    }

    /// A change set in which an operator, whom everybody sees, has this name.
    pub(super) fn renamed(from: i64, to: i64, name: &str) -> ChangeSet {
        ChangeSet {
            from: Seq(from),
            to: Seq(to),
            is_whole: true,
            chats: Vec::new(),
            operators: vec![OperatorRow {
                id: operator(),
                name: name.to_owned(),
                role: Role::Operator,
                is_active: true,
            }],
            channels: Vec::new(),
            integrations: Vec::new(),
            company: None,
            marks: Vec::new(),
            ready_answers: Vec::new(),
            drafts: Vec::new(),
            lanes: false,
        }
    }

    /// A change of a chat that nobody sees.
    pub(super) fn chat_change() -> ChatChange {
        let nobody = Audience::Only(BTreeSet::new());
        let chat = ChatRow {
            id: ChatId(Uuid::now_v7()),
            channel_id: ChannelId(Uuid::now_v7()),
            client: ClientCard {
                own_name: None,
                note: String::new(),
                id: ClientId(Uuid::now_v7()),
                name: None,
                phone: None,
            },
            status: Status::Queued,
            owner_id: None,
            former_owner_id: None,
            suggested_owner_id: None,
            observer_ids: Vec::new(),
            waiting_since: None,
            last_activity_at: Timestamp(1),
            client_wrote_at: None,
            last_place: Place(0),
            preview: None,
            fresh: false,
        };
        ChatChange {
            chat,
            entries: Vec::new(),
            newest: None,
            before: nobody.clone(),
            after: nobody,
            closed_to: BTreeSet::new(),
        }
    }

    fn live_reader(hub: &Hub, read: i64) -> mpsc::Receiver<FeedFrame> {
        let id = hub.join(operator());
        hub.go_live(id, Seq(read)).unwrap()
    }

    #[test]
    fn a_reader_gets_what_comes_after_what_it_has_read() {
        let hub = Hub::default();
        let mut queue = live_reader(&hub, 5);
        hub.publish(&renamed(4, 5, "old"));
        hub.publish(&renamed(5, 6, "new"));
        let frame = queue.try_recv().unwrap();
        assert_eq!(frame.seq, Seq(6));
        assert!(frame.text.as_str().contains("new"));
        assert!(queue.try_recv().is_err());
    }

    #[test]
    fn a_reader_reads_from_the_store_what_another_program_has_committed_between() {
        let hub = Hub::default();
        let mut queue = live_reader(&hub, 5);
        hub.publish(&renamed(5, 6, "ours"));
        hub.publish(&renamed(9, 10, "ours again"));
        assert_eq!(queue.try_recv().unwrap().seq, Seq(6));
        assert!(matches!(
            queue.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        ));
    }

    #[test]
    fn a_reader_who_went_live_while_a_set_was_made_for_nobody_reads_from_the_store() {
        let hub = Hub::default();
        assert!(!hub.is_followed(&Audience::Everyone));
        let mut queue = live_reader(&hub, 5);
        assert!(hub.is_followed(&Audience::Everyone));
        let set = ChangeSet {
            is_whole: false,
            ..renamed(5, 6, "name")
        };
        hub.publish(&set);
        assert!(matches!(
            queue.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        ));
    }

    #[test]
    fn what_does_not_fit_into_a_frame_is_read_from_the_store() {
        let hub = Hub::default();
        let mut queue = live_reader(&hub, 5);
        hub.publish(&renamed(5, 6, &"x".repeat(MAX_FRAME_BYTES)));
        assert!(matches!(
            queue.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        ));
    }

    #[test]
    fn a_chat_that_came_into_sight_unread_is_read_from_the_store() {
        let hub = Hub::default();
        let me = operator();
        let id = hub.join(me);
        let mine = Audience::Only(BTreeSet::from([me]));
        assert!(!hub.is_followed(&mine));
        let mut queue = hub.go_live(id, Seq(5)).unwrap();
        assert!(hub.is_followed(&mine));
        assert!(!hub.is_followed(&Audience::Only(BTreeSet::from([operator()]))));

        let mut set = renamed(5, 6, "with a chat");
        let mut change = chat_change();
        change.after = mine;
        change.newest = Some(Vec::new());
        set.chats = vec![Arc::new(change.clone())];
        hub.publish(&set);
        assert_eq!(queue.try_recv().unwrap().seq, Seq(6));
        change.newest = None;
        (set.from, set.to) = (Seq(6), Seq(7));
        set.chats = vec![Arc::new(change)];
        hub.publish(&set);
        assert!(matches!(
            queue.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        ));
    }

    #[test]
    fn a_slow_reader_keeps_what_is_queued_and_then_reads_from_the_store() {
        let hub = Hub::default();
        let mut slow = live_reader(&hub, 0);
        let mut quick = live_reader(&hub, 0);
        for seq in 0..i64::try_from(QUEUE).unwrap() + 10 {
            hub.publish(&renamed(seq, seq + 1, "name"));
            quick.try_recv().unwrap();
        }
        let mut n = 0;
        while slow.try_recv().is_ok() {
            n += 1;
        }
        assert_eq!(n, QUEUE);
        assert_eq!(hub.fell_behind().get(), 1);
        assert!(matches!(
            slow.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        ));
    }

    #[test]
    fn nobody_goes_live_behind_what_was_published() {
        let hub = Hub::default();
        hub.publish(&renamed(5, 6, "name"));
        let id = hub.join(operator());
        assert!(hub.go_live(id, Seq(5)).is_none());
        assert!(hub.go_live(id, Seq(6)).is_some());
    }
}

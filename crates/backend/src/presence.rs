//! Who of the operators is there, away or gone, and since when, told to all who are connected.
//!
//! It is no part of the feed: nobody needs to catch up on who came and went, only on how it is. A
//! connection that is dead without a word is found by its silence (`socket.rs`), and what it said of
//! its device holds for the time of a lease alone, so presence ends by itself. Only the moment of the
//! last coming or going is written down, by who calls, and who says that they are away.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use parking_lot::Mutex;
use pult_domain::{OperatorId, Timestamp};
use pult_protocol::{AwayRequest, Presence, PresenceRow, Problem, Standing};
use tokio::sync::{Mutex as AsyncMutex, broadcast, watch};
use tokio::time::Instant;

use crate::auth::SignedIn;
use crate::backend::Shared;
use crate::hub::ReaderId;
use crate::problem::ProblemResponse;
use crate::sessions::unreadable;

/// How many comings and goings a follower may be behind by before it is told of everybody again.
const QUEUE: usize = 256;

/// Most rows of a frame: a connection keeps the memory of its largest one.
pub(crate) const MAX_ROWS: usize = 100;

/// The operators who are or were there.
pub(crate) struct Attendance {
    operators: Mutex<BTreeMap<OperatorId, Attending>>,
    changes: broadcast::Sender<PresenceRow>,
    /// Held while it is written down that somebody is away, so that memory and store agree.
    writing: AsyncMutex<()>,
}

#[derive(Default)]
struct Attending {
    connections: HashMap<ReaderId, Device>,
    /// The panel at the device that was used last.
    first: watch::Sender<Option<ReaderId>>,
    away_by_hand: Option<Timestamp>,
    since: Option<Timestamp>,
}

/// What a panel says of the device that it is at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Device {
    /// Until when it is used; none for one that is not.
    pub(crate) used_until: Option<Instant>,
    /// When it was used last; none if that is not known yet.
    pub(crate) used_at: Option<Instant>,
}

impl Attending {
    /// Finds the panel at the device that was used last, and tells if it is another.
    fn settle_first(&self) {
        let used_last = self
            .connections
            .iter()
            .max_by_key(|(reader, device)| (device.used_at, **reader));
        let first = used_last.map(|(reader, _)| *reader);
        self.first.send_if_modified(|before| {
            let is_another = *before != first;
            *before = first;
            is_another
        });
    }

    fn presence(&self) -> Presence {
        let is_idle = |device: &Device| device.used_until.is_none();
        if self.connections.is_empty() {
            Presence::Offline
        } else if self.away_by_hand.is_some() || self.connections.values().all(is_idle) {
            Presence::Away
        } else {
            Presence::Online
        }
    }

    fn row(&self, operator_id: OperatorId) -> PresenceRow {
        let presence = self.presence();
        let by_hand = self
            .away_by_hand
            .filter(|_| matches!(presence, Presence::Away));
        PresenceRow {
            operator_id,
            presence,
            since: by_hand.or(self.since),
            by_hand: by_hand.is_some(),
        }
    }
}

/// What somebody who is connected hears of the others.
pub(crate) struct Following {
    changes: broadcast::Receiver<PresenceRow>,
}

impl Attendance {
    /// Nobody is there; when they were last is known of some, and that some have said that they are
    /// away.
    pub(crate) fn new(
        last_seen: Vec<(OperatorId, Timestamp)>,
        away: Vec<(OperatorId, Timestamp)>,
    ) -> Self {
        let mut operators = BTreeMap::<OperatorId, Attending>::new();
        for (operator, at) in last_seen {
            operators.entry(operator).or_default().since = Some(at);
        }
        for (operator, since) in away {
            operators.entry(operator).or_default().away_by_hand = Some(since);
        }
        Self {
            operators: Mutex::new(operators),
            changes: broadcast::Sender::new(QUEUE),
            writing: AsyncMutex::default(),
        }
    }

    /// A panel of theirs is connected, at a device that is used until then or at one that is not.
    /// True if it is the only one; and what tells which of them is at the device used last.
    pub(crate) fn join(
        &self,
        operator: OperatorId,
        panel: ReaderId,
        used_until: Option<Instant>,
        now: Timestamp,
    ) -> (bool, watch::Receiver<Option<ReaderId>>) {
        let device = Device {
            used_until,
            used_at: None,
        };
        self.change(operator, now, |attending| {
            attending.connections.insert(panel, device);
            let is_only = attending.connections.len() == 1;
            (is_only, attending.first.subscribe())
        })
    }

    /// A panel of theirs says again whether its device is used, and until when that holds.
    pub(crate) fn stand(
        &self,
        operator: OperatorId,
        panel: ReaderId,
        device: Device,
        now: Timestamp,
    ) {
        self.change(operator, now, |attending| {
            if let Some(connection) = attending.connections.get_mut(&panel) {
                *connection = device;
            }
        });
    }

    /// A panel of theirs is gone. True if it was the last.
    pub(crate) fn leave(&self, operator: OperatorId, panel: ReaderId, now: Timestamp) -> bool {
        self.change(operator, now, |attending| {
            attending.connections.remove(&panel);
            attending.connections.is_empty()
        })
    }

    /// Ends the leases that have run out.
    pub(crate) fn expire(&self, now: Instant, at: Timestamp) {
        let operators = self.operators.lock();
        let is_over = |device: &Device| device.used_until.is_some_and(|until| until <= now);
        let over = operators
            .iter()
            .filter(|(_, attending)| attending.connections.values().any(is_over));
        let over: Vec<OperatorId> = over.map(|(operator, _)| *operator).collect();
        drop(operators);
        for operator in over {
            self.change(operator, at, |attending| {
                for device in attending.connections.values_mut() {
                    device.used_until = device.used_until.filter(|until| *until > now);
                }
            });
        }
    }

    fn set_away(&self, operator: OperatorId, since: Option<Timestamp>, now: Timestamp) {
        self.change(operator, now, |attending| {
            attending.away_by_hand = since.map(|since| attending.away_by_hand.unwrap_or(since));
        });
    }

    #[expect(
        clippy::significant_drop_tightening,
        reason = "changes are told in the order in which they are made"
    )]
    fn change<T>(
        &self,
        operator: OperatorId,
        now: Timestamp,
        change: impl FnOnce(&mut Attending) -> T,
    ) -> T {
        let mut operators = self.operators.lock();
        let attending = operators.entry(operator).or_default();
        let before = attending.row(operator);
        let result = change(attending);
        attending.settle_first();
        let after = attending.row(operator);
        if (before.presence, before.by_hand) != (after.presence, after.by_hand) {
            attending.since = Some(now);
            // Nobody else may be connected.
            drop(self.changes.send(attending.row(operator)));
        }
        result
    }

    /// Everybody as they are now, and what changes from here on.
    pub(crate) fn follow(&self) -> (Vec<PresenceRow>, Following) {
        let operators = self.operators.lock();
        // Of who has never been there nothing is known, whatever else was said.
        let is_known = |(_, attending): &(&OperatorId, &Attending)| {
            !attending.connections.is_empty() || attending.since.is_some()
        };
        let rows = operators.iter().filter(is_known);
        let rows = rows.map(|(id, attending)| attending.row(*id)).collect();
        // Still under the lock: nothing comes between the two.
        let changes = self.changes.subscribe();
        drop(operators);
        (rows, Following { changes })
    }
}

/// Until when a device is used, as its panel says.
pub(crate) fn used_until(standing: Standing, until: Instant) -> Option<Instant> {
    match standing {
        Standing::Active => Some(until),
        Standing::Idle | Standing::Locked => None,
    }
}

/// Say that one is away, or back, on all of one's devices.
#[utoipa::path(
    put, path = "/api/v1/presence", request_body = AwayRequest,
    responses(
        (status = 204),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
    )
)]
pub(crate) async fn set_away(
    State(backend): State<Shared>,
    SignedIn(session): SignedIn,
    body: Result<Json<AwayRequest>, JsonRejection>,
) -> Result<StatusCode, ProblemResponse> {
    let Json(AwayRequest { away }) = body.map_err(|error| unreadable(&error))?;
    let operator = session.operator.id;
    let turn = backend.attendance.writing.lock().await;
    let now = backend.now();
    let since = away.then_some(now);
    backend.store.set_away(operator, since).await?;
    backend.attendance.set_away(operator, since, now);
    drop(turn);
    Ok(StatusCode::NO_CONTENT)
}

impl Following {
    /// Waits for changes and takes all that there are, as many as fit into a frame. None if some
    /// were missed: follow anew. May be dropped and called again at any time.
    pub(crate) async fn next(&mut self) -> Option<Vec<PresenceRow>> {
        let mut rows = vec![self.changes.recv().await.ok()?];
        while rows.len() < MAX_ROWS {
            match self.changes.try_recv() {
                Ok(row) => rows.push(row),
                Err(broadcast::error::TryRecvError::Lagged(_)) => return None,
                Err(_) => break,
            }
        }
        Some(rows)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::hub::Hub;

    const LEASE: Duration = Duration::from_secs(45);

    fn row(operator_id: OperatorId, presence: Presence, since: i64) -> PresenceRow {
        PresenceRow {
            operator_id,
            presence,
            since: Some(Timestamp(since)),
            by_hand: false,
        }
    }

    fn used(at: Instant) -> Device {
        Device {
            used_until: Some(at + LEASE),
            used_at: Some(at),
        }
    }

    fn idle() -> Device {
        Device {
            used_until: None,
            used_at: None,
        }
    }

    #[tokio::test]
    async fn the_device_that_was_used_last_is_first() {
        let (anna, desk, home) = somebody();
        let attendance = Attendance::new(Vec::new(), Vec::new());
        let now = Instant::now();
        let (_, mut first) = attendance.join(anna, desk, None, Timestamp(1));
        assert_eq!(*first.borrow_and_update(), Some(desk));
        attendance.stand(anna, desk, used(now), Timestamp(2));
        attendance.join(anna, home, Some(now + LEASE), Timestamp(3));
        assert!(!first.has_changed().unwrap(), "it has only come");
        attendance.stand(anna, home, used(now + LEASE), Timestamp(4));
        assert_eq!(*first.borrow_and_update(), Some(home));
        // What is said again of earlier changes nothing.
        attendance.stand(anna, desk, used(now), Timestamp(5));
        assert!(!first.has_changed().unwrap());
        attendance.leave(anna, home, Timestamp(6));
        assert_eq!(*first.borrow_and_update(), Some(desk));
    }

    /// An operator, and two panels of theirs.
    fn somebody() -> (OperatorId, ReaderId, ReaderId) {
        let (operator, hub) = (OperatorId(Uuid::now_v7()), Hub::default());
        (operator, hub.join(operator), hub.join(operator))
    }

    #[tokio::test]
    async fn somebody_is_there_from_their_first_panel_to_their_last() {
        let ((anna, desk, home), boris) = (somebody(), OperatorId(Uuid::now_v7()));
        let attendance = Attendance::new(vec![(boris, Timestamp(1))], Vec::new());
        let until = Some(Instant::now() + LEASE);
        let (rows, mut following) = attendance.follow();
        assert_eq!(rows, [row(boris, Presence::Offline, 1)]);
        assert!(attendance.join(anna, desk, until, Timestamp(2)).0);
        assert!(!attendance.join(anna, home, until, Timestamp(3)).0);
        assert!(!attendance.leave(anna, desk, Timestamp(4)));
        assert!(attendance.leave(anna, home, Timestamp(5)));
        let told = following.next().await.unwrap();
        let expected = [
            row(anna, Presence::Online, 2),
            row(anna, Presence::Offline, 5),
        ];
        assert_eq!(told, expected);
        assert_eq!(attendance.follow().0, [expected[1], rows[0]]);
    }

    #[tokio::test]
    async fn somebody_is_away_when_none_of_their_devices_is_used() {
        let (anna, desk, home) = somebody();
        let attendance = Attendance::new(Vec::new(), Vec::new());
        let now = Instant::now();
        let (_, mut following) = attendance.follow();
        attendance.join(anna, desk, Some(now + LEASE), Timestamp(1));
        attendance.join(anna, home, None, Timestamp(2));
        attendance.stand(anna, desk, idle(), Timestamp(3));
        attendance.stand(anna, home, idle(), Timestamp(4));
        attendance.stand(anna, home, used(now), Timestamp(5));
        attendance.leave(anna, home, Timestamp(6));
        let told = following.next().await.unwrap();
        let expected = [
            row(anna, Presence::Online, 1),
            row(anna, Presence::Away, 3),
            row(anna, Presence::Online, 5),
            row(anna, Presence::Away, 6),
        ];
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn who_says_that_they_are_away_is_until_they_say_that_they_are_back() {
        let (anna, desk, home) = somebody();
        let attendance = Attendance::new(Vec::new(), vec![(anna, Timestamp(1))]);
        assert_eq!(attendance.follow().0, [], "she has never been there");
        let (_, mut following) = attendance.follow();
        let until = Some(Instant::now() + LEASE);
        attendance.join(anna, desk, until, Timestamp(2));
        attendance.join(anna, home, until, Timestamp(3));
        attendance.set_away(anna, Some(Timestamp(4)), Timestamp(4));
        attendance.stand(anna, desk, used(Instant::now()), Timestamp(5));
        attendance.set_away(anna, None, Timestamp(6));
        let told = following.next().await.unwrap();
        let by_hand = PresenceRow {
            by_hand: true,
            ..row(anna, Presence::Away, 1)
        };
        assert_eq!(told, [by_hand, row(anna, Presence::Online, 6)]);
    }

    #[tokio::test]
    async fn what_was_said_of_a_device_is_over_with_its_lease() {
        let (anna, desk, home) = somebody();
        let attendance = Attendance::new(Vec::new(), Vec::new());
        let now = Instant::now();
        let (_, mut following) = attendance.follow();
        attendance.join(anna, desk, Some(now + LEASE), Timestamp(1));
        attendance.join(anna, home, Some(now + 2 * LEASE), Timestamp(1));
        attendance.expire(now + LEASE, Timestamp(2));
        attendance.expire(now + 2 * LEASE, Timestamp(3));
        let told = following.next().await.unwrap();
        let expected = [row(anna, Presence::Online, 1), row(anna, Presence::Away, 3)];
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn who_missed_something_is_told_to_follow_anew() {
        let (anna, desk, _) = somebody();
        let attendance = Attendance::new(Vec::new(), Vec::new());
        let (_, mut following) = attendance.follow();
        for n in 0..QUEUE {
            attendance.join(anna, desk, None, Timestamp(1));
            attendance.leave(anna, desk, Timestamp(i64::try_from(n).unwrap()));
        }
        assert_eq!(following.next().await, None);
    }
}

//! Who of the operators has a panel connected, and since when, told to all who are connected.
//!
//! It is no part of the feed: nobody needs to catch up on who came and went, only on who is there.
//! A connection that is dead without a word is found by its silence (`socket.rs`), so presence ends
//! by itself. Only the moment of the last coming or going is written down, by who calls.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use pult_domain::{OperatorId, Timestamp};
use pult_protocol::{Presence, PresenceRow};
use tokio::sync::broadcast;

/// How many comings and goings a follower may be behind by before it is told of everybody again.
const QUEUE: usize = 256;

/// Most rows of a frame: a connection keeps the memory of its largest one.
pub(crate) const MAX_ROWS: usize = 100;

/// The operators who are or were there.
pub(crate) struct Attendance {
    operators: Mutex<BTreeMap<OperatorId, Standing>>,
    changes: broadcast::Sender<PresenceRow>,
}

#[derive(Default)]
struct Standing {
    n_connections: usize,
    since: Option<Timestamp>,
}

impl Standing {
    const fn row(&self, operator_id: OperatorId) -> PresenceRow {
        PresenceRow {
            operator_id,
            presence: if self.n_connections == 0 {
                Presence::Offline
            } else {
                Presence::Online
            },
            since: self.since,
        }
    }
}

/// What somebody who is connected hears of the others.
pub(crate) struct Following {
    changes: broadcast::Receiver<PresenceRow>,
}

impl Attendance {
    /// Nobody is there; when they were last is known of some.
    pub(crate) fn new(last_seen: Vec<(OperatorId, Timestamp)>) -> Self {
        let standing = |(operator, at)| {
            let standing = Standing {
                n_connections: 0,
                since: Some(at),
            };
            (operator, standing)
        };
        Self {
            operators: Mutex::new(last_seen.into_iter().map(standing).collect()),
            changes: broadcast::Sender::new(QUEUE),
        }
    }

    /// A panel of theirs is connected. True if it is the first.
    pub(crate) fn join(&self, operator: OperatorId, now: Timestamp) -> bool {
        self.change(operator, now, |n| n.saturating_add(1))
    }

    /// A panel of theirs is gone. True if it was the last.
    pub(crate) fn leave(&self, operator: OperatorId, now: Timestamp) -> bool {
        self.change(operator, now, |n| n.saturating_sub(1))
    }

    #[expect(
        clippy::significant_drop_tightening,
        reason = "changes are told in the order in which they are made"
    )]
    fn change(&self, operator: OperatorId, now: Timestamp, n: impl Fn(usize) -> usize) -> bool {
        let mut operators = self.operators.lock();
        let standing = operators.entry(operator).or_default();
        let was_there = standing.n_connections > 0;
        standing.n_connections = n(standing.n_connections);
        let has_changed = was_there != (standing.n_connections > 0);
        if has_changed {
            standing.since = Some(now);
            // Nobody else may be connected.
            drop(self.changes.send(standing.row(operator)));
        }
        has_changed
    }

    /// Everybody as they are now, and what changes from here on.
    pub(crate) fn follow(&self) -> (Vec<PresenceRow>, Following) {
        let operators = self.operators.lock();
        let rows = operators.iter().map(|(id, standing)| standing.row(*id));
        let rows = rows.collect();
        // Still under the lock: nothing comes between the two.
        let changes = self.changes.subscribe();
        drop(operators);
        (rows, Following { changes })
    }
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
    use uuid::Uuid;

    use super::*;

    fn row(operator_id: OperatorId, presence: Presence, since: i64) -> PresenceRow {
        PresenceRow {
            operator_id,
            presence,
            since: Some(Timestamp(since)),
        }
    }

    #[tokio::test]
    async fn somebody_is_there_from_their_first_panel_to_their_last() {
        let (anna, boris) = (OperatorId(Uuid::now_v7()), OperatorId(Uuid::now_v7()));
        let attendance = Attendance::new(vec![(boris, Timestamp(1))]);
        let (rows, mut following) = attendance.follow();
        assert_eq!(rows, [row(boris, Presence::Offline, 1)]);
        assert!(attendance.join(anna, Timestamp(2)));
        assert!(!attendance.join(anna, Timestamp(3)));
        assert!(!attendance.leave(anna, Timestamp(4)));
        assert!(attendance.leave(anna, Timestamp(5)));
        let told = following.next().await.unwrap();
        let expected = [
            row(anna, Presence::Online, 2),
            row(anna, Presence::Offline, 5),
        ];
        assert_eq!(told, expected);
        assert_eq!(attendance.follow().0, [expected[1], rows[0]]);
    }

    #[tokio::test]
    async fn who_missed_something_is_told_to_follow_anew() {
        let anna = OperatorId(Uuid::now_v7());
        let attendance = Attendance::new(Vec::new());
        let (_, mut following) = attendance.follow();
        for n in 0..QUEUE {
            attendance.join(anna, Timestamp(1));
            attendance.leave(anna, Timestamp(i64::try_from(n).unwrap()));
        }
        assert_eq!(following.next().await, None);
    }
}

//! Frames of the socket `GET /api/v1/socket`: JSON texts, told apart by `kind`.

use pult_domain::{ChatId, CommandId, OperatorId, Seq, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    CommandDone, CommandEnvelope, DraftGiven, LateChats, PresenceRow, Problem, Row, Standing,
    Token, Watch, WatchedChat,
};

/// What a panel says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PanelFrame {
    /// First of all, within five seconds: who I am and what I hold.
    Hello {
        /// The session's token.
        token: Token,
        /// The protocol version that the panel speaks.
        protocol: u32,
        /// What the device is called, for the operator's list of sessions.
        device: String,
        /// Up to where the panel holds the feed; none asks for a snapshot.
        cursor: Option<Cursor>,
        /// Whether the device is used; holds for the time of a lease, as what a `watch` says.
        #[serde(default)]
        standing: Standing,
    },
    /// Something to be done; answered by `done` or `refused` with the same id.
    Command(CommandEnvelope),
    /// What has been begun to write; answered by `done` or `refused` with the same id. No command:
    /// it does nothing in the chat, and a panel alone has it to say.
    Draft {
        /// Made for this frame.
        id: CommandId,
        /// What it is.
        draft: DraftGiven,
    },
    /// What the operator looks at and types, and whether the device is used. Takes the place of
    /// the one before and holds for the time of a lease, [`LEASE_MS`](crate::LEASE_MS); answered
    /// by nothing.
    Watch(Watch),
    /// Whether everybody's chats are on the screen, so that changes are to be hinted at; for
    /// supervisors. Holds until it is said otherwise or the connection ends.
    Oversee {
        /// Whether so.
        on: bool,
    },
    /// Nothing to say: the heartbeat.
    Ping,
}

/// What the backend says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BackendFrame {
    /// The hello was accepted.
    Welcome {
        /// The protocol version that is spoken from here on.
        protocol: u32,
        /// Who the token belongs to.
        operator_id: OperatorId,
        /// The backend's clock, to tell waiting times by.
        server_time: Timestamp,
        /// For how long what a `watch` says holds, in milliseconds.
        #[serde(default = "usual_lease_ms")]
        lease_ms: u64,
    },
    /// A part of the feed.
    Changes(Changes),
    /// Who is there: all at first, then those with whom it has changed.
    Presence {
        /// Operators; one who is not named has never been there.
        operators: Vec<PresenceRow>,
    },
    /// Who looks at chats that the reader sees at this moment, or types in them.
    Watching {
        /// Whether it is all there is; else it is only those chats with which it has changed.
        #[serde(default)]
        is_whole: bool,
        /// The chats.
        chats: Vec<WatchedChat>,
    },
    /// Whether this device is the one of its operator that was used last, and is to tell them first of
    /// what comes. One that has not heard it is.
    First {
        /// Whether so.
        is_first: bool,
    },
    /// In some chats something has changed; to supervisors who asked for it with `oversee`.
    ChatsChanged {
        /// Which; at most 100.
        chat_ids: Vec<ChatId>,
        /// Whether it may be all of them, so that none is named.
        everything: bool,
    },
    /// The clients who wait too long; said when that has changed.
    Late(LateChats),
    /// The command was carried out.
    Done {
        /// Which.
        id: CommandId,
        /// What came of it.
        result: CommandDone,
    },
    /// The command was refused, or could not be tried.
    Refused {
        /// Which.
        id: CommandId,
        /// Why.
        #[serde(flatten)]
        problem: Problem,
    },
    /// Something else is wrong. After some codes (`signed_out`, `protocol_too_old`) the backend
    /// closes the connection.
    Problem {
        /// What.
        #[serde(flatten)]
        problem: Problem,
    },
    /// Nothing to say: the heartbeat.
    Ping,
}

const fn usual_lease_ms() -> u64 {
    crate::LEASE_MS
}

/// A position in the feed. Every start of the backend begins a new epoch; a cursor of an earlier one
/// is as good as ever, unless the store is a backup from before it: then it leads to a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Cursor {
    /// Which run of the backend.
    pub epoch: String,
    /// Up to and with which change.
    pub seq: Seq,
}

/// A page of the feed.
///
/// A snapshot comes in one or more pages: the first has `starts_snapshot`, only the last has a
/// cursor, and the reader replaces what it holds when the last one is in. Outside a snapshot each
/// page has a cursor and is applied at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Changes {
    /// Whether this page begins a snapshot.
    #[serde(default)]
    pub starts_snapshot: bool,
    /// The rows, in the order of their change.
    pub rows: Vec<Row>,
    /// Where the reader stands after this page.
    pub cursor: Option<Cursor>,
    /// Roughly how many rows are still to come before the reader is live; 0 when it is.
    #[serde(default)]
    pub behind: u32,
}

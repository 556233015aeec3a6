//! The contract between panel, backend and integrations: what is said on the socket and over
//! REST, and the codes by which programs know what went wrong.
//!
//! Types only; no behaviour lives here. Times are milliseconds since 1970 UTC on the socket and in
//! these types; a chat's texts appear in entries alone.
//!
//! Two versions are spoken at a time: the present one and the one before.

mod administration;
mod audit;
mod automatic;
mod code;
mod command;
mod company;
mod draft;
mod figures;
mod frame;
mod notifications;
mod oversight;
mod presence;
mod ready_answers;
mod rest;
mod rows;
mod token;

pub use administration::{
    ChannelHealth, ChannelHealthList, ChannelNameRequest, ManagedIntegration,
    ManagedIntegrationList, ManagedOperator, ManagedOperatorList, NewOperatorRequest,
    OperatorChange, OwnPasswordRequest, PasswordRequest, SessionList, SessionRow, SessionsQuery,
};
pub use audit::{Act, Actor, AuditEntry, AuditPage, AuditQuery};
pub use automatic::{
    DirectionFound, DirectionTrial, RevisedDirections, RevisedHours, RevisedTexts,
};
pub use code::{Code, Problem};
pub use command::{Command, CommandDone, CommandEnvelope};
pub use company::{
    CompanyChange, CompanyRequest, CompanyRow, CompanySettings, DeviceDefaults, PanelLanguage,
    PanelTextSize, WaitingSteps,
};
pub use draft::{ComposerMode, DraftGiven, DraftOrigin, DraftRow, MAX_WRITERS};
pub use figures::{
    AnswerTimes, DayFigures, FigureSet, FiguresQuery, MAX_FIGURES_DAYS, OperatorFigures,
    ServiceFigures,
};
pub use frame::{BackendFrame, Changes, Cursor, PanelFrame};
pub use notifications::{
    Alert, MAX_REPEAT_S, MIN_REPEAT_S, NotificationDefaults, NotificationKind,
};
pub use oversight::{
    ChatsOrder, ChatsPage, ChatsQuery, LateChat, LateChats, LateLimits, Load, MAX_LATE_CHATS,
    MAX_NAMED_CHATS, OperatorLoad, Workload,
};
pub use presence::{
    AwayRequest, LEASE_MS, Onlooker, Presence, PresenceRow, RENEWALS_OF_LEASE, Standing,
    WATCH_INTERVAL_MS, Watch, WatchedChat,
};
pub use pult_domain::ReadyAnswerFault;
pub use pult_domain::provider::FailureKind;
pub use ready_answers::{
    AnswerScope, ReadyAnswerBody, ReadyAnswerExportQuery, ReadyAnswerImport, ReadyAnswerImportLine,
    ReadyAnswerImportOutcome, ReadyAnswerImportQuery, ReadyAnswerList, ReadyAnswerRow,
    TableLanguage,
};
pub use rest::{
    ArchiveCursor, ArchiveHit, ArchivePage, ArchiveQuery, ChannelPhoneBody, ClientHistory,
    CommandRequest, CommandResponse, HistoryPage, HistoryQuery, NoArchiveCursor, SignInRequest,
    SignInResponse, Talk,
};
pub use rows::{
    ChannelKind, ChannelRow, ChatRow, ClientCard, Delivery, DeliveryState, EntryBody, EntryKind,
    EntryRow, GoneWhy, IntegrationRow, MarkRow, Notice, OperatorRow, Preview, Row,
};
pub use token::Token;

/// The protocol version that this build speaks.
pub const PROTOCOL: u32 = 1;

/// The oldest protocol version that the backend of this build still speaks.
pub const OLDEST_PROTOCOL: u32 = 1;

/// Largest frame that either side accepts, in bytes.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;

/// Within this time after connecting a panel must have said hello, in milliseconds.
pub const HELLO_TIMEOUT_MS: u64 = 5_000;

/// Each side sends something at least this often, in milliseconds; silence of three times as long
/// means that the connection is dead.
pub const HEARTBEAT_MS: u64 = 15_000;

/// Newest entries of a chat that a snapshot and a chat's first appearance carry.
pub const NEWEST_ENTRIES: u32 = 30;

//! What the panel shows: the shapes that the page asks for and the events that tell it when to
//! ask again. Events carry ids, never rows: the page re-reads what is on its screen.

use std::collections::BTreeMap;

pub use crate::search::{FoundEntry, SearchCursor, SearchOnly, SearchPage, SearchQuery};
use pult_domain::{ChannelId, ChatId, CommandId, OperatorId, Place, Status, Timestamp};
pub use pult_protocol::ComposerMode;
use pult_protocol::{
    Alert, ChannelRow, ChatRow, Command, CompanyRow, EntryRow, IntegrationRow, LateChats,
    NotificationKind, OperatorRow, PresenceRow, Problem,
};
use serde::{Deserialize, Serialize};

/// Everything but histories: enough to draw the frame, the rail and the lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Overview {
    /// Who is signed in and where; none shows the sign-in screen.
    pub session: Option<SessionView>,
    /// Whether the panel hears the backend.
    pub connection: Connection,
    /// All operators, by id found in rows.
    pub operators: Vec<OperatorRow>,
    /// Who of them is there and who is not; nothing while there is no connection.
    pub presence: Vec<PresenceRow>,
    /// All channels.
    pub channels: Vec<ChannelRow>,
    /// All programs with an API key, by id found in entries.
    pub integrations: Vec<IntegrationRow>,
    /// What holds for everybody; as the program has it by itself while nobody is signed in.
    pub company: CompanyRow,
    /// Chats that I own, newest activity first.
    pub in_work: Vec<ChatSummary>,
    /// Chats that I observe, newest activity first.
    pub observed: Vec<ChatSummary>,
    /// The queue, longest waiting first.
    pub queued: Vec<ChatSummary>,
    /// Chats that I see no longer but in which I left text unsent.
    pub shells: Vec<Shell>,
    /// Clients who wait too long: for a supervisor all, for others those of their own chats. Nothing
    /// while there is no connection.
    pub late: LateChats,
    /// What to add to the local clock to get the backend's, in milliseconds; waiting times are
    /// counted by the backend's.
    #[ts(type = "number")]
    pub clock_offset_ms: i64,
}

/// The overview for a page that may hold an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
pub struct OverviewUpdate {
    /// By which the page says next time what it holds.
    pub revision: u32,
    /// All but the chats: its lists of them are empty.
    pub rest: Overview,
    /// As [`Overview::in_work`].
    pub in_work: Vec<Listed>,
    /// As [`Overview::observed`].
    pub observed: Vec<Listed>,
    /// As [`Overview::queued`].
    pub queued: Vec<Listed>,
}

/// A chat in a list, for a page that may know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ts_rs::TS)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "most are what a page is told first: all in full"
)]
pub enum Listed {
    /// It is as the page holds it.
    Same(ChatId),
    /// It is so now.
    Changed(ChatSummary),
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SessionView {
    /// The backend's address.
    pub address: String,
    /// Me.
    pub operator: OperatorRow,
    /// Whether the token is kept in the system key store; if not, the page says once that it lies
    /// in a file which only this account can read.
    pub token_in_key_store: bool,
}

/// Whether the panel hears the backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Connection {
    /// It does not, since then.
    Offline {
        /// By the local clock.
        since: Timestamp,
        /// Whether that is because nothing can be written here: the disk is full, as a rule.
        cannot_write: bool,
    },
    /// It tries.
    Connecting {
        /// Offline since then, by the local clock.
        since: Timestamp,
    },
    /// It reads what it has missed.
    CatchingUp {
        /// Roughly how many changes are still to come.
        behind: u32,
    },
    /// What it shows is the present state.
    Live,
    /// The backend has told it to stop: too old, too new. Only an update helps.
    Refused {
        /// Why.
        problem: Problem,
    },
}

/// A chat in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct ChatSummary {
    /// The chat.
    pub chat: ChatRow,
    /// How many messages of the client I have not seen.
    pub n_unread: u32,
    /// How many comments that mention me I have not seen.
    pub n_mentions: u32,
    /// Whether I, who observe, am told only of what is addressed to me.
    pub only_addressed: bool,
    /// What I have begun to write, in the mode in which the composer stands.
    pub draft: Option<String>,
    /// What the composer writes.
    pub mode: ComposerMode,
    /// A command of mine that waits so that it can be taken back.
    pub pending: Option<Pending>,
    /// How many commands of mine wait for the backend.
    pub n_waiting: u32,
    /// Whether the backend refused something here that waits for my look.
    pub needs_look: bool,
}

/// A chat that left my sight while text of mine was unsent in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Shell {
    /// The chat.
    pub chat_id: ChatId,
    /// The client's name, all that is kept of them.
    pub client_name: Option<String>,
    /// My text for the client.
    pub text: String,
    /// My hidden comment.
    pub comment: String,
    /// Why it was not sent, if the backend refused it.
    pub problem: Option<Problem>,
}

/// A stretch of a chat's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Timeline {
    /// The chat; none when it is no longer in my sight.
    pub chat: Option<ChatSummary>,
    /// The shell, when there is only that.
    pub shell: Option<Shell>,
    /// Entries, oldest first, without holes.
    pub entries: Vec<EntryRow>,
    /// Whether there are entries before the first one.
    pub has_older: bool,
    /// Whether the older ones could not be fetched, since there is no connection.
    pub older_needs_connection: bool,
    /// What I had read when asked: the "new" line stands after this place.
    pub read_place: Place,
    /// My replies and comments that are not in the history yet, oldest first.
    pub echoes: Vec<Echo>,
    /// The reply that I have begun to write.
    pub draft: String,
    /// The hidden comment that I have begun to write.
    pub comment: CommentDraft,
    /// What the composer writes.
    pub mode: ComposerMode,
    /// Of both drafts; said again by whoever changes or sends it.
    pub draft_revision: DraftRevision,
    /// What stands in this chat's composers on another device of mine, and was not put into those
    /// here since they had the focus.
    pub elsewhere: Vec<DraftElsewhere>,
    /// A command that the backend refused and that waits for my look.
    pub held: Option<Held>,
}

/// What stands in a composer on another device of mine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct DraftElsewhere {
    /// In which mode.
    pub mode: ComposerMode,
    /// The text; empty if what stands here was sent or deleted there.
    pub text: String,
}

/// A hidden comment that was begun.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct CommentDraft {
    /// Its text.
    pub text: String,
    /// Whom it mentions.
    pub mentions: Vec<OperatorId>,
}

/// A command that waits for a few seconds so that it can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Pending {
    /// Which.
    pub command_id: CommandId,
    /// What it is.
    pub action: HeldAction,
    /// Until when, by the local clock.
    pub until: Timestamp,
    /// Who is to get the chat, if that is what it is about.
    pub to: Option<OperatorId>,
}

/// Tells whether a page has been shown the text that was put back into a draft.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[ts(type = "number")]
pub struct DraftRevision(pub i64);

/// A reply or comment of mine that waits for the backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Echo {
    /// The command, which the entry will carry once it is there.
    pub command_id: CommandId,
    /// What it is.
    pub mode: ComposerMode,
    /// What I wrote.
    pub text: String,
    /// When, by the local clock.
    pub written_at: Timestamp,
    /// Whether it has been handed to the backend at least once; else it can be taken back.
    pub is_handed_over: bool,
}

/// A command that was refused. Its text is in the composer again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Held {
    /// Which.
    pub command_id: CommandId,
    /// What it was.
    pub action: HeldAction,
    /// Why it was refused.
    pub problem: Problem,
    /// The colleague whom the refusal names, if any.
    pub owner_id: Option<OperatorId>,
}

/// What was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum HeldAction {
    /// A reply.
    Reply,
    /// A hidden comment.
    Comment,
    /// Leaving a chat.
    Leave,
    /// A transfer.
    Transfer,
    /// A return to the queue.
    ReturnToQueue,
    /// Giving a queued chat to somebody.
    Assign,
    /// Setting who observes.
    SetObservers,
    /// Saying that no answer is needed.
    NoAnswerNeeded,
    /// What staff call the client.
    NameClient,
    /// The note about the client.
    NoteClient,
    /// Being told only of what is addressed to me.
    TellOnlyAddressed,
    /// A close.
    Close,
    /// A reopen.
    Reopen,
}

/// Something to be done with a chat as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum ChatDeed {
    /// Observe it no longer.
    Leave,
    /// Hand it to a colleague.
    Transfer {
        /// To whom.
        to: OperatorId,
        /// A hidden comment that goes with it.
        note: Option<String>,
    },
    /// Put it back into the queue.
    ReturnToQueue,
    /// Give it, which is in the queue, to somebody.
    Assign {
        /// To whom.
        to: OperatorId,
    },
    /// Set who observes it.
    SetObservers {
        /// Who.
        observer_ids: Vec<OperatorId>,
    },
    /// The client needs no answer.
    NoAnswerNeeded,
    /// Call the client something else.
    NameClient {
        /// The name; none for the client's own.
        name: Option<String>,
    },
    /// Note something about the client.
    NoteClient {
        /// The note; empty for none.
        note: String,
    },
    /// Be told only of what is addressed to me, or of everything again.
    TellOnlyAddressed {
        /// Whether so.
        only_addressed: bool,
    },
    /// Close it.
    Close,
}

impl ChatDeed {
    /// Whether it waits for a few seconds: what takes the chat from its author's hands does.
    #[must_use]
    pub const fn can_be_taken_back(&self) -> bool {
        matches!(
            self,
            Self::Leave | Self::Transfer { .. } | Self::ReturnToQueue | Self::Close
        )
    }

    pub(crate) fn into_command(self, chat_id: ChatId, seen_place: Place) -> Command {
        match self {
            Self::Leave => Command::Leave {
                chat_id,
                seen_place,
            },
            Self::Transfer { to, note } => Command::Transfer {
                chat_id,
                to,
                note: note.filter(|note| !note.trim().is_empty()),
                seen_place,
            },
            Self::ReturnToQueue => Command::ReturnToQueue {
                chat_id,
                seen_place,
            },
            Self::Assign { to } => Command::Assign {
                chat_id,
                to,
                seen_place,
            },
            Self::SetObservers { observer_ids } => Command::SetObservers {
                chat_id,
                observer_ids,
                seen_place,
            },
            Self::NoAnswerNeeded => Command::NoAnswerNeeded {
                chat_id,
                seen_place,
            },
            Self::NameClient { name } => Command::NameClient {
                chat_id,
                name,
                seen_place,
            },
            Self::NoteClient { note } => Command::NoteClient {
                chat_id,
                note,
                seen_place,
            },
            Self::TellOnlyAddressed { only_addressed } => Command::TellOnlyAddressed {
                chat_id,
                only_addressed,
                seen_place,
            },
            Self::Close => Command::Close {
                chat_id,
                seen_place,
            },
        }
    }
}

/// Something changed; whoever shows it asks again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PanelEvent {
    /// Lists, counters, operators, channels, session or connection.
    OverviewChanged,
    /// A chat's history, echoes, draft or held command.
    TimelineChanged {
        /// Which chat.
        chat_id: ChatId,
    },
    /// Ready answers.
    ReadyAnswersChanged,
    /// Who else looks at chats or types in them.
    OnlookersChanged,
    /// In some chats, of whomever, something has changed; while everybody's chats are on the screen.
    ChatsChanged {
        /// Which.
        chat_ids: Vec<ChatId>,
        /// Whether it may be all of them.
        everything: bool,
    },
    /// Something to tell the operator of.
    Notify {
        /// What.
        notification: Notification,
    },
    /// What a banner told was seen, perhaps on another device, or is over.
    Withdraw {
        /// Which.
        key: BannerKey,
    },
    /// The list of what was told is another.
    NotificationsChanged,
    /// More can be found than before.
    IndexChanged,
    /// Events were lost: ask for everything on the screen again.
    Overflowed,
}

/// A chat as it stood in the list from which something is done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct OverseenChat {
    /// The chat.
    pub chat_id: ChatId,
    /// Its status there.
    pub status: Status,
    /// The newest place that was shown: what came later had not been seen.
    pub last_place: Place,
    /// The client's name or number, to say whose it was.
    pub client_name: Option<String>,
}

/// What a supervisor does with chats of whomever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum OverseerDeed {
    /// Assign a queued chat, or transfer one in work.
    Give {
        /// To whom; themselves too.
        to: OperatorId,
        /// With a transfer: a hidden comment.
        note: Option<String>,
    },
    /// Put it back into the queue.
    ReturnToQueue,
    /// Close it.
    Close,
    /// Put a closed one back in work.
    Reopen,
    /// Let these observe it and nobody else.
    SetObservers {
        /// Who.
        observer_ids: Vec<OperatorId>,
    },
    /// Write a hidden comment into it.
    Comment {
        /// What.
        text: String,
        /// Whom it mentions.
        mentions: Vec<OperatorId>,
    },
}

/// What has come of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct DeedOutcome {
    /// Which.
    pub command_id: CommandId,
    /// How it stands.
    #[serde(flatten)]
    pub state: DeedState,
}

/// How a command stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DeedState {
    /// It waits for the backend, or to be taken back.
    Waiting {
        /// Until when it can be taken back, by the local clock; none if it is on its way.
        until: Option<Timestamp>,
    },
    /// It was carried out.
    Done,
    /// It was refused.
    Refused {
        /// Why.
        problem: Problem,
    },
    /// It was taken back.
    Withdrawn,
}

/// What its operator is told of. It stands in the list of notifications; whether it is a banner and
/// makes a sound too is the operator's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
pub struct Notification {
    /// What happened.
    pub what: NotificationKind,
    /// What it is about: the next one of the same takes its place on the screen.
    pub key: BannerKey,
    /// The chat that a click opens; none if it is about several or none.
    pub chat_id: Option<ChatId>,
    /// The entry there that a click leads to.
    pub place: Option<Place>,
    /// The client's name, or their number, or nothing; of a channel its name.
    pub title: Option<String>,
    /// The text of the message; empty if it is not to be shown.
    pub text: String,
    /// For a message not shown in full: its kind.
    pub placeholder: Option<String>,
    /// How many: messages of the client, or chats if it is about several.
    pub n: u32,
    /// For how long, in minutes, where clients wait; else 0.
    pub minutes: u32,
    /// Whether it is shown as a banner now.
    pub banner: bool,
    /// Whether it makes a sound now.
    pub sound: bool,
}

/// What a banner is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS,
)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum BannerKey {
    /// A chat.
    Chat {
        /// Which.
        chat_id: ChatId,
    },
    /// Many chats at once.
    Several,
    /// Clients who wait in the queue.
    Queue,
    /// Clients who wait too long, for whoever is told of them.
    Late,
    /// The connection.
    Connection,
    /// A channel.
    Channel {
        /// Which.
        channel_id: ChannelId,
    },
    /// Nothing: what a kind looks like is tried.
    Sample {
        /// Which kind.
        what: NotificationKind,
    },
}

/// How an operator wants to be told, on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(default)]
pub struct NotificationSettings {
    /// How each kind is told; one that is not named is told as usual.
    pub kinds: BTreeMap<NotificationKind, Alert>,
    /// Banners tell who writes, and not what.
    pub hide_text: bool,
    /// From how many seconds on a client waits for long in the queue; none for never.
    pub queue_waits_s: Option<u32>,
    /// Until then it is quiet, by the local clock; none if it is not quiet by hand.
    pub quiet_until: Option<Timestamp>,
    /// When it is quiet every day.
    pub quiet_hours: Option<QuietHours>,
    /// Whether it is quiet while I have said that I am away.
    pub quiet_when_away: bool,
    /// Whether mentions of me are told even then.
    pub mentions_break_through: bool,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            kinds: BTreeMap::new(),
            hide_text: false,
            queue_waits_s: Some(60),
            quiet_until: None,
            quiet_hours: None,
            quiet_when_away: false,
            mentions_break_through: true,
        }
    }
}

/// When it is quiet every day, in minutes since midnight by the local clock. They may go on past it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct QuietHours {
    /// From then.
    pub from: u16,
    /// Until then.
    pub until: u16,
}

/// What notifications are and could be, for the page that sets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct NotificationChoices {
    /// What holds.
    pub settings: NotificationSettings,
    /// All kinds, the most urgent first, with how each is told and how it is told as usual.
    pub kinds: Vec<KindChoice>,
}

/// How a kind of notifications is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct KindChoice {
    /// Which.
    pub what: NotificationKind,
    /// How it is told.
    pub alert: Alert,
    /// How it is told if nothing is chosen here.
    pub usual: Alert,
    /// How it is told if the company does not say either.
    pub built_in: Alert,
}

/// A line in the list of what was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct NotificationLine {
    /// Its number; the newest has the largest.
    #[ts(type = "number")]
    pub position: i64,
    /// When, by the local clock.
    pub at: Timestamp,
    /// What. Its words are gone if its chat has left one's sight.
    pub notification: Notification,
    /// Whether it was seen: in the list or in its chat.
    pub is_seen: bool,
}

/// What this device keeps of chats that are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct HistoryKept {
    /// For how many days after its last message a closed chat is kept; none for without end.
    pub closed_days: Option<u32>,
    /// How many megabytes what is held may take until the closed chats that were active longest ago go;
    /// none for any size.
    pub max_mb: Option<u32>,
}

/// What the sign-in screen proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct LastSignIn {
    /// The backend's address.
    pub address: String,
    /// The sign-in name.
    pub login: String,
}

/// Why a sign-in did not succeed, in kinds that the screen has words for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum SignInFailure {
    /// The address is not one.
    BadAddress,
    /// Plain http is allowed to this machine alone.
    PlainHttp,
    /// Nobody answers there.
    Unreachable {
        /// The cause in English, for details.
        details: String,
    },
    /// Something answers there that is not a Pult backend.
    NotPult,
    /// Name or password is wrong, too many tries, deactivated, wrong version: as the backend says.
    Refused {
        /// What it said.
        problem: Problem,
    },
    /// The panel's own files cannot be written.
    Storage {
        /// The cause in English, for details.
        details: String,
    },
}

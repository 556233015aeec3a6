//! What an operator has begun to write: the same on all of their devices, and seen by nobody else.
//!
//! There is one draft per chat, operator and mode. The backend counts its versions, and takes a new
//! text only from a device that knew the last one: what two devices write at the same time cannot
//! overwrite each other, and what is under way while a draft is sent cannot bring it back.

use pult_domain::{ChatId, DeviceId, OperatorId};
use serde::{Deserialize, Serialize};

/// What a composer writes.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ComposerMode {
    /// A reply to the client.
    #[default]
    Reply,
    /// A hidden comment.
    Comment,
}

impl ComposerMode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Reply, Self::Comment];

    /// The mode's name on the wire and in stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Comment => "comment",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// A draft of the reader's own, as the backend has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct DraftRow {
    /// In which chat.
    pub chat_id: ChatId,
    /// For whom it is.
    pub mode: ComposerMode,
    /// Grows with each change.
    #[ts(type = "number")]
    pub version: i64,
    /// The device that wrote it, or sent what was written.
    pub device_id: DeviceId,
    /// What was begun; empty once it was sent or deleted.
    pub text: String,
    /// Whom a comment mentions.
    pub mentions: Vec<OperatorId>,
    /// The last version that each device has written, the newest first; of more than
    /// [`MAX_WRITERS`] devices the oldest are left out. A device whose upload was not answered
    /// learns by it whether its text was taken, even if others have gone on from it, sent it or
    /// deleted it since.
    pub writers: Vec<DraftOrigin>,
}

/// Most devices of which a draft tells what they wrote last.
pub const MAX_WRITERS: usize = 16;

impl std::fmt::Debug for DraftRow {
    // What is begun stays out of logs as what is sent does.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DraftRow")
            .field("chat_id", &self.chat_id)
            .field("mode", &self.mode)
            .field("version", &self.version)
            .field("device_id", &self.device_id)
            .field("n_bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// What a device wants to be the draft.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftGiven {
    /// In which chat.
    pub chat_id: ChatId,
    /// For whom it is.
    pub mode: ComposerMode,
    /// The version that it is made of; 0 for none. If there is another by now, it is refused.
    pub of_version: i64,
    /// Which device it is.
    pub device_id: DeviceId,
    /// What has been begun; empty for nothing. At most 4,096 characters.
    pub text: String,
    /// Whom a comment mentions.
    pub mentions: Vec<OperatorId>,
}

impl std::fmt::Debug for DraftGiven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DraftGiven")
            .field("chat_id", &self.chat_id)
            .field("mode", &self.mode)
            .field("of_version", &self.of_version)
            .field("device_id", &self.device_id)
            .field("n_bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// A device and a version of a draft. Of a reply or comment: of which draft it was made, which ends
/// with it. What another device has written since stays a draft.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct DraftOrigin {
    /// Which device.
    pub device_id: DeviceId,
    /// The version that it wrote, or the last one that went into what it sent.
    #[ts(type = "number")]
    pub version: i64,
}

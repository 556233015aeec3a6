//! What operators are told of, and how: the company says what is usual.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What happened: the most urgent first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// A colleague mentioned me.
    Mention,
    /// A colleague gave me a chat.
    Given,
    /// A chat of mine that was closed is open again.
    Reopened,
    /// A reply in a chat of mine will not arrive.
    NotDelivered,
    /// A chat came into the queue for which a rule asks my attention.
    Suggested,
    /// A client wrote in a chat of mine.
    NewMessage,
    /// A chat came into the queue.
    NewInQueue,
    /// A client wrote in a chat that I observe.
    Observed,
    /// Clients wait in the queue for long.
    WaitsInQueue,
    /// Clients wait for an answer longer than the company allows.
    Overdue,
    /// A channel cannot send.
    ChannelDown,
    /// There has been no connection for long.
    ConnectionLost,
}

impl NotificationKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Mention,
        Self::Given,
        Self::Reopened,
        Self::NotDelivered,
        Self::Suggested,
        Self::NewMessage,
        Self::NewInQueue,
        Self::Observed,
        Self::WaitsInQueue,
        Self::Overdue,
        Self::ChannelDown,
        Self::ConnectionLost,
    ];

    /// How it is told unless somebody has chosen otherwise.
    #[must_use]
    pub const fn usual(self) -> Alert {
        let alert = Alert {
            banner: true,
            sound: true,
            badge: false,
            in_front: true,
            repeat_s: None,
        };
        match self {
            // Whoever works in the window sees the queue grow.
            Self::NewInQueue => Alert {
                badge: true,
                in_front: false,
                ..alert
            },
            Self::NewMessage => Alert {
                badge: true,
                ..alert
            },
            Self::WaitsInQueue => Alert {
                repeat_s: Some(60),
                ..alert
            },
            Self::Observed => Alert {
                sound: false,
                in_front: false,
                ..alert
            },
            Self::ConnectionLost | Self::ChannelDown => Alert {
                sound: false,
                ..alert
            },
            Self::Mention
            | Self::Given
            | Self::Reopened
            | Self::NotDelivered
            | Self::Suggested
            | Self::Overdue => alert,
        }
    }
}

/// How a kind is told.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a box that is ticked or not"
)]
pub struct Alert {
    /// By a banner.
    pub banner: bool,
    /// By a sound.
    pub sound: bool,
    /// By the number on dock, taskbar and tray: of new chats in the queue and of messages in my chats
    /// it counts who waits, of anything else what was not seen.
    pub badge: bool,
    /// Also while the window is in front. Of a chat that is on the screen nothing is told.
    pub in_front: bool,
    /// Again every so many seconds until it is seen; none for once.
    pub repeat_s: Option<u32>,
}

/// The least time after which something is told again, in seconds.
pub const MIN_REPEAT_S: u32 = 10;

/// The longest, in seconds: an hour.
pub const MAX_REPEAT_S: u32 = 3600;

/// How notifications are told on every device whose operator has not chosen otherwise.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(default)]
pub struct NotificationDefaults {
    /// How each kind is told; one that is not named is told as [`NotificationKind::usual`] says.
    #[serde(deserialize_with = "known_kinds")]
    pub kinds: BTreeMap<NotificationKind, Alert>,
}

impl NotificationDefaults {
    /// How a kind is told.
    #[must_use]
    pub fn alert(&self, what: NotificationKind) -> Alert {
        self.kinds
            .get(&what)
            .copied()
            .unwrap_or_else(|| what.usual())
    }
}

/// The kinds of another version are left out: the rest of the settings can be read without them.
fn known_kinds<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<NotificationKind, Alert>, D::Error> {
    let kinds = BTreeMap::<String, Value>::deserialize(from)?;
    let known = kinds.into_iter().filter_map(|(what, alert)| {
        let what = NotificationKind::deserialize(Value::String(what)).ok()?;
        Some((what, Alert::deserialize(alert).ok()?))
    });
    Ok(known.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_version_has_written_can_be_read() {
        let written = serde_json::json!({
            "kinds": {
                "mention": NotificationKind::Observed.usual(),
                "of_the_future": { "loud": true },
                "given": { "loud": true },
            },
            "more": 1,
        });
        let read = NotificationDefaults::deserialize(written).unwrap();
        assert_eq!(read.kinds.len(), 1);
        let observed = NotificationKind::Observed.usual();
        assert_eq!(read.alert(NotificationKind::Mention), observed);
        let usual = NotificationKind::Given.usual();
        assert_eq!(read.alert(NotificationKind::Given), usual);
    }
}

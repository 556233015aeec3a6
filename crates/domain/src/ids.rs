//! Identifiers. Each is a newtype, so that a chat's id can never stand where an operator's belongs.
//!
//! All of them are `UUIDv7`: they sort by time of making, index well, and can be made by whoever
//! needs one. Making them takes a clock, so it happens outside this crate.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        #[cfg_attr(feature = "ts-rs", derive(ts_rs::TS), ts(type = "string"))]
        #[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// A chat: one for ever per (channel, client).
    ChatId
);
id!(
    /// A client, who may be known on a channel by several identities.
    ClientId
);
id!(
    /// A channel: a corporate number or account through which clients write.
    ChannelId
);
id!(
    /// An operator.
    OperatorId
);
id!(
    /// A program with an API key.
    IntegrationId
);
id!(
    /// A line of a chat's history: message, comment or notice.
    EntryId
);
id!(
    /// A command, made by its author; the same id is the author's local echo.
    CommandId
);
id!(
    /// A sign-in of an operator on one device.
    SessionId
);
id!(
    /// A ready answer, made by whoever adds it.
    ReadyAnswerId
);
id!(
    /// A device on which an operator writes, made by its panel: it tells the drafts that come from
    /// here from those of the operator's other devices.
    DeviceId
);

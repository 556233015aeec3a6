//! Operators and their roles.

use serde::{Deserialize, Serialize};

use crate::OperatorId;

/// What an operator may do. Roles contain each other: compare with `>=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ts-rs", derive(ts_rs::TS))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
pub enum Role {
    /// Answers clients.
    Operator,
    /// May all that an operator may, and reopens, closes and returns the chats of others.
    Supervisor,
    /// May all that a supervisor may, and looks after operators and channels.
    Administrator,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Self; 3] = [Self::Operator, Self::Supervisor, Self::Administrator];

    /// The role's name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// Who asks for something, as the store knows them at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// An operator, or an integration on behalf of one.
    Operator {
        /// Who.
        id: OperatorId,
        /// With which rights.
        role: Role,
    },
    /// An integration as itself.
    Integration,
}

impl Author {
    /// The operator; none for an integration as itself.
    #[must_use]
    pub const fn id(&self) -> Option<OperatorId> {
        match self {
            Self::Operator { id, .. } => Some(*id),
            Self::Integration => None,
        }
    }

    /// Whether it is an operator of that role or a stronger one.
    #[must_use]
    pub fn is_at_least(&self, wanted: Role) -> bool {
        match self {
            Self::Operator { role, .. } => *role >= wanted,
            Self::Integration => false,
        }
    }
}

//! Automatic texts, working hours and the direction of new chats, as supervisors read and change them.
//!
//! Each is read and put as a whole, with its revision: who puts what others have changed since is
//! refused with `changed_meanwhile`.

use pult_domain::automatic::AutomaticTexts;
use pult_domain::direction::DirectionRule;
use pult_domain::hours::WorkingHours;
use pult_domain::{ChannelId, OperatorId};
use serde::{Deserialize, Serialize};

/// The automatic texts: answer of `GET` and body of `PUT /api/v1/automatic-texts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct RevisedTexts {
    /// How often they were changed; of a change, what it is made to.
    #[ts(type = "number")]
    pub revision: i64,
    /// The texts.
    pub texts: AutomaticTexts,
}

/// The working hours: answer of `GET` and body of `PUT /api/v1/working-hours`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct RevisedHours {
    /// How often they were changed; of a change, what it is made to.
    #[ts(type = "number")]
    pub revision: i64,
    /// The hours; null if the company keeps none. Must be said: nobody loses theirs by leaving it out.
    #[serde(deserialize_with = "Option::deserialize")]
    pub hours: Option<WorkingHours>,
}

/// The direction of new chats: answer of `GET` and body of `PUT /api/v1/directions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct RevisedDirections {
    /// How often they were changed; of a change, what it is made to.
    #[ts(type = "number")]
    pub revision: i64,
    /// The rules, in the order in which they count.
    pub rules: Vec<DirectionRule>,
}

/// A message that rules are tried on: body of `POST /api/v1/directions/trial`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct DirectionTrial {
    /// The rules, which need not be kept yet.
    pub rules: Vec<DirectionRule>,
    /// What the client writes.
    pub text: String,
    /// Where to.
    pub channel_id: ChannelId,
    /// The client's number, if it is known.
    pub phone: Option<String>,
}

/// Which rule takes a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct DirectionFound {
    /// The rule's place in the list, from 0; none if none does.
    pub rule: Option<u32>,
    /// For whom the chat would be.
    pub operator_id: Option<OperatorId>,
    /// Rules that would have taken it before, but are for somebody who is deactivated.
    pub passed_over: Vec<u32>,
}

//! The figures for supervisors.

use pult_domain::{ChannelId, OperatorId};
use serde::{Deserialize, Serialize};

/// Most days for which figures are told at once.
pub const MAX_FIGURES_DAYS: u32 = 400;

/// Query of `GET /api/v1/figures`: the figures of some days, for supervisors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::IntoParams)]
#[ts(optional_fields)]
#[into_params(parameter_in = Query)]
pub struct FiguresQuery {
    /// The first day, as `2026-11-02`.
    pub from: String,
    /// The last day, which may be the first. At most 400 days together.
    pub to: String,
    /// Whose days and hours: the IANA name of a time zone, as `Europe/Moscow`.
    pub zone: String,
    /// On this channel alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<ChannelId>,
    /// Of this operator alone: messages into chats that were theirs, answers that they gave, chats
    /// that they closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_id: Option<OperatorId>,
    /// Within how many seconds an answer is in time; 300 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_s: Option<u32>,
}

/// The figures of some days. They are counted, not estimated: a plain recount of what stands in
/// the chats has the same numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ServiceFigures {
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Whose days and hours.
    pub zone: String,
    /// Within how many seconds an answer counted as in time.
    pub within_s: u32,
    /// Of the whole period.
    pub total: FigureSet,
    /// Of each day, without gaps.
    pub by_day: Vec<DayFigures>,
    /// Of each of the 24 hours that a clock on the wall shows, over all days.
    pub by_hour: Vec<FigureSet>,
    /// Of everybody of whom there is something.
    pub by_operator: Vec<OperatorFigures>,
}

/// The figures of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct DayFigures {
    /// Which.
    pub day: String,
    /// Its figures.
    pub figures: FigureSet,
}

/// The figures of an operator, who may be deactivated by now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct OperatorFigures {
    /// Who; none for what is nobody's: messages into the queue, and what programs closed.
    pub operator_id: Option<OperatorId>,
    /// Their figures.
    pub figures: FigureSet,
}

/// What is counted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct FigureSet {
    /// Messages of clients.
    pub n_messages: u32,
    /// Those of them that began a talk: the first of a client, or one into a closed chat.
    pub n_arrivals: u32,
    /// Those of them that were the first of a client.
    pub n_new: u32,
    /// Chats that were closed.
    pub n_closed: u32,
    /// First answers of a person since the chat was new or last closed.
    pub first_answers: AnswerTimes,
    /// All further answers. Several replies in a row are one answer.
    pub next_answers: AnswerTimes,
}

/// How long clients had waited for answers.
///
/// From their first message that nobody had answered until the reply of a person was taken in. A
/// reply that the provider refused for good was none, and no automatic text is one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct AnswerTimes {
    /// How many answers.
    pub n: u32,
    /// How many of them in time.
    pub n_within: u32,
    /// The shortest time within which half of the answers came, in milliseconds.
    pub median_ms: Option<u64>,
    /// The shortest time within which nine of ten answers came, in milliseconds.
    pub p90_ms: Option<u64>,
    /// The mean, in whole milliseconds.
    pub mean_ms: Option<u64>,
}

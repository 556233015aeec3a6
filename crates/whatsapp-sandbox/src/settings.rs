//! What can be turned while the sandbox runs.

use serde::{Deserialize, Serialize};

/// Behaviour that tests choose; all times are real milliseconds unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// From acceptance to `sent`.
    pub sent_ms: u64,
    /// From `sent` to `delivered`.
    pub delivered_ms: u64,
    /// From opening the chat to `read`.
    pub read_ms: u64,
    /// Statuses that are sent twice, skipped or out of order.
    pub statuses: StatusQuirks,
    /// Graph version of the webhooks; up to v23.0 `sent` carries a `conversation`.
    pub graph_version: String,
    /// Whether a free message outside the 24-hour window fails with 131047.
    pub window: Window,
    /// Limit per recipient (131056); none at first.
    pub pair_rate: Option<PairRate>,
    /// When an unacknowledged webhook is sent again.
    pub retry: Retry,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sent_ms: 20,
            delivered_ms: 40,
            read_ms: 20,
            statuses: StatusQuirks::default(),
            graph_version: "v25.0".to_owned(),
            window: Window::default(),
            pair_rate: None,
            retry: Retry::default(),
        }
    }
}

/// What Meta's documentation warns of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatusQuirks {
    /// `delivered` is never told: `read` alone implies it.
    pub skip_delivered: bool,
    /// Every status comes in two webhooks.
    pub duplicate: bool,
    /// `delivered` is told before `sent`.
    pub reorder: bool,
}

/// The customer service window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// 24 hours from the client's last message.
    #[default]
    Enforced,
    /// Every message goes through.
    Ignored,
}

/// Messages to one recipient: one per `every_ms` on average, `burst` at once. Runs by the clock
/// that tests may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairRate {
    /// Meta's is 6 s.
    pub every_ms: i64,
    /// Meta's is 45.
    pub burst: i64,
}

impl Default for PairRate {
    fn default() -> Self {
        Self {
            every_ms: 6_000,
            burst: 45,
        }
    }
}

/// Back-off of webhooks, scaled down from Meta's days. The first repetition is immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Before the second repetition; doubles from there.
    pub first_ms: u64,
    /// The longest pause.
    pub cap_ms: u64,
    /// How long one attempt may take.
    pub timeout_ms: u64,
    /// When it is given up; Meta's is 7 days.
    pub give_up_ms: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first_ms: 50,
            cap_ms: 2_000,
            timeout_ms: 10_000,
            give_up_ms: 7 * 24 * 3_600_000,
        }
    }
}

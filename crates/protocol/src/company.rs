//! What an administrator sets for everybody.
//!
//! Every field has a default: what an older version has written, or a newer one, can be read.

use serde::{Deserialize, Serialize};

use crate::notifications::NotificationDefaults;

/// The company's settings, and which state of them: whoever changes them says which they had seen.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct CompanyRow {
    /// Grows with each change; 0 before the first.
    pub revision: u32,
    /// The settings.
    pub settings: CompanySettings,
}

/// What holds for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(default)]
pub struct CompanySettings {
    /// What the company is called: in the window's title, and wherever a text for clients names it;
    /// empty if it does not say.
    pub name: String,
    /// By whose clock days and hours are counted: a name such as `Europe/Moscow`.
    pub time_zone: String,
    /// How long a client waits until the waiting time takes the next colour.
    pub waiting: WaitingSteps,
    /// From how many minutes on a client waits too long in the queue; none for never.
    pub late_first_answer_minutes: Option<u32>,
    /// The same for a client of a chat in work.
    pub late_answer_minutes: Option<u32>,
    /// After so many minutes without a key or a mouse somebody is away; none if they are not.
    pub away_after_minutes: Option<u32>,
    /// What a new device begins with. What its operator has chosen on it stands above that.
    pub defaults: DeviceDefaults,
}

impl Default for CompanySettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            time_zone: "Europe/Moscow".to_owned(),
            waiting: WaitingSteps::default(),
            late_first_answer_minutes: Some(10),
            late_answer_minutes: Some(15),
            away_after_minutes: Some(10),
            defaults: DeviceDefaults::default(),
        }
    }
}

/// The steps of a waiting time, in minutes, each later than the one before.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(default)]
pub struct WaitingSteps {
    /// No longer just arrived.
    pub plain_minutes: u32,
    /// Waits long.
    pub warn_minutes: u32,
    /// Waits too long.
    pub bad_minutes: u32,
}

impl Default for WaitingSteps {
    fn default() -> Self {
        Self {
            plain_minutes: 1,
            warn_minutes: 5,
            bad_minutes: 15,
        }
    }
}

/// What a new device begins with.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(default)]
pub struct DeviceDefaults {
    /// The panel's language; none for the system's.
    pub language: Option<PanelLanguage>,
    /// How large the panel's text is.
    pub text_size: PanelTextSize,
    /// How it tells of what.
    pub notifications: NotificationDefaults,
}

/// Languages of the panel.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PanelLanguage {
    /// Russian.
    Ru,
    /// English.
    En,
}

/// Sizes of the panel's text.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PanelTextSize {
    /// For small screens.
    Small,
    /// The usual one.
    #[default]
    Normal,
    /// Larger.
    Large,
    /// For weak eyes.
    Huge,
    /// For weaker eyes.
    Vast,
    /// Twice the usual one.
    Double,
}

/// `PUT /api/v1/company`: other settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct CompanyRequest {
    /// The state that its author had seen.
    pub revision: u32,
    /// All of the settings as they are to be.
    pub settings: CompanySettings,
}

/// One setting that was changed, for the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct CompanyChange {
    /// The setting's name in [`CompanySettings`], with a dot before what stands inside another.
    pub field: String,
    /// Its value before as JSON text; none if there was none.
    pub was: Option<String>,
    /// Its value since.
    pub now: Option<String>,
}

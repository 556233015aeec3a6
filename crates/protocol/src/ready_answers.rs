//! Ready answers: their row in the feed, and the REST bodies by which they are managed.

use pult_domain::{OperatorId, ReadyAnswerFault, ReadyAnswerId};
use serde::{Deserialize, Serialize};

/// A ready answer that the reader may use: the company's, or one of their own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ReadyAnswerRow {
    /// Its id.
    pub id: ReadyAnswerId,
    /// Whose own it is; none for the company's.
    pub owner_id: Option<OperatorId>,
    /// What is typed after `/`: one word.
    pub shortcut: String,
    /// What it is called; empty if it has no name besides.
    pub title: String,
    /// The group in which it stands; empty if in none.
    pub group: String,
    /// The text, with placeholders as they were written.
    pub text: String,
}

// What is written to clients stays out of logs.
impl std::fmt::Debug for ReadyAnswerRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadyAnswerRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// To whom ready answers belong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerScope {
    /// To the company: everybody has them, supervisors manage them.
    Company,
    /// To the asker alone.
    Own,
}

/// `PUT /api/v1/ready-answers/{answer_id}`: what the ready answer is from now on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ReadyAnswerBody {
    /// To whom it belongs; stays so.
    pub scope: AnswerScope,
    /// What is typed after `/`: 1-32 letters, digits, hyphens, underscores and full stops. No two of
    /// one scope are the same without regard to case, and with ё as е.
    pub shortcut: String,
    /// What it is called, at most 100 characters.
    #[serde(default)]
    pub title: String,
    /// The group in which it stands, at most 100 characters.
    #[serde(default)]
    pub group: String,
    /// The text, at most 4,096 characters.
    pub text: String,
}

impl std::fmt::Debug for ReadyAnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadyAnswerBody")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// `GET /api/v1/ready-answers`: those that the asker may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReadyAnswerList {
    /// In the order of their last change.
    pub answers: Vec<ReadyAnswerRow>,
}

/// The language of a table's head, which decides what stands between its columns: programs for
/// tables go by the language of the machine.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TableLanguage {
    /// English: commas.
    #[default]
    En,
    /// Russian: semicolons.
    Ru,
}

/// Query of `GET /api/v1/ready-answers.csv`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::IntoParams,
)]
#[into_params(parameter_in = Query)]
pub struct ReadyAnswerExportQuery {
    /// Which to give.
    pub scope: AnswerScope,
    /// English when absent.
    #[serde(default)]
    pub language: TableLanguage,
}

/// Query of `POST /api/v1/ready-answers.csv`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::IntoParams,
)]
#[into_params(parameter_in = Query)]
pub struct ReadyAnswerImportQuery {
    /// Where to put them.
    pub scope: AnswerScope,
    /// Only tell what it would do.
    #[serde(default)]
    pub preview: bool,
}

/// What a table of ready answers does, line by line. It does all of it or nothing: nothing is put
/// anywhere while a line is wrong. What the table does not name stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ReadyAnswerImport {
    /// Whether it has been done.
    pub is_done: bool,
    /// How many are new.
    pub n_new: u32,
    /// How many are there and become otherwise.
    pub n_changed: u32,
    /// How many are there as they stand in the table.
    pub n_unchanged: u32,
    /// How many lines are wrong.
    pub n_wrong: u32,
    /// The lines, in their order.
    pub lines: Vec<ReadyAnswerImportLine>,
}

/// One line of a table of ready answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ReadyAnswerImportLine {
    /// In which line of the file it begins, from 1.
    pub line: u32,
    /// The shortcut, as it stands there; at most 100 characters of it.
    pub shortcut: String,
    /// The first 160 characters of the text.
    pub text: String,
    /// What it does.
    pub outcome: ReadyAnswerImportOutcome,
}

impl std::fmt::Debug for ReadyAnswerImportLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadyAnswerImportLine")
            .field("line", &self.line)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// What one line of a table does.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ReadyAnswerImportOutcome {
    /// It adds a ready answer.
    New,
    /// It changes one, found by its shortcut.
    Changed,
    /// There is the same already.
    Unchanged,
    /// It cannot be one.
    Wrong {
        /// What is wrong with it.
        fault: ReadyAnswerFault,
    },
    /// It has the shortcut of an earlier line.
    Repeated {
        /// Which.
        of_line: u32,
    },
    /// There would be more of them than there may be.
    TooMany {
        /// How many there may be.
        max: u32,
    },
}

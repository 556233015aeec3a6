//! Answers to commands, kept so that a command that comes again is answered again and done once.

use pult_domain::{CommandId, OperatorId, Refusal};
use pult_protocol::{Command, CommandDone, Problem};
use pult_sqlite::Reader;
use sha2::{Digest as _, Sha256};

use crate::trials::{self, Bug};
use crate::writer::Work;
use crate::{StoreError, sql};

/// A command's answer: what it made, or why it was refused.
pub(crate) type Answer = Result<CommandDone, Problem>;

/// What tells two bodies apart: for whom a program asks belongs to it.
pub(crate) fn hash(
    command: &Command,
    on_behalf_of: Option<OperatorId>,
) -> Result<[u8; 32], StoreError> {
    let body = match on_behalf_of {
        None => sql::to_json(command)?,
        Some(operator) => sql::to_json(&(operator, command))?,
    };
    Ok(Sha256::digest(body).into())
}

/// The answer given to this author's command with this id; `id_reused` if its body was another.
pub(crate) fn find(
    reader: Reader<'_>,
    author: i64,
    id: CommandId,
    body_hash: [u8; 32],
) -> Result<Option<Answer>, StoreError> {
    if trials::has(Bug::ForgetCommandIds) {
        return Ok(None);
    }
    let found = reader.optional(
        "SELECT body_hash, answer FROM command_answers WHERE author = ?1 AND id = ?2",
        (author, id.0),
        |row| {
            Ok((
                row.get::<_, [u8; 32]>(0)?,
                sql::optional_json::<Stored>(row, 1)?,
            ))
        },
    )?;
    Ok(found.map(|(hash, answer)| match answer {
        Some(answer) if hash == body_hash => answer.into_answer(),
        _ => Err(Problem::of_refusal(&Refusal::IdReused)),
    }))
}

/// Keeps an answer.
pub(crate) fn keep(
    work: &Work<'_>,
    author: i64,
    id: CommandId,
    body_hash: [u8; 32],
    answer: &Answer,
) -> Result<(), StoreError> {
    if trials::has(Bug::ForgetCommandIds) {
        return Ok(());
    }
    let stored = match answer.clone() {
        Ok(done) => Stored::Done { done },
        Err(refused) => Stored::Refused { refused },
    };
    work.tx.execute(
        "INSERT INTO command_answers (author, id, body_hash, answer, answered_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        (author, id.0, body_hash, sql::to_json(&stored)?, work.now.0),
    )?;
    Ok(())
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Stored {
    Done { done: CommandDone },
    Refused { refused: Problem },
}

impl Stored {
    fn into_answer(self) -> Answer {
        match self {
            Self::Done { done } => Ok(done),
            Self::Refused { refused } => Err(refused),
        }
    }
}

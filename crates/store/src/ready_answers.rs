//! Ready answers: the company's, which everybody sees, and each operator's own, which nobody else
//! does.
//!
//! Who may change them is asked inside the transaction, like everything else. One that is deleted
//! leaves a row without words behind, and can be put again under its id: that is how a deletion is
//! taken back.

use std::collections::HashMap;

use pult_domain::{
    MAX_COMPANY_ANSWERS, MAX_OWN_ANSWERS, OperatorId, ReadyAnswer, ReadyAnswerFault, ReadyAnswerId,
    Role,
};
use pult_protocol::{
    Act, AnswerScope, Code, Problem, ReadyAnswerImport, ReadyAnswerImportLine,
    ReadyAnswerImportOutcome, ReadyAnswerRow, Row as FeedRow,
};
use pult_sqlite::{Reader, Row, SqlError};
use serde_json::json;

use crate::feed::MAX_CHANGES;
use crate::writer::Work;
use crate::{StoreError, audit, operators, sql};

/// Whose the company's are.
const COMPANY: i64 = 0;

/// As much of a wrong line's shortcut is told.
const SHOWN_SHORTCUT_CHARS: usize = 100;

/// As much of a line's text is told.
const SHOWN_TEXT_CHARS: usize = 160;

/// A line of a table that is to be imported.
#[derive(Debug, Clone)]
pub struct ImportLine {
    /// In which line of the file it begins, from 1.
    pub line: u32,
    /// The shortcut and the text as they stand there.
    pub shortcut: String,
    /// See `shortcut`.
    pub text: String,
    /// What they make, with the rest of the line.
    pub answer: Result<ReadyAnswer, ReadyAnswerFault>,
}

/// A ready answer that is new, has changed or is gone, and whose it is: none for the company's.
pub type ReadyAnswerChange = (Option<OperatorId>, FeedRow);

/// An asker's right to change what belongs to somebody: the key under which that stands.
fn owner_of(
    reader: Reader<'_>,
    asker: OperatorId,
    scope: AnswerScope,
) -> Result<Result<i64, Problem>, StoreError> {
    let wanted = match scope {
        AnswerScope::Own => Role::Operator,
        AnswerScope::Company => Role::Supervisor,
    };
    if let Err(problem) = audit::may(reader, asker.into(), wanted)? {
        return Ok(Err(problem));
    }
    Ok(match scope {
        AnswerScope::Company => Ok(COMPANY),
        AnswerScope::Own => operators::by_id(reader, asker)?
            .map(|(key, _)| key)
            .ok_or_else(|| audit::not_allowed(wanted)),
    })
}

const fn most(owner: i64) -> usize {
    if owner == COMPANY {
        MAX_COMPANY_ANSWERS
    } else {
        MAX_OWN_ANSWERS
    }
}

/// A ready answer as it stands in the table.
struct Held {
    key: i64,
    owner: i64,
    is_deleted: bool,
    row: ReadyAnswerRow,
}

/// Puts a ready answer in the place of what has its id.
pub(crate) fn put(
    work: &mut Work<'_>,
    asker: OperatorId,
    id: ReadyAnswerId,
    scope: AnswerScope,
    answer: &ReadyAnswer,
) -> Result<Result<ReadyAnswerRow, Problem>, StoreError> {
    let reader = work.tx.reader();
    let owner = match owner_of(reader, asker, scope)? {
        Ok(owner) => owner,
        Err(problem) => return Ok(Err(problem)),
    };
    let held = by_id(reader, id)?;
    if held.as_ref().is_some_and(|held| held.owner != owner) {
        return Ok(Err(Problem::new(
            Code::IdReused,
            "the id is that of another ready answer",
        )));
    }
    let same = by_shortcut(reader, owner, &answer.folded_shortcut())?;
    if let Some(same) = same.filter(|same| same.row.id != id) {
        return Ok(Err(Problem::new(
            Code::ShortcutTaken,
            "another ready answer has this shortcut",
        )
        .with_details(json!({ "id": same.row.id }))));
    }
    if held.as_ref().is_none_or(|held| held.is_deleted) && count(reader, owner)? >= most(owner) {
        return Ok(Err(too_many(owner)));
    }
    let shortcut = || answer.shortcut().to_owned();
    let (key, act) = match held {
        Some(held) if !held.is_deleted && is_same(&held.row, answer) => return Ok(Ok(held.row)),
        Some(held) => {
            let key = change(work, held.key, answer)?;
            let act = if held.is_deleted {
                Act::ReadyAnswerAdded {
                    shortcut: shortcut(),
                }
            } else {
                Act::ReadyAnswerChanged {
                    was: held.row.shortcut,
                    now: shortcut(),
                }
            };
            (key, act)
        }
        None => {
            let key = add(work, owner, id, answer)?;
            let act = Act::ReadyAnswerAdded {
                shortcut: shortcut(),
            };
            (key, act)
        }
    };
    note(work, asker, owner, &act)?;
    row(work.tx.reader(), key).map(Ok)
}

/// Writes down what is done with the company's answers. One's own are nobody else's concern.
fn note(work: &Work<'_>, asker: OperatorId, owner: i64, act: &Act) -> Result<(), StoreError> {
    if owner == COMPANY {
        audit::note(work, asker.into(), act)?;
    }
    Ok(())
}

fn too_many(owner: i64) -> Problem {
    Problem::new(
        Code::TooManyReadyAnswers,
        "there are as many ready answers as there may be",
    )
    .with_details(json!({ "max": most(owner) }))
}

/// Deletes a ready answer. Nothing happens if it is deleted already.
pub(crate) fn delete(
    work: &mut Work<'_>,
    asker: OperatorId,
    id: ReadyAnswerId,
) -> Result<Result<(), Problem>, StoreError> {
    let reader = work.tx.reader();
    let own = match owner_of(reader, asker, AnswerScope::Own)? {
        Ok(own) => own,
        Err(problem) => return Ok(Err(problem)),
    };
    let not_found = || Problem::new(Code::ReadyAnswerNotFound, "no such ready answer");
    let held = by_id(reader, id)?;
    let Some(held) = held.filter(|held| held.owner == COMPANY || held.owner == own) else {
        return Ok(Err(not_found()));
    };
    if held.owner == COMPANY
        && let Err(problem) = owner_of(reader, asker, AnswerScope::Company)?
    {
        return Ok(Err(problem));
    }
    if held.is_deleted {
        return Ok(Ok(()));
    }
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE ready_answers
         SET is_deleted = 1, shortcut = '', folded_shortcut = '', title = '', group_name = '',
             text = '', seq = ?2
         WHERE key = ?1",
        (held.key, seq),
    )?;
    work.touched.ready_answers.insert(held.key);
    forget_deleted(work, held.owner)?;
    let act = Act::ReadyAnswerDeleted {
        shortcut: held.row.shortcut,
    };
    note(work, asker, held.owner, &act)?;
    Ok(Ok(()))
}

/// Forgets deletions that lie behind more of them than are told one by one: whoever has not heard
/// of those gets a snapshot.
fn forget_deleted(work: &mut Work<'_>, owner: i64) -> Result<(), StoreError> {
    work.tx.execute(
        "DELETE FROM ready_answers
         WHERE owner = ?1 AND is_deleted = 1 AND seq <= (
             SELECT seq FROM ready_answers WHERE owner = ?1 AND is_deleted = 1
             ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
        (owner, i64::try_from(MAX_CHANGES).unwrap_or(i64::MAX) + 1),
    )?;
    Ok(())
}

/// What a table would do.
pub(crate) fn preview(
    reader: Reader<'_>,
    asker: OperatorId,
    scope: AnswerScope,
    lines: &[ImportLine],
) -> Result<Result<ReadyAnswerImport, Problem>, StoreError> {
    Ok(match owner_of(reader, asker, scope)? {
        Ok(owner) => Ok(plan(reader, owner, lines)?.report),
        Err(problem) => Err(problem),
    })
}

/// Does what a table says, unless a line of it is wrong.
pub(crate) fn import(
    work: &mut Work<'_>,
    asker: OperatorId,
    scope: AnswerScope,
    lines: &[ImportLine],
) -> Result<Result<ReadyAnswerImport, Problem>, StoreError> {
    let owner = match owner_of(work.tx.reader(), asker, scope)? {
        Ok(owner) => owner,
        Err(problem) => return Ok(Err(problem)),
    };
    let Plan { mut report, steps } = plan(work.tx.reader(), owner, lines)?;
    if report.n_wrong > 0 {
        return Ok(Ok(report));
    }
    let changes_something = !steps.is_empty();
    for (key, answer) in steps {
        match key {
            Some(key) => change(work, key, answer)?,
            None => add(work, owner, ReadyAnswerId(uuid::Uuid::now_v7()), answer)?,
        };
    }
    if changes_something {
        let act = Act::ReadyAnswersImported {
            n_new: report.n_new,
            n_changed: report.n_changed,
        };
        note(work, asker, owner, &act)?;
    }
    report.is_done = true;
    Ok(Ok(report))
}

/// What an import comes to.
struct Plan<'a> {
    report: ReadyAnswerImport,
    /// What is to be written, and in which row's place.
    steps: Vec<(Option<i64>, &'a ReadyAnswer)>,
}

fn plan<'a>(
    reader: Reader<'_>,
    owner: i64,
    lines: &'a [ImportLine],
) -> Result<Plan<'a>, StoreError> {
    let mut room = most(owner).saturating_sub(count(reader, owner)?);
    let mut lines_of: HashMap<String, u32> = HashMap::new();
    let mut plan = Plan {
        report: ReadyAnswerImport {
            is_done: false,
            n_new: 0,
            n_changed: 0,
            n_unchanged: 0,
            n_wrong: 0,
            lines: Vec::with_capacity(lines.len()),
        },
        steps: Vec::new(),
    };
    for line in lines {
        let outcome = match &line.answer {
            Err(fault) => ReadyAnswerImportOutcome::Wrong { fault: *fault },
            Ok(answer) => {
                let shortcut = answer.folded_shortcut();
                let held = by_shortcut(reader, owner, &shortcut)?;
                if let Some(of_line) = lines_of.get(&shortcut) {
                    ReadyAnswerImportOutcome::Repeated { of_line: *of_line }
                } else {
                    lines_of.insert(shortcut, line.line);
                    match held {
                        Some(held) if is_same(&held.row, answer) => {
                            ReadyAnswerImportOutcome::Unchanged
                        }
                        Some(held) => {
                            plan.steps.push((Some(held.key), answer));
                            ReadyAnswerImportOutcome::Changed
                        }
                        None if room == 0 => ReadyAnswerImportOutcome::TooMany {
                            max: u32::try_from(most(owner)).unwrap_or(u32::MAX),
                        },
                        None => {
                            room -= 1;
                            plan.steps.push((None, answer));
                            ReadyAnswerImportOutcome::New
                        }
                    }
                }
            }
        };
        *match outcome {
            ReadyAnswerImportOutcome::New => &mut plan.report.n_new,
            ReadyAnswerImportOutcome::Changed => &mut plan.report.n_changed,
            ReadyAnswerImportOutcome::Unchanged => &mut plan.report.n_unchanged,
            ReadyAnswerImportOutcome::Wrong { .. }
            | ReadyAnswerImportOutcome::Repeated { .. }
            | ReadyAnswerImportOutcome::TooMany { .. } => &mut plan.report.n_wrong,
        } += 1;
        plan.report.lines.push(ReadyAnswerImportLine {
            line: line.line,
            shortcut: line.shortcut.chars().take(SHOWN_SHORTCUT_CHARS).collect(),
            text: line.text.chars().take(SHOWN_TEXT_CHARS).collect(),
            outcome,
        });
    }
    Ok(plan)
}

fn is_same(row: &ReadyAnswerRow, answer: &ReadyAnswer) -> bool {
    row.shortcut == answer.shortcut()
        && row.title == answer.title()
        && row.group == answer.group()
        && row.text == answer.text()
}

fn add(
    work: &mut Work<'_>,
    owner: i64,
    id: ReadyAnswerId,
    answer: &ReadyAnswer,
) -> Result<i64, StoreError> {
    let seq = work.next_seq();
    let key = work.tx.insert(
        "INSERT INTO ready_answers
             (id, owner, shortcut, folded_shortcut, title, group_name, text, seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            id.0,
            owner,
            answer.shortcut(),
            answer.folded_shortcut(),
            answer.title(),
            answer.group(),
            answer.text(),
            seq,
        ),
    )?;
    work.touched.ready_answers.insert(key);
    Ok(key)
}

fn change(work: &mut Work<'_>, key: i64, answer: &ReadyAnswer) -> Result<i64, StoreError> {
    let seq = work.next_seq();
    work.tx.execute(
        "UPDATE ready_answers
         SET shortcut = ?2, folded_shortcut = ?3, title = ?4, group_name = ?5, text = ?6,
             is_deleted = 0, seq = ?7
         WHERE key = ?1",
        (
            key,
            answer.shortcut(),
            answer.folded_shortcut(),
            answer.title(),
            answer.group(),
            answer.text(),
            seq,
        ),
    )?;
    work.touched.ready_answers.insert(key);
    Ok(key)
}

const SELECT: &str = "SELECT a.id, o.id, a.shortcut, a.title, a.group_name, a.text, a.is_deleted,
        a.key, a.owner, a.seq
     FROM ready_answers a LEFT JOIN operators o ON o.key = a.owner";

fn by_id(reader: Reader<'_>, id: ReadyAnswerId) -> Result<Option<Held>, StoreError> {
    let sql = format!("{SELECT} WHERE a.id = ?1");
    Ok(reader.optional(&sql, (id.0,), read)?)
}

fn by_shortcut(
    reader: Reader<'_>,
    owner: i64,
    folded_shortcut: &str,
) -> Result<Option<Held>, StoreError> {
    let sql =
        format!("{SELECT} WHERE a.owner = ?1 AND a.folded_shortcut = ?2 AND a.is_deleted = 0");
    Ok(reader.optional(&sql, (owner, folded_shortcut), read)?)
}

fn row(reader: Reader<'_>, key: i64) -> Result<ReadyAnswerRow, StoreError> {
    let sql = format!("{SELECT} WHERE a.key = ?1");
    Ok(reader.one(&sql, (key,), read)?.row)
}

fn count(reader: Reader<'_>, owner: i64) -> Result<usize, StoreError> {
    let n: i64 = reader.one(
        "SELECT count(*) FROM ready_answers WHERE owner = ?1 AND is_deleted = 0",
        (owner,),
        |row| row.get(0),
    )?;
    Ok(usize::try_from(n).unwrap_or(usize::MAX))
}

/// The company's, and those of one operator if there is one, in the order of their last change.
pub(crate) fn list(
    reader: Reader<'_>,
    of: Option<OperatorId>,
) -> Result<Vec<ReadyAnswerRow>, StoreError> {
    let mut rows = of_owner(reader, COMPANY)?;
    if let Some(operator) = of
        && let Some((key, _)) = operators::by_id(reader, operator)?
    {
        rows.extend(of_owner(reader, key)?);
    }
    Ok(rows)
}

/// All of one scope, by shortcut, as they are exported.
pub(crate) fn of_scope(
    reader: Reader<'_>,
    asker: OperatorId,
    scope: AnswerScope,
) -> Result<Vec<ReadyAnswerRow>, StoreError> {
    let (key, _) = operators::by_id(reader, asker)?
        .ok_or(StoreError::Inconsistent("a signed-in operator is known"))?;
    let owner = match scope {
        AnswerScope::Company => COMPANY,
        AnswerScope::Own => key,
    };
    let sql =
        format!("{SELECT} WHERE a.owner = ?1 AND a.is_deleted = 0 ORDER BY a.folded_shortcut");
    Ok(reader.all(&sql, (owner,), |row| Ok(read(row)?.row))?)
}

fn of_owner(reader: Reader<'_>, owner: i64) -> Result<Vec<ReadyAnswerRow>, StoreError> {
    let sql = format!("{SELECT} WHERE a.owner = ?1 AND a.is_deleted = 0 ORDER BY a.seq");
    Ok(reader.all(&sql, (owner,), |row| Ok(read(row)?.row))?)
}

/// What became of a ready answer, for those who see it.
pub(crate) fn changed(
    reader: Reader<'_>,
    key: i64,
) -> Result<Option<ReadyAnswerChange>, StoreError> {
    let sql = format!("{SELECT} WHERE a.key = ?1");
    // One whose deletion was forgotten in the same commit is not there any more.
    let held = reader.optional(&sql, (key,), read)?;
    Ok(held.map(|held| (held.row.owner_id, feed_row(held))))
}

/// Ready answers that a reader sees and that changed after `seq`, deleted ones too unless nothing is
/// held yet, with the seq of their change. At most `limit`.
pub(crate) fn changed_since(
    reader: Reader<'_>,
    operator: i64,
    seq: i64,
    limit: usize,
) -> Result<Vec<(i64, FeedRow)>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE a.owner = ?1 AND a.seq > ?2 AND (?2 > 0 OR a.is_deleted = 0)
         ORDER BY a.seq LIMIT ?3"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut changes = Vec::new();
    for owner in [COMPANY, operator] {
        changes.extend(reader.all(&sql, (owner, seq, limit), |row| {
            Ok((row.get(9)?, feed_row(read(row)?)))
        })?);
    }
    Ok(changes)
}

fn feed_row(held: Held) -> FeedRow {
    if held.is_deleted {
        FeedRow::ReadyAnswerGone { id: held.row.id }
    } else {
        FeedRow::ReadyAnswer(held.row)
    }
}

fn read(row: &Row<'_>) -> Result<Held, SqlError> {
    Ok(Held {
        row: ReadyAnswerRow {
            id: sql::id(row, 0, ReadyAnswerId)?,
            owner_id: sql::optional_id(row, 1, OperatorId)?,
            shortcut: row.get(2)?,
            title: row.get(3)?,
            group: row.get(4)?,
            text: row.get(5)?,
        },
        is_deleted: row.get(6)?,
        key: row.get(7)?,
        owner: row.get(8)?,
    })
}

//! What administrators do, each with the right asked for and the entry in the audit log in its own
//! transaction. Whoever does it says what they had seen: what somebody else has changed meanwhile is
//! not overwritten, and what stands already as it is to be is done.
//!
//! The last active administrator stays one: nobody could undo it in the panel.

use pult_domain::{ChannelId, IntegrationId, OperatorId, Role, SessionId, Timestamp};
use pult_protocol::{
    Act, Actor, ChannelHealth, Code, ManagedIntegration, ManagedOperator, OperatorChange,
    OperatorRow, Problem, SessionRow,
};
use pult_sqlite::Reader;

use crate::writer::Work;
use crate::{NewOperator, StoreError, audit, channels, integrations, operators, sessions, sql};

/// Among so many of the newest lines of all chats the last message of a channel is looked for.
const NEWEST_LINES: i64 = 20_000;

type Answer<T> = Result<Result<T, Problem>, StoreError>;

/// Goes on if `by` is an administrator, else answers with what they are told.
macro_rules! administrators_only {
    ($work:expr, $by:expr) => {
        if let Err(problem) = audit::may($work.tx.reader(), $by, Role::Administrator)? {
            return Ok(Err(problem));
        }
    };
}

/// Adds an operator under the id that their adder has made. The same again changes nothing.
pub(crate) fn add_operator(
    work: &mut Work<'_>,
    by: Actor,
    id: OperatorId,
    operator: &NewOperator,
) -> Answer<OperatorRow> {
    administrators_only!(work, by);
    let reader = work.tx.reader();
    let same_login = operators::by_login(reader, &operator.login)?;
    if let Some((_, known)) = operators::by_id(reader, id)? {
        let is_same = known.name == operator.name
            && known.role == operator.role
            && same_login.is_some_and(|same| same.row.id == id);
        return Ok(if is_same {
            Ok(known)
        } else {
            Err(Problem::new(Code::IdReused, "the id is another operator's"))
        });
    }
    if same_login.is_some() {
        return Ok(Err(login_taken()));
    }
    let key = operators::insert(work, id, operator)?;
    let row = operators::row(work.tx.reader(), key)?;
    let act = Act::OperatorAdded {
        operator_id: id,
        login: operators::folded(&operator.login),
        name: operator.name.clone(),
        role: operator.role,
    };
    audit::note(work, by, &act)?;
    Ok(Ok(row))
}

fn login_taken() -> Problem {
    Problem::new(Code::LoginTaken, "an operator with this login exists")
}

fn no_such(what: &str) -> Problem {
    Problem::new(Code::NotFound, format!("no such {what}"))
}

fn changed_meanwhile() -> Problem {
    Problem::new(Code::ChangedMeanwhile, "somebody has changed it meanwhile")
}

/// Changes one thing of an operator. What stands so already is done.
pub(crate) fn change_operator(
    work: &mut Work<'_>,
    by: Actor,
    id: OperatorId,
    change: &OperatorChange,
) -> Answer<OperatorRow> {
    administrators_only!(work, by);
    let Some((key, present)) = operators::by_id(work.tx.reader(), id)? else {
        return Ok(Err(no_such("operator")));
    };
    let act = match change {
        OperatorChange::Name { now, .. } if *now == present.name => return Ok(Ok(present)),
        OperatorChange::Role { now, .. } if *now == present.role => return Ok(Ok(present)),
        OperatorChange::IsActive { now } if *now == present.is_active => return Ok(Ok(present)),
        OperatorChange::Name { was, .. } if *was != present.name => {
            return Ok(Err(changed_meanwhile()));
        }
        OperatorChange::Role { was, .. } if *was != present.role => {
            return Ok(Err(changed_meanwhile()));
        }
        OperatorChange::Role { .. } | OperatorChange::IsActive { now: false }
            if is_last_administrator(work.tx.reader(), &present)? =>
        {
            let message =
                "the last active administrator stays one: give somebody else the role first";
            return Ok(Err(Problem::new(Code::LastAdministrator, message)));
        }
        OperatorChange::Name { was, now } => {
            operators::rename(work, key, now)?;
            Act::OperatorRenamed {
                operator_id: id,
                was: was.clone(),
                now: now.clone(),
            }
        }
        OperatorChange::Role { was, now } => {
            operators::set_role(work, key, *now)?;
            Act::RoleChanged {
                operator_id: id,
                was: *was,
                now: *now,
            }
        }
        OperatorChange::IsActive { now: true } => {
            operators::reactivate(work, key)?;
            Act::OperatorReactivated { operator_id: id }
        }
        OperatorChange::IsActive { now: false } => Act::OperatorDeactivated {
            operator_id: id,
            n_chats: operators::deactivate_operator(work, key, id)?,
        },
    };
    audit::note(work, by, &act)?;
    Ok(Ok(operators::row(work.tx.reader(), key)?))
}

/// Whether nobody active would be an administrator without this one.
fn is_last_administrator(reader: Reader<'_>, operator: &OperatorRow) -> Result<bool, StoreError> {
    if operator.role != Role::Administrator || !operator.is_active {
        return Ok(false);
    }
    let others = reader.one(
        "SELECT count(*) FROM operators
         WHERE role = 'administrator' AND is_active = 1 AND id <> ?1",
        (operator.id.0,),
        |row| row.get::<_, i64>(0),
    )?;
    Ok(others == 0)
}

/// A password that somebody gets.
#[derive(Clone)]
pub struct NewPassword {
    /// Its hash.
    pub hash: String,
    /// The hash of the present one, where that was asked for: if it is another by now, nothing is
    /// done.
    pub instead_of: Option<String>,
    /// The session that goes on.
    pub keep: Option<SessionId>,
}

/// Gives an operator another password; their sessions end. An operator may it for themselves, whose
/// present password has been asked for by then.
pub(crate) fn set_password(
    work: &mut Work<'_>,
    by: Actor,
    id: OperatorId,
    new: &NewPassword,
) -> Answer<Vec<SessionId>> {
    let wanted = if by == Actor::from(id) {
        Role::Operator
    } else {
        Role::Administrator
    };
    let reader = work.tx.reader();
    if let Err(problem) = audit::may(reader, by, wanted)? {
        return Ok(Err(problem));
    }
    if operators::by_id(reader, id)?.is_none() {
        return Ok(Err(no_such("operator")));
    }
    if new.instead_of.is_some() && operators::password_hash(reader, id)? != new.instead_of {
        let message = "the present password is another by now";
        return Ok(Err(Problem::new(Code::WrongPassword, message)));
    }
    operators::set_password(work, id, &new.hash)?;
    let ended = sessions::end_of(work, id, new.keep)?;
    audit::note(work, by, &Act::PasswordSet { operator_id: id })?;
    Ok(Ok(ended.into_iter().map(|(id, _)| id).collect()))
}

/// Ends a session, one's own or as an administrator any. Tells whether there was one: somebody else's
/// is for an operator none, so that nobody learns of others' by trying.
pub(crate) fn revoke_session(
    work: &mut Work<'_>,
    by: Actor,
    id: SessionId,
) -> Result<bool, StoreError> {
    let reader = work.tx.reader();
    let Some((operator_id, device)) = sessions::owner(reader, id)? else {
        return Ok(false);
    };
    let is_own = by == Actor::from(operator_id);
    if !is_own && audit::may(reader, by, Role::Administrator)?.is_err() {
        return Ok(false);
    }
    sessions::end(work, id)?;
    let act = Act::SessionsRevoked {
        operator_id,
        devices: vec![device],
    };
    audit::note(work, by, &act)?;
    Ok(true)
}

/// Ends all sessions of an operator except the one that `keep` names, one's own or as an
/// administrator anybody's. Tells which.
pub(crate) fn revoke_sessions(
    work: &mut Work<'_>,
    by: Actor,
    operator_id: OperatorId,
    keep: Option<SessionId>,
) -> Answer<Vec<SessionId>> {
    if by != Actor::from(operator_id) {
        administrators_only!(work, by);
    }
    if operators::by_id(work.tx.reader(), operator_id)?.is_none() {
        return Ok(Err(no_such("operator")));
    }
    let (ids, devices): (Vec<_>, Vec<_>) = sessions::end_of(work, operator_id, keep)?
        .into_iter()
        .unzip();
    if !ids.is_empty() {
        let act = Act::SessionsRevoked {
            operator_id,
            devices,
        };
        audit::note(work, by, &act)?;
    }
    Ok(Ok(ids))
}

/// Gives a channel another name.
pub(crate) fn rename_channel(
    work: &mut Work<'_>,
    by: Actor,
    id: ChannelId,
    was: &str,
    now: &str,
) -> Answer<()> {
    administrators_only!(work, by);
    let Some((key, present)) = channels::by_id(work.tx.reader(), id)? else {
        return Ok(Err(no_such("channel")));
    };
    if present.name == now {
        return Ok(Ok(()));
    }
    if present.name != was {
        return Ok(Err(changed_meanwhile()));
    }
    channels::rename(work, key, now)?;
    let act = Act::ChannelRenamed {
        channel_id: id,
        was: was.to_owned(),
        now: now.to_owned(),
    };
    audit::note(work, by, &act)?;
    Ok(Ok(()))
}

/// Ends an integration's key for ever. One that has ended already is done.
pub(crate) fn revoke_integration(work: &mut Work<'_>, by: Actor, id: IntegrationId) -> Answer<()> {
    administrators_only!(work, by);
    let Some((_, present)) = integrations::by_id(work.tx.reader(), id)? else {
        return Ok(Err(no_such("integration")));
    };
    if present.is_active {
        integrations::revoke(work, &present.name)?;
        let act = Act::IntegrationRevoked {
            integration_id: id,
            name: present.name,
        };
        audit::note(work, by, &act)?;
    }
    Ok(Ok(()))
}

/// All operators with what an administrator sees of them.
pub(crate) fn operators(
    reader: Reader<'_>,
    now: Timestamp,
) -> Result<Vec<ManagedOperator>, StoreError> {
    Ok(reader.all(
        "SELECT o.id, o.login, o.name, o.role, o.is_active,
             (SELECT count(*) FROM chats c WHERE c.owner = o.key AND c.status = 'in_work'),
             (SELECT count(*) FROM sessions s WHERE s.operator = o.key AND s.expires_at > ?1)
         FROM operators o ORDER BY o.key",
        (now.0,),
        |row| {
            Ok(ManagedOperator {
                id: sql::id(row, 0, OperatorId)?,
                login: row.get(1)?,
                name: row.get(2)?,
                role: sql::role(row, 3)?,
                is_active: row.get(4)?,
                n_in_work: row.get(5)?,
                n_sessions: row.get(6)?,
            })
        },
    )?)
}

/// The living sessions of an operator, or of everybody. Who is connected is not known here.
pub(crate) fn sessions(
    reader: Reader<'_>,
    of: Option<OperatorId>,
    now: Timestamp,
) -> Result<Vec<SessionRow>, StoreError> {
    let mut rows = reader.all(
        "SELECT s.id, o.id, s.device, s.created_at, s.last_seen_at, s.address
         FROM operators o CROSS JOIN sessions s ON s.operator = o.key
         WHERE s.expires_at > ?1 AND (?2 IS NULL OR o.id = ?2)",
        (now.0, of.map(|of| of.0)),
        |row| {
            Ok(SessionRow {
                id: sql::id(row, 0, SessionId)?,
                operator_id: sql::id(row, 1, OperatorId)?,
                device: row.get(2)?,
                created_at: sql::time(row, 3)?,
                last_seen_at: sql::time(row, 4)?,
                address: row.get(5)?,
                is_connected: false,
                is_current: false,
            })
        },
    )?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.created_at));
    Ok(rows)
}

/// How the channels are doing.
pub(crate) fn channels(reader: Reader<'_>) -> Result<Vec<ChannelHealth>, StoreError> {
    let mut all = Vec::new();
    for (key, known) in channels::health(reader)? {
        let last = |kind: &str| {
            reader.optional(
                "SELECT e.received_at FROM entries e JOIN messages m ON m.entry = e.key
                 WHERE e.key > (SELECT max(key) FROM entries) - ?1 AND e.kind = ?2
                   AND m.channel = ?3
                 ORDER BY e.key DESC LIMIT 1",
                (NEWEST_LINES, kind, key),
                |row| sql::time(row, 0),
            )
        };
        let n_waiting = reader.one(
            "SELECT count(*) FROM deliveries d JOIN messages m ON m.entry = d.entry
             WHERE d.holds_lane = 1 AND m.channel = ?1",
            (key,),
            |row| row.get(0),
        )?;
        let n_not_confirmed = reader.one(
            "SELECT count(*) FROM deliveries d JOIN messages m ON m.entry = d.entry
             WHERE d.state = 'not_confirmed' AND m.channel = ?1",
            (key,),
            |row| row.get(0),
        )?;
        all.push(ChannelHealth {
            last_inbound_at: last("inbound")?,
            last_outbound_at: last("outbound")?,
            n_waiting,
            n_not_confirmed,
            ..known
        });
    }
    Ok(all)
}

/// All integrations, and when they were last used.
pub(crate) fn integrations(reader: Reader<'_>) -> Result<Vec<ManagedIntegration>, StoreError> {
    Ok(reader.all(
        "SELECT id, name, is_active, created_at, last_used_at FROM integrations ORDER BY key",
        (),
        |row| {
            Ok(ManagedIntegration {
                id: sql::id(row, 0, IntegrationId)?,
                name: row.get(1)?,
                is_active: row.get(2)?,
                created_at: sql::time(row, 3)?,
                last_used_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
            })
        },
    )?)
}

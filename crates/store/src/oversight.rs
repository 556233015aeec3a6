//! What supervisors see of everybody's open chats: lists of them, how much there is to do and with
//! whom, and whose client waits too long.
//!
//! All of it is read from one small index, `chats_open`, which holds the open chats in the order of
//! waiting. The order of activity changes with every message, so it has no index: the open chats are
//! put into it when somebody asks, which takes milliseconds for thousands of them, and no message
//! pays for it.

use std::collections::BTreeMap;

use pult_domain::{ChatId, OperatorId, Status, Timestamp};
use pult_protocol::{
    ArchiveCursor, ArchiveQuery, ChatRow, ChatsOrder, ChatsPage, ChatsQuery, LateChat, LateChats,
    LateLimits, Load, OperatorLoad, Workload,
};
use pult_sqlite::{Reader, Row, SqlError};
use pult_words::{Term, terms};

use crate::{StoreError, archive, archive_index, chats, company, operators, sql};

/// Most chats on a page.
const MAX_CHATS: u32 = 200;

/// Chats on a page when the asker does not say.
const CHATS: u32 = 100;

/// Open chats after whose names a search stops and says where to go on.
const MAX_READ: i64 = 20_000;

/// Stands for the moment since which a client waits who does not: behind all others.
const NEVER: i64 = i64::MAX;

/// Most late chats that are told of, to everybody together.
const MAX_LATE: i64 = 10_000;

const MINUTE_MS: i64 = 60_000;

/// Where a chat stands in its order, and its key.
type Standing = (i64, i64);

/// A page of chats, whoever takes part in them.
pub(crate) fn chats(
    reader: Reader<'_>,
    finder: &archive::Finder,
    query: &ChatsQuery,
    named: Option<&[ChatId]>,
) -> Result<ChatsPage, StoreError> {
    if query.status == Some(Status::Closed) && named.is_none() {
        return closed(reader, finder, query);
    }
    let Some(wanted) = Wanted::of(reader, query)? else {
        return Ok(ChatsPage::default());
    };
    if let Some(named) = named {
        return of_these(reader, &wanted, named);
    }
    let mut found = Vec::new();
    let mut last = None;
    let candidates = candidates(reader, &wanted)?;
    let has_read_all = candidates.len() < usize::try_from(wanted.max_read()).unwrap_or(usize::MAX);
    for standing in candidates {
        if found.len() == wanted.limit {
            return page(reader, &found, last);
        }
        last = Some(standing);
        if wanted.names(reader, standing.1)? {
            found.push(standing.1);
        }
    }
    page(reader, &found, last.filter(|_| !has_read_all))
}

fn page(
    reader: Reader<'_>,
    found: &[i64],
    next: Option<Standing>,
) -> Result<ChatsPage, StoreError> {
    let rows = found.iter().map(|key| chats::row(reader, *key));
    let next = match next {
        Some((at, key)) => Some(ArchiveCursor {
            at: Timestamp(at),
            chat_id: chats::row(reader, key)?.id,
        }),
        None => None,
    };
    Ok(ChatsPage {
        chats: rows.collect::<Result<_, _>>()?,
        next,
    })
}

/// What is asked for of the open chats.
struct Wanted {
    status: Option<Status>,
    owner: Option<i64>,
    terms: Vec<Term>,
    order: ChatsOrder,
    behind: Standing,
    limit: usize,
}

impl Wanted {
    /// None if nothing can be it.
    fn of(reader: Reader<'_>, query: &ChatsQuery) -> Result<Option<Self>, StoreError> {
        let Some(terms) = terms(query.text.as_deref().unwrap_or_default()) else {
            return Ok(None);
        };
        let owner = match query.owner_id {
            None => None,
            Some(owner) => match operators::by_id(reader, owner)? {
                Some((key, _)) => Some(key),
                None => return Ok(None),
            },
        };
        let order = query.order.unwrap_or_default();
        let behind = match (&query.after, order) {
            // What has moved meanwhile does not move where the next page begins.
            (Some(after), _) => (
                after.at.0,
                chats::key_of(reader, after.chat_id)?.unwrap_or_default(),
            ),
            (None, ChatsOrder::Waiting) => (i64::MIN, i64::MIN),
            (None, ChatsOrder::Activity) => (i64::MAX, i64::MAX),
        };
        let limit = query.limit.unwrap_or(CHATS).clamp(1, MAX_CHATS);
        Ok(Some(Self {
            status: query.status,
            owner,
            terms,
            order,
            behind,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        }))
    }

    /// How many candidates are read: without words each of them is found.
    fn max_read(&self) -> i64 {
        if self.terms.is_empty() {
            i64::try_from(self.limit)
                .unwrap_or(i64::MAX)
                .saturating_add(1)
        } else {
            MAX_READ
        }
    }

    /// Whether the chat's client has all the words.
    fn names(&self, reader: Reader<'_>, chat: i64) -> Result<bool, StoreError> {
        if self.terms.is_empty() {
            return Ok(true);
        }
        let client = archive_index::client(reader, chat)?;
        let has = |term: &Term| term.is_of_client(&client.names, &client.phone);
        Ok(self.terms.iter().all(has))
    }

    /// Whether the chat is of the status and the owner.
    fn takes(&self, chat: &ChatRow, owner: Option<OperatorId>) -> bool {
        let is_of_status = match self.status {
            Some(status) => chat.status == status,
            None => chat.status != Status::Closed,
        };
        is_of_status && (owner.is_none() || chat.owner_id == owner)
    }
}

fn standing(row: &Row<'_>) -> Result<Standing, SqlError> {
    Ok((row.get(0)?, row.get(1)?))
}

/// The first open chats in their order behind a place, whatever their clients are called.
fn candidates(reader: Reader<'_>, wanted: &Wanted) -> Result<Vec<Standing>, StoreError> {
    let (at, key) = wanted.behind;
    let status = wanted.status.map(Status::as_str);
    let owner = wanted.owner;
    let limit = wanted.max_read();
    if wanted.order == ChatsOrder::Activity {
        return Ok(reader.all(
            "SELECT last_activity_at, key FROM chats
             WHERE status <> 'closed' AND (last_activity_at, key) < (?1, ?2)
               AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR owner = ?4)
             ORDER BY last_activity_at DESC, key DESC LIMIT ?5",
            (at, key, status, owner, limit),
            standing,
        )?);
    }
    let mut found = Vec::new();
    if at != NEVER {
        found = reader.all(
            "SELECT waiting_since, key FROM chats
             WHERE status <> 'closed' AND (waiting_since, key) > (?1, ?2)
               AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR owner = ?4)
             ORDER BY waiting_since, key LIMIT ?5",
            (at, key, status, owner, limit),
            standing,
        )?;
    }
    let left = limit - i64::try_from(found.len()).unwrap_or(limit);
    if left > 0 {
        let behind = if at == NEVER { key } else { i64::MIN };
        found.extend(reader.all(
            "SELECT ?1, key FROM chats
             WHERE status <> 'closed' AND waiting_since IS NULL AND key > ?2
               AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR owner = ?4)
             ORDER BY key LIMIT ?5",
            (NEVER, behind, status, owner, left),
            standing,
        )?);
    }
    Ok(found)
}

/// Those of some chats that are wanted, in their order.
fn of_these(
    reader: Reader<'_>,
    wanted: &Wanted,
    named: &[ChatId],
) -> Result<ChatsPage, StoreError> {
    let owner = match wanted.owner {
        Some(key) => Some(operators::row(reader, key)?.id),
        None => None,
    };
    let mut found = BTreeMap::new();
    for id in named {
        let Some(key) = chats::key_of(reader, *id)? else {
            continue;
        };
        let row = chats::row(reader, key)?;
        if !wanted.takes(&row, owner) || !wanted.names(reader, key)? {
            continue;
        }
        let waiting = wanted.order == ChatsOrder::Waiting && row.status != Status::Closed;
        let (at, then) = if waiting {
            (row.waiting_since.map_or(NEVER, |since| since.0), key)
        } else {
            (-row.last_activity_at.0, -key)
        };
        found.insert((at, then), row);
    }
    Ok(ChatsPage {
        chats: found.into_values().collect(),
        next: None,
    })
}

/// Closed chats are found as in the archive.
fn closed(
    reader: Reader<'_>,
    finder: &archive::Finder,
    query: &ChatsQuery,
) -> Result<ChatsPage, StoreError> {
    let query = ArchiveQuery {
        text: query.text.clone(),
        owner_id: query.owner_id,
        after: query.after,
        limit: Some(query.limit.unwrap_or(CHATS)),
        ..ArchiveQuery::default()
    };
    let page = archive::search(reader, finder, &query)?;
    Ok(ChatsPage {
        chats: page.hits.into_iter().map(|hit| hit.chat).collect(),
        next: page.next,
    })
}

/// From when on a client waits too long, as the company has set it.
fn limits(reader: Reader<'_>) -> Result<LateLimits, StoreError> {
    let settings = company::row(reader)?.settings;
    Ok(LateLimits {
        first_answer_minutes: settings.late_first_answer_minutes,
        answer_minutes: settings.late_answer_minutes,
    })
}

/// The moments before which a client waits too long who has waited since: in the queue, and in work.
fn late_before(limits: LateLimits, now: Timestamp) -> (i64, i64) {
    let before = |minutes: Option<u32>| {
        minutes.map_or(i64::MIN, |minutes| now.0 - i64::from(minutes) * MINUTE_MS)
    };
    (
        before(limits.first_answer_minutes),
        before(limits.answer_minutes),
    )
}

/// How much there is to do, and with whom.
pub(crate) fn workload(reader: Reader<'_>, now: Timestamp) -> Result<Workload, StoreError> {
    let limits = limits(reader)?;
    let (queued, in_work) = late_before(limits, now);
    let loads = reader.all(
        "SELECT status, owner, count(*), count(waiting_since),
                coalesce(sum(waiting_since <= iif(status = 'queued', ?1, ?2)), 0),
                min(waiting_since)
         FROM chats WHERE status <> 'closed' GROUP BY status, owner",
        (queued, in_work),
        |row| {
            let load = Load {
                n: row.get(2)?,
                n_waiting: row.get(3)?,
                n_late: row.get(4)?,
                waiting_since: row.get::<_, Option<i64>>(5)?.map(Timestamp),
            };
            Ok((sql::status(row, 0)?, row.get::<_, Option<i64>>(1)?, load))
        },
    )?;
    let observed = reader.all(
        "SELECT operator, count(*) FROM observers GROUP BY operator",
        (),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, u32>(1)?)),
    )?;
    let mut workload = Workload {
        limits,
        ..Workload::default()
    };
    let mut operators: BTreeMap<i64, (Load, u32)> = BTreeMap::new();
    for (status, owner, load) in loads {
        let all = match status {
            Status::Queued => &mut workload.queued,
            Status::InWork | Status::Closed => &mut workload.in_work,
        };
        *all = together(*all, load);
        if let Some(owner) = owner {
            operators.entry(owner).or_default().0 = load;
        }
    }
    for (operator, n_observed) in observed {
        operators.entry(operator).or_default().1 = n_observed;
    }
    for (key, (in_work, n_observed)) in operators {
        workload.operators.push(OperatorLoad {
            operator_id: operators::row(reader, key)?.id,
            in_work,
            n_observed,
        });
    }
    Ok(workload)
}

fn together(one: Load, other: Load) -> Load {
    let earlier = match (one.waiting_since, other.waiting_since) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    Load {
        n: one.n.saturating_add(other.n),
        n_waiting: one.n_waiting.saturating_add(other.n_waiting),
        n_late: one.n_late.saturating_add(other.n_late),
        waiting_since: earlier,
    }
}

/// The chats whose clients wait too long, those first that became so last.
pub(crate) fn late(reader: Reader<'_>, now: Timestamp) -> Result<LateChats, StoreError> {
    let limits = limits(reader)?;
    let (queued, in_work) = late_before(limits, now);
    let found = reader.all(
        "SELECT c.id, c.status, o.id, c.waiting_since FROM chats c
         LEFT JOIN operators o ON o.key = c.owner
         WHERE c.status <> 'closed' AND c.waiting_since <= max(?1, ?2)
           AND c.waiting_since <= iif(c.status = 'queued', ?1, ?2)
         ORDER BY c.waiting_since DESC, c.key DESC LIMIT ?3",
        (queued, in_work, MAX_LATE),
        |row| {
            Ok((
                sql::id(row, 0, ChatId)?,
                sql::status(row, 1)?,
                sql::optional_id(row, 2, OperatorId)?,
                sql::time(row, 3)?,
            ))
        },
    )?;
    let mut chats: Vec<LateChat> = found
        .into_iter()
        .map(|(chat_id, status, owner_id, waiting_since)| LateChat {
            chat_id,
            owner_id,
            waiting_since,
            limit_minutes: match status {
                Status::Queued => limits.first_answer_minutes,
                Status::InWork | Status::Closed => limits.answer_minutes,
            }
            .unwrap_or_default(),
        })
        .collect();
    chats.sort_by_key(|late| {
        let late_since = late.waiting_since.0 + i64::from(late.limit_minutes) * MINUTE_MS;
        std::cmp::Reverse(late_since)
    });
    Ok(LateChats {
        n: u32::try_from(chats.len()).unwrap_or(u32::MAX),
        chats,
    })
}

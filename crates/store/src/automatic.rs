//! Automatic texts and the direction of new chats: the rules as they are kept, and what the domain
//! decides by them, carried out in the commit of what caused it.
//!
//! An automatic text goes out by the lanes of delivery like any reply, and is no answer: it leaves
//! alone since when the client waits, whose the chat is, when it was last active and what the lists
//! show of it. That it went out stands in its chat's row in the same commit, so neither a restart nor a
//! webhook that comes twice sends it again.

use std::cell::RefCell;
use std::sync::Arc;

use pult_domain::automatic::{
    AutomaticMemory, AutomaticPolicy, AutomaticTexts, Heard, Reach, Wait, WaitVerdict, digest,
};
use pult_domain::direction::{DirectionRule, Directions, Incoming};
use pult_domain::hours::{Hours, WorkingHours};
use pult_domain::{
    AutomaticKind, ChannelId, OperatorId, ReplyText, Role, Status, Timestamp, fill,
    provider::InboundMessage,
};
use pult_protocol::{Act, Actor, Code, Problem};
use pult_sqlite::Reader;
use serde_json::json;

use crate::writer::Work;
use crate::{StoreError, audit, chats, company, deliveries, entries, operators, sql};

/// Clients who wait and are told in one piece of work.
const PIECE: i64 = 64;

/// The rules, ready to be asked.
#[derive(Debug)]
pub(crate) struct Rules {
    texts: AutomaticTexts,
    hours: Option<Hours>,
    directions: Directions,
    waits_since: Option<Timestamp>,
    unknown_until: Option<Timestamp>,
}

impl Rules {
    fn read(reader: Reader<'_>) -> Result<Self, StoreError> {
        let (texts, hours, directions, waits_since, unknown_until) = reader.one(
            "SELECT texts, hours, directions, waits_since, unknown_until FROM automatic",
            (),
            |row| {
                Ok((
                    sql::optional_json::<AutomaticTexts>(row, 0)?.unwrap_or_default(),
                    sql::optional_json::<WorkingHours>(row, 1)?,
                    sql::optional_json::<Vec<DirectionRule>>(row, 2)?.unwrap_or_default(),
                    row.get::<_, Option<i64>>(3)?.map(Timestamp),
                    row.get::<_, Option<i64>>(4)?.map(Timestamp),
                ))
            },
        )?;
        // They were sound when they were kept. What a newer version finds fault with must not keep
        // messages from coming in.
        let hours = match hours {
            Some(hours) => {
                let zone = company::row(reader)?.settings.time_zone;
                let ready = Hours::of(hours, &zone).inspect_err(|error| {
                    tracing::error!(%error, "The working hours cannot be used; set them anew");
                });
                ready.ok()
            }
            None => None,
        };
        let directions = Directions::of(&directions).unwrap_or_else(|error| {
            tracing::error!(%error, "The direction of new chats cannot be used; set it anew");
            Directions::default()
        });
        Ok(Self {
            texts,
            hours,
            directions,
            waits_since,
            unknown_until,
        })
    }

    const fn policy(&self) -> AutomaticPolicy<'_> {
        AutomaticPolicy {
            texts: &self.texts,
            hours: self.hours.as_ref(),
            unknown_until: self.unknown_until,
            waits_since: self.waits_since,
        }
    }
}

/// The rules in the writing thread's memory: a message costs no look for them. Whoever changes them or
/// fails in a commit lets them be read anew.
#[derive(Default)]
pub(crate) struct RulesCache(RefCell<Option<Arc<Rules>>>);

impl RulesCache {
    pub(crate) fn forget(&self) {
        *self.0.borrow_mut() = None;
    }

    pub(crate) fn get(&self, reader: Reader<'_>) -> Result<Arc<Rules>, StoreError> {
        if let Some(rules) = self.0.borrow().as_ref() {
            return Ok(Arc::clone(rules));
        }
        let rules = Arc::new(Rules::read(reader)?);
        *self.0.borrow_mut() = Some(Arc::clone(&rules));
        Ok(rules)
    }
}

/// What stands in a chat's row about automatic texts, and for whom the chat is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// When the client wrote last.
    pub(crate) client_wrote_at: Option<Timestamp>,
    /// What the chat remembers, as JSON. Whoever writes the chat down writes it down too.
    pub(crate) memory: Option<String>,
    /// When the client was last told, or passed over, in a wait.
    pub(crate) told_waiting_at: Option<Timestamp>,
    /// The key of whose attention a rule asks for.
    pub(crate) suggested: Option<i64>,
}

impl Kept {
    fn memory(&self) -> AutomaticMemory {
        let memory = self.memory.as_deref().map(serde_json::from_str);
        // Of what cannot be read nothing is remembered.
        let memory: AutomaticMemory = memory.and_then(Result::ok).unwrap_or_default();
        AutomaticMemory {
            nobody_answers_at: self.told_waiting_at,
            ..memory
        }
    }

    fn remember(&mut self, memory: &AutomaticMemory) -> Result<(), StoreError> {
        self.told_waiting_at = memory.nobody_answers_at;
        self.memory = Some(sql::to_json(memory)?);
        Ok(())
    }
}

/// After a client's message was added to its chat: sends what is due and finds out for whom the chat
/// is. The caller writes the chat down.
pub(crate) fn on_message(
    work: &mut Work<'_>,
    chat: &mut chats::Stored,
    message: &InboundMessage,
    text: &str,
) -> Result<(), StoreError> {
    let rules = work.rules()?;
    if !rules.directions.is_empty() {
        suggest(work, &rules, chat, message, text)?;
    }
    if rules.texts.are_off() {
        return Ok(());
    }
    let heard = Heard {
        sent_at: message.sent_at.min(work.now),
        previous_at: chat.kept.client_wrote_at,
        now: work.now,
    };
    let mut memory = chat.kept.memory();
    memory.heard(digest(text), heard.previous_at, work.now);
    if let Some(kind) = rules.policy().on_message(&memory, &heard) {
        send(work, &rules, chat, kind, &mut memory)?;
    }
    chat.kept.remember(&memory)
}

/// Before staff close a chat: tells the client, if they are to be told.
pub(crate) fn on_close(work: &mut Work<'_>, chat: &mut chats::Stored) -> Result<(), StoreError> {
    let rules = work.rules()?;
    let mut memory = chat.kept.memory();
    let (was, wrote_at) = (chat.state.status, chat.kept.client_wrote_at);
    if rules.policy().on_close(&memory, was, wrote_at, work.now) {
        send(work, &rules, chat, AutomaticKind::Closed, &mut memory)?;
        chat.kept.remember(&memory)?;
        chats::told(work, chat)?;
    }
    Ok(())
}

/// After somebody of staff wrote to the client. The caller writes the chat down.
pub(crate) fn on_reply(work: &mut Work<'_>, chat: &mut chats::Stored) -> Result<(), StoreError> {
    if work.rules()?.texts.are_off() {
        return Ok(());
    }
    let memory = AutomaticMemory {
        staff_wrote_at: Some(work.now),
        ..chat.kept.memory()
    };
    chat.kept.remember(&memory)
}

/// Whether there is somebody who waits and may have to be told.
pub(crate) fn is_anybody_to_tell(reader: Reader<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let rules = Rules::read(reader)?;
    let Some(reach) = rules.policy().waits_to_tell(now) else {
        return Ok(false);
    };
    Ok(!untold(reader, reach, 1)?.is_empty())
}

/// Tells a piece of those who wait that nobody answers. What others have committed before counts: who
/// was answered waits no more and is not told. A chat that cannot be read is passed over, so that it
/// keeps nobody behind it from being told. True if there may be more of them.
pub(crate) fn tell_waiting(work: &mut Work<'_>) -> Result<bool, StoreError> {
    let rules = work.rules()?;
    let Some(reach) = rules.policy().waits_to_tell(work.now) else {
        return Ok(false);
    };
    let untold = untold(work.tx.reader(), reach, PIECE)?;
    let is_whole_piece = i64::try_from(untold.len()).is_ok_and(|n| n == PIECE);
    for key in untold {
        match work.attempt(|work| tell(work, &rules, key)) {
            Err(error) if is_chats_own(&error, work) => {
                tracing::error!(chat.key = key, %error, "A client who waits cannot be told");
                work.attempt(|work| pass_over(work, key))?;
            }
            told => told?,
        }
    }
    Ok(is_whole_piece)
}

/// Whether what went wrong with a chat is of this chat alone, and will be so the next time.
fn is_chats_own(error: &StoreError, work: &Work<'_>) -> bool {
    !work.has_failed() && !error.is_temporary() && work.tx.is_open()
}

/// The chat is not looked at again in this wait. Nobody is told of it: they would have to be told how
/// the chat stands.
fn pass_over(work: &Work<'_>, key: i64) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE chats SET told_waiting_at = ?2 WHERE key = ?1",
        (key, work.now.0),
    )?;
    Ok(())
}

fn untold(reader: Reader<'_>, reach: Reach, limit: i64) -> Result<Vec<i64>, StoreError> {
    Ok(reader.all(
        "SELECT key FROM chats
         WHERE waiting_since IS NOT NULL
           AND (told_waiting_at IS NULL OR told_waiting_at < waiting_since)
           AND waiting_since >= ?1 AND waiting_since <= ?2
         ORDER BY waiting_since LIMIT ?3",
        (reach.from.0, reach.until.0, limit),
        |row| row.get(0),
    )?)
}

fn tell(work: &mut Work<'_>, rules: &Rules, key: i64) -> Result<(), StoreError> {
    let mut chat = chats::load(work.tx.reader(), key)?;
    let Some(since) = chat.talk.waiting_since else {
        return Ok(());
    };
    let wait = Wait {
        since,
        client_wrote_at: chat.kept.client_wrote_at,
        now: work.now,
    };
    let mut memory = chat.kept.memory();
    match rules.policy().on_wait(&memory, &wait) {
        WaitVerdict::NotYet => return Ok(()),
        WaitVerdict::Tell => {
            send(
                work,
                rules,
                &mut chat,
                AutomaticKind::NobodyAnswers,
                &mut memory,
            )?;
            chat.kept.remember(&memory)?;
        }
        WaitVerdict::PassOver => {}
    }
    // Passed over or told: either way once in a wait.
    chat.kept.told_waiting_at = Some(work.now);
    chats::told(work, &chat)
}

/// Adds the text to the chat and to its lane.
fn send(
    work: &mut Work<'_>,
    rules: &Rules,
    chat: &mut chats::Stored,
    kind: AutomaticKind,
    memory: &mut AutomaticMemory,
) -> Result<(), StoreError> {
    let text = rules.texts.of(kind).unwrap_or_default();
    // What staff call a client is not for the client's eyes.
    let name = work.tx.reader().one(
        "SELECT cl.name FROM chats c JOIN clients cl ON cl.key = c.client WHERE c.key = ?1",
        (chat.key,),
        |row| row.get::<_, Option<String>>(0),
    )?;
    let Ok(text) = ReplyText::parse(&fill(text, name.as_deref())) else {
        tracing::warn!(
            kind = kind.as_str(),
            "An automatic text cannot be sent with that name"
        );
        return Ok(());
    };
    let entry = entries::NewEntry {
        kind: "outbound",
        author: None,
        integration: None,
        command_id: None,
        automatic: Some(kind),
        sent_at: work.now,
    };
    let added = entries::add(work, chat, &entry)?;
    work.tx.execute(
        "INSERT INTO messages (entry, channel, text) VALUES (?1, ?2, ?3)",
        (added.key, chat.channel, text.as_str()),
    )?;
    deliveries::enqueue(work, chat, added.key)?;
    memory.sent(kind, work.now);
    Ok(())
}

/// Finds out whose attention a queued chat asks for, unless somebody's already. Whoever has put it into
/// the queue is not asked again.
fn suggest(
    work: &Work<'_>,
    rules: &Rules,
    chat: &mut chats::Stored,
    message: &InboundMessage,
    text: &str,
) -> Result<(), StoreError> {
    if chat.state.status != Status::Queued || chat.kept.suggested.is_some() {
        return Ok(());
    }
    let reader = work.tx.reader();
    let channel_id = reader.one(
        "SELECT id FROM channels WHERE key = ?1",
        (chat.channel,),
        |row| sql::id(row, 0, ChannelId),
    )?;
    let incoming = Incoming {
        text,
        channel_id,
        phone: message.sender.phone.as_deref(),
    };
    for (_, operator) in rules.directions.of_message(&incoming) {
        let found = operators::by_id(reader, operator)?;
        if let Some((key, row)) = found
            && row.is_active
            && chat.state.former_owner != Some(operator)
        {
            chat.kept.suggested = Some(key);
            break;
        }
    }
    Ok(())
}

/// Takes the marks of who is deactivated from the chats in the queue.
pub(crate) fn forget_suggested(work: &mut Work<'_>, operator: i64) -> Result<(), StoreError> {
    let marked = work.tx.reader().all(
        "SELECT key FROM chats WHERE suggested = ?1 AND suggested IS NOT NULL",
        (operator,),
        |row| row.get::<_, i64>(0),
    )?;
    for chat in marked {
        work.touch_chat(chat)?;
        work.tx
            .execute("UPDATE chats SET suggested = NULL WHERE key = ?1", (chat,))?;
        chats::bump(work, chat)?;
    }
    Ok(())
}

/// In a store that was put back from a backup: what has gone out since is not known, and is not to go
/// out again.
pub(crate) fn settle_restored(work: &Work<'_>) -> Result<(), StoreError> {
    work.tx
        .execute("UPDATE automatic SET unknown_until = ?1", (work.now.0,))?;
    work.forget_rules();
    Ok(())
}

/// Something that is kept with a revision, so that nobody overwrites what they have not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revised<T> {
    /// How often it was changed.
    pub revision: i64,
    /// What it is now.
    pub value: T,
}

/// The revision that was made, or why none was.
type Change = Result<Result<i64, Problem>, StoreError>;

/// Goes on if `by` may change the rules, else answers with what they are told.
macro_rules! supervisors_only {
    ($work:expr, $by:expr) => {
        if let Err(problem) = audit::may($work.tx.reader(), $by, Role::Supervisor)? {
            return Ok(Err(problem));
        }
    };
}

fn changed_meanwhile(revision: i64) -> Problem {
    let message = "somebody has changed it meanwhile; read it anew";
    Problem::new(Code::ChangedMeanwhile, message).with_details(json!({ "revision": revision }))
}

/// The texts.
pub(crate) fn texts(reader: Reader<'_>) -> Result<Revised<AutomaticTexts>, StoreError> {
    let kept = reader.one("SELECT texts_revision, texts FROM automatic", (), |row| {
        Ok(Revised {
            revision: row.get(0)?,
            value: sql::optional_json::<AutomaticTexts>(row, 1)?.unwrap_or_default(),
        })
    })?;
    Ok(kept)
}

/// The hours; none if the company keeps none.
pub(crate) fn hours(reader: Reader<'_>) -> Result<Revised<Option<WorkingHours>>, StoreError> {
    let kept = reader.one("SELECT hours_revision, hours FROM automatic", (), |row| {
        Ok(Revised {
            revision: row.get(0)?,
            value: sql::optional_json(row, 1)?,
        })
    })?;
    Ok(kept)
}

/// The rules of direction, in the order in which they count.
pub(crate) fn directions(reader: Reader<'_>) -> Result<Revised<Vec<DirectionRule>>, StoreError> {
    let kept = reader.one(
        "SELECT directions_revision, directions FROM automatic",
        (),
        |row| {
            Ok(Revised {
                revision: row.get(0)?,
                value: sql::optional_json::<Vec<DirectionRule>>(row, 1)?.unwrap_or_default(),
            })
        },
    )?;
    Ok(kept)
}

/// Puts texts, which must have been checked, in the place of those of a revision.
pub(crate) fn put_texts(work: &Work<'_>, by: Actor, of: i64, texts: &AutomaticTexts) -> Change {
    supervisors_only!(work, by);
    let before = self::texts(work.tx.reader())?;
    let is_changed = |kind: &AutomaticKind| !texts.is_same(&before.value, *kind);
    let kinds: Vec<_> = AutomaticKind::ALL.into_iter().filter(is_changed).collect();
    // The same again, perhaps since its answer was lost, is no change.
    if kinds.is_empty() {
        return Ok(Ok(before.revision));
    }
    if before.revision != of {
        return Ok(Err(changed_meanwhile(before.revision)));
    }
    let is_told = |texts: &AutomaticTexts| texts.of(AutomaticKind::NobodyAnswers).is_some();
    // Who waits already when it is turned on is not told: they would all be told at once. Providers'
    // clocks show whole seconds, and by them waiting is counted.
    let second = work.now.plus_ms(-work.now.0.rem_euclid(1_000));
    work.tx.execute(
        "UPDATE automatic SET texts = ?1, texts_revision = texts_revision + 1,
                              waits_since = iif(?2, iif(?3, waits_since, ?4), NULL)",
        (
            sql::to_json(texts)?,
            is_told(texts),
            is_told(&before.value),
            second.0,
        ),
    )?;
    work.forget_rules();
    audit::note(work, by, &Act::AutomaticTextsChanged { kinds })?;
    Ok(Ok(of + 1))
}

/// The same for hours.
pub(crate) fn put_hours(
    work: &Work<'_>,
    by: Actor,
    of: i64,
    hours: Option<&WorkingHours>,
) -> Change {
    supervisors_only!(work, by);
    let Revised { revision, value } = self::hours(work.tx.reader())?;
    if value.as_ref() == hours {
        return Ok(Ok(revision));
    }
    if revision != of {
        return Ok(Err(changed_meanwhile(revision)));
    }
    work.tx.execute(
        "UPDATE automatic SET hours = ?1, hours_revision = hours_revision + 1",
        (hours.map(sql::to_json).transpose()?,),
    )?;
    work.forget_rules();
    let act = Act::WorkingHoursChanged {
        are_kept: hours.is_some(),
        n_exceptions: hours.map_or(0, |hours| count(&hours.exceptions)),
    };
    audit::note(work, by, &act)?;
    Ok(Ok(of + 1))
}

/// The same for rules of direction.
pub(crate) fn put_directions(
    work: &Work<'_>,
    by: Actor,
    of: i64,
    rules: &[DirectionRule],
) -> Change {
    supervisors_only!(work, by);
    let Revised { revision, value } = directions(work.tx.reader())?;
    if value == rules {
        return Ok(Ok(revision));
    }
    if revision != of {
        return Ok(Err(changed_meanwhile(revision)));
    }
    work.tx.execute(
        "UPDATE automatic SET directions = ?1, directions_revision = directions_revision + 1",
        (sql::to_json(&rules)?,),
    )?;
    work.forget_rules();
    let n_rules = count(rules);
    audit::note(work, by, &Act::DirectionsChanged { n_rules })?;
    Ok(Ok(of + 1))
}

fn count<T>(of: &[T]) -> u32 {
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}

/// Of operators, those who are active.
pub(crate) fn active_of(
    reader: Reader<'_>,
    of: &[OperatorId],
) -> Result<Vec<OperatorId>, StoreError> {
    let mut active = Vec::new();
    for operator in of {
        if operators::by_id(reader, *operator)?.is_some_and(|(_, row)| row.is_active) {
            active.push(*operator);
        }
    }
    Ok(active)
}

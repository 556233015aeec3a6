//! How the drafts here stand to those that the backend has, which the operator's other devices
//! write too.
//!
//! What is typed goes into the outbox at once and to the backend when it rests. What another device
//! has written takes its place if nothing was typed here since both were the same; else the two are
//! put together, so that nothing typed is lost on either. While the composer has the focus neither
//! happens: what came stands *elsewhere* until its operator takes it, drops it, or looks away.
//!
//! A draft that another device has sent comes as an empty one. It empties the composer in the same
//! way; what was typed here since goes on as a new draft, without the words that were sent.
//!
//! What the backend is told may be taken although its answer is lost, and be gone on with or sent from
//! another device before this one hears of it. So it is noted before it goes, goes again as it was
//! until it is answered, and counts as known once a row tells that this device wrote it.

use std::collections::{BTreeMap, BTreeSet};

use pult_domain::{ChatId, DeviceId, MAX_REPLY_CHARS, OperatorId};
use pult_protocol::{DraftGiven, DraftOrigin, DraftRow};
use pult_sqlite::{Reader, Row, SqlError, Transaction, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::outbox::{self, joined};
use crate::storage::{Sql, Stored as _, from_json, from_json_or_null, to_json};
use crate::view::ComposerMode;

/// A draft's text and whom it mentions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) mentions: BTreeSet<OperatorId>,
}

/// A draft as the backend has, or had, it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) version: i64,
    pub(crate) words: Words,
}

impl Known {
    fn of(row: &DraftRow) -> Self {
        Self {
            version: row.version,
            words: Words {
                text: row.text.clone(),
                mentions: row.mentions.iter().copied().collect(),
            },
        }
    }
}

/// How one draft stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What the one here was made of, or is the same as.
    pub(crate) known: Known,
    /// What the backend was told to take in place of that one, while it is not known whether it did.
    pub(crate) told: Option<Words>,
    /// A newer one of another device, which was not put into the composer.
    pub(crate) elsewhere: Option<Known>,
}

impl Standing {
    fn of(known: Known) -> Self {
        Self {
            known,
            told: None,
            elsewhere: None,
        }
    }

    fn newest(&self) -> &Known {
        self.elsewhere.as_ref().unwrap_or(&self.known)
    }

    const fn newest_mut(&mut self) -> &mut Known {
        match &mut self.elsewhere {
            Some(elsewhere) => elsewhere,
            None => &mut self.known,
        }
    }
}

/// Which composer a draft is of.
pub(crate) type Composer = (ChatId, ComposerMode);

// --- reading

/// Which device this is; it becomes one when first asked.
pub(crate) fn device(tx: &Transaction<'_>) -> Sql<DeviceId> {
    let known = "SELECT id FROM device";
    if let Some(id) = tx
        .reader()
        .optional(known, (), |row| DeviceId::at(row, 0))?
    {
        return Ok(id);
    }
    let id = DeviceId(Uuid::now_v7());
    tx.execute("INSERT INTO device (id) VALUES (?1)", params![id.stored()])?;
    Ok(id)
}

/// How a draft stands.
pub(crate) fn standing(reader: Reader<'_>, (chat_id, mode): Composer) -> Sql<Standing> {
    let standing = reader.optional(
        "SELECT version, text, mentions, told, elsewhere FROM standings
         WHERE chat_id = ?1 AND mode = ?2",
        params![chat_id.stored(), mode.as_str()],
        |row| read_standing(row, 0),
    )?;
    Ok(standing.unwrap_or_default())
}

/// Every draft that ever stood somehow.
fn standings(reader: Reader<'_>) -> Sql<Vec<(Composer, Standing)>> {
    reader.all(
        "SELECT chat_id, mode, version, text, mentions, told, elsewhere FROM standings",
        (),
        |row| {
            let mode = ComposerMode::parse(row.get_ref(1)?.as_str()?);
            let mode = mode.ok_or(SqlError::InvalidQuery)?;
            Ok(((ChatId::at(row, 0)?, mode), read_standing(row, 2)?))
        },
    )
}

fn read_standing(row: &Row<'_>, first: usize) -> Sql<Standing> {
    Ok(Standing {
        known: Known {
            version: row.get(first)?,
            words: Words {
                text: row.get(first + 1)?,
                mentions: from_json(row, first + 2)?,
            },
        },
        told: from_json_or_null(row, first + 3)?,
        elsewhere: from_json_or_null(row, first + 4)?,
    })
}

/// What stands in a composer here.
fn here(draft: &outbox::Draft, mode: ComposerMode) -> Words {
    Words {
        text: draft.of(mode).whole(),
        mentions: match mode {
            ComposerMode::Reply => BTreeSet::new(),
            ComposerMode::Comment => draft.mentions.iter().copied().collect(),
        },
    }
}

/// What the backend is to be told: drafts that are not what it has. Left out are those that another
/// device has changed too, as long as it is not settled what becomes of them; those of which a reply
/// or comment is under way, with which they end; and those that are longer than a message may be.
pub(crate) fn to_tell(reader: Reader<'_>, device_id: DeviceId) -> Sql<Vec<DraftGiven>> {
    let mut standings: BTreeMap<Composer, Standing> = standings(reader)?.into_iter().collect();
    let mut given = Vec::new();
    let mut look = |composer: Composer, here: Words, standing: &Standing| {
        let words = standing.told.clone().unwrap_or(here);
        let fits = words.text.chars().count() <= MAX_REPLY_CHARS;
        if standing.elsewhere.is_none() && words != standing.known.words && fits {
            given.push(DraftGiven {
                chat_id: composer.0,
                mode: composer.1,
                of_version: standing.known.version,
                device_id,
                text: words.text,
                mentions: words.mentions.into_iter().collect(),
            });
        }
    };
    for draft in outbox::drafts(reader)? {
        for mode in ComposerMode::ALL {
            let composer = (draft.chat_id, mode);
            let standing = standings.remove(&composer).unwrap_or_default();
            look(composer, here(&draft, mode), &standing);
        }
    }
    for (composer, standing) in standings {
        look(composer, Words::default(), &standing);
    }
    if given.is_empty() {
        return Ok(given);
    }
    let under_way: BTreeSet<Composer> = outbox::commands(reader)?
        .iter()
        .filter(|waiting| waiting.state.is_unanswered())
        .filter_map(|waiting| Some((waiting.chat_id(), waiting.mode()?)))
        .collect();
    given.retain(|given| !under_way.contains(&(given.chat_id, given.mode)));
    Ok(given)
}

// --- writing

/// Takes a row of the feed. `held` is the composer that has the focus, `name` what the chat's client
/// is called. True if anything that is shown has changed.
pub(crate) fn take(
    tx: &Transaction<'_>,
    row: &DraftRow,
    device_id: DeviceId,
    name: Option<&str>,
    held: Option<Composer>,
) -> Sql<bool> {
    let composer = (row.chat_id, row.mode);
    let mut standing = standing(tx.reader(), composer)?;
    if row.version <= standing.newest().version {
        return Ok(false);
    }
    if row.device_id == device_id {
        // It comes back from where it was written, or what was written was sent from here.
        let had_elsewhere = standing.elsewhere.is_some();
        put(tx, composer, &Standing::of(Known::of(row)))?;
        return Ok(had_elsewhere);
    }
    if let Some(words) = standing.told.take() {
        // Whatever the row is, what was told is either what it was made of or too late by now.
        let version = standing.known.version.saturating_add(1);
        if row.writers.contains(&DraftOrigin { device_id, version }) {
            standing.known = Known { version, words };
        }
    }
    // A reply that was made of an older text gives the one that stays a new number, and no more: what
    // was sent here of the same one meanwhile must not come back with it.
    let (newest, theirs) = (standing.newest(), Known::of(row));
    let written_in = row.writers.first().map_or(row.version, |last| last.version);
    if theirs.words == newest.words && written_in <= newest.version {
        *standing.newest_mut() = theirs;
        put(tx, composer, &standing)?;
        return Ok(false);
    }
    standing.elsewhere = Some(theirs);
    put(tx, composer, &standing)?;
    settle(tx, composer, name, held)?;
    Ok(true)
}

/// A chat comes into sight, with this draft of the backend's or none: what was known of it before
/// counts only if the backend still knows it.
pub(crate) fn begin_sight(
    tx: &Transaction<'_>,
    composer: Composer,
    row: Option<&DraftRow>,
) -> Sql<()> {
    let standing = standing(tx.reader(), composer)?;
    let (newest, theirs) = (standing.newest(), row.map(Known::of).unwrap_or_default());
    // Another text of the same version is that of a backend that was put back, too.
    if theirs.version < newest.version || theirs.version == newest.version && theirs != *newest {
        forget(tx, composer)?;
    }
    Ok(())
}

/// The backend is about to be told this. False if it is not to be any more.
pub(crate) fn tell(tx: &Transaction<'_>, given: &DraftGiven) -> Sql<bool> {
    let composer = (given.chat_id, given.mode);
    let mut standing = standing(tx.reader(), composer)?;
    if standing.newest().version != given.of_version || standing.elsewhere.is_some() {
        return Ok(false);
    }
    let words = words_of(given);
    if standing.told.get_or_insert_with(|| words.clone()) != &words {
        return Ok(false);
    }
    put(tx, composer, &standing)?;
    Ok(true)
}

/// The backend has taken what it was told.
pub(crate) fn taken(tx: &Transaction<'_>, given: &DraftGiven) -> Sql<()> {
    let composer = (given.chat_id, given.mode);
    let standing = standing(tx.reader(), composer)?;
    if standing.newest().version != given.of_version {
        return Ok(());
    }
    let known = Known {
        version: given.of_version.saturating_add(1),
        words: words_of(given),
    };
    put(tx, composer, &Standing::of(known))
}

/// The backend does not take what it was told, whatever version it has: another text may do.
pub(crate) fn refused(tx: &Transaction<'_>, given: &DraftGiven) -> Sql<()> {
    let composer = (given.chat_id, given.mode);
    let mut standing = standing(tx.reader(), composer)?;
    if standing.known.version == given.of_version && standing.told.take().is_some() {
        put(tx, composer, &standing)?;
    }
    Ok(())
}

fn words_of(given: &DraftGiven) -> Words {
    Words {
        text: given.text.clone(),
        mentions: given.mentions.iter().copied().collect(),
    }
}

/// Decides between what stands here and what stands elsewhere, unless the composer has the focus.
pub(crate) fn settle(
    tx: &Transaction<'_>,
    composer: Composer,
    name: Option<&str>,
    held: Option<Composer>,
) -> Sql<()> {
    let (chat_id, mode) = composer;
    let Standing {
        known,
        elsewhere: Some(elsewhere),
        ..
    } = standing(tx.reader(), composer)?
    else {
        return Ok(());
    };
    let draft = outbox::draft(tx.reader(), chat_id)?;
    let here = here(&draft, mode);
    if held == Some(composer) && here != elsewhere.words {
        return Ok(());
    }
    let becomes = if here == known.words {
        elsewhere.words.clone()
    } else if elsewhere.words.text.is_empty() {
        gone_on(&known.words, &here)
    } else {
        together(&known.words, &elsewhere.words, &here)
    };
    put(tx, composer, &Standing::of(elsewhere))?;
    if becomes == here {
        return Ok(());
    }
    let mut draft = draft;
    if draft.client_name.is_none() {
        draft.client_name = name.map(str::to_owned);
    }
    if mode == ComposerMode::Comment {
        draft.mentions = becomes.mentions.into_iter().collect();
    }
    draft.hand_in(mode, becomes.text);
    if held.is_none_or(|(of, _)| of != chat_id) {
        draft.turn_to(mode);
    }
    outbox::put_draft(tx, &draft)
}

/// The operator does not want what stands elsewhere: what is here goes on in its place.
pub(crate) fn drop_elsewhere(tx: &Transaction<'_>, composer: Composer) -> Sql<()> {
    match standing(tx.reader(), composer)?.elsewhere {
        Some(known) => put(tx, composer, &Standing::of(known)),
        None => Ok(()),
    }
}

/// Every composer of which a newer draft stands elsewhere.
pub(crate) fn unsettled(reader: Reader<'_>) -> Sql<Vec<Composer>> {
    let standings = standings(reader)?.into_iter();
    Ok(standings
        .filter(|(_, standing)| standing.elsewhere.is_some())
        .map(|(composer, _)| composer)
        .collect())
}

/// A chat has left the sight: what says nothing is not kept.
pub(crate) fn end_sight(tx: &Transaction<'_>, chat_id: ChatId) -> Sql<()> {
    tx.execute(
        "DELETE FROM standings
         WHERE chat_id = ?1 AND text = '' AND told IS NULL AND elsewhere IS NULL",
        params![chat_id.stored()],
    )?;
    Ok(())
}

fn forget(tx: &Transaction<'_>, (chat_id, mode): Composer) -> Sql<()> {
    tx.execute(
        "DELETE FROM standings WHERE chat_id = ?1 AND mode = ?2",
        params![chat_id.stored(), mode.as_str()],
    )?;
    Ok(())
}

fn put(tx: &Transaction<'_>, (chat_id, mode): Composer, standing: &Standing) -> Sql<()> {
    tx.execute(
        "INSERT INTO standings (chat_id, mode, version, text, mentions, told, elsewhere)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (chat_id, mode) DO UPDATE SET
             version = excluded.version,
             text = excluded.text,
             mentions = excluded.mentions,
             told = excluded.told,
             elsewhere = excluded.elsewhere",
        params![
            chat_id.stored(),
            mode.as_str(),
            standing.known.version,
            standing.known.words.text,
            to_json(&standing.known.words.mentions)?,
            standing.told.as_ref().map(to_json).transpose()?,
            standing.elsewhere.as_ref().map(to_json).transpose()?,
        ],
    )?;
    Ok(())
}

/// What was typed here since it was the same as on the device that has sent it, or deleted it. If its
/// words go on from there in the middle of one, all of it is.
fn gone_on(base: &Words, mine: &Words) -> Words {
    Words {
        text: gone_on_as_text(&base.text, &mine.text).to_owned(),
        mentions: mine.mentions.clone(),
    }
}

fn gone_on_as_text<'a>(base: &str, mine: &'a str) -> &'a str {
    let base = base.trim_end();
    match mine.strip_prefix(base).filter(|_| !base.is_empty()) {
        Some(since) if since.is_empty() || since.starts_with(char::is_whitespace) => {
            since.trim_start()
        }
        Some(_) | None => mine,
    }
}

/// What was written on two devices, both made of the same: nothing that was typed on either is lost.
fn together(base: &Words, theirs: &Words, mine: &Words) -> Words {
    Words {
        text: together_as_text(&base.text, &theirs.text, &mine.text),
        mentions: theirs.mentions.union(&mine.mentions).copied().collect(),
    }
}

fn together_as_text(base: &str, theirs: &str, mine: &str) -> String {
    if theirs.starts_with(mine.trim_end()) {
        return theirs.to_owned();
    }
    if mine.starts_with(theirs.trim_end()) {
        return mine.to_owned();
    }
    // Both have gone on from the same words, which need not stand there twice.
    match mine.strip_prefix(base).filter(|_| !base.trim().is_empty()) {
        Some(added) => joined(theirs, added.trim_start()),
        None => joined(theirs, mine),
    }
}

#[cfg(test)]
mod tests;

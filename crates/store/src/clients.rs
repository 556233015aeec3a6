//! Clients and the identities by which providers know them.

use pult_domain::provider::{Identity, IdentityKind, Sender};
use pult_sqlite::Reader;

use crate::writer::Work;
use crate::{StoreError, archive_index};

/// The client who sent something on a channel: known by any of their identities, else new.
///
/// What a message tells of a client is kept: further identities are added, a changed name or
/// number replaces the old one. When its identities belong to two different clients the strongest
/// one decides. A number is given to somebody else sooner or later, so it says nothing about a
/// client whom a stronger identity tells apart, and goes to whom it belongs to now: a reply must
/// never reach its new holder instead of the old one.
pub(crate) fn of_sender(
    work: &mut Work<'_>,
    channel: i64,
    sender: &Sender,
) -> Result<i64, StoreError> {
    let mut known = None;
    for identity in &sender.identities {
        let reader = work.tx.reader();
        if let Some(holder) = by_identity(reader, channel, identity)? {
            let held = identities(reader, holder, channel)?;
            if !is_told_apart(&held, sender, identity.kind) {
                known = Some((holder, held));
                break;
            }
        }
    }
    let (client, held) = match known {
        Some((client, held)) => {
            update(work, client, sender)?;
            (client, held)
        }
        None => {
            let key = work.tx.insert(
                "INSERT INTO clients (id, name, phone) VALUES (?1, ?2, ?3)",
                (uuid::Uuid::now_v7(), &sender.name, &sender.phone),
            )?;
            (key, Vec::new())
        }
    };
    for identity in &sender.identities {
        let held = held.iter().filter(|held| held.kind == identity.kind);
        // Most messages tell nothing new of their sender.
        if !held.eq([identity]) {
            hold(work, client, channel, identity)?;
        }
    }
    Ok(client)
}

/// Whether the sender and a client who holds these differ in an identity stronger than `kind`.
fn is_told_apart(held: &[Identity], sender: &Sender, kind: IdentityKind) -> bool {
    sender.identities.iter().any(|given| {
        given.kind < kind
            && held
                .iter()
                .any(|held| held.kind == given.kind && held.value != given.value)
    })
}

/// Notes that a client has this identity now, and no other of its kind. It is not taken from
/// somebody who would have none left: that is the same person, not merged yet.
fn hold(work: &Work<'_>, client: i64, channel: i64, identity: &Identity) -> Result<(), StoreError> {
    let kind = identity.kind.as_str();
    work.tx.execute(
        "INSERT INTO identities (channel, kind, value, client) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET client = excluded.client
         WHERE EXISTS (SELECT 1 FROM identities other
                       WHERE other.client = identities.client
                         AND other.channel = identities.channel
                         AND other.kind <> identities.kind)",
        (channel, kind, &identity.value, client),
    )?;
    work.tx.execute(
        "DELETE FROM identities WHERE client = ?4 AND channel = ?1 AND kind = ?2 AND value <> ?3",
        (channel, kind, &identity.value, client),
    )?;
    Ok(())
}

/// The client who has this identity now.
pub(crate) fn by_identity(
    reader: Reader<'_>,
    channel: i64,
    identity: &Identity,
) -> Result<Option<i64>, StoreError> {
    Ok(reader.optional(
        "SELECT client FROM identities WHERE channel = ?1 AND kind = ?2 AND value = ?3",
        (channel, identity.kind.as_str(), &identity.value),
        |row| row.get(0),
    )?)
}

fn update(work: &mut Work<'_>, client: i64, sender: &Sender) -> Result<(), StoreError> {
    // Read first: most messages tell nothing new, and a reading costs less than a writing of nothing.
    let is_new = |known: Option<String>, told: &Option<String>| told.is_some() && *told != known;
    let has_changed = work.tx.reader().one(
        "SELECT name, phone FROM clients WHERE key = ?1",
        (client,),
        |row| Ok(is_new(row.get(0)?, &sender.name) || is_new(row.get(1)?, &sender.phone)),
    )?;
    if has_changed {
        work.tx.execute(
            "UPDATE clients SET name = coalesce(?2, name), phone = coalesce(?3, phone)
             WHERE key = ?1",
            (client, &sender.name, &sender.phone),
        )?;
        has_changed_of(work, client)?;
    }
    Ok(())
}

/// What staff call a client, in place of their own name; none for that.
pub(crate) fn give_name(
    work: &mut Work<'_>,
    client: i64,
    name: Option<&str>,
) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE clients SET given_name = ?2 WHERE key = ?1",
        (client, name),
    )?;
    has_changed_of(work, client)
}

/// What staff should know about a client.
pub(crate) fn note(work: &mut Work<'_>, client: i64, note: &str) -> Result<(), StoreError> {
    work.tx.execute(
        "UPDATE clients SET note = ?2 WHERE key = ?1",
        (client, note),
    )?;
    has_changed_of(work, client)
}

/// Each chat row carries its client, and the archive finds closed ones by name.
fn has_changed_of(work: &mut Work<'_>, client: i64) -> Result<(), StoreError> {
    let chats = work.tx.reader().all(
        "SELECT key FROM chats WHERE client = ?1",
        (client,),
        |row| row.get(0),
    )?;
    for chat in chats {
        work.touch_chat(chat)?;
        crate::chats::bump(work, chat)?;
        archive_index::write_client_down(work, chat)?;
    }
    Ok(())
}

/// All that is known of a client on a channel, strongest first.
pub(crate) fn identities(
    reader: Reader<'_>,
    client: i64,
    channel: i64,
) -> Result<Vec<Identity>, StoreError> {
    let mut identities = reader.all(
        "SELECT kind, value FROM identities WHERE client = ?1 AND channel = ?2",
        (client, channel),
        |row| {
            Ok(Identity {
                kind: crate::sql::word(row, 0, IdentityKind::parse)?,
                value: row.get(1)?,
            })
        },
    )?;
    identities.sort();
    Ok(identities)
}

//! The change feed: what is new to a reader, after a commit, since a cursor, or altogether.
//!
//! Nothing is replayed that has been overtaken: rows are read as they are now, ordered by their
//! last change. A page may be cut anywhere in that order, since a reader who holds everything up
//! to a change and then reads on from it misses nothing and gets nothing wrong twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pult_domain::{OperatorId, Place, Seq};
use pult_protocol::{
    ChannelRow, ChatRow, CompanyRow, Cursor, DraftRow, EntryRow, GoneWhy, IntegrationRow,
    MAX_FRAME_BYTES, MarkRow, NEWEST_ENTRIES, OperatorRow, Row,
};
use pult_sqlite::Reader;

use crate::writer::Work;
use crate::{
    IsFollowed, ReadyAnswerChange, StoreError, audience, channels, chats, company, drafts, entries,
    integrations, marks, operators, ready_answers, sql,
};

/// Most bytes of a page's rows as JSON, unless one change alone is larger. A connection keeps the
/// memory of the largest frame that it was sent, and there are many connections.
pub(crate) const PAGE_BYTES: usize = MAX_FRAME_BYTES / 64;

/// Most bytes of a chat's newest entries, or of a page of its older ones, as JSON, which go out
/// undivided: some clients write without end, and a frame must hold them with all the rest. Older ones
/// are asked for when they are looked at.
const NEWEST_BYTES: usize = MAX_FRAME_BYTES / 2;

/// More changes than this are not read one by one: a snapshot is smaller.
pub(crate) const MAX_CHANGES: usize = 5_000;

/// What one commit changed.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// The last change before it.
    pub from: Seq,
    /// Its last change.
    pub to: Seq,
    /// Whether the chats, marks and ready answers that changed are in it. They are not if nobody at all followed
    /// commits when it was made: whoever follows them since reads from the store.
    pub is_whole: bool,
    /// Chats that changed.
    pub chats: Vec<Arc<ChatChange>>,
    /// Operators that changed; everybody sees them.
    pub operators: Vec<OperatorRow>,
    /// Channels that changed; everybody sees them.
    pub channels: Vec<ChannelRow>,
    /// Integrations that changed; everybody sees them.
    pub integrations: Vec<IntegrationRow>,
    /// The company's settings if they changed; everybody sees them.
    pub company: Option<CompanyRow>,
    /// Read marks that grew in what their owner sees, or whose chat came into their sight again, and
    /// whose they are.
    pub marks: Vec<(OperatorId, MarkRow)>,
    /// Ready answers that are new, have changed or are gone.
    pub ready_answers: Vec<ReadyAnswerChange>,
    /// Drafts that changed, or whose chat came into their author's sight again, and whose they are.
    pub drafts: Vec<(OperatorId, DraftRow)>,
    /// Whether a lane of delivery may have something to do.
    pub lanes: bool,
}

/// What one commit changed in a chat.
#[derive(Debug, Clone)]
pub struct ChatChange {
    /// The chat after it.
    pub chat: ChatRow,
    /// Entries that are new or changed, by place.
    pub entries: Vec<EntryRow>,
    /// The chat's newest entries, for readers who see it from now on. None if nobody does who
    /// followed commits when it was made: whoever follows them since reads from the store.
    pub newest: Option<Vec<EntryRow>>,
    /// Who saw the chat before.
    pub before: Audience,
    /// Who sees it now.
    pub after: Audience,
    /// Readers to whom it is gone because it was closed while they took part.
    pub closed_to: BTreeSet<OperatorId>,
}

/// A set of readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Every operator.
    Everyone,
    /// These.
    Only(BTreeSet<OperatorId>),
}

impl Audience {
    /// Whether `operator` belongs to it.
    #[must_use]
    pub fn includes(&self, operator: OperatorId) -> bool {
        match self {
            Self::Everyone => true,
            Self::Only(operators) => operators.contains(&operator),
        }
    }
}

/// Rows that are new to a reader, and where the reader stands with them.
#[derive(Debug, Clone)]
pub struct Page {
    /// Whether it begins a snapshot.
    pub starts_snapshot: bool,
    /// The rows, in the order of their change.
    pub rows: Vec<Row>,
    /// Where the reader stands after it; none within a snapshot that goes on.
    pub cursor: Option<Cursor>,
    /// How many rows follow.
    pub behind: usize,
}

/// The last change in the store.
pub(crate) fn seq(reader: Reader<'_>) -> Result<Seq, StoreError> {
    Ok(Seq(
        reader.one("SELECT seq FROM store", (), |row| row.get(0))?
    ))
}

/// Begins an epoch with the next change.
pub(crate) fn begin_epoch(work: &Work<'_>) -> Result<String, StoreError> {
    let epoch = uuid::Uuid::now_v7().to_string();
    work.tx.execute(
        "INSERT INTO epochs (epoch, from_seq) VALUES (?1, ?2)",
        (&epoch, work.seq()),
    )?;
    Ok(epoch)
}

/// The present epoch; before anybody serves the store it has no name.
pub(crate) fn epoch(reader: Reader<'_>) -> Result<String, StoreError> {
    let sql = "SELECT epoch FROM epochs WHERE key = (SELECT max(key) FROM epochs)";
    let present = reader.optional(sql, (), |row| row.get(0))?;
    Ok(present.unwrap_or_default())
}

/// Whether the change at which the cursor stands is in this file: its epoch is, and had come that
/// far before the next one began.
fn knows(reader: Reader<'_>, cursor: &Cursor, head: Seq) -> Result<bool, StoreError> {
    let end = reader.optional(
        "SELECT coalesce((SELECT from_seq FROM epochs later WHERE later.key > mine.key
                          ORDER BY later.key LIMIT 1), ?2)
         FROM epochs mine WHERE epoch = ?1",
        (&cursor.epoch, head.0),
        |row| row.get(0).map(Seq),
    )?;
    Ok(end.is_some_and(|end| cursor.seq <= end))
}

/// Reads what a group of work has changed; none if nobody can see any of it and no lane moved.
pub(crate) fn change_set(
    reader: Reader<'_>,
    from: Seq,
    group: &Work<'_>,
    is_followed: &IsFollowed,
) -> Result<Option<ChangeSet>, StoreError> {
    let touched = &group.touched;
    if group.seq() == from.0 && !touched.lanes {
        return Ok(None);
    }
    let mut set = ChangeSet {
        from,
        to: Seq(group.seq()),
        is_whole: is_followed(&Audience::Everyone),
        chats: Vec::with_capacity(touched.chats.len()),
        operators: Vec::new(),
        channels: Vec::new(),
        integrations: Vec::new(),
        company: None,
        marks: Vec::new(),
        ready_answers: Vec::new(),
        drafts: Vec::new(),
        lanes: touched.lanes,
    };
    for operator in &touched.operators {
        set.operators.push(operators::row(reader, *operator)?);
    }
    for channel in &touched.channels {
        set.channels.push(channels::row(reader, *channel)?);
    }
    for integration in &touched.integrations {
        set.integrations
            .push(integrations::row(reader, *integration)?);
    }
    if touched.company {
        set.company = Some(company::row(reader)?);
    }
    if !set.is_whole {
        return Ok(Some(set));
    }
    for answer in &touched.ready_answers {
        set.ready_answers
            .extend(ready_answers::changed(reader, *answer)?);
    }
    let mut own_marks = touched.marks.clone();
    let mut own_drafts = touched.drafts.clone();
    for (chat, changed) in &touched.chats {
        let before = touched.seen_before.get(chat).cloned().unwrap_or_default();
        let sight = SightChange::of(before, audience::present(reader, *chat)?);
        let change = chat_change(reader, from, *chat, changed, &sight, is_followed)?;
        // Without them whoever sees it from now on reads from the store, marks and all.
        if change.newest.is_some() {
            let reappear = |of: Vec<i64>| {
                let of = of.into_iter();
                of.filter(|operator| sight.begins_for(*operator))
                    .map(|operator| (operator, *chat))
            };
            own_marks.extend(reappear(marks::readers_of(reader, *chat)?));
            own_drafts.extend(reappear(drafts::writers_of(reader, *chat)?));
        }
        set.chats.push(Arc::new(change));
    }
    for (operator, chat) in own_marks {
        if let Some(id) = sees(reader, operator, chat)? {
            set.marks.push((id, marks::row(reader, operator, chat)?));
        }
    }
    for (operator, chat) in own_drafts {
        if let Some(id) = sees(reader, operator, chat)? {
            let drafts = drafts::of_chat(reader, operator, chat)?.into_iter();
            set.drafts.extend(drafts.map(|draft| (id, draft)));
        }
    }
    Ok(Some(set))
}

/// The operator of that key, if they see the chat: what left their sight took along what is theirs in
/// it.
fn sees(reader: Reader<'_>, operator: i64, chat: i64) -> Result<Option<OperatorId>, StoreError> {
    let readers = audience::present(reader, chat)?;
    if !readers.contains(&audience::EVERYONE) && !readers.contains(&operator) {
        return Ok(None);
    }
    Ok(Some(operators::row(reader, operator)?.id))
}

/// Who saw a chat before a group of work, and after it, by key.
struct SightChange {
    before: BTreeSet<i64>,
    after: BTreeSet<i64>,
    /// Those to whom it comes into sight.
    begins: BTreeSet<i64>,
}

impl SightChange {
    fn of(before: BTreeSet<i64>, after: BTreeSet<i64>) -> Self {
        let begins = if before.contains(&audience::EVERYONE) {
            BTreeSet::new()
        } else {
            after.difference(&before).copied().collect()
        };
        Self {
            before,
            after,
            begins,
        }
    }

    fn begins_for(&self, operator: i64) -> bool {
        self.begins.contains(&operator)
            || (self.begins.contains(&audience::EVERYONE) && !self.before.contains(&operator))
    }
}

fn chat_change(
    reader: Reader<'_>,
    from: Seq,
    chat: i64,
    changed: &BTreeSet<i64>,
    sight: &SightChange,
    is_followed: &IsFollowed,
) -> Result<ChatChange, StoreError> {
    let SightChange {
        before,
        after,
        begins,
    } = sight;
    let mut rows = Vec::with_capacity(changed.len());
    for entry in changed {
        rows.push(entries::by_key(reader, *entry)?);
    }
    rows.sort_by_key(|entry| entry.place);
    let mut closed_to = BTreeSet::new();
    for operator in audience::ended_by_close(reader, chat, from)? {
        let sees_now = after.contains(&audience::EVERYONE) || after.contains(&operator);
        if !sees_now && audience::gone_why(reader, chat, operator)? == GoneWhy::Closed {
            closed_to.insert(operators::row(reader, operator)?.id);
        }
    }
    let row = chats::row(reader, chat)?;
    // What a chat held before lies all over the file, and the one thread that writes is here.
    let newest = if begins.is_empty() || !is_followed(&of_keys(reader, begins)?) {
        None
    } else if is_all_of(&rows, &row) {
        Some(newest_that_fit(rows.clone())?)
    } else {
        Some(newest_entries(reader, chat)?)
    };
    Ok(ChatChange {
        chat: row,
        entries: rows,
        newest,
        before: of_keys(reader, before)?,
        after: of_keys(reader, after)?,
        closed_to,
    })
}

/// Whether these entries of a chat, by place, are all that it has.
fn is_all_of(entries: &[EntryRow], chat: &ChatRow) -> bool {
    u32::try_from(entries.len())
        .is_ok_and(|n| n <= NEWEST_ENTRIES && i64::from(n) == chat.last_place.0)
}

/// The audience that these keys of operators stand for.
pub(crate) fn of_keys(reader: Reader<'_>, keys: &BTreeSet<i64>) -> Result<Audience, StoreError> {
    if keys.contains(&audience::EVERYONE) {
        return Ok(Audience::Everyone);
    }
    let ids: Result<_, StoreError> = keys
        .iter()
        .map(|key| Ok(operators::row(reader, *key)?.id))
        .collect();
    Ok(Audience::Only(ids?))
}

/// What is new to a reader since `cursor`, or a snapshot if there is no cursor, it is of a past
/// that this file does not have, or too much has changed.
pub(crate) fn read(
    reader: Reader<'_>,
    operator: OperatorId,
    cursor: Option<&Cursor>,
    page_bytes: usize,
) -> Result<Vec<Page>, StoreError> {
    let operator = chats::operator_key(reader, operator)?;
    let epoch = epoch(reader)?;
    let head = seq(reader)?;
    let changes = match cursor {
        Some(cursor) if knows(reader, cursor, head)? => {
            changes_since(reader, operator, cursor.seq.0)?
        }
        Some(_) | None => None,
    };
    let cursor_at = |seq| {
        Some(Cursor {
            epoch: epoch.clone(),
            seq,
        })
    };
    match changes {
        Some(changes) => pages_of_changes(reader, changes, page_bytes, head, cursor_at),
        None => pages_of_snapshot(reader, operator, page_bytes, head, cursor_at),
    }
}

/// Rows that belong to one change, and the chat whose row must come with them.
struct Change {
    seq: i64,
    chat: Option<i64>,
    rows: Vec<Row>,
}

/// None when there are so many that a snapshot is smaller.
fn changes_since(
    reader: Reader<'_>,
    operator: i64,
    since: i64,
) -> Result<Option<Vec<Change>>, StoreError> {
    let mut changes = Vec::new();
    let plain = |seq, row| Change {
        seq,
        chat: None,
        rows: vec![row],
    };
    for (seq, row) in operators::changed_since(reader, since)? {
        changes.push(plain(seq, Row::Operator(row)));
    }
    for (seq, row) in channels::changed_since(reader, since)? {
        changes.push(plain(seq, Row::Channel(row)));
    }
    for (seq, row) in integrations::changed_since(reader, since)? {
        changes.push(plain(seq, Row::Integration(row)));
    }
    let company = company::changed_since(reader, since)?;
    changes.extend(company.map(|(seq, row)| plain(seq, Row::Company(row))));
    for (seq, row) in ready_answers::changed_since(reader, operator, since, MAX_CHANGES + 1)? {
        changes.push(plain(seq, row));
    }
    let mut seen = visible(reader, operator)?;
    for (chat, from) in &mut seen {
        *from = audience::unbroken_since(reader, *chat, operator, *from, since)?;
    }
    gone_since(reader, operator, since, &seen, &mut changes)?;
    for (chat, from) in &seen {
        if changes.len() > MAX_CHANGES {
            return Ok(None);
        }
        if *from > since {
            changes.push(begin_of_sight(reader, *chat, *from)?);
        } else if chats::seq(reader, *chat)?.0 > since {
            let room = MAX_CHANGES + 1 - changes.len();
            let changed = entries::changed_since(reader, *chat, since, room)?;
            changes.extend(changed.into_iter().map(|(seq, entry)| Change {
                seq,
                chat: Some(*chat),
                rows: vec![Row::Entry(entry)],
            }));
            let seq = chats::seq(reader, *chat)?.0;
            changes.push(Change {
                seq,
                chat: Some(*chat),
                rows: Vec::new(),
            });
        }
    }
    let is_still_seen = |chat: i64| seen.get(&chat).is_some_and(|from| *from <= since);
    for (seq, chat, row) in marks::changed_since(reader, operator, since)? {
        if is_still_seen(chat) {
            changes.push(plain(seq, Row::Mark(row)));
        }
    }
    for (seq, chat, row) in drafts::changed_since(reader, operator, since)? {
        if is_still_seen(chat) {
            changes.push(plain(seq, Row::Draft(row)));
        }
    }
    // A chat that came into sight carries what was made in it, and nothing of it comes before it.
    for (chat, from) in seen.iter().filter(|(_, from)| **from > since) {
        for own in own_rows(reader, operator, *chat)? {
            changes.push(plain(*from, own));
        }
    }
    changes.sort_by_key(|change| change.seq);
    Ok((changes.len() <= MAX_CHANGES).then_some(changes))
}

/// What is a reader's own in a chat.
fn own_rows(reader: Reader<'_>, operator: i64, chat: i64) -> Result<Vec<Row>, StoreError> {
    let mark = marks::of_chat(reader, operator, chat)?.map(Row::Mark);
    let drafts = drafts::of_chat(reader, operator, chat)?.into_iter();
    Ok(mark.into_iter().chain(drafts.map(Row::Draft)).collect())
}

/// Chats that the reader sees now, and since which change: as everybody, or as who takes part.
fn visible(reader: Reader<'_>, operator: i64) -> Result<BTreeMap<i64, i64>, StoreError> {
    let open = reader.all(
        "SELECT chat, min(from_seq) FROM audience
         WHERE operator IN (0, ?1) AND until_seq = ?2 GROUP BY chat",
        (operator, audience::OPEN),
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(open.into_iter().collect())
}

/// Chats that the reader saw at `since` and lost sight of later. One that they see again is gone
/// at the break all the same: whoever stops reading between the two must not go on holding it.
fn gone_since(
    reader: Reader<'_>,
    operator: i64,
    since: i64,
    seen: &BTreeMap<i64, i64>,
    changes: &mut Vec<Change>,
) -> Result<(), StoreError> {
    let ended = reader.all(
        "SELECT chat, max(until_seq) FROM audience
         WHERE operator IN (0, ?1) AND until_seq > ?2 AND until_seq < ?3 AND from_seq <= ?2
         GROUP BY chat",
        (operator, since, audience::OPEN),
        |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)),
    )?;
    for (chat, seq) in ended {
        if seen.get(&chat).is_some_and(|from| *from <= since) {
            continue;
        }
        let chat_id = reader.one("SELECT id FROM chats WHERE key = ?1", (chat,), |row| {
            sql::id(row, 0, pult_domain::ChatId)
        })?;
        let why = audience::gone_why(reader, chat, operator)?;
        changes.push(Change {
            seq,
            chat: None,
            rows: vec![Row::Gone { chat_id, why }],
        });
    }
    Ok(())
}

/// The chat as somebody gets it who has not seen it until now.
fn begin_of_sight(reader: Reader<'_>, chat: i64, from: i64) -> Result<Change, StoreError> {
    let mut row = chats::row(reader, chat)?;
    row.fresh = true;
    let newest = newest_entries(reader, chat)?;
    let rows = std::iter::once(Row::Chat(row)).chain(newest.into_iter().map(Row::Entry));
    Ok(Change {
        seq: from,
        chat: None,
        rows: rows.collect(),
    })
}

/// A chat's newest entries, oldest first: at least the last one.
pub(crate) fn newest_entries(reader: Reader<'_>, chat: i64) -> Result<Vec<EntryRow>, StoreError> {
    newest_that_fit(entries::before(
        reader,
        chat,
        Place(i64::MAX),
        NEWEST_ENTRIES,
    )?)
}

/// The last of these entries that go out undivided: at least one.
pub(crate) fn newest_that_fit(mut newest: Vec<EntryRow>) -> Result<Vec<EntryRow>, StoreError> {
    let (mut bytes, mut n_fit) = (0_usize, 0);
    for entry in newest.iter().rev() {
        bytes = bytes.saturating_add(sql::to_json(entry)?.len());
        if n_fit > 0 && bytes > NEWEST_BYTES {
            break;
        }
        n_fit += 1;
    }
    Ok(newest.split_off(newest.len() - n_fit))
}

fn pages_of_changes(
    reader: Reader<'_>,
    changes: Vec<Change>,
    page_bytes: usize,
    head: Seq,
    cursor_at: impl Fn(Seq) -> Option<Cursor>,
) -> Result<Vec<Page>, StoreError> {
    let mut behind: usize = changes.iter().map(|change| change.rows.len()).sum();
    let mut pages = Vec::new();
    let mut page = PageOfChanges::default();
    for change in changes {
        let bytes = size(&change.rows)?;
        // Rows of one change stay together: the cursor stands between changes.
        if !page.is_empty()
            && page.bytes.saturating_add(bytes) > page_bytes
            && change.seq != page.last_seq
        {
            let full = std::mem::take(&mut page);
            behind = behind.saturating_sub(full.rows.len());
            let seq = Seq(full.last_seq);
            pages.push(full.finish(behind, cursor_at(seq)));
        }
        page.last_seq = change.seq;
        page.bytes += bytes;
        if let Some(chat) = change.chat
            && !page.chats.contains_key(&chat)
        {
            let row = Row::Chat(chats::row(reader, chat)?);
            page.bytes += size(std::slice::from_ref(&row))?;
            page.chats.insert(chat, row);
        }
        page.rows.extend(change.rows);
    }
    pages.push(page.finish(0, cursor_at(head)));
    Ok(pages)
}

/// How many bytes rows take as JSON.
fn size(rows: &[Row]) -> Result<usize, StoreError> {
    Ok(sql::to_json(&rows)?.len())
}

#[derive(Default)]
struct PageOfChanges {
    /// The present row of every chat that has a change in the page.
    chats: BTreeMap<i64, Row>,
    rows: Vec<Row>,
    bytes: usize,
    last_seq: i64,
}

impl PageOfChanges {
    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.chats.is_empty()
    }

    /// The page. A chat comes before its entries, so that a reader never has lines of an unknown
    /// chat.
    fn finish(self, behind: usize, cursor: Option<Cursor>) -> Page {
        Page {
            starts_snapshot: false,
            rows: self.chats.into_values().chain(self.rows).collect(),
            cursor,
            behind,
        }
    }
}

fn pages_of_snapshot(
    reader: Reader<'_>,
    operator: i64,
    page_bytes: usize,
    head: Seq,
    cursor_at: impl Fn(Seq) -> Option<Cursor>,
) -> Result<Vec<Page>, StoreError> {
    let mut rows = Vec::new();
    rows.extend(
        operators::changed_since(reader, 0)?
            .into_iter()
            .map(|(_, row)| Row::Operator(row)),
    );
    rows.extend(
        channels::changed_since(reader, 0)?
            .into_iter()
            .map(|(_, row)| Row::Channel(row)),
    );
    rows.extend(
        integrations::changed_since(reader, 0)?
            .into_iter()
            .map(|(_, row)| Row::Integration(row)),
    );
    rows.push(Row::Company(company::row(reader)?));
    rows.extend(
        ready_answers::changed_since(reader, operator, 0, usize::MAX)?
            .into_iter()
            .map(|(_, row)| row),
    );
    for chat in visible(reader, operator)?.into_keys() {
        rows.extend(begin_of_sight(reader, chat, 0)?.rows);
        rows.extend(own_rows(reader, operator, chat)?);
    }
    let mut behind = rows.len();
    let page = |rows, behind| Page {
        starts_snapshot: false,
        rows,
        cursor: None,
        behind,
    };
    let mut pages = Vec::new();
    let (mut part, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let row_bytes = size(std::slice::from_ref(&row))?;
        if !part.is_empty() && bytes + row_bytes > page_bytes {
            behind -= part.len();
            pages.push(page(std::mem::take(&mut part), behind));
            bytes = 0;
        }
        bytes += row_bytes;
        part.push(row);
    }
    pages.push(Page {
        cursor: cursor_at(head),
        ..page(part, 0)
    });
    if let Some(first) = pages.first_mut() {
        first.starts_snapshot = true;
    }
    Ok(pages)
}

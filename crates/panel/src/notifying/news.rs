//! What of a chat is news to its reader: the most urgent of all that came since they were told.

use pult_domain::{OperatorId, Place, Status};
use pult_protocol::{ChatRow, EntryBody, EntryRow, Notice, NotificationKind};

use crate::trials::{self, Bug};

/// What was told of a chat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Up to here.
    pub(crate) place: Place,
    /// That it stands in the queue.
    pub(crate) is_queued: bool,
    /// That a rule asks for one's attention there.
    pub(crate) is_suggested: bool,
    /// Up to here that replies will not arrive.
    pub(crate) failed_place: Place,
}

impl Told {
    /// All that there is of a chat is told.
    pub(crate) fn all_of(chat: &ChatRow, me: OperatorId) -> Self {
        let is_queued = chat.status == Status::Queued;
        Self {
            place: chat.last_place,
            is_queued,
            is_suggested: is_queued && chat.suggested_owner_id == Some(me),
            failed_place: Place::default(),
        }
    }
}

/// A chat of which something may be news.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) me: OperatorId,
    pub(crate) chat: &'a ChatRow,
    /// Whether I, who observe, want to be told only of what is addressed to me.
    pub(crate) only_addressed: bool,
    /// Entries that were neither told nor read, in their order.
    pub(crate) entries: &'a [EntryRow],
    /// Up to here it was read, on whichever device.
    pub(crate) read_place: Place,
}

/// What is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News<'a> {
    pub(crate) what: NotificationKind,
    /// The entry that a click leads to; none if none of those held is it.
    pub(crate) entry: Option<&'a EntryRow>,
    /// How many messages of the client came.
    pub(crate) n: usize,
}

impl<'a> Reading<'a> {
    /// The most urgent of what is news, if anything is.
    pub(crate) fn news(&self, told: Told) -> Option<News<'a>> {
        let mentions_me = |entry: &&EntryRow| match &entry.body {
            EntryBody::Comment { mentions, .. } => mentions.contains(&self.me),
            EntryBody::Inbound { .. }
            | EntryBody::InboundPlaceholder { .. }
            | EntryBody::Outbound { .. }
            | EntryBody::Notice { .. } => false,
        };
        let mention = self.of_others().rfind(mentions_me);
        let news = |what, entry| {
            let n = self.of_others().filter(is_inbound).count();
            Some(News { what, entry, n })
        };
        match self.chat.status {
            Status::Closed => None,
            _ if mention.is_some() && !self.drowns(mention) => {
                news(NotificationKind::Mention, mention)
            }
            // On another device of mine.
            Status::Queued if self.read_place >= self.chat.last_place => None,
            Status::Queued => {
                let newest = self.of_others().rfind(is_inbound);
                // Whoever has read of it on another device knows that it stands there.
                let is_known = told.is_queued || self.read_place > Place::default();
                let is_queued = is_known && !self.of_others().any(is_into_queue);
                if self.chat.suggested_owner_id == Some(self.me) && !told.is_suggested {
                    news(NotificationKind::Suggested, newest)
                } else if !is_queued && !self.is_of_mine() {
                    news(NotificationKind::NewInQueue, newest)
                } else {
                    None
                }
            }
            Status::InWork => self.in_work(news),
        }
    }

    fn in_work(
        &self,
        news: impl Fn(NotificationKind, Option<&'a EntryRow>) -> Option<News<'a>>,
    ) -> Option<News<'a>> {
        let newest = self.of_others().rfind(is_inbound);
        if self.chat.owner_id == Some(self.me) {
            let became_mine = |entry| became(entry, self.me).map(|what| (what, entry));
            return match (self.of_others().filter_map(became_mine).next_back(), newest) {
                (Some((what, entry)), newest) => news(what, self.words_with(entry).or(newest)),
                (None, Some(newest)) => news(NotificationKind::NewMessage, Some(newest)),
                (None, None) => None,
            };
        }
        let observes = self.chat.observer_ids.contains(&self.me) && !self.only_addressed;
        match newest {
            Some(newest) if observes => news(NotificationKind::Observed, Some(newest)),
            Some(_) | None => None,
        }
    }

    /// The comment that came with a chat when a colleague gave it.
    fn words_with(&self, given: &EntryRow) -> Option<&'a EntryRow> {
        let next = given.place.next();
        self.of_others()
            .find(|entry| entry.place == next && matches!(entry.body, EntryBody::Comment { .. }))
    }

    /// Nobody is told of what they have done themselves, nor of what happened by itself.
    fn of_others(&self) -> impl DoubleEndedIterator<Item = &'a EntryRow> + use<'a> {
        let me = self.me;
        let is_own = move |entry: &EntryRow| is_by(entry, me) && !trials::has(Bug::TellsOfOwn);
        self.entries
            .iter()
            .filter(move |entry| !is_own(entry) && entry.automatic.is_none())
    }

    /// Whether a mention is overlooked for what the client wrote: never but by a planted bug.
    fn drowns(&self, mention: Option<&EntryRow>) -> bool {
        trials::has(Bug::MentionsDrown)
            && self.of_others().any(|entry| {
                is_inbound(&entry) && mention.is_some_and(|other| entry.place > other.place)
            })
    }

    /// Whether it came into the queue by me.
    fn is_of_mine(&self) -> bool {
        let newest = self.entries.iter().rfind(|entry| is_into_queue(entry));
        newest.is_some_and(|entry| is_by(entry, self.me) && !trials::has(Bug::TellsOfOwn))
    }
}

/// Whether it came into the queue by what an entry tells.
const fn is_into_queue(entry: &EntryRow) -> bool {
    let EntryBody::Notice { notice } = &entry.body else {
        return false;
    };
    matches!(
        notice,
        Notice::Returned { .. }
            | Notice::ReopenedToQueue { .. }
            | Notice::CameBackToQueue { .. }
            | Notice::OwnerDeactivated { .. }
    )
}

fn is_inbound(entry: &&EntryRow) -> bool {
    matches!(
        entry.body,
        EntryBody::Inbound { .. } | EntryBody::InboundPlaceholder { .. }
    )
}

/// Whether somebody has written the entry, or done what it tells of.
fn is_by(entry: &EntryRow, who: OperatorId) -> bool {
    if entry.author_id == Some(who) {
        return true;
    }
    let EntryBody::Notice { notice } = &entry.body else {
        return false;
    };
    let by = match notice {
        Notice::Transferred { by, .. }
        | Notice::Assigned { by, .. }
        | Notice::Returned { by, .. }
        | Notice::Closed { by }
        | Notice::Reopened { by, .. }
        | Notice::ReopenedToQueue { by, .. }
        | Notice::Joined { by, .. }
        | Notice::Removed { by, .. } => *by,
        Notice::Taken { by } | Notice::NoAnswerNeeded { by } => Some(*by),
        Notice::Left { observer } => Some(*observer),
        Notice::CameBack { .. }
        | Notice::CameBackToQueue { .. }
        | Notice::OwnerDeactivated { .. }
        | Notice::ObserverDeactivated { .. }
        | Notice::Newer => None,
    };
    by == Some(who)
}

/// How the chat became somebody's by what an entry tells, if it did.
fn became(entry: &EntryRow, whose: OperatorId) -> Option<NotificationKind> {
    let EntryBody::Notice { notice } = &entry.body else {
        return None;
    };
    let (what, owner) = match notice {
        Notice::Transferred { to, .. } | Notice::Assigned { to, .. } => {
            (NotificationKind::Given, *to)
        }
        Notice::Reopened { owner, .. } | Notice::CameBack { owner } => {
            (NotificationKind::Reopened, *owner)
        }
        Notice::Taken { .. }
        | Notice::Joined { .. }
        | Notice::Left { .. }
        | Notice::Removed { .. }
        | Notice::Returned { .. }
        | Notice::NoAnswerNeeded { .. }
        | Notice::Closed { .. }
        | Notice::ReopenedToQueue { .. }
        | Notice::CameBackToQueue { .. }
        | Notice::OwnerDeactivated { .. }
        | Notice::ObserverDeactivated { .. }
        | Notice::Newer => return None,
    };
    (owner == whose).then_some(what)
}

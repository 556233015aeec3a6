//! A simple model of what an operator is to be told, written from what was promised.
//!
//! It knows chats as lists of what happened in them, one list for everybody, and for each device how
//! far of each list it has told. It knows nothing of rows, entries, marks and places, nor of how the
//! panel goes about it.

use std::collections::{BTreeMap, BTreeSet};

use pult_protocol::{Alert, NotificationKind as Kind};

/// Of more chats than these there is one banner for all.
const MAX_BANNERS: usize = 3;

/// An operator, by their place among them.
pub(super) type Who = usize;

/// A chat, by its place among them.
pub(super) type ChatNo = usize;

/// Where a chat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    Queued,
    InWork(Who),
    /// With whom the chat was, if with anybody.
    Closed(Option<Who>),
}

/// Something that happened in a chat, and who did it; nobody, if a client or a program did.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) what: What,
    pub(super) by: Option<Who>,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// The client wrote.
    Client(String),
    /// Somebody answered.
    Reply,
    /// A hidden comment, and whom it mentions.
    Comment(String, Vec<Who>),
    /// It came into the queue.
    Queued,
    /// It was given to somebody.
    Given(Who),
    /// It was closed, and is with somebody again.
    Reopened(Who),
    /// An answer will not arrive.
    Failed,
}

impl Line {
    fn of_client(&self) -> Option<&String> {
        if let What::Client(text) = &self.what {
            Some(text)
        } else {
            None
        }
    }

    /// The text of a comment, if it mentions somebody.
    fn mention_of(&self, who: Who) -> Option<&String> {
        if let What::Comment(text, whom) = &self.what
            && whom.contains(&who)
        {
            Some(text)
        } else {
            None
        }
    }

    /// How the chat became somebody's by it, if it did.
    fn became(&self, whose: Who) -> Option<Kind> {
        let (to, what) = if let What::Given(to) = self.what {
            (to, Kind::Given)
        } else if let What::Reopened(to) = self.what {
            (to, Kind::Reopened)
        } else {
            return None;
        };
        (to == whose).then_some(what)
    }
}

/// A chat.
#[derive(Debug, Clone)]
pub(super) struct Chat {
    pub(super) stands: Stands,
    pub(super) observers: BTreeSet<Who>,
    pub(super) lines: Vec<Line>,
    /// How many of the lines somebody has read, on whichever device.
    pub(super) read: BTreeMap<Who, usize>,
}

/// All that matters to more than one device.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) chats: Vec<Chat>,
    /// Who has said that they are away.
    pub(super) away: BTreeSet<Who>,
}

/// What is before the eyes of whoever sits at a device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Looks {
    pub(super) chat: Option<ChatNo>,
    pub(super) in_front: bool,
}

/// How the operator wants to be told on a device.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a box that is ticked or not"
)]
pub(super) struct Wishes {
    pub(super) kinds: BTreeMap<Kind, Alert>,
    /// Whether it is quiet by hand, or by the hour of the day.
    pub(super) is_quiet: bool,
    pub(super) quiet_when_away: bool,
    pub(super) lets_mentions_through: bool,
    pub(super) hides_text: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            kinds: BTreeMap::new(),
            is_quiet: false,
            quiet_when_away: false,
            lets_mentions_through: true,
            hides_text: false,
        }
    }
}

/// What a banner is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    Chat(ChatNo),
    Several,
}

/// What a banner may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Words {
    Exactly(String),
    /// What the chat showed before: the model does not say what.
    Any,
}

/// Something that is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) what: Kind,
    pub(super) about: About,
    pub(super) words: Words,
    /// How many messages of the client, or chats; none if the model does not say.
    pub(super) n: Option<usize>,
    pub(super) banner: bool,
    pub(super) sound: bool,
}

/// News of a chat that are on the screen, and how many of its lines they tell.
type Shown = (ChatNo, Kind, usize);

/// A device, as the model sees it.
#[derive(Debug, Clone, Default)]
pub(super) struct Device {
    pub(super) who: Who,
    pub(super) looks: Looks,
    pub(super) wishes: Wishes,
    /// How many lines of each chat were told, or had not to be.
    told: BTreeMap<ChatNo, usize>,
    /// What stands on the screen, and of which news each consists.
    screen: BTreeMap<About, Vec<Shown>>,
}

/// What a device tells at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Telling {
    /// What is announced.
    pub(super) announced: Vec<Announced>,
    /// What stands in the list of it: of each chat once.
    pub(super) listed: Vec<(Kind, ChatNo)>,
}

/// The most urgent of what is new in a chat.
struct News {
    what: Kind,
    words: Words,
    n: Option<usize>,
}

impl Chat {
    pub(super) const fn new() -> Self {
        Self {
            stands: Stands::Closed(None),
            observers: BTreeSet::new(),
            lines: Vec::new(),
            read: BTreeMap::new(),
        }
    }

    /// Whether somebody sees it in their panel.
    pub(super) fn is_seen_by(&self, who: Who) -> bool {
        match self.stands {
            Stands::Queued => true,
            Stands::InWork(owner) => owner == who || self.observers.contains(&who),
            Stands::Closed(_) => false,
        }
    }

    /// What is new to somebody in it after so many lines. Nobody is told of what they did themselves.
    fn news(&self, who: Who, told: usize) -> Option<News> {
        if !self.is_seen_by(who) {
            return None;
        }
        let read = self.read.get(&who).copied().unwrap_or(0);
        let of_others = |from: usize| {
            let lines = self.lines.iter().skip(from);
            lines.filter(move |line| line.by != Some(who))
        };
        let new = || of_others(told.max(read));
        let written: Vec<&String> = new().filter_map(Line::of_client).collect();
        let last_written = || written.last().map(|text| Words::Exactly((*text).clone()));
        let news = |what, words, n| Some(News { what, words, n });
        if let Some(text) = new().filter_map(|line| line.mention_of(who)).next_back() {
            return news(Kind::Mention, Words::Exactly(text.clone()), None);
        }
        if self.stands == Stands::Queued {
            // Of a chat that stands there the client's next message is no news, nor is that it stands there
            // to whoever put it there.
            let mut lines = self.lines.iter().skip(told.max(read));
            let put_there = lines.rfind(|line| matches!(line.what, What::Queued))?;
            if put_there.by == Some(who) {
                return None;
            }
            let is_new = told == 0 && self.lines.len() == written.len() + 1;
            let words = last_written().unwrap_or(Words::Any);
            return news(Kind::NewInQueue, words, is_new.then_some(written.len()));
        }
        if self.stands == Stands::InWork(who) {
            if let Some(what) = new().filter_map(|line| line.became(who)).next_back() {
                let words = self.words_of_mine(told.max(read), who);
                return news(what, words, None);
            }
            // That it failed is seen in the conversation alone, wherever it was read to before.
            if of_others(told).any(|line| matches!(line.what, What::Failed)) {
                let nothing = Words::Exactly(String::new());
                return news(Kind::NotDelivered, nothing, None);
            }
            return news(Kind::NewMessage, last_written()?, Some(written.len()));
        }
        news(Kind::Observed, last_written()?, Some(written.len()))
    }

    /// What is said of a chat that has become somebody's: what came with it if it was given, else
    /// what the client wrote.
    fn words_of_mine(&self, from: usize, who: Who) -> Words {
        let new: Vec<&Line> = self.lines.iter().skip(from).collect();
        let given = new.iter().rposition(|line| line.became(who).is_some());
        let next = given.and_then(|at| new.get(at + 1));
        let next = next.filter(|line| line.by != Some(who));
        if let Some(What::Comment(text, _)) = next.map(|line| &line.what) {
            return Words::Exactly(text.clone());
        }
        let written = new.iter().rev().find_map(|line| line.of_client());
        written.map_or(Words::Any, |text| Words::Exactly(text.clone()))
    }

    /// Whether what a banner told of it is still so, for somebody.
    fn still_holds(&self, who: Who, what: Kind) -> bool {
        self.is_seen_by(who)
            && match what {
                Kind::NewInQueue => self.stands == Stands::Queued,
                Kind::NewMessage | Kind::Given | Kind::Reopened | Kind::NotDelivered => {
                    self.stands == Stands::InWork(who)
                }
                Kind::Mention
                | Kind::Observed
                | Kind::Suggested
                | Kind::WaitsInQueue
                | Kind::Overdue
                | Kind::ChannelDown
                | Kind::ConnectionLost => true,
            }
    }
}

impl Device {
    /// A new device, on which what is there already is no news.
    pub(super) fn new(who: Who, world: &World) -> Self {
        let told = world.chats.iter().enumerate();
        Self {
            who,
            told: told.map(|(no, chat)| (no, chat.lines.len())).collect(),
            ..Self::default()
        }
    }

    /// The program ends: what it showed is gone with it.
    pub(super) fn ends(&mut self) {
        self.screen.clear();
        self.looks = Looks::default();
    }

    /// What stands on the screen.
    pub(super) fn screen(&self) -> BTreeSet<About> {
        self.screen.keys().copied().collect()
    }

    /// What was seen, here or elsewhere, or is over, goes from the screen.
    pub(super) fn clears(&mut self, world: &World) {
        let (who, looks) = (self.who, self.looks);
        let is_over = |(no, what, n): &Shown| {
            let Some(chat) = world.chats.get(*no) else {
                return true;
            };
            let is_looked_at = looks.in_front && looks.chat == Some(*no);
            let is_read = *what != Kind::NotDelivered && chat.read.get(&who) >= Some(n);
            is_looked_at || is_read || !chat.still_holds(who, *what)
        };
        self.screen.retain(|about, shown| {
            let is_seen = *about == About::Several && looks.in_front;
            !is_seen && !shown.iter().all(is_over)
        });
    }

    /// Something passed of which the device learns only what came after it, and that a chat had left
    /// its operator's sight meanwhile: what its banner told is of before.
    pub(super) fn misses(&mut self, world: &World) {
        let who = self.who;
        self.screen.retain(|about, _| match about {
            About::Chat(no) => {
                let chat = world.chats.get(*no);
                chat.is_some_and(|chat| chat.is_seen_by(who))
            }
            About::Several => true,
        });
    }

    /// Tells what there is to tell.
    pub(super) fn tells(&mut self, world: &World) -> Telling {
        let mut telling = Telling::default();
        let mut loud: Vec<(Shown, Announced)> = Vec::new();
        for (no, chat) in world.chats.iter().enumerate() {
            let told = self.told.get(&no).copied().unwrap_or(0);
            if told == chat.lines.len() || !chat.is_seen_by(self.who) {
                continue;
            }
            self.told.insert(no, chat.lines.len());
            if self.looks.in_front && self.looks.chat == Some(no) {
                continue;
            }
            let Some(News { what, words, n }) = chat.news(self.who, told) else {
                continue;
            };
            telling.listed.push((what, no));
            let (banner, sound) = self.manner(world, what);
            if !banner && !sound {
                continue;
            }
            let words = if self.wishes.hides_text {
                Words::Exactly(String::new())
            } else {
                words
            };
            let announced = Announced {
                what,
                about: About::Chat(no),
                words,
                n,
                banner,
                sound,
            };
            loud.push(((no, what, chat.lines.len()), announced));
        }
        if loud.len() > MAX_BANNERS {
            let n = loud.len();
            let most_urgent = loud.iter().map(|(_, one)| one).min_by_key(|one| one.what);
            let summary = most_urgent.map(|one| Announced {
                about: About::Several,
                words: Words::Exactly(String::new()),
                n: Some(n),
                ..one.clone()
            });
            let all = loud.iter().map(|(shown, _)| *shown).collect();
            loud.clear();
            if summary.as_ref().is_some_and(|summary| summary.banner) {
                self.screen.insert(About::Several, all);
            }
            telling.announced.extend(summary);
        }
        for (shown, one) in loud {
            if one.banner {
                self.screen.insert(one.about, vec![shown]);
            }
            telling.announced.push(one);
        }
        telling
    }

    /// Whether a kind is told by a banner and by a sound, as things stand.
    pub(super) fn manner(&self, world: &World, what: Kind) -> (bool, bool) {
        let wishes = &self.wishes;
        let alert = wishes.kinds.get(&what).copied();
        let alert = alert.unwrap_or_else(|| usual(what));
        let is_quiet =
            wishes.is_quiet || (wishes.quiet_when_away && world.away.contains(&self.who));
        let is_let_through = what == Kind::Mention && wishes.lets_mentions_through;
        let is_held_back = self.looks.in_front && !alert.in_front;
        if is_held_back || (is_quiet && !is_let_through) {
            return (false, false);
        }
        (alert.banner, alert.sound)
    }
}

/// How a kind is told by whoever has not chosen: a chat in the queue and what is only observed not to
/// somebody at work in the window, and what needs no haste without a sound.
fn usual(what: Kind) -> Alert {
    Alert {
        in_front: !matches!(what, Kind::NewInQueue | Kind::Observed),
        sound: !matches!(
            what,
            Kind::Observed | Kind::ConnectionLost | Kind::ChannelDown
        ),
        ..super::alert(true)
    }
}

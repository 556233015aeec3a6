//! A device: a panel behind a network of its own, what was heard from it, and the judging of that by
//! the model.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use pult_domain::{ChatId, Place};
use pult_panel::view::{BannerKey, Notification, NotificationSettings, PanelEvent, QuietHours};
use pult_panel::{Options, Pace, Panel};
use pult_protocol::{Alert, EntryBody, NotificationKind as Kind};
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::time::Instant;

use super::model::{About, Announced, ChatNo, Device, Looks, Telling, Who, Wishes, Words, World};
use crate::office::{Operator, options};
use crate::panels::Seat;
use crate::prove::{Finding, Promised, must};
use crate::proxy::{Network, Proxy};
use crate::until::until;

/// How long the panels wait: a device that was not used last as long as is needed for a mark to come
/// from the other one, and no longer.
pub(super) const PACE: Pace = Pace {
    gather: Duration::from_millis(300),
    later: Duration::from_millis(1500),
    lost_for: Duration::from_secs(2),
};

/// A device at which one of the operators sits.
pub(super) struct Post {
    pub(super) dir: PathBuf,
    pub(super) proxy: Proxy,
    pub(super) seat: Option<Seat>,
    ears: Ears,
    pub(super) model: Device,
    /// Whether it hears the backend.
    pub(super) is_online: bool,
    /// When somebody used it last.
    pub(super) used_at: Instant,
    /// Whether another device of its operator's was used after it.
    pub(super) is_second: bool,
    /// What happened since it was judged, in order.
    pending: Vec<Pending>,
    /// The newest line of its list that was judged.
    newest_line: i64,
    /// The newest line of its list when its network was judged last.
    newest_of_cut: i64,
    /// What stands on its screen, as it was heard.
    screen: BTreeMap<BannerKey, Notification>,
    /// Since when it has had no network.
    cut_at: Option<Instant>,
    /// Whether it was heard that it told of that.
    has_told_of_cut: bool,
}

/// What a panel announces and withdraws, and when it was heard.
type Ears = Arc<Mutex<Vec<(Instant, PanelEvent)>>>;

/// Something that has happened.
struct Pending {
    /// How things stood after it.
    world: Arc<World>,
    /// Before it was caused.
    caused: Instant,
    /// When the panel knew of it already; none if that is not sure yet.
    known: Option<Instant>,
    /// Whether the panel learned of it together with what was before.
    is_joined: bool,
    /// So long the panel waits at least before it tells of it.
    waits: Duration,
}

/// How much was judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) announced: u64,
    pub(super) summaries: u64,
    pub(super) quiet: u64,
    pub(super) cleared: u64,
    /// Judgements for which time left only one answer, and all of them.
    pub(super) exact: u64,
    pub(super) judged: u64,
}

impl Post {
    /// A device of somebody who signs in on it.
    pub(super) async fn take(
        who: Who,
        operator: &Operator,
        target: &str,
        dir: PathBuf,
        world: &World,
    ) -> Result<Self> {
        let proxy = Proxy::to(target).await?;
        let seat = open(operator, &dir).await?;
        let (login, password) = (operator.login.clone(), operator.password.clone());
        let ears = listen(&seat.panel);
        let signed_in = seat.panel.sign_in(proxy.address(), login, password).await;
        signed_in.map_err(|failure| anyhow::anyhow!("cannot sign in: {failure:?}"))?;
        let mut post = Self {
            dir,
            proxy,
            seat: Some(seat),
            ears,
            model: Device::new(who, world),
            is_online: true,
            used_at: Instant::now(),
            is_second: false,
            pending: Vec::new(),
            newest_line: 0,
            newest_of_cut: 0,
            screen: BTreeMap::new(),
            cut_at: None,
            has_told_of_cut: false,
        };
        post.seat()?.is_live().await.promised(&post.by())?;
        post.wishes(&Wishes::default(), None).await?;
        Ok(post)
    }

    pub(super) fn by(&self) -> String {
        format!("the panel in {}", self.dir.display())
    }

    pub(super) fn seat(&self) -> Result<&Seat> {
        self.seat.as_ref().context("The panel is open")
    }

    /// Whether all that happened was judged.
    pub(super) fn is_judged(&self) -> bool {
        self.pending.is_empty()
    }

    /// Something has happened.
    pub(super) fn happens(&mut self, world: &Arc<World>, caused: Instant) {
        let waits = if self.is_second && self.is_online {
            PACE.later
        } else {
            PACE.gather
        };
        self.pending.push(Pending {
            world: Arc::clone(world),
            caused,
            known: None,
            is_joined: !self.is_online,
            waits,
        });
    }

    /// Its operator looks at something else.
    pub(super) async fn looks(&mut self, looks: Looks, chat: Option<ChatId>) -> Result<()> {
        self.model.looks = looks;
        let panel = &self.seat()?.panel;
        Ok(panel.watch(chat, looks.in_front, None).await?)
    }

    /// Its operator wants to be told otherwise. With `chance` it is drawn how it is quiet.
    pub(super) async fn wishes(
        &mut self,
        wishes: &Wishes,
        chance: Option<&mut StdRng>,
    ) -> Result<()> {
        let mut settings = NotificationSettings {
            kinds: wishes.kinds.clone(),
            hide_text: wishes.hides_text,
            queue_waits_s: None,
            quiet_when_away: wishes.quiet_when_away,
            mentions_break_through: wishes.lets_mentions_through,
            ..NotificationSettings::default()
        };
        if let Some(chance) = chance {
            quiet(&mut settings, wishes.is_quiet, chance)?;
        }
        self.model.wishes = wishes.clone();
        let panel = &self.seat()?.panel;
        Ok(panel.set_notification_settings(settings).await?)
    }

    /// The network is cut, and the panel knows it.
    pub(super) async fn is_cut(&mut self) -> Result<()> {
        self.cut_at = Some(Instant::now());
        self.proxy.becomes(Network::Cut);
        self.is_online = false;
        self.seat()?.is_offline().await.promised(&self.by())
    }

    /// The panel ends; its network is cut, so that nothing is missed when it opens again.
    pub(super) async fn ends(&mut self) -> Result<()> {
        self.proxy.becomes(Network::Cut);
        self.is_online = false;
        if let Some(seat) = self.seat.take() {
            seat.leave().await;
        }
        let told = self.heard()?.told;
        must(told.is_empty(), || {
            Finding::new(self.by(), "nothing told at the end of the program", &told)
        })?;
        self.model.ends();
        self.screen.clear();
        Ok(())
    }

    /// The network carries again, or the panel is opened again on what it left. With `tells` it is
    /// waited until it has told that there is no network.
    pub(super) async fn returns(&mut self, operator: &Operator, tells: bool) -> Result<()> {
        // A panel that is opened gathers from then on, and tells as soon as it has caught up.
        let opened = self.seat.is_none().then(Instant::now);
        if opened.is_some() {
            self.cut_at = opened;
            self.seat = Some(open(operator, &self.dir).await.promised(&self.by())?);
            self.ears = listen(&self.seat()?.panel);
            // What the panel told before it ended is another matter.
            let lines = self.seat()?.panel.notifications().await?;
            self.newest_of_cut = lines.first().map_or(0, |line| line.position);
            self.has_told_of_cut = false;
            self.used_at = Instant::now();
        }
        let (seat, by) = (self.seat()?, self.by());
        if tells {
            until("a word of the lost connection", async || {
                let lines = seat.panel.notifications().await.ok()?;
                let mut new = lines
                    .iter()
                    .filter(|line| line.position > self.newest_of_cut);
                new.any(|line| line.notification.what == Kind::ConnectionLost)
                    .then_some(())
            })
            .await
            .promised(&by)?;
            self.has_told_of_cut = true;
        }
        let begun = opened.unwrap_or_else(Instant::now);
        self.proxy.becomes(Network::Carries);
        let seat = self.seat()?;
        until("a live panel", async || {
            let now = seat.panel.overview().await.ok()?;
            if now.connection == pult_panel::view::Connection::Live {
                return Some(());
            }
            seat.panel.reconnect().await.ok();
            None
        })
        .await
        .promised(&by)?;
        let now = Instant::now();
        for one in &mut self.pending {
            if one.known.is_none() {
                one.caused = begun;
                one.known = Some(now);
            }
        }
        self.is_online = true;
        self.judges_cut(now).await
    }

    /// Of a network that was cut for long enough it was told, once, and of no other.
    async fn judges_cut(&mut self, live_at: Instant) -> Result<()> {
        let Some(cut_at) = self.cut_at.take() else {
            return Ok(());
        };
        let by = self.by();
        let lines = self.seat()?.panel.notifications().await?;
        let told = lines.iter().filter(|line| {
            line.position > self.newest_of_cut && line.notification.what == Kind::ConnectionLost
        });
        let n = told.count();
        self.newest_of_cut = lines.first().map_or(0, |line| line.position);
        let may = live_at >= cut_at + PACE.lost_for;
        let least = usize::from(std::mem::take(&mut self.has_told_of_cut));
        must(n >= least && n <= usize::from(may), || {
            Finding::new(by, "a word of the lost connection, once, if it was long", n)
        })
    }

    /// Waits until the panel knows of all that has happened: of the comment in the roll call, which
    /// came last. Gives its place.
    pub(super) async fn hears(&mut self, roll_call: ChatId, said: &str) -> Result<Place> {
        let by = self.by();
        let seat = self.seat()?;
        let place = until("the roll call", async || {
            let shown = seat.panel.timeline(roll_call, None, 1).await.ok()?;
            let entry = shown.entries.last()?;
            let is_it = matches!(&entry.body, EntryBody::Comment { text, .. } if text == said);
            is_it.then_some(entry.place)
        });
        let place = place.await.promised(&by)?;
        let now = Instant::now();
        // Only a device that has waited all the time is known to wait.
        let is_first = seat.panel.is_first()?;
        for one in &mut self.pending {
            one.known.get_or_insert(now);
            if is_first {
                one.waits = PACE.gather;
            }
        }
        Ok(place)
    }

    /// Waits until the panel has told all that it has to tell, the roll call last, and judges it.
    pub(super) async fn judge(
        &mut self,
        (roll_call, no): (ChatId, ChatNo),
        place: Place,
        chats: &BTreeMap<ChatId, ChatNo>,
        judged: &mut Judged,
    ) -> Result<()> {
        let by = self.by();
        let panel = self.seat()?.panel.clone();
        until("the roll call in the list", async || {
            let lines = panel.notifications().await.ok()?;
            let is_it =
                |one: &Notification| one.chat_id == Some(roll_call) && one.place == Some(place);
            lines
                .iter()
                .any(|line| is_it(&line.notification))
                .then_some(())
        })
        .await
        .promised(&by)?;
        // It is in the list before it is announced. What ends it comes after that.
        let looks = self.model.looks;
        let n_before = self.ears.lock().len();
        panel.watch(Some(roll_call), true, None).await?;
        let of_roll_call = [BannerKey::Several, BannerKey::Chat { chat_id: roll_call }];
        until("the roll call to be withdrawn", async || {
            let mut on_screen: Vec<BannerKey> = self.screen.keys().copied().collect();
            let mut is_withdrawn = false;
            for (n, (_, event)) in self.ears.lock().iter().enumerate() {
                if let PanelEvent::Withdraw { key } = event {
                    on_screen.retain(|other| other != key);
                    is_withdrawn |= n >= n_before && of_roll_call.contains(key);
                } else if let PanelEvent::Notify { notification } = event
                    && notification.banner
                {
                    on_screen.push(notification.key);
                }
            }
            let is_gone = |key: &BannerKey| !on_screen.contains(key);
            (is_withdrawn && of_roll_call.iter().all(is_gone)).then_some(())
        })
        .await
        .promised(&by)?;
        let chat = looks.chat.and_then(|no| {
            let mut all = chats.iter();
            all.find(|(_, other)| **other == no).map(|(id, _)| *id)
        });
        panel.watch(chat, looks.in_front, None).await?;
        self.compare(no, chats, judged).await
    }

    /// What was told since the last time, but of the connection; notes what is on the screen.
    fn heard(&mut self) -> Result<Heard> {
        let events = std::mem::take(&mut *self.ears.lock());
        let mut heard = Heard::default();
        for (at, event) in events {
            if let PanelEvent::Withdraw { key } = &event {
                heard.n_cleared += u64::from(self.screen.remove(key).is_some());
            }
            let PanelEvent::Notify { notification } = event else {
                continue;
            };
            let hides = self.model.wishes.hides_text;
            let stands = self.screen.get(&notification.key);
            let is_hidden = stands.and_then(hidden).as_ref() == Some(&notification) && hides;
            if notification.banner {
                self.screen.insert(notification.key, notification.clone());
            }
            // What is only hidden tells nothing that was not told.
            if !is_hidden && notification.what != Kind::ConnectionLost {
                heard.told.push((at, notification));
            }
        }
        let mut on_screen = self.screen.values();
        let shown = on_screen.find(|one| has_text(one));
        let shown = shown.filter(|_| self.model.wishes.hides_text);
        must(shown.is_none(), || {
            Finding::new(self.by(), "no text on the screen", shown)
        })?;
        Ok(heard)
    }

    /// What has come into the list since the last time.
    async fn listed(&mut self, chats: &BTreeMap<ChatId, ChatNo>) -> Result<Vec<(Kind, ChatNo)>> {
        let lines = self.seat()?.panel.notifications().await?;
        let mut listed = Vec::new();
        for line in &lines {
            let one = &line.notification;
            if line.position <= self.newest_line || one.what == Kind::ConnectionLost {
                continue;
            }
            let no = one.chat_id.and_then(|id| chats.get(&id).copied());
            let no = no.ok_or_else(|| Finding::new(self.by(), "a chat that there is", one))?;
            listed.push((one.what, no));
        }
        listed.sort_unstable();
        self.newest_line = lines.first().map_or(self.newest_line, |line| line.position);
        Ok(listed)
    }

    async fn compare(
        &mut self,
        roll_call: ChatNo,
        chats: &BTreeMap<ChatId, ChatNo>,
        judged: &mut Judged,
    ) -> Result<()> {
        let by = self.by();
        let heard = self.heard()?;
        judged.cleared += heard.n_cleared;
        let (mut announced, mut heard_at) = (Vec::new(), Vec::new());
        for (at, notification) in &heard.told {
            announced.push(heard_of(notification, chats, &by)?);
            heard_at.push(*at);
        }
        let listed = self.listed(chats).await?;
        let pending = std::mem::take(&mut self.pending);
        let mut search = Search {
            pending: &pending,
            seen: Seen {
                announced: &announced,
                listed: &listed,
            },
            found: None,
        };
        search.from(0, &self.model, &Telling::default());
        let is_exact = search.is_exact();
        let Some(mut model) = search.found else {
            let expected = search.together(&self.model);
            let seen = (&announced, &listed, search.times(&heard_at));
            return Err(Finding::new(by, expected, seen).into());
        };
        // The roll call was looked at, and with it that there was much.
        let looks = model.looks;
        (model.looks.chat, model.looks.in_front) = (Some(roll_call), true);
        if let Some(last) = pending.last() {
            model.clears(&last.world);
        }
        model.looks = looks;
        self.model = model;
        let screen: Result<BTreeSet<About>> = self
            .screen
            .keys()
            .map(|key| about(*key, chats, &by))
            .collect();
        let (screen, expected) = (screen?, self.model.screen());
        must(screen == expected, || {
            Finding::new(&*by, format!("on the screen {expected:?}"), &screen)
        })?;
        judged.announced += announced.len() as u64;
        let several = announced.iter().filter(|one| one.about == About::Several);
        judged.summaries += several.count() as u64;
        judged.quiet += (listed.len() as u64).saturating_sub(announced.len() as u64);
        judged.judged += 1;
        judged.exact += u64::from(is_exact);
        Ok(())
    }
}

/// What a device has said.
#[derive(Debug, Default)]
struct Heard {
    /// What it told, and when.
    told: Vec<(Instant, Notification)>,
    /// How much it withdrew that was on the screen.
    n_cleared: u64,
}

/// What was heard of a device.
#[derive(Clone, Copy)]
struct Seen<'a> {
    announced: &'a [Announced],
    listed: &'a [(Kind, ChatNo)],
}

/// The search for a way to part what happened into what was told together, as far as time allows it,
/// by which the model tells what was heard.
struct Search<'a> {
    pending: &'a [Pending],
    seen: Seen<'a>,
    found: Option<Device>,
}

impl Search<'_> {
    /// Whether all must have been told together.
    fn is_exact(&self) -> bool {
        let last = self.pending.len().saturating_sub(1);
        !(0..last).any(|end| self.may_part(0, end))
    }

    /// Whether what has happened from `first` on may have been told before what came after `end`: that
    /// was not known yet when the time for telling had come.
    fn may_part(&self, first: usize, end: usize) -> bool {
        let (Some(begins), Some(next)) = (self.pending.get(first), self.pending.get(end + 1))
        else {
            return true;
        };
        let due = begins.caused + begins.waits;
        !next.is_joined && next.known.is_none_or(|known| known >= due)
    }

    /// Whether all of it was heard too, with more or without.
    fn is_part(&self, telling: &Telling) -> bool {
        let mut left: Vec<&(Kind, ChatNo)> = self.seen.listed.iter().collect();
        telling.listed.iter().all(|one| {
            let at = left.iter().position(|other| *other == one);
            at.map(|at| left.swap_remove(at)).is_some()
        })
    }

    /// Something passes. Of all that a device has missed it learns how it stands in the end.
    fn passes(&self, model: &mut Device, idx: usize) {
        let Some(one) = self.pending.get(idx) else {
            return;
        };
        let next = self.pending.get(idx + 1);
        if one.is_joined && next.is_some_and(|next| next.is_joined) {
            model.misses(&one.world);
        } else {
            model.clears(&one.world);
        }
    }

    /// What is expected if all is told together, in words.
    fn together(&self, model: &Device) -> String {
        let mut model = model.clone();
        for idx in 0..self.pending.len() {
            self.passes(&mut model, idx);
        }
        let told = self.pending.last().map(|one| model.tells(&one.world));
        let (n, looks, wishes) = (self.pending.len(), &model.looks, &model.wishes);
        let told = told.unwrap_or_default();
        format!("{told:?}, or the same in up to {n} parts, with {looks:?} and {wishes:?}")
    }

    /// When what happened was caused and known, and when something was heard, in milliseconds.
    fn times(&self, heard_at: &[Instant]) -> String {
        let Some(begun) = self.pending.first().map(|one| one.caused) else {
            return String::new();
        };
        let ms = |at: Instant| at.saturating_duration_since(begun).as_millis();
        let happened = self.pending.iter().map(|one| {
            let n_lines: Vec<usize> = one
                .world
                .chats
                .iter()
                .map(|chat| chat.lines.len())
                .collect();
            format!(
                "caused {}, known {:?}, waits {}, joined {}, lines {n_lines:?}",
                ms(one.caused),
                one.known.map(ms),
                one.waits.as_millis(),
                one.is_joined,
            )
        });
        let happened: Vec<String> = happened.collect();
        let heard: Vec<u128> = heard_at.iter().map(|at| ms(*at)).collect();
        format!("{}; heard {heard:?}", happened.join("; "))
    }

    fn from(&mut self, first: usize, model: &Device, so_far: &Telling) {
        if self.found.is_some() {
            return;
        }
        if first == self.pending.len() {
            let Seen { announced, listed } = self.seen;
            let mut told = so_far.listed.clone();
            told.sort_unstable();
            if told == listed && is_same(&so_far.announced, announced) {
                self.found = Some(model.clone());
            }
            return;
        }
        if !self.is_part(so_far) {
            return;
        }
        let mut model = model.clone();
        for end in first..self.pending.len() {
            let Some(one) = self.pending.get(end) else {
                return;
            };
            self.passes(&mut model, end);
            if !self.may_part(first, end) {
                continue;
            }
            let mut told = model.clone();
            let mut all = so_far.clone();
            let telling = told.tells(&one.world);
            all.announced.extend(telling.announced);
            all.listed.extend(telling.listed);
            self.from(end + 1, &told, &all);
        }
    }
}

/// Whether the same is announced, in whatever order.
fn is_same(expected: &[Announced], seen: &[Announced]) -> bool {
    let mut left: Vec<&Announced> = seen.iter().collect();
    for one in expected {
        let Some(at) = left.iter().position(|other| fits(one, other)) else {
            return false;
        };
        left.swap_remove(at);
    }
    left.is_empty()
}

fn fits(expected: &Announced, seen: &Announced) -> bool {
    (expected.words == Words::Any || expected.words == seen.words)
        && (expected.n.is_none() || expected.n == seen.n)
        && (
            expected.what,
            expected.about,
            expected.banner,
            expected.sound,
        ) == (seen.what, seen.about, seen.banner, seen.sound)
}

/// A banner with a text as it is shown anew, in silence, once texts are to be hidden; none if it has no
/// text.
fn hidden(one: &Notification) -> Option<Notification> {
    has_text(one).then(|| Notification {
        text: String::new(),
        placeholder: None,
        sound: false,
        ..one.clone()
    })
}

fn has_text(one: &Notification) -> bool {
    !one.text.is_empty() || one.placeholder.is_some()
}

fn heard_of(one: &Notification, chats: &BTreeMap<ChatId, ChatNo>, by: &str) -> Result<Announced> {
    Ok(Announced {
        what: one.what,
        about: about(one.key, chats, by)?,
        words: Words::Exactly(one.text.clone()),
        n: usize::try_from(one.n).ok(),
        banner: one.banner,
        sound: one.sound,
    })
}

fn about(key: BannerKey, chats: &BTreeMap<ChatId, ChatNo>, by: &str) -> Result<About> {
    let about = match key {
        BannerKey::Chat { chat_id } => chats.get(&chat_id).map(|no| About::Chat(*no)),
        BannerKey::Several => Some(About::Several),
        BannerKey::Queue
        | BannerKey::Late
        | BannerKey::Connection
        | BannerKey::Channel { .. }
        | BannerKey::Sample { .. } => None,
    };
    Ok(about.ok_or_else(|| Finding::new(by, "a banner of a chat or of several", key))?)
}

/// Makes it quiet now, or not, in one of the ways in which it can be.
fn quiet(settings: &mut NotificationSettings, is_quiet: bool, chance: &mut StdRng) -> Result<()> {
    let now = jiff::Zoned::now();
    let minute = i64::from(now.hour()) * 60 + i64::from(now.minute());
    let by_hours = chance.random_bool(0.5);
    let ms = now.timestamp().as_millisecond();
    let ms = ms + if is_quiet { 3_600_000 } else { -1_000 };
    if is_quiet != by_hours || chance.random_bool(0.3) {
        settings.quiet_until = Some(pult_domain::Timestamp(ms));
    }
    if by_hours {
        // Hours away from where they begin and end, so that no minute matters.
        let (from, until) = if is_quiet { (-120, 120) } else { (180, 300) };
        let at = |offset: i64| u16::try_from((minute + offset).rem_euclid(24 * 60));
        settings.quiet_hours = Some(QuietHours {
            from: at(from)?,
            until: at(until)?,
        });
    }
    Ok(())
}

/// How a kind is told, drawn.
pub(super) fn drawn_alert(chance: &mut StdRng) -> Alert {
    Alert {
        sound: chance.random_bool(0.6),
        in_front: chance.random_bool(0.6),
        ..super::alert(chance.random_bool(0.7))
    }
}

async fn open(operator: &Operator, dir: &std::path::Path) -> Result<Seat> {
    let options = Options {
        pace: PACE,
        ..options(dir)
    };
    let panel = Panel::open(options).await.context("Opening a panel")?;
    Ok(Seat {
        operator: operator.clone(),
        panel,
    })
}

/// Hears what a panel announces and withdraws.
fn listen(panel: &Panel) -> Ears {
    let ears = Arc::new(Mutex::new(Vec::new()));
    let (mut events, heard) = (panel.events(), Arc::clone(&ears));
    drop(tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if matches!(
                event,
                PanelEvent::Notify { .. } | PanelEvent::Withdraw { .. }
            ) {
                heard.lock().push((Instant::now(), event));
            }
        }
    }));
    ears
}

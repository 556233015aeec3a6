//! How an operator is told of what, and when it is quiet.

use pult_domain::Timestamp;
use pult_protocol::{Alert, MAX_REPEAT_S, MIN_REPEAT_S, NotificationDefaults, NotificationKind};

use crate::trials::{self, Bug};
use crate::view::{NotificationSettings, QuietHours};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// What decides whether it is quiet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// By the local clock.
    pub(crate) now: Timestamp,
    /// How far the day is, by the local clock.
    pub(crate) minute_of_day: u16,
    /// Whether the operator has said that they are away.
    pub(crate) is_away: bool,
    /// Whether the window is in front.
    pub(crate) is_in_front: bool,
}

/// How something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) banner: bool,
    pub(crate) sound: bool,
}

/// What holds: what its operator has chosen, and what is usual in the company besides.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) settings: NotificationSettings,
    pub(crate) usual: NotificationDefaults,
}

impl Wishes {
    /// How a kind is told.
    pub(crate) fn alert(&self, what: NotificationKind) -> Alert {
        let own = self.settings.kinds.get(&what).copied();
        within_limits(own.unwrap_or_else(|| self.usual.alert(what)))
    }

    /// How something is told at a moment.
    pub(crate) fn manner(&self, what: NotificationKind, moment: &Moment) -> Manner {
        let alert = self.alert(what);
        let is_held_back = moment.is_in_front && !alert.in_front;
        let is_let_through =
            self.settings.mentions_break_through && what == NotificationKind::Mention;
        let is_let_through = is_let_through && !trials::has(Bug::MentionsAreQuieted);
        if is_held_back || (self.settings.is_quiet(moment) && !is_let_through) {
            return Manner {
                banner: false,
                sound: false,
            };
        }
        Manner {
            banner: alert.banner,
            sound: alert.sound,
        }
    }

    /// The same with nothing in it that means nothing.
    #[must_use]
    pub(crate) fn tidied(self) -> Self {
        let Self {
            mut settings,
            usual,
        } = self;
        for alert in settings.kinds.values_mut() {
            *alert = within_limits(*alert);
        }
        settings
            .kinds
            .retain(|what, alert| *alert != usual.alert(*what));
        settings.quiet_hours = settings
            .quiet_hours
            .filter(|hours| hours.from != hours.until);
        Self { settings, usual }
    }
}

/// Nothing is told again without a pause, wherever the wish comes from.
fn within_limits(alert: Alert) -> Alert {
    let seconds = alert.repeat_s;
    Alert {
        repeat_s: seconds.map(|seconds| seconds.clamp(MIN_REPEAT_S, MAX_REPEAT_S)),
        ..alert
    }
}

impl NotificationSettings {
    /// Whether nothing is to be told now.
    pub(crate) fn is_quiet(&self, moment: &Moment) -> bool {
        let by_hand = self.quiet_until.is_some_and(|until| moment.now < until);
        let by_hours = self
            .quiet_hours
            .is_some_and(|hours| hours.hold_at(moment.minute_of_day));
        by_hand || by_hours || (self.quiet_when_away && moment.is_away)
    }
}

impl QuietHours {
    /// Whether they hold at a minute of the day; they may go on past midnight.
    const fn hold_at(self, minute: u16) -> bool {
        let (from, until) = (self.from % DAY, self.until % DAY);
        if from <= until {
            from <= minute && minute < until
        } else {
            from <= minute || minute < until
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pult_domain::Timestamp;
    use pult_protocol::{Alert, NotificationDefaults, NotificationKind};

    use super::{Manner, Moment, Wishes};
    use crate::view::{NotificationSettings, QuietHours};

    const NOON: Moment = Moment {
        now: Timestamp(1_000_000),
        minute_of_day: 12 * 60,
        is_away: false,
        is_in_front: false,
    };
    const TOLD: Manner = Manner {
        banner: true,
        sound: true,
    };
    const QUIET: Manner = Manner {
        banner: false,
        sound: false,
    };

    fn wishes(settings: NotificationSettings) -> Wishes {
        Wishes {
            settings,
            usual: NotificationDefaults::default(),
        }
    }

    #[test]
    fn a_new_chat_in_the_queue_is_told_unless_the_window_is_in_front() {
        let usual = Wishes::default();
        let told = |moment| usual.manner(NotificationKind::NewInQueue, &moment);
        assert_eq!(told(NOON), TOLD);
        let in_front = Moment {
            is_in_front: true,
            ..NOON
        };
        assert_eq!(told(in_front), QUIET);
    }

    #[test]
    fn it_is_quiet_by_hand_until_then_by_hours_and_by_status() {
        let message = NotificationKind::NewMessage;
        let by_hand = wishes(NotificationSettings {
            quiet_until: Some(Timestamp(1_000_001)),
            ..NotificationSettings::default()
        });
        assert_eq!(by_hand.manner(message, &NOON), QUIET);
        let later = Moment {
            now: Timestamp(1_000_001),
            ..NOON
        };
        assert_eq!(by_hand.manner(message, &later), TOLD);

        let by_status = wishes(NotificationSettings {
            quiet_when_away: true,
            ..NotificationSettings::default()
        });
        assert_eq!(by_status.manner(message, &NOON), TOLD);
        let away = Moment {
            is_away: true,
            ..NOON
        };
        assert_eq!(by_status.manner(message, &away), QUIET);

        for (from, until, is_quiet) in [
            (12 * 60, 13 * 60, true),
            (11 * 60, 12 * 60, false),
            // Past midnight.
            (20 * 60, 8 * 60, false),
            (20 * 60, 12 * 60 + 1, true),
            (11 * 60, 3 * 60, true),
        ] {
            let settings = NotificationSettings {
                quiet_hours: Some(QuietHours { from, until }),
                ..NotificationSettings::default()
            };
            assert_eq!(settings.is_quiet(&NOON), is_quiet, "{from} {until}");
        }
    }

    #[test]
    fn a_mention_breaks_through_if_it_may() {
        let settings = |may| {
            wishes(NotificationSettings {
                quiet_until: Some(Timestamp(i64::MAX)),
                mentions_break_through: may,
                ..NotificationSettings::default()
            })
        };
        let mention = NotificationKind::Mention;
        assert_eq!(settings(true).manner(mention, &NOON), TOLD);
        assert_eq!(settings(false).manner(mention, &NOON), QUIET);
        let message = NotificationKind::NewMessage;
        assert_eq!(settings(true).manner(message, &NOON), QUIET);
    }

    #[test]
    fn what_is_as_usual_is_not_kept_and_nothing_is_repeated_without_a_pause() {
        let usual = NotificationKind::NewMessage.usual();
        let settings = NotificationSettings {
            kinds: BTreeMap::from([
                (NotificationKind::NewMessage, usual),
                (
                    NotificationKind::Mention,
                    Alert {
                        repeat_s: Some(0),
                        ..usual
                    },
                ),
            ]),
            quiet_hours: Some(QuietHours { from: 5, until: 5 }),
            ..NotificationSettings::default()
        };
        let tidied = wishes(settings).tidied();
        assert_eq!(tidied.settings.quiet_hours, None);
        let kinds = &tidied.settings.kinds;
        assert!(!kinds.contains_key(&NotificationKind::NewMessage));
        let mention = tidied.alert(NotificationKind::Mention);
        assert_eq!(mention.repeat_s, Some(10));
    }

    #[test]
    fn a_wish_that_was_written_by_another_hand_is_within_limits_too() {
        let message = NotificationKind::NewMessage;
        let ceaseless = BTreeMap::from([(
            message,
            Alert {
                repeat_s: Some(0),
                ..message.usual()
            },
        )]);
        let own = wishes(NotificationSettings {
            kinds: ceaseless.clone(),
            ..NotificationSettings::default()
        });
        assert_eq!(own.alert(message).repeat_s, Some(10));
        let of_company = Wishes {
            usual: NotificationDefaults { kinds: ceaseless },
            ..Wishes::default()
        };
        assert_eq!(of_company.alert(message).repeat_s, Some(10));
    }

    #[test]
    fn what_the_company_says_holds_until_its_operator_chooses() {
        let message = NotificationKind::NewMessage;
        let silent = Alert {
            sound: false,
            ..message.usual()
        };
        let usual = NotificationDefaults {
            kinds: BTreeMap::from([(message, silent)]),
        };
        let with = |kinds| Wishes {
            settings: NotificationSettings {
                kinds,
                ..NotificationSettings::default()
            },
            usual: usual.clone(),
        };
        assert!(!with(BTreeMap::new()).manner(message, &NOON).sound);
        // What is usual elsewhere is a choice here, and stays one.
        let chosen = with(BTreeMap::from([(message, message.usual())])).tidied();
        assert!(chosen.manner(message, &NOON).sound);
        // What is usual here is none: it follows what the company says next.
        let as_usual = with(BTreeMap::from([(message, silent)])).tidied();
        assert!(as_usual.settings.kinds.is_empty());
    }
}

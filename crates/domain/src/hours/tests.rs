use std::collections::HashSet;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const MINUTE_MS: i64 = 60_000;

fn at(moment: &str) -> Timestamp {
    Timestamp(moment.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn time(text: &str) -> u16 {
    let (hours, minutes) = text.split_once(':').unwrap();
    hours.parse::<u16>().unwrap() * 60 + minutes.parse::<u16>().unwrap()
}

fn interval(from: &str, until: &str) -> Interval {
    Interval {
        from: time(from),
        until: time(until),
    }
}

fn closed_days() -> [Vec<Interval>; 7] {
    Default::default()
}

/// Monday to Friday from nine to six.
fn office() -> WorkingHours {
    let mut week = closed_days();
    for day in week.iter_mut().take(5) {
        day.push(interval("9:00", "18:00"));
    }
    WorkingHours {
        week,
        exceptions: Vec::new(),
    }
}

fn ready(hours: WorkingHours) -> Hours {
    by_clock_of("Europe/Moscow", hours)
}

fn by_clock_of(zone: &str, hours: WorkingHours) -> Hours {
    Hours::of(hours, zone).unwrap()
}

// 2026-12-02 is a Wednesday; Moscow is three hours ahead the whole year.
#[rstest]
#[case::before("2026-12-02T05:59:59Z", false, Some("2026-12-01T15:00:00Z"))]
#[case::at_the_beginning("2026-12-02T06:00:00Z", true, Some("2026-12-02T06:00:00Z"))]
#[case::at_noon("2026-12-02T09:00:00Z", true, Some("2026-12-02T06:00:00Z"))]
#[case::at_the_end("2026-12-02T15:00:00Z", false, Some("2026-12-02T15:00:00Z"))]
#[case::at_the_weekend("2026-12-06T12:00:00Z", false, Some("2026-12-04T15:00:00Z"))]
fn a_working_day_begins_and_ends_by_the_wall_clock_of_its_zone(
    #[case] now: &str,
    #[case] is_open: bool,
    #[case] since: Option<&str>,
) {
    let hours = ready(office());
    let since = since.map(at);
    assert_eq!(hours.stretch(at(now)), Stretch { is_open, since });
}

#[test]
fn an_interval_over_midnight_belongs_to_the_day_on_which_it_begins() {
    let mut week = closed_days();
    // Friday's shift, until four on Saturday.
    week[4].push(interval("20:00", "4:00"));
    let mut hours = office();
    hours.week = week;
    // The Saturday is a holiday, which ends no shift that has begun before it.
    hours.exceptions.push(HoursException {
        from: "2026-12-05".parse().unwrap(),
        until: "2026-12-05".parse().unwrap(),
        hours: Vec::new(),
        name: "Inventory".to_owned(),
    });
    let hours = ready(hours);
    for (moment, is_open) in [
        ("2026-12-04T16:59:00Z", false),
        ("2026-12-04T17:00:00Z", true),
        ("2026-12-05T00:59:00Z", true),
        ("2026-12-05T01:00:00Z", false),
        // On Thursday night there is no shift.
        ("2026-12-04T00:00:00Z", false),
    ] {
        assert_eq!(hours.is_open(at(moment)), is_open, "{moment}");
    }
    let since = hours.stretch(at("2026-12-05T00:30:00Z")).since;
    assert_eq!(since, Some(at("2026-12-04T17:00:00Z")));
}

#[test]
fn midnight_can_be_written_at_either_end() {
    for until in ["0:00", "24:00"] {
        let mut hours = office();
        hours.week[2] = vec![interval("12:00", until)];
        let hours = ready(hours);
        assert!(hours.is_open(at("2026-12-02T20:59:59Z")), "{until}");
        assert!(!hours.is_open(at("2026-12-02T21:00:00Z")), "{until}");
    }
}

#[test]
fn a_day_that_differs_has_its_own_hours_and_the_later_of_two_counts() {
    let mut hours = office();
    let exception = |from: &str, until: &str, of_day: Vec<Interval>| HoursException {
        from: from.parse().unwrap(),
        until: until.parse().unwrap(),
        hours: of_day,
        name: String::new(),
    };
    hours.exceptions = vec![
        exception("2026-12-01", "2026-12-03", Vec::new()),
        exception("2026-12-02", "2026-12-02", vec![interval("10:00", "11:00")]),
    ];
    let hours = ready(hours);
    assert!(!hours.is_open(at("2026-12-01T09:00:00Z")));
    assert!(hours.is_open(at("2026-12-02T07:30:00Z")));
    assert!(!hours.is_open(at("2026-12-02T09:00:00Z")));
    assert!(hours.is_open(at("2026-12-04T09:00:00Z")));
    let closed = hours.stretch(at("2026-12-03T20:00:00Z"));
    assert_eq!(closed.since, Some(at("2026-12-02T08:00:00Z")));
}

#[test]
fn the_wall_clock_decides_when_it_is_put_forward_and_back() {
    let mut hours = office();
    // Sundays, from half past two to four: the hour that is skipped in March and comes twice in October.
    hours.week[6] = vec![interval("2:30", "4:00")];
    let hours = by_clock_of("Europe/Berlin", hours);
    // 2026-03-29: at 01:00Z two o'clock becomes three, which is past half past two.
    assert!(!hours.is_open(at("2026-03-29T00:59:59Z")));
    assert!(hours.is_open(at("2026-03-29T01:00:00Z")));
    let skipped = hours.stretch(at("2026-03-29T01:30:00Z"));
    assert_eq!(skipped.since, Some(at("2026-03-29T01:00:00Z")));
    // 2026-10-25: half past two comes at 00:30Z, and at 01:00Z it is two once again.
    assert!(hours.is_open(at("2026-10-25T00:45:00Z")));
    let back = hours.stretch(at("2026-10-25T01:15:00Z"));
    assert_eq!(
        back,
        Stretch {
            is_open: false,
            since: Some(at("2026-10-25T01:00:00Z"))
        }
    );
    assert!(hours.is_open(at("2026-10-25T01:30:00Z")));
}

#[test]
fn who_never_opens_or_never_closes_has_done_so_for_ever() {
    let now = at("2026-12-02T09:00:00Z");
    let mut hours = office();
    hours.week = closed_days();
    let never = Stretch {
        is_open: false,
        since: None,
    };
    assert_eq!(ready(hours.clone()).stretch(now), never);
    hours.week = std::array::from_fn(|_| vec![interval("0:00", "24:00")]);
    let always = Stretch {
        is_open: true,
        since: None,
    };
    assert_eq!(ready(hours).stretch(now), always);
    // Beyond all calendars nobody is told that nobody is there.
    assert!(ready(office()).is_open(Timestamp(i64::MAX)));
}

#[rstest]
#[case::empty(|it: &mut WorkingHours| it.week[0] = vec![interval("9:00", "9:00")], HoursFault::NoSuchTime)]
#[case::late(|it: &mut WorkingHours| it.week[0] = vec![interval("9:00", "24:01")], HoursFault::NoSuchTime)]
#[case::begins_late(|it: &mut WorkingHours| it.week[0] = vec![interval("24:00", "9:00")], HoursFault::NoSuchTime)]
#[case::many(|it: &mut WorkingHours| it.week[0] = vec![interval("9:00", "10:00"); MAX_INTERVALS + 1], HoursFault::TooMany)]
#[case::reversed(|it: &mut WorkingHours| it.exceptions[0].until = it.exceptions[0].from.yesterday().unwrap(), HoursFault::EndsBeforeItBegins)]
#[case::long_name(|it: &mut WorkingHours| it.exceptions[0].name = "x".repeat(MAX_EXCEPTION_NAME_CHARS + 1), HoursFault::TooMany)]
#[case::long_ago(|it: &mut WorkingHours| it.exceptions[0].from = "1969-12-31".parse().unwrap(), HoursFault::NoSuchYear)]
#[case::too_late(|it: &mut WorkingHours| it.exceptions[0].until = "3000-01-01".parse().unwrap(), HoursFault::NoSuchYear)]
#[case::two_lines(|it: &mut WorkingHours| it.exceptions[0].name = "New\nYear".to_owned(), HoursFault::NameSigns)]
#[case::backwards(|it: &mut WorkingHours| it.exceptions[0].name = "New \u{202e}Year".to_owned(), HoursFault::NameSigns)]
#[case::many_days(|it: &mut WorkingHours| { let one = it.exceptions[0].clone(); it.exceptions = vec![one; MAX_EXCEPTIONS + 1]; }, HoursFault::TooMany)]
fn what_cannot_be_kept_says_why(#[case] spoil: fn(&mut WorkingHours), #[case] fault: HoursFault) {
    let mut hours = office();
    hours.exceptions.push(HoursException {
        from: "2026-12-31".parse().unwrap(),
        until: "2027-01-08".parse().unwrap(),
        hours: Vec::new(),
        name: "Holidays".to_owned(),
    });
    assert_eq!(hours.check(), Ok(()));
    spoil(&mut hours);
    assert_eq!(Hours::of(hours, "UTC").unwrap_err(), fault);
    let nowhere = Hours::of(office(), "Europe/Atlantis").unwrap_err();
    assert_eq!(nowhere, HoursFault::UnknownZone);
}

#[test]
fn names_of_days_become_one_line() {
    let mut hours = office();
    hours.exceptions.push(HoursException {
        from: "2026-12-31".parse().unwrap(),
        until: "2027-01-08".parse().unwrap(),
        hours: Vec::new(),
        name: " \u{202e}Новый\r\n год\u{7}\u{200f}".to_owned(),
    });
    hours.tidy();
    assert_eq!(hours.exceptions[0].name, "Новый год");
    assert_eq!(hours.check(), Ok(()));
}

/// Zones with the odd things that zones do: half an hour of summer time, a day that is skipped, a clock
/// that is put back at midnight, no summer time any more.
const ZONES: [&str; 9] = [
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "America/Havana",
    "Pacific/Apia",
];

fn some_interval() -> impl Strategy<Value = Interval> {
    (0..DAY, 0..=DAY)
        .prop_filter("an interval has two ends", |(from, until)| from != until)
        .prop_map(|(from, until)| Interval { from, until })
}

fn some_day() -> impl Strategy<Value = Vec<Interval>> {
    prop::collection::vec(some_interval(), 0..3)
}

fn some_hours() -> impl Strategy<Value = WorkingHours> {
    let exceptions = prop::collection::vec((0..8_i64, 0..3_i64, some_day()), 0..3);
    (prop::array::uniform7(some_day()), exceptions).prop_map(|(week, exceptions)| WorkingHours {
        week,
        // Days are numbered here and get their dates with the moment that is asked of.
        exceptions: exceptions
            .into_iter()
            .map(|(from, length, hours)| {
                let from = Date::constant(2000, 1, 1).checked_add(from.days()).unwrap();
                HoursException {
                    from,
                    until: from.checked_add(length.days()).unwrap(),
                    hours,
                    name: String::new(),
                }
            })
            .collect(),
    })
}

/// Moments around which clocks are put forward or back, and others.
fn some_moment() -> impl Strategy<Value = Timestamp> {
    let changes = [
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-04-04T15:00:00Z",
        "2018-02-18T02:00:00Z",
        "2026-10-24T21:00:00Z",
        "2026-11-01T05:00:00Z",
        "2011-12-30T10:00:00Z",
        "2014-10-25T22:00:00Z",
    ];
    let near = (
        prop::sample::select(changes.map(at).to_vec()),
        -2_000..2_000_i64,
    )
        .prop_map(|(change, minutes)| change.plus_ms(minutes * MINUTE_MS));
    let any = (946_684_800_000_i64..2_000_000_000_000).prop_map(Timestamp);
    prop_oneof![3 => near, 1 => any]
}

/// Every minute of every day's hours, written down one by one.
fn minutes_of_work(hours: &WorkingHours, first: Date, last: Date) -> HashSet<(Date, u16)> {
    let mut open = HashSet::new();
    let mut date = first;
    while date <= last {
        let mut of_day =
            &hours.week[usize::try_from(date.weekday().to_monday_zero_offset()).unwrap()];
        for exception in &hours.exceptions {
            if exception.from <= date && date <= exception.until {
                of_day = &exception.hours;
            }
        }
        for interval in of_day {
            let (mut day, mut minute) = (date, interval.from);
            loop {
                open.insert((day, minute));
                minute += 1;
                if minute == interval.until {
                    break;
                }
                if minute == DAY {
                    if interval.until == 0 {
                        break;
                    }
                    (day, minute) = (day.tomorrow().unwrap(), 0);
                }
            }
        }
        date = date.tomorrow().unwrap();
    }
    open
}

proptest! {
    #[test]
    fn hours_and_stretches_are_those_of_a_plain_recount_by_minute(
        zone in prop::sample::select(&ZONES[..]),
        mut hours in some_hours(),
        now in some_moment(),
    ) {
        let clock = TimeZone::get(zone).unwrap();
        let local = |at: Timestamp| {
            let at = jiff::Timestamp::from_millisecond(at.0).unwrap();
            let local = clock.to_datetime(at);
            let minute = minute_of(local);
            (local.date(), minute)
        };
        let (today, _) = local(now);
        let moved = today.since(Date::constant(2000, 1, 5)).unwrap();
        for exception in &mut hours.exceptions {
            exception.from = exception.from.checked_add(moved).unwrap();
            exception.until = exception.until.checked_add(moved).unwrap();
        }
        let (first, last) = (today.checked_sub(5.days()).unwrap(), today.tomorrow().unwrap());
        let open = minutes_of_work(&hours, first.yesterday().unwrap(), last);
        let is_open = |at: Timestamp| open.contains(&local(at));

        let ready = Hours::of(hours.clone(), zone).unwrap();
        let stretch = ready.stretch(now);
        prop_assert_eq!(stretch.is_open, is_open(now));
        let whole_minute = Timestamp(now.0 - now.0.rem_euclid(MINUTE_MS));
        let changed = (0..3 * 24 * 60_i64)
            .map(|minutes| whole_minute.plus_ms(-minutes * MINUTE_MS))
            .find(|at| is_open(at.plus_ms(-MINUTE_MS)) != is_open(now));
        if let Some(changed) = changed {
            prop_assert_eq!(stretch.since, Some(changed));
        } else {
            let long_ago = now.plus_ms(-3 * 24 * 60 * MINUTE_MS);
            prop_assert!(stretch.since.is_none_or(|since| since <= long_ago));
        }
    }
}

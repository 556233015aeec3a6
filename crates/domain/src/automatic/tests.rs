//! The rule of automatic texts, line by line.

use rstest::rstest;

use super::*;
use crate::hours::{Interval, WorkingHours};

const HOUR: i64 = 60 * MINUTE_MS;

/// 2026-12-02, a Wednesday, at noon in UTC.
const NOON: Timestamp = Timestamp(1_796_212_800_000);

fn all_on() -> AutomaticTexts {
    let timed = |minutes| TimedText {
        is_on: true,
        text: "!".to_owned(),
        minutes,
    };
    AutomaticTexts {
        greeting: timed(24 * 60),
        outside_hours: PlainText {
            is_on: true,
            text: "!".to_owned(),
        },
        nobody_answers: timed(10),
        closed: timed(24 * 60),
    }
}

/// Every day from eight to eight, in UTC.
fn by_day() -> Hours {
    let day = Interval {
        from: 8 * 60,
        until: 20 * 60,
    };
    let week = std::array::from_fn(|_| vec![day]);
    let hours = WorkingHours {
        week,
        exceptions: Vec::new(),
    };
    Hours::of(hours, "UTC").unwrap()
}

fn policy<'a>(texts: &'a AutomaticTexts, hours: Option<&'a Hours>) -> AutomaticPolicy<'a> {
    AutomaticPolicy {
        texts,
        hours,
        unknown_until: None,
        waits_since: None,
    }
}

fn first_at(now: Timestamp) -> Heard {
    Heard {
        sent_at: now,
        previous_at: None,
        now,
    }
}

fn ago(ms: i64) -> Option<Timestamp> {
    Some(NOON.plus_ms(-ms))
}

fn none() -> AutomaticMemory {
    AutomaticMemory::default()
}

#[test]
fn nothing_is_sent_that_is_not_on() {
    let off = AutomaticTexts::default();
    assert!(off.are_off());
    let hours = by_day();
    let policy = policy(&off, Some(&hours));
    let night = NOON.plus_ms(-8 * HOUR);
    assert_eq!(policy.on_message(&none(), &first_at(NOON)), None);
    assert_eq!(policy.on_message(&none(), &first_at(night)), None);
    assert_eq!(policy.waits_to_tell(NOON), None);
    assert!(!policy.on_close(&none(), Status::InWork, Some(NOON), NOON));
}

#[rstest]
#[case::the_first_message_is_greeted(None, None, None, true)]
#[case::the_first_after_a_period(ago(25 * HOUR), ago(25 * HOUR), None, true)]
#[case::just_after_a_period(ago(24 * HOUR), None, None, true)]
#[case::not_within_the_period(ago(23 * HOUR), None, None, false)]
#[case::not_twice_in_a_period(ago(25 * HOUR), ago(23 * HOUR), None, false)]
#[case::not_in_a_talk_that_staff_lead(ago(25 * HOUR), None, ago(HOUR), false)]
fn greeting(
    #[case] previous_at: Option<Timestamp>,
    #[case] greeting_at: Option<Timestamp>,
    #[case] staff_wrote_at: Option<Timestamp>,
    #[case] is_due: bool,
) {
    let memory = AutomaticMemory {
        greeting_at,
        staff_wrote_at,
        ..none()
    };
    let heard = Heard {
        previous_at,
        ..first_at(NOON)
    };
    let due = policy(&all_on(), None).on_message(&memory, &heard);
    assert_eq!(due, is_due.then_some(AutomaticKind::Greeting));
}

// At noon it has been closed for four hours and opens in four.
#[rstest]
#[case::the_first_message_is_told(None, None, true)]
#[case::once_in_a_closed_stretch(ago(3 * HOUR), None, false)]
#[case::again_in_the_next_one(ago(5 * HOUR), None, true)]
#[case::not_in_a_talk_that_staff_lead(None, ago(HOUR), false)]
#[case::staff_wrote_before_the_end(None, ago(5 * HOUR), true)]
fn outside_hours(
    #[case] outside_hours_at: Option<Timestamp>,
    #[case] staff_wrote_at: Option<Timestamp>,
    #[case] is_due: bool,
) {
    let mut night = by_day().stretch(NOON);
    assert!(night.is_open);
    let shift = Interval {
        from: 16 * 60,
        until: 8 * 60,
    };
    let hours = WorkingHours {
        week: std::array::from_fn(|_| vec![shift]),
        exceptions: Vec::new(),
    };
    let hours = Hours::of(hours, "UTC").unwrap();
    night = hours.stretch(NOON);
    assert_eq!((night.is_open, night.since), (false, ago(4 * HOUR)));
    let memory = AutomaticMemory {
        outside_hours_at,
        staff_wrote_at,
        ..none()
    };
    let texts = all_on();
    let due = policy(&texts, Some(&hours)).on_message(&memory, &first_at(NOON));
    // Never a greeting in its place.
    assert_eq!(due, is_due.then_some(AutomaticKind::OutsideHours));
}

#[test]
fn outside_hours_a_client_is_greeted_only_if_nothing_else_is_said_then() {
    let (mut texts, hours) = (all_on(), by_day());
    let night = NOON.plus_ms(-8 * HOUR);
    texts.outside_hours.is_on = false;
    let due = policy(&texts, Some(&hours)).on_message(&none(), &first_at(night));
    assert_eq!(due, Some(AutomaticKind::Greeting));
    // Who keeps no hours is always there.
    let due = policy(&all_on(), None).on_message(&none(), &first_at(night));
    assert_eq!(due, Some(AutomaticKind::Greeting));
}

#[test]
fn a_message_that_was_long_on_its_way_is_not_answered() {
    let heard = Heard {
        sent_at: NOON.plus_ms(-LATE_MS - 1),
        ..first_at(NOON)
    };
    assert_eq!(policy(&all_on(), None).on_message(&none(), &heard), None);
}

#[rstest]
#[case::told(10, 1, None, WaitVerdict::Tell)]
#[case::too_early(9, 1, None, WaitVerdict::NotYet)]
#[case::once_in_a_wait(15, 1, ago(5 * MINUTE_MS), WaitVerdict::PassOver)]
#[case::again_in_the_next_wait(15, 1, ago(16 * MINUTE_MS), WaitVerdict::Tell)]
#[case::not_outside_the_window(15, 24 * 60, None, WaitVerdict::PassOver)]
#[case::just_within_the_window(15, 24 * 60 - 2, None, WaitVerdict::Tell)]
fn nobody_answers(
    #[case] waits_minutes: i64,
    #[case] wrote_minutes: i64,
    #[case] nobody_answers_at: Option<Timestamp>,
    #[case] verdict: WaitVerdict,
) {
    let memory = AutomaticMemory {
        nobody_answers_at,
        ..none()
    };
    let wait = Wait {
        since: NOON.plus_ms(-waits_minutes * MINUTE_MS),
        client_wrote_at: ago(wrote_minutes * MINUTE_MS),
        now: NOON,
    };
    assert_eq!(policy(&all_on(), None).on_wait(&memory, &wait), verdict);
}

#[test]
fn waiting_counts_within_working_hours_alone() {
    let (texts, hours) = (all_on(), by_day());
    let policy = policy(&texts, Some(&hours));
    let opening = NOON.plus_ms(-4 * HOUR);
    let verdict = |now| {
        let wait = Wait {
            since: NOON.plus_ms(-6 * HOUR),
            client_wrote_at: ago(6 * HOUR),
            now,
        };
        policy.on_wait(&none(), &wait)
    };
    assert_eq!(verdict(opening.plus_ms(-1)), WaitVerdict::NotYet);
    assert_eq!(verdict(opening.plus_ms(9 * MINUTE_MS)), WaitVerdict::NotYet);
    assert_eq!(verdict(opening.plus_ms(10 * MINUTE_MS)), WaitVerdict::Tell);
}

#[test]
fn who_waited_before_it_was_turned_on_is_not_told() {
    let texts = all_on();
    let policy = AutomaticPolicy {
        waits_since: ago(HOUR),
        ..policy(&texts, None)
    };
    let verdict = |since| {
        let wait = Wait {
            since,
            client_wrote_at: ago(MINUTE_MS),
            now: NOON,
        };
        policy.on_wait(&none(), &wait)
    };
    assert_eq!(verdict(NOON.plus_ms(-HOUR - 1)), WaitVerdict::PassOver);
    assert_eq!(verdict(NOON.plus_ms(-HOUR)), WaitVerdict::Tell);
}

#[rstest]
#[case::told(Status::InWork, None, HOUR, true)]
#[case::not_spam(Status::Queued, None, HOUR, false)]
#[case::not_twice_in_a_period(Status::InWork, ago(23 * HOUR), HOUR, false)]
#[case::after_a_period(Status::InWork, ago(24 * HOUR), HOUR, true)]
#[case::not_outside_the_window(Status::InWork, None, 24 * HOUR, false)]
fn closed(
    #[case] was: Status,
    #[case] closed_at: Option<Timestamp>,
    #[case] wrote_ago: i64,
    #[case] is_due: bool,
) {
    let memory = AutomaticMemory {
        closed_at,
        ..none()
    };
    let due = policy(&all_on(), None).on_close(&memory, was, ago(wrote_ago), NOON);
    assert_eq!(due, is_due);
}

/// One that has heard this, so long after an automatic text.
fn after_one_of_ours(ms: i64, before: Option<&str>, said: Option<&str>) -> AutomaticMemory {
    let mut memory = none();
    let text = |text: Option<&str>| text.and_then(digest);
    let first_at = NOON.plus_ms(-ms - MINUTE_MS);
    memory.heard(text(before), None, first_at);
    memory.sent(AutomaticKind::Closed, NOON.plus_ms(-ms));
    memory.heard(text(said), Some(first_at), NOON);
    memory
}

#[rstest]
#[case::at_once(0, Some("Здравствуйте"), Some("Вас слушают"), true)]
#[case::within_ten_seconds(QUICK_MS - 1, None, Some("Вас слушают"), true)]
#[case::later(QUICK_MS, None, Some("Вас слушают"), false)]
#[case::the_same_again(HOUR, Some("Нажмите 1"), Some(" нажмите 1 "), true)]
#[case::something_else(HOUR, Some("Нажмите 1"), Some("Нажмите 2"), false)]
#[case::two_pictures(HOUR, None, None, false)]
fn an_automaton_is_not_answered(
    #[case] ms: i64,
    #[case] before: Option<&str>,
    #[case] said: Option<&str>,
    #[case] is_automaton: bool,
) {
    let memory = after_one_of_ours(ms, before, said);
    assert_eq!(memory.is_automaton, is_automaton);
    let texts = all_on();
    let policy = policy(&texts, None);
    let greeted = policy.on_message(&memory, &first_at(NOON));
    let told = Wait {
        since: NOON.plus_ms(-HOUR),
        client_wrote_at: Some(NOON),
        now: NOON,
    };
    assert_eq!(greeted.is_none(), is_automaton);
    assert_eq!(
        policy.on_wait(&memory, &told) == WaitVerdict::PassOver,
        is_automaton
    );
}

#[test]
fn who_says_the_same_twice_before_anything_of_ours_is_an_impatient_person() {
    let mut memory = none();
    memory.heard(digest("?"), None, NOON.plus_ms(-MINUTE_MS));
    memory.heard(digest("?"), ago(MINUTE_MS), NOON);
    assert!(!memory.is_automaton);
}

#[test]
fn a_chat_gets_no_more_in_a_day_than_is_said_there() {
    let texts = all_on();
    let policy = policy(&texts, None);
    let mut memory = none();
    for n in 0..MAX_A_DAY {
        assert!(memory.may_get_another(NOON), "{n}");
        memory.sent(AutomaticKind::NobodyAnswers, NOON);
    }
    let later = |ms| NOON.plus_ms(ms);
    assert_eq!(
        policy.on_message(&memory, &first_at(later(DAY_MS - 1))),
        None
    );
    let next_day = policy.on_message(&memory, &first_at(later(DAY_MS)));
    assert_eq!(next_day, Some(AutomaticKind::Greeting));
    memory.sent(AutomaticKind::Greeting, later(DAY_MS));
    assert_eq!(memory.newest.len(), MAX_A_DAY, "it does not grow");
}

/// A client that answers everything at once, and a second one that takes its time, over a week in
/// which everything happens.
#[rstest]
#[case::at_once(1_000)]
#[case::within_a_minute(30_000)]
fn two_automata_do_not_keep_each_other_going(#[case] takes_ms: i64) {
    let (texts, hours) = (all_on(), by_day());
    let policy = policy(&texts, Some(&hours));
    let mut memory = none();
    let mut previous_at = None;
    let (mut n_sent, mut says_at) = (0, vec![NOON]);
    let end = NOON.plus_ms(7 * DAY_MS);
    while let Some(now) = says_at.pop().filter(|at| *at < end) {
        memory.heard(digest("Нас нет на месте"), previous_at, now);
        let heard = Heard {
            sent_at: now,
            previous_at,
            now,
        };
        previous_at = Some(now);
        if let Some(kind) = policy.on_message(&memory, &heard) {
            memory.sent(kind, now);
            n_sent += 1;
            says_at.push(now.plus_ms(takes_ms));
        }
    }
    assert_eq!(n_sent, 1, "the greeting, which it answers");
}

#[test]
fn what_went_out_before_a_backup_was_put_back_is_not_repeated() {
    let (texts, hours) = (all_on(), by_day());
    let put_back = AutomaticPolicy {
        unknown_until: ago(HOUR),
        ..policy(&texts, Some(&hours))
    };
    let day_later = NOON.plus_ms(23 * HOUR);
    assert_eq!(put_back.on_message(&none(), &first_at(NOON)), None);
    assert_eq!(
        put_back.on_message(&none(), &first_at(day_later)),
        Some(AutomaticKind::Greeting)
    );
    assert!(!put_back.on_close(&none(), Status::InWork, Some(NOON), NOON));
    let wait = |since| Wait {
        since,
        client_wrote_at: ago(MINUTE_MS),
        now: NOON,
    };
    let verdict = |since| put_back.on_wait(&none(), &wait(since));
    assert_eq!(verdict(NOON.plus_ms(-HOUR)), WaitVerdict::PassOver);
    assert_eq!(verdict(NOON.plus_ms(-HOUR + 1)), WaitVerdict::Tell);
    let night = NOON.plus_ms(9 * HOUR);
    let told = put_back.on_message(&none(), &first_at(night));
    assert_eq!(
        told,
        Some(AutomaticKind::OutsideHours),
        "a stretch that began after it"
    );
}

#[rstest]
#[case::blank(|it: &mut AutomaticTexts| it.greeting.text = "  ".to_owned(), Refusal::TextEmpty.into())]
#[case::nothing_without_a_name(|it: &mut AutomaticTexts| it.closed.text = "{client}".to_owned(), Refusal::TextEmpty.into())]
#[case::long(|it: &mut AutomaticTexts| it.outside_hours.text = "x".repeat(MAX_AUTOMATIC_CHARS + 1), Refusal::TextTooLong.into())]
#[case::short_period(|it: &mut AutomaticTexts| it.greeting.minutes = MIN_PERIOD_MINUTES - 1, AutomaticFault::Time)]
#[case::long_period(|it: &mut AutomaticTexts| it.closed.minutes = MAX_PERIOD_MINUTES + 1, AutomaticFault::Time)]
#[case::no_wait(|it: &mut AutomaticTexts| it.nobody_answers.minutes = 0, AutomaticFault::Time)]
#[case::long_wait(|it: &mut AutomaticTexts| it.nobody_answers.minutes = MAX_WAIT_MINUTES + 1, AutomaticFault::Time)]
fn what_cannot_be_kept_says_why(
    #[case] spoil: fn(&mut AutomaticTexts),
    #[case] fault: AutomaticFault,
) {
    let mut texts = all_on();
    assert_eq!(texts.check(), Ok(()));
    spoil(&mut texts);
    assert_eq!(texts.check(), Err(fault));
}

#[test]
fn what_is_off_may_be_blank() {
    assert_eq!(AutomaticTexts::default().check(), Ok(()));
}

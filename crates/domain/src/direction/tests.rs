use rstest::rstest;
use uuid::Uuid;

use super::*;

fn operator(n: u8) -> OperatorId {
    OperatorId(Uuid::from_bytes([n; 16]))
}

fn channel(n: u8) -> ChannelId {
    ChannelId(Uuid::from_bytes([n; 16]))
}

fn rule(words: &[&str], channels: &[u8], numbers: &[&str]) -> DirectionRule {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    DirectionRule {
        words: texts(words),
        channel_ids: channels.iter().copied().map(channel).collect(),
        numbers: texts(numbers),
        operator_id: operator(1),
    }
}

fn takes(rule: DirectionRule, text: &str, channel_id: u8, phone: Option<&str>) -> bool {
    let message = Incoming {
        text,
        channel_id: channel(channel_id),
        phone,
    };
    Directions::of(&[rule])
        .unwrap()
        .of_message(&message)
        .count()
        == 1
}

#[rstest]
#[case::the_word("счёт", "Пришлите счёт", true)]
#[case::another_yo("счет", "Пришлите СЧЁТ, пожалуйста!", true)]
#[case::a_letter_of_two_signs("счёт", "Пришлите сче\u{308}т", true)]
#[case::within_a_word("счет", "Пересчетать", false)]
#[case::another_form("счет", "два счета", false)]
#[case::in_a_row("возврат денег", "Оформите возврат, денег жалко", true)]
#[case::not_in_a_row("возврат денег", "возврат моих денег", false)]
#[case::digits("заказ 17", "где заказ №17?", true)]
#[case::empty("счет", "", false)]
fn words_are_met_whole_without_regard_to_case_and_yo(
    #[case] word: &str,
    #[case] text: &str,
    #[case] is_met: bool,
) {
    assert_eq!(takes(rule(&[word], &[], &[]), text, 1, None), is_met);
}

#[rstest]
#[case::the_number("79000000001", Some("79000000001"), true)]
#[case::as_people_write_it("+7 (900) 000-00-01", Some("79000000001"), true)]
#[case::with_an_eight("8 900 000-00-01", Some("79000000001"), true)]
#[case::a_beginning("7900*", Some("79000000001"), true)]
#[case::an_end("*0001", Some("79000000001"), true)]
#[case::both_ends("7*1", Some("79000000001"), true)]
#[case::the_middle("*90*00*", Some("79000000001"), true)]
#[case::not_the_whole("7900", Some("79000000001"), false)]
#[case::another("7495*", Some("79000000001"), false)]
#[case::hidden("*", None, false)]
fn a_number_is_met_as_a_whole_and_stars_stand_for_any_digits(
    #[case] pattern: &str,
    #[case] phone: Option<&str>,
    #[case] is_met: bool,
) {
    assert_eq!(takes(rule(&[], &[], &[pattern]), "", 1, phone), is_met);
}

#[test]
fn each_kind_of_condition_holds_and_of_a_kind_any_one() {
    let whole = || rule(&["счет", "акт"], &[1, 2], &["7900*"]);
    let phone = Some("79000000001");
    assert!(takes(whole(), "Нужен акт", 2, phone));
    assert!(!takes(whole(), "Нужен отпуск", 2, phone));
    assert!(!takes(whole(), "Нужен акт", 3, phone));
    assert!(!takes(whole(), "Нужен акт", 2, Some("74950000000")));
}

#[test]
fn rules_count_in_their_order() {
    let mut rules = [rule(&["счет"], &[], &[]), rule(&[], &[1], &[])];
    rules[1].operator_id = operator(2);
    let message = Incoming {
        text: "счет",
        channel_id: channel(1),
        phone: None,
    };
    let directions = Directions::of(&rules).unwrap();
    let found: Vec<_> = directions.of_message(&message).collect();
    assert_eq!(found, [(0, operator(1)), (1, operator(2))]);
}

#[rstest]
#[case::nothing(rule(&[], &[], &[]), DirectionFault::NoCondition)]
#[case::no_letter(rule(&["…"], &[], &[]), DirectionFault::NoCondition)]
#[case::no_digit(rule(&[], &[], &["+"]), DirectionFault::NoCondition)]
#[case::many(rule(&["a"; MAX_CONDITIONS + 1], &[], &[]), DirectionFault::TooMany)]
#[case::long(rule(&[&"a".repeat(MAX_CONDITION_CHARS + 1)], &[], &[]), DirectionFault::TooMany)]
fn what_cannot_be_kept_says_why(#[case] rule: DirectionRule, #[case] fault: DirectionFault) {
    assert_eq!(Directions::of(&[rule]).unwrap_err(), fault);
}

#[test]
fn there_are_not_more_rules_than_anybody_can_oversee() {
    let rules = vec![rule(&["a"], &[], &[]); MAX_RULES + 1];
    assert_eq!(Directions::of(&rules).unwrap_err(), DirectionFault::TooMany);
}

//! Phone numbers as they are dialled from anywhere: digits, country code first.

/// Fewest digits of a number.
const MIN_DIGITS: usize = 7;

/// Most digits of a number (ITU-T E.164).
const MAX_DIGITS: usize = 15;

/// What people write between the digits.
const BETWEEN: &str = " +-()./\u{a0}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}";

/// The digits of a number, however it is written; none if it cannot be one.
#[must_use]
pub fn phone_digits(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let is_plain = number
        .chars()
        .all(|sign| sign.is_ascii_digit() || BETWEEN.contains(sign));
    let is_number = (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) && !digits.starts_with('0');
    (is_plain && is_number).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_digits_however_it_is_written() {
        for written in ["+7 495 000-00-00", "7 (495) 000\u{a0}00 00", "74950000000"] {
            assert_eq!(phone_digits(written).as_deref(), Some("74950000000"));
        }
        for none in [
            "",
            "123456",
            "1234567890123456",
            "0749500000",
            "доб. 74950000000",
            "7495000000a",
        ] {
            assert_eq!(phone_digits(none), None, "{none}");
        }
    }
}

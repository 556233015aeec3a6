//! Words as they are compared, and what somebody searches for.
//!
//! The backend's archive and a panel's search go by the same rules, so that what one finds the other
//! finds too; a panel knows forms of words besides.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Most words that are searched for; what is written behind them does not narrow the search.
const MAX_WORDS: usize = 16;

/// As much of a word is searched for.
const MAX_WORD_CHARS: usize = 64;

/// Digits of a whole number in Russia, with the 7 or the 8 that it begins with.
const WHOLE_NUMBER: usize = 11;

/// What stands between the parts of a number as people write it.
const WITHIN_NUMBERS: &str = " +-()./\u{a0}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}";

/// Text as it is compared: without case, and ё is е. A letter that is written as two signs, as some
/// devices do, is the letter; marks that belong to none, such as a stress, do not count.
#[derive(Debug, Clone)]
pub struct Folded(String);

impl Folded {
    /// A text as it is compared.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        // Most texts are: to look each of their letters up in tables would take longer than all else.
        if lower.chars().all(is_plain) {
            return Self(lower.replace('ё', "е"));
        }
        let letters = lower
            .nfc()
            .filter(|&sign| !is_combining_mark(sign) || sign.is_alphanumeric());
        Self(
            letters
                .map(|letter| if letter == 'ё' { 'е' } else { letter })
                .collect(),
        )
    }

    /// Its words: letters and digits alone.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
    }
}

/// Whether a letter or sign is neither a mark nor changed by marks being composed, by the blocks of Latin,
/// Cyrillic and punctuation that most texts are written in.
const fn is_plain(sign: char) -> bool {
    matches!(sign, ..'\u{300}' | '\u{400}'..'\u{483}' | '\u{2010}'..='\u{20bf}')
}

/// The digits of a number, however it is written.
#[must_use]
pub fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// Something that is searched for: a word, or a number that may be written in parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Term {
    /// The word, or the parts of the number.
    words: Vec<String>,
    /// All digits of the number, if it is one.
    number: Option<String>,
}

impl Term {
    /// The word, or the parts of the number.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// All digits of the number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// What it may be met by: the words of one of these begin words of what is searched through.
    #[must_use]
    pub fn forms(&self) -> Vec<Vec<String>> {
        // A shorter one may be anything, and 8 then is 8.
        let whole = self.without_eight().filter(|it| it.len() == WHOLE_NUMBER);
        let number = self.number.iter().cloned().chain(whole);
        let mut forms = vec![self.words.clone()];
        forms.extend(
            number
                .map(|number| vec![number])
                .filter(|it| *it != self.words),
        );
        forms
    }

    /// The number if its first digit is the 8 that is dialled within Russia in place of +7.
    #[must_use]
    pub fn without_eight(&self) -> Option<String> {
        let rest = self.number.as_ref()?.strip_prefix('8')?;
        (!rest.is_empty()).then(|| format!("7{rest}"))
    }

    /// Whether a line has it.
    #[must_use]
    pub fn is_in(&self, line: &Folded) -> bool {
        let begins_one = |begin: &String| line.words().any(|word| word.starts_with(begin));
        self.forms().iter().any(|form| form.iter().all(begins_one))
    }

    /// Whether a client has it in their names, or in their number of digits alone.
    #[must_use]
    pub fn is_of_client(&self, names: &Folded, phone: &str) -> bool {
        let number = self.number.as_ref();
        self.is_in(names)
            || number.is_some_and(|number| phone.contains(number))
            || self
                .without_eight()
                .is_some_and(|it| phone.starts_with(&it))
    }
}

/// What a text searches for.
///
/// None if it has letters or signs, but no word among them: nothing has them then. Of numbers that follow each other it cannot be known whether they are parts of one,
/// so they are a single term that is met either way.
#[must_use]
pub fn terms(text: &str) -> Option<Vec<Term>> {
    let folded = Folded::of(text);
    let mut terms: Vec<Term> = Vec::new();
    let mut end = 0;
    for word in folded.words().take(MAX_WORDS) {
        let begin = word.as_ptr().addr() - folded.0.as_ptr().addr();
        let between = folded.0.get(end..begin).unwrap_or_default();
        end = begin + word.len();
        let word: String = word.chars().take(MAX_WORD_CHARS).collect();
        let is_number = word.bytes().all(|letter| letter.is_ascii_digit());
        let goes_on = between.chars().all(|sign| WITHIN_NUMBERS.contains(sign));
        if is_number
            && goes_on
            && let Some(Term {
                words,
                number: Some(number),
            }) = terms.last_mut()
        {
            number.push_str(&word);
            words.push(word);
        } else {
            terms.push(Term {
                number: is_number.then(|| word.clone()),
                words: vec![word],
            });
        }
    }
    (!terms.is_empty() || text.trim().is_empty()).then_some(terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str], number: Option<&str>) -> Term {
        Term {
            words: words.iter().map(|&word| word.to_owned()).collect(),
            number: number.map(str::to_owned),
        }
    }

    #[test]
    fn a_number_is_one_however_it_is_written() {
        let whole = vec![of(&["7", "999", "000", "00", "01"], Some("79990000001"))];
        for text in [
            "+7 (999) 000-00-01",
            "7 999 000 00\u{a0}01",
            "7.999.000/00–01",
        ] {
            assert_eq!(terms(text).as_ref(), Some(&whole), "{text}");
        }
        assert_eq!(
            terms("Ёлка 12, 15").unwrap(),
            [
                of(&["елка"], None),
                of(&["12"], Some("12")),
                of(&["15"], Some("15"))
            ]
        );
    }

    #[test]
    fn a_number_is_found_by_any_fragment_and_eight_is_seven_at_the_beginning() {
        let nameless = Folded::of("");
        let finds = |text: &str| terms(text).unwrap()[0].is_of_client(&nameless, "79990000001");
        for text in ["79990000001", "0001", "+7 999", "8 (999) 000-00-01", "8999"] {
            assert!(finds(text), "{text}");
        }
        for text in ["8", "80", "8 000", "990 1"] {
            assert!(!finds(text), "{text}");
        }
    }

    #[test]
    fn a_line_has_a_number_in_parts_or_whole() {
        let term = &terms("8 999 000-00-01").unwrap()[0];
        let has = |line: &str| term.is_in(&Folded::of(line));
        assert!(has("мой: 8-999-000 00 01") && has("89990000001") && has("+79990000001"));
        assert!(!has("8 999 000"));
        let sum = &terms("8500").unwrap()[0];
        assert!(sum.is_in(&Folded::of("8500 ₽")) && !sum.is_in(&Folded::of("7500 ₽")));
    }

    #[test]
    fn a_letter_of_two_signs_is_the_letter_and_a_stress_is_none() {
        let words = |text: &str| {
            let folded = Folded::of(text);
            folded.words().map(str::to_owned).collect::<Vec<_>>()
        };
        let composed = ["новый", "елки", "cafe", "замок"];
        assert_eq!(
            words("НОВЫИ\u{306} е\u{308}лки cafe, за\u{301}мок")[..],
            composed
        );
        assert_eq!(words("новый ёлки")[..], composed[..2]);
        assert_eq!(words("café cafe\u{301}")[..], ["café", "café"]);
        assert_eq!(words("\u{301} \u{20dd}"), Vec::<String>::new());
        // Vowels of other scripts are marks by their kind, and letters all the same.
        assert_ne!(words("की"), words("के"));
    }

    #[test]
    fn what_is_plain_is_composed_and_no_mark() {
        for sign in ('\0'..=char::MAX).filter(|&sign| is_plain(sign)) {
            assert!(
                !is_combining_mark(sign) && std::iter::once(sign).nfc().eq([sign]),
                "{sign:?}"
            );
        }
    }

    #[test]
    fn what_has_no_words_is_nothing_and_what_has_too_many_is_cut() {
        assert_eq!(terms(" \n").unwrap(), []);
        for text in ["\"*", "👍", "\0", "+", "—"] {
            assert_eq!(terms(text), None, "{text}");
        }
        assert_eq!(terms(&"слово ".repeat(10_000)).unwrap().len(), MAX_WORDS);
        let long = terms(&"ы".repeat(100_000)).unwrap();
        assert_eq!(long[0].words[0].chars().count(), MAX_WORD_CHARS);
        let digits = terms(&"1 ".repeat(10_000)).unwrap();
        assert_eq!(digits[0].number.as_ref().unwrap().len(), MAX_WORDS);
    }
}

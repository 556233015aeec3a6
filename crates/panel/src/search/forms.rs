//! Forms of words: what is written in another case or number is found, too.

use pult_words::{Folded, Term};
use rust_stemmers::{Algorithm, Stemmer};

/// Words with fewer letters have no other form worth finding.
const MIN_LETTERS: usize = 3;

/// What all forms of a word begin with, by the rules of its script; none for what has no forms: numbers
/// and short words. `word` is folded.
pub(super) fn stem(word: &str) -> Option<String> {
    let algorithm = algorithm(word)?;
    let is_long = word.chars().nth(MIN_LETTERS - 1).is_some();
    is_long.then(|| Stemmer::create(algorithm).stem(word).into_owned())
}

fn algorithm(word: &str) -> Option<Algorithm> {
    if word.bytes().all(|letter| letter.is_ascii_lowercase()) {
        Some(Algorithm::English)
    } else if word.chars().all(|letter| matches!(letter, 'а'..='я')) {
        Some(Algorithm::Russian)
    } else {
        None
    }
}

/// What a term's forms begin with, if it is a word that has some.
pub(super) fn stem_of(term: &Term) -> Option<String> {
    match term.words() {
        [word] if term.number().is_none() => stem(word),
        _ => None,
    }
}

/// The words of a line by which it was found though they do not begin with what was asked for: other
/// forms of it. Each once.
pub(super) fn forms_in(terms: &[Term], line: &Folded) -> Vec<String> {
    let wanted: Vec<String> = terms.iter().filter_map(stem_of).collect();
    let begins = |word: &str| {
        let mut asked = terms.iter().flat_map(Term::words);
        asked.any(|asked| word.starts_with(asked.as_str()))
    };
    let mut forms: Vec<String> = line
        .words()
        .filter(|word| !begins(word) && stem(word).is_some_and(|stem| wanted.contains(&stem)))
        .map(str::to_owned)
        .collect();
    forms.sort_unstable();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use pult_words::terms;

    use super::super::scan::is_in;
    use super::*;

    #[test]
    fn forms_of_words_are_found_in_both_languages() {
        let finds = |query: &str, line: &str| is_in(&terms(query).unwrap()[0], &Folded::of(line));
        assert!(finds("диваны", "Нет дивана в наличии"));
        assert!(finds("доставка", "без доставки"));
        assert!(finds("Зелёного", "зеленый"));
        assert!(finds("orders", "My order, please"));
        assert!(finds("running", "she runs"));
        assert!(!finds("доставка", "достаток"));
        assert!(finds("ди", "диван"), "a beginning is enough");
        assert!(!finds("ля", "ли"), "what is short has no forms");
    }

    #[test]
    fn what_is_marked_besides_is_other_forms_alone() {
        let forms = |query: &str, line: &str| forms_in(&terms(query).unwrap(), &Folded::of(line));
        assert_eq!(
            forms("диваны", "Диваны, дивана и диван"),
            ["диван", "дивана"]
        );
        assert_eq!(forms("диван", "Диваны, дивана и диван"), [""; 0]);
        assert_eq!(forms("12 34", "123 456"), [""; 0]);
    }

    #[test]
    fn numbers_and_mixed_words_have_no_forms() {
        for word in ["123", "a1", "ab", "я", "dива", "日本語", ""] {
            assert_eq!(stem(word), None, "{word}");
        }
    }
}

//! Licence expressions as packages declare them (SPDX, with the habits of older packages).

/// Deeper nesting than any honest package has.
const MAX_DEPTH: usize = 16;

/// Whether the terms of `expression` can be met with the licences that `is_allowed` accepts.
///
/// `A OR B` lets the user choose, `A AND B` asks for both. `A WITH exception` grants more than `A`
/// alone, so `A` decides; so it does for `A+`, "this version or a later one". Older crates write `A/B`
/// for `OR`. `None` means that this is no licence expression.
pub(crate) fn is_satisfiable(expression: &str, is_allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        is_allowed,
        depth: 0,
    };
    let answer = reader.any()?;
    reader.words.is_empty().then_some(answer)
}

struct Reader<'a> {
    words: &'a [&'a str],
    is_allowed: &'a dyn Fn(&str) -> bool,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// `all (OR all)*`
    fn any(&mut self) -> Option<bool> {
        let mut answer = self.all()?;
        while self.take("OR") {
            // Read first: what follows must be read even where it changes nothing.
            answer = self.all()? || answer;
        }
        Some(answer)
    }

    /// `one (AND one)*`
    fn all(&mut self) -> Option<bool> {
        let mut answer = self.one()?;
        while self.take("AND") {
            answer = self.one()? && answer;
        }
        Some(answer)
    }

    /// `( any )`, or a licence with its exception.
    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return None;
            }
            let answer = self.any()?;
            self.depth -= 1;
            return self.take(")").then_some(answer);
        }
        let licence = self.name()?;
        if self.take("WITH") {
            self.name()?;
        }
        Some((self.is_allowed)(licence.trim_end_matches('+')))
    }

    fn name(&mut self) -> Option<&'a str> {
        let (&first, rest) = self.words.split_first()?;
        let is_operator = ["OR", "AND", "WITH"]
            .iter()
            .any(|word| first.eq_ignore_ascii_case(word));
        let is_name = first
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-.+:".contains(c));
        if is_operator || !is_name {
            return None;
        }
        self.words = rest;
        Some(first)
    }

    fn take(&mut self, word: &str) -> bool {
        match self.words.split_first() {
            Some((first, rest)) if first.eq_ignore_ascii_case(word) => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_mit_and_apache(expression: &str) -> Option<bool> {
        is_satisfiable(expression, &|licence| {
            matches!(licence, "MIT" | "Apache-2.0")
        })
    }

    #[test]
    fn a_single_licence_is_allowed_or_not() {
        assert_eq!(with_mit_and_apache("MIT"), Some(true));
        assert_eq!(with_mit_and_apache("GPL-3.0-only"), Some(false));
    }

    #[test]
    fn or_lets_one_choose_and_and_asks_for_both() {
        assert_eq!(with_mit_and_apache("GPL-3.0-only OR MIT"), Some(true));
        assert_eq!(with_mit_and_apache("MIT OR GPL-3.0-only"), Some(true));
        assert_eq!(with_mit_and_apache("MIT AND Apache-2.0"), Some(true));
        assert_eq!(with_mit_and_apache("MIT AND GPL-3.0-only"), Some(false));
    }

    #[test]
    fn and_binds_more_closely_than_or() {
        assert_eq!(
            with_mit_and_apache("MIT OR GPL-2.0-only AND GPL-3.0-only"),
            Some(true)
        );
        assert_eq!(
            with_mit_and_apache("(MIT OR GPL-2.0-only) AND GPL-3.0-only"),
            Some(false)
        );
    }

    #[test]
    fn an_exception_and_a_later_version_only_grant_more() {
        assert_eq!(
            with_mit_and_apache("Apache-2.0 WITH LLVM-exception"),
            Some(true)
        );
        assert_eq!(
            with_mit_and_apache("GPL-2.0-only WITH Classpath-exception-2.0"),
            Some(false)
        );
        assert_eq!(with_mit_and_apache("Apache-2.0+"), Some(true));
    }

    #[test]
    fn the_slash_of_older_packages_means_or() {
        assert_eq!(with_mit_and_apache("MIT/Apache-2.0"), Some(true));
        assert_eq!(with_mit_and_apache("GPL-3.0-only / MIT"), Some(true));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "MIT OR",
            "OR MIT",
            "MIT Apache-2.0",
            "(MIT",
            "MIT)",
            "MIT WITH",
            "SEE LICENSE, please",
        ] {
            assert_eq!(with_mit_and_apache(text), None, "{text:?}");
        }
        assert_eq!(with_mit_and_apache(&"(".repeat(100_000)), None);
    }
}

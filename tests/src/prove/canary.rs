//! Canaries: texts, names, numbers and secrets that are told from everything else, so that one that
//! got into a log is found there.

use rand::RngExt;
use rand::rngs::StdRng;

/// What every text, name and login of a proof begins with, and nothing else.
pub const MARK: &str = "canary-";

/// What every text begins with that only staff may ever see.
pub const HIDDEN: &str = "canary-hidden-";

/// How many clients a run may have.
const NUMBERS_OF_A_RUN: u64 = 100;

/// The canaries of one run.
#[derive(Debug)]
pub struct Canaries {
    next_number: u64,
    told_apart: Vec<String>,
}

impl Canaries {
    pub(super) const fn of_run(k: u64) -> Self {
        Self {
            next_number: k.wrapping_mul(NUMBERS_OF_A_RUN),
            told_apart: Vec::new(),
        }
    }

    /// A text, name or login like no other.
    pub fn text(&self, chance: &mut StdRng) -> String {
        format!("{MARK}{:016x}", chance.random::<u64>())
    }

    /// A text like no other that only staff may see.
    pub fn hidden(&self, chance: &mut StdRng) -> String {
        format!("{HIDDEN}{:016x}", chance.random::<u64>())
    }

    /// A phone number like no other, of a range that nobody has.
    pub fn number(&mut self) -> String {
        let number = format!("7900{:07}", self.next_number % 10_000_000);
        self.next_number += 1;
        self.told_apart.push(number.clone());
        number
    }

    /// A secret that somebody else made, such as a session's token.
    pub fn secret(&mut self, secret: &str) {
        self.told_apart.push(secret.to_owned());
    }

    /// What of this run stands in `log`, if anything does.
    #[must_use]
    pub fn found_in<'a>(&'a self, log: &str) -> Option<&'a str> {
        let all = self.told_apart.iter().map(String::as_str);
        std::iter::once(MARK)
            .chain(all)
            .find(|canary| log.contains(canary))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::Canaries;

    #[test]
    fn whatever_a_run_wrote_is_found_in_a_log() {
        let mut canaries = Canaries::of_run(3);
        let (text, number) = (
            canaries.text(&mut StdRng::seed_from_u64(1)),
            canaries.number(),
        );
        canaries.secret("made elsewhere");
        let hidden = canaries.hidden(&mut StdRng::seed_from_u64(2));
        for said in [text.as_str(), &hidden, &number, "made elsewhere"] {
            assert!(canaries.found_in(&format!("a line: {said}\n")).is_some());
        }
        assert_eq!(canaries.found_in("nothing of it"), None);
    }

    #[test]
    fn two_runs_have_no_number_in_common() {
        let of = |k| {
            let mut canaries = Canaries::of_run(k);
            [canaries.number(), canaries.number()]
        };
        let (one, other) = (of(0), of(1));
        assert!(one.iter().all(|number| !other.contains(number)));
    }
}

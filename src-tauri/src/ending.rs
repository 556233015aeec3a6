//! The end of the program, which may take a while: copies of erased text are taken out of the files then. No
//! window hears of a start in that time, so whoever starts the program again gets it once it has ended.

use std::io;
use std::process::Command;

use parking_lot::Mutex;

use crate::HIDDEN;

/// Whether the program ends.
#[derive(Default)]
pub(crate) struct Ending(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Running,
    /// With the arguments with which it was started again, if it was.
    Ending(Option<Vec<String>>),
}

impl Ending {
    /// From now on it ends.
    pub(crate) fn begin(&self) {
        let mut state = self.0.lock();
        if matches!(*state, State::Running) {
            *state = State::Ending(None);
        }
    }

    /// Keeps the arguments of another start for when the program has ended. False if it does not end.
    pub(crate) fn keeps(&self, arguments: &[String]) -> bool {
        let is_hidden = arguments.iter().any(|argument| argument == HIDDEN);
        match &mut *self.0.lock() {
            State::Running => false,
            State::Ending(again) => {
                // The session wants less than somebody who is there.
                if again.is_none() || !is_hidden {
                    *again = Some(arguments.to_vec());
                }
                true
            }
        }
    }

    /// Starts the program again if somebody has meanwhile. Where the system allows, it begins in its own
    /// place, and this does not return: nothing of it is left then of which a start could think that it runs.
    pub(crate) fn start_again(&self) {
        let State::Ending(Some(arguments)) = &*self.0.lock() else {
            return;
        };
        tracing::info!("It was started while it ended, and starts again");
        let begun = std::env::current_exe().and_then(|program| {
            let mut command = Command::new(program);
            begin(command.args(arguments.iter().skip(1)))
        });
        if let Err(error) = begun {
            tracing::warn!(%error, "The program was not started again");
        }
    }
}

#[cfg(unix)]
fn begin(command: &mut Command) -> io::Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

#[cfg(not(unix))]
fn begin(command: &mut Command) -> io::Result<()> {
    command.spawn().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_start_while_it_ends_is_kept_and_the_session_s_is_worth_less() {
        let ending = Ending::default();
        let again = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            ending.keeps(&words)
        };
        let kept = || match &*ending.0.lock() {
            State::Ending(again) => again.clone().unwrap_or_default(),
            State::Running => Vec::new(),
        };
        assert!(!again(&["pult"]));
        ending.begin();
        assert_eq!(kept(), [""; 0]);
        assert!(again(&["pult", HIDDEN]));
        assert_eq!(kept(), ["pult", HIDDEN]);
        assert!(again(&["pult", "pult://chat/1"]));
        assert!(again(&["pult", HIDDEN]));
        ending.begin();
        assert_eq!(kept(), ["pult", "pult://chat/1"]);
    }
}

//! Bugs on demand, in what an operator is told of, with which the proofs are tried.
//!
//! All of it is behind the feature `trials`. Without it [`has`] is false, and nothing of this is in
//! the program. The backend has the like in `store/src/trials.rs`; panels run in the program that
//! makes a proof, so that it plants a bug by a call.

/// What a panel may do wrong. Each breaks a promise that a proof watches over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "trials", derive(serde::Deserialize))]
#[cfg_attr(feature = "trials", serde(rename_all = "snake_case"))]
#[cfg_attr(
    not(feature = "trials"),
    expect(unreachable_pub, reason = "only proofs name it")
)]
pub enum Bug {
    /// What was told is not noted, so that the next start tells it again.
    ForgetsWhatWasTold,
    /// Its operator is told of what they have done themselves.
    TellsOfOwn,
    /// What is before its operator's eyes is told too.
    TellsOfWhatIsSeen,
    /// A mention is not let through where it is quiet.
    MentionsAreQuieted,
    /// What was read on another device stays on the screen.
    StaysWhenReadElsewhere,
    /// The device that was not used last does not wait.
    NobodyWaits,
    /// Of many chats at once there is a banner each.
    NoSummary,
    /// A mention is told as the message that came with it.
    MentionsDrown,
}

#[cfg(not(feature = "trials"))]
mod off {
    use super::Bug;

    /// No bugs on demand.
    #[inline]
    pub(crate) const fn has(_: Bug) -> bool {
        false
    }
}
#[cfg(not(feature = "trials"))]
pub(crate) use off::has;

#[cfg(feature = "trials")]
mod on {
    use parking_lot::Mutex;
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::Error;

    use super::Bug;

    static PLANTED: Mutex<Option<Bug>> = Mutex::new(None);

    /// All panels of this program have this bug from now on, or none. False if there is no such bug:
    /// then they have none.
    pub fn plant(name: Option<&str>) -> bool {
        let named = |name: &str| {
            Bug::deserialize(IntoDeserializer::<Error>::into_deserializer(
                name.to_owned(),
            ))
            .ok()
        };
        let bug = name.and_then(named);
        *PLANTED.lock() = bug;
        bug.is_some() == name.is_some()
    }

    /// Whether panels have the bug.
    pub(crate) fn has(bug: Bug) -> bool {
        *PLANTED.lock() == Some(bug)
    }
}
#[cfg(feature = "trials")]
pub(crate) use on::has;
#[cfg(feature = "trials")]
pub use on::plant;

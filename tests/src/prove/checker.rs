//! `checker`: proves the proofs. Each bug of a list is planted in the backend, and the proof that
//! watches over the promise it breaks must find it within a bounded number of runs.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Result;
use serde::Serialize;

use super::{Outcome, Plan, Proof, Stopped, progress};

/// A bug that can be planted, by its name in the backend or the panels, the proof that is to find it, and the most
/// runs that may take.
struct Planted {
    bug: &'static str,
    proof: Proof,
    runs: u64,
}

const fn planted(bug: &'static str, proof: Proof, runs: u64) -> Planted {
    Planted { bug, proof, runs }
}

const PLANTED: &[Planted] = &[
    planted("two_owners", Proof::Race, 50),
    planted("drop_gone", Proof::Race, 50),
    planted("lost_as_closed", Proof::Race, 50),
    planted("show_to_everyone", Proof::Race, 50),
    planted("drop_gone", Proof::Cuts, 30),
    planted("lost_as_closed", Proof::Cuts, 30),
    planted("show_to_everyone", Proof::Cuts, 30),
    planted("forget_command_ids", Proof::Cuts, 30),
    planted("seq_stands_still", Proof::Cuts, 30),
    planted("cursor_runs_ahead", Proof::Cuts, 30),
    planted("live_too_soon", Proof::Cuts, 200),
    planted("observers_outlive_close", Proof::Histories, 5),
    planted("comments_to_client", Proof::Histories, 5),
    planted("anybody_transfers", Proof::Histories, 20),
    planted("observers_see_nothing", Proof::Histories, 5),
    planted("refusals_leave_notices", Proof::Histories, 5),
    planted("nothing_is_held", Proof::Histories, 20),
    planted("strangers_are_answered", Proof::Histories, 10),
    planted("two_owners", Proof::Histories, 20),
    planted("drop_gone", Proof::Histories, 20),
    planted("sent_drafts_stay", Proof::Desk, 10),
    planted("drafts_stay_at_home", Proof::Desk, 5),
    planted("marks_go_back", Proof::Desk, 20),
    planted("leases_never_end", Proof::Desk, 5),
    planted("forgets_what_was_told", Proof::Notify, 40),
    planted("tells_of_own", Proof::Notify, 20),
    planted("tells_of_what_is_seen", Proof::Notify, 80),
    planted("mentions_are_quieted", Proof::Notify, 60),
    planted("stays_when_read_elsewhere", Proof::Notify, 40),
    planted("nobody_waits", Proof::Notify, 20),
    planted("no_summary", Proof::Notify, 10),
    planted("mentions_drown", Proof::Notify, 120),
    planted("forget_command_ids", Proof::Offline, 30),
    planted("skip_journal", Proof::Crash, 5),
    planted("answer_before_commit", Proof::Crash, 40),
    planted("forget_message_ids", Proof::Crash, 5),
    planted("resend_on_takeover", Proof::Crash, 10),
    planted("lanes_overtake", Proof::Crash, 5),
    planted("forget_callback_data", Proof::Crash, 10),
];

#[derive(Debug, Default, Serialize)]
struct Figures {
    bugs: u64,
    found: u64,
    /// Each by which proof after how many runs; those that were not found are missing.
    by: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
}

/// Plants one bug after the other, or only the one that the plan names. `runs` of the plan bounds
/// the runs for each, if it is less than the list says.
///
/// # Errors
/// When a proof cannot be made at all.
pub async fn prove(plan: &Plan) -> Result<Outcome> {
    let mut figures = Figures::default();
    let is_asked = |planted: &&Planted| plan.bug.as_deref().is_none_or(|bug| bug == planted.bug);
    for planted in PLANTED.iter().filter(is_asked) {
        let Planted { bug, proof, runs } = planted;
        figures.bugs += 1;
        let with_bug = Plan {
            seed: plan.seed,
            runs: (*runs).min(plan.runs),
            only: None,
            bug: Some((*bug).to_owned()),
        };
        let stopped = Box::pin(proof.make(&with_bug)).await?.stopped;
        match stopped.filter(Stopped::is_finding) {
            Some(Stopped { k, error, kept }) => {
                progress(&format!(
                    "checker: {bug} found by {}: {error:#}",
                    proof.name()
                ));
                figures.found += 1;
                let by = figures.by.entry(bug).or_default();
                by.insert(proof.name(), k + 1);
                if let Some(kept) = kept {
                    // Nobody looks at what was planted.
                    fs::remove_dir_all(kept)?;
                }
            }
            None => progress(&format!("checker: {bug} NOT found by {}", proof.name())),
        }
    }
    let missing = figures.bugs - figures.found;
    let is_wrong = missing > 0 || figures.bugs == 0;
    let stopped = is_wrong.then(|| Stopped {
        k: figures.bugs,
        error: anyhow::anyhow!("{missing} of {} planted bugs were not found", figures.bugs),
        kept: None,
    });
    Outcome::new(&figures, stopped)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PLANTED;

    #[test]
    fn every_bug_is_planted_once_for_a_proof() {
        let all = PLANTED
            .iter()
            .map(|planted| (planted.bug, planted.proof.name()));
        assert_eq!(all.collect::<BTreeSet<_>>().len(), PLANTED.len());
        assert!(PLANTED.iter().all(|planted| planted.runs > 0));
    }
}

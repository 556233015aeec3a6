//! Hunts of a few seconds.

use std::path::PathBuf;
use std::time::Duration;

use pult_fuzz::{Frames, Rest, Settings, Target, Webhook, hunt, seed_by_clock};

/// A hunt of a few seconds.
#[expect(clippy::print_stdout, reason = "a seed must be told")]
fn nothing_is_found<T: Target>(target: &T) {
    let settings = Settings {
        time: Duration::from_secs(3),
        seed: seed_by_clock(),
        keeps: false,
        findings: PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
        report: |line| println!("{line}"),
    };
    println!("fuzzing {}, seed {}", T::NAME, settings.seed);
    let figures = hunt(target, &settings).unwrap();
    assert!(figures.corpus > 0, "the corpus is there");
    assert_eq!(figures.findings, Vec::<String>::new());
}

#[test]
fn mutated_webhooks_break_nothing() {
    nothing_is_found(&Webhook::new().unwrap());
}

#[test]
fn mutated_frames_break_nothing() {
    nothing_is_found(&Frames::new().unwrap());
}

#[test]
fn mutated_requests_break_nothing() {
    nothing_is_found(&Rest::new().unwrap());
}

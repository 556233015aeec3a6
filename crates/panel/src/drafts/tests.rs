//! What comes of two texts; and several devices with a backend between them, step by step.

use std::collections::VecDeque;

use proptest::prelude::*;
use pult_domain::{ChatId, CommandId, DeviceId, Place, Timestamp};
use pult_protocol::{Command, CommandEnvelope, ComposerMode, DraftGiven, DraftOrigin, DraftRow};
use rstest::rstest;
use uuid::Uuid;

use super::{gone_on_as_text, together_as_text};
use crate::outbox;
use crate::storage::Database;

const CHAT: ChatId = ChatId(Uuid::from_u128(1));
const REPLY: ComposerMode = ComposerMode::Reply;
const COMPOSER: super::Composer = (CHAT, REPLY);
const N_DEVICES: usize = 3;

#[test]
fn what_goes_on_from_the_other_is_both() {
    assert_eq!(together_as_text("", "Добрый день", "Добрый"), "Добрый день");
    assert_eq!(together_as_text("", "Добрый", "Добрый день"), "Добрый день");
    assert_eq!(together_as_text("До", "Добрый ", "Добрый"), "Добрый ");
    assert_eq!(together_as_text("Добрый", "Добрый день", ""), "Добрый день");
}

#[test]
fn what_both_have_added_to_the_same_words_stands_below_them_once() {
    let both = together_as_text("Добрый", "Добрый день", "Добрый вечер");
    assert_eq!(both, "Добрый день\nвечер");
}

#[test]
fn what_has_nothing_in_common_stands_one_below_the_other() {
    assert_eq!(together_as_text("", "Добрый день", "Да"), "Добрый день\nДа");
    assert_eq!(
        together_as_text("Нет", "Добрый день", "Да"),
        "Добрый день\nДа"
    );
}

#[test]
fn what_was_sent_elsewhere_does_not_come_back_with_what_was_typed_since() {
    assert_eq!(gone_on_as_text("Едем", "Едем через час"), "через час");
    assert_eq!(gone_on_as_text("Едем", "Едем\nЧерез час"), "Через час");
    assert_eq!(gone_on_as_text("Едем ", "Едем"), "");
    assert_eq!(gone_on_as_text("Едем", "Едем \n"), "");
    assert_eq!(gone_on_as_text("Доб", "Добрый"), "Добрый");
    assert_eq!(gone_on_as_text("Едем", "Не едем"), "Не едем");
    assert_eq!(gone_on_as_text("", "Едем"), "Едем");
}

/// The backend's side of drafts, as docs/protocol.md tells it.
#[derive(Default)]
struct Backend {
    last: Option<DraftRow>,
    sent: Vec<String>,
    answered: Vec<CommandId>,
}

impl Backend {
    fn keeps(&mut self, given: &DraftGiven) -> bool {
        if self.last.as_ref().map_or(0, |last| last.version) != given.of_version {
            return false;
        }
        let device_id = given.device_id;
        let version = given.of_version + 1;
        let mut writers = self.last.take().map_or_else(Vec::new, |last| last.writers);
        writers.retain(|writer| writer.device_id != device_id);
        writers.insert(0, DraftOrigin { device_id, version });
        self.last = Some(DraftRow {
            chat_id: given.chat_id,
            mode: given.mode,
            version,
            device_id,
            text: given.text.clone(),
            mentions: Vec::new(),
            writers,
        });
        true
    }

    fn carries_out(&mut self, envelope: &CommandEnvelope) {
        if self.answered.contains(&envelope.id) {
            return;
        }
        self.answered.push(envelope.id);
        let (Command::Reply { text, .. }, Some(origin)) = (&envelope.command, envelope.draft)
        else {
            panic!("only replies are sent here");
        };
        self.sent.push(text.clone());
        let mut row = self.last.take().unwrap_or(DraftRow {
            chat_id: CHAT,
            mode: REPLY,
            version: 0,
            device_id: origin.device_id,
            text: String::new(),
            mentions: Vec::new(),
            writers: Vec::new(),
        });
        let written_in = row.writers.first().map_or(0, |writer| writer.version);
        let stays = written_in > origin.version && row.device_id != origin.device_id;
        row.version += 1;
        if !stays {
            row.device_id = origin.device_id;
            row.text.clear();
        }
        self.last = Some(row);
    }
}

/// A device: the real outbox, and what is on its way to and from the backend.
struct Device {
    _dir: tempfile::TempDir,
    outbox: Database,
    id: DeviceId,
    up: VecDeque<Up>,
    /// Answers to uploads; false is `draft_moved`.
    down: VecDeque<(DraftGiven, bool)>,
    refused: Option<DraftGiven>,
    is_held: bool,
}

enum Up {
    Draft(DraftGiven),
    Command(CommandEnvelope),
}

impl Device {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let outbox = outbox::open(dir.path()).unwrap();
        let id = outbox.write(super::device).unwrap();
        Self {
            _dir: dir,
            outbox,
            id,
            up: VecDeque::new(),
            down: VecDeque::new(),
            refused: None,
            is_held: false,
        }
    }

    fn held(&self) -> Option<super::Composer> {
        self.is_held.then_some(COMPOSER)
    }

    fn text(&self) -> String {
        let draft = self.outbox.read(|reader| outbox::draft(reader, CHAT));
        draft.unwrap().of(REPLY).whole()
    }

    fn writes(&self, text: String) {
        let written = self.outbox.write(|tx| {
            let draft = outbox::draft(tx.reader(), CHAT)?;
            let seen = draft.revision;
            outbox::put_draft(tx, &draft.written(REPLY, text, seen))
        });
        written.unwrap();
    }

    /// Sends what stands in the composer.
    fn sends(&self, n: u128) {
        let text = self.text();
        if text.trim().is_empty() {
            return;
        }
        let command = Command::Reply {
            chat_id: CHAT,
            text,
            seen_place: Place(1),
        };
        let id = CommandId(Uuid::from_u128(n));
        let sent = self.outbox.write(|tx| {
            let draft = outbox::draft(tx.reader(), CHAT)?;
            outbox::add(tx, id, &command, Timestamp(1))?;
            outbox::put_draft(tx, &draft.cleared(REPLY))
        });
        sent.unwrap();
    }

    /// Hands over what is due, as a live connection does. Says whether there was anything.
    fn hands_over(&mut self) -> bool {
        let n = self.up.len();
        if !self.up.iter().any(|up| matches!(up, Up::Command(_))) {
            let none = std::collections::BTreeSet::new();
            let envelopes = self
                .outbox
                .write(|tx| outbox::hand_over(tx, self.id, &none, Timestamp(2)));
            self.up
                .extend(envelopes.unwrap().into_iter().map(Up::Command));
        }
        let is_on_its_way =
            !self.down.is_empty() || self.up.iter().any(|up| matches!(up, Up::Draft(_)));
        if !is_on_its_way {
            let given = self.outbox.read(|reader| super::to_tell(reader, self.id));
            for given in given.unwrap() {
                if self.refused.as_ref() != Some(&given)
                    && self.outbox.write(|tx| super::tell(tx, &given)).unwrap()
                {
                    self.up.push_back(Up::Draft(given));
                }
            }
        }
        self.up.len() > n
    }

    /// The next thing arrives at the backend.
    fn arrives(&mut self, backend: &mut Backend) -> bool {
        match self.up.pop_front() {
            Some(Up::Draft(given)) => {
                let is_kept = backend.keeps(&given);
                self.down.push_back((given, is_kept));
            }
            Some(Up::Command(envelope)) => {
                backend.carries_out(&envelope);
                // Answered at once: a command whose answer is lost goes again under the same id.
                let id = envelope.id;
                self.outbox.write(|tx| outbox::done(tx, id, None)).unwrap();
            }
            None => return false,
        }
        true
    }

    fn hears_answer(&mut self) -> bool {
        let Some((given, is_kept)) = self.down.pop_front() else {
            return false;
        };
        if is_kept {
            self.outbox.write(|tx| super::taken(tx, &given)).unwrap();
        } else {
            self.refused = Some(given);
        }
        true
    }

    /// The feed gives the newest row; those that it overtook are not seen.
    fn hears_feed(&self, backend: &Backend) -> bool {
        let Some(row) = &backend.last else {
            return false;
        };
        let held = self.held();
        let taken = self
            .outbox
            .write(|tx| super::take(tx, row, self.id, None, held));
        taken.unwrap()
    }

    /// The connection ends: what was under way arrives or does not, and nothing is answered.
    fn is_cut(&mut self, backend: &mut Backend, do_arrive: usize) {
        for _ in 0..do_arrive {
            if !self.arrives(backend) {
                break;
            }
        }
        self.up.clear();
        self.down.clear();
        self.refused = None;
    }

    /// Hears what there is and says what it has to say. False if there was neither.
    fn syncs(&mut self, backend: &mut Backend) -> bool {
        let mut has_anything = self.hears_feed(backend);
        has_anything |= self.hands_over();
        while self.arrives(backend) || self.hears_answer() {
            has_anything = true;
        }
        has_anything
    }

    fn leaves(&mut self) {
        self.is_held = false;
        let settled = self
            .outbox
            .write(|tx| super::settle(tx, COMPOSER, None, None));
        settled.unwrap();
    }
}

#[derive(Debug, Clone)]
enum Step {
    Types,
    Wipes,
    Sends,
    HandsOver,
    Arrives,
    HearsAnswer,
    HearsFeed,
    IsCut(usize),
    /// As it is when nothing is in the way.
    Syncs,
    /// All that is to be told arrives, and no answer does.
    TellsInVain,
    Focuses,
    Leaves,
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let step = prop_oneof![
        3 => Just(Step::Types),
        1 => Just(Step::Wipes),
        3 => Just(Step::Sends),
        2 => Just(Step::HandsOver),
        2 => Just(Step::Arrives),
        1 => Just(Step::HearsAnswer),
        1 => Just(Step::HearsFeed),
        1 => (0..3_usize).prop_map(Step::IsCut),
        4 => Just(Step::Syncs),
        2 => Just(Step::TellsInVain),
        1 => Just(Step::Focuses),
        1 => Just(Step::Leaves),
    ];
    prop::collection::vec((0..N_DEVICES, step), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(96)
    })]

    #[test]
    fn devices_agree_whatever_is_lost_or_overtaken(steps in steps()) {
        agree(steps)?;
    }
}

/// What was found before.
#[rstest]
#[case::sent_from_another_device_after_an_upload_whose_answer_was_lost(vec![
    (0, Step::Types),
    (0, Step::TellsInVain),
    (1, Step::Syncs),
    (1, Step::Sends),
    (1, Step::Syncs),
    (1, Step::HearsFeed),
])]
#[case::a_reply_from_elsewhere_gave_the_sent_draft_another_number(vec![
    (0, Step::Types),
    (1, Step::Types),
    (1, Step::Sends),
    (0, Step::HandsOver),
    (0, Step::Arrives),
    (2, Step::HearsFeed),
    (2, Step::Sends),
])]
#[case::a_new_number_alone_brings_nothing_back_while_its_reply_is_under_way(vec![
    (2, Step::Types),
    (2, Step::HandsOver),
    (2, Step::Arrives),
    (0, Step::Types),
    (1, Step::HearsFeed),
    (1, Step::Sends),
    (0, Step::Sends),
])]
fn devices_agree(#[case] steps: Vec<(usize, Step)>) {
    agree(steps).unwrap();
}

/// In the end all devices show the backend's draft, nothing that was typed is missing, and nothing
/// that was sent stands there again.
fn agree(steps: Vec<(usize, Step)>) -> Result<(), TestCaseError> {
    let mut backend = Backend::default();
    let mut devices: Vec<Device> = (0..N_DEVICES).map(|_| Device::new()).collect();
    let mut typed: Vec<String> = Vec::new();
    let mut n = 0_u32;
    for (idx, step) in steps {
        let device = devices.get_mut(idx).unwrap();
        n += 1;
        match step {
            Step::Types => {
                // None begins another.
                let word = format!("w{n}.");
                let text = device.text();
                device.writes(format!("{text} {word}").trim_start().to_owned());
                typed.push(word);
            }
            Step::Wipes => {
                let text = device.text();
                typed.retain(|word| !has(&text, word));
                device.writes(String::new());
            }
            Step::Sends => device.sends(u128::from(n)),
            Step::HandsOver => _ = device.hands_over(),
            Step::Arrives => _ = device.arrives(&mut backend),
            Step::HearsAnswer => _ = device.hears_answer(),
            Step::HearsFeed => _ = device.hears_feed(&backend),
            Step::IsCut(do_arrive) => device.is_cut(&mut backend, do_arrive),
            Step::Syncs => _ = device.syncs(&mut backend),
            Step::TellsInVain => {
                device.hands_over();
                device.is_cut(&mut backend, usize::MAX);
            }
            Step::Focuses => device.is_held = true,
            Step::Leaves => device.leaves(),
        }
    }
    devices.iter_mut().for_each(Device::leaves);
    let mut n_rounds = 0;
    loop {
        let mut is_quiet = true;
        for device in &mut devices {
            is_quiet &= !device.syncs(&mut backend);
        }
        if is_quiet {
            break;
        }
        n_rounds += 1;
        prop_assert!(n_rounds < 100, "they do not come to rest");
    }
    let kept = backend.last.as_ref().map_or("", |last| last.text.as_str());
    for device in &devices {
        prop_assert_eq!(device.text(), kept);
    }
    for word in &typed {
        let is_sent = backend.sent.iter().any(|sent| has(sent, word));
        prop_assert!(is_sent || has(kept, word), "{word} is lost");
    }
    for sent in &backend.sent {
        prop_assert_ne!(sent.trim(), kept.trim(), "what was sent came back");
    }
    Ok(())
}

fn has(text: &str, word: &str) -> bool {
    text.split_whitespace().any(|other| other == word)
}

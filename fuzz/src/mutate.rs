//! Mutations: of JSON by its structure, of anything by its bytes, of scripts by their steps.
//!
//! Values are drawn by `proptest`'s strategies from one seeded generator, so a seed names a run.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::bytes::Bytes;
use crate::json::Json;

/// What is longer than this is not made longer.
const MAX_BYTES: usize = 3_500_000;

/// Where all chance comes from.
pub struct Dice {
    runner: TestRunner,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        for (byte, of_seed) in bytes.iter_mut().zip(seed.to_le_bytes()) {
            *byte = of_seed;
        }
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        Self {
            runner: TestRunner::new_with_rng(config, rng),
        }
    }

    /// A number below `end`; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            0
        } else {
            self.runner.rng().random_range(0..end)
        }
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// One of them.
    pub(crate) fn choose<T: Copy + Default, const N: usize>(&mut self, from: [T; N]) -> T {
        from.get(self.below(N)).copied().unwrap_or_default()
    }

    /// A value of `strategy`; none if it gives up.
    pub(crate) fn draw<T: std::fmt::Debug>(
        &mut self,
        strategy: &impl Strategy<Value = T>,
    ) -> Option<T> {
        let tree = strategy.new_tree(&mut self.runner).ok()?;
        Some(tree.current())
    }
}

/// What mutations are made of: words of the real shapes, and oddities.
pub(crate) struct Words {
    keys: Vec<String>,
    values: Vec<Json>,
    /// Text of leaves that belong together: the same ones turn up in many places.
    ids: Vec<Json>,
    odd: BoxedStrategy<Json>,
    text: BoxedStrategy<String>,
}

impl Words {
    /// Collects the words of `examples`; `ids` are those that are to collide.
    pub(crate) fn of(examples: &[String], ids: &[&str]) -> Self {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for json in examples.iter().filter_map(|text| Json::read(text)) {
            keys.extend(json.keys().into_iter().map(str::to_owned));
            values.extend(json.nodes().into_iter().cloned());
        }
        keys.sort_unstable();
        keys.dedup();
        values.sort_by_cached_key(Json::to_string);
        values.dedup();
        Self {
            keys,
            values,
            ids: ids.iter().map(|id| Json::string(id)).collect(),
            odd: odd(),
            text: text(),
        }
    }

    /// `json` with one to a few mutations.
    pub(crate) fn mutate_json(&self, dice: &mut Dice, json: &mut Json) {
        if dice.one_in(12) {
            lengthen(dice, json);
            return;
        }
        for _ in 0..=dice.below(3) {
            let number = dice.below(json.n_nodes());
            if let Some(node) = json.node_mut(number) {
                self.mutate_node(dice, node);
            }
        }
    }

    /// `bytes` as something near to them.
    pub(crate) fn mutate(&self, dice: &mut Dice, bytes: &mut Bytes) {
        let json = (bytes.0.len() < MAX_BYTES / 4).then(|| Json::read(&bytes.text()));
        match json.flatten() {
            Some(mut json) if !dice.one_in(8) => {
                self.mutate_json(dice, &mut json);
                *bytes = Bytes::of(json.to_string());
                if dice.one_in(16) {
                    mutate_bytes(dice, &mut bytes.0);
                }
            }
            Some(_) | None => mutate_bytes(dice, &mut bytes.0),
        }
    }

    fn mutate_node(&self, dice: &mut Dice, node: &mut Json) {
        match dice.below(12) {
            0..=2 => *node = self.value(dice),
            3 | 4 => *node = self.id(dice),
            5 => *node = retyped(dice, node),
            6 => *node = Json::Leaf(format!("\"{}\"", long(dice))),
            _ => match node {
                Json::Leaf(text) => *text = self.changed_leaf(dice, text),
                Json::List(items) => change_members(dice, items, |dice| self.value(dice)),
                Json::Object(members) => {
                    if dice.one_in(3)
                        && let Some(at) = position(dice, members.len())
                        && let Some((key, _)) = members.get_mut(at)
                    {
                        *key = self.key(dice);
                    } else {
                        change_members(dice, members, |dice| (self.key(dice), self.value(dice)));
                    }
                }
            },
        }
    }

    fn key(&self, dice: &mut Dice) -> String {
        match dice.pick(&self.keys) {
            Some(key) if !dice.one_in(10) => key.clone(),
            Some(_) | None => dice
                .draw(&self.text)
                .map(|key| Json::string(&key).to_string())
                .unwrap_or_default(),
        }
    }

    pub(crate) fn value(&self, dice: &mut Dice) -> Json {
        match dice.pick(&self.values) {
            Some(value) if dice.one_in(2) => value.clone(),
            Some(_) | None => dice
                .draw(&self.odd)
                .unwrap_or_else(|| Json::Leaf("null".to_owned())),
        }
    }

    /// One of the ids that collide.
    pub(crate) fn id(&self, dice: &mut Dice) -> Json {
        dice.pick(&self.ids)
            .cloned()
            .unwrap_or_else(|| Json::Leaf("\"\"".to_owned()))
    }

    fn changed_leaf(&self, dice: &mut Dice, leaf: &str) -> String {
        if let Ok(number) = leaf.trim_matches('"').parse::<i128>() {
            let n = match dice.below(6) {
                0 => number + 1,
                1 => number - 1,
                2 => -number,
                3 => number.saturating_mul(1000),
                4 => number / 1000,
                _ => i128::from(dice.draw(&any::<i64>()).unwrap_or_default()),
            };
            let n = n.to_string();
            return if leaf.starts_with('"') {
                format!("\"{n}\"")
            } else {
                n
            };
        }
        match dice.below(4) {
            0 => Json::string(&dice.draw(&self.text).unwrap_or_default()).to_string(),
            1 => format!(
                "{}{}\"",
                leaf.strip_suffix('"').unwrap_or(leaf),
                dice.choose(ESCAPES)
            ),
            2 => leaf.to_uppercase(),
            _ => {
                let inner = leaf.trim_matches('"');
                let n_kept = dice.below(inner.chars().count() + 1);
                let kept: String = inner.chars().take(n_kept).collect();
                if leaf.starts_with('"') {
                    format!("\"{kept}\"")
                } else {
                    kept
                }
            }
        }
    }
}

/// Escapes that strings can end in: halves of pairs, control letters, marks that turn the
/// direction of writing, and such as are none.
const ESCAPES: [&str; 14] = [
    r"\ud83d",
    r"\udc4d",
    r"\ud83d\udc4d",
    r"\u0000",
    r"\u202e\u2066",
    r"\ufffe\uffff",
    r"\u0008\u001b[31m",
    r"\/",
    r"\x41",
    r"\u12",
    "\u{0}",
    "\n",
    "\u{1f468}\u{200d}\u{1f469}",
    "e\u{301}\u{302}\u{303}\u{304}",
];

/// Leaves that stand on some border.
const ODD_LEAVES: [&str; 30] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1e400",
    "-1e-400",
    "0.5",
    "1.0",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "1e18",
    "00",
    "NaN",
    "+1",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"-1\"",
    "\"9223372036854775807\"",
    "\"253402300800\"",
    "\"1e9\"",
    "\"0x10\"",
    "{}",
    "[]",
    "",
];

fn odd() -> BoxedStrategy<Json> {
    let leaf = prop_oneof![
        4 => prop::sample::select(&ODD_LEAVES[..]).prop_map(|leaf| Json::Leaf(leaf.to_owned())),
        1 => any::<i64>().prop_map(|number| Json::Leaf(number.to_string())),
        1 => any::<f64>().prop_map(|number| Json::Leaf(format!("{number:e}"))),
        2 => text().prop_map(|text| Json::string(&text)),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::List),
            prop::collection::vec(("[a-z_]{1,8}", inner), 0..4).prop_map(|members| {
                let members = members.into_iter();
                Json::Object(
                    members
                        .map(|(key, item)| (format!("\"{key}\""), item))
                        .collect(),
                )
            }),
        ]
    })
    .boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        "\\PC{0,12}",
        "[а-яё ]{1,20}",
        prop::collection::vec(any::<char>(), 0..8)
            .prop_map(|letters| letters.into_iter().collect::<String>()),
        Just("\u{202e}txt.exe".to_owned()),
        Just("'; DROP TABLE chats; --".to_owned()),
        Just("<img src=x onerror=alert(1)>".to_owned()),
    ]
    .boxed()
}

/// Makes one of the strings in `json` very long.
fn lengthen(dice: &mut Dice, json: &mut Json) {
    for _ in 0..8 {
        let number = dice.below(json.n_nodes());
        if let Some(Json::Leaf(text)) = json.node_mut(number)
            && text.starts_with('"')
        {
            *text = format!("\"{}\"", long(dice));
            return;
        }
    }
}

/// A long string without its quotes.
fn long(dice: &mut Dice) -> String {
    let times = dice.choose([
        100, 500, 4_096, 4_097, 10_000, 70_000, 150_000, 400_000, 1_100_000,
    ]);
    dice.choose(["a", "ё", "9", " ", "\u{1f600}", "\\u0000", "[", "\\\\"])
        .repeat(times)
}

/// The same words as another type.
fn retyped(dice: &mut Dice, node: &Json) -> Json {
    match (dice.below(4), node) {
        (0, _) => Json::List(vec![node.clone()]),
        (1, _) => Json::Object(vec![("\"a\"".to_owned(), node.clone())]),
        (2, Json::List(items)) if !items.is_empty() => {
            items.first().cloned().unwrap_or(Json::List(Vec::new()))
        }
        (2, Json::Object(members)) => {
            Json::List(members.iter().map(|(_, item)| item.clone()).collect())
        }
        (_, Json::Leaf(text)) => match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
            Some(bare) => Json::Leaf(bare.to_owned()),
            None => Json::Leaf(format!("\"{text}\"")),
        },
        _ => {
            let n_deep = dice.choose([5, 60, 127, 128, 129, 1_000, 20_000]);
            Json::Leaf(format!("{}{}", "[".repeat(n_deep), "]".repeat(n_deep)))
        }
    }
}

fn position(dice: &mut Dice, n: usize) -> Option<usize> {
    (n > 0).then(|| dice.below(n))
}

/// Takes out, doubles, swaps or adds one of `items`.
pub(crate) fn change_members<T: Clone>(
    dice: &mut Dice,
    items: &mut Vec<T>,
    new: impl FnOnce(&mut Dice) -> T,
) {
    let choice = dice.below(5);
    let Some(at) = position(dice, items.len()).filter(|_| choice < 4) else {
        let item = new(dice);
        items.insert(dice.below(items.len() + 1), item);
        return;
    };
    match choice {
        0 => drop(items.remove(at)),
        1 => {
            let other = dice.below(items.len());
            items.swap(at, other);
        }
        _ => {
            let copies = if dice.one_in(20) { 40 } else { 1 };
            for _ in 0..copies {
                if let Some(item) = items.get(at).cloned() {
                    items.insert(dice.below(items.len() + 1), item);
                }
            }
        }
    }
}

/// Bytes that break what reads them: cut letters, wrong ones, a mark of byte order.
const ODD_BYTES: [&[u8]; 10] = [
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf0\x9f",
    b"\xef\xbb\xbf",
    b"\0",
    b"\r\n",
    b" ",
    b"\"",
    b"}",
];

/// Bytes near to these, whatever they mean.
pub(crate) fn mutate_bytes(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 => {
                let n = dice.below(256);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(n).unwrap_or_default();
                }
            }
            2 => {
                let odd = dice.choose(ODD_BYTES);
                bytes.splice(at..at, odd.iter().copied());
            }
            3 => {
                let until = (at + dice.below(20)).min(bytes.len());
                bytes.drain(at..until);
            }
            4 if bytes.len() < MAX_BYTES / 2 => {
                let until = (at + dice.below(200)).min(bytes.len());
                if let Some(piece) = bytes.get(at..until).map(<[u8]>::to_vec) {
                    bytes.splice(at..at, piece);
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_mutations() {
        let words = Words::of(&[r#"{"a":[1,"x"],"b":{"c":null}}"#.to_owned()], &["id"]);
        let mutated = |seed| {
            let mut dice = Dice::new(seed);
            let mut bytes = Bytes::of(r#"{"a":[1,"x"],"b":{"c":null}}"#);
            for _ in 0..5 {
                words.mutate(&mut dice, &mut bytes);
                bytes.0.truncate(10_000);
            }
            bytes
        };
        assert_eq!(mutated(7), mutated(7));
        assert_ne!(mutated(7), mutated(8));
    }

    #[test]
    fn any_bytes_can_be_mutated() {
        let words = Words::of(&[], &[]);
        let mut dice = Dice::new(1);
        for start in ["", "\u{0}", "[[", "{\"a\":\"b\\\"\"}", "\"\""] {
            for _ in 0..300 {
                let mut bytes = Bytes::of(start);
                words.mutate(&mut dice, &mut bytes);
            }
        }
    }
}

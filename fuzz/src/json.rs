//! JSON as it stands in a body: order, repeated keys, escapes and odd numbers included.
//!
//! `serde_json::Value` would tidy all of that up, and just the untidy is what a mutation is to keep.
//! Leaves and keys are therefore the text that they came as, and need not be JSON at all.

/// Deeper nesting than this is not taken apart.
const MAX_DEPTH: usize = 100;

/// A piece of JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    /// A string with its quotes, a number, a word, or whatever else was written there.
    Leaf(String),
    /// What stands between brackets.
    List(Vec<Self>),
    /// What stands between braces; keys with their quotes.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads `text`, if it has the outline of JSON.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (value, rest) = value(text, 0)?;
        rest.trim_start().is_empty().then_some(value)
    }

    /// A string.
    pub(crate) fn string(text: &str) -> Self {
        Self::Leaf(serde_json::Value::from(text).to_string())
    }

    /// How many pieces there are, this one included.
    pub(crate) fn n_nodes(&self) -> usize {
        1 + match self {
            Self::Leaf(_) => 0,
            Self::List(items) => items.iter().map(Self::n_nodes).sum::<usize>(),
            Self::Object(members) => members.iter().map(|(_, item)| item.n_nodes()).sum(),
        }
    }

    /// The piece with that number, counted from the outside in and from the front; 0 is the whole.
    pub(crate) fn node_mut(&mut self, number: usize) -> Option<&mut Self> {
        if number == 0 {
            return Some(self);
        }
        let mut left = number - 1;
        let items: Vec<&mut Self> = match self {
            Self::Leaf(_) => return None,
            Self::List(items) => items.iter_mut().collect(),
            Self::Object(members) => members.iter_mut().map(|(_, item)| item).collect(),
        };
        for item in items {
            let n_nodes = item.n_nodes();
            if left < n_nodes {
                return item.node_mut(left);
            }
            left -= n_nodes;
        }
        None
    }

    /// Everything in it, itself included.
    pub(crate) fn nodes(&self) -> Vec<&Self> {
        let mut nodes = vec![self];
        match self {
            Self::Leaf(_) => {}
            Self::List(items) => nodes.extend(items.iter().flat_map(Self::nodes)),
            Self::Object(members) => {
                nodes.extend(members.iter().flat_map(|(_, item)| item.nodes()));
            }
        }
        nodes
    }

    /// All keys in it.
    pub(crate) fn keys(&self) -> Vec<&str> {
        let mut keys = Vec::new();
        for node in self.nodes() {
            if let Self::Object(members) = node {
                keys.extend(members.iter().map(|(key, _)| key.as_str()));
            }
        }
        keys
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Leaf(text) => f.write_str(text),
            Self::List(items) => {
                f.write_str("[")?;
                for (idx, item) in items.iter().enumerate() {
                    f.write_str(if idx == 0 { "" } else { "," })?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (idx, (key, item)) in members.iter().enumerate() {
                    f.write_str(if idx == 0 { "" } else { "," })?;
                    write!(f, "{key}:{item}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn value(text: &str, depth: usize) -> Option<(Json, &str)> {
    if depth > MAX_DEPTH {
        return None;
    }
    let text = text.trim_start();
    if let Some(inner) = text.strip_prefix('[') {
        let (items, rest) = members(inner, ']', |rest| value(rest, depth + 1))?;
        return Some((Json::List(items), rest));
    }
    if let Some(inner) = text.strip_prefix('{') {
        let (items, rest) = members(inner, '}', |rest| {
            let (key, rest) = leaf(rest.trim_start())?;
            let (item, rest) = value(rest.trim_start().strip_prefix(':')?, depth + 1)?;
            Some(((key.to_owned(), item), rest))
        })?;
        return Some((Json::Object(items), rest));
    }
    leaf(text).map(|(leaf, rest)| (Json::Leaf(leaf.to_owned()), rest))
}

/// What `one` reads, again and again, up to `end`.
fn members<'a, T>(
    mut rest: &'a str,
    end: char,
    one: impl Fn(&'a str) -> Option<(T, &'a str)>,
) -> Option<(Vec<T>, &'a str)> {
    let mut found = Vec::new();
    if let Some(rest) = rest.trim_start().strip_prefix(end) {
        return Some((found, rest));
    }
    loop {
        let (item, after) = one(rest)?;
        found.push(item);
        rest = after.trim_start();
        if let Some(rest) = rest.strip_prefix(end) {
            return Some((found, rest));
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// A string, or anything else up to where something new begins.
fn leaf(text: &str) -> Option<(&str, &str)> {
    let end = if let Some(inner) = text.strip_prefix('"') {
        let mut is_escaped = false;
        let closing = inner.char_indices().find(|(_, letter)| {
            let closes = *letter == '"' && !is_escaped;
            is_escaped = *letter == '\\' && !is_escaped;
            closes
        });
        closing.map(|(at, _)| at + 2)?
    } else {
        text.find([',', ':', '[', ']', '{', '}', '"'])
            .unwrap_or(text.len())
    };
    let (leaf, rest) = text.split_at_checked(end)?;
    let leaf = leaf.trim_end();
    (!leaf.is_empty()).then_some((leaf, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_untidy_stays_as_it_was() {
        for text in [
            "[]",
            r#"{"a":1e999,"a":[],"\ud83d\"":{}}"#,
            r#"[nothing,-0,"\\",{"":""}]"#,
        ] {
            assert_eq!(Json::read(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "{",
            "[1",
            r#"{"a"}"#,
            r#""open"#,
            "1 2]",
            &"[".repeat(500),
        ] {
            assert_eq!(Json::read(text), None, "{text}");
        }
    }

    #[test]
    fn every_piece_has_a_number() {
        let mut json = Json::read(r#"{"a":[1,{"b":2}],"c":3}"#).unwrap();
        assert_eq!(json.n_nodes(), 6);
        let found: Vec<String> = (0..6)
            .map(|number| json.node_mut(number).unwrap().to_string())
            .collect();
        assert_eq!(found[2..], ["1", r#"{"b":2}"#, "2", "3"]);
        assert!(json.node_mut(6).is_none());
    }
}

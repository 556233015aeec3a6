//! Bytes of an input, kept in the corpus so that people can read them and long ones stay short.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// From so many on, letters that repeat are written as one.
const MIN_RUN: usize = 48;

/// Any bytes; most often text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The bytes of `text`.
    #[must_use]
    pub fn of(text: impl Into<String>) -> Self {
        Self(text.into().into_bytes())
    }

    /// The text, with U+FFFD for what is none.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

/// How bytes stand in a file: as text, or in parts.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    Run { times: usize, of: char },
    Hex { hex: String },
}

fn parts(bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    for chunk in bytes.utf8_chunks() {
        let mut plain = String::new();
        let mut letters = chunk.valid().chars().peekable();
        while let Some(letter) = letters.next() {
            let mut times = 1;
            while letters.next_if_eq(&letter).is_some() {
                times += 1;
            }
            if times < MIN_RUN {
                plain.extend(std::iter::repeat_n(letter, times));
            } else {
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Run { times, of: letter });
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        if !chunk.invalid().is_empty() {
            parts.push(Part::Hex {
                hex: hex::encode(chunk.invalid()),
            });
        }
    }
    parts
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = parts(&self.0);
        let written = match parts.pop() {
            None => Written::Text(String::new()),
            Some(Part::Text(only)) if parts.is_empty() => Written::Text(only),
            Some(last) => {
                parts.push(last);
                Written::Parts(parts)
            }
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = match Written::deserialize(deserializer)? {
            Written::Text(text) => return Ok(Self::of(text)),
            Written::Parts(parts) => parts,
        };
        let mut bytes = Vec::new();
        for part in parts {
            match part {
                Part::Text(text) => bytes.extend(text.into_bytes()),
                Part::Run { times, of } => {
                    bytes.extend(
                        std::iter::repeat_n(of, times)
                            .collect::<String>()
                            .into_bytes(),
                    );
                }
                Part::Hex { hex } => {
                    bytes.extend(hex::decode(hex).map_err(serde::de::Error::custom)?);
                }
            }
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_short_and_read_as_they_were() {
        for (bytes, written) in [
            (b"plain \xd1\x91".to_vec(), "\"plain ё\"".to_owned()),
            (Vec::new(), "\"\"".to_owned()),
            (b"a\xffb".to_vec(), r#"["a",{"hex":"ff"},"b"]"#.to_owned()),
            (
                format!("\"{}\"", "ё".repeat(9000)).into_bytes(),
                r#"["\"",{"times":9000,"of":"ё"},"\""]"#.to_owned(),
            ),
        ] {
            let bytes = Bytes(bytes);
            assert_eq!(serde_json::to_string(&bytes).unwrap(), written);
            assert_eq!(serde_json::from_str::<Bytes>(&written).unwrap(), bytes);
        }
    }
}

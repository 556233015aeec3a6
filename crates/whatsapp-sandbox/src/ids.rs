//! Ids that look like Meta's: message ids, business-scoped user ids, trace ids.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::RngExt as _;
use sha2::{Digest as _, Sha256};

/// Who a message id was made for: the two kinds differ in their bytes, as the real ones do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// The company; Meta makes the id when it accepts the message.
    Business,
    /// The client; the phone makes the id.
    Client,
}

/// A message id: `wamid.` and the base64 of a small binary record that holds the client's number
/// and a random key. Readers must treat it as opaque, and nothing here reads it either.
pub(crate) fn wamid(author: Author, client: &str) -> String {
    let digits: String = client
        .chars()
        .filter(char::is_ascii_digit)
        .take(40)
        .collect();
    let (mark, key) = match author {
        Author::Business => (0x11, upper_hex(9)),
        Author::Client => (0x12, format!("3A{}", upper_hex(9))),
    };
    let mut record = vec![0x1c];
    push_string(&mut record, &digits);
    record.extend([0x15, 0x02, 0x00, mark]);
    push_string(&mut record, &key);
    record.push(0x00);
    format!("wamid.{}", STANDARD.encode(record))
}

/// Field header of a string, its length, its bytes.
fn push_string(record: &mut Vec<u8>, text: &str) {
    record.push(0x18);
    record.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    record.extend(text.as_bytes());
}

fn upper_hex(n_bytes: usize) -> String {
    let bytes: Vec<u8> = (0..n_bytes).map(|_| rand::rng().random()).collect();
    hex::encode_upper(bytes)
}

/// The business-scoped user id of a number: the same number gets the same id in every run.
pub(crate) fn user_id(number: &str) -> String {
    let digest = Sha256::digest(number.as_bytes());
    let key = digest
        .iter()
        .take(8)
        .fold(0_u64, |key, byte| (key << 8) | u64::from(*byte));
    let country = match number {
        number if number.starts_with('7') => "RU",
        number if number.starts_with("44") => "GB",
        number if number.starts_with("49") => "DE",
        number if number.starts_with("55") => "BR",
        _ => "US",
    };
    format!("{country}.{key:020}")
}

/// `fbtrace_id` of a Graph error.
pub(crate) fn trace_id() -> String {
    let bytes: [u8; 17] = rand::rng().random();
    format!("A{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// A random hexadecimal name for debug headers and conversations.
pub(crate) fn hex_id() -> String {
    let bytes: [u8; 16] = rand::rng().random();
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_has_the_bytes_of_a_real_one() {
        let real = "HBgLMTY1MDM4Nzk0MzkVAgARGBJCOTY3NDc0NDFDRUI3NTA0Q0UA";
        let ours = wamid(Author::Business, "16503879439");
        let ours = ours.strip_prefix("wamid.").unwrap();
        assert_eq!(ours.len(), real.len());
        assert_eq!(ours.get(..26), real.get(..26));
        assert_ne!(wamid(Author::Client, "7"), wamid(Author::Client, "7"));
    }

    #[test]
    fn a_number_keeps_its_user_id() {
        assert_eq!(user_id("79161234567"), user_id("79161234567"));
        assert!(user_id("79161234567").starts_with("RU."));
        assert!(user_id("15550100000").starts_with("US."));
    }
}

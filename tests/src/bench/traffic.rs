//! What clients write: who, and the signed requests in which Meta delivers it.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Meta's id of the business number.
pub const PHONE_NUMBER_ID: &str = "100000000000001";

/// The secret with which Meta signs.
pub const APP_SECRET: &str = "bench-app-secret";

/// Of a hundred messages so many are from clients whose chats were closed, and come back.
const RETURNING: u32 = 10;

/// Of a hundred messages so many are from clients who never wrote before.
const NEW: u32 = 5;

/// A step through the closed chats that meets each of them once, far from the one before.
const STRIDE: i64 = 7_919;

/// The clients of a store, by number: the first ones have open chats, the rest closed ones, and
/// those beyond have never written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Clients {
    /// How many have chats.
    pub n: i64,
    /// How many of those have open chats.
    pub n_open: i64,
    /// How many have chats that were closed at first.
    pub n_closed: i64,
    /// How many of the closed chats have come back already.
    pub n_returned: i64,
    /// Whether nobody comes back and nobody is new: every message is for the queue as it is.
    pub is_steady: bool,
}

impl Clients {
    /// Who writes the message that `chance` picks, and notes that they did.
    pub fn next(&mut self, chance: u32) -> i64 {
        let dice = chance % 100;
        if !self.is_steady && dice < NEW {
            self.n += 1;
            // Their chat is open, but not among the first.
            return self.n - 1;
        }
        if !self.is_steady && dice < NEW + RETURNING && self.n_returned < self.n_closed {
            self.n_returned += 1;
            return self.n_open + (self.n_returned * STRIDE) % self.n_closed;
        }
        i64::from(chance >> 7) % self.n_open
    }
}

/// A client's number, of a range that is never given out.
#[must_use]
pub fn number(client: i64) -> String {
    format!("7000{client:07}")
}

/// What tells a client apart at Meta when the number changes.
#[must_use]
pub fn user_id(client: i64) -> String {
    format!("RU.{:019}", client + 1_000_000_000_000)
}

/// A client's name.
#[must_use]
pub fn name(client: i64) -> String {
    format!("Client {client}")
}

/// A message's id at Meta: the client's number in some coding, then what has no order.
#[must_use]
pub fn message_id(client: i64, random: [u64; 2]) -> String {
    let ([a, b], number) = (random, number(client));
    format!("wamid.HBgL{number}VAgASGBQz{a:016X}{b:016X}")
}

/// What a client writes; `mark` can be found again in a frame.
#[must_use]
pub fn text(mark: u64) -> String {
    format!("Здравствуйте! Подскажите, где мой заказ [{mark}]? Заранее спасибо.")
}

/// The marks of the messages in a frame.
pub fn marks(frame: &str) -> impl Iterator<Item = u64> {
    frame
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split_once("]?")?.0.parse().ok())
}

/// The body of a delivery with one text.
///
/// # Errors
/// Never: what is in it can be signed and written.
pub fn body(client: i64, message_id: &str, sent_at: i64, text: &str) -> Result<Vec<u8>> {
    let (number, user_id, name) = (number(client), user_id(client), name(client));
    let body = serde_json::json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "100000000000002", "changes": [{"value": {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": "74950000000", "phone_number_id": PHONE_NUMBER_ID,
            },
            "contacts": [{"profile": {"name": name}, "wa_id": number, "user_id": user_id}],
            "messages": [{
                "from": number, "from_user_id": user_id, "id": message_id,
                "timestamp": sent_at.to_string(), "text": {"body": text}, "type": "text",
            }],
        }, "field": "messages"}]}],
    });
    escaped(&body.to_string())
}

/// JSON in ASCII, as Meta writes it.
fn escaped(json: &str) -> Result<Vec<u8>> {
    let mut ascii = String::with_capacity(json.len() * 3);
    for letter in json.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(ascii, "\\u{unit:04x}").context("Escaping")?;
            }
        }
    }
    Ok(ascii.into_bytes())
}

/// The signed request that delivers `body`, as it goes over the wire.
///
/// # Errors
/// Never: any key can be used.
pub fn request(body: &[u8]) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).context("Signing")?;
    mac.update(body);
    let signature = hex::encode(mac.finalize().into_bytes());
    let mut request = format!(
        "POST /webhooks/whatsapp HTTP/1.1\r\nHost: pult\r\nAccept: */*\r\n\
         User-Agent: facebookexternalua\r\nContent-Type: application/json\r\n\
         X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_again_in_a_frame() {
        let frame = format!("{} {}", text(5), text(17));
        assert_eq!(marks(&frame).collect::<Vec<_>>(), [5, 17]);
    }

    #[test]
    fn nobody_comes_back_twice() {
        let mut clients = Clients {
            n: 5_000,
            n_open: 300,
            n_closed: 4_700,
            n_returned: 0,
            is_steady: false,
        };
        let mut returned = std::collections::HashSet::new();
        for _ in 0..4_700 {
            assert!(returned.insert(clients.next(NEW)));
            clients.next(0);
        }
        assert!(returned.iter().all(|client| (300..5_000).contains(client)));
    }
}

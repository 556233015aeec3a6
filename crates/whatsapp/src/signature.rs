//! Whether it is Meta that calls: the signature of each webhook, and the handshake before the first.
//!
//! The signature covers the bytes as they came. Meta writes its JSON with its own escapes
//! (`\u0438`, `\/`), so a body that was parsed and written again would never match.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";

/// Whether `header` is Meta's signature of `raw_body` under our app secret, in constant time.
///
/// An empty secret verifies nothing: anybody could sign with it.
#[must_use]
pub fn verify(app_secret: &SecretString, raw_body: &[u8], header: &str) -> bool {
    let secret = app_secret.expose_secret();
    if secret.is_empty() {
        return false;
    }
    let Some(signature) = header
        .strip_prefix("sha256=")
        .and_then(|hex| hex::decode(hex).ok())
    else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(raw_body);
    mac.verify_slice(&signature).is_ok()
}

/// The query of the GET by which Meta asks whether a callback address is ours.
///
/// It has no `Debug`: it holds the verify token.
#[derive(Clone, Deserialize)]
pub struct Handshake {
    /// What is asked for; only `subscribe` is answered.
    #[serde(rename = "hub.mode", default)]
    pub mode: String,
    /// What the answer must repeat to the letter.
    #[serde(rename = "hub.challenge", default)]
    pub challenge: String,
    /// The token that was typed into Meta's dashboard.
    #[serde(rename = "hub.verify_token", default)]
    pub verify_token: String,
}

/// The body to answer a handshake with, as plain text; `None` is a 403.
///
/// Tokens are compared in constant time, and an empty token of ours matches nothing.
#[must_use]
pub fn handshake(query: Handshake, verify_token: &SecretString) -> Option<String> {
    let ours = verify_token.expose_secret().as_bytes();
    let is_ours = !ours.is_empty() && bool::from(ours.ct_eq(query.verify_token.as_bytes()));
    (is_ours && query.mode == "subscribe").then_some(query.challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"74950000000","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"\u0418\u0432\u0430\u043d"},"wa_id":"79161234567"}],"messages":[{"from":"79161234567","id":"wamid.TEST1","timestamp":"1749416383","type":"text","text":{"body":"a@b.ru \/ 50%"}}]},"field":"messages"}]}]}"#;
    const SIGNATURE: &str =
        "sha256=577c00caaa13c997bb054e2f55b271c37b175ecc5566feec8a607bca495e43f7";

    fn secret() -> SecretString {
        "app_secret_for_tests".into()
    }

    #[test]
    fn the_signature_of_the_bytes_as_they_came_is_accepted() {
        assert_eq!(BODY.len(), 442);
        assert!(verify(&secret(), BODY, SIGNATURE));
    }

    #[test]
    fn the_same_json_written_otherwise_is_refused() {
        let value: serde_json::Value = serde_json::from_slice(BODY).unwrap();
        assert!(!verify(
            &secret(),
            &serde_json::to_vec(&value).unwrap(),
            SIGNATURE
        ));
    }

    #[test]
    fn anything_but_the_right_signature_is_refused() {
        for header in [
            "",
            "sha256=",
            "sha256=577c",
            "sha256=zz",
            "sha1=577c00caaa13c997bb054e2f55b271c37b175ecc",
            SIGNATURE.trim_start_matches("sha256="),
            &SIGNATURE.replace('5', "6"),
        ] {
            assert!(!verify(&secret(), BODY, header), "{header}");
        }
        assert!(!verify(&"another".into(), BODY, SIGNATURE));
    }

    #[test]
    fn an_empty_secret_verifies_nothing() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        mac.update(BODY);
        let header = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        assert!(!verify(&"".into(), BODY, &header));
    }

    fn query(mode: &str, verify_token: &str) -> Handshake {
        Handshake {
            mode: mode.to_owned(),
            challenge: "1158201444".to_owned(),
            verify_token: verify_token.to_owned(),
        }
    }

    #[test]
    fn a_handshake_with_our_token_is_answered_with_its_challenge() {
        let answer = handshake(query("subscribe", "ours"), &"ours".into());
        assert_eq!(answer.as_deref(), Some("1158201444"));
    }

    #[test]
    fn a_handshake_with_another_token_or_mode_is_refused() {
        assert_eq!(handshake(query("subscribe", "other"), &"ours".into()), None);
        assert_eq!(handshake(query("subscribe", "our"), &"ours".into()), None);
        assert_eq!(
            handshake(query("unsubscribe", "ours"), &"ours".into()),
            None
        );
        assert_eq!(handshake(query("subscribe", ""), &"".into()), None);
    }

    #[test]
    fn a_handshake_is_read_by_metas_names() {
        let query: Handshake = serde_json::from_str(
            r#"{"hub.mode":"subscribe","hub.challenge":"7","hub.verify_token":"ours"}"#,
        )
        .unwrap();
        assert_eq!(handshake(query, &"ours".into()).as_deref(), Some("7"));
    }
}

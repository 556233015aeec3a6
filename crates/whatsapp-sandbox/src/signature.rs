//! `X-Hub-Signature-256`: HMAC-SHA-256 of the bytes on the wire under the app secret.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The header's value for these exact bytes.
pub(crate) fn sign(app_secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of every length; the empty string stands in for what cannot happen.
    Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(body);
            format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_body_has_the_known_signature() {
        let body = include_bytes!("../tests/vectors/signed_body.json");
        assert_eq!(body.len(), 442);
        assert_eq!(
            sign("app_secret_for_tests", body),
            "sha256=577c00caaa13c997bb054e2f55b271c37b175ecc5566feec8a607bca495e43f7"
        );
    }
}

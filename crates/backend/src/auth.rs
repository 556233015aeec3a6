//! Passwords and tokens.
//!
//! A password is stored as an argon2id hash. A token is 32 random bytes that only their holder
//! knows; the store has their SHA-256, so neither a copy of the file nor a log lets anyone in.

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, PasswordHash};
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use pult_protocol::{Code, Token};
use pult_store::Session;
use rand::TryRng as _;
use sha2::{Digest as _, Sha256};

use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// Fewest characters of a password.
pub(crate) const MIN_PASSWORD_CHARS: usize = 8;

/// Hashes a password; takes tens of milliseconds on purpose, so not on an async thread.
pub(crate) fn hash_password(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("Hashing the password: {error}"))?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed. Takes as long when there is no such operator,
/// so that names cannot be told by the clock.
pub(crate) fn verify_password(password: &str, hash: Option<&str>) -> bool {
    // The hash of a random password that nobody knows.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWtub3dzLWl0$\
                          wX6h1y0zq0jH1m0mGQk3mA1bq3C9m2y8o1yQd2nQb0E";
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    let fits = Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok();
    fits && hash.is_some()
}

/// A new token and what the store keeps of it.
pub(crate) fn new_token() -> anyhow::Result<(Token, [u8; 32])> {
    let mut bytes = [0_u8; 32];
    rand::rngs::SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| anyhow::anyhow!("Asking the system for randomness: {error}"))?;
    let token = Token(hex::encode(bytes));
    let hash = hash_token(&token);
    Ok((token, hash))
}

/// What the store keeps of a token.
pub(crate) fn hash_token(token: &Token) -> [u8; 32] {
    Sha256::digest(token.0.as_bytes()).into()
}

/// The session whose token stands in the request's `Authorization: Bearer` header.
pub(crate) struct SignedIn(pub(crate) Session);

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = ProblemResponse;

    async fn from_request_parts(
        parts: &mut Parts,
        backend: &Shared,
    ) -> Result<Self, Self::Rejection> {
        let signed_out = || ProblemResponse::new(Code::SignedOut, "sign in first");
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = header
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(|token| Token(token.trim().to_owned()))
            .ok_or_else(signed_out)?;
        let session = backend.store.session(hash_token(&token)).await?;
        session.map(Self).ok_or_else(signed_out)
    }
}

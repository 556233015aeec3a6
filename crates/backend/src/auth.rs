//! Passwords and tokens.
//!
//! A password is stored as an argon2id hash. A token is 32 random bytes that only their holder
//! knows; the store has their SHA-256, so neither a copy of the file nor a log lets anyone in.

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::Output;
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use pult_domain::{IntegrationId, OperatorId, Role};
use pult_protocol::{Code, Token};
use pult_store::{Asking, Session};
use rand::TryRng as _;
use sha2::{Digest as _, Sha256};

use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// Fewest characters of a password.
pub(crate) const MIN_PASSWORD_CHARS: usize = 8;

/// Most characters of one: hashing takes no longer, but a body has a limit.
pub(crate) const MAX_PASSWORD_CHARS: usize = 1_000;

/// How long ago the use of a key was noted when it is noted anew, in milliseconds.
const NOTE_USE_AFTER_MS: i64 = 5 * 60 * 1000;

/// The hash of a password that nobody knows, with the same cost as everybody's.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWtub3dzLWl0$\
                      wX6h1y0zq0jH1m0mGQk3mA1bq3C9m2y8o1yQd2nQb0E";

/// Hashes a password; takes tens of milliseconds on purpose, so not on an async thread.
pub(crate) fn hash_password(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| anyhow::anyhow!("Hashing the password: {error}"))?;
    Ok(hash.to_string())
}

/// The memory in which passwords are looked at: one at a time, always the same.
///
/// A hash works on 19 MiB. Taken anew for each try, they fill the machine when many try at once;
/// and the system's allocator seldom finds such a piece again after it was given back.
#[derive(Default)]
pub(crate) struct PasswordMemory {
    blocks: Vec<Block>,
}

impl PasswordMemory {
    /// Whether the password is the one that was hashed. Takes as long when there is no such
    /// operator, so that names cannot be told by the clock; and tens of milliseconds on purpose,
    /// so not on an async thread.
    pub(crate) fn verify(&mut self, password: &str, hash: Option<&str>) -> bool {
        let fits = self.hashes_to(password, hash.unwrap_or(NOBODY));
        fits.unwrap_or(false) && hash.is_some()
    }

    /// None if the hash is not one of argon2.
    fn hashes_to(&mut self, password: &str, hash: &str) -> Option<bool> {
        let hash = PasswordHash::new(hash).ok()?;
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = Version::try_from(hash.version?).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let (salt, expected) = (hash.salt?, hash.hash?);
        self.blocks.resize(params.block_count(), Block::default());
        let mut found = vec![0; expected.len()];
        Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(
                password.as_bytes(),
                &salt,
                &mut found,
                self.blocks.as_mut_slice(),
            )
            .ok()?;
        // Compared in constant time.
        Some(Output::new(&found).ok()? == expected)
    }
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

/// The token that stands in the request's `Authorization: Bearer` header.
fn bearer(parts: &Parts) -> Option<Token> {
    let header = parts
        .headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    header
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(|token| Token(token.trim().to_owned()))
}

fn signed_out() -> ProblemResponse {
    ProblemResponse::new(Code::SignedOut, "sign in first")
}

/// The session whose token the request bears.
pub(crate) struct SignedIn(pub(crate) Session);

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = ProblemResponse;

    async fn from_request_parts(
        parts: &mut Parts,
        backend: &Shared,
    ) -> Result<Self, Self::Rejection> {
        let token = bearer(parts).ok_or_else(signed_out)?;
        let session = backend.store.session(hash_token(&token)).await?;
        session.map(Self).ok_or_else(signed_out)
    }
}

/// The session of a supervisor or an administrator; others are told that it is not for them.
pub(crate) struct Supervising(pub(crate) Session);

impl FromRequestParts<Shared> for Supervising {
    type Rejection = ProblemResponse;

    async fn from_request_parts(
        parts: &mut Parts,
        backend: &Shared,
    ) -> Result<Self, Self::Rejection> {
        of_role(parts, backend, Role::Supervisor).await.map(Self)
    }
}

/// The session of an administrator; others are told that it is not for them.
pub(crate) struct Administrator(pub(crate) Session);

impl FromRequestParts<Shared> for Administrator {
    type Rejection = ProblemResponse;

    async fn from_request_parts(
        parts: &mut Parts,
        backend: &Shared,
    ) -> Result<Self, Self::Rejection> {
        of_role(parts, backend, Role::Administrator).await.map(Self)
    }
}

async fn of_role(
    parts: &mut Parts,
    backend: &Shared,
    wanted: Role,
) -> Result<Session, ProblemResponse> {
    let SignedIn(session) = SignedIn::from_request_parts(parts, backend).await?;
    if session.operator.role < wanted {
        return Err(ProblemResponse(pult_store::not_allowed(wanted)));
    }
    Ok(session)
}

/// Whoever asks: an operator with the token of a session, or an integration with its key.
pub(crate) enum Principal {
    Operator(OperatorId),
    Integration(IntegrationId),
}

impl Principal {
    /// The principal as who asks, for an operator whom an integration names.
    pub(crate) fn for_whom(
        self,
        on_behalf_of: Option<OperatorId>,
    ) -> Result<Asking, ProblemResponse> {
        match (self, on_behalf_of) {
            (Self::Operator(id), None) => Ok(Asking::Operator(id)),
            (Self::Operator(_), Some(_)) => Err(ProblemResponse::new(
                Code::NotAllowed,
                "only an integration asks on behalf of somebody",
            )),
            (Self::Integration(id), on_behalf_of) => Ok(Asking::Integration { id, on_behalf_of }),
        }
    }
}

impl FromRequestParts<Shared> for Principal {
    type Rejection = ProblemResponse;

    async fn from_request_parts(
        parts: &mut Parts,
        backend: &Shared,
    ) -> Result<Self, Self::Rejection> {
        let hash = hash_token(&bearer(parts).ok_or_else(signed_out)?);
        if let Some(session) = backend.store.session(hash).await? {
            return Ok(Self::Operator(session.operator.id));
        }
        let integration = backend.store.integration(hash).await?;
        let integration = integration.ok_or_else(signed_out)?;
        note_used(backend, integration.id).await?;
        Ok(Self::Integration(integration.id))
    }
}

/// Notes that an integration's key is used, every few minutes: each note costs a commit.
async fn note_used(backend: &Shared, id: IntegrationId) -> Result<(), ProblemResponse> {
    let last = backend.store.integration_last_used(id).await?;
    if last.is_none_or(|last| backend.now().ms_since(last) > NOTE_USE_AFTER_MS) {
        let shared = Shared::clone(backend);
        backend.tasks.spawn(async move {
            if let Err(error) = shared.store.note_integration_used(id).await {
                tracing::debug!(%error, "That a key was used could not be written down");
            }
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_has_costs_as_much_as_any_other() {
        let cost = |hash: &str| {
            let hash = PasswordHash::new(hash).unwrap();
            (hash.algorithm, hash.version, hash.params.to_string())
        };
        assert_eq!(cost(NOBODY), cost(&hash_password("anything").unwrap()));
    }

    #[test]
    fn only_the_password_that_was_hashed_fits() {
        let hash = hash_password("верный пароль").unwrap();
        let mut memory = PasswordMemory::default();
        assert!(memory.verify("верный пароль", Some(&hash)));
        assert!(!memory.verify("неверный пароль", Some(&hash)));
        assert!(!memory.verify("", Some(&hash)));
        assert!(!memory.verify("верный пароль", None));
        assert!(!memory.verify("верный пароль", Some("no hash")));
        assert!(memory.verify("верный пароль", Some(&hash)), "used again");
    }
}

//! Administration: operators and channels, from the command line.
//!
//! These commands write to the store themselves, beside a backend that may be serving it; that one
//! notices within a second.

use std::io::Write as _;

use anyhow::{Context as _, bail};
use pult_domain::Role;
use pult_protocol::{Actor, ChannelKind, Code, OperatorChange};
use pult_store::{NewChannel, NewIntegration, NewOperator, Operator, Store};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::auth::{self, MIN_PASSWORD_CHARS};
use crate::channels::{WhatsAppSettings, api_settings};

/// Adds an operator.
///
/// # Errors
/// When the name is taken or the password too short.
pub async fn add_operator(
    store: &Store,
    login: &str,
    name: &str,
    role: Role,
    password: SecretString,
) -> anyhow::Result<Value> {
    if login.trim().is_empty() || name.trim().is_empty() {
        bail!("An operator needs a login and a name that are not blank.");
    }
    let operator = NewOperator {
        login: login.to_owned(),
        name: name.trim().to_owned(),
        role,
        password_hash: hashed(password).await?,
    };
    match store.add_operator(operator).await? {
        Ok(id) => Ok(json!({ "id": id, "login": login.trim().to_lowercase() })),
        Err(_) => bail!("An operator with the login {login} exists already."),
    }
}

/// All operators.
///
/// # Errors
/// A fault of the store.
pub async fn list_operators(store: &Store) -> anyhow::Result<Value> {
    let operators = store.operators().await?;
    let listed: Vec<Value> = operators
        .iter()
        .map(|operator| {
            json!({
                "id": operator.row.id,
                "login": operator.login,
                "name": operator.row.name,
                "role": operator.row.role,
                "is_active": operator.row.is_active,
            })
        })
        .collect();
    Ok(json!({ "operators": listed }))
}

/// Deactivates an operator: their chats return to the queue, their sessions end.
///
/// # Errors
/// When there is no such operator, they are deactivated already, or nobody active would be an
/// administrator without them.
pub async fn deactivate_operator(store: &Store, login: &str) -> anyhow::Result<Value> {
    let operator = existing(store, login).await?;
    if !operator.row.is_active {
        bail!("{login} is deactivated already.");
    }
    change(store, &operator, OperatorChange::IsActive { now: false }).await?;
    Ok(json!({ "id": operator.row.id, "is_active": false }))
}

/// Lets a deactivated operator sign in again.
///
/// # Errors
/// When there is no such operator, or they are active.
pub async fn reactivate_operator(store: &Store, login: &str) -> anyhow::Result<Value> {
    let operator = existing(store, login).await?;
    if operator.row.is_active {
        bail!("{login} is active already.");
    }
    change(store, &operator, OperatorChange::IsActive { now: true }).await?;
    Ok(json!({ "id": operator.row.id, "is_active": true }))
}

/// Gives an operator another role.
///
/// # Errors
/// When there is no such operator, or nobody active would be an administrator without them.
pub async fn set_role(store: &Store, login: &str, role: Role) -> anyhow::Result<Value> {
    let operator = existing(store, login).await?;
    let was = operator.row.role;
    change(store, &operator, OperatorChange::Role { was, now: role }).await?;
    Ok(json!({ "id": operator.row.id, "role": role }))
}

async fn change(store: &Store, operator: &Operator, change: OperatorChange) -> anyhow::Result<()> {
    let changed = store.change_operator(Actor::CommandLine, operator.row.id, change);
    match changed.await? {
        Ok(_) => Ok(()),
        Err(problem) if problem.code == Code::LastAdministrator => bail!(
            "{} is the last active administrator: nobody could manage operators in the panel any \
             more. Give somebody else this role first.",
            operator.login
        ),
        Err(problem) => bail!("It was refused: {}.", problem.message),
    }
}

/// Gives an operator another password; their sessions end.
///
/// # Errors
/// When there is no such operator or the password is too short.
pub async fn set_password(
    store: &Store,
    login: &str,
    password: SecretString,
) -> anyhow::Result<Value> {
    let operator = existing(store, login).await?;
    store
        .set_password(operator.row.id, hashed(password).await?)
        .await?;
    Ok(json!({ "id": operator.row.id }))
}

async fn existing(store: &Store, login: &str) -> anyhow::Result<Operator> {
    store
        .operator_by_login(login.to_owned())
        .await?
        .with_context(|| format!("There is no operator with the login {login}."))
}

async fn hashed(password: SecretString) -> anyhow::Result<String> {
    if password.expose_secret().chars().count() < MIN_PASSWORD_CHARS {
        bail!("A password needs at least {MIN_PASSWORD_CHARS} characters.");
    }
    tokio::task::spawn_blocking(move || auth::hash_password(password.expose_secret())).await?
}

/// Adds an integration. Its key is in the answer, and nowhere else.
///
/// # Errors
/// When the name is blank or taken.
pub async fn add_integration(store: &Store, name: &str) -> anyhow::Result<Value> {
    let name = name.trim();
    if name.is_empty() {
        bail!("An integration needs a name that is not blank.");
    }
    let (key, key_hash) = auth::new_token()?;
    let integration = NewIntegration {
        name: name.to_owned(),
        key_hash,
    };
    match store.add_integration(integration).await? {
        Ok(id) => Ok(json!({ "id": id, "name": name, "key": key })),
        Err(_) => bail!("An integration with the name {name} exists already."),
    }
}

/// All integrations.
///
/// # Errors
/// A fault of the store.
pub async fn list_integrations(store: &Store) -> anyhow::Result<Value> {
    Ok(json!({ "integrations": store.integrations().await? }))
}

/// Ends an integration's key for ever.
///
/// # Errors
/// When there is no such integration, or its key was ended before.
pub async fn revoke_integration(store: &Store, name: &str) -> anyhow::Result<Value> {
    if !store.revoke_integration(name.trim().to_owned()).await? {
        bail!("There is no integration with the name {name} whose key is in use.");
    }
    Ok(json!({ "name": name.trim(), "is_active": false }))
}

/// Adds a `WhatsApp` number, or replaces the settings of the one with the same phone number id.
///
/// # Errors
/// When a setting cannot be used.
pub async fn add_whatsapp(
    store: &Store,
    name: &str,
    phone_number_id: &str,
    settings: &WhatsAppSettings,
) -> anyhow::Result<Value> {
    drop(rustls::crypto::ring::default_provider().install_default());
    // Tried out before it is kept.
    pult_whatsapp::WhatsAppApi::new(api_settings(settings, phone_number_id)?)
        .context("These settings cannot be used")?;
    let channel = NewChannel {
        kind: ChannelKind::Whatsapp,
        name: name.to_owned(),
        provider_key: phone_number_id.to_owned(),
        settings: serde_json::to_string(settings)?,
    };
    let id = store.put_channel(channel).await?;
    Ok(json!({ "id": id }))
}

/// All channels, without their secrets.
///
/// # Errors
/// A fault of the store.
pub async fn list_channels(store: &Store) -> anyhow::Result<Value> {
    let channels = store.channels().await?;
    let listed: Vec<Value> = channels
        .iter()
        .map(|channel| {
            json!({
                "id": channel.row.id,
                "kind": channel.row.kind,
                "name": channel.row.name,
                "provider_key": channel.provider_key,
                "problem": channel.row.problem,
            })
        })
        .collect();
    Ok(json!({ "channels": listed }))
}

/// Writes an answer to standard output, one line of JSON.
///
/// # Errors
/// When standard output is closed.
pub fn print(answer: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{answer}")?;
    Ok(out.flush()?)
}

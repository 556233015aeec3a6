//! Channels and their connectors: what the store has of a channel, turned into what can send
//! through it and knows its secrets.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use parking_lot::RwLock;
use pult_domain::ChannelId;
use pult_domain::provider::{OutboundMessage, SendOutcome};
use pult_protocol::ChannelKind;
use pult_store::{Channel, Store, StoreError};
use pult_whatsapp::WhatsAppApi;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// What a `WhatsApp` channel's connector needs; kept in the store as JSON.
#[derive(Serialize, Deserialize)]
pub struct WhatsAppSettings {
    /// Meta's Graph API, or what plays its part.
    pub graph_url: String,
    /// The Graph version, such as `v25.0`.
    pub graph_version: String,
    /// The token of the system user.
    #[serde(serialize_with = "expose")]
    pub access_token: SecretString,
    /// The app's secret, with which webhooks are signed.
    #[serde(serialize_with = "expose")]
    pub app_secret: SecretString,
    /// The token with which Meta shows at the handshake that it means us.
    #[serde(serialize_with = "expose")]
    pub verify_token: SecretString,
}

fn expose<S: serde::Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// A channel that can be used.
pub(crate) struct ConnectedChannel {
    pub(crate) id: ChannelId,
    pub(crate) connector: Connector,
    /// Whether the number is known that clients write to.
    pub(crate) has_phone: bool,
}

/// The code that speaks with a kind of provider. Another kind is another variant.
pub(crate) enum Connector {
    WhatsApp {
        api: WhatsAppApi,
        app_secret: SecretString,
        verify_token: SecretString,
    },
}

impl Connector {
    /// Tries to send; every ending is an outcome.
    pub(crate) async fn send(&self, message: &OutboundMessage) -> SendOutcome {
        match self {
            Self::WhatsApp { api, .. } => api.send(message).await,
        }
    }
}

/// The channels that can be used at present.
#[derive(Default)]
pub(crate) struct Channels {
    connected: RwLock<Vec<Arc<ConnectedChannel>>>,
}

impl Channels {
    /// Reads the channels anew.
    pub(crate) async fn reload(&self, store: &Store) -> Result<(), StoreError> {
        let mut connected = Vec::new();
        for channel in store.channels().await? {
            match connect(&channel) {
                Ok(connector) => {
                    let id = channel.row.id;
                    connected.push(Arc::new(ConnectedChannel {
                        id,
                        connector,
                        has_phone: channel.row.phone.is_some(),
                    }));
                }
                // The others go on; this one keeps its messages until it is set right.
                Err(error) => {
                    tracing::error!(channel.id = %channel.row.id, %error, "A channel is set wrong");
                }
            }
        }
        *self.connected.write() = connected;
        Ok(())
    }

    pub(crate) fn by_id(&self, id: ChannelId) -> Option<Arc<ConnectedChannel>> {
        self.connected
            .read()
            .iter()
            .find(|channel| channel.id == id)
            .cloned()
    }

    /// All that are at hand now.
    pub(crate) fn all(&self) -> Vec<Arc<ConnectedChannel>> {
        self.connected.read().clone()
    }
}

fn connect(channel: &Channel) -> anyhow::Result<Connector> {
    match channel.row.kind {
        ChannelKind::Whatsapp => {
            // The error's own words would quote a secret.
            let settings: WhatsAppSettings = serde_json::from_str(&channel.settings)
                .map_err(|error| anyhow!("no settings of WhatsApp (column {})", error.column()))?;
            let api = WhatsAppApi::new(api_settings(&settings, &channel.provider_key)?)?;
            Ok(Connector::WhatsApp {
                api,
                app_secret: settings.app_secret,
                verify_token: settings.verify_token,
            })
        }
    }
}

/// The settings of Meta's API for one number.
///
/// # Errors
/// When the address is not one.
pub(crate) fn api_settings(
    settings: &WhatsAppSettings,
    phone_number_id: &str,
) -> anyhow::Result<pult_whatsapp::Settings> {
    Ok(pult_whatsapp::Settings {
        base_url: settings
            .graph_url
            .parse()
            .context("The Graph address is not a URL")?,
        graph_version: settings.graph_version.clone(),
        phone_number_id: phone_number_id.to_owned(),
        access_token: settings.access_token.clone(),
        user_agent: concat!("Pult/", env!("CARGO_PKG_VERSION")).to_owned(),
        connect_timeout: pult_whatsapp::DEFAULT_CONNECT_TIMEOUT,
        timeout: pult_whatsapp::DEFAULT_TIMEOUT,
    })
}

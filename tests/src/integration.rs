//! A program with an API key, as 1C:Enterprise is one: it asks over REST.

use anyhow::{Context, Result};
use pult_domain::{CommandId, IntegrationId, OperatorId};
use pult_protocol::{Command, CommandRequest};

use crate::peer::{Answer, answer_of};
use crate::until::LIMIT;

/// The program.
#[derive(Debug, Clone)]
pub struct Integration {
    /// What the backend calls it.
    pub id: IntegrationId,
    /// Its key.
    pub key: String,
    address: String,
    http: reqwest::Client,
}

impl Integration {
    /// A program that asks at an address.
    ///
    /// # Errors
    /// When requests cannot be made at all.
    pub fn at(address: &str, id: IntegrationId, key: String) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build();
        Ok(Self {
            id,
            key,
            address: address.to_owned(),
            http: http.context("Preparing requests")?,
        })
    }

    /// Gives a command, as itself or with the rights of an operator.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn give(
        &self,
        id: CommandId,
        command: Command,
        on_behalf_of: Option<OperatorId>,
    ) -> Result<Answer> {
        let request = self.http.post(format!("{}/api/v1/commands", self.address));
        let request = request.bearer_auth(&self.key).json(&CommandRequest {
            id,
            command,
            on_behalf_of,
        });
        answer_of(request.send().await.context("Giving a command")?).await
    }
}

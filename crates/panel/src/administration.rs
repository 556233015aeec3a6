//! What administrators manage, and everybody of their own: asked of the backend each time, since it
//! is looked at seldom and must be as it is.

use pult_domain::{ChannelId, IntegrationId, OperatorId, Role, SessionId};
use pult_protocol::{
    AuditPage, AuditQuery, ChannelHealth, ChannelHealthList, ChannelNameRequest, CompanyRequest,
    ManagedIntegration, ManagedIntegrationList, ManagedOperator, ManagedOperatorList,
    NewOperatorRequest, OperatorChange, OwnPasswordRequest, PasswordRequest, SessionList,
    SessionRow,
};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::PanelError;
use crate::panel::Panel;

/// Something that an administrator changes, or somebody of their own.
#[derive(Clone, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Administration {
    /// Adds an operator under an id made by who adds them.
    AddOperator {
        /// Their id.
        id: OperatorId,
        /// The name to sign in with.
        login: String,
        /// The name that colleagues see.
        name: String,
        /// Their role.
        role: Role,
        /// The first password.
        password: String,
    },
    /// Changes one thing of an operator.
    ChangeOperator {
        /// Who.
        id: OperatorId,
        /// What.
        change: OperatorChange,
    },
    /// Gives an operator another password; their sessions end.
    SetPassword {
        /// Who.
        id: OperatorId,
        /// The new password.
        password: String,
    },
    /// Gives me another password; my other sessions end.
    SetOwnPassword {
        /// The password until now.
        present: String,
        /// The new password.
        password: String,
    },
    /// Ends a session.
    RevokeSession {
        /// Which.
        id: SessionId,
    },
    /// Ends all sessions of an operator except this one.
    RevokeSessions {
        /// Whose.
        operator_id: OperatorId,
    },
    /// Gives a channel another name.
    RenameChannel {
        /// Which.
        id: ChannelId,
        /// The name as it was seen.
        was: String,
        /// The name that it is to have.
        now: String,
    },
    /// Ends an integration's key for ever.
    RevokeIntegration {
        /// Which.
        id: IntegrationId,
    },
    /// Puts other settings for everybody.
    SetCompany {
        /// The settings, and which state of them had been seen.
        request: CompanyRequest,
    },
}

impl Administration {
    /// How it is asked for: method, path and body.
    fn request(self) -> Result<(Method, String, Option<serde_json::Value>), serde_json::Error> {
        let (method, path, body) = match self {
            Self::AddOperator {
                id,
                login,
                name,
                role,
                password,
            } => {
                let body = NewOperatorRequest {
                    login,
                    name,
                    role,
                    password,
                };
                let body = serde_json::to_value(body)?;
                (Method::PUT, format!("operators/{id}"), Some(body))
            }
            Self::ChangeOperator { id, change } => {
                let body = serde_json::to_value(change)?;
                (Method::PATCH, format!("operators/{id}"), Some(body))
            }
            Self::SetPassword { id, password } => {
                let body = serde_json::to_value(PasswordRequest { password })?;
                (Method::PUT, format!("operators/{id}/password"), Some(body))
            }
            Self::SetOwnPassword { present, password } => {
                let body = serde_json::to_value(OwnPasswordRequest { present, password })?;
                (Method::PUT, "password".to_owned(), Some(body))
            }
            Self::RevokeSession { id } => (Method::DELETE, format!("sessions/{id}"), None),
            Self::RevokeSessions { operator_id } => (
                Method::DELETE,
                format!("operators/{operator_id}/sessions"),
                None,
            ),
            Self::RenameChannel { id, was, now } => {
                let body = serde_json::to_value(ChannelNameRequest { was, now })?;
                (Method::PUT, format!("channels/{id}/name"), Some(body))
            }
            Self::RevokeIntegration { id } => (Method::DELETE, format!("integrations/{id}"), None),
            Self::SetCompany { request } => {
                let body = serde_json::to_value(request)?;
                (Method::PUT, "company".to_owned(), Some(body))
            }
        };
        Ok((method, path, body))
    }
}

impl Panel {
    /// Changes something that is managed.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn administer(&self, what: Administration) -> Result<(), PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        let (method, path, body) = what
            .request()
            .map_err(|error| PanelError::storage(&error))?;
        let change = self.rest().change(address, token, method, &path, body);
        Ok(change.await?)
    }

    /// All operators, for administrators.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn managed_operators(&self) -> Result<Vec<ManagedOperator>, PanelError> {
        let list: ManagedOperatorList = self.look("operators", &()).await?;
        Ok(list.operators)
    }

    /// My sessions, or everybody's.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn sessions(&self, all: bool) -> Result<Vec<SessionRow>, PanelError> {
        let list: SessionList = self.look("sessions", &[("all", all)]).await?;
        Ok(list.sessions)
    }

    /// How the channels are doing, for administrators.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn channel_health(&self) -> Result<Vec<ChannelHealth>, PanelError> {
        let list: ChannelHealthList = self.look("channels", &()).await?;
        Ok(list.channels)
    }

    /// All integrations, for administrators.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn managed_integrations(&self) -> Result<Vec<ManagedIntegration>, PanelError> {
        let list: ManagedIntegrationList = self.look("integrations", &()).await?;
        Ok(list.integrations)
    }

    /// A page of the audit log, for administrators.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn audit(&self, query: AuditQuery) -> Result<AuditPage, PanelError> {
        self.look("audit", &query).await
    }

    async fn look<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &(impl Serialize + Sync),
    ) -> Result<T, PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        Ok(self.rest().look(address, token, path, query).await?)
    }
}

// Passwords are never printed.
impl std::fmt::Debug for Administration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Administration").finish_non_exhaustive()
    }
}

//! An office: the backend with its channel and operators, WhatsApp played by the sandbox, and a
//! temporary folder for all of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use pult_domain::{IntegrationId, OperatorId, Role};
use pult_panel::{FileTokenStore, Options, Pace, Panel};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::integration::Integration;
use crate::phones::Phones;
use crate::programs::{Envs, Program, args, run};
use crate::tap::{Kept, Tap};

/// The business number's id at WhatsApp.
const PHONE_NUMBER_ID: &str = "100000000000001";

/// The business number, of a range that is never given out.
const DISPLAY_NUMBER: &str = "74950000000";

const BACKEND: &str = "pult-backend";
const SANDBOX: &str = "whatsapp-sandbox";

/// A person who signs in to the panel.
#[derive(Debug, Clone)]
pub struct Operator {
    /// What the backend calls them.
    pub id: OperatorId,
    /// Their name.
    pub name: String,
    /// What they sign in with.
    pub login: String,
    /// Their password.
    pub password: String,
    /// What they may do.
    pub role: Role,
}

/// An office that works.
#[derive(Debug)]
pub struct Office {
    /// The clients' phones.
    pub phones: Phones,
    address: String,
    backend: Option<Program>,
    backend_envs: Envs,
    _sandbox: Program,
    /// On everything that leaves the backend for the sandbox, if that is to be overheard.
    taps: Vec<Tap>,
    dir: TempDir,
}

#[derive(Deserialize)]
struct Added {
    id: OperatorId,
}

#[derive(Deserialize)]
struct AddedIntegration {
    id: IntegrationId,
    key: String,
}

#[derive(Deserialize)]
struct Restored {
    not_confirmed: u64,
}

impl Office {
    /// Opens an office without operators.
    ///
    /// # Errors
    /// When a program is not built, or does not do its part.
    pub async fn open() -> Result<Self> {
        Self::open_with(Envs::new()).await
    }

    /// Opens an office whose backend runs with some variables of its own.
    ///
    /// # Errors
    /// When a program is not built, or does not do its part.
    pub async fn open_with(backend_envs: Envs) -> Result<Self> {
        let (dir, sandbox, sandbox_address) = begin().await?;
        add_channel(dir.path(), &sandbox_address).await?;
        let (backend, address) = serve(dir.path(), "127.0.0.1:0", &backend_envs).await?;
        let phones = Phones::at(&sandbox_address)?;
        phones.connect(&webhook(&address)).await?;
        Ok(Self {
            phones,
            address,
            backend: Some(backend),
            backend_envs,
            _sandbox: sandbox,
            taps: Vec::new(),
            dir,
        })
    }

    /// The same, and every byte that leaves the backend for the sandbox is kept: its requests, and
    /// its answers to webhooks.
    ///
    /// # Errors
    /// When a program is not built, or does not do its part.
    pub async fn open_overheard(backend_envs: Envs) -> Result<Self> {
        let (dir, sandbox, sandbox_address) = begin().await?;
        let requests = Tap::on(host(&sandbox_address), Kept::Questions).await?;
        add_channel(dir.path(), &requests.address()).await?;
        let (backend, address) = serve(dir.path(), "127.0.0.1:0", &backend_envs).await?;
        let answers = Tap::on(host(&address), Kept::Answers).await?;
        let phones = Phones::at(&sandbox_address)?;
        phones.connect(&webhook(&answers.address())).await?;
        Ok(Self {
            phones,
            address,
            backend: Some(backend),
            backend_envs,
            _sandbox: sandbox,
            taps: vec![requests, answers],
            dir,
        })
    }

    /// What has left the backend for the sandbox since the last time, of each connection for itself.
    #[must_use]
    pub fn overheard(&self) -> Vec<Vec<u8>> {
        self.taps.iter().flat_map(Tap::take).collect()
    }

    /// Where panels reach the backend.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The backend's `host:port`, as a proxy wants it.
    #[must_use]
    pub fn target(&self) -> &str {
        host(&self.address)
    }

    /// Adds an operator of the weakest role; the password is the login and some more.
    ///
    /// # Errors
    /// When the backend refuses.
    pub async fn operator(&self, login: &str, name: &str) -> Result<Operator> {
        self.colleague(login, name, Role::Operator).await
    }

    /// Adds a supervisor, likewise.
    ///
    /// # Errors
    /// When the backend refuses.
    pub async fn supervisor(&self, login: &str, name: &str) -> Result<Operator> {
        self.colleague(login, name, Role::Supervisor).await
    }

    /// Adds an operator of any role, likewise.
    ///
    /// # Errors
    /// When the backend refuses.
    pub async fn colleague(&self, login: &str, name: &str, role: Role) -> Result<Operator> {
        let (data, password) = (data(self.dir.path()), format!("{login}-in-the-office"));
        let args = args([
            &"--data",
            &data,
            &"operator",
            &"add",
            &"--login",
            &login,
            &"--name",
            &name,
            &"--role",
            &role.as_str(),
            &"--password-stdin",
        ]);
        let answer = run(BACKEND, &args, &format!("{password}\n")).await?;
        let added: Added = serde_json::from_str(&answer).context("Reading the operator's id")?;
        Ok(Operator {
            id: added.id,
            name: name.to_owned(),
            login: login.to_owned(),
            password,
            role,
        })
    }

    /// Adds a program with an API key.
    ///
    /// # Errors
    /// When the backend refuses.
    pub async fn integration(&self, name: &str) -> Result<Integration> {
        let data = data(self.dir.path());
        let args = args([&"--data", &data, &"integration", &"add", &"--name", &name]);
        let answer = run(BACKEND, &args, "").await?;
        let added: AddedIntegration =
            serde_json::from_str(&answer).context("Reading the integration's key")?;
        Integration::at(&self.address, added.id, added.key)
    }

    /// Deactivates an operator.
    ///
    /// # Errors
    /// When the backend refuses.
    pub async fn deactivate(&self, operator: &Operator) -> Result<()> {
        let data = data(self.dir.path());
        let args = args([
            &"--data",
            &data,
            &"operator",
            &"deactivate",
            &"--login",
            &operator.login,
        ]);
        run(BACKEND, &args, "").await?;
        Ok(())
    }

    /// Writes a backup of the backend's data, whether it runs or not, to a file of this name.
    ///
    /// # Errors
    /// When the backend refuses.
    pub async fn backup(&self, name: &str) -> Result<PathBuf> {
        let file = self.dir.path().join(name);
        let args = args([&"--data", &data(self.dir.path()), &"backup", &file]);
        run(BACKEND, &args, "").await?;
        Ok(file)
    }

    /// Puts a backup in the place of the backend's data; the backend must have been ended. Tells
    /// how many messages are unconfirmed by that.
    ///
    /// # Errors
    /// When the backend refuses.
    pub async fn restore(&self, backup: &Path) -> Result<u64> {
        let args = args([&"--data", &data(self.dir.path()), &"restore", &backup]);
        let answer = run(BACKEND, &args, "").await?;
        let restored: Restored = serde_json::from_str(&answer).context("Reading what it did")?;
        Ok(restored.not_confirmed)
    }

    /// The folder of a panel's data, by a name of one's choice: the same name is the same panel.
    #[must_use]
    pub fn panel_dir(&self, name: &str) -> PathBuf {
        self.dir.path().join("panels").join(name)
    }

    /// Leaves an operator signed in on a data folder, for the window that then opens it.
    ///
    /// # Errors
    /// When the sign-in fails.
    pub async fn sign_in(&self, operator: &Operator, data_dir: &Path) -> Result<()> {
        let panel = Panel::open(options(data_dir))
            .await
            .context("Opening the data folder")?;
        let done = panel
            .sign_in(
                self.address.clone(),
                operator.login.clone(),
                operator.password.clone(),
            )
            .await;
        panel.shut_down().await;
        done.map_err(|failure| anyhow::anyhow!("{} cannot sign in: {failure:?}", operator.login))
    }

    /// Ends the backend in order and starts it again at the same address.
    ///
    /// # Errors
    /// When it does not end or start.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.start().await
    }

    /// Ends the backend in order.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(&mut self) -> Result<()> {
        if let Some(backend) = self.backend.take() {
            let status = backend.stop().await?;
            anyhow::ensure!(status.success(), "the backend ended with {status}");
        }
        Ok(())
    }

    /// Ends the backend as a power cut does.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub async fn kill(&mut self) -> Result<()> {
        match self.backend.take() {
            Some(backend) => backend.kill().await,
            None => Ok(()),
        }
    }

    /// Waits until the backend ends by itself. False if it does not within `limit`.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn dies_within(&mut self, limit: Duration) -> Result<bool> {
        let Some(backend) = &mut self.backend else {
            return Ok(true);
        };
        let is_dead = match timeout(limit, backend.ended()).await {
            Ok(ended) => ended.map(|_| true)?,
            Err(_) => false,
        };
        if is_dead {
            self.backend = None;
        }
        Ok(is_dead)
    }

    /// The variables with which the backend is started the next time.
    pub const fn backend_envs(&mut self) -> &mut Envs {
        &mut self.backend_envs
    }

    /// The folder of all of it: secrets, data, logs.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The file of the backend's store, for what has no other way into it.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        data(self.dir.path()).join("pult.sqlite")
    }

    /// Starts the backend again at the same address.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(&mut self) -> Result<()> {
        let (backend, address) = serve(self.dir.path(), self.target(), &self.backend_envs).await?;
        (self.backend, self.address) = (Some(backend), address);
        Ok(())
    }

    /// Keeps the folder with its logs after the end, to be looked at.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        let Self {
            backend,
            _sandbox,
            dir,
            ..
        } = self;
        drop((backend, _sandbox));
        dir.keep()
    }
}

/// What a panel is opened with; tokens lie where the window looks for them.
#[must_use]
pub fn options(data_dir: &Path) -> Options {
    Options {
        data_dir: data_dir.to_path_buf(),
        device: "tests".to_owned(),
        token_store: Arc::new(FileTokenStore::new(data_dir.join("tokens"))),
        extra_ca: None,
        undo: None,
        pace: Pace::default(),
    }
}

/// The office's folder with its secrets, and the sandbox.
async fn begin() -> Result<(TempDir, Program, String)> {
    // Other parts may have chosen it already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::Builder::new().prefix("pult-office-").tempdir();
    let dir = dir.context("Making the office's folder")?;
    for secret in ["app-secret", "verify-token", "access-token"] {
        let written = std::fs::write(dir.path().join(secret), format!("office-{secret}"));
        written.with_context(|| format!("Writing {secret}"))?;
    }
    let (sandbox, address) = sandbox(dir.path()).await?;
    Ok((dir, sandbox, address))
}

/// The `host:port` of an address.
fn host(address: &str) -> &str {
    address.trim_start_matches("http://")
}

fn webhook(address: &str) -> String {
    format!("{address}/webhooks/whatsapp")
}

fn data(dir: &Path) -> PathBuf {
    dir.join("backend")
}

async fn sandbox(dir: &Path) -> Result<(Program, String)> {
    let (app_secret, verify_token, access_token) = secrets(dir);
    let args = args([
        &"--listen",
        &"127.0.0.1:0",
        &"--app-secret-file",
        &app_secret,
        &"--verify-token-file",
        &verify_token,
        &"--access-token-file",
        &access_token,
        &"--phone-number-id",
        &PHONE_NUMBER_ID,
        &"--display-number",
        &DISPLAY_NUMBER,
    ]);
    Program::serve(SANDBOX, &args, &Envs::new(), &dir.join("sandbox.log")).await
}

async fn add_channel(dir: &Path, graph_url: &str) -> Result<()> {
    let (app_secret, verify_token, access_token) = secrets(dir);
    let args = args([
        &"--data",
        &data(dir),
        &"channel",
        &"add",
        &"whatsapp",
        &"--name",
        &"WhatsApp",
        &"--phone-number-id",
        &PHONE_NUMBER_ID,
        &"--graph-url",
        &graph_url,
        &"--graph-version",
        &"v25.0",
        &"--access-token-file",
        &access_token,
        &"--app-secret-file",
        &app_secret,
        &"--verify-token-file",
        &verify_token,
    ]);
    run(BACKEND, &args, "").await?;
    Ok(())
}

async fn serve(dir: &Path, listen: &str, envs: &Envs) -> Result<(Program, String)> {
    let args = args([&"serve", &"--data", &data(dir), &"--listen", &listen]);
    Program::serve(BACKEND, &args, envs, &dir.join("backend.log")).await
}

fn secrets(dir: &Path) -> (PathBuf, PathBuf, PathBuf) {
    (
        dir.join("app-secret"),
        dir.join("verify-token"),
        dir.join("access-token"),
    )
}

//! `pult-backend`: serves panels and providers, and administers what they need.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use pult_backend::backup::{self, Existing, SignedIn};
use pult_backend::channels::WhatsAppSettings;
use pult_backend::logging::{self, LogFormat};
use pult_backend::{Backend, DataFolder, ServeSettings, admin, system_clock};
use pult_domain::Role;
use pult_store::{Followers, Store};
use secrecy::SecretString;
use serde_json::json;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The backend of Pult: takes clients' messages in, serves operators' panels, sends replies.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// The folder with everything that the backend keeps.
    #[arg(long, env = "PULT_DATA", global = true, default_value = "pult-data")]
    data: PathBuf,
    /// How log lines on standard error look.
    #[arg(
        long,
        env = "PULT_LOG_FORMAT",
        global = true,
        value_enum,
        default_value = "text"
    )]
    log_format: Lines,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lines {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until told to stop (Ctrl-C or SIGTERM).
    Serve {
        /// Address and port; port 0 takes a free one. Standard output tells it as a line of JSON.
        #[arg(long, env = "PULT_LISTEN", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Address and port for `/metrics`. Without it they are at the same address as the rest,
        /// for whoever asks from this machine.
        #[arg(long, env = "PULT_METRICS_LISTEN")]
        metrics_listen: Option<SocketAddr>,
        /// For how many days the providers' raw events are kept once they are applied.
        #[arg(long, env = "PULT_KEEP_EVENTS_DAYS", default_value_t = 30)]
        keep_events_days: u32,
    },
    /// Write a backup, also while the folder is served. It holds everything, secrets included.
    Backup {
        /// The file to write; for a folder, a file in it with the date in its name.
        target: PathBuf,
        /// Replace the file if it exists.
        #[arg(long)]
        overwrite: bool,
    },
    /// Put a backup in the place of the store, which is kept beside it. Stop the backend first.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Sign everybody out. Without it, whoever was signed in last stays so.
        #[arg(long)]
        end_sessions: bool,
    },
    /// The people who answer clients.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// The numbers through which clients write.
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// Programs with an API key, such as 1C:Enterprise.
    #[command(subcommand)]
    Integration(IntegrationCommand),
}

#[derive(Subcommand)]
enum OperatorCommand {
    /// Add an operator.
    Add {
        /// The name to sign in with.
        #[arg(long)]
        login: String,
        /// The name that colleagues see.
        #[arg(long)]
        name: String,
        /// What they may do.
        #[arg(long, value_enum, default_value = "operator")]
        role: RoleName,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List all operators.
    List,
    /// Deactivate an operator: their chats return to the queue, their sessions end.
    Deactivate {
        /// The name to sign in with.
        #[arg(long)]
        login: String,
    },
    /// Let a deactivated operator sign in again.
    Reactivate {
        /// The name to sign in with.
        #[arg(long)]
        login: String,
    },
    /// Give an operator another role.
    Role {
        /// The name to sign in with.
        #[arg(long)]
        login: String,
        /// What they may do from now on.
        #[arg(long, value_enum)]
        role: RoleName,
    },
    /// Give an operator another password; their sessions end.
    Password {
        /// The name to sign in with.
        #[arg(long)]
        login: String,
        #[command(flatten)]
        password: PasswordSource,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Operator,
    Supervisor,
    Administrator,
}

impl RoleName {
    const fn role(self) -> Role {
        match self {
            Self::Operator => Role::Operator,
            Self::Supervisor => Role::Supervisor,
            Self::Administrator => Role::Administrator,
        }
    }
}

/// Where a password comes from; never an argument, which others on the machine could list.
#[derive(Args)]
#[group(required = false, multiple = false)]
struct PasswordSource {
    /// Read the password from standard input (its first line).
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from this file (its first line). Without either: from `PULT_PASSWORD`.
    #[arg(long)]
    password_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum IntegrationCommand {
    /// Add an integration. Its key is told this once.
    Add {
        /// What staff call it.
        #[arg(long)]
        name: String,
    },
    /// List all integrations.
    List,
    /// End an integration's key for ever.
    Revoke {
        /// What staff call it.
        #[arg(long)]
        name: String,
    },
}

#[derive(Subcommand)]
enum ChannelCommand {
    /// Add a channel, or replace the settings of the one with the same number.
    #[command(subcommand)]
    Add(NewChannelCommand),
    /// List all channels.
    List,
}

#[derive(Subcommand)]
enum NewChannelCommand {
    /// A WhatsApp number on Meta's Cloud API.
    Whatsapp {
        /// What staff call it.
        #[arg(long)]
        name: String,
        /// Meta's id of the number.
        #[arg(long)]
        phone_number_id: String,
        /// Meta's Graph API.
        #[arg(long, default_value = pult_whatsapp::DEFAULT_BASE_URL)]
        graph_url: String,
        /// The Graph version.
        #[arg(long, default_value = pult_whatsapp::DEFAULT_GRAPH_VERSION)]
        graph_version: String,
        /// File with the system user's token. Without it: from `PULT_WHATSAPP_ACCESS_TOKEN`.
        #[arg(long)]
        access_token_file: Option<PathBuf>,
        /// File with the app's secret. Without it: from `PULT_WHATSAPP_APP_SECRET`.
        #[arg(long)]
        app_secret_file: Option<PathBuf>,
        /// File with the verify token. Without it: from `PULT_WHATSAPP_VERIFY_TOKEN`.
        #[arg(long)]
        verify_token_file: Option<PathBuf>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(match cli.log_format {
        Lines::Text => LogFormat::Text,
        Lines::Json => LogFormat::Json,
    });
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let folder = DataFolder::open(&cli.data)?;
    match cli.command {
        Command::Serve {
            listen,
            metrics_listen,
            keep_events_days,
        } => {
            let settings = ServeSettings {
                listen,
                clock: system_clock(),
                metrics_listen,
                keep_events: DAY * keep_events_days,
            };
            serve(&folder, &settings).await
        }
        Command::Backup { target, overwrite } => {
            let existing = if overwrite {
                Existing::Replace
            } else {
                Existing::Keep
            };
            let write = move || backup::backup(&folder, &target, existing);
            admin::print(&tokio::task::spawn_blocking(write).await??)
        }
        Command::Restore { file, end_sessions } => {
            let signed_in = if end_sessions {
                SignedIn::End
            } else {
                SignedIn::Stay
            };
            admin::print(&backup::restore(&folder, &file, signed_in).await?)
        }
        Command::Operator(command) => {
            let _command = folder.lock_for_command()?;
            let store = folder.store(system_clock(), Followers::nobody())?;
            let answer = operator(&store, command).await?;
            store.close().await;
            admin::print(&answer)
        }
        Command::Channel(command) => {
            let _command = folder.lock_for_command()?;
            let store = folder.store(system_clock(), Followers::nobody())?;
            let answer = channel(&store, command).await?;
            store.close().await;
            admin::print(&answer)
        }
        Command::Integration(command) => {
            let _command = folder.lock_for_command()?;
            let store = folder.store(system_clock(), Followers::nobody())?;
            let answer = integration(&store, command).await?;
            store.close().await;
            admin::print(&answer)
        }
    }
}

async fn integration(
    store: &Store,
    command: IntegrationCommand,
) -> anyhow::Result<serde_json::Value> {
    match command {
        IntegrationCommand::Add { name } => admin::add_integration(store, &name).await,
        IntegrationCommand::List => admin::list_integrations(store).await,
        IntegrationCommand::Revoke { name } => admin::revoke_integration(store, &name).await,
    }
}

async fn serve(folder: &DataFolder, settings: &ServeSettings) -> anyhow::Result<()> {
    #[cfg(feature = "trials")]
    tracing::warn!("This program has faults on demand: it is for proofs, never for clients");
    // Before anybody is told that it serves: who stops it then does not cut it off.
    let told_to_stop = Stop::listen();
    let running = Backend::start(folder, settings).await?;
    let address = running.address();
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(%address, version, "Serving");
    let metrics = running.metrics_address().unwrap_or(address);
    admin::print(&json!({
        "listening": format!("http://{address}"),
        "metrics": format!("http://{metrics}/metrics"),
    }))?;
    #[cfg(feature = "trials")]
    pult_store::trials::begin();
    running.until(told_to_stop.told()).await?;
    tracing::info!("Stopped");
    Ok(())
}

/// The wish of the system, or of somebody at the keyboard, that the program stops.
struct Stop {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
}

impl Stop {
    /// Listens from here on.
    fn listen() -> Self {
        Self {
            #[cfg(unix)]
            terminate: {
                use tokio::signal::unix::{SignalKind, signal};
                signal(SignalKind::terminate()).ok()
            },
        }
    }

    /// Ends when the wish has been told.
    async fn told(self) {
        #[cfg(unix)]
        if let Some(mut terminate) = self.terminate {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
        drop(tokio::signal::ctrl_c().await);
    }
}

async fn operator(store: &Store, command: OperatorCommand) -> anyhow::Result<serde_json::Value> {
    match command {
        OperatorCommand::Add {
            login,
            name,
            role,
            password,
        } => admin::add_operator(store, &login, &name, role.role(), password.read()?).await,
        OperatorCommand::List => admin::list_operators(store).await,
        OperatorCommand::Deactivate { login } => admin::deactivate_operator(store, &login).await,
        OperatorCommand::Reactivate { login } => admin::reactivate_operator(store, &login).await,
        OperatorCommand::Role { login, role } => admin::set_role(store, &login, role.role()).await,
        OperatorCommand::Password { login, password } => {
            admin::set_password(store, &login, password.read()?).await
        }
    }
}

async fn channel(store: &Store, command: ChannelCommand) -> anyhow::Result<serde_json::Value> {
    match command {
        ChannelCommand::List => admin::list_channels(store).await,
        ChannelCommand::Add(NewChannelCommand::Whatsapp {
            name,
            phone_number_id,
            graph_url,
            graph_version,
            access_token_file,
            app_secret_file,
            verify_token_file,
        }) => {
            let settings = WhatsAppSettings {
                graph_url,
                graph_version,
                access_token: secret(access_token_file.as_deref(), "PULT_WHATSAPP_ACCESS_TOKEN")?,
                app_secret: secret(app_secret_file.as_deref(), "PULT_WHATSAPP_APP_SECRET")?,
                verify_token: secret(verify_token_file.as_deref(), "PULT_WHATSAPP_VERIFY_TOKEN")?,
            };
            admin::add_whatsapp(store, &name, &phone_number_id, &settings).await
        }
    }
}

impl PasswordSource {
    fn read(&self) -> anyhow::Result<SecretString> {
        if self.password_stdin {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("Reading standard input")?;
            return first_line(&text).context("Standard input holds no password");
        }
        secret(self.password_file.as_deref(), "PULT_PASSWORD")
            .context("Give the password with --password-stdin or --password-file")
    }
}

/// A secret from a file, else from the environment.
fn secret(file: Option<&Path>, variable: &str) -> anyhow::Result<SecretString> {
    match (file, std::env::var(variable)) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("Reading the secret in {}", file.display()))?;
            first_line(&text).with_context(|| format!("{} is empty", file.display()))
        }
        (None, Ok(value)) => first_line(&value).with_context(|| format!("{variable} is empty")),
        (None, Err(_)) => bail!("A secret is missing: give its file, or set {variable}."),
    }
}

fn first_line(text: &str) -> Option<SecretString> {
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.into())
}

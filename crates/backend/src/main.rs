//! `pult-backend`: serves panels and providers, and administers what they need.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use pult_backend::channels::WhatsAppSettings;
use pult_backend::{Backend, DataFolder, ServeSettings, admin, system_clock};
use pult_domain::Role;
use secrecy::SecretString;
use serde_json::json;
use tracing_subscriber::EnvFilter;

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
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
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
    },
    /// The people who answer clients.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// The numbers through which clients write.
    #[command(subcommand)]
    Channel(ChannelCommand),
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
    start_logging(cli.log_format);
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start_logging(format: LogFormat) {
    let filter = EnvFilter::try_from_env("PULT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(false).init(),
        LogFormat::Json => lines.json().init(),
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let folder = DataFolder::open(&cli.data)?;
    match cli.command {
        Command::Serve { listen } => serve(&folder, listen).await,
        Command::Operator(command) => {
            let store = folder.store(system_clock(), Box::new(|_| {}))?;
            let answer = operator(&store, command).await?;
            store.close().await;
            admin::print(&answer)
        }
        Command::Channel(command) => {
            let store = folder.store(system_clock(), Box::new(|_| {}))?;
            let answer = channel(&store, command).await?;
            store.close().await;
            admin::print(&answer)
        }
    }
}

async fn serve(folder: &DataFolder, listen: SocketAddr) -> anyhow::Result<()> {
    let clock = system_clock();
    let running = Backend::start(folder, &ServeSettings { listen, clock }).await?;
    let address = running.address();
    tracing::info!(%address, "Serving");
    admin::print(&json!({ "listening": format!("http://{address}") }))?;
    running.until(told_to_stop()).await;
    tracing::info!("Stopped");
    Ok(())
}

/// Ends when the system or somebody at the keyboard asks the program to stop.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    drop(tokio::signal::ctrl_c().await);
}

async fn operator(
    store: &pult_store::Store,
    command: OperatorCommand,
) -> anyhow::Result<serde_json::Value> {
    match command {
        OperatorCommand::Add {
            login,
            name,
            role,
            password,
        } => admin::add_operator(store, &login, &name, role.role(), password.read()?).await,
        OperatorCommand::List => admin::list_operators(store).await,
        OperatorCommand::Deactivate { login } => admin::deactivate_operator(store, &login).await,
        OperatorCommand::Password { login, password } => {
            admin::set_password(store, &login, password.read()?).await
        }
    }
}

async fn channel(
    store: &pult_store::Store,
    command: ChannelCommand,
) -> anyhow::Result<serde_json::Value> {
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

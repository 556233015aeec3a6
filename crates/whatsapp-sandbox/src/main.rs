//! `whatsapp-sandbox`: the library as a program. When ready it prints one line of JSON,
//! `{"listening":"http://127.0.0.1:PORT"}`, and runs until it is interrupted or terminated.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Parser;
use tracing_subscriber::EnvFilter;
use whatsapp_sandbox::{Clock, Config, Sandbox, Settings};

/// Plays Meta's part: Graph API, signed webhooks, clients' phones at /phones.
///
/// Secrets come by file or environment, never as arguments that others could list.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Loopback address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where events go; can also be set later by the control API.
    #[arg(long)]
    webhook: Option<String>,
    /// File with the app secret [or `SANDBOX_APP_SECRET`].
    #[arg(long)]
    app_secret_file: Option<PathBuf>,
    /// File with the verify token [or `SANDBOX_VERIFY_TOKEN`].
    #[arg(long)]
    verify_token_file: Option<PathBuf>,
    /// File with the access token [or `SANDBOX_ACCESS_TOKEN`].
    #[arg(long)]
    access_token_file: Option<PathBuf>,
    /// Id of the business number.
    #[arg(long, default_value = "106540352242922")]
    phone_number_id: String,
    /// The business number.
    #[arg(long, default_value = "74950000000")]
    display_number: String,
    /// Id of the business account.
    #[arg(long, default_value = "102290129340398")]
    waba_id: String,
    /// Graph version of the webhooks.
    #[arg(long, default_value = "v25.0")]
    graph_version: String,
    /// Folder in which phones outlive a restart.
    #[arg(long)]
    data: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    // Before the socket is ours, so that no signal is missed.
    let terminated = termination().context("Listening for SIGTERM")?;
    let sandbox = Sandbox::start(config(arguments)?).await?;
    let mut stdout = std::io::stdout();
    writeln!(
        stdout,
        "{}",
        serde_json::json!({ "listening": sandbox.url() })
    )?;
    stdout.flush()?;
    tokio::select! {
        () = terminated => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("Listening for Ctrl+C")?,
    }
    sandbox.shutdown().await;
    Ok(())
}

/// Ends when the system asks for the end by a signal.
#[cfg(unix)]
fn termination() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        terminate.recv().await;
    })
}

/// Without such signals Ctrl-C alone asks for the end.
#[cfg(not(unix))]
fn termination() -> std::io::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}

fn config(arguments: Arguments) -> anyhow::Result<Config> {
    Ok(Config {
        listen: arguments.listen,
        webhook: arguments.webhook,
        app_secret: secret(arguments.app_secret_file.as_deref(), "SANDBOX_APP_SECRET")?,
        verify_token: secret(
            arguments.verify_token_file.as_deref(),
            "SANDBOX_VERIFY_TOKEN",
        )?,
        access_token: secret(
            arguments.access_token_file.as_deref(),
            "SANDBOX_ACCESS_TOKEN",
        )?,
        phone_number_id: arguments.phone_number_id,
        display_number: arguments.display_number,
        waba_id: arguments.waba_id,
        settings: Settings {
            graph_version: arguments.graph_version,
            ..Settings::default()
        },
        clock: Clock::default(),
        data: arguments.data,
    })
}

/// A secret from its file, else from the environment.
fn secret(file: Option<&Path>, variable: &str) -> anyhow::Result<String> {
    let secret = match file {
        Some(file) => fs::read_to_string(file)
            .with_context(|| format!("Reading the file for {variable}"))?
            .trim_end_matches(['\r', '\n'])
            .to_owned(),
        None => std::env::var(variable)
            .with_context(|| format!("{variable} is not set and no file was named"))?,
    };
    anyhow::ensure!(!secret.is_empty(), "The secret for {variable} is empty");
    Ok(secret)
}

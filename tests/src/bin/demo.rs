//! `pult-demo`: Pult at work on one machine, with clients who write. With `--headless` it answers
//! one of them in the real window by itself, and fails unless the client's phone has the answer.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use pult_domain::Role;
use pult_tests::office::{Office, Operator};
use pult_tests::programs::{Program, path_of};
use pult_tests::walk::Walk;
use pult_tests::window::Window;
use pult_tests::{clients, testids};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

/// Pult at work on one machine, with clients who write.
#[derive(Parser)]
struct Arguments {
    /// Answers a client in the window by itself, and fails unless the client's phone has the answer
    #[arg(long)]
    headless: bool,
    /// Ends after so many seconds; with --headless it must be done by then
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Saves pictures of the window there (with --headless)
    #[arg(long, value_name = "DIR", requires = "headless")]
    screenshots: Option<PathBuf>,
}

/// Widths of the pictures: the docked panel and a full window.
const WIDTHS: [u32; 2] = [380, 1280];

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tokio::select! {
        done = run(&arguments) => done,
        // Everything that was started ends when what holds it goes.
        interrupted = interrupted() => interrupted,
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    if !arguments.headless {
        return show(arguments.seconds).await;
    }
    let proof = prove(arguments.screenshots.as_deref());
    match arguments.seconds {
        Some(seconds) => timeout(Duration::from_secs(seconds), proof)
            .await
            .with_context(|| format!("Not done after {seconds} seconds"))?,
        None => proof.await,
    }
}

async fn interrupted() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("Listening for signals")?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        done = tokio::signal::ctrl_c() => done.context("Listening for Ctrl-C"),
    }
}

/// The office with somebody of each role, and clients who wait already.
async fn open_office() -> Result<(Office, [Operator; 3])> {
    let office = Office::open().await?;
    let operators = [
        office.operator("anna", "Анна Примерова").await?,
        office.supervisor("ivan", "Иван Образцов").await?,
        office
            .colleague("maria", "Мария Выдумщикова", Role::Administrator)
            .await?,
    ];
    office.phones.slow_down().await?;
    clients::begin(&office.phones).await?;
    Ok((office, operators))
}

/// Opens the panel for a person, until they close it.
async fn show(seconds: Option<u64>) -> Result<()> {
    let (office, operators) = open_office().await?;
    let [anna, ..] = &operators;
    let anna_dir = office.panel_dir("anna");
    office.sign_in(anna, &anna_dir).await?;
    explain(&office, &operators)?;
    let mut command = Command::new(path_of("pult")?);
    command
        .env("PULT_NO_SINGLE_INSTANCE", "1")
        .env("PULT_DATA_DIR", &anna_dir);
    let mut window = Program::start(&mut command)?;
    let end = async {
        match seconds {
            Some(seconds) => sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    let stream = async {
        let done = clients::go_on(&office.phones).await;
        // When all is said, the office stays open.
        if done.is_ok() {
            std::future::pending().await
        } else {
            done
        }
    };
    tokio::select! {
        ended = window.ended() => {
            let status = ended?;
            if !status.success() {
                bail!("the window ended with {status}");
            }
        }
        failed = stream => failed?,
        () = end => {}
    }
    Ok(())
}

fn explain(office: &Office, operators: &[Operator]) -> Result<()> {
    let mut out = stdout();
    writeln!(
        out,
        "\nThe panel opens, signed in as the first of these. Clients write by themselves.\n"
    )?;
    writeln!(out, "  Clients' phones:  {}", office.phones.page())?;
    writeln!(out, "  Backend:          {}\n", office.address())?;
    for Operator {
        name,
        login,
        password,
        role,
        ..
    } in operators
    {
        let role = role.as_str();
        writeln!(
            out,
            "  {name:<20} {role:<15} login {login:<8} password {password}"
        )?;
    }
    let program = path_of("pult")?;
    writeln!(
        out,
        "\nTry: answer somebody from the queue, and see the answer on their phone and its ticks in the\n\
         panel. Write as a client on the phones page. Open a second panel, sign in there with the\n\
         backend's address and a colleague's login, and answer the same client in both:\n\n  {} --data-dir {}\n\n\
         Sign in there as ivan, a supervisor, to see the overview of all chats and people, the figures\n\
         and the automatic texts; as maria, an administrator, to see all of the management besides.\n\n\
         Ctrl-C, or closing the panel, ends all of it.\n",
        program.display(),
        office.panel_dir("colleague").display(),
    )?;
    Ok(())
}

/// Answers a client in the real window, and looks whether the phone has it.
async fn prove(screenshots: Option<&Path>) -> Result<()> {
    const QUESTION: &str = "Здравствуйте! А шкаф «Альфа» бывает в белом цвете?";
    const ANSWER: &str = "Добрый день! Да, белая «Альфа» есть, привезём в четверг.";
    const CLIENT: &str = "Вера Проверкина";

    let (office, [anna, ..]) = open_office().await?;
    let anna_dir = office.panel_dir("anna");
    office.sign_in(&anna, &anna_dir).await?;
    let window = Window::open(&anna_dir).await?;
    let walk = screenshots
        .map(|folder| Walk::for_pictures(folder, &WIDTHS))
        .transpose()?;

    let client = office.phones.client("79000000100", CLIENT, true).await?;
    client.write(QUESTION).await?;
    window.find_with_text(testids::CHAT_ROW, CLIENT).await?;
    say("the client's message stands in the queue")?;
    if let Some(walk) = &walk {
        walk.add("queue", &window, None).await?;
    }

    window.click_on_text(testids::CHAT_ROW, CLIENT).await?;
    window.find_with_text(testids::ENTRY, QUESTION).await?;
    window.type_into(testids::COMPOSER, ANSWER).await?;
    window.click(testids::SEND).await?;
    client.has_exactly_once(ANSWER).await?;
    say("the phone has the answer, exactly once")?;
    window.find_state(testids::TICK, "read").await?;
    say("the panel shows that the client has read it")?;
    if let Some(walk) = &walk {
        walk.add("chat", &window, Some(CLIENT)).await?;
        say("the pictures are saved")?;
    }
    window.close().await
}

fn say(what: &str) -> Result<()> {
    writeln!(stdout(), "demo: {what}").context("Writing to standard output")
}

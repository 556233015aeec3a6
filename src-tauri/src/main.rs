//! The desktop shell: a window around [`pult_panel::Panel`]. Whatever can be done without a window
//! is done there; here are the window, the banners, the key store, and how all of it starts and
//! ends.
// Without it Windows opens a console beside the window. While developing one wants to read what it says.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod arguments;
mod autostart;
mod banners;
mod commands;
mod deep_link;
mod desktop;
mod device;
mod dock;
mod ending;
#[cfg(target_os = "linux")]
mod environment;
mod events;
mod global_keys;
mod log;
mod start_error;
#[cfg(test)]
mod tests;
mod tokens;
mod tray;
mod window;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use pult_panel::{Options, Pace, PageLists, Panel};
use tauri::{App, AppHandle, Builder, Manager, RunEvent, Runtime, WindowEvent};
use tauri_plugin_window_state::StateFlags;

use crate::arguments::Arguments;
use crate::banners::Banners;
use crate::deep_link::Links;
use crate::desktop::Desktop;
use crate::ending::Ending;
use crate::start_error::StartError;
use crate::tokens::KeyStoreFirst;
use crate::tray::Tray;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    #[cfg(target_os = "linux")]
    environment::choose();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => error.tell(),
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, StartError> {
    // Tauri panics without a display; asked first, it is a sentence.
    #[cfg(target_os = "linux")]
    gtk::init().map_err(|_| StartError::NoDisplay)?;

    // A panel with a folder of its own is meant to run beside the usual one.
    let is_single = arguments.data_dir.is_none() && !arguments.no_single_instance;
    let data_dir = usable_data_dir(arguments.data_dir)?;
    let ending = Arc::new(Ending::default());
    let single = is_single.then(|| Arc::clone(&ending));
    let app = builder(&data_dir, single).build(tauri::generate_context!())?;
    // Only now, since a second start has handed over and ended in the line above.
    let panel = open_panel(&data_dir, arguments.extra_ca)?;
    start(&app, panel, &data_dir, arguments.hidden)?;
    if let Some(link) = arguments.link {
        deep_link::follow(app.handle(), deep_link::parse(&link));
    }
    let of_loop = Arc::clone(&ending);
    let code = app.run_return(move |app, event| on_run_event(app, &event, &of_loop));
    ending.start_again();
    Ok(exit_code(code))
}

/// The application as the tests have it too: commands and what they ask for, no window yet.
fn with_commands<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    builder
        .manage(Banners::default())
        .manage(Links::default())
        .manage(PageLists::default())
        .manage(Tray::new())
        .invoke_handler(tauri::generate_handler![
            commands::overview,
            commands::timeline,
            commands::reply,
            commands::comment,
            commands::act,
            commands::search,
            commands::archive,
            commands::archived,
            commands::card,
            commands::figures,
            commands::reopen_chat,
            commands::oversight::chats,
            commands::oversight::workload,
            commands::oversight::oversee,
            commands::oversight::act_on,
            commands::oversight::outcomes,
            commands::oversight::take_all_back,
            commands::take_back,
            commands::send_anyway,
            commands::dismiss_held,
            commands::discard_shell,
            commands::set_draft,
            commands::focus_composer,
            commands::leave_composer,
            commands::take_elsewhere,
            commands::drop_elsewhere,
            commands::mark_read,
            commands::watch,
            commands::sign_in,
            commands::sign_out,
            commands::sign_out_and_erase,
            commands::history_kept,
            commands::keep_history,
            commands::last_sign_in,
            commands::reconnect,
            commands::notifications::show_banner,
            commands::notifications::hide_banner,
            commands::notifications::notifications,
            commands::notifications::see_notifications,
            commands::notifications::notification_choices,
            commands::notifications::set_notification_settings,
            commands::desktop::set_badge,
            commands::desktop::desktop,
            commands::desktop::change_desktop,
            commands::desktop::hide_window,
            commands::desktop::take_link,
            commands::open_link,
            commands::saving::save_text,
            commands::saving::save_bytes,
            commands::channels::set_channel_phone,
            commands::presence::onlookers,
            commands::presence::set_away,
            commands::presence::used,
            commands::ready_answers::ready_answers,
            commands::ready_answers::put_ready_answer,
            commands::ready_answers::delete_ready_answer,
            commands::ready_answers::export_ready_answers,
            commands::ready_answers::import_ready_answers,
            commands::automatic::automatic_texts,
            commands::automatic::put_automatic_texts,
            commands::automatic::working_hours,
            commands::automatic::put_working_hours,
            commands::automatic::directions,
            commands::automatic::put_directions,
            commands::automatic::try_directions,
            commands::administration::administer,
            commands::administration::managed_operators,
            commands::administration::sessions,
            commands::administration::channel_health,
            commands::administration::managed_integrations,
            commands::administration::audit,
            commands::quit,
        ])
}

/// With `single`, a second start hands over to this one.
fn builder(data_dir: &Path, single: Option<Arc<Ending>>) -> Builder<tauri::Wry> {
    let mut builder = Builder::default();
    if let Some(ending) = single {
        // First of all plugins, or a second start would open half of what it hands over.
        builder = builder
            .plugin(tauri_plugin_single_instance::init(
                move |app, arguments, _| {
                    if !ending.keeps(&arguments) {
                        on_second_start(app, &arguments);
                    }
                },
            ))
            .plugin(
                tauri_plugin_autostart::Builder::new()
                    .app_name("Pult")
                    .arg(HIDDEN)
                    .build(),
            );
    }
    if !cfg!(target_os = "linux") {
        builder = builder.plugin(global_keys::plugin());
    }
    // An absolute name, so that the window's place lies in the data folder with everything else.
    let window_state = tauri_plugin_window_state::Builder::new()
        .with_filename(data_dir.join("window.json").to_string_lossy())
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED);
    with_commands(builder.plugin(window_state.build()))
}

/// As the panel is started with the session.
const HIDDEN: &str = "--hidden";

/// Whoever starts the panel again wants to see it, unless it is the session.
fn on_second_start(app: &AppHandle, arguments: &[String]) {
    if let Some(link) = deep_link::among(arguments) {
        deep_link::follow(app, link);
    } else if !arguments.iter().any(|argument| argument == HIDDEN) {
        window::bring_to_front(app);
    }
}

/// The data folder: made if it is missing, and then for its owner alone. The log starts in it.
fn usable_data_dir(asked: Option<PathBuf>) -> Result<PathBuf, StartError> {
    let path = match asked {
        Some(path) => path,
        None => dirs::data_local_dir()
            .ok_or(StartError::NoDataDir)?
            .join("Pult"),
    };
    let path = std::path::absolute(&path).unwrap_or(path);
    match private_dir(&path).and_then(|()| log::start(&path)) {
        Ok(()) => Ok(path),
        Err(cause) => Err(StartError::DataDir { path, cause }),
    }
}

fn private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// How long a transfer or a close can be taken back.
const UNDO: Duration = Duration::from_secs(5);

fn open_panel(data_dir: &Path, extra_ca: Option<PathBuf>) -> Result<Panel, StartError> {
    let options = Options {
        data_dir: data_dir.to_path_buf(),
        device: device_name(),
        token_store: Arc::new(KeyStoreFirst::new(data_dir)),
        extra_ca,
        undo: Some(UNDO),
        pace: Pace::default(),
    };
    Ok(tauri::async_runtime::block_on(Panel::open(options))?)
}

/// What this device is called in the operator's list of sessions.
fn device_name() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

fn start(app: &App, panel: Panel, data_dir: &Path, is_hidden: bool) -> Result<(), StartError> {
    app.manage(Desktop::open(data_dir));
    tauri::async_runtime::spawn(events::forward(app.handle().clone(), panel.events()));
    #[cfg(unix)]
    if let Err(error) = exit_on_signal(app.handle().clone()) {
        tracing::warn!(%error, "Signals are not heard");
    }
    tauri::async_runtime::spawn(device::watch(panel.clone()));
    app.manage(panel);
    window::open(app.handle(), data_dir, is_hidden)?;
    tray::start(app.handle());
    global_keys::register(app.handle());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "Started");
    Ok(())
}

/// Ends the program in order when the system asks: left to itself, a signal would end it without
/// remembering the window's place. Signals are heard when this returns.
#[cfg(unix)]
fn exit_on_signal(app: AppHandle) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let heard = tauri::async_runtime::block_on(async {
        Ok::<_, std::io::Error>((
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        ))
    });
    let (mut terminate, mut interrupt) = heard?;
    tauri::async_runtime::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        app.exit(0);
    });
    Ok(())
}

fn on_run_event(app: &AppHandle, event: &RunEvent, ending: &Ending) {
    if let RunEvent::WindowEvent {
        event: WindowEvent::CloseRequested { api, .. },
        ..
    } = event
        && !window::closes(app)
    {
        api.prevent_close();
    }
    #[cfg(target_os = "macos")]
    match event {
        RunEvent::Opened { urls } => {
            if let Some(url) = urls.first() {
                deep_link::follow(app, deep_link::parse(url.as_str()));
            }
        }
        RunEvent::Reopen { .. } => window::bring_to_front(app),
        _ => {}
    }
    if matches!(event, RunEvent::ExitRequested { .. } | RunEvent::Exit) {
        ending.begin();
    }
    if matches!(event, RunEvent::Exit) {
        // The rest may take a while.
        window::vanish(app);
        #[cfg(target_os = "linux")]
        hide_banners(app);
        let panel = app.state::<Panel>();
        tauri::async_runtime::block_on(panel.shut_down());
        tracing::info!("Ended");
    }
}

/// How long the end waits for the desktop's notification service, which may not answer.
#[cfg(target_os = "linux")]
const BANNERS_PATIENCE: Duration = Duration::from_secs(1);

#[cfg(target_os = "linux")]
fn hide_banners(app: &AppHandle) {
    let banners = app.state::<Banners>();
    let hidden = async { tokio::time::timeout(BANNERS_PATIENCE, banners.hide_all()).await };
    if tauri::async_runtime::block_on(hidden).is_err() {
        tracing::info!("Banners may be left on the screen");
    }
}

fn exit_code(code: i32) -> ExitCode {
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}

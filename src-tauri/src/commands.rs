//! What the page may ask for: the panel's methods one by one, and the few things that only a
//! window's program can do.

#![expect(
    clippy::let_underscore_must_use,
    clippy::needless_pass_by_value,
    reason = "Tauri's macro wraps each command so, and hands arguments over by value"
)]

pub(crate) mod administration;
pub(crate) mod automatic;
pub(crate) mod channels;
pub(crate) mod desktop;
pub(crate) mod notifications;
pub(crate) mod oversight;
pub(crate) mod presence;
pub(crate) mod ready_answers;
pub(crate) mod saving;

use std::fmt::Display;

use pult_domain::{ChatId, CommandId, OperatorId, Place};
use pult_panel::view::{
    ChatDeed, ComposerMode, DraftRevision, HistoryKept, LastSignIn, OverviewUpdate, SearchPage,
    SearchQuery, SignInFailure, Timeline,
};
use pult_panel::{PageLists, Panel, PanelError};
use pult_protocol::{
    ArchivePage, ArchiveQuery, ClientHistory, FiguresQuery, HistoryPage, ServiceFigures,
};
use serde::Serialize;
use tauri::{AppHandle, Runtime, State};
use url::Url;

/// Addresses that may be opened, outside.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

#[tauri::command]
pub(crate) async fn overview(
    panel: State<'_, Panel>,
    page_lists: State<'_, PageLists>,
    known: Option<u32>,
) -> Result<OverviewUpdate, PanelError> {
    Ok(page_lists.update(known, panel.overview().await?))
}

#[tauri::command]
pub(crate) async fn timeline(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    before: Option<Place>,
    limit: u32,
    at_least: u32,
) -> Result<Timeline, PanelError> {
    panel
        .timeline_at_hand(chat_id, before, limit, at_least)
        .await
}

#[tauri::command]
pub(crate) async fn reply(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    text: String,
    seen: DraftRevision,
) -> Result<CommandId, PanelError> {
    panel.reply(chat_id, text, seen).await
}

#[tauri::command]
pub(crate) async fn comment(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    text: String,
    mentions: Vec<OperatorId>,
    seen: DraftRevision,
) -> Result<CommandId, PanelError> {
    panel.comment(chat_id, text, mentions, seen).await
}

#[tauri::command]
pub(crate) async fn act(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    deed: ChatDeed,
) -> Result<CommandId, PanelError> {
    panel.act(chat_id, deed).await
}

#[tauri::command]
pub(crate) async fn reopen_chat(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    found: Option<Place>,
) -> Result<CommandId, PanelError> {
    panel.reopen_chat(chat_id, found).await
}

#[tauri::command]
pub(crate) async fn search(
    panel: State<'_, Panel>,
    query: SearchQuery,
) -> Result<SearchPage, PanelError> {
    panel.search(query).await
}

#[tauri::command]
pub(crate) async fn archive(
    panel: State<'_, Panel>,
    query: ArchiveQuery,
) -> Result<ArchivePage, PanelError> {
    panel.archive(query).await
}

#[tauri::command]
pub(crate) async fn archived(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    before: Option<Place>,
    limit: u32,
) -> Result<HistoryPage, PanelError> {
    panel.archived(chat_id, before, limit).await
}

#[tauri::command]
pub(crate) async fn card(
    panel: State<'_, Panel>,
    chat_id: ChatId,
) -> Result<ClientHistory, PanelError> {
    panel.card(chat_id).await
}

#[tauri::command]
pub(crate) async fn figures(
    panel: State<'_, Panel>,
    query: FiguresQuery,
) -> Result<ServiceFigures, PanelError> {
    panel.figures(query).await
}

#[tauri::command]
pub(crate) async fn take_back(
    panel: State<'_, Panel>,
    command_id: CommandId,
) -> Result<bool, PanelError> {
    panel.take_back(command_id).await
}

#[tauri::command]
pub(crate) async fn send_anyway(
    panel: State<'_, Panel>,
    command_id: CommandId,
) -> Result<CommandId, PanelError> {
    panel.send_anyway(command_id).await
}

#[tauri::command]
pub(crate) async fn dismiss_held(
    panel: State<'_, Panel>,
    command_id: CommandId,
) -> Result<(), PanelError> {
    panel.dismiss_held(command_id).await
}

#[tauri::command]
pub(crate) async fn discard_shell(
    panel: State<'_, Panel>,
    chat_id: ChatId,
) -> Result<(), PanelError> {
    panel.discard_shell(chat_id).await
}

#[tauri::command]
pub(crate) async fn set_draft(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    mode: ComposerMode,
    text: String,
    mentions: Vec<OperatorId>,
    seen: DraftRevision,
) -> Result<(), PanelError> {
    panel.set_draft(chat_id, mode, text, mentions, seen).await
}

#[tauri::command]
pub(crate) async fn focus_composer(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    mode: ComposerMode,
) -> Result<(), PanelError> {
    panel.focus_composer(chat_id, mode).await
}

#[tauri::command]
pub(crate) async fn leave_composer(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    mode: ComposerMode,
) -> Result<(), PanelError> {
    panel.leave_composer(chat_id, mode).await
}

#[tauri::command]
pub(crate) async fn take_elsewhere(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    mode: ComposerMode,
) -> Result<(), PanelError> {
    panel.take_elsewhere(chat_id, mode).await
}

#[tauri::command]
pub(crate) async fn drop_elsewhere(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    mode: ComposerMode,
) -> Result<(), PanelError> {
    panel.drop_elsewhere(chat_id, mode).await
}

#[tauri::command]
pub(crate) async fn mark_read(
    panel: State<'_, Panel>,
    chat_id: ChatId,
    place: Place,
) -> Result<(), PanelError> {
    panel.mark_read(chat_id, place).await
}

#[tauri::command]
pub(crate) async fn watch(
    panel: State<'_, Panel>,
    chat_id: Option<ChatId>,
    in_front: bool,
    typing: Option<ComposerMode>,
) -> Result<(), PanelError> {
    panel.watch(chat_id, in_front, typing).await
}

#[tauri::command]
pub(crate) async fn sign_in(
    panel: State<'_, Panel>,
    address: String,
    login: String,
    password: String,
) -> Result<(), SignInFailure> {
    panel.sign_in(address, login, password).await
}

#[tauri::command]
pub(crate) async fn sign_out(panel: State<'_, Panel>, force: bool) -> Result<(), PanelError> {
    panel.sign_out(force).await
}

#[tauri::command]
pub(crate) async fn sign_out_and_erase(panel: State<'_, Panel>) -> Result<(), PanelError> {
    panel.sign_out_and_erase().await
}

#[tauri::command]
pub(crate) async fn history_kept(panel: State<'_, Panel>) -> Result<HistoryKept, PanelError> {
    panel.history_kept().await
}

#[tauri::command]
pub(crate) async fn keep_history(
    panel: State<'_, Panel>,
    kept: HistoryKept,
) -> Result<(), PanelError> {
    panel.keep_history(kept).await
}

#[tauri::command]
pub(crate) async fn last_sign_in(
    panel: State<'_, Panel>,
) -> Result<Option<LastSignIn>, PanelError> {
    panel.last_sign_in().await
}

#[tauri::command]
pub(crate) async fn reconnect(panel: State<'_, Panel>) -> Result<(), PanelError> {
    panel.reconnect().await
}

/// Refused unless the address is one that starts no program here but the one for links.
#[tauri::command]
pub(crate) fn open_link(url: String) -> Result<(), ShellError> {
    let url = openable(&url).ok_or_else(ShellError::link_refused)?;
    open(&url).map_err(ShellError::link_failed)
}

/// Opens an address with what the desktop has for it.
#[cfg(target_os = "linux")]
fn open(address: &Url) -> Result<(), gtk::glib::Error> {
    use gtk::gio::prelude::AppLaunchContextExt as _;
    use gtk::gio::{AppInfo, AppLaunchContext};

    let context = AppLaunchContext::new();
    for name in crate::environment::own() {
        context.unsetenv(name);
    }
    AppInfo::launch_default_for_uri(address.as_str(), Some(&context))
}

/// Opens an address with what the desktop has for it.
#[cfg(not(target_os = "linux"))]
fn open(address: &Url) -> Result<(), tauri_plugin_opener::Error> {
    tauri_plugin_opener::open_url(address.as_str(), None::<&str>)
}

#[tauri::command]
pub(crate) fn quit<R: Runtime>(app: AppHandle<R>) {
    app.exit(0);
}

/// What the desktop did not do, in the same shape as [`PanelError`].
#[derive(Debug, Serialize)]
pub(crate) struct ShellError {
    code: &'static str,
    message: String,
}

impl ShellError {
    fn no_banners(cause: impl Display) -> Self {
        Self {
            code: "no_banners",
            message: cause.to_string(),
        }
    }

    fn link_refused() -> Self {
        let message = "only http, https, mailto and tel are opened".to_owned();
        Self {
            code: "link_refused",
            message,
        }
    }

    fn link_failed(cause: impl Display) -> Self {
        Self {
            code: "link_failed",
            message: cause.to_string(),
        }
    }

    fn not_saved(cause: impl Display) -> Self {
        Self {
            code: "not_saved",
            message: cause.to_string(),
        }
    }
}

/// An address that may be opened outside: what a client sends is not to start programs here.
fn openable(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    SCHEMES.contains(&url.scheme()).then_some(url)
}

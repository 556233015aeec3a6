//! Writes the TypeScript of every type that crosses to the page: `export-types DIR`.
//! Called by `cargo xtask codegen`.

use std::path::PathBuf;

use pult_panel::{Administration, PanelError, view};
use pult_protocol::{
    ArchivePage, ArchiveQuery, AuditPage, AuditQuery, ChannelHealth, ChatsPage, ChatsQuery,
    ClientHistory, DirectionFound, DirectionTrial, FiguresQuery, HistoryPage, ManagedIntegration,
    ManagedOperator, ReadyAnswerBody, ReadyAnswerImport, ReadyAnswerRow, RevisedDirections,
    RevisedHours, RevisedTexts, ServiceFigures, SessionRow, TableLanguage, WatchedChat, Workload,
};
use ts_rs::{Config, TS};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args_os()
        .nth(1)
        .ok_or("usage: export-types DIR")?;
    let config = Config::default()
        .with_out_dir(PathBuf::from(dir))
        .with_large_int("number");
    view::OverviewUpdate::export_all(&config)?;
    view::Timeline::export_all(&config)?;
    view::PanelEvent::export_all(&config)?;
    view::SignInFailure::export_all(&config)?;
    view::HistoryKept::export_all(&config)?;
    view::SearchQuery::export_all(&config)?;
    view::SearchPage::export_all(&config)?;
    view::LastSignIn::export_all(&config)?;
    view::ChatDeed::export_all(&config)?;
    view::NotificationChoices::export_all(&config)?;
    view::NotificationLine::export_all(&config)?;
    view::OverseenChat::export_all(&config)?;
    view::OverseerDeed::export_all(&config)?;
    view::DeedOutcome::export_all(&config)?;
    ChatsQuery::export_all(&config)?;
    ChatsPage::export_all(&config)?;
    Workload::export_all(&config)?;
    ArchiveQuery::export_all(&config)?;
    ArchivePage::export_all(&config)?;
    HistoryPage::export_all(&config)?;
    AuditQuery::export_all(&config)?;
    AuditPage::export_all(&config)?;
    Administration::export_all(&config)?;
    ManagedOperator::export_all(&config)?;
    SessionRow::export_all(&config)?;
    ChannelHealth::export_all(&config)?;
    ManagedIntegration::export_all(&config)?;
    ClientHistory::export_all(&config)?;
    ReadyAnswerRow::export_all(&config)?;
    ReadyAnswerBody::export_all(&config)?;
    ReadyAnswerImport::export_all(&config)?;
    TableLanguage::export_all(&config)?;
    WatchedChat::export_all(&config)?;
    FiguresQuery::export_all(&config)?;
    ServiceFigures::export_all(&config)?;
    RevisedTexts::export_all(&config)?;
    RevisedHours::export_all(&config)?;
    RevisedDirections::export_all(&config)?;
    DirectionTrial::export_all(&config)?;
    DirectionFound::export_all(&config)?;
    PanelError::export_all(&config)?;
    Ok(())
}

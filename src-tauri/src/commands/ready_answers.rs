//! Ready answers.

use pult_domain::ReadyAnswerId;
use pult_panel::{Panel, PanelError};
use pult_protocol::{
    AnswerScope, ReadyAnswerBody, ReadyAnswerImport, ReadyAnswerRow, TableLanguage,
};
use tauri::State;

#[tauri::command]
pub(crate) async fn ready_answers(
    panel: State<'_, Panel>,
) -> Result<Vec<ReadyAnswerRow>, PanelError> {
    panel.ready_answers().await
}

#[tauri::command]
pub(crate) async fn put_ready_answer(
    panel: State<'_, Panel>,
    id: ReadyAnswerId,
    body: ReadyAnswerBody,
) -> Result<ReadyAnswerRow, PanelError> {
    panel.put_ready_answer(id, body).await
}

#[tauri::command]
pub(crate) async fn delete_ready_answer(
    panel: State<'_, Panel>,
    id: ReadyAnswerId,
) -> Result<(), PanelError> {
    panel.delete_ready_answer(id).await
}

#[tauri::command]
pub(crate) async fn export_ready_answers(
    panel: State<'_, Panel>,
    scope: AnswerScope,
    language: TableLanguage,
) -> Result<String, PanelError> {
    panel.export_ready_answers(scope, language).await
}

#[tauri::command]
pub(crate) async fn import_ready_answers(
    panel: State<'_, Panel>,
    scope: AnswerScope,
    table: String,
    preview: bool,
) -> Result<ReadyAnswerImport, PanelError> {
    panel.import_ready_answers(scope, table, preview).await
}

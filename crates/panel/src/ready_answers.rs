//! Ready answers: read from the cache, so that they are there at once and without a network;
//! managed at the backend, from where they come back by the feed.

use pult_domain::ReadyAnswerId;
use pult_protocol::{
    AnswerScope, ReadyAnswerBody, ReadyAnswerExportQuery, ReadyAnswerImport,
    ReadyAnswerImportQuery, ReadyAnswerRow, TableLanguage,
};

use crate::cache;
use crate::error::PanelError;
use crate::panel::Panel;

impl Panel {
    /// The ready answers that the operator may use.
    ///
    /// # Errors
    /// When nobody is signed in or the files cannot be read.
    pub async fn ready_answers(&self) -> Result<Vec<ReadyAnswerRow>, PanelError> {
        self.with_session(|session| Ok(session.cache.read(cache::ready_answers)?))
            .await
    }

    /// Adds a ready answer, changes it, or brings back one that was deleted.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn put_ready_answer(
        &self,
        id: ReadyAnswerId,
        body: ReadyAnswerBody,
    ) -> Result<ReadyAnswerRow, PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        let row = self.rest().put_ready_answer(address, token, id, &body);
        Ok(row.await?)
    }

    /// Deletes a ready answer.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn delete_ready_answer(&self, id: ReadyAnswerId) -> Result<(), PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        Ok(self.rest().delete_ready_answer(address, token, id).await?)
    }

    /// The ready answers of a scope as a table.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn export_ready_answers(
        &self,
        scope: AnswerScope,
        language: TableLanguage,
    ) -> Result<String, PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        let query = ReadyAnswerExportQuery { scope, language };
        let table = self.rest().export_ready_answers(address, token, query);
        Ok(table.await?)
    }

    /// Puts a table of ready answers into a scope, or tells what that would do.
    ///
    /// # Errors
    /// Offline, or what the backend refused.
    pub async fn import_ready_answers(
        &self,
        scope: AnswerScope,
        table: String,
        preview: bool,
    ) -> Result<ReadyAnswerImport, PanelError> {
        let session = self.session()?;
        let (address, token) = (&session.account.address, &session.token);
        let query = ReadyAnswerImportQuery { scope, preview };
        let report = self
            .rest()
            .import_ready_answers(address, token, query, table);
        Ok(report.await?)
    }
}

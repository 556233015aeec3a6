//! Whether the process answers, and whether it can do its work.

use std::time::Duration;

use axum::extract::State;
use pult_protocol::{Code, Problem};
use serde_json::json;

use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// A store that is not read within this time is not one to serve from.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// `GET /healthz`: the process answers, and has not ended in a part without which only a new start
/// helps.
pub(crate) async fn alive(State(backend): State<Shared>) -> Result<&'static str, ProblemResponse> {
    if backend.store.is_writing_over() {
        return Err(not_ready(
            "process",
            "a fault of the backend has ended its writing",
            "restart it, and report the panic that its log tells of",
        ));
    }
    Ok("ok")
}

/// `GET /readyz`: it can read the store, and the disk takes what is written.
pub(crate) async fn ready(State(backend): State<Shared>) -> Result<&'static str, ProblemResponse> {
    if backend.stopping.is_cancelled() {
        return Err(not_ready("process", "it is being stopped", "nothing"));
    }
    alive(State(Shared::clone(&backend))).await?;
    if backend.store.is_disk_refusing() {
        return Err(not_ready(
            "disk",
            "the disk is full or cannot be written",
            "make room on it, or give this account the right to write to the data folder; \
             the backend goes on by itself",
        ));
    }
    match tokio::time::timeout(READ_TIMEOUT, backend.store.seq()).await {
        Ok(Ok(_)) => Ok("ready"),
        Ok(Err(_)) | Err(_) => Err(not_ready(
            "store",
            "the store cannot be read",
            "look at the disk and at the log; restore a backup if the file is damaged",
        )),
    }
}

fn not_ready(part: &str, why: &str, what_to_do: &str) -> ProblemResponse {
    let problem = Problem::new(Code::Unavailable, why);
    ProblemResponse(problem.with_details(json!({ "part": part, "what_to_do": what_to_do })))
}

//! Declares the shell's own commands, so that a window may call only those that a capability
//! names: undeclared commands are open to every local window.

const COMMANDS: &[&str] = &[
    "overview",
    "timeline",
    "reply",
    "comment",
    "act",
    "archive",
    "archived",
    "card",
    "figures",
    "reopen_chat",
    "take_back",
    "send_anyway",
    "dismiss_held",
    "discard_shell",
    "set_draft",
    "focus_composer",
    "leave_composer",
    "take_elsewhere",
    "drop_elsewhere",
    "mark_read",
    "watch",
    "sign_in",
    "sign_out",
    "last_sign_in",
    "reconnect",
    "show_banner",
    "set_badge",
    "open_link",
    "save_text",
    "save_bytes",
    "set_channel_phone",
    "used",
    "set_away",
    "onlookers",
    "ready_answers",
    "put_ready_answer",
    "delete_ready_answer",
    "export_ready_answers",
    "import_ready_answers",
    "automatic_texts",
    "put_automatic_texts",
    "working_hours",
    "put_working_hours",
    "directions",
    "put_directions",
    "try_directions",
    "quit",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}

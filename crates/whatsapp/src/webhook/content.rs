//! What a client's message holds: plain text, or a placeholder with the words that came along.

use pult_domain::provider::Content;
use serde_json::Value;

use super::envelope::string;

/// Longest kind that is kept; Meta's own are far shorter.
const MAX_KIND_CHARS: usize = 64;

/// A kind's name, cut where a hostile or broken one would go on for ever.
pub(super) fn kind_name(kind: &str) -> String {
    kind.chars().take(MAX_KIND_CHARS).collect()
}

/// Meta's word for what `message` is.
pub(super) fn kind_of(message: &Value) -> String {
    match string(message, "/type") {
        Some(kind) => kind_name(&kind),
        // Some senders of text leave the type out.
        None if message.get("text").is_some() => "text".to_owned(),
        None => "unknown".to_owned(),
    }
}

/// The content of `message`, whose text is `raw`.
pub(super) fn read(message: &Value, kind: String, raw: &str) -> Content {
    if kind == "text"
        && let Some(body) = string(message, "/text/body")
    {
        return Content::Text { body };
    }
    Content::Placeholder {
        caption: caption(message, &kind),
        kind,
        raw: raw.to_owned(),
    }
}

/// The client's words in a message that is not plain text, a line for each piece.
fn caption(message: &Value, kind: &str) -> Option<String> {
    let words = |pointers: &[&str]| -> Vec<String> {
        pointers
            .iter()
            .filter_map(|pointer| string(message, pointer))
            .collect()
    };
    let lines = match kind {
        "image" => words(&["/image/caption"]),
        "video" => words(&["/video/caption"]),
        "document" => words(&["/document/filename", "/document/caption"]),
        "location" => words(&["/location/name", "/location/address"]),
        "contacts" => {
            let people = message.get("contacts").and_then(Value::as_array);
            people.into_iter().flatten().filter_map(person).collect()
        }
        "button" => words(&["/button/text"]),
        "interactive" => words(&[
            "/interactive/button_reply/title",
            "/interactive/list_reply/title",
            "/interactive/nfm_reply/body",
        ]),
        "order" => words(&["/order/text"]),
        "audio" | "sticker" | "unsupported" => Vec::new(),
        // A kind of the future will most likely keep its words where today's kinds do.
        unknown => ["filename", "title", "name", "caption", "text", "body"]
            .iter()
            .filter_map(|field| message.get(unknown)?.get(*field)?.as_str())
            .filter(|words| !words.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let caption = lines.join("\n").trim().to_owned();
    (!caption.is_empty()).then_some(caption)
}

/// A shared contact in one line: the name and how to reach them.
fn person(contact: &Value) -> Option<String> {
    let name = string(contact, "/name/formatted_name").or_else(|| {
        let parts = ["/name/first_name", "/name/last_name"];
        let parts: Vec<_> = parts
            .iter()
            .filter_map(|part| string(contact, part))
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    });
    let phones = contact
        .get("phones")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let phones = phones.filter_map(|phone| {
        string(phone, "/phone").or_else(|| Some(format!("+{}", string(phone, "/wa_id")?)))
    });
    let line = name
        .into_iter()
        .chain(phones)
        .collect::<Vec<_>>()
        .join(", ");
    (!line.is_empty()).then_some(line)
}

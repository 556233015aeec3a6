//! What a client's message holds: plain text, or a placeholder with the words that came along.

use pult_domain::provider::Content;
use serde_json::Value;

use super::envelope::string;

/// Longest kind that is kept; Meta's own are far shorter.
const MAX_KIND_CHARS: usize = 64;

/// Longest text that is kept, in characters; `WhatsApp` lets nobody write a longer one. It must fit
/// into a frame of ours however its letters are escaped there, or no panel could read any more.
const MAX_TEXT_CHARS: usize = 65_536;

/// Longest name of a client that is kept, in characters; `WhatsApp`'s own are far shorter.
const MAX_NAME_CHARS: usize = 256;

/// A client's words, cut where a broken sender would go on for ever. The journal has them whole.
fn kept(text: String) -> String {
    shortened(text, MAX_TEXT_CHARS)
}

/// A client's name, cut likewise.
pub(super) fn client_name(name: &str) -> String {
    shortened(name.to_owned(), MAX_NAME_CHARS)
}

fn shortened(text: String, max_chars: usize) -> String {
    if text.chars().nth(max_chars).is_none() {
        return text;
    }
    text.chars().take(max_chars - 1).chain(['…']).collect()
}

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
        return Content::Text { body: kept(body) };
    }
    Content::Placeholder {
        caption: caption(message, &kind).map(kept),
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

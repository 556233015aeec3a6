//! The content objects of the message types and their limits.

use serde_json::{Map, Value};

use crate::graph_error::GraphError;

type Checked = Result<(), GraphError>;

const TYPES: [&str; 11] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "interactive",
    "template",
];

/// Longest text, in characters.
const MAX_TEXT: usize = 4096;
/// Longest caption, and body of reply buttons.
const MAX_CAPTION: usize = 1024;

/// Finds the type and its content object, and checks the content. `type` is `text` by default.
pub(super) fn parse(body: &Map<String, Value>) -> Result<(&'static str, &Value), GraphError> {
    let asked = body
        .get("type")
        .map_or("text", |kind| kind.as_str().unwrap_or_default());
    let kind = TYPES
        .into_iter()
        .find(|kind| kind.eq_ignore_ascii_case(asked))
        .ok_or_else(|| {
            let types = TYPES.join(", ").to_uppercase();
            GraphError::parameter(format!("Param type must be one of {{{types}}}."))
        })?;
    let content = body
        .get(kind)
        .filter(|content| !content.is_null())
        .ok_or_else(|| {
            let details = format!("Parameter '{kind}' is mandatory for type '{kind}'");
            GraphError::with_details(131_008, details)
        })?;
    match kind {
        "text" => text(content)?,
        "image" | "video" | "audio" | "document" | "sticker" => media(kind, content)?,
        "location" => location(content)?,
        "contacts" => contacts(content)?,
        "reaction" => reaction(content)?,
        "interactive" => interactive(content)?,
        _ => template(content)?,
    }
    Ok((kind, content))
}

/// What a phone shows as text: the text itself, a caption, an emoji, a name.
pub(super) fn shown_text(kind: &str, content: &Value) -> Option<String> {
    let pointer = match kind {
        "text" => "/body",
        "reaction" => "/emoji",
        "interactive" => "/body/text",
        "template" | "location" => "/name",
        "contacts" => "/0/name/formatted_name",
        _ => "/caption",
    };
    content
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn text(content: &Value) -> Checked {
    let body = string(content, "/body").filter(|body| !body.trim().is_empty());
    let body = body.ok_or_else(|| GraphError::parameter_required("text['body']"))?;
    at_most(body, MAX_TEXT, "text['body']")?;
    match content.get("preview_url") {
        None | Some(Value::Bool(_)) => Ok(()),
        Some(_) => Err(GraphError::parameter(
            "Param text['preview_url'] must be a boolean.",
        )),
    }
}

fn media(kind: &str, content: &Value) -> Checked {
    match (content.get("id"), content.get("link")) {
        (Some(id), None) => {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(GraphError::parameter(format!(
                    "Param {kind}['id'] is not a valid whatsapp business account media attachment \
                     ID"
                )));
            }
        }
        (None, Some(link)) => {
            if !link.as_str().is_some_and(is_web_address) {
                let rule = format!("Param {kind}['link'] is not a valid URI.");
                return Err(GraphError::parameter(rule));
            }
        }
        _ => {
            let rule = format!("Param {kind} needs exactly one of 'id' and 'link'.");
            return Err(GraphError::parameter(rule));
        }
    }
    match string(content, "/caption") {
        Some(_) if matches!(kind, "audio" | "sticker") => Err(GraphError::parameter(format!(
            "Unexpected key \"caption\" on param \"{kind}\"."
        ))),
        Some(caption) => at_most(caption, MAX_CAPTION, &format!("{kind}['caption']")),
        None => Ok(()),
    }
}

/// `http(s)://host…`: enough to tell an address from a placeholder.
fn is_web_address(link: &str) -> bool {
    let rest = link
        .strip_prefix("https://")
        .or_else(|| link.strip_prefix("http://"));
    rest.and_then(|rest| rest.split('/').next())
        .is_some_and(|host| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
            !host.is_empty() && host.bytes().all(allowed)
        })
}

fn location(content: &Value) -> Checked {
    for (name, limit) in [("latitude", 90.0), ("longitude", 180.0)] {
        let value = content.get(name).ok_or_else(|| {
            let details = format!("Parameter '{name}' is mandatory for type 'location'");
            GraphError::with_details(131_008, details)
        })?;
        // The documentation shows strings, clients send numbers: both are taken.
        let degrees = value
            .as_f64()
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        if !degrees.is_some_and(|degrees| degrees.abs() <= limit) {
            let details = format!("Param location['{name}'] is out of range.");
            return Err(GraphError::with_details(131_009, details));
        }
    }
    Ok(())
}

fn contacts(content: &Value) -> Checked {
    let cards = content.as_array().filter(|cards| !cards.is_empty());
    let cards = cards.ok_or_else(|| GraphError::parameter("Param contacts must be an array."))?;
    for card in cards {
        let parts = ["first_name", "last_name", "middle_name", "prefix", "suffix"];
        if string(card, "/name/formatted_name").is_none() {
            return Err(GraphError::parameter_required(
                "contacts['name']['formatted_name']",
            ));
        }
        if !parts
            .iter()
            .any(|part| string(card, &format!("/name/{part}")).is_some())
        {
            let details = "Param contacts['name'] needs a part besides formatted_name.";
            return Err(GraphError::with_details(131_008, details));
        }
    }
    Ok(())
}

fn reaction(content: &Value) -> Checked {
    let id = string(content, "/message_id");
    super::message_id(id.ok_or_else(|| GraphError::parameter_required("reaction['message_id']"))?)?;
    match string(content, "/emoji") {
        // The empty string takes a reaction back.
        Some(_) => Ok(()),
        None => Err(GraphError::parameter_required("reaction['emoji']")),
    }
}

fn interactive(content: &Value) -> Checked {
    let kind = string(content, "/type");
    let kind = kind.ok_or_else(|| GraphError::parameter_required("interactive['type']"))?;
    let action = content.get("action").filter(|action| action.is_object());
    let action = action.ok_or_else(|| GraphError::parameter_required("interactive['action']"))?;
    if let Some(header) = content.get("header") {
        let kind = string(header, "/type").unwrap_or_default();
        if !matches!(kind, "text" | "image" | "video" | "document") {
            let rule = "Param interactive['header']['type'] must be one of {TEXT, IMAGE, VIDEO, \
                        DOCUMENT}.";
            return Err(GraphError::parameter(rule));
        }
        at_most(
            string(header, "/text").unwrap_or_default(),
            60,
            "interactive['header']['text']",
        )?;
    }
    at_most(
        string(content, "/footer/text").unwrap_or_default(),
        60,
        "interactive['footer']['text']",
    )?;
    match kind {
        "button" => buttons(action)?,
        "list" => list(action)?,
        "flow" => flow(action)?,
        "product" => {}
        "product_list"
        | "catalog_message"
        | "cta_url"
        | "order_details"
        | "order_status"
        | "location_request_message"
        | "request_contact_info"
        | "carousel"
        | "address_message"
        | "call_permission_request"
        | "voice_call" => {}
        _ => {
            return Err(GraphError::parameter(
                "Param interactive['type'] is not a known type.",
            ));
        }
    }
    match (kind, string(content, "/body/text")) {
        // A product shows itself; its body is optional.
        ("product", None) => Ok(()),
        (_, None | Some("")) => Err(GraphError::parameter_required(
            "interactive['body']['text']",
        )),
        ("list", Some(body)) => at_most(body, MAX_TEXT, "interactive['body']['text']"),
        (_, Some(body)) => at_most(body, MAX_CAPTION, "interactive['body']['text']"),
    }
}

fn buttons(action: &Value) -> Checked {
    let buttons = array(action, "/buttons");
    if !(1..=3).contains(&buttons.len()) {
        let details = "Param interactive['action']['buttons'] must have 1 to 3 buttons.";
        return Err(GraphError::with_details(131_009, details));
    }
    let mut seen = Vec::new();
    for button in buttons {
        let id = string(button, "/reply/id").unwrap_or_default();
        let title = string(button, "/reply/title").unwrap_or_default();
        if id.is_empty() || title.is_empty() {
            let details = "Every button needs reply['id'] and reply['title'].";
            return Err(GraphError::with_details(131_008, details));
        }
        at_most(id, 256, "reply['id']")?;
        at_most(title, 20, "reply['title']")?;
        if seen.contains(&id) || seen.contains(&title) {
            return Err(GraphError::with_details(
                131_009,
                "Buttons must differ in id and title.",
            ));
        }
        seen.extend([id, title]);
    }
    Ok(())
}

fn list(action: &Value) -> Checked {
    let button = string(action, "/button").filter(|button| !button.is_empty());
    let button =
        button.ok_or_else(|| GraphError::parameter_required("interactive['action']['button']"))?;
    at_most(button, 20, "interactive['action']['button']")?;
    let sections = array(action, "/sections");
    let n_rows: usize = sections
        .iter()
        .map(|section| array(section, "/rows").len())
        .sum();
    if sections.len() > 10 || !(1..=10).contains(&n_rows) {
        let details = "A list has at most 10 sections and 1 to 10 rows in all.";
        return Err(GraphError::with_details(131_009, details));
    }
    for section in sections {
        let title = string(section, "/title").unwrap_or_default();
        if title.is_empty() && sections.len() > 1 {
            return Err(GraphError::with_details(
                131_008,
                "Every section needs a title.",
            ));
        }
        at_most(title, 24, "section['title']")?;
        for row in array(section, "/rows") {
            let (id, title) = (string(row, "/id"), string(row, "/title"));
            let (Some(id), Some(title)) = (id, title) else {
                return Err(GraphError::with_details(
                    131_008,
                    "Every row needs id and title.",
                ));
            };
            at_most(id, 200, "row['id']")?;
            at_most(title, 24, "row['title']")?;
            at_most(
                string(row, "/description").unwrap_or_default(),
                72,
                "row['description']",
            )?;
        }
    }
    Ok(())
}

fn flow(action: &Value) -> Checked {
    let named = ["/parameters/flow_id", "/parameters/flow_name"].map(|at| string(action, at));
    if named.iter().flatten().count() != 1 {
        let details = "A flow needs exactly one of flow_id and flow_name.";
        return Err(GraphError::with_details(131_009, details));
    }
    Ok(())
}

/// A name or language that no template can have is a template that does not exist.
fn template(content: &Value) -> Checked {
    let name = string(content, "/name");
    let name = name.ok_or_else(|| GraphError::parameter_required("template['name']"))?;
    let language = string(content, "/language/code")
        .ok_or_else(|| GraphError::parameter_required("template['language']['code']"))?;
    let in_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || name.len() > 512 || !name.bytes().all(in_name) || !is_locale(language) {
        let details = "The template does not exist in this language.";
        return Err(GraphError::with_details(132_001, details));
    }
    Ok(())
}

/// `ru`, `en_US`, `fil`.
fn is_locale(code: &str) -> bool {
    let (language, country) = code
        .split_once('_')
        .map_or((code, None), |(l, c)| (l, Some(c)));
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && country.is_none_or(|country| {
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
        })
}

fn at_most(text: &str, limit: usize, name: &str) -> Checked {
    if text.chars().count() > limit {
        let rule = format!("Param {name} must be at most {limit} characters long.");
        return Err(GraphError::parameter(rule));
    }
    Ok(())
}

fn string<'value>(value: &'value Value, pointer: &str) -> Option<&'value str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn array<'value>(value: &'value Value, pointer: &str) -> &'value [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

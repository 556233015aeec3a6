//! Links to a chat, `pult://chat/<id>`: they come as an argument, of this start or of a second one, or
//! by the system's own way, and wait here until the page fetches them.

use parking_lot::Mutex;
use pult_domain::ChatId;
use serde::Serialize;
use tauri::{AppHandle, Manager, Runtime, Url};

use crate::desktop::{self, Wish};
use crate::window;

const SCHEME: &str = "pult";

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub(crate) enum Link {
    /// To a chat, of which it is not known whether it is there.
    Chat {
        /// Which.
        #[serde(rename = "chatId")]
        chat_id: ChatId,
    },
    /// Nowhere: it is none of those that the panel knows.
    Nowhere,
}

/// The link that waits; a newer one takes its place.
#[derive(Default)]
pub(crate) struct Links(Mutex<Option<Link>>);

impl Links {
    pub(crate) fn take(&self) -> Option<Link> {
        self.0.lock().take()
    }
}

/// The first link among a program's arguments.
pub(crate) fn among(arguments: &[String]) -> Option<Link> {
    arguments
        .iter()
        .find(|argument| {
            argument
                .get(..SCHEME.len() + 1)
                .is_some_and(|start| start.eq_ignore_ascii_case("pult:"))
        })
        .map(|argument| parse(argument))
}

/// Where a link leads.
pub(crate) fn parse(link: &str) -> Link {
    chat_of(link).map_or(Link::Nowhere, |chat_id| Link::Chat { chat_id })
}

fn chat_of(link: &str) -> Option<ChatId> {
    let url = Url::parse(link).ok()?;
    let is_chat = url
        .host_str()
        .is_some_and(|host| host.eq_ignore_ascii_case("chat"));
    if url.scheme() != SCHEME || !is_chat {
        return None;
    }
    let mut path = url.path().trim_matches('/').split('/');
    let id = path.next()?;
    path.next().is_none().then(|| id.parse().ok())?
}

/// Shows the window and lets the page go where the link leads.
pub(crate) fn follow<R: Runtime>(app: &AppHandle<R>, link: Link) {
    *app.state::<Links>().0.lock() = Some(link);
    window::bring_to_front(app);
    desktop::tell(app, &Wish::Link);
}

#[cfg(test)]
mod tests {
    use super::{Link, among, parse};

    const ID: &str = "0190a0c0-0000-7000-8000-000000000001";

    #[test]
    fn a_link_leads_to_its_chat() {
        let chat_id = ID.parse().unwrap();
        for link in [
            format!("pult://chat/{ID}"),
            format!("pult://chat/{ID}/"),
            format!("PULT://CHAT/{}", ID.to_uppercase()),
            format!("pult://chat/{ID}?from=mail"),
        ] {
            assert_eq!(parse(&link), Link::Chat { chat_id }, "{link}");
        }
    }

    #[test]
    fn anything_else_leads_nowhere() {
        for link in [
            "pult:",
            "pult://",
            "pult://chat",
            "pult://chat/",
            "pult://chat/42",
            "pult://chat/../../etc/passwd",
            "pult://operator/0190a0c0-0000-7000-8000-000000000001",
            "pult://chat/0190a0c0-0000-7000-8000-000000000001/close",
            "https://chat/0190a0c0-0000-7000-8000-000000000001",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(parse(link), Link::Nowhere, "{link}");
        }
    }

    #[test]
    fn among_arguments_it_is_found_by_its_beginning() {
        let arguments = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
        assert_eq!(among(&arguments(&["pult", "--hidden"])), None);
        assert_eq!(among(&arguments(&["пульт", "путь"])), None);
        assert_eq!(
            among(&arguments(&["pult", "pult://nothing"])),
            Some(Link::Nowhere)
        );
    }
}

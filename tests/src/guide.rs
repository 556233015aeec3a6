//! The pictures of the operators' guide, and what holds the guide to the program.

/// What of the window a picture shows, in both languages.
#[derive(Debug, Clone, Copy)]
pub struct Picture {
    /// What it is called: `docs/guide/pictures/LANGUAGE-NAME.png`, and as a view of the whole set.
    pub name: &'static str,
    /// How wide the window is.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// The piece of the page that is shown, by CSS; all of it without.
    pub part: Option<&'static str>,
}

impl Picture {
    /// The file in a language.
    #[must_use]
    pub fn file(&self, language: &str) -> String {
        format!("{language}-{}.png", self.name)
    }
}

const fn whole(name: &'static str) -> Picture {
    Picture {
        name,
        width: 900,
        height: 560,
        part: None,
    }
}

const fn part(name: &'static str, width: u32, height: u32, css: &'static str) -> Picture {
    Picture {
        name,
        width,
        height,
        part: Some(css),
    }
}

const CONVERSATION: &str = "[data-testid='conversation']";

/// All of them.
pub const PICTURES: [Picture; 17] = [
    whole("sign-in"),
    whole("queue"),
    part("queued-chat", 900, 420, CONVERSATION),
    part("own-chat", 900, 460, CONVERSATION),
    part("comment", 900, 460, CONVERSATION),
    part("mention", 900, 460, CONVERSATION),
    whole("observed"),
    part("menu", 900, 520, CONVERSATION),
    part("transfer", 900, 640, "[data-testid='transfer'] .frame"),
    part("pending", 900, 420, CONVERSATION),
    part("refused-reply", 900, 460, CONVERSATION),
    whole("taken-text"),
    whole("offline"),
    part("observers", 900, 640, "[data-testid='observers'] .frame"),
    whole("archived-chat"),
    part("card", 1280, 860, "[data-testid='card']"),
    whole("settings"),
];

/// The picture of this name, if the guide has it.
#[must_use]
pub fn picture(name: &str) -> Option<&'static Picture> {
    PICTURES.iter().find(|picture| picture.name == name)
}

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
const SECTION: &str = "[data-testid='management'] main";

/// All of them.
pub const PICTURES: [Picture; 24] = [
    whole("sign-in"),
    whole("queue"),
    part("queued-chat", 900, 420, CONVERSATION),
    part("own-chat", 900, 460, CONVERSATION),
    part("comment", 900, 460, CONVERSATION),
    part("mention", 900, 460, CONVERSATION),
    Picture {
        width: 1160,
        ..whole("observed")
    },
    part("menu", 900, 520, CONVERSATION),
    part("transfer", 900, 640, "[data-testid='transfer'] .frame"),
    part("pending", 900, 420, CONVERSATION),
    part("refused-reply", 900, 460, CONVERSATION),
    part("answers", 900, 560, CONVERSATION),
    Picture {
        height: 960,
        ..whole("link")
    },
    whole("taken-text"),
    whole("offline"),
    part("observers", 900, 640, "[data-testid='observers'] .frame"),
    whole("archived-chat"),
    whole("oversight"),
    part("automatic-texts", 900, 620, SECTION),
    part("working-hours", 900, 740, SECTION),
    part("directions", 900, 720, SECTION),
    Picture {
        height: 720,
        ..whole("figures")
    },
    part("card", 1280, 860, "[data-testid='card']"),
    whole("settings"),
];

/// The picture of this name, if the guide has it.
#[must_use]
pub fn picture(name: &str) -> Option<&'static Picture> {
    PICTURES.iter().find(|picture| picture.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use serde_json::Value;

    use super::PICTURES;

    const LANGUAGES: [&str; 2] = ["ru", "en"];

    fn house() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn guide(language: &str) -> String {
        let file = house().join(format!("docs/guide/{language}.md"));
        std::fs::read_to_string(file).unwrap()
    }

    /// What stands between `open` and `close`, each time.
    fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
        let parts = text.split(open).skip(1);
        parts
            .map(|part| part.split_once(close).unwrap().0)
            .collect()
    }

    /// Everything that the page can say in a language; `{…}` stands for what differs.
    fn messages(language: &str) -> Vec<String> {
        fn gather(value: &Value, into: &mut Vec<String>) {
            match value {
                Value::String(text) => into.push(text.clone()),
                Value::Array(list) => list.iter().for_each(|one| gather(one, into)),
                Value::Object(map) => map.values().for_each(|one| gather(one, into)),
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        let file = house().join(format!("ui/messages/{language}.json"));
        let all: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let mut texts = Vec::new();
        gather(&all, &mut texts);
        texts
    }

    /// Whether the label is the message with something in place of what differs.
    fn is_said(label: &str, message: &str) -> bool {
        let Some((before, rest)) = message.split_once('{') else {
            return label == message;
        };
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        let Some(label) = label.strip_prefix(before) else {
            return false;
        };
        let ends = label.char_indices().map(|(at, one)| at + one.len_utf8());
        ends.filter_map(|end| label.get(end..))
            .any(|rest| is_said(rest, after))
    }

    #[test]
    fn a_label_is_a_message_or_one_with_something_put_in() {
        for (label, message) in [
            ("Покинуть", "Покинуть"),
            ("ждёт 7 мин", "ждёт {age}"),
            ("Пётр: вас позвали в чат", "{name}: вас позвали в чат"),
            ("Нет связи с 12:04, всё", "Нет связи с {since}, всё"),
        ] {
            assert!(is_said(label, message), "{label}");
        }
        for (label, message) in [
            ("Покинуть чат", "Покинуть"),
            ("Поки", "Покинуть"),
            ("вас позвали в чат", "{name}: вас позвали в чат"),
            ("Нет связи с 12:04, ничего", "Нет связи с {since}, всё"),
        ] {
            assert!(!is_said(label, message), "{label}");
        }
    }

    #[test]
    fn the_labels_in_the_guide_are_those_of_the_program() {
        for language in LANGUAGES {
            // Messages that are nothing but a place would allow anything.
            let messages: Vec<_> = messages(language)
                .into_iter()
                .filter(|text| !text.starts_with("{n}") && !text.starts_with("input "))
                .collect();
            let guide = guide(language);
            let parts: Vec<_> = guide.split("**").collect();
            assert_eq!(parts.len() % 2, 1, "every bold text is closed");
            for label in parts.iter().skip(1).step_by(2) {
                let label = label.replace('\n', " ");
                assert!(
                    messages.iter().any(|message| is_said(&label, message)),
                    "nothing in the program in {language} reads {label:?}"
                );
            }
        }
    }

    #[test]
    fn both_guides_have_the_same_chapters_and_list_them() {
        let chapters = LANGUAGES.map(|language| {
            let guide = guide(language);
            // A part of a chapter can be linked to, but is not listed.
            let anchors = guide.split("<a id=\"").skip(1);
            let anchors = anchors.filter_map(|rest| rest.split_once("\"></a>\n\n"));
            let (ids, parts): (Vec<_>, Vec<_>) =
                anchors.partition(|(_, rest)| rest.starts_with("## "));
            let named = |anchors: Vec<(&str, &str)>| -> Vec<String> {
                anchors.iter().map(|(id, _)| (*id).to_owned()).collect()
            };
            let (ids, parts) = (named(ids), named(parts));
            let listed: Vec<_> = guide
                .lines()
                .filter(|line| line.starts_with(|start: char| start.is_ascii_digit()))
                .flat_map(|line| between(line, "](#", ")"))
                .collect();
            assert_eq!(listed, ids, "{language}");
            for link in between(&guide, "](#", ")") {
                let mut known = ids.iter().chain(&parts);
                assert!(known.any(|id| id == link), "{language}: {link}");
            }
            ids
        });
        assert_eq!(chapters[0], chapters[1]);
    }

    #[test]
    fn the_guides_show_the_pictures_that_are_made_and_they_are_there() {
        for language in LANGUAGES {
            let guide = guide(language);
            let shown: BTreeSet<_> = between(&guide, "](pictures/", ")").into_iter().collect();
            let made: BTreeSet<_> = PICTURES
                .iter()
                .map(|picture| picture.file(language))
                .collect();
            assert_eq!(shown, made.iter().map(String::as_str).collect());
            for file in made {
                let path = house().join("docs/guide/pictures").join(&file);
                assert!(path.is_file(), "{file} is not there");
            }
        }
    }
}

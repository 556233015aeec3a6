//! Pictures of the window: of every view in every look, that is both languages, both themes and
//! several widths; and of what the operators' guide shows, in both languages.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::window::{Look, Window};
use crate::{guide, palette, testids};

/// Both languages in both themes.
pub const LOOKS: [Look; 4] = [
    Look {
        language: "ru",
        theme: "light",
    },
    Look {
        language: "ru",
        theme: "dark",
    },
    Look {
        language: "en",
        theme: "light",
    },
    Look {
        language: "en",
        theme: "dark",
    },
];

/// The docked panel, a window of middling width, and full width; the widest last.
pub const WIDTHS: [u32; 3] = [380, 900, 1280];

/// How large a window is in which lists, conversation and card stand beside each other.
const WIDE: (u32, u32) = (1280, 800);

/// A folder of pictures.
#[derive(Debug)]
pub struct Album {
    folder: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Every view in every look, in these widths.
    All(Vec<u32>),
    /// What the guide shows.
    Guide,
}

/// When a view is brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Once for a look, in a window in which everything is seen.
    Once,
    /// Anew for each width.
    EachWidth,
}

/// A picture to be taken.
struct Shot {
    size: (u32, u32),
    part: Option<&'static str>,
    file: String,
}

impl Album {
    /// Makes the folder; pictures will have these widths.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path, widths: &[u32]) -> Result<Self> {
        Self::made(folder, Kind::All(widths.to_vec()))
    }

    /// Makes the folder of the guide's pictures; views that the guide does not show are passed over.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of_guide(folder: &Path) -> Result<Self> {
        Self::made(folder, Kind::Guide)
    }

    fn made(folder: &Path, kind: Kind) -> Result<Self> {
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("Making {}", folder.display()))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            kind,
        })
    }

    /// Pictures of the window with a client's chat open, or none, in every look and width:
    /// `NAME-LANGUAGE-THEME-WIDTH.png`.
    ///
    /// # Errors
    /// When the window does not come into a look, or a page does not fit into its width.
    pub async fn add(&self, name: &str, window: &Window, chat_of: Option<&str>) -> Result<()> {
        self.add_after(name, window, async || {
            if let Some(client) = chat_of {
                window.click_on_text(testids::CHAT_ROW, client).await?;
                window.find(testids::COMPOSER).await?;
            }
            Ok(())
        })
        .await
    }

    /// The same after `prepare` has brought the window to what is to be seen, for each look anew.
    ///
    /// # Errors
    /// Those of `prepare` besides.
    pub async fn add_after(
        &self,
        name: &str,
        window: &Window,
        prepare: impl AsyncFn() -> Result<()>,
    ) -> Result<()> {
        self.take(&[name], window, When::Once, async |_| prepare().await)
            .await
    }

    /// The same for what a change of the width ends: `prepare` is called for each width anew.
    ///
    /// # Errors
    /// Those of `prepare` besides.
    pub async fn add_at_each_width(
        &self,
        name: &str,
        window: &Window,
        prepare: impl AsyncFn() -> Result<()>,
    ) -> Result<()> {
        self.take(&[name], window, When::EachWidth, async |_| prepare().await)
            .await
    }

    /// Pictures of several views, which `prepare` brings about by their names; quicker than one
    /// after the other.
    ///
    /// # Errors
    /// Those of `prepare` besides.
    pub async fn add_each(
        &self,
        names: &[&str],
        window: &Window,
        prepare: impl AsyncFn(&str) -> Result<()>,
    ) -> Result<()> {
        self.take(names, window, When::Once, prepare).await
    }

    async fn take(
        &self,
        names: &[&str],
        window: &Window,
        when: When,
        prepare: impl AsyncFn(&str) -> Result<()>,
    ) -> Result<()> {
        let prepared = async |name: &str| {
            let done = prepare(name).await;
            done.with_context(|| format!("Preparing {name}"))
        };
        for look in LOOKS {
            let views = names.iter().map(|&name| (name, self.shots(name, look)));
            let views: Vec<_> = views.filter(|(_, shots)| !shots.is_empty()).collect();
            if views.is_empty() {
                continue;
            }
            window.resize(WIDE.0, WIDE.1).await?;
            window.look(look).await?;
            for (name, shots) in views {
                if when == When::Once {
                    window.resize(WIDE.0, WIDE.1).await?;
                    prepared(name).await?;
                }
                for shot in shots {
                    window.resize(shot.size.0, shot.size.1).await?;
                    if when == When::EachWidth {
                        prepared(name).await?;
                    }
                    let fits = window.fits().await;
                    fits.with_context(|| format!("{name} at {} px", shot.size.0))?;
                    self.keep(window, &shot).await?;
                }
            }
        }
        Ok(())
    }

    /// What of a view is to be taken in a look.
    fn shots(&self, name: &str, Look { language, theme }: Look) -> Vec<Shot> {
        match &self.kind {
            Kind::All(widths) => widths
                .iter()
                .map(|&width| Shot {
                    size: (width, WIDE.1),
                    part: None,
                    file: format!("{name}-{language}-{theme}-{width}.png"),
                })
                .collect(),
            Kind::Guide => guide::picture(name)
                .filter(|_| theme == "light")
                .map(|picture| Shot {
                    size: (picture.width, picture.height),
                    part: picture.part,
                    file: picture.file(language),
                })
                .into_iter()
                .collect(),
        }
    }

    async fn keep(&self, window: &Window, shot: &Shot) -> Result<()> {
        let picture = window.picture_of(shot.part).await?;
        let picture = match self.kind {
            Kind::All(_) => picture,
            Kind::Guide => palette::with_palette(&picture)?,
        };
        let path = self.folder.join(&shot.file);
        let done = tokio::fs::write(&path, picture).await;
        done.with_context(|| format!("Writing {}", path.display()))
    }
}

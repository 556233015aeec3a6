//! A walk through the views of the window.
//!
//! In every look, that is both languages and both themes, and in several widths: to take pictures of
//! them, or of what the operators' guide shows; or to examine them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::examination::{Examination, SHAPES, Shape};
use crate::window::{Look, TextSize, Window};
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

/// A walk.
#[derive(Debug)]
pub struct Walk(Purpose);

/// What it is made for.
#[derive(Debug)]
enum Purpose {
    /// Pictures of every view in every look, in these widths.
    Pictures { folder: PathBuf, widths: Vec<u32> },
    /// Pictures of what the guide shows.
    Guide { folder: PathBuf },
    /// To find what somebody would stumble over; with pictures of what was looked at, if wanted.
    Examination {
        examination: Examination,
        folder: Option<PathBuf>,
    },
}

/// When a view is brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Once for a look, in a window in which everything is seen.
    Once,
    /// Anew for each width.
    EachWidth,
}

/// One stop of the walk.
struct Stop {
    width: u32,
    height: u32,
    text: TextSize,
    part: Option<&'static str>,
    file: String,
}

impl Walk {
    /// One that takes pictures of everything in these widths, into a folder that it makes.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn for_pictures(folder: &Path, widths: &[u32]) -> Result<Self> {
        Ok(Self(Purpose::Pictures {
            folder: made(folder)?,
            widths: widths.to_vec(),
        }))
    }

    /// One that takes the guide's pictures; views that the guide does not show are passed over.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn for_guide(folder: &Path) -> Result<Self> {
        let folder = made(folder)?;
        Ok(Self(Purpose::Guide { folder }))
    }

    /// One that examines everything, and takes pictures of what it looked at if it is given a folder.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn for_examination(examination: Examination, folder: Option<&Path>) -> Result<Self> {
        Ok(Self(Purpose::Examination {
            examination,
            folder: folder.map(made).transpose()?,
        }))
    }

    /// Where pictures go; none where none are taken.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.0 {
            Purpose::Pictures { folder, .. } | Purpose::Guide { folder } => Some(folder),
            Purpose::Examination { folder, .. } => folder.as_deref(),
        }
    }

    /// What was examined; none if the walk was for pictures.
    #[must_use]
    pub fn examination(self) -> Option<Examination> {
        match self.0 {
            Purpose::Examination { examination, .. } => Some(examination),
            Purpose::Pictures { .. } | Purpose::Guide { .. } => None,
        }
    }

    /// Stops at the window with a client's chat open, or none, in every look and width. A picture of it
    /// is called `NAME-LANGUAGE-THEME-WIDTH.png`.
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

    /// Stops at several views, which `prepare` brings about by their names; quicker than one
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
            let views = names.iter().map(|&name| (name, self.stops(name, look)));
            let views: Vec<_> = views.filter(|(_, stops)| !stops.is_empty()).collect();
            if views.is_empty() {
                continue;
            }
            window.resize(WIDE.0, WIDE.1).await?;
            window.look(look).await?;
            for (name, stops) in views {
                if when == When::Once {
                    window.resize(WIDE.0, WIDE.1).await?;
                    prepared(name).await?;
                }
                let mut text = TextSize::Usual;
                for stop in stops {
                    window.resize(stop.width, stop.height).await?;
                    if stop.text != text {
                        text = stop.text;
                        window.set_text(text).await?;
                    }
                    if when == When::EachWidth {
                        prepared(name).await?;
                    }
                    let done = self.stop_at(window, name, look, &stop).await;
                    done.with_context(|| format!("{name} at {} px, {text} text", stop.width))?;
                }
                if text != TextSize::Usual {
                    window.set_text(TextSize::Usual).await?;
                }
            }
        }
        Ok(())
    }

    /// Where to stop at a view in a look.
    fn stops(&self, name: &str, look: Look) -> Vec<Stop> {
        let Look { language, theme } = look;
        match &self.0 {
            Purpose::Pictures { widths, .. } => widths
                .iter()
                .map(|&width| Stop {
                    width,
                    height: WIDE.1,
                    text: TextSize::Usual,
                    part: None,
                    file: format!("{name}-{language}-{theme}-{width}.png"),
                })
                .collect(),
            Purpose::Guide { .. } => guide::picture(name)
                .filter(|_| theme == "light")
                .map(|picture| Stop {
                    width: picture.width,
                    height: picture.height,
                    text: TextSize::Usual,
                    part: picture.part,
                    file: picture.file(language),
                })
                .into_iter()
                .collect(),
            Purpose::Examination { examination, .. } if examination.wants(name, look) => SHAPES
                .iter()
                .map(|&Shape { width, text }| Stop {
                    width,
                    height: WIDE.1,
                    text,
                    part: None,
                    file: format!("{name}-{language}-{theme}-{width}-{text}.png"),
                })
                .collect(),
            Purpose::Examination { .. } => Vec::new(),
        }
    }

    async fn stop_at(&self, window: &Window, name: &str, look: Look, stop: &Stop) -> Result<()> {
        match &self.0 {
            Purpose::Pictures { folder, .. } => {
                window.fits().await?;
                keep(
                    &folder.join(&stop.file),
                    &window.picture_of(stop.part).await?,
                )
                .await
            }
            Purpose::Guide { folder } => {
                window.fits().await?;
                let picture = palette::with_palette(&window.picture_of(stop.part).await?)?;
                keep(&folder.join(&stop.file), &picture).await
            }
            Purpose::Examination {
                examination,
                folder,
            } => {
                if let Some(folder) = folder {
                    keep(&folder.join(&stop.file), &window.picture_of(None).await?).await?;
                }
                let Stop { width, text, .. } = *stop;
                examination
                    .look(window, name, look, Shape { width, text })
                    .await
            }
        }
    }
}

/// Makes a folder.
fn made(folder: &Path) -> Result<PathBuf> {
    let made = std::fs::create_dir_all(folder);
    made.with_context(|| format!("Making {}", folder.display()))?;
    Ok(folder.to_path_buf())
}

async fn keep(path: &Path, picture: &[u8]) -> Result<()> {
    let done = tokio::fs::write(path, picture).await;
    done.with_context(|| format!("Writing {}", path.display()))
}

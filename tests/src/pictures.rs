//! Pictures of the window in every look: both languages, both themes, several widths.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::testids;
use crate::window::{Look, Window};

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

/// As high as all pictures are.
const HEIGHT: u32 = 800;

/// A folder of pictures.
#[derive(Debug)]
pub struct Album {
    folder: PathBuf,
    widths: Vec<u32>,
}

impl Album {
    /// Makes the folder; pictures will have these widths.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path, widths: &[u32]) -> Result<Self> {
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("Making {}", folder.display()))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            widths: widths.to_vec(),
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

    /// The same after `prepare` has brought the window to what is to be seen, each time anew.
    ///
    /// # Errors
    /// Those of `prepare` besides.
    pub async fn add_after(
        &self,
        name: &str,
        window: &Window,
        prepare: impl AsyncFn() -> Result<()>,
    ) -> Result<()> {
        for look in LOOKS {
            // Wide, so that the lists are seen whatever is open.
            window.resize(1280, HEIGHT).await?;
            window.look(look).await?;
            prepare()
                .await
                .with_context(|| format!("Preparing {name}"))?;
            for &width in &self.widths {
                window.resize(width, HEIGHT).await?;
                window
                    .fits()
                    .await
                    .with_context(|| format!("{name} at {width} px"))?;
                let Look { language, theme } = look;
                let file = format!("{name}-{language}-{theme}-{width}.png");
                window.picture(&self.folder.join(file)).await?;
            }
        }
        Ok(())
    }
}

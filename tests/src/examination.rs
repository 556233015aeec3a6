//! What somebody would stumble over who uses a screen reader, the keyboard or larger text.
//!
//! Two looks at the page as it stands: axe-core's, and whether in a narrow window and with text of
//! twice the size every control can be reached and every text be read.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;

use crate::walk::LOOKS;
use crate::window::{Look, TextSize, Window};

/// What looks; it is given to the page with each look.
const SCRIPT: &str = include_str!("examination.js");

/// One way in which the window is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How wide it is.
    pub width: u32,
    /// How large its text.
    pub text: TextSize,
}

/// All of them. The order brings a view that was opened wide into each without opening it anew.
pub const SHAPES: [Shape; 4] = [
    Shape {
        width: 1280,
        text: TextSize::Usual,
    },
    Shape {
        width: 380,
        text: TextSize::Usual,
    },
    Shape {
        width: 380,
        text: TextSize::Largest,
    },
    Shape {
        width: 1280,
        text: TextSize::Largest,
    },
];

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every view in both languages and both themes.
    Whole,
    /// Every view in one of the four looks: the first view in the first, the second in the second and
    /// so on, so that each look has its quarter of the views.
    OneLookEach,
}

/// An examination that is under way.
#[derive(Debug)]
pub struct Examination {
    axe: String,
    extent: Extent,
    begun: Instant,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// The views, in the order in which they came.
    views: Vec<String>,
    n_looks: usize,
    /// What was found, and where.
    findings: BTreeMap<String, Vec<String>>,
}

/// What was looked at, when there was nothing to find.
#[derive(Debug)]
pub struct Examined {
    /// How many views.
    pub n_views: usize,
    /// How many looks at them.
    pub n_looks: usize,
    /// How long it took.
    pub took: Duration,
}

impl Notes {
    /// Which of the views it is, from 0.
    fn number(&mut self, view: &str) -> usize {
        let known = self.views.iter().position(|known| known == view);
        known.unwrap_or_else(|| {
            self.views.push(view.to_owned());
            self.views.len() - 1
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Findings(Vec<String>),
    Error(String),
}

impl Examination {
    /// Begins.
    ///
    /// # Errors
    /// When the packages of the UI are not installed, of which axe-core is one.
    pub fn begin(extent: Extent) -> Result<Self> {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&path);
        Ok(Self {
            axe: axe.with_context(|| format!("Reading {}", path.display()))?,
            extent,
            begun: Instant::now(),
            notes: Mutex::default(),
        })
    }

    /// Whether a view is to be looked at in this look.
    pub fn wants(&self, view: &str, look: Look) -> bool {
        let at = self.notes.lock().number(view);
        match self.extent {
            Extent::Whole => true,
            Extent::OneLookEach => LOOKS.get(at % LOOKS.len()) == Some(&look),
        }
    }

    /// Looks at the window as it is, and notes what it finds.
    ///
    /// # Errors
    /// When it cannot look.
    pub async fn look(&self, window: &Window, view: &str, look: Look, shape: Shape) -> Result<()> {
        if window.script("return window.axe === undefined").await? == json!(true) {
            window.script(&self.axe).await?;
        }
        // What axe judges is the same where only the place is scarce, but for one column.
        let with_axe = shape.text == TextSize::Usual || self.extent == Extent::Whole;
        let answer = window
            .driver()
            .execute_async(SCRIPT, vec![json!(with_axe)])
            .await;
        let answer = serde_json::from_value(answer.context("Examining the page")?);
        let found = match answer.context("Reading what was found")? {
            Answer::Findings(found) => found,
            Answer::Error(error) => bail!("{view} could not be examined: {error}"),
        };
        let place = format!(
            "{view}, {} {}, {} px, {} text",
            look.language, look.theme, shape.width, shape.text
        );
        let mut notes = self.notes.lock();
        notes.n_looks += 1;
        for one in found {
            notes.findings.entry(one).or_default().push(place.clone());
        }
        drop(notes);
        Ok(())
    }

    /// Ends it.
    ///
    /// # Errors
    /// With all that was found.
    pub fn end(self) -> Result<Examined> {
        let notes = self.notes.into_inner();
        if !notes.findings.is_empty() {
            let told: Vec<_> = notes
                .findings
                .iter()
                .map(|(what, places)| {
                    let first = places.first().map_or("", String::as_str);
                    match places.len() {
                        1 => format!("{what}\n    {first}"),
                        n => format!("{what}\n    {first} and {} more", n - 1),
                    }
                })
                .collect();
            bail!(
                "{} things to mend in {} looks:\n{}",
                told.len(),
                notes.n_looks,
                told.join("\n")
            );
        }
        Ok(Examined {
            n_views: notes.views.len(),
            n_looks: notes.n_looks,
            took: self.begun.elapsed(),
        })
    }
}

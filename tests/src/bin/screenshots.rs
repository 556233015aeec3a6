//! `pult-screenshots DIR`: pictures of every view and state of the window, in both languages and
//! themes and at three widths, to be looked at before and after a change of a view. With `--guide`
//! the pictures of the operators' guide, which are some of these.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use pult_tests::stage::Part;
use pult_tests::walk::{WIDTHS, Walk};

/// Pictures of every view and state of the window.
#[derive(Parser)]
struct Arguments {
    /// Where they are saved
    dir: PathBuf,
    /// Takes those of the operators' guide alone
    #[arg(long)]
    guide: bool,
    /// Takes this part alone; can be given several times
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { dir, guide, only } = Arguments::parse();
    let walk = if guide {
        Walk::for_guide(&dir)?
    } else {
        Walk::for_pictures(&dir, &WIDTHS)?
    };
    let parts = if only.is_empty() {
        Part::VIEWS.to_vec()
    } else {
        only
    };
    for part in parts {
        part.show(&walk).await?;
    }
    Ok(())
}

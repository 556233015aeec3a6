//! `pult-accessible`: examines every view of the window, in both languages and themes, wide and narrow,
//! with text of the usual and of twice the size.

use std::io::{Write, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use pult_tests::examination::{Examination, Extent};
use pult_tests::stage::Part;
use pult_tests::walk::Walk;

/// Examines every view of the window; fails with what somebody would stumble over.
#[derive(Parser)]
struct Arguments {
    /// Examines this part alone; can be given several times
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
    /// Examines each view in one of the four looks, as the tests do
    #[arg(long)]
    quick: bool,
    /// Saves pictures of what was looked at there
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments {
        only,
        quick,
        pictures,
    } = Arguments::parse();
    let extent = if quick {
        Extent::OneLookEach
    } else {
        Extent::Whole
    };
    let walk = Walk::for_examination(Examination::begin(extent)?, pictures.as_deref())?;
    let parts = if only.is_empty() {
        Part::VIEWS.to_vec()
    } else {
        only
    };
    for part in parts {
        part.show(&walk).await?;
    }
    let examination = walk
        .examination()
        .context("The walk was for nothing else")?;
    let examined = examination.end()?;
    let done = writeln!(
        stdout(),
        "{} views in {} looks have nothing to stumble over; {} s",
        examined.n_views,
        examined.n_looks,
        examined.took.as_secs()
    );
    done.context("Writing to standard output")
}

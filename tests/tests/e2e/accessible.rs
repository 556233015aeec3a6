//! Every view of the window, examined: by axe-core, and whether each control can be reached and each
//! text be read in a narrow window and with text of twice the size. Here each view has its turn in one
//! of the four looks; `cargo xtask accessible` sees all of them.

use anyhow::{Context, Result};
use pult_tests::examination::{Examination, Extent, SHAPES};
use pult_tests::office::Office;
use pult_tests::stage::Part;
use pult_tests::testids;
use pult_tests::walk::{LOOKS, Walk};
use pult_tests::window::Window;

async fn is_accessible(part: Part) -> Result<()> {
    let walk = Walk::for_examination(Examination::begin(Extent::OneLookEach)?, None)?;
    part.show(&walk).await?;
    walk.examination()
        .context("an examination")?
        .end()
        .map(drop)
}

#[tokio::test]
async fn an_operators_day_is_accessible() -> Result<()> {
    is_accessible(Part::Day).await
}

#[tokio::test]
async fn what_is_refused_is_accessible() -> Result<()> {
    is_accessible(Part::Supervision).await
}

#[tokio::test]
async fn everybodys_chats_are_accessible() -> Result<()> {
    is_accessible(Part::Oversight).await
}

#[tokio::test]
async fn the_figures_are_accessible() -> Result<()> {
    is_accessible(Part::Figures).await
}

#[tokio::test]
async fn ready_answers_are_accessible() -> Result<()> {
    is_accessible(Part::Answers).await
}

#[tokio::test]
async fn administration_is_accessible() -> Result<()> {
    is_accessible(Part::Administration).await
}

/// What is planted into the page, and by which words it is found.
const PLANTED: [(&str, &str); 5] = [
    (
        "<button data-testid=planted-nameless data-style='width:2rem;height:2rem'></button>",
        "axe button-name (critical): button[planted-nameless]",
    ),
    (
        "<p data-testid=planted-faint data-style='background:#fff;color:#ccc'>Faint words</p>",
        "axe color-contrast (serious): p[planted-faint]",
    ),
    (
        "<button data-testid=planted-beyond data-style='position:fixed;left:3000px'>Beyond</button>",
        "button[planted-beyond] lies beyond the window",
    ),
    (
        "<div data-style='position:relative'><button data-testid=planted-below>Below</button>
            <span data-testid=planted-above data-style='position:absolute;inset:0'></span></div>",
        "button[planted-below] cannot be pointed at: under span[planted-above]",
    ),
    (
        "<p data-testid=planted-cut data-style='width:2rem;overflow:hidden;white-space:nowrap'>Cut off</p>",
        "is cut off by",
    ),
];

#[tokio::test]
async fn what_somebody_would_stumble_over_is_found() -> Result<()> {
    let office = Office::open().await?;
    let window = Window::open(&office.panel_dir("nobody")).await?;
    window.find(testids::SIGN_IN_SUBMIT).await?;
    let (look, shape) = (LOOKS[0], SHAPES[0]);
    let sound = Examination::begin(Extent::Whole)?;
    sound.look(&window, "sign-in", look, shape).await?;
    sound.end().context("before anything is planted")?;
    for (html, _) in PLANTED {
        let script =
            format!("document.querySelector('form').insertAdjacentHTML('beforeend', {html:?})");
        window.script(&script).await?;
    }
    // The page's policy takes no style that stands in markup.
    let styles = "for (const one of document.querySelectorAll('[data-style]'))
        one.style.cssText = one.dataset.style";
    window.script(styles).await?;
    let planted = Examination::begin(Extent::Whole)?;
    planted.look(&window, "sign-in", look, shape).await?;
    let found = planted
        .end()
        .err()
        .context("nothing was found")?
        .to_string();
    for (_, words) in PLANTED {
        assert!(found.contains(words), "{words} in:\n{found}");
    }
    window.close().await
}

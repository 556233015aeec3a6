//! Banners, recorded on the session bus. One test, since a bus has one notification daemon.

use anyhow::Result;
use pult_tests::bus::Banners;
use pult_tests::testids;
use pult_tests::until::until;

use crate::{OLGA, Scene};

#[tokio::test]
async fn a_banner_tells_of_a_client_and_a_click_on_it_opens_the_chat() -> Result<()> {
    let banners = Banners::record().await?;
    let scene = Scene::open().await?;
    scene.window.driver().minimize_window().await?;
    until("the page knows that it is out of sight", async || {
        let is_hidden = "return document.hidden && !document.hasFocus()";
        scene
            .window
            .script(is_hidden)
            .await
            .ok()?
            .as_bool()?
            .then_some(())
    })
    .await?;
    // The page has told the panel, but who knows whether it has arrived: this has.
    let tell = "const done = arguments[0];
        window.__TAURI_INTERNALS__.invoke('watch', { chatId: null, inFront: false }).then(() => done());";
    scene
        .window
        .driver()
        .execute_async(tell, Vec::new())
        .await?;

    scene.olga.write("Есть ли <b>скидки</b> & акции?").await?;
    let banner = banners
        .appears("a banner about Olga", |banner| banner.title.contains(OLGA))
        .await?;
    assert!(
        banner
            .body
            .contains("&lt;b&gt;скидки&lt;/b&gt; &amp; акции"),
        "{}",
        banner.body
    );
    assert!(!banner.replaces);

    banners
        .click_until(&banner, "the chat is open", async || {
            scene.window.has(testids::CONVERSATION_TITLE).await
        })
        .await?;
    scene
        .window
        .find_with_text(testids::CONVERSATION_TITLE, OLGA)
        .await?;
    scene.window.close().await
}

//! Banners, recorded on the session bus. One test, since a bus has one notification daemon.

use anyhow::Result;
use pult_tests::bus::Banners;
use pult_tests::testids;

use crate::{OLGA, Scene};

#[tokio::test]
async fn a_banner_tells_of_a_client_and_a_click_on_it_opens_the_chat() -> Result<()> {
    let banners = Banners::record().await?;
    let scene = Scene::open().await?;
    scene.window.driver().minimize_window().await?;

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

//! One operator on two devices: what is begun on one goes on on the other, and is sent once.

use anyhow::Result;
use pult_domain::{ChatId, OperatorId};
use pult_panel::view::ComposerMode;
use pult_tests::office::Office;
use pult_tests::panels::{Seat, chat_of};
use pult_tests::phones::Phone;
use pult_tests::proxy::{Network, Proxy};

use crate::OLGA;

const REPLY: ComposerMode = ComposerMode::Reply;

/// Anna at a desk, whose network can fail, and at a laptop, with a chat of hers.
struct Scene {
    _office: Office,
    proxy: Proxy,
    olga: Phone,
    desk: Seat,
    laptop: Seat,
    chat: ChatId,
}

impl Scene {
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let proxy = Proxy::to(office.target()).await?;
        let desk = Seat::take(&anna, &proxy.address(), &office.panel_dir("desk")).await?;
        let laptop = Seat::take(&anna, office.address(), &office.panel_dir("laptop")).await?;
        let olga = office.phones.client("79000000001", OLGA, false).await?;
        olga.write("Здравствуйте!").await?;
        let chat = desk.sees_queued(OLGA).await?;
        laptop.sees_queued(OLGA).await?;
        Ok(Self {
            _office: office,
            proxy,
            olga,
            desk,
            laptop,
            chat,
        })
    }

    async fn types(&self, seat: &Seat, text: &str) -> Result<()> {
        let seen = seat.timeline(self.chat).await?.draft_revision;
        let nobody = Vec::<OperatorId>::new();
        let kept = seat
            .panel
            .set_draft(self.chat, REPLY, text.to_owned(), nobody, seen);
        Ok(kept.await?)
    }

    /// Waits until a device has this draft.
    async fn has(&self, seat: &Seat, text: &str) -> Result<()> {
        let what = format!("the draft {text:?}");
        seat.sees_in(self.chat, &what, |now| (now.draft == text).then_some(()))
            .await
    }
}

#[tokio::test]
async fn what_is_begun_on_one_device_is_sent_from_the_other() -> Result<()> {
    let scene = Scene::open().await?;
    scene.types(&scene.desk, "Добрый").await?;
    scene.has(&scene.laptop, "Добрый").await?;
    scene.types(&scene.laptop, "Добрый день!").await?;
    scene.has(&scene.desk, "Добрый день!").await?;
    scene.laptop.replies(scene.chat, "Добрый день!").await?;
    scene.has(&scene.desk, "").await?;
    scene.olga.has_exactly_once("Добрый день!").await
}

#[tokio::test]
async fn what_was_sent_elsewhere_while_there_was_no_network_does_not_come_back() -> Result<()> {
    let scene = Scene::open().await?;
    scene.types(&scene.desk, "Добрый день!").await?;
    scene.has(&scene.laptop, "Добрый день!").await?;
    scene.proxy.becomes(Network::Cut);
    scene.desk.is_offline().await?;
    scene.laptop.replies(scene.chat, "Добрый день!").await?;
    scene.olga.receives("Добрый день!").await?;
    scene.proxy.becomes(Network::Carries);
    scene.desk.panel.reconnect().await?;
    scene.has(&scene.desk, "").await?;
    scene.has(&scene.laptop, "").await
}

#[tokio::test]
async fn what_was_written_on_both_without_a_network_is_on_both() -> Result<()> {
    let scene = Scene::open().await?;
    scene.proxy.becomes(Network::Cut);
    scene.desk.is_offline().await?;
    scene.types(&scene.desk, "За столом").await?;
    scene.types(&scene.laptop, "За ноутбуком").await?;
    scene.proxy.becomes(Network::Carries);
    scene.desk.panel.reconnect().await?;
    // Whichever comes first stands first.
    let both = scene
        .desk
        .sees_in(scene.chat, "both texts", |now| {
            let has = |text| now.draft.lines().any(|line| line == text);
            (has("За столом") && has("За ноутбуком")).then(|| now.draft.clone())
        })
        .await?;
    scene.has(&scene.laptop, &both).await
}

#[tokio::test]
async fn what_is_typed_on_is_not_lost_with_what_was_sent_elsewhere() -> Result<()> {
    let scene = Scene::open().await?;
    scene.types(&scene.desk, "Добрый день!").await?;
    scene.has(&scene.laptop, "Добрый день!").await?;
    scene.proxy.becomes(Network::Cut);
    scene.desk.is_offline().await?;
    scene.types(&scene.desk, "Добрый день! Чем помочь?").await?;
    scene.laptop.replies(scene.chat, "Добрый день!").await?;
    scene.olga.receives("Добрый день!").await?;
    scene.proxy.becomes(Network::Carries);
    scene.desk.panel.reconnect().await?;
    scene.has(&scene.desk, "Чем помочь?").await?;
    scene.has(&scene.laptop, "Чем помочь?").await
}

#[tokio::test]
async fn a_composer_that_has_the_focus_is_left_alone() -> Result<()> {
    let scene = Scene::open().await?;
    scene.laptop.panel.focus_composer(scene.chat, REPLY).await?;
    scene.types(&scene.desk, "Добрый день!").await?;
    let offered = scene
        .laptop
        .sees_in(scene.chat, "what the desk has", |now| {
            now.elsewhere.first().cloned()
        })
        .await?;
    assert_eq!(offered.text, "Добрый день!");
    scene.has(&scene.laptop, "").await?;
    scene.laptop.panel.leave_composer(scene.chat, REPLY).await?;
    scene.has(&scene.laptop, "Добрый день!").await
}

#[tokio::test]
async fn what_is_read_on_one_device_is_read_on_the_other() -> Result<()> {
    let scene = Scene::open().await?;
    let n_unread = |seat: &Seat| {
        let panel = seat.panel.clone();
        async move {
            let now = panel.overview().await?;
            anyhow::Ok(now.queued.first().map(|row| row.n_unread))
        }
    };
    assert_eq!(n_unread(&scene.laptop).await?, Some(1));
    let place = scene.desk.timeline(scene.chat).await?.entries[0].place;
    scene.desk.panel.mark_read(scene.chat, place).await?;
    scene
        .laptop
        .sees("nothing unread", |now| {
            let row = now.queued.iter().find(|row| row.chat.id == scene.chat)?;
            (row.n_unread == 0).then_some(())
        })
        .await?;
    let read = scene.laptop.timeline(scene.chat).await?.read_place;
    assert_eq!(read, place);
    assert!(chat_of(&scene.laptop.panel.overview().await?.queued, OLGA).is_some());
    Ok(())
}

//! Pult as a whole but for the window: spawned programs, several panels over TCP, clients' phones,
//! and a network that fails between them.

mod devices;
mod life;
mod network;
mod restarts;
mod restore;

use std::time::Duration;

use anyhow::Result;
use pult_domain::ChatId;
use pult_tests::office::{Office, Operator};
use pult_tests::panels::Seat;
use pult_tests::phones::Phone;

/// The client of the tests.
const OLGA: &str = "Ольга Выдумкина";

/// An office with a client, and Anna and Ivan at their panels.
struct Scene {
    office: Office,
    olga: Phone,
    anna: Seat,
    ivan: Seat,
}

impl Scene {
    async fn open() -> Result<Self> {
        let office = Office::open().await?;
        let anna = office.operator("anna", "Анна Примерова").await?;
        let ivan = office.operator("ivan", "Иван Образцов").await?;
        let address = office.address().to_owned();
        Ok(Self {
            olga: office.phones.client("79000000001", OLGA, false).await?,
            anna: sit(&office, &anna, &address).await?,
            ivan: sit(&office, &ivan, &address).await?,
            office,
        })
    }

    /// The client has written, and Anna has answered.
    async fn with_chat_of_anna() -> Result<(Self, ChatId)> {
        let scene = Self::open().await?;
        scene.olga.write("Здравствуйте!").await?;
        let chat = scene.anna.sees_queued(OLGA).await?;
        scene.anna.replies(chat, "Добрый день!").await?;
        scene.anna.sees_in_work(OLGA).await?;
        scene.olga.receives("Добрый день!").await?;
        Ok((scene, chat))
    }
}

/// An operator at a panel of their own, which reaches the backend at `address`.
async fn sit(office: &Office, operator: &Operator, address: &str) -> Result<Seat> {
    let seat = Seat::take(operator, address, &office.panel_dir(&operator.login)).await?;
    seat.is_live().await?;
    Ok(seat)
}

/// How often the phone has the text, once all is quiet.
async fn n_received(office: &Office, phone: &Phone, text: &str) -> Result<usize> {
    office.phones.idle().await?;
    let all = phone.received(0, Duration::ZERO).await?;
    Ok(all
        .iter()
        .filter(|message| message.text.as_deref() == Some(text))
        .count())
}

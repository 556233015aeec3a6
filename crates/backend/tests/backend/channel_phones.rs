//! The numbers of channels: learnt from what the provider delivers, or typed by a supervisor.

use pult_domain::ChannelId;
use reqwest::Method;
use serde_json::json;

use crate::kit::{NUMBER, Signed, TestBackend, message, new_wamid};
use crate::panel::TestPanel;

fn phone(panel: &TestPanel) -> Option<String> {
    panel.channels.values().next().unwrap().phone.clone()
}

fn channel(panel: &TestPanel) -> ChannelId {
    panel.channels.values().next().unwrap().id
}

async fn set(asker: &Signed, channel: ChannelId, phone: &str) -> crate::kit::Answer {
    let path = format!("/api/v1/channels/{channel}/phone");
    asker
        .send(Method::PUT, &path, &json!({ "phone": phone }))
        .await
}

#[tokio::test]
async fn a_number_is_learnt_from_the_first_event_and_told_to_panels() {
    let backend = TestBackend::start().await;
    let mut panel = backend.operator("anna").await.panel().await;
    assert_eq!(phone(&panel), None);
    backend
        .webhook(&message(
            NUMBER,
            "79000000001",
            &new_wamid(),
            "Здравствуйте",
        ))
        .await;
    panel
        .until("the number", |panel| phone(panel).is_some())
        .await;
    assert_eq!(phone(&panel).as_deref(), Some("74950000000"));
}

#[tokio::test]
async fn a_number_that_was_typed_stays_whatever_the_provider_says() {
    let backend = TestBackend::start().await;
    let vera = backend.operator("vera").await;
    let panel = vera.panel().await;
    let answer = set(&vera, channel(&panel), "+7 (495) 000-00-01").await;
    assert_eq!(answer.json()["phone"], "74950000001");
    backend
        .webhook(&message(
            NUMBER,
            "79000000001",
            &new_wamid(),
            "Здравствуйте",
        ))
        .await;
    assert_eq!(phone(&vera.panel().await).as_deref(), Some("74950000001"));
}

#[tokio::test]
async fn a_number_is_a_supervisors_to_type_and_has_to_be_one() {
    let backend = TestBackend::start().await;
    let anna = backend.operator("anna").await;
    let vera = backend.operator("vera").await;
    let channel = channel(&vera.panel().await);
    let before = backend.contents();
    set(&anna, channel, "+7 495 000-00-00")
        .await
        .refuses(403, "not_allowed");
    for wrong in ["", "12", "call me", "0049 30 000000", "1234567890123456"] {
        set(&vera, channel, wrong).await.refuses(422, "phone_wrong");
    }
    let other = ChannelId(uuid::Uuid::now_v7());
    set(&vera, other, "+7 495 000-00-00")
        .await
        .refuses(404, "channel_not_found");
    assert_eq!(backend.contents(), before);
    assert_eq!(set(&vera, channel, "+7 495 000-00-00").await.status, 200);
}

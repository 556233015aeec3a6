//! The way of an accepted message: `sent`, then `delivered` as it reaches the phone, then `read`
//! when the client opens the chat; or `failed`.

use std::sync::Arc;
use std::time::Duration;

use crate::phone::ToClient;
use crate::world::World;
use crate::{envelope, webhook};

/// Sends an accepted message on its way.
pub(crate) fn start(world: &Arc<World>, wamid: String) {
    let outstanding = world.outstanding();
    let in_task = Arc::clone(world);
    world.spawn(async move {
        travel(&in_task, &wamid).await;
        drop(outstanding);
    });
}

/// Continues what a restart interrupted.
pub(crate) fn resume(world: &Arc<World>) {
    let under_way = world.state.lock().under_way();
    for wamid in under_way {
        start(world, wamid);
    }
}

async fn travel(world: &Arc<World>, wamid: &str) {
    let settings = world.settings();
    tokio::time::sleep(Duration::from_millis(settings.sent_ms)).await;
    let fails = world
        .state
        .lock()
        .to_client(wamid)
        .is_some_and(|message| message.failed.is_some());
    if fails {
        if let Some(message) = pass(world, wamid, "failed") {
            tell(world, &message, "failed");
        }
        return;
    }
    let sent = pass(world, wamid, "sent");
    if let Some(message) = sent.as_ref().filter(|_| !settings.statuses.reorder) {
        tell(world, message, "sent");
    }
    tokio::time::sleep(Duration::from_millis(settings.delivered_ms)).await;
    let Some(message) = pass(world, wamid, "delivered") else {
        return;
    };
    // Of a reaction only `sent` is ever told.
    if message.kind != "reaction" && !settings.statuses.skip_delivered {
        tell(world, &message, "delivered");
    }
    if settings.statuses.reorder && sent.is_some() {
        // Webhooks run concurrently: without a pause the order would be left to chance.
        tokio::time::sleep(Duration::from_millis(settings.delivered_ms)).await;
        tell(world, &message, "sent");
    }
    let auto_read = world
        .state
        .lock()
        .phone(&message.number)
        .is_some_and(|phone| phone.auto_read);
    if auto_read {
        read(world, wamid);
    }
}

/// The client opens the chat: everything on the phone is read. Gives how many were unread.
pub(crate) fn open_chat(world: &Arc<World>, number: &str) -> usize {
    let received = world.state.lock().received(number, 0);
    let unread = received.into_iter().filter(|message| !message.has("read"));
    unread.map(|message| read(world, &message.wamid)).count()
}

fn read(world: &Arc<World>, wamid: &str) {
    let outstanding = world.outstanding();
    let Some(message) = pass(world, wamid, "read") else {
        return;
    };
    let in_task = Arc::clone(world);
    world.spawn(async move {
        let read_ms = in_task.settings.lock().read_ms;
        tokio::time::sleep(Duration::from_millis(read_ms)).await;
        if message.kind != "reaction" {
            tell(&in_task, &message, "read");
        }
        drop(outstanding);
    });
}

fn pass(world: &World, wamid: &str, status: &str) -> Option<ToClient> {
    let passed = world.state.lock().pass(wamid, status, world.clock.now_ms());
    world.tell_changed();
    passed
}

fn tell(world: &Arc<World>, message: &ToClient, status: &str) {
    let settings = world.settings();
    let phone = world.state.lock().phone(&message.number).cloned();
    let now_ms = world.clock.now_ms();
    let event = envelope::status(phone.as_ref(), message, status, now_ms, &settings);
    if settings.statuses.duplicate {
        webhook::push(world, event.clone());
    }
    webhook::push(world, event);
}

//! Lanes of delivery: in order, one at a time, never twice.

use pult_domain::provider::{DeliveryUpdate, Fact, Failure, FailureKind, Progress, SendOutcome};
use pult_domain::{ChatId, OperatorId};
use pult_protocol::DeliveryState::{Delivered, Failed, NotConfirmed, Pending, Read, Sending, Sent};
use pult_store::LaneStep;
use rstest::rstest;

use crate::kit::{TestStore, accepted, failure, not_confirmed, status};

/// Анна has answered Ирина with each of `texts`.
async fn answered(texts: &[&str]) -> (TestStore, OperatorId, ChatId) {
    let store = TestStore::new().await;
    let anna = store.operator("Анна").await;
    let chat = store.client_writes("Ирина", "Здравствуйте").await;
    store.clock.pass_ms(60_000);
    for text in texts {
        store.reply(anna, chat, text).await.unwrap();
    }
    (store, anna, chat)
}

#[tokio::test]
async fn replies_of_a_chat_go_out_one_at_a_time_in_order() {
    let (store, _, chat) = answered(&["раз", "два"]).await;
    let (first, sending) = store.begins().await;
    assert_eq!(sending.message.text.as_str(), "раз");
    assert_eq!(sending.channel_id, store.channel);
    assert_eq!(sending.message.recipient, [crate::kit::user_id("Ирина")]);
    assert_eq!(store.state_of(chat, "раз"), Sending);
    // Neither the same again nor the next one before its turn.
    assert_eq!(store.head().await.unwrap().next, LaneStep::Report);
    for delivery in [first, first + 1] {
        assert!(store.begin_sending(delivery).await.unwrap().is_none());
    }
    store
        .finish_sending(first, accepted("wamid.A"))
        .await
        .unwrap();
    let second = store.sends(accepted("wamid.B")).await;
    assert_eq!(second.message.text.as_str(), "два");
    assert_eq!(store.head().await, None);
}

#[tokio::test]
async fn chats_do_not_wait_for_each_other() {
    let (store, anna, _) = answered(&["раз"]).await;
    store.begins().await;
    let other = store.client_writes("Пётр", "Добрый день").await;
    store.reply(anna, other, "Слушаю").await.unwrap();
    let heads = store.lane_heads().await.unwrap();
    assert_eq!(heads.len(), 2);
    let ready = heads
        .iter()
        .find(|head| head.next == LaneStep::Send)
        .unwrap();
    assert!(store.begin_sending(ready.delivery).await.unwrap().is_some());
}

#[tokio::test]
async fn a_message_moves_on_from_pending_to_read_and_never_back() {
    let (store, _, chat) = answered(&["раз"]).await;
    assert_eq!(store.state_of(chat, "раз"), Pending);
    store.sends(accepted("wamid.A")).await;
    assert_eq!(store.state_of(chat, "раз"), Sent);
    let steps = [
        (Progress::Sent, Sent),
        (Progress::Delivered, Delivered),
        (Progress::Sent, Delivered),
        (Progress::Read, Read),
        (Progress::Delivered, Read),
        (Progress::Failed(failure()), Read),
    ];
    for (progress, expected) in steps {
        store.status("wamid.A", progress).await;
        assert_eq!(store.state_of(chat, "раз"), expected);
    }
}

#[tokio::test]
async fn statuses_that_overtake_the_answer_wait_for_it() {
    let (store, _, chat) = answered(&["раз"]).await;
    let (delivery, _) = store.begins().await;
    store.status("wamid.A", Progress::Read).await;
    store.status("wamid.A", Progress::Delivered).await;
    assert_eq!(store.state_of(chat, "раз"), Sending);
    store
        .finish_sending(delivery, accepted("wamid.A"))
        .await
        .unwrap();
    assert_eq!(store.state_of(chat, "раз"), Read);
}

#[tokio::test]
async fn a_failure_that_overtakes_the_answer_says_the_same_as_one_that_does_not() {
    let mut told = Vec::new();
    for overtakes in [true, false] {
        let (store, _, chat) = answered(&["раз"]).await;
        let (delivery, _) = store.begins().await;
        let fails = || store.status("wamid.A", Progress::Failed(failure()));
        if overtakes {
            fails().await;
        }
        store
            .finish_sending(delivery, accepted("wamid.A"))
            .await
            .unwrap();
        if !overtakes {
            fails().await;
        }
        told.push(store.delivery_of(chat, "раз"));
    }
    assert_eq!(told[0].state, Failed);
    assert_eq!(told[0].failure, Some(FailureKind::WindowClosed));
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_status_with_our_own_id_settles_what_was_not_confirmed() {
    let (store, _, chat) = answered(&["раз"]).await;
    let sending = store.sends(not_confirmed()).await;
    assert_eq!(store.state_of(chat, "раз"), NotConfirmed);
    let by_callback = status("wamid.A", Some(sending.message.message_id), Progress::Sent);
    store.takes_in(vec![by_callback]).await;
    assert_eq!(store.state_of(chat, "раз"), Sent);
    // It has taught us the provider's id.
    store.status("wamid.A", Progress::Delivered).await;
    assert_eq!(store.state_of(chat, "раз"), Delivered);
    assert_eq!(store.head().await, None);
}

#[tokio::test]
async fn what_came_before_the_providers_id_was_known_counts_from_then_on() {
    for (early, then) in [
        (Progress::Read, Read),
        (Progress::Failed(failure()), Failed),
    ] {
        let (store, _, chat) = answered(&["раз"]).await;
        let sending = store.sends(not_confirmed()).await;
        store.status("wamid.A", early).await;
        assert_eq!(store.state_of(chat, "раз"), NotConfirmed);
        let by_callback = status("wamid.A", Some(sending.message.message_id), Progress::Sent);
        store.takes_in(vec![by_callback]).await;
        assert_eq!(store.state_of(chat, "раз"), then);
    }
}

#[tokio::test]
async fn an_unconfirmed_message_holds_its_lane_for_a_while_and_is_never_sent_again() {
    let (store, _, chat) = answered(&["раз", "два"]).await;
    let first = store.head().await.unwrap();
    store.sends(not_confirmed()).await;
    let head = store.head().await.unwrap();
    assert_eq!(
        (head.delivery, head.next),
        (first.delivery, LaneStep::Release)
    );
    assert_eq!(head.due_at, store.clock.now().plus_ms(30_000));
    assert!(store.begin_sending(head.delivery).await.unwrap().is_none());
    store.clock.pass_ms(30_000);
    store.release_lane(head.delivery).await.unwrap();
    assert_eq!(store.state_of(chat, "раз"), NotConfirmed);
    assert_eq!(
        store.sends(accepted("wamid.B")).await.message.text.as_str(),
        "два"
    );
    assert!(store.begin_sending(head.delivery).await.unwrap().is_none());
    assert_eq!(store.head().await, None);
}

#[tokio::test]
async fn an_answer_that_comes_after_the_status_takes_nothing_back() {
    for outcome in [not_confirmed(), SendOutcome::Rejected(failure())] {
        let (store, _, chat) = answered(&["раз"]).await;
        let (delivery, sending) = store.begins().await;
        let id = Some(sending.message.message_id);
        let fact = status("wamid.A", id, Progress::Delivered);
        store.takes_in(vec![fact]).await;
        store.finish_sending(delivery, outcome).await.unwrap();
        assert_eq!(store.state_of(chat, "раз"), Delivered);
    }
}

#[tokio::test]
async fn only_what_waits_is_released() {
    let (store, ..) = answered(&["раз"]).await;
    let (delivery, _) = store.begins().await;
    store.release_lane(delivery).await.unwrap();
    assert_eq!(store.head().await.unwrap().next, LaneStep::Report);
}

#[tokio::test]
async fn waits_between_tries_grow_and_after_the_last_one_the_message_has_failed() {
    let (store, _, chat) = answered(&["раз", "два"]).await;
    let mut waits = Vec::new();
    let retry = || SendOutcome::Retry {
        after_ms: 1_000,
        failure: Failure {
            kind: FailureKind::RateLimited,
            code: "130429".to_owned(),
            reason: "Rate limit hit".to_owned(),
        },
    };
    loop {
        let sending = store.sends(retry()).await;
        assert_eq!(sending.message.text.as_str(), "раз", "not overtaken");
        if store.state_of(chat, "раз") == Failed {
            break;
        }
        let due_at = store.head().await.unwrap().due_at;
        let wait = due_at.ms_since(store.clock.now());
        store.clock.pass_ms(wait);
        waits.push(wait);
    }
    assert_eq!(waits.len(), 9);
    assert!(waits.is_sorted(), "{waits:?}");
    assert!(waits[0] >= 1_000 && waits[0] < waits[8] && waits[8] <= 600_000);
    assert_eq!(
        store.delivery_of(chat, "раз").failure,
        Some(FailureKind::RateLimited)
    );
}

#[tokio::test]
async fn a_blocked_channel_waits_says_so_and_recovers() {
    let (store, anna, chat) = answered(&["раз"]).await;
    let other = store.client_writes("Пётр", "Добрый день").await;
    store.reply(anna, other, "Слушаю").await.unwrap();
    let blocked = Failure {
        kind: FailureKind::ChannelBlocked,
        ..failure()
    };
    let heads = store.lane_heads().await.unwrap();
    // However often: it is not the message's fault.
    for _ in 0..20 {
        store
            .begin_sending(heads[0].delivery)
            .await
            .unwrap()
            .unwrap();
        let outcome = SendOutcome::ChannelBlocked(blocked.clone());
        store
            .finish_sending(heads[0].delivery, outcome)
            .await
            .unwrap();
    }
    let problem = async || store.channels().await.unwrap()[0].row.problem;
    assert_eq!(problem().await, Some(FailureKind::ChannelBlocked));
    let until = store.clock.now().plus_ms(60_000);
    let due: Vec<_> = store.lane_heads().await.unwrap();
    assert!(
        due.iter().all(|head| head.due_at == until),
        "every lane waits: {due:?}"
    );
    store.clock.pass_ms(60_000);
    store
        .begin_sending(heads[0].delivery)
        .await
        .unwrap()
        .unwrap();
    store
        .finish_sending(heads[0].delivery, accepted("wamid.A"))
        .await
        .unwrap();
    assert_eq!(problem().await, None);
    assert_eq!(store.state_of(chat, "раз"), Sent);
    let left = store.lane_heads().await.unwrap();
    assert!(
        left[0].due_at <= store.clock.now(),
        "and nothing else waits"
    );
}

#[tokio::test]
async fn a_reply_that_failed_was_no_answer() {
    let (store, _, chat) = answered(&["раз"]).await;
    let since = store.chat(chat).client_wrote_at;
    assert_eq!(store.chat(chat).waiting_since, None);
    store.sends(SendOutcome::Rejected(failure())).await;
    assert_eq!(store.state_of(chat, "раз"), Failed);
    assert_eq!(store.chat(chat).waiting_since, since);
}

#[rstest]
#[case::the_first_fails_first([0, 1])]
#[case::the_second_fails_first([1, 0])]
#[tokio::test]
async fn after_two_failed_replies_the_client_waits_since_the_old_time(#[case] order: [usize; 2]) {
    let (store, _, chat) = answered(&["раз", "два"]).await;
    let since = store.chat(chat).client_wrote_at;
    let wamids = ["wamid.A", "wamid.B"];
    for wamid in wamids {
        store.sends(accepted(wamid)).await;
    }
    store
        .status(wamids[order[0]], Progress::Failed(failure()))
        .await;
    assert_eq!(store.chat(chat).waiting_since, None, "the other may arrive");
    store
        .status(wamids[order[1]], Progress::Failed(failure()))
        .await;
    assert_eq!(store.chat(chat).waiting_since, since);
}

#[tokio::test]
async fn a_failed_reply_that_arrived_after_all_was_an_answer() {
    let (store, _, chat) = answered(&["раз"]).await;
    store.sends(accepted("wamid.A")).await;
    store.status("wamid.A", Progress::Failed(failure())).await;
    store.status("wamid.A", Progress::Sent).await;
    assert_eq!(store.state_of(chat, "раз"), Failed);
    store.status("wamid.A", Progress::Delivered).await;
    assert_eq!(store.state_of(chat, "раз"), Delivered);
    assert_eq!(store.delivery_of(chat, "раз").failure, None);
    assert_eq!(store.chat(chat).waiting_since, None);
}

#[tokio::test]
async fn an_older_reply_that_failed_is_covered_by_a_newer_one() {
    let (store, anna, chat) = answered(&["раз"]).await;
    store.sends(accepted("wamid.A")).await;
    store.client_writes("Ирина", "Ау").await;
    let since = store.clock.now();
    store.clock.pass_ms(1_000);
    store.reply(anna, chat, "два").await.unwrap();
    store.status("wamid.A", Progress::Failed(failure())).await;
    assert_eq!(store.chat(chat).waiting_since, None);
    // And when that one fails as well, the client has waited since before the first.
    store.sends(SendOutcome::Rejected(failure())).await;
    let waits = store.chat(chat).waiting_since.unwrap();
    assert_eq!(since.ms_since(waits), 60_000);
}

#[tokio::test]
async fn a_closed_chat_waits_for_nothing_even_if_its_last_reply_failed() {
    let (store, anna, chat) = answered(&["раз"]).await;
    store.sends(accepted("wamid.A")).await;
    store.close_chat(anna, chat).await.unwrap();
    store.status("wamid.A", Progress::Failed(failure())).await;
    assert_eq!(store.chat(chat).waiting_since, None);
    store.client_writes("Ирина", "Ау").await;
    assert_eq!(store.chat(chat).waiting_since, Some(store.clock.now()));
}

#[tokio::test]
async fn after_a_restart_what_was_being_sent_is_unconfirmed_and_what_waited_is_sent() {
    let (store, anna, chat) = answered(&["раз"]).await;
    let other = store.client_writes("Пётр", "Добрый день").await;
    store.begins().await;
    store.reply(anna, other, "Слушаю").await.unwrap();
    let store = store.reopened().await;
    assert_eq!(store.state_of(chat, "раз"), NotConfirmed);
    assert_eq!(store.state_of(other, "Слушаю"), Pending);
    for head in store.lane_heads().await.unwrap() {
        let sending = store.begin_sending(head.delivery).await.unwrap();
        let is_unconfirmed = head.next == LaneStep::Release;
        assert_eq!(
            sending.is_none(),
            is_unconfirmed,
            "never sent again by a takeover"
        );
    }
}

#[tokio::test]
async fn after_a_restart_what_is_known_not_to_have_left_waits_for_its_turn_again() {
    let (store, anna, chat) = answered(&["раз"]).await;
    let other = store.client_writes("Пётр", "Добрый день").await;
    let (left, _) = store.begins().await;
    store.reply(anna, other, "Слушаю").await.unwrap();
    let not_left = store.lane_heads().await.unwrap();
    let not_left = not_left.iter().find(|head| head.delivery != left).unwrap();
    store
        .begin_sending(not_left.delivery)
        .await
        .unwrap()
        .unwrap();
    let n = store.settle_interrupted(Some([left].into())).await.unwrap();
    assert_eq!(n, 2);
    assert_eq!(store.state_of(chat, "раз"), NotConfirmed);
    assert_eq!(store.state_of(other, "Слушаю"), Pending);
    let sending = store.begin_sending(not_left.delivery).await.unwrap();
    assert!(sending.is_some(), "it is sent after all");
}

#[tokio::test]
async fn a_status_of_somebody_elses_message_changes_nothing() {
    let (store, _, chat) = answered(&["раз"]).await;
    store.sends(accepted("wamid.A")).await;
    let row = store.chat(chat);
    let stranger = Fact::Delivery(DeliveryUpdate {
        provider_id: "wamid.X".to_owned(),
        message_id: Some(pult_domain::EntryId(uuid::Uuid::now_v7())),
        progress: Progress::Read,
        at: store.clock.now(),
    });
    store.takes_in(vec![stranger]).await;
    assert_eq!(store.chat(chat), row);
}

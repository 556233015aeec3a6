//! Failures on demand. Each waits in a queue and is used up by the next thing it fits.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// What goes wrong with a `POST …/messages`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each switch is a field of the control API"
)]
pub struct SendFault {
    /// How many POSTs it hits; 0 = until the faults are cleared.
    pub times: u32,
    /// Only POSTs to this number (digits) or user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The answer waits this long; what is accepted is accepted before the wait.
    pub delay_ms: u64,
    /// Answer with this Graph error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i64>,
    /// HTTP status of the answer; without `error_code` the body is an edge server's HTML page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// Accept with 200, then tell `failed` with this code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_code: Option<i64>,
    /// Reset the connection before the body is read: nothing is taken, and `to` cannot matter.
    pub reset_before_body: bool,
    /// Take the message, then reset the connection instead of answering.
    pub reset_after_accept: bool,
    /// Never answer.
    pub no_answer: bool,
    /// The message is taken although `error_code`, `http_status` or `no_answer` hide it.
    pub accept: bool,
}

impl SendFault {
    /// Whether the message is turned away unread.
    pub(crate) fn refuses(&self) -> bool {
        let hidden = self.error_code.is_some() || self.http_status.is_some() || self.no_answer;
        hidden && !self.accept
    }

    fn fits(&self, to: Option<&str>) -> bool {
        self.to.is_none() || self.to.as_deref() == to
    }
}

/// What goes wrong with webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookFault {
    /// How many webhook POSTs it hits; 0 = until the faults are cleared.
    pub times: u32,
    /// The first attempt waits this long.
    pub delay_ms: u64,
    /// The same bytes are sent again after they were acknowledged.
    pub duplicate: bool,
    /// An event waits for the next one and leaves after it; with `batch_ms` all that were
    /// gathered leave in reverse order.
    pub reorder: bool,
    /// The first attempt is lost on the way; the retry arrives.
    pub drop: bool,
    /// Events are gathered this long and leave in one POST.
    pub batch_ms: u64,
    /// The gathered events leave as soon as there are so many; 0 = when the time is over.
    pub batch_count: usize,
}

/// The faults that wait for their turn.
#[derive(Default)]
pub(crate) struct Faults {
    sends: Mutex<Vec<SendFault>>,
    webhooks: Mutex<Vec<WebhookFault>>,
}

impl Faults {
    pub(crate) fn add_send(&self, mut fault: SendFault, times: Option<u32>) {
        fault.times = times.unwrap_or(1);
        self.sends.lock().push(fault);
    }

    pub(crate) fn add_webhook(&self, mut fault: WebhookFault, times: Option<u32>) {
        fault.times = times.unwrap_or(1);
        self.webhooks.lock().push(fault);
    }

    pub(crate) fn sends(&self) -> Vec<SendFault> {
        self.sends.lock().clone()
    }

    pub(crate) fn webhooks(&self) -> Vec<WebhookFault> {
        self.webhooks.lock().clone()
    }

    pub(crate) fn clear_sends(&self) {
        self.sends.lock().clear();
    }

    pub(crate) fn clear_webhooks(&self) {
        self.webhooks.lock().clear();
    }

    /// A fault that strikes before the recipient is known.
    pub(crate) fn take_before_body(&self) -> Option<SendFault> {
        let fits = |fault: &SendFault| fault.reset_before_body;
        use_up(&mut self.sends.lock(), fits, |fault| &mut fault.times)
    }

    /// The first fault for this recipient.
    pub(crate) fn take_send(&self, to: Option<&str>) -> Option<SendFault> {
        let fits = |fault: &SendFault| !fault.reset_before_body && fault.fits(to);
        use_up(&mut self.sends.lock(), fits, |fault| &mut fault.times)
    }

    /// How the first webhook fault gathers events, if it does.
    pub(crate) fn gathering(&self) -> Option<WebhookFault> {
        let first = self.webhooks.lock().first().cloned();
        first.filter(|fault| fault.reorder || fault.batch_ms > 0)
    }

    /// The fault for the next webhook POST.
    pub(crate) fn take_webhook(&self) -> Option<WebhookFault> {
        use_up(
            &mut self.webhooks.lock(),
            |_| true,
            |fault| &mut fault.times,
        )
    }
}

/// Takes one use of the first fault that fits.
fn use_up<T: Clone>(
    faults: &mut Vec<T>,
    fits: impl Fn(&T) -> bool,
    times: impl Fn(&mut T) -> &mut u32,
) -> Option<T> {
    let place = faults.iter().position(fits)?;
    let fault = faults.get_mut(place)?;
    let used = fault.clone();
    let left = times(fault);
    match *left {
        0 => {}
        1 => {
            faults.remove(place);
        }
        _ => *left -= 1,
    }
    Some(used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_it_was_told() {
        let faults = Faults::default();
        faults.add_send(
            SendFault {
                error_code: Some(2),
                ..SendFault::default()
            },
            Some(2),
        );
        assert!(faults.take_send(None).is_some());
        assert!(faults.take_send(None).is_some());
        assert!(faults.take_send(None).is_none());
    }

    #[test]
    fn a_fault_with_times_zero_stays_until_cleared() {
        let faults = Faults::default();
        faults.add_webhook(
            WebhookFault {
                drop: true,
                ..WebhookFault::default()
            },
            Some(0),
        );
        for _ in 0..3 {
            assert!(faults.take_webhook().is_some());
        }
        faults.clear_webhooks();
        assert!(faults.take_webhook().is_none());
    }

    #[test]
    fn a_fault_for_one_recipient_leaves_others_alone() {
        let faults = Faults::default();
        let fault = SendFault {
            to: Some("79160000001".to_owned()),
            ..SendFault::default()
        };
        faults.add_send(fault, None);
        assert!(faults.take_send(Some("79160000002")).is_none());
        assert!(faults.take_send(Some("79160000001")).is_some());
    }
}

//! The one table of Meta's error codes: what each means to an operator, and what to do about it.
//!
//! Codes decide, never the HTTP status (nearly everything is a 400) and never Meta's words, which
//! change. The same codes come in the answer to a POST and, later, in a `failed` status.

use pult_domain::provider::{Failure, FailureKind};
use serde_json::Value;

/// What to do with a message that Meta refused with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Try again, after at least this many milliseconds.
    Retry(i64),
    /// Nothing will go out until somebody mends the channel.
    MendChannel,
    /// This message will never go out.
    GiveUp,
}

/// A code's row in the table; `None` for a code that is not in it.
pub(crate) fn look_up(code: &str) -> Option<(FailureKind, Remedy)> {
    use FailureKind::{ChannelBlocked, NotReachable, Other, RateLimited, Rejected, WindowClosed};
    use Remedy::{GiveUp, MendChannel, Retry};
    const SECOND: i64 = 1000;
    const MINUTE: i64 = 60 * SECOND;
    let row = match code.parse::<u32>().ok()? {
        // The access token is wrong, expired or revoked, or lacks a permission.
        0 | 190 | 3 | 10 | 200..=299 | 131_005 => (ChannelBlocked, MendChannel),
        // Meta has restricted or locked the account, or does not serve the country; money is owed.
        368 | 130_497 | 131_031 | 131_048 | 131_042 => (ChannelBlocked, MendChannel),
        // The number is not registered, or its name or certificate is not approved.
        131_037 | 131_045 | 133_010 => (ChannelBlocked, MendChannel),

        // Passing trouble at Meta.
        1 | 2 | 131_000 | 131_016 | 133_004 => (Other, Retry(5 * SECOND)),
        // The number is being moved to a higher throughput, which takes about a minute.
        131_057 => (Other, Retry(MINUTE)),
        // The number's own 80 messages a second: over in a moment.
        130_429 => (RateLimited, Retry(5 * SECOND)),
        // To one client Meta allows a message in six seconds, and a burst is borrowed from later.
        131_056 => (RateLimited, Retry(30 * SECOND)),
        // Calls in an hour, by app or by account.
        4 | 80_007 => (RateLimited, Retry(5 * MINUTE)),

        131_047 => (WindowClosed, GiveUp),
        // No `WhatsApp` there, a too old one, or its terms were never accepted.
        131_026 => (NotReachable, GiveUp),
        // A missing or wrong parameter, or a recipient that such a message cannot go to.
        33 | 100 | 131_008 | 131_009 | 131_021 | 131_030 | 131_051 | 131_062 | 135_000 => {
            (Rejected, GiveUp)
        }
        // Files and templates: not there, not approved, or not as announced.
        131_052 | 131_053 | 131_063 | 131_064 | 132_000..=132_999 => (Rejected, GiveUp),
        // The client wants no such messages, or Meta spares them; the client's keys have changed.
        130_472 | 131_049 | 131_050 | 137_000 => (Rejected, GiveUp),
        _ => return None,
    };
    Some(row)
}

/// Longest reason that is kept; Meta's own are far shorter.
const MAX_REASON_CHARS: usize = 1000;

/// Meta's error object as a failure: its code, and its words with the trace id that its support
/// asks for.
pub(crate) fn read(error: &Value) -> Failure {
    let words = |pointer: &str| {
        error
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|w| !w.is_empty())
    };
    let said = words("/message").or_else(|| words("/title"));
    let details = words("/error_data/details").filter(|details| Some(*details) != said);
    let mut reason = [said, details]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(": ");
    if let Some(trace) = words("/fbtrace_id") {
        reason.push_str(" [fbtrace_id ");
        reason.push_str(trace);
        reason.push(']');
    }
    let code = code(error).unwrap_or_default();
    let kind = look_up(&code).map_or(FailureKind::Other, |(kind, _)| kind);
    Failure {
        kind,
        code,
        reason: shortened(reason.trim_start()),
    }
}

/// A failure that comes without a code of Meta's.
pub(crate) fn without_code(kind: FailureKind, reason: String) -> Failure {
    Failure {
        kind,
        code: String::new(),
        reason,
    }
}

/// The code of Meta's error object, which is a number, or a string of one in older samples.
pub(crate) fn code(error: &Value) -> Option<String> {
    match error.get("code")? {
        Value::Number(number) => number.as_i64().map(|code| code.to_string()),
        Value::String(text) => text.parse::<i64>().ok().map(|code| code.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `reason`, cut where a hostile or broken answer would go on for ever.
pub(crate) fn shortened(reason: &str) -> String {
    reason.chars().take(MAX_REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_code_belongs_to_the_family_that_the_panel_words() {
        for (code, kind) in [
            ("131047", FailureKind::WindowClosed),
            ("131026", FailureKind::NotReachable),
            ("131056", FailureKind::RateLimited),
            ("190", FailureKind::ChannelBlocked),
            ("0", FailureKind::ChannelBlocked),
            ("299", FailureKind::ChannelBlocked),
            ("132005", FailureKind::Rejected),
            ("131000", FailureKind::Other),
            ("424242", FailureKind::Other),
            ("-1", FailureKind::Other),
        ] {
            assert_eq!(read(&json!({ "code": code })).kind, kind, "{code}");
        }
    }

    #[test]
    fn a_failure_keeps_the_code_the_words_and_the_trace() {
        let error = json!({
            "message": "(#131030) Recipient phone number not in allowed list",
            "type": "OAuthException", "code": 131_030, "fbtrace_id": "Az8or2",
            "error_data": {"messaging_product": "whatsapp", "details": "Add it to the list."},
        });
        let expected = Failure {
            kind: FailureKind::Rejected,
            code: "131030".to_owned(),
            reason: "(#131030) Recipient phone number not in allowed list: \
                     Add it to the list. [fbtrace_id Az8or2]"
                .to_owned(),
        };
        assert_eq!(read(&error), expected);
    }

    #[test]
    fn a_failure_says_nothing_twice_and_needs_no_field() {
        let error = json!({"code": "131047", "title": "Re-engagement message",
            "error_data": {"details": "Re-engagement message"}});
        let expected = Failure {
            kind: FailureKind::WindowClosed,
            code: "131047".to_owned(),
            reason: "Re-engagement message".to_owned(),
        };
        assert_eq!(read(&error), expected);
        assert_eq!(
            read(&json!("?")),
            without_code(FailureKind::Other, String::new())
        );
    }
}

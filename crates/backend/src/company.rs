//! The company's settings over REST. Everybody has them by the feed; here administrators change them.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use jiff::tz::TimeZone;
use pult_domain::is_control;
use pult_protocol::{
    Code, CompanyRequest, CompanyRow, CompanySettings, MAX_REPEAT_S, MIN_REPEAT_S, Problem,
};
use serde_json::json;

use crate::auth::{Administrator, SignedIn};
use crate::backend::Shared;
use crate::problem::ProblemResponse;
use crate::sessions::unreadable;

/// Longest name of a company, in characters.
const MAX_NAME_CHARS: usize = 100;

/// Longest name of a time zone, in bytes.
const MAX_ZONE_BYTES: usize = 64;

/// Time zones of nowhere, which the panel's page does not know.
const NO_PLACES: [&str; 2] = ["Factory", "Etc/Unknown"];

/// Most minutes of a threshold: a week.
const MAX_MINUTES: u32 = 7 * 24 * 60;

/// The company's settings.
#[utoipa::path(
    get, path = "/api/v1/company",
    responses(
        (status = 200, body = CompanyRow),
        (status = 401, description = "signed_out", body = Problem),
    )
)]
pub(crate) async fn read(
    State(backend): State<Shared>,
    SignedIn(_reader): SignedIn,
) -> Result<Json<CompanyRow>, ProblemResponse> {
    Ok(Json(backend.store.company().await?))
}

/// Other settings in the place of those that their author had seen. The same again changes nothing.
#[utoipa::path(
    put, path = "/api/v1/company", request_body = CompanyRequest,
    responses(
        (status = 200, body = CompanyRow),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 409, description = "changed_meanwhile", body = Problem),
        (status = 422, description = "field_wrong", body = Problem),
    )
)]
pub(crate) async fn put(
    State(backend): State<Shared>,
    Administrator(session): Administrator,
    body: Result<Json<CompanyRequest>, JsonRejection>,
) -> Result<Json<CompanyRow>, ProblemResponse> {
    let Json(mut request) = body.map_err(|error| unreadable(&error))?;
    request.settings.name = request.settings.name.trim().to_owned();
    if let Some(problem) = fault(&request.settings) {
        return Err(ProblemResponse(problem));
    }
    let revision = request.revision;
    let put = backend
        .store
        .put_company(session.operator.id.into(), request);
    let row = put.await?.map_err(ProblemResponse)?;
    if row.revision != revision {
        tracing::info!(operator.id = %session.operator.id, revision = row.revision,
            "The company's settings were changed");
    }
    Ok(Json(row))
}

/// What is wrong with settings, the first of it.
fn fault(settings: &CompanySettings) -> Option<Problem> {
    let CompanySettings {
        name,
        time_zone,
        waiting,
        late_first_answer_minutes,
        late_answer_minutes,
        away_after_minutes,
        defaults,
    } = settings;
    if name.chars().count() > MAX_NAME_CHARS || name.chars().any(is_control) {
        let message = "a company's name is one line of at most 100 characters";
        return Some(wrong("name", message, json!({ "max": MAX_NAME_CHARS })));
    }
    let is_known = time_zone.len() <= MAX_ZONE_BYTES
        && !NO_PLACES
            .iter()
            .any(|no| no.eq_ignore_ascii_case(time_zone))
        && TimeZone::get(time_zone).is_ok();
    if !is_known {
        let message = "there is no time zone of that name; one is called such as Europe/Moscow";
        return Some(wrong("time_zone", message, json!({})));
    }
    let steps = [
        ("waiting.plain_minutes", waiting.plain_minutes),
        ("waiting.warn_minutes", waiting.warn_minutes),
        ("waiting.bad_minutes", waiting.bad_minutes),
    ];
    let mut before = 0;
    for (field, minutes) in steps {
        if minutes <= before || minutes > MAX_MINUTES {
            let message = "each step of a waiting time is later than the one before, within a week";
            let least = before.saturating_add(1);
            let details = json!({ "min": least, "max": MAX_MINUTES });
            return Some(wrong(field, message, details));
        }
        before = minutes;
    }
    let thresholds = [
        ("late_first_answer_minutes", late_first_answer_minutes),
        ("late_answer_minutes", late_answer_minutes),
        ("away_after_minutes", away_after_minutes),
    ];
    for (field, minutes) in thresholds {
        if minutes.is_some_and(|minutes| !(1..=MAX_MINUTES).contains(&minutes)) {
            let message = "minutes are between one and a week's, or none for never";
            let details = json!({ "min": 1, "max": MAX_MINUTES });
            return Some(wrong(field, message, details));
        }
    }
    let mut repeats = defaults
        .notifications
        .kinds
        .values()
        .map(|one| one.repeat_s);
    let is_far_off = |seconds: u32| !(MIN_REPEAT_S..=MAX_REPEAT_S).contains(&seconds);
    if repeats.any(|seconds| seconds.is_some_and(is_far_off)) {
        let message = "a notification is repeated after ten seconds to an hour, or not at all";
        let details = json!({ "min": MIN_REPEAT_S, "max": MAX_REPEAT_S });
        return Some(wrong("defaults.notifications", message, details));
    }
    None
}

/// A problem with the field of that name.
pub(crate) fn wrong(field: &str, message: &str, mut details: serde_json::Value) -> Problem {
    if let Some(details) = details.as_object_mut() {
        details.insert("field".to_owned(), json!(field));
    }
    Problem::new(Code::FieldWrong, message).with_details(details)
}

#[cfg(test)]
mod tests {
    use pult_protocol::{Alert, NotificationKind, WaitingSteps};

    use super::*;

    fn field_of_fault(change: impl FnOnce(&mut CompanySettings)) -> Option<String> {
        let mut settings = CompanySettings::default();
        change(&mut settings);
        let problem = fault(&settings)?;
        Some(problem.details["field"].as_str().unwrap().to_owned())
    }

    fn repeats(settings: &mut CompanySettings, seconds: u32) {
        let what = NotificationKind::Mention;
        let alert = Alert {
            repeat_s: Some(seconds),
            ..what.usual()
        };
        let kinds = &mut settings.defaults.notifications.kinds;
        kinds.insert(what, alert);
    }

    #[test]
    fn what_stands_there_by_itself_is_right() {
        assert_eq!(field_of_fault(|_| {}), None);
        assert_eq!(field_of_fault(|it| repeats(it, MAX_REPEAT_S)), None);
        assert_eq!(
            field_of_fault(|it| it.time_zone = "Asia/Omsk".to_owned()),
            None
        );
        assert_eq!(
            field_of_fault(|it| it.late_answer_minutes = Some(MAX_MINUTES)),
            None
        );
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let steps = |plain, warn, bad| WaitingSteps {
            plain_minutes: plain,
            warn_minutes: warn,
            bad_minutes: bad,
        };
        type Change = Box<dyn FnOnce(&mut CompanySettings)>;
        let cases: Vec<(&str, Change)> = vec![
            ("name", Box::new(|it| it.name = "x".repeat(101))),
            ("name", Box::new(|it| it.name = "a\nb".to_owned())),
            ("time_zone", Box::new(|it| it.time_zone = String::new())),
            (
                "time_zone",
                Box::new(|it| it.time_zone = "Moscow".to_owned()),
            ),
            (
                "time_zone",
                Box::new(|it| it.time_zone = "../../etc/passwd".to_owned()),
            ),
            (
                "time_zone",
                Box::new(|it| it.time_zone = "Etc/Unknown".to_owned()),
            ),
            (
                "waiting.plain_minutes",
                Box::new(move |it| it.waiting = steps(0, 5, 15)),
            ),
            (
                "waiting.warn_minutes",
                Box::new(move |it| it.waiting = steps(5, 5, 15)),
            ),
            (
                "waiting.bad_minutes",
                Box::new(move |it| it.waiting = steps(1, 5, 4)),
            ),
            (
                "waiting.bad_minutes",
                Box::new(move |it| it.waiting = steps(1, 5, u32::MAX)),
            ),
            (
                "defaults.notifications",
                Box::new(|it| repeats(it, MIN_REPEAT_S - 1)),
            ),
            (
                "defaults.notifications",
                Box::new(|it| repeats(it, MAX_REPEAT_S + 1)),
            ),
            (
                "late_first_answer_minutes",
                Box::new(|it| it.late_first_answer_minutes = Some(0)),
            ),
            (
                "late_answer_minutes",
                Box::new(|it| it.late_answer_minutes = Some(10_081)),
            ),
            (
                "away_after_minutes",
                Box::new(|it| it.away_after_minutes = Some(0)),
            ),
        ];
        for (field, change) in cases {
            assert_eq!(field_of_fault(change).as_deref(), Some(field));
        }
    }
}

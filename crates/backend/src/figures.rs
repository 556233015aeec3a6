//! The figures for supervisors: arrivals, answer times and closed chats of a period, by the clock on
//! the asker's wall.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use pult_protocol::{
    Code, DayFigures, FiguresQuery, MAX_FIGURES_DAYS, OperatorFigures, Problem, ServiceFigures,
};
use pult_store::{ClockOffset, FiguresAsked};

use crate::auth::Supervising;
use crate::backend::Shared;
use crate::problem::ProblemResponse;

/// Within how many seconds an answer is in time if the asker does not say.
const DEFAULT_WITHIN_S: u32 = 300;

/// Most that the asker may say: a week.
const MAX_WITHIN_S: u32 = 7 * 24 * 60 * 60;

/// Most changes of a clock in a period: no zone changes it as often as once a week.
const MAX_CHANGES: usize = 64;

/// Longest name of a zone.
const MAX_ZONE_BYTES: usize = 64;

/// Figures of a period, for supervisors.
#[utoipa::path(
    get, path = "/api/v1/figures", params(FiguresQuery),
    responses(
        (status = 200, body = ServiceFigures),
        (status = 400, description = "malformed", body = Problem),
        (status = 401, description = "signed_out", body = Problem),
        (status = 403, description = "not_allowed", body = Problem),
        (status = 404, description = "not_found", body = Problem),
    )
)]
pub(crate) async fn read(
    State(backend): State<Shared>,
    Supervising(_reader): Supervising,
    query: Result<Query<FiguresQuery>, QueryRejection>,
) -> Result<Json<ServiceFigures>, ProblemResponse> {
    let malformed = |message: &str| ProblemResponse::new(Code::Malformed, message);
    let Query(query) =
        query.map_err(|_| malformed("from, to and zone must be given, and ids be ids"))?;
    let within_s = query.within_s.unwrap_or(DEFAULT_WITHIN_S);
    let period = Period::read(&query, within_s).map_err(malformed)?;
    let asked = FiguresAsked {
        first_day: day_number(period.first),
        n_days: period.n_days,
        offsets: offsets(&period),
        within_ms: u64::from(within_s) * 1000,
        channel: query.channel_id,
        operator: query.operator_id,
    };
    let figures = backend.store.service_figures(asked).await?;
    let figures = figures
        .ok_or_else(|| ProblemResponse::new(Code::NotFound, "no such channel or operator"))?;
    let days = period.first.series(jiff::Span::new().days(1));
    Ok(Json(ServiceFigures {
        from: period.first.to_string(),
        to: period.last.to_string(),
        zone: query.zone,
        within_s,
        total: figures.total,
        by_day: days
            .zip(figures.by_day)
            .map(|(day, figures)| DayFigures {
                day: day.to_string(),
                figures,
            })
            .collect(),
        by_hour: figures.by_hour,
        by_operator: figures
            .by_operator
            .into_iter()
            .map(|(operator_id, figures)| OperatorFigures {
                operator_id,
                figures,
            })
            .collect(),
    }))
}

/// Some days by the clock of a zone.
struct Period {
    first: Date,
    last: Date,
    n_days: usize,
    zone: TimeZone,
}

impl Period {
    /// What is asked for, or why it cannot be told.
    fn read(query: &FiguresQuery, within_s: u32) -> Result<Self, &'static str> {
        if !(1..=MAX_WITHIN_S).contains(&within_s) {
            return Err("within_s must be from 1 to 604800 seconds, a week");
        }
        let date = |text: &str| text.parse::<Date>().ok().filter(|_| text.len() == 10);
        let (Some(first), Some(last)) = (date(&query.from), date(&query.to)) else {
            return Err("from and to must be days such as 2026-11-02");
        };
        // Clocks are known well within this, and so no sum runs over.
        let is_of_our_time = |date: Date| (1970..=2999).contains(&date.year());
        if !is_of_our_time(first) || !is_of_our_time(last) {
            return Err("from and to must be between 1970 and 2999");
        }
        let n_days = day_number(last) - day_number(first) + 1;
        if n_days < 1 {
            return Err("to must not be before from");
        }
        let n_days = usize::try_from(n_days).unwrap_or(usize::MAX);
        if n_days > usize::try_from(MAX_FIGURES_DAYS).unwrap_or(usize::MAX) {
            return Err("figures are told for 400 days at most; ask for fewer");
        }
        let zone = Some(query.zone.as_str()).filter(|name| name.len() <= MAX_ZONE_BYTES);
        let zone = zone.and_then(|name| TimeZone::get(name).ok());
        let zone =
            zone.ok_or("zone must be the IANA name of a time zone, such as Europe/Moscow")?;
        Ok(Self {
            first,
            last,
            n_days,
            zone,
        })
    }
}

/// Days since 1970-01-01.
fn day_number(date: Date) -> i64 {
    let since = date.duration_since(jiff::civil::date(1970, 1, 1));
    since.as_hours() / 24
}

/// How far the clock is ahead of UTC, from before the period to behind it.
fn offsets(period: &Period) -> Vec<ClockOffset> {
    let ms = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * 1000;
    // No clock is two days away from UTC.
    let begin = (day_number(period.first) - 2) * 24 * 60 * 60;
    let end = (day_number(period.last) + 3) * 24 * 60 * 60;
    let Ok(begin) = Timestamp::from_second(begin) else {
        return Vec::new();
    };
    let before = ClockOffset {
        from: pult_domain::Timestamp(i64::MIN),
        ahead_ms: ms(period.zone.to_offset(begin)),
    };
    let changes = period.zone.following(begin).take(MAX_CHANGES);
    let changes = changes.take_while(|change| change.timestamp().as_second() < end);
    let changes = changes.map(|change| ClockOffset {
        from: pult_domain::Timestamp(change.timestamp().as_millisecond()),
        ahead_ms: ms(change.offset()),
    });
    std::iter::once(before).chain(changes).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn query(from: &str, to: &str, zone: &str) -> FiguresQuery {
        FiguresQuery {
            from: from.to_owned(),
            to: to.to_owned(),
            zone: zone.to_owned(),
            channel_id: None,
            operator_id: None,
            within_s: None,
        }
    }

    fn ahead(from: &str, to: &str, zone: &str) -> Vec<(i64, i64)> {
        let period = Period::read(&query(from, to, zone), 300);
        let Ok(period) = period else {
            panic!("no period")
        };
        let offsets = offsets(&period);
        offsets
            .iter()
            .map(|offset| (offset.from.0, offset.ahead_ms / 60_000))
            .collect()
    }

    #[rstest]
    #[case::always_the_same("2026-01-01", "2026-12-31", "Europe/Moscow", &[(i64::MIN, 180)])]
    #[case::utc("2026-01-01", "2026-12-31", "UTC", &[(i64::MIN, 0)])]
    #[case::summer_time("2026-03-29", "2026-03-29", "Europe/Berlin",
        &[(i64::MIN, 60), (1_774_746_000_000, 120)])]
    #[case::by_half_an_hour("2026-04-05", "2026-04-05", "Australia/Lord_Howe",
        &[(i64::MIN, 660), (1_775_314_800_000, 630)])]
    #[case::an_old_name("2026-11-28", "2026-11-28", "Europe/Kiev", &[(i64::MIN, 120)])]
    fn the_clock_is_that_of_the_zone(
        #[case] from: &str,
        #[case] to: &str,
        #[case] zone: &str,
        #[case] expected: &[(i64, i64)],
    ) {
        assert_eq!(ahead(from, to, zone), expected);
    }

    #[rstest]
    #[case::no_day("2026-02-30", "2026-03-01", "UTC", "from and to must be days")]
    #[case::a_moment("2026-02-01T10:00:00", "2026-03-01", "UTC", "from and to must be days")]
    #[case::backwards("2026-03-02", "2026-03-01", "UTC", "to must not be before")]
    #[case::too_many("2025-01-01", "2026-02-05", "UTC", "400 days at most")]
    #[case::long_ago("1969-12-31", "1970-01-01", "UTC", "between 1970")]
    #[case::no_zone("2026-03-01", "2026-03-01", "Middle-earth/Shire", "zone must be")]
    #[case::nothing("2026-03-01", "2026-03-01", "", "zone must be")]
    fn what_makes_no_sense_is_refused_in_words(
        #[case] from: &str,
        #[case] to: &str,
        #[case] zone: &str,
        #[case] words: &str,
    ) {
        let refused = Period::read(&query(from, to, zone), 300).err();
        assert!(
            refused.is_some_and(|said| said.contains(words)),
            "{refused:?}"
        );
    }

    #[test]
    fn as_many_days_as_are_told_may_be_asked_for() {
        let period = Period::read(&query("2025-01-01", "2026-02-04", "UTC"), 300);
        assert_eq!(period.ok().map(|period| period.n_days), Some(400));
        assert!(Period::read(&query("2026-01-01", "2026-01-01", "UTC"), 0).is_err());
    }
}

//! Reading our ids and words from a row.

use pult_domain::{Role, Status, Timestamp};
use pult_sqlite::{Row, SqlError, types};
use uuid::Uuid;

/// The UUID in column `column`, wrapped.
pub(crate) fn id<T>(
    row: &Row<'_>,
    column: usize,
    wrap: impl FnOnce(Uuid) -> T,
) -> Result<T, SqlError> {
    row.get(column).map(wrap)
}

/// The UUID in column `column`, wrapped; none for NULL.
pub(crate) fn optional_id<T>(
    row: &Row<'_>,
    column: usize,
    wrap: impl FnOnce(Uuid) -> T,
) -> Result<Option<T>, SqlError> {
    Ok(row.get::<_, Option<Uuid>>(column)?.map(wrap))
}

/// The moment in column `column`.
pub(crate) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp, SqlError> {
    row.get(column).map(Timestamp)
}

/// The word in column `column`, read by `parse`.
pub(crate) fn word<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, SqlError> {
    let text = row.get_ref(column)?.as_str()?;
    parse(text).ok_or_else(|| {
        SqlError::FromSqlConversionFailure(
            column,
            types::Type::Text,
            "a word of a newer version".into(),
        )
    })
}

/// The role in column `column`.
pub(crate) fn role(row: &Row<'_>, column: usize) -> Result<Role, SqlError> {
    word(row, column, Role::parse)
}

/// The status in column `column`.
pub(crate) fn status(row: &Row<'_>, column: usize) -> Result<Status, SqlError> {
    word(row, column, Status::parse)
}

/// The JSON in column `column`; none for NULL.
pub(crate) fn optional_json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> Result<Option<T>, SqlError> {
    row.get_ref(column)?
        .as_str_or_null()?
        .map(|text| {
            serde_json::from_str(text).map_err(|error| {
                // Its own words would quote what clients write.
                let place = format!("no such JSON (column {})", error.column());
                SqlError::FromSqlConversionFailure(column, types::Type::Text, place.into())
            })
        })
        .transpose()
}

/// `value` as JSON text for a column.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String, SqlError> {
    serde_json::to_string(value).map_err(|error| SqlError::ToSqlConversionFailure(error.into()))
}

//! Searching on the bench: the committed queries, by the index and by a scan of everything, which also
//! says whether the index has found the right things.

use std::time::Instant;

use anyhow::{Context, Result};
use pult_domain::Timestamp;
use pult_panel::Panel;
use pult_panel::view::SearchQuery;
use serde::Deserialize;
use tokio::time::{Duration, sleep};

use super::super::report::median;

/// One a line. Where `days` stand, what was sent between so many and so many days ago.
const QUERIES: &str = include_str!("queries.jsonl");

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a scan of everything in memory says.
#[derive(Debug, Default)]
pub struct Scanned {
    /// How long it took for each query, in milliseconds.
    pub took_ms: Vec<f64>,
    /// How many queries found something.
    pub n_met: usize,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    days: Option<(i64, i64)>,
    #[serde(flatten)]
    query: SearchQuery,
}

/// The queries, for what was filled in up to `now`.
///
/// # Errors
/// When a line cannot be understood.
pub fn queries(now: i64) -> Result<Vec<SearchQuery>> {
    let ago = |days: i64| Some(Timestamp(now - days * DAY_MS));
    let query = |line: &str| {
        let Asked { days, query } = serde_json::from_str(line).with_context(|| line.to_owned())?;
        Ok(match days {
            Some((from, until)) => SearchQuery {
                from: ago(from),
                until: ago(until),
                ..query
            },
            None => query,
        })
    };
    QUERIES.lines().map(query).collect()
}

/// Waits until everything that is held can be found; gives the seconds that this took.
///
/// # Errors
/// When the panel cannot be asked.
pub async fn everything_is_indexed(panel: &Panel) -> Result<f64> {
    let begun = Instant::now();
    while panel.search(SearchQuery::default()).await?.n_missing > 0 {
        sleep(Duration::from_millis(100)).await;
    }
    Ok(begun.elapsed().as_secs_f64())
}

/// Asks every query of the index, `n_runs` times in turns; gives for each the median in milliseconds.
///
/// # Errors
/// When the panel cannot be asked.
pub async fn by_index(panel: &Panel, queries: &[SearchQuery], n_runs: usize) -> Result<Vec<f64>> {
    let mut of_query = vec![Vec::new(); queries.len()];
    for _ in 0..n_runs {
        for (query, took) in queries.iter().zip(&mut of_query) {
            let begun = Instant::now();
            panel.search(query.clone()).await?;
            took.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    Ok(of_query.into_iter().map(median).collect())
}

#[cfg(feature = "trials")]
pub use beside_a_scan::by_scan;

/// Without the feature that lets everything be scanned there is nothing to compare with.
///
/// # Errors
/// Always.
#[cfg(not(feature = "trials"))]
#[expect(clippy::unused_async, reason = "it is called as the other is")]
pub async fn by_scan(_: &Panel, _: &[SearchQuery]) -> Result<Scanned> {
    anyhow::bail!("this was built without the feature `trials`, which scans what a panel holds")
}

#[cfg(feature = "trials")]
mod beside_a_scan {
    use std::time::Instant;

    use anyhow::{Result, ensure};
    use pult_panel::Panel;
    use pult_panel::view::{SearchPage, SearchQuery};

    use super::Scanned;

    /// What a page of the search holds if nobody asks for more: entries, and closed chats.
    const ENTRIES: usize = 40;
    const CHATS: usize = 30;

    /// Asks every query of a scan.
    ///
    /// # Errors
    /// When the index finds something else.
    pub async fn by_scan(panel: &Panel, queries: &[SearchQuery]) -> Result<Scanned> {
        let mut scanned = Scanned::default();
        let scan = panel.scan().await?;
        for query in queries {
            let begun = Instant::now();
            let wanted = scan.find(query, ENTRIES + 1, CHATS + 1);
            scanned.took_ms.push(begun.elapsed().as_secs_f64() * 1e3);
            let found = panel.search(query.clone()).await?;
            let is_equal = is_first_of(&found, &wanted);
            ensure!(is_equal, "the index and a scan differ for {query:?}");
            scanned.n_met += usize::from(!wanted.entries.is_empty() || !wanted.chats.is_empty());
        }
        Ok(scanned)
    }

    /// Whether a page is the beginning of everything that was to be found.
    fn is_first_of(page: &SearchPage, all: &SearchPage) -> bool {
        let n_entries = all.entries.len().min(ENTRIES);
        let n_chats = all.chats.len().min(CHATS);
        Some(&page.entries[..]) == all.entries.get(..n_entries)
            && page.next.is_some() == (all.entries.len() > ENTRIES)
            && Some(&page.chats[..]) == all.chats.get(..n_chats)
            && page.has_more_chats == (all.chats.len() > CHATS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_queries_of_all_kinds() {
        let queries = queries(0).unwrap();
        assert_eq!(queries.len(), 500);
        let n = |is: fn(&SearchQuery) -> bool| queries.iter().filter(|query| is(query)).count();
        for kind in [
            n(|query| query.client_id.is_some()),
            n(|query| query.author_id.is_some()),
            n(|query| query.from.is_some() && query.until > query.from),
            n(|query| query.only.is_some()),
            n(|query| query.text.chars().count() == 1),
            n(|query| query.text.contains(' ')),
            n(|query| query.text.starts_with(['7', '8', '+'])),
        ] {
            assert!(kind >= 10, "{kind}");
        }
    }
}

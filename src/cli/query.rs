//! A query on the command line. Times in it are in the local zone, like those of the options.

use clap::Args;
use unicode_width::UnicodeWidthStr as _;

use super::Wrong;
use super::filters::Filters;
use super::when::{Edge, Moment};
use crate::clock::Clock;
use crate::filter::query::{LONGEST, ListedBy, ReadTime, parse_list, parse_query, parse_search};
use crate::filter::{Place, QueryError};

/// How many characters of a long query are shown before and after the position of an error.
const SHOWN: usize = 30;

#[derive(Debug, Args)]
pub(super) struct QueryArgs {
    /// Only runs that match, as in 'status:failed OR (host:web-* NOT user:ann) "web hotfix"': words, phrases, and the
    /// options below as fields
    #[arg(value_name = "QUERY")]
    words: Vec<String>,
}

/// A request's parameters.
pub(super) type Parameters = Vec<(&'static str, String)>;

/// The executions that a command selects: they match all its options and its query.
#[derive(Debug)]
pub(super) struct Selection {
    /// The filters that the API has as parameters.
    pub(super) filters: Parameters,
    query: Option<String>,
    /// Whether the query looks for words or phrases in what is known at the start of a run.
    pub(super) has_text: bool,
}

impl Selection {
    /// Whether it excludes nothing.
    pub(super) fn is_everything(&self) -> bool {
        self.filters.is_empty() && self.query.is_none()
    }

    /// As parameters of the API. These terms of the query language must hold, too.
    pub(super) fn with(&self, terms: Vec<String>) -> Parameters {
        let query = joined(self.query.clone(), terms).map(|query| ("q", query));
        self.filters.iter().cloned().chain(query).collect()
    }
}

impl QueryArgs {
    /// The meaning of the query and these filters.
    pub(super) fn select<P: Place>(
        &self,
        clock: &Clock,
        filters: &Filters<P>,
    ) -> Result<Selection, Wrong> {
        let parsed = self.parsed(clock, |query, time| {
            Ok(parse_query(query, time)?.map(ListedBy::Run))
        })?;
        selection(parsed, clock, filters)
    }

    /// The same for a list, which also takes queries about lines.
    pub(super) fn select_listed<P: Place>(
        &self,
        clock: &Clock,
        filters: &Filters<P>,
    ) -> Result<Selection, Wrong> {
        selection(self.parsed(clock, parse_list)?, clock, filters)
    }

    /// The query, with its times in the local zone.
    fn parsed(
        &self,
        clock: &Clock,
        parse: fn(&str, ReadTime<'_>) -> Result<Option<ListedBy>, QueryError>,
    ) -> Result<Option<ListedBy>, Wrong> {
        let query = self.words.join(" ");
        let time = |text: &str, edge: Edge| {
            let time = Moment::parse(text)?.resolve(edge, clock);
            Ok(time.timestamp_micros())
        };
        parse(&query, &time).map_err(|error| Wrong(marked(&query, &error)))
    }
}

/// A query and filters, as they are sent.
fn selection<P: Place>(
    parsed: Option<ListedBy>,
    clock: &Clock,
    filters: &Filters<P>,
) -> Result<Selection, Wrong> {
    let has_text = match &parsed {
        Some(ListedBy::Run(query)) => query.has_text(),
        Some(ListedBy::Line(_)) | None => false,
    };
    let query = joined(parsed.map(|query| query.to_string()), filters.terms());
    Ok(Selection {
        query: query.map(sendable).transpose()?,
        filters: filters.query(clock).collect(),
        has_text,
    })
}

/// A query about lines, with time zones added to its times.
pub(super) fn about_lines(words: &[String], clock: &Clock) -> Result<String, Wrong> {
    let query = words.join(" ");
    let time = |text: &str, edge: Edge| {
        let time = Moment::parse(text)?.resolve(edge, clock);
        Ok(time.timestamp_micros())
    };
    match parse_search(&query, &time) {
        Ok(Some(query)) => sendable(query.to_string()),
        Ok(None) => Err(Wrong(
            "say what to look for, as in: playback search '\"timed out\" host:web-*'".to_owned(),
        )),
        Err(error) => Err(Wrong(marked(&query, &error))),
    }
}

/// The query to send, unless it becomes longer than the collector accepts: its times are completed, its values are
/// quoted, and options are added.
fn sendable(query: String) -> Result<String, Wrong> {
    match query.len() {
        0..=LONGEST => Ok(query),
        length => Err(Wrong(format!(
            "the query has {length} bytes when its times and quotation marks are written out, and a query has {LONGEST} \
             bytes at most: look for fewer words"
        ))),
    }
}

/// A query and further terms, which all must hold.
fn joined(query: Option<String>, mut terms: Vec<String>) -> Option<String> {
    match query {
        // The brackets keep an OR together.
        Some(query) if !terms.is_empty() => terms.push(format!("({query})")),
        Some(query) => terms.push(query),
        None if terms.is_empty() => return None,
        None => {}
    }
    Some(terms.join(" "))
}

/// The problem, and the query with the position marked.
fn marked(query: &str, error: &QueryError) -> String {
    let shown = |text: &str| -> String {
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        text.chars().map(visible).collect()
    };
    let (start, end) = (error.at.start, error.at.end);
    let (before, at, after) = (&query[..start], &query[start..end], &query[end..]);
    let left_out = before.chars().count().saturating_sub(SHOWN);
    let dots = if left_out > 0 { "…" } else { "" };
    let before: String = before.chars().skip(left_out).collect();
    let before = format!("{dots}{}", shown(&before));
    let at: String = shown(at).chars().take(2 * SHOWN).collect();
    let after: String = match at.chars().count() {
        length if length < error_length(query, error) => "…".to_owned(),
        _ => {
            let part: String = after.chars().take(SHOWN).collect();
            let dots = if part.len() < after.len() { "…" } else { "" };
            format!("{}{dots}", shown(&part))
        }
    };
    let blanks = " ".repeat(before.width());
    let carets = "^".repeat(at.width().max(1));
    format!(
        "{}\n\n  {before}{at}{after}\n  {blanks}{carets}",
        error.problem
    )
}

/// The length of the marked part, in characters.
fn error_length(query: &str, error: &QueryError) -> usize {
    query[error.at.clone()].chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::place;

    /// What is sent of a query, at a time.
    fn sent(query: &str, now_us: i64) -> Result<Selection, Wrong> {
        let words = QueryArgs {
            words: vec![query.to_owned()],
        };
        let clock = Clock::fixed(now_us);
        selection::<place::List>(
            words.parsed(&clock, parse_list)?,
            &clock,
            &Filters::default(),
        )
    }

    fn problem(query: &str) -> String {
        sent(query, 0).unwrap_err().to_string()
    }

    #[test]
    fn an_error_marks_its_place() {
        for (query, expected) in [
            (
                "host:x stauts:failed a",
                "\n\n  host:x stauts:failed a\n         ^^^^^^",
            ),
            ("(é \t日本 \"a", "\n\n  (é  日本 \"a\n           ^"),
            ("a OR", "\n\n  a OR\n      ^"),
        ] {
            let told = problem(query);
            assert!(told.ends_with(expected), "{told}");
        }
        let long = format!("{} OR OR {}", "word ".repeat(100), "word ".repeat(100));
        let told = problem(&long);
        let (_, shown) = told.split_once("\n\n").unwrap();
        let (text, carets) = shown.split_once('\n').unwrap();
        assert!(text.chars().count() < 80 && text.contains("…"), "{text}");
        let at = carets.chars().position(|c| c == '^').unwrap();
        let under: String = text.chars().skip(at).take(2).collect();
        assert_eq!(under, "OR");
        assert!(problem(&"x".repeat(5_000)).contains("4096 bytes"));
        assert!(
            problem(&format!("status:{}", "x".repeat(2_000)))
                .chars()
                .count()
                < 3_000
        );
    }

    #[test]
    fn a_query_that_grows_too_long_is_refused_before_it_is_sent() {
        // Quotation marks are put around each of these words.
        let word = format!("{}.{}", "a".repeat(18), "b".repeat(20));
        let query = vec![word; 100].join(" ");
        assert!(query.len() < LONGEST);
        let told = problem(&query);
        assert!(told.contains("the query has 4199 bytes"), "{told}");
    }

    #[test]
    fn times_are_sent_with_their_zone() {
        let at = "since:\"1970-01-01T00:00:00+00:00\"";
        for (query, expected, has_text) in [
            ("since:1h a", "a", true),
            ("since:1h task:\"a b\" /c|d/", "task:\"a b\" /c|d/", false),
        ] {
            let sent = sent(query, 3_600_000_000).unwrap();
            assert_eq!(sent.query.unwrap(), format!("{at} {expected}"));
            assert_eq!(sent.has_text, has_text);
        }
    }

    #[test]
    fn terms_are_joined_to_a_query() {
        let of = |query: Option<&str>, terms: &[&str]| {
            let terms = terms.iter().map(|term| (*term).to_owned()).collect();
            joined(query.map(str::to_owned), terms)
        };
        assert_eq!(of(None, &[]), None);
        assert_eq!(of(Some("a OR b"), &[]).as_deref(), Some("a OR b"));
        assert_eq!(of(None, &["c", "d"]).as_deref(), Some("c d"));
        assert_eq!(of(Some("a OR b"), &["c"]).as_deref(), Some("c (a OR b)"));
    }
}

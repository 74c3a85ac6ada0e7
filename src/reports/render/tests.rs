use chrono::DateTime;
use unicode_width::UnicodeWidthStr as _;
use uuid::Uuid;

use super::*;
use crate::model::{
    CostFigures, FailedHost, Figures, MissingHost, ReportChange, ReportError, ReportFlaky,
    ReportNews, ReportPlaybook, ReportReason, ReportRuns, ReportTask, RunAt, Turns, time_from_us,
};

/// What others may have named something.
const HOSTILE: &str = "<script src=\"http://evil/x.js\">alert(1)</script>|`x`\u{1b}[31m\n=cmd()";

fn at(us: i64) -> RunAt {
    RunAt {
        id: Uuid::nil(),
        start_time: time_from_us(us),
    }
}

fn empty() -> Report {
    Report {
        period: Some("week".to_owned()),
        from: "2026-01-12T23:00:00Z".parse().unwrap(),
        to: "2026-01-19T23:00:00Z".parse().unwrap(),
        before_from: "2026-01-05T23:00:00Z".parse().unwrap(),
        zone: "Europe/Berlin".to_owned(),
        is_empty: true,
        ..Report::default()
    }
}

fn whole() -> Report {
    let figures = Figures {
        total: 12,
        success: 9,
        failed: 3,
        success_rate: 75.0,
        p50_duration: 65.0,
        p95_duration: 3700.0,
        cost: Some(CostFigures {
            currency: "EUR".to_owned(),
            total: Some("12.345".to_owned()),
            runs: 12,
            unknown_runs: 2,
            ..CostFigures::default()
        }),
        ..Figures::default()
    };
    let turns = Turns { turns: 4, of: 9 };
    let change = ReportChange {
        playbook: HOSTILE.to_owned(),
        task: Some("install".to_owned()),
        since: at(1_768_910_400_000_000),
        before: 60.0,
        after: 125.0,
        commit_before: Some("0123456789abcdef".to_owned()),
        commit: Some("fedcba9876543210".to_owned()),
    };
    Report {
        is_empty: false,
        query: Some(HOSTILE.to_owned()),
        runs: ReportRuns {
            figures: figures.clone(),
            changed: 5,
            hosts: 7,
        },
        runs_before: ReportRuns {
            figures: Figures {
                cost: Some(CostFigures::default()),
                ..Figures::default()
            },
            ..ReportRuns::default()
        },
        reasons: vec![ReportReason {
            reason: "task_failed".to_owned(),
            runs: 3,
            runs_before: 1,
        }],
        playbooks: vec![ReportPlaybook {
            playbook: HOSTILE.repeat(3),
            folder: None,
            figures,
            total_before: 4,
            failed_before: 0,
        }],
        playbooks_total: 3,
        errors: vec![ReportError {
            fingerprint: "00000000000000ff".to_owned(),
            message: Some(format!("{HOSTILE} {}", "word ".repeat(100))),
            task: Some(HOSTILE.to_owned()),
            playbook: Some(HOSTILE.to_owned()),
            host: Some(HOSTILE.to_owned()),
            runs: 3,
            first: Some(at(1_768_910_400_000_000)),
            last: Some(at(1_768_910_400_000_000)),
            is_new: true,
            ..ReportError::default()
        }],
        errors_total: 1,
        errors_new: 1,
        new: ReportNews {
            playbooks: vec![HOSTILE.to_owned()],
            hosts: vec![HOSTILE.to_owned()],
            hosts_unknown: 2,
        },
        slower: vec![change.clone()],
        faster: vec![change],
        flaky: vec![ReportFlaky {
            kind: "host".to_owned(),
            name: HOSTILE.to_owned(),
            turns,
        }],
        not_idempotent: vec![ReportTask {
            playbook: HOSTILE.to_owned(),
            task: HOSTILE.to_owned(),
            place: None,
            runs: 12,
        }],
        failed_hosts: vec![FailedHost {
            host: HOSTILE.to_owned(),
            failed_runs: 2,
            failures: 3,
            unreachable: 0,
        }],
        missing_hosts: vec![MissingHost {
            host: HOSTILE.to_owned(),
            runs_before: 2,
            last: None,
        }],
        missing_hosts_total: 1,
        remarks: vec!["A remark.".to_owned()],
        ..empty()
    }
}

#[test]
fn html_is_one_file_that_runs_nothing_and_loads_nothing() {
    let html = render(&whole(), ReportFormat::Html).unwrap();
    assert!(
        html.contains("&lt;script src=&quot;http://evil/x.js&quot;&gt;"),
        "{html}"
    );
    let outside = [
        "<script", "<link", "<img", "src=\"", "href=", "url(", "@import", "\u{1b}",
    ];
    for what in outside {
        assert!(!html.contains(what), "{what}: {html}");
    }
    // Every table is closed, and so is every row.
    for tag in ["table", "tr", "td", "th", "p", "div", "h2"] {
        let opened =
            html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        let closed = html.matches(&format!("</{tag}>")).count();
        assert_eq!(opened, closed, "{tag}");
    }
    // In the zone of the report: 12:00 UTC.
    assert!(html.contains("2026-01-20 13:00"), "{html}");
    assert!(html.contains("at least 12.35 EUR"), "{html}");
}

#[test]
fn markdown_cannot_be_left_from_inside() {
    let markdown = render(&whole(), ReportFormat::Markdown).unwrap();
    for line in markdown.lines() {
        // The name has backticks, so that its code spans have longer marks.
        let before = line.split("<script").next().unwrap_or_default();
        assert!(before == line || before.contains("``"), "{line}");
    }
    assert!(markdown.contains("\n## Why runs failed\n"), "{markdown}");
    assert!(!markdown.contains('\u{1b}'));
}

#[test]
fn text_fits_eighty_columns() {
    let text = render(&whole(), ReportFormat::Text).unwrap();
    for line in text.lines() {
        assert!(line.width() <= COLUMNS, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    assert!(text.contains("New, in 3 runs: "), "{text}");
    assert!(text.contains("2m 05s"), "{text}");
}

#[test]
fn csv_has_a_row_for_each_figure_and_no_formula() {
    let csv = render(&whole(), ReportFormat::Csv).unwrap();
    assert!(
        csv.starts_with("section,name,figure,value,before\r\n"),
        "{csv}"
    );
    for row in [
        "runs,,total,12,0\r\n",
        "runs,,failed,3,0\r\n",
        "runs,,cost,12.345,unknown\r\n",
        "reason,task_failed,runs,3,1\r\n",
        "error,00000000000000ff,runs,3,0\r\n",
    ] {
        assert!(csv.contains(row), "{row}: {csv}");
    }
    assert!(!csv.contains("\r\n="), "{csv}");
}

#[test]
fn json_is_the_report_as_it_is_served() {
    let report = whole();
    let json = render(&report, ReportFormat::Json).unwrap();
    let read: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(read, report);
}

#[test]
fn an_empty_period_says_so() {
    for format in [
        ReportFormat::Html,
        ReportFormat::Markdown,
        ReportFormat::Text,
    ] {
        let document = render(&empty(), format).unwrap();
        assert!(
            document.contains("No run started in this period."),
            "{document}"
        );
        assert!(
            document.contains("2026-01-13 00:00 to 2026-01-20 00:00"),
            "{document}"
        );
    }
    let made: DateTime<chrono::Utc> = empty().made;
    assert_eq!(made.timestamp(), 0);
}

//! The grammar, its errors, and what queries mean.

use proptest::prelude::*;

use super::parser::{MOST_OPEN, MOST_VALUES};
use super::*;
use crate::filter::{Condition, Field, Glob, Kind};

/// Noon of 2026-01-20, UTC.
const NOW: i64 = 1_768_910_400_000_000;

fn parsed(query: &str) -> Result<Option<Expression>, QueryError> {
    parse_query(query, &time_at(NOW))
}

fn tree(query: &str) -> Expression {
    parsed(query).unwrap().unwrap()
}

#[test]
fn a_query_is_read_as_it_is_meant() {
    for (query, means) in [
        ("nginx", "nginx"),
        ("NGINX*", "NGINX"),
        ("\"connection refused\"", "\"connection refused\""),
        ("/srv/site.yml", "\"/srv/site.yml\""),
        ("/srv/a /etc/b", "\"/srv/a\" \"/etc/b\""),
        ("10.0.0.1:8080", "\"10.0.0.1:8080\""),
        ("and or not", "and or not"),
        ("\"AND\"", "\"AND\""),
        (r#""a \"b\" \d \\""#, r#""a \"b\" \\d \\""#),
        ("a AND b c", "a b c"),
        ("a b OR c d", "a b OR c d"),
        ("a (b OR c) d", "a (b OR c) d"),
        ("((a)) ((b c))", "a b c"),
        ("(a OR (b OR c))", "a OR b OR c"),
        ("-a NOT b", "NOT a NOT b"),
        ("NOT NOT a", "a"),
        ("-(a b)", "NOT (a b)"),
        ("NOT (a OR b)", "NOT (a OR b)"),
        ("a-b", "\"a-b\""),
        ("foo(bar)", "foo bar"),
        ("status:failed,running", "status:failed,running"),
        ("host:web-*,db", "host:web-*,db"),
        ("host:\"web-*\"", "host:\"web-*\""),
        ("host:web-***", "host:web-*"),
        ("changed:yes", "changed:true"),
        ("changed:false", "changed:false"),
        ("min_duration:5m", "min_duration:\"300.000000\""),
        ("min-duration:90", "min_duration:\"90.000000\""),
        ("since:7d", "since:\"2026-01-13T12:00:00+00:00\""),
        (
            "start_date:2026-01-20",
            "since:\"2026-01-20T00:00:00+00:00\"",
        ),
        (
            "until:2026-01-20",
            "until:\"2026-01-20T23:59:59.999999+00:00\"",
        ),
        (
            "since:\"2026-01-20 10:00\"",
            "since:\"2026-01-20T10:00:00+00:00\"",
        ),
        (
            "since:\"2026-01-20 10:00:00\"",
            "since:\"2026-01-20T10:00:00+00:00\"",
        ),
        ("text:\"a b\"", "\"a b\""),
        ("text:a,b*", "text:a,b"),
        ("playbook:/srv/site.yml", "playbook:\"/srv/site.yml\""),
        ("a,b", "\"a,b\""),
        (
            "status:failed OR (host:web-* NOT user:deploy)",
            "status:failed OR host:web-* NOT user:deploy",
        ),
    ] {
        assert_eq!(tree(query).to_string(), means, "{query}");
    }
    for empty in ["", " ", "\t\n \u{a0}"] {
        assert_eq!(parsed(empty), Ok(None), "{empty:?}");
    }
}

#[test]
fn a_query_about_lines_is_read_as_it_is_meant() {
    let parsed = |query: &str| parse_search(query, &time_at(NOW));
    for (query, means) in [
        ("/etc/nginx", "\"/etc/nginx\""),
        ("/a b|c/ d", "/a b|c/ d"),
        // A slash in a class of characters ends nothing.
        ("/[/]/", "/[/]/"),
        ("/[^/]+x[[:alpha:]/]/ a", "/[^/]+x[[:alpha:]/]/ a"),
        ("/[]/]/", "/[]/]/"),
        (r"/\[/ x]", r#"/\[/ "x]""#),
        (r"/\p{L}+\p{Greek}/", r"/\p{L}+\p{Greek}/"),
        ("/etc/nginx/", "\"/etc/nginx/\""),
        ("module:/a/b", "module:\"/a/b\""),
    ] {
        let tree = parsed(query).map(|tree| tree.map(|tree| tree.to_string()));
        assert_eq!(tree, Ok(Some(means.to_owned())), "{query}");
    }
    for (query, column, says) in [
        ("a /refused/i", 3, "remove the letters after it"),
        ("x /a (b|c)/i y", 3, "remove the letters after it"),
        (
            "/[/",
            1,
            "this is no regular expression: unclosed character class",
        ),
        (
            "fatal: [web-01]",
            1,
            "unknown field `fatal`: There are host, task",
        ),
        ("ok: [x] changed", 1, "unknown field `ok`"),
        ("task: a", 1, "task: a value is missing"),
    ] {
        let error = parsed(query).unwrap_err();
        assert_eq!(error.column, column, "{query}: {error}");
        assert!(error.problem.contains(says), "{query}: {error}");
    }
}

#[test]
fn hosts_and_changes_of_lines_belong_together_where_both_must_hold() {
    let of_runs = |query: &str| {
        let tree = parse_search(query, &time_at(NOW)).unwrap().unwrap();
        let of_runs = tree.of_runs().map(|runs| runs.to_string());
        let changed = Expression::changed_hosts(tree.conjuncts()).map(|all| all.to_string());
        (of_runs.unwrap_or_default(), changed.unwrap_or_default())
    };
    for (query, runs, changed) in [
        (
            "host:a changed:yes x",
            "host:a changed:true",
            "host:a changed:true",
        ),
        (
            "x (host:a OR host:b) NOT changed:no",
            "(host:a OR host:b) NOT changed:false",
            "(host:a OR host:b) NOT changed:false",
        ),
        ("x host:a", "host:a", ""),
        ("changed:yes x", "changed:true", ""),
        // An alternative stands for itself, also where a part of it says nothing of runs.
        ("changed:yes (host:a OR x)", "changed:true", ""),
        ("changed:yes ((host:a x) OR host:b)", "changed:true", ""),
        ("host:a ((changed:yes x) OR (changed:yes y))", "host:a", ""),
        ("(host:a changed:yes) OR x", "", ""),
        ("NOT (host:a changed:yes)", "", ""),
    ] {
        assert_eq!(
            of_runs(query),
            (runs.to_owned(), changed.to_owned()),
            "{query}"
        );
    }
}

#[test]
fn a_list_is_asked_about_runs_or_about_lines() {
    let listed = |query: &str| parse_list(query, &time_at(NOW));
    for query in [
        "nginx",
        "status:failed (a OR NOT host:b)",
        "\"task:x\"",
        "host:x",
        "/etc/x",
    ] {
        let run = tree(query);
        assert_eq!(listed(query).unwrap(), Some(ListedBy::Run(run)), "{query}");
    }
    assert_eq!(listed(" ").unwrap(), None);
    for query in [
        "task:x",
        "a /b|c/",
        "/etc/",
        "status:failed OR module:apt",
        "in:stderr NOT host:a",
        "a (b OR NOT in:output)",
        "in:msg NOT (a OR b)",
        "NOT status:failed task:x",
    ] {
        let lines = parse_search(query, &time_at(NOW)).unwrap().unwrap();
        let about = listed(query).unwrap();
        assert_eq!(about, Some(ListedBy::Line(lines)), "{query}");
        let text = about.as_ref().unwrap().to_string();
        assert_eq!(listed(&text).unwrap(), about, "{query}");
    }
    for (query, says) in [
        (
            "NOT task:x",
            "column 1: a list finds runs by a line that they have",
        ),
        ("host:a NOT in:output", "column 1: a list finds"),
        (
            "task:x OR (status:failed NOT module:y)",
            "column 1: a list finds",
        ),
        (
            "task:x user:/a|b/",
            "column 13: user = \"a|b\": a regular expression is not possible",
        ),
        (
            "task:x stauts:failed",
            "column 8: unknown field `stauts`: did you mean `status`?",
        ),
        (
            "stauts:failed (",
            "column 1: unknown field `stauts`: did you mean `status`? There are status",
        ),
    ] {
        let error = listed(query).unwrap_err().to_string();
        assert!(error.starts_with(says), "{query}: {error}");
    }
}

#[test]
fn an_error_names_its_place_and_the_next_step() {
    for (query, column, says) in [
        (
            "stauts:failed",
            1,
            "unknown field `stauts`: did you mean `status`? There are status, type",
        ),
        ("a http://b", 3, "unknown field `http`: There are"),
        (
            "é task:x",
            3,
            "`task` is a field of lines, which lists and searches take (`playback list`, `playback search`). Here, there \
             are status, type",
        ),
        ("module:x", 1, "`module` is a field of lines"),
        ("q:x", 1, "unknown field `q`"),
        ("query:x", 1, "unknown field `query`"),
        (
            "status:lost",
            8,
            "status = \"lost\": it must be one of running, success, failed",
        ),
        ("status:failed,lost", 15, "status = \"lost\""),
        (
            "status:fail*",
            8,
            "no `*` is possible here, it must be one of running",
        ),
        ("changed:maybe", 9, "it must be yes or no"),
        (
            "since:yesterday",
            7,
            "since = \"yesterday\": it must be a time such as",
        ),
        ("since:7", 7, "or 2h or 7d (ago)"),
        ("min_duration:long", 14, "a duration looks like 90"),
        ("fatal: [web-01]", 1, "unknown field `fatal`: There are"),
        ("a fatal:(b)", 3, "unknown field `fatal`"),
        ("host:", 1, "host: a value is missing"),
        ("host: web", 1, "it follows without a blank"),
        ("host:a,", 1, "host: a value is missing"),
        ("host:a,,b", 1, "host: a value is missing"),
        ("host:(a OR b)", 1, "separate them by commas"),
        ("host:\"\"", 6, "nothing between the quotation marks"),
        ("(a", 1, "this bracket is not closed"),
        ("a (b (c)", 3, "this bracket is not closed"),
        ("a)", 2, "this bracket closes none"),
        (")", 1, "this bracket closes none"),
        ("()", 2, "is missing before this bracket"),
        ("a \"b", 3, "no second one"),
        ("\"a\"b", 4, "a blank is missing after the quotation mark"),
        ("a\"b\"", 2, "a quotation mark in a word"),
        ("NOT", 4, "is missing at the end"),
        ("a NOT ", 6, "is missing at the end"),
        ("a OR", 5, "is missing at the end"),
        ("a AND AND b", 7, "is missing before AND"),
        ("OR a", 1, "is missing before OR"),
        ("(a OR)", 6, "is missing before this bracket"),
        ("a - b", 3, "a minus sign negates"),
        ("--check", 1, "in quotation marks"),
        ("-", 1, "a minus sign negates"),
        ("*", 1, "a `*` is only possible at the end of a word"),
        ("a*b", 1, "a `*` is only possible at the end of a word"),
        (
            "a /conn(ection)? refused/",
            3,
            "a regular expression is not possible here",
        ),
        ("user:/x|y/", 6, "a regular expression is not possible here"),
        ("/etc/", 1, "for a path, put it in quotation marks"),
    ] {
        let error = parsed(query).unwrap_err();
        assert_eq!(error.column, column, "{query}: {error}");
        assert!(error.problem.contains(says), "{query}: {error}");
        assert_eq!(
            error.to_string(),
            format!("column {column}: {}", error.problem)
        );
        assert!(query.get(error.at).is_some());
    }
}

#[test]
fn a_query_has_limits() {
    let wrong = |query: &str| parsed(query).unwrap_err().problem;
    for long in [
        "x".repeat(1_000_000),
        "(".repeat(10_000),
        "(".repeat(10_000) + "a" + &")".repeat(10_000),
        "NOT ".repeat(10_000) + "a",
        "-(".repeat(10_000),
        "é".repeat(4_000),
        "\"".repeat(1_000_000),
    ] {
        assert!(wrong(&long).contains("4096 bytes at most"));
    }
    let nested = |levels: usize| "(a OR ".repeat(levels) + "b" + &")".repeat(levels);
    assert!(parsed(&nested(MOST_OPEN)).is_ok());
    assert!(wrong(&nested(MOST_OPEN + 1)).contains("20 brackets may be open"));
    assert!(wrong(&nested(500)).contains("20 brackets may be open"));
    assert!(wrong(&"(".repeat(4_000)).contains("20 brackets may be open"));
    assert!(parsed(&("NOT ".repeat(1_000) + "a")).is_ok());
    assert!(parsed(&"a ".repeat(MOST_VALUES)).is_ok());
    assert!(wrong(&"a ".repeat(MOST_VALUES + 1)).contains("100 words, phrases and values"));
    assert!(wrong(&format!("host:{}", vec!["a"; MOST_VALUES + 1].join(","))).contains("100 words"));
    assert!(wrong(&"x".repeat(1_001)).contains("1000 characters at most"));
    let error = wrong(&format!("status:{}", "x".repeat(3_000)));
    assert!(error.chars().count() < 300, "{error}");
    let error = wrong(&format!("{}:a", "x".repeat(3_000)));
    assert!(error.chars().count() < 500, "{error}");
}

fn filter(query: &str) -> ExecutionFilter {
    ExecutionFilter::default().with_query(&tree(query))
}

fn meaning(query: &str) -> String {
    // Without the filters that a query sets: all of it as a condition.
    let filter = ExecutionFilter {
        query: Some(Query(Arc::new(tree(query)))),
        ..ExecutionFilter::default()
    };
    format!("{:?}", filter.conditions())
}

#[test]
fn a_change_beside_a_host_is_the_hosts_own() {
    for (query, same) in [
        ("host:a changed:yes", "changed:yes host:a"),
        ("host:a changed:yes", "(host:a) AND (changed:yes)"),
        ("host:a changed:yes", "host:a NOT changed:no"),
        ("host:a changed:yes", "host:a -changed:no,no"),
        ("host:a,b changed:yes", "(host:a OR host:b) changed:yes"),
        ("host:a changed:yes,no", "host:a"),
        ("host:a changed:yes changed:no", "changed:yes changed:no"),
        (
            "status:failed (host:a changed:no)",
            "status:failed host:a changed:no",
        ),
    ] {
        assert_eq!(meaning(query), meaning(same), "{query} and {same}");
    }
    for (query, other) in [
        ("host:a changed:yes", "host:a changed:no"),
        ("host:a changed:yes", "host:a"),
        // Here, the run changed something.
        ("NOT host:a changed:yes", "NOT (host:a changed:yes)"),
        (
            "changed:yes (host:a OR user:b)",
            "host:a changed:yes OR changed:yes user:b",
        ),
    ] {
        assert_ne!(meaning(query), meaning(other), "{query} and {other}");
    }
    // Whether the filter or the query names it.
    let both = filter("host:a changed:yes");
    let split = ExecutionFilter {
        host: Some("a".to_owned()),
        ..ExecutionFilter::default()
    };
    let split = split.with_query(&tree("changed:yes,yes"));
    assert_eq!(
        format!("{:?}", both.conditions()),
        format!("{:?}", split.conditions())
    );
    let split = ExecutionFilter {
        changed: Some(false),
        ..ExecutionFilter::default()
    };
    let conditions = split.with_query(&tree("host:a*")).conditions();
    assert!(
        matches!(
            &conditions[..],
            [Condition::Host {
                changed: Some(false),
                ..
            }]
        ),
        "{conditions:?}"
    );
}

#[test]
fn what_a_filter_can_say_is_a_filter() {
    let expected = ExecutionFilter {
        status: Some(crate::model::Status::Failed),
        host: Some("web".to_owned()),
        changed: Some(true),
        text: Some("refused".to_owned()),
        from_us: Some(0),
        ..ExecutionFilter::default()
    };
    let query = "host:web changed:yes status:failed since:1970-01-01 refused";
    assert_eq!(filter(query), expected);
    assert!(!filter(query).suits_rolls(), "for its text alone");
    assert!(filter("host:web user:ann").suits_rolls());
    assert!(!filter("host:web,db").suits_rolls());
    assert!(filter("status:failed OR NOT (user:ann,b* label:night)").suits_rolls());
    assert!(filter("(playbook:plays/* changed:yes) OR type:adhoc").suits_rolls());
    assert!(!filter("status:failed OR host:web").suits_rolls());
    assert!(!filter("status:failed OR since:2026-01-01").suits_rolls());
    assert!(!filter("host:web (status:failed OR changed:yes)").suits_rolls());
    // The longest text is the rarest.
    let two = filter("of refused");
    assert_eq!(two.text.as_deref(), Some("refused"));
    assert_eq!(two.query.unwrap().expression(), &tree("of"));
    // What is set already stays, and must hold, too.
    let set = ExecutionFilter {
        user: Some("ann".to_owned()),
        ..ExecutionFilter::default()
    };
    let set = set.with_query(&tree("user:bob"));
    assert_eq!(set.user.as_deref(), Some("ann"));
    assert_eq!(set.conditions().len(), 2);
    let twice = filter("user:a,b").with_query(&tree("label:c,d"));
    assert_eq!(twice.conditions().len(), 2);
}

#[test]
fn every_filter_that_is_a_text_takes_a_pattern() {
    for field in language() {
        let is_text = matches!(field.kind, Kind::Text | Kind::Path);
        assert_eq!(field.meaning.glob.is_some(), is_text, "{}", field.name);
    }
}

fn value(field: &'static Field<ExecutionFilter>) -> BoxedStrategy<Value> {
    let text = prop_oneof![
        "[a-z]{1,3}",
        "AND|OR|NOT|-a|a:b|/a/|a\\*b|\\(|\\)|,|\"|\\\\|\\\\\"|a b| ",
        "\\PC{1,4}"
    ];
    let read = move |text: String| {
        let mut filter = ExecutionFilter::default();
        (field.set)(&mut filter, &text).unwrap();
        Value::Exact((field.get)(&filter).unwrap())
    };
    match field.kind {
        Kind::Word(words) | Kind::OpenWord(words) => prop::sample::select(words())
            .prop_map(move |word| read(word.to_owned()))
            .boxed(),
        Kind::Text | Kind::Path => prop_oneof![
            text.prop_map(read),
            "[a-z/?!%_\\[-]{0,2}\\*[a-z]{0,2}\\*?"
                // Between two slashes, it would be a regular expression.
                .prop_filter("a pattern", |text| !text.starts_with('/'))
                .prop_map(|text| Value::Glob(Glob::new(&text).unwrap()))
        ]
        .boxed(),
        Kind::Part => text.prop_map(read).boxed(),
        Kind::Flag => any::<bool>()
            .prop_map(move |flag| read(flag.to_string()))
            .boxed(),
        Kind::Id => "[0-9a-f]{4,32}".prop_map(read).boxed(),
        Kind::Number => any::<u32>()
            .prop_map(move |number| read(number.to_string()))
            .boxed(),
        Kind::Seconds => (0..10_000_000_u32)
            .prop_map(move |us| read((f64::from(us) / 1e6).to_string()))
            .boxed(),
        Kind::Time(_) => (0..NOW)
            .prop_map(move |us| read(parse::show_time(us)))
            .boxed(),
    }
}

fn expression() -> impl Strategy<Value = Expression> {
    let fields: Vec<_> = language().collect();
    let term = prop::sample::select(fields)
        .prop_flat_map(|field| {
            let values = prop::collection::vec(value(field), 1..3);
            values.prop_map(move |values| Expression::Term(Term { field, values }))
        })
        .boxed();
    term.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expression::all),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expression::any),
            inner.prop_map(Expression::negated),
        ]
    })
}

impl std::fmt::Debug for Field<ExecutionFilter> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

proptest! {
    #[test]
    fn a_tree_is_read_from_its_text(tree in expression()) {
        let text = tree.to_string();
        prop_assert_eq!(parsed(&text), Ok(Some(tree)), "{}", text);
    }

    #[test]
    fn any_text_is_a_query_or_an_error_with_its_place(
        text in "([a-z]{1,3}|[():\"/*,\\\\é -]|AND |OR |NOT |status:|host:|failed){0,20}|\\PC{0,30}"
    ) {
        match parsed(&text) {
            Ok(None) => prop_assert!(text.trim().is_empty()),
            Ok(Some(tree)) => prop_assert_eq!(parsed(&tree.to_string()), Ok(Some(tree))),
            Err(error) => {
                prop_assert!(text.get(error.at.clone()).is_some(), "{:?}", error);
                prop_assert!(error.column <= text.chars().count() + 1);
            }
        }
    }
}

//! Printed output is exact, and can be read by range, whatever pieces it arrived in.

use serde_json::{Value, json};

use crate::builders::{Run, good_run};
use crate::harness::{Client, Collector};
use crate::socket::Socket;

#[track_caller]
fn text(client: &Client, run: &Run, query: &str) -> String {
    let answer = client.execution(run.id, &format!("/output?format=text{query}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    answer.text
}

#[track_caller]
fn lines(client: &Client, run: &Run, query: &str) -> (Vec<String>, Value) {
    let mut page = client.execution(run.id, &format!("/output?{query}")).ok();
    let line = |line: &Value| line["text"].as_str().unwrap().to_owned();
    let lines = page["lines"].as_array().unwrap().iter().map(line).collect();
    (lines, page["next"].take())
}

#[test]
pub(crate) fn lines_are_what_was_printed_whatever_the_pieces() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::new()
        .output("one\ntw")
        .output("o\n\nthr")
        .output("ee ")
        .errors("and a warning\n")
        .errors("[WARNING]: old\n")
        .output("tab\tünï 🙂\r\n")
        .output("")
        .output("no newline at the end")
        .ended(0);
    // Each event in a batch of its own: lines span batches too.
    for index in 0..run.len() {
        run.deliver_range(&client, index..index + 1);
    }
    let exact =
        "one\ntwo\n\nthree and a warning\n[WARNING]: old\ntab\tünï 🙂\r\nno newline at the end";
    assert_eq!(text(&client, &run, ""), exact);
    let all: Vec<&str> = exact.split('\n').collect();
    assert_eq!(lines(&client, &run, "").0, all);
    assert_eq!(client.execution(run.id, "").ok()["output"], json!(all));
    assert_eq!(client.execution(run.id, "").ok()["output_lines"], all.len());
    assert_eq!(Socket::watch(&collector, run.id, "").rest().0, all);

    for from in 0..=all.len() {
        assert_eq!(lines(&client, &run, &format!("from={from}")).0, all[from..]);
        let since = Socket::watch(&collector, run.id, &format!("?since={from}"))
            .rest()
            .0;
        assert_eq!(since, all[from..], "since {from}");
        for to in from..=all.len() {
            let range = format!("from={from}&to={to}");
            assert_eq!(lines(&client, &run, &range).0, all[from..to], "{range}");
            let mut expected = all[from..to].join("\n");
            if to < all.len() && to > from {
                expected.push('\n');
            }
            assert_eq!(
                text(&client, &run, &format!("&{range}")),
                expected,
                "{range}"
            );
        }
    }
    assert_eq!(lines(&client, &run, "stream=stderr").0, ["[WARNING]: old"]);
    assert_eq!(text(&client, &run, "&stream=stderr"), "[WARNING]: old\n");
    assert_eq!(lines(&client, &run, "stream=stdout").0.len(), all.len() - 1);

    let mut paged = Vec::new();
    let mut from = json!(0);
    while !from.is_null() {
        let (page, next) = lines(&client, &run, &format!("limit=2&from={from}"));
        paged.extend(page);
        from = next;
    }
    assert_eq!(paged, all);
}

#[test]
fn a_run_that_printed_nothing_has_no_lines() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::new().ended(0);
    run.deliver(&client);
    assert_eq!(text(&client, &run, ""), "");
    assert_eq!(lines(&client, &run, ""), (vec![], Value::Null));
    assert_eq!(client.execution(run.id, "").ok()["output"], json!([]));
}

#[test]
pub(crate) fn an_open_line_of_a_running_run_is_shown_when_it_is_ended() {
    let collector = Collector::start();
    let client = collector.client();
    let run = Run::new().output("first\nsec").output("ond\n");
    run.deliver_range(&client, 0..2);
    assert_eq!(lines(&client, &run, "").0, ["first"]);
    run.deliver_range(&client, 2..3);
    assert_eq!(lines(&client, &run, "").0, ["first", "second"]);
}

/// One line of 100 MB, in pieces as a recorder sends them.
#[test]
fn a_line_of_100_mb_is_kept_whole_and_does_not_fill_the_memory() {
    const PIECE: usize = 900 << 10;
    const PIECES: usize = 112;
    let collector = Collector::start();
    let client = collector.client();
    let piece = |index: usize| {
        let letter = char::from(b'a' + (index % 26) as u8);
        String::from(letter).repeat(PIECE)
    };
    let mut run = Run::new().output("before\n");
    for index in 0..PIECES {
        run = run.output(&piece(index));
    }
    let run = run.output("\nafter\n").ended(0);
    for index in 0..run.len() {
        run.deliver_range(&client, index..index + 1);
    }
    assert!(
        collector.peak_memory() < 200 << 20,
        "{} bytes taking it in",
        collector.peak_memory()
    );

    let viewers: Vec<_> = (0..4)
        .map(|_| Socket::watch(&collector, run.id, ""))
        .collect();
    for mut viewer in viewers {
        let (lines, record) = viewer.rest();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].len() < 1 << 20 && lines[1].starts_with("aaaa"));
        let note = format!("this line has {} bytes", PIECE * PIECES);
        assert!(
            lines[1].contains(&note),
            "{}",
            &lines[1][lines[1].len() - 200..]
        );
        assert_eq!((lines[0].as_str(), lines[2].as_str()), ("before", "after"));
        assert_eq!(record["output_lines"], 3);
    }
    let whole = text(&client, &run, "");
    assert_eq!(whole.len(), PIECE * PIECES + "before\n\nafter\n".len());
    let (head, rest) = whole.split_once('\n').unwrap();
    let (line, tail) = rest.split_once('\n').unwrap();
    assert_eq!((head, tail), ("before", "after\n"));
    for (index, part) in line.as_bytes().chunks(PIECE).enumerate() {
        assert!(part == piece(index).as_bytes(), "piece {index}");
    }
    let peak = collector.peak_memory();
    assert!(peak < 300 << 20, "{peak} bytes showing it");
}

#[test]
pub(crate) fn other_runs_are_not_mixed_in() {
    let collector = Collector::start();
    let client = collector.client();
    let (a, b) = (good_run(), Run::new().output("b\n").ended(0));
    a.deliver(&client);
    b.deliver(&client);
    assert_eq!(text(&client, &b, ""), "b\n");
    assert_eq!(
        text(&client, &a, ""),
        "\nPLAY [web] ****\nchanged: [web-01]\n"
    );
}

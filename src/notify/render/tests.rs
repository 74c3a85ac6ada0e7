use serde_json::Value;

use super::*;
use crate::model::{Status, Trigger};
use crate::notify::notice::NoticeFailure;

const ID: Uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);

fn settings(json: serde_json::Value) -> TargetSettings {
    serde_json::from_value(json).unwrap()
}

fn secrets() -> TargetSecrets {
    TargetSecrets {
        url: Some("https://example.org/hook".into()),
        token: Some("hunter2".into()),
        signing: vec![sign::secret(&[1; 32])],
        ..TargetSecrets::default()
    }
}

fn notice() -> Notice {
    let mut notice = Notice::example("ops", ID, 1_768_903_200_000_000, Some("https://p.example"));
    notice.data.test = false;
    notice.data.failures.push(NoticeFailure {
        message: Some("<@everyone> *bold* ``` end & <script>".to_owned()),
        task: Some("evil | task".to_owned()),
        hosts: vec!["web-02".to_owned()],
        host_count: 12,
        ..NoticeFailure::default()
    });
    notice
}

fn request(json: serde_json::Value) -> HttpRequest {
    match outgoing(&settings(json), &secrets(), &notice(), ID, 1_768_903_200).unwrap() {
        Outgoing::Http(request) => request,
        Outgoing::Mail(mail) => panic!("{mail:?}"),
    }
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_str(request.body.expose_secret()).unwrap()
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> &'r str {
    let mut found = request.headers.iter().filter(|(known, _)| known == name);
    found.next().map_or("", |(_, value)| value.expose_secret())
}

#[test]
fn a_webhook_has_the_three_headers_and_the_whole_notice() {
    let request = request(serde_json::json!({ "kind": "webhook" }));
    assert_eq!(
        header(&request, "webhook-id"),
        "msg_0123456789abcdef0123456789abcdef"
    );
    assert_eq!(header(&request, "webhook-timestamp"), "1768903200");
    assert!(header(&request, "webhook-signature").starts_with("v1,"));
    let body = body(&request);
    assert_eq!(body["type"], "run.broke");
    assert_eq!(body["timestamp"], "2026-01-20T10:00:00Z");
    assert_eq!(
        body["data"]["run"]["url"],
        format!("https://p.example/runs/{ID}")
    );
    assert_eq!(body["data"]["failures"][0]["hosts"][0], "web-01");
    let again: Notice = serde_json::from_value(body).unwrap();
    assert_eq!(again, notice());
}

#[test]
fn what_failed_is_told_in_every_form() {
    for kind in [
        "webhook",
        "slack",
        "teams",
        "mattermost",
        "matrix",
        "pagerduty",
    ] {
        let request = request(serde_json::json!({ "kind": kind, "room": "!a:example.org" }));
        let body = request.body.expose_secret();
        for part in [
            "site.yml",
            "No space left on device",
            "web-01",
            "/runs/01234567",
        ] {
            // Markdown may escape some characters.
            let plain = body.replace("\\\\", "");
            assert!(plain.contains(part), "{kind}: {part}: {body}");
        }
        assert!(!request.shown_body.contains("hunter2"), "{kind}");
    }
}

#[test]
fn nothing_that_was_recorded_is_markup() {
    let slack = request(serde_json::json!({ "kind": "slack" }));
    let text = slack.body.expose_secret();
    assert!(!text.contains("<@everyone>"), "{text}");
    assert!(text.contains("&lt;@everyone&gt;"), "{text}");
    let blocks = body(&slack)["blocks"].to_string();
    assert_eq!(blocks.matches("```").count(), 4, "{blocks}");
    let mattermost = body(&request(serde_json::json!({ "kind": "mattermost" })));
    let text = mattermost["text"].as_str().unwrap();
    assert_eq!(text.matches("```").count(), 4, "{text}");
    assert!(text.contains("evil \\| task"), "{text}");
    let matrix = request(serde_json::json!({ "kind": "matrix", "room": "!a:example.org" }));
    let html = body(&matrix)["formatted_body"].to_string();
    assert!(!html.contains("<script>"), "{html}");
}

/// What Slack would refuse, or show as a broken link.
#[test]
fn a_message_with_long_names_is_taken() {
    let mut notice = notice();
    let long = "web-01&<>,".repeat(2_000);
    let run = notice.data.run.as_mut().unwrap();
    run.limit = Some(long.clone());
    run.labels = vec![long.clone(); 3];
    notice.data.title = format!("site.yml on {long} broke");
    notice.data.verdict = vec![long.clone(); 9];
    notice.data.failures[0].task = Some(long.clone());
    notice.data.failures[0].message = Some(long);
    let mut digest = notice.clone();
    digest.data.digest = Some(crate::notify::notice::Digest {
        runs: vec![digest.data.run.clone().unwrap(); 10],
        ..Default::default()
    });
    let made = |kind: &str, notice: &Notice| {
        let settings = settings(serde_json::json!({ "kind": kind, "room": "!a:example.org" }));
        match outgoing(&settings, &secrets(), notice, ID, 0).unwrap() {
            Outgoing::Http(request) => body(&request),
            Outgoing::Mail(mail) => panic!("{mail:?}"),
        }
    };
    let slack = [made("slack", &notice), made("slack", &digest)];
    let blocks = slack.iter().map(|made| made["blocks"].as_array().unwrap());
    let blocks: Vec<&serde_json::Value> = blocks.flatten().collect();
    assert!(blocks.len() > 4, "{blocks:?}");
    for block in blocks {
        let text = block["text"]["text"].as_str().unwrap();
        assert!(text.chars().count() <= 3000, "{}", text.chars().count());
        // Links and escaped characters are whole.
        assert_eq!(text.matches('<').count(), text.matches('>').count());
        let escaped = ["&amp;", "&lt;", "&gt;"].map(|one| text.matches(one).count());
        assert_eq!(text.matches('&').count(), escaped.iter().sum::<usize>());
    }
    assert!(slack[0]["text"].as_str().unwrap().ends_with(" broke"));
    for kind in ["teams", "mattermost"] {
        for notice in [&notice, &digest] {
            let length = made(kind, notice).to_string().len();
            assert!(length < 28_000, "{kind}: {length}");
        }
    }
}

#[test]
fn a_message_of_matrix_mentions_nobody() {
    let mut notice = notice();
    notice.data.title = "@room and @Room: ann@roommate.example, @ro".to_owned();
    let settings = settings(serde_json::json!({ "kind": "matrix", "room": "!a:example.org" }));
    let made = outgoing(&settings, &secrets(), &notice, ID, 0).unwrap();
    let Outgoing::Http(request) = made else {
        panic!("{made:?}");
    };
    let body = body(&request);
    assert_eq!(body["m.mentions"], serde_json::json!({}));
    for part in ["body", "formatted_body"] {
        let text = body[part].as_str().unwrap();
        assert!(!text.to_lowercase().contains("@room"), "{text}");
        assert!(text.contains("@\u{200b}Room: ann@"), "{text}");
    }
}

#[test]
fn a_matrix_message_is_one_transaction_whatever_the_attempts() {
    let matrix = request(serde_json::json!({ "kind": "matrix", "room": "!a b:example.org" }));
    assert_eq!(matrix.method, "PUT");
    assert_eq!(
        matrix.url.expose_secret(),
        "https://example.org/hook/_matrix/client/v3/rooms/%21a%20b%3Aexample.org/send/m.room.message/\
         0123456789abcdef0123456789abcdef"
    );
    assert_eq!(header(&matrix, "authorization"), "Bearer hunter2");
}

#[test]
fn pagerduty_triggers_and_resolves_with_one_key() {
    let event = |trigger: Trigger, status: Status| {
        let mut notice = notice();
        notice.data.triggers = vec![trigger];
        if let Some(run) = &mut notice.data.run {
            run.status = status;
        }
        let settings = settings(serde_json::json!({ "kind": "pagerduty" }));
        let made = outgoing(&settings, &secrets(), &notice, ID, 0).unwrap();
        let Outgoing::Http(request) = made else {
            panic!("{made:?}");
        };
        assert!(!request.shown_body.contains("routing_key"));
        body(&request)
    };
    let broke = event(Trigger::Broke, Status::Failed);
    let recovered = event(Trigger::Recovered, Status::Success);
    assert_eq!(broke["event_action"], "trigger");
    assert_eq!(broke["routing_key"], "hunter2");
    assert_eq!(recovered["event_action"], "resolve");
    assert_eq!(broke["dedup_key"], recovered["dedup_key"]);
    let finished = event(Trigger::Finished, Status::Success);
    assert_eq!(finished["event_action"], "resolve");
}

#[test]
fn a_mail_has_one_subject_line_text_and_html() {
    let mut notice = notice();
    notice.data.title = "a\r\nBcc: everybody@example.org".to_owned();
    let made = outgoing(
        &settings(serde_json::json!({ "kind": "mail" })),
        &secrets(),
        &notice,
        ID,
        0,
    );
    let Outgoing::Mail(mail) = made.unwrap() else {
        panic!("a mail");
    };
    assert!(!mail.subject.contains(['\r', '\n']), "{:?}", mail.subject);
    assert!(
        mail.text.contains("    No space left on device"),
        "{}",
        mail.text
    );
    assert!(mail.html.contains("&lt;script&gt;"), "{}", mail.html);
    assert!(!mail.html.contains("<img") && !mail.html.contains("src="));
}

fn rendered(template: &str) -> Result<String, String> {
    template::render("body", template, &notice(), ID, None)
}

#[test]
fn a_template_has_everything_of_a_notice() {
    let text = rendered(
        "{\"text\": {{ title | tojson }}, \"on\": {{ run.inventory | tojson }}, \"hosts\": \
         {{ failures[0].hosts | tojson }}, \"id\": \"{{ id }}\", \"missing\": \"{{ run.nothing }}\"}",
    );
    let json: Value = serde_json::from_str(&text.unwrap()).unwrap();
    assert_eq!(json["text"], "site.yml on production broke");
    assert_eq!(json["hosts"][0], "web-01");
    assert_eq!(json["id"], "msg_0123456789abcdef0123456789abcdef");
    assert_eq!(json["missing"], "");
}

#[test]
fn a_template_has_a_secret_that_the_log_has_not() {
    let body = "{{ token | tojson }} {{ token | upper }} {{ title }}";
    let request = request(serde_json::json!({ "kind": "template", "body": body }));
    let sent = "\"hunter2\" HUNTER2 site.yml on production broke";
    assert_eq!(request.body.expose_secret(), sent);
    let shown = "\"***\" *** site.yml on production broke";
    assert_eq!(request.shown_body, shown);
}

#[test]
fn a_template_that_fails_or_loops_says_so() {
    for (template, says) in [
        ("{{ title", "syntax error"),
        ("a\n{{ nothing.below }}", "line 2"),
        ("{{ title | nothing }}", "unknown filter"),
        ("{% include 'other' %}", "template body"),
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
            "too many steps",
        ),
        (
            "{% for a in range(9000) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }}{% endfor %}",
            "too much text",
        ),
    ] {
        let error = rendered(template).unwrap_err();
        assert!(error.contains(says), "{template}: {error}");
        assert!(error.contains("template body"), "{error}");
    }
}

#[test]
fn a_header_of_a_template_is_one_line() {
    let settings = settings(serde_json::json!({ "kind": "template", "body": "x" }));
    let mut secrets = secrets();
    secrets
        .headers
        .insert("x-a".to_owned(), "{{ title }}\nx: y".into());
    let error = outgoing(&settings, &secrets, &notice(), ID, 0).unwrap_err();
    assert!(error.contains("x-a"), "{error}");
}

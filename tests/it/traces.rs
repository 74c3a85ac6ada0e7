//! Runs as OpenTelemetry traces: what a receiver gets, and what becomes of it when the receiver is away, slow or refuses.
//! The receiver is a real HTTP server, which decodes what it gets as a receiver does.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use playback::clock::Clock;
use playback::store::dialect::Engine;
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::builders::{Run, TEN, good_run};
use crate::exec::Spools;
use crate::harness::{Client, Collector, Setup, eventually};
use crate::metrics::figures;
use crate::servers;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What the receiver answers.
#[derive(Debug, Clone)]
enum Reply {
    /// It takes everything.
    Take,
    /// It takes all but one span.
    Partly,
    /// A status, with these header lines.
    Status(u16, &'static str),
    /// Nothing, until the client gives up.
    Never,
}

/// A request as the receiver understood it.
#[derive(Debug, Clone)]
struct Got {
    path: String,
    headers: BTreeMap<String, String>,
    resource: HashMap<String, Any>,
    spans: Vec<Span>,
    /// Whether it was taken.
    taken: bool,
}

/// A receiver of traces.
struct Receiver {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
}

impl Receiver {
    /// A receiver that answers so, and then takes everything.
    fn start(replies: &[Reply]) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), replies)
    }

    fn listen(listener: TcpListener, replies: &[Reply]) -> Self {
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            got: Arc::default(),
            replies: Arc::new(Mutex::new(replies.iter().cloned().collect())),
        };
        let (got, replies) = (Arc::clone(&receiver.got), Arc::clone(&receiver.replies));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (got, replies) = (Arc::clone(&got), Arc::clone(&replies));
                std::thread::spawn(move || serve(client.unwrap(), &got, &replies));
            }
        });
        receiver
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The spans that were taken, request by request.
    fn taken(&self) -> Vec<Span> {
        let taken = self.got().into_iter().filter(|got| got.taken);
        taken.flat_map(|got| got.spans).collect()
    }

    /// The spans of a run, once this many were taken.
    #[track_caller]
    fn spans(&self, count: usize) -> Vec<Span> {
        eventually("the spans to be taken", || {
            let taken = self.taken();
            (taken.len() >= count).then_some(taken)
        })
    }
}

fn serve(client: TcpStream, got: &Mutex<Vec<Got>>, replies: &Mutex<VecDeque<Reply>>) -> Option<()> {
    let mut writer = client.try_clone().ok()?;
    let mut reader = BufReader::new(client);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).ok()? == 0 {
            return None;
        }
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim().split_once(':') else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        if headers
            .get("content-encoding")
            .is_some_and(|encoding| encoding == "gzip")
        {
            let mut plain = Vec::new();
            let mut gzip = flate2::read::GzDecoder::new(&body[..]);
            gzip.read_to_end(&mut plain).unwrap();
            body = plain;
        }
        let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
        let reply = replies.lock().unwrap().pop_front().unwrap_or(Reply::Take);
        let [of_one] = &request.resource_spans[..] else {
            panic!("{request:?}");
        };
        let resource = of_one.resource.as_ref().unwrap();
        got.lock().unwrap().push(Got {
            path: first.split(' ').nth(1)?.to_owned(),
            headers,
            resource: attributes(&resource.attributes),
            spans: of_one.scope_spans[0].spans.clone(),
            taken: matches!(reply, Reply::Take | Reply::Partly),
        });
        let (status, more, body) = match reply {
            Reply::Take => (200, "", Vec::new()),
            Reply::Partly => {
                let partly = ExportTracePartialSuccess {
                    rejected_spans: 1,
                    error_message: "one is too old".to_owned(),
                };
                let answer = ExportTraceServiceResponse {
                    partial_success: Some(partly),
                };
                (200, "", answer.encode_to_vec())
            }
            Reply::Status(status, more) => (status, more, b"not now".to_vec()),
            // The connection stays open until the client closes it.
            Reply::Never => {
                let _ = reader.read_line(&mut first);
                return None;
            }
        };
        let head = format!(
            "HTTP/1.1 {status} Said\r\n{more}Content-Length: {}\r\n\r\n",
            body.len()
        );
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(&body).ok()?;
    }
}

fn attributes(of: &[KeyValue]) -> HashMap<String, Any> {
    let one = |pair: &KeyValue| {
        let AnyValue { value } = pair.value.clone()?;
        Some((pair.key.clone(), value?))
    };
    of.iter().filter_map(one).collect()
}

fn text(of: &HashMap<String, Any>, key: &str) -> String {
    match of.get(key) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(Any::IntValue(number)) => number.to_string(),
        Some(Any::BoolValue(flag)) => flag.to_string(),
        other => format!("{other:?}"),
    }
}

#[track_caller]
fn named<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found
        .next()
        .unwrap_or_else(|| panic!("no {name}: {spans:#?}"));
    assert!(found.next().is_none(), "several are named {name}");
    span
}

/// What is said at the start of a run that is news, and when it starts.
fn news(more: Value) -> Run {
    let mut started = json!({ "type": "playbook", "playbook": "site.yml" });
    let all = started.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    Run::starting(Clock::system().now_us() - 60_000_000, started)
}

/// A short run that is news: 4 spans.
fn short(more: Value) -> Run {
    news(more).play("web").task("ping").ok("web-01").ended(0)
}

fn collector(receiver: &Receiver, config: &str) -> Collector {
    let settings = format!("[traces]\nendpoint = \"{}\"\n{config}", receiver.url());
    Setup::default().config(&settings).start()
}

/// The value of a counter of traces that ended so.
fn ended(client: &Client, outcome: &str) -> u64 {
    let series = format!("playback_traces_ended_total{{outcome=\"{outcome}\"}} ");
    let text = figures(client);
    let found = text.lines().find_map(|line| line.strip_prefix(&series));
    found.map_or(0, |value| value.parse().unwrap())
}

#[track_caller]
fn until_ended(client: &Client, outcome: &str, count: u64) {
    eventually("the trace to end", || {
        (ended(client, outcome) >= count).then_some(())
    });
    assert_eq!(ended(client, outcome), count, "{outcome}");
}

#[test]
pub(crate) fn a_run_is_a_trace_of_its_plays_tasks_and_hosts() {
    let receiver = Receiver::start(&[]);
    let collector = Setup::default()
        .config("[http]\npublic_url = \"https://play.example\"\n[traces]\nmax_spans = 500\n")
        .environment("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url())
        .environment(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer%20hunter2",
        )
        .environment("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .environment(
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=prod",
        )
        .start();
    let client = collector.client();
    let more = json!({
        "inventory": "prod", "user": "ann", "labels": ["nightly"], "ansible_version": "2.19.0",
        "git": { "commit": "0123456789abcdef", "branch": "main" },
    });
    let run = news(more)
        .play("web")
        .task("install")
        .after(1.0)
        .result(
            "web-01",
            "ok",
            json!({ "changed": true, "content": { "msg": "a secret" } }),
        )
        .failed("web-02")
        .task("check")
        .result("web-01", "failed", json!({ "ignored": true }))
        .ended(2);
    run.deliver(&client);
    let spans = receiver.spans(7);
    let got = receiver.got();
    assert_eq!((got.len(), spans.len()), (1, 7), "{spans:#?}");
    assert_eq!(got[0].path, "/v1/traces");
    assert_eq!(got[0].headers["content-type"], "application/x-protobuf");
    assert_eq!(got[0].headers["authorization"], "Bearer hunter2");
    assert_eq!(text(&got[0].resource, "service.name"), "playback");
    assert_eq!(
        text(&got[0].resource, "deployment.environment.name"),
        "prod"
    );
    // One trace, each span with an identity of its own, below the one that it belongs to.
    assert!(spans.iter().all(|span| span.trace_id == run.id.as_bytes()));
    let ids: HashSet<&Vec<u8>> = spans.iter().map(|span| &span.span_id).collect();
    assert!(ids.len() == 7 && ids.iter().all(|id| id.len() == 8));
    let root = named(&spans, "RUN site.yml");
    let play = named(&spans, "web");
    let (install, check) = (named(&spans, "install"), named(&spans, "check"));
    let failed = named(&spans, "web-02");
    assert_eq!(root.parent_span_id, Vec::<u8>::new());
    assert_eq!(play.parent_span_id, root.span_id);
    assert!(install.parent_span_id == play.span_id && check.parent_span_id == play.span_id);
    assert_eq!(failed.parent_span_id, install.span_id);
    // As the record has it.
    let record = client.execution(run.id, "").ok();
    let hex: String = root
        .trace_id
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(record["trace_id"], hex);
    let of = attributes(&root.attributes);
    for (key, value) in [
        ("cicd.pipeline.name", "site.yml"),
        ("cicd.pipeline.action.name", "RUN"),
        ("cicd.pipeline.run.id", run.id.to_string().as_str()),
        (
            "cicd.pipeline.run.url.full",
            format!("https://play.example/runs/{}", run.id).as_str(),
        ),
        ("cicd.pipeline.result", "failure"),
        ("error.type", "task_failed"),
        ("vcs.ref.head.revision", "0123456789abcdef"),
        ("vcs.ref.head.name", "main"),
        ("process.exit.code", "2"),
        ("ansible.inventory", "prod"),
        ("ansible.user", "ann"),
        ("ansible.results", "3"),
    ] {
        assert_eq!(text(&of, key), value, "{key}");
    }
    assert!(!of.contains_key("playback.trace.results_left_out"));
    assert_eq!((root.kind, root.status.as_ref().unwrap().code), (2, 2));
    let seconds = (root.end_time_unix_nano - root.start_time_unix_nano) as f64 / 1e9;
    assert!(
        (seconds - record["duration"].as_f64().unwrap()).abs() < 0.001,
        "{seconds}"
    );
    let of = attributes(&install.attributes);
    for (key, value) in [
        ("cicd.pipeline.task.name", "install"),
        ("cicd.pipeline.task.run.id", "1"),
        ("cicd.pipeline.task.run.result", "failure"),
        ("code.file.path", "roles/web/tasks/main.yml"),
        ("code.line.number", "1"),
        ("ansible.task.results.changed", "1"),
        ("ansible.task.results.failed", "1"),
    ] {
        assert_eq!(text(&of, key), value, "{key}");
    }
    assert_eq!(
        text(
            &attributes(&check.attributes),
            "cicd.pipeline.task.run.result"
        ),
        "success"
    );
    let of = attributes(&failed.attributes);
    assert_eq!(text(&of, "ansible.host"), "web-02");
    assert_eq!(text(&of, "error.type"), "task_failed");
    assert_eq!(failed.status.as_ref().unwrap().code, 2);
    let well: Vec<&Span> = spans.iter().filter(|span| span.name == "web-01").collect();
    assert!(well.len() == 2 && well.iter().all(|span| span.status.is_none()));
    // Everything lies within what it belongs to, and nothing tells what tasks returned.
    for span in &spans {
        assert!(
            span.start_time_unix_nano >= root.start_time_unix_nano,
            "{span:?}"
        );
        assert!(
            span.end_time_unix_nano <= root.end_time_unix_nano,
            "{span:?}"
        );
    }
    assert!(!format!("{spans:?}").contains("a secret"));
    until_ended(&client, "sent", 1);
    assert!(figures(&client).contains("playback_traces_pending 0\n"));
}

#[test]
fn a_run_belongs_to_the_trace_that_its_environment_names() {
    let receiver = Receiver::start(&[]);
    let collector = collector(&receiver, "");
    let client = collector.client();
    let child = short(json!({ "traceparent": PARENT }));
    child.deliver(&client);
    let spans = receiver.spans(4);
    let root = named(&spans, "RUN site.yml");
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    assert!(
        spans
            .iter()
            .all(|span| hex(&span.trace_id) == "4bf92f3577b34da6a3ce929d0e0e4736")
    );
    assert_eq!(hex(&root.parent_span_id), "00f067aa0ba902b7");
    let record = client.execution(child.id, "").ok();
    assert_eq!(record["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(record["traceparent"], PARENT);
    // Nobody wants this one.
    let unsampled = PARENT.replace("-01", "-00");
    short(json!({ "traceparent": unsampled })).deliver(&client);
    until_ended(&client, "not_sampled", 1);
    // What is no parent is none, and no reason to refuse a run.
    for odd in [json!("nonsense"), json!(7), json!(null), json!({ "a": 1 })] {
        let run = short(json!({ "traceparent": odd }));
        run.deliver(&client);
        let spans = eventually("its spans", || {
            let spans: Vec<Span> = receiver.taken();
            let own = spans
                .into_iter()
                .filter(|span| span.trace_id == run.id.as_bytes());
            Some(own.collect::<Vec<Span>>()).filter(|own| own.len() == 4)
        });
        assert_eq!(
            named(&spans, "RUN site.yml").parent_span_id,
            Vec::<u8>::new()
        );
    }
    // Counted after the receiver has answered.
    until_ended(&client, "sent", 5);
}

#[test]
fn a_recorded_command_tells_the_span_that_started_it() {
    let receiver = Receiver::start(&[]);
    let collector = collector(&receiver, "");
    let told = |parent: &str| {
        let spools = Spools::new();
        let mut exec = spools.script("exit 3");
        exec.env("PLAYBACK_URL", collector.url())
            .env("PLAYBACK_TOKEN", &collector.token)
            // The command waits for the delivery, however slow the machine is.
            .env("PLAYBACK_FLUSH_SECONDS", "60")
            .env("PLAYBACK_FLUSH_SECONDS_UNREACHABLE", "60")
            .env("TRACEPARENT", parent);
        assert_eq!(exec.status().unwrap().code(), Some(3));
    };
    told(PARENT);
    let spans = receiver.spans(1);
    assert_eq!(
        spans[0].parent_span_id,
        [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]
    );
    assert_eq!(
        text(&attributes(&spans[0].attributes), "process.exit.code"),
        "3"
    );
    // Whatever else stands there is no reason not to record.
    told("none of mine");
    assert_eq!(receiver.spans(2)[1].parent_span_id, Vec::<u8>::new());
}

#[test]
fn a_trace_waits_for_a_receiver_that_is_away_also_through_a_restart() {
    let port = servers::free_port();
    let address = format!("127.0.0.1:{port}");
    let config = format!("[traces]\nendpoint = \"http://{address}\"\n");
    let mut collector = Setup::default().config(&config).start();
    let run = short(json!({}));
    run.deliver(&collector.client());
    eventually("the receiver to be missed", || {
        let log = collector.log();
        let told = |line: &Value| {
            let text = line["message"].as_str().unwrap_or_default();
            text.contains("traces are not taken")
        };
        log.iter().any(told).then_some(())
    });
    assert!(figures(&collector.client()).contains("playback_traces_pending 1\n"));
    collector.kill();
    let receiver = Receiver::listen(TcpListener::bind(&address).unwrap(), &[]);
    collector.launch();
    let spans = receiver.spans(4);
    assert!(spans.iter().all(|span| span.trace_id == run.id.as_bytes()));
    let client = collector.client();
    until_ended(&client, "sent", 1);
    // It is sent once, also after the run's record changed.
    collector.kill_and_restart();
    run.deliver(&client);
    short(json!({})).deliver(&client);
    assert_eq!(receiver.spans(8).len(), 8);
}

#[test]
fn what_fails_for_now_is_sent_again_and_what_is_refused_is_not() {
    let receiver = Receiver::start(&[
        Reply::Status(500, ""),
        Reply::Status(429, "Retry-After: 1\r\n"),
        Reply::Status(503, "Retry-After: 0\r\n"),
        Reply::Status(500, "Retry-After: 0\r\n"),
    ]);
    let collector = collector(&receiver, "");
    let client = collector.client();
    short(json!({})).deliver(&client);
    let spans = receiver.spans(4);
    until_ended(&client, "sent", 1);
    let got = receiver.got();
    assert_eq!(got.len(), 5);
    // Each time the same spans.
    for again in &got {
        assert_eq!(again.spans, spans);
    }
    // A request that can never be right.
    receiver
        .replies
        .lock()
        .unwrap()
        .push_back(Reply::Status(400, ""));
    let refused = short(json!({}));
    refused.deliver(&client);
    until_ended(&client, "refused", 1);
    let log = collector.log();
    let told = |line: &Value| {
        let is_it = line["execution"] == refused.id.to_string();
        is_it
            && line["error"]
                .as_str()
                .is_some_and(|why| why.contains("400") && why.contains("not now"))
    };
    assert!(log.iter().any(told), "{log:?}");
    // Part of it is not wanted: that is told, and nothing is sent again.
    receiver.replies.lock().unwrap().push_back(Reply::Partly);
    short(json!({})).deliver(&client);
    until_ended(&client, "sent", 2);
    assert_eq!(receiver.got().len(), 7);
    assert!(figures(&client).contains("playback_trace_spans_total 7\n"));
    let log = collector.log();
    assert!(
        log.iter().any(|line| line["error"] == "one is too old"),
        "{log:?}"
    );
}

#[test]
fn a_slow_receiver_holds_nothing_up() {
    let receiver = Receiver::start(&[Reply::Never]);
    let collector = collector(&receiver, "timeout_seconds = 1\n");
    let client = collector.client();
    short(json!({})).deliver(&client);
    eventually("the request to come", || {
        (receiver.got().len() == 1).then_some(())
    });
    // Meanwhile, everything else goes on.
    let other = good_run();
    other.deliver(&client);
    assert_eq!(client.finished(other.id)["status"], "success");
    assert_eq!(receiver.spans(4).len(), 4);
    until_ended(&client, "sent", 1);
    assert_eq!(receiver.got().len(), 2);
}

#[test]
fn a_collector_ends_though_the_receiver_does_not_answer() {
    let receiver = Receiver::start(&[Reply::Never, Reply::Never]);
    let mut collector = collector(&receiver, "timeout_seconds = 600\n");
    short(json!({})).deliver(&collector.client());
    eventually("the request to come", || {
        (receiver.got().len() == 1).then_some(())
    });
    assert!(collector.stop().0.success());
}

#[test]
fn of_a_large_run_the_failures_are_sent_and_the_rest_is_counted() {
    let receiver = Receiver::start(&[]);
    let collector = collector(&receiver, "max_spans = 20\n");
    let client = collector.client();
    let mut run = news(json!({})).play("web").task("install");
    for number in 0..200 {
        let host = format!("web-{number:03}");
        run = match number % 20 {
            19 => run.failed(&host),
            18 => run.unreachable(&host),
            _ => run.ok(&host),
        };
    }
    run.ended(2).deliver(&client);
    let spans = receiver.spans(20);
    assert_eq!(spans.len(), 20);
    let of = attributes(&named(&spans, "RUN site.yml").attributes);
    assert_eq!(text(&of, "ansible.results"), "200");
    assert_eq!(text(&of, "playback.trace.results_left_out"), "183");
    let of = attributes(&named(&spans, "install").attributes);
    assert_eq!(text(&of, "ansible.task.results.ok"), "180");
    let trouble = spans
        .iter()
        .filter(|span| span.name.starts_with("web-") && span.status.is_some());
    // All ten that failed, and then those that were not reached.
    assert_eq!(trouble.count(), 17);
    let failed = spans
        .iter()
        .filter(|span| text(&attributes(&span.attributes), "error.type") == "task_failed");
    assert_eq!(failed.count(), 10 + 2, "with the run and the task");
}

#[test]
fn sending_goes_on_where_it_stopped() {
    let receiver = Receiver::start(&[
        Reply::Take,
        Reply::Status(503, "Retry-After: 0\r\n"),
        Reply::Take,
        Reply::Status(503, "Retry-After: 0\r\n"),
    ]);
    let collector = collector(&receiver, "");
    let client = collector.client();
    let mut run = news(json!({})).play("web").task("install");
    for number in 0..2500 {
        let host = format!("web-{number:04}");
        run = match number % 100 {
            7 => run.failed(&host),
            _ => run.ok(&host),
        };
    }
    run.ended(2).deliver(&client);
    let spans = receiver.spans(2503);
    until_ended(&client, "sent", 1);
    let ids: HashSet<Vec<u8>> = spans.iter().map(|span| span.span_id.clone()).collect();
    assert_eq!(
        (spans.len(), ids.len()),
        (2503, 2503),
        "each span is taken once"
    );
    assert_eq!(receiver.got().len(), 5);
    assert!(receiver.got().iter().all(|got| got.spans.len() <= 1000));
}

#[test]
fn what_is_no_news_is_not_sent() {
    let receiver = Receiver::start(&[]);
    let collector = collector(&receiver, "");
    let client = collector.client();
    // From January: of a spool that was found, or of an import.
    let old = Run::starting(TEN, json!({ "type": "playbook", "playbook": "old.yml" }));
    old.play("web").ended(0).deliver(&client);
    until_ended(&client, "given_up", 1);
    short(json!({})).deliver(&client);
    let spans = receiver.spans(4);
    assert!(spans.iter().all(|span| span.name != "RUN old.yml"));
}

#[test]
fn without_a_receiver_nothing_is_queued() {
    let receiver = Receiver::start(&[]);
    let mut setup = Setup::default().environment("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url());
    setup = setup.environment("OTEL_SDK_DISABLED", "true");
    let collector = setup.start();
    let client = collector.client();
    let run = short(json!({ "traceparent": PARENT }));
    run.deliver(&client);
    assert!(figures(&client).contains("playback_traces_pending 0\n"));
    // Its place in a trace is known nevertheless.
    assert_eq!(client.execution(run.id, "").ok()["traceparent"], PARENT);
    assert!(receiver.got().is_empty());
}

#[test]
fn of_several_collectors_one_sends() {
    let receiver = Receiver::start(&[]);
    let unused = TempDir::new().unwrap();
    let database = servers::database(Engine::Postgres, unused.path());
    let config = format!("[traces]\nendpoint = \"{}\"\n", receiver.url());
    let both = [(); 2].map(|()| {
        let setup = Setup::default().database(database.clone());
        setup.config(&config).start()
    });
    let clients = both.each_ref().map(Collector::client);
    for number in 0..20 {
        short(json!({})).deliver(&clients[number % 2]);
    }
    let spans = receiver.spans(80);
    eventually("both to be done", || {
        let done: u64 = clients.iter().map(|client| ended(client, "sent")).sum();
        (done == 20).then_some(())
    });
    let ids: HashSet<&Vec<u8>> = spans.iter().map(|span| &span.span_id).collect();
    assert_eq!((spans.len(), ids.len()), (80, 80));
    assert_eq!(receiver.taken().len(), 80);
}

//! Checks that runs reach the collector: its address, the token, its answer and its clock.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use chrono::DateTime;
use playback_spool::{Probe, SenderConfig, Verdict, probe};
use secrecy::SecretString;

use super::super::environment;
use super::super::sources::Setting;
use super::finding::Report;
use super::settings::Settings;
use crate::clock::Clock;

/// How far clocks may differ, in seconds. Beyond that, times of different machines are misleading.
const SKEW: i64 = 30;

pub(super) fn look(report: &mut Report, settings: &Settings, clock: &Clock) {
    report.about("the collector");
    for (key, from) in &settings.damaged {
        report.problem(
            key,
            format!("{from} holds bytes that are not UTF-8: they are replaced"),
            format!("set {from} again"),
        );
    }
    let token = token(report, settings);
    let Some(url) = &settings.url else {
        report.problem(
            "url",
            "no collector is configured: runs stay in the spool",
            "set \"url\" in [callback_playback] of ansible.cfg, or PLAYBACK_URL",
        );
        return;
    };
    let shown = if url.value.contains('@') {
        "(hidden)"
    } else {
        &url.value
    };
    report.ok("url", format!("{shown} ({})", url.from));
    let config = SenderConfig {
        url: url.value.clone(),
        token,
        ca_file: settings.ca_file.as_ref().map(|file| file.value.clone()),
        user_agent: concat!("playback-doctor/", env!("CARGO_PKG_VERSION")).to_owned(),
        request_timeout: Duration::from_secs(10),
        proxies: playback_producer::environment::proxies(),
        ..SenderConfig::default()
    };
    match probe(&config) {
        Ok(probe) => answer(report, settings, url, &probe, clock),
        Err(error) => report.problem(
            "collector",
            format!("nothing can be sent: {error}"),
            format!("mend {}", url.from),
        ),
    }
}

/// Reports where the token was found. None: there is no token that can be sent.
fn token(report: &mut Report, settings: &Settings) -> Option<SecretString> {
    if let Some(file) = &settings.token_file
        && let Ok(found) = file.metadata()
        && found.permissions().mode() & 0o044 != 0
    {
        report.warn(
            "token_file",
            format!("other users can read the token in {}", file.display()),
            format!("\"chmod 600 {}\"", file.display()),
        );
    }
    match &settings.token {
        Some(Setting {
            value: Ok(token),
            from,
        }) => {
            report.ok("token", format!("the token is from {from}"));
            Some(token.clone())
        }
        Some(Setting {
            value: Err(why),
            from,
        }) => {
            report.problem(
                "token",
                format!("{from} {why}"),
                "put a token with the scope \"ingest\" into it",
            );
            None
        }
        None => {
            report.warn(
                "token",
                "no token is configured: only a collector that serves without tokens takes runs in",
                "set \"token_file\" in [callback_playback] of ansible.cfg, or PLAYBACK_TOKEN",
            );
            None
        }
    }
}

fn answer(
    report: &mut Report,
    settings: &Settings,
    url: &Setting<String>,
    probe: &Probe,
    clock: &Clock,
) {
    let from = settings
        .token
        .as_ref()
        .map_or("nowhere", |token| &token.from);
    match &probe.verdict {
        Verdict::Takes => match &probe.not_ready {
            None => report.ok("collector", "it accepts what this machine records"),
            Some(why) => report.problem(
                "collector",
                format!("it is not ready ({why}): runs wait in the spool"),
                "see the collector's log, and its /readyz",
            ),
        },
        Verdict::Refuses(why) if why.starts_with("401") => report.problem(
            "token",
            format!("the collector does not accept the token from {from} ({why})"),
            "make one with \"playback token create NAME --scope ingest\", and put it there",
        ),
        Verdict::Refuses(why) if why.starts_with("403") => report.problem(
            "token",
            format!("the token from {from} may not report runs ({why})"),
            "make one with \"playback token create NAME --scope ingest\", and put it there",
        ),
        Verdict::Refuses(why) | Verdict::Answers(why) => report.problem(
            "collector",
            format!("what answers there is no collector that takes runs in ({why})"),
            format!(
                "check the address ({}), and what is in between: a proxy, a login page",
                url.from
            ),
        ),
        Verdict::Unreachable(why) => report.problem(
            "collector",
            format!("it cannot be reached ({why}): runs wait in the spool"),
            next(settings, why),
        ),
    }
    skew(report, probe, clock);
}

fn next(settings: &Settings, why: &str) -> String {
    let why = why.to_lowercase();
    if why.contains("certificate") || why.contains("tls") {
        let file = settings.ca_file.as_ref().map_or_else(
            || "name the authority's certificate in \"ca_file\", or PLAYBACK_CA_FILE".to_owned(),
            |file| {
                format!(
                    "check that {} ({}) holds the authority's certificate",
                    file.value.display(),
                    file.from
                )
            },
        );
        return format!("{file}; and that the port speaks TLS");
    }
    let proxies: Vec<&str> = [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    ]
    .into_iter()
    .filter(|name| environment::variable(name).is_some())
    .collect();
    if proxies.is_empty() {
        return "is it running there? \"playback serve\" starts one".to_owned();
    }
    format!(
        "is it running there? What is sent goes by {}",
        proxies.join(", ")
    )
}

fn skew(report: &mut Report, probe: &Probe, clock: &Clock) {
    let theirs = probe
        .date
        .as_deref()
        .and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    let Some(theirs) = theirs else { return };
    let ahead = clock.now_us() / 1_000_000 - theirs.timestamp();
    if ahead.abs() <= SKEW {
        report.ok("clock", "its clock and ours agree");
        return;
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    report.warn(
        "clock",
        format!(
            "our clock is {} seconds {direction} the collector's: times in records are ours",
            ahead.abs()
        ),
        "set both by NTP",
    );
}

//! Checks a target's settings before they are stored, so that the user who sets them learns of errors.

use std::net::IpAddr;

use lettre::message::Mailbox;
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};
use uuid::Uuid;

use super::notice::Notice;
use super::render::{self, template};
use super::secrets::TargetSecrets;
use super::send::guard::Guard;
use super::{sign, when};
use crate::filter::query::{parse_query, time_at};
use crate::model::{MOST_UNREACHABLE_RUNS, TargetKind, TargetSettings, Trigger};

/// The longest name of a target, in bytes.
const NAME_BYTES: usize = 100;

/// Rules, quiet hours, recipients and header fields of a target, at most.
const MANY: usize = 50;

/// The longest query of a rule and the longest template, in bytes.
const QUERY_BYTES: usize = 2000;
const TEMPLATE_BYTES: usize = 20_000;

/// Checks a name.
///
/// # Errors
/// It cannot be part of a path, or is too long.
pub fn name(name: &str) -> Result<(), String> {
    let fits = (1..=NAME_BYTES).contains(&name.len());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match fits
        && name.chars().all(is_plain)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        true => Ok(()),
        false => Err(format!(
            "the name {name:?} must have from 1 to {NAME_BYTES} letters, digits, \"-\", \"_\" and \".\", and begin \
             with a letter or a digit"
        )),
    }
}

/// What a check of settings depends on.
#[derive(Debug)]
pub struct CheckContext<'k> {
    /// Which addresses messages are sent to.
    pub guard: &'k Guard,
    /// Names of the configured budgets.
    pub budgets: &'k [String],
}

/// Checks settings with their secrets; returns where messages go, as far as it is no secret.
///
/// # Errors
/// The first thing that is wrong, with its field.
pub fn settings(
    settings: &TargetSettings,
    secrets: &TargetSecrets,
    context: &CheckContext<'_>,
    now_us: i64,
) -> Result<String, String> {
    let guard = context.guard;
    rules(settings, context, now_us)?;
    times(settings)?;
    only_its_own(settings, secrets)?;
    let address = match settings.kind {
        TargetKind::Mail => mail(settings, secrets, guard)?,
        TargetKind::Pagerduty if secrets.url.is_none() => {
            address(&render::PAGERDUTY.into(), guard)?
        }
        _ => address(
            secrets
                .url
                .as_ref()
                .ok_or_else(|| needed(settings, "url"))?,
            guard,
        )?,
    };
    if matches!(settings.kind, TargetKind::Matrix | TargetKind::Pagerduty)
        && secrets.token.is_none()
    {
        return Err(needed(settings, "token"));
    }
    if settings.kind == TargetKind::Matrix {
        let room = settings
            .room
            .as_deref()
            .ok_or_else(|| needed(settings, "room"))?;
        if room.starts_with('#') {
            return Err(format!(
                "room = {room:?}: this is an alias, and messages are only sent to ids: give the room's id, such as \
                 !abc:example.org, which clients show in the room's settings"
            ));
        }
        if !room.starts_with('!') {
            return Err(format!(
                "room = {room:?}: it must be the id of a room, such as !abc:example.org"
            ));
        }
    }
    if !(0..=2).contains(&secrets.signing.len()) {
        return Err("signing_secrets: there may be two at most".to_owned());
    }
    for secret in &secrets.signing {
        sign::check(secret).map_err(|error| format!("signing_secrets: {error}"))?;
    }
    headers(settings, secrets)?;
    if settings.kind == TargetKind::Template {
        templates(settings, secrets)?;
    }
    Ok(address)
}

fn needed(settings: &TargetSettings, field: &str) -> String {
    format!(
        "{field} is missing: a target of kind {} needs it",
        settings.kind.as_str()
    )
}

fn rules(settings: &TargetSettings, context: &CheckContext<'_>, now_us: i64) -> Result<(), String> {
    if settings.rules.len() > MANY {
        return Err(format!("rules: there may be {MANY} at most"));
    }
    for (at, rule) in settings.rules.iter().enumerate() {
        let wrong = |what: String| format!("rules[{at}].{what}");
        if rule.on.is_empty() {
            let names: Vec<&str> = Trigger::ALL.iter().map(|one| one.as_str()).collect();
            return Err(wrong(format!(
                "on is empty: name at least one of {}",
                names.join(", ")
            )));
        }
        if rule.query.len() > QUERY_BYTES {
            return Err(wrong(format!(
                "query is too long: {QUERY_BYTES} bytes at most"
            )));
        }
        parse_query(&rule.query, &time_at(now_us))
            .map_err(|error| wrong(format!("query: {error}")))?;
        let mut unknown = rule
            .budgets
            .iter()
            .filter(|name| !context.budgets.contains(name));
        if let Some(name) = unknown.next() {
            return Err(wrong(format!(
                "budgets: no budget is named {name:?}: those of [[cost.budgets]] in the configuration are {}",
                match context.budgets {
                    [] => "none".to_owned(),
                    names => names.join(", "),
                }
            )));
        }
        if rule.on.contains(&Trigger::Budget) && context.budgets.is_empty() {
            return Err(wrong(
                "on: there is no budget: set prices and [[cost.budgets]] in the configuration"
                    .to_owned(),
            ));
        }
        let numbers = [
            ("still_broken_every", rule.still_broken_every, u32::MAX),
            (
                "unreachable_runs",
                rule.unreachable_runs,
                MOST_UNREACHABLE_RUNS,
            ),
            ("waiting_minutes", rule.waiting_minutes, u32::MAX),
            ("silent_hours", rule.silent_hours.unwrap_or(1), 24 * 366),
            ("budget_percent", rule.budget_percent, 10_000),
        ];
        for (name, number, most) in numbers {
            if !(1..=most).contains(&number) {
                return Err(wrong(match most {
                    u32::MAX => format!("{name} = {number}: it must be at least 1"),
                    most => format!("{name} = {number}: it must be from 1 to {most}"),
                }));
            }
        }
    }
    Ok(())
}

fn times(settings: &TargetSettings) -> Result<(), String> {
    if settings.quiet.len() > MANY {
        return Err(format!("quiet: there may be {MANY} at most"));
    }
    when::check(&settings.quiet)?;
    if settings.max_per_hour == 0 {
        return Err(
            "max_per_hour = 0: it must be at least 1; enabled = false switches a target off"
                .to_owned(),
        );
    }
    if settings.digest_minutes > 7 * 24 * 60 {
        return Err(format!(
            "digest_minutes = {}: it must be at most {}, a week",
            settings.digest_minutes,
            7 * 24 * 60
        ));
    }
    // An incident is triggered and resolved by itself.
    let is_together = settings.digest_minutes > 0 || !settings.quiet.is_empty();
    if settings.kind == TargetKind::Pagerduty && is_together {
        return Err(
            "digest_minutes and quiet are not for pagerduty, which has schedules and groups of its own".to_owned(),
        );
    }
    Ok(())
}

/// Refuses fields of other kinds.
fn only_its_own(settings: &TargetSettings, secrets: &TargetSecrets) -> Result<(), String> {
    use TargetKind::{Mail, Matrix, Pagerduty, Template, Webhook};
    let fields: [(&str, bool, &[TargetKind]); 14] = [
        (
            "token",
            secrets.token.is_some(),
            &[Matrix, Pagerduty, Template],
        ),
        ("password", secrets.password.is_some(), &[Mail]),
        ("headers", !secrets.headers.is_empty(), &[Webhook, Template]),
        ("signing_secrets", !secrets.signing.is_empty(), &[Webhook]),
        ("room", settings.room.is_some(), &[Matrix]),
        ("to", !settings.to.is_empty(), &[Mail]),
        ("from", settings.from.is_some(), &[Mail]),
        ("server", settings.server.is_some(), &[Mail]),
        ("port", settings.port.is_some(), &[Mail]),
        ("security", settings.security.is_some(), &[Mail]),
        ("username", settings.username.is_some(), &[Mail]),
        ("method", settings.method.is_some(), &[Template]),
        ("content_type", settings.content_type.is_some(), &[Template]),
        ("body", settings.body.is_some(), &[Template]),
    ];
    let kind = settings.kind;
    let wrong = fields
        .iter()
        .find(|(_, is_there, kinds)| *is_there && !kinds.contains(&kind));
    if let Some((name, ..)) = wrong {
        return Err(format!(
            "{name} is not for a target of kind {}",
            kind.as_str()
        ));
    }
    if kind == Mail && secrets.url.is_some() {
        return Err(
            "url is not for a target of kind mail: server names the mail server".to_owned(),
        );
    }
    Ok(())
}

/// Checks an address; returns scheme, host and port.
fn address(url: &SecretString, guard: &Guard) -> Result<String, String> {
    let wrong = || {
        "url: it must be https://HOST/… or http://HOST/…, without a user and a fragment".to_owned()
    };
    let url = Url::parse(url.expose_secret()).map_err(|_| wrong())?;
    let has_login = !url.username().is_empty() || url.password().is_some();
    if !matches!(url.scheme(), "https" | "http") || has_login || url.fragment().is_some() {
        return Err(wrong());
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
        None => return Err(wrong()),
    };
    if let Some(address) = literal {
        guard
            .check(address)
            .map_err(|error| format!("url: {error}"))?;
    }
    Ok(url.origin().ascii_serialization())
}

/// The address that a host name is by itself, in any notation that is looked up as one.
fn literal(host: &str) -> Option<IpAddr> {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    let short = || match Host::parse(host) {
        Ok(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        _ => None,
    };
    plain.parse().ok().or_else(short)
}

fn mail(
    settings: &TargetSettings,
    secrets: &TargetSecrets,
    guard: &Guard,
) -> Result<String, String> {
    let server = settings
        .server
        .as_deref()
        .ok_or_else(|| needed(settings, "server"))?;
    let is_host = |c: char| c.is_alphanumeric() || "-.:[]".contains(c);
    if server.is_empty() || !server.chars().all(is_host) {
        return Err(format!("server = {server:?}: it must be a host name"));
    }
    if let Some(address) = literal(server) {
        guard
            .check(address)
            .map_err(|error| format!("server: {error}"))?;
    }
    let from = settings
        .from
        .as_deref()
        .ok_or_else(|| needed(settings, "from"))?;
    let mailbox = |name: &str, text: &str| {
        let read: Result<Mailbox, _> = text.parse();
        read.map_err(|_| format!("{name}: {text:?} is no mail address"))
    };
    mailbox("from", from)?;
    if settings.to.is_empty() {
        return Err(needed(settings, "to"));
    }
    if settings.to.len() > MANY {
        return Err(format!("to: there may be {MANY} recipients at most"));
    }
    for to in &settings.to {
        mailbox("to", to)?;
    }
    match (&settings.username, &secrets.password) {
        (Some(_), None) => {
            return Err(
                "password is missing: username needs one; leave out both where the server asks for none"
                    .to_owned(),
            );
        }
        (None, Some(_)) => {
            return Err(
                "username is missing, and there is a password: name its user, or remove the password (as null, or by \
                 --without password)"
                    .to_owned(),
            );
        }
        _ => {}
    }
    if settings.port == Some(0) {
        return Err("port = 0: it must be from 1 to 65535".to_owned());
    }
    Ok(format!("{} by {server}", settings.to.join(", ")))
}

/// Header fields that the request has anyway.
const OWN_HEADERS: [&str; 9] = [
    "host",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
    "expect",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

fn headers(settings: &TargetSettings, secrets: &TargetSecrets) -> Result<(), String> {
    if secrets.headers.len() > MANY {
        return Err(format!("headers: there may be {MANY} at most"));
    }
    for (name, value) in &secrets.headers {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(is_token) {
            return Err(format!("headers: {name:?} is no name of a header field"));
        }
        if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!("headers: {name} is set by Playback itself"));
        }
        let value = value.expose_secret();
        let is_template = settings.kind == TargetKind::Template;
        if !is_template && value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(format!("headers: the value of {name} must be one line"));
        }
    }
    Ok(())
}

/// Renders the templates with an example: what fails is said now.
fn templates(settings: &TargetSettings, secrets: &TargetSecrets) -> Result<(), String> {
    let body = settings
        .body
        .as_deref()
        .ok_or_else(|| needed(settings, "body"))?;
    if body.len() > TEMPLATE_BYTES {
        return Err(format!("body is too long: {TEMPLATE_BYTES} bytes at most"));
    }
    if !matches!(settings.method.as_deref(), None | Some("POST" | "PUT")) {
        return Err("method: it must be POST or PUT".to_owned());
    }
    let example = Notice::example("example", Uuid::nil(), 0, None);
    let token = secrets.token.as_ref().map(|token| token.expose_secret());
    template::render("body", body, &example, Uuid::nil(), token)?;
    for (name, value) in &secrets.headers {
        let value = value.expose_secret();
        template::render(name, value, &example, Uuid::nil(), token)?;
    }
    Ok(())
}

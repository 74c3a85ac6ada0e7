//! Stored secrets stay with the server for which they were given. Pure.

use secrecy::ExposeSecret as _;
use url::Url;

use super::render;
use super::secrets::TargetSecrets;
use crate::model::{MailSecurity, TargetKind, TargetSettings};

/// Refuses settings that would send stored secrets to another server: a person who may set a target could read them there.
/// `given` are the secrets of the new settings alone, and `secrets` with those that stay.
///
/// # Errors
/// Which secrets must be given again.
pub fn check(
    before: (&TargetSettings, &TargetSecrets),
    settings: &TargetSettings,
    secrets: &TargetSecrets,
    given: &TargetSecrets,
) -> Result<(), String> {
    let (old, new) = (server(before.0, before.1), server(settings, secrets));
    if old == new {
        return Ok(());
    }
    // Keys that sign are not sent.
    let stay = [
        ("token", secrets.token.is_some() && given.token.is_none()),
        (
            "password",
            secrets.password.is_some() && given.password.is_none(),
        ),
        (
            "headers",
            !secrets.headers.is_empty() && given.headers.is_empty(),
        ),
    ];
    let stay: Vec<&str> = stay
        .into_iter()
        .filter_map(|(name, stays)| stays.then_some(name))
        .collect();
    match stay.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{0}: messages would go to {new} instead of {old}, and what is stored would be sent there: give {0} again",
            stay.join(" and ")
        )),
    }
}

/// The server to which secrets are sent, and how it is spoken to.
fn server(settings: &TargetSettings, secrets: &TargetSecrets) -> String {
    if settings.kind == TargetKind::Mail {
        let security = settings.security.unwrap_or(MailSecurity::Tls);
        let port = settings.port.unwrap_or(security.port());
        let server = settings.server.as_deref().unwrap_or_default();
        let server = server.to_ascii_lowercase();
        return format!("{server}:{port} ({})", security.as_str());
    }
    let url = secrets.url.as_ref().map(|url| url.expose_secret());
    let url = Url::parse(url.unwrap_or(match settings.kind {
        TargetKind::Pagerduty => render::PAGERDUTY,
        _ => "",
    }));
    url.map_or_else(
        |_| "an unknown server".to_owned(),
        |url| url.origin().ascii_serialization(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is said of a change from settings with the secrets "s" to others.
    fn changed(before: Value, after: Value) -> Result<(), String> {
        let mut before: TargetSettings = serde_json::from_value(before).unwrap();
        let known = TargetSecrets::taken(&mut before, TargetSecrets::default());
        let after: TargetSettings = serde_json::from_value(after).unwrap();
        let given = TargetSecrets::taken(&mut after.clone(), TargetSecrets::default());
        let mut settings = after;
        let secrets = TargetSecrets::taken(&mut settings, known.clone());
        check((&before, &known), &settings, &secrets, &given)
    }

    #[test]
    fn secrets_stay_while_the_server_does() {
        let matrix = json!({ "kind": "matrix", "url": "https://a.example", "token": "s" });
        for same in [json!({}), json!({ "url": "https://A.example:443/base" })] {
            let mut after = json!({ "kind": "matrix" });
            after
                .as_object_mut()
                .unwrap()
                .extend(same.as_object().unwrap().clone());
            assert_eq!(changed(matrix.clone(), after), Ok(()));
        }
        for url in [
            "https://b.example",
            "http://a.example",
            "https://a.example:8443",
        ] {
            let moved = changed(matrix.clone(), json!({ "kind": "matrix", "url": url }));
            let error = moved.unwrap_err();
            assert!(
                error.contains(url) && error.contains("give token again"),
                "{error}"
            );
            let again = json!({ "kind": "matrix", "url": url, "token": "s" });
            assert_eq!(changed(matrix.clone(), again), Ok(()));
        }
        let pagerduty = json!({ "kind": "pagerduty", "token": "s" });
        let moved = json!({ "kind": "pagerduty", "url": "https://b.example" });
        assert!(changed(pagerduty, moved).is_err());
        let webhook = json!({ "kind": "webhook", "url": "https://a.example", "headers": { "a": "s" },
                              "signing_secrets": ["s"] });
        let moved = json!({ "kind": "webhook", "url": "https://b.example" });
        let error = changed(webhook.clone(), moved).unwrap_err();
        assert!(error.contains("give headers again"), "{error}");
        let without =
            json!({ "kind": "webhook", "url": "https://b.example", "headers": { "a": "t" } });
        assert_eq!(changed(webhook, without), Ok(()));
    }

    #[test]
    fn a_password_stays_with_its_mail_server() {
        let mail = json!({ "kind": "mail", "server": "a.example", "password": "s" });
        let same = json!({ "kind": "mail", "server": "A.example", "port": 465, "security": "tls" });
        assert_eq!(changed(mail.clone(), same), Ok(()));
        for moved in [
            json!({ "kind": "mail", "server": "b.example" }),
            json!({ "kind": "mail", "server": "a.example", "port": 2525 }),
            json!({ "kind": "mail", "server": "a.example", "port": 465, "security": "none" }),
        ] {
            let error = changed(mail.clone(), moved).unwrap_err();
            assert!(error.contains("give password again"), "{error}");
        }
    }
}

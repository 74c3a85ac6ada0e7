//! Renders a notice in the form that each kind of target takes. Pure.
//!
//! Layout:
//! - `document`: a notice as title, facts and texts, which all forms for people are made of
//! - `chat`: Slack, Mattermost, Teams, Matrix
//! - `pagerduty`: events of its API
//! - `mail`: subject, text and HTML
//! - `template`: any other request, by templates

mod chat;
mod document;
mod mail;
mod pagerduty;
pub mod template;

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

pub use mail::{Attachment, MailText};

use super::notice::Notice;
use super::secrets::TargetSecrets;
use super::sign;
use crate::model::{TargetKind, TargetSettings};

/// A message that is ready to be sent.
#[derive(Debug)]
pub enum Outgoing {
    /// An HTTP request.
    Http(HttpRequest),
    /// A mail.
    Mail(MailText),
}

/// An HTTP request.
#[derive(Debug)]
pub struct HttpRequest {
    /// Its method.
    pub method: &'static str,
    /// Its address, which may be secret.
    pub url: SecretString,
    /// Its header fields.
    pub headers: Vec<(String, SecretString)>,
    /// Its body.
    pub body: SecretString,
    /// Its body without secrets, for the log.
    pub shown_body: String,
}

/// Where PagerDuty takes events.
pub const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// Makes the message for a target. `id` is its identity, `timestamp_s` when it is sent.
///
/// # Errors
/// The target's settings are not complete, or a template fails: another attempt would fail the same way.
pub fn outgoing(
    settings: &TargetSettings,
    secrets: &TargetSecrets,
    notice: &Notice,
    id: Uuid,
    timestamp_s: i64,
) -> Result<Outgoing, String> {
    let url = || secrets.url.clone().ok_or_else(|| missing("url"));
    let token = || secrets.token.clone().ok_or_else(|| missing("token"));
    let json = |body: &serde_json::Value| {
        let body = body.to_string();
        HttpRequest {
            method: "POST",
            url: SecretString::default(),
            headers: vec![("content-type".to_owned(), "application/json".into())],
            shown_body: body.clone(),
            body: body.into(),
        }
    };
    Ok(Outgoing::Http(match settings.kind {
        TargetKind::Webhook => {
            let body = serde_json::to_string(notice).map_err(|error| error.to_string())?;
            let message = format!("msg_{}", id.simple());
            let signature = sign::signature(&secrets.signing, &message, timestamp_s, &body)?;
            let mut headers = headers(&secrets.headers);
            headers.extend([
                ("content-type".to_owned(), "application/json".into()),
                ("webhook-id".to_owned(), message.into()),
                (
                    "webhook-timestamp".to_owned(),
                    timestamp_s.to_string().into(),
                ),
                ("webhook-signature".to_owned(), signature.into()),
            ]);
            HttpRequest {
                method: "POST",
                url: url()?,
                headers,
                shown_body: body.clone(),
                body: body.into(),
            }
        }
        TargetKind::Slack => HttpRequest {
            url: url()?,
            ..json(&chat::slack(notice))
        },
        TargetKind::Mattermost => HttpRequest {
            url: url()?,
            ..json(&chat::mattermost(notice))
        },
        TargetKind::Teams => HttpRequest {
            url: url()?,
            ..json(&chat::teams(notice))
        },
        TargetKind::Matrix => {
            let room = settings.room.as_deref().ok_or_else(|| missing("room"))?;
            let server = url()?;
            let server = server.expose_secret().trim_end_matches('/');
            // The transaction's id is the message's, so that an attempt that is repeated is one message.
            let url = format!(
                "{server}/_matrix/client/v3/rooms/{}/send/m.room.message/{}",
                path_segment(room),
                id.simple()
            );
            let mut request = json(&chat::matrix(notice));
            request.method = "PUT";
            request.url = url.into();
            let token = format!("Bearer {}", token()?.expose_secret());
            request
                .headers
                .push(("authorization".to_owned(), token.into()));
            request
        }
        TargetKind::Pagerduty if notice.data.report.is_some() => {
            return Err("PagerDuty takes incidents, and a report is none".to_owned());
        }
        TargetKind::Pagerduty => {
            let url = secrets.url.clone().unwrap_or_else(|| PAGERDUTY.into());
            let mut event = pagerduty::event(notice, id);
            let shown_body = event.to_string();
            if let Some(event) = event.as_object_mut() {
                let key = token()?.expose_secret().to_owned();
                event.insert("routing_key".to_owned(), key.into());
            }
            HttpRequest {
                url,
                shown_body,
                ..json(&event)
            }
        }
        TargetKind::Mail => return Ok(Outgoing::Mail(mail::text(notice, id))),
        TargetKind::Template => {
            let body = settings.body.as_deref().ok_or_else(|| missing("body"))?;
            let token = secrets.token.as_ref().map(|token| token.expose_secret());
            // The log has the same text without the token, whatever the template makes of it.
            let shown_body =
                template::render("body", body, notice, id, token.map(|_| template::MARK))?;
            let body = template::render("body", body, notice, id, token)?;
            let content_type = settings.content_type.as_deref();
            let content_type = content_type.unwrap_or("application/json").to_owned();
            let mut headers = vec![("content-type".to_owned(), content_type.into())];
            for (name, value) in &secrets.headers {
                let value = template::render(name, value.expose_secret(), notice, id, token)?;
                if value.contains(['\r', '\n', '\0']) {
                    return Err(format!(
                        "the template of the header {name} gives more than one line"
                    ));
                }
                headers.push((name.clone(), value.into()));
            }
            let method = match settings.method.as_deref() {
                Some("PUT") => "PUT",
                _ => "POST",
            };
            HttpRequest {
                method,
                url: url()?,
                headers,
                shown_body,
                body: body.into(),
            }
        }
    }))
}

fn missing(name: &str) -> String {
    format!("the target has no {name}: set it again")
}

fn headers(fields: &BTreeMap<String, SecretString>) -> Vec<(String, SecretString)> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A text as one segment of a path.
fn path_segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

#[cfg(test)]
mod tests;

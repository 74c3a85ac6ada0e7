//! Sends mails. Each recipient is accepted or refused by itself: one that is refused keeps the mail from nobody else, and
//! one that has the mail does not get it again.

use std::collections::HashSet;

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, SmtpConnection, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use secrecy::ExposeSecret as _;

use super::super::render::MailText;
use super::super::secrets::TargetSecrets;
use super::{Outcome, Sender, Sent};
use crate::model::{MailSecurity, TargetSettings};

/// Permanent answers of a server that are about the login, and not about this mail.
const LOGIN_CODES: [u16; 4] = [530, 534, 535, 538];

/// Why the mail was not sent.
enum MailError {
    /// It is to be tried again.
    Later(String),
    /// The settings or the mail are wrong.
    Refused(String),
    /// The server refuses this mail for good, with this status.
    Rejected { status: u16, error: String },
}

impl From<lettre::transport::smtp::Error> for MailError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        Self::Later(in_words(&error))
    }
}

/// What is wrong when a server does not take a mail. What it says before, such as to a login, is not about the mail, and
/// is tried again.
fn of_mail(error: lettre::transport::smtp::Error) -> MailError {
    let status = error.status().map(u16::from);
    let is_rejected = |code: &u16| error.is_permanent() && !LOGIN_CODES.contains(code);
    match status.filter(is_rejected) {
        Some(status) => MailError::Rejected {
            status,
            error: in_words(&error),
        },
        None => error.into(),
    }
}

fn in_words(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

impl Sender {
    pub(super) fn mail(
        &self,
        settings: &TargetSettings,
        secrets: &TargetSecrets,
        mail: &MailText,
        have: &[String],
    ) -> Sent {
        let have: HashSet<&str> = have.iter().map(String::as_str).collect();
        let to = settings.to.iter().filter(|to| !have.contains(to.as_str()));
        let to: Vec<&String> = to.collect();
        let mut sent = match self.try_mail(settings, secrets, mail, &to) {
            Ok(sent) => sent,
            Err(MailError::Later(error)) => Sent::failed(Outcome::Later(None), error),
            Err(MailError::Refused(error)) => Sent::failed(Outcome::Refused, error),
            Err(MailError::Rejected { status, error }) => Sent {
                status: Some(status),
                ..Sent::failed(Outcome::Refused, error)
            },
        };
        if sent.outcome == Outcome::Refused && !have.is_empty() {
            // Whoever has not got it by now never will.
            sent.outcome = Outcome::Taken;
        }
        sent.recipients.extend(have.into_iter().map(str::to_owned));
        sent.recipients.sort();
        sent
    }

    fn try_mail(
        &self,
        settings: &TargetSettings,
        secrets: &TargetSecrets,
        mail: &MailText,
        to: &[&String],
    ) -> Result<Sent, MailError> {
        let wrong = |error: &dyn std::fmt::Display| MailError::Refused(error.to_string());
        let from: Mailbox = settings
            .from
            .as_deref()
            .unwrap_or_default()
            .parse()
            .map_err(|error: lettre::address::AddressError| wrong(&error))?;
        let message = message(settings, mail, &from)?;
        let mut connection = self.connect(settings, secrets)?;
        let from = Mail::new(Some(from.email), Vec::new());
        connection.command(from).map_err(of_mail)?;
        let (mut taken, mut refused, mut is_later) = (Vec::new(), Vec::new(), false);
        for to in to {
            let mailbox: Mailbox = to
                .parse()
                .map_err(|error: lettre::address::AddressError| wrong(&error))?;
            let address: Address = mailbox.email;
            match connection.command(Rcpt::new(address, Vec::new())) {
                Ok(_) => taken.push((*to).clone()),
                Err(error) if error.is_permanent() || error.is_transient() => {
                    is_later |= error.is_transient();
                    refused.push(format!("{to}: {}", in_words(&error)));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut status = None;
        let mut answer = None;
        if !taken.is_empty() {
            connection.command(Data).map_err(of_mail)?;
            let response = connection.message(&message).map_err(of_mail)?;
            status = u16::from(response.code()).into();
            answer = Some(response.message().collect::<Vec<_>>().join(" "));
        }
        // The mail is delivered, whatever the server says to the farewell.
        let _ = connection.quit();
        Ok(Sent {
            outcome: match (is_later, taken.is_empty()) {
                (true, _) => Outcome::Later(None),
                (false, true) => Outcome::Refused,
                (false, false) => Outcome::Taken,
            },
            status,
            answer,
            error: (!refused.is_empty()).then(|| format!("refused: {}", refused.join("; "))),
            recipients: taken,
        })
    }

    fn connect(
        &self,
        settings: &TargetSettings,
        secrets: &TargetSecrets,
    ) -> Result<SmtpConnection, MailError> {
        let server = settings.server.as_deref().unwrap_or_default();
        let security = settings.security.unwrap_or(MailSecurity::Tls);
        let port = settings.port.unwrap_or(security.port());
        // The connection goes to the addresses that were checked.
        let addresses = self.guard.addresses_within(server, port, self.timeout);
        let addresses = addresses.map_err(|error| MailError::Later(error.to_string()))?;
        let hello = ClientId::Domain("localhost".to_owned());
        let tls = self.tls(server)?;
        let mut connection = SmtpConnection::connect(
            addresses.as_slice(),
            Some(self.timeout),
            &hello,
            (security == MailSecurity::Tls).then_some(&tls),
            None,
        )?;
        if security == MailSecurity::Starttls {
            connection.starttls(&tls, &hello)?;
        }
        if let (Some(username), Some(password)) = (&settings.username, &secrets.password) {
            let password = password.expose_secret().to_owned();
            let credentials = Credentials::new(username.clone(), password);
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)?;
        }
        Ok(connection)
    }

    fn tls(&self, server: &str) -> Result<TlsParameters, MailError> {
        let mut builder = TlsParameters::builder(server.to_owned());
        if let Some(pem) = &self.authorities {
            builder = builder
                .certificate_store(CertificateStore::None)
                .add_root_certificate(Certificate::from_pem(pem)?);
        }
        Ok(builder.build()?)
    }
}

fn message(
    settings: &TargetSettings,
    mail: &MailText,
    from: &Mailbox,
) -> Result<Vec<u8>, MailError> {
    let mut builder = Message::builder()
        .from(from.clone())
        .subject(&mail.subject)
        // The same for each attempt, so that a mail that comes twice is one.
        .message_id(Some(format!(
            "<{}@{}>",
            mail.id.simple(),
            from.email.domain()
        )));
    for to in &settings.to {
        let to: Mailbox = to.parse().map_err(|error: lettre::address::AddressError| {
            MailError::Refused(error.to_string())
        })?;
        builder = builder.to(to);
    }
    let mut body = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    if !mail.attachments.is_empty() {
        body = MultiPart::mixed().multipart(body);
    }
    for one in &mail.attachments {
        let media_type = ContentType::parse(one.media_type);
        let media_type = media_type.map_err(|error| MailError::Refused(error.to_string()))?;
        let attachment = Attachment::new(one.file.clone());
        body = body.singlepart(attachment.body(one.text.clone(), media_type));
    }
    let message = builder.multipart(body);
    let message = message.map_err(|error| MailError::Refused(error.to_string()))?;
    Ok(message.formatted())
}

//! Sends mails. Each recipient is accepted or refused separately: a refused one does not prevent the mail to others, and
//! a recipient that has the mail does not get it again.

use std::collections::HashSet;

use lettre::address::AddressError;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};
use secrecy::ExposeSecret as _;
use tokio::runtime;
use tokio::time::timeout;

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
            // Recipients that have not got it by now never will.
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
        let from = mailbox(settings.from.as_deref().unwrap_or_default())?;
        let message = message(settings, mail, &from)?;
        // A runtime for this attempt alone: only within it a time limit ends an attempt at any point, even during an
        // answer that arrives byte by byte.
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| MailError::Later(error.to_string()))?;
        let limit = self.timeout;
        let mut sent = None;
        let talk = async {
            let mut connection = self.connect(settings, secrets).await?;
            sent = Some(hand_over(&mut connection, from.email, to, &message).await?);
            // The mail is delivered, whatever the server answers to QUIT.
            let _ = connection.quit().await;
            Ok::<(), MailError>(())
        };
        let talked = runtime.block_on(async move { timeout(limit, talk).await });
        match (sent, talked) {
            (Some(sent), _) => Ok(sent),
            (None, Ok(Err(error))) => Err(error),
            (None, _) => Err(MailError::Later(format!(
                "the mail server did not take the mail within {} s: notifications.timeout_seconds sets how long an attempt \
                 may take",
                limit.as_secs()
            ))),
        }
    }

    /// Connects, and logs in if there is a password. Looking up the server blocks, for the time limit at most.
    async fn connect(
        &self,
        settings: &TargetSettings,
        secrets: &TargetSecrets,
    ) -> Result<AsyncSmtpConnection, MailError> {
        let server = settings.server.as_deref().unwrap_or_default();
        let security = settings.security.unwrap_or(MailSecurity::Tls);
        let port = settings.port.unwrap_or(security.port());
        // The connection goes to the addresses that were checked.
        let addresses = self.guard.addresses_within(server, port, self.timeout);
        let addresses = addresses.map_err(|error| MailError::Later(error.to_string()))?;
        let hello = ClientId::Domain("localhost".to_owned());
        let tls = self.tls(server)?;
        let tls_at_once = (security == MailSecurity::Tls).then(|| tls.clone());
        // An address that does not answer leaves time for the others.
        let share = self.timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            addresses.as_slice(),
            Some(share),
            &hello,
            tls_at_once,
            None,
        )
        .await?;
        if security == MailSecurity::Starttls {
            connection.starttls(tls, &hello).await?;
        }
        if let (Some(username), Some(password)) = (&settings.username, &secrets.password) {
            let password = password.expose_secret().to_owned();
            let credentials = Credentials::new(username.clone(), password);
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &credentials).await?;
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

/// Transmits the mail to the server, which answers for each recipient.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    from: Address,
    to: &[&String],
    message: &[u8],
) -> Result<Sent, MailError> {
    let from = Mail::new(Some(from), Vec::new());
    connection.command(from).await.map_err(of_mail)?;
    let (mut taken, mut refused, mut is_later) = (Vec::new(), Vec::new(), false);
    for to in to {
        let recipient = Rcpt::new(mailbox(to)?.email, Vec::new());
        match connection.command(recipient).await {
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
        connection.command(Data).await.map_err(of_mail)?;
        let response = connection.message(message).await.map_err(of_mail)?;
        status = u16::from(response.code()).into();
        answer = Some(response.message().collect::<Vec<_>>().join(" "));
    }
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

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    let read: Result<Mailbox, AddressError> = text.parse();
    read.map_err(|error| MailError::Refused(error.to_string()))
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
        builder = builder.to(mailbox(to)?);
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

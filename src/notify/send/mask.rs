//! Removes a target's secrets from its answers, and from texts about errors. Pure.
//!
//! A target may repeat what it was sent: as a whole, or the path of the address alone, or one word of a header field;
//! escaped as JSON, HTML or in an address; or cut off anywhere. So we search not for whole secrets, but for any [`RUN`]
//! consecutive bytes of one, in the text itself and in the text with its escapes undone. Shorter secrets are searched
//! for as a whole.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;
use url::Url;

use super::super::render::{HttpRequest, Outgoing};
use super::super::secrets::TargetSecrets;
use crate::model::{TargetKind, TargetSettings};

/// This many consecutive bytes of a secret are never shown.
const RUN: usize = 8;

/// Parts of a secret that are shorter than that are no secrets by themselves.
const PART: usize = 4;

/// How often escapes are undone: an escaped text may be quoted in another one.
const ROUNDS: usize = 2;

/// Words that begin the value of a header field and say what follows.
const SCHEMES: [&str; 5] = ["basic", "bearer", "digest", "key", "token"];

/// In place of a secret.
const MARK: &str = "***";

/// What must not be shown.
#[derive(Default)]
pub(in super::super) struct Mask {
    /// Every run of [`RUN`] bytes within a secret, hashed with a key of this mask: it holds no copy of it.
    runs: HashSet<u64>,
    hasher: RandomState,
    /// Secrets that are shorter.
    short: Vec<Zeroizing<Vec<u8>>>,
}

impl Mask {
    /// A mask of a target's secrets.
    pub(in super::super) fn new(settings: &TargetSettings, secrets: &TargetSecrets) -> Self {
        let mut mask = Self::default();
        if let Some(url) = &secrets.url {
            mask.address(url.expose_secret());
        }
        let single = [&secrets.token, &secrets.password].into_iter().flatten();
        for secret in single.chain(&secrets.signing) {
            mask.secret(secret.expose_secret());
        }
        if let (Some(user), Some(password)) = (&settings.username, &secrets.password) {
            // As SMTP sends it.
            let login = Zeroizing::new(format!("\0{user}\0{}", password.expose_secret()));
            mask.encoded(&login);
        }
        for value in secrets.headers.values() {
            match settings.kind {
                TargetKind::Template => mask.template(value.expose_secret()),
                _ => mask.header(value.expose_secret()),
            }
        }
        mask
    }

    /// The same, and what the templates of header fields gave for this message.
    pub(super) fn with(mut self, secrets: &TargetSecrets, message: &Outgoing) -> Self {
        if let Outgoing::Http(HttpRequest { headers, .. }) = message {
            let secret = headers
                .iter()
                .filter(|(name, _)| secrets.headers.contains_key(name));
            for (_, value) in secret {
                self.header(value.expose_secret());
            }
        }
        self
    }

    /// An address: everything but its scheme, host and port.
    fn address(&mut self, address: &str) {
        let Ok(url) = Url::parse(address) else {
            self.secret(address);
            return;
        };
        // As it was given, and as it is sent.
        let origin = url.origin().ascii_serialization();
        let given = address.get(origin.len()..).unwrap_or_default();
        let sent = &url[url::Position::BeforePath..];
        for text in [given, sent] {
            self.long(text);
        }
        for segment in sent.split(['/', '?']) {
            // A short word, such as "hook", is nothing that only few know.
            if segment.len() >= RUN || segment.contains(|c: char| c.is_ascii_digit()) {
                self.part(segment);
            }
        }
        for (_, value) in url.query_pairs() {
            self.part(&value);
        }
    }

    /// The value of a header field: as a whole, and its words.
    fn header(&mut self, value: &str) {
        self.long(value);
        let is_part_of_word = |c: char| c.is_ascii_alphanumeric() || "+/=-_.~:%".contains(c);
        let words = value.split(|c: char| !is_part_of_word(c));
        for (at, word) in words.filter(|word| !word.is_empty()).enumerate() {
            if at == 0 && SCHEMES.contains(&word.to_ascii_lowercase().as_str()) {
                continue;
            }
            self.part(word);
            // A field such as `key=secret`.
            for part in word.trim_end_matches('=').split('=') {
                self.part(part);
            }
            // The login of "Basic".
            let login = STANDARD.decode(word).ok();
            if let Some(login) = login.and_then(|bytes| String::from_utf8(bytes).ok()) {
                if let Some((_, password)) = login.split_once(':') {
                    self.part(password);
                }
                self.part(&login);
            }
        }
    }

    /// The template of such a value: what it has beside its expressions.
    fn template(&mut self, template: &str) {
        self.long(template);
        for text in template.split("{{") {
            self.header(text.split_once("}}").map_or(text, |(_, after)| after));
        }
    }

    /// A secret, and its forms in base64.
    fn secret(&mut self, secret: &str) {
        self.add(secret);
        self.encoded(secret);
    }

    fn encoded(&mut self, secret: &str) {
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            self.part(&Zeroizing::new(engine.encode(secret)));
        }
    }

    /// A part of a secret that has a meaning of its own.
    fn part(&mut self, part: &str) {
        if part.len() >= PART {
            self.add(part);
        }
    }

    /// A part of a secret that is no secret unless it is long.
    fn long(&mut self, part: &str) {
        if part.len() >= RUN {
            self.add(part);
        }
    }

    fn add(&mut self, secret: &str) {
        let mut bytes = Zeroizing::new(secret.as_bytes().to_ascii_lowercase());
        for round in 0..=ROUNDS {
            if round > 0 {
                let plain = Zeroizing::new(unescaped(&bytes, &each(&bytes)).0);
                if plain == bytes {
                    break;
                }
                bytes = plain;
            }
            match bytes.len() {
                0 => {}
                1..RUN => self.short.push(bytes.clone()),
                _ => {
                    let runs = bytes.windows(RUN).map(|run| self.hasher.hash_one(run));
                    self.runs.extend(runs);
                }
            }
        }
    }

    /// A text without secrets.
    pub(in super::super) fn applied(&self, text: &str) -> String {
        let mut hidden = vec![false; text.len()];
        let mut bytes = text.as_bytes().to_ascii_lowercase();
        let mut spans = each(&bytes);
        for round in 0..=ROUNDS {
            if round > 0 {
                let (plain, of_plain) = unescaped(&bytes, &spans);
                if plain == bytes {
                    break;
                }
                (bytes, spans) = (plain, of_plain);
            }
            self.hide(&bytes, &spans, &mut hidden);
        }
        let mut shown = String::with_capacity(text.len());
        let mut is_hidden = false;
        for (at, c) in text.char_indices() {
            let was_hidden = is_hidden;
            is_hidden = hidden[at..at + c.len_utf8()].contains(&true);
            match (was_hidden, is_hidden) {
                (_, false) => shown.push(c),
                (false, true) => shown.push_str(MARK),
                (true, true) => {}
            }
        }
        shown
    }

    fn hide(&self, bytes: &[u8], spans: &[Range<usize>], hidden: &mut [bool]) {
        let mut hide = |found: Range<usize>| {
            if let (Some(first), Some(last)) = (spans.get(found.start), spans.get(found.end - 1)) {
                hidden[first.start..last.end].fill(true);
            }
        };
        for (at, run) in bytes.windows(RUN).enumerate() {
            if self.runs.contains(&self.hasher.hash_one(run)) {
                hide(at..at + RUN);
            }
        }
        for short in &self.short {
            for at in memchr::memmem::find_iter(bytes, short.as_slice()) {
                hide(at..at + short.len());
            }
        }
    }
}

/// Each byte of a text, which comes from itself.
fn each(bytes: &[u8]) -> Vec<Range<usize>> {
    (0..bytes.len()).map(|at| at..at + 1).collect()
}

/// A text whose escapes are undone once: those of addresses, JSON and HTML. `spans` say where each byte comes from, and so
/// does the answer.
fn unescaped(bytes: &[u8], spans: &[Range<usize>]) -> (Vec<u8>, Vec<Range<usize>>) {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut of_plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let Some((length, text)) = escape(rest) else {
            plain.push(rest[0]);
            of_plain.push(spans[at].clone());
            at += 1;
            continue;
        };
        let span = spans[at].start..spans[at + length - 1].end;
        for byte in text {
            plain.push(byte.to_ascii_lowercase());
            of_plain.push(span.clone());
        }
        at += length;
    }
    (plain, of_plain)
}

/// The escape with which a text begins: its length, and what it means.
fn escape(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let number = |digits: &[u8], base| {
        let digits = std::str::from_utf8(digits).ok()?;
        // A sign is no digit.
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
        u32::from_str_radix(digits, base).ok().filter(|_| is_plain)
    };
    let utf8 = |number: u32| Some(char::from_u32(number)?.to_string().into_bytes());
    match rest {
        [b'%', high, low, ..] => {
            let byte = u8::try_from(number(&[*high, *low], 16)?).ok()?;
            Some((3, vec![byte]))
        }
        [b'\\', b'u', digits @ ..] => Some((6, utf8(number(digits.get(..4)?, 16)?)?)),
        [b'\\', b'x', digits @ ..] => Some((4, utf8(number(digits.get(..2)?, 16)?)?)),
        [b'\\', quoted @ (b'/' | b'\\' | b'"' | b'\''), ..] => Some((2, vec![*quoted])),
        [b'&', ..] => {
            let end = rest.iter().take(10).position(|byte| *byte == b';')?;
            let text = match &rest[1..end] {
                b"amp" => vec![b'&'],
                b"lt" => vec![b'<'],
                b"gt" => vec![b'>'],
                b"quot" => vec![b'"'],
                b"apos" => vec![b'\''],
                b"sol" => vec![b'/'],
                [b'#', b'x', digits @ ..] => utf8(number(digits, 16)?)?,
                [b'#', digits @ ..] => utf8(number(digits, 10)?)?,
                _ => return None,
            };
            Some((end + 1, text))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    const PATH: &str = "/services/T0000/B1111/AbCdEfGhIjKl";

    fn mask() -> Mask {
        let settings = json!({ "kind": "mail", "username": "ann" });
        let secrets = TargetSecrets {
            url: Some(format!("https://hooks.example.org{PATH}?key=hunter2").into()),
            token: Some("t0k".into()),
            password: Some("pass/word&<more>".into()),
            headers: BTreeMap::from([
                ("authorization".to_owned(), "Bearer s3cr3t".into()),
                ("x-login".to_owned(), "Basic YW5uOm9wZW5zZXNhbWU=".into()),
            ]),
            signing: vec!["whsec_MDEyMzQ1Njc4OWFiY2RlZg==".into()],
        };
        Mask::new(&serde_json::from_value(settings).unwrap(), &secrets)
    }

    #[test]
    fn no_form_of_a_secret_is_shown() {
        let mask = mask();
        for (text, shown) in [
            (
                "Cannot POST /services/T0000/B1111/AbCdEfGhIjKl",
                "Cannot POST ***",
            ),
            ("see /SERVICES/t0000/b1111/ABCDEFGHIJKL/", "see ***/"),
            (
                r#"{"path": "\/services\/T0000\/B1111\/AbCdEfGhIjKl"}"#,
                r#"{"path": "***"}"#,
            ),
            ("/services%2FT0000%252fB1111%2FAbCdEfGhIjKl", "***"),
            (
                "<b>&#x2f;services&#47;T0000&sol;B1111/AbCdEfGhIjKl</b>",
                "<b>***</b>",
            ),
            ("no hook AbCdEfGhIjKl here", "no hook *** here"),
            ("cut off: /services/T0", "cut off: ***"),
            ("key hunter2, token t0k", "key ***, token ***"),
            (
                "the Bearer token s3cr3t is old",
                "the Bearer token *** is old",
            ),
            ("ann and opensesame", "ann and ***"),
            (r"pass\/word\u0026\u003cmore>", "***"),
            ("pass/word&amp;&lt;more&gt;", "***"),
            ("cGFzcy93b3JkJjxtb3JlPg==", "***=="),
            ("AGFubgBwYXNzL3dvcmQmPG1vcmU+", "***"),
            ("signed MDEyMzQ1Njc4OWFiY2RlZg==", "signed ***"),
        ] {
            assert_eq!(mask.applied(text), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let mask = mask();
        for text in [
            "",
            "the target answered 503 Service Unavailable",
            "invalid_payload: naïve 🦀 100 % & more; \\n %zz &unknown; \\uZZZZ",
            "https://hooks.example.org is up",
            "Bearer token expected",
        ] {
            assert_eq!(mask.applied(text), text);
        }
    }
}

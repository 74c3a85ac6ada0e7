//! Signatures by the Standard Webhooks specification: HMAC-SHA256 over id, time and body. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};

/// What each secret begins with.
const PREFIX: &str = "whsec_";

/// Size of a key, in bytes, as the specification demands.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A new secret, from random bytes.
#[must_use]
pub fn secret(random: &[u8; 32]) -> SecretString {
    format!("{PREFIX}{}", STANDARD.encode(random)).into()
}

/// The key in a secret.
///
/// # Errors
/// It has another form.
fn key(secret: &SecretString) -> Result<hmac::Key, String> {
    let wrong = || {
        "a signing secret is whsec_ and the base64 of 24 to 64 bytes; leave signing_secrets out, and one is made"
            .to_owned()
    };
    let text = secret.expose_secret().strip_prefix(PREFIX);
    let bytes = text.and_then(|text| STANDARD.decode(text).ok());
    let bytes = bytes.filter(|bytes| KEY_BYTES.contains(&bytes.len()));
    bytes
        .map(|bytes| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
        .ok_or_else(wrong)
}

/// Checks the form of a secret.
///
/// # Errors
/// It has another form.
pub fn check(secret: &SecretString) -> Result<(), String> {
    key(secret).map(|_| ())
}

/// The value of `webhook-signature`: one signature for each secret, so that receivers with either of them can verify it.
///
/// # Errors
/// A secret has another form.
pub fn signature(
    secrets: &[SecretString],
    id: &str,
    timestamp_s: i64,
    body: &str,
) -> Result<String, String> {
    let signed = format!("{id}.{timestamp_s}.{body}");
    let signatures = secrets.iter().map(|secret| {
        let tag = hmac::sign(&key(secret)?, signed.as_bytes());
        Ok(format!("v1,{}", STANDARD.encode(tag.as_ref())))
    });
    let signatures: Result<Vec<String>, String> = signatures.collect();
    Ok(signatures?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let body = "{\"test\": 2432232314}";
        let signed = signature(std::slice::from_ref(&secret), id, 1_614_265_330, body).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signature(&[secret.clone(), secret], id, 1_614_265_330, body).unwrap();
        assert_eq!(both, format!("{signed} {signed}"));
    }

    #[test]
    fn only_secrets_of_the_right_form_are_taken() {
        assert!(check(&secret(&[7; 32])).is_ok());
        for wrong in ["", "whsec_", "whsec_c2hvcnQ=", "hunter2", "whsec_%%"] {
            let error = check(&wrong.into()).unwrap_err();
            assert!(error.contains("whsec_"), "{error}");
        }
    }
}

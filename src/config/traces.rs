//! The destination of traces: `[traces]`, and the variables that OpenTelemetry defines for exporters, which override it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use playback_spool::net::Proxies;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::ConfigError;

/// Where traces lie below a receiver's address.
const PATH: &str = "v1/traces";

/// Settings of traces.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TracesConfig {
    /// Address of the receiver, such as `http://localhost:4318`: `/v1/traces` is added. None: no traces are sent.
    pub endpoint: Option<String>,
    /// Headers of each request, such as one with a token.
    pub headers: BTreeMap<String, SecretString>,
    /// Certificate authorities to trust, as a PEM file, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long the receiver may take to answer.
    pub timeout_seconds: u64,
    /// How requests are compressed.
    pub compression: Compression,
    /// Maximum number of spans of a run.
    pub max_spans: u64,
    /// The resource attribute `service.name`.
    pub service_name: String,
    /// Further attributes of the resource.
    pub resource_attributes: BTreeMap<String, String>,
    /// The address with its path, as the environment names it.
    #[serde(skip)]
    whole_endpoint: Option<String>,
    /// A time limit in milliseconds, as the environment names it.
    #[serde(skip)]
    timeout_ms: Option<u64>,
    /// The environment's proxies.
    #[serde(skip)]
    pub proxies: Proxies,
}

/// How requests are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// By gzip.
    Gzip,
}

impl Default for TracesConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: BTreeMap::new(),
            ca_file: None,
            timeout_seconds: 10,
            compression: Compression::None,
            max_spans: 10_000,
            service_name: "playback".to_owned(),
            resource_attributes: BTreeMap::new(),
            whole_endpoint: None,
            timeout_ms: None,
            proxies: Proxies::default(),
        }
    }
}

impl TracesConfig {
    /// The address to which traces are sent; none: they are not.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        if let Some(whole) = &self.whole_endpoint {
            return Some(whole.clone());
        }
        let base = self.endpoint.as_deref()?;
        Some(format!("{}/{PATH}", base.trim_end_matches('/')))
    }

    /// How long the receiver may take to answer.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        match self.timeout_ms {
            Some(ms) => Duration::from_millis(ms),
            None => Duration::from_secs(self.timeout_seconds),
        }
    }

    /// Takes over what the environment says, and checks the whole.
    ///
    /// # Errors
    /// A setting is invalid.
    #[expect(
        clippy::disallowed_methods,
        reason = "one of the places that read the environment"
    )]
    pub(super) fn read_environment(&mut self) -> Result<(), ConfigError> {
        self.take(&|name| std::env::var_os(name))
    }

    fn take(&mut self, variable: &impl Fn(&str) -> Option<OsString>) -> Result<(), ConfigError> {
        self.proxies = Proxies::read(|name| variable(name));
        // An empty variable is as good as none, as OpenTelemetry has it.
        let text = |name: &str| {
            let value = variable(name)?.into_string().ok()?;
            Some(value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        // The variable for traces wins over that for everything.
        let either = |end: &str| {
            let names = [
                format!("OTEL_EXPORTER_OTLP_TRACES_{end}"),
                format!("OTEL_EXPORTER_OTLP_{end}"),
            ];
            names
                .into_iter()
                .find_map(|name| Some((text(&name)?, name)))
        };
        if let Some(endpoint) = text("OTEL_EXPORTER_OTLP_ENDPOINT") {
            self.endpoint = Some(endpoint);
        }
        if let Some(endpoint) = text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            self.whole_endpoint = Some(endpoint);
        }
        let is_off = text("OTEL_SDK_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true"))
            || text("OTEL_TRACES_EXPORTER")
                .is_some_and(|exporters| !exporters.split(',').any(|one| one.trim() == "otlp"));
        if is_off {
            (self.endpoint, self.whole_endpoint) = (None, None);
            return Ok(());
        }
        if self.address().is_none() {
            return Ok(());
        }
        if let Some((protocol, name)) = either("PROTOCOL")
            && protocol != "http/protobuf"
        {
            return Err(wrong(
                &name,
                &protocol,
                "traces are sent by http/protobuf alone, which most receivers take at port 4318",
            ));
        }
        if let Some((headers, name)) = either("HEADERS") {
            let read = pairs(&headers).ok_or_else(|| {
                wrong(
                    &name,
                    "",
                    "it must be like key1=value1,key2=value2, with %2C for a comma in a value",
                )
            })?;
            let secret = |(key, value): (String, String)| (key, SecretString::from(value));
            self.headers.extend(read.into_iter().map(secret));
        }
        if let Some((ms, name)) = either("TIMEOUT") {
            let read = ms.parse::<u64>().ok().filter(|ms| *ms > 0);
            self.timeout_ms = Some(read.ok_or_else(|| {
                wrong(
                    &name,
                    &ms,
                    "it must be a number of milliseconds, such as 10000",
                )
            })?);
        }
        if let Some((compression, name)) = either("COMPRESSION") {
            self.compression = match compression.as_str() {
                "gzip" => Compression::Gzip,
                "none" => Compression::None,
                _ => return Err(wrong(&name, &compression, "it must be gzip or none")),
            };
        }
        if let Some((file, _)) = either("CERTIFICATE") {
            self.ca_file = Some(PathBuf::from(file));
        }
        if let Some(attributes) = text("OTEL_RESOURCE_ATTRIBUTES") {
            let name = "OTEL_RESOURCE_ATTRIBUTES";
            let read = pairs(&attributes).ok_or_else(|| {
                wrong(name, &attributes, "it must be like key1=value1,key2=value2")
            })?;
            for (key, value) in read {
                match key.as_str() {
                    "service.name" => self.service_name = value,
                    _ => {
                        self.resource_attributes.insert(key, value);
                    }
                }
            }
        }
        if let Some(name) = text("OTEL_SERVICE_NAME") {
            self.service_name = name;
        }
        self.check()
    }

    fn check(&self) -> Result<(), ConfigError> {
        let address = self.address().unwrap_or_default();
        let url = Url::parse(&address).ok();
        let is_http = url.is_some_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
        });
        if !is_http {
            // It may hold a password.
            let shown = if address.contains('@') {
                ""
            } else {
                address.as_str()
            };
            return Err(wrong(
                "traces.endpoint (or OTEL_EXPORTER_OTLP_ENDPOINT)",
                shown,
                "it must be https://HOST[:PORT][/PATH] or http://HOST[:PORT][/PATH], without a password: traces.headers \
                 may have a token",
            ));
        }
        if self.timeout_seconds == 0 {
            return Err(ConfigError::Zero("traces.timeout_seconds"));
        }
        if self.max_spans == 0 {
            return Err(ConfigError::Zero("traces.max_spans"));
        }
        Ok(())
    }
}

fn wrong(name: &str, value: &str, problem: &str) -> ConfigError {
    ConfigError::Traces {
        name: name.to_owned(),
        value: value.to_owned(),
        problem: problem.to_owned(),
    }
}

/// Reads `key1=value1,key2=value2`, with values that are percent-encoded; none for anything else.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (key, value) = part.split_once('=')?;
            let key = key.trim();
            (!key.is_empty()).then_some(())?;
            Some((key.to_owned(), decoded(value.trim())?))
        })
        .collect()
}

/// A percent-encoded text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn taken(variables: &[(&str, &str)]) -> Result<TracesConfig, ConfigError> {
        let mut config = TracesConfig::default();
        config.take(&|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        })?;
        Ok(config)
    }

    #[test]
    fn an_address_is_that_of_all_signals_or_that_of_traces() {
        let address = |variables: &[(&str, &str)]| taken(variables).unwrap().address();
        let (all, traces) = (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        );
        assert_eq!(address(&[]), None);
        assert_eq!(address(&[(all, "")]), None);
        for base in ["http://otel:4318", "http://otel:4318/"] {
            let whole = Some("http://otel:4318/v1/traces".to_owned());
            assert_eq!(address(&[(all, base)]), whole);
        }
        let both = [(all, "http://otel:4318"), (traces, "https://tempo/otlp")];
        assert_eq!(address(&both), Some("https://tempo/otlp".to_owned()));
        for off in [
            ("OTEL_SDK_DISABLED", "true"),
            ("OTEL_TRACES_EXPORTER", "none"),
        ] {
            assert_eq!(address(&[(all, "http://otel:4318"), off]), None);
        }
    }

    #[test]
    fn the_variable_for_traces_wins() {
        let config = taken(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4318"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x=1"),
            (
                "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
                "authorization=Bearer%20a%2Cb, tenant=7",
            ),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/ca.pem"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "service.name=x,deployment.environment.name=prod",
            ),
            ("OTEL_SERVICE_NAME", "ansible"),
        ])
        .unwrap();
        let header = |name: &str| config.headers.get(name).map(|value| value.expose_secret());
        assert_eq!(header("authorization"), Some("Bearer a,b"));
        assert_eq!((header("tenant"), header("x")), (Some("7"), None));
        assert_eq!(config.timeout(), Duration::from_millis(2500));
        assert_eq!(config.compression, Compression::Gzip);
        assert_eq!(config.ca_file, Some(PathBuf::from("/etc/ca.pem")));
        assert_eq!(config.service_name, "ansible");
        assert_eq!(
            config.resource_attributes["deployment.environment.name"],
            "prod"
        );
        assert!(!format!("{config:?}").contains("Bearer"));
    }

    #[test]
    fn what_cannot_be_is_named_without_its_secret() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4318");
        let told = |variable: (&str, &str)| taken(&[endpoint, variable]).unwrap_err().to_string();
        assert!(
            told(("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")).contains("\"grpc\": traces are sent by")
        );
        assert!(told(("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")).contains("milliseconds"));
        assert!(told(("OTEL_EXPORTER_OTLP_COMPRESSION", "zip")).contains("gzip or none"));
        let headers = told(("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"));
        assert!(headers.contains("OTEL_EXPORTER_OTLP_HEADERS") && !headers.contains("hunter2"));
        let odd = taken(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://u:hunter2@otel")]);
        assert!(!odd.unwrap_err().to_string().contains("hunter2"));
        assert!(taken(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "otel:4317")]).is_err());
        // Without an address, the rest does not matter.
        assert!(taken(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).is_ok());
    }
}

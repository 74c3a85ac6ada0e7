//! The options as `ansible-doc -t callback playback.history.recorder` documents them.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use playback_producer::report::truth;
use playback_producer::{ChosenToken, Delivery, TokenSources, environment, option_name as shown};
use playback_redact::Rules;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use secrecy::SecretString;
use uuid::Uuid;

/// The user's configuration.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) delivery: Delivery,
    pub(crate) capture_output: bool,
    pub(crate) record_args: bool,
    pub(crate) facts: bool,
    pub(crate) facts_ignore: Vec<String>,
    pub(crate) diff: bool,
    pub(crate) redact_keys: Vec<String>,
    pub(crate) redact_patterns: Option<String>,
    pub(crate) max_event_bytes: usize,
    pub(crate) labels: Vec<String>,
    pub(crate) note: Option<String>,
    pub(crate) execution_id: Option<String>,
    pub(crate) parent: Option<String>,
    /// Messages to the user about options that cannot be used as they are.
    pub(crate) notices: Vec<String>,
    /// A redaction rule of which only part can be read. Then nothing may be recorded.
    unusable_rule: Option<&'static str>,
}

/// Options as Python has them, of any type: an odd one must not turn recording off.
struct PythonOptions<'a, 'py> {
    options: &'a Bound<'py, PyDict>,
    notices: Vec<String>,
    /// Options whose text was not valid UTF-8.
    damaged: Vec<&'static str>,
}

impl<'py> PythonOptions<'_, 'py> {
    fn get(&self, name: &str) -> Option<Bound<'py, PyAny>> {
        let value = self.options.get_item(name).ok().flatten()?;
        (!value.is_none()).then_some(value)
    }

    /// The valid part of a text: Python represents other bytes as surrogates.
    fn text_of(&mut self, name: &'static str, value: &Bound<'py, PyAny>) -> Option<String> {
        let text = value.str().ok()?;
        if let Ok(text) = text.extract::<String>() {
            return Some(text);
        }
        let encode = |errors: &str| text.call_method1("encode", ("utf-8", errors));
        let bytes = encode("surrogateescape").or_else(|_| encode("replace"));
        let bytes: Vec<u8> = bytes.ok()?.extract().ok()?;
        if !self.damaged.contains(&name) {
            self.damaged.push(name);
            self.notices.push(format!(
                "{} holds bytes that are not UTF-8: they are replaced",
                shown(name)
            ));
        }
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        let value = self.get(name)?;
        self.text_of(name, &value)
    }

    fn path(&mut self, name: &'static str) -> Option<PathBuf> {
        let value = self.get(name)?;
        value
            .extract()
            .ok()
            .or_else(|| self.text_of(name, &value).map(PathBuf::from))
    }

    /// A UUID; without one, the run gets an identity of its own.
    fn identity(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        let is_one = |text: &String| Uuid::parse_str(text.trim()).is_ok();
        if text.trim().is_empty() || is_one(&text) {
            return Some(text).filter(is_one);
        }
        let _: &str = self.odd(name, &text, "it must be a UUID", "another identity");
        None
    }

    fn list(&mut self, name: &'static str, default: &[&str]) -> Vec<String> {
        let Some(value) = self.get(name) else {
            return default.iter().map(|entry| (*entry).to_owned()).collect();
        };
        let entries = if value.is_instance_of::<PyString>() {
            None
        } else {
            value.try_iter().ok()
        };
        let texts: Vec<String> = match entries {
            Some(entries) => entries
                .filter_map(|entry| self.text_of(name, &entry.ok()?))
                .collect(),
            None => {
                let text = self.text_of(name, &value).unwrap_or_default();
                text.split(',').map(str::to_owned).collect()
            }
        };
        texts
            .iter()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect()
    }

    fn flag(&mut self, name: &'static str, default: bool) -> bool {
        let Some(value) = self.get(name) else {
            return default;
        };
        if let Ok(flag) = value.extract::<bool>() {
            return flag;
        }
        let text = self.text_of(name, &value).unwrap_or_default();
        match truth(&text) {
            Some(flag) => flag,
            None if text.trim().is_empty() => default,
            None => self.odd(name, &text, "it must be true or false", default),
        }
    }

    /// A flag whose default depends on the run.
    fn open_flag(&mut self, name: &'static str) -> Option<bool> {
        self.get(name).map(|_| self.flag(name, false))
    }

    fn number<T: Display + FromStr>(
        &mut self,
        name: &'static str,
        default: T,
        must_be: &str,
        usable: impl Fn(&T) -> bool,
    ) -> T {
        let Some(value) = self.get(name) else {
            return default;
        };
        let text = self.text_of(name, &value).unwrap_or_default();
        match text.trim().parse() {
            Ok(number) if usable(&number) => number,
            _ if text.trim().is_empty() => default,
            _ => self.odd(name, &text, must_be, default),
        }
    }

    fn odd<T: Display>(&mut self, name: &str, text: &str, must_be: &str, default: T) -> T {
        let text: String = text.chars().take(40).collect();
        self.notices.push(format!(
            "{} is {text:?} and is not used: {must_be}; {default} is used instead",
            shown(name)
        ));
        default
    }
}

impl Options {
    /// Reads the options by name. An invalid one is reported in `notices`, and its default is used.
    pub(crate) fn read(options: &Bound<'_, PyDict>) -> Self {
        let mut given = PythonOptions {
            options,
            notices: Vec::new(),
            damaged: Vec::new(),
        };
        // Options that Python itself could not read.
        let notices = given.get("notices");
        given.notices = notices
            .and_then(|notices| notices.extract().ok())
            .unwrap_or_default();
        let seconds = "it must be a number of seconds, such as 5 or 0.5";
        let is_wait = |value: &f64| value.is_finite() && *value >= 0.0;
        let size = "it must be a number of MiB, such as 2048";
        let bytes = "it must be a number of bytes, such as 1048576";
        let token = given.text("token").map(SecretString::from);
        let token = chosen(token, given.path("token_file"));
        let options = Self {
            delivery: Delivery {
                url: given.text("url"),
                ca_file: given.path("ca_file"),
                proxies: environment::proxies(),
                spool_dir: given.path("spool_dir"),
                state_folder: true,
                spool_max_mb: given.number("spool_max_mb", 2048, size, |value| *value > 0),
                flush_seconds: given.number("flush_seconds", 5.0, seconds, is_wait),
                flush_seconds_unreachable: given.number(
                    "flush_seconds_unreachable",
                    0.5,
                    seconds,
                    is_wait,
                ),
                link: given.open_flag("link"),
                ..Delivery::default().with_token(token)
            },
            capture_output: given.flag("capture_output", true),
            record_args: given.flag("record_args", false),
            facts: given.flag("facts", true),
            facts_ignore: given.list("facts_ignore", &["ansible_env"]),
            diff: given.flag("diff", true),
            redact_keys: given.list("redact_keys", &[]),
            redact_patterns: given.text("redact_patterns"),
            max_event_bytes: given.number("max_event_bytes", 1 << 20, bytes, |value| *value > 0),
            labels: given.list("labels", &[]),
            note: given.text("note"),
            execution_id: given.identity("execution_id"),
            parent: given.text("parent"),
            notices: Vec::new(),
            unusable_rule: None,
        };
        let rules = ["redact_keys", "redact_patterns"];
        Self {
            unusable_rule: rules.into_iter().find(|name| given.damaged.contains(name)),
            notices: given.notices,
            ..options
        }
    }

    /// The redaction rules; none if nothing is configured.
    ///
    /// # Errors
    /// A text that says which rule cannot be used. Then nothing may be recorded.
    pub(crate) fn rules(&self) -> Result<Option<Rules>, String> {
        if let Some(name) = self.unusable_rule {
            return Err(format!("{} holds bytes that are not UTF-8", shown(name)));
        }
        let patterns: Vec<&str> = self
            .redact_patterns
            .iter()
            .flat_map(|text| text.lines())
            .collect();
        let patterns: Vec<&str> = patterns.iter().map(|pattern| pattern.trim()).collect();
        let texts: [&str; 0] = [];
        let rules = Rules::new(&self.redact_keys, &patterns, &texts)
            .map_err(|error| format!("{}: {error}", shown("redact_patterns")))?;
        Ok(Some(rules).filter(|rules| !rules.is_empty()))
    }

    /// Largest event line, in bytes; small enough for every batch, large enough for a result's frame.
    pub(crate) fn max_event_bytes(&self) -> usize {
        self.max_event_bytes.clamp(16 << 10, 16 << 20)
    }
}

/// The token to use. Ansible gives one value for each option and does not say where it was found: it is from the
/// environment where the option's variable is set.
fn chosen(token: Option<SecretString>, file: Option<PathBuf>) -> Option<ChosenToken> {
    let by_variable = environment::is_set("PLAYBACK_TOKEN");
    let file_by_variable = environment::is_set("PLAYBACK_TOKEN_FILE");
    let (variable, configured) = split(token, by_variable);
    let (variable_file, configured_file) = split(file, file_by_variable);
    TokenSources {
        option_file: None,
        variable,
        variable_file,
        configured,
        configured_file,
    }
    .choose()
}

/// A value as the environment's or as the configuration's.
fn split<T>(value: Option<T>, by_variable: bool) -> (Option<T>, Option<T>) {
    match by_variable {
        true => (value, None),
        false => (None, value),
    }
}

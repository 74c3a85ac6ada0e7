//! What a request asks for, and whether it may have it. Everything is checked before a record exists.
//!
//! No value can become an option, a file or a template: values travel as `--option=VALUE`, and those that
//! Ansible would read as something else are refused.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::adhoc::{self, Arguments};
use super::error::LaunchError;
use super::names::{self, Found, Kind};
use crate::config::{Adhoc, LauncherConfig};
use crate::model::Parameters;

/// The longest run that may be asked for, in seconds: a week.
const MAX_TIMEOUT: u64 = 7 * 86_400;

/// The longest text that a field may have, in bytes. One argument of a command may have 128 KiB.
const MAX_TEXT: usize = 64 << 10;

/// What a request says; what it leaves out is `None`. `Debug` shows no value that may be secret.
#[derive(Clone, Default)]
#[allow(missing_docs)] // Each is a field of the request, and documented there.
pub struct Asked {
    pub playbook: Option<String>,
    pub inventory: Option<String>,
    pub limit: Option<String>,
    pub tags: Option<Vec<String>>,
    pub skip_tags: Option<Vec<String>>,
    pub extra_vars: Option<BTreeMap<String, Value>>,
    pub r#become: Option<bool>,
    pub become_user: Option<String>,
    pub forks: Option<u32>,
    pub verbosity: Option<u8>,
    pub check: Option<bool>,
    pub diff: Option<bool>,
    pub timeout: Option<u64>,
    pub vault_password: Option<String>,
    pub private_key: Option<String>,
    pub note: Option<String>,
    pub labels: Option<Vec<String>>,
    pub hosts: Option<String>,
    pub module: Option<String>,
    pub args: Option<String>,
    pub only_hosts: Option<Vec<String>>,
    pub replay_of: Option<uuid::Uuid>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Asked")
            .field("playbook", &self.playbook)
            .field("hosts", &self.hosts)
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}

/// What may be run: checked, found, and parted into what is kept and what is secret.
pub(super) struct Checked {
    pub(super) parameters: Parameters,
    pub(super) secrets: Secrets,
    /// The working directory.
    pub(super) cwd: PathBuf,
    pub(super) inventory: Option<PathBuf>,
    /// A key that was named.
    pub(super) private_key: Option<PathBuf>,
}

/// What is secret, or may be. It has no `Debug`.
#[derive(Default)]
pub(super) struct Secrets {
    pub(super) extra_vars: Option<BTreeMap<String, Value>>,
    pub(super) vault_password: Option<String>,
    /// The text of a key.
    pub(super) private_key: Option<String>,
    /// Ad-hoc: the module's arguments.
    pub(super) args: Option<Arguments>,
}

/// Checks a request.
///
/// # Errors
/// The first field that cannot be used, and why.
pub(super) fn check(asked: Asked, config: &LauncherConfig) -> Result<Checked, LaunchError> {
    let adhoc = asked.playbook.is_none();
    let (playbook, root) = match &asked.playbook {
        Some(name) => {
            let Found { root, .. } = names::find("playbook", &config.playbooks, name, Kind::File)?;
            (name.clone(), Some(root))
        }
        None => (String::new(), None),
    };
    let inventory = match &asked.inventory {
        Some(name) => {
            let found = names::find(
                "inventory",
                &config.inventories,
                name,
                Kind::FileOrDirectory,
            )?;
            Some(found.path)
        }
        None => None,
    };
    let cwd = match root {
        Some(root) => root,
        None => first_folder(config)?,
    };
    let (private_key, key_text) = private_key(asked.private_key, config)?;
    if let Some(names) = &asked.extra_vars {
        names.keys().try_for_each(|name| variable_name(name))?;
    }
    let module = module(asked.module)?;
    if adhoc {
        allowed(module.as_deref().unwrap_or(adhoc::DEFAULT_MODULE), config)?;
    }
    let parameters = Parameters {
        playbook,
        inventory: asked.inventory,
        limit: pattern("limit", asked.limit)?,
        only_hosts: asked.only_hosts.unwrap_or_default(),
        tags: tags("tags", asked.tags)?,
        skip_tags: tags("skip_tags", asked.skip_tags)?,
        extra_var_names: asked
            .extra_vars
            .as_ref()
            .map(|vars| vars.keys().cloned().collect())
            .unwrap_or_default(),
        extra_vars: asked.extra_vars.clone().filter(|_| config.keep_values),
        r#become: asked.r#become.unwrap_or_default(),
        become_user: user(asked.become_user)?,
        forks: within("forks", asked.forks, 1, 1000)?,
        verbosity: within("verbosity", asked.verbosity, 0, 6)?.unwrap_or_default(),
        check: asked.check.unwrap_or_default(),
        diff: asked.diff.unwrap_or_default(),
        timeout_seconds: timeout(asked.timeout, adhoc, config)?,
        vault_password: asked.vault_password.is_some(),
        private_key_given: key_text.is_some(),
        private_key: private_key.as_ref().map(|(name, _)| name.clone()),
        hosts: pattern("hosts", asked.hosts)?,
        module,
        args_given: asked.args.is_some(),
        args: asked.args.clone().filter(|_| config.keep_values),
        note: text("note", asked.note)?,
        labels: labels(asked.labels)?,
        replay_of: asked.replay_of,
    };
    if adhoc && parameters.hosts.is_none() {
        return Err(LaunchError::invalid("hosts", "a host pattern is needed"));
    }
    let args = match asked.args {
        Some(args) if args.len() > MAX_TEXT => return Err(too_long("args")),
        Some(args) if args.contains('\0') => {
            return Err(LaunchError::invalid("args", "has a NUL character"));
        }
        Some(args) => {
            let module = parameters.module.as_deref();
            adhoc::arguments(module.unwrap_or(adhoc::DEFAULT_MODULE), &args)?
        }
        None => None,
    };
    Ok(Checked {
        parameters,
        secrets: Secrets {
            extra_vars: asked.extra_vars,
            vault_password: vault_password(asked.vault_password)?,
            private_key: key_text,
            args,
        },
        cwd,
        inventory,
        private_key: private_key.map(|(_, path)| path),
    })
}

/// Ad-hoc runs have no playbook to lie beside.
fn first_folder(config: &LauncherConfig) -> Result<PathBuf, LaunchError> {
    let folder = config.playbooks.first().or(config.inventories.first());
    let folder = folder.ok_or(LaunchError::Disabled)?;
    Ok(folder.canonicalize()?)
}

type Key = (Option<(String, PathBuf)>, Option<String>);

/// A key is given as its text, or named in a configured folder.
fn private_key(given: Option<String>, config: &LauncherConfig) -> Result<Key, LaunchError> {
    match given {
        None => Ok((None, None)),
        Some(text) if text.trim_start().starts_with("-----BEGIN ") => {
            if text.len() > MAX_TEXT {
                return Err(too_long("private_key"));
            }
            // ssh refuses a key whose last line has no end.
            Ok((None, Some(format!("{}\n", text.trim()))))
        }
        Some(name) => {
            let found = names::find("private_key", &config.private_keys, &name, Kind::File)
                .map_err(|error| match error {
                    // What does not look like a key may be one all the same: it is not repeated.
                    LaunchError::NotFound { .. } | LaunchError::Invalid { .. }
                        if name.len() > 255 || name.contains(char::is_whitespace) =>
                    {
                        LaunchError::invalid(
                            "private_key",
                            "it must be the text of a key, which begins with \"-----BEGIN\", or the name of a \
                             file in the folders that private_keys names in the collector's configuration",
                        )
                    }
                    other => other,
                })?;
            Ok((Some((name, found.path)), None))
        }
    }
}

fn too_long(field: &'static str) -> LaunchError {
    LaunchError::invalid(field, format!("is longer than {MAX_TEXT} bytes"))
}

/// A text of people's, on one or several lines.
fn text(field: &'static str, value: Option<String>) -> Result<Option<String>, LaunchError> {
    match value {
        Some(value) if value.len() > MAX_TEXT => Err(too_long(field)),
        Some(value) if value.contains('\0') => {
            Err(LaunchError::invalid(field, "has a NUL character"))
        }
        value => Ok(value.filter(|value| !value.trim().is_empty())),
    }
}

/// What every value that becomes part of a command line must be.
fn plain(field: &'static str, value: &str) -> Result<(), LaunchError> {
    let refuse = |problem: String| Err(LaunchError::invalid(field, problem));
    if value.len() > MAX_TEXT {
        return Err(too_long(field));
    }
    if value.chars().any(char::is_control) {
        return refuse(format!("{value:?} has a control character"));
    }
    if value.starts_with('-') {
        return refuse(format!("{value:?} begins with \"-\", like an option"));
    }
    if ["{{", "{%", "{#"].iter().any(|begin| value.contains(begin)) {
        return refuse(format!(
            "{value:?} has a template, which is not evaluated here"
        ));
    }
    Ok(())
}

/// A host pattern. An `@` would make Ansible read a file.
fn pattern(field: &'static str, value: Option<String>) -> Result<Option<String>, LaunchError> {
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
        return Ok(None);
    };
    plain(field, &value)?;
    if value.contains('@') {
        return Err(LaunchError::invalid(
            field,
            format!("{value:?} has an \"@\", which would make Ansible read a file: name the hosts"),
        ));
    }
    Ok(Some(value))
}

fn tags(field: &'static str, value: Option<Vec<String>>) -> Result<Vec<String>, LaunchError> {
    let tags = value.unwrap_or_default();
    tags.iter().try_for_each(|tag| plain(field, tag))?;
    if tags.iter().map(String::len).sum::<usize>() > MAX_TEXT {
        return Err(too_long(field));
    }
    Ok(tags.into_iter().filter(|tag| !tag.is_empty()).collect())
}

fn labels(value: Option<Vec<String>>) -> Result<Vec<String>, LaunchError> {
    let labels = value.unwrap_or_default();
    for label in &labels {
        if label.len() > 255 || label.chars().any(char::is_control) {
            return Err(LaunchError::invalid(
                "labels",
                format!("{label:?} is longer than 255 bytes, or has a control character"),
            ));
        }
    }
    Ok(labels
        .into_iter()
        .filter(|label| !label.is_empty())
        .collect())
}

fn user(value: Option<String>) -> Result<Option<String>, LaunchError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    plain("become_user", &value)?;
    if value
        .chars()
        .any(|c| c.is_whitespace() || "'\"`$;&|<>()*?!#~".contains(c))
    {
        return Err(LaunchError::invalid(
            "become_user",
            format!("{value:?} is no user's name"),
        ));
    }
    Ok(Some(value))
}

fn module(value: Option<String>) -> Result<Option<String>, LaunchError> {
    match value {
        Some(name)
            if !name.is_empty()
                && !name.starts_with('.')
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') =>
        {
            Ok(Some(name))
        }
        None => Ok(None),
        Some(name) => Err(LaunchError::invalid(
            "module",
            format!("{name:?} is no module's name: letters, digits, \"_\" and \".\""),
        )),
    }
}

/// Whether the configuration allows this module to be run by itself.
fn allowed(module: &str, config: &LauncherConfig) -> Result<(), LaunchError> {
    let names = match &config.adhoc {
        Adhoc::All(true) => return Ok(()),
        Adhoc::All(false) => return Err(LaunchError::AdhocOff),
        Adhoc::Modules(names) => names,
    };
    let is_named = |name: &String| adhoc::short_name(name) == adhoc::short_name(module);
    if names.iter().any(is_named) {
        return Ok(());
    }
    Err(LaunchError::ModuleNotAllowed {
        module: module.to_owned(),
        allowed: names.join(", "),
    })
}

fn variable_name(name: &str) -> Result<(), LaunchError> {
    if name.starts_with(adhoc::VARIABLES) {
        return Err(LaunchError::invalid(
            "extra_vars",
            format!("{name:?} begins like the variables that hold ad-hoc arguments"),
        ));
    }
    let mut letters = name.chars();
    let starts = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if starts && letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(LaunchError::invalid(
        "extra_vars",
        format!("{name:?} is no variable's name: letters, digits and \"_\", no digit first"),
    ))
}

fn vault_password(value: Option<String>) -> Result<Option<String>, LaunchError> {
    match value {
        Some(value) if value.trim().is_empty() => Err(LaunchError::invalid(
            "vault_password",
            "it is empty: leave it out where there is none",
        )),
        Some(value) if value.contains(['\n', '\r', '\0']) => Err(LaunchError::invalid(
            "vault_password",
            "it must be one line",
        )),
        value => Ok(value),
    }
}

fn within<T: PartialOrd + fmt::Display + Copy>(
    field: &'static str,
    value: Option<T>,
    least: T,
    most: T,
) -> Result<Option<T>, LaunchError> {
    match value {
        Some(number) if number < least || number > most => Err(LaunchError::invalid(
            field,
            format!("{number} must be from {least} to {most}"),
        )),
        value => Ok(value),
    }
}

/// 0 stands for the default, as documented.
fn timeout(value: Option<u64>, adhoc: bool, config: &LauncherConfig) -> Result<u64, LaunchError> {
    let default = if adhoc {
        config.adhoc_timeout_seconds
    } else {
        config.timeout_seconds
    };
    let asked = within("timeout", value, 0, MAX_TIMEOUT)?;
    Ok(asked.filter(|seconds| *seconds > 0).unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_becomes_an_option_a_file_or_a_template() {
        for bad in [
            "-x",
            "--list-hosts",
            "@/etc/passwd",
            "web,@f",
            "a:@f",
            "{{ x }}",
            "a\nb",
            "a\0",
        ] {
            assert!(pattern("limit", Some(bad.into())).is_err(), "{bad}");
        }
        for good in ["web", "web:!db", "web*,~re", "[0:3]", "&x", "fe80::1"] {
            assert!(pattern("limit", Some(good.into())).is_ok(), "{good}");
        }
        for bad in ["-u", "root -x", "$(id)", "a;b", "{{x}}"] {
            assert!(user(Some(bad.into())).is_err(), "{bad}");
        }
        for bad in ["", "-m", "a b", "../x", "a/b", "@x"] {
            assert!(module(Some(bad.into())).is_err(), "{bad}");
        }
        for bad in ["", "1a", "a-b", "a b", "a=1", "@a"] {
            assert!(variable_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn zero_and_nothing_are_the_default_timeout() {
        let config = LauncherConfig::default();
        assert_eq!(timeout(None, false, &config).ok(), Some(3600));
        assert_eq!(timeout(Some(0), true, &config).ok(), Some(300));
        assert_eq!(timeout(Some(7), true, &config).ok(), Some(7));
        assert!(timeout(Some(u64::MAX), true, &config).is_err());
    }
}

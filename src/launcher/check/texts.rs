//! Checks of single values in a request.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::LauncherConfig;
use crate::launcher::adhoc;
use crate::launcher::error::LaunchError;

/// The longest timeout that a request may set, in seconds: a week.
const MAX_TIMEOUT: u64 = 7 * 86_400;

/// The longest text in a field, in bytes. One argument of a command may have 128 KiB.
pub(super) const MAX_TEXT: usize = 64 << 10;

pub(super) fn too_long(field: &'static str) -> LaunchError {
    LaunchError::invalid(field, format!("is longer than {MAX_TEXT} bytes"))
}

/// A free text, on one or several lines.
pub(super) fn text(
    field: &'static str,
    value: Option<String>,
) -> Result<Option<String>, LaunchError> {
    match value {
        Some(value) if value.len() > MAX_TEXT => Err(too_long(field)),
        Some(value) if value.contains('\0') => {
            Err(LaunchError::invalid(field, "has a NUL character"))
        }
        value => Ok(value.filter(|value| !value.trim().is_empty())),
    }
}

/// Checks that apply to every value on the command line.
pub(super) fn plain(field: &'static str, value: &str) -> Result<(), LaunchError> {
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
pub(super) fn pattern(
    field: &'static str,
    value: Option<String>,
) -> Result<Option<String>, LaunchError> {
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

pub(super) fn tags(
    field: &'static str,
    value: Option<Vec<String>>,
) -> Result<Vec<String>, LaunchError> {
    let tags = value.unwrap_or_default();
    tags.iter().try_for_each(|tag| plain(field, tag))?;
    if tags.iter().map(String::len).sum::<usize>() > MAX_TEXT {
        return Err(too_long(field));
    }
    Ok(tags.into_iter().filter(|tag| !tag.is_empty()).collect())
}

pub(super) fn labels(value: Option<Vec<String>>) -> Result<Vec<String>, LaunchError> {
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

pub(super) fn user(value: Option<String>) -> Result<Option<String>, LaunchError> {
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

pub(super) fn module(value: Option<String>) -> Result<Option<String>, LaunchError> {
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

pub(super) fn variable_name(name: &str) -> Result<(), LaunchError> {
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

pub(super) fn vault_password(
    value: Option<SecretString>,
) -> Result<Option<SecretString>, LaunchError> {
    match value.as_ref().map(|value| value.expose_secret()) {
        Some(text) if text.trim().is_empty() => Err(LaunchError::invalid(
            "vault_password",
            "it is empty: leave it out if there is none",
        )),
        Some(text) if text.contains(['\n', '\r', '\0']) => Err(LaunchError::invalid(
            "vault_password",
            "it must be one line",
        )),
        _ => Ok(value),
    }
}

pub(super) fn within<T: PartialOrd + fmt::Display + Copy>(
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
pub(super) fn timeout(
    value: Option<u64>,
    adhoc: bool,
    config: &LauncherConfig,
) -> Result<u64, LaunchError> {
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

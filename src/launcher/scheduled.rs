//! Builds the request of a run that a schedule starts, and of one that names secrets: they are read now, from where the
//! configuration says.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use serde_json::Value;

use super::error::LaunchError;
use super::{LaunchRequest, Launcher};
use crate::config::LauncherConfig;
use crate::model::{ScheduledRun, SecretNames, Variables};

impl Launcher {
    /// The request for what a schedule runs, with its secrets.
    ///
    /// # Errors
    /// A secret is not configured or cannot be read, or a field has what must not be stored.
    pub async fn scheduled_request(&self, run: ScheduledRun) -> Result<LaunchRequest, LaunchError> {
        let inner = Arc::clone(&self.inner);
        // A file may be on a network.
        let built = tokio::task::spawn_blocking(move || request(run, &inner.config));
        built.await.map_err(std::io::Error::other)?
    }

    /// A request with the secrets that it names, in place of values.
    ///
    /// # Errors
    /// A secret is not configured or cannot be read, a value is given as well, or the launcher is turned off.
    pub async fn with_secrets(
        &self,
        request: LaunchRequest,
        secrets: SecretNames,
    ) -> Result<LaunchRequest, LaunchError> {
        if secrets == SecretNames::default() {
            return Ok(request);
        }
        if !self.is_enabled() {
            return Err(LaunchError::Disabled);
        }
        let inner = Arc::clone(&self.inner);
        let built = tokio::task::spawn_blocking(move || named(request, secrets, &inner.config));
        built.await.map_err(std::io::Error::other)?
    }
}

fn request(run: ScheduledRun, config: &LauncherConfig) -> Result<LaunchRequest, LaunchError> {
    // Every field is named, so that the compiler reports one that is forgotten.
    let ScheduledRun {
        playbook,
        hosts,
        module,
        args,
        inventory,
        limit,
        tags,
        skip_tags,
        extra_vars,
        r#become,
        become_user,
        forks,
        verbosity,
        check,
        diff,
        timeout,
        private_key,
        note,
        labels,
        secrets,
    } = run;
    if playbook.is_some() == hosts.is_some() {
        return Err(LaunchError::invalid(
            "run",
            "it needs either a playbook, or hosts for an ad-hoc run",
        ));
    }
    let of_the_other = [
        ("module", playbook.is_some() && module.is_some()),
        ("args", playbook.is_some() && args.is_some()),
        ("tags", hosts.is_some() && !tags.is_empty()),
        ("skip_tags", hosts.is_some() && !skip_tags.is_empty()),
    ];
    if let Some((field, _)) = of_the_other.into_iter().find(|(_, given)| *given) {
        let problem = match playbook {
            Some(_) => "a playbook has none: leave it out",
            None => "an ad-hoc run has none: leave it out",
        };
        return Err(LaunchError::invalid(field, problem));
    }
    let SecretNames {
        vault_password,
        private_key: key_text,
        extra_vars: secret_vars,
    } = secrets;
    let read = |field: &'static str, name: &str| secret(field, name, config);
    let given = private_key.map(|name| stored_key(name, key_text.is_some()));
    let key_text = key_text.map(|name| key(&name, config)).transpose()?;
    let list = |list: Vec<String>| (!list.is_empty()).then_some(list);
    Ok(LaunchRequest {
        playbook,
        hosts,
        module,
        args: args.map(SecretString::from),
        inventory,
        limit,
        tags: list(tags),
        skip_tags: list(skip_tags),
        extra_vars: variables(extra_vars, &secret_vars, &read)?,
        r#become,
        become_user,
        forks,
        verbosity,
        check,
        diff,
        timeout,
        vault_password: vault_password
            .map(|name| read("secrets.vault_password", &name))
            .transpose()?,
        private_key: given.transpose()?.or(key_text),
        note,
        labels: list(labels),
        // The launch sets these.
        only_hosts: None,
        replay_of: None,
        schedule: None,
        waits_for: None,
        named_secrets: true,
    })
}

/// Adds the secrets that a request names.
fn named(
    request: LaunchRequest,
    secrets: SecretNames,
    config: &LauncherConfig,
) -> Result<LaunchRequest, LaunchError> {
    let SecretNames {
        vault_password,
        private_key,
        extra_vars,
    } = secrets;
    let mut request = LaunchRequest {
        named_secrets: true,
        ..request
    };
    let twice = |field| {
        let problem = "it is given twice: once as a value, and once as a secret";
        Err(LaunchError::invalid(field, problem))
    };
    if let Some(name) = vault_password {
        if request.vault_password.is_some() {
            return twice("secrets.vault_password");
        }
        let password = secret("secrets.vault_password", &name, config)?;
        request.vault_password = Some(password);
    }
    if let Some(name) = private_key {
        if request.private_key.is_some() {
            return twice("secrets.private_key");
        }
        request.private_key = Some(key(&name, config)?);
    }
    if !extra_vars.is_empty() {
        let plain = request.extra_vars.take();
        let plain = plain.map(|plain| plain.expose_secret().0.clone());
        let read = |field: &'static str, name: &str| secret(field, name, config);
        request.extra_vars = variables(plain.unwrap_or_default(), &extra_vars, &read)?;
    }
    Ok(request)
}

/// The name of a key: its text would be stored.
fn stored_key(name: String, is_also_secret: bool) -> Result<SecretString, LaunchError> {
    let problem = if is_also_secret {
        "it is given twice: once by the name of a file, and once as a secret"
    } else if name.contains("-----BEGIN") {
        "the text of a key is not stored with a schedule: give the name of a file below private_keys, or name a secret \
         of the collector's configuration (secrets.private_key)"
    } else {
        return Ok(name.into());
    };
    Err(LaunchError::invalid("private_key", problem))
}

/// The text of a key. Any other text would count as the name of a file, and would appear in errors.
fn key(name: &str, config: &LauncherConfig) -> Result<SecretString, LaunchError> {
    let field = "secrets.private_key";
    let text = secret(field, name, config)?;
    match text.expose_secret().trim_start().starts_with("-----BEGIN ") {
        true => Ok(text),
        false => Err(LaunchError::NoSecret {
            field,
            name: name.to_owned(),
            problem: "it is no private key: the text of one begins with \"-----BEGIN\"".to_owned(),
        }),
    }
}

fn secret(
    field: &'static str,
    name: &str,
    config: &LauncherConfig,
) -> Result<SecretString, LaunchError> {
    let none = |problem: String| LaunchError::NoSecret {
        field,
        name: name.to_owned(),
        problem,
    };
    let source = config.secrets.get(name).ok_or_else(|| {
        none("[launcher.secrets] in the collector's configuration does not name it".to_owned())
    })?;
    source.read().map_err(none)
}

/// All extra variables; none if there are none.
fn variables(
    mut plain: BTreeMap<String, Value>,
    secret: &BTreeMap<String, String>,
    read: &impl Fn(&'static str, &str) -> Result<SecretString, LaunchError>,
) -> Result<Option<SecretBox<Variables>>, LaunchError> {
    for (variable, name) in secret {
        if plain.contains_key(variable) {
            return Err(LaunchError::invalid(
                "secrets.extra_vars",
                format!("{variable:?} is given twice: once as a value, and once as a secret"),
            ));
        }
        let value = read("secrets.extra_vars", name)?;
        plain.insert(variable.clone(), value.expose_secret().into());
    }
    Ok((!plain.is_empty()).then(|| Box::new(Variables(plain)).into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::SecretSource;

    fn config(folder: &std::path::Path) -> LauncherConfig {
        let mut config = LauncherConfig::default();
        for (name, text) in [("word", "hunter2\n"), ("key", "-----BEGIN KEY-----\nx\n")] {
            let file = folder.join(name);
            std::fs::write(&file, text).unwrap();
            config
                .secrets
                .insert(name.to_owned(), SecretSource::File(file));
        }
        config
    }

    fn asked(run: Value) -> Result<LaunchRequest, String> {
        let folder = tempfile::tempdir().unwrap();
        let run: ScheduledRun = serde_json::from_value(run).unwrap();
        request(run, &config(folder.path())).map_err(|error| error.to_string())
    }

    #[test]
    fn secrets_are_read_where_they_are_named() {
        let request = asked(json!({
            "playbook": "site.yml", "extra_vars": { "a": 1 }, "tags": ["web"],
            "secrets": { "vault_password": "word", "private_key": "key", "extra_vars": { "b": "word" } },
        }));
        let request = request.unwrap();
        let text = |secret: &Option<SecretString>| {
            secret
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(text(&request.vault_password).as_deref(), Some("hunter2"));
        assert!(
            text(&request.private_key)
                .unwrap()
                .starts_with("-----BEGIN")
        );
        let variables = &request.extra_vars.as_ref().unwrap().expose_secret().0;
        assert_eq!(json!(variables), json!({ "a": 1, "b": "hunter2" }));
        assert!(!format!("{request:?}").contains("hunter2"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_telling_a_secret() {
        for (run, says) in [
            (json!({}), "either a playbook"),
            (
                json!({ "playbook": "a", "hosts": "b" }),
                "either a playbook",
            ),
            (
                json!({ "playbook": "a", "args": "b" }),
                "args: a playbook has none",
            ),
            (
                json!({ "hosts": "a", "tags": ["b"] }),
                "tags: an ad-hoc run has none",
            ),
            (
                json!({ "playbook": "a", "private_key": "-----BEGIN KEY-----\nhunter2" }),
                "is not stored",
            ),
            (
                json!({ "playbook": "a", "private_key": "k", "secrets": { "private_key": "key" } }),
                "given twice",
            ),
            (
                json!({ "playbook": "a", "secrets": { "private_key": "word" } }),
                "is no private key",
            ),
            (
                json!({ "playbook": "a", "extra_vars": { "b": 1 }, "secrets": { "extra_vars": { "b": "word" } } }),
                "given twice",
            ),
            (
                json!({ "playbook": "a", "secrets": { "vault_password": "other" } }),
                "secrets.vault_password: the secret \"other\" cannot be used: [launcher.secrets]",
            ),
        ] {
            let error = asked(run).unwrap_err();
            assert!(
                error.contains(says) && !error.contains("hunter2"),
                "{error}"
            );
        }
    }
}

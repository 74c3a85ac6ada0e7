//! Validates a request and checks that it is allowed. Everything is checked before a record exists.
//!
//! No value can become an option, a file or a template: values are passed as `--option=VALUE`, and those that Ansible
//! would read as something else are refused.

mod files;
mod texts;

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use self::texts::{
    MAX_TEXT, labels, module, pattern, tags, text, timeout, too_long, user, variable_name,
    vault_password, within,
};
use super::adhoc::{self, Arguments};
use super::error::LaunchError;
use super::names::{self, Kind, ResolvedPath};
use super::request::LaunchRequest;
use crate::config::LauncherConfig;
use crate::model::{Parameters, SecretVariables};

/// A checked request: names resolved, and secrets separated from what is stored.
pub(super) struct Checked {
    pub(super) parameters: Parameters,
    pub(super) secrets: Secrets,
    /// The working directory.
    pub(super) cwd: PathBuf,
    pub(super) inventory: Option<PathBuf>,
    /// The path of a named key.
    pub(super) private_key: Option<PathBuf>,
}

/// Values that are or may be secret.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    pub(super) extra_vars: Option<SecretVariables>,
    pub(super) vault_password: Option<SecretString>,
    /// The text of a key.
    pub(super) private_key: Option<SecretString>,
    /// Ad-hoc: the module's arguments.
    pub(super) args: Option<Arguments>,
}

/// Checks a request.
///
/// # Errors
/// The first field that cannot be used, and why.
pub(super) fn check(
    request: LaunchRequest,
    config: &LauncherConfig,
) -> Result<Checked, LaunchError> {
    let LaunchRequest {
        playbook,
        inventory,
        limit,
        tags: only_tags,
        skip_tags,
        extra_vars,
        r#become,
        become_user,
        forks,
        verbosity,
        check,
        diff,
        timeout: seconds,
        vault_password: password,
        private_key,
        note,
        labels: given_labels,
        hosts,
        module: given_module,
        args,
        only_hosts,
        replay_of,
        schedule,
        waits_for,
        named_secrets,
    } = request;
    let adhoc = playbook.is_none();
    // Variables may be secrets that the request or its schedule only names.
    let keep_values = config.keep_values && schedule.is_none() && !named_secrets;
    let (playbook, root) = match playbook {
        Some(name) => {
            let found = names::find("playbook", &config.playbooks, &name, Kind::File)?;
            let ResolvedPath { root, .. } = found;
            (name, Some(root))
        }
        None => (String::new(), None),
    };
    let inventory_path = match &inventory {
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
        None => files::first_folder(config)?,
    };
    let (key, key_text) = files::private_key(private_key.as_ref(), config)?;
    let variables = extra_vars.as_ref().map(|vars| &vars.expose_secret().0);
    let extra_var_names: Vec<String> = variables
        .map(|vars| vars.keys().cloned().collect())
        .unwrap_or_default();
    extra_var_names
        .iter()
        .try_for_each(|name| variable_name(name))?;
    let module = module(given_module)?;
    if adhoc {
        files::allowed(module.as_deref().unwrap_or(adhoc::DEFAULT_MODULE), config)?;
    }
    let parameters = Parameters {
        playbook,
        inventory,
        limit: pattern("limit", limit)?,
        only_hosts: only_hosts.unwrap_or_default(),
        tags: tags("tags", only_tags)?,
        skip_tags: tags("skip_tags", skip_tags)?,
        extra_var_names,
        extra_vars: variables.filter(|_| keep_values).cloned(),
        r#become: r#become.unwrap_or_default(),
        become_user: user(become_user)?,
        forks: within("forks", forks, 1, 1000)?,
        verbosity: within("verbosity", verbosity, 0, 6)?.unwrap_or_default(),
        check: check.unwrap_or_default(),
        diff: diff.unwrap_or_default(),
        timeout_seconds: timeout(seconds, adhoc, config)?,
        vault_password: password.is_some(),
        private_key_given: key_text.is_some(),
        private_key: key.as_ref().map(|(name, _)| name.clone()),
        hosts: pattern("hosts", hosts)?,
        module,
        args_given: args.is_some(),
        args: args
            .as_ref()
            .filter(|_| keep_values)
            .map(|args| args.expose_secret().to_owned()),
        note: text("note", note)?,
        labels: labels(given_labels)?,
        replay_of,
        schedule,
        waits_for,
    };
    if adhoc && parameters.hosts.is_none() {
        return Err(LaunchError::invalid("hosts", "a host pattern is needed"));
    }
    let args = arguments(parameters.module.as_deref(), args.as_ref())?;
    Ok(Checked {
        parameters,
        secrets: Secrets {
            extra_vars,
            vault_password: vault_password(password)?,
            private_key: key_text,
            args,
        },
        cwd,
        inventory: inventory_path,
        private_key: key.map(|(_, path)| path),
    })
}

/// The arguments of a module.
fn arguments(
    module: Option<&str>,
    args: Option<&SecretString>,
) -> Result<Option<Arguments>, LaunchError> {
    match args.map(|args| args.expose_secret()) {
        Some(args) if args.len() > MAX_TEXT => Err(too_long("args")),
        Some(args) if args.contains('\0') => {
            Err(LaunchError::invalid("args", "has a NUL character"))
        }
        Some(args) => adhoc::arguments(module.unwrap_or(adhoc::DEFAULT_MODULE), args),
        None => Ok(None),
    }
}

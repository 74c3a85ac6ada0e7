//! Options of a run: named as Ansible names them, sent as the API's fields.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::{ArgAction, Args};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{extra_vars, secrets};
use crate::model::{SecretNames, wipe_value};

/// API fields whose option has another name.
const OPTIONS: [(&str, &str); 10] = [
    ("extra_vars", "-e"),
    ("vault_password", "--vault-password-file or -J"),
    ("private_key", "--private-key"),
    ("become_user", "--become-user"),
    ("skip_tags", "--skip-tags"),
    ("labels", "--label"),
    ("args", "-a"),
    ("secrets.vault_password", "--vault-password-secret"),
    ("secrets.private_key", "--private-key-secret"),
    ("secrets.extra_vars", "--secret-var"),
];

/// Options that every run has, except for secrets.
#[derive(Debug, Args)]
pub(in crate::cli) struct PlainOptions {
    /// Name of the inventory, below the collector's folders
    #[arg(short, long, value_name = "INVENTORY")]
    inventory: Option<String>,
    /// Host pattern that limits the run
    #[arg(short, long, value_name = "PATTERN")]
    limit: Option<String>,
    /// Extra variables: key=value, JSON, or @FILE in YAML or JSON, read here; may be given several times
    #[arg(short, long, value_name = "VARS")]
    extra_vars: Vec<String>,
    /// Become another user
    #[arg(short, long = "become", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    r#become: Option<bool>,
    /// The user to become [default: root]
    #[arg(long, value_name = "USER")]
    become_user: Option<String>,
    /// Number of hosts at once
    #[arg(short, long, value_name = "N")]
    forks: Option<u32>,
    /// Print more; -vvv prints still more
    #[arg(short, long = "verbose", action = ArgAction::Count)]
    verbosity: u8,
    /// Change nothing, only report what would change
    #[arg(short = 'C', long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    check: Option<bool>,
    /// Show what changes in files
    #[arg(short = 'D', long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    diff: Option<bool>,
    /// Time limit of the run in seconds [default: the collector's]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Why the run is started
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Label of the run; may be given several times
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
}

/// Options that every run has.
#[derive(Debug, Args)]
pub(super) struct RunOptions {
    #[command(flatten)]
    plain: PlainOptions,
    /// File that contains the password of vaulted files, or a program that prints it; read on this machine
    #[arg(
        long,
        alias = "vault-pass-file",
        value_name = "FILE",
        conflicts_with = "vault_password_secret"
    )]
    vault_password_file: Option<PathBuf>,
    /// Ask for the password of vaulted files
    #[arg(
        short = 'J',
        long,
        alias = "ask-vault-password",
        conflicts_with_all = ["vault_password_file", "vault_password_secret"]
    )]
    ask_vault_pass: bool,
    /// Private key for the login to hosts: a file on this machine, or the name of one below the collector's folders
    #[arg(long, alias = "key-file", value_name = "FILE|NAME")]
    private_key: Option<String>,
    #[command(flatten)]
    secret_names: SecretOptions,
}

/// Secrets, by their names in the collector's configuration.
#[derive(Debug, Args)]
pub(in crate::cli) struct SecretOptions {
    /// Name of the secret with the password of vaulted files, in the collector's configuration
    #[arg(long, value_name = "SECRET")]
    vault_password_secret: Option<String>,
    /// Name of the secret with the text of a private key
    #[arg(long, value_name = "SECRET", conflicts_with = "private_key")]
    private_key_secret: Option<String>,
    /// Extra variable whose value is a secret; may be given several times
    #[arg(long, value_name = "VARIABLE=SECRET", value_parser = pair)]
    secret_var: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let parts = text
        .split_once('=')
        .filter(|(name, secret)| !name.is_empty() && !secret.is_empty());
    let (name, secret) = parts.ok_or("it must be VARIABLE=SECRET")?;
    Ok((name.to_owned(), secret.to_owned()))
}

/// Options of playbooks.
#[derive(Debug, Args)]
pub(in crate::cli) struct TagOptions {
    /// Only plays and tasks with these tags
    #[arg(short, long, value_name = "TAGS", value_delimiter = ',')]
    tags: Vec<String>,
    /// No plays and tasks with these tags
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    skip_tags: Vec<String>,
}

/// Options of ad-hoc runs.
#[derive(Debug, Args)]
pub(in crate::cli) struct ModuleOptions {
    /// The module [default: command]
    #[arg(short, long = "module-name", value_name = "MODULE")]
    module: Option<String>,
    /// The module's arguments
    #[arg(short, long, value_name = "ARGS")]
    args: Option<String>,
}

/// The fields of a request. It has no `Debug`: some are secret, and their texts are wiped when it is dropped.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(in crate::cli) struct Fields(Map<String, Value>);

impl Drop for Fields {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe_value);
    }
}

impl Fields {
    /// Sets a field, if there is a value.
    pub(in crate::cli) fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
    }

    fn set_list(&mut self, name: &str, list: &[String]) {
        self.set(name, (!list.is_empty()).then(|| list.to_vec()));
    }

    fn set_secret(&mut self, name: &str, value: Option<&SecretString>) {
        self.set(name, value.map(|value| value.expose_secret()));
    }
}

impl PlainOptions {
    /// The request's fields. Reads the files that the options name.
    pub(in crate::cli) fn fields(&self) -> anyhow::Result<Fields> {
        // Every option is named, so that the compiler reports one that is not sent.
        let Self {
            inventory,
            limit,
            extra_vars,
            r#become,
            become_user,
            forks,
            verbosity,
            check,
            diff,
            timeout,
            note,
            labels,
        } = self;
        let mut fields = Fields::default();
        let vars = extra_vars::read(extra_vars)?;
        fields.set("inventory", inventory.as_deref());
        fields.set("limit", limit.as_deref());
        fields.set("extra_vars", (!vars.is_empty()).then_some(vars));
        fields.set("become", *r#become);
        fields.set("become_user", become_user.as_deref());
        fields.set("forks", *forks);
        fields.set("verbosity", (*verbosity > 0).then_some(*verbosity));
        fields.set("check", *check);
        fields.set("diff", *diff);
        fields.set("timeout", *timeout);
        fields.set("note", note.as_deref());
        fields.set_list("labels", labels);
        Ok(fields)
    }
}

impl RunOptions {
    /// The request's fields. Reads the files that the options name, and may ask for a password.
    pub(super) fn fields(&self) -> anyhow::Result<Fields> {
        let Self {
            plain,
            vault_password_file,
            ask_vault_pass,
            private_key,
            secret_names,
        } = self;
        let mut fields = plain.fields()?;
        secret_names.add_to(&mut fields)?;
        let key = private_key.as_deref().map(secrets::private_key);
        fields.set_secret("private_key", key.transpose()?.as_ref());
        // This comes last, so that users do not type a password for an invalid command.
        let password = match vault_password_file {
            Some(file) => Some(secrets::vault_password(file)?),
            None if *ask_vault_pass => Some(secrets::ask_vault_password()?),
            None => None,
        };
        fields.set_secret("vault_password", password.as_ref());
        Ok(fields)
    }
}

impl SecretOptions {
    pub(in crate::cli) fn add_to(&self, fields: &mut Fields) -> anyhow::Result<()> {
        let Self {
            vault_password_secret,
            private_key_secret,
            secret_var,
        } = self;
        let mut extra_vars = BTreeMap::new();
        for (variable, secret) in secret_var {
            if extra_vars
                .insert(variable.clone(), secret.clone())
                .is_some()
            {
                bail!("--secret-var {variable}=… is given twice");
            }
        }
        let secrets = SecretNames {
            vault_password: vault_password_secret.clone(),
            private_key: private_key_secret.clone(),
            extra_vars,
        };
        if secrets != SecretNames::default() {
            fields.set("secrets", Some(serde_json::to_value(&secrets)?));
        }
        Ok(())
    }
}

impl TagOptions {
    pub(in crate::cli) fn add_to(&self, fields: &mut Fields) {
        let Self { tags, skip_tags } = self;
        fields.set_list("tags", tags);
        fields.set_list("skip_tags", skip_tags);
    }
}

impl ModuleOptions {
    pub(in crate::cli) fn add_to(&self, fields: &mut Fields) {
        let Self { module, args } = self;
        fields.set("module", module.as_deref());
        fields.set("args", args.as_deref());
    }
}

/// Replaces the field in an API error by its option.
pub(in crate::cli) fn named(error: &anyhow::Error) -> anyhow::Error {
    let text = format!("{error:#}");
    let field = text.split(':').next().unwrap_or_default();
    match OPTIONS.iter().find(|(name, _)| *name == field) {
        Some((_, option)) => anyhow!("{text} ({option})"),
        None => anyhow!(text),
    }
}

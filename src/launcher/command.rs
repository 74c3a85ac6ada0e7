//! Turns a checked request into a command line. Every value follows its option in the same word, behind `=`, so that
//! none can be read as an option; values that may be secret are in files.

use std::path::{Path, PathBuf};

use super::adhoc;
use super::check::{Checked, Secrets};
use crate::model::Parameters;

/// Files that the command line refers to.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) extra_vars: Option<PathBuf>,
    pub(super) vault_password: Option<PathBuf>,
    pub(super) private_key: Option<PathBuf>,
    pub(super) hosts: Option<PathBuf>,
}

/// The program and its arguments; `ansible` is the folder of the programs, if one is configured.
pub(super) fn argv(checked: &Checked, files: &Files, ansible: Option<&Path>) -> Vec<String> {
    // Every field is named, so that the compiler reports one that is forgotten.
    let Checked {
        parameters,
        secrets,
        inventory,
        // Passed in other ways: in `command.json`, and among the files.
        cwd: _,
        private_key: _,
    } = checked;
    let Parameters {
        playbook,
        limit,
        tags,
        skip_tags,
        r#become,
        become_user,
        forks,
        verbosity,
        check,
        diff,
        hosts,
        module,
        // These are in files.
        only_hosts: _,
        extra_var_names: _,
        extra_vars: _,
        vault_password: _,
        private_key_given: _,
        private_key: _,
        args_given: _,
        args: _,
        // Its path is passed instead.
        inventory: _,
        // These are not for Ansible.
        timeout_seconds: _,
        note: _,
        labels: _,
        replay_of: _,
        schedule: _,
        waits_for: _,
    } = parameters;
    let Secrets {
        args,
        // Also in files.
        extra_vars: _,
        vault_password: _,
        private_key: _,
    } = secrets;
    let is_adhoc = parameters.is_adhoc();
    let program = match is_adhoc {
        true => "ansible",
        false => "ansible-playbook",
    };
    let mut argv = vec![match ansible {
        Some(folder) => folder.join(program).to_string_lossy().into_owned(),
        None => program.to_owned(),
    }];
    let mut option = |name: &str, value: &str| argv.push(format!("--{name}={value}"));
    let paths = [
        ("inventory", inventory, ""),
        ("extra-vars", &files.extra_vars, "@"),
        ("vault-password-file", &files.vault_password, ""),
        ("private-key", &files.private_key, ""),
    ];
    for (name, path, mark) in paths {
        if let Some(path) = path {
            option(name, &format!("{mark}{}", path.display()));
        }
    }
    match &files.hosts {
        // The hosts of a replay are within the first run's limit.
        Some(hosts) => option("limit", &format!("@{}", hosts.display())),
        None => limit.iter().for_each(|limit| option("limit", limit)),
    }
    for (name, tags) in [("tags", tags), ("skip-tags", skip_tags)] {
        if !tags.is_empty() {
            option(name, &tags.join(","));
        }
    }
    if let Some(user) = become_user {
        option("become-user", user);
    }
    if let Some(forks) = forks {
        option("forks", &forks.to_string());
    }
    if is_adhoc {
        // Always named: ansible.cfg may have another default than the one that was checked.
        option(
            "module-name",
            module.as_deref().unwrap_or(adhoc::DEFAULT_MODULE),
        );
    }
    if let Some(args) = args {
        // Names only; the values are in the extra variables.
        option("args", &args.template);
    }
    let flags = [(r#become, "--become"), (check, "--check"), (diff, "--diff")];
    argv.extend(
        flags
            .iter()
            .filter(|flag| *flag.0)
            .map(|flag| flag.1.to_owned()),
    );
    if *verbosity > 0 {
        argv.push(format!("-{}", "v".repeat((*verbosity).into())));
    }
    argv.push("--".to_owned());
    argv.push(hosts.as_ref().unwrap_or(playbook).clone());
    argv
}

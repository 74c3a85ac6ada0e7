//! A checked request as a command line. Every value stands in the word of its option, behind `=`, so that
//! none can be read as an option; what may be secret stands in files.

use std::path::{Path, PathBuf};

use super::adhoc;
use super::asked::Checked;

/// Files that the command line names.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) extra_vars: Option<PathBuf>,
    pub(super) vault_password: Option<PathBuf>,
    pub(super) private_key: Option<PathBuf>,
    pub(super) hosts: Option<PathBuf>,
}

/// The program and its arguments; `ansible` is the folder of the programs, where it is configured.
pub(super) fn argv(checked: &Checked, files: &Files, ansible: Option<&Path>) -> Vec<String> {
    let asked = &checked.parameters;
    let program = if asked.is_adhoc() {
        "ansible"
    } else {
        "ansible-playbook"
    };
    let mut argv = vec![match ansible {
        Some(folder) => folder.join(program).to_string_lossy().into_owned(),
        None => program.to_owned(),
    }];
    let mut option = |name: &str, value: &str| argv.push(format!("--{name}={value}"));
    let paths = [
        ("inventory", &checked.inventory, ""),
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
        // The hosts of a replay lie within what the first run was limited to.
        Some(hosts) => option("limit", &format!("@{}", hosts.display())),
        None => asked.limit.iter().for_each(|limit| option("limit", limit)),
    }
    for (name, tags) in [("tags", &asked.tags), ("skip-tags", &asked.skip_tags)] {
        if !tags.is_empty() {
            option(name, &tags.join(","));
        }
    }
    if let Some(user) = &asked.become_user {
        option("become-user", user);
    }
    if let Some(forks) = asked.forks {
        option("forks", &forks.to_string());
    }
    if asked.is_adhoc() {
        // Always named: ansible.cfg may have another default than the one that was checked.
        option(
            "module-name",
            asked.module.as_deref().unwrap_or(adhoc::DEFAULT_MODULE),
        );
    }
    if let Some(args) = &checked.secrets.args {
        // Names alone; the values stand with the extra variables.
        option("args", &args.template);
    }
    let flags = [
        (asked.r#become, "--become"),
        (asked.check, "--check"),
        (asked.diff, "--diff"),
    ];
    argv.extend(
        flags
            .iter()
            .filter(|flag| flag.0)
            .map(|flag| flag.1.to_owned()),
    );
    if asked.verbosity > 0 {
        argv.push(format!("-{}", "v".repeat(asked.verbosity.into())));
    }
    argv.push("--".to_owned());
    argv.push(match &asked.hosts {
        Some(hosts) => hosts.clone(),
        None => asked.playbook.clone(),
    });
    argv
}

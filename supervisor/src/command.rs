//! Describes a command from its words, in case no recorder inside Ansible knows more.
//!
//! `ansible-playbook` is a playbook run, `ansible` and `ansible-console` are ad-hoc, also behind a program that only
//! starts another (`env`, `sudo`, `uv run` …). Everything else is shown as a playbook with the program's name: it is
//! what the user ran, and most likely a script around one.
//!
//! Values that may be secret are left out: of extra variables only the names are kept, and words that are named like a
//! password lose their value.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use playback_wire::{ExecutionStarted, ExecutionType, printed};

use crate::options::{Dialect, Word, words};
use crate::recap::Format;

/// Replacement for values left out.
const REDACTED: &str = "***";

/// Programs that start the one that their arguments name.
const STARTERS: &[&str] = &[
    "chronic", "direnv", "env", "flock", "ionice", "nice", "nohup", "pipenv", "pipx", "poetry",
    "python", "python3", "setsid", "stdbuf", "sudo", "time", "timeout", "uv", "uvx",
];

/// A command's description.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    /// What its words say.
    pub(crate) started: ExecutionStarted,
    /// It is Ansible: a recorder inside reports the same run, not one of its own.
    pub(crate) is_ansible: bool,
    /// The format of its statistics; none if it prints none that can be read.
    pub(crate) statistics: Option<Format>,
}

/// Reads a command.
pub(crate) fn read(command: &[OsString]) -> Command {
    let argv: Vec<String> = command
        .iter()
        .map(|word| printed::name(word.as_encoded_bytes()))
        .collect();
    let Some((at, dialect)) = ansible(&argv) else {
        return Command {
            started: ExecutionStarted {
                playbook: argv.first().cloned(),
                argv: argv.iter().map(|word| without_secret(word)).collect(),
                ..ExecutionStarted::default()
            },
            is_ansible: false,
            // A script around Ansible passes its recap on. A recorder, if one joins, takes precedence.
            statistics: Some(Format::Playbook),
        };
    };
    let mut started = ExecutionStarted {
        r#type: match dialect {
            Dialect::Adhoc => ExecutionType::Adhoc,
            Dialect::Playbook | Dialect::Other => ExecutionType::Playbook,
        },
        argv: argv[..=at]
            .iter()
            .map(|word| without_secret(word))
            .collect(),
        ..ExecutionStarted::default()
    };
    let mut reader = Reader::default();
    for word in words(&argv[at + 1..], dialect) {
        reader.read(&word, &mut started);
    }
    reader.finish(dialect, &mut started);
    Command {
        statistics: statistics(&argv[at], dialect, started.module.as_deref()),
        started,
        is_ansible: true,
    }
}

/// The position of Ansible's program in a command, and which options it has.
fn ansible(argv: &[String]) -> Option<(usize, Dialect)> {
    let starts = STARTERS.contains(&name(argv.first()?));
    argv.iter().enumerate().find_map(|(at, word)| {
        let dialect = match name(word) {
            "ansible-playbook" => Dialect::Playbook,
            "ansible" | "ansible-console" => Dialect::Adhoc,
            "ansible-pull" => Dialect::Other,
            _ => return None,
        };
        (at == 0 || starts).then_some((at, dialect))
    })
}

/// The name of a program.
fn name(word: &str) -> &str {
    let name = Path::new(word).file_name();
    name.and_then(OsStr::to_str).unwrap_or_default()
}

/// The format of a program's statistics.
fn statistics(program: &str, dialect: Dialect, module: Option<&str>) -> Option<Format> {
    match dialect {
        // `ansible-pull` runs a playbook, and prints its output.
        Dialect::Playbook | Dialect::Other => Some(Format::Playbook),
        // A console runs one module after the other, and prints no totals.
        Dialect::Adhoc if name(program) == "ansible-console" => None,
        Dialect::Adhoc => {
            let module = module.and_then(|module| module.rsplit('.').next());
            let several = module.is_some_and(|name| {
                ["include_", "import_"]
                    .iter()
                    .any(|beginning| name.starts_with(beginning))
            });
            Some(Format::Adhoc { several })
        }
    }
}

/// What was parsed from Ansible's command line so far.
#[derive(Debug, Default)]
struct Reader {
    inventory: Vec<String>,
    positional: Vec<String>,
}

impl Reader {
    fn read(&mut self, word: &Word<'_>, started: &mut ExecutionStarted) {
        let Word { text, option, .. } = word;
        let Some(name) = option else {
            if *text != "--" {
                self.positional.push((*text).to_owned());
            }
            started.argv.push(without_secret(text));
            return;
        };
        let value = word.value.unwrap_or_default();
        let list = || value.split(',').map(|tag| tag.trim().to_owned());
        match *name {
            "inventory" => self.inventory.push(without_secret(value)),
            "limit" => started.limit = Some(value.to_owned()),
            "tags" => started.tags.extend(list().filter(|tag| tag != "all")),
            "skip-tags" => started.skip_tags.extend(list()),
            "check" => started.check = true,
            "diff" => started.diff = true,
            "verbose" => started.verbosity += 1,
            "forks" => started.forks = value.parse().ok(),
            "module-name" => started.module = Some(value.to_owned()),
            "extra-vars" => started.extra_var_names.extend(variable_names(value)),
            _ => {}
        }
        let secret = matches!(*name, "extra-vars" | "args") && !value.starts_with('@');
        let shown = if secret {
            REDACTED.to_owned()
        } else {
            without_secret(value)
        };
        match (word.value, word.apart) {
            (None, _) => {
                // Flags that were written together stay one word.
                if word.opens {
                    started.argv.push((*text).to_owned());
                }
            }
            (Some(_), true) => {
                if word.opens {
                    started.argv.push((*text).to_owned());
                }
                started.argv.push(shown);
            }
            (Some(value), false) => {
                let head = text.strip_suffix(value).unwrap_or_default();
                started.argv.push(format!("{head}{shown}"));
            }
        }
    }

    fn finish(self, dialect: Dialect, started: &mut ExecutionStarted) {
        let joined = |parts: &[String], by: &str| (!parts.is_empty()).then(|| parts.join(by));
        started.inventory = joined(&self.inventory, ",");
        match dialect {
            Dialect::Playbook | Dialect::Other => started.playbook = joined(&self.positional, " "),
            Dialect::Adhoc => {
                started.hosts = self.positional.into_iter().next();
                // Ansible's default.
                started.module.get_or_insert_with(|| "command".into());
            }
        }
    }
}

/// The names in `a=1 b=2`; none for JSON and files.
fn variable_names(value: &str) -> Vec<String> {
    if value.starts_with(['@', '{', '[']) {
        return Vec::new();
    }
    value
        .split_whitespace()
        .filter_map(|pair| pair.split_once('=').map(|(name, _)| name))
        .filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A word without the password in a URL, and without the value if its name suggests a secret.
fn without_secret(word: &str) -> String {
    const TELLING: [&str; 5] = ["password", "passwd", "secret", "token", "api_key"];
    if let Some((name, value)) = word.split_once('=')
        && !value.is_empty()
        && TELLING
            .iter()
            .any(|telling| name.to_lowercase().replace('-', "_").contains(telling))
    {
        return format!("{name}={REDACTED}");
    }
    if let Some((scheme, rest)) = word.split_once("://")
        && let Some((login, _)) = rest.split('/').next().unwrap_or_default().rsplit_once('@')
        && let Some((user, _)) = login.split_once(':')
    {
        return format!("{scheme}://{user}:{REDACTED}{}", &rest[login.len()..]);
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(line: &str) -> ExecutionStarted {
        read(&line.split(' ').map(OsString::from).collect::<Vec<_>>()).started
    }

    #[test]
    fn a_playbook_run_is_read_off_its_options() {
        let started = read_line(
            "/usr/bin/ansible-playbook -i prod --limit=web,!old -t a,b --skip-tags c -Cvv -f5 \
             -e user=x -e@vars.yml --inv hosts.yml a.yml b.yml",
        );
        assert_eq!(started.playbook.as_deref(), Some("a.yml b.yml"));
        assert_eq!(started.inventory.as_deref(), Some("prod,hosts.yml"));
        assert_eq!(started.limit.as_deref(), Some("web,!old"));
        assert_eq!(started.tags, ["a", "b"]);
        assert_eq!(started.skip_tags, ["c"]);
        assert_eq!((started.check, started.verbosity), (true, 2));
        assert_eq!(started.forks, Some(5));
        assert_eq!(started.extra_var_names, ["user"]);
        assert_eq!(
            started.argv.join(" "),
            "/usr/bin/ansible-playbook -i prod --limit=web,!old -t a,b --skip-tags c -Cvv -f5 \
             -e *** -e@vars.yml --inv hosts.yml a.yml b.yml"
        );
    }

    #[test]
    fn statistics_are_printed_by_the_program() {
        let adhoc = |several| Some(Format::Adhoc { several });
        for (line, expected) in [
            ("ansible-playbook a.yml", Some(Format::Playbook)),
            ("ansible-pull -U u", Some(Format::Playbook)),
            ("ansible all -m ping", adhoc(false)),
            (
                "env ansible all -m ansible.builtin.include_role -a name=x",
                adhoc(true),
            ),
            ("ansible-console all", None),
            ("./deploy.sh ansible-playbook", Some(Format::Playbook)),
        ] {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert_eq!(read(&words).statistics, expected, "{line}");
        }
    }

    #[test]
    fn an_adhoc_run_keeps_its_arguments_to_itself() {
        let started = read_line("sudo -u ops ansible web -m shell -a id -b");
        assert_eq!(started.r#type, ExecutionType::Adhoc);
        assert_eq!(started.hosts.as_deref(), Some("web"));
        assert_eq!(started.module.as_deref(), Some("shell"));
        let argv = started.argv.join(" ");
        assert_eq!(argv, "sudo -u ops ansible web -m shell -a *** -b");
    }

    #[test]
    fn any_other_command_is_shown_by_its_name() {
        let started = read_line("./deploy.sh --password=x https://u:p@h/x ansible-playbook");
        assert_eq!(started.playbook.as_deref(), Some("./deploy.sh"));
        assert_eq!(
            started.argv.join(" "),
            "./deploy.sh --password=*** https://u:***@h/x ansible-playbook"
        );
    }
}

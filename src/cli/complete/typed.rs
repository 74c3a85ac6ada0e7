//! Parses a partly typed command line, to find the argument to which the last word belongs.

use std::any::TypeId;

use clap::{Arg, ArgAction, Command};
use clap_complete::Shell;

use super::super::pick::Pick;
use super::query::{self, About};

/// Commands that launch a run: their options describe the run, and are not filters of the history.
const LAUNCHING: [&str; 4] = ["run", "adhoc", "replay", "create"];

/// Kinds of values that the collector knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    Playbook,
    Inventory,
    Host,
    Label,
    User,
    Schedule,
    /// A playbook that the collector can run.
    RunPlaybook,
    /// An inventory that such a run can use.
    RunInventory,
    /// A secret that a schedule can name.
    Secret,
    /// A query; its end is one of the other kinds.
    Query,
    /// The name of a field in a query.
    FieldName {
        /// What the query may be about.
        about: About,
    },
    /// One of the words that are the values of the query field with this name.
    OneOf(&'static str),
}

/// A command line whose last word is a value of a known kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// The kind of the value.
    pub(super) kind: Kind,
    /// The options that select the collector, with their values.
    pub(super) target: Vec<String>,
    /// The beginning of the value.
    begun: String,
    /// The text before the value in its word, as in `host:web-01,`; none if the word is not a query.
    before: Option<String>,
    /// How many bytes of the word the shell keeps, whatever is inserted.
    kept: usize,
}

impl Typed {
    /// Parses the words after the program's name. None: the collector does not know values for the last word.
    pub(super) fn read(all: &Command, shell: Shell, words: &[String]) -> Option<Self> {
        let words = match shell {
            Shell::Bash => joined(words),
            _ => words.to_vec(),
        };
        let (last, before) = words.split_last()?;
        let mut before = before.iter();
        let name = before.find(|word| !word.starts_with('-'))?;
        let mut command = all.find_subcommand(name)?;
        let mut target = Vec::new();
        let mut positionals = 0;
        let mut ended = false;
        let mut awaiting: Option<&Arg> = None;
        for word in before {
            if let Some(argument) = awaiting.take() {
                add_target(&mut target, argument, word);
            } else if ended || !word.starts_with('-') {
                match command.find_subcommand(word).filter(|_| positionals == 0) {
                    Some(inner) => command = inner,
                    None => positionals += 1,
                }
            } else if word == "--" {
                ended = true;
            } else if let Some((argument, value)) = option(command, word) {
                match value {
                    Some(value) => add_target(&mut target, argument, value),
                    None => awaiting = takes_next(argument).then_some(argument),
                }
            }
        }
        let (argument, begun) = match awaiting {
            Some(argument) => (argument, last.as_str()),
            None if !ended && last.starts_with('-') => {
                let (argument, value) = option(command, last)?;
                (argument, value?)
            }
            None => (positional(command, positionals)?, last.as_str()),
        };
        let kind = kind_of(command, argument)?;
        // Shells keep the quotation mark, and bash does not break words within it.
        let unquoted = begun.strip_prefix(['\'', '"']);
        let is_query = kind == Kind::Query;
        let (begun, is_quoted) = match unquoted.filter(|_| is_query) {
            Some(unquoted) => (unquoted, true),
            None => (begun, false),
        };
        // bash completes the part after the last word break.
        let kept = match shell {
            Shell::Bash if !is_quoted => begun.rfind([':', '=']).map_or(0, |at| at + 1),
            _ => 0,
        };
        let (kind, at) = match is_query {
            true => query::to_complete(begun, About::of(command.get_name()))?,
            false => (kind, 0),
        };
        let (before, begun) = begun.split_at(at);
        Some(Self {
            kind,
            target,
            begun: begun.to_owned(),
            before: is_query.then(|| before.to_owned()),
            kept,
        })
    }

    /// What a value must begin with.
    pub(super) fn typed_part(&self) -> &str {
        &self.begun
    }

    /// Whether a value is possible here.
    pub(super) fn takes(&self, value: &str) -> bool {
        value.starts_with(&self.begun) && (self.before.is_none() || query::is_plain(value))
    }

    /// What the shell inserts for a possible value.
    pub(super) fn inserted(&self, value: &str) -> String {
        let before = self.before.as_deref().unwrap_or_default();
        format!("{before}{value}").split_off(self.kept)
    }
}

/// The kind of an argument's values, if the collector knows them.
pub(super) fn kind_of(command: &Command, argument: &Arg) -> Option<Kind> {
    let asks_collector = command
        .get_arguments()
        .any(|argument| argument.get_id() == "context");
    if !asks_collector {
        return None;
    }
    // Any argument of this type, as in `diff A B` and `export --run`.
    if argument.get_value_parser().type_id() == TypeId::of::<Pick>() {
        return Some(Kind::Id);
    }
    let id = argument.get_id().as_str();
    let is_option = argument.get_long().is_some() || argument.get_short().is_some();
    let value_names = argument.get_value_names().unwrap_or_default();
    if !is_option && value_names.iter().any(|name| name.as_str() == "QUERY") {
        return Some(Kind::Query);
    }
    match id {
        "vault_password_secret" | "private_key_secret" => Some(Kind::Secret),
        _ if LAUNCHING.contains(&command.get_name()) => match id {
            "playbook" => Some(Kind::RunPlaybook),
            "inventory" => Some(Kind::RunInventory),
            // For `schedule run` and the like; a new schedule has a new name.
            "schedule" if command.get_name() == "run" => Some(Kind::Schedule),
            _ => None,
        },
        "schedule" => Some(Kind::Schedule),
        _ if !is_option => None,
        "id" => Some(Kind::Id),
        "playbook" => Some(Kind::Playbook),
        "inventory" => Some(Kind::Inventory),
        "host" | "only_host" => Some(Kind::Host),
        "label" => Some(Kind::Label),
        "user" => Some(Kind::User),
        _ => None,
    }
}

/// The option that a word names, and the value if it is part of the same word.
fn option<'c, 'w>(command: &'c Command, word: &'w str) -> Option<(&'c Arg, Option<&'w str>)> {
    let mut arguments = command.get_arguments();
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let found = arguments.find(|argument| argument.get_long() == Some(name))?;
        return Some((found, value));
    }
    let mut letters = word.strip_prefix('-')?.chars();
    let (letter, rest) = (letters.next()?, letters.as_str());
    let found = arguments.find(|argument| argument.get_short() == Some(letter))?;
    Some((found, (!rest.is_empty()).then_some(rest)))
}

/// Whether an option's value is the next word.
fn takes_next(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
        && !argument.is_require_equals_set()
}

/// The positional argument to which the next word belongs.
fn positional(command: &Command, before: usize) -> Option<&Arg> {
    let last = command.get_positionals().last()?;
    let takes_more = matches!(last.get_action(), ArgAction::Append);
    let at = command.get_positionals().nth(before);
    at.or(takes_more.then_some(last))
}

/// Stores an option that selects the collector.
fn add_target(target: &mut Vec<String>, argument: &Arg, value: &str) {
    if matches!(argument.get_id().as_str(), "url" | "context" | "token_file")
        && let Some(long) = argument.get_long()
    {
        target.push(format!("--{long}={value}"));
    }
}

/// bash's words, joined where bash splits a single argument: at `=` and at `:`.
fn joined(words: &[String]) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    let mut goes_on = false;
    for word in words {
        let is_break = matches!(word.as_str(), "=" | ":" | "::");
        match whole.last_mut() {
            Some(last) if is_break || goes_on => last.push_str(word),
            _ => whole.push(word.clone()),
        }
        goes_on = is_break;
    }
    whole
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::super::Cli;
    use super::*;

    fn read(shell: Shell, line: &str) -> Option<(Kind, String, Vec<String>)> {
        let mut all = Cli::command();
        all.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let typed = Typed::read(&all, shell, &words)?;
        Some((typed.kind, typed.begun, typed.target))
    }

    #[test]
    fn the_last_word_is_a_value_of_some_argument() {
        let kind = |line: &str| read(Shell::Zsh, line).map(|(kind, begun, _)| (kind, begun));
        let is = |kind: Kind, begun: &str| Some((kind, begun.to_owned()));
        for (line, expected) in [
            ("show ", is(Kind::Id, "")),
            ("show 4f", is(Kind::Id, "4f")),
            ("show 4f2a9c ", None),
            ("show --task x 4f", is(Kind::Id, "4f")),
            ("show --output 4f", is(Kind::Id, "4f")),
            ("show --host web", is(Kind::Host, "web")),
            ("show --host=web", is(Kind::Host, "web")),
            ("show --host web 4f", is(Kind::Id, "4f")),
            ("show --task x", None),
            ("delete 4f2a9c 1b", is(Kind::Id, "1b")),
            ("delete -y 4f2a9c -- 1b", is(Kind::Id, "1b")),
            ("list --changed --playbook si", is(Kind::Playbook, "si")),
            ("list --changed=false --label ", is(Kind::Label, "")),
            ("list --status failed --user a", is(Kind::User, "a")),
            ("list --id 4f", is(Kind::Id, "4f")),
            ("diff ", is(Kind::Id, "")),
            ("diff 4f2a9c 1b", is(Kind::Id, "1b")),
            ("diff 4f2a9c 1b ", None),
            ("export --run 4f", is(Kind::Id, "4f")),
            ("export --host we", is(Kind::Host, "we")),
            ("export --only-host we", is(Kind::Host, "we")),
            ("trends --playbook si", is(Kind::Playbook, "si")),
            (
                "list wo",
                is(
                    Kind::FieldName {
                        about: About::Either,
                    },
                    "wo",
                ),
            ),
            (
                "search wo",
                is(
                    Kind::FieldName {
                        about: About::Lines,
                    },
                    "wo",
                ),
            ),
            ("list a status:fa", is(Kind::OneOf("status"), "fa")),
            ("stats 'host:we", is(Kind::Host, "we")),
            ("search host:web-01,d", is(Kind::Host, "d")),
            ("list since:7", None),
            ("list --ho", None),
            ("inventories --inventory p", is(Kind::Inventory, "p")),
            ("run --inventory p", is(Kind::RunInventory, "p")),
            ("run -i p", is(Kind::RunInventory, "p")),
            ("run si", is(Kind::RunPlaybook, "si")),
            ("run --limit w", None),
            ("replay 4f --playbook si", is(Kind::RunPlaybook, "si")),
            ("replay 4f", is(Kind::Id, "4f")),
            ("rebuild 4f", None),
            ("token revoke x", None),
            ("nothing --host x", None),
            ("sho", None),
            ("", None),
        ] {
            assert_eq!(kind(line), expected, "{line:?}");
        }
        let (_, _, target) = read(Shell::Zsh, "show --context prod --url=http://x 4f").unwrap();
        assert_eq!(target, ["--context=prod", "--url=http://x"]);
    }

    #[test]
    fn words_that_bash_separates_are_one() {
        let mut all = Cli::command();
        all.build();
        let typed = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            Typed::read(&all, Shell::Bash, &words).unwrap()
        };
        let host = typed(&["list", "--host", "=", "we"]);
        assert_eq!((host.kind, host.typed_part()), (Kind::Host, "we"));
        let begun = typed(&["list", "--host", "="]);
        assert_eq!((begun.kind, begun.typed_part()), (Kind::Host, ""));
        let label = typed(&["list", "--label", "team", ":", "d"]);
        assert_eq!((label.kind, label.typed_part()), (Kind::Label, "team:d"));
        assert_eq!(label.inserted("team:db"), "db");
        let status = typed(&["list", "status", ":", "failed,ru"]);
        assert_eq!(status.typed_part(), "ru");
        assert_eq!(status.inserted("running"), "failed,running");
        let host = typed(&["list", "'status:failed host:we"]);
        assert_eq!(host.inserted("web-01"), "status:failed host:web-01");
        assert!(host.takes("web-01") && !host.takes("we b") && !host.takes("db"));
    }
}

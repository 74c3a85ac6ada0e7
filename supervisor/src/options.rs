//! Parses Ansible's command lines, word by word, like argparse: long options may be shortened, short ones combined, and
//! a value may be in the same word or in the next.

/// Which program's options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `ansible-playbook`.
    Playbook,
    /// `ansible` and `ansible-console`.
    Adhoc,
    /// Another program of Ansible's: its words are not parsed.
    Other,
}

/// An option with its value, if any, or a word that is not an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// The word as it appears in the command.
    pub(crate) text: &'a str,
    /// The option's long name. None: not an option.
    pub(crate) option: Option<&'static str>,
    /// Its value.
    pub(crate) value: Option<&'a str>,
    /// The value is a separate word after `text`.
    pub(crate) apart: bool,
    /// The first option of its word.
    pub(crate) opens: bool,
}

/// Long name, letters, takes a value.
type Entry = (&'static str, &'static str, bool);

const COMMON: &[Entry] = &[
    ("inventory", "i", true),
    ("limit", "l", true),
    ("extra-vars", "e", true),
    ("forks", "f", true),
    ("user", "u", true),
    ("connection", "c", true),
    ("timeout", "T", true),
    ("module-path", "M", true),
    ("private-key", "", true),
    ("key-file", "", true),
    ("vault-id", "", true),
    ("vault-password-file", "", true),
    ("vault-pass-file", "", true),
    ("become-user", "", true),
    ("become-method", "", true),
    ("become-password-file", "", true),
    ("connection-password-file", "", true),
    ("ssh-common-args", "", true),
    ("ssh-extra-args", "", true),
    ("scp-extra-args", "", true),
    ("sftp-extra-args", "", true),
    ("check", "C", false),
    ("diff", "D", false),
    ("verbose", "v", false),
    ("become", "b", false),
    ("ask-become-pass", "K", false),
    ("ask-pass", "k", false),
    ("ask-vault-pass", "J", false),
    ("list-hosts", "", false),
    ("flush-cache", "", false),
    ("syntax-check", "", false),
    ("help", "h", false),
    ("version", "", false),
];

const PLAYBOOK: &[Entry] = &[
    ("tags", "t", true),
    ("skip-tags", "", true),
    ("start-at-task", "", true),
    ("step", "", false),
    ("list-tags", "", false),
    ("list-tasks", "", false),
    ("force-handlers", "", false),
];

const ADHOC: &[Entry] = &[
    ("module-name", "m", true),
    ("args", "a", true),
    ("background", "B", true),
    ("poll", "P", true),
    ("tree", "t", true),
    ("task-timeout", "", true),
    ("playbook-dir", "", true),
    ("one-line", "o", false),
];

/// Reads the words after the program's name.
pub(crate) fn words(argv: &[String], dialect: Dialect) -> Vec<Word<'_>> {
    let own = match dialect {
        Dialect::Playbook => PLAYBOOK,
        Dialect::Adhoc => ADHOC,
        Dialect::Other => &[],
    };
    let table: Vec<Entry> = own.iter().chain(COMMON).copied().collect();
    let mut words = Vec::with_capacity(argv.len());
    let mut rest = argv.iter().map(String::as_str);
    let mut options = true;
    while let Some(text) = rest.next() {
        let plain = Word {
            text,
            option: None,
            value: None,
            apart: false,
            opens: true,
        };
        if !options || text == "-" || !text.starts_with('-') {
            words.push(plain);
        } else if text == "--" {
            options = false;
            words.push(plain);
        } else if let Some(long) = text.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            // argparse accepts any unambiguous prefix; an exact name wins over a longer one.
            let entry = table
                .iter()
                .find(|entry| entry.0 == name)
                .or_else(|| table.iter().find(|entry| entry.0.starts_with(name)));
            let (option, takes) = entry.map_or(("", false), |entry| (entry.0, entry.2));
            let apart = takes && value.is_none();
            let value = value.or_else(|| takes.then(|| rest.next().unwrap_or_default()));
            words.push(Word {
                option: Some(option),
                value,
                apart,
                ..plain
            });
        } else {
            letters(plain, &table, &mut rest, &mut words);
        }
    }
    words
}

/// Letters after one dash: flags, and at most one option with its value.
fn letters<'a>(
    plain: Word<'a>,
    table: &[Entry],
    rest: &mut impl Iterator<Item = &'a str>,
    words: &mut Vec<Word<'a>>,
) {
    for (at, letter) in plain.text.char_indices().skip(1) {
        let entry = table.iter().find(|entry| entry.1.contains(letter));
        let (option, takes) = entry.map_or(("", false), |entry| (entry.0, entry.2));
        let mut word = Word {
            option: Some(option),
            opens: at == 1,
            ..plain
        };
        if takes {
            let value = &plain.text[at + letter.len_utf8()..];
            word.apart = value.is_empty();
            word.value = Some(if word.apart {
                rest.next().unwrap_or_default()
            } else {
                value
            });
            words.push(word);
            return;
        }
        words.push(word);
    }
}

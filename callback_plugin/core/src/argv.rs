//! The command line, with redaction of values that may be secret.

use crate::secret::REDACTED;

/// Short options with a value, other than those whose value is redacted.
const WITH_VALUE: &str = "ilftMcuTBPm";

/// Copies `argv`; the values of `-e`/`--extra-vars` and, for an ad-hoc command, `-a`/`--args` are
/// redacted (a file of extra variables keeps its name), as is a password inside a URL.
pub fn redact(argv: &[String], adhoc: bool) -> Vec<String> {
    let mut out = Vec::with_capacity(argv.len());
    let mut redact_next = false;
    let mut options = true;
    for (index, arg) in argv.iter().enumerate() {
        if index == 0 {
            out.push(arg.clone());
        } else if redact_next {
            redact_next = false;
            out.push(value(arg));
        } else if options && arg == "--" {
            options = false;
            out.push(arg.clone());
        } else if options && arg.starts_with("--") {
            let (name, given) = match arg.split_once('=') {
                Some((name, given)) => (name, Some(given)),
                None => (arg.as_str(), None),
            };
            match given {
                Some(given) if is_secret_long(name, adhoc) => {
                    out.push(format!("{name}={}", value(given)));
                }
                None if is_secret_long(name, adhoc) => {
                    redact_next = true;
                    out.push(arg.clone());
                }
                _ => out.push(without_password(arg)),
            }
        } else if options && arg.starts_with('-') && arg.len() > 1 {
            let (kept, next) = short(arg, adhoc);
            redact_next = next;
            out.push(kept);
        } else {
            out.push(without_password(arg));
        }
    }
    out
}

/// argparse accepts any unambiguous prefix of a long option.
fn is_secret_long(name: &str, adhoc: bool) -> bool {
    (name.len() > 2 && "--extra-vars".starts_with(name))
        || (adhoc && name.len() > 3 && "--args".starts_with(name))
}

/// Letters after one dash: flags, and at most one option with its value.
fn short(arg: &str, adhoc: bool) -> (String, bool) {
    for (at, letter) in arg.char_indices().skip(1) {
        let end = at + letter.len_utf8();
        if letter == 'e' || (adhoc && letter == 'a') {
            return if end == arg.len() {
                (arg.to_owned(), true)
            } else {
                (format!("{}{}", &arg[..end], value(&arg[end..])), false)
            };
        }
        if WITH_VALUE.contains(letter) {
            break;
        }
    }
    (without_password(arg), false)
}

/// The name of a variables file is kept, everything else is redacted.
fn value(given: &str) -> String {
    if given.starts_with('@') {
        given.to_owned()
    } else {
        REDACTED.to_owned()
    }
}

/// `scheme://user:password@host` without the password.
fn without_password(text: &str) -> String {
    if let Some((scheme, rest)) = text.split_once("://")
        && let Some((login, host)) = rest.split('/').next().unwrap_or_default().rsplit_once('@')
        && let Some((user, _)) = login.split_once(':')
    {
        let path = &rest[login.len() + 1 + host.len()..];
        return format!("{scheme}://{user}:{REDACTED}@{host}{path}");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, adhoc: bool, expected: &str) {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        assert_eq!(redact(&argv, adhoc).join(" "), expected, "{line}");
    }

    #[test]
    fn extra_variables_are_redacted_in_every_spelling() {
        check("ap -e a=1 site.yml", false, "ap -e *** site.yml");
        check("ap -ea=1 site.yml", false, "ap -e*** site.yml");
        check("ap -vve a=1 site.yml", false, "ap -vve *** site.yml");
        check("ap --extra-vars a=1 x", false, "ap --extra-vars *** x");
        check("ap --extra=a=1 x", false, "ap --extra=*** x");
        check("ap -e @vars.yml x", false, "ap -e @vars.yml x");
        check(
            "ap -i inventory -t e site.yml",
            false,
            "ap -i inventory -t e site.yml",
        );
        check("ap -ie site.yml", false, "ap -ie site.yml");
    }

    #[test]
    fn adhoc_arguments_are_redacted() {
        check(
            "ansible all -m shell -a id",
            true,
            "ansible all -m shell -a ***",
        );
        check("ansible all --args=id", true, "ansible all --args=***");
        check("ap -a x", false, "ap -a x");
    }

    #[test]
    fn a_password_in_a_url_is_redacted() {
        check("ap -i https://u:p@h/x", false, "ap -i https://u:***@h/x");
        check("ap https://h/x", false, "ap https://h/x");
    }
}

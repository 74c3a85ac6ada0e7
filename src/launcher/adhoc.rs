//! Arguments of ad-hoc commands: parsed as Ansible parses them, and passed as extra variables.
//!
//! Each value is in the extra variables file, marked `!unsafe`, and the command line only names it. So no argument can
//! be read from the process list, and none is evaluated as a template on the way to its module.

use std::collections::BTreeMap;

use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value};

use super::error::LaunchError;
use crate::model::{SecretVariables, Variables};

/// Prefix of the variables that hold arguments.
pub(super) const VARIABLES: &str = "playback_arg_";

/// Modules whose arguments are a free-form command, except for these words before an `=`.
const FREE_FORM: [&str; 6] = [
    "command",
    "raw",
    "script",
    "shell",
    "win_command",
    "win_shell",
];
const WORDS_OF_FREE_FORM: [&str; 9] = [
    "chdir",
    "cmd",
    "creates",
    "executable",
    "removes",
    "stdin",
    "stdin_add_newline",
    "strip_empty_ends",
    "warn",
];

/// Ansible's default module.
pub(super) const DEFAULT_MODULE: &str = "command";

/// A module's name without the collection that Ansible searches first.
pub(crate) fn short_name(module: &str) -> &str {
    ["ansible.builtin.", "ansible.legacy."]
        .iter()
        .find_map(|collection| module.strip_prefix(collection))
        .unwrap_or(module)
}

/// The arguments of an ad-hoc command.
#[derive(Debug)]
pub(super) struct Arguments {
    /// Value of `--args`: each argument's name, with a variable as its value.
    pub(super) template: String,
    /// The values.
    pub(super) variables: SecretVariables,
}

/// Parses `args` for a module; none if they are empty.
///
/// # Errors
/// A quote is not closed.
pub(super) fn arguments(module: &str, args: &str) -> Result<Option<Arguments>, LaunchError> {
    let trimmed = args.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    let values = match serde_json::from_str(trimmed) {
        Ok(Value::Object(values)) => values,
        _ => pairs(module, args)?,
    };
    let mut variables = BTreeMap::new();
    let mut template = Map::new();
    for (at, (name, value)) in values.into_iter().enumerate() {
        let variable = format!("{VARIABLES}{at}");
        // A string stays a string, even if it looks like a list.
        let filter = if value.is_string() { " | string" } else { "" };
        template.insert(name, format!("{{{{ {variable}{filter} }}}}").into());
        variables.insert(variable, value);
    }
    Ok(Some(Arguments {
        template: Value::Object(template).to_string(),
        variables: Box::new(Variables(variables)).into(),
    }))
}

/// The `name=value` words, and what is left beside them.
fn pairs(module: &str, args: &str) -> Result<Map<String, Value>, LaunchError> {
    let short = short_name(module).rsplit('.').next().unwrap_or_default();
    let is_free_form = FREE_FORM.contains(&short);
    let mut values = Map::new();
    let mut rest = String::new();
    for (space, word) in words(args)? {
        let pair = split(word);
        if let Some((name, value)) = pair
            && (!is_free_form || WORDS_OF_FREE_FORM.contains(&name))
        {
            let value = Zeroizing::new(unescaped(value));
            values.insert(name.trim().to_owned(), unquoted(value.trim()).into());
            continue;
        }
        if !rest.is_empty() {
            rest.push_str(space);
        }
        match pair {
            Some(_) => rest.push_str(word),
            None => rest.push_str(&word.replace("\\=", "=")),
        }
    }
    if !rest.is_empty() {
        values.insert("_raw_params".to_owned(), rest.into());
    }
    Ok(values)
}

/// Splits a text into words, each with the space before it; quotes and templates keep a word together.
fn words(text: &str) -> Result<Vec<(&str, &str)>, LaunchError> {
    let mut words = Vec::new();
    let (mut space_from, mut word_from) = (0, None);
    let (mut quote, mut is_escaped, mut depth) = (None, false, 0_u32);
    let mut before = '\0';
    for (at, c) in text.char_indices() {
        if c.is_whitespace() && quote.is_none() && depth == 0 {
            if let Some(from) = word_from.take() {
                words.push((&text[space_from..from], &text[from..at]));
                space_from = at;
            }
            (is_escaped, before) = (false, c);
            continue;
        }
        word_from.get_or_insert(at);
        match (quote, c) {
            _ if is_escaped => {}
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '{' | '%' | '#') if before == '{' => depth += 1,
            (None, '}') if matches!(before, '}' | '%' | '#') => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
        before = c;
    }
    if quote.is_some() {
        return Err(LaunchError::invalid("args", "a quote is not closed"));
    }
    if let Some(from) = word_from {
        words.push((&text[space_from..from], &text[from..]));
    }
    Ok(words)
}

/// Splits a word at its first `=` without a backslash before it.
fn split(word: &str) -> Option<(&str, &str)> {
    let sign = |at: &(usize, &str)| at.0 > 0 && !word[..at.0].ends_with('\\');
    let (at, _) = word.match_indices('=').find(sign)?;
    Some((&word[..at], &word[at + 1..]))
}

/// Replaces escapes such as `\n` and `\x41`.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let plain = match rest.chars().next() {
            Some('a') => Some('\u{7}'),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('v') => Some('\u{b}'),
            Some(c @ ('\\' | '"' | '\'')) => Some(c),
            _ => None,
        };
        let coded = |digits: usize| {
            let code = u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?;
            Some((char::from_u32(code)?, digits + 1))
        };
        let found = plain
            .map(|c| (c, 1))
            .or_else(|| match rest.chars().next()? {
                'x' => coded(2),
                'u' => coded(4),
                'U' => coded(8),
                _ => None,
            });
        match found {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => out.push('\\'),
        }
    }
    out.push_str(rest);
    out
}

/// Removes quotes around the whole value.
fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    fn read(module: &str, args: &str) -> Value {
        pairs(module, args).map(Value::Object).unwrap()
    }

    #[test]
    fn arguments_are_read_as_ansible_reads_them() {
        for (module, args, expected) in [
            (
                "shell",
                "echo  \"a  b\" x=1",
                json!({ "_raw_params": "echo  \"a  b\" x=1" }),
            ),
            (
                "ansible.builtin.command",
                "chdir='/a b' ls -l",
                json!({ "chdir": "/a b", "_raw_params": "ls -l" }),
            ),
            (
                "copy",
                "src=a dest=\"b c\" content={{ x y }}",
                json!({ "src": "a", "dest": "b c", "content": "{{ x y }}" }),
            ),
            ("debug", "msg='it is'", json!({ "msg": "it is" })),
            ("ping", "foo bar", json!({ "_raw_params": "foo bar" })),
            ("copy", r"content=a\nb\x41", json!({ "content": "a\nbA" })),
            ("shell", r"test a\=b", json!({ "_raw_params": "test a=b" })),
            ("shell", "a\nb", json!({ "_raw_params": "a\nb" })),
        ] {
            assert_eq!(read(module, args), expected, "{args}");
        }
        assert!(pairs("shell", "echo 'open").is_err());
    }

    #[test]
    fn the_command_line_has_names_alone() {
        let read = arguments("debug", "{\"msg\": \"hidden\", \"n\": 1}")
            .unwrap()
            .unwrap();
        assert_eq!(
            read.template,
            "{\"msg\":\"{{ playback_arg_0 | string }}\",\"n\":\"{{ playback_arg_1 }}\"}"
        );
        assert_eq!(read.variables.expose_secret().0["playback_arg_0"], "hidden");
        assert!(!format!("{read:?}").contains("hidden"));
        assert!(arguments("ping", " ").unwrap().is_none());
    }
}

//! Reads an INI text as Python's `configparser` does with the settings of Ansible:
//! `ConfigParser(inline_comment_prefixes=(";",))`, with values read without interpolation. No crate has the same rules,
//! and where a value ends decides what is hidden. Which file is read, and what its values mean, is decided elsewhere.

use std::collections::HashMap;

/// The section whose options every other section has as well.
const DEFAULTS: &str = "DEFAULT";

type Options = HashMap<String, Vec<String>>;

/// The options of a file, by section and lower-case name.
#[derive(Debug, Default)]
pub(crate) struct Ini {
    sections: HashMap<String, Options>,
}

/// A text that Python refuses: Ansible itself then ends and says why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

impl Ini {
    /// Reads a text.
    ///
    /// # Errors
    /// Python would refuse it: a line that is neither a section nor an option, an option before any section, or a
    /// section or an option that occurs twice.
    pub(crate) fn parse(text: &str) -> Result<Self, Refused> {
        let mut ini = Self::default();
        let mut section: Option<String> = None;
        let mut option: Option<String> = None;
        let mut indent = 0;
        // Only this ends a line for Python, too; a carriage return counts as white space.
        for line in text.split('\n') {
            let content = without_comment(line);
            let value = section.as_ref().zip(option.as_ref());
            let value = value.and_then(|(section, option)| ini.value_mut(section, option));
            if content.is_empty() {
                // An empty line within a value is part of it, but a line that is only a comment is not.
                if let (Some(value), true) = (value, trimmed(line).is_empty()) {
                    value.push(String::new());
                }
                continue;
            }
            let depth = line.chars().take_while(|c| is_space(*c)).count();
            if let (Some(value), true) = (value, depth > indent) {
                value.push(content.to_owned());
                continue;
            }
            indent = depth;
            if let Some(name) = header(content) {
                if ini.sections.contains_key(name) && name != DEFAULTS {
                    return Err(Refused);
                }
                ini.sections.entry(name.to_owned()).or_default();
                section = Some(name.to_owned());
                option = None;
                continue;
            }
            let (name, value) = content.split_once(['=', ':']).ok_or(Refused)?;
            let name = trimmed(name).to_lowercase();
            let options = section.as_ref().and_then(|name| ini.sections.get_mut(name));
            let options = options.ok_or(Refused)?;
            if name.is_empty() || options.contains_key(&name) {
                return Err(Refused);
            }
            options.insert(name.clone(), vec![trimmed(value).to_owned()]);
            option = Some(name);
        }
        Ok(ini)
    }

    fn value_mut(&mut self, section: &str, option: &str) -> Option<&mut Vec<String>> {
        self.sections.get_mut(section)?.get_mut(option)
    }

    /// An option's value, whose lines are separated by newlines. The name is in lower case.
    pub(crate) fn get(&self, section: &str, option: &str) -> Option<String> {
        let options = self.sections.get(section)?;
        let defaults = self.sections.get(DEFAULTS);
        let lines = options
            .get(option)
            .or_else(|| defaults.and_then(|defaults| defaults.get(option)))?;
        Some(lines.join("\n").trim_end_matches(is_space).to_owned())
    }

    /// Removes an option that a section has, or has from the defaults, and returns its value.
    pub(crate) fn remove(&mut self, section: &str, option: &str) -> Option<String> {
        let value = self.get(section, option);
        for name in [section, DEFAULTS] {
            if let Some(options) = self.sections.get_mut(name) {
                options.remove(option);
            }
        }
        value
    }
}

/// A section's name. Whatever follows the last bracket is ignored.
fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

/// A line without the white space around it and without comments: `#` and `;` begin one at the line's beginning, and
/// `;` also after white space.
fn without_comment(line: &str) -> &str {
    let line = trimmed(line);
    if line.starts_with(['#', ';']) {
        return "";
    }
    let mut follows_space = false;
    for (at, c) in line.char_indices() {
        if c == ';' && follows_space {
            return trimmed(&line[..at]);
        }
        follows_space = is_space(c);
    }
    line
}

pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// White space as Python has it: also the separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

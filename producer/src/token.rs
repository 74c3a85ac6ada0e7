//! Chooses the token that delivers a run: one rule for the recorder, `playback exec`, `playback flush` and
//! `playback doctor`. Reading the sources is left to others: Ansible for the recorder, the command line for the rest.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

/// Every place where a token can be given. An empty one counts as not given.
#[derive(Debug, Clone, Default)]
pub struct TokenSources {
    /// The file that an option of the command line names.
    pub option_file: Option<PathBuf>,
    /// `PLAYBACK_TOKEN`.
    pub variable: Option<SecretString>,
    /// The file that `PLAYBACK_TOKEN_FILE` names.
    pub variable_file: Option<PathBuf>,
    /// `token` in `ansible.cfg`.
    pub configured: Option<SecretString>,
    /// The file that `token_file` in `ansible.cfg` names.
    pub configured_file: Option<PathBuf>,
}

/// A token, or the file that holds it.
#[derive(Debug, Clone)]
pub enum Token {
    /// The token itself.
    Text(SecretString),
    /// The file that holds it.
    File(PathBuf),
}

/// The token to use, and where it was found.
#[derive(Debug, Clone)]
pub struct ChosenToken {
    /// The token, or its file.
    pub token: Token,
    /// Where it was found, and which other source it overrides, for messages about its refusal.
    pub from: String,
}

/// Where a token comes from, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Option,
    Environment,
    Configuration,
}

impl TokenSources {
    /// An option wins over the environment, which wins over `ansible.cfg`, whether it gives the token or names its
    /// file: a value that is set for one command must be used for that command. At the same level, the token itself
    /// wins over its file.
    #[must_use]
    pub fn choose(self) -> Option<ChosenToken> {
        let file = |file: Option<PathBuf>| {
            let file = file.filter(|file| !file.as_os_str().is_empty())?;
            Some((
                Token::File(file.clone()),
                format!("the token file {}", file.display()),
            ))
        };
        let text = |token: Option<SecretString>, from: &str| {
            let token = SecretString::from(token?.expose_secret().trim());
            let is_filled = !token.expose_secret().is_empty();
            is_filled.then(|| (Token::Text(token), from.to_owned()))
        };
        let all = [
            (Level::Option, file(self.option_file)),
            (
                Level::Environment,
                text(self.variable, "PLAYBACK_TOKEN in the environment"),
            ),
            (Level::Environment, file(self.variable_file)),
            (
                Level::Configuration,
                text(self.configured, "the option token in ansible.cfg"),
            ),
            (Level::Configuration, file(self.configured_file)),
        ];
        let mut given = all
            .into_iter()
            .filter_map(|(level, found)| found.map(|(token, from)| (level, token, from)));
        let (level, token, from) = given.next()?;
        let beside = match given.next() {
            None => String::new(),
            Some((Level::Configuration, ..)) if level < Level::Configuration => {
                ", which wins over the one in ansible.cfg".to_owned()
            }
            Some((_, _, other)) => format!(", which wins over {other}"),
        };
        Some(ChosenToken {
            token,
            from: from + &beside,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The choice among sources, which are named by letters: o, e, f (the environment's file), c, g (the configured
    /// file).
    fn chosen(given: &str) -> Option<(String, String)> {
        let file = |letter: char| {
            given
                .contains(letter)
                .then(|| PathBuf::from(format!("/{letter}")))
        };
        let text = |letter: char| {
            let text = given.contains(letter).then(|| format!(" {letter}\n"));
            // A source that is not given may also be empty.
            Some(SecretString::from(text.unwrap_or_else(|| " ".to_owned())))
        };
        let chosen = TokenSources {
            option_file: file('o'),
            variable: text('e'),
            variable_file: file('f').or_else(|| Some(PathBuf::new())),
            configured: text('c'),
            configured_file: file('g'),
        }
        .choose()?;
        assert!(!format!("{chosen:?}").contains("\"e\""), "{chosen:?}");
        let token = match chosen.token {
            Token::Text(token) => token.expose_secret().to_owned(),
            Token::File(file) => file.display().to_string(),
        };
        Some((token, chosen.from))
    }

    #[test]
    fn an_option_wins_over_the_environment_and_that_over_the_configuration() {
        let environment = "PLAYBACK_TOKEN in the environment";
        let cfg = ", which wins over the one in ansible.cfg";
        let cases = [
            (
                "oefcg",
                "/o",
                format!("the token file /o, which wins over {environment}"),
            ),
            ("oc", "/o", format!("the token file /o{cfg}")),
            (
                "efcg",
                "e",
                format!("{environment}, which wins over the token file /f"),
            ),
            ("ecg", "e", format!("{environment}{cfg}")),
            ("e", "e", environment.to_owned()),
            ("fcg", "/f", format!("the token file /f{cfg}")),
            ("fg", "/f", format!("the token file /f{cfg}")),
            (
                "cg",
                "c",
                "the option token in ansible.cfg, which wins over the token file /g".to_owned(),
            ),
            ("c", "c", "the option token in ansible.cfg".to_owned()),
            ("g", "/g", "the token file /g".to_owned()),
        ];
        for (given, token, from) in cases {
            assert_eq!(chosen(given), Some((token.to_owned(), from)), "{given}");
        }
        assert_eq!(chosen(""), None);
    }
}

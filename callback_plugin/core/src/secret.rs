//! Recognizes possible secrets by name or by printed text: values whose names suggest it, and the error block that
//! ansible-core 2.19 prints for a task with `no_log`.

/// Replacement for a value that may be secret.
pub const REDACTED: &str = "***";

/// Replacement line in the captured output where Ansible printed details of a task with `no_log`.
pub const PLACEHOLDER: &str =
    "[Playback left out what was printed here: the task has 'no_log: true']\n";

/// Whether a name indicates a secret value.
pub fn is_secret_name(name: &str) -> bool {
    const TELLING: [&str; 10] = [
        "pass",
        "secret",
        "token",
        "credential",
        "private",
        "api_key",
        "apikey",
        "access_key",
        "auth",
        "vault",
    ];
    let name = name.to_ascii_lowercase();
    TELLING.iter().any(|word| name.contains(word))
}

/// Whether a text that Ansible printed while showing a censored result may contain the secret: an error, a warning or a
/// traceback, with or without colour.
pub fn may_tell(printed: &str) -> bool {
    const BLOCKS: [&str; 6] = [
        "[ERROR]",
        "[WARNING]",
        "[DEPRECATION WARNING]",
        "An exception occurred",
        "The full traceback is",
        "Traceback (",
    ];
    let mut text = printed.trim_start();
    while let Some(rest) = text.strip_prefix("\x1b[") {
        text = rest.split_once('m').map_or("", |(_, rest)| rest);
    }
    BLOCKS.iter().any(|block| text.starts_with(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_known_with_and_without_colour() {
        assert!(may_tell("[ERROR]: Task failed: x\n"));
        assert!(may_tell("\x1b[0;31m[ERROR]: Task failed: x\n\x1b[0m"));
        assert!(!may_tell("changed: [web1]\n"));
        assert!(!may_tell(
            "fatal: [web1]: FAILED! => {\"censored\": true}\n"
        ));
    }

    #[test]
    fn telling_names() {
        for name in ["password", "login_password", "API_TOKEN", "client_secret"] {
            assert!(is_secret_name(name), "{name}");
        }
        assert!(!is_secret_name("path"));
    }
}

//! The command that delivers what is left in a folder, so that it can be typed as it stands, in any shell of this machine.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// `playback flush` for a folder and a collector. `options` are given as they are typed, with a space before each.
#[must_use]
pub fn flush_command(dir: &Path, url: Option<&str>, options: &str) -> String {
    // A URL that may hold a password is not shown.
    let url = url
        .map(str::trim)
        .filter(|url| !url.is_empty() && !url.contains('@'))
        .map(|url| format!(" --url {}", quoted(url)))
        .unwrap_or_default();
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    format!(
        "playback flush{options} --spool-dir {}{url}",
        quoted_path(&dir)
    )
}

/// A path quoted for a shell. Invalid UTF-8 is escaped, because a message cannot hold it.
#[must_use]
pub fn quoted_path(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return quoted(text);
    }
    let bytes = path.as_os_str().as_bytes().iter();
    let spelled: String = bytes
        .map(|byte| match byte {
            b'!'..=b'~' if !b"\\'\"$`".contains(byte) => char::from(*byte).to_string(),
            _ => format!("\\0{byte:03o}"),
        })
        .collect();
    format!("\"$(printf %b '{spelled}')\"")
}

/// A word quoted for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:+,@%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::process::Command;

    use super::*;

    #[test]
    fn the_command_can_be_typed_as_it_stands() {
        let of = |dir: &str, url| flush_command(Path::new(dir), url, "");
        assert_eq!(of("/s", None), "playback flush --spool-dir /s");
        assert_eq!(
            of("/it's here", Some("http://h:1")),
            "playback flush --spool-dir '/it'\\''s here' --url http://h:1"
        );
        assert_eq!(
            of("/s", Some("http://u:p@h")),
            "playback flush --spool-dir /s"
        );
        let here = of("s", None);
        assert!(here.starts_with("playback flush --spool-dir /"), "{here}");
        let odd = Path::new(OsStr::from_bytes(b"/a b/caf\xe9\\'"));
        assert_eq!(
            flush_command(odd, None, ""),
            "playback flush --spool-dir \"$(printf %b '/a\\0040b/caf\\0351\\0134\\0047')\""
        );
        let shell = Command::new("sh")
            .args(["-c", &format!("printf %s {}", quoted_path(odd))])
            .output()
            .unwrap();
        assert_eq!(shell.stdout, odd.as_os_str().as_bytes());
    }
}

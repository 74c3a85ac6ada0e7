//! Paths as Ansible reads them in an option of the type `path`: variables and `~` are replaced, and a relative path is
//! based on a folder. Without that, a path in a variable would mean another file for us than for the recorder.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use nix::unistd::{Uid, User};

/// An absolute path. `variable` looks up the environment; a path in a variable is based on the working folder `cwd`, one
/// in `ansible.cfg` on that file's folder.
#[must_use]
pub fn resolved(
    text: &OsStr,
    base: &Path,
    cwd: &Path,
    variable: impl Fn(&str) -> Option<OsString>,
) -> PathBuf {
    let text = replaced(text.as_bytes(), b"{{CWD}}", cwd.as_os_str().as_bytes());
    let text = with_home(with_variables(&text, &variable), &variable);
    normal(&base.join(OsString::from_vec(text)))
}

fn replaced(text: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        if let Some(after) = rest.strip_prefix(what) {
            result.extend_from_slice(with);
            rest = after;
        } else {
            result.push(*first);
            rest = &rest[1..];
        }
    }
    result
}

/// Replaces `$NAME` and `${NAME}`. Variables that are not set are left as written.
fn with_variables(text: &[u8], variable: impl Fn(&str) -> Option<OsString>) -> Vec<u8> {
    let mut path = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'$') {
        path.extend_from_slice(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, length) = match after.strip_prefix(b"{") {
            Some(name) => match name.iter().position(|byte| *byte == b'}') {
                Some(end) => (&name[..end], end + 2),
                None => (&name[..0], 0),
            },
            None => {
                let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                let end = after.iter().position(|byte| !is_of_name(byte));
                let end = end.unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match std::str::from_utf8(name).ok().and_then(&variable) {
            Some(value) => path.extend_from_slice(value.as_bytes()),
            None => path.extend_from_slice(&rest[at..=at + length]),
        }
        rest = &after[length..];
    }
    path.extend_from_slice(rest);
    path
}

/// Replaces `~` and `~USER` at the beginning by that home folder. An unknown user is left as written.
fn with_home(path: Vec<u8>, variable: impl Fn(&str) -> Option<OsString>) -> Vec<u8> {
    let Some(after) = path.strip_prefix(b"~") else {
        return path;
    };
    let end = after.iter().position(|byte| *byte == b'/');
    let (name, below) = after.split_at(end.unwrap_or(after.len()));
    let folder = |user: nix::Result<Option<User>>| user.ok().flatten().map(|user| user.dir.into());
    let home: Option<OsString> = match std::str::from_utf8(name) {
        Ok("") => variable("HOME").or_else(|| folder(User::from_uid(Uid::current()))),
        Ok(name) => folder(User::from_name(name)),
        Err(_) => None,
    };
    let Some(home) = home else { return path };
    let mut whole = home.into_vec();
    while whole.ends_with(b"/") {
        whole.pop();
    }
    whole.extend_from_slice(below);
    match whole.is_empty() {
        true => b"/".to_vec(),
        false => whole,
    }
}

/// An absolute path without `.` and `..`, which are resolved by name, as Ansible does.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_ansible_reads_it() {
        let variable = |name: &str| match name {
            "HOME" => Some("/home/x/".into()),
            "PKI" => Some("/pki".into()),
            "EMPTY" => Some("".into()),
            _ => None,
        };
        let root = User::from_uid(Uid::from_raw(0)).unwrap().unwrap().dir;
        let of_root = root.join("a");
        let cases = [
            ("~", "/home/x"),
            ("~/a", "/home/x/a"),
            ("~root/a", of_root.to_str().unwrap()),
            ("~no-such-user/a", "/base/~no-such-user/a"),
            ("b/~", "/base/b/~"),
            ("$PKI/a", "/pki/a"),
            ("${PKI}x", "/pkix"),
            ("$PKIx/a", "/base/$PKIx/a"),
            ("a$EMPTY/b", "/base/a/b"),
            ("a$/${}/${PKI", "/base/a$/${}/${PKI"),
            ("{{CWD}}/a", "/cwd/a"),
            ("a/../b/./c", "/base/b/c"),
            ("\"a\"", "/base/\"a\""),
            ("/a//b", "/a/b"),
        ];
        for (text, expected) in cases {
            let path = resolved(text.as_ref(), "/base".as_ref(), "/cwd".as_ref(), variable);
            assert_eq!(path, Path::new(expected), "{text}");
        }
        let latin = OsStr::from_bytes(b"caf\xe9");
        let path = resolved(latin, "/base".as_ref(), "/cwd".as_ref(), variable);
        assert_eq!(path.as_os_str().as_bytes(), b"/base/caf\xe9");
    }
}

//! Installs and removes shims. A file that is not a shim is never touched.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use super::super::{environment, out};
use super::{PROGRAMS, find, is_shim};

const TEMPLATE: &str = include_str!("shim.sh");

pub(super) fn install(folder: &Path) -> anyhow::Result<ExitCode> {
    let playback = std::env::current_exe().context("where this program lies is not known")?;
    if folder.as_os_str().as_bytes().contains(&b':') {
        bail!(
            "PATH cannot name a folder with a colon in it: {}",
            folder.display()
        );
    }
    // Nothing is installed unless all of it can be.
    for program in PROGRAMS {
        let file = folder.join(program);
        if file.symlink_metadata().is_ok() && !is_shim(&file) {
            bail!(
                "{} is there already, and is not a shim: name another folder, one that comes before it in PATH",
                file.display()
            );
        }
    }
    fs::create_dir_all(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    for program in PROGRAMS {
        let known = find(program).into_iter().find(|found| !found.shim);
        let known = known.map(|found| found.file).unwrap_or_default();
        let text = written(program, &playback, &known);
        let file = folder.join(program);
        write(folder, &file, &text)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        out::line(format_args!("made {}", file.display()))?;
    }
    in_path(folder)?;
    Ok(ExitCode::SUCCESS)
}

/// The remaining step: the folder must come first in PATH.
fn in_path(folder: &Path) -> anyhow::Result<()> {
    let first = find(PROGRAMS[0]).into_iter().next();
    if first.is_some_and(|first| first.file == folder.join(PROGRAMS[0])) {
        return out::line("They come first in PATH: from now on, every run is recorded.");
    }
    let word = word(&folder.to_string_lossy());
    let export = always_quoted(&format!("export PATH={word}:$PATH"));
    out::line("Put the folder before all others, and open a new shell:")?;
    out::line(format_args!("  bash  echo {export} >> ~/.bashrc"))?;
    out::line(format_args!("  zsh   echo {export} >> ~/.zshrc"))?;
    out::line(format_args!("  fish  fish_add_path --prepend {word}"))?;
    out::line("\"playback shim status\" tells whether it works.")
}

/// A word as users type it in a shell: quoted if necessary.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@%".contains(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    always_quoted(text)
}

/// Like [`word`], always quoted.
fn always_quoted(text: &str) -> String {
    String::from_utf8_lossy(&quoted(text.as_bytes())).into_owned()
}

/// A word quoted for a shell, whatever bytes it contains.
fn quoted(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in word {
        match byte {
            b'\'' => quoted.extend_from_slice(b"'\\''"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// The text of a shim.
fn written(program: &str, playback: &Path, known: &Path) -> Vec<u8> {
    let mut text = Vec::with_capacity(TEMPLATE.len() + 256);
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once('@') {
        text.extend_from_slice(before.as_bytes());
        let (value, after) = if let Some(after) = after.strip_prefix("PROGRAM@") {
            (program.as_bytes().to_vec(), after)
        } else if let Some(after) = after.strip_prefix("PLAYBACK@") {
            (quoted(playback.as_os_str().as_bytes()), after)
        } else if let Some(after) = after.strip_prefix("KNOWN@") {
            (quoted(known.as_os_str().as_bytes()), after)
        } else {
            (b"@".to_vec(), after)
        };
        text.extend_from_slice(&value);
        rest = after;
    }
    text.extend_from_slice(rest.as_bytes());
    text
}

/// Replaces a program atomically: a start meanwhile runs the old or the new one, never a part.
fn write(folder: &Path, file: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut made = tempfile_in(folder)?;
    made.1.write_all(text)?;
    made.1.set_permissions(Permissions::from_mode(0o755))?;
    drop(made.1);
    fs::rename(&made.0, file)
}

fn tempfile_in(folder: &Path) -> std::io::Result<(std::path::PathBuf, fs::File)> {
    let path = folder.join(format!(".playback-shim.{}", std::process::id()));
    let file = fs::File::create(&path)?;
    Ok((path, file))
}

pub(super) fn uninstall(folder: &Path, own: bool) -> anyhow::Result<ExitCode> {
    let mut removed = 0;
    for program in PROGRAMS {
        let file = folder.join(program);
        if !is_shim(&file) {
            continue;
        }
        fs::remove_file(&file).with_context(|| format!("{} cannot be removed", file.display()))?;
        out::line(format_args!("removed {}", file.display()))?;
        removed += 1;
    }
    if own {
        match fs::remove_dir(folder) {
            // The folder contains other files, too.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
            _ => {}
        }
    }
    if removed == 0 {
        out::line(format_args!("there are no shims in {}", folder.display()))?;
    } else if environment::search_path().iter().any(|one| one == folder) {
        out::line("PATH still names the folder: take its line out of the shell's start file")?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shim_quotes_what_it_is_told() {
        let text = written(
            "ansible",
            Path::new("/o'clock/@KNOWN@"),
            Path::new("/a b/ansible"),
        );
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("\n_playback_program=ansible\n"));
        assert!(text.contains("\n_playback_binary='/o'\\''clock/@KNOWN@'\n"));
        assert!(text.contains("\n_playback_known='/a b/ansible'\n"));
        assert!(text.lines().nth(1).unwrap().starts_with(super::super::MARK));
    }
}

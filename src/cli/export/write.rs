//! Writes an export. A file is only replaced by a complete export.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};

use super::super::Wrong;
use super::super::out::Out;

/// Bytes that are copied at once.
const BYTES: usize = 64 << 10;

/// The destination of an export.
#[derive(Debug)]
pub(in crate::cli) enum Target {
    /// Standard output.
    Output {
        /// Whether it is a terminal.
        is_terminal: bool,
    },
    /// A file, which is first written under another name in the same folder.
    File(PathBuf),
    /// A device or a pipe.
    Device(PathBuf),
}

impl Target {
    pub(in crate::cli) fn new(file: Option<&Path>, is_binary: bool) -> anyhow::Result<Self> {
        let Some(file) = file else {
            let is_terminal = io::stdout().is_terminal();
            if is_terminal && is_binary {
                let told = "this format is not for a terminal: add --output FILE";
                return Err(Wrong(told.to_owned()).into());
            }
            return Ok(Self::Output { is_terminal });
        };
        match fs::metadata(file) {
            Ok(found) if found.is_dir() => {
                Err(anyhow!("{} is a folder: name a file in it", file.display()))
            }
            // Replacing it would take it away from other processes.
            Ok(found) if !found.is_file() => Ok(Self::Device(file.to_owned())),
            // A link's target is replaced, not the link.
            Ok(_) => Ok(Self::File(fs::canonicalize(file)?)),
            Err(_) => Ok(Self::File(file.to_owned())),
        }
    }

    /// Writes a complete export. `from` names the collector.
    pub(in crate::cli) fn write(&self, body: &mut impl Read, from: &str) -> anyhow::Result<()> {
        match self {
            Self::Output { is_terminal } => {
                let mut out = Out::new();
                let mut visible = Visible::default();
                copy(body, from, |bytes| match is_terminal {
                    true => out.bytes(&visible.of(bytes)),
                    false => out.bytes(bytes),
                })
                .and_then(|()| out.flush())
            }
            Self::Device(path) => {
                let mut file = File::options()
                    .write(true)
                    .open(path)
                    .with_context(|| format!("{} cannot be opened", path.display()))?;
                copy(body, from, |bytes| written(file.write_all(bytes), path))
            }
            Self::File(path) => {
                let part = beside(path)?;
                let copied = to_file(body, from, &part)
                    .and_then(|()| written(fs::rename(&part, path), path));
                if copied.is_err() {
                    // An incomplete file is not left behind.
                    let _ = fs::remove_file(&part);
                }
                copied
            }
        }
    }
}

/// The temporary file, in the same folder.
fn beside(path: &Path) -> anyhow::Result<PathBuf> {
    let name = path
        .file_name()
        .with_context(|| format!("{} is no file", path.display()))?;
    let name = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    Ok(path.with_file_name(name))
}

fn to_file(body: &mut impl Read, from: &str, path: &Path) -> anyhow::Result<()> {
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .open(path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    copy(body, from, |bytes| written(file.write_all(bytes), path))?;
    written(file.sync_all(), path)
}

fn written(done: io::Result<()>, path: &Path) -> anyhow::Result<()> {
    done.with_context(|| format!("{} cannot be written", path.display()))
}

fn copy(
    body: &mut impl Read,
    from: &str,
    mut each: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut buffer = vec![0; BYTES];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => each(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let told = format!("the export of {from} broke off and is not complete: try again");
                return Err(anyhow!(error).context(told));
            }
        }
    }
}

/// Text for a terminal: recorded control characters, except ends of lines and tabs, become blanks. It may come in any
/// pieces.
#[derive(Debug, Default)]
struct Visible {
    /// Whether the last byte may begin a control character of two bytes, U+0080 to U+009F.
    is_begun: bool,
}

impl Visible {
    fn of(&mut self, bytes: &[u8]) -> Vec<u8> {
        let visible = |byte: &u8| {
            let was_begun = std::mem::replace(&mut self.is_begun, *byte == 0xc2);
            match byte {
                // The second byte of a no-break space.
                0x80..=0x9f if was_begun => 0xa0,
                b'\n' | b'\r' | b'\t' => *byte,
                byte if byte.is_ascii_control() => b' ',
                byte => *byte,
            }
        };
        bytes.iter().map(visible).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_text_cannot_drive_a_terminal() {
        let mut visible = Visible::default();
        let mut shown = Vec::new();
        for byte in "a\u{1b}[31m\t\u{9b}é\u{2028}\r\n".bytes() {
            shown.extend(visible.of(&[byte]));
        }
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(shown, "a [31m\t\u{a0}é\u{2028}\r\n");
    }

    /// A body that fails after its first part.
    struct Failing(bool);

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer[0] = b'x';
            Ok(1)
        }
    }

    #[test]
    fn a_file_is_replaced_by_a_whole_export_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs.csv");
        fs::write(&file, "before").unwrap();
        let target = Target::new(Some(&file), false).unwrap();
        let failed = target.write(&mut Failing(false), "here").unwrap_err();
        assert!(failed.to_string().contains("not complete"), "{failed}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "before");
        target.write(&mut &b"after"[..], "here").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "after");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(Target::new(Some(folder.path()), false).is_err());
    }
}
